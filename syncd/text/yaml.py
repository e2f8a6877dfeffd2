"""YAML as people write it: read strictly and as text, written so that nothing turns into another type.

Takes and gives text. Reading keeps every scalar as it was written (07030, 2026-01-01, 0x10 and yes stay text) with its
line, and refuses what no file of ours has a use for: anchors, aliases, tags, merge keys, duplicate keys, second
documents, deep nesting, endless files. It works on the parser's events, because every loader behind them would turn
scalars into other types. What a scalar means is decided where it stands: by its field, or by `typed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias

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

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"
Loc: TypeAlias = tuple[str | int, ...]

DEEPEST: Final = 24
"""No file of ours is nested half as deep."""
MOST: Final = 2_000_000
"""Characters; a mapping of a thousand rows has a tenth of it."""
NOT_APPLICABLE: Final = "!na"
"""The one tag that is read, where asked for: what scenario tables and answers write for "does not apply"."""
_NULLS = ("", "~", "null", "Null", "NULL")
_MERGE = "<<"


class YamlTextError(Exception):
    """The text is not YAML that we read; `line` counts from 1."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class _TagError(YamlTextError):
    """A type stands before a value."""


class Bare(str):
    """A scalar written without quotes: what it means depends on where it stands."""

    __slots__ = ()


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
        return None if self.text is None else str(self.text)

    def written(self) -> Any:  # noqa: ANN401 - as deep as the file
        """Give the same, with scalars without quotes as `Bare`."""
        if self.items is not None:
            return [item.written() for item in self.items]
        if self.pairs is not None:
            return {key: value.written() for key, (_, value) in self.pairs.items()}
        return self.text

    def at(self, *loc: str | int) -> Node:
        """Give the piece at a place that is there."""
        node = self
        for step in loc:
            node = node.items[step] if isinstance(step, int) else node.pairs[step][1]  # type: ignore[index]
        return node

    def line_of(self, loc: Sequence[str | int]) -> int:
        """Give the line of the deepest piece on the way to a place; steps that are no keys are skipped."""
        node, line = self, self.line
        for step in loc:
            if node.pairs is not None and str(step) in node.pairs:
                line, node = node.pairs[str(step)]
            elif node.items is not None and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
        return line


@dataclass(frozen=True, slots=True)
class Document:
    """A file that a person wrote, its name, and where each key stands."""

    file: str
    root: Node

    @property
    def data(self) -> Any:  # noqa: ANN401 - as deep as the file
        """Give dicts, lists, None and texts, those without quotes as `Bare`."""
        return self.root.written()

    @property
    def plain(self) -> Any:  # noqa: ANN401 - as deep as the file
        """Give dicts, lists, None and texts."""
        return self.root.plain()

    def line(self, loc: Loc) -> int | None:
        """Find the line of a key, or of the nearest key around it; steps that are no keys are skipped."""
        return self.root.line_of(loc) if loc else None

    def error(self, loc: Loc, message: str, hint: str | None = None) -> ConfigError:
        """Make the error about a key."""
        name = ".".join(str(step) for step in loc) or None
        return ConfigError(message, file=self.file, line=self.line(loc), field=name, hint=hint)


# -- what a scalar without quotes means -------------------------------------------------------------------------------

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}\Z")


def typed(value: Any) -> Any:  # noqa: ANN401 - as deep as the file
    """Give true, false and numbers where a text without quotes is written just as JSON writes them.

    So nothing changes its look: `02`, `1e3`, `0x10`, `yes`, `True` and `2026-01-01` stay the texts that they are.
    """
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    if not isinstance(value, Bare):
        return value
    if value in ("true", "false"):
        return value == "true"
    if _INT.match(value) and value != "-0":
        return int(value)
    return Decimal(value) if _DECIMAL.match(value) else str(value)


# -- reading ----------------------------------------------------------------------------------------------------------


def decoded(data: bytes, file: str) -> str:
    """Decode a file as the usual editors save it. Raises ConfigError with the line of a letter that is not UTF-8."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "a letter on this line is not UTF-8", file=file, line=line, hint='Save the file with the encoding "UTF-8".'
        ) from error


def read_document(text: str, file: str, *, na: bool = False, most: int = MOST) -> Document:
    """Read a file that is a mapping at its top; an empty one is an empty mapping. Raises ConfigError with its line."""
    try:
        root = read(text, na=na, most=most)
    except YamlTextError as error:
        raise ConfigError(error.message, file=file, line=error.line, hint="Correct this line.") from error
    return Document(file, root if root is not None else Node(1, pairs={}))


def read(text: str, *, na: bool = True, mend: bool = False, most: int = MOST) -> Node | None:
    """Read one document; None when it holds nothing but comments. Raises YamlTextError.

    `na`: the tag `!na` is read. `mend`: answers that people typed without quotes, and tabs, are taken as meant.
    """
    if len(text) > most:
        raise YamlTextError(f"it is larger than {most:,} characters", None)
    text = text.removeprefix("\ufeff")
    lines = text.split("\n")
    mender = _Mender(lines, answers=mend, na=na)
    while True:
        try:
            return _tree(lines, na=na)
        except MarkedYAMLError as error:
            marks = [mark.line for mark in (error.problem_mark, error.context_mark) if mark is not None]
            if not any(mender.mend(at) for at in marks):
                raise YamlTextError(_said(error), _line_of(error)) from error
        except _TagError as error:
            if not (na and error.line is not None and mender.bare_tag(error.line - 1)):
                raise YamlTextError(error.message, error.line) from error
        except YAMLError as error:
            position = getattr(error, "position", None)
            line = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
            raise YamlTextError("there is a character in it that cannot be read", line) from error


def _tree(lines: list[str], *, na: bool) -> Node | None:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse("\n".join(lines))
    reader = _Reader(events, lines, na=na)
    root: Node | None = None
    documents = 0
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlTextError("a second document begins here (---); a file holds one", _at(event))
        elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
            root = reader.node(event, 0)
    return None if root is not None and root.text is None and root.items is None and root.pairs is None else root


class _Reader:
    """Makes nodes of events."""

    def __init__(self, events: Iterator[Event], lines: list[str], *, na: bool) -> None:
        self._events, self._lines, self._na = events, lines, na

    def node(self, event: Event, depth: int) -> Node:
        """Read the piece that an event begins."""
        line = _at(event)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            raise YamlTextError("names for parts of the file (& and *) are not read; put the text in quotes", line)
        if depth > DEEPEST:
            raise YamlTextError(f"it is nested more than {DEEPEST} levels deep", line)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if (tag := getattr(event, "tag", None)) is not None:
            raise self._tag(tag, line)
        if isinstance(event, MappingStartEvent):
            return Node(line, pairs=self._pairs(depth))
        items = []
        for inner in self._events:
            if isinstance(inner, SequenceEndEvent):
                break
            items.append(self.node(inner, depth + 1))
        return Node(line, items=items)

    def _pairs(self, depth: int) -> dict[str, tuple[int, Node]]:
        pairs: dict[str, tuple[int, Node]] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key = self.node(event, depth + 1)
            name = key.text if key.text is not None else getattr(event, "value", "")
            if key.items is not None or key.pairs is not None or (key.text is None and not name):
                raise YamlTextError("a key must be a word", key.line)
            if name == _MERGE and isinstance(key.text, Bare):
                raise YamlTextError("parts of the file are not merged (<<); write out what is meant", key.line)
            if name in pairs:
                raise YamlTextError(f'"{name}" stands here a second time (first on line {pairs[name][0]})', key.line)
            pairs[str(name)] = (key.line, self.node(next(self._events), depth + 1))
        return pairs

    def _scalar(self, event: ScalarEvent) -> Node:
        line = _at(event)
        if event.tag is not None:
            if self._na and str(event.tag) == NOT_APPLICABLE and not event.value:
                return Node(line, text=NOT_APPLICABLE)
            raise self._tag(event.tag, line)
        if event.style is not None:
            return Node(line, text=str(event.value))
        if event.value in _NULLS:
            return Node(line)
        last = event.end_mark.line
        rest = self._lines[last][event.end_mark.column :] if last < len(self._lines) else ""
        return Node(line, text=Bare(event.value), rest=rest)

    def _tag(self, tag: object, line: int) -> YamlTextError:
        told = f"the type {str(tag)[:60]} is not read; put the text in quotes"
        return (_TagError if str(tag).startswith(NOT_APPLICABLE) else YamlTextError)(told, line)


def _at(event: Event) -> int:
    return int(event.start_mark.line) + 1


# -- what people write though YAML minds ------------------------------------------------------------------------------

_ANSWER = re.compile(r"(\s*(?:- )?(?:decision|note|by)):[ \t]+([^|>\s].*?)\s*\Z")
_BARE_TAG = re.compile(r"(?<=[\s{\[,])!na(?=\s*[}\],])")
"""To YAML the bracket behind it belongs to the tag."""


class _Mender:
    """Takes lines that YAML refused the way they were meant: tabs are blanks, and what follows `note:` is text."""

    def __init__(self, lines: list[str], *, answers: bool, na: bool) -> None:
        self._lines, self._answers, self._na = lines, answers, na
        self._mended: dict[int, int] = {}

    def mend(self, at: int) -> bool:
        """Mend one line; tell whether anything was there to mend."""
        if at >= len(self._lines):
            return False
        line = self._lines[at]
        if self._answers and "\t" in line and self._mended.get(at, 0) < 1:
            self._mended[at] = 1
            self._lines[at] = line.replace("\t", "    ")
            return True
        if self._na and self.bare_tag(at):
            return True
        found = _ANSWER.match(line) if self._answers else None
        if found and self._mended.get(at, 0) < 2:  # noqa: PLR2004 - tabs first, then quotes
            self._mended[at] = 2
            self._lines[at] = f"{found[1]}: {quoted(found[2])}"
            return True
        return False

    def bare_tag(self, at: int) -> bool:
        """Put quotes around a tag that stands before a comma or bracket."""
        line = self._lines[at]
        if self._mended.get(at, 0) or not _BARE_TAG.search(line):
            return False
        self._mended[at] = 1
        self._lines[at] = _BARE_TAG.sub(f'"{NOT_APPLICABLE}"', line)
        return True


def _said(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "it cannot be read")
    for sign, words in _PLAINLY.items():
        if sign in problem:
            return words
    return f"it is not valid YAML: {problem}"


_PLAINLY = {
    "mapping values are not allowed": 'there is a second colon on this line; put the text behind the first in "quotes"',
    "could not find expected ':'": "this line has no colon with a blank behind it; or is it of the line above?",
    "expected <block end>": "this line is not indented like the lines around it, or a quote is not closed",
    "cannot start any token": 'this line begins with a sign that YAML keeps for itself; put the text in "quotes"',
    "found unexpected end of stream": "a quote or bracket is opened and never closed",
    "expected the node content": "something is missing here, or a bracket is opened and never closed",
    "expected ',' or": "a bracket is opened and never closed",
}


def _line_of(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    if "could not find expected ':'" in str(error.problem) and error.context_mark is not None:
        mark = error.context_mark  # the line without a colon; YAML notices it a line later
    return int(mark.line) + 1 if mark is not None else None


# -- writing ----------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*\Z")
_TYPED = frozenset({"y", "yes", "n", "no", "true", "false", "on", "off", "null", "nan", "inf", "none"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSAFE = re.compile(
    r'["\\\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff'
    "\U000e0000-\U000e007f]"
)


def quoted(text: str) -> str:
    """Write a text so that every YAML reader gives it back as that text, and nothing in it hides or turns the line."""
    return f'"{_UNSAFE.sub(lambda found: _escaped(found[0]), text)}"'


def _escaped(letter: str) -> str:
    code = ord(letter)
    return _ESCAPES.get(letter) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")  # noqa: PLR2004


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
