"""Money: `512.40`, `$1,512.40`, a JSON number, or a count of cents.

Takes what a system holds, gives a Decimal with the scale it was printed with. The noise of a float that was printed
(455.29999999999995) is no amount: it is asked about, not rounded. An amount with more decimals than the
target holds is a loss, with the amount rounded half up as the nearest.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss
from syncd.mapping.codecs.numbers import fit, read_money, shift, write_number
from syncd.model.records import JSON
from syncd.model.values import Value

_CENTS = 2


class MoneyCodec(BaseCodec):
    """Options: `style` (plain, dollar, dollar_comma, number: a JSON number, cents: a whole JSON number); `digits`: how
    many decimals the target holds."""

    name = "money"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "style": frozenset({"plain", "dollar", "dollar_comma", "number", "cents"}),
        "digits": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _read(self, text: str, context: Context) -> Value | None:
        number = read_money(text)
        if number is None or context.options.get("style") != "cents":
            return number
        # "512.40" in a column of cents is dollars, or a mistake: 100 times too much or too little either way.
        return shift(number, -_CENTS) if text.strip().lstrip("-").isdecimal() else None

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, Decimal) or not value.is_finite():
            return self._unfit(value)
        style = context.options.get("style", "plain")
        options = {"digits": _CENTS} if style == "cents" else context.options
        fitted = fit(value, options)
        written = _styled(fitted, style)
        if fitted != value:
            return Inexact(written, f"the target holds {options['digits']} decimals")
        return written


def _styled(amount: Decimal, style: str) -> JSON:
    if style == "cents":
        return int(shift(amount, _CENTS))
    if style == "number":
        return amount
    if style == "plain":
        return write_number(amount)
    digits = f"{amount.copy_abs():,f}" if style == "dollar_comma" else write_number(amount.copy_abs())
    return f"{'-' if amount < 0 else ''}${digits}"
