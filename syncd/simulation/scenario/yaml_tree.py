"""Read YAML strictly, every piece with its line and every scalar as it was written.

Takes text, gives a tree. A table says what systems hold, so no loader may turn `07030` into a number or `2026-01-01`
into something else before the kind of record is known: a bare scalar stays a `Bare` text. Anchors, foreign tags,
duplicate keys and second documents are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from syncd.errors import ConfigError
from syncd.mapping.flat import NA

_NULLS = ("", "~", "null", "Null", "NULL")
DEEPEST = 12
# YAML takes the comma or bracket behind a bare tag for a part of it; people write `{tier: !na, ee: 1}` all the same.
_TIGHT = re.compile(rf"(?<=[\s\[{{,]){re.escape(NA)}(?=[,}}\]])")


class Bare(str):
    """A scalar written without quotes: what it means depends on where it stands."""

    __slots__ = ()


@dataclass(slots=True)
class Node:
    """A piece of a file and the line on which it begins; `lines` are the lines of a mapping's keys."""

    line: int
    value: str | list[Node] | dict[str, Node] | None
    lines: dict[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """Give dicts, lists, texts and None."""
        if isinstance(self.value, dict):
            return {key: inner.plain() for key, inner in self.value.items()}
        if isinstance(self.value, list):
            return [inner.plain() for inner in self.value]
        return self.value

    def line_of(self, place: Sequence[str | int]) -> int:
        """Give the line of the deepest piece on the way to a place."""
        node, line = self, self.line
        for step in place:
            if isinstance(node.value, dict) and step in node.value:
                line, node = node.lines[str(step)], node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line
            else:
                break
        return line


def read(text: str, file: str) -> Node:
    """Read one document. Raises ConfigError with file and line."""
    try:
        root: Node | None = None
        documents = 0
        events: Iterator[Event] = YAML(typ="safe", pure=True).parse(_TIGHT.sub(f"{NA} ", text))
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise ConfigError("a second document begins here; a file holds one", file=file, line=_at(event))
            elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
                root = _node(event, events, file, 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = int(mark.line) + 1 if mark is not None else None
        raise ConfigError(f"this is not valid YAML: {error.problem or error.context}", file=file, line=line) from error
    except YAMLError as error:
        raise ConfigError(f"this is not valid YAML: {error}", file=file) from error
    if root is None or root.value is None:
        raise ConfigError("the file is empty", file=file)
    return root


def _node(event: Event, events: Iterator[Event], file: str, depth: int) -> Node:
    line = _at(event)
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
        raise ConfigError("anchors and aliases (& and *) are not read; put the text in quotes", file=file, line=line)
    if depth > DEEPEST:
        raise ConfigError(f"nested more than {DEEPEST} levels deep", file=file, line=line)
    if isinstance(event, ScalarEvent):
        return Node(line, _scalar(event, file, line))
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise ConfigError(f"the type {tag} is not read; the only one is {NA}", file=file, line=line)
    if isinstance(event, MappingStartEvent):
        return _mapping(line, events, file, depth)
    items = []
    for inner in events:
        if isinstance(inner, SequenceEndEvent):
            break
        items.append(_node(inner, events, file, depth + 1))
    return Node(line, items)


def _mapping(line: int, events: Iterator[Event], file: str, depth: int) -> Node:
    pairs: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for event in events:
        if isinstance(event, MappingEndEvent):
            break
        key = _node(event, events, file, depth + 1)
        if not isinstance(key.value, str):
            raise ConfigError("a key must be a word", file=file, line=key.line)
        name = str(key.value)
        if name in pairs:
            again = f"`{name}` stands here a second time (first on line {lines[name]})"
            raise ConfigError(again, file=file, line=key.line)
        lines[name] = key.line
        pairs[name] = _node(next(events), events, file, depth + 1)
    return Node(line, pairs, lines)


def _scalar(event: ScalarEvent, file: str, line: int) -> str | None:
    if event.tag is not None:
        if str(event.tag) == NA and not event.value:
            return NA
        raise ConfigError(f"the type {event.tag} is not read; the only one is {NA}", file=file, line=line)
    if event.style is not None:
        return str(event.value)
    return None if event.value in _NULLS else Bare(event.value)


def _at(event: Event) -> int:
    return int(event.start_mark.line) + 1
