"""Codes that vendors write as labels of their own: what tiers, ages, units and frequencies have in common.

Takes a label, gives a canonical code. The row's own labels come first, because the same carrier wants other words for
one plan than for the next; then the labels this program knows. A label that is neither is not understood.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, text_of
from syncd.mapping.codecs.words import look_up
from syncd.model.records import JSON
from syncd.model.values import Value

LABEL_OPTIONS: Mapping[str, frozenset[str]] = {
    "labels": frozenset(),
    "also": frozenset(),
    "empty": frozenset(),
    "not_applicable": frozenset(),
}

_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


class LabelCodec(BaseCodec):
    """Options: `labels` maps canonical code to the target's label; when given, the target has these and no others.
    `also` maps canonical code to further labels that are read."""

    options: ClassVar[Mapping[str, frozenset[str]]] = LABEL_OPTIONS

    @abstractmethod
    def known(self, label: str) -> str | None:
        """Give the code of a label in plain form (lower case, single blanks, plain dashes)."""

    @abstractmethod
    def label(self, code: str, context: Context) -> JSON | None:
        """Give our label for a code; None when the code is none of ours."""

    def _read(self, text: str, context: Context) -> Value | None:
        own = look_up(text, context, "labels")
        return own if own is not None else self.known(_DASHES.sub("-", " ".join(text.split())).lower())

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, str):
            return self._unfit(value)
        labels = {text_of(code): label for code, label in context.options.get("labels", {}).items()}
        label = labels.get(value) if labels else self.label(value, context)
        return Loss(value, None, f"the target has no label for {value!r}") if label is None else label
