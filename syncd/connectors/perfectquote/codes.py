"""Codes of benefits that a plan's type has no name for: `x_` before them in the contract, and the same meaning.

The catalogue names codes type by type (contract, B4). A benefit amount is `benefit_amount` of a life plan and
`x_benefit_amount` of an accidental-death plan, whose type `other` has no codes at all; it is handed over as
`benefit_amount` either way. A code that no type has keeps its prefix, and so does one that stands beside its namesake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Recode: TypeAlias = Callable[[str, frozenset[str]], str]
_PREFIX: Final = "x_"
_DEDUCTIBLE: Final = frozenset({"deductible_individual", "deductible_family"})
_LIFE: Final = frozenset(
    {
        *("benefit_amount", "salary_multiple", "max_benefit", "guarantee_issue", "age_reduction", "adnd_included"),
        *("portability", "conversion"),
    }
)
_DISABILITY: Final = frozenset(
    {
        *("benefit_percent", "max_benefit", "elimination_period", "benefit_duration", "definition_of_disability"),
        *("pre_existing", "own_occupation_period"),
    }
)
_CODES: Final[Mapping[str, frozenset[str]]] = {
    "medical": _DEDUCTIBLE
    | {
        *("oop_max_individual", "oop_max_family", "coinsurance", "pcp_visit", "specialist_visit", "preventive"),
        *("urgent_care", "emergency_room", "inpatient_hospital", "outpatient_surgery", "lab_xray", "advanced_imaging"),
        *("rx_tier1", "rx_tier2", "rx_tier3", "rx_tier4", "rx_deductible", "mental_health_outpatient", "telehealth"),
    },
    "dental": _DEDUCTIBLE
    | {
        *("annual_max", "preventive", "basic", "major", "orthodontia", "ortho_max", "endo_perio", "waiting_periods"),
    },
    "vision": frozenset(
        {
            *("exam", "lenses", "frames_allowance", "contacts_elective", "contacts_necessary"),
            *("frequency_exam", "frequency_lenses", "frequency_frames"),
        }
    ),
    "basic_life": _LIFE,
    "voluntary_life": _LIFE,
    **dict.fromkeys(("std", "ltd", "voluntary_std", "voluntary_ltd"), _DISABILITY),
}
"""The contract's starter catalogue, by type as it is handed over; what an installation adds keeps its own codes."""
_ALL: Final = frozenset().union(*_CODES.values())


def common(code: str, of_type: frozenset[str]) -> str:
    """Give the code as it is called where the catalogue has it."""
    plain = code.removeprefix(_PREFIX)
    return plain if plain != code and plain in _ALL - of_type else code


def own(code: str, of_type: frozenset[str]) -> str:
    """Give the code as a plan of this type must call it."""
    return f"{_PREFIX}{code}" if code in _ALL - of_type else code


def recoded(benefits: Any, plan_type: object, recode: Recode) -> Any:  # noqa: ANN401 - JSON
    """Give a benefits block with the codes of its fields called otherwise."""
    variants = benefits.get("variants") if isinstance(benefits, dict) else None
    if not isinstance(variants, list):
        return benefits
    of_type = _CODES.get(str(plan_type), frozenset())
    return {**benefits, "variants": [_recoded(each, of_type, recode) for each in variants]}


def _recoded(variant: Any, of_type: frozenset[str], recode: Recode) -> Any:  # noqa: ANN401 - JSON
    fields = variant.get("fields") if isinstance(variant, dict) else None
    if not isinstance(fields, list):
        return variant
    taken = {field.get("code") for field in fields if isinstance(field, dict)}
    return {**variant, "fields": [_field(each, taken, of_type, recode) for each in fields]}


def _field(field: Any, taken: set[Any], of_type: frozenset[str], recode: Recode) -> Any:  # noqa: ANN401 - JSON
    code = field.get("code") if isinstance(field, dict) else None
    if not isinstance(code, str):
        return field
    called = recode(code, of_type)
    return field if called == code or called in taken else {**field, "code": called}
