"""Choices: what people decided about unlinked records, made into links; all of them or none. Pure.

Takes the choices, the unlinked records of a group and the links that stand; gives links to store, or the first thing
that is wrong, with what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from syncd.errors import RecordError
from syncd.reconcile.adopt import ASK, copy_of, first_time, link_id, new_link
from syncd.reconcile.originate import Origins, brought
from syncd.reconcile.relink import Surfaces, joined
from syncd.reconcile.suggest import SPEAKS, weighed
from syncd.reconcile.types import Decided, Link, Seen, Stray, System, View
from syncd.text.show import command

RecordKey: TypeAlias = tuple[System, str]
_MOST_IDS = 12


class LinkingError(RecordError):
    """The records cannot be linked so; nothing was changed."""

    hint = "Run `syncd plans GROUP` to see what is linked, and `syncd link GROUP --out FILE` for a new decision file."


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided about one unlinked record.

    `seen` is the digest of the record that the person was shown ("" when none was); `wins` the system that joins a
    standing link and whose values count; `sources` section -> system.
    """

    system: System
    id: str
    choice: Literal["ignore", "copy", "link", "ask"]
    records: Mapping[System, str] = field(default_factory=dict)
    sources: Mapping[str, System] = field(default_factory=dict)
    to: tuple[System, ...] = ()
    follow: bool = True
    wins: System | None = None
    blanks: str | None = None
    seen: str = ""
    note: str = ""
    origination: str = ""
    prior: str = ""
    evidence: str = ""
    """link: "none" says that a person links them though nothing speaks for it."""
    """copy: what the new record is, and the id of the plan that it follows."""

    @property
    def own(self) -> RecordKey:
        """Name the record that was decided about."""
        return self.system, self.id

    @property
    def named(self) -> frozenset[RecordKey]:
        """Name all records that the choice is about."""
        return frozenset({self.own, *self.records.items()})

    def __str__(self) -> str:
        """Say it in words."""
        if self.choice == "link":
            others = " and ".join(f"{system} {record_id}" for system, record_id in self.records.items())
            return f"link {self.system} {self.id} with {others}"
        to = f" to {', '.join(self.to)}" if self.choice == "copy" else ""
        return f"{self.choice} {self.system} {self.id}{to}"


def choice_of(decided: Decided, system: System, record_id: str, *, seen: str = "") -> Choice:
    """Read a decision about a `link-plans` question as a choice."""
    options = decided.options
    head, _, tail = (part.strip() for part in decided.choice.partition(":"))
    return Choice(
        system,
        record_id,
        head,  # type: ignore[arg-type]
        {k.partition(".")[2]: v for k, v in options.items() if k.startswith(("record.", "member."))},
        {k.partition(".")[2]: v for k, v in options.items() if k.startswith("source.")},
        tuple(filter(None, (options.get("to") or tail).split(","))),
        options.get("follow", "true") != "false",
        options.get("from"),
        options.get("blanks"),
        seen,
        decided.note,
        options.get("origination", ""),
        options.get("prior", ""),
        options.get("evidence", ""),
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """What choices are made about: the unlinked records, the links that stand, and what every system can take."""

    scope: str
    strays: Mapping[RecordKey, Stray]
    standing: Sequence[Link]
    surfaces: Surfaces
    blanks: str = "keep"
    taken_ids: frozenset[str] = frozenset()
    origins: Origins = field(default_factory=dict)
    occasion: Callable[[str], str] = first_time
    """Sets a decision to copy a record apart from earlier ones, by the id of its link."""

    @property
    def holders(self) -> Mapping[RecordKey, Link]:
        """Give the standing link of each record that one holds."""
        return {(member.system, member.id): link for link in self.standing for member in link.members}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A pair that a person links and that nothing speaks for. `said`: the decision says so itself; `why`: what was
    compared, "" when there was nothing to compare."""

    one: RecordKey
    other: RecordKey
    why: str
    said: bool

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ", they share nothing that could be compared"
        return f"nothing speaks for this pair, {' '.join(self.one)} and {' '.join(self.other)}{why}"


def doubts(choices: Iterable[Choice], desk: Desk) -> list[Doubt]:
    """List the pairs that choices link and that nothing speaks for."""
    found = []
    for choice in choices:
        stray = desk.strays.get(choice.own)
        if choice.choice != "link" or stray is None:
            continue
        for key in choice.records.items():
            other = desk.strays.get(key) or _member(key, desk)
            if other is None:
                continue
            score, why = weighed(stray, other)
            if score < SPEAKS:
                found.append(Doubt(choice.own, key, why, choice.evidence == "none"))
    return found


def _member(key: RecordKey, desk: Desk) -> Stray | None:
    """Give a linked record as it was last confirmed."""
    link = desk.holders.get(key)
    member = next((m for m in link.members if (m.system, m.id) == key), None) if link is not None else None
    if link is None or member is None:
        return None
    return Stray(member.system, link.kind, member.id, link.label, Seen(dict(member.base), b""))


def resolve(choices: Sequence[Choice], desk: Desk) -> list[Link]:
    """Make the links that choices ask for. Raises LinkingError, OriginationError."""
    taken: dict[RecordKey, Choice] = {}
    links: dict[str, Link] = {}
    for choice in _merged(choices):
        _check(choice, desk, taken)
        link = _made(choice, desk)
        if link is None:
            continue
        if link.id in links:
            raise LinkingError(
                f"two records would join “{link.label}” ({link.id}) at once; let one join after the other"
            )
        links[link.id] = link
    return list(links.values())


def _merged(choices: Iterable[Choice]) -> Iterator[Choice]:
    """Take two choices that say the same from both ends as one."""
    seen: set[object] = set()
    for choice in choices:
        key = (choice.named, tuple(sorted(choice.sources.items())), choice.wins, choice.blanks)
        if choice.choice == "link" and key in seen:
            continue
        seen.add(key)
        yield choice


def _check(choice: Choice, desk: Desk, taken: dict[RecordKey, Choice]) -> None:
    """Refuse a choice about a record that is not there, that moved, or that another choice is about."""
    if choice.own not in desk.strays:
        raise not_there(choice.own, desk)
    if choice.seen and desk.strays[choice.own].seen.digest.hex() != choice.seen:
        raise LinkingError(
            "it has changed since the decision file was written",
            system=choice.system,
            external_id=choice.id,
            hint="Write the file again with --out, and look at what linking overwrites now.",
        )
    if choice.choice == "ask":
        return
    for key in choice.named:
        other = taken.setdefault(key, choice)
        if other is not choice:
            raise LinkingError(
                f"two decisions are about it: {other}, and {choice}",
                system=key[0],
                external_id=key[1],
                hint="A record belongs to one link: leave one of the two decisions empty.",
            )


def _made(choice: Choice, desk: Desk) -> Link | None:
    """Make the link of one choice."""
    stray = desk.strays[choice.own]
    if choice.choice == "copy":
        _check_targets(choice, stray, desk)
        view = View(desk.scope, (), (), desk.surfaces)
        said = {"origination": choice.origination, "prior": choice.prior}
        brings = brought(stray, choice.to, said, desk.standing, desk.surfaces, desk.origins)
        which = desk.occasion(link_id(stray.kind, stray.system, stray.id))
        made = copy_of(view, stray, choice.to, follow=choice.follow, brings=brings, occasion=which).link
        return _unclaimed(replace(made, sources=_named(choice.sources)), desk)
    return _joined(choice, stray, desk) if choice.choice == "link" else None


def _named(sources: Mapping[str, System]) -> dict[str, System]:
    return {section: system for section, system in sources.items() if system != ASK}


def _joined(choice: Choice, stray: Stray, desk: Desk) -> Link:
    """Make the link of records, or let them join the link that one of them is in."""
    if not choice.records:
        raise _wrong(choice, "the decision names no record to link with")
    if choice.system in choice.records:
        raise _wrong(choice, f"it cannot be linked with another record of {choice.system}")
    holders = desk.holders
    for key in choice.records.items():
        if key not in desk.strays and key not in holders:
            raise not_there(key, desk)
    records = [stray, *(desk.strays[key] for key in choice.records.items() if key in desk.strays)]
    joins = {holders[key].id: holders[key] for key in choice.records.items() if key in holders}
    if not joins:
        made = new_link(desk.scope, records, choice.sources, desk.surfaces, blanks=choice.blanks or desk.blanks)
        return _unclaimed(made, desk)
    if len(joins) > 1:
        raise _wrong(choice, "the records it is to be linked with belong to two links")
    [link] = joins.values()
    for one in records:
        check_place(link, one)
        wins = choice.wins == one.system
        link = joined(link, one, desk.surfaces, wins=wins, blanks=choice.blanks or desk.blanks)
    return link


def check_place(link: Link, new: Stray) -> None:
    """Refuse a second member of one system: the two would be one plan, or one client, there."""
    held = next((member for member in link.members if member.system == new.system), None)
    if held is None:
        return
    there = f", {held.id}" if held.status != "awaited" else ", which is still to be created"
    told = f"this link, “{link.label}” ({link.id}), has a {new.system} member already{there}"
    way = command("syncd", "unlink", link.scope, link.id)
    hint = f"To link another record instead, part them first: `{way}`, then decide anew with `syncd link`."
    if link.kind == "group":
        way = command("syncd", "groups", "move", link.id, f"{new.system}={new.id}")
        hint = f"If it is the wrong one, `{way} --dry-run` shows what putting the other in its place does."
    raise LinkingError(told, system=new.system, external_id=new.id, hint=hint)


def _check_targets(choice: Choice, stray: Stray, desk: Desk) -> None:
    if not choice.to:
        raise _wrong(choice, "the decision names no system to copy to")
    for target in choice.to:
        surface = desk.surfaces.get((target, stray.kind))
        if target == choice.system:
            raise _wrong(choice, f"it is in {target} already")
        if surface is None:
            raise _wrong(choice, f"there is no system {target} that holds {stray.kind}s")
        if not surface.create:
            raise _wrong(choice, f"{target} takes no new {stray.kind}s")


def _wrong(choice: Choice, message: str) -> LinkingError:
    return LinkingError(message, system=choice.system, external_id=choice.id)


def _unclaimed(link: Link, desk: Desk) -> Link:
    """Refuse to write over a link that still stands under the same id."""
    if link.id in desk.taken_ids:
        hint = f"Run `syncd unlink GROUP {link.id}` first."
        raise LinkingError(f"link {link.id}, which was made from the same record, still stands", hint=hint)
    return link


def not_there(key: RecordKey, desk: Desk, told: str = "there is no such record in this group") -> LinkingError:
    """Say that a record is not among the unlinked ones, and which are."""
    system, record_id = key
    link = desk.holders.get(key)
    if link is not None:
        held = f"it is linked already, in “{link.label}” ({link.id})"
        return LinkingError(held, system=system, external_id=record_id)
    return LinkingError(
        told,
        system=system,
        external_id=record_id,
        hint=told_ids(system, desk.strays),
    )


def told_ids(system: System, strays: Iterable[RecordKey]) -> str:
    """List what is unlinked in a system, for a hint."""
    known = sorted(id_ for name, id_ in strays if name == system)
    more = ", …" if len(known) > _MOST_IDS else ""
    return (
        f"Unlinked in {system}: {', '.join(known[:_MOST_IDS])}{more}." if known else f"Nothing is unlinked in {system}."
    )
