"""The connector of a folder of files: who asks, and what is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Final

from syncd.connectors.base import Access
from syncd.connectors.files.disk import STEMS, TableFile
from syncd.connectors.files.rows import BadRowError
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import PART, Table
from syncd.connectors.registry import State
from syncd.errors import CannotHoldError, ConnectorError, RefusedError, StaleWriteError
from syncd.model.records import JSON, Answer, Gone, Kind, NotSeen, Page, PartCreate, PartWrite, Present, Record

_PAGE_SIZE: Final = 500


class FilesSystem:
    """A folder with one table for each kind; implements `Connector`."""

    def __init__(self, system: str, settings: Settings, state: State) -> None:
        self.system = system
        self._settings, self._state = settings, state
        self._files = {
            kind: TableFile(system, kind, settings, state) for kind in STEMS if kind in (settings.kinds or STEMS)
        }

    async def access(self) -> Access:
        """Say what the folder takes; another folder or another id column is another world."""
        folder = self._settings.folder
        if not folder.is_dir():
            raise ConnectorError("the folder is missing", system=self.system, file=str(folder), hint="Is it mounted?")
        writes = not self._settings.read_only and os.access(folder, os.W_OK)
        world = f"{folder.resolve()}\n{self._settings.id}\n{self._settings.group_id}\n{sorted(self._files)}"
        return Access(
            fingerprint=f"files:{blake2b(world.encode(), digest_size=12).hexdigest()}",
            create=writes and self._settings.new_id is not None,
            update=writes,
            end=writes and self._settings.end is not None,
            conditional=True,
            marker=self._settings.marker is not None,
        )

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List the rows of a file in its order; a file that is not whole gives no page at all."""
        if kind not in self._files:
            yield Page((), last=True)
            return
        records = tuple((await self._table(kind)).records.values())
        for start in range(0, len(records) or 1, _PAGE_SIZE):
            yield Page(records[start : start + _PAGE_SIZE], last=start + _PAGE_SIZE >= len(records))

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one row as the file is now; a row that a whole file does not have is gone."""
        if kind not in self._files:
            return NotSeen(f"{self.system} has no file for records of the kind {kind}")
        record = (await self._table(kind)).records.get(record_id)
        if record is None:
            return Gone(f"the file {STEMS[kind]} of {self.system} is whole and has no row {record_id}")
        return Present(record)

    async def write(self, write: PartWrite) -> None:
        """Replace one row, if it is still the one that was read."""

        def act(table: Table) -> Table:
            record = self._row(table, write.record_id)
            if write.before.kind != PART:
                raise self._refused(f"a row has one part, {PART}, and no {write.before.kind}", write.record_id)
            if record.parts[0].version != write.before.version:
                raise StaleWriteError(system=self.system, external_id=write.record_id)
            return table.with_row(write.record_id, write.after)

        if self._settings.read_only:
            raise self._refused("this folder is read-only (read_only)", write.record_id)
        await self._change(write.kind, write.record_id, act)

    async def create(self, create: PartCreate) -> str:
        """Add a row at the end, under a new id."""
        record_id = ""
        if self._settings.read_only or self._settings.new_id is None:
            raise self._refused("this folder takes no new rows (new_id)", None)

        # A plan may still name a group whose row is gone.
        named = await self._groups_named() if create.kind == "group" else ()

        def act(table: Table) -> Table:
            nonlocal record_id
            record_id = self._files[create.kind].next_id(table, named)
            return table.with_new_row(record_id, self._new_data(record_id, create))

        await self._change(create.kind, None, act)
        return record_id

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the rows that carry the marker."""
        if self._settings.marker is None or kind not in self._files:
            return ()
        table = await self._table(kind)
        marked = [table.records[record_id] for record_id in table.marks.get(marker, ())]
        grouped = kind == "plan" and self._settings.group_id is not None
        return tuple(record for record in marked if not grouped or group in (None, record.group))

    async def end(self, kind: Kind, record_id: str) -> None:
        """Set the column that says so; a row is never removed."""
        ending = self._settings.end
        if self._settings.read_only or ending is None:
            raise self._refused("this folder has no way to end a record (end)", record_id)
        column, value = ending.column, ending.value

        def act(table: Table) -> Table:
            record = self._row(table, record_id)
            return table.with_row(record_id, {**record.parts[0].data, column: value})

        await self._change(kind, record_id, act)

    async def aclose(self) -> None:
        """Nothing is held."""

    # -- inside

    async def _table(self, kind: Kind) -> Table:
        file = self._files[kind]
        table = file.unchanged()
        return table if table is not None else await asyncio.to_thread(file.load)

    async def _groups_named(self) -> Collection[str]:
        """Give the groups that plans name; none where there is no file of plans that could be read."""
        with suppress(ConnectorError):
            if "plan" in self._files:
                return {record.group or "" for record in (await self._table("plan")).records.values()}
        return ()

    async def _change(self, kind: Kind, record_id: str | None, act: Callable[[Table], Table]) -> None:
        """Change a file in a thread; a value that it cannot hold is a refusal."""
        if kind not in self._files:
            raise self._refused(f"there is no file for records of the kind {kind}", record_id)
        try:
            await asyncio.to_thread(self._files[kind].change, act)
        except BadRowError as error:
            message = f"the file cannot hold {error.seen}; expected {error.expected}"
            if error.key:  # a column that cannot hold its value keeps no other back
                raise CannotHoldError(message, system=self.system, external_id=record_id, field=error.key) from error
            raise self._refused(message, record_id) from error

    def _row(self, table: Table, record_id: str) -> Record:
        record = table.records.get(record_id)
        if record is None:
            raise self._refused("there is no row with this id", record_id)
        return record

    def _new_data(self, record_id: str, create: PartCreate) -> Mapping[str, JSON]:
        settings = self._settings
        data: dict[str, JSON] = {settings.id: record_id}
        if create.kind == "plan" and settings.group_id is not None:
            data[settings.group_id] = create.group
        for part in create.parts:
            if part.kind != PART:
                raise self._refused(f"a row has one part, {PART}, and no {part.kind}", None)
            data |= {key: value for key, value in part.data.items() if key not in data}
        if settings.marker is not None:
            data[settings.marker] = create.marker
        return data

    def _refused(self, message: str, record_id: str | None) -> RefusedError:
        return RefusedError(message, system=self.system, external_id=record_id)
