"""Compile one row: the field it names, its codec and its vendor key have to go together.

Takes a row as written, gives a compiled row; what is wrong goes to `Problems`, with its key and the nearest valid
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from syncd.mapping import vendor_path
from syncd.mapping.codecs import CODECS
from syncd.mapping.codecs.base import Codec, Context, text_of
from syncd.mapping.rows import Row, When
from syncd.mapping.spec import RowSpec, Writable
from syncd.mapping.vendor_path import VendorPath
from syncd.model import fields
from syncd.model.field_table import Field, Type
from syncd.model.letters import Alphabet
from syncd.model.records import Kind
from syncd.model.values import Unparsed, Value
from syncd.text.explain import not_one_of, shown
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Loc

_CODECS_OF: Mapping[Type, frozenset[str]] = {
    "text": frozenset({"text", "code", "list", "text_object"}),
    "code": frozenset({"code", "code_pair", "text", "frequency", "unit", "tier"}),
    "money": frozenset({"money", "decimal", "money_object"}),
    "decimal": frozenset({"decimal", "money", "integer"}),
    "percent": frozenset({"percent", "decimal", "percent_object"}),
    "integer": frozenset({"integer"}),
    "date": frozenset({"date"}),
    "flag": frozenset({"flag"}),
    "cost_share": frozenset({"cost_share", "cost_share_object", "cost_share_pair"}),
}
_SHAPES: Mapping[str, tuple[type, str]] = {
    "values": (dict, "a mapping of canonical code to the vendor's word"),
    "labels": (dict, "a mapping of canonical code to the vendor's label"),
    "also": (dict, "a mapping of canonical code to further words"),
    "sentinels": (list, "a list of dates"),
    "except": (list, "a list of words"),
    "max": (int, "a whole number"),
    "digits": (int, "a whole number"),
}
_VOCABULARIES = ("values", "labels", "also")


@dataclass(slots=True)
class Problems:
    """What is wrong with a file: key and message, in the order found."""

    letters: Alphabet = ""
    """Which letters the file's system holds: everything in the file is compiled for it."""
    found: list[tuple[Loc, str]] = field(default_factory=list)

    def add(self, loc: Loc, message: str) -> None:
        """Note a problem."""
        self.found.append((loc, message))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its key in the file, the name it is known by, and what its block says of all its rows."""

    loc: Loc
    name: str
    part: str
    field: Field | None
    """The canonical field, None for a key or a column that only names cells."""
    path: str = ""
    writable: Writable = True
    in_set: bool = False


def compile_row(spec: RowSpec, place: Place, kind: Kind, problems: Problems) -> Row | None:
    """Compile a row; None when it cannot be used at all."""
    sources = _sources(spec, place, problems)
    if sources is None:
        return None
    constant = None if spec.constant is None else _constant(spec, place, kind, problems)
    codec = CODECS["text"] if spec.constant is not None else _codec(spec, place, problems)
    if codec is None:
        return None
    _check_codec(spec, place, codec, problems)
    unwritable, on_create = _writable(spec, place)
    if spec.required and unwritable is not None and not on_create:
        problems.add((*place.loc, "required"), "a field that cannot be written cannot be required")
    return Row(
        name=place.name,
        part=spec.part or place.part,
        codec=codec,
        sources=sources,
        context=Context(None, spec.perspective, _options(spec, place, codec), problems.letters),
        pair=spec.pair is not None,
        partner=_vendor(spec.partner, (*place.loc, "partner"), problems, in_set=place.in_set),
        constant=constant,
        unwritable=unwritable,
        on_create=on_create,
        required=spec.required,
        missing=spec.missing,
        when=_when(spec, place, problems),
        note=spec.note,
    )


def _sources(spec: RowSpec, place: Place, problems: Problems) -> tuple[VendorPath, ...] | None:
    """Read where the value stands; exactly one of `field`, `fields`, `pair` and `constant` says so."""
    given = [name for name in ("field", "fields", "pair", "constant") if getattr(spec, name) is not None]
    if len(given) != 1:
        what = " and ".join(given) or "none of them"
        problems.add(place.loc, f"expected one of field, fields, pair, constant; got {what}")
        return None
    texts: list[str] = [spec.field] if spec.field is not None else list(spec.fields or spec.pair or ())
    if spec.pair is not None and len(texts) != 2:  # noqa: PLR2004 - a pair
        problems.add((*place.loc, "pair"), "expected two vendor keys")
        return None
    if spec.fields is not None and (spec.winner not in texts or len(texts) < 2):  # noqa: PLR2004 - several
        hint = did_you_mean(spec.winner or "", texts)
        problems.add((*place.loc, "winner"), f"several vendor keys need a winner, one of {', '.join(texts)}{hint}")
        return None
    texts.sort(key=lambda text: text != spec.winner)
    paths = [_vendor(text, (*place.loc, given[0]), problems, in_set=place.in_set) for text in texts]
    return None if None in paths else tuple(path for path in paths if path is not None)


def _vendor(text: str | None, loc: Loc, problems: Problems, *, in_set: bool) -> VendorPath | None:
    if text is None:
        return None
    return vendor(text, loc, problems, in_set=in_set)


def vendor(text: str, loc: Loc, problems: Problems, *, in_set: bool = True) -> VendorPath | None:
    """Parse a vendor path."""
    try:
        path = vendor_path.parse(text)
    except ValueError as error:
        problems.add(loc, str(error))
        return None
    # Outside a set the part's data is where every path starts; one spelling keeps the checks honest.
    return path if in_set else replace(path, rooted=False)


def _constant(spec: RowSpec, place: Place, kind: Kind, problems: Problems) -> Value:
    value = fields.value_from_text(place.path, spec.constant, kind) if place.path else str(spec.constant)
    if isinstance(value, Unparsed):
        what = place.field.type if place.field is not None else "word"
        problems.add((*place.loc, "constant"), f"expected a {what}, got {spec.constant!r}")
    elif place.field is not None and place.field.codes and value not in place.field.codes:
        hint = did_you_mean(str(value), place.field.codes)
        problems.add((*place.loc, "constant"), f"{value!r} is no {place.field.title}{hint}")
    return value


def _codec(spec: RowSpec, place: Place, problems: Problems) -> Codec | None:
    if spec.codec is None:
        problems.add(place.loc, f"expected a codec: {', '.join(CODECS)}")
        return None
    codec = CODECS.get(spec.codec)
    if codec is None:
        problems.add((*place.loc, "codec"), f"no codec is called {spec.codec!r}{did_you_mean(spec.codec, CODECS)}")
    return codec


def _check_codec(spec: RowSpec, place: Place, codec: Codec, problems: Problems) -> None:
    """Check that the codec fits the field, and its options the codec."""
    if spec.constant is None and place.field is not None and codec.name not in _CODECS_OF[place.field.type]:
        fitting = ", ".join(sorted(_CODECS_OF[place.field.type]))
        problems.add((*place.loc, "codec"), f"{place.field.title} is {place.field.type}, expected {fitting}")
    if (spec.pair is not None) != codec.paired:
        paired = " or ".join(sorted(name for name, codec in CODECS.items() if codec.paired))
        problems.add((*place.loc, "codec"), f"a pair of keys and the codec {paired} go together")
    for name, option in spec.options.items():
        loc = (*place.loc, name)
        if wrong := wrong_option(codec, name, option):
            problems.add(loc, wrong)
        elif name in _VOCABULARIES:
            _check_words(option, place, loc, problems)


def wrong_option(codec: Codec, name: str, option: Any) -> str:  # noqa: ANN401 - YAML
    """Say what is wrong with an option of a codec; nothing when it will count as it stands."""
    if name not in codec.options:
        valid = (*codec.options, *RowSpec.model_fields)
        return f"codec {codec.name} has no option {name!r}{did_you_mean(name, valid)}"
    if choices := codec.options[name]:
        text = "" if isinstance(option, (dict, list)) else text_of(option)
        return "" if text in choices else not_one_of(text or option, sorted(choices))
    if name in _SHAPES and type(option) is not _SHAPES[name][0]:
        return f"expected {_SHAPES[name][1]}, got {shown(option)}"
    if name in _VOCABULARIES:
        return ""
    wrong = codec.wrong(name, option)
    return f"expected {wrong}, got {shown(option)}" if wrong else ""


def _check_words(option: Mapping[str, Any], place: Place, loc: Loc, problems: Problems) -> None:
    """Check that a vocabulary speaks of codes that the field knows, and gives each of them words."""
    codes = place.field.codes if place.field is not None else ()
    for code, said in option.items():
        if codes and code not in codes and place.field is not None:
            problems.add((*loc, code), f"{code!r} is no {place.field.title}{did_you_mean(str(code), codes)}")
        for word in said if isinstance(said, list) else (said,):
            # Of two keys that are one code, one may be empty.
            if not isinstance(word, (str, int, Decimal)) and not (word is None and isinstance(said, list)):
                problems.add((*loc, code), f"expected a word of the vendor, got {shown(word)}")


def _options(spec: RowSpec, place: Place, codec: Codec) -> Mapping[str, Any]:
    """Give the codec's options; a deductible or maximum says by its name that it is one."""
    given = {
        # What is one of a few words is that word, whether or not a person put it in quotes (`sorted: true`).
        name: text_of(option) if codec.options.get(name) and not isinstance(option, (dict, list)) else option
        for name, option in spec.options.items()
    }
    if "accumulator" in codec.options and "accumulator" not in given and fields.is_accumulator(place.path):
        given["accumulator"] = "true"
    return given


def _when(spec: RowSpec, place: Place, problems: Problems) -> tuple[When, ...]:
    found: list[When] = []
    for text, words in (spec.when or {}).items():
        path = vendor(text, (*place.loc, "when", text), problems, in_set=place.in_set)
        if path is not None:
            found.append(When(path, tuple(words) if isinstance(words, list) else (words,)))
    return tuple(found)


def _writable(spec: RowSpec, place: Place) -> tuple[str | None, bool]:
    """Give the reason why the row is not writable, and whether it is when a record is created."""
    if spec.constant is not None:
        return f"it is always {spec.constant} in this system", False
    writable = place.writable if spec.writable is True else spec.writable
    return reason(writable), writable == "create"


def reason(writable: Writable) -> str | None:
    """Read a `writable` as the reason why not."""
    if writable == "create":
        return "it can only be set when the record is created"
    if writable is False:
        return "the mapping says that it is not written here"
    return None if writable is True else str(writable)
