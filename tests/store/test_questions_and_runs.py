"""Questions, runs, history and small state."""

from dataclasses import replace

import pytest

from syncd.model.values import EMPTY
from syncd.reconcile.types import Decided
from syncd.store.rows import Run
from tests.store.samples import history_row, proposal, question


def test_questions_are_found_by_scope_and_status_oldest_first(store):
    store.save_questions(
        [
            question("q-3", opened_at=1.0),
            question("q-2", opened_at=2.0),
            question("q-1", "decided"),
            question("q-4", proposal=proposal(scope="h")),
        ]
    )
    assert [each.id for each in store.questions("g")] == ["q-3", "q-2"]
    assert [each.id for each in store.questions()] == ["q-3", "q-4", "q-2"]
    assert [each.id for each in store.questions("g", {"open", "decided"})] == ["q-1", "q-3", "q-2"]
    assert store.questions("g", ()) == []
    assert store.question("q-9") is None


def test_an_answer_of_blank_is_not_no_answer(store):
    blank, none = (Decided("q-1", "conflict", "L", "a", "abc", "value", value) for value in (EMPTY, None))
    store.save_questions([question("q-1", "decided", decided=blank), question("q-2", "decided", decided=none)])
    assert store.question("q-1").decided == blank
    assert store.question("q-2").decided == none


def test_a_question_is_stored_with_its_history(store):
    store.save_questions([question()], [history_row("decided")])
    store.save_questions([question(status="closed", closed_at=9.0)])
    assert store.question("q-1").closed_at == 9.0
    assert [row.what for row in store.history()] == ["decided"]


def test_runs_come_newest_first(store):
    for number in range(3):
        store.start_run(Run(f"r{number}", "g", "sync", float(number)))
    store.start_run(Run("other", "h", "sync", 9.0))
    assert [run.id for run in store.runs("g", 2)] == ["r2", "r1"]
    assert [run.id for run in store.runs()] == ["other", "r2", "r1", "r0"]


@pytest.mark.parametrize(
    ("result", "good"), [("ok", True), ("open", True), ("partial", False), ("refused", False), ("", False)]
)
def test_a_good_run_saw_all_and_did_all(store, result, good):
    run = Run("r", "g", "sync", 1.0)
    store.start_run(run)
    assert store.last_good("g") is None
    ended = replace(run, ended_at=2.0, result=result, counts={"written": 3})
    store.end_run(ended)
    store.start_run(Run("killed", "g", "sync", 3.0, result="ok"))
    assert store.last_good("g") == (ended if good else None)
    assert store.last_good("h") is None


def test_history_is_found_by_all_that_is_named(store):
    store.save_snapshots(
        [],
        [
            history_row("first", fields={"rates[2026-01-01].ee": (None, "1"), "details.name": (None, "Gold")}),
            history_row("written", system="bp", record_id="2", run="s", fields={"rates[2026-01-01].sp": ("1", "2")}),
            history_row("observed", link="M", fields={"rates[2027-01-01].ee": ("1", "2")}),
        ],
    )
    found = lambda **asked: [row.what for row in store.history(**asked)]  # noqa: E731 - a column of this table
    assert found() == ["observed", "written", "first"]
    assert found(newest_first=False) == ["first", "written", "observed"]
    assert found(link="L") == ["written", "first"]
    assert found(system="bp", record_id="2") == ["written"]
    assert found(run="s") == ["written"]
    assert found(link="L", path="rates[2026-01-01]") == ["written", "first"]
    assert found(path="rates[2026-01-01].ee") == ["first"]
    assert found(path="rates") == ["observed", "written", "first"]
    assert found(path="rate") == []
    assert found(limit=1) == ["observed"]
    assert found(limit=1, path="rates[2026-01-01]") == ["written"]
    assert found(limit=2, newest_first=False) == ["first", "written"]


def test_history_is_only_added_to(store):
    store.save_snapshots([], [history_row(note="one"), history_row(note="one")])
    store.save_snapshots([], [history_row(note="two")])
    rows = store.history(newest_first=False)
    assert [row.note for row in rows] == ["one", "one", "two"]
    assert [row.id for row in rows] == sorted({row.id for row in rows})


def test_state_is_kept_by_area_and_key(store):
    store.put("cursors", "pq", {"page": [1, 2]})
    store.put("cursors", "bp", "x")
    store.put("pauses", "pq", {"reason": "payroll"})
    assert store.items("cursors") == {"bp": "x", "pq": {"page": [1, 2]}}
    store.put("cursors", "pq", None)
    store.put("cursors", "nothing", None)
    assert store.get("cursors", "pq") is None
    assert store.items("cursors") == {"bp": "x"}


def test_there_is_no_listing_before_the_first(store):
    assert store.listing("pq", "plan") is None


def test_runs_with_nothing_to_do_leave_one_row(store):
    """R20: a group at rest leaves one run row, however often it is looked at; runs that did something all stay."""
    store.end_run(Run("w", "g", "sync", 1.0, 2.0, "ok", {"written.pq": 1}))
    for hour in range(24 * 30):
        store.start_run(Run(f"i{hour}", "g", "sync", 10.0 + hour))
        store.end_run(Run(f"i{hour}", "g", "sync", 10.0 + hour, 10.5 + hour, "ok"))
    store.end_run(Run("p", "g", "sync", 2000.0, 2001.0, "partial"))
    store.end_run(Run("x", "other", "sync", 1.0, 2.0, "ok"))
    assert [run.id for run in store.runs("g")] == ["p", "i719", "w"]
    assert store.last_good("g").id == "i719"
    assert [run.id for run in store.runs("other")] == ["x"]


def test_the_latest_run_is_the_one_that_began_last_whatever_the_clock_said(store):
    """R9: a run by a clock that was ahead is not the last one until the clock comes to it."""
    for id_, at in (("a", 5e9), ("b", 2e9)):
        store.start_run(Run(id_, "g", "sync", at))
        store.end_run(Run(id_, "g", "sync", at, at + 1, "ok", {"written.pq": 1}))
    assert [run.id for run in store.runs("g")] == [run.id for run in store.runs()] == ["b", "a"]
    assert store.last_good("g").id == "b"
