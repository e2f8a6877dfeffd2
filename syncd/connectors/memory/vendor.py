"""What an in-memory vendor holds, says and shows, without a word about who asks.

Records are frozen and shared, so showing one costs a dictionary lookup. The back door is what people do in the vendor's
own screens: nothing there is rounded, late, counted or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from enum import Enum
from random import Random
from typing import Final, TypeAlias

from syncd.connectors.frozen import Frozen, freeze
from syncd.connectors.memory.behaviour import DEFAULT_PART, Behaviour
from syncd.errors import ConfigError
from syncd.model.paths import section, under
from syncd.model.records import JSON, Answer, Gone, Kind, NotSeen, Part, Present, Record

Data: TypeAlias = Mapping[str, JSON]


class Remove(Enum):
    """What `edit` takes instead of a value to take the key away."""

    REMOVE = "remove"


REMOVE: Final = Remove.REMOVE


class Vendor:
    """The records of one in-memory system and everything the system says about them."""

    def __init__(
        self, system: str, behaviour: Behaviour, clock: Callable[[], float] | None, shuffle: Random | None
    ) -> None:
        self.system, self.behaviour, self.clock, self.shuffle = system, behaviour, clock, shuffle
        self._records: dict[Kind, dict[str, Record]] = {}
        self._markers: dict[tuple[Kind, str], str] = {}
        self._previous: dict[tuple[Kind, str], Record] = {}
        """Each record as it was before its last change."""
        self._replays: dict[str, tuple[str, float]] = {}
        """Marker -> what a create under it made, and when."""
        self._stated: set[tuple[Kind, str]] = set()
        self._late: dict[tuple[Kind, str], list[tuple[int, Record | None]]] = {}
        self._part_kinds = tuple(dict.fromkeys((DEFAULT_PART, *behaviour.parts.values())))
        self._tokens = self._ids = self._answers = 0
        self._log: list[tuple[Kind, str, str | None]] = []
        """What moved, in order: kind, id, group."""

    # -- the back door: what people do in the vendor's own screens

    def put_record(
        self,
        kind: Kind,
        record_id: str,
        data: Data,
        *,
        group: str | None = None,
        modified: float | None = None,
        version: str | None = None,
        marker: str | None = None,
    ) -> Record:
        """Add a record, or replace it whole; `modified` and `version` are what the vendor says about it."""
        self._check_carried(data)
        parts = self._fresh_parts(record_id, self._split(freeze(data)))
        return self._state(Record(kind, record_id, parts, group, self._time()), modified, version, marker)

    def edit(
        self,
        kind: Kind,
        record_id: str,
        changes: Mapping[str, JSON | Remove],
        *,
        modified: float | None = None,
        version: str | None = None,
    ) -> Record:
        """Change some keys of a record; REMOVE takes a key away."""
        record = self._known(kind, record_id)
        self._check_carried(changes)
        return self._state(self._edited(record, changes), modified, version, None)

    def put_parts(self, kind: Kind, record_id: str, *parts: tuple[str, Data], group: str | None = None) -> Record:
        """Add a record whose parts are given one by one, kind and data, or replace it whole."""
        single = {part_kind: freeze(data) for part_kind, data in parts if part_kind not in self.behaviour.several}
        record = self._with_parts(Record(kind, record_id, self._empty_parts(record_id), group), single)
        for part_kind, data in parts:
            if part_kind in self.behaviour.several:
                record = self._with_part(record, Part(part_kind, "", {}), freeze(data))
        return self._state(record, None, None, None)

    def edit_part(self, kind: Kind, record_id: str, part_id: str, changes: Data) -> Record:
        """Change some keys of one part."""
        record = self._known(kind, record_id)
        part = next(part for part in record.parts if part.id == part_id)
        return self._state(self._with_part(record, part, freeze({**part.data, **changes})), None, None, None)

    def remove(self, kind: Kind, record_id: str) -> None:
        """Remove a record; keyed reads say gone from now on."""
        self._log.append((kind, record_id, self._known(kind, record_id).group))
        del self._records[kind][record_id]
        self._late.pop((kind, record_id), None)
        self._stated.discard((kind, record_id))
        self._markers.pop((kind, record_id), None)

    def reassign_id(self, kind: Kind, old: str, new: str) -> None:
        """Give a record another native id, as a re-import does; for a group its plans follow."""
        record = self._known(kind, old)
        if new in self._records[kind]:
            raise ConfigError(f"there is a {kind} {new} already", system=self.system, external_id=old)
        marker = self._markers.get((kind, old))
        self.remove(kind, old)
        parts = tuple(
            part if part.kind in self.behaviour.several else replace(part, id=self._part_id(new, part.kind))
            for part in record.parts
        )
        self._store(replace(record, id=new, parts=parts))
        if marker is not None:
            self._markers[kind, new] = marker
        if kind == "group":
            for plan in [plan for plan in self._records.get("plan", {}).values() if plan.group == old]:
                self._store(replace(plan, group=new))

    def move(self, kind: Kind, record_id: str, group: str) -> None:
        """Move a record to another group."""
        self._store(replace(self._known(kind, record_id), group=group))

    def lock(self, kind: Kind, record_id: str, reasons: Mapping[str, str]) -> None:
        """Say which path prefixes of a record take no write now, and why; {} unlocks it."""
        self._store(replace(self._known(kind, record_id), locked=Frozen(reasons)))

    def content(self) -> dict[Kind, dict[str, dict[str, JSON]]]:
        """Give everything the vendor holds, whatever is visible: kind -> id -> key -> value."""
        return {
            kind: {record_id: self._content(record) for record_id, record in records.items()}
            for kind, records in self._records.items()
        }

    def record(self, kind: Kind, record_id: str) -> Record | None:
        """Give a record as the vendor holds it, past faults and counters."""
        return self._records.get(kind, {}).get(record_id)

    def record_ids(self, kind: Kind) -> Collection[str]:
        """Name the records that the vendor holds, whatever is visible."""
        return self._records.get(kind, {}).keys()

    def _content(self, record: Record) -> dict[str, JSON]:
        """Give what a record holds; of parts of which there are several, part id -> data."""
        several = self.behaviour.several
        flat = _flat(part for part in record.parts if part.kind not in several)
        return flat | {part.id: dict(part.data) for part in record.parts if part.kind in several}

    def _check_carried(self, data: Iterable[str]) -> None:
        carries = self.behaviour.carries
        if "" in carries:
            return
        for key in data:
            if not any_under(key, carries):
                raise ConfigError(f"{self.system} carries only {', '.join(carries)}", system=self.system, field=key)

    # -- what is stored

    def _known(self, kind: Kind, record_id: str) -> Record:
        record = self.record(kind, record_id)
        if record is None:
            raise ConfigError(f"there is no {kind} with this id", system=self.system, external_id=record_id)
        return record

    def _new_id(self, kind: Kind) -> str:
        while True:
            self._ids += 1
            record_id = f"{self.system}-{self._ids}"
            if record_id not in self._records.get(kind, {}):
                return record_id

    def _part_id(self, record_id: str, part_kind: str) -> str:
        return record_id if part_kind == DEFAULT_PART else f"{record_id}/{part_kind}"

    def _empty_parts(self, record_id: str) -> tuple[Part, ...]:
        return self._fresh_parts(record_id, {})

    def _fresh_parts(self, record_id: str, data: Mapping[str, Frozen]) -> tuple[Part, ...]:
        return tuple(
            [
                Part(kind, self._part_id(record_id, kind), data.get(kind) or Frozen(), self._token())
                for kind in self._part_kinds
            ]
        )

    def _token(self) -> str | None:
        if self.behaviour.versions == "none":
            return None
        self._tokens += 1
        return f"v{self._tokens}"

    def _split(self, data: Frozen) -> dict[str, Frozen]:
        """Sort the keys of a record into its parts."""
        if not self.behaviour.parts:
            return {DEFAULT_PART: data}
        split: dict[str, dict[str, JSON]] = {kind: {} for kind in self._part_kinds}
        for key, value in data.items():
            split[self.behaviour.parts.get(section(key), DEFAULT_PART)][key] = value
        return {kind: Frozen(part) for kind, part in split.items()}

    def _edited(self, record: Record, changes: Mapping[str, JSON | Remove]) -> Record:
        single = [part for part in record.parts if part.kind not in self.behaviour.several]
        flat = _flat(single) | dict(changes)
        kept = Frozen({key: freeze(value) for key, value in flat.items() if value is not REMOVE})
        split = self._split(kept)
        return self._with_parts(
            record, {part.kind: split[part.kind] for part in single if not _same(part.data, split[part.kind])}
        )

    def _with_parts(self, record: Record, data: Mapping[str, Frozen]) -> Record:
        """Put new data into some parts, with a new token where this vendor gives honest ones."""
        honest = self.behaviour.versions == "etag"
        parts = tuple(
            Part(part.kind, part.id, data[part.kind], self._token() if honest else part.version, part.shared)
            if part.kind in data
            else part
            for part in record.parts
        )
        return Record(record.kind, record.id, parts, record.group, self._time(), record.locked)

    def _time(self) -> float | None:
        return None if self.clock is None else self.clock() + self.behaviour.skew_s

    def _with_part(self, record: Record, before: Part, data: Frozen) -> Record:
        """Put new data into one part, or add it when it has no id yet."""
        if before.kind not in self.behaviour.several:
            return self._with_parts(record, {before.kind: data})
        changed = self._with_parts(record, {})  # the new time
        if not before.id:
            self._ids += 1
            new = Part(before.kind, f"{record.id}/{before.kind}/{self._ids}", data, self._token())
            return replace(changed, parts=(*record.parts, new))
        token = self._token() if self.behaviour.versions == "etag" else before.version
        return replace(
            changed,
            parts=tuple(
                replace(part, data=data, version=token) if (part.kind, part.id) == (before.kind, before.id) else part
                for part in record.parts
            ),
        )

    def _state(self, record: Record, modified: float | None, version: str | None, marker: str | None) -> Record:
        """Store what a person did, with what the vendor is told to say about it."""
        if version is not None:
            record = replace(record, parts=tuple(replace(part, version=version) for part in record.parts))
            self._stated.add((record.kind, record.id))
        if modified is not None:
            record = replace(record, modified=modified)
        if marker is not None:
            self._markers[record.kind, record.id] = marker
        self._store(record)
        return record

    def _store(self, record: Record) -> None:
        self._log.append((record.kind, record.id, record.group))
        self._note_previous(record)
        self._records.setdefault(record.kind, {})[record.id] = record
        self._late.pop((record.kind, record.id), None)

    def _store_late(self, record: Record) -> None:
        """Store what came through the connector: visible at once, or only after `late` further calls."""
        self._log.append((record.kind, record.id, record.group))
        self._note_previous(record)
        records = self._records.setdefault(record.kind, {})
        if self.behaviour.late:
            images = self._late.setdefault((record.kind, record.id), [(0, records.get(record.id))])
            images.append((self._answers + self.behaviour.late + 1, record))
        records[record.id] = record

    def _note_previous(self, record: Record) -> None:
        before = self.record(record.kind, record.id)
        if before is not None:
            self._previous[record.kind, record.id] = before

    # -- what is seen

    def _listed(self, kind: Kind) -> tuple[Record, ...]:
        records = self._records.get(kind, {})
        if not self._late and self.behaviour.versions in ("none", "etag", "stuck"):
            listed = tuple(records.values())
        else:
            seen = (self._seen(record) for record in records.values())
            listed = tuple(self._shown(record) for record in seen if record is not None)
        if self.shuffle is not None:
            return tuple(self.shuffle.sample(listed, len(listed)))
        return listed

    def _answer(self, kind: Kind, record_id: str) -> Answer:
        record = self._records.get(kind, {}).get(record_id)
        if record is None:
            return Gone(f"{self.system} has no {kind} with the id {record_id}")
        seen = self._seen(record)
        if seen is None:
            return NotSeen(f"{self.system} does not show its {kind} {record_id} yet")
        return Present(self._shown(seen))

    def _seen(self, record: Record) -> Record | None:
        """Give the image of a record that is visible by now; None: not yet."""
        if not self._late:
            return record
        key = (record.kind, record.id)
        images = self._late.get(key)
        if images is None:
            return record
        while len(images) > 1 and images[1][0] <= self._answers:
            del images[0]
        if len(images) == 1:
            del self._late[key]
            return record
        return images[0][1]

    def _shown(self, record: Record) -> Record:
        """Put the tokens of a lying vendor on a record."""
        versions = self.behaviour.versions
        if versions not in ("lying", "restless") or (record.kind, record.id) in self._stated:
            return record
        token = f"t{self._answers if versions == 'restless' else self._answers // 2}"
        return replace(record, parts=tuple(replace(part, version=token) for part in record.parts))


def any_under(key: str, prefixes: Collection[str]) -> bool:
    """Tell whether some prefix covers the key; "" covers everything."""
    return "" in prefixes or any(under(key, prefix) for prefix in prefixes)


def _flat(parts: Iterable[Part]) -> dict[str, JSON]:
    flat: dict[str, JSON] = {}
    for part in parts:
        flat.update(part.data)
    return flat


def _same(one: Data, other: Data) -> bool:
    """Tell whether two parts hold the same: True is not 1, though Python finds them equal."""
    return one == other and all(type(one[key]) is type(value) for key, value in other.items())
