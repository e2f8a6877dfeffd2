"""Lists of words as one text: `["GA", "TN"]` is "GA, TN".

Takes a JSON list of texts, gives them joined; takes a text, gives the list. A text that the separator would cut
otherwise than it was put together is a loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss, text_of
from syncd.mapping.vendor_path import nested_text
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Unparsed, Value


class ListCodec(BaseCodec):
    """Options: `separator` (", " unless said); `sorted: "true"`, the order means nothing."""

    name = "list"
    structured = True
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "separator": frozenset(),
        "sorted": frozenset({"true", "false"}),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }

    def get(self, raw: JSON, context: Context) -> Value:
        """Read a list; a bare text is a list of one."""
        if not isinstance(raw, list | tuple):
            return Unparsed(nested_text(raw)) if isinstance(raw, Mapping) else super().get(raw, context)
        if any(isinstance(item, Mapping | list) or item is None for item in raw):
            return Unparsed(nested_text(raw))
        items = [text_of(item) for item in raw if text_of(item).strip()]
        return _separator(context).join(_ordered(items, context)) if items else EMPTY

    def _read(self, text: str, context: Context) -> Value:
        return _separator(context).join(_ordered(_cut(text, context), context))

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, str):
            return self._unfit(value)
        items = _ordered(_cut(value, context), context)
        return items or self._unfit(value)


def _separator(context: Context) -> str:
    return str(context.options.get("separator", ", "))


def _cut(text: str, context: Context) -> list[str]:
    pieces = text.split(_separator(context).strip() or ",")
    return [piece.strip() for piece in pieces if piece.strip()]


def _ordered(items: list[str], context: Context) -> list[str]:
    return sorted(items) if context.options.get("sorted") == "true" else items
