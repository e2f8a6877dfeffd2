"""One request and its answer, and what every handler does with them: conditions, bodies, the merge of a patch."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.perfectquote.access import Token
from syncd.sandbox.perfectquote.problems import FieldError, Problem, invalid
from syncd.sandbox.perfectquote.store import Record


@dataclass(frozen=True)
class Call:
    """A request that was let in: what it asks, as whom."""

    method: str
    template: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    token: Token
    operation: str

    @property
    def actor(self) -> str:
        """The user whose write this is."""
        return self.token.user_id

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object. Raises 415 and 400."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in ("application/json", "application/merge-patch+json"):
            raise Problem("unsupported_media", f"content type is {media_type or 'missing'}, not application/json")
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise Problem("malformed_json", f"the body is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise Problem("malformed_json", "the body is not a JSON object")
        return body

    def only(self, *known: str) -> None:
        """Refuse a query parameter that this call does not have, so that a typo is not an empty filter."""
        for name in self.query:
            if name not in known:
                raise Problem("bad_filter", f"unknown parameter {name}; known: {', '.join(known) or 'none'}")

    def flag(self, name: str) -> bool:
        """Read a true or false parameter."""
        text = self.query.get(name, "false")
        if text not in ("true", "false"):
            raise Problem("bad_filter", f"{name} is {text!r}: true or false")
        return text == "true"


@dataclass(frozen=True)
class Answer:
    """What is sent back; `record` makes the ETag."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def etag(record: Record) -> str:
    """Give a record's strong ETag: its rev."""
    return f'"{record["rev"]}"'


def alive(record: Record | None, kind: str, record_id: str) -> Record:
    """Check that a record is there. Raises 404 and 410."""
    if record is None:
        raise Problem("not_found", f"no {kind} {record_id}")
    if record["deleted_at"] is not None:
        raise Problem("deleted", f"{kind} {record_id} was deleted", deleted_at=record["deleted_at"])
    return record


def require_match(call: Call, record: Record) -> None:
    """Check If-Match. Raises 428 and 412."""
    wanted = call.headers.get("if-match")
    if wanted is None:
        raise Problem("if_match_required", "send If-Match with the ETag that you read")
    if wanted.strip() != "*" and etag(record) not in [tag.strip() for tag in wanted.split(",")]:
        message = f"If-Match is {wanted}, the record is at {etag(record)}; read it again"
        raise Problem("stale_etag", message, current_etag=etag(record))


def one(call: Call, record: Record, body: Any, status: int = 200) -> Answer:
    """Answer with one resource: its ETag, and 304 when the client has it already."""
    headers = {"ETag": etag(record)}
    known = call.headers.get("if-none-match")
    if call.method == "GET" and known is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        if known.strip() == "*" or etag(record) in tags:
            return Answer(None, 304, headers)
    return Answer(body, status, headers)


def merged(target: Any, patch: Any) -> Any:
    """Apply an RFC 7396 merge patch; arrays are replaced whole."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def writable(body: Mapping[str, Any], shown: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    """Drop read-only fields that say what the record says; raises 422 for others and for names nobody knows.

    A client that reads a record, changes a field and sends it whole is right; one that tries to set `rev` is not.
    """
    errors = [
        FieldError(f"/{name}", "invalid_value", "read only")
        if name in shown
        else FieldError(f"/{name}", "unknown_field", "no such field")
        for name, value in body.items()
        if name not in fields and not (name in shown and shown[name] == value)
    ]
    if errors:
        raise invalid(errors)
    return {name: value for name, value in body.items() if name in fields}
