"""What the account behind the client credentials may do: scopes of its token, role and status of its user.

A Firm Reviewer reads only (PerfectQuote: "Setting up users", documented); the other roles do everything with content.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.connectors.base import Access
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.session import Session, Token
from syncd.connectors.perfectquote.settings import Settings

_BELIEVED_S: Final = 24 * 3600.0
_NOBODY: Final = "pln_does_not_exist"
REVIEWER: Final = "the account is a Firm Reviewer, who only reads in PerfectQuote"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What was found: the firm, the refusal of a write, if any; and until when it is believed (monotonic seconds)."""

    firm: Mapping[str, Any]
    refusal: str
    until: float

    def why_not(self, kind: str, token: Token) -> str:
        """Say why groups or plans are not written; "": they are."""
        if self.refusal == "read_only_role":
            return REVIEWER
        missing = self.refusal == "scope_missing" or f"{kind}s:write" not in token.scopes
        return f"the client has no scope {kind}s:write" if missing else ""

    def access(self, token: Token, settings: Settings) -> Access:
        """Give what the account may do. The fingerprint stands for address, firm and user."""
        why = self.why_not("plan", token)
        user = token.user or settings.client_id
        told = "\n".join((settings.base_url.rstrip("/"), str(self.firm.get("id", "")), user))
        return Access(
            fingerprint=hashlib.blake2b(told.encode(), digest_size=12).hexdigest(),
            unwritable={"": why} if why else {},
            create=not why,
            update=not why,
            end=not why,
            conditional=True,
            marker=True,
        )


async def look_up_account(session: Session) -> AccountFacts:
    """Ask for the firm, and whether the user may write.

    The contract does not say whom a token acts as, so the role is found by an empty patch of a plan that does not
    exist: a reviewer is refused for the role, everybody else for the plan. It cannot change anything.
    """
    firm = await _get(session, "firm")
    headers = {"If-Match": '"0"', "Content-Type": "application/merge-patch+json"}
    reply = await session.ask("role", "PATCH", f"plans/{_NOBODY}", headers=headers, json={})
    code = Problem.of(reply).code if reply.status == 403 else ""
    return AccountFacts(firm, code, time.monotonic() + _BELIEVED_S)


async def _get(session: Session, what: str) -> Mapping[str, Any]:
    reply = await session.ask(what, "GET", what)
    if reply.status in (403, 404):
        return {}
    if not reply.ok:
        raise Problem.of(reply).failure(session.http.system, doing=what)
    body = reply.json()
    return body if isinstance(body, dict) else {}
