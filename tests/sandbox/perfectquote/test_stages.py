"""Explorer, presentation, confirmed; favourites; copies; and what the dashboard says of a group."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from syncd.sandbox.perfectquote.progress import renewal_estimated, workflow
from tests.sandbox.office import DENTAL, GROUP, MEDICAL, OTHER, Office

PLACES = ("explorer", "presentation", "confirmed")
MOVES = [
    ("explorer", "present", "presentation"),
    ("explorer", "withdraw", "explorer"),
    ("explorer", "confirm", (422, "invalid_value")),
    ("explorer", "unconfirm", "explorer"),
    ("presentation", "present", "presentation"),
    ("presentation", "withdraw", "explorer"),
    ("presentation", "confirm", "confirmed"),
    ("presentation", "unconfirm", "presentation"),
    ("confirmed", "present", (409, "plan_confirmed")),
    ("confirmed", "withdraw", (409, "plan_confirmed")),
    ("confirmed", "confirm", "confirmed"),
    ("confirmed", "unconfirm", "presentation"),
]


@pytest.mark.parametrize(("start", "action", "end"), MOVES)
async def test_stages_change_by_actions(office: Office, start: str, action: str, end: Any) -> None:
    """Being there already is no error and no write."""
    await office.edit("plan", DENTAL, stage=start)
    rev = (await office.ok("GET", f"/plans/{DENTAL}"))["rev"]
    path = f"/plans/{DENTAL}:{action}"
    if isinstance(end, tuple):
        assert await office.code("POST", path, If_Match="*") == end
        return
    plan = await office.ok("POST", path, If_Match="*")
    assert (plan["stage"], plan["rev"]) == (end, rev + (start != end))


async def test_favourites(office: Office) -> None:
    assert (await office.ok("POST", f"/plans/{DENTAL}:favorite", If_Match='"1"'))["favorite"]
    assert not (await office.ok("POST", f"/plans/{DENTAL}:unfavorite", If_Match='"2"'))["favorite"]


async def test_a_copy_is_a_new_plan_without_the_ids_that_others_gave_the_old(office: Office) -> None:
    await office.edit(
        "plan",
        MEDICAL,
        stage="presentation",
        external_ids={"syncd": "link-1"},
        benefits={"variants": [{"id": "bv_1", "fields": []}]},
    )
    plan = await office.edit("plan", MEDICAL, rates={"sets": [{**RATE, "benefits_ref": "bv_1"}]})
    copy = await office.ok("POST", f"/plans/{MEDICAL}:copy", If_Match="*")
    assert (copy["group_id"], copy["name"], copy["stage"], copy["rev"]) == (GROUP, plan["name"], "explorer", 1)
    assert (copy["external_ids"], copy["id"] != MEDICAL) == ({}, True)
    variant, rate = copy["benefits"]["variants"][0], copy["rates"]["sets"][0]
    assert rate["benefits_ref"] == variant["id"] != "bv_1"
    assert rate["tiers"] == plan["rates"]["sets"][0]["tiers"]
    named = await office.ok("POST", f"/plans/{MEDICAL}:copy", {"name": "Silver"}, If_Match="*")
    assert named["name"] == "Silver"


RATE = {"rate_type": "composite", "effective_date": "2026-01-01", "tiers": [{"tier": "employee_only", "rate": "1"}]}


async def test_an_action_takes_no_body(office: Office) -> None:
    assert await office.code("POST", f"/plans/{DENTAL}:present", {"x": 1}, If_Match="*") == (422, "unknown_field")


# ── The dashboard ────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(stage: str, day: str) -> dict[str, Any]:
    return {"stage": stage, "effective_date": day}


TODAY = date(2026, 11, 20)
DASHBOARD = [
    ("nothing, no date", None, [], [], "not_started", False),
    ("nothing, in time", "2026-12-20", [], [], "not_started", False),
    ("nothing, late by a day", "2026-12-19", [], [], "not_started", True),
    ("a request for proposals", "2027-06-01", [], [{}], "quoting", False),
    ("plans", None, [plan("explorer", "2026-12-19")], [], "quoting", True),
    (
        "a presentation",
        None,
        [plan("explorer", "2026-12-01"), plan("presentation", "2027-01-01")],
        [],
        "presenting",
        False,
    ),
    ("confirmed is never late", "2026-11-21", [plan("confirmed", "2026-12-01")], [], "confirmed", False),
]


@pytest.mark.parametrize(
    ("why", "renewal", "plans", "rfps", "status", "late"), DASHBOARD, ids=[row[0] for row in DASHBOARD]
)
def test_the_dashboard(why, renewal, plans, rfps, status, late) -> None:
    """Late: not confirmed 30 days before the renewal, which is estimated from the plans where none is set."""
    assert workflow(renewal, plans, rfps, TODAY) == {"status": status, "late": late}


def test_the_estimate_prefers_confirmed_plans_then_those_presented() -> None:
    plans = [plan("explorer", "2029-01-01"), plan("presentation", "2028-01-01"), plan("confirmed", "2027-01-01")]
    found = [renewal_estimated(plans[: at + 1]) for at in range(3)]
    assert found == [
        {"date": "2029-01-01", "from": "explorer"},
        {"date": "2028-01-01", "from": "presentation"},
        {"date": "2027-01-01", "from": "confirmed"},
    ]
    assert renewal_estimated([]) is None


async def test_a_group_shows_where_its_renewal_stands(office: Office) -> None:
    group = await office.ok("GET", f"/groups/{OTHER}")
    assert group["renewal_estimated"] == {"date": "2026-01-01", "from": "presentation"}
    assert group["workflow"] == {"status": "presenting", "late": True}
    group = await office.ok("PATCH", f"/groups/{OTHER}", {"next_renewal_date": "2027-06-01"}, If_Match='"1"')
    assert (group["renewal_estimated"], group["workflow"]["late"]) == (None, False)
