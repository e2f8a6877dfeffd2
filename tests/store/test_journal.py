"""The journal: all of a batch or nothing, pending until settled, counted when confirmed."""

from dataclasses import replace

import pytest

from syncd.reconcile.types import Owed
from syncd.store.rows import Batch, Settlement
from tests.store.samples import FLAT, confirmed, history_row, intent, link, member, question, snapshot

UNSTORABLE = history_row(fields={"details.name": (object(), None)})


def everything(store):
    """All that a batch or a settlement can touch."""
    return (
        store.links(status=None),
        store.intents(),
        [store.question(id_) for id_ in ("q-1", "q-2")],
        store.history(),
        store.snapshots("bp", "plan"),
    )


def test_begin_stores_a_batch(store):
    store.save_questions([question("q-1", "decided")])
    batch = Batch((link(),), (question("q-2"),), (intent(),), (history_row("decided"),), ("q-1",))
    store.begin(batch)
    assert store.links() == [link()]
    assert store.pending("g") == [intent()]
    assert store.question("q-1").status == "used"
    assert store.question("q-2") == question("q-2")
    assert [row.what for row in store.history()] == ["decided"]


def test_an_answer_may_be_stored_and_used_by_one_batch(store):
    store.begin(Batch(questions=(question("q-1", "decided"),), used=("q-1", "q-9")))
    assert store.question("q-1").status == "used"


def test_begin_that_fails_leaves_nothing(store):
    store.save_questions([question("q-1", "decided")])
    before = everything(store)
    batch = Batch((link(),), (question("q-2"),), (intent(),), (history_row(), UNSTORABLE), ("q-1",))
    with pytest.raises((TypeError, AttributeError)):
        store.begin(batch)
    assert everything(store) == before
    store.begin(replace(batch, history=()))
    assert store.pending("g") == [intent()]


def test_settle_stores_how_it_ended(store):
    store.begin(Batch((link(),), (), (intent("i1"), intent("i2", seq=2))))
    after = link(revision=2)
    store.settle([confirmed(intent("i1"), link=after, snapshot=snapshot("2", "bp"), history=(history_row("written"),))])
    assert store.pending("g") == [intent("i2", seq=2)]
    assert [each.state for each in store.intents(run="r")] == ["confirmed", "intended"]
    assert store.links() == [after]
    assert store.snapshots("bp", "plan") == {"2": snapshot("2", "bp")}
    assert [row.what for row in store.history()] == ["written"]


def test_settle_that_fails_leaves_nothing(store):
    store.begin(Batch((link(),), (), (intent("i1"), intent("i2", seq=2))))
    before = everything(store)
    good = confirmed(intent("i1"), link=link(revision=2), snapshot=snapshot("2", "bp"), history=(history_row(),))
    with pytest.raises((TypeError, AttributeError)):
        store.settle([good, confirmed(intent("i2"), history=(UNSTORABLE,))])
    assert everything(store) == before


def test_parts_of_one_link_settled_together_end_in_the_last_state(store):
    store.begin(Batch((link(),), (), (intent("i1"), intent("i2"))))
    first, last = link(revision=2), link(revision=3)
    one, two = snapshot("2", "bp", raw=b"r2"), snapshot("2", "bp", raw=b"r3")
    store.settle([confirmed(intent("i1"), link=first, snapshot=one), confirmed(intent("i2"), link=last, snapshot=two)])
    assert store.links() == [last]
    assert store.heads("bp", "plan") == {"2": (b"r3", None)}


@pytest.mark.parametrize(
    ("why", "stored"),
    [
        ("as it is now", link()),
        ("it agreed something else", link(agreed={"details.name": "Bronze"})),
        ("it held another record", link(bp="9")),
        ("it lacked the member", link(members=(member("pq", "1"),))),
        ("it had one more", link(members=(*link().members, member("cs", "7")))),
        ("it was of another revision", link(revision=7)),
        ("it was unlinked", link(status="unlinked")),
        ("its member was missing", link(members=(member("pq", "1"), member("bp", "2", status="missing")))),
    ],
)
def test_a_settled_link_is_stored_whole_whatever_stood_there(store, why, stored):
    """Mostly one row is renewed; where the link held other records, what it is found by is renewed too."""
    other = link("M", pq="3", bp="4")
    store.save_links([stored, other])
    owed = member("bp", "2", FLAT | {"details.name": "Silver"}, behind={"details.name": Owed(2)})
    after = link(members=(member("pq", "1"), owed))
    store.settle([confirmed(intent(), link=after)])
    assert store.links() == [after, other]
    assert [store.find_link(*one) for one in (("pq", "plan", "1"), ("bp", "plan", "2"))] == [after, after]
    assert [store.find_link(*one) for one in (("bp", "plan", "9"), ("cs", "plan", "7"))] == [None, None]
    assert store.members_of("bp", "plan") == {"2", "4"}


@pytest.mark.parametrize(
    ("why", "stored"),
    [
        ("as it was begun", link()),
        ("it was decided anew", link(revision=7, agreed={"details.name": "Bronze"})),
        ("it held another record", link(bp="9")),
        ("it was unlinked", link(status="unlinked")),
        ("it is not there", link("N", pq="7", bp="8")),
    ],
)
def test_members_are_stored_alone_where_nothing_else_can_have_moved(store, why, stored):
    """Their bases are stored as differences from what was agreed; beside other values they would be other bases."""
    store.add_link(stored)
    owed = member("bp", "2", FLAT | {"details.name": "Silver"}, behind={"details.name": Owed(2)})
    after = link(members=(member("pq", "1"), owed))
    store.settle([confirmed(intent(), link=after, whole=False)])
    assert store.link("L") == after
    assert store.find_link("bp", "plan", "2") == after


def test_a_link_settled_twice_ends_in_the_last_state(store):
    store.add_link(link())
    first = link(members=(member("pq", "1", {}), member("bp", "2")))
    last = link(members=(member("pq", "1", {}), member("bp", "2", {})), agreed={"details.name": "Bronze"})
    store.settle([confirmed(intent("i1"), link=first), confirmed(intent("i2"), link=last)])
    assert store.links() == [last]


def test_an_intent_that_was_never_begun_is_settled_too(store):
    """Recovery may settle what another process journalled in a store that was restored since."""
    store.settle([confirmed(intent("i1")), Settlement(intent("i2", state="refused"))])
    assert [(each.id, each.state) for each in store.intents()] == [("i1", "confirmed"), ("i2", "refused")]


def test_an_intent_begun_again_is_planned_anew_not_doubled(store):
    """A row of a kind of which several parts are written is divided among them before the first goes out."""
    store.begin(Batch(intents=(intent("i1"), intent("i2", seq=2), intent("i3", seq=3))))
    store.settle([confirmed(intent("i1"))])
    narrowed = (intent("i2", seq=2, part="a", after={}), intent("i4", seq=2, part="b"))
    store.begin(Batch(intents=narrowed))
    assert [(each.id, each.part) for each in store.pending("g")] == [("i2", "a"), ("i4", "b"), ("i3", "product")]
    assert [each.state for each in store.intents("r")] == ["confirmed", "intended", "intended", "intended"]
    store.settle([confirmed(each) for each in (*narrowed, intent("i3", seq=3))])
    assert store.pending("g") == []
    assert [each.id for each in store.intents("r")] == ["i1", "i2", "i4", "i3"]


def test_a_create_learns_its_id_when_it_is_settled(store):
    store.begin(Batch(intents=(intent(op="create", record_id="(new L)", marker="m"),)))
    store.settle([confirmed(intent(op="create", record_id="77", marker="m"))])
    assert [each.record_id for each in store.intents(link="L")] == ["77"]


def test_sent_is_stored_before_the_outcome_is_known(store):
    store.begin(Batch(intents=(intent(),)))
    store.mark_sent("i", 5.5)
    assert store.pending("g") == [intent(sent_at=5.5)]


def test_pending_intents_come_in_the_order_in_which_they_are_sent(store):
    store.begin(Batch(intents=(intent("b", seq=2), intent("c", seq=3), intent("a", seq=10), intent("d", scope="h"))))
    assert [each.id for each in store.pending("g")] == ["b", "c", "a"]
    assert [each.id for each in store.pending("h")] == ["d"]


def test_open_creates_wait_for_a_person(store):
    store.begin(Batch(intents=(intent("i1", op="create"), intent("i2"))))
    store.settle([Settlement(intent("i1", op="create", state="open"))])
    assert [each.id for each in store.open_creates("g")] == ["i1"]
    assert [each.id for each in store.pending("g")] == ["i2"]


def test_intents_are_found_by_run_and_link(store):
    store.begin(Batch(intents=(intent("i1"), intent("i2", run="s"), intent("i3", run="s", link="M"))))
    assert [each.id for each in store.intents(run="s")] == ["i2", "i3"]
    assert [each.id for each in store.intents(link="L")] == ["i1", "i2"]
    assert [each.id for each in store.intents(run="s", link="L")] == ["i2"]


def test_confirmed_writes_are_counted_by_system_and_time(store):
    ended = [("i1", "confirmed", "bp", 10.0), ("i2", "refused", "bp", 10.0), ("i3", "confirmed", "pq", 10.0)]
    ended += [("i4", "confirmed", "bp", 20.0)]
    store.settle(
        [Settlement(intent(id_, state=state, system=system, settled_at=at)) for id_, state, system, at in ended]
    )
    assert store.changes_since("bp", 0.0) == 2
    assert store.changes_since("bp", 10.0) == 2
    assert store.changes_since("bp", 10.5) == 1
    assert store.changes_since("cs", 0.0) == 0
