"""Reference data, users, and the checks of what the user may use."""

from __future__ import annotations

from typing import Final

from syncd.sandbox.benefitpoint.calls.registry import CALLS, Answer, Call, Entry, call, done, refused
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import NOT_AUTHORIZED, Fault

_CHECKS: Final = {
    "checkAccountModuleAccess": "account",
    "checkContactModuleAccess": "contact",
    "checkProductModuleAccess": "product",
    "checkActivityLogModuleAccess": "activity_log",
    "checkUserModuleAccess": "user",
    "checkRevenueTrackingModuleAccess": "revenue_tracking",
}


def _check(module: str) -> Entry:
    """Make the call that tells whether a module may be used: always a `Result`, never a fault."""

    def check(c: Call) -> Answer:
        denied = set(c.tenant.switches["rights.denied_modules"])
        if not c.tenant.switches["rights.revenue"]:
            denied.add("revenue_tracking")
        return refused([("Access_Error", "The user has no access to this module.")]) if module in denied else done()

    return Entry(check)


CALLS.update({name: _check(module) for name, module in _CHECKS.items()})


@call("getAvailableCarriers")
def get_available_carriers(c: Call) -> Answer:
    """Give the carriers; who only pays commissions is not among them."""
    return c.tenant.catalogue.carriers


@call("findOffices")
def find_offices(c: Call) -> Answer:
    """Search by a part of the name."""
    match = (c.criteria["officeNameMatch"] or "").casefold()
    return [office for office in c.tenant.catalogue.offices.values() if match in office["officeName"].casefold()]


@call("getOffice")
def get_office(c: Call) -> Answer:
    """Give one office."""
    office = c.tenant.catalogue.offices.get(c.args["officeID"])
    if office is None:
        raise Fault(NOT_AUTHORIZED)
    return office


@call("getCustomFieldStructure")
def get_custom_field_structure(c: Call) -> Answer:
    """Give the tenant's own fields of an area."""
    area = c.args["customizationArea"]
    if area is None:
        raise Fault("customizationArea is required.", "Client")
    return c.tenant.catalogue.custom_fields(area)


@call("findUsers", "user")
def find_users(c: Call) -> Answer:
    """Search by parts of the names, by role and by time of change."""
    return [
        {**user, "ID": number} for number, user in sorted(c.tenant.state.tables["user"].items()) if _matches(c, user)
    ]


def _matches(c: Call, user: Record) -> bool:
    asked = c.criteria
    parts = (("usernameMatch", "username"), ("firstNameMatch", "firstName"), ("lastNameMatch", "lastName"))
    since = asked["sinceLastModifiedOn"]
    return (
        all((asked[part] or "").casefold() in user[name].casefold() for part, name in parts)
        and (not asked["roles"] or any(role["role"] in asked["roles"] for role in user["roles"]))
        and asked["active"] in {None, any(role["active"] for role in user["roles"])}
        and (since is None or (user["lastModifiedOn"] >= since and c.tenant.settled(user)))
    )


@call("getUser", "user", ("user", "userID"))
def get_user(c: Call) -> Answer:
    """Give one user."""
    return c.tenant.get("user", c.args["userID"])
