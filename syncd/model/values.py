"""Canonical values: what a field of a flat view can hold.

A value is immutable, hashable and compares by meaning: `Decimal("512.4") == Decimal("512.40")` though each keeps its
scale, and two cost shares are equal when they mean the same whatever their text. A path that a system does not carry is
no value at all: it is missing from the flat view and from the member's carried set.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from syncd.model.cost_share import CostShare


class Absent(enum.Enum):
    """The two absences that a carried field can hold: not set, and set to "does not apply".

    As with `Flag`, the value of the enum is its stored form (`encoding.py`), which orjson writes by itself.
    """

    EMPTY = None
    NOT_APPLICABLE = {"na": 1}  # noqa: RUF012 - a constant

    def __repr__(self) -> str:
        return self.name


EMPTY = Absent.EMPTY
NOT_APPLICABLE = Absent.NOT_APPLICABLE


class Flag(enum.Enum):
    """A boolean. An enum of its own, because in Python `True == 1` and a flag turned into a number is an edit."""

    TRUE = {"b": True}  # noqa: RUF012 - a constant
    FALSE = {"b": False}  # noqa: RUF012

    def __repr__(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        """Give `true` or `false`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A text that its codec did not understand, kept word for word; it is compared, shown and never written."""

    raw: str


def plain_text(text: str) -> str:
    """Give a text as it is compared: composed letters (NFC), without blanks around it. Systems differ in both, and no
    person sees either; a record that holds it otherwise keeps its own bytes."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


Value: TypeAlias = "str | Decimal | int | date | Flag | Absent | Unparsed | CostShare"
Flat: TypeAlias = "dict[str, Value]"
