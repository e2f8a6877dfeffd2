"""The clock is set ahead or back at any moment, and right again later."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.memory import Behaviour
from syncd.errors import RefusedError
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.sync import observe_all, run_once
from tests.apply.worlds import BASE, HOUR, SCOPE, Stage

DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR
JUMPS = (-YEAR, -DAY, -HOUR, -300.0, 300.0, HOUR, DAY, YEAR)
jumps = pytest.mark.parametrize("jump", JUMPS)


@jumps
async def test_p35_what_a_clock_of_another_day_observed_is_read_anew(jump: float) -> None:
    """B10: a snapshot is believed for a period by the clock as it is now; one of the future is not believed at all."""
    stage = Stage()
    stage.link()
    stage.clock.at += jump
    await stage.start()
    stage.edit("crm", phone="2")
    await observe_all(stage.world, ["crm"])
    stage.clock.at -= jump
    stage.edit("quote", phone="3")
    report = await run_once(SCOPE, stage.world)
    seen = {system: sight.flat["phone"] for one in report.view.links for system, sight in one.sights.items()}
    young = -HOUR <= jump <= 60
    assert seen["quote"] == ("1" if young else "3")
    await stage.cycle()
    assert (stage.asked(), stage.writes()["crm"]) == ([("conflict", "phone")], 0)


@jumps
async def test_p35_a_refused_write_is_tried_again_within_an_hour(jump: float) -> None:
    """R9: whatever the clock said when a write was refused, the next try is no further away than its wait is long."""
    stage = Stage()
    stage.link()
    await stage.start()
    stage.clock.at += jump
    stage.systems["quote"].faults.set("write", "fail", error=RefusedError, times=1)
    stage.edit("crm", phone="2")
    await stage.cycle(hours=0)
    assert stage.member("quote").behind["phone"].refusals == 1
    stage.clock.at -= jump
    await stage.cycle(hours=0.95)
    await stage.cycle(hours=0.15)
    assert (stage.held("quote"), stage.member("quote").behind) == (BASE | {"phone": "2"}, {})


@jumps
async def test_p35_no_full_listing_is_skipped_for_longer_than_its_period(jump: float) -> None:
    """B10: a feed is not believed because it went on from a listing of the future."""
    stage = Stage(behaviour={"quote": Behaviour(feed=True)})
    stage.link()
    stage.clock.at += jump
    await stage.start()
    stage.clock.at -= jump
    listed = stage.systems["quote"].requests["list"]
    for _ in range(25):
        await stage.cycle()
    assert stage.systems["quote"].requests["list"] > listed


@pytest.mark.parametrize("jump", [HOUR, DAY, YEAR])
async def test_p35_writes_of_the_future_are_none_of_the_last_hour(jump: float) -> None:
    """B10: a clock that was set back makes no busy hour of what was written before."""
    stage = Stage(limits=Limits({"too-many-changes": Limit(1.0, 9, hourly=2)}))
    for n in range(3):
        stage.link(id=f"p{n}")
    stage.clock.at += jump
    await stage.start()
    for n in range(2):
        stage.edit("crm", f"p{n}", phone="2")
    await stage.cycle()
    stage.clock.at -= jump + HOUR
    stage.edit("crm", "p2", phone="2")
    report = await stage.cycle()
    assert (report.result, stage.writes()["quote"]) == ("ok", 3)


@given(steps=st.lists(st.tuples(st.sampled_from(["set", "edit", "refuse", "run"]), st.sampled_from(JUMPS)), max_size=8))
async def test_p35_with_any_clock_everything_arrives(steps: list[tuple[str, float]]) -> None:
    """B10: with the clock set at any moments, and right in the end, every edit is everywhere within two periods."""
    stage = Stage(behaviour={"quote": Behaviour(feed=True)})
    stage.link()
    await stage.start()
    right, number = stage.clock.at, 1
    for what, jump in steps:
        right += HOUR
        if what == "set":
            stage.clock.at = right + jump
        elif what == "edit":
            number += 1
            stage.edit("crm", phone=f"{number}")
        elif what == "refuse":
            stage.systems["quote"].faults.set("write", "fail", error=RefusedError, times=1)
        else:
            await stage.cycle()
    stage.systems["quote"].faults.clear()
    stage.clock.at = right + HOUR
    await stage.cycle()
    await stage.cycle(hours=1.01)
    assert stage.held("quote") == stage.held("crm") == BASE | {"phone": f"{number}"}
    assert stage.asked() == []
