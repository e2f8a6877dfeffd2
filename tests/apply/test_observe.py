"""Observe: what listings tell and what they do not; a gap is not a deletion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from syncd.apply.intake import Observed, quarantine
from syncd.connectors.memory import Behaviour
from syncd.errors import AuthError
from syncd.model.records import NotSeen, Page
from syncd.model.values import EMPTY
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.store.rows import Question
from syncd.sync import observe, run_once
from tests.apply.worlds import BASE, GROUP, HOUR, Stage

NEW = {"name": "Gold", "phone": "2"}


async def three(**more: Any) -> Stage:
    """Three linked records in step."""
    stage = Stage(**more)
    for id_ in ("p1", "p2", "p3"):
        stage.link(id=id_)
    await stage.start()
    return stage


def guards(stage: Stage, *status: str) -> list[tuple[str, str, str]]:
    found = stage.store.questions(status=status or ("open",))
    return [(each.proposal.scope, each.proposal.name, each.status) for each in found if each.proposal.kind == "guard"]


def only(stage: Stage) -> Question:
    [question] = stage.store.questions()
    return question


async def test_p15_a_listing_that_goes_round_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """R19: a listing that comes to a page a second time ends there as broken, and nobody is judged missing by it."""
    stage = await three()
    real, asked = stage.systems["crm"].list, 0

    async def round_and_round(kind: Any, groups: Any = None) -> AsyncIterator[Page]:
        nonlocal asked
        async for page in real(kind, groups):
            while True:
                asked += 1
                yield Page(page.records[:2])

    monkeypatch.setattr(stage.systems["crm"], "list", round_and_round)
    seen = await observe("crm", stage.world, full=True)
    listing = stage.store.listing("crm", "generic")
    assert listing is not None
    assert (asked, listing.complete) == (2, False)
    assert "goes round" in "".join(seen.errors)
    assert stage.store.questions() == []


# -- what moved --------------------------------------------------------------------------------------------------------


async def test_p24_history_begins_with_all_fields_and_goes_on_with_what_moved() -> None:
    stage = Stage("crm")
    stage.put(BASE)
    seen = await observe("crm", stage.world)
    assert (seen.counts, seen.changed, seen.errors, seen.tripped) == ({"generic": 1}, {"generic": 1}, [], [])
    stage.edit("crm", phone=None, note="x")
    await observe("crm", stage.world)
    empty = {path: value for path, (value, _) in stage.told("first")[0][2].items()}
    assert set(map(repr, empty.values())) == {"EMPTY"}
    assert [(what, list(fields)) for what, _, fields in stage.told()] == [
        ("first", ["name", "phone"]),
        ("observed", ["note", "phone"]),
    ]


async def test_p08_content_decides() -> None:
    """New tokens and times without a change of content change nothing; content under an old token is seen."""
    for versions in ("restless", "stuck"):
        stage = Stage("crm", behaviour={"crm": Behaviour(versions=versions)})
        stage.put(BASE)
        await observe("crm", stage.world)
        stage.systems["crm"].edit("generic", "p1", {}, modified=99.0)
        assert (await observe("crm", stage.world)).changed == {}, versions
        stage.edit("crm", phone="2")
        seen = await observe("crm", stage.world)
        assert (seen.changed, seen.scopes) == ({"generic": 1}, {"default"}), versions


async def test_a_change_that_no_field_shows_is_a_new_snapshot_and_no_history() -> None:
    stage = Stage("crm", lens={"crm": {"carries": ("name",)}})
    stage.put(BASE)
    await observe("crm", stage.world)
    stage.edit("crm", phone="2")
    assert (await observe("crm", stage.world)).changed == {"generic": 1}
    assert stage.told("observed") == []


async def test_a_record_is_called_by_its_name_or_its_id() -> None:
    stage = Stage("crm", kind="plan")
    stage.put({"details.name": "Gold"}, id="a")
    stage.put({"details.carrier": "Aetna"}, id="b")
    await observe("crm", stage.world)
    assert {one.id: one.label for one in stage.store.snapshots("crm", "plan").values()} == {"a": "Gold", "b": "b"}


async def test_plans_are_handled_with_their_group() -> None:
    """A group that is linked is the scope of its plans; the plans of others have none yet."""
    stage = Stage("crm", "quote", kind="plan")
    stage.put({"details.name": "Gold"}, "crm")
    stage.systems["crm"].put_record("group", "g2", {"details.name": "Other"})
    stage.systems["crm"].put_record("plan", "p2", {"details.name": "Silver"}, group="g2")
    stage.systems["crm"].put_record("plan", "p3", {"details.name": "Bronze"})
    seen = await observe("crm", stage.world)
    assert {one.id: one.scope for one in stage.store.snapshots("crm", "plan").values()} == {
        "p1": GROUP,
        "p2": None,
        "p3": None,
    }
    assert {one.id: one.scope for one in stage.store.snapshots("crm", "group").values()} == {"g1": GROUP, "g2": None}
    assert seen.scopes == {GROUP}
    assert (await stage.cycle()).questions[0].name == "crm:p1"


async def test_a_table_may_say_whose_records_are_whose() -> None:
    stage = Stage("crm", scope_of=lambda system, record: f"{system}/{record.id}")
    stage.put(BASE)
    assert (await observe("crm", stage.world)).scopes == {"crm/p1"}


# -- gaps --------------------------------------------------------------------------------------------------------------

GAPS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("the listing stops without a last page", "partial", {}, False),
    ("the listing leaves out a record that can be read", "short", {"omit": {"p2"}}, False),
    ("the listing breaks off", "error", {}, True),
    ("the credentials are refused", "error", {"error": AuthError}, True),
]


def known(stage: Stage) -> list[Any]:
    """Tell what is remembered of links, but for the marks that say which ones need a look."""
    return [
        (one.id, one.status, one.agreed, [(m.system, m.base, m.behind, m.status) for m in one.members])
        for one in stage.store.links()
    ]


@pytest.mark.parametrize(("why", "fault", "more", "away"), GAPS, ids=[row[0] for row in GAPS])
async def test_p15_a_gap_is_no_deletion(why: str, fault: str, more: Any, away: bool) -> None:
    """Nothing is missing and no base moves. Members are looked up; of a listing that broke nobody is believed."""
    stage = await three()
    before = known(stage)
    stage.systems["quote"].faults.set("list", fault, **more)
    report = await stage.cycle()
    assert (report.result, set(report.away), stage.asked()) == ("partial", {"quote"}, []), why
    assert known(stage) == before
    stage.edit("crm", phone="2")
    report = await stage.cycle()
    assert report.result == "partial"
    assert (stage.requests("quote", "write"), set(stage.member("quote").behind)) == (
        (0, {"phone"}) if away else (1, set())
    )
    stage.systems["quote"].faults.clear()
    report = await stage.cycle()
    assert (stage.held("quote"), report.result, stage.writes()["quote"]) == (NEW, "ok", 1)


async def test_p15_a_system_that_does_not_answer_at_all_is_away() -> None:
    stage = await three()
    stage.systems["quote"].faults.set("access", "error")
    report = await stage.cycle()
    assert (report.result, report.away) == ("partial", {"quote": "quote: the system did not answer"})
    assert stage.requests("quote", "list") == 0
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert (listing.complete, listing.known, listing.error) == (False, 3, "quote: the system did not answer")


async def test_a_system_that_never_answered_is_not_observed_yet() -> None:
    stage = Stage()
    stage.link()
    stage.systems["quote"].faults.set("access", "error")
    report = await stage.cycle()
    assert (report.result, stage.writes()) == ("partial", {"crm": 0, "quote": 0})
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert (listing.known, listing.good_at) == (0, None)
    stage.store.save_listing(
        type(listing)("crm", "generic", 0.0, complete=True, count=0, known=0, fingerprint="", good_at=0.0)
    )
    fresh = Stage()
    fresh.link()
    report = await run_once(fresh.scope, fresh.world)
    assert set(report.away.values()) == {"not observed yet"}


async def test_what_a_broken_listing_did_show_is_not_lost() -> None:
    """The records before the break are taken in, the members behind it are looked up."""
    stage = await three()
    stage.edit("quote", phone="2")
    stage.systems["quote"].faults.set("list", "partial", omit={"p3"})
    seen = await observe("quote", stage.world)
    assert (seen.changed, seen.errors) == ({"generic": 2}, ["quote: the listing of generic is not complete"])
    assert stage.told("observed") == [("observed", "quote", {"phone": ("1", "2")})]


async def test_after_a_broken_listing_the_members_are_looked_up() -> None:
    """Those who are linked are read by their id, others wait; nothing is judged gone."""
    stage = await three()
    stage.put(BASE, "quote", id="free")
    await stage.cycle()
    for id_ in ("p3", "free"):
        stage.systems["quote"].edit("generic", id_, {"phone": "2"})
    stage.systems["quote"].remove("generic", "p2")
    stage.systems["quote"].requests.clear()
    stage.systems["quote"].faults.set("list", "partial", omit={"p2", "p3", "free"})
    await observe("quote", stage.world)
    assert stage.requests("quote", "read") == 2
    assert [fields for what, _, fields in stage.told() if what in ("observed", "gone")] == [{"phone": ("1", "2")}]
    assert stage.store.snapshots("quote", "generic")["p2"].gone is None


async def test_a_look_up_that_fails_makes_the_listing_defective() -> None:
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    stage.systems["quote"].faults.set("read", "error", times=1)
    await stage.cycle()
    assert (stage.asked(), stage.store.listing("quote", "generic").complete) == ([], False)  # type: ignore[union-attr]
    await stage.cycle()
    assert stage.asked() == [("missing-record", "p2")]


async def test_p15_what_is_neither_there_nor_gone_is_not_missing() -> None:
    """No right to see it is no proof: the record keeps its last snapshot until it is too old, then it is away."""
    stage = await three()
    quote = stage.systems["quote"]
    read = quote.read

    async def unseen(kind: Any, record_id: str) -> Any:
        return NotSeen("no right to see it") if record_id == "p2" else await read(kind, record_id)

    quote.read = unseen  # type: ignore[method-assign]
    quote.faults.set("list", "short", omit={"p2"})
    report = await stage.cycle()
    assert (stage.asked(), report.result) == ([], "ok")
    assert stage.store.snapshots("quote", "generic")["p2"].gone is None


# -- really gone -------------------------------------------------------------------------------------------------------


async def test_p19_a_record_that_is_gone_is_a_question_once_and_nothing_else() -> None:
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    for _ in range(3):
        report = await stage.cycle()
    assert (stage.asked(), report.result, stage.held("crm", "p2")) == ([("missing-record", "p2")], "open", BASE)
    assert (stage.stored("l-p2").status, stage.member("quote", "l-p2").status) == ("orphaned", "missing")
    assert [system for what, system, _ in stage.told("gone")] == ["quote"]
    assert [row.what for row in stage.store.history(link="l-p2")] == ["orphaned", "orphaned"]
    assert len(stage.store.questions(status=("open", "closed", "used"))) == 1


async def test_a_record_that_reappears_closes_its_question_and_goes_on() -> None:
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    stage.edit("crm", "p2", phone="2")
    stage.put(BASE, "quote", id="p2")
    report = await stage.cycle()
    assert (stage.asked(), report.result, stage.held("quote", "p2")) == ([], "ok", NEW)
    assert stage.stored("l-p2").status == "live"
    assert ("observed", "quote", {"name": (EMPTY, "Gold"), "phone": (EMPTY, "1")}) in stage.told("observed")


async def test_a_member_that_was_never_seen_can_be_gone_too() -> None:
    stage = Stage()
    stage.link()
    stage.link(id="p2")
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    assert stage.asked() == [("missing-record", "p2")]
    snapshot = stage.store.snapshots("quote", "generic")["p2"]
    assert (snapshot.flat, snapshot.gone) == ({}, "quote has no generic with the id p2")


async def test_a_dissolved_link_asks_nothing_more() -> None:
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    stage.answer("unlink")
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.stored("l-p2").status) == ("ok", [], "unlinked")
    assert [row.what for row in stage.store.history(link="l-p2")][:2] == ["unlinked", "unlinked"]
    assert next(row.who for row in stage.store.history(link="l-p2")).startswith("decision ")
    assert (await stage.cycle()).result == "ok"
    assert stage.asked() == []


async def test_a_link_that_a_rule_dissolves_says_which_kind_of_rule() -> None:
    stage = await three(rules={"default": {"on_missing": "unlink"}})
    stage.systems["quote"].remove("generic", "p2")
    for _ in range(2):
        await stage.cycle()
    assert next((row.what, row.who) for row in stage.store.history(link="l-p2")) == ("unlinked", "rule on_missing")


async def test_m1_what_is_gone_everywhere_ends_by_itself_and_may_come_back() -> None:
    """M1: the link ends with a history row, its questions close, and a record that comes back is asked about."""
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    assert stage.asked() == [("missing-record", "p2")]
    stage.systems["crm"].remove("generic", "p2")
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.stored("l-p2").status) == ("ok", [], "unlinked")
    assert {(row.what, row.who) for row in stage.store.history(link="l-p2")[:2]} == {
        ("unlinked", "gone from every system")
    }
    stage.put(BASE, "crm", id="p2")
    await stage.cycle()
    assert stage.asked() == [("link-plans", "crm:p2")]


LOOKS = [
    ("an hour later", 1.0, 0.0, True),
    ("a moment later", 0.2, 0.0, False),
    ("a little less than a period", 0.95, 0.0, True),
    ("first seen by a clock that was a year ahead", 0.2, 8760.0, True),
]


@pytest.mark.parametrize(("why", "hours", "ahead", "acts"), LOOKS, ids=[row[0] for row in LOOKS])
async def test_b1_a_rule_acts_when_two_good_listings_a_period_apart_agree(
    why: str, hours: float, ahead: float, acts: bool
) -> None:
    """B1: recreate by rule waits for a second look; a stamp in the future counts as old."""
    stage = await three(rules={"default": {"on_missing": "recreate"}})
    stage.systems["quote"].remove("generic", "p2")
    stage.clock.at += ahead * 3600
    await stage.cycle()
    assert (stage.requests("quote"), stage.asked()) == (0, [("missing-record", "p2")])
    stage.clock.at -= ahead * 3600
    await stage.cycle(hours=hours)
    assert stage.requests("quote", "create") == int(acts), why


async def test_b1_a_listing_that_is_not_good_is_no_second_look() -> None:
    """B1: while the system does not answer, nothing is created by rule."""
    stage = await three(rules={"default": {"on_missing": "recreate"}})
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    stage.systems["quote"].faults.set("list", "error", times=1)
    await stage.cycle(hours=5)
    assert stage.requests("quote") == 0
    stage.put(BASE, "quote", id="p2")
    report = await stage.cycle()
    assert (stage.requests("quote"), report.result, stage.asked()) == (0, "ok", [])


# -- guards ------------------------------------------------------------------------------------------------------------


async def test_an_empty_listing_is_a_question_and_nothing_moves() -> None:
    stage = await three()
    stage.systems["quote"].faults.set("list", "empty")
    stage.edit("crm", phone="2")
    report = await stage.cycle()
    assert (report.result, report.away) == ("refused", {"quote": "guard empty-side"})
    assert guards(stage) == [("system:quote/generic", "empty-side", "open")]
    listing = stage.store.listing("quote", "generic")
    assert listing is not None
    assert (listing.complete, listing.tripped, listing.count, listing.known) == (True, "empty-side", 0, 3)
    assert stage.requests("quote", "write", "read") == 0


async def test_a_guard_that_looks_right_again_closes_its_question() -> None:
    stage = await three()
    stage.systems["quote"].faults.set("list", "empty", times=1)
    await stage.cycle()
    await stage.cycle()
    assert (guards(stage), [status for *_, status in guards(stage, "closed")]) == ([], ["closed"])
    stage.systems["quote"].faults.set("list", "empty", times=1)
    await stage.cycle()
    assert only(stage).n == 2


async def test_p16_the_same_evidence_is_the_same_question() -> None:
    stage = await three()
    stage.systems["quote"].faults.set("list", "empty")
    await stage.cycle()
    first = only(stage)
    await stage.cycle()
    assert only(stage) == first


async def test_p17_an_approval_is_for_what_was_seen_and_is_used_up() -> None:
    """It lets the empty listing through: the records are gone then, each is asked about; it does not count again."""
    stage = await three()
    for id_ in ("p1", "p2", "p3"):
        stage.systems["quote"].remove("generic", id_)
    await stage.cycle()
    assert stage.asked() == [("guard", "empty-side")]
    stage.answer("approve")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("open", [("missing-record", id_) for id_ in ("p1", "p2", "p3")])
    assert [status for *_, status in guards(stage, "used")] == ["used"]


async def test_p17_an_approval_of_other_evidence_is_asked_again_with_what_was_said() -> None:
    stage = await three(limits=Limits({"shrunken-side": Limit(0.0, 1)}))
    stage.systems["quote"].remove("generic", "p1")
    await stage.cycle()
    stage.answer("approve")
    stage.systems["quote"].remove("generic", "p2")
    report = await stage.cycle()
    assert (report.result, only(stage).previous) == ("refused", "approve (ann)")
    assert only(stage).proposal.evidence == ("p1", "p2")


async def test_one_approval_may_uncover_the_next_guard() -> None:
    """Another address with nothing behind it: each is asked for itself."""
    stage = await three()
    quote = stage.systems["quote"]
    quote.scope = "other"
    quote.faults.set("list", "empty")
    await stage.cycle()
    assert guards(stage) == [("system:quote/generic", "scope", "open")]
    stage.answer("approve")
    await stage.cycle()
    assert guards(stage) == [("system:quote/generic", "empty-side", "open")]


async def test_a_rejected_guard_stays_tripped_and_quiet() -> None:
    stage = await three()
    stage.systems["quote"].faults.set("list", "empty")
    await stage.cycle()
    stage.answer("reject")
    for _ in range(2):
        report = await stage.cycle()
    assert (report.result, stage.asked(), stage.asked("ignored")) == ("refused", [], [("guard", "empty-side")])


@pytest.mark.parametrize("forced", [True, False])
async def test_force_believes_a_listing_for_one_run(forced: bool) -> None:
    stage = await three()
    stage.systems["quote"].scope = "other"
    report = await stage.cycle(force=["scope"] if forced else ())
    assert (report.result, guards(stage)) == (
        ("ok", []) if forced else ("refused", [("system:quote/generic", "scope", "open")])
    )
    assert stage.store.listing("quote", "generic").fingerprint.endswith("other") is forced  # type: ignore[union-attr]


async def test_a_part_that_is_hidden_is_not_empty() -> None:
    """P15: a right that was taken away clears nothing; the guard asks, and what was known stays."""
    stage = Stage(behaviour={"quote": Behaviour()})
    stage.link({"details.name": "Gold", "rates.ee": "1"})
    await stage.start()
    quote = stage.systems["quote"]
    access = quote.access

    async def less() -> Any:
        return replace(await access(), unreadable={"rates": "no right"})

    quote.access = less  # type: ignore[method-assign]
    report = await stage.cycle()
    assert (report.result, guards(stage)) == ("refused", [("system:quote/generic", "permission", "open")])
    stage.answer("approve")
    stage.edit("crm", rates__ee="2", details__name="New")
    report = await stage.cycle()
    assert (report.result, stage.held("quote")) == ("ok", {"details.name": "New", "rates.ee": "1"})
    assert stage.store.get("rights", "quote") == {"rates": "no right"}


# -- reading one by one ------------------------------------------------------------------------------------------------


async def test_a_snapshot_that_is_too_old_is_read_anew() -> None:
    """A run without a fresh observation asks for each member that needs a decision; others cost nothing."""
    stage = await three()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    stage.clock.at += 2 * HOUR
    stage.edit("crm", note="late")
    report = await run_once(stage.scope, stage.world)
    assert (stage.held("quote"), report.result) == ({**NEW, "note": "late"}, "ok")
    assert (stage.requests("crm", "read"), stage.requests("quote", "read")) == (1, 3)
    assert stage.told("observed")[-1] == ("observed", "crm", {"note": (EMPTY, "late")})


@pytest.mark.parametrize("how", ["error", "gone", "unseen"])
async def test_a_member_that_cannot_be_read_one_by_one_is_away(how: str) -> None:
    """Only a complete listing makes a record gone."""
    stage = await three()
    stage.edit("crm", phone="2")
    await observe("crm", stage.world)
    stage.clock.at += 2 * HOUR
    quote = stage.systems["quote"]
    if how == "error":
        quote.faults.set("read", "error")
    elif how == "gone":
        quote.remove("generic", "p1")
    else:

        async def unseen(*_: Any) -> NotSeen:
            return NotSeen("no right to see it")

        quote.read = unseen  # type: ignore[method-assign,assignment]
    report = await run_once(stage.scope, stage.world)
    said = {
        "error": "quote p1: the system did not answer",
        "gone": "not found, and no complete listing says so",
        "unseen": "no right to see it",
    }
    assert (report.result, report.away) == ("partial", {"quote": said[how]})
    assert (stage.asked(), set(stage.member("quote").behind)) == ([], {"phone"})


async def test_a_system_that_is_no_longer_configured_stalls_nobody() -> None:
    stage = Stage("crm", "quote", "web")
    stage.link()
    await stage.start()
    stage.put(BASE, "web", id="stray")
    await observe("web", stage.world)
    del stage.systems["web"]
    stage.fresh()
    stage.edit("crm", phone="2")
    report = await stage.cycle()
    assert (stage.held("quote"), report.away) == (NEW, {"web": "the system is not configured"})
    assert (set(stage.member("web").behind), stage.asked()) == ({"phone"}, [])


async def test_a_record_that_is_gone_is_told_once_however_often_it_is_observed() -> None:
    """No run came in between, so its link still names it."""
    stage = await three()
    stage.systems["quote"].remove("generic", "p2")
    for _ in range(2):
        await observe("quote", stage.world)
    assert len(stage.told("gone")) == 1


async def test_a_record_that_cannot_be_read_is_left_out_and_named_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """B8: the listing stays complete, the others go on, nothing is judged missing; it is named until it is read."""
    stage = await three()
    crm = stage.systems["crm"]
    hurt = {"p2": "name holds U+000B"}
    listed, read = type(crm).list, type(crm).read

    async def listing(self: Any, kind: Any, groups: Any = None) -> AsyncIterator[Page]:
        async for page in listed(self, kind, groups):
            out = hurt if self is crm else {}
            yield replace(page, records=tuple(one for one in page.records if one.id not in out), unreadable=dict(out))

    async def reading(self: Any, kind: Any, record_id: str) -> Any:
        out = hurt if self is crm else {}
        return NotSeen(out[record_id], unreadable=True) if record_id in out else await read(self, kind, record_id)

    monkeypatch.setattr(type(crm), "list", listing)
    monkeypatch.setattr(type(crm), "read", reading)
    stage.edit("crm", id="p1", phone="2")
    seen = await observe("crm", stage.world, full=True)
    assert (seen.errors, seen.tripped, seen.changed) == ([], [], {"generic": 1})
    assert seen.unreadable == {("generic", "p2"): "name holds U+000B"}
    assert stage.store.get("quarantine", "crm") == {"generic p2": "name holds U+000B"}
    listing_row = stage.store.listing("crm", "generic")
    assert listing_row is not None
    assert listing_row.complete
    assert stage.store.questions() == []
    hurt.clear()
    assert (await observe("crm", stage.world, full=True)).unreadable == {}
    assert stage.store.get("quarantine", "crm") == {}


async def test_what_a_feed_does_not_name_again_stays_named() -> None:
    """B8: a feed tells of such a record once; it is named until the feed or a listing shows it well."""
    stage = await three()
    told = Observed("crm", unreadable={("generic", "p2"): "U+000B"})
    quarantine(told, stage.world, set())
    quiet = Observed("crm")
    quarantine(quiet, stage.world, {("generic", "p1")})
    assert quiet.unreadable == {("generic", "p2"): "U+000B"}
    well = Observed("crm")
    quarantine(well, stage.world, {("generic", "p2")})
    assert well.unreadable == {}
