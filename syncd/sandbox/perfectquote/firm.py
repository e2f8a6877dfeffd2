"""What every handler works with: the store, the time, the faults that a vendor plays itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Faults
from syncd.sandbox.perfectquote.call import Answer, Call
from syncd.sandbox.perfectquote.listing import Page
from syncd.sandbox.perfectquote.store import Record, Store
from syncd.sandbox.tidy import tidied

SWITCHES: dict[str, Any] = {
    "requests_per_minute": 120,
    "requests_at_once": 10,
    "work_s": 0.0,
    "body_limit": 2 * 1024 * 1024,
    "plans_per_group": 500,
    "pad_money": False,
    "tidy": {},
}
"""Behaviour that can be set, with the contract's values; `work_s` is how long each request takes, in real seconds, and
`pad_money` makes the vendor write every amount of rates and contributions with four decimals; `tidy` changes the texts
and amounts that are written (`syncd.sandbox.tidy`)."""
_TEXTS = ("name", "legal_name", "dba", "notes", "policy_number", "value", "text", "raw", "network", "class_name")
"""Free texts, which a vendor that tidies changes."""


@dataclass(frozen=True)
class Firm:
    """One brokerage's PerfectQuote."""

    store: Store
    clock: Clock
    faults: Faults
    switches: Mapping[str, Any]

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.now.date()

    def save(self, kind: str, record: Record, changes: Record, call: Call) -> Record:
        """Write what a request changes; the stamp lies when a fault says so."""
        lying = self.faults.take(call.operation, "lying_stamp") is not None
        return self.store.write(kind, record, self.kept(changes), call.actor, lying=lying)

    def kept(self, fields: Record) -> Record:
        """Give what is kept of what a request brings."""
        found: Record = tidied(fields, self.switches["tidy"], _TEXTS)
        return found

    def listing(self, call: Call, found: Page, shown: list[Any], kind: str | None = None) -> Answer:
        """Answer a listing, complete or as a fault wants it."""
        if self.faults.take(call.operation, "moving_page") is not None and kind is not None:
            self._move(kind, found)
        if self.faults.take(call.operation, "empty_list") is not None:
            return Answer({"data": [], "page": {"next_cursor": None, "has_more": False}})
        body = found.body(shown)
        if self.faults.take(call.operation, "partial_list") is not None:
            # Half a page that claims to be all: nothing in the answer betrays it.
            body = {"data": shown[: len(shown) // 2], "page": {"next_cursor": None, "has_more": False}}
        return Answer(body)

    def _move(self, kind: str, found: Page) -> None:
        """Let another user touch the first record of a page after it was read, so that it moves to the end."""
        for record in found.records[:1]:
            change = {"favorite": not record["favorite"]} if kind == "plan" else {"owner_user_id": "usr_dana"}
            if change.items() <= record.items():
                change = {"owner_user_id": "usr_omar"}
            self.store.write(kind, record, change, "usr_dana")
