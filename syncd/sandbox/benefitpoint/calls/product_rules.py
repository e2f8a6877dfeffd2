"""What the server asks of a plan beyond the schema: all errors of a plan at once. No writing.

That the server asks for more than the schema is known (a plan without carrier and payer of the commission is refused);
the rules below and their texts are our reading of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.tenant import Tenant

_USERS: Final = ("primarySalesLeadUserID", "primaryServiceLeadUserID")
_BILLING: Final = ("billingType", "billingCarrierType", "billingCarrierID")
_NAME_CHARS: Final = 100


def problems(tenant: Tenant, product: Record, held: Record | None) -> list[str]:
    """Give what is wrong with a plan as it would be saved; `held` is the one it replaces."""
    return [*_identity(tenant, product, held), *_money(tenant, product), *_dates(product), *_origin(tenant, product)]


def _identity(tenant: Tenant, product: Record, held: Record | None) -> Iterator[str]:
    row = tenant.catalogue.types.get(product["productTypeID"])
    if row is None:
        yield "productTypeID is not a valid product type."
    elif product["isAdditionalProduct"] is not None and product["isAdditionalProduct"] != additional(tenant, product):
        yield "isAdditionalProduct does not fit productTypeID."
    if held is not None and product["productTypeID"] != held["productTypeID"]:
        yield "productTypeID cannot be changed."
    # A name that nobody filled in may come back as it is.
    unfilled = held is not None and (not held.get("name") or "Product.name" in tenant.switches["unfilled"])
    if not product["name"] and not unfilled:
        yield "name is required."
    elif len(product["name"] or "") > _NAME_CHARS:
        yield f"name is longer than {_NAME_CHARS} characters."
    if tenant.catalogue.carrier_name(product["carrierID"]) is None:
        yield "carrierID is not a valid carrier."
    if product["officeID"] not in tenant.catalogue.offices:
        yield "officeID is not a valid office."
    users = tenant.state.tables["user"]
    yield from (f"{name} is not a valid user." for name in _USERS if product[name] not in users)


def _money(tenant: Tenant, product: Record) -> Iterator[str]:
    if tenant.switches["require_billing"] and not additional(tenant, product):
        yield from (f"{name} is required." for name in _BILLING if not product.get(name))
    if product.get("billingCarrierID") and product["billingCarrierID"] not in tenant.catalogue.paid_by:
        yield "billingCarrierID is not in the Commissions Paid By list."


def _dates(product: Record) -> Iterator[str]:
    if not product.get("effectiveAsOf"):
        yield "effectiveAsOf is required."
    elif product.get("renewalOn") and product["renewalOn"] <= product["effectiveAsOf"]:
        yield "renewalOn is not after effectiveAsOf."
    if product.get("cancellationOn") and not product.get("cancellationReason"):
        yield "cancellationReason is required when cancellationOn is given."
    if product.get("reinstatementOn") and not product.get("cancellationOn"):
        yield "reinstatementOn is given for a plan that is not cancelled."


def _origin(tenant: Tenant, product: Record) -> Iterator[str]:
    parent = product.get("parentProductID")
    if product.get("policyOriginationReason") == "Renewal" and not parent:
        yield "parentProductID is required when policyOriginationReason is Renewal."
    before = tenant.find("product", parent) if parent else None
    if parent and (before is None or before["accountID"] != product["accountID"]):
        yield "parentProductID is not a plan of this account."
    elif parent and parent == product.get("productID"):
        yield "parentProductID is the plan itself."


def additional(tenant: Tenant, product: Record) -> bool:
    """Tell whether a product is an additional one (a service without benefits)."""
    row = tenant.catalogue.types.get(product["productTypeID"])
    return row is not None and row.line == "Additional_Product"


def twin(tenant: Tenant, product: Record) -> bool:
    """Tell whether a plan with the same account, type, carrier, name and effective date exists."""
    names = ("accountID", "productTypeID", "carrierID", "name", "effectiveAsOf")
    key = tuple(product.get(name) for name in names)
    return any(tuple(item.get(name) for name in names) == key for item in tenant.state.tables["product"].values())
