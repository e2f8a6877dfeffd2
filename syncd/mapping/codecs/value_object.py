"""Benefits as objects: `{"kind": "copay", "amount": "25.00", "after_deductible": true}`.

Kinds: money, percent, copay, text, none, not_covered, unlimited (our quoting contract, B4). Takes such an object, reads
it as the text that says the same, and so gives what the plain codecs give; writes the plainest object that reads back
as the value, else the text. A text beside an amount must say the same as the amount, or the object is not understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss, same, text_of
from syncd.mapping.codecs.cost_share import CostShareCodec
from syncd.mapping.codecs.money import MoneyCodec
from syncd.mapping.codecs.numbers import plain_number, write_number
from syncd.mapping.codecs.percent import PercentCodec
from syncd.mapping.codecs.words import TextCodec
from syncd.mapping.vendor_path import nested_text
from syncd.model.cost_share import Coinsurance, Copay, CostShare, Deductible, Part, State
from syncd.model.records import JSON
from syncd.model.values import NOT_APPLICABLE, Absent, Unparsed, Value

_STATES = {"none": State.NONE, "not_covered": State.NOT_COVERED, "unlimited": State.UNLIMITED}
_KINDS = {state: kind for kind, state in _STATES.items()}
_KEYS = frozenset({"kind", "amount", "text", "after_deductible"})
_AFTER = {True: " after deductible", False: ", not subject to deductible", None: ""}
_RULES = {Deductible.AFTER: True, Deductible.NOT_SUBJECT: False, Deductible.UNSTATED: None}
_DASH = "-"
"""Stands where the contract wants an object and nothing is said."""
_DIGITS = 4
"""Decimals of an amount or percentage in the contract."""
_CENTS = 2


class _ObjectCodec(BaseCodec):
    """What the codecs of such objects share; `plain` reads and writes the text."""

    structured = True
    not_applicable_text: ClassVar[str | None] = "Not Applicable"
    plain: ClassVar[BaseCodec]

    def get(self, raw: JSON, context: Context) -> Value:
        """Read an object; a bare text is read as it stands."""
        if not isinstance(raw, Mapping):
            return Unparsed(nested_text(raw)) if isinstance(raw, list) else super().get(raw, context)
        said = _text(raw, allowance=context.options.get("allowance") == "true")
        value = Unparsed("") if said is None else super().get(said, context)
        beside = raw.get("text")
        if beside and raw.get("kind") != "text" and not isinstance(value, Unparsed):
            words = super().get(beside, context)
            # `none` has no figure, so that its words may also say that the field does not apply.
            agreed = words == value or (raw.get("kind") == "none" and words is NOT_APPLICABLE)
            value = words if agreed else Unparsed("")
        return Unparsed(nested_text(raw)) if isinstance(value, Unparsed) else value

    def _read(self, text: str, context: Context) -> Value | None:
        return self.plain.get(text, context)

    def _write_absent(self, value: Absent, context: Context) -> JSON | Inexact:
        written = super()._write_absent(value, context)
        return {"kind": "text", "text": written} if isinstance(written, str) and written.strip() else written


class CostShareObjectCodec(_ObjectCodec):
    """Cost shares. Options: `accumulator: "true"`, the field is a deductible or a maximum, so its amounts are written
    as money; `allowance: "true"`, the amount is what the plan pays at most."""

    name = "cost_share_object"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "accumulator": frozenset({"true", "false"}),
        "allowance": frozenset({"true", "false"}),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }
    plain = CostShareCodec()

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        if not isinstance(value, CostShare):
            return self._unfit(value)
        for candidate in _candidates(value, context):
            if same(self.get(candidate, context), value):
                return candidate
        text = self.plain.put(value, context)
        return text if isinstance(text, Loss) else {"kind": "text", "text": text}


class TextObjectCodec(_ObjectCodec):
    """What is said of a benefit in words; amounts read as people write them."""

    name = "text_object"
    options: ClassVar[Mapping[str, frozenset[str]]] = {"empty": frozenset(), "not_applicable": frozenset()}
    plain = TextCodec()

    def _write(self, value: Value, context: Context) -> JSON | Loss:
        return {"kind": "text", "text": value} if isinstance(value, str) else self._unfit(value)


class MoneyObjectCodec(_ObjectCodec):
    """An amount of money."""

    name = "money_object"
    options: ClassVar[Mapping[str, frozenset[str]]] = {"empty": frozenset(), "not_applicable": frozenset()}
    plain = MoneyCodec()

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        return _amount("money", value, self._unfit(value))


class PercentObjectCodec(_ObjectCodec):
    """A percentage, as it stands: what it is a share of, the field says."""

    name = "percent_object"
    options: ClassVar[Mapping[str, frozenset[str]]] = {"empty": frozenset(), "not_applicable": frozenset()}
    plain = PercentCodec()

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        return _amount("percent", value, self._unfit(value))


def _amount(kind: str, value: Value, unfit: Loss) -> JSON | Inexact | Loss:
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        return unfit
    held = value if _fits(value) else round(value, _DIGITS)
    written = {"kind": kind, "amount": write_number(held)}
    return written if held == value else Inexact(written, f"the target holds {_DIGITS} decimals")


def _text(raw: Mapping[str, Any], *, allowance: bool) -> str | None:
    """Say in words what an object says; None when it says something that we do not know."""
    kind, after = raw.get("kind"), raw.get("after_deductible")
    if raw.keys() - _KEYS or after not in _AFTER:
        return None
    if kind in _STATES:
        return _STATES[kind].value
    if kind == "text":
        text = raw.get("text")
        if text is None or text == _DASH:
            return ""
        return f"{text}{_AFTER[after]}" if isinstance(text, str) else None
    amount = plain_number(text_of(raw.get("amount")))
    if kind not in ("money", "copay", "percent") or amount is None or amount < 0:
        return None
    if kind == "percent":
        return f"{write_number(amount.normalize())}%{_AFTER[after]}"
    return f"{_dollars(amount)}{' allowance' if allowance else ''}{_AFTER[after]}"


def _dollars(amount: Decimal) -> str:
    """Write an amount as people do: cents only where there are some."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    digits = max(-exponent, 0) if isinstance(exponent, int) else 0
    return f"${plain:,.{max(digits, _CENTS) if digits else 0}f}"


def _candidates(value: CostShare, context: Context) -> Iterator[dict[str, JSON]]:
    """Give the objects that might say it, plainest first; who asks reads them back."""
    kind = _KINDS.get(value.state)
    if kind is not None:
        yield {"kind": kind}
    if value.limit is not None and value.limit.amount is not None and _fits(value.limit.amount):
        yield {"kind": "money", "amount": write_number(value.limit.amount)}  # an allowance
    if len(value.parts) == 1 and value == CostShare(parts=value.parts):
        yield from _of_part(value.parts[0], "money" if context.options.get("accumulator") == "true" else "copay")
    if len(value.parts) == 1 and context.perspective == "plan":
        flipped = _flipped(value.parts[0])
        if flipped is not None:
            yield from _of_part(flipped, "copay")


def _of_part(part: Part, kind_of_money: str) -> Iterator[dict[str, JSON]]:
    if isinstance(part.charge, Copay):
        kind, amount = kind_of_money, part.charge.amount
    elif isinstance(part.charge, Coinsurance):
        kind, amount = "percent", part.charge.percent
    else:
        return
    if _fits(amount):
        after = _RULES.get(part.deductible)
        rule = {} if after is None else {"after_deductible": after}
        yield {"kind": kind, "amount": write_number(amount), **rule}


def _flipped(part: Part) -> Part | None:
    """Give the plan's share where the member's stands."""
    if not isinstance(part.charge, Coinsurance):
        return None
    return replace(part, charge=Coinsurance(100 - part.charge.percent))


def _fits(amount: Decimal) -> bool:
    return amount == round(amount, _DIGITS)
