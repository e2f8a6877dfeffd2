"""Numbers that people and programs print otherwise than they mean: what is not surely one number is none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.benefitpoint.parts import detail
from syncd.mapping.codecs import CODECS, Context
from syncd.model.cost_share import CostShare, parse
from syncd.model.fields import value_from_text
from syncd.model.numbers import read_money, read_number
from syncd.model.values import Unparsed

RATE, SHARE, PERCENT = "rates[2026-01-01].ee", "benefits.deductible.individual.in_network", "details.actuarial_value"


def number_of(value):
    """Give the number in a value, so that all readers can be compared."""
    if isinstance(value, CostShare):
        charge = value.parts[0].charge
        return getattr(charge, "amount", None) if hasattr(charge, "amount") else charge.percent
    return Decimal(value) if isinstance(value, int | Decimal) else None


def readings(text):
    """Read a number through every reader that there is: codecs, the cost share grammar, typed answers, a vendor."""
    yield "money", CODECS["money"].get(f"${text}", Context())
    yield "money", CODECS["money"].get(text, Context())
    yield "decimal", CODECS["decimal"].get(text, Context())
    yield "percent", CODECS["percent"].get(f"{text}%", Context())
    yield "fraction", CODECS["percent"].get(text, Context(options={"form": "number"}))
    yield "object", CODECS["money_object"].get({"kind": "money", "amount": text}, Context())
    yield "share", parse(f"${text}")
    yield "share", parse(f"${text} copay per visit")
    yield "share", parse(f"{text}%")
    yield "share", parse(f"20% up to ${text}")
    yield "accumulator", parse(f"${text} / ${text}", accumulator=True)
    yield "answer", value_from_text(RATE, text)
    yield "answer", value_from_text(SHARE, f"${text}")
    yield "answer", value_from_text(PERCENT, text)


NO_NUMBERS = [
    "0,125", "00,125", "0,125.50", "012,345", "1,23", "1,2", "12,34,567", "1,0000", "1234,567", ",125", "1,,234",
    "1,234,", "1,234,56", "1.234,50", "12.345.678", "1 234", "1'234.00",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_b5_a_comma_that_does_not_part_thousands(text):
    """B5: a first group of thousands never begins with 0 and every other has three digits, in every reader."""
    assert [(who, value) for who, value in readings(text) if not isinstance(value, Unparsed)] == []
    assert read_number(text) is None


@given(st.integers(0, 999), st.lists(st.integers(0, 99999), min_size=1, max_size=3), st.integers(1, 5), st.booleans())
def test_b5_groups_are_read_only_as_they_are_printed(first, rest, width, zero):
    """B5: a text with commas is a number only when Python prints that number with the very same commas."""
    text = ",".join([f"0{first}" if zero else str(first), *(f"{group:0{width}d}" for group in rest)])
    printed = f"{int(text.replace(',', '')):,}"
    assert read_number(text) == (Decimal(text.replace(",", "")) if printed == text else None)
    assert isinstance(parse(f"${text}"), CostShare) is (printed == text)


@pytest.mark.parametrize("text", ["1,500", "1,500.25", "12,345", "1,234,567.5", "0.125", ".125", "125", "1500"])
def test_b5_what_is_surely_a_number_is_read(text):
    """B5: thousands that are parted in threes are read by every reader alike."""
    amount = Decimal(text.replace(",", ""))
    read = [(who, value) for who, value in readings(text) if who not in ("percent", "share", "accumulator", "fraction")]
    assert [(who, number_of(value)) for who, value in read if who != "object"] == [
        (who, amount) for who, _ in read if who != "object"
    ]


@pytest.mark.parametrize("text", ["$0,125", "0,125%", "0,125 visits", "1,23 x salary"])
def test_b5_a_vendors_own_fields_keep_the_text(text):
    """B5: a value with a comma that parts no thousands goes into a vendor's unit fields as text, not as a number."""
    assert detail.detail_of(text, {"UOM": "dollars"}) == {"UOM": "text", "value": text}


@pytest.mark.parametrize("text", ["per $0,100 payroll", "flat per $0,100", "flat per $010"])
def test_b5_a_unit_with_a_comma_for_a_point_is_none(text):
    """B5: the step of a rate's unit is read by the same grammar."""
    assert isinstance(CODECS["unit"].get(text, Context()), Unparsed)


@pytest.mark.parametrize("text", ["(406.00)", "($406.00)", "$(406.00)", "(406)", "406.00-", "406.00 CR", "-(406.00)"])
def test_b16_an_amount_in_a_bookkeepers_manner_is_asked_about(text):
    """B16: (406.00) is a premium of 406.00 or a credit; it is not understood, and never -406.00 unasked."""
    assert isinstance(CODECS["money"].get(text, Context()), Unparsed)
    assert isinstance(value_from_text(RATE, text), Unparsed)


@pytest.mark.parametrize("raw", [
    455.29999999999995, 0.1 + 0.2, 1e-7, 1200.0000000000002, 1 / 3, 1.1 * 1.1,
    "455.29999999999995", "$455.29999999999995", "455.2999999", Decimal("455.29998779296875"), float("inf"), "NaN",
])  # fmt: skip
def test_b12_money_that_no_system_prices_with_is_asked_about(raw):
    """B12: the noise of a float is not understood as money, neither rounded nor passed on."""
    assert isinstance(CODECS["money"].get(raw, Context()), Unparsed)
    assert isinstance(CODECS["money_object"].get({"kind": "money", "amount": raw}, Context()), Unparsed)
    assert isinstance(value_from_text(RATE, raw), Unparsed)


@pytest.mark.parametrize("raw", [455.3, 0.3, 0.00065, 1835.007, "455.300000", 1e3, 123456789.12])
def test_b12_plain_amounts_are_read_from_floats(raw):
    """B12: an amount that a float prints as it was typed is that amount."""
    assert CODECS["money"].get(raw, Context()) == Decimal(str(raw))


@given(st.integers(1, 10**7), st.integers(1, 10**4), st.sampled_from([1, 10, 100]))
def test_b12_sums_of_cents_are_exact_or_asked(cents, times, unit):
    """B12: whatever a program computed with floats is read as the cents it stands for, or not at all."""
    noisy = (cents / 100) * times / unit
    read = read_money(format(Decimal(repr(noisy)), "f"))
    assert read is None or read == Decimal(cents) * times / (100 * unit)


def test_b12_float_noise_in_a_cost_share_is_not_understood():
    """B12: copays and percentages hold no noise either."""
    assert isinstance(parse("$25.000000000000004 copay"), Unparsed)
    assert isinstance(parse("20.000000000000004%"), Unparsed)


@pytest.mark.parametrize("text", [
    "$10,25 visits per year", "20%, up to $1,5 per visit", "$10 per visit,25 visits per year,5", "$1,23,456",
    "20%,5,5%",     "$20,30 visits per year", "1,20 visits per year", "$1,500,30 visits per year",
])  # fmt: skip
def test_b5_half_of_a_number_is_never_read(text):
    """B5: no phrase reads a part of a number, and the rest of it as the next phrase."""
    assert isinstance(parse(text), Unparsed)


def test_b5_thousands_within_a_number_are_no_thousands():
    """B5: commas go only where a whole number has them in the right places."""
    assert isinstance(CODECS["unit"].get("flat per $1,23,456", Context()), Unparsed)
    assert CODECS["unit"].get("flat per $23,456", Context()) == "flat_per_23456"
