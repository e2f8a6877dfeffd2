"""The contract, the session and the reading of replies: without a server, and against the sandbox's own WSDL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.connectors.benefitpoint import Settings, connect
from syncd.connectors.benefitpoint import examine as examining
from syncd.connectors.benefitpoint.contract import PACKAGED, Contract, load, order
from syncd.connectors.benefitpoint.parts.detail import detail_of, text_of
from syncd.connectors.benefitpoint.soap import (
    FaultError,
    NotAuthorizedError,
    SessionLostError,
    body_of,
    check_result,
    is_fault,
)
from syncd.connectors.benefitpoint.structures import Structures, _summary_shape
from syncd.connectors.http import Reply
from syncd.connectors.registry import Forgetful
from syncd.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError, UnknownOutcomeError
from tests.connectors.benefitpoint_world import ACCOUNT, TWICE, World, brokerage, held
from tests.connectors.test_benefitpoint_traps import fault, sent


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
def fresh(world):
    world.restore()
    return world


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(PACKAGED / "BrokerConnectV4.wsdl")


# --- the two WSDLs ---------------------------------------------------------------------------------------------------


async def test_the_connectors_wsdl_is_the_sandboxs_word_for_word(world):
    """Two authors wrote it from one contract: operations, SOAPActions, elements, their order, types and enums."""
    system = world.connect()
    served = await examining.served_shape(system.client)
    await system.aclose()
    ours = examining.shape_of(examining.packaged())
    assert len([name for name in ours if name.startswith("operation ")]) == 37
    assert [what for what in examining.differences(ours, served) if not what.startswith("served only")] == []


async def test_the_login_wsdl_is_the_sandboxs_too(world):
    system = world.connect()
    reply = await system.client.get_text("LoginV2.wsdl")
    await system.aclose()
    ours = examining.shape_of((PACKAGED / "LoginV2.wsdl").read_bytes())
    served = examining.shape_of(reply.content)
    operations = {name: action for name, action in ours.items() if name.startswith("operation ")}
    assert {name: served[name] for name in operations} == operations
    wrappers = [name for name in ours if name.startswith("type ") and name != "type LoginResult"]
    names = {name: [one.split(":")[0] for one in ours[name]] for name in wrappers}
    assert {name: [one.split(":")[0] for one in served[name]] for name in wrappers} == names


async def test_the_vendors_own_wsdl_can_be_used_instead(fresh, tmp_path):
    system = fresh.connect()
    for name in (
        "BrokerConnectV4.wsdl",
        *examining.imported((await system.client.get_text("BrokerConnectV4.wsdl")).content),
    ):
        reply = await system.client.get_text(name)
        (tmp_path / name).write_bytes(reply.content)
        for more in examining.imported(reply.content):
            (tmp_path / more).write_bytes((await system.client.get_text(more)).content)
    await system.aclose()
    system = fresh.connect(wsdl=tmp_path / "BrokerConnectV4.wsdl")
    assert (await held(system, TWICE)).id == TWICE
    await system.aclose()


@pytest.mark.parametrize(
    ("served", "what"),
    [
        ({"type A": ("a:int:0..1", "b:int:0..1")}, []),
        ({"type A": ("b:int:0..1", "a:int:0..1")}, ["type A has another order"]),
        ({"type A": ("a:int:0..1",)}, ["type A has no b:int:0..1"]),
        ({"type A": ("a:int:0..1", "new:int:0..1", "b:int:0..1")}, []),
        ({}, ["type A is not served"]),
    ],
)
def test_what_differs_between_two_contracts_is_named(served, what):
    assert examining.differences({"type A": ("a:int:0..1", "b:int:0..1")}, served) == what


def test_an_enum_may_grow_and_must_not_shrink():
    assert examining.differences({"enum E": ("a",)}, {"enum E": ("a", "b")}) == []
    assert examining.differences({"enum E": ("a", "b")}, {"enum E": ("a",)}) == ["enum E has no b any more"]


@pytest.mark.parametrize("content", ["", "not xml", "<a/>", '<!DOCTYPE x [<!ENTITY e "v">]><x>&e;</x>'])
def test_a_wsdl_that_cannot_be_used_is_named(tmp_path, content):
    path = tmp_path / "other.wsdl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Contract(path)
    assert (caught.value.file, caught.value.field) == (str(path), "wsdl")


def test_an_operation_that_a_wsdl_lacks_is_named(contract):
    with pytest.raises(ConfigError, match="no operation deleteProduct"):
        contract.message("deleteProduct", {})


# --- messages --------------------------------------------------------------------------------------------------------


def test_children_stand_in_contract_order_whatever_the_order_of_the_data(contract):
    data = {"name": "n", "accountID": 1, "planInfo": {"notes": "n", "alternativePlanID": "a"}, "productTypeID": 2,
            "primaryServiceLeadUserID": 6, "primarySalesLeadUserID": 5, "officeID": 4, "carrierID": 3}  # fmt: skip
    update = sent(contract, "updateProduct", update=data).find(".//update")
    slots = list(contract.type_slots("getProduct", "result"))
    names = [child.tag for child in update]
    assert names == sorted(names, key=slots.index)
    assert [child.tag for child in update.find("planInfo")] == ["alternativePlanID", "notes"]


def test_what_the_contract_does_not_know_is_left_out_before_and_refused_if_it_stays(contract):
    slots = contract.type_slots("getProduct", "result")
    data = {"name": "n", "newerField": 1, "planInfo": {"notes": "n", "newer": 1}, "policyNumber": "", "carrierID": None}
    assert order(data, slots) == {"name": "n", "planInfo": {"notes": "n"}}
    with pytest.raises(RefusedError, match="does not take this"):
        contract.message("updateProduct", {"update": {"newerField": 1}})
    with pytest.raises(RefusedError):
        contract.message("updateProduct", {"update": {"name": "n"}})  # what is required is missing


# --- replies ---------------------------------------------------------------------------------------------------------

GOOD = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html><body>Please log in</body></html>", "no SOAP"),
        (b"", "no SOAP"),
        (b"{}", "no SOAP"),
        (GOOD % b"", "no SOAP"),
        (GOOD % b"<x:other xmlns:x='y'/>", "other came back"),
        (b'<!DOCTYPE x [<!ENTITY e "v">]>' + GOOD % b"<getRateResponse/>", "no SOAP"),
        (GOOD[:40], "no SOAP"),
    ],
)
def test_a_reply_that_says_nothing_certain(content, why):
    for kind, error in (("read", TransientError), ("write", UnknownOutcomeError), ("create", UnknownOutcomeError)):
        with pytest.raises(error, match=why) as caught:
            body_of(Reply(200, {}, content), "getRate", kind)
        assert type(caught.value) is error


@pytest.mark.parametrize(
    ("text", "code", "kind", "error"),
    [
        ("session is not valid or has expired.", "Server", "write", SessionLostError),
        ("Invalid session id", "Server", "read", SessionLostError),
        ("value is not facet-valid", "Client", "write", RefusedError),
        ("The system is busy", "Server", "read", FaultError),
        ("The system is busy", "Server", "create", UnknownOutcomeError),
    ],
)
def test_a_fault_has_its_meaning(text, code, kind, error):
    assert is_fault(fault(text, code))
    with pytest.raises(error) as caught:
        body_of(fault(text, code), "getRate", kind)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("text", "error"),
    [("Not authorized", NotAuthorizedError), ("Your session has expired", SessionLostError), ("Odd", RefusedError)],
)
def test_a_fault_of_soap_1_2_means_the_same(text, error):
    """A fault may come in the later envelope: code and reason are taken by their local names."""
    soap = "http://www.w3.org/2003/05/soap-envelope"
    said = f'<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">{text}</s:Text></s:Reason>'
    body = f'<s:Envelope xmlns:s="{soap}"><s:Body><s:Fault>{said}</s:Fault></s:Body></s:Envelope>'
    reply = Reply(500, {}, body.encode())
    assert is_fault(reply)
    with pytest.raises(error, match=text):
        body_of(reply, "getProduct", "read")


@pytest.mark.parametrize(("status", "error"), [(404, ConnectorError), (400, ConnectorError), (403, RefusedError)])
def test_a_status_that_is_no_answer(status, error):
    with pytest.raises(error):
        body_of(Reply(status, {}, b"x"), "getRate", "read")


@pytest.mark.parametrize("result", [None, {}, {"ID": 7}])
def test_a_result_that_says_nothing_leaves_the_outcome_open(result):
    with pytest.raises(UnknownOutcomeError):
        check_result("createProduct", result, "create")


def test_a_refusal_without_words_still_says_something():
    with pytest.raises(RefusedError, match="without a reason"):
        check_result("updateProduct", {"success": False}, "write")


# --- the session -----------------------------------------------------------------------------------------------------


async def test_one_session_serves_many_calls_at_once(fresh):
    system = fresh.connect()
    await asyncio.gather(*(system.read("plan", TWICE) for _ in range(6)))
    assert system.client.http.requests["login"] == 1
    await system.aclose()
    assert fresh.door.requests().get("logout") == 1


async def test_a_session_that_died_is_renewed_once_for_all_who_noticed(fresh):
    system = fresh.connect()
    await system.access()
    fresh.door.fault("session_expiry", "getProduct")
    await asyncio.gather(*(system.read("plan", TWICE) for _ in range(5)))
    requests = system.client.http.requests
    assert requests["login"] == 2
    assert requests["echo"] >= 1
    await system.aclose()


async def test_a_write_whose_session_died_is_sent_again_once(fresh):
    system = fresh.connect()
    record = await held(system, ACCOUNT, "group")
    fresh.door.fault("session_expiry", "updateAccount")
    from tests.connectors.benefitpoint_world import write

    await write(system, record, record.parts[0], notes="Ours")
    assert (await held(system, ACCOUNT, "group")).parts[0].data["notes"] == "Ours"
    assert system.client.http.requests["login"] == 2
    await system.aclose()


async def test_a_refused_login_is_not_repeated_not_even_after_a_restart(fresh):
    state = Forgetful()
    for _ in range(2):
        system = fresh.connect(state, password="wrong")
        for _ in range(2):
            with pytest.raises(AuthError):
                await system.read("plan", TWICE)
        await system.aclose()
    assert fresh.door.requests()["login"] == 1
    right = fresh.connect(state)
    assert (await held(right, TWICE)).id == TWICE  # other settings are tried
    await right.aclose()


async def test_a_person_may_try_a_refused_login_again(fresh):
    state = Forgetful()
    system = fresh.connect(state, password="wrong")
    with pytest.raises(AuthError):
        await system.access()
    await system.examine()
    assert fresh.door.requests()["login"] == 2
    await system.aclose()


async def test_a_login_that_got_no_answer_is_no_refusal(fresh):
    state = Forgetful()
    system = fresh.connect(state)
    fresh.door.fault("lost_reply", "login")
    with pytest.raises(TransientError):
        await system.read("plan", TWICE)
    assert fresh.door.requests()["login"] == 1
    assert (await held(system, TWICE)).id == TWICE
    await system.aclose()


def test_what_is_remembered_of_a_refused_login_is_no_password():
    state = Forgetful()
    system = connect("crm", Settings(base_url="http://127.0.0.1:9/x", username="u", password="hunter2"), state)
    system.client.session._refused()
    assert "hunter2" not in str(state._texts)
    assert len(state._texts["login_refused"]) == 8


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"marker": "custom_field"}, "marker_field"),
        ({"marker": "notes"}, "alternativePlanID"),
        ({"band_index_base": 2}, "band_index_base"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_settings_that_cannot_be_used_say_why(more, said):
    with pytest.raises(ValueError, match=said):
        Settings.model_validate({"username": "u", "password": "p", **more})


def test_the_password_is_not_shown():
    assert "hunter2" not in repr(Settings(username="u", password="hunter2"))


# --- benefit values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ({}, None),
        ({"UOM": "dollars"}, None),
        ({"UOM": "dollars", "value": "1500"}, "$1,500"),
        ({"UOM": "dollars", "value": "0.50"}, "$0.50"),
        ({"UOM": "dollars", "value": "$10 copay"}, "$10 copay"),
        ({"UOM": "percent", "value": "80", "ancillaryText": "after deductible"}, "80% after deductible"),
        ({"UOM": "days", "value": "90"}, "90 days"),
        ({"UOM": "X_salary", "value": "2"}, "2 x salary"),
        ({"UOM": "number", "value": "12"}, "12"),
        ({"UOM": "brand_new", "value": "12"}, "12"),
        ({"UOM": "text", "value": "Not covered"}, "Not covered"),
        ({"ancillaryText": "see the plan"}, "see the plan"),
    ],
)
def test_a_value_reads_with_its_unit_and_goes_back_as_it_was(detail, text):
    assert text_of(detail) == text
    assert text_of(detail_of(text, detail)) == text


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ({"UOM": "dollars", "value": "1500"}, "$2,000", {"UOM": "dollars", "value": "2000"}),
        ({"UOM": "dollars", "value": "1500"}, "20%", {"UOM": "percent", "value": "20"}),
        ({"UOM": "dollars", "value": "1500"}, "None", {"UOM": "text", "value": "None"}),
        ({"UOM": "text", "value": "$10 copay"}, "$20", {"UOM": "text", "value": "$20"}),
        ({"UOM": "days", "value": "90"}, "180 days", {"UOM": "days", "value": "180"}),
        ({"UOM": "days", "value": "90"}, "6 months", {"UOM": "text", "value": "6 months"}),
        ({"UOM": "percent", "value": "80", "ancillaryText": "x"}, "60%", {"UOM": "percent", "value": "60"}),
        ({"UOM": "percent", "value": "80"}, None, {"UOM": "percent"}),
        ({}, "$20 copay", {"UOM": "dollars", "value": "20", "ancillaryText": "copay"}),
        ({}, "Unlimited", {"UOM": "text", "value": "Unlimited"}),
        ({"exclusionsLimitations": "e"}, "$5", {"exclusionsLimitations": "e", "UOM": "dollars", "value": "5"}),
    ],
)
def test_a_changed_value_keeps_the_unit_where_that_says_the_same(before, text, after):
    column = {"benefitColumnID": 501}
    assert detail_of(text, {**before, **column}) == {**after, **column}


def test_names_that_stand_twice_are_nobodys():
    def attribute(number, name, **more):
        return {"attributeID": number, "name": name, **more}

    shape = _summary_shape(
        {
            "attributeSection": {
                "name": "root",
                "attributeSections": [
                    {"name": "General", "attributes": [attribute(1, "Deductible"), attribute(2, "Deductible  ")]},
                    {
                        "name": "Drugs",
                        "attributes": [
                            attribute(3, "Retail"),
                            attribute(4, "Tier 1", parentID=3),
                            attribute(5, "Mail"),
                        ],
                    },
                ],
            },
            "benefitColumns": [
                {"benefitColumnID": 1, "description": "In Network"},
                {"benefitColumnID": 2, "description": "Other"},
                {"benefitColumnID": 3, "description": "Other"},
            ],
        }
    )
    assert shape.attributes == {"Drugs > Retail": 3, "Drugs > Retail > Tier 1": 4, "Drugs > Mail": 5}
    assert shape.columns == {"In Network": 1}
    assert shape.ambiguous == {"General > Deductible", "Other"}


async def test_structures_are_asked_again_when_they_are_old_and_when_an_id_is_new(fresh):
    system, now = fresh.connect(structure_age_s=100), [0.0]
    structures = Structures(system.client, lambda: now[0])
    for moment, need, asked in ((0, None, 1), (50, None, 1), (60, 999_999, 2), (60.5, 999_999, 2), (200, None, 3)):
        now[0] = float(moment)
        await structures.product_types(need=need)
        assert system.client.http.requests["getProductTypes"] == asked, moment
    await system.aclose()


def test_nothing_but_the_seam_speaks_http():
    folder = Path(__file__).parents[2] / "syncd" / "connectors" / "benefitpoint"
    assert not [path for path in folder.rglob("*.py") if "import httpx" in path.read_text(encoding="utf-8")]
