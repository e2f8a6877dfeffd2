"""The names and values that a rule may speak of: sections, fields and patterns of them, values of a condition.

Takes what a person wrote, says what is wrong with it; gives the text under which a value is compared, so that `true`,
`yes` and `True` are one flag and `20`, `20.0` and `20%` one percentage. Records of kind `generic` have no known fields:
their names are not checked and their values are compared as they were written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

from syncd.model import fields, paths
from syncd.model.field_table import Type
from syncd.model.records import Kind
from syncd.model.values import NOT_APPLICABLE, Unparsed, Value
from syncd.model.values_text import format_value
from syncd.text.explain import not_one_of, shown
from syncd.text.nearest import did_you_mean
from syncd.text.show import number
from syncd.text.yaml import NOT_APPLICABLE as NA

_SETS = ("rates", "contributions")
_OPEN = ("details.custom.", "eligibility.custom.")
# What stands for names of which there is no closed list, ages and services, to see whether a pattern fits any.
_AGES = ("age_30_34", "age_30_34.f", "age_30_34.tobacco", "age_30_34.f.tobacco")
_SAMPLES = ("in_network", "individual.in_network", "limit")
_EXPECTED: dict[Type, str] = {
    "money": "an amount, as 512.40",
    "decimal": "a number, as 1.25",
    "percent": "a percentage, as 20 or 20%",
    "integer": "a whole number, as 30",
    "date": "a date, as 2026-01-31",
    "flag": "yes or no",
    "cost_share": "a cost share, as $25 copay",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What rules about records of these kinds may name; no kinds: anything."""

    kinds: tuple[Kind, ...] = ()

    def section(self, name: str) -> str:
        """Say what is wrong with the name of a section."""
        return not_one_of(name, paths.SECTIONS) if self.kinds and name not in paths.SECTIONS else ""

    def target(self, text: str) -> str:
        """Say what is wrong with a field, an atom, a beginning of fields, or a pattern of them."""
        if not self.kinds or self._kind_of(text) is not None or any(self._covers(text, name) for name in self._names()):
            return ""
        return f"no field is called so{did_you_mean(_plain(text), self._known())}"

    def condition(self, path: str) -> str:
        """Say what is wrong with the field that a condition looks at; it must be one field."""
        if not self.kinds or self._kind_of(path) is not None:
            return ""
        if any(letter in path for letter in "*?") or any(self._covers(path, name) for name in self._names()):
            return f"one field belongs here, no pattern{did_you_mean(_plain(path), self._known())}"
        return f"no field is called so{did_you_mean(_plain(path), self._known())}"

    def value(self, path: str, text: str | None) -> str:
        """Say what is wrong with a value that a condition waits for."""
        kind = self._kind_of(path)
        if kind is None or text is None or text == NA:
            return ""
        value = fields.value_from_text(path, text, kind)
        if isinstance(value, Unparsed):
            return f"expected {_EXPECTED.get(fields.type_of(path, kind), 'a value')}, got {shown(text)}"
        known = fields.field_of(path, kind)
        if known is not None and known.codes and isinstance(value, str) and value not in known.codes:
            return not_one_of(text, known.codes)
        return ""

    def key(self, path: str, text: str | None) -> str:
        """Give the text under which a value of a field is compared, whoever wrote it."""
        if text == NA:
            return format_value(NOT_APPLICABLE)
        kind = self._kind_of(path)
        if kind is None:
            return text or ""
        return _compared(fields.value_from_text(path, text, kind))

    def _kind_of(self, path: str) -> Kind | None:
        return next((kind for kind in self.kinds if fields.is_known(path, kind)), None)

    def _known(self) -> list[str]:
        return list(dict.fromkeys(name for kind in self.kinds for name in fields.names(kind)))

    def _names(self) -> Iterator[str]:
        """Give the names there are, and for a set without a key the set itself."""
        for name in self._known():
            yield name
            yield name.replace("[]", "")
        if "plan" in self.kinds:
            yield from (f"{section}[].{age}" for section in _SETS for age in _AGES)

    def _covers(self, text: str, name: str) -> bool:
        """Tell whether a beginning or a pattern covers a name, whatever set it is of."""
        plain = _plain(text)
        if paths.under(name, plain) or fnmatchcase(name, plain.replace("[", "[[]")):
            return True
        if plain.startswith(_OPEN):
            return True
        return "*" in plain and any(self._kind_of(_filled(plain, sample)) is not None for sample in _SAMPLES)


def _filled(pattern: str, sample: str) -> str:
    """Put a name where a pattern has a mark, and a date where it has a set."""
    return pattern.replace("[]", "[2026-01-01]").replace("*", sample)


def _plain(text: str) -> str:
    """Leave out which set is meant: `rates[2026-*].ee` speaks of the cell `rates[].ee`."""
    head, mark, rest = text.partition("[")
    inner, closed, tail = rest.partition("]")
    if not mark or not closed:
        return text
    if head in _SETS:
        return f"{head}[]{tail}"
    return f"{head}{tail}" if head == "benefits" and inner else text


def _compared(value: Value) -> str:
    return number(value) if isinstance(value, Decimal) else format_value(value)


def kinds_of(names: Collection[Kind]) -> tuple[Kind, ...]:
    """Give the kinds whose fields have known names."""
    return tuple(kind for kind in ("plan", "group") if kind in names)
