"""What a cost share is: a state, charges with their rules, a limit and conditions, beside the text as received.

Frozen values. Two cost shares are equal when they mean the same: the raw text, the scale of amounts and the order in
which charges of equal rank are written do not count. A shape that means nothing (a charge of a service that is not
covered, two different joins in one text) cannot be made: the constructors raise ValueError.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from syncd.model.cost_share.words import LEVELS, Network, State, Unit, plain_condition
from syncd.model.values import NOT_APPLICABLE, Absent

_FULL = Decimal(100)


class Deductible(enum.Enum):
    """How a charge and the deductible go together."""

    UNSTATED = "unstated"
    NOT_SUBJECT = "not subject"
    BEFORE = "before"  # first the charge, the rest of the bill counts towards the deductible
    AFTER = "after"  # first the deductible, then only this
    WAIVED = "waived"
    WITH = "with"  # the newer PUFs' "with deductible": subject to it, in an order they do not say


class Join(enum.Enum):
    """How several charges go together."""

    AND = "and"
    THEN = "then"
    OR = "or"
    GREATER = "greater of"
    LESSER = "lesser of"
    APART = "|"  # each for another level: "$50 per person | $150 per group"


@dataclass(frozen=True, slots=True)
class Copay:
    """An amount of money: a copay, or the amount of a deductible or maximum where the field is one."""

    amount: Decimal

    def __post_init__(self) -> None:
        _check_amount(self.amount)


@dataclass(frozen=True, slots=True)
class Coinsurance:
    """A share in per cent, always the member's."""

    percent: Decimal

    def __post_init__(self) -> None:
        _check_amount(self.percent)
        if self.percent > _FULL:
            raise ValueError(f"more than everything: {self.percent}%")


@dataclass(frozen=True, slots=True)
class Nothing:
    """No charge. Not the same text as a copay of $0, so not the same value (trap 1 of the plan model)."""


@dataclass(frozen=True, slots=True)
class OverAllowance:
    """What the provider bills above the plan's allowance."""


@dataclass(frozen=True, slots=True)
class NoAmount:
    """No amount for this level ("per person not applicable | $13000 per group")."""


Charge: TypeAlias = Copay | Coinsurance | Nothing | OverAllowance | NoAmount
_CHARGES = (Copay, Coinsurance, Nothing, OverAllowance, NoAmount)


@dataclass(frozen=True, slots=True)
class Per:
    """Once for each so many: visit, day, 3 years."""

    unit: Unit
    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1 or self.unit in (Unit.DOLLAR, Unit.TIME):
            raise ValueError(f"nothing to count per: {self.every} {self.unit.value}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many of a unit, per something: `30 visits per year`. A source may keep the amount in a column of its own."""

    amount: Decimal | None
    unit: Unit
    per: tuple[Per, ...] = ()

    def __post_init__(self) -> None:
        if self.amount is not None:
            _check_amount(self.amount)
        object.__setattr__(self, "per", _ordered(self.per))


@dataclass(frozen=True, slots=True)
class Part:
    """One charge with its rules. `cap` and `floor` are dollars; `first` says how many days or visits it is charged for;
    `allowance` is what the plan pays before the charge begins."""

    charge: Charge
    per: tuple[Per, ...] = ()
    deductible: Deductible = Deductible.UNSTATED
    cap: Quantity | None = None
    floor: Quantity | None = None
    first: Quantity | None = None
    allowance: Decimal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "per", _ordered(self.per))
        for dollars in (self.cap, self.floor):
            if dollars is not None and (dollars.amount is None or dollars.unit is not Unit.DOLLAR):
                raise ValueError("a cap or floor is an amount of dollars")
        if self.first is not None and (self.first.amount is None or self.first.unit in LEVELS | {Unit.DOLLAR}):
            raise ValueError("what is charged for is a number of days, visits and the like")
        if self.allowance is not None:
            _check_amount(self.allowance)
        if isinstance(self.charge, NoAmount) and not self._bare_level():
            raise ValueError("only a level can be without an amount")

    def levels(self) -> frozenset[Unit]:
        """Give the levels this charge is for."""
        return frozenset(per.unit for per in self.per) & LEVELS

    def _bare_level(self) -> bool:
        rules = (self.cap, self.floor, self.first, self.allowance)
        single = len(self.per) == len(self.levels()) == 1 and self.per[0].every == 1
        return single and self.deductible is Deductible.UNSTATED and rules == (None,) * len(rules)


@dataclass(frozen=True, slots=True)
class Tier:
    """One network of a text that joins several; `share` has no limit or condition of its own."""

    network: Network
    share: CostShare | Absent


@dataclass(frozen=True, slots=True)
class CostShare:
    """What a member pays for a service, or an amount of a deductible or maximum with its levels."""

    state: State = State.COVERED
    parts: tuple[Part, ...] = ()
    join: Join | None = None
    limit: Quantity | None = None
    conditions: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    raw: str = field(default="", compare=False)
    _canonical: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.parts or self.tiers) and self.state is not State.COVERED:
            raise ValueError(f"a charge beside {self.state.value!r}")
        object.__setattr__(self, "conditions", tuple(sorted({plain_condition(text) for text in self.conditions})))
        join = _checked_join(self.parts, self.join)
        object.__setattr__(self, "join", join)
        if join is not None and join is not Join.THEN:
            object.__setattr__(
                self, "parts", tuple(sorted(self.parts, key=_level_rank if join is Join.APART else _rank))
            )
        _check_tiers(self)
        object.__setattr__(self, "tiers", tuple(sorted(self.tiers, key=lambda tier: _NETWORK_RANK[tier.network])))

    @property
    def canonical(self) -> str:
        """Give the canonical text: equal exactly where the cost shares are."""
        if not self._canonical:
            # A snapshot's digest asks for it with every read, so it is made once.
            from syncd.model.cost_share.text import format_cost_share  # noqa: PLC0415 - it needs this module

            object.__setattr__(self, "_canonical", format_cost_share(self))
        return self._canonical

    @classmethod
    def from_canonical(cls, canonical: str, raw: str) -> CostShare:
        """Read back what `canonical` gave, with the text it came from."""
        from syncd.model.cost_share.parse import decode  # noqa: PLC0415 - it needs this module

        return decode(canonical, raw)


_UNIT_RANK = {unit: rank for rank, unit in enumerate(Unit)}
_NETWORK_RANK = {network: rank for rank, network in enumerate(Network)}


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"not an amount: {amount}")


def _ordered(per: tuple[Per, ...]) -> tuple[Per, ...]:
    if len({each.unit for each in per}) != len(per):
        raise ValueError("counted twice per the same unit")
    return tuple(sorted(per, key=lambda each: _UNIT_RANK[each.unit]))


def _checked_join(parts: tuple[Part, ...], join: Join | None) -> Join | None:
    """Give the join that these charges have.

    "$50 per person and $150 per family" are two amounts, not a sum; Ideon writes the same with "then".
    """
    if (join is None) != (len(parts) < 2):  # noqa: PLR2004 - a join needs two
        raise ValueError("several charges need a join, and only they")
    levels = [part.levels() for part in parts]
    apart = len(parts) > 1 and all(levels) and len(frozenset(levels)) == len(parts)
    if join is Join.APART and not apart:
        raise ValueError("charges side by side need levels that differ")
    if any(isinstance(part.charge, NoAmount) for part in parts) and not apart:
        raise ValueError("a level without an amount stands beside one that has an amount")
    if join in (Join.GREATER, Join.LESSER) and len(parts) != 2:  # noqa: PLR2004 - the greater of two
        raise ValueError("the greater or lesser of two charges")
    return Join.APART if join in (Join.AND, Join.THEN) and apart else join


def _check_tiers(share: CostShare) -> None:
    if not share.tiers:
        return
    if share.parts or len({tier.network for tier in share.tiers}) != len(share.tiers):
        raise ValueError("a charge outside the networks, or one network twice")
    for inner in (tier.share for tier in share.tiers):
        if isinstance(inner, CostShare):
            if inner.limit is not None or inner.conditions or inner.tiers:
                raise ValueError("limit and conditions stand once, after all networks")
        elif inner is not NOT_APPLICABLE:
            raise ValueError("a network without a text")


def _quantity_rank(quantity: Quantity | None) -> tuple[object, ...]:
    if quantity is None:
        return ()
    return (quantity.amount or 0, quantity.amount is None, _UNIT_RANK[quantity.unit], _per_rank(quantity.per))


def _per_rank(per: tuple[Per, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((_UNIT_RANK[each.unit], each.every) for each in per)


def _rank(part: Part) -> tuple[object, ...]:
    """Order charges whose order does not matter: first by kind, then by amount, then by everything else."""
    charge = part.charge
    amount = charge.amount if isinstance(charge, Copay) else charge.percent if isinstance(charge, Coinsurance) else 0
    allowance = -1 if part.allowance is None else part.allowance
    rules = (_quantity_rank(part.cap), _quantity_rank(part.floor), _quantity_rank(part.first), allowance)
    return (_CHARGES.index(type(charge)), amount, _per_rank(part.per), part.deductible.value, *rules)


def _level_rank(part: Part) -> tuple[object, ...]:
    return (sorted(_UNIT_RANK[unit] for unit in part.levels()), *_rank(part))
