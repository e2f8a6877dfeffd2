"""Pages, filters and the change feed: how a client sees everything, once, and what changed since."""

from __future__ import annotations

import pytest

from tests.sandbox.office import DENTAL, GROUP, LIFE, MEDICAL, OTHER, Office, plan_body

DAY = 24 * 3600


async def pages(office: Office, path: str) -> list[list[str]]:
    """Read a listing to its end; the ids of each page."""
    found, cursor = [], None
    while True:
        body = await office.ok("GET", path + (f"&cursor={cursor}" if cursor else ""))
        found.append([record["id"] for record in body["data"]])
        cursor = body["page"]["next_cursor"]
        assert body["page"]["has_more"] == (cursor is not None)
        if cursor is None:
            return found


async def test_pages_cover_everything_once(office: Office) -> None:
    found = await pages(office, "/plans?limit=2")
    assert [len(page) for page in found] == [2, 2]
    assert len(await pages(office, "/plans?limit=200")) == 1


async def test_an_insert_between_two_pages_shifts_nothing(office: Office) -> None:
    first = await office.ok("GET", f"/groups/{GROUP}/plans?limit=2")
    made = await office.ok("POST", f"/groups/{GROUP}/plans", plan_body())
    rest = await office.ok("GET", f"/groups/{GROUP}/plans?limit=2&cursor={first['page']['next_cursor']}")
    ids = [plan["id"] for plan in first["data"] + rest["data"]]
    assert ids == [MEDICAL, DENTAL, LIFE, made["id"]]


async def test_a_deletion_between_two_pages_loses_nothing(office: Office) -> None:
    first = await office.ok("GET", f"/groups/{GROUP}/plans?limit=2")
    await office.ok("DELETE", f"/plans/{MEDICAL}", If_Match="*")
    rest = await office.ok("GET", f"/groups/{GROUP}/plans?limit=2&cursor={first['page']['next_cursor']}")
    assert [plan["id"] for plan in rest["data"]] == [LIFE]


async def test_what_changes_during_paging_is_seen_again_at_the_end(office: Office) -> None:
    """By `updated_since` a plan touched after its page was read moves behind the cursor and comes once more."""
    await office.fault("moving_page", match="GET /v1/groups/{id}/plans")
    office.clock.advance(1)
    path = f"/groups/{GROUP}/plans?limit=1&updated_since=2026-11-01T00:00:00Z"
    ids = [plan for page in await pages(office, path) for plan in page]
    assert ids[-1] == ids[0]
    assert sorted(set(ids)) == sorted({MEDICAL, DENTAL, LIFE})


@pytest.mark.parametrize("query", ["q=mill", "limit=3&q=lake"])
async def test_a_cursor_is_refused_with_other_filters(office: Office, query: str) -> None:
    await office.ok("POST", "/groups", {"name": "Third"})
    cursor = (await office.ok("GET", "/groups?limit=1"))["page"]["next_cursor"]
    await office.ok("GET", f"/groups?limit=2&cursor={cursor}")
    assert await office.code("GET", f"/groups?{query}&cursor={cursor}") == (400, "bad_cursor")
    assert await office.code("GET", f"/plans?cursor={cursor}") == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/groups?q=MILL", [GROUP]),
        ("/groups?workflow_status=presenting", [OTHER]),
        ("/groups?workflow_status=confirmed", [GROUP]),
        ("/groups?renewal_from=2026-01-01&renewal_to=2026-01-01", [GROUP, OTHER]),
        ("/groups?renewal_from=2026-01-02", []),
        ("/groups?bp_account_id=77", []),
        ("/plans?plan_type=dental", [DENTAL]),
        ("/plans?stage=confirmed", [LIFE]),
        ("/plans?position=current", []),
        ("/plans?carrier_id=car_none", []),
        ("/plans?effective_from=2026-01-02", []),
        ("/plans?effective_to=2026-01-01&plan_type=medical", [MEDICAL]),
        (f"/groups/{OTHER}/plans?expand=rates", ["pln_vision"]),
    ],
)
async def test_filters(office: Office, path: str, ids: list[str]) -> None:
    assert [record["id"] for record in (await office.ok("GET", path))["data"]] == ids


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=x", "colour=red", "include_deleted=yes", "updated_since=yesterday"),
        *("updated_since=2026-11-20T12:00:00", "workflow_status=done", "renewal_from=2026-13-01"),
    ],
)
async def test_a_filter_that_is_not_understood_is_refused(office: Office, query: str) -> None:
    assert await office.code("GET", f"/groups?{query}") == (400, "bad_filter")


async def test_blocks_come_with_a_listing_only_when_asked_for(office: Office) -> None:
    plain = (await office.ok("GET", "/plans"))["data"][0]
    asked = (await office.ok("GET", "/plans?expand=rates,benefits"))["data"][0]
    assert plain.keys() & {"rates", "benefits", "contributions"} == set()
    assert asked.keys() & {"rates", "benefits", "contributions"} == {"rates", "benefits"}
    assert await office.code("GET", "/plans?expand=prices") == (400, "bad_filter")


async def test_updated_since_is_inclusive_and_sorted_by_change(office: Office) -> None:
    office.clock.advance(60)
    await office.edit("plan", DENTAL, name="Later")
    office.clock.advance(60)
    await office.edit("plan", MEDICAL, name="Latest")
    at = (await office.ok("GET", f"/plans/{DENTAL}"))["updated_at"]
    found = await office.ok("GET", f"/plans?updated_since={at}")
    assert [plan["id"] for plan in found["data"]] == [DENTAL, MEDICAL]


async def test_a_deleted_plan_answers_410_and_is_listed_for_90_days_on_request(office: Office) -> None:
    await office.ok("DELETE", f"/plans/{DENTAL}", If_Match='"1"')
    gone = await office("GET", f"/plans/{DENTAL}")
    assert (gone.status_code, gone.json()["deleted_at"]) == (410, "2026-11-20T12:00:00.000Z")
    assert await office.code("PATCH", f"/plans/{DENTAL}", {"name": "x"}, If_Match="*") == (410, "deleted")
    assert DENTAL not in str(await office.ok("GET", "/plans"))
    assert DENTAL in str(await office.ok("GET", "/plans?include_deleted=true"))
    office.clock.advance(91 * DAY)
    await office.login()
    assert DENTAL not in str(await office.ok("GET", "/plans?include_deleted=true"))


# ── The feed ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_write_is_one_event_with_its_fields_rev_and_actor(office: Office) -> None:
    await office.ok("PATCH", f"/plans/{DENTAL}", {"name": "New", "notes": "n"}, If_Match='"1"')
    await office.edit("plan", MEDICAL, rates={"sets": []})
    made = await office.ok("POST", f"/groups/{GROUP}/plans", plan_body())
    await office.ok("POST", f"/plans/{made['id']}:present", If_Match='"1"')
    await office.ok("DELETE", f"/plans/{made['id']}", If_Match='"2"')
    events = (await office.ok("GET", "/changes?after=0"))["data"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert [(event["op"], event["id"], event["rev"], event["actor"]) for event in events] == [
        ("updated", DENTAL, 2, "usr_sync"),
        ("updated", MEDICAL, 2, "usr_dana"),
        ("created", made["id"], 1, "usr_sync"),
        ("updated", made["id"], 2, "usr_sync"),
        ("deleted", made["id"], 3, "usr_sync"),
    ]
    assert [events[at]["fields"] for at in (0, 1, 3)] == [["name", "notes"], ["rates"], ["stage"]]


async def test_what_changes_nothing_is_no_write_and_no_event(office: Office) -> None:
    answer = await office("PATCH", f"/plans/{DENTAL}", {"name": "Dental"}, If_Match='"1"')
    assert answer.headers["etag"] == '"1"'
    assert (await office.ok("GET", "/changes?after=0"))["data"] == []


async def test_the_feed_goes_on_where_a_client_stopped(office: Office) -> None:
    for name in "abc":
        await office.edit("plan", DENTAL, name=name)
    first = await office.ok("GET", "/changes?after=0&limit=2")
    assert first["page"] == {"next_cursor": "2", "has_more": True, "last_seq": 3}
    rest = await office.ok("GET", "/changes?after=2&limit=2")
    assert rest == await office.ok("GET", "/changes?cursor=2&limit=2")
    assert ([event["seq"] for event in rest["data"]], rest["page"]["has_more"]) == ([3], False)
    assert (await office.ok("GET", "/changes?after=3"))["data"] == []


async def test_the_feed_keeps_30_days_and_says_when_something_is_missing(office: Office) -> None:
    await office.edit("plan", DENTAL, name="a")
    await office.edit("plan", DENTAL, name="b")
    office.clock.advance(30 * DAY - 1)
    await office.edit("plan", DENTAL, name="c")
    office.clock.advance(2)
    await office.login()
    gone = await office("GET", "/changes?after=1")
    assert (gone.status_code, gone.json()["oldest_seq"], gone.json()["last_seq"]) == (410, 3, 3)
    kept = await office.ok("GET", "/changes?after=2")
    assert [event["seq"] for event in kept["data"]] == [3]
    assert kept == await office.ok("GET", "/changes"), "without a cursor: all that is kept"


async def test_a_cursor_beyond_the_last_event_is_refused(office: Office) -> None:
    """After a restore from a backup the client's cursor lies in a future that never was."""
    backup = await office.door("GET", "snapshot")
    await office.edit("plan", DENTAL, name="a")
    await office.door("POST", "restore", backup)
    assert await office.code("GET", "/changes?after=1") == (410, "cursor_expired")


async def test_faults_of_the_feed(office: Office) -> None:
    await office.edit("plan", DENTAL, name="a")
    await office.fault("duplicate_events")
    assert [event["seq"] for event in (await office.ok("GET", "/changes?after=0"))["data"]] == [1, 1]
    await office.fault("feed_gap")
    assert await office.code("GET", "/changes?after=0") == (410, "cursor_expired")
    assert len((await office.ok("GET", "/changes?after=0"))["data"]) == 1


# ── Listings that lie ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_list_may_come_back_empty_or_short_and_look_complete(office: Office) -> None:
    end = {"next_cursor": None, "has_more": False}
    await office.fault("empty_list", match="GET /v1/groups/{id}/plans")
    assert await office.ok("GET", f"/groups/{GROUP}/plans") == {"data": [], "page": end}
    await office.fault("partial_list", match="GET /v1/groups/{id}/plans")
    short = await office.ok("GET", f"/groups/{GROUP}/plans")
    assert (len(short["data"]), short["page"]) == (1, end)
    assert len((await office.ok("GET", f"/groups/{GROUP}/plans"))["data"]) == 3


async def test_a_lying_stamp_hides_an_edit_from_everything_but_a_full_read(office: Office) -> None:
    before = await office.ok("GET", f"/plans/{DENTAL}")
    await office.fault("lying_stamp", match="edit")
    office.clock.advance(60)
    await office.edit("plan", DENTAL, name="Changed in silence")
    after = await office.ok("GET", f"/plans/{DENTAL}")
    assert (after["name"], after["rev"], after["updated_at"]) == ("Changed in silence", 1, before["updated_at"])
    assert (await office.ok("GET", "/changes?after=0"))["data"] == []


async def test_a_token_may_die_between_two_pages(office: Office) -> None:
    await office.fault("session_expiry", match="GET /v1/plans", after=1)
    first = await office.ok("GET", "/plans?limit=2")
    path = f"/plans?limit=2&cursor={first['page']['next_cursor']}"
    assert await office.code("GET", path) == (401, "token_expired")
    await office.login()
    assert len((await office.ok("GET", path))["data"]) == 2
