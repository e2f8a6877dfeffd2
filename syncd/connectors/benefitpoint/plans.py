"""Plans: product, summaries, rates, contributions and rules of one plan, read whole and named.

Plans are listed account by account; there is no other search. Additional products (services without benefits) stand
between them and are left out. Which part belongs to which plan is remembered, because a change list names parts alone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from syncd.connectors.benefitpoint.accounts import Accounts, seconds
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts import contribution, product, rate, rule, summary
from syncd.connectors.benefitpoint.parts.binding import Binding, in_use
from syncd.connectors.benefitpoint.soap import NotAuthorizedError
from syncd.connectors.benefitpoint.structures import Structures
from syncd.connectors.benefitpoint.together import page_of
from syncd.connectors.benefitpoint.values import day_of
from syncd.connectors.readable import readable
from syncd.connectors.registry import State
from syncd.errors import RecordError, SyncdError, TransientError, UnreadableError
from syncd.model.records import Answer, Gone, NotSeen, Page, Part, Present, Record

FINDS = {
    summary.KIND: ("findBenefitSummaries", "summaries", "getBenefitSummary", "benefitSummary", "benefitSummaryID"),
    rate.KIND: ("findRates", "rates", "getRate", "rate", "rateID"),
    contribution.KIND: ("findContributions", "contributions", "getContribution", "contribution", "contributionID"),
    rule.KIND: (
        "findEligibilityRules",
        "eligibilityRules",
        "getEligibilityRule",
        "eligibilityRule",
        "eligibilityRuleID",
    ),
}
_CRITERIA = {
    summary.KIND: "criteria",
    rate.KIND: "rateSearchCriteria",
    contribution.KIND: "contributionSearchCriteria",
    rule.KIND: "eligibilityRuleSearchCriteria",
}


class Plans:
    """The plans of the accounts that the web-service user sees."""

    def __init__(self, client: Client, structures: Structures, accounts: Accounts, state: State) -> None:
        self._client, self._structures, self._accounts, self._state = client, structures, accounts, state
        self._carrier_names: dict[int, str] = {}

    # -- listing and reading ----------------------------------------------------------------------------------------

    async def pages(self, accounts: Sequence[int]) -> AsyncIterator[Page]:
        """Give the plans of each account as a page. One account that fails fails the listing, after the others."""
        failed: SyncdError | None = None
        for account in accounts:
            try:
                summaries = await self.summaries(account)
                ids = [int(found["productID"]) for found in summaries]
                page = await page_of(self.record, ids, self._client.settings.plan_parallel)
            except RecordError as error:
                failed = failed or error
                continue
            yield page
        if failed is not None:
            raise failed
        yield Page((), last=True)

    async def summaries(self, account: int) -> list[Data]:
        """Give the summaries of an account's plans, without its additional products."""
        found = (await self._client.call("findProducts", criteria={"accountID": account})).get("summaries", [])
        for one in found:
            if one.get("carrierName"):
                self._carrier_names[one["carrierID"]] = one["carrierName"]
        return sorted((one for one in found if not _is_additional(one)), key=lambda one: int(one["productID"]))

    async def read(self, number: int) -> Answer:
        """Read a plan, or say whether it is proved to be gone."""
        try:
            raw = await self.product(number)
        except NotAuthorizedError as error:
            return await self._gone(number, error)
        if _is_additional(raw):
            return NotSeen("it is an additional product, not a plan")
        try:
            return Present(await self._assembled(raw))
        except UnreadableError as error:
            return NotSeen(error.message, unreadable=True)

    async def record(self, number: int) -> Record:
        """Read a plan whole. Raises NotAuthorizedError."""
        return await self._assembled(await self.product(number))

    async def product(self, number: int) -> Data:
        """Read a product as it is."""
        found: Data = (await self._client.call("getProduct", productID=number)).get("result", {})
        return found

    async def raw(self, kind: str, number: int) -> Data:
        """Read a part of a plan as it is."""
        _, _, get, child, key = FINDS[kind]
        asked: Data = {key: number}
        found: Data = (await self._client.call(get, **asked)).get(child, {})
        return found

    def account_of(self, number: int) -> int | None:
        """Give the account of a plan that was read before."""
        text = self._state.get(f"plan:{number}")
        return json.loads(text)["account"] if text else None

    def plan_of(self, kind: str, number: int) -> int | None:
        """Give the plan that a summary or rate was seen in."""
        text = self._state.get(f"{kind}:{number}")
        return int(text) if text else None

    async def _gone(self, number: int, error: NotAuthorizedError) -> Answer:
        """Tell a removed plan from a hidden one: its account has to be readable, and must not list it any more."""
        account = self.account_of(number)
        if account is None:
            return NotSeen(f"BenefitPoint does not show it, and its account is not known ({error.message})")
        try:
            await self._accounts.raw(account)
            listed = {found["productID"] for found in await self._listed(account)}
        except NotAuthorizedError:
            return NotSeen(f"BenefitPoint does not show it, nor its account {account} ({error.message})")
        if number in listed:
            return NotSeen(f"account {account} lists it, and BenefitPoint does not show it ({error.message})")
        return Gone(f"account {account} is readable and does not list it any more; reading it: {error.message}")

    async def _listed(self, account: int) -> list[Data]:
        found: list[Data] = (await self._client.call("findProducts", criteria={"accountID": account})).get(
            "summaries", []
        )
        return found

    # -- assembling -------------------------------------------------------------------------------------------------

    async def _assembled(self, raw: Mapping[str, Any]) -> Record:
        number, account = int(raw["productID"]), int(raw["accountID"])
        found = {kind: await self._parts(kind, account, number) for kind in FINDS}
        quotes = [one for one in found[rate.KIND] if rate.is_quote(one)]
        found[rate.KIND] = [one for one in found[rate.KIND] if not rate.is_quote(one)]
        binding = await self._binding(found[rule.KIND], account, _days(found[rate.KIND], raw))
        parts = [
            await self._product_part(raw, found[rate.KIND]),
            *await self._summary_parts(raw, found[summary.KIND]),
            *await self._rate_parts(raw, found[rate.KIND], binding),
            *await self._contribution_parts(raw, found, binding),
            *self._rule_parts(found[rule.KIND], binding),
        ]
        self._remember(number, account, {**found, rate.KIND: [*found[rate.KIND], *quotes]})
        stamps = [stamp for part in parts if (stamp := seconds(part.version)) is not None]
        return readable(Record("plan", str(number), tuple(parts), str(account), max(stamps, default=None)), "xml")

    async def _parts(self, kind: str, account: int, number: int) -> list[Data]:
        """List the parts of a kind and read each of them."""
        find, children, _, _, key = FINDS[kind]
        criteria = {"productID": number, **({"accountID": account} if kind == summary.KIND else {})}
        asked: Data = {_CRITERIA[kind]: criteria}
        listed = (await self._client.call(find, **asked)).get(children, [])
        return [await self.raw(kind, one) for one in sorted(int(one[key]) for one in listed)]

    async def _binding(self, rules: Sequence[Data], account: int, days: Mapping[int, str]) -> Binding:
        """Name the classes that the rules speak of; the account is read only if they speak of any."""
        used, past = [one for one in rules if in_use(one)], [one for one in rules if not in_use(one)]
        employees = [one.get("employeeEligibilityRule", {}) for one in rules]
        kinds = ("accountClassIDs", "employeeTypeIDs")
        wanted = {number for one in employees for key in kinds for number in one.get(key, [])}
        if not wanted:
            return Binding(used, past, days)
        info = (await self._accounts.raw(account, fresh=False)).get("groupAccountInfo", {})
        if not wanted <= {*_named(info, "accountClasses", "classID"), *_named(info, "employeeTypes", "employeeTypeID")}:
            info = (await self._accounts.raw(account)).get("groupAccountInfo", {})
        classes = {key: str(one.get("name", "")) for key, one in _named(info, "accountClasses", "classID").items()}
        return Binding(used, past, days, classes, _named(info, "employeeTypes", "employeeTypeID"))

    async def _product_part(self, raw: Mapping[str, Any], rates: Sequence[Data]) -> Part:
        kinds = await self._structures.product_types(need=raw["productTypeID"])
        if not kinds:  # a plan has a type, so this is no list; its line must not seem to have been cleared
            raise TransientError("getProductTypes: the list is empty", system=self._client.system)
        kind = kinds.get(raw["productTypeID"], {})
        data = product.annotated(raw, kind, await self.carrier_name(raw))
        funding = {
            kind_of["fundingType"]
            for kind_of in kind.get("rateTypes", [])
            if "fundingType" in kind_of and any(one.get("rateTypeID") == kind_of.get("rateTypeID") for one in rates)
        }
        if len(funding) == 1:
            data["_funding"] = funding.pop()
        months = rate.guarantee_months(max(rates, key=lambda one: day_of(one.get("effectiveAsOf")), default={}))
        if months is not None:
            data["_guaranteeMonths"] = months
        return Part(product.KIND, str(raw["productID"]), data, raw.get("lastModifiedOn"))

    async def carrier_name(self, raw: Mapping[str, Any]) -> str:
        """Name a plan's carrier; one that is not available for new business is named by the account's listing."""
        number = raw["carrierID"]
        known = (await self._structures.carriers()).get(number)
        if known is not None:
            return str(known["carrierName"])
        if number not in self._carrier_names:
            await self.summaries(int(raw["accountID"]))
        return self._carrier_names.get(number, "")

    async def _summary_parts(self, raw: Mapping[str, Any], found: Sequence[Data]) -> list[Part]:
        if not found:
            return []
        shape = await self._structures.summary(raw["productTypeID"])
        return [_part(summary.KIND, one, summary.annotated(one, shape)) for one in found]

    async def _rate_parts(self, raw: Mapping[str, Any], found: Sequence[Data], binding: Binding) -> list[Part]:
        bands = rate.Bands(self._client.settings.band_index_base, self._client.settings.band_ends)
        days = _days(found, raw)
        sold = binding.sold("rateID", days)
        parts: list[Part] = []
        for one in found:
            number, shape = int(one["rateID"]), await self._structures.rate(one["rateTypeID"])
            data = rate.annotated(one, shape, binding, days[number], sold=number in sold, bands=bands)
            parts.append(_part(rate.KIND, one, data))
        return parts

    async def _contribution_parts(
        self, raw: Mapping[str, Any], found: Mapping[str, Sequence[Data]], binding: Binding
    ) -> list[Part]:
        contributions = found[contribution.KIND]
        if not contributions:
            return []
        schedules = await self._structures.contribution(raw["productTypeID"])
        otherwise = day_of(raw.get("effectiveAsOf"))
        numbers = [int(one["contributionID"]) for one in contributions]
        days = {number: binding.day_of("contributionID", number) or otherwise for number in numbers}
        sold = binding.sold("contributionID", days)
        return [
            _part(
                contribution.KIND,
                one,
                contribution.annotated(
                    one, schedules, binding, days[one["contributionID"]], sold=one["contributionID"] in sold
                ),
            )
            for one in contributions
        ]

    def _rule_parts(self, found: Sequence[Data], binding: Binding) -> list[Part]:
        everything = rule.together(binding)
        return [_part(rule.KIND, one, rule.annotated(one, everything)) for one in found]

    def _remember(self, number: int, account: int, found: Mapping[str, Sequence[Data]]) -> None:
        """Note which parts belong to the plan; what the change list names later is a summary or rate alone."""
        self._note(f"plan:{number}", json.dumps({"account": account}))
        for kind in (summary.KIND, rate.KIND):
            for one in found[kind]:
                self._note(f"{kind}:{one[FINDS[kind][4]]}", str(number))

    def _note(self, key: str, text: str) -> None:
        if self._state.get(key) != text:
            self._state.set(key, text)


def _is_additional(found: Mapping[str, Any]) -> bool:
    """Tell a service without benefits; a product that holds only their information is one, whatever its flag says."""
    return found.get("isAdditionalProduct") is True or ("additionalProductInfo" in found and "planInfo" not in found)


def _named(info: Mapping[str, Any], key: str, number: str) -> dict[int, Data]:
    return {one[number]: one for one in info.get(key, []) if number in one}


def _days(rates: Sequence[Data], raw: Mapping[str, Any]) -> dict[int, str]:
    """Give the day each rate is in force from: its own, else the plan's."""
    return {int(one["rateID"]): day_of(one.get("effectiveAsOf") or raw.get("effectiveAsOf")) for one in rates}


def _part(kind: str, raw: Mapping[str, Any], data: Data) -> Part:
    return Part(kind, str(raw[FINDS[kind][4]]), data, raw.get("lastModifiedOn"))
