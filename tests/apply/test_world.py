"""The world of a run: rights, pauses, the epoch that keeps links in step, digests."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from syncd.apply.world import WallClock, World, flat_of, no_lock, random_id, raw_digest, remember_rights
from syncd.connectors.base import Access
from syncd.connectors.memory import Behaviour
from syncd.mapping.flat import FlatLens
from syncd.mapping.generic import GenericLens
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY
from syncd.reconcile.rules import Rules
from syncd.sync import observe_all, run_once
from tests.apply.worlds import SCOPE, Stage, dump


async def test_the_wall_clock_is_real() -> None:
    clock = WallClock()
    before = time.time()
    await clock.sleep(0)
    assert before <= clock.now() <= time.time()


def test_a_world_asks_for_little() -> None:
    """Everything that is not stated has a sensible default; ids are never the same."""
    stage = Stage()
    world = World(stage.world.systems, stage.store, Rules())
    assert abs(world.now() - time.time()) < 5
    assert random_id() != random_id()
    world.effect("after_write")
    with no_lock("x") as nothing:
        assert nothing is None


def test_a_surface_is_a_lens_narrowed_by_rights() -> None:
    stage = Stage()
    live = stage.world.systems["crm"]
    surface = live.surface("generic")
    assert (surface.create, surface.update, surface.exact, surface.carries("rates.x")) == (True, True, False, True)
    live.access = Access("", {"rates": "no right"}, {"details.name": "read-only"}, create=False, update=False)
    surface = live.surface("generic")
    assert (surface.create, surface.update) == (False, False)
    assert (surface.carries("rates.x"), surface.carries("details.name")) == (False, True)
    assert (surface.unwritable("details.name"), surface.unwritable("details.line")) == ("read-only", None)
    assert (surface.nearest("x", "1"), surface.codec_of("x")) == ("1", "flat")
    live.lenses = {"generic": GenericLens()}
    assert live.surface("generic").exact
    live.lenses = {"generic": FlatLens("generic", writable=("details",))}
    assert live.surface("generic").unwritable("rates.x") == "rates is read-only here"


def test_rights_of_a_system_reach_the_merge() -> None:
    access = Access("")
    assert (access.create, access.update, access.end, access.conditional, access.marker) == (
        True,
        True,
        False,
        False,
        False,
    )


PAUSES = [
    ("", {"crm", "quote"}),
    ("group:default", {"crm", "quote"}),
    ("group:other", set()),
    ("system:crm", {"crm"}),
    ("system:gone", set()),
    ("odd", set()),
]


@pytest.mark.parametrize(("key", "paused"), PAUSES)
def test_pauses_are_of_everything_a_group_or_a_system(key: str, paused: set[str]) -> None:
    stage = Stage()
    assert stage.world.pauses("default") == {}
    stage.pause(key)
    assert stage.world.pauses("default") == dict.fromkeys(paused, "paused: audit")
    stage.store.put("pauses", key, {"reason": ""})
    assert set(stage.world.pauses("default").values()) <= {"paused: no reason given"}


def test_writes_off_is_told_and_a_pause_goes_before_it() -> None:
    stage = Stage()
    stage.world.systems["crm"].writes_off = "writes: off"
    assert stage.world.pauses("default") == {"crm": "writes: off"}
    stage.pause("system:crm")
    assert stage.world.pauses("default") == {"crm": "paused: audit"}


def test_the_epoch_is_of_rules_mappings_and_rights() -> None:
    """What changes it makes every link want a look; the order in which things were configured does not."""
    stage = Stage()
    world = stage.world
    epochs = [world.epoch]
    world.systems["crm"].access = Access("a", unwritable={"rates": "no"})
    epochs.append(world.epoch)
    world.systems["crm"].access = Access("b", unwritable={"rates": "no"})
    assert world.epoch == epochs[-1], "the address is judged by a guard of its own"
    for access in (Access("", create=False), Access("", update=False), Access("", {"rates": "x"})):
        world.systems["crm"].access = access
        epochs.append(world.epoch)
    epochs += [
        replace(world, rules=Rules({"default": {"blanks": "overwrite"}})).epoch,
        replace(world, ignore=frozenset({"x"})).epoch,
        replace(world, atoms={"x": "table"}).epoch,
    ]
    world.systems["crm"].lenses = {"generic": FlatLens("generic", carries=("name",))}
    epochs.append(world.epoch)
    assert len(set(epochs)) == len(epochs)
    turned = replace(world, systems=dict(reversed(world.systems.items())))
    assert turned.epoch == world.epoch


def record(**more: object) -> Record:
    return Record("generic", "p1", (Part("record", "p1", {"name": "Gold", **more}, "v1"),))


def test_a_raw_digest_sees_content_locks_group_and_lens_but_no_version() -> None:
    lens = FlatLens("generic")
    digest = raw_digest(record(), lens)
    assert digest == raw_digest(
        replace(record(), modified=9.0, parts=(replace(record().parts[0], version="v2"),)), lens
    )
    others = [
        raw_digest(record(note="x"), lens),
        raw_digest(record(name="gold"), lens),
        raw_digest(replace(record(), locked={"": "held"}), lens),
        raw_digest(replace(record(), group="g"), lens),
        raw_digest(record(), FlatLens("generic", carries=("name",))),
        raw_digest(replace(record(), parts=(replace(record().parts[0], id="p2"),)), lens),
    ]
    assert len({digest, *others}) == 7


def test_a_raw_digest_reads_keys_that_are_no_texts_by_their_text() -> None:
    """A file of YAML may name a column 2026; a change below it is a change like any other."""
    lens = FlatLens("generic")
    numbered: Any = {2026: "1", "by_year": {2027: "2"}}
    moved: Any = {2026: "1", "by_year": {2027: "3"}}
    digest = raw_digest(record(**{"2026": "1", "by_year": {"2027": "2"}}), lens)
    parts = [replace(record().parts[0], data={"name": "Gold", **more}) for more in (numbered, moved)]
    assert [raw_digest(replace(record(), parts=(part,)), lens) == digest for part in parts] == [True, False]


class Told(FlatLens):
    """A lens that says EMPTY where a key is there and blank, as real ones do."""

    def get(self, record: Record) -> dict:
        return {"name": "Gold", "phone": EMPTY}


def test_what_is_empty_is_left_out() -> None:
    assert flat_of(record(), Told("generic")) == {"name": "Gold"}
    assert flat_of(record(), FlatLens("generic")) == {"name": "Gold"}


async def test_a_right_that_is_taken_away_makes_its_fields_hand_offs() -> None:
    stage = Stage(behaviour={"quote": Behaviour(read_only=("phone",))})
    stage.link({"name": "Gold", "phone": "1"})
    await stage.start()
    stage.edit("crm", phone="2", name="New")
    await stage.cycle()
    assert (stage.held("quote"), stage.asked()) == ({"name": "New", "phone": "1"}, [("hand-off", "quote:phone")])
    stage.edit("quote", phone="2")
    report = await stage.cycle()
    assert (stage.asked(), report.result) == ([], "ok")


async def test_a_held_record_takes_no_write_and_what_is_owed_follows_when_it_is_free() -> None:
    stage = Stage()
    stage.link({"name": "Gold", "phone": "1"})
    await stage.start()
    stage.systems["quote"].lock("generic", "p1", {"": "client review"})
    stage.edit("crm", phone="2")
    stage.edit("quote", name="Typed")
    await stage.cycle()
    assert (stage.asked(), stage.held("crm")) == ([("hold", "quote:phone")], {"name": "Typed", "phone": "2"})
    stage.systems["quote"].lock("generic", "p1", {})
    report = await stage.cycle()
    assert (stage.held("quote"), report.result, stage.asked()) == ({"name": "Typed", "phone": "2"}, "ok", [])


# -- rights in a new process ------------------------------------------------------------------------------------------


async def observed_then_new_process(**made: Any) -> Stage:
    """Observe an edit of one system in one process; the next one begins with a run, as a service does after a start."""
    stage = Stage(behaviour={"quote": Behaviour(read_only=("phone",), **made)})
    stage.link()
    await stage.cycle()
    stage.edit("crm", phone="2")
    await observe_all(stage.world)
    stage.fresh()
    return stage


async def test_a_run_that_begins_a_process_knows_what_it_may_do() -> None:
    """Without that, a field that the account may not write would be tried as if it were merely not written yet."""
    stage = await observed_then_new_process()
    stage.systems["quote"].requests.clear()
    report = await run_once(SCOPE, stage.world)
    assert (report.written, report.failed) == ({}, ())
    assert stage.asked() == [("hand-off", "quote:phone")]
    assert stage.systems["quote"].requests["access"] == 0


async def test_rights_are_written_down_when_they_changed_only() -> None:
    stage = await observed_then_new_process()
    before = dump(stage.store)
    remember_rights("quote", await stage.systems["quote"].access(), stage.store)
    assert dump(stage.store) == before
