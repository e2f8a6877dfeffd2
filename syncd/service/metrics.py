"""Metrics for Prometheus: what was run, written, asked and read, and how old what we know is.

A registry of its own, so that nothing of the process is told by accident; served on loopback only, and only when
`[service] metrics_port` is set. Labels are systems and results, never a client's name.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from syncd.errors import ConfigError

LOOPBACK = "127.0.0.1"


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.runs = Counter("syncd_runs", "Runs of groups.", ["result"], registry=registry)
        self.writes = Counter("syncd_writes", "Confirmed writes.", ["system"], registry=registry)
        self.observations = Counter(
            "syncd_observations", "Readings of systems.", ["system", "result"], registry=registry
        )
        self.requests = Counter("syncd_vendor_requests", "Requests sent to systems.", ["system"], registry=registry)
        self.questions = Gauge("syncd_questions", "Open questions.", registry=registry)
        self.lag = Gauge("syncd_lag_seconds", "Age of the last good reading.", ["system"], registry=registry)
        self.queued = Gauge("syncd_groups_queued", "Groups that wait for a run.", registry=registry)
        self._server: tuple[WSGIServer, threading.Thread] | None = None
        self._asked_for: int | None = None
        self._sent: dict[str, int] = {}

    @property
    def port(self) -> int | None:
        """Tell where the figures are served; None: nowhere."""
        return self._server[0].server_port if self._server is not None else None

    def serve(self, port: int | None) -> None:
        """Serve the figures on this port of 127.0.0.1; None: no more. Raises ConfigError."""
        if port == self._asked_for:
            return
        self.close()
        if port is not None:
            try:
                self._server = start_http_server(port, addr=LOOPBACK, registry=self.registry)
            except OSError as error:
                raise ConfigError(
                    f"port {port} of {LOOPBACK} cannot be used: {error.strerror}",
                    field="service.metrics_port",
                    hint="Name another port, or leave it out to serve no metrics.",
                ) from error
        self._asked_for = port

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
        self._server, self._asked_for = None, None

    def count_requests(self, sent: Mapping[str, int]) -> None:
        """Take over what connectors count themselves; a lower number than before is a connector that began anew."""
        for system, number in sent.items():
            before = self._sent.get(system, 0)
            self.requests.labels(system).inc(number - before if number >= before else number)
            self._sent[system] = number
