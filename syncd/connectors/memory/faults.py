"""What goes wrong in an in-memory vendor, how often, and in which order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from syncd.errors import ConfigError, SyncdError

FaultKind: TypeAlias = Literal[
    "partial", "empty", "short", "stale", "error", "fail", "fail_after", "half", "lost_reply", "expired"
]


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, `times` times (None: always)."""

    kind: FaultKind
    times: int | None = None
    error: type[SyncdError] | None = None
    silent: bool = False
    """half: the vendor reports success."""
    omit: frozenset[str] = frozenset()
    """partial, short: the ids left out; none named: the second half of the listing."""


_READ_FAULTS: Final = ("error",)
_WRITE_FAULTS: Final = ("fail", "fail_after", "half", "lost_reply")
_FAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "access": _READ_FAULTS,
    "list": ("partial", "empty", "short", "stale", "error"),
    "read": _READ_FAULTS,
    "find": _READ_FAULTS,
    "find_note": _READ_FAULTS,
    "position": _READ_FAULTS,
    "changes": ("error", "expired", "short"),
    "write": _WRITE_FAULTS,
    "create": _WRITE_FAULTS,
    "end": ("fail", "fail_after", "lost_reply"),
    "note": ("fail", "fail_after", "lost_reply"),
}
_FALLS_BACK_ON: Final = {"create": "write", "end": "write", "find": "read", "find_note": "read"}


class Faults:
    """The fault plan: what goes wrong from now on, by operation, in the order it was set.

    Faults of `write` also strike `create` and `end`, faults of `read` also `find`, unless these have their own.
    list: `partial` (some records, then the feed stops without a last page), `empty` (complete, no records), `short`
    (claims to be complete, records left out), `stale` (complete, but each record as it was before its last change),
    `error` (raised after some records). write: `fail` (not applied),
    `fail_after` (applied, an error is returned), `half` (half of the changed keys applied, then error or, `silent`,
    success), `lost_reply` (applied, no reply). changes: `expired` (the feed does not go back so far), `short` (it keeps
    what moved in records to itself).
    """

    def __init__(self) -> None:
        self._plan: dict[str, deque[Fault]] = {}

    def set(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = None,
        error: type[SyncdError] | None = None,
        silent: bool = False,
        omit: Iterable[str] = (),
    ) -> None:
        """Add a fault; the next one of the same operation begins when this one's `times` are used up."""
        if kind not in _FAULTS.get(operation, ()):
            known = ", ".join(f"{op}: {' | '.join(kinds)}" for op, kinds in _FAULTS.items())
            raise ConfigError(f"no fault {operation}: {kind}", hint=f"The faults are {known}.")
        fault = Fault(kind, times, error, silent, frozenset(omit))  # type: ignore[arg-type]  # checked just above
        self._plan.setdefault(operation, deque()).append(fault)

    def clear(self, operation: str | None = None) -> None:
        """Let everything, or one operation, go well again."""
        if operation is None:
            self._plan.clear()
        else:
            self._plan.pop(operation, None)

    def take(self, operation: str) -> Fault | None:
        """Give the fault that strikes this call, and count it."""
        if not self._plan:
            return None
        for name in (operation, _FALLS_BACK_ON.get(operation, operation)):
            planned = self._plan.get(name)
            while planned:
                fault = planned[0]
                if fault.times is None:
                    return fault
                if fault.times > 0:
                    fault.times -= 1
                    return fault
                planned.popleft()
        return None

    def peek(self, operation: str) -> Fault | None:
        """Give the fault that would strike the next call."""
        for name in (operation, _FALLS_BACK_ON.get(operation, operation)):
            for fault in self._plan.get(name, ()):
                if fault.times != 0:
                    return fault
        return None
