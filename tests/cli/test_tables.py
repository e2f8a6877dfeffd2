"""Tables for spreadsheets, and history from a moment on."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import GROUP, HIGH, STANDARD, Office


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def asked(office: Office) -> Office:
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    return office


def test_missing_questions_differences_and_history_as_csv(asked):
    """Missing: `--csv` gives what would be written, what is asked and what happened, a line each."""
    told = rows(asked.ok("sync", "--dry-run", "--csv"))
    assert ("change", "crm", "rates[2026-01-01].ee", "441.20", "planned") in {
        (one["what"], one["system"], one["field"], one["new"], one["state"]) for one in told
    }
    asked.ok("sync")
    questions = rows(asked.ok("review", "list", "--csv"))
    assert len(questions) == len(asked("review", "list", "--json").json["questions"])
    [one] = [one for one in questions if one["kind"] == "conflict"]
    assert "crm $60" in one["values"]
    happened = rows(asked.ok("history", GROUP, "--csv"))
    assert {"written to", "linked"} <= {one["what"] for one in happened}
    assert len(happened) > 40, "a table is whole"
    assert "two forms of one answer" in asked.fails(2, "history", "--csv", "--json")


def test_missing_a_spreadsheet_runs_nothing(office):
    """Missing: a value that a spreadsheet would take for a formula is no formula there."""
    office.edit("crm", "fed-co-geha-hdhp", {"Plan Name": "=HYPERLINK(1)"})
    office("sync")
    assert "\n=" not in office.ok("review", "list", "--csv")
    assert ",=" not in office.ok("review", "list", "--csv")


def test_missing_history_since(asked, monkeypatch):
    """Missing: `history --since` gives all that happened from then on, and nothing before."""
    import time

    asked.ok("sync")
    assert len(asked("history", "--since", "1h", "--json").json["rows"]) > 40
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 7200)
    assert asked("history", "--since", "1h", "--json").json["rows"] == []
    assert "`soon` is no time" in asked.fails(2, "history", "--since", "soon")
