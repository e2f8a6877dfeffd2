"""What belongs to a group beside plans: censuses, requests for proposals, quote files; and the export of its plans."""

from __future__ import annotations

import email.parser
import email.policy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from syncd.sandbox.clock import parse
from syncd.sandbox.perfectquote.call import Answer, Call, alive, etag, one
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.groups import Groups
from syncd.sandbox.perfectquote.listing import PAGING, page
from syncd.sandbox.perfectquote.plans import Plans
from syncd.sandbox.perfectquote.problems import FieldError, Problem, invalid
from syncd.sandbox.perfectquote.schema import Body, CensusBody, RfpBody, check
from syncd.sandbox.perfectquote.store import Record

_STARTS = {
    "pdf": b"%PDF-",
    "docx": b"PK\x03\x04",
    "xlsx": b"PK\x03\x04",
    "doc": b"\xd0\xcf\x11\xe0",
    "xls": b"\xd0\xcf\x11\xe0",
}
_PROCESSING_AFTER, _DECIDED_AFTER = timedelta(seconds=5), timedelta(seconds=30)


@dataclass(frozen=True)
class Papers:
    """Censuses, RFPs, quote files and the export."""

    firm: Firm
    groups: Groups
    plans: Plans

    # ── Censuses and requests for proposals ──────────────────────────────────────────────────────────────────────────

    def censuses(self, call: Call) -> Answer:
        """List a group's censuses, without their members."""
        return self._list(call, "census", lambda census: {**_shown(census), "members": None})

    def add_census(self, call: Call) -> Answer:
        """Submit a census."""
        return self._add(call, "census", CensusBody)

    def census(self, call: Call) -> Answer:
        """Read a census with its members."""
        call.only()
        group = self.groups.find(call)
        found = self.firm.store.records["census"].get(call.ids["cid"])
        if found is None or found["group_id"] != group["id"]:
            raise Problem("not_found", f"no census {call.ids['cid']} of group {group['id']}")
        return one(call, found, _shown(found))

    def rfps(self, call: Call) -> Answer:
        """List a group's requests for proposals."""
        return self._list(call, "rfp", _shown)

    def add_rfp(self, call: Call) -> Answer:
        """Make a request for proposals."""
        return self._add(call, "rfp", RfpBody)

    def _list(self, call: Call, kind: str, show: Any) -> Answer:
        call.only(*PAGING)
        group = self.groups.find(call)
        records = (record for record in self.firm.store.records[kind].values() if record["group_id"] == group["id"])
        found = page(records, call.query, f"{group['id']}/{kind}")
        return self.firm.listing(call, found, [show(record) for record in found.records])

    def _add(self, call: Call, kind: str, model: type[Body]) -> Answer:
        group = self.groups.find(call)
        fields = check(model, call.json())
        unknown = [carrier for carrier in fields.get("carrier_ids", ()) if carrier not in self.firm.store.carriers]
        if unknown:
            raise invalid([FieldError("/carrier_ids", "unknown_carrier", f"{unknown[0]} is not a carrier")])
        made = self.firm.store.insert(kind, {"group_id": group["id"], **fields}, call.actor)
        return Answer(_shown(made), 201, {"ETag": etag(made)})

    # ── Quote files ──────────────────────────────────────────────────────────────────────────────────────────────────

    def upload(self, call: Call) -> Answer:
        """Take a quote file (multipart, part `file`)."""
        group = self.groups.find(call)
        name, content = _file(call)
        fields = {
            "group_id": group["id"],
            "file_name": name,
            "size": len(content),
            "status": "uploaded",
            "reject_reason": None,
            "plan_ids": [],
            "_verdict": _verdict(name, content),
        }
        made = self.firm.store.insert("quote_file", fields, call.actor)
        return Answer(self._quote_file(made), 202, {"ETag": etag(made), "Location": f"/v1/quote-files/{made['id']}"})

    def quote_file(self, call: Call) -> Answer:
        """Read how far a quote file is."""
        call.only()
        found = alive(self.firm.store.records["quote_file"].get(call.ids["id"]), "quote file", call.ids["id"])
        return one(call, found, self._quote_file(found))

    def _quote_file(self, record: Record) -> dict[str, Any]:
        """Let time do its work: a wrong format is rejected, the rest waits for staff (who come by the back door).

        The sandbox reads no carrier's documents, so it never claims that a file was processed.
        """
        waited = self.firm.now - parse(record["created_at"])
        if record["status"] in ("uploaded", "processing"):
            record["status"] = "processing" if waited >= _PROCESSING_AFTER else "uploaded"
            if waited >= _DECIDED_AFTER:
                record["status"], record["reject_reason"] = record["_verdict"]
        return _shown(record)

    # ── Export ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def export(self, call: Call) -> Answer:
        """Give a group's plans side by side: one row a field, one column a plan."""
        call.only("format")
        if call.query.get("format", "json") != "json":
            raise Problem("bad_filter", f"format is {call.query['format']!r}: the sandbox gives json")
        group = self.groups.find(call)
        plans = self.firm.store.plans_of(group["id"])
        cells = [_cells(self.plans.show(plan)) for plan in plans]
        names = list(dict.fromkeys(name for column in cells for name in column))
        rows = [{"field": name, "values": [column.get(name) for column in cells]} for name in names]
        columns = [{"plan_id": plan["id"], "name": plan["name"]} for plan in plans]
        return Answer({"group_id": group["id"], "name": group["name"], "plans": columns, "rows": rows})


def _shown(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if not name.startswith("_")}


def _cells(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[str, Any] = {}
        for name, part in parts:
            found |= _cells(part, f"{path}.{name}" if path else str(name))
        return found
    return {} if value is None else {path: value}


def _verdict(name: str, content: bytes) -> tuple[str, str | None]:
    """Judge a file by its first bytes."""
    kind = name.rpartition(".")[2].lower()
    if kind not in _STARTS:
        return "rejected", "unsupported_format"
    if not content.startswith(_STARTS[kind]):
        return "rejected", "unreadable_pdf" if kind == "pdf" else "unsupported_format"
    return "in_support_review", None


def _file(call: Call) -> tuple[str, bytes]:
    """Find the part `file` of a multipart body. Raises 415 and 422."""
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Problem("unsupported_media", f"content type is {kind or 'missing'}, not multipart/form-data")
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + call.body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file" and part.get_filename():
            content = part.get_payload(decode=True)
            return str(part.get_filename()), content if isinstance(content, bytes) else b""
    raise invalid([FieldError("/file", "invalid_value", "a part named file, with a file name, is required")])
