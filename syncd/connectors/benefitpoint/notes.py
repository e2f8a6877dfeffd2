"""Hand-offs as activity-log records: found again by a marker in their text, closed when the value appears.

The log is searched by account only, and its summaries hold the short description, so the marker stands there. What was
found once is remembered, and looked at again before it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncd.connectors.base import Note
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data, Slot, order, whole
from syncd.connectors.benefitpoint.soap import NotAuthorizedError
from syncd.connectors.benefitpoint.structures import Structures
from syncd.connectors.benefitpoint.values import number
from syncd.connectors.registry import State
from syncd.errors import RefusedError, UnknownOutcomeError
from syncd.model import letters

_SHORT: Final = 250
"""Characters of the one line that are used; the contract names no limit."""
_OPEN, _CLOSED = "Open", "Closed"


class Notes:
    """The activity log of the accounts."""

    def __init__(self, client: Client, structures: Structures, accounts: Accounts, state: State) -> None:
        self._client, self._structures, self._accounts, self._state = client, structures, accounts, state

    async def find(self, group: str, marker: str) -> tuple[str, Note] | None:
        """Find a note by its marker, among open and closed ones."""
        account = _account(group)
        remembered = self._state.get(_key(group, marker))
        if remembered is not None and (note := await self._read(int(remembered), marker)) is not None:
            return remembered, note
        for record in await self._candidates(account, marker):
            note = await self._read(record, marker)
            if note is not None:
                self._state.set(_key(group, marker), str(record))
                return str(record), note
        return None

    async def write(self, note: Note, note_id: str | None) -> str:
        """Create a note, or bring one up to date, once."""
        if note_id is None:
            return await self._create(note)
        record = number(note_id)
        if record is None:
            raise RefusedError("BenefitPoint has no activity-log record of this id")
        raw = (await self._client.call("getActivityLogRecord", recordID=record)).get("record", {})
        update = {**raw, **_said(note)}
        if note.done:
            update["resolution"] = raw.get("resolution") or "The value was entered."
        await self._client.change("updateActivityLogRecord", kind="write", update=whole(update, self._slots()))
        return note_id

    async def _create(self, note: Note) -> str:
        account = _account(note.group)
        raw = await self._accounts.raw(account, fresh=False)
        lead = raw.get("primaryServiceLeadUserID") or raw.get("primaryContactUserID")
        record: Data = {
            "accountID": account,
            "subjectID": await self._subject(),
            "priority": "Medium",
            "assignedToUserID": lead,
            "notifyAssigneeViaEmail": False,
            **_said(note),
        }
        made = await self._client.change("createActivityLogRecord", kind="create", record=order(record, self._slots()))
        if made is None:
            raise UnknownOutcomeError("createActivityLogRecord: the record was taken, and its id was not given")
        self._state.set(_key(note.group, note.marker), str(made))
        return str(made)

    async def _candidates(self, account: int, marker: str) -> list[int]:
        """Give the records that may carry the marker, the likeliest first: those that show it, then those that are
        about what our notes are about, whose summaries may be cut."""
        criteria = {"accountID": account}
        found = (await self._client.call("findActivityLogRecords", criteria=criteria)).get("summaries", [])
        showing = [int(one["recordID"]) for one in found if marker in str(one.get("summary", ""))]
        if showing:
            return showing
        subject = await self._subject()
        return [int(one["recordID"]) for one in found if one.get("subjectID") == subject]

    async def _read(self, record: int, marker: str) -> Note | None:
        """Read a record; None: it is not there, or carries another marker."""
        try:
            raw = (await self._client.call("getActivityLogRecord", recordID=record)).get("record", {})
        except NotAuthorizedError:
            return None
        short, text = str(raw.get("shortDescription", "")), str(raw.get("longDescription", ""))
        if _tail(marker) not in text:
            return None
        return Note(
            group=str(raw.get("accountID", "")),
            marker=marker,
            subject=short.removesuffix(f" {_tail(marker)}"),
            text=text.removesuffix(_tail(marker)).rstrip("\n"),
            done=raw.get("status") == _CLOSED,
        )

    async def _subject(self) -> int:
        """Choose the subject: the one named in the settings, else the first of the default kind."""
        subjects, wanted = await self._structures.subjects(), self._client.settings.activity_subject
        if wanted:
            fitting = [one for one in subjects if str(one.get("description", "")).strip() == wanted.strip()]
            if len(fitting) != 1:
                names = ", ".join(str(one.get("description", "")) for one in subjects)
                raise RefusedError(f"there is no one subject {wanted!r}, only {names}", field="activity_subject")
            return int(fitting[0]["subjectID"])
        default = [one for one in subjects if one.get("type") in ("Default", None)] or list(subjects)
        if not default:
            raise RefusedError("the activity log has no subjects", field="activity_subject")
        return int(default[0]["subjectID"])

    def _slots(self) -> Mapping[str, Slot]:
        return self._client.contract.type_slots("getActivityLogRecord", "record")


def _said(note: Note) -> Data:
    """Give the fields that the note decides."""
    tail = _tail(note.marker)
    # A letter that XML has no place for is named: the note is there to be read, and about more than that letter.
    subject, text = letters.named(note.subject, "xml"), letters.named(note.text, "xml")
    return {
        "shortDescription": f"{subject[: _SHORT - len(tail) - 1]} {tail}",
        "longDescription": f"{text}\n\n{tail}",
        "status": _CLOSED if note.done else _OPEN,
    }


def _tail(marker: str) -> str:
    return f"[{marker}]"


def _key(group: str, marker: str) -> str:
    return f"note:{group}:{marker}"


def _account(group: str) -> int:
    account = number(group)
    if account is None:
        raise RefusedError("BenefitPoint has no account of this id")
    return account
