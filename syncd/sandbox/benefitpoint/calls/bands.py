"""Age bands: what people mean by them, and the start, end, interval and index by which the vendor tells them. Pure.

How indexes and open ends work is not documented. With open ends, the first band holds everybody up to and including
`startOn`, then come steps of `interval`, and the last holds everybody above `endOn`. Without, bands are plain steps
from `startOn` to `endOn`. Both are readings, so both are served (switches `band_open_ends` and `band_index_base`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_BAND = re.compile(r"(\d+)(?:-(\d+)|\+)")
_OLDEST = 120


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """Ages from `low` to `high`, both included."""

    low: int
    high: int

    @property
    def width(self) -> int:
        """Give the number of years."""
        return self.high - self.low + 1


@dataclass(frozen=True, slots=True)
class Scale:
    """How the vendor tells a row of bands."""

    start: int
    end: int
    interval: int
    bands: tuple[Band, ...]
    """In order of their index."""


def read(text: str) -> Band:
    """Read `30-34` or `65+`. Raises ValueError."""
    match = _BAND.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no age band: expected 30-34 or 65+")
    return Band(int(match[1]), int(match[2] or _OLDEST))


def scale(bands: Iterable[Band], *, open_ends: bool) -> Scale:
    """Tell bands as start, end and interval; uneven ones are told year by year, each under the band it came from."""
    row = sorted(bands)
    inner = row[1:-1]
    if len({band.width for band in inner}) > 1:
        row = [row[0], *(Band(age, age) for band in inner for age in range(band.low, band.high + 1)), row[-1]]
        inner = row[1:-1]
    interval = inner[0].width if inner else 1
    first, last = row[0], row[-1]
    if open_ends:
        return Scale(first.high, last.low - 1, interval, tuple(row))
    return Scale(first.high - interval + 1, last.low + interval - 1, interval, tuple(row))
