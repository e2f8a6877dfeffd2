"""Records to XML and back, by the contract's tables. Pure.

A record is a dictionary under the vendor's own element names. Elements come in the order of the schema; a record's
other keys (which begin with an underscore, or belong to another profile) are not the wire's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from lxml import etree

from syncd.sandbox.benefitpoint.contract import NULLS, Contract, Field
from syncd.sandbox.benefitpoint.envelope import lent
from syncd.sandbox.benefitpoint.values import STAMPS, from_wire, java_double, plain, to_wire

Record: TypeAlias = dict[str, Any]

STRANGE: Final = "Added_In_A_Later_Release"
"""A word that no enumeration of the contract has; what `unknown_enum` serves."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes records. `nulls`: write None_Selected for an optional choice that was not made, else no element."""

    contract: Contract
    nulls: bool = True
    strange: frozenset[str] = frozenset()
    """Elements whose value, if there is one, is a word of a later release."""
    unfilled: frozenset[str] = frozenset()
    """Required choices and texts, `GroupAccountInfo.businessType`, that are served as if nobody had filled them in."""

    def write(self, parent: etree._Element, field: Field, value: Any, owner: str = "") -> None:
        """Append one field of the type `owner`, which may repeat, to its parent."""
        if field.many:
            for item in value or ():
                self._one(parent, field, item)
        elif value is not None and not (field.required and f"{owner}.{field.name}" in self.unfilled):
            self._one(parent, field, value)
        elif field.type in self.contract.enums and (field.required or self.nulls):
            etree.SubElement(parent, field.name).text = self.contract.null_of(field.type)
        elif field.required and field.type == "string":
            etree.SubElement(parent, field.name)

    def _one(self, parent: etree._Element, field: Field, value: Any) -> None:
        element = etree.SubElement(parent, field.name)
        if field.base == "own" and field.type in self.contract.types:
            for child in self.contract.types[field.type]:
                self.write(element, child, value.get(child.name), field.type)
        elif field.base == "own":
            element.text = lent(STRANGE if field.name in self.strange and value not in NULLS else value)
        else:
            element.text = lent(_text(field, value))


def _text(field: Field, value: Any) -> str:
    match field.type:
        case "boolean":
            return "true" if value else "false"
        case "dateTime":
            return to_wire(value)
        case "double":
            return java_double(value)
        case _:
            return str(value)


def read_children(contract: Contract, fields: tuple[Field, ...], element: etree._Element) -> Record:
    """Read the children of a valid element: fields that are absent, empty or not chosen are None, lists are lists.

    Raises ValueError for what the schema lets pass and the server cannot take (the year 0, an infinite amount).
    """
    found: dict[str, list[etree._Element]] = {}
    for child in _elements(element):
        found.setdefault(etree.QName(child).localname, []).append(child)
    record: Record = {}
    for field in fields:
        values = [_value(contract, field, child) for child in found.get(field.name, [])]
        record[field.name] = [value for value in values if value is not None] if field.many else (values or [None])[0]
    return record


def _value(contract: Contract, field: Field, element: etree._Element) -> Any:
    if field.base == "own" and field.type in contract.types:
        return read_children(contract, contract.types[field.type], element)
    text = element.text or ""
    if field.base == "own":
        return None if text in NULLS else text
    return _scalar(field, text)


def _scalar(field: Field, text: str) -> Any:
    match field.type:
        case "int":
            return int(text)
        case "boolean":
            return text.strip() in {"true", "1"}
        case "double":
            return plain(text)
        case "dateTime":
            return from_wire(text, instant=field.name in STAMPS)
        case _:
            return text or None


def _elements(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str))
