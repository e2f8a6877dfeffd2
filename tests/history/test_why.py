"""The account of a field: events of a link and its records, in order, each with who and by which rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.history.events import events_of
from syncd.history.why import explain
from syncd.model.values import EMPTY
from syncd.reconcile.types import Link, Member, Owed, Proposal
from syncd.store.rows import HistoryRow, Intent, Question, Snapshot
from syncd.store.store import Store

NAME, RATE = "details.name", "rates[2026-01-01].ee"
LINK = Link(
    *("l1", "plan", "g1", "Gold", {NAME: "Gold", RATE: "2"}),
    (
        Member("crm", "c1", {NAME: "Gold", RATE: "1"}, behind={RATE: Owed(2, 1, why="refused")}),
        Member("quote", "q1", {}, unseen=frozenset({""})),
        Member("pay", "(new l1)", {}, status="awaited"),
    ),
)


def row(at: float, what: str, system: str = "crm", fields=None, **more) -> HistoryRow:
    record = {"crm": "c1", "quote": "q1"}.get(system, "")
    base = {"run": "", "link": "", "kind": "plan", "record_id": record}
    return HistoryRow(at=at, what=what, system=system, fields=fields or {}, **(base | more))


def intent(state: str = "confirmed", **more) -> Intent:
    base = {
        "id": "i1",
        "run": "r1",
        "seq": 0,
        "scope": "g1",
        "link": "l1",
        "system": "crm",
        "kind": "plan",
        "record_id": "c1",
        "op": "write",
        "part": "record",
        "before": {RATE: "1"},
        "after": {RATE: "2", NAME: "x"},
        "reasons": {RATE: "rule rates", NAME: "rule name"},
        "at": 5.0,
        "state": state,
    }
    return Intent(**(base | more))


def snapshot(system: str, flat, gone=None) -> Snapshot:
    return Snapshot(system, "plan", system[0] + "1", "g1", "Gold", flat, b"", b"", 9.0, gone=gone)


def question(name: str = RATE, status: str = "open", link: str = "l1") -> Question:
    return Question(
        "q-1", 1, status, Proposal("conflict", "g1", link, "Gold", name, "two edits", "default", "d", ()), 3.0
    )  # type: ignore[arg-type]


ROWS = [
    row(1, "first", fields={NAME: (EMPTY, "Gold"), RATE: (EMPTY, "1")}),
    row(2, "linked", link="l1", who="ann", note="details from crm"),
    row(3, "observed", "quote", {RATE: ("1", "2"), NAME: ("Gold", "Golden")}),
    row(4, "decided", "", {RATE: (EMPTY, "quote")}, link="l1", who="ann", note="conflict q-1 asked"),
    row(4, "decided", "", {NAME: (EMPTY, "crm")}, link="l1", who="ann"),
    row(4, "decided", "", {"": (EMPTY, "resync")}, link="l1", who="ann"),
    row(5, "overruled", fields={RATE: ("3", "2")}, who="rule rates", link="l1"),
    row(5, "written", fields={RATE: ("1", "2"), NAME: ("Gold", "x")}, who="rule name", readback={RATE: "2"}, run="r1"),
    row(6, "gone", "quote", note="not in the list"),
    row(7, "undone", fields={RATE: ("2", "1")}),
    row(8, "renamed", "quote", {"id": ("q0", "q1")}, link="l1", who="decision q-2 by ann"),
]


def told(path: str = RATE, rows=ROWS, intents=(), questions=()) -> list[tuple[str, ...]]:
    account = explain(LINK, path, {}, rows[::-1], intents, questions)
    return [(event.what, event.system, str(event.before), str(event.after), event.by) for event in account.events]


def test_what_happened_is_told_newest_first_with_who():
    assert told() == [
        ("renamed", "quote", "q0", "q1", "decision q-2 by ann"),
        ("gone", "quote", "", "", ""),
        ("written", "crm", "1", "2", "rule name"),
        ("lost", "crm", "3", "2", "rule rates"),
        ("decided", "", "", "resync", "ann"),
        ("decided", "", "", "quote", "ann"),
        ("changed", "quote", "1", "2", ""),
        ("linked", "crm", "", "", "ann"),
        ("seen first", "crm", str(EMPTY), "1", ""),
    ]


def test_the_rule_of_just_this_field_is_named_where_the_journal_knows_it():
    assert ("written", "crm", "1", "2", "rule rates") in told(intents=[intent()])
    assert ("written", "crm", "1", "2", "rule name") in told(intents=[intent(run="other")])


def test_writes_that_did_not_come_about_are_told():
    [event] = explain(LINK, RATE, {}, [], [intent("refused", note="no")], ()).events
    assert (event.what, event.before, event.after) == ("not written", "1", "2")
    assert (event.note, event.by) == ("no", "rule rates")
    assert told(rows=[], intents=[intent("moved"), intent("confirmed"), intent("unsent")])[0][0] == "not written"


def test_a_table_is_told_cell_by_cell():
    account = explain(LINK, "rates[2026-01-01]", {}, ROWS, (), ())
    assert {event.path for event in account.events if event.what in ("written", "changed")} == {RATE}
    assert account.agreed == {RATE: "2"}
    assert ("decided", "", "", "quote", "ann") in told("rates[2026-01-01]")


@pytest.mark.parametrize(
    ("asked", "open_", "events"),
    [
        (question(), 1, 1),
        (question(status="used"), 0, 1),
        (question("rates[2026-01-01]"), 1, 1),
        (question("crm:rates[2026-01-01]"), 1, 1),
        (question(NAME), 0, 0),
        (question(link="l2"), 0, 0),
    ],
)
def test_questions_about_the_field_are_told(asked, open_, events):
    account = explain(LINK, RATE, {}, [], (), [asked])
    assert (len(account.questions), len(account.events)) == (open_, events)


def test_each_member_tells_what_it_holds_agreed_and_is_owed():
    sights = {"crm": snapshot("crm", {NAME: "Gold", RATE: "1"}), "quote": snapshot("quote", {RATE: "9"}, gone="proved")}
    crm, quote, pay = explain(LINK, RATE, sights, [], (), ()).holdings
    assert (crm.values, crm.bases, crm.owed[RATE].why, crm.seen_at) == ({RATE: "1"}, {RATE: "1"}, "refused", 9.0)
    assert (quote.values, quote.bases) == ({}, None)
    assert (pay.values, pay.bases, pay.seen_at) == ({}, {}, None)


def test_a_record_without_the_field_says_so():
    """What it shows there is no blank: nobody ever cleared it."""
    sights = {"quote": replace(snapshot("quote", {NAME: "Gold"}), lacks=frozenset({RATE}))}
    assert [one.lacks for one in explain(LINK, RATE, sights, [], (), ()).holdings] == [False, True, False]
    assert not any(one.lacks for one in explain(LINK, NAME, sights, [], (), ()).holdings)


def test_the_events_of_a_link_are_its_own_and_those_of_its_records():
    store = Store.open(":memory:")
    other = replace(ROWS[0], record_id="c9")
    another_kind = replace(ROWS[0], kind="group")
    store.save_snapshots([], [*ROWS, other, another_kind])
    found = events_of(store, [LINK])
    assert [one.what for one in found] == [one.what for one in reversed(ROWS)]
    assert [one.what for one in events_of(store, [LINK], limit=2)] == ["renamed", "undone"]
    assert {one.what for one in events_of(store, [LINK], path=NAME)} == {"first", "observed", "decided", "written"}
    store.close()
