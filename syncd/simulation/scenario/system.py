"""The in-memory systems of a table: how they are made, what people do in them, what they hold in the table's words.

A record's key in a table (`p1`) is its native id unless `_id` says otherwise; a record that syncd created gets the key
of the link it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from syncd.apply.world import LiveSystem
from syncd.connectors.memory import REMOVE, Behaviour, MemorySystem
from syncd.errors import ConfigError
from syncd.mapping.flat import FlatLens
from syncd.model.records import JSON, Kind
from syncd.model.values import EMPTY, Flat, Value
from syncd.simulation.scenario.models import Fault, Scenario, SystemSettings

GROUP = "(group)"
"""The id of the one group to which the plans of a table belong, in every system."""


class Killed(BaseException):
    """The process died here. No `Exception`: nothing in syncd may catch it."""


class TableLens(FlatLens):
    """A lens that writes a number without quotes as a number, so that a generic record reads back as it was written."""

    def text(self, value: Value) -> JSON:
        """Write one scalar back."""
        return float(value) if self.kind == "generic" and isinstance(value, Decimal) else super().text(value)


class TableSystem(MemorySystem):
    """One system of a table."""

    def __init__(self, name: str, scenario: Scenario, watch: Callable[[str], None]) -> None:
        settings = scenario.settings.get(name, SystemSettings())
        super().__init__(name, _behaviour(settings), on_effect=self._happened)
        self.kind: Kind = scenario.kind
        self.lens = TableLens(
            self.kind,
            carries=("",) if settings.carries is None else settings.carries,
            writable=() if settings.read_only else ("",) if settings.writable is None else settings.writable,
        )
        self.ids: dict[str, str] = {}
        """Key in the table -> native id."""
        self._scenario, self._watch = scenario, watch
        self._kill: str | None = None

    def live(self) -> LiveSystem:
        """Give the system as a run uses it, with nothing remembered from an earlier one."""
        return LiveSystem(self.system, self, {self.kind: self.lens})

    # -- what people do

    def apply_edit(self, records: Mapping[str, Mapping[str, str | None] | None], line: int) -> None:
        """Add, change and remove records."""
        for key, record in records.items():
            held = self.holds(key)
            if record is None:
                if not held:
                    raise ConfigError(f"{self.system} holds no {key} to remove", file=self._scenario.file, line=line)
                self.remove(self.kind, self.ids[key])
            elif held:
                self._change(key, record)
            else:
                self._add(key, record)

    def _add(self, key: str, record: Mapping[str, str | None]) -> None:
        self.ids[key] = str(record.get("_id") or self.ids.get(key, key))
        data = {path: value for path, value in self._scenario.fields(record).items() if value is not None}
        group = (record.get("_group") or GROUP) if self.kind == "plan" else None
        self.put_record(self.kind, self.ids[key], data, group=group, modified=_time(record), version=record.get("_v"))

    def _change(self, key: str, record: Mapping[str, str | None]) -> None:
        """Merge fields into a record. It keeps the time it had unless the table states another."""
        wanted = record.get("_id")
        if wanted is not None and wanted != self.ids[key]:
            self.reassign_id(self.kind, self.ids[key], wanted)
            self.ids[key] = wanted
        if record.get("_group") is not None:
            self.move(self.kind, self.ids[key], str(record["_group"]))
        now = self.record(self.kind, self.ids[key])
        modified = now.modified if now is not None and "_t" not in record else _time(record)
        fields = self._scenario.fields(record).items()
        changes = {path: REMOVE if value is None else value for path, value in fields}
        self.edit(self.kind, self.ids[key], changes, modified=modified, version=record.get("_v"))

    # -- what goes wrong

    def set_faults(self, fault: Fault | None) -> None:
        """Let everything go well but what the table states."""
        self.faults.clear()
        self._kill = fault.kill if fault is not None else None
        if fault is not None and fault.list:
            self.faults.set("list", fault.list, times=fault.times)
        if fault is not None and fault.write:
            self.faults.set("write", fault.write, times=fault.times)

    def journalled(self) -> None:
        """Die if the table says so: what is to be written here is in the journal and not sent."""
        if self._kill == "after_journal":
            raise Killed

    def _happened(self, moment: str, operation: str) -> None:
        if operation in ("write", "create", "end"):
            self._watch(f"{self.system} {operation} {moment}")
            if moment == self._kill:
                raise Killed

    # -- what it holds

    def holds(self, key: str) -> bool:
        """Tell whether the record of a key is there."""
        return key in self.ids and self.record(self.kind, self.ids[key]) is not None

    def keys(self) -> dict[str, str]:
        """Give the key of every record by its native id; one that the table does not know goes by its id."""
        known = {native: key for key, native in self.ids.items()}
        return {native: known.get(native, native) for native in self._records.get(self.kind, {})}

    def marked(self) -> dict[str, str]:
        """Give the marker of every record that was created with one."""
        return {native: marker for (kind, native), marker in self._markers.items() if kind == self.kind}

    def held(self) -> dict[str, Flat]:
        """Give the whole content by key, whether or not syncd is told about a field."""
        keys = self.keys()
        return {
            keys[native]: self.flat({name: value for part in record.parts for name, value in part.data.items()})
            for native, record in self._records.get(self.kind, {}).items()
        }

    def flat(self, fields: Mapping[str, JSON]) -> Flat:
        """Give the values of a record's fields; what is empty is left out."""
        values = {path: self.lens.value(path, raw) for path, raw in fields.items()}
        return {path: value for path, value in values.items() if value is not EMPTY}

    def carried(self, flat: Flat) -> Flat:
        """Leave out what this system does not hold at all."""
        return {path: value for path, value in flat.items() if self.lens.carries(path)}


def _behaviour(settings: SystemSettings) -> Behaviour:
    closed = settings.read_only
    return Behaviour(
        versions=settings.versions,
        read_only=("",) if closed else (),
        writable=("",) if settings.writable is None else settings.writable,
        create=settings.create and not closed,
        update=settings.update and not closed,
        end=not closed,
        trims=settings.trims,
        longest=settings.longest,
        escapes=settings.escapes,
        recase=settings.recase,
        decimals=settings.decimals,
    )


def _time(record: Mapping[str, str | None]) -> float | None:
    told = record.get("_t")
    return None if told is None else float(told)
