"""One whole cycle over a folder, as a command: `python -m benchmarks.cycle DIR`.

DIR holds `a.jsonl`, `b.jsonl`, `base.jsonl` and `links.jsonl`, one JSON object a line, `id` first. A record's other
keys are its fields. `links.jsonl` names the pairs: `{"id": L, "a": id in a, "b": id in b}`; where `a` or `b` is left
out the link's own id is meant. `base.jsonl` says under the link's id what both sides held when they last agreed.

A is the source of truth on conflict, fields are merged one by one. The command rewrites `a.jsonl`, `b.jsonl` and
`base.jsonl` and prints a line of counts. The same engine, store and journal as everywhere else do the work.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from benchmarks.engine import TwoSystems


def load(path: Path) -> dict[str, dict[str, object]]:
    """Read a file of records by id. Raises SystemExit naming file and line."""
    found: dict[str, dict[str, object]] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            id_ = record.pop("id")
        except (orjson.JSONDecodeError, AttributeError, KeyError) as error:
            sys.exit(f"{path}:{number}: expected a JSON object with an `id`: {error}")
        if id_ in found:
            sys.exit(f"{path}:{number}: the id {id_!r} stands twice in this file")
        found[str(id_)] = record
    return found


def save(path: Path, records: Mapping[str, Mapping[str, object]]) -> None:
    """Replace a file whole, or leave it as it was."""
    lines = (orjson.dumps({"id": id_, **record}, default=float) + b"\n" for id_, record in records.items())
    new = path.with_suffix(".new")
    new.write_bytes(b"".join(lines))
    new.replace(path)


def main(folder: Path) -> int:
    """Do one cycle over the folder."""
    a, b, base = (load(folder / f"{name}.jsonl") for name in ("a", "b", "base"))
    links = {id_: (str(row.get("a", id_)), str(row.get("b", id_))) for id_, row in load(folder / "links.jsonl").items()}
    with tempfile.TemporaryDirectory(prefix="syncd-cycle-") as state:
        pair = TwoSystems(Path(state) / "store.db")
        pair.hold(a, b)
        pair.link(links, base)
        report = pair.run()
        save(folder / "a.jsonl", pair.a.content().get("generic", {}))
        save(folder / "b.jsonl", pair.b.content().get("generic", {}))
        save(folder / "base.jsonl", dict(_bases(pair, base)))
        pair.store.close()
    writes = ", ".join(f"{report.written.get(system, 0)} to {system}" for system in ("a", "b"))
    print(f"{report.result}: {len(links)} links, writes {writes}, {len(report.questions)} questions")
    return 0


def _bases(pair: TwoSystems, before: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, dict[str, object]]]:
    """Give what both sides of each link were confirmed to hold; a contested field keeps its base."""
    held = pair.a.content().get("generic", {})
    for link in pair.store.links("default", status=None):
        [in_a, in_b] = sorted(link.members, key=lambda member: member.system)
        now = held.get(in_a.id, {})
        old = before.get(link.id, {})
        yield (
            link.id,
            {path: now.get(path, old.get(path)) for path in in_a.base if in_a.base[path] == in_b.base.get(path)},
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.cycle DIR")
    sys.exit(main(Path(sys.argv[1])))
