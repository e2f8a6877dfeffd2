"""The neutral world in the vendor's words: seed plans become accounts, plans, summaries, rates, contributions, rules.

Takes a world and a catalogue, gives a `State`. Written from the vendor's documents alone: what a figure is called here
is not asked of syncd's mappings.
"""

from __future__ import annotations

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.render.accounts import account, contact, leads
from syncd.sandbox.benefitpoint.render.plans import product
from syncd.sandbox.benefitpoint.render.sets import contributions, rates, responses, rules
from syncd.sandbox.benefitpoint.render.stamps import Stamps
from syncd.sandbox.benefitpoint.render.summaries import summaries
from syncd.sandbox.benefitpoint.sessions import USERNAME
from syncd.sandbox.benefitpoint.state import State
from syncd.sandbox.seed.model import SeedGroup, SeedPlan, World

_FIRST_FILLER = 20_000_001  # above every seeded id


def catalogue(world: World, tenant: int) -> Catalogue:
    """Make a tenant's reference data for the carriers of a world."""
    carriers = {plan.texts("benefitpoint").get("details.carrier", "") for plan in world.plans()}
    return Catalogue(tenant, tuple(sorted(carriers - {""})))


def state(world: World, tenant: Catalogue) -> State:
    """Render a world. The same world and tenant give the same state, ids and stamps included."""
    result, stamps = State(), Stamps()
    for user in _users(tenant):
        result.add("user", stamps.put(user))
    for group in world.groups_on("benefitpoint"):
        held = account(group, tenant)
        result.add("account", stamps.put(held))
        result.add("contact", stamps.put(contact(group)))
        plans = [plan for plan in group.plans_on("benefitpoint") if "marketing_response" not in plan.tags]
        for plan in plans:
            _plan(group, plan, held, tenant, result, stamps)
        for plan in group.plans_on("benefitpoint"):
            if "marketing_response" in plan.tags:
                _response(group, plan, tenant, result, stamps)
    return result


def _plan(group: SeedGroup, plan: SeedPlan, held: Record, tenant: Catalogue, result: State, stamps: Stamps) -> None:
    record = product(group, plan, tenant, leads(held, tenant))
    number = result.add("product", stamps.put(record))
    if record["isAdditionalProduct"]:
        return
    made = [result.add("benefit_summary", stamps.put(item)) for item in summaries(plan, record, tenant)]
    rate_ids = {key: result.add("rate", stamps.put(item)) for key, item in rates(plan, record, made, tenant).items()}
    shares = {
        key: result.add("contribution", stamps.put(item)) for key, item in contributions(plan, number, tenant).items()
    }
    for rule in rules(plan, number, held, made[0], rate_ids, shares):
        result.add("eligibility_rule", stamps.put(rule))


def _response(group: SeedGroup, plan: SeedPlan, tenant: Catalogue, result: State, stamps: Stamps) -> None:
    """File a carrier's answer to a marketing request: rates, not selected, at the plan it was quoted against."""
    against = next(item for item in group.plans if item.key == plan.facts["benefitpoint"]["response_to"])
    record = result.tables["product"][int(against.ids["benefitpoint"])]
    made = [item["benefitSummaryID"] for item in result.of_product("benefit_summary", record["productID"])]
    for item in responses(plan, record, made, tenant):
        result.add("rate", stamps.put(item))


def _users(tenant: Catalogue) -> list[Record]:
    office = next(iter(tenant.offices.values()))
    return [
        {
            "userID": tenant.user_ids[key],
            "username": USERNAME if key == "ws" else f"{first}.{last}@example-brokerage.test".lower(),
            "firstName": first,
            "lastName": last,
            "title": title,
            "office": office,
            "roles": [
                {
                    "role": "Broker_Administrator" if key == "admin" else "Broker_User",
                    "active": True,
                    "permissions": [],
                    "accessArea": {"accessLevel": "All", "regionOfficeAccessList": []},
                }
            ],
        }
        for key, first, last, title in names.USERS
    ]


def fillers(tenant: Catalogue, count: int) -> dict[int, Record]:
    """Give accounts without plans, as many as asked for: a long list for those who read it."""
    office = next(iter(tenant.offices))
    admin, stamps = tenant.user_ids["admin"], Stamps()
    return {
        number: stamps.put(
            {
                "accountID": number,
                "active": True,
                "accountClassification": "Group",
                "accountType": "Prospect",
                "officeID": office,
                "administratorUserID": admin,
                "primaryContactUserID": admin,
                "groupAccountInfo": {
                    "accountName": f"Prospect {number - _FIRST_FILLER + 1:05d}",
                    "businessType": "Other",
                },
                "_filler": True,
            }
        )
        for number in range(_FIRST_FILLER, _FIRST_FILLER + count)
    }
