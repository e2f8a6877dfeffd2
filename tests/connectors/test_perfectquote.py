"""PerfectQuote against its sandbox: as any connector, and what its contract adds.

The sandbox is a process of its own, written from the same contract by another hand; what a person does there goes
through its back door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from syncd.connectors.base import Directory, Examined, Feed, Notebook
from syncd.connectors.http import Http
from syncd.connectors.perfectquote import PerfectQuote, Settings
from syncd.connectors.perfectquote.account import REVIEWER
from syncd.connectors.perfectquote.feed import EXPIRED
from syncd.connectors.perfectquote.resources import CONFIRMED
from syncd.connectors.registry import Forgetful
from syncd.errors import (
    AuthError,
    RefusedError,
    StaleWriteError,
    TransientError,
    UnknownOutcomeError,
)
from syncd.model.records import Gone, NotSeen, Part, PartCreate, PartWrite, Present
from tests.connectors.contract import ConnectorContract
from tests.connectors.sandboxes import BackDoor, running


async def _brief(seconds):
    """Wait only so long that others come to their turn."""
    await asyncio.sleep(min(seconds, 0.02))


@dataclass(frozen=True)
class Firm:
    """A firm of three groups, and of three plans in one of them; `state` brings it back."""

    said: dict[str, Any]
    door: BackDoor
    state: Any
    groups: tuple[str, ...]
    plans: tuple[str, ...]
    carrier: str

    @property
    def group(self) -> str:
        """The group that has the plans."""
        return self.groups[0]

    def settings(self, client: str = "", **more: Any) -> Settings:
        who = self.said[client] if client else self.said
        named = {"base_url": self.said["url"], "client_id": who["client_id"], "client_secret": who["client_secret"]}
        return Settings(**{**named, "per_minute": 0, **more})

    def connect(self, client: str = "", state=None, **more: Any) -> PerfectQuote:
        settings = self.settings(client, **more)
        http = Http("quotes", settings.base_url, sleep=_brief)
        return PerfectQuote("quotes", settings, state or Forgetful(), http)

    def restore(self) -> None:
        self.door.reset()
        self.door.call("POST", "clock", {"now": "2026-11-20T12:00:00Z"})
        self.door.call("POST", "restore", self.state)


@pytest.fixture(scope="module")
def seeded() -> Iterator[Firm]:
    with running("perfectquote") as sandbox:
        door = sandbox.backdoors["perfectquote"]
        firm = Firm(dict(sandbox.systems["perfectquote"]), door, None, (), (), "")
        yield asyncio.run(_cut_down(firm))


async def _cut_down(firm: Firm) -> Firm:
    """Delete, as a person, all plans but three of one group, and all groups but three."""
    system = firm.connect()
    plans = [record async for page in system.list("plan") for record in page.records if not record.locked]
    groups = [record.id async for page in system.list("group") for record in page.records]
    every = [record.id async for page in system.list("plan") for record in page.records]
    await system.aclose()
    held = {group: [plan for plan in plans if plan.group == group] for group in groups}
    group = max(held, key=lambda one: sum(plan.parts[0].data["plan_type"] == "medical" for plan in held[one]))
    three = sorted(held[group], key=lambda plan: plan.parts[0].data["plan_type"] != "medical")[:3]
    kept = tuple(sorted(plan.id for plan in three))
    for plan_id in every:
        if plan_id not in kept:
            firm.door.delete("plan", plan_id)
    others = [one for one in groups if one != group]
    for group_id in others[2:]:
        firm.door.delete("group", group_id)
    state = firm.door.snapshot()
    carrier = three[0].parts[0].data["carrier"]
    return replace(firm, state=state, groups=(group, *others[:2]), plans=kept, carrier=carrier)


@pytest.fixture
def firm(seeded: Firm) -> Firm:
    seeded.restore()
    return seeded


@pytest.fixture
async def system(firm):
    made = firm.connect()
    yield made
    await made.aclose()


def new(firm, **data):
    body = {"plan_type": "medical", "name": "New", "carrier": firm.carrier, "effective_date": "2027-01-01", **data}
    return Part("plan", "", body)


async def held(system, record_id, kind="plan"):
    answer = await system.read(kind, record_id)
    assert isinstance(answer, Present), answer
    return answer.record


async def write(system, record, **changes):
    part = record.parts[0]
    await system.write(PartWrite(record.kind, record.id, part, {**part.data, **changes}))


async def pages_of(system, kind="plan"):
    return [page async for page in system.list(kind)]


# --- as any connector ------------------------------------------------------------------------------------------------


class PerfectQuoteContract(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _firm(self, firm):
        self.firm = firm
        self.ids = tuple(sorted(firm.plans if self.kind == "plan" else firm.groups, key=lambda one: one == firm.group))
        self.group = firm.group if self.kind == "plan" else None

    async def open(self, tmp_path):
        return self.firm.connect()

    async def edit_there(self, connector, record_id):
        self.firm.door.edit(self.kind, record_id, {"name": "Edited there"})

    async def remove_there(self, connector, record_id):
        self.firm.door.delete(self.kind, record_id)

    def changed(self, data):
        return {**data, "name": "Changed"}

    def refused(self, data):
        return {**data, "name": ""}

    async def break_listing(self, connector):
        self.firm.door.fault("truncated", f"GET /v1/{self.kind}s", times=9)
        return True


class TestPlans(PerfectQuoteContract):
    kind = "plan"

    def new_parts(self):
        return (new(self.firm),)


class TestGroups(PerfectQuoteContract):
    kind = "group"

    def new_parts(self):
        return (Part("group", "", {"name": "New group"}),)


class TestPlansOfAReviewer(TestPlans):
    """A Firm Reviewer reads everything and writes nothing."""

    async def open(self, tmp_path):
        return self.firm.connect("reviewer")


# --- what the account may do -----------------------------------------------------------------------------------------


async def test_a_reviewer_shows_as_a_reason_why_nothing_is_written(firm):
    system = firm.connect("reviewer")
    access = await system.access()
    assert access.unwritable == {"": REVIEWER}
    assert (access.create, access.update, access.end) == (False, False, False)
    with pytest.raises(RefusedError, match="read_only_role") as caught:
        await write(system, await held(system, firm.plans[0]), name="Mine")
    assert "Firm User" in caught.value.hint
    await system.aclose()


async def test_looking_at_the_role_changes_nothing(firm, system):
    await system.access()
    assert firm.door.snapshot()["store"] == (firm.restore(), firm.door.snapshot()["store"])[1]
    assert (await system.changes(await system.position())).records == ()


@pytest.mark.parametrize("client", ["disabled", "wrong"])
async def test_credentials_that_open_nothing_are_an_auth_error_without_the_secret(firm, client):
    more = {"client_secret": "not-the-secret-hunter2"} if client == "wrong" else {}
    system = firm.connect("" if client == "wrong" else client, **more)
    with pytest.raises(AuthError) as caught:
        await system.access()
    assert "hunter2" not in f"{caught.value!r} {system.__dict__}"
    (finding,) = await system.examine()
    assert (finding.what, finding.ok) == ("login", False)
    await system.aclose()


async def test_it_says_what_else_it_can_do(firm, system):
    assert isinstance(system, Feed)
    assert isinstance(system, Directory)
    assert isinstance(system, Examined)
    assert not isinstance(system, Notebook)
    findings = await system.examine()
    assert all(finding.ok for finding in findings), findings
    assert {finding.what for finding in findings} >= {"login", "firm", "role", "scopes", "change feed"}
    assert "name" in (await system.schema("group"))["group"]
    schema = (await system.schema("plan"))["plan"]
    assert schema["benefits.variants.fields[code=pcp_visit].in_network"] == "object"
    assert await system.schema("generic") == {}


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_a_token_that_dies_between_two_pages_is_renewed_and_the_listing_goes_on(firm):
    system = firm.connect(page_size=1)
    firm.door.fault("session_expiry", "GET /v1/plans", after=1)
    pages = await pages_of(system)
    assert [record.id for page in pages for record in page.records] != []
    assert pages[-1].last
    assert system.requests["token"] == 2
    await system.aclose()


async def test_many_requests_that_find_the_token_dead_log_in_once(firm):
    system = firm.connect()
    await system.access()
    firm.door.call("POST", "clock", {"advance_s": 3700})
    await asyncio.gather(*(system.read("plan", plan) for plan in firm.plans * 3))
    assert system.requests["token"] == 2
    await system.aclose()


async def test_a_token_is_renewed_before_it_expires(firm):
    system = firm.connect()
    now = [0.0]
    system._session._clock = lambda: now[0]
    await held(system, firm.plans[0])
    for moment, logins in ((3500.0, 1), (3541.0, 2), (7000.0, 2)):
        now[0] = moment
        await held(system, firm.plans[0])
        assert system.requests["token"] == logins, moment
    await system.aclose()


# --- the feed --------------------------------------------------------------------------------------------------------


async def test_a_quiet_poll_is_one_request(firm, system):
    await system.access()
    position = await system.position()
    system.requests.clear()
    for _ in range(3):
        await system.access()
        changes = await system.changes(position)
        assert (changes.position, changes.records, changes.gone, changes.expired) == (position, (), {}, "")
    assert system.requests == {"changes": 3}


async def test_what_moved_is_read_once_however_often_it_moved(firm, system):
    position = await system.position()
    first, second, third = firm.plans
    for name in ("One", "Two", "Three"):
        firm.door.edit("plan", first, {"name": name})
    firm.door.edit("group", firm.group, {"name": "Renamed"})
    firm.door.delete("plan", second)
    firm.door.edit("plan", third, {"notes": "seen"})
    firm.door.delete("plan", third)
    changes = await system.changes(position)
    assert {(record.kind, record.id) for record in changes.records} == {("plan", first), ("group", firm.group)}
    assert {record.parts[0].data["name"] for record in changes.records} == {"Three", "Renamed"}
    assert changes.gone.keys() == {("plan", second), ("plan", third)}
    assert all("deleted in PerfectQuote at 2026-11-20" in evidence for evidence in changes.gone.values())
    assert system.requests["plans.read"] == system.requests["groups.read"] == 1
    assert (await system.changes(changes.position)).records == ()
    assert await system.changes(position) == changes


async def test_events_that_come_twice_are_read_once(firm, system):
    position = await system.position()
    firm.door.edit("plan", firm.plans[0], {"name": "Once"})
    firm.door.fault("duplicate_events", "GET /v1/changes")
    changes = await system.changes(position)
    assert [record.id for record in changes.records] == [firm.plans[0]]
    assert system.requests["plans.read"] == 1


async def test_a_feed_that_no_longer_reaches_back_asks_for_a_listing(firm, system):
    position = await system.position()
    firm.door.edit("plan", firm.plans[0], {"name": "Missed"})
    firm.door.fault("feed_gap", "GET /v1/changes")
    changes = await system.changes(position)
    assert (changes.position, changes.expired, changes.records) == (position, EXPIRED, ())


async def test_the_end_of_a_feed_that_has_forgotten_its_beginning_is_found(firm, system):
    firm.door.edit("plan", firm.plans[0], {"name": "Old"})
    firm.door.call("POST", "clock", {"advance_s": 40 * 86400})
    firm.door.edit("plan", firm.plans[0], {"name": "Newer"})
    end = await system.position()
    assert (await system.changes(end)).records == ()
    firm.door.edit("plan", firm.plans[0], {"name": "Newest"})
    (record,) = (await system.changes(end)).records
    assert record.parts[0].data["name"] == "Newest"
    assert await system.position() == str(int(end) + 1)


@pytest.mark.parametrize("position", ["", "yesterday", "-1"])
async def test_a_position_that_is_none_is_an_expired_one(system, position):
    assert (await system.changes(position)).expired


async def test_a_position_taken_before_a_listing_sees_what_moves_during_it(firm):
    system = firm.connect(page_size=1)
    position = await system.position()
    firm.door.fault("moving_page", "GET /v1/plans")
    pages = await pages_of(system)
    ids = [record.id for page in pages for record in page.records]
    assert (sorted(ids), pages[-1].last) == (sorted(firm.plans), True)
    assert [record.id for record in (await system.changes(position)).records]
    await system.aclose()


# --- writing ---------------------------------------------------------------------------------------------------------


async def test_a_write_names_only_what_changed_and_is_one_request(firm, system):
    """A patch of one key cannot undo what a person did to another, and leaves alone what we do not know."""
    record = await held(system, firm.plans[0])
    system.requests.clear()
    await write(system, record, name="Ours", notes="also ours")
    assert system.requests == {"plans.write": 1}
    after = await held(system, firm.plans[0])
    assert int(after.parts[0].version) == int(record.parts[0].version) + 1
    assert {key for key, value in after.parts[0].data.items() if value != record.parts[0].data[key]} == {
        "name",
        "notes",
    }


async def test_nothing_changed_is_nothing_sent(firm, system):
    record = await held(system, firm.plans[0])
    system.requests.clear()
    await write(system, record, stage="confirmed", favorite=True)
    assert system.requests.total() == 0


async def test_a_plan_that_moved_is_stale(firm, system):
    record = await held(system, firm.plans[0])
    firm.door.edit("plan", firm.plans[0], {"notes": "theirs"})
    with pytest.raises(StaleWriteError):
        await write(system, record, name="Ours")
    assert (await held(system, firm.plans[0])).parts[0].data["notes"] == "theirs"


async def confirm(firm, plan):
    """Confirm a plan as a person would, through the API."""
    person = firm.connect()
    for stage in ("present", "confirm"):
        record = await held(person, plan)
        reply = await person._session.ask(
            stage, "POST", f"plans/{plan}:{stage}", kind="write",
            headers={"If-Match": f'"{record.parts[0].version}"', "Idempotency-Key": f"{stage}-{plan}"}, json={},
        )  # fmt: skip
        assert reply.ok, reply.text
    await person.aclose()


async def test_a_confirmed_plan_is_held_and_its_writes_are_refused(firm, system):
    await confirm(firm, firm.plans[0])
    record = await held(system, firm.plans[0])
    assert record.locked == {"": CONFIRMED}
    (listed,) = [one for page in await pages_of(system) for one in page.records if one.id == record.id]
    assert listed.locked == record.locked
    with pytest.raises(RefusedError, match="plan_confirmed") as caught:
        await write(system, record, name="Ours")
    assert "allow_confirmed_edit" in caught.value.hint
    with pytest.raises(RefusedError, match="plan_confirmed"):
        await system.end("plan", firm.plans[0])


async def test_a_confirmed_plan_takes_edits_where_the_settings_allow_it(firm):
    await confirm(firm, firm.plans[0])
    system = firm.connect(allow_confirmed_edit=True)
    record = await held(system, firm.plans[0])
    assert record.locked == {}
    await write(system, record, name="Corrected")
    assert (await held(system, firm.plans[0])).parts[0].data["name"] == "Corrected"
    await system.aclose()


async def test_a_refusal_names_the_field(firm, system):
    with pytest.raises(RefusedError) as caught:
        await write(system, await held(system, firm.plans[0]), funding="free")
    assert caught.value.field == "/funding"
    assert "invalid_value" in str(caught.value)


async def test_a_write_whose_reply_is_lost_is_not_repeated(firm, system):
    record = await held(system, firm.plans[0])
    firm.door.fault("lost_reply", "PATCH /v1/plans/{id}", times=9)
    with pytest.raises(UnknownOutcomeError) as caught:
        await write(system, record, name="Ours")
    assert caught.value.external_id == firm.plans[0]
    assert system.requests["plans.write"] == 1
    assert (await held(system, firm.plans[0])).parts[0].data["name"] == "Ours"


async def test_a_write_that_is_refused_for_now_is_repeated(firm, system):
    record = await held(system, firm.plans[0])
    firm.door.fault("status_503", "PATCH /v1/plans/{id}", seconds=0.01)
    await write(system, record, name="Ours")
    assert system.requests["plans.write"] == 2


# --- rates, contributions, benefits ----------------------------------------------------------------------------------

RATES = {
    "sets": [{
        "primary": True, "rate_type": "composite", "effective_date": "2027-01-01", "frequency": "monthly",
        "tiers": [{"means": "employee_only", "rate": "500.00"}, {"means": "employee_one", "rate": "1000.00"},
                  {"means": "employee_family", "rate": "1400.00"}],
    }]
}  # fmt: skip
CONTRIBUTIONS = {
    "sets": [{
        "effective_date": "2027-01-01", "perspective": "employer", "basis": "per_tier", "frequency": "monthly",
        "entries": [{"means": "employee_only", "kind": "percent", "value": "80"},
                    {"means": "employee_family", "kind": "amount", "value": "700.00"}],
    }]
}  # fmt: skip
BENEFITS = {
    "variants": [{
        "description": None,
        "fields": [
            {"code": "pcp_visit", "in_network": {"kind": "copay", "amount": "25"},
             "out_of_network": {"kind": "percent", "amount": "40", "after_deductible": True}},
            {"code": "x_lab", "in_network": {"kind": "not_covered"}},
            {"code": "urgent_care", "out_of_network": {"kind": "copay", "amount": "90"}},
        ],
    }]
}  # fmt: skip


async def test_a_plan_is_created_with_all_its_blocks_in_one_request(firm, system):
    part = new(firm, rates=RATES, contributions=CONTRIBUTIONS, benefits=BENEFITS)
    record_id = await system.create(PartCreate("plan", firm.group, (part,), "m-1"))
    assert system.requests["plans.create"] == 1
    data = (await held(system, record_id)).parts[0].data
    (rates,), (contributions,) = data["rates"]["sets"], data["contributions"]["sets"]
    assert {row["means"]: row["rate"] for row in rates["tiers"]} == {
        "employee_only": "500.00", "employee_one": "1000.00", "employee_family": "1400.00",
    }  # fmt: skip
    assert {row["means"]: (row["kind"], row["value"]) for row in contributions["entries"]} == {
        "employee_only": ("percent", "80"), "employee_family": ("amount", "700.00"),
    }  # fmt: skip
    fields = {field["code"]: field for field in data["benefits"]["variants"][0]["fields"]}
    assert fields["pcp_visit"]["out_of_network"]["after_deductible"] is True
    assert (fields["x_lab"]["in_network"]["kind"], fields["x_lab"]["label"]) == ("not_covered", "Lab")
    assert fields["pcp_visit"]["label"] == (await system._catalogue.labels())["pcp_visit"]
    assert fields["urgent_care"]["out_of_network"]["amount"] == "90"
    assert data["carrier"] == firm.carrier


async def test_one_cell_of_a_rate_set_is_changed_and_the_set_keeps_its_id(firm, system):
    record_id = await system.create(PartCreate("plan", firm.group, (new(firm, rates=RATES),), "m-1"))
    record = await held(system, record_id)
    (rates,) = record.parts[0].data["rates"]["sets"]
    tiers = [{**row, "rate": "1450.00"} if row["means"] == "employee_family" else row for row in rates["tiers"]]
    await write(system, record, rates={"sets": [{**rates, "tiers": tiers}]})
    (after,) = (await held(system, record_id)).parts[0].data["rates"]["sets"]
    assert after == {**rates, "tiers": tiers, "estimated_monthly_premium": after["estimated_monthly_premium"]}


async def test_a_rate_set_that_the_contract_has_no_words_for_is_refused_before_it_is_sent(firm, system):
    record = await held(system, await system.create(PartCreate("plan", firm.group, (new(firm, rates=RATES),), "m-1")))
    (rates,) = record.parts[0].data["rates"]["sets"]
    later = {**rates, "id": None, "effective_date": "2027-07-01"}
    system.requests.clear()
    for sets, field in (([{**rates, "tiers": [{"means": "employee_spouse", "rate": "1"}]}], "rates"),
                        ([rates, later], "rates")):  # fmt: skip
        with pytest.raises(RefusedError) as caught:
            await write(system, record, rates={"sets": sets})
        assert (caught.value.system, caught.value.external_id, caught.value.field) == ("quotes", record.id, field)
        assert caught.value.hint
    assert system.requests["plans.write"] == 0


async def test_a_benefit_of_which_nothing_is_left_is_taken_out(firm, system):
    record_id = await system.create(PartCreate("plan", firm.group, (new(firm, benefits=BENEFITS),), "m-1"))
    record = await held(system, record_id)
    (variant,) = record.parts[0].data["benefits"]["variants"]
    fields = [{**field, "in_network": None} if field["code"] == "x_lab" else field for field in variant["fields"]]
    await write(system, record, benefits={"variants": [{**variant, "fields": fields}]})
    (after,) = (await held(system, record_id)).parts[0].data["benefits"]["variants"]
    assert [field["code"] for field in after["fields"]] == ["pcp_visit", "urgent_care"]
    (urgent,) = (field for field in after["fields"] if field["code"] == "urgent_care")
    assert urgent["in_network"]["text"] == "-"  # the contract wants something there


async def test_an_unknown_carrier_is_refused_before_anything_is_sent(firm, system):
    with pytest.raises(RefusedError, match="no carrier") as caught:
        await system.create(PartCreate("plan", firm.group, (new(firm, carrier="Nobody Mutual"),), "m-1"))
    assert caught.value.field == "details.carrier"
    assert system.requests["plans.create"] == 0


async def test_a_carrier_that_is_called_otherwise_elsewhere_is_found_by_its_id(firm):
    plain = firm.connect()
    carrier_id = (await held(plain, firm.plans[0])).parts[0].data["carrier_id"]
    system = firm.connect(carriers={"Elsewhere Inc.": carrier_id})
    assert (await held(system, firm.plans[0])).parts[0].data["carrier"] == "Elsewhere Inc."
    await system.create(PartCreate("plan", firm.group, (new(firm, carrier="Elsewhere Inc."),), "m-1"))
    await plain.aclose()
    await system.aclose()


# --- creating --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["plan", "group"])
async def test_a_create_whose_reply_is_lost_is_found_by_its_marker(firm, kind):
    """Also by the next process, which knows only what was remembered."""
    memory = Forgetful()
    system = firm.connect(state=memory)
    part = new(firm) if kind == "plan" else Part("group", "", {"name": "New group"})
    group = firm.group if kind == "plan" else None
    firm.door.fault("lost_reply", f"POST /v1/groups{'/{id}/plans' if kind == 'plan' else ''}", times=9)
    with pytest.raises(UnknownOutcomeError):
        await system.create(PartCreate(kind, group, (part,), "m-1"))
    assert system.requests[f"{kind}s.create"] == 1
    await system.aclose()
    firm.door.call("DELETE", "faults")
    again = firm.connect(state=memory)
    (found,) = await again.find_marked(kind, group, "m-1")
    assert await again.find_marked(kind, group, "m-2") == ()
    # The idempotency key is made from the marker: even a second attempt gives the same record.
    assert await again.create(PartCreate(kind, group, (part,), "m-1")) == found.id
    assert [record.id for record in await again.find_marked(kind, group, "m-1")] == [found.id]
    await again.aclose()


@pytest.mark.parametrize(("kind", "group"), [("generic", None), ("plan", None), ("group", "grp_1")])
async def test_what_cannot_be_created_is_refused(system, kind, group):
    with pytest.raises(RefusedError):
        await system.create(PartCreate(kind, group, (Part("plan", "", {}),), "m-1"))


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_gone_says_when_and_unknown_proves_nothing(firm, system):
    firm.door.delete("plan", firm.plans[0])
    answer = await system.read("plan", firm.plans[0])
    assert isinstance(answer, Gone)
    assert "2026-11-20T" in answer.evidence
    for unknown in ("pln_unknown", "..", "a/b", "%", ""):
        assert not isinstance(await _answer(system, unknown), Present | Gone), unknown
    assert isinstance(await system.read("generic", "x"), NotSeen)


async def _answer(system, record_id):
    try:
        return await system.read("plan", record_id)
    except TransientError as error:
        return error


@pytest.mark.parametrize("fault", ["truncated", "html_200", "reset", "status_502"])
async def test_a_listing_gets_over_a_passing_fault(firm, system, fault):
    firm.door.fault(fault, "GET /v1/plans")
    pages = await pages_of(system)
    assert pages[-1].last
    assert sorted(record.id for page in pages for record in page.records) == sorted(firm.plans)


async def test_a_record_says_when_it_was_changed(firm, system):
    record = await held(system, firm.plans[0])
    assert record.modified is not None
    assert record.group == firm.group
    assert record.parts[0].version


async def test_no_tax_id_is_ever_handed_over(firm, system):
    firm.door.edit("group", firm.group, {"tax_id": "12-3456789"})
    data = (await held(system, firm.group, "group")).parts[0].data
    assert "tax_id" not in data
    assert data["tax_id_last4"] == "6789"


# --- the directory ---------------------------------------------------------------------------------------------------


async def test_groups_are_found_by_part_of_their_name_and_by_number(firm, system):
    firm.door.edit("group", firm.groups[1], {"name": "Cobalt Tools"})
    found, as_of = await system.find_groups(name="balt to")
    assert [(account.id, account.name) for account in found] == [(firm.groups[1], "Cobalt Tools")]
    assert as_of.startswith("20")
    found, _ = await system.find_groups(number=firm.groups[2])
    assert [account.id for account in found] == [firm.groups[2]]
    assert (await system.find_groups(number="no-such"))[0] == ()
