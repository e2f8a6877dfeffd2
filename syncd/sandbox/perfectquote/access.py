"""Who may do what: OAuth clients, tokens, scopes, roles, and how many requests (our contract, B1).

A client acts as one user of the firm. Credentials are made up from the seed number and printed in the ready line.
Limits are counted in real seconds, not on the sandbox's clock: they guard against load, and a frozen clock must not
lock anybody out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import parse_qs, unquote

from syncd.sandbox.clock import Clock
from syncd.sandbox.perfectquote.problems import Problem

LIFETIME_S = 3600
SCOPES = (
    *("groups:read", "groups:write", "plans:read", "plans:write", "links:read", "links:write", "files:write", "admin"),
    "groups:pii",
)
_ON_REQUEST = {"groups:pii"}
"""Granted only when asked for by name: whole tax ids are not handed out by default."""

USERS: dict[str, dict[str, Any]] = {
    "usr_sync": {"name": "Synchronisation", "role": "firm_user", "admin": False, "content_manager": False},
    "usr_dana": {"name": "Dana Whitfield", "role": "firm_user", "admin": True, "content_manager": False},
    "usr_omar": {"name": "Omar Reyes", "role": "firm_user", "admin": False, "content_manager": True},
    "usr_rita": {"name": "Rita Novak", "role": "firm_reviewer", "admin": False, "content_manager": False},
    "usr_carl": {"name": "Carl Benson", "role": "firm_user", "admin": False, "content_manager": False},
}
_DISABLED = {"usr_carl"}
_CLIENTS = {"sync": "usr_sync", "reviewer": "usr_rita", "disabled": "usr_carl"}


def seeded_users() -> dict[str, dict[str, Any]]:
    """Give the firm's users, one of them disabled."""
    return {
        user: {"id": user, **facts, "status": "disabled" if user in _DISABLED else "enabled"}
        for user, facts in USERS.items()
    }


@dataclass
class Token:
    """A bearer token and what has been asked for with it."""

    client_id: str
    user_id: str
    scopes: frozenset[str]
    expires_at: datetime
    dead: bool = False
    asked: deque[float] = field(default_factory=deque)
    at_once: int = 0


class Access:
    """The door of one firm."""

    def __init__(self, clock: Clock, seed: int, switches: Mapping[str, Any]) -> None:
        self._clock, self._seed, self._switches = clock, seed, switches
        self._tokens: dict[str, Token] = {}
        self._issued = 0

    def credentials(self) -> dict[str, dict[str, str]]:
        """Give each client's id and secret, by what it is for."""
        return {name: {"client_id": f"pq-{name}", "client_secret": self._secret(name)} for name in _CLIENTS}

    def _secret(self, of: str) -> str:
        return hashlib.blake2b(f"perfectquote:{self._seed}:{of}".encode(), digest_size=16).hexdigest()

    def issue(self, body: bytes, authorization: str) -> dict[str, Any]:
        """Grant a token for a form of RFC 6749, credentials in the form or in a Basic header."""
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        client_id, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        name = client_id.removeprefix("pq-")
        if name not in _CLIENTS or secret != self._secret(name):
            raise Problem(
                "invalid_client", f"client {client_id!r} is unknown or its secret is wrong", error="invalid_client"
            )
        if form.get("grant_type") != "client_credentials":
            message = f"grant_type is {form.get('grant_type')!r}, not client_credentials"
            raise Problem("unsupported_grant_type", message, error="unsupported_grant_type")
        scopes = frozenset(form.get("scope", "").split()) or frozenset(SCOPES) - _ON_REQUEST
        if not scopes <= frozenset(SCOPES):
            wrong = " ".join(sorted(scopes - frozenset(SCOPES)))
            raise Problem("invalid_scope", f"no such scope: {wrong}", error="invalid_scope")
        self._issued += 1
        text = hashlib.blake2b(f"token:{self._seed}:{self._issued}".encode(), digest_size=20).hexdigest()
        expires_at = self._clock.now() + timedelta(seconds=LIFETIME_S)
        self._tokens[text] = Token(client_id, _CLIENTS[name], scopes, expires_at)
        granted = " ".join(scope for scope in SCOPES if scope in scopes)
        return {"access_token": text, "token_type": "Bearer", "expires_in": LIFETIME_S, "scope": granted}

    def revoke_all(self) -> None:
        """Forget every token."""
        self._tokens.clear()

    def expire(self, authorization: str) -> None:
        """Let the token of a request die now."""
        token = self._tokens.get(authorization.removeprefix("Bearer "))
        if token is not None:
            token.dead = True

    def token(self, authorization: str) -> Token:
        """Find the token of a request. Raises 401."""
        kind, _, text = authorization.partition(" ")
        if kind.lower() != "bearer" or not text:
            raise _unauthorized("token_missing", "send Authorization: Bearer with a token from POST /v1/oauth/token")
        token = self._tokens.get(text)
        if token is None:
            raise _unauthorized("token_revoked", "the token is not known; ask for a new one")
        if token.dead or self._clock.now() >= token.expires_at:
            raise _unauthorized("token_expired", f"tokens live {LIFETIME_S} s; ask for a new one")
        return token

    @contextmanager
    def counted(self, token: Token) -> Iterator[None]:
        """Count a request against the token's limits while it lasts. Raises 429."""
        a_minute, at_once = self._switches["requests_per_minute"], self._switches["requests_at_once"]
        now = time.monotonic()
        while token.asked and token.asked[0] <= now - 60:
            token.asked.popleft()
        if len(token.asked) >= a_minute:
            wait = ceil(token.asked[0] + 60 - now)
            raise Problem("rate_limited", f"{a_minute} requests a minute", headers={"Retry-After": str(max(wait, 1))})
        if token.at_once >= at_once:
            raise Problem("rate_limited", f"{at_once} requests at once", headers={"Retry-After": "1"})
        token.asked.append(now)
        token.at_once += 1
        try:
            yield
        finally:
            token.at_once -= 1


def permit(token: Token, user: Mapping[str, Any], scope: str | None, *, writes: bool) -> None:
    """Check what a token may do, as which user. Raises 403."""
    if user["status"] != "enabled":
        raise Problem("user_disabled", f"user {user['id']} is disabled")
    if writes and user["role"] == "firm_reviewer":
        raise Problem("read_only_role", f"user {user['id']} is a Firm Reviewer, who reads only")
    if scope is not None and scope not in token.scopes:
        raise Problem("scope_missing", f"this needs the scope {scope}", required_scope=scope)


def _unauthorized(code: str, detail: str) -> Problem:
    return Problem(code, detail, headers={"WWW-Authenticate": 'Bearer realm="perfectquote"'})


def _basic(authorization: str) -> tuple[str, str] | None:
    kind, _, text = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)
