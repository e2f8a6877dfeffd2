"""Contacts of accounts."""

from __future__ import annotations

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.calls.updating import updated
from syncd.sandbox.benefitpoint.envelope import NOT_AUTHORIZED, Fault, Rejected


@call("findAccountContacts", "contact")
def find_account_contacts(c: Call) -> Answer:
    """Give an account's contacts. The account is asked for as text here, and as a number everywhere else."""
    text = c.criteria["accountID"] or ""
    if not text.strip().isdigit():
        raise Fault("accountID is not a number.", "Client")
    account = c.tenant.need("account", int(text))
    return [item for item in c.tenant.state.tables["contact"].values() if item["accountID"] == account["accountID"]]


@call("getAccountContact", "contact", ("contact", "contactID"))
def get_account_contact(c: Call) -> Answer:
    """Give one contact."""
    return c.tenant.get("contact", c.args["contactID"])


@call("createAccountContact", "contact", writes=True)
def create_account_contact(c: Call) -> Answer:
    """Create a contact of an account."""
    contact = c.args["contact"]
    c.tenant.need("account", contact["accountID"])
    contact["contact"]["contactID"] = None
    return done(c.tenant.save("contact", contact, lie=c.lie))


@call("updateAccountContact", "contact", writes=True)
def update_account_contact(c: Call) -> Answer:
    """Replace a contact."""
    given = c.args["update"]
    held = c.tenant.need("contact", given["contact"]["contactID"])
    if given["accountID"] != held["accountID"]:
        raise Rejected(("Validation_Error", "A contact cannot be moved to another account."))
    strict = c.tenant.switches["strict_replace"]
    contact = updated(held, given, c.contract, "AccountContact", strict=strict, owned=("lastModifiedOn",))
    return done(c.tenant.replace("contact", held["contact"]["contactID"], contact, lie=c.lie))


@call("deleteAccountContacts", "contact", writes=True)
def delete_account_contacts(c: Call) -> Answer:
    """Delete contacts of one account: all of them, or none when one is not there."""
    asked = c.args["deletes"]
    account = c.tenant.need("account", asked["accountID"])["accountID"]
    found = [c.tenant.find("contact", number) for number in asked["contactIDs"]]
    if any(contact is None or contact["accountID"] != account for contact in found):
        raise Fault(NOT_AUTHORIZED)
    for number in asked["contactIDs"]:
        c.tenant.delete("contact", number)
    return done()
