"""Echo: tell whether a value is what a system could have made of another when it was told to hold that.

Right after our own write no such question is asked: whatever stands there is the system's echo. After a killed run it
is not known whether the write was sent, and a person may have edited meanwhile; what is plainly the written value,
trimmed, cut, rounded, escaped or in other letters, is the echo of it, and anything else is an edit. Pure.
"""

from __future__ import annotations

import html
import unicodedata
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation

from syncd.model.values import EMPTY, Value
from syncd.model.values_text import format_value

_ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP)
_SHORTEST_CUT = 3
"""A text that is cut shorter than this could be anything."""


def made_of(held: Value, meant: Value) -> bool:
    """Tell whether `held` is plainly what a system made of `meant`."""
    if held is EMPTY or meant is EMPTY:
        return False
    one, other = format_value(held), format_value(meant)
    number, wanted = _number(one), _number(other)
    if number is not None and wanted is not None:
        return _rounded(number, wanted)
    told, said = _plain(one), _plain(other)
    return told == said or (len(told) >= _SHORTEST_CUT and said.startswith(told))


def _plain(text: str) -> str:
    """Give a text without what systems change in texts: escapes, composed letters, case, blanks."""
    return " ".join(unicodedata.normalize("NFKC", html.unescape(text)).casefold().split())


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _rounded(number: Decimal, wanted: Decimal) -> bool:
    """Tell whether a number is another one rounded in some usual way, to as many places as it has or fewer."""
    places = number.normalize().as_tuple().exponent
    unit = Decimal(1).scaleb(min(int(places), 0))
    return any(wanted.quantize(unit, rounding) == number for rounding in _ROUNDINGS)
