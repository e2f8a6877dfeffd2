"""Fields that hold a system's own id: never compared, and translated over the links when a record is created."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.apply.create import new_parts
from syncd.connectors.memory import Behaviour
from syncd.mapping.compile import compile_mapping
from syncd.model.fields import local_paths
from syncd.reconcile.originate import LINK
from tests.apply.worlds import GROUP, Stage

PRIOR = "details.prior_plan"
OLD = {"details.name": "Gold 2025"}


async def two_years(prior: str = "crm-old", **more: Any) -> Stage:
    """Last year's plan is linked, under another id in every system; this year's stands in the crm alone."""
    stage = Stage(kind="plan", **more)
    stage.link(OLD, id="old")
    link = stage.stored("l-old")
    for name in ("crm", "quote"):
        stage.systems[name].reassign_id("plan", "old", f"{name}-old")
    members = tuple(type(one)(one.system, f"{one.system}-old", one.base) for one in link.members)
    stage.store.save_links([type(link)("l-old", "plan", GROUP, "Gold 2025", link.agreed, members, 1)])
    await stage.start()
    stage.put({"details.name": "Gold 2026", **({PRIOR: prior} if prior else {})}, "crm", id="new")
    await stage.cycle()
    return stage


async def copied(stage: Stage) -> dict[str, Any]:
    """Let a person copy this year's plan, and give what was created."""
    stage.answer("copy")
    report = await stage.cycle()
    assert (report.result, report.failed) == ("ok", ())
    return next(held for id_, held in stage.systems["quote"].content()["plan"].items() if id_ != "quote-old")


def test_which_fields_are_local() -> None:
    assert (local_paths("plan"), local_paths("group"), local_paths("generic")) == (
        frozenset({PRIOR}),
        frozenset(),
        frozenset(),
    )


async def test_p03_a_copy_follows_the_same_plan_under_the_id_that_it_has_there() -> None:
    stage = await two_years()
    assert await copied(stage) == {"details.name": "Gold 2026", PRIOR: "quote-old"}
    assert stage.last().note == ""
    report = await stage.cycle()
    assert (report.result, stage.writes()) == ("ok", {"crm": 0, "quote": 1})


@pytest.mark.parametrize(
    ("prior", "note"),
    [
        ("stranger", f"{PRIOR} is left out: stranger of crm has no record in quote"),
        ("quote-old", f"{PRIOR} is left out: quote-old of crm has no record in quote"),
        ("", ""),
    ],
    ids=["linked with nothing", "an id of the other system", "none"],
)
async def test_what_is_not_linked_is_left_out_and_the_journal_says_so(prior: str, note: str) -> None:
    stage = await two_years(prior)
    assert await copied(stage) == {"details.name": "Gold 2026"}
    assert stage.last().note == note


async def test_an_agreed_value_that_names_a_link_goes_before_what_records_say() -> None:
    stage = await two_years("stranger")
    link = stage.stored("l-old")
    made = type(link)("x", "plan", GROUP, "Gold 2026", {PRIOR: f"{LINK}l-old"}, ())
    parts = new_parts(made, "quote", {"details.name": "Gold 2026"}, stage.world)
    assert [dict(part.data) for part in parts] == [{"details.name": "Gold 2026", PRIOR: "quote-old"}]


@pytest.mark.parametrize("linked", ["by base", "anew"])
async def test_ids_of_two_systems_are_never_compared(linked: str) -> None:
    stage = Stage(kind="plan")
    stage.link({"details.name": "Gold"}, base=linked == "by base")
    for name in ("crm", "quote"):
        stage.systems[name].edit("plan", "p1", {PRIOR: f"{name}-old"})
    await stage.start()
    stage.systems["crm"].edit("plan", "p1", {PRIOR: "another", "details.name": "Gold 2"})
    report = await stage.cycle()
    assert (report.result, report.questions) == ("ok", ())
    assert stage.held("quote") == {"details.name": "Gold 2", PRIOR: "quote-old"}
    assert (await stage.cycle()).written == {}
    assert stage.store.unsettled(GROUP, stage.world.epoch) == []


CREATE_ONLY = """
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
      details.line: {field: type, codec: text, writable: create}
      details.market: {constant: small_group}
      details.carrier: {field: carrier, codec: text, writable: Carriers are chosen from a list.}
"""


async def test_what_can_be_given_only_at_birth_is_given_then() -> None:
    """A field that can never be changed afterwards is part of a create; one that can never be given is not."""
    stage = Stage(kind="plan", behaviour={"quote": Behaviour()})
    stage.lenses["quote"] = dict(compile_mapping(CREATE_ONLY, "quote.yaml").lenses)
    stage.fresh()
    await stage.start()
    stage.put({"details.name": "Gold", "details.line": "medical", "details.carrier": "Aetna"}, "crm")
    await stage.cycle()
    stage.answer("copy")
    await stage.cycle()
    [made] = stage.systems["quote"].content()["plan"].values()
    assert made == {"name": "Gold", "type": "medical"}
    assert stage.asked() == [("hand-off", "quote:details.carrier")]
