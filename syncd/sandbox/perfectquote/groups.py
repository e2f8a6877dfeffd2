"""Employer groups: list, make, read, change, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncd.sandbox.perfectquote.call import Answer, Call, alive, etag, merged, one, require_match, writable
from syncd.sandbox.perfectquote.firm import Firm
from syncd.sandbox.perfectquote.listing import PAGING, day, page, word
from syncd.sandbox.perfectquote.problems import FieldError, Problem, invalid
from syncd.sandbox.perfectquote.progress import renewal_estimated, workflow
from syncd.sandbox.perfectquote.schema import GroupBody, check
from syncd.sandbox.perfectquote.store import Record

_FIELDS = frozenset(GroupBody.model_fields)
_STATUSES = ("not_started", "quoting", "presenting", "confirmed")


@dataclass(frozen=True)
class Groups:
    """The calls under `/v1/groups`."""

    firm: Firm

    def index(self, call: Call) -> Answer:
        """List groups."""
        call.only(
            *PAGING,
            *(
                "q",
                "bp_account_id",
                "renewal_from",
                "renewal_to",
                "workflow_status",
                "updated_since",
                "include_deleted",
            ),
        )
        status = word(call.query, "workflow_status", _STATUSES)
        first, last = day(call.query, "renewal_from"), day(call.query, "renewal_to")
        deleted, now = call.flag("include_deleted"), self.firm.now
        text, account = call.query.get("q", "").casefold(), call.query.get("bp_account_id")

        def wanted(group: Record) -> bool:
            renewal = self.renewal(group)
            return (
                self.firm.store.listed(group, now, include_deleted=deleted)
                and text in group["name"].casefold()
                and (account is None or (group["bp_account"] or {}).get("account_id") == account)
                and (first is None or (renewal is not None and renewal >= first))
                and (last is None or (renewal is not None and renewal <= last))
                and (status is None or self._workflow(group)["status"] == status)
            )

        found = page(filter(wanted, self.firm.store.records["group"].values()), call.query, "groups")
        return self.firm.listing(call, found, [self.show(group, call) for group in found.records], "group")

    def create(self, call: Call) -> Answer:
        """Make a group."""
        fields = check(GroupBody, writable(call.json(), {}, _FIELDS))
        self._check_owner(fields)
        group = self.firm.store.insert("group", {**self.firm.kept(fields), "bp_account": None}, call.actor)
        return Answer(self.show(group, call), 201, {"ETag": etag(group), "Location": f"/v1/groups/{group['id']}"})

    def read(self, call: Call) -> Answer:
        """Read a group."""
        call.only()
        group = self.find(call)
        return one(call, group, self.show(group, call))

    def patch(self, call: Call) -> Answer:
        """Change a group by a merge patch."""
        group = self.find(call)
        require_match(call, group)
        shown = self.show(group, call)
        given = writable(call.json(), shown, _FIELDS)
        if "tax_id" in given and given["tax_id"] == shown["tax_id"]:
            del given["tax_id"]  # masked as it was shown: unchanged
        fields = check(GroupBody, merged({name: group[name] for name in _FIELDS}, given))
        self._check_owner(fields)
        self.firm.save("group", group, fields, call)
        return one(call, group, self.show(group, call))

    def delete(self, call: Call) -> Answer:
        """Delete a group with its plans, softly; a connected one only with `disconnect=true`."""
        call.only("disconnect")
        group = self.find(call)
        require_match(call, group)
        if group["bp_account"] is not None and not call.flag("disconnect"):
            account = group["bp_account"]["account_id"]
            raise Problem("already_connected", f"connected with BenefitPoint account {account}; add ?disconnect=true")
        for plan in self.firm.store.plans_of(group["id"]):
            self.firm.store.delete("plan", plan, call.actor)
        self.firm.store.write("group", group, {"bp_account": None}, call.actor)
        self.firm.store.delete("group", group, call.actor)
        return Answer(None, 204)

    def find(self, call: Call) -> Record:
        """Find the group that a path names. Raises 404 and 410."""
        return alive(self.firm.store.records["group"].get(call.ids["id"]), "group", call.ids["id"])

    def renewal(self, group: Record) -> str | None:
        """Tell the renewal date, estimated where none is set."""
        estimate = renewal_estimated(self.firm.store.plans_of(group["id"]))
        return group["next_renewal_date"] or (estimate["date"] if estimate else None)

    def show(self, group: Record, call: Call) -> dict[str, Any]:
        """Render a group; its tax id whole only for `groups:pii`."""
        shown = {name: value for name, value in group.items() if not name.startswith("_")}
        if shown["tax_id"] is not None and "groups:pii" not in call.token.scopes:
            shown["tax_id"] = f"**-***{shown['tax_id'][-4:]}"
        plans = self.firm.store.plans_of(group["id"])
        shown["renewal_estimated"] = None if group["next_renewal_date"] else renewal_estimated(plans)
        shown["workflow"] = self._workflow(group)
        return shown

    def _workflow(self, group: Record) -> dict[str, Any]:
        store = self.firm.store
        plans, rfps = store.plans_of(group["id"]), store.rfps_of(group["id"])
        return workflow(group["next_renewal_date"], plans, rfps, self.firm.today)

    def _check_owner(self, fields: dict[str, Any]) -> None:
        owner = fields["owner_user_id"]
        if owner is not None and owner not in self.firm.store.users:
            raise invalid([FieldError("/owner_user_id", "invalid_value", f"no user {owner}; see GET /v1/users")])
