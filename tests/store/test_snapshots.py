"""Snapshots: heads, scopes, and that an observation replaces the one before."""

from tests.store.samples import history_row, snapshot


def test_heads_tell_what_changed_and_what_is_gone(store):
    store.save_snapshots(
        [snapshot("1"), snapshot("2", raw=b"r2", gone="404 twice"), snapshot("3", "bp"), snapshot("4", kind="group")]
    )
    assert store.heads("pq", "plan") == {"1": (b"r1", None), "2": (b"r2", "404 twice")}
    assert store.heads("cs", "plan") == {}


def test_an_observation_replaces_the_one_before(store):
    store.save_snapshots([snapshot("1"), snapshot("2")])
    later = snapshot("1", flat={"details.name": "Silver"}, digest=b"d2", raw=b"r2", at=9.0, scope=None, label="Silver")
    store.save_snapshots([later], [history_row()])
    assert store.snapshots("pq", "plan") == {"1": later, "2": snapshot("2")}
    assert [row.what for row in store.history()] == ["observed"]


def test_the_last_of_two_observations_in_a_batch_counts(store):
    store.save_snapshots([snapshot("1"), snapshot("1", raw=b"r2")])
    assert store.heads("pq", "plan") == {"1": (b"r2", None)}


def test_snapshots_are_asked_for_by_id(store):
    store.save_snapshots([snapshot("1"), snapshot("2")])
    assert store.snapshots("pq", "plan", {"2", "9"}) == {"2": snapshot("2")}
    assert store.snapshots("pq", "plan", []) == {}


def test_rescoping_moves_records_between_groups(store):
    store.save_snapshots([snapshot("1"), snapshot("2"), snapshot("3", scope=None)])
    store.rescope("pq", "plan", {"1": "h", "2": None, "3": "g", "9": "g"})
    assert {id_: row.scope for id_, row in store.snapshots("pq", "plan").items()} == {"1": "h", "2": None, "3": "g"}
    assert [row.id for row in store.strays("g")] == ["3"]


def test_storing_nothing_is_nothing(store):
    store.save_snapshots([])
    store.save_links([])
    store.save_questions([])
    store.settle([])
    store.rescope("pq", "plan", {})
    assert store.heads("pq", "plan") == {}
