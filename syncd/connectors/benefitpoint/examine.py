"""What `syncd doctor` wants to know: connection, login, rights, and the contract against the live WSDL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from syncd.connectors.base import Finding
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.rights import MODULES, Rights, RightsDesk
from syncd.connectors.benefitpoint.schema import ambiguous
from syncd.connectors.benefitpoint.structures import Structures
from syncd.errors import AuthError, SyncdError

_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_SHOWN = 8
_NEEDED: Final = ("account", "product")
_GRANTED: Final = {
    True: "granted",
    False: "not granted: estimated premiums are not read",
    None: "not said: the user's record lists no permissions",
}


async def examine(client: Client, structures: Structures, desk: RightsDesk) -> tuple[Finding, ...]:
    """Look at everything; what fails early ends the examination. A person asked, so a refused login is tried again."""
    client.session.forgive()
    findings: list[Finding] = []
    try:
        session = await client.session.id()
    except AuthError as error:
        return (Finding("login", ok=False, detail=error.message, hint=error.hint),)
    except SyncdError as error:
        return (Finding("connection", ok=False, detail=error.message, hint=error.hint),)
    findings.append(Finding("login", ok=True, detail=f"as {client.settings.username}"))
    try:
        lives = await client.session.renew(session) is None
        findings.append(
            Finding("session", ok=lives, detail="echo answers" if lives else "echo did not know the session")
        )
        rights = await desk.rights(fresh=True)
        findings += _of_rights(rights, client)
        findings += await _of_names(structures)
        findings.append(await _of_wsdl(client))
    except SyncdError as error:
        findings.append(Finding("connection", ok=False, detail=error.message, hint=error.hint))
    return tuple(findings)


def _of_rights(rights: Rights, client: Client) -> Iterator[Finding]:
    for module in MODULES:
        why = rights.denied.get(module, "")
        needed = module in _NEEDED
        hint = f"Give the web-service user access to the {module} module in BenefitPoint." if why and needed else ""
        yield Finding(f"{module} module", ok=not why or not needed, detail=why or "open", hint=hint)
    hides = not rights.revenue
    yield Finding(
        "commission data",
        ok=not hides or client.settings.write_without_commission_rights,
        detail="hidden: plan details are not written" if hides else "visible",
        hint="Give the user a revenue-tracking role, or say `write_without_commission_rights`." if hides else "",
    )
    yield Finding(
        "View Financial Info",
        ok=True,
        detail=_GRANTED[rights.financial],
    )
    extent = "all offices" if rights.all_offices else f"{len(rights.offices)} offices"
    yield Finding("offices", ok=bool(rights.offices), detail=f"{extent}: {', '.join(rights.offices[:_SHOWN])}", hint="")


async def _of_names(structures: Structures) -> Iterator[Finding]:
    twice = await ambiguous(structures)
    kinds = await structures.product_types()
    detail = "; ".join(f"{kind}: {', '.join(sorted(names))}" for kind, names in list(twice.items())[:_SHOWN])
    return iter(
        (
            Finding("product types", ok=bool(kinds), detail=f"{len(kinds)} served"),
            Finding(
                "benefit names",
                ok=not twice,
                detail=f"named twice, so neither is mapped: {detail}" if twice else "each name stands once",
                hint="Rename one of them in BenefitPoint." if twice else "",
            ),
        )
    )


async def _of_wsdl(client: Client) -> Finding:
    """Compare the contract in use with the one that is served; a newer one may say more, but must not say other."""
    served = await served_shape(client)
    if not served:
        return Finding(
            "WSDL", ok=True, detail="BenefitPoint serves none at the usual address; the packaged one is used"
        )
    path = client.settings.wsdl
    ours = shape_of(path.read_bytes()) if path is not None else shape_of(packaged())
    wrong = [what for what in differences(ours, served) if not what.startswith("served only")]
    return Finding(
        "WSDL",
        ok=not wrong,
        detail="; ".join(wrong[:_SHOWN]) if wrong else "the served contract has all that is used here",
        hint="Save the served WSDL and name it as `wsdl` in this system's settings." if wrong else "",
    )


async def served_shape(client: Client) -> dict[str, tuple[str, ...]]:
    """Give the names of the served WSDL and of the schemas beside it that it imports; empty: none is served."""
    found: dict[str, tuple[str, ...]] = {}
    left, seen = ["BrokerConnectV4.wsdl"], set[str]()
    while left:
        name = left.pop()
        seen.add(name)
        reply = await client.get_text(name)
        if reply.ok:
            found |= shape_of(reply.content)
            left += [more for more in imported(reply.content) if more not in seen and more not in left]
    return found


def packaged() -> bytes:
    """Give the broker WSDL that comes with the program."""
    from syncd.connectors.benefitpoint.contract import PACKAGED  # noqa: PLC0415

    return (PACKAGED / "BrokerConnectV4.wsdl").read_bytes()


# -- comparing contracts ----------------------------------------------------------------------------------------------


def _parsed(content: bytes) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def imported(content: bytes) -> list[str]:
    """Name the schemas that a WSDL or schema imports from beside it; nothing else is fetched."""
    root = _parsed(content)
    if root is None:
        return []
    places = [child.get("schemaLocation") for child in root.iter(f"{_XSD}import", f"{_XSD}include")]
    return [place for place in places if place and "/" not in place and ":" not in place]


def shape_of(content: bytes) -> dict[str, tuple[str, ...]]:
    """Give the names that matter of a WSDL: types and wrappers with their children in order, SOAPActions, enums."""
    root = _parsed(content)
    if root is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for kind in root.iter(f"{_XSD}complexType"):
        above = kind.getparent()
        name = kind.get("name") or (above.get("name") if above is not None else None)
        if name is not None:
            # The public contract says how often the children of a type may stand, not those of a message's wrapper.
            wrapper = kind.get("name") is None
            children = kind.iterfind(f"{_XSD}sequence/{_XSD}element")
            found[f"type {name.strip()}"] = tuple(_element(child, wrapper=wrapper) for child in children)
    for simple in root.iter(f"{_XSD}simpleType"):
        if simple.get("name"):
            values = (value.get("value", "") for value in simple.iter(f"{_XSD}enumeration"))
            found[f"enum {simple.get('name')}"] = tuple(values)
    for operation in root.iterfind(f"{_WSDL}binding/{_WSDL}operation"):
        action = operation.find(f"{_SOAP}operation")
        found[f"operation {operation.get('name')}"] = (action.get("soapAction", "") if action is not None else "",)
    return found


def _element(child: etree._Element, *, wrapper: bool) -> str:
    kind = (child.get("type") or "").rpartition(":")[2]
    times = f"{'' if wrapper else child.get('minOccurs', '1')}..{child.get('maxOccurs', '1')}"
    return f"{(child.get('name') or '').strip()}:{kind}:{times}"


def differences(ours: Mapping[str, tuple[str, ...]], served: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Name what differs; what only the served one has begins with "served only"."""
    found: list[str] = []
    for name, inner in ours.items():
        if name not in served:
            found.append(f"{name} is not served")
        elif name.startswith("enum "):
            lost = [value for value in inner if value not in served[name]]
            found += [f"{name} has no {value} any more" for value in lost]
        else:
            common = [one for one in served[name] if one in inner]
            found += [f"{name} has no {one}" for one in inner if one not in served[name]]
            found += [f"{name} has another order"] if common != [one for one in inner if one in common] else []
    return found + [f"served only: {name}" for name in served if name not in ours]
