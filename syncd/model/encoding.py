"""Turn flat views into bytes and back, for storage and for telling "unchanged" at a glance.

Takes and gives values; never reads or writes. Texts and whole numbers stand for themselves and null is EMPTY; every
other value is a small object whose one key says what it is, so that no text is ever taken for something else:
`{"d": "512.40"}` Decimal with its scale, `{"t": "2026-01-01"}` date, `{"b": true}` flag, `{"na": 1}` not applicable,
`{"u": "ask carrier"}` text that was not understood, `{"c": [canonical, raw]}` cost share.

Most values are texts and thousands of flats are read per second, so both directions leave everything to orjson and
touch single values only where something is there to touch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import date
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from syncd.errors import DAMAGED, StoreError
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Flag, Flat, Unparsed, Value

if TYPE_CHECKING:
    from syncd.model.cost_share import CostShare

_PLAIN = frozenset({str, int})
_INT64 = range(-(2**63), 2**64)
# Never round: two amounts that differ in the 30th digit differ.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_DIGEST_OPTIONS = _OPTIONS | orjson.OPT_SORT_KEYS


def encode(flat: Flat) -> bytes:
    """Write a flat view; `decode` gives it back equal, scales and raw texts included."""
    return _dumps(flat, _tagged, _OPTIONS)


def decode(data: bytes) -> Flat:
    """Read what `encode` wrote. Raises StoreError when it did not write that."""
    try:
        return revive(orjson.loads(data))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise StoreError("a flat view cannot be read: the store is damaged", hint=DAMAGED) from error


def write(document: Any) -> bytes:  # noqa: ANN401 - JSON
    """Write a JSON document that flat views are part of; `read` gives it back, `revive` each of its flat views."""
    try:
        return orjson.dumps(document, default=_tagged, option=_OPTIONS)
    except TypeError:  # as in `_dumps`
        return json.dumps(_spelled(document)).encode()


def read(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read what `write` wrote."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def revive(flat: dict[str, Any]) -> Flat:
    """Make values of what stands for them in a flat view that was just read."""
    for path in [path for path, item in flat.items() if item.__class__ not in _PLAIN]:
        flat[path] = value_from_json(flat[path])
    return flat


def digest(flat: Flat, lacks: Collection[str] = ()) -> bytes:
    """Give 16 bytes that are equal exactly when the values are: scale and raw text do not count. `lacks`: paths that
    the record has no place for, which is not the same as an empty one."""
    told = _dumps(flat, _meaning, _DIGEST_OPTIONS)
    return blake2b(told + orjson.dumps(sorted(lacks)) if lacks else told, digest_size=16).digest()


def value_to_json(value: Value) -> Any:  # noqa: ANN401 - JSON
    """Give the JSON form of one value."""
    return _entry(value, _tagged)


def value_from_json(item: Any) -> Value:  # noqa: ANN401 - JSON
    """Read the JSON form of one value."""
    if item is None:
        return EMPTY
    if isinstance(item, dict):
        ((tag, content),) = item.items()
        return _READERS[tag](content)
    value: Value = item
    return value


def _dumps(flat: Flat, tagged: Callable[[Any], Any], options: int) -> bytes:
    """Write with orjson, which writes an enum as its value; what it cannot write is replaced first."""
    try:
        return orjson.dumps(flat, default=tagged, option=options)
    except TypeError:  # a number beyond 64 bits, a text with half a character: legal in Python, not in JSON
        return orjson.dumps({path: _entry(value, tagged) for path, value in flat.items()}, option=options)


def _entry(value: Value, tagged: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value if value.isascii() or _encodable(value) else {"s": value.encode("utf-8", "surrogatepass").hex()}
    if isinstance(value, int):
        return value if value in _INT64 else {"i": str(value)}
    return tagged(value)


def _spelled(document: Any) -> Any:  # noqa: ANN401 - JSON
    """Give a document in which each value is replaced by its stored form; half a character is JSON's business."""
    if isinstance(document, dict):
        return {key: _spelled(item) for key, item in document.items()}
    if isinstance(document, list | tuple):
        return [_spelled(item) for item in document]
    return document if document is None or isinstance(document, str | float) else _entry(document, _tagged)


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _tagged(value: Any) -> Any:  # noqa: ANN401 - JSON, and orjson asks for whatever it does not know
    """Give the stored form: everything that was there."""
    writer = _WRITERS.get(value.__class__)
    return writer(value) if writer is not None else {"c": [value.canonical, value.raw]}


def _meaning(value: Any) -> Any:  # noqa: ANN401 - JSON, and orjson asks for whatever it does not know
    """Give the compared form: only what counts."""
    if value.__class__ is Decimal:
        return {"d": str(_EXACT.normalize(value)) if value else "0"}
    writer = _WRITERS.get(value.__class__)
    return writer(value) if writer is not None else {"c": value.canonical}


_WRITERS: dict[type, Callable[[Any], Any]] = {
    Decimal: lambda value: {"d": str(value)},
    date: lambda value: {"t": value.isoformat()},
    Flag: lambda value: {"b": value is Flag.TRUE},
    Absent: lambda value: None if value is EMPTY else {"na": 1},
    Unparsed: lambda value: {"u": value.raw},
}


@lru_cache(maxsize=32768)  # the same few hundred texts stand in all plans
def _cost_share(canonical: str, raw: str) -> CostShare | Unparsed:
    # Most records hold none, and commands that only show a status never need the grammar.
    from syncd.model.cost_share import CostShare  # noqa: PLC0415

    try:
        return CostShare.from_canonical(canonical, raw)
    except ValueError:  # written by a release whose grammar knew more: kept, compared, shown, never written
        return Unparsed(raw)


_READERS: dict[str, Callable[[Any], Value]] = {
    "d": Decimal,
    "t": date.fromisoformat,
    "b": lambda content: Flag.TRUE if content else Flag.FALSE,
    "na": lambda _content: NOT_APPLICABLE,
    "u": Unparsed,
    "c": lambda content: _cost_share(*content),
    "i": int,
    "s": lambda content: bytes.fromhex(content).decode("utf-8", "surrogatepass"),
}
