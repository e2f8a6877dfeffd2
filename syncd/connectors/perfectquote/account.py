"""What the account behind the client credentials may do: scopes of its token, role and status of its user.

A Firm Reviewer reads only (PerfectQuote: "Setting up users", documented); the other roles do everything with content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncd.connectors.base import Access
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.session import Session, Token
from syncd.connectors.perfectquote.settings import Settings
from syncd.errors import TransientError

REVIEWER = "the account is a Firm Reviewer, who only reads in PerfectQuote"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Firm and user, as they were found with a token."""

    token: Token
    firm: Mapping[str, Any]
    user: Mapping[str, Any]

    @property
    def is_reviewer(self) -> bool:
        """Whether the user only reads; a user who is not listed is taken at the word of the token's scopes."""
        return "reviewer" in str(self.user.get("role", "")).lower()

    def why_not(self, kind: str) -> str:
        """Say why groups or plans are not written; "": they are."""
        if self.is_reviewer:
            return REVIEWER
        return "" if f"{kind}s:write" in self.token.scopes else f"the client has no scope {kind}s:write"

    def access(self, settings: Settings) -> Access:
        """Give what the account may do. The fingerprint stands for address, firm and user."""
        why = self.why_not("plan")
        user = self.user.get("id") or self.token.user or settings.client_id
        told = "\n".join((settings.base_url.rstrip("/"), str(self.firm.get("id", "")), str(user)))
        return Access(
            fingerprint=hashlib.blake2b(told.encode(), digest_size=12).hexdigest(),
            unwritable={"": why} if why else {},
            create=not why,
            update=not why,
            end=not why,
            conditional=True,
            marker=True,
        )


async def look_up_account(session: Session, token: Token, settings: Settings) -> AccountFacts:
    """Ask for the firm, and for the user whom the token acts as."""
    firm = await _get(session, "firm")
    users = await _get(session, "users")
    listed = users.get("data") if isinstance(users.get("data"), list) else []
    return AccountFacts(token, firm, _mine(listed or [], token, settings))


def _mine(users: list[Any], token: Token, settings: Settings) -> Mapping[str, Any]:
    """Find the user of the token: named by the token, by the client, or the only one there is."""
    known = [user for user in users if isinstance(user, dict)]
    for user in known:
        if token.user and user.get("id") == token.user:
            return user
    named = [user for user in known if user.get("client_id") == settings.client_id]
    if len(named) == 1:
        return named[0]
    return known[0] if len(known) == 1 else {}


async def _get(session: Session, what: str) -> Mapping[str, Any]:
    reply = await session.ask(what, "GET", what)
    if reply.status in (403, 404):
        return {}
    if not reply.ok:
        raise TransientError(f"{what}: {Problem.of(reply).words}", system=session.http.system)
    body = reply.json()
    return body if isinstance(body, dict) else {}
