"""Ask before something changes: a terminal is asked, after it was shown what would change; a script is not held up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from syncd.cli.out import tell

if TYPE_CHECKING:
    from syncd.cli.session import Session


_AGREED: ContextVar[bool] = ContextVar("agreed", default=False)


@contextmanager
def agreed() -> Iterator[None]:
    """Ask nothing meanwhile: a story that is told runs its commands by itself."""
    token = _AGREED.set(True)
    try:
        yield
    finally:
        _AGREED.reset(token)


def asks(session: Session) -> bool:
    """Tell whether somebody is there to be asked who did not agree beforehand."""
    return not (session.yes or _AGREED.get()) and sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(session: Session, question: str, *shown: str) -> bool:
    """Ask a person at a terminal, who sees first what would change; with --yes, or where nobody can answer, go on."""
    if not asks(session):
        return True
    sys.stdout.flush()
    for line in shown:
        tell(line)
    tell(f"{question} [y/N] ", end="")
    if sys.stdin.readline().strip().casefold() in ("y", "yes"):
        return True
    tell("Nothing was changed.")
    return False
