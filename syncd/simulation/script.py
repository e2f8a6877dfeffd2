"""A history while it is written: what a kind of mischief chooses from, and what it may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from syncd.connectors.memory import Behaviour
from syncd.simulation.setting import POOLS, Setting, SystemSetting
from syncd.simulation.steps import Edit, Step

DAY_S = 86_400.0


@dataclass(slots=True)
class Script:
    """A history while it is written."""

    rng: Random
    setting: Setting
    steps: list[Step]
    struck: list[str] = field(default_factory=list)

    # -- choosing

    def record(self, most: int = 9) -> str:
        """Choose a record that several systems hold and that is linked."""
        linked = [
            k for k, held in self.setting.records.items() if 1 < len(held) <= most and k not in self.setting.loose
        ]
        return self.rng.choice(linked or sorted(self.setting.records))

    def two(self, record: str) -> tuple[str, str]:
        """Choose two systems that hold a record."""
        one, other = self.rng.sample(self.setting.records[record], 2)
        return one, other

    def system(self) -> str:
        """Choose a system."""
        return self.rng.choice(self.setting.systems).name

    def path(self, but: str = "") -> str:
        """Choose a field that some record has, another one than `but` where there is one."""
        known = sorted({path for flat in self.setting.base.values() for path in flat}) or ["details.name"]
        return self.rng.choice([path for path in known if path != but] or known)

    def value(self, path: str) -> str | None:
        """Choose a value for a field."""
        pool = POOLS[self.setting.kind].get(path)
        return self.rng.choice(pool) if pool else "Other"

    def edit(self, system: str, record: str, path: str | None = None) -> Edit:
        """Let somebody change a field to another value than it had at the beginning."""
        path = path or self.path()
        was = self.setting.base.get(record, {}).get(path)
        others = [value for value in POOLS[self.setting.kind].get(path, ("Other",)) if value != was]
        return Edit(system, record, {path: self.rng.choice(others)})

    # -- changing

    def insert(self, *scene: Step) -> None:
        """Let a scene happen somewhere in the history; half of the time nothing else happens in it."""
        at = self.rng.randint(0, len(self.steps))
        if self.rng.random() < 0.5:
            self.steps = list(scene)
            self.plain()
        else:
            self.steps[at:at] = scene

    def plain(self) -> None:
        """Make the vendors as plain as they can be, but for what mischief made of them."""
        odd = {"decimals", "recase", "late", "read_only", "carries", "create", "update", "end_sets", "skew_s"}
        plain = {name: getattr(Behaviour(), name) for name in odd}
        if "tidy" in self.struck:
            plain = {name: value for name, value in plain.items() if name not in ("decimals", "recase")}
        self.behave(lambda made: replace(made, behaviour=replace(made.behaviour, **plain)))
        self.setting = replace(self.setting, guards={})

    def behave(self, change: Callable[[SystemSetting], SystemSetting]) -> None:
        """Change how systems are made."""
        self.setting = replace(self.setting, systems=tuple(map(change, self.setting.systems)))

    def behaves(self, system: str, **changes: Any) -> None:
        """Change how one system is made."""
        self.behave(
            lambda made: replace(made, behaviour=replace(made.behaviour, **changes)) if made.name == system else made
        )

    def rule(self, **settings: Any) -> None:
        """Set default rules."""
        rules = dict(self.setting.rules)
        default = dict(rules.get("default", {}))
        default["all"] = {**default.get("all", {}), **settings}
        self.setting = replace(self.setting, rules={**rules, "default": default})

    def as_plans(self) -> None:
        """Let the records be plans with what tells them apart; what happened to them before is forgotten."""
        names = [one.name for one in self.setting.systems]
        base = {
            key: {
                "details.name": self.rng.choice(POOLS["plan"]["details.name"]),
                "details.line": "medical",
                "details.carrier": "Aetna",
                "details.carrier_plan_code": f"C{n}",
                "rates[2026-01-01].ee": self.rng.choice(POOLS["plan"]["rates[2026-01-01].ee"]),
            }
            for n, key in enumerate(("p1", "p2"))
        }
        self.setting = replace(
            Setting("plan", self.setting.systems, {key: tuple(names) for key in base}, base, self.asking())
        )
        self.plain()
        self.behave(
            lambda made: replace(made, mapping="", drop=False, behaviour=replace(made.behaviour, parts={}, several=()))
        )
        self.steps = []

    def asking(self) -> dict[str, Any]:
        """Give rules that ask about conflicts, or sometimes let one system win them."""
        owner = self.rng.choice(self.setting.systems).name
        some = {"on_conflict": "source_of_truth", "source_of_truth": owner}
        return {"default": {"all": some}} if self.rng.random() < 0.3 else {}
