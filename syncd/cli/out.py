"""What people read: aligned columns, short values, counted nouns, colours only on a terminal. JSON for programs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from syncd.text.show import count, joined

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


def say(*lines: str) -> None:
    """Print lines."""
    for line in lines:
        print(line)


def tell(text: str) -> None:
    """Print something beside the result, to stderr."""
    print(text, file=sys.stderr)


def styled(text: str, style: str) -> str:
    """Colour a text when a person looks on."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def room(taken: int = 0) -> int | None:
    """Give the columns that are left beside what is taken; None when no terminal is there, so that nothing is cut."""
    return max(shutil.get_terminal_size().columns - taken, 10) if sys.stdout.isatty() else None


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document."""
    import json

    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), *, indent: str = "") -> list[str]:
    """Give rows with their columns below each other."""
    cells = [tuple(map(str, row)) for row in rows]
    if not cells:
        return []
    every = [tuple(head), *cells] if head else cells
    widths = [max(len(row[at]) for row in every if at < len(row)) for at in range(max(map(len, every)))]
    lines = [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in every
    ]
    return [styled(lines[0], "dim"), *lines[1:]] if head else lines


def short(text: str, longest: int = _LONGEST) -> str:
    """Give a text on one line and not too long; nothing is `(empty)`."""
    line = " ".join(text.split())
    if not line:
        return EMPTY_TEXT
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


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
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._shown = time.monotonic()

    def done(self) -> None:
        """Take the line away."""
        if self._live and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = 0.0
