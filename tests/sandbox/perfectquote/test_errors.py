"""Every code of the contract's error table is reached, and looks as RFC 9457 says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from syncd.sandbox.perfectquote.problems import CODES
from tests.sandbox.office import DENTAL, GROUP, LIFE, MEDICAL, Office, contribution_set, plan_body, rate_set

Ask = Callable[[Office], Awaitable[Any]]


async def token_revoked(office: Office) -> Any:
    office.token = "made-up"
    return await office("GET", "/groups")


async def token_expired(office: Office) -> Any:
    office.clock.advance(3600)
    return await office("GET", "/groups")


async def wrong_secret(office: Office) -> Any:
    form = {"grant_type": "client_credentials", "client_id": "pq-sync", "client_secret": "guess"}
    return await office.client.post("/v1/oauth/token", data=form)


async def wrong_grant(office: Office) -> Any:
    form = {"grant_type": "password", **{name: office.clients[name] for name in ("client_id", "client_secret")}}
    return await office.client.post("/v1/oauth/token", data=form)


async def wrong_scope(office: Office) -> Any:
    form = {"grant_type": "client_credentials", "scope": "moon:read"}
    form |= {name: office.clients[name] for name in ("client_id", "client_secret")}
    return await office.client.post("/v1/oauth/token", data=form)


def as_client(of: str, method: str, path: str, body: Any = None, scope: str | None = None) -> Ask:
    async def ask(office: Office) -> Any:
        await office.login(of, scope)
        return await office(method, path, body, If_Match='"1"')

    return ask


def plain(method: str, path: str, body: Any = None, **headers: str) -> Ask:
    async def ask(office: Office) -> Any:
        return await office(method, path, body, **headers)

    return ask


def posted(body: Any) -> Ask:
    return plain("POST", f"/groups/{GROUP}/plans", body)


def raw(content: bytes, media_type: str) -> Ask:
    async def ask(office: Office) -> Any:
        headers = {"Authorization": f"Bearer {office.token}", "Content-Type": media_type}
        return await office.client.post("/v1/groups", content=content, headers=headers)

    return ask


def broken_by(kind: str) -> Ask:
    async def ask(office: Office) -> Any:
        await office.fault(kind, seconds=3)
        return await office("GET", "/groups")

    return ask


async def deleted(office: Office) -> Any:
    await office.ok("DELETE", f"/plans/{DENTAL}", If_Match='"1"')
    return await office("GET", f"/plans/{DENTAL}")


async def expired_feed(office: Office) -> Any:
    await office.edit("plan", DENTAL, name="Other")
    office.clock.advance(31 * 24 * 3600)
    await office.login()
    return await office("GET", "/changes?after=0")


async def key_used_twice(office: Office) -> Any:
    await office.ok("POST", "/groups", {"name": "One"}, Idempotency_Key="k")
    return await office("POST", "/groups", {"name": "Two"}, Idempotency_Key="k")


async def connected(office: Office) -> Any:
    await office.edit("group", GROUP, bp_account={"account_id": "77", "account_number": None, "name": "Mill"})
    return await office("DELETE", f"/groups/{GROUP}", If_Match="*")


async def limited(office: Office) -> Any:
    await office.door("POST", "switches", {"requests_per_minute": 1})
    await office("GET", "/groups")
    return await office("GET", "/groups")


AMOUNT = {"tier": "employee_only", "amount": "500.01"}
PART_AND_TIER = {"tier": "employee_only", "part": "employee", "amount": "1"}
THREE_TIERS = [{"tier": tier, "rate": "1"} for tier in ("employee_only", "employee_children", "employee_family")]

REACHED: list[tuple[str, Ask]] = [
    ("bad_cursor", plain("GET", "/groups?cursor=!!")),
    ("bad_filter", plain("GET", "/plans?plan_type=pets")),
    ("malformed_json", raw(b"{", "application/json")),
    ("malformed_json", raw(b"[]", "application/json")),
    ("token_missing", plain("GET", "/groups", Authorization="")),
    ("token_revoked", token_revoked),
    ("token_expired", token_expired),
    ("invalid_client", wrong_secret),
    ("unsupported_grant_type", wrong_grant),
    ("invalid_scope", wrong_scope),
    ("scope_missing", as_client("sync", "POST", "/groups", {"name": "x"}, scope="groups:read")),
    ("read_only_role", as_client("reviewer", "POST", f"/plans/{DENTAL}:favorite")),
    ("user_disabled", as_client("disabled", "GET", "/groups")),
    ("not_found", plain("GET", "/plans/pln_none")),
    ("not_found", plain("GET", "/benefitpoint/accounts")),
    ("method_not_allowed", plain("DELETE", "/carriers")),
    ("deleted", deleted),
    ("cursor_expired", expired_feed),
    ("idempotency_mismatch", key_used_twice),
    ("already_connected", connected),
    ("plan_confirmed", plain("PATCH", f"/plans/{LIFE}", {"name": "x"}, If_Match='"1"')),
    ("stale_etag", plain("PATCH", f"/plans/{DENTAL}", {"name": "x"}, If_Match='"7"')),
    ("if_match_required", plain("PATCH", f"/plans/{DENTAL}", {"name": "x"})),
    ("too_large", raw(b" " * (2 * 1024 * 1024 + 1), "application/json")),
    ("unsupported_media", raw(b"name: x", "application/yaml")),
    ("unknown_field", posted(plan_body(colour="red"))),
    ("invalid_value", posted(plan_body(effective_date="01/01/2027"))),
    ("one_of", posted(plan_body(contributions={"sets": [contribution_set(PART_AND_TIER)]}))),
    ("tier_mismatch", posted(plan_body(rates={"sets": [rate_set(tiers=THREE_TIERS)]}))),
    (
        "contribution_exceeds_premium",
        posted(plan_body(rates={"sets": [rate_set()]}, contributions={"sets": [contribution_set(AMOUNT)]})),
    ),
    ("unknown_carrier", posted(plan_body(carrier_id="car_none"))),
    ("type_mismatch", plain("PATCH", f"/plans/{MEDICAL}", {"plan_type": "vision"}, If_Match='"1"')),
    ("rate_limited", limited),
    ("rate_limited", broken_by("status_429")),
    ("internal", broken_by("status_500")),
    ("maintenance", broken_by("status_503")),
]


@pytest.mark.parametrize(("code", "ask"), REACHED, ids=[f"{at}-{code}" for at, (code, _) in enumerate(REACHED)])
async def test_each_refusal_is_a_problem_with_its_status_and_code(office: Office, code: str, ask: Ask) -> None:
    answer = await ask(office)
    problem = answer.json()
    status, title = CODES[code]
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() >= {"type", "title", "status", "code", "detail", "request_id", "errors"}
    assert (problem["status"], problem["title"]) == (status, title)
    assert all(error.keys() == {"pointer", "code", "message"} for error in problem["errors"])
    if status == 422:
        assert problem["errors"], "a 422 names the field"
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1


def test_the_table_above_leaves_no_code_out() -> None:
    """A 502 comes from a gateway and is HTML, see test_wire."""
    assert {code for code, _ in REACHED} | {"bad_gateway"} == CODES.keys()


async def test_a_request_id_is_echoed_in_header_and_problem(office: Office) -> None:
    answer = await office("GET", "/plans/pln_none", X_Request_Id="abc-1")
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("abc-1", "abc-1")


async def test_a_problem_names_every_wrong_field_by_pointer(office: Office) -> None:
    body = plan_body(colour="red", rates={"sets": [rate_set(frequency="daily")]})
    answer = await office("POST", f"/groups/{GROUP}/plans", body)
    pointers = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert pointers == {"/colour": "unknown_field"}  # names come first, values once the names are right
    del body["colour"]
    answer = await office("POST", f"/groups/{GROUP}/plans", body)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/rates/sets/0/frequency"]
