"""Envelopes and faults: what a reply's bytes say, in the words of `syncd.errors`.

Takes a reply, gives the wrapper element or raises. A fault is HTTP 500 with an answer in it; a `Result` that says
`success=false` is HTTP 200 without one. Neither "not authorized" nor a missing record can be told from the other by one
reply, so the first stays a class of its own until somebody looked closer (BenefitPoint: documented by what its clients
match on).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from syncd.connectors.http import Operation, Reply
from syncd.errors import ConnectorError, RefusedError, SyncdError, TransientError, UnknownOutcomeError
from syncd.model import letters

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPES: Final = (ENVELOPE, "http://www.w3.org/2003/05/soap-envelope")
"""Faults may come in the envelope of SOAP 1.2, whatever was asked (a client's reading): taken by local name."""
_NOT_AUTHORIZED = re.compile(r"not authori[sz]ed", re.IGNORECASE)
_SESSION = re.compile(
    r"session\b.*\b(?:not valid|invalid|expired|unknown|timed? ?out|ended|required)"
    r"|(?:invalid|expired|unknown) session",
    re.IGNORECASE | re.DOTALL,
)
_PRIVATE: Final = 0x100000
"""The last plane of Unicode, which is for private use and which no font shows."""
_LAST_LENT: Final = 0xFFFF
_MOMENTARY = frozenset({"System_Error"})


class NotAuthorizedError(RefusedError):
    """BenefitPoint does not show this record to this user: it is gone, or hidden."""

    hint = "Check the user's office access and permissions in BenefitPoint."


class FaultError(TransientError):
    """BenefitPoint answered with a fault of its own."""


class SessionLostError(TransientError):
    """The session is not live any more."""


def is_fault(reply: Reply) -> bool:
    """Tell a SOAP fault from any other answer with status 500: it is what BenefitPoint says, not that it failed."""
    return (
        reply.status == 500 and b"Fault" in reply.content and any(one.encode() in reply.content for one in _ENVELOPES)
    )


def body_of(reply: Reply, operation: str, kind: Operation) -> etree._Element:
    """Give the wrapper element of a reply. Raises what its fault means, or that it is none."""
    if reply.status in (401, 403):
        raise NotAuthorizedError(f"{operation}: refused with status {reply.status}")
    if not reply.ok and not is_fault(reply):
        raise ConnectorError(
            f"{operation}: {reply.url} answered {reply.status}, no SOAP",
            hint="Check base_url of this system: it should end in /aptusConnect.",
        )
    wrapper = _wrapper(reply.content)
    if wrapper is None:
        raise _unreadable(operation, kind, "what came back is no SOAP reply")
    name = etree.QName(wrapper).localname
    if name == "Fault":
        raise fault(wrapper, operation, kind)
    if name != f"{operation}Response":
        raise _unreadable(operation, kind, f"{name} came back")
    return wrapper


def _unreadable(operation: str, kind: Operation, what: str) -> SyncdError:
    """Give the error of a reply that says nothing: a read may be asked again, a write may have been applied."""
    return (TransientError if kind == "read" else UnknownOutcomeError)(f"{operation}: {what}")


def _wrapper(content: bytes) -> etree._Element | None:
    """Parse an envelope without entities, DTD or network; None: it is none."""
    root = _parsed(content)
    if root is None:
        root = _parsed(lent(content))
    if root is None or root.getroottree().docinfo.doctype:
        return None
    space = etree.QName(root).namespace
    if space not in _ENVELOPES or root.tag != f"{{{space}}}Envelope":
        return None
    body = root.find(f"{{{space}}}Body")
    return body[0] if body is not None and len(body) else None


def _parsed(content: bytes) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


# -- letters that XML 1.0 has no place for ----------------------------------------------------------------------------

_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));")


def lent(content: bytes) -> bytes:
    """Give a reply in which such letters, written out or as references, stand for a while as letters of a private use.

    One pasted vertical tab, which Java and .NET send as `&#11;`, would make the whole reply unreadable. `given_back`
    undoes it in each text, so that the one record that holds it can be named.
    """
    try:
        text = content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content
    text = _REFERENCE.sub(_lend_reference, text)
    return letters.replaced(text, "xml", lambda letter: chr(_PRIVATE + ord(letter))).encode("utf-8", "surrogatepass")


def _lend_reference(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    strange = code <= _LAST_LENT and letters.strange(chr(code), "xml")
    return chr(_PRIVATE + code) if strange else found.group()


def given_back(text: str) -> str:
    """Give a text with the letters that it really holds."""
    if text.isascii():
        return text
    return "".join(chr(ord(letter) - _PRIVATE) if ord(letter) >= _PRIVATE else letter for letter in text)


def fault(element: etree._Element, operation: str, kind: Operation) -> SyncdError:
    """Say what a fault means."""
    code = _said(element, "faultcode", "Value").rpartition(":")[2]
    text = " ".join((_said(element, "faultstring", "Text") or "no reason given").split())
    if _NOT_AUTHORIZED.search(text):
        return NotAuthorizedError(f"{operation}: {text}")
    if _SESSION.search(text):
        return SessionLostError(f"{operation}: {text}")
    if code.startswith(("Client", "Sender")):
        return RefusedError(f"{operation}: {text}")
    return (FaultError if kind == "read" else UnknownOutcomeError)(f"{operation}: {text}")


def _said(element: etree._Element, *names: str) -> str:
    """Give the text of the first element that is called so, whatever its namespace."""
    found = (one.text or "" for one in element.iter("{*}*") if etree.QName(one).localname in names)
    return next(found, "").strip()


def check_result(operation: str, result: Mapping[str, Any] | None, kind: Operation) -> int | None:
    """Give the id in a `Result`, or raise what its errors mean, every message in one."""
    if not isinstance(result, Mapping) or "success" not in result:
        raise _unreadable(operation, kind, "the reply holds no result")
    if result["success"] is True:
        found = result.get("ID")
        return found if isinstance(found, int) else None
    errors = result.get("errors", [])
    codes = [str(error.get("errorCode", "Application_Error")) for error in errors]
    said = "; ".join(str(error.get("message") or error.get("errorCode", "no reason given")) for error in errors)
    message = f"{operation}: {said or 'refused without a reason'}"
    if codes and all(code in _MOMENTARY for code in codes):
        raise TransientError(message)
    if "Access_Error" in codes:
        raise RefusedError(
            message, hint="Give the web-service user the right in BenefitPoint, then run `syncd doctor`."
        )
    raise RefusedError(message)
