"""A person at the screen: the back door in PerfectQuote's own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.office import CARRIER, DENTAL, GROUP, LIFE, Office, plan_body


async def test_a_person_edits_even_a_confirmed_plan(office: Office) -> None:
    plan = await office.edit("plan", LIFE, notes="called the carrier")
    assert (plan["notes"], plan["rev"], plan["updated_by"], plan["stage"]) == (
        *("called the carrier", 2, "usr_dana", "confirmed"),
    )


async def test_a_person_makes_and_deletes(office: Office) -> None:
    group = await office.edit("group", None, name="Walk-in")
    plan = await office.edit("plan", None, group_id=group["id"], **plan_body())
    assert (plan["source"], plan["stage"], plan["rates"]) == ("manual", "explorer", {"sets": []})
    await office.door("POST", "edit", {"kind": "group", "id": group["id"], "as": "omar", "delete": True})
    assert await office.code("GET", f"/plans/{plan['id']}") == (410, "deleted")
    last = (await office.ok("GET", "/changes?after=3"))["data"][-1]
    assert (last["op"], last["actor"]) == ("deleted", "usr_omar")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "plan", "id": DENTAL, "set": {"carrier_id": "car_none"}}, "/carrier_id: car_none is not a carrier"),
    ({"kind": "plan", "id": DENTAL, "set": {"colour": 1}}, "'colour'"),
    ({"kind": "plan", "id": DENTAL, "set": {"stage": "sold"}}, "one of explorer, presentation, confirmed"),
    ({"kind": "plan", "id": "pln_none", "set": {}}, "no plan pln_none"),
    ({"kind": "plan", "set": plan_body()}, "needs the group_id"),
    ({"kind": "planet", "id": "x"}, "group, plan, quote_file or user"),
    ({"kind": "plan", "id": DENTAL, "as": "nobody", "set": {}}, "no user 'nobody': sync, dana"),
    ({"kind": "plan", "id": DENTAL, "sett": {}}, "unknown field 'sett'"),
    ({"kind": "user", "id": "dana", "set": {"salary": 1}}, "a user has"),
    ({"kind": "group", "id": GROUP, "set": ["x"]}, "an object"),
]


@pytest.mark.parametrize(("body", "says"), REFUSED)
async def test_what_the_screen_refuses(office: Office, body: dict[str, Any], says: str) -> None:
    answer = await office.client.post("/__sandbox/edit", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["error"]


async def test_reset_goes_back_to_the_seed_and_forgets_everyone(office: Office) -> None:
    before = await office.door("GET", "snapshot")
    await office.edit("plan", DENTAL, carrier_id=CARRIER)
    await office.door("POST", "switches", {"requests_per_minute": 5})
    await office.fault("latency", seconds=9)
    await office.door("POST", "reset")
    assert await office.door("GET", "snapshot") == before
    assert (await office.door("GET", "faults"))["faults"] == []
    assert await office.code("GET", "/groups") == (401, "token_revoked")


async def test_a_snapshot_is_taken_back_and_nobody_is_logged_off(office: Office) -> None:
    await office.edit("plan", DENTAL, name="Kept")
    kept = await office.door("GET", "snapshot")
    await office.edit("plan", DENTAL, name="Lost")
    await office.door("POST", "restore", kept)
    assert (await office.ok("GET", f"/plans/{DENTAL}"))["name"] == "Kept"
    assert await office.door("GET", "snapshot") == kept
    answer = await office.client.post("/__sandbox/restore", json={"store": {}})
    assert (answer.status_code, "not a snapshot" in answer.json()["error"]) == (422, True)


async def test_perfectquote_tidies_what_the_api_writes_and_no_persons_edit(office: Office) -> None:
    """B3: the same over REST, by patch and by create."""
    await office.door("POST", "switches", {"tidy": {"case": "upper", "escape": True}})
    (group, *_) = (await office.ok("GET", "/groups"))["data"]
    await office.ok("PATCH", f"/groups/{group['id']}", {"dba": "Mill & Co"}, If_Match="*")
    assert (await office.ok("GET", f"/groups/{group['id']}"))["dba"] == "MILL &amp; CO"
    await office.edit("group", group["id"], dba="Mill & Co")
    assert (await office.ok("GET", f"/groups/{group['id']}"))["dba"] == "Mill & Co"
