"""The sandbox's own time: it runs on from wherever it was set, and every vendor of the process shares it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be set, advanced and stopped; it tells aware datetimes in UTC."""

    def __init__(self, start: datetime | str | None = None, *, frozen: bool = False) -> None:
        """Start at `start` (aware, or RFC 3339 text), else at the present; a `frozen` clock moves only when told."""
        self._frozen = frozen
        self._at = datetime.now(UTC)
        self._since = time.monotonic()
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """Tell the time."""
        if self._frozen:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, when: datetime | str) -> None:
        """Set the time; ValueError when `when` is not an RFC 3339 time with a zone."""
        at = parse(when) if isinstance(when, str) else when
        if at.tzinfo is None:
            raise ValueError(f"{when} has no time zone: write 2026-11-20T12:00:00Z")
        self._at, self._since = at.astimezone(UTC), time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds (back, if negative)."""
        self._at, self._since = self.now() + timedelta(seconds=seconds), time.monotonic()

    def freeze(self, *, frozen: bool) -> None:
        """Stop the clock where it is, or let it run again."""
        self._at, self._since, self._frozen = self.now(), time.monotonic(), frozen

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen


def parse(text: str) -> datetime:
    """Read an RFC 3339 time; ValueError says what was expected."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time such as 2026-11-20T12:00:00Z") from error


def stamp(at: datetime) -> str:
    """Write a time as RFC 3339, UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
