"""Rate and contribution sets as rows that say what they mean, and back: the contract's labels need their neighbours.

    in the contract                                       as it is handed over
    tiers: {tier: employee_spouse} beside EE and family   means: employee_one     (three tiers: any one dependant)
    tiers: {tier: employee_children} beside all five      means: employee_two_children
    entries: {part: employee, percent: "80"}              means: employee, kind: percent, value: "80"
    entries: {tier: .., defined_amount: "500"}            kind: amount, value: "500", defined: true
    unit: {age_bands: [..]}                               ages: [..], as for age-rated sets; without a rate of its own
                                                          rate_type: age_rated, per what the unit says
    ages: {age_from: 65, age_to: 120}                     age_to: null: and over
    plan_design: ppo of a dental plan                     plan_design: dental_ppo
    plan_type: std, voluntary: true                       plan_type: voluntary_std (and ltd)
    fields: {code: x_benefit_amount} of another type      code: benefit_amount, as where the catalogue has it

Takes and gives plain data; `told` undoes `meant` for every block that the contract allows. Fields that it does not know
are left where they are. A contribution may leave tiers out ("no entry" is a state of its own), so what its labels mean
is said by the rates of its class too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from syncd.connectors.perfectquote.codes import common, own, recoded
from syncd.errors import CannotHoldError

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
_PPO, _DENTAL_PPO = "ppo", "dental_ppo"
_VOLUNTARY: Final[Mapping[object, str]] = {"std": "voluntary_std", "ltd": "voluntary_ltd"}
"""Types whose voluntary plans are a line of their own elsewhere; the type of a plan never changes, its flag may."""
_TOLD: Final = {("plan_design", _DENTAL_PPO): _PPO} | {("plan_type", name): held for held, name in _VOLUNTARY.items()}
_FOR_EVER: Final = "9999-12-31"
_OLDEST: Final = 99
_AND_OVER: Final = 120
"""The contract has no word for "and over"; nobody is insured by a band that begins later than this."""
VOLUNTARY: Final = frozenset(_VOLUNTARY.values())
"""Types as they are handed over whose plans have the flag set."""
COMPUTED: Final = "estimated_monthly_premium"


def meant(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Give a plan whose rate and contribution rows say what they mean."""
    made = dict(resource)
    if resource.get("plan_type") == "dental" and resource.get("plan_design") == _PPO:
        made["plan_design"] = _DENTAL_PPO
    if resource.get("plan_type") in _VOLUNTARY and resource.get("voluntary") is True:
        made["plan_type"] = _VOLUNTARY[resource["plan_type"]]
    if "benefits" in resource:
        made["benefits"] = recoded(resource["benefits"], resource.get("plan_type"), common)
    if "rates" in resource:
        made["rates"] = _each_set(resource["rates"], _meant_rates)
    if "contributions" in resource:
        made["contributions"] = _each_set(
            resource["contributions"], lambda each: _meant_contributions(each, _labels_beside(each, resource))
        )
    return made


def told(name: str, block: Any, plan: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Give a block of a plan in the contract's words, without what PerfectQuote computes.

    Raises CannotHoldError for tiers that are no structure of the contract, and for rate sets of one class that overlap.
    """
    if name == "rates":
        _check_overlaps(_sets(block) or [])
        return _each_set(block, _told_rates)
    if name == "contributions":
        return _each_set(block, lambda each: _told_contributions(each, _labels_beside(each, plan)))
    if name == "benefits":
        return recoded(block, plan.get("plan_type"), own)
    return _TOLD.get((name, block), block) if isinstance(block, str) else block


def _each_set(block: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:  # noqa: ANN401 - JSON
    sets = _sets(block)
    return block if sets is None else {**block, "sets": [change(each) for each in sets]}


def _sets(block: object) -> list[dict[str, Any]] | None:
    sets = block.get("sets") if isinstance(block, dict) else None
    return sets if isinstance(sets, list) and all(isinstance(each, dict) for each in sets) else None


def _labels_beside(contributions: Mapping[str, Any], plan: Mapping[str, Any]) -> frozenset[str]:
    """Give the tier labels of the rates that a contribution set is for: those of its class, or of all classes."""
    classes = {contributions.get("class_ref") or "", ""}
    rates = [each for each in _sets(plan.get("rates")) or [] if (each.get("class_ref") or "") in classes]
    rows = [row for each in rates for row in each.get("tiers") or [] if isinstance(row, dict)]
    said = (row.get("tier") or _LABELS.get(str(row.get("means")), row.get("means")) for row in rows)
    return frozenset(str(label) for label in said if label)


# -- reading ----------------------------------------------------------------------------------------------------------


def _meant_rates(rates: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(rates)
    if isinstance(rates.get("tiers"), list):
        made["tiers"] = _meant_tiers(rates["tiers"], frozenset())
    unit = rates.get("unit")
    if isinstance(unit, dict) and isinstance(unit.get("age_bands"), list) and not rates.get("ages"):
        made["unit"] = {key: value for key, value in unit.items() if key != "age_bands"}
        made["ages"] = unit["age_bands"]
        if rates.get("rate_type") == "unit" and unit.get("rate") is None and unit["age_bands"]:
            made["rate_type"] = "age_rated"
    if isinstance(made.get("ages"), list):
        made["ages"] = [_meant_age(row) if isinstance(row, dict) else row for row in made["ages"]]
    return made


def _meant_age(row: dict[str, Any]) -> dict[str, Any]:
    end = row.get("age_to")
    return {**row, "age_to": None, "age_end": end} if isinstance(end, int) and end >= _OLDEST else row


def _told_age(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("age_to") is not None:
        return {key: value for key, value in row.items() if key != "age_end"}
    return {**{key: value for key, value in row.items() if key != "age_end"}, "age_to": row.get("age_end", _AND_OVER)}


def _meant_contributions(contributions: Mapping[str, Any], beside: frozenset[str]) -> dict[str, Any]:
    entries = contributions.get("entries")
    if not isinstance(entries, list):
        return dict(contributions)
    return {**contributions, "entries": [_meant_entry(row) for row in _meant_tiers(entries, beside)]}


def _meant_tiers(rows: list[Any], beside: frozenset[str]) -> list[Any]:
    meaning = _meaning({row.get("tier") for row in rows if isinstance(row, dict)} | beside)
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
        made["tiers"] = _told_tiers(rates["tiers"], "rates", frozenset())
    if isinstance(rates.get("ages"), list):
        made["ages"] = [_told_age(row) if isinstance(row, dict) else row for row in rates["ages"]]
    if not rates.get("rate_type"):
        made["rate_type"] = "unit" if rates.get("unit") else "age_rated" if rates.get("ages") else "composite"
    if made["rate_type"] == "age_rated" and (made.get("unit") or {}).get("per") is not None:
        made["rate_type"] = "unit"
    if made["rate_type"] == "unit" and made.get("ages"):
        made["unit"] = {**(rates.get("unit") or {}), "age_bands": made.pop("ages")}
    return made


def _told_contributions(contributions: Mapping[str, Any], beside: frozenset[str]) -> dict[str, Any]:
    entries = contributions.get("entries")
    if not isinstance(entries, list):
        return dict(contributions)
    rows = [_told_entry(row) for row in entries if not _is_blank(row)]
    return {**contributions, "entries": _told_tiers(rows, "contributions", beside)}


def _check_overlaps(sets: list[dict[str, Any]]) -> None:
    """Refuse two primary sets of one class that are in force on one day, as the contract does, and say what to do.

    Closing the earlier one is nothing that anybody decided.
    """
    dated = sorted(
        (str(each.get("class_ref") or ""), str(each["effective_date"]), str(each.get("expiration_date") or _FOR_EVER))
        for each in sets
        if each.get("primary") and each.get("effective_date")
    )
    for (one, begins, ends), (other, following, _) in pairwise(dated):
        if one == other and following <= ends:
            raise CannotHoldError(
                f"the rates from {begins} are still in force on {following}, when others begin",
                field="rates",
                hint=f"Give the rates from {begins} an expiration date before {following}, in any system.",
            )


def _told_tiers(rows: list[Any], section: str, beside: frozenset[str]) -> list[Any]:
    meanings = {str(row["means"]) for row in rows if isinstance(row, dict) and row.get("means")} - _PARTS
    _check_structure(meanings, section, beside)
    return [_told_tier(row) if isinstance(row, dict) else row for row in rows]


def _told_tier(row: dict[str, Any]) -> dict[str, Any]:
    means = row.get("means")
    if not means:
        return row
    rest = {key: value for key, value in row.items() if key != "means"}
    return {"part" if means in _PARTS else "tier": _LABELS.get(means, means), **rest}


def _check_structure(meanings: set[str], section: str, beside: frozenset[str]) -> None:
    """Refuse what would be read back as other tiers than were meant: employee_spouse may mean any one dependant."""
    labels = {means: _LABELS.get(means, means) for means in meanings}
    meaning = _meaning(beside | set(labels.values()))
    clear = all(meaning.get(label, label) == means for means, label in labels.items())
    if clear and (section == "contributions" or not meanings or meanings in _STRUCTURES):
        return
    raise CannotHoldError(
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
