"""The text of a value of a field, one way for each type: amounts of money with cents, other numbers without idle zeros.

Equal values have equal texts, whatever scale they were written with. What a system is written is its codec's business.
"""

from __future__ import annotations

from decimal import Decimal

from syncd.model.fields import type_of
from syncd.model.records import Kind
from syncd.model.values import Value
from syncd.model.values_text import format_value
from syncd.text.show import money, number


def shown(path: str, value: Value, kind: Kind = "plan") -> str:
    """Give the text of a field's value, as people are shown it."""
    if not isinstance(value, Decimal):
        return format_value(value)
    return money(value) if type_of(path, kind) == "money" else number(value)
