"""The sandboxes as a process, and their back doors: reset and restore, edits by people, faults, the clock, counts.

Plain HTTP on loopback without credentials; what the back door refuses is a mistake of ours and raises.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

CLOCK = "2026-11-20T12:00:00Z"
"""When every history over HTTP begins."""
START_S = datetime.fromisoformat(CLOCK).timestamp()
_READY_S = 60.0


class DoorError(RuntimeError):
    """The back door refused: the step is not one that a person could do."""


@dataclass(frozen=True)
class Door:
    """The back door of one vendor. Each call has a connection of its own: one that is kept dies while a test thinks."""

    url: str

    def call(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the back door. Raises DoorError."""
        where = urlsplit(self.url)
        text = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)) as connection:
            connection.request(method, f"{where.path}/{what}", text, {"content-type": "application/json"})
            reply = connection.getresponse()
            content = reply.read()
        if reply.status != http.client.OK:
            raise DoorError(f"{method} {what}: {reply.status} {content.decode()[:500]}")
        return json.loads(content)

    def edit(self, kind: str, record_id: str | None, changes: Mapping[str, Any], **more: Any) -> Any:
        """Edit a record as a person, or make one (`record_id` None), in the vendor's own words."""
        said = {"kind": kind, "id": record_id, "as": "dana", "set": dict(changes), **more}
        return self.call("POST", "edit", said)

    def delete(self, kind: str, record_id: str) -> Any:
        """Delete a record as a person."""
        return self.call("POST", "edit", {"kind": kind, "id": record_id, "as": "dana", "delete": True})

    def fault(self, kind: str, match: str = "*", **more: Any) -> None:
        """Break what `match` names, once unless `times` says so."""
        self.call("POST", "faults", {"kind": kind, "match": match, **more})

    def due(self) -> list[dict[str, Any]]:
        """Give the faults that may still meet a call."""
        held = self.call("GET", "faults")["faults"]
        return [one for one in held if one["times"] is None or one["fired"] < one["times"]]

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Hold the faults back for a while, so that looking from outside meets none and uses none up."""
        due = self.due()
        if due:
            self.call("DELETE", "faults")
        try:
            yield
        finally:
            for one in due:
                left = None if one["times"] is None else one["times"] - one["fired"]
                after = max(one["after"] - one["seen"], 0)
                self.fault(one["kind"], one["match"], times=left, after=after, seconds=one["seconds"])

    def requests(self) -> dict[str, int]:
        """Give how often each operation was asked since the counts were cleared."""
        return dict(self.call("GET", "requests")["operations"])

    def set_clock(self, at: float) -> None:
        """Stop the clock of all vendors of the process at a moment (seconds since 1970)."""
        now = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        self.call("POST", "clock", {"now": now, "frozen": True})


@dataclass
class Vendor:
    """One vendor's sandbox: what the ready line says of it, and its back door."""

    name: str
    said: Mapping[str, Any]
    door: Door


@contextmanager
def running(seed: int = 1) -> Iterator[dict[str, Vendor]]:
    """Start PerfectQuote and BenefitPoint, wait until they listen, stop them afterwards."""
    command = [sys.executable, "-m", "syncd.sandbox", "--port-base", "0", "--seed", str(seed), "--clock", CLOCK]
    with subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        late = threading.Timer(_READY_S, process.kill)
        late.start()
        vendors: dict[str, Vendor] = {}
        try:
            line = process.stdout.readline() if process.stdout else ""
            late.cancel()
            if not line:
                raise RuntimeError(f"the sandbox did not start (exit {process.poll()})")
            ready = json.loads(line)
            vendors = {name: Vendor(name, ready["systems"][name], Door(url)) for name, url in ready["backdoor"].items()}
            yield vendors
        finally:
            late.cancel()
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
