"""A benefit plan as people think of it: details, benefits, rate sets, contribution sets, eligibility.

Typed and frozen. `Plan.from_flat` reads a flat view and refuses a value of the wrong type (a text where a date
belongs); `flat()` gives the same view back. The merge works on flat views; this is for whoever has to know what a plan
means.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from syncd.errors import MappingError
from syncd.model import fields
from syncd.model.cost_share.value import CostShare
from syncd.model.field_table import TIERS, Type
from syncd.model.paths import Path, SetKey, parse
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Absent, Flag, Flat, Unparsed, Value

_CLASSES: Mapping[Type, type | tuple[type, ...]] = {
    "text": str,
    "code": str,
    "money": Decimal,
    "decimal": (Decimal, int),
    "percent": Decimal,
    "integer": int,
    "date": date,
    "flag": Flag,
    "cost_share": CostShare,
}


class Frozen(BaseModel):
    """Base of the canonical records. Values were checked when the flat view was read."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")


Cells = Mapping[str, Any]


class Section(Frozen):
    """Fields of one section by name; a field that was not read is EMPTY."""

    values: Cells = {}

    def get(self, name: str) -> Value:
        """Give a field's value."""
        value: Value = self.values.get(name, EMPTY)
        return value

    def text(self, name: str) -> str | None:
        """Give a text or code, None when there is none."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def date(self, name: str) -> date | None:
        """Give a date, None when there is none."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None


class Benefits(Section):
    """The benefits of one summary; `variant` names it where the plan has several."""

    variant: str | None = None

    def cost_share(self, name: str) -> CostShare | None:
        """Give a cost share, None when there is none or it was not understood."""
        value = self.values.get(name)
        return value if isinstance(value, CostShare) else None


class CellSet(Section):
    """Amounts that are in force together: for a class of employees (`*` is all), from a date on."""

    section: ClassVar[str]
    cls: str
    key: str
    """The date under which the set was first linked; `effective` is the date as it stands now."""

    @property
    def effective(self) -> date | None:
        """Give the date from which the set is in force."""
        try:
            return self.date("effective_date") or date.fromisoformat(self.key)
        except ValueError:
            return None

    @property
    def frequency(self) -> str | None:
        """Name the period that the amounts are for."""
        return self.text("frequency")

    @property
    def amounts(self) -> Mapping[str, Decimal]:
        """Give the cells that are money."""
        return {
            name: value for name, value in self.values.items() if isinstance(value, Decimal) and self._is_money(name)
        }

    def _is_money(self, name: str) -> bool:
        return fields.type_of(f"{self.section}[{self.key}].{name}") == "money"


class RateSet(CellSet):
    """What one class costs: by tier, by age or per unit of volume."""

    section: ClassVar[str] = "rates"
    kind: str = "premium"

    @property
    def tiers(self) -> Mapping[str, Decimal]:
        """Give the composite rates."""
        return {tier: amount for tier, amount in self.amounts.items() if tier in TIERS}


class Contribution(CellSet):
    """Who pays how much of it: amounts, shares of the premium or shares of pay."""

    section: ClassVar[str] = "contributions"


class Eligibility(Section):
    """Who may enrol, and when."""


class Details(Section):
    """What the plan is."""


class Plan(Frozen):
    """A benefit plan."""

    details: Details = Details()
    benefits: tuple[Benefits, ...] = ()
    rates: tuple[RateSet, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    eligibility: Eligibility = Eligibility()

    @classmethod
    def from_flat(cls, flat: Flat) -> Plan:
        """Read a flat view. Raises MappingError on a path outside the sections or a value of the wrong type."""
        sections = _gather(flat, "plan")
        return cls(
            details=Details(values=sections.pop(("details", None), {})),
            eligibility=Eligibility(values=sections.pop(("eligibility", None), {})),
            benefits=tuple(
                Benefits(variant=key if isinstance(key, str) else None, values=cells)
                for (section, key), cells in sections.items()
                if section == "benefits"
            ),
            rates=tuple(
                RateSet(kind=key.kind, cls=key.cls, key=key.effective, values=cells)
                for (section, key), cells in sections.items()
                if section == "rates" and isinstance(key, SetKey)
            ),
            contributions=tuple(
                Contribution(cls=key.cls, key=key.effective, values=cells)
                for (section, key), cells in sections.items()
                if section == "contributions" and isinstance(key, SetKey)
            ),
        )

    def flat(self) -> Flat:
        """Give the flat view."""
        blocks: list[tuple[str, str | SetKey | None, Cells]] = [("details", None, self.details.values)]
        blocks += [("benefits", summary.variant, summary.values) for summary in self.benefits]
        blocks += [("rates", SetKey(rate.kind, rate.cls, rate.key), rate.values) for rate in self.rates]
        blocks += [("contributions", SetKey("", share.cls, share.key), share.values) for share in self.contributions]
        blocks.append(("eligibility", None, self.eligibility.values))
        return {str(Path(section, key, name)): value for section, key, cells in blocks for name, value in cells.items()}

    @property
    def name(self) -> str | None:
        """Give the plan's name, which identifies nothing."""
        return self.details.text("name")

    @property
    def effective(self) -> date | None:
        """Give the first day in force."""
        return self.details.date("effective_date")


def _gather(flat: Flat, kind: Kind) -> dict[tuple[str, str | SetKey | None], dict[str, Value]]:
    """Sort a flat view by section and key, and check every value against its field."""
    sections: dict[tuple[str, str | SetKey | None], dict[str, Value]] = {}
    for path, value in flat.items():
        check_type(path, value, kind)
        parsed = parse(path)
        sections.setdefault((parsed.section, parsed.key), {})[parsed.field] = value
    return sections


def check_type(path: str, value: Value, kind: Kind) -> None:
    """Refuse a value that its field cannot hold. Raises MappingError."""
    field = fields.field_of(path, kind)
    if field is None:
        raise MappingError("not a field of a " + kind, field=path)
    if not isinstance(value, (_CLASSES[field.type], Absent, Unparsed)) or isinstance(value, bool):
        raise MappingError(f"expected {field.type}, got {type(value).__name__}", field=path)
