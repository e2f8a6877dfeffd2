"""Match recorded SOAP requests by what they ask: the canonical Body, without the header and without secrets."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

SCRUBBED = "redacted"
_SECRETS = ("sessionID", "sessionId", "password", "taxpayerID", "taxPayerID", "ssn")
_SECRET = re.compile(rf"<(?P<name>{'|'.join(_SECRETS)})>[^<]*</")
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


def scrubbed(content: bytes | str | None) -> bytes:
    """Give a message with every secret blanked."""
    text = content.decode() if isinstance(content, bytes) else content or ""
    return _SECRET.sub(lambda found: f"<{found['name']}>{SCRUBBED}</", text).encode()


def canonical(content: bytes | str | None) -> bytes:
    """Give the Body in canonical XML; a request without one is what it is."""
    blank = scrubbed(content)
    try:
        body = etree.fromstring(blank, etree.XMLParser(resolve_entities=False, no_network=True)).find(_BODY)
    except etree.XMLSyntaxError:
        return blank
    return blank if body is None else etree.tostring(body, method="c14n", exclusive=True)


def soap_body(left: Any, right: Any) -> None:
    """Compare two requests of vcrpy: a matcher for `match_on`."""
    assert canonical(left.body) == canonical(right.body)
