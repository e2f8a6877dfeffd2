"""Systems that list plans group by group: only linked groups are asked for, and of the others nothing is concluded."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.apply.world import remember_rights
from syncd.connectors.memory import Behaviour
from syncd.linking import link_groups
from syncd.model.records import Kind
from syncd.reconcile.types import Link, Member
from syncd.sync import observe, run_once
from tests.apply.worlds import GROUP, Stage, dump

GOLD = {"details.name": "Gold"}
SILVER = {"details.name": "Silver"}


def stage_of(*, feed: bool = False) -> Stage:
    """The crm lists by group and knows three groups; the first one is linked, with a plan in step."""
    stage = Stage(kind="plan", behaviour={"crm": Behaviour(by_group=True, feed=feed)})
    stage.link(GOLD)
    for group in ("g2", "g3"):
        for system in stage.systems.values():
            system.put_record("group", group, {"details.name": f"Client {group}"})
            system.put_record("plan", f"{group}-p", SILVER, group=group)
    return stage


def spied(stage: Stage) -> list[tuple[str, ...]]:
    """Hear for which groups the plans of the crm are listed."""
    heard: list[tuple[str, ...]] = []
    honest = stage.systems["crm"].list

    def listing(kind: Any, groups: Any = None) -> Any:
        if kind == "plan":
            heard.append(tuple(sorted(groups)) if groups is not None else ("all",))
        return honest(kind, groups)

    stage.systems["crm"].list = listing  # type: ignore[method-assign]
    return heard


def plans(stage: Stage, name: str = "crm") -> list[str]:
    return sorted(id_ for id_, row in stage.store.snapshots(name, "plan").items() if row.gone is None)


def link(stage: Stage, group: str) -> Link:
    made = Link(f"l{group}", "group", f"l{group}", group, {}, tuple(Member(name, group, {}) for name in stage.systems))
    stage.store.add_link(made)
    return made


async def test_only_the_plans_of_linked_groups_are_asked_for() -> None:
    stage = stage_of()
    heard = spied(stage)
    seen = await observe("crm", stage.world)
    assert (heard, plans(stage), seen.counts) == ([("g1",)], ["p1"], {"group": 3, "plan": 1})
    await observe("quote", stage.world)
    assert plans(stage, "quote") == ["g2-p", "g3-p", "p1"], "the quote system lists all plans at once"
    link(stage, "g2")
    await observe("crm", stage.world)
    assert (heard[-1], plans(stage)) == (("g1", "g2"), ["g2-p", "p1"])
    assert stage.store.snapshots("crm", "plan")["g2-p"].scope == "lg2"


async def test_without_a_linked_group_no_plan_is_asked_for_and_the_listing_is_good() -> None:
    stage = Stage(behaviour={"crm": Behaviour(by_group=True)}, kind="plan")
    stage.store.save_links([Link(GROUP, "group", GROUP, "Acme", {}, (), status="unlinked")])
    stage.systems["crm"].put_record("plan", "p1", GOLD, group="g1")
    heard = spied(stage)
    seen = await observe("crm", stage.world)
    listing = stage.store.listing("crm", "plan")
    assert listing is not None
    assert (heard, seen.errors, listing.complete, listing.count) == ([], [], True, 0)


async def test_p15_plans_of_groups_that_are_no_longer_linked_are_not_missing() -> None:
    stage = stage_of()
    made = link(stage, "g2")
    await observe("crm", stage.world)
    stage.store.save_links([Link(**{**_fields(made), "status": "unlinked"})])
    requests = stage.systems["crm"].requests
    requests.clear()
    seen = await observe("crm", stage.world)
    assert (seen.errors, seen.tripped, requests["read"]) == ([], [], 0)
    assert plans(stage) == ["g2-p", "p1"], "what was known stays known"


def _fields(made: Link) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__slots__}


async def test_a_plan_that_vanished_from_a_linked_group_is_missing() -> None:
    stage = stage_of()
    await stage.start()
    stage.systems["crm"].remove("plan", "p1")
    stage.systems["crm"].put_record("plan", "p2", SILVER, group="g1")
    await stage.cycle()
    assert ("missing-record", "p1") in stage.asked()


async def test_plans_of_an_orphaned_group_go_on() -> None:
    """One of the two clients is gone; what is left of the link still tells whose plans they are."""
    stage = stage_of()
    await stage.start()
    group = stage.stored(GROUP)
    members = (group.members[0], Member("quote", "g1", {}, status="missing"))
    stage.store.save_links([Link(**{**_fields(group), "status": "orphaned", "members": members})])
    stage.edit("crm", details__name="Gold 2")
    await observe("crm", stage.world)
    assert stage.store.snapshots("crm", "plan")["p1"].scope == GROUP


# -- with a feed -------------------------------------------------------------------------------------------------------


async def test_a_newly_linked_group_is_listed_though_the_feed_says_nothing_of_it() -> None:
    stage = stage_of(feed=True)
    await stage.start()
    heard = spied(stage)
    link(stage, "g2")
    seen = await observe("crm", stage.world)
    assert (seen.by_feed, heard, plans(stage)) == (True, [("g2",)], ["g2-p", "p1"])
    seen = await observe("crm", stage.world)
    assert (seen.by_feed, heard) == (True, [("g2",)]), "once"
    stage.systems["crm"].edit("plan", "g2-p", {"details.name": "Silver 2"})
    stage.systems["crm"].edit("plan", "g3-p", {"details.name": "Nobody asks"})
    seen = await observe("crm", stage.world)
    assert (seen.by_feed, seen.scopes, seen.changed) == (True, {"lg2"}, {"plan": 1})


async def test_a_group_that_is_linked_again_shows_what_vanished_meanwhile() -> None:
    stage = stage_of(feed=True)
    made = link(stage, "g2")
    await stage.start()
    stage.store.save_links([Link(**{**_fields(made), "status": "unlinked"})])
    await observe("crm", stage.world)
    stage.systems["crm"].remove("plan", "g2-p")
    await observe("crm", stage.world)
    assert plans(stage) == ["g2-p", "p1"]
    stage.store.save_links([made])
    assert (await observe("crm", stage.world)).by_feed
    assert plans(stage) == ["p1"]


@pytest.mark.parametrize("how", ["error", "partial"])
async def test_p15_a_new_group_that_is_not_listed_to_its_end_makes_it_a_complete_listing(how: str) -> None:
    stage = stage_of(feed=True)
    await stage.start()
    link(stage, "g2")
    stage.systems["crm"].faults.set("list", how, times=1)
    seen = await observe("crm", stage.world)
    assert (seen.by_feed, plans(stage), seen.errors) == (False, ["g2-p", "p1"], [])


# -- a few groups only -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crm", "quote"])
@pytest.mark.parametrize("feed", [True, False])
async def test_a_few_groups_can_be_looked_at_before_they_are_linked(name: str, feed: bool) -> None:
    """As an import does: the group and its plans are known then, and nothing is said of any other."""
    stage = Stage(kind="plan", behaviour={name: Behaviour(by_group=name == "crm", feed=feed)})
    stage.link(GOLD)
    for group in ("g2", "g3"):
        stage.systems[name].put_record("group", group, SILVER)
        stage.systems[name].put_record("plan", f"{group}-p", SILVER, group=group)
    remember_rights(name, await stage.systems[name].access(), stage.store)
    before = dump(stage.store, ("snapshot", "history_page"))
    seen = await observe(name, stage.world, groups={"g2"})
    assert (seen.counts, seen.changed, seen.errors) == ({"group": 1, "plan": 1}, {"group": 1, "plan": 1}, [])
    assert (plans(stage, name), list(stage.store.snapshots(name, "group"))) == (["g2-p"], ["g2"])
    assert dump(stage.store, ("snapshot", "history_page")) == before, "neither a listing nor a place was noted"
    assert (await observe(name, stage.world, groups={"g2"})).changed == {}


NARROW: list[tuple[str, tuple[Kind, ...], set[str], dict[str, int], dict[str, int]]] = [
    # why, the kinds that the system holds, the groups, how many records were found, what it was asked
    ("a group that is not there", ("group", "plan"), {"g9"}, {"group": 0, "plan": 0}, {"read": 1, "list": 1}),
    ("one of two is known", ("group", "plan"), {"g2", "g9"}, {"group": 1, "plan": 1}, {"read": 2, "list": 1}),
    ("of no group nothing is asked", ("group", "plan"), set(), {"group": 0, "plan": 0}, {}),
    ("a system that holds only clients", ("group",), {"g2"}, {"group": 1}, {"read": 1}),
    ("a system that holds only plans", ("plan",), {"g2"}, {"plan": 1}, {"list": 1}),
    ("a system that holds neither", (), {"g2"}, {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "kinds", "groups", "counts", "asked"), NARROW, ids=[row[0] for row in NARROW])
async def test_a_narrow_look_asks_only_for_what_there_can_be(
    why: str, kinds: tuple[Kind, ...], groups: set[str], counts: dict[str, int], asked: dict[str, int]
) -> None:
    stage = stage_of()
    await stage.start()
    live = stage.world.systems["crm"]
    live.lenses = {kind: live.lenses[kind] for kind in kinds}
    known = dump(stage.store, ("snapshot", "history_page", "state"))
    seen = await observe("crm", stage.world, groups=groups)
    assert (seen.counts, seen.errors, seen.tripped) == (counts, [], []), why
    assert dict(stage.systems["crm"].requests) == {"access": 1, **asked}
    assert plans(stage) == (["g2-p", "p1"] if counts.get("plan") else ["p1"])
    assert dump(stage.store, ("snapshot", "history_page", "state")) == known


async def test_p15_a_narrow_look_judges_nothing_missing() -> None:
    stage = stage_of(feed=True)
    stage.link(SILVER, id="p2")
    await stage.start()
    stage.systems["crm"].remove("plan", "p1")
    assert (await observe("crm", stage.world, groups={"g1"})).errors == []
    assert (plans(stage), stage.asked()) == (["p1", "p2"], [])
    await observe("crm", stage.world)
    assert plans(stage) == ["p2"]


async def test_a_narrow_look_at_another_world_takes_nothing_in() -> None:
    stage = stage_of()
    await stage.start()
    stage.systems["crm"].scope = "other"
    seen = await observe("crm", stage.world, groups={"g2"})
    assert (seen.tripped, plans(stage)) == (["scope"], ["p1"])


@pytest.mark.parametrize("operation", ["access", "read", "list"])
async def test_a_narrow_look_that_fails_says_so_and_breaks_nothing(operation: str) -> None:
    stage = stage_of()
    await stage.start()
    stage.systems["crm"].faults.set(operation, "error", times=1)
    seen = await observe("crm", stage.world, groups={"g2"})
    assert len(seen.errors) == 1
    listing = stage.store.listing("crm", "plan")
    assert listing is not None
    assert (listing.complete, listing.error) == (True, "")


async def test_linking_groups_asks_only_for_their_plans() -> None:
    stage = stage_of()
    await stage.start()
    heard = spied(stage)
    for name in ("crm", "quote"):
        await observe(name, stage.world, groups={"g2"})
    made = await link_groups(stage.fresh(), {"crm": "g2", "quote": "g2"}, by="ann")
    assert heard == [("g2",), ("g2",)]
    assert {row.scope for row in stage.store.snapshots("crm", "plan").values() if row.id == "g2-p"} == {made.id}
    report = await run_once(made.id, stage.world)
    assert sorted(one.name for one in report.questions) == ["crm:g2-p", "quote:g2-p"]
