"""The SOAP contract as zeep reads it from the WSDLs: messages to send, and what the elements of a reply are.

Takes an operation and plain data, gives bytes and the SOAPAction; takes an element of a reply, gives plain data. zeep
builds what is sent, in contract order; replies are read here, because zeep would make floats of doubles, shift dates
and refuse an enum value that a newer release added.

Plain data: objects are dicts without the elements that were not there, an element that may repeat is a list even when
it came once, `int` and `boolean` are themselves, and everything else is text: a date as written, a double digit by
digit. `None_Selected`, which every enum has for "nothing", and an empty element are left out, but for a required text;
`whole` puts back what an update may not leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

from syncd.connectors.benefitpoint.soap import given_back
from syncd.errors import ConfigError, RefusedError
from syncd.model import letters

PACKAGED: Final = Path(__file__).parent / "wsdl"
_SESSION_HEADER = "SessionIdHeader"
_NOT_SELECTED: Final = frozenset({"EmployerMarketSize", "ResponseStatus"})
NOTHING: Final = frozenset({"None_Selected", "Not_Selected"})
"""The null of an enum; the two above spell it the second way (documented)."""
WITHHELD: Final = frozenset({"ssn", "dateOfBirth"})
"""Elements that are never read, whatever the vendor sends."""

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent for one call."""

    content: bytes
    action: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One element of a type: what it is, whether it repeats, whether it has to be there."""

    kind: str
    """int, boolean, double, text, date, enum, optional_boolean or object."""
    type_name: str
    repeated: bool
    required: bool
    inner: Mapping[str, Slot] | None = None


class Contract:
    """The contract of one WSDL; every child element is unqualified, only wrappers and the header are not."""

    def __init__(self, path: Path) -> None:
        # zeep takes 0.4 s to import, and only those who speak to a vendor need it.
        import zeep  # noqa: PLC0415

        settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
        try:
            self._client: Any = zeep.Client(str(path), settings=settings)  # type: ignore[no-untyped-call]
            self._operations = self._client.service._binding._operations  # noqa: SLF001 - zeep shows them nowhere else
        except Exception as error:  # noqa: BLE001 - whatever a file that somebody named does to zeep
            raise ConfigError(f"the WSDL cannot be used: {error}", file=str(path), field="wsdl") from None
        self._slots: dict[int, Mapping[str, Slot]] = {}

    @property
    def operations(self) -> frozenset[str]:
        """Name the operations that the WSDL has."""
        return frozenset(self._operations)

    def message(self, operation: str, values: Mapping[str, Any], session: str | None = None) -> Message:
        """Build a request. Raises RefusedError when the contract has no place for a value, before anything is sent."""
        import zeep.exceptions  # noqa: PLC0415

        bound = self._operation(operation)
        extra: Data = {}
        if session is not None:
            header = self._client.get_element(f"{{{bound.input.body.qname.namespace}}}{_SESSION_HEADER}")
            extra["_soapheaders"] = [header(sessionId=session)]
        _refuse_letters(operation, values)
        try:
            envelope = self._client.create_message(self._client.service, operation, **values, **extra)
        except (TypeError, ValueError, zeep.exceptions.Error) as error:
            raise RefusedError(f"{operation}: the contract does not take this: {_first_line(error)}") from None
        return Message(etree.tostring(envelope, xml_declaration=True, encoding="UTF-8"), bound.soapaction)

    def reply(self, operation: str, wrapper: etree._Element) -> Data:
        """Read the wrapper element of a reply."""
        return _read_object(wrapper, self.reply_slots(operation))

    def reply_slots(self, operation: str) -> Mapping[str, Slot]:
        """Give the elements of a reply's wrapper."""
        return self._slots_of(self._operation(operation).output.body.type)

    def type_slots(self, operation: str, child: str) -> Mapping[str, Slot]:
        """Give the elements of the object that an operation answers with."""
        return self.reply_slots(operation)[child].inner or {}

    def _operation(self, name: str) -> Any:  # noqa: ANN401 - a class of zeep
        try:
            return self._operations[name]
        except KeyError:
            raise ConfigError(f"the WSDL has no operation {name}", field="wsdl") from None

    def _slots_of(self, kind: Any) -> Mapping[str, Slot]:  # noqa: ANN401 - a class of zeep
        """Give the elements of a complex type; types may hold themselves, so the table is known before it is full."""
        known = self._slots.get(id(kind))
        if known is not None:
            return known
        table: dict[str, Slot] = {}
        self._slots[id(kind)] = table
        for name, element in kind.elements:
            table[name.strip()] = self._slot(element)
        return table

    def _slot(self, element: Any) -> Slot:  # noqa: ANN401 - a class of zeep
        name = element.type.qname.localname if element.type.qname is not None else element.type.name or ""
        inner = self._slots_of(element.type) if hasattr(element.type, "elements") else None
        kind = "object" if inner is not None else _KINDS.get(name, "enum")
        return Slot(kind, name, element.accepts_multiple, not element.is_optional, inner)


_KINDS: Final = {
    "int": "int",
    "boolean": "boolean",
    "double": "double",
    "decimal": "double",
    "string": "text",
    "dateTime": "date",
    "date": "date",
    "base64Binary": "text",
    "OptionalBoolean": "optional_boolean",
}


@lru_cache(maxsize=8)
def load(path: Path) -> Contract:
    """Read a WSDL, once a process."""
    return Contract(path)


def order(data: Mapping[str, Any], slots: Mapping[str, Slot]) -> Data:
    """Give data with only what the contract has, down to the last object; zeep sees to the order."""
    kept: Data = {}
    for name, value in data.items():
        slot = slots.get(name)
        if slot is None or value is None or value == "":
            continue
        if slot.inner is not None:
            items = value if isinstance(value, list) else [value]
            objects = [order(item, slot.inner) for item in items if isinstance(item, Mapping)]
            kept[name] = objects if slot.repeated else objects[0] if objects else {}
        else:
            kept[name] = value
    return kept


def whole(data: Mapping[str, Any], slots: Mapping[str, Slot]) -> Data:
    """Give an object that was read as it goes back whole: ordered, with the nulls that the contract does not let us
    leave out.

    Reading leaves every null out. An optional one may stay out; a required choice that nobody made, a required text
    without letters and a required object without children have to go back as they came, or nothing of the record can
    be written. What else is missing is left for zeep to name.
    """
    made = order(data, slots)
    for name, slot in slots.items():
        if slot.inner is not None:
            if name in made:
                made[name] = _each_whole(made[name], slot.inner)
            elif slot.required:
                made[name] = _left_out() if slot.repeated else whole({}, slot.inner)
        elif name not in made and slot.required and not slot.repeated:
            null = _null(slot)
            if null is not None:
                made[name] = null
    return made


def _each_whole(value: object, slots: Mapping[str, Slot]) -> Any:  # noqa: ANN401 - JSON
    return [whole(item, slots) for item in value] if isinstance(value, list) else whole(_object(value), slots)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _null(slot: Slot) -> str | None:
    """Give the null of a required choice or text; None: its kind has none."""
    if slot.kind in ("enum", "optional_boolean"):
        return "Not_Selected" if slot.type_name in _NOT_SELECTED else "None_Selected"
    return "" if slot.kind == "text" else None


def _left_out() -> object:
    """Give what makes zeep leave out a list that was read empty, though the contract wants one of its objects."""
    import zeep  # noqa: PLC0415

    return zeep.xsd.SkipValue


# -- reading ----------------------------------------------------------------------------------------------------------


def _read_object(element: etree._Element, slots: Mapping[str, Slot]) -> Data:
    found: Data = {}
    for child in element:
        name = etree.QName(child).localname
        slot = slots.get(name)
        if slot is None or name in WITHHELD:  # a newer release of the contract says more than we know
            continue
        value = _read(child, slot)
        if value is None:
            continue
        if slot.repeated:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _read(element: etree._Element, slot: Slot) -> Any:  # noqa: ANN401 - JSON
    if slot.inner is not None:
        # Of an object with required children something is to be sent back, if only their nulls.
        return _read_object(element, slot.inner) or ({} if any(one.required for one in slot.inner.values()) else None)
    text = given_back(element.text or "")
    if slot.kind == "text":
        return text if text or slot.required else None
    text = text.strip()
    if not text or (slot.kind in ("enum", "optional_boolean") and text in NOTHING):
        return None
    return _READERS.get(slot.kind, str)(text)


def _integer(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdecimal() else text


def _boolean(text: str) -> bool | str:
    """Read `true` of xsd:boolean and `True` of OptionalBoolean; anything else stays what it is."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


def amount(text: str) -> str:
    """Write a double digit by digit without an exponent or idle zeros: 612.40, 612.4 and 6.124E2 are one double."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    plain = format(number, "f")
    return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain


_READERS: Final = {"int": _integer, "boolean": _boolean, "optional_boolean": _boolean, "double": amount}


def _refuse_letters(operation: str, values: Mapping[str, Any], path: str = "") -> None:
    """Raise RefusedError that names the element and the letter which XML has no place for."""
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                _refuse_letters(operation, item, f"{path}{key}.")
            elif isinstance(item, str) and (names := letters.strange(item, "xml")):
                message = f"{operation}: {path}{key} holds {', '.join(names)}, which XML has no letter for"
                raise RefusedError(message, hint="Correct the text in the system that it comes from.")


def _first_line(error: BaseException) -> str:
    """Shorten what zeep says; the signature that it prints helps nobody."""
    return (str(error).splitlines() or [type(error).__name__])[0].split(" Signature:")[0]
