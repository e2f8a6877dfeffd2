"""Originate: what a plan is that is created as a copy (new, renewal, replacement, prospective), and what that brings.

Takes the kinds as data (`config/origination.yaml`), the values of the record and of the plan that it follows; gives the
values that come with the kind, or everything that is missing at once, before any system is called. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeAlias

from syncd.errors import RecordError
from syncd.model.fields import is_known, names, title_of
from syncd.model.paths import parse
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.types import Link, Origin, Stray, Surface, System
from syncd.text.explain import Loc, Mistake, MistakesError, not_one_of, shown
from syncd.text.nearest import did_you_mean, meant_or_known
from syncd.text.yaml import typed

ORIGINATION = "details.origination"
PRIOR_PLAN = "details.prior_plan"
_OF_PRIOR = "prior."
_KEYS = ("title", "prior", "sold", "requires", "defaults")


class OriginationError(RecordError):
    """A copy cannot be created as what it is said to be; nothing was sent."""

    hint = "Fill in what is missing in the record that is copied, or name another `origination` in the decision."


Origins: TypeAlias = Mapping[str, Origin]


def brought(
    stray: Stray,
    targets: Collection[System],
    said: Mapping[str, str],
    links: Iterable[Link],
    surfaces: Mapping[tuple[System, Kind], Surface],
    origins: Origins,
) -> Flat:
    """Give the values that a copy starts with beside those of its record. Raises OriginationError.

    `said`: what the decision says, `origination` and `prior`. Systems that know no origination bring nothing.
    """
    if stray.kind != "plan" or not origins:
        return {}
    knowing = [target for target in targets if surfaces[target, "plan"].carries(ORIGINATION)]
    if not knowing:
        return {}
    own = stray.seen.flat.get(ORIGINATION, EMPTY)
    name = said.get("origination") or (own if isinstance(own, str) else "")
    if name not in origins:
        told = f"{name!r} is no kind of origination" if name else f"{knowing[0]} must be told what this plan is"
        raise OriginationError(
            told,
            system=stray.system,
            external_id=stray.id,
            field=ORIGINATION,
            hint=f"Add `origination:` to the decision, one of {', '.join(origins)}.",
        )
    prior = follows(said.get("prior", ""), stray, knowing, links, surfaces)
    agreed = None if prior is None else prior.agreed
    try:
        made = originate(
            origins[name],
            stray.seen.flat,
            agreed,
            lambda path: any(surfaces[one, "plan"].carries(path) for one in knowing),
        )
    except OriginationError as error:
        error.system, error.external_id = stray.system, stray.id
        raise
    _refuse_two_words(said.get("origination", ""), own, stray)
    return made if prior is None else {**made, PRIOR_PLAN: f"{LINK}{prior.id}"}


def _refuse_two_words(said: str, own: Value, stray: Stray) -> None:
    """Refuse a decision that calls the plan something else than its own record does: all systems hold one value."""
    if said and isinstance(own, str) and own not in ("", said):
        raise OriginationError(
            f"the decision calls it {said}, and the record itself {own}; all systems of a link hold one of them",
            system=stray.system,
            external_id=stray.id,
            field=ORIGINATION,
            hint=f"Leave `origination` out to copy it as {own}, or correct the record in {stray.system} first.",
        )


LINK = "link:"
"""How the agreed value of `details.prior_plan` names a linked plan: every system has its own id for it."""


def originate(origin: Origin, values: Flat, prior: Flat | None, carries: Callable[[str], bool]) -> Flat:
    """Work out what comes with a kind of origination. Raises OriginationError that names all that is missing.

    `prior`: what is agreed of the plan that this one follows, None: none was named. `carries`: what the new record can
    hold; a default that it cannot is left out.
    """
    _check_prior(origin, prior)
    made: Flat = {ORIGINATION: origin.name}
    for path, sources in origin.defaults.items():
        if values.get(path, EMPTY) is not EMPTY or not carries(path):
            continue
        value = next((v for source in sources if (v := _value(source, values, prior or {})) is not EMPTY), EMPTY)
        if value is not EMPTY:
            made[path] = value
    missing = [path for path in origin.requires if {**values, **made}.get(path, EMPTY) is EMPTY]
    if missing:
        told = ", ".join(f"{path} ({title_of(path)})" for path in missing)
        raise OriginationError(f"a plan originated as {origin.name} needs {told}", field=missing[0])
    return made


def follows(
    named: str,
    stray: Stray,
    targets: Collection[System],
    links: Iterable[Link],
    surfaces: Mapping[tuple[System, Kind], Surface],
) -> Link | None:
    """Find the linked plan that a copy follows: the one a decision names by a record's id or the link's, else the one
    that the record itself names. Raises OriginationError when it is not linked, or a target does not hold it."""
    own = stray.seen.flat.get(PRIOR_PLAN, EMPTY)
    wanted = named or (own if isinstance(own, str) else "")
    if not wanted:
        return None
    found = [link for link in links if link.kind == "plan" and _is(link, wanted, () if named else (stray.system,))]
    ids = {member.system for link in found for member in link.members if member.status == "live"}
    if len(found) != 1:
        told = f"{len(found)} linked plans have" if found else "no linked plan of this group has"
        raise OriginationError(
            f"{told} the id {wanted}, which is named as the plan before it",
            system=stray.system,
            external_id=stray.id,
            field=PRIOR_PLAN,
            hint="Link the plan before it first, or name another one as `prior` (`syncd plans GROUP` shows the ids).",
        )
    for target in targets:
        if target not in ids and surfaces[target, "plan"].carries(PRIOR_PLAN):
            raise OriginationError(
                f"the plan before it, “{found[0].label}”, has no record in {target} that it could follow",
                system=stray.system,
                external_id=stray.id,
                field=PRIOR_PLAN,
                hint=f"Copy or link that plan to {target} first.",
            )
    return found[0]


def _is(link: Link, wanted: str, systems: Collection[System]) -> bool:
    return link.id == wanted or any(
        member.id == wanted and (not systems or member.system in systems) for member in link.members
    )


def _check_prior(origin: Origin, prior: Flat | None) -> None:
    if origin.prior == "required" and prior is None:
        raise OriginationError(
            f"a {origin.name} follows another plan, and none is named",
            field=PRIOR_PLAN,
            hint='Add `prior: "ID"` to the decision: the id of the plan before it, which must be linked.',
        )
    if origin.prior == "none" and prior is not None:
        raise OriginationError(
            f"a plan originated as {origin.name} follows no other plan, and the decision names one",
            field=PRIOR_PLAN,
            hint="Leave `prior` out, or say `origination: renewal` or `replacement`.",
        )


def _value(source: str, values: Flat, prior: Flat) -> Value:
    if source.startswith(_OF_PRIOR):
        return prior.get(source.removeprefix(_OF_PRIOR), EMPTY)
    return values.get(source, EMPTY)


# -- from data --------------------------------------------------------------------------------------------------------


def origins_of(data: object) -> dict[str, Origin]:
    """Read the kinds as a file says them. Raises MistakesError."""
    reader = _Reader()
    found = reader.read(data)
    if reader.mistakes:
        raise MistakesError(reader.mistakes)
    return found


class _Reader:
    """Reads kinds of origination; what cannot be meant is noted, and reading goes on."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def read(self, data: object) -> dict[str, Origin]:
        """Give the kinds."""
        whole = data if isinstance(data, Mapping) else {}
        self._check_keys((), whole, ("origination",))
        kinds = self._mapping(("origination",), whole.get("origination"))
        if isinstance(whole.get("origination"), Mapping) and not kinds:
            self._wrong(("origination",), "expected a kind under it")
        return {str(name): self._origin(str(name), said) for name, said in kinds.items()}

    def _wrong(self, loc: Loc, message: str) -> None:
        self.mistakes.append(Mistake(loc, message))

    def _origin(self, name: str, given: object) -> Origin:
        place = ("origination", name)
        said = self._mapping(place, given)
        self._check_keys(place, said, _KEYS)
        prior = said.get("prior", "optional")
        if prior not in ("required", "optional", "none"):
            self._wrong((*place, "prior"), not_one_of(prior, ("required", "optional", "none")))
        sold = typed(said.get("sold", True))
        if not isinstance(sold, bool):
            self._wrong((*place, "sold"), f"expected true or false, got {shown(sold)}")
        defaults = self._mapping((*place, "defaults"), said.get("defaults") or {})
        for path in defaults:
            self._check_path(str(path), (*place, "defaults", path))
        return Origin(
            name,
            str(said.get("title", name)),
            prior,
            sold is True,
            self._paths(said.get("requires", ()), (*place, "requires")),
            {str(path): self._paths(sources, (*place, "defaults", path)) for path, sources in defaults.items()},
        )

    def _paths(self, said: object, place: Loc) -> tuple[str, ...]:
        if isinstance(said, str) or not isinstance(said, Collection):
            self._wrong(place, f"expected a list of paths as [details.name], got {shown(said)}")
            return ()
        found = tuple(str(one) for one in said)
        for at, path in enumerate(found):
            self._check_path(path.removeprefix(_OF_PRIOR), (*place, at))
        return found

    def _check_path(self, path: str, place: Loc) -> None:
        if not parse(path).field or not is_known(path):
            self._wrong(place, f"no field of a plan is called {path}{did_you_mean(path, names('plan'))}")

    def _mapping(self, loc: Loc, value: object) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self._wrong(loc, f"expected keys under it, got {shown(value)}")
        return {}

    def _check_keys(self, loc: Loc, found: Mapping[str, Any], known: Collection[str]) -> None:
        for key in found:
            if key not in known:
                self._wrong((*loc, key), f"there is no such key{meant_or_known(str(key), known)}")
