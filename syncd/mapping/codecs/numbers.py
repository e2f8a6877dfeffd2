"""Read and write decimal numbers as vendors print them (plan model 8.4 and 8.5), digit by digit.

Takes and gives texts and Decimals. Never uses floats, never rounds unless asked to, keeps the scale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Any

# The default context rounds at 28 digits; shifting a point must not.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)

# "$ .040", "$.45", "($1,024.50)*", "-$5", "512.40 ": commas only where they part thousands, a star for a footnote.
_NUMBER = re.compile(
    r"(?P<sign>[-\u2212+]?)\s*\$?\s*(?P<open>\(?)\s*\$?\s*(?P<minus>[-\u2212]?)\s*"
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<close>\)?)\s*[*\u2020]*",
)


def read_number(text: str) -> Decimal | None:
    """Read a printed number; None when it is none."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    negatives = (found["sign"] not in ("", "+"), bool(found["open"]), bool(found["minus"]))
    if sum(negatives) > 1:
        return None
    number = Decimal(found["digits"].replace(",", ""))
    return number.copy_negate() if any(negatives) else number


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
    return number if digits is None else number.quantize(Decimal((0, (1,), -int(digits))), context=_EXACT)
