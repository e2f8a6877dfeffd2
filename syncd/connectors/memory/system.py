"""The connector of an in-memory vendor: what is asked, what is refused, what goes wrong, and when a caller can die.

It does no I/O and asks no clock but the one it is given, so the same calls give the same ids, tokens and faults.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Literal, TypeAlias

from syncd.connectors.base import Access
from syncd.connectors.frozen import Frozen, freeze
from syncd.connectors.memory.behaviour import DEFAULT_PART, Behaviour
from syncd.connectors.memory.faults import Fault, Faults
from syncd.connectors.memory.vendor import Data, Vendor, any_under
from syncd.errors import RefusedError, StaleWriteError, SyncdError, TransientError, UnknownOutcomeError
from syncd.model.paths import SECTIONS, section, under
from syncd.model.records import JSON, Answer, Kind, Page, Part, PartCreate, PartWrite, Present, Record

Moment: TypeAlias = Literal["before_send", "after_send", "after_reply", "read"]
Operation: TypeAlias = Literal[
    "access", "list", "read", "find", "write", "create", "end", "position", "changes", "find_note", "note"
]

_DECIMAL = re.compile(r"-?\d+\.\d+\Z")


class MemorySystem(Vendor):
    """One in-memory vendor installation; implements `Connector`."""

    def __init__(
        self,
        system: str,
        behaviour: Behaviour | None = None,
        *,
        clock: Callable[[], float] | None = None,
        on_effect: Callable[[str, str], None] | None = None,
        shuffle: Random | None = None,
    ) -> None:
        """`clock` gives modification times (None: the vendor states none); `shuffle` mixes the order of listings.

        `on_effect` hears (moment, operation): before_send, after_send (applied, reply not yet received) and after_reply
        of writes, creates and ends, and `read` after each page or answer. What it raises goes through to the caller.
        """
        super().__init__(system, behaviour or Behaviour(), clock, shuffle)
        made = self.behaviour
        self._takes_all = "" in made.carries and "" in made.writable and not (made.read_only or made.parts)
        self.on_effect = on_effect
        self.faults = Faults()
        self.scope = "all"
        """Part of the fingerprint; change it to stand for another tenant, address or filter."""
        self.requests: Counter[str] = Counter()
        """Calls by operation; a listing counts one for each page."""
        self.applied: Counter[str] = Counter()
        """Writes, creates and ends that took effect."""

    @property
    def writes(self) -> int:
        """How many writes, creates and ends took effect."""
        return self.applied.total()

    # -- Connector: reading

    async def access(self) -> Access:
        """Say what the account may do; sections that are not writable are named."""
        self.requests["access"] += 1
        self._raise_read_fault("access")
        made = self.behaviour
        closed = [name for name in SECTIONS if not _any_near(name, made.writable)]
        missing = [name for name in SECTIONS if not _any_near(name, made.carries)]
        return Access(
            fingerprint=f"memory:{self.system}:{self.scope}",
            unreadable=dict.fromkeys(missing, "this system has no such field"),
            unwritable=dict.fromkeys((*made.read_only, *closed), "read-only in this system"),
            create=made.create,
            update=made.update,
            end=made.end,
            conditional=made.conditional and made.versions == "etag",
            marker=made.marker,
            by_group=made.by_group,
        )

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List the records of a kind as they were when the listing began; `groups`: only the plans of these."""
        self._answers += 1
        fault = self.faults.take("list")
        records = self._listed(kind)
        if groups is not None and kind == "plan":
            records = tuple(record for record in records if record.group in groups)
        if fault is not None:
            records = self._left_over(records, fault)
        size = self.behaviour.page_size
        whole = fault is None or fault.kind in ("empty", "short", "stale")
        for start in range(0, len(records) or 1, size):
            self.requests["list"] += 1
            yield Page(records[start : start + size], last=whole and start + size >= len(records))
            self._tell("read", "list")
        if fault is not None and fault.kind == "error":
            raise self._error(fault, TransientError, "the listing broke off")

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one record; a record that is not there is gone, whatever the last listing said."""
        self._answers += 1
        self.requests["read"] += 1
        self._raise_read_fault("read", record_id)
        answer = self._answer(kind, record_id)
        self._tell("read", "read")
        return answer

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the records of a group (None: of any) that were created with the marker."""
        self._answers += 1
        self.requests["find"] += 1
        self._raise_read_fault("find")
        found = []
        for (of, record_id), held in self._markers.items():
            if of == kind and held == marker:
                answer = self._answer(kind, record_id)
                if isinstance(answer, Present) and group in (None, answer.record.group):
                    found.append(answer.record)
        self._tell("read", "find")
        return tuple(found)

    # -- Connector: writing

    async def write(self, write: PartWrite) -> None:
        """Replace one part; keys outside what this vendor takes refuse the whole write."""
        kind, record_id = write.kind, write.record_id

        def check() -> None:
            if not self.behaviour.update:
                raise self._refused("updates are not allowed", record_id)
            record = self._record_to_write(kind, record_id)
            part = self._part(record, write.before)
            stale = self.behaviour.conditional and self.behaviour.versions == "etag"
            if stale and part.version != write.before.version:
                raise StaleWriteError(system=self.system, external_id=record_id)
            if record.locked or not self._takes_all:
                self._check_keys(record, part.kind, _changed(part.data, write.after))

        def apply(fault: Fault | None) -> None:
            record = self._records[kind][record_id]
            part = self._part(record, write.before)
            after = self._distorted(write.after, part.data)
            if fault is not None and fault.kind == "half":
                after = _half(part.data, after)
            self._store_late(self._with_part(record, part, after))

        self._send("write", record_id, check, apply)

    async def create(self, create: PartCreate) -> str:
        """Create a record under a new id."""
        record_id = self._replayed(create.marker)
        if record_id:
            self.requests["create"] += 1
            self._tell("after_reply", "create")
            return record_id

        def check() -> None:
            if not self.behaviour.create:
                raise self._refused("creates are not allowed", None)
            for part in create.parts:
                if part.kind not in (*self._part_kinds, *self.behaviour.several):
                    raise self._no_part(part.kind, None)
                self._check_keys(None, part.kind, part.data)

        def apply(fault: Fault | None) -> None:
            nonlocal record_id
            record_id = self._new_id(create.kind)
            record = Record(create.kind, record_id, self._empty_parts(record_id), create.group)
            half = fault is not None and fault.kind == "half"
            for part in create.parts:
                data = self._distorted(part.data, {})
                record = self._with_part(record, part, _half({}, data) if half else data)
            self._store_late(record)
            if self.behaviour.marker and create.marker:
                self._markers[create.kind, record_id] = create.marker
            if self.behaviour.replays_s and create.marker and self.clock is not None:
                self._replays[create.marker] = record_id, self.clock()

        self._send("create", None, check, apply)
        return record_id

    def _replayed(self, marker: str) -> str:
        """Give what a create under this marker made a short while ago; "" when that is not remembered (any more)."""
        record_id, at = self._replays.get(marker, ("", 0.0))
        return record_id if self.clock is not None and self.clock() - at < self.behaviour.replays_s else ""

    async def end(self, kind: Kind, record_id: str) -> None:
        """End a record: set what the vendor sets, or remove it."""

        def check() -> None:
            if not self.behaviour.end:
                raise self._refused("ending records is not allowed", record_id)
            self._record_to_write(kind, record_id)

        def apply(fault: Fault | None) -> None:
            del fault
            sets = self.behaviour.end_sets
            if sets is None:
                self.remove(kind, record_id)
            else:
                self._store_late(self._edited(self._records[kind][record_id], sets))

        self._send("end", record_id, check, apply)

    async def aclose(self) -> None:
        """Nothing is held."""

    # -- sending

    def _send(
        self,
        operation: Operation,
        record_id: str | None,
        check: Callable[[], None],
        apply: Callable[[Fault | None], None],
    ) -> None:
        """Send one write: the moments at which a caller can die, and what can go wrong, are told here and only here."""
        self.requests[operation] += 1
        fault = self.faults.take(operation)
        self._tell("before_send", operation)
        if fault is not None and fault.kind == "fail":
            self._tell("after_reply", operation)
            raise self._error(fault, TransientError, "the write failed and was not applied", record_id)
        try:
            check()
        except (RefusedError, StaleWriteError):
            self._tell("after_reply", operation)
            raise
        apply(fault)
        self.applied[operation] += 1
        self._tell("after_send", operation)
        if fault is not None and fault.kind == "lost_reply":
            raise self._error(fault, UnknownOutcomeError, "no reply came", record_id)
        self._tell("after_reply", operation)
        if fault is not None and not fault.silent:
            raise self._error(fault, UnknownOutcomeError, "the write failed, how far is not known", record_id)

    def _tell(self, moment: Moment, operation: Operation) -> None:
        if self.on_effect is not None:
            self.on_effect(moment, operation)

    def _error(self, fault: Fault, default: type[SyncdError], message: str, record_id: str | None = None) -> SyncdError:
        return (fault.error or default)(message, system=self.system, external_id=record_id)

    def _refused(self, message: str, record_id: str | None, key: str | None = None) -> RefusedError:
        return RefusedError(message, system=self.system, external_id=record_id, field=key)

    def _raise_read_fault(self, operation: Operation, record_id: str | None = None) -> None:
        fault = self.faults.take(operation)
        if fault is not None:
            raise self._error(fault, TransientError, "the system did not answer", record_id)

    def _left_over(self, records: tuple[Record, ...], fault: Fault) -> tuple[Record, ...]:
        """Give what a listing shows in which something goes wrong."""
        if fault.kind == "stale":
            return tuple(self._previous.get((record.kind, record.id), record) for record in records)
        if fault.kind == "empty":
            return ()
        if fault.omit:
            return tuple(record for record in records if record.id not in fault.omit)
        return records[: len(records) // 2]

    # -- what is refused

    def _record_to_write(self, kind: Kind, record_id: str) -> Record:
        record = self.record(kind, record_id)
        if record is None:
            raise self._refused(f"there is no {kind} with this id", record_id)
        return record

    def _part(self, record: Record, wanted: Part) -> Part:
        several = wanted.kind in self.behaviour.several
        if several and not wanted.id and not wanted.data:
            return wanted
        for part in record.parts:
            if part.kind == wanted.kind and (part.id == wanted.id or not several):
                return part
        raise self._no_part(f"{wanted.kind} {wanted.id}" if several else wanted.kind, record.id)

    def _no_part(self, name: str, record_id: str | None) -> SyncdError:
        kinds = (*self._part_kinds, *self.behaviour.several)
        return self._refused(f"no part {name}; the parts are {', '.join(kinds)}", record_id)

    def _check_keys(self, record: Record | None, part_kind: str, keys: Iterable[str]) -> None:
        """Refuse keys that the vendor does not hold, does not let us write, or holds in another part."""
        made, record_id = self.behaviour, record.id if record else None
        locked = record.locked if record else {}
        for key in keys:
            if not any_under(key, made.carries):
                raise self._refused("this system has no such field", record_id, key)
            if any_under(key, made.read_only) or not any_under(key, made.writable):
                raise self._refused("read-only in this system", record_id, key)
            if locked and any_under(key, locked):
                raise self._refused(next(why for at, why in locked.items() if under(key, at)), record_id, key)
            if part_kind in made.several:
                continue
            if made.parts and made.parts.get(section(key), DEFAULT_PART) != part_kind:
                raise self._refused(f"is not a field of the part {part_kind}", record_id, key)

    def _distorted(self, after: Data, current: Data) -> Frozen:
        """Do to what was written what this vendor does to it; keys that keep their value are left alone."""
        made = self.behaviour
        if not made.changes_texts:
            return freeze(after)  # type: ignore[no-any-return]
        return Frozen(
            {
                key: freeze(value)
                if (key in current and current[key] == value) or not any_under(key, made.distorts)
                else kept_as(freeze(value), made)
                for key, value in after.items()
            }
        )


def _any_near(name: str, prefixes: Iterable[str]) -> bool:
    """Tell whether some prefix covers a section or lies in it."""
    return any(not prefix or under(name, prefix) or under(prefix, name) for prefix in prefixes)


def _changed(before: Data, after: Data) -> tuple[str, ...]:
    """Name the keys that differ, in order."""
    gone = [key for key in before if key not in after]
    return (*(key for key, value in after.items() if key not in before or before[key] != value), *gone)


def _half(before: Data, after: Data) -> Frozen:
    """Apply the first half of the changed keys (none, when only one changed)."""
    changed = sorted(_changed(before, after))
    half = dict(before)
    for key in changed[: len(changed) // 2]:
        if key in after:
            half[key] = after[key]
        else:
            del half[key]
    return Frozen(half)


def kept_as(value: JSON, made: Behaviour) -> JSON:
    """Give what a vendor keeps of a value that it is sent."""
    if not isinstance(value, str):
        return value
    if made.decimals is not None and _DECIMAL.match(value):
        number = Decimal(value)
        exponent = -made.decimals
        if number.as_tuple().exponent < exponent:  # type: ignore[operator]  # a matched text is a finite number
            return format(number.quantize(Decimal((0, (1,), exponent)), ROUND_HALF_UP), "f")
        return value
    return _tidied(_RECASED[made.recase](value), made)


def _tidied(text: str, made: Behaviour) -> str:
    """Do to a text what a vendor does to what it is sent."""
    if made.trims:
        text = text.strip()
    if made.normal != "none":
        text = unicodedata.normalize(made.normal, text)
    if made.escapes:
        text = html.escape(text, quote=False)
    return text if made.longest is None else text[: made.longest]


_RECASED: Mapping[str, Callable[[str], str]] = {
    "none": str,
    "title": str.title,
    "upper": str.upper,
    "lower": str.lower,
}
