"""The canonical fields as data: five sections of a plan, one of a group.

Names are public (they stand in mappings, rules, reviews and history): a name is added, never changed. What a name means
in the words of carriers and vendors is written in the mappings that use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Type: TypeAlias = Literal["text", "code", "money", "date", "flag", "integer", "decimal", "percent", "cost_share"]


@dataclass(frozen=True, slots=True)
class Field:
    """A canonical field: name below its section, type, title for people, unit, the words of a code (none: open).

    `local`: it holds a system's own id of a record, so it is never compared or carried over between systems.
    `evidence`: a number by which one system knows the record and others may note it: it helps to find counterparts,
    and nobody is asked to make it equal.
    """

    name: str
    type: Type
    title: str
    unit: str = ""
    codes: tuple[str, ...] = ()
    local: bool = False
    evidence: bool = False


def _fields(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


LINES = (
    *(
        "medical",
        "prescription",
        "dental",
        "vision",
        "basic_life",
        "voluntary_life",
        "spouse_life",
        "child_life",
        "ad_d",
    ),
    *("voluntary_ad_d", "life_ad_d", "std", "voluntary_std", "ltd", "voluntary_ltd", "accident", "critical_illness"),
    *("hospital_indemnity", "limited_benefit", "fsa", "hsa", "hra", "section125", "retirement", "stop_loss", "eap"),
    *("business_travel", "work_life", "legal", "identity_theft", "pet", "other"),
)
FREQUENCIES = (
    *("monthly", "weekly_52", "weekly_48", "biweekly_26", "biweekly_24", "semi_monthly_24", "four_weekly_13"),
    *("every_two_months_6", "quarterly", "semi_annual", "annual", "per_pay_cycle", "one_time"),
)
TIERS = {
    "ee": "Employee",
    "es": "Employee and spouse",
    "ec": "Employee and children",
    "e1c": "Employee and one child",
    "e2c": "Employee and two or more children",
    "es1c": "Employee, spouse and one child",
    "es2c": "Employee, spouse and two or more children",
    "e1": "Employee and one dependent",
    "ef": "Employee and family",
    "so": "Spouse only",
    "co": "Children only",
    "sc": "Spouse and children",
}
NETWORKS = {
    "in_network": "in network",
    "in_network_tier2": "in network, second tier",
    "out_of_network": "out of network",
    "combined": "in and out of network",
}
LEVELS = {"individual": "individual", "family": "family", "family_per_person": "each person of a family"}

DETAILS = _fields(
    Field("name", "text", "Plan name"),
    Field("line", "code", "Line of coverage", codes=LINES),
    Field(
        "plan_type",
        "code",
        "Plan type",
        codes=("hmo", "ppo", "epo", "pos", "indemnity", "hdhp", "dhmo", "dppo", "other"),
    ),
    Field("other_type", "text", "Other type, in words"),
    Field("carrier", "text", "Carrier"),
    Field("carrier_id", "text", "Carrier id"),
    Field("policy_number", "text", "Policy number"),
    Field("carrier_plan_code", "text", "Carrier plan code"),
    Field("hios_id", "text", "HIOS plan id"),
    Field("hios_variant", "text", "HIOS variant"),
    Field(
        *("metal", "code", "Metal level"),
        codes=("platinum", "gold", "silver", "expanded_bronze", "bronze", "catastrophic", "high", "low"),
    ),
    Field("actuarial_value", "percent", "Actuarial value", "%"),
    Field("hsa_eligible", "flag", "HSA eligible"),
    Field("account", "code", "Account beside the plan", codes=("hsa", "hra", "fsa", "none")),
    Field("market", "code", "Market", codes=("individual", "small_group", "large_group", "self_funded")),
    Field("network", "text", "Network"),
    Field("network_id", "text", "Network id"),
    Field("service_area", "text", "Service area"),
    Field("states", "text", "States"),
    Field("referral_required", "flag", "Referral required"),
    Field("effective_date", "date", "Effective date"),
    Field("original_effective_date", "date", "Original effective date"),
    Field("expiration_date", "date", "Expiration date (last day)"),
    Field("renewal_date", "date", "Renewal date"),
    Field("cancellation_date", "date", "Cancellation date"),
    Field("cancellation_reason", "text", "Cancellation reason"),
    Field("continuous_policy", "flag", "Continuous policy"),
    Field("prior_plan", "text", "Prior plan", local=True),
    Field("origination", "code", "Origination", codes=("new", "renewal", "replacement", "prospective")),
    Field("position", "code", "Position in the quote", codes=("current", "renewal", "alternate")),
    Field("accumulator_period", "code", "Deductibles run by", codes=("calendar_year", "plan_year")),
    Field("status", "code", "Status", codes=("prospective", "pending", "current", "cancelled", "expired")),
    Field("funding", "code", "Funding", codes=("fully_insured", "level_funded", "self_funded")),
    Field("voluntary", "flag", "Voluntary"),
    Field("section125", "flag", "Section 125 (before tax)"),
    Field("rate_guarantee_months", "integer", "Rate guarantee", "months"),
    Field("rate_group", "text", "Rate group"),
    Field("risk_factor", "decimal", "Risk factor"),
    Field("billing_frequency", "code", "Billing frequency", codes=FREQUENCIES),
    Field("deduction_frequency", "code", "Payroll deduction frequency", codes=FREQUENCIES),
    Field("annual_periods", "integer", "Deductions a year"),
    Field("prepaid_month", "flag", "One month prepaid"),
    Field("open_enrollment_start", "date", "Open enrolment starts"),
    Field("open_enrollment_end", "date", "Open enrolment ends"),
    Field("summary_url", "text", "Summary of benefits (address)"),
    Field("brochure_url", "text", "Brochure (address)"),
    Field("formulary_url", "text", "Formulary (address)"),
    Field("group_policy_holder", "text", "Policy holder"),
    Field("description", "text", "Description"),
    Field("notes", "text", "Notes"),
)

ELIGIBILITY = _fields(
    Field("classes", "text", "Eligible classes"),
    Field("benefit_group", "text", "Benefit group"),
    Field("hours", "decimal", "Minimum hours a week", "hours"),
    Field(
        *("waiting_period", "code", "Waiting period"),
        codes=("none", "date_of_hire", "first_of_month_after", "first_of_month_coinciding", "exact_days", "other"),
    ),
    Field("waiting_days", "integer", "Waiting period, days", "days"),
    Field("waiting_months", "integer", "Waiting period, months", "months"),
    Field("waiting_text", "text", "Waiting period, in words"),
    Field(
        *("coverage_end", "code", "Coverage ends"),
        codes=("date_of_event", "end_of_month", "end_of_pay_period", "end_of_plan_year", "other"),
    ),
    Field("dependent_age", "integer", "Dependents until age", "years"),
    Field("student_age", "integer", "Students until age", "years"),
    Field("disabled_dependents", "flag", "Disabled dependents without age limit"),
    Field("domestic_partners", "flag", "Domestic partners"),
    Field("retirees", "flag", "Retirees"),
    Field("employment", "text", "Kinds of employment"),
    Field("participation_percent", "percent", "Participation required", "%"),
    Field("notes", "text", "Notes"),
)

# The services that most plans name. Any other name is as good: two systems meet where their mappings use one name.
SERVICES = {
    "deductible": "Deductible",
    "oop_max": "Out-of-pocket maximum",
    "drug_deductible": "Drug deductible",
    "drug_oop_max": "Drug out-of-pocket maximum",
    "annual_max": "Annual maximum",
    "lifetime_max": "Lifetime maximum",
    "coinsurance": "Coinsurance",
    "primary_care": "Primary care visit",
    "specialist": "Specialist visit",
    "preventive": "Preventive care",
    "telehealth": "Telehealth",
    "urgent_care": "Urgent care",
    "emergency_room": "Emergency room",
    "ambulance": "Ambulance",
    "inpatient_facility": "Inpatient facility",
    "inpatient_physician": "Inpatient physician",
    "outpatient_facility": "Outpatient facility",
    "outpatient_physician": "Outpatient physician",
    "outpatient_surgery": "Outpatient surgery",
    "skilled_nursing": "Skilled nursing",
    "home_health": "Home health care",
    "hospice": "Hospice",
    "durable_equipment": "Durable medical equipment",
    "lab": "Laboratory",
    "x_ray": "X-ray",
    "imaging": "Advanced imaging",
    "maternity": "Delivery and maternity",
    "mental_outpatient": "Mental health, outpatient",
    "mental_inpatient": "Mental health, inpatient",
    "substance_outpatient": "Substance use, outpatient",
    "substance_inpatient": "Substance use, inpatient",
    "chiropractic": "Chiropractic",
    "acupuncture": "Acupuncture",
    "physical_therapy": "Physical therapy",
    "occupational_therapy": "Occupational therapy",
    "speech_therapy": "Speech therapy",
    "infertility": "Infertility treatment",
    "hearing_aids": "Hearing aids",
    "rx_generic": "Drugs, generic",
    "rx_preferred": "Drugs, preferred brand",
    "rx_non_preferred": "Drugs, other brand",
    "rx_specialty": "Drugs, specialty",
    "rx_mail_order": "Drugs by mail",
    "dental_preventive": "Dental, preventive",
    "dental_basic": "Dental, basic",
    "dental_major": "Dental, major",
    "orthodontia": "Orthodontia",
    "vision_exam": "Eye exam",
    "vision_frames": "Frames",
    "vision_lenses": "Lenses",
    "vision_contacts": "Contact lenses",
}
# What is said of a benefit beside its cost, and the benefits of life and disability, which have no network.
BENEFIT_WORDS = {"limit": "limit", "note": "note", "frequency": "how often"}
BENEFITS = _fields(
    Field("description", "text", "Summary description"),
    Field("embedded_deductible", "flag", "Embedded deductible"),
    Field("deductible_carry_over", "flag", "Deductible carried over"),
    Field("benefit_amount", "text", "Benefit amount"),
    Field("benefit_percent", "percent", "Benefit, share of pay", "%"),
    Field("benefit_minimum", "money", "Least benefit", "$"),
    Field("benefit_maximum", "money", "Greatest benefit", "$"),
    Field("guaranteed_issue", "money", "Guaranteed issue", "$"),
    Field("elimination_period", "text", "Elimination period"),
    Field("benefit_duration", "text", "Benefit duration"),
    Field("age_reduction", "text", "Reduction by age"),
    Field("definition_of_disability", "text", "Definition of disability"),
    Field("pre_existing", "text", "Pre-existing conditions"),
    Field("network_use", "text", "How the network is used"),
)

_SETS = (
    Field("effective_date", "date", "Effective date"),
    Field("expiration_date", "date", "Expiration date (last day)"),
    Field("frequency", "code", "Per", codes=FREQUENCIES),
    Field("share", "code", "Whose share", codes=("total", "employer", "employee")),
    Field("tier_structure", "code", "Tiers"),
    Field("description", "text", "Description"),
)
RATES = _fields(
    *_SETS,
    *(Field(tier, "money", title, "$") for tier, title in TIERS.items()),
    Field("unit", "money", "Rate per unit of volume", "$"),
    Field("basis", "code", "Basis", codes=("composite", "age", "unit", "salary")),
    Field("unit_basis", "code", "A unit of volume is"),
    Field("includes_employee", "flag", "Dependent tiers include the employee"),
    Field("guarantee_months", "integer", "Rate guarantee", "months"),
    Field("change_percent", "percent", "Change at renewal", "%"),
    Field("estimated_monthly_premium", "money", "Estimated monthly premium", "$"),
    Field("rating_area", "text", "Rating area"),
    Field("rate_group", "text", "Rate group"),
    Field("child_cap", "integer", "Children counted"),
)
# A contribution is dollars, percent of the premium or percent of pay; some vendors split it in the employee's and the
# dependents' part. Each is a cell of its own, because one set may mix them.
_OF = {**TIERS, "employee": "Employee part", "dependent": "Dependents' part"}
_SPLIT = {"": "", "_dependent": ", dependents' part"}
_CELLS = tuple(
    Field(f"{of}{split}", "money", f"{title}{part}", "$") for of, title in _OF.items() for split, part in _SPLIT.items()
)
CONTRIBUTIONS = _fields(
    *_SETS,
    *_CELLS,
    *(Field(f"{cell.name}_percent", "percent", f"{cell.title}, share of the premium", "%") for cell in _CELLS),
    *(Field(f"{cell.name}_salary_percent", "percent", f"{cell.title}, share of pay", "%") for cell in _CELLS),
    Field("basis", "code", "Basis", codes=("per_tier", "employee_dependent", "base_plan", "defined")),
    Field("base_plan", "text", "Reference plan"),
    Field("pretax", "flag", "Before tax"),
    Field("max", "money", "At most", "$"),
)

GROUP = _fields(
    Field("name", "text", "Name"),
    Field("legal_name", "text", "Legal name"),
    Field("dba", "text", "Doing business as"),
    Field("client_number", "text", "Client number", evidence=True),
    Field("account_number", "text", "Account number", evidence=True),
    Field("tax_id_last4", "text", "Tax id, last four"),
    Field("tax_id_hash", "text", "Tax id, keyed hash", evidence=True),
    Field(
        "status",
        "code",
        "Status",
        codes=("prospect", "pending", "active", "pending_termination", "terminated", "inactive"),
    ),
    Field("status_date", "date", "Status since"),
    Field("contract_type", "text", "Contract type"),
    Field("effective_date", "date", "Client since"),
    Field("termination_date", "date", "Client until"),
    Field("next_renewal_date", "date", "Next renewal"),
    Field("open_enrollment_start", "date", "Open enrolment starts"),
    Field("open_enrollment_end", "date", "Open enrolment ends"),
    Field("sic_code", "text", "SIC code"),
    Field("naics_code", "text", "NAICS code"),
    Field("industry", "text", "Industry"),
    Field("market", "code", "Market", codes=("small_group", "large_group")),
    Field("funding", "code", "Funding", codes=("fully_insured", "level_funded", "self_funded")),
    Field("address.line1", "text", "Address"),
    Field("address.line2", "text", "Address, second line"),
    Field("address.city", "text", "City"),
    Field("address.state", "text", "State"),
    Field("address.zip", "text", "ZIP code"),
    Field("address.county", "text", "County"),
    Field("phone", "text", "Telephone"),
    Field("fax", "text", "Fax"),
    Field("email", "text", "E-mail"),
    Field("website", "text", "Website"),
    Field("contact", "text", "Main contact"),
    Field("owner", "text", "Owner"),
    Field("broker", "text", "Broker"),
    Field("office", "text", "Office"),
    Field("parent_group", "text", "Parent group"),
    Field("eligible_count", "integer", "Eligible employees"),
    Field("enrolled_count", "integer", "Enrolled employees"),
    Field("full_time_count", "integer", "Full-time employees"),
    Field("full_time_equivalents", "decimal", "Full-time equivalents"),
    Field("applicable_large_employer", "flag", "Applicable large employer"),
    Field("cafeteria_plan", "flag", "Cafeteria plan"),
    Field("payroll_frequency", "code", "Payroll frequency", codes=FREQUENCIES),
    Field("states", "text", "States"),
    Field("notes", "text", "Notes"),
)
