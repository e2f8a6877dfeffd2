"""Records that have no place for a field of their system: not to be carried is not to be empty."""

from __future__ import annotations

from typing import Any

from syncd.connectors.memory import REMOVE
from syncd.mapping.compile import compile_mapping
from syncd.reconcile.types import Link, Member
from tests.apply.worlds import GROUP, Stage

MAPPING = """
system: quote
kinds:
  group:
    part: record
    rows:
      details.name: {field: '"details.name"', codec: text}
  plan:
    part: record
    rows:
      details.name: {field: name, codec: text}
      details.network: {field: network, codec: text, missing: not_carried}
"""
LENSES = dict(compile_mapping(MAPPING, "quote.yaml").lenses)
NETWORK = "details.network"
GOLD = {"details.name": "Gold", NETWORK: "Choice Plus"}


async def linked(**quote: Any) -> Stage:
    """A plan of two systems that are linked and have agreed on nothing yet."""
    stage = Stage(kind="plan")
    stage.lenses["quote"] = dict(LENSES)
    stage.fresh()
    stage.systems["crm"].put_record("plan", "p1", GOLD, group="g1")
    stage.systems["quote"].put_record("plan", "p1", {"name": "Gold", **quote}, group="g1")
    members = tuple(Member(name, "p1", {}, frozenset({""})) for name in stage.systems)
    stage.store.add_link(Link("l-p1", "plan", GROUP, "Gold", {}, members, 1))
    await stage.start()
    return stage


async def test_it_is_asked_for_nothing_and_told_nothing() -> None:
    stage = await linked()
    assert (stage.asked(), stage.stored().agreed) == ([], stage.flat(GOLD))
    stage.edit("crm", details__network="Open Access")
    report = await stage.cycle()
    assert (report.result, stage.writes(), stage.member("quote").behind) == ("ok", {"crm": 0, "quote": 0}, {})
    assert (await stage.cycle()).view.links == (), "and the link is in step"


async def test_an_empty_field_beside_a_value_is_asked_about() -> None:
    """The same record with a place for the field is another matter."""
    stage = await linked(network=None)
    assert stage.asked() == [("conflict", NETWORK)]


async def test_a_place_that_comes_is_a_newcomer() -> None:
    """It may agree, and differing is asked: what stands there wins over nobody."""
    stage = await linked()
    stage.systems["quote"].edit("plan", "p1", {"network": "Choice Plus"})
    await stage.cycle()
    assert (stage.asked(), stage.member("quote").base) == ([], stage.flat(GOLD))
    other = await linked()
    other.systems["quote"].edit("plan", "p1", {"network": "National PPO"})
    await other.cycle()
    assert (other.asked(), other.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0})


async def test_a_place_that_goes_clears_nothing() -> None:
    """Nobody cleared the field, so it is cleared nowhere; with an empty one in its place somebody did."""
    stage = await linked(network="Choice Plus")
    stage.systems["quote"].edit("plan", "p1", {"network": REMOVE})
    report = await stage.cycle()
    assert (report.result, stage.held("crm"), stage.asked()) == ("ok", GOLD, [])
    cleared = await linked(network="Choice Plus")
    cleared.systems["quote"].edit("plan", "p1", {"network": None})
    await cleared.cycle()
    assert cleared.asked() == [("conflict", NETWORK)]


async def test_a_place_that_comes_or_goes_empty_is_seen() -> None:
    """No value moves, and yet the link wants a look: the open question is gone with its place."""
    stage = await linked(network=None)
    before = stage.store.snapshots("quote", "plan")["p1"]
    stage.systems["quote"].edit("plan", "p1", {"network": REMOVE})
    await stage.cycle()
    after = stage.store.snapshots("quote", "plan")["p1"]
    assert (after.flat == before.flat, after.digest == before.digest, after.lacks) == (True, False, {NETWORK})
    assert stage.asked() == []


async def test_a_write_to_its_other_fields_is_confirmed_and_in_step() -> None:
    """What is read back after a write says again what the record lacks."""
    stage = await linked()
    stage.edit("crm", details__name="Silver")
    assert (await stage.cycle()).written == {"quote": 1}
    assert stage.store.snapshots("quote", "plan")["p1"].lacks == {NETWORK}
    assert (await stage.cycle()).view.links == ()
