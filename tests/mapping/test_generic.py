"""The identity lens."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.mapping.generic import GenericLens
from syncd.mapping.laws import applied
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed

LENS = GenericLens()


def record(data, *more):
    return Record("generic", "1", (Part("record", "1", data, "v"), *more))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("text", "text"),
        ("", ""),
        (5, 5),
        (True, Flag.TRUE),
        (False, Flag.FALSE),
        (None, EMPTY),
        (512.4, Decimal("512.4")),
        (Decimal("512.40"), Decimal("512.40")),
        (date(2026, 1, 1), date(2026, 1, 1)),
        (NOT_APPLICABLE, NOT_APPLICABLE),
        ({"b": 1, "a": [2]}, Unparsed('{"a":[2],"b":1}')),
        ([1], Unparsed("[1]")),
    ],
)
def test_get(raw, value):
    read = LENS.get(record({"x": raw, "y": "other"}))
    assert read == {"x": value, "y": "other"}
    assert type(read["x"]) is type(value)


@pytest.mark.parametrize(
    ("held", "value", "written"),
    [
        ("a", "b", "b"),
        (True, Flag.FALSE, False),
        (None, Flag.TRUE, True),
        ("a", EMPTY, None),
        (1, 2, 2),
        (1.5, Decimal("2.50"), 2.5),
        (None, Decimal("2.5"), 2.5),
        (None, Decimal("2.50"), Decimal("2.50")),
        (Decimal("1.00"), Decimal("2.5"), Decimal("2.5")),
        (1.5, Decimal("0.1234567890123456789"), Decimal("0.1234567890123456789")),
        ("a", NOT_APPLICABLE, NOT_APPLICABLE),
    ],
)
def test_put_writes_the_json_type_that_stood_there(held, value, written):
    putting = LENS.put(record({"x": held, "y": [1]}), {"x": value})
    assert putting.parts == (Part("record", "1", {"x": written, "y": [1]}, "v"),)
    assert type(putting.parts[0].data["x"]) is type(written)
    assert LENS.get(applied(record({"x": held}), putting))["x"] == value


def test_a_value_that_stands_there_is_no_write():
    assert (
        LENS.put(
            record({"x": 512.4, "n": None, "l": [1]}),
            {"x": Decimal("512.40"), "n": EMPTY, "z": EMPTY, "l": Unparsed("[1]")},
        ).parts
        == ()
    )


def test_what_was_not_understood_is_never_written():
    putting = LENS.put(record({"x": "a"}), {"x": Unparsed("[1]")})
    assert putting.parts == ()
    assert putting.losses["x"].nearest is None


def test_an_absent_key_is_empty_and_has_a_place():
    """Records of this kind take any key, so none of them lacks one."""
    assert (LENS.get(record({"x": 1})).get("y"), LENS.lacks(record({"x": 1}))) == (None, frozenset())
    assert LENS.put(record({"x": 1}), {"y": 2}).parts[0].data == {"x": 1, "y": 2}


def test_several_parts():
    """Where two parts hold one key the first speaks; each change goes to the part that holds the key."""
    two = record({"a": "1", "b": "2"}, Part("more", "2", {"b": "x", "c": "3"}))
    assert LENS.get(two) == {"a": "1", "b": "2", "c": "3"}
    putting = LENS.put(two, {"c": "4", "new": "5"})
    assert {part.kind: part.data for part in putting.parts} == {
        "record": {"a": "1", "b": "2", "new": "5"},
        "more": {"b": "x", "c": "4"},
    }


def test_new():
    assert LENS.new({"a": "1", "b": EMPTY}).parts == (Part("record", "", {"a": "1"}),)
    assert LENS.new({}).parts == (Part("record", "", {}),)


def test_carries_narrows():
    lens = GenericLens("row", ("details", "rates"))
    assert lens.get(record({"details.name": "a", "benefits.x": "b", "rates[2026-01-01].ee": "1"})) == {
        "details.name": "a",
        "rates[2026-01-01].ee": "1",
    }
    assert lens.unwritable("benefits.x") is not None
    assert lens.unwritable("details.name") is None
    assert lens.digest != LENS.digest


def test_the_rest_of_the_protocol():
    assert LENS.carries("anything")
    assert LENS.nearest("x", "a") == "a"
    assert LENS.part_of("x") == "record"
    assert LENS.codec_of("x") == "generic"


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
data = st.dictionaries(st.text(max_size=5), scalars | st.lists(scalars, max_size=2), max_size=8)


@given(data, data)
def test_p22_lens_laws_of_the_identity(mine, theirs):
    before = record(mine)
    held = LENS.get(before)
    assert LENS.put(before, held).parts == ()
    wanted = {path: value for path, value in LENS.get(record(theirs)).items() if not isinstance(value, Unparsed)}
    putting = LENS.put(before, wanted)
    again = LENS.get(applied(before, putting))
    assert putting.losses == {}
    assert {path: again.get(path, EMPTY) for path in {*wanted, *held}} == {**held, **wanted}
