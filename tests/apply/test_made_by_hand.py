"""N2: what a person made by hand, or named in an answer, is taken, or the answer is given back with the true reason."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.connectors.memory import Behaviour
from syncd.errors import RefusedError
from syncd.reconcile.adopt import link_id
from syncd.review import queue
from syncd.review.errors import ReviewError
from syncd.review.page import item_text
from syncd.review.words import Names
from syncd.store.rows import Question
from tests.apply.worlds import BASE, Stage

LINK = link_id("generic", "crm", "p1")
OTHER = {"name": "Gold", "phone": "7"}


def named(stage: Stage, kind: str, name: str = "") -> Question:
    [found] = [
        one
        for one in stage.store.questions()
        if one.proposal.kind == kind and name in ("", one.proposal.name, one.proposal.label)
    ]
    return found


def say(stage: Stage, question: Question, answer: Any) -> None:
    """Answer as a person does, through the queue."""
    queue.decide(stage.store, question.id, answer, stage.clock.at, by="ann")


async def refused(*names: str) -> Stage:
    """A copy to quote that was refused three times and is handed off."""
    stage = Stage(*(names or ("crm", "quote")))
    stage.put(BASE, "crm")
    stage.systems["quote"].faults.set("create", "fail", error=RefusedError)
    await stage.cycle()
    say(stage, named(stage, "link-plans"), {"copy": "quote"})
    for _ in range(4):
        await stage.cycle(hours=5)
    assert stage.asked() == [("hand-off", "quote:")]
    return stage


async def test_n2_a_record_that_a_person_created_is_named_and_taken() -> None:
    """N2: the hand-off takes {record: ID}; where the two differ it is asked, and the hand-off closes."""
    stage = await refused()
    stage.put(OTHER, "quote", id="typed")
    await stage.cycle(hours=5)
    assert stage.asked() == [("hand-off", "quote:"), ("link-plans", "quote:typed")]
    offers = [offer.choice for offer in named(stage, "hand-off").proposal.offers]
    assert offers == ["record", "ignore"]
    say(stage, named(stage, "hand-off"), "{record: typed}")
    await stage.cycle()
    assert (stage.member("quote", LINK).id, stage.asked()) == ("typed", [("conflict", "phone")])
    say(stage, named(stage, "conflict"), "crm")
    report = await stage.cycle()
    assert (stage.held("quote", "typed"), report.result, stage.asked()) == (BASE, "ok", [])


async def test_n2_a_record_with_the_same_content_made_since_closes_its_hand_off() -> None:
    """N2: it holds all that is agreed and appeared since the create was tried: nobody need be asked."""
    stage = await refused()
    stage.put(BASE, "quote", id="typed")
    report = await stage.cycle(hours=5)
    assert (stage.member("quote", LINK).id, report.result, stage.asked()) == ("typed", "ok", [])
    assert list(stage.systems["quote"].record_ids("generic")) == ["typed"]


async def test_n2_a_record_that_was_there_before_the_create_is_not_taken_for_it() -> None:
    """N2: the same content alone is no evidence; what was known before stays unlinked."""
    stage = Stage()
    stage.put(BASE, "crm")
    stage.put(BASE, "quote", id="old")
    stage.systems["quote"].faults.set("create", "fail", error=RefusedError)
    await stage.cycle()
    say(stage, named(stage, "link-plans", "crm:p1"), {"copy": "quote"})
    for _ in range(4):
        await stage.cycle(hours=5)
    assert (stage.member("quote", LINK).status, stage.asked()) == (
        "awaited",
        [("hand-off", "quote:"), ("link-plans", "quote:old")],
    )


async def test_n2_linking_it_from_its_own_question_is_carried_out() -> None:
    """N2: {link: {crm: p1}} names a record whose link awaits this one; it takes the place, the hand-off closes."""
    stage = await refused()
    stage.put(OTHER, "quote", id="typed")
    await stage.cycle(hours=5)
    say(stage, named(stage, "link-plans"), {"link": {"crm": "p1"}})
    await stage.cycle()
    assert (stage.member("quote", LINK).id, stage.asked()) == ("typed", [("conflict", "phone")])


@pytest.mark.parametrize("wins", [False, True])
async def test_n2_a_third_record_joins_the_link_that_it_is_linked_with(wins: bool) -> None:
    """N2: the link is at rest, and is found all the same; the newcomer wins only where the answer says so."""
    stage = Stage("crm", "quote", "web")
    stage.link(BASE, "crm", "quote")
    await stage.start()
    stage.put(OTHER, "web", id="w1")
    await stage.cycle()
    say(stage, named(stage, "link-plans"), {"link": {"crm": "p1"}} | ({"from": "web"} if wins else {}))
    await stage.cycle()
    assert stage.member("web").id == "w1"
    assert stage.asked() == ([] if wins else [("conflict", "phone")])
    assert (stage.held("crm") == OTHER) is wins


async def test_n2_decide_refuses_a_record_whose_link_has_no_place() -> None:
    """N2: a link holds one record of a system; what cannot be carried out is not accepted."""
    stage = Stage()
    stage.link()
    await stage.start()
    stage.put(BASE, "quote", id="q9")
    await stage.cycle()
    with pytest.raises(ReviewError, match=r"crm p1 is linked already, in “p1” \(l-p1\), which has a quote member, p1"):
        say(stage, named(stage, "link-plans"), {"link": {"crm": "p1"}})


async def test_n2_an_answer_that_cannot_be_carried_out_any_more_says_why() -> None:
    """N2: it was right when it was given; it is given back with the true reason, and that stays with the question."""
    stage = Stage()
    stage.put(BASE, "crm")
    stage.put(BASE, "quote", id="q1")
    stage.put(BASE, "quote", id="q2")
    await stage.cycle()
    say(stage, named(stage, "link-plans", "crm:p1"), {"link": {"quote": "q1"}})
    stage.systems["quote"].remove("generic", "q1")
    for _ in range(2):
        await stage.cycle()
        question = named(stage, "link-plans", "crm:p1")
        text = item_text(question, Names())
        assert "it could not be carried out: quote q1 is no record of this group any more." in text
        assert "The answer was: link" in text
        assert "has changed since" not in text


async def test_n2_a_record_made_anew_takes_the_place_of_a_missing_one() -> None:
    """N2: {record: ID} answers a missing record; only an unlinked record can be named."""
    stage = Stage()
    stage.link()
    stage.link(id="p9")
    await stage.start()
    stage.systems["quote"].remove("generic", "p1")
    stage.put(BASE, "quote", id="anew")
    await stage.cycle()
    question = named(stage, "missing-record")
    with pytest.raises(ReviewError, match="quote holds no unlinked record p9 of this group"):
        say(stage, question, {"record": "p9"})
    with pytest.raises(ReviewError, match="say which record it is"):
        say(stage, question, "record")
    say(stage, question, {"record": "anew"})
    report = await stage.cycle()
    assert (stage.member("quote").id, report.result, stage.asked()) == ("anew", "ok", [])
    stage.edit("crm", phone="2")
    await stage.cycle()
    assert stage.held("quote", "anew") == BASE | {"phone": "2"}


async def test_n2_a_person_says_which_record_a_doubtful_create_made() -> None:
    """N2, B2: the doubt is over with the answer, and the record it was about is free again."""
    stage = Stage(behaviour={"quote": Behaviour(marker=False)})
    stage.link(id="p9")
    stage.put(BASE, "crm")
    await stage.start()
    say(stage, named(stage, "link-plans"), {"copy": "quote"})
    stage.systems["quote"]._new_id = lambda _kind: "p9"  # type: ignore[method-assign]
    await stage.cycle()
    stage.put(BASE, "quote", id="found")
    await stage.cycle()
    say(stage, named(stage, "missing-record", "p1"), {"record": "found"})
    report = await stage.cycle()
    assert (stage.member("quote", LINK).id, stage.store.open_creates(stage.scope)) == ("found", [])
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.member("quote", "l-p9").status) == ("ok", [], "live")
