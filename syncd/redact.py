"""Known secrets, and how they are taken out of whatever is said: values as they are, not words that sound like one.

What a person set and what a vendor gave out (tokens, sessions) is made known here by whoever first holds it; every
error takes it out of its words when it is made, the door to vendors out of what a vendor answers to a failure, and the
log out of every event. A secret is found as it is, and as addresses, JSON, XML, base64 and hex write it. Does no I/O.
"""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Final

REDACTED: Final = "(redacted)"
CALLED: Final = (
    r"[\w-]*(?:password|passwd|passphrase|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|authorization|cookie|session[_-]?id|signature)"
)
"""What a secret is called in a query, a header, a body or an element; letters may stand before it."""
_NAMES_A_SECRET: Final = re.compile(rf"(?i)^{CALLED}$")
SHORTEST: Final = 4
"""A secret that is shorter is not looked for: it would take out half of every word."""
_WORDLIKE: Final = 8
"""One that is shorter than this must stand by itself: `test` is no part of `latest`."""
_SHORTEST_CODED: Final = 6
_GIVEN_OUT: Final = 8
"""So many tokens and sessions are remembered; older ones have ended."""


def names_a_secret(name: str) -> bool:
    """Tell whether what is called so is a secret."""
    return bool(_NAMES_A_SECRET.match(name))


class Secrets:
    """The secrets of one process."""

    def __init__(self) -> None:
        self._lasting: dict[str, None] = {}
        self._given_out: deque[str] = deque(maxlen=_GIVEN_OUT)
        self._forms: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None

    def know(self, secret: str, *, lasting: bool = True) -> None:
        """Take out this secret from now on; one that a vendor gave out (not `lasting`) until newer ones came."""
        if len(secret) < SHORTEST or secret in self._lasting or secret in self._given_out:
            return
        if lasting:
            self._lasting[secret] = None
        else:
            self._given_out.append(secret)
        found = {form for one in (*self._lasting, *self._given_out) for form in _forms(one)}
        forms = sorted(found, key=lambda form: (-len(form), form))
        # The pattern first: who looks at the forms of before meanwhile finds those of before.
        self._pattern = re.compile("|".join(map(_standing, forms)), re.IGNORECASE)
        self._forms = tuple({form.casefold() for form in forms})

    def forget(self) -> None:
        """Know no secret any more."""
        self.__init__()  # type: ignore[misc]

    def hide(self, text: str) -> str:
        """Give a text without any known secret."""
        small = text.casefold()
        if self._pattern is None or not any(form in small for form in self._forms):
            return text
        return self._pattern.sub(REDACTED, text)

    def hide_in(self, data: bytes) -> bytes:
        """Give bytes without any known secret."""
        text = data.decode("utf-8", "surrogateescape")
        hidden = self.hide(text)
        return data if hidden is text else hidden.encode("utf-8", "surrogateescape")


SECRETS: Final = Secrets()


def _standing(form: str) -> str:
    """Give the pattern of a form; a short one stands by itself."""
    pattern = re.escape(form)
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if len(form) < _WORDLIKE else pattern


def _forms(secret: str) -> Iterator[str]:
    """Give a secret in every way in which it may be written."""
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield " ".join(secret.split()) or secret
    for safe, blank in (("-._~", "%20"), ("-._~", "+"), ("-._~/", "%20"), ("*-._", "+")):
        yield _percent(data, safe, blank)
    for ascii_only in (True, False):
        inside = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield from (inside, inside.replace("/", "\\/"), json.dumps(inside)[1:-1])
    marked = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for quote, mark in (
        ('"', "'"),
        ("&quot;", "&apos;"),
        ("&quot;", "&#39;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&#x27;"),
    ):
        yield marked.replace('"', quote).replace("'", mark)
    yield from (form for form in _coded(data) if len(form) >= _SHORTEST_CODED)


def _percent(data: bytes, safe: str, blank: str) -> str:
    def one(byte: int) -> str:
        char = chr(byte)
        if char == " ":
            return blank
        return char if char in safe or (char.isascii() and char.isalnum()) else f"%{byte:02X}"

    return "".join(map(one, data))


def _coded(data: bytes) -> Iterator[str]:
    """Give base64 wherever in a longer text the secret may begin (`user:secret`), and hex."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + data).decode()
        # The letters at either end also hold bits of what stands before and behind.
        end = len(coded) if (before + len(data)) % 3 == 0 else len(coded.rstrip("=")) - 1
        core = coded[(0, 2, 3)[before] : end]
        yield from (core, core.replace("+", "-").replace("/", "_"))
    yield data.hex()
