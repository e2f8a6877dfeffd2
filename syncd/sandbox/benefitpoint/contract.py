"""The contract as the shipped WSDL and schemas say it: types, enumerations, operations, and a validator for bodies.

Takes the files under `wire/`, gives tables that the codec follows, so that names, order and cardinality stand in one
place. The V4.3 profile is V4 with the differences that are publicly known, put in here; where a new field stands in its
sequence is not known, so it stands at the end (our reading). What V4.3's files are called is our reading too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from lxml import etree

Profile: TypeAlias = Literal["login", "v4", "v4_3"]

XSD: Final = "http://www.w3.org/2001/XMLSchema"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
LOGIN: Final = "http://ws.benefitpoint.com/aptusconnect/login/v2"
BROKER: Final = "http://ws.benefitpoint.com/aptusconnect/broker/v4"
BROKER_4_3: Final = "http://ws.benefitpoint.com/aptusconnect/broker/v4_3"
COMMON: Final = "http://ws.benefitpoint.com/common/v3"

WSDL_FILE: Final[Mapping[Profile, str]] = {
    "login": "LoginV2.wsdl",
    "v4": "BrokerConnectV4.wsdl",
    "v4_3": "BrokerConnectV4_3.wsdl",
}
NAMESPACE: Final[Mapping[Profile, str]] = {"login": LOGIN, "v4": BROKER, "v4_3": BROKER_4_3}
SCHEMAS: Final = ("common-v3.xsd", "common-enum-v3.xsd")
NULLS: Final = ("None_Selected", "Not_Selected")

# (type, field, type of the field, "[]" when it repeats): the publicly known additions of V4.3.
_ADDED_FIELDS: Final = (
    ("Product", "acaSafeHarborType", "xsd:string"),
    ("Product", "acaSafeHarborReportingYear", "xsd:int"),
    ("Product", "customCancellationReasonID", "xsd:int"),
    ("AdditionalProductInfo", "requires5500", "xsd:boolean"),
    ("AdditionalProductInfo", "erisaPlan", "xsd:string"),
    ("AdditionalProductInfo", "erisaPlanYearEndMonth", "xsd:int"),
    ("AdditionalProductInfo", "erisaPlanYearEndDay", "xsd:int"),
    ("AdditionalProductInfo", "alternativePlanID", "xsd:string"),
    ("RateField", "tiered", "xsd:boolean"),
    ("RateField", "calculated", "xsd:boolean"),
    ("Commission", "premiumOverrideAmount", "xsd:double"),
    ("Account", "excludedPurge", "xsd:boolean"),
    ("Account", "accountTeamMembers", "tns:AccountTeamMember[]"),
    ("AccountTeamMember", "teamRolePrimary", "xsd:boolean"),
    ("AccountIntegrationInfo", "ams360AccountBusinessType", "tns:Ams360AccountBusinessType"),
    ("User", "createdOn", "xsd:dateTime"),
    ("User", "notes", "xsd:string"),
)
_BUSINESS_TYPES: Final = (
    *("isBenefits", "isCommercial", "isFinancial", "isHealth", "isLife", "isNonPropertyAndCasualty", "isPersonal"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a sequence. `type` is a local name; `base` says whose: `xsd` or the contract's own."""

    name: str
    type: str
    base: Literal["xsd", "own"]
    required: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A call: the children of its request, and the one child of its response (login's logout has none)."""

    name: str
    inputs: tuple[Field, ...]
    output: Field | None


@dataclass(frozen=True, slots=True)
class Contract:
    """One service. `wsdl` is its document as bytes, with the placeholder address of the file."""

    profile: Profile
    namespace: str
    types: Mapping[str, tuple[Field, ...]]
    enums: Mapping[str, tuple[str, ...]]
    operations: Mapping[str, Operation]
    validator: etree.XMLSchema
    wsdl: bytes

    def null_of(self, enum: str) -> str:
        """Give the word by which an enumeration says that nothing was chosen."""
        return next((word for word in self.enums[enum] if word in NULLS), NULLS[0])


class _Shipped(etree.Resolver):
    """Answers every include from memory, so that nothing is ever looked up elsewhere."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._documents = documents

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        """Give a shipped document, or an empty one."""
        name = (system_url or "").rsplit("/", 1)[-1]
        return self.resolve_string(self._documents.get(name, b"<none/>"), context, base_url=name)


_BLANK_BEHIND: Final = re.compile(rb'(<xsd:element name="[^"]*[^" ]) +"')


@lru_cache(maxsize=3)
def load(profile: Profile) -> Contract:
    """Read one service's contract; the result is shared and never changed."""
    documents = {name: document(name, profile) for name in (WSDL_FILE[profile], *SCHEMAS)}
    # A name is an NCName, whose blanks collapse; libxml2 takes the blank of "inquirerPhone3 " for a letter.
    included = {name: _BLANK_BEHIND.sub(rb'\1"', content) for name, content in documents.items()}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    parser.resolvers.add(_Shipped(included))
    wsdl = etree.fromstring(documents[WSDL_FILE[profile]], parser)
    schema = next(wsdl.iter(f"{{{XSD}}}schema"))
    trees = [schema, *(etree.fromstring(documents[name], parser) for name in SCHEMAS)]
    wrappers = {element.get("name", ""): element for element in schema.findall(f"{{{XSD}}}element")}
    return Contract(
        profile=profile,
        namespace=NAMESPACE[profile],
        types=MappingProxyType({name: fields for tree in trees for name, fields in _types(tree)}),
        enums=MappingProxyType({name: words for tree in trees for name, words in _enums(tree)}),
        operations=MappingProxyType(dict(_operations(wrappers))),
        validator=etree.XMLSchema(etree.fromstring(etree.tostring(schema), parser, base_url=WSDL_FILE[profile])),
        wsdl=documents[WSDL_FILE[profile]],
    )


def document(name: str, profile: Profile) -> bytes:
    """Give a file as this profile has it. Raises KeyError for a file that does not exist."""
    shipped = WSDL_FILE["v4"] if name == WSDL_FILE["v4_3"] else name
    if shipped not in {*WSDL_FILE.values(), *SCHEMAS}:
        raise KeyError(name)
    content = (files(__package__) / "wire" / shipped).read_bytes()
    return _as_4_3(content) if profile == "v4_3" else content


def _as_4_3(content: bytes) -> bytes:
    """Put the differences of V4.3 into a file of V4."""
    content = content.replace(f'{BROKER}"'.encode(), f'{BROKER_4_3}"'.encode())
    content = content.replace(f"{BROKER}/".encode(), f"{BROKER_4_3}/".encode())
    content = content.replace(b"BrokerConnectV4", b"BrokerConnectV4_3")
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for owner, name, kind in _ADDED_FIELDS:
        for sequence in root.iterfind(f"{{{XSD}}}complexType[@name='{owner}']/{{{XSD}}}sequence"):
            _append(sequence, name, kind)
    if root.get("targetNamespace") == COMMON and root.find(f"{{{XSD}}}complexType") is not None:
        added = etree.SubElement(root, f"{{{XSD}}}complexType", name="Ams360AccountBusinessType")
        sequence = etree.SubElement(added, f"{{{XSD}}}sequence")
        for name in _BUSINESS_TYPES:
            _append(sequence, name, "xsd:boolean")
    for industry in root.iterfind(f"{{{XSD}}}simpleType[@name='IndustryType']/{{{XSD}}}restriction"):
        etree.SubElement(industry, f"{{{XSD}}}enumeration", value="Cannabis")
    for element in root.iter(f"{{{XSD}}}element"):
        if element.get("name") == "getProductTypes":
            _append(next(element.iter(f"{{{XSD}}}sequence")), "returnAllTypes", "xsd:boolean")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _append(sequence: etree._Element, name: str, kind: str) -> None:
    element = etree.SubElement(sequence, f"{{{XSD}}}element", name=name, type=kind.removesuffix("[]"), minOccurs="0")
    if kind.endswith("[]"):
        element.set("maxOccurs", "unbounded")


def _types(tree: etree._Element) -> Iterator[tuple[str, tuple[Field, ...]]]:
    for kind in tree.iterfind(f"{{{XSD}}}complexType"):
        yield kind.get("name", ""), _fields(kind)


def _enums(tree: etree._Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind in tree.iterfind(f"{{{XSD}}}simpleType"):
        yield kind.get("name", ""), tuple(word.get("value", "") for word in kind.iter(f"{{{XSD}}}enumeration"))


def _operations(wrappers: Mapping[str, etree._Element]) -> Iterator[tuple[str, Operation]]:
    for name, element in wrappers.items():
        answer = wrappers.get(f"{name}Response")
        if answer is not None:
            yield name, Operation(name, _fields(element), next(iter(_fields(answer)), None))


def _fields(owner: etree._Element) -> tuple[Field, ...]:
    return tuple(_field(element) for element in owner.iter(f"{{{XSD}}}element") if element is not owner)


def _field(element: etree._Element) -> Field:
    prefix, _, kind = element.get("type", "").rpartition(":")
    return Field(
        # "inquirerPhone3 " stands with its blank in the contract; an XML name has none, so none is sent.
        name=element.get("name", "").strip(),
        type=kind,
        base="xsd" if prefix == "xsd" else "own",
        required=element.get("minOccurs") != "0",
        many=element.get("maxOccurs") == "unbounded",
    )
