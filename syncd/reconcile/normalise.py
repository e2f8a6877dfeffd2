"""Normalise: turn what was seen of a link into fields that can be merged, and leave the rest alone.

Only fields that somebody edited, that somebody is owed, or that have no base yet are looked at; all others are agreed
by definition. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from syncd.model import paths
from syncd.model.times import age_s
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.types import UNSEEN, Away, Held, Link, Member, Seen, Sight, Surface, System, View


@dataclass(slots=True)
class Fields:
    """One atom of one link: for each path, what every member that carries it and was read holds.

    `raw` is what the member really holds. `cells` is the same seen through the other lenses: a value that is merely
    what a member makes of the agreed value (a declared rounding) counts as the agreed value itself.
    """

    cells: dict[str, dict[System, Held]]
    raw: dict[str, dict[System, Value]]
    agreed: dict[str, Value]
    absent: bool

    @property
    def editors(self) -> frozenset[System]:
        """Name the systems that left their base in this atom."""
        return frozenset(
            system for seen in self.cells.values() for system, held in seen.items() if held.value != held.base
        )

    def holders(self, path: str, value: Value) -> frozenset[System]:
        """Name the members that hold a value, as far as their codecs let them."""
        return frozenset(system for system, held in self.cells[path].items() if held.value == value)

    def is_newcomer(self, path: str, system: System) -> bool:
        """Tell whether the member never agreed on this field."""
        return self.cells[path][system].base is UNSEEN

    def lost_edit(self, path: str, system: System, winner: Value) -> bool:
        """Tell whether a member edited the field and another value won."""
        held = self.cells[path][system]
        return held.value not in (held.base, winner)


def normalise(link: Link, sights: Mapping[System, Sight], view: View, now: float = inf) -> dict[str, Fields]:
    """Give the atoms of a link that need a decision, in the order of their paths."""
    live = [member for member in link.members if member.status == "live"]
    seen = [(member, sight) for member in live if isinstance(sight := sights.get(member.system), Seen)]
    away = [member.system for member in live if isinstance(sights.get(member.system), Away)]
    touched: set[str] = set()
    for member, sight in seen:
        touched |= _touched(member, sight.flat, link.agreed)
    if not touched:
        return {}
    touched -= view.ignore
    surfaces = {member.system: view.surfaces[member.system, link.kind] for member in live}
    stamps = {member.system: _time_of_edit(member, sight, surfaces[member.system], view, now) for member, sight in seen}
    atoms: dict[str, list[str]] = {}
    for path in _whole_atoms(touched, link, [sight for _, sight in seen], view):
        atoms.setdefault(_atom(path, view), []).append(path)
    found: dict[str, Fields] = {}
    for atom, cells in atoms.items():
        fields = _fields(cells, link, seen, surfaces, stamps)
        fields.absent = bool(away) and any(surfaces[system].carries(path) for system in away for path in cells)
        if fields.cells:
            found[atom] = fields
    return found


def _time_of_edit(member: Member, sight: Seen, surface: Surface, view: View, now: float) -> float | None:
    """Tell when a member was edited, as far as its record's one time says so: not after our own write, not by a clock
    that is ahead, and not where several things were edited, any of which may be older."""
    stamp = sight.modified
    if stamp is None or stamp == member.own_stamp or age_s(now, stamp) == inf > now:
        return None
    edited = {
        _atom(path, view)
        for path, _ in sight.flat.items() ^ member.base.items()
        if path not in view.ignore and surface.carries(path) and path not in sight.lacks
    }
    return stamp if len(edited) < 2 else None  # noqa: PLR2004 - one is not several


def _touched(member: Member, flat: Flat, agreed: Flat) -> set[str]:
    """Name the paths of a member that need a look."""
    if "" in member.unseen:
        return {*flat, *agreed, *member.base, *member.behind}
    base = member.base
    # Two equal dicts are the common case and compare without making a set.
    touched = set() if flat is base or flat == base else {path for path, _ in flat.items() ^ base.items()}
    touched.update(member.behind)
    if member.unseen:
        everything = {*flat, *agreed, *base}
        touched.update(path for path in everything if _covered(path, member.unseen))
        touched.update(path for path in member.unseen if path not in paths.SECTIONS and "." in path)
    return touched


def _covered(path: str, prefixes: Iterable[str]) -> bool:
    return any(paths.under(path, prefix) for prefix in prefixes)


def _atom(path: str, view: View) -> str:
    return view.atoms.get(path) or paths.atom(path)


def _whole_atoms(touched: set[str], link: Link, seen: Iterable[Seen], view: View) -> list[str]:
    """Add the untouched cells of every touched atom that has several: a table is looked at as a whole."""
    names = {name for path in touched if (name := _atom(path, view)) != path}
    if not names:
        return sorted(touched)
    everything = {*link.agreed, *touched}
    for sight in seen:
        everything.update(sight.flat)
    return sorted(touched | {path for path in everything if _atom(path, view) in names and path not in view.ignore})


def _fields(
    cells: Iterable[str],
    link: Link,
    seen: Iterable[tuple[Member, Seen]],
    surfaces: Mapping[System, Surface],
    stamps: Mapping[System, float | None],
) -> Fields:
    """Collect what each member holds in the cells of one atom."""
    fields = Fields({}, {}, {}, absent=False)
    for path in cells:
        agreed = link.agreed.get(path, EMPTY)
        raw: dict[System, Value] = {}
        held: dict[System, Held] = {}
        for member, sight in seen:
            if not surfaces[member.system].carries(path) or path in sight.lacks:
                continue
            raw[member.system] = value = sight.flat.get(path, EMPTY)
            held[member.system] = Held(
                value,
                UNSEEN if member.unseen and _covered(path, member.unseen) else member.base.get(path, EMPTY),
                path in member.behind,
                stamps[member.system],
            )
        if held:
            fields.raw[path] = raw
            fields.agreed[path] = agreed
            fields.cells[path] = _lifted(path, held, agreed, surfaces)
    return fields


def _lifted(
    path: str, held: dict[System, Held], agreed: Value, surfaces: Mapping[System, Surface]
) -> dict[System, Held]:
    """Read a value that a member's codec made of another value as that other value.

    512.45 kept as 512 by a system of whole dollars is no difference between the two, and never an edit.
    """
    if len({one.value for one in held.values()}) == 1 or all(surfaces[system].exact for system in held):
        return held
    wider = (agreed, *(one.value for one in held.values()))
    return {system: _lift(path, one, agreed, wider, surfaces[system]) for system, one in held.items()}


def _lift(path: str, held: Held, agreed: Value, wider: Iterable[Value], surface: Surface) -> Held:
    value = held.value
    if value == agreed:
        return held  # what was decided is not read as the older value that a member still to be written holds
    for other in wider:
        if other != value and other is not EMPTY and surface.nearest(path, other) == value:
            # What nobody edited stays unedited: its base is read in the same way.
            return replace(held, value=other, base=other if value == held.base else held.base)
    return held
