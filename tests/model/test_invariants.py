"""What every plan that makes sense keeps, and what merely looks odd."""

from __future__ import annotations

import pytest

from syncd.model.fields import value_from_text
from syncd.model.invariants import broken

PLAN = {
    "details.effective_date": "2026-01-01",
    "details.expiration_date": "2026-12-31",
    "benefits.deductible.individual.in_network": "$1,500",
    "benefits.deductible.family.in_network": "$3,000",
    "benefits.oop_max.individual.in_network": "$5,000",
    "benefits.oop_max.family.in_network": "$10,000",
    "rates[2026-01-01].effective_date": "2026-01-01",
    "rates[2026-01-01].tier_structure": "ee+es+ec+ef",
    "rates[2026-01-01].frequency": "monthly",
    "rates[2026-01-01].share": "total",
    "rates[2026-01-01].ee": "500.00",
    "rates[2026-01-01].es": "1000.00",
    "rates[2026-01-01].ec": "900.00",
    "rates[2026-01-01].ef": "1500.00",
    "contributions[2026-01-01].frequency": "monthly",
    "contributions[2026-01-01].ee": "400.00",
    "contributions[2026-01-01].es_percent": "75",
}


def flat(**changes):
    texts = {**PLAN, **{path.replace("__", "."): text for path, text in changes.items()}}
    return {path: value_from_text(path, text) for path, text in texts.items()}


def names(changes):
    return [
        found.name
        for found in broken({**flat(), **{path: value_from_text(path, text) for path, text in changes.items()}})
    ]


def test_a_sound_plan_breaks_nothing():
    assert broken(flat()) == ()
    assert broken({}) == ()


NO_YEAR = {"details.effective_date": None, "details.expiration_date": None}


@pytest.mark.parametrize(
    ("why", "changes", "found"),
    [
        (
            "a family pays less than one person",
            {"benefits.deductible.family.in_network": "$1,000"},
            ["family-deductible"],
        ),
        ("the same for the maximum", {"benefits.oop_max.family.in_network": "$4,000"}, ["family-oop-max"]),
        (
            "the deductible is above the maximum",
            {"benefits.oop_max.individual.in_network": "$1,000"},
            ["deductible-within-maximum"],
        ),
        ("other words are no amounts", {"benefits.deductible.family.in_network": "Included in Medical"}, []),
        ("a percentage is no amount", {"benefits.deductible.family.in_network": "20%"}, []),
        (
            "two amounts are not one",
            {"benefits.deductible.family.in_network": "$1,000 per person | $2,000 per group"},
            [],
        ),
        ("a text that was not understood is no amount", {"benefits.deductible.family.in_network": "ask"}, []),
        (
            "the plan ends before it begins",
            {**NO_YEAR, "details.effective_date": "2026-01-01", "details.expiration_date": "2025-12-31"},
            ["ends-after-start"],
        ),
        ("a renewal before it begins", {"details.renewal_date": "2025-12-01"}, ["ends-after-start"]),
        ("a set ends before it begins", {"rates[2026-01-01].expiration_date": "2025-12-31"}, ["ends-after-start"]),
        ("the rates in force are last year's", {"details.effective_date": "2026-02-01"}, ["rates-of-own-year"]),
        ("the rates in force are next year's", {"rates[2027-01-01].unit": "1.00"}, ["rates-of-own-year"]),
        (
            "without an end a plan lasts a year",
            {"details.expiration_date": None, "rates[2027-02-01].unit": "1.00"},
            ["rates-of-own-year"],
        ),
        ("without a date there is no year", {**NO_YEAR, "rates[2027-01-01].unit": "1.00"}, []),
        ("a set without a date is of no year", {"rates[soon].unit": "1.00"}, []),
        ("each class has rates of its own", {"rates[FT;2025-01-01].unit": "1.00"}, ["rates-of-own-year"]),
        ("history is no mistake", {"rates[2025-01-01].unit": "1.00"}, []),
        ("a tier is missing", {"rates[2026-01-01].ec": None}, ["tiers-complete"]),
        ("a tier is too many", {"rates[2026-01-01].e1": "700.00"}, ["tiers-complete"]),
        (
            "a structure in other words says nothing",
            {"rates[2026-01-01].tier_structure": "4-tier", "rates[2026-01-01].ec": None},
            [],
        ),
        (
            "without a structure there is nothing to complete",
            {"rates[2026-01-01].tier_structure": None, "rates[2026-01-01].ec": None},
            [],
        ),
        ("a set without amounts is not begun yet", {"rates[2026-06-01].tier_structure": "ee+ef"}, []),
        (
            "an amount below zero",
            {"rates[2026-01-01].ee": "-1.00", "contributions[2026-01-01].ee": None},
            ["no-negative-amounts"],
        ),
        ("a decrease at renewal is none", {"rates[2026-01-01].change_percent": "-3"}, []),
        ("a share is more than the premium", {"contributions[2026-01-01].ee": "600.00"}, ["contribution-within-rate"]),
        (
            "another period is not compared",
            {"contributions[2026-01-01].ee": "600.00", "contributions[2026-01-01].frequency": "annual"},
            [],
        ),
        (
            "a share of a share is not compared",
            {"contributions[2026-01-01].ee": "600.00", "rates[2026-01-01].share": "employee"},
            [],
        ),
        ("more than everything", {"contributions[2026-01-01].es_percent": "101"}, ["contribution-within-rate"]),
        ("a share of pay has no such limit", {"contributions[2026-01-01].ee_salary_percent": "101"}, []),
        ("a contribution before any rate", {"contributions[2025-01-01].ee": "9999.00"}, []),
        ("a contribution without a date", {"contributions[soon].ee": "9999.00"}, []),
        (
            "the class's own rates count first",
            {
                "rates[FT;2026-01-01].ee": "700.00",
                "rates[FT;2026-01-01].frequency": "monthly",
                "contributions[FT;2026-01-01].ee": "600.00",
                "contributions[FT;2026-01-01].frequency": "monthly",
            },
            [],
        ),
        (
            "billing rates are another table",
            {"rates[billing;*;2026-01-01].ee": "1.00", "rates[billing;*;2026-01-01].frequency": "monthly"},
            [],
        ),
    ],
)
def test_invariants(why, changes, found):
    assert names(changes) == found, why


def test_a_finding_names_the_paths_and_says_what_is_wrong():
    (found,) = broken({**flat(), "contributions[2026-01-01].ee": value_from_text("rates[2026-01-01].ee", "600.00")})
    assert found.paths == ("contributions[2026-01-01].ee", "rates[2026-01-01].ee")
    assert "600.00" in found.what
