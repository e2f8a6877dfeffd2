"""What a brokerage's installation knows beside its clients, as tables of names: ids are made in `catalogue`.

The lines of coverage, schedules and kinds are the contract's words. The names of product types, attributes and rate
fields are tenant data that the vendor does not publish, so they are ours; which attributes a line has follows what
quoting tools hold for it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NETWORKS: Final = {
    "in_network": "In Network",
    "in_network_tier2": "In Network Tier 2",
    "out_of_network": "Out of Network",
    "combined": "In and Out of Network",
}
NO_NETWORK: Final = {"": "Benefit"}


class TypeRow(NamedTuple):
    """A product type: key, names, line of coverage, family of rates (see RATES), attributes (see `attributes`)."""

    key: str
    short: str
    long: str
    line: str
    rates: str
    attributes: str


TYPES: Final = (
    TypeRow("ppo", "PPO", "Medical - PPO", "Medical", "medical", "medical"),
    TypeRow("hmo", "HMO", "Medical - HMO", "Medical", "medical", "medical"),
    TypeRow("epo", "EPO", "Medical - EPO", "Medical", "medical", "medical"),
    TypeRow("pos", "POS", "Medical - POS", "Medical", "medical", "medical"),
    TypeRow("hdhp", "HDHP", "Medical - HDHP", "Medical", "medical", "medical"),
    TypeRow("indemnity", "Indemnity", "Medical - Indemnity", "Medical", "medical", "medical"),
    TypeRow("medical", "Medical Other", "Medical - Other", "Medical", "medical", "medical"),
    TypeRow("prescription", "Prescription", "Prescription Drug", "Medical", "medical", "medical"),
    TypeRow("dppo", "DPPO", "Dental - PPO", "Dental", "dental", "dental"),
    TypeRow("dhmo", "DHMO", "Dental - HMO", "Dental", "dental", "dental"),
    TypeRow("dental", "Dental Other", "Dental - Other", "Dental", "dental", "dental"),
    TypeRow("vision", "Vision", "Vision", "Vision", "vision", "vision"),
    TypeRow("basic_life", "Life", "Basic Life", "Life", "life", "life"),
    TypeRow("dependent_life", "Dep Life", "Dependent Life", "Life", "life", "life"),
    TypeRow(
        *("life_ad_d", "Life/AD&D", "Life and AD&D", "Life_and_Accidental_Death_and_Dismemberment", "life", "life"),
    ),
    TypeRow("ad_d", "AD&D", "Accidental Death", "Accidental_Death_and_Dismemberment", "life", "life"),
    TypeRow("voluntary_life", "Vol Life", "Voluntary Life", "Voluntary_Life", "voluntary_life", "life"),
    TypeRow(
        *("voluntary_ad_d", "Vol AD&D", "Voluntary Accidental Death"),
        *("Voluntary_Accidental_Death_and_Dismemberment", "voluntary_life", "life"),
    ),
    TypeRow("std", "STD", "Short Term Disability", "Short_Term_Disability", "std", "std"),
    TypeRow("voluntary_std", "Vol STD", "Voluntary Short Term Disability", "Short_Term_Disability", "std", "std"),
    TypeRow("ltd", "LTD", "Long Term Disability", "Long_Term_Disability", "ltd", "ltd"),
    TypeRow("voluntary_ltd", "Vol LTD", "Voluntary Long Term Disability", "Long_Term_Disability", "ltd", "ltd"),
    TypeRow("accident", "Accident", "Accident", "Limited_Benefit_Products", "worksite", "accident"),
    TypeRow("critical_illness", "CI", "Critical Illness", "Limited_Benefit_Products", "worksite", "critical_illness"),
    TypeRow("hospital_indemnity", "HI", "Hospital Indemnity", "Limited_Benefit_Products", "worksite", "hospital"),
    TypeRow("limited_benefit", "Limited", "Limited Benefit Medical", "Limited_Benefit_Products", "worksite", "other"),
    TypeRow("business_travel", "BTA", "Business Travel Accident", "Business_Travel_Accident", "worksite", "other"),
    TypeRow("eap", "EAP", "Employee Assistance Program", "Employee_Assistance_Program", "fee", "other"),
    TypeRow("work_life", "Work/Life", "Work Life", "Work_Life", "fee", "other"),
    TypeRow("stop_loss", "Stop Loss", "Stop Loss", "Stop_Loss", "medical", "other"),
    TypeRow("fsa", "FSA", "Flexible Spending Account", "Section_125", "fee", "other"),
    TypeRow("hsa", "HSA", "Health Savings Account", "Section_125", "fee", "other"),
    TypeRow("hra", "HRA", "Health Reimbursement Arrangement", "Section_125", "fee", "other"),
    TypeRow("section125", "POP", "Premium Only Plan", "Section_125", "fee", "other"),
    TypeRow("retirement", "401(k)", "Retirement - 401(k)", "Retirement_Products", "fee", "other"),
    TypeRow("cobra", "COBRA Administration", "COBRA Administration", "Additional_Product", "fee", "other"),
    TypeRow("fsa_admin", "FSA Administration", "FSA Administration", "Additional_Product", "fee", "other"),
    TypeRow("hsa_admin", "HSA Administration", "HSA Administration", "Additional_Product", "fee", "other"),
    TypeRow("hra_admin", "HRA Administration", "HRA Administration", "Additional_Product", "fee", "other"),
    TypeRow("section125_admin", "POP Administration", "POP Administration", "Additional_Product", "fee", "other"),
    TypeRow("legal", "Legal", "Legal Services", "Additional_Product", "fee", "other"),
    TypeRow("identity_theft", "ID Theft", "Identity Theft Protection", "Additional_Product", "fee", "other"),
    TypeRow("pet", "Pet", "Pet Insurance", "Additional_Product", "fee", "other"),
    TypeRow("other", "Other Service", "Other Service", "Additional_Product", "fee", "other"),
)

SAME_TYPE: Final = {"spouse_life": "dependent_life", "child_life": "dependent_life"}
"""Lines that the vendor sells as one type."""

TIERS: Final = {
    "composite": "Composite",
    "ee": "EE Only",
    "es": "EE + Spouse",
    "ec": "EE + Child(ren)",
    "ef": "EE + Family",
    "e1": "EE + One",
    "e1c": "EE + Child",
    "e2c": "EE + Children",
    "es1c": "EE + Spouse + Child",
    "es2c": "EE + Spouse + Children",
}
SCHEDULES: Final = {
    "Schedule 4 Tier": ("ee", "es", "ec", "ef"),
    "Composite": ("composite",),
    "EE Only": ("ee",),
    "Schedule 2 Tier": ("ee", "ef"),
    "Schedule 3 Tier": ("ee", "e1", "ef"),
    "Schedule 5 Tier": ("ee", "es", "e1c", "e2c", "ef"),
    "Schedule 6 Tier": ("ee", "es", "e1c", "e2c", "es1c", "es2c"),
    "Schedule 8 Tier": ("ee", "es", "ec", "ef", "e1c", "e2c", "es1c", "es2c"),
}
TIERED: Final = tuple(SCHEDULES)

UNITS: Final = {
    "per_1000_volume": "Rate per $1,000",
    "per_10_weekly_benefit": "Rate per $10 of weekly benefit",
    "per_100_payroll": "Rate per $100 of covered payroll",
    "per_100_benefit": "Rate per $100 of monthly benefit",
}
BASES: Final = {
    "monthly": "Per employee per month",
    "per_pay": "Per employee per pay cycle",
    "annual": "Per employee per year",
    "unit": "Per unit of volume per month",
    "unit_per_pay": "Per unit of volume per pay cycle",
}


class RateRow(NamedTuple):
    """A family of rate types: title, whether one is self-funded, schedules, banding, fields of the tiered group."""

    title: str
    self_funded: bool
    schedules: tuple[str, ...]
    banded: str
    fields: tuple[str, ...]


_PERSON: Final = ("Rate", "Number of Lives")
_VOLUME: Final = (*UNITS.values(), "Rate", "Volume", "Number of Lives")
RATES: Final = {
    "medical": RateRow(
        "Medical", self_funded=True, schedules=TIERED, banded="Optional", fields=(*_PERSON, "Tobacco Rate")
    ),
    "dental": RateRow("Dental", self_funded=True, schedules=TIERED, banded="Optional", fields=_PERSON),
    "vision": RateRow("Vision", self_funded=True, schedules=TIERED, banded="Optional", fields=_PERSON),
    "life": RateRow("Life", self_funded=False, schedules=TIERED, banded="Optional", fields=_VOLUME),
    "voluntary_life": RateRow(
        *("Voluntary life", False, TIERED, "Optional"),
        fields=(*_VOLUME, "Tobacco Rate"),
    ),
    "std": RateRow("Short term disability", self_funded=True, schedules=TIERED, banded="Optional", fields=_VOLUME),
    "ltd": RateRow("Long term disability", self_funded=False, schedules=TIERED, banded="Optional", fields=_VOLUME),
    "worksite": RateRow(
        "Worksite", self_funded=False, schedules=TIERED, banded="Optional", fields=(*_VOLUME, "Tobacco Rate")
    ),
    "fee": RateRow("Fee", self_funded=True, schedules=TIERED, banded="Not_Allowed", fields=_PERSON),
}

OFFICES: Final = (("Sample Office North", "North"), ("Sample Office South", "South"), ("Sample Office West", "West"))
USERS: Final = (
    ("admin", "Ada", "Sample", "Benefits administrator"),
    ("contact", "Ben", "Sample", "Account manager"),
    ("sales1", "Cora", "Sample", "Producer"),
    ("service1", "Dana", "Sample", "Client service"),
    ("sales2", "Eli", "Sample", "Producer"),
    ("service2", "Fay", "Sample", "Client service"),
    ("ws", "Web", "Service", "Web service user"),
)
DEPARTMENT: Final = 4
TEST_CARRIERS: Final = ("Test Carrier (Health)", "Test Carrier (Life)")
"""The vendor keeps test carriers for both of its lists; the names are ours."""
UNNAMED_CARRIER: Final = "To Be Determined"
"""A plan cannot be without a carrier here; what plans are given whose source names none."""
PAID_BY_ONLY: Final = "Sample General Agency"
"""On the list of who pays commissions, not on the list of carriers."""

SUBJECTS: Final = ("Client Service", "Renewal", "Plan Change", "Rates and Contributions", "Eligibility", "Enrollment")
QUALIFIERS: Final = ("Client request", "Carrier change", "Plan year")
ROLES: Final = ("Administrator", "Producer", "Service", "Analyst")
VIEW_LEVELS: Final = ("Basic", "Intermediate", "Detailed")
