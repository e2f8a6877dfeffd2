"""What a quiet hour costs: requests counted by both sandboxes and by the HTTP seam, which have to agree.

Per observation and system a fixed number, however many plans are linked; once a day everything is compared, because
BenefitPoint's change list says nothing of contributions and eligibility rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from syncd.apply.world import FULL_EVERY_S
from syncd.model.values_text import format_value
from syncd.simulation.backstage import SimClock
from syncd.simulation.vendors.base import Base, Engine, Settled, engine, ids
from syncd.simulation.vendors.wire import BP, PQ
from syncd.sync import run_once

from .conftest import EMPLOYERS

ACCESS = 7
EXPIRED = 1
"""Rates that BenefitPoint still lists and that are of no day any more: asked for, and no part."""
HOUR_S = 3600.0
QUIET_S = 600.0
"""Shorter than a token and a session live, so that no request is repeated after a new login."""
PARTS_ASKED = 5
"""What reading a plan of BenefitPoint costs at least: the product, and one search each for summaries, rates,
contributions and rules. Each part found costs one request more."""


@dataclass
class Office:
    """Employers linked and settled, as an engine that has been running for a while."""

    base: Base
    made: Engine
    clock: SimClock
    scopes: tuple[str, ...]

    @property
    def plans(self) -> int:
        return sum(len(self.made.world.store.links(scope, "plan")) for scope in self.scopes)

    def held(self, path: str) -> list[str]:
        """Give what the snapshots of BenefitPoint's plans say in a field."""
        snapshots = self.made.world.store.snapshots(BP, "plan").values()
        return [format_value(one.flat[path]) for one in snapshots if path in one.flat]

    def full_at(self) -> float:
        """Give when BenefitPoint was last listed completely."""
        return float(self.made.world.store.get("feed", BP)["full_at"])

    async def pass_by(self, seconds: float, *, full: bool = False, writes: bool = False) -> Mapping[str, Counter[str]]:
        """Let time pass, observe both systems, run every group; give the requests by system and operation."""
        self.clock.at += seconds
        self.base.set_clock(self.clock.at)
        for name, wire in self.made.wires.items():
            wire.requests.clear()
            self.base.vendors[name].door.call("DELETE", "requests")
        await self.made.observe(full=full)
        reports = [await run_once(scope, self.made.world) for scope in self.scopes]
        told = [(dict(one.written), one.failed, dict(one.away)) for one in reports]
        assert writes or told == [({}, (), {})] * len(reports), "a quiet hour writes nothing and fails at nothing"
        for name, wire in self.made.wires.items():
            served = sum(self.base.vendors[name].door.requests().values())
            assert served == sum(wire.requests.values()), f"{name} served {served}, the seam sent {wire.requests}"
        return {name: Counter(wire.requests) for name, wire in self.made.wires.items()}


@asynccontextmanager
async def opened(settled: Settled) -> AsyncIterator[Office]:
    clock, store = SimClock(settled.at), settled.begin()
    made = engine(settled.base.vendors, store, clock, ids())
    office = Office(settled.base, made, clock, settled.scopes)
    await office.pass_by(QUIET_S)  # log in, and ask once what is known for a day
    yield office
    await made.aclose()
    store.free()


@pytest.fixture
async def office(one):
    """The engine with one employer linked."""
    async with opened(one) as office:
        yield office


def of_access(system: str, operation: str) -> bool:
    """Tell the requests that log in or ask what the account may do."""
    known = {PQ: ("token", "firm", "role"), BP: ("login", "echo", "logout", "check", "findUsers", "findOffices")}
    return operation.startswith(known[system])


def feeds(asked: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {
        name: {operation: n for operation, n in counts.items() if not of_access(name, operation)}
        for name, counts in asked.items()
    }


def first(office: Office, kind: str) -> str:
    """Give a record of a kind, in BenefitPoint's own words, of the first employer."""
    tables = office.base.vendors[BP].door.call("GET", "snapshot")["tables"]
    account = int(office.base.groups[EMPLOYERS[0]][BP])
    plans = {one["productID"] for one in tables["product"].values() if one["accountID"] == account}
    return next(key for key, one in tables[kind].items() if one["productID"] in plans)


async def test_a_quiet_hour_asks_each_feed_once_however_many_plans_are_linked(one, four):
    """One change-feed request, one findChanges, at most seven for access; no write; four employers cost one's."""
    async with opened(one) as office:
        few, asked_of_few = office.plans, await office.pass_by(QUIET_S)
    async with opened(four) as office:
        many, asked_of_many = office.plans, await office.pass_by(QUIET_S)
    assert (few, many) == (3, 8)
    assert feeds(asked_of_few) == {PQ: {"changes": 1}, BP: {"findChanges": 1}}
    assert asked_of_few == asked_of_many, "the requests of a quiet hour grow with the number of plans"
    access = {name: sum(asked.values()) - 1 for name, asked in asked_of_many.items()}
    assert access[PQ] == 0
    assert access[BP] <= ACCESS, "six modules and the user, when it is time to ask again what the account may do"


async def test_the_daily_full_compare_costs_nine_requests_per_plan_of_benefitpoint_and_pages_of_perfectquote(four):
    """BenefitPoint: 5 requests a plan and one for each of its parts, 9 here. PerfectQuote: pages, no plan."""
    async with opened(four) as office:
        asked = await office.pass_by(QUIET_S, full=True)
        accounts = [group[BP] for group in office.base.groups.values()]
        parts = [len(record.parts) - 1 for record in office.base.truth.all(BP, "plan", accounts)]
    operations = feeds(asked)[BP]
    assert operations.pop("findChanges") == 1, "where the feed goes on from"
    listing = [operations.pop(name) for name in ("findAccounts", "getAccount", "findProducts")]
    assert listing == [1, len(accounts), len(accounts)]
    structures = sum(operations.pop(name) for name in list(operations) if "Structure" in name or "Available" in name)
    structures += operations.pop("getProductTypes", 0)
    assert structures <= 12, "they are asked once a day, not once a plan"
    least = PARTS_ASKED * len(parts) + sum(parts)
    assert least <= sum(operations.values()) <= least + EXPIRED, operations
    assert {PARTS_ASKED + count for count in parts} == {9}
    assert {name: n for name, n in feeds(asked)[PQ].items() if name != "carriers.list"} == {
        "changes": 1,
        "groups.list": 1,
        "plans.list": 1,
    }


@pytest.mark.parametrize(
    ("kind", "changes", "path", "value"),
    [
        ("contribution", {"amounts.EE Only": "401.11"}, "contributions[2026-01-01].ee", "401.11"),
        ("eligibility_rule", {"notes": "From day 31"}, "eligibility.notes", "From day 31"),
    ],
    ids=["contributions", "eligibility"],
)
async def test_what_find_changes_does_not_track_is_seen_by_the_daily_compare_and_not_before(
    office, kind, changes, path, value
):
    """A person edits at the start of a day; every hour of it passes without a word, the first of the next shows it."""
    since = office.full_at()
    edited = first(office, kind)
    office.base.vendors[BP].door.edit(kind, edited, changes)
    while office.clock.at + HOUR_S - since < FULL_EVERY_S:
        asked = feeds(await office.pass_by(HOUR_S))
        assert {name: set(counts) for name, counts in asked.items()} == {PQ: {"changes"}, BP: {"findChanges"}}
        assert value not in office.held(path), f"seen at {office.clock.at - since:.0f} s, before the daily compare"
    await office.pass_by(HOUR_S, writes=True)
    assert office.held(path).count(value) == 1, f"{office.held(path)} after the daily compare"


@pytest.mark.parametrize("kind", ["rate", "benefit_summary", "product"])
async def test_what_find_changes_tracks_is_seen_within_the_hour(office, kind):
    """For comparison: the other parts of a plan are seen by the next observation, at the price of that one plan."""
    edited = first(office, kind)
    office.base.vendors[BP].door.edit(kind, edited, {"description" if kind != "product" else "name": "Seen"})
    asked = await office.pass_by(QUIET_S, writes=True)
    assert feeds(asked)[BP]["getProduct"] >= 1
    assert feeds(asked)[BP]["findChanges"] == 1
