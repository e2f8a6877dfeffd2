"""Plans and their three blocks: list, make, read, change, delete. A plan with its blocks is one aggregate, one rev."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncd.sandbox.perfectquote.call import Answer, Call, alive, etag, merged, one, require_match, writable
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.groups import Groups
from syncd.sandbox.perfectquote.listing import PAGING, day, page, word
from syncd.sandbox.perfectquote.problems import FieldError, Problem, invalid
from syncd.sandbox.perfectquote.rules import Known, broken
from syncd.sandbox.perfectquote.schema import Benefits, Body, Contributions, PlanBody, Rates, check
from syncd.sandbox.perfectquote.store import Record
from syncd.sandbox.perfectquote.words import PLAN_TYPES, STAGES, TIMES_A_YEAR

BLOCKS: dict[str, type[Body]] = {"benefits": Benefits, "rates": Rates, "contributions": Contributions}
FIELDS = frozenset(PlanBody.model_fields)
SET_IDS = {"benefits": ("variants", "bv"), "rates": ("sets", "rs"), "contributions": ("sets", "cs")}
_POSITIONS = ("current", "renewal", "alternate")
_FILTERS = ("plan_type", "stage", "position", "carrier_id", "effective_from", "effective_to", "updated_since")


@dataclass(frozen=True)
class Plans:
    """The calls under `/v1/plans` and `/v1/groups/{id}/plans`."""

    firm: Firm
    groups: Groups

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def index(self, call: Call) -> Answer:
        """List the plans of the firm."""
        return self._list(call, self.firm.store.records["plan"].values(), "plans")

    def index_of_group(self, call: Call) -> Answer:
        """List the plans of a group."""
        group = self.groups.find(call)
        plans = (plan for plan in self.firm.store.records["plan"].values() if plan["group_id"] == group["id"])
        return self._list(call, plans, group["id"])

    def _list(self, call: Call, plans: Iterable[Record], scope: str) -> Answer:
        call.only(*PAGING, *_FILTERS, "include_deleted", "expand")
        blocks = _expand(call)
        wanted = self._filter(call)
        found = page((plan for plan in plans if wanted(plan)), call.query, scope)
        return self.firm.listing(call, found, [self.show(plan, blocks) for plan in found.records], "plan")

    def _filter(self, call: Call) -> Callable[[Record], bool]:
        equal = {
            "plan_type": word(call.query, "plan_type", PLAN_TYPES),
            "stage": word(call.query, "stage", STAGES),
            "position": word(call.query, "position", _POSITIONS),
            "carrier_id": call.query.get("carrier_id"),
        }
        first, last = day(call.query, "effective_from"), day(call.query, "effective_to")
        deleted, now = call.flag("include_deleted"), self.firm.now

        def wanted(plan: Record) -> bool:
            return (
                self.firm.store.listed(plan, now, include_deleted=deleted)
                and all(value is None or plan[name] == value for name, value in equal.items())
                and (first is None or plan["effective_date"] >= first)
                and (last is None or plan["effective_date"] <= last)
            )

        return wanted

    def read(self, call: Call) -> Answer:
        """Read a plan with its blocks."""
        call.only("expand")
        _expand(call)
        plan = self.find(call)
        return one(call, plan, self.show(plan))

    def read_block(self, call: Call) -> Answer:
        """Read one block; its ETag is the plan's."""
        call.only()
        plan = self.find(call)
        return one(call, plan, self.show(plan)[_block(call)])

    # ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, call: Call) -> Answer:
        """Make a plan, with its blocks if they are given."""
        group = self.groups.find(call)
        fields = check(PlanBody, writable(call.json(), {}, FIELDS))
        plan = self.add(group, fields, call)
        return Answer(self.show(plan), 201, {"ETag": etag(plan), "Location": f"/v1/plans/{plan['id']}"})

    def add(self, group: Record, fields: Record, call: Call, *, source: str = "api") -> Record:
        """Add a plan to a group. Raises 422."""
        if len(self.firm.store.plans_of(group["id"])) >= self.firm.switches["plans_per_group"]:
            most = self.firm.switches["plans_per_group"]
            raise invalid([FieldError("", "invalid_value", f"a group has at most {most} plans")])
        self.settle(fields)
        self.check_rules(fields, group["id"], None)
        system = {"group_id": group["id"], "stage": "explorer", "favorite": False, "source": source}
        return self.firm.store.insert("plan", {**system, **self.firm.kept(fields)}, call.actor)

    def put(self, call: Call) -> Answer:
        """Replace a plan's fields; a block that is left out stays, for it has a PUT of its own."""
        plan = self._open(call)
        given = writable(call.json(), self.show(plan), FIELDS)
        blocks = {name: plan[name] for name in BLOCKS if name not in given}
        return self._change(call, plan, {**given, **blocks})

    def patch(self, call: Call) -> Answer:
        """Change a plan by a merge patch, blocks included."""
        plan = self._open(call)
        given = writable(call.json(), self.show(plan), FIELDS)
        return self._change(call, plan, merged({name: plan[name] for name in FIELDS}, given))

    def put_block(self, call: Call) -> Answer:
        """Replace one block."""
        plan, name = self._open(call), _block(call)
        block = check(BLOCKS[name], call.json())
        try:
            self._write(call, plan, {**{field: plan[field] for field in FIELDS}, name: block})
        except Problem as problem:
            raise _within(problem, f"/{name}") from problem
        return one(call, plan, self.show(plan)[name])

    def delete(self, call: Call) -> Answer:
        """Delete a plan, softly."""
        call.only()
        self.firm.store.delete("plan", self._open(call), call.actor)
        return Answer(None, 204)

    def _open(self, call: Call) -> Record:
        """Find a plan that a request may change now. Raises 404, 410, 428, 412 and 409."""
        plan = self.find(call)
        require_match(call, plan)
        if plan["stage"] == "confirmed" and call.headers.get("x-allow-confirmed-edit", "").lower() != "true":
            raise Problem(
                "plan_confirmed", "the plan is confirmed; send X-Allow-Confirmed-Edit: true to edit it anyway"
            )
        return plan

    def _change(self, call: Call, plan: Record, fields: Record) -> Answer:
        self._write(call, plan, check(PlanBody, fields))
        return one(call, plan, self.show(plan))

    def _write(self, call: Call, plan: Record, fields: Record) -> None:
        if fields["plan_type"] != plan["plan_type"]:
            message = f"plan_type is immutable: the plan is {plan['plan_type']}"
            raise invalid([FieldError("/plan_type", "type_mismatch", message)])
        self.settle(fields)
        self.check_rules(fields, plan["group_id"], plan["id"])
        self.firm.save("plan", plan, fields, call)

    # ── What a plan is ───────────────────────────────────────────────────────────────────────────────────────────────

    def find(self, call: Call) -> Record:
        """Find the plan that a path names. Raises 404 and 410."""
        return alive(self.firm.store.records["plan"].get(call.ids["id"]), "plan", call.ids["id"])

    def check_rules(self, fields: Record, group_id: str, plan_id: str | None) -> None:
        """Check the rules that join fields. Raises 422."""
        others = {plan["id"]: plan["plan_type"] for plan in self.firm.store.plans_of(group_id) if plan["id"] != plan_id}
        errors = broken(fields, Known(frozenset(self.firm.store.carriers), others))
        if errors:
            raise invalid(errors)

    def settle(self, fields: Record) -> None:
        """Do what the vendor does to what it is given: name new parts, estimate premiums, pad amounts if it is so."""
        for block, (parts, prefix) in SET_IDS.items():
            for part in fields[block][parts]:
                part["id"] = part["id"] or self.firm.store.new_id(prefix)
        for rate_set in fields["rates"]["sets"]:
            estimate = _estimated(rate_set)
            rate_set["estimated_monthly_premium"] = estimate or rate_set["estimated_monthly_premium"]
        if self.firm.switches["pad_money"]:
            for block in ("rates", "contributions"):
                fields[block] = _padded(fields[block])

    def show(self, plan: Record, blocks: frozenset[str] = frozenset(BLOCKS)) -> dict[str, Any]:
        """Render a plan with these blocks."""
        hidden = frozenset(BLOCKS) - blocks
        return {name: value for name, value in plan.items() if not name.startswith("_") and name not in hidden}


def _expand(call: Call) -> frozenset[str]:
    text = call.query.get("expand", "")
    names = frozenset(filter(None, text.split(",")))
    if not names <= frozenset(BLOCKS):
        raise Problem("bad_filter", f"expand is {text!r}: any of {','.join(BLOCKS)}")
    return names


def _block(call: Call) -> str:
    return call.template.rpartition("/")[2]


def _within(problem: Problem, prefix: str) -> Problem:
    """Make pointers relative to the block that was sent."""
    if not problem.errors:
        return problem
    return invalid(
        [FieldError(error.pointer.removeprefix(prefix), error.code, error.message) for error in problem.errors]
    )


def _estimated(rate_set: Record) -> str | None:
    """Sum a composite set's premium by the month; None unless every tier says how many are enrolled."""
    tiers = rate_set["tiers"] or []
    if not tiers or any(tier["enrolled"] is None for tier in tiers) or rate_set["frequency"] not in TIMES_A_YEAR:
        return None
    total = sum(Decimal(tier["rate"]) * tier["enrolled"] for tier in tiers)
    monthly = total * TIMES_A_YEAR[rate_set["frequency"]] / 12
    return str(Decimal(monthly).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP"))


_MONEY = {"rate", "amount", "defined_amount", "max_amount", "estimated_monthly_premium"}


def _padded(value: Any) -> Any:
    """Write every amount with four decimals."""
    if isinstance(value, list):
        return [_padded(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(Decimal(one).quantize(Decimal("0.0001"))) if name in _MONEY and one is not None else _padded(one)
        for name, one in value.items()
    }
