"""`/__sandbox/`: what only a sandbox has, for every vendor alike. JSON over HTTP, without a login, on loopback.

A wrong request answers 422 with `{"error": text}`, so that a typo in a test is not a silent no-op.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from syncd.sandbox import tidy
from syncd.sandbox.clock import Clock, stamp
from syncd.sandbox.faults import Faults
from syncd.sandbox.vendor import Refused, VendorApp

PREFIX = "/__sandbox"


class Backdoor:
    """The back door of one vendor."""

    def __init__(self, vendor: VendorApp, clock: Clock, faults: Faults, requests: Counter[str]) -> None:
        self._vendor, self._clock, self._faults, self._requests = vendor, clock, faults, requests

    def app(self) -> ASGIApp:
        """Give the application that answers under `/__sandbox/`."""
        doors: tuple[tuple[str, str, Callable[[dict[str, Any]], Any]], ...] = (
            ("POST", "reset", self._reset),
            ("GET", "snapshot", self._snapshot),
            ("POST", "restore", self._restore),
            ("GET", "clock", self._clock_now),
            ("POST", "clock", self._set_clock),
            ("GET", "faults", self._list_faults),
            ("POST", "faults", self._add_fault),
            ("DELETE", "faults", self._clear_faults),
            ("GET", "switches", self._list_switches),
            ("POST", "switches", self._set_switches),
            ("POST", "edit", self._edit),
            ("GET", "requests", self._list_requests),
            ("DELETE", "requests", self._clear_requests),
        )
        return Starlette(routes=[Route(f"{PREFIX}/{path}", _door(do), methods=[verb]) for verb, path, do in doors])

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        self._vendor.reset()
        self._faults.clear()
        self._requests.clear()
        return {"reset": True}

    def _snapshot(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._vendor.snapshot()

    def _restore(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            self._vendor.restore(body)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(f"not a snapshot of {self._vendor.name}: {error!r}") from error
        return {"restored": True}

    def _clock_now(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"now": stamp(self._clock.now()), "frozen": self._clock.frozen}

    def _set_clock(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, "now", "advance_s", "frozen")
        if "now" in body:
            self._clock.set(str(body["now"]))
        if "advance_s" in body:
            self._clock.advance(float(body["advance_s"]))
        if "frozen" in body:
            self._clock.freeze(frozen=bool(body["frozen"]))
        return self._clock_now(body)

    def _list_faults(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"faults": self._faults.show(), "kinds": self._faults.kinds}

    def _add_fault(self, body: dict[str, Any]) -> dict[str, Any]:
        fault = self._faults.add(body)
        return {"id": fault.id}

    def _clear_faults(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, "id")
        return {"cleared": self._faults.clear(body.get("id"))}

    def _list_switches(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(self._vendor.switches)

    def _set_switches(self, body: dict[str, Any]) -> dict[str, Any]:
        held = self._vendor.switches
        for name, value in body.items():
            if name not in held:
                raise Refused(f"unknown switch {name!r}: one of {', '.join(sorted(held))}")
            if name == "tidy":
                tidy.check(value)
            if not _same_type(value, held[name]):
                raise Refused(f"switch {name} is {value!r}: expected a value like {held[name]!r}")
        held.update(body)
        return dict(held)

    def _edit(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._vendor.edit(body)

    def _list_requests(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"total": self._requests.total(), "operations": dict(sorted(self._requests.items()))}

    def _clear_requests(self, body: dict[str, Any]) -> dict[str, Any]:
        total = self._requests.total()
        self._requests.clear()
        return {"cleared": total}


def _door(do: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Read JSON, do it, answer JSON."""

    async def answer(request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise Refused(f"a JSON object is expected, not {type(body).__name__}")
            return JSONResponse(do(body))
        except (Refused, ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 422)

    return answer


def _only(body: dict[str, Any], *known: str) -> None:
    unknown = sorted(body.keys() - set(known))
    if unknown:
        raise Refused(f"unknown field {unknown[0]!r}: one of {', '.join(known)}")


def _same_type(value: object, held: object) -> bool:
    """Tell whether a switch keeps its type: numbers are one type, and what is unset takes anything."""
    if held is None or value is None:
        return True
    if isinstance(held, bool) or isinstance(value, bool):
        return isinstance(held, bool) and isinstance(value, bool)
    if isinstance(held, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(held))
