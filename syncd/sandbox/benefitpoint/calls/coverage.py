"""Rates, contributions and eligibility rules: to be read, never to be written. V4 has no calls that write them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.calls import bands
from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Fault
from syncd.sandbox.benefitpoint.tenant import Tenant

_VALUES_PER_RATE = 1000


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
    return {**shown, "associatedBenefitSummaries": _associated(c.tenant, rate), **_values(c.tenant, rate)}


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


def _values(tenant: Tenant, rate: Record) -> Record:
    """Give a rate's values as the wire has them, and how its bands are told.

    `cells` is label of the field -> place -> amount; a place is `EE Only`, `Composite/30-34` or `Composite/30-34/female`.
    """
    tiered, regular = tenant.catalogue.rate_groups(rate["rateTypeID"])
    schedule = schedule_of(tenant, rate)
    fields = {field["label"]: {**field, "rateFieldGroup": _without_fields(tiered)} for field in tiered["rateFields"]}
    places = [
        (label, *_place(text), amount) for label, cells in rate["cells"].items() for text, amount in cells.items()
    ]
    # Bands that are told year by year stand under several indexes.
    told = (
        bands.scale({band for _, _, band, _, _ in places if band}, open_ends=tenant.switches["band_open_ends"])
        if (any(band for _, _, band, _, _ in places))
        else None
    )
    values: list[Record] = []
    for tier in schedule["rateTiers"]:
        for label, name, band, gender, amount in places:
            if name == tier["description"]:
                values += [
                    {
                        "rateField": fields[label],
                        "valueNum": amount,
                        "rateTier": tier,
                        "ageBandIndex": index,
                        "ageBandGender": gender if band else None,
                    }
                    for index in _indexes(tenant, told, band)
                ]
    if rate.get("basis"):
        field = {**regular["rateFields"][0], "rateFieldGroup": _without_fields(regular)}
        chosen = next(item for item in field["optionValues"] if item["description"] == rate["basis"])
        values.append({"rateField": field, "rateOptionValue": chosen})
    numbered = [
        {**value, "rateFieldValueID": rate["rateID"] * _VALUES_PER_RATE + number, "multiValueIndex": 1}
        for number, value in enumerate(values, 1)
    ]
    return {"rateFieldValues": numbered, **_band_facts(told, rate)}


def _indexes(tenant: Tenant, told: bands.Scale | None, band: bands.Band | None) -> list[int | None]:
    if band is None or told is None:
        return [None]
    base = tenant.switches["band_index_base"]
    return [base + place for place, one in enumerate(told.bands) if band.low <= one.low and one.high <= band.high]


def _band_facts(told: bands.Scale | None, rate: Record) -> Record:
    if told is None:
        return {"ageBanded": False}
    female = any(place.endswith("/female") for cells in rate["cells"].values() for place in cells)
    return {
        "ageBanded": True,
        "ageBandedStartOn": told.start,
        "ageBandedEndOn": told.end,
        "ageBandedInterval": told.interval,
        "ageBandedGenderSpecific": female,
    }


def _place(text: str) -> tuple[str, bands.Band | None, str]:
    tier, _, rest = text.partition("/")
    band, _, gender = rest.partition("/")
    return tier, bands.read(band) if band else None, gender or "maleOrAll"


def _without_fields(group: Record) -> Record:
    # The schema recurses here with required children; a server that followed it would never end.
    return {**group, "rateFields": None}


def schedule_of(tenant: Tenant, rate: Record) -> Record:
    """Give the tier schedule of a rate, from its rate type tier."""
    kinds = tenant.catalogue.type_tier_ids
    name = next(name for (kind, name), number in kinds.items() if (kind, number) == _kind(rate))
    return tenant.catalogue.schedule(name)


def _kind(rate: Record) -> tuple[int, int]:
    return rate["rateTypeID"], rate["rateTypeTierID"]


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
    values = [
        {
            "contributionValueID": held["contributionID"] * 10 + number,
            "rateTierID": c.tenant.catalogue.tier_ids[schedule, tier],
            **held["amounts"][names.TIERS[tier]],
        }
        for number, tier in enumerate(names.SCHEDULES[schedule])
        if names.TIERS[tier] in held["amounts"]
    ]
    return {**held, "contributionValues": values}


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
