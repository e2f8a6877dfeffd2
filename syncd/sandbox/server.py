"""The kernel: builds the vendors, listens on loopback, says when it is ready, stops cleanly.

One process, one event loop, one port per vendor, one clock for all. A vendor's folder is imported when it is asked for,
so that PerfectQuote alone does not pay for BenefitPoint's XML.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from syncd.sandbox.backdoor import PREFIX, Backdoor
from syncd.sandbox.clock import Clock, stamp
from syncd.sandbox.faults import Faults
from syncd.sandbox.running import noted
from syncd.sandbox.seed.load import load
from syncd.sandbox.vendor import VendorApp
from syncd.sandbox.wire import Connections, Wire

SYSTEMS = ("perfectquote", "benefitpoint")
"""In this order from `--port-base` + 1 on."""

HOST = "127.0.0.1"
_STOP_S = 1
"""How long requests in flight may take to finish once a stop was asked for."""


@dataclass(frozen=True)
class Options:
    """What to serve. `port_base` 0 takes free ports; `state` is a file to go on from and to save to at the stop."""

    systems: tuple[str, ...] = SYSTEMS
    port_base: int = 8800
    seed: int = 1
    clock: str | None = None
    state: Path | None = None


@dataclass(frozen=True)
class Served:
    """One vendor with what stands around it; `app` is what listens."""

    vendor: VendorApp
    wire: Wire
    app: ASGIApp


def assemble(system: str, world: Any, clock: Clock, seed: int) -> Served:
    """Build a vendor behind its wire, with its back door."""
    faults = Faults()
    build = cast("Callable[..., VendorApp]", import_module(f"syncd.sandbox.{system}").build)
    vendor = build(world, clock, faults, seed)
    wire = Wire(vendor, faults, Connections())
    backdoor = Backdoor(vendor, clock, faults, wire.requests).app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            side = backdoor if scope["path"].startswith(f"{PREFIX}/") else wire
            await side(scope, receive, send)

    return Served(vendor, wire, app)


TAKEN = 3
"""Exit code when somebody else listens where the vendors would; 2 is for what was asked wrongly."""


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code. A port that is taken says so."""
    try:
        sockets = [_listen(_port(options, system)) for system in options.systems]
    except OSError as error:
        print(f"syncd sandbox: cannot listen: {error}. Choose another --port-base, or 0.", file=sys.stderr)  # noqa: T201
        return TAKEN
    clock = Clock(options.clock, frozen=True)  # until ready, so that the seeded stamps are the same at every start
    world = load(options.seed)
    served = [assemble(system, world, clock, options.seed) for system in options.systems]
    if options.state is not None and (wrong := _resume(options.state, served, clock)):
        for sock in sockets:
            sock.close()
        print(f"syncd sandbox: {options.state}: {wrong}. Name another --state, or remove it.", file=sys.stderr)  # noqa: T201
        return 2
    asyncio.run(_serve(served, sockets, clock))
    if options.state is not None:
        try:
            _save(options.state, served, clock)
        except OSError as error:
            print(f"syncd sandbox: {options.state}: it cannot be saved: {error.strerror}.", file=sys.stderr)  # noqa: T201
            return 3
    return 0


def _port(options: Options, system: str) -> int:
    return options.port_base and options.port_base + 1 + SYSTEMS.index(system)


def _listen(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
        sock.listen()  # two processes may bind one port, and only one may listen: better to know it now
    except OSError as error:
        sock.close()
        raise OSError(f"port {port} of {HOST}: {error.strerror}") from error
    return sock


async def _serve(served: list[Served], sockets: list[socket.socket], clock: Clock) -> None:
    servers = [_server(one) for one in served]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in zip(servers, sockets, strict=True)]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.01)
    clock.freeze(frozen=False)
    origins = _origins(served, sockets)
    with noted({name: origin + PREFIX for name, origin in origins.items()}):  # whoever reads that it is ready finds it
        _announce(served, origins)
        await stop.wait()
    for one, server in zip(served, servers, strict=True):
        one.wire.stopping.set()
        server.should_exit = True
    await asyncio.gather(*tasks)


def _server(one: Served) -> uvicorn.Server:
    config = uvicorn.Config(
        one.app,
        http=_protocol(one.wire.connections),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_S,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment] # the signals are ours
    return server


def _protocol(connections: Connections) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        """Says which sockets are open, and sends small answers at once."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            # asyncio does this too since 3.6; a reply held back 40 ms by Nagle would spoil every measurement.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().connection_made(transport)
            connections.opened(self.client, transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.client)
            super().connection_lost(exc)

    return Protocol


def _origins(served: list[Served], sockets: list[socket.socket]) -> dict[str, str]:
    """Give the address of each vendor."""
    return {
        one.vendor.name: f"http://{HOST}:{sock.getsockname()[1]}" for one, sock in zip(served, sockets, strict=True)
    }


def _announce(served: list[Served], origins: dict[str, str]) -> None:
    """Say that it is ready, with the back doors."""
    ready = {
        "ready": True,
        "systems": {one.vendor.name: one.vendor.ready(origins[one.vendor.name]) for one in served},
        "backdoor": {name: origin + PREFIX for name, origin in origins.items()},
    }
    print(json.dumps(ready), flush=True)  # noqa: T201 - the ready line is the interface
    for name, origin in origins.items():
        print(f"{name} at {origin}, back door at {origin}{PREFIX}/", file=sys.stderr)  # noqa: T201


def _resume(path: Path, served: list[Served], clock: Clock) -> str:
    """Go on from a file, if it is there; say what is wrong with it, "": nothing."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        clock.set(saved["clock"])
        for one in served:
            if one.vendor.name in saved["systems"]:
                one.vendor.restore(saved["systems"][one.vendor.name])
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return f"it is no state that a sandbox saved ({type(error).__name__})"
    return ""


def _save(path: Path, served: list[Served], clock: Clock) -> None:
    saved = {"clock": stamp(clock.now()), "systems": {one.vendor.name: one.vendor.snapshot() for one in served}}
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(saved), encoding="utf-8")
    beside.replace(path)
