"""The sandboxes as servers on loopback, for tests: one process, its addresses and credentials, and its back door.

The process is started as a user would start it; nothing of it is imported here. What a vendor's user does goes through
the back door, which is plain HTTP without credentials.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

READY_S = 60


@dataclass(frozen=True)
class BackDoor:
    """What tests do to one vendor from outside: reset it, edit as a person, break it, count what it was asked."""

    url: str

    def call(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the back door; an answer that is no success fails the test."""
        with httpx.Client(trust_env=False, verify=False, timeout=30) as client:  # no certificates to load
            reply = client.request(method, f"{self.url}/{what}", json=None if body is None else dict(body))
        assert reply.is_success, f"back door {what}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def reset(self) -> None:
        """Give the seeded state again, without faults, and count from nought."""
        self.call("POST", "reset", {})
        self.call("DELETE", "faults")
        self.call("DELETE", "requests")

    def edit(self, kind: str, record_id: str, changes: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Edit a record as a person (`as_`, dana unless said) in the vendor's own words."""
        said = {"kind": kind, "id": record_id, "as": more.pop("as_", "dana"), **more}
        return self.call("POST", "edit", said if changes is None else {**said, "set": dict(changes)})

    def delete(self, kind: str, record_id: str) -> Any:
        """Delete a record as a person."""
        return self.edit(kind, record_id, delete=True)

    def fault(self, kind: str, match: str = "", **more: Any) -> Any:
        """Break what `match` names, once unless `times` says so."""
        return self.call("POST", "faults", {"kind": kind, "match": match, **more})

    def requests(self) -> dict[str, int]:
        """Give how often each operation was asked."""
        return dict(self.call("GET", "requests")["operations"])

    def snapshot(self) -> Any:
        """Give the vendor's whole state."""
        return self.call("GET", "snapshot")


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: per system what the ready line says, and its back door."""

    systems: Mapping[str, Mapping[str, Any]]
    backdoors: Mapping[str, BackDoor]


@contextmanager
def running(*systems: str, seed: int = 1, clock: str = "2026-11-20T12:00:00Z", port_base: int = 0) -> Iterator[Sandbox]:
    """Start a sandbox of these systems (default: of all), wait until it listens, stop it afterwards."""
    said = [part for system in systems for part in ("--system", system)]
    command = [sys.executable, "-m", "syncd.sandbox", *said, "--port-base", str(port_base), "--seed", str(seed)]
    with subprocess.Popen(
        [*command, "--clock", clock], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        late = threading.Timer(READY_S, process.kill)
        late.start()
        try:
            line = process.stdout.readline() if process.stdout else ""
            late.cancel()
            assert line, f"the sandbox did not start: {process.poll()}"
            ready = json.loads(line)
            doors = {system: BackDoor(url) for system, url in ready["backdoor"].items()}
            yield Sandbox(ready["systems"], doors)
        finally:
            late.cancel()
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
