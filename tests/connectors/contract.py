"""What every connector promises. A connector's test subclasses `ConnectorContract` and says how to open the system.

`open` gives a system that holds the records `ids` of one kind, with at least one key more than `changed` touches. What
a person does there goes through `edit_there` and `remove_there`. Where the account may not do a thing, trying it is
tested instead; where a hook says that a thing cannot be done from here, the test is skipped and says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncd.connectors.base import Connector
from syncd.errors import ConnectorError, RecordError, RefusedError, StaleWriteError, SyncdError
from syncd.model.records import Gone, Kind, Part, PartCreate, PartWrite, Present, Record


class ConnectorContract:
    kind: Kind = "generic"
    group: str | None = None
    ids: tuple[str, ...] = ("p1", "p2", "p3")
    unknown_id: str = "no-such-id"

    # -- what a subclass says

    async def open(self, tmp_path: Path) -> Connector:
        raise NotImplementedError

    async def edit_there(self, connector: Any, record_id: str) -> None:
        """A person changes the part that `part` picks, in the vendor's own screens."""
        raise NotImplementedError

    async def remove_there(self, connector: Any, record_id: str) -> None:
        raise NotImplementedError

    def part(self, record: Record) -> Part:
        """The part that is written in these tests."""
        return record.parts[0]

    def changed(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The whole part with one value changed, one that the vendor keeps as it is."""
        raise NotImplementedError

    def refused(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The whole part with a value that this system refuses."""
        return None

    def new_parts(self) -> tuple[Part, ...] | None:
        """The parts of a record to create."""
        return None

    async def break_listing(self, connector: Any) -> bool:
        """Make the next listing fail or stop half-way; False: cannot be done here."""
        return False

    # -- helpers

    @pytest.fixture
    async def connector(self, tmp_path: Path) -> AsyncIterator[Connector]:
        connector = await self.open(tmp_path)
        yield connector
        await connector.aclose()

    async def listed(self, connector: Connector) -> dict[str, Record]:
        return {record.id: record async for page in connector.list(self.kind) for record in page.records}

    async def held(self, connector: Connector, record_id: str) -> Record:
        answer = await connector.read(self.kind, record_id)
        assert isinstance(answer, Present), answer
        return answer.record

    def write_to(self, record: Record, after: Mapping[str, Any]) -> PartWrite:
        return PartWrite(self.kind, record.id, self.part(record), after)

    async def contents(self, connector: Connector) -> dict[str, list[dict[str, Any]]]:
        listed = await self.listed(connector)
        return {record_id: [dict(part.data) for part in record.parts] for record_id, record in listed.items()}

    # -- access

    async def test_access_says_the_same_twice(self, connector: Connector) -> None:
        first = await connector.access()
        assert first.fingerprint
        assert await connector.access() == first

    async def test_a_write_does_not_change_the_fingerprint(self, connector: Connector) -> None:
        before = await connector.access()
        if not before.update:
            pytest.skip("this account may not write")
        record = await self.held(connector, self.ids[0])
        await connector.write(self.write_to(record, self.changed(self.part(record).data)))
        assert (await connector.access()).fingerprint == before.fingerprint

    # -- reading

    async def test_a_listing_is_complete_and_has_each_record_once(self, connector: Connector) -> None:
        pages = [page async for page in connector.list(self.kind)]
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        found = [record.id for page in pages for record in page.records]
        assert sorted(found) == sorted(self.ids)

    async def test_a_record_is_the_same_listed_and_read(self, connector: Connector) -> None:
        for record_id, record in (await self.listed(connector)).items():
            held = await self.held(connector, record_id)
            assert (held.id, held.kind, held.group) == (record_id, self.kind, self.group)
            assert record.group == held.group
            assert [(part.kind, part.id, dict(part.data)) for part in held.parts] == [
                (part.kind, part.id, dict(part.data)) for part in record.parts
            ]

    async def test_every_part_has_an_identity_of_its_own(self, connector: Connector) -> None:
        for record in (await self.listed(connector)).values():
            parts = [(part.kind, part.id) for part in record.parts]
            assert parts
            assert len(set(parts)) == len(parts)
            assert all(kind and part_id for kind, part_id in parts)

    async def test_what_a_reader_does_with_its_data_stays_with_it(self, connector: Connector) -> None:
        record = await self.held(connector, self.ids[0])
        before = dict(self.part(record).data)
        with suppress(TypeError, AttributeError):
            self.part(record).data.clear()  # type: ignore[attr-defined]
        assert dict(self.part(await self.held(connector, self.ids[0])).data) == before

    async def test_an_edit_made_there_is_read(self, connector: Connector) -> None:
        before = await self.held(connector, self.ids[0])
        await self.edit_there(connector, self.ids[0])
        after = await self.held(connector, self.ids[0])
        assert dict(self.part(after).data) != dict(self.part(before).data)
        assert dict(self.part((await self.listed(connector))[self.ids[0]]).data) == dict(self.part(after).data)

    async def test_an_unknown_record_is_never_present(self, connector: Connector) -> None:
        answer = await connector.read(self.kind, self.unknown_id)
        assert not isinstance(answer, Present)

    async def test_a_removed_record_is_gone_with_evidence_and_unlisted(self, connector: Connector) -> None:
        await self.remove_there(connector, self.ids[1])
        answer = await connector.read(self.kind, self.ids[1])
        assert isinstance(answer, Gone)
        assert answer.evidence
        assert sorted(await self.listed(connector)) == sorted({*self.ids} - {self.ids[1]})

    async def test_a_broken_listing_never_looks_complete(self, connector: Connector) -> None:
        if not await self.break_listing(connector):
            pytest.skip("a listing of this system cannot be broken from here")
        pages = []
        with suppress(ConnectorError):
            pages = [page async for page in connector.list(self.kind)]
        assert not any(page.last for page in pages)

    # -- writing

    async def test_what_was_written_is_read_back(self, connector: Connector) -> None:
        if not (await connector.access()).update:
            pytest.skip("this account may not write")
        record = await self.held(connector, self.ids[0])
        after = self.changed(self.part(record).data)
        await connector.write(self.write_to(record, after))
        assert dict(self.part(await self.held(connector, self.ids[0])).data) == after

    async def test_a_write_touches_nothing_else(self, connector: Connector) -> None:
        if not (await connector.access()).update:
            pytest.skip("this account may not write")
        before = await self.contents(connector)
        record = await self.held(connector, self.ids[0])
        after = self.changed(self.part(record).data)
        assert set(self.part(record).data) - {key for key in after if after[key] != self.part(record).data.get(key)}
        await connector.write(self.write_to(record, after))
        now = await self.contents(connector)
        assert after in now.pop(self.ids[0])
        del before[self.ids[0]]
        assert now == before

    async def test_a_write_gives_a_new_version_where_writes_are_conditional(self, connector: Connector) -> None:
        access = await connector.access()
        if not (access.conditional and access.update):
            pytest.skip("this account has no conditional write")
        record = await self.held(connector, self.ids[0])
        await connector.write(self.write_to(record, self.changed(self.part(record).data)))
        assert self.part(await self.held(connector, self.ids[0])).version != self.part(record).version

    async def test_a_part_that_moved_is_not_overwritten(self, connector: Connector) -> None:
        access = await connector.access()
        if not (access.conditional and access.update):
            pytest.skip("this account has no conditional write")
        record = await self.held(connector, self.ids[0])
        await self.edit_there(connector, self.ids[0])
        before = await self.contents(connector)
        with pytest.raises(StaleWriteError) as caught:
            await connector.write(self.write_to(record, self.changed(self.part(record).data)))
        assert (caught.value.system, caught.value.external_id) == (connector.system, self.ids[0])
        assert await self.contents(connector) == before

    async def test_a_write_to_an_unknown_record_is_refused(self, connector: Connector) -> None:
        before = await self.contents(connector)
        part = self.part(await self.held(connector, self.ids[0]))
        with pytest.raises(RecordError):
            await connector.write(PartWrite(self.kind, self.unknown_id, part, self.changed(part.data)))
        assert await self.contents(connector) == before

    async def test_a_refusal_says_where_and_changes_nothing(self, connector: Connector) -> None:
        record = await self.held(connector, self.ids[0])
        may = (await connector.access()).update
        after = self.refused(self.part(record).data) if may else self.changed(self.part(record).data)
        if after is None:
            pytest.skip("this system refuses no value")
        before = await self.contents(connector)
        with pytest.raises(RefusedError) as caught:
            await connector.write(self.write_to(record, after))
        assert (caught.value.system, caught.value.external_id) == (connector.system, self.ids[0])
        assert await self.contents(connector) == before

    # -- creating and ending

    async def test_a_created_record_is_there_once_under_a_new_id(self, connector: Connector) -> None:
        parts = self.new_parts()
        if parts is None or not (await connector.access()).create:
            pytest.skip("this account may not create")
        before = await self.contents(connector)
        record_id = await connector.create(PartCreate(self.kind, self.group, parts, "marker-1"))
        assert record_id not in before
        record = await self.held(connector, record_id)
        assert record.group == self.group
        for part in parts:
            assert any(part.data.items() <= held.data.items() for held in record.parts if held.kind == part.kind)
        now = await self.contents(connector)
        assert now.pop(record_id) == [dict(part.data) for part in record.parts]
        assert now == before

    async def test_a_marker_finds_what_was_created_with_it_and_nothing_else(self, connector: Connector) -> None:
        access, parts = await connector.access(), self.new_parts()
        if not access.marker:
            assert await connector.find_marked(self.kind, self.group, "marker-1") == ()
            return
        if parts is None or not access.create:
            pytest.skip("this account may not create")
        assert await connector.find_marked(self.kind, self.group, "marker-1") == ()
        first = await connector.create(PartCreate(self.kind, self.group, parts, "marker-1"))
        await connector.create(PartCreate(self.kind, self.group, parts, "marker-2"))
        assert [record.id for record in await connector.find_marked(self.kind, self.group, "marker-1")] == [first]
        assert await connector.find_marked(self.kind, self.group, "marker-") == ()

    async def test_a_marker_survives_a_write(self, connector: Connector) -> None:
        access, parts = await connector.access(), self.new_parts()
        if parts is None or not (access.create and access.marker and access.update):
            pytest.skip("this account may not create with a marker, or not write")
        record = await self.held(
            connector, await connector.create(PartCreate(self.kind, self.group, parts, "marker-1"))
        )
        await connector.write(self.write_to(record, self.changed(self.part(record).data)))
        assert [found.id for found in await connector.find_marked(self.kind, self.group, "marker-1")] == [record.id]

    async def test_a_create_that_is_not_allowed_creates_nothing(self, connector: Connector) -> None:
        if (await connector.access()).create:
            pytest.skip("this account may create")
        before = await self.contents(connector)
        with pytest.raises(RefusedError):
            await connector.create(PartCreate(self.kind, self.group, self.new_parts() or (), "marker-1"))
        assert await self.contents(connector) == before

    async def test_ending_ends_one_record_or_is_refused(self, connector: Connector) -> None:
        before = await self.contents(connector)
        if not (await connector.access()).end:
            with pytest.raises(RefusedError):
                await connector.end(self.kind, self.ids[0])
            assert await self.contents(connector) == before
            return
        await connector.end(self.kind, self.ids[0])
        now = await self.contents(connector)
        assert now.pop(self.ids[0], None) != before.pop(self.ids[0])
        assert now == before

    async def test_ending_an_unknown_record_is_refused(self, connector: Connector) -> None:
        with pytest.raises(SyncdError):
            await connector.end(self.kind, self.unknown_id)
