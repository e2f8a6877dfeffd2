"""Tokens, scopes, roles and limits."""

from __future__ import annotations

import asyncio
import base64

import pytest

from syncd.sandbox.perfectquote.access import LIFETIME_S, SCOPES
from tests.sandbox.office import DENTAL, GROUP, Office


async def test_a_token_lives_3600_s_on_the_sandbox_clock(office: Office) -> None:
    office.clock.advance(LIFETIME_S - 1)
    await office.ok("GET", "/groups")
    office.clock.advance(1)
    assert await office.code("GET", "/groups") == (401, "token_expired")


async def test_a_refused_token_says_how_to_authenticate(office: Office) -> None:
    answer = await office("GET", "/groups", Authorization="Basic eDp5")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_credentials_may_come_in_a_basic_header(office: Office) -> None:
    pair = f"{office.clients['client_id']}:{office.clients['client_secret']}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    answer = await office.client.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.headers["cache-control"] == "no-store"
    headers["Authorization"] = "Basic ?"
    answer = await office.client.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_token_is_asked_for_by_a_form_and_by_post(office: Office) -> None:
    assert (await office.client.post("/v1/oauth/token", json={})).json()["code"] == "unsupported_media"
    assert (await office.client.get("/v1/oauth/token")).status_code == 405


SCOPED = [
    ("GET", "/groups", None, "groups:read"),
    ("POST", "/groups", {"name": "x"}, "groups:write"),
    ("GET", "/plans", None, "plans:read"),
    ("PATCH", f"/plans/{DENTAL}", {"name": "x"}, "plans:write"),
    ("GET", "/changes", None, "plans:read"),
    ("POST", f"/groups/{GROUP}/quote-files", None, "files:write"),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), SCOPED)
async def test_each_call_needs_its_scope(office: Office, method, path, body, scope) -> None:
    await office.login(scope=" ".join(set(SCOPES) - {scope}))
    assert await office.code(method, path, body, If_Match="*") == (403, "scope_missing")
    await office.login(scope=scope)
    assert (await office(method, path, body, If_Match="*")).status_code != 403


async def test_a_reviewer_reads_everything_and_writes_nothing(office: Office) -> None:
    await office.login("reviewer")
    await office.ok("GET", f"/plans/{DENTAL}")
    for method, path in [
        ("PATCH", f"/plans/{DENTAL}"),
        ("POST", f"/groups/{GROUP}/censuses"),
        ("DELETE", f"/groups/{GROUP}"),
    ]:
        assert await office.code(method, path, {}, If_Match="*") == (403, "read_only_role")


async def test_a_user_who_is_disabled_is_out_at_once(office: Office) -> None:
    await office.edit("user", "sync", status="disabled")
    assert await office.code("GET", "/groups") == (403, "user_disabled")


async def test_a_tax_id_is_whole_only_for_those_who_may_see_it(office: Office) -> None:
    """A masked one that comes back in a patch is no change."""
    await office.edit("group", GROUP, tax_id="12-3456789")
    group = await office.ok("GET", f"/groups/{GROUP}")
    assert group["tax_id"] == "**-***6789"
    after = await office.ok("PATCH", f"/groups/{GROUP}", {"tax_id": group["tax_id"], "dba": "Mill"}, If_Match="*")
    assert after["dba"] == "Mill"
    await office.login(scope="groups:read groups:pii")
    assert (await office.ok("GET", f"/groups/{GROUP}"))["tax_id"] == "12-3456789"


async def test_120_requests_a_minute_then_a_pause_that_is_named(office: Office) -> None:
    for _ in range(120):
        await office.ok("GET", "/firm")
    answer = await office("GET", "/firm")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    await office.login()
    await office.ok("GET", "/firm")  # the limit is the token's


async def test_ten_requests_at_once(office: Office) -> None:
    await office.door("POST", "switches", {"work_s": 0.05})
    answers = await asyncio.gather(*(office("GET", "/firm") for _ in range(11)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429]
    await office.ok("GET", "/firm")
