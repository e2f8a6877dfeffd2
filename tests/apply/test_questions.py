"""Questions through their life: asked, answered, used, silenced, re-issued, closed; and the links that answers make."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.apply.world import answer_of
from syncd.errors import StoreError
from syncd.model.values import EMPTY
from tests.apply.test_create import made
from tests.apply.worlds import BASE, Stage

NEW = {"name": "Gold", "phone": "2"}


async def contested(**more: Any) -> Stage:
    """A field that two people edited."""
    stage = Stage(**more)
    stage.link()
    await stage.start()
    stage.edit("crm", name="A")
    stage.edit("quote", name="B")
    await stage.cycle()
    assert stage.asked() == [("conflict", "name")]
    return stage


async def test_p26_an_open_question_keeps_its_id() -> None:
    stage = await contested()
    [first] = stage.store.questions()
    for _ in range(2):
        report = await stage.cycle()
    assert (stage.store.questions(), report.result, stage.writes()) == ([first], "open", {"crm": 0, "quote": 0})


async def test_p24_an_answer_is_used_once_and_what_it_overruled_is_kept() -> None:
    stage = await contested()
    stage.answer("crm")
    report = await stage.cycle()
    assert (stage.held("quote"), report.result, stage.asked("used")) == (
        BASE | {"name": "A"},
        "ok",
        [("conflict", "name")],
    )
    [row] = [each for each in stage.store.history() if each.what == "overruled"]
    assert (row.system, dict(row.fields)) == ("quote", {"name": ("B", "A")})
    assert row.who.startswith("decision ")
    assert row.who.endswith(" of ann")
    stage.edit("crm", name="A2")
    stage.edit("quote", name="B2")
    await stage.cycle()
    [again] = stage.store.questions()
    assert (again.n, again.previous, stage.writes()) == (2, "", {"crm": 0, "quote": 1})


async def test_p26_an_answer_to_what_moved_is_re_issued_with_what_was_said() -> None:
    stage = await contested()
    [first] = stage.store.questions()
    stage.answer("value", value="C")
    stage.edit("quote", name="B2")
    report = await stage.cycle()
    [again] = stage.store.questions()
    assert (again.id, again.previous, again.decided, report.result) == (first.id, "value C (ann)", None, "open")
    assert stage.writes() == {"crm": 0, "quote": 0}


async def test_p26_ignore_lasts_until_a_value_moves() -> None:
    stage = await contested()
    stage.answer("ignore")
    for _ in range(2):
        report = await stage.cycle()
    assert (stage.asked(), stage.asked("ignored"), report.result) == ([], [("conflict", "name")], "ok")
    stage.edit("crm", name="A2")
    await stage.cycle()
    [again] = stage.store.questions()
    assert (stage.asked(), again.previous) == ([("conflict", "name")], "ignore (ann)")


async def test_a_question_whose_cause_is_gone_closes_itself() -> None:
    stage = await contested()
    stage.edit("quote", name="A")
    report = await stage.cycle()
    assert (stage.asked(), stage.asked("closed"), report.result) == ([], [("conflict", "name")], "ok")


@pytest.mark.parametrize("choice", ["crm", "quote"])
async def test_an_answer_waits_for_a_system_that_is_away(choice: str) -> None:
    """Neither side wins meanwhile, and the person need not say it twice."""
    stage = await contested()
    stage.answer(choice)
    stage.systems["crm"].faults.set("access", "error", times=2)
    for _ in range(2):
        await stage.cycle()
    assert (stage.asked("decided"), stage.asked(), stage.writes()) == (
        [("conflict", "name")],
        [],
        {"crm": 0, "quote": 0},
    )
    report = await stage.cycle()
    wanted = BASE | {"name": "A" if choice == "crm" else "B"}
    assert (stage.held("crm"), stage.held("quote"), report.result) == (wanted, wanted, "ok")


async def test_a_question_about_one_who_is_away_stays_as_it_was_asked() -> None:
    stage = await contested()
    [first] = stage.store.questions()
    stage.systems["crm"].faults.set("access", "error", times=1)
    await stage.cycle()
    assert (stage.store.questions(), stage.writes()) == ([first], {"crm": 0, "quote": 0})


async def test_a_typed_blank_is_an_answer() -> None:
    stage = await contested()
    stage.answer("value")
    await stage.cycle()
    assert stage.held("crm") == stage.held("quote") == {"phone": "1"}
    assert all(fields == {"name": ("A" if name == "crm" else "B", EMPTY)} for _, name, fields in stage.told("written"))


async def test_an_answer_to_a_guard_knows_what_was_shown() -> None:
    stage = Stage()
    stage.link()
    stage.link(id="p2")
    await stage.start()
    stage.systems["quote"].faults.set("list", "empty")
    await stage.cycle()
    [question] = stage.store.questions()
    with pytest.raises(StoreError, match="is not decided"):
        answer_of(question)
    decided = answer_of(stage.answer("approve"))
    assert (decided.kind, decided.name, decided.choice, decided.by, decided.ceiling) == (
        "guard",
        "empty-side",
        "approve",
        "ann",
        frozenset(),
    )


# -- links that answers make -------------------------------------------------------------------------------------------


async def strays() -> Stage:
    """Two records that belong to no link, asked about."""
    stage = Stage()
    stage.link()
    stage.put(BASE, "crm", id="c")
    stage.put(BASE | {"name": "Silver"}, "quote", id="q")
    await stage.cycle()
    assert stage.asked() == [("link-plans", "crm:c"), ("link-plans", "quote:q")]
    return stage


async def test_unlinked_records_are_asked_about_and_never_written() -> None:
    stage = await strays()
    stage.systems["crm"].edit("generic", "c", {"phone": "9"})
    await stage.cycle()
    assert (stage.writes(), len(stage.store.questions())) == ({"crm": 0, "quote": 0}, 2)


async def test_an_answer_links_two_records_and_its_source_overwrites_once() -> None:
    stage = await strays()
    first = next(each for each in stage.store.questions() if each.proposal.name == "crm:c")
    stage.decide(first, "link", member_quote="q", source_all="crm")
    report = await stage.cycle()
    assert (stage.systems["quote"].content()["generic"]["q"], report.result, stage.asked()) == (BASE, "ok", [])
    [link] = [each for each in stage.store.links() if each.id != "l-p1"]
    assert [(one.system, one.id, one.base) for one in link.members] == [("crm", "c", BASE), ("quote", "q", BASE)]
    stage.systems["quote"].edit("generic", "q", {"phone": "2"})
    await stage.cycle()
    assert stage.systems["crm"].content()["generic"]["c"] == NEW


async def test_a_link_whose_records_are_equal_is_stored_though_nothing_is_to_be_done() -> None:
    stage = Stage()
    stage.put(BASE, "crm", id="c")
    stage.put(BASE, "quote", id="q")
    await stage.cycle()
    first = next(each for each in stage.store.questions() if each.proposal.name == "crm:c")
    stage.decide(first, "link", member_quote="q", source_all="crm")
    report = await stage.cycle()
    assert (len(stage.store.links()), report.result, stage.writes()) == (1, "ok", {"crm": 0, "quote": 0})


async def test_an_answer_copies_a_record() -> None:
    stage = await strays()
    first = next(each for each in stage.store.questions() if each.proposal.name == "crm:c")
    stage.decide(first, "copy: quote")
    report = await stage.cycle()
    assert (made(stage)["quote-1"], report.result) == (BASE, "open")
    assert stage.asked() == [("link-plans", "quote:q")]


async def test_a_standing_rule_copies_without_a_question() -> None:
    stage = Stage(rules={"default": {"unlinked": "copy", "to": "quote"}})
    stage.put(BASE, "crm", id="c")
    report = await stage.cycle()
    assert (made(stage), report.result, stage.asked("open", "closed")) == ({"quote-1": BASE}, "ok", [])


async def test_a_stray_that_is_ignored_stays_so_while_it_moves() -> None:
    stage = await strays()
    for question in stage.store.questions():
        stage.decide(question, "ignore")
    stage.systems["crm"].edit("generic", "c", {"phone": "9"})
    for _ in range(2):
        report = await stage.cycle()
    assert (stage.asked(), report.result) == ([], "ok")


async def test_p20_a_member_that_left_its_link_is_not_linked_over_it() -> None:
    """The link made of it still stands under its id: the answer is asked again, and nothing is overwritten."""
    stage = Stage("crm", "quote", "web")
    for name in ("crm", "quote", "web"):
        stage.put(BASE, name)
        stage.put(BASE, name, id="p9")
    await stage.cycle()
    first = next(each for each in stage.store.questions() if each.proposal.name == "crm:p1")
    stage.decide(first, "link", member_quote="p1", member_web="p1", source_all="crm")
    await stage.cycle()
    [link] = stage.store.links()
    stage.systems["crm"].remove("generic", "p1")
    await stage.cycle()
    stage.answer("unlink", "missing-record")
    await stage.cycle()
    stage.put(BASE, "crm")
    await stage.cycle()
    again = next(each for each in stage.store.questions() if each.proposal.name == "crm:p1")
    stage.put(BASE, "quote", id="q2")
    await stage.cycle()
    stage.decide(again, "link", member_quote="q2", source_all="crm")
    await stage.cycle()
    kept = stage.store.link(link.id)
    assert kept is not None
    assert [(one.system, one.id) for one in kept.members] == [("quote", "p1"), ("web", "p1")]
    reopened = next(each for each in stage.store.questions() if each.proposal.name == "crm:p1")
    assert reopened.previous.startswith("link")


async def test_a_dissolved_link_leaves_its_records_in_peace() -> None:
    stage = Stage("crm", "quote")
    for id_ in ("p1", "p2"):
        stage.link(id=id_)
    await stage.start()
    stage.systems["quote"].remove("generic", "p2")
    await stage.cycle()
    stage.answer("unlink")
    await stage.cycle()
    assert set(stage.store.items("aside")) == {"crm|generic|p2"}
    assert (await stage.cycle()).questions == ()
