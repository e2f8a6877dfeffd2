"""Rate and contribution sets as rows that say what they mean, and back: the contract's labels need their neighbours.

    in the contract                                       as it is handed over
    tiers: {tier: employee_spouse} beside EE and family   means: employee_one     (three tiers: any one dependant)
    tiers: {tier: employee_children} beside all five      means: employee_two_children
    entries: {part: employee, percent: "80"}              means: employee, kind: percent, value: "80"
    entries: {tier: .., defined_amount: "500"}            kind: amount, value: "500", defined: true
    unit: {age_bands: [..]}                               ages: [..], as for age-rated sets

Takes and gives plain data; `told(meant(block)) == block` for every block that the contract allows. Fields that it does
not know are left where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncd.errors import RefusedError

_EE, _ES, _EC1, _EC, _EF = (
    "employee_only",
    "employee_spouse",
    "employee_child",
    "employee_children",
    "employee_family",
)
_ONE, _TWO = "employee_one", "employee_two_children"
# Contract, B5: the structures of 1 to 5 tiers, and what a label means in each where it is not what it says.
_STRUCTURES: Final[tuple[frozenset[str], ...]] = (
    frozenset({_EE}),
    frozenset({_EE, _EF}),
    frozenset({_EE, _ONE, _EF}),
    frozenset({_EE, _ES, _EC, _EF}),
    frozenset({_EE, _ES, _EC1, _TWO, _EF}),
)
_LABELS: Final[Mapping[str, str]] = {_ONE: _ES, _TWO: _EC}
_PARTS: Final = frozenset({"employee", "dependent"})
_KINDS: Final = ("percent", "amount", "percent_of_salary", "defined_amount")
_MEANING: Final = ("tier", "part")
COMPUTED: Final = "estimated_monthly_premium"


def meant(name: str, block: Any) -> Any:  # noqa: ANN401 - JSON
    """Give a block (`rates`, `contributions`) whose rows say what they mean."""
    return _each_set(block, {"rates": _meant_rates, "contributions": _meant_contributions}.get(name))


def told(name: str, block: Any) -> Any:  # noqa: ANN401 - JSON
    """Give a block in the contract's words, without what PerfectQuote computes.

    Raises RefusedError for tiers that are no structure of the contract.
    """
    return _each_set(block, {"rates": _told_rates, "contributions": _told_contributions}.get(name))


def _each_set(block: Any, change: Any) -> Any:  # noqa: ANN401 - JSON
    sets = block.get("sets") if isinstance(block, dict) else None
    if change is None or not isinstance(sets, list):
        return block
    return {**block, "sets": [change(each) if isinstance(each, dict) else each for each in sets]}


# -- reading ----------------------------------------------------------------------------------------------------------


def _meant_rates(rates: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(rates)
    if isinstance(rates.get("tiers"), list):
        made["tiers"] = _meant_tiers(rates["tiers"])
    unit = rates.get("unit")
    if isinstance(unit, dict) and isinstance(unit.get("age_bands"), list) and not rates.get("ages"):
        made["unit"] = {key: value for key, value in unit.items() if key != "age_bands"}
        made["ages"] = unit["age_bands"]
    return made


def _meant_contributions(contributions: Mapping[str, Any]) -> dict[str, Any]:
    entries = contributions.get("entries")
    if not isinstance(entries, list):
        return dict(contributions)
    return {**contributions, "entries": [_meant_entry(row) for row in _meant_tiers(entries)]}


def _meant_tiers(rows: list[Any]) -> list[Any]:
    meaning = _meaning(row.get("tier") for row in rows if isinstance(row, dict))
    return [_meant_tier(row, meaning) if isinstance(row, dict) else row for row in rows]


def _meant_tier(row: dict[str, Any], meaning: Mapping[str, str]) -> dict[str, Any]:
    label = row.get("tier") or row.get("part")
    rest = {key: value for key, value in row.items() if key not in _MEANING}
    return {"means": meaning.get(str(label), label), **rest} if label else row


def _meaning(labels: Iterable[object]) -> Mapping[str, str]:
    """Give what these labels mean beside each other."""
    there = {str(label) for label in labels if label}
    if _EC1 in there and _EC in there:
        return {_EC: _TWO}
    return {_ES: _ONE} if _ES in there and not there & {_EC1, _EC} and _EF in there else {}


def _meant_entry(row: Any) -> Any:  # noqa: ANN401 - JSON
    kinds = [kind for kind in _KINDS if row.get(kind) is not None] if isinstance(row, dict) else []
    if len(kinds) != 1:
        return row
    rest = {key: value for key, value in row.items() if key not in _KINDS}
    if kinds[0] == "defined_amount":
        return {**rest, "kind": "amount", "value": row["defined_amount"], "defined": True}
    return {**rest, "kind": kinds[0], "value": row[kinds[0]]}


# -- writing ----------------------------------------------------------------------------------------------------------


def _told_rates(rates: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in rates.items() if key != COMPUTED}
    if isinstance(rates.get("tiers"), list):
        made["tiers"] = _told_tiers(rates["tiers"], "rates")
    if rates.get("rate_type") == "unit" and rates.get("ages"):
        made["unit"] = {**(rates.get("unit") or {}), "age_bands": made.pop("ages")}
    return made


def _told_contributions(contributions: Mapping[str, Any]) -> dict[str, Any]:
    entries = contributions.get("entries")
    if not isinstance(entries, list):
        return dict(contributions)
    rows = [_told_entry(row) for row in entries if not _is_blank(row)]
    return {**contributions, "entries": _told_tiers(rows, "contributions")}


def _told_tiers(rows: list[Any], section: str) -> list[Any]:
    meanings = {str(row["means"]) for row in rows if isinstance(row, dict) and row.get("means")} - _PARTS
    _check_structure(meanings, section)
    return [_told_tier(row) if isinstance(row, dict) else row for row in rows]


def _told_tier(row: dict[str, Any]) -> dict[str, Any]:
    means = row.get("means")
    if not means:
        return row
    rest = {key: value for key, value in row.items() if key != "means"}
    return {"part" if means in _PARTS else "tier": _LABELS.get(means, means), **rest}


def _check_structure(meanings: set[str], section: str) -> None:
    """Refuse what would be read back as other tiers than were meant: employee_spouse alone means any one dependant.

    Contributions may leave tiers out ("no entry" is a state of its own), as long as their labels stay clear.
    """
    labels = [_LABELS.get(means, means) for means in meanings]
    clear = {_meaning(labels).get(label, label) for label in labels} == meanings and len(set(labels)) == len(labels)
    if clear and (section == "contributions" or not meanings or meanings in _STRUCTURES):
        return
    raise RefusedError(
        f"PerfectQuote has no tier structure of {', '.join(sorted(meanings))}",
        field=section,
        hint="Its structures have 1 to 5 tiers: employee; family; one dependant, or spouse and children; one child.",
    )


def _told_entry(row: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(row, dict) or "kind" not in row:
        return row
    rest = {key: value for key, value in row.items() if key not in ("kind", "value", "defined")}
    kind = "defined_amount" if row.get("defined") and row["kind"] == "amount" else row["kind"]
    return {**rest, kind: row.get("value")}


def _is_blank(row: object) -> bool:
    """Tell whether an entry holds no value any more; the contract has no such entry."""
    return isinstance(row, dict) and "kind" in row and row.get("value") is None
