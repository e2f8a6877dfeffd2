"""What some in-memory vendors can do besides: feed, listing by group, several parts of a kind, notes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from syncd.connectors.base import Feed, Note, Notebook
from syncd.connectors.memory import Behaviour, Feeding, Noting, connect, make
from syncd.connectors.memory import Settings as MemorySettings
from syncd.errors import RefusedError, StaleWriteError, TransientError, UnknownOutcomeError
from syncd.model.records import Part, PartCreate, PartWrite


def feeding(**made: Any) -> Feeding:
    return cast("Feeding", make("crm", Behaviour(feed=True, **made)))


def noting(**made: Any) -> Noting:
    system = cast("Noting", make("crm", Behaviour(notes=True, **made)))
    system.put_record("group", "g1", {"details.name": "Acme"})
    return system


@pytest.mark.parametrize(("feed", "notes"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_system_can_do_just_what_its_behaviour_says(feed: bool, notes: bool) -> None:
    system = connect("crm", MemorySettings(behaviour=Behaviour(feed=feed, notes=notes)))
    assert (isinstance(system, Feed), isinstance(system, Notebook)) == (feed, notes)


# -- feed --------------------------------------------------------------------------------------------------------------


async def test_the_feed_tells_each_record_once_as_it_is_now_and_what_is_gone() -> None:
    system = feeding()
    start = await system.position()
    system.put_record("generic", "a", {"name": "1"})
    system.edit("generic", "a", {"name": "2"})
    system.put_record("generic", "b", {"name": "1"})
    system.remove("generic", "b")
    told = await system.changes(start)
    assert [(one.id, dict(one.parts[0].data)) for one in told.records] == [("a", {"name": "2"})]
    assert (dict(told.gone), told.expired) == ({("generic", "b"): "crm has no generic with the id b"}, "")
    assert (await system.changes(told.position)).records == ()
    assert await system.position() == told.position


async def test_the_feed_tells_only_plans_of_the_groups_asked_for() -> None:
    system = feeding(by_group=True)
    for group in ("g1", "g2"):
        system.put_record("group", group, {"details.name": group})
        system.put_record("plan", f"p-{group}", {"details.name": "Gold"}, group=group)
    told = await system.changes("0", {"g1"})
    assert sorted(one.id for one in told.records) == ["g1", "g2", "p-g1"]
    assert (await system.access()).by_group
    assert [one.id async for page in system.list("plan", {"g2"}) for one in page.records] == ["p-g2"]


async def test_what_is_shown_late_is_told_late_and_not_lost() -> None:
    system = feeding(late=2)
    system.put_record("generic", "a", {"name": "1"})
    place = await system.position()
    part = system.record("generic", "a").parts[0]  # type: ignore[union-attr]
    await system.write(PartWrite("generic", "a", part, {"name": "2"}))
    told = []
    for _ in range(4):
        changes = await system.changes(place)
        place = changes.position
        told += [one.parts[0].data["name"] for one in changes.records]
    assert told == ["2"]


async def test_a_feed_fails_expires_and_keeps_things_to_itself() -> None:
    system = feeding()
    system.put_record("generic", "a", {"name": "1"})
    system.faults.set("changes", "error", times=1)
    with pytest.raises(TransientError):
        await system.changes("0")
    system.faults.set("changes", "short", times=1, omit=["a"])
    assert (await system.changes("0")).records == ()
    system.oldest = 1
    assert "does not go back" in (await system.changes("0")).expired
    system.faults.set("position", "error", times=1)
    with pytest.raises(TransientError):
        await system.position()


# -- parts -------------------------------------------------------------------------------------------------------------


async def test_parts_of_a_kind_are_written_one_by_one_and_added_without_an_id() -> None:
    system = make("crm", Behaviour(several=("rate",), versions="etag"))
    record = system.put_parts("plan", "p", ("record", {"name": "Gold"}), ("rate", {"ee": "1"}), ("rate", {"ee": "2"}))
    first, second = record.parts[1:]
    await system.write(PartWrite("plan", "p", first, {"ee": "9"}))
    with pytest.raises(StaleWriteError):
        await system.write(PartWrite("plan", "p", first, {"ee": "8"}))
    await system.write(PartWrite("plan", "p", second, {"ee": "7"}))
    await system.write(PartWrite("plan", "p", Part("rate", "", {}), {"ee": "3"}))
    with pytest.raises(RefusedError, match="no part rate nowhere"):
        await system.write(PartWrite("plan", "p", Part("rate", "nowhere", {"ee": "1"}), {"ee": "3"}))
    assert list(system.content()["plan"]["p"].values()) == ["Gold", {"ee": "9"}, {"ee": "7"}, {"ee": "3"}]
    system.edit("plan", "p", {"name": "Silver"})
    assert next(iter(system.content()["plan"]["p"].values())) == "Silver"


async def test_a_record_is_created_with_several_parts_of_a_kind() -> None:
    system = make("crm", Behaviour(several=("rate",)))
    parts = (Part("record", "", {"name": "Gold"}), Part("rate", "", {"ee": "1"}), Part("rate", "", {"ee": "2"}))
    made = await system.create(PartCreate("plan", None, parts, ""))
    assert list(system.content()["plan"][made].values()) == ["Gold", {"ee": "1"}, {"ee": "2"}]
    system.reassign_id("plan", made, "other")
    assert len({part.id for part in system.record("plan", "other").parts}) == 3  # type: ignore[union-attr]


# -- notes -------------------------------------------------------------------------------------------------------------

NOTE = Note("g1", "syncd:1", "Enter a rate", "ee: 500 [syncd:1]")


async def test_a_note_is_left_found_by_its_marker_and_brought_up_to_date() -> None:
    system = noting()
    assert await system.find_note("g1", "syncd:1") is None
    made = await system.write_note(NOTE)
    assert await system.find_note("g1", "syncd:1") == (made, NOTE)
    assert await system.find_note("g2", "syncd:1") is None
    done = Note("g1", "syncd:1", "Enter a rate", "ee: 510", done=True)
    assert await system.write_note(done, made) == made
    assert list(system.notes.values()) == [done]


async def test_a_note_of_nobody_and_an_update_of_nothing_are_refused() -> None:
    system = noting()
    with pytest.raises(RefusedError, match="no group"):
        await system.write_note(Note("g9", "m", "s", "t"))
    with pytest.raises(RefusedError, match="no note"):
        await system.write_note(NOTE, "n9")


async def test_a_note_whose_reply_is_lost_is_there_and_may_be_shown_late() -> None:
    system = noting(late=1)
    system.faults.set("note", "lost_reply", times=1)
    with pytest.raises(UnknownOutcomeError):
        await system.write_note(NOTE)
    assert await system.find_note("g1", "syncd:1") is None
    assert await system.find_note("g1", "syncd:1") is not None
    system.faults.set("find_note", "error", times=1)
    with pytest.raises(TransientError):
        await system.find_note("g1", "syncd:1")
