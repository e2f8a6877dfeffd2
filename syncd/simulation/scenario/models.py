"""What a table says, as frozen models; `check.py` looks whether the names in it go together.

Pure. Values stay as they were written until the kind of record is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    PrivateAttr,
)
from pydantic_core import PydanticCustomError

from syncd.model import paths
from syncd.model.records import JSON, Kind
from syncd.text.yaml import Bare, Node

FORMAT = "syncd-scenario/1"
KINDS = (
    *("conflict", "missing-record", "link-plans", "suggested-link", "hand-off", "guard", "hold", "loss", "renewal"),
)
"""The kinds of questions."""
PLACES: Mapping[str, tuple[str, ...]] = {"plan": paths.SECTIONS, "group": ("details",)}
"""The sections of each kind of record; generic records have none."""


def _or_empty(value: object) -> object:
    return {} if value is None else value


def _listed(value: object) -> object:
    return [] if value is None else value


def _one(value: object) -> object:
    """Let a single value through as it was written."""
    if value is None or isinstance(value, str):
        return value
    raise PydanticCustomError("string_type", "one value belongs here")


_Fields: TypeAlias = dict[str, Annotated[Any, BeforeValidator(_one)]]
_Records: TypeAlias = Annotated[dict[str, _Fields | None], BeforeValidator(_or_empty)]
_Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SystemSettings(_Strict):
    """How one in-memory system is made; the defaults take everything as it is. What it changes in texts that it is
    sent: it trims blanks, cuts what is too long, keeps `&` as HTML writes it, re-cases, rounds to so many decimals."""

    versions: Literal["none", "etag", "lying"] = "none"
    read_only: bool = False
    create: bool = True
    update: bool = True
    writable: _Names | None = None
    carries: _Names | None = None
    trims: bool = False
    longest: PositiveInt | None = None
    escapes: bool = False
    recase: Literal["none", "title", "upper", "lower"] = "none"
    decimals: NonNegativeInt | None = None


class Fault(_Strict):
    """What goes wrong in one system during one cycle: every time, or the first `times` times.

    A listing breaks off (`partial`), comes empty, keeps records to itself (`short`), shows records as they were before
    their last change (`stale`) or fails. A write fails before or after it took effect or `half` of it did, or its reply
    is lost.
    """

    list: Literal["partial", "empty", "short", "stale", "error"] | None = None
    write: Literal["fail", "fail_after", "half", "lost_reply"] | None = None
    kill: Literal["after_journal", "after_send", "after_reply"] | None = None
    times: PositiveInt | None = None


class Start(_Strict):
    """How things stand at the beginning; every other key is a system with its records."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Records]

    base: Any = None
    agreed: _Records = Field(default_factory=dict)


class Expect(_Strict):
    """What must have come of a cycle; every other key is a system with its whole content."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Records]

    result: Literal["ok", "open", "partial", "refused", "config_error"] | None = None
    writes: Annotated[dict[str, NonNegativeInt], BeforeValidator(_or_empty)] | None = None
    proposals: dict[str, _Names] | None = None
    base: Any = None

    @property
    def contents(self) -> Mapping[str, Mapping[str, _Fields | None]]:
        """Give the stated content by system."""
        return self.__pydantic_extra__ or {}

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything to check."""
        return bool(self.contents) or any(
            one not in (None, {}) or (name == "proposals" and one is not None)
            for name, one in ((name, getattr(self, name)) for name in type(self).model_fields)
        )


class Cycle(_Strict):
    """What happens before one run, the run, and what must have come of it. `clock`: how many hours the clock of our
    machine is ahead in it, below zero: behind."""

    edit: Annotated[dict[str, _Records], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    faults: Annotated[dict[str, Fault], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    decide: Annotated[dict[str, Any], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    stale: bool = False
    clock: int = 0
    mode: Any = "sync"
    force: _Names = ()
    expect: Annotated[Expect, BeforeValidator(_or_empty)] = Expect()

    @property
    def winner(self) -> str | None:
        """Name the system whose values a resync takes, None when it asks."""
        return str(self.mode["resync"]) if isinstance(self.mode, dict) else None

    @property
    def way(self) -> str:
        """Name the mode: sync, dry_run or resync."""
        return "resync" if isinstance(self.mode, dict) else str(self.mode)


class Scenario(_Strict):
    """One table: a situation, what people and faults do, and what must come of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str = ""
    kind: Literal["plan", "group", "generic"] = "generic"
    settings: Annotated[
        dict[str, Annotated[SystemSettings, BeforeValidator(_or_empty)]], BeforeValidator(_or_empty)
    ] = Field(default_factory=dict, alias="systems")
    rules: Any = None
    groups: Annotated[dict[str, _Names], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    linked: Any = "all"
    ignore: _Names = ()
    guards: Any = None
    start: Annotated[Start, BeforeValidator(_or_empty)] = Start()
    cycles: Annotated[tuple[Cycle, ...], BeforeValidator(_listed)]

    _file: str = PrivateAttr("")
    _node: Node = PrivateAttr(Node(0))

    @property
    def file(self) -> str:
        """Name the file that holds the table."""
        return self._file

    @property
    def line(self) -> int:
        """Give the line on which the table begins."""
        return self._node.line

    @property
    def systems(self) -> tuple[str, ...]:
        """Name the systems, in the order of their names."""
        return tuple(sorted({*self.settings, *(self.start.__pydantic_extra__ or {})}))

    @property
    def held(self) -> Mapping[str, Mapping[str, _Fields | None]]:
        """Give the records of each system at the start."""
        return self.start.__pydantic_extra__ or {}

    def line_of(self, *place: str | int) -> int:
        """Give the line of a piece of the table."""
        return self._node.line_of(place)

    def per_system(self, base: Any) -> dict[str, dict[str, dict[str, JSON]]]:
        """Give a base by system, whichever of its two shapes it has."""
        return {
            system: {key: self.fields(record) for key, record in (records or {}).items() if record is not None}
            for system, records in self.by_system(base).items()
        }

    def by_system(self, base: Any) -> dict[str, Any]:
        """Give a base by system, as it was written."""
        if base is None:
            return {}
        return dict(base) if self.split(base) else dict.fromkeys(self.systems, base)

    def split(self, base: Any) -> bool:
        """Tell whether a base is a map per system."""
        return bool(base) and all(key in self.systems for key in base)

    def fields(self, record: Mapping[str, str | None]) -> dict[str, JSON]:
        """Give the fields of a record as its system holds them, without the keys that are no content."""
        return {
            paths.canonical(key): scalar(value, self.kind) for key, value in record.items() if not key.startswith("_")
        }


class Table(_Strict):
    """A whole file."""

    format: Literal["syncd-scenario/1"]
    scenarios: Annotated[tuple[Scenario, ...], BeforeValidator(_listed)]


# -- values -----------------------------------------------------------------------------------------------------------

INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)\Z")


def scalar(value: str | None, kind: Kind) -> JSON:
    """Give a value as an in-memory system holds it: plans and groups hold texts, generic records what was written."""
    if value is None or kind != "generic" or not isinstance(value, Bare):
        return None if value is None else str(value)
    if value in ("true", "false"):
        return value == "true"
    if INT.match(value):
        return int(value)
    return float(value) if _FLOAT.match(value) else str(value)


def unquoted(value: Any) -> Any:
    """Give plain texts where the file had scalars without quotes."""
    if isinstance(value, dict):
        return {key: unquoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unquoted(inner) for inner in value]
    return str(value) if isinstance(value, str) else value
