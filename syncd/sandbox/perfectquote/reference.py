"""What is only read: carriers, benefit codes, plan templates, the firm, its users, and the change feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncd.sandbox.clock import stamp
from syncd.sandbox.perfectquote.call import Answer, Call
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.listing import PAGING, Page, number, page, word
from syncd.sandbox.perfectquote.problems import Problem
from syncd.sandbox.perfectquote.words import CATALOGUE, PLAN_TYPES

FIRM_ID = "frm_sandbox"


@dataclass(frozen=True)
class Reference:
    """The calls that read what a firm shares."""

    firm: Firm

    def carriers(self, call: Call) -> Answer:
        """List carriers, by part of the name."""
        call.only(*PAGING, "q")
        text = call.query.get("q", "").casefold()
        rows = [carrier for carrier in self.firm.store.carriers.values() if text in carrier["name"].casefold()]
        return self._list(call, rows, "carriers")

    def benefit_fields(self, call: Call) -> Answer:
        """List the benefit codes of a plan type, or of all."""
        call.only(*PAGING, "plan_type")
        wanted = word(call.query, "plan_type", PLAN_TYPES)
        rows = [
            {"plan_type": plan_type, "code": code, "label": label}
            for plan_type, codes in CATALOGUE.items()
            if wanted in (None, plan_type)
            for code, label in codes.items()
        ]
        return self._list(call, rows, "benefit-fields")

    def plan_templates(self, call: Call) -> Answer:
        """List plan templates: one for each plan type that has a catalogue."""
        call.only(*PAGING)
        rows = [
            {
                "id": f"tpl_{plan_type}",
                "plan_type": plan_type,
                "name": plan_type.replace("_", " "),
                "codes": list(codes),
            }
            for plan_type, codes in CATALOGUE.items()
            if codes
        ]
        return self._list(call, rows, "plan-templates")

    def users(self, call: Call) -> Answer:
        """List the firm's users."""
        call.only(*PAGING)
        return self._list(call, list(self.firm.store.users.values()), "users")

    def show_firm(self, call: Call) -> Answer:
        """Describe the firm."""
        call.only()
        return Answer({"id": FIRM_ID, "name": "Sandbox Benefits", "time_zone": "UTC", "now": stamp(self.firm.now)})

    def _list(self, call: Call, rows: list[dict[str, Any]], scope: str) -> Answer:
        found = page(({**row, "_n": at} for at, row in enumerate(rows)), call.query, scope)
        shown = [{name: value for name, value in row.items() if name != "_n"} for row in found.records]
        return self.firm.listing(call, found, shown)

    # ── Change feed ──────────────────────────────────────────────────────────────────────────────────────────────────

    def changes(self, call: Call) -> Answer:
        """Give the events after a seq, oldest first; without `after`, from the oldest kept.

        Raises 410 when events after `after` are no longer kept, or not yet made: a firm restored from a backup. The
        contract names no envelope for the feed, so it is that of every listing; `next_cursor` is the seq to go on
        from, as `after` or as `cursor`.
        """
        call.only("after", "cursor", "limit")
        limit = number(call.query, "limit", 50, 1, 200)
        kept = self.firm.store.kept_events()
        oldest = kept[0]["seq"] if kept else self.firm.store.seq + 1
        place = "after" if "after" in call.query else "cursor"
        after = number(call.query, place, oldest - 1, 0, 10**12)
        gap = self.firm.faults.take(call.operation, "feed_gap") is not None
        if gap or not oldest - 1 <= after <= self.firm.store.seq:
            message = (
                f"events after {after} are no longer all kept; read everything, then go on after {self.firm.store.seq}"
            )
            raise Problem("cursor_expired", message, oldest_seq=oldest, last_seq=self.firm.store.seq)
        rest = [event for event in kept if event["seq"] > after]
        shown, more = rest[:limit], len(rest) > limit
        answer = self.firm.listing(call, Page(shown, str(shown[-1]["seq"]) if more else None), shown)
        if self.firm.faults.take(call.operation, "duplicate_events") is not None:
            answer.body["data"] = [event for event in answer.body["data"] for _ in range(2)]
        answer.body["page"]["last_seq"] = self.firm.store.seq
        return answer
