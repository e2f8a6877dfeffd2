"""One whole cycle over a folder, as a command: `python -m benchmarks.cycle DIR`.

DIR holds `a.jsonl`, `b.jsonl`, `base.jsonl` and `links.jsonl`, one JSON object a line, `id` first. A record's other
keys are its fields. `links.jsonl` names the pairs: `{"id": L, "a": id in a, "b": id in b}`; where `a` or `b` is left
out the link's own id is meant. `base.jsonl` says under the link's id what both sides held when they last agreed.

A is the source of truth on conflict, fields are merged one by one. The command rewrites `a.jsonl`, `b.jsonl` and
`base.jsonl` and prints a line of counts. The same engine, store and journal as everywhere else do the work; between
two cycles `base.jsonl` is what is remembered, so the store itself ends with the process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.engine import TwoSystems
from benchmarks.folder import Data, File, load, pairs
from syncd.connectors.memory import MemorySystem
from syncd.mapping.generic import value_of
from syncd.store.database import uncollected


def main(folder: Path) -> int:
    """Do one cycle over the folder."""
    with uncollected():  # all of it is kept to the end
        a, b, base, links = (load(folder / f"{name}.jsonl") for name in ("a", "b", "base", "links"))
        linked = pairs(links)
        pair = TwoSystems(":memory:")
        pair.hold(a.records, b.records)
        pair.link(linked, base.records)
    report = pair.run()
    a.save(_moved(pair.a, a))
    b.save(_moved(pair.b, b))
    base.save(_bases(pair, base, [outcome.after.id for outcome in report.changeset.outcomes]))
    pair.store.close()
    writes = ", ".join(f"{report.written.get(system, 0)} to {system}" for system in ("a", "b"))
    print(f"{report.result}: {len(linked)} links, writes {writes}, {len(report.questions)} questions")
    return 0


def _moved(system: MemorySystem, file: File) -> dict[str, Data]:
    """Give what a system holds otherwise than its file, by record id."""
    return {
        id_: record.parts[0].data
        for id_ in {*file.records, *system.record_ids("generic")}
        if (record := system.record("generic", id_)) is not None and record.parts[0].data != file.records.get(id_)
    }


def _bases(pair: TwoSystems, base: File, decided: Iterable[str]) -> dict[str, Data]:
    """Give what both sides of each decided link were confirmed to hold; a contested field keeps its base."""
    found: dict[str, Data] = {}
    for link, _ in pair.store.load(list(decided), "default"):
        in_a, in_b = sorted(link.members, key=lambda member: member.system)
        record = pair.a.record("generic", in_a.id)
        now: Data = record.parts[0].data if record is not None else {}
        found[link.id] = _base(in_a.base, in_b.base, now, base.records.get(link.id, {}))
    return found


def _base(in_a: Mapping[str, object], in_b: Mapping[str, object], now: Data, old: Data) -> Data:
    """Give what both hold, in the words of the record where it still does; a field that one is owed keeps its base."""
    found: dict[str, object] = {}
    for path in {**in_a, **old}:
        if path in in_a and in_a[path] == in_b.get(path) == value_of(now.get(path)):
            found[path] = now[path]
        elif path in old and (path in in_a or path in in_b):
            found[path] = old[path]
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.cycle DIR")
    sys.exit(main(Path(sys.argv[1])))
