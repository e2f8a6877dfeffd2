"""Compile a mapping file: YAML text to lenses, or an error that names file, line, key and the nearest valid name.

Takes text, gives a `Mapping`. Everything that can be known without a record is checked here; what only records show
(a row that is empty on every one, a law that breaks) is `check.py`'s.
"""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import ValidationError

from syncd.errors import ConfigError
from syncd.mapping.compile_row import Place, Problems, compile_row
from syncd.mapping.compile_sets import Block, compile_sets, set_name
from syncd.mapping.record_lens import RecordLens
from syncd.mapping.rows import Row
from syncd.mapping.spec import FileSpec, KindSpec, RowSpec, SetSpec, TableSpec
from syncd.model import fields
from syncd.model.paths import section, under
from syncd.model.records import Kind
from syncd.text.explain import explain, together
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Document, Loc, read_document


@dataclass(frozen=True)
class Mapping:
    """A compiled mapping file. `row_digests`: kind -> row -> digest, which changes when the row does; `row_lines` the
    same with the line in the file; `lens.row_of(path)` names the row of a path; of `lens.row_digests` only what the row
    reads counts."""

    system: str
    title: str
    file: str
    lenses: abc.Mapping[Kind, RecordLens]
    row_digests: abc.Mapping[Kind, abc.Mapping[str, str]]
    row_lines: abc.Mapping[Kind, abc.Mapping[str, int | None]]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Give the kinds of records that the file maps."""
        return tuple(self.lenses)

    def lens(self, kind: Kind) -> RecordLens:
        """Give the lens of a kind. Raises ConfigError when the file does not map it."""
        try:
            return self.lenses[kind]
        except KeyError:
            raise ConfigError(f"no {kind} records are mapped", file=self.file, field=f"kinds.{kind}") from None


def compile_mapping(text: str, file: str) -> Mapping:
    """Compile the text of a mapping file. Raises ConfigError about all that is wrong with it."""
    document = read_document(text, file)
    spec = _validated(document)
    problems = Problems(spec.letters)
    lenses: dict[Kind, RecordLens] = {kind: _kind(kind, inner, problems) for kind, inner in spec.kinds.items()}
    if problems.found:
        raise together(document.error(loc, message) for loc, message in problems.found)
    named: dict[Kind, list[Named]] = {kind: list(_named(kind, inner)) for kind, inner in spec.kinds.items()}
    digests = {kind: _digests(rows) for kind, rows in named.items()}
    lines = {kind: {row.name: document.line(row.loc) for row in rows} for kind, rows in named.items()}
    for kind, inner in spec.kinds.items():
        lens = lenses[kind]
        lens.digest = _digest(digests[kind])
        lens.row_digests = _digests(list(_named(kind, _read_only(inner))))
    return Mapping(spec.system, spec.title or spec.system, file, lenses, digests, lines)


# -- from YAML to specs -----------------------------------------------------------------------------------------------


def _validated(document: Document) -> FileSpec:
    try:
        return FileSpec.model_validate(document.data)
    except ValidationError as error:
        raise explain(error, model=FileSpec, data=document.data, file=document.file, line_of=document.line) from error


# -- from specs to lenses ---------------------------------------------------------------------------------------------


def _kind(kind: Kind, spec: KindSpec, problems: Problems) -> RecordLens:
    loc: Loc = ("kinds", kind)
    part = spec.part or kind
    barred = {name: _no(inner.create) for name, inner in spec.parts.items() if inner.create is not True}
    rows = _rows(kind, spec, part, problems)
    sets = tuple(
        compile_sets(
            Block(
                inner,
                (*loc, "sets", at),
                inner.part or part,
                _prefixed(spec, inner.section),
                barred.get(inner.part or part),
                problems,
            )
        )
        for at, inner in enumerate(spec.sets)
    )
    lens = RecordLens(
        kind, "", part, rows, sets, barred, spec.template, None if spec.create is True else _no(spec.create)
    )
    if kind != "plan" and sets:
        problems.add((*loc, "sets"), f"a {kind} has no sets")
    _check_names(spec, loc, lens, problems)
    _check_keys(loc, lens, problems)
    return lens


def _rows(kind: Kind, spec: KindSpec, part: str, problems: Problems) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for path, row_spec in spec.rows.items():
        loc = ("kinds", kind, "rows", path)
        field = fields.field_of(path, kind)
        if section(path) in ("rates", "contributions"):
            problems.add(loc, f"{section(path)} are mapped under `sets`")
        elif field is None:
            problems.add(loc, f"no field of a {kind} is called so{did_you_mean(path, fields.names(kind))}")
        else:
            row = compile_row(row_spec, Place(loc, path, part, field, path, _prefixed(spec, path)), kind, problems)
            if row is not None:
                rows[path] = row
    return rows


def _prefixed(spec: KindSpec, path: str) -> bool | str:
    """Say what the kind's `writable` says of a path; the longest prefix wins."""
    prefixes = [prefix for prefix in spec.writable if under(path, prefix)]
    return spec.writable[max(prefixes, key=len)] if prefixes else True


def _no(create: bool | str) -> str:  # noqa: FBT001 - as it stands in the file
    return create if isinstance(create, str) else "the mapping says that it is not created here"


def _check_names(spec: KindSpec, loc: Loc, lens: RecordLens, problems: Problems) -> None:
    """Check that prefixes and parts speak of something that the kind has."""
    paths = [*lens.rows, *(block.section for block in lens.sets)]
    for prefix in spec.writable:
        if not any(under(path, prefix) for path in paths):
            problems.add((*loc, "writable", prefix), f"nothing lies under it{did_you_mean(prefix, paths)}")
    parts = {lens.part, *(row.part for row in lens.rows.values()), *(block.part for block in lens.sets)}
    for key in ("parts", "template"):
        for name in getattr(spec, key):
            if name not in parts:
                problems.add((*loc, key, name), f"no row reads a part of this kind{did_you_mean(name, parts)}")
    cells = {f"benefits.{cell}" for block in lens.sets if block.section == "benefits" for cell in block.cells}
    for path in lens.rows.keys() & cells:
        problems.add((*loc, "rows", path), "it is mapped under `sets` too")
    seen: set[str] = set()
    for row in (row for row in _named("plan", spec) if "sets" in row.loc and not row.name.endswith(".effective_date")):
        if row.name in seen:
            problems.add(row.loc, f"{row.name} is mapped by another block too")
        seen.add(row.name)


@dataclass(frozen=True)
class Claim:
    """A vendor key that a row writes, and where the row stands in the file."""

    row: Row
    container: tuple[str, ...]
    steps: tuple[Any, ...]
    loc: Loc


def _check_keys(loc: Loc, lens: RecordLens, problems: Problems) -> None:
    """Check that no vendor key is written by two rows, unless they say when each of them holds."""
    claims = list(_claims(loc, lens))
    for at, claim in enumerate(claims):
        for other in claims[:at]:
            if _same_key(claim, other) and not _disjoint(claim.row, other.row):
                what = f"{other.row.name} writes this vendor key too; make one of them `writable: false`"
                problems.add(claim.loc, what)
                break


def _claims(loc: Loc, lens: RecordLens) -> abc.Iterator[Claim]:
    for path, row in lens.rows.items():
        yield from _claim(row, (row.part,), (*loc, "rows", path))
    for at, block in enumerate(lens.sets):
        inner: Loc = (*loc, "sets", at)
        items = (block.part, *([str(block.path)] if block.path is not None else []))
        keys = (("effective", block.effective), ("class", block.cls), ("kind", block.kind), ("variant", block.variant))
        for name, key in keys:
            if key is not None:
                yield from _claim(key, items, (*inner, "key", name))
        for cell, row in block.cells.items():
            yield from _claim(row, items, (*inner, "cells", cell))
        for number, table in enumerate(block.tables):
            inside = (*items, *([str(table.path)] if table.path is not None else []))
            for suffix, row in table.values.items():
                yield from _claim(row, inside, (*inner, "table", number, "values", suffix))


def _claim(row: Row, container: tuple[str, ...], loc: Loc) -> abc.Iterator[Claim]:
    if row.unwritable is None or row.on_create:
        for source in row.sources:
            yield Claim(row, container[:1] if source.rooted else container, source.steps, loc)


def _same_key(claim: Claim, other: Claim) -> bool:
    """Tell whether two rows write one key, or one of them the object that holds the other's."""
    if claim.container != other.container:
        return False
    return all(mine == theirs for mine, theirs in zip(claim.steps, other.steps, strict=False))


def _disjoint(row: Row, other: Row) -> bool:
    """Tell whether two rows never hold together: one vendor key, no common word."""
    return any(
        mine.path == theirs.path and not set(map(str, mine.words)) & set(map(str, theirs.words))
        for mine in row.when
        for theirs in other.when
    )


# -- digests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """A row as it is known outside the file: its name, its key in the file, and all that decides what it does."""

    name: str
    loc: Loc
    meaning: Any


def _named(kind: Kind, spec: KindSpec) -> abc.Iterator[Named]:
    """Give every row; words for people do not count."""
    loc: Loc = ("kinds", kind)
    frame = {"part": spec.part, "writable": spec.writable}
    for path, row in spec.rows.items():
        yield Named(path, (*loc, "rows", path), (frame, _meaning(row)))
    for at, block in enumerate(spec.sets):
        inner: Loc = (*loc, "sets", at)
        head = (frame, block.model_dump(mode="json", exclude={"cells", "table"}))
        prefix = set_name(block)
        if block.key.effective is not None:
            yield Named(f"{prefix}.effective_date", (*inner, "key", "effective"), head)
        for cell, row in block.cells.items():
            yield Named(f"{prefix}.{cell}", (*inner, "cells", cell), (head, _meaning(row)))
        for number, table in enumerate(block.table):
            label = "<tier>" if table.tier is not None else "<age>"
            shape = table.model_dump(mode="json", exclude={"values"})
            for suffix, row in table.values.items():
                here = (*inner, "table", number, "values", suffix)
                yield Named(f"{prefix}.{label}{suffix}", here, (head, shape, _meaning(row)))


def _read_only(spec: KindSpec) -> KindSpec:
    """Give a kind without all that only matters when records are written: that moves the meaning of no base."""

    def row(one: RowSpec) -> RowSpec:
        return one.model_copy(update={"writable": True, "required": False})

    def table(one: TableSpec) -> TableSpec:
        values = {name: row(value) for name, value in one.values.items()}
        return one.model_copy(update={"values": values, "template": {}, "remove": False})

    def block(one: SetSpec) -> SetSpec:
        inner = {"cells": {name: row(cell) for name, cell in one.cells.items()}, "table": list(map(table, one.table))}
        return one.model_copy(update={**inner, "template": {}, "remove": False, "writable": True})

    rows = {path: row(one) for path, one in spec.rows.items()}
    return spec.model_copy(update={"rows": rows, "sets": list(map(block, spec.sets)), "writable": {}})


def _digests(rows: list[Named]) -> dict[str, str]:
    """Digest every row; what two blocks say of one name counts together."""
    meanings: dict[str, list[Any]] = {}
    for row in rows:
        meanings.setdefault(row.name, []).append(row.meaning)
    return {name: _digest(meaning) for name, meaning in meanings.items()}


def _meaning(row: RowSpec) -> Any:  # noqa: ANN401 - JSON
    return row.model_dump(mode="json", exclude={"note"})


def _digest(data: Any) -> str:  # noqa: ANN401 - JSON
    return blake2b(orjson.dumps(data, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
