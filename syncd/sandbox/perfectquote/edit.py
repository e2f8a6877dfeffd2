"""Edits at the screen: what a person of the firm does, by the back door, in PerfectQuote's own words.

The screen lets through what the API would check too, but asks for no token and no If-Match, and a person may edit a
confirmed plan and set what the API only shows: stage, favourite, BenefitPoint account, a user's status, a quote file's
outcome.
"""

from __future__ import annotations

from typing import Any

from syncd.sandbox.perfectquote.call import merged
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.groups import Groups
from syncd.sandbox.perfectquote.plans import FIELDS, Plans
from syncd.sandbox.perfectquote.problems import Problem
from syncd.sandbox.perfectquote.schema import GroupBody, PlanBody, check
from syncd.sandbox.perfectquote.store import Record
from syncd.sandbox.perfectquote.words import STAGES
from syncd.sandbox.vendor import Refused

_ASKED = {"kind", "id", "as", "set", "delete"}
_GROUP_FIELDS = frozenset(GroupBody.model_fields)
OPERATION = "edit"
"""What faults match (`lying_stamp`)."""


class Desk:
    """A person at the screen."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._plans = Plans(firm, Groups(firm))

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make, change or delete one record: without `id` a new one. Raises `Refused`."""
        unknown = sorted(body.keys() - _ASKED)
        if unknown:
            raise Refused(f"unknown field {unknown[0]!r}: an edit has {', '.join(sorted(_ASKED))}")
        try:
            return self._edit(body.get("kind"), body.get("id"), self._person(body.get("as", "dana")), body)
        except Problem as problem:
            wrong = "; ".join(f"{error.pointer}: {error.message}" for error in problem.errors)
            raise Refused(wrong or problem.detail) from problem

    def _edit(self, kind: Any, record_id: Any, actor: str, body: dict[str, Any]) -> dict[str, Any]:
        change = body.get("set", {})
        if not isinstance(change, dict):
            raise Refused("set is a JSON merge patch: an object")
        if kind == "user":
            return self._user(str(record_id), change)
        if kind not in ("group", "plan", "quote_file"):
            raise Refused(f"kind is {kind!r}: group, plan, quote_file or user")
        if record_id is None:
            return self._make(kind, change, actor)
        record = self._firm.store.records[kind].get(str(record_id))
        if record is None:
            raise Refused(f"no {kind} {record_id}")
        if body.get("delete"):
            for plan in self._firm.store.plans_of(record["id"]):
                self._firm.store.delete("plan", plan, actor)
            return _shown(self._firm.store.delete(kind, record, actor))
        if kind == "quote_file":
            return _shown(self._firm.store.write(kind, record, change, actor))
        return self._change(kind, record, change, actor)

    def _make(self, kind: str, change: dict[str, Any], actor: str) -> dict[str, Any]:
        store = self._firm.store
        if kind == "group":
            return _shown(store.insert("group", {**check(GroupBody, change), "bp_account": None}, actor))
        group_id = change.get("group_id")
        if kind != "plan" or group_id not in store.records["group"]:
            raise Refused(f"a new plan needs the group_id of a group, not {group_id!r}")
        fields = check(PlanBody, {name: value for name, value in change.items() if name != "group_id"})
        self._plans.settle(fields)
        self._plans.check_rules(fields, group_id, None)
        system = {"group_id": group_id, "stage": "explorer", "favorite": False, "source": "manual"}
        return _shown(store.insert("plan", {**system, **fields}, actor))

    def _change(self, kind: str, record: Record, change: dict[str, Any], actor: str) -> dict[str, Any]:
        special: dict[str, Any] = {
            name: change.pop(name) for name in ("stage", "favorite", "bp_account", "deleted_at") if name in change
        }
        if special.get("stage", "explorer") not in STAGES:
            raise Refused(f"stage is {special['stage']!r}: one of {', '.join(STAGES)}")
        names = FIELDS if kind == "plan" else _GROUP_FIELDS
        unknown = sorted(change.keys() - names)
        if unknown:
            raise Refused(f"a {kind} has no field {unknown[0]!r} that a person can set")
        document = merged({name: record[name] for name in names}, change)
        fields = check(PlanBody if kind == "plan" else GroupBody, document)
        if kind == "plan":
            self._plans.settle(fields)
            self._plans.check_rules(fields, record["group_id"], record["id"])
        lying = self._firm.faults.take(OPERATION, "lying_stamp") is not None
        return _shown(self._firm.store.write(kind, record, {**fields, **special}, actor, lying=lying))

    def _user(self, user_id: str, change: dict[str, Any]) -> dict[str, Any]:
        user = self._firm.store.users.get(self._person(user_id.removeprefix("usr_")))
        if user is None or not change.keys() <= user.keys() - {"id"}:
            raise Refused(f"a user has name, role, admin, content_manager, status; asked: {', '.join(change)}")
        user.update(change)
        return dict(user)

    def _person(self, name: Any) -> str:
        user_id = f"usr_{str(name).removeprefix('usr_')}"
        if user_id not in self._firm.store.users:
            known = ", ".join(user.removeprefix("usr_") for user in self._firm.store.users)
            raise Refused(f"no user {name!r}: {known}")
        return user_id


def _shown(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if not name.startswith("_")}
