"""How the vendor writes dates, stamps and amounts. Texts in, texts out; no clock, no state.

State holds calendar dates as `2026-01-01`, stamps as RFC 3339 in UTC and amounts as decimal text. On the wire a date is
midnight in the server's own zone, and an amount is what a Java double prints.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Final

from syncd.sandbox.clock import stamp

_WINTER: Final = timezone(timedelta(hours=-8))
_SUMMER: Final = timezone(timedelta(hours=-7))
_DATE_CHARS: Final = 10

STAMPS: Final = frozenset(
    {
        *("lastModifiedOn", "createdOn", "deletedOn", "processStartedOn", "sinceLastModifiedOn", "entryOn"),
        *("lastLoginOn", "lastLockoutOn", "lastReviewedOn", "completedOn"),
    }
)
"""Elements of type dateTime that tell an instant; every other one tells a calendar date."""


def zone(at: datetime) -> timezone:
    """Give the server's offset at an instant: Pacific time by the rule in force since 2007."""
    start = datetime.combine(_sunday(at.year, 3, 2), time(10), UTC)  # 02:00 at -08:00
    end = datetime.combine(_sunday(at.year, 11, 1), time(9), UTC)  # 02:00 at -07:00
    return _SUMMER if start <= at.astimezone(UTC) < end else _WINTER


def _sunday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def today(at: datetime) -> str:
    """Give the calendar date at the server."""
    return at.astimezone(zone(at)).date().isoformat()


def to_wire(text: str) -> str:
    """Write a date or a stamp as the server does: `2026-01-01T00:00:00.000-08:00`."""
    if len(text) == _DATE_CHARS:
        day = datetime.combine(date.fromisoformat(text), time(), _WINTER)
        return day.replace(tzinfo=zone(day)).isoformat(timespec="milliseconds")
    at = datetime.fromisoformat(text)
    return at.astimezone(zone(at)).isoformat(timespec="milliseconds")


def from_wire(text: str, *, instant: bool) -> str:
    """Read a dateTime as the server does: an instant, of which a date keeps the day *at the server* (our reading).

    So midnight in another zone can be the day before; a text without a zone is the server's own. Raises ValueError.
    """
    at = datetime.fromisoformat(text.strip())
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone(at.replace(tzinfo=_WINTER)))
    return stamp(at) if instant else today(at)


def java_double(text: str | int) -> str:
    """Print an amount as `Double.toString` does: 612.4 for 612.40, 71.0 for 71, 1.62E7 from ten million on."""
    number = Decimal(repr(float(text)))
    if number == 0:
        return "0.0"
    size = abs(number)
    if Decimal("0.001") <= size < 10_000_000:
        plain = format(number, "f")
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - a finite number has one
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{digits[0]}.{rest}E{exponent + len(digits) - 1}"


def plain(text: str) -> str:
    """Read a double as decimal text, as it was written. Raises ValueError for what is no amount (INF, NaN)."""
    try:
        number = Decimal(text.strip())
    except ArithmeticError as error:
        raise ValueError(f"{text} is not an amount") from error
    if not number.is_finite():
        raise ValueError(f"{text} is not an amount")
    return format(number, "f")
