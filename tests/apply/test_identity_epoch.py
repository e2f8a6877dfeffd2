"""Ids that a vendor gave anew: one question with a table, and what an approval of it moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.errors import LockedError
from syncd.history.events import events_of
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.reconcile.types import Link, Member
from syncd.store.rows import HistoryRow, Question
from syncd.sync import observe, run_once
from tests.apply.worlds import GROUP, HOUR, Killed, Stage, dump

LIMITS = Limits({"identity-epoch": Limit(count=3), "shrunken-side": Limit(0.3, 3)})
PLANS = ("p1", "p2", "p3", "p4")
NEW = {id_: id_.replace("p", "n") for id_ in PLANS}
GUARD = ("guard", "identity-epoch")
SYSTEMS: dict[str, Behaviour] = {
    "lists everything": Behaviour(),
    "lists by group": Behaviour(by_group=True),
    "has a feed": Behaviour(feed=True),
    "has a feed and lists by group": Behaviour(feed=True, by_group=True),
}


def data(id_: str, **more: Any) -> dict[str, Any]:
    return {"details.name": f"Plan {id_}", "details.carrier": "Aetna", **more}


async def four(behaviour: Behaviour | None = None, **more: Any) -> Stage:
    """Four linked plans in step; the quote system is the one that will give new ids."""
    stage = Stage(kind="plan", limits=LIMITS, behaviour={"quote": behaviour or Behaviour()}, **more)
    for id_ in PLANS:
        stage.link(data(id_), id=id_)
    await stage.start()
    return stage


def reimport(stage: Stage, *but: str, name: str = "quote") -> None:
    """Give all plans new ids, as a restore into another database does."""
    for old, new in NEW.items():
        if old not in but:
            stage.systems[name].reassign_id("plan", old, new)


def ids(stage: Stage, name: str = "quote") -> dict[str, str]:
    """Give the id of each link's member."""
    links = stage.store.links(kind="plan", status=None)
    return {link.id: member.id for link in links for member in link.members if member.system == name}


def links(stage: Stage) -> dict[str, Link]:
    """Give all links as they stand, but for the mark that nothing is left to do: a member that is away takes it off."""
    return {link.id: replace(link, settled=b"") for link in stage.store.links(status=None)}


def only(stage: Stage) -> Question:
    [question] = stage.store.questions()
    return question


async def approved(stage: Stage) -> Stage:
    """See the new ids, and approve the table that is shown."""
    await stage.cycle()
    stage.answer("approve")
    return stage


# -- the question ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", SYSTEMS.values(), ids=SYSTEMS)
async def test_p20_new_ids_are_one_question_and_nothing_moves(behaviour: Behaviour) -> None:
    """No link, base or snapshot moves, nothing is written there, and asking again is the same question."""
    stage = await four(behaviour)
    before, snapshots = links(stage), stage.store.snapshots("quote", "plan")
    reimport(stage)
    for _ in range(3):
        report = await stage.cycle()
        assert (report.result, report.away) == ("refused", {"quote": "guard identity-epoch"})
    assert (links(stage), stage.store.snapshots("quote", "plan")) == (before, snapshots)
    assert (stage.asked(), stage.writes()) == ([GUARD], {"crm": 0, "quote": 0})
    question = only(stage)
    assert (question.n, question.proposal.scope) == (1, "system:quote/plan")
    assert question.proposal.evidence == tuple(f"{old} -> {new} (Plan {old})" for old, new in NEW.items())


@pytest.mark.parametrize("behaviour", SYSTEMS.values(), ids=SYSTEMS)
async def test_p20_an_approval_moves_links_to_the_new_ids_and_keeps_the_rest(behaviour: Behaviour) -> None:
    """Bases, agreed values and revisions are as they were; the next edits flow to and from the new records."""
    stage = await four(behaviour)
    before = links(stage)
    reimport(stage)
    await approved(stage)
    report = await stage.cycle()
    assert (report.result, stage.asked(), report.written) == ("ok", [], {})
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}
    as_before = {
        key: replace(one, members=tuple(replace(m, id=m.id.replace("n", "p")) for m in one.members))
        for key, one in links(stage).items()
    }
    assert as_before == before
    stage.edit("crm", "p1", details__carrier="Cigna")
    stage.edit("quote", "n2", details__carrier="Humana")
    report = await stage.cycle()
    assert (report.result, report.written) == ("ok", {"quote": 1, "crm": 1})
    assert stage.held("quote", "n1") == data("p1", **{"details.carrier": "Cigna"})
    assert stage.held("crm", "p2") == data("p2", **{"details.carrier": "Humana"})


async def test_p20_the_history_says_who_renamed_what_and_goes_on_behind_it() -> None:
    stage = await four()
    stage.edit("quote", "p1", details__carrier="Cigna")
    await stage.cycle()
    reimport(stage)
    await approved(stage)
    await stage.cycle()
    renamed = [row for row in stage.store.history(newest_first=False) if row.what == "renamed"]
    assert [(row.link, row.record_id, row.fields) for row in renamed] == [
        (f"l-{old}", new, {"id": (old, new)}) for old, new in NEW.items()
    ]
    assert {row.who.endswith(" by ann") for row in renamed} == {True}
    assert not stage.told("gone"), "a record that has another id is not gone"
    told = [(row.what, row.record_id) for row in events_of(stage.store, [stage.stored()]) if row.system == "quote"]
    assert told == [("renamed", "n1"), ("observed", "p1"), ("first", "p1")]


async def test_p17_an_approval_of_new_ids_is_used_once() -> None:
    """The vendor is restored again, under the first ids: that is another table."""
    stage = await four()
    reimport(stage)
    await approved(stage)
    await stage.cycle()
    assert [one.status for one in stage.store.questions(status=("used",))] == ["used"]
    for old, new in NEW.items():
        stage.systems["quote"].reassign_id("plan", new, old)
    report = await stage.cycle()
    assert (report.result, stage.asked(), only(stage).n) == ("refused", [GUARD], 2)
    stage.answer("approve")
    assert (await stage.cycle()).result == "ok"
    assert ids(stage) == {f"l-{old}": old for old in PLANS}


async def test_p17_another_table_is_asked_anew_with_what_was_said() -> None:
    """Between question and approval a plan was edited under its new id: it is not the record that was shown."""
    stage = await four()
    reimport(stage)
    await approved(stage)
    before = links(stage)
    stage.edit("quote", "n3", details__carrier="Cigna")
    report = await stage.cycle()
    assert (report.result, only(stage).previous, links(stage)) == ("refused", "approve (ann)", before)
    assert only(stage).proposal.evidence[3:] == (
        "p3 -> nothing: no listed record, or not just one, holds the same",
        "nothing -> n3: no known record, or not just one, holds the same",
    )


async def test_a_record_that_is_merely_new_does_not_undo_an_approval() -> None:
    stage = await four()
    reimport(stage)
    await approved(stage)
    stage.put(data("p9"), "quote", id="n9")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("open", [("link-plans", "quote:n9")])
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}


async def test_what_has_no_counterpart_is_judged_as_ever() -> None:
    """One record did not come back, two hold the same: who has no twin is missing or new, the others are renamed."""
    stage = Stage(kind="plan", limits=LIMITS)
    for id_ in PLANS:
        stage.link(data(id_ if id_ != "p4" else "p3"), id=id_)
    stage.link(data("p5"), id="p5")
    await stage.start()
    reimport(stage)
    stage.systems["quote"].remove("plan", "p5")
    await approved(stage)
    report = await stage.cycle()
    assert report.result == "open"
    assert stage.asked() == [
        ("link-plans", "quote:n3"),
        ("link-plans", "quote:n4"),
        ("missing-record", "p3"),
        ("missing-record", "p4"),
        ("missing-record", "p5"),
    ]
    assert ids(stage) == {"l-p1": "n1", "l-p2": "n2", "l-p3": "p3", "l-p4": "p4", "l-p5": "p5"}
    assert {id_: link.status for id_, link in links(stage).items() if link.status != "live"} == dict.fromkeys(
        ("l-p3", "l-p4", "l-p5"), "orphaned"
    )


async def test_a_rejected_table_keeps_the_system_out() -> None:
    stage = await four()
    before = links(stage)
    reimport(stage)
    await stage.cycle()
    stage.answer("reject")
    for _ in range(2):
        report = await stage.cycle()
    assert (report.result, stage.asked(), stage.asked("ignored"), links(stage)) == ("refused", [], [GUARD], before)


async def test_the_old_ids_come_back_by_themselves_and_the_question_closes() -> None:
    stage = await four()
    reimport(stage)
    await stage.cycle()
    for old, new in NEW.items():
        stage.systems["quote"].reassign_id("plan", new, old)
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.told("renamed")) == ("ok", [], [])


async def test_forced_the_listing_is_believed_as_it_is() -> None:
    stage = await four()
    reimport(stage)
    report = await stage.cycle(force=["identity-epoch", "shrunken-side"])
    assert report.result == "open"
    assert {link.status for link in stage.store.links(kind="plan", status=None)} == {"orphaned"}


# -- what must not be concluded ----------------------------------------------------------------------------------------


async def test_p15_records_that_are_still_there_under_their_old_ids_have_no_new_ones() -> None:
    """The vendor lists copies and leaves out the originals: nothing is renamed, and the approval waits."""
    stage = await four()
    before = links(stage)
    for old, new in NEW.items():
        stage.put(data(old), "quote", id=new)
    stage.systems["quote"].faults.set("list", "short", omit=set(PLANS))
    await approved(stage)
    report = await stage.cycle()
    assert (report.result, links(stage), report.away) == ("refused", before, {"quote": "guard identity-epoch"})
    assert stage.asked("decided") == [GUARD]
    assert sorted(stage.store.snapshots("quote", "plan")) == list(PLANS)


async def test_a_look_up_that_fails_keeps_the_approval_for_the_next_time() -> None:
    stage = await four()
    reimport(stage)
    await approved(stage)
    stage.systems["quote"].faults.set("read", "error", times=1)
    assert (await stage.cycle()).result == "refused"
    assert stage.asked("decided") == [GUARD]
    assert (await stage.cycle()).result == "ok"
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}


async def test_a_listing_that_breaks_off_answers_nothing() -> None:
    """Neither it nor a look at single groups makes the new ids known while the question stands."""
    stage = await four()
    reimport(stage)
    await stage.cycle()
    stage.systems["quote"].faults.set("list", "partial", omit={"n4"}, times=2)
    assert (await stage.cycle()).away == {"quote": "guard identity-epoch"}
    seen = await observe("quote", stage.world, groups=["g1"])
    assert (seen.tripped, seen.counts) == (["identity-epoch"], {})
    stage.systems["quote"].faults.clear()
    await stage.cycle()
    assert stage.asked() == [GUARD]
    stage.answer("approve")
    report = await stage.cycle()
    assert (report.result, ids(stage)) == ("ok", {f"l-{old}": new for old, new in NEW.items()})


async def test_new_ids_that_were_seen_before_the_old_ones_were_gone_are_still_a_table() -> None:
    """A feed tells of the new records first, as of strays; when the old ones are gone they are known already."""
    stage = await four(Behaviour(feed=True))
    for old, new in NEW.items():
        stage.put(data(old), "quote", id=new)
    await stage.cycle()
    assert len(stage.asked()) == len(PLANS)
    for old in PLANS:
        stage.systems["quote"].remove("plan", old)
    report = await stage.cycle()
    assert (report.result, GUARD in stage.asked()) == ("refused", True)
    [question] = [one for one in stage.store.questions() if one.proposal.kind == "guard"]
    stage.decide(question, "approve")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}


async def test_an_id_that_a_missing_member_has_is_nobodys_twin() -> None:
    """The vendor gives an id again that a link still waits for."""
    stage = await four()
    stage.link(data("p5"), id="n1")
    await stage.cycle()
    stage.systems["quote"].remove("plan", "n1")
    await stage.cycle()
    assert stage.member("quote", "l-n1").status == "missing"
    reimport(stage)
    await stage.cycle()
    [question] = [one for one in stage.store.questions() if one.proposal.kind == "guard"]
    assert "p1 -> nothing: no listed record, or not just one, holds the same" in question.proposal.evidence
    stage.decide(question, "approve")
    await stage.cycle()
    assert (ids(stage)["l-p1"], ids(stage)["l-p2"]) == ("p1", "n2")


# -- groups ------------------------------------------------------------------------------------------------------------


async def clients(behaviour: Behaviour) -> Stage:
    """Three clients, each with a plan of the same content, all linked."""
    stage = Stage(kind="plan", limits=LIMITS, behaviour={"quote": behaviour})
    stage.link(data("p"), id="p1")
    for number in (2, 3):
        group, plan = f"g{number}", f"p{number}"
        flat = {"details.name": f"Client {group}"}
        for system in stage.systems.values():
            system.put_record("group", group, {"details.name": f"Client {group}"})
            system.put_record("plan", plan, data("p"), group=group)
        stage.store.save_links(
            [
                Link(
                    f"l{group}", "group", f"l{group}", group, flat, tuple(Member(n, group, flat) for n in stage.systems)
                ),
                Link(
                    f"l-{plan}",
                    "plan",
                    f"l{group}",
                    plan,
                    stage.flat(data("p")),
                    tuple(Member(n, plan, stage.flat(data("p"))) for n in stage.systems),
                    1,
                ),
            ]
        )
    await stage.start()
    for scope in ("lg2", "lg3"):
        await run_once(scope, stage.world)
    return stage


@pytest.mark.parametrize("behaviour", SYSTEMS.values(), ids=SYSTEMS)
async def test_p20_groups_come_first_and_then_their_plans(behaviour: Behaviour) -> None:
    """Plans of the same content are told apart by their group; of whose they are, the question about groups says."""
    stage = await clients(behaviour)
    quote = stage.systems["quote"]
    for number in (1, 2, 3):
        quote.reassign_id("group", f"g{number}", f"h{number}")
        quote.reassign_id("plan", f"p{number}", f"n{number}")
    quote.requests.clear()
    report = await stage.cycle()
    assert (report.away, stage.asked()) == ({"quote": "guard identity-epoch"}, [GUARD])
    assert only(stage).proposal.scope == "system:quote/group"
    assert only(stage).proposal.evidence[0] == "g1 -> h1 (Acme)"
    stage.answer("approve")
    report = await stage.cycle()
    assert (stage.asked(), only(stage).proposal.scope) == ([GUARD], "system:quote/plan")
    assert only(stage).proposal.evidence == tuple(f"p{n} -> n{n} (Plan p)" for n in (1, 2, 3))
    stage.answer("approve")
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])
    for scope in ("lg2", "lg3"):
        assert (await run_once(scope, stage.world)).result == "ok"
    held = {link.id: member.id for link in links(stage).values() for member in link.members if member.system == "quote"}
    assert held == {GROUP: "h1", "lg2": "h2", "lg3": "h3", "l-p1": "n1", "l-p2": "n2", "l-p3": "n3"}
    assert {row.scope for row in stage.store.snapshots("quote", "plan").values() if row.gone is None} == {
        *(GROUP, "lg2", "lg3")
    }
    stage.edit("crm", "p2", details__carrier="Cigna")
    await observe("crm", stage.world)
    assert (await run_once("lg2", stage.world)).written == {"quote": 1}


@pytest.mark.parametrize("behaviour", SYSTEMS.values(), ids=SYSTEMS)
async def test_plans_that_kept_their_ids_follow_their_groups(behaviour: Behaviour) -> None:
    stage = await clients(behaviour)
    for number in (1, 2, 3):
        stage.systems["quote"].reassign_id("group", f"g{number}", f"h{number}")
    await approved(stage)
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.told("gone")) == ("ok", [], [])
    assert {row.scope for row in stage.store.snapshots("quote", "plan").values()} == {GROUP, "lg2", "lg3"}


# -- debts, journal, questions -----------------------------------------------------------------------------------------


async def test_p05_what_is_owed_is_delivered_under_the_new_id() -> None:
    stage = await four()
    reimport(stage)
    stage.edit("crm", "p1", details__carrier="Cigna")
    report = await stage.cycle()
    assert set(stage.member("quote", "l-p1").behind) == {"details.carrier"}
    stage.answer("approve")
    report = await stage.cycle()
    assert (report.result, report.written) == ("ok", {"quote": 1})
    assert stage.held("quote", "n1") == data("p1", **{"details.carrier": "Cigna"})


async def killed(stage: Stage, moment: str) -> Stage:
    stage.kill(moment)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.fresh()
    return stage


async def test_p11_a_write_in_flight_is_settled_by_the_record_under_its_new_id() -> None:
    """It was never sent; the row waits while the ids are in question, and then the new record says how it ended."""
    stage = await four()
    stage.edit("crm", "p1", details__carrier="Cigna")
    await killed(stage, "after_journal")
    reimport(stage)
    report = await stage.cycle()
    assert (stage.ends(), report.failed) == ([("quote", "intended")], ("quote p1: the ids of quote are in question",))
    stage.answer("approve")
    report = await stage.cycle()
    assert (stage.ends(), report.result) == ([("quote", "never_landed"), ("quote", "confirmed")], "ok")
    assert stage.held("quote", "n1") == data("p1", **{"details.carrier": "Cigna"})
    assert {intent.record_id for intent in stage.store.intents()} == {"n1"}


async def test_p11_a_write_that_landed_before_the_new_ids_leaves_its_record_without_a_twin() -> None:
    """What was last seen of it is not what it holds: nobody guesses, it is asked about like any record that is gone."""
    stage = await four()
    stage.edit("crm", "p1", details__carrier="Cigna")
    await killed(stage, "after_write")
    reimport(stage)
    await approved(stage)
    report = await stage.cycle()
    assert stage.ends() == [("quote", "overtaken")]
    assert (report.result, ids(stage)["l-p1"]) == ("open", "p1")
    assert stage.asked() == [("link-plans", "quote:n1"), ("missing-record", "p1")]


async def test_p11_an_end_in_flight_is_not_carried_out_by_a_new_id() -> None:
    """The record is gone under its old id, which proves nothing of the end: it is there, and the decision waits."""
    stage = await four()
    stage.systems["crm"].remove("plan", "p1")
    await stage.cycle()
    stage.answer("end", "missing-record", "p1")
    await killed(stage, "after_journal")
    assert [intent.op for intent in stage.store.intents()] == ["end"]
    reimport(stage)
    await stage.cycle()
    assert stage.ends() == [("quote", "intended")]
    assert stage.member("quote").status == "live"
    [question] = [one for one in stage.store.questions() if one.proposal.kind == "guard"]
    stage.decide(question, "approve")
    await stage.cycle()
    assert stage.store.intents()[0].record_id == "n1"
    assert stage.store.intents()[0].state != "confirmed", "the end itself was never sent"


async def test_what_a_person_left_alone_stays_alone_under_its_new_id() -> None:
    """An ignored stray, and records that an unlink set aside, are not asked about again."""
    stage = await four()
    stage.put(data("x"), "quote", id="p8")
    stage.put(data("y"), "quote", id="p9")
    await stage.cycle()
    for question in stage.store.questions():
        if question.proposal.name == "quote:p8":
            stage.decide(question, "ignore")
    stage.store.put("aside", "quote|plan|p9", {"link": "old"})
    await stage.cycle()
    assert (stage.asked(), stage.asked("ignored")) == ([], [("link-plans", "quote:p8")])
    reimport(stage)
    for number in (8, 9):
        stage.systems["quote"].reassign_id("plan", f"p{number}", f"n{number}")
    await approved(stage)
    for _ in range(2):
        report = await stage.cycle()
        assert (report.result, stage.asked()) == ("ok", [])
    assert stage.asked("ignored") == [("link-plans", "quote:n8")]
    assert list(stage.store.items("aside")) == ["quote|plan|n9"]


@pytest.mark.parametrize("choice", ["", "copy"])
async def test_a_stray_that_was_not_left_alone_is_asked_about_under_its_new_id(choice: str) -> None:
    """An answer that no run has used names a record that is not there any more: nothing is copied by it."""
    stage = await four()
    stage.put(data("x"), "quote", id="p8")
    await stage.cycle()
    stray = only(stage)
    reimport(stage)
    stage.systems["quote"].reassign_id("plan", "p8", "n8")
    await stage.cycle()
    [question] = [one for one in stage.store.questions() if one.proposal.kind == "guard"]
    stage.decide(question, "approve")
    if choice:
        stage.decide(stray, choice)
    report = await stage.cycle()
    assert (report.written, stage.asked("decided", "ignored")) == ({}, [])
    assert (only(stage).proposal.name, only(stage).proposal.members["quote"]["id"]) == ("quote:n8", "n8")
    closed = stage.store.question(stray.id)
    assert closed is not None
    assert closed.status == "closed"


async def test_open_questions_name_the_new_id() -> None:
    stage = await four()
    stage.edit("crm", "p1", details__carrier="Cigna")
    stage.edit("quote", "p1", details__carrier="Humana")
    await stage.cycle()
    reimport(stage)
    await stage.cycle()
    [question] = [one for one in stage.store.questions() if one.proposal.kind == "guard"]
    stage.decide(question, "approve")
    await stage.cycle()
    assert only(stage).proposal.members["quote"]["id"] == "n1"
    stage.answer("quote")
    assert (await stage.cycle()).result == "ok"
    assert stage.held("crm") == data("p1", **{"details.carrier": "Humana"})


# -- dying, and others at work -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["in_takeover", "after_takeover"])
async def test_p11_a_takeover_happens_whole_or_not_at_all(moment: str) -> None:
    """Killed in the middle, everything is as it was and the approval still counts; killed behind it, all is done."""
    stage = await four()
    reimport(stage)
    await approved(stage)
    before = dump(stage.store, ("listing",))
    await killed(stage, moment)
    done = moment == "after_takeover"
    assert (dump(stage.store, ("listing",)) == before) is not done
    assert stage.asked("decided") == ([] if done else [GUARD])
    report = await stage.cycle()
    assert (report.result, stage.asked()) == ("ok", [])
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}
    assert len(stage.told("renamed")) == len(PLANS)


def locks(taken: list[str], refuse: Callable[[], bool]) -> Any:
    @asynccontextmanager
    async def lock(scope: str) -> AsyncIterator[None]:
        if refuse():
            raise LockedError(f"another process has been working on {scope}")
        taken.append(scope)
        yield
        taken.remove(scope)

    return lock


async def test_members_are_renamed_only_while_nobody_works_on_their_group() -> None:
    """A run under way would write the old ids back; the approval waits until the group is free."""
    stage = await four()
    reimport(stage)
    await approved(stage)
    before, taken = links(stage), list[str]()
    stage.world.lock = locks(taken, lambda: True)
    stage.clock.at += HOUR
    with pytest.raises(LockedError):
        await observe("quote", stage.world)
    assert (links(stage), stage.asked("decided")) == (before, [GUARD])
    seen: list[tuple[str, ...]] = []
    stage.world.lock = locks(taken, lambda: False)
    stage.world.effect = lambda moment: seen.append((moment, *taken))
    await observe("quote", stage.world)
    assert seen == [("in_takeover", GROUP), ("after_takeover",)]
    assert ids(stage) == {f"l-{old}": new for old, new in NEW.items()}


def test_a_row_of_the_former_id_counts_only_until_the_record_was_renamed() -> None:
    """The vendor may give the old id to another record later: what happens to that one is not this link's history."""
    stage = Stage(kind="plan")
    link = stage.link(data("p1"))
    told = [("first", "old"), ("renamed", "p1"), ("observed", "old"), ("observed", "p1")]
    rows = [
        HistoryRow("", at, what, link.id if what == "renamed" else "", "quote", "plan", id_, {"id": ("old", "p1")})
        for at, (what, id_) in enumerate(told)
    ]
    stage.store.save_links([link], rows)
    assert [(row.what, row.record_id) for row in events_of(stage.store, [link])] == [
        ("observed", "p1"),
        ("renamed", "p1"),
        ("first", "old"),
    ]


async def test_two_records_that_a_person_left_alone_as_one_stay_alone_under_a_new_id() -> None:
    """Missing, one question per pair: an ignored pair is not asked about again when one of the two has a new id."""
    stage = await four()
    same = {"details.line": "medical", "details.carrier_plan_code": "GA-1234-X"}
    stage.put(data("x", **same), "crm", id="c8")
    stage.put(data("y", **same), "quote", id="p8")
    await stage.cycle()
    [question] = stage.store.questions()
    assert len(question.proposal.members) == 2
    stage.decide(question, "ignore")
    await stage.cycle()
    reimport(stage)
    stage.systems["quote"].reassign_id("plan", "p8", "n8")
    await approved(stage)
    for _ in range(2):
        report = await stage.cycle()
        assert (report.result, stage.asked()) == ("ok", [])
    assert stage.asked("ignored") == [("link-plans", "crm:c8")]
