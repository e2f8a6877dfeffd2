"""Which attributes a benefit summary has, by kind of plan: sections, names, and the neutral name each is known by.

The neutral name is the seed's path below `benefits`, without its network; an attribute without one is the vendor's
alone. A name that begins with "> " is a child of the attribute above it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Section: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]

_MEDICAL: Final[tuple[Section, ...]] = (
    (
        "General plan information",
        (
            ("Annual Deductible - Individual", "deductible.individual"),
            ("Annual Deductible - Family", "deductible.family"),
            ("Annual Deductible - Family, per Person", "deductible.family_per_person"),
            ("Coinsurance", "coinsurance"),
            ("Out-of-Pocket Maximum - Individual", "oop_max.individual"),
            ("Out-of-Pocket Maximum - Family", "oop_max.family"),
            ("Out-of-Pocket Maximum - Family, per Person", "oop_max.family_per_person"),
            ("Lifetime Maximum", "lifetime_max.individual"),
            ("Annual Maximum", "annual_max.individual"),
            ("Embedded Deductible", "embedded_deductible"),
            ("Deductible Carry-Over", "deductible_carry_over"),
            ("Network", "network"),
            ("Use of the Network", "network_use"),
        ),
    ),
    (
        "Office visits",
        (
            ("Primary Care Visit", "primary_care"),
            ("Specialist Visit", "specialist"),
            ("Preventive Care", "preventive"),
            ("Telehealth", "telehealth"),
            ("Chiropractic", "chiropractic"),
            ("Acupuncture", "acupuncture"),
            ("Physical Therapy", "physical_therapy"),
            ("Occupational Therapy", "occupational_therapy"),
            ("Speech Therapy", "speech_therapy"),
        ),
    ),
    (
        "Urgent and emergency care",
        (("Urgent Care", "urgent_care"), ("Emergency Room", "emergency_room"), ("Ambulance", "ambulance")),
    ),
    (
        "Hospital and facility",
        (
            ("Inpatient Facility", "inpatient_facility"),
            ("Inpatient Physician", "inpatient_physician"),
            ("Outpatient Facility", "outpatient_facility"),
            ("Outpatient Physician", "outpatient_physician"),
            ("Outpatient Surgery", "outpatient_surgery"),
            ("Maternity", "maternity"),
            ("Skilled Nursing Facility", "skilled_nursing"),
            ("Home Health Care", "home_health"),
            ("Hospice", "hospice"),
        ),
    ),
    (
        "Diagnostics",
        (("Laboratory", "lab"), ("X-Ray", "x_ray"), ("Advanced Imaging", "imaging")),
    ),
    (
        "Mental health and substance abuse",
        (
            ("Mental Health - Outpatient", "mental_outpatient"),
            ("Mental Health - Inpatient", "mental_inpatient"),
            ("Substance Abuse - Outpatient", "substance_outpatient"),
            ("Substance Abuse - Inpatient", "substance_inpatient"),
        ),
    ),
    (
        "Other services",
        (
            ("Durable Medical Equipment", "durable_equipment"),
            ("Infertility", "infertility"),
            ("Hearing Aids", "hearing_aids"),
        ),
    ),
    (
        "Prescription drugs",
        (
            ("Drug Deductible - Individual", "drug_deductible.individual"),
            ("Drug Deductible - Family", "drug_deductible.family"),
            ("Drug Out-of-Pocket Maximum - Individual", "drug_oop_max.individual"),
            ("Drug Out-of-Pocket Maximum - Family", "drug_oop_max.family"),
            ("Retail", ""),
            ("> Tier 1", "rx_generic"),
            ("> Tier 2", "rx_preferred"),
            ("> Tier 3", "rx_non_preferred"),
            ("> Tier 4", "rx_specialty"),
            ("Mail Order", "rx_mail_order"),
        ),
    ),
)

_DENTAL: Final[tuple[Section, ...]] = (
    (
        "General plan information",
        (
            ("Deductible - Individual", "deductible.individual"),
            ("Deductible - Family", "deductible.family"),
            ("Deductible - Family, per Person", "deductible.family_per_person"),
            ("Deductible Period", ""),
            ("Annual Maximum - Individual", "annual_max.individual"),
            ("Annual Maximum - Family", "annual_max.family"),
            ("Out-of-Pocket Maximum - Individual", "oop_max.individual"),
            ("Out-of-Pocket Maximum - Family", "oop_max.family"),
            ("Network", "network"),
            ("Second Network", ""),
            ("Out-of-Network Payment Basis (UCR)", ""),
            ("Use of the Network", "network_use"),
        ),
    ),
    (
        "Coinsurance",
        (
            ("Preventive Services", "dental_preventive"),
            ("Basic Services", "dental_basic"),
            ("Major Services", "dental_major"),
            ("Orthodontia", "orthodontia"),
            ("Orthodontia Lifetime Maximum", "lifetime_max.individual"),
        ),
    ),
    (
        "Service placement",
        (("Exams", ""), ("Cleanings", ""), ("X-Rays", ""), ("Fillings", ""), ("Endodontics", ""), ("Periodontics", "")),
    ),
    ("Frequencies", (("Cleaning Frequency", ""), ("Exam Frequency", ""), ("X-Ray Frequency", ""))),
    (
        "Waiting periods",
        (("Basic Waiting Period", ""), ("Major Waiting Period", ""), ("Orthodontia Waiting Period", "")),
    ),
    ("Rollover", (("Rollover Amount", ""), ("Rollover Threshold", ""), ("Rollover Account Limit", ""))),
)

_VISION: Final[tuple[Section, ...]] = (
    (
        "Exam and materials",
        (
            ("Exam Copay", "vision_exam"),
            ("Materials Copay", ""),
            ("Lenses", "vision_lenses"),
            ("> Single Vision", ""),
            ("> Bifocal", ""),
            ("> Trifocal", ""),
            ("> Standard Progressive", ""),
            ("> Premium Progressive", ""),
            ("Frame Allowance", "vision_frames"),
            ("Elective Contact Lenses", "vision_contacts"),
            ("Use of the Network", "network_use"),
        ),
    ),
    (
        "Frequencies",
        (
            ("Exam Frequency", "vision_exam.frequency"),
            ("Lens Frequency", "vision_lenses.frequency"),
            ("Frame Frequency", "vision_frames.frequency"),
            ("Contact Lens Frequency", "vision_contacts.frequency"),
        ),
    ),
)

# What every benefit without a network can have.
_AMOUNTS: Final = (
    ("Benefit Amount", "benefit_amount"),
    ("Benefit Percentage", "benefit_percent"),
    ("Minimum Benefit", "benefit_minimum"),
    ("Maximum Benefit", "benefit_maximum"),
    ("Guarantee Issue", "guaranteed_issue"),
)
_TERMS: Final = (
    ("Elimination Period", "elimination_period"),
    ("Benefit Duration", "benefit_duration"),
    ("Age Reductions", "age_reduction"),
    ("Definition of Disability", "definition_of_disability"),
    ("Pre-Existing Conditions", "pre_existing"),
)


def _named(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, "") for name in names)


def _plain(title: str, *sections: Section) -> tuple[Section, ...]:
    return ((title, _AMOUNTS), ("Terms", _TERMS), *sections)


ATTRIBUTES: Final[dict[str, tuple[Section, ...]]] = {
    "medical": _MEDICAL,
    "dental": _DENTAL,
    "vision": _VISION,
    "life": _plain(
        "Life benefit",
        ("Calculation", _named("Calculation Type", "Increment", "Salary Multiple", "AD&D Included")),
        ("Dependents", _named("Spouse Amount", "Child Amount")),
        ("Riders", _named("Waiver of Premium", "Portability", "Conversion")),
    ),
    "std": _plain(
        "Weekly benefit",
        ("Per class", _named("Tax Treatment", "Contribution Type")),
        ("Elimination", _named("Elimination - Injury", "Elimination - Sickness", "Earnings Definition")),
    ),
    "ltd": _plain(
        "Monthly benefit",
        ("Per class", _named("Tax Treatment", "Own Occupation Period", "Own Occupation Wording")),
        ("Duration", _named("ADEA Schedule", "Earnings Definition")),
    ),
    "accident": _plain(
        "Accident benefit",
        ("General", _named("Coverage Type", "Participation", "Wellness Benefit")),
        ("AD&D", _named("AD&D - Employee", "AD&D - Spouse", "AD&D - Child")),
        ("Transport", _named("Ambulance - Ground", "Ambulance - Air")),
        ("Hospital", _named("Hospital Admission", "Hospital Daily", "Hospital Day Limit", "Emergency Room")),
        ("Recovery", _named("Prosthesis", "Physical Therapy")),
    ),
    "critical_illness": _plain(
        "Critical illness benefit",
        ("Amounts", _named("Increment", "Lifetime Maximum", "Spouse Percentage", "Child Percentage")),
        (
            "Conditions",
            _named(
                *("Heart Attack", "Stroke", "Invasive Cancer", "Cancer in Situ", "Skin Cancer", "Organ Failure"),
                *("Kidney Failure", "Coronary Bypass", "Coma", "Paralysis", "Blindness", "Deafness", "Loss of Speech"),
                *("Severe Burns", "Multiple Sclerosis", "Parkinson's Disease", "Alzheimer's Disease", "ALS"),
                *("Benign Brain Tumor", "Occupational HIV"),
            ),
        ),
        ("Recurrence", _named("Separation Period")),
    ),
    "hospital": _plain(
        "Hospital benefit",
        ("Hospital", _named("Hospital Admission", "Hospital Confinement", "ICU Admission", "ICU Confinement")),
        ("Mental health", _named("Mental and Nervous", "Substance Abuse")),
    ),
    "other": _plain("Benefit", ("Description", _named("Services", "Visits", "Limits"))),
}
NETWORKED: Final = frozenset({"medical", "dental", "vision"})
