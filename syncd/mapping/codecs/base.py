"""What a codec is: vendor value <-> canonical value, both ways, and what the target cannot hold named as a loss.

Takes JSON as a connector hands it over and the row's `Context`; gives a canonical value, JSON to write, or a `Loss`.
Never raises on data, never rounds silently, never writes a text that was not understood.

The law, kept here for every codec by reading back what is about to be written: `get(put(value)) == value` whenever
`put` gave no `Loss`, and a `Loss` names the nearest value for which that holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol

from syncd.model import letters
from syncd.model.letters import Alphabet
from syncd.model.records import JSON
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Unparsed, Value

_COUNTS = {"max": 1, "digits": 0}
_LISTS = ("sentinels", "except")
NOT_APPLICABLE_WORDS = frozenset({"not applicable", "n/a", "na"})


@dataclass(frozen=True, slots=True)
class Context:
    """What a codec sees beside the value: the text of the partner column, whose percentages the column holds, and the
    options of the mapping row."""

    partner: str | None = None
    perspective: Literal["member", "plan"] = "member"
    options: Mapping[str, Any] = field(default_factory=dict)
    letters: Alphabet = ""
    """Which letters the system holds."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The target cannot hold `value`; `nearest` is what it would hold, None when nothing comes near."""

    value: Value
    nearest: Value | None
    why: str


@dataclass(frozen=True, slots=True)
class Inexact:
    """What would be written for a value that the target cannot hold; `put` reads it back to name the nearest value."""

    written: JSON
    why: str


class Codec(Protocol):
    """Reads and writes one field of one system. `options` names the options a row may give, each with the choices there
    are; no choices means free."""

    name: ClassVar[str]
    options: ClassVar[Mapping[str, frozenset[str]]]
    structured: ClassVar[bool]
    paired: ClassVar[bool]

    def get(self, raw: JSON, context: Context) -> Value:
        """Read a vendor value. None and blank are EMPTY; what is not understood is `Unparsed`."""
        ...

    def put(self, value: Value, context: Context) -> JSON | Loss:
        """Give what to write for a value."""
        ...

    def wrong(self, name: str, option: object) -> str:
        """Say what was expected of an option that would say nothing as it stands; nothing when it is well."""
        ...


class BaseCodec(ABC):
    """Everything codecs share: absences, texts that were not understood, and reading back before writing.

    Options of every codec: `empty` (what to write for EMPTY, else null) and `not_applicable` (what to write for
    NOT_APPLICABLE; a system without a word for it cannot hold it). Both are understood when read.
    """

    name: ClassVar[str]
    options: ClassVar[Mapping[str, frozenset[str]]] = {}
    structured: ClassVar[bool] = False
    """It reads lists or objects; to any other codec one that stands where a text should is not understood."""
    paired: ClassVar[bool] = False
    """It reads two keys, so that its row says `pair`."""
    not_applicable_words: ClassVar[frozenset[str]] = NOT_APPLICABLE_WORDS
    not_applicable_text: ClassVar[str | None] = None

    def get(self, raw: JSON, context: Context) -> Value:
        """Read a vendor value."""
        text = text_of(raw)
        absence = self._absence(raw, text, context)
        value = absence if absence is not None else self._read(text, context)
        return Unparsed(text) if value is None else value

    def put(self, value: Value, context: Context) -> JSON | Loss:
        """Give what to write for a value, after reading it back."""
        written = self._writing(value, context)
        if isinstance(written, Loss):
            return written
        written = _fit(written, context.letters)
        held = self.get(_plain(written), context)
        if same(held, value):
            return _plain(written)
        why = written.why if isinstance(written, Inexact) else f"{text_of(written)!r} would read back as another value"
        return Loss(value, held if self._holds(held, context) else None, why)

    def wrong(self, name: str, option: object) -> str:
        """Say what was expected of an option that would say nothing as it stands."""
        if name in _COUNTS:
            return "" if isinstance(option, int) and option >= _COUNTS[name] else f"at least {_COUNTS[name]}"
        if name in _LISTS:
            good = isinstance(option, list) and all(isinstance(one, (str, int, Decimal)) for one in option)
            return "" if good else "a list of words"
        return "" if isinstance(option, (str, int, Decimal)) else "one word"

    @abstractmethod
    def _read(self, text: str, context: Context) -> Value | None:
        """Read a text that is not blank; None when it is not understood."""

    @abstractmethod
    def _write(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        """Give the text or number for a value; `put` reads it back."""

    def _absence(self, raw: JSON, text: str, context: Context) -> Absent | None:
        if raw is None:
            return EMPTY
        plain = text.strip()
        for key, absent in (("empty", EMPTY), ("not_applicable", NOT_APPLICABLE)):
            word = context.options.get(key)
            if word is not None and plain == text_of(word).strip():
                return absent
        if not plain:
            return EMPTY
        return NOT_APPLICABLE if plain.lower() in self.not_applicable_words else None

    def _writing(self, value: Value, context: Context) -> JSON | Inexact | Loss:
        if isinstance(value, Unparsed):
            return Loss(value, None, "a text that was not understood is never written")
        return self._write_absent(value, context) if isinstance(value, Absent) else self._write(value, context)

    def _write_absent(self, value: Absent, context: Context) -> JSON | Inexact:
        empty = context.options.get("empty")
        if value is EMPTY:
            return empty
        word = context.options.get("not_applicable", self.not_applicable_text)
        return Inexact(empty, "the target has no word for not applicable") if word is None else word

    def _holds(self, value: Value, context: Context) -> bool:
        written = self._writing(value, context)
        if isinstance(written, Loss):
            return False
        return same(self.get(_plain(_fit(written, context.letters)), context), value)

    def _unfit(self, value: Value) -> Loss:
        return Loss(value, None, f"{type(value).__name__} is no value for codec {self.name}")


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are one: `1 == Decimal(1)` in Python, but a count is not an amount."""
    return type(left) is type(right) and left == right


def _fit(written: JSON | Inexact, alphabet: Alphabet) -> JSON | Inexact:
    """Leave out the letters that the target has no place for."""
    names = letters.strange("".join(letters.texts(_plain(written))), alphabet)
    if not names:
        return written
    return Inexact(_without(_plain(written), alphabet), f"the target has no letter {', '.join(names)}")


def _without(written: JSON, alphabet: Alphabet) -> JSON:
    if isinstance(written, str):
        return letters.without(written, alphabet)
    if isinstance(written, dict):
        return {key: _without(inner, alphabet) for key, inner in written.items()}
    return [_without(inner, alphabet) for inner in written] if isinstance(written, list) else written


def _plain(written: JSON | Inexact) -> JSON:
    return written.written if isinstance(written, Inexact) else written


def text_of(raw: JSON) -> str:
    """Give the text of a JSON value: numbers digit by digit, without exponents, as they would stand in a file."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float):
        raw = Decimal(repr(raw))
    if isinstance(raw, Decimal):
        return format(raw, "f")
    return "" if raw is None else str(raw)
