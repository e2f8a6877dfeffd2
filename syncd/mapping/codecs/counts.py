"""Whole numbers and plain decimals (ages, lives, factors).

Takes what a system holds, gives int or Decimal. `26.0`, which spreadsheets make of 26, is a whole number (trap 14).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss
from syncd.mapping.codecs.numbers import fit, plain_number, write_number
from syncd.model.records import JSON
from syncd.model.values import Value

_STYLES = frozenset({"number", "text"})


class IntegerCodec(BaseCodec):
    """Options: `style` (number, the default, or text)."""

    name = "integer"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "style": _STYLES,
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _read(self, text: str, context: Context) -> Value | None:
        number = plain_number(text)
        return int(number) if number is not None and number == number.to_integral_value() else None

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, int) or isinstance(value, bool):
            return self._unfit(value)
        return str(value) if context.options.get("style") == "text" else value


class DecimalCodec(BaseCodec):
    """Options: `style` (number, the default, or text); `digits`: how many decimals the target holds."""

    name = "decimal"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "style": _STYLES,
        "digits": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _read(self, text: str, context: Context) -> Value | None:
        return plain_number(text)

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, Decimal) or not value.is_finite():
            return self._unfit(value)
        fitted = fit(value, context.options)
        written: JSON = write_number(fitted) if context.options.get("style") == "text" else fitted
        if fitted != value:
            return Inexact(written, f"the target holds {context.options['digits']} decimals")
        return written
