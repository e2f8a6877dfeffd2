"""What moved since a position: findChanges of the whole tenant, each touched plan read once.

The list names parts without saying whose they are, forgets after 30 days, says nothing of contributions and eligibility
rules, and lists our own writes too (documented but for the 30 days, which its clients observe). The next look starts
from the server's own `processStartedOn` less an overlap, and what was seen already in the overlap is not read again
unless it could have moved since.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.connectors.base import Changes
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts import rate, summary
from syncd.connectors.benefitpoint.plans import Plans
from syncd.connectors.benefitpoint.soap import NotAuthorizedError
from syncd.errors import RecordError, SyncdError, TransientError
from syncd.model.records import Kind, NotSeen, Present, Record

TYPES: Final = ("Account", "Product", "Benefit_Summary", "Rate")
_REMEMBERS: Final = timedelta(days=30)
_TOO_OLD = re.compile(r"\b30\b|days|too (?:old|far)|range", re.IGNORECASE)
_PART_KINDS: Final = {"Benefit_Summary": summary.KIND, "Rate": rate.KIND}
_QUIET_TYPE: Final = "User"
"""Asked for where only the server's clock is wanted: the shortest list there is."""

Seen = dict[str, str]


class Feed:
    """The change list of one installation."""

    def __init__(self, client: Client, accounts: Accounts, plans: Plans) -> None:
        self._client, self._accounts, self._plans = client, accounts, plans

    async def position(self) -> str:
        """Give the server's time as a position; our own clock is never one."""
        found = (await self._client.call("findChanges", criteria={"typesToInclude": [_QUIET_TYPE]})).get("changes", {})
        return _packed(_started(found), {})

    async def changes(self, position: str, groups: Collection[str] | None) -> Changes:
        """Give what moved. A position that the list does not reach back to is `expired`."""
        at, seen = _unpacked(position)
        since = at - timedelta(seconds=self._client.settings.overlap_s)
        try:
            found = await self._ask(since)
        except (RecordError, TransientError) as error:
            if _TOO_OLD.search(error.message.removeprefix("findChanges: ")):
                return Changes(await self.position(), expired=f"the change list does not reach back: {error.message}")
            raise
        started = _started(found)
        if _time(started) - at > _REMEMBERS:
            # Some installations may cut the list silently; what is older than it remembers is never trusted.
            return Changes(_packed(started, {}), expired="the last look is more than 30 days ago, the list forgets")
        entries = [*found.get("modifications", []), *found.get("deletions", [])]
        fresh = [entry for entry in entries if not _known(entry, seen, at)]
        touched = await self._touched(fresh, groups)
        gone = _gone(fresh, touched)
        records, unreadable = await self._records(touched, gone)
        position = _packed(started, {_name(entry): _stamp(entry) for entry in entries})
        return Changes(position, records, gone, unreadable=unreadable)

    async def _ask(self, since: datetime) -> Data:
        criteria = {"sinceLastModifiedOn": since.isoformat(timespec="milliseconds"), "typesToInclude": list(TYPES)}
        found: Data = (await self._client.call("findChanges", criteria=criteria)).get("changes", {})
        return found

    async def _touched(self, entries: Iterable[Data], groups: Collection[str] | None) -> dict[tuple[Kind, int], None]:
        """Give each record that an entry speaks of, once; a removed part touches its plan."""
        found: dict[tuple[Kind, int], None] = {}
        for entry in entries:
            kind, own = entry.get("entityType"), int(entry["entityID"])
            if kind == "Account":
                self._accounts.forget(own)
                if groups is None or str(own) in groups:
                    found["group", own] = None
            elif kind == "Product":
                if await self._wanted(own, groups, deleted="deletedOn" in entry):
                    found["plan", own] = None
            elif kind in _PART_KINDS:
                plan = await self._plan_of(_PART_KINDS[str(kind)], own, deleted="deletedOn" in entry)
                if plan is not None and await self._wanted(plan, groups, deleted=False):
                    found["plan", plan] = None
        return found

    async def _wanted(self, plan: int, groups: Collection[str] | None, *, deleted: bool) -> bool:
        """Tell whether a plan is of a group that is asked for; one that was not seen in any of them is asked for its
        account, for it may have been moved to one."""
        if groups is None:
            return True
        account = self._plans.account_of(plan)
        if str(account) not in groups and not deleted:
            try:
                account = (await self._plans.product(plan)).get("accountID")
            except NotAuthorizedError:
                return False
        return str(account) in groups

    async def _plan_of(self, kind: str, own: int, *, deleted: bool) -> int | None:
        """Give the plan of a part; one that was not seen before says itself."""
        known = self._plans.plan_of(kind, own)
        if known is not None or deleted:
            return known
        try:
            raw = await self._plans.raw(kind, own)
        except NotAuthorizedError:
            return None
        plan = raw.get("productID")
        return int(plan) if plan is not None else None

    async def _records(
        self, touched: Iterable[tuple[Kind, int]], gone: Mapping[tuple[Kind, str], str]
    ) -> tuple[tuple[Record, ...], dict[tuple[Kind, str], str]]:
        """Read each touched record once, and say which cannot be read. One that is hidden, or no plan, is left to the
        daily listing."""
        records: list[Record] = []
        unreadable: dict[tuple[Kind, str], str] = {}
        for kind, own in touched:
            if (kind, str(own)) in gone:
                continue
            answer = await (self._accounts.read(own) if kind == "group" else self._plans.read(own))
            if isinstance(answer, Present):
                records.append(answer.record)
            elif isinstance(answer, NotSeen) and answer.unreadable:
                unreadable[kind, str(own)] = answer.why
        return tuple(records), unreadable


def _gone(entries: Iterable[Data], touched: Mapping[tuple[Kind, int], None]) -> dict[tuple[Kind, str], str]:
    """Give the touched records that the list says were removed."""
    kinds: Mapping[str, Kind] = {"Account": "group", "Product": "plan"}
    return {
        (kind, str(entry["entityID"])): f"findChanges lists it as deleted on {entry['deletedOn']}"
        for entry in entries
        if "deletedOn" in entry
        and (kind := kinds.get(str(entry.get("entityType")))) is not None
        and (kind, int(entry["entityID"])) in touched
    }


# -- positions --------------------------------------------------------------------------------------------------------


def _packed(started: str, seen: Seen) -> str:
    return json.dumps({"at": started, "seen": seen}, separators=(",", ":"), sort_keys=True)


def _unpacked(position: str) -> tuple[datetime, Seen]:
    try:
        held = json.loads(position)
        return _time(held["at"]), dict(held["seen"])
    except (ValueError, KeyError, TypeError) as error:
        raise SyncdError("this is no position of BenefitPoint's change list") from error


def _started(found: Mapping[str, Any]) -> str:
    started = found.get("processStartedOn")
    if not isinstance(started, str):
        raise TransientError("findChanges: the reply does not say when it was made")
    return started


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise TransientError("findChanges: the reply's time has no offset")
    return moment


def _name(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('entityType')} {entry.get('entityID')}{' gone' if 'deletedOn' in entry else ''}"


def _stamp(entry: Mapping[str, Any]) -> str:
    return str(entry.get("deletedOn") or entry.get("lastModifiedOn"))


def _known(entry: Mapping[str, Any], seen: Seen, at: datetime) -> bool:
    """Tell what was read at the last look and cannot have moved since: a stamp of that very moment or later may stand
    for two edits."""
    stamp = _stamp(entry)
    return seen.get(_name(entry)) == stamp and _time(stamp) < at
