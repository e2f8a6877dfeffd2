"""The story's data: its client and plans in both systems, what a person decides about them, what their users type.

The ids are those of the sandbox's world with seed 1. The values that users type here are the only figures of the demo
that nobody published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
LINKED: Final = (HIGH, STANDARD, OPTIONS)
PROSPER: Final = "pln_0dts1faw52jbsdfk"
"""A plan that was quoted and sold, and that BenefitPoint does not have yet."""
HDHP: Final = "4541856"
"""A plan that stands in BenefitPoint alone."""

_SOURCES: Final = (
    "{details: benefitpoint, benefits: perfectquote, rates: perfectquote, contributions: benefitpoint, "
    "eligibility: benefitpoint}"
)

CHOICES: Final = {
    **{pair.benefitpoint: (f"{{link: {{perfectquote: {pair.perfectquote}}}, sources: {_SOURCES}}}", "") for pair in LINKED},
    PROSPER: ("{copy: benefitpoint, origination: new}", "Sold for 2026"),
    HDHP: ("ignore", "Not placed through us"),
}
"""Record -> what is decided about it, and why."""

RATE_FIELD: Final = "rates[2026-01-01].ee"
CONFLICT_FIELD: Final = "urgent_care.in_network"
TIERS: Final = {"employee_only": "EE Only", "employee_spouse": "EE + One", "employee_family": "EE + Family"}
"""PerfectQuote's tiers and what BenefitPoint calls them, in a schedule of three."""
SCHEDULE: Final = "Schedule 3 Tier"
BASIS: Final = "Per employee per month"
