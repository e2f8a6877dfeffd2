"""What a plan needs that no quoting tool knows: office, leads, who pays the commission. Asked once a group.

The account has an office and may have leads; who pays the commission stands nowhere but on the plans, and a wrong one
shows only later, in the commission reports. So it is asked, with what the account's other plans say as suggestion.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncd.connectors.base import Need
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.plans import Plans
from syncd.connectors.benefitpoint.structures import Structures
from syncd.connectors.registry import State
from syncd.errors import RefusedError

PLAN_CARRIER: Final = "plan_carrier"
_TYPES: Final = {
    "Insurer_or_TPA": "The insurer or TPA",
    "Parent_Company": "Its parent company",
    "Other_Brokerage_or_GA": "Another brokerage or general agent",
}
_FROM_ACCOUNT: Final = {
    "office": ("officeID", "Office of new plans"),
    "sales_lead": ("primarySalesLeadUserID", "Primary sales lead of new plans"),
    "service_lead": ("primaryServiceLeadUserID", "Primary service lead of new plans"),
}
_PAID_BY: Final = {
    "paid_by_type": ("billingCarrierType", "Who pays the commission of new plans"),
    "paid_by_company": ("billingCarrierID", "Which company pays it"),
}


def field_of(key: str) -> str:
    """Give the product's field that a need is about."""
    return {**_FROM_ACCOUNT, **_PAID_BY}[key][0]


class Needs:
    """What is known of each group: from its account, and from what people answered."""

    def __init__(self, client: Client, structures: Structures, accounts: Accounts, plans: Plans, state: State) -> None:
        self._client, self._structures, self._accounts = client, structures, accounts
        self._plans, self._state = plans, state

    async def open(self, account: int) -> tuple[Need, ...]:
        """Name what is not known yet."""
        raw, told = await self._accounts.raw(account), self._told(account)
        missing = [key for key, (field, _) in _FROM_ACCOUNT.items() if field not in raw and key not in told]
        missing += [key for key in _PAID_BY if key not in told]
        if not missing:
            return ()
        seen = await self._plans.summaries(account)
        plans = [await self._plans.product(int(one["productID"])) for one in seen[-3:]] if missing else []
        return tuple([await self._need(key, plans) for key in missing])

    async def settle(self, account: int, answers: Mapping[str, str]) -> None:
        """Remember answers. Raises RefusedError that names the key and the choices."""
        titles = {key: title for key, (_, title) in (*_FROM_ACCOUNT.items(), *_PAID_BY.items())}
        for key, answer in answers.items():
            if key not in titles:
                raise RefusedError(f"nothing is asked under this name, only {', '.join(titles)}", field=key)
            choices = await self._choices(key)
            if answer not in choices:
                some = ", ".join(f"{value} ({name})" for value, name in list(choices.items())[:5])
                raise RefusedError(f"{answer!r} is none of the choices, such as {some}", field=key)
        self._state.set(f"needs:{account}", json.dumps({**self._told(account), **answers}, sort_keys=True))

    async def defaults(self, account: int, wanted: Mapping[str, Any]) -> Data:
        """Give what a new plan takes over: the account's own where it has it, else what was answered."""
        raw, told = await self._accounts.raw(account), self._told(account)
        found: Data = {"billingType": self._client.settings.billing_type}
        for key, (field, _) in _FROM_ACCOUNT.items():
            value = raw.get(field, told.get(key))
            if value is not None:
                found[field] = int(value)
        if "departmentID" in raw:
            found["departmentID"] = raw["departmentID"]
        if "paid_by_type" in told:
            found["billingCarrierType"] = told["paid_by_type"]
        company = told.get("paid_by_company")
        if company is not None:
            paid_by = wanted.get("carrierID") if company == PLAN_CARRIER else int(company)
            found |= {} if paid_by is None else {"billingCarrierID": paid_by}
        return found

    async def _need(self, key: str, plans: Iterable[Data]) -> Need:
        field, title = (_FROM_ACCOUNT | _PAID_BY)[key]
        choices = await self._choices(key)
        usual = Counter(
            PLAN_CARRIER if key == "paid_by_company" and plan[field] == plan.get("carrierID") else str(plan[field])
            for plan in plans
            if field in plan
        ).most_common(1)
        suggested = usual[0][0] if usual and usual[0][0] in choices else ""
        return Need(key, title, choices, suggested)

    async def _choices(self, key: str) -> dict[str, str]:
        if key == "paid_by_type":
            return dict(_TYPES)
        if key == "office":
            return {
                str(number): str(one.get("officeName", ""))
                for number, one in (await self._structures.offices()).items()
            }
        if key == "paid_by_company":
            carriers = (await self._structures.carriers()).items()
            return {PLAN_CARRIER: "The plan's own carrier"} | {
                str(number): str(one["carrierName"]) for number, one in carriers
            }
        users = (await self._structures.users()).items()
        return {str(number): f"{one.get('firstName', '')} {one.get('lastName', '')}".strip() for number, one in users}

    def _told(self, account: int) -> dict[str, str]:
        text = self._state.get(f"needs:{account}")
        return dict(json.loads(text)) if text else {}
