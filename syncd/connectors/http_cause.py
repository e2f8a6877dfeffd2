"""Why a vendor was not reached, in words for an operator: refused, unknown name, certificate, too slow.

Takes a transport's exception with all that caused it, gives words and the one thing to do. Quotes nothing of what the
libraries say: that may hold an address, a header or a body.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

AGAIN: Final = "the next run tries again."
LOOK_AT_ADDRESS: Final = "Check base_url of this system: what answers there is not its API."


@dataclass(frozen=True, slots=True)
class Cause:
    """What kept us from an answer, and what to do. `lasting`: trying again changes nothing."""

    words: str
    hint: str
    lasting: bool = False


# OpenSSL's X509_V_ERR_… codes.
_CERTIFICATES: Final = {
    9: ("is not valid yet", "Set the clock of this machine right."),
    10: ("has expired", "The vendor has to renew it; nothing is sent until then."),
    18: ("is self-signed", "Make it known to this machine (SSL_CERT_FILE), if it is the right one."),
    19: ("is signed by an authority of its own", "Make that authority known to this machine (SSL_CERT_FILE)."),
    20: ("is signed by an unknown authority", "Make that authority known to this machine (SSL_CERT_FILE)."),
    62: ("is for another name", "Check base_url of this system."),
    64: ("is for another address", "Check base_url of this system: write the name that the certificate is for."),
}
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_UP: Final = "See that it is up and that base_url is right; "


def cause_of(error: BaseException) -> Cause:
    """Find what was the matter in an exception and its causes."""
    chain = list(_chain(error))
    for look in (_of_certificate, _of_tls, _of_name, _of_connection, _of_time):
        for one in chain:
            if (found := look(one)) is not None:
                return found
    return Cause(f"the connection broke ({type(error).__name__})", _UP + AGAIN)


def _of_certificate(error: BaseException) -> Cause | None:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    code = getattr(error, "verify_code", None)
    what, hint = _CERTIFICATES.get(code or 0, ("cannot be verified", "Check base_url of this system."))
    return Cause(f"its certificate was not accepted: it {what}", hint, lasting=True)


def _of_tls(error: BaseException) -> Cause | None:
    if not isinstance(error, ssl.SSLError):
        return None
    return Cause("what answers there does not speak TLS as we do", "Check base_url of this system: host and port.")


def _of_name(error: BaseException) -> Cause | None:
    if not isinstance(error, socket.gaierror):
        return None
    return Cause("this machine finds no such name (DNS)", f"Check base_url, and that names can be looked up; {AGAIN}")


def _of_connection(error: BaseException) -> Cause | None:
    if isinstance(error, ConnectionRefusedError):
        return Cause("the connection was refused", _UP + AGAIN)
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return Cause("the connection was cut off", _UP + AGAIN)
    if isinstance(error, OSError) and error.errno in _NO_WAY:
        return Cause("no way leads there from this machine", f"Check network and firewall; {AGAIN}")
    return None


def _of_time(error: BaseException) -> Cause | None:
    name = type(error).__name__
    hint = f"See whether it is slow, down or behind a firewall, and timeout_s of this system; {AGAIN}"
    if name == "ConnectTimeout":
        return Cause("no connection came about in time", hint)
    if name == "PoolTimeout":
        return Cause("all our connections were busy for too long", hint)
    return (
        Cause("no answer came in time", hint) if isinstance(error, TimeoutError) or name.endswith("Timeout") else None
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an exception and what led to it, the members of groups included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _chain(one)
        error = error.__cause__ or error.__context__
