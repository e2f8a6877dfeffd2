"""The canonical text of a cost share, in the grammar of Ideon (plan model 5.3) widened by what other sources say.

Takes a cost share, gives a text; `parse(format_cost_share(share)) == share`, and equal cost shares give equal texts.
Percentages are the member's unless the perspective is the plan's. Never rounds.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Literal, TypeAlias

from syncd.model.cost_share.value import (
    Charge,
    Coinsurance,
    Copay,
    CostShare,
    Deductible,
    Join,
    NoAmount,
    Nothing,
    Part,
    Per,
    Quantity,
    Tier,
)
from syncd.model.cost_share.words import State, Unit
from syncd.model.values import Absent

Perspective: TypeAlias = Literal["member", "plan"]

NOT_APPLICABLE_TEXT = "Not Applicable"
_CENTS = 2
_FULL = Decimal(100)
_EVERYTHING = Coinsurance(_FULL)
_UNSTATED = Deductible.UNSTATED
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_INVARIABLE = frozenset({Unit.LENSES, Unit.FRAMES, Unit.MATERIALS, Unit.GLASSES, Unit.DAY_SUPPLY})
_DEDUCTIBLE = {
    Deductible.UNSTATED: "",
    Deductible.NOT_SUBJECT: ", not subject to deductible",
    Deductible.BEFORE: " before deductible",
    Deductible.AFTER: " after deductible",
    Deductible.WAIVED: ", deductible waived",
    Deductible.WITH: " with deductible",
}


def encode(share: CostShare) -> str:
    """Give the text under which a cost share is stored, beside its raw text; `decode` reads both back."""
    return format_cost_share(share)


def format_cost_share(share: CostShare, perspective: Perspective = "member") -> str:
    """Give the canonical text."""
    body = _body(share, perspective)
    limit = f"limit: {quantity_text(share.limit)}" if share.limit is not None else ""
    conditions = f"condition: {'; '.join(share.conditions)}" if share.conditions else ""
    if share.state is State.UNKNOWN and (limit or conditions):
        body = ""  # a limit that stands alone says nothing about the charge
    return " | ".join(text for text in (body, limit, conditions) if text)


def _body(share: CostShare, perspective: Perspective) -> str:
    if share.tiers:
        return " / ".join(_tier_text(tier, perspective) for tier in share.tiers)
    if not share.parts:
        return share.state.value
    chosen = share.join in (Join.GREATER, Join.LESSER)
    texts = [_part_text(part, perspective, compared=chosen) for part in share.parts]
    if share.join is not None and chosen:
        return f"{share.join.value} {' or '.join(texts)}"
    return f" {share.join.value if share.join else ''} ".join(texts)


def _tier_text(tier: Tier, perspective: Perspective) -> str:
    inner = NOT_APPLICABLE_TEXT if isinstance(tier.share, Absent) else _body(tier.share, perspective)
    return f"{tier.network.value}: {inner}"


def _part_text(part: Part, perspective: Perspective, *, compared: bool) -> str:
    per = per_text(part.per)
    if isinstance(part.charge, NoAmount):
        return f"{per.strip()} not applicable"
    compared = compared or part.cap is not None or part.floor is not None or part.allowance is not None
    named = (compared and perspective == "plan") or (part.charge == _EVERYTHING and part.deductible is not _UNSTATED)
    text = _charge_text(part.charge, perspective, named=named) + per + _DEDUCTIBLE[part.deductible]
    if part.first is not None:
        text += f", first {quantity_text(part.first)}"
    if part.cap is not None:
        text += f", up to {quantity_text(part.cap)}"
    if part.floor is not None:
        text += f", at least {quantity_text(part.floor)}"
    return text if part.allowance is None else f"{text}, after {money_text(part.allowance)} allowance"


def _charge_text(charge: Charge, perspective: Perspective, *, named: bool) -> str:
    """Write the charge; `named`: the text must say whose percentage it is, or it would be read otherwise."""
    match charge:
        case Copay(amount):
            return money_text(amount)
        case Coinsurance(percent) if named:
            return f"member pays {number_text(percent)}%"
        case Coinsurance(percent):
            return f"{number_text(percent if perspective == 'member' else full_minus(percent))}%"
        case Nothing():
            return "No Charge"
        case _:
            return "amount over plan allowance"


def quantity_text(quantity: Quantity) -> str:
    """Write `30 visit(s) per year`, `$500 per script`, or `visit(s) per year` where the number stands elsewhere."""
    if quantity.unit is Unit.DOLLAR and quantity.amount is not None:
        return money_text(quantity.amount) + per_text(quantity.per)
    word = quantity.unit.value if quantity.unit in _INVARIABLE else f"{quantity.unit.value}(s)"
    number = "" if quantity.amount is None else number_text(quantity.amount) + " "
    return number + word + per_text(quantity.per)


def per_text(per: tuple[Per, ...]) -> str:
    """Write ` per visit`, ` per 3 years`, each with its leading blank."""
    return "".join(f" per {each.unit.value}" if each.every == 1 else _per_several(each) for each in per)


def _per_several(per: Per) -> str:
    plural = "" if per.unit in _INVARIABLE else "(s)"
    return f" per {per.every} {per.unit.value}{plural}"


def money_text(amount: Decimal) -> str:
    """Write an amount with commas; cents only where there are any, more digits only where they count."""
    whole, _, fraction = number_text(amount).partition(".")
    return f"${Decimal(whole):,f}" + (f".{fraction.ljust(_CENTS, '0')}" if fraction else "")


def number_text(number: Decimal) -> str:
    """Write all digits that count, whatever the scale: equal numbers give equal texts."""
    text = format(number.copy_abs(), "f")  # never negative, but zero can carry a sign
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def full_minus(percent: Decimal) -> Decimal:
    """Turn the member's share into the plan's and back, exactly."""
    return _EXACT.subtract(_FULL, percent)
