"""What moves a plan: explorer → presentation → confirmed and back; favourites; copies.

Being there already is no error and no write. A confirmed plan goes back by `:unconfirm` alone.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from syncd.sandbox.perfectquote.call import Answer, Call, etag, one, require_match
from syncd.sandbox.perfectquote.plans import FIELDS, SET_IDS, Plans
from syncd.sandbox.perfectquote.problems import FieldError, Problem, invalid
from syncd.sandbox.perfectquote.schema import CopyBody, check

_MOVES = {
    "present": ("explorer", "presentation"),
    "withdraw": ("presentation", "explorer"),
    "confirm": ("presentation", "confirmed"),
    "unconfirm": ("confirmed", "presentation"),
}


@dataclass(frozen=True)
class Actions:
    """The calls `/v1/plans/{id}:…`."""

    plans: Plans

    def move(self, call: Call) -> Answer:
        """Change the stage."""
        self._no_body(call)
        plan = self.plans.find(call)
        require_match(call, plan)
        action = call.template.rpartition(":")[2]
        start, end = _MOVES[action]
        if plan["stage"] not in (start, end):
            if plan["stage"] == "confirmed":
                raise Problem("plan_confirmed", f"the plan is confirmed; :unconfirm it before :{action}")
            if action == "confirm":
                raise invalid([FieldError("/stage", "invalid_value", "a plan is presented before it is confirmed")])
            return one(call, plan, self.plans.show(plan))  # :unconfirm of what never was
        self.plans.firm.save("plan", plan, {"stage": end}, call)
        return one(call, plan, self.plans.show(plan))

    def mark(self, call: Call) -> Answer:
        """Make a plan a favourite, or no longer; a confirmed one too, for its content stays."""
        self._no_body(call)
        plan = self.plans.find(call)
        require_match(call, plan)
        self.plans.firm.save("plan", plan, {"favorite": call.template.endswith(":favorite")}, call)
        return one(call, plan, self.plans.show(plan))

    def copy(self, call: Call) -> Answer:
        """Copy a plan within its group: a new plan in the explorer, without the ids that other systems gave the old."""
        asked = check(CopyBody, call.json() if call.body else {})
        plan = self.plans.find(call)
        require_match(call, plan)
        fields = copy.deepcopy({name: plan[name] for name in FIELDS})
        fields["external_ids"] = {}
        fields["name"] = asked["name"] or plan["name"]
        renamed = {part["id"]: self.plans.firm.store.new_id("bv") for part in fields["benefits"]["variants"]}
        for block, (parts, _) in SET_IDS.items():
            for part in fields[block][parts]:
                part["id"] = renamed.get(part["id"]) if block == "benefits" else None
        for rate_set in fields["rates"]["sets"]:
            rate_set["benefits_ref"] = renamed.get(rate_set["benefits_ref"])
        group = self.plans.firm.store.records["group"][plan["group_id"]]
        made = self.plans.add(group, fields, call)
        headers = {"ETag": etag(made), "Location": f"/v1/plans/{made['id']}"}
        return Answer(self.plans.show(made), 201, headers)

    def _no_body(self, call: Call) -> None:
        body = call.json() if call.body else {}
        if body:
            raise invalid([FieldError(f"/{name}", "unknown_field", "no such field") for name in sorted(body)])
