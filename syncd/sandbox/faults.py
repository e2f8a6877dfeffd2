"""What goes wrong, when and how often: a list of faults that the wire and the vendors consult.

Takes the name of an operation, gives the fault that is due. Which calls a fault meets is decided here and nowhere else,
so `after` and `times` mean the same for a network's faults and a vendor's own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

WIRE = {
    "latency": "the answer takes `seconds` longer",
    "status_429": "429 with Retry-After: `seconds`; nothing is done",
    "status_502": "502 from a gateway; nothing is done",
    "status_503": "503 with Retry-After: `seconds`; nothing is done",
    "html_200": "a page of HTML with status 200; nothing is done",
    "reset": "the connection is dropped before the work",
    "lost_reply": "the work is done, then the connection is dropped before any answer",
    "truncated": "the work is done; half of the answer arrives",
}
"""Kinds that the wire plays for every vendor (see `wire`)."""

VENDOR = {
    "empty_list": "a listing answers that there is nothing",
    "partial_list": "a listing stops early and says that it is complete",
    "session_expiry": "the token or session dies before the matching call, also between two pages",
    "lying_stamp": "a write leaves the version and the time of the last change as they were",
}
"""Kinds that every vendor plays itself, because they need its words; a vendor may `teach` more."""

_FIELDS = {"kind", "match", "times", "after", "seconds"}


@dataclass
class Fault:
    """One fault: it lets `after` matching calls pass, then meets `times` of them (None: every one)."""

    id: str
    kind: str
    match: str = "*"
    """A pattern for operation names; `*` stands for any text."""
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    seen: int = field(default=0)
    fired: int = field(default=0)

    @property
    def spent(self) -> bool:
        """Whether it will meet no further call."""
        return self.times is not None and self.fired >= self.times


class Faults:
    """The faults of one vendor's server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._made = 0
        self.kinds: dict[str, str] = {**WIRE, **VENDOR}

    def teach(self, **kinds: str) -> None:
        """Let a vendor name further kinds of its own, each with a line of explanation."""
        self.kinds.update(kinds)

    def add(self, asked: dict[str, Any]) -> Fault:
        """Arm a fault from its JSON form; ValueError says what is wrong with it."""
        unknown = sorted(asked.keys() - _FIELDS)
        if unknown:
            raise ValueError(f"unknown field {unknown[0]!r}: a fault has {', '.join(sorted(_FIELDS))}")
        kind = asked.get("kind")
        if kind not in self.kinds:
            raise ValueError(f"unknown kind {kind!r}: one of {', '.join(sorted(self.kinds))}")
        self._made += 1
        fault = Fault(
            id=f"fault-{self._made}",
            kind=kind,
            match=_text(asked.get("match", "*")),
            times=None if asked.get("times", 1) is None else _count("times", asked.get("times", 1)),
            after=_count("after", asked.get("after", 0)),
            seconds=_seconds(asked.get("seconds", 0.0)),
        )
        self._faults.append(fault)
        return fault

    def take(self, operation: str, *kinds: str) -> Fault | None:
        """Give the fault of these kinds that meets this call, if any is due. Ask once per call: asking counts."""
        due: Fault | None = None
        for fault in self._faults:
            if fault.kind not in kinds or fault.spent or not fnmatchcase(operation, _literal(fault.match)):
                continue
            fault.seen += 1
            if due is None and fault.seen > fault.after:
                fault.fired += 1
                due = fault
        return due

    def clear(self, fault_id: str | None = None) -> int:
        """Disarm one fault, or all; give how many."""
        kept = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
        gone = len(self._faults) - len(kept)
        self._faults = kept
        return gone

    def show(self) -> list[dict[str, Any]]:
        """List the faults with what they have seen and met."""
        return [asdict(fault) for fault in self._faults]


def _literal(pattern: str) -> str:
    """Only `*` is special, because operation names hold brackets and braces of their own."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError(f'match is {json.dumps(given)}: a pattern such as "GET /v1/plans*" or "*"')  # noqa: TRY004
    return given


def _count(name: str, given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise ValueError(f"{name} is {given!r}: a whole number, 0 or more" + (", or null" if name == "times" else ""))
    return given


def _seconds(given: object) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or given < 0:
        raise ValueError(f"seconds is {given!r}: a number, 0 or more")
    return float(given)
