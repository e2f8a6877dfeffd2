"""A simulated vendor that is a folder of files: the real connector reads and writes it, people edit it beside.

The folder is really there (in memory, where the machine has such a place); no time passes while a file rests.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import finalize

from syncd.connectors.base import Access
from syncd.connectors.files import system as connector
from syncd.connectors.files.settings import NewId, Settings
from syncd.connectors.files.system import FilesSystem
from syncd.connectors.registry import Forgetful
from syncd.errors import RefusedError, StaleWriteError, TransientError, UnknownOutcomeError
from syncd.model.fields import value_from_text
from syncd.model.records import Answer, Kind, Page, Part, PartCreate, PartWrite, Present, Record
from syncd.simulation.mapped import SimMapped, new_parts
from syncd.simulation.setting import FIXED, POOLS
from syncd.simulation.vendor import Wrote

# Whether a file rests is looked at there, where the connector asks for that.
_LOOKS = "syncd.connectors.files.looks"
looks: Any = import_module(_LOOKS) if find_spec(_LOOKS) is not None else SimpleNamespace(sleep=None)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of one's own is made in it
STEMS: Mapping[Kind, str] = {"group": "groups", "plan": "plans"}
DROPS = ("crm", "quote")
"""The mappings that are of file drops."""
Row = dict[str, Any]


class _Inline:
    """Stands for asyncio where a file is read or written: here, and not in a thread."""

    @staticmethod
    async def to_thread(work: Any, *given: Any) -> Any:
        return work(*given)


class SimDrop(SimMapped):
    """A folder with one file for each kind: JSON lines, or CSV where the mapping is the CRM's."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        made = given[0]
        self.folder = Path(tempfile.mkdtemp(prefix="syncd-", dir=MEMORY if MEMORY.is_dir() else None))
        self._remove = finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.is_csv = made.mapping == "crm"
        self.encoding = self.said = made.encoding
        """How the files are really encoded, and how the connector was told that they are."""
        self.renamed: dict[str, str] = {}
        """Keys or columns that somebody gave another name in the file of plans."""
        self.comes_at_rest = True
        self.ever: set[str] = set()
        settings = Settings(
            folder=self.folder,
            kinds=("group", "plan"),
            marker="syncd_marker",
            new_id=NewId(),
            encoding=self.said,
        )
        self.files = FilesSystem(made.name, settings, Forgetful())
        for kind in STEMS:
            self._save(kind, {})

    # -- the files

    def path(self, kind: Kind) -> Path:
        """Name the file of a kind."""
        return self.folder / f"{STEMS[kind]}.{'csv' if self.is_csv else 'jsonl'}"

    def rows(self, kind: Kind) -> dict[str, Row]:
        """Read a file as its vendor knows it: whole, in its true encoding, under the true names."""
        if not self.folder.exists():
            return {}  # the play is over
        text = (self.coming.get(kind) or self.path(kind).read_bytes()).decode(self.encoding)
        if self.is_csv:
            found: list[Row] = list(csv.DictReader(io.StringIO(text)))
        else:
            found = [json.loads(line, parse_float=Decimal) for line in text.split("\n") if line.strip()]
        back = {new: old for old, new in self.renamed.items()} if kind == "plan" else {}
        rows = [{back.get(key, key): value for key, value in row.items()} for row in found]
        return {row["id"]: row for row in rows}

    def _save(self, kind: Kind, rows: Mapping[str, Row]) -> None:
        names = self.renamed if kind == "plan" else {}
        turned = [{names.get(key, key): value for key, value in row.items()} for row in rows.values()]
        if self.is_csv:
            out = io.StringIO()
            writer = csv.DictWriter(out, [names.get(key, key) for key in self._columns(kind)], lineterminator="\n")
            writer.writeheader()
            writer.writerows([{key: "" if value is None else value for key, value in row.items()} for row in turned])
            text = out.getvalue()
        else:
            text = "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in turned)
        self.coming.pop(kind, None)
        self.path(kind).write_bytes(text.encode(self.encoding, "replace"))
        os.utime(self.path(kind), (self.now(), self.now()))

    def _columns(self, kind: Kind) -> list[str]:
        texts = {**{path: pool[0] for path, pool in POOLS["plan"].items()}, **FIXED} if kind == "plan" else {}
        texts = texts or {"details.name": "Acme"}
        values = {path: value_from_text(path, text, kind) for path, text in texts.items()}
        keys = [key for part in new_parts(self.whole[kind], values) for key in part.data]
        return ["id", "group_id", "syncd_marker", *dict.fromkeys(keys)]

    @property
    def _records(self) -> dict[Kind, dict[str, Record]]:
        return {kind: {id_: self._record(kind, row) for id_, row in self.rows(kind).items()} for kind in STEMS}

    @_records.setter
    def _records(self, _: object) -> None:
        """Leave the files as they are: they are the records."""

    def _record(self, kind: Kind, row: Row) -> Record:
        part = Part("record", row["id"], row)
        return Record(kind, row["id"], (part,), row.get("group_id") if kind == "plan" else None)

    # -- people

    def _store(self, record: Record) -> None:
        at, kind = (self.system, record.kind, record.id), record.kind
        before = self.truth(self.record(kind, record.id))
        rows = self.rows(kind)
        data = {key: value for part in record.parts for key, value in part.data.items()}
        rows[record.id] = {
            "id": record.id,
            "group_id": record.group,
            "syncd_marker": "",
            **{key: value for key, value in data.items() if key not in ("id", "group_id")},
        }
        self._save(kind, rows)
        self.ever.add(record.id)
        self.witness.by_person(at, before, self.truth(self.record(kind, record.id)))

    def remove(self, kind: Kind, record_id: str) -> None:
        """Take a row out."""
        rows = self.rows(kind)
        del rows[record_id]
        self._save(kind, rows)
        self.witness.absent.add((self.system, kind, record_id))

    def upload(self, kind: Kind, share: float, *, comes_at_rest: bool) -> None:
        """Begin to upload the file anew: only its first lines are there by now."""
        data = self.path(kind).read_bytes()
        lines = data.splitlines(keepends=True)
        self.coming[kind], self.comes_at_rest = data, comes_at_rest
        self.path(kind).write_bytes(b"".join(lines[: max(1 if self.is_csv else 0, int(len(lines) * share))]))
        if not comes_at_rest:  # for whoever looks, the rows that are not there yet are gone
            self.witness.absent |= {(self.system, kind, id_) for id_ in self.rows(kind)}

    def finish(self) -> None:
        """Let every upload come to its end."""
        for kind, data in self.coming.items():
            self.path(kind).write_bytes(data)
        self.coming = {}

    def recode(self, encoding: str) -> None:
        """Save the file of plans in another encoding."""
        rows, self.encoding = self.rows("plan"), encoding
        groups = self.path("group").read_bytes()
        self._save("plan", rows)
        self.path("group").write_bytes(groups)

    def rename(self, key: str, new: str | None) -> None:
        """Give a key of the file of plans another name; None: its own again."""
        rows = self.rows("plan")
        self.renamed = {} if new is None else {key: new}
        self._save("plan", rows)

    def edit_unseen(self, record_id: str, changes: Mapping[str, Any]) -> None:
        """Change a row so that the file keeps its time."""
        before = self.path("plan").stat()
        self.edit("plan", record_id, changes)
        os.utime(self.path("plan"), ns=(before.st_atime_ns, before.st_mtime_ns))

    # -- the connector

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Let no thread be needed and no time pass while a file is looked at."""
        threads, rest = connector.__dict__["asyncio"], looks.sleep
        connector.__dict__["asyncio"], looks.sleep = _Inline, self._rest
        try:
            yield
        finally:
            connector.__dict__["asyncio"], looks.sleep = threads, rest

    def _rest(self, _: float) -> None:
        if self.comes_at_rest:
            self.finish()

    async def access(self) -> Access:
        """Say what the folder takes; a copy of the world is the same world in another folder."""
        self._raise_read_fault("access")
        with self._at_once():
            found = await self.files.access()
        await self.turns
        return replace(found, fingerprint=f"files:{self.system}:{self.scope}")

    async def list(self, kind: Kind, groups: Collection[str] | None = None) -> AsyncIterator[Page]:
        """List, and tell what was shown."""
        began = self.witness.tick()
        self._raise_read_fault("list")
        with self._at_once():
            pages = [page async for page in self.files.list(kind, groups)]
        for page in pages:
            for record in page.records:
                self._show(record, began)
                self.ever.add(record.id)
            await self.turns
            yield page
            self._tell("read", "list")
        self.listed_at = self.now()

    async def read(self, kind: Kind, record_id: str) -> Answer:
        """Read one row."""
        self._raise_read_fault("read", record_id)
        with self._at_once():
            answer = await self.files.read(kind, record_id)
        if isinstance(answer, Present):
            self._show(answer.record, self.witness.tick())
        self._tell("read", "read")
        await self.turns
        return answer

    async def find_marked(self, kind: Kind, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the rows that carry a marker."""
        self._raise_read_fault("find")
        with self._at_once():
            return await self.files.find_marked(kind, group, marker)

    async def write(self, write: PartWrite) -> None:
        """Replace a row, and tell what came of it."""
        await self.turns
        at = (self.system, write.kind, write.record_id)
        record = self.record(write.kind, write.record_id)
        before, told, shown = self.flat(record), self._as_told(record, write), self.witness.shown.get(at, {})
        fault = self._before_sending("write")
        raced = at in self.witness.raced
        try:
            with self._at_once():
                await self.files.write(write)
        except (RefusedError, StaleWriteError, TransientError):
            self._tell("after_reply", "write")
            raise
        after = self.flat(self.record(write.kind, write.record_id))
        marks = ("", len(self.witness.log), self.now(), self.witness.tick())
        self.witness.by_us(Wrote(at, before, told, after, shown, raced, *marks))
        self._after_sending("write", fault)
        await self.turns

    async def create(self, create: PartCreate) -> str:
        """Add a row, and tell under which id."""
        fault = self._before_sending("create")
        told = self.flat(Record(create.kind, "", create.parts, create.group))
        with self._at_once():
            made = await self.files.create(create)
        if made in self.ever:
            self.reissued.append(made)
        self.ever.add(made)
        at = (self.system, create.kind, made)
        after = self.flat(self.record(create.kind, made))
        marks = (create.marker, len(self.witness.log), self.now(), self.witness.tick())
        self.witness.by_us(Wrote(at, {}, told, after, {}, False, *marks))  # noqa: FBT003 - raced
        self._after_sending("create", fault)
        await self.turns
        return made

    async def end(self, kind: Kind, record_id: str) -> None:
        """Refuse: this folder has no way to end a record."""
        with self._at_once():
            await self.files.end(kind, record_id)

    def _before_sending(self, operation: Any) -> str:
        fault = self.faults.take(operation)
        self._tell("before_send", operation)
        if fault is not None and fault.kind == "fail":
            self._tell("after_reply", operation)
            raise TransientError("the write failed and was not applied", system=self.system)
        return fault.kind if fault is not None else ""

    def _after_sending(self, operation: Any, fault: str) -> None:
        self.applied[operation] += 1
        self._tell("after_send", operation)
        if fault:
            raise UnknownOutcomeError("no reply came", system=self.system)
        self._tell("after_reply", operation)

    def copy_to(self, other: Any) -> None:
        """Make another folder hold just what this one does."""
        super().copy_to(other)
        for file in self.folder.iterdir():
            shutil.copy2(file, other.folder / file.name)
        other.encoding, other.renamed = self.encoding, dict(self.renamed)
        other.coming, other.comes_at_rest = dict(self.coming), self.comes_at_rest
        other.ever, other.reissued = set(self.ever), list(self.reissued)
        state = self.files._state
        other.files._state._texts = dict(state._texts)  # type: ignore[attr-defined]

    def free(self) -> None:
        """Remove the folder."""
        self._remove()
