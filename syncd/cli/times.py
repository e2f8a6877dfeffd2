"""Times as people type them: a day, a moment, a clock time, or how far it is from now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal

from syncd.errors import ConfigError

_SPAN = re.compile(r"(\d+)\s*(min|h|d|w)\Z")
_SECONDS = {"min": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMS = "2026-12-31, '2026-12-31 17:30', 17:30, 90min, 2h or 3d"


def moment(text: str, now: float, field: str, *, which: Literal["past", "future"]) -> float:
    """Read a time that is over or to come, in the zone of whoever typed it. Raises ConfigError."""
    word = text.strip()
    here, sign = datetime.fromtimestamp(now).astimezone(), 1 if which == "future" else -1
    try:
        if found := _SPAN.match(word):
            return (here + sign * timedelta(seconds=int(found[1]) * _SECONDS[found[2]])).timestamp()
        if re.fullmatch(r"\d{1,2}:\d\d", word):
            clock = datetime.strptime(word, "%H:%M").time()  # noqa: DTZ007 - the zone is put to it below
            today = here.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
            return (today if (today > here) == (sign > 0) else today + sign * timedelta(days=1)).timestamp()
        read = datetime.fromisoformat(word)
    except (ValueError, OverflowError):
        raise ConfigError(f"`{word}` is no time", field=field, hint=f"Write {_FORMS}.") from None
    return (read if read.tzinfo is not None else read.astimezone()).timestamp()
