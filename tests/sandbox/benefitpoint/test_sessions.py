"""Logging in, staying logged in, being thrown out."""

from __future__ import annotations

import pytest

from tests.sandbox.benefitpoint.conftest import LOGIN, V4, Desk, envelope, fault_of, xml

DEAD = ("soapenv:Server", "The session is not valid or has expired.")
WRONG = ("soapenv:Client", "The user name or password is not valid.")
LOCKED = ("soapenv:Client", "The user is locked. Try again later or ask an administrator.")


async def test_login_gives_a_session_that_echo_repeats(desk: Desk):
    answer = await desk.login_call("echo")
    assert answer.status_code == 200
    assert f"<sessionID>{desk.session}</sessionID>" in answer.text


async def test_the_current_user_is_the_web_service_user(desk: Desk):
    assert "<username>ws.syncd@example-brokerage.test</username>" in (await desk.login_call("getCurrentUser")).text


async def test_after_a_logout_the_session_is_dead(desk: Desk):
    assert (await desk.login_call("logout")).status_code == 200
    assert fault_of(await desk.login_call("echo")) == DEAD
    assert await desk.fault("findAccounts", "<criteria/>") == DEAD
    assert fault_of(await desk.login_call("logout")) == DEAD


@pytest.mark.parametrize(
    ("why", "header"),
    [
        ("no header", ""),
        ("an unknown session", "<b:SessionIdHeader><sessionId>none</sessionId></b:SessionIdHeader>"),
        ("the login's spelling in the header", "<b:SessionIdHeader><sessionID>{}</sessionID></b:SessionIdHeader>"),
        ("a qualified child", "<b:SessionIdHeader><b:sessionId>{}</b:sessionId></b:SessionIdHeader>"),
        (
            "a header of the other revision",
            '<v:SessionIdHeader xmlns:v="{}_3"><sessionId>{}</sessionId></v:SessionIdHeader>',
        ),
    ],
)
async def test_a_call_without_a_live_session_in_the_right_place_is_a_fault(desk: Desk, why: str, header: str):
    filled = header.replace("{}_3", f"{V4}_3").replace("{}", desk.session)
    message = envelope(V4, "findAccounts", "<criteria/>").replace(
        "<s:Header></s:Header>", f"<s:Header>{filled}</s:Header>"
    )
    assert fault_of(await desk.post("BrokerConnectV4SOAP", message)) == DEAD


async def test_an_idle_session_dies_and_a_used_one_lives_on(desk: Desk):
    await desk.switch(session_ttl_s=600)
    for _ in range(3):
        desk.clock.advance(500)
        await desk.ok("findAccounts", "<criteria/>")
    desk.clock.advance(601)
    assert await desk.fault("findAccounts", "<criteria/>") == DEAD


@pytest.mark.parametrize(("only_one", "first_lives"), [(False, True), (True, False)])
async def test_a_second_login_ends_the_first_session_only_where_that_is_so(
    desk: Desk, only_one: bool, first_lives: bool
):
    first = desk.session
    await desk.switch(one_session_only=only_one)
    await desk.login()
    assert desk.session != first
    assert ((await desk.login_call("echo", first)).status_code == 200) is first_lives


async def test_wrong_passwords_lock_the_user_even_for_the_right_one(desk: Desk):
    await desk.switch(lockout_after=3)
    for _ in range(3):
        assert fault_of(await desk.login("guess")) == WRONG
    assert fault_of(await desk.login()) == LOCKED
    assert (await desk.login_call("echo")).status_code == 200, "a session that was open stays open"
    user = (await desk.ok("getUser", xml("userID", desk.served.vendor._tenant.catalogue.user_ids["ws"])))["user"]
    assert user["lastLockoutOn"] == "2026-11-20T04:00:00.000-08:00"
    desk.clock.advance(1801)
    assert (await desk.login()).status_code == 200


async def test_a_wrong_name_locks_nobody(desk: Desk):
    await desk.switch(lockout_after=1)
    stranger = xml("username", "nobody") + xml("password", "guess")
    assert fault_of(await desk.post("LoginV2SOAP", envelope(LOGIN, "login", stranger))) == WRONG
    assert (await desk.login()).status_code == 200


async def test_an_administrator_unlocks_and_a_right_password_forgets_wrong_ones(desk: Desk):
    await desk.switch(lockout_after=2)
    await desk.login("guess")
    await desk.login()
    await desk.login("guess")
    assert (await desk.login()).status_code == 200
    for _ in range(2):
        await desk.login("guess")
    assert fault_of(await desk.login()) == LOCKED
    await desk.door("POST", "edit", {"unlock": True})
    assert (await desk.login()).status_code == 200


async def test_the_user_says_when_it_last_logged_in(desk: Desk):
    users = await desk.ok("findUsers", xml("criteria", {"usernameMatch": "ws."}))
    user = await desk.ok("getUser", xml("userID", users["summaries"]["ID"]))
    assert user["user"]["lastLoginOn"] == "2026-11-20T04:00:00.000-08:00"


async def test_a_session_can_die_right_before_a_call(desk: Desk):
    await desk.arm("session_expiry", match="findProducts")
    await desk.ok("findAccounts", "<criteria/>")
    assert await desk.fault("findProducts", xml("criteria", {"accountID": 700101})) == DEAD
    await desk.login()
    assert len(await desk.products()) == 7


async def test_login_speaks_only_its_own_namespace(desk: Desk):
    code, text = fault_of(
        await desk.post("BrokerConnectV4SOAP", envelope(LOGIN, "echo", xml("sessionID", desk.session)))
    )
    assert code == "soapenv:Client"
    assert "no operation" in text
