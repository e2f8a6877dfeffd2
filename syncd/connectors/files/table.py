"""One file as a table: bytes -> records, and a changed row -> bytes in which every other row is as it was.

Pure. A file is read whole or not at all: one bad row refuses it, and `BadTableError` lists every bad row with what was
seen and what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from syncd.connectors.files.encoding import decoded, encoded
from syncd.connectors.files.problems import BadTableError, Problem
from syncd.connectors.files.rows import BadRowError, CsvRows, JsonRows, RowFormat, csv_chunks, split_csv
from syncd.connectors.files.settings import Settings
from syncd.connectors.frozen import freeze
from syncd.model.records import JSON, Kind, Part, Record

PART: Final = "record"
_TRAILING: Final = (
    "Name every column. If the program that writes this file adds delimiters at the end of its lines, set"
    " `trailing_delimiters` of this system to true."
)
_SEP: Final = re.compile(r'(?P<quote>"?)sep=(?P<sep>[^\r\n"])(?P=quote)', re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file. `texts` are its lines and rows with their line ends; `places` says where in them each record
    is, `marks` which records carry a marker."""

    kind: Kind
    rows: RowFormat
    columns: tuple[str, ...] | None
    texts: tuple[str, ...]
    records: Mapping[str, Record]
    places: dict[str, int]
    marks: Mapping[str, tuple[str, ...]]
    bom: bool = False
    settings: Settings = field(repr=False, kw_only=True)

    def encode(self) -> bytes:
        """Give the file's bytes. Raises BadRowError."""
        return encoded(self.texts, self.settings.encoding, marked=self.bom)

    def text_of(self, record_id: str) -> str:
        """Give a row as it is written, without its line end."""
        return _bare(self.texts[self.places[record_id]])

    def with_row(self, record_id: str, after: Mapping[str, JSON]) -> Table:
        """Give the table with other data in one row. Raises BadRowError when the file cannot hold them."""
        was = self.texts[self.places[record_id]]
        text = self._held(self.rows.rewrite(_bare(was), after), after)
        if text == _bare(was):
            return self
        place = self.places[record_id]
        record = self._read_back(text, record_id)
        texts = (*self.texts[:place], text + _line_end(was), *self.texts[place + 1 :])
        records = {**self.records, record_id: record}
        same = _mark(record, self.settings) == _mark(self.records[record_id], self.settings)
        return self._with(texts, records, self.places, self.marks if same else _marks(records, self.settings))

    def with_new_row(self, record_id: str, data: Mapping[str, JSON]) -> Table:
        """Give the table with one more row at its end. Raises BadRowError when the file cannot hold it."""
        last = next(reversed(self.places), None)
        text = self._held(self.rows.new(data, None if last is None else self.text_of(last)), data)
        record = self._read_back(text, record_id)
        end = next((_line_end(old) for old in self.texts if _line_end(old)), "\n")
        texts = list(self.texts)
        if texts and not _line_end(texts[-1]):
            texts[-1] += end
        texts.append(text + end)
        places = {**self.places, record_id: len(texts) - 1}
        marks = dict(self.marks)
        if mark := _mark(record, self.settings):
            marks[mark] = (*marks.get(mark, ()), record_id)
        return self._with(tuple(texts), {**self.records, record_id: record}, places, marks)

    def _with(
        self,
        texts: tuple[str, ...],
        records: Mapping[str, Record],
        places: dict[str, int],
        marks: Mapping[str, tuple[str, ...]],
    ) -> Table:
        return replace(self, texts=texts, records=records, places=places, marks=marks)

    def _held(self, text: str, data: Mapping[str, JSON]) -> str:
        """Give a row as its encoding holds it: JSON spells a letter that it lacks, CSV cannot. Raises BadRowError."""
        encoding = self.settings.encoding
        if _lacking(text, encoding) is None:
            return text
        if self.columns is None and encoding != "utf-8":
            return "".join(json.dumps(char)[1:-1] if _lacking(char, encoding) else char for char in text)
        wanted = f"{encoding} text"
        for column, value in data.items():
            if isinstance(value, str) and (lacking := _lacking(value, encoding)) is not None:
                raise BadRowError(f"the character {lacking!a}", wanted, column)
        raise BadRowError(f"the character {_lacking(text, encoding)!a}", wanted)

    def _read_back(self, text: str, record_id: str) -> Record:
        """Read what was just written, so that no write can make a file that is refused."""
        _check_row(text, self.settings)
        record = _record(self.kind, text, self.rows, self.settings)
        if record.id != record_id:
            raise BadRowError(f"the id {record.id}", f"the id {record_id}", self.settings.id)
        return record


def parse(data: bytes, kind: Kind, settings: Settings, *, csv: bool, columns: Sequence[str] | None) -> Table:
    """Read a file. `columns` is the header that is expected (CSV). Raises BadTableError."""
    bom, lines = decoded(data, settings)
    texts = _preamble(lines, settings) if csv else []
    chunks = csv_chunks(lines, settings.delimiter, len(texts)) if csv else iter(enumerate(lines, start=1))
    header: tuple[str, ...] | None = None
    rows: RowFormat = JsonRows()
    if csv:
        header = _header(kind, chunks, columns, settings, texts)
        rows = CsvRows(header, settings.delimiter, settings.trailing_delimiters)
    records, places = _records(kind, chunks, rows, settings, texts)
    marks = _marks(records, settings)
    return Table(kind, rows, header, tuple(texts), records, places, marks, bom, settings=settings)


def _preamble(lines: Sequence[str], settings: Settings) -> list[str]:
    """Give the line `sep=,` that some spreadsheets write before the header, if it says what the settings say."""
    found = _SEP.fullmatch(_bare(lines[0])) if lines else None
    if found is None:
        return []
    if found["sep"] != settings.delimiter:
        hint = "Set `delimiter` of this system to what the file says, or save the file with the delimiter that is set."
        raise BadTableError(
            [Problem(1, "", f"sep={found['sep']}", f"sep={settings.delimiter}, as `delimiter` says", hint)]
        )
    return [lines[0]]


def _header(
    kind: Kind,
    chunks: Iterator[tuple[int, str]],
    expected: Sequence[str] | None,
    settings: Settings,
    texts: list[str],
) -> tuple[str, ...]:
    line, text = next(chunks, (1, ""))
    if not text.strip():
        raise BadTableError([Problem(line, "", "no header", f"a header with the column {settings.id}")])
    try:
        fields = split_csv(_bare(text), settings.delimiter)
    except BadRowError as error:
        raise BadTableError([Problem(line, "", error.seen, error.expected)]) from None
    while settings.trailing_delimiters and fields[1:] and not fields[-1]:
        fields.pop()
    columns = tuple(name[1:-1].replace('""', '"') if name.startswith('"') else name for name in fields)
    problems = [*_bad_names(columns, line), *_missing(kind, columns, settings, line)]
    problems += _other_than(columns, settings.columns.get(kind, expected), line)
    if problems:
        raise BadTableError(problems)
    texts.append(text)
    return columns


def _bad_names(columns: Sequence[str], line: int) -> Iterator[Problem]:
    for index, name in enumerate(columns, start=1):
        if not name.strip():
            last = not any(name.strip() for name in columns[index:])
            yield Problem(line, "", f"column {index} has no name", "a name for every column", _TRAILING * last)
        elif columns.index(name) != index - 1:
            yield Problem(line, name, f"the column {name} twice", "every column once")


def _missing(kind: Kind, columns: Sequence[str], settings: Settings, line: int) -> Iterator[Problem]:
    """Name the columns that the settings speak of and the file has not."""
    needed = {settings.id: "id", settings.modified: "modified", settings.marker: "marker"}
    if kind == "plan":
        needed[settings.group_id] = "group_id"
    if settings.end:
        needed[settings.end.column] = "end"
    for column, setting in needed.items():
        if column is not None and column not in columns:
            seen = f"the columns {', '.join(columns)}"
            yield Problem(line, column, seen, f"the column {column}, which the setting `{setting}` names")


def _other_than(columns: Sequence[str], expected: Sequence[str] | None, line: int) -> Iterator[Problem]:
    """Compare with the header that is expected; the order does not count."""
    if expected is None:
        return
    missing = [name for name in expected if name not in columns]
    extra = [name for name in columns if name not in expected]
    if len(missing) == len(extra) == 1:
        yield Problem(line, missing[0], f"the column {extra[0]}", f"the column {missing[0]} (renamed?)")
        return
    for name in missing:
        yield Problem(line, name, "no such column", f"the column {name}")
    for name in extra:
        yield Problem(line, name, f"the new column {name}", f"the columns {', '.join(expected)}")


def _records(
    kind: Kind, chunks: Iterator[tuple[int, str]], rows: RowFormat, settings: Settings, texts: list[str]
) -> tuple[dict[str, Record], dict[str, int]]:
    """Read every row, adding its text to `texts`; blank lines are kept and are no rows."""
    records: dict[str, Record] = {}
    places: dict[str, int] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for line, text in chunks:
        texts.append(text)
        bare = _bare(text)
        if not bare.strip():
            continue
        try:
            _check_row(bare, settings)
            record = _record(kind, bare, rows, settings)
        except BadRowError as error:
            problems.append(Problem(line, error.key or _id_of(bare, rows, settings), error.seen, error.expected))
            continue
        if record.id in records:
            seen = f"the id {record.id} again"
            problems.append(Problem(line, record.id, seen, f"every id once; it is in line {lines[record.id]} too"))
            continue
        records[record.id], places[record.id], lines[record.id] = record, len(texts) - 1, line
    if problems:
        raise BadTableError(problems)
    return records, places


def _lacking(text: str, encoding: str) -> str | None:
    """Give the first letter that an encoding has not."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        return text[error.start]
    return None


def _mark(record: Record, settings: Settings) -> str:
    """Give the marker that a row carries; "": none."""
    mark = record.parts[0].data.get(settings.marker) if settings.marker is not None else None
    return mark if isinstance(mark, str) else ""


def _marks(records: Mapping[str, Record], settings: Settings) -> dict[str, tuple[str, ...]]:
    marks: dict[str, tuple[str, ...]] = {}
    for record_id, record in records.items():
        if mark := _mark(record, settings):
            marks[mark] = (*marks.get(mark, ()), record_id)
    return marks


def _check_row(text: str, settings: Settings) -> None:
    if len(text) > settings.max_row_bytes:
        raise BadRowError(f"a row of {len(text)} characters", f"at most {settings.max_row_bytes} (max_row_bytes)")


def _record(kind: Kind, text: str, rows: RowFormat, settings: Settings) -> Record:
    data = rows.read(text)
    record_id = _id(data.get(settings.id), settings)
    version = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    part = Part(PART, record_id, freeze(data), version)
    group = _group(data, settings) if kind == "plan" else None
    return Record(kind, record_id, (part,), group, _modified(data, settings))


def _id(value: JSON, settings: Settings) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or value == "":
        raise BadRowError("no id", f"an id under {settings.id}", settings.id)
    if not isinstance(value, str):
        raise BadRowError(f"an id of type {type(value).__name__}", "a text or a whole number", settings.id)
    if value != value.strip():
        raise BadRowError("an id with blanks around it", "an id without them", settings.id)
    return value


def _group(data: Mapping[str, JSON], settings: Settings) -> str | None:
    value = data.get(settings.group_id) if settings.group_id else None
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRowError(
            f"a group of type {type(value).__name__}", "a text or a whole number", settings.group_id or ""
        )
    return str(value)


def _modified(data: Mapping[str, JSON], settings: Settings) -> float | None:
    """Read a time. One without an offset could be any of 26 hours, so it says nothing."""
    value = data.get(settings.modified) if settings.modified else None
    if value is None or value == "":
        return None
    text = str(value)
    if not isinstance(value, bool):
        with suppress(ValueError):
            return float(text) if _NUMBER.match(text) else _timestamp(datetime.fromisoformat(text))
    raise BadRowError("no time", "seconds since 1970, or ISO 8601", settings.modified or "")


def _timestamp(time: datetime) -> float | None:
    return time.timestamp() if time.tzinfo else None


def _id_of(text: str, rows: RowFormat, settings: Settings) -> str:
    """Name a bad row where its id can still be made out."""
    try:
        if isinstance(rows, CsvRows):
            return text.split(rows.delimiter)[rows.columns.index(settings.id)].strip('"')
        return str(json.loads(text).get(settings.id, ""))
    except (ValueError, IndexError, AttributeError, RecursionError):
        return ""


def _bare(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _line_end(text: str) -> str:
    return text[len(_bare(text)) :]
