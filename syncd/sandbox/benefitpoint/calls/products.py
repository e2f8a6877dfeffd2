"""Plans and additional products."""

from __future__ import annotations

from typing import Final

from syncd.sandbox.benefitpoint.calls.product_rules import additional, problems, twin
from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.calls.summaries import first_summary
from syncd.sandbox.benefitpoint.calls.updating import updated
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Rejected
from syncd.sandbox.benefitpoint.tenant import Tenant, copied

_OWNED: Final = (
    *("productID", "accountID", "isAdditionalProduct", "productStatus", "createdOn", "lastModifiedOn"),
    *("totalEstimatedMonthlyRevenue", "totalEstimatedMonthlyPremium", "policyIntegrationInfo"),
)
_FLAGS: Final = ("voluntaryProduct", "unionProduct", "nonPayable", "nonRevenue", "continousPolicy")
# What of a plan is told in its history, and under which names.
_EVENTS: Final = (
    ("brokerOfRecordAccountID", "brokerOfRecordAsOf"),
    ("cancellationOn", "cancellationReason", "cancellationAdditionalInformation"),
    ("reinstatementOn", "reinstatementReason", "reinstatementAdditionalInformation"),
)


@call("findProducts", "product")
def find_products(c: Call) -> Answer:
    """Search one account; additional products are among the hits. There is no search over all accounts."""
    account = c.tenant.need("account", c.criteria["accountID"])
    products = sorted(c.tenant.state.tables["product"].items())
    return [
        _summary(c.tenant, product, account)
        for _, product in products
        if product["accountID"] == account["accountID"] and _matches(c.tenant, product, c.criteria)
    ]


def _matches(tenant: Tenant, product: Record, asked: Record) -> bool:
    since, on, broker = asked["sinceLastModifiedOn"], asked["effectiveOn"], asked["brokerOfRecordAccountID"]
    return (
        (since is None or (product["lastModifiedOn"] >= since and tenant.settled(product)))
        and (broker is None or product.get("brokerOfRecordAccountID") == broker)
        and (on is None or _in_force(product, on))
    )


def _in_force(product: Record, day: str) -> bool:
    end = product.get("cancellationOn") or product.get("renewalOn")
    return (product.get("effectiveAsOf") or day) <= day and (end is None or day < end)


def _summary(tenant: Tenant, product: Record, account: Record) -> Record:
    info = product.get("planInfo") or product.get("additionalProductInfo") or {}
    return {
        **product,
        "productTypeDescription": tenant.catalogue.types[product["productTypeID"]].short,
        "productStatus": tenant.status_of(product),
        "carrierName": tenant.catalogue.carrier_name(product["carrierID"]),
        "continuousPolicy": product.get("continousPolicy"),  # spelled right here, and only here
        "alternativePlanID": info.get("alternativePlanID"),
        "policyCancellationReason": product.get("cancellationReason"),
        "policyOriginationReason": product.get("policyOriginationReason") or "None_Selected",
        "accountName": tenant.account_name(account),
    }


@call("getProduct", "product", ("product", "productID"))
def get_product(c: Call) -> Answer:
    """Give one plan, without what the user's rights hide: hidden fields are absent, as if empty."""
    product = c.tenant.get("product", c.args["productID"])
    if product is None:
        return None
    shown = {**product, "productStatus": c.tenant.status_of(product)}
    if not c.tenant.switches["rights.revenue"]:
        shown["commissionInfo"] = None
    if not c.tenant.switches["rights.financial_info"]:
        shown["totalEstimatedMonthlyRevenue"] = shown["totalEstimatedMonthlyPremium"] = None
    return shown


@call("createProduct", "product", writes=True)
def create_product(c: Call) -> Answer:
    """Create a plan and its first summary: empty, with standard values, or copied from an existing one."""
    product = {**c.args["product"], **dict.fromkeys((*_OWNED[3:], "productID"))}
    c.tenant.need("account", product["accountID"])
    options = c.args["planConfigurationOptions"]
    wrong = problems(c.tenant, product, None)
    summary = None
    if not wrong and not additional(c.tenant, product):
        summary, more = first_summary(c.tenant, product, options)
        wrong += more
    if wrong:
        raise Rejected(*(("Validation_Error", text) for text in wrong))
    if c.tenant.switches["duplicate_products"] == "refuse" and twin(c.tenant, product):
        raise Rejected(("Duplicate_Error", "A product with the same key already exists."))
    product["isAdditionalProduct"] = additional(c.tenant, product)
    for flag in _FLAGS:
        product[flag] = bool(product.get(flag))
    number = c.tenant.save("product", product, lie=c.lie)
    _record_events(c.tenant, {}, product)
    if summary is not None:
        c.tenant.save("benefit_summary", {**summary, "productID": number})
    return done(number)


@call("updateProduct", "product", writes=True)
def update_product(c: Call) -> Answer:
    """Replace a plan."""
    given = c.args["update"]
    held = c.tenant.need("product", given["productID"])
    strict = c.tenant.switches["strict_replace"]
    product = updated(held, given, c.contract, "Product", strict=strict, owned=_OWNED)
    wrong = problems(c.tenant, {**product, "isAdditionalProduct": given["isAdditionalProduct"]}, held)
    if given["accountID"] != held["accountID"]:
        wrong.append("accountID cannot be changed.")
    if wrong:
        raise Rejected(*(("Validation_Error", text) for text in wrong))
    for flag in _FLAGS:
        product[flag] = bool(product.get(flag))
    number = c.tenant.replace("product", held["productID"], product, lie=c.lie)
    _record_events(c.tenant, held, product)
    return done(number)


def _record_events(tenant: Tenant, before: Record, after: Record) -> None:
    """Note a change of broker of record, a cancellation or a reinstatement in the plan's history."""
    for names in _EVENTS:
        now = {name: after.get(name) for name in names}
        if any(now.values()) and any(after.get(name) != before.get(name) for name in names):
            entry = {**now, "entryOn": tenant.stamp()}
            if "brokerOfRecordAsOf" in names:
                entry["brokerOfRecordRecordedByUserID"] = tenant.catalogue.user_ids["ws"]
            after["_history"] = [*after.get("_history", []), entry]


@call("getProductHistory", "product")
def get_product_history(c: Call) -> Answer:
    """Give a plan's broker-of-record, cancellation and reinstatement events."""
    product = c.tenant.get("product", c.args["productID"])
    if product is None:
        return None
    return {"productID": product["productID"], "productHistoryEntries": copied({"e": product.get("_history", [])})["e"]}


@call("getProductTypes", "product")
def get_product_types(c: Call) -> Answer:
    """Give the taxonomy; V4.3 leaves the types out that are not on the default list, unless all are asked for."""
    types = c.tenant.catalogue.product_types
    if c.contract.profile == "v4_3" and not c.args.get("returnAllTypes"):
        return [item for item in types if not item["longDescription"].endswith("- Other")]
    return types


@call("lookupPolicyOriginationReasonQualifiers", "product")
def lookup_qualifiers(c: Call) -> Answer:
    """Give the tenant's reasons behind the origination reasons."""
    return c.tenant.catalogue.qualifiers
