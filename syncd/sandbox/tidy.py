"""A vendor that tidies what it is sent: trims, cuts, rounds, escapes, re-cases, composes or decomposes letters.

Takes what a write brings and the rules of the switch `tidy`, gives what the vendor keeps. Pure. Edits at the screen are
kept as they were typed.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

_CASES: Final[Mapping[str, Callable[[str], str]]] = {"upper": str.upper, "lower": str.lower, "title": str.title}
_FORMS: Final = ("NFC", "NFD")
_AMOUNT: Final = re.compile(r"-?\d+\.\d+\Z")
RULES: Final[Mapping[str, str]] = {
    "trim": "true: blanks at the ends go, and several become one",
    "cut": "how many letters are kept",
    "round": "how many decimals of an amount are kept",
    "escape": "true: & < > and quotes become references (&amp;)",
    "case": "upper, lower or title",
    "normal": "NFC or NFD: how accents are written",
    "fields": "names of the text fields that it is done to; left out: names, notes and numbers of policies",
}


def check(rules: object) -> None:
    """Refuse rules that say nothing. Raises ValueError, TypeError."""
    if not isinstance(rules, Mapping):
        raise TypeError(f"tidy is {rules!r}: expected an object of {', '.join(RULES)}")
    for name, value in rules.items():
        if name not in RULES:
            raise ValueError(f"tidy has no rule {name!r}: one of {', '.join(RULES)}")
        if not _fits(name, value):
            raise ValueError(f"tidy.{name} is {value!r}: {RULES[name]}")


def _fits(name: str, value: object) -> bool:
    match name:
        case "cut" | "round":
            return isinstance(value, int) and not isinstance(value, bool) and value >= (name == "cut")
        case "case":
            return value in _CASES
        case "normal":
            return value in _FORMS
        case "fields":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, bool)


def tidied(data: Any, rules: Mapping[str, Any], fields: Collection[str]) -> Any:
    """Give what is kept of what a write brings. `fields`: the vendor's text fields, unless the rules name some."""
    return _inside(data, rules, frozenset(rules.get("fields", fields)), "") if rules else data


def _inside(data: Any, rules: Mapping[str, Any], fields: frozenset[str], name: str) -> Any:
    if isinstance(data, dict):
        return {key: _inside(value, rules, fields, str(key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_inside(value, rules, fields, name) for value in data]
    if not isinstance(data, str):
        return data
    if "round" in rules and _AMOUNT.match(data):
        return format(Decimal(data).quantize(Decimal(1).scaleb(-rules["round"]), ROUND_HALF_UP), "f")
    return _text(data, rules) if name in fields else data


def _text(text: str, rules: Mapping[str, Any]) -> str:
    """Do it in the order in which such systems do: letters first, then length, then how it is stored."""
    if rules.get("trim"):
        text = " ".join(text.split())
    if "case" in rules:
        text = _CASES[rules["case"]](text)
    if "normal" in rules:
        text = unicodedata.normalize(rules["normal"], text)
    if "cut" in rules:
        text = text[: rules["cut"]]
    return html.escape(text) if rules.get("escape") else text
