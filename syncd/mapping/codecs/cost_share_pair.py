"""Two columns read as one cost share: copay and coinsurance, as in the PUF (plan model 5.1).

Takes two texts, gives one value; takes a value, gives two texts. "No Charge" in one column is not "free", it hands the
question to the other column, so neither column is ever read alone. A pair that the table does not settle is not
understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Loss, same, text_of
from syncd.model.cost_share import (
    Coinsurance,
    Copay,
    CostShare,
    Deductible,
    Join,
    Nothing,
    Part,
    Perspective,
    State,
    format_cost_share,
    parse,
)
from syncd.model.records import JSON
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Unparsed, Value

_BETWEEN = " | "
_NA = "Not Applicable"
_EVERYTHING = Part(Coinsurance(Decimal(100)))
_FREE = (Part(Copay(Decimal(0))), Part(Coinsurance(Decimal(0))))
_MEMBER_PAYS_ALL = CostShare(State.MEMBER_PAYS_ALL)
_UNSTATED, _AFTER, _NOT_SUBJECT = Deductible.UNSTATED, Deductible.AFTER, Deductible.NOT_SUBJECT


def read_pair(copay: str, coinsurance: str, perspective: Perspective = "member") -> Value:
    """Read both columns. The charge's own kind counts, not the column it stands in (trap 15)."""
    raw = f"{copay}{_BETWEEN}{coinsurance}"
    value = _meaning(parse(copay, perspective), parse(coinsurance, perspective))
    if isinstance(value, CostShare):
        return replace(value, raw=raw)
    return Unparsed(raw) if value is None else value


def write_pair(value: CostShare) -> tuple[str, str] | None:
    """Give both columns in the PUF's words; None when no pair says it."""
    if value == _MEMBER_PAYS_ALL:
        return _NA, "100%"
    if value == CostShare(value.state):
        return value.state.value, value.state.value
    if value != CostShare(parts=value.parts, join=value.join) or value.join not in (None, Join.AND):
        return None
    texts = [_puf_text(part) for part in value.parts]
    return _one_column(value.parts[0], texts[0]) if len(texts) == 1 else _two_columns(value.parts, texts)


def raw_columns(value: CostShare) -> tuple[str, str] | None:
    """Give the two texts a value was read from, if it was read from two."""
    copay, between, coinsurance = value.raw.partition(_BETWEEN)
    return (copay, coinsurance) if between else None


def _meaning(left: Value, right: Value) -> CostShare | Absent | None:
    """Settle a pair of readings, whichever column each is from."""
    if isinstance(left, Absent) and isinstance(right, Absent):
        return EMPTY if left is right is EMPTY else NOT_APPLICABLE
    if isinstance(left, Absent) or isinstance(right, Absent):
        other = right if isinstance(left, Absent) else left
        return _alone(other) if isinstance(other, CostShare) else None
    if not isinstance(left, CostShare) or not isinstance(right, CostShare):
        return None
    if left == right == CostShare(left.state):
        return left
    parts = [_only_part(share) for share in (left, right)]
    if parts[0] is None or parts[1] is None:
        return None
    return _both(parts[0], parts[1])


def _alone(share: CostShare) -> CostShare:
    """Read the column that rules while the other is not applicable."""
    return _MEMBER_PAYS_ALL if share.parts == (_EVERYTHING,) else share


def _only_part(share: CostShare) -> Part | None:
    """Give the one charge of a column; a column that says more has no place in the table."""
    return share.parts[0] if len(share.parts) == 1 and share == CostShare(parts=share.parts) else None


def _both(left: Part, right: Part) -> CostShare | None:
    nothings = [part for part in (left, right) if part.charge == Nothing()]
    if len(nothings) == 2:  # noqa: PLR2004 - both columns
        return _nothing_twice(left, right)
    if nothings:
        return _nothing_and(nothings[0], left if nothings[0] is right else right)
    if left in _FREE and right in _FREE:
        return CostShare(parts=(Part(Nothing()),))
    charges = {type(left.charge): left, type(right.charge): right}
    if charges.keys() != {Copay, Coinsurance}:
        return None
    if charges[Coinsurance] == _EVERYTHING and charges[Copay].charge == Copay(Decimal(0)):
        return _MEMBER_PAYS_ALL
    return CostShare(parts=(left, right), join=Join.AND)


def _nothing_twice(left: Part, right: Part) -> CostShare | None:
    """Nothing to pay: after the deductible if either column says so."""
    both = {left, right}
    if both == {Part(Nothing()), Part(Nothing(), deductible=_AFTER)}:
        return CostShare(parts=(Part(Nothing(), deductible=_AFTER),))
    return CostShare(parts=(left,)) if len(both) == 1 else None


def _nothing_and(nothing: Part, other: Part) -> CostShare | None:
    """One column says no charge, so the other rules; unless it says otherwise the deductible is not involved."""
    if nothing == Part(Nothing()):
        if other == _EVERYTHING:
            return _MEMBER_PAYS_ALL
        deductible = _NOT_SUBJECT if other.deductible is _UNSTATED else other.deductible
        return CostShare(parts=(replace(other, deductible=deductible),))
    if nothing != Part(Nothing(), deductible=_AFTER):
        return None
    if other.deductible is _AFTER:
        return CostShare(parts=(other,))
    # A copay, and nothing more once the deductible is met. The same beside a percentage contradicts itself.
    return CostShare(parts=(other, nothing), join=Join.AND) if isinstance(other.charge, Copay) else None


def _puf_text(part: Part) -> str:
    """Write a charge as the PUF does: `$20`, `$20 Copay per Day after deductible`, `20% Coinsurance after deductible`.

    "Not subject" is said by the other column.
    """
    deductible = "" if part.deductible in (_UNSTATED, _NOT_SUBJECT) else f" {part.deductible.value} deductible"
    text = format_cost_share(CostShare(parts=(replace(part, deductible=_UNSTATED),)))
    if isinstance(part.charge, Copay) and (deductible or part.per):
        amount, _, per = text.partition(" per ")
        return f"{amount} Copay{f' per {per.title()}' if per else ''}{deductible}"
    if isinstance(part.charge, Coinsurance) and deductible:
        return f"{text} Coinsurance{deductible}"
    return text + deductible


def _one_column(part: Part, text: str) -> tuple[str, str]:
    if part.charge == Nothing():
        return "No Charge", text
    other = "No Charge" if part.deductible is _NOT_SUBJECT else _NA
    return (text, other) if isinstance(part.charge, Copay) else (other, text)


def _two_columns(parts: tuple[Part, ...], texts: list[str]) -> tuple[str, str] | None:
    """Copay first: that is also the order in which a cost share keeps its charges."""
    fits = len(texts) == 2 and isinstance(parts[0].charge, Copay)  # noqa: PLR2004 - two columns
    return (texts[0], texts[1]) if fits else None


class CostSharePairCodec(BaseCodec):
    """A copay and a coinsurance column bound to one field: the value is a list of both texts."""

    name = "cost_share_pair"
    structured = True
    paired = True
    options: ClassVar[Mapping[str, frozenset[str]]] = {}

    def get(self, raw: JSON, context: Context) -> Value:
        """Read `[copay, coinsurance]`, or both in one text parted by a line."""
        columns = raw if isinstance(raw, (list, tuple)) else (raw,)
        return self._read(_BETWEEN.join(text_of(column) for column in columns), context)

    def _read(self, text: str, context: Context) -> Value:
        copay, _, coinsurance = text.partition(_BETWEEN)
        return read_pair(copay, coinsurance, context.perspective)

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, CostShare):
            return self._unfit(value)
        columns = raw_columns(value)
        if columns is not None and same(self.get(columns, context), value):
            return list(columns)
        columns = write_pair(value)
        return Loss(value, None, "no pair of columns says it") if columns is None else list(columns)

    def _write_absent(self, value: Absent, context: Context) -> JSON | Loss:
        return ["", ""] if value is EMPTY else [_NA, _NA]
