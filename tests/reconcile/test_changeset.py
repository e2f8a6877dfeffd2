# ruff: noqa: E501 - a row of a table is one line
"""Saved changesets: what a dry run decided, as a file, and what is said when it does not hold any more."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.model.values import EMPTY
from syncd.reconcile.changeset import FORMAT, Filters, Saved, differences, from_json, save, to_json
from syncd.reconcile.types import Away, Change, Changeset, LinkView, Lost, Operation, Outcome, Proposal, View
from tests.reconcile.plain import linked, seen, stray, view

ONE = linked({"name": "Gold"}, "crm", "quote", "web", "pay")
CHANGE = Change("l1", "quote", "quote-1", "rate", Decimal("1.5"), Decimal("2.50"), "uncontested edit")
CREATE = Operation("create", "l1", "web", "", {"name": "Gold"}, "decided when linked")
ASKS = Proposal("conflict", "acme", "l1", "Gold", "name", "why", "rule", "d1", ())
GUARD = Proposal("guard", "acme", "", "acme", "delete", "why", "rule", "d2", ())


def world(change: Change = CHANGE, scope: str = "acme", **sights: Any) -> tuple[Changeset, View]:
    outcome = Outcome(ONE, ONE, (change,), (CREATE,), (ASKS,))
    shown = {"crm": seen({"name": "Gold"}), "quote": Lost("404"), "web": Away("down")} | sights
    whole = view(LinkView(ONE, shown), strays=[stray("pay", "p9", {"x": "1"})], scope=scope)
    return Changeset(scope, (outcome,), (GUARD,)), whole


FILTERS = Filters(("acme",), ("l1",), ("quote",), ("delete",))
SAVED = save([world()], b"\x01", FILTERS, 7.0)


def test_it_tells_what_was_read_and_decided() -> None:
    crm, away = seen({"name": "Gold"}).digest.hex(), "away: down"
    assert SAVED.members == {
        "acme|l1|crm|crm-1": crm,
        "acme|l1|quote|quote-1": "gone",
        "acme|l1|web|web-1": away,
        "acme||pay|p9": seen({"x": "1"}).digest.hex(),
    }
    change, create = SAVED.writes["l1|quote|quote-1|rate"], SAVED.writes["l1|web||(create)"]
    assert (change["old"], change["new"], change["group"], change["plan"]) == ("1.5", "2.50", "acme", "Gold")
    assert (create["operation"], create["reason"]) == ("create", "decided when linked")
    assert SAVED.questions == {"conflict|l1|name": "d1", "guard|acme|delete": "d2"}


@pytest.mark.parametrize("filters", [FILTERS, Filters(), Filters(("acme",), (), ())])
def test_a_file_gives_back_what_was_saved(filters: Filters) -> None:
    saved = save([world()], b"\x01", filters, 7.0)
    assert from_json(to_json(saved), "plan.json") == saved


def test_the_digest_is_of_everything_but_the_time() -> None:
    assert replace(SAVED, made_at=8.0).digest == SAVED.digest
    assert replace(SAVED, made_at=8.0).key != SAVED.key
    others = [
        replace(SAVED, epoch="02"),
        replace(SAVED, filters=Filters()),
        replace(SAVED, members={}),
        replace(SAVED, writes={}),
        replace(SAVED, questions={}),
    ]
    assert len({SAVED.digest, *(one.digest for one in others)}) == 6


def test_a_value_that_only_looks_the_same_is_another_one() -> None:
    """The text of two values may be one; what is written is compared exactly."""
    text = save([world(replace(CHANGE, new="2.50"))], b"\x01", FILTERS, 7.0)
    assert text.writes["l1|quote|quote-1|rate"]["new"] == "2.50"
    assert text.digest != SAVED.digest


DIFFER: list[tuple[str, Saved, list[str]]] = [
    ("nothing moved", save([world()], b"\x01", FILTERS, 9.0), []),
    ("rules, mappings or rights", save([world()], b"\x02", FILTERS, 7.0), ["the rules, the mappings or the rights of an account"]),
    ("a record moved", save([world(crm=seen({"name": "New"}))], b"\x01", FILTERS, 7.0), ["record crm crm-1 has changed"]),
    ("a record came back", save([world(quote=seen({}))], b"\x01", FILTERS, 7.0), ["record quote quote-1 has changed"]),
    ("a new record", save([world(pay=seen({}))], b"\x01", FILTERS, 7.0), ["record pay pay-1 is new"]),
    ("another value", save([world(replace(CHANGE, new=EMPTY))], b"\x01", FILTERS, 7.0), ["the write to quote quote-1 rate has changed"]),
    ("another write", save([world(replace(CHANGE, path="x"))], b"\x01", FILTERS, 7.0),
     ["the write to quote quote-1 rate is gone", "the write to quote quote-1 x is new"]),
    ("another question", replace(SAVED, questions={"conflict|l1|name": "d9"}),
     ["the question conflict name has changed", "the question guard delete is gone"]),
    ("only the filters", save([world()], b"\x01", Filters(), 7.0), ["the groups or filters"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "now", "wanted"), DIFFER, ids=[row[0] for row in DIFFER])
def test_p18_what_is_not_as_it_was_is_named(why: str, now: Saved, wanted: list[str]) -> None:
    assert differences(SAVED, now) == wanted, why


def changed(**told: Any) -> str:
    return json.dumps(json.loads(to_json(SAVED)) | told)


BROKEN = [
    ("no JSON", "{", "not a changeset: "),
    ("no mapping", "[]", f"not a changeset: expected `format: {FORMAT}`"),
    ("another format", changed(format="x"), f"not a changeset: expected `format: {FORMAT}`"),
    ("something is missing", json.dumps({"format": FORMAT}), "not a whole changeset: 'filters'"),
    ("something is of another kind", changed(made_at="soon"), "not a whole changeset"),
    ("somebody changed it", changed(made_at=7.0, epoch="ff"), "the changeset was changed after it was written"),
    ("somebody left a write out", changed(writes={}), "the changeset was changed after it was written"),
]


@pytest.mark.parametrize(("why", "text", "said"), BROKEN, ids=[row[0] for row in BROKEN])
def test_p27_a_file_that_is_no_changeset_is_refused(why: str, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_json(text, "plan.json")
    assert said in str(caught.value), why
    assert str(caught.value).startswith("plan.json")
    assert "--out FILE" in caught.value.hint
