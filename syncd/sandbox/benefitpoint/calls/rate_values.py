"""A rate's amounts as `rateFieldValues`: by field, tier, age band and gender. No state is changed.

A rate keeps its amounts in `cells`: label of the field -> place -> amount, where a place is `EE Only`,
`Composite/30-34` or `Composite/30-34/female`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from syncd.sandbox.benefitpoint.calls import bands
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.tenant import Tenant

_VALUES_PER_RATE: Final = 1000


class Cell(NamedTuple):
    """One amount and where it stands."""

    label: str
    tier: str
    band: bands.Band | None
    gender: str | None
    amount: str


def cells(rate: Record) -> Iterator[Cell]:
    """Give the amounts of a rate."""
    for label, places in rate["cells"].items():
        for place, amount in places.items():
            tier, _, rest = place.partition("/")
            band, _, gender = rest.partition("/")
            yield (
                Cell(label, tier, bands.read(band), gender or "maleOrAll", amount)
                if band
                else Cell(label, tier, None, None, amount)
            )


def values(tenant: Tenant, rate: Record) -> Record:
    """Give the values, and how the bands are told. A value's id is its place in the answer: no identity."""
    held = list(cells(rate))
    told = None
    if any(cell.band for cell in held):
        told = bands.scale({cell.band for cell in held if cell.band}, open_ends=tenant.switches["band_open_ends"])
    made = [*_tiered(tenant, rate, held, told), *_chosen(tenant, rate)]
    numbered = [
        {**value, "rateFieldValueID": rate["rateID"] * _VALUES_PER_RATE + number, "multiValueIndex": 1}
        for number, value in enumerate(made, 1)
    ]
    return {"rateFieldValues": numbered, **_band_facts(held, told)}


def _tiered(tenant: Tenant, rate: Record, held: list[Cell], told: bands.Scale | None) -> Iterator[Record]:
    group = tenant.catalogue.rate_groups(rate["rateTypeID"])[0]
    fields = {field["label"]: {**field, "rateFieldGroup": _without_fields(group)} for field in group["rateFields"]}
    base = tenant.switches["band_index_base"]
    for tier in schedule_of(tenant, rate)["rateTiers"]:
        for cell in held:
            if cell.tier != tier["description"]:
                continue
            value = {"rateField": fields[cell.label], "valueNum": cell.amount, "rateTier": tier}
            if cell.band is None or told is None:
                yield value
                continue
            # A band that is told year by year stands under several indexes.
            for place, one in enumerate(told.bands, base):
                if cell.band.low <= one.low and one.high <= cell.band.high:
                    yield {**value, "ageBandIndex": place, "ageBandGender": cell.gender}


def _chosen(tenant: Tenant, rate: Record) -> Iterator[Record]:
    """Give the one choice that stands beside the amounts: what they are per."""
    group = tenant.catalogue.rate_groups(rate["rateTypeID"])[1]
    field = {**group["rateFields"][0], "rateFieldGroup": _without_fields(group)}
    for option in field["optionValues"]:
        if option["description"] == rate.get("basis"):
            yield {"rateField": field, "rateOptionValue": option}


def _band_facts(held: list[Cell], told: bands.Scale | None) -> Record:
    if told is None:
        return {"ageBanded": False}
    return {
        "ageBanded": True,
        "ageBandedStartOn": told.start,
        "ageBandedEndOn": told.end,
        "ageBandedInterval": told.interval,
        "ageBandedGenderSpecific": any(cell.gender == "female" for cell in held),
    }


def _without_fields(group: Record) -> Record:
    # The schema recurses here with required children; a server that followed it would never end.
    return {**group, "rateFields": None}


def schedule_of(tenant: Tenant, rate: Record) -> Record:
    """Give the tier schedule of a rate, from its rate type tier."""
    wanted = rate["rateTypeID"], rate["rateTypeTierID"]
    kinds = tenant.catalogue.type_tier_ids.items()
    return tenant.catalogue.schedule(next(name for (kind, name), number in kinds if (kind, number) == wanted))
