"""Closed lists that a vendor keeps in two keys: `per: 1000` and `basis: benefit`, `type: other` and `other: EAP`.

Takes both, gives one canonical code; takes a code, gives both. A pair that the table does not hold is not understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, text_of
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Unparsed, Value


class CodePairCodec(BaseCodec):
    """Options: `values` maps canonical code to both words, null for a key that is empty; `rest`: the code of a pair
    whose first word is the table's for that code, whatever the second is."""

    name = "code_pair"
    structured = True
    paired = True
    not_applicable_words = frozenset()
    options: ClassVar[Mapping[str, frozenset[str]]] = {"values": frozenset(), "rest": frozenset()}

    def get(self, raw: JSON, context: Context) -> Value:
        """Read `[first, second]`; one word alone is the first."""
        if not isinstance(raw, list | tuple):
            return super().get(raw, context)
        value = self._code(raw, context)
        return Unparsed(" | ".join(text_of(column) for column in raw)) if value is None else value

    def _code(self, columns: Sequence[JSON], context: Context) -> Value | None:
        pair = tuple(_fold(column) for column in columns)
        if not any(pair):
            return EMPTY
        table = {code: tuple(_fold(word) for word in words) for code, words in _table(context)}
        fitting = [code for code, words in table.items() if words == pair]
        if len(fitting) == 1:
            return fitting[0]
        rest = text_of(context.options.get("rest"))
        return rest if not fitting and rest in table and table[rest][0] == pair[0] else None

    def _read(self, text: str, context: Context) -> Value | None:
        return self._code((text, None), context)

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, str):
            return self._unfit(value)
        words = dict(_table(context)).get(value)
        return Loss(value, None, f"the target has no words for {value!r}") if words is None else list(words)

    def _write_absent(self, value: Value, context: Context) -> JSON | Loss:
        return [None, None] if value is EMPTY else Loss(value, EMPTY, "the target has no word for not applicable")


def _table(context: Context) -> list[tuple[str, list[JSON]]]:
    """Give the table; one word alone is the first of a pair."""
    words = context.options.get("values", {}).items()
    return [(text_of(code), list(pair) if isinstance(pair, list | tuple) else [pair, None]) for code, pair in words]


def _fold(word: JSON) -> str:
    return " ".join(text_of(word).split()).casefold()
