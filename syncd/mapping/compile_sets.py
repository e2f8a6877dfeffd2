"""Compile a `sets` block: what its items are, what tells them apart, which cells they hold.

Takes the block as written, gives compiled sets; what is wrong goes to `Problems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncd.mapping.compile_row import Place, Problems, compile_row, vendor
from syncd.mapping.draft import Where
from syncd.mapping.rows import Row
from syncd.mapping.sets import CellSets
from syncd.mapping.spec import AgesSpec, RowSpec, SetSpec, TableSpec, Writable
from syncd.mapping.tables import Ages, Table, Tiers
from syncd.mapping.vendor_path import VendorPath
from syncd.model import fields
from syncd.model.field_table import TIERS, Field
from syncd.model.records import JSON
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Loc

_DATED = "2000-01-01"
"""Any date does: the cells of all sets of a section are the same."""
_KINDS = Field("kind", "code", "kind of rate", codes=("premium", "billing"))
_AGE_CELL = "age_30_34"
_TIERS = {
    "rates": frozenset(TIERS),
    "contributions": frozenset(TIERS) | {"employee", "dependent"},
    "benefits": frozenset[str](),
}
_AGE_WORDS: Mapping[str, JSON] = {"f": "F", "m": "M", "tobacco": "Y", "no_tobacco": "N"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block being compiled: as written, where it stands, and what its kind says of it."""

    spec: SetSpec
    loc: Loc
    part: str
    writable: Writable
    barred: str | None
    problems: Problems

    def place(self, loc: Loc, cell: str, field: Field | None) -> Place:
        """Give the place of a row of this block."""
        return Place(
            loc=(*self.loc, *loc),
            name=f"{set_name(self.spec)}.{cell}",
            part=self.part,
            field=field,
            path=self.path(cell) if field is not None and field is not _KINDS else "",
            writable=self.writable if self.spec.writable is True else self.spec.writable,
            in_set=True,
        )

    def path(self, cell: str) -> str:
        """Give the canonical path of a cell, of some set."""
        return f"benefits.{cell}" if self.spec.section == "benefits" else f"{self.spec.section}[{_DATED}].{cell}"

    def row(self, spec: RowSpec, loc: Loc, cell: str, field: Field | None) -> Row | None:
        """Compile a row of this block."""
        return compile_row(spec, self.place(loc, cell, field), "plan", self.problems)

    def vendor(self, text: str | None, *loc: str | int) -> VendorPath | None:
        """Parse a vendor path of this block."""
        return None if text is None else vendor(text, (*self.loc, *loc), self.problems)

    def where(self, words: Mapping[str, JSON], *loc: str | int) -> Where:
        """Compile a `where`."""
        pairs = ((self.vendor(text, *loc, "where", text), word) for text, word in words.items())
        return tuple((path, word) for path, word in pairs if path is not None)


def set_name(spec: SetSpec) -> str:
    """Name the rows of a block apart from those of another kind of rate: `rates[]`, `rates[billing]`, `benefits`."""
    if spec.section == "benefits":
        return "benefits"
    kind = spec.key.kind
    if kind is None or kind.constant == "premium":
        return f"{spec.section}[]"
    return f"{spec.section}[{'*' if kind.constant is None else kind.constant}]"


def compile_sets(block: Block) -> CellSets:
    """Compile a block."""
    spec = block.spec
    _check_shape(block)
    key = spec.key
    tables = tuple(_table(block, at, table) for at, table in enumerate(spec.table))
    return CellSets(
        section=spec.section,
        part=block.part,
        path=block.vendor(spec.list, "list"),
        parts=spec.parts,
        where=block.where(spec.where),
        id=block.vendor(spec.id, "id"),
        effective=_key(block, key.effective, "effective", fields.field_of(block.path("effective_date"))),
        cls=_key(block, key.class_, "class", None),
        kind=_key(block, key.kind, "kind", _KINDS),
        variant=_key(block, key.variant, "variant", None),
        cells=_cells(block),
        tables=tuple(table for table in tables if table is not None),
        template=spec.template,
        remove=spec.remove,
        barred=block.barred,
    )


def _check_shape(block: Block) -> None:
    """Check that the keys of a block go together."""
    spec, problems = block.spec, block.problems
    wrong = (
        (spec.list is not None and spec.parts, "parts", "a set is an element of a list or a part of its own, not both"),
        (spec.remove and spec.list is None, "remove", "only an element of a list can be taken out"),
        (not spec.cells and not spec.table, "key", "a set without `cells` or `table` holds nothing"),
        (
            any(table.list is None for table in spec.table) and len(spec.table) > 1,
            *("table", "where the items themselves are the rows, there is one table"),
        ),
    )
    for is_so, name, message in wrong:
        if is_so:
            problems.add((*block.loc, name), message)
    _check_key(block)


_KEYS = {
    "rates": ("effective", "class", "kind"),
    "contributions": ("effective", "class"),
    "benefits": ("variant",),
}


def _check_key(block: Block) -> None:
    """Check that the sets of a section are told apart by what tells them apart."""
    section, loc = block.spec.section, (*block.loc, "key")
    given = block.spec.key.model_dump(by_alias=True, exclude_none=True)
    for name in given.keys() - set(_KEYS[section]):
        block.problems.add((*loc, name), f"{section} are told apart by {' and '.join(_KEYS[section])}")
    if section != "benefits" and "effective" not in given:
        block.problems.add(loc, f"{section} need `effective`, the date from which they are in force")


def _key(block: Block, spec: RowSpec | None, name: str, field: Field | None) -> Row | None:
    cell = {"effective": "effective_date"}.get(name, f"<{name}>")
    return None if spec is None else block.row(spec, ("key", name), cell, field)


def _cells(block: Block) -> dict[str, Row]:
    cells: dict[str, Row] = {}
    for cell, spec in block.spec.cells.items():
        field = fields.field_of(block.path(cell))
        if field is None or cell == "effective_date":
            why = "it comes from the key" if field is not None else f"no cell is called so{_near(block, cell)}"
            block.problems.add((*block.loc, "cells", cell), why)
            continue
        row = block.row(spec, ("cells", cell), cell, field)
        if row is not None:
            cells[cell] = row
    return cells


def _near(block: Block, cell: str) -> str:
    prefix = "benefits." if block.spec.section == "benefits" else f"{block.spec.section}[]."
    return did_you_mean(cell, [name.removeprefix(prefix) for name in fields.names("plan") if name.startswith(prefix)])


def _table(block: Block, at: int, spec: TableSpec) -> Table | None:
    loc: Loc = ("table", at)
    if (spec.tier is None) == (spec.ages is None):
        block.problems.add((*block.loc, *loc), "a table names its cells by `tier` or by `ages`, one of them")
        return None
    names = _tiers(block, spec.tier, loc) if spec.tier is not None else _ages(block, spec.ages or AgesSpec(), loc)
    if names is None:
        return None
    samples = sorted(names.known) if isinstance(names, Tiers) else [_AGE_CELL]
    label = "<tier>" if isinstance(names, Tiers) else "<age>"
    values: dict[str, Row] = {}
    for suffix, row_spec in spec.values.items():
        unknown = next((cell for cell in samples if fields.field_of(block.path(cell + suffix)) is None), None)
        if unknown is not None:
            block.problems.add(
                (*block.loc, *loc, "values", suffix),
                f"no cell is called {unknown + suffix}{_near(block, unknown + suffix)}",
            )
            continue
        row = block.row(
            row_spec, (*loc, "values", suffix), label + suffix, fields.field_of(block.path(samples[0] + suffix))
        )
        if row is not None:
            values[suffix] = row
    return Table(
        path=block.vendor(spec.list, *loc, "list"),
        where=block.where(spec.where, *loc),
        names=names,
        values=values,
        template=spec.template,
        remove=spec.remove,
        lacks=_lacks(block, spec, names, values),
    )


def _lacks(block: Block, spec: TableSpec, names: Tiers | Ages, values: Mapping[str, Row]) -> dict[str, Row]:
    """Give a row that says why it is never written to each tier that the vendor has no name for."""
    if not (spec.lacks and isinstance(names, Tiers)):
        return {}
    unnamed = _TIERS[block.spec.section] - names.known
    return {
        tier + suffix: replace(row, unwritable=spec.lacks, on_create=False)
        for suffix, row in values.items()
        for tier in unnamed
    }


def _tiers(block: Block, spec: RowSpec, loc: Loc) -> Tiers | None:
    row = block.row(spec, (*loc, "tier"), "<tier>", None)
    words = spec.options.get("labels") or spec.options.get("values") or {}
    known = frozenset(str(code) for code in words)
    for code in known - _TIERS[block.spec.section]:
        hint = did_you_mean(code, _TIERS[block.spec.section])
        block.problems.add((*block.loc, *loc, "tier"), f"no tier is called {code!r}{hint}")
    return None if row is None else Tiers(row, known or _TIERS[block.spec.section], listed=bool(known))


def _ages(block: Block, spec: AgesSpec, loc: Loc) -> Ages | None:
    if (spec.band is None) == (spec.from_ is None):
        block.problems.add((*block.loc, *loc, "ages"), "ages are named by `from` and `to`, or by `band`")
        return None
    for word in spec.values.keys() - _AGE_WORDS.keys():
        block.problems.add((*block.loc, *loc, "ages", "values", word), f"expected one of {', '.join(_AGE_WORDS)}")
    return Ages(
        low=block.vendor(spec.from_, *loc, "ages", "from"),
        high=block.vendor(spec.to, *loc, "ages", "to"),
        band=None if spec.band is None else block.row(spec.band, (*loc, "ages", "band"), "<age>", None),
        gender=block.vendor(spec.gender, *loc, "ages", "gender"),
        tobacco=block.vendor(spec.tobacco, *loc, "ages", "tobacco"),
        words={**_AGE_WORDS, **spec.values},
        text=spec.text,
    )
