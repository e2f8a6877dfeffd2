"""Booleans as systems write them (trap 13): `Yes`, `YEs`, `Y`, `X`, `true`, `1`, and blank, which is unknown.

Takes what a system holds, gives a Flag or EMPTY. A neighbour's value in the column ("Guaranteed Rate") is not
understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, text_of
from syncd.model.records import JSON
from syncd.model.values import Absent, Flag, Value

_WORDS = {
    **dict.fromkeys(("yes", "y", "true", "t", "x", "1", "1.0"), Flag.TRUE),
    **dict.fromkeys(("no", "n", "false", "f", "0", "0.0"), Flag.FALSE),
}


class FlagCodec(BaseCodec):
    """Options: `when_true` and `when_false`: what to write, JSON true and false unless said; read before all other
    words, so that blank can be false and "N" true."""

    name = "flag"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "when_true": frozenset(),
        "when_false": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def _absence(self, raw: JSON, text: str, context: Context) -> Absent | None:
        return None if _own_word(text, context) else super()._absence(raw, text, context)

    def _read(self, text: str, context: Context) -> Value | None:
        return _own_word(text, context) or _WORDS.get(text.strip().lower())

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, Flag):
            return self._unfit(value)
        return (
            context.options.get("when_true", True) if value is Flag.TRUE else context.options.get("when_false", False)
        )


def _own_word(text: str, context: Context) -> Flag | None:
    for key, flag in (("when_true", Flag.TRUE), ("when_false", Flag.FALSE)):
        word = context.options.get(key)
        if word is not None and text.strip().lower() == text_of(word).strip().lower():
            return flag
    return None
