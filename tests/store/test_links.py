"""Links: who holds a record, which need a decision, and what reading thousands gives."""

import gc
from dataclasses import replace

import pytest

from syncd.errors import StoreError
from syncd.reconcile.types import Link, Member, Owed
from syncd.store.rows import Settlement
from tests.store.samples import EPOCH, FLAT, history_row, intent, link, member, snapshot

# -- a record belongs to one link -----------------------------------------------------------------------------------


def test_a_record_in_two_links_is_refused_naming_both(store):
    store.add_link(link("L1", pq="1", bp="2"))
    with pytest.raises(StoreError, match=r"pq 1: link L2 and link L1 both claim this plan") as refused:
        store.add_link(link("L2", pq="1", bp="3"), [history_row("linked")])
    assert "unlink L1" in refused.value.hint
    assert store.link("L2") is None
    assert store.history() == []


def test_two_new_links_with_one_record_are_refused_together(store):
    with pytest.raises(StoreError, match=r"bp 2: link L2 and link L1 both claim"):
        store.save_links([link("L1", pq="1"), link("L2", pq="3")])
    assert store.links() == []


def test_p34_two_records_of_one_system_are_no_link(store):
    """N1: a link holds at most one record of each system, whoever asks the store for another."""
    store.add_link(link("L1", pq="1", bp="2"))
    twice = link("L1", members=(member("pq", "1"), member("bp", "2"), member("pq", "9")))
    with pytest.raises(StoreError, match=r"“Gold” \(L1\) has a pq member already, 1") as refused:
        store.save_links([twice])
    assert refused.value.external_id == "9"
    with pytest.raises(StoreError, match="has a pq member already"):
        store.settle([Settlement(intent(), twice)])
    stands = store.link("L1")
    assert [one.id for one in stands.members] == ["1", "2"]


def test_a_kind_has_ids_of_its_own(store):
    store.add_link(link("L1", kind="plan"))
    store.add_link(link("L2", kind="group"))
    assert store.find_link("pq", "group", "1").id == "L2"


@pytest.mark.parametrize("status", ["live", "orphaned"])
def test_a_link_that_stands_holds_its_records_even_those_that_are_missing(store, status):
    store.add_link(link("L1", members=(member("pq", "1", status="missing"), member("bp", "2")), status=status))
    assert store.find_link("pq", "plan", "1").id == "L1"
    assert store.members_of("pq", "plan") == set()
    assert store.members_of("bp", "plan") == {"2"}
    with pytest.raises(StoreError):
        store.add_link(link("L2", pq="1", bp="3"))


def test_unlinking_lets_go_of_the_records_and_keeps_the_link(store):
    store.add_link(link("L1"))
    store.save_links([link("L1", status="unlinked")])
    assert store.find_link("pq", "plan", "1") is None
    assert store.members_of("pq", "plan") == set()
    store.add_link(link("L2"))
    assert store.link("L1").members == link("L1").members
    with pytest.raises(StoreError, match="L1 and link L2"):
        store.save_links([link("L1")])


def test_links_may_exchange_their_records(store):
    """A vendor that gives new ids to all records does so in one re-import."""
    store.save_links([link("L1", pq="1", bp="2"), link("L2", pq="3", bp="4")])
    store.save_links([link("L1", pq="3", bp="2"), link("L2", pq="1", bp="4")])
    assert store.find_link("pq", "plan", "1").id == "L2"
    assert store.find_link("pq", "plan", "3").id == "L1"


def test_a_member_may_move_to_a_link_of_the_same_batch(store):
    store.add_link(link("L1", pq="1", bp="2"))
    store.save_links([link("L2", pq="1", bp="3"), link("L1", members=(member("bp", "2"),))])
    assert store.find_link("pq", "plan", "1").id == "L2"
    assert [each.system for each in store.link("L1").members] == ["bp"]


def test_a_member_that_a_link_no_longer_names_is_forgotten(store):
    store.save_links([link("L1"), link("L2", pq="3", bp="4")])
    store.save_links([link("L1", members=(member("bp", "2"), member("cs", "9"))), link("L2", pq="3", bp="4")])
    assert [each.system for each in store.link("L1").members] == ["bp", "cs"]
    assert store.members_of("pq", "plan") == {"3"}


def test_awaited_members_have_placeholders_and_are_no_records_yet(store):
    awaited = Member("bp", "(new L1)", {}, frozenset({""}), status="awaited")
    store.add_link(link("L1", members=(member("pq", "1"), awaited)))
    assert store.members_of("bp", "plan") == set()
    assert store.link("L1").members[1] == awaited


# -- finding --------------------------------------------------------------------------------------------------------


def test_links_are_found_by_scope_kind_and_status(store):
    store.save_links(
        [
            link("L1", pq="1", bp="1"),
            link("L2", pq="2", bp="2", status="orphaned"),
            link("L3", pq="3", bp="3", status="unlinked"),
            link("L4", pq="4", bp="4", kind="group"),
            link("L5", pq="5", bp="5", scope="h"),
        ]
    )
    named = lambda links: [each.id for each in links]  # noqa: E731 - a column of this table
    assert named(store.links()) == ["L1", "L4", "L5"]
    assert named(store.links("g")) == ["L1", "L4"]
    assert named(store.links("g", "plan", None)) == ["L1", "L2", "L3"]
    assert named(store.links(kind="group")) == ["L4"]
    assert named(store.links(status="orphaned")) == ["L2"]
    assert store.count_links("g") == 2
    assert store.count_links("g", "orphaned") == 1
    assert store.scopes() == ["g", "h"]
    assert store.link("L9") is None
    assert store.find_link("pq", "plan", "9") is None


def test_a_scope_ends_with_its_last_standing_link(store):
    store.add_link(link("L1", status="orphaned"))
    assert store.scopes() == ["g"]
    store.save_links([link("L1", status="unlinked")])
    assert store.scopes() == []


# -- what needs a decision ------------------------------------------------------------------------------------------

IN_STEP = link(members=(member("pq", "1"), member("bp", "2")))
MISSING = link(members=(member("pq", "1"), member("bp", "2", status="missing")))
AWAITED = link(members=(member("pq", "1"), member("bp", "(new L)", status="awaited")))
PQ, BP = snapshot("1", "pq"), snapshot("2", "bp")


@pytest.mark.parametrize(
    ("why", "stored", "seen", "needed"),
    [
        ("nothing moved", IN_STEP, [PQ, BP], False),
        ("something was left to do", replace(IN_STEP, settled=b""), [PQ, BP], True),
        ("settled under other rules", replace(IN_STEP, settled=b"former"), [PQ, BP], True),
        ("a record changed", IN_STEP, [PQ, replace(BP, digest=b"d2")], True),
        ("only its raw form changed", IN_STEP, [PQ, replace(BP, raw=b"r2", at=9.0)], False),
        ("a record is gone", IN_STEP, [PQ, replace(BP, gone="404 twice")], True),
        ("a record was never seen", IN_STEP, [PQ], True),
        ("nothing was ever seen", IN_STEP, [], True),
        ("a member never settled", link(members=(member("pq", "1"), member("bp", "2", settled=b""))), [PQ, BP], True),
        ("same id of another kind", IN_STEP, [PQ, replace(BP, kind="group")], True),
        ("same id in another system", IN_STEP, [PQ, replace(BP, system="cs")], True),
        ("known missing and still gone", MISSING, [PQ, replace(BP, gone="404 twice")], False),
        ("known missing and never seen", MISSING, [PQ], False),
        ("missing and there again", MISSING, [PQ, BP], True),
        ("one missing, the other changed", MISSING, [replace(PQ, digest=b"d2")], True),
        ("awaited, nothing moved", AWAITED, [PQ], False),
        ("awaited, nothing done yet", replace(AWAITED, settled=b""), [PQ], True),
        ("orphaned, nothing moved", replace(MISSING, status="orphaned"), [PQ], False),
        ("orphaned, the lost one is there again", replace(MISSING, status="orphaned"), [PQ, BP], True),
        ("unlinked", replace(IN_STEP, status="unlinked", settled=b""), [], False),
        ("another scope", replace(IN_STEP, scope="h", settled=b""), [], False),
    ],
)
def test_what_is_unsettled(store, why, stored, seen, needed):
    store.add_link(stored)
    store.save_snapshots(seen)
    assert store.unsettled("g", EPOCH) == (["L"] if needed else [])


def test_unsettled_links_come_in_order_and_once(store):
    store.save_links([link(name, pq=name, bp=name, settled=b"") for name in ("c", "a", "b")])
    assert store.unsettled("g", EPOCH) == ["a", "b", "c"]


# -- reading --------------------------------------------------------------------------------------------------------


def test_load_gives_each_member_its_snapshot_if_there_is_one(store):
    store.save_links([link("L2", pq="3", bp="4"), link("L1", pq="1", bp="2")])
    gone = snapshot("2", "bp", scope=None, gone="404 twice", locked={"rates": "past"})
    store.save_snapshots([snapshot("1", flat={"own": "x"}), gone, snapshot("4", "cs"), snapshot("3", kind="group")])
    one = (link("L1", pq="1", bp="2"), {"pq": snapshot("1", flat={"own": "x"}), "bp": gone})
    two = (link("L2", pq="3", bp="4"), {})
    assert store.load(None, "g") == [one, two]
    assert store.load(["L2", "L1", "L9"], "g") == [one, two]
    assert store.load(["L2"], "g") == [two]
    assert store.load([], "g") == []
    assert store.load(None, "h") == []


def test_load_of_a_scope_leaves_out_what_was_unlinked(store):
    store.save_links([link("L1", pq="1", bp="1", status="orphaned"), link("L2", pq="2", bp="2", status="unlinked")])
    assert [each.id for each, _ in store.load(None, "g")] == ["L1"]
    assert [each.id for each, _ in store.load(["L2"], "g")] == ["L2"]


@pytest.mark.parametrize("enabled", [True, False])
def test_load_leaves_the_collector_as_it_was(store, enabled):
    """It is off while thousands of rows become objects, whatever happens meanwhile."""
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        store.load(None, "g")
        assert gc.isenabled() is enabled
        with pytest.raises(StoreError):
            store.load([["no id"]], "g")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_link_may_lack_members(store):
    alone = Link("L", "plan", "g", "", FLAT, ())
    store.add_link(alone)
    assert store.load(None, "g") == [(alone, {})]
    assert store.links() == [alone]


def test_what_a_member_is_owed_survives(store):
    owed = link(members=(member("pq", "1", behind={"details.name": Owed(3, 2, 99.5, "refused")}, own_stamp=7.5),))
    store.add_link(owed)
    assert store.link("L") == owed


# -- strays ---------------------------------------------------------------------------------------------------------


def test_strays_exist_in_the_scope_and_belong_to_no_standing_link(store):
    store.save_links(
        [
            link("L1", members=(member("pq", "linked"), member("bp", "missing", status="missing"))),
            link("L2", members=(member("pq", "orphan"),), status="orphaned"),
            link("L3", members=(member("pq", "unlinked"),), status="unlinked"),
        ]
    )
    stray = [snapshot("linked", "bp"), snapshot("linked", kind="group"), snapshot("new"), snapshot("unlinked")]
    store.save_snapshots(
        [
            *stray,
            *(snapshot(name) for name in ("linked", "orphan")),
            snapshot("missing", "bp"),
            snapshot("gone", gone="404 twice"),
            snapshot("elsewhere", scope="h"),
            snapshot("nowhere", scope=None),
        ]
    )
    assert store.strays("g") == stray
