"""Read what PerfectQuote says is wrong: `application/problem+json` (RFC 9457) with a code and pointers.

Takes a reply, gives words for an operator. The values that were sent are not repeated, only where they stood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.connectors.http import Reply
from syncd.connectors.http_cause import AGAIN, LOOK_AT_ADDRESS
from syncd.errors import ConnectorError, RecordError, RefusedError, StaleWriteError, TransientError

_LONGEST: Final = 300
_NOT_THERE: Final = frozenset({404, 405, 501})
_NO_CODES: Final = frozenset({"", "not_found"})
_HINTS: Final[Mapping[str, str]] = {
    "plan_confirmed": "Unconfirm the plan in PerfectQuote, or set allow_confirmed_edit for this system.",
    "read_only_role": "Give the account the role Firm User; a Firm Reviewer only reads.",
    "scope_missing": "Give the API client the scopes groups:write and plans:write.",
    "already_connected": "Disconnect the group in PerfectQuote first.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal: status, code of the contract, and one line of words."""

    status: int
    code: str
    words: str
    body: Mapping[str, Any]
    url: str = ""

    @classmethod
    def of(cls, reply: Reply) -> Problem:
        """Read a reply; one that is no problem document has no code and only its status for words."""
        body: Any = {}
        if not reply.ok:
            try:
                body = reply.json()
            except ValueError:
                body = {}
        body = body if isinstance(body, dict) else {}
        # OAuth answers {"error": "invalid_client"} (RFC 6749 5.2) where everything else is a problem document.
        code = _plain(body.get("code") or body.get("error"))
        detail = _plain(body.get("detail") or body.get("title"))
        said = [
            detail,
            *(text for pointer, text in _pointed(body.get("errors")) if not pointer or pointer not in detail),
        ]
        words = "; ".join(text for text in said if text)
        label = f"{reply.status} {code}".strip()
        return cls(reply.status, code, f"{label}: {words}"[:_LONGEST] if words else label, body, reply.url)

    def failure(self, system: str, record_id: str | None = None, *, doing: str) -> ConnectorError:
        """Give the error of a question that every installation answers, and this one does not."""
        told = f"{doing}: {self.words} from {self.url}"
        if self.status in _NOT_THERE and self.code in _NO_CODES:
            return ConnectorError(told, system=system, external_id=record_id, hint=LOOK_AT_ADDRESS)
        hint = _HINTS.get(self.code, f"Look at what PerfectQuote says; {AGAIN}")
        return TransientError(told, system=system, external_id=record_id, hint=hint)

    def error(self, system: str, record_id: str | None = None, *, doing: str) -> RecordError:
        """Give the error of a write that was not applied; whether it may be tried again is in its class."""
        if self.status == 412:
            return StaleWriteError(system=system, external_id=record_id)
        field = next((_plain(each.get("pointer")) for each in _dicts(self.body.get("errors"))), None)
        return RefusedError(
            f"{doing}: {self.words}",
            system=system,
            external_id=record_id,
            field=field or None,
            hint=_HINTS.get(self.code),
        )


def _pointed(errors: object) -> list[tuple[str, str]]:
    """Give the pointer of each error, and what it says."""
    keys = ("pointer", "code", "message")
    told = [[_plain(each.get(key)) for key in keys] for each in _dicts(errors)]
    return [(pointer, " ".join(filter(None, (pointer, *rest)))) for pointer, *rest in told]


def _dicts(values: object) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _plain(value: object) -> str:
    """Give a text on one line without control characters."""
    return "".join(char for char in " ".join(value.split()) if char.isprintable()) if isinstance(value, str) else ""
