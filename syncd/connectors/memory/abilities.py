"""In-memory vendors that can do more: tell what moved, keep notes for the people who work there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from syncd.connectors.base import Changes, Note
from syncd.connectors.memory.behaviour import Behaviour
from syncd.connectors.memory.faults import Fault
from syncd.connectors.memory.system import MemorySystem
from syncd.errors import TransientError
from syncd.model.records import Kind, NotSeen, Present, Record


class Feeding(MemorySystem):
    """A vendor with a feed: its places are counts of what moved, "0" its beginning. Implements `Feed`."""

    oldest = 0
    """The first thing that the feed still remembers; raise it to let older places expire."""

    async def position(self) -> str:
        """Give the feed's end as it is now."""
        self.requests["position"] += 1
        self._raise_read_fault("position")
        self._tell("read", "position")
        return str(self._told_until())

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Give what moved since, each record once, as it is now; what is not shown yet is told later."""
        self._answers += 1
        self.requests["changes"] += 1
        fault = self.faults.take("changes")
        if fault is not None and fault.kind == "error":
            raise self._error(fault, TransientError, "the feed did not answer")
        if int(position) < self.oldest or (fault is not None and fault.kind == "expired"):
            return Changes("", expired=f"the feed of {self.system} does not go back to {position}")
        end = self._told_until(int(position))
        records: list[Record] = []
        gone: dict[tuple[Kind, str], str] = {}
        for kind, record_id, group in dict.fromkeys(self._log[int(position) : end]):
            if kind == "plan" and groups is not None and group not in groups:
                continue
            answer = self._answer(kind, record_id)
            if isinstance(answer, Present):
                records += [] if _kept_back(fault, record_id) else [answer.record]
            elif not isinstance(answer, NotSeen):
                gone[kind, record_id] = answer.evidence
        self._tell("read", "changes")
        return Changes(str(end), tuple(records), gone)

    def _told_until(self, since: int = 0) -> int:
        """Give the first place that is not told yet: a record that is shown late is told when it is shown."""
        for at in range(since, len(self._log)):
            kind, record_id, _ = self._log[at]
            record = self.record(kind, record_id)
            if record is not None and self._seen(record) is not record:
                return at
        return len(self._log)


def _kept_back(fault: Fault | None, record_id: str) -> bool:
    return fault is not None and fault.kind == "short" and (not fault.omit or record_id in fault.omit)


class Noting(MemorySystem):
    """A vendor with a notebook. Implements `Notebook`."""

    def __init__(
        self,
        system: str,
        behaviour: Behaviour | None = None,
        *,
        clock: Callable[[], float] | None = None,
        on_effect: Callable[[str, str], None] | None = None,
        shuffle: Random | None = None,
    ) -> None:
        """As a `MemorySystem`; `notes` is what its people see, by native id."""
        super().__init__(system, behaviour, clock=clock, on_effect=on_effect, shuffle=shuffle)
        self.notes: dict[str, Note] = {}
        self._shown_from: dict[str, int] = {}

    async def find_note(self, group: str, marker: str) -> tuple[str, Note] | None:
        """Find a note by its marker."""
        self._answers += 1
        self.requests["find_note"] += 1
        self._raise_read_fault("find_note")
        found = [
            (note_id, note)
            for note_id, note in self.notes.items()
            if (note.group, note.marker) == (group, marker) and self._shown_from.get(note_id, 0) <= self._answers
        ]
        self._tell("read", "find_note")
        return found[0] if found else None

    async def write_note(self, note: Note, note_id: str | None = None) -> str:
        """Create a note, or replace the one named."""
        written = note_id or ""

        def check() -> None:
            if self.record("group", note.group) is None:
                raise self._refused("there is no group with this id", note.group)
            if note_id is not None and note_id not in self.notes:
                raise self._refused("there is no note with this id", note_id)

        def apply(fault: Fault | None) -> None:
            nonlocal written
            del fault
            if not written:
                self._ids += 1
                written = f"{self.system}-note-{self._ids}"
                self._shown_from[written] = self._answers + self.behaviour.late + 1 if self.behaviour.late else 0
            self.notes[written] = note

        self._send("note", note_id, check, apply)
        return written


class FeedingNoting(Feeding, Noting):
    """A vendor with a feed and a notebook."""


def make(
    system: str,
    behaviour: Behaviour | None = None,
    *,
    clock: Callable[[], float] | None = None,
    on_effect: Callable[[str, str], None] | None = None,
    shuffle: Random | None = None,
) -> MemorySystem:
    """Make an in-memory system that can do just what its behaviour says."""
    made = behaviour or Behaviour()
    kinds: dict[tuple[bool, bool], type[MemorySystem]] = {
        (False, False): MemorySystem,
        (True, False): Feeding,
        (False, True): Noting,
        (True, True): FeedingNoting,
    }
    return kinds[made.feed, made.notes](system, made, clock=clock, on_effect=on_effect, shuffle=shuffle)
