"""The brokerage as its server sees it: state with its rules of time, visibility and change.

Everything that several calls need stands here: what the user may see, what the server's clock says, and what becomes of
a record that was saved or deleted. It knows nothing of XML.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import NOT_AUTHORIZED, Fault
from syncd.sandbox.benefitpoint.sessions import Sessions
from syncd.sandbox.benefitpoint.state import ENTITY, ID_FIELD, State
from syncd.sandbox.benefitpoint.switches import Switches
from syncd.sandbox.benefitpoint.values import today
from syncd.sandbox.clock import Clock, stamp

_CHILDREN = ("benefit_summary", "rate", "contribution", "eligibility_rule")


@dataclass
class Tenant:
    """One brokerage."""

    state: State
    catalogue: Catalogue
    switches: Switches
    clock: Clock
    sessions: Sessions

    # -- time ---------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Tell the time by the server's clock."""
        return self.clock.now() + timedelta(seconds=self.switches["clock_offset_s"])

    def today(self) -> str:
        """Tell the date at the server."""
        return today(self.now())

    def stamp(self) -> str:
        """Give the stamp of a change made now."""
        at = self.now()
        return stamp(at.replace(second=0, microsecond=0) if self.switches["equal_stamps"] else at)

    def settled(self, record: Record) -> bool:
        """Tell whether searches by time see the record's last change yet."""
        touched = record.get("_touched")
        late = timedelta(seconds=self.switches["late_visibility_s"])
        return touched is None or not late or datetime.fromisoformat(touched) + late <= self.clock.now()

    # -- what the user may see ----------------------------------------------------------------------------------------

    def may_see(self, account: Record) -> bool:
        """Tell whether the user's office access covers an account."""
        only = self.switches["rights.office"]
        return not only or account["officeID"] == self.catalogue.office_ids.get(only)

    def accounts(self) -> Iterator[Record]:
        """Give the visible accounts in order of their ids."""
        return (record for _, record in sorted(self.state.tables["account"].items()) if self.may_see(record))

    def find(self, kind: str, number: int | None) -> Record | None:
        """Give a visible record; None when it is gone, was never there, or is not for this user."""
        record = self.state.tables[kind].get(number or 0)
        if record is None:
            return None
        owner = self.owner_of(kind, record)
        return record if owner is None or (owner in self.state.tables["account"] and self._sees(owner)) else None

    def get(self, kind: str, number: int | None) -> Record | None:
        """Give a visible record, or what the vendor says when there is none: one sentence for gone and for hidden."""
        record = self.find(kind, number)
        if record is None and self.switches["gone"] == "fault":
            raise Fault(NOT_AUTHORIZED)
        return record

    def need(self, kind: str, number: int | None) -> Record:
        """Give a visible record. Raises Fault."""
        record = self.find(kind, number)
        if record is None:
            raise Fault(NOT_AUTHORIZED)
        return record

    def _sees(self, account: int) -> bool:
        return self.may_see(self.state.tables["account"][account])

    def owner_of(self, kind: str, record: Record) -> int | None:
        """Give the account that a record belongs to; None for one that belongs to none."""
        if "productID" in record and kind in _CHILDREN:
            product = self.state.tables["product"].get(record["productID"])
            return product["accountID"] if product else -1
        return record.get("accountID")

    # -- changes ------------------------------------------------------------------------------------------------------

    def save(self, kind: str, record: Record, *, lie: bool = False) -> int:
        """File a new or changed record and stamp it; `lie` leaves the stamps as they were."""
        new = not _id(kind, record)
        number = self.state.add(kind, record)
        if new:
            record["createdOn"] = self.stamp()
        if new or not lie:
            self.touch(kind, number)
        return number

    def touch(self, kind: str, number: int) -> None:
        """Stamp a record, and its plan where the tenant's server does that."""
        record = self.state.tables[kind][number]
        record["lastModifiedOn"], record["_touched"] = self.stamp(), stamp(self.clock.now())
        if kind in _CHILDREN and self.switches["child_change_stamps_product"]:
            product = record.get("productID")
            if product in self.state.tables["product"]:
                self.touch("product", product)

    def replace(self, kind: str, number: int, record: Record, *, lie: bool = False) -> int:
        """Put a changed record in the place of one."""
        held = self.state.tables[kind][number]
        record["lastModifiedOn"], record["createdOn"] = held.get("lastModifiedOn"), held.get("createdOn")
        record["_touched"] = held.get("_touched")
        self.state.tables[kind][number] = record
        if not lie:
            self.touch(kind, number)
        return number

    def delete(self, kind: str, number: int) -> Record:
        """Remove a record and what belongs to it, as the vendor's own screens do."""
        record = self.state.tables[kind].pop(number)
        if kind in ENTITY:
            gone = {"entityID": number, "entityType": ENTITY[kind]}
            self.state.deletions.append({**gone, "deletedOn": self.stamp(), "_touched": stamp(self.clock.now())})
        below = {"product": _CHILDREN, "account": ("product", "contact", "activity_log")}.get(kind, ())
        for child in below:
            held = self.state.tables[child].items()
            for child_id in [key for key, item in held if item.get(ID_FIELD[kind]) == number]:
                self.delete(child, child_id)
        return record

    # -- small facts --------------------------------------------------------------------------------------------------

    def account_name(self, account: Record) -> str:
        """Give the name, wherever the account's classification keeps it."""
        info = account.get("groupAccountInfo") or account.get("marketingGroupAccountInfo") or {}
        person = (account.get("individualAccountInfo") or {}).get("personInfo") or {}
        agency = account.get("agencyAccountInfo") or {}
        name = info.get("accountName") or info.get("marketingGroupName") or agency.get("agencyName")
        return name or f"{person.get('firstName', '')} {person.get('lastName', '')}".strip()

    def status_of(self, product: Record) -> str:
        """Give the plan's status, which follows from its dates.

        A continuous policy may have no renewal; one that states it ends there like any other (our reading).
        """
        day = self.today()
        if product.get("cancellationOn") and product["cancellationOn"] <= day and not _reinstated(product, day):
            return "Cancelled"
        if product.get("effectiveAsOf") and product["effectiveAsOf"] > day:
            return "Pending"
        if product.get("renewalOn") and product["renewalOn"] <= day:
            return "Expired"
        return "Current"


def _reinstated(product: Record, day: str) -> bool:
    again = product.get("reinstatementOn")
    return again is not None and product["cancellationOn"] <= again <= day


def _id(kind: str, record: Record) -> Any:
    holder = record["contact"] if kind == "contact" else record
    return holder.get(ID_FIELD[kind])


def copied(record: Record) -> Record:
    """Give a copy that can be changed."""
    return copy.deepcopy(record)
