"""PerfectQuote's resources as records, and what a changed record sends back.

A record has one part, named like its kind, whose data is the resource less what the server alone says of it (ids,
stamps, revision, figures it computes). Its version is the revision. Money stays the text that it is. Takes and gives
plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from syncd.connectors.frozen import freeze
from syncd.connectors.perfectquote.tables import VOLUNTARY, meant, told
from syncd.errors import TransientError
from syncd.model.records import Kind, Part, Record

PATHS: Final[Mapping[Kind, str]] = {"group": "groups", "plan": "plans"}
EXPAND: Final = "benefits,rates,contributions"
CONFIRMED: Final = "the plan is confirmed in PerfectQuote"

# Not in the data: they say nothing of the group or plan, or move without an edit (`late` with the day).
_ENVELOPE: Final = frozenset(
    {"id", "group_id", "rev", "created_at", "updated_at", "deleted_at", "updated_by", "workflow", "renewal_estimated"}
)
# In the data, to be read; sent, the contract refuses them.
_READ_ONLY: Final[Mapping[Kind, frozenset[str]]] = {
    "group": frozenset({"bp_account", "tax_id_last4", "tax_id_hash"}),
    "plan": frozenset({"stage", "favorite", "source", "carrier_id"}),
}
_TAX_ID_DIGITS: Final = 9
_MARKED: Final = ("external_ids", "syncd")


def record_of(
    system: str, kind: Kind, resource: object, *, may_edit_confirmed: bool, keyed: Callable[[str], str] | None = None
) -> Record:
    """Read a resource. Raises TransientError for one without id or revision: a defective answer proves nothing.

    `keyed`: hashes a tax id that is shown whole, so that equal ones are told without being kept.
    """
    if not isinstance(resource, dict) or not resource.get("id") or resource.get("rev") is None:
        raise TransientError(f"a {kind} came without id or revision", system=system)
    record_id = str(resource["id"])
    data = {key: value for key, value in meant(resource).items() if key not in _ENVELOPE}
    if kind == "group" and "tax_id" in data:
        # Never kept whole, even where the client's scopes would show it.
        digits = "".join(char for char in str(data.pop("tax_id") or "") if char.isdecimal())
        data["tax_id_last4"] = digits[-4:] if len(digits) >= 4 else None
        if keyed is not None and len(digits) == _TAX_ID_DIGITS:
            data["tax_id_hash"] = keyed(digits)
    confirmed = kind == "plan" and resource.get("stage") == "confirmed" and not may_edit_confirmed
    return Record(
        kind,
        record_id,
        (Part(kind, record_id, freeze(data), str(resource["rev"])),),
        group=str(resource["group_id"]) if kind == "plan" and resource.get("group_id") else None,
        modified=_stamp(resource.get("updated_at")),
        locked={"": CONFIRMED} if confirmed else {},
    )


def body_of(kind: Kind, data: Mapping[str, Any], marker: str = "") -> dict[str, Any]:
    """Give the body that creates a record with this data, and the marker where the resource has a place for one."""
    body = {key: told(key, value, data) for key, value in data.items() if key not in _READ_ONLY[kind] | _ENVELOPE}
    if marker and kind == "plan":
        body["external_ids"] = {**(body.get("external_ids") or {}), "syncd": marker}
    if data.get("plan_type") in VOLUNTARY:
        body["voluntary"] = True
    return {key: value for key, value in body.items() if value is not None}


def patch_of(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Give the merge patch (RFC 7396) from one state to the other, without what the server owns."""
    owned = _READ_ONLY[kind] | _ENVELOPE
    patch = _patch(before, {key: value for key, value in after.items() if key not in owned}, owned)
    return {key: told(key, value, after) for key, value in patch.items()}


def marker_of(record: Record) -> str:
    """Give the marker that a record was created with; "": none."""
    held: Any = record.parts[0].data
    for key in _MARKED:
        held = held.get(key) if isinstance(held, dict) else None
    return str(held) if held else ""


def _patch(before: Mapping[str, Any], after: Mapping[str, Any], keep: frozenset[str] = frozenset()) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in before if key not in after and key not in keep}
    for key, value in after.items():
        held = before.get(key)
        if key in before and _same(held, value):
            continue
        patch[key] = _patch(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return patch


def _same(left: object, right: object) -> bool:
    """Tell whether two JSON values are one: `1 == True` in Python."""
    return type(left) is type(right) and left == right if isinstance(left, bool | int) else left == right


def _stamp(text: object) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None
