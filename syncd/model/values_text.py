"""The text of a canonical value, as reviews, previews and `syncd mappings try` show it.

Takes a value, gives text; never reads one back. What a system would be written is its codec's business.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import assert_never

from syncd.model.cost_share import CostShare
from syncd.model.values import NOT_APPLICABLE, Absent, Flag, Unparsed, Value


def format_value(value: Value) -> str:
    """Give the text of a value: amounts with their scale, dates as ISO, cost shares canonically, EMPTY as nothing."""
    match value:
        case CostShare():
            return value.canonical
        case Decimal():
            return format(value, "f")
        case Absent():
            return "Not Applicable" if value is NOT_APPLICABLE else ""
        case Flag():
            return value.text
        case Unparsed():
            return value.raw
        case date():
            return value.isoformat()
        case int() | str():
            return str(value)
        case _:
            assert_never(value)
