"""ETags, conditional requests, idempotency keys: what keeps two writers from undoing each other."""

from __future__ import annotations

import pytest

from tests.sandbox.office import DENTAL, GROUP, LIFE, MEDICAL, Office, plan_body, rate_set


async def test_a_plan_and_its_blocks_share_one_etag(office: Office) -> None:
    tags = [(await office("GET", f"/plans/{MEDICAL}{block}")).headers["etag"] for block in ("", "/rates", "/benefits")]
    await office.ok("PUT", f"/plans/{MEDICAL}/rates", {"sets": [rate_set()]}, If_Match=tags[0])
    after = [(await office("GET", f"/plans/{MEDICAL}{block}")).headers["etag"] for block in ("", "/rates", "/benefits")]
    assert (set(tags), set(after)) == ({'"1"'}, {'"2"'})


@pytest.mark.parametrize(
    ("known", "status"), [('"1"', 304), ('W/"1"', 304), ('"8", "1"', 304), ("*", 304), ('"2"', 200)]
)
async def test_a_client_that_has_the_plan_already_gets_304_without_a_body(office, known, status) -> None:
    answer = await office("GET", f"/plans/{MEDICAL}", If_None_Match=known)
    assert (answer.status_code, bool(answer.content)) == (status, status == 200)


WRITES = [
    ("PUT", f"/plans/{MEDICAL}", plan_body()),
    ("PATCH", f"/plans/{MEDICAL}", {"name": "x"}),
    ("DELETE", f"/plans/{MEDICAL}", None),
    ("PUT", f"/plans/{MEDICAL}/benefits", {"variants": []}),
    ("PUT", f"/plans/{MEDICAL}/rates", {"sets": []}),
    ("PUT", f"/plans/{MEDICAL}/contributions", {"sets": []}),
    *(("POST", f"/plans/{MEDICAL}:{action}", None) for action in ("present", "withdraw", "confirm", "unconfirm")),
    *(("POST", f"/plans/{MEDICAL}:{action}", None) for action in ("favorite", "unfavorite", "copy")),
    ("PATCH", f"/groups/{GROUP}", {"name": "x"}),
    ("DELETE", f"/groups/{GROUP}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=[f"{verb} {path}" for verb, path, _ in WRITES])
async def test_every_change_needs_the_etag_that_was_read(office: Office, method, path, body) -> None:
    """Missing is 428, stale 412 with the current one; neither changes anything."""
    before = (await office.door("GET", "snapshot"))["store"]
    assert await office.code(method, path, body) == (428, "if_match_required")
    stale = await office(method, path, body, If_Match='"9"')
    assert (stale.status_code, stale.json()["current_etag"]) == (412, '"1"')
    assert (await office.door("GET", "snapshot"))["store"] == before


async def test_a_weak_etag_matches_nothing(office: Office) -> None:
    assert await office.code("PATCH", f"/plans/{DENTAL}", {"name": "x"}, If_Match='W/"1"') == (412, "stale_etag")


async def test_the_second_of_two_writers_is_refused(office: Office) -> None:
    """Both read rev 1; the second write names it and gets 412 instead of undoing the first."""
    first = await office("PATCH", f"/plans/{DENTAL}", {"name": "First"}, If_Match='"1"')
    assert first.headers["etag"] == '"2"'
    assert await office.code("PATCH", f"/plans/{DENTAL}", {"name": "Second"}, If_Match='"1"') == (412, "stale_etag")
    assert (await office.ok("GET", f"/plans/{DENTAL}"))["name"] == "First"


async def test_a_repeated_post_gives_the_first_answer_and_makes_nothing(office: Office) -> None:
    path, body = f"/groups/{GROUP}/plans", plan_body()
    first = await office("POST", path, body, Idempotency_Key="run-1")
    again = await office("POST", path, body, Idempotency_Key="run-1")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert again.headers["etag"] == first.headers["etag"]
    assert len((await office.ok("GET", path))["data"]) == 4


async def test_a_lost_reply_is_found_again_by_its_key(office: Office) -> None:
    """The plan was made, the connection died; the repeat under the same key finds it instead of making a twin."""
    path, body = f"/groups/{GROUP}/plans", plan_body()
    await office.fault("lost_reply", match="POST *")
    with pytest.raises(ConnectionResetError):
        await office("POST", path, body, Idempotency_Key="run-2")
    again = await office("POST", path, body, Idempotency_Key="run-2")
    assert again.headers["idempotency-replayed"] == "true"
    assert [plan["name"] for plan in (await office.ok("GET", path))["data"]].count("Gold") == 1


async def test_a_key_belongs_to_one_request_of_one_client_for_a_day(office: Office) -> None:
    await office.ok("POST", "/groups", {"name": "One"}, Idempotency_Key="k")
    assert await office.code("POST", "/groups", {"name": "Two"}, Idempotency_Key="k") == (409, "idempotency_mismatch")
    mismatch = await office.code("POST", f"/plans/{DENTAL}:favorite", Idempotency_Key="k", If_Match='"1"')
    assert mismatch == (409, "idempotency_mismatch")
    office.clock.advance(24 * 3600 + 1)
    await office.login()
    await office.ok("POST", "/groups", {"name": "Two"}, Idempotency_Key="k")


async def test_a_refused_post_is_not_remembered(office: Office) -> None:
    """Nothing was done, so the corrected circumstances count: here the right If-Match under the same key."""
    await office.code("POST", f"/plans/{DENTAL}:favorite", Idempotency_Key="k", If_Match='"5"')
    assert (await office.ok("POST", f"/plans/{DENTAL}:favorite", Idempotency_Key="k", If_Match='"1"'))["favorite"]


async def test_a_confirmed_plan_is_edited_on_purpose_only(office: Office) -> None:
    for method, path, body in [
        ("PATCH", f"/plans/{LIFE}", {"name": "x"}),
        ("PUT", f"/plans/{LIFE}/rates", {"sets": []}),
        ("DELETE", f"/plans/{LIFE}", None),
    ]:
        assert await office.code(method, path, body, If_Match="*") == (409, "plan_confirmed")
    named = await office.ok("PATCH", f"/plans/{LIFE}", {"name": "x"}, If_Match="*", X_Allow_Confirmed_Edit="true")
    assert (named["name"], named["stage"]) == ("x", "confirmed")
