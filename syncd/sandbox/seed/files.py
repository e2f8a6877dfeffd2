"""Read the seed files: YAML in, plain dictionaries out, each checked for its shape.

Two kinds of files are read. `syncd-demo-seed/1` are the employers of the file demo: `ids` per drop say who holds a
record. `syncd-sandbox-seed/1` are the same with a few keys more (`number`, `sides`, `prior`, `tags`, `facts`, and
`more` for what the sandboxes add to employers of the demo), and a mapping below a path continues the path:
`rates[2026-01-01]: {ee: "512.40"}` is `rates[2026-01-01].ee`; `source` may be a list, oldest first; an empty text in
`differs` says that the side lacks the field. Values stay the text that was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

DEMO: Final = "syncd-demo-seed/1"
SANDBOX: Final = "syncd-sandbox-seed/1"
_SIDES: Final = {"quote": "perfectquote", "crm": "benefitpoint"}

_FILE: Final = {
    DEMO: ({"format", "group", "sources", "plans"}, set[str]()),
    SANDBOX: ({"format"}, {"group", "sources", "plans", "more"}),
}
_GROUP: Final = {
    DEMO: ({"key", "ids", "fields"}, {"differs"}),
    SANDBOX: ({"key", "number", "fields"}, {"sides", "differs", "facts"}),
}
_PLAN: Final = {
    DEMO: ({"key", "ids", "fields", "source", "row"}, {"differs"}),
    SANDBOX: ({"key", "fields", "source", "row"}, {"sides", "differs", "facts", "prior", "tags"}),
}
_MORE: Final = {"fields", "facts", "prior", "tags"}


class SeedError(ValueError):
    """A seed file is not what it should be; the text names file and record and what was expected."""


def folders() -> tuple[Path, ...]:
    """Find the shipped seed: inside the installed package, else in the project around this file."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "_data" / "config"
    config = inside if inside.is_dir() else package.parent / "config"
    return config / "demo" / "seed", config / "sandbox" / "seed"


def read(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give (file name, content) of every seed file of a folder, sorted by name. Raises SeedError."""
    for file in sorted(folder.glob("*.yaml")):
        try:
            data = YAML(typ="base", pure=True).load(file.read_text(encoding="utf-8"))
        except YAMLError as error:
            raise SeedError(f"{file.name}: not valid YAML: {error}") from error
        if not isinstance(data, dict) or data.get("format") not in _FILE:
            raise SeedError(f"{file.name}: not a seed file: expected `format: {SANDBOX}` or `{DEMO}`")
        yield file.name, _shaped(data, file.name)


def _shaped(data: dict[str, Any], file: str) -> dict[str, Any]:
    """Check the keys, open up what is nested and name the sides as systems."""
    kind = data["format"]
    _check(data, _FILE[kind], file, "")
    if "group" in data:
        data["group"] = _record(data["group"], _GROUP[kind], file)
        data["plans"] = [_record(plan, _PLAN[kind], file) for plan in data["plans"]]
    for key, extra in data.get("more", {}).items():
        _check(extra, (set(), _MORE), file, key)
        extra["fields"] = dict(opened(extra.get("fields", {})))
    return data


def _record(item: dict[str, Any], keys: tuple[set[str], set[str]], file: str) -> dict[str, Any]:
    _check(item, keys, file, str(item.get("key")))
    item["fields"] = dict(opened(item["fields"]))
    if "ids" in item:
        item["sides"] = list(item["ids"])
    item["sides"] = [_SIDES.get(side, side) for side in item.get("sides", _SIDES)]
    differs = item.get("differs", {})
    item["differs"] = {
        _SIDES.get(side, side): {path: text or None for path, text in opened(held)} for side, held in differs.items()
    }
    if unknown := {*item["sides"], *item["differs"], *item.get("facts", {})} - set(_SIDES.values()):
        raise SeedError(f"{file}, {item['key']}: no such side: {', '.join(sorted(unknown))}; sides are {_SIDES}")
    return item


def opened(fields: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Give path and text; a mapping continues the path above it, at a dot."""
    for name, value in fields.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            yield from opened(value, path)
        else:
            yield path, value


def _check(item: Mapping[str, Any], keys: tuple[set[str], set[str]], file: str, key: str) -> None:
    needed, allowed = keys
    where = f"{file}, {key}" if key else file
    if missing := needed - item.keys():
        raise SeedError(f"{where}: {', '.join(sorted(missing))} is missing")
    if extra := item.keys() - needed - allowed:
        raise SeedError(f"{where}: unknown key {', '.join(sorted(extra))}; known are {sorted(needed | allowed)}")
