"""What a path holds: its type, its title, and how a person writes its value.

Takes paths and texts, gives types and values. What the table does not know is still typed (`benefits` of any service,
`details.custom.*`), and `is_known` says whether a name is ours, so that a mapping cannot invent a second name for a
thing that has one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import cast

from syncd.model.field_table import (
    BENEFIT_WORDS,
    BENEFITS,
    CONTRIBUTIONS,
    DETAILS,
    ELIGIBILITY,
    GROUP,
    LEVELS,
    NETWORKS,
    RATES,
    SERVICES,
    Field,
    Type,
)
from syncd.model.numbers import read_money, read_number
from syncd.model.paths import SetKey, parse
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flag, Unparsed, Value, plain_text

_TABLES: Mapping[Kind, Mapping[str, Mapping[str, Field]]] = {
    "plan": {
        "details": DETAILS,
        "benefits": BENEFITS,
        "rates": RATES,
        "contributions": CONTRIBUTIONS,
        "eligibility": ELIGIBILITY,
    },
    "group": {"details": GROUP},
    "generic": {},
}
_SETS = {"rates", "contributions"}
_SERVICE = re.compile(
    rf"([a-z][a-z0-9_]*)(?:\.({'|'.join(LEVELS)}))?\.({'|'.join(NETWORKS)})(?:\.({'|'.join(BENEFIT_WORDS)}))?"
)
_WORD = re.compile(rf"([a-z][a-z0-9_]*)\.({'|'.join(BENEFIT_WORDS)})")
_AGE = re.compile(r"age_(\d{1,3})_(\d{1,3}|plus)(?:\.([fm]))?(\.tobacco)?")


@lru_cache(maxsize=16384)
def field_of(path: str, kind: Kind = "plan") -> Field | None:
    """Find the canonical field of a path; None when the name is not ours."""
    parsed = parse(path)
    name = parsed.field
    if (parsed.section in _SETS) != isinstance(parsed.key, SetKey) or (
        parsed.section not in _SETS | {"benefits"} and parsed.key
    ):
        return None
    known = _TABLES[kind].get(parsed.section, {})
    if name in known:
        return known[name]
    if name.startswith("custom.") and parsed.section in ("details", "eligibility"):
        return Field(name, "text", name.removeprefix("custom.").replace("_", " "))
    if parsed.section == "benefits" and kind == "plan":
        return _benefit(name)
    if parsed.section in _SETS and kind == "plan":
        return _age(name)
    return None


def _benefit(name: str) -> Field | None:
    """`deductible.individual.in_network`, `primary_care.in_network`, `primary_care.limit`."""
    if found := _SERVICE.fullmatch(name):
        service, level, network, word = found.groups()
        parts = [_service(service), LEVELS.get(level), NETWORKS[network], BENEFIT_WORDS.get(word)]
        return Field(name, "text" if word else "cost_share", ", ".join(part for part in parts if part))
    if found := _WORD.fullmatch(name):
        return Field(name, "text", f"{_service(found[1])}, {BENEFIT_WORDS[found[2]]}")
    return None


def _service(name: str) -> str:
    return SERVICES.get(name) or name.replace("_", " ").capitalize()


def _age(name: str) -> Field | None:
    """`age_30_34`, `age_30_34.f`, `age_30_34.tobacco`, `age_30_34.f.tobacco`."""
    found = _AGE.fullmatch(name)
    if found is None:
        return None
    first, last, gender, tobacco = found.groups()
    parts = [
        f"Age {first}" if first == last else f"Age {first} and over" if last == "plus" else f"Age {first} to {last}"
    ]
    parts += [{"f": "women", "m": "men"}[gender]] if gender else []
    parts += ["tobacco"] if tobacco else []
    return Field(name, "money", ", ".join(parts), "$")


def is_known(path: str, kind: Kind = "plan") -> bool:
    """Tell whether a path is a canonical name."""
    return field_of(path, kind) is not None


def type_of(path: str, kind: Kind = "plan") -> Type:
    """Name the type of a path; what is not known is text."""
    field = field_of(path, kind)
    return field.type if field is not None else "text"


def title_of(path: str, kind: Kind = "plan") -> str:
    """Name a path for people: `Employee and spouse`, `Deductible, individual, in network`; else the path itself."""
    field = field_of(path, kind)
    return field.title if field is not None else path


@cache
def local_paths(kind: Kind) -> frozenset[str]:
    """Name the fields that hold a system's own id of a record: the same plan has another one in every system."""
    return _paths_of(kind, lambda field: field.local)


@cache
def uncompared_paths(kind: Kind) -> frozenset[str]:
    """Name the fields that are not compared: a system's own ids, and numbers that are evidence only."""
    return _paths_of(kind, lambda field: field.local or field.evidence)


def _paths_of(kind: Kind, chosen: Callable[[Field], bool]) -> frozenset[str]:
    return frozenset(
        f"{section}.{name}"
        for section, known in _TABLES[kind].items()
        if section not in _SETS
        for name, field in known.items()
        if chosen(field)
    )


def names(kind: Kind) -> Iterator[str]:
    """Give every canonical name of a kind, to suggest the nearest from; a set stands as `rates[].ee`."""
    for section, fields in _TABLES[kind].items():
        key = "[]" if section in _SETS else ""
        yield from (f"{section}{key}.{name}" for name in fields)
    if kind == "plan":
        yield from (f"benefits.{service}.{network}" for service in SERVICES for network in NETWORKS)
        yield from (
            f"benefits.{what}.{level}.{network}" for what in _ACCUMULATORS for level in LEVELS for network in NETWORKS
        )


_ACCUMULATORS = ("deductible", "oop_max", "drug_deductible", "drug_oop_max", "annual_max", "lifetime_max")


def value_from_text(path: str, text: object, kind: Kind = "plan") -> Value:
    """Read what a person wrote for a field, in a table, a seed or an answer: a YAML scalar or the text of one.

    None is EMPTY, a value stays itself, and text that its type does not understand is `Unparsed`: the caller decides
    whether that is an error. Records of kind `generic` have no types: the scalar itself counts.
    """
    if text is None:
        return EMPTY
    if isinstance(text, bool):
        return Flag.TRUE if text else Flag.FALSE
    if isinstance(text, float):
        text = Decimal(repr(float(text)))
    if not isinstance(text, str | int | Decimal):
        return cast("Value", text)
    if kind == "generic":
        return str(text) if isinstance(text, str) else int(text) if isinstance(text, int) else text
    written = format(text, "f") if isinstance(text, Decimal) else plain_text(str(text))
    return _reader(path, kind)(written) if written else EMPTY


def _reader(path: str, kind: Kind) -> Callable[[str], Value]:
    if parse(path).field.split(".", maxsplit=1)[0] in _ACCUMULATORS and type_of(path, kind) == "cost_share":
        return _accumulator
    return _READERS[type_of(path, kind)]


_LONGEST = 40
"""No amount has so many digits; Python computes with no more than some thousand."""


def _money(text: str) -> Value:
    """`512.40`, `$1,500`, `-12`: an amount that some system could hold."""
    amount = read_money(text) if len(text) <= _LONGEST else None
    return Unparsed(text) if amount is None else amount


def _decimal(text: str) -> Value:
    number = read_number(text) if len(text) <= _LONGEST else None
    return Unparsed(text) if number is None else number


def _percent(text: str) -> Value:
    """`20`, `20%`: percent points."""
    value = _decimal(text.removesuffix("%").rstrip())
    return Unparsed(text) if isinstance(value, Unparsed) else value


def _integer(text: str) -> Value:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else Unparsed(text)


def _date(text: str) -> Value:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else Unparsed(text)
    except ValueError:
        return Unparsed(text)


_FLAGS = {
    word: flag for flag, words in ((Flag.TRUE, "true yes y"), (Flag.FALSE, "false no n")) for word in words.split()
}


def _flag(text: str) -> Value:
    return _FLAGS.get(text.lower()) or Unparsed(text)


def _cost_share(text: str) -> Value:
    # The grammar is the heaviest thing in the model; commands that only list never need it.
    from syncd.model import cost_share  # noqa: PLC0415

    return cost_share.parse(text)


def _accumulator(text: str) -> Value:
    """Read a deductible or maximum, where "$1,500 / $3,000" is individual and family."""
    from syncd.model import cost_share  # noqa: PLC0415

    return cost_share.parse(text, accumulator=True)


_READERS: Mapping[Type, Callable[[str], Value]] = {
    "text": str,
    "code": str,
    "money": _money,
    "decimal": _decimal,
    "percent": _percent,
    "integer": _integer,
    "date": _date,
    "flag": _flag,
    "cost_share": _cost_share,
}


def is_accumulator(path: str) -> bool:
    """Tell whether a benefit is a deductible or a maximum, whose cells hold amounts."""
    parsed = parse(path)
    return parsed.section == "benefits" and parsed.field.split(".", maxsplit=1)[0] in _ACCUMULATORS
