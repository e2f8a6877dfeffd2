"""Transactions: several calls as one, threads and processes that do not lose each other's work."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncd.errors import StoreError
from syncd.store.store import Store
from tests.store.samples import link, snapshot


def test_calls_in_a_transaction_stand_or_fall_together(store):
    with store.transaction():
        store.put("a", "1", "x")
        store.add_link(link())
    assert store.get("a", "1") == "x"
    with pytest.raises(KeyError), store.transaction():  # noqa: PT012 - the transaction is the test
        store.put("a", "2", "y")
        store.save_links([link(revision=5)])
        assert store.get("a", "2") == "y"
        assert store.link("L").revision == 5
        raise KeyError
    assert store.get("a", "2") is None
    assert store.link("L").revision == 0


def test_transactions_nest(store):
    with store.transaction(), store.transaction():
        store.put("a", "1", "x")
        with pytest.raises(KeyError), store.transaction():  # noqa: PT012 - the transaction is the test
            store.put("a", "2", "y")
            raise KeyError
    assert store.items("a") == {"1": "x"}


def test_a_call_that_fails_leaves_nothing_even_if_its_transaction_goes_on(store):
    store.add_link(link("L1"))
    with store.transaction():
        with pytest.raises(StoreError):
            store.save_links([link("L2", pq="7", bp="8"), link("L3", pq="1", bp="9")])
        store.put("a", "1", "x")
    assert [each.id for each in store.links()] == ["L1"]
    assert store.get("a", "1") == "x"


def test_a_store_works_after_a_transaction_failed(store):
    for _ in range(3):
        with pytest.raises(KeyError), store.transaction():
            raise KeyError
    store.put("a", "1", "x")
    assert store.get("a", "1") == "x"


def count(store, times):
    for _ in range(times):
        with store.transaction():
            store.put("count", "n", (store.get("count", "n") or 0) + 1)


def test_threads_lose_none_of_their_increments(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count(store, 25), range(8)))
    assert store.get("count", "n") == 200


def test_threads_with_stores_of_their_own_lose_none(path):
    stores = [Store.open(path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda store: count(store, 25), stores))
    assert stores[0].get("count", "n") == 100
    for store in stores:
        store.close()


_COUNTER = """
import sys
from syncd.store.store import Store
store = Store.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    with store.transaction():
        store.put("count", "n", (store.get("count", "n") or 0) + 1)
"""


def test_processes_lose_none(path):
    command = [sys.executable, "-c", _COUNTER, str(path)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    store = Store.open(path)
    assert store.get("count", "n") == 80
    store.close()


def test_a_reader_neither_waits_for_the_writer_nor_sees_what_is_not_committed(file_store):
    file_store.put("a", "1", "before")
    inside, read = threading.Event(), threading.Event()

    def write():
        with file_store.transaction():
            file_store.put("a", "1", "after")
            inside.set()
            assert read.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(10)
    assert file_store.get("a", "1") == "before"
    read.set()
    writer.join()
    assert file_store.get("a", "1") == "after"


def test_in_memory_a_reader_waits_for_the_writer():
    """There is one connection: a reader that used it would see what is not committed."""
    store = Store.open(":memory:")
    seen = []
    with pytest.raises(KeyError), store.transaction():  # noqa: PT012 - the transaction is the test
        store.put("a", "1", "undone")
        reader = threading.Thread(target=lambda: seen.append(store.get("a", "1")))
        reader.start()
        reader.join(0.1)
        raise KeyError
    reader.join(10)
    assert seen == [None]
    store.close()


def test_a_fork_is_a_copy_that_leaves_its_original_alone(store):
    store.add_link(link())
    store.save_snapshots([snapshot()])
    fork = store.fork()
    assert fork.load(None, "g") == store.load(None, "g")
    fork.save_links([link(revision=9)])
    fork.put("a", "1", "x")
    second = fork.fork()
    assert second.link("L").revision == 9
    assert store.link("L").revision == 0
    assert store.get("a", "1") is None
    fork.close()
    second.close()


def test_a_fork_inside_a_transaction_is_refused(store):
    with store.transaction(), pytest.raises(RuntimeError, match="not forked"):
        store.fork()
    store.fork().close()


def test_two_stores_in_memory_know_nothing_of_each_other():
    one, two = Store.open(":memory:"), Store.open(":memory:")
    one.put("a", "1", "x")
    assert two.get("a", "1") is None
    one.close()
    two.close()
