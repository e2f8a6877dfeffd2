"""findChanges: what changed in the whole tenant since an instant, without content and without author.

Contributions, eligibility rules, relationships and carriers' contacts are not tracked (the contract's EntityType). The
look-back is at most 30 days; what a server does beyond is not known, so both answers are served.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from syncd.sandbox.benefitpoint.calls.registry import Answer, Call, call
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.envelope import Fault
from syncd.sandbox.benefitpoint.state import ENTITY
from syncd.sandbox.benefitpoint.tenant import Tenant
from syncd.sandbox.clock import stamp

_LOOK_BACK: Final = timedelta(days=30)


@call("findChanges")
def find_changes(c: Call) -> Answer:
    """Give changes and deletions. The next search starts from `processStartedOn`, which the server's clock says."""
    started = c.tenant.now()
    since = _since(c, started)
    wanted = set(c.criteria["typesToInclude"]) or set(ENTITY.values())
    changes = sorted(_modifications(c.tenant, since, wanted), key=lambda item: item["lastModifiedOn"])
    deletions = [
        item
        for item in c.tenant.state.deletions
        if item["entityType"] in wanted and item["deletedOn"] >= since and c.tenant.settled(item)
    ]
    return {"processStartedOn": stamp(started), "modifications": changes, "deletions": deletions}


def _since(c: Call, started: datetime) -> str:
    earliest = stamp(started - _LOOK_BACK)
    asked = c.criteria["sinceLastModifiedOn"] or earliest
    if asked >= earliest:
        return str(asked)
    if c.tenant.switches["thirty_days"] == "fault":
        raise Fault("sinceLastModifiedOn is more than 30 days ago.", "Client")
    return earliest


def _modifications(tenant: Tenant, since: str, wanted: set[str]) -> Iterator[Record]:
    for kind, entity in ENTITY.items():
        for number, record in tenant.state.tables[kind].items() if entity in wanted else ():
            changed = record["lastModifiedOn"]
            if changed >= since and tenant.settled(record) and tenant.find(kind, number) is not None:
                yield {"entityID": number, "entityType": entity, "lastModifiedOn": changed}
