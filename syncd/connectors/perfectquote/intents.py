"""Find a group again that may or may not have been created: the contract gives groups no field for a marker.

Before a create, which groups of that name there are is noted in the connector's memory. If the reply is lost, a group
of that name that was not there before is the one that was created. Takes and gives ids; the names only narrow a search
whose answer is an id that is new.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from syncd.connectors.registry import State
from syncd.model.records import Answer, Kind, Present, Record

Named: TypeAlias = Callable[[str], Awaitable[tuple[Record, ...]]]
Read: TypeAlias = Callable[[Kind, str], Awaitable[Answer]]
_PREFIX: Final = "group-create:"


class Intents:
    """Groups that were about to be created, by marker."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def begin(self, marker: str, name: str, named: Named) -> None:
        """Note what there is under this name, unless an earlier attempt did."""
        if self._state.get(_PREFIX + marker) is None:
            known = [record.id for record in await named(name)]
            self._note(marker, {"name": name, "known": known})

    def landed(self, marker: str, record_id: str) -> None:
        """Note what was created."""
        self._note(marker, {"id": record_id, **self._noted(marker)})

    async def found(self, marker: str, named: Named, read: Read) -> tuple[Record, ...]:
        """Give the groups that this marker's create may have made; the one, under any name, if its reply arrived."""
        noted = self._noted(marker)
        if not noted:
            return ()
        if "id" in noted:
            answer = await read("group", noted["id"])
            return (answer.record,) if isinstance(answer, Present) else ()
        return tuple(record for record in await named(noted["name"]) if record.id not in noted["known"])

    def _noted(self, marker: str) -> dict[str, Any]:
        text = self._state.get(_PREFIX + marker)
        return dict(json.loads(text)) if text else {}

    def _note(self, marker: str, noted: dict[str, Any]) -> None:
        self._state.set(_PREFIX + marker, json.dumps(noted, sort_keys=True))
