"""Decisions about unlinked records: made into links together, or refused with the first thing that is wrong."""

from __future__ import annotations

import pytest

from syncd.reconcile.adopt import link_id
from syncd.reconcile.choices import Choice, Desk, LinkingError, choice_of, resolve, told_ids
from syncd.reconcile.types import Decided
from tests.reconcile.plain import Takes, link, member, stray

FLAT = {"details.name": "Gold", "rates[2026-01-01].ee": "500.00"}
OTHER = FLAT | {"details.name": "Golden"}
STRAYS = {
    (one.system, one.id): one
    for one in (
        stray("crm", "1", FLAT),
        stray("crm", "2", FLAT),
        stray("quote", "1", OTHER),
        stray("quote", "2", FLAT),
        stray("pay", "1", FLAT),
    )
}
SURFACES = {(name, "generic"): Takes(create=name != "pay") for name in ("crm", "quote", "pay")}


def desk(**more) -> Desk:
    return Desk(**{"scope": "acme", "strays": STRAYS, "standing": (), "surfaces": SURFACES} | more)


def pair(**more) -> Choice:
    return Choice(**{"system": "crm", "id": "1", "choice": "link", "records": {"quote": "1"}} | more)


def refused(*choices: Choice, **more) -> str:
    with pytest.raises(LinkingError) as caught:
        resolve(choices, desk(**more))
    return f"{caught.value} | {caught.value.hint}"


def test_a_link_names_a_source_for_each_section():
    [made] = resolve([pair(sources={"details": "quote", "rates": "ask"})], desk())
    assert made.id == link_id("generic", "crm", "1")
    assert made.sources == {"details": "quote"}
    assert made.agreed == {"details.name": "Golden"}
    assert {m.system: set(m.behind) for m in made.members} == {"crm": {"details.name"}, "quote": set()}
    assert made.members[0].unseen == {"rates[2026-01-01].ee"}


def test_the_same_decision_from_both_ends_is_one():
    both = [pair(), Choice("quote", "1", "link", {"crm": "1"})]
    assert len(resolve(both, desk())) == 1


def test_two_decisions_about_one_record_are_refused():
    told = refused(pair(), Choice("crm", "2", "link", {"quote": "1"}))
    assert told.startswith("quote 1: two decisions are about it: link crm 1 with quote 1, and link crm 2 with quote 1")
    assert "leave one of the two decisions empty" in told
    assert "ignore quote 1" in refused(pair(), Choice("quote", "1", "ignore"))


def test_ignore_and_ask_make_no_link():
    assert resolve([Choice("crm", "1", "ignore"), Choice("crm", "2", "ask")], desk()) == []


def test_asking_about_a_record_that_another_decision_links_is_no_contradiction():
    assert len(resolve([pair(), Choice("quote", "1", "ask")], desk())) == 1


def test_a_copy_awaits_its_counterparts():
    [made] = resolve([Choice("pay", "1", "copy", to=("crm", "quote"), follow=False, sources={"rates": "pay"})], desk())
    assert [(m.system, m.status) for m in made.members] == [("pay", "live"), ("crm", "awaited"), ("quote", "awaited")]
    assert (made.follow, made.sources) == (False, {"rates": "pay"})


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (Choice("crm", "1", "copy"), "crm 1: the decision names no system to copy to"),
        (Choice("crm", "1", "copy", to=("crm",)), "crm 1: it is in crm already"),
        (Choice("crm", "1", "copy", to=("web",)), "crm 1: there is no system web that holds generics"),
        (Choice("crm", "1", "copy", to=("pay",)), "crm 1: pay takes no new generics"),
        (pair(records={}), "crm 1: the decision names no record to link with"),
        (pair(records={"crm": "2"}), "crm 1: it cannot be linked with another record of crm"),
        (pair(records={"quote": "9"}), "quote 9: there is no such record in this group | Unlinked in quote: 1, 2."),
        (Choice("web", "9", "ignore"), "web 9: there is no such record in this group | Nothing is unlinked in web."),
    ],
)
def test_what_cannot_be_is_said(choice, told):
    assert refused(choice).startswith(told)


def test_a_record_that_changed_since_it_was_shown_is_refused():
    shown = STRAYS["crm", "1"].seen.digest.hex()
    assert resolve([pair(seen=shown)], desk())
    told = refused(pair(seen="00"))
    assert told.startswith("crm 1: it has changed since the decision file was written")
    assert "--out" in told


STANDING = link(member("crm", FLAT, id="7"), member("quote", FLAT, id="7"), agreed=FLAT, kind="generic")


def test_a_record_joins_the_link_of_the_record_it_names():
    choice = Choice("pay", "1", "link", {"crm": "7"})
    [made] = resolve([choice], desk(standing=[STANDING]))
    assert made.id == STANDING.id
    assert [m.system for m in made.members] == ["crm", "quote", "pay"]
    [won] = resolve([Choice("pay", "1", "link", {"crm": "7"}, wins="pay")], desk(standing=[STANDING]))
    assert won.revision == STANDING.revision + 1


def test_a_link_holds_one_record_of_a_system():
    told = refused(Choice("quote", "1", "link", {"crm": "7"}), standing=[STANDING])
    assert told.startswith("quote 1: “Gold” (l1) has a record of quote already")


def test_two_links_do_not_become_one():
    second = link(member("quote", FLAT, id="8"), member("web", FLAT, id="8"), agreed=FLAT, id="l2")
    told = refused(Choice("pay", "1", "link", {"crm": "7", "quote": "8"}), standing=[STANDING, second])
    assert told.startswith("pay 1: the records it is to be linked with belong to two links")


def test_two_records_do_not_join_one_link_at_once():
    strays = STRAYS | {("web", "1"): stray("web", "1", FLAT)}
    choices = [Choice("pay", "1", "link", {"crm": "7"}), Choice("web", "1", "link", {"quote": "7"})]
    told = refused(*choices, strays=strays, standing=[STANDING], surfaces=SURFACES | {("web", "generic"): Takes()})
    assert told.startswith("two records would join “Gold” (l1) at once")


def test_a_linked_record_is_said_to_be_linked():
    told = refused(Choice("crm", "7", "ignore"), standing=[STANDING])
    assert told.startswith("crm 7: it is linked already, in “Gold” (l1)")


def test_a_link_made_from_the_same_record_is_not_written_over():
    told = refused(pair(), taken_ids=frozenset({link_id("generic", "crm", "1")}))
    assert "which was made from the same record, still stands" in told
    assert "syncd unlink" in told


@pytest.mark.parametrize(
    ("choice", "options", "made"),
    [
        ("ignore", {}, Choice("crm", "1", "ignore", seen="s", note="n")),
        ("copy: quote", {}, Choice("crm", "1", "copy", to=("quote",), seen="s", note="n")),
        (
            "copy",
            {"to": "quote,pay", "follow": "false", "source.rates": "crm"},
            Choice("crm", "1", "copy", {}, {"rates": "crm"}, ("quote", "pay"), follow=False, seen="s", note="n"),
        ),
        (
            "link",
            {"record.quote": "1", "source.details": "ask", "from": "crm", "blanks": "overwrite"},
            Choice(
                "crm",
                "1",
                "link",
                {"quote": "1"},
                {"details": "ask"},
                wins="crm",
                blanks="overwrite",
                seen="s",
                note="n",
            ),
        ),
    ],
)
def test_an_answer_is_read_as_a_choice(choice, options, made):
    decided = Decided("q", "link-plans", "", "crm:1", "d", choice, options=options, note="n")
    assert choice_of(decided, "crm", "1", seen="s") == made


def test_many_ids_are_cut_short():
    told = told_ids("crm", [("crm", f"{at:02}") for at in range(20)])
    assert told == f"Unlinked in crm: {', '.join(f'{at:02}' for at in range(12))}, …."
