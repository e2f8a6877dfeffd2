"""What a start-up check wants to know of a PerfectQuote installation, and its live schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.connectors.base import Finding
from syncd.connectors.perfectquote.account import look_up_account
from syncd.connectors.perfectquote.catalogue import Catalogue
from syncd.connectors.perfectquote.feed import ChangeFeed
from syncd.connectors.perfectquote.schema import GROUP, PLAN, of_benefit
from syncd.connectors.perfectquote.session import SCOPES, Session
from syncd.errors import AuthError, ConnectorError
from syncd.model.records import Kind


async def examine(session: Session, feed: ChangeFeed, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Look at login, account, scopes, feed and catalogue; without a login there is nothing more to see."""
    try:
        token = await session.token()
        account = await look_up_account(session)
    except AuthError as error:
        return (Finding("login", ok=False, detail=error.message, hint=error.hint),)
    except ConnectorError as error:
        return (Finding("connection", ok=False, detail=error.message, hint=error.hint or "Check base_url."),)
    found = [Finding("login", ok=True, detail="client credentials accepted")]
    found.append(Finding("firm", ok=bool(account.firm), detail=str(account.firm.get("name") or "not shown to us")))
    why = account.why_not("plan", token)
    hint = "Give the account the role Firm User, or set `writes: off` for this system." if why else ""
    found.append(Finding("role", ok=not why, detail=why or "may write", hint=hint))
    missing = sorted(SCOPES - token.scopes)
    found.append(
        Finding(
            "scopes",
            ok=not missing,
            detail=f"missing {', '.join(missing)}" if missing else ", ".join(sorted(token.scopes)),
            hint="Add them to the API client in PerfectQuote." if missing else "",
        )
    )
    found.append(await _looked_at("change feed", feed.position))
    found.append(await _looked_at("benefit catalogue", lambda: _counted(catalogue)))
    return tuple(found)


async def live_schema(catalogue: Catalogue, kind: Kind) -> Mapping[str, Mapping[str, str]]:
    """Give the contract's fields of a kind, and for plans what the catalogue of benefits adds."""
    if kind == "group":
        return {"group": GROUP}
    if kind != "plan":
        return {}
    paths = dict(PLAN)
    # The contract lets everybody add codes of their own that begin with x_; the catalogue does not name them.
    for code in (*await catalogue.labels(), "x_*"):
        paths |= of_benefit(code)
    return {"plan": paths}


async def _counted(catalogue: Catalogue) -> str:
    return f"{len(await catalogue.labels())} codes"


async def _looked_at(what: str, look: Any) -> Finding:  # noqa: ANN401 - a coroutine function without arguments
    try:
        seen = await look()
    except ConnectorError as error:
        return Finding(what, ok=False, detail=error.message, hint=error.hint)
    return Finding(what, ok=True, detail=f"at event {seen}" if what == "change feed" else str(seen))
