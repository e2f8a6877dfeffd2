"""Letters that a system's way of speaking has no place for: XML 1.0 lacks control characters, JSON lone surrogates.

Takes texts, gives the names of such letters (`U+000B`) and texts without them. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, TypeAlias

Alphabet: TypeAlias = Literal["", "xml", "json"]
"""What a system holds: every letter, those of XML 1.0, those of JSON in UTF-8."""

_STRANGE: Final[Mapping[str, re.Pattern[str]]] = {
    "xml": re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+"),
    "json": re.compile("[\ud800-\udfff]+"),
}


def name(letter: str) -> str:
    """Name a letter that may not be fit to be shown: `U+000B`."""
    return f"U+{ord(letter):04X}"


def strange(text: str, alphabet: Alphabet) -> tuple[str, ...]:
    """Name the letters of a text that the alphabet has no place for, each once, in order of appearance."""
    pattern = _STRANGE.get(alphabet)
    found = pattern.findall(text) if pattern is not None else ()
    return tuple(dict.fromkeys(name(letter) for run in found for letter in run))


def without(text: str, alphabet: Alphabet) -> str:
    """Give a text with a blank in place of such letters, none at its ends; a text without them as it is."""
    pattern = _STRANGE.get(alphabet)
    return text if pattern is None or pattern.search(text) is None else pattern.sub(" ", text).strip()


def named(text: str, alphabet: Alphabet) -> str:
    """Give a text with the names of such letters in their place: `High<U+000B>Option`."""
    return replaced(text, alphabet, lambda letter: f"<{name(letter)}>")


def replaced(text: str, alphabet: Alphabet, by: Callable[[str], str]) -> str:
    """Give a text with something else for each of such letters."""
    pattern = _STRANGE.get(alphabet)
    return text if pattern is None else pattern.sub(lambda run: "".join(map(by, run.group())), text)


def texts(data: object) -> Iterator[str]:
    """Give every text in plain data, at any depth."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for inner in data.values():
            yield from texts(inner)
    elif isinstance(data, list | tuple):
        for inner in data:
            yield from texts(inner)
