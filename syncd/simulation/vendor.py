"""The simulated vendors and their witness, who writes down what was ever held, shown and written.

The witness knows nothing about the engine: what it saw is what the checks hold the engine to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random

from syncd.connectors.memory import Behaviour, MemorySystem
from syncd.mapping.lens import Lens
from syncd.model.records import Answer, Kind, Page, PartCreate, PartWrite, Present, Record
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.types import System

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

    def holds(self, at: Place, flat: Flat) -> None:
        """Write down what a record holds now."""
        self.images[at].append(flat)
        for path, value in flat.items():
            self.held[at][path].add(value)

    def was_shown(self, at: Place, flat: Flat, *, ours: bool) -> None:
        """Write down what the engine was shown of a record; of another tenant's world it keeps nothing."""
        self.shown[at] = flat
        self.ever_shown[at].append(flat)
        self.log.append((at, flat))
        if self.observing and ours:
            self.fresh.append((at, flat))

    def step(self, *, killed: bool = False) -> None:
        """End a step: what a finished observation was shown must be kept from now on."""
        if not killed:
            for at, flat in self.fresh:
                for path, value in flat.items():
                    self.kept[at][path].add(value)
        self.fresh = []


class SimSystem(MemorySystem):
    """An in-memory vendor that tells its witness everything."""

    def __init__(
        self,
        system: str,
        behaviour: Behaviour,
        lenses: Mapping[Kind, Lens],
        witness: Witness,
        *,
        clock: Callable[[], float] | None,
        on_effect: Callable[[str, str], None] | None,
        shuffle: Random | None,
    ) -> None:
        super().__init__(system, behaviour, clock=clock, on_effect=on_effect, shuffle=shuffle)
        self.lenses, self.witness = lenses, witness
        self._marker, self._told = "", EMPTY_FLAT

    def flat(self, record: Record | None) -> Flat:
        """Read a record as the engine would."""
        if record is None:
            return {}
        return {path: value for path, value in self.lenses[record.kind].get(record).items() if value is not EMPTY}

    def copy_to(self, other: SimSystem) -> None:
        """Make another vendor of the same kind hold and say just what this one does."""
        other._records = {kind: dict(records) for kind, records in self._records.items()}
        other.scope = self.scope
        other._markers, other._stated = dict(self._markers), set(self._stated)
        other._late = {key: list(images) for key, images in self._late.items()}
        other._tokens, other._ids, other._answers = self._tokens, self._ids, self._answers
        for operation, planned in self.faults._plan.items():
            for fault in planned:
                other.faults.set(
                    operation, fault.kind, times=fault.times, error=fault.error, silent=fault.silent, omit=fault.omit
                )

    # -- what the vendor holds

    def _store(self, record: Record) -> None:
        at = (self.system, record.kind, record.id)
        before = self.flat(self.record(record.kind, record.id))
        super()._store(record)
        after = self.flat(record)
        self.witness.by_people.append((at, before, after))
        self.witness.holds(at, after)
        self.witness.raced.add(at)

    def _store_late(self, record: Record) -> None:
        at = (self.system, record.kind, record.id)
        before, after = self.flat(self.record(record.kind, record.id)), self.flat(record)
        super()._store_late(record)
        shown = self.witness.shown.get(at, {})
        raced = at in self.witness.raced
        self.witness.wrote.append(
            Wrote(at, before, self._told, after, shown, raced, self._marker, len(self.witness.log))
        )
        if after != self._told:
            self.witness.holds(at, after)  # the vendor's own making: rounded, re-cased, half of it

    def remove(self, kind: Kind, record_id: str) -> None:
        """Remove a record; the witness knows."""
        super().remove(kind, record_id)
        self.witness.absent.add((self.system, kind, record_id))

    # -- what the engine is shown and does

    def _show(self, record: Record) -> None:
        at = (self.system, record.kind, record.id)
        self.witness.raced.discard(at)
        self.witness.was_shown(at, self.flat(record), ours=self.scope == "all")

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List, and tell what was shown."""
        async for page in super().list(kind, groups):
            for record in page.records:
                self._show(record)
            yield page

    def _answer(self, kind: Kind, record_id: str) -> Answer:
        answer = super()._answer(kind, record_id)
        if isinstance(answer, Present):
            self._show(answer.record)
        return answer

    async def write(self, write: PartWrite) -> None:
        """Write, and tell what was told."""
        record = self.record(write.kind, write.record_id)
        self._told = self._as_told(record, write)
        self._marker = ""
        await super().write(write)

    def _as_told(self, record: Record | None, write: PartWrite) -> Flat:
        if record is None:
            return {}
        return self.flat(self._with_parts(record, {write.before.kind: write.after}))  # type: ignore[dict-item]

    async def create(self, create: PartCreate) -> str:
        """Create, and tell under which marker."""
        self._marker = create.marker
        self._told = self.flat(Record(create.kind, "", create.parts, create.group))
        return await super().create(create)

    async def end(self, kind: Kind, record_id: str) -> None:
        """End a record, and tell."""
        self._marker, self._told = "end", EMPTY_FLAT
        try:
            await super().end(kind, record_id)
        finally:
            self.witness.ended.append((self.system, kind, record_id))


EMPTY_FLAT: Flat = {}
