"""Which rate and contribution go with which class of employees: the eligibility rules are the only place that says.

Takes the rules of a plan and the names of the account's classes, gives a class name for each rate and contribution, and
whether it belongs to the sold plan at all. `findRates` also lists what expired, earlier versions and marketing
responses (BenefitPoint: documented for responses).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Binding:
    """The rules of one plan with the names of the classes that they speak of. `rules`: those in use; `past`: those that
    are not, which still say what belonged together; `days`: rate id -> its day."""

    rules: Sequence[Rule]
    past: Sequence[Rule] = ()
    days: Mapping[int, str] = field(default_factory=dict)
    classes: Mapping[int, str] = field(default_factory=dict)
    employee_types: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def class_of(self, key: str, number: object) -> str | None:
        """Name the class of a rate (`rateID`) or contribution (`contributionID`); None: all employees of its day."""
        pool = self.rules if self.names(key, number) else self.past
        naming = [rule for rule in pool if rule.get(key) == number]
        days = {self._day(rule) for rule in naming}
        labels = {self.label(rule) for rule in pool if self._day(rule) in days}
        mine = list(dict.fromkeys(self.label(rule) for rule in naming))
        if len(labels) < 2 or len(mine) == len(labels):
            return None
        return " / ".join(label or "others" for label in mine)

    def day_of(self, key: str, number: object) -> str:
        """Give the latest day of the rates that stand in a rule beside this; "" when no rule says."""
        for pool in (self.rules, self.past):
            days = [self._day(rule) for rule in pool if rule.get(key) == number]
            if any(days):
                return max(days)
        return ""

    def _day(self, rule: Rule) -> str:
        return self.days.get(rule.get("rateID", 0), "")

    def label(self, rule: Rule) -> str:
        """Name the employees that a rule is for; "" for all."""
        return " + ".join(self.labels(rule))

    def labels(self, rule: Rule) -> list[str]:
        """Name the classes that a rule is for, none for all employees."""
        numbers = rule.get("employeeEligibilityRule", {}).get("accountClassIDs", [])
        return [self.classes.get(number, f"class {number}") for number in numbers]

    def names(self, key: str, number: object) -> bool:
        """Tell whether a rule names this rate or contribution."""
        return any(rule.get(key) == number for rule in self.rules)

    def sold(self, key: str, dated: Mapping[int, str]) -> frozenset[int]:
        """Give those that belong to the plan as it is sold: of one day, those that a rule names, or all if it names
        none. `dated`: id -> effective date."""
        named = {number for number in dated if self.names(key, number)}
        days = {dated[number] for number in named}
        return frozenset(number for number, day in dated.items() if number in named or day not in days)


def in_use(rule: Rule) -> bool:
    """Tell whether a rule is in use."""
    return rule.get("active") is not False
