"""Cost shares as text: copays, coinsurance, deductibles, maxima, limits.

Takes a cell's text, the partner column if there is one, and whose percentages the column holds; gives a CostShare that
keeps the text. Writes the text a value came with where this column would read the same from it, else the canonical
text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, same, text_of
from syncd.mapping.codecs.cost_share_pair import raw_columns, read_pair, write_pair
from syncd.model.cost_share import CostShare, format_cost_share, parse
from syncd.model.records import JSON
from syncd.model.values import NOT_APPLICABLE, Value


class CostShareCodec(BaseCodec):
    """Options: `accumulator: "true"`, the field is a deductible or a maximum, so "$1,500 / $3,000" is individual and
    family; `partner_is` (coinsurance or copay): which column the partner is; `max`: how many characters the target
    holds."""

    name = "cost_share"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "accumulator": frozenset({"true", "false"}),
        "partner_is": frozenset({"coinsurance", "copay"}),
        "max": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }
    not_applicable_text: ClassVar[str] = "Not Applicable"

    def get(self, raw: JSON, context: Context) -> Value:
        """Read a cell, together with its partner where it has one."""
        if context.partner is None:
            return super().get(raw, context)
        # Blank or "Not Applicable" beside a partner hands the question to the partner.
        text = text_of(raw)
        absence = self._absence(raw, text, context)
        text = text if absence is None else self.not_applicable_text if absence is NOT_APPLICABLE else ""
        columns = (context.partner, text) if context.options.get("partner_is") == "copay" else (text, context.partner)
        return read_pair(*columns, context.perspective)

    def _read(self, text: str, context: Context) -> Value | None:
        return parse(text, context.perspective, accumulator=str(context.options.get("accumulator")).lower() == "true")

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, CostShare):
            return self._unfit(value)
        fitting = [text for text in _texts(value, context) if same(self.get(text, context), value)]
        if not fitting:
            return Loss(value, None, "this column cannot say it beside its partner column")
        longest = context.options.get("max")
        for text in fitting:
            if longest is None or len(text) <= int(longest):
                return text
        return Loss(value, None, f"the target holds {longest} characters")


def _texts(value: CostShare, context: Context) -> Iterator[str]:
    """Give what could be written, best first: never a blank, which other systems may read as nothing at all."""
    if value.raw.strip():
        yield value.raw
    if context.partner is not None:
        for pair in (raw_columns(value), write_pair(value)):
            if pair is not None and pair[0].strip() and pair[1].strip():
                yield pair[context.options.get("partner_is") == "copay"]
    yield format_cost_share(value, context.perspective)
