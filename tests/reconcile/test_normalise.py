# ruff: noqa: E501 - a row of a table is one line
"""Normalise: which fields need a look, what each member holds in them, and what counts as one value."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.normalise import normalise
from syncd.reconcile.types import UNSEEN, Away, Held, Link, LinkView, Owed
from tests.reconcile.plain import NOW, Takes, link, linked, member, seen, sight, view

EE, ES, FAM = "rates[2026-01-01].ee", "rates[2026-01-01].es", "rates[2026-01-01].fam"


def whole(_path: str, value: Value) -> Value:
    """Keep whole dollars."""
    return value.quantize(Decimal(1), ROUND_HALF_UP) if isinstance(value, Decimal) else value


def looked_at(one: Link, sights: dict[str, Any], **more: Any) -> dict[str, Any]:
    seen_as = {name: sight(what) for name, what in sights.items()}
    return normalise(one, seen_as, view(LinkView(one, seen_as), **more))


BASE: Flat = {"name": "Gold", "phone": "1"}
QUIET = linked(BASE)
LOOKED_AT = [
    ("nobody moved", QUIET, {"crm": BASE, "quote": dict(BASE)}, {}, []),
    ("one field was edited", QUIET, {"crm": BASE | {"phone": "2"}, "quote": BASE}, {}, ["phone"]),
    ("one field was cleared", QUIET, {"crm": {"name": "Gold"}, "quote": BASE}, {}, ["phone"]),
    ("one field is new", QUIET, {"crm": BASE | {"note": "x"}, "quote": BASE}, {}, ["note"]),
    ("a member is owed a field", link(member("crm", BASE), member("quote", BASE, behind={"phone": Owed(1)})),
     {"crm": BASE, "quote": BASE}, {}, ["phone"]),
    ("a member that is away is not looked at", QUIET, {"crm": Away("down"), "quote": BASE}, {}, []),
    ("a missing member is not looked at", link(member("crm", BASE, status="missing"), member("quote", BASE)),
     {"crm": BASE | {"phone": "2"}, "quote": BASE}, {}, []),
    ("a newcomer makes everything new", link(member("crm", BASE), member("quote", {}, unseen=frozenset({""}))),
     {"crm": BASE, "quote": {"note": "x"}}, {}, ["name", "note", "phone"]),
    ("a field without a base", link(member("crm", BASE, unseen=frozenset({"phone"})), member("quote", BASE)),
     {"crm": BASE, "quote": BASE}, {}, ["phone"]),
    ("a field without a base that nobody holds", link(member("crm", BASE, unseen=frozenset({"details.note"})),
     member("quote", BASE)), {"crm": BASE, "quote": BASE}, {}, ["details.note"]),
    ("a section without a base", link(member("crm", {"details.a": "1"}, unseen=frozenset({"details"}))),
     {"crm": {"details.a": "1", "benefits.b": "2"}}, {}, ["benefits.b", "details.a"]),
    ("an ignored field", QUIET, {"crm": BASE | {"phone": "2"}, "quote": BASE}, {"ignore": frozenset({"phone"})}, []),
    ("a field that nobody carries", QUIET, {"crm": BASE | {"note": "x"}, "quote": BASE},
     {"surfaces": {"crm": Takes(("name", "phone")), "quote": Takes(("name", "phone"))}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "one", "sights", "more", "paths"), LOOKED_AT, ids=[row[0] for row in LOOKED_AT])
def test_only_what_moved_is_looked_at(why: str, one: Link, sights: Any, more: Any, paths: list[str]) -> None:
    assert sorted(path for fields in looked_at(one, sights, **more).values() for path in fields.cells) == paths, why


def test_a_link_looks_at_its_own_members_only() -> None:
    """A sight of a system that is no member says nothing."""
    assert looked_at(QUIET, {"crm": BASE, "quote": BASE, "web": {"name": "other"}}) == {}


def test_a_table_is_looked_at_whole() -> None:
    """A touched cell brings the untouched cells of its atom, wherever they are known from, but not the ignored ones."""
    base: Flat = {EE: "1", ES: "2", "details.name": "Gold"}
    one = linked(base, kind="plan")
    sights = {"crm": base | {EE: "9"}, "quote": base | {FAM: "3"}}
    found = looked_at(one, sights, kinds=("plan",))
    assert {atom: sorted(fields.cells) for atom, fields in found.items()} == {"rates[2026-01-01]": [EE, ES, FAM]}
    found = looked_at(one, sights, kinds=("plan",), ignore=frozenset({ES}))
    assert sorted(found["rates[2026-01-01]"].cells) == [EE, FAM]


def test_generic_fields_merge_as_the_atoms_they_were_given() -> None:
    one = linked({"a": "1", "b": "2", "c": "3"})
    found = looked_at(one, {"crm": {"a": "9", "b": "2", "c": "3"}, "quote": {}}, atoms={"a": "table", "b": "table"})
    assert {atom: sorted(fields.cells) for atom, fields in found.items()} == {"table": ["a", "b"], "c": ["c"]}


def test_a_member_that_carries_no_field_has_no_say_in_it() -> None:
    """Who does not carry a field is neither held nor absent there."""
    crm = {"crm": Takes(("name",))}
    found = looked_at(QUIET, {"crm": BASE, "quote": BASE | {"phone": "2"}}, surfaces=crm)
    assert found["phone"].cells == {"phone": {"quote": Held("2", "1")}}
    away = looked_at(QUIET, {"crm": Away("down"), "quote": BASE | {"phone": "2"}}, surfaces=crm)
    assert not away["phone"].absent
    away = looked_at(QUIET, {"crm": Away("down"), "quote": BASE | {"phone": "2"}})
    assert away["phone"].absent


def test_a_time_counts_unless_our_own_write_set_it() -> None:
    one = link(member("crm", BASE, own_stamp=7.0), member("quote", BASE, own_stamp=7.0))
    crm, quote = seen(BASE | {"name": "A"}, modified=7.0), seen(BASE | {"name": "B"}, modified=9.0)
    found = looked_at(one, {"crm": crm, "quote": quote})
    assert {name: held.stamp for name, held in found["name"].cells["name"].items()} == {"crm": None, "quote": 9.0}


@pytest.mark.parametrize(
    ("why", "flat", "stamp"),
    [
        ("one edit", BASE | {"name": "B"}, 9.0),
        ("two fields were edited, one of them may be older", BASE | {"name": "B", "phone": "2"}, None),
        ("a field was cleared, too", {"name": "B"}, None),
        ("two cells of one table", BASE | {EE: "1", ES: "2"}, 9.0),
        ("a table and a field", BASE | {EE: "1", "name": "B"}, None),
        ("a field that is not compared", BASE | {"name": "B", "note": "x"}, 9.0),
        ("a field that the system does not carry", BASE | {"name": "B", "hidden": "x"}, 9.0),
    ],
)
def test_a_time_of_a_record_is_the_time_of_its_only_edit(why: str, flat: Flat, stamp: float | None) -> None:
    """R14: where a record shows several edits since its base, its one time is the time of none of them."""
    one = linked(BASE, "crm", "quote")
    sights = {"crm": seen(BASE), "quote": seen(flat, modified=9.0)}
    world = view(ignore=frozenset({"note"}), surfaces={"quote": Takes(carries_not=frozenset({"hidden"}))})
    found = normalise(one, sights, world)
    stamps = {seen_["quote"].stamp for fields in found.values() for seen_ in fields.cells.values() if "quote" in seen_}
    assert stamps == {stamp}, why


@pytest.mark.parametrize(("ahead", "stamp"), [(-5.0, True), (30.0, True), (3600.0, False)])
def test_a_time_of_the_future_is_no_time(ahead: float, stamp: bool) -> None:
    """B10: a record that was edited tomorrow was edited by a clock that is wrong, so it is the newest of nothing."""
    one = linked(BASE, "crm", "quote")
    sights = {"crm": seen(BASE), "quote": seen(BASE | {"name": "B"}, modified=NOW + ahead)}
    held = normalise(one, sights, view(), NOW)["name"].cells["name"]["quote"]
    assert (held.stamp is not None) is stamp


def test_editors_are_those_who_left_their_base_in_some_cell() -> None:
    one = link(member("crm", {EE: "1"}), member("quote", {EE: "1"}), member("web", {}, unseen=frozenset({""})))
    fields = looked_at(one, {"crm": {EE: "1", ES: "5"}, "quote": {EE: "1"}, "web": {EE: "1"}})["rates[2026-01-01]"]
    assert fields.editors == {"crm", "web"}
    assert fields.is_newcomer(EE, "web")
    assert not fields.is_newcomer(EE, "crm")


M = Decimal
LIFTED = [
    # why                                                 pay: base, now       agreed      crm now      what pay counts as
    ("a rounding of the agreed value is no edit",         M(512), M(512),      M("512.45"), M("530.10"), (M("512.45"), M("512.45"))),
    ("a rounding of the other's new value is that value", M(512), M(530),      M("512.45"), M("530.10"), (M("530.10"), M(512))),
    ("an edit of its own stays one",                      M(512), M(600),      M("512.45"), M("530.10"), (M(600), M(512))),
    ("a clear stays one",                                 M(512), EMPTY,       M("512.45"), M("530.10"), (EMPTY, M(512))),
    ("a base that is no rounding stays",                  M(500), M(500),      M("512.45"), M("530.10"), (M(500), M(500))),
    ("nothing is read as a blank",                        M(512), M(512),      EMPTY,       M("530.10"), (M(512), M(512))),
]  # fmt: skip


@pytest.mark.parametrize(("why", "base", "now", "agreed", "crm", "counts"), LIFTED, ids=[row[0] for row in LIFTED])
def test_a_declared_rounding_is_no_difference(
    why: str, base: Value, now: Value, agreed: Value, crm: Value, counts: tuple[Value, Value]
) -> None:
    one = link(member("crm", {"x": agreed}), member("pay", {"x": base}))
    found = looked_at(one, {"crm": {"x": crm}, "pay": {"x": now}}, surfaces={"pay": Takes(rounds=whole)})
    held = found["x"].cells["x"]["pay"]
    assert (held.value, held.base) == counts, why
    assert found["x"].raw["x"]["pay"] == now


def test_what_is_owed_is_not_read_as_held() -> None:
    """A member that is behind and unedited counts as unedited, however what it holds is read."""
    one = link(member("crm", {"x": M("512.45")}), member("pay", {"x": M(512)}, behind={"x": Owed(1)}))
    found = looked_at(one, {"crm": {"x": M("530.10")}, "pay": {"x": M(512)}}, surfaces={"pay": Takes(rounds=whole)})
    assert found["x"].cells["x"]["pay"] == Held(M("512.45"), M("512.45"), behind=True)


def test_a_newcomer_that_rounds_agrees() -> None:
    one = link(member("crm", {"x": M("512.45")}), member("pay", {}, unseen=frozenset({""})))
    found = looked_at(one, {"crm": {"x": M("512.45")}, "pay": {"x": M(512)}}, surfaces={"pay": Takes(rounds=whole)})
    assert found["x"].cells["x"]["pay"] == Held(M("512.45"), UNSEEN)


numbers = st.sampled_from([M("1.25"), M("1.75"), M(1), M(2), EMPTY])


@given(base=numbers, agreed=numbers, crm=numbers, pay=numbers)
def test_a_field_is_read_as_a_value_that_the_member_makes_its_own_of(
    base: Value, agreed: Value, crm: Value, pay: Value
) -> None:
    """What a member counts as holding is what it holds, or what its codec turns into what it holds."""
    takes = Takes(rounds=whole)
    one = link(
        member("crm", {"x": agreed}), member("pay", {"x": base} if base is not EMPTY else {}), agreed={"x": agreed}
    )
    found = looked_at(one, {"crm": {"x": crm}, "pay": {"x": pay}}, surfaces={"pay": takes})
    for fields in found.values():
        held = fields.cells["x"]["pay"]
        assert held.value == pay or takes.nearest("x", held.value) == pay
        assert held.base == base or takes.nearest("x", agreed) == base or (held.base == held.value and base == pay)
