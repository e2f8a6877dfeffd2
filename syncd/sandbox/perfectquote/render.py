"""The seeded firm: the neutral world in PerfectQuote's words, by the sandbox's own code.

What PerfectQuote's contract cannot say is left out, never bent: six-tier prices, an employee's share printed as if it
were the price. The record's `_left_out` (in snapshots, never served) says what and why. Every block is checked by the
rules that hold for requests.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from syncd.sandbox.perfectquote.problems import FieldError, Problem
from syncd.sandbox.perfectquote.render_benefits import benefits
from syncd.sandbox.perfectquote.render_prices import contributions, rates
from syncd.sandbox.perfectquote.rules import Known, broken
from syncd.sandbox.perfectquote.schema import GroupBody, PlanBody, check
from syncd.sandbox.perfectquote.store import Record, Store
from syncd.sandbox.seed.model import SeedGroup, SeedPlan, World

SIDE: Final = "perfectquote"
_ACTOR = "usr_dana"
_UNSTATED = "Not stated"
_TYPES = {"medical", "dental", "vision", "basic_life", "voluntary_life", "std", "ltd"}
_VOLUNTARY = {"voluntary_std": "std", "voluntary_ltd": "ltd"}
_OTHER = {
    "prescription": "Prescription drugs",
    "spouse_life": "Spouse life",
    "child_life": "Child life",
    "ad_d": "AD&D",
    "voluntary_ad_d": "Voluntary AD&D",
    "life_ad_d": "Life and AD&D",
    "accident": "Accident",
    "critical_illness": "Critical illness",
    "hospital_indemnity": "Hospital indemnity",
    "limited_benefit": "Limited benefit",
    "fsa": "FSA",
    "hsa": "HSA",
    "hra": "HRA",
    "section125": "Section 125",
    "retirement": "Retirement",
    "stop_loss": "Stop loss",
    "eap": "EAP",
    "business_travel": "Business travel",
    "work_life": "Work life",
    "legal": "Legal",
    "identity_theft": "Identity theft",
    "pet": "Pet",
}
_DESIGNS = {"hmo", "ppo", "pos", "epo", "hdhp", "indemnity", "dhmo", "other"}
_METALS = {"bronze", "silver", "gold", "platinum"}
_FLAGS = {"true": True, "yes": True, "y": True, "false": False, "no": False, "n": False}
_STATUSES = {"prospect": "prospect", "active": "active", "pending": "prospect"}
_WAITING = {
    "none": "none",
    "date_of_hire": "none",
    "first_of_month_after": "first_of_month_after",
    "first_of_month_coinciding": "first_of_month_coinciding",
    "exact_days": "exact_days",
}


def render(world: World, store: Store) -> None:
    """Fill a store from a world; the feed starts empty, as if everything happened long ago."""
    for plan in world.plans():
        if SIDE in plan.sides:
            carrier = _carrier(plan.texts(SIDE))
            store.carriers[carrier["id"]] = carrier
    for group in world.groups_on(SIDE):
        made = store.insert("group", _group(group), _ACTOR, record_id=group.ids[SIDE])
        for plan in _oldest_first(group):
            fields = _plan(group, plan, store)
            system = {
                "group_id": made["id"],
                "stage": plan.stage,
                "favorite": plan.stage == "confirmed",
                "source": "manual",
            }
            store.insert("plan", {**system, **fields}, _ACTOR, record_id=plan.ids[SIDE])
    store.events.clear()
    store.seq = 0


def _oldest_first(group: SeedGroup) -> list[SeedPlan]:
    """Order a group's plans so that a prior plan is there before the one that refers to it."""
    return sorted(group.plans_on(SIDE), key=lambda plan: plan.texts(SIDE)["details.effective_date"])


def _carrier(texts: dict[str, str]) -> Record:
    name = texts.get("details.carrier", _UNSTATED)
    return {
        "id": f"car_{hashlib.blake2b(name.encode(), digest_size=5).hexdigest()}",
        "name": name,
        "bp_carrier_id": None,
    }


def _group(group: SeedGroup) -> Record:
    texts = {path.removeprefix("details."): text for path, text in group.texts(SIDE).items()}
    address = {part: texts.get(f"address.{part}") for part in ("line1", "line2", "city", "state", "zip", "county")}
    fields = {
        "name": texts.get("name", group.name),
        "legal_name": texts.get("legal_name"),
        "dba": texts.get("dba"),
        "status": _STATUSES.get(texts.get("status", "active"), "inactive"),
        "sic_code": texts.get("sic_code"),
        "naics_code": texts.get("naics_code"),
        "address": address if any(address.values()) else None,
        "eligible_count": _whole(texts.get("eligible_count")),
        "enrolled_count": _whole(texts.get("enrolled_count")),
        "next_renewal_date": texts.get("next_renewal_date"),
    }
    return {**check(GroupBody, fields), "bp_account": None}


def _plan(group: SeedGroup, plan: SeedPlan, store: Store) -> Record:
    """Render a plan whole; a block that breaks a rule is left out, and `_left_out` says why."""
    texts = plan.texts(SIDE)
    left_out: list[str] = []
    blocks = {
        "benefits": benefits(texts, store.new_id),
        "rates": rates(texts, left_out),
        "contributions": contributions(texts, left_out),
    }
    fields = check(PlanBody, {**_details(group, plan, texts), **blocks})
    known = Known(frozenset(store.carriers), {one["id"]: one["plan_type"] for one in store.plans_of(group.ids[SIDE])})
    for block in ("contributions", "rates", "benefits"):
        for error in broken(fields, known):
            if error.pointer.startswith(f"/{block}/"):
                fields[block] = {"sets": []} if block != "benefits" else {"variants": []}
                left_out.append(f"{block}: {error.message}")
                break
    errors: list[FieldError] = broken(fields, known)
    if errors:
        raise Problem("internal", f"seeded plan {plan.key} breaks the contract", errors)
    _name_parts(fields, store)
    return {**fields, "_left_out": left_out}


def _name_parts(fields: Record, store: Store) -> None:
    for block, prefix in (("rates", "rs"), ("contributions", "cs")):
        for one in fields[block]["sets"]:
            one["id"] = store.new_id(prefix)


def _details(group: SeedGroup, plan: SeedPlan, texts: dict[str, str]) -> Record:
    by_key = {one.key: one for one in group.plans_on(SIDE)}
    prior = by_key.get(plan.prior or "")
    plan_type, other_type, voluntary = _type(texts["details.line"])
    if prior is not None and _type(prior.texts(SIDE)["details.line"])[0] != plan_type:
        prior = None
    design = texts.get("details.plan_type")
    metal = texts.get("details.metal")
    return {
        "plan_type": plan_type,
        "other_type": texts.get("details.other_type") if other_type and "details.other_type" in texts else other_type,
        "name": texts["details.name"],
        "carrier_id": _carrier(texts)["id"],
        "network": texts.get("details.network"),
        "plan_design": {"dppo": "ppo"}.get(design or "", design if design in _DESIGNS else None),
        "funding": texts.get("details.funding", "fully_insured"),
        "metal_level": metal if metal in _METALS else None,
        "hsa_eligible": _FLAGS.get(texts.get("details.hsa_eligible", "").lower()),
        "voluntary": voluntary or _FLAGS.get(texts.get("details.voluntary", "").lower(), False),
        "position": texts.get("details.position", "renewal" if prior is not None else "alternate"),
        "effective_date": texts["details.effective_date"],
        "end_date": texts.get("details.expiration_date"),
        "renewal_date": texts.get("details.renewal_date"),
        "rate_guarantee_months": _whole(_guarantee(texts)),
        "policy_number": texts.get("details.policy_number"),
        "eligibility": _eligibility(texts),
        "states": [state.strip() for state in texts.get("details.states", "").split(",") if state.strip()],
        "prior_plan_id": prior.ids[SIDE] if prior is not None else None,
        "notes": texts.get("details.notes"),
        "origination": texts.get("details.origination", "renewal" if prior is not None else "new"),
    }


def _type(line: str) -> tuple[str, str | None, bool]:
    """Give plan_type, other_type and whether the line itself says voluntary."""
    if line in _TYPES:
        return line, None, line == "voluntary_life"
    if line in _VOLUNTARY:
        return _VOLUNTARY[line], None, True
    return "other", _OTHER.get(line, line.replace("_", " ").capitalize()), line == "voluntary_ad_d"


def _guarantee(texts: dict[str, str]) -> str | None:
    """Find the months of the rate guarantee, which PerfectQuote keeps on the plan."""
    return next((text for path, text in texts.items() if path.endswith("].guarantee_months")), None)


def _eligibility(texts: dict[str, str]) -> Record | None:
    classes = [text.strip() for text in texts.get("eligibility.classes", "").split(";") if text.strip()]
    hours = texts.get("eligibility.hours")
    kind = _WAITING.get(texts.get("eligibility.waiting_period", ""))
    waiting = kind and {
        "kind": kind,
        "days": _whole(texts.get("eligibility.waiting_days")),
        "months": _whole(texts.get("eligibility.waiting_months")),
    }
    if not classes and hours is None and not waiting:
        return None
    number: Any = None if hours is None else int(hours) if hours.isdigit() else float(hours)
    return {"min_hours": number, "waiting": waiting or None, "classes": classes}


def _whole(text: str | None) -> int | None:
    return int(text.replace(",", "")) if text is not None and text.replace(",", "").isdigit() else None
