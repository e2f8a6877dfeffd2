"""What a call gets, how it answers, and the table of all calls by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.contract import Contract
from syncd.sandbox.benefitpoint.tenant import Tenant

Answer: TypeAlias = Any
"""A record, a list of records, or None: the response's one child."""


@dataclass(frozen=True)
class Call:
    """One call: the tenant, the decoded children of the request, and the contract by which it came."""

    tenant: Tenant
    args: Record
    contract: Contract
    lie: bool = False
    """A fault asks that stamps stay as they are."""

    @property
    def criteria(self) -> Record:
        """The search criteria, however the contract names them."""
        return next(iter(self.args.values()))


@dataclass(frozen=True)
class Entry:
    """A call with what must be known about it: which module's access it needs, and which record it reads."""

    do: Callable[[Call], Answer]
    module: str = ""
    reads: tuple[str, str] | None = None
    """(kind, argument) of a single record, for edits by a person right after it was read."""
    writes: bool = False


CALLS: Final[dict[str, Entry]] = {}


@dataclass(frozen=True)
class call:  # noqa: N801 - a decorator
    """Register a function under the contract's name of the call."""

    name: str
    module: str = ""
    reads: tuple[str, str] | None = None
    writes: bool = field(default=False, kw_only=True)

    def __call__(self, do: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Register."""
        CALLS[self.name] = Entry(do, self.module, self.reads, self.writes)
        return do


def done(number: int | None = None) -> Record:
    """Give a `Result` of success."""
    return {"success": True, "ID": number}


def refused(errors: Iterable[tuple[str, str]]) -> Record:
    """Give a `Result` of failure: HTTP 200 all the same."""
    return {"success": False, "errors": [{"errorCode": code, "message": text} for code, text in errors]}
