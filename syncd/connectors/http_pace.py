"""When a request may be sent: the run's deadline, the vendor's quota, its wish to be left alone, its breaker.

Knows no transport. A vendor may name any wait; what is waited is never longer than what was set here, and after an hour
at most it is asked again. Every wait goes through a clock and a sleep that are arguments, so that no test really waits.
All times here are seconds of a monotonic clock; `Retry-After` alone speaks of the world's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final, TypeAlias, TypeVar, cast

from purgatory import AsyncCircuitBreakerFactory
from pyrate_limiter import Duration, InMemoryBucket, Rate, RateItem

from syncd.errors import TransientError

Clock: TypeAlias = Callable[[], float]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
_T = TypeVar("_T")
RETRY_FOR_S: Final = 60.0
"""How long a request is waited for and repeated where no setting says."""
LONGEST_QUIET_S: Final = 3600.0
"""For so long a vendor is left alone at most, whatever it asks for; then one request finds out."""
_NEVER_S: Final = 10 * 365 * 86400.0
"""No vendor means more than this, and a number of a thousand digits means nothing."""
_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")


class HeldBackError(TransientError):
    """The request was not sent, or turned away unread: no sign that the system is ill."""


_DEADLINE: Final[ContextVar[float]] = ContextVar("syncd_http_deadline", default=float("inf"))


@contextlib.contextmanager
def within(seconds: float, *, clock: Clock = time.monotonic) -> Iterator[None]:
    """Give everything that is asked of any vendor inside this block `seconds` in all; an outer deadline stays."""
    token = _DEADLINE.set(min(_DEADLINE.get(), clock() + seconds))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def deadline() -> float:
    """Give the moment after which nothing more is waited for; infinity: there is none."""
    return _DEADLINE.get()


def retry_after_s(headers: Mapping[str, str], *, now: Clock = time.time) -> float | None:
    """Read `Retry-After`, seconds or an HTTP date (RFC 9110 10.2.3); None: absent or not understood.

    A date is measured from the reply's own `Date`, so that a vendor's wrong clock does not lengthen the wait.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _NEVER_S)
    until = _http_date(text)
    if until is None:
        return None
    here = _http_date(headers.get("date", ""))
    return min(max(0.0, until - (now() if here is None else here)), _NEVER_S)


def _http_date(text: str) -> float | None:
    """Read an HTTP date in any of its three forms (RFC 9110 5.6.7). All are GMT, said or not: asctime names no zone,
    and `-0000` is no "unknown" here."""
    try:
        read = parsedate_tz(text)
        if read is None:
            return None
        year, month, day, hour, minute, second, _, _, _, offset = read
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)  # 60: a leap second
        return (moment - timedelta(seconds=offset or 0)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def span(seconds: float) -> str:
    """Say how long something takes, in its largest unit: `24 h`, `90 s`."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"


class Pace:
    """A vendor's quota (requests a minute, 0: none) and the time until which it asked to be left alone.

    `patience_s`: how long one request may wait because a vendor said so.
    """

    def __init__(self, system: str, per_minute: int, *, patience_s: float, clock: Clock, sleep: Sleep) -> None:
        self._system, self._patience_s, self._clock, self._sleep = system, patience_s, clock, sleep
        # The bucket itself, not the Limiter around it: that one brings a thread and a clock of its own.
        self._bucket = InMemoryBucket([Rate(per_minute, Duration.MINUTE)]) if per_minute else None
        self._quiet_until, self._asked_s = 0.0, 0.0

    def leave_alone(self, seconds: float) -> None:
        """Send nothing for `seconds`, an hour at most: what one request was told holds for all of them."""
        until = self._clock() + min(seconds, LONGEST_QUIET_S)
        if until > self._quiet_until:
            self._quiet_until, self._asked_s = until, seconds

    async def turn(self) -> None:
        """Wait for leave to send one request. Raises HeldBackError when that would take longer than we wait."""
        waited = 0.0
        while True:
            quiet = self._quiet_until - self._clock()
            if quiet > 0 and waited + quiet > self._patience_s:
                raise HeldBackError(
                    f"asked to be left alone for {span(self._asked_s)}, so nothing was sent; it may be asked again in "
                    f"{span(quiet)}, and {span(self._patience_s)} is waited at most (retry_for_s)",
                    system=self._system,
                    hint=later(quiet),
                )
            wait = quiet if quiet > 0 else self._quota_s()
            if wait <= 0:
                return
            if self._clock() + wait >= deadline():
                raise HeldBackError(
                    f"may be asked again in {wait:.0f} s, which is after this run's deadline", system=self._system
                )
            waited += max(quiet, 0.0)
            await self._sleep(wait)

    def _quota_s(self) -> float:
        """Tell how long our own quota keeps the next request; 0: it counts as sent now."""
        if self._bucket is None:
            return 0.0
        item = RateItem(self._system, int(self._clock() * 1000))
        self._bucket.leak(item.timestamp)
        if self._bucket.put(item):
            return 0.0
        # A millisecond more than it says: timestamps are cut to whole ones.
        return (cast("int", self._bucket.waiting(item)) + 1) / 1000


def later(seconds: float) -> str:
    """Say what to do about a vendor that wants to be left alone."""
    return f"Try again in {span(seconds)}: `syncd run` does so by itself, and after an hour at most it asks again."


class Breaker:
    """Stop asking a vendor that fails again and again; after `rest_s`, one probe at a time finds out.

    Only `TransientError` counts as a failure, and not HeldBackError: a refusal is an answer. purgatory counts and
    holds the state; when the rest is over is decided here, because purgatory goes by the wall clock (which may jump)
    and, half open, lets everyone who waits through at once.
    """

    def __init__(self, system: str, *, failures: int, rest_s: float, clock: Clock) -> None:
        self._system, self._rest_s, self._clock = system, rest_s, clock
        self._factory = AsyncCircuitBreakerFactory(
            default_threshold=failures,
            default_ttl=float("-inf"),  # "open" ends for purgatory as soon as `_admit` lets a request through
            exclude=[(BaseException, self._is_no_failure)],
        )
        self._opened_at: float | None = None
        self._probing = False
        self._cause: TransientError | None = None

    async def run(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do the work unless the vendor rests. Raises HeldBackError, at once and without asking, when it does."""
        circuit = await self._factory.get_breaker(self._system)
        probe = self._admit()
        try:
            async with circuit:
                return await work()
        except TransientError as error:
            if not isinstance(error, HeldBackError):
                self._cause = error
            raise
        finally:
            if probe:
                self._probing = False
            if circuit.context.state == "closed":
                self._opened_at = None
            elif probe or self._opened_at is None:
                self._opened_at = self._clock()

    def _admit(self) -> bool:
        """Tell whether this request is the probe. Raises HeldBackError while the vendor rests."""
        if self._opened_at is None:
            return False
        left = self._opened_at + self._rest_s - self._clock()
        if left > 0 or self._probing:
            when = f"in {left:.0f} s" if left > 0 else "by another request just now"
            why, hint = (self._cause.message, self._cause.hint) if self._cause is not None else ("it failed", None)
            told = f"{why}; after several failures in a row it is tried again {when}"
            raise HeldBackError(told, system=self._system, hint=hint)
        self._probing = True
        return True

    def _is_no_failure(self, error: BaseException) -> bool:
        # A probe that was cancelled or never sent has proved nothing, so the breaker must not close on it.
        proves_nothing = isinstance(error, asyncio.CancelledError | HeldBackError)
        return not self._probing if proves_nothing else not isinstance(error, TransientError)
