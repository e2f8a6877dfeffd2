"""Percentages: `20%`, a fraction 0.20, or a bare 20: the field says which of them, never the size (trap 2).

Takes what a system holds, gives per cent as a Decimal. A percent sign in the text is believed whatever the field says.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss
from syncd.mapping.codecs.numbers import fit, plain_number, shift, write_number
from syncd.model.records import JSON
from syncd.model.values import Value

_HUNDRED = 2


class PercentCodec(BaseCodec):
    """Options: `form` (percent: a text with its sign; fraction; number: per cent without the sign); `digits`: how many
    decimals the target holds, in its own form."""

    name = "percent"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "form": frozenset({"percent", "fraction", "number"}),
        "digits": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _read(self, text: str, context: Context) -> Value | None:
        bare = text.strip().removesuffix("%")
        number = plain_number(bare)
        form = context.options.get("form", "percent")
        if number is None or bare != text.strip():
            return number
        if form == "fraction":
            return shift(number, _HUNDRED)
        # Where the sign is always printed, "1" may be 1% or all of it.
        return number if form == "number" else None

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, Decimal) or not value.is_finite():
            return self._unfit(value)
        form = context.options.get("form", "percent")
        number = shift(value, -_HUNDRED) if form == "fraction" else value
        fitted = fit(number, context.options)
        written: JSON = f"{write_number(fitted)}%" if form == "percent" else fitted
        if fitted != number:
            return Inexact(written, f"the target holds {context.options['digits']} decimals")
        return written
