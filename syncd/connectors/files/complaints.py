"""The table of bad rows beside a file that cannot be read, readable by whoever may read the file itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from syncd.connectors.files.beside import replace, sweep
from syncd.connectors.files.problems import Problem

_MOST_PROBLEMS: Final = 1000
_LONGEST_TEXT: Final = 200


def errors_of(path: Path) -> Path:
    """Name the error file of a file."""
    return path.with_name(f"{path.name}.errors")


def write_errors(path: Path, errors: Path, problems: Sequence[Problem]) -> None:
    """Write the table of bad rows, unless it says the same already. Raises OSError."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("line", "key", "seen", "expected"))
    for problem in problems[:_MOST_PROBLEMS]:
        shown = (problem.key, problem.seen, problem.expected)
        table.writerow((problem.line, *(_printable(item) for item in shown)))
    if len(problems) > _MOST_PROBLEMS:
        table.writerow(("", "", f"{len(problems) - _MOST_PROBLEMS} more bad rows", ""))
    data = text.getvalue().encode()
    with suppress(FileNotFoundError):
        if errors.read_bytes() == data:
            return
    sweep(errors)
    replace(errors, data, like=path.stat())


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}…"
