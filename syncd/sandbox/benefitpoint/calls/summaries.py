"""Benefit summaries: attribute values of a plan, by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.calls.updating import updated
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Rejected
from syncd.sandbox.benefitpoint.tenant import Tenant, copied

_OWNED: Final = ("benefitSummaryID", "productID", "lastModifiedOn", "createdOn")
_CHOICES: Final = ("none", "standard", "copyFromBenefitSummary")


@call("findBenefitSummaries", "product")
def find_benefit_summaries(c: Call) -> Answer:
    """Search an account, or one of its plans."""
    account = c.tenant.need("account", c.criteria["accountID"])["accountID"]
    wanted = c.criteria["productID"]
    return [
        item
        for _, item in sorted(c.tenant.state.tables["benefit_summary"].items())
        if c.tenant.owner_of("benefit_summary", item) == account
        and (wanted is None or item["productID"] == wanted)
        and c.criteria["planDesignID"] is None
    ]


@call("getBenefitSummary", "product", ("benefit_summary", "benefitSummaryID"))
def get_benefit_summary(c: Call) -> Answer:
    """Give one summary."""
    return c.tenant.get("benefit_summary", c.args["benefitSummaryID"])


@call("getBenefitSummaryStructure", "product")
def get_benefit_summary_structure(c: Call) -> Answer:
    """Give the sections, attributes and columns of a type; the argument is named planTypeID and is a product type."""
    return c.tenant.catalogue.summary_structure(c.args["planTypeID"])


@call("createBenefitSummary", "product", writes=True)
def create_benefit_summary(c: Call) -> Answer:
    """Add a summary to a plan."""
    summary = {**c.args["benefitSummary"], "benefitSummaryID": None}
    product = c.tenant.need("product", summary["productID"])
    _check(c.tenant, product, summary)
    _relate(c.tenant, product, summary)
    return done(c.tenant.save("benefit_summary", summary, lie=c.lie))


@call("updateBenefitSummary", "product", writes=True)
def update_benefit_summary(c: Call) -> Answer:
    """Replace a summary; an attribute that is left out has no value afterwards."""
    given = c.args["benefitSummary"]
    held = c.tenant.need("benefit_summary", given["benefitSummaryID"])
    product = c.tenant.need("product", held["productID"])
    strict = c.tenant.switches["strict_replace"]
    if not strict:
        sent = {item["attributeID"] for item in given["attributeValues"]}
        given["attributeValues"] += [item for item in held["attributeValues"] if item["attributeID"] not in sent]
    summary = updated(held, given, c.contract, "BenefitSummary", strict=strict, owned=_OWNED)
    unfilled = not held.get("description") or "BenefitSummary.description" in c.tenant.switches["unfilled"]
    _check(c.tenant, product, {**summary, "productID": given["productID"]}, unfilled=unfilled)
    _relate(c.tenant, product, summary)
    return done(c.tenant.replace("benefit_summary", held["benefitSummaryID"], summary, lie=c.lie))


def _check(tenant: Tenant, product: Record, summary: Record, *, unfilled: bool = False) -> None:
    """Refuse a summary with everything that is wrong; a description that nobody filled in may come back. Raises
    Rejected."""
    wrong = list(_problems(tenant, product, summary))
    if not summary["description"] and not unfilled:
        wrong.append("description is required.")
    if wrong:
        raise Rejected(*(("Validation_Error", text) for text in wrong))


def _problems(tenant: Tenant, product: Record, summary: Record) -> Iterator[str]:
    kind = product["productTypeID"]
    attributes, columns = tenant.catalogue.all_attributes(kind), set(tenant.catalogue.columns(kind).values())
    if summary["productID"] != product["productID"]:
        yield "productID cannot be changed."
    if summary["viewLevelID"] not in tenant.catalogue.view_levels:
        yield "viewLevelID is not a valid view level."
    seen: set[int] = set()
    for item in summary["attributeValues"]:
        number = item["attributeID"]
        if number not in attributes:
            yield f"attributeID {number} is not an attribute of this product type."
        if number in seen:
            yield f"attributeID {number} is given twice."
        seen.add(number)
        used = [detail["benefitColumnID"] for detail in item["attributeValueDetails"]]
        yield from (f"benefitColumnID {column} is not a column of this product type." for column in set(used) - columns)
        if len(used) != len(set(used)):
            yield f"attributeID {number} has two values in one column."


def _relate(tenant: Tenant, product: Record, summary: Record) -> None:
    """Carry values to related attributes where that was asked: to those below the attribute (our reading)."""
    values = {item["attributeID"]: item for item in summary["attributeValues"]}
    for item in list(values.values()):
        if item.get("updateRelatedAttributes"):
            for child in tenant.catalogue.children_of(product["productTypeID"], item["attributeID"]):
                values[child] = {**copied(item), "attributeID": child}
    # The order to carry a value is no fact: it is not kept.
    summary["attributeValues"] = [{**item, "updateRelatedAttributes": None} for item in values.values()]


def empty_values(tenant: Tenant, product_type: int, text: str | None = None) -> list[Record]:
    """Give every attribute of a type without a value, or with the same one in its first column."""
    column = next(iter(tenant.catalogue.columns(product_type).values()))
    shown = "Hide___Incomplete" if text is None else "Show_Attribute"
    return [
        {
            "attributeID": number,
            "attributeVisibility": shown,
            "rider": False,
            "attributeValueDetails": [
                {"UOM": "text" if text else None, "value": text, "benefitColumnID": column},
            ],
        }
        for number in tenant.catalogue.all_attributes(product_type)
    ]


def first_summary(tenant: Tenant, product: Record, options: Record | None) -> tuple[Record | None, list[str]]:
    """Make the summary that comes with a new plan, or say what is wrong with the options."""
    if options is None:
        return None, []
    chosen = [name for name in _CHOICES if (options["AttributeValueOptions"] or {}).get(name)]
    level, source = options["attributeViewLevelID"], options["copyFromBenefitSummaryID"]
    if len(chosen) != 1:
        return None, ["Exactly one of none, standard and copyFromBenefitSummary is to be chosen."]
    if level not in tenant.catalogue.view_levels:
        return None, ["attributeViewLevelID is not a valid view level."]
    summary: Record = {"benefitSummaryID": None, "description": f"{product['name']} summary", "viewLevelID": level}
    kind = product["productTypeID"]
    if chosen != ["copyFromBenefitSummary"]:
        standard = "Covered" if chosen == ["standard"] else None
        return {**summary, "attributeValues": empty_values(tenant, kind, standard)}, []
    held = tenant.find("benefit_summary", source)
    owner = tenant.find("product", held["productID"]) if held else None
    if held is None or owner is None or owner["productTypeID"] != kind:
        return None, ["copyFromBenefitSummaryID is not a benefit summary of this product type."]
    return {**summary, "attributeValues": copied(held)["attributeValues"]}, []
