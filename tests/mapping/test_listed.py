"""Rows with `missing: listed`: the record lists which of the names its type has."""

from __future__ import annotations

import pytest

from syncd.mapping.compile import compile_mapping
from syncd.mapping.laws import applied, breaches
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY

LENS = compile_mapping(
    """
system: a
kinds:
  plan:
    rows:
      details.name: {field: n, codec: text}
    sets:
      - section: benefits
        part: summary
        parts: true
        key: {variant: {field: title, codec: text}}
        cells:
          limit_a.note: {fields: [names.One, names.Two], winner: names.One, codec: text, missing: listed}
          limit_b.note: {field: names.Three, codec: text, missing: listed}
""",
    "a.yaml",
).lens("plan")


def plan(*summaries):
    for summary in summaries:
        summary["names"] = {"_listed": True, **summary["names"]}
    return Record(
        "plan", "p", (Part("plan", "p", {}), *(Part("summary", str(at), s) for at, s in enumerate(summaries)))
    )


@pytest.mark.parametrize(
    ("why", "names", "flat"),
    [
        ("a name that the type has not is not carried", {"One": "x"}, {"benefits.limit_a.note": "x"}),
        ("one that it has is empty", {"One": None, "Three": None}, {"limit_a": EMPTY, "limit_b": EMPTY}),
        ("either name will do", {"Two": "y"}, {"limit_a": "y"}),
        ("the winner is read first", {"One": "x", "Two": "y"}, {"limit_a": "x"}),
    ],
)
def test_what_the_record_lists_is_what_it_carries(why, names, flat):
    wanted = {path if "." in path else f"benefits.{path}.note": value for path, value in flat.items()}
    assert {path: value for path, value in LENS.get(plan({"names": names})).items() if "limit" in path} == wanted


def test_a_record_that_lists_nothing_is_empty_and_takes_all_names():
    """Before the type is known every name is written; the system keeps the one that its type has."""
    assert LENS.get(plan())["benefits.limit_a.note"] is EMPTY
    putting = LENS.put(plan(), {"benefits.limit_a.note": "x"})
    assert putting.losses == {}
    assert [part.data for part in putting.parts] == [{"names": {"One": "x", "Two": "x"}}]
    both = {"benefits.limit_a.note": "x", "benefits.limit_b.note": "y"}
    assert LENS.new(both).parts[-1].data["names"] == {"One": "x", "Two": "x", "Three": "y"}


def test_a_write_goes_to_the_name_that_the_record_has():
    record = plan({"names": {"Two": "y"}})
    (part,) = LENS.put(record, {"benefits.limit_a.note": "z"}).parts
    assert part.data == {"names": {"_listed": True, "Two": "z"}}
    putting = LENS.put(record, {"benefits.limit_b.note": "z"})
    assert putting.parts == ()
    assert "does not carry" in putting.losses["benefits.limit_b.note"].why


def test_a_clear_leaves_no_other_name_to_show_through():
    record = plan({"names": {"One": "x", "Two": "y"}})
    cleared = applied(record, LENS.put(record, {"benefits.limit_a.note": EMPTY}))
    assert LENS.get(cleared)["benefits.limit_a.note"] is EMPTY


@pytest.mark.parametrize("names", [{}, {"One": None}, {"Two": "y"}, {"One": "x", "Two": "y", "Three": "z"}])
def test_p22_lens_laws_of_listed_rows(names):
    records = [plan(), plan({"names": names}), plan({"names": names}, {"title": "second", "names": names})]
    donors = [LENS.get(plan({"names": {"One": "q", "Three": "r"}}))]
    for record in records:
        assert list(breaches(LENS, record, donors)) == []
