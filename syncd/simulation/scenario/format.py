"""Scenario tables as people write them: parsed, checked, and every mistake named with file and line.

Takes files, gives `Scenario`s. What is not understood is an error, with the nearest known name; a table that says
nothing to check is an error too, so that none passes by mistake. Never runs anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from syncd.errors import ConfigError
from syncd.simulation.scenario.check import check
from syncd.simulation.scenario.mistakes import first_mistake
from syncd.simulation.scenario.models import Scenario, Table
from syncd.simulation.scenario.yaml_tree import Node, read

MOST_BYTES = 8_000_000


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
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"it is larger than {MOST_BYTES:,} bytes", file=str(file))
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(file)) from error
    return parse(text, str(file))


def parse(text: str, file: str = "scenario.yaml") -> list[Scenario]:
    """Read the tables of a text; `file` names it in errors."""
    root = read(text, file)
    try:
        table = Table.model_validate(root.plain())
    except ValidationError as error:
        raise first_mistake(error.errors(), root, file) from error
    scenarios = list(table.scenarios)
    if not scenarios:
        raise ConfigError("there is no scenario, so nothing would be checked", file=file, line=root.line)
    for at, scenario in enumerate(scenarios):
        node = cast("list[Node]", cast("dict[str, Node]", root.value)["scenarios"].value)[at]
        scenario._file, scenario._node = file, node
        check(scenario)
    _unique([(scenario.id, scenario.line_of("id")) for scenario in scenarios], file)
    return scenarios


def _unique(ids: Iterable[tuple[str, int]], file: str) -> None:
    seen: dict[str, int] = {}
    for id_, line in ids:
        if id_ in seen:
            raise ConfigError(f"the id `{id_}` was used before, on line {seen[id_]}", file=file, line=line)
        seen[id_] = line
