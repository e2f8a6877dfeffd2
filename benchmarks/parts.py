"""Tell where the time of a cycle goes in which every record changed: `python -m benchmarks.parts [--count N]`.

Processor time by step, in microseconds a record, each step without the steps inside it; `apply` is timed as a whole.
SQLite's statements, and JSON and digests of what is read, kept and compared, are what a cycle costs whoever decides.
vdirsyncer's cycle with the same records takes turns with it.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import gc
import inspect
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from benchmarks.__main__ import Ours
from benchmarks.vdirsyncer_side import Pair, vcard
from syncd import sync
from syncd.apply import intake, observe, world
from syncd.model import encoding
from syncd.store import database, journal, links, snapshots
from syncd.store.store import Store

STEPS: tuple[tuple[object, str, str], ...] = (
    (observe._Listener, "_drain", "observe: list and digest"),
    (intake.Intake, "save", "observe: make snapshots of what moved"),
    (Store, "snapshots", "store: read snapshots"),
    (Store, "save_snapshots", "store: write snapshots"),
    (Store, "unsettled", "store: find what is not in step"),
    (Store, "load", "store: read links with snapshots"),
    (sync, "decide", "decide"),
    (sync, "begin", "begin: plan jobs and journal"),
    (Store, "begin", "store: write journal, links, history"),
    (sync, "apply", "apply: read, write, read back, compare"),
    (Store, "settle", "store: write how it ended"),
)
SQL, FORM = "SQLite itself", "JSON and digests"


@dataclass(slots=True)
class Watch:
    """Adds up processor time by step; a step that begins stops the one around it."""

    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)
    each: float = 0.0
    """What an empty step takes, in seconds."""
    _open: list[str] = field(default_factory=list)
    _since: float = 0.0

    def enter(self, step: str) -> None:
        self._turn()
        self.calls[step] += 1
        self._open.append(step)

    def leave(self) -> None:
        self._turn()
        self._open.pop()

    def _turn(self) -> None:
        now = process_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = process_time()

    def net(self, step: str) -> float:
        """Give the time of a step, less that of as many empty ones."""
        return self.spent[step] - self.calls[step] * self.each

    def over(self, owner: Any, name: str, step: str) -> None:
        """Time a function or method from now on."""
        inner: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*args: Any, **named: Any) -> Any:
            self.enter(step)
            try:
                return inner(*args, **named)
            finally:
                self.leave()

        @functools.wraps(inner)
        async def awaited(*args: Any, **named: Any) -> Any:
            self.enter(step)
            try:
                return await inner(*args, **named)
            finally:
                self.leave()

        setattr(owner, name, awaited if inspect.iscoroutinefunction(inner) else timed)


def over_steps() -> Watch:
    """Put a watch over all steps and SQLite."""
    watch = Watch()
    for owner, name, step in STEPS:
        watch.over(owner, name, step)
    for name in ("do_execute", "do_executemany", "do_commit"):
        watch.over(SQLiteDialect_pysqlite, name, SQL)
    for module in (journal, links, snapshots):
        watch.over(module, "fetch", SQL)
    watch.over(database.Database, "_rows", SQL)
    return watch


def over_form() -> Watch:
    """Put a watch over JSON and digests alone, less what an empty call would take."""
    watch = Watch()
    idle, calls = SimpleNamespace(call=lambda: None), 50_000
    watch.over(idle, "call", "nothing")
    for _ in range(calls):
        idle.call()
    watch.each = watch.spent.pop("nothing") / calls
    for owner, name in ((orjson, "dumps"), (orjson, "loads"), (encoding, "blake2b"), (world, "blake2b")):
        watch.over(owner, name, FORM)
    return watch


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    each = 1e6 / (options.count * options.runs)
    whole = theirs = 0.0
    with tempfile.TemporaryDirectory(prefix="syncd-bench-") as folder:
        ours, other = Ours(options.count, Path(folder)), Pair(options.count, vcard, Path(folder, "vdirsyncer.items"))
        ours.link()
        asyncio.run(other.link())
        steps = over_steps()
        for run in range(options.runs):
            ours.edit(run)
            asyncio.run(other.edit(run))
            whole += _spent(ours.pair.run)
            theirs += _spent(lambda: asyncio.run(other.cycle()))
        spent = dict(steps.spent)
        form = over_form()
        for run in range(options.runs):
            ours.edit(options.runs + run)
            _spent(ours.pair.run)
    rows = [(step, spent.get(step, 0.0) * each) for step in (*(step for _, _, step in STEPS), SQL)]
    rows.append(("all else", whole * each - sum(time for _, time in rows)))
    rows += [("**all of it**", whole * each), ("of which JSON and digests", form.net(FORM) * each)]
    rows.append(("vdirsyncer's whole cycle", theirs * each))
    print("| step | µs a record |", "|---|---|", *(f"| {step} | {time:.1f} |" for step, time in rows), sep="\n")


def _spent(cycle: Callable[[], object]) -> float:
    gc.collect()
    start = process_time()
    cycle()
    return process_time() - start


if __name__ == "__main__":
    main()
