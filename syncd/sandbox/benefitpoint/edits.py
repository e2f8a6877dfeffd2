"""Edits by a person in the vendor's own screens: also of what the web service cannot write.

`set` holds field paths in the vendor's words (`planInfo.notes`, `cells.Rate.EE Only`) or nested objects; null clears.
Two forms are shorter than the wire's, because nobody types value ids:

- a rate's `cells`: field label -> place -> amount, where a place is `EE Only`,
  `Composite/30-34` or `Composite/30-34/female`;
- a contribution's `amounts`: tier -> amount in dollars, or tier -> {`percentOfPremium`: ...}.

A new rate or contribution names its schedule in words (`schedule`: `Schedule 4 Tier`); the server knows the ids.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.calls import bands
from syncd.sandbox.benefitpoint.calls.rate_values import schedule_of
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.contract import Contract
from syncd.sandbox.benefitpoint.state import ID_FIELD
from syncd.sandbox.benefitpoint.tenant import Tenant, copied
from syncd.sandbox.vendor import Refused

KINDS: Final = {
    "group": "account",
    "plan": "product",
    **{kind: kind for kind in ID_FIELD},
}
"""What may be edited; the first two are the words shared by all sandboxes."""

_TYPE: Final = {
    "account": "Account",
    "contact": "AccountContact",
    "product": "Product",
    "benefit_summary": "BenefitSummary",
    "rate": "Rate",
    "contribution": "Contribution",
    "eligibility_rule": "EligibilityRule",
    "activity_log": "ActivityLogRecord",
    "user": "User",
}
_MORE: Final = {"rate": {"cells", "basis", "summaries", "schedule"}, "contribution": {"amounts", "schedule"}}
_FIXED: Final = {"createdOn", "lastModifiedOn", "rateFieldValues", "contributionValues", "associatedBenefitSummaries"}
_AMOUNTS: Final = ("dollarAmount", "percentOfPremium", "percentOfSalary", "definedDollarAmount")
_USUAL: Final = "Schedule 4 Tier"
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def apply(tenant: Tenant, contract: Contract, body: dict[str, Any]) -> Record:
    """Create (no `id`), change or delete a record; gives it as it is afterwards. Raises Refused."""
    kind = KINDS.get(str(body.get("kind")), "")
    if kind not in _TYPE:
        raise Refused(f"unknown kind {body.get('kind')!r}: one of {', '.join(sorted({*_TYPE, 'group', 'plan'}))}")
    given = body.get("set") or {}
    if not isinstance(given, dict):
        raise Refused("set is an object: field path -> value")
    if body.get("id") in {None, ""}:
        return _shown(_create(tenant, contract, kind, given))
    number = _number(tenant, kind, body["id"])
    if body.get("delete"):
        _check_last_summary(tenant, kind, number)
        return _shown(tenant.delete(kind, number))
    record = copied(tenant.state.tables[kind][number])
    _put(contract, kind, record, given)
    _kind_ids(tenant, kind, record)
    _check(tenant, kind, record)
    tenant.replace(kind, number, record)
    return _shown(record)


def _number(tenant: Tenant, kind: str, given: object) -> int:
    text = str(given)
    if not text.isdigit() or int(text) not in tenant.state.tables[kind]:
        raise Refused(f"no {kind} {text}")
    return int(text)


def _create(tenant: Tenant, contract: Contract, kind: str, given: dict[str, Any]) -> Record:
    record: Record = {ID_FIELD[kind]: None}
    if kind == "contact":
        record = {"contact": {"contactID": None}}
    if kind == "rate":
        record |= {"cells": {}, "commissions": [], "description": "New rate"}
        record["summaries"] = _summaries_of(tenant, given.get("productID"))
    if kind == "contribution":
        record |= {"amounts": {}, "description": "New contribution", "employeeContribution": False}
    if kind == "eligibility_rule":
        record |= {"description": "New rule", "active": True}
    if kind == "activity_log":
        record |= {"status": "Open", "priority": "Medium", "assignedToUserID": tenant.catalogue.user_ids["admin"]}
    _put(contract, kind, record, given)
    _kind_ids(tenant, kind, record)
    _check(tenant, kind, record)
    tenant.save(kind, record)
    return record


def _summaries_of(tenant: Tenant, product: object) -> list[int]:
    number = int(product) if str(product).isdigit() else 0  # type: ignore[call-overload]
    return [item["benefitSummaryID"] for item in tenant.state.of_product("benefit_summary", number)]


def _kind_ids(tenant: Tenant, kind: str, record: Record) -> None:
    """Find the ids that a schedule's name stands for, and the usual rate type of a new rate's plan."""
    schedule = record.pop("schedule", None)
    if schedule is not None and schedule not in names.SCHEDULES:
        raise Refused(f"unknown schedule {schedule!r}: one of {', '.join(names.SCHEDULES)}")
    product = tenant.state.tables["product"].get(record.get("productID") or 0)
    if kind == "rate" and product is not None:
        family = tenant.catalogue.types[product["productTypeID"]].rates
        record.setdefault("rateTypeID", tenant.catalogue.rate_type_ids[family, "Fully_Insured"])
        if schedule or "rateTypeTierID" not in record:
            pair = (record["rateTypeID"], schedule or _USUAL)
            record["rateTypeTierID"] = tenant.catalogue.type_tier_ids.get(pair)
    if kind == "contribution" and (schedule or "rateTierScheduleID" not in record):
        record["rateTierScheduleID"] = tenant.catalogue.schedule_ids[schedule or _USUAL]


# -- setting ----------------------------------------------------------------------------------------------------------


def _put(contract: Contract, kind: str, record: Record, given: dict[str, Any]) -> None:
    """Set fields by path; a name that the vendor's record does not have is refused, with those it has."""
    known = {field.name for field in contract.types[_TYPE[kind]]} - _FIXED | _MORE.get(kind, set())
    for path, value in given.items():
        first, *rest = path.split(".", 2 if path.startswith("cells.") else -1)
        if first not in known or (first == ID_FIELD[kind] and record.get(first) != value):
            raise Refused(f"{kind} has no field {first!r} that a person can set: {', '.join(sorted(known))}")
        holder: Any = record
        steps = [first, *rest]
        for step in steps[:-1]:
            if not isinstance(holder.get(step), dict):
                holder[step] = {}
            holder = holder[step]
        _set(holder, steps[-1], value)
    if kind == "contribution":
        record["amounts"] = {tier: _amount(value) for tier, value in record["amounts"].items() if value is not None}
    if kind == "rate":
        record["cells"] = {label: dict(cells) for label, cells in record["cells"].items() if cells}


def _set(holder: Record, name: str, value: Any) -> None:
    """Put one value: an object is merged into the one that stands there, null removes a cell and clears a field."""
    if isinstance(value, dict) and isinstance(holder.get(name), dict):
        for key, item in value.items():
            _set(holder[name], key, item)
    elif value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _amount(value: Any) -> Record:
    if isinstance(value, dict):
        return {kind: str(amount) for kind, amount in value.items() if amount is not None}
    return {"dollarAmount": str(value)}


# -- checking ---------------------------------------------------------------------------------------------------------


def _check(tenant: Tenant, kind: str, record: Record) -> None:
    """Refuse what the vendor's screens would not let a person enter."""
    for name in ("effectiveAsOf", "expirationOn", "renewalOn", "cancellationOn", "dueOn"):
        if record.get(name) and not _DAY.fullmatch(str(record[name])):
            raise Refused(f"{name} is {record[name]!r}: expected a day such as 2026-01-01")
    owner = "product" if kind in {"benefit_summary", "rate", "contribution", "eligibility_rule"} else "account"
    if kind not in {"account", "user"} and record.get(ID_FIELD[owner]) not in tenant.state.tables[owner]:
        raise Refused(f"{ID_FIELD[owner]} is {record.get(ID_FIELD[owner])!r}: no such {owner}")
    if kind == "rate":
        _check_rate(tenant, record)
    if kind == "contribution":
        _check_contribution(tenant, record)
    if kind == "eligibility_rule":
        _check_rule(tenant, record)


def _check_last_summary(tenant: Tenant, kind: str, number: int) -> None:
    """Refuse to take a rate's last benefit summary away: a rate belongs to one at least (the contract)."""
    if kind != "benefit_summary":
        return
    summaries = tenant.state.tables[kind].keys() - {number}
    for rate_id, rate in tenant.state.tables["rate"].items():
        if number in rate.get("summaries", ()) and not summaries & set(rate["summaries"]):
            raise Refused(f"benefit_summary {number} is the only one of rate {rate_id}: delete that rate first")


def _check_rate(tenant: Tenant, record: Record) -> None:
    pair = (record.get("rateTypeID"), record.get("rateTypeTierID"))
    if pair[1] is None or pair not in {(kind, number) for (kind, _), number in tenant.catalogue.type_tier_ids.items()}:
        raise Refused(f"rateTypeID {pair[0]} has no rateTypeTierID {pair[1]}")
    labels = [field["label"] for field in tenant.catalogue.rate_groups(record["rateTypeID"])[0]["rateFields"]]
    tiers = [tier["description"] for tier in schedule_of(tenant, record)["rateTiers"]]
    for label, cells in record["cells"].items():
        if label not in labels:
            raise Refused(f"unknown rate field {label!r}: one of {', '.join(labels)}")
        for place, amount in cells.items():
            tier, _, rest = place.partition("/")
            if tier not in tiers:
                raise Refused(f"unknown tier {tier!r}: one of {', '.join(tiers)}")
            if rest:
                bands.read(rest.partition("/")[0])
            _number_text(f"{label}, {place}", amount)
    if record.get("basis") not in {None, *names.BASES.values()}:
        raise Refused(f"basis is {record['basis']!r}: one of {', '.join(names.BASES.values())}")
    if not record["summaries"]:
        raise Refused("a rate belongs to at least one benefit summary; the plan has none")


def _check_contribution(tenant: Tenant, record: Record) -> None:
    schedule = tenant.catalogue.schedule_of(record["rateTierScheduleID"])
    if schedule is None:
        raise Refused(f"rateTierScheduleID {record['rateTierScheduleID']} does not exist")
    tiers = [names.TIERS[tier] for tier in names.SCHEDULES[schedule]]
    for tier, amounts in record["amounts"].items():
        if tier not in tiers:
            raise Refused(f"unknown tier {tier!r}: one of {', '.join(tiers)}")
        if len(amounts) != 1 or not set(amounts) <= set(_AMOUNTS):
            raise Refused(f"{tier} has {', '.join(amounts) or 'nothing'}: expected one of {', '.join(_AMOUNTS)}")
        for kind, amount in amounts.items():
            _number_text(f"{tier}, {kind}", amount)


def _check_rule(tenant: Tenant, record: Record) -> None:
    for name, kind in (("benefitSummaryID", "benefit_summary"), ("rateID", "rate"), ("contributionID", "contribution")):
        held = tenant.state.tables[kind].get(record.get(name) or 0)
        if record.get(name) is not None and (held is None or held["productID"] != record["productID"]):
            raise Refused(f"{name} {record[name]} is not one of plan {record['productID']}")


def _number_text(where: str, amount: object) -> None:
    try:
        fine = Decimal(str(amount)).is_finite()
    except InvalidOperation:
        fine = False
    if not fine:
        raise Refused(f"{where} is {amount!r}: expected an amount such as 612.40")


def _shown(record: Record) -> Record:
    """Give a record without the server's own notes."""
    return {name: value for name, value in record.items() if not name.startswith("_")}
