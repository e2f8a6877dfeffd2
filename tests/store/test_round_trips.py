"""What is stored is read back the same to the last digit, whatever it is."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from syncd.model.cost_share import CostShare
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag
from syncd.reconcile.types import Link, Member, Owed
from syncd.store.rows import Batch
from syncd.store.store import Store
from tests.store import samples

patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def one():
    """A store that all examples share: a row stored again replaces the row."""
    opened = Store.open(":memory:")
    yield opened
    opened.close()


def exact(value):
    """A text that differs where two values are equal but not the same; the order of a mapping does not count."""
    if dataclasses.is_dataclass(value) and not isinstance(value, CostShare):
        return [type(value), *(exact(getattr(value, each.name)) for each in dataclasses.fields(value))]
    if isinstance(value, dict):
        return sorted((repr(key), exact(inner)) for key, inner in value.items())
    if isinstance(value, tuple | list):
        return [exact(each) for each in value]
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)


@patient
@given(samples.snapshots)
def test_a_snapshot_comes_back(one, row):
    one.save_snapshots([row])
    found = one.snapshots(row.system, row.kind, [row.id])
    assert exact(found) == exact({row.id: row})
    assert one.heads(row.system, row.kind)[row.id] == (row.raw, row.gone)


@patient
@given(samples.links())
def test_a_link_comes_back_with_its_members_in_their_order(row):
    store = Store.open(":memory:")
    store.add_link(row)
    assert exact(store.link(row.id)) == exact(row)
    ((loaded, _),) = store.load([row.id], row.scope)
    assert exact(loaded) == exact(row)
    store.close()


@patient
@given(samples.links(), samples.links())
def test_a_link_is_replaced_whole(first, then):
    store = Store.open(":memory:")
    then = dataclasses.replace(then, id=first.id)
    store.add_link(first)
    store.save_links([then])
    assert exact(store.link(first.id)) == exact(then)
    store.close()


@patient
@given(samples.intents)
def test_an_intent_comes_back_from_begin_and_from_settle(row):
    store = Store.open(":memory:")
    store.begin(Batch(intents=(row,)))
    assert exact(store.intents(run=row.run, link=row.link)) == exact([row])
    store.settle([samples.confirmed(row)])
    assert exact(store.intents(run=row.run, link=row.link)) == exact([samples.confirmed(row).intent])
    store.close()


@patient
@given(samples.history_rows)
def test_a_history_line_comes_back(one, row):
    one.save_snapshots([], [row])
    (last,) = one.history(limit=1)
    assert exact(dataclasses.replace(last, id=None)) == exact(row)


@patient
@given(samples.questions)
def test_a_question_comes_back(one, row):
    one.save_questions([row])
    assert exact(one.question(row.id)) == exact(row)


@patient
@given(samples.runs)
def test_a_run_comes_back(one, row):
    one.start_run(row)
    assert row in one.runs(row.scope, limit=1000)


@patient
@given(samples.listings)
def test_a_listing_comes_back(one, row):
    one.save_listing(row)
    assert one.listing(row.system, row.kind) == row


@patient
@given(samples.ids, samples.ids, samples.documents)
def test_a_document_comes_back_and_none_forgets_it(one, area, key, document):
    one.put(area, key, document)
    assert one.get(area, key) == document
    assert one.items(area).get(key) == document


@pytest.mark.parametrize(
    ("why", "base", "agreed"),
    [
        ("what was agreed", {"a": "1"}, {"a": "1"}),
        ("another scale", {"a": Decimal("512.4")}, {"a": Decimal("512.40")}),
        ("another type", {"a": 1}, {"a": Decimal(1)}),
        ("another type, the other way", {"a": Decimal(1)}, {"a": 1}),
        ("nothing yet", {}, {"a": "1"}),
        ("nothing at all", {}, {}),
        ("one less", {"a": "1"}, {"a": "1", "b": "2"}),
        ("one more", {"a": "1", "b": "2"}, {"a": "1"}),
        ("something else", {"b": NOT_APPLICABLE}, {"a": Flag.TRUE}),
        ("an empty value", {"a": EMPTY}, {"a": "1"}),
    ],
)
def test_a_base_comes_back_though_only_its_difference_is_stored(store, why, base, agreed):
    row = samples.link(agreed=agreed, members=(Member("pq", "1", base), Member("bp", "2", {"x": "y"})))
    store.add_link(row)
    assert exact(store.link("L")) == exact(row)


def test_a_base_that_is_what_was_agreed_takes_no_room(store):
    store.add_link(samples.link())
    with store._reading() as connection:
        ((members,),) = connection.exec_driver_sql("SELECT members FROM link").fetchall()
    assert members == b'[["6431",null,[],{},null,null],["6431",null,[],{},null,null]]'
    found = store.link("L")
    assert all(member.base is found.agreed for member in found.members)


def test_half_a_character_stops_no_record(store):
    """Systems that cut texts at a length leave one; flat views keep it, labels and notes spell it out."""
    cut = "Gold \ud83d"
    row = samples.snapshot(flat={"details.name": cut}, label=cut)
    store.save_snapshots(
        [row, samples.snapshot("2")], [samples.history_row(note=cut, fields={"details.name": (cut, None)})]
    )
    assert store.snapshots("pq", "plan")["1"].flat == {"details.name": cut}
    assert store.snapshots("pq", "plan")["1"].label == "Gold \\ud83d"
    assert store.history()[0].fields == {"details.name": (cut, None)}
    asked = samples.question(proposal=samples.proposal(label=cut))
    store.save_questions([asked])
    assert store.question("q-1") == asked
    behind = samples.member("pq", "1", behind={cut: Owed(1, why=cut)}, unseen=frozenset({cut}))
    store.add_link(samples.link(members=(behind,), sources={cut: "pq"}))
    assert store.link("L").members == (behind,)
    store.put("area", "key", {"text": cut})
    assert store.get("area", "key") == {"text": cut}


def test_a_value_that_is_none_of_ours_is_refused_not_guessed(store):
    with pytest.raises((TypeError, AttributeError)):
        store.put("area", "key", {"amount": Decimal("512.40")})
    with pytest.raises((TypeError, AttributeError)):
        store.save_snapshots([], [samples.history_row(fields={"details.name": (object(), "x")})])
    assert store.items("area") == {}
    assert store.history() == []


@pytest.mark.parametrize("count", [1, 2000, 2001])
def test_any_number_of_rows_is_stored(store, count):
    """Rows travel some thousand at a time; the seams must not show."""
    rows = [samples.snapshot(f"{n:05}", flat={"n": str(n)}) for n in range(count)]
    store.save_snapshots(rows)
    assert store.snapshots("pq", "plan", [row.id for row in rows]) == {row.id: row for row in rows}
    made = [Link(f"L{n:05}", "plan", "g", "", {}, (Member("pq", f"{n:05}", {"n": str(n)}),)) for n in range(count)]
    store.save_links(made)
    assert [link for link, _ in store.load([link.id for link in made], "g")] == made
    assert [link for link, _ in store.load(None, "g")] == made
    assert all(seen["pq"].flat == link.members[0].base for link, seen in store.load(None, "g"))
