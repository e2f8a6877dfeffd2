"""Logins: sessions with an idle time, and the lock after repeated wrong passwords.

Neither the life time of a session, nor the number of sessions, nor when a user is locked is documented: all are
switches. That a lock exists is: a user has `lastLockoutOn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from syncd.sandbox.benefitpoint.envelope import SESSION_INVALID, Fault
from syncd.sandbox.benefitpoint.switches import Switches

USERNAME: Final = "ws.syncd@example-brokerage.test"
PASSWORD: Final = "practice-only"  # noqa: S105 - made up, printed in the ready line
WRONG: Final = "The user name or password is not valid."
LOCKED: Final = "The user is locked. Try again later or ask an administrator."


@dataclass
class Sessions:
    """Who is logged in. `serial` makes session ids, which look random and are not."""

    switches: Switches
    live: dict[str, datetime] = field(default_factory=dict)
    """Session id -> when it was last used."""
    wrong: int = 0
    locked_at: datetime | None = None
    serial: int = 0

    def login(self, username: str | None, password: str | None, now: datetime) -> str:
        """Open a session. Raises Fault for a wrong name or password, and for a locked user whatever the password."""
        if self.locked_at is not None and now - self.locked_at < timedelta(seconds=self.switches["lockout_s"]):
            raise Fault(LOCKED, "Client")
        if self.locked_at is not None:
            self.unlock()
        if (username, password) != (USERNAME, PASSWORD):
            self.wrong += username == USERNAME
            if self.wrong >= self.switches["lockout_after"]:
                self.locked_at = now
            raise Fault(WRONG, "Client")
        self.wrong = 0
        if self.switches["one_session_only"]:
            self.live.clear()
        self.serial += 1
        session = f"SANDBOX-{self.serial * 0x9E3779B97F4A7C15 % 2**64:016x}"
        self.live[session] = now
        return session

    def use(self, session: str | None, now: datetime) -> None:
        """Say that a session was used. Raises Fault for one that is unknown, ended or was idle too long."""
        used = self.live.get(session or "")
        if used is None or now - used > timedelta(seconds=self.switches["session_ttl_s"]):
            self.live.pop(session or "", None)
            raise Fault(SESSION_INVALID)
        self.live[session or ""] = now

    def end(self, session: str | None) -> None:
        """Log out. Raises Fault for a session that is not live."""
        if self.live.pop(session or "", None) is None:
            raise Fault(SESSION_INVALID)

    def end_all(self) -> None:
        """Let every session die, as a restart of the server does."""
        self.live.clear()

    def unlock(self) -> None:
        """Let the user log in again."""
        self.wrong, self.locked_at = 0, None
