"""The schema: one history of migrations, equal to the tables in the code, all or nothing, never backwards by itself."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from syncd.errors import StoreError
from syncd.model.encoding import decode
from syncd.reconcile.types import Member, Owed
from syncd.store import schema
from syncd.store.database import engines
from syncd.store.store import Store
from tests.store.samples import EPOCH, link, snapshot


@pytest.fixture
def connection(path):
    writer, reader = engines(path)
    with writer.begin() as opened:
        yield opened
    writer.dispose()
    reader.dispose()


def tables(connection):
    """The schema word for word, but for quoting and spacing."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: re.sub(r"\s+", "", sql.replace('"', "")) for name, sql in rows if name != "alembic_version"}


def test_a_new_file_has_the_newest_schema(connection):
    assert schema.revision(connection, "x") == schema.HEAD
    assert ScriptDirectory.from_config(schema.config(connection)).get_heads() == [schema.HEAD]


def test_migrations_and_tables_do_not_drift(connection):
    command.check(schema.config(connection))


def test_memory_and_file_have_the_same_schema(connection):
    store = Store.open(":memory:")
    with store._reading() as memory:
        assert tables(connection) == tables(memory)
    store.close()


def test_migrations_go_down_and_up_again(connection):
    before = tables(connection)
    command.downgrade(schema.config(connection), "base")
    assert tables(connection) == {}
    command.upgrade(schema.config(connection), "head")
    assert tables(connection) == before


def test_opening_again_keeps_what_is_there(path):
    for revision in range(3):
        store = Store.open(path)
        assert [each.revision for each in store.links()] == ([revision - 1] if revision else [])
        store.save_links([link(revision=revision)])
        store.close()


def test_a_file_url_is_a_path(path):
    store = Store.open(f"sqlite:///{path}")
    store.put("a", "1", "x")
    store.close()
    store = Store.open(path)
    assert store.get("a", "1") == "x"
    store.close()


def test_a_new_file_is_private(tmp_path):
    Store.open(tmp_path / "new.db").close()
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_many_may_open_a_new_file_at_once(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store.open(tmp_path / "new.db"), range(4)))
    for number, store in enumerate(stores):
        store.put("a", str(number), number)
    assert len(stores[0].items("a")) == 4
    for store in stores:
        store.close()


def test_a_migration_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fails(config, revision):
        upgrade(config, revision)
        raise sqlite3.OperationalError("database or disk is full")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(StoreError, match="disk is full"):
        Store.open(tmp_path / "new.db")
    monkeypatch.undo()
    with sqlite3.connect(tmp_path / "new.db") as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
    raw.close()
    Store.open(tmp_path / "new.db").close()


def test_the_schema_of_a_newer_syncd_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=r"newer syncd wrote this store \(schema 9999, this one knows up to 0005\)"
    ) as no:
        Store.open(path)
    assert no.value.file == str(path)
    assert "Install that version" in no.value.hint
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE photos (id)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a syncd store") as no:
        Store.open(path)
    assert no.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_readers_and_the_writer_do_not_wait_for_each_other(path, mode):
    """Some ways to restore a backup lose the file's memory of it."""
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA journal_mode={mode}")
    raw.close()
    store = Store.open(path)
    with store._reading() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM state").scalar() == 0
        store.put("a", "1", "x")
        assert reader.exec_driver_sql("SELECT count(*) FROM state").scalar() == 0
    assert store.get("a", "1") == "x"
    store.close()


def test_the_journal_and_history_of_a_first_release_are_kept(tmp_path):
    """Rows become pages and, on the way down, rows again, to the last digit."""
    writer, reader = engines(tmp_path / "old.db")
    flat = b'{"rates[2026-01-01].ee":{"d":"512.40"},"details.name":"Gold"}'
    planned = ("intended", None, "", None, b"{}", flat, "", "")
    ended = ("confirmed", 2.0, "ok", '{"a":"rule"}', flat, flat, "{}", "{}")
    sent = ("open", 4.0, "", None, b"{}", flat, "", "")
    intents = [
        ("i1", "r", 1, "g", "L", "bp", "plan", "2", "write", "p", 1.0, "", None, *planned),
        ("i2", "r", 2, "g", "M", "bp", "plan", "3", "write", "p", 1.0, "", 1.5, *ended),
        ("i3", "s", 1, "g", "L", "bp", "plan", "7", "create", "", 3.0, "m", 3.5, *sent),
    ]
    lines = [
        (1, "", 1.0, "first", "", "pq", "plan", "1", "", "", None, flat, None),
        (2, "r", 2.0, "written", "M", "bp", "plan", "3", "rule", "", flat, flat, flat),
    ]
    with writer.begin() as opened:
        command.upgrade(schema.config(opened), "0001")
        opened.exec_driver_sql(f"INSERT INTO intent VALUES ({', '.join('?' * 21)})", intents)
        opened.exec_driver_sql(f"INSERT INTO history VALUES ({', '.join('?' * 13)})", lines)
    store = Store.open(tmp_path / "old.db")
    assert [(each.id, each.state) for each in store.pending("g")] == [("i1", "intended")]
    assert [each.id for each in store.open_creates("g")] == ["i3"]
    [first, second] = store.intents(run="r")
    assert (first.after, second.before, second.reasons) == (decode(flat), decode(flat), {"a": "rule"})
    assert (second.sent_at, second.settled_at, second.note, second.raw_before) == (1.5, 2.0, "ok", "{}")
    assert store.changes_since("bp", 2.0) == 1
    [seen, written] = store.history(newest_first=False)
    assert (seen.what, seen.fields["details.name"]) == ("first", (None, "Gold"))
    assert (written.link, written.who, written.readback) == ("M", "rule", decode(flat))
    assert store.history(link="M") == [written]
    store.close()
    with writer.begin() as opened:
        command.downgrade(schema.config(opened), "0001")
        assert opened.exec_driver_sql("SELECT * FROM intent ORDER BY run, seq").fetchall() == intents
        assert opened.exec_driver_sql("SELECT * FROM history ORDER BY id").fetchall() == lines
    writer.dispose()
    reader.dispose()


def test_the_links_of_a_first_release_are_kept(tmp_path):
    """A member's row becomes part of its link's and, on the way down, a row again."""
    writer, reader = engines(tmp_path / "old.db")
    agreed, owed = b'{"details.name":"Gold","fee":{"d":"1.50"}}', '{"fee":[2,1,9.0,"down"]}'
    links = [("L", "plan", "g", "Gold", "live", 1, 2, EPOCH, '{"all":"pq"}', None, agreed)]
    members = [
        ("L", "bp", "plan", "2", 1, 1, "live", b"d2", 5.0, '["fee"]', owed, '["fee"]', b'{"details.name":"Silver"}'),
        ("L", "cs", "plan", "(new)", 1, 2, "awaited", b"", None, None, None, None, b""),
        ("L", "pq", "plan", "1", 1, 0, "live", b"d1", None, None, None, None, None),
    ]
    with writer.begin() as opened:
        command.upgrade(schema.config(opened), "0001")
        opened.exec_driver_sql(f"INSERT INTO link VALUES ({', '.join('?' * 11)})", links)
        opened.exec_driver_sql(f"INSERT INTO member VALUES ({', '.join('?' * 13)})", members)
    store = Store.open(tmp_path / "old.db")
    [kept] = store.links("g")
    assert (kept.revision, kept.sources, kept.agreed) == (2, {"all": "pq"}, decode(agreed))
    debts = {"fee": Owed(2, 1, 9.0, "down")}
    assert kept.members == (
        Member("pq", "1", kept.agreed, settled=b"d1"),
        Member("bp", "2", {"details.name": "Silver"}, frozenset({"fee"}), debts, 5.0, "live", b"d2"),
        Member("cs", "(new)", {}, status="awaited"),
    )
    assert store.find_link("bp", "plan", "2") == kept
    assert store.unsettled("g", EPOCH) == ["L"]
    store.save_snapshots([snapshot("1", digest=b"d1"), snapshot("2", "bp", digest=b"d2")])
    assert store.unsettled("g", EPOCH) == []
    store.close()
    with writer.begin() as opened:
        command.downgrade(schema.config(opened), "0001")
        assert opened.exec_driver_sql("SELECT * FROM link").fetchall() == links
        assert opened.exec_driver_sql("SELECT * FROM member ORDER BY link, system").fetchall() == members
    writer.dispose()
    reader.dispose()
