"""The two file drops on disk: laid out once, then changed as the vendors' own users change them.

Every change replaces the file as a whole, so that a reader sees the old file or the new one. Nothing here asks the
time: who edits says when.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo.files.layout import Row, lay_out
from syncd.cli.demo.files.seed import SYSTEMS, Seed, System, read_seed
from syncd.errors import ConfigError
from syncd.model.records import JSON

SETTINGS: Final[Mapping[System, Mapping[str, Any]]] = {
    "quote": {
        "kinds": ("group", "plan"),
        "modified": "modified",
        "marker": "syncd_marker",
        "new_id": {"prefix": "Q-", "width": 4},
        "end": {"column": "stage", "value": "WITHDRAWN"},
    },
    "crm": {
        "kinds": ("group", "plan"),
        "modified": "modified",
        "marker": "syncd_marker",
        "new_id": {"prefix": "", "width": 5},
        "end": {"column": "Status", "value": "Cancelled"},
    },
}
"""What the `files` connector has to be told about each drop, beside its `folder`."""

_SUFFIX: Final[Mapping[System, str]] = {"quote": "jsonl", "crm": "csv"}


def drop_folder(folder: Path, system: System) -> Path:
    """Name the folder of one drop."""
    return folder / system


def write_drops(folder: Path, seed: Seed | None = None) -> None:
    """Lay both drops out below a folder, replacing what stood there."""
    seed = seed or read_seed()
    for system in SYSTEMS:
        drop = lay_out(seed, system)
        drop_folder(folder, system).mkdir(parents=True, exist_ok=True)
        _write(_file(folder, system, "groups"), system, drop.groups)
        _write(_file(folder, system, "plans"), system, drop.plans)


def read_row(folder: Path, system: System, plan_key: str) -> Row | None:
    """Give a plan's row as it stands in the file; None when it is not there."""
    native = native_id(system, plan_key)
    rows = _read(_file(folder, system, "plans"), system)
    return next((row for row in rows if row["id"] == native), None)


def edit(folder: Path, system: System, plan_key: str, changes: Mapping[str, JSON], *, at: datetime) -> None:
    """Change columns of a plan, and its time of change.

    A column of `quote` is a path (`benefits.care.pcp.in`, `rate_sets.0.tiers.EE`), made where it is missing. A column
    that a CRM file does not have, and a plan that the file does not hold, are errors.
    """
    native = native_id(system, plan_key)

    def change(rows: list[Row]) -> list[Row]:
        row = next((row for row in rows if row["id"] == native), None)
        if row is None:
            raise ConfigError("no such plan in this drop", file=str(_file(folder, system, "plans")), field=native)
        for column, value in {**changes, "modified": _stamp(at)}.items():
            _set(row, column, value, system)
        return rows

    _replace(_file(folder, system, "plans"), system, change)


def remove(folder: Path, system: System, plan_key: str) -> None:
    """Take a plan out of the file; the others stay as they are."""
    native = native_id(system, plan_key)
    _replace(_file(folder, system, "plans"), system, lambda rows: [row for row in rows if row["id"] != native])


def native_id(system: System, plan_key: str) -> str:
    """Name a plan of the seed as a system does."""
    found = read_seed().plan(plan_key).ids.get(system)
    if found is None:
        raise ConfigError(f"{system} does not hold this plan", field=plan_key)
    return found


def _set(row: Row, column: str, value: JSON, system: System) -> None:
    if system == "crm":
        if column not in row:
            raise ConfigError("no such column", field=column)
        row[column] = value
        return
    *inner, last = column.split(".")
    holder: Any = row
    for name in inner:
        holder = holder[int(name)] if isinstance(holder, list) else holder.setdefault(name, {})
    holder[last] = value


def _replace(file: Path, system: System, change: Callable[[list[Row]], Sequence[Row]]) -> None:
    _write(file, system, change(_read(file, system)))


def _file(folder: Path, system: System, name: str) -> Path:
    return drop_folder(folder, system) / f"{name}.{_SUFFIX[system]}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(file: Path, system: System) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as text:
        if system == "quote":
            return [json.loads(line) for line in text]
        return [dict(row) for row in csv.DictReader(text)]


def _write(file: Path, system: System, rows: Sequence[Row]) -> None:
    """Write beside the file and put it in its place: a reader never sees half a file."""
    data = (_json_lines(rows) if system == "quote" else _csv(file, rows)).encode()
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    Path(beside).chmod(0o644)
    Path(beside).replace(file)


def _json_lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(file: Path, rows: Sequence[Row]) -> str:
    """Write a table. A file that lost its last row keeps its header."""
    if rows:
        columns = list(rows[0])
    else:
        with file.open(encoding="utf-8", newline="") as text:
            columns = next(csv.reader(text))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
