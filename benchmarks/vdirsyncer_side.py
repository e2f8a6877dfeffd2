"""Measure vdirsyncer at the work we are compared with: two systems that hold N linked records of 26 fields.

What its user pays for one sync is timed, and nothing else: open the status, list both sides, compare etags, fetch
what moved, hash it, upload it, keep the status. Both storages are its own in-memory one, so no network and no
disk but the status file. Editing side A and writing records as text happen before the clock starts.

    python -m benchmarks.vdirsyncer_side [--counts 1000 10000] [--runs 7] [--shape vcard|lines] [--json]
"""

import argparse
import asyncio
import gc
import json
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from vdirsyncer.storage.memory import MemoryStorage  # type: ignore[import-untyped]
from vdirsyncer.sync import sync  # type: ignore[import-untyped]
from vdirsyncer.sync.status import SqliteStatus  # type: ignore[import-untyped]
from vdirsyncer.vobject import Item  # type: ignore[import-untyped]

from benchmarks.data import Record, Records, Value, edit_all, records

ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})


def vcard(id_: str, record: Record) -> str:
    """The item a vdirsyncer user would store: a contact card with one property per field."""
    lines = (f"{'FN' if name == 'name' else _property(name)}:{_text(value)}" for name, value in record.items())
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", f"UID:{id_}", *lines, "END:VCARD"))


def plain_lines(id_: str, record: Record) -> str:
    """The least text vdirsyncer accepts, as in its own unit tests: its parser gives up on the first line."""
    return "\n".join((f"UID:{id_}", *(f"{_property(name)}:{_text(value)}" for name, value in record.items())))


def _property(name: str) -> str:
    return f"X-{name.upper().replace('_', '-')}"


def _text(value: Value) -> str:
    return value.translate(ESCAPES) if isinstance(value, str) else str(value)


SHAPES: dict[str, Callable[[str, Record], str]] = {"vcard": vcard, "lines": plain_lines}


@dataclass
class Pair:
    """Two storages in step and the status between them."""

    count: int
    shape: Callable[[str, Record], str]
    status_file: Path | None
    held: Records = field(init=False)
    a: MemoryStorage = field(init=False)
    b: MemoryStorage = field(init=False)
    memory_status: SqliteStatus | None = field(init=False, default=None)

    async def link(self) -> None:
        """The first sync: B receives all of A."""
        self.held = records(self.count)
        self.a, self.b = MemoryStorage(), MemoryStorage()
        for id_, record in self.held.items():
            await self.a.upload(Item(self.shape(id_, record)))
        if self.status_file is None:
            self.memory_status = SqliteStatus(":memory:")
        await self.cycle()
        self.check()

    async def edit(self, seed: int) -> None:
        """Change every record on side A; the items are new, so nothing about them is cached."""
        self.held = edit_all(self.held, seed)
        for id_, record in self.held.items():
            etag, _ = self.a.items[id_]
            await self.a.update(id_, Item(self.shape(id_, record)), etag)

    async def cycle(self) -> None:
        """One `vdirsyncer sync`, which opens its status file and closes it."""
        if self.memory_status is not None:
            await sync(self.a, self.b, self.memory_status)
        else:
            with closing(SqliteStatus(str(self.status_file))) as status:
                await sync(self.a, self.b, status)

    def check(self) -> None:
        """Both sides hold what was meant; a benchmark of wrong work is worth nothing."""
        wanted = {id_: self.shape(id_, record) for id_, record in self.held.items()}
        for side in (self.a, self.b):
            assert {id_: item.raw for id_, (_, item) in side.items.items()} == wanted

    def etags(self) -> dict[str, str]:
        return {id_: etag for id_, (etag, _) in self.b.items.items()}


async def timed(pair: Pair) -> float:
    gc.collect()
    start = perf_counter()
    await pair.cycle()
    return (perf_counter() - start) * 1000


async def measure(counts: list[int], runs: int, shape: str) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, `{"10000 file": {"no_change": …, "all_changed": …}}`; the runs are interleaved."""
    with tempfile.TemporaryDirectory(prefix="vdirsyncer-bench-") as folder:
        pairs = {
            f"{count} {kind}": Pair(count, SHAPES[shape], Path(folder, f"{count}.items") if kind == "file" else None)
            for count in counts
            for kind in ("memory", "file")
        }
        for pair in pairs.values():
            await pair.link()
        times: dict[str, dict[str, list[float]]] = {name: {"no_change": [], "all_changed": []} for name in pairs}
        for run in range(runs):
            for name, pair in pairs.items():
                await pair.edit(seed=run)
                before = pair.etags()
                times[name]["all_changed"].append(await timed(pair))
                after = pair.etags()
                assert all(before[id_] != after[id_] for id_ in before), "not every record was written to B"
                pair.check()
                times[name]["no_change"].append(await timed(pair))
                assert pair.etags() == after, "a cycle without changes wrote"
        return {name: {case: median(values) for case, values in cases.items()} for name, cases in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--shape", choices=SHAPES, default="vcard")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(measure(options.counts, options.runs, options.shape))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'records, status':<18}{'no change ms':>14}{'all changed ms':>16}")
    for name, cases in found.items():
        print(f"{name:<18}{cases['no_change']:>14.1f}{cases['all_changed']:>16.1f}")


if __name__ == "__main__":
    main()
