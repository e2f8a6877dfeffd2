"""The pipeline of a request: size, route, token, limits, role and scope, replay, handler, problem.

Handlers are plain functions without an await, so each request is done whole before the next: what the contract calls
one aggregate changes at once.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from syncd.sandbox.perfectquote.access import Access, permit
from syncd.sandbox.perfectquote.call import Answer, Call
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.problems import Problem
from syncd.sandbox.perfectquote.replay import Replay
from syncd.sandbox.perfectquote.routes import TOKEN, Route, Table, routes

PROBLEM = "application/problem+json"


class Api:
    """The ASGI application of PerfectQuote's contract."""

    def __init__(self, firm: Firm, access: Access) -> None:
        self._firm, self._access = firm, access
        self._table = Table(routes(firm))
        self.replay = Replay()
        self._requests = 0

    def operation(self, method: str, path: str) -> str:
        """Name what is asked for: `GET /v1/plans/{id}`; unknown paths share one name."""
        if path == TOKEN:
            return f"{method} {TOKEN}"
        route, _, _ = self._table.find(method, path)
        return route.operation if route is not None else f"{method} (unknown)"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        body = await request.body()
        self._requests += 1
        request_id = request.headers.get("x-request-id") or f"req-{self._requests}"
        try:
            answer = await self._answer(request, body)
            response = _response(answer.body, answer.status, answer.headers)
        except Problem as problem:
            response = _response(problem.document(request_id), problem.status, problem.headers, PROBLEM)
        response.headers["X-Request-Id"] = request_id
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Answer:
        if len(body) > self._firm.switches["body_limit"]:
            raise Problem("too_large", f"a body has at most {self._firm.switches['body_limit']} bytes")
        authorization = request.headers.get("authorization", "")
        if request.url.path == TOKEN:
            return self._token(request, body, authorization)
        route, ids = self._route(request)
        if self._firm.faults.take(route.operation, "session_expiry") is not None:
            self._access.expire(authorization)
        if self._firm.faults.take(route.operation, "status_500") is not None:
            raise Problem("internal", "the sandbox was told to break here; nothing was done")
        token = self._access.token(authorization)
        call = Call(
            route.method,
            route.template,
            ids,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            token,
            route.operation,
        )
        with self._access.counted(token):
            if self._firm.switches["work_s"]:
                await asyncio.sleep(self._firm.switches["work_s"])
            return self._work(route, call)

    def _token(self, request: Request, body: bytes, authorization: str) -> Answer:
        if request.method != "POST":
            raise Problem("method_not_allowed", "a token is asked for by POST", headers={"Allow": "POST"})
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Problem("unsupported_media", "a token is asked for by a form (RFC 6749)")
        return Answer(self._access.issue(body, authorization), 200, {"Cache-Control": "no-store"})

    def _route(self, request: Request) -> tuple[Route, Any]:
        route, ids, verbs = self._table.find(request.method, request.url.path)
        if route is None and verbs:
            allowed = ", ".join(verbs)
            raise Problem("method_not_allowed", f"{request.url.path} knows {allowed}", headers={"Allow": allowed})
        if route is None:
            raise Problem("not_found", f"no call {request.method} {request.url.path}")
        return route, ids

    def _work(self, route: Route, call: Call) -> Answer:
        permit(call.token, self._firm.store.users[call.actor], route.scope, writes=route.writes)
        again = self.replay.again(call, self._firm.now)
        if again is not None:
            return again
        answer = route.handler(call)
        self.replay.keep(call, answer, self._firm.now)
        return answer


def _response(body: Any, status: int, headers: dict[str, str], media_type: str = "application/json") -> Response:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status, headers, None if body is None else media_type)
