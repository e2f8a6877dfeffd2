"""The traps of the BenefitPoint contract, one test or table each: what a client that does not know them gets wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from syncd.connectors.benefitpoint import Settings
from syncd.connectors.benefitpoint.contract import PACKAGED, Contract, amount, load
from syncd.connectors.benefitpoint.parts import product, rate
from syncd.connectors.benefitpoint.parts.binding import Binding
from syncd.connectors.benefitpoint.rights import COMMISSION_HIDDEN
from syncd.connectors.benefitpoint.soap import ENVELOPE, NotAuthorizedError, body_of, check_result
from syncd.connectors.benefitpoint.structures import RateShape, TierSchedule
from syncd.connectors.benefitpoint.values import day_of, midnight
from syncd.connectors.http import Reply
from syncd.errors import RefusedError, TransientError
from syncd.mapping.load import load_mapping
from syncd.model.records import Gone, NotSeen, Part, PartCreate, Record
from syncd.model.values import EMPTY, Flag, Unparsed
from tests.connectors.benefitpoint_world import (
    ACCOUNT,
    CLASSES,
    EXTRA,
    OTHERS,
    QUOTED,
    TWICE,
    World,
    brokerage,
    held,
    parts,
    write,
)
from tests.connectors.test_benefitpoint import PAID_BY, create_of, new_product

BROKER = "http://ws.benefitpoint.com/aptusconnect/broker/v4"
LOGIN = "http://ws.benefitpoint.com/aptusconnect/login/v2"
PLAN = load_mapping("benefitpoint").lens("plan")
GROUP = load_mapping("benefitpoint").lens("group")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
async def system(world):
    world.restore()
    made = world.connect(rights_age_s=0)
    yield made
    await made.aclose()


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(PACKAGED / "BrokerConnectV4.wsdl")


def sent(contract, operation, session="S-1", **values):
    """The envelope of a request."""
    return etree.fromstring(contract.message(operation, values, session).content)


def read(contract, operation, inner, status=200):
    """What a reply with this inside its wrapper is read as."""
    content = (
        f'<e:Envelope xmlns:e="{ENVELOPE}" xmlns:b="{BROKER}"><e:Body><b:{operation}Response>{inner}'
        f"</b:{operation}Response></e:Body></e:Envelope>"
    )
    return contract.reply(operation, body_of(Reply(status, {}, content.encode()), operation, "read"))


def fault(text, code="Server"):
    content = (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><e:Fault><faultcode>e:{code}</faultcode>'
        f"<faultstring>{text}</faultstring></e:Fault></e:Body></e:Envelope>"
    )
    return Reply(500, {}, content.encode())


def flat_of(kind, data, lens=PLAN):
    return lens.get(Record(lens.kind, "1", (Part(kind, "1", data),)))


def rated(**more):
    """The flat view of a plan with one rate, which says something in its product too."""
    record = Record("plan", "1", (Part("rate", "1", {"_effective": "2026-01-01", "_sold": True, **more}),))
    return PLAN.get(record)


# --- the wire --------------------------------------------------------------------------------------------------------


def test_trap_01_the_id_is_sessionid_in_login_and_in_the_header_otherwise(contract):
    login = load(PACKAGED / "LoginV2.wsdl")
    echo = etree.fromstring(login.message("echo", {"sessionID": "S-1"}).content)
    assert echo.find(f".//{{{LOGIN}}}echo/sessionID").text == "S-1"
    header = sent(contract, "getProduct", productID=1).find(f".//{{{BROKER}}}SessionIdHeader")
    assert [(child.tag, child.text) for child in header] == [("sessionId", "S-1")]


def test_trap_02_wrappers_are_qualified_and_children_are_not(contract):
    envelope = sent(contract, "updateProduct", update={"accountID": 1, "productTypeID": 2, "name": "x", "carrierID": 3,
                    "officeID": 4, "primarySalesLeadUserID": 5, "primaryServiceLeadUserID": 6,
                    "planInfo": {"notes": "n"}})  # fmt: skip
    body = envelope.find(f"{{{ENVELOPE}}}Body")
    assert body[0].tag == f"{{{BROKER}}}updateProduct"
    assert all("{" not in child.tag for child in body[0].iterdescendants())
    assert body[0].find("update/planInfo/notes").text == "n"
    assert b'xmlns="' not in etree.tostring(envelope)


def test_trap_03_a_200_can_be_a_failure_and_a_500_an_answer(contract):
    result = read(
        contract,
        "createProduct",
        "<result><success>false</success>"
        "<errors><errorCode>Validation_Error</errorCode><message>first</message></errors>"
        "<errors><errorCode>Validation_Error</errorCode><message>second</message></errors></result>",
    )
    with pytest.raises(RefusedError, match="first; second"):
        check_result("createProduct", result["result"], "create")
    with pytest.raises(NotAuthorizedError, match="not authorized"):
        body_of(fault("You are not authorized to access the requested information."), "getProduct", "read")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("Validation_Error", RefusedError),
        ("Duplicate_Error", RefusedError),
        ("Access_Error", RefusedError),
        ("Application_Error", RefusedError),
        ("Something_New", RefusedError),
        ("System_Error", TransientError),
    ],
)
def test_trap_03_each_error_code_has_its_meaning(code, error):
    with pytest.raises(error, match="why"):
        check_result("x", {"success": False, "errors": [{"errorCode": code, "message": "why"}]}, "write")


async def test_trap_04_not_authorized_is_gone_only_with_proof(world, system):
    await held(system, TWICE)
    await held(system, QUOTED)
    world.door.delete("plan", TWICE)
    assert isinstance(await system.read("plan", TWICE), Gone)
    world.switch(rights__office="Sample Office West")
    hidden = await system.read("plan", QUOTED)
    assert isinstance(hidden, NotSeen)


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        ("<metalLevelType>None_Selected</metalLevelType>", {}),
        ("<metalLevelType/>", {}),
        ("<cancellationReason>Brand_New_Reason</cancellationReason>", {"cancellationReason": "Brand_New_Reason"}),
        ("<voluntaryProduct>true</voluntaryProduct>", {"voluntaryProduct": True}),
        ("<planInfo><requires5500>false</requires5500></planInfo>", {"planInfo": {"requires5500": False}}),
        ("<name>None_Selected</name>", {"name": "None_Selected"}),
    ],
)
def test_trap_05_none_selected_is_the_null_of_every_enum(contract, inner, wanted):
    assert read(contract, "getProduct", f"<result>{inner}</result>").get("result", {}) == wanted


def test_trap_05_an_optional_boolean_has_capitals_and_another_null(contract):
    found = read(
        contract,
        "getAccount",
        "<account><groupAccountInfo><requires5500>True</requires5500><marketSize>Not_Selected</marketSize>"
        "<coverageSubjectToEmployerMandate>true</coverageSubjectToEmployerMandate></groupAccountInfo></account>",
    )
    info = found["account"]["groupAccountInfo"]
    assert info == {"requires5500": True, "coverageSubjectToEmployerMandate": True}
    envelope = sent(contract, "updateAccount", update={"accountClassification": "Group", "accountType": "Client",
                    "officeID": 1, "administratorUserID": 1, "primaryContactUserID": 1,
                    "groupAccountInfo": {"accountName": "n", "businessType": "LLC", **info}})  # fmt: skip
    assert envelope.find(".//groupAccountInfo/requires5500").text == "True"
    assert envelope.find(".//groupAccountInfo/coverageSubjectToEmployerMandate").text == "true"


def test_trap_06_misspelt_names_are_the_contract(contract):
    assert contract.message("getEligibilityRule", {"eligibilityRuleID": 1}).action == f"{BROKER}/getEligibiltyRule"
    assert contract.message("getRate", {"rateID": 1}).action == f"{BROKER}/getRate"
    assert "continousPolicy" in contract.type_slots("getProduct", "result")
    assert "continuousPolicy" in contract.type_slots("findProducts", "summaries")
    assert "inquirerPhone3" in contract.type_slots("getActivityLogRecord", "record")
    text = (PACKAGED / "BrokerConnectV4.wsdl").read_text(encoding="utf-8")
    for word in ("Nighteen_Years", "Beginning_of_Calender_Year", "Dollar_or_Precent", 'name="inquirerPhone3 "'):
        assert word in text


def test_trap_07_id_is_written_in_more_than_one_way(contract):
    assert "agencyAccountId" in contract.type_slots("getAccount", "account")
    assert "accountID" in contract.type_slots("getAccount", "account")
    assert "ID" in contract.type_slots("createProduct", "result")
    assert "ID" in contract.type_slots("findUsers", "summaries")
    assert read(contract, "createProduct", "<result><success>true</success><id>7</id></result>")["result"] == {
        "success": True
    }


def test_trap_08_one_name_two_types(contract):
    assert contract.type_slots("getProduct", "result")["policyOriginationReason"].kind == "enum"
    assert contract.type_slots("findProducts", "summaries")["policyOriginationReason"].kind == "text"
    said = "<policyOriginationReason>None_Selected</policyOriginationReason>"
    assert read(contract, "getProduct", f"<result>{said}</result>") == {"result": {}}
    summary = read(contract, "findProducts", f"<summaries>{said}</summaries>")["summaries"]
    assert summary == [{"policyOriginationReason": "None_Selected"}]  # a text, so it is what it says


@pytest.mark.parametrize(
    ("metal", "word"),
    [("bronze", "Bronze (60%)"), ("silver", "Silver (70%)"), ("gold", "Gold (80%)"), ("platinum", "Platinum (90%)")],
)
def test_trap_09_enum_values_hold_blanks_and_signs(contract, metal, word):
    assert flat_of("product", {"metalLevelType": word})["details.metal"] == metal
    putting = PLAN.put(Record("plan", "1", (Part("product", "1", {}),)), {"details.metal": metal})
    assert putting.parts[0].data["metalLevelType"] == word
    found = read(contract, "getProduct", f"<result><metalLevelType>{word}</metalLevelType></result>")
    assert found["result"] == {"metalLevelType": word}


def test_trap_09_values_that_begin_with_a_digit_or_hold_a_dash_are_read_and_sent(contract):
    inner = "<rate><ratingMethod>100_Percent_Experience_Rated</ratingMethod></rate>"
    assert read(contract, "getRate", inner)["rate"]["ratingMethod"] == "100_Percent_Experience_Rated"
    enums = (PACKAGED / "BrokerConnectV4.wsdl").read_text(encoding="utf-8")
    for value in ("6_Months", "Service___Billing", "Insurer_or_TPA", "Bi_Weekly_26_or_yr"):
        assert f'value="{value}"' in enums


# --- dates and amounts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00.000-08:00",
        "2026-01-01T00:00:00.000+13:00",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00",
        "2026-01-01-08:00",
        "2026-01-01",
    ],
)
def test_trap_10_a_date_is_the_day_as_written(contract, text):
    found = read(contract, "getProduct", f"<result><effectiveAsOf>{text}</effectiveAsOf></result>")["result"]
    assert found["effectiveAsOf"] == text
    assert day_of(text) == "2026-01-01"
    if "T" in text:
        assert flat_of("product", found)["details.effective_date"] == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        ("2027-01-01", "America/Los_Angeles", "2027-01-01T00:00:00.000-08:00"),
        ("2027-07-01T00:00:00", "America/Los_Angeles", "2027-07-01T00:00:00.000-07:00"),
        ("2027-07-01T00:00:00", "UTC", "2027-07-01T00:00:00.000+00:00"),
        ("2026-01-01T00:00:00.000-08:00", "UTC", "2026-01-01T00:00:00.000-08:00"),
        ("soon", "UTC", "soon"),
    ],
)
def test_trap_10_a_day_is_sent_as_the_servers_midnight(text, zone, wanted):
    assert midnight(text, zone) == wanted


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2027, 7, 1), date(2027, 3, 14), date(2027, 11, 7)])
async def test_trap_10_a_date_written_is_the_date_read(system, day):
    record = await held(system, TWICE)
    (part,) = PLAN.put(record, {"details.renewal_date": day}).parts
    await write(system, record, record.parts[0], **part.data)
    assert PLAN.get(await held(system, TWICE))["details.renewal_date"] == day


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("612.40", "612.4"),
        ("612.4", "612.4"),
        ("6.124E2", "612.4"),
        ("1.350336E5", "135033.6"),
        ("135033", "135033"),
        ("100.0", "100"),
        ("1200", "1200"),
        ("0.0", "0"),
        ("0.043", "0.043"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("NaN", "NaN"),
        ("call us", "call us"),
    ],
)
def test_trap_11_an_amount_is_its_digits_and_never_a_float(contract, text, wanted):
    assert amount(text) == wanted
    inner = f"<rate><estimatedMonthlyPremium>{text}</estimatedMonthlyPremium></rate>"
    assert read(contract, "getRate", inner)["rate"]["estimatedMonthlyPremium"] == wanted


def test_trap_11_two_spellings_of_an_amount_are_no_change():
    one, two = (
        rated(rateFieldValues=[{"_cell": "tier", "_tier": "EE Only", "valueNum": amount(text)}])
        for text in ("612.40", "612.4")
    )
    assert one == two
    assert one["rates[2026-01-01].ee"] == Decimal("612.4")


# --- what is shown, and to whom --------------------------------------------------------------------------------------


async def test_trap_12_what_rights_hide_is_never_blanked(world, system):
    before = (await held(system, TWICE)).parts[0].data["commissionInfo"]
    world.switch(rights__revenue=False)
    access = await system.access()
    assert access.unwritable == {"details": COMMISSION_HIDDEN}
    record = await held(system, TWICE)
    assert "commissionInfo" not in record.parts[0].data
    world.door.call("DELETE", "requests")
    for attempt in (write(system, record, record.parts[0], name="Ours"), system.end("plan", TWICE)):
        with pytest.raises(RefusedError, match="would blank it"):
            await attempt
    assert "updateProduct" not in world.door.requests()
    summary = parts(record, "summary")[0]
    await write(system, record, summary, description="Summaries hold nothing that is hidden")
    world.switch(rights__revenue=True)
    assert (await held(system, TWICE)).parts[0].data["commissionInfo"] == before


async def test_trap_12_a_denied_module_closes_its_sections(world, system):
    world.switch(rights__denied_modules=["product"])
    access = await system.access()
    assert set(access.unreadable) == {"details", "benefits", "rates", "contributions", "eligibility"}
    assert not access.create


async def test_trap_12_another_set_of_offices_is_another_fingerprint(world, system):
    before = (await system.access()).fingerprint
    world.switch(rights__office="Sample Office North")
    other = world.connect()
    assert (await other.access()).fingerprint != before
    await other.aclose()


async def test_trap_13_additional_products_are_no_plans(system):
    listed = [record.id async for page in system.list("plan") for record in page.records]
    assert EXTRA not in listed
    assert sorted(listed) == sorted((CLASSES, QUOTED, TWICE))
    assert isinstance(await system.read("plan", EXTRA), NotSeen)


RULES = [
    {"rateID": 2, "contributionID": 20, "employeeEligibilityRule": {"accountClassIDs": [1]}},
    {"rateID": 3, "contributionID": 30, "employeeEligibilityRule": {"accountClassIDs": [2]}},
]
PAST = [{"rateID": 1, "contributionID": 10, "employeeEligibilityRule": {"accountClassIDs": [1]}}]
DAYS = {1: "2025-01-01", 2: "2026-01-01", 3: "2026-01-01", 4: "2026-01-01"}
BOUND = Binding(RULES, PAST, DAYS, {1: "Full Time", 2: "Part Time"})


def test_trap_14_of_several_rates_the_day_and_the_rule_decide():
    assert BOUND.sold("rateID", DAYS) == {1, 2, 3}  # 4 is an earlier version of a day that has a rate in a rule
    assert BOUND.sold("rateID", {7: "2026-01-01", 8: "2026-01-01"}) == {7, 8}  # no rule says, so neither is chosen
    assert [BOUND.class_of("rateID", number) for number in (2, 3, 1)] == ["Full Time", "Part Time", None]
    assert [BOUND.day_of("contributionID", number) for number in (20, 10, 99)] == ["2026-01-01", "2025-01-01", ""]


async def test_trap_14_each_class_has_its_own_rates_and_contributions(system):
    flat = PLAN.get(await held(system, CLASSES))
    classes = {path.split("[")[1].split(";")[0] for path in flat if path.startswith("contributions[") and ";" in path}
    assert len(classes) == 2
    assert not any(isinstance(value, Unparsed) for value in flat.values())


async def test_trap_15_an_offer_is_no_rate(world, system):
    offers = {
        key
        for key, row in world.state["tables"]["rate"].items()
        if row["productID"] == int(QUOTED) and row.get("responseID")
    }
    assert offers
    held_rates = {part.id for part in parts(await held(system, QUOTED), "rate")}
    assert held_rates
    assert not offers & held_rates
    assert rate.is_quote({"responseID": 7})


def test_trap_16_tiers_meet_by_what_they_mean():
    """The contribution's schedule has other ids, other words and another order than the rate's."""
    flat = PLAN.get(
        Record(
            "plan",
            "1",
            (
                Part("rate", "1", {"_effective": "2026-01-01", "_sold": True, "rateFieldValues": [
                    {"_cell": "tier", "_tier": "EE Only", "valueNum": "500"},
                    {"_cell": "tier", "_tier": "EE + Family", "valueNum": "1500"}]}),
                Part("contribution", "2", {"_effective": "2026-01-01", "_sold": True, "employeeContribution": True,
                    "contributionValues": [
                        {"rateTierID": 99, "_tier": "Employee + Family", "percentOfPremium": "40"},
                        {"rateTierID": 98, "_tier": "Employee", "dollarAmount": "56.53"}]}),
            ),
        )
    )  # fmt: skip
    assert (flat["rates[2026-01-01].ee"], flat["rates[2026-01-01].ef"]) == (Decimal(500), Decimal(1500))
    assert flat["contributions[2026-01-01].ee"] == Decimal("56.53")
    assert flat["contributions[2026-01-01].ef_percent"] == Decimal(40)
    assert flat["contributions[2026-01-01].ef"] is EMPTY
    assert flat["contributions[2026-01-01].share"] == "employee"


def test_trap_17_a_reply_is_not_held_to_what_the_schema_requires(contract):
    inner = "<rateFieldGroupID>11</rateFieldGroupID><description>Monthly rates</description>"
    group = f"<rateFieldGroup>{inner}</rateFieldGroup>"
    found = read(
        contract,
        "getRate",
        "<rate><somethingNew><inside>1</inside></somethingNew><rateFieldValues><rateField><rateFieldID>1</rateFieldID>"
        f"<label>Rate</label>{group}</rateField><valueNum>5</valueNum></rateFieldValues></rate>",
    )
    (value,) = found["rate"]["rateFieldValues"]  # one element is a list of one
    assert value["rateField"]["rateFieldGroup"] == {"rateFieldGroupID": 11, "description": "Monthly rates"}
    assert "somethingNew" not in found["rate"]


SHARE, BILL = "contributionFrequency", "premiumPaymentFrequency"


@pytest.mark.parametrize(
    ("part", "key", "word", "wanted"),
    [
        ("contribution", SHARE, "Bi_Monthly", "every_two_months_6"),
        ("contribution", SHARE, "Semi_Monthly_24_or_yr", "semi_monthly_24"),
        ("contribution", SHARE, "Bi_Weekly_26_or_yr", "biweekly_26"),
        ("product", BILL, "Bi_Monthly", Unparsed("Bi_Monthly")),
        ("product", BILL, "per_Month", "monthly"),
    ],
)
def test_trap_18_bi_monthly_is_every_two_months_only_beside_semi_monthly(part, key, word, wanted):
    path = {SHARE: "contributions[2026-01-01].frequency", BILL: "details.billing_frequency"}[key]
    assert flat_of(part, {"_effective": "2026-01-01", "_sold": True, key: word})[path] == wanted


async def test_trap_19_ids_of_another_brokerage_are_other_ids_for_the_same_names(world, system):
    types = {product.type_word(kind): number for number, kind in (await system.structures.product_types()).items()}
    flat = PLAN.get(await held(system, CLASSES))
    shape = await system.structures.summary(types["Medical/PPO"])
    world.switch(tenant=2)
    other = world.connect()
    theirs = {product.type_word(kind): number for number, kind in (await other.structures.product_types()).items()}
    assert theirs.keys() == types.keys()
    assert theirs != types
    their_shape = await other.structures.summary(theirs["Medical/PPO"])
    assert their_shape.attributes.keys() == shape.attributes.keys()
    assert set(their_shape.attributes.values()) != set(shape.attributes.values())
    text = (Path(__file__).parents[2] / "mappings" / "benefitpoint.yaml").read_text(encoding="utf-8")
    assert not any(f"{number}" in text for number in (*types.values(), *shape.attributes.values()))
    assert flat["details.line"] == "medical"
    await other.aclose()


# --- what a quoting tool does not know -------------------------------------------------------------------------------


async def test_trap_20_office_and_leads_come_from_the_account(world, system):
    await system.settle(ACCOUNT, PAID_BY)
    account = await system.accounts.raw(int(ACCOUNT))
    made = (await held(system, await system.create(create_of(new_product())))).parts[0].data
    for field in ("officeID", "primarySalesLeadUserID", "primaryServiceLeadUserID"):
        assert made[field] == account[field]
    world.door.edit("account", ACCOUNT, {"primaryServiceLeadUserID": None})
    with pytest.raises(RefusedError, match="primary service lead"):
        await system.create(create_of(new_product()))


async def test_trap_21_a_prospective_plan_says_so(world, system):
    world.door.edit("plan", TWICE, {"policyOriginationReason": "Prospective"})
    assert PLAN.get(await held(system, TWICE))["details.origination"] == "prospective"


async def test_trap_22_a_carrier_that_is_not_available_still_has_its_name(system):
    named = (await held(system, TWICE)).parts[0].data["_carrier"]["name"]
    system.structures._held["getAvailableCarriers"] = (system.structures._clock(), {})
    system.plans._carrier_names.clear()
    assert (await held(system, TWICE)).parts[0].data["_carrier"]["name"] == named != ""


async def test_trap_23_a_contribution_edit_is_seen_by_the_listing_and_not_by_the_feed(world, system):
    record = await held(system, CLASSES)
    contribution = parts(record, "contribution")[0]
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    world.door.edit("contribution", contribution.id, {"contributionFrequency": "Weekly"})
    assert (await system.changes(position, [ACCOUNT])).records == ()
    listed = {r.id: r async for page in system.list("plan", [ACCOUNT]) for r in page.records}
    now = next(part for part in listed[CLASSES].parts if (part.kind, part.id) == ("contribution", contribution.id))
    assert now.data["contributionFrequency"] == "Weekly"


@pytest.mark.parametrize("thirty_days", ["fault", "cut"])
async def test_trap_24_after_more_than_thirty_days_everything_is_due(world, system, thirty_days):
    world.switch(thirty_days=thirty_days)
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 31 * 86_400})
    changes = await system.changes(position, [ACCOUNT])
    assert changes.expired
    assert changes.records == ()
    assert not (await system.changes(changes.position, [ACCOUNT])).expired


async def test_trap_25_who_pays_the_commission_is_asked_and_never_assumed(world, system):
    with pytest.raises(RefusedError, match="who pays the commission"):
        await system.create(create_of(new_product()))
    other = {"paid_by_type": "Other_Brokerage_or_GA", "paid_by_company": "4401"}
    await system.settle(ACCOUNT, other)
    try:
        made = (await held(system, await system.create(create_of(new_product())))).parts[0].data
    except RefusedError as error:
        assert "Paid By" in error.message  # noqa: PT017 - the vendor may refuse the company, it is never replaced
    else:
        assert (made["billingCarrierType"], made["billingCarrierID"]) == ("Other_Brokerage_or_GA", 4401)


async def test_trap_26_commission_dates_are_neither_set_nor_moved(system):
    record = await held(system, TWICE)
    commissions, since = (record.parts[0].data[key] for key in ("commissionInfo", "effectiveAsOf"))
    await write(system, record, record.parts[0], effectiveAsOf=f"{since[:4]}-02-01T00:00:00")
    assert (await held(system, TWICE)).parts[0].data["commissionInfo"] == commissions
    assert not any(source.steps[0] == "commissionInfo" for row in PLAN.rows.values() for source in row.sources)


async def test_trap_27_no_carrier_is_ever_guessed(system):
    """A live carrier that stands in for a test carrier would get real plans."""
    await system.settle(ACCOUNT, PAID_BY)
    for name in ("Kaiser Permanent", "Permanente Kaiser", ""):
        with pytest.raises(RefusedError) as caught:
            await system.create(create_of(new_product(_carrier={"name": name})))
        assert "carrier" in caught.value.message
    assert Settings(username="u", password="p").carriers == {}


async def test_trap_28_equal_names_are_not_equal_plans(system):
    await system.settle(ACCOUNT, PAID_BY)
    name = (await held(system, TWICE)).parts[0].data["name"]
    made = await system.create(create_of(new_product(name=name)))
    assert made not in (CLASSES, QUOTED, TWICE)
    assert [record.id for record in await system.find_marked("plan", ACCOUNT, "syncd:l1:crm")] == [made]
    assert await system.find_marked("plan", ACCOUNT, name) == ()


async def test_trap_28_a_create_sends_what_it_was_given_and_looks_for_nothing_by_name(world, system):
    await system.settle(ACCOUNT, PAID_BY)
    first, second = await asyncio.gather(
        system.create(create_of(new_product(), marker="syncd:a:crm")),
        system.create(create_of(new_product(), marker="syncd:b:crm")),
    )
    assert first != second
    assert world.door.requests()["createProduct"] == 2
    assert OTHERS  # the other accounts have no plans to be mistaken for these
    assert PartCreate("plan", ACCOUNT, (), "m").marker == "m"


# --- ages, which the contract leaves open ----------------------------------------------------------------------------

BANDS = {"ageBandedStartOn": 24, "ageBandedEndOn": 64, "ageBandedInterval": 5}


@pytest.mark.parametrize(
    ("ends", "step", "wanted"),
    [
        ("open", 0, "0-24"),
        ("open", 1, "25-29"),
        ("open", 8, "60-64"),
        ("open", 9, "65+"),
        ("open", 10, None),
        ("open", -1, None),
        ("closed", 0, "24-28"),
        ("closed", 8, "64-64"),
        ("closed", 9, None),
    ],
)
def test_age_bands_are_counted_from_their_start(ends, step, wanted):
    assert rate.band(BANDS, step, ends) == wanted
    assert rate.band({}, step, ends) is None


def test_bands_keep_gender_and_tobacco_apart():
    values = [
        {
            "rateField": {"label": label, "fieldValueType": "Dollars"},
            "valueNum": "1",
            "ageBandIndex": 2,
            "ageBandGender": sex,
        }
        for label in ("Tobacco rate", "Non-Tobacco rate")
        for sex in ("maleOrAll", "female")
    ]
    raw = {"rateID": 1, "ageBanded": True, "ageBandedGenderSpecific": True, **BANDS, "rateFieldValues": values}
    shape = RateShape({}, {1: TierSchedule("Composite", {})})
    data = rate.annotated(raw, shape, Binding(()), "2026-01-01", sold=True, bands=rate.Bands())
    flat = PLAN.get(Record("plan", "1", (Part("rate", "1", data),)))
    cells = {path.rpartition("].")[2] for path, value in flat.items() if value == Decimal(1)}
    assert cells == {"age_25_29.f", "age_25_29.m", "age_25_29.f.tobacco", "age_25_29.m.tobacco"}


def test_flags_of_a_group_are_read():
    info = {"groupAccountInfo": {"coverageSubjectToEmployerMandate": True}}
    assert flat_of("account", info, GROUP)["details.applicable_large_employer"] is Flag.TRUE


@pytest.mark.parametrize("line", ["Short_Term_Disability", "Short Term Disability", "short term  disability"])
def test_lines_of_coverage_are_told_whatever_their_spelling(line):
    """V4: the vendor types a line as plain text: case, `_` and blanks say nothing, read or sought."""
    kind = {"lineOfCoverage": line, "shortDescription": "Self-Funded", "longDescription": "STD"}
    made = product.annotated({"voluntaryProduct": True, "planInfo": {}}, kind, "")
    assert made["_type"]["line"] == "Short_Term_Disability/Voluntary Self-Funded"
    for word in ("Short_Term_Disability/self-funded", "short term disability"):
        assert product.find_type({"line": word}, {7: kind}, Settings(username="u", password="p")) == 7


def test_medical_is_designed_whatever_its_case():
    """V4: the lines that have designs are found by meaning, too."""
    made = product.annotated({}, {"lineOfCoverage": "MEDICAL", "shortDescription": "PPO"}, "")
    assert made["_type"] == {"line": "Medical/PPO", "plan": "Medical/PPO", "name": ""}
