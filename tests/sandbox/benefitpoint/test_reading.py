"""What the seeded world looks like through the web service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.benefitpoint.conftest import (
    BARE,
    COBRA,
    DENTAL,
    FULL,
    GONE,
    HARBOR,
    LIFE,
    ORCHARD,
    ORCHARD_VISION,
    PART,
    PPO_25,
    PPO_26,
    QUOTED,
    STD,
    Desk,
    rows,
    xml,
)


def cells(rate: Any, label: str = "Rate") -> dict[str, str]:
    """Give tier (and band) -> amount of one field."""
    return {
        "/".join(part for part in (value["rateTier"]["description"], value.get("ageBandIndex")) if part): value[
            "valueNum"
        ]
        for value in rows(rate["rateFieldValues"])
        if value["rateField"]["label"] == label
    }


# -- accounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, [HARBOR, ORCHARD]),
        ({"accountNameMatch": "BOR w"}, [HARBOR]),
        ({"accountNameMatch": "N-harbor"}, []),  # an account number is not searched
        ({"accountClassifications": ["Group", "Agency"], "accountTypes": ["Client"]}, [HARBOR, ORCHARD]),
        ({"accountTypes": ["Prospect"]}, []),
        ({"active": False}, []),
        ({"active": True}, [HARBOR, ORCHARD]),
        ({"teamMemberID": 9003}, []),
        ({"teamMemberID": 9005}, [HARBOR]),
        ({"teamMemberID": 9001}, [HARBOR, ORCHARD]),
    ],
)
async def test_accounts_are_found_by_what_the_criteria_say(desk: Desk, criteria: dict[str, Any], found: list[int]):
    order = ("teamMemberID", "accountNameMatch", "accountClassifications", "accountTypes", "active")
    result = await desk.ok(
        "findAccounts", xml("criteria", {name: criteria[name] for name in order if name in criteria})
    )
    assert [int(item["accountID"]) for item in rows(result and result["result"])] == found


async def test_an_account_has_its_number_classes_and_people(desk: Desk):
    account = (await desk.ok("getAccount", xml("accountID", HARBOR)))["account"]
    info = account["groupAccountInfo"]
    assert info["commonGroupAccountInfo"]["brokerageAccountInfo"]["accountNumber"] == "N-harbor"
    assert [item["name"] for item in info["accountClasses"]] == [FULL, PART]
    assert (info["employeeTypes"]["status"], info["employeeTypes"]["value"]) == ("Full_Time", "30")
    assert info["marketSize"] == "Not_Selected", "one of two enumerations with another null"
    assert {"primarySalesLeadUserID", "primaryServiceLeadUserID"} <= account.keys()


async def test_an_account_may_name_no_leads_though_its_plans_must(desk: Desk):
    account = (await desk.ok("getAccount", xml("accountID", ORCHARD)))["account"]
    assert "primarySalesLeadUserID" not in account
    assert (await desk.product(ORCHARD_VISION))["primarySalesLeadUserID"] == "9003"


# -- plans ------------------------------------------------------------------------------------------------------------


async def test_additional_products_are_mixed_in(desk: Desk):
    found = {int(item["productID"]): item["isAdditionalProduct"] for item in await desk.products()}
    assert set(found) == {PPO_25, PPO_26, DENTAL, LIFE, STD, COBRA, BARE}
    assert [number for number, extra in found.items() if extra == "true"] == [COBRA]


async def test_dates_are_midnight_at_the_server_and_the_year_ends_before_the_renewal(desk: Desk):
    product = await desk.product()
    assert product["effectiveAsOf"] == "2026-01-01T00:00:00.000-08:00"
    assert product["renewalOn"] == "2027-01-01T00:00:00.000-08:00"


async def test_a_renewal_names_its_prior_plan(desk: Desk):
    product = await desk.product()
    assert (product["policyOriginationReason"], product["parentProductID"]) == ("Renewal", str(PPO_25))
    first = await desk.product(PPO_25)
    assert (first["policyOriginationReason"], first.get("parentProductID")) == ("New", None)


async def test_the_policy_flag_is_spelled_two_ways(desk: Desk):
    summary = next(item for item in await desk.products() if item["productID"] == str(PPO_26))
    assert (summary["continuousPolicy"], (await desk.product())["continousPolicy"]) == ("false", "false")


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2025-12-31T12:00:00Z", "Pending"),
        ("2026-01-01T07:59:59Z", "Pending"),  # still the old year at the server
        ("2026-01-01T08:00:00Z", "Current"),
        ("2027-01-01T07:59:59Z", "Current"),
        ("2027-01-01T08:00:00Z", "Expired"),
    ],
)
async def test_the_status_follows_from_the_dates_at_the_server(desk: Desk, now: str, status: str):
    await desk.switch(session_ttl_s=10**9)
    desk.clock.set(now)
    await desk.login()
    assert (await desk.product())["productStatus"] == status


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        ({"effectiveOn": "2025-06-01T00:00:00.000-07:00"}, 1),
        ({"effectiveOn": "2026-06-01T00:00:00.000-07:00"}, 6),
        ({"sinceLastModifiedOn": "2026-01-01T00:00:00.000-08:00"}, 0),
        ({"sinceLastModifiedOn": "2020-01-01T00:00:00.000-08:00"}, 7),
        ({"brokerOfRecordAccountID": 5}, 0),
    ],
)
async def test_plans_are_found_by_time(desk: Desk, criteria: dict[str, Any], count: int):
    assert len(await desk.products(HARBOR, **criteria)) == count


async def test_a_plan_without_a_named_carrier_has_a_placeholder_and_another_payer(desk: Desk):
    product = await desk.product(STD)
    carriers = {item["carrierID"]: item["carrierName"] for item in (await desk.ok("getAvailableCarriers"))["carriers"]}
    assert carriers[product["carrierID"]] == "To Be Determined"
    assert (product["billingCarrierType"], product["billingCarrierID"] in carriers) == ("Other_Brokerage_or_GA", False)


# -- rates ------------------------------------------------------------------------------------------------------------


async def test_a_rate_by_tier_prints_amounts_as_doubles(desk: Desk):
    rate = await desk.rate((await desk.rate_ids())[0])
    assert cells(rate) == {"EE Only": "612.4", "EE + Family": "1837.2"}
    assert (rate["ageBanded"], rate["includeEE"], rate["description"]) == ("false", "true", "Full time 2026-01-01")
    assert rate["expirationOn"] == "2026-06-30T00:00:00.000-07:00"


async def test_the_group_inside_a_values_field_has_no_fields(desk: Desk):
    rate = await desk.rate((await desk.rate_ids())[0])
    assert "rateFields" not in rate["rateFieldValues"][0]["rateField"]["rateFieldGroup"]


@pytest.mark.parametrize(
    ("base", "open_ends", "start", "end", "first", "count"),
    [(1, True, 19, 59, "1", 10), (0, True, 19, 59, "0", 10), (1, False, 15, 64, "1", 10)],
)
async def test_age_bands_are_told_by_start_end_interval_and_index(
    desk: Desk, base: int, open_ends: bool, start: int, end: int, first: str, count: int
):
    await desk.switch(band_index_base=base, band_open_ends=open_ends)
    rate = await desk.rate((await desk.rate_ids(LIFE))[0])
    assert [rate[f"ageBanded{name}"] for name in ("StartOn", "EndOn", "Interval")] == [str(start), str(end), "5"]
    amounts = cells(rate, "Rate per $1,000")
    assert len(amounts) == count
    assert amounts[f"Composite/{first}"] == "0.04"
    assert amounts[f"Composite/{base + count - 1}"] == "1.2"
    assert amounts[f"Composite/{base + 1}"] == "0.2", "20 to 24"


async def test_a_volume_rate_says_what_it_is_per(desk: Desk):
    rate = await desk.rate((await desk.rate_ids(STD))[0])
    assert cells(rate, "Rate per $10 of weekly benefit") == {"Composite": "0.28"}
    basis = next(value for value in rate["rateFieldValues"] if "rateOptionValue" in value)
    assert basis["rateOptionValue"]["description"] == "Per unit of volume per month"


async def test_a_marketing_response_is_a_quote_at_the_plan_and_no_plan(desk: Desk):
    found = rows((await desk.ok("findRates", xml("rateSearchCriteria", {"productID": DENTAL})))["rates"])
    assert [item["description"] for item in found] == ["2026 rates", "Other Dental Dental_Quote quote"]
    quotes = rows((await desk.ok("findRates", xml("rateSearchCriteria", {"responseID": QUOTED})))["rates"])
    quote = await desk.rate(int(quotes[0]["rateID"]))
    assert (quote["responseID"], quote["responseRateInfo"]["selected"]) == (str(QUOTED), "false")
    assert await desk.fault("getProduct", xml("productID", QUOTED)) == ("soapenv:Server", GONE)


async def test_a_search_for_rates_wants_a_plan_or_a_response(desk: Desk):
    code, text = await desk.fault("findRates", "<rateSearchCriteria/>")
    assert (code, text) == ("soapenv:Client", "productID or responseID is required.")


# -- summaries --------------------------------------------------------------------------------------------------------


async def attributes(desk: Desk, product: int) -> tuple[dict[str, str], dict[str, str]]:
    kind = (await desk.product(product))["productTypeID"]
    structure = (await desk.ok("getBenefitSummaryStructure", xml("planTypeID", kind)))["benefitSummaryStructure"]
    sections = rows(structure["attributeSection"]["attributeSections"])
    names = {item["attributeID"]: item["name"] for section in sections for item in rows(section["attributes"])}
    return names, {item["benefitColumnID"]: item["description"] for item in rows(structure["benefitColumns"])}


async def test_benefits_are_values_by_attribute_and_column(desk: Desk):
    names, columns = await attributes(desk, PPO_26)
    summary = await desk.summary()
    values = {
        (names[item["attributeID"]], columns[detail["benefitColumnID"]]): detail
        for item in summary["attributeValues"]
        for detail in rows(item["attributeValueDetails"])
    }
    deductible = values["Annual Deductible - Individual", "In Network"]
    assert (deductible["UOM"], deductible["value"]) == ("dollars", "1500")
    assert values["Annual Deductible - Individual", "Out of Network"]["value"] == "3000"
    assert values["Primary Care Visit", "In Network"]["value"] == "$25 Copayment"
    share = values["Coinsurance", "In Network"]
    assert (share["UOM"], share["value"], share["ancillaryText"]) == ("percent", "80", "after deductible")


async def test_a_plan_may_have_two_summaries_and_three_rates_that_belong_to_both(desk: Desk):
    criteria = xml("criteria", {"accountID": HARBOR, "productID": PPO_26})
    found = rows((await desk.ok("findBenefitSummaries", criteria))["summaries"])
    assert [item["description"] for item in found] == ["PPO 1500 summary", "Silver 94"]
    rates = await desk.rate_ids()
    assert len(rates) == 3
    tied = rows((await desk.rate(rates[0]))["associatedBenefitSummaries"])
    assert [item["benefitSummaryID"] for item in tied] == [item["benefitSummaryID"] for item in found]


async def test_a_plan_without_benefits_has_a_summary_of_incomplete_attributes(desk: Desk):
    names, _ = await attributes(desk, BARE)
    summary = await desk.summary(BARE)
    assert {item["attributeVisibility"] for item in summary["attributeValues"]} == {"Hide___Incomplete"}
    assert len(summary["attributeValues"]) == len(names)
    assert "value" not in summary["attributeValues"][0]["attributeValueDetails"]


# -- contributions and rules ------------------------------------------------------------------------------------------


async def test_a_rule_ties_class_rate_contribution_and_summary(desk: Desk):
    account = (await desk.ok("getAccount", xml("accountID", HARBOR)))["account"]
    classes = {item["classID"]: item["name"] for item in account["groupAccountInfo"]["accountClasses"]}
    criteria = xml("eligibilityRuleSearchCriteria", {"productID": PPO_26})
    tied = {}
    for item in rows((await desk.ok("findEligibilityRules", criteria))["eligibilityRules"]):
        asked = xml("eligibilityRuleID", item["eligibilityRuleID"])
        rule = (await desk.ok("getEligibilityRule", asked))["eligibilityRule"]
        share = (await desk.ok("getContribution", xml("contributionID", rule["contributionID"])))["contribution"]
        rate = await desk.rate(int(rule["rateID"]))
        key = classes[rule["employeeEligibilityRule"]["accountClassIDs"]], rate["effectiveAsOf"][:10]
        tied[key] = rule["active"], cells(rate)["EE Only"], share["employeeContribution"]
        assert rule["standardWaitingPeriod"] == "First_of_Month_Following_Thirty_days"
        assert rule["coverageEndDate"] == "End_of_Month_after_Termination"
        assert rule["dependentEligibilityRule"]["childCriteria"]["ageLimit"] == "26"
    assert tied == {
        (FULL, "2026-01-01"): ("false", "612.4", "false"),
        (FULL, "2026-07-01"): ("true", "640.1", "false"),
        (PART, "2026-01-01"): ("true", "700.0", "true"),
    }


async def test_one_contribution_may_mix_dollars_and_percentages(desk: Desk):
    found = rows(
        (await desk.ok("findContributions", xml("contributionSearchCriteria", {"productID": PPO_26})))["contributions"]
    )
    share = (await desk.ok("getContribution", xml("contributionID", found[0]["contributionID"])))["contribution"]
    assert share["contributionFrequency"] == "Bi_Weekly_26_or_yr"
    kinds = [
        {name for name in value if name not in {"contributionValueID", "rateTierID"}}
        for value in share["contributionValues"]
    ]
    assert kinds == [{"dollarAmount"}, {"percentOfPremium"}]


async def test_the_schedules_of_a_type_hold_its_rates_and_contributions(desk: Desk):
    rate = await desk.rate((await desk.rate_ids())[0])
    structure = (await desk.ok("getRateStructure", xml("rateTypeID", rate["rateTypeID"])))["rateStructure"]
    kinds = {item["rateTypeTierID"]: item["rateTierSchedule"] for item in structure["rateTypeTiers"]}
    tiers = {tier["rateTierID"] for tier in kinds[rate["rateTypeTierID"]]["rateTiers"]}
    assert tiers == {value["rateTier"]["rateTierID"] for value in rate["rateFieldValues"] if "rateTier" in value}


# -- what is gone, hidden or denied -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        ("getAccount", "accountID"),
        ("getTeamMembers", "accountID"),
        ("getProduct", "productID"),
        ("getProductHistory", "productID"),
        ("getBenefitSummary", "benefitSummaryID"),
        ("getRate", "rateID"),
        ("getContribution", "contributionID"),
        ("getEligibilityRule", "eligibilityRuleID"),
        ("getAccountContact", "contactID"),
        ("getActivityLogRecord", "recordID"),
        ("getPlanRelationship", "planRelationshipId"),
        ("getOffice", "officeID"),
        ("getUser", "userID"),
    ],
)
async def test_what_was_never_there_is_not_authorized(desk: Desk, call: str, argument: str):
    assert await desk.fault(call, xml(argument, 4711)) == ("soapenv:Server", GONE)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        ("getAccount", "accountID"),
        ("getProduct", "productID"),
        ("getProductHistory", "productID"),
        ("getBenefitSummary", "benefitSummaryID"),
        ("getRate", "rateID"),
        ("getContribution", "contributionID"),
        ("getEligibilityRule", "eligibilityRuleID"),
        ("getAccountContact", "contactID"),
        ("getActivityLogRecord", "recordID"),
    ],
)
async def test_an_installation_may_answer_with_nothing_for_what_is_gone(desk: Desk, call: str, argument: str):
    await desk.switch(gone="empty")
    assert await desk.ok(call, xml(argument, 4711)) == ""


@pytest.mark.parametrize(
    ("call", "criteria"),
    [("findContributions", "contributionSearchCriteria"), ("findEligibilityRules", "eligibilityRuleSearchCriteria")],
)
async def test_parts_are_searched_by_plan_or_by_a_design_of_which_there_is_none(desk: Desk, call: str, criteria: str):
    assert (await desk.fault(call, f"<{criteria}/>"))[1] == "productID or planDesignID is required."
    assert await desk.ok(call, xml(criteria, {"planDesignID": 1})) == ""


async def test_a_structure_of_benefits_for_no_type_is_empty(desk: Desk):
    assert await desk.ok("getBenefitSummaryStructure", xml("planTypeID", 1)) == ""


async def test_offices_are_read_one_by_one(desk: Desk):
    assert (await desk.ok("getOffice", xml("officeID", 31)))["office"]["officeName"] == "Sample Office North"


async def test_a_user_of_one_office_sees_its_accounts_and_nothing_else(desk: Desk):
    await desk.switch(rights__office="Sample Office South")
    found = rows((await desk.ok("findAccounts", "<criteria/>"))["result"])
    assert [item["accountName"] for item in found] == ["Orchard Works"]
    assert await desk.fault("getProduct", xml("productID", PPO_26)) == ("soapenv:Server", GONE)
    assert await desk.fault("findProducts", xml("criteria", {"accountID": HARBOR})) == ("soapenv:Server", GONE)
    assert (await desk.product(ORCHARD_VISION))["productID"] == str(ORCHARD_VISION)


async def test_without_revenue_rights_commissions_read_as_if_empty(desk: Desk):
    rate = (await desk.rate_ids())[0]
    assert ("commissionInfo" in await desk.product(), "commissions" in await desk.rate(rate)) == (True, True)
    await desk.switch(rights__revenue=False)
    assert ("commissionInfo" in await desk.product(), "commissions" in await desk.rate(rate)) == (False, False)
    assert (await desk.refused("checkRevenueTrackingModuleAccess", ""))[0][0] == "Access_Error"


async def test_without_financial_rights_totals_read_as_if_empty(desk: Desk):
    await desk.edit("plan", PPO_26, {"totalEstimatedMonthlyPremium": "135033.60"})
    await desk.edit("rate", (await desk.rate_ids())[0], {"estimatedMonthlyPremium": "135033.60"})
    assert (await desk.product())["totalEstimatedMonthlyPremium"] == "135033.6"
    summary = (await desk.ok("findRates", xml("rateSearchCriteria", {"productID": PPO_26})))["rates"][0]
    assert summary["annualizedPremium"] == "1620403.2"
    await desk.switch(rights__financial_info=False)
    assert "totalEstimatedMonthlyPremium" not in await desk.product()
    summary = (await desk.ok("findRates", xml("rateSearchCriteria", {"productID": PPO_26})))["rates"][0]
    assert "annualizedPremium" not in summary


@pytest.mark.parametrize(
    ("module", "check", "read", "argument"),
    [
        ("account", "checkAccountModuleAccess", "getAccount", xml("accountID", HARBOR)),
        ("product", "checkProductModuleAccess", "getProduct", xml("productID", PPO_26)),
        ("contact", "checkContactModuleAccess", "findAccountContacts", xml("criteria", {"accountID": HARBOR})),
        ("activity_log", "checkActivityLogModuleAccess", "getActivityLogSubjects", ""),
        ("user", "checkUserModuleAccess", "findUsers", "<criteria/>"),
    ],
)
async def test_a_denied_module_is_told_by_its_check_and_shut(
    desk: Desk, module: str, check: str, read: str, argument: str
):
    await desk.done(check, "")
    await desk.switch(rights__denied_modules=[module])
    assert await desk.refused(check, "") == [("Access_Error", "The user has no access to this module.")]
    assert await desk.fault(read, argument) == ("soapenv:Server", GONE)


# -- reference data ---------------------------------------------------------------------------------------------------


async def test_carriers_for_tests_are_there(desk: Desk):
    carriers = [item["carrierName"] for item in (await desk.ok("getAvailableCarriers"))["carriers"]]
    assert {"Test Carrier (Health)", "Test Carrier (Life)", "Acme Health"} <= set(carriers)


async def test_offices_and_users_are_found_by_parts_of_their_names(desk: Desk):
    offices = rows((await desk.ok("findOffices", xml("criteria", {"officeNameMatch": "south"})))["offices"])
    assert [item["regionName"] for item in offices] == ["South"]
    users = rows(
        (await desk.ok("findUsers", xml("criteria", {"firstNameMatch": "dan", "roles": "Broker_User"})))["summaries"]
    )
    assert [item["username"] for item in users] == ["dana.sample@example-brokerage.test"]


async def test_the_plan_area_has_a_field_for_a_reference(desk: Desk):
    structure = (await desk.ok("getCustomFieldStructure", xml("customizationArea", "Plan_Info")))[
        "customFieldStructure"
    ]
    assert structure["sections"]["customFields"]["label"] == "External Reference"
    code, _ = await desk.fault("getCustomFieldStructure", xml("customizationArea", "None_Selected"))
    assert code == "soapenv:Client"


@pytest.mark.parametrize(
    ("call", "argument"), [("getRateStructure", "rateTypeID"), ("getContributionStructure", "productTypeID")]
)
async def test_a_structure_of_an_unknown_type_is_a_fault(desk: Desk, call: str, argument: str):
    code, text = await desk.fault(call, xml(argument, 1))
    assert (code, "not a valid" in text) == ("soapenv:Client", True)


async def test_the_later_revision_lists_unusual_types_only_when_asked(desk: Desk):
    async def names(inner: str = "", profile: str = "v4_3") -> set[str]:
        found = await desk.ok("getProductTypes", inner, profile=profile)
        return {item["longDescription"] for item in found["productTypes"]}

    everything = await names(profile="v4")
    assert await names(xml("returnAllTypes", value=True)) == everything
    assert everything - await names() == {"Medical - Other", "Dental - Other"}


async def test_a_contact_belongs_to_its_account_which_is_asked_for_as_text(desk: Desk):
    found = rows((await desk.ok("findAccountContacts", xml("criteria", {"accountID": HARBOR})))["contacts"])
    asked = xml("contactID", found[0]["contact"]["contactID"])
    assert (await desk.ok("getAccountContact", asked))["contact"]["accountID"] == str(HARBOR)
    assert (await desk.fault("findAccountContacts", xml("criteria", {"accountID": "seven"})))[0] == "soapenv:Client"
