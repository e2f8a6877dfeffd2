"""What a plan, a group or a census may hold: one row for each rule of the contract, and what passes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.office import DENTAL, GROUP, MEDICAL, Office, contribution_set, plan_body, rate_set

EE, ES, EC1, EC, EF = (
    *("employee_only", "employee_spouse", "employee_child"),
    *("employee_children", "employee_family"),
)


def tiers(*names: str) -> dict[str, Any]:
    return {"rates": {"sets": [rate_set(tiers=[{"tier": name, "rate": "500.00"} for name in names])]}}


def rates(*sets: dict[str, Any]) -> dict[str, Any]:
    return {"rates": {"sets": list(sets)}}


def ages(*bands: tuple[int, int], **more: Any) -> dict[str, Any]:
    held = [{"age_from": first, "age_to": last, "rate": "1", **more} for first, last in bands]
    return rates(rate_set(rate_type="age_rated", tiers=None, ages=held))


def unit(**fields: Any) -> dict[str, Any]:
    return rates(rate_set(rate_type="unit", tiers=None, unit={"per": 1000, "volume_basis": "benefit", **fields}))


def paid(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**rates(rate_set()), "contributions": {"sets": [contribution_set(*entries, **fields)]}}


def benefit(value: dict[str, Any], code: str = "preventive") -> dict[str, Any]:
    field = {"code": code, "label": "x", "in_network": value}
    return {"benefits": {"variants": [{"fields": [field]}]}}


PAID = "/contributions/sets/0/entries/0"
VALUE = "/benefits/variants/0/fields/0"
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # single fields
    ("no name", {"name": ""}, "/name", "invalid_value"),
    ("a long name", {"name": "x" * 201}, "/name", "invalid_value"),
    ("an unknown plan type", {"plan_type": "pets"}, "/plan_type", "invalid_value"),
    ("other without a word", {"plan_type": "other"}, "/other_type", "invalid_value"),
    ("a time for a date", {"effective_date": "2027-01-01T00:00:00Z"}, "/effective_date", "invalid_value"),
    ("a day that never is", {"effective_date": "2027-02-30"}, "/effective_date", "invalid_value"),
    ("an end before the start", {"end_date": "2026-12-31"}, "/end_date", "invalid_value"),
    ("a long guarantee", {"rate_guarantee_months": 61}, "/rate_guarantee_months", "invalid_value"),
    ("a flag in words", {"hsa_eligible": "yes"}, "/hsa_eligible", "invalid_value"),
    ("a state in words", {"states": ["Michigan"]}, "/states/0", "invalid_value"),
    ("hours in words", {"eligibility": {"min_hours": "30"}}, "/eligibility/min_hours", "invalid_value"),
    (
        "days and months",
        {"eligibility": {"waiting": {"kind": "first_of_month_after", "days": 30, "months": 1}}},
        "/eligibility/waiting",
        "one_of",
    ),
    (
        "no waiting for 30 days",
        {"eligibility": {"waiting": {"kind": "none", "days": 30}}},
        "/eligibility/waiting",
        "one_of",
    ),
    ("a rev of one's own", {"rev": 7}, "/rev", "unknown_field"),
    ("an unknown field in depth", {"eligibility": {"hours": 3}}, "/eligibility/hours", "unknown_field"),
    ("a stage by hand", {"stage": "confirmed"}, "/stage", "unknown_field"),
    ("a prior plan of nobody", {"prior_plan_id": "pln_none"}, "/prior_plan_id", "invalid_value"),
    ("a prior plan of another group", {"prior_plan_id": "pln_vision"}, "/prior_plan_id", "invalid_value"),
    ("a prior plan of another type", {"prior_plan_id": DENTAL}, "/prior_plan_id", "type_mismatch"),
    # benefits
    ("a code of another type", benefit({"kind": "none"}, "ortho_max"), f"{VALUE}/code", "invalid_value"),
    ("money without amount", benefit({"kind": "money"}), f"{VALUE}/in_network/amount", "invalid_value"),
    ("money with a sign", benefit({"kind": "money", "amount": "$5"}), f"{VALUE}/in_network/amount", "invalid_value"),
    ("more than all", benefit({"kind": "percent", "amount": "101"}), f"{VALUE}/in_network/amount", "invalid_value"),
    ("unlimited money", benefit({"kind": "unlimited", "amount": "5"}), f"{VALUE}/in_network/amount", "one_of"),
    ("text without text", benefit({"kind": "text"}), f"{VALUE}/in_network/text", "invalid_value"),
    # rates
    (
        "a rate as a number",
        tiers(EE) | rates(rate_set(tiers=[{"tier": EE, "rate": 5}])),
        "/rates/sets/0/tiers/0/rate",
        "invalid_value",
    ),
    (
        "five decimals",
        rates(rate_set(tiers=[{"tier": EE, "rate": "1.23456"}])),
        "/rates/sets/0/tiers/0/rate",
        "invalid_value",
    ),
    ("no employee tier", tiers(ES, EF), "/rates/sets/0/tiers", "tier_mismatch"),
    ("a tier twice", tiers(EE, EE), "/rates/sets/0/tiers", "tier_mismatch"),
    ("three tiers with children", tiers(EE, EC, EF), "/rates/sets/0/tiers", "tier_mismatch"),
    ("four tiers with one child", tiers(EE, ES, EC1, EF), "/rates/sets/0/tiers", "tier_mismatch"),
    (
        "tiers and ages",
        rates(rate_set(ages=[{"age_from": 0, "age_to": 9, "rate": "1"}])),
        "/rates/sets/0/ages",
        "one_of",
    ),
    ("composite without tiers", rates(rate_set(tiers=None)), "/rates/sets/0/tiers", "one_of"),
    ("a gap of ages", ages((0, 20), (22, 120)), "/rates/sets/0/ages", "invalid_value"),
    ("ages that overlap", ages((0, 20), (20, 120)), "/rates/sets/0/ages", "invalid_value"),
    ("ages backwards", ages((30, 20)), "/rates/sets/0/ages/0/age_to", "invalid_value"),
    ("a unit without a rate", unit(), "/rates/sets/0/unit", "one_of"),
    ("a unit of 7", unit(per=7, rate="1"), "/rates/sets/0/unit/per", "invalid_value"),
    (
        "two prices of one class on one day",
        rates(rate_set(expiration_date="2027-12-31"), rate_set(effective_date="2027-07-01")),
        "/rates/sets/1/effective_date",
        "invalid_value",
    ),
    (
        "an end before the start",
        rates(rate_set(expiration_date="2026-12-31")),
        "/rates/sets/0/expiration_date",
        "invalid_value",
    ),
    ("a summary of nobody", rates(rate_set(benefits_ref="bv_none")), "/rates/sets/0/benefits_ref", "invalid_value"),
    ("an id twice", rates(rate_set(id="a"), rate_set(id="a", class_ref="b")), "/rates/sets/1/id", "invalid_value"),
    # contributions
    ("no value", paid({"tier": EE}), PAID, "one_of"),
    ("two values", paid({"tier": EE, "amount": "1", "percent": "1"}), PAID, "one_of"),
    ("tier and part", paid({"tier": EE, "part": "employee", "amount": "1"}), PAID, "one_of"),
    ("a part by tier", paid({"part": "employee", "amount": "1"}), f"{PAID}/part", "one_of"),
    ("a tier by part", paid({"tier": EE, "amount": "1"}, basis="employee_dependent"), f"{PAID}/tier", "one_of"),
    ("more than all", paid({"tier": EE, "percent": "100.01"}), f"{PAID}/percent", "invalid_value"),
    ("a tier without a price", paid({"tier": ES, "amount": "1"}), f"{PAID}/tier", "tier_mismatch"),
    ("more than the premium", paid({"tier": EE, "amount": "500.01"}), f"{PAID}/amount", "contribution_exceeds_premium"),
    (
        "more than the premium, by the week",
        paid({"tier": EE, "amount": "115.40"}, frequency="weekly"),
        f"{PAID}/amount",
        "contribution_exceeds_premium",
    ),
    (
        "a buy-up without base",
        paid({"tier": EE, "amount": "1"}, basis="base_plan"),
        "/contributions/sets/0/base_plan_id",
        "invalid_value",
    ),
    (
        "a buy-up over another type",
        paid({"tier": EE, "amount": "1"}, basis="base_plan", base_plan_id=DENTAL),
        "/contributions/sets/0/base_plan_id",
        "type_mismatch",
    ),
    (
        "an unknown share",
        paid({"tier": EE, "amount": "1"}, perspective="total"),
        "/contributions/sets/0/perspective",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(("why", "fields", "pointer", "code"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_a_plan_that_breaks_a_rule_is_refused_whole(office: Office, why, fields, pointer, code) -> None:
    answer = await office("POST", f"/groups/{GROUP}/plans", plan_body(**fields))
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}, answer.text
    assert len((await office.ok("GET", f"/groups/{GROUP}/plans"))["data"]) == 3


TAKEN: list[tuple[str, dict[str, Any]]] = [
    *((f"{len(names)} tiers", tiers(*names)) for names in ((EE,), (EE, EF), (EE, ES, EF), (EE, ES, EC, EF))),
    ("5 tiers", tiers(EE, ES, EC1, EC, EF)),
    ("prices by age", ages((0, 20), (21, 120))),
    ("prices by age, one for women alone", ages((21, 120), gender="f")),
    ("a price per thousand", unit(rate="0.0430")),
    ("a price per thousand by age", unit(age_bands=[{"age_from": 0, "age_to": 120, "rate": "0.043"}])),
    ("two classes on one day", rates(rate_set(class_ref="hourly"), rate_set(class_ref="salaried"))),
    ("a second price that is not primary", rates(rate_set(), rate_set(primary=False))),
    (
        "prices that follow each other",
        rates(rate_set(expiration_date="2027-06-30"), rate_set(effective_date="2027-07-01")),
    ),
    ("the whole premium", paid({"tier": EE, "amount": "500.00"})),
    ("the whole premium by the week, rounded up", paid({"tier": EE, "amount": "115.3847"}, frequency="weekly")),
    ("zero, which is not absent", paid({"tier": EE, "amount": "0"})),
    ("kinds that mix", paid({"tier": EE, "percent": "100"}, {"tier": EF, "defined_amount": "700"})),
    ("a share per pay cycle, which has no length", paid({"tier": EE, "amount": "9999"}, frequency="per_pay_cycle")),
    ("an employee's share above the premium", paid({"tier": EE, "amount": "9999"}, perspective="employee")),
    (
        "shares by part",
        paid({"part": "employee", "percent": "80"}, {"part": "dependent", "percent": "50"}, basis="employee_dependent"),
    ),
    ("a buy-up", paid({"tier": EE, "amount": "1"}, basis="base_plan", base_plan_id=MEDICAL)),
    ("a code of one's own", benefit({"kind": "copay", "amount": "30", "after_deductible": True}, "x_acupuncture")),
    ("another kind of plan", {"plan_type": "other", "other_type": "Legal"}),
    ("a marker", {"external_ids": {"syncd": "link-1"}}),
    ("a renewal", {"prior_plan_id": MEDICAL, "origination": "renewal"}),
]


@pytest.mark.parametrize(("why", "fields"), TAKEN, ids=[row[0] for row in TAKEN])
async def test_a_plan_that_keeps_the_rules_is_taken_as_sent(office: Office, why: str, fields: dict[str, Any]) -> None:
    sent = plan_body(**fields)
    made = await office.ok("POST", f"/groups/{GROUP}/plans", sent)
    assert held(sent, made) == sent
    assert await office.ok("GET", f"/plans/{made['id']}") == made


def held(sent: Any, made: Any) -> Any:
    """Give of an answer what was sent."""
    if isinstance(sent, dict):
        return {name: held(value, made[name]) for name, value in sent.items()}
    if isinstance(sent, list):
        return [held(value, one) for value, one in zip(sent, made, strict=True)]
    return made


async def test_a_block_is_judged_together_with_the_rest_of_its_plan(office: Office) -> None:
    """A share of a tier that the new prices lack is refused, with a pointer outside of the block that was sent."""
    shares = {"sets": [contribution_set({"tier": EF, "amount": "9"}, effective_date="2026-01-01")]}
    await office.ok("PUT", f"/plans/{MEDICAL}/contributions", shares, If_Match='"1"')
    single = {"sets": [rate_set(effective_date="2026-01-01", tiers=[{"tier": EE, "rate": "5"}])]}
    answer = await office("PUT", f"/plans/{MEDICAL}/rates", single, If_Match='"2"')
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"{PAID}/tier"]
    both = {"rates": single, "contributions": {"sets": []}}
    await office.ok("PATCH", f"/plans/{MEDICAL}", both, If_Match='"2"')


async def test_a_patch_merges_objects_and_replaces_arrays(office: Office) -> None:
    """RFC 7396: null takes a field away, a missing one stays."""
    made = await office.ok(
        "POST",
        f"/groups/{GROUP}/plans",
        plan_body(network="Wide", states=["MI", "OH"], external_ids={"a": "1", "b": "2"}),
    )
    patch = {"network": None, "states": ["MI"], "external_ids": {"a": None, "c": "3"}}
    after = await office.ok("PATCH", f"/plans/{made['id']}", patch, If_Match='"1"')
    assert (after["network"], after["states"], after["external_ids"]) == (None, ["MI"], {"b": "2", "c": "3"})
    assert after["name"] == made["name"]


async def test_a_plan_sent_back_as_it_was_read_is_right(office: Office) -> None:
    """Read-only fields that say what the record says are no error; others are."""
    plan = await office.ok("GET", f"/plans/{MEDICAL}")
    after = await office.ok("PUT", f"/plans/{MEDICAL}", {**plan, "notes": "seen"}, If_Match='"1"')
    assert (after["notes"], after["rates"]) == ("seen", plan["rates"])
    assert await office.code("PUT", f"/plans/{MEDICAL}", {**plan, "stage": "confirmed"}, If_Match='"2"') == (
        422,
        "invalid_value",
    )


async def test_a_put_without_blocks_leaves_them(office: Office) -> None:
    plan = await office.ok("GET", f"/plans/{MEDICAL}")
    after = await office.ok("PUT", f"/plans/{MEDICAL}", plan_body(), If_Match='"1"')
    assert (after["name"], after["rates"]) == ("Gold", plan["rates"])


async def test_an_estimate_follows_from_who_is_enrolled(office: Office) -> None:
    enrolled = [{"tier": EE, "rate": "100.00", "enrolled": 3}, {"tier": EF, "rate": "250.50", "enrolled": 2}]
    made = await office.ok(
        "POST", f"/groups/{GROUP}/plans", plan_body(**rates(rate_set(tiers=enrolled, frequency="quarterly")))
    )
    assert made["rates"]["sets"][0]["estimated_monthly_premium"] == "267.00"


async def test_a_vendor_that_pads_amounts_changes_the_text_not_the_value(office: Office) -> None:
    await office.door("POST", "switches", {"pad_money": True})
    made = await office.ok("POST", f"/groups/{GROUP}/plans", plan_body(**rates(rate_set())))
    assert made["rates"]["sets"][0]["tiers"][0]["rate"] == "500.0000"


async def test_a_group_holds_500_plans_at_most(office: Office) -> None:
    assert office.vendor.switches["plans_per_group"] == 500
    await office.door("POST", "switches", {"plans_per_group": 3})
    assert await office.code("POST", f"/groups/{GROUP}/plans", plan_body()) == (422, "invalid_value")


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"name": None}, "/name", "invalid_value"),
        ({"tax_id": "123456789"}, "/tax_id", "invalid_value"),
        ({"address": {"zip": "4810"}}, "/address/zip", "invalid_value"),
        ({"eligible_count": -1}, "/eligible_count", "invalid_value"),
        ({"owner_user_id": "usr_none"}, "/owner_user_id", "invalid_value"),
        ({"bp_account": {"account_id": "7"}}, "/bp_account", "invalid_value"),
        ({"workflow": {"status": "confirmed", "late": False}, "id": "grp_x"}, "/id", "invalid_value"),
        ({"colour": 1}, "/colour", "unknown_field"),
    ],
)
async def test_a_group_keeps_rules_too(office: Office, fields, pointer, code) -> None:
    answer = await office("PATCH", f"/groups/{GROUP}", fields, If_Match='"1"')
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


async def test_a_census_has_no_place_for_a_social_security_number(office: Office) -> None:
    member = {"ref": "1", "birth_date": "1980-02-03", "zip": "48104", "tier": EE, "class": "hourly"}
    made = await office.ok("POST", f"/groups/{GROUP}/censuses", {"members": [member]})
    read = await office.ok("GET", f"/groups/{GROUP}/censuses/{made['id']}")
    assert read["members"] == [{**member, "gender": None, "tobacco": None}]
    assert (await office.ok("GET", f"/groups/{GROUP}/censuses"))["data"][0]["members"] is None
    answer = await office("POST", f"/groups/{GROUP}/censuses", {"members": [{**member, "ssn": "123-45-6789"}]})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/members/0/ssn", "unknown_field")
    ]
