"""Parse a text of cost sharing: a copay, a coinsurance, a deductible with its levels, a limit, a named absence.

Takes the text of one cell; gives a CostShare, EMPTY, NOT_APPLICABLE, or Unparsed with the text word for word. Never
raises and never guesses: every word of a text is accounted for, or the text is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from syncd.model.cost_share.scanner import MONEY, NotUnderstoodError, Scanner, alternatives, number
from syncd.model.cost_share.text import Perspective
from syncd.model.cost_share.value import Copay, CostShare, Join, NoAmount, Part, Per, Quantity, Tier
from syncd.model.cost_share.words import ABSENT_WORDS, NETWORKS, STATES, UNITS, State, Unit, plain
from syncd.model.numbers import DIGITS
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Unparsed

_TAIL = re.compile(r"(?:\A|\s*\|\s*)(limit|condition)s?:\s*")
# Ideon writes these conditions after "limit:" too.
_NO_LIMIT = re.compile(r"\s*(?:(?:copay )?waived if|shared across|see carrier) ")
_NETWORK = re.compile(rf"(?:\A|\s*/\s*)({alternatives(NETWORKS)})\s*:\s*")
_CHOICE = re.compile(r"\s*(?:the )?(greater|higher|lesser|lower) of\b:?")
_WHICHEVER = re.compile(r"\s*,?\s*whichever is (?:the )?(greater|higher|less|lesser|lower)\b")
_JOIN: Final = tuple((re.compile(rf"\s*(?:{pattern})\s*"), join) for pattern, join in (
    (r"[,;]?\s*(?:and )?then\b", Join.THEN),
    (r"[,;]?\s*\bor\b", Join.OR),
    (r"[,;]?\s*\b(?:and|plus)\b|\+|&", Join.AND),
    (r"[|/,;]|", Join.APART),    # only a text with levels may leave the join out, as FEDVIP does
))  # fmt: skip
_BARE = re.compile(rf"(?=[^.]*\Z){DIGITS}")
_LEVELS_OF_TWO = re.compile(
    rf"(?P<head>(?:individual|single)\s?/\s?family:?\s*)?{MONEY}\s?/\s?{MONEY.replace('<money>', '<group>')}"
    r"(?P<foot>\s?\(?(?:individual|single)\s?/\s?family\)?)?",
)
_UNIT_ALONE = re.compile(rf"({alternatives(UNITS)})\b")
_MAXIMUM = re.compile(
    rf"(?:up to )?{MONEY}(?: (?P<period>lifetime|annual|calendar year|plan year|benefit year))?"
    r" (?:max(?:imum)?(?: allowance| benefit)?|allowance|reimbursement)\b",
)
_MONEY = re.compile(rf"{MONEY}(?![\d%])")
_TIMES = re.compile(r"(?P<count>\d+)(?= per )|(?=every \d+ )")
_BENEFIT = re.compile(r" benefit")  # "$1,500 maximum per member benefit"


def parse(
    text: str, perspective: Perspective = "member", *, accumulator: bool = False
) -> CostShare | Absent | Unparsed:
    """Parse one cell. `perspective`: whose percentages the column holds; `accumulator`: the column is a deductible or a
    maximum, so that "$1,500 / $3,000" is individual and family."""
    return _parse(text, perspective, accumulator)


def decode(canonical: str, raw: str) -> CostShare:
    """Read back what `encode` gave; ValueError for any other text."""
    share = _parse(canonical, "member", False)  # noqa: FBT003 - the cache wants it by place
    if not isinstance(share, CostShare):
        raise ValueError(f"not a cost share: {canonical!r}")  # noqa: TRY004 - the text is wrong, not its type
    return replace(share, raw=raw)


@lru_cache(maxsize=16384)
def _parse(text: str, perspective: Perspective, accumulator: bool) -> CostShare | Absent | Unparsed:  # noqa: FBT001
    words = plain(text)
    if not words:
        return EMPTY
    if words in ABSENT_WORDS:
        return NOT_APPLICABLE
    try:
        share = _whole(words, perspective, accumulator=accumulator)
    except ValueError:  # a word without a place, or a shape that means nothing
        return Unparsed(text)
    return replace(share, raw=text) if isinstance(share, CostShare) else share


def _whole(words: str, perspective: Perspective, *, accumulator: bool) -> CostShare | Absent:
    """Part off ` | limit:` and ` | condition:`, then read the tiers, or the one share."""
    body, *tails = _TAIL.split(words)
    share: CostShare | Absent = CostShare(State.UNKNOWN)
    if body:
        first = _NETWORK.match(body)
        share = _share(body, perspective, accumulator=accumulator) if first is None else _tiers(body, perspective)
    if not tails:
        return share
    if not isinstance(share, CostShare):
        raise NotUnderstoodError(body)
    return _with_tails(share, zip(tails[::2], tails[1::2], strict=True))


def _with_tails(share: CostShare, tails: Iterable[tuple[str, str]]) -> CostShare:
    limits = [] if share.limit is None else [share.limit]
    conditions = list(share.conditions)
    for kind, content in tails:
        for piece in content.split(";"):
            quantity = _quantity(piece.strip(), tail=True) if kind == "limit" else None
            if quantity is not None:
                limits.append(quantity)
            elif kind == "limit" and _NO_LIMIT.match(piece) is None:
                raise NotUnderstoodError(piece)
            else:
                conditions.append(piece)
    return replace(share, limit=_only(limits), conditions=tuple(conditions))


def _tiers(body: str, perspective: Perspective) -> CostShare:
    _, *pieces = _NETWORK.split(body)
    tiers = []
    for label, content in zip(pieces[::2], pieces[1::2], strict=True):
        inner: CostShare | Absent = NOT_APPLICABLE
        if content.strip() not in ABSENT_WORDS:
            inner = _share(content.strip(), perspective, accumulator=False)
        if isinstance(inner, CostShare) and (inner.limit is not None or inner.conditions):
            raise NotUnderstoodError(content)  # it is this network's alone, and a tier has no place for it
        tiers.append(Tier(NETWORKS[label], inner))
    return CostShare(tiers=tuple(tiers))


def _share(body: str, perspective: Perspective, *, accumulator: bool) -> CostShare | Absent:
    if (state := STATES.get(body)) is not None:
        return CostShare(state)
    if accumulator and body == "no deductible":
        return CostShare(State.NONE)
    if (limit := _quantity(body)) is not None:
        return CostShare(State.UNKNOWN, limit=limit)
    if (amounts := _individual_family(body, accumulator=accumulator)) is not None:
        return amounts
    if _BARE.fullmatch(body) and perspective == "member":
        # Every source that writes bare whole numbers means dollars (FEHB, FEDVIP). Where the plan's share stands, "80"
        # may be per cent, and 0.2 is a rate in one vendor's file and twenty cents in none.
        return CostShare(parts=(Part(Copay(number(body))),))
    return _charges(body, perspective)


def _charges(body: str, perspective: Perspective) -> CostShare | Absent:
    scanner = Scanner(body, perspective)
    chosen = scanner.take(_CHOICE)
    parts = [scanner.part()]
    joins: set[Join] = set()
    while not scanner.done():
        if chosen is None and joins and (chosen := scanner.take(_WHICHEVER)) is not None:
            break
        joins.add(_join(scanner))
        parts.append(scanner.part())
    if not scanner.done() or len(joins) > 1:
        raise NotUnderstoodError(body)
    if all(isinstance(part.charge, NoAmount) for part in parts):
        return NOT_APPLICABLE
    join = _chosen(chosen, joins, scanner) if chosen is not None else next(iter(joins), None)
    return CostShare(parts=tuple(parts), join=join, limit=_only(scanner.limits), conditions=tuple(scanner.conditions))


def _join(scanner: Scanner) -> Join:
    """Name what stands between two charges; nothing at all is a join too."""
    return next(join for pattern, join in _JOIN if scanner.take(pattern) is not None)


def _chosen(found: re.Match[str], joins: set[Join], scanner: Scanner) -> Join:
    """Name the choice. With the plan's share it is another one: as the plan pays more, the member pays less."""
    if scanner.plans_share or not joins & {Join.OR, Join.AND}:
        raise NotUnderstoodError(found[0])
    return Join.GREATER if found[1] in ("greater", "higher") else Join.LESSER


def _individual_family(body: str, *, accumulator: bool) -> CostShare | None:
    """Read "$1,500 / $3,000", which is individual and family only if the text or the column says so."""
    found = _LEVELS_OF_TWO.fullmatch(body)
    if found is None or not (accumulator or found["head"] or found["foot"]):
        return None
    parts = (_level(found["money"], Unit.INDIVIDUAL), _level(found["group"], Unit.GROUP))
    return CostShare(parts=parts, join=Join.APART)


def _level(amount: str, unit: Unit) -> Part:
    return Part(Copay(number(amount)), (Per(unit),))


def _quantity(text: str, *, tail: bool = False) -> Quantity | None:
    """Read a text that is one limit. After "limit:" it needs no period, and may be dollars without saying "maximum"."""
    scanner = Scanner(text, "member")
    per: tuple[Per, ...] = ()
    if (found := scanner.take(_MAXIMUM)) is not None:
        amount, unit = number(found["money"]), Unit.DOLLAR
        per = (Per(UNITS.get(found["period"], Unit.YEAR)),) if found["period"] else ()
    elif tail and (found := scanner.take(_MONEY)) is not None:
        amount, unit = number(found["money"]), Unit.DOLLAR
    elif (found := scanner.take(_TIMES)) is not None:
        amount, unit = number(found["count"] or "1"), Unit.TIME
    elif (found := scanner.take(_UNIT_ALONE)) is not None:
        return _rest(scanner, None, UNITS[found[1]], per, tail=tail)
    elif (counted := scanner.quantity()) is not None and counted.amount is not None:
        amount, unit, per = counted.amount, counted.unit, counted.per
    else:
        return None
    return _rest(scanner, amount, unit, per, tail=tail or unit is Unit.DOLLAR)


def _rest(scanner: Scanner, amount: Decimal | None, unit: Unit, per: tuple[Per, ...], *, tail: bool) -> Quantity | None:
    """Read the periods, and nothing may follow."""
    per += scanner.pers()
    scanner.take(_BENEFIT)
    return Quantity(amount, unit, per) if scanner.done() and (per or tail) else None


def _only(limits: list[Quantity]) -> Quantity | None:
    """Give the one limit; two that differ have no place."""
    if any(limit != limits[0] for limit in limits):
        raise NotUnderstoodError("two limits")
    return limits[0] if limits else None
