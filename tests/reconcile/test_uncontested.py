"""One editor and nothing else to decide: taking all edits at once is what deciding field by field comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Unparsed, Value
from syncd.reconcile.decide import decide_link
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Away, LinkView, Lost, Owed, View
from syncd.reconcile.uncontested import Uncontested
from tests.reconcile.plain import NAMES, NOW, Takes, link, linked, member, seen, view

DATE = "details.effective_date"
PATHS = ("name", "phone", "zip", "rates[2026-01-01].ee", "rates[2026-01-01].es", DATE)
BASE: dict[str, Value] = {"name": "Gold", "phone": "1", DATE: date(2026, 1, 1)}
values = st.sampled_from([*["a", "b", Decimal("1.5"), Decimal("1.50"), date(2026, 3, 1)] * 4, Unparsed("?")])
flats = st.dictionaries(st.sampled_from(PATHS), values)
rules = st.sampled_from(
    [
        {},
        {},
        {"default": {"on_conflict": "source_of_truth", "source_of_truth": "crm"}},
        {"default": {"mode": "mirror", "source_of_truth": "crm", "on_drift": "overwrite"}},
        {"default": {"fields": {"name": {"mode": "mirror", "source_of_truth": "pay"}}}},
        {"links": {"l1": {"operations": ["create"]}}},
        {"pairs": {"crm+pay": {"operations": []}}},
        {"default": {"when": {"phone": "1"}, "operations": []}},
    ]
)


class Constant(Takes):
    """A system in which a field always has the same value."""

    def codec_of(self, path: str) -> str:
        return "constant" if path in ("name", "zip") else "plain"


surfaces = st.sampled_from(
    [
        {},
        {},
        {},
        {"pay": Takes(update=False)},
        {"crm": Takes(carries_only=("name", "zip"))},
        {"pay": Takes(closed={"name": "read-only"})},
        {"pay": Constant()},
        {"pay": Takes(rounds=lambda _path, value: "a" if value == "b" else value)},
    ]
)


def rarely(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Give what is usual, and now and then another: one odd thing in a world is enough to make it another row."""
    return st.sampled_from([usual] * 40 * len(others) + list(others))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[LinkView, View]:
    """A settled link of two or three systems, mostly edited in one of them and rarely odd otherwise."""
    agreed = draw(flats)
    members, sights = [], {}
    names = draw(st.sampled_from([("crm", "pay"), ("crm", "pay", "quote")]))
    editors = draw(st.sampled_from([names[:1], names[1:2], names[-1:], names[:1], (), names[:2]]))
    for name in names:
        base = {**agreed, **draw(rarely({}, {"name": "other"}, {"zip": "0"}))}
        edits = draw(st.dictionaries(st.sampled_from(PATHS[:3]), values, max_size=2))
        edits |= draw(rarely({}, {"name": EMPTY}, {DATE: date(2026, 1, 3)}, {"rates[2026-01-01].ee": "c"}))
        holds = {**base, **edits} if name in editors else dict(base)
        members.append(
            replace(
                member(name, base),
                unseen=draw(rarely(frozenset(), frozenset({"name"}))),
                behind=draw(rarely({}, {"name": Owed(1)})),
                status=draw(rarely("live", "missing", "awaited")),
            )
        )
        locked = draw(rarely({}, {"name": "confirmed"}))
        sights[name] = draw(rarely(seen(holds, locked=locked), Away("down"), Lost("404")))
    one = link(*members, agreed=agreed, status=draw(rarely("live", "orphaned")))
    whole = view(
        surfaces=draw(surfaces),
        ignore=draw(rarely(frozenset(), frozenset({"name"}))),
        atoms=draw(rarely({}, {"name": "person", "phone": "person"})),
        paused=draw(rarely({}, {"pay": "paused"})),
    )
    return LinkView(one, sights), whole


@settings(max_examples=600)
@given(world=worlds(), ruled=rules)
def test_taking_all_edits_at_once_is_deciding_them_one_by_one(world: tuple[LinkView, View], ruled: Any) -> None:
    seen_, whole = world
    told = Rules(ruled, NAMES)
    outcome = Uncontested(whole, told).take(seen_)
    event("taken at once" if outcome is not None else "left to the fields")
    if outcome is not None:
        assert outcome == decide_link(seen_, whole, {}, told, NOW)
        assert list(outcome.after.agreed) == list(decide_link(seen_, whole, {}, told, NOW).after.agreed)


@pytest.mark.parametrize(
    "edits",
    [{"name": "A"}, {"phone": "2", "zip": "0"}, {"zip": Decimal("2.50")}],
    ids=["a field", "two fields", "a new field"],
)
def test_the_usual_edit_is_taken_at_once(edits: Mapping[str, Value]) -> None:
    one = LinkView(linked(BASE), {"crm": seen(BASE | dict(edits)), "quote": seen(BASE)})
    outcome = Uncontested(view(one), Rules()).take(one)
    assert outcome is not None
    assert outcome == decide_link(one, view(one), {}, Rules(), NOW)
    assert {(change.system, change.path, change.new) for change in outcome.changes} == {
        ("quote", path, value) for path, value in edits.items()
    }


def test_equal_amounts_keep_the_scale_that_was_agreed() -> None:
    """Another scale is no edit: neither what is agreed nor a base takes it over beside a true edit."""
    base: dict[str, Value] = {"rate": Decimal("512.40"), "name": "Gold"}
    one = LinkView(linked(base), {"crm": seen({"rate": Decimal("512.4"), "name": "A"}), "quote": seen(base)})
    outcome = Uncontested(view(one), Rules()).take(one)
    assert outcome is not None
    assert str(outcome.after.agreed["rate"]) == "512.40"
    assert [str(each.base["rate"]) for each in outcome.after.members] == ["512.40", "512.40"]


EE = "rates[2026-01-01].ee"
EDIT = {"name": "A"}
ODD: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # why, what the editor holds beside its base, members' extras by system, the view's extras, rules
    ("nobody edited", {}, {}, {}, {}),
    ("a cleared field", {"phone": EMPTY}, {}, {}, {}),
    ("a cleared field beside an edit", {**EDIT, "phone": EMPTY}, {}, {}, {}),
    ("a text nobody understood", {"name": Unparsed("?")}, {}, {}, {}),
    ("a cell of a table", {EE: "1"}, {}, {}, {}),
    ("another plan year", {DATE: date(2027, 1, 1)}, {}, {}, {}),
    ("a debt of the editor", EDIT, {"crm": {"behind": {"phone": Owed(1)}}}, {}, {}),
    ("a debt of another", EDIT, {"quote": {"behind": {"phone": Owed(1)}}}, {}, {}),
    ("a newcomer", EDIT, {"quote": {"unseen": frozenset({"phone"})}}, {}, {}),
    ("a missing member", EDIT, {"quote": {"status": "missing"}}, {}, {}),
    ("a field that is ignored", EDIT, {}, {"ignore": frozenset({"name"})}, {}),
    ("an atom of generic fields", EDIT, {}, {"atoms": {"name": "person"}}, {}),
    ("a paused target", EDIT, {}, {"paused": {"quote": "paused"}}, {}),
    ("a target that takes nothing", EDIT, {}, {"surfaces": {"quote": Takes(update=False)}}, {}),
    ("a field closed to writes", EDIT, {}, {"surfaces": {"quote": Takes(closed={"name": "no"})}}, {}),
    ("a system that rounds", EDIT, {}, {"surfaces": {"quote": Takes(rounds=lambda _, value: value)}}, {}),
    ("a field that one does not have", EDIT, {}, {"surfaces": {"quote": Takes(carries_only=("phone",))}}, {}),
    ("a mirror", EDIT, {}, {}, {"default": {"mode": "mirror", "source_of_truth": "quote"}}),
    ("no updates by rule", EDIT, {}, {}, {"default": {"operations": ["create"]}}),
    ("a rule that looks at values", EDIT, {}, {}, {"default": {"when": {"phone": "1"}, "blanks": "overwrite"}}),
]


@pytest.mark.parametrize(("why", "edits", "members", "more", "ruled"), ODD, ids=[row[0] for row in ODD])
def test_whatever_is_not_plainly_this_row_is_left_to_the_fields(
    why: str, edits: Mapping[str, Value], members: dict[str, Any], more: dict[str, Any], ruled: Any
) -> None:
    base = BASE | {EE: "0"}
    one = link(*(member(name, base, **members.get(name, {})) for name in ("crm", "quote")), agreed=base)
    sights = {"crm": seen(base | dict(edits)), "quote": seen(base)}
    assert Uncontested(view(**more), Rules(ruled, NAMES)).take(LinkView(one, sights)) is None, why


@pytest.mark.parametrize("odd", [Away("down"), Lost("404"), seen(BASE | {"phone": "2"}), seen(BASE, locked={"": "no"})])
def test_a_member_that_is_not_as_it_was_leaves_it_to_the_fields(odd: Any) -> None:
    """It is away, gone, edited too, or locked now."""
    one = LinkView(linked(BASE), {"crm": seen(BASE | EDIT), "quote": odd})
    assert Uncontested(view(one), Rules()).take(one) is None


@dataclass(frozen=True)
class Asked(Takes):
    """A system that hears what is asked about its fields."""

    heard: list[str] = field(default_factory=list)

    def unwritable(self, path: str) -> str | None:
        self.heard.append(path)
        return super().unwritable(path)


EDITS = [
    # the kind, who edited the name, whether the edit is taken at once
    ("generic", "crm", True),
    ("generic", "quote", False),
    ("group", "crm", False),
] * 2


def test_a_field_is_asked_about_once_for_all_links_but_apart_for_each_system_and_kind() -> None:
    """Names of plans are read-only in the crm, names of clients in the quote system."""
    asked, closed = Asked(), Takes(closed={"name": "read-only"})
    surfaces = {("crm", "generic"): closed, ("quote", "generic"): asked, ("crm", "group"): asked}
    at_once = Uncontested(replace(view(), surfaces=surfaces | {("quote", "group"): closed}), Rules())
    for at, (kind, editor, taken) in enumerate(EDITS):
        one = linked(BASE, id=f"l{at}", kind=kind)
        sights = {name: seen(BASE | EDIT if name == editor else BASE) for name in ("crm", "quote")}
        assert (at_once.take(LinkView(one, sights)) is not None) == taken, (at, kind, editor)
    assert asked.heard == ["name"]
