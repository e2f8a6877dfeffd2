"""The one door to vendors over HTTP, and the only importer of httpx.

One `Http` per vendor installation. A request passes, from the outside in: breaker, retry, quota, semaphore, httpx. It
gives a `Reply` or raises an error of `syncd.errors`; what a status below 500 means (stale, refused, gone, log in again)
is the connector's to say. Never logs, never follows a redirect, never repeats a write that may have arrived. An error
names the cause and the address, but no query, header or body: any of them may hold a secret.

    kind     repeated here when                                          otherwise a failure is
    read     408, 425, 429, 5xx, transport error, unreadable reply       TransientError
    write    refused before execution: not connected, 429, `retriable`   UnknownOutcomeError once it was sent
    create   as write                                                    as write
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal, Self, TypeAlias, cast

import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from syncd.connectors.http_cause import AGAIN, LOOK_AT_ADDRESS, cause_of
from syncd.connectors.http_pace import (
    RETRY_FOR_S,
    Breaker,
    Clock,
    HeldBackError,
    Pace,
    Sleep,
    deadline,
    later,
    retry_after_s,
    span,
    within,
)
from syncd.connectors.http_reply import ENCODINGS, GarbledError, Reply, TooLargeError, read_content
from syncd.connectors.http_settings import LARGEST_REPLY_MB, HttpSettings
from syncd.connectors.readable import decoded
from syncd.errors import ConfigError, ConnectorError, SyncdError, TransientError, UnknownOutcomeError
from syncd.redact import SECRETS, names_a_secret

__all__ = ["Expect", "Http", "Operation", "Reply", "sent_to", "within"]

Operation: TypeAlias = Literal["read", "write", "create"]
Expect: TypeAlias = Literal["json", "xml", "any"]

# httpx logs every address with its query at INFO, httpcore every header at DEBUG.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_sent: Final[Counter[str]] = Counter()
"""Requests that this process has sent, by system: no door can be opened that does not count here."""


def sent_to(system: str) -> int:
    """Tell how many requests were sent to a system since the process began, repeats included."""
    return _sent[system]


# What httpx raises when not one byte of the request can have been acted upon.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_OURS: Final = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_HTML: Final = (b"<!doctype html", b"<html")
_PAGE: Final = "a web page instead of data"
_CONNECT_S: Final = 3.0
_POOL_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Failed:
    """An attempt that gave nothing: what to raise, whether to repeat it, how long the vendor asked to wait."""

    error: SyncdError
    again: bool = False
    wait_s: float | None = None
    cause: BaseException | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request as it is sent, and what counts as an answer to it."""

    operation: str
    kind: Operation
    request: httpx.Request
    expect: Expect
    retriable: frozenset[int]
    is_answer: Callable[[Reply], bool] | None


class Http:
    """One vendor installation over HTTP.

    `concurrency`: requests at once; `per_minute`: quota, 0 for none; `attempts` and `retry_for_s`: caps on repeating,
    and on any wait that the vendor asks for;
    `attempt_s`: cap on one attempt however slowly it drips; `max_reply_mb`: cap on a reply, counted after inflating;
    `failures` in a row open the breaker for `rest_s`.
    `requests` counts what was sent, by operation, repeats included; clear it to begin anew.
    """

    def __init__(  # noqa: PLR0913 - one argument per limit of a vendor
        self,
        system: str,
        base_url: str,
        *,
        concurrency: int = 5,
        per_minute: int = 0,
        timeout_s: float = 10.0,
        attempt_s: float = 120.0,
        attempts: int = 4,
        retry_for_s: float = RETRY_FOR_S,
        max_reply_mb: float = LARGEST_REPLY_MB,
        failures: int = 5,
        rest_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.system = system
        self.requests: Counter[str] = Counter()
        self._base = _checked_base(system, base_url)
        self._concurrency, self._timeout_s, self._attempt_s = concurrency, timeout_s, attempt_s
        self._attempts, self._retry_for_s, self._max_reply_mb = attempts, retry_for_s, max_reply_mb
        self._transport, self._clock, self._sleep, self._jitter = transport, clock, sleep, jitter
        self._pace = Pace(system, per_minute, patience_s=retry_for_s, clock=clock, sleep=sleep)
        self._breaker = Breaker(system, failures=failures, rest_s=rest_s, clock=clock)
        self._slots = asyncio.Semaphore(concurrency)
        self._client: httpx.AsyncClient | None = None

    @classmethod
    def of(cls, system: str, settings: HttpSettings) -> Self:
        """Make the door that an installation's settings describe."""
        return cls(
            system,
            settings.base_url,
            concurrency=settings.concurrency,
            per_minute=settings.per_minute,
            timeout_s=settings.timeout_s,
            retry_for_s=settings.retry_for_s,
            max_reply_mb=settings.max_reply_mb,
        )

    async def request(  # noqa: PLR0913 - one argument per part of a request
        self,
        operation: str,
        method: str,
        url: str = "",
        *,
        kind: Operation,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,  # noqa: ANN401 - JSON is what it is
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        expect: Expect = "json",
        retriable: Collection[int] = (),
        is_answer: Callable[[Reply], bool] | None = None,
    ) -> Reply:
        """Send one request and give the vendor's reply, whatever its status below 500 except 408, 425 and 429.

        `operation`: a name of ours, counted and shown in errors; `url`: below the base, or absolute on the same host;
        `timeout_s`: for each silence of the vendor; `expect`: what a 2xx reply must be; `retriable`: statuses that the
        vendor documents as "refused before execution"; `is_answer`: tells a 5xx that is an answer (a SOAP fault) from
        a failure. Raises TransientError (not applied, or only read), UnknownOutcomeError (a write that may have been
        applied), ConnectorError (redirects, certificates).
        """
        for name, value in (headers or {}).items():
            if names_a_secret(name):
                SECRETS.know(value.rpartition(" ")[2], lasting=False)  # `Bearer TOKEN`, `sid=SESSION`
        body: dict[str, Any] = {"content": content, "data": dict(form) if form is not None else None}
        sent = {"accept": "application/json"} if expect == "json" else {}
        if json is not None:
            body["content"], sent["content-type"] = orjson.dumps(json, default=_digits), "application/json"
        request = self._build(
            operation,
            method,
            url,
            headers=sent | {name.lower(): value for name, value in (headers or {}).items()},
            params=params,
            timeout=httpx.Timeout(timeout_s or self._timeout_s, connect=_CONNECT_S, pool=_POOL_S),
            **body,
        )
        ask = _Ask(operation, kind, request, expect, frozenset(retriable), is_answer)
        return await self._breaker.run(lambda: self._repeat(ask))

    @property
    def address(self) -> str:
        """Give scheme, host and port of the installation."""
        return f"{self._base.scheme}://{self._base.netloc.decode('ascii', 'replace')}"

    async def aclose(self) -> None:
        """Close every connection; the next request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    # -- building ---------------------------------------------------------------------------------------------------

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                limits=httpx.Limits(max_connections=self._concurrency),
                transport=self._transport,
                follow_redirects=False,
                trust_env=self._base.scheme == "https",  # a proxy of the environment is not for loopback
                headers={"user-agent": "syncd", "accept-encoding": ENCODINGS},
            )
        return self._client

    def _build(self, operation: str, method: str, url: str, **parts: Any) -> httpx.Request:  # noqa: ANN401
        try:
            request = self._open().build_request(method, self._resolve(url), **parts)
        except (*_OURS, ValueError, TypeError) as error:
            # `from None`: these say the very address or header that they could not use.
            raise ConnectorError(
                f"{operation}: the request could not be built ({type(error).__name__})", system=self.system
            ) from None
        if request.url.host != self._base.host or request.url.netloc != self._base.netloc:
            raise ConnectorError(
                f"{operation}: the address is not of the configured host, so nothing was sent there", system=self.system
            )
        if request.url.scheme != self._base.scheme:
            raise ConnectorError(f"{operation}: the address is not {self._base.scheme}", system=self.system)
        return request

    def _resolve(self, url: str) -> httpx.URL:
        if "://" in url:
            return httpx.URL(url)
        return httpx.URL("/".join(filter(None, (str(self._base).rstrip("/"), url.lstrip("/")))))

    # -- repeating --------------------------------------------------------------------------------------------------

    async def _repeat(self, ask: _Ask) -> Reply:
        started = self._clock()

        def stop(state: RetryCallState) -> bool:
            then = self._clock() + state.upcoming_sleep
            return state.attempt_number >= self._attempts or then > started + self._retry_for_s or then >= deadline()

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda result: isinstance(result, _Failed) and result.again),
            wait=self._wait_s,
            stop=stop,
            sleep=self._sleep,
            retry_error_callback=_last_result,
        )
        result = cast("Reply | _Failed", await retrying(self._attempt, ask))
        if isinstance(result, _Failed):
            raise result.error from result.cause
        return result

    def _wait_s(self, state: RetryCallState) -> float:
        """Wait as long as the vendor asks, else twice as long each time; both with jitter, so that no herd returns."""
        failed = state.outcome.result() if state.outcome else None
        jitter = self._jitter()
        if isinstance(failed, _Failed) and failed.wait_s is not None:
            return failed.wait_s + jitter
        return min(30.0, 2.0 ** (state.attempt_number - 1)) * (0.5 + jitter / 2)

    async def _attempt(self, ask: _Ask) -> Reply | _Failed:
        """Wait for a turn and a slot, then send once."""
        await self._pace.turn()
        try:
            async with asyncio.timeout(self._left_s()):
                await self._slots.acquire()
        except TimeoutError:
            return _Failed(self._error(HeldBackError, ask, "not sent, no turn came before this run's deadline"))
        try:
            if self._left_s() == 0:
                return _Failed(self._error(HeldBackError, ask, "not sent, this run's deadline has passed"))
            return await self._send(ask)
        finally:
            self._slots.release()

    def _left_s(self) -> float | None:
        """Give the seconds until the deadline; None: for ever."""
        end = deadline()
        return None if end == float("inf") else max(0.0, end - self._clock())

    # -- one attempt ------------------------------------------------------------------------------------------------

    async def _send(self, ask: _Ask) -> Reply | _Failed:
        self.requests[ask.operation] += 1
        _sent[self.system] += 1
        left = self._left_s()
        try:
            async with asyncio.timeout(self._attempt_s if left is None else min(left, self._attempt_s)):
                return self._judge(ask, await self._fetch(ask.request))
        except TooLargeError as error:
            return self._too_large(ask, error.announced)
        except GarbledError as error:
            return self._in_doubt(ask, error.what)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, *_OURS) as error:
            return self._not_answered(ask, error)

    async def _fetch(self, request: httpx.Request) -> Reply:
        """Send a request and read its reply to the end, if it has one within our limit."""
        response = await self._open().send(request, stream=True)
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            # The stream itself: httpx would inflate a piece whole before anybody could count it.
            pieces = cast("httpx.AsyncByteStream", response.stream)
            content = await read_content(pieces, headers, int(self._max_reply_mb * 1_000_000))
        finally:
            await response.aclose()
        reply = Reply(response.status_code, headers, content, _place(request))
        # What a vendor says of a failure is quoted, and may quote what it was sent.
        return reply if reply.ok else replace(reply, content=SECRETS.hide_in(content))

    def _too_large(self, ask: _Ask, announced: int | None) -> _Failed:
        """Refuse a reply that we do not take: asked again it would be as large."""
        size = f" ({announced / 1e6:,.1f} MB are announced)" if announced is not None else ""
        what = f"the answer of {_place(ask.request)} is larger than {self._max_reply_mb:g} MB{size}, the most that is "
        kind = ConnectorError if ask.kind == "read" else UnknownOutcomeError
        hint = "Look at what is served there; where it is right, raise max_reply_mb of this system."
        return _Failed(self._error(kind, ask, f"{what}taken (max_reply_mb)", hint))

    def _not_answered(self, ask: _Ask, error: BaseException) -> _Failed:
        """Say what a transport error means for this request."""
        why = cause_of(error)
        _silence(error)
        if isinstance(error, _OURS):
            what = f"the request cannot be sent ({type(error).__name__})"
            return _Failed(self._error(ConnectorError, ask, what), cause=error)
        if isinstance(error, _NOT_SENT) or why.lasting:
            kind = ConnectorError if why.lasting else TransientError
            failed = self._error(kind, ask, f"not connected to {self.address}: {why.words}", why.hint)
            return _Failed(failed, again=not why.lasting, cause=error)
        if ask.kind == "read":
            what = f"no answer from {_place(ask.request)}: {why.words}"
            return _Failed(self._error(TransientError, ask, what, why.hint), again=True, cause=error)
        what = f"sent to {self.address}, and its reply was lost: {why.words}"
        return _Failed(self._error(UnknownOutcomeError, ask, what), cause=error)

    def _judge(self, ask: _Ask, reply: Reply) -> Reply | _Failed:
        """Tell an answer from a failure, and one that was not executed from one that may have been."""
        status, reading = reply.status, ask.kind == "read"
        if reply.ok:
            fault = _unreadable(ask, reply)
            return self._in_doubt(ask, f"{status} with {fault}", hint=_hint_of(fault)) if fault else reply
        if reading and ask.expect == "json" and status not in {401, 408, 425, 429} and status < 500 and _is_page(reply):
            what = f"answered {status} with {_PAGE} at {reply.url}"
            return _Failed(self._error(ConnectorError, ask, what, LOOK_AT_ADDRESS))
        if status in {425, 429} or status in ask.retriable:
            return self._turned_away(ask, reply)
        if status in range(300, 400) and status != 304:
            hint = "Check base_url: the vendor sends us elsewhere, and a redirect is never followed."
            error = ConnectorError if reading else UnknownOutcomeError
            return _Failed(self._error(error, ask, f"{reply.url} answered with a redirect ({status})", hint))
        if status >= 500 and ask.is_answer is not None and ask.is_answer(reply):
            return reply
        if status == 408 or status >= 500:
            return self._in_doubt(ask, str(status), self._leave_alone(reply))
        return reply

    def _leave_alone(self, reply: Reply) -> float | None:
        """Keep everybody from asking while the vendor wants to be left alone; give the seconds that it named."""
        wait = retry_after_s(reply.headers)
        if wait is not None:
            self._pace.leave_alone(wait)
        return wait

    def _turned_away(self, ask: _Ask, reply: Reply) -> _Failed:
        """Repeat what was refused unread, later, all requests; "too early" (425) only where nothing is written."""
        wait = self._leave_alone(reply)
        what = f"refused for now ({reply.status}) by {self.address}{self._named(wait)}"
        error = self._error(HeldBackError, ask, what, later(wait) if wait else None)
        return _Failed(error, again=reply.status != 425 or ask.kind == "read", wait_s=wait)

    def _in_doubt(self, ask: _Ask, what: str, wait_s: float | None = None, hint: str | None = None) -> _Failed:
        """Take a reply that says nothing certain: a read is repeated, a write may have been applied."""
        if ask.kind == "read":
            hint = later(wait_s) if wait_s else hint
            told = f"{_place(ask.request)} failed ({what}){self._named(wait_s)}"
            error = self._error(TransientError, ask, told, hint)
            return _Failed(error, again=True, wait_s=wait_s)
        what = f"{_place(ask.request)} answered {what}, so it may have been applied"
        return _Failed(self._error(UnknownOutcomeError, ask, what, hint))

    def _named(self, wait_s: float | None) -> str:
        """Say what wait a vendor named, and that it is too long for us where it is."""
        if wait_s is None:
            return ""
        too_long = f", longer than the {span(self._retry_for_s)} that are waited at most (retry_for_s)"
        return f", asks to wait {span(wait_s)}{too_long if wait_s > self._retry_for_s else ''}"

    def _error(self, kind: type[SyncdError], ask: _Ask, what: str, hint: str | None = None) -> SyncdError:
        return kind(f"{ask.operation}: {what}", system=self.system, hint=hint)


# -- what needs no vendor ---------------------------------------------------------------------------------------------


def _checked_base(system: str, base_url: str) -> httpx.URL:
    """Refuse an address over which a secret could leak: no TLS, credentials in it, a query."""
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        raise ConfigError("is not an address", system=system, field="base_url") from None
    if not url.host or url.scheme not in {"https", "http"}:
        raise ConfigError("is not an https address", system=system, field="base_url")
    if url.userinfo or url.query or url.fragment:
        raise ConfigError("holds more than scheme, host and path", system=system, field="base_url")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigError("plain http is for this machine only; use https", system=system, field="base_url")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unreadable(ask: _Ask, reply: Reply) -> str:
    """Say what is wrong with the content of a 2xx reply; "": nothing.

    A proxy or an expired single sign-on answers 200 with a page for people; a cut body is no JSON. Only a write may be
    answered with nothing at all: its status says that it was applied.
    """
    if ask.expect == "any" or (not reply.content.strip() and (ask.kind == "write" or reply.status == 204)):
        return ""
    if _is_page(reply):
        return _PAGE
    if ask.expect == "json":
        try:
            decoded(reply.content)
        except ValueError:
            return "a body that is no JSON"
    return ""


def _is_page(reply: Reply) -> bool:
    """Tell a page for people, which a proxy or another program serves, from what a program says to a program."""
    html = "text/html" in reply.headers.get("content-type", "").lower()
    return html or reply.content[:200].lstrip()[:20].lower().startswith(_HTML)


def _hint_of(fault: str) -> str | None:
    return f"{LOOK_AT_ADDRESS} Where it is right, {AGAIN}" if fault == _PAGE else None


def _place(request: httpx.Request) -> str:
    """Give where a request goes, without its query."""
    return str(request.url.copy_with(query=None))


def _digits(value: object) -> orjson.Fragment:
    """Write a Decimal digit by digit: a float in between would be another number."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(type(value).__name__)


def _silence(error: BaseException | None) -> None:
    """Take the words from a library's exception and its causes: they may quote an address, a header or a body."""
    while error is not None:
        error.args = ()
        error = error.__cause__ or error.__context__


def _last_result(state: RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None
