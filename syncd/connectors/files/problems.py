"""What is wrong with a file, row by row, as its error file says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of the error file. `hint`: the one thing to do, where it is not to correct the row."""

    line: int
    key: str
    seen: str
    expected: str
    hint: str = ""


class BadTableError(Exception):
    """A file that is not whole."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} bad rows")
        self.problems = tuple(problems)
