"""A known secret is in no error, however it was written; what only sounds like one stays."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape as xml_escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.cli.logs import Redaction
from syncd.connectors import registry
from syncd.connectors.http import Http
from syncd.errors import SyncdError, TransientError
from syncd.redact import REDACTED, SECRETS, Secrets

SECRET = "tr0ub4dor&3 /\"plant'é"

WRITTEN = {
    "as it is": str,
    "in a path": lambda secret: quote(secret, safe=""),
    "in a path, lower case": lambda secret: quote(secret, safe="").lower(),
    "in a path, with slashes": quote,
    "in a query": quote_plus,
    "in a form": lambda secret: urlencode({"a": secret}),
    "in JSON": json.dumps,
    "in JSON, slashes escaped": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "in JSON as text": lambda secret: json.dumps(secret, ensure_ascii=False),
    "in JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "in HTML": escape,
    "in XML": xml_escape,
    "on one line": lambda secret: " ".join(secret.split()),
    "in base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "as basic login": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "as basic login of sync": lambda secret: base64.b64encode(f"sync:{secret}".encode()).decode(),
    "as basic login, more behind": lambda secret: base64.b64encode(f"x:{secret}, and more".encode()).decode(),
    "in hex": lambda secret: secret.encode().hex().upper(),
    "shouted": str.upper,
}


@settings(max_examples=60)
@given(
    secret=st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=8, max_size=40).filter(
        lambda text: len(text.strip()) >= 8
    ),
    way=st.sampled_from(sorted(WRITTEN)),
)
def test_a_known_secret_is_found_however_it_is_written(secret, way):
    """R17: whatever a secret is made of, and however a vendor writes it, none of it is left."""
    secrets = Secrets()
    secrets.know(secret)
    written = WRITTEN[way](secret)
    hidden = secrets.hide(f"before {written} behind")
    assert REDACTED in hidden
    assert written not in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" behind")


@pytest.mark.parametrize("way", WRITTEN)
def test_no_error_holds_a_known_secret(way):
    """R17: an error forgets a secret when it is made, in its words and in its hint."""
    SECRETS.know(SECRET)
    written = WRITTEN[way](SECRET)
    error = SyncdError(f"refused: {written}", hint=f"ask about {written}")
    assert written not in f"{error} {error.message} {error.hint} {error.args}"
    assert error.message.startswith("refused: ")


def test_a_short_secret_stands_by_itself():
    """N16: a secret of four letters is no reason to cut words to pieces."""
    SECRETS.know("test")
    assert SyncdError("the latest test: (test), testing").message == f"the latest {REDACTED}: ({REDACTED}), testing"
    SECRETS.know("abc")
    assert SyncdError("abc").message == "abc"


def test_tokens_that_ended_are_forgotten_and_what_was_set_is_not():
    """R17: a service that runs for a year does not look for a year's tokens."""
    secrets = Secrets()
    secrets.know("a password that was set")
    for number in range(1000):
        secrets.know(f"token-number-{number:04d}", lasting=False)
    assert len(secrets._forms) < 500
    assert secrets.hide("a password that was set, token-number-0999") == f"{REDACTED}, {REDACTED}"


def test_what_a_connector_is_told_is_known(tmp_path):
    """R17: secrets are known by the connector's model, or by their name, before anything can go wrong."""
    (tmp_path / "toy.py").write_text(
        "from pydantic import BaseModel, SecretStr\n\n\nclass Settings(BaseModel):\n    pin: SecretStr | None = None\n"
        "    api_key: str = ''\n    user: str = ''\n\n\ndef connect(system, settings, state):\n"
        "    raise ValueError('offline')\n"
    )
    told = {"pin": "model-secret", "api_key": "named-secret", "user": "somebody"}
    with pytest.raises(ValueError, match="offline"):
        registry.load("toy", "toy", told, connectors_path=[tmp_path])
    said = SyncdError("model-secret named-secret somebody").message
    assert said == f"{REDACTED} {REDACTED} somebody"


async def test_what_a_vendor_gave_out_and_a_header_carries_is_known():
    """R17: a token that is sent in a header is known by that, whichever connector sends it."""
    http = Http("acme", "http://127.0.0.1:9", attempts=1)
    with pytest.raises(TransientError):
        await http.request(
            "x", "GET", "y", kind="read", headers={"Authorization": "Bearer t0k3n-1", "X-Session-Id": "s3ss10n-1"}
        )
    assert SyncdError("t0k3n-1 s3ss10n-1 x").message == f"{REDACTED} {REDACTED} x"
    await http.aclose()


CAUSES = [
    "token: not connected (ConnectError)",
    "token: no answer (ReadTimeout)",
    "token: refused for now (429), asks to wait 24 h",
    "token: 401 invalid_client: the client is not known",
    "password: expected a text",
    "secret: this key is missing",
    "credentials: the file /etc/syncd/credentials2026.d is not there",
    "the session: it has ended after 20 minutes",
    "session-id: expired yesterday",
    "cookie: none was set",
    "authorization: not granted for this office",
    "basic authentication failed",
    "Basic Life 25000 and AD&D",
    "bearer token expired",
    "digest mismatch on page 2",
    "login.token: failed (500)",
    "its api_key is wrong; token is renewed, sign in again",
]


@pytest.mark.parametrize("cause", CAUSES)
def test_words_that_sound_like_secrets_are_no_secrets(cause):
    """N16: a cause is read in the log as it was written, whatever words it is made of."""
    told = Redaction()(None, "", {"event": "vendor_failed", "why": cause, "answer": [cause]})
    assert told == {"event": "vendor_failed", "why": cause, "answer": [cause]}
