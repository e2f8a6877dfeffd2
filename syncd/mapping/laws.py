"""The laws of a lens, as functions: what they find broken is data for `mappings check` and a failure in our tests.

put(get(r), r) == r                    nothing is rewritten that already says it
get(put(v, r)) == v                    what is written reads back, or is named as a loss before
keys that no row maps survive          every other field reads as before
get(new(v)) == v                       and so it does in a new record
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from syncd.errors import MappingError
from syncd.mapping.lens import Lens, Putting
from syncd.model import paths
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY, Flat, Unparsed, Value


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that did not hold: its name, the field, and what was seen."""

    law: str
    path: str
    what: str


def applied(record: Record, putting: Putting) -> Record:
    """Give the record as it would stand after the parts were written."""
    left = list(putting.parts)
    parts: list[Part] = []
    for part in record.parts:
        found = next((new for new in left if (new.kind, new.id) == (part.kind, part.id)), None)
        if found is not None:
            left.remove(found)
        parts.append(found or part)
    return Record(record.kind, record.id, (*parts, *left), record.group, record.modified, record.locked)


def breaches(
    lens: Lens,
    record: Record,
    donors: Iterable[Flat] = (),
    *,
    alone: Callable[[str, Value, Value], bool] = lambda _path, _value, _held: True,
) -> Iterator[Breach]:
    """Try every law on a record; `donors` are flat views whose values are written into it.

    All values of a donor are written together; `alone` says of a value, and of what stands there, whether it is also
    written by itself, which reads the whole record again for each.
    """
    held = lens.get(record)
    yield from _unmoved(lens, record, held)
    cleared: Flat = dict.fromkeys(held, EMPTY)
    for donor in (cleared, *donors):
        for path, value in donor.items():
            stands = held.get(path, EMPTY)
            if stands == value or not lens.carries(path) or lens.unwritable(path) is not None:
                continue
            if alone(path, value, stands):
                yield from _written(lens, record, held, path, value)
        for sets in (True, False):
            yield from _all_at_once(
                lens, record, {path: value for path, value in donor.items() if _in_set(path) is sets}
            )
    yield from _created(lens, held)


def _unmoved(lens: Lens, record: Record, held: Flat) -> Iterator[Breach]:
    putting = lens.put(record, held)
    for part in putting.parts:
        yield Breach("put(get(r), r) == r", "", f"part {part.kind} {part.id} would be rewritten")
    for path, loss in putting.losses.items():
        yield Breach("put(get(r), r) == r", path, loss.why)


def _written(lens: Lens, record: Record, held: Flat, path: str, value: Value) -> Iterator[Breach]:
    if isinstance(value, Unparsed):
        if lens.put(record, {path: value}).parts:
            yield Breach("never write what was not understood", path, value.raw)
        return
    putting = lens.put(record, {path: value})
    again = lens.get(applied(record, putting))
    loss = putting.losses.get(path)
    read, wanted = (_at(again, path, value), value) if loss is None else (again.get(path, EMPTY), held.get(path, EMPTY))
    if read != wanted:
        yield Breach("get(put(v, r)) == v", path, f"wrote {value!r}, read {read!r}")
    if not _moves(path):
        yield from _neighbours(held, again, path)
    if loss is not None and loss.nearest is not None:
        yield from _nearest(lens, record, path, value, loss.nearest)


def _all_at_once(lens: Lens, record: Record, donor: Flat) -> Iterator[Breach]:
    """Write everything that a person could have changed in one go; dates of sets stay, so that paths do."""
    changes = {
        path: value
        for path, value in donor.items()
        if not isinstance(value, Unparsed) and not _moves(path) and lens.carries(path) and lens.unwritable(path) is None
    }
    putting = lens.put(record, changes)
    again = lens.get(applied(record, putting))
    for path, value in changes.items():
        if path not in putting.losses and again.get(path, EMPTY) != value:
            yield Breach("get(put(v, r)) == v", path, f"wrote {value!r} among others, read {again.get(path)!r}")


def _moves(path: str) -> bool:
    """Tell whether writing the path renames its set."""
    return path.endswith(".effective_date") and _in_set(path)


def _in_set(path: str) -> bool:
    return paths.section(path) in ("rates", "contributions")


def _at(flat: Flat, path: str, value: Value) -> Value:
    """Give the value at a path, after the set that it names may have moved."""
    if _moves(path) and path not in flat:
        section = paths.section(path)
        moved = (other for other in flat if other.startswith(f"{section}[") and other.endswith(".effective_date"))
        return next((flat[other] for other in moved if flat[other] == value), EMPTY)
    return flat.get(path, EMPTY)


def _neighbours(held: Flat, again: Flat, path: str) -> Iterator[Breach]:
    """Compare every other field. A new set brings its constants; cells that exclude each other may go; sets whose date
    is the plan's own move with it."""
    atom, moved = paths.atom(path), _moved(held, again)
    new = not any(paths.atom(other) == atom for other in held)
    for other in held.keys() | again.keys():
        before, after = held.get(other, EMPTY), again.get(other, EMPTY)
        same = paths.atom(other) == atom and (after is EMPTY or new or other.endswith(".effective_date"))
        if other == path or before == after or same or paths.atom(other) in moved:
            continue
        yield Breach("other fields survive", other, f"writing {path} turned {before!r} into {after!r}")


def _moved(held: Flat, again: Flat) -> set[str]:
    """Name the sets that stand under another date than before with all that they held, which may be nothing."""
    before, after = _sets(held), _sets(again)
    gone, come = (
        {atom: cells for atom, cells in one.items() if atom not in other}
        for one, other in ((before, after), (after, before))
    )
    pairs = ((old, new) for old, cells in gone.items() for new, other in come.items() if cells == other)
    empty = {
        atom for one in (gone, come) for atom, cells in one.items() if all(value is EMPTY for value in cells.values())
    }
    return empty | {atom for pair in pairs for atom in pair}


def _sets(flat: Flat) -> dict[str, Flat]:
    sets: dict[str, Flat] = {}
    for path, value in flat.items():
        atom = paths.atom(path)
        if atom != path:
            cells = sets.setdefault(atom, {})
            if not path.endswith(".effective_date"):
                cells[path.removeprefix(atom)] = value
    return sets


def _nearest(lens: Lens, record: Record, path: str, value: Value, nearest: Value) -> Iterator[Breach]:
    """Hold an accepted loss to its promise."""
    again = lens.get(applied(record, lens.put(record, {path: value}, frozenset({path}))))
    if _at(again, path, nearest) != nearest:
        yield Breach(
            "an accepted loss is written as its nearest value", path, f"promised {nearest!r}, read {again.get(path)!r}"
        )


def _created(lens: Lens, held: Flat) -> Iterator[Breach]:
    wanted: Mapping[str, Value] = {path: value for path, value in held.items() if not isinstance(value, Unparsed)}
    try:
        putting = lens.new(wanted)
    except MappingError:  # not created here, or without what it needs
        return
    made = lens.get(Record("plan", "", putting.parts))
    for path, value in wanted.items():
        if lens.carries(path) and path not in putting.losses and made.get(path, EMPTY) != value:
            yield Breach("get(new(v)) == v", path, f"created with {value!r}, reads {made.get(path)!r}")
