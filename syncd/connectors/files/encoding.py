"""Bytes of a file <-> its lines, in the encoding that the settings name, unless the bytes contradict it.

Pure. A file in another encoding than the one set reads well, letter by letter, and every name with an accent is another
name: it would be written everywhere as `BÃ¡sica`. So what the bytes say against the setting counts:

- the mark of another encoding (a byte order mark) before a single-byte text, or of UTF-16 or UTF-32 before any;
- bytes above 127 that are UTF-8 throughout the file, or throughout a line whose text the set encoding could have held:
  letters of a single-byte encoding hardly ever make UTF-8 by chance;
- control bytes of ISO 8859-1 that are letters and quotes in Windows' version of it;
- bytes that the encoding does not have.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final

from syncd.connectors.files.problems import BadTableError, Problem
from syncd.connectors.files.rows import BadRowError
from syncd.connectors.files.settings import Settings

BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_C1: Final = range(0x80, 0xA0)


def decoded(data: bytes, settings: Settings) -> tuple[bool, list[str]]:
    """Give whether a mark of UTF-8 stands before the text, and its lines with their ends. Raises BadTableError."""
    if len(data) > settings.max_bytes:
        raise BadTableError([Problem(1, "", f"{len(data)} bytes", f"at most {settings.max_bytes} bytes (max_bytes)")])
    marked = data.startswith(BOM)
    raw = io.BytesIO(data[len(BOM) :] if marked else data).readlines()
    problems = list(_contradictions(data, raw, settings.encoding))
    if problems:
        raise BadTableError(problems)
    lines = list(_texts(raw, settings.encoding, problems))
    if raw and settings.final_line_end and not raw[-1].endswith(b"\n"):
        problems.append(Problem(len(raw), "", "a last line without a line end", "a line end: the file may be cut off"))
    if problems:
        raise BadTableError(problems)
    return marked, lines


def encoded(lines: Iterable[str], encoding: str, *, marked: bool) -> bytes:
    """Give the bytes of lines; a text that could not be read back is never written. Raises BadRowError."""
    data = "".join(lines).encode(encoding)
    if not marked and encoding != "utf-8" and any(_contradictions(data, io.BytesIO(data).readlines(), encoding)):
        raise BadRowError("a text whose bytes would read as UTF-8 letters", f"{encoding} text that would read as it is")
    return BOM + data if marked else data


def _texts(raw: list[bytes], encoding: str, problems: list[Problem]) -> Iterator[str]:
    """Decode line by line, so that a bad byte is found where it is."""
    for number, line in enumerate(raw, start=1):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            seen = f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
            problems.append(Problem(number, "", seen, f"{encoding} text", _hint(encoding, "the encoding it is in")))
            continue
        if "\0" in text:
            problems.append(Problem(number, "", f"a NUL character at column {text.index(chr(0)) + 1}", "text"))
        yield text


def _contradictions(data: bytes, raw: list[bytes], encoding: str) -> Iterator[Problem]:
    """Name the first place of each way in which the bytes are not what the setting says."""
    if data.startswith(_WIDE):
        yield _problem(1, "the mark of UTF-16 or UTF-32 text", encoding, "utf-8 after saving it as that")
    if encoding == "utf-8" or data.isascii():
        return
    if data.startswith(BOM):
        yield _problem(1, "the mark of UTF-8 text (a byte order mark)", encoding, "utf-8")
        return
    lines = [(number, line) for number, line in enumerate(raw, start=1) if not line.isascii()]
    whole = all(_utf8(line) is not None for _, line in lines)
    for number, line in lines:
        text = _utf8(line)
        if text is not None and (whole or _fits(text, encoding)):
            column = next(index for index, byte in enumerate(line, start=1) if byte > 127)
            yield _problem(number, f"letters in UTF-8 (the first at column {column})", encoding, "utf-8")
            return
        if encoding == "iso-8859-1" and (found := next((byte for byte in line if byte in _C1), None)) is not None:
            yield _problem(number, f"byte 0x{found:02x}, which is a control character", encoding, "cp1252")
            return


def _problem(line: int, seen: str, encoding: str, other: str) -> Problem:
    return Problem(line, "", seen, f"{encoding} text, as the setting `encoding` says", _hint(encoding, other))


def _hint(encoding: str, other: str) -> str:
    return (
        f"Save the file as {encoding}, as it was before, or, if it is to be another encoding from now on, set"
        f" `encoding` of this system to {other}; the whole file is left out until then, and nothing is lost."
    )


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
