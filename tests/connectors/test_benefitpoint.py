"""BenefitPoint against its sandbox: as any connector, and what it does besides.

The sandbox is a process of its own, written from the same contract by another hand; what a person does there goes
through its back door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from syncd.connectors.base import Checking, Directory, Examined, Feed, Needing, Note, Notebook
from syncd.connectors.benefitpoint.parts.summary import annotated, sent
from syncd.connectors.benefitpoint.soap import NotAuthorizedError
from syncd.connectors.benefitpoint.structures import SummaryShape
from syncd.connectors.registry import Forgetful, load
from syncd.errors import AuthError, RefusedError, StaleWriteError, SyncdError, TransientError, UnknownOutcomeError
from syncd.mapping.load import load_mapping
from syncd.model.records import Gone, NotSeen, Part, PartCreate, PartWrite
from syncd.model.values import EMPTY, Unparsed
from tests.connectors.benefitpoint_world import (
    ACCOUNT,
    CLASSES,
    EXTRA,
    OTHERS,
    QUOTED,
    TWICE,
    World,
    benefits,
    brokerage,
    held,
    parts,
    write,
)
from tests.connectors.contract import ConnectorContract

PAID_BY = {"paid_by_type": "Insurer_or_TPA", "paid_by_company": "plan_carrier"}
DEDUCTIBLE = "General plan information > Annual Deductible - Individual"
PLANS = (CLASSES, QUOTED, TWICE)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(world):
    world.restore()


@pytest.fixture
async def system(world):
    made = world.connect()
    yield made
    await made.aclose()


def new_product(**more):
    data = {
        "name": "New PPO",
        "policyNumber": "TBD",
        "policyOriginationReason": "New",
        "effectiveAsOf": "2027-01-01T00:00:00.000-08:00",
        "_type": {"line": "Medical/PPO", "plan": "Medical/PPO", "name": "Medical - PPO"},
        "_carrier": {"name": "Kaiser Permanente - Northwest"},
    }
    return Part("product", "", {**data, **more})


def create_of(*given, marker="syncd:l1:crm"):
    return PartCreate("plan", ACCOUNT, given, marker)


# --- as any connector ------------------------------------------------------------------------------------------------


class BenefitPointContract(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _world(self, world):
        self.world = world

    async def open(self, tmp_path):
        return self.world.connect()

    async def break_listing(self, connector):
        connector.client.http._sleep = lambda _: asyncio.sleep(0)
        self.world.door.fault("status_503", self.breaks, times=20)
        return True


class TestPlans(BenefitPointContract):
    kind = "plan"
    group = ACCOUNT
    ids = tuple(sorted(PLANS))
    unknown_id = "999999"
    breaks = "getBenefitSummary"

    async def open(self, tmp_path):
        system = self.world.connect()
        await system.settle(ACCOUNT, PAID_BY)
        return system

    async def edit_there(self, connector, record_id):
        self.world.door.edit("plan", record_id, {"name": "Edited there"})

    async def remove_there(self, connector, record_id):
        await connector.read("plan", record_id)  # a plan that was never seen has no account to ask
        self.world.door.delete("plan", record_id)

    def changed(self, data):
        return {**data, "name": "Changed"}

    def refused(self, data):
        return {**data, "productStatus": "Cancelled"}

    def new_parts(self):
        return (new_product(),)


class TestGroups(BenefitPointContract):
    kind = "group"
    ids = (ACCOUNT, *OTHERS)
    unknown_id = "999999"
    breaks = "getAccount"

    async def edit_there(self, connector, record_id):
        self.world.door.edit("account", record_id, {"notes": "Edited there"})

    async def remove_there(self, connector, record_id):
        self.world.door.delete("account", record_id)

    def changed(self, data):
        return {**data, "notes": "Changed"}

    async def test_ending_ends_one_record_or_is_refused(self, connector):
        """Plans are ended from here, accounts never."""
        before = await self.contents(connector)
        with pytest.raises(RefusedError, match="only plans are ended"):
            await connector.end("group", self.ids[0])
        assert await self.contents(connector) == before

    async def test_a_created_record_is_there_once_under_a_new_id(self, connector):
        """Accounts are made in BenefitPoint."""
        with pytest.raises(RefusedError, match="only plans"):
            await connector.create(PartCreate("group", None, (Part("account", "", {}),), "m"))

    async def test_a_marker_finds_what_was_created_with_it_and_nothing_else(self, connector):
        assert await connector.find_marked("group", None, "syncd:l1:crm") == ()


def test_it_is_found_by_its_name_and_says_what_it_can_do(world):
    settings = {"base_url": world.said["url"], "username": "u", "password": "p"}
    system = load("benefitpoint", "crm", settings)
    for protocol in (Feed, Notebook, Directory, Needing, Examined):
        assert isinstance(system, protocol)


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_a_plan_is_made_of_its_parts_each_with_its_own_version(system):
    record = await held(system, CLASSES)
    assert record.parts[0].kind == "product"
    assert {part.kind for part in record.parts} == {"product", "summary", "rate", "contribution", "rule"}
    assert record.group == ACCOUNT
    assert all("lastModifiedOn" not in part.data for part in record.parts)
    assert all(part.version for part in record.parts if part.kind != "rule")


async def test_every_plan_is_understood_by_the_shipped_mapping(system):
    lens = load_mapping("benefitpoint").lens("plan")
    for plan in PLANS:
        flat = lens.get(await held(system, plan))
        assert {path: value.raw for path, value in flat.items() if isinstance(value, Unparsed)} == {}
        assert flat["details.name"] is not EMPTY
        assert any(path.startswith("rates[") for path in flat) == (plan != TWICE)


async def test_only_the_plans_of_the_groups_asked_for_are_listed(system):
    assert (await system.access()).by_group
    before = system.client.http.requests["findAccounts"]
    pages = [page async for page in system.list("plan", [OTHERS[0]])]
    assert [record for page in pages for record in page.records] == []
    assert pages[-1].last
    assert system.client.http.requests["findAccounts"] == before


async def test_an_account_that_is_hidden_fails_the_listing_after_the_others(system):
    pages = []

    async def gather():
        async for page in system.list("plan", [ACCOUNT, "999999"]):
            pages.append(page)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(RefusedError, match="not authorized"):
        await gather()
    assert not any(page.last for page in pages)
    assert sorted(record.id for page in pages for record in page.records) == sorted(PLANS)


async def test_structures_are_asked_once_for_all_plans(system):
    for plan in (*PLANS, *PLANS):
        await system.read("plan", plan)
    asked = system.client.http.requests
    assert asked["getProduct"] == 6
    assert asked["getProductTypes"] == asked["getAvailableCarriers"] == 1
    assert asked["getBenefitSummaryStructure"] <= 3


# --- writing ---------------------------------------------------------------------------------------------------------


async def test_a_product_moved_by_a_person_is_stale(world, system):
    record = await held(system, TWICE)
    world.door.edit("plan", TWICE, {"policyNumber": "THEIRS"})
    with pytest.raises(StaleWriteError) as caught:
        await write(system, record, record.parts[0], name="Ours")
    assert (caught.value.system, caught.value.external_id) == ("crm", TWICE)
    assert (await held(system, TWICE)).parts[0].data["policyNumber"] == "THEIRS"


async def test_an_update_sends_the_whole_product_so_that_a_strict_replace_clears_nothing(world, system):
    record = await held(system, TWICE)
    await write(system, record, record.parts[0], name="Renamed")
    after = await held(system, TWICE)
    assert dict(after.parts[0].data) == {**record.parts[0].data, "name": "Renamed"}
    assert [dict(part.data) for part in after.parts[1:]] == [dict(part.data) for part in record.parts[1:]]


@pytest.mark.parametrize(
    ("text", "unit", "value", "more"),
    [
        ("$1,750", "dollars", "1750", None),
        ("$1750", "dollars", "1750", None),
        ("20%", "percent", "20", None),
        ("20% after deductible", "percent", "20", "after deductible"),
        ("See the certificate", "text", "See the certificate", None),
    ],
)
async def test_a_benefit_goes_back_in_the_unit_that_it_had(system, text, unit, value, more):
    for said in ("$1,500", text):
        record = await held(system, CLASSES)
        (part,) = parts(record, "summary")
        await write(system, record, part, _benefits=benefits(part, DEDUCTIBLE, in_=said))
    (after,) = parts(await held(system, CLASSES), "summary")
    assert after.data["_benefits"][DEDUCTIBLE]["In Network"].replace(",", "") == text.replace(",", "")
    details = [d for v in after.data["attributeValues"] for d in v["attributeValueDetails"] if d.get("value") == value]
    assert (unit, more) in {(d["UOM"], d.get("ancillaryText")) for d in details}
    untouched = {p: c for p, c in part.data["_benefits"].items() if p != DEDUCTIBLE}
    assert {p: c for p, c in after.data["_benefits"].items() if p != DEDUCTIBLE} == untouched


def test_related_attributes_are_left_alone():
    """The server is told not to carry a value on to attributes that nobody mapped."""
    data = {"attributeValues": [{"attributeID": 1}], "_benefits": {}}
    assert sent(data) == {"attributeValues": [{"attributeID": 1, "updateRelatedAttributes": False}]}
    raw = {"attributeValues": [{"attributeID": 1, "updateRelatedAttributes": True}]}
    shape = SummaryShape({}, {}, (), frozenset())
    assert annotated(raw, shape)["attributeValues"] == [{"attributeID": 1}]


async def test_a_second_summary_is_written_alone(system):
    record = await held(system, TWICE)
    first, second = parts(record, "summary")
    path = next(path for path in second.data["_benefits"] if path != "_listed")
    await write(system, record, second, _benefits=benefits(second, path, in_="$99"))
    now = parts(await held(system, TWICE), "summary")
    assert dict(now[0].data) == dict(first.data)
    assert now[1].data["_benefits"][path]["In Network"] == "$99"


async def test_a_plan_without_a_summary_gets_one(world, system):
    summary = parts(await held(system, QUOTED), "summary")[0]
    for number, rate in world.door.snapshot()["tables"]["rate"].items():
        if str(rate["productID"]) == QUOTED:
            world.door.delete("rate", number)
    world.door.delete("benefit_summary", summary.id)
    record = await held(system, QUOTED)
    assert parts(record, "summary") == []
    path = next(path for path in summary.data["_benefits"] if path != "_listed")
    after = {"_benefits": {path: {"In Network": "$55"}, "Nowhere > Nothing": {"In Network": "x"}}}
    await system.write(PartWrite("plan", QUOTED, Part("summary", "", {}), after))
    (made,) = parts(await held(system, QUOTED), "summary")
    assert made.data["_benefits"][path]["In Network"] == "$55"
    assert made.data["description"] == record.parts[0].data["name"]


@pytest.mark.parametrize("kind", ["rate", "contribution", "rule"])
async def test_what_v4_cannot_write_is_refused_before_a_call(system, kind):
    record = await held(system, CLASSES)
    part = parts(record, kind)[0]
    before = system.client.http.requests.total()
    with pytest.raises(RefusedError, match="no call that writes"):
        await write(system, record, part, description="x")
    assert system.client.http.requests.total() == before


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("validation_errors", RefusedError),
        ("duplicate_error", RefusedError),
        ("access_error", RefusedError),
        ("system_error", TransientError),
        ("lost_reply", UnknownOutcomeError),
        ("reset", UnknownOutcomeError),
        ("html_200", UnknownOutcomeError),
        ("truncated", UnknownOutcomeError),
        ("status_503", UnknownOutcomeError),
    ],
)
async def test_a_failed_write_says_whether_it_was_applied_and_is_sent_once(world, system, fault, error):
    record = await held(system, TWICE)
    world.door.call("DELETE", "requests")
    world.door.fault(fault, "updateProduct", times=5)
    with pytest.raises(error) as caught:
        await write(system, record, record.parts[0], name="Ours")
    assert type(caught.value) is error
    assert caught.value.system == "crm"
    assert world.door.requests()["updateProduct"] == 1
    if fault == "validation_errors":
        assert caught.value.message.count(";") >= 1  # every message, not the first


async def test_reads_are_repeated_whatever_the_verb(world):
    system = world.impatient()
    world.door.fault("status_502", "getProduct", times=2)
    assert (await held(system, TWICE)).id == TWICE
    assert system.client.http.requests["getProduct"] == 3
    await system.aclose()


async def test_the_tax_id_is_never_kept_and_never_lost(world, system):
    world.door.edit(
        "account", ACCOUNT, {"groupAccountInfo": {"commonGroupAccountInfo": {"taxpayerID": "12-3456789"}}}, as_="dana"
    )
    record = await held(system, ACCOUNT, "group")
    assert "3456789" not in str(record)
    assert record.parts[0].data["_taxIdLast4"] == "6789"
    await write(system, record, record.parts[0], notes="Ours")
    raw = await system.accounts.raw(int(ACCOUNT))
    assert raw["groupAccountInfo"]["commonGroupAccountInfo"]["taxpayerID"] == "12-3456789"
    assert raw["notes"] == "Ours"


async def test_accounts_are_found_by_their_number_whatever_its_case(world, system):
    """V5: a number is typed as it comes to hand: its case and blanks say nothing."""
    world.door.edit("account", ACCOUNT, numbered("HM-7001 b"))
    for said in ("HM-7001 b", "hm-7001B", " Hm-7001 b "):
        found, _ = await system.find_groups(number=said, refresh=True)
        assert [one.id for one in found] == [ACCOUNT], said
    assert (await system.find_groups(number="HM-7002B"))[0] == ()


def numbered(number, info="groupAccountInfo"):
    return {info: {"commonGroupAccountInfo": {"brokerageAccountInfo": {"accountNumber": number}}}}


async def test_marketing_groups_are_found_and_read_and_never_written(world, system):
    """V5: a marketing group holds plans, too: it is found by name and number, listed and read, and locked."""
    info = {"marketingGroupName": "Harbor Association", "marketingGroupType": "Other"}
    info |= numbered("MG-1")["groupAccountInfo"]
    raw = {"accountClassification": "Marketing_Group", "marketingGroupAccountInfo": info, "groupAccountInfo": None}
    world.door.edit("account", OTHERS[0], raw)
    for asked in ({"name": "harbor assoc"}, {"number": "mg-1"}):
        (found,), _ = await system.find_groups(**asked, refresh=True)
        assert (found.id, found.name, found.number) == (OTHERS[0], "Harbor Association", "MG-1")
        assert found.facts["class"] == "Marketing Group"
    (page,) = [page async for page in system.list("group")]
    record = next(one for one in page.records if one.id == OTHERS[0])
    assert list(record.locked) == [""]
    flat = load_mapping("benefitpoint").lens("group").get(record)
    assert (flat["details.name"], flat["details.account_number"]) == ("Harbor Association", "MG-1")


async def test_a_plan_that_was_moved_is_reported_with_its_new_account(world, system):
    """R7: read, listed and told by the feed, it is its new account's plan; the old account's listing goes on whole."""
    await held(system, TWICE)
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    world.door.edit("plan", TWICE, {"accountID": int(OTHERS[0])})
    world.door.call("POST", "clock", {"advance_s": 5})
    assert (await held(system, TWICE)).group == OTHERS[0]
    for account, there in ((ACCOUNT, False), (OTHERS[0], True)):
        pages = [page async for page in system.list("plan", [account])]
        assert pages[-1].last
        assert (TWICE in {record.id for page in pages for record in page.records}) is there
    for groups in ([ACCOUNT], [OTHERS[0]], [ACCOUNT, OTHERS[0]]):
        fresh = world.connect()
        told = (await fresh.changes(position, groups)).records
        assert [record.group for record in told] == ([OTHERS[0]] if OTHERS[0] in groups else []), groups
        await fresh.aclose()


async def test_the_feed_tells_both_sides_of_a_move(world):
    """R7: whoever saw the plan in the old account hears of it, and whoever asks for the new one alone, too."""
    for groups in ([ACCOUNT], [OTHERS[0]]):
        world.restore()
        system = world.connect()
        await held(system, TWICE)
        position = await system.position()
        world.door.call("POST", "clock", {"advance_s": 5})
        world.door.edit("plan", TWICE, {"accountID": int(OTHERS[0])})
        world.door.call("POST", "clock", {"advance_s": 5})
        (told,) = (await system.changes(position, groups)).records
        assert (told.id, told.group) == (TWICE, OTHERS[0]), groups
        await system.aclose()


async def test_a_plan_that_was_moved_is_not_written_as_the_old_accounts(world, system):
    """R7: what was read before the move is stale."""
    record = await held(system, TWICE)
    world.door.edit("plan", TWICE, {"accountID": int(OTHERS[0])})
    with pytest.raises(StaleWriteError):
        await write(system, record, record.parts[0], name="Ours")


# --- creating and ending ---------------------------------------------------------------------------------------------


async def test_a_plan_is_created_with_its_benefits_and_found_by_its_marker(system):
    await system.settle(ACCOUNT, PAID_BY)
    summary = Part("summary", "", {"_benefits": {DEDUCTIBLE: {"In Network": "$1,500"}, "Nowhere": {"In Network": "x"}}})
    made = await system.create(create_of(new_product(), summary))
    (found,) = await system.find_marked("plan", ACCOUNT, "syncd:l1:crm")
    assert found.id == made
    product, first = found.parts[0].data, parts(found, "summary")[0].data
    assert product["planInfo"]["alternativePlanID"] == "syncd:l1:crm"
    assert "_planCode" not in product
    assert (product["billingCarrierType"], product["billingCarrierID"]) == ("Insurer_or_TPA", product["carrierID"])
    assert first["_benefits"][DEDUCTIBLE]["In Network"] == "$1,500"
    assert await system.find_marked("plan", ACCOUNT, "syncd:l1") == ()


async def test_all_that_a_new_plan_lacks_is_named_at_once_before_any_call(world, system):
    world.door.call("DELETE", "requests")
    product = new_product(name="", policyOriginationReason="Renewal", _carrier={"name": "Kaiser Permanent"})
    with pytest.raises(RefusedError) as caught:
        await system.create(create_of(product))
    for word in ("Kaiser Permanent", "the nearest are", "name", "who pays the commission", "prior plan"):
        assert word in caught.value.message
    assert "createProduct" not in world.door.requests()


async def test_what_a_create_would_refuse_is_told_before_any_call(world, system):
    """N3: all that a new plan lacks is told beforehand with its next step, but for what the group is asked about."""
    assert isinstance(system, Checking)
    await system.check(create_of(new_product()))  # who pays is asked under `needs`
    await system.settle(ACCOUNT, PAID_BY)
    await system.check(create_of(new_product()))
    wrong = new_product(
        _type={"line": "Medical"}, _carrier={"name": "Kaiser Permanent"}, policyOriginationReason="Renewal"
    )
    world.door.call("DELETE", "requests")
    with pytest.raises(RefusedError) as caught:
        await system.check(create_of(wrong))
    for word in ("product types fit 'Medical'", "no carrier is called", "prior plan"):
        assert word in caught.value.message
    assert "product_types" in caught.value.hint
    assert "carriers" in caught.value.hint
    assert not [name for name in world.door.requests() if name.startswith(("create", "update"))]
    with pytest.raises(RefusedError, match="only plans of an account"):
        await system.check(PartCreate("group", None, (), ""))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "line of coverage is not given"),
        ({"line": "Medical"}, "product types fit"),
        ({"line": "Dental", "plan": "Medical/PPO"}, "product types fit 'Dental'"),
        ({"line": "Medical", "plan": "Medical/XYZ"}, "product types fit 'Medical'"),
        ({"line": "Crystal/Ball"}, "no product type fits"),
    ],
)
async def test_a_product_type_is_never_guessed(system, words, said):
    await system.settle(ACCOUNT, PAID_BY)
    with pytest.raises(RefusedError, match=said) as caught:
        await system.create(create_of(new_product(_type=words)))
    assert "product_types" in caught.value.hint


async def test_settings_name_the_type_and_the_carrier(world):
    carrier = 4433
    system = world.connect(product_types={"Dental": 190}, carriers={"Elsewhere": carrier})
    await system.settle(ACCOUNT, PAID_BY)
    made = await system.create(create_of(new_product(_type={"line": "Dental"}, _carrier={"name": "Elsewhere"})))
    product = (await held(system, made)).parts[0].data
    assert (product["productTypeID"], product["carrierID"]) == (190, carrier)
    await system.aclose()


async def test_a_marker_in_a_custom_field_is_found_too(world):
    system = world.connect(marker="custom_field", marker_field="External Reference")
    await system.settle(ACCOUNT, PAID_BY)
    made = await system.create(create_of(new_product(planInfo={"alternativePlanID": "OURS"})))
    (found,) = await system.find_marked("plan", ACCOUNT, "syncd:l1:crm")
    assert (found.id, found.parts[0].data["_planCode"]) == (made, "OURS")
    await system.aclose()


async def test_without_a_marker_nothing_is_found(world):
    system = world.connect(marker="none")
    await system.settle(ACCOUNT, PAID_BY)
    assert not (await system.access()).marker
    made = await system.create(create_of(new_product()))
    assert "alternativePlanID" not in (await held(system, made)).parts[0].data.get("planInfo", {})
    assert await system.find_marked("plan", ACCOUNT, "syncd:l1:crm") == ()
    await system.aclose()


async def test_a_renewal_copies_the_prior_plans_benefits_where_the_settings_say_so(world):
    system = world.connect(new_summary="copy")
    await system.settle(ACCOUNT, PAID_BY)
    prior = await held(system, CLASSES)
    kind = prior.parts[0].data["_type"]
    renewal = new_product(_type=kind, policyOriginationReason="Renewal", parentProductID=int(CLASSES))
    made = await held(system, await system.create(create_of(renewal)))
    assert made.parts[0].data["parentProductID"] == int(CLASSES)
    assert parts(made, "summary")[0].data["_benefits"] == parts(prior, "summary")[0].data["_benefits"]
    await system.aclose()


async def test_ending_cancels_and_a_second_time_is_refused(world, system):
    await system.end("plan", TWICE)
    product = (await held(system, TWICE)).parts[0].data
    assert product["cancellationReason"] == "Other"
    assert product["cancellationOn"].endswith(("T00:00:00.000-08:00", "T00:00:00.000-07:00"))
    with pytest.raises(RefusedError, match="cancelled already"):
        await system.end("plan", TWICE)


# --- what is gone ----------------------------------------------------------------------------------------------------


async def test_a_plan_that_was_never_seen_is_not_proved_to_be_gone(world, system):
    world.door.delete("plan", TWICE)
    answer = await system.read("plan", TWICE)
    assert isinstance(answer, NotSeen)
    assert "its account is not known" in answer.why


async def test_a_plan_of_a_hidden_account_is_not_gone(world, system):
    await held(system, TWICE)
    world.switch(rights__office="Sample Office South")
    raw = await system.read("plan", TWICE)
    assert isinstance(raw, NotSeen), raw


async def test_a_plan_that_is_listed_and_not_shown_is_not_gone(system, monkeypatch):
    await held(system, TWICE)

    async def refuse(_number):
        raise NotAuthorizedError("getProduct: You are not authorized")

    monkeypatch.setattr(system.plans, "product", refuse)
    answer = await system.read("plan", TWICE)
    assert isinstance(answer, NotSeen)
    assert f"account {ACCOUNT} lists it" in answer.why


async def test_an_account_is_gone_when_the_deletions_say_so(world, system):
    world.door.delete("account", OTHERS[0])
    answer = await system.read("group", OTHERS[0])
    assert isinstance(answer, Gone)
    assert "deleted on" in answer.evidence
    assert isinstance(await system.read("group", "999998"), NotSeen)


async def test_an_additional_product_is_no_plan(system):
    answer = await system.read("plan", EXTRA)
    assert isinstance(answer, NotSeen)
    assert "additional product" in answer.why


@pytest.mark.parametrize("record_id", ["x", "", "1.5", "-1", "99999999999"])
async def test_what_is_no_id_is_not_asked_for(system, record_id):
    assert isinstance(await system.read("plan", record_id), NotSeen)
    assert system.client.http.requests.total() == 0


# --- the feed --------------------------------------------------------------------------------------------------------


async def test_a_quiet_look_is_one_request(world, system):
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 600})
    asked = system.client.http.requests.total()
    changes = await system.changes(position, [ACCOUNT])
    assert (changes.records, dict(changes.gone), changes.expired) == ((), {}, "")
    assert system.client.http.requests.total() == asked + 1


async def test_what_was_seen_in_the_overlap_is_not_read_again(world, system):
    await held(system, TWICE)
    position = await system.position()
    world.door.edit("plan", TWICE, {"name": "Edited"})
    world.door.call("POST", "clock", {"advance_s": 30})
    first = await system.changes(position, [ACCOUNT])
    assert [record.id for record in first.records] == [TWICE]
    world.door.call("POST", "clock", {"advance_s": 30})
    asked = system.client.http.requests.total()
    assert (await system.changes(first.position, [ACCOUNT])).records == ()
    assert system.client.http.requests.total() == asked + 1


async def test_a_part_that_moved_brings_its_plan_once(world, system):
    record = await held(system, TWICE)
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    for part in parts(record, "summary"):
        world.door.edit("benefit_summary", part.id, {"description": f"Edited {part.id}"})
    world.door.edit("plan", TWICE, {"name": "Edited"})
    world.door.call("POST", "clock", {"advance_s": 5})
    asked = system.client.http.requests["getProduct"]
    changes = await system.changes(position, [ACCOUNT])
    assert [record.id for record in changes.records] == [TWICE]
    assert system.client.http.requests["getProduct"] == asked + 1


async def test_parts_of_plans_that_were_never_seen_are_traced(world, system):
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    summary = next(
        key for key, row in world.state["tables"]["benefit_summary"].items() if row["productID"] == int(TWICE)
    )
    world.door.edit("benefit_summary", summary, {"description": "Edited"})
    assert [record.id for record in (await system.changes(position, [ACCOUNT])).records] == [TWICE]
    assert (await system.changes(position, [OTHERS[0]])).records == ()
    assert [record.id for record in (await system.changes(position)).records] == [TWICE]


async def test_deletions_are_evidence(world, system):
    await held(system, TWICE)
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    world.door.delete("plan", TWICE)
    world.door.delete("account", OTHERS[0])
    changes = await system.changes(position, [ACCOUNT, OTHERS[0]])
    assert set(changes.gone) == {("plan", TWICE), ("group", OTHERS[0])}
    assert "deleted on 20" in changes.gone["plan", TWICE]


async def test_an_account_that_moved_is_read(world, system):
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    world.door.edit("account", ACCOUNT, {"notes": "Edited"})
    (record,) = (await system.changes(position, [ACCOUNT])).records
    assert (record.kind, record.parts[0].data["notes"]) == ("group", "Edited")


async def test_a_position_of_something_else_is_refused(system):
    with pytest.raises(SyncdError, match="no position"):
        await system.changes("7")


# --- notes -----------------------------------------------------------------------------------------------------------

NOTE = Note(ACCOUNT, "syncd-h-1", "Enter a rate", "EE Only 640.10 from 2027-01-01")


async def test_a_note_is_found_by_its_marker_updated_and_closed(world, system):
    assert await system.find_note(ACCOUNT, NOTE.marker) is None
    made = await system.write_note(NOTE)
    assert await system.find_note(ACCOUNT, NOTE.marker) == (made, NOTE)
    newer = Note(ACCOUNT, NOTE.marker, NOTE.subject, "EE Only 641.00 from 2027-01-01")
    assert await system.write_note(newer, made) == made
    assert await system.find_note(ACCOUNT, NOTE.marker) == (made, newer)
    done = Note(ACCOUNT, NOTE.marker, NOTE.subject, newer.text, done=True)
    await system.write_note(done, made)
    assert await system.find_note(ACCOUNT, NOTE.marker) == (made, done)
    assert await system.find_note(ACCOUNT, "syncd-h-2") is None
    assert await system.find_note(ACCOUNT, "syncd-h-") is None


async def test_a_note_is_found_again_by_a_process_that_made_none(world, system):
    world.door.fault("lost_reply", "createActivityLogRecord")
    with pytest.raises(UnknownOutcomeError):
        await system.write_note(NOTE)
    other = world.connect()
    found = await other.find_note(ACCOUNT, NOTE.marker)
    assert found is not None
    assert found[1] == NOTE
    await other.aclose()


async def test_the_subject_of_notes_is_a_setting(world):
    system = world.connect(activity_subject="Rates and Contributions")
    made = await system.write_note(NOTE)
    raw = (await system.client.call("getActivityLogRecord", recordID=int(made)))["record"]
    assert raw["subjectID"] == 18
    assert raw["assignedToUserID"]
    await system.aclose()
    system = world.connect(activity_subject="Nothing")
    with pytest.raises(RefusedError, match="Client Service"):
        await system.write_note(NOTE)
    await system.aclose()


# --- directory -------------------------------------------------------------------------------------------------------


async def test_accounts_are_found_by_name_or_number(system):
    everything, since = await system.find_groups()
    assert {account.id for account in everything} == {ACCOUNT, *OTHERS}
    assert since.startswith("20")
    one = next(account for account in everything if account.id == ACCOUNT)
    assert one.number
    assert one.facts["office"]
    for search in ({"number": one.number}, {"name": one.name.upper()[:8]}, {"name": one.name, "number": one.number}):
        assert one in (await system.find_groups(**search))[0]
    assert (await system.find_groups(name=one.name, number="nothing"))[0] == ()


async def test_the_index_is_remembered_and_refreshed_on_a_miss(world, system):
    (await system.find_groups())[0]
    asked = system.client.http.requests["findAccounts"]
    await system.find_groups(name="o")
    assert system.client.http.requests["findAccounts"] == asked
    world.door.call("POST", "clock", {"advance_s": 60})
    world.door.edit("account", OTHERS[0], {"groupAccountInfo": {"accountName": "Zephyr Works"}})
    reads = system.client.http.requests["getAccount"]
    ((found,), _) = await system.find_groups(name="zephyr")
    assert found.id == OTHERS[0]
    assert system.client.http.requests["getAccount"] == reads + 1  # the others have their old stamps


async def test_the_index_survives_the_process(world):
    state = Forgetful()
    first = world.connect(state)
    await first.find_groups()
    await first.aclose()
    second = world.connect(state)
    assert len((await second.find_groups())[0]) == 3
    assert second.client.http.requests.total() == 0
    await second.aclose()


# --- needs -----------------------------------------------------------------------------------------------------------


async def test_what_no_quoting_tool_knows_is_asked_once_a_group(system):
    needs = {need.key: need for need in await system.needs(ACCOUNT)}
    assert set(needs) == set(PAID_BY)
    assert "Insurer_or_TPA" in needs["paid_by_type"].choices
    assert needs["paid_by_company"].choices["plan_carrier"] == "The plan's own carrier"
    assert needs["paid_by_type"].suggested == "Insurer_or_TPA"
    await system.settle(ACCOUNT, PAID_BY)
    assert await system.needs(ACCOUNT) == ()


async def test_leads_that_the_account_lacks_are_asked(world, system):
    world.door.edit("account", ACCOUNT, {"primarySalesLeadUserID": None})
    needs = {need.key: need for need in await system.needs(ACCOUNT)}
    assert "sales_lead" in needs
    lead = next(iter(needs["sales_lead"].choices))
    await system.settle(ACCOUNT, {**PAID_BY, "sales_lead": lead})
    made = await system.create(create_of(new_product()))
    assert (await held(system, made)).parts[0].data["primarySalesLeadUserID"] == int(lead)


@pytest.mark.parametrize("answers", [{"office": "nowhere"}, {"paid_by_type": "Me"}, {"colour": "red"}])
async def test_an_answer_that_is_no_choice_names_its_key(system, answers):
    with pytest.raises(RefusedError) as caught:
        await system.settle(ACCOUNT, answers)
    assert caught.value.field == next(iter(answers))


# --- examination -----------------------------------------------------------------------------------------------------


async def test_a_sound_installation_is_found_sound(system):
    findings = {finding.what: finding for finding in await system.examine()}
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert {"login", "session", "product module", "commission data", "offices", "WSDL", "benefit names"} <= set(
        findings
    )
    assert "44 served" in findings["product types"].detail


async def test_a_wrong_password_is_found_and_the_secret_is_not_shown(world):
    system = world.connect(password="not-the-secret-hunter2")
    (finding,) = await system.examine()
    assert (finding.what, finding.ok) == ("login", False)
    assert "hunter2" not in f"{finding} {system.client.settings!r}"
    with pytest.raises(AuthError):
        await system.access()
    await system.aclose()


async def test_denied_modules_and_hidden_commissions_are_named(world, system):
    world.switch(rights__revenue=False, rights__denied_modules=["activity_log"])
    findings = {finding.what: finding for finding in await system.examine()}
    assert not findings["commission data"].ok
    assert "write_without_commission_rights" in findings["commission data"].hint
    assert findings["activity log module"].detail != "open"


async def test_the_schema_names_what_the_mapping_reads(system):
    plan = await system.schema("plan")
    assert plan["product"]["planInfo.alternativePlanID"] == "text"
    assert plan["product"]["effectiveAsOf"] == "date"
    assert plan["product"]["continousPolicy"] == "boolean"
    assert plan["rate"]["rateFieldValues"] == "list"
    assert plan["contribution"]["contributionValues._tier"] == "text"
    assert plan["summary"][f'_benefits."{DEDUCTIBLE}"."In Network"'] == "text"
    group = await system.schema("group")
    assert group["account"]["groupAccountInfo.commonGroupAccountInfo.brokerageAccountInfo.accountNumber"] == "text"


async def test_every_vendor_path_of_the_mapping_is_in_the_live_schema(system):
    mapping = load_mapping("benefitpoint")
    schema = await system.schema("plan")
    lens = mapping.lens("plan")
    rows = [*lens.rows.values(), *(row for block in lens.sets for row in block.cells.values())]
    missing = [(row.part, source.text) for row in rows for source in row.sources if source.text not in schema[row.part]]
    assert missing == []
