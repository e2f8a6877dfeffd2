"""Groups, requests for proposals, quote files, the export, and what is only read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.office import CARRIER, DENTAL, GROUP, MEDICAL, Office


async def test_a_group_is_made_changed_and_deleted_with_its_plans(office: Office) -> None:
    made = await office("POST", "/groups", {"name": "New", "address": {"state": "OH"}})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    path = made.headers["location"].removeprefix("/v1")
    assert (await office.ok("GET", path))["workflow"] == {"status": "not_started", "late": False}
    await office.ok("DELETE", f"/groups/{GROUP}", If_Match='"1"')
    assert await office.code("GET", f"/groups/{GROUP}/plans") == (410, "deleted")
    assert await office.code("GET", f"/plans/{DENTAL}") == (410, "deleted")
    ops = [(event["type"], event["op"]) for event in (await office.ok("GET", "/changes?after=1"))["data"]]
    assert ops == [("plan", "deleted")] * 3 + [("group", "deleted")]


async def test_a_connected_group_is_deleted_on_purpose_only(office: Office) -> None:
    await office.edit("group", GROUP, bp_account={"account_id": "77", "account_number": None, "name": "Mill"})
    assert [one["id"] for one in (await office.ok("GET", "/groups?bp_account_id=77"))["data"]] == [GROUP]
    await office.ok("DELETE", f"/groups/{GROUP}?disconnect=true", If_Match='"2"')


async def test_a_request_for_proposals_starts_the_quoting(office: Office) -> None:
    group = await office.ok("POST", "/groups", {"name": "New"})
    path = f"/groups/{group['id']}"
    sent = {"status": "sent", "plan_types": ["medical"], "carrier_ids": [CARRIER]}
    made = await office.ok("POST", f"{path}/rfps", sent)
    assert (await office.ok("GET", f"{path}/rfps"))["data"] == [made]
    assert (await office.ok("GET", path))["workflow"]["status"] == "quoting"
    assert await office.code("POST", f"{path}/rfps", {"carrier_ids": ["car_none"]}) == (422, "unknown_carrier")


FILES = [
    ("quote.pdf", b"%PDF-1.7 ...", "in_support_review", None),
    ("quote.pdf", b"scanned", "rejected", "unreadable_pdf"),
    ("quote.xlsx", b"PK\x03\x04...", "in_support_review", None),
    ("quote.docx", b"...", "rejected", "unsupported_format"),
    ("quote.txt", b"...", "rejected", "unsupported_format"),
]


@pytest.mark.parametrize(("name", "content", "status", "reason"), FILES)
async def test_a_quote_file_is_judged_after_a_while(office: Office, name, content, status, reason) -> None:
    headers = {"Authorization": f"Bearer {office.token}"}
    files = {"file": (name, content, "application/octet-stream")}
    made = await office.client.post(f"/v1/groups/{GROUP}/quote-files", files=files, headers=headers)
    assert (made.status_code, made.json()["status"], made.json()["size"]) == (202, "uploaded", len(content))
    path = f"/quote-files/{made.json()['id']}"
    office.clock.advance(6)
    assert (await office.ok("GET", path))["status"] == "processing"
    office.clock.advance(30)
    found = await office.ok("GET", path)
    assert (found["status"], found["reject_reason"]) == (status, reason)


async def test_staff_decide_on_a_quote_file_by_the_back_door(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.token}"}
    files = {"file": ("q.pdf", b"%PDF-", "application/pdf")}
    made = (await office.client.post(f"/v1/groups/{GROUP}/quote-files", files=files, headers=headers)).json()
    await office.edit("quote_file", made["id"], status="rejected", reject_reason="renewal_letter")
    assert (await office.ok("GET", f"/quote-files/{made['id']}"))["reject_reason"] == "renewal_letter"


async def test_an_upload_is_multipart_and_has_a_file(office: Office) -> None:
    path = f"/groups/{GROUP}/quote-files"
    assert await office.code("POST", path, {}) == (415, "unsupported_media")
    headers = {"Authorization": f"Bearer {office.token}"}
    answer = await office.client.post(f"/v1{path}", files={"other": ("a.pdf", b"x")}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file")


async def test_the_export_sets_plans_side_by_side(office: Office) -> None:
    export = await office.ok("GET", f"/groups/{GROUP}/export?format=json")
    rows = {row["field"]: row["values"] for row in export["rows"]}
    assert [column["plan_id"] for column in export["plans"]][:2] == [MEDICAL, DENTAL]
    assert rows["name"] == ["Medical", "Dental", "Life"]
    assert rows["rates.sets.0.tiers.1.rate"] == ["1500.00", None, None]
    assert await office.code("GET", f"/groups/{GROUP}/export?format=xlsx") == (400, "bad_filter")


async def data(office: Office, path: str) -> list[dict[str, Any]]:
    return list((await office.ok("GET", path))["data"])


async def test_what_is_only_read(office: Office) -> None:
    assert [one["id"] for one in await data(office, "/carriers?q=acme")] == [CARRIER]
    assert {one["code"] for one in await data(office, "/benefit-fields?plan_type=dental")} >= {
        "annual_max",
        "ortho_max",
    }
    assert len(await data(office, "/benefit-fields?limit=200")) > 50
    assert {one["plan_type"] for one in await data(office, "/plan-templates")} == {
        *("medical", "dental", "vision", "basic_life", "voluntary_life", "std", "ltd")
    }
    assert {one["role"] for one in await data(office, "/users")} == {"firm_user", "firm_reviewer"}
    assert (await office.ok("GET", "/firm"))["now"] == "2026-11-20T12:00:00.000Z"
