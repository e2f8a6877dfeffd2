"""A seeded plan as a product: type, carrier, dates, flags, money's frequency, people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.seed.model import SeedGroup, SeedPlan

_MEDICAL: Final = frozenset({"ppo", "hmo", "epo", "pos", "hdhp", "indemnity"})
_DENTAL: Final = frozenset({"dppo", "dhmo"})
_METALS: Final = {
    "platinum": "Platinum (90%)",
    "gold": "Gold (80%)",
    "silver": "Silver (70%)",
    "bronze": "Bronze (60%)",
}
_ORIGINS: Final = {"new": "New", "renewal": "Renewal", "replacement": "Replacement", "prospective": "Prospective"}
_MARKETS: Final = {"small_group": "Small_Group", "large_group": "Large_Group"}
_PAYMENTS: Final = {
    "monthly": "per_Month",
    "annual": "per_Year",
    "weekly_52": "per_Week",
    "quarterly": "Quarterly",
    "one_time": "One_Time",
    "semi_annual": "Semi_Annual",
    "every_two_months_6": "Bi_Monthly",
}


def type_key(plan: SeedPlan) -> str:
    """Choose the product type."""
    texts = plan.texts("benefitpoint")
    line, kind = texts["details.line"], texts.get("details.plan_type", "")
    if "additional_product" in plan.tags:
        return _service(line, texts)
    if line == "medical":
        return kind if kind in _MEDICAL else "medical"
    if line == "dental":
        return kind if kind in _DENTAL else "dental"
    line = names.SAME_TYPE.get(line, line)
    return line if any(row.key == line for row in names.TYPES) else "other"


def _service(line: str, texts: dict[str, str]) -> str:
    """Choose the type of a service without benefits."""
    if "COBRA" in texts.get("details.other_type", ""):
        return "cobra"
    return f"{line}_admin" if any(row.key == f"{line}_admin" for row in names.TYPES) else "other"


def product(group: SeedGroup, plan: SeedPlan, tenant: Catalogue, leads: tuple[int, int]) -> Record:
    """Make the product."""
    texts = plan.texts("benefitpoint")
    kind = tenant.type_ids[type_key(plan)]
    service = tenant.types[kind].line == "Additional_Product"
    effective = texts["details.effective_date"]
    record: Record = {
        "productID": int(plan.ids["benefitpoint"]),
        "accountID": int(group.ids["benefitpoint"]),
        "productTypeID": kind,
        "isAdditionalProduct": service,
        "name": texts["details.name"],
        "brokerOfRecordAsOf": texts.get("details.original_effective_date", effective),
        "policyNumber": texts.get("details.policy_number"),
        **_origin(group, plan, texts),
        "effectiveAsOf": effective,
        "renewalOn": _renewal(texts),
        "continousPolicy": texts.get("details.continuous_policy") == "true",
        "originalEffectiveAsOf": texts.get("details.original_effective_date", effective),
        "cancellationOn": texts.get("details.cancellation_date"),
        "cancellationReason": "Other" if "details.cancellation_date" in texts else None,
        "voluntaryProduct": texts.get("details.voluntary") == "true",
        "unionProduct": False,
        "nonPayable": False,
        "nonRevenue": False,
        "premiumPaymentFrequency": _payment(texts),
        **_carrier(texts, tenant),
        "departmentID": names.DEPARTMENT,
        "primarySalesLeadUserID": leads[0],
        "primaryServiceLeadUserID": leads[1],
        "msaInfo": {"nationWide": True, "msaIDs": []},
        "commissionInfo": {"commissionStartOn": effective},
        "policyIntegrationInfo": None,
        "metalLevelType": _METALS.get(texts.get("details.metal", "")),
        "_key": plan.key,
    }
    record["officeID"] = list(tenant.offices)[record["accountID"] % len(tenant.offices)]
    record["totalEstimatedMonthlyPremium"] = _estimate(texts)
    notes = texts.get("details.notes")
    record.update({"additionalProductInfo": {"notes": notes}} if service else {"planInfo": _info(texts)})
    return record


def _info(texts: dict[str, str]) -> Record:
    return {
        "alternativePlanID": texts.get("details.carrier_plan_code"),
        "notes": texts.get("details.notes"),
        "frozenEnrollment": False,
        "requires5500": None,
        "marketSize": _MARKETS.get(texts.get("details.market", "")),
        "stateList": [],
    }


def _origin(group: SeedGroup, plan: SeedPlan, texts: dict[str, str]) -> Record:
    """Say where the plan comes from; a renewal always names its prior plan, or the server would not take it back."""
    before = next((item for item in group.plans if item.key == plan.prior and "benefitpoint" in item.sides), None)
    parent = int(before.ids["benefitpoint"]) if before else None
    reason = _ORIGINS.get(texts.get("details.origination", ""), "Renewal" if parent else "New")
    if reason == "Renewal" and parent is None:
        reason = "New"
    return {"policyOriginationReason": reason, "parentProductID": parent}


def _renewal(texts: dict[str, str]) -> str | None:
    """Give the renewal: the vendor has no end date, a plan's last day is the day before."""
    if "details.renewal_date" in texts:
        return texts["details.renewal_date"]
    last = texts.get("details.expiration_date")
    return (date.fromisoformat(last) + timedelta(days=1)).isoformat() if last else None


def _payment(texts: dict[str, str]) -> str | None:
    stated = [text for path, text in texts.items() if path.startswith("rates[") and path.endswith(".frequency")]
    return _PAYMENTS.get(stated[-1], "per_Pay_Cycle") if stated else None


def _estimate(texts: dict[str, str]) -> str | None:
    stated = [text for path, text in texts.items() if path.endswith(".estimated_monthly_premium")]
    return stated[-1] if stated else None


def _carrier(texts: dict[str, str], tenant: Catalogue) -> Record:
    """Name the carrier, and who pays the commission: the carrier, or an agency where none is named."""
    name = texts.get("details.carrier") or names.UNNAMED_CARRIER
    unnamed = name == names.UNNAMED_CARRIER
    return {
        "carrierID": tenant.carrier_ids[name],
        "billingType": "Direct_Bill",
        "billingCarrierType": "Other_Brokerage_or_GA" if unnamed else "Insurer_or_TPA",
        "billingCarrierID": tenant.carrier_ids[names.PAID_BY_ONLY if unnamed else name],
    }
