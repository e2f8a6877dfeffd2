"""Switches of form and size; those of sessions, time, rights and writing are tested where they matter."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.sandbox.benefitpoint.switches import DEFAULTS
from tests.sandbox.benefitpoint.conftest import HARBOR, PPO_26, Desk, rows, xml


async def test_every_switch_has_a_default_and_comes_back_to_it(desk: Desk):
    shown = await desk.door("GET", "switches")
    assert shown == DEFAULTS
    await desk.switch(nulls="omitted", band_index_base=0, tenant=2, huge_accounts=3, rights__denied_modules=["user"])
    await desk.door("POST", "reset")
    assert await desk.door("GET", "switches") == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("nothing", 1, "unknown switch"),
        ("nulls", "empty", "none_selected, omitted"),
        ("band_index_base", 2, "0, 1"),
        ("thirty_days", True, "expected a value like"),
        ("rights.denied_modules", ["payroll"], "each of account"),
        ("huge_accounts", 20_001, "from 0 to 20000"),
        ("tenant", -1, "from 0 to 20000"),
        ("strict_replace", "yes", "expected a value like True"),
    ],
)
async def test_a_switch_takes_only_what_it_knows(desk: Desk, name: str, value: Any, says: str):
    answer = await desk.door("POST", "switches", {name: value}, status=422)
    assert says in answer["error"]
    assert await desk.door("GET", "switches") == DEFAULTS


def test_a_switch_cannot_be_removed(desk: Desk):
    with pytest.raises(TypeError, match="not removed"):
        del desk.served.vendor.switches["tenant"]


async def test_a_choice_not_made_is_a_word_or_no_element(desk: Desk):
    assert (await desk.product())["cancellationReason"] == "None_Selected"
    await desk.switch(nulls="omitted")
    product = await desk.product()
    assert "cancellationReason" not in product
    assert product["billingType"] == "Direct_Bill"
    await desk.done("updateProduct", xml("update", product))


async def test_a_word_of_a_later_release_is_served_where_asked(desk: Desk):
    await desk.switch(unknown_enum=["premiumPaymentFrequency", "cancellationReason"])
    product = await desk.product()
    assert product["premiumPaymentFrequency"] == "Added_In_A_Later_Release"
    assert product["cancellationReason"] == "None_Selected", "what was not chosen stays so"
    code, text = await desk.fault("updateProduct", xml("update", product))
    assert (code, "Added_In_A_Later_Release" in text) == ("soapenv:Client", True)


async def test_a_long_list_of_accounts_and_back(desk: Desk):
    await desk.switch(huge_accounts=500)
    found = rows((await desk.ok("findAccounts", "<criteria/>"))["result"])
    assert len(found) == 502
    assert (await desk.ok("getAccount", xml("accountID", found[-1]["accountID"])))["account"][
        "accountType"
    ] == "Prospect"
    assert await desk.products(int(found[-1]["accountID"])) == []
    await desk.switch(huge_accounts=0)
    assert len(rows((await desk.ok("findAccounts", "<criteria/>"))["result"])) == 2


async def test_another_tenant_has_the_same_names_under_other_ids(desk: Desk):
    async def names() -> dict[str, dict[str, str]]:
        types = (await desk.ok("getProductTypes"))["productTypes"]
        carriers = (await desk.ok("getAvailableCarriers"))["carriers"]
        subjects = (await desk.ok("getActivityLogSubjects"))["subjects"]
        users = (await desk.ok("findUsers", "<criteria/>"))["summaries"]
        offices = (await desk.ok("findOffices", "<criteria/>"))["offices"]
        ppo = next(item["productTypeID"] for item in types if item["shortDescription"] == "PPO")
        structure = (await desk.ok("getBenefitSummaryStructure", xml("planTypeID", ppo)))["benefitSummaryStructure"]
        first = structure["attributeSection"]["attributeSections"][0]["attributes"]
        rate = await desk.rate((await desk.rate_ids())[0])
        return {
            "types": {item["longDescription"]: item["productTypeID"] for item in types},
            "carriers": {item["carrierName"]: item["carrierID"] for item in carriers},
            "subjects": {item["description"]: item["subjectID"] for item in subjects},
            "users": {item["username"]: item["ID"] for item in users},
            "offices": {item["officeName"]: item["officeID"] for item in offices},
            "columns": {item["description"]: item["benefitColumnID"] for item in structure["benefitColumns"]},
            "attributes": {item["name"]: item["attributeID"] for item in first},
            "tiers": {
                v["rateTier"]["description"]: v["rateTier"]["rateTierID"]
                for v in rate["rateFieldValues"]
                if "rateTier" in v
            },
        }

    one = await names()
    await desk.switch(tenant=2)
    other = await names()
    for kind, held in one.items():
        assert held.keys() == other[kind].keys(), kind
        assert all(held[name] != other[kind][name] for name in held), kind
    assert (await desk.product())["name"] == "PPO 1500"
    await desk.done("updateProduct", xml("update", await desk.product()))


async def test_a_change_of_tenant_begins_anew(desk: Desk):
    await desk.edit("plan", PPO_26, {"name": "Renamed"})
    await desk.switch(tenant=3)
    assert (await desk.product())["name"] == "PPO 1500"
    await desk.switch(tenant=3)
    account = (await desk.ok("getAccount", xml("accountID", HARBOR)))["account"]
    assert account["groupAccountInfo"]["accountName"] == "Harbor Works"


async def test_benefitpoint_tidies_what_the_service_writes_and_no_persons_edit(desk: Desk) -> None:
    """B3: a plan's name is kept tidied by updateProduct; what a person types at the screen stays."""
    await desk.switch(tidy={"trim": True, "cut": 20})
    await desk.done("updateProduct", xml("update", {**await desk.product(), "name": "  Choice   Plus & Café 1500 "}))
    assert (await desk.product())["name"] == "Choice Plus & Café 1500"[:20]
    assert "no rule" in (await desk.door("POST", "switches", {"tidy": {"x": 1}}, status=422))["error"]
