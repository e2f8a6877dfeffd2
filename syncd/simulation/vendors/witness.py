"""Connectors that tell a witness what the engine was shown and what it wrote, and seats that know the truth.

As in memory, the witness knows nothing of the engine. What a record holds is read past it, with a session of its own,
after each edit and each write.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.connectors.base import Changes
from syncd.mapping.laws import applied
from syncd.mapping.lens import Lens, Putting
from syncd.model.records import Answer, Kind, Page, Part, PartCreate, PartWrite, Present, Record
from syncd.model.values import EMPTY, Flat
from syncd.simulation.vendor import Place, Witness, Wrote
from syncd.simulation.vendors.wire import System, Truth


@dataclass
class Seat:
    """One vendor as the checks see it. `group`: native id of the employer; `truths`: what every record holds."""

    system: str
    group: str
    lenses: Mapping[Kind, Lens]
    witness: Witness
    truth: Truth
    truths: dict[tuple[Kind, str], Record] = field(default_factory=dict)

    def learn(self) -> None:
        """Look at every record there is."""
        records = [self.truth.read(self.system, "group", self.group), *self.plans()]
        for record in records:
            if record is not None:
                self.truths[record.kind, record.id] = record
                self.witness.holds((self.system, record.kind, record.id), self.flat(record))

    def plans(self) -> list[Record]:
        """Give the plans of the employer as they are."""
        return self.truth.all(self.system, "plan", (self.group,))

    def flat(self, record: Record | None) -> Flat:
        """Read a record as the engine would."""
        if record is None:
            return {}
        return {path: value for path, value in self.lenses[record.kind].get(record).items() if value is not EMPTY}

    def record(self, kind: Kind, record_id: str) -> Record | None:
        """Give a record as it was when somebody last touched it; None: it is gone."""
        return self.truths.get((kind, record_id))

    def look(self, kind: Kind, record_id: str) -> bool:
        """Look at a record anew; tell whether it is another than before."""
        before, now = self.truths.pop((kind, record_id), None), self.truth.read(self.system, kind, record_id)
        if now is not None:
            self.truths[kind, record_id] = now
        return _content(before) != _content(now)

    def touched(self, kind: Kind, record_id: str) -> None:
        """Take down what a person did to a record."""
        at: Place = (self.system, kind, record_id)
        before = self.flat(self.record(kind, record_id))
        self.look(kind, record_id)
        now = self.record(kind, record_id)
        self.witness.by_people.append((at, before, self.flat(now)))
        self.witness.raced.add(at)
        if now is None:
            self.witness.absent.add(at)
        else:
            self.witness.holds(at, self.flat(now))

    def shown(self, records: Iterable[Record]) -> None:
        """Take down what the engine was shown."""
        for record in records:
            at: Place = (self.system, record.kind, record.id)
            if record.kind == "group" and record.id != self.group:
                continue
            self.witness.raced.discard(at)
            self.witness.was_shown(at, self.flat(record), self.witness.tick(), ours=True)


def _content(record: Record | None) -> list[tuple[str, str | None, Any]]:
    return [] if record is None else [(part.kind, part.id, part.data) for part in record.parts]


class Watched:
    """A connector whose every answer and write is told to a seat; whatever else it can do, it does as before."""

    def __init__(self, inner: System, seat: Seat) -> None:
        self._inner, self._seat = inner, seat
        self.system = inner.system

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List, and tell what was shown."""
        async for page in self._inner.list(kind, groups):
            self._seat.shown(page.records)
            yield page

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read, and tell what was shown."""
        answer = await self._inner.read(kind, record_id)
        if isinstance(answer, Present):
            self._seat.shown((answer.record,))
        return answer

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Ask the feed, and tell what was shown."""
        changes = await self._inner.changes(position, groups)
        self._seat.shown(changes.records)
        return changes

    async def write(self, write: PartWrite) -> None:
        """Write, and tell what was told and what came of it, also when the process dies meanwhile."""
        seat = self._seat
        at: Place = (self._inner.system, write.kind, write.record_id)
        part = Part(write.before.kind, write.before.id, write.after, write.before.version)
        shown, seen = seat.witness.shown.get(at, {}), len(seat.witness.log)
        done = False
        try:
            await self._inner.write(write)
            done = True
        finally:
            held, raced = seat.record(write.kind, write.record_id), at in seat.witness.raced
            told = {} if held is None else seat.flat(applied(held, Putting((part,))))
            if seat.look(write.kind, write.record_id) or done:
                after = seat.flat(seat.record(write.kind, write.record_id))
                seat.witness.wrote.append(Wrote(at, seat.flat(held), told, after, shown, raced, "", seen))
                if after != told:
                    seat.witness.holds(at, after)  # the vendor's own making

    async def create(self, create: PartCreate) -> str:
        """Create, and tell under which marker; also what came of it when nobody heard the answer."""
        seat = self._seat
        told = seat.flat(Record(create.kind, "", create.parts, create.group))
        seen = len(seat.witness.log)
        try:
            return await self._inner.create(create)
        finally:
            for record in seat.plans():
                if (record.kind, record.id) not in seat.truths:
                    at: Place = (self._inner.system, record.kind, record.id)
                    seat.truths[record.kind, record.id] = record
                    after = seat.flat(record)
                    seat.witness.wrote.append(
                        Wrote(at, {}, told, after, {}, raced=False, create=create.marker, seen=seen)
                    )
                    seat.witness.holds(at, after)

    async def end(self, kind: Kind, record_id: str) -> None:
        """End a record in the vendor's own way, and tell."""
        seat, at = self._seat, (self._inner.system, kind, record_id)
        before = seat.flat(seat.record(kind, record_id))
        try:
            await self._inner.end(kind, record_id)
        finally:
            if seat.look(kind, record_id):
                after = seat.flat(seat.record(kind, record_id))
                shown = seat.witness.shown.get(at, {})
                seat.witness.wrote.append(Wrote(at, before, {}, after, shown, raced=False, create="end"))
                seat.witness.holds(at, after)
            seat.witness.ended.append(at)
