"""Plans and groups, typed, and their flat views."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from syncd.errors import MappingError
from syncd.model import cost_share
from syncd.model.group import Group
from syncd.model.plan import Plan, RateSet
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed

NEW_YEAR = date(2026, 1, 1)
FLAT = {
    "details.name": "Gold",
    "details.effective_date": NEW_YEAR,
    "details.voluntary": Flag.FALSE,
    "details.metal": NOT_APPLICABLE,
    "benefits.lab.in_network": cost_share.parse("$30"),
    "benefits[v2].lab.in_network": Unparsed("ask"),
    "rates[2026-01-01].ee": Decimal("512.40"),
    "rates[2026-01-01].age_30_34": Decimal("388.10"),
    "rates[2026-01-01].frequency": "monthly",
    "rates[billing;FT;2026-01-01].effective_date": date(2026, 2, 1),
    "rates[soon].ee": Decimal(1),
    "contributions[FT;2026-01-01].ee": Decimal(300),
    "contributions[FT;2026-01-01].ee_percent": Decimal(75),
    "eligibility.hours": Decimal(30),
    "eligibility.dependent_age": EMPTY,
}


def test_a_plan_and_its_flat_view():
    plan = Plan.from_flat(FLAT)
    assert plan.flat() == FLAT
    assert (plan.name, plan.effective) == ("Gold", NEW_YEAR)
    assert plan.details.get("metal") is NOT_APPLICABLE
    assert plan.details.get("network") is EMPTY
    assert plan.details.text("metal") is None
    assert plan.details.date("name") is None
    first, second = plan.benefits
    assert first.cost_share("lab.in_network") == cost_share.parse("$30")
    assert (second.variant, second.cost_share("lab.in_network")) == ("v2", None)


def test_sets():
    premium, billing, soon = Plan.from_flat(FLAT).rates
    assert (premium.kind, premium.cls, premium.effective, premium.frequency) == ("premium", "*", NEW_YEAR, "monthly")
    assert premium.tiers == {"ee": Decimal("512.40")}
    assert premium.amounts == {"ee": Decimal("512.40"), "age_30_34": Decimal("388.10")}
    assert (billing.kind, billing.cls, billing.effective) == ("billing", "FT", date(2026, 2, 1))
    assert soon.effective is None
    (share,) = Plan.from_flat(FLAT).contributions
    assert share.amounts == {"ee": Decimal(300)}


def test_plans_are_frozen():
    with pytest.raises(ValidationError):
        Plan().rates = (RateSet(cls="*", key=""),)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("details.effective_date", "2026-01-01", "expected date, got str"),
        ("rates[2026-01-01].ee", 512, "expected money, got int"),
        ("eligibility.dependent_age", True, "expected integer, got bool"),
        ("details.nam", "Gold", "not a field of a plan"),
        ("rates.ee", Decimal(1), "not a field of a plan"),
    ],
)
def test_a_value_of_another_type_is_refused(path, value, message):
    with pytest.raises(MappingError, match=message):
        Plan.from_flat({path: value})


def test_a_group_and_its_flat_view():
    flat = {"details.name": "Acme", "details.address.zip": "07030", "details.eligible_count": 12}
    group = Group.from_flat(flat)
    assert group.flat() == flat
    assert group.name == "Acme"
    with pytest.raises(MappingError, match="not a field of a group"):
        Group.from_flat({"details.metal": "gold"})
