"""Texts and codes: free text kept to the letter, and closed lists through a table in the mapping row.

Takes what a system holds, gives text. A word that the table does not know is not understood, so it stops that field and
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from syncd.mapping.codecs.base import BaseCodec, Context, Inexact, Loss, text_of
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Absent, Value, plain_text


class TextCodec(BaseCodec):
    """Free text: its case, and the blanks within it, are the writer's.

    Options: `max`: how many characters the target holds; `except`: words that another field says, so that they are
    nothing here.
    """

    name = "text"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "max": frozenset(),
        "except": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }
    # "NA" may be a plan code; a system that writes it for "not applicable" says so in its row.
    not_applicable_words = frozenset()

    def _absence(self, raw: JSON, text: str, context: Context) -> Absent | None:
        if _fold(text) in map(_fold, context.options.get("except", ())):
            return EMPTY
        return super()._absence(raw, text, context)

    def _read(self, text: str, context: Context) -> Value | None:
        return plain_text(text)

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, str):
            return self._unfit(value)
        longest = context.options.get("max")
        if longest is None or len(value) <= int(longest):
            return value
        return Inexact(value[: int(longest)], f"the target holds {longest} characters")


class CodeCodec(BaseCodec):
    """A closed list. Options: `values` maps canonical code to the vendor's word, which is what is written; `also` maps
    canonical code to further words that are read, of which one that ends with `*` stands for every word that begins so
    and is named nowhere in the table."""

    name = "code"
    options: ClassVar[Mapping[str, frozenset[str]]] = {
        "values": frozenset(),
        "also": frozenset(),
        "empty": frozenset(),
        "not_applicable": frozenset(),
    }
    not_applicable_words = frozenset()

    def _absence(self, raw: JSON, text: str, context: Context) -> Absent | None:
        # A list may have "" or "None" as a member.
        if raw is not None and len(_named(text, context, "values")) == 1:
            return None
        return super()._absence(raw, text, context)

    def _read(self, text: str, context: Context) -> Value | None:
        return look_up(text, context, "values")

    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if not isinstance(value, str):
            return self._unfit(value)
        for canonical, word in context.options.get("values", {}).items():
            if text_of(canonical) == value:
                return word
        return Loss(value, None, f"the target has no code for {value!r}")


def look_up(text: str, context: Context, table: str) -> str | None:
    """Find the canonical code of a vendor's word: to the letter first, then whatever its case and blanks (trap 16).

    A word that fits two codes fits none.
    """
    fitting = _named(text, context, table)
    if fitting:
        return next(iter(fitting)) if len(fitting) == 1 else None
    return _begun(_fold(text), context, table)


def _named(text: str, context: Context, table: str) -> set[str]:
    """Give the codes of a word that stands in the table itself."""
    for shape in (str, _fold):
        wanted = shape(text)
        fitting = {code for code, word in _table(context, table) if shape(word) == wanted}
        if fitting:
            return fitting
    return set()


def _begun(text: str, context: Context, table: str) -> str | None:
    """Find the code of a word by how it begins: the longest beginning counts."""
    beginnings = [(_fold(word)[:-1], code) for code, word in _table(context, table) if word.endswith("*")]
    fitting = [(begin, code) for begin, code in beginnings if begin and text.startswith(begin)]
    longest = max((len(begin) for begin, _ in fitting), default=0)
    codes = {code for begin, code in fitting if len(begin) == longest}
    return codes.pop() if len(codes) == 1 else None


def _table(context: Context, table: str) -> Iterator[tuple[str, str]]:
    for code, word in context.options.get(table, {}).items():
        yield text_of(code), text_of(word)
    for code, also in context.options.get("also", {}).items():
        for word in also if isinstance(also, list) else (also,):
            yield text_of(code), text_of(word)


def _fold(text: str) -> str:
    return " ".join(plain_text(text).split()).casefold()
