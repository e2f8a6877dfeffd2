"""Codecs: every trap of the plan model as a row, and one law for all of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.mapping.codecs import CODECS, Context, Loss
from syncd.mapping.codecs.base import same
from syncd.mapping.codecs.cost_share_pair import read_pair
from syncd.model.cost_share import CostShare, parse
from syncd.model.values import EMPTY, NOT_APPLICABLE, Absent, Flag, Unparsed
from syncd.model.values_text import format_value

YES, NO = Flag.TRUE, Flag.FALSE
CENTS, FRACTION, NUMBER = {"style": "cents"}, {"form": "fraction"}, {"form": "number"}
METALS = {
    "values": {"gold": "Gold", "expanded_bronze": "Expanded Bronze", "none": ""},
    "also": {"gold": "GD", "x": ["X1", "X2"]},
}
TIERS = {"labels": {"ee": "Employee", "e1": "EmployeeDependent"}, "also": {"ef": ["Fam."]}}

UNITS = {"values": {"per_1000_volume": [1000, "benefit"], "per_100_payroll": [100, "monthly_payroll"]}}
LINES = {"values": {"medical": ["medical", None], "eap": ["other", "EAP"], "other": ["other", None]}, "rest": "other"}


def get(codec, raw, options=None, **rest):
    return CODECS[codec].get(raw, Context(options=options or {}, **rest))


def put(codec, value, options=None, **rest):
    return CODECS[codec].put(value, Context(options=options or {}, **rest))


WITH_WORDS = sorted(CODECS.keys() - {"text", "code", "code_pair", "cost_share_pair"})

READ = [
    # blank and not applicable, for every codec that has words
    *((codec, blank, {}, EMPTY) for codec in CODECS for blank in (None, "", "  ")),
    *((codec, word, {}, NOT_APPLICABLE) for codec in WITH_WORDS for word in ("Not Applicable", "N/A", " na ")),
    ("text", "N/A", {}, "N/A"),
    ("text", "N/A", {"not_applicable": "N/A"}, NOT_APPLICABLE),
    # words that another field says
    ("text", "Dental - PPO", {"except": ["dental -  ppo"]}, EMPTY),
    ("text", "Pet", {"except": ["dental - ppo"]}, "Pet"),
    # a word of a closed list that stands for all that begin so, where none is named to the letter
    ("code", "Medical/EPO", {"values": {"medical": "Medical"}, "also": {"medical": "Medical/*"}}, "medical"),
    ("code", "medical/rx", {"also": {"medical": "Medical/*", "prescription": ["Medical/RX"]}}, "prescription"),
    ("code", "Medical/RX 2", {"also": {"medical": "Medical/*", "prescription": ["Medical/RX*"]}}, "prescription"),
    ("code", "Dental/PPO", {"also": {"medical": "Medical/*"}}, Unparsed("Dental/PPO")),
    ("code", "Rx", {"values": {"medical": "Rx", "dental": "Rx"}, "also": {"other": "R*"}}, Unparsed("Rx")),
    ("code", "Medical/Rx", {"also": {"medical": "Medical/*"}, "empty": "Medical/Rx"}, EMPTY),
    ("code", "Medical/PPO", {"also": {"medical": "Medical/*", "other": "Medical/*"}}, Unparsed("Medical/PPO")),
    ("text", "-", {"empty": "-"}, EMPTY),
    ("text", "Basic  ", {}, "Basic"),
    ("text", "\u00a0Basic\tplan \r\n", {}, "Basic\tplan"),
    ("text", "Ba\u0301sica", {}, "B\u00e1sica"),
    ("code", "Ba\u0301sica", {"values": {"basic": "B\u00e1sica"}}, "basic"),
    ("text", 15438, {}, "15438"),
    ("text", True, {}, "true"),
    ("text", 1e-5, {}, "0.00001"),
    # money: traps 4 and 5
    ("money", "$1,512.40", {}, Decimal("1512.40")),
    ("money", "$350 ", {}, Decimal(350)),
    ("money", "13000", {}, Decimal(13000)),
    ("money", "$ .040", {}, Decimal("0.040")),
    ("money", "$.45", {}, Decimal("0.45")),
    ("money", ".00065", {}, Decimal("0.00065")),
    ("money", "$1,835.007", {}, Decimal("1835.007")),
    ("money", "$512.40*", {}, Decimal("512.40")),
    ("money", "-$5", {}, Decimal(-5)),
    ("money", "$-5", {}, Decimal(-5)),
    ("money", "+5", {}, Decimal(5)),
    ("money", 729.3, {}, Decimal("729.3")),
    ("money", Decimal("5E+2"), {}, Decimal(500)),
    ("money", "-$-5", {}, None),
    ("money", "($5", {}, None),
    ("money", "1,5", {}, None),
    ("money", "5%", {}, None),
    ("money", True, {}, None),
    ("money", ["5"], {}, None),
    ("money", float("nan"), {}, None),
    ("money", "51240", CENTS, Decimal("512.40")),
    ("money", -1, CENTS, Decimal("-0.01")),
    ("money", "512.40", CENTS, None),
    # percent or fraction: trap 2
    ("percent", "20%", {}, Decimal(20)),
    ("percent", "20.00 %", {}, Decimal("20.00")),
    ("percent", "1", {}, None),
    ("percent", "$1", {}, None),
    ("percent", "1", FRACTION, Decimal(100)),
    ("percent", "0.9986", FRACTION, Decimal("99.86")),
    ("percent", "70.70%", FRACTION, Decimal("70.70")),
    ("percent", 1, NUMBER, Decimal(1)),
    ("percent", 0.1, NUMBER, Decimal("0.1")),
    # whole numbers and decimals: trap 14
    ("integer", "26.0", {}, 26),
    ("integer", 15438.0, {}, 15438),
    ("integer", "1,000", {}, 1000),
    ("integer", "26.5", {}, None),
    ("integer", "$26", {}, None),
    ("integer", True, {}, None),
    ("decimal", "0.700079495", {}, Decimal("0.700079495")),
    ("decimal", "1.0.0", {}, None),
    # dates: trap 12
    ("date", "2026-01-02", {}, date(2026, 1, 2)),
    ("date", "1/2/2026", {}, date(2026, 1, 2)),
    ("date", "01/02/2026 12:00:00 AM", {}, date(2026, 1, 2)),
    ("date", "2026-01-02T00:00:00.000", {}, date(2026, 1, 2)),
    ("date", "2026-01-02T13:45:00", {}, date(2026, 1, 2)),
    ("date", "2026-01-02T00:00:00Z", {}, date(2026, 1, 2)),
    ("date", "2026-01-02T23:00:00-05:00", {}, date(2026, 1, 2)),
    ("date", "2026-01-02T05:00:00Z", {}, None),
    ("date", "2026-01-02T04:59:59Z", {"utc_offset": "-05:00"}, date(2026, 1, 1)),
    ("date", "2026-01-02T05:00Z", {"utc_offset": "-05:00"}, date(2026, 1, 2)),
    ("date", "2026-01-02T05:00Z", {"utc_offset": "EST"}, None),
    ("date", "0001-01-01T00:00Z", {"utc_offset": "-05:00"}, None),
    ("date", "2026-02-30", {}, None),
    ("date", "2/1/26", {}, None),
    ("date", "20260102", {}, None),
    ("date", "20260102", {"form": "compact"}, date(2026, 1, 2)),
    ("date", "0001-01-01", {"sentinels": ["0001-01-01"]}, EMPTY),
    ("date", "1/1/0001", {"sentinels": ["0001-01-01"]}, EMPTY),
    ("date", "2050-12-31", {"sentinels": [date(2050, 12, 31)]}, EMPTY),
    ("date", "2027-01-01", {"end": "exclusive"}, date(2026, 12, 31)),
    ("date", "0001-01-01", {"end": "exclusive"}, None),
    # booleans: trap 13
    *(("flag", word, {}, YES) for word in ("Yes", "yes", "YEs", "Y", "X", "true", True, "1", 1, 1.0, "T")),
    *(("flag", word, {}, NO) for word in ("No", "NO", "N", "false", False, "0", 0, "F")),
    ("flag", "Guaranteed Rate", {}, None),
    ("flag", "", {"when_false": ""}, NO),
    ("flag", "N", {"when_true": "N", "when_false": "Y"}, YES),
    # codes: trap 16
    ("code", "Gold", METALS, "gold"),
    ("code", " expanded  bronze", METALS, "expanded_bronze"),
    ("code", "GD", METALS, "gold"),
    ("code", "X2", METALS, "x"),
    ("code", "", METALS, "none"),
    ("code", "Copper", METALS, None),
    ("code", "Gold", {}, None),
    ("code", "a", {"values": {"one": "a", "two": "a"}}, None),
    ("code", True, {"values": {"on": True, 1: "one"}}, "on"),
    # tiers: plan model 6.2
    *(("tier", label, {}, code) for code, labels in {
        "ee": ("Self", "Self-Only", "Empl Only (T1/P1)", "EE", "Single (1)", "One-Party", "EMP", "Employee"),
        "es": ("Employee + Spouse", "EE and SP", "EE/S", "Employee & Spouse/ Domestic Partner", "EmployeeSpouse",
               "ESP"),
        "ec": ("Employee + Child(ren)", "EE and CH", "EE + Child(ren)", "Employee/children", "ECH",
               "Empl + Child(ren) (T3/P3)", "employee_and_one_or_more_dependents"),
        "e1c": ("E + Child", "Employee + one child"),
        "e2c": ("E + Children", "Employee + two children"),
        "es1c": ("E + Spouse + Child", "Employee, spouse + one child"),
        "es2c": ("E + Spouse + Children", "Employee, spouse + two children (full family)"),
        "e1": ("Self Plus One", "Self-Plus One", "Employee +1", "Employee +l", "Two-Party",
               "Employee + Child(ren) or Spouse"),
        "ef": ("Self & Family", "Family", "Emp., Sp. & Child(ren)", "Employee + 2 or more", "Family (3+)", "FAM",
               "Empl + Spouse + Child(ren) (T4/P4)", "Employee +Family"),
        "so": ("SpouseOnly", "SPO"),
        "co": ("CHD",),
        None: ("EmployeeDependent", "E9D", "Tier 3"),
    }.items() for label in labels),
    ("tier", "EmployeeDependent", TIERS, "e1"),
    ("tier", "fam.", TIERS, "ef"),
    # ages: trap 8
    *(("age_band", label, {}, code) for label, code in {
        "0-14": "age_0_14", "64 and over": "age_64_plus", "< 39": "age_0_38", "> 65": "age_66_plus",
        "35 \u2013 39": "age_35_39", "40 \u2013 54": "age_40_54", "Under age 35": "age_0_34", "Under 25": "age_0_24",
        "80 and over": "age_80_plus", "75+": "age_75_plus", ">= 65": "age_65_plus", "Age 30": "age_30_30",
        "30": "age_30_30", "all ages": "age_0_plus", "65 years and older": "age_65_plus", "14 days": None,
        "39-35": None, "< 0": None,
    }.items()),
    ("age_band", "14", {"labels": {"age_0_14": 14}}, "age_0_14"),
    # units: plan model 6.1
    *(("unit", label, {}, code) for label, code in {
        "per $1,000 of insurance": "per_1000_volume", "Rate / $1,000": "per_1000_volume",
        "per $10 of weekly benefit": "per_10_weekly_benefit", "per $100 of covered payroll": "per_100_payroll",
        "per $100 of monthly covered salary": "per_100_payroll", "factor x salary": "salary_factor",
        "flat, for $50,000 of coverage": "flat_per_50000", "flat": "flat", "Rate / $100": None,
        "flat, for $10,000 of coverage, one premium for all children": "flat_per_10000",
        "flat, $30,000 salary and $500 monthly benefit": None,
    }.items()),
    # frequencies: plan model 7
    *(("frequency", label, {}, code) for label, code in {
        "Monthly": "monthly", "per_Month": "monthly", "M": "monthly", "12": "monthly", 12.0: "monthly",
        "Bi_Weekly_26_or_yr": "biweekly_26", "Biweekly": "biweekly_26", "Bi-Weekly": "biweekly_26", 26: "biweekly_26",
        "biweekly_26": "biweekly_26", "Semi-Monthly": "semi_monthly_24", "Semi_Monthly_24_or_yr": "semi_monthly_24",
        24: "semi_monthly_24", "Every Four weeks": "four_weekly_13", "Weekly": "weekly_52", "52": "weekly_52",
        "48": "weekly_48", "Quarterly": "quarterly", "Q": "quarterly", "Semi_annually": "semi_annual",
        "Annually": "annual", "per_Year": "annual", "Y": "annual", "Per_Pay_Cycle": "per_pay_cycle",
        "One_time_fee": "one_time", "24 of 26 pay periods": "biweekly_24",
        "Bi_Monthly": None, "bimonthly": None, "1.2": None, "7": None,
    }.items()),
    ("frequency", "Bi_Monthly", {"labels": {"every_two_months_6": "Bi_Monthly"}}, "every_two_months_6"),
    # lists
    ("list", ["TN", "GA"], {}, "TN, GA"),
    ("list", ["TN", "GA"], {"sorted": "true"}, "GA, TN"),
    ("list", ["full time", "part time"], {"separator": "; "}, "full time; part time"),
    ("list", "TN,GA ", {"sorted": "true"}, "GA, TN"),
    ("list", [], {}, EMPTY),
    ("list", [" ", ""], {}, EMPTY),
    ("list", [["GA"]], {}, None),
    ("list", {"GA": True}, {}, None),
    # two keys that are one code
    ("code_pair", [1000, "benefit"], UNITS, "per_1000_volume"),
    ("code_pair", ["100", "Monthly_Payroll "], UNITS, "per_100_payroll"),
    ("code_pair", [1000, "monthly_payroll"], UNITS, None),
    ("code_pair", [None, ""], UNITS, EMPTY),
    ("code_pair", ["other", "EAP"], LINES, "eap"),
    ("code_pair", ["other", "Pet rocks"], LINES, "other"),
    ("code_pair", ["medical", None], LINES, "medical"),
    ("code_pair", ["medical", "EAP"], LINES, None),
    ("code_pair", "Medical", LINES, "medical"),
    ("code_pair", "Pet", LINES, None),
    ("code_pair", "N/A", LINES, None),
    # benefits as objects
    *(("cost_share_object", raw, {}, parse(text) if text else None) for raw, text in (
        ({"kind": "copay", "amount": "25.00"}, "$25"),
        ({"kind": "copay", "amount": "25.0000", "after_deductible": True}, "$25 after deductible"),
        ({"kind": "copay", "amount": "25", "after_deductible": False}, "$25, not subject to deductible"),
        ({"kind": "money", "amount": "1500.0000", "text": None}, "$1,500"),
        ({"kind": "percent", "amount": "20", "after_deductible": True}, "20% after deductible"),
        ({"kind": "percent", "amount": "0.5"}, "0.5%"),
        ({"kind": "none"}, "None"),
        ({"kind": "not_covered"}, "Not Covered"),
        ({"kind": "unlimited"}, "Unlimited"),
        ({"kind": "text", "text": "$20 then 30%"}, "$20 then 30%"),
        ({"kind": "copay", "amount": "25", "text": "$25 Copay"}, "$25"),
        ({"kind": "copay", "amount": "25", "text": "$30 Copay"}, None),
        ({"kind": "copay", "amount": "25", "text": "ask"}, None),
        ({"kind": "copay"}, None),
        ({"kind": "copay", "amount": "-1"}, None),
        ({"kind": "percent", "amount": "101"}, None),
        ({"kind": "coins", "amount": "20"}, None),
        ({"kind": "copay", "amount": "25", "per": "visit"}, None),
        ({"kind": "text", "text": 7}, None),
        ([{"kind": "copay", "amount": "25"}], None),
    )),
    ("cost_share_object", {"kind": "money", "amount": "150"}, {"allowance": "true"}, parse("$150 allowance")),
    ("cost_share_object", {"kind": "text", "text": "Not Applicable"}, {}, NOT_APPLICABLE),
    ("cost_share_object", {"kind": "none", "text": "Not applicable"}, {}, NOT_APPLICABLE),
    ("cost_share_object", {"kind": "none", "text": "Not covered"}, {}, None),
    ("cost_share_object", {"kind": "text"}, {}, EMPTY),
    ("cost_share_object", {"kind": "text", "text": "-"}, {}, EMPTY),
    ("text_object", {"kind": "text", "text": "-", "amount": None}, {}, EMPTY),
    ("text_object", {"kind": "money", "amount": "50000.0000"}, {}, "$50,000"),
    ("text_object", {"kind": "money", "amount": "1234.5"}, {}, "$1,234.50"),
    ("text_object", {"kind": "percent", "amount": "60.0000"}, {}, "60%"),
    ("text_object", {"kind": "text", "text": "90 days"}, {}, "90 days"),
    ("money_object", {"kind": "money", "amount": "10000.0000"}, {}, Decimal(10000)),
    ("money_object", {"kind": "text", "text": "$10,000"}, {}, Decimal(10000)),
    ("money_object", {"kind": "unlimited"}, {}, None),
    ("percent_object", {"kind": "percent", "amount": "60"}, {}, Decimal(60)),
    ("percent_object", {"kind": "money", "amount": "60"}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "raw", "options", "value"), READ)
def test_reading(codec, raw, options, value):
    """None stands for a text that is not understood."""
    found = get(codec, raw, options)
    assert isinstance(found, Unparsed) if value is None else same(found, value)
    if value is None:
        assert found.raw == (raw if isinstance(raw, str) else found.raw)


def lost(nearest):
    return ("lost", nearest)


WRITE = [
    *((codec, EMPTY, {}, None) for codec in sorted(CODECS.keys() - {"code_pair", "cost_share_pair"})),
    ("text", EMPTY, {"empty": "none"}, "none"),
    ("text", "PPO", {"except": ["PPO"]}, lost(EMPTY)),
    ("date", EMPTY, {"empty": "0001-01-01"}, "0001-01-01"),
    ("date", NOT_APPLICABLE, {}, lost(EMPTY)),
    ("flag", NOT_APPLICABLE, {"when_false": ""}, lost(NO)),
    ("money", NOT_APPLICABLE, {"not_applicable": "Not Applicable"}, "Not Applicable"),
    ("cost_share", NOT_APPLICABLE, {}, "Not Applicable"),
    ("cost_share", NOT_APPLICABLE, {"not_applicable": "n/a"}, "n/a"),
    ("flag", EMPTY, {"when_false": ""}, lost(NO)),
    *((codec, Unparsed("?"), {}, lost(None)) for codec in CODECS),
    *((codec, YES, {}, lost(None)) for codec in sorted(CODECS.keys() - {"flag"})),
    ("flag", "yes", {}, lost(None)),
    ("integer", True, {}, lost(None)),
    ("money", Decimal("Infinity"), {}, lost(None)),
    ("money", 5, {}, lost(None)),
    ("text", "Basic", {"max": 7}, "Basic"),
    ("text", "Basic  plan", {"max": "5"}, lost("Basic")),
    ("text", "  plan", {"max": 2}, lost(EMPTY)),
    ("text", " ", {}, lost(EMPTY)),
    ("text", "-", {"empty": "-"}, lost(EMPTY)),
    ("money", Decimal("512.40"), {}, "512.40"),
    ("money", Decimal("1E+3"), {}, "1000"),
    ("money", Decimal("729.3"), {"digits": 2}, "729.30"),
    ("money", Decimal("512.400"), {"digits": 2}, "512.40"),
    ("money", Decimal("0.3467"), {"digits": 2}, lost(Decimal("0.35"))),
    ("money", Decimal("0.125"), {"digits": 2}, lost(Decimal("0.13"))),
    ("money", Decimal("1512.40"), {"style": "dollar"}, "$1512.40"),
    ("money", Decimal("1512.40"), {"style": "dollar_comma"}, "$1,512.40"),
    ("money", Decimal("-1512.40"), {"style": "dollar_comma"}, "-$1,512.40"),
    ("money", Decimal("512.40"), {"style": "number"}, Decimal("512.40")),
    ("money", Decimal("512.4"), CENTS, 51240),
    ("money", Decimal("0.043"), CENTS, lost(Decimal("0.04"))),
    ("percent", Decimal(20), {}, "20%"),
    ("percent", Decimal("20.5"), FRACTION, Decimal("0.205")),
    ("percent", Decimal(20), NUMBER, Decimal(20)),
    ("percent", Decimal("33.335"), {"digits": 2}, lost(Decimal("33.34"))),
    ("percent", Decimal("33.335"), {"form": "fraction", "digits": 2}, lost(Decimal(33))),
    ("integer", 26, {}, 26),
    ("integer", 26, {"style": "text"}, "26"),
    ("decimal", Decimal("1.50"), {}, Decimal("1.50")),
    ("decimal", Decimal("1.50"), {"style": "text"}, "1.50"),
    ("decimal", Decimal("1.55"), {"digits": 1}, lost(Decimal("1.6"))),
    ("date", date(2026, 1, 2), {}, "2026-01-02"),
    ("date", date(2026, 1, 2), {"form": "mdy"}, "1/2/2026"),
    ("date", date(2026, 1, 2), {"form": "mdy_padded"}, "01/02/2026"),
    ("date", date(2026, 1, 2), {"form": "compact"}, "20260102"),
    ("date", date(2026, 1, 2), {"form": "datetime"}, "2026-01-02T00:00:00"),
    ("date", date(2026, 1, 2), {"form": "datetime", "utc_offset": "-05:00"}, "2026-01-02T00:00:00-05:00"),
    ("date", date(2026, 1, 2), {"form": "datetime_utc"}, "2026-01-02T00:00:00Z"),
    ("date", date(2026, 1, 2), {"form": "datetime_utc", "utc_offset": "-05:00"}, "2026-01-02T05:00:00Z"),
    ("date", date(2026, 1, 2), {"form": "datetime_utc", "utc_offset": "EST"}, lost(None)),
    ("date", date.min, {"form": "datetime_utc", "utc_offset": "+05:00"}, lost(None)),
    ("date", date(2026, 12, 31), {"end": "exclusive"}, "2027-01-01"),
    ("date", date.max, {"end": "exclusive"}, lost(None)),
    ("date", date(2026, 1, 2), {"end": "exclusive", "form": "datetime_utc", "utc_offset": ""}, lost(None)),
    ("date", date(2050, 12, 31), {"sentinels": ["2050-12-31"]}, lost(EMPTY)),
    ("flag", YES, {}, True),
    ("flag", NO, {}, False),
    ("flag", YES, {"when_true": "Y", "when_false": "N"}, "Y"),
    ("flag", NO, {"when_true": "X", "when_false": ""}, ""),
    ("flag", NO, {"when_true": "X", "when_false": "X"}, lost(YES)),
    ("code", "gold", METALS, "Gold"),
    ("code", "none", METALS, ""),
    ("code", "x", METALS, lost(None)),
    ("code", "one", {"values": {"one": "a", "two": "a"}}, lost(None)),
    ("tier", "ee", {}, "Employee only"),
    ("tier", "e1", TIERS, "EmployeeDependent"),
    ("tier", "ef", TIERS, lost(None)),
    ("tier", "ee", {"labels": {"ec": "Kids", "ee": "kids"}}, "kids"),
    ("tier", "e9", {}, lost(None)),
    ("age_band", "age_0_14", {}, "0-14"),
    ("age_band", "age_0_14", {"labels": {"age_0_14": 14}}, 14),
    ("age_band", "age_64_plus", {}, "64 and over"),
    ("age_band", "age_30_30", {}, "30"),
    ("age_band", "age_39_35", {}, lost(None)),
    ("age_band", "age_30", {}, lost(None)),
    ("age_band", "age_030_40", {}, lost("age_30_40")),
    ("unit", "per_1000_volume", {}, "per $1,000 of insurance"),
    ("unit", "flat_per_10000", {}, "flat, for $10,000 of coverage"),
    ("unit", "per_mile", {}, lost(None)),
    ("frequency", "monthly", {}, "Monthly"),
    ("frequency", "biweekly_26", NUMBER, 26),
    ("frequency", "biweekly_24", NUMBER, lost(None)),
    ("frequency", "hourly", {}, lost(None)),
    ("list", "GA, TN", {}, ["GA", "TN"]),
    ("list", "GA,TN", {}, lost("GA, TN")),
    ("list", "TN, GA", {"sorted": "true"}, lost("GA, TN")),
    ("list", ", ", {}, lost(None)),
    ("list", Decimal(5), {}, lost(None)),
    ("code_pair", "per_1000_volume", UNITS, [1000, "benefit"]),
    ("code_pair", "flat", UNITS, lost(None)),
    ("code_pair", "medical", LINES, ["medical", None]),
    ("code_pair", EMPTY, LINES, [None, None]),
    ("code_pair", NOT_APPLICABLE, LINES, lost(EMPTY)),
    ("cost_share_object", parse("$25"), {}, {"kind": "copay", "amount": "25"}),
    ("cost_share_object", parse("$25"), {"accumulator": "true"}, {"kind": "money", "amount": "25"}),
    ("cost_share_object", parse("$25 after deductible"), {},
     {"kind": "copay", "amount": "25", "after_deductible": True}),
    ("cost_share_object", parse("20%, not subject to deductible"), {},
     {"kind": "percent", "amount": "20", "after_deductible": False}),
    ("cost_share_object", parse("Not Covered"), {}, {"kind": "not_covered"}),
    ("cost_share_object", parse("$150 allowance"), {"allowance": "true"}, {"kind": "money", "amount": "150"}),
    ("cost_share_object", parse("$150 allowance"), {}, {"kind": "text", "text": "$150 allowance"}),
    ("cost_share_object", parse("$250 per day, first 5 days"), {},
     {"kind": "text", "text": "$250 per day, first 5 days"}),
    ("cost_share_object", parse("$25, deductible waived"), {}, {"kind": "text", "text": "$25, deductible waived"}),
    ("cost_share_object", parse("20% with deductible"), {}, {"kind": "text", "text": "20% with deductible"}),
    ("cost_share_object", parse("$0.00001"), {}, {"kind": "text", "text": "$0.00001"}),
    ("cost_share_object", parse("No Charge"), {}, {"kind": "text", "text": "No Charge"}),
    ("cost_share_object", NOT_APPLICABLE, {}, {"kind": "text", "text": "Not Applicable"}),
    ("text_object", "90 days", {}, {"kind": "text", "text": "90 days"}),
    ("text_object", "-", {}, lost(EMPTY)),
    ("money_object", Decimal("10000.5"), {}, {"kind": "money", "amount": "10000.5"}),
    ("money_object", Decimal("0.00001"), {}, lost(Decimal("0.0000"))),
    ("money_object", Decimal(-1), {}, lost(None)),
    ("percent_object", Decimal("66.67"), {}, {"kind": "percent", "amount": "66.67"}),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "value", "options", "written"), WRITE)
def test_writing(codec, value, options, written):
    found = put(codec, value, options)
    if isinstance(written, tuple):
        assert isinstance(found, Loss)
        assert (found.value, found.nearest) == (value, written[1])
        assert found.why
    else:
        assert (type(found), found) == (type(written), written)


@pytest.mark.parametrize(
    ("why", "text", "perspective", "written"),
    [
        ("a share of the member's stands as it is", "20%", "member", {"kind": "percent", "amount": "20"}),
        ("where the plan's share stands it is the rest", "20%", "plan", {"kind": "percent", "amount": "80"}),
        (
            "with the same rule about the deductible",
            "20% after deductible",
            "plan",
            {"kind": "percent", "amount": "80", "after_deductible": True},
        ),
        ("an amount is the member's in either", "$25", "plan", {"kind": "copay", "amount": "25"}),
        (
            "and in words where the object cannot say it",
            "$25, deductible waived",
            "plan",
            {"kind": "text", "text": "$25, deductible waived"},
        ),
    ],
)
def test_whose_share_an_object_holds(why, text, perspective, written):
    found = put("cost_share_object", parse(text), perspective=perspective)
    assert found == written, why
    assert get("cost_share_object", found, perspective=perspective) == parse(text)


# ── Cost shares ──────────────────────────────────────────────────────────────────────────────────────────────────────

PAIRS = [
    # the table of plan model 5.1
    ("", "", ""),
    ("No Charge", "20% Coinsurance after deductible", "20% after deductible"),
    ("Not Applicable", "20% Coinsurance after deductible", "20% after deductible"),
    ("$20", "20%", "$20 and 20%"),
    ("$0", "0%", "No Charge"),
    ("$20", "No Charge", "$20, not subject to deductible"),
    ("No Charge", "No Charge", "No Charge"),
    ("No Charge", "No Charge after deductible", "No Charge after deductible"),
    ("$20", "Not Applicable", "$20"),
    ("No Charge after deductible", "20% Coinsurance after deductible", "20% after deductible"),
    ("No Charge", "20%", "20%, not subject to deductible"),
    ("Not Applicable", "No Charge after deductible", "No Charge after deductible"),
    ("Not Applicable", "20%", "20%"),
    ("$20", "20% Coinsurance after deductible", "$20 and 20% after deductible"),
    ("$20 Copay after deductible", "No Charge", "$20 after deductible"),
    # rarer ones of the sample
    ("Not Applicable", "100%", "Member Pays All Charges"),
    ("No Charge", "100%", "Member Pays All Charges"),
    ("$0", "100%", "Member Pays All Charges"),
    ("$0 Copay per Day", "100%", "Member Pays All Charges"),
    ("$20", "100%", "$20 and 100%"),
    ("Not Applicable", "Not Applicable", "Not Applicable"),
    ("", "Not Applicable", "Not Applicable"),
    ("No Charge after deductible", "No Charge", "No Charge after deductible"),
    ("No Charge after deductible", "No Charge after deductible", "No Charge after deductible"),
    ("No Charge", "Not Applicable", "No Charge"),
    ("$20 Copay before deductible", "No Charge", "$20 before deductible"),
    ("$20 Copay after deductible", "No Charge after deductible", "$20 after deductible"),
    ("$20", "No Charge after deductible", "$20 and No Charge after deductible"),
    ("$100 Copay per Day", "20% Coinsurance after deductible", "$100 per day and 20% after deductible"),
    ("0%", "$0", "No Charge"),                               # two types in one column: trap 15
    ("20%", "$20", "$20 and 20%"),
    ("$20", "", "$20"),
    ("Not Covered", "Not Covered", "Not Covered"),
    ("Not Covered", "Not Applicable", "Not Covered"),
    # what the table does not settle
    ("No Charge after deductible", "20%", None),
    ("No Charge with deductible", "20%", None),
    ("No Charge with deductible", "No Charge", None),
    ("$20", "$30", None),
    ("20%", "30%", None),
    ("Not Covered", "20%", None),
    ("$20 | limit: 1 per year", "20%", None),
    ("$20", "ask", None),
    ("ask", "Not Applicable", None),
]  # fmt: skip


@pytest.mark.parametrize(("copay", "coinsurance", "meaning"), PAIRS)
def test_pairs(copay, coinsurance, meaning):
    value = read_pair(copay, coinsurance)
    assert isinstance(value, Unparsed) if meaning is None else format_value(value) == meaning
    assert get("cost_share_pair", [copay, coinsurance]) == value
    assert get("cost_share", copay, partner=coinsurance) == value
    assert get("cost_share", coinsurance, {"partner_is": "copay"}, partner=copay) == value
    if meaning not in (None, ""):
        assert put("cost_share_pair", value) == (
            value.raw.split(" | ") if isinstance(value, CostShare) else ["Not Applicable"] * 2
        )


@pytest.mark.parametrize(("text", "columns"), [
    ("20% after deductible", ["Not Applicable", "20% Coinsurance after deductible"]),
    ("20%, not subject to deductible", ["No Charge", "20%"]),
    ("$20", ["$20", "Not Applicable"]),
    ("$20, not subject to deductible", ["$20", "No Charge"]),
    ("$100 per day after deductible", ["$100 Copay per Day after deductible", "Not Applicable"]),
    ("$20 and 20% after deductible", ["$20", "20% Coinsurance after deductible"]),
    ("No Charge", ["No Charge", "No Charge"]),
    ("No Charge after deductible", ["No Charge", "No Charge after deductible"]),
    ("Member Pays All Charges", ["Not Applicable", "100%"]),
    ("Not Covered", ["Not Covered", "Not Covered"]),
    ("Not Applicable", ["Not Applicable", "Not Applicable"]),
    ("", ["", ""]),
    ("20% then 30%", None),
    ("20% and 30%", None),
    ("20%, up to $50 | limit: 1 per year", None),
    ("$5 and $6 and 20%", None),
])  # fmt: skip
def test_pairs_are_written_in_the_words_of_the_puf(text, columns):
    found = put("cost_share_pair", parse(text))
    assert isinstance(found, Loss) if columns is None else found == columns


def test_a_pair_that_reads_as_something_else_is_a_loss_with_what_it_would_be():
    assert put("cost_share_pair", parse("100%")).nearest == parse("Member Pays All Charges")


@pytest.mark.parametrize(("why", "text", "rest", "written"), [
    ("the writer's own words", "20.00% coinsurance", {}, "20.00% coinsurance"),
    ("they would mean something else here", "20% coinsurance", {"perspective": "plan"}, "80%"),
    ("no words of its own", "", {}, "20%"),
    ("too long, but the canonical text fits", "20.000000% coinsurance", {"options": {"max": 5}}, "20%"),
    ("the partner allows it", "", {"partner": "Not Applicable", "options": {"partner_is": "copay"}}, "20%"),
    ("the PUF's own word beside its partner", "", {"partner": "20%"}, "Not Applicable"),
    ("its own column of a pair", "Not Applicable | 20%", {"partner": "20%"}, "Not Applicable"),
    ("too long", "20% coinsurance", {"options": {"max": "2"}}, None),
    ("the partner says otherwise", "20%", {"partner": "30%"}, None),
])  # fmt: skip
def test_a_cost_share_is_written_as_it_came_where_that_reads_the_same(why, text, rest, written):
    value = CostShare(parts=parse("20%").parts, raw=text)
    found = CODECS["cost_share"].put(value, Context(**rest))
    assert isinstance(found, Loss) if written is None else found == written, why


def test_blank_beside_a_partner_is_the_partners_business():
    assert get("cost_share", "", partner="20%") == get("cost_share", None, partner="20%") == parse("20%")
    assert get("cost_share", "-", {"empty": "-"}, partner="20%") == parse("20%")
    assert get("cost_share", "", partner="") == EMPTY
    assert get("cost_share", "N/A", partner="") == NOT_APPLICABLE
    assert put("cost_share", NOT_APPLICABLE, partner="20%").nearest == parse("20%")


def test_accumulators_and_plain_numbers():
    assert get("cost_share", "$1,500 / $3,000", {"accumulator": "true"}) == parse("$1,500 individual | $3,000 family")
    assert get("cost_share", "$1,500 / $3,000") == Unparsed("$1,500 / $3,000")
    assert get("cost_share", 6000) == parse("$6,000")
    assert get("cost_share", 0.2) == Unparsed("0.2")
    assert get("cost_share_pair", "$20 | 20%") == parse("$20 and 20%")


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

texts = st.text(max_size=20)
decimals = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(-(10**6), 10**6, places=4)
shares = st.sampled_from([row[2] for row in PAIRS if row[2]]).map(parse) | st.builds(
    CostShare,
    parts=st.sampled_from(["$20", "20%", "$5 per day | limit: 1 per year"]).map(lambda text: parse(text).parts),
    raw=texts,
)
codes = st.sampled_from(sorted({row[3] for row in READ if isinstance(row[3], str)}))
values = st.one_of(
    texts,
    decimals,
    st.integers(),
    st.dates(),
    st.sampled_from(Flag),
    st.sampled_from(Absent),
    st.builds(Unparsed, texts),
    shares,
    codes,
)
words = st.none() | texts | st.integers(0, 3) | st.booleans()
tables = st.dictionaries(codes | texts, words, max_size=4)
option_values = {
    **dict.fromkeys(["empty", "not_applicable", "when_true", "when_false"], words),
    **dict.fromkeys(["values", "labels"], tables),
    "also": st.dictionaries(codes, texts | st.lists(texts, max_size=2), max_size=2),
    "digits": st.integers(0, 5),
    "max": st.integers(0, 30),
    "sentinels": st.lists(st.dates().map(str) | texts, max_size=2),
    "rest": codes,
    "except": st.lists(texts, max_size=2),
    "separator": st.sampled_from([", ", "; ", "|", ""]),
    "utc_offset": st.sampled_from(["-05:00", "+13:00", "", "Z", "x"]),
}
EXAMPLES = 40
"""For each codec: most of them share how texts are read, so that all together there are hundreds."""


@st.composite
def contexts(draw, codec):
    """Any options the codec names, sensible or not."""
    names = draw(st.sets(st.sampled_from(sorted(codec.options)))) if codec.options else ()
    chosen = {
        name: draw(st.sampled_from(sorted(codec.options[name])) if codec.options[name] else option_values[name])
        for name in names
    }
    partner = draw(st.none() | st.sampled_from(["", "20%", "No Charge", "Not Applicable", "$20", "?"]))
    return Context(partner, draw(st.sampled_from(["member", "plan"])), chosen)


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
@settings(max_examples=EXAMPLES)
@given(data=st.data(), value=values)
def test_what_was_put_is_got_back(codec, data, value):
    context = data.draw(contexts(codec))
    written = codec.put(value, context)
    if isinstance(written, Loss):
        assert written.value is value
        if written.nearest is not None:
            assert same(codec.get(codec.put(written.nearest, context), context), written.nearest)
    else:
        assert same(codec.get(written, context), value)


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
@settings(max_examples=EXAMPLES)
@given(
    data=st.data(),
    raw=st.recursive(words | st.floats() | decimals, lambda inner: st.lists(inner, max_size=3), max_leaves=4),
)
def test_nothing_read_raises_and_what_is_understood_can_be_shown(codec, data, raw):
    context = data.draw(contexts(codec))
    value = codec.get(raw, context)
    assert isinstance(format_value(value), str)
    assert raw is not None or context.partner or isinstance(value, Flag | Absent)


def test_every_codec_names_itself_and_its_options():
    assert {name: codec.name for name, codec in CODECS.items()} == {name: name for name in CODECS}
    assert all(isinstance(choices, frozenset) for codec in CODECS.values() for choices in codec.options.values())


@pytest.mark.parametrize(("value", "text"), [
    ("text", "text"), (26, "26"), (Decimal("512.40"), "512.40"), (Decimal("1E+3"), "1000"),
    (date(2026, 1, 2), "2026-01-02"), (YES, "true"), (EMPTY, ""), (NOT_APPLICABLE, "Not Applicable"),
    (Unparsed("?"), "?"), (parse("$20 Copay"), "$20"),
])  # fmt: skip
def test_values_as_text(value, text):
    assert format_value(value) == text
