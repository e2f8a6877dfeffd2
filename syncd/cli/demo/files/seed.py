"""The demo's figures: employers and plans as canonical path -> text, each with the public source it was taken from.

Takes the folder `config/demo/seed`, gives frozen entries; refuses a file that is not what it should be with its name.
It never invents a value: a path that an entry does not name is empty in every system that carries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from syncd.errors import ConfigError
from syncd.model.fields import is_known, type_of, value_from_text
from syncd.model.values import NOT_APPLICABLE, Flat, Value

System: TypeAlias = Literal["quote", "crm"]
SYSTEMS: Final[tuple[System, ...]] = ("quote", "crm")
FORMAT: Final = "syncd-demo-seed/1"
_KEYS: Final = {
    "group": ({"key", "ids", "fields"}, {"differs"}),
    "plan": ({"key", "ids", "fields", "source", "row"}, {"differs"}),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A public document."""

    publisher: str
    document: str
    year: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One employer or plan. `ids` are its native ids: a system without one does not hold it.

    `row` says where in the source the figures stand (column -> text there). `differs` is what a system holds instead of
    `fields` before anything is linked.
    """

    kind: Literal["group", "plan"]
    key: str
    group: str
    ids: Mapping[System, str]
    fields: Mapping[str, str]
    differs: Mapping[System, Mapping[str, str]] = field(default_factory=dict)
    source: Source | None = None
    row: Mapping[str, str] = field(default_factory=dict)

    def texts(self, system: System) -> dict[str, str]:
        """Give what a system holds: path -> text."""
        return {**self.fields, **self.differs.get(system, {})}

    def values(self, system: System) -> Flat:
        """Give what a system holds as canonical values."""
        return {path: value_of(path, text, self.kind) for path, text in self.texts(system).items()}


@dataclass(frozen=True, slots=True)
class Seed:
    """All employers and their plans, in the order of the files."""

    groups: tuple[Entry, ...]
    plans: tuple[Entry, ...]

    def group(self, key: str) -> Entry:
        """Find an employer by its key in the seed."""
        return next(entry for entry in self.groups if entry.key == key)

    def plan(self, key: str) -> Entry:
        """Find a plan by its key in the seed."""
        return next(entry for entry in self.plans if entry.key == key)

    def plans_of(self, group: str) -> tuple[Entry, ...]:
        """Give an employer's plans."""
        return tuple(entry for entry in self.plans if entry.group == group)


def value_of(path: str, text: str, kind: Literal["group", "plan"] = "plan") -> Value:
    """Read a text of the seed. The documents' "Not applicable" is a value of its own in every field."""
    if text.lower() == "not applicable" and type_of(path, kind) != "text":
        return NOT_APPLICABLE
    return value_from_text(path, text, kind)


def seed_folder() -> Path:
    """Find the folder of the shipped seed: inside the installed package, else in the project around this file."""
    package = Path(__file__).resolve().parents[3]
    shipped = package / "_data" / "config" / "demo" / "seed"
    return shipped if shipped.is_dir() else package.parent / "config" / "demo" / "seed"


@lru_cache(maxsize=4)
def read_seed(folder: Path | None = None) -> Seed:
    """Read every file of the folder. Raises ConfigError."""
    folder = folder or seed_folder()
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError("no seed files here", file=str(folder))
    entries = [entry for file in files for entry in _entries(file)]
    seed = Seed(
        tuple(entry for entry in entries if entry.kind == "group"),
        tuple(entry for entry in entries if entry.kind == "plan"),
    )
    _check_unique(seed, folder)
    return seed


def _entries(file: Path) -> Iterator[Entry]:
    data = _load(file)
    group = _checked(data["group"], "group", file)
    yield Entry("group", group["key"], group["key"], group["ids"], group["fields"], group.get("differs", {}))
    sources = {name: Source(**source) for name, source in data["sources"].items()}
    for item in data["plans"]:
        plan = _checked(item, "plan", file)
        if plan["source"] not in sources:
            raise ConfigError(f"no such source: {plan['source']}", file=file.name, field=plan["key"])
        shape = (plan["ids"], plan["fields"], plan.get("differs", {}))
        yield Entry("plan", plan["key"], group["key"], *shape, sources[plan["source"]], plan["row"])


def _load(file: Path) -> dict[str, Any]:
    # Every scalar stays the text that was written: "512.40" keeps its scale and "2026-01-01" is no date yet.
    try:
        data = YAML(typ="base", pure=True).load(file.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise ConfigError(f"not valid YAML: {error}", file=file.name) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or not {"group", "sources", "plans"} <= data.keys():
        raise ConfigError(f"not a seed file: expected `format: {FORMAT}`, group, sources and plans", file=file.name)
    return data


def _checked(item: dict[str, Any], kind: Literal["group", "plan"], file: Path) -> dict[str, Any]:
    needed, allowed = _KEYS[kind]
    if missing := needed - item.keys():
        raise ConfigError(f"{', '.join(sorted(missing))} is missing", file=file.name, field=item.get("key"))
    if extra := item.keys() - needed - allowed:
        raise ConfigError(f"unknown key {', '.join(sorted(extra))}", file=file.name, field=item["key"])
    for path in (*item["fields"], *(path for held in item.get("differs", {}).values() for path in held)):
        if not is_known(path, kind):
            raise ConfigError(f"{path} is no canonical name", file=file.name, field=item["key"])
    return item


def _check_unique(seed: Seed, folder: Path) -> None:
    """Refuse a key or native id that stands twice: one record would swallow another."""
    for entries in (seed.groups, seed.plans):
        seen: set[tuple[str, str]] = set()
        for entry in entries:
            for name in (("key", entry.key), *entry.ids.items()):
                if name in seen:
                    raise ConfigError(f"{name[0]} {name[1]} stands twice", file=str(folder), field=entry.key)
                seen.add(name)
