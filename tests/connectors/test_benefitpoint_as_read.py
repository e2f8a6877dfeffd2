"""What was read goes back as read: an update replaces the whole object, so its nulls belong to it, too.

Without a server: random objects of the contract, read and sent again. Against the sandbox: records that nobody filled
in, through every update call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syncd.connectors.base import Note
from syncd.connectors.benefitpoint.contract import NOTHING, PACKAGED, WITHHELD, Slot, amount, load, whole
from syncd.connectors.benefitpoint.contract import _read_object as read_object
from syncd.errors import RefusedError
from tests.connectors.benefitpoint_world import ACCOUNT, TWICE, World, benefits, brokerage, held, parts, write
from tests.connectors.test_benefitpoint import DEDUCTIBLE

UPDATES = {
    "updateAccount": ("update", "getAccount", "account"),
    "updateProduct": ("update", "getProduct", "result"),
    "updateBenefitSummary": ("benefitSummary", "getBenefitSummary", "benefitSummary"),
    "updateActivityLogRecord": ("update", "getActivityLogRecord", "record"),
}
WORDS = {
    "int": ("1", "44"),
    "boolean": ("true", "false"),
    "optional_boolean": ("True", "False", "None_Selected"),
    "double": ("0", "12.5", "1000000"),
    "date": ("2026-01-01T00:00:00.000-08:00",),
    "text": ("a", " b ", "x & <y>", "Ñandú", ""),
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
async def system(world):
    world.restore()
    made = world.connect()
    yield made
    await made.aclose()


# --- without a server ------------------------------------------------------------------------------------------------


def _served(random: Random, name: str, slots: Mapping[str, Slot], depth: int = 0) -> etree._Element:
    """Make an object as the vendor serves it: required children are always there, filled in or not."""
    element = etree.Element(name)
    for child, slot in slots.items():
        if child in WITHHELD or (not slot.required and (depth > 3 or random.random() < 0.4)):
            continue
        for _ in range(random.choice((1, 2)) if slot.repeated else 1):
            if slot.inner is not None:
                element.append(_served(random, child, slot.inner, depth + 1))
            else:
                null = "Not_Selected" if slot.type_name == "EmployerMarketSize" else "None_Selected"
                words = WORDS.get(slot.kind, ("Word", null))
                etree.SubElement(element, child).text = random.choice(words)
    return element


def _meant(element: etree._Element, slots: Mapping[str, Slot]) -> list[object]:
    """Give what an object says: without optional nulls, which may stay out, and with every required one."""
    said: list[object] = []
    for child in element:
        slot = slots[child.tag]
        if slot.inner is not None:
            inner = _meant(child, slot.inner)
            if inner or slot.required:
                said.append((child.tag, inner))
            continue
        text = child.text or ""
        if slot.required or (text and text not in NOTHING):
            said.append((child.tag, amount(text) if slot.kind == "double" else text))
    return sorted(said, key=str)


@given(st.sampled_from(sorted(UPDATES)), st.integers(min_value=0, max_value=2**32))
def test_whatever_was_read_goes_back_as_it_was_read(operation, seed):
    """V1: a required choice, text or object that holds the vendor's null goes back so, and nothing is lost."""
    contract = load(PACKAGED / "BrokerConnectV4.wsdl")
    child, get, of = UPDATES[operation]
    slots = contract.type_slots(get, of)
    served = _served(Random(seed), child, slots)
    message = contract.message(operation, {child: whole(read_object(served, slots), slots)}, "s")
    sent = next(etree.fromstring(message.content).iter(child))
    assert _meant(sent, slots) == _meant(served, slots)


def test_the_null_of_an_enum_is_spelled_as_the_contract_spells_it():
    """V1: two enums spell their null Not_Selected, every other one None_Selected."""
    slots = {name: Slot("enum", name, repeated=False, required=True) for name in ("EmployerMarketSize", "PhoneType")}
    assert whole({}, slots) == {"EmployerMarketSize": "Not_Selected", "PhoneType": "None_Selected"}


def test_what_has_no_null_is_named_and_not_made_up():
    """V1: a required number that is missing is refused before anything is sent, under its name."""
    contract = load(PACKAGED / "BrokerConnectV4.wsdl")
    slots = contract.type_slots("getProduct", "result")
    with pytest.raises(RefusedError, match="accountID"):
        contract.message("updateProduct", {"update": whole({"name": "PPO"}, slots)}, "s")


# --- against the sandbox ---------------------------------------------------------------------------------------------

NULLED_INFO = {"groupAccountInfo": {"businessType": None, "accountClasses": [{"classID": 1, "name": ""}]}}
NULLED_INFO["groupAccountInfo"]["accountLocations"] = [{"locationID": 9, "name": "", "address": {}}]
NULLED_INFO["groupAccountInfo"]["ACAMeasurementPeriod"] = {"startDate": "2026-01-01"}


def stored(world, table, number):
    return world.door.snapshot()["tables"][table][str(number)]


def said(held_there):
    """Give a stored object without its nulls and what the server stamps."""
    if isinstance(held_there, dict):
        kept = {
            key: said(value)
            for key, value in held_there.items()
            if not key.startswith("_") and key not in ("lastModifiedOn", "updateRelatedAttributes")
        }
        return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
    return [said(item) for item in held_there] if isinstance(held_there, list) else held_there


async def test_an_account_that_nobody_filled_in_is_written(world, system):
    """V1: null business type, nameless class and location, empty address: the account's other fields are written."""
    world.door.edit("account", ACCOUNT, NULLED_INFO)
    before = said(stored(world, "account", ACCOUNT))
    record = await held(system, ACCOUNT, "group")
    await write(system, record, record.parts[0], notes="Ours")
    assert said(stored(world, "account", ACCOUNT)) == {**before, "notes": "Ours"}


async def test_an_account_without_a_type_is_written(world, system):
    """V1: a null account type goes back as null."""
    world.door.edit("account", ACCOUNT, {"accountType": None})
    record = await held(system, ACCOUNT, "group")
    await write(system, record, record.parts[0], notes="Ours")
    assert stored(world, "account", ACCOUNT)["notes"] == "Ours"
    assert stored(world, "account", ACCOUNT)["accountType"] is None


async def test_one_attribute_without_a_visibility_does_not_block_its_summary(world, system):
    """V1: a null visibility goes back as null, and the other attributes of the summary are written."""
    record = await held(system, TWICE)
    part = parts(record, "summary")[0]
    values = stored(world, "benefit_summary", part.id)["attributeValues"]
    hurt = [{**value, "attributeVisibility": None if at < 3 else value["attributeVisibility"]}
            for at, value in enumerate(values)]  # fmt: skip
    world.door.edit("benefit_summary", part.id, {"attributeValues": hurt, "description": None})
    record = await held(system, TWICE)
    part = next(one for one in parts(record, "summary") if one.id == part.id)
    path = next(path for path in part.data["_benefits"] if path == DEDUCTIBLE)
    await write(system, record, part, _benefits=benefits(part, path, in_="$1,234"))
    after = stored(world, "benefit_summary", part.id)
    number = next(v["attributeID"] for v in after["attributeValues"] if v not in hurt)
    nulls = [v["attributeID"] for v in after["attributeValues"] if not v["attributeVisibility"]]
    assert nulls == [v["attributeID"] for v in hurt if v["attributeVisibility"] is None and v["attributeID"] != number]
    assert not after.get("description")


async def test_clearing_a_value_leaves_an_unchosen_visibility_unchosen(world, system):
    """V1: a null visibility is not answered by us when an attribute loses its value."""
    part = parts(await held(system, TWICE), "summary")[0]
    await write(system, await held(system, TWICE), part, _benefits=benefits(part, DEDUCTIBLE, in_="$5", out="$6"))
    values = stored(world, "benefit_summary", part.id)["attributeValues"]
    world.door.edit(
        "benefit_summary", part.id, {"attributeValues": [{**value, "attributeVisibility": None} for value in values]}
    )
    record = await held(system, TWICE)
    part = next(one for one in parts(record, "summary") if one.id == part.id)
    await write(system, record, part, _benefits=benefits(part, DEDUCTIBLE, in_=None, out=None))
    after = stored(world, "benefit_summary", part.id)["attributeValues"]
    assert {value["attributeVisibility"] for value in after} == {None}


async def test_a_log_record_that_nobody_filled_in_is_brought_up_to_date(world, system):
    """V1: a null priority, a caller's phone without number or type: the hand-off in the log is still updated."""
    note = Note(ACCOUNT, "syncd-h-9", "Enter a rate", "EE Only 640.10")
    made = await system.write_note(note)
    phones = {f"inquirerPhone{at}": {"areaCode": "503", "number": ""} for at in (1, 3)}
    world.door.edit("activity_log", made, {"priority": None, **phones})
    await system.write_note(Note(ACCOUNT, note.marker, note.subject, "EE Only 650.10"), made)
    after = stored(world, "activity_log", made)
    assert "650.10" in after["longDescription"]
    assert said(after["inquirerPhone3"]) == {"areaCode": "503"}


async def test_a_plan_whose_name_is_empty_is_written_and_ended(world, system):
    """V1: an empty required name goes back empty, by an update and by a cancellation."""
    world.door.edit("plan", TWICE, {"name": None})
    record = await held(system, TWICE)
    await write(system, record, record.parts[0], policyNumber="P-1")
    await system.end("plan", TWICE)
    after = stored(world, "product", TWICE)
    assert (after["name"], after["policyNumber"], after["cancellationReason"]) == (None, "P-1", "Other")


@pytest.mark.parametrize(
    "name",
    [
        *("GroupAccountInfo.businessType", "Account.accountType", "AttributeValue.attributeVisibility"),
        *("AccountClass.name", "BenefitSummary.description", "Product.name", "Rate.description"),
        *("ProductType.shortDescription", "BenefitColumn.description", "CarrierSummary.carrierName"),
    ],
)
async def test_a_tenant_that_never_fills_a_required_field_in_is_written(world, system, name):
    """V1: where the vendor serves the null of a required field throughout, every record is still written."""
    world.switch(unfilled=[name])
    group, plan = await held(system, ACCOUNT, "group"), await held(system, TWICE)
    await write(system, group, group.parts[0], notes="Ours")
    await write(system, plan, plan.parts[0], policyNumber="P-2")
    part = parts(plan, "summary")[0]
    await write(system, plan, part, viewLevelID=part.data["viewLevelID"], _benefits=part.data["_benefits"])
    assert stored(world, "account", ACCOUNT)["notes"] == "Ours"
    assert stored(world, "product", TWICE)["policyNumber"] == "P-2"
