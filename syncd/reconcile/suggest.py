"""Suggest counterparts of unlinked records, by identity evidence only.

(line, carrier, carrier plan code, class, plan year) are evidence and so are their contradictions; names are never
evidence, because the same plan is named differently everywhere and different plans carry one name. Pure; a suggestion
is never acted upon by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import Indel

from syncd.model.values import EMPTY, Value
from syncd.model.values_text import format_value
from syncd.reconcile.types import Stray, System

ENOUGH = 0.5
"""Below this score nothing is suggested."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A likely counterpart: score 0..1 and the facts that speak for and against it."""

    system: System
    id: str
    label: str
    score: float
    reasons: str


@dataclass(frozen=True, slots=True)
class _Fact:
    """One piece of evidence: its paths, what an agreement adds and what a contradiction costs.

    `slips`: a letter mistyped in a long code is forgiven; a number that differs in one digit is another number.
    `secret`: its values are never told.
    """

    name: str
    paths: tuple[str, ...]
    weight: float
    penalty: float
    slips: bool = False
    secret: bool = False


TAX_ID, WEAK = "same tax id", "same last four of the tax id (weak)"

FACTS = (
    _Fact("same carrier plan code", ("details.carrier_plan_code", "details.hios_id"), 0.35, 0.35, slips=True),
    _Fact("same policy number", ("details.policy_number",), 0.25, 0.15),
    _Fact("same carrier", ("details.carrier",), 0.15, 0.15),
    _Fact("same line of coverage", ("details.line",), 0.10, 1.0),
    _Fact("same plan year", ("details.effective_date",), 0.15, 0.40),
    _Fact(TAX_ID, ("details.tax_id_hash",), 0.60, 1.0, secret=True),
    _Fact(WEAK, ("details.tax_id_last4",), 0.50, 1.0),
    _Fact("same account number", ("details.account_number",), 0.60, 0.30),
)
_RATES_AGREE, _RATES_DIFFER = 0.25, 0.10
_NEAR_CODE = 0.85


def suggest(strays: Iterable[Stray], most: int = 3) -> Mapping[tuple[System, str], tuple[Suggestion, ...]]:
    """Give each stray its likeliest counterparts in other systems, best first."""
    strays = tuple(strays)
    found: dict[tuple[System, str], tuple[Suggestion, ...]] = {}
    for one in strays:
        rated = [_rate(one, other) for other in strays if other.system != one.system and other.kind == one.kind]
        likely = sorted((s for s in rated if s.score >= ENOUGH), key=lambda s: (-s.score, s.system, s.id))
        if likely:
            found[one.system, one.id] = tuple(likely[:most])
    return found


SPEAKS = 0.01
"""From here on what speaks for a pair outweighs what speaks against it."""


def weighed(one: Stray, other: Stray) -> tuple[float, str]:
    """Weigh what speaks for and against a pair; a sum that is nothing or less says that nothing speaks for it."""
    score, reasons = 0.0, []
    known: set[str] = set()
    for fact in FACTS:
        mine, theirs = _held(one, fact.paths), _held(other, fact.paths)
        if mine is None or theirs is None or (fact.name == WEAK and TAX_ID in known):
            continue  # the whole number says all that its end could say
        known.add(fact.name)
        if _agree(mine, theirs, slips=fact.slips):
            score += fact.weight
            reasons.append(fact.name)
        else:
            score -= fact.penalty
            told = "" if fact.secret else f" ({format_value(mine)}, {format_value(theirs)})"
            reasons.append(f"not the {fact.name}{told}")
    rates = _rates_agree(one, other)
    if rates is not None:
        score += _RATES_AGREE if rates else -_RATES_DIFFER
        reasons.append("same employee rate" if rates else "another employee rate")
    return score, "; ".join(reasons)


def _rate(one: Stray, other: Stray) -> Suggestion:
    score, reasons = weighed(one, other)
    return Suggestion(other.system, other.id, other.label, max(0.0, min(score, 1.0)), reasons)


def _held(stray: Stray, candidates: tuple[str, ...]) -> Value | None:
    for path in candidates:
        value = stray.seen.flat.get(path, EMPTY)
        if value is not EMPTY:
            return value
    return None


def _agree(mine: Value, theirs: Value, *, slips: bool) -> bool:
    """Compare evidence: dates by plan year, texts but for case and blanks, codes but for a typing slip, too."""
    if isinstance(mine, date) and isinstance(theirs, date):
        return mine.year == theirs.year and mine.month == theirs.month
    left, right = (format_value(value).casefold().replace(" ", "") for value in (mine, theirs))
    if left == right or not slips:
        return left == right
    return min(len(left), len(right)) > 5 and Indel.normalized_similarity(left, right) >= _NEAR_CODE  # noqa: PLR2004 - short codes differ by one letter for a reason


def _rates_agree(one: Stray, other: Stray) -> bool | None:
    """Compare the employee-only rate of the sets that both hold; None when they share none."""
    shared = [p for p in one.seen.flat if p.startswith("rates[") and p.endswith(".ee") and p in other.seen.flat]
    return all(one.seen.flat[p] == other.seen.flat[p] for p in shared) if shared else None
