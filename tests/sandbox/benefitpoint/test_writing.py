"""What the web service can write, what it refuses, and what becomes of what was left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.benefitpoint.conftest import (
    COBRA,
    DENTAL,
    GONE,
    HARBOR,
    LIFE,
    ORCHARD,
    ORCHARD_VISION,
    PPO_25,
    PPO_26,
    STD,
    Desk,
    rows,
    xml,
)

NEW = {
    "accountID": HARBOR,
    "productTypeID": 110,
    "isAdditionalProduct": False,
    "name": "PPO 2000",
    "carrierID": None,
    "policyNumber": "TBD",
    "policyOriginationReason": "Renewal",
    "parentProductID": PPO_26,
    "effectiveAsOf": "2027-01-01T00:00:00.000-08:00",
    "renewalOn": "2028-01-01T00:00:00.000-08:00",
    "premiumPaymentFrequency": "per_Month",
    "billingType": "Direct_Bill",
    "billingCarrierType": "Insurer_or_TPA",
    "billingCarrierID": None,
    "officeID": 31,
    "primarySalesLeadUserID": 9003,
    "primaryServiceLeadUserID": 9004,
    "planInfo": {"alternativePlanID": "marker-1"},
}


async def new(desk: Desk, **changes: Any) -> str:
    """Write a plan that is valid but for what is asked; None leaves an element out."""
    carrier = (await desk.product())["carrierID"]
    record = {**NEW, "carrierID": carrier, "billingCarrierID": carrier, **changes}
    return xml("product", {name: value for name, value in record.items() if value is not None})


def options(choice: str, level: int = 2, source: str | None = None) -> str:
    """Write how the first summary is made."""
    chosen = {name: name == choice for name in ("none", "standard", "copyFromBenefitSummary")}
    record = {"AttributeValueOptions": chosen, "attributeViewLevelID": level}
    return xml("planConfigurationOptions", record | ({"copyFromBenefitSummaryID": source} if source else {}))


# -- creating plans ---------------------------------------------------------------------------------------------------


async def test_a_renewal_with_a_copied_summary(desk: Desk):
    source = await desk.summary()
    inner = await new(desk) + options("copyFromBenefitSummary", source=source["benefitSummaryID"])
    number = await desk.done("createProduct", inner)
    product = await desk.product(number)
    assert (product["name"], product["productStatus"], product["parentProductID"]) == (
        "PPO 2000",
        "Pending",
        str(PPO_26),
    )
    assert product["createdOn"] == product["lastModifiedOn"] == "2026-11-20T04:00:00.000-08:00"
    copy = await desk.summary(number)
    assert copy["attributeValues"] == source["attributeValues"]
    assert copy["benefitSummaryID"] != source["benefitSummaryID"]
    assert await desk.rate_ids(number) == [], "rates are never copied"
    marked = [item["productID"] for item in await desk.products() if item.get("alternativePlanID") == "marker-1"]
    assert marked == [str(number)]


@pytest.mark.parametrize(
    ("choice", "visibility", "value"), [("none", "Hide___Incomplete", None), ("standard", "Show_Attribute", "Covered")]
)
async def test_a_first_summary_is_empty_or_standard(desk: Desk, choice: str, visibility: str, value: str | None):
    number = await desk.done("createProduct", await new(desk) + options(choice))
    first = (await desk.summary(number))["attributeValues"][0]
    assert (first["attributeVisibility"], first["attributeValueDetails"].get("value")) == (visibility, value)


async def test_without_options_a_plan_has_no_summary(desk: Desk):
    number = await desk.done("createProduct", await new(desk))
    criteria = xml("criteria", {"accountID": HARBOR, "productID": number})
    assert await desk.ok("findBenefitSummaries", criteria) == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parentProductID": None}, ["parentProductID is required when policyOriginationReason is Renewal."]),
        ({"parentProductID": ORCHARD_VISION}, ["parentProductID is not a plan of this account."]),
        ({"productTypeID": 1}, ["productTypeID is not a valid product type."]),
        ({"isAdditionalProduct": True}, ["isAdditionalProduct does not fit productTypeID."]),
        ({"name": ""}, ["name is required."]),
        ({"name": "x" * 101}, ["name is longer than 100 characters."]),
        ({"carrierID": 1}, ["carrierID is not a valid carrier."]),
        ({"officeID": 1}, ["officeID is not a valid office."]),
        ({"primarySalesLeadUserID": 1}, ["primarySalesLeadUserID is not a valid user."]),
        ({"billingCarrierID": 1}, ["billingCarrierID is not in the Commissions Paid By list."]),
        (
            {"billingType": None, "billingCarrierType": None},
            ["billingType is required.", "billingCarrierType is required."],
        ),
        ({"billingType": "None_Selected"}, ["billingType is required."]),
        ({"effectiveAsOf": None}, ["effectiveAsOf is required."]),
        ({"renewalOn": "2027-01-01T00:00:00.000-08:00"}, ["renewalOn is not after effectiveAsOf."]),
        (
            {"carrierID": 1, "officeID": 2, "parentProductID": None},
            [
                *("carrierID is not a valid carrier.", "officeID is not a valid office."),
                "parentProductID is required when policyOriginationReason is Renewal.",
            ],
        ),
    ],
)
async def test_a_plan_is_refused_with_everything_that_is_wrong(desk: Desk, changes: dict[str, Any], says: list[str]):
    before = len(await desk.products())
    assert await desk.refused("createProduct", await new(desk, **changes)) == [
        ("Validation_Error", text) for text in says
    ]
    assert len(await desk.products()) == before


@pytest.mark.parametrize(
    ("options_text", "says"),
    [
        (options("all"), "Exactly one"),
        (options("none", level=9), "attributeViewLevelID"),
        (options("copyFromBenefitSummary"), "copyFromBenefitSummaryID"),
        (options("copyFromBenefitSummary", source="1"), "copyFromBenefitSummaryID"),
    ],
)
async def test_options_that_say_nothing_are_refused(desk: Desk, options_text: str, says: str):
    assert says in (await desk.refused("createProduct", await new(desk) + options_text))[0][1]


async def test_a_summary_of_another_type_cannot_be_copied(desk: Desk):
    source = (await desk.summary(DENTAL))["benefitSummaryID"]
    inner = await new(desk) + options("copyFromBenefitSummary", source=source)
    assert "not a benefit summary of this product type" in (await desk.refused("createProduct", inner))[0][1]


async def test_a_plan_for_an_account_that_is_not_there_is_not_authorized(desk: Desk):
    assert await desk.fault("createProduct", await new(desk, accountID=1)) == ("soapenv:Server", GONE)


async def test_where_billing_is_not_required_it_may_be_left_out(desk: Desk):
    without = await new(desk, billingType=None, billingCarrierType=None, billingCarrierID=None)
    assert await desk.refused("createProduct", without)
    await desk.switch(require_billing=False)
    made = await desk.product(await desk.done("createProduct", without))
    assert (made["name"], made.get("billingCarrierID")) == (NEW["name"], None)


async def test_a_twin_is_made_or_refused_as_the_installation_does(desk: Desk):
    await desk.done("createProduct", await new(desk))
    await desk.done("createProduct", await new(desk))
    await desk.switch(duplicate_products="refuse")
    assert (await desk.refused("createProduct", await new(desk)))[0][0] == "Duplicate_Error"
    await desk.done("createProduct", await new(desk, name="PPO 2500"))


async def test_midnight_elsewhere_can_be_another_day_here(desk: Desk):
    """A client that writes 1 January in UTC writes 31 December at the server."""
    number = await desk.done("createProduct", await new(desk, effectiveAsOf="2027-01-01T00:00:00Z"))
    assert (await desk.product(number))["effectiveAsOf"] == "2026-12-31T00:00:00.000-08:00"
    number = await desk.done("createProduct", await new(desk, effectiveAsOf="2027-07-01T00:00:00"))
    assert (await desk.product(number))["effectiveAsOf"] == "2027-07-01T00:00:00.000-07:00"


@pytest.mark.parametrize("text", ["0000-01-01T00:00:00Z", "12027-01-01T00:00:00Z"])
async def test_a_date_that_the_server_cannot_hold_is_a_fault(desk: Desk, text: str):
    assert (await desk.fault("createProduct", await new(desk, effectiveAsOf=text)))[0] == "soapenv:Client"


# -- updating plans ---------------------------------------------------------------------------------------------------


async def test_the_server_takes_back_what_it_gave(desk: Desk):
    """Every plan of the world can be written as it was read, and then reads the same but for its stamp."""
    for number in (PPO_25, PPO_26, DENTAL, LIFE, STD, COBRA, ORCHARD_VISION):
        before = await desk.product(number)
        assert await desk.done("updateProduct", xml("update", before)) == number
        after = await desk.product(number)
        assert {**after, "lastModifiedOn": ""} == {**before, "lastModifiedOn": ""}
        assert after["lastModifiedOn"] == "2026-11-20T04:00:00.000-08:00"


async def test_an_omitted_element_is_cleared(desk: Desk):
    before = await desk.product()
    sent = {name: value for name, value in before.items() if name not in {"msaInfo", "renewalOn"}}
    sent["planInfo"] = {"notes": "only this"}
    await desk.done("updateProduct", xml("update", sent))
    after = await desk.product()
    assert {"msaInfo", "renewalOn"} & after.keys() == set()
    assert after["planInfo"] == {"notes": "only this", "marketSize": "None_Selected"}


async def test_or_kept_where_the_installation_merges(desk: Desk):
    await desk.switch(strict_replace=False)
    before = await desk.product()
    sent = {name: value for name, value in before.items() if name not in {"msaInfo", "renewalOn"}}
    await desk.done("updateProduct", xml("update", {**sent, "planInfo": {"notes": "only this"}}))
    after = await desk.product()
    assert after == {**before, "planInfo": {**after["planInfo"]}, "lastModifiedOn": after["lastModifiedOn"]}
    assert (after["planInfo"]["alternativePlanID"], after["planInfo"]["notes"]) == ("AC-15", "only this")


async def test_what_the_server_owns_is_not_taken(desk: Desk):
    before = await desk.product()
    sent = {
        **before,
        "productStatus": "Cancelled",
        "createdOn": "2001-01-01T00:00:00Z",
        "lastModifiedOn": "2001-01-01T00:00:00Z",
    }
    await desk.done("updateProduct", xml("update", sent))
    after = await desk.product()
    assert (after["productStatus"], after["createdOn"]) == ("Current", before["createdOn"])


async def test_writing_back_what_rights_hid_blanks_it(desk: Desk):
    await desk.switch(rights__revenue=False)
    await desk.done("updateProduct", xml("update", await desk.product()))
    await desk.switch(rights__revenue=True)
    assert "commissionInfo" not in await desk.product()


async def test_a_plan_keeps_its_account_and_its_type(desk: Desk):
    before = await desk.product()
    texts = [text for _, text in await desk.refused("updateProduct", xml("update", {**before, "accountID": ORCHARD}))]
    assert "accountID cannot be changed." in texts
    texts = [text for _, text in await desk.refused("updateProduct", xml("update", {**before, "productTypeID": 120}))]
    assert texts == ["productTypeID cannot be changed."]


async def test_a_plan_ends_by_cancellation_and_its_history_says_so(desk: Desk):
    before = await desk.product()
    place = list(before).index("cancellationReason")
    fields = [(name, value) for name, value in before.items() if name != "cancellationReason"]
    end = ("cancellationOn", "2026-11-01T00:00:00.000-07:00")
    unexplained = dict([*fields[:place], end, *fields[place:]])
    explained = dict([*fields[:place], end, ("cancellationReason", "Changed_Carriers"), *fields[place:]])
    assert "cancellationReason is required" in (await desk.refused("updateProduct", xml("update", unexplained)))[0][1]
    await desk.done("updateProduct", xml("update", explained))
    assert (await desk.product())["productStatus"] == "Cancelled"
    history = (await desk.ok("getProductHistory", xml("productID", PPO_26)))["productHistory"]
    entry = rows(history["productHistoryEntries"])[-1]
    assert (entry["cancellationReason"], entry["entryOn"]) == ("Changed_Carriers", "2026-11-20T04:00:00.000-08:00")
    summary = next(item for item in await desk.products() if item["productID"] == str(PPO_26))
    assert summary["policyCancellationReason"] == "Changed_Carriers"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parentProductID": PPO_26}, "parentProductID is the plan itself."),
        (
            {"reinstatementOn": "2026-06-01T00:00:00.000-07:00"},
            "reinstatementOn is given for a plan that is not cancelled.",
        ),
    ],
)
async def test_a_plan_cannot_follow_from_itself(desk: Desk, changes: dict[str, Any], says: str):
    """The elements go in at their places in the sequence, or the schema would refuse first."""
    order = list(await desk.product())
    place = order.index("reinstatementReason")
    held = {**await desk.product(), **changes}
    order = [*order[:place], *(name for name in changes if name not in order), *order[place:]]
    inner = xml("update", {name: held[name] for name in order})
    assert await desk.refused("updateProduct", inner) == [("Validation_Error", says)]


async def test_the_later_revision_has_fields_that_the_first_does_not_clear(desk: Desk):
    await desk.edit("plan", PPO_26, {"customCancellationReasonID": 7})
    assert (await desk.product(profile="v4_3"))["customCancellationReasonID"] == "7"
    await desk.done("updateProduct", xml("update", await desk.product()))
    assert (await desk.product(profile="v4_3"))["customCancellationReasonID"] == "7"
    later = {
        name: value for name, value in (await desk.product(profile="v4_3")).items() if not name.startswith("custom")
    }
    await desk.done("updateProduct", xml("update", later), profile="v4_3")
    assert "customCancellationReasonID" not in await desk.product(profile="v4_3")


# -- summaries --------------------------------------------------------------------------------------------------------


async def test_a_summary_is_replaced_as_a_whole(desk: Desk):
    before = await desk.summary()
    sent = {**before, "attributeValues": [before["attributeValues"][0]]}
    sent["attributeValues"][0]["attributeValueDetails"][0]["value"] = "1750"
    assert await desk.done("updateBenefitSummary", xml("benefitSummary", sent)) == int(before["benefitSummaryID"])
    after = await desk.summary()
    assert after["attributeValues"]["attributeValueDetails"][0]["value"] == "1750"
    assert after["createdOn"] == before["createdOn"]


async def test_or_merged_attribute_by_attribute(desk: Desk):
    await desk.switch(strict_replace=False)
    before = await desk.summary()
    sent = {**before, "attributeValues": [before["attributeValues"][0]]}
    await desk.done("updateBenefitSummary", xml("benefitSummary", sent))
    assert len((await desk.summary())["attributeValues"]) == len(before["attributeValues"])


async def test_the_server_takes_back_the_summaries_it_gave(desk: Desk):
    for number in (PPO_26, DENTAL, LIFE, STD):
        before = await desk.summary(number)
        await desk.done("updateBenefitSummary", xml("benefitSummary", before))
        assert {**await desk.summary(number), "lastModifiedOn": ""} == {**before, "lastModifiedOn": ""}


async def test_a_second_summary_can_be_added(desk: Desk):
    held = await desk.summary()
    sent = {
        name: value for name, value in held.items() if name not in {"benefitSummaryID", "lastModifiedOn", "createdOn"}
    }
    number = await desk.done("createBenefitSummary", xml("benefitSummary", {**sent, "description": "Executives"}))
    found = await desk.ok("findBenefitSummaries", xml("criteria", {"accountID": HARBOR, "productID": PPO_26}))
    assert (found["summaries"][-1]["benefitSummaryID"], found["summaries"][-1]["description"]) == (
        str(number),
        "Executives",
    )


def _detail(column: Any, value: str = "1") -> dict[str, Any]:
    return {"UOM": "text", "value": value, "benefitColumnID": column}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda item: {**item, "attributeID": 1}, "attributeID 1 is not an attribute of this product type."),
        (
            lambda item: {**item, "attributeValueDetails": _detail(1)},
            "benefitColumnID 1 is not a column of this product type.",
        ),
        (
            lambda item: {**item, "attributeValueDetails": [item["attributeValueDetails"][0]] * 2},
            "has two values in one column.",
        ),
    ],
)
async def test_a_value_in_no_place_is_refused(desk: Desk, broken: Any, says: str):
    held = await desk.summary()
    sent = {**held, "attributeValues": [broken(held["attributeValues"][0])]}
    code, text = (await desk.refused("updateBenefitSummary", xml("benefitSummary", sent)))[0]
    assert (code, text.endswith(says)) == ("Validation_Error", True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"viewLevelID": 9}, "viewLevelID is not a valid view level."),
        ({"description": ""}, "description is required."),
        ({"productID": DENTAL}, "productID cannot be changed."),
    ],
)
async def test_a_summary_without_its_facts_is_refused(desk: Desk, changes: dict[str, Any], says: str):
    sent = {**await desk.summary(), **changes}
    assert await desk.refused("updateBenefitSummary", xml("benefitSummary", sent)) == [("Validation_Error", says)]


async def test_an_attribute_given_twice_is_refused(desk: Desk):
    held = await desk.summary()
    sent = {**held, "attributeValues": [held["attributeValues"][0]] * 2}
    assert "is given twice" in (await desk.refused("updateBenefitSummary", xml("benefitSummary", sent)))[0][1]


async def test_related_attributes_follow_only_when_asked(desk: Desk):
    """`Retail` stands above the drug tiers; the order to carry the value is obeyed and not kept."""
    kind = (await desk.product())["productTypeID"]
    structure = (await desk.ok("getBenefitSummaryStructure", xml("planTypeID", kind)))["benefitSummaryStructure"]
    everything = [
        item for section in structure["attributeSection"]["attributeSections"] for item in rows(section["attributes"])
    ]
    retail = next(item["attributeID"] for item in everything if item["name"] == "Retail")
    below = {item["attributeID"] for item in everything if item.get("parentID") == retail}
    column = rows(structure["benefitColumns"])[0]["benefitColumnID"]
    held = await desk.summary()
    for order, expected in ((False, {retail}), (True, {retail, *below})):
        value = {"attributeID": retail, "attributeVisibility": "Show_Attribute", "updateRelatedAttributes": order}
        sent = {**held, "attributeValues": [{**value, "attributeValueDetails": _detail(column, "$10")}]}
        await desk.done("updateBenefitSummary", xml("benefitSummary", sent))
        found = rows((await desk.summary())["attributeValues"])
        assert {item["attributeID"] for item in found} == expected
        assert not any("updateRelatedAttributes" in item for item in found)


# -- accounts, teams, contacts ----------------------------------------------------------------------------------------


async def test_an_account_is_created_and_replaced(desk: Desk):
    record = {
        "accountClassification": "Group",
        "accountType": "Prospect",
        "officeID": 31,
        "administratorUserID": 9001,
        "primaryContactUserID": 9002,
        "groupAccountInfo": {
            "accountName": "Quay Ltd",
            "businessType": "LLC",
            "accountClasses": [{"name": "All"}, {"name": "Executives"}],
        },
    }
    number = await desk.done("createAccount", xml("account", record))
    account = (await desk.ok("getAccount", xml("accountID", number)))["account"]
    classes = account["groupAccountInfo"]["accountClasses"]
    assert len({item["classID"] for item in classes}) == 2
    account["groupAccountInfo"]["accountName"] = "Quay Inc"
    account["officeID"] = 32
    await desk.done("updateAccount", xml("update", account))
    after = (await desk.ok("getAccount", xml("accountID", number)))["account"]
    assert (after["groupAccountInfo"]["accountName"], after["officeID"]) == ("Quay Inc", "31"), (
        "the office is read-only"
    )
    assert after["groupAccountInfo"]["accountClasses"] == classes
    team = (await desk.ok("getTeamMembers", xml("accountID", number)))["teamMembers"]
    assert [member["userID"] for member in team] == ["9001", "9002"]


async def test_an_account_without_its_facts_is_refused(desk: Desk):
    record = {
        "accountClassification": "Individual",
        "accountType": "None_Selected",
        "officeID": 1,
        "administratorUserID": 1,
        "primaryContactUserID": 9002,
    }
    texts = [text for _, text in await desk.refused("createAccount", xml("account", record))]
    assert texts == [
        "The account information that fits accountClassification is required.",
        *("accountType is required.", "officeID is not a valid office.", "administratorUserID is not a valid user."),
    ]


async def test_the_server_takes_back_the_accounts_it_gave(desk: Desk):
    for number in (HARBOR, ORCHARD):
        before = (await desk.ok("getAccount", xml("accountID", number)))["account"]
        await desk.done("updateAccount", xml("update", before))
        after = (await desk.ok("getAccount", xml("accountID", number)))["account"]
        assert {**after, "lastModifiedOn": ""} == {**before, "lastModifiedOn": ""}


async def test_a_team_grows_and_shrinks_around_its_fixed_members(desk: Desk):
    grow = {"accountID": ORCHARD, "teamMembers": [{"userID": 9006, "brokerClientRoleID": 2}]}
    await desk.done("updateTeamMembers", xml("teamUpdates", grow))
    team = (await desk.ok("getTeamMembers", xml("accountID", ORCHARD)))["teamMembers"]
    assert (team[-1]["userID"], team[-1]["brokerClientRoleID"]) == ("9006", "2")
    await desk.done("removeTeamMembers", xml("removals", {"accountID": ORCHARD, "userIDs": [9006]}))
    assert (
        "administers"
        in (await desk.refused("removeTeamMembers", xml("removals", {"accountID": ORCHARD, "userIDs": [9001]})))[0][1]
    )
    stranger = {"accountID": ORCHARD, "teamMembers": [{"userID": 1}]}
    assert "not a valid user" in (await desk.refused("updateTeamMembers", xml("teamUpdates", stranger)))[0][1]


async def test_a_contact_is_created_replaced_and_deleted(desk: Desk):
    record = {
        "contact": {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.test"},
        "accountID": ORCHARD,
        "title": "CFO",
    }
    number = await desk.done("createAccountContact", xml("contact", record))
    held = (await desk.ok("getAccountContact", xml("contactID", number)))["contact"]
    changed = {name: value for name, value in held.items() if name != "title"}
    await desk.done("updateAccountContact", xml("update", changed))
    assert "title" not in (await desk.ok("getAccountContact", xml("contactID", number)))["contact"]
    moved = await desk.refused("updateAccountContact", xml("update", {**changed, "accountID": HARBOR}))
    assert "cannot be moved" in moved[0][1]
    wrong = xml("deletes", {"accountID": HARBOR, "contactIDs": [number]})
    assert await desk.fault("deleteAccountContacts", wrong) == ("soapenv:Server", GONE)
    await desk.done("deleteAccountContacts", xml("deletes", {"accountID": ORCHARD, "contactIDs": [number]}))
    assert await desk.fault("getAccountContact", xml("contactID", number)) == ("soapenv:Server", GONE)


# -- relationships ----------------------------------------------------------------------------------------------------


async def test_plans_are_tied_and_untied(desk: Desk):
    record = {
        "plans": {"planId": [PPO_26, DENTAL]},
        "products": {"productId": [COBRA]},
        "description": "bundle",
        "groupTypeId": 1,
    }
    number = await desk.done("createPlanRelationship", xml("planRelationship", record))
    shown = (await desk.ok("getPlanRelationship", xml("planRelationshipId", number)))["planRelationship"]
    assert (shown["plans"], shown["products"]) == ({"planId": [str(PPO_26), str(DENTAL)]}, {"productId": str(COBRA)})
    more = xml("planRelationshipId", number) + xml("relatedPlanProduct", {"planProductId": [LIFE]})
    await desk.done("addLinkedPlans", more)
    assert await desk.ok("getPlanRelationships", xml("planProductId", LIFE)) != ""
    await desk.done("deleteLinkedPlans", more)
    assert await desk.ok("getPlanRelationships", xml("planProductId", LIFE)) == ""
    most = xml("planRelationshipId", number) + xml("relatedPlanProduct", {"planProductId": [PPO_26, DENTAL]})
    assert "Two or more" in (await desk.refused("deleteLinkedPlans", most))[0][1]
    await desk.done("updatePlanRelationship", xml("planRelationshipId", number) + xml("description", "2027"))
    assert (await desk.ok("getPlanRelationship", xml("planRelationshipId", number)))["planRelationship"][
        "description"
    ] == "2027"
    await desk.done("deletePlanRelationship", xml("planRelationshipId", number))
    assert await desk.fault("getPlanRelationship", xml("planRelationshipId", number)) == ("soapenv:Server", GONE)


@pytest.mark.parametrize("plans", [[PPO_26], [PPO_26, PPO_26], [PPO_26, ORCHARD_VISION]])
async def test_a_relationship_is_of_two_plans_of_one_account(desk: Desk, plans: list[int]):
    inner = xml("planRelationship", {"plans": {"planId": plans}})
    assert "Two or more" in (await desk.refused("createPlanRelationship", inner))[0][1]


# -- activity log -----------------------------------------------------------------------------------------------------


async def subject(desk: Desk, name: str = "Rates and Contributions") -> str:
    found = (await desk.ok("getActivityLogSubjects"))["subjects"]
    return str(next(item["subjectID"] for item in found if item["description"] == name))


async def test_a_note_waits_for_a_person_until_it_is_closed(desk: Desk):
    record = {
        "accountID": HARBOR,
        "subjectID": await subject(desk),
        "productIDs": [PPO_26],
        "shortDescription": "enter a rate",
        "longDescription": "EE Only 612.40 to 640.10",
        "status": "Open",
    }
    number = await desk.done("createActivityLogRecord", xml("record", record))
    held = (await desk.ok("getActivityLogRecord", xml("recordID", number)))["record"]
    assert (held["assignedToUserID"], held["priority"]) == ("9001", "Medium")
    found = (await desk.ok("findActivityLogRecords", xml("criteria", {"accountID": HARBOR, "recordStatus": "Open"})))[
        "summaries"
    ]
    assert (found["summary"], found["subjectText"], found["assignedToFirstName"]) == (
        *("enter a rate", "Rates and Contributions", "Ada"),
    )
    closed = {**held, "status": "Closed"}
    await desk.done("updateActivityLogRecord", xml("update", closed))
    held = (await desk.ok("getActivityLogRecord", xml("recordID", number)))["record"]
    assert (held["status"], held["completedOn"]) == ("Closed", "2026-11-20T04:00:00.000-08:00")
    assert await desk.ok("findActivityLogRecords", xml("criteria", {"accountID": HARBOR, "recordStatus": "Open"})) == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subjectID": 1}, "subjectID is not a valid subject."),
        ({"shortDescription": ""}, "shortDescription is required."),
        ({"shortDescription": "x" * 201}, "shortDescription is longer than 200 characters."),
        ({"assignedToUserID": 1}, "assignedToUserID is not a valid user."),
        ({"productIDs": [ORCHARD_VISION]}, f"productID {ORCHARD_VISION} is not a plan of this account."),
    ],
)
async def test_a_note_without_its_facts_is_refused(desk: Desk, changes: dict[str, Any], says: str):
    order = ("accountID", "subjectID", "productIDs", "shortDescription", "assignedToUserID")
    record = {"accountID": HARBOR, "subjectID": await subject(desk), "shortDescription": "x", **changes}
    inner = xml("record", {name: record[name] for name in order if name in record})
    assert await desk.refused("createActivityLogRecord", inner) == [("Validation_Error", says)]


# -- faults of the vendor's own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("system_error", ["System_Error"]),
        ("application_error", ["Application_Error"]),
        ("access_error", ["Access_Error"]),
        ("duplicate_error", ["Duplicate_Error"]),
        ("validation_errors", ["Validation_Error", "Validation_Error"]),
    ],
)
async def test_a_write_can_be_refused_with_status_200_and_nothing_done(desk: Desk, kind: str, codes: list[str]):
    before = len(await desk.products())
    await desk.arm(kind, match="createProduct")
    assert [code for code, _ in await desk.refused("createProduct", await new(desk))] == codes
    assert len(await desk.products()) == before
    await desk.done("createProduct", await new(desk))


async def test_a_read_says_the_same_as_a_fault(desk: Desk):
    await desk.arm("system_error", match="getProduct")
    assert await desk.fault("getProduct", xml("productID", PPO_26)) == (
        *("soapenv:Server", "The system is busy. Try again later."),
    )


async def test_a_write_to_a_denied_module_is_a_result(desk: Desk):
    inner = await new(desk)
    await desk.switch(rights__denied_modules=["product"])
    assert await desk.refused("createProduct", inner) == [("Access_Error", "The user has no access to this module.")]


async def test_a_stamp_may_lie(desk: Desk):
    before = await desk.product()
    await desk.arm("lying_stamp", match="updateProduct")
    await desk.done(
        "updateProduct", xml("update", {**before, "policyNumber": "P-9"} if "policyNumber" in before else before)
    )
    assert (await desk.product())["lastModifiedOn"] == before["lastModifiedOn"]


@pytest.mark.parametrize(("kind", "left"), [("empty_list", 0), ("partial_list", 3)])
async def test_a_listing_may_lie(desk: Desk, kind: str, left: int):
    await desk.arm(kind, match="findProducts")
    assert len(await desk.products()) == left
    assert len(await desk.products()) == 7


async def test_every_fault_of_the_vendor_is_explained(desk: Desk):
    answer = await desk.door("POST", "faults", {"kind": "nothing"}, status=422)
    assert "validation_errors" in answer["error"]
