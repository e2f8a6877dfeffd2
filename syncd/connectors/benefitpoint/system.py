"""BenefitPoint as a connector: records, feed, notebook, directory, needs, examination behind one object.

Which call does what lives in the modules beside this one; here they are joined, and every error is given the system and
the record it is about.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from typing import TypeVar

from syncd.connectors.base import Access, Account, Changes, Finding, Need, Note
from syncd.connectors.benefitpoint import examine
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.creating import Maker
from syncd.connectors.benefitpoint.feed import Feed
from syncd.connectors.benefitpoint.needs import Needs
from syncd.connectors.benefitpoint.notes import Notes
from syncd.connectors.benefitpoint.plans import Plans
from syncd.connectors.benefitpoint.rights import RightsDesk
from syncd.connectors.benefitpoint.schema import schema
from syncd.connectors.benefitpoint.settings import Settings
from syncd.connectors.benefitpoint.structures import Structures
from syncd.connectors.benefitpoint.together import page_of
from syncd.connectors.benefitpoint.values import number
from syncd.connectors.benefitpoint.writing import Writer
from syncd.connectors.http import Http
from syncd.connectors.registry import State
from syncd.errors import RefusedError, SyncdError
from syncd.model.records import Answer, Kind, NotSeen, Page, PartCreate, PartWrite, Record

T = TypeVar("T")


class BenefitPoint:
    """One installation of BenefitPoint, as one web-service user."""

    def __init__(self, system: str, settings: Settings, state: State, http: Http | None = None) -> None:
        self.system = system
        self.client = Client(system, settings, state, http)
        self.structures = Structures(self.client)
        self.accounts = Accounts(self.client, self.structures, state)
        self.plans = Plans(self.client, self.structures, self.accounts, state)
        self._desk = RightsDesk(self.client, self.structures, self.accounts)
        self._writer = Writer(self.client, self.structures, self.accounts, self.plans, self._desk)
        self._needs = Needs(self.client, self.structures, self.accounts, self.plans, state)
        self._maker = Maker(
            self.client, self.structures, self.accounts, self.plans, self._desk, self._writer, self._needs
        )
        self._feed = Feed(self.client, self.accounts, self.plans)
        self._notes = Notes(self.client, self.structures, self.accounts, state)

    # -- Connector --------------------------------------------------------------------------------------------------

    async def access(self) -> Access:
        """Say what the user may do now. Raises AuthError, TransientError."""
        return await self._about(None, self._desk.access())

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List accounts in one page, or plans account by account."""
        if kind == "group":
            ids = await self._about(None, self.accounts.ids())
            parallel = self.client.settings.plan_parallel
            yield await self._about(None, page_of(self.accounts.record, ids, parallel, last=True))
            return
        if kind != "plan":
            yield Page((), last=True)
            return
        accounts = await self._accounts(groups)
        pages = self.plans.pages(accounts)
        try:
            async for page in pages:
                yield page
        except SyncdError as error:
            raise self._named(error, None) from error.__cause__

    async def _accounts(self, groups: Collection[str] | None) -> Sequence[int]:
        if groups is None:
            return await self._about(None, self.accounts.ids())
        return sorted(found for group in groups if (found := number(group)) is not None)

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one record whole."""
        own = number(record_id)
        if own is None or kind not in ("group", "plan"):
            return NotSeen("BenefitPoint has no records of this kind or id")
        return await self._about(record_id, self.accounts.read(own) if kind == "group" else self.plans.read(own))

    async def write(self, write: PartWrite) -> None:
        """Replace one part, once. Errors as the protocol says."""
        await self._about(write.record_id, self._writer.write(write))

    async def create(self, create: PartCreate) -> str:
        """Create a plan, once, and give its id."""
        return await self._about(None, self._maker.create(create))

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the plans that carry a marker."""
        return await self._about(None, self._maker.find_marked(group, marker)) if kind == "plan" else ()

    async def end(self, kind: Kind, record_id: str) -> None:
        """Cancel a plan; an account is not ended from here."""
        own = number(record_id)
        if kind != "plan" or own is None:
            raise RefusedError("only plans are ended from here", system=self.system, external_id=record_id)
        await self._about(record_id, self._maker.end(own))

    async def aclose(self) -> None:
        """Log out and close every connection."""
        await self.client.aclose()

    # -- Feed -------------------------------------------------------------------------------------------------------

    async def position(self) -> str:
        """Give the end of the change list as it is now."""
        return await self._about(None, self._feed.position())

    async def changes(self, position: str, groups: Collection[str] | None = None) -> Changes:
        """Give what moved since a position."""
        return await self._about(None, self._feed.changes(position, groups))

    # -- Notebook ---------------------------------------------------------------------------------------------------

    async def find_note(self, group: str, marker: str) -> tuple[str, Note] | None:
        """Find a note of the activity log by its marker."""
        return await self._about(group, self._notes.find(group, marker))

    async def write_note(self, note: Note, note_id: str | None = None) -> str:
        """Create or update a note of the activity log."""
        return await self._about(note.group, self._notes.write(note, note_id))

    # -- Directory, Needing, Examined -------------------------------------------------------------------------------

    async def find_groups(
        self, *, name: str = "", number: str = "", refresh: bool = False
    ) -> tuple[tuple[Account, ...], str]:
        """Find accounts by name or number."""
        return await self._about(None, self.accounts.find(name, number, refresh=refresh))

    async def needs(self, group: str) -> tuple[Need, ...]:
        """Name what a new plan of this account needs and nobody said yet."""
        return await self._about(group, self._needs.open(self._account(group)))

    async def settle(self, group: str, answers: Mapping[str, str]) -> None:
        """Remember what a person answered."""
        await self._about(group, self._needs.settle(self._account(group), answers))

    async def check(self, create: PartCreate) -> None:
        """Look at all that a new plan needs, and change nothing."""
        await self._about(None, self._maker.check(create))

    async def examine(self) -> tuple[Finding, ...]:
        """Look at connection, login, rights, names and contract."""
        return await self._about(None, examine.examine(self.client, self.structures, self._desk))

    async def schema(self, kind: Kind) -> Mapping[str, Mapping[str, str]]:
        """Give the live schema in a mapping's words."""
        return await self._about(None, schema(self.client, self.structures, kind))

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _account(self, group: str) -> int:
        own = number(group)
        if own is None:
            raise RefusedError("BenefitPoint has no account of this id", system=self.system, external_id=group)
        return own

    async def _about(self, record: str | None, call: Awaitable[T]) -> T:
        """Give errors the system and the record they are about."""
        try:
            return await call
        except SyncdError as error:
            raise self._named(error, record) from error.__cause__

    def _named(self, error: SyncdError, record: str | None) -> SyncdError:
        error.system = error.system or self.system
        error.external_id = error.external_id or record
        return error
