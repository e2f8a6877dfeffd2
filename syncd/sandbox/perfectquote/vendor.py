"""PerfectQuote's sandbox as the kernel sees it: build, ready line, reset, snapshot, edits by people."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Scope

from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Faults
from syncd.sandbox.perfectquote.access import Access, seeded_users
from syncd.sandbox.perfectquote.api import Api
from syncd.sandbox.perfectquote.edit import Desk
from syncd.sandbox.perfectquote.firm import SWITCHES, Firm
from syncd.sandbox.perfectquote.problems import Problem
from syncd.sandbox.perfectquote.render import render
from syncd.sandbox.perfectquote.store import Store
from syncd.sandbox.seed.model import World

_FAULTS = {
    "status_500": "500 internal; nothing is done",
    "feed_gap": "the change feed answers 410 cursor_expired",
    "duplicate_events": "the change feed gives every event twice",
    "moving_page": "the first record of the page is touched by a user right after it was read",
}
_CODES = {429: "rate_limited", 502: "bad_gateway", 503: "maintenance"}


class PerfectQuote:
    """One firm's PerfectQuote, by our own contract."""

    name = "perfectquote"

    def __init__(self, world: World, clock: Clock, faults: Faults, seed: int) -> None:
        faults.teach(**_FAULTS)
        self._world = world
        self._switches: dict[str, Any] = dict(SWITCHES)
        self._store = Store(clock, seed)
        self._firm = Firm(self._store, clock, faults, self._switches)
        self._access = Access(clock, seed, self._switches)
        self._api = Api(self._firm, self._access)
        self._desk = Desk(self._firm)
        self._seeded: dict[str, Any] | None = None
        self.reset()

    @property
    def app(self) -> ASGIApp:
        """The REST surface."""
        return self._api

    @property
    def switches(self) -> MutableMapping[str, Any]:
        """See `firm.SWITCHES`."""
        return self._switches

    def ready(self, origin: str) -> dict[str, Any]:
        """Give the address and the clients; `reviewer` reads only, `disabled` belongs to a disabled user."""
        clients = self._access.credentials()
        return {
            "url": f"{origin}/v1",
            **clients["sync"],
            "reviewer": clients["reviewer"],
            "disabled": clients["disabled"],
        }

    def operation_of(self, scope: Scope, body: bytes) -> str:
        """Name a call: `GET /v1/plans/{id}`."""
        return self._api.operation(scope["method"], scope["path"])

    def refusal(self, status: int, seconds: int) -> tuple[str, bytes]:
        """Refuse with a problem document; a gateway's 502 is HTML, for it is not PerfectQuote who answers."""
        if status == 502:
            return "text/html", b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
        problem = Problem(_CODES[status], f"try again in {seconds} s")
        return "application/problem+json", json.dumps(problem.document("req-gateway")).encode()

    def reset(self) -> None:
        """Go back to the seed: records, feed, switches; tokens and idempotency keys are forgotten."""
        if self._seeded is None:
            self._store.users = seeded_users()
            render(self._world, self._store)
            self._seeded = self._store.dump()
        else:
            self._store.load(self._seeded)
        self._switches.clear()
        self._switches.update(SWITCHES)
        self._access.revoke_all()
        self._api.replay.clear()

    def snapshot(self) -> dict[str, Any]:
        """Give records, feed and switches. Tokens stay out: a restored firm does not log its users off."""
        return {"store": self._store.dump(), "switches": dict(self._switches)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `snapshot` gave."""
        self._store.load(state["store"])
        self._switches.update(state["switches"])
        self._api.replay.clear()

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        """Edit as a user of the firm; see `edit.Desk`."""
        return self._desk.edit(body)


def build(world: World, clock: Clock, faults: Faults, seed: int) -> PerfectQuote:
    """Build the sandbox of a world."""
    return PerfectQuote(world, clock, faults, seed)
