"""The fields of our PerfectQuote contract, as vendor paths and types: what a mapping may speak of.

The contract is this project's own (see the package). Rows of rates and
contributions are as `tables.py` hands them over. Benefits are not in this table: their codes come live from the
catalogue. Items of a list are written `list.key`, elements of the benefits list `fields[code=CODE].column`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GROUP: Final[Mapping[str, str]] = {
    "name": "text",
    "legal_name": "text",
    "dba": "text",
    "status": "text",
    "tax_id_last4": "text",
    "tax_id_hash": "text",
    "sic_code": "text",
    "naics_code": "text",
    "address": "object",
    "address.line1": "text",
    "address.line2": "text",
    "address.city": "text",
    "address.state": "text",
    "address.zip": "text",
    "address.county": "text",
    "eligible_count": "integer",
    "enrolled_count": "integer",
    "next_renewal_date": "date",
    "bp_account": "object",
    "bp_account.account_id": "text",
    "bp_account.account_number": "text",
    "bp_account.name": "text",
    "owner_user_id": "text",
}

_DETAILS: Final[Mapping[str, str]] = {
    "plan_type": "text",
    "other_type": "text",
    "name": "text",
    "carrier": "text",
    "carrier_id": "text",
    "network": "text",
    "plan_design": "text",
    "funding": "text",
    "metal_level": "text",
    "hsa_eligible": "boolean",
    "voluntary": "boolean",
    "position": "text",
    "stage": "text",
    "favorite": "boolean",
    "effective_date": "date",
    "end_date": "date",
    "renewal_date": "date",
    "rate_guarantee_months": "integer",
    "policy_number": "text",
    "eligibility": "object",
    "eligibility.min_hours": "number",
    "eligibility.waiting": "object",
    "eligibility.waiting.kind": "text",
    "eligibility.waiting.days": "integer",
    "eligibility.waiting.months": "integer",
    "eligibility.classes": "list",
    "states": "list",
    "prior_plan_id": "text",
    "origination": "text",
    "source": "text",
    "notes": "text",
    "external_ids": "object",
    "external_ids.syncd": "text",
}
_RATES: Final[Mapping[str, str]] = {
    "id": "text",
    "description": "text",
    "primary": "boolean",
    "rate_type": "text",
    "effective_date": "date",
    "expiration_date": "date",
    "frequency": "text",
    "tiers": "list",
    "tiers.means": "text",
    "tiers.rate": "text",
    "tiers.enrolled": "integer",
    "ages": "list",
    "ages.age_from": "integer",
    "ages.age_to": "integer",
    "ages.rate": "text",
    "ages.gender": "text",
    "ages.tobacco": "boolean",
    "child_cap": "integer",
    "age_basis": "text",
    "unit": "object",
    "unit.per": "integer",
    "unit.volume_basis": "text",
    "unit.rate": "text",
    "class_ref": "text",
    "benefits_ref": "text",
    "renewal_change_percent": "text",
    "estimated_monthly_premium": "text",
}
_CONTRIBUTIONS: Final[Mapping[str, str]] = {
    "id": "text",
    "description": "text",
    "class_ref": "text",
    "effective_date": "date",
    "perspective": "text",
    "basis": "text",
    "base_plan_id": "text",
    "frequency": "text",
    "pre_tax": "boolean",
    "entries": "list",
    "entries.means": "text",
    "entries.kind": "text",
    "entries.value": "text",
    "entries.defined": "boolean",
    "max_amount": "text",
}
BENEFITS: Final = "benefits.variants"
PLAN: Final[Mapping[str, str]] = {
    **_DETAILS,
    BENEFITS: "list",
    f"{BENEFITS}.id": "text",
    f"{BENEFITS}.description": "text",
    f"{BENEFITS}.fields": "list",
    "rates.sets": "list",
    **{f"rates.sets.{name}": kind for name, kind in _RATES.items()},
    "contributions.sets": "list",
    **{f"contributions.sets.{name}": kind for name, kind in _CONTRIBUTIONS.items()},
}


def of_benefit(code: str) -> dict[str, str]:
    """Give the paths of one code of the catalogue."""
    at = f"{BENEFITS}.fields[code={code}]"
    return {f"{at}.in_network": "object", f"{at}.out_of_network": "object", f"{at}.label": "text", f"{at}.note": "text"}
