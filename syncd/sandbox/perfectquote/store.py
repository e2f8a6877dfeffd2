"""PerfectQuote's state: plain records, their revs, and the change feed. The only place that changes either.

Every write goes through `Store.write`, which bumps the rev, stamps the time and appends exactly one event, so the feed
and the stamps cannot disagree with the data, unless a fault (`lying_stamp`) asks for that.
"""

from __future__ import annotations

import copy
import hashlib
from datetime import datetime, timedelta
from typing import Any

from syncd.sandbox.clock import Clock, parse, stamp

Record = dict[str, Any]
"""A record's fields as they are served, and `_n`, its place in the order of creation."""

KEPT = timedelta(days=30)
"""How long the feed keeps an event (our contract, B1)."""

TOMBSTONES = timedelta(days=90)
"""How long `include_deleted` lists what was deleted."""

KINDS = {"group": "grp", "plan": "pln", "census": "cen", "rfp": "rfp", "quote_file": "qf"}
"""Kind -> prefix of its ids. Groups and plans are in the feed."""


class Store:
    """The records of one firm."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock, self._seed = clock, seed
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.carriers: dict[str, Record] = {}
        self.users: dict[str, Record] = {}
        self.events: list[dict[str, Any]] = []
        self.seq = 0
        self.made = 0

    def new_id(self, prefix: str) -> str:
        """Make an opaque id: the same for the same seed and history."""
        self.made += 1
        digest = hashlib.blake2b(f"{self._seed}:{self.made}".encode(), digest_size=6)
        return f"{prefix}_{digest.hexdigest()}"

    def insert(self, kind: str, fields: Record, actor: str, *, record_id: str | None = None) -> Record:
        """Add a record; gives it."""
        now = stamp(self._clock.now())
        record: Record = {
            "id": record_id or self.new_id(KINDS[kind]),
            "rev": 1,
            "created_at": now,
            "updated_at": now,
            "deleted_at": None,
            **fields,
            "_n": len(self.records[kind]) + 1,
        }
        self._told_by(kind, record, actor)
        self.records[kind][record["id"]] = record
        self._tell(kind, record, "created", sorted(fields), actor)
        return record

    def write(self, kind: str, record: Record, changes: Record, actor: str, *, lying: bool = False) -> Record:
        """Change a record; what changes nothing is no write. A `lying` write leaves rev, stamp and feed behind."""
        changed = sorted(name for name, value in changes.items() if record.get(name) != value)
        if not changed:
            return record
        record.update(copy.deepcopy({name: changes[name] for name in changed}))
        if lying:
            return record
        record["rev"] += 1
        record["updated_at"] = stamp(self._clock.now())
        self._told_by(kind, record, actor)
        op = "deleted" if "deleted_at" in changed and record["deleted_at"] else "updated"
        self._tell(kind, record, op, changed, actor)
        return record

    def delete(self, kind: str, record: Record, actor: str) -> Record:
        """Delete a record softly."""
        return self.write(kind, record, {"deleted_at": stamp(self._clock.now())}, actor)

    def plans_of(self, group_id: str) -> list[Record]:
        """Give the plans of a group that are not deleted."""
        plans = self.records["plan"].values()
        return [plan for plan in plans if plan["group_id"] == group_id and plan["deleted_at"] is None]

    def rfps_of(self, group_id: str) -> list[Record]:
        """Give the requests for proposals of a group."""
        return [rfp for rfp in self.records["rfp"].values() if rfp["group_id"] == group_id]

    def kept_events(self) -> list[dict[str, Any]]:
        """Give the events that the feed still keeps, oldest first."""
        since = stamp(self._clock.now() - KEPT)  # stamps of one form and zone sort as text
        return [event for event in self.events if event["at"] >= since]

    def listed(self, record: Record, now: datetime, *, include_deleted: bool) -> bool:
        """Tell whether a listing shows a record."""
        if record.get("deleted_at") is None:
            return True
        return include_deleted and now - parse(record["deleted_at"]) <= TOMBSTONES

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON data."""
        return copy.deepcopy(
            {
                "records": self.records,
                "carriers": self.carriers,
                "users": self.users,
                "events": self.events,
                "seq": self.seq,
                "made": self.made,
            }
        )

    def load(self, state: dict[str, Any]) -> None:
        """Take what `dump` gave. Raises KeyError."""
        held = copy.deepcopy(state)
        self.records = {kind: held["records"][kind] for kind in KINDS}
        self.carriers, self.users, self.events = held["carriers"], held["users"], held["events"]
        self.seq, self.made = held["seq"], held["made"]

    def _told_by(self, kind: str, record: Record, actor: str) -> None:
        if kind == "plan":
            record["updated_by"] = actor

    def _tell(self, kind: str, record: Record, op: str, fields: list[str], actor: str) -> None:
        if kind not in ("group", "plan"):
            return
        self.seq += 1
        event = {"seq": self.seq, "at": record["updated_at"], "type": kind, "id": record["id"], "op": op}
        self.events.append({**event, "rev": record["rev"], "fields": fields, "actor": actor})
