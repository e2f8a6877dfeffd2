"""Adopt: make links of stray records where a rule or a person decided so. Pure.

The first values of a link follow its decision: a section's source overwrites once (its blanks erase nothing unless told
to), a section left to `ask` has no base yet, so equal values agree and differing ones are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from syncd.model import paths
from syncd.model.fields import uncompared_paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.awaited import awaited
from syncd.reconcile.originate import OriginationError, brought
from syncd.reconcile.questions import question_id
from syncd.reconcile.rules import Place, Rules
from syncd.reconcile.types import Decided, Link, LinkView, Member, Owed, Sight, Stray, Surface, System, View

ASK = "ask"
NO_ATOMS: Mapping[str, str] = MappingProxyType({})
NOTHING: Flat = {}


def first_time(_link: str) -> str:
    """Take every decision for the first about its link."""
    return ""


def adopt(
    view: View,
    answers: Mapping[tuple[str, str, str], Decided],
    rules: Rules,
    stands: Callable[[str], bool] = lambda _: False,
    occasion: Callable[[str], str] = first_time,
) -> tuple[View, tuple[str, ...]]:
    """Make links of the strays that an answer links or copies, or a standing rule copies; give the answers used.

    `stands` tells whether a link of this id, made of the same record once, still stands: it is never written over;
    `occasion` sets a decision to copy a record apart from earlier ones.
    A copy that cannot be originated is asked about again, with what is missing (`View.refused`).
    """
    by_id = {(stray.system, stray.id): stray for stray in view.strays}
    rule = rules.at(Place("", group=view.scope))
    links: list[LinkView] = []
    gone: set[tuple[System, str]] = set()
    used: list[str] = []
    refused: dict[tuple[System, str], str] = {}
    # A record that appeared where a create of ours is not settled may be what it made: it is not copied by rule.
    unsure = {system for _, system in view.open_creates}
    for key, stray in by_id.items():
        if key in gone:
            continue
        answer = answers.get(("link-plans", "", f"{stray.system}:{stray.id}"))
        made: LinkView | None = None
        try:
            if answer is not None:
                made = _by_answer(stray, answer, by_id, gone, view, rules, occasion)
            elif rule.unlinked == "copy" and stray.system not in unsure:
                others = _others(view, stray)
                made = _copied(view, stray, (rule.to,) if rule.to in others else others, {}, occasion)
        except OriginationError as error:
            refused[key] = f"{error.message}. {error.hint}"
        if made is None or len(made.link.members) == 1 or stands(made.link.id):
            continue
        used += [answer.id] if answer is not None else []
        links.append(replace(made, made=True))
        gone |= {(member.system, member.id) for member in made.link.members}
    if refused:
        view = replace(view, refused=refused)
    if not links:
        return view, ()
    strays = tuple(stray for stray in view.strays if (stray.system, stray.id) not in gone)
    return replace(view, links=(*view.links, *links), strays=strays), tuple(used)


def _others(view: View, stray: Stray) -> tuple[System, ...]:
    return tuple(sorted(system for system, kind in view.surfaces if kind == stray.kind and system != stray.system))


def _by_answer(
    stray: Stray,
    answer: Decided,
    strays: Mapping[tuple[System, str], Stray],
    gone: set[tuple[System, str]],
    view: View,
    rules: Rules,
    occasion: Callable[[str], str],
) -> LinkView | None:
    """Carry out the answer to a stray's question; None when the records it names are not there (any more)."""
    sources = {
        key.removeprefix("source."): system
        for key, system in answer.options.items()
        if key.startswith("source.") and system != ASK
    }
    if answer.choice.startswith("copy"):
        wanted = answer.options.get("to") or answer.choice.partition(":")[2].strip()
        targets = tuple(wanted.split(",")) if wanted else _others(view, stray)
        made = _copied(view, stray, targets, answer.options, occasion)
        return replace(made, link=replace(made.link, sources=sources))
    if answer.choice != "link":
        return None
    options = answer.options.items()
    named = {key.partition(".")[2]: one for key, one in options if key.startswith(("member.", "record."))}
    named.pop(stray.system, None)
    records = [stray]
    for system, record_id in named.items():
        other = strays.get((system, record_id))
        if other is None or (system, record_id) in gone:
            return None
        records.append(other)
    if len(records) == 1:
        return None
    blanks = rules.at(Place("", group=view.scope)).blanks
    return LinkView(
        new_link(view.scope, records, sources, view.surfaces, blanks=blanks, atoms=view.atoms),
        {one.system: one.seen for one in records},
    )


def _copied(
    view: View, stray: Stray, targets: tuple[System, ...], said: Mapping[str, str], occasion: Callable[[str], str]
) -> LinkView:
    """Copy a record as what it is said to be. Raises OriginationError."""
    links = [one.link for one in view.links]
    brings = brought(stray, [one for one in targets if one != stray.system], said, links, view.surfaces, view.origins)
    which = occasion(link_id(stray.kind, stray.system, stray.id))
    return copy_of(view, stray, targets, follow=said.get("follow", "true") != "false", brings=brings, occasion=which)


def link_id(kind: Kind, system: System, record_id: str) -> str:
    """Give a link's id: stable for the record that it was made from, so that a repeated decision makes it once."""
    return f"l{question_id(kind, system, record_id)}"


def copy_of(
    view: View,
    stray: Stray,
    targets: tuple[System, ...],
    *,
    follow: bool = True,
    brings: Flat = NOTHING,
    occasion: str = "",
) -> LinkView:
    """Make the link of a record with counterparts to be created; what the decision `brings` is owed to the record.
    `occasion` as in `awaited`."""
    made = link_id(stray.kind, stray.system, stray.id)
    owed = {
        path: Owed(1, why="the decision that copied it says so")
        for path, value in brings.items()
        if view.surfaces[stray.system, stray.kind].carries(path)
        and path not in stray.seen.lacks
        and stray.seen.flat.get(path, EMPTY) != value
    }
    members = [Member(stray.system, stray.id, stray.seen.flat, behind=owed)]
    members += [awaited(target, made, occasion) for target in targets if target != stray.system]
    agreed = {**stray.seen.flat, **brings}
    link = Link(made, stray.kind, view.scope, stray.label, agreed, tuple(members), 1, follow=follow)
    sights: dict[System, Sight] = {stray.system: stray.seen}
    return LinkView(link, sights)


def new_link(
    scope: str,
    records: list[Stray],
    sources: Mapping[str, System],
    surfaces: Mapping[tuple[System, Kind], Surface],
    *,
    blanks: str = "keep",
    atoms: Mapping[str, str] = NO_ATOMS,
) -> Link:
    """Make the link of records that are the same plan, with the first agreed values, bases and debts."""
    first = min(records, key=lambda one: (one.system, one.id))
    kind = first.kind
    sources = {section: system for section, system in sources.items() if system != ASK}
    flats = {one.system: one.seen.flat for one in records}
    lacks = {one.system: one.seen.lacks for one in records}

    def carries(system: System, path: str) -> bool:
        return surfaces[system, kind].carries(path) and path not in lacks[system]

    agreed: Flat = {}
    unseen: dict[System, set[str]] = {system: set() for system in flats}
    behind: dict[System, dict[str, Owed]] = {system: {} for system in flats}
    open_atoms: set[str] = set()
    everything = sorted({path for flat in flats.values() for path in flat} - uncompared_paths(kind))
    for path in everything:
        held = {system: flat.get(path, EMPTY) for system, flat in flats.items() if carries(system, path)}
        source = sources.get(paths.section(path)) or sources.get("all")
        if source and len(held) == 1:
            source = next(iter(held))  # nobody else holds it at all, so it must not leave the table it is in open
        if source not in held:
            for system in held:
                unseen[system].add(path)
            continue
        if not _start(path, held, source, agreed, behind, blanks):
            open_atoms.add(atoms.get(path) or paths.atom(path))
    for path in (one for one in everything if (atoms.get(one) or paths.atom(one)) in open_atoms):
        agreed.pop(path, None)
        for debts in behind.values():
            debts.pop(path, None)
        for system in [one for one in flats if carries(one, path)]:
            unseen[system].add(path)
    members = tuple(
        Member(one.system, one.id, _based(one.seen.flat, without), frozenset(without), behind[one.system])
        for one in records
        for without in (unseen[one.system],)
    )
    return Link(
        link_id(kind, first.system, first.id), kind, scope, first.label, agreed, members, revision=1, sources=sources
    )


def _based(flat: Flat, without: set[str]) -> Flat:
    """Give the first base of a record: nothing where it is still to agree."""
    return {path: value for path, value in flat.items() if path not in without} if without else flat


def _start(
    path: str,
    held: Mapping[System, Value],
    source: System,
    agreed: Flat,
    behind: Mapping[System, dict[str, Owed]],
    blanks: str,
) -> bool:
    """Set one field's first agreed value, the source's. False when it is blank and another's is not: such a blank
    erases nothing and is not filled, it is asked about, a table as a whole."""
    value = held[source]
    if value is EMPTY and blanks != "overwrite":
        return all(one is EMPTY for one in held.values())
    if value is not EMPTY:
        agreed[path] = value
    for system, one in held.items():
        if one != value:
            behind[system][path] = Owed(1, why=f"{source} is the source of this section")
    return True
