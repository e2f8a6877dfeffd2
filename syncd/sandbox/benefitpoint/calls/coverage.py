"""Rates, contributions and eligibility rules: to be read, never to be written. V4 has no calls that write them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.calls.rate_values import values
from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Fault
from syncd.sandbox.benefitpoint.tenant import Tenant


def _of_plan(c: Call, kind: str) -> Iterator[Record]:
    """Give a plan's records; the search wants a plan, or a plan design (there are none here)."""
    if c.criteria["productID"] is None and c.criteria["planDesignID"] is None:
        raise Fault("productID or planDesignID is required.", "Client")
    if c.criteria["planDesignID"] is None:
        c.tenant.need("product", c.criteria["productID"])
        yield from c.tenant.state.of_product(kind, c.criteria["productID"])


# -- rates ------------------------------------------------------------------------------------------------------------


@call("findRates", "product")
def find_rates(c: Call) -> Answer:
    """Search by plan or by marketing response. By plan, expired rates and those of responses are among the hits."""
    asked = c.criteria
    if asked["productID"] is None and asked["responseID"] is None:
        raise Fault("productID or responseID is required.", "Client")
    if asked["productID"] is not None:
        c.tenant.need("product", asked["productID"])
    return [
        _rate_summary(c.tenant, rate)
        for number, rate in sorted(c.tenant.state.tables["rate"].items())
        if asked["productID"] in {None, rate["productID"]}
        and asked["responseID"] in {None, rate.get("responseID")}
        and c.tenant.find("rate", number) is not None
    ]


def _rate_summary(tenant: Tenant, rate: Record) -> Record:
    shown = _with_rights(tenant, rate)
    return {
        **rate,
        "associatedBenefitSummaries": _associated(tenant, rate),
        "annualizedPremium": _by_twelve(shown.get("estimatedMonthlyPremium")),
        "annualizedRevenue": _by_twelve(shown.get("estimatedMonthlyRevenue")),
    }


def _by_twelve(monthly: str | None) -> str | None:
    return None if monthly is None else str(Decimal(monthly) * 12)


@call("getRate", "product", ("rate", "rateID"))
def get_rate(c: Call) -> Answer:
    """Give one rate with its values."""
    rate = c.tenant.get("rate", c.args["rateID"])
    if rate is None:
        return None
    shown = _with_rights(c.tenant, rate)
    return {**shown, "associatedBenefitSummaries": _associated(c.tenant, rate), **values(c.tenant, rate)}


def _with_rights(tenant: Tenant, rate: Record) -> Record:
    shown = dict(rate)
    if not tenant.switches["rights.revenue"]:
        shown["commissions"] = []
    if not tenant.switches["rights.financial_info"]:
        shown["estimatedMonthlyPremium"] = shown["estimatedMonthlyRevenue"] = None
    return shown


def _associated(tenant: Tenant, rate: Record) -> list[Record]:
    summaries = tenant.state.tables["benefit_summary"]
    return [summaries[number] for number in rate.get("summaries", ()) if number in summaries]


@call("getRateTypes", "product")
def get_rate_types(c: Call) -> Answer:
    """Give every rate type."""
    return c.tenant.catalogue.rate_types


@call("getRateStructure", "product")
def get_rate_structure(c: Call) -> Answer:
    """Give the sections, fields and tier schedules of a rate type."""
    structure = c.tenant.catalogue.rate_structure(c.args["rateTypeID"])
    if structure is None:
        raise Fault("rateTypeID is not a valid rate type.", "Client")
    return structure


# -- contributions ----------------------------------------------------------------------------------------------------


@call("findContributions", "product")
def find_contributions(c: Call) -> Answer:
    """Search by plan."""
    return list(_of_plan(c, "contribution"))


@call("getContribution", "product", ("contribution", "contributionID"))
def get_contribution(c: Call) -> Answer:
    """Give one contribution. `amounts` is tier -> kind -> amount; a tier without one has no value."""
    held = c.tenant.get("contribution", c.args["contributionID"])
    if held is None:
        return None
    schedule = c.tenant.catalogue.schedule_of(held["rateTierScheduleID"]) or "Composite"
    shares = [
        {
            "contributionValueID": held["contributionID"] * 10 + number,
            "rateTierID": c.tenant.catalogue.tier_ids[schedule, tier],
            **held["amounts"][names.TIERS[tier]],
        }
        for number, tier in enumerate(names.SCHEDULES[schedule])
        if names.TIERS[tier] in held["amounts"]
    ]
    return {**held, "contributionValues": shares}


@call("getContributionStructure", "product")
def get_contribution_structure(c: Call) -> Answer:
    """Give the tier schedules that a type's contributions can have."""
    structure = c.tenant.catalogue.contribution_structure(c.args["productTypeID"])
    if structure is None:
        raise Fault("productTypeID is not a valid product type.", "Client")
    return structure


# -- eligibility ------------------------------------------------------------------------------------------------------


@call("findEligibilityRules", "product")
def find_eligibility_rules(c: Call) -> Answer:
    """Search by plan."""
    return list(_of_plan(c, "eligibility_rule"))


@call("getEligibilityRule", "product", ("eligibility_rule", "eligibilityRuleID"))
def get_eligibility_rule(c: Call) -> Answer:
    """Give one rule: which summary, rate and contribution go together, and for whom."""
    return c.tenant.get("eligibility_rule", c.args["eligibilityRuleID"])
