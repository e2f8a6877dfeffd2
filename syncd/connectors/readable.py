"""Records in which every text can be kept and sent back; and JSON with halves of letters in it.

Takes records and bytes, gives them, or names the one letter by which a record is out: all others are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Never

import orjson

from syncd.errors import UnreadableError
from syncd.model import letters
from syncd.model.letters import Alphabet
from syncd.model.records import Record


def readable(record: Record, alphabet: Alphabet) -> Record:
    """Give a record. Raises UnreadableError when a text in it holds a letter that could never be sent back."""
    for part in record.parts:
        for path, text in _texts(part.data):
            names = letters.strange(text, alphabet)
            if names:
                what = f"{part.kind} {part.id}: {path} holds {', '.join(names)}, which {_SAID[alphabet]}"
                raise UnreadableError(what, external_id=record.id)
    return record


_SAID: Mapping[str, str] = {"xml": "XML has no letter for", "json": "is half a letter"}


def _texts(data: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, inner in data.items():
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list | tuple):
        for inner in data:
            yield from _texts(inner, path)


def decoded(content: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    r"""Decode JSON. Raises ValueError.

    A vendor that cuts a text in the middle of a letter sends half of it, `\ud83d`. It is no letter, and no reason not
    to read the rest: `readable` names the record that holds it.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"\\u" not in content:
            raise
        return json.loads(content.decode("utf-8"), parse_constant=_no_number)


def _no_number(word: str) -> Never:
    raise ValueError(f"{word} is no number of JSON")
