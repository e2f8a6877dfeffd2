"""Vendor paths: parse, read, write."""

from __future__ import annotations

import copy

import pytest

from syncd.errors import MappingError
from syncd.mapping.vendor_path import MISSING, copied, parse, read, write

DATA = {
    "plan": {"name": "Gold", "none": None},
    "Employee + Child(ren)": "1",
    "Ded. [Single]": "2",
    "plans": [{"id": 7, "on": True, "name": "A"}, "text", {"id": 8, "name": "B"}],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("plan.name", "Gold"),
        ("plan.none", None),
        ("plan.nothing", MISSING),
        ("plan.name.deeper", MISSING),
        ("Employee + Child(ren)", "1"),
        ('"Ded. [Single]"', "2"),
        ("plans[0].name", "A"),
        ("plans[9].name", MISSING),
        ("plan[0]", MISSING),
        ("plans[id=8].name", "B"),
        ("plans[id=7,on=true].name", "A"),
        ('plans[ "id" = "8" ].name', "B"),
        ("plans[id=9].name", MISSING),
        ("/plan.name", "Gold"),
    ],
)
def test_read(path, value):
    assert read(DATA, parse(path).steps) == value


@pytest.mark.parametrize(
    "text",
    ["", "/", ".name", "plan..name", "plan.", "a[b", "a[]", "a[b]", "a]", 'a"b"', "a[0]b", "a.[0]", "fields[code=x]"],
)
def test_what_is_no_path_says_what_was_expected(text):
    with pytest.raises(ValueError, match=r"path|choice"):
        parse(text)


def test_a_path_shows_as_it_was_written():
    assert str(parse("/a.b")) == "/a.b"
    assert parse("/a.b").rooted
    assert not parse("a.b").rooted


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.b", {}, {"a": {"b": 1}}),
        ("a.b", {"a": None, "c": 2}, {"a": {"b": 1}, "c": 2}),
        ("a.b", {"a": {"b": 0, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        ("a[0]", {}, {"a": [1]}),
        ("a[0].b", {"a": [None]}, {"a": [{"b": 1}]}),
        ("a[1].b", {"a": [{"b": 0}]}, {"a": [{"b": 0}, {"b": 1}]}),
        ("a[0]", {"a": [5]}, {"a": [1]}),
        ("a[0].b", {"a": [{"c": 2}]}, {"a": [{"c": 2, "b": 1}]}),
        ("a[k=x].b", {}, {"a": [{"k": "x", "b": 1}]}),
        ("a[k=x].b", {"a": [{"k": "x", "b": 0, "c": 2}]}, {"a": [{"k": "x", "b": 1, "c": 2}]}),
        ("a[k=7].b", {"a": [{"k": 6}, "text"]}, {"a": [{"k": 6}, "text", {"k": 7, "b": 1}]}),
        ("a[k=7].b", {"a": [{"k": "6"}]}, {"a": [{"k": "6"}, {"k": "7", "b": 1}]}),
    ],
)
def test_write_makes_what_is_missing_and_keeps_the_rest(path, before, after):
    data = copy.deepcopy(before)
    write(data, parse(path).steps, 1)
    assert data == after
    assert read(data, parse(path).steps) == 1


@pytest.mark.parametrize(
    ("path", "data"), [("a.b", {"a": "text"}), ("a[0]", {"a": {}}), ("a[k=x].b", {"a": "text"}), ("a[2]", {"a": []})]
)
def test_write_refuses_a_payload_of_another_shape(path, data):
    with pytest.raises(MappingError):
        write(data, parse(path).steps, 1)


def test_a_copy_can_be_written_without_touching_the_original():
    before = copy.deepcopy(DATA)
    twin = copied(DATA)
    write(twin, parse("plans[0].name").steps, "changed")
    assert before == DATA
    assert twin["plans"][0]["name"] == "changed"
