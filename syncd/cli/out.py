"""What people read: aligned columns, short values, counted nouns, colours only on a terminal. JSON for programs."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from syncd.text.show import count, escaped, joined, shorten, width

__all__ = ["count", "joined"]  # commands take them from here, too

_COLOURS: Final[Mapping[str, str]] = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "dim": "2",
    "bold": "1",
}
EMPTY_TEXT: Final = "(empty)"
_LONGEST: Final = 60


_MARK: Final = f"\ufdd0{os.urandom(6).hex()}"
"""Begins a colour of ours. It is of this process, so that nobody else's text can begin one."""
_OURS: Final = re.compile(rf"{_MARK}(\d+)m")


def seen(text: str) -> str:
    """Write a text so that a terminal obeys nothing in it but our own colours: all that is printed passes here."""
    return _OURS.sub(lambda found: f"\x1b[{found[1]}m", escaped(text, keep="\n"))


class _Mood:
    quiet = False


def be_quiet(quiet: bool) -> None:
    """Print nothing on stdout but documents for programs; errors go to stderr as ever."""
    _Mood.quiet = quiet


def say(*lines: str) -> None:
    """Print lines."""
    for line in lines if not _Mood.quiet else ():
        print(seen(line))


def tell(text: str, *, end: str = "\n") -> None:
    """Print something beside the result, to stderr."""
    print(seen(text), end=end, file=sys.stderr, flush=True)


def styled(text: str, style: str) -> str:
    """Colour a text when a person looks on."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"{_MARK}{_COLOURS[style]}m{text}{_MARK}0m"


def room(taken: int = 0) -> int | None:
    """Give the columns that are left beside what is taken; None when no terminal is there, so that nothing is cut."""
    return max(shutil.get_terminal_size().columns - taken, 10) if sys.stdout.isatty() else None


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document."""
    import json

    print(_json_escaped(json.dumps(document, indent=2, ensure_ascii=False, default=str)))


def print_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for a spreadsheet; what a spreadsheet would take for a formula begins with a quote."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(cell) for cell in row] for row in rows)


_NUMBER: Final = re.compile(r"[-+]?[\d.,]+%?\Z")


def _cell(value: object) -> str:
    text = escaped("" if value is None else str(value), keep="\n")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not _NUMBER.match(text) else text


def _json_escaped(text: str) -> str:
    """Write as JSON does what is unseen or steers: inside texts, which is the only place where it can stand."""
    units = {
        letter: letter.encode("utf-16-be", "surrogatepass").hex()
        for letter in set(text) - {"\n"}
        if escaped(letter) != letter
    }
    return text.translate(
        {
            ord(letter): "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
            for letter, code in units.items()
        }
    )


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), *, indent: str = "") -> list[str]:
    """Give rows with their columns below each other."""
    cells = [tuple(escaped(str(cell)) for cell in row) for row in rows]
    if not cells:
        return []
    every = [tuple(head), *cells] if head else cells
    widths = [max(width(row[at]) for row in every if at < len(row)) for at in range(max(map(len, every)))]
    widths = _fitting(widths, room(len(indent)))
    lines = [indent + "  ".join(map(_padded, row, widths)).rstrip() for row in every]
    return [styled(lines[0], "dim"), *lines[1:]] if head else lines


def _padded(cell: str, columns: int) -> str:
    fits = shorten(cell, columns)
    return fits + " " * (columns - width(fits))


_LEAST: Final = 10
"""No column is made narrower to fit a terminal."""


def _fitting(widths: Sequence[int], left: int | None) -> list[int]:
    """Make the widest columns narrower until a row fits the terminal, as far as that goes."""
    found = list(widths)
    over = sum(found) + 2 * (len(found) - 1) - left if left is not None else 0
    while over > 0 and max(found) > _LEAST:
        at = found.index(max(found))
        next_ = max([one for one in found if one < found[at]] or [_LEAST])
        less = min(over, found[at] - max(next_, _LEAST)) or 1
        found[at] -= less
        over -= less
    return found


def short(text: str, longest: int = _LONGEST) -> str:
    """Give a text on one line, on a terminal not too long; nothing is `(empty)`. In a pipe nothing is cut."""
    line = " ".join(text.split())
    return shorten(line, longest if sys.stdout.isatty() else None) or EMPTY_TEXT


def brief(text: str, longest: int) -> str:
    """Give a text on one line and never longer, for overviews of which --json and --markdown hold the whole."""
    return shorten(" ".join(text.split()), longest)


def when(at: float | None) -> str:
    """Give a moment in the zone of whoever reads it."""
    return "never" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"


def when_exact(at: float) -> str:
    """Give a moment for programs."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(seconds: float) -> str:
    """Give a time span in its largest unit."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


class Progress:
    """One line that says what is going on, only on a terminal, gone when it is over."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = 0.0

    def say(self, text: str) -> None:
        """Show what is going on now."""
        if self._live:
            sys.stderr.write(f"\r\x1b[K{escaped(text)}")
            sys.stderr.flush()
            self._shown = time.monotonic()

    def done(self) -> None:
        """Take the line away."""
        if self._live and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = 0.0
