"""BenefitPoint as a vendor of the sandbox: SOAP over HTTP, and what the kernel asks of every vendor.

The order of a call: envelope, service and operation, session, schema, rights, work, answer. Only what stands in the
shipped WSDL is served; the SOAPAction is not looked at, because a known client sends none and is served.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from syncd.sandbox.benefitpoint import contract as contracts
from syncd.sandbox.benefitpoint import edits, envelope, render
from syncd.sandbox.benefitpoint.codec import Encoder, Record, read_children
from syncd.sandbox.benefitpoint.contract import Contract, Operation, Profile
from syncd.sandbox.benefitpoint.dispatch import Dispatch
from syncd.sandbox.benefitpoint.sessions import PASSWORD, USERNAME, Sessions
from syncd.sandbox.benefitpoint.state import State
from syncd.sandbox.benefitpoint.switches import Switches
from syncd.sandbox.benefitpoint.tenant import Tenant
from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Faults
from syncd.sandbox.seed.model import World
from syncd.sandbox.vendor import Refused

ROOT: Final = "/aptusConnect"
SERVICES: Final[dict[str, Profile]] = {
    "LoginV2SOAP": "login",
    "BrokerConnectV4SOAP": "v4",
    "BrokerConnectV4_3SOAP": "v4_3",
}
_PLACEHOLDER: Final = b"https://sandbox.invalid"
_CALLED: Final = re.compile(rb"<(?:[\w.-]+:)?Body[^>]*>\s*(?:<!--.*?-->\s*)*<(?:[\w.-]+:)?([A-Za-z]\w*)", re.DOTALL)
_XML: Final = "text/xml; charset=utf-8"
_EDIT: Final = ("kind", "id", "as", "set", "delete", "after", "on", "unlock")
_FORMAT: Final = "benefitpoint-sandbox/1"


class BenefitPoint:
    """One brokerage behind its web service."""

    name = "benefitpoint"

    def __init__(self, world: World, clock: Clock, faults: Faults, seed: int) -> None:
        self._world, self._seed, self._faults = world, seed, faults
        self._switches = Switches(self._switched, tenant=max(seed, 1))
        self._sessions = Sessions(self._switches)
        catalogue = render.catalogue(world, self._switches["tenant"])
        state = render.state(world, catalogue)
        self._tenant = Tenant(state, catalogue, self._switches, clock, self._sessions)
        self._dispatch = Dispatch(self._tenant, faults)
        faults.teach(
            system_error="a write answers System_Error with status 200, a read a fault; nothing is done",
            application_error="a write answers Application_Error with status 200; nothing is done",
            access_error="a write answers Access_Error with status 200; nothing is done",
            duplicate_error="a write answers Duplicate_Error with status 200; nothing is done",
            validation_errors="a write answers two Validation_Errors with status 200; nothing is done",
        )
        self._app = Starlette(
            routes=[
                Route(f"{ROOT}/services/{{service}}", self._serve, methods=["POST"]),
                Route(f"{ROOT}/{{name}}", self._document, methods=["GET"]),
                Route(f"{ROOT}/{{folder}}/{{name}}", self._document, methods=["GET"]),
            ]
        )

    # -- what the kernel asks -----------------------------------------------------------------------------------------

    @property
    def app(self) -> ASGIApp:
        """The vendor's own surface."""
        return self._app

    @property
    def switches(self) -> MutableMapping[str, Any]:
        """See `switches`."""
        return self._switches

    def ready(self, origin: str) -> dict[str, Any]:
        """Say where the services are and who may log in."""
        base = f"{origin}{ROOT}"
        return {
            "url": base,
            "wsdl": f"{base}/{contracts.WSDL_FILE['v4']}",
            "login_wsdl": f"{base}/{contracts.WSDL_FILE['login']}",
            "username": USERNAME,
            "password": PASSWORD,
        }

    def operation_of(self, scope: Scope, body: bytes) -> str:
        """Name a request: the call for a POST to a service, else verb and path."""
        match = _CALLED.search(body[:8192]) if scope["method"] == "POST" else None
        return match[1].decode() if match else f"{scope['method']} {scope['path']}"

    def refusal(self, status: int, seconds: int) -> tuple[str, bytes]:
        """Answer as the machines in front of the vendor do: a page, not SOAP."""
        said = {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable"}.get(status, "Error")
        return "text/html", f"<html><body><h1>{status} {said}</h1><p>Retry in {seconds} s.</p></body></html>".encode()

    def reset(self) -> None:
        """Go back to the seeded state."""
        self._switches.restore_defaults()
        self._sessions.end_all()
        self._sessions.unlock()
        self._render()

    def snapshot(self) -> dict[str, Any]:
        """Give the whole state; who is logged in is not part of it."""
        return {"format": _FORMAT, "seed": self._seed, "switches": dict(self._switches), **self._tenant.state.dump()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `snapshot` gave."""
        if state.get("format") != _FORMAT:
            raise ValueError(f"format is {state.get('format')!r}, expected {_FORMAT!r}")
        held, switches = State.load(state), dict(state["switches"])
        self._switches.restore_defaults()
        self._switches.update(switches)
        self._tenant.state = held
        self._dispatch.forget()

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        """Edit as a person; with `after` (a call such as getProduct) when that call has next read the record."""
        if unknown := sorted(body.keys() - set(_EDIT)):
            raise Refused(f"unknown field {unknown[0]!r}: an edit has {', '.join(_EDIT)}")
        if body.get("unlock"):
            self._sessions.unlock()
            return {"unlocked": True}
        contract = contracts.load("v4_3")
        if body.get("after"):
            return self._dispatch.later(body, contract)
        return edits.apply(self._tenant, contract, body)

    def _switched(self, name: str) -> None:
        if name == "tenant":
            self._render()
        if name in {"tenant", "huge_accounts"}:
            accounts = self._tenant.state.tables["account"]
            for number in [number for number, account in accounts.items() if account.get("_filler")]:
                del accounts[number]
            accounts.update(render.fillers(self._tenant.catalogue, self._switches["huge_accounts"]))

    def _render(self) -> None:
        self._tenant.catalogue = render.catalogue(self._world, self._switches["tenant"])
        self._tenant.state = render.state(self._world, self._tenant.catalogue)
        self._dispatch.forget()

    # -- documents ----------------------------------------------------------------------------------------------------

    async def _document(self, request: Request) -> Response:
        """Serve a WSDL with this server's address in it, or a schema; V4.3's schemas stand in a folder of their own."""
        name, folder = request.path_params["name"], request.path_params.get("folder")
        profile = next((key for key, file in contracts.WSDL_FILE.items() if file == name), "v4_3" if folder else "v4")
        if folder not in {None, "v4_3"} or not self._answers(profile):
            return Response("not found", 404)
        try:
            content = contracts.document(name, profile)
        except KeyError:
            return Response("not found", 404)
        content = content.replace(_PLACEHOLDER, str(request.base_url).rstrip("/").encode())
        if profile == "v4_3" and not folder:
            content = content.replace(b'schemaLocation="common', b'schemaLocation="v4_3/common')
        return Response(content, media_type=_XML)

    def _answers(self, profile: Profile) -> bool:
        return profile == "login" or self._switches["profile"] in {profile, "both"}

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _serve(self, request: Request) -> Response:
        """Answer one SOAP request."""
        profile = SERVICES.get(request.path_params["service"])
        if profile is None or not self._answers(profile):
            return Response("not found", 404)
        kind = request.headers.get("content-type", "text/xml").partition(";")[0].strip().lower()
        if kind != "text/xml":
            return Response("SOAP 1.1 is text/xml", 415)
        try:
            return Response(self._answer(contracts.load(profile), await request.body()), media_type=_XML)
        except envelope.Fault as fault:
            return Response(envelope.fault(fault), 500, media_type=_XML)

    def _answer(self, contract: Contract, content: bytes) -> bytes:
        asked = envelope.read(content)
        operation = contract.operations.get(asked.name.localname)
        if asked.name.namespace != contract.namespace or operation is None:
            raise envelope.Fault(f"There is no operation {asked.name.text}.", "Client")
        if contract.profile != "login":
            self._dispatch.admit(operation, asked.session)
        if not contract.validator.validate(asked.body):
            raise envelope.Fault(str(contract.validator.error_log[0].message), "Client")
        args = _read(contract, operation, asked)
        work = self._login if contract.profile == "login" else self._dispatch.work
        root, wrapper = envelope.answer(contract.namespace, operation.name)
        result = work(operation, args, contract)
        if operation.output is not None:
            strange, unfilled = (frozenset(self._switches[name]) for name in ("unknown_enum", "unfilled"))
            encoder = Encoder(contract, self._switches["nulls"] == "none_selected", strange, unfilled)
            # A response without its child is an empty result; only a list or a record stands in it.
            if result is not None:
                encoder.write(wrapper, operation.output, result)
        return envelope.serialise(root)

    def _login(self, operation: Operation, args: Record, contract: Contract) -> Any:
        now = self._tenant.clock.now()
        match operation.name:
            case "login":
                try:
                    session = self._sessions.login(args["username"], args["password"], now)
                except envelope.Fault:
                    if self._sessions.locked_at == now:
                        self._note("lastLockoutOn")
                    raise
                self._note("lastLoginOn")
                return {"sessionID": session}
            case "logout":
                return self._sessions.end(args["sessionID"])
            case "echo":
                self._expire(operation.name)
                self._sessions.use(args["sessionID"], now)
                return args["sessionID"]
            case _:
                self._sessions.use(args["sessionID"], now)
                return self._tenant.state.tables["user"][self._tenant.catalogue.user_ids["ws"]]

    def _expire(self, operation: str) -> None:
        if self._faults.take(operation, "session_expiry"):
            self._sessions.end_all()

    def _note(self, name: str) -> None:
        self._tenant.state.tables["user"][self._tenant.catalogue.user_ids["ws"]][name] = self._tenant.stamp()


def _read(contract: Contract, operation: Operation, asked: envelope.Request) -> Record:
    try:
        return read_children(contract, operation.inputs, asked.body)
    except (ValueError, OverflowError) as error:
        raise envelope.Fault(f"A value cannot be read: {error}", "Client") from error
