"""The WSDL that is served, what the server takes for SOAP, and a strict client that believes the WSDL."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.transports import Transport

from syncd.sandbox.benefitpoint import contract as contracts
from syncd.sandbox.clock import Clock
from syncd.sandbox.server import assemble
from tests.sandbox.benefitpoint.conftest import (
    GONE,
    HARBOR,
    LOGIN,
    NOON,
    PPO_26,
    SIDE,
    V4,
    V4_3,
    WORLD,
    Desk,
    envelope,
    fault_of,
    xml,
)

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"


# -- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "service", "operations"),
    [
        ("LoginV2", "LoginV2SOAP", 4),
        ("BrokerConnectV4", "BrokerConnectV4SOAP", 60),
        ("BrokerConnectV4_3", "BrokerConnectV4_3SOAP", 60),
    ],
)
async def test_a_wsdl_names_this_server_as_the_address(desk: Desk, file: str, service: str, operations: int):
    answer = await desk.client.get(f"/aptusConnect/{file}.wsdl")
    root = etree.fromstring(answer.content)
    assert root.find(f".//{WSDL_SOAP}address").get("location") == f"http://sandbox/aptusConnect/services/{service}"
    assert len(root.findall(f"{WSDL}portType/{WSDL}operation")) == operations


async def test_the_actions_follow_the_names_but_for_one_misspelt(desk: Desk):
    root = etree.fromstring((await desk.client.get("/aptusConnect/BrokerConnectV4.wsdl")).content)
    actions = {
        operation.get("name"): operation.find(f"{WSDL_SOAP}operation").get("soapAction")
        for operation in root.iterfind(f"{WSDL}binding/{WSDL}operation")
    }
    unusual = {name: action for name, action in actions.items() if action != f"{V4}/{name}"}
    assert unusual == {"getEligibilityRule": f"{V4}/getEligibiltyRule"}


@pytest.mark.parametrize(
    "name",
    [
        *("continousPolicy", "continuousPolicy", "Nighteen_Years", "Dollar_or_Precent", "Beginning_of_Calender_Year"),
        *('"inquirerPhone3 "', '"Bronze (60%)"', "Service___Billing", "Not_Selected", '"AttributeValueOptions"'),
    ],
)
async def test_the_schemas_keep_the_contracts_oddities(desk: Desk, name: str):
    files = [(await desk.client.get(f"/aptusConnect/{file}")).text for file in contracts.SCHEMAS]
    assert name in "".join(files)


async def test_the_later_profile_has_schemas_of_its_own(desk: Desk):
    wsdl = (await desk.client.get("/aptusConnect/BrokerConnectV4_3.wsdl")).text
    assert 'schemaLocation="v4_3/common-v3.xsd"' in wsdl
    later = (await desk.client.get("/aptusConnect/v4_3/common-v3.xsd")).text
    plain = (await desk.client.get("/aptusConnect/common-v3.xsd")).text
    assert ("customCancellationReasonID" in later, "customCancellationReasonID" in plain) == (True, False)
    assert "Cannabis" in (await desk.client.get("/aptusConnect/v4_3/common-enum-v3.xsd")).text


@pytest.mark.parametrize("path", ["nothing.wsdl", "../server.py", "v5/common-v3.xsd", "services/BrokerConnectV5SOAP"])
async def test_what_is_not_there_is_404(desk: Desk, path: str):
    verb = "POST" if path.startswith("services") else "GET"
    assert (await desk.client.request(verb, f"/aptusConnect/{path}")).status_code == 404


@pytest.mark.parametrize(("profile", "v4", "v4_3"), [("both", 200, 200), ("v4", 200, 404), ("v4_3", 404, 200)])
async def test_an_installation_serves_one_revision_or_both(desk: Desk, profile: str, v4: int, v4_3: int):
    await desk.switch(profile=profile)
    answers = [await desk.send("findAccounts", "<criteria/>", profile=one) for one in ("v4", "v4_3")]
    documents = [await desk.client.get(f"/aptusConnect/BrokerConnect{one}.wsdl") for one in ("V4", "V4_3")]
    assert [one.status_code for one in (*answers, *documents)] == [v4, v4_3, v4, v4_3]


# -- messages ---------------------------------------------------------------------------------------------------------


def _call(inner: str) -> str:
    return envelope(V4, "findAccounts", inner, "{session}")


@pytest.mark.parametrize(
    ("why", "message", "says"),
    [
        ("not XML", "hello", "not well-formed"),
        ("cut off", _call("<criteria/>")[:-20], "not well-formed"),
        ("a DOCTYPE", _call("<criteria/>").replace("?>", '?><!DOCTYPE x [<!ENTITY e "boo">]>'), "DOCTYPE"),
        (
            "SOAP 1.2",
            _call("<criteria/>").replace("schemas.xmlsoap.org/soap/envelope/", "w3.org/2003/05/soap-envelope"),
            "1.1",
        ),
        ("no envelope", "<hello/>", "1.1 envelope"),
        (
            "two calls",
            _call("<criteria/>").replace("</b:findAccounts>", "</b:findAccounts><b:getRateTypes/>"),
            "exactly one",
        ),
        ("no call", re.sub(r"<b:find.*</b:findAccounts>", "", _call("")), "exactly one"),
        ("an unknown operation", _call("<criteria/>").replace("findAccounts", "deleteProduct"), "no operation"),
        ("an unqualified wrapper", _call("<criteria/>").replace("b:findAccounts", "findAccounts"), "no operation"),
        ("a qualified child", _call("<b:criteria/>"), "criteria"),
        ("a leaking default namespace", _call(f'<criteria xmlns="{V4}"/>'), "criteria"),
        ("a missing child", _call(""), "criteria"),
        ("a child too many", _call("<criteria/><more/>"), "more"),
        (
            "children out of order",
            _call("<criteria><active>true</active><teamMemberID>1</teamMemberID></criteria>"),
            "team",
        ),
        ("a word outside the enumeration", _call("<criteria><accountTypes>Friend</accountTypes></criteria>"), "Friend"),
        ("a boolean with a capital", _call("<criteria><active>True</active></criteria>"), "True"),
        ("a number that is none", _call("<criteria><teamMemberID>x1</teamMemberID></criteria>"), "x1"),
    ],
)
async def test_what_is_not_a_valid_call_is_a_fault_of_the_client(desk: Desk, why: str, message: str, says: str):
    code, text = fault_of(await desk.post("BrokerConnectV4SOAP", message.replace("{session}", desk.session)))
    assert code in {"soapenv:Client", "soapenv:VersionMismatch"}
    assert says in text


async def test_a_message_of_four_megabytes_is_too_large(desk: Desk):
    message = envelope(V4, "findAccounts", f"<criteria><!--{'x' * 4 * 1024 * 1024}--></criteria>", desk.session)
    assert fault_of(await desk.post("BrokerConnectV4SOAP", message)) == ("soapenv:Client", "The message is too large.")


async def test_an_entity_is_never_expanded(desk: Desk, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    message = envelope(
        V4, "findAccounts", "<criteria><accountNameMatch>&f;</accountNameMatch></criteria>", desk.session
    )
    bomb = message.replace("?>", f'?><!DOCTYPE x [<!ENTITY f SYSTEM "file://{secret}">]>')
    answer = await desk.post("BrokerConnectV4SOAP", bomb)
    assert answer.status_code == 500
    assert "secret" not in answer.text


@pytest.mark.parametrize("action", [None, '""', '"nonsense"', f'"{V4}/getProduct"'])
async def test_calls_are_told_apart_by_the_body_whatever_the_action_says(desk: Desk, action: str | None):
    headers = {"SOAPAction": action} if action is not None else {}
    answer = await desk.post(
        "BrokerConnectV4SOAP", envelope(V4, "findAccounts", "<criteria/>", desk.session), **headers
    )
    assert "findAccountsResponse" in answer.text


@pytest.mark.parametrize("kind", ["application/soap+xml", "application/json"])
async def test_soap_1_1_is_text_xml(desk: Desk, kind: str):
    message = envelope(V4, "findAccounts", "<criteria/>", desk.session)
    assert (await desk.post("BrokerConnectV4SOAP", message, Content_Type=kind)).status_code == 415


async def test_an_empty_result_is_a_wrapper_without_children(desk: Desk):
    answer = await desk.send("findAccounts", "<criteria><accountNameMatch>nobody</accountNameMatch></criteria>")
    assert "<ns:findAccountsResponse/>" in answer.text


async def test_requests_are_counted_and_faults_matched_by_the_call(desk: Desk):
    await desk.door("DELETE", "requests")
    await desk.products()
    await desk.client.get("/aptusConnect/LoginV2.wsdl")
    counted = (await desk.door("GET", "requests"))["operations"]
    assert counted == {"findProducts": 1, "GET /aptusConnect/LoginV2.wsdl": 1}
    for scope, body in [({"method": "POST", "path": "/x"}, b"\xff\x00"), ({"method": "PUT", "path": "/x"}, b"")]:
        assert desk.served.vendor.operation_of(scope, body) == f"{scope['method']} /x"


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_the_machines_in_front_answer_in_html(desk: Desk, status: int):
    await desk.arm(f"status_{status}", match="findProducts", seconds=3)
    answer = await desk.send("findProducts", xml("criteria", {"accountID": HARBOR}))
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, "text/html")
    assert len(await desk.products()) == 7


async def test_a_page_with_status_200_is_possible_too(desk: Desk):
    await desk.arm("html_200", match="getProduct")
    answer = await desk.send("getProduct", xml("productID", PPO_26))
    assert (answer.status_code, "<html>" in answer.text) == (200, True)


async def test_a_lost_reply_leaves_the_work_done(desk: Desk):
    await desk.arm("lost_reply", match="createActivityLogRecord")
    subject = (await desk.ok("getActivityLogSubjects"))["subjects"][0]["subjectID"]
    record = {"accountID": HARBOR, "subjectID": subject, "shortDescription": "lost"}
    with pytest.raises(ConnectionResetError):
        await desk.send("createActivityLogRecord", xml("record", record))
    found = await desk.ok("findActivityLogRecords", xml("criteria", {"accountID": HARBOR}))
    assert found["summaries"]["summary"] == "lost"


# -- answers against the schema ---------------------------------------------------------------------------------------


def _relaxed(profile: Any) -> etree.XMLSchema:
    """Give the validator with the one deliberate deviation: a group inside a value's field has no fields."""
    documents = {
        name: contracts.document(name, profile).replace(
            b'name="rateFields" type="tns:RateField" maxOccurs',
            b'name="rateFields" type="tns:RateField" minOccurs="0" maxOccurs',
        )
        for name in (contracts.WSDL_FILE[profile], *contracts.SCHEMAS)
    }
    parser = etree.XMLParser()
    parser.resolvers.add(contracts._Shipped(documents))
    wsdl = etree.fromstring(documents[contracts.WSDL_FILE[profile]], parser)
    schema = etree.tostring(next(wsdl.iter(f"{XSD}schema")))
    return etree.XMLSchema(etree.fromstring(schema, parser, base_url="x.wsdl"))


READS = (
    *(("findAccounts", "criteria", {}), ("getAccount", "accountID", HARBOR), ("getTeamMembers", "accountID", HARBOR)),
    *(("lookupLocations", "accountID", HARBOR), ("findAccountContacts", "criteria", {"accountID": HARBOR})),
    *(("findProducts", "criteria", {"accountID": HARBOR}), ("getProductHistory", "productID", PPO_26)),
    *(("findBenefitSummaries", "criteria", {"accountID": HARBOR}), ("findOffices", "criteria", {})),
    *(
        ("findUsers", "criteria", {}),
        ("findChanges", "criteria", {}),
        ("findActivityLogRecords", "criteria", {"accountID": HARBOR}),
    ),
    *(
        ("findRates", "rateSearchCriteria", {"productID": PPO_26}),
        ("getCustomFieldStructure", "customizationArea", "Plan_Info"),
    ),
    *(
        ("findContributions", "contributionSearchCriteria", {"productID": PPO_26}),
        ("getPlanRelationships", "planProductId", PPO_26),
    ),
    ("findEligibilityRules", "eligibilityRuleSearchCriteria", {"productID": PPO_26}),
)
PLAIN = (
    *("getProductTypes", "getRateTypes", "getAvailableCarriers", "getActivityLogSubjects", "getAccountTeamRoles"),
    *("lookupPolicyOriginationReasonQualifiers", "checkAccountModuleAccess", "checkContactModuleAccess"),
    *("checkProductModuleAccess", "checkActivityLogModuleAccess", "checkUserModuleAccess"),
    "checkRevenueTrackingModuleAccess",
)
SINGLE = {
    "product": ("getProduct", "productID"),
    "benefit_summary": ("getBenefitSummary", "benefitSummaryID"),
    "rate": ("getRate", "rateID"),
    "contribution": ("getContribution", "contributionID"),
    "eligibility_rule": ("getEligibilityRule", "eligibilityRuleID"),
    "contact": ("getAccountContact", "contactID"),
    "user": ("getUser", "userID"),
}


@pytest.mark.parametrize("profile", ["v4", "v4_3"])
@pytest.mark.parametrize("nulls", ["none_selected", "omitted"])
async def test_every_answer_is_valid_by_the_schema(desk: Desk, profile: str, nulls: str):
    await desk.switch(nulls=nulls)
    schema = _relaxed(profile)
    state = (await desk.door("GET", "snapshot"))["tables"]
    calls = [*((call, xml(name, value)) for call, name, value in READS), *((call, "") for call in PLAIN)]
    calls += [(call, xml(name, number)) for kind, (call, name) in SINGLE.items() for number in state[kind]]
    types = (await desk.ok("getProductTypes", profile=profile))["productTypes"]
    for item in types:
        calls.append(("getBenefitSummaryStructure", xml("planTypeID", item["productTypeID"])))
        calls.append(("getContributionStructure", xml("productTypeID", item["productTypeID"])))
    for item in (await desk.ok("getRateTypes", profile=profile))["rateTypes"]:
        calls.append(("getRateStructure", xml("rateTypeID", item["rateTypeID"])))
    for call, inner in calls:
        answer = await desk.send(call, inner, profile=profile)
        assert answer.status_code == 200, (call, answer.text)
        wrapper = etree.fromstring(answer.content)[0][0]
        assert schema.validate(wrapper), (call, schema.error_log)


# -- a strict client --------------------------------------------------------------------------------------------------


class _Inside(Transport):
    """Gives zeep the server without a socket."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    def _ask(self, verb: str, url: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://sandbox") as client:
                return await client.request(verb, url, **how)

        return asyncio.run(ask())

    def load(self, url: str) -> bytes:
        return self._ask("GET", url).content

    def post(self, address: str, message: Any, headers: dict[str, str]) -> httpx.Response:
        return self._ask("POST", address, content=message, headers=headers)


@pytest.fixture(params=["v4", "v4_3"])
def strict(request: pytest.FixtureRequest) -> Any:
    served = assemble(SIDE, WORLD, Clock(NOON, frozen=True), 1)
    transport = _Inside(served.app)
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True)
    ready = served.vendor.ready("http://sandbox")
    login = zeep.Client(ready["login_wsdl"], transport=transport, settings=settings)
    session = login.service.login(username=ready["username"], password=ready["password"])
    assert login.service.echo(sessionID=session) == session
    file, namespace = ("BrokerConnectV4_3", V4_3) if request.param == "v4_3" else ("BrokerConnectV4", V4)
    broker = zeep.Client(f"{ready['url']}/{file}.wsdl", transport=transport, settings=settings)
    header = broker.get_element(f"{{{namespace}}}SessionIdHeader")(sessionId=session)
    return lambda call, **args: getattr(broker.service, call)(**args, _soapheaders=[header])


def test_a_strict_client_reads_and_writes_by_the_served_wsdl(strict: Any):
    accounts = strict("findAccounts", criteria={"accountNameMatch": "harbor"})
    assert [account.accountName for account in accounts] == ["Harbor Works"]
    product = strict("getProduct", productID=PPO_26)
    assert (product.name, product.continousPolicy) == ("PPO 1500", False)
    rates = strict("findRates", rateSearchCriteria={"productID": PPO_26})
    rate = strict("getRate", rateID=rates[0].rateID)
    assert rate.rateFieldValues[0].valueNum == 612.4
    rules = strict("findEligibilityRules", eligibilityRuleSearchCriteria={"productID": PPO_26})
    assert strict("getEligibilityRule", eligibilityRuleID=rules[0].eligibilityRuleID).rateID == rates[0].rateID
    product.policyNumber = "P-2"
    result = strict("updateProduct", update=product)
    assert (result.success, result.ID) == (True, PPO_26)
    assert strict("getProduct", productID=PPO_26).policyNumber == "P-2"


def test_a_strict_client_sees_faults(strict: Any):
    with pytest.raises(Fault, match=GONE):
        strict("getProduct", productID=1)


async def test_the_three_documents_stand_for_three_services(desk: Desk):
    assert [contracts.load(name).namespace for name in ("login", "v4", "v4_3")] == [LOGIN, V4, V4_3]
