"""The activity log: notes about an account that wait for a person, or tell what was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call, done
from syncd.sandbox.benefitpoint.calls.updating import updated
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Rejected
from syncd.sandbox.benefitpoint.tenant import Tenant

_OWNED: Final = ("recordID", "accountID", "createdOn", "createdByUserID", "lastModifiedOn")
_SHORT_CHARS: Final = 200


@call("findActivityLogRecords", "activity_log")
def find_activity_log_records(c: Call) -> Answer:
    """Search one account."""
    account = c.tenant.need("account", c.criteria["accountID"])
    records = sorted(c.tenant.state.tables["activity_log"].items())
    return [
        _summary(c.tenant, record, account)
        for _, record in records
        if record["accountID"] == account["accountID"] and _matches(c.tenant, record, c.criteria)
    ]


def _matches(tenant: Tenant, record: Record, asked: Record) -> bool:
    since = asked["sinceLastModifiedOn"]
    return (
        asked["recordStatus"] in {None, record.get("status")}
        and asked["assignedToUserID"] in {None, record["assignedToUserID"]}
        and (since is None or (record["lastModifiedOn"] >= since and tenant.settled(record)))
    )


def _summary(tenant: Tenant, record: Record, account: Record) -> Record:
    person = tenant.state.tables["user"].get(record["assignedToUserID"], {})
    first, last = person.get("firstName", ""), person.get("lastName", "")
    subjects = {item["subjectID"]: item["description"] for item in tenant.catalogue.subjects}
    return {
        **record,
        "accountName": tenant.account_name(account),
        "assignedToUserName": person.get("username", ""),
        "assignedToFirstName": first,
        "assignedToLastName": last,
        "summary": record.get("shortDescription"),
        "subjectText": subjects.get(record["subjectID"], ""),
    }


@call("getActivityLogRecord", "activity_log", ("activity_log", "recordID"))
def get_activity_log_record(c: Call) -> Answer:
    """Give one record."""
    return c.tenant.get("activity_log", c.args["recordID"])


@call("createActivityLogRecord", "activity_log", writes=True)
def create_activity_log_record(c: Call) -> Answer:
    """File a record; without an assignee it is the account's administrator's, without a status it is open."""
    record = {**c.args["record"], "recordID": None, "createdByUserID": c.tenant.catalogue.user_ids["ws"]}
    c.tenant.need("account", record["accountID"])
    _complete(c.tenant, record)
    return done(c.tenant.save("activity_log", record, lie=c.lie))


@call("updateActivityLogRecord", "activity_log", writes=True)
def update_activity_log_record(c: Call) -> Answer:
    """Replace a record."""
    given = c.args["update"]
    held = c.tenant.need("activity_log", given["recordID"])
    strict = c.tenant.switches["strict_replace"]
    record = updated(held, given, c.contract, "ActivityLogRecord", strict=strict, owned=_OWNED)
    _complete(c.tenant, record, unfilled=not held.get("shortDescription"))
    return done(c.tenant.replace("activity_log", held["recordID"], record, lie=c.lie))


def _complete(tenant: Tenant, record: Record, *, unfilled: bool = False) -> None:
    """Refuse what is wrong, then put in what the server puts in. Raises Rejected."""
    wrong = list(_problems(tenant, record))
    if not record["shortDescription"] and not unfilled:
        wrong.append("shortDescription is required.")
    if wrong:
        raise Rejected(*(("Validation_Error", text) for text in wrong))
    account = tenant.state.tables["account"][record["accountID"]]
    record["status"] = record.get("status") or "Open"
    record["priority"] = record.get("priority") or "Medium"
    record["assignedToUserID"] = record.get("assignedToUserID") or account["administratorUserID"]
    if record["status"] == "Closed":
        record["completedOn"] = record.get("completedOn") or tenant.stamp()


def _problems(tenant: Tenant, record: Record) -> Iterator[str]:
    if record["subjectID"] not in {item["subjectID"] for item in tenant.catalogue.subjects}:
        yield "subjectID is not a valid subject."
    if len(record["shortDescription"] or "") > _SHORT_CHARS:
        yield f"shortDescription is longer than {_SHORT_CHARS} characters."
    if record.get("assignedToUserID") not in {None, *tenant.state.tables["user"]}:
        yield "assignedToUserID is not a valid user."
    for plan in {record.get("productID"), *(record.get("productIDs") or ())} - {None}:
        product = tenant.find("product", plan)
        if product is None or product["accountID"] != record["accountID"]:
            yield f"productID {plan} is not a plan of this account."


@call("getActivityLogSubjects", "activity_log")
def get_activity_log_subjects(c: Call) -> Answer:
    """Give the subjects."""
    return c.tenant.catalogue.subjects
