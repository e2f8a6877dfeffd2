"""The door to vendors: what is repeated, what is raised, what it waits for, and what it never tells."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
import traceback
from contextlib import suppress
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.http import Http, within
from syncd.connectors.http_pace import HeldBackError, retry_after_s
from syncd.errors import ConfigError, ConnectorError, SyncdError, TransientError, UnknownOutcomeError

BASE = "https://vendor.example/v1"
SECRET = "hunter2-planted"
TEN_YEARS = 315_360_000


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Vendor:
    """A vendor that plays a list of replies and faults; the last one goes on for ever."""

    def __init__(self, *script):
        self.script, self.seen = list(script), []

    async def __call__(self, request):
        self.seen.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, type) and issubclass(step, Exception):
            raise step(f"while sending to {request.url} with {request.headers}")
        return step(request) if callable(step) else reply(step)


def reply(step):
    status, headers, content = step if isinstance(step, tuple) else (step, {}, b'{"a": 1}')
    return httpx.Response(status, headers=headers, content=content)


def door(vendor, clock=None, **limits):
    clock = clock or Clock()
    transport = httpx.MockTransport(vendor)
    return Http("acme", BASE, transport=transport, clock=clock, sleep=clock.sleep, jitter=lambda: 0.0, **limits)


async def ask(http, kind="read", **named):
    return await http.request("plans.do", "POST", "plans", kind=kind, **named)


# --- what is repeated, and what is raised ----------------------------------------------------------------------------

HTML = (200, {"content-type": "text/html; charset=utf-8"}, b"<!DOCTYPE html><p>Log in")
CUT = (200, {"content-type": "application/json"}, b'{"data": [')
NOTHING = (200, {}, b"")

FAULTS = [
    # what happened, kind, replies, attempts made, what came of it
    ("a good reply", "read", [200], 1, None),
    ("a good reply", "write", [200], 1, None),
    ("a good reply after a bad one", "read", [500, 200], 2, None),
    ("a good reply after a refusal", "create", [429, 201], 2, None),
    ("timed out there", "read", [408], 4, TransientError),
    ("timed out there", "write", [408], 1, UnknownOutcomeError),
    ("too early", "read", [425], 4, HeldBackError),
    ("too early", "create", [425], 1, HeldBackError),
    ("too many", "read", [429], 4, HeldBackError),
    ("too many", "write", [429], 4, HeldBackError),
    ("broken", "read", [500], 4, TransientError),
    ("broken", "write", [500], 1, UnknownOutcomeError),
    ("broken", "create", [502], 1, UnknownOutcomeError),
    ("maintenance, not documented", "write", [503], 1, UnknownOutcomeError),
    ("not connected", "read", [httpx.ConnectError], 4, TransientError),
    ("not connected", "write", [httpx.ConnectError], 4, TransientError),
    ("not connected in time", "create", [httpx.ConnectTimeout, 201], 2, None),
    ("no connection free", "write", [httpx.PoolTimeout, 200], 2, None),
    ("reply lost", "read", [httpx.ReadTimeout, 200], 2, None),
    ("reply lost", "write", [httpx.ReadTimeout], 1, UnknownOutcomeError),
    ("reply lost", "create", [httpx.RemoteProtocolError], 1, UnknownOutcomeError),
    ("request half sent", "create", [httpx.WriteError], 1, UnknownOutcomeError),
    ("half a body came", "write", [httpx.ReadError], 1, UnknownOutcomeError),
    ("a page for people", "read", [HTML], 4, TransientError),
    ("a page for people", "write", [HTML], 1, UnknownOutcomeError),
    ("a cut body", "read", [CUT, 200], 2, None),
    ("a cut body", "create", [CUT], 1, UnknownOutcomeError),
    ("an empty body", "read", [NOTHING], 4, TransientError),
    ("an empty body", "write", [NOTHING], 1, None),
    ("an empty body: which record?", "create", [NOTHING], 1, UnknownOutcomeError),
    ("a redirect", "read", [(302, {"location": "https://elsewhere.example"}, b"")], 1, ConnectorError),
    ("a redirect", "write", [(303, {"location": "/login"}, b"")], 1, UnknownOutcomeError),
    ("log in again", "read", [401], 1, None),
    ("not allowed", "write", [403], 1, None),
    ("stale", "write", [412], 1, None),
    ("refused", "create", [422], 1, None),
    ("unchanged", "read", [(304, {}, b"")], 1, None),
    ("a request that cannot be sent", "read", [httpx.LocalProtocolError], 1, ConnectorError),
]


@pytest.mark.parametrize(("why", "kind", "script", "attempts", "error"), FAULTS)
async def test_what_is_repeated_and_what_is_raised(why, kind, script, attempts, error):
    """Reads are repeated whatever the verb; a write only when the vendor cannot have acted upon it."""
    vendor = Vendor(*script)
    http = door(vendor)
    if error is None:
        await ask(http, kind)
    else:
        with pytest.raises(SyncdError) as caught:
            await ask(http, kind)
        assert type(caught.value) is error
        assert caught.value.system == "acme"
        assert "plans.do" in str(caught.value)
    assert len(vendor.seen) == attempts
    assert http.requests == {"plans.do": attempts}


async def test_a_documented_503_was_not_executed_and_is_repeated_even_for_a_create():
    vendor = Vendor(503, 201)
    assert (await ask(door(vendor), "create", retriable={503})).status == 201
    assert len(vendor.seen) == 2


async def test_a_5xx_that_is_an_answer_is_given_to_who_asked():
    """SOAP sends its faults with status 500."""
    vendor = Vendor((500, {}, b"<Envelope><Fault/></Envelope>"))
    got = await ask(door(vendor), "write", expect="xml", is_answer=lambda reply: b"Fault" in reply.content)
    assert (got.status, got.ok) == (500, False)


async def test_a_repeated_request_is_sent_whole_each_time():
    vendor = Vendor(429, httpx.ConnectError, 201)
    await ask(door(vendor), "create", json={"name": "Gold"}, headers={"Idempotency-Key": "k"})
    assert [(bytes(seen.content), seen.headers["idempotency-key"]) for seen in vendor.seen] == [
        (b'{"name":"Gold"}', "k")
    ] * 3


async def test_decimals_are_written_digit_by_digit():
    vendor = Vendor(200)
    await ask(door(vendor), "write", json={"rate": Decimal("0.30"), "hours": Decimal("37.5"), "big": Decimal("1E+3")})
    assert vendor.seen[0].content == b'{"rate":0.30,"hours":37.5,"big":1000}'


def failing(outer: type[Exception], *inner: BaseException):
    """Fail as httpx does: its own exception, from httpcore's, from what the system said (one of several addresses)."""

    def fail(request):
        group = ExceptionGroup("all", inner) if len(inner) > 1 else inner[0]  # type: ignore[type-var]
        middle = OSError("All connection attempts failed")
        middle.__cause__ = group
        raise outer(f"to {request.url}") from middle

    return fail


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.verify_code, error.verify_message = code, f"words about {SECRET}"
    return error


HOST = "https://vendor.example"
REFUSED = ConnectionRefusedError(111, "Connection refused")
CAUSES = [
    # what the system said, kind, what is told, what is to be done
    (failing(httpx.ConnectError, REFUSED), f"not connected to {HOST}: the connection was refused", "it is up"),
    (failing(httpx.ConnectError, REFUSED, REFUSED), "the connection was refused", "base_url"),
    (failing(httpx.ConnectError, socket.gaierror(-2, "x")), "finds no such name (DNS)", "Check base_url"),
    (failing(httpx.ConnectError, OSError(113, "No route")), "no way leads there", "network"),
    (failing(httpx.ConnectError, unverified(10)), "certificate was not accepted: it has expired", "renew"),
    (failing(httpx.ConnectError, unverified(18)), "it is self-signed", "SSL_CERT_FILE"),
    (failing(httpx.ConnectError, unverified(19)), "by an authority of its own", "SSL_CERT_FILE"),
    (failing(httpx.ConnectError, unverified(20)), "by an unknown authority", "SSL_CERT_FILE"),
    (failing(httpx.ConnectError, unverified(62)), "it is for another name", "Check base_url"),
    (failing(httpx.ConnectError, unverified(99)), "it cannot be verified", "Check base_url"),
    (failing(httpx.ConnectError, ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "does not speak TLS", "host and port"),
    (failing(httpx.ConnectTimeout, TimeoutError()), "no connection came about in time", "firewall"),
    (
        failing(httpx.ReadTimeout, TimeoutError()),
        f"no answer from {HOST}/v1/plans: no answer came in time",
        "timeout_s",
    ),
    (failing(httpx.ReadError, ConnectionResetError(104, "x")), "the connection was cut off", "it is up"),
    ((301, {"location": "https://x.example"}, b""), f"{HOST}/v1/plans answered with a redirect (301)", "base_url"),
    (HTML, f"{HOST}/v1/plans failed (200 with a web page instead of data)", "Check base_url"),
    ((404, *HTML[1:]), f"answered 404 with a web page instead of data at {HOST}/v1/plans", "Check base_url"),
    ((403, *HTML[1:]), "answered 403 with a web page", "Check base_url"),
    (500, f"{HOST}/v1/plans failed (500)", "the next run tries again"),
]


@pytest.mark.parametrize(("step", "told", "hint"), CAUSES)
async def test_an_error_names_cause_and_address_and_its_hint_fits(step, told, hint):
    """N17: what an operator reads is what was the matter, where, and what helps against that."""
    with pytest.raises(ConnectorError) as caught:
        await ask(door(Vendor(step), attempts=1))
    assert told in str(caught.value)
    assert hint in caught.value.hint
    assert "Nothing to do" not in caught.value.hint or step == 500
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_while_a_vendor_rests_the_first_cause_stays_to_be_seen():
    """N17: that it is not asked for a while is told with why."""
    http = door(Vendor(failing(httpx.ConnectError, REFUSED)), attempts=1, failures=2)
    await fail(http, 2)
    for _ in range(3):
        with pytest.raises(
            HeldBackError, match="the connection was refused; after several failures in a row"
        ) as caught:
            await ask(http)
        assert "base_url" in caught.value.hint


async def test_the_breaker_of_one_door_is_not_that_of_the_next():
    """N13: a command that starts after an outage asks at once, whatever the one before had met."""
    await fail(door(Vendor(500), attempts=1, failures=1), 1)
    assert (await ask(door(Vendor(200), failures=1))).ok


async def test_a_certificate_that_is_not_accepted_is_no_passing_fault():
    def refuse(request):
        raise httpx.ConnectError("tls") from ssl.SSLCertVerificationError("self-signed")

    vendor = Vendor(refuse)
    with pytest.raises(ConnectorError, match="certificate") as caught:
        await ask(door(vendor))
    assert not isinstance(caught.value, TransientError)
    assert len(vendor.seen) == 1


# --- waiting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "headers", "seconds"),
    [
        ("absent", {}, None),
        ("seconds", {"retry-after": "7"}, 7),
        ("a date, measured from the vendor's own clock",
         {"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 30),
        ("a date without a clock beside it", {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 60),
        ("a date that has passed", {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ("neither", {"retry-after": "soon"}, None),
        ("negative", {"retry-after": "-4"}, None),
        ("a fraction", {"retry-after": "1.5"}, 1.5),
        ("digits that are no ASCII", {"retry-after": "٣"}, None),
        ("blanks around it", {"retry-after": "  7 "}, 7),
        ("a number without end", {"retry-after": "9" * 1000}, TEN_YEARS),
        ("a date without end", {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, TEN_YEARS),
        ("a day that no month has", {"retry-after": "Thu, 31 Feb 2026 00:00:00 GMT"}, None),
        ("an unreadable clock beside it", {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT", "date": "now"}, 60),
        ("a leap second", {"retry-after": "Thu, 01 Jan 1970 00:01:60 GMT"}, 79),
    ],
)  # fmt: skip
def test_retry_after_has_two_forms(why, headers, seconds):
    """B9: seconds or a date, however odd, are a wait that is finite and never negative, or are not understood."""
    assert retry_after_s(headers, now=lambda: 40.0) == seconds


@pytest.mark.parametrize(
    "moment",
    [
        "Sun, 06 Nov 2033 08:49:37 GMT",
        "Sunday, 06-Nov-33 08:49:37 GMT",
        "Sun Nov  6 08:49:37 2033",
        "Sun, 06 Nov 2033 08:49:37 -0000",
        "Sun, 06 Nov 2033 08:49:37 UTC",
        "Sun, 06 Nov 2033 08:49:37",
    ],
)
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "UTC"])
def test_every_form_of_an_http_date_is_gmt(moment, zone, monkeypatch):
    """B9: a date of HTTP is meant as GMT in each of its forms, wherever this machine stands."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert retry_after_s({"retry-after": moment, "date": "Sun, 06 Nov 2033 08:48:37 GMT"}) == 60
        assert retry_after_s({"retry-after": "Sun, 06 Nov 2033 08:50:37 GMT", "date": moment}) == 60
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2},? ?[0-9]{0,3}[ -][A-Z][a-z]{2}[ -][0-9]{0,5} [0-9:]{0,9}"))
def test_no_header_breaks_the_reading_of_it(text):
    """B9: whatever a vendor writes there is a wait between nothing and ten years, or nothing at all."""
    for headers in ({"retry-after": text}, {"retry-after": "Sun, 06 Nov 2033 08:49:37 GMT", "date": text}):
        wait = retry_after_s(headers)
        assert wait is None or 0 <= wait <= TEN_YEARS


async def test_it_waits_as_long_as_the_vendor_asks():
    clock = Clock()
    await ask(door(Vendor((429, {"retry-after": "7"}, b""), 200), clock), "write")
    assert sum(clock.slept) == pytest.approx(7)


async def test_without_a_wish_it_waits_twice_as_long_each_time():
    clock = Clock()
    with pytest.raises(TransientError):
        await ask(door(Vendor(500), clock))
    assert clock.slept == [0.5, 1.0, 2.0]


async def test_a_wait_beyond_the_time_cap_is_not_begun():
    clock = Clock()
    vendor = Vendor((503, {"retry-after": "3600"}, b""))
    with pytest.raises(TransientError, match="503"):
        await ask(door(vendor, clock))
    assert (clock.slept, len(vendor.seen)) == ([], 1)


async def test_what_one_request_was_told_holds_for_all():
    """A vendor that asks to be left alone is left alone by everybody."""
    clock = Clock()
    vendor = Vendor((429, {"retry-after": "20"}, b""), 200)
    http = door(vendor, clock, attempts=1)
    with pytest.raises(HeldBackError):
        await ask(http)
    await ask(http)
    assert sum(clock.slept) == pytest.approx(20)


WAITS = {"a day": "86400", "an hour": "3600", "a date": "Sat, 01 Jan 2028 00:00:00 GMT", "for ever": "9" * 40}
SAID = {"date": "Wed, 01 Dec 2027 00:00:00 GMT"}


@pytest.mark.parametrize("asked", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize(("status", "retriable"), [(429, ()), (503, ()), (503, {503}), (500, ()), (425, ()), (408, ())])
@pytest.mark.parametrize("kind", ["read", "write", "create"])
async def test_no_wait_that_a_vendor_names_is_longer_than_ours(asked, status, retriable, kind):
    """B9: for whatever time a vendor asks, neither the request that was told so nor the next one sleeps longer than
    `retry_for_s`; both end and say what was asked."""
    clock = Clock()
    vendor = Vendor((status, {"retry-after": asked, **SAID}, b""))
    http = door(vendor, clock, retry_for_s=30)
    for times in range(2):
        with pytest.raises(TransientError) as caught:
            await ask(http, "read" if times else kind, retriable=retriable)
        assert sum(clock.slept) == 0
    assert len(vendor.seen) == 1
    told = str(caught.value)
    assert "asked to be left alone for" in told
    assert "30 s is waited at most (retry_for_s)" in told
    assert caught.value.hint.startswith("Try again in ")


async def test_a_wait_that_is_too_long_is_said_with_its_length():
    """B9: an operator reads that the vendor asks to wait 24 h, and that this is longer than retry_for_s."""
    with pytest.raises(HeldBackError, match=r"asks to wait 24 h, longer than the 60 s .*\(retry_for_s\)") as caught:
        await ask(door(Vendor((429, {"retry-after": "86400"}, b""))))
    assert "Try again in 24 h" in caught.value.hint


async def test_after_an_hour_at_most_one_request_finds_out():
    """B9: a vendor that asked for a day is asked again after an hour, and believed when it answers."""
    clock = Clock()
    vendor = Vendor((429, {"retry-after": "86400"}, b""), 200)
    http = door(vendor, clock)
    with pytest.raises(HeldBackError):
        await ask(http)
    clock.now += 3500
    with pytest.raises(HeldBackError, match="left alone for 24 h"):
        await ask(http)
    assert len(vendor.seen) == 1
    clock.now += 101
    await ask(http)
    assert (len(vendor.seen), clock.slept) == (2, [])


async def test_a_vendor_that_asks_again_and_again_is_not_waited_for_without_end():
    """B9: what one request waits in all because a vendor said so stays below `retry_for_s`."""
    clock = Clock()
    http = door(Vendor(200), clock, retry_for_s=60)

    async def more(seconds):
        await clock.sleep(seconds)
        http._pace.leave_alone(50)

    http._pace._sleep = more
    http._pace.leave_alone(50)
    with pytest.raises(HeldBackError):
        await ask(http)
    assert sum(clock.slept) <= 60


async def test_the_quota_of_a_minute_is_kept():
    clock = Clock()
    http = door(Vendor(200), clock, per_minute=3)
    moments = []
    for _ in range(7):
        await ask(http)
        moments.append(clock.now - 1000)
    assert moments[:3] == [0, 0, 0]
    assert moments[3] == moments[5] == pytest.approx(60, abs=0.1)
    assert moments[6] == pytest.approx(120, abs=0.1)


async def test_never_more_at_once_than_allowed():
    running, most = 0, 0

    async def slow(request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return reply(200)

    http = door(slow, concurrency=2)
    await asyncio.gather(*(ask(http) for _ in range(9)))
    assert most == 2


async def test_nothing_is_repeated_beyond_the_deadline_of_a_run():
    clock = Clock()
    vendor = Vendor(500)
    with within(1.0, clock=clock), pytest.raises(TransientError):
        await ask(door(vendor, clock))
    assert (clock.slept, len(vendor.seen)) == ([0.5], 2)


async def test_nothing_is_sent_after_the_deadline_of_a_run():
    clock = Clock()
    vendor = Vendor(200)
    with within(5.0, clock=clock):
        clock.now += 6
        with within(60.0, clock=clock), pytest.raises(HeldBackError, match="deadline"):
            await ask(door(vendor, clock), "create")
    assert vendor.seen == []
    await ask(door(vendor, clock), "create")


async def test_a_quota_that_frees_after_the_deadline_is_not_waited_for():
    clock = Clock()
    http = door(Vendor(200), clock, per_minute=1)
    await ask(http)
    with within(10, clock=clock), pytest.raises(HeldBackError, match="deadline"):
        await ask(http)
    assert clock.slept == []


@pytest.mark.parametrize(("kind", "error"), [("read", TransientError), ("write", UnknownOutcomeError)])
async def test_a_reply_that_never_ends_is_given_up(kind, error):
    """Each byte may come in time and the reply still take for ever."""

    async def drip(request):
        await asyncio.sleep(60)

    with pytest.raises(SyncdError) as caught:
        await ask(door(drip, attempts=1, attempt_s=0.01), kind)
    assert type(caught.value) is error


# --- the breaker -----------------------------------------------------------------------------------------------------


async def fail(http, times):
    for _ in range(times):
        with pytest.raises(TransientError):
            await ask(http)


async def test_a_vendor_that_fails_again_and_again_is_left_to_rest():
    clock = Clock()
    vendor = Vendor(*[500] * 3, 200)
    http = door(vendor, clock, attempts=1, failures=3, rest_s=30)
    await fail(http, 3)
    with pytest.raises(HeldBackError, match="tried again in 30 s"):
        await ask(http)
    assert len(vendor.seen) == 3
    clock.now += 31
    await ask(http)
    await ask(http)
    assert len(vendor.seen) == 5


async def test_after_its_rest_one_probe_at_a_time_finds_out():
    clock = Clock()
    gate = asyncio.Event()

    async def probed(request):
        await gate.wait()
        return reply(500)

    vendor = Vendor(500)
    http = door(vendor, clock, attempts=1, failures=2, rest_s=30)
    await fail(http, 2)
    clock.now += 31
    http._open()._transport.handler = probed
    probe = asyncio.create_task(ask(http))
    await asyncio.sleep(0)
    with pytest.raises(HeldBackError, match="by another request"):
        await ask(http)
    gate.set()
    with pytest.raises(TransientError, match="500"):
        await probe
    with pytest.raises(HeldBackError, match="in 30 s"):
        await ask(http)


async def test_a_probe_that_was_cancelled_proves_nothing():
    clock = Clock()

    async def hang(request):
        await asyncio.sleep(60)

    vendor = Vendor(500)
    http = door(vendor, clock, attempts=1, failures=2, rest_s=30)
    await fail(http, 2)
    clock.now += 31
    http._open()._transport.handler = hang
    probe = asyncio.create_task(ask(http))
    await asyncio.sleep(0.01)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    with pytest.raises(HeldBackError, match="in 30 s"):
        await ask(http)


@pytest.mark.parametrize("status", [401, 404, 422, 429])
async def test_an_answer_is_no_failure(status):
    vendor = Vendor(status)
    http = door(vendor, attempts=1, failures=2)
    for _ in range(5):
        with suppress(HeldBackError):
            await ask(http)
    assert len(vendor.seen) == 5


# --- what it never tells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize(
    "fault",
    [
        500, 429, HTML, CUT, (302, {"location": f"https://x.example/?token={SECRET}"}, b""), (500, {}, SECRET.encode()),
        httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.LocalProtocolError,
    ],
)  # fmt: skip
async def test_no_error_tells_a_query_a_header_or_a_body(kind, fault, caplog):
    """Planted in query, header, body and the library's own words, a secret shows in no error, trace or log."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
    with pytest.raises(SyncdError) as caught:
        await ask(
            door(Vendor(fault), attempts=2),
            kind,
            params={"token": SECRET},
            headers={"Authorization": f"Bearer {SECRET}"},
            json={"password": SECRET},
        )
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint + caplog.text
    assert SECRET not in told
    assert "?" not in str(caught.value)


@pytest.mark.parametrize(
    "named",
    [{"headers": {"Authorization": f"Bearer {SECRET}\u2028"}}, {"url": f"https://vendor.example:{SECRET}/"}],
)
async def test_a_request_that_cannot_be_built_is_not_quoted(named):
    vendor = Vendor(200)
    with pytest.raises(ConnectorError, match="could not be built") as caught:
        await door(vendor).request("plans.do", "GET", **{"url": "plans", "kind": "read", **named})
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert vendor.seen == []


# --- where it goes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("https://vendor.example/v1", None),
        ("http://127.0.0.1:8801/v1", None),
        ("http://localhost/v1", None),
        ("http://[::1]:8801", None),
        ("http://vendor.example/v1", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("http://127.0.0.1.vendor.example", "plain http"),
        ("ftp://vendor.example", "not an https address"),
        ("vendor.example/v1", "not an https address"),
        ("", "not an https address"),
        (f"https://user:{SECRET}@vendor.example", "holds more than"),
        (f"https://vendor.example/?key={SECRET}", "holds more than"),
        ("https://vendor.example:port", "is not an address"),
    ],
)
def test_an_address_over_which_a_secret_could_leak_is_refused(base, problem):
    if problem is None:
        Http("acme", base)
        return
    with pytest.raises(ConfigError, match=problem) as caught:
        Http("acme", base)
    assert (caught.value.system, caught.value.field) == ("acme", "base_url")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("plans", "https://vendor.example/v1/plans"),
        ("/plans/pln_1", "https://vendor.example/v1/plans/pln_1"),
        ("", "https://vendor.example/v1"),
        ("https://vendor.example/v2/next?cursor=x", "https://vendor.example/v2/next?cursor=x"),
        ("https://elsewhere.example/v1/plans", None),
        ("https://vendor.example:444/v1/plans", None),
        ("http://vendor.example/v1/plans", None),
    ],
)
async def test_nothing_is_sent_to_another_host(url, sent):
    """A `next` link may come from the vendor's data; our token does not go where it points."""
    vendor = Vendor(200)
    if sent is None:
        with pytest.raises(ConnectorError):
            await door(vendor).request("plans.list", "GET", url, kind="read")
    else:
        await door(vendor).request("plans.list", "GET", url, kind="read")
    assert [str(seen.url) for seen in vendor.seen] == ([sent] if sent else [])


async def test_a_door_that_was_closed_opens_again():
    http = door(Vendor(200))
    await ask(http)
    await http.aclose()
    assert http._client is None
    http._transport = httpx.MockTransport(Vendor(200))
    assert (await ask(http, form={"grant_type": "client_credentials"})).json() == {"a": 1}


async def test_requests_are_counted_by_operation_until_cleared():
    http = door(Vendor(500, 200))
    await http.request("plans.list", "GET", "plans", kind="read")
    await http.request("plans.read", "GET", "plans/1", kind="read")
    assert http.requests == {"plans.list": 2, "plans.read": 1}
    http.requests.clear()
    assert http.requests.total() == 0
