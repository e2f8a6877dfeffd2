"""Write one part: read again, compare with what was read, send the whole object back with our changes.

BenefitPoint has no conditional write and no partial update: what is left out of an update may be cleared there. So the
object is sent as it is now, with our changes, in contract order; what is kept from us (a tax id) is put back from the
reading. Between the reading and the sending somebody may still save: `Access.conditional` is false.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.connectors.benefitpoint import accounts
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data, order, whole
from syncd.connectors.benefitpoint.parts import product, summary
from syncd.connectors.benefitpoint.plans import Plans
from syncd.connectors.benefitpoint.rights import RightsDesk
from syncd.connectors.benefitpoint.structures import Structures, SummaryShape
from syncd.connectors.benefitpoint.values import merged, number, plain, refuse_server_owned, visible, with_offsets
from syncd.errors import RefusedError, StaleWriteError
from syncd.model.records import PartWrite

NO_CALL = "BenefitPoint V4 has no call that writes {}s"
_FIXED = ("productID", "accountID", "productTypeID", "isAdditionalProduct", "parentProductID")


class Writer:
    """Writes accounts, products and benefit summaries."""

    def __init__(
        self, client: Client, structures: Structures, held: Accounts, plans: Plans, rights: RightsDesk
    ) -> None:
        self._client, self._structures, self._accounts = client, structures, held
        self._plans, self._rights = plans, rights

    async def write(self, write: PartWrite) -> None:
        """Write one part. Errors as `Connector.write`."""
        record = number(write.record_id)
        if record is None:
            raise RefusedError("BenefitPoint has no record of this id")
        kind = write.before.kind
        if kind == accounts.KIND:
            await self._account(record, write)
        elif kind == product.KIND:
            await self._product(record, write)
        elif kind == summary.KIND and write.before.id:
            await self._summary(record, write)
        elif kind == summary.KIND:
            await self.new_summary(await self._plans.product(record), write.after)
        else:
            raise RefusedError(NO_CALL.format(kind), hint="A hand-off in the activity log says what to enter.")

    async def _account(self, record: int, write: PartWrite) -> None:
        raw = await self._accounts.raw(record)
        _refuse_moved(visible(raw), write)
        refuse_server_owned(write.before.data, write.after)
        await self._send("updateAccount", "update", "getAccount", "account", merged(raw, write.after))
        self._accounts.forget(record)

    async def _product(self, record: int, write: PartWrite) -> None:
        await self._rights.refuse_hidden()
        raw = await self._plans.product(record)
        _refuse_moved(visible(raw), write)
        refuse_server_owned(write.before.data, write.after)
        for key in _FIXED:
            if write.before.data.get(key) != write.after.get(key):
                raise RefusedError("this cannot be changed once a plan is there", field=key)
        await self._send("updateProduct", "update", "getProduct", "result", merged(raw, await self._renamed(write)))

    async def _renamed(self, write: PartWrite) -> Data:
        """Turn another carrier's name into its id; the type of a plan stays what it is."""
        after = dict(write.after)
        before = write.before.data
        if before.get("_type") != after.get("_type"):
            raise RefusedError("the product type cannot be changed once a plan is there", field="productTypeID")
        name = after.get("_carrier", {}).get("name")
        if name and name != before.get("_carrier", {}).get("name"):
            after["carrierID"] = product.find_carrier(name, await self._structures.carriers(), self._client.settings)
        return after

    async def _summary(self, plan: int, write: PartWrite) -> None:
        own = number(write.before.id)
        if own is None:
            raise RefusedError("BenefitPoint has no benefit summary of this id")
        raw = await self._plans.raw(summary.KIND, own)
        if raw.get("productID") != plan:
            raise RefusedError(f"this benefit summary belongs to plan {raw.get('productID')}")
        shape = await self._shape(plan)
        _refuse_moved(summary.annotated(raw, shape), write)
        refuse_server_owned(write.before.data, write.after)
        sent = summary.sent(merged(raw, summary.folded(write.before.data, write.after, shape)))
        await self._send("updateBenefitSummary", "benefitSummary", "getBenefitSummary", "benefitSummary", sent)

    async def new_summary(self, raw: Mapping[str, Any], after: Mapping[str, Any]) -> int | None:
        """Make a benefit summary for a plan. Texts that the type has no attribute for are not carried here."""
        shape = await self._structures.summary(raw["productTypeID"])
        wanted = {**after, "_benefits": summary.known(after.get("_benefits", {}), shape)}
        made = summary.folded({}, wanted, shape)
        if not made.get("attributeValues"):
            raise RefusedError("none of these benefits has an attribute in this product type's summaries")
        made = {
            "description": raw.get("name", ""),
            **made,
            "productID": raw["productID"],
            "viewLevelID": made.get("viewLevelID") or view_level(shape, self._client.settings.view_level),
        }
        return await self._send(
            "createBenefitSummary",
            "benefitSummary",
            "getBenefitSummary",
            "benefitSummary",
            summary.sent(made),
            create=True,
        )

    async def _shape(self, plan: int) -> SummaryShape:
        return await self._structures.summary((await self._plans.product(plan))["productTypeID"])

    async def _send(
        self, operation: str, child: str, get: str, of: str, data: Mapping[str, Any], *, create: bool = False
    ) -> int | None:
        """Send an object in contract order, an update whole, with its bare days as the server's midnights."""
        slots = self._client.contract.type_slots(get, of)
        made = order(plain(data), slots) if create else whole(plain(data), slots)
        dated = with_offsets(made, slots, self._client.settings.time_zone)
        return await self._client.change(operation, kind="create" if create else "write", **{child: dated})


def view_level(shape: SummaryShape, wanted: str) -> int:
    """Choose the level of detail of a new summary: the one named, else the most detailed."""
    levels = {str(level.get("description", "")): int(level["ID"]) for level in shape.levels}
    if wanted and wanted not in levels:
        raise RefusedError(f"there is no view level {wanted!r}, only {', '.join(levels)}", field="view_level")
    if not levels:
        raise RefusedError("this product type has no view level", field="viewLevelID")
    return levels[wanted] if wanted else max(levels.values())


def _refuse_moved(now: Mapping[str, Any], write: PartWrite) -> None:
    """Raise StaleWriteError when the part is not what was read before."""
    if plain(now) != plain(write.before.data):
        raise StaleWriteError
