"""The network in front of a vendor: counts what is asked for and plays the faults that no vendor would play itself.

An ASGI application around the vendor's. Dropping a connection needs the socket, which ASGI hides: `Connections` is told
of every socket by the server's protocol and finds it again by the peer's address. Without a server (tests over
`httpx.ASGITransport`) a dropped connection is a ConnectionResetError.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syncd.sandbox.faults import WIRE, Fault, Faults
from syncd.sandbox.vendor import VendorApp

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes; a vendor's own, smaller limit is the vendor's business."""

_AFTER_WORK = {"lost_reply", "truncated"}
_INSTEAD = {"status_429", "status_502", "status_503", "html_200", "reset"}
_LINGER_NONE = struct.pack("ii", 1, 0)  # closing sends RST, as a crashed peer does, not an orderly end

HTML = (
    "<!DOCTYPE html><html><head><title>Please wait</title></head>"
    "<body><h1>We will be right back</h1><p>The service is being looked after.</p></body></html>"
)


class Connections:
    """The open sockets of one server, by peer address."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, peer: tuple[str, int] | None, transport: asyncio.Transport) -> None:
        """Remember a socket."""
        if peer is not None:
            self._open[peer] = transport

    def closed(self, peer: tuple[str, int] | None) -> None:
        """Forget a socket."""
        if peer is not None:
            self._open.pop(peer, None)

    async def drop(self, scope: Scope, receive: Receive, *, at_once: bool) -> None:
        """End the connection of a request: `at_once` with a reset, else after what was written has left."""
        client = scope.get("client")
        transport = self._open.get((client[0], client[1])) if client else None
        if transport is None:
            raise ConnectionResetError("the sandbox dropped the connection")
        if at_once:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            transport.abort()
        else:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


@dataclass
class Wire:
    """The vendor behind its network."""

    vendor: VendorApp
    faults: Faults
    connections: Connections
    requests: Counter[str] = field(default_factory=Counter)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops, so that nobody waits out a latency."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body = await _body(receive)
        if body is None:
            await Response("too large", 413)(scope, receive, send)
            return
        operation = self.vendor.operation_of(scope, body)
        self.requests[operation] += 1
        fault = self.faults.take(operation, *WIRE)
        if fault is not None and fault.kind == "latency":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), fault.seconds)
        if fault is not None and fault.kind in _INSTEAD:
            await self._instead(fault, scope, receive, send)
        elif fault is not None and fault.kind in _AFTER_WORK:
            await self._spoil(fault, scope, body, receive, send)
        else:
            await self.vendor.app(scope, _replay(body, receive), send)

    async def _instead(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without doing the work, or do not answer."""
        if fault.kind == "reset":
            await self.connections.drop(scope, receive, at_once=True)
            return
        if fault.kind == "html_200":
            await Response(HTML, media_type="text/html")(scope, receive, send)
            return
        status, seconds = int(fault.kind.removeprefix("status_")), round(fault.seconds)
        media_type, content = self.vendor.refusal(status, seconds)
        headers = {} if status == 502 else {"Retry-After": str(seconds)}
        await Response(content, status, headers, media_type)(scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Do the work and lose the answer, or half of it."""
        start, content = await _answer(self.vendor.app, scope, _replay(body, receive))
        if fault.kind == "lost_reply":
            await self.connections.drop(scope, receive, at_once=True)
            return
        await send(start)
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        await self.connections.drop(scope, receive, at_once=False)


async def _body(receive: Receive) -> bytes | None:
    """Read the whole body; None when it is longer than anyone would send."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read once more, then what really comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Let the vendor work and keep its answer."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])
