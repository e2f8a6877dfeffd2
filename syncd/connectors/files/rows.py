"""The two row formats: text of one row <-> its data, touching no byte that did not change.

Pure. Reading is strict, because a row that is understood in two ways is a row that is lost in one of them: whatever is
not plainly right raises `BadRowError` with what was seen and what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn, Protocol

from syncd.model.records import JSON


class BadRowError(Exception):
    """A row that cannot be read, or a value that cannot be written."""

    def __init__(self, seen: str, expected: str, key: str = "") -> None:
        super().__init__(f"saw {seen}, expected {expected}")
        self.seen, self.expected, self.key = seen, expected, key


class RowFormat(Protocol):
    """How rows of one file are written. A row's text comes and goes without its line end."""

    def read(self, text: str) -> dict[str, JSON]:
        """Read a row. Raises BadRowError."""
        ...

    def rewrite(self, text: str, after: Mapping[str, JSON]) -> str:
        """Give the row with the values of `after`; what did not change keeps its bytes. Raises BadRowError."""
        ...

    def new(self, data: Mapping[str, JSON], like: str | None) -> str:
        """Make a row; `like` is a row whose manner (quotes, blanks) it follows. Raises BadRowError."""
        ...


# --- CSV -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CsvRows:
    """Rows of a CSV file (RFC 4180: doubled quotes, line breaks inside quotes). A value is the text of its column.

    A text that a spreadsheet was kept from taking for a number, `="00123"` or `'00123`, is the text inside, and stays
    guarded when it is written. `loose`: empty fields after the last column are none.
    """

    columns: tuple[str, ...]
    delimiter: str
    loose: bool = False

    def read(self, text: str) -> dict[str, JSON]:
        """Read a row of exactly as many columns as the header has."""
        fields, _ = self._split(text)
        return dict(zip(self.columns, map(_text_of, fields), strict=True))

    def rewrite(self, text: str, after: Mapping[str, JSON]) -> str:
        """Change only the fields whose text changed; a field that was quoted or guarded stays so."""
        self._check(after)
        fields, beyond = self._split(text)
        for index, column in enumerate(self.columns):
            value = _csv_text(after.get(column), column)
            if value != _text_of(fields[index]):
                fields[index] = self._field(value, column, like=fields[index])
        return self.delimiter.join([*fields, *beyond])

    def new(self, data: Mapping[str, JSON], like: str | None) -> str:
        """Make a row, quoted and guarded as the row `like` is, column by column."""
        self._check(data)
        model, beyond = ([""] * len(self.columns), []) if like is None else self._split(like)
        texts = [_csv_text(data.get(column), column) for column in self.columns]
        fields = [
            self._field(text, column, like=was) for text, column, was in zip(texts, self.columns, model, strict=True)
        ]
        return self.delimiter.join([*fields, *beyond])

    def _split(self, text: str) -> tuple[list[str], list[str]]:
        """Give the fields of the columns, and the empty ones after them."""
        fields, width = split_csv(text, self.delimiter), len(self.columns)
        beyond = fields[width:]
        if len(fields) < width or (beyond and (any(beyond) or not self.loose)):
            expected = f"{width} columns, as in the header"
            more = " (`trailing_delimiters` lets empty ones be)" if beyond and not any(beyond) else ""
            raise BadRowError(f"{len(fields)} columns", expected + more)
        return fields[:width], beyond

    def _check(self, data: Iterable[str]) -> None:
        for key in data:
            if key not in self.columns:
                raise BadRowError(f"the column {key}", f"one of the columns {', '.join(self.columns)}", key)

    def _field(self, value: str, column: str, *, like: str) -> str:
        """Write a value as another field is written. Raises BadRowError when it would read otherwise."""
        if value.count("\n") > _MOST_LINE_BREAKS:
            raise BadRowError(f"{value.count(chr(10))} line breaks", f"at most {_MOST_LINE_BREAKS}", column)
        for written in (_guarded(value, like), value):
            bare = like.startswith("=") and written.startswith("=")
            field = written if bare and self.delimiter not in written else self._quoted(written, like)
            if _text_of(field) == value:
                return field
        raise BadRowError("a text that looks like one guarded from a spreadsheet", "a text that reads as it is", column)

    def _quoted(self, value: str, like: str) -> str:
        if like.startswith('"') or any(special in value for special in ('"', "\r", "\n", self.delimiter)):
            return '"' + value.replace('"', '""') + '"'
        return value


def split_csv(text: str, delimiter: str) -> list[str]:
    """Split a row into its fields as they are written, quotes included."""
    if '"' not in text:
        if "\r" in text:
            raise BadRowError("a carriage return inside a row", "line ends of one kind")
        return text.split(delimiter)
    fields: list[str] = []
    at = 0
    while True:
        found = _FIELDS[delimiter].match(text, at)
        end = found.end() if found else at
        if found is None or (end < len(text) and text[end] != delimiter):
            raise BadRowError("a quote inside a field", 'quotes only around a whole field, doubled ("") inside it')
        fields.append(found.group())
        if end == len(text):
            return fields
        at = end + 1


_MOST_LINES: Final = 1000
"""Lines of one row; a quote that is open for longer was never meant to close."""
_MOST_LINE_BREAKS: Final = 100
"""Line breaks in a value that we write, so that a row of several such values stays below that."""
_FIELDS: Final = {
    delimiter: re.compile(rf'"[^"]*(?:""[^"]*)*"|="[^"\r\n{re.escape(delimiter)}]*"|[^"\r\n{re.escape(delimiter)}]*')
    for delimiter in ",;\t|"
}


def csv_chunks(lines: Sequence[str], delimiter: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """Give (line number, text with line end) of each row: lines go together while a quote is open.

    A quote that never closes, or closes in a later row by chance, would swallow rows: its first line is given alone,
    and reading it says what is wrong there.
    """
    at = start
    while at < len(lines):
        text, size = lines[at], 1
        if '"' in text and text.count('"') % 2:
            text, size = _joined(lines, at, delimiter)
        yield at + 1, text
        at += size


def _joined(lines: Sequence[str], start: int, delimiter: str) -> tuple[str, int]:
    text = lines[start]
    for size, line in enumerate(lines[start + 1 : start + _MOST_LINES], start=2):
        text += line
        if '"' in line and text.count('"') % 2 == 0:
            try:
                split_csv(text.removesuffix("\n").removesuffix("\r"), delimiter)
            except BadRowError:
                break
            return text, size
    return lines[start], 1


# An apostrophe before a number is a guard; one before a word is a letter ('Ohana), as is one of a pair ('24 Gold').
_GUARD: Final = re.compile(r'="(?P<formula>[^"]*)"|\'(?P<digits>[0-9][^\s\']*)')


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def _text_of(field: str) -> str:
    """Give the text that a field stands for, out of its quotes and its guard."""
    text = _unquoted(field)
    found = _GUARD.fullmatch(text) if text[:1] in ("=", "'") else None
    return text if found is None else found["formula"] or found["digits"] or ""


def _guarded(value: str, like: str) -> str:
    """Give a text with the guard of another field, if that has one."""
    found = _GUARD.fullmatch(_unquoted(like))
    if found is None or not value:
        return value
    return f'="{value}"' if found["digits"] is None else f"'{value}"


def _csv_text(value: JSON, column: str) -> str:
    """Numbers are texts in a CSV file, and no value is an empty one."""
    if value is None:
        return ""
    if isinstance(value, str) and "\0" not in value:
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise BadRowError(f"a value of type {type(value).__name__}", "a text", column)


# --- JSON lines ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Member:
    """One `"key": value` of an object, as it is written."""

    key: str
    head: str
    colon: str
    value: str


class JsonRows:
    """Rows of a JSON lines file: one object a line."""

    def read(self, text: str) -> dict[str, JSON]:
        """Read one object; a key that is there twice, NaN, or a number that would be rounded is refused."""
        try:
            row = _DECODER.decode(text)
        except RecursionError:
            raise BadRowError("an object nested too deep", "an object") from None
        except ValueError as error:
            raise BadRowError(f"no JSON ({error})", "one JSON object on one line") from None
        if not isinstance(row, dict):
            raise BadRowError(f"a JSON {type(row).__name__}", "a JSON object")
        if "\\u" in text and any("\ud800" <= char <= "\udfff" for char in json.dumps(row, ensure_ascii=False)):
            raise BadRowError("half a character (a lone surrogate)", "whole characters")
        return row

    def rewrite(self, text: str, after: Mapping[str, JSON]) -> str:
        """Change only the values that changed; keys keep their order, new ones go last."""
        before = self.read(text)
        opening, members, between, closing = _members(text)
        separator, colon = _manner(members, between)
        kept = [index for index, member in enumerate(members) if member.key in after]
        written = [
            member.head + member.colon + _value(member, before[member.key], after[member.key])
            for member in map(members.__getitem__, kept)
        ]
        added = [json_text(key) + colon + json_text(value, key) for key, value in after.items() if key not in before]
        gaps = [between[index - 1] for index in kept[1:]] + [separator] * len(added)
        body = "".join(gap + item for gap, item in zip(["", *gaps], [*written, *added], strict=False))
        return opening + body + closing

    def new(self, data: Mapping[str, JSON], like: str | None) -> str:
        """Make an object, with the blanks of the row `like`."""
        _, members, between, _ = _members(like) if like is not None else ("", [], [], "")
        separator, colon = _manner(members, between)
        return "{" + separator.join(json_text(key) + colon + json_text(data[key], key) for key in data) + "}"


def _value(member: _Member, before: JSON, after: JSON) -> str:
    return member.value if _same(before, after) else json_text(after, member.key)


def _manner(members: Sequence[_Member], between: Sequence[str]) -> tuple[str, str]:
    """Tell how a row writes its commas and colons."""
    return between[0] if between else ", ", members[0].colon if members else ": "


def json_text(value: JSON, key: str = "") -> str:
    """Write a value as JSON; a Decimal becomes a number with all its digits."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json_text(str(name))}: {json_text(item, key)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(json_text(item, key) for item in value) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise BadRowError(f"a value of type {type(value).__name__}", "a JSON value", key) from None


def _same(before: JSON, after: JSON) -> bool:
    """Tell whether two values are one JSON value: 512.4 and Decimal("512.40") are, 1 and true are not."""
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, int | float | Decimal) and isinstance(after, int | float | Decimal):
        return Decimal(str(before)) == Decimal(str(after))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return list(before) == list(after) and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    return type(before) is type(after) and bool(before == after)


_BLANK: Final = re.compile(r"[ \t\r]*")


def _members(text: str) -> tuple[str, list[_Member], list[str], str]:
    """Take an object apart: opening, members, what stands between them, closing. `text` is known to be an object."""
    start = at = _BLANK.match(text, text.index("{") + 1).end()  # type: ignore[union-attr]  # matches the empty text
    members: list[_Member] = []
    between: list[str] = []
    while text[at] != "}":
        key, colon = _DECODER.raw_decode(text, at)
        value_at = _after(text, colon, ":")
        _, end = _DECODER.raw_decode(text, value_at)
        members.append(_Member(key, text[at:colon], text[colon:value_at], text[value_at:end]))
        at = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if text[at] == "}":
            return text[:start], members, between, text[end:]
        at = _after(text, end, ",")
        between.append(text[end:at])
    return text[:start], members, between, text[start:]


def _after(text: str, at: int, mark: str) -> int:
    """Go past blanks, the mark, and blanks."""
    return _BLANK.match(text, text.index(mark, at) + 1).end()  # type: ignore[union-attr]


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return row


def _exact(text: str) -> float:
    """Read a number that a float holds as it is written: nothing is rounded on its way."""
    number = float(text)
    if Decimal(repr(number)) != Decimal(text):
        raise ValueError("a number with more digits than can be kept; write it as a text")
    return number


def _whole(text: str) -> int:
    """Read a whole number that every JSON library keeps as it is."""
    number = int(text)
    if number not in _INT64:
        raise ValueError("a whole number beyond 64 bits; write it as a text")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_INT64: Final = range(-(2**63), 2**64)
# Control characters are data: a name with a tab in it, which JSON would have spelled, is still that name.
_DECODER: Final = json.JSONDecoder(
    strict=False, object_pairs_hook=_once, parse_float=_exact, parse_int=_whole, parse_constant=_no_constant
)
