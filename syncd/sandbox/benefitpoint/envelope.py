"""The SOAP 1.1 envelope: reading a request, writing an answer, and the two ways in which the vendor says no.

A `Fault` is HTTP 500. A `Rejected` is HTTP 200 with `success` false, which only calls that answer with a `Result` can
say. Texts are ours, except for the one sentence by which production clients recognise a record that is gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
NOT_AUTHORIZED: Final = "You are not authorized to access the requested information."
SESSION_INVALID: Final = "The session is not valid or has expired."
_LIMIT_BYTES: Final = 4 * 1024 * 1024


class Fault(Exception):  # noqa: N818 - SOAP's word
    """The call failed: HTTP 500 with `faultcode` (soapenv:Client or soapenv:Server) and `faultstring`."""

    def __init__(self, text: str, code: str = "Server") -> None:
        super().__init__(text)
        self.text, self.code = text, code


class Rejected(Exception):  # noqa: N818 - the outcome of a call, not a defect
    """A write was not taken: (error code, message), one or several at once."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("; ".join(message for _, message in errors))
        self.errors: Sequence[tuple[str, str]] = errors


@dataclass(frozen=True, slots=True)
class Request:
    """What came in: the one element of the body and the session of the header, if any."""

    body: etree._Element
    session: str | None

    @property
    def name(self) -> etree.QName:
        """The wrapper: the call is dispatched by it, whatever the SOAPAction says."""
        return etree.QName(self.body)


def read(content: bytes) -> Request:
    """Read an envelope. Raises Fault: not XML, a DOCTYPE, not SOAP 1.1, or not exactly one element in the body."""
    if len(content) > _LIMIT_BYTES:
        raise Fault("The message is too large.", "Client")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Fault(f"The message is not well-formed: {error.msg}", "Client") from error
    if root.getroottree().docinfo.doctype:
        raise Fault("A DOCTYPE is not allowed in a SOAP message.", "Client")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Fault("The message is not a SOAP 1.1 envelope.", "VersionMismatch")
    body = root.find(f"{{{SOAP}}}Body")
    calls = [child for child in (body if body is not None else ()) if isinstance(child.tag, str)]
    if len(calls) != 1:
        raise Fault("The body holds exactly one call.", "Client")
    return Request(calls[0], _session(root, etree.QName(calls[0]).namespace))


def _session(root: etree._Element, namespace: str | None) -> str | None:
    """Find `SessionIdHeader/sessionId`: the wrapper in the call's namespace, the child in none."""
    header = root.find(f"{{{SOAP}}}Header/{{{namespace}}}SessionIdHeader/sessionId")
    return None if header is None else header.text


def answer(namespace: str, name: str) -> tuple[etree._Element, etree._Element]:
    """Give an envelope and the response wrapper in it, to be filled."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "ns": namespace})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    return root, etree.SubElement(body, f"{{{namespace}}}{name}Response")


def fault(error: Fault) -> bytes:
    """Write a fault; its two children are unqualified, as SOAP 1.1 says."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = f"soapenv:{error.code}"
    etree.SubElement(element, "faultstring").text = error.text
    return serialise(root)


def serialise(root: etree._Element) -> bytes:
    """Write a document; what XML has no letter for goes out as a reference (`&#11;`), as Java and .NET write it."""
    written = etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()
    return _LENT.sub(lambda found: f"&#{ord(found.group()) - _PRIVATE};", written).encode()


_PRIVATE: Final = 0x100000
_LENT: Final = re.compile("[\U00100000-\U0010ffff]")
_STRANGE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def lent(text: str) -> str:
    """Give a text that a document takes: until it is written, what XML lacks stands in the last plane of Unicode."""
    return _STRANGE.sub(lambda found: chr(_PRIVATE + ord(found.group())), text)
