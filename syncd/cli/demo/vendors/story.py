"""The story's data: its client and plans in both systems, what a person decides about them, what their users type.

The ids are those of the sandbox's world with seed 1. The values that users type here are the only figures of the demo
that nobody published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

NAME: Final = "Federal employees, Washington"
NUMBER: Final = "A-7301"
ACCOUNT: Final = "1275702"
"""The client in BenefitPoint."""
GROUP: Final = "grp_cdhxjcxcmrsa0pdd"
"""The client in PerfectQuote."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A plan that both systems hold."""

    name: str
    perfectquote: str
    benefitpoint: str


HIGH: Final = Pair("High Option", "pln_cx7xvmmpym0y7z8r", "2607023")
STANDARD: Final = Pair("Standard Option", "pln_zjqynep56z7qfgrh", "5677441")
"""Of Kaiser Permanente - Washington Core."""
OPTIONS: Final = Pair("Standard Option", "pln_m451dmmxb92qamrn", "8109950")
"""Of Kaiser Permanente Washington Options Federal: another carrier's plan of the same name."""
_SCHEDULE: Final = "Schedule 3 Tier"
LINKED: Final = (HIGH, STANDARD, OPTIONS)
PROSPER: Final = "pln_0dts1faw52jbsdfk"
PROSPER_NAME: Final = "Prosper"
"""A plan that was quoted and sold, and that BenefitPoint does not have yet."""
HDHP: Final = "4541856"
"""A plan that stands in BenefitPoint alone."""

_SOURCES: Final = (
    "{details: benefitpoint, benefits: perfectquote, rates: perfectquote, contributions: benefitpoint, "
    "eligibility: benefitpoint}"
)

CHOICES: Final = {
    **{
        pair.benefitpoint: (f"{{link: {{perfectquote: {pair.perfectquote}}}, sources: {_SOURCES}}}", "")
        for pair in LINKED
    },
    PROSPER: ("{copy: benefitpoint, origination: new}", "Sold for 2026"),
    HDHP: ("ignore", "Not placed through us"),
}
"""Record -> what is decided about it, and why."""

SCENES: Final = (
    ("Two vendors, one plan", "What the two hold is the same, and hardly a word of it looks the same."),
    (
        "A client is imported",
        "Its number in BenefitPoint is known. Which group it is elsewhere, a person says: names are no evidence.",
    ),
    (
        "Deciding, plan by plan",
        "Which plans are the same is decided in a file. It says what speaks for a pair and what linking overwrites.",
    ),
    ("The first sync", "It writes what was decided, and reads every write back before it counts."),
    ("Meanwhile, people work", "Between two syncs, the users of both vendors change things."),
    ("What flows, and what is asked", "First a preview: every field in every system, and the reason."),
    (
        "Questions, and work for a person",
        "What no rule decides waits in a queue, and as files that anybody can fill in.",
    ),
    ("At rest", "Nobody has changed anything, so nothing is written."),
    ("Why does it say that?", "Every value can be accounted for: who, when, by which decision."),
)
"""The scenes: what each is called, and what it is about."""

# -- what users type ---------------------------------------------------------------------------------------------------

SPECIALIST: Final = "$30 Copayment"
POLICY: Final = "WA-54-2026"
RATE: Final = "1191.36"
URGENT_QUOTED: Final = "45"
URGENT_SOLD: Final = "$50 Copayment"

RATE_FIELD: Final = "rates[2026-01-01].ee"
CONFLICT_FIELD: Final = "urgent_care.in_network"
TIERS: Final = {"employee_only": "EE Only", "employee_spouse": "EE + One", "employee_family": "EE + Family"}
"""PerfectQuote's tiers and what BenefitPoint calls them, in a schedule of three."""


def new_rate(day: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """Give a new rate as it is entered at BenefitPoint's screen."""
    return {
        "description": f"{day[:4]} rates",
        "effectiveAsOf": day,
        "schedule": _SCHEDULE,
        "basis": "Per employee per month",
        "cells": {"Rate": dict(cells)},
    }


def new_contribution(amounts: Mapping[str, str]) -> dict[str, Any]:
    """Give a new contribution as it is entered at BenefitPoint's screen: what the employer pays a month."""
    return {
        "description": "Employer contributions",
        "schedule": _SCHEDULE,
        "contributionFrequency": "Monthly",
        "amounts": dict(amounts),
    }
