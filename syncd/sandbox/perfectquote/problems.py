"""What PerfectQuote's contract answers when it refuses: RFC 9457 problems with a `code` from one table.

The REST contract is the project's own (PerfectQuote publishes none); this is its server's side.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

CODES: dict[str, tuple[int, str]] = {
    "bad_cursor": (400, "The cursor is not one of this listing"),
    "bad_filter": (400, "A filter is not understood"),
    "malformed_json": (400, "The body is not JSON"),
    "token_missing": (401, "No bearer token"),
    "token_expired": (401, "The token has expired"),
    "token_revoked": (401, "The token is not or no longer known"),
    "invalid_client": (401, "The client is not known or its secret is wrong"),
    "unsupported_grant_type": (400, "Only client_credentials is granted"),
    "invalid_scope": (400, "A scope that the client may not have"),
    "scope_missing": (403, "The token lacks a scope"),
    "read_only_role": (403, "A Firm Reviewer reads only"),
    "user_disabled": (403, "The user is disabled"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "Not allowed here"),
    "deleted": (410, "Deleted"),
    "cursor_expired": (410, "The change feed does not reach back so far"),
    "idempotency_mismatch": (409, "The idempotency key was used for another request"),
    "already_connected": (409, "The group is connected"),
    "plan_confirmed": (409, "A confirmed plan is not edited by accident"),
    "stale_etag": (412, "Changed in the meantime"),
    "if_match_required": (428, "If-Match is required"),
    "too_large": (413, "The body is too large"),
    "unsupported_media": (415, "The media type is not supported"),
    "unknown_field": (422, "A field is not known"),
    "invalid_value": (422, "A value is not valid"),
    "one_of": (422, "Exactly one is expected"),
    "tier_mismatch": (422, "The tiers do not fit"),
    "contribution_exceeds_premium": (422, "The employer would pay more than the premium"),
    "unknown_carrier": (422, "The carrier is not known"),
    "type_mismatch": (422, "The plan types differ"),
    "rate_limited": (429, "Too many requests"),
    "internal": (500, "Something broke"),
    "bad_gateway": (502, "The gateway has no answer"),
    "maintenance": (503, "Maintenance"),
}
"""Code -> status and title. The contract's other codes belong to calls that this sandbox does not serve."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a body; `pointer` is RFC 6901, into the body that was sent."""

    pointer: str
    code: str
    message: str


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A refusal: one of `CODES`, what was seen and expected, and members and headers beside."""

    def __init__(
        self,
        code: str,
        detail: str,
        errors: list[FieldError] | None = None,
        *,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.errors = code, detail, errors or []
        self.headers, self.members = headers or {}, members

    @property
    def status(self) -> int:
        """The HTTP status."""
        return CODES[self.code][0]

    def document(self, request_id: str) -> dict[str, Any]:
        """Give the problem document."""
        return {
            "type": f"https://perfectquote.invalid/problems/{self.code}",
            "title": CODES[self.code][1],
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
            "errors": [asdict(error) for error in self.errors],
            **self.members,
        }


def invalid(errors: list[FieldError]) -> Problem:
    """Give the 422 of a body; its code is that of the first error."""
    first = errors[0]
    return Problem(first.code, f"{first.pointer or '/'}: {first.message}", errors)
