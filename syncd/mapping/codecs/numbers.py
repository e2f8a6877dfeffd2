"""Read and write decimal numbers as vendors print them (plan model 8.4 and 8.5), digit by digit.

Takes and gives texts and Decimals. Never uses floats, never rounds unless asked to, keeps the scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncd.model.numbers import EXACT, read_money, read_number

__all__ = ["fit", "plain_number", "read_money", "read_number", "shift", "write_number"]


def plain_number(text: str) -> Decimal | None:
    """Read a number without a currency sign."""
    return None if "$" in text else read_number(text)


def write_number(number: Decimal) -> str:
    """Write all digits of a number, its scale included, without an exponent."""
    return format(number, "f")


def shift(number: Decimal, places: int) -> Decimal:
    """Move the point: `shift(20, -2)` is 0.20, with every digit kept."""
    sign, digits, exponent = number.as_tuple()
    return Decimal((sign, digits, int(exponent) + places))


def fit(number: Decimal, options: Mapping[str, Any]) -> Decimal:
    """Give the number with as many decimals as the target holds (option `digits`), rounded half up where it must be."""
    digits = options.get("digits")
    return number if digits is None else number.quantize(Decimal((0, (1,), -int(digits))), context=EXACT)
