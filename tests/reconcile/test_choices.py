# ruff: noqa: E501 - a row of a table is one line
"""Choices: what people decided about unlinked records, made into links; all of them or none."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.reconcile.choices import Choice, Desk, LinkingError, choice_of, resolve
from syncd.reconcile.types import Decided, Link
from tests.reconcile.plain import Takes, link, member, stray

CRM, QUOTE, WEB = (stray(name, f"{name[0]}1", {"name": name}, "plan") for name in ("crm", "quote", "web"))
C2, C3 = stray("crm", "c2", {"name": "other"}, "plan"), stray("crm", "c3", kind="plan")
STANDS = link(
    member("pay", {"name": "x"}, id="p1"), member("old", {"name": "x"}, id="o1"), kind="plan", id="l9", label="Silver"
)
OTHER = link(member("quote", {"name": "x"}, id="q9"), member("old", {"name": "x"}, id="o9"), kind="plan", id="l8")
SYSTEMS = ("crm", "quote", "web", "pay", "old")


def desk(*standing: Link, **more: Any) -> Desk:
    surfaces: Any = {(name, "plan"): Takes(create=name != "old") for name in SYSTEMS}
    strays = {(one.system, one.id): one for one in (CRM, QUOTE, WEB, C2, C3)}
    return Desk("acme", strays, standing, surfaces, **more)


def members(made: Link) -> list[tuple[str, str]]:
    return [(one.system, one.id) for one in made.members]


def link_to(**records: str) -> Choice:
    return Choice("crm", "c1", "link", records)


# -- what is made ------------------------------------------------------------------------------------------------------


def test_records_are_linked_with_the_sources_that_were_named() -> None:
    [made] = resolve([Choice("crm", "c1", "link", {"quote": "q1"}, {"all": "crm"})], desk())
    assert (members(made), made.scope) == ([("crm", "c1"), ("quote", "q1")], "acme")
    assert set(made.members[1].behind) == {"name"}
    [three] = resolve([link_to(quote="q1", web="w1")], desk())
    assert [name for name, _ in members(three)] == ["crm", "quote", "web"]
    assert all(one.unseen == {"name"} for one in three.members)


def test_a_copy_awaits_its_counterparts() -> None:
    [made] = resolve(
        [Choice("crm", "c1", "copy", sources={"rates": "ask", "details": "crm"}, to=("quote", "web"), follow=False)],
        desk(),
    )
    assert [(one.system, one.status) for one in made.members] == [
        ("crm", "live"),
        ("quote", "awaited"),
        ("web", "awaited"),
    ]
    assert (made.sources, made.follow) == ({"details": "crm"}, False)


def test_a_record_joins_the_link_of_another_and_wins_only_when_that_is_said() -> None:
    [made] = resolve([link_to(pay="p1")], desk(STANDS))
    assert (made.id, members(made)) == ("l9", [("pay", "p1"), ("old", "o1"), ("crm", "c1")])
    assert made.agreed == {"name": "x"}
    [won] = resolve([Choice("crm", "c1", "link", {"pay": "p1"}, wins="crm")], desk(STANDS))
    assert won.agreed == {"name": "crm"}
    [both] = resolve([Choice("crm", "c1", "link", {"pay": "p1", "web": "w1"}, wins="web")], desk(STANDS))
    assert (both.agreed, members(both)[2:]) == ({"name": "web"}, [("crm", "c1"), ("web", "w1")])


def test_blanks_are_those_of_the_choice_or_of_the_rules() -> None:
    empty = stray("crm", "c1", {}, "plan")
    for choice, rules, asks in ((None, "keep", True), ("overwrite", "keep", False), (None, "overwrite", False),
                                ("keep", "overwrite", True)):  # fmt: skip
        at = desk(blanks=rules)
        at = Desk(at.scope, {**at.strays, ("crm", "c1"): empty}, at.standing, at.surfaces, at.blanks)
        [made] = resolve([Choice("crm", "c1", "link", {"quote": "q1"}, {"all": "crm"}, blanks=choice)], at)
        assert (made.agreed, any(one.unseen for one in made.members)) == ({}, asks)


def test_the_same_said_from_both_ends_is_said_once() -> None:
    both = [link_to(quote="q1"), Choice("quote", "q1", "link", {"crm": "c1"})]
    assert len(resolve(both, desk())) == 1
    assert (
        resolve([Choice("crm", "c1", "ignore"), Choice("web", "w1", "ask"), Choice("web", "w1", "ask")], desk()) == []
    )


def test_a_record_asked_about_again_may_be_named_by_another_choice() -> None:
    assert len(resolve([Choice("quote", "q1", "ask"), link_to(quote="q1")], desk())) == 1


def test_a_choice_says_what_it_is() -> None:
    assert str(link_to(quote="q1", web="w1")) == "link crm c1 with quote q1 and web w1"
    assert str(Choice("crm", "c1", "copy", to=("quote", "web"))) == "copy crm c1 to quote, web"
    assert str(Choice("crm", "c1", "ignore")) == "ignore crm c1"


# -- what is refused ---------------------------------------------------------------------------------------------------

SEEN = CRM.seen.digest.hex()
REFUSED: list[tuple[str, list[Choice], Any, str]] = [
    ("a record that is not there", [Choice("crm", "c9", "ignore")], (), "crm c9: there is no such record in this group"),
    ("a record that is linked", [Choice("pay", "p1", "ignore")], (STANDS,), "pay p1: it is linked already, in “Silver” (l9)"),
    ("a record that moved", [Choice("crm", "c1", "ignore", seen="00")], (), "it has changed since the decision file"),
    ("a partner that is not there", [link_to(quote="q9")], (), "quote q9: there is no such record"),
    ("no partner", [link_to()], (), "the decision names no record to link with"),
    ("a partner of its own system", [link_to(crm="c2")], (), "it cannot be linked with another record of crm"),
    ("two decisions about one record", [link_to(quote="q1"), Choice("web", "w1", "link", {"quote": "q1"})], (),
     "two decisions are about it: link crm c1 with quote q1, and link web w1 with quote q1"),
    ("the same with other sources", [link_to(quote="q1"), Choice("quote", "q1", "link", {"crm": "c1"}, {"all": "crm"})], (),
     "two decisions are about it"),
    ("partners of two links", [link_to(pay="p1", quote="q9")], (STANDS, OTHER), "belong to two links"),
    ("a second record of a system", [Choice("quote", "q1", "link", {"old": "o9"})], (OTHER,), "has a quote member already"),
    ("two records that join one link", [link_to(pay="p1"), Choice("web", "w1", "link", {"old": "o1"})], (STANDS,),
     "two records would join “Silver” (l9) at once"),
    ("a copy to nowhere", [Choice("crm", "c1", "copy")], (), "the decision names no system to copy to"),
    ("a copy to itself", [Choice("crm", "c1", "copy", to=("crm",))], (), "it is in crm already"),
    ("a copy to an unknown system", [Choice("crm", "c1", "copy", to=("crn",))], (), "there is no system crn that holds plans"),
    ("a copy to one that takes none", [Choice("crm", "c1", "copy", to=("old",))], (), "old takes no new plans"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "choices", "standing", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_linked_is_refused_whole(why: str, choices: list[Choice], standing: Any, said: str) -> None:
    with pytest.raises(LinkingError) as caught:
        resolve([Choice("crm", "c3", "ignore"), *choices], desk(*standing))
    assert said in str(caught.value), why
    assert caught.value.hint


def test_a_link_that_stands_under_the_same_id_is_not_written_over() -> None:
    [made] = resolve([link_to(quote="q1")], desk())
    for choice in (link_to(quote="q1"), Choice("crm", "c1", "copy", to=("web",))):
        with pytest.raises(LinkingError, match="still stands") as caught:
            resolve([choice], desk(taken_ids=frozenset({made.id})))
        assert made.id in caught.value.hint


def test_what_the_person_was_shown_counts() -> None:
    assert len(resolve([Choice("crm", "c1", "link", {"quote": "q1"}, seen=SEEN)], desk())) == 1


def test_a_refusal_lists_what_is_unlinked() -> None:
    """A dozen at most; where there is nothing, it says so."""
    with pytest.raises(LinkingError) as caught:
        resolve([Choice("crm", "c9", "ignore")], desk())
    assert caught.value.hint == "Unlinked in crm: c1, c2, c3."
    with pytest.raises(LinkingError) as caught:
        resolve([Choice("pay", "p9", "ignore")], desk())
    assert caught.value.hint == "Nothing is unlinked in pay."
    many = {("crm", f"c{n:02}"): CRM for n in range(13)}
    with pytest.raises(LinkingError) as caught:
        resolve([Choice("crm", "x", "ignore")], Desk("acme", many, (), desk().surfaces))
    assert caught.value.hint.endswith("c10, c11, ….")


# -- read from a decision ----------------------------------------------------------------------------------------------

READ = [
    ("link", {"member.quote": "q1", "record.web": "w1", "source.all": "crm", "from": "crm", "blanks": "overwrite"},
     Choice("crm", "c1", "link", {"quote": "q1", "web": "w1"}, {"all": "crm"}, wins="crm", blanks="overwrite", note="n", seen="s")),
    ("copy", {"to": "quote,web", "follow": "false"},
     Choice("crm", "c1", "copy", to=("quote", "web"), follow=False, note="n", seen="s")),
    ("copy: quote", {}, Choice("crm", "c1", "copy", to=("quote",), note="n", seen="s")),
    ("ignore", {}, Choice("crm", "c1", "ignore", note="n", seen="s")),
]  # fmt: skip


@pytest.mark.parametrize(("choice", "options", "wanted"), READ, ids=[row[0] for row in READ])
def test_a_decision_is_read_as_a_choice(choice: str, options: dict[str, str], wanted: Choice) -> None:
    decided = Decided("q-1", "link-plans", "", "crm:c1", "d", choice, options=options, note="n")
    assert choice_of(decided, "crm", "c1", seen="s") == wanted
