"""What a compiled mapping reads and writes, case by case, on three made-up vendors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

import pytest

from syncd.errors import MappingError
from syncd.mapping.codecs.base import Loss
from syncd.mapping.compile import compile_mapping
from syncd.mapping.draft import Draft, Scope
from syncd.mapping.laws import applied
from syncd.mapping.load import load_mapping
from syncd.mapping.rows import Row
from syncd.mapping.vendor_path import parse
from syncd.model.cost_share import parse as cost_share
from syncd.model.paths import SetKey
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed
from tests.mapping.worlds import DATA

NEW_YEAR = date(2026, 1, 1)
NESTED = load_mapping(DATA / "nested.yaml").lens("plan")
WIDE = load_mapping(DATA / "wide.yaml").lens("plan")
PARTS = load_mapping(DATA / "parts.yaml").lens("plan")


def plan(data, *more, kind="plan"):
    return Record("plan", "p1", (Part(kind, "main", data, "v1"), *more))


def written(lens, record, changes, accept=frozenset()):
    """Put, and give the data of the parts that changed and the losses."""
    putting = lens.put(record, changes, frozenset(accept))
    return [part.data for part in putting.parts], putting.losses


def filled(lens, record):
    return {path: value for path, value in lens.get(record).items() if value is not EMPTY}


# -- rows -------------------------------------------------------------------------------------------------------------


def test_reading_a_nested_record():
    data = {
        "name": "Gold PPO",
        "type": "MED",
        "carriers": [{"role": "tpa", "name": "X"}, {"role": "main", "name": "Aetna"}],
        "period": {"start": "2026-01-01", "end": "2027-01-01"},
        "hsa": "Y",
        "voluntary": False,
        "av": "0.7041",
        "ids": {"prior": None, "list": [{"code": "B-1"}]},
    }
    assert filled(NESTED, plan(data, Part("library", "l", {"text": "From the library"}))) == {
        "details.name": "Gold PPO",
        "details.line": "medical",
        "details.carrier": "Aetna",
        "details.effective_date": NEW_YEAR,
        "details.expiration_date": date(2026, 12, 31),
        "details.hsa_eligible": Flag.TRUE,
        "details.voluntary": Flag.FALSE,
        "details.actuarial_value": Decimal("70.41"),
        "details.market": "small_group",
        "details.custom.broker_code": "B-1",
        "details.description": "From the library",
    }


def test_not_carried_is_not_empty():
    """A row with `missing: not_carried` says nothing where the vendor key is absent, and cannot be written there."""
    assert "details.prior_plan" not in NESTED.get(plan({}))
    assert NESTED.get(plan({"ids": {"prior": None}}))["details.prior_plan"] is EMPTY
    assert NESTED.get(plan({}))["details.name"] is EMPTY
    data, losses = written(NESTED, plan({}), {"details.prior_plan": "pln_0"})
    assert data == []
    assert "does not carry" in losses["details.prior_plan"].why
    assert NESTED.lacks(plan({})) == {"details.prior_plan"}
    assert NESTED.lacks(plan({"ids": {"prior": None}})) == set()
    assert NESTED.missing(plan({"name": None}))[:2] == ("details.line", "details.carrier")


def test_an_object_where_a_text_should_be_is_not_understood():
    """The vendor changed its mind: what the object looks like is shown, and never taken for a name."""
    flat = NESTED.get(plan({"name": {"en": "Gold", "de": ["Gold"]}, "av": [0.7]}))
    assert flat["details.name"] == Unparsed('{"de":["Gold"],"en":"Gold"}')
    assert flat["details.actuarial_value"] == Unparsed("[0.7]")


HERE = """
system: a
kinds:
  plan:
    rows:
      details.name: {field: n, codec: text}
      %s
"""
NOWHERE = [
    # why, the row, a record without its keys, what makes it a blank one
    (
        "two keys that are one",
        "details.line: {pair: [a, b], codec: code_pair, values: {medical: [m, p]}",
        {},
        {"a": None},
    ),
    ("a key beside its condition", "eligibility.hours: {field: a, when: {u: h}, codec: decimal", {"u": "h"}, {"a": ""}),
    ("a key beside its partner", "details.network: {field: a, partner: b, codec: text", {"b": "x"}, {"a": None}),
]


@pytest.mark.parametrize(("why", "row", "without", "blank"), NOWHERE, ids=[row[0] for row in NOWHERE])
def test_not_carried_is_not_empty_however_a_row_is_read(why, row, without, blank):
    lens = compile_mapping(HERE % f"{row}, missing: not_carried}}", "a.yaml").lens("plan")
    path = row.partition(":")[0]
    assert path not in lens.get(plan(without)), why
    assert lens.get(plan({**without, **blank}))[path] is EMPTY
    always = compile_mapping(HERE % f"{row}}}", "a.yaml").lens("plan")
    assert always.get(plan(without))[path] is EMPTY


def test_a_key_that_decodes_to_the_value_is_left_byte_for_byte():
    data = {"name": "Gold PPO", "hsa": "yes", "av": "70.41%", "period": {"start": "2026-01-01T00:00:00"}}
    same = {
        "details.hsa_eligible": Flag.TRUE,
        "details.actuarial_value": Decimal("70.410"),
        "details.effective_date": NEW_YEAR,
    }
    assert written(NESTED, plan(data), same) == ([], {})
    changed, _ = written(NESTED, plan(data), {**same, "details.name": "Silver"})
    assert changed == [{**data, "name": "Silver"}]


def test_unmapped_keys_survive_and_the_record_is_not_touched():
    data = {"name": "a", "period": {"start": "2026-01-01", "zone": "UTC"}, "secret": [{"x": 1}]}
    changed, _ = written(NESTED, plan(data), {"details.effective_date": date(2026, 2, 1)})
    assert changed == [{"name": "a", "period": {"start": "2026-02-01", "zone": "UTC"}, "secret": [{"x": 1}]}]
    assert data["period"]["start"] == "2026-01-01"


def test_a_part_keeps_its_id_and_version():
    part = NESTED.put(plan({"name": "a"}), {"details.name": "b"}).parts[0]
    assert (part.kind, part.id, part.version, part.shared) == ("plan", "main", "v1", False)


def test_objects_in_between_are_made():
    changed, losses = written(
        NESTED,
        plan({"carriers": None}),
        {"details.expiration_date": date(2026, 12, 31), "details.custom.broker_code": "B-2"},
    )
    assert changed == [{"carriers": None, "period": {"end": "2027-01-01"}, "ids": {"list": [{"code": "B-2"}]}}]
    assert losses == {}


def test_a_payload_of_another_shape_is_an_error_of_the_record():
    with pytest.raises(MappingError, match="expected an object"):
        NESTED.put(plan({"period": "2026"}), {"details.effective_date": NEW_YEAR})


@pytest.mark.parametrize(
    ("why", "data", "value", "after"),
    [
        ("the winner is read first", {"renewalOn": "2/1/2026", "nextRenewal": "1/1/2026"}, NEW_YEAR, None),
        (
            "the other one counts where the winner is empty",
            {"renewalOn": "1/1/2026", "nextRenewal": ""},
            NEW_YEAR,
            None,
        ),
        (
            "only the winner is written",
            {"renewalOn": "2/1/2026"},
            NEW_YEAR,
            {"renewalOn": "2/1/2026", "nextRenewal": "1/1/2026"},
        ),
        (
            "a clear clears both",
            {"renewalOn": "2/1/2026", "nextRenewal": "1/1/2026"},
            EMPTY,
            {"renewalOn": None, "nextRenewal": None},
        ),
        (
            "a clear leaves alone what is clear",
            {"renewalOn": "", "nextRenewal": "1/1/2026"},
            EMPTY,
            {"renewalOn": "", "nextRenewal": None},
        ),
    ],
)
def test_several_keys_with_a_winner(why, data, value, after):
    changed, losses = written(NESTED, plan(data), {"details.renewal_date": value})
    assert changed == ([] if after is None else [after]), why
    assert losses == {}
    assert (
        NESTED.get(applied(plan(data), NESTED.put(plan(data), {"details.renewal_date": value})))["details.renewal_date"]
        == value
    )


WAIT = "eligibility.waiting_months"


@pytest.mark.parametrize(
    ("why", "wait", "value", "after"),
    [
        ("the row holds", {"n": 1, "unit": "months"}, 2, {"n": 2, "unit": "months"}),
        ("the row does not hold and it is not said how it would", {"n": 30, "unit": "days"}, 2, None),
        ("a clear of what does not hold is no write", {"n": 30, "unit": "days"}, EMPTY, None),
    ],
)
def test_rows_with_conditions(why, wait, value, after):
    text = (DATA / "nested.yaml").read_text(encoding="utf-8").replace("eligibility: false", "eligibility: true")
    lens = compile_mapping(text, "nested.yaml").lens("plan")
    changed, losses = written(lens, plan({"eligibility": {"wait": wait}}), {WAIT: value})
    assert changed == ([] if after is None else [{"eligibility": {"wait": after}}]), why
    assert bool(losses) == (after is None and value is not EMPTY)


def test_losses_are_reported_and_only_written_when_accepted():
    record = plan({"name": "a", "av": "0.7"})
    long = "x" * 70
    changed, losses = written(NESTED, record, {"details.name": long, "details.actuarial_value": Decimal("70.12345")})
    assert changed == []
    assert losses["details.name"].nearest == "x" * 60
    assert losses["details.actuarial_value"].nearest == Decimal("70.12")
    assert NESTED.nearest("details.name", long) == "x" * 60
    changed, losses = written(NESTED, record, {"details.name": long}, {"details.name"})
    assert changed == [{"name": "x" * 60, "av": "0.7"}]
    assert set(losses) == {"details.name"}
    assert written(NESTED, plan({"name": "x" * 60}), {"details.name": long}, {"details.name"})[0] == []


def test_a_loss_without_a_nearest_value_is_never_written():
    record = plan({"metal": "GOLD"})
    changed, losses = written(NESTED, record, {"details.metal": "catastrophic"}, {"details.metal"})
    assert changed == []
    assert losses["details.metal"].nearest is None
    assert NESTED.nearest("details.metal", "catastrophic") == "catastrophic"
    assert written(NESTED, record, {"details.metal": Unparsed("?")}, {"details.metal"})[0] == []


def test_what_may_not_be_written_is_refused():
    for path, reason in {
        "details.carrier": "carrier list",
        "details.line": "only be set when the record is created",
        "details.market": "always small_group",
        "eligibility.classes": "mapping says",
        "details.network": "no such field",
    }.items():
        assert reason in (NESTED.unwritable(path) or "")
        with pytest.raises(MappingError, match=reason):
            NESTED.put(plan({}), {path: "x"})
    assert NESTED.unwritable("eligibility.hours") is None
    assert written(NESTED, plan({"carriers": [{"role": "main", "name": "Aetna"}]}), {"details.carrier": "Aetna"}) == (
        [],
        {},
    )


def test_a_missing_part():
    """It is made where it can be made, and a loss where it cannot."""
    assert (
        written(NESTED, plan({}), {"details.description": "x"})[1]["details.description"].why
        == "Library plans are made by the librarian."
    )
    text = (
        (DATA / "nested.yaml")
        .read_text(encoding="utf-8")
        .replace("create: Library plans are made by the librarian.", "create: true")
    )
    lens = compile_mapping(text, "nested.yaml").lens("plan")
    parts = lens.put(plan({}), {"details.description": "x"}).parts
    assert parts == (Part("library", "", {"text": "x"}),)
    assert lens.put(plan({}), {"details.description": Unparsed("x")}).parts == ()


# -- benefits ---------------------------------------------------------------------------------------------------------

VARIANTS = {
    "benefits": {
        "variants": [
            {
                "id": "v1",
                "title": "High",
                "fields": [
                    {"code": "pcp", "in": "$30", "out": "80%"},
                    {"code": "spc", "copay": "$40", "coins": "Not Applicable"},
                ],
            },
            {"id": "v2", "title": "Low", "fields": []},
        ],
    },
}


def test_variants():
    flat = filled(NESTED, plan(VARIANTS))
    assert flat["benefits.description"] == "High"
    assert flat["benefits[v2].description"] == "Low"
    assert flat["benefits.primary_care.in_network"] == cost_share("$30")
    assert flat["benefits.primary_care.out_of_network"] == cost_share("20%")
    assert flat["benefits.specialist.in_network"] == cost_share("$40")
    assert NESTED.get(plan({}))["benefits.primary_care.in_network"] is EMPTY
    assert NESTED.part_ids(plan(VARIANTS)) == {"benefits": "v1", "benefits[v2]": "v2"}


def test_writing_variants():
    changed, losses = written(
        NESTED,
        plan(VARIANTS),
        {
            "benefits[v2].primary_care.in_network": cost_share("$50"),
            "benefits.specialist.in_network": cost_share("20% Coinsurance after deductible"),
            "benefits[v3].description": "New",
        },
    )
    variants = changed[0]["benefits"]["variants"]
    assert variants[0]["fields"][1] == {
        "code": "spc",
        "copay": "Not Applicable",
        "coins": "20% Coinsurance after deductible",
    }
    assert variants[1]["fields"] == [{"code": "pcp", "in": "$50"}]
    assert variants[2] == {"id": "v3", "title": "New"}
    assert losses == {}


def test_a_second_variant_needs_a_first():
    data, losses = written(NESTED, plan({}), {"benefits[v2].description": "Low"})
    assert data == []
    assert "first one" in losses["benefits[v2].description"].why
    assert written(NESTED, plan({}), {"benefits.description": "High"})[0] == [
        {"benefits": {"variants": [{"title": "High"}]}}
    ]


# -- rate sets --------------------------------------------------------------------------------------------------------


def rate_set(effective="2026-01-01", cls=None, **more):
    return {
        "id": "r1",
        "primary": True,
        "effective_date": effective,
        "class_ref": cls,
        "tiers": [{"tier": "employee_only", "rate": "512.40", "enrolled": 3}],
        **more,
    }


def rates(*sets):
    return plan({"rates": {"sets": list(sets), "note": "kept"}})


def test_reading_rate_sets():
    record = rates(
        rate_set(unit={"rate": Decimal("0.043")}, frequency="yearly"),
        rate_set(
            cls="Full; [Time]",
            ages=[
                {"kind": "band", "age_from": 30, "age_to": "34", "gender": "F", "tobacco": True, "rate": 388.1},
                {"kind": "band", "age_from": 64, "rate": 900},
            ],
        ),
        rate_set(primary=False),
    )
    assert {path: value for path, value in filled(NESTED, record).items() if path.startswith("rates")} == {
        "rates[2026-01-01].effective_date": NEW_YEAR,
        "rates[2026-01-01].ee": Decimal("512.40"),
        "rates[2026-01-01].frequency": "annual",
        "rates[2026-01-01].share": "total",
        "rates[2026-01-01].unit": Decimal("0.043"),
        "rates[Full%3B %5BTime%5D;2026-01-01].effective_date": NEW_YEAR,
        "rates[Full%3B %5BTime%5D;2026-01-01].ee": Decimal("512.40"),
        "rates[Full%3B %5BTime%5D;2026-01-01].share": "total",
        "rates[Full%3B %5BTime%5D;2026-01-01].age_30_34.f.tobacco": Decimal("388.1"),
        "rates[Full%3B %5BTime%5D;2026-01-01].age_64_plus": Decimal(900),
    }
    assert NESTED.get(record)["rates[2026-01-01].ef"] is EMPTY
    assert NESTED.carries("rates[2030-01-01].ec")
    assert not NESTED.carries("rates[2030-01-01].es2c")
    assert NESTED.carries("rates[2030-01-01].age_0_14.m")
    assert not NESTED.carries("rates[billing;FT;2030-01-01].ee")
    assert NESTED.carries("rates[billing;*;2030-01-01].ee")
    assert NESTED.codec_of("rates[2030-01-01].ee") == "money"
    assert NESTED.codec_of("rates[2030-01-01].share") == "constant"
    assert NESTED.codec_of("nothing") == ""
    assert NESTED.row_of("rates[2030-01-01].age_0_14") == "rates[].<age>"
    assert NESTED.row_of("nothing") == ""
    assert NESTED.part_of("details.description") == "library"
    assert NESTED.part_of("nothing") == "plan"
    assert NESTED.nearest("nothing", "x") == "x"
    assert NESTED.nearest("details.market", "large_group") == "small_group"


def test_writing_cells_keeps_the_rest_of_the_set():
    changed, losses = written(
        NESTED,
        rates(rate_set(extra="kept")),
        {"rates[2026-01-01].ee": Decimal("530.00"), "rates[2026-01-01].ef": Decimal(1600)},
    )
    assert changed[0]["rates"] == {
        "note": "kept",
        "sets": [
            rate_set(
                extra="kept",
                tiers=[
                    {"tier": "employee_only", "rate": "530.0000", "enrolled": 3},
                    {"enrolled": 0, "tier": "employee_family", "rate": "1600.0000"},
                ],
            ),
        ],
    }
    assert losses == {}


def test_a_cleared_row_goes_where_the_mapping_says_so():
    changed, _ = written(NESTED, rates(rate_set()), {"rates[2026-01-01].ee": EMPTY})
    assert changed[0]["rates"]["sets"] == [rate_set(tiers=[])]


def test_a_new_set_is_appended_with_its_key_and_template():
    change = {
        "rates[FT;2027-01-01].es": Decimal(900),
        "rates[FT;2027-01-01].age_0_14.m.tobacco": Decimal(100),
        "rates[FT;2027-01-01].effective_date": date(2027, 2, 1),
    }
    changed, losses = written(NESTED, rates(rate_set()), change)
    assert losses == {}
    assert changed[0]["rates"]["sets"][1] == {
        "rate_type": "composite",
        "primary": True,
        "class_ref": "FT",
        "effective_date": "2027-02-01",
        "tiers": [{"enrolled": 0, "tier": "employee_spouse", "rate": "900.0000"}],
        "ages": [{"kind": "band", "age_from": 0, "age_to": 14, "gender": "M", "tobacco": True, "rate": Decimal(100)}],
    }
    made, _ = written(NESTED, plan({}), {"rates[2027-01-01].age_65_plus": Decimal(1)})
    assert made[0]["rates"]["sets"][0]["ages"] == [
        {"kind": "band", "age_from": 65, "age_to": None, "gender": None, "tobacco": False, "rate": Decimal(1)}
    ]


def test_a_corrected_date_moves_the_set():
    record = rates(rate_set())
    changed, losses = written(
        NESTED, record, {"rates[2026-01-01].effective_date": date(2026, 1, 15), "rates[2026-01-01].ee": Decimal(1)}
    )
    assert changed[0]["rates"]["sets"][0]["effective_date"] == "2026-01-15"
    assert losses == {}
    again = NESTED.get(applied(record, NESTED.put(record, {"rates[2026-01-01].effective_date": date(2026, 1, 15)})))
    assert again["rates[2026-01-15].ee"] == Decimal("512.40")


def test_a_set_is_not_moved_onto_another():
    _, losses = written(
        NESTED, rates(rate_set(), rate_set("2026-07-01")), {"rates[2026-01-01].effective_date": date(2026, 7, 1)}
    )
    assert losses["rates[2026-01-01].effective_date"].why == "rates[2026-07-01] exists already"


def test_two_sets_of_one_key_are_not_understood_and_not_written():
    record = rates(rate_set(), rate_set(tiers=[{"tier": "employee_only", "rate": "530.00"}], frequency="monthly"))
    flat = NESTED.get(record)
    assert flat["rates[2026-01-01].ee"] == Unparsed("512.40 | 530.00")
    assert flat["rates[2026-01-01].frequency"] == Unparsed("EMPTY | monthly")
    assert flat["rates[2026-01-01].effective_date"] == NEW_YEAR
    data, losses = written(NESTED, record, {"rates[2026-01-01].ee": Decimal(1)})
    assert data == []
    assert losses["rates[2026-01-01].ee"].why == "2 sets of the record share this key"


def test_two_rows_of_one_cell_are_not_understood_and_not_written():
    record = rates(rate_set(tiers=[{"tier": "employee_only", "rate": "1"}, {"tier": "EMPLOYEE_ONLY", "rate": "2"}]))
    assert NESTED.get(record)["rates[2026-01-01].ee"] == Unparsed("1 | 2")
    data, losses = written(NESTED, record, {"rates[2026-01-01].ee": Decimal(1)})
    assert data == []
    assert "2 rows" in losses["rates[2026-01-01].ee"].why


def test_an_unknown_label_is_shown_and_compared_and_never_written():
    record = rates(
        rate_set(
            tiers=[
                {"tier": "Martian pair", "rate": "9.00"},
                {"tier": None, "rate": "8.00"},
                {"tier": "gone", "rate": None},
            ]
        )
    )
    flat = filled(NESTED, record)
    assert flat["rates[2026-01-01].unknown_martian_pair"] == Unparsed("Martian pair: 9.00")
    assert flat["rates[2026-01-01].unknown_"] == Unparsed(": 8.00")
    unknown = "rates[2026-01-01].unknown_martian_pair"
    assert NESTED.carries(unknown)
    assert NESTED.unwritable(unknown) == "this system has no such field"
    assert not NESTED.carries("rates[billing;*;2026-01-01].unknown_martian_pair")  # no table there
    made = NESTED.new({"details.name": "Gold", "rates[2026-01-01].ee": Decimal(1), unknown: Unparsed("x")}).parts
    assert "unknown" not in str(made)


def test_ages_that_are_no_ages():
    ages = [{"kind": "band", "age_from": "x", "age_to": 5, "rate": 1}, {"kind": "band", "rate": 2}]
    flat = filled(NESTED, rates(rate_set(tiers=None, ages=ages)))
    assert flat["rates[2026-01-01].unknown_x_5"] == Unparsed("x-5: 1")
    assert flat["rates[2026-01-01].unknown_"] == Unparsed(": 2")


def test_a_set_without_a_date():
    record = rates(rate_set(None), rate_set("soon"))
    flat = filled(NESTED, record)
    assert flat["rates[].ee"] == Decimal("512.40")
    assert flat["rates[soon].effective_date"] == Unparsed("soon")
    assert "needs a date" in written(NESTED, plan({}), {"rates[].ee": Decimal(1)})[1]["rates[].ee"].why


def test_something_else_where_a_list_should_be():
    assert (
        "no list"
        in written(NESTED, plan({"billing": "none"}), {"rates[billing;*;2026-01-01].ee": Decimal(1)})[1][
            "rates[billing;*;2026-01-01].ee"
        ].why
    )
    record = rates(rate_set(ages="none"))
    assert (
        "no list"
        in written(NESTED, record, {"rates[2026-01-01].age_0_14": Decimal(1)})[1]["rates[2026-01-01].age_0_14"].why
    )


def test_a_set_that_is_taken_out_with_its_last_cell():
    record = plan({"billing": [{"from": "2026-01-01", "ee": "1"}, {"from": "2027-01-01", "ee": "2", "by": "x"}]})
    assert written(NESTED, record, {"rates[billing;*;2026-01-01].ee": EMPTY})[0] == [
        {"billing": [{"from": "2027-01-01", "ee": "2", "by": "x"}]}
    ]
    path = "rates[billing;*;2028-01-01].effective_date"
    assert "holds nothing" in written(NESTED, record, {path: date(2028, 1, 1)})[1][path].why
    assert written(
        NESTED, record, {"rates[billing;*;2026-01-01].ee": EMPTY, "rates[billing;*;2026-01-01].ef": Decimal(3)}
    )[0][0]["billing"][0] == {"from": "2026-01-01", "ee": None, "ef": "3"}


def test_a_class_that_the_vendor_does_not_know():
    path = "contributions[Seasonal;2026-01-01].ee"
    assert "no code" in written(NESTED, plan({}), {path: Decimal(1)})[1][path].why


def test_amounts_and_shares_exclude_each_other():
    record = plan(
        {
            "contributions": {
                "sets": [
                    {
                        "effective_date": "2026-01-01",
                        "entries": [{"tier": "employee_only", "kind": "percent", "value": "75"}],
                    }
                ]
            }
        }
    )
    ee = "contributions[2026-01-01].ee"
    assert filled(NESTED, record)[f"{ee}_percent"] == Decimal(75)
    changed, losses = written(NESTED, record, {ee: Decimal("300.00"), f"{ee}_percent": EMPTY})
    assert changed[0]["contributions"]["sets"][0]["entries"] == [
        {"tier": "employee_only", "kind": "amount", "value": "300.00"}
    ]
    assert losses == {}
    _, losses = written(NESTED, record, {ee: Decimal(1), f"{ee}_percent": Decimal(2)})
    assert "excludes it" in next(iter(losses.values())).why


# -- wide rows --------------------------------------------------------------------------------------------------------


def wide(**columns):
    return plan({"Plan Name": "Gold", "Rates From": "", "EE": "", "ES": "", "Notes": "kept", **columns}, kind="record")


def test_a_wide_row_takes_one_set():
    changed, losses = written(WIDE, wide(), {"rates[2026-01-01].ee": Decimal("1512.40")})
    assert changed == [{**wide().parts[0].data, "Rates From": "1/1/2026", "EE": "$1,512.40"}]
    assert losses == {}
    full = wide(EE="$1", **{"Rates From": "1/1/2026"})
    assert filled(WIDE, full)["rates[2026-01-01].frequency"] == "monthly"
    data, losses = written(WIDE, full, {"rates[2027-01-01].ee": Decimal(2)})
    assert data == []
    assert losses["rates[2027-01-01].ee"].why == "the record holds one set, and has one"
    assert written(WIDE, full, {"rates[2026-01-01].ee": Decimal(2)})[0] == [{**full.parts[0].data, "EE": "$2"}]


def test_a_set_that_could_not_be_written_leaves_no_trace():
    data, losses = written(
        WIDE, wide(), {"rates[2026-01-01].es": Decimal("1.005"), "rates[2026-01-01].effective_date": NEW_YEAR}
    )
    assert data == []
    assert set(losses) == {"rates[2026-01-01].es", "rates[2026-01-01].effective_date"}


def test_a_cleared_wide_set_stays_as_an_empty_one():
    full = wide(EE="$1", **{"Rates From": "1/1/2026"})
    assert written(WIDE, full, {"rates[2026-01-01].ee": EMPTY})[0] == [{**full.parts[0].data, "EE": ""}]


def test_a_set_whose_date_is_the_records_own():
    """It cannot have another date, moves with the record's, and takes cells on it."""
    record = wide(Effective="1/1/2026")
    cell = "contributions[2026-01-01].ee"
    assert written(WIDE, record, {cell: Decimal(75)})[0] == [{**record.parts[0].data, "ER EE": "75"}]
    assert "plan's own date" in written(WIDE, wide(), {cell: Decimal(75)})[1][cell].why
    changed, losses = written(
        WIDE,
        wide(Effective="1/1/2026", **{"ER EE": "75"}),
        {"details.effective_date": date(2026, 2, 1), cell: Decimal(80)},
    )
    assert changed[0]["Effective"] == "2/1/2026"
    assert changed[0]["ER EE"] == "80"
    assert losses == {}


def test_the_date_of_a_list_item_that_is_its_records():
    lens = small(
        "{section: rates, list: r, key: {effective: {field: /d, codec: date, writable: 'No.'}},"
        " cells: {ee: {field: e, codec: money}}}",
    )
    record = plan({"d": "2026-01-01", "r": []})
    assert written(lens, record, {"rates[2026-01-01].ee": Decimal(1)})[0] == [{"d": "2026-01-01", "r": [{"e": "1"}]}]
    assert (
        "the part's own d" in written(lens, record, {"rates[2027-01-01].ee": Decimal(1)})[1]["rates[2027-01-01].ee"].why
    )


# -- sets in parts ----------------------------------------------------------------------------------------------------


def premium(tier, amount, effective="2026-01-01", group="A", number="1"):
    return Part(
        "premium",
        number,
        {
            "planType": tier,
            "effectiveDate": effective,
            "rateGroup": group,
            "networkId": "N1",
            "lines": [{"from": 0, "amount": amount}],
        },
        number,
    )


def test_one_part_a_tier():
    record = plan(
        {},
        premium("EE", 512.4),
        premium("EF", 1600, number="2"),
        premium("EE", 500, "2025-01-01", number="3"),
        kind="setup",
    )
    flat = filled(PARTS, record)
    assert flat["rates[A;2026-01-01].ee"] == Decimal("512.4")
    assert flat["rates[A;2026-01-01].ef"] == Decimal(1600)
    assert flat["rates[A;2026-01-01].rating_area"] == "N1"
    assert flat["rates[A;2025-01-01].ee"] == Decimal(500)
    putting = PARTS.put(record, {"rates[A;2026-01-01].ee": Decimal(530), "rates[A;2026-01-01].es": Decimal(900)})
    assert [(part.kind, part.id, part.version) for part in putting.parts] == [
        ("premium", "1", "1"),
        ("premium", "", None),
    ]
    assert putting.parts[1].data == {
        "lines": [{"from": 0, "to": 99, "amount": Decimal(900)}],
        "effectiveDate": "2026-01-01",
        "rateGroup": "A",
        "networkId": "N1",
        "planType": "ES",
    }
    moved = PARTS.put(
        record, {"rates[A;2026-01-01].effective_date": date(2026, 2, 1), "rates[A;2026-01-01].rating_area": "N2"}
    )
    assert [(part.data["effectiveDate"], part.data["networkId"]) for part in moved.parts] == [("2026-02-01", "N2")] * 2


def test_a_set_of_parts_needs_a_row():
    record = plan({}, kind="setup")
    _, losses = written(PARTS, record, {"rates[2026-01-01].rating_area": "N1"})
    assert "no row" in losses["rates[2026-01-01].rating_area"].why
    _, losses = written(PARTS, record, {"rates[2026-01-01].effective_date": NEW_YEAR})
    assert "holds nothing" in losses["rates[2026-01-01].effective_date"].why
    _, losses = written(
        PARTS, record, {"rates[2026-01-01].effective_date": NEW_YEAR, "rates[2026-01-01].ee": Unparsed("?")}
    )
    assert set(losses) == {"rates[2026-01-01].effective_date", "rates[2026-01-01].ee"}


def test_bands_and_kinds_in_parts():
    part = Part(
        "billing", "b", {"effectiveDate": "2026-01-01", "kind": "B", "band": "64 and over", "sex": "F", "amount": "900"}
    )
    record = plan(
        {}, part, Part("billing", "c", {"effectiveDate": "2026-01-01", "band": "?", "amount": "1"}), kind="setup"
    )
    flat = filled(PARTS, record)
    assert flat["rates[billing;*;2026-01-01].age_64_plus.f"] == Decimal(900)
    assert flat["rates[unknown;*;2026-01-01].unknown_"] == Unparsed("?: 1")
    putting = PARTS.put(record, {"rates[billing;*;2026-01-01].age_0_14": Decimal(300)})
    assert putting.parts[0].data == {
        "effectiveDate": "2026-01-01",
        "kind": "B",
        "band": "0-14",
        "sex": None,
        "amount": "300",
    }


def test_parts_that_cannot_be_made():
    text = (
        (DATA / "parts.yaml")
        .read_text(encoding="utf-8")
        .replace("    part: setup\n", "    part: setup\n    parts: {premium: {create: false}}\n")
    )
    lens = compile_mapping(text, "parts.yaml").lens("plan")
    path = "rates[2026-01-01].ee"
    assert (
        written(lens, plan({}, kind="setup"), {path: Decimal(1)})[1][path].why
        == "the mapping says that it is not created here"
    )


def test_a_table_inside_a_part():
    record = plan(
        {},
        Part(
            "rule",
            "r",
            {
                "effectiveDate": "2026-01-01",
                "group": "FT",
                "rule": [{"planType": "EE", "method": "PF", "employee": "75"}],
            },
        ),
        kind="setup",
    )
    cell = "contributions[FT;2026-01-01].ee"
    assert filled(PARTS, record)[f"{cell}_percent"] == Decimal(75)
    assert written(PARTS, record, {f"{cell}_percent": Decimal(80)})[0][0]["rule"][0]["employee"] == Decimal(80)
    data, losses = written(PARTS, record, {cell: Decimal(100)})
    assert data == []
    assert "does not say to what" in losses[cell].why


# -- new records ------------------------------------------------------------------------------------------------------


def test_new():
    values = {
        "details.name": "Gold",
        "details.line": "medical",
        "details.effective_date": NEW_YEAR,
        "details.carrier": "Aetna",
        "details.market": "small_group",
        "details.network": "not carried",
        "details.metal": EMPTY,
        "details.hsa_eligible": NOT_APPLICABLE,
        "rates[2026-01-01].ee": Decimal("512.40"),
    }
    putting = NESTED.new(values)
    assert putting.parts == (
        Part(
            "plan",
            "",
            {
                "source": "api",
                "meta": {"by": "syncd"},
                "name": "Gold",
                "type": "MED",
                "period": {"start": "2026-01-01"},
                "rates": {
                    "sets": [
                        {
                            "rate_type": "composite",
                            "primary": True,
                            "effective_date": "2026-01-01",
                            "tiers": [{"enrolled": 0, "tier": "employee_only", "rate": "512.4000"}],
                        }
                    ]
                },
            },
        ),
    )
    assert putting.losses["details.carrier"].why == "Carriers are chosen from the carrier list."
    assert set(putting.losses) == {"details.carrier", "details.hsa_eligible"}
    assert NESTED.new({**values, "details.carrier": "X"}).parts[0].data["meta"] is not NESTED.template["plan"]["meta"]


def test_new_without_what_it_needs():
    with pytest.raises(MappingError, match="without it") as raised:
        NESTED.new({"details.line": "medical"})
    assert raised.value.field == "details.name"


def test_new_where_records_are_not_created():
    group = load_mapping(DATA / "wide.yaml").lens("group")
    with pytest.raises(MappingError, match="sales team"):
        group.new({"details.name": "Acme"})


def test_the_last_rows_of_a_wide_record_come_from_its_own_date():
    made = WIDE.new({"details.effective_date": NEW_YEAR, "contributions[2026-01-01].ee": Decimal(75)})
    assert made.parts[0].data == {"Effective": "1/1/2026", "ER EE": "75"}
    assert made.losses == {}


def test_a_mapping_proxy_is_as_good_as_a_dict():
    from types import MappingProxyType

    record = Record("plan", "p", (Part("record", "1", MappingProxyType({"Plan Name": "Gold"})),))
    assert filled(WIDE, record)["details.name"] == "Gold"
    assert WIDE.put(record, {"details.name": "Silver"}).parts[0].data == {"Plan Name": "Silver"}


# -- corners ----------------------------------------------------------------------------------------------------------


def small(sets, rows="{details.name: {field: n, codec: text}}"):
    return compile_mapping(f"system: a\nkinds: {{plan: {{rows: {rows}, sets: [{sets}]}}}}", "a.yaml").lens("plan")


def test_single_years_of_age():
    """A table with a first age and no last one prices single years, and no bands."""
    lens = small(
        "{section: rates, list: r, key: {effective: {field: d, codec: date}},"
        " table: {list: a, ages: {from: age, text: true}, values: {'': {field: p, codec: money}}}}",
    )
    record = plan({"r": [{"d": "2026-01-01", "a": [{"age": "21", "p": "300.00"}]}]})
    assert filled(lens, record)["rates[2026-01-01].age_21_21"] == Decimal(300)
    assert not lens.carries("rates[2026-01-01].age_21_24")
    assert written(lens, record, {"rates[2026-01-01].age_22_22": Decimal(1)})[0][0]["r"][0]["a"][1] == {
        "age": "22",
        "p": "1",
    }


def test_a_tier_that_the_vendor_has_no_name_for_is_carried_and_says_why_it_is_never_written():
    """A table with such a tier is handed off whole; not carried, the table would be written without it."""
    table = "{list: a, tier: {field: t, codec: tier, labels: {ee: EE, ef: FAM}}, values: {'': {field: p, codec: money}}"
    sets = "{section: rates, list: r, key: {effective: {field: d, codec: date}}, table: "
    with_reason = small(f"{sets}{table}, lacks: No such tier here.}}}}")
    silent = small(f"{sets}{table}}}}}")
    six, own = "rates[2026-01-01].es1c", "rates[2026-01-01].ee"
    assert (silent.carries(six), with_reason.carries(six)) == (False, True)
    assert (with_reason.unwritable(six), with_reason.unwritable(own)) == ("No such tier here.", None)
    assert with_reason.nearest(six, Decimal(5)) == Decimal(5), "nothing comes near: not a loss to be accepted"
    record = plan({"n": "Gold", "r": [{"d": "2026-01-01", "a": [{"t": "EE", "p": "1"}]}]})
    assert six not in filled(with_reason, record)
    assert with_reason.new({"details.name": "Gold", own: Decimal(1), six: Decimal(2)}).losses.keys() == {six}
    assert not with_reason.carries("rates[2026-01-01].elephant")


def test_a_part_is_not_taken_out():
    """A system takes a part back by its own means, if it does at all."""
    lens = small(
        "{section: rates, part: premium, parts: true, key: {effective: {field: d, codec: date}},"
        " table: {tier: {field: t, codec: tier}, values: {'': {field: p, codec: money}}, remove: true}}",
    )
    record = plan({}, Part("premium", "1", {"d": "2026-01-01", "t": "Employee", "p": "1"}))
    assert written(lens, record, {"rates[2026-01-01].ee": EMPTY})[0] == [
        {"d": "2026-01-01", "t": "Employee", "p": None}
    ]


def test_a_cell_that_some_sets_do_not_carry():
    lens = small(
        "{section: rates, list: r, id: i, key: {effective: {field: d, codec: date}},"
        " cells: {ee: {field: ee, codec: money, missing: not_carried}}}",
    )
    record = plan({"r": [{"d": "2026-01-01"}, {"d": "2027-01-01", "ee": None, "i": 7}, "text"]})
    assert lens.get(record) == {
        "details.name": EMPTY,
        "rates[2026-01-01].effective_date": NEW_YEAR,
        "rates[2027-01-01].effective_date": date(2027, 1, 1),
        "rates[2027-01-01].ee": EMPTY,
    }
    assert lens.part_ids(record) == {"rates[2027-01-01]": "7"}
    assert lens.lacks(record) == {"rates[2026-01-01].ee"}


def test_a_cell_that_one_item_of_a_set_carries_is_not_lacking():
    lens = small(
        "{section: rates, list: r, key: {effective: {field: d, codec: date}},"
        " cells: {ee: {field: ee, codec: money, missing: not_carried}}}",
    )
    twice = plan({"r": [{"d": "2026-01-01"}, {"d": "2026-01-01", "ee": "5"}]})
    assert (lens.get(twice)["rates[2026-01-01].ee"], lens.lacks(twice)) == (Decimal(5), set())


def test_benefits_that_are_not_there_yet_lack_what_a_record_must_list():
    lens = small(
        "{section: benefits, list: b, key: {},"
        " cells: {description: {field: t, codec: text, missing: not_carried},"
        " primary_care.in_network: {field: p, codec: cost_share, missing: listed}}}",
    )
    assert lens.lacks(plan({})) == {"benefits.description"}
    assert lens.lacks(plan({"b": [{"t": None}]})) == set()


def test_clearing_a_set_that_is_not_there_is_no_write():
    record = rates(rate_set())
    assert written(NESTED, record, {"rates[2030-01-01].ee": EMPTY}) == ([], {})
    draft = Draft.of(record)
    assert NESTED.sets[1].write(draft, SetKey("premium", "*", "2030-01-01"), {"ee": EMPTY}, frozenset()) == {}
    assert draft.changed() == ()


def test_a_row_that_does_not_hold_is_not_cleared():
    """The key belongs to the other meaning just then."""
    row = NESTED.rows["eligibility.waiting_months"]
    wait = {"eligibility": {"wait": {"n": 30, "unit": "days"}}}
    assert row.put(Scope(wait, wait), EMPTY) is None
    assert wait["eligibility"]["wait"]["n"] == 30


def test_a_codec_that_breaks_its_word_writes_nothing():
    class Liar:
        name = "liar"
        options: ClassVar = {}

        def get(self, raw, _context):
            return raw or EMPTY

        def put(self, value, _context):
            return Loss(value, f"{value}!", "nearly")

    data = {"x": "old"}
    row = Row("details.name", "plan", Liar(), (parse("x"),))
    assert row.put(Scope(data, data), "new", accept=True).nearest == "new!"
    assert data == {"x": "old"}
