"""A small brokerage in the BenefitPoint sandbox: one account with three plans and an additional product, two without.

`CLASSES` has a rate and a contribution for each of two classes, `QUOTED` also an offer of a marketing response, `TWICE`
two benefit summaries. Cut from the seeded brokerage through the back door; nothing of the sandbox is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from syncd.connectors.benefitpoint import BenefitPoint, Settings, connect
from syncd.connectors.http import Http
from syncd.connectors.registry import State
from syncd.model.records import Part, PartWrite, Present, Record
from tests.connectors.sandboxes import BackDoor, running

ACCOUNT = "2764041"
CLASSES, QUOTED, TWICE = "1660226", "916485", "1404819"
EXTRA = "5651260"
OTHERS = ("1821957", "2899844")
CLOCK = "2026-11-20T12:00:00Z"


@dataclass(frozen=True)
class World:
    """A running sandbox that holds the small brokerage."""

    said: Mapping[str, Any]
    door: BackDoor
    state: Any

    def settings(self, **more: Any) -> Settings:
        named = {"base_url": self.said["url"], "username": self.said["username"], "password": self.said["password"]}
        return Settings(**{**named, **more})

    def connect(self, state: State | None = None, **more: Any) -> BenefitPoint:
        return connect("crm", self.settings(**more), state)

    def impatient(self, **more: Any) -> BenefitPoint:
        """A connector that does not wait between its tries."""
        settings = self.settings(**more)

        async def at_once(_seconds: float) -> None:
            return None

        from syncd.connectors.registry import Forgetful

        return BenefitPoint("crm", settings, Forgetful(), Http("crm", settings.base_url, sleep=at_once))

    def restore(self) -> None:
        self.door.reset()
        self.door.call("POST", "clock", {"now": CLOCK})
        self.door.call("POST", "restore", self.state)

    def switch(self, **switches: Any) -> None:
        self.door.call("POST", "switches", {name.replace("__", "."): value for name, value in switches.items()})


@contextmanager
def brokerage() -> Iterator[World]:
    with running("benefitpoint", clock=CLOCK) as sandbox:
        door = sandbox.backdoors["benefitpoint"]
        state = cut_down(door.snapshot())
        yield World(sandbox.systems["benefitpoint"], door, state)


def cut_down(state: Any) -> Any:
    tables = state["tables"]
    tables["account"] = {key: tables["account"][key] for key in (ACCOUNT, *OTHERS)}
    tables["product"] = {key: tables["product"][key] for key in (CLASSES, QUOTED, TWICE, EXTRA)}
    for product in tables["product"].values():
        product["accountID"] = int(ACCOUNT)
        product["parentProductID"] = None
    for table in ("benefit_summary", "rate", "contribution", "eligibility_rule"):
        tables[table] = {key: row for key, row in tables[table].items() if str(row["productID"]) in tables["product"]}
    tables["contact"] = {key: row for key, row in tables["contact"].items() if str(row["accountID"]) == ACCOUNT}
    return state


async def held(system: BenefitPoint, record_id: str, kind: Any = "plan") -> Record:
    answer = await system.read(kind, record_id)
    assert isinstance(answer, Present), answer
    return answer.record


def parts(record: Record, kind: str) -> list[Part]:
    return [part for part in record.parts if part.kind == kind]


async def write(system: BenefitPoint, record: Record, part: Part, **changes: Any) -> None:
    await system.write(PartWrite(record.kind, record.id, part, {**part.data, **changes}))


def benefits(part: Part, path: str, **columns: str | None) -> dict[str, Any]:
    """The annotated benefits of a summary with some texts changed: `in_` is In Network, `out` Out of Network."""
    names = {"in_": "In Network", "out": "Out of Network"}
    moved = {names[name]: text for name, text in columns.items()}
    held_now = part.data["_benefits"]
    return {**held_now, path: {**held_now[path], **moved}}
