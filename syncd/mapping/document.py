"""A YAML file that a person edits, as plain data that still knows its lines.

Takes the text of a file. Gives plain dicts, lists and scalars; `Document.line` finds the line of any key again, so
that every complaint names file, line, key and the nearest valid name. Duplicate keys, anchors and oversized files are
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any, TypeAlias

from rapidfuzz import fuzz, process
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from syncd.errors import ConfigError

Loc: TypeAlias = tuple[str | int, ...]
MAX_SIZE = 2_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """A read file: its name, its data and where each key stands."""

    file: str
    data: Any
    lines: Mapping[Loc, int]

    def line(self, loc: Loc) -> int | None:
        """Find the line of a key, or of the nearest key around it; segments that are no keys are skipped."""
        found: Loc = ()
        for segment in loc:
            if (*found, segment) in self.lines:
                found = (*found, segment)
        return self.lines.get(found)

    def error(self, loc: Loc, message: str) -> ConfigError:
        """Make the error about a key."""
        name = ".".join(str(segment) for segment in loc) or None
        return ConfigError(message, file=self.file, line=self.line(loc), field=name)


def read_document(text: str, file: str) -> Document:
    """Read YAML. Raises ConfigError with file and line."""
    if len(text) > MAX_SIZE:
        raise ConfigError(f"the file is larger than {MAX_SIZE:,} characters", file=file)
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        tree = yaml.load(StringIO(text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(f"not valid YAML: {error.problem}", file=file, line=line) from error
    except YAMLError as error:
        raise ConfigError(f"not valid YAML: {error}", file=file) from error
    lines: dict[Loc, int] = {}
    return Document(file, _plain(tree, (), lines, file), lines)


def _plain(node: Any, loc: Loc, lines: dict[Loc, int], file: str) -> Any:  # noqa: ANN401 - YAML
    """Strip what the round-trip loader wraps around values, and note the lines."""
    if getattr(node, "anchor", None) is not None and node.anchor.value:
        raise ConfigError(
            f"anchors are not supported: &{node.anchor.value}", file=file, line=_line_of(node, lines, loc)
        )
    if isinstance(node, CommentedMap):
        result = {}
        for key, item in node.items():
            name = _scalar(key) if not isinstance(key, bool | ScalarBoolean) else str(bool(key)).lower()
            lines[(*loc, name)] = node.lc.key(key)[0] + 1
            result[name] = _plain(item, (*loc, name), lines, file)
        return result
    if isinstance(node, CommentedSeq):
        for at in range(len(node)):
            lines[(*loc, at)] = node.lc.item(at)[0] + 1
        return [_plain(item, (*loc, at), lines, file) for at, item in enumerate(node)]
    return _scalar(node)


def _line_of(node: Any, lines: Mapping[Loc, int], loc: Loc) -> int | None:  # noqa: ANN401 - YAML
    return node.lc.line + 1 if hasattr(node, "lc") else lines.get(loc)


def _scalar(node: Any) -> Any:  # noqa: ANN401 - YAML
    if isinstance(node, bool | ScalarBoolean):
        return bool(node)
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return Decimal(repr(float(node)))
    if isinstance(node, date):
        return node.isoformat()
    return str(node) if isinstance(node, str) else node


def nearest(name: str, names: Iterable[str]) -> str:
    """Say which valid name was probably meant: `; did you mean details.metal?`, or nothing."""
    found = process.extract(name, list(names), score_cutoff=60)
    # A part of a long name counts as likeness ("metal" is meant as details.metal); of those alike, the nearest whole.
    best = max(found, key=lambda one: one[1] + fuzz.ratio(name, one[0]), default=None)
    return f"; did you mean {best[0]}?" if best else ""
