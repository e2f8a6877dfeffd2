"""Creates and ends, the writes that are not a field: a create is sent once, a record ended by a person's word only."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.errors import AuthError, MappingError, RefusedError, TransientError, UnknownOutcomeError
from syncd.model.values import Unparsed
from syncd.reconcile.types import Link, Member, Owed
from tests.apply.worlds import BASE, GROUP, Killed, Stage

NEW = {"name": "Gold", "phone": "2"}
UNMARKED = {"behaviour": {"quote": Behaviour(marker=False)}}


def awaiting(stage: Stage, data: dict[str, Any] = BASE, *targets: str, **more: Any) -> Link:
    """Let a record of crm await counterparts, as a copy decision does."""
    stage.put(data, "crm")
    crm = Member("crm", "p1", stage.flat(data))
    others = (Member(name, "(new l-p1)", {}, frozenset({""}), status="awaited") for name in targets or ("quote",))
    link = Link("l-p1", stage.kind, stage.scope, "p1", stage.flat(data), (crm, *others), 1, **more)
    stage.store.add_link(link)
    return link


def made(stage: Stage, name: str = "quote") -> dict[str, Any]:
    """Give what a system made of its own: id -> content."""
    records = stage.systems[name].content().get(stage.kind, {})
    return {
        id_: {path: raw for path, raw in data.items() if raw is not None}
        for id_, data in records.items()
        if id_ != "p1"
    }


# -- created -----------------------------------------------------------------------------------------------------------


async def test_a_created_record_is_a_member_like_any_other() -> None:
    """P22: what was created is what is read, and an edit flows both ways from then on."""
    stage = Stage()
    awaiting(stage)
    report = await stage.cycle()
    assert (made(stage), report.result, report.written) == ({"quote-1": BASE}, "ok", {"quote": 1})
    member = stage.member("quote")
    assert (member.id, member.status, member.base, member.unseen, member.behind) == (
        "quote-1",
        "live",
        BASE,
        frozenset(),
        {},
    )
    [intent] = stage.store.intents()
    assert (intent.op, intent.state, intent.record_id, intent.marker) == (
        "create",
        "confirmed",
        "quote-1",
        "syncd:l-p1:quote",
    )
    [row] = [each for each in stage.store.history() if each.note == "created"]
    assert (row.what, row.record_id, row.who, row.readback) == ("written", "quote-1", "decided when linked", BASE)
    assert (await stage.cycle()).result == "ok"
    stage.edit("quote", "quote-1", phone="2")
    await stage.cycle()
    assert (stage.held("crm"), stage.writes()) == (NEW, {"crm": 1, "quote": 1})


async def test_a_plan_is_created_in_its_group() -> None:
    stage = Stage(kind="plan")
    awaiting(stage, {"details.name": "Gold"})
    await stage.cycle()
    record = stage.systems["quote"].record("plan", "quote-1")
    assert record is not None
    assert record.group == "g1"


@pytest.mark.parametrize("known", [True, False])
async def test_a_plan_whose_group_is_not_linked_there_is_not_created(known: bool) -> None:
    stage = Stage(kind="plan")
    awaiting(stage, {"details.name": "Gold"})
    if known:
        group = stage.stored(GROUP)
        stage.store.save_links([Link(GROUP, "group", GROUP, "Acme", group.agreed, group.members[:1])])
    else:
        lost = Link("l-p1", "plan", "nowhere", "p1", stage.stored().agreed, stage.stored().members, 1)
        stage.store.save_links([lost])
        stage.scope = "nowhere"
    report = await stage.cycle()
    assert (made(stage), report.result, stage.requests("quote", "create")) == ({}, "partial", 0)
    assert report.failed == ("quote: the group is not linked, so p1 cannot be created there",)
    assert stage.ends() == [("quote", "unsent")]


async def test_what_a_create_cannot_carry_is_owed_and_asked_about_in_the_same_run() -> None:
    """Rounded, read-only, not understood: none of it goes into the create, and each is said."""
    stage = Stage(
        behaviour={"quote": Behaviour(decimals=0, read_only=("phone",))},
        lens={"quote": {"nearest": lambda path, value: "512" if value == "512.45" else value}},
    )
    awaiting(stage, BASE | {"rate": "512.45"})
    await stage.cycle()
    assert made(stage) == {"quote-1": {"name": "Gold"}}
    assert stage.asked() == [("hand-off", "quote:phone"), ("loss", "quote:rate")]
    assert set(stage.member("quote").behind) == {"phone", "rate"}


async def test_p03_a_table_is_not_created_in_part() -> None:
    stage = Stage(
        atoms={"ee": "table", "es": "table"},
        lens={"quote": {"nearest": lambda path, value: "2" if value == "2.5" else value}},
    )
    awaiting(stage, {"ee": "1", "es": "2.5", "name": "Gold"})
    await stage.cycle()
    assert made(stage) == {"quote-1": {"name": "Gold"}}


async def test_p25_a_text_that_was_not_understood_is_not_created() -> None:
    stage = Stage(kind="plan")
    awaiting(stage, {"details.name": "Gold", "details.effective_date": "some day"})
    assert isinstance(stage.stored().agreed["details.effective_date"], Unparsed)
    await stage.cycle()
    assert made(stage) == {"quote-1": {"details.name": "Gold"}}
    assert stage.asked() == [("hand-off", "quote:details.effective_date")]
    assert stage.writes()["quote"] == 1


async def test_ignored_fields_are_neither_created_nor_owed() -> None:
    stage = Stage(ignore=frozenset({"phone"}))
    awaiting(stage)
    await stage.cycle()
    assert (made(stage), stage.member("quote").behind) == ({"quote-1": {"name": "Gold"}}, {})


async def test_p14_what_a_vendor_makes_of_a_create_is_its_base_and_the_rest_is_owed() -> None:
    stage = Stage(behaviour={"quote": Behaviour(recase="upper")})
    awaiting(stage)
    report = await stage.cycle()
    assert (made(stage), report.result) == ({"quote-1": {"name": "GOLD", "phone": "1"}}, "open")
    member = stage.member("quote")
    assert (member.base, member.behind["name"].echo) == ({"name": "GOLD", "phone": "1"}, "GOLD")
    for _ in range(3):
        await stage.cycle()
    assert (stage.asked(), stage.requests("quote", "write")) == ([("loss", "quote:name")], 0)


async def test_a_copy_made_once_parts_from_its_original() -> None:
    """`follow: false`: both records stay, neither is asked about, no edit flows."""
    stage = Stage("crm", "quote", "web")
    awaiting(stage, BASE, "quote", "web", follow=False)
    await stage.cycle()
    assert (made(stage), made(stage, "web")) == ({"quote-1": BASE}, {"web-1": BASE})
    assert stage.stored().status == "unlinked"
    stage.edit("crm", phone="2")
    report = await stage.cycle()
    assert (made(stage), report.result, stage.asked()) == ({"quote-1": BASE}, "ok", [])


async def test_a_copy_made_once_follows_nothing_while_a_second_one_is_awaited() -> None:
    stage = Stage("crm", "quote", "web")
    awaiting(stage, BASE, "quote", "web", follow=False)
    stage.systems["web"].faults.set("create", "fail", error=RefusedError, times=1)
    await stage.cycle()
    assert (stage.stored().status, made(stage)) == ("live", {"quote-1": BASE})
    await stage.cycle()
    assert (stage.stored().status, made(stage, "web")) == ("unlinked", {"web-1": BASE})


# -- not created -------------------------------------------------------------------------------------------------------


async def test_a_refused_create_is_tried_later_and_handed_off_in_the_end() -> None:
    stage = Stage()
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=RefusedError, times=3)
    report = await stage.cycle()
    debt = Owed(1, 1, stage.clock.at + 300, "the write failed and was not applied")
    assert (stage.member("quote").behind, stage.ends(), report.result) == (
        {"": debt},
        [("quote", "refused")],
        "partial",
    )
    assert stage.last().sent_at is not None
    assert (await stage.cycle(hours=0.01)).changeset.outcomes[0].operations == ()
    for _ in range(2):
        await stage.cycle()
    report = await stage.cycle(hours=0.01)
    assert (report.result, stage.asked(), made(stage)) == ("open", [("hand-off", "quote:")], {})
    report = await stage.cycle()
    assert (report.result, stage.asked(), made(stage)) == ("ok", [], {"quote-1": BASE})
    assert stage.member("quote").behind == {}


async def test_a_create_that_the_mapping_refuses_is_never_sent() -> None:
    stage = Stage()
    awaiting(stage)

    def new(*_: Any) -> Any:
        raise MappingError("a plan cannot be created here without it", field="name")

    stage.lenses["quote"]["generic"].new = new
    report = await stage.cycle()
    assert (stage.ends(), stage.requests("quote"), report.failed) == (
        [("quote", "refused")],
        0,
        ("name: a plan cannot be created here without it. Run `syncd mappings check` and correct the named row.",),
    )
    assert stage.last().sent_at is None


async def test_a_create_that_was_not_executed_is_tried_by_the_next_run() -> None:
    stage = Stage()
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=TransientError, times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result, report.away, stage.member("quote").behind) == (
        [("quote", "unsent")],
        "partial",
        {},
        {},
    )
    await stage.cycle()
    assert made(stage) == {"quote-1": BASE}


async def test_p23_credentials_that_are_refused_keep_the_other_creates_from_being_tried() -> None:
    """401 is a refusal before execution: nothing was created, nobody is asked."""
    stage = Stage(**UNMARKED)
    for n in (1, 2):
        stage.put(BASE, "crm", id=f"p{n}")
        crm = Member("crm", f"p{n}", stage.flat(BASE))
        new = Member("quote", f"(new {n})", {}, frozenset({""}), status="awaited")
        stage.store.add_link(Link(f"l-p{n}", "generic", stage.scope, f"p{n}", stage.flat(BASE), (crm, new), 1))
    stage.systems["quote"].faults.set("create", "fail", error=AuthError, times=1)
    report = await stage.cycle()
    assert (stage.ends(), set(report.away)) == ([("quote", "unsent"), ("quote", "unsent")], {"quote"})
    await stage.cycle()
    assert (sorted(made(stage)), stage.asked()) == (["quote-1", "quote-2"], [])


async def test_a_pause_is_looked_for_before_a_create() -> None:
    stage = Stage()
    awaiting(stage)
    stage.world.effect = lambda moment: stage.pause("system:quote") if moment == "after_journal" else None
    await stage.cycle()
    assert (made(stage), stage.ends(), stage.last().note) == ({}, [("quote", "unsent")], "paused: audit")
    stage.pause("system:quote", None)
    stage.world.effect = lambda _: None
    await stage.cycle()
    assert made(stage) == {"quote-1": BASE}


async def test_no_create_is_sent_to_a_system_that_went_away_in_this_run() -> None:
    stage = Stage()
    stage.link(id="p2")
    await stage.start()
    awaiting(stage)
    stage.edit("crm", "p2", phone="2")
    stage.systems["quote"].faults.set("write", "fail", error=AuthError)
    report = await stage.cycle()
    assert (stage.requests("quote", "create"), stage.ends()) == (0, [("quote", "unsent"), ("quote", "unsent")])
    assert set(report.away) == {"quote"}


# -- unknown outcomes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, UNMARKED], ids=["marker", "content"])
async def test_p12_a_create_without_a_reply_is_found_again(more: Any) -> None:
    stage = Stage(**more)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "lost_reply", times=1)
    report = await stage.cycle()
    assert (made(stage), report.result, stage.member("quote").id) == ({"quote-1": BASE}, "ok", "quote-1")
    await stage.cycle()
    assert (stage.requests("quote", "create"), len(made(stage))) == (1, 1)


@pytest.mark.parametrize("more", [{}, UNMARKED], ids=["marker", "content"])
async def test_p12_a_create_whose_search_fails_is_searched_before_anything_is_repeated(more: Any) -> None:
    """The search itself breaks: the outcome is still unknown, not `never executed`."""
    stage = Stage(**more)
    awaiting(stage)
    stage.on("quote", "after_send", "create", lambda: stage.systems["quote"].faults.set("find", "error", times=1))
    stage.systems["quote"].faults.set("create", "lost_reply", times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "intended")], "partial")
    await stage.cycle()
    assert (made(stage), stage.ends(), stage.requests("quote", "create")) == (
        {"quote-1": BASE},
        [("quote", "confirmed")],
        1,
    )


async def test_p12_of_two_records_with_the_marker_of_one_create_neither_is_taken() -> None:
    """Somebody made a copy, marker and all, before the lost create was found; once one of them is gone it goes on."""
    stage = Stage()
    awaiting(stage)
    quote = stage.systems["quote"]
    quote.faults.set("create", "lost_reply", times=1)
    stage.on("quote", "after_send", "create", lambda: _copied(stage, "twin", "syncd:l-p1:quote"))
    for told in ("no reply came", "quote-1 and twin carry the marker of one create"):
        report = await stage.cycle()
        assert [told in one for one in report.failed] == [True]
        assert (stage.ends(), stage.member("quote").status) == ([("quote", "intended")], "awaited")
    quote.remove("generic", "twin")
    await stage.cycle()
    assert (stage.ends(), stage.member("quote").id) == ([("quote", "confirmed")], "quote-1")
    assert stage.requests("quote", "create") == 1


def _copied(stage: Stage, id_: str, marker: str) -> None:
    stage.systems["quote"].put_record("generic", id_, BASE, marker=marker)


async def test_p12_a_marked_create_that_is_nowhere_after_two_looks_never_landed() -> None:
    stage = Stage()
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "intended")], "partial")
    await stage.cycle()
    assert stage.ends() == [("quote", "never_landed"), ("quote", "confirmed")]
    assert (stage.clock.slept, made(stage)) == ([2.0], {"quote-1": BASE})


async def test_p12_an_unmarked_create_that_is_nowhere_is_a_question() -> None:
    stage = Stage(**UNMARKED)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    for _ in range(3):
        await stage.cycle()
    assert (stage.ends(), stage.requests("quote", "create")) == ([("quote", "open")], 1)
    assert stage.asked() == [("missing-record", "p1")]
    stage.answer("recreate")
    report = await stage.cycle()
    assert (made(stage), report.result, stage.asked()) == ({"quote-1": BASE}, "ok", [])
    assert stage.ends() == [("quote", "never_landed"), ("quote", "confirmed")]
    assert "says that it did not happen" in stage.store.intents()[0].note


async def test_p12_an_unmarked_create_may_be_given_up() -> None:
    stage = Stage(**UNMARKED)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    for _ in range(2):
        await stage.cycle()
    stage.answer("unlink")
    report = await stage.cycle()
    assert (stage.stored().status, made(stage), report.result) == ("unlinked", {}, "ok")
    assert (await stage.cycle()).result == "ok"
    assert stage.asked() == []


async def test_p12_an_answer_closes_only_its_own_open_create() -> None:
    stage = Stage(**UNMARKED)
    awaiting(stage)
    stage.put(BASE | {"name": "Silver"}, "crm", id="p2")
    crm = Member("crm", "p2", stage.flat(BASE | {"name": "Silver"}))
    new = Member("quote", "(new 2)", {}, frozenset({""}), status="awaited")
    stage.store.add_link(Link("l-p2", "generic", stage.scope, "p2", crm.base, (crm, new), 1))
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=2)
    for _ in range(2):
        await stage.cycle()
    [first, _] = stage.store.questions()
    stage.decide(first, "recreate")
    await stage.cycle()
    assert sorted(state for _, state in stage.ends()) == ["confirmed", "never_landed", "open"]
    assert len(made(stage)) == 1


LOOKALIKES: list[tuple[str, dict[str, Any], str]] = [
    ("another content", {"name": "Other"}, "open"),
    ("the same content, and more", BASE | {"colour": "red"}, "confirmed"),
]


@pytest.mark.parametrize(("why", "data", "state"), LOOKALIKES, ids=[row[0] for row in LOOKALIKES])
async def test_an_unmarked_create_is_adopted_by_what_it_holds(why: str, data: dict[str, Any], state: str) -> None:
    """A record that appeared since the intent is taken for it when it holds all that was sent."""
    stage = Stage(**UNMARKED)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.put(data, "quote", id="typed")
    await stage.cycle()
    assert [end for _, end in stage.ends()] == [state], why
    if state == "confirmed":
        assert stage.member("quote").id == "typed"


async def test_two_records_that_could_be_it_are_not_told_apart() -> None:
    stage = Stage(**UNMARKED)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.put(BASE, "quote", id="a")
    stage.put(BASE, "quote", id="b")
    await stage.cycle()
    assert stage.ends() == [("quote", "open")]


async def test_a_record_that_was_there_before_is_not_it() -> None:
    """Known before the intent, or already a member of a link: neither is what the create made."""
    stage = Stage(**UNMARKED)
    stage.link(id="p7")
    stage.put(BASE, "quote", id="old")
    await stage.cycle()
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    for _ in range(2):
        await stage.cycle()
    assert ("quote", "open") in stage.ends()
    assert stage.member("quote").status == "awaited"


async def test_a_record_that_was_linked_meanwhile_is_not_it() -> None:
    """Somebody made it by hand and linked it with another one: it belongs to that link."""
    stage = Stage("crm", "quote", "web", **UNMARKED)
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.link(BASE, "quote", "web", id="typed")
    await stage.cycle()
    assert (stage.ends(), stage.member("quote").status) == ([("quote", "open")], "awaited")


async def test_a_record_that_was_first_seen_after_the_intent_may_be_it() -> None:
    """The observation between the create and its recovery has seen it already."""
    stage = Stage(**UNMARKED)
    awaiting(stage)

    def die() -> None:
        raise Killed

    stage.on("quote", "after_send", "create", die)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    stage.fresh()
    await stage.cycle()
    assert (stage.member("quote").id, stage.ends(), len(made(stage))) == ("quote-1", [("quote", "confirmed")], 1)


async def test_an_empty_create_matches_nothing() -> None:
    stage = Stage(**UNMARKED, ignore=frozenset({"name", "phone"}))
    awaiting(stage)
    stage.systems["quote"].faults.set("create", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    stage.put({"x": "1"}, "quote", id="a")
    await stage.cycle()
    assert stage.ends() == [("quote", "open")]


async def test_what_is_shown_late_is_waited_for_once() -> None:
    stage = Stage(behaviour={"quote": Behaviour(late=1)})
    awaiting(stage)
    report = await stage.cycle()
    assert (report.result, stage.clock.slept, stage.member("quote").id) == ("ok", [2.0], "quote-1")


async def test_what_is_shown_very_late_is_found_by_recovery() -> None:
    stage = Stage(behaviour={"quote": Behaviour(late=4)})
    awaiting(stage)
    report = await stage.cycle()
    assert (report.failed, stage.ends()) == (
        ("quote quote-1: created, but not to be read yet",),
        [("quote", "intended")],
    )
    stage.systems["quote"]._answers += 4
    await stage.cycle()
    assert (stage.ends(), made(stage), stage.requests("quote", "create")) == (
        [("quote", "confirmed")],
        {"quote-1": BASE},
        1,
    )


async def test_a_created_record_that_cannot_be_read_is_found_by_recovery() -> None:
    stage = Stage()
    awaiting(stage)
    stage.on("quote", "after_reply", "create", lambda: stage.systems["quote"].faults.set("read", "error", times=1))
    report = await stage.cycle()
    assert (stage.ends(), set(report.away)) == ([("quote", "intended")], {"quote"})
    await stage.cycle()
    assert (stage.ends(), stage.requests("quote", "create")) == ([("quote", "confirmed")], 1)


# -- ends --------------------------------------------------------------------------------------------------------------


async def lost(*names: str, **more: Any) -> Stage:
    """A linked record that vanished from the last system, asked about and answered with `end`."""
    stage = Stage(*(names or ("crm", "quote")), **more)
    stage.link()
    stage.link(id="p9")
    await stage.start()
    stage.systems[list(stage.systems)[-1]].remove("generic", "p1")
    await stage.cycle()
    assert stage.asked() == [("missing-record", "p1")]
    stage.answer("end")
    return stage


async def test_p19_a_record_is_ended_when_a_person_says_so_and_the_link_is_over() -> None:
    stage = await lost()
    report = await stage.cycle()
    assert (stage.held("crm"), report.written, report.result) == (None, {"crm": 1}, "ok")
    assert (stage.stored().status, stage.ends()) == ("unlinked", [("crm", "confirmed")])
    [row] = [each for each in stage.store.history() if each.what == "ended"]
    assert (row.system, row.record_id, row.note) == ("crm", "p1", "ended and gone")
    assert row.who.startswith("decision ")
    report = await stage.cycle()
    assert (report.result, stage.asked("open", "decided")) == ("ok", [])


async def test_a_vendors_own_end_keeps_the_record_and_asks_nothing() -> None:
    stage = await lost(behaviour={"crm": Behaviour(end_sets={"status": "T"})})
    await stage.cycle()
    assert stage.held("crm") == BASE | {"status": "T"}
    [row] = [each for each in stage.store.history() if each.what == "ended"]
    assert row.note == "ended"
    report = await stage.cycle()
    assert (stage.stored().status, report.result, stage.asked()) == ("unlinked", "ok", [])


async def test_an_end_that_one_system_refuses_is_asked_about_again() -> None:
    """The record that ended is missing now as well; the one that did not is not forgotten."""
    stage = await lost("crm", "pay", "quote")
    stage.systems["pay"].faults.set("end", "fail", error=RefusedError, times=1)
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("crm", "confirmed"), ("pay", "refused")], "partial")
    assert [(one.system, one.status) for one in stage.stored().members] == [
        ("crm", "missing"),
        ("pay", "live"),
        ("quote", "missing"),
    ]
    await stage.cycle()
    [question] = stage.store.questions()
    assert question.proposal.why == "the record no longer exists in crm, quote"
    stage.answer("end")
    report = await stage.cycle()
    assert (stage.held("pay"), stage.stored().status, report.result) == (None, "unlinked", "ok")


async def test_a_pause_keeps_an_end_and_its_decision_waiting() -> None:
    stage = await lost()
    stage.pause("system:crm")
    await stage.cycle()
    assert (stage.held("crm"), stage.asked("decided"), stage.asked(), stage.ends()) == (
        BASE,
        [("missing-record", "p1")],
        [],
        [],
    )
    stage.pause("system:crm", None)
    await stage.cycle()
    assert stage.held("crm") is None


async def test_a_pause_that_comes_in_between_keeps_the_decision_too() -> None:
    stage = await lost()
    stage.world.effect = lambda moment: stage.pause("system:crm") if moment == "after_journal" else None
    await stage.cycle()
    assert (stage.held("crm"), stage.asked("decided"), stage.ends()) == (
        BASE,
        [("missing-record", "p1")],
        [("crm", "unsent")],
    )
    stage.world.effect = lambda _: None
    stage.pause("system:crm", None)
    await stage.cycle()
    assert stage.held("crm") is None


async def test_an_end_without_a_reply_is_settled_by_reading() -> None:
    stage = await lost()
    stage.systems["crm"].faults.set("end", "lost_reply", times=1)
    report = await stage.cycle()
    assert (stage.ends(), set(report.away)) == ([("crm", "intended")], {"crm"})
    report = await stage.cycle()
    assert (stage.ends(), stage.stored().status, stage.requests("crm", "end")) == (
        [("crm", "confirmed")],
        "unlinked",
        1,
    )


async def test_an_end_that_never_landed_is_carried_out_by_the_next_run() -> None:
    """Two looks apart, then the person's decision counts again."""
    stage = await lost()
    stage.systems["crm"].faults.set("end", "fail", error=UnknownOutcomeError, times=1)
    await stage.cycle()
    assert stage.clock.slept == []
    report = await stage.cycle()
    assert (stage.clock.slept, stage.ends()) == ([2.0], [("crm", "unsent"), ("crm", "confirmed")])
    assert (stage.held("crm"), report.result) == (None, "ok")
