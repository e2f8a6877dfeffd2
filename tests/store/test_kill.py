"""Killed at any instruction, a store holds whole transactions only, and every one whose call returned."""

import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from syncd.store.store import Store

LINKS = 40
# Generation after generation: begin writes revision n to all links with an intent each, settle confirms them.
_WORKER = f"""
import sys
from itertools import count
from syncd.store.rows import Batch
from syncd.store.store import Store
from tests.store.samples import confirmed, history_row, intent, link, snapshot

store = Store.open(sys.argv[1])
first = (store.get("generation", "settled") or 0) + 1
if store.pending("g"):
    store.settle([confirmed(each) for each in store.pending("g")])
print("ready", flush=True)
for n in count(first):
    links = [link(f"L{{i}}", pq=f"{{i}}", bp=f"{{i}}", revision=n) for i in range({LINKS})]
    intents = [intent(f"{{n}}-{{i}}", run=str(n), link=f"L{{i}}") for i in range({LINKS})]
    store.begin(Batch(tuple(links), (), tuple(intents), (history_row("decided", run=str(n)),)))
    print("begun", n, flush=True)
    line = (history_row("written", run=str(n)),)
    seen = [snapshot(str(i), "bp", at=float(n)) for i in range({LINKS})]
    with store.transaction():
        store.settle([confirmed(a, link=b, snapshot=c, history=line) for a, b, c in zip(intents, links, seen)])
        store.put("generation", "settled", n)
    print("settled", n, flush=True)
"""


def killed_after(path, seconds):
    """Let a worker write for some time, kill it, and give the last generation it said it began and settled."""
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, str(path)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "ready\n"
    time.sleep(seconds)
    worker.send_signal(signal.SIGKILL)
    said = {"begun": 0, "settled": 0}
    for line in worker.communicate(timeout=30)[0].splitlines():
        word, _, number = line.partition(" ")
        said[word] = max(said[word], int(number or 0))
    return said


def check(path, said):
    store = Store.open(path)
    revisions = {link.revision for link in store.links()}
    settled = store.get("generation", "settled") or 0
    assert len(revisions) <= 1
    begun = revisions.pop() if revisions else 0
    assert begun >= said["begun"]
    assert settled >= said["settled"]
    assert begun - settled in {0, 1}
    pending = store.pending("g")
    assert len(pending) == (LINKS if begun > settled else 0)
    assert {each.run for each in pending} <= {str(begun)}
    assert {row.at for row in store.snapshots("bp", "plan").values()} <= {float(settled)}
    for n in range(max(1, begun - 3), begun + 1):
        whats = [row.what for row in store.history(run=str(n))]
        assert whats.count("decided") == 1
        assert whats.count("written") == (LINKS if n <= settled else 0)
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.prove)])
def test_p11_a_killed_writer_leaves_whole_transactions(path, kills):
    dice = random.Random(kills)
    for _ in range(kills):
        check(path, killed_after(path, dice.uniform(0.02, 0.3)))
