# ruff: noqa: E501 - a row of a table is one line
"""Questions: their ids and digests, how they meet those that stand, and what an answer chooses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed, Value
from syncd.reconcile.answers import SILENCING, Standing, Step, key_of, match
from syncd.reconcile.questions import chosen, conflict_digest, digest_of, members_of, question_id, text_of
from syncd.reconcile.types import UNSEEN, Decided, Held, Proposal
from tests.reconcile.plain import fields

# -- ids and digests ---------------------------------------------------------------------------------------------------


def test_an_id_is_of_kind_link_and_name_and_of_the_scope_where_there_is_no_link() -> None:
    one = question_id("conflict", "l1", "name", "acme")
    assert one == question_id("conflict", "l1", "name", "other")
    others = [
        question_id("loss", "l1", "name"),
        question_id("conflict", "l2", "name"),
        question_id("conflict", "l1", "x"),
    ]
    assert len({one, *others}) == 4
    assert question_id("guard", "", "delete", "acme") != question_id("guard", "", "delete", "other")
    assert question_id("a", "bc", "d") != question_id("ab", "c", "d")


SAME_DIGEST = [
    ("the order of a mapping", ({"a": 1, "b": 2},), ({"b": 2, "a": 1},)),
    ("the order of a set", ({"a", "b"},), (frozenset({"b", "a"}),)),
    ("a list and a tuple", (["a", "b"],), (("a", "b"),)),
    ("an amount with another scale", (Decimal("1.50"),), (Decimal("1.50"),)),
]
OTHER_DIGEST = [
    ("another value", ("a", "1"), ("a", "2")),
    ("where one thing ends", ("ab", "c"), ("a", "bc")),
    ("another key", ({"a": "1"},), ({"b": "1"},)),
    ("the order of a list", (["a", "b"],), (["b", "a"],)),
    ("a missing base", (EMPTY,), (UNSEEN,)),
]


@pytest.mark.parametrize(("why", "one", "other"), SAME_DIGEST, ids=[row[0] for row in SAME_DIGEST])
def test_a_digest_does_not_see(why: str, one: Any, other: Any) -> None:
    assert digest_of(*one) == digest_of(*other), why


@pytest.mark.parametrize(("why", "one", "other"), OTHER_DIGEST, ids=[row[0] for row in OTHER_DIGEST])
def test_a_digest_sees(why: str, one: Any, other: Any) -> None:
    assert digest_of(*one) != digest_of(*other), why


TEXTS = [
    (UNSEEN, "(never agreed)"),
    (date(2026, 1, 1), "2026-01-01"),
    (Decimal("512.40"), "512.40"),
    ("Gold", "Gold"),
    (Flag.TRUE, "true"),
    (Unparsed("5OO"), "5OO"),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_a_value_is_told_as_people_read_it(value: Any, text: str) -> None:
    assert text_of(value) == text
    assert text_of(EMPTY) != text_of(NOT_APPLICABLE)


A, B = Held("A", "Gold"), Held("B", "Gold")
STILL = Held("Gold", "Gold")
CONTESTED = fields({"name": {"crm": A, "quote": B, "web": STILL}}, {"name": "Gold"})


def digest(**seen: Held) -> str:
    return conflict_digest("conflict", "name", fields({"name": seen}, {"name": "Gold"}), "built-in")


def test_p26_a_conflict_is_the_edits_and_what_was_agreed() -> None:
    """Who did not edit changes nothing about the question, whether it was there to be read or not."""
    asked = digest(crm=A, quote=B)
    assert asked == digest(quote=B, crm=A) == digest(crm=A, quote=B, web=STILL)
    moved = [
        digest(crm=Held("A2", "Gold"), quote=B),
        digest(crm=Held("A", UNSEEN), quote=B),
        digest(crm=A),
        digest(crm=A, quote=B, web=B),
    ]
    assert asked not in moved
    assert asked != conflict_digest(
        "conflict", "name", fields({"name": {"crm": A, "quote": B}}, {"name": "Old"}), "built-in"
    )
    assert asked != conflict_digest(
        "conflict", "name", fields({"name": {"crm": A, "quote": B}}, {"name": "Gold"}), "default"
    )
    assert asked != conflict_digest(
        "renewal", "name", fields({"name": {"crm": A, "quote": B}}, {"name": "Gold"}), "built-in"
    )


def test_people_are_told_values_and_bases() -> None:
    assert members_of(CONTESTED, {"crm": "c1", "quote": "q1"}) == {
        "crm": {"id": "c1", "value": "A", "base": "Gold"},
        "quote": {"id": "q1", "value": "B", "base": "Gold"},
        "web": {"id": "", "value": "Gold", "base": "Gold"},
    }
    table = fields({"rates[1].ee": {"crm": Held("5", "1")}, "rates[1].es": {"crm": Held("6", UNSEEN)}}, {})
    assert members_of(table, {"crm": "c1"}) == {
        "crm": {"id": "c1", "values": {"ee": "5", "es": "6"}, "bases": {"ee": "1", "es": "(never agreed)"}}
    }


BANDS = ("age_30_34.f", "age_30_34.m", "age_30_34.f.tobacco", "age_30_34.m.tobacco", "age_35_39.f", "age_35_39.m")


@pytest.mark.parametrize("key", ["2026-01-01", "Full Time;2026-01-01", "billing;Staff 2.5;2026-01-01"])
def test_n23_every_cell_of_an_age_banded_table_has_a_name_of_its_own(key: str) -> None:
    """N23: cells that end in the same word are told apart, on the screen and in an answer cell by cell."""
    cells = {f"rates[{key}].{cell}": {"crm": Held(str(n), "0")} for n, cell in enumerate(BANDS, 1)}
    table = fields(cells, dict.fromkeys(cells, "0"))
    values = {cell: str(n) for n, cell in enumerate(BANDS, 1)}
    [told] = members_of(table, {}).values()
    assert (told["values"], told["bases"]) == (values, dict.fromkeys(BANDS, "0"))
    picked = replace(said("cells"), options={f"cell.{cell}": "crm" for cell in BANDS})
    assert chosen(picked, table) == {path: held["crm"].value for path, held in cells.items()}


# -- what an answer chooses --------------------------------------------------------------------------------------------


def said(choice: str, value: Value | None = None) -> Decided:
    return Decided("q-1", "conflict", "l1", "name", "d", choice, value)


CHOSEN: list[tuple[str, Decided, Any]] = [
    ("a system", said("crm"), {"name": "A"}),
    ("a typed value", said("value", "C"), {"name": "C"}),
    ("a typed blank", said("value"), {"name": EMPTY}),
    ("what was agreed", said("agreed"), {"name": "Gold"}),
    ("nobody who is there", said("pay"), None),
]


@pytest.mark.parametrize(("why", "answer", "wanted"), CHOSEN, ids=[row[0] for row in CHOSEN])
def test_an_answer_chooses(why: str, answer: Decided, wanted: Any) -> None:
    assert chosen(answer, CONTESTED) == wanted, why


def test_what_a_system_really_holds_is_chosen_not_what_it_counts_as() -> None:
    seen = fields({"name": {"crm": A}}, {"name": "Gold"})
    seen.raw["name"]["crm"] = "A."
    assert chosen(said("crm"), seen) == {"name": "A."}


def test_what_a_system_made_of_the_agreed_value_is_no_decision_against_it() -> None:
    """A table of which one cell was merely rounded: choosing it leaves the agreed value where it is."""
    table = fields({"x.ee": {"crm": A}, "x.es": {"crm": Held("601.75", "601.75")}}, {"x.ee": "1", "x.es": "601.75"})
    table.raw["x.es"]["crm"] = "601.8"
    assert chosen(said("crm"), table) == {"x.ee": "A", "x.es": "601.75"}
    assert members_of(table, {})["crm"] == {
        "id": "",
        "values": {"ee": "A", "es": "601.8"},
        "bases": {"ee": "Gold", "es": "601.8"},
    }


def test_of_a_table_only_the_cells_that_the_system_carries_are_chosen() -> None:
    table = fields({"x.ee": {"crm": A, "quote": B}, "x.es": {"quote": B}}, {"x.ee": "1", "x.es": "2"})
    assert chosen(said("crm"), table) == {"x.ee": "A"}


# -- matching with what stands -----------------------------------------------------------------------------------------


def asks(name: str = "name", digest_: str = "d1", link: str = "l1", kind: str = "conflict") -> Proposal:
    return Proposal(kind, "acme", link, "Gold", name, "why", "rule", digest_, ())


ID = question_id("conflict", "l1", "name")


def stands(
    status: str = "open", choice: str | None = None, value: Value | None = None, proposal: Proposal | None = None
) -> Standing:
    decided = None if choice is None else replace(said(choice, value), by="ann")
    return Standing(f"{ID}-1", 1, status, proposal or asks(), decided, "an older answer")


MATCH: list[tuple[str, Standing | None, Proposal | None, dict[str, Any], tuple[str, ...] | None]] = [
    # why                                           stands                       asked now           more                what, previous
    ("a first question",                            None,                        asks(),             {},                 ("open", "")),
    ("the same again",                              stands(),                    asks(),             {},                 None),
    ("it moved",                                    stands(),                    asks(digest_="d2"), {},                 ("reissue", "an older answer")),
    ("it moved after the answer",                   stands("decided", "crm"),    asks(digest_="d2"), {},                 ("reissue", "crm (ann)")),
    ("it moved after a typed answer",               stands("decided", "value", Decimal("1.5")), asks(digest_="d2"), {},  ("reissue", "value 1.5 (ann)")),
    ("it moved after it was ignored",               stands("ignored", "ignore"), asks(digest_="d2"), {},                 ("reissue", "ignore (ann)")),
    ("the answer could not be used",                stands("decided", "crm"),    asks(),             {},                 ("reissue", "crm (ann)")),
    ("ignored from now on",                         stands("decided", "ignore"), asks(),             {},                 ("silence", "")),
    ("rejected from now on",                        stands("decided", "reject"), asks(),             {},                 ("silence", "")),
    ("ignored still",                               stands("ignored", "ignore"), asks(),             {},                 None),
    ("answered and used",                           stands("decided", "crm"),    None,               {"used": (f"{ID}-1",)}, ("use", "")),
    ("its cause is gone",                           stands(),                    None,               {},                 ("close", "")),
    ("the cause of an ignored one is gone",         stands("ignored", "ignore"), None,               {},                 ("close", "")),
    ("its link was not looked at",                  stands(),                    None,               {"judged": ("l2", "")}, None),
    ("it waits for a system that takes no write",   stands("decided", "end"),    None,               {"waits": (f"{ID}-1",)}, None),
    ("the group as a whole was not looked at",      stands(proposal=asks(link="")), None,            {"judged": ("l1",)}, None),
    ("a guard holds back something else now",       stands(proposal=asks(link="")), asks(link="", digest_="d2"), {"judged": ("l1",)}, None),
    ("nobody asks about the group any more",        stands(proposal=asks(link="")), None,            {},                 ("close", "")),
]  # fmt: skip


@pytest.mark.parametrize(("why", "one", "proposal", "more", "wanted"), MATCH, ids=[row[0] for row in MATCH])
def test_what_becomes_of_a_question(
    why: str, one: Standing | None, proposal: Proposal | None, more: Any, wanted: Any
) -> None:
    given_ = {"used": (), "judged": ("l1", ""), "last_n": {}} | more
    steps = match([one] if one else [], [proposal] if proposal else [], **given_)
    assert [(step.what, step.previous) for step in steps] == ([] if wanted is None else [wanted]), why
    for step in steps:
        assert step.id == f"{ID}-1"
        assert step.proposal == (proposal if step.what in ("open", "reissue") else one.proposal if one else None)


def test_p26_a_question_that_is_asked_again_after_it_closed_gets_the_next_number() -> None:
    assert match((), [asks()], (), (), {ID: 3}) == (Step("open", f"{ID}-4", 4, asks()),)
    used_and_asked = match([stands("decided", "crm")], [asks()], (f"{ID}-1",), ("l1",), {ID: 1})
    assert used_and_asked == (Step("use", f"{ID}-1", 1, asks()), Step("open", f"{ID}-2", 2, asks()))


def test_a_reissue_without_an_answer_keeps_what_was_said_before() -> None:
    [step] = match([stands()], [asks(digest_="d2")], (), ("l1",), {})
    assert step.previous == "an older answer"
    nameless = replace(stands("decided", "crm"), decided=said("crm"))
    [step] = match([nameless], [asks(digest_="d2")], (), ("l1",), {})
    assert step.previous == "crm"


def test_a_question_is_known_by_kind_link_and_name() -> None:
    assert key_of(asks()) == ("conflict", "l1", "", "name")
    assert key_of(asks(link="")) == ("conflict", "", "acme", "name")


names = st.sampled_from(["a", "b", "c"])
proposals = st.builds(asks, names, st.sampled_from(["d1", "d2"]), st.sampled_from(["l1", "l2", ""]))


@given(
    asked=st.lists(proposals, max_size=5),
    later=st.lists(proposals, max_size=5),
    judged=st.sampled_from([("l1", "l2", ""), ("l1",)]),
)
def test_p26_every_question_stands_once(asked: list[Proposal], later: list[Proposal], judged: tuple[str, ...]) -> None:
    """After two runs each question of what was judged stands once, as it was last asked, and none else does."""
    first = match((), asked, (), ("l1", "l2", ""), {})
    standing = [Standing(step.id, step.n, "open", step.proposal) for step in first]
    assert {key_of(one.proposal) for one in standing} == {key_of(each) for each in asked}
    steps = match(standing, later, (), judged, dict.fromkeys((step.id.rpartition("-")[0] for step in first), 1))
    after = {one.id: one.proposal for one in standing}
    for step in steps:
        after.pop(step.id, None)
        if step.what != "close":
            after[step.id] = step.proposal
    now = {key_of(each): each for each in later}
    looked_at = {key_of(each): each for each in after.values() if each.link in judged}
    assert looked_at == {key: each for key, each in now.items() if each.link in judged}
    assert len({key_of(each) for each in after.values()}) == len(after)


@given(asked=st.lists(proposals, max_size=5), choice=st.sampled_from(SILENCING))
def test_what_is_ignored_is_not_asked_again(asked: list[Proposal], choice: str) -> None:
    standing = [
        Standing(step.id, 1, "decided", step.proposal, said(choice))
        for step in match((), asked, (), ("l1", "l2", ""), {})
    ]
    steps = match(standing, asked, (), ("l1", "l2", ""), {})
    assert {step.what for step in steps} <= {"silence"}
    assert len(steps) == len(standing)
    ignored = [replace(one, status="ignored") for one in standing]
    assert match(ignored, asked, (), ("l1", "l2", ""), {}) == ()
