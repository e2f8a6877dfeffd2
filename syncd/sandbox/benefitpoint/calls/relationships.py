"""Plan relationships: plans that are kept together."""

from __future__ import annotations

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import NOT_AUTHORIZED, Fault, Rejected
from syncd.sandbox.benefitpoint.tenant import Tenant


def _need(tenant: Tenant, number: int) -> Record:
    held = tenant.state.tables["plan_relationship"].get(number)
    if held is None or any(tenant.find("product", plan) is None for plan in held["_plans"]):
        raise Fault(NOT_AUTHORIZED)
    return held


def _shown(tenant: Tenant, held: Record) -> Record:
    products = tenant.state.tables["product"]
    live = [plan for plan in held["_plans"] if plan in products]
    services = [plan for plan in live if products[plan]["isAdditionalProduct"]]
    plans = [plan for plan in live if plan not in services]
    return {**held, "plans": {"planId": plans}, "products": {"productId": services}}


@call("createPlanRelationship", "product", writes=True)
def create_plan_relationship(c: Call) -> Answer:
    """Tie two or more plans of one account together."""
    given = c.args["planRelationship"]
    plans = [*(given["plans"] or {"planId": []})["planId"], *(given["products"] or {"productId": []})["productId"]]
    owners = {c.tenant.need("product", plan)["accountID"] for plan in plans}
    if len(set(plans)) < 2 or len(owners) != 1:
        raise Rejected(("Validation_Error", "Two or more plans of one account are required."))
    held = {"description": given["description"], "groupTypeId": given["groupTypeId"], "_plans": sorted(set(plans))}
    return done(c.tenant.save("plan_relationship", held))


@call("updatePlanRelationship", "product", writes=True)
def update_plan_relationship(c: Call) -> Answer:
    """Change description and group type."""
    held = _need(c.tenant, c.args["planRelationshipId"])
    held["description"], held["groupTypeId"] = c.args["description"], c.args["groupTypeId"]
    return done(held["planGroupID"])


@call("deletePlanRelationship", "product", writes=True)
def delete_plan_relationship(c: Call) -> Answer:
    """Untie the plans."""
    held = _need(c.tenant, c.args["planRelationshipId"])
    return done(c.tenant.delete("plan_relationship", held["planGroupID"])["planGroupID"])


@call("addLinkedPlans", "product", writes=True)
def add_linked_plans(c: Call) -> Answer:
    """Tie more plans to a relationship."""
    held, plans = _need(c.tenant, c.args["planRelationshipId"]), c.args["relatedPlanProduct"]["planProductId"]
    for plan in plans:
        c.tenant.need("product", plan)
    held["_plans"] = sorted({*held["_plans"], *plans})
    return done(held["planGroupID"])


@call("deleteLinkedPlans", "product", writes=True)
def delete_linked_plans(c: Call) -> Answer:
    """Untie some plans; two stay at least."""
    held, plans = _need(c.tenant, c.args["planRelationshipId"]), c.args["relatedPlanProduct"]["planProductId"]
    left = sorted(set(held["_plans"]) - set(plans))
    if len(left) < 2:
        raise Rejected(("Validation_Error", "Two or more plans of one account are required."))
    held["_plans"] = left
    return done(held["planGroupID"])


@call("getPlanRelationship", "product")
def get_plan_relationship(c: Call) -> Answer:
    """Give one relationship."""
    return _shown(c.tenant, _need(c.tenant, c.args["planRelationshipId"]))


@call("getPlanRelationships", "product")
def get_plan_relationships(c: Call) -> Answer:
    """Give the relationships of a plan."""
    plan = c.tenant.need("product", c.args["planProductId"])["productID"]
    held = c.tenant.state.tables["plan_relationship"].values()
    return [_shown(c.tenant, item) for item in held if plan in item["_plans"]]
