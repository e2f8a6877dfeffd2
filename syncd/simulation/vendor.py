"""The simulated vendors and their witness, who writes down what was ever held, shown and written.

The witness knows nothing about the engine: what it saw is what the checks hold the engine to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from syncd.connectors.base import Access, Changes
from syncd.connectors.memory import Feeding, MemorySystem
from syncd.mapping.lens import Lens
from syncd.model.records import Answer, Kind, Page, Part, PartCreate, PartWrite, Present, Record
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.types import System
from syncd.simulation.backstage import SimClock, Turns
from syncd.simulation.setting import SystemSetting

Place = tuple[System, Kind, str]
"""Where a record is: system, kind, native id."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """One write of the engine that took effect: what the vendor held, what it was told to hold, what it holds."""

    at: Place
    before: Flat
    told: Flat
    after: Flat
    shown: Flat
    raced: bool
    create: str = ""
    seen: int = 0
    """How much of the witness's log had been shown before it was sent."""
    at_s: float = 0.0
    """When, by everybody's clock."""
    tick: int = 0

    @property
    def touched(self) -> set[str]:
        """Name the paths that it was to change: what it told differs from what had been shown."""
        return {p for p in {*self.shown, *self.told} if self.shown.get(p, EMPTY) != self.told.get(p, EMPTY)}


@dataclass(slots=True)
class Witness:
    """Everything the vendors know: what each record ever held, what was last shown of it, and the engine's writes.

    `held` and `images` leave out what the engine itself wrote: a value that it invented is no excuse for itself.
    """

    held: dict[Place, dict[str, set[Value]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    images: dict[Place, list[Flat]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[Place, Flat] = field(default_factory=dict)
    log: list[tuple[Place, Flat]] = field(default_factory=list)
    """Everything that was shown, in order."""
    ever_shown: dict[Place, list[Flat]] = field(default_factory=lambda: defaultdict(list))
    wrote: list[Wrote] = field(default_factory=list)
    raced: set[Place] = field(default_factory=set)
    by_people: list[tuple[Place, Flat, Flat]] = field(default_factory=list)
    """Edits in the vendors' own screens: before and after."""
    absent: set[Place] = field(default_factory=set)
    """Records that were gone at some time."""
    ended: list[Place] = field(default_factory=list)
    kept: dict[Place, dict[str, set[Value]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """What a finished observation was shown: it may never be lost."""
    fresh: list[tuple[Place, Flat]] = field(default_factory=list)
    """What was shown since the last step began."""
    observing: bool = False
    readings: dict[Place, list[tuple[int, Flat]]] = field(default_factory=lambda: defaultdict(list))
    """What was read of each record, with the moment at which the reading began."""
    written_at: dict[Place, int] = field(default_factory=dict)
    read_back: dict[Place, int] = field(default_factory=dict)
    """When the reading began that read our last write to a record back."""
    typed: dict[Place, dict[str, set[Value]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """What people entered."""
    made: dict[Place, dict[str, set[Value]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """What vendors made of what we wrote: neither what was there nor what was meant."""
    moved_at: dict[Place, int] = field(default_factory=dict)
    """When a person last changed a record."""
    timeline: dict[Place, list[tuple[int, Flat]]] = field(default_factory=lambda: defaultdict(list))
    """Everything that a record ever held, since when."""
    groups: dict[Place, str | None] = field(default_factory=dict)
    """The group under which each record was last shown."""
    _ticks: int = 0

    def tick(self) -> int:
        """Give a moment after all earlier ones."""
        self._ticks += 1
        return self._ticks

    def remember(self, other: Witness) -> None:
        """Let the witness of a copy of the world know what this one knows about who entered what."""
        for mine, theirs in ((self.typed, other.typed), (self.made, other.made)):
            for at, fields in mine.items():
                for path, values in fields.items():
                    theirs[at][path] |= values
        for at, line in self.timeline.items():
            other.timeline[at] = list(line)
        other.moved_at, other.written_at = dict(self.moved_at), dict(self.written_at)
        other._ticks = self._ticks

    def holds(self, at: Place, flat: Flat) -> None:
        """Write down what a record holds now."""
        self.images[at].append(flat)
        for path, value in flat.items():
            self.held[at][path].add(value)

    def held_since(self, at: Place, tick: int) -> list[Flat]:
        """Give what a record held at some time since a moment."""
        line = self.timeline.get(at, [])
        before = [flat for when, flat in line if when <= tick]
        return [*before[-1:], *(flat for when, flat in line if when > tick)]

    def by_person(self, at: Place, before: Flat, after: Flat) -> None:
        """Write down what a person did to a record."""
        self.by_people.append((at, before, after))
        self.holds(at, after)
        for path, value in after.items():
            if before.get(path, EMPTY) != value:
                self.typed[at][path].add(value)
        self.raced.add(at)
        self.moved_at[at] = self.tick()
        self.timeline[at].append((self.moved_at[at], after))

    def by_us(self, wrote: Wrote) -> None:
        """Write down what a write of the engine came to."""
        self.wrote.append(wrote)
        self.written_at[wrote.at] = wrote.tick
        self.timeline[wrote.at].append((wrote.tick, wrote.after))
        for path, value in wrote.after.items():
            if value not in (wrote.told.get(path, EMPTY), wrote.before.get(path, EMPTY)):
                self.made[wrote.at][path].add(value)
        if wrote.after != wrote.told:
            self.holds(wrote.at, wrote.after)  # the vendor's own making: rounded, re-cased, half of it

    def was_shown(self, at: Place, flat: Flat, began: int, *, ours: bool) -> None:
        """Write down what the engine was shown of a record; of another tenant's world it keeps nothing."""
        readings = self.readings[at]
        if not readings or readings[-1][0] <= began:
            self.shown[at] = flat
        readings.append((began, flat))
        readings.sort(key=lambda one: one[0])
        if (
            not self.observing
            and self.written_at.get(at, began) < began
            and self.read_back.get(at, 0) < self.written_at[at]
        ):
            self.read_back[at] = began
        self.ever_shown[at].append(flat)
        self.log.append((at, flat))
        if self.observing and ours:
            self.fresh.append((at, flat))

    def step(self, doubted: Collection[tuple[str, Kind]] = (), *, killed: bool = False) -> None:
        """End a step: what a finished observation was shown must be kept from now on, but of `doubted` systems and
        kinds of record, whose listing may be another tenant's."""
        if not killed:
            for at, flat in self.fresh:
                if at[:2] in doubted:
                    continue
                if self.readings[at] and flat != self.readings[at][-1][1]:
                    continue  # something newer was read before this was stored
                for path, value in flat.items():
                    self.kept[at][path].add(value)
        self.fresh = []


class SimSystem(MemorySystem):
    """An in-memory vendor that tells its witness everything."""

    def __init__(
        self,
        made: SystemSetting,
        lenses: Mapping[Kind, Lens],
        witness: Witness,
        *,
        clock: SimClock,
        turns: Turns,
        on_effect: Callable[[str, str], None] | None = None,
        shuffle: Random | None = None,
    ) -> None:
        times = clock.true if made.times else None
        super().__init__(made.name, made.behaviour, clock=times, on_effect=on_effect, shuffle=shuffle)
        self.lenses, self.witness = dict(lenses), witness
        self.whole = dict(lenses)
        """The lenses that read all that the vendor holds, whatever the engine is told to read."""
        self.turns, self.now = turns, clock.true
        self.blind = self.muted = False
        self.coming: dict[Kind, bytes] = {}
        """Files of which only a part is there yet: what they will be."""
        self.reissued: list[str] = []
        """Ids given to a new record though another had them once."""
        """Whether the feed kept something to itself that no complete listing has shown since."""
        self.listed_at = 0.0
        """When, by everybody's clock, all was last listed to its end."""
        self._marker, self._told = "", EMPTY_FLAT

    def flat(self, record: Record | None) -> Flat:
        """Read a record as the engine would."""
        if record is None:
            return {}
        return {path: value for path, value in self.lenses[record.kind].get(record).items() if value is not EMPTY}

    def finish(self) -> None:
        """Let what is under way come to its end; nothing is."""

    def free(self) -> None:
        """Let go of what is held; nothing is."""

    def truth(self, record: Record | None) -> Flat:
        """Read all that a record holds."""
        if record is None:
            return {}
        return {path: value for path, value in self.whole[record.kind].get(record).items() if value is not EMPTY}

    def copy_to(self, other: SimSystem) -> None:
        """Make another vendor of the same kind hold and say just what this one does."""
        other._records = {kind: dict(records) for kind, records in self._records.items()}
        other.scope = self.scope
        other._markers, other._stated = dict(self._markers), set(self._stated)
        other._late = {key: list(images) for key, images in self._late.items()}
        other._tokens, other._ids, other._answers = self._tokens, self._ids, self._answers
        other._log, other._replays = list(self._log), dict(self._replays)
        other.lenses, other.blind, other.listed_at = dict(self.lenses), self.blind, self.listed_at
        for operation, planned in self.faults._plan.items():
            for fault in planned:
                other.faults.set(
                    operation, fault.kind, times=fault.times, error=fault.error, silent=fault.silent, omit=fault.omit
                )

    # -- what the vendor holds

    def _store(self, record: Record) -> None:
        at = (self.system, record.kind, record.id)
        before = self.truth(self.record(record.kind, record.id))
        super()._store(record)
        self.witness.by_person(at, before, self.truth(record))
        if self.lenses[record.kind] is not self.whole[record.kind]:
            self.witness.holds(at, self.flat(record))  # as it is for whoever reads it through the mapping as it is now

    def _store_late(self, record: Record) -> None:
        witness, at = self.witness, (self.system, record.kind, record.id)
        before, after = self.flat(self.record(record.kind, record.id)), self.flat(record)
        super()._store_late(record)
        shown, raced = witness.shown.get(at, {}), at in witness.raced
        marks = (self._marker, len(witness.log), self.now(), witness.tick())
        witness.by_us(Wrote(at, before, self._told, after, shown, raced, *marks))

    def remove(self, kind: Kind, record_id: str) -> None:
        """Remove a record; the witness knows."""
        super().remove(kind, record_id)
        self.witness.absent.add((self.system, kind, record_id))

    # -- what the engine is shown and does

    def _show(self, record: Record, began: int) -> None:
        at = (self.system, record.kind, record.id)
        self.witness.raced.discard(at)
        self.witness.groups[at] = record.group
        self.witness.was_shown(at, self.flat(record), began, ours=self.scope == "all")

    async def access(self) -> Access:
        """Say what the account may do."""
        found = await super().access()
        await self.turns
        return found

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List, and tell what was shown."""
        began, last = self.witness.tick(), False
        fault = self.faults.peek("list")
        odd = fault.kind if fault is not None else ""
        async for page in super().list(kind, groups):
            for record in page.records:
                self._show(record, began)
            last = page.last
            await self.turns
            yield page
        if last and odd not in ("empty", "short") and kind != "group":
            self.blind, self.listed_at = self.blind and odd == "stale", self.now()

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read, and let others go on while the answer comes."""
        answer = await super().read(kind, record_id)
        await self.turns
        return answer

    def _answer(self, kind: Kind, record_id: str) -> Answer:
        answer = super()._answer(kind, record_id)
        if isinstance(answer, Present) and not self.muted:
            self._show(answer.record, self.witness.tick())
        return answer

    async def write(self, write: PartWrite) -> None:
        """Write, and tell what was told."""
        await self.turns
        record = self.record(write.kind, write.record_id)
        self._told = self._as_told(record, write)
        self._marker = ""
        await super().write(write)
        await self.turns

    def _as_told(self, record: Record | None, write: PartWrite) -> Flat:
        if record is None:
            return {}
        told = Part(write.before.kind, write.before.id, write.after, write.before.version)
        several = told.kind in self.behaviour.several
        same = [one for one in record.parts if one.kind == told.kind and (one.id == told.id or not several)]
        parts = tuple(told if one in same else one for one in record.parts)
        return self.flat(replace(record, parts=parts if same else (*parts, told)))

    async def create(self, create: PartCreate) -> str:
        """Create, and tell under which marker."""
        self._marker = create.marker
        self._told = self.flat(Record(create.kind, "", create.parts, create.group))
        made = await super().create(create)
        await self.turns
        return made

    async def end(self, kind: Kind, record_id: str) -> None:
        """End a record, and tell."""
        self._marker, self._told = "end", EMPTY_FLAT
        try:
            await super().end(kind, record_id)
        finally:
            self.witness.ended.append((self.system, kind, record_id))


class SimFeeding(SimSystem, Feeding):
    """The same with a feed, whose answers may take their time as well."""

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Give what moved; what the feed keeps to itself is not known before everything is listed."""
        fault = self.faults.peek("changes")
        self.blind |= fault is not None and fault.kind == "short"
        began, self.muted = self.witness.tick(), True
        try:
            found = await super().changes(position, groups)
        finally:
            self.muted = False
        for record in found.records:
            self._show(record, began)
        await self.turns
        return found


EMPTY_FLAT: Flat = {}
