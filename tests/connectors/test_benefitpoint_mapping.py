"""The shipped mapping of BenefitPoint on live records: what is named, what comes back, what V4 leaves to people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from syncd.connectors.benefitpoint.parts import product
from syncd.connectors.benefitpoint.parts.binding import Binding
from syncd.connectors.benefitpoint.parts.product import type_word
from syncd.connectors.benefitpoint.parts.rule import joined_classes
from syncd.mapping.load import load_mapping
from syncd.model.field_table import LINES
from syncd.model.fields import value_from_text
from syncd.model.records import Part, PartCreate, PartWrite, Record
from syncd.model.values import EMPTY, Unparsed
from tests.connectors.benefitpoint_world import ACCOUNT, CLASSES, QUOTED, World, brokerage, held, parts
from tests.connectors.test_benefitpoint import PAID_BY

PLAN = load_mapping("benefitpoint").lens("plan")
SERVED_LINES = {
    "Accidental_Death_and_Dismemberment", "Additional_Product", "Business_Travel_Accident", "Dental",
    "Employee_Assistance_Program", "Life", "Life_and_Accidental_Death_and_Dismemberment", "Limited_Benefit_Products",
    "Long_Term_Disability", "Medical", "Retirement_Products", "Section_125", "Short_Term_Disability", "Stop_Loss",
    "Vision", "Voluntary_Accidental_Death_and_Dismemberment", "Voluntary_Life", "Work_Life",
}  # fmt: skip
"""The vendor's eighteen lines of coverage."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
async def system(world):
    world.restore()
    made = world.connect()
    await made.settle(ACCOUNT, PAID_BY)
    yield made
    await made.aclose()


def typed(word, name="A type", **more):
    data = {"_type": {"line": word, "name": name, **more}}
    return PLAN.get(Record("plan", "1", (Part("product", "1", data),)))


# --- lines and types -------------------------------------------------------------------------------------------------


def words_of(path):
    options = PLAN.rows[path].context.options
    also = [word for words in options["also"].values() for word in words]
    return [*options["values"].values(), *also]


def test_twenty_four_types_and_all_eighteen_lines_are_named():
    named = {word for word in (*words_of("details.line"), *words_of("details.plan_type")) if not word.endswith("*")}
    assert len({word for word in named if "/" in word}) >= 24
    assert {word.partition("/")[0] for word in words_of("details.line")} == SERVED_LINES
    assert set(PLAN.rows["details.line"].context.options["values"]) <= set(LINES)


@pytest.mark.parametrize("line", sorted(SERVED_LINES))
def test_a_type_that_nobody_named_stands_under_its_line_and_keeps_its_name(line):
    flat = typed(f"{line}/Something New", "Something New - Special")
    assert not isinstance(flat["details.line"], Unparsed)
    assert flat["details.line"] is not EMPTY
    assert flat["details.other_type"] == "Something New - Special"


async def test_every_type_that_is_served_has_a_line_and_its_own_name_where_no_design_says_it(system):
    kinds = (await system.structures.product_types()).values()
    assert {kind["lineOfCoverage"] for kind in kinds} == SERVED_LINES
    for kind in kinds:
        word, design = type_word(kind), {"plan": type_word(kind)}
        flat = typed(
            word, kind["longDescription"], **(design if kind["lineOfCoverage"] in ("Medical", "Dental") else {})
        )
        assert flat["details.line"] in LINES, word
        assert not isinstance(flat["details.plan_type"], Unparsed), word


@pytest.mark.parametrize(
    ("word", "line", "design"),
    [
        ("Medical/PPO", "medical", "ppo"),
        ("Medical/CDHP", "medical", "hdhp"),
        ("Medical/Level Funded", "medical", "other"),
        ("Medical/Prescription", "prescription", EMPTY),
        ("Dental/DPPO", "dental", "dppo"),
        ("Dental/PPO", "dental", "dppo"),
        ("Dental/Prepaid", "dental", "dhmo"),
    ],
)
def test_a_design_is_told_by_line_and_name(word, line, design):
    flat = typed(word, plan=word)
    assert (flat["details.line"], flat["details.plan_type"]) == (line, design)


# --- what comes back -------------------------------------------------------------------------------------------------

NEW = {
    "details.name": "Gold PPO 1500",
    "details.line": "medical",
    "details.plan_type": "ppo",
    "details.carrier": "Kaiser Permanente - Northwest",
    "details.policy_number": "TBD",
    "details.effective_date": "2027-01-01",
    "details.renewal_date": "2028-01-01",
    "details.origination": "new",
    "details.voluntary": "false",
    "details.metal": "gold",
    "details.market": "small_group",
    "details.notes": "Quoted in November.",
    "details.network": "Choice Plus",
    "benefits.deductible.individual.in_network": "$1,500",
    "benefits.deductible.individual.out_of_network": "$3,000",
    "benefits.coinsurance.in_network": "20% after deductible",
    "benefits.primary_care.in_network": "$25 copay",
    "benefits.emergency_room.in_network": "$250 copay after deductible",
    "benefits.rx_generic.in_network": "$10",
    "benefits.embedded_deductible": "true",
}
NOT_CARRIED = {"benefits.dental_preventive.in_network": "0%", "benefits.elimination_period": "90 days"}


async def test_a_plan_made_from_canonical_values_reads_back_as_they_were(system):
    wanted = {path: value_from_text(path, text) for path, text in {**NEW, **NOT_CARRIED}.items()}
    putting = PLAN.new(wanted)
    assert putting.losses == {}
    made = await system.create(PartCreate("plan", ACCOUNT, putting.parts, "syncd:l1:crm"))
    flat = PLAN.get(await held(system, made))
    assert {path: flat[path] for path in NEW} == {path: wanted[path] for path in NEW}
    assert not NOT_CARRIED.keys() & flat.keys()  # the type has no such attributes, which is not the same as empty


async def test_every_edit_of_a_plan_reads_back(system):
    record = await held(system, CLASSES)
    texts = {path: text for path, text in NEW.items() if PLAN.unwritable(path) is None}
    edits = {path: value_from_text(path, text) for path, text in texts.items()} | {
        "details.effective_date": date(2026, 2, 1),
        "details.renewal_date": date(2027, 2, 1),
        "details.cancellation_date": date(2027, 1, 31),
        "details.cancellation_reason": "Changed_Carriers",
    }
    putting = PLAN.put(record, edits)
    assert putting.losses == {}
    for part in putting.parts:
        before = next(one for one in record.parts if (one.kind, one.id) == (part.kind, part.id))
        await system.write(PartWrite("plan", CLASSES, before, part.data))
    flat = PLAN.get(await held(system, CLASSES))
    assert {path: flat[path] for path in edits} == edits


async def test_a_second_summary_is_a_variant_of_its_own(world, system):
    record = await held(system, QUOTED)
    (first,) = parts(record, "summary")
    deductible = next(path for path in PLAN.get(record) if path.startswith("benefits.deductible.individual"))
    variant = deductible.replace("benefits.", "benefits[Executives].")
    (part,) = PLAN.put(record, {variant: value_from_text(variant, "$500")}).parts
    assert (part.kind, part.id) == ("summary", "")
    await system.write(PartWrite("plan", QUOTED, Part("summary", "", {}), part.data))
    flat = PLAN.get(again := await held(system, QUOTED))
    assert flat[variant] == value_from_text(variant, "$500")
    assert flat[deductible] == PLAN.get(record)[deductible]
    assert parts(again, "summary")[0].id == first.id


# --- what V4 leaves to people ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("rates[2026-01-01].ee", "no call that writes rates"),
        ("contributions[2026-01-01].ee", "no call that writes contributions"),
        ("eligibility.waiting_period", "no call that writes eligibility rules"),
        ("details.funding", "no call that writes rates"),
        ("details.status", "derives it"),
    ],
)
def test_what_v4_cannot_write_says_why(path, why):
    assert PLAN.carries(path)
    assert why in PLAN.unwritable(path)


async def test_a_value_that_a_person_entered_is_read(world, system):
    """This is how a hand-off is settled: somebody types it into BenefitPoint."""
    record = await held(system, CLASSES)
    contribution = parts(record, "contribution")[0]
    world.door.edit("contribution", contribution.id, {"contributionFrequency": "Bi_Monthly"})
    flat = PLAN.get(await held(system, CLASSES))
    assert "every_two_months_6" in {value for path, value in flat.items() if path.endswith(".frequency")}


@pytest.mark.parametrize(
    ("line", "name", "flag", "wanted"),
    [
        ("Short_Term_Disability", "STD", True, "voluntary_std"),
        ("Short_Term_Disability", "STD", False, "std"),
        ("Short_Term_Disability", "Vol STD", False, "voluntary_std"),
        ("Long_Term_Disability", "LTD", True, "voluntary_ltd"),
        ("Long_Term_Disability", "Vol LTD", True, "voluntary_ltd"),
        ("Vision", "Vision", True, "vision"),
    ],
)
def test_a_disability_plan_flagged_as_voluntary_is_one_whichever_type_it_was_given(line, name, flag, wanted):
    kind = {"lineOfCoverage": line, "shortDescription": name, "longDescription": name}
    data = product.annotated({"name": "n", "voluntaryProduct": flag}, kind, "Acme")
    assert PLAN.get(Record("plan", "1", (Part("product", "1", data),)))["details.line"] == wanted


def test_a_carrier_that_is_to_be_determined_is_no_carrier():
    """BenefitPoint has no plan without a carrier, so this entry of the list stands for none."""
    for name, wanted in (("To Be Determined", EMPTY), ("Acme Life", "Acme Life")):
        data = product.annotated({"name": "n"}, {"lineOfCoverage": "Vision", "shortDescription": "Vision"}, name)
        assert PLAN.get(Record("plan", "1", (Part("product", "1", data),)))["details.carrier"] == wanted


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ([[1, 2]], "Full; Part"),
        ([[1], [2]], "Full; Part"),
        ([[1, 2], [2]], "Full; Part"),
        ([[1], []], ""),
        ([[3]], "class 3"),
    ],
)
def test_classes_that_may_enrol_are_listed_one_by_one_however_rules_group_them(rules, wanted):
    said = [{"employeeEligibilityRule": {"accountClassIDs": numbers}} for numbers in rules]
    assert joined_classes(Binding(said, classes={1: "Full", 2: "Part"})) == wanted


RULE = {"classes": "Full Time", "hours": 30, "coverageEnd": "End_of_Month_after_Termination", "dependentAge": 26}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"waiting": "None"}, {"waiting_period": "none"}),
        ({"waiting": "Date_of_Hire_DOH"}, {"waiting_period": "date_of_hire"}),
        ({"waiting": "First_of_Month_Following_Sixty_days", "waitingDays": 60},
         {"waiting_period": "first_of_month_after", "waiting_days": 60}),
        ({"waiting": "Ninety_Days_from_DOH", "waitingDays": 90}, {"waiting_period": "exact_days", "waiting_days": 90}),
        ({"waiting": "Coinciding_with", "waitingMonths": 2},
         {"waiting_period": "first_of_month_coinciding", "waiting_months": 2}),
        ({}, {"waiting_period": EMPTY, "waiting_days": EMPTY}),
        ({"waiting": "None | Date_of_Hire_DOH"}, {"waiting_period": Unparsed("None | Date_of_Hire_DOH")}),
    ],
)  # fmt: skip
def test_waiting_periods_in_words(said, wanted):
    flat = PLAN.get(Record("plan", "1", (Part("rule", "1", {"_all": {**RULE, **said}}),)))
    assert {path: flat[f"eligibility.{path}"] for path in wanted} == wanted
    assert (flat["eligibility.classes"], flat["eligibility.coverage_end"]) == ("Full Time", "end_of_month")
