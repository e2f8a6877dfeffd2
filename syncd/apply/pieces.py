"""Tell which part of a record carries which change, where a record has several parts of a kind.

Takes what a lens put, gives the parts to write with their paths and names; the journal has one row for each. Writes
nothing. What a part carries is found by trial: put it alone into the record and read what moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncd.mapping.lens import Lens
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY
from syncd.store.rows import Intent


@dataclass(frozen=True, slots=True)
class Piece:
    """One part to write. `before`: as it was read, without id and data when it is new; `name`: what the journal calls
    it, its kind where no other of that kind is written."""

    name: str
    before: Part
    after: Part
    paths: frozenset[str]


def pieces_of(record: Record, parts: Sequence[Part], paths: Collection[str], lens: Lens) -> list[Piece]:
    """Give the changed parts in their order, each with the changed paths that it carries."""
    known = {(part.kind, part.id): part for part in record.parts}
    if len(parts) == 1:  # thousands of records are written, most of them in one part
        [part] = parts
        mine = [path for path in paths if lens.part_of(path) == part.kind]
        return [Piece(part.kind, known.get((part.kind, part.id)) or Part(part.kind, "", {}), part, frozenset(mine))]
    written = Counter(part.kind for part in parts)
    by_kind: dict[str, set[str]] = {}
    for path in paths:
        by_kind.setdefault(lens.part_of(path), set()).add(path)
    carried: list[set[str]] = [
        by_kind.get(part.kind, set()) if written[part.kind] == 1 else _moved(record, part, by_kind, lens)
        for part in parts
    ]
    for kind, number in written.items():
        if number > 1:
            _share(kind, parts, carried, by_kind.get(kind, set()))
    return [
        Piece(
            part.kind if written[part.kind] == 1 else _name(part, at),
            known.get((part.kind, part.id)) or Part(part.kind, "", {}),
            part,
            frozenset(mine),
        )
        for at, (part, mine) in enumerate(zip(parts, carried, strict=True))
    ]


def _name(part: Part, at: int) -> str:
    return f"{part.kind} {part.id or f'(new {at})'}"


def _moved(record: Record, part: Part, by_kind: Mapping[str, Collection[str]], lens: Lens) -> set[str]:
    """Put one part into the record alone, and tell which of the changed paths move."""
    others = tuple(one for one in record.parts if (one.kind, one.id) != (part.kind, part.id) or not part.id)
    before, alone = lens.get(record), lens.get(replace(record, parts=(*others, part)))
    return {path for path in by_kind.get(part.kind, ()) if before.get(path, EMPTY) != alone.get(path, EMPTY)}


def _share(kind: str, parts: Sequence[Part], carried: Sequence[set[str]], paths: Collection[str]) -> None:
    """See to it that each path is carried by just one part: by the last one of several, for it has not gone out before
    that; by the first of its kind where it cannot be told."""
    mine = [at for at, part in enumerate(parts) if part.kind == kind]
    taken: set[str] = set()
    for at in reversed(mine):
        carried[at].difference_update(taken)
        taken |= carried[at]
    carried[mine[0]].update(set(paths) - taken)


def split(intents: Iterable[Intent], pieces: Sequence[Piece], new_id: Callable[[], str]) -> list[Intent]:
    """Give a journal row for each part: the row of a kind of which several parts are written is divided among them.

    The first part keeps the row's id, so that it is narrowed in the journal, not doubled.
    """
    if len(pieces) == 1:
        return list(intents)
    found: list[Intent] = []
    for intent in intents:
        mine = [piece for piece in pieces if piece.after.kind == intent.part and piece.paths]
        if len(mine) <= 1:
            found.append(intent)
            continue
        for at, piece in enumerate(mine):
            narrowed = replace(
                intent,
                id=new_id() if at else intent.id,
                part=piece.name,
                before={path: old for path, old in intent.before.items() if path in piece.paths},
                after={path: new for path, new in intent.after.items() if path in piece.paths},
                reasons={path: why for path, why in intent.reasons.items() if path in piece.paths},
            )
            found.append(narrowed)
    return found
