"""Adopt: make links of stray records where a rule or a person decided so. Pure.

The first values of a link follow its decision: a section's source overwrites once (its blanks erase nothing unless told
to), a section left to `ask` has no base yet, so equal values agree and differing ones are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    A copy that cannot be originated is asked about again, with what is missing (`View.refused`), as is any answer that
    cannot be carried out, with the reason (`View.returned`).
    """
    desk = _Desk(view, rules, {(stray.system, stray.id): stray for stray in view.strays}, occasion)
    rule = rules.at(Place("", group=view.scope))
    used: list[str] = []
    # A record that appeared where a create of ours is not settled may be what it made: it is not copied by rule.
    unsure = {system for _, system in view.open_creates}
    for key, stray in desk.strays.items():
        if key in desk.taken:
            continue
        answer = answers.get(("link-plans", "", f"{stray.system}:{stray.id}"))
        made: LinkView | str = ""
        try:
            if answer is not None:
                made = _by_answer(stray, answer, desk)
            elif rule.unlinked == "copy" and stray.system not in unsure:
                others = _others(view, stray)
                made = _copied(view, stray, (rule.to,) if rule.to in others else others, {}, occasion)
        except OriginationError as error:
            desk.refused[key] = f"{error.message}. {error.hint}"
        if isinstance(made, LinkView):
            made = _whole(made, desk, stands)
        if isinstance(made, LinkView):
            used += [answer.id] if answer is not None else []
            desk.links[made.link.id] = replace(made, made=True)
            desk.taken |= {(member.system, member.id) for member in made.link.members}
        elif made and answer is not None:
            desk.returned[key] = made
    return desk.view(), tuple(used)


@dataclass(slots=True)
class _Desk:
    """Where strays are made into links: what there is, what was made, what could not be."""

    whole: View
    rules: Rules
    strays: Mapping[tuple[System, str], Stray]
    occasion: Callable[[str], str]
    links: dict[str, LinkView] = field(default_factory=dict)
    taken: set[tuple[System, str]] = field(default_factory=set)
    refused: dict[tuple[System, str], str] = field(default_factory=dict)
    returned: dict[tuple[System, str], str] = field(default_factory=dict)

    def holder(self, system: System, record_id: str) -> LinkView | None:
        """Give the standing link that holds a record, as far as it was loaded."""
        for one in (*self.links.values(), *self.whole.links):
            if one.link.status != "unlinked" and any((m.system, m.id) == (system, record_id) for m in one.link.members):
                return self.links.get(one.link.id, one)
        return None

    def view(self) -> View:
        """Give the view with what was made of it."""
        view = self.whole
        if self.refused or self.returned:
            view = replace(view, refused=self.refused, returned=self.returned)
        if not self.links:
            return view
        known = [self.links.pop(one.link.id, one) for one in view.links]
        strays = tuple(stray for key, stray in self.strays.items() if key not in self.taken)
        return replace(view, links=(*known, *self.links.values()), strays=strays)


def _whole(made: LinkView, desk: _Desk, stands: Callable[[str], bool]) -> LinkView | str:
    """Give a link that was made, or why it cannot be."""
    if len(made.link.members) == 1:
        return "there is no other system to which it could be copied"
    if made.link.id not in {one.link.id for one in desk.whole.links} and stands(made.link.id):
        return f"link {made.link.id}, which was made from the same record, still stands"
    return made


def _others(view: View, stray: Stray) -> tuple[System, ...]:
    return tuple(sorted(system for system, kind in view.surfaces if kind == stray.kind and system != stray.system))


def _by_answer(stray: Stray, answer: Decided, desk: _Desk) -> LinkView | str:
    """Carry out the answer to a stray's question, or say why it cannot be. Raises OriginationError."""
    sources = {
        key.removeprefix("source."): system
        for key, system in answer.options.items()
        if key.startswith("source.") and system != ASK
    }
    if answer.choice.startswith("copy"):
        wanted = answer.options.get("to") or answer.choice.partition(":")[2].strip()
        # Of two records that were asked about as one, the answer names the second where that is the one to copy.
        named = [(k.partition(".")[2], id_) for k, id_ in answer.options.items() if k.startswith("record.")]
        key = named[0] if named else (stray.system, stray.id)
        if key not in desk.strays or key in desk.taken:
            return f"{' '.join(key)} is no unlinked record of this group any more"
        targets = tuple(wanted.split(",")) if wanted else _others(desk.whole, stray)
        made = _copied(desk.whole, desk.strays[key], targets, answer.options, desk.occasion)
        return replace(made, link=replace(made.link, sources=sources))
    return _linked(stray, answer, sources, desk) if answer.choice == "link" else ""


def _linked(stray: Stray, answer: Decided, sources: Mapping[str, System], desk: _Desk) -> LinkView | str:
    """Link a stray with the records that an answer names, or let them join the link that one of these is in."""
    options, view = answer.options.items(), desk.whole
    named = {key.partition(".")[2]: one for key, one in options if key.startswith(("member.", "record."))}
    named.pop(stray.system, None)
    records, joins = [stray], dict[str, LinkView]()
    for system, record_id in named.items():
        other, holder = desk.strays.get((system, record_id)), desk.holder(system, record_id)
        if holder is not None:
            joins[holder.link.id] = holder
        elif other is None:
            return f"{system} {record_id} is no record of this group any more"
        else:
            records.append(other)
    if not named:
        return "it names no record to link it with"
    if len(joins) > 1:
        return f"the records that it names are in different links, {' and '.join(sorted(joins))}"
    blanks = answer.options.get("blanks") or desk.rules.at(Place("", group=view.scope)).blanks
    if joins:
        [holder] = joins.values()
        return _joined(holder, records, view, answer.options.get("from", ""), blanks)
    return LinkView(
        new_link(view.scope, records, sources, view.surfaces, blanks=blanks, atoms=view.atoms),
        {one.system: one.seen for one in records},
    )


def _joined(holder: LinkView, records: list[Stray], view: View, wins: str, blanks: str) -> LinkView | str:
    """Let records join a link; one that is awaited there is there now."""
    from syncd.reconcile.relink import joined  # noqa: PLC0415 - relinking makes its links here

    link = holder.link
    for one in records:
        there = next((member for member in link.members if member.system == one.system), None)
        if there is not None and (there.status != "awaited" or (link.id, one.system) in view.open_creates):
            return f"“{link.label}” ({link.id}) has a record of {one.system} already, {there.id}"
        if there is not None:
            link = replace(link, members=tuple(member for member in link.members if member is not there))
        link = joined(link, one, view.surfaces, wins=wins == one.system, blanks=blanks)
    return replace(holder, link=link, sights={**holder.sights, **{one.system: one.seen for one in records}})


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
