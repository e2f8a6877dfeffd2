"""The words of cost sharing: which texts name a unit, a network, a state or a condition, and how a text is made plain.

Tables and text functions only; nothing here decides what a whole text means (`parse.py` does).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Final


class Unit(enum.Enum):
    """What a charge is counted per, or what a limit counts. The value is the canonical word."""

    INDIVIDUAL = "individual"  # the amount of a person covered alone, not of one person in a family
    PERSON = "person"
    ADULT = "adult"
    CHILD = "child"
    GROUP = "group"  # all members of a family together
    EXAM = "exam"
    LENSES = "lenses"
    FRAMES = "frames"
    MATERIALS = "materials"
    GLASSES = "glasses"
    VISIT = "visit"
    SESSION = "session"
    SERVICE = "service"
    TEST = "test"
    TREATMENT = "treatment"
    PROCEDURE = "procedure"
    TRANSPLANT = "transplant"
    STAY = "stay"
    ADMISSION = "admission"
    EPISODE = "episode"
    CONDITION = "condition"
    OCCURRENCE = "occurrence"
    TRIP = "trip"
    SCRIPT = "script"
    DAY_SUPPLY = "day supply"
    ITEM = "item"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    CALENDAR_YEAR = "calendar year"
    PLAN_YEAR = "plan year"
    CONTRACT_YEAR = "contract year"
    BENEFIT_YEAR = "benefit year"
    BENEFIT_PERIOD = "benefit period"
    PERIOD = "period"
    LIFETIME = "lifetime"
    DOLLAR = "dollar"
    TIME = "time"  # "1 per year" counts times; so does "every 12 months"


class Network(enum.Enum):
    """Whose providers a tier of a joined text is about. The value is the canonical label."""

    IN = "In-Network"
    IN_TIER_2 = "In-Network-Tier-2"
    OUT = "Out-of-Network"
    COMBINED = "Combined-Networks"


class State(enum.Enum):
    """What a text says when it names no charge, or beside it. The value is the canonical text.

    "Not Applicable" and blank are not states: they are the two absences of `model/values.py`.
    """

    COVERED = "Covered"
    NOT_COVERED = "Not Covered"
    MEMBER_PAYS_ALL = "Member Pays All Charges"
    DEDUCTIBLE_WAIVED = "Deductible Waived"
    INCLUDED_IN_MEDICAL = "Included in Medical"
    INCLUDED = "Included"
    NONE = "None"
    UNLIMITED = "Unlimited"
    SEE_DOCUMENT = "See Carrier Documentation"
    UNKNOWN = "Unknown"


# Units that say whom or what an amount is for. Amounts of different levels stand side by side ("$50 per person | $150
# per group") and need no "per" ("$1,500 individual", "$10 exam").
LEVELS: Final = frozenset({
    Unit.INDIVIDUAL, Unit.PERSON, Unit.ADULT, Unit.CHILD, Unit.GROUP,
    Unit.EXAM, Unit.LENSES, Unit.FRAMES, Unit.MATERIALS, Unit.GLASSES,
})  # fmt: skip

_SYNONYMS: Final[dict[Unit, tuple[str, ...]]] = {
    Unit.INDIVIDUAL: ("single", "self only"),
    Unit.PERSON: ("covered person", "member", "covered member", "enrollee", "insured"),
    Unit.CHILD: ("children",),
    Unit.GROUP: ("family", "families"),
    Unit.EXAM: ("examination",),
    Unit.VISIT: ("office visit",),
    Unit.STAY: ("hospital stay", "inpatient stay"),
    Unit.ADMISSION: ("hospital admission", "inpatient admission", "admit"),
    Unit.SCRIPT: ("prescription", "fill"),
    Unit.DAY_SUPPLY: ("day's supply", "days supply", "days' supply", "-day supply"),
    Unit.CALENDAR_YEAR: ("cal year", "cal. year", "cy"),
    Unit.LIFETIME: ("life",),
}


def _unit_words() -> Iterable[tuple[str, Unit]]:
    for unit in Unit:
        for word in (unit.value, *_SYNONYMS.get(unit, ())):
            yield word, unit
            yield word + "s", unit


UNITS: Final[dict[str, Unit]] = dict(_unit_words())

NETWORKS: Final[dict[str, Network]] = {
    "in-network": Network.IN,
    "in network": Network.IN,
    "in-network-tier-1": Network.IN,
    "in-network-tier-2": Network.IN_TIER_2,
    "in-network tier 2": Network.IN_TIER_2,
    "out-of-network": Network.OUT,
    "out of network": Network.OUT,
    "combined-networks": Network.COMBINED,
    "combined-network": Network.COMBINED,
}

ABSENT_WORDS: Final = frozenset({"not applicable", "n/a", "na"})

STATES: Final[dict[str, State]] = {
    **{state.value.lower(): state for state in State},
    "not a covered benefit": State.NOT_COVERED,
    "no coverage": State.NOT_COVERED,
    "not a benefit": State.NOT_COVERED,
    "member pays all": State.MEMBER_PAYS_ALL,
    "you pay all charges": State.MEMBER_PAYS_ALL,
    "all charges": State.MEMBER_PAYS_ALL,
    "included with medical": State.INCLUDED_IN_MEDICAL,
    "no maximum": State.UNLIMITED,
    "no max": State.UNLIMITED,
    "see plan brochure": State.SEE_DOCUMENT,
    "see brochure": State.SEE_DOCUMENT,
    "see plan document": State.SEE_DOCUMENT,
    "see plan documents": State.SEE_DOCUMENT,
    "see carrier documentation for more information": State.SEE_DOCUMENT,
}

_CONDITIONS: Final[dict[str, str]] = {
    "copay waived if admitted": "waived if admitted",
    "copayment waived if admitted": "waived if admitted",
    "waived if admitted to hospital": "waived if admitted",
    "waived if admitted to the hospital": "waived if admitted",
    "up to max eligibility": "up to maximum eligibility",
    "children up to max eligibility": "children up to maximum eligibility",
    "see carrier documentation for more information": "see carrier documentation",
}

_PLAIN: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple((re.compile(pattern), to) for pattern, to in (
    (r"[\u2010-\u2015\u2212]", "-"),
    (r"[\u2018\u2019]", "'"),
    (r"\s+", " "),
    (r"\bchild\(ren\)", "children"),
    (r"(?<=[a-z])(?:\(s\))+", "s"),
    (r"\bco-?\s?pay(?:ment)?s?\b", "copay"),
    (r"\bco-?\s?ins(?:urance)?\b", "coinsurance"),
    (r"\bded\b\.?", "deductible"),
    (r"[\s.]+\Z", ""),
))  # fmt: skip


def plain(text: str) -> str:
    """Give the text in lower case with one spelling of dashes, blanks, plurals and a few words. Idempotent."""
    text = text.strip().lower()
    for pattern, to in _PLAIN:
        text = pattern.sub(to, text)
    return text


def plain_condition(text: str) -> str:
    """Give a condition's one spelling; ValueError when the canonical text could not carry it."""
    text = plain(text)
    if not text or "|" in text or ";" in text:
        raise ValueError(f"not a condition: {text!r}")
    return _CONDITIONS.get(text, text)
