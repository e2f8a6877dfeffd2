"""PerfectQuote's own lists of words: plan types, tiers, periods, and the catalogue of benefit codes."""

from __future__ import annotations

from typing import Literal, get_args

PlanType = Literal["medical", "dental", "vision", "basic_life", "voluntary_life", "std", "ltd", "other"]
Tier = Literal["employee_only", "employee_spouse", "employee_child", "employee_children", "employee_family"]
Stage = Literal["explorer", "presentation", "confirmed"]
RateFrequency = Literal["monthly", "weekly", "quarterly", "yearly", "per_pay_cycle", "one_time"]
ContributionFrequency = Literal[
    "monthly",
    "per_pay_cycle",
    "weekly",
    "biweekly_26",
    "semimonthly_24",
    "bimonthly",
    "quarterly",
    "semiannual",
    "annual",
    "one_time",
]
RejectReason = Literal[
    "unsupported_format",
    "unreadable_pdf",
    "unsupported_carrier",
    "plan_summary_only",
    "benefits_only",
    "rates_only",
    "renewal_letter",
    "effective_year_out_of_range",
]

PLAN_TYPES: tuple[str, ...] = get_args(PlanType)
STAGES: tuple[str, ...] = get_args(Stage)

STRUCTURES: frozenset[frozenset[str]] = frozenset(
    {
        frozenset({"employee_only"}),
        frozenset({"employee_only", "employee_family"}),
        frozenset({"employee_only", "employee_spouse", "employee_family"}),
        frozenset({"employee_only", "employee_spouse", "employee_children", "employee_family"}),
        frozenset(get_args(Tier)),
    }
)
"""The tier structures allowed: 1, 2, 3 (employee_spouse stands for one dependant), 4 and 5 tiers."""

TIMES_A_YEAR: dict[str, int] = {
    "monthly": 12,
    "weekly": 52,
    "biweekly_26": 26,
    "semimonthly_24": 24,
    "bimonthly": 6,
    "quarterly": 4,
    "semiannual": 2,
    "annual": 1,
    "yearly": 1,
}
"""Periods that convert. A pay cycle has no length here, a one-time amount no period: they compare with themselves."""

_RX = {f"rx_tier{tier}": f"Prescription drugs, tier {tier}" for tier in range(1, 5)}
_DEDUCTIBLE = {
    "deductible_individual": "Deductible, individual",
    "deductible_family": "Deductible, family",
}
_LIFE = {
    "benefit_amount": "Benefit amount",
    "salary_multiple": "Multiple of salary",
    "max_benefit": "Maximum benefit",
    "guarantee_issue": "Guarantee issue",
    "age_reduction": "Age reduction",
    "adnd_included": "AD&D included",
    "portability": "Portability",
    "conversion": "Conversion",
}
_DISABILITY = {
    "benefit_percent": "Benefit percent",
    "max_benefit": "Maximum benefit",
    "elimination_period": "Elimination period",
    "benefit_duration": "Benefit duration",
    "definition_of_disability": "Definition of disability",
    "pre_existing": "Pre-existing conditions",
    "own_occupation_period": "Own occupation period",
}
CATALOGUE: dict[str, dict[str, str]] = {
    "medical": {
        **_DEDUCTIBLE,
        "oop_max_individual": "Out-of-pocket maximum, individual",
        "oop_max_family": "Out-of-pocket maximum, family",
        "coinsurance": "Coinsurance",
        "pcp_visit": "Primary care visit",
        "specialist_visit": "Specialist visit",
        "preventive": "Preventive care",
        "urgent_care": "Urgent care",
        "emergency_room": "Emergency room",
        "inpatient_hospital": "Inpatient hospital",
        "outpatient_surgery": "Outpatient surgery",
        "lab_xray": "Laboratory and X-ray",
        "advanced_imaging": "Advanced imaging",
        **_RX,
        "rx_deductible": "Prescription drug deductible",
        "mental_health_outpatient": "Mental health, outpatient",
        "telehealth": "Telehealth",
    },
    "dental": {
        **_DEDUCTIBLE,
        "annual_max": "Annual maximum",
        "preventive": "Preventive",
        "basic": "Basic",
        "major": "Major",
        "orthodontia": "Orthodontia",
        "ortho_max": "Orthodontia maximum",
        "endo_perio": "Endodontics and periodontics",
        "waiting_periods": "Waiting periods",
    },
    "vision": {
        "exam": "Exam",
        "lenses": "Lenses",
        "frames_allowance": "Frames allowance",
        "contacts_elective": "Contact lenses, elective",
        "contacts_necessary": "Contact lenses, necessary",
        "frequency_exam": "Frequency, exam",
        "frequency_lenses": "Frequency, lenses",
        "frequency_frames": "Frequency, frames",
    },
    "basic_life": _LIFE,
    "voluntary_life": _LIFE,
    "std": _DISABILITY,
    "ltd": _DISABILITY,
    "other": {},
}
"""Plan type -> benefit code -> label. Any other code needs the prefix `x_`."""
