"""Speak to PerfectQuote as a logged-in client: a bearer token, renewed before it expires and when it is refused.

OAuth client credentials; a token lasts an hour (`expires_in`). One login at a time however many requests wait for it,
and never a login loop: a request that is refused with a fresh token is an AuthError.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.connectors.http import Http, Operation, Reply
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.settings import Settings
from syncd.errors import AuthError, TransientError
from syncd.redact import SECRETS

# The least that syncd needs; `groups:pii` is not among them, so that tax ids come masked unless a setting says so.
SCOPES: Final = frozenset({"groups:read", "groups:write", "plans:read", "plans:write"})
_WHOLE_TAX_IDS: Final = frozenset({"groups:pii"})
_READING: Final = frozenset({"groups:read", "plans:read"})
_EARLY_S: Final = 60.0
# "maintenance": documented as refused before anything was executed.
_RETRIABLE: Final = frozenset({503})
_REFUSED: Final = frozenset({401, 403})
# RFC 6749 5.2; any other answer says nothing about our credentials.
_OF_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_grant", "invalid_scope"})
_CREDENTIALS: Final = "Check client_id and client_secret, and that the API client is enabled in PerfectQuote."


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token: what it opens, whom it acts as where the answer says so, and until when (monotonic seconds)."""

    secret: str
    scopes: frozenset[str]
    user: str
    until: float

    def __repr__(self) -> str:
        return f"Token(scopes={sorted(self.scopes)}, user={self.user!r})"


class Session:
    """Requests with a token. `clock`: monotonic seconds."""

    def __init__(self, http: Http, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.http = http
        self._settings, self._clock = settings, clock
        self._token: Token | None = None
        self._login = asyncio.Lock()

    async def token(self) -> Token:
        """Give a token that has not expired. Raises AuthError, TransientError."""
        return await self._fresh(None)

    async def ask(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        kind: Operation = "read",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,  # noqa: ANN401 - JSON is what it is
    ) -> Reply:
        """Send one request. A token that was refused is renewed once: a 401 is refused before execution."""
        token = await self._fresh(None)
        reply = await self._send(operation, method, url, token, kind=kind, headers=headers, params=params, json=json)
        if reply.status == 401:
            token = await self._fresh(token)
            reply = await self._send(
                operation, method, url, token, kind=kind, headers=headers, params=params, json=json
            )
        problem = Problem.of(reply)
        if reply.status == 401 or problem.code == "user_disabled":
            raise AuthError(f"{operation}: {problem.words}", system=self.http.system)
        return reply

    async def _send(
        self,
        operation: str,
        method: str,
        url: str,
        token: Token,
        *,
        headers: Mapping[str, str] | None,
        **named: Any,  # noqa: ANN401 - handed on
    ) -> Reply:
        sent = {**(headers or {}), "authorization": f"Bearer {token.secret}"}
        return await self.http.request(operation, method, url, headers=sent, retriable=_RETRIABLE, **named)

    async def _fresh(self, refused: Token | None) -> Token:
        """Give the token in hand, unless it is the refused one or about to expire; else log in, once for all."""
        async with self._login:
            token = self._token
            if token is None or token is refused or token.until <= self._clock():
                self._token = None  # a login that fails leaves nothing that would be tried again
                token = self._token = await self._log_in()
            return token

    async def _log_in(self) -> Token:
        reply = await self._grant(SCOPES | _WHOLE_TAX_IDS if self._settings.whole_tax_ids else SCOPES)
        if reply.status == 400 and self._settings.whole_tax_ids and Problem.of(reply).code == "invalid_scope":
            reply = await self._grant(SCOPES)  # tax ids come masked
        if reply.status == 400 and Problem.of(reply).code == "invalid_scope":
            reply = await self._grant(_READING)  # a client that may only read
        problem = Problem.of(reply)
        if reply.status in _REFUSED or problem.code in _OF_CLIENT:
            raise AuthError(f"token: {problem.words}", system=self.http.system, hint=_CREDENTIALS)
        if not reply.ok:
            raise problem.failure(self.http.system, doing="token")
        return self._read(reply)

    async def _grant(self, scopes: frozenset[str]) -> Reply:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
            "scope": " ".join(sorted(scopes)),
        }
        return await self.http.request("token", "POST", "oauth/token", kind="read", form=form, retriable=_RETRIABLE)

    def _read(self, reply: Reply) -> Token:
        body = reply.json()
        secret = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(secret, str) or not secret:
            raise TransientError("token: the answer holds no access_token", system=self.http.system)
        SECRETS.know(secret, lasting=False)
        lasts = body.get("expires_in", 3600)
        lasts = float(lasts) if isinstance(lasts, int | float) else 3600.0
        # A short-lived token is used for half its life rather than never.
        until = self._clock() + max(lasts - _EARLY_S, lasts / 2)
        scopes = str(body["scope"]).split() if body.get("scope") else SCOPES
        return Token(secret, frozenset(scopes), str(body.get("user_id") or ""), until)
