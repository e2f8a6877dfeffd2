"""Single lines on which much depends: what is sent to a vendor, and what its feed is asked for and believed.

Each test is red when its line is put wrong: a condition dropped, a comparison widened, a field let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from syncd.connectors.benefitpoint.feed import _known
from syncd.errors import RefusedError, StaleWriteError
from syncd.model.records import Part, PartWrite
from tests.connectors.benefitpoint_world import (
    ACCOUNT,
    CLASSES,
    OTHERS,
    QUOTED,
    TWICE,
    World,
    brokerage,
    held,
    parts,
    write,
)
from tests.connectors.test_perfectquote_parts import PLAN, system_of


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
async def crm(world):
    world.restore()
    made = world.connect()
    yield made
    await made.aclose()


def sent_by(system) -> list[tuple[str, dict[str, Any]]]:
    """Note what is asked of BenefitPoint from now on."""
    found: list[tuple[str, dict[str, Any]]] = []
    asked = system.client.call

    async def call(operation, **values):
        found.append((operation, values))
        return await asked(operation, **values)

    system.client.call = call
    return found


# --- PerfectQuote ----------------------------------------------------------------------------------------------------


async def test_a_record_is_ended_only_as_it_was_read():
    """The delete carries the revision that was read a moment ago; a record that moved since is not deleted."""
    asked = []

    def answer(request):
        asked.append((request.method, request.headers.get("if-match")))
        return (200, PLAN) if request.method == "GET" else (412, {"code": "stale"})

    with pytest.raises(StaleWriteError):
        await system_of(answer).end("plan", "pln_1")
    assert asked[-1] == ("DELETE", f'"{PLAN["rev"]}"')


@pytest.mark.parametrize("write", [True, False])
async def test_no_call_that_changes_a_record_is_without_its_revision(write):
    """Neither a patch nor a delete is ever sent for whatever revision there may be."""
    asked = []

    def answer(request):
        asked.append(request)
        return 200, PLAN

    system = system_of(answer)
    if write:
        part = Part("plan", "pln_1", {"name": "A"}, "7")
        await system.write(PartWrite("plan", "pln_1", part, {"name": "B"}))
    else:
        await system.end("plan", "pln_1")
    sent = [request for request in asked if request.method in ("PATCH", "DELETE")]
    assert [request.headers["if-match"] for request in sent] == ['"7"' if write else f'"{PLAN["rev"]}"']


async def test_a_record_that_is_gone_when_it_is_read_is_told_as_gone():
    """The feed says "updated", and by the time it is read the record was deleted: that is told at once."""

    def answer(request):
        if request.url.path.endswith("/changes"):
            event = {"seq": 6, "at": "2026-11-20T12:00:00Z", "type": "plan", "id": "pln_1", "op": "updated"}
            return 200, {"data": [event], "page": {"has_more": False, "last_seq": 6}}
        return 410, {"code": "gone", "deleted_at": "2026-11-20T12:00:01Z"}

    changes = await system_of(answer).changes("5")
    assert changes.records == ()
    assert changes.gone == {("plan", "pln_1"): "deleted in PerfectQuote at 2026-11-20T12:00:01Z"}


@pytest.mark.parametrize("total", [1, 199, 200, 201, 400, 401, 455])
async def test_no_event_is_skipped_between_pages(total):
    """Every event of a long feed is taken, those at the ends of its pages too."""

    def answer(request):
        if request.url.path.endswith("/changes"):
            after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
            seqs = range(after + 1, min(after + limit, total) + 1)
            events = [{"seq": seq, "type": "plan", "id": f"pln_{seq}", "op": "deleted", "at": "x"} for seq in seqs]
            return 200, {"data": events, "page": {"has_more": after + limit < total, "last_seq": total}}
        return 404, {"code": "not_found"}

    changes = await system_of(answer).changes("0")
    assert changes.position == str(total)
    assert {record_id for _, record_id in changes.gone} == {f"pln_{seq}" for seq in range(1, total + 1)}


# --- BenefitPoint: the feed ------------------------------------------------------------------------------------------

AT = datetime.fromisoformat("2026-11-20T12:00:00.000-08:00")


@pytest.mark.parametrize(
    ("seen", "after_s", "known"),
    [(True, -1, True), (True, 0, False), (True, 1, False), (False, -1, False), (False, 0, False)],
)
def test_an_entry_of_the_very_moment_of_the_last_look_may_stand_for_a_second_edit(seen, after_s, known):
    """Only what was seen, and is older than the last look, is known: stamps are not finer than edits."""
    stamp = (AT + timedelta(seconds=after_s)).isoformat()
    entry = {"entityType": "Product", "entityID": 7, "lastModifiedOn": stamp}
    assert _known(entry, {"Product 7": stamp} if seen else {}, AT) is known
    assert not _known(entry, {"Product 7": AT.isoformat() + "x"}, AT)
    gone = {"entityType": "Product", "entityID": 7, "deletedOn": stamp}
    assert not _known(gone, {"Product 7": stamp}, AT)


async def test_the_feed_is_asked_again_for_what_may_have_shown_late(world):
    """Each look goes back by the overlap, so that an edit that the list shows late is found; without one it is not."""
    found = {}
    for overlap in (0, 300):
        world.restore()
        world.switch(late_visibility_s=60.0)
        system = world.connect(overlap_s=overlap)
        await held(system, TWICE)
        world.door.edit("plan", TWICE, {"name": "Shown late"})
        world.door.call("POST", "clock", {"advance_s": 10})
        first = await system.changes(await system.position(), [ACCOUNT])
        world.door.call("POST", "clock", {"advance_s": 120})
        second = await system.changes(first.position, [ACCOUNT])
        found[overlap] = [record.id for record in (*first.records, *second.records)]
        await system.aclose()
    assert found == {0: [], 300: [TWICE]}


# --- BenefitPoint: what is written -----------------------------------------------------------------------------------


async def test_a_summary_of_another_plan_is_never_written(crm):
    """A part that names another plan's summary is refused, and nothing is sent."""
    theirs = parts(await held(crm, TWICE), "summary")[0]
    asked = sent_by(crm)
    with pytest.raises(RefusedError, match=f"belongs to plan {TWICE}"):
        await crm.write(PartWrite("plan", CLASSES, theirs, {**theirs.data, "description": "Ours"}))
    assert "updateBenefitSummary" not in [operation for operation, _ in asked]


@pytest.mark.parametrize("kind", ["rate", "contribution", "rule"])
async def test_no_part_without_a_call_is_written(crm, kind):
    """What V4 has no call for is refused before anything is sent."""
    (part, *_) = parts(await held(crm, CLASSES), kind)
    asked = sent_by(crm)
    with pytest.raises(RefusedError, match="no call that writes"):
        await crm.write(PartWrite("plan", CLASSES, part, {**part.data, "description": "Ours"}))
    assert asked == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("productID", int(QUOTED)),
        ("accountID", int(OTHERS[0])),
        ("productTypeID", 190),
        ("isAdditionalProduct", True),
        ("parentProductID", int(QUOTED)),
        ("productStatus", "Cancelled"),
        ("_type", {"line": "Dental/PPO"}),
    ],
)
async def test_what_is_fixed_once_a_plan_is_there_is_never_sent(crm, key, value):
    """Its id, account, type, kind and prior plan stay what they are: a change of them is refused by name."""
    record = await held(crm, TWICE)
    asked = sent_by(crm)
    with pytest.raises(RefusedError) as caught:
        await write(crm, record, record.parts[0], **{key: value})
    assert caught.value.field == ("productTypeID" if key == "_type" else key)
    assert "updateProduct" not in [operation for operation, _ in asked]


async def test_a_plan_goes_back_with_all_that_is_not_mapped(crm):
    """What the record holds and we leave out of its data (stamps, what nobody maps) is sent as it was just read."""
    record = await held(crm, TWICE)
    raw = await crm.plans.product(int(TWICE))
    asked = sent_by(crm)
    await write(crm, record, record.parts[0], policyNumber="P-9")
    (update,) = [values["update"] for operation, values in asked if operation == "updateProduct"]
    assert {key: value for key, value in update.items() if raw.get(key) != value} == {"policyNumber": "P-9"}
    assert raw.keys() <= update.keys()
    assert update["lastModifiedOn"] == raw["lastModifiedOn"]


async def test_a_summary_and_an_account_go_back_with_all_that_is_not_mapped(crm):
    """The same for the other calls that replace a whole object."""
    record, group = await held(crm, TWICE), await held(crm, ACCOUNT, "group")
    (part, *_) = parts(record, "summary")
    summary, account = await crm.plans.raw("summary", int(part.id)), await crm.accounts.raw(int(ACCOUNT))
    asked = sent_by(crm)
    await write(crm, record, part, description="Ours")
    await write(crm, group, group.parts[0], notes="Ours")
    sent = {operation: values for operation, values in asked if operation.startswith("update")}
    for operation, child, raw in (
        ("updateBenefitSummary", "benefitSummary", summary),
        ("updateAccount", "update", account),
    ):
        assert raw.keys() <= sent[operation][child].keys()
        assert sent[operation][child]["lastModifiedOn"] == raw["lastModifiedOn"]
