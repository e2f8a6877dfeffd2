"""Write: how every write can end, and what is remembered of it."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from syncd.apply import write
from syncd.connectors.memory import Behaviour
from syncd.errors import AuthError, CannotHoldError, MappingError, RefusedError, UnknownOutcomeError
from syncd.mapping.codecs.base import Loss
from syncd.mapping.flat import FlatLens
from syncd.mapping.lens import Putting
from syncd.model.records import NotSeen
from syncd.model.values import Value
from syncd.reconcile.types import Owed
from syncd.sync import PREVIEW, Mode
from tests.apply.worlds import BASE, HOUR, SCOPE, Stage, dump

NEW = {"name": "Gold", "phone": "2"}
SPLIT = Behaviour(versions="etag", parts={"rates": "rates"})
WIDE = {"details.name": "Gold", "rates.ee": "1"}


async def edited(*names: str, **more: Any) -> Stage:
    """A linked record in step, of which one system edited the phone."""
    stage = Stage(*names, **more)
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    return stage


async def split(*names: str, behaviour: Behaviour = SPLIT, **more: Any) -> Stage:
    """A linked record whose quote system keeps it in two parts; the other system edited both."""
    stage = Stage(*names, behaviour={"quote": behaviour}, **more)
    stage.link(WIDE)
    await stage.start()
    stage.edit("crm", details__name="New", rates__ee="2")
    return stage


# -- confirmed ---------------------------------------------------------------------------------------------------------


async def test_p14_a_confirmed_write_becomes_the_base() -> None:
    stage = await edited()
    report = await stage.cycle()
    assert (report.result, report.written, report.failed) == ("ok", {"quote": 1}, ())
    assert stage.held("quote") == NEW
    member = stage.member("quote")
    assert (member.base, member.behind, member.own_stamp) == (NEW, {}, stage.clock.at)
    assert stage.stored().agreed == NEW
    assert stage.ends() == [("quote", "confirmed")]
    assert stage.last().settled_at == stage.clock.at
    assert stage.told("written") == [("written", "quote", {"phone": ("1", "2")})]
    [row] = [each for each in stage.store.history() if each.what == "written"]
    assert (row.who, row.run, row.readback) == ("uncontested edit", report.run, {"phone": "2"})
    assert stage.requests("quote", "read") == 2, "once before and once after"


async def test_p01_the_run_after_a_run_writes_nothing_and_leaves_the_store_as_it_is() -> None:
    stage = await edited()
    await stage.cycle()
    before = dump(stage.store, ("sync_run", "listing"))
    report = await stage.cycle()
    assert (report.result, report.written, report.changeset.changes) == ("ok", {}, ())
    assert dump(stage.store, ("sync_run", "listing")) == before
    assert stage.store.unsettled(stage.scope, stage.world.epoch) == []


async def test_p21_the_echo_of_our_own_write_is_no_edit() -> None:
    """A new version and a new time of the record that we wrote ask nothing and write nothing."""
    stage = Stage(behaviour={"quote": Behaviour(versions="restless")})
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    for _ in range(3):
        report = await stage.cycle()
    assert (stage.writes(), report.result) == ({"crm": 0, "quote": 1}, "ok")
    assert stage.told("observed") == [("observed", "crm", {"phone": ("1", "2")})]


async def test_a_clear_is_confirmed_too() -> None:
    stage = Stage(rules={"default": {"blanks": "overwrite"}})
    stage.link()
    await stage.start()
    stage.edit("crm", phone=None)
    await stage.cycle()
    assert stage.held("quote") == {"name": "Gold"}
    assert stage.member("quote").base == {"name": "Gold"}


# -- refused -----------------------------------------------------------------------------------------------------------


async def test_a_refused_write_is_owed_tried_later_and_asked_about_in_the_end() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", "fail", error=RefusedError, times=3)
    reports = [await stage.cycle(hours=0.01)]
    assert (stage.ends(), reports[0].result, reports[0].written) == ([("quote", "refused")], "partial", {})
    assert reports[0].failed == ("quote p1 phone: the write failed and was not applied",)
    debt = Owed(2, 1, stage.clock.at + 300, "the write failed and was not applied")
    assert (stage.member("quote").base, stage.member("quote").behind) == (BASE, {"phone": debt})
    assert (await stage.cycle(hours=0.01)).changeset.changes == (), "not before the wait is over"
    await stage.cycle()
    assert stage.asked() == []
    await stage.cycle()
    assert stage.member("quote").behind["phone"].refusals == 3
    report = await stage.cycle()
    assert stage.ends() == [("quote", "refused")] * 3 + [("quote", "confirmed")]
    assert (stage.asked(), report.questions[0].why) == (
        [("hand-off", "quote:phone")],
        "refused 3 times or more: the write failed and was not applied",
    )
    await stage.cycle()
    assert (stage.asked(), stage.held("quote"), stage.member("quote").behind) == ([], NEW, {})


async def test_a_value_that_the_mapping_cannot_write_is_refused_and_harms_no_other_record() -> None:
    """P23: the error of one record is that record's."""
    stage = Stage()
    stage.link()
    stage.link(id="p2")
    await stage.start()

    def put(record: Any, *_: Any) -> Putting:
        if record.id == "p1":
            raise MappingError("no word for it", field="phone")
        return FlatLens("generic").put(record, {"phone": "2"})

    stage.lenses["quote"]["generic"].put = put
    stage.edit("crm", phone="2")
    stage.edit("crm", "p2", phone="2")
    report = await stage.cycle()
    assert stage.ends() == [("quote", "refused"), ("quote", "confirmed")]
    assert report.failed == ("quote p1 phone: no word for it",)
    assert stage.requests("quote", "write") == 1
    assert stage.member("quote").behind["phone"].refusals == 1


async def test_a_loss_that_nobody_expected_says_so() -> None:
    stage = await edited()
    stage.lenses["quote"]["generic"].put = lambda *_: Putting((), {"phone": Loss("2", None, "no digits")})
    report = await stage.cycle()
    assert (stage.ends(), report.failed) == ([("quote", "refused")], ("quote p1 phone: no digits",))


async def test_a_system_that_says_yes_and_keeps_its_value_has_refused() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", "half", silent=True, times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.failed) == (
        [("quote", "refused")],
        ("quote p1 phone: accepted, but the old value is still there",),
    )
    assert stage.clock.slept == [2.0], "it may merely be late"
    assert stage.member("quote").behind["phone"].refusals == 1


# -- no place for a value ----------------------------------------------------------------------------------------------


def no_place(stage: Stage, message: str, field: str, *paths: str) -> None:
    """Let the quote system say, before anything is sent, that it has no place for what these paths are to hold."""
    quote = stage.systems["quote"]
    write = quote.write

    async def checked(each: Any) -> None:
        if any(each.before.data.get(path) != each.after.get(path) for path in paths):
            raise CannotHoldError(message, field=field)
        await write(each)

    quote.write = checked  # type: ignore[method-assign]


async def test_a_value_without_a_place_keeps_no_other_of_its_part_back() -> None:
    """The others are sent and confirmed; the one is owed with its reason, and tried again after its wait alone."""
    stage = Stage()
    stage.link()
    await stage.start()
    no_place(stage, "no such phone", "phone", "phone")
    stage.edit("crm", name="New", phone="2")
    report = await stage.cycle(hours=0.01)
    assert stage.held("quote") == {"name": "New", "phone": "1"}
    assert (report.written, report.failed) == ({"quote": 1}, ("quote p1 phone: no such phone",))
    assert stage.member("quote").behind == {"phone": Owed(2, 1, stage.clock.at + 300, "no such phone")}
    assert stage.member("quote").base == {"name": "New", "phone": "1"}
    assert stage.systems["quote"].applied["write"] == 1
    assert (await stage.cycle(hours=0.01)).changeset.changes == ()


async def test_a_table_with_a_cell_without_a_place_is_left_out_whole() -> None:
    stage = Stage(kind="plan")
    old = {"details.name": "Gold", "rates[2026-01-01].ee": "1", "rates[2026-01-01].ef": "3"}
    stage.link(old)
    await stage.start()
    no_place(stage, "no such price", "rates[2026-01-01].ef", "rates[2026-01-01].ef")
    stage.edit("crm", **{"details__name": "New", "rates[2026-01-01].ee": "2", "rates[2026-01-01].ef": "4"})
    report = await stage.cycle()
    assert stage.held("quote") == {**old, "details.name": "New"}
    assert report.failed == ("quote p1 rates[2026-01-01].ee, rates[2026-01-01].ef: no such price",)


async def test_each_value_without_a_place_is_left_out_and_told() -> None:
    stage = Stage()
    stage.link({**BASE, "city": "Reno"})
    await stage.start()
    no_place(stage, "no such phone", "phone", "phone")
    no_place(stage, "no such city", "city", "city")
    stage.edit("crm", name="New", phone="2", city="Elko")
    report = await stage.cycle()
    assert stage.held("quote") == {"name": "New", "phone": "1", "city": "Reno"}
    assert report.failed == ("quote p1 city, phone: no such city; no such phone",)


@pytest.mark.parametrize("field", ["phone", "fax", ""], ids=["all there is", "another field", "no field"])
async def test_without_a_value_to_leave_out_nothing_is_sent_again(field: str) -> None:
    stage = await edited()
    no_place(stage, "no such phone", field, "phone")
    report = await stage.cycle()
    assert (stage.ends(), report.failed) == ([("quote", "refused")], ("quote p1 phone: no such phone",))
    assert stage.systems["quote"].applied["write"] == 0


async def test_what_a_system_refused_is_not_sent_again_in_part() -> None:
    """Only what is known before sending names its culprit; a refusal that came back is the whole part's."""
    stage = Stage()
    stage.link()
    await stage.start()
    stage.systems["quote"].faults.set("write", "fail", error=RefusedError, times=1)
    stage.edit("crm", name="New", phone="2")
    await stage.cycle()
    assert stage.held("quote") == BASE
    assert stage.requests("quote", "write") == 1


# -- refused before execution ------------------------------------------------------------------------------------------


async def test_a_write_that_was_not_executed_is_no_refusal() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", "fail", times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result, report.away) == ([("quote", "unsent")], "partial", {})
    assert report.failed == ("quote p1 phone: the write failed and was not applied",)
    assert stage.member("quote").behind == {"phone": Owed(2)}
    await stage.cycle()
    assert (stage.held("quote"), stage.ends()[-1]) == (NEW, ("quote", "confirmed"))


async def test_p23_a_system_that_fails_stalls_no_other() -> None:
    stage = Stage("crm", "quote", "web")
    stage.link()
    stage.link(id="p2")
    await stage.start()
    for id_ in ("p1", "p2"):
        stage.edit("crm", id_, phone="2")
    stage.systems["quote"].faults.set("write", "fail", error=AuthError)
    report = await stage.cycle()
    assert stage.requests("quote", "write") == 1, "the other record is not tried"
    assert sorted(stage.ends()) == [("quote", "unsent")] * 2 + [("web", "confirmed")] * 2
    assert (report.result, set(report.away)) == ("partial", {"quote"})
    assert stage.held("web") == stage.held("web", "p2") == NEW
    stage.systems["quote"].faults.clear()
    await stage.cycle()
    assert stage.held("quote") == stage.held("quote", "p2") == NEW


async def test_a_system_that_cannot_be_read_before_the_write_is_away() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("read", "error")
    report = await stage.cycle()
    assert (stage.ends(), report.away) == ([("quote", "unsent")], {"quote": "quote p1: the system did not answer"})
    assert stage.requests("quote", "write") == 0


@pytest.mark.parametrize("gone", [True, False])
async def test_a_record_that_is_not_there_is_not_written(gone: bool) -> None:
    """Gone or not to be seen between observing and writing: nothing is sent and everything stays owed."""
    stage = await edited()
    quote = stage.systems["quote"]

    async def unseen(*_: Any) -> NotSeen:
        return NotSeen("no right to see it")

    def vanish() -> None:
        if gone:
            quote.remove("generic", "p1")
        else:
            quote.read = unseen  # type: ignore[method-assign,assignment]

    stage.world.effect = lambda moment: vanish() if moment == "after_journal" else None
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "unsent")], "partial")
    said = "the record is gone: quote has no generic with the id p1" if gone else "no right to see it"
    assert report.failed == (f"quote p1: {said}",)
    assert set(stage.member("quote").behind) == {"phone"}


# -- unknown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_reply", "fail_after"])
async def test_p12_a_lost_reply_is_settled_by_reading(fault: str) -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", fault, times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result, stage.requests("quote", "write")) == ([("quote", "confirmed")], "ok", 1)
    assert (stage.member("quote").base, stage.clock.slept) == (NEW, [])
    await stage.cycle()
    assert stage.writes()["quote"] == 1


async def test_p12_never_landed_needs_two_reads_apart_and_is_no_refusal() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", "fail", error=UnknownOutcomeError, times=1)
    report = await stage.cycle()
    assert (stage.ends(), stage.clock.slept) == ([("quote", "never_landed")], [2.0])
    assert stage.requests("quote", "read") == 3, "before, after, and settle_s later"
    assert stage.member("quote").behind == {"phone": Owed(2, why="the write failed and was not applied")}
    assert report.failed == ("quote p1 phone: the write failed and was not applied",)
    await stage.cycle()
    assert (stage.held("quote"), stage.requests("quote", "write")) == (NEW, 2)


@pytest.mark.parametrize("fault", [None, "lost_reply"])
async def test_what_is_shown_late_has_landed(fault: str | None) -> None:
    stage = await edited(behaviour={"quote": Behaviour(late=1)})
    if fault:
        stage.systems["quote"].faults.set("write", fault, times=1)
    report = await stage.cycle()
    assert (stage.ends(), stage.clock.slept, report.result) == ([("quote", "confirmed")], [2.0], "ok")


async def test_what_is_shown_very_late_is_not_written_again_when_it_shows() -> None:
    stage = await edited(behaviour={"quote": Behaviour(late=3)})
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "refused")], "partial")
    stage.systems["quote"]._answers += 3
    report = await stage.cycle()
    assert (stage.writes()["quote"], report.result, stage.member("quote").behind) == (1, "ok", {})


async def test_a_part_that_cannot_be_read_back_stays_open_until_it_can() -> None:
    """It went out, so it is not called unsent: recovery finds that it landed."""
    stage = await edited()
    stage.on("quote", "after_reply", "write", lambda: stage.systems["quote"].faults.set("read", "error"))
    report = await stage.cycle()
    assert (stage.ends(), report.result, set(report.away)) == ([("quote", "intended")], "partial", {"quote"})
    stage.systems["quote"].faults.clear()
    report = await stage.cycle()
    assert (stage.ends(), stage.last().note) == ([("quote", "confirmed")], "found by recovery")
    assert (stage.member("quote").base, report.result) == (NEW, "ok")
    assert stage.told("written") == [("written", "quote", {"phone": ("1", "2")})]
    assert stage.writes()["quote"] == 1


# -- half --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent", "state", "refusals"), [(True, "overtaken", 1), (False, "overtaken", 0)], ids=["yes", "no reply"]
)
async def test_p14_of_a_half_write_only_the_half_that_landed_is_a_base(silent: bool, state: str, refusals: int) -> None:
    stage = Stage()
    stage.link()
    await stage.start()
    stage.edit("crm", name="New", phone="2")
    stage.systems["quote"].faults.set("write", "half", silent=silent, times=1)
    report = await stage.cycle()
    assert stage.held("quote") == {"name": "New", "phone": "1"}
    member = stage.member("quote")
    assert (member.base, set(member.behind)) == ({"name": "New", "phone": "1"}, {"phone"})
    assert member.behind["phone"].refusals == refusals
    assert (stage.ends(), report.result) == ([("quote", state)], "partial")
    assert stage.told("written") == [("written", "quote", {"name": ("Gold", "New")})]
    await stage.cycle()
    assert (stage.held("quote"), stage.ends()[-1]) == ({"name": "New", "phone": "2"}, ("quote", "confirmed"))


async def test_each_part_is_journalled_and_confirmed_for_itself() -> None:
    stage = await split()
    await stage.cycle()
    intents = stage.store.intents()
    assert [(one.part, one.state, one.after, one.seq) for one in intents] == [
        ("record", "confirmed", {"details.name": "New"}, 1),
        ("rates", "confirmed", {"rates.ee": "2"}, 2),
    ]
    assert stage.systems["quote"].applied["write"] == 2
    assert stage.told("written") == [
        ("written", "quote", {"details.name": ("Gold", "New"), "rates.ee": ("1", "2")}),
    ]


PARTS: list[tuple[str, dict[str, Any], tuple[str, str], int, str]] = [
    ("refused", {"error": RefusedError}, ("confirmed", "refused"), 1, "partial"),
    ("not executed", {}, ("confirmed", "unsent"), 0, "partial"),
    ("not executed, and the system is gone", {"error": AuthError}, ("confirmed", "unsent"), 0, "partial"),
    ("no reply, not applied", {"error": UnknownOutcomeError}, ("confirmed", "never_landed"), 0, "partial"),
]


@pytest.mark.parametrize(("why", "fault", "ends", "refusals", "result"), PARTS, ids=[row[0] for row in PARTS])
async def test_p14_the_end_of_one_part_is_not_that_of_another(
    why: str, fault: Any, ends: tuple[str, str], refusals: int, result: str
) -> None:
    """The first part landed, whatever became of the second; the next run writes only what is owed."""
    stage = await split()
    stage.on(
        "quote", "after_reply", "write", lambda: stage.systems["quote"].faults.set("write", "fail", times=1, **fault)
    )
    report = await stage.cycle()
    assert [one.state for one in stage.store.intents()] == list(ends), why
    member = stage.member("quote")
    assert (member.base, set(member.behind)) == ({"details.name": "New", "rates.ee": "1"}, {"rates.ee"})
    assert (member.behind["rates.ee"].refusals, report.result) == (refusals, result)
    await stage.cycle()
    assert stage.held("quote") == {"details.name": "New", "rates.ee": "2"}
    assert stage.systems["quote"].applied["write"] == 2


# -- vendors with a will of their own ----------------------------------------------------------------------------------


DISTORTING = [
    ("rounds", Behaviour(decimals=0), {"rate": "512.45"}, "512"),
    ("re-cases", Behaviour(recase="upper"), {"rate": "new"}, "NEW"),
]


@pytest.mark.parametrize(("why", "behaviour", "typed", "kept"), DISTORTING, ids=[row[0] for row in DISTORTING])
async def test_p14_a_distortion_that_nobody_declared_is_asked_about_not_repeated(
    why: str, behaviour: Behaviour, typed: dict[str, str], kept: str
) -> None:
    stage = Stage(behaviour={"quote": behaviour})
    stage.link({"rate": "1"})
    await stage.start()
    stage.edit("crm", **typed)
    report = await stage.cycle()
    assert (stage.ends(), stage.held("quote")) == ([("quote", "echoed")], {"rate": kept})
    assert stage.member("quote").base == {"rate": kept}
    assert (stage.asked(), report.written) == ([("loss", "quote:rate")], {"quote": 1})
    for _ in range(3):
        await stage.cycle()
    assert stage.writes() == {"crm": 0, "quote": 1}
    stage.answer("accept")
    report = await stage.cycle()
    assert (stage.held("crm"), report.result, stage.asked()) == (typed, "ok", [])


def dollars(_path: str, value: Value) -> Value:
    return format(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP), "f") if isinstance(value, str) else value


async def test_a_declared_rounding_is_accepted_once_and_never_rewritten() -> None:
    stage = Stage(behaviour={"quote": Behaviour(decimals=0)}, lens={"quote": {"nearest": dollars}})
    stage.link({"rate": "1"})
    await stage.start()
    stage.edit("crm", rate="512.45")
    await stage.cycle()
    assert (stage.asked(), stage.writes()["quote"]) == ([("loss", "quote:rate")], 0)
    stage.answer("accept")
    report = await stage.cycle()
    assert (stage.held("quote"), report.result, stage.asked()) == ({"rate": "512"}, "ok", [])
    assert stage.member("quote").base == {"rate": "512"}
    for rate in ("512.45", "530.10", "530.10"):
        stage.edit("crm", rate=rate)
        report = await stage.cycle()
        assert (report.result, stage.asked()) == ("ok", [])
    assert (stage.held("crm"), stage.held("quote"), stage.writes()["quote"]) == ({"rate": "530.10"}, {"rate": "530"}, 2)


# -- edits between read and write --------------------------------------------------------------------------------------


def meddle(stage: Stage, **changes: Any) -> None:
    """Let a person edit quote's record between deciding and writing."""
    stage.world.effect = lambda moment: stage.edit("quote", **changes) if moment == "after_journal" else None


async def test_p13_a_part_that_moved_is_not_written_but_merged_again() -> None:
    """Another field: the same run reads again, decides again, and both edits arrive."""
    stage = await edited()
    done: list[int] = []

    def once(moment: str) -> None:
        if moment == "after_journal" and not done:
            done.append(1)
            stage.edit("quote", name="Typed")

    stage.world.effect = once
    report = await stage.cycle()
    assert stage.ends() == [("quote", "moved"), ("crm", "confirmed"), ("quote", "confirmed")]
    assert stage.held("crm") == stage.held("quote") == {"name": "Typed", "phone": "2"}
    assert (report.result, report.failed) == ("ok", ())
    assert ("observed", "quote", {"name": ("Gold", "Typed")}) in stage.told("observed")


async def test_p13_an_edit_of_the_same_field_is_a_conflict_and_stands_untouched() -> None:
    stage = await edited()
    meddle(stage, phone="9")
    report = await stage.cycle()
    assert (stage.held("quote"), stage.held("crm")) == ({"name": "Gold", "phone": "9"}, NEW)
    assert (stage.asked(), report.result, stage.requests("quote", "write")) == ([("conflict", "phone")], "open", 0)


async def test_p13_without_a_second_plan_what_moved_waits_for_the_next_run() -> None:
    stage = await edited()
    meddle(stage, name="Typed")
    await stage.cycle(Mode(may_replan=False))
    assert (stage.held("quote"), stage.ends()) == ({"name": "Typed", "phone": "1"}, [("quote", "moved")])
    assert stage.member("quote").behind == {"phone": Owed(2)}, "it is no refusal"
    stage.world.effect = lambda _: None
    await stage.cycle()
    assert stage.held("crm") == stage.held("quote") == {"name": "Typed", "phone": "2"}


async def test_a_person_who_types_just_our_value_has_typed_it() -> None:
    """We did not write, so history does not say that we did; nothing is left to do."""
    stage = await edited()
    meddle(stage, phone="2")
    report = await stage.cycle()
    assert (stage.ends(), report.written, stage.writes()["quote"]) == ([("quote", "moved")], {}, 0)
    assert stage.told("written") == []
    assert stage.told("observed")[-1] == ("observed", "quote", {"phone": ("1", "2")})
    assert (stage.member("quote").base, stage.member("quote").behind, report.result) == (NEW, {}, "ok")


async def test_p13_a_stale_version_refuses_the_write() -> None:
    """The last moment: the record moves after our read, and the vendor's own condition refuses."""
    stage = await edited(behaviour={"quote": Behaviour(versions="etag")})
    stage.on("quote", "before_send", "write", lambda: stage.edit("quote", name="Typed"))
    report = await stage.cycle()
    assert [end for _, end in stage.ends()] == ["moved", "confirmed", "confirmed"]
    assert stage.held("crm") == stage.held("quote") == {"name": "Typed", "phone": "2"}
    assert (report.result, stage.asked()) == ("ok", [])


async def test_p13_a_part_that_went_out_before_another_moved_is_confirmed() -> None:
    stage = await split()
    edits = iter([lambda: None, lambda: stage.edit("quote", rates__es="9")])
    stage.on("quote", "before_send", "write", lambda: next(edits)(), times=2)  # noqa: PLW0108 - each call takes the next
    report = await stage.cycle()
    assert [(one.part, one.state) for one in stage.store.intents() if one.system == "quote"] == [
        ("record", "confirmed"),
        ("rates", "moved"),
        ("rates", "confirmed"),
    ]
    assert stage.held("crm") == stage.held("quote") == {"details.name": "New", "rates.ee": "2", "rates.es": "9"}
    assert (report.result, stage.told("written")[0]) == (
        "ok",
        ("written", "quote", {"details.name": ("Gold", "New")}),
    )


async def test_p02_what_others_edit_while_we_write_is_seen_in_the_same_run() -> None:
    """Where a vendor has no condition the write goes through; the other field's edit is taken up by the second look."""
    stage = await edited()
    stage.on("quote", "after_reply", "write", lambda: stage.edit("quote", name="Typed"))
    report = await stage.cycle()
    assert stage.held("crm") == stage.held("quote") == {"name": "Typed", "phone": "2"}
    assert report.result == "ok"
    assert ("observed", "quote", {"name": ("Gold", "Typed")}) in stage.told("observed")


async def test_a_field_that_others_add_or_take_away_while_we_write_is_seen_too() -> None:
    stage = await edited()
    stage.on("quote", "after_reply", "write", lambda: stage.edit("quote", note="x"))
    await stage.cycle()
    assert stage.held("crm") == {"name": "Gold", "phone": "2", "note": "x"}


async def test_p13_both_images_are_kept_where_no_condition_protects() -> None:
    plain, guarded = await edited(), await edited(behaviour={"quote": Behaviour(versions="etag")})
    for stage in (plain, guarded):
        await stage.cycle()
    assert (plain.last().raw_before, plain.last().raw_after) == (
        '{"name":"Gold","phone":"1"}',
        '{"name":"Gold","phone":"2"}',
    )
    assert (guarded.last().raw_before, guarded.last().raw_after) == ("", "")


async def test_an_image_is_of_the_part_that_is_written() -> None:
    stage = await split(behaviour=replace(SPLIT, versions="none"))
    await stage.cycle()
    assert [(one.raw_before, one.raw_after) for one in stage.store.intents()] == [
        ('{"details.name":"Gold"}', '{"details.name":"New"}'),
        ('{"rates.ee":"1"}', '{"rates.ee":"2"}'),
    ]


async def test_keys_that_no_mapping_knows_survive() -> None:
    stage = Stage(lens={"quote": {"carries": ("name", "phone")}})
    stage.link(BASE | {"colour": "red"})
    await stage.start()
    stage.edit("crm", phone="2")
    await stage.cycle()
    assert stage.held("quote") == {"name": "Gold", "phone": "2", "colour": "red"}


# -- pauses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "written"), [("system:quote", {"web": 1}), ("", {}), ("group:default", {})])
async def test_what_is_paused_takes_no_write_and_is_owed(key: str, written: dict[str, int]) -> None:
    stage = Stage("crm", "quote", "web")
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    stage.pause(key)
    report = await stage.cycle()
    assert report.written == written
    assert stage.requests("quote", "write") == 0
    stage.pause(key, None)
    await stage.cycle()
    assert stage.held("quote") == stage.held("web") == NEW


async def test_a_pause_is_looked_for_before_each_send() -> None:
    """Pausing stops a run that is under way; what was not sent is owed and delivered after resuming."""
    stage = Stage()
    for id_ in ("p1", "p2", "p3"):
        stage.link(id=id_)
    await stage.start()
    for id_ in ("p1", "p2", "p3"):
        stage.edit("crm", id_, phone="2")

    def pause() -> None:
        stage.pause("system:quote")
        time.sleep(0.06)  # the answer is asked for anew after 50 ms

    stage.on("quote", "after_reply", "write", pause)
    report = await stage.cycle()
    assert (stage.ends(), report.written) == (
        [("quote", "confirmed"), ("quote", "unsent"), ("quote", "unsent")],
        {"quote": 1},
    )
    assert stage.last().note == "paused: audit"
    stage.pause("system:quote", None)
    await stage.cycle()
    assert stage.writes()["quote"] == 3


async def test_writes_off_is_a_pause_without_an_end() -> None:
    stage = await edited()
    stage.world.systems["quote"].writes_off = "writes: off"
    await stage.cycle()
    assert (stage.writes()["quote"], set(stage.member("quote").behind)) == (0, {"phone"})


# -- many --------------------------------------------------------------------------------------------------------------


async def test_confirmations_are_stored_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between two batches leaves rows that recovery settles."""
    monkeypatch.setattr(write, "BATCH", 2)
    stage = Stage()
    for n in range(5):
        stage.link(id=f"p{n}")
    await stage.start()
    for n in range(5):
        stage.edit("crm", f"p{n}", phone="2")
    settled: list[int] = []
    settle = stage.store.settle
    stage.store.settle = lambda rows: (settled.append(len(rows)), settle(rows))  # type: ignore[method-assign,assignment,func-returns-value]
    await stage.cycle()
    assert settled == [2, 2, 1]
    assert stage.ends() == [("quote", "confirmed")] * 5


async def test_a_wait_of_an_hour_is_the_longest() -> None:
    stage = await edited()
    stage.systems["quote"].faults.set("write", "fail", error=RefusedError)
    for _ in range(8):
        await stage.cycle()
    owed = stage.member("quote").behind["phone"]
    assert owed.refusals >= 6
    assert owed.next_at - stage.last().settled_at == HOUR  # type: ignore[operator]


async def test_a_record_that_vanishes_while_we_write_is_settled_by_recovery_and_asked_about() -> None:
    stage = await edited()
    stage.link(id="p9")
    stage.on("quote", "after_reply", "write", lambda: stage.systems["quote"].remove("generic", "p1"))
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "intended")], "partial")
    report = await stage.cycle()
    assert (stage.ends(), stage.last().note) == ([("quote", "overtaken")], "the record is gone")
    assert (stage.asked(), report.result) == ([("missing-record", "p1")], "open")


async def test_p13_the_window_of_an_unprotected_write_is_measured_and_its_system_named(monkeypatch) -> None:
    """From the reading to the answer of the write, in the run's figures and its report; a preview names the system."""
    stage = Stage(behaviour={"quote": Behaviour(versions="none"), "crm": Behaviour(versions="etag")})
    stage.link()
    await stage.start()
    stage.edit("crm", phone="2")
    assert (await stage.cycle(PREVIEW)).windows == {"quote": None}
    seconds = iter(range(1000))
    monkeypatch.setattr(write, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    report = await stage.cycle()
    assert set(report.windows) == {"quote"}
    assert report.windows["quote"] >= 1.0
    [run] = [one for one in stage.store.runs(SCOPE) if one.id == report.run]
    assert run.counts["window_ms.quote"] == report.windows["quote"] * 1000
    stage.edit("quote", phone="3")
    assert (await stage.cycle()).windows == {}, "a write that the system itself guards has no window"
