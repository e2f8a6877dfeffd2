"""Dates: ISO, American, or a datetime with or without a zone; sentinels that mean "none"; ends that are exclusive.

Takes what a system holds, gives a date: the first or last day in force, always inclusive. Never asks for today, and
never converts between zones unless the row names the system's offset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, ClassVar, TypeAlias

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, text_of
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Absent, Value

_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?\s?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?",
)
_AMERICAN = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})(?: 12:00(?::00)? AM| 0?0:00(?::00)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})")
_DAY = timedelta(days=1)


class DateCodec(BaseCodec):
    """Options: `form` (what to write: iso, mdy, mdy_padded, compact, datetime, datetime_utc); `sentinels`: dates that
    mean none; `end: exclusive` for a last day that is already out of force; `utc_offset` of the system, such as
    "-05:00"."""

    name = "date"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "form": frozenset({"iso", "mdy", "mdy_padded", "compact", "datetime", "datetime_utc"}),
        "end": frozenset({"inclusive", "exclusive"}),
        "sentinels": frozenset(),
        "utc_offset": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _absence(self, raw: JSON, text: str, context: Context) -> Absent | None:
        if text.strip() and _sentinel(text, context.options) in _sentinels(context.options):
            return EMPTY
        return super()._absence(raw, text, context)

    def _read(self, text: str, context: Context) -> Value | None:
        day = _read_day(text.strip(), context.options)
        if day is None or context.options.get("end") != "exclusive":
            return day
        return None if day == date.min else day - _DAY

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, date) or isinstance(value, datetime):
            return self._unfit(value)
        exclusive = context.options.get("end") == "exclusive"
        if exclusive and value == date.max:
            return Loss(value, None, "there is no day after it")
        try:
            return _write_day(value + _DAY if exclusive else value, context.options)
        except (ValueError, OverflowError) as error:  # an offset that is none, or that leads out of the calendar
            return Loss(value, None, str(error))

    def wrong(self, name: str, option: object) -> str:
        """Refuse an offset that is none; a sentinel need not be a date (`0000-00-00`)."""
        if name == "utc_offset" and not (isinstance(option, str) and _OFFSET.fullmatch(option)):
            return "an offset as -05:00"
        return super().wrong(name, option)


_Sentinel: TypeAlias = "date | tuple[int, int, int] | str"


def _sentinels(options: Mapping[str, Any]) -> frozenset[_Sentinel]:
    """Give the dates that mean none, as the system writes them: an exclusive end is compared before it is moved."""
    return frozenset(_sentinel(text_of(text), options) for text in options.get("sentinels", ()))


def _sentinel(text: str, options: Mapping[str, Any]) -> _Sentinel:
    """Give what the spellings of one sentinel have in common: its day, its figures where no calendar has it, its text.

    `0000-00-00` is the same as `00/00/0000` and `0000-00-00T00:00:00`.
    """
    plain = " ".join(text.split())
    day = _read_day(plain, options)
    if day is not None:
        return day
    found = _shaped(plain, options)
    return (int(found["year"]), int(found["month"]), int(found["day"])) if found is not None else plain.casefold()


def _shaped(text: str, options: Mapping[str, Any]) -> re.Match[str] | None:
    found = _ISO.fullmatch(text) or _AMERICAN.fullmatch(text)
    return _COMPACT.fullmatch(text) if found is None and options.get("form") == "compact" else found


def _read_day(text: str, options: Mapping[str, Any]) -> date | None:
    found = _shaped(text, options)
    if found is None:
        return None
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        return _local_day(day, found, options) if found.re is _ISO and found["time"] else day
    except (ValueError, OverflowError):  # 2026-02-30, or a zone that leads out of the calendar
        return None


def _local_day(day: date, found: re.Match[str], options: Mapping[str, Any]) -> date | None:
    """Give the day a moment falls on: as written, or in the system's own zone if the row names it.

    A UTC stamp off midnight is a local midnight of somewhere (05:00:00Z) or the last second of the day before
    (04:59:59Z): without the offset nobody can tell."""
    zone, offset = found["zone"], options.get("utc_offset")
    clock = time.fromisoformat(found["time"])
    if zone is None:
        return day
    if offset is not None:
        return datetime.combine(day, clock, _zone(zone)).astimezone(_zone(text_of(offset))).date()
    off_midnight = clock != time.min
    return None if off_midnight and _zone(zone).utcoffset(None) == timedelta() else day


def _zone(text: str) -> timezone:
    found = _OFFSET.fullmatch("+00:00" if text == "Z" else text)
    if found is None:
        raise ValueError(f"not an offset from UTC: {text!r}")
    span = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    return timezone(-span if found["sign"] == "-" else span)


def _write_day(day: date, options: Mapping[str, Any]) -> str:
    match options.get("form", "iso"):
        case "mdy":
            return f"{day.month}/{day.day}/{day.year:04}"
        case "mdy_padded":
            return f"{day.month:02}/{day.day:02}/{day.year:04}"
        case "compact":
            return f"{day.year:04}{day.month:02}{day.day:02}"
        case "datetime":
            return f"{day.isoformat()}T00:00:00{options.get('utc_offset', '')}"
        case "datetime_utc":
            moment = datetime.combine(day, time.min, _zone(text_of(options.get("utc_offset", "Z"))))
            return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return day.isoformat()
