"""Errors of syncd, grouped by how far the damage spreads.

Each class's docstring is its default message and `hint` the operator's next step. `system`, `external_id` and
`field` say where; `file` and `line` say where in something a person wrote. A secret that is known is in no error,
whoever quoted it. Nothing here does I/O.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Self

from syncd.redact import SECRETS


class SyncdError(Exception):
    """Something went wrong."""

    hint: str = ""

    def __init__(
        self,
        message: str = "",
        *,
        system: str | None = None,
        external_id: str | None = None,
        field: str | None = None,
        file: str | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        said = message or inspect.cleandoc(type(self).__doc__ or "").split("\n", maxsplit=1)[0]
        self.message = SECRETS.hide(said)
        self.system, self.external_id, self.field = system, external_id, field
        self.file, self.line = file, line
        if hint is not None:
            self.hint = SECRETS.hide(hint)
        self.more: tuple[SyncdError, ...] = ()
        """What else is wrong with the same thing; each of them is told, too."""
        super().__init__(self.message)

    def with_more(self, more: Iterable[SyncdError]) -> Self:
        """Give this error with others that were found beside it."""
        self.more = tuple(more)
        return self

    def all(self) -> tuple[Self | SyncdError, ...]:
        """Give this error and those beside it."""
        return (self, *self.more)

    def __str__(self) -> str:
        """Say where, then what, one line an error; the hint is shown apart by whoever prints it."""
        return "\n".join([self.line_text(), *(str(one) for one in self.more)])

    def line_text(self) -> str:
        """Say where, then what, of this error alone."""
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        what = " ".join(str(part) for part in (self.system, self.external_id, self.field) if part is not None)
        return ": ".join(part for part in (where, what, self.message) if part)


class ConfigError(SyncdError):
    """The configuration cannot be used."""

    hint = "Correct the named key and run the command again; nothing was started."


class RecordError(SyncdError):
    """One record could not be handled; the others go on."""


class MappingError(RecordError):
    """A value does not fit its mapping."""

    hint = "Run `syncd mappings check` and correct the named row."


class UnreadableError(RecordError):
    """Something in the record cannot be read, so nothing of it is used."""

    hint = "Correct the named field in its system; the record is read again by the next run."


class StaleWriteError(RecordError):
    """The record changed between our read and our write."""

    hint = "Nothing to do: the next run reads it again and decides again."


class RefusedError(RecordError):
    """The system refused this write; it was not applied."""

    hint = "Read the system's message; correct the record there or answer the question in `syncd review list`."


class CannotHoldError(RefusedError):
    """The system has no place for this value; nothing was sent.

    `field` is the path or section, or the key of the part, that it is about, so that the rest of the record can be sent
    without it.
    """


class ConnectorError(SyncdError):
    """A system could not be used; the other systems go on."""


class TransientError(ConnectorError):
    """The system did not answer properly; it may answer later."""

    hint = "Nothing to do: the next run tries again."


class UnknownOutcomeError(TransientError):
    """A write was sent and its outcome is not known."""

    hint = "Nothing to do: the outcome is settled by reading before anything is repeated."


class AuthError(ConnectorError):
    """The system refused our credentials."""

    hint = "Renew the credentials of this system, then run `syncd sync`."


class RunError(SyncdError):
    """The run cannot go on; nothing more was written."""


class StoreError(RunError):
    """The store could not be used."""

    hint = "Check the path and free space of the state folder."


DAMAGED = "Stop syncd, put this file and its -wal and -shm aside, and restore the last backup of the state folder."
"""What helps where the store holds what nobody stored."""


class ClaimedTwiceError(StoreError):
    """Two links claim one record; `link` is the one that was to be stored, `other` the one that holds it."""

    def __init__(self, message: str, link: str, other: str, system: str, external_id: str, hint: str) -> None:
        super().__init__(message, system=system, external_id=external_id, hint=hint)
        self.link, self.other = link, other


class LockedError(RunError):
    """Another process is working on this group."""

    hint = "Wait for it to end, or raise --wait."
