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

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_NOT_AUTHORIZED = re.compile(r"not authori[sz]ed", re.IGNORECASE)
_SESSION = re.compile(
    r"session\b.*\b(?:not valid|invalid|expired|unknown|timed? ?out|ended|required)"
    r"|(?:invalid|expired|unknown) session",
    re.IGNORECASE | re.DOTALL,
)
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
    return reply.status == 500 and b"Fault" in reply.content and ENVELOPE.encode() in reply.content


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
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.doctype or root.tag != f"{{{ENVELOPE}}}Envelope":
        return None
    body = root.find(f"{{{ENVELOPE}}}Body")
    return body[0] if body is not None and len(body) else None


def fault(element: etree._Element, operation: str, kind: Operation) -> SyncdError:
    """Say what a fault means."""
    code = (element.findtext("faultcode") or "").rpartition(":")[2]
    text = " ".join((element.findtext("faultstring") or "no reason given").split())
    if _NOT_AUTHORIZED.search(text):
        return NotAuthorizedError(f"{operation}: {text}")
    if _SESSION.search(text):
        return SessionLostError(f"{operation}: {text}")
    if code.startswith("Client"):
        return RefusedError(f"{operation}: {text}")
    return (FaultError if kind == "read" else UnknownOutcomeError)(f"{operation}: {text}")


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
