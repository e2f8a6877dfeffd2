"""vdirsyncer's side of `benchmarks.cycle`: one sync over the same folder: `python -m benchmarks.vdirsyncer_cycle DIR`.

Its own in-memory storages and status do the work. It merges nothing field by field: where both sides moved, A wins
whole. What its user would not need is kept small: the base is hashed only where a record moved, and what B receives is
turned back by its text.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from vdirsyncer.storage.memory import MemoryStorage  # type: ignore[import-untyped]
from vdirsyncer.sync import sync  # type: ignore[import-untyped]
from vdirsyncer.sync.status import ItemMetadata, SqliteStatus  # type: ignore[import-untyped]
from vdirsyncer.vobject import Item  # type: ignore[import-untyped]

from benchmarks.data import Record
from benchmarks.folder import Data, File, load, pairs
from benchmarks.vdirsyncer_side import vcard

AS_AGREED = "as agreed"


def main(folder: Path) -> int:
    """Do one sync over the folder."""
    a, b, base, links = (load(folder / f"{name}.jsonl") for name in ("a", "b", "base", "links"))
    if any(len(set(pair)) > 1 for pair in pairs(links).values()):
        sys.exit("vdirsyncer links items of one name only")
    texts: dict[str, Data] = {}
    storages = [_storage(file, base, texts) for file in (a, b)]
    status = SqliteStatus()
    with status.transaction():
        for id_, record in base.records.items():
            moved = any(file.records.get(id_) != record for file in (a, b))
            known = Item(vcard(id_, cast("Record", record))).hash if moved else AS_AGREED
            status.insert_ident_a(id_, ItemMetadata(href=id_, hash=known, etag=AS_AGREED))
            status.insert_ident_b(id_, ItemMetadata(href=id_, hash=known, etag=AS_AGREED))
    asyncio.run(sync(*storages, status, conflict_resolution="a wins"))
    for file, storage in zip((a, b), storages, strict=True):
        file.save(dict(_moved(storage, file, texts)))
    base.save(dict(_moved(storages[0], base, texts)))
    status.close()
    return 0


def _storage(file: File, base: File, texts: dict[str, Data]) -> MemoryStorage:
    storage = MemoryStorage()
    for id_, record in file.records.items():
        item = Item(vcard(id_, cast("Record", record)))
        texts[item.raw] = record
        moved = base.records.get(id_) != record
        storage.items[id_] = ("moved" if moved else AS_AGREED, item)
    return storage


def _moved(storage: MemoryStorage, file: File, texts: dict[str, Data]) -> Iterator[tuple[str, Data]]:
    for id_, (etag, item) in storage.items.items():
        if etag != AS_AGREED and (record := texts[item.raw]) != file.records.get(id_):
            yield id_, record


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.vdirsyncer_cycle DIR")
    sys.exit(main(Path(sys.argv[1])))
