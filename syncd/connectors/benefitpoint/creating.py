"""Make a plan, find it again by its marker, end it.

Everything that a new plan needs is checked before the first call, and all of it at once. Renewal without the prior plan
breaks the feed to the agency system (vendor help), so it is never sent. Creating a product also creates its first
benefit summary; the benefits of the plan are written into that one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data, order, whole
from syncd.connectors.benefitpoint.needs import Needs, field_of
from syncd.connectors.benefitpoint.parts import product, summary
from syncd.connectors.benefitpoint.plans import Plans
from syncd.connectors.benefitpoint.rights import RightsDesk
from syncd.connectors.benefitpoint.structures import Structures, SummaryShape
from syncd.connectors.benefitpoint.values import SERVER_OWNED, number, plain, with_offsets
from syncd.connectors.benefitpoint.writing import Writer, view_level
from syncd.errors import RefusedError, SyncdError, UnknownOutcomeError
from syncd.model.records import Part, PartCreate, PartWrite, Record

END_REASON = "Other"
_ASKED_AS = {"details.carrier": "carrierID"}


def _asked(create: PartCreate) -> tuple[int, Mapping[str, Part]]:
    """Give the account and the parts of a plan to create. Raises RefusedError for what is never created here."""
    account = number(create.group or "")
    if create.kind != "plan" or account is None:
        raise RefusedError("only plans of an account are created in BenefitPoint")
    given = {part.kind: part for part in create.parts}
    closed = sorted(given.keys() - {product.KIND, summary.KIND})
    if closed or product.KIND not in given:
        raise RefusedError(
            f"BenefitPoint V4 has no call that creates {', '.join(closed) or 'a plan without a product'}"
        )
    return account, given


class Maker:
    """Creates and ends plans."""

    def __init__(
        self,
        client: Client,
        structures: Structures,
        accounts: Accounts,
        plans: Plans,
        rights: RightsDesk,
        writer: Writer,
        needs: Needs,
    ) -> None:
        self._client, self._structures, self._accounts = client, structures, accounts
        self._plans, self._rights, self._writer, self._needs = plans, rights, writer, needs

    # -- creating ---------------------------------------------------------------------------------------------------

    async def create(self, create: PartCreate) -> str:
        """Create a plan, once, and give its id. Raises RefusedError that names all that is missing."""
        account, given = _asked(create)
        wanted = await self._product(account, given[product.KIND].data, create.marker)
        shape = await self._structures.summary(wanted["productTypeID"])
        options = await self._options(wanted, shape)
        slots = self._client.contract.type_slots("getProduct", "result")
        sent = with_offsets(order(wanted, slots), slots, self._client.settings.time_zone)
        made = await self._client.change("createProduct", kind="create", product=sent, planConfigurationOptions=options)
        if made is None:
            raise UnknownOutcomeError("createProduct: the plan was taken, and its id was not given")
        if summary.KIND in given:
            await self._fill(made, account, given[summary.KIND].data, shape)
        return str(made)

    async def check(self, create: PartCreate) -> None:
        """Look at all that the plan needs but for what the group is asked about (`needs`), and change nothing. Raises
        RefusedError that names all of it at once."""
        account, given = _asked(create)
        asked = {need.key for need in await self._needs.open(account)}
        wanted = await self._product(account, given[product.KIND].data, create.marker, asked=asked)
        view_level(await self._structures.summary(wanted["productTypeID"]), self._client.settings.view_level)

    async def _product(
        self, account: int, data: Mapping[str, Any], marker: str, *, asked: Collection[str] = ()
    ) -> Data:
        """Give the product to send; whatever is missing or wrong is named in one refusal. `asked`: what the group is
        asked about now."""
        wanted = {key: value for key, value in plain(data).items() if key not in SERVER_OWNED and key != "productID"}
        problems: list[SyncdError] = []
        wanted |= {"accountID": account, "isAdditionalProduct": False}
        try:
            wanted.setdefault(
                "productTypeID",
                product.find_type(data.get("_type", {}), await self._structures.product_types(), self._client.settings),
            )
        except RefusedError as error:
            problems.append(error)
        name = data.get("_carrier", {}).get("name")
        if name and "carrierID" not in wanted:
            try:
                wanted["carrierID"] = product.find_carrier(
                    name, await self._structures.carriers(), self._client.settings
                )
            except RefusedError as error:
                problems.append(error)
        for key, value in (await self._needs.defaults(account, wanted)).items():
            wanted.setdefault(key, value)
        told = {_ASKED_AS.get(str(error.field), error.field) for error in problems}
        told |= {field_of(key) for key in asked}
        missing = [what for key, what in product.REQUIRED.items() if wanted.get(key) in (None, "") and key not in told]
        if wanted.get("policyOriginationReason") == "Renewal" and not wanted.get("parentProductID"):
            missing.append("the prior plan (parentProductID), without which a renewal breaks the agency system's feed")
        said = [error.message for error in problems] + ([f"not known yet: {', '.join(missing)}"] if missing else [])
        if said:
            hints = list(dict.fromkeys(error.hint for error in problems if error.hint))
            raise RefusedError(
                "; ".join(said),
                field=problems[0].field if problems else None,
                hint=" ".join(hints) or "Answer what is asked for this group.",
            )
        return await self._marked(wanted, marker)

    async def _marked(self, wanted: Data, marker: str) -> Data:
        """Write the marker where the settings say."""
        info: Data = dict(wanted.get("planInfo", {}))
        if self._client.settings.marker == "alternativePlanID" and marker:
            info["alternativePlanID"] = marker
        if self._client.settings.marker == "custom_field" and marker:
            field = {"customFieldID": await self._marker_field(), "valueText": marker}
            wanted = {**wanted, "customFieldValues": [*wanted.get("customFieldValues", []), field]}
        return {**wanted, "planInfo": info} if info else wanted

    async def _marker_field(self) -> int:
        label = self._client.settings.marker_field
        fields = await self._structures.plan_fields()
        if label not in fields:
            raise RefusedError(f"there is no Plan_Info custom field {label!r} of its own", field="marker_field")
        return fields[label]

    async def _options(self, wanted: Mapping[str, Any], shape: SummaryShape) -> Data:
        """Say what the first benefit summary starts from."""
        settings, prior = self._client.settings, wanted.get("parentProductID")
        options: Data = {"none": False, "standard": False, "copyFromBenefitSummary": False}
        found: Data = {"attributeViewLevelID": view_level(shape, settings.view_level)}
        copied = await self._prior_summary(int(prior)) if settings.new_summary == "copy" and prior else None
        if copied is not None:
            options["copyFromBenefitSummary"] = True
            found["copyFromBenefitSummaryID"] = copied
        else:
            options["standard" if settings.new_summary == "standard" else "none"] = True
        return {"AttributeValueOptions": options, **found}

    async def _prior_summary(self, prior: int) -> int | None:
        record = await self._plans.record(prior)
        return next((int(part.id) for part in record.parts if part.kind == summary.KIND), None)

    async def _fill(self, plan: int, account: int, data: Mapping[str, Any], shape: SummaryShape) -> None:
        """Write benefits into the summary that came with the plan, or make one when none did.

        The plan is there by now: what fails here is owed to it like any other value, and is not the create's outcome.
        """
        wanted = summary.known(data.get("_benefits", {}), shape)
        if not wanted:
            return
        try:
            record = await self._plans.record(plan)
            held = next((part for part in record.parts if part.kind == summary.KIND), None)
            if held is None:
                await self._writer.new_summary(await self._plans.product(plan), data)
                return
            benefits = held.data["_benefits"]
            filled = {path: {**benefits[path], **columns} for path, columns in wanted.items()}
            after = {**held.data, "_benefits": {**benefits, **filled}}
            await self._writer.write(PartWrite("plan", str(plan), held, after))
        except SyncdError:
            return

    # -- finding again ----------------------------------------------------------------------------------------------

    async def find_marked(self, group: str | None, marker: str) -> tuple[Record, ...]:
        """Find the plans that carry a marker; the account's listing has it for one of the two places."""
        where = self._client.settings.marker
        if where == "none" or not marker:
            return ()
        accounts = [account] if (account := number(group or "")) is not None else await self._accounts.ids()
        found: list[Record] = []
        for account in accounts:
            for one in await self._plans.summaries(account):
                if where == "alternativePlanID" and one.get("alternativePlanID") != marker:
                    continue
                if where == "custom_field" and not await self._carries(int(one["productID"]), marker):
                    continue
                found.append(await self._plans.record(int(one["productID"])))
        return tuple(found)

    async def _carries(self, plan: int, marker: str) -> bool:
        values = (await self._plans.product(plan)).get("customFieldValues", [])
        field = await self._marker_field()
        return any(one.get("customFieldID") == field and one.get("valueText") == marker for one in values)

    # -- ending -----------------------------------------------------------------------------------------------------

    async def end(self, record: int) -> None:
        """Cancel a plan as of today, where the server is: V4 deletes none."""
        await self._rights.refuse_hidden()
        raw = await self._plans.product(record)
        if raw.get("cancellationOn"):
            raise RefusedError(f"it is cancelled already, on {str(raw['cancellationOn'])[:10]}", field="cancellationOn")
        today = datetime.now(UTC).astimezone(ZoneInfo(self._client.settings.time_zone)).date().isoformat()
        slots = self._client.contract.type_slots("getProduct", "result")
        ended = {**raw, "cancellationOn": today, "cancellationReason": END_REASON}
        sent = with_offsets(whole(ended, slots), slots, self._client.settings.time_zone)
        await self._client.change("updateProduct", kind="write", update=sent)
