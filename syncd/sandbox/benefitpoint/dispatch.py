"""From a valid call to its answer: session, rights, faults, work, and edits that a person makes in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from syncd.sandbox.benefitpoint import edits
from syncd.sandbox.benefitpoint.calls import (  # noqa: F401 - importing registers
    accounts,
    activity,
    changes,
    contacts,
    coverage,
    products,
    reference,
    relationships,
    summaries,
)
from syncd.sandbox.benefitpoint.calls.registry import CALLS, Call, Entry, refused
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.contract import Contract, Operation
from syncd.sandbox.benefitpoint.envelope import NOT_AUTHORIZED, Fault, Rejected
from syncd.sandbox.benefitpoint.state import State
from syncd.sandbox.benefitpoint.tenant import Tenant
from syncd.sandbox.faults import Faults
from syncd.sandbox.tidy import tidied
from syncd.sandbox.vendor import Refused

_TEXTS: Final = (
    *("accountName", "DBA", "name", "description", "notes", "policyNumber", "website", "value"),
    *("ancillaryText", "shortDescription", "longDescription", "exclusionsLimitations"),
)
"""Free texts, which a vendor that tidies changes (`tidy`)."""
# Kinds of faults that a write answers with a Result, and what it says.
_RESULTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "system_error": (("System_Error", "The system is busy. Try again later."),),
    "application_error": (("Application_Error", "An unexpected error occurred."),),
    "access_error": (("Access_Error", "The user has no access to this module."),),
    "duplicate_error": (("Duplicate_Error", "A record with the same key already exists."),),
    "validation_errors": (
        ("Validation_Error", "A required value is missing."),
        ("Validation_Error", "A value is out of range."),
    ),
}


class Dispatch:
    """Lets calls in and does them."""

    def __init__(self, tenant: Tenant, faults: Faults) -> None:
        self._tenant, self._faults = tenant, faults
        self._pending: list[tuple[str, int, dict[str, Any], Contract]] = []
        """Edits to be made after a call has read a record: call, the record's id, edit, contract."""

    def admit(self, operation: Operation, session: str | None) -> None:
        """Ask for a live session. Raises Fault."""
        if self._faults.take(operation.name, "session_expiry"):
            self._tenant.sessions.end_all()
        self._tenant.sessions.use(session, self._tenant.clock.now())

    def work(self, operation: Operation, args: Record, contract: Contract) -> Any:
        """Do a call and give the response's child. Raises Fault; a refused write is a `Result`."""
        entry = CALLS[operation.name]
        try:
            self._allow(operation.name, entry)
            lie = entry.writes and self._faults.take(operation.name, "lying_stamp") is not None
            kept = tidied(args, self._tenant.switches["tidy"], _TEXTS) if entry.writes else args
            answer = entry.do(Call(self._tenant, kept, contract, lie))
        except Rejected as error:
            return refused(error.errors)
        if isinstance(answer, list):
            answer = self._shortened(operation.name, answer)
        self._edit_after(operation.name, entry, args)
        return answer

    def _allow(self, name: str, entry: Entry) -> None:
        """Raise what a denied module or an armed fault makes of the call."""
        fault = self._faults.take(name, *_RESULTS)
        if fault is not None and entry.writes:
            raise Rejected(*_RESULTS[fault.kind])
        if fault is not None:
            raise Fault(_RESULTS[fault.kind][0][1])
        if entry.module in self._tenant.switches["rights.denied_modules"]:
            if entry.writes:
                raise Rejected(*_RESULTS["access_error"])
            raise Fault(NOT_AUTHORIZED)

    def _shortened(self, name: str, answer: list[Any]) -> list[Any]:
        """Play a listing that is empty, or that stops half-way without a word."""
        fault = self._faults.take(name, "empty_list", "partial_list")
        if fault is None:
            return answer
        return [] if fault.kind == "empty_list" else answer[: len(answer) // 2]

    # -- a person between reading and writing -------------------------------------------------------------------------

    def later(self, body: dict[str, Any], contract: Contract) -> Record:
        """Keep an edit until the call `after` has read the record `on`, else the edited one. Raises Refused."""
        name = str(body["after"])
        entry = CALLS.get(name)
        if entry is None or entry.reads is None:
            reading = sorted(key for key, one in CALLS.items() if one.reads)
            raise Refused(f"after is {name!r}: one of {', '.join(reading)}")
        kind = entry.reads[0]
        number = str(body.get("on", body.get("id", "")))
        if not number.isdigit() or int(number) not in self._tenant.state.tables[kind]:
            raise Refused(f"no {kind} {number}")
        edit = {key: value for key, value in body.items() if key not in {"after", "on"}}
        # Tried on a copy, so that a mistake is told to who made it and not to the call that comes after.
        rehearsal = State.load(self._tenant.state.dump())
        edits.apply(replace(self._tenant, state=rehearsal), contract, edit)
        self._pending.append((name, int(number), edit, contract))
        return {"after": name, "on": int(number)}

    def forget(self) -> None:
        """Drop the edits that are still to come: the state they were meant for is gone."""
        self._pending.clear()

    def _edit_after(self, name: str, entry: Entry, args: Record) -> None:
        if entry.reads is None or not self._pending:
            return
        number = args[entry.reads[1]]
        due = [item for item in self._pending if item[:2] == (name, number)]
        self._pending = [item for item in self._pending if item[:2] != (name, number)]
        for _, _, edit, contract in due:
            edits.apply(self._tenant, contract, edit)
