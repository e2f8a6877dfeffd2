"""The sync map: what a mapping binds to what, as plain data, from the same compiled rows that the sync runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from syncd.mapping.compile import Mapping
from syncd.mapping.record_lens import RecordLens
from syncd.mapping.rows import Row
from syncd.mapping.sets import CellSets
from syncd.mapping.tables import Table, Tiers
from syncd.model import fields
from syncd.model.records import Kind


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the sync map. `direction`: both, read (never written, `reason` says why) or create (once, on creation).
    `field` is where the vendor keeps it: `rates.sets[].tiers[].rate`; empty for a constant."""

    kind: Kind
    path: str
    title: str
    part: str
    field: str
    codec: str
    direction: Literal["both", "read", "create"]
    reason: str
    note: str


def show(mapping: Mapping) -> list[Shown]:
    """Give the sync map of a system, in the order of its file."""
    return [row for kind, lens in mapping.lenses.items() for row in _lens(kind, lens)]


def _lens(kind: Kind, lens: RecordLens) -> Iterator[Shown]:
    for path, row in lens.rows.items():
        yield _shown(kind, path, row, "")
    for block in lens.sets:
        container = f"{block.path}[]." if block.path is not None else ""
        prefix = "benefits" if block.section == "benefits" else f"{block.section}[]"
        for name, key in _keys(block):
            yield _shown(kind, f"{prefix}.{name}", key, container)
        for cell, row in block.cells.items():
            yield _shown(kind, f"{prefix}.{cell}", row, container)
        for table in block.tables:
            yield from _table(kind, prefix, table, container)


def _keys(block: CellSets) -> Iterator[tuple[str, Row]]:
    keys = (
        ("effective_date", block.effective),
        ("<class>", block.cls),
        ("<kind>", block.kind),
        ("<variant>", block.variant),
    )
    yield from ((name, row) for name, row in keys if row is not None)


def _table(kind: Kind, prefix: str, table: Table, container: str) -> Iterator[Shown]:
    inside = f"{container}{table.path}[]." if table.path is not None else container
    label = "<tier>" if isinstance(table.names, Tiers) else "<age>"
    for suffix, row in table.values.items():
        yield _shown(kind, f"{prefix}.{label}{suffix}", row, inside)


def _shown(kind: Kind, path: str, row: Row, container: str) -> Shown:
    where = " + ".join(
        str(source).removeprefix("/") if source.rooted else f"{container}{source}" for source in row.sources
    )
    direction: Literal["both", "read", "create"] = (
        "create" if row.on_create else "both" if row.unwritable is None else "read"
    )
    return Shown(
        kind=kind,
        path=path,
        title=fields.title_of(path, kind) if "<" not in path else "",
        part=row.part,
        field=where,
        codec="constant" if row.constant is not None else row.codec.name,
        direction=direction,
        reason=row.unwritable or "",
        note=row.note,
    )
