"""Flat views as bytes: back again to the letter, and a digest that knows what counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import cost_share
from syncd.model.encoding import decode, digest, encode, value_from_json, value_to_json
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed

SHARE = cost_share.parse("$30 Copay after deductible")
OTHER = cost_share.parse("  $30 copay AFTER deductible ")

VALUES = [
    ("text", "text"),
    ("", ""),
    ("null", "null"),
    (7, 7),
    (-(2**63), -(2**63)),
    (2**70, {"i": str(2**70)}),
    (Decimal("512.40"), {"d": "512.40"}),
    (Decimal("1E+3"), {"d": "1E+3"}),
    (date(2026, 1, 1), {"t": "2026-01-01"}),
    (Flag.TRUE, {"b": True}),
    (Flag.FALSE, {"b": False}),
    (EMPTY, None),
    (NOT_APPLICABLE, {"na": 1}),
    (Unparsed("ask"), {"u": "ask"}),
    (SHARE, {"c": ["$30 after deductible", "$30 Copay after deductible"]}),
    ("half a \ud83d", {"s": b"half a ".hex() + "eda0bd"}),
]


@pytest.mark.parametrize(("value", "json"), VALUES)
def test_each_kind_of_value(value, json):
    assert value_to_json(value) == json
    for back in (value_from_json(json), decode(encode({"x": value}))["x"]):
        assert back == value
        assert type(back) is type(value)
        assert str(getattr(back, "raw", back)) == str(getattr(value, "raw", value))


def test_all_together():
    flat = {str(at): value for at, (value, _) in enumerate(VALUES)}
    assert decode(encode(flat)) == flat
    assert len(digest(flat)) == 16


def test_a_cost_share_of_a_grammar_that_knew_more():
    assert decode(b'{"x":{"c":["what was that","raw text"]}}') == {"x": Unparsed("raw text")}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Decimal("512.4"), Decimal("512.40"), True),
        (Decimal(1500), Decimal("1.5E+3"), True),
        (Decimal("0.00"), Decimal("-0"), True),
        (Decimal("0." + "1" * 40), Decimal("0." + "1" * 39 + "2"), False),
        (SHARE, OTHER, True),
        (SHARE, "$30 after deductible", False),
        (Flag.TRUE, "true", False),
        (EMPTY, "", False),
        (EMPTY, NOT_APPLICABLE, False),
        (Unparsed("a"), "a", False),
        (date(2026, 1, 1), "2026-01-01", False),
        (2**70, 2**70 + 1, False),
    ],
)
def test_the_digest_knows_what_counts(one, other, same):
    assert (digest({"x": one}) == digest({"x": other})) is same


def test_the_order_of_paths_does_not_count():
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None)
values = st.one_of(
    st.text(),
    st.integers(),
    decimals,
    st.dates(),
    st.sampled_from([EMPTY, NOT_APPLICABLE, Flag.TRUE, Flag.FALSE, SHARE, OTHER]),
    st.builds(Unparsed, st.text()),
)
flats = st.dictionaries(st.text(max_size=8), values, max_size=8)


@given(flats)
def test_decode_is_the_inverse_of_encode(flat):
    back = decode(encode(flat))
    assert back == flat
    assert {path: type(value) for path, value in back.items()} == {path: type(value) for path, value in flat.items()}
    assert [str(back[path]) for path in flat] == [str(value) for value in flat.values()]


@given(flats, flats)
def test_digests_are_equal_exactly_when_the_values_are(one, other):
    def typed(flat):
        return {path: (isinstance(value, int), value) for path, value in flat.items()}

    assert (digest(one) == digest(other)) is (typed(one) == typed(other))
    assert digest(one) == digest(decode(encode(one)))
