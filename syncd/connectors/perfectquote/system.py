"""PerfectQuote as a connector: listing, reading, conditional writes, creates with a marker, soft deletes, directory.

What moved is in `feed.py`, what a start-up check asks in `examine.py`. See the package for whose contract this is.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from syncd.connectors.base import Access, Account, Changes, Finding
from syncd.connectors.http import Http, Operation, Reply
from syncd.connectors.paging import Trail
from syncd.connectors.perfectquote.account import AccountFacts, look_up_account
from syncd.connectors.perfectquote.carriers import Carriers
from syncd.connectors.perfectquote.catalogue import Catalogue
from syncd.connectors.perfectquote.examine import examine, live_schema
from syncd.connectors.perfectquote.feed import ChangeFeed
from syncd.connectors.perfectquote.intents import Intents
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.resources import EXPAND, PATHS, body_of, marker_of, patch_of, record_of
from syncd.connectors.perfectquote.session import Session
from syncd.connectors.perfectquote.settings import Settings
from syncd.connectors.readable import readable
from syncd.connectors.registry import State
from syncd.errors import RefusedError, SyncdError, TransientError, UnknownOutcomeError, UnreadableError
from syncd.model import letters
from syncd.model.records import Answer, Gone, Kind, NotSeen, Page, PartCreate, PartWrite, Present, Record

_LARGEST_PAGE: Final = 200
_EDIT_CONFIRMED: Final = {"X-Allow-Confirmed-Edit": "true"}


class PerfectQuote:
    """One PerfectQuote installation, seen as one of its users."""

    def __init__(self, system: str, settings: Settings, state: State, http: Http | None = None) -> None:
        self.system = system
        self._settings, self._state = settings, state
        self._http = http or Http.of(system, settings)
        self._session = Session(self._http, settings)
        self._feed = ChangeFeed(self._session, state, self.read)
        self._intents = Intents(state)
        self._carriers = Carriers(
            system, settings.carriers, lambda: self._pages("carriers.list", "carriers", {}, _LARGEST_PAGE)
        )
        self._catalogue = Catalogue(self._session)
        self._account: AccountFacts | None = None

    @property
    def requests(self) -> Counter[str]:
        """Count of the requests sent, by operation, repeats included; clear it to begin anew."""
        return self._http.requests

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def access(self) -> Access:
        """Say what the account may do: scopes of the token, and its role, asked again once a day or when refused.

        Most calls ask nothing, so that a quiet poll of the feed stays one request.
        """
        token = await self._session.token()
        if self._account is None or self._account.until <= time.monotonic():
            self._account = await look_up_account(self._session)
        return self._account.access(token, self._settings)

    # -- reading ----------------------------------------------------------------------------------------------------

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List every record, each once though it moved while we paged; the last page is the one that says so."""
        if kind not in PATHS:
            return
        seen: set[str] = set()
        async for resources, last in self._pages(f"{kind}s.list", PATHS[kind], _expanded(kind)):
            records, unreadable = await self._readable(kind, resources)
            fresh = [record for record in records if record.id not in seen]
            seen.update(record.id for record in fresh)
            yield Page(tuple(fresh), last, unreadable)

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one record whole. Gone is what answers 410 with the time of its deletion; 404 proves nothing."""
        if kind not in PATHS:
            return NotSeen(f"PerfectQuote has no {kind} records")
        reply = await self._session.ask(f"{kind}s.read", "GET", _url(kind, record_id), params=_expanded(kind))
        if reply.ok:
            try:
                return Present(await self._record(kind, reply.json()))
            except UnreadableError as error:
                return NotSeen(error.message, unreadable=True)
        problem = Problem.of(reply)
        if reply.status == 410:
            at = problem.body.get("deleted_at")
            return Gone(f"deleted in PerfectQuote at {at}" if at else "PerfectQuote answers that it was deleted (410)")
        if reply.status in (403, 404):
            return NotSeen(f"PerfectQuote does not show it ({problem.words})")
        raise problem.failure(self.system, record_id, doing=f"{kind}s.read")

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find what was created with a marker: plans by `external_ids.syncd`, groups by what was noted beforehand."""
        if kind == "group":
            return await self._intents.found(marker, self._groups_named, self.read)
        if kind != "plan" or group is None:
            return ()
        url = f"{_url('group', group)}/plans"
        found = [record async for record in self._records("plans.find", "plan", url, _expanded("plan"))]
        return tuple(record for record in found if marker_of(record) == marker)

    # -- writing ----------------------------------------------------------------------------------------------------

    async def write(self, write: PartWrite) -> None:
        """Patch one record from `before` to `after`, if its revision is still the one that was read."""
        kind, record_id = write.kind, write.record_id
        if kind not in PATHS:
            raise RefusedError(f"PerfectQuote has no {kind} records", system=self.system, external_id=record_id)
        with self._naming(record_id):
            patch = await self._completed(patch_of(kind, write.before.data, write.after), record_id)
        if not patch:
            return
        reply = await self._once(
            f"{kind}s.write",
            "PATCH",
            _url(kind, record_id),
            record_id,
            headers={"If-Match": _etag(write.before.version), "Content-Type": "application/merge-patch+json"},
            json=patch,
        )
        self._refuse(reply, record_id, doing=f"{kind}s.write")

    async def create(self, create: PartCreate) -> str:
        """Create a plan in a group, or a group, and give its id.

        The idempotency key is made from the marker, so that PerfectQuote itself answers a second attempt within a day
        with the first one's record.
        """
        kind, url = create.kind, PATHS.get(create.kind, "")
        if not url or (kind == "plan") != (create.group is not None) or len(create.parts) != 1:
            raise RefusedError(f"a {kind} cannot be created like this", system=self.system, external_id=create.group)
        if create.group is not None:
            url = f"{_url('group', create.group)}/plans"
        with self._naming(create.group):
            body = await self._completed(body_of(kind, create.parts[0].data, create.marker), create.group)
        if kind == "group":
            await self._intents.begin(create.marker, str(body.get("name") or ""), self._groups_named)
        reply = await self._once(
            f"{kind}s.create",
            "POST",
            url,
            create.group,
            kind="create",
            headers={"Idempotency-Key": idempotency_key(create.marker)},
            json=body,
        )
        self._refuse(reply, create.group, doing=f"{kind}s.create")
        made = reply.json()
        if not isinstance(made, dict) or not made.get("id"):
            raise UnknownOutcomeError(f"{kind}s.create: the answer names no id", system=self.system)
        if kind == "group":
            self._intents.landed(create.marker, str(made["id"]))
        return str(made["id"])

    async def end(self, kind: Kind, record_id: str) -> None:
        """Delete a record (PerfectQuote keeps it for 90 days), if it is still as it was a moment ago."""
        answer = await self.read(kind, record_id)
        if not isinstance(answer, Present):
            why = answer.evidence if isinstance(answer, Gone) else answer.why
            raise RefusedError(f"{kind}s.end: {why}", system=self.system, external_id=record_id)
        reply = await self._once(
            f"{kind}s.end",
            "DELETE",
            _url(kind, record_id),
            record_id,
            headers={"If-Match": _etag(answer.record.parts[0].version)},
        )
        self._refuse(reply, record_id, doing=f"{kind}s.end")

    # -- what it can do besides -------------------------------------------------------------------------------------

    async def position(self) -> str:
        """Give the end of the change feed as it is now."""
        return await self._feed.position()

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Give what moved since a position of the change feed."""
        return await self._feed.changes(position)

    async def find_groups(
        self, *, name: str = "", number: str = "", refresh: bool = False
    ) -> tuple[tuple[Account, ...], str]:
        """Find groups by part of their name, or by the account number that an import gave them; always asked live."""
        params = {"q": name} if name else {}
        pages = self._pages("groups.find", "groups", params)
        groups = [resource async for resources, _ in pages for resource in resources]
        wanted = _folded(number)
        found = [_account(group) for group in groups if not wanted or wanted in _numbers(group)]
        return tuple(found), datetime.now(UTC).isoformat(timespec="seconds")

    async def examine(self) -> tuple[Finding, ...]:
        """Look at login, role, scopes, change feed and catalogue."""
        return await examine(self._session, self._feed, self._catalogue)

    async def schema(self, kind: Kind) -> Mapping[str, Mapping[str, str]]:
        """Give the contract's fields, and the live catalogue of benefits."""
        return await live_schema(self._catalogue, kind)

    # -- requests ---------------------------------------------------------------------------------------------------

    async def _once(
        self,
        operation: str,
        method: str,
        url: str,
        record_id: str | None,
        *,
        kind: Operation = "write",
        headers: Mapping[str, str],
        json: Any = None,  # noqa: ANN401 - JSON is what it is
    ) -> Reply:
        """Send something that changes PerfectQuote; what goes wrong names the record."""
        extra = _EDIT_CONFIRMED if self._settings.allow_confirmed_edit else {}
        with self._naming(record_id):
            return await self._session.ask(operation, method, url, kind=kind, headers={**headers, **extra}, json=json)

    @contextmanager
    def _naming(self, record_id: str | None) -> Iterator[None]:
        """Let what goes wrong inside name the system and the record."""
        try:
            yield
        except SyncdError as error:
            error.system, error.external_id = error.system or self.system, error.external_id or record_id
            raise

    async def _completed(self, body: dict[str, Any], record_id: str | None) -> dict[str, Any]:
        """Give a body with what PerfectQuote knows by ids and names of its own."""
        return await self._catalogue.completed(await self._carriers.settled(body, record_id))

    def _refuse(self, reply: Reply, record_id: str | None, *, doing: str) -> None:
        """Raise what a reply that is no success means: not applied."""
        if reply.ok:
            return
        problem = Problem.of(reply)
        if problem.code in ("read_only_role", "scope_missing"):
            self._account = None  # it may do less than we were told; ask again before the next observation
        raise problem.error(self.system, record_id, doing=doing)

    async def _record(self, kind: Kind, resource: object) -> Record:
        if kind == "plan":
            resource = await self._carriers.named(resource)
        record = record_of(
            self.system,
            kind,
            resource,
            may_edit_confirmed=self._settings.allow_confirmed_edit,
            keyed=self._state.keyed,
        )
        return readable(record, "json")

    async def _records(self, operation: str, kind: Kind, url: str, params: Mapping[str, str]) -> AsyncIterator[Record]:
        async for resources, _ in self._pages(operation, url, params):
            for record in (await self._readable(kind, resources))[0]:
                yield record

    async def _readable(self, kind: Kind, resources: Iterable[object]) -> tuple[tuple[Record, ...], dict[str, str]]:
        """Read resources; one that holds half a letter is named, and the others go on."""
        records: list[Record] = []
        unreadable: dict[str, str] = {}
        for resource in resources:
            try:
                records.append(await self._record(kind, resource))
            except UnreadableError as error:
                unreadable[str(error.external_id)] = error.message
        return tuple(records), unreadable

    async def _groups_named(self, name: str) -> tuple[Record, ...]:
        """Give the groups that are called so, to the letter."""
        found = [record async for record in self._records("groups.find", "group", "groups", {"q": name})]
        return tuple(record for record in found if record.parts[0].data.get("name") == name)

    async def _pages(
        self, operation: str, url: str, params: Mapping[str, str], limit: int = 0
    ) -> AsyncIterator[tuple[tuple[Any, ...], bool]]:
        """Give page after page. Raises TransientError for a listing that does not say how it goes on."""
        cursor: str | None = None
        trail = Trail(self.system, operation)
        while True:
            trail.step(cursor)
            asked: dict[str, str | int] = {
                **params,
                "limit": limit or self._settings.page_size,
                **({"cursor": cursor} if cursor else {}),
            }
            reply = await self._session.ask(operation, "GET", url, params=asked)
            if not reply.ok:
                raise Problem.of(reply).failure(self.system, doing=operation)
            data, more, following = _paged(reply.json())
            if data is None or more is None or (more and not following):
                raise TransientError(f"{operation}: a page does not say how the listing goes on", system=self.system)
            yield data, not more
            if not more:
                return
            cursor = following


def idempotency_key(marker: str) -> str:
    """Give the key under which PerfectQuote knows a create again; the same marker gives the same key."""
    return f"syncd-{hashlib.blake2b(marker.encode(), digest_size=16).hexdigest()}"


def _paged(body: object) -> tuple[tuple[Any, ...] | None, bool | None, str | None]:
    """Read the envelope of a page: its resources, whether there are more, and the cursor to them."""
    page = body.get("page") if isinstance(body, dict) else None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(page, dict) or not isinstance(data, list) or not isinstance(page.get("has_more"), bool):
        return None, None, None
    return tuple(data), page["has_more"], page.get("next_cursor")


def _expanded(kind: Kind) -> dict[str, str]:
    return {"expand": EXPAND} if kind == "plan" else {}


def _url(kind: Kind, record_id: str) -> str:
    """Give the address of a record, whatever stands in its id."""
    segment = quote(record_id, safe="")
    return f"{PATHS[kind]}/{segment if segment.strip('.') else segment.replace('.', '%2E')}"


def _etag(version: str | None) -> str:
    return f'"{version or ""}"'


def _numbers(group: Mapping[str, Any]) -> set[str]:
    """Give what people know a group by: its id, and the account it was imported from."""
    account = group.get("bp_account") or {}
    known = (group.get("id"), account.get("account_number"), account.get("account_id"))
    return {_folded(str(each)) for each in known if each}


def _folded(number: str) -> str:
    """Give a number as it is compared: case and blanks are the writer's."""
    return "".join(number.split()).casefold()


def _account(group: Mapping[str, Any]) -> Account:
    imported, address = group.get("bp_account") or {}, group.get("address") or {}
    facts = {
        "city": address.get("city"),
        "state": address.get("state"),
        "status": group.get("status"),
        "next renewal": group.get("next_renewal_date"),
    }
    return Account(
        str(group.get("id")),
        letters.named(str(group.get("name") or ""), "json"),
        str(imported.get("account_number") or imported.get("account_id") or ""),
        {key: letters.named(str(value), "json") for key, value in facts.items() if value},
    )
