"""Accounts: the group records, and an index in which they are found by name or number.

BenefitPoint searches accounts by name alone, so whoever knows an account by its number needs an index. Its entries are
remembered with the account's stamp; building it anew costs one listing and one reading for each account that changed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from syncd.connectors.base import Account
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.soap import NotAuthorizedError
from syncd.connectors.benefitpoint.structures import Structures
from syncd.connectors.benefitpoint.together import each
from syncd.connectors.benefitpoint.values import visible
from syncd.connectors.readable import readable
from syncd.connectors.registry import State
from syncd.errors import UnreadableError
from syncd.model.records import Answer, Gone, NotSeen, Part, Present, Record

KIND = "account"
_MARKETING = "A marketing group is edited in BenefitPoint."
_INDEX = "accounts"
TAX_ID_DIGITS = 9
EMPLOYERS = {"Group": "groupAccountInfo", "Marketing_Group": "marketingGroupAccountInfo"}
"""Classes of accounts that hold plans of employers, and where each says what it is."""
_FRESH_S = 600.0
_HIDDEN = "BenefitPoint does not show this account to us, which does not tell a removed one from a hidden one"


class Accounts:
    """The accounts that the web-service user sees; those of other classes than `EMPLOYERS` hold no employer's plans."""

    def __init__(
        self, client: Client, structures: Structures, state: State, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._structures, self._state, self._clock = client, structures, state, clock
        self._held: dict[int, tuple[float, Data]] = {}
        self._indexing = asyncio.Lock()

    # -- records ----------------------------------------------------------------------------------------------------

    async def ids(self) -> list[int]:
        """Give the ids of all visible group accounts, in order."""
        return sorted(summary["accountID"] for summary in await self._summaries())

    async def offices(self) -> set[str]:
        """Give the names of the offices that have visible accounts."""
        return {str(summary.get("officeName", "")) for summary in await self._summaries()}

    async def record(self, number: int) -> Record:
        """Read one account whole. Raises NotAuthorizedError when it is not shown."""
        return await self._record(await self.raw(number))

    async def raw(self, number: int, *, fresh: bool = True) -> Data:
        """Read an account as it is; `fresh=False`: a few minutes old will do, for the names of its classes."""
        held = self._held.get(number)
        if not fresh and held is not None and self._clock() - held[0] < _FRESH_S:
            return held[1]
        account: Data = (await self._client.call("getAccount", accountID=number)).get("account", {})
        self._held[number] = (self._clock(), account)
        return account

    async def read(self, number: int) -> Answer:
        """Read one account; a removed one has to be proved by the list of deletions."""
        try:
            raw = await self.raw(number)
        except NotAuthorizedError as error:
            deleted = await self._deleted(number)
            if deleted is not None:
                return Gone(f"BenefitPoint lists account {number} as deleted on {deleted}")
            return NotSeen(f"{_HIDDEN} ({error.message})")
        if raw.get("accountClassification") not in EMPLOYERS:
            return NotSeen(f"this account is of the class {raw.get('accountClassification')}, not a group")
        try:
            return Present(await self._record(raw))
        except UnreadableError as error:
            return NotSeen(error.message, unreadable=True)

    def forget(self, number: int) -> None:
        """Drop what is held of an account that moved."""
        self._held.pop(number, None)

    async def _record(self, raw: Mapping[str, Any]) -> Record:
        number = str(raw["accountID"])
        stamp = raw.get("lastModifiedOn")
        data = visible(raw)
        office = (await self._structures.offices()).get(raw.get("officeID", 0), {}).get("officeName")
        digits = "".join(char for char in str(_common(raw).get("taxpayerID", "")) if char.isdigit())
        # The number itself is never kept: its hash tells equal ones, its end is for people.
        hashed = self._state.keyed(digits) if len(digits) == TAX_ID_DIGITS else None
        named = {"_office": office, "_taxIdLast4": digits[-4:] or None, "_taxIdHash": hashed}
        data |= {key: value for key, value in named.items() if value is not None}
        locked = {} if raw.get("accountClassification") == "Group" else {"": _MARKETING}
        return readable(
            Record("group", number, (Part(KIND, number, data, stamp),), None, seconds(stamp), locked), "xml"
        )

    async def _deleted(self, number: int) -> str | None:
        reply = await self._client.call("findChanges", criteria={"typesToInclude": ["Account"]})
        deletions = reply.get("changes", {}).get("deletions", [])
        found = [gone for gone in deletions if gone.get("entityID") == number and gone.get("entityType") == "Account"]
        return str(found[0].get("deletedOn", "")) if found else None

    async def _summaries(self) -> list[Data]:
        criteria = {"accountClassifications": list(EMPLOYERS)}
        found: list[Data] = (await self._client.call("findAccounts", criteria=criteria)).get("result", [])
        return [summary for summary in found if "accountID" in summary]

    # -- directory --------------------------------------------------------------------------------------------------

    async def find(self, name: str, number: str, *, refresh: bool) -> tuple[tuple[Account, ...], str]:
        """Find accounts in the index; build it anew when it is missing, or has no answer."""
        async with self._indexing:
            index = self._load()
            if index is None or refresh:
                index = await self._rebuild(index)
                return _matching(index, name, number), index["asOf"]
            found = _matching(index, name, number)
            if not found:
                index = await self._rebuild(index)
                found = _matching(index, name, number)
            return found, index["asOf"]

    def _load(self) -> Data | None:
        text = self._state.get(_INDEX)
        loaded: Data | None = json.loads(text) if text else None
        return loaded

    async def _rebuild(self, index: Data | None) -> Data:
        """List all accounts and read those that are new or have another stamp."""
        known: Mapping[str, Data] = (index or {}).get("accounts", {})

        async def entry(summary: Data) -> tuple[str, Data] | None:
            number, stamp = str(summary["accountID"]), summary.get("lastModifiedOn")
            if number in known and known[number]["stamp"] == stamp:
                return number, {**known[number], "office": summary.get("officeName", "")}
            try:
                raw = await self.raw(summary["accountID"])
            except NotAuthorizedError:  # it went between the listing and the reading
                return None
            return number, _entry(summary, raw)

        entries = await each(entry, await self._summaries(), self._client.settings.plan_parallel)
        made: Data = {
            "asOf": datetime.now(UTC).isoformat(timespec="seconds"),
            "accounts": dict(found for found in entries if found is not None),
        }
        self._state.set(_INDEX, json.dumps(made, separators=(",", ":")))
        return made


def _common(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    info: Mapping[str, Any] = raw.get(EMPLOYERS.get(str(raw.get("accountClassification")), ""), {})
    common: Mapping[str, Any] = info.get("commonGroupAccountInfo", {})
    return common


def _entry(summary: Mapping[str, Any], raw: Mapping[str, Any]) -> Data:
    address = raw.get("mainAddress", {})
    return {
        "name": summary.get("accountName", ""),
        "number": _common(raw).get("brokerageAccountInfo", {}).get("accountNumber", ""),
        "office": summary.get("officeName", ""),
        "city": address.get("city", ""),
        "state": str(address.get("state", "")).replace("_", " "),
        "type": summary.get("accountType", ""),
        "class": str(raw.get("accountClassification", "")).replace("_", " "),
        "active": summary.get("active") is not False,
        "stamp": summary.get("lastModifiedOn"),
    }


def _matching(index: Mapping[str, Any], name: str, number: str) -> tuple[Account, ...]:
    wanted = " ".join(name.split()).casefold()
    found = [
        _account(key, entry)
        for key, entry in index["accounts"].items()
        if (not wanted or wanted in " ".join(entry["name"].split()).casefold())
        and (not number or _folded(entry["number"]) == _folded(number))
    ]
    return tuple(sorted(found, key=lambda account: (account.name.casefold(), account.id)))


def _folded(number: str) -> str:
    """Give a number as it is compared: case and blanks are the writer's."""
    return "".join(number.split()).casefold()


def _account(key: str, entry: Mapping[str, Any]) -> Account:
    facts = {name: str(entry[name]) for name in ("office", "city", "state", "type") if entry.get(name)}
    if entry.get("class", "Group") != "Group":
        facts["class"] = entry["class"]
    if not entry.get("active", True):
        facts["status"] = "inactive"
    return Account(key, entry["name"], entry["number"], facts)


def seconds(stamp: object) -> float | None:
    """Read a stamp as seconds since 1970; None where it does not say when."""
    try:
        moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None
    return moment.timestamp() if moment is not None and moment.tzinfo is not None else None
