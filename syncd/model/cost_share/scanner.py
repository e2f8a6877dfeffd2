"""Read one charge with its rules from a plain text, phrase by phrase.

Takes a text that `words.plain` made and a position; gives `Part`s. It never skips a word: what no phrase matches stays
unread, and a text with a rest is not understood. That is what keeps a parse from meaning less than its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from syncd.model.cost_share.text import Perspective, full_minus
from syncd.model.cost_share.value import (
    Charge,
    Coinsurance,
    Copay,
    Deductible,
    NoAmount,
    Nothing,
    OverAllowance,
    Part,
    Per,
    Quantity,
)
from syncd.model.cost_share.words import LEVELS, UNITS, Unit, plain_condition
from syncd.model.numbers import DIGITS, decimal_of


class NotUnderstoodError(ValueError):
    """A word, or a meaning, that the grammar has no place for."""


def _phrase(pattern: str) -> re.Pattern[str]:
    """Compile a phrase: blanks before it do not count, and it ends where a word ends."""
    return re.compile(rf"\s*(?:{pattern})(?![a-z0-9])")


def alternatives(words: Iterable[str]) -> str:
    """Give a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


MONEY: Final = rf"\$\s?(?P<money>{DIGITS})"
_UNIT = alternatives(UNITS)
_LEVEL = alternatives(word for word, unit in UNITS.items() if unit in LEVELS)
# Levels that need no "per": not the words for a person, which mean other things too ("member coinsurance").
_NAMED = LEVELS - {Unit.PERSON, Unit.ADULT, Unit.CHILD}
_NAMED_LEVEL = alternatives(word for word, unit in UNITS.items() if unit in _NAMED)
_COUNTED = rf"(?P<count>{DIGITS})\s?-?(?P<unit>{_UNIT})"
_ALLOWED = r"of (?:the |our )?(?:plan )?(?:allowance|allowed amount)"

_PERCENT = _phrase(
    rf"(?P<who>(?:member|you)s? pays? |(?:plan|insurance) (?:pays|covers) |covered(?: at)? |paid at |)"
    rf"(?P<word>coinsurance(?: of)?:? |)(?P<percent>{DIGITS})\s?(?:%|percent\b)",
)
_AFTER_PERCENT = _phrase(
    rf"(?P<plan>(?:covered|paid) by (?:the )?plan|covered)"
    rf"|(?P<word>(?:member )?coinsurance)(?: {_ALLOWED})?|{_ALLOWED}",
)
_COPAY = _phrase(rf"(?:(?:member|you)s? pays? )?(?:copay(?: of)?:? )?{MONEY}(?: copay)?")
_NOTHING = _phrase(
    r"(?:(?:member|you)s? pays? )?nothing|no (?:charge|cost|cost[ -]shar(?:e|ing))"
    r"|(?:covered|paid) in full|free of charge",
)
_OVER = _phrase(
    r"(?:any |the )?(?:amt\.?|amounts?) (?:over|above) (?:the )?(?:plan )?allowance"
    r"|any difference between (?:our|the plan) allowance and the billed amount",
)
_NO_AMOUNT = _phrase(rf"per (?P<unit>{_LEVEL}) not applicable")
_LEVEL_FIRST = _phrase(rf"(?P<unit>{_NAMED_LEVEL}|adult|child)(?: only)?:?(?=\s*\$)")
_DEDUCTIBLE_FIRST = _phrase(r"(?:after deductible|deductible)(?:,? then|[:,])")

_PER = _phrase(
    rf"(?:(?:per|each|every|for an?)\s|(?<!\s)/)(?:(?P<every>[1-9]\d*)\s?-?)?(?P<unit>{_UNIT})(?: period)?"
    rf"|(?P<level>{_NAMED_LEVEL})(?!\s?:)",
)
_DEDUCTIBLE: Final = tuple((_phrase(pattern), how) for pattern, how in (
    (r"after (?:the )?(?:plan |annual |calendar year )?deductible(?: (?:is|has been) met)?", Deductible.AFTER),
    (r"before (?:the )?deductible", Deductible.BEFORE),
    (r"with deductible|subject to (?:the )?deductible|deductible applies", Deductible.WITH),
    (r"(?:the )?deductible (?:is )?waived|waive deductible", Deductible.WAIVED),
    (r"(?:not subject to|no|without) (?:the )?deductible", Deductible.NOT_SUBJECT),
    (r"(?:the )?deductible (?:does not apply|doesn't apply|not applicable)", Deductible.NOT_SUBJECT),
))  # fmt: skip
_MAXIMUM = r"max(?:imum)?"
_CAP = _phrase(
    rf"(?:with )?(?:an? )?(?:up to (?:an? )?(?:{_MAXIMUM} of )?|{_MAXIMUM}(?: of)?:? |not to exceed |capped at )"
    rf"{MONEY}(?: {_MAXIMUM})?",
)
_CAP_AFTER = _phrase(rf"(?:with )?(?:an? )?{MONEY} {_MAXIMUM}")
_FLOOR = _phrase(rf"(?:with )?(?:an? )?(?:min(?:imum)?(?: of)?:? |at least ){MONEY}")
_FLOOR_AFTER = _phrase(rf"(?:with )?(?:an? )?{MONEY} min(?:imum)?")
_FIRST = _phrase(rf"(?:for )?(?:the )?first {_COUNTED}")
_UP_TO = _phrase(rf"(?:for )?(?:up to|limited to|limit(?: of)?:?|{_MAXIMUM}(?: of)?) {_COUNTED}")
_QUANTITY = _phrase(_COUNTED)
_ALLOWANCE = _phrase(rf"after (?:an? |the )?{MONEY} (?:plan )?(?:allowance|reimbursement|rebate)")
_CONDITION = _phrase(
    r"(?P<condition>(?:copay )?waived if admitted(?: to (?:the )?hospital)?"
    r"|no waiting period|no age limit|in-network only)",
)
_WHO = _phrase(
    r"(?P<condition>(?:children )?up to max(?:imum)? eligibility|up to age \d+|member and spouse only)",
)
_ASIDE = re.compile(r"\s*\((?P<condition>(?:except|excluding|excludes|if|when|unless|only) [^()|;]+)\)")
_EVERYTHING = Coinsurance(Decimal(100))
_OPEN, _CLOSE, _COMMA = re.compile(r"\s*\("), re.compile(r"\s*\)"), re.compile(r"\s*(?:[,;]|(?:,\s*)?\band\b)")


@dataclass(frozen=True, slots=True)
class _Share:
    """A charge, and for a percentage whether the text's was the plan's and whether the text said whose it is."""

    charge: Charge
    plans: bool = False
    named: bool = True


@dataclass(slots=True)
class Scanner:
    """A plain text and how far it was read; what belongs to the whole text is collected on the way.

    `plans_share`: some percentage was the plan's and has been turned into the member's.
    """

    text: str
    perspective: Perspective
    at: int = 0
    plans_share: bool = False
    conditions: list[str] = field(default_factory=list)
    limits: list[Quantity] = field(default_factory=list)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what the pattern matches here, if it does."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def done(self) -> bool:
        """Tell whether everything was read."""
        return not self.text[self.at :].strip()

    def part(self) -> Part:
        """Read one charge and its rules."""
        if (found := self.take(_NO_AMOUNT)) is not None:
            return Part(NoAmount(), (Per(UNITS[found["unit"]]),))
        rules: dict[str, Any] = {"per": ()}
        if (found := self.take(_FIRST)) is not None:
            rules["first"] = self._counted(found)
        if self.take(_DEDUCTIBLE_FIRST) is not None:
            rules["deductible"] = Deductible.AFTER
        if (found := self.take(_LEVEL_FIRST)) is not None:
            rules["per"] = (Per(UNITS[found["unit"]]),)
        share = self._charge()
        while self._rules(rules):
            pass
        if share.plans and rules.keys() & {"cap", "floor", "allowance"}:
            raise NotUnderstoodError("a maximum of what the plan pays, or of what the member pays?")
        if share.charge == _EVERYTHING and not share.named and "deductible" in rules:
            raise NotUnderstoodError("100% and a deductible: one of them is the plan's")
        self.plans_share |= share.plans
        return Part(share.charge, **rules)

    def quantity(self) -> Quantity | None:
        """Read `30 visits per year`, if it stands here."""
        found = self.take(_QUANTITY)
        return None if found is None else self._counted(found)

    def pers(self) -> tuple[Per, ...]:
        """Read `per visit`, `/day`, `per person per year`; none is fine."""
        pers: list[Per] = []
        while (found := self.take(_PER)) is not None:
            pers.append(Per(UNITS[found["unit"] or found["level"]], int(found["every"] or 1)))
        return tuple(pers)

    def _charge(self) -> _Share:
        if (found := self.take(_PERCENT)) is not None:
            return self._coinsurance(found)
        if (found := self.take(_COPAY)) is not None:
            return _Share(Copay(number(found["money"])))
        if self.take(_NOTHING) is not None:
            return _Share(Nothing())
        if self.take(_OVER) is not None:
            return _Share(OverAllowance())
        raise NotUnderstoodError(self.text[self.at :])

    def _coinsurance(self, found: re.Match[str]) -> _Share:
        """Whoever the text names counts; where it names nobody, the column's perspective does (trap 3)."""
        charge = Coinsurance(number(found["percent"]))
        after = self.take(_AFTER_PERCENT)
        by_plan = bool(after and after["plan"])
        named = bool(found["who"] or by_plan)
        plans = self.perspective == "plan"
        if named:
            plans = by_plan or not found["who"].startswith(("member", "you"))
        if plans:
            charge = Coinsurance(full_minus(charge.percent))
        return _Share(charge, plans, named or bool(found["word"] or (after and after["word"])))

    def _rules(self, rules: dict[str, Any]) -> bool:
        """Read one rule, or several in parentheses; tell whether there was one."""
        start = self.at
        if (aside := self.take(_ASIDE)) is not None:
            self.conditions.append(aside["condition"])
            return True
        if self.take(_OPEN) is not None:
            while self._rule(rules):
                self.take(_COMMA)
            if self.take(_CLOSE) is not None:
                return True
            raise NotUnderstoodError(self.text[start:])
        if self._rule(rules):
            return True
        if self.take(_COMMA) is not None and _LEVEL_FIRST.match(self.text, self.at) is None and self._rule(rules):
            return True
        self.at = start
        return False

    def _rule(self, rules: dict[str, Any]) -> bool:
        if pers := self.pers():
            rules["per"] += pers
            return True
        for pattern, how in _DEDUCTIBLE:
            if self.take(pattern) is not None:
                return _once(rules, "deductible", how)
        return self._money_rule(rules) or self._count_rule(rules) or self._condition(rules)

    def _money_rule(self, rules: dict[str, Any]) -> bool:
        for name, patterns in (("cap", (_CAP, _CAP_AFTER)), ("floor", (_FLOOR, _FLOOR_AFTER))):
            for pattern in patterns:
                if (found := self.take(pattern)) is not None:
                    return _once(rules, name, Quantity(number(found["money"]), Unit.DOLLAR, self.pers()))
        if (found := self.take(_ALLOWANCE)) is not None:
            return _once(rules, "allowance", number(found["money"]))
        return False

    def _count_rule(self, rules: dict[str, Any]) -> bool:
        """Days or visits: charged for so many, or covered for so many.

        "$250 per day, up to 5 days" is about the charge; "20%, up to 30 visits per year" is about the coverage; a text
        that could be either is not understood.
        """
        start = self.at
        if (found := self.take(_FIRST)) is not None:
            return _once(rules, "first", self._counted(found))
        found = self.take(_UP_TO) or self.take(_QUANTITY)
        if found is None:
            return False
        counted = self._counted(found)
        if counted.unit is Unit.DAY and any(per.unit is Unit.DAY for per in rules["per"]) and found.re is _UP_TO:
            return _once(rules, "first", counted)
        if counted.unit is Unit.DAY_SUPPLY and found.re is _QUANTITY and counted.amount is not None:
            rules["per"] += (Per(Unit.DAY_SUPPLY, int(counted.amount)), *counted.per)
            return True
        if counted.per and counted.unit not in (Unit.DAY, Unit.DAY_SUPPLY):
            self.limits.append(counted)
            return True
        self.at = start
        return False

    def _condition(self, rules: dict[str, Any]) -> bool:
        if (found := self.take(_CONDITION)) is not None:
            self.conditions.append(found["condition"])
            return True
        if (found := self.take(_WHO)) is not None:
            # Whom it is for belongs to this charge, not to the others of the text.
            level = " ".join(per.unit.value for per in rules["per"] if per.unit in LEVELS)
            condition = plain_condition(found["condition"])
            self.conditions.append(f"{level}: {condition}" if level else condition)
            return True
        return False

    def _counted(self, found: re.Match[str]) -> Quantity:
        return Quantity(number(found["count"]), UNITS[found["unit"]], self.pers())


def number(text: str) -> Decimal:
    """Read a number whose commas part thousands."""
    found = decimal_of(text)
    if found is None:
        raise NotUnderstoodError(text)
    return found


def _once(rules: dict[str, Any], name: str, value: object) -> bool:
    if rules.get(name, value) != value:
        raise NotUnderstoodError(f"two of {name}")
    rules[name] = value
    return True
