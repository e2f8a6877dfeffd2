"""Accounts and their teams."""

from __future__ import annotations

from typing import Final

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.calls.updating import updated
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Rejected
from syncd.sandbox.benefitpoint.tenant import Tenant

_INFO: Final = {
    "Group": "groupAccountInfo",
    "Individual": "individualAccountInfo",
    "Marketing_Group": "marketingGroupAccountInfo",
    "Agent": "agentAccountInfo",
    "Agency": "agencyAccountInfo",
}
_OWNED: Final = ("accountID", "createdOn", "lastModifiedOn", "lastReviewedByUserID", "lastReviewedOn")
_OWNED_4_3: Final = ("accountTeamMembers",)
_USERS: Final = (
    *("administratorUserID", "primaryContactUserID", "primarySalesLeadUserID", "primaryServiceLeadUserID"),
)


@call("findAccounts", "account")
def find_accounts(c: Call) -> Answer:
    """Search. Without criteria every visible account is a hit; nobody can search by account number."""
    return [_summary(c.tenant, account) for account in c.tenant.accounts() if _matches(c.tenant, account, c.criteria)]


def _matches(tenant: Tenant, account: Record, asked: Record) -> bool:
    name, classes, kinds = asked["accountNameMatch"], asked["accountClassifications"], asked["accountTypes"]
    team = {member["userID"] for member in account.get("_team", ())}
    return (
        (not name or name.casefold() in tenant.account_name(account).casefold())
        and (not classes or account["accountClassification"] in classes)
        and (not kinds or account["accountType"] in kinds)
        and (asked["active"] is None or bool(account.get("active")) == asked["active"])
        and (asked["teamMemberID"] is None or asked["teamMemberID"] in team)
    )


def _summary(tenant: Tenant, account: Record) -> Record:
    office = tenant.catalogue.offices.get(account["officeID"], {})
    return {**account, "accountName": tenant.account_name(account), "officeName": office.get("officeName")}


@call("getAccount", "account", ("account", "accountID"))
def get_account(c: Call) -> Answer:
    """Give one account."""
    account = c.tenant.get("account", c.args["accountID"])
    return account and {**account, "accountTeamMembers": _team(c.tenant, account)}


@call("createAccount", "account", writes=True)
def create_account(c: Call) -> Answer:
    """Create an account."""
    account = {**c.args["account"], "accountID": None}
    _check(c.tenant, account)
    account["active"] = account["active"] is not False
    account["_team"] = _first_team(c.tenant, account)
    _number_parts(c.tenant, account)
    return done(c.tenant.save("account", account, lie=c.lie))


@call("updateAccount", "account", writes=True)
def update_account(c: Call) -> Answer:
    """Replace an account. The office is read-only here: a client's reading of the live service."""
    given = c.args["update"]
    held = c.tenant.need("account", given["accountID"])
    owned = (*_OWNED, *_OWNED_4_3, "officeID", "accountClassification")
    strict = c.tenant.switches["strict_replace"]
    account = updated(held, given, c.contract, "Account", strict=strict, owned=owned)
    unfilled = held.get("accountType") is None or "Account.accountType" in c.tenant.switches["unfilled"]
    _check(c.tenant, account, unfilled=unfilled)
    _number_parts(c.tenant, account)
    return done(c.tenant.replace("account", held["accountID"], account, lie=c.lie))


def _check(tenant: Tenant, account: Record, *, unfilled: bool = False) -> None:
    """Refuse with everything that is wrong at once; what nobody filled in may come back as it is. Raises Rejected."""
    wrong = []
    info = _INFO.get(account["accountClassification"] or "")
    if info is None or not account.get(info):
        wrong.append("The account information that fits accountClassification is required.")
    if account["accountType"] is None and not unfilled:
        wrong.append("accountType is required.")
    if account["officeID"] not in tenant.catalogue.offices:
        wrong.append("officeID is not a valid office.")
    wrong += [
        f"{name} is not a valid user."
        for name in _USERS
        if account.get(name) is not None and account[name] not in tenant.state.tables["user"]
    ]
    if wrong:
        raise Rejected(*(("Validation_Error", text) for text in wrong))


def _number_parts(tenant: Tenant, account: Record) -> None:
    """Give classes, divisions, locations and employee types that came without an id one."""
    info = account.get("groupAccountInfo") or {}
    for parts, name in (
        ("accountClasses", "classID"),
        ("accountDivisions", "divisionID"),
        ("accountLocations", "locationID"),
        ("employeeTypes", "employeeTypeID"),
    ):
        for part in info.get(parts) or ():
            part[name] = part.get(name) or _part_id(tenant, parts)


def _part_id(tenant: Tenant, parts: str) -> int:
    serials = tenant.state.serials
    serials[parts] = serials.get(parts, 6_000) + 1
    return serials[parts]


# -- teams ------------------------------------------------------------------------------------------------------------


def _first_team(tenant: Tenant, account: Record) -> list[Record]:
    role = tenant.catalogue.roles[0]["roleID"]
    people = dict.fromkeys(account[name] for name in _USERS if account.get(name))
    return [{"userID": user, "brokerClientRoleID": role} for user in people]


def _team(tenant: Tenant, account: Record) -> list[Record]:
    users = tenant.state.tables["user"]
    return [
        {
            **users[member["userID"]],
            "email": users[member["userID"]]["username"],
            "brokerClientRoleID": member["brokerClientRoleID"],
            "administrator": member["userID"] == account["administratorUserID"],
            "primaryContact": member["userID"] == account["primaryContactUserID"],
        }
        for member in account.get("_team", ())
        if member["userID"] in users
    ]


@call("getTeamMembers", "account")
def get_team_members(c: Call) -> Answer:
    """Give an account's team."""
    return _team(c.tenant, c.tenant.need("account", c.args["accountID"]))


@call("updateTeamMembers", "account", writes=True)
def update_team_members(c: Call) -> Answer:
    """Add members, or change the role of those there are."""
    asked = c.args["teamUpdates"]
    account = c.tenant.need("account", asked["accountID"])
    known = c.tenant.state.tables["user"]
    if strangers := [member["userID"] for member in asked["teamMembers"] if member["userID"] not in known]:
        raise Rejected(*(("Validation_Error", f"userID {user} is not a valid user.") for user in strangers))
    role = c.tenant.catalogue.roles[0]["roleID"]
    team = {member["userID"]: member for member in account.get("_team", ())}
    for member in asked["teamMembers"]:
        team[member["userID"]] = {
            "userID": member["userID"],
            "brokerClientRoleID": member["brokerClientRoleID"] or role,
        }
    account["_team"] = list(team.values())
    c.tenant.touch("account", account["accountID"])
    return done(account["accountID"])


@call("removeTeamMembers", "account", writes=True)
def remove_team_members(c: Call) -> Answer:
    """Take members off the team; the administrator and the primary contact stay."""
    asked = c.args["removals"]
    account = c.tenant.need("account", asked["accountID"])
    fixed = {account["administratorUserID"], account["primaryContactUserID"]}
    if held := sorted(fixed & set(asked["userIDs"])):
        raise Rejected(("Validation_Error", f"userID {held[0]} administers the account or is its primary contact."))
    account["_team"] = [member for member in account.get("_team", ()) if member["userID"] not in asked["userIDs"]]
    c.tenant.touch("account", account["accountID"])
    return done(account["accountID"])


@call("getAccountTeamRoles", "account")
def get_account_team_roles(c: Call) -> Answer:
    """Give the roles that a member can have."""
    return c.tenant.catalogue.roles


@call("lookupLocations", "account")
def lookup_locations(c: Call) -> Answer:
    """Give an account's locations."""
    info = c.tenant.need("account", c.args["accountID"]).get("groupAccountInfo") or {}
    return [{"ID": part["locationID"], "value": part["name"]} for part in info.get("accountLocations") or ()]
