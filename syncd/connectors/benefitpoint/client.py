"""Calls to BenefitPoint: contract, session and the HTTP seam joined.

`call` gives the plain data of a reply; whatever goes wrong is an error of `syncd.errors` that names the system. Every
call is a POST; what may be repeated depends on what it does, not on the verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.connectors.benefitpoint import contract
from syncd.connectors.benefitpoint.contract import PACKAGED, Contract, Data
from syncd.connectors.benefitpoint.session import Session
from syncd.connectors.benefitpoint.settings import Settings
from syncd.connectors.benefitpoint.soap import SessionLostError, body_of, check_result, is_fault
from syncd.connectors.http import Http, Operation, Reply
from syncd.connectors.registry import State
from syncd.errors import SyncdError


class Client:
    """One installation, spoken to as one user."""

    def __init__(self, system: str, settings: Settings, state: State, http: Http | None = None) -> None:
        self.system, self.settings = system, settings
        self.http = http or Http.of(system, settings)
        password = settings.password.get_secret_value()
        self.session = Session(self._login_call, settings.username, password, settings.base_url, state)

    @property
    def contract(self) -> Contract:
        """Give the contract of the broker service."""
        return contract.load(self.settings.wsdl or PACKAGED / "BrokerConnectV4.wsdl")

    @property
    def login_contract(self) -> Contract:
        """Give the contract of the login service."""
        return contract.load(PACKAGED / "LoginV2.wsdl")

    async def call(self, operation: str, *, kind: Operation = "read", **values: Any) -> Data:  # noqa: ANN401 - SOAP
        """Make one call of the broker service, with one new session if ours died. Raises as `soap` says."""
        session = await self._with_system(self.session.id())
        try:
            return await self._send(operation, values, session, kind)
        except SessionLostError:
            renewed = await self._with_system(self.session.renew(session))
            if renewed is None:
                raise
            return await self._send(operation, values, renewed, kind)

    async def change(self, operation: str, *, kind: Operation, **values: Any) -> int | None:  # noqa: ANN401 - SOAP
        """Make a call that changes something, once; give its id. Raises RefusedError with every message."""
        reply = await self.call(operation, kind=kind, **values)
        try:
            return check_result(operation, reply.get("result"), kind)
        except SyncdError as error:
            error.system = self.system
            raise

    async def get_text(self, path: str) -> Reply:
        """Fetch a file beside the services, such as the live WSDL."""
        return await self.http.request("wsdl", "GET", path, kind="read", expect="any")

    async def aclose(self) -> None:
        """Log out and close every connection."""
        try:
            await self.session.close()
        finally:
            await self.http.aclose()

    async def _send(self, operation: str, values: Mapping[str, Any], session: str, kind: Operation) -> Data:
        return await self._exchange(self.contract, self.settings.broker_path, operation, values, session, kind)

    async def _login_call(self, operation: str, values: Mapping[str, Any]) -> Data:
        # A login is sent once: whoever repeats it walks towards the lock-out. Its faults are answers like any other.
        sent: Operation = "write" if operation == "login" else "read"
        return await self._exchange(
            self.login_contract, self.settings.login_path, operation, values, None, "read", sent
        )

    async def _exchange(
        self,
        service: Contract,
        path: str,
        operation: str,
        values: Mapping[str, Any],
        session: str | None,
        kind: Operation,
        sent: Operation | None = None,
    ) -> Data:
        try:
            message = service.message(operation, values, session)
            reply = await self.http.request(
                operation,
                "POST",
                path,
                kind=sent or kind,
                headers={"content-type": "text/xml; charset=utf-8", "soapaction": f'"{message.action}"'},
                content=message.content,
                expect="xml",
                is_answer=is_fault,
            )
            return service.reply(operation, body_of(reply, operation, kind))
        except SyncdError as error:
            error.system = self.system
            raise

    async def _with_system(self, call: Any) -> Any:  # noqa: ANN401 - whatever the session gives
        try:
            return await call
        except SyncdError as error:
            error.system = self.system
            raise
