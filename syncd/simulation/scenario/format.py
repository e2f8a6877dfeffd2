"""Scenario tables as people write them: parsed, checked, and every mistake named with file and line.

Takes files, gives `Scenario`s. What is not understood is an error, with the nearest known name; a table that says
nothing to check is an error too, so that none passes by mistake. Never runs anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from syncd.errors import ConfigError
from syncd.simulation.scenario.check import check
from syncd.simulation.scenario.models import Scenario, Table
from syncd.text.explain import explain, together
from syncd.text.yaml import decoded, read_document

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
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", file=str(file)) from error
    return parse(decoded(data, str(file)), str(file))


def parse(text: str, file: str = "scenario.yaml") -> list[Scenario]:
    """Read the tables of a text; `file` names it in errors."""
    document = read_document(text, file, na=True, most=MOST_BYTES)
    try:
        table = Table.model_validate(document.data)
    except ValidationError as error:
        raise explain(error, model=Table, data=document.data, file=file, line_of=document.line) from error
    scenarios = list(table.scenarios)
    if not scenarios:
        raise ConfigError("there is no scenario, so nothing would be checked", file=file, line=document.root.line)
    wrong = []
    for at, scenario in enumerate(scenarios):
        scenario._file, scenario._node = file, document.root.at("scenarios", at)
        try:
            check(scenario)
        except ConfigError as error:
            wrong.append(error)
    wrong += _twice([(scenario.id, scenario.line_of("id")) for scenario in scenarios], file)
    if wrong:
        raise together(wrong)
    return scenarios


def _twice(ids: Iterable[tuple[str, int]], file: str) -> Iterator[ConfigError]:
    seen: dict[str, int] = {}
    for id_, line in ids:
        if id_ in seen:
            yield ConfigError(f"the id `{id_}` was used before, on line {seen[id_]}", file=file, line=line)
        seen.setdefault(id_, line)
