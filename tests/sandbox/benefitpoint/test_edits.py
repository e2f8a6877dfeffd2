"""A person at the vendor's screens: also what the web service cannot write, and at the worst moment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.benefitpoint.conftest import BARE, DENTAL, GONE, HARBOR, LIFE, PPO_26, STD, Desk, rows, xml
from tests.sandbox.benefitpoint.test_reading import cells


async def contribution(desk: Desk, number: int) -> Any:
    return (await desk.ok("getContribution", xml("contributionID", number)))["contribution"]


async def rule(desk: Desk, number: int) -> Any:
    return (await desk.ok("getEligibilityRule", xml("eligibilityRuleID", number)))["eligibilityRule"]


async def test_a_plan_is_edited_by_path_and_stamped(desk: Desk):
    before = await desk.product()
    shown = await desk.edit("plan", PPO_26, {"policyNumber": "P-7", "planInfo.notes": "called", "renewalOn": None})
    assert (shown["policyNumber"], shown["planInfo"]["notes"]) == ("P-7", "called")
    after = await desk.product()
    assert (after["policyNumber"], after["planInfo"]["notes"], after.get("renewalOn")) == ("P-7", "called", None)
    assert after["planInfo"]["alternativePlanID"] == "AC-15"
    assert after["lastModifiedOn"] > before["lastModifiedOn"]


async def test_a_rate_that_was_handed_off_is_entered(desk: Desk):
    entered = {
        "productID": PPO_26,
        "description": "2027 rates",
        "schedule": "Schedule 4 Tier",
        "effectiveAsOf": "2027-01-01",
        "cells": {"Rate": {"EE Only": "655.25", "EE + Spouse": "1300"}},
        "basis": "Per employee per month",
    }
    number = (await desk.edit("rate", None, entered))["rateID"]
    assert number in await desk.rate_ids()
    rate = await desk.rate(number)
    assert cells(rate) == {"EE Only": "655.25", "EE + Spouse": "1300.0"}
    assert rows(rate["associatedBenefitSummaries"])[0]["productID"] == str(PPO_26)


async def test_a_cell_of_a_rate_is_changed_added_and_removed(desk: Desk):
    number = (await desk.rate_ids())[0]
    await desk.edit("rate", number, {"cells.Rate.EE Only": "613", "cells": {"Number of Lives": {"EE Only": 71}}})
    assert cells(await desk.rate(number)) == {"EE Only": "613.0", "EE + Family": "1837.2"}
    assert cells(await desk.rate(number), "Number of Lives") == {"EE Only": "71.0"}
    await desk.edit("rate", number, {"cells.Rate.EE + Family": None})
    assert cells(await desk.rate(number)) == {"EE Only": "613.0"}


async def test_a_rate_and_a_contribution_move_to_another_schedule(desk: Desk):
    """The old tiers go with their amounts: a tier that the new schedule lacks would be refused."""
    number = (await desk.rate_ids(DENTAL))[0]
    await desk.edit(
        "rate", number, {"schedule": "Schedule 4 Tier", "cells.Rate.EE + One": None, "cells.Rate.EE + Spouse": "61"}
    )
    assert cells(await desk.rate(number)) == {"EE Only": "30.0", "EE + Spouse": "61.0", "EE + Family": "90.0"}
    entered = {"productID": DENTAL, "amounts": {"EE Only": "20", "EE + Spouse": "30"}}
    made = (await desk.edit("contribution", None, entered))["contributionID"]
    await desk.edit("contribution", made, {"schedule": "EE Only", "amounts.EE + Spouse": None})
    assert (await contribution(desk, made))["contributionValues"]["dollarAmount"] == "20.0"


async def test_a_band_of_a_rate_is_changed_for_each_gender(desk: Desk):
    number = (await desk.rate_ids(LIFE))[0]
    label = "Rate per $1,000"
    await desk.edit("rate", number, {"cells": {label: {"Composite/20-24": "0.11", "Composite/20-24/female": "0.10"}}})
    rate = await desk.rate(number)
    values = [
        (value["ageBandGender"], value["valueNum"])
        for value in rate["rateFieldValues"]
        if value.get("ageBandIndex") == "2"
    ]
    assert values == [("maleOrAll", "0.11"), ("female", "0.1")]
    assert rate["ageBandedGenderSpecific"] == "true"


async def test_uneven_bands_are_told_year_by_year(desk: Desk):
    bands = {"Composite/0-29": "1.00", "Composite/30-34": "2.00", "Composite/35-36": "3.00", "Composite/37+": "4.00"}
    entered = {"productID": LIFE, "schedule": "Composite", "cells": {"Rate per $1,000": bands}}
    rate = await desk.rate((await desk.edit("rate", None, entered))["rateID"])
    assert (rate["ageBandedStartOn"], rate["ageBandedEndOn"], rate["ageBandedInterval"]) == ("29", "36", "1")
    assert list(cells(rate, "Rate per $1,000").values()) == ["1.0", *["2.0"] * 5, *["3.0"] * 2, "4.0"]


async def test_a_contribution_is_entered_changed_and_deleted(desk: Desk):
    entered = {
        "productID": DENTAL,
        "schedule": "Schedule 3 Tier",
        "contributionFrequency": "Monthly",
        "amounts": {"EE Only": "20.00", "EE + Family": {"percentOfPremium": "50"}},
    }
    number = (await desk.edit("contribution", None, entered))["contributionID"]
    values = (await contribution(desk, number))["contributionValues"]
    assert [(value.get("dollarAmount"), value.get("percentOfPremium")) for value in values] == [
        ("20.0", None),
        (None, "50.0"),
    ]
    await desk.edit("contribution", number, {"amounts.EE Only": "25", "amounts.EE + Family": None})
    assert (await contribution(desk, number))["contributionValues"]["dollarAmount"] == "25.0"
    await desk.edit("contribution", number, delete=True)
    assert await desk.fault("getContribution", xml("contributionID", number)) == ("soapenv:Server", GONE)


async def test_a_rule_is_entered_and_ties_what_is_of_its_plan(desk: Desk):
    rate = (await desk.rate_ids(DENTAL))[0]
    number = (await desk.edit("eligibility_rule", None, {"productID": DENTAL, "rateID": rate}))["eligibilityRuleID"]
    assert (await rule(desk, number))["rateID"] == str(rate)
    await desk.edit("eligibility_rule", number, {"standardWaitingPeriod": "None", "active": False})
    held = await rule(desk, number)
    assert (held["standardWaitingPeriod"], held["active"]) == ("None", "false")


async def test_a_summary_is_edited_and_a_plan_created_as_a_person_does(desk: Desk):
    held = await desk.summary()
    await desk.edit("benefit_summary", int(held["benefitSummaryID"]), {"description": "For everybody"})
    assert (await desk.summary())["description"] == "For everybody"
    copied = {name: value for name, value in (await desk.edit("plan", PPO_26, {})).items() if not name.endswith("On")}
    made = await desk.edit(
        "plan", None, {**copied, "productID": None, "name": "By hand", "effectiveAsOf": "2027-01-01"}
    )
    assert made["productID"] != PPO_26
    assert (await desk.product(made["productID"]))["name"] == "By hand"


@pytest.mark.parametrize(
    ("kind", "number", "changes", "says"),
    [
        ("payroll", 1, {}, "unknown kind"),
        ("plan", 1, {}, "no product 1"),
        ("plan", PPO_26, {"colour": "red"}, "no field 'colour'"),
        ("plan", PPO_26, {"lastModifiedOn": "2001-01-01"}, "no field 'lastModifiedOn'"),
        ("plan", PPO_26, {"productID": 5}, "no field 'productID'"),
        ("plan", PPO_26, {"effectiveAsOf": "1/1/2027"}, "expected a day such as"),
        ("plan", PPO_26, {"accountID": 1}, "no such account"),
        ("rate", None, {"productID": 1}, "no such product"),
        ("rate", None, {"productID": PPO_26, "schedule": "Seven"}, "unknown schedule"),
        ("rate", None, {"productID": PPO_26, "cells": {"Price": {"EE Only": "1"}}}, "unknown rate field 'Price'"),
        ("rate", None, {"productID": PPO_26, "cells": {"Rate": {"Everybody": "1"}}}, "unknown tier 'Everybody'"),
        ("rate", None, {"productID": PPO_26, "cells": {"Rate": {"EE Only": "much"}}}, "expected an amount"),
        ("rate", None, {"productID": PPO_26, "cells": {"Rate": {"EE Only": "NaN"}}}, "expected an amount"),
        ("rate", None, {"productID": PPO_26, "basis": "Per head"}, "basis is 'Per head'"),
        ("rate", None, {"productID": PPO_26, "rateTypeID": 1}, "has no rateTypeTierID"),
        (
            "rate",
            None,
            {"productID": LIFE, "schedule": "Composite", "cells": {"Rate": {"Composite/old": "1"}}},
            "no age band",
        ),
        ("contribution", None, {"productID": DENTAL, "amounts": {"EE + Cat": "1"}}, "unknown tier"),
        (
            "contribution",
            None,
            {"productID": DENTAL, "amounts": {"EE Only": {"euros": "1"}}},
            "expected one of dollarAmount",
        ),
        ("contribution", None, {"productID": DENTAL, "amounts": {"EE Only": "x"}}, "expected an amount"),
        ("contribution", None, {"productID": DENTAL, "rateTierScheduleID": 1}, "does not exist"),
        ("eligibility_rule", None, {"productID": DENTAL, "rateID": 1}, "is not one of plan"),
    ],
)
async def test_a_person_cannot_enter_nonsense(
    desk: Desk, kind: str, number: int | None, changes: dict[str, Any], says: str
):
    before = await desk.door("GET", "snapshot")
    body = {"kind": kind, "id": number, "set": changes}
    assert says in (await desk.door("POST", "edit", body, status=422))["error"]
    after = await desk.door("GET", "snapshot")
    assert after["tables"] == before["tables"]


@pytest.mark.parametrize(
    ("body", "named"), [({"kind": "plan", "idd": 1}, "idd"), ({"kind": "plan", "id": PPO_26, "set": [1]}, "set")]
)
async def test_an_edit_of_another_shape_is_refused(desk: Desk, body: dict[str, Any], named: str):
    """The refusal names the key, and nothing moves."""
    before = await desk.door("GET", "snapshot")
    assert named in str(await desk.door("POST", "edit", body, status=422))
    assert (await desk.door("GET", "snapshot"))["tables"] == before["tables"]


async def test_a_rate_needs_a_summary_to_belong_to(desk: Desk):
    summary = (await desk.summary(BARE))["benefitSummaryID"]
    await desk.edit("benefit_summary", int(summary), delete=True)
    body = {"kind": "rate", "set": {"productID": BARE}}
    assert "at least one benefit summary" in (await desk.door("POST", "edit", body, status=422))["error"]


# -- between reading and writing --------------------------------------------------------------------------------------


async def test_a_person_edits_right_after_the_record_was_read(desk: Desk):
    await desk.edit("plan", PPO_26, {"policyNumber": "P-dana"}, after="getProduct")
    assert "policyNumber" not in await desk.product(STD)
    assert "policyNumber" not in await desk.product(), "what was read is what was there"
    assert (await desk.product())["policyNumber"] == "P-dana"


async def test_once_and_only_for_that_call(desk: Desk):
    number = (await desk.rate_ids())[0]
    await desk.edit("rate", number, delete=True, after="getRate")
    await desk.product()
    assert number in await desk.rate_ids()
    assert (await desk.rate(number))["rateID"] == str(number)
    assert await desk.fault("getRate", xml("rateID", number)) == ("soapenv:Server", GONE)


async def test_an_edit_may_follow_the_reading_of_another_kind(desk: Desk):
    """The rate changes when the plan is read: `on` says which plan."""
    number = (await desk.rate_ids())[0]
    await desk.edit("rate", number, {"cells.Rate.EE Only": "1.00"}, after="getProduct", on=PPO_26)
    await desk.product()
    assert cells(await desk.rate(number))["EE Only"] == "1.0"


@pytest.mark.parametrize(
    ("after", "number", "changes", "says"),
    [
        ("findRates", PPO_26, {}, "one of get"),
        ("getProduct", 1, {}, "no product 1"),
        ("getProduct", PPO_26, {"colour": "red"}, "no field 'colour'"),
    ],
)
async def test_an_edit_to_come_is_checked_when_it_is_asked_for(
    desk: Desk, after: str, number: int, changes: dict[str, Any], says: str
):
    body = {"kind": "plan", "id": number, "set": changes, "after": after}
    assert says in (await desk.door("POST", "edit", body, status=422))["error"]
    assert (await desk.product())["name"] == "PPO 1500"


async def test_edits_to_come_are_forgotten_with_the_state(desk: Desk):
    await desk.edit("plan", PPO_26, {"policyNumber": "P-dana"}, after="getProduct")
    await desk.door("POST", "reset")
    await desk.login()
    await desk.product()
    assert "policyNumber" not in await desk.product()


# -- snapshots --------------------------------------------------------------------------------------------------------


async def test_a_snapshot_brings_everything_back(desk: Desk):
    await desk.switch(band_index_base=0, huge_accounts=2)
    await desk.edit("plan", PPO_26, {"policyNumber": "P-1"})
    held = await desk.door("GET", "snapshot")
    await desk.edit("plan", PPO_26, delete=True)
    await desk.door("POST", "reset")
    await desk.door("POST", "restore", held)
    await desk.login()
    assert (await desk.product())["policyNumber"] == "P-1"
    assert await desk.door("GET", "snapshot") == held


async def test_a_snapshot_is_apart_from_the_state(desk: Desk):
    before = desk.served.vendor.snapshot()
    grow = {"accountID": HARBOR, "teamMembers": [{"userID": 9003}]}
    await desk.done("updateTeamMembers", xml("teamUpdates", grow))
    team = [member["userID"] for member in before["tables"]["account"][str(HARBOR)]["_team"]]
    assert 9003 not in team


@pytest.mark.parametrize(
    "body", [{}, {"format": "benefitpoint-sandbox/1"}, {"format": "benefitpoint-sandbox/1", "tables": 1}]
)
async def test_what_is_no_snapshot_is_refused_and_changes_nothing(desk: Desk, body: dict[str, Any]):
    assert "not a snapshot" in (await desk.door("POST", "restore", body, status=422))["error"]
    assert len(await desk.products(HARBOR)) == 7


async def test_a_reset_ends_sessions_and_brings_the_seed_back(desk: Desk):
    await desk.edit("plan", PPO_26, delete=True)
    await desk.door("POST", "reset")
    assert (await desk.fault("findAccounts", "<criteria/>"))[1] == "The session is not valid or has expired."
    await desk.login()
    assert (await desk.product())["name"] == "PPO 1500"
