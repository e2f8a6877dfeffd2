"""One session per installation: log in once, share the id, renew it once when it died, never try a refused login again.

The user record of BenefitPoint has a lock-out date, so a loop of logins would lock the web-service user out for
everybody (documented; the limit is not). A refused login is therefore remembered beside the settings that were refused,
across restarts, until they change or a person asks for another try.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from syncd.connectors.benefitpoint.soap import FaultError, SessionLostError
from syncd.connectors.registry import State
from syncd.errors import AuthError, RecordError, SyncdError
from syncd.redact import SECRETS

LoginCall = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
_REFUSED = "login_refused"
_OF_CREDENTIALS = re.compile(r"password|user ?name|credential|log ?in|logon|locked|authenticat|invalid", re.IGNORECASE)


class Session:
    """The session of one installation. `call` sends an operation of the login service."""

    def __init__(self, call: LoginCall, username: str, password: str, address: str, state: State) -> None:
        self._call, self._username, self._password, self._state = call, username, password, state
        self._lock = asyncio.Lock()
        self._id: str | None = None
        # Four bytes tell changed settings from the same ones, and nothing about the password.
        text = f"{address}\0{username}\0{password}".encode()
        self._settings = blake2b(text, digest_size=4).hexdigest()

    async def id(self) -> str:
        """Give the live session, logging in when there is none. Raises AuthError, TransientError."""
        async with self._lock:
            return self._id if self._id is not None else await self._login()

    async def renew(self, stale: str) -> str | None:
        """Give a session in place of one that a call found dead; None: `echo` says that it lives.

        Whoever waited for the lock finds the session renewed already, and does not log in a second time.
        """
        async with self._lock:
            if self._id is not None and self._id != stale:
                return self._id
            if self._id is not None and await self._lives(self._id):
                return None
            self._id = None
            return await self._login()

    def forgive(self) -> None:
        """Let a refused login be tried once more: a person asked for it."""
        self._state.set(_REFUSED, None)

    async def close(self) -> None:
        """Log out, if there is a session; it would end by itself."""
        async with self._lock:
            session, self._id = self._id, None
            if session is not None:
                with suppress(SyncdError):
                    await self._call("logout", {"sessionID": session})

    async def _lives(self, session: str) -> bool:
        try:
            return (await self._call("echo", {"sessionID": session})).get("sessionID") == session
        except (SessionLostError, RecordError):
            return False

    async def _login(self) -> str:
        if self._state.get(_REFUSED) == self._settings:
            raise AuthError("the login was refused before, and is not tried again with the same name and password")
        try:
            reply = await self._call("login", {"username": self._username, "password": self._password})
        except (RecordError, SessionLostError) as error:
            raise self._refused() from error
        except FaultError as error:
            # The login service is not said to have a fault of its own for a wrong password: its words have to do.
            raise (self._refused() if _OF_CREDENTIALS.search(error.message) else error) from error
        session = reply.get("result", {}).get("sessionID")
        if not session:
            raise self._refused()
        self._id = str(session)
        SECRETS.know(self._id, lasting=False)
        return self._id

    def _refused(self) -> AuthError:
        self._state.set(_REFUSED, self._settings)
        return AuthError(
            "the login was refused",
            hint="Correct the name or password of this system, or unlock the user in BenefitPoint.",
        )
