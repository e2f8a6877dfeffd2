"""What the server holds: tables of plain records by id, what was deleted when, and the next free ids. No behaviour."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from syncd.sandbox.benefitpoint.codec import Record

ID_FIELD: Final = {
    "account": "accountID",
    "contact": "contactID",
    "product": "productID",
    "benefit_summary": "benefitSummaryID",
    "rate": "rateID",
    "contribution": "contributionID",
    "eligibility_rule": "eligibilityRuleID",
    "activity_log": "recordID",
    "plan_relationship": "planGroupID",
    "user": "userID",
}
"""The tables, and where a record of each says its id (a contact says it one level down)."""

ENTITY: Final = {
    "account": "Account",
    "contact": "Account_Contact",
    "activity_log": "Activity_Log_Record",
    "benefit_summary": "Benefit_Summary",
    "product": "Product",
    "rate": "Rate",
    "user": "User",
}
"""What findChanges tracks, in the contract's words. Contributions and eligibility rules are not among them."""

_FIRST: Final = {
    "account": 700_101,
    "contact": 600_001,
    "product": 880_001,
    "benefit_summary": 660_001,
    "rate": 990_001,
    "contribution": 440_001,
    "eligibility_rule": 330_001,
    "activity_log": 550_001,
    "plan_relationship": 770_001,
    "user": 9_101,
}


@dataclass
class State:
    """Every record of the tenant."""

    tables: dict[str, dict[int, Record]] = field(default_factory=lambda: {kind: {} for kind in ID_FIELD})
    deletions: list[Record] = field(default_factory=list)
    """`entityID`, `entityType` (contract's word), `deletedOn` (the server's stamp), `_touched` (the sandbox's time)."""
    serials: dict[str, int] = field(default_factory=lambda: dict(_FIRST))

    def new_id(self, kind: str) -> int:
        """Give an id that no record of the kind has or had."""
        number = self.serials[kind]
        while number in self.tables[kind]:
            number += 1
        self.serials[kind] = number + 1
        return number

    def add(self, kind: str, record: Record) -> int:
        """File a new record; one that brings its id keeps it."""
        field_name = ID_FIELD[kind]
        holder = record["contact"] if kind == "contact" else record
        number = holder.get(field_name) or self.new_id(kind)
        holder[field_name] = number
        self.tables[kind][number] = record
        return int(number)

    def of_product(self, kind: str, product: int) -> Iterator[Record]:
        """Give the records of a kind that belong to a plan, oldest first."""
        return (record for _, record in sorted(self.tables[kind].items()) if record.get("productID") == product)

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON data."""
        tables = {
            kind: {str(number): record for number, record in table.items()} for kind, table in self.tables.items()
        }
        return copy.deepcopy({"tables": tables, "deletions": self.deletions, "serials": self.serials})

    @classmethod
    def load(cls, data: dict[str, Any]) -> State:
        """Take what `dump` gave. Raises KeyError, TypeError or ValueError for anything else."""
        data = copy.deepcopy(data)
        tables = {
            kind: {int(number): dict(record) for number, record in data["tables"][kind].items()} for kind in ID_FIELD
        }
        serials = {kind: int(data["serials"][kind]) for kind in ID_FIELD}
        return cls(tables, list(data["deletions"]), serials)
