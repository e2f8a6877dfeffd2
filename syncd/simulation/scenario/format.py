"""Scenario tables as people write them: parsed, checked, and every mistake named with file and line.

Takes files, gives `Scenario`s. What is not understood is an error, with the nearest known name; a table that says nothing
to check is an error too, so that none passes by mistake. Never runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt, PositiveInt, PrivateAttr
from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from syncd.errors import ConfigError
from syncd.model import paths
from syncd.model.records import JSON, Kind
from syncd.reconcile import guards
from syncd.simulation.scenario.yaml_tree import Bare, Node, read

FORMAT = "syncd-scenario/1"
KINDS = (
    *("conflict", "missing-record", "link-plans", "suggested-link", "hand-off", "guard", "hold", "loss", "renewal"),
)
"""The kinds of questions."""
PLACES: Mapping[str, tuple[str, ...]] = {"plan": paths.SECTIONS, "group": ("details",)}
"""The sections of each kind of record; generic records have none."""

Place: TypeAlias = tuple[str | int, ...]


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
    """How one in-memory system is made; the defaults take everything as it is."""

    versions: Literal["none", "etag", "lying"] = "none"
    read_only: bool = False
    create: bool = True
    update: bool = True
    writable: _Names | None = None
    carries: _Names | None = None


class Fault(_Strict):
    """What goes wrong in one system during one cycle: every time, or the first `times` times."""

    list: Literal["partial", "empty", "error"] | None = None
    write: Literal["fail", "fail_after", "lost_reply"] | None = None
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
            one not in (None, {}) or name == "proposals" and one is not None
            for name, one in ((name, getattr(self, name)) for name in type(self).model_fields)
        )


class Cycle(_Strict):
    """What happens before one run, the run, and what must have come of it."""

    edit: Annotated[dict[str, _Records], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    faults: Annotated[dict[str, Fault], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    decide: Annotated[dict[str, Any], BeforeValidator(_or_empty)] = Field(default_factory=dict)
    stale: bool = False
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
    _node: Node = PrivateAttr(Node(0, None))

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

    def per_system(self, base: Any) -> dict[str, dict[str, dict[str, JSON]]]:  # noqa: ANN401 - two shapes of mapping
        """Give a base by system, whichever of its two shapes it has."""
        return {
            system: {key: self.fields(record) for key, record in (records or {}).items() if record is not None}
            for system, records in self.by_system(base).items()
        }

    def by_system(self, base: Any) -> dict[str, Any]:  # noqa: ANN401
        """Give a base by system, as it was written."""
        if base is None:
            return {}
        return dict(base) if self.split(base) else dict.fromkeys(self.systems, base)

    def split(self, base: Any) -> bool:  # noqa: ANN401
        """Tell whether a base is a map per system."""
        return bool(base) and all(key in self.systems for key in base)

    def fields(self, record: Mapping[str, str | None]) -> dict[str, JSON]:
        """Give the fields of a record as its system holds them, without the keys that are no content."""
        return {
            paths.canonical(key): scalar(value, self.kind) for key, value in record.items() if not key.startswith("_")
        }


# -- values -----------------------------------------------------------------------------------------------------------

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)\Z")


def scalar(value: str | None, kind: Kind) -> JSON:
    """Give a value as an in-memory system holds it: plans and groups hold texts, generic records what was written."""
    if value is None or kind != "generic" or not isinstance(value, Bare):
        return None if value is None else str(value)
    if value in ("true", "false"):
        return value == "true"
    if _INT.match(value):
        return int(value)
    return float(value) if _FLOAT.match(value) else str(value)


def unquoted(value: Any) -> Any:  # noqa: ANN401 - whatever rules hold
    """Give plain texts where the file had scalars without quotes."""
    if isinstance(value, dict):
        return {key: unquoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unquoted(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


# -- loading ----------------------------------------------------------------------------------------------------------


def load(path: Path | str) -> list[Scenario]:
    """Read the tables of a file, or of all YAML files below a folder. Raises ConfigError with file and line."""
    return [scenario for file in files(path) for scenario in load_file(file)]


def files(path: Path | str) -> list[Path]:
    """Find the files that a path stands for."""
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ConfigError("there is no such file or folder", file=str(path), hint="Name a table or a folder of tables.")
    found = sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".yml") and one.is_file())
    if not found:
        raise ConfigError("no *.yaml stands in this folder", file=str(path), hint="Name a table or a folder of tables.")
    return found


def load_file(file: Path) -> list[Scenario]:
    """Read the tables of one file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(file)) from error
    return parse(text, str(file))


def parse(text: str, file: str = "scenario.yaml") -> list[Scenario]:
    """Read the tables of a text; `file` names it in errors."""
    root = read(text, file)
    try:
        table = _Table.model_validate(root.plain())
    except ValidationError as error:
        raise _first(error.errors(), root, file) from error
    scenarios = list(table.scenarios)
    if not scenarios:
        raise ConfigError("there is no scenario, so nothing would be checked", file=file, line=root.line)
    for at, scenario in enumerate(scenarios):
        node = cast("list[Node]", cast("dict[str, Node]", root.value)["scenarios"].value)[at]
        scenario._file, scenario._node = file, node  # noqa: SLF001 - private to pydantic, not to this file
        _Check(scenario).run()
    _unique([(scenario.id, scenario.line_of("id")) for scenario in scenarios], file)
    return scenarios


class _Table(_Strict):
    """A whole file."""

    format: Literal["syncd-scenario/1"]
    scenarios: Annotated[tuple[Scenario, ...], BeforeValidator(_listed)]

    MODELS: ClassVar[Mapping[str, type[BaseModel]]] = {
        "scenarios": Scenario,
        "systems": SystemSettings,
        "cycles": Cycle,
        "faults": Fault,
        "expect": Expect,
        "start": Start,
    }


def _unique(ids: Iterable[tuple[str, int]], file: str) -> None:
    seen: dict[str, int] = {}
    for id_, line in ids:
        if id_ in seen:
            raise ConfigError(f"the id `{id_}` was used before, on line {seen[id_]}", file=file, line=line)
        seen[id_] = line


# -- what is said about a mistake -------------------------------------------------------------------------------------


def _first(errors: list[ErrorDetails], root: Node, file: str) -> ConfigError:
    """Say the first mistake of a file, and how many more there are."""
    told = sorted(((root.line_of(_place(one)), _say(one)) for one in errors), key=lambda each: each[0])
    line, message = told[0]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return ConfigError(message + more, file=file, line=line)


def _place(error: ErrorDetails) -> Place:
    return error["loc"]


def _say(error: ErrorDetails) -> str:
    """Put a mistake in words: where, what was seen, what was expected."""
    loc, seen = error["loc"], error["input"]
    where = _dotted(loc)
    match error["type"]:
        case "extra_forbidden":
            return f"{_dotted(loc[:-1])}: `{loc[-1]}` is not known{meant(str(loc[-1]), _known(loc))}".removeprefix(": ")
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            return f"{where}: `{seen}` is not one of {', '.join(known)}{meant(str(seen), known)}"
        case "missing":
            return f"{where} is missing"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{where}: a mapping belongs here, not {_shown(seen)}"
        case "list_type" | "tuple_type":
            return f"{where}: a list belongs here, not {_shown(seen)}"
        case "string_type":
            return f"{where}: one value belongs here, not {_shown(seen)}"
        case _:
            return f"{where}: {error['msg']}, got {_shown(seen)}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"`{value}`"


def _dotted(loc: Iterable[str | int]) -> str:
    """Give a place as people read it: `cycles[0].edit.crm`."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return re.sub(r"^scenarios\[\d+\]\.?", "", text) or text


def _known(loc: Place) -> Collection[str]:
    """Name the keys that a place may have."""
    model: type[BaseModel] = _Table
    for step in loc[:-1]:
        if isinstance(step, str):
            model = _Table.MODELS.get(step, model)
    return [one.alias or name for name, one in model.model_fields.items()]


def meant(wrong: str, known: Collection[str]) -> str:
    """Give `; did you mean X?`, or the known names when none is near."""
    near = get_close_matches(wrong, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known are {', '.join(known)}" if known else ""


# -- what the models cannot check -------------------------------------------------------------------------------------


class _Check:
    """Checks one table against itself: the names it uses, and that it says something to check."""

    def __init__(self, scenario: Scenario) -> None:
        self._of = scenario
        self._systems = scenario.systems

    def run(self) -> None:
        """Raise ConfigError at the first mistake."""
        table = self._of
        if not self._systems:
            raise self._error((), "no system is named; give at least one under `start`")
        if not table.cycles:
            raise self._error(("cycles",), "there is no cycle, so nothing would be checked")
        self._start()
        self._linked()
        self._groups()
        for at, cycle in enumerate(table.cycles):
            self._cycle(cycle, ("cycles", at))
        if not any(cycle.expect.says_something for cycle in table.cycles):
            raise self._error(("cycles",), "no cycle has an `expect`, so nothing would be checked")

    def _error(self, place: Place, message: str) -> ConfigError:
        where = f"{self._of.id}: {_dotted(place)}: " if place else f"{self._of.id}: "
        return ConfigError(where + message, file=self._of.file, line=self._of.line_of(*place))

    def _system(self, name: object, place: Place) -> None:
        if name not in self._systems:
            raise self._error(place, f"`{name}` is not a system{meant(str(name), self._systems)}")

    # -- the start

    def _start(self) -> None:
        declared = self._of.settings
        for name in self._of.held:
            near = get_close_matches(name, [one for one in declared if one not in self._of.held], n=1, cutoff=0.6)
            if name not in declared and near:
                raise self._error(("start", name), f"`{name}` is not a system; did you mean `{near[0]}`?")
        for name, records in self._of.held.items():
            self._records(records, ("start", name))
        self._base(self._of.start.base, ("start", "base"))
        self._records(self._of.start.agreed, ("start", "agreed"))

    def _base(self, base: object, place: Place) -> None:
        if base is None:
            return
        if not isinstance(base, dict):
            raise self._error(place, f"a mapping belongs here, not {_shown(base)}")
        split = base and all(key in self._systems for key in base)
        for name, records in base.items() if split else (("", base),):
            at = (*place, name) if split else place
            if records is not None and not isinstance(records, dict):
                raise self._error(at, f"records belong here, not {_shown(records)}")
            self._records(records or {}, at)

    def _records(self, records: Mapping[str, object], place: Place) -> None:
        for key, record in records.items():
            if record is not None and not isinstance(record, dict):
                raise self._error((*place, key), f"the fields of a record belong here, not {_shown(record)}")
            for name, value in (record or {}).items():
                self._field(name, value, (*place, key, name))

    def _field(self, name: str, value: object, place: Place) -> None:
        if value is not None and not isinstance(value, str):
            raise self._error(place, f"one value belongs here, not {_shown(value)}")
        if name.startswith("_"):
            if name not in ("_t", "_v", "_id"):
                raise self._error(place, f"`{name}` is not known{meant(name, ('_t', '_v', '_id'))}")
            if name == "_t" and value is not None and not _INT.match(value):
                raise self._error(place, f"a modification time is a whole number, not `{value}`")
            return
        sections = PLACES.get(self._of.kind)
        if sections is not None and paths.section(name) not in sections:
            near = meant(paths.section(name), sections)
            raise self._error(place, f"`{name}` is not a field of a {self._of.kind}{near}")

    # -- settings

    def _linked(self) -> None:
        linked = self._of.linked
        if linked in ("all", "none"):
            return
        if not isinstance(linked, list) or not all(isinstance(key, str) for key in linked):
            raise self._error(("linked",), f"`all`, `none` or a list of keys belongs here, not {_shown(linked)}")
        known = {key for system in self._systems for key in self._of.held.get(system, {})}
        known |= {key for records in self._of.per_system(self._of.start.base).values() for key in records}
        for key in linked:
            if key not in known:
                raise self._error(("linked",), f"no system holds `{key}`{meant(key, sorted(known))}")

    def _groups(self) -> None:
        of: dict[str, str] = {}
        for name, members in self._of.groups.items():
            if self._of.kind != "generic":
                raise self._error(("groups",), f"a {self._of.kind} has its own atoms; groups are for generic records")
            for one in members:
                if one in of:
                    raise self._error(("groups", name), f"`{one}` is in {of[one]} already")
                of[one] = name

    # -- cycles

    def _cycle(self, cycle: Cycle, place: Place) -> None:
        for name, records in cycle.edit.items():
            self._system(name, (*place, "edit", name))
            self._records(records, (*place, "edit", name))
        for name, fault in cycle.faults.items():
            self._system(name, (*place, "faults", name))
            if not (fault.list or fault.write or fault.kill):
                raise self._error((*place, "faults", name), "no fault is named; known are list, write, kill")
        for name in cycle.force:
            if name not in guards.NAMES:
                raise self._error((*place, "force"), f"`{name}` is not a guard{meant(name, guards.NAMES)}")
        self._mode(cycle, (*place, "mode"))
        for name, answer in cycle.decide.items():
            kind, _, rest = name.partition(" ")
            if kind not in KINDS or not rest:
                hint = meant(kind, KINDS) if kind not in KINDS else "; write `KIND NAME`"
                raise self._error((*place, "decide", name), f"`{name}` is not a proposal{hint}")
            self._answer(answer, (*place, "decide", name))
        self._expect(cycle.expect, (*place, "expect"))

    def _mode(self, cycle: Cycle, place: Place) -> None:
        mode = cycle.mode
        if isinstance(mode, dict):
            if list(mode) != ["resync"]:
                raise self._error(place, "a mode is sync, dry_run, resync or {resync: SYSTEM}")
            self._system(mode["resync"], place)
        elif mode not in _MODES:
            raise self._error(place, f"`{mode}` is not one of {', '.join(_MODES)}{meant(str(mode), _MODES)}")

    def _answer(self, answer: object, place: Place) -> None:
        if isinstance(answer, dict):
            if list(answer) != ["value"]:
                raise self._error(place, "an answer is a word or {value: X}")
            if answer["value"] is not None and not isinstance(answer["value"], str):
                raise self._error(place, f"one value belongs here, not {_shown(answer['value'])}")
        elif not isinstance(answer, str):
            raise self._error(place, f"an answer belongs here, not {_shown(answer)}")
        elif answer not in _ANSWERS and answer not in self._systems:
            raise self._error(place, f"`{answer}` is not an answer{meant(answer, (*self._systems, *_ANSWERS))}")

    def _expect(self, expect: Expect, place: Place) -> None:
        for name in expect.writes or {}:
            self._system(name, (*place, "writes", name))
        for kind in expect.proposals or {}:
            if kind not in KINDS:
                raise self._error((*place, "proposals", kind), f"`{kind}` is not a kind{meant(kind, KINDS)}")
        for name, records in expect.contents.items():
            known = (*self._systems, *Expect.model_fields)
            if name not in self._systems:
                raise self._error((*place, name), f"`{name}` is not known{meant(name, known)}")
            self._records(records, (*place, name))
        self._base(expect.base, (*place, "base"))


_MODES = ("sync", "dry_run", "resync")
_ANSWERS = ("ignore", "copy", "link", "unlink", "recreate", "end", "approve", "reject")
