"""YAML as people write it: read strictly and as text, written so that nothing turns into another type.

Takes and gives text. Reading keeps every scalar as it was written (07030, 2026-01-01, 1.50 and yes stay text) with its
line, and refuses what a review file has no use for: anchors, aliases, tags, duplicate keys, deep nesting. It works on
the parser's events, because every loader behind them would turn scalars into other types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

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

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"

DEEPEST = 8
_NULLS = ("", "~", "null")
_NOT_APPLICABLE = "!na"
"""The one tag that is read: what scenario tables and answers write for "does not apply"."""


class YamlTextError(Exception):
    """The text is not YAML that we read; `line` counts from 1."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(slots=True)
class Node:
    """A piece of a document and the line it begins on; exactly one of text, items and pairs is meant.

    `rest` is what stands behind a scalar on its last line: to YAML a comment, to a person often part of the note.
    """

    line: int
    text: str | None = None
    items: list[Node] | None = None
    pairs: dict[str, tuple[int, Node]] | None = None
    rest: str = field(default="", repr=False)

    def plain(self) -> Plain:
        """Give texts, None, lists and dicts."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.pairs is not None:
            return {key: value.plain() for key, (_, value) in self.pairs.items()}
        return self.text


# -- reading ----------------------------------------------------------------------------------------------------------


def read(text: str) -> Node | None:
    """Read one document; None when it holds nothing but comments. Raises YamlTextError."""
    lines = text.split("\n")
    mended: dict[int, int] = {}
    while True:
        try:
            return _tree("\n".join(lines))
        except MarkedYAMLError as error:
            if not _mend_one(lines, mended, error):
                raise YamlTextError(_said(error), _line_of(error)) from error
        except YAMLError as error:
            position = getattr(error, "position", None)
            line = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
            raise YamlTextError("there is a character in it that cannot be read", line) from error


def _tree(text: str) -> Node | None:
    lines = text.split("\n")
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    root: Node | None = None
    documents = 0
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlTextError("a second document begins here (---); a file holds one", _at(event))
        elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
            root = _node(event, events, lines, 0)
    return None if root is not None and root.plain() is None else root


def _node(event: Event, events: Iterator[Event], lines: list[str], depth: int) -> Node:
    line = _at(event)
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
        raise YamlTextError("names for parts of the file (& and *) are not read; put the text in quotes", line)
    if depth > DEEPEST:
        raise YamlTextError(f"it is nested more than {DEEPEST} levels deep", line)
    if isinstance(event, ScalarEvent):
        return _scalar(event, lines)
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise YamlTextError(f"the type {tag} is not read; put the text in quotes", line)
    if isinstance(event, MappingStartEvent):
        return Node(line, pairs=_pairs(events, lines, depth))
    items = []
    for inner in events:
        if isinstance(inner, SequenceEndEvent):
            break
        items.append(_node(inner, events, lines, depth + 1))
    return Node(line, items=items)


def _pairs(events: Iterator[Event], lines: list[str], depth: int) -> dict[str, tuple[int, Node]]:
    pairs: dict[str, tuple[int, Node]] = {}
    for event in events:
        if isinstance(event, MappingEndEvent):
            break
        key = _node(event, events, lines, depth + 1)
        if key.items is not None or key.pairs is not None:
            raise YamlTextError("a key must be a word", key.line)
        name = key.text or ""
        if name in pairs:
            raise YamlTextError(f'"{name}" stands here a second time (first on line {pairs[name][0]})', key.line)
        pairs[name] = (key.line, _node(next(events), events, lines, depth + 1))
    return pairs


def _scalar(event: ScalarEvent, lines: list[str]) -> Node:
    line = _at(event)
    if event.tag is not None:
        if str(event.tag) == _NOT_APPLICABLE and not event.value:
            return Node(line, text=_NOT_APPLICABLE)
        raise YamlTextError(f"the type {event.tag} is not read; put the text in quotes", line)
    if event.style is None and event.value in _NULLS:
        return Node(line)
    last = event.end_mark.line
    rest = lines[last][event.end_mark.column :] if event.style is None and last < len(lines) else ""
    return Node(line, text=str(event.value), rest=rest)


def _at(event: Event) -> int:
    return int(event.start_mark.line) + 1


# -- what people write though YAML minds ------------------------------------------------------------------------------

_ANSWER = re.compile(r"(\s*(?:- )?(?:decision|note|by)):[ \t]+([^|>\s].*?)\s*\Z")


_BARE_TAG = re.compile(r"(?<=[\s{\[,])!na(?=\s*[}\],])")
"""To YAML the bracket behind it belongs to the tag."""


def _mend_one(lines: list[str], mended: dict[int, int], error: MarkedYAMLError) -> bool:
    """Take a line that YAML refused the way it was meant: tabs are blanks, and what follows `note:` is text."""
    for mark in (error.problem_mark, error.context_mark):
        if mark is None or mark.line >= len(lines):
            continue
        at, line = mark.line, lines[mark.line]
        if "\t" in line and mended.get(at, 0) < 1:
            mended[at] = 1
            lines[at] = line.replace("\t", "    ")
            return True
        if _BARE_TAG.search(line) and mended.get(at, 0) < 1:
            mended[at] = 1
            lines[at] = _BARE_TAG.sub(f'"{_NOT_APPLICABLE}"', line)
            return True
        found = _ANSWER.match(line)
        if found and mended.get(at, 0) < 2:  # noqa: PLR2004 - tabs first, then quotes
            mended[at] = 2
            lines[at] = f"{found[1]}: {quoted(found[2])}"
            return True
    return False


def _said(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "it cannot be read")
    for sign, words in _PLAINLY.items():
        if sign in problem:
            return words
    return f"it is not valid YAML: {problem}"


_PLAINLY = {
    "mapping values are not allowed": 'there is a second colon on this line; put the text behind the first in "quotes"',
    "could not find expected ':'": "this line has no colon; was it meant to stand in the line above?",
    "expected <block end>": "this line is not indented like the lines around it, or a quote is not closed",
    "cannot start any token": 'this line begins with a sign that YAML keeps for itself; put the text in "quotes"',
    "found unexpected end of stream": "a quote or bracket is opened and never closed",
    "expected ',' or": "a bracket is opened and never closed",
}


def _line_of(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return int(mark.line) + 1 if mark is not None else None


# -- writing ----------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*\Z")
_TYPED = frozenset({"y", "yes", "n", "no", "true", "false", "on", "off", "null", "nan", "inf", "none"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSAFE = re.compile(r'["\\\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')


def quoted(text: str) -> str:
    """Write a text so that every YAML reader gives it back as that text."""
    escaped = _UNSAFE.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}", text)
    return f'"{escaped}"'


def word(text: str) -> str:
    """Write a name bare where no reader could take it for anything else."""
    return text if _WORD.match(text) and text.lower() not in _TYPED else quoted(text)


def flow(value: Plain) -> str:
    """Write texts, lists and dicts on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return "null" if value is None else word(value)
