"""sd_notify: tell systemd how the service is. Without $NOTIFY_SOCKET nothing is told and nothing fails."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

PINGS_PER_LIMIT = 3
PATIENCE_S = 0.2
"""A manager that does not read its socket must not stop the loop: the line is lost, the next one may get through."""


class Notifier:
    """A line to the service manager (sd_notify(3)): one datagram per message."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for an abstract socket, which begins with a zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        mine = environ.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        limit_us = environ.get("WATCHDOG_USEC", "")
        self.ping_s = int(limit_us) / 1e6 / PINGS_PER_LIMIT if mine and limit_us.isdecimal() else 0.0
        """Seconds between two pings; 0: nobody watches."""

    def tell(self, *lines: str) -> None:
        """Send assignments like READY=1. That nobody listens is no reason to stop."""
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(PATIENCE_S)
                line.connect(self._address)
                line.sendall("\n".join(lines).encode())
