"""The ids that are given to new rows: the next number, and never one that was seen before.

A removed row's id may still be in a link, in another program, or on paper. The highest number ever seen or given is
remembered with the state and, because a state folder may be restored from an older copy, in a small file beside the
rows as well: whichever knows more is right.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from syncd.connectors.files.beside import replace, sweep
from syncd.connectors.files.settings import NewId
from syncd.connectors.registry import State

_LONGEST: Final = 30
"""Digits of a number that is counted on; a longer one is no number that somebody counts with."""


class Ids:
    """The numbers of one file's ids."""

    def __init__(self, kind: str, scheme: NewId, state: State) -> None:
        self._scheme, self._state = scheme, state
        self._key = f"last-id:{kind}:{scheme.prefix}"

    def see(self, path: Path, ids: Iterable[str]) -> None:
        """Remember the highest of ids that stand in a file. Rows that were there at first need no file beside them."""
        known = self._state.get(self._key)
        highest = self._highest(ids)
        if highest <= int(known or 0):
            return
        self._state.set(self._key, str(highest))
        if known is not None:
            with suppress(OSError):
                self._write(path, highest)

    def next(self, path: Path, taken: Container[str], more: Iterable[str]) -> str:
        """Give the next id, remembered before it is used. `more`: ids that others know. Raises OSError."""
        number = max(int(self._state.get(self._key) or 0), self._read(path), self._highest(more)) + 1
        while (made := f"{self._scheme.prefix}{number:0{self._scheme.width}d}") in taken:
            number += 1
        self._state.set(self._key, str(number))
        self._write(path, number)
        return made

    def _highest(self, ids: Iterable[str]) -> int:
        prefix = self._scheme.prefix
        numbers = (record_id.removeprefix(prefix) for record_id in ids if record_id.startswith(prefix))
        return max((int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) <= _LONGEST), default=0)

    def _read(self, path: Path) -> int:
        """Read what the file beside the rows knows; one that is damaged knows nothing."""
        with suppress(OSError, ValueError, AttributeError, RecursionError):
            number = str(json.loads(_beside(path).read_bytes()).get(self._scheme.prefix, ""))
            return int(number) if number.isascii() and number.isdigit() and len(number) <= _LONGEST else 0
        return 0

    def _write(self, path: Path, number: int) -> None:
        if self._read(path) >= number:
            return
        held: dict[str, int] = {}
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(_beside(path).read_bytes())
            held = found if isinstance(found, dict) else {}
        sweep(_beside(path))
        replace(_beside(path), json.dumps({**held, self._scheme.prefix: number}).encode(), like=path.stat())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.stem}.syncd-ids")
