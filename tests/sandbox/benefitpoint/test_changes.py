"""findChanges, the server's clock, and the switches of time."""

from __future__ import annotations

import pytest

from tests.sandbox.benefitpoint.conftest import COBRA, GONE, HARBOR, ORCHARD, PPO_26, Desk, rows, xml

NOW = "2026-11-20T04:00:00.000-08:00"


def told(changes: dict, part: str = "modifications") -> list[tuple[str, str]]:
    """Give (type, id) of what was told."""
    return [(item["entityType"], item["entityID"]) for item in rows(changes.get(part))]


async def test_nothing_changed_is_only_the_time_at_which_was_asked(desk: Desk):
    assert await desk.changes() == {"processStartedOn": NOW}


async def test_a_change_is_told_with_the_stamp_that_the_record_has(desk: Desk):
    await desk.done("updateProduct", xml("update", await desk.product()))
    changes = await desk.changes("2026-11-20T03:00:00.000-08:00")
    assert told(changes) == [("Product", str(PPO_26))]
    assert changes["modifications"]["lastModifiedOn"] == (await desk.product())["lastModifiedOn"] == NOW


async def test_since_is_inclusive_and_an_instant_in_any_zone(desk: Desk):
    await desk.done("updateProduct", xml("update", await desk.product()))
    assert told(await desk.changes("2026-11-20T12:00:00.000Z")) == [("Product", str(PPO_26))]
    assert told(await desk.changes("2026-11-20T12:00:00.001Z")) == []


async def test_only_what_the_contract_names_is_tracked(desk: Desk):
    """An edit of a contribution or a rule is told nowhere; of a rate and a summary it is."""
    state = (await desk.door("GET", "snapshot"))["tables"]
    for kind in ("contribution", "eligibility_rule", "rate", "benefit_summary", "contact", "user", "account"):
        await desk.edit(kind, int(next(iter(state[kind]))), {})
    assert sorted({kind for kind, _ in told(await desk.changes())}) == [
        *("Account", "Account_Contact", "Benefit_Summary", "Rate", "User"),
    ]


async def test_only_the_asked_types_are_told(desk: Desk):
    await desk.edit("plan", PPO_26, {})
    await desk.edit("group", HARBOR, {})
    assert told(await desk.changes(None, "Account", "Payee")) == [("Account", str(HARBOR))]


async def test_a_deletion_is_told_with_everything_below_it(desk: Desk):
    rates = await desk.rate_ids()
    await desk.edit("plan", PPO_26, delete=True)
    deletions = told(await desk.changes(), "deletions")
    assert ("Product", str(PPO_26)) in deletions
    assert {("Rate", str(rate)) for rate in rates} <= set(deletions)
    assert {kind for kind, _ in deletions} == {"Product", "Rate", "Benefit_Summary"}
    assert await desk.fault("getRate", xml("rateID", rates[0])) == ("soapenv:Server", GONE)
    assert str(PPO_26) not in {item["productID"] for item in await desk.products()}


async def test_what_the_user_may_not_see_is_not_told(desk: Desk):
    await desk.edit("group", ORCHARD, {})
    await desk.edit("plan", PPO_26, {})
    await desk.switch(rights__office="Sample Office South")
    assert told(await desk.changes()) == [("Account", str(ORCHARD))]


async def test_further_back_than_thirty_days_is_a_fault_or_cut_without_a_word(desk: Desk):
    since = "2026-10-20T12:00:00.000Z"
    await desk.edit("plan", COBRA, {})
    desk.clock.advance(31 * 86400)
    await desk.login()
    await desk.edit("plan", PPO_26, {})
    code, text = await desk.fault("findChanges", xml("criteria", {"sinceLastModifiedOn": since}))
    assert (code, "30 days" in text) == ("soapenv:Client", True)
    await desk.switch(thirty_days="cut")
    assert told(await desk.changes(since)) == [("Product", str(PPO_26))]
    assert told(await desk.changes()) == [("Product", str(PPO_26))]


async def test_a_change_may_be_told_late_though_the_record_has_it(desk: Desk):
    await desk.switch(late_visibility_s=20)
    await desk.done("updateProduct", xml("update", await desk.product()))
    since = {"sinceLastModifiedOn": "2026-11-20T12:00:00.000Z"}
    assert (await desk.product())["lastModifiedOn"] == NOW
    assert (told(await desk.changes()), await desk.products(HARBOR, **since)) == ([], [])
    desk.clock.advance(19)
    assert told(await desk.changes()) == []
    desk.clock.advance(1)
    assert told(await desk.changes()) == [("Product", str(PPO_26))]
    assert len(await desk.products(HARBOR, **since)) == 1


async def test_stamps_may_be_equal(desk: Desk):
    await desk.switch(equal_stamps=True)
    desk.clock.advance(61)
    await desk.edit("plan", PPO_26, {})
    desk.clock.advance(30)
    await desk.edit("plan", COBRA, {})
    changes = await desk.changes()
    assert {item["lastModifiedOn"] for item in changes["modifications"]} == {"2026-11-20T04:01:00.000-08:00"}


async def test_the_servers_clock_may_be_wrong(desk: Desk):
    await desk.switch(clock_offset_s=-90.5)
    await desk.edit("plan", PPO_26, {})
    changes = await desk.changes()
    assert changes["processStartedOn"] == changes["modifications"]["lastModifiedOn"] == "2026-11-20T03:58:29.500-08:00"


@pytest.mark.parametrize(("stamped", "kinds"), [(False, ["Rate"]), (True, ["Product", "Rate"])])
async def test_a_part_stamps_its_plan_only_where_that_is_so(desk: Desk, stamped: bool, kinds: list[str]):
    await desk.switch(child_change_stamps_product=stamped)
    await desk.edit("rate", (await desk.rate_ids())[0], {"additionalInfo": "seen"})
    assert sorted(kind for kind, _ in told(await desk.changes())) == kinds


async def test_notes_are_found_by_their_time_too(desk: Desk):
    subject = (await desk.ok("getActivityLogSubjects"))["subjects"][0]["subjectID"]
    await desk.edit("activity_log", None, {"accountID": HARBOR, "subjectID": int(subject), "shortDescription": "call"})
    for since, count in (("2026-11-20T12:00:00Z", 1), ("2026-11-20T12:00:01Z", 0)):
        found = await desk.ok(
            "findActivityLogRecords", xml("criteria", {"accountID": HARBOR, "sinceLastModifiedOn": since})
        )
        assert len(rows(found and found["summaries"])) == count
