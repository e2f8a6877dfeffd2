"""A mapping against the live schema of its system: vendor fields that are missing, renamed, or of another type. Pure.

Takes a lens and what the system says it has, gives what does not fit, with the nearest name. A schema need not be
complete: below an object or list of which it names nothing, everything may be, and a selector whose value ends with `*`
stands for every element that begins so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Final, Literal, TypeAlias

from syncd.mapping.record_lens import RecordLens
from syncd.mapping.rows import Row
from syncd.mapping.sets import CellSets
from syncd.mapping.tables import Tiers
from syncd.mapping.vendor_path import Step, VendorPath, parse

Steps: TypeAlias = tuple[Step, ...]
Schema: TypeAlias = Mapping[str, Mapping[str, str]]
"""Kind of part -> vendor path -> type (text, number, integer, boolean, date, object, list; "" unknown)."""

_SCALARS: Final = frozenset({"text", "number", "integer"})
TYPES: Final[Mapping[str, frozenset[str]]] = {
    "text": _SCALARS,
    "code": _SCALARS | {"boolean"},
    "code_pair": _SCALARS | {"boolean"},
    "date": frozenset({"date", "text"}),
    "money": _SCALARS,
    "decimal": _SCALARS,
    "percent": _SCALARS,
    "integer": _SCALARS,
    "flag": frozenset({"boolean", "text", "integer"}),
    "frequency": frozenset({"text", "integer"}),
    "tier": frozenset({"text", "integer"}),
    "age_band": frozenset({"text", "integer"}),
    "unit": _SCALARS,
    "cost_share": _SCALARS,
    "cost_share_pair": _SCALARS,
    "list": frozenset({"list"}),
    "cost_share_object": frozenset({"object"}),
    "money_object": frozenset({"object"}),
    "percent_object": frozenset({"object"}),
    "text_object": frozenset({"object"}),
}
"""Codec -> the types that it reads; a codec that is not here takes all."""
_OPEN: Final = ("object", "list", "")
_ALIKE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row that does not fit. `fields`: the vendor paths it names; `nearest`: what may be meant, "" for nothing;
    `optional`: the row itself says that not every record has the field."""

    what: Literal["missing", "renamed", "retyped", "no part"]
    part: str
    path: str
    fields: tuple[str, ...]
    nearest: str = ""
    type: str = ""
    codec: str = ""
    optional: bool = False

    def __str__(self) -> str:
        named = " or ".join(self.fields)
        if self.what == "no part":
            return f"{self.path}: the system has no part {self.part}"
        if self.what == "retyped":
            return f"{self.path}: {named} is {self.type} there, which the codec {self.codec} does not read"
        return f"{self.path}: there is no {named}" + (f"; did {self.nearest} take its place?" if self.nearest else "")


@dataclass(frozen=True, slots=True)
class Bound:
    """A canonical path and the row that holds it; `above`: the lists that its vendor paths stand in."""

    path: str
    row: Row
    above: Steps = ()

    def steps(self, source: VendorPath) -> Steps:
        """Give the whole path of a source; positions in lists say nothing."""
        whole = source.steps if source.rooted else (*self.above, *source.steps)
        return tuple(step for step in whole if not isinstance(step, int))


def bound(lens: RecordLens) -> Iterator[Bound]:
    """Give every row of a lens, those of its sets and tables included."""
    yield from (Bound(path, row) for path, row in lens.rows.items())
    for block in lens.sets:
        yield from _of_sets(block)


def _of_sets(block: CellSets) -> Iterator[Bound]:
    above = block.path.steps if block.path is not None else ()
    prefix = "benefits" if block.section == "benefits" else f"{block.section}[]"
    keys = {"effective_date": block.effective, "<class>": block.cls, "<kind>": block.kind, "<variant>": block.variant}
    yield from (Bound(f"{prefix}.{name}", row, above) for name, row in keys.items() if row is not None)
    yield from (Bound(f"{prefix}.{cell}", row, above) for cell, row in block.cells.items())
    for table in block.tables:
        inside = (*above, *table.path.steps) if table.path is not None else above
        label = "<tier>" if isinstance(table.names, Tiers) else "<age>"
        named = table.names.row if isinstance(table.names, Tiers) else table.names.band
        if named is not None:
            yield Bound(f"{prefix}.{label} (its name)", named, inside)
        yield from (Bound(f"{prefix}.{label}{suffix}", row, inside) for suffix, row in table.values.items())


def against(lens: RecordLens, schema: Schema) -> list[Mismatch]:
    """Compare a lens with the live schema; a schema that says nothing fits everything."""
    if not schema:
        return []
    rows = [one for one in bound(lens) if one.row.sources]
    parts = {part: _Part.of(paths) for part, paths in schema.items()}
    for one in rows:
        if one.row.part in parts:
            parts[one.row.part].mapped |= {one.steps(source) for source in one.row.sources}
    found: list[Mismatch] = []
    absent: set[str] = set()
    for one in rows:
        if one.row.part not in parts:
            if one.row.part not in absent:
                found.append(Mismatch("no part", one.row.part, one.path, ()))
            absent.add(one.row.part)
            continue
        found += _row(one, parts[one.row.part])
    return found


def _row(one: Bound, part: _Part) -> Iterator[Mismatch]:
    """Judge one row. Of several vendor keys that mean the same one suffices; a pair needs both."""
    row = one.row
    fields = {source: part.type_of(one.steps(source)) for source in row.sources}
    lost = [source for source, kind in fields.items() if kind is None]
    if lost and (row.pair or len(lost) == len(fields)):
        nearest = next((near for source in lost if (near := part.nearest(one.steps(source)))), "")
        what: Literal["missing", "renamed"] = "renamed" if nearest else "missing"
        named = tuple(text_of(one.steps(source)) for source in lost)
        yield Mismatch(what, row.part, one.path, named, nearest, optional=row.missing != "empty")
        return
    accepted = TYPES.get(row.codec.name)
    for source, kind in fields.items():
        if kind and accepted is not None and kind not in accepted:
            told = (text_of(one.steps(source)),)
            yield Mismatch("retyped", row.part, one.path, told, type=kind, codec=row.codec.name)


@dataclass(slots=True)
class _Part:
    """What the system says of one kind of part."""

    types: Mapping[Steps, str]
    children: Mapping[Steps, dict[Step, Steps]]
    begun: tuple[Steps, ...] = ()
    """Paths with a selector that ends with `*`."""
    mapped: set[Steps] = field(default_factory=set)
    _look: Callable[[Steps, Step], str] = field(init=False)

    def __post_init__(self) -> None:
        # All columns of an element that is not there ask for the same name; to compare names takes long.
        self._look = cache(self._alike)

    @classmethod
    def of(cls, paths: Mapping[str, str]) -> _Part:
        types = {_steps(path): kind for path, kind in paths.items()}
        children: dict[Steps, dict[Step, Steps]] = {}
        for steps in types:
            for at in range(len(steps)):
                children.setdefault(steps[:at], {}).setdefault(steps[at], steps[: at + 1])
        begun = [steps for steps in types if any(_is_begun(step) for step in steps)]
        return cls(types, children, tuple(begun))

    def type_of(self, steps: Steps) -> str | None:
        """Give the type of a path, "" when it may be there, None when it is not."""
        plain = tuple(step for step in steps if isinstance(step, str))
        for shape in (steps, plain):  # a list's elements are named by a selector, or all together
            if shape in self.types:
                return self.types[shape]
            if shape in self.children:
                return ""
        for shape in (steps, plain):
            for at in range(len(shape) - 1, 0, -1):
                if shape[:at] in self.children or shape[:at] in self.types:
                    is_open = self.types.get(shape[:at]) in _OPEN and not self.children.get(shape[:at])
                    if is_open:
                        return ""
                    break
        return next((self.types[wild] for wild in self.begun if _fits(steps, wild)), None)

    def nearest(self, steps: Steps) -> str:
        """Give a path that nothing maps and that is called alike at the place where this one leaves what is there."""
        at = next((at for at in range(len(steps) - 1, 0, -1) if steps[:at] in self.children), 0)
        return self._look(steps[:at], steps[at])

    def _alike(self, above: Steps, wanted: Step) -> str:
        taken = {steps[: len(above) + 1] for steps in self.mapped}
        free = {_label(step): whole for step, whole in self.children.get(above, {}).items() if whole not in taken}
        found = get_close_matches(_label(wanted), free, n=1, cutoff=_ALIKE)
        return text_of(free[found[0]]) if found else ""


def _is_begun(step: Step) -> bool:
    return isinstance(step, tuple) and any(value.endswith("*") for _, value in step)


def _fits(steps: Steps, wild: Steps) -> bool:
    """Tell whether a path is one that a path with `*` stands for."""
    return len(steps) == len(wild) and all(
        one == other
        or (
            isinstance(one, tuple) and isinstance(other, tuple) and _is_begun(other) and _begins(dict(one), dict(other))
        )
        for one, other in zip(steps, wild, strict=True)
    )


def _begins(values: Mapping[str, str], wild: Mapping[str, str]) -> bool:
    return values.keys() == wild.keys() and all(values[key].startswith(wild[key].rstrip("*")) for key in wild)


def _label(step: Step) -> str:
    """Give what a step is called: the name, or the values that choose an element."""
    return ",".join(value for _, value in step) if isinstance(step, tuple) else str(step)


def _steps(path: str) -> Steps:
    try:
        return tuple(step for step in parse(path).steps if not isinstance(step, int))
    except ValueError:
        return tuple(path.split("."))


def text_of(steps: Iterable[Step]) -> str:
    """Write a path as a mapping does."""
    text = ""
    for step in steps:
        if isinstance(step, tuple):
            text += "[" + ",".join(f"{key}={value}" for key, value in step) + "]"
        else:
            name = f'"{step}"' if isinstance(step, str) and any(char in step for char in '."[]') else str(step)
            text += f".{name}" if text else name
    return text
