"""Saved dry runs: what they hold, that nobody changed them, and what is different now."""

from __future__ import annotations

import json

import pytest

from syncd.errors import ConfigError
from syncd.reconcile.changeset import Filters, Saved, differences, from_json, save, to_json
from syncd.reconcile.types import Away, Change, Changeset, LinkView, Lost, Operation, Outcome, Proposal
from tests.reconcile.plain import linked, seen, stray, view

BASE = {"details.name": "Gold"}
LINK = linked(BASE)
CHANGE = Change("l1", "crm", "crm-1", "details.name", "Gold", "Golden", "uncontested edit")
CREATE = Operation("create", "l1", "quote", "", BASE, "decided when linked")
QUESTION = Proposal("conflict", "acme", "l1", "Gold", "rates.x", "why", "default", "d1", ())


def made(
    change=CHANGE, crm=None, questions=(QUESTION,), operations=(), filters=None, epoch=b"e", strays=(), at=5.0
) -> Saved:
    outcome = Outcome(LINK, LINK, (change,) if change else (), operations, questions)
    sights = {"crm": crm or seen(BASE), "quote": seen(BASE)}
    changeset = Changeset("acme", (outcome,))
    return save([(changeset, view(LinkView(LINK, sights), strays=strays))], epoch, filters or Filters(("acme",)), at)


def test_a_changeset_names_all_it_read_and_decided():
    saved = made(crm=Lost("proved"), operations=(CREATE,), strays=[stray("crm", "9", BASE)])
    assert saved.members == {
        "acme|l1|crm|crm-1": "gone",
        "acme|l1|quote|quote-1": seen(BASE).digest.hex(),
        "acme||crm|9": seen(BASE).digest.hex(),
    }
    assert set(saved.writes) == {"l1|crm|crm-1|details.name", "l1|quote||(create)"}
    assert saved.writes["l1|crm|crm-1|details.name"]["new"] == "Golden"
    assert saved.questions == {"conflict|l1|rates.x": "d1"}


def test_a_file_gives_the_changeset_back():
    saved = made(filters=Filters(("acme",), ("l1",), ("crm",), ("delete",)))
    assert from_json(to_json(saved), "c.json") == saved
    assert from_json(to_json(made()), "c.json") == made()


def test_the_same_decided_later_is_the_same_changeset_in_another_file():
    assert made().digest == made(at=9.0).digest
    assert made().key != made(at=9.0).key
    assert differences(made(), made(at=9.0)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "c.json:1: not a changeset: Expecting property name"),
        ("[]", "c.json: not a changeset: expected `format: syncd-changeset/1`"),
        ('{"format": "other"}', "c.json: not a changeset: expected"),
        ('{"format": "syncd-changeset/1"}', "c.json: not a whole changeset: 'filters'"),
    ],
)
def test_another_file_is_refused(text, told):
    with pytest.raises(ConfigError) as caught:
        from_json(text, "c.json")
    assert str(caught.value).startswith(told)
    assert "--out FILE" in caught.value.hint


def test_a_changeset_that_somebody_changed_is_refused():
    told = json.loads(to_json(made()))
    told["writes"]["l1|crm|crm-1|details.name"]["new"] = "Platinum"
    with pytest.raises(ConfigError, match="the changeset was changed after it was written"):
        from_json(json.dumps(told), "c.json")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (made(epoch=b"f"), ["the rules, the mappings or the rights of an account"]),
        (made(crm=seen({"details.name": "Silver"})), ["record crm crm-1 has changed"]),
        (made(crm=Away("down")), ["record crm crm-1 has changed"]),
        (made(strays=[stray("quote", "8", BASE)]), ["record quote 8 is new"]),
        (made(change=None), ["the write to crm crm-1 details.name is gone"]),
        (made(operations=(CREATE,)), ["the write to quote  (create) is new"]),
        (made(questions=()), ["the question conflict rates.x is gone"]),
        (made(filters=Filters(("acme", "other"))), ["the groups or filters"]),
    ],
)
def test_what_moved_is_said(now, told):
    assert differences(made(), now) == told


def test_a_value_that_only_looks_the_same_is_a_difference():
    moved = Change("l1", "crm", "crm-1", "details.name", "Gold", "Golden ", "uncontested edit")
    assert differences(made(), made(change=moved)) == ["the write to crm crm-1 details.name has changed"]
