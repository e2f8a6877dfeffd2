"""The keys of a JSON lines file: one that was there and is in no row now is renamed or dropped, not cleared.

A CSV file has a header to compare; here the keys seen before are remembered, each with a few rows that had it. A key
that went with its rows is forgotten, and one that a single row lost, with no new one in its place, was cleared by
somebody. What we clear ourselves is told by `wrote`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from syncd.connectors.files.problems import Problem
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import Table
from syncd.connectors.registry import State
from syncd.model.records import JSON, Kind, Record

_WITNESSES: Final = 5
"""Rows that are remembered with each key."""


class Keys:
    """What is known of the keys of one file."""

    def __init__(self, kind: Kind, settings: Settings, state: State) -> None:
        self._kind, self._state = kind, state
        self._key, self._without = f"keys:{kind}", settings.without.get(kind, ())

    def gone(self, table: Table) -> list[Problem]:
        """Name the keys that are gone against all likelihood; when there are none, remember those that there are."""
        known, now = self._known(), _holders(table.records)
        missing = [path for path in known if path not in now]
        problems = [
            problem
            for path in missing
            if not any(_under(path, top) for top in (*self._without, *missing) if top != path or top in self._without)
            for problem in self._problem(path, known, table)
        ]
        if not problems and now != known:
            self._state.set(self._key, json.dumps(now))
        return problems

    def wrote(self, before: Table, after: Table) -> None:
        """Forget what our own write took out of a row; a new row takes nothing out."""
        if len(after.records) > len(before.records):
            return
        known, changed = self._known(), False
        for record_id, record in after.records.items():
            was = before.records.get(record_id)
            if was is None or was is record:
                continue
            for path in paths_of(was.parts[0].data) - paths_of(record.parts[0].data):
                if record_id in known.get(path, ()):
                    known[path].remove(record_id)
                    changed = True
        if changed:
            self._state.set(self._key, json.dumps(known))

    def _known(self) -> dict[str, list[str]]:
        known: dict[str, list[str]] = json.loads(self._state.get(self._key) or "{}")
        return known

    def _problem(self, path: str, known: Collection[str], table: Table) -> Iterator[Problem]:
        still = [record_id for record_id in self._known()[path] if record_id in table.records]
        if not still:
            return
        new = sorted({new for one in still for new in paths_of(table.records[one].parts[0].data) if new not in known})
        if len(still) == 1 and not new:
            return
        parent, _, _ = path.rpartition(".")
        likely = next((one for one in new if one.rpartition(".")[0] == parent), None)
        yield Problem(
            table.places[still[0]] + 1,
            path,
            f"the key {path} in no row" + (f", and the new key {likely} (renamed?)" if likely else ""),
            f"the key {path}, which was there before",
            f"Give the key its name back. If no row is to have it any more, set `without = {{{self._kind} ="
            f' ["{path}"]}}` for this system; the whole file is left out until then, and nothing is lost.',
        )


def paths_of(data: Mapping[str, JSON]) -> set[str]:
    """Give the keys of an object and of all within it, `rate_sets.tiers.EE`; elements of lists count together."""
    found: set[str] = set()
    _collect(data, "", found)
    return found


def _collect(value: JSON, at: str, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            path = f"{at}.{key}" if at else str(key)
            found.add(path)
            _collect(inner, path, found)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect(inner, at, found)


def _holders(records: Mapping[str, Record]) -> dict[str, list[str]]:
    """Give each key with the first rows that have it."""
    holders: dict[str, list[str]] = {}
    for record_id, record in records.items():
        for path in paths_of(record.parts[0].data):
            rows = holders.setdefault(path, [])
            if len(rows) < _WITNESSES:
                rows.append(record_id)
    return dict(sorted(holders.items()))


def _under(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}.")
