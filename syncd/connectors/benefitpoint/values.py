"""Small pure things that all parts share: what of a part is ours, what is compared, days and offsets.

Keys that begin with `_` are the connector's annotations: names for ids, joined texts. They are made anew with every
read and never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from syncd.connectors.benefitpoint.contract import Data, Slot
from syncd.errors import RefusedError

SERVER_OWNED: Final = frozenset(
    {
        *("lastModifiedOn", "createdOn", "productStatus", "policyIntegrationInfo", "responseRateInfo"),
        *("totalEstimatedMonthlyRevenue", "totalEstimatedMonthlyPremium"),
    }
)
"""What follows from other things there: never changed from here, and sent back as it was read."""
_SECRET: Final = frozenset({"taxpayerID", "taxPayerID"})
_DAY = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?)?\Z")


def plain(data: Mapping[str, Any]) -> Data:
    """Give a part's data without our annotations."""
    return {key: value for key, value in data.items() if not key.startswith("_")}


def visible(raw: Mapping[str, Any]) -> Data:
    """Give what is kept of an object: no tax id, and no stamp, which is the part's version."""
    return {
        key: visible(value) if isinstance(value, Mapping) else value
        for key, value in raw.items()
        if key not in _SECRET and key != "lastModifiedOn"
    }


def merged(raw: Mapping[str, Any], after: Mapping[str, Any]) -> Data:
    """Give the whole object to send: as it shall be, with what was kept from us as it is there."""
    whole = plain(after)
    for key, value in raw.items():
        if key in _SECRET or key == "lastModifiedOn":
            whole[key] = value
        elif isinstance(value, Mapping) and isinstance(whole.get(key), Mapping):
            whole[key] = merged(value, whole[key])
    return whole


def refuse_server_owned(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise RefusedError when a change touches what BenefitPoint keeps itself."""
    moved = sorted(key for key in SERVER_OWNED if before.get(key) != after.get(key) and (key in before or key in after))
    if moved:
        raise RefusedError("BenefitPoint sets this itself, it follows from other fields", field=moved[0])


def with_offsets(data: Mapping[str, Any], slots: Mapping[str, Slot], zone: str) -> Data:
    """Give data whose bare days are midnights where the server is; what already has an offset stays as it was read."""
    made: Data = {}
    for key, value in data.items():
        slot = slots.get(key)
        if slot is None:
            made[key] = value
        elif slot.inner is not None:
            inner, items = slot.inner, value if isinstance(value, list) else [value]
            objects = [with_offsets(item, inner, zone) if isinstance(item, Mapping) else item for item in items]
            made[key] = objects if isinstance(value, list) else objects[0]
        else:
            made[key] = midnight(value, zone) if slot.kind == "date" and isinstance(value, str) else value
    return made


def midnight(text: str, zone: str) -> str:
    """Write a day as BenefitPoint does, `2027-01-01T00:00:00.000-08:00`; other texts stay what they are."""
    found = _DAY.match(text)
    if found is None:
        return text
    moment = datetime.fromisoformat(found["day"]).replace(tzinfo=ZoneInfo(zone))
    return moment.isoformat(timespec="milliseconds")


def day_of(text: object) -> str:
    """Give the calendar day as written, whatever the offset behind it: converting to UTC would move it."""
    return text[:10] if isinstance(text, str) else ""


def joined(texts: Iterable[str]) -> str | None:
    """Join what differs, in order of appearance; None: nothing was said."""
    said = list(dict.fromkeys(text for text in texts if text))
    return " | ".join(said) if said else None


def number(record_id: str) -> int | None:
    """Read a native id; None: BenefitPoint has no such ids."""
    return int(record_id) if re.fullmatch(r"[0-9]{1,10}", record_id) else None
