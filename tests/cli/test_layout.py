"""What stands where: carrier and plan year beside a name, changed cells first, marks explained."""

from __future__ import annotations

from syncd.cli import screen
from syncd.cli.link_needs import Wants, long_choices, needs_lines
from syncd.connectors.base import Need
from syncd.reconcile.types import Proposal
from syncd.review.page import _cells
from tests.cli.conftest import HIGH


def test_layout_the_marks_are_explained(office):
    """Words and layout: `sync --help` says what + ~ - ? @ # mean."""
    out = office.ok("sync", "--help")
    for mark in ("+ a value", "~ one that changes", "- one that ends", "? a question", "@ something", "# a note"):
        assert mark in " ".join(out.split())


def test_layout_a_plan_is_shown_with_carrier_and_year(office):
    """Words and layout: namesakes are told apart by carrier and plan year, wherever a plan is shown."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    [plan] = office("sync", "--dry-run", "--json").json["groups"][0]["plans"]
    assert "2026-01-01" in plan["about"]
    assert "Kaiser" in plan["about"]
    assert plan["about"] in office.ok("sync", "--dry-run")


def test_layout_long_lists_stand_at_the_end_of_a_decision_file():
    """Words and layout: a list of carriers does not hide the plans; it stands at the end, and the key says so."""
    carriers = {str(number): f"Carrier {number}" for number in range(40)}
    wants = Wants({"crm": (Need("carrier", "Which company", carriers), Need("kind", "What kind", {"a": "A"}))})
    head, tail = needs_lines(wants), long_choices(wants)
    assert not any("Carrier 7" in line for line in head)
    assert any("they stand at the end of this file" in line for line in head)
    assert any('"a"' in line for line in head), "a short list stays where it is needed"
    assert any("Carrier 7" in line for line in tail)
    assert all(line == "" or line.startswith("#") for line in tail)


def test_layout_cells_that_differ_come_first():
    """Words and layout: in a rate conflict the cells that were changed come first."""
    members = {
        "crm": {
            "id": "1",
            "values": {"ee": "1.00", "es": "5.00", "fam": "9.00"},
            "bases": {"ee": "1.00", "fam": "8.00"},
        },
        "quote": {
            "id": "2",
            "values": {"ee": "1.00", "es": "5.00", "fam": "7.00"},
            "bases": {"ee": "1.00", "fam": "8.00"},
        },
    }
    asked = Proposal("conflict", "g", "l", "Gold", "rates[2026-01-01]", "", "", "", (), members)
    assert [row["cell"] for row in _cells(asked)] == ["fam", "ee", "es"]


def test_layout_a_hand_off_is_told_in_full_once():
    """Words and layout: a hand-off that stood before the run is one line."""
    one = {
        "kind": "hand-off",
        "name": "crm:details.status",
        "id": "q-1",
        "why": "crm takes it by hand",
        "rule": "",
        "members": {},
        "evidence": ["enter details.status = Active"],
    }
    assert len(screen._question(one)) == 3
    assert screen._question(one | {"known": True}) == [
        "    @ hand-off  crm:details.status  [q-1]  crm takes it by hand"
    ]
