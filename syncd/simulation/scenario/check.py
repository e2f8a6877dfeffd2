"""Check a table against itself: the names it uses, its sections, and that it says something to check. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncd.errors import ConfigError
from syncd.model import paths
from syncd.reconcile import guards
from syncd.simulation.scenario.models import INT, KINDS, PLACES, Cycle, Expect, Scenario
from syncd.text.explain import Loc, shown
from syncd.text.nearest import meant_or_known, nearest

OF_THE_RECORD = ("_t", "_v", "_id", "_group")
"""Keys that are no content: its time, its version, its id and its group."""
_MODES = ("sync", "dry_run", "resync")
_ANSWERS = ("ignore", "copy", "link", "unlink", "recreate", "end", "approve", "reject")


def check(scenario: Scenario) -> None:
    """Raise ConfigError at the first mistake."""
    _Check(scenario).run()


class _Check:
    """Checks one table against itself: the names it uses, and that it says something to check."""

    def __init__(self, scenario: Scenario) -> None:
        self._of = scenario
        self._systems = scenario.systems

    def run(self) -> None:
        """Raise ConfigError at the first mistake."""
        table = self._of
        if not self._systems:
            raise self._error((), "no system is named; give at least one under `start`")
        if not table.cycles:
            raise self._error(("cycles",), "there is no cycle, so nothing would be checked")
        self._start()
        self._linked()
        self._groups()
        for at, cycle in enumerate(table.cycles):
            self._cycle(cycle, ("cycles", at))
        if not any(cycle.expect.says_something for cycle in table.cycles):
            raise self._error(("cycles",), "no cycle has an `expect`, so nothing would be checked")

    def _error(self, place: Loc, message: str) -> ConfigError:
        where = f"{self._of.id}: {dotted(place)}: " if place else f"{self._of.id}: "
        return ConfigError(where + message, file=self._of.file, line=self._of.line_of(*place))

    def _system(self, name: object, place: Loc) -> None:
        if name not in self._systems:
            raise self._error(place, f"`{name}` is not a system{meant_or_known(str(name), self._systems)}")

    # -- the start

    def _start(self) -> None:
        declared = self._of.settings
        for name in self._of.held:
            near = nearest(name, [one for one in declared if one not in self._of.held])
            if name not in declared and near:
                raise self._error(("start", name), f"`{name}` is not a system; did you mean `{near}`?")
        for name, records in self._of.held.items():
            self._records(records, ("start", name))
        self._base(self._of.start.base, ("start", "base"))
        self._records(self._of.start.agreed, ("start", "agreed"))

    def _base(self, base: object, place: Loc) -> None:
        if base is None:
            return
        if not isinstance(base, dict):
            raise self._error(place, f"a mapping belongs here, not {shown(base)}")
        split = base and all(key in self._systems for key in base)
        for name, records in base.items() if split else (("", base),):
            at = (*place, name) if split else place
            if records is not None and not isinstance(records, dict):
                raise self._error(at, f"records belong here, not {shown(records)}")
            self._records(records or {}, at)

    def _records(self, records: Mapping[str, object], place: Loc) -> None:
        for key, record in records.items():
            if record is not None and not isinstance(record, dict):
                raise self._error((*place, key), f"the fields of a record belong here, not {shown(record)}")
            for name, value in (record or {}).items():
                self._field(name, value, (*place, key, name))

    def _field(self, name: str, value: object, place: Loc) -> None:
        if value is not None and not isinstance(value, str):
            raise self._error(place, f"one value belongs here, not {shown(value)}")
        if name.startswith("_"):
            if name not in OF_THE_RECORD:
                raise self._error(place, f"`{name}` is not known{meant_or_known(name, OF_THE_RECORD)}")
            if name == "_group" and self._of.kind != "plan":
                raise self._error(place, f"only plans belong to a group, and a {self._of.kind} is none")
            if name == "_t" and value is not None and not INT.match(value):
                raise self._error(place, f"a modification time is a whole number, not `{value}`")
            return
        sections = PLACES.get(self._of.kind)
        if sections is not None and paths.section(name) not in sections:
            near = meant_or_known(paths.section(name), sections)
            raise self._error(place, f"`{name}` is not a field of a {self._of.kind}{near}")

    # -- settings

    def _linked(self) -> None:
        linked = self._of.linked
        if linked in ("all", "none"):
            return
        if not isinstance(linked, list) or not all(isinstance(key, str) for key in linked):
            raise self._error(("linked",), f"`all`, `none` or a list of keys belongs here, not {shown(linked)}")
        known = {key for system in self._systems for key in self._of.held.get(system, {})}
        known |= {key for records in self._of.per_system(self._of.start.base).values() for key in records}
        for key in linked:
            if key not in known:
                raise self._error(("linked",), f"no system holds `{key}`{meant_or_known(key, sorted(known))}")

    def _groups(self) -> None:
        of: dict[str, str] = {}
        for name, members in self._of.groups.items():
            if self._of.kind != "generic":
                raise self._error(("groups",), f"a {self._of.kind} has its own atoms; groups are for generic records")
            for one in members:
                if one in of:
                    raise self._error(("groups", name), f"`{one}` is in {of[one]} already")
                of[one] = name

    # -- cycles

    def _cycle(self, cycle: Cycle, place: Loc) -> None:
        for name, records in cycle.edit.items():
            self._system(name, (*place, "edit", name))
            self._records(records, (*place, "edit", name))
        for name, fault in cycle.faults.items():
            self._system(name, (*place, "faults", name))
            if not (fault.list or fault.write or fault.kill):
                raise self._error((*place, "faults", name), "no fault is named; known are list, write, kill")
        for name in cycle.force:
            if name not in guards.NAMES:
                raise self._error((*place, "force"), f"`{name}` is not a guard{meant_or_known(name, guards.NAMES)}")
        self._mode(cycle, (*place, "mode"))
        for name, answer in cycle.decide.items():
            kind, _, rest = name.partition(" ")
            if kind not in KINDS or not rest:
                hint = meant_or_known(kind, KINDS) if kind not in KINDS else "; write `KIND NAME`"
                raise self._error((*place, "decide", name), f"`{name}` is not a proposal{hint}")
            self._answer(answer, (*place, "decide", name))
        self._expect(cycle.expect, (*place, "expect"))

    def _mode(self, cycle: Cycle, place: Loc) -> None:
        mode = cycle.mode
        if isinstance(mode, dict):
            if list(mode) != ["resync"]:
                raise self._error(place, "a mode is sync, dry_run, resync or {resync: SYSTEM}")
            self._system(mode["resync"], place)
        elif mode not in _MODES:
            raise self._error(place, f"`{mode}` is not one of {', '.join(_MODES)}{meant_or_known(str(mode), _MODES)}")

    def _answer(self, answer: object, place: Loc) -> None:
        if isinstance(answer, dict):
            if list(answer) != ["value"]:
                raise self._error(place, "an answer is a word or {value: X}")
            if answer["value"] is not None and not isinstance(answer["value"], str):
                raise self._error(place, f"one value belongs here, not {shown(answer['value'])}")
        elif not isinstance(answer, str):
            raise self._error(place, f"an answer belongs here, not {shown(answer)}")
        elif answer not in _ANSWERS and answer not in self._systems:
            raise self._error(
                place, f"`{answer}` is not an answer{meant_or_known(answer, (*self._systems, *_ANSWERS))}"
            )

    def _expect(self, expect: Expect, place: Loc) -> None:
        for name in expect.writes or {}:
            self._system(name, (*place, "writes", name))
        for kind in expect.proposals or {}:
            if kind not in KINDS:
                raise self._error((*place, "proposals", kind), f"`{kind}` is not a kind{meant_or_known(kind, KINDS)}")
        for name, records in expect.contents.items():
            known = (*self._systems, *Expect.model_fields)
            if name not in self._systems:
                raise self._error((*place, name), f"`{name}` is not known{meant_or_known(name, known)}")
            self._records(records, (*place, name))
        self._base(expect.base, (*place, "base"))


def dotted(loc: Iterable[str | int]) -> str:
    """Give a place as people read it: `cycles[0].edit.crm`."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
