"""The canonical fields: names, types, titles, and the texts people write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from syncd.model import cost_share
from syncd.model.fields import is_accumulator, is_known, names, title_of, type_of, value_from_text
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed

PATHS = [
    ("details.effective_date", "date", "Effective date"),
    ("details.metal", "code", "Metal level"),
    ("details.custom.broker_code", "text", "broker code"),
    ("eligibility.hours", "decimal", "Minimum hours a week"),
    ("benefits.deductible.individual.in_network", "cost_share", "Deductible, individual, in network"),
    ("benefits[v2].deductible.family.combined", "cost_share", "Deductible, family, in and out of network"),
    ("benefits.cryotherapy.out_of_network", "cost_share", "Cryotherapy, out of network"),
    ("benefits.x_ray.in_network.limit", "text", "X-ray, in network, limit"),
    ("benefits.vision_exam.frequency", "text", "Eye exam, how often"),
    ("benefits.benefit_maximum", "money", "Greatest benefit"),
    ("rates[2026-01-01].ee", "money", "Employee"),
    ("rates[billing;FT;2026-01-01].age_30_34", "money", "Age 30 to 34"),
    ("rates[2026-01-01].age_21_21.f.tobacco", "money", "Age 21, women, tobacco"),
    ("rates[2026-01-01].age_64_plus.m", "money", "Age 64 and over, men"),
    ("rates[2026-01-01].frequency", "code", "Per"),
    (
        "contributions[FT;2026-01-01].es_dependent_percent",
        "percent",
        "Employee and spouse, dependents' part, share of the premium",
    ),
    ("contributions[2026-01-01].ee_salary_percent", "percent", "Employee, share of pay"),
]
UNKNOWN = [
    "details.nam",
    "details",
    "rates.ee",
    "rates[2026-01-01].eee",
    "details[x].name",
    "benefits.Lab.in_network",
    "benefits.lab.elsewhere",
    "other.name",
    "rates[2026-01-01].custom.x",
]


@pytest.mark.parametrize(("path", "kind", "title"), PATHS)
def test_known_paths(path, kind, title):
    assert is_known(path)
    assert type_of(path) == kind
    assert title_of(path) == title


@pytest.mark.parametrize("path", UNKNOWN)
def test_unknown_paths_are_text(path):
    assert not is_known(path)
    assert type_of(path) == "text"
    assert title_of(path) == path


def test_kinds_have_their_own_fields():
    assert is_known("details.address.zip", "group")
    assert not is_known("details.metal", "group")
    assert not is_known("benefits.lab.in_network", "group")
    assert not is_known("rates[2026-01-01].age_0_14", "group")
    assert not is_known("details.name", "generic")
    assert list(names("generic")) == []


@pytest.mark.parametrize("kind", ["plan", "group"])
def test_every_name_is_a_field(kind):
    listed = list(names(kind))
    assert all(is_known(name.replace("[]", "[2026-01-01]"), kind) for name in listed)
    assert len(set(listed)) == len(listed)


def test_accumulators():
    assert is_accumulator("benefits.deductible.individual.in_network")
    assert not is_accumulator("benefits.lab.in_network")
    assert not is_accumulator("details.deductible")


RATE, DAY, FLAG = "rates[2026-01-01].ee", "details.effective_date", "details.voluntary"
TEXTS = [
    (RATE, "512.40", Decimal("512.40")),
    (RATE, " $1,512.40 ", Decimal("1512.40")),
    (RATE, "-12.00", Decimal("-12.00")),
    (RATE, "-.45", Decimal("-0.45")),
    (RATE, 512, Decimal(512)),
    (RATE, 512.4, Decimal("512.4")),
    (RATE, Decimal("1E+3"), Decimal(1000)),
    (RATE, "ask", Unparsed("ask")),
    (RATE, "", EMPTY),
    (RATE, None, EMPTY),
    (DAY, "2026-01-01", date(2026, 1, 1)),
    (DAY, date(2026, 1, 1), date(2026, 1, 1)),
    (DAY, "20260101", Unparsed("20260101")),
    (DAY, "2026-02-30", Unparsed("2026-02-30")),
    (FLAG, True, Flag.TRUE),
    (FLAG, "No", Flag.FALSE),
    (FLAG, "x", Unparsed("x")),
    ("details.actuarial_value", "70.5 %", Decimal("70.5")),
    ("details.actuarial_value", "70", Decimal(70)),
    ("details.actuarial_value", "high%", Unparsed("high%")),
    ("eligibility.dependent_age", "26", 26),
    ("eligibility.dependent_age", "26.5", Unparsed("26.5")),
    ("eligibility.hours", "37.5", Decimal("37.5")),
    ("details.name", " Gold ", "Gold"),
    ("details.unheard_of", 7, "7"),
    ("details.metal", "gold", "gold"),
    ("benefits.lab.in_network", "$30", cost_share.parse("$30")),
    ("benefits.lab.in_network", "soon", Unparsed("soon")),
    ("benefits.lab.in_network", "Not Applicable", NOT_APPLICABLE),
    (
        "benefits.deductible.individual.in_network",
        "$1,500 / $3,000",
        cost_share.parse("$1,500 / $3,000", accumulator=True),
    ),
    ("details.name", NOT_APPLICABLE, NOT_APPLICABLE),
]


@pytest.mark.parametrize(("path", "text", "value"), TEXTS)
def test_what_people_write(path, text, value):
    read = value_from_text(path, text)
    assert read == value
    assert type(read) is type(value)
    assert str(getattr(read, "raw", read)) == str(getattr(value, "raw", value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("512.40", "512.40"),
        (" x ", " x "),
        (7, 7),
        (True, Flag.TRUE),
        (1.5, Decimal("1.5")),
        (Decimal("1.50"), Decimal("1.50")),
        (None, EMPTY),
    ],
)
def test_generic_records_have_no_types(text, value):
    read = value_from_text("rates[2026-01-01].ee", text, "generic")
    assert read == value
    assert type(read) is type(value)
