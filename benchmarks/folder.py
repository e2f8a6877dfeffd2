"""The folders of the whole-cycle commands: `a.jsonl`, `b.jsonl`, `base.jsonl` and `links.jsonl`, one record a line.

A record's line that did not move is written back byte for byte, so that only what moved costs anything.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

Data = Mapping[str, object]


@dataclass(slots=True)
class File:
    """One file: records by id (without it), and the lines as they stand."""

    path: Path
    records: dict[str, dict[str, object]]
    lines: dict[str, bytes]

    def save(self, moved: Mapping[str, Data]) -> None:
        """Replace the file whole, with other content for some records and new ones at its end."""
        lines = self.lines | {id_: _line(id_, data) for id_, data in moved.items()}
        new = self.path.with_suffix(".new")
        new.write_bytes(b"\n".join((*lines.values(), b"")))
        new.replace(self.path)


def lines(records: Mapping[str, Data]) -> bytes:
    """Give the content of a file."""
    return b"".join(_line(id_, data) + b"\n" for id_, data in records.items())


def _line(id_: str, data: Data) -> bytes:
    return orjson.dumps({"id": id_, **data}, default=float)


def load(path: Path) -> File:
    """Read a file. Raises SystemExit naming file and line."""
    file = File(path, {}, {})
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            id_ = record.pop("id")
        except (orjson.JSONDecodeError, AttributeError, KeyError) as error:
            sys.exit(f"{path}:{number}: expected a JSON object with an `id`: {error}")
        if id_ in file.records:
            sys.exit(f"{path}:{number}: the id {id_!r} stands twice in this file")
        file.records[str(id_)] = record
        file.lines[str(id_)] = line
    return file


def pairs(links: File) -> dict[str, tuple[str, str]]:
    """Give link id -> (id in a, id in b); where one is left out the link's own id is meant."""
    return {id_: (str(row.get("a", id_)), str(row.get("b", id_))) for id_, row in links.records.items()}
