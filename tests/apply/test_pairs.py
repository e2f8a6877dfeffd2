"""Two unlinked records that are each other's one likely counterpart: one question, and what its answers do."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.model.values import Value
from syncd.review.errors import ReviewError
from tests.apply.test_made_by_hand import named, say
from tests.apply.worlds import Stage

FLAT: dict[str, Value] = {
    "details.carrier": "Aetna",
    "details.line": "medical",
    "details.carrier_plan_code": "GA-1234-X",
    "details.name": "Gold",
}
PAIR = [("link-plans", "crm:c1")]


async def pair(*names: str) -> Stage:
    """Two records that are likely one plan."""
    stage = Stage(*(names or ("crm", "quote")), kind="plan")
    for number in range(5):
        stage.link({"details.name": f"Dental {number}", "details.line": "dental"}, id=f"p{number}")
    stage.put(FLAT, "crm", id="c1")
    stage.put(FLAT | {"details.name": "Gold PPO"}, "quote", id="q1")
    await stage.cycle()
    return stage


async def test_a_pair_is_one_question_with_both_records() -> None:
    """Missing, one question per pair: it is named after the first, shows both, and offers the second to link with."""
    stage = await pair("crm", "quote", "web")
    assert stage.asked() == PAIR
    [one] = stage.store.questions()
    assert {name: said["id"] for name, said in one.proposal.members.items()} == {"crm": "c1", "quote": "q1"}
    assert [each.choice for each in one.proposal.offers] == ["link", "copy: crm", "copy: quote", "copy: web", "ignore"]
    await stage.cycle()
    assert [each.id for each in stage.store.questions()] == [one.id]


@pytest.mark.parametrize("answer", ["link", {"link": {"quote": "q1"}}])
async def test_the_pair_is_linked_by_a_word_or_in_full(answer: Any) -> None:
    """Missing, one question per pair: `link` means the partner."""
    stage = await pair()
    say(stage, named(stage, "link-plans"), answer)
    await stage.cycle()
    [link] = [one for one in stage.store.links(kind="plan") if not one.id.startswith("l-p")]
    assert {(one.system, one.id) for one in link.members} == {("crm", "c1"), ("quote", "q1")}
    assert stage.asked() == [("conflict", "details.name")]


@pytest.mark.parametrize(
    ("to", "copied", "left"), [("quote", ("crm", "c1"), "quote:q1"), ("crm", ("quote", "q1"), "crm:c1")]
)
async def test_either_of_a_pair_is_copied_and_the_other_is_asked_about_alone(
    to: str, copied: tuple[str, str], left: str
) -> None:
    """Missing, one question per pair: copied is the one that the named system does not have."""
    stage = await pair()
    say(stage, named(stage, "link-plans"), {"copy": to})
    await stage.cycle()
    [link] = [one for one in stage.store.links(kind="plan") if not one.id.startswith("l-p")]
    assert copied in {(one.system, one.id) for one in link.members}
    assert not {("crm", "c1"), ("quote", "q1")} <= {(one.system, one.id) for one in link.members}
    assert stage.asked() == [("link-plans", left)]


async def test_a_copy_into_both_systems_of_a_pair_is_refused() -> None:
    """Missing, one question per pair: it would not say which of the two is meant."""
    stage = await pair()
    with pytest.raises(ReviewError, match="a record of their own already"):
        say(stage, named(stage, "link-plans"), {"copy": ["crm", "quote"]})


async def test_to_ignore_a_pair_leaves_both_alone_until_one_goes_away() -> None:
    """Missing, one question per pair: `ignore` is about both; when the pair is none any more, it is asked again."""
    stage = await pair()
    say(stage, named(stage, "link-plans"), "ignore")
    for _ in range(2):
        await stage.cycle()
    assert (stage.asked(), stage.asked("ignored")) == ([], PAIR)
    stage.systems["crm"].remove("plan", "c1")
    await stage.cycle()
    assert (stage.asked(), stage.asked("ignored")) == ([("link-plans", "quote:q1")], [])


async def test_a_partner_that_goes_away_changes_the_question() -> None:
    """Missing, one question per pair: a record whose partner is gone is asked about alone, as another state."""
    stage = await pair()
    [before] = stage.store.questions()
    stage.systems["quote"].remove("plan", "q1")
    await stage.cycle()
    [after] = stage.store.questions()
    assert (after.id, list(after.proposal.members)) == (before.id, ["crm"])
    assert after.proposal.digest != before.proposal.digest


async def test_a_third_likely_record_makes_it_a_question_for_each() -> None:
    """Missing, one question per pair: who is whose partner is not clear with two likely ones."""
    stage = await pair()
    stage.put(FLAT, "quote", id="q2")
    await stage.cycle()
    assert stage.asked() == [("link-plans", "crm:c1"), ("link-plans", "quote:q1"), ("link-plans", "quote:q2")]


async def test_a_record_that_was_left_alone_by_itself_is_not_asked_about_in_a_pair() -> None:
    """Missing, one question per pair: a new partner is asked about alone, and the ignored one stays ignored."""
    stage = Stage(kind="plan")
    stage.put(FLAT, "crm", id="c1")
    await stage.cycle()
    say(stage, named(stage, "link-plans"), "ignore")
    stage.put(FLAT, "quote", id="q1")
    for _ in range(2):
        await stage.cycle()
        assert (stage.asked(), stage.asked("ignored")) == ([("link-plans", "quote:q1")], PAIR)


async def test_the_second_of_a_pair_can_be_copied_only_while_it_is_there() -> None:
    """Missing, one question per pair: an answer about a record that went away is given back with the reason."""
    stage = await pair()
    say(stage, named(stage, "link-plans"), {"copy": "crm"})
    stage.systems["quote"].remove("plan", "q1")
    await stage.cycle()
    [one] = stage.store.questions()
    assert "quote q1 is no unlinked record" in one.proposal.given_back
