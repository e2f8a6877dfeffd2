"""Whatever the database says becomes a StoreError with the path and what to do, and nothing half-done stays."""

import sqlite3

import pytest

from syncd.errors import StoreError
from syncd.store import database
from syncd.store.store import Store
from tests.store.samples import link, snapshot


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "syncd.db"
    path.write_bytes(b"these are my notes\n" * 1000)
    with pytest.raises(StoreError, match="no syncd store, or it is damaged") as no:
        Store.open(path)
    assert str(path) in str(no.value)
    assert "restore the last backup" in no.value.hint
    assert path.read_bytes().startswith(b"these are my notes")


def test_a_file_whose_middle_is_damaged(path):
    sound = path.stat().st_size // 4096
    store = Store.open(path)
    store.save_snapshots([snapshot(str(n), label="x" * 500) for n in range(500)])
    store.close()
    content = bytearray(path.read_bytes())
    for page in range(sound, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    store = Store.open(path)
    with pytest.raises(StoreError, match="damaged") as no:
        store.snapshots("pq", "plan")
    assert no.value.file == str(path)
    store.close()


@pytest.mark.parametrize("name", ["missing/syncd.db", "."])
def test_a_path_that_cannot_be_opened(tmp_path, name):
    with pytest.raises(StoreError, match="could not be opened") as no:
        Store.open(tmp_path / name)
    assert str(tmp_path) in str(no.value)
    assert "folder" in no.value.hint


def test_a_database_that_syncd_does_not_speak():
    with pytest.raises(StoreError, match="cannot open mysql") as no:
        Store.open("mysql://someone:secret@host/syncd")
    assert "secret" not in str(no.value)


def test_a_file_that_another_process_keeps_locked(path, monkeypatch):
    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=50", *database._PRAGMAS[1:]))
    store = Store.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as no:
        store.put("a", "1", "x")
    assert "other syncd" in no.value.hint
    with pytest.raises(StoreError, match="locked"), store.transaction():
        pytest.fail("the transaction must not begin")
    assert store.get("a", "1") is None
    other.execute("ROLLBACK")
    other.close()
    store.put("a", "1", "x")
    assert store.get("a", "1") == "x"
    store.close()


def test_a_disk_that_is_full(path, monkeypatch):
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "max_page_count=60"))
    store = Store.open(path)
    store.add_link(link())
    rows = [snapshot(str(n), label="x" * 1000) for n in range(500)]
    with pytest.raises(StoreError, match="the disk is full") as no:
        store.save_snapshots(rows)
    assert "nothing was lost" in no.value.hint
    with pytest.raises(StoreError, match="the disk is full"), store.transaction():  # noqa: PT012 - the transaction is the test
        store.put("a", "1", "x")
        store.save_snapshots(rows)
    assert store.heads("pq", "plan") == {}
    assert store.items("a") == {}
    assert store.links() == [link()]
    store.put("a", "1", "x")
    store.close()


def test_a_file_that_may_not_be_written(path, monkeypatch):
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "query_only=ON"))
    store = Store.open(path)
    with pytest.raises(StoreError, match="may not be written") as no:
        store.put("a", "1", "x")
    assert "right to write" in no.value.hint
    store.close()


def test_anything_else_is_told_as_it_was_said(path):
    store = Store.open(path)
    with pytest.raises(StoreError, match="no such table: photos") as no, store._reading() as connection:
        connection.exec_driver_sql("SELECT * FROM photos")
    assert no.value.hint == StoreError.hint
    with pytest.raises(StoreError, match=r"NOT NULL constraint failed: member\.record_id"):
        store.add_link(link(pq=None))
    store.close()


def test_what_went_wrong_before_is_not_blamed_on_the_store(path):
    store = Store.open(path)
    try:
        raise OSError("database disk image is malformed, said another one")
    except OSError:
        with pytest.raises(StoreError, match="no such table: photos"), store._reading() as connection:
            connection.exec_driver_sql("SELECT * FROM photos")
    store.close()


def test_a_mistake_of_ours_is_not_called_an_error_of_the_store(store):
    with pytest.raises(ZeroDivisionError), store.transaction():
        _ = 1 / 0
