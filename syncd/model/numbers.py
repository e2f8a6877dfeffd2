"""Numbers as people and programs print them: the one grammar that every reader of numbers shares.

Takes texts, gives Decimals digit by digit. What could be two numbers is none: a comma parts thousands, in groups of
exactly three digits after a first group that does not begin with 0, so that `0,125` and `1,23`, which mean a point to
whoever typed them, are not understood; nor is an amount in parentheses, which is a credit to a bookkeeper and an aside
to everybody else.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Final

# The default context rounds at 28 digits; moving or cutting a point must not.
EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)

# The look ahead keeps a pattern from reading half of a number: `1` of `1,23`, `0.12` of `0.12.5`.
DIGITS: Final = (
    r"(?:(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?![.,]?[0-9])"
)
_MONEY_STEP: Final = Decimal((0, (1,), -6))
"""No system prices finer than that; more decimals are what a program made of cents."""
_NUMBER: Final = re.compile(rf"(?P<sign>[-\u2212+]?)\s*\$?\s*(?P<minus>[-\u2212]?)\s*(?P<digits>{DIGITS})\s*[*\u2020]*")
_EXACT_DIGITS: Final = 15
"""As many significant digits survive a binary float; 0.1 + 0.2 is printed with 17."""


def read_number(text: str) -> Decimal | None:
    """Read a printed number: `$ .040`, `-$5`, `$-5`, `1,024.50*`; None when it is none, or not surely one."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found["sign"] and found["minus"]):
        return None
    number = decimal_of(found["digits"])
    negative = found["minus"] or found["sign"] not in ("", "+")
    return number.copy_negate() if number is not None and negative else number


def read_money(text: str) -> Decimal | None:
    """Read an amount of money: a number with no more decimals than any system prices with."""
    number = read_number(text)
    return number if number is None or number == number.quantize(_MONEY_STEP, context=EXACT) else None


def decimal_of(digits: str) -> Decimal | None:
    """Give the number of a text that matched `DIGITS`; None for the rounding noise of a binary float."""
    plain = digits.replace(",", "")
    whole, point, fraction = plain.partition(".")
    significant = (whole + fraction.rstrip("0")).lstrip("0")
    return None if point and fraction.strip("0") and len(significant) > _EXACT_DIGITS else Decimal(plain)
