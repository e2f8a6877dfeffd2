"""Importing: which accounts are meant, what may be their counterpart, and plans beside each other."""

from __future__ import annotations

from datetime import date

import pytest

from syncd.apply.world import LiveSystem, World
from syncd.connectors.base import Account
from syncd.connectors.memory import Behaviour, MemorySystem
from syncd.errors import TransientError
from syncd.importing import (
    Found,
    awaited,
    counterparts,
    create_counterpart,
    directories,
    held_by,
    look_at,
    look_at_link,
    picked,
    possible,
    search,
    side_by_side,
    unlinked_group,
)
from syncd.linking import LinkingError, copy_group, link_groups
from syncd.mapping.flat import FlatLens
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Seen, Stray
from syncd.store.store import Store
from syncd.sync import observe_all

NAMES = ("crm", "pay", "quote")


class Searched(MemorySystem):
    """A system in memory whose groups are searched."""

    async def find_groups(self, *, name="", number="", refresh=False):
        del number
        listed = sorted(self.content()["group"].items())
        accounts = [Account(id_, data["details.name"]) for id_, data in listed if name in data["details.name"]]
        return tuple(accounts), "now" if refresh else "then"


def group(system: str, record: str, label: str, **said: str) -> Stray:
    flat = {f"details.{key}": value for key, value in said.items()}
    return Stray(system, "group", record, label, Seen(flat, b""))


def plan(system: str, record: str, code: str = "", line: str = "medical") -> Stray:
    flat = {
        "details.line": line,
        "details.carrier": "Kaiser",
        "details.effective_date": date(2026, 1, 1),
        **({"details.carrier_plan_code": code} if code else {}),
    }
    return Stray(system, "plan", record, "Gold", Seen(flat, b""))


@pytest.fixture
def world():
    systems = {name: (Searched if name == "crm" else MemorySystem)(name, Behaviour()) for name in NAMES}
    for name, system in systems.items():
        system.put_record("group", "g1", {"details.name": "Acme", "details.account_number": "A-1"})
        system.put_record("group", "g2", {"details.name": "Other"})
        system.put_record("plan", "p1", {"details.name": f"Gold of {name}"}, group="g1")
    lenses = {"group": FlatLens("group"), "plan": FlatLens("plan")}
    made = World(
        {name: LiveSystem(name, system, lenses) for name, system in systems.items()},
        Store.open(":memory:"),
        Rules({"default": {"on_conflict": "ask"}}, NAMES),
    )
    yield made
    made.store.close()


# -- accounts ----------------------------------------------------------------------------------------------------------

TWO = Found("crm", (Account("1", "Acme", "A-1"), Account("2", "Acme", "1")), "then")


@pytest.mark.parametrize(
    ("found", "pick", "meant"),
    [
        (Found("crm", TWO.accounts[:1], ""), None, "1"),
        (TWO, None, None),
        (TWO, "2", "2"),
        (TWO, "A-1", "1"),
        (TWO, "1", "1"),  # an id goes before a number
    ],
)
def test_which_account_is_meant(found, pick, meant):
    account = picked(found, pick)
    assert (account.id if account is not None else None) == meant


def test_a_pick_that_was_not_found_is_refused():
    with pytest.raises(LinkingError, match="not among those") as caught:
        picked(TWO, "9")
    assert caught.value.hint == "Found were 1, 2."


async def test_only_a_directory_is_searched(world):
    assert directories(world) == ["crm"]
    assert [one.id for one in (await search(world, "crm", name="Acm")).accounts] == ["g1"]
    assert (await search(world, "crm", name="Acm", refresh=True)).as_of == "now"
    with pytest.raises(LinkingError, match="cannot be searched") as caught:
        await search(world, "pay", name="Acm")
    assert caught.value.hint == "Those that can are crm."


# -- groups ------------------------------------------------------------------------------------------------------------


def test_evidence_makes_candidates_and_a_name_never_does():
    mine = group("crm", "1", "Acme Mining", account_number="A-1")
    same = group("quote", "9", "Something else", account_number="A-1")
    alike = group("quote", "8", "ACME Mining Inc")
    other = group("quote", "7", "Zenith")
    found = counterparts(mine, [same, alike, other])
    assert [one.id for one in found.candidates] == ["9"]
    assert [one.id for one in found.namesakes] == ["8"]


async def test_one_group_is_looked_at_and_nothing_else(world):
    await look_at(world, {"crm": "g1"})
    assert unlinked_group(world, "crm", "g1").label == "Acme"
    assert world.store.snapshots("crm", "group").keys() == {"g1"}
    assert world.store.listing("crm", "group") is None
    with pytest.raises(LinkingError, match="cannot be read"):
        unlinked_group(world, "crm", "g2")


async def test_a_system_that_does_not_answer_is_an_error(world):
    world.systems["crm"].connector.faults.set("list", "error")
    with pytest.raises(TransientError, match="could not be read"):
        await look_at(world, {"crm": "g1"})


async def test_groups_that_the_account_could_be_linked_with(world):
    """A group that is linked with one of the same system already cannot take another."""
    await observe_all(world)
    assert {(one.system, one.id) for one in possible(world, "crm")} == {
        *(("pay", "g1"), ("pay", "g2")),
        *(("quote", "g1"), ("quote", "g2")),
    }
    link = await link_groups(world, {"crm": "g2", "quote": "g2"})
    assert ("quote", "g2") not in {(one.system, one.id) for one in possible(world, "crm")}
    assert held_by(world, "quote", "g2") == link
    assert held_by(world, "pay", "g2") is None


async def test_a_counterpart_is_created_by_a_run_and_its_plans_are_looked_at(world):
    await observe_all(world)
    link = await copy_group(world, "crm", "g1", "pay", by="ann")
    assert awaited(link) == ["pay"]
    link, report = await create_counterpart(world, link)
    assert (awaited(link), report.written) == ([], {"pay": 1})
    await look_at_link(world, link)
    assert {row.id for row in world.store.strays(link.id)} == {"p1"}
    joined = await copy_group(world, "crm", "g1", "quote")
    assert (joined.id, awaited(joined)) == (link.id, ["quote"])


@pytest.mark.parametrize(
    ("record", "to", "told"),
    [
        ("g9", "pay", "there is no such group"),
        ("g1", "crm", "it is in crm already"),
        ("g1", "bank", "there is no system bank"),
        ("g2", "quote", "has a record of quote already"),
    ],
)
async def test_a_group_that_cannot_be_copied_is_refused(world, record, to, told):
    await observe_all(world)
    await link_groups(world, {"crm": "g2", "quote": "g2"})
    with pytest.raises(LinkingError, match=told):
        await copy_group(world, "crm", record, to)


# -- plans -------------------------------------------------------------------------------------------------------------


def test_plans_stand_beside_their_likeliest_counterpart_when_both_think_so():
    strays = [plan("crm", "1", "K-1000"), plan("quote", "a", "K-1000"), plan("quote", "b", "K-2999")]
    rows = side_by_side(strays)
    assert [{system: one.id for system, one in row.plans.items()} for row in rows] == [
        {"crm": "1", "quote": "a"},
        {"quote": "b"},
    ]
    assert rows[0].score > 0.5
    assert "same carrier plan code" in rows[0].reasons


def test_every_plan_stands_in_one_row():
    strays = [plan(system, f"{system}{n}") for system in NAMES for n in range(3)]
    shown = [(system, one.id) for row in side_by_side(strays) for system, one in row.plans.items()]
    assert sorted(shown) == sorted((one.system, one.id) for one in strays)
