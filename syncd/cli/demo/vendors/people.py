"""What the vendors' users do and see, each in the words of their own system, by the sandbox's back door.

The back door is JSON over HTTP on loopback, for practice alone: no vendor has one. Values are written as the vendor's
screens would show them; nothing here knows a mapping.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from syncd.cli.demo.telling import DemoStoppedError

Record: TypeAlias = dict[str, Any]

IN_NETWORK: Final = 621
"""BenefitPoint's column of a medical plan's summary in the sandbox."""
ATTRIBUTES: Final = {"Specialist Visit": 10215, "Urgent Care": 10223}
"""BenefitPoint's attributes of a medical plan's summary in the sandbox that the story is about."""
_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Door:
    """The back door of one vendor."""

    url: str

    def call(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask it; an answer that is no success ends the story."""
        at = urlsplit(self.url)
        connection = HTTPConnection(at.netloc, timeout=_TIMEOUT_S)
        try:
            connection.request(method, f"{at.path}/{what}", json.dumps(body or {}))
            reply = connection.getresponse()
            said = json.loads(reply.read() or b"null")
        except (OSError, ValueError) as error:
            raise DemoStoppedError(f"the back door {self.url} does not answer: {error}") from error
        finally:
            connection.close()
        if reply.status != 200:  # noqa: PLR2004 - the one success it has
            raise DemoStoppedError(f"back door, {what}: {said}")
        return said

    def edit(self, kind: str, record_id: object, changes: Mapping[str, Any], person: str) -> None:
        """Change fields of a record; without an id make a new one."""
        said = {"kind": kind, "as": person, "set": dict(changes)}
        self.call("POST", "edit", said if record_id is None else {**said, "id": str(record_id)})


@dataclass(frozen=True, slots=True)
class PerfectQuote:
    """PerfectQuote's screen, with Omar before it."""

    door: Door
    person: str = "omar"

    def plan(self, plan_id: str) -> Record:
        """Give a plan as it is held, also one in the bin."""
        found: Record | None = self.door.call("GET", "snapshot")["store"]["records"]["plan"].get(plan_id)
        if found is None:
            raise DemoStoppedError(f"PerfectQuote has no plan {plan_id}")
        return found

    def benefit(self, plan_id: str, code: str) -> str:
        """Give what stands for a benefit in network."""
        held = next(iter(fields_of(self.plan(plan_id)["benefits"], code)))["in_network"]
        return f"{held['kind']} {held['amount'] or held['text']}"

    def rate(self, plan_id: str, tier: str) -> str:
        """Give the rate of a tier."""
        tiers = self.plan(plan_id)["rates"]["sets"][0]["tiers"]
        return next(str(item["rate"]) for item in tiers if item["tier"] == tier)

    def type_field(self, plan_id: str, name: str, value: str) -> None:
        """Type into a field of a plan."""
        self.door.edit("plan", plan_id, {name: value}, self.person)

    def type_copay(self, plan_id: str, code: str, amount: str) -> None:
        """Type a copayment in network."""
        benefits = self._block(plan_id, "benefits")
        for item in fields_of(benefits, code):
            item["in_network"] |= {"kind": "copay", "amount": amount, "text": None}
        self.door.edit("plan", plan_id, {"benefits": benefits}, self.person)

    def type_rate(self, plan_id: str, tier: str, amount: str) -> None:
        """Type the rate of a tier."""
        rates = self._block(plan_id, "rates")
        for item in rates["sets"][0]["tiers"]:
            if item["tier"] == tier:
                item["rate"] = amount
        self.door.edit("plan", plan_id, {"rates": rates}, self.person)

    def delete(self, plan_id: str) -> None:
        """Delete a plan."""
        self.door.call("POST", "edit", {"kind": "plan", "id": plan_id, "as": self.person, "delete": True})

    def _block(self, plan_id: str, name: str) -> Record:
        block: Record = deepcopy(self.plan(plan_id)[name])
        return block


def fields_of(benefits: Record, code: str) -> Iterable[Record]:
    """Give PerfectQuote's entries of a benefit: one in each variant."""
    return (item for variant in benefits["variants"] for item in variant["fields"] if item["code"] == code)


@dataclass(frozen=True, slots=True)
class BenefitPoint:
    """BenefitPoint's screen, with Dana before it."""

    door: Door
    person: str = "dana"

    def tables(self) -> Mapping[str, Mapping[str, Record]]:
        """Give everything that is held, by kind and id."""
        held: Mapping[str, Mapping[str, Record]] = self.door.call("GET", "snapshot")["tables"]
        return held

    def of_plan(self, kind: str, product: str) -> list[Record]:
        """Give a plan's records of a kind: benefit_summary, rate, contribution, eligibility_rule."""
        return [record for record in _rows(self.tables()[kind]) if str(record.get("productID")) == product]

    def plan(self, product: str) -> Record:
        """Give a plan."""
        return self.of_plan("product", product)[0]

    def plan_called(self, account: str, name: str) -> Record:
        """Find a plan of an account by its name."""
        plans = (plan for plan in _rows(self.tables()["product"]) if str(plan["accountID"]) == account)
        found = next((plan for plan in plans if plan["name"] == name), None)
        if found is None:
            raise DemoStoppedError(f"BenefitPoint has no plan called {name}")
        return found

    def benefit(self, product: str, attribute: str) -> str:
        """Give what stands for a benefit in network."""
        values = self.of_plan("benefit_summary", product)[0]["attributeValues"]
        return str(next(iter(cells_of(values, attribute)))["value"])

    def rate(self, product: str, tier: str) -> str:
        """Give the rate of a tier."""
        return str(self.of_plan("rate", product)[0]["cells"]["Rate"][tier])

    def notes(self, account: str) -> list[Record]:
        """Give the activity log of an account, the oldest first."""
        return [note for note in _rows(self.tables()["activity_log"]) if str(note.get("accountID")) == account]

    def type_benefit(self, product: str, attribute: str, text: str) -> None:
        """Type into the first summary of a plan, in network."""
        summary = self.of_plan("benefit_summary", product)[0]
        values = deepcopy(summary["attributeValues"])
        for cell in cells_of(values, attribute):
            cell |= {"UOM": "text", "value": text}
        self.door.edit("benefit_summary", summary["benefitSummaryID"], {"attributeValues": values}, self.person)

    def type_rate(self, product: str, tier: str, amount: str) -> None:
        """Type the rate of a tier of a plan's first rate."""
        rate = self.of_plan("rate", product)[0]
        self.door.edit("rate", rate["rateID"], {"cells": {"Rate": {tier: amount}}}, self.person)

    def enter(self, kind: str, product: str, given: Mapping[str, Any]) -> None:
        """Enter what the plan did not have: a rate or a contribution."""
        self.door.edit(kind, None, {"productID": int(product), **given}, self.person)


def cells_of(values: Iterable[Record], attribute: str) -> Iterable[Record]:
    """Give BenefitPoint's cells of an attribute, in network."""
    return (
        cell
        for value in values
        if value["attributeID"] == ATTRIBUTES[attribute]
        for cell in value["attributeValueDetails"]
        if cell["benefitColumnID"] == IN_NETWORK
    )


def _rows(table: Any) -> Iterable[Record]:  # noqa: ANN401 - by id, or a list
    return table.values() if isinstance(table, Mapping) else table
