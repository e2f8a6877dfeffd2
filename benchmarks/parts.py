"""Tell where the time of a cycle goes in which every record changed: `python -m benchmarks.parts [--count N]`.

Processor time by step, in microseconds a record, each step without the steps inside it. Timing a step costs about half
a microsecond itself, so only steps that handle many records at once are timed, and `apply` as a whole.
"""

from __future__ import annotations

import argparse
import functools
import gc
import inspect
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from benchmarks.__main__ import Ours
from syncd import sync
from syncd.apply import intake, observe
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
SQL = "SQLite itself"


@dataclass(slots=True)
class Watch:
    """Adds up processor time by step; a step that begins stops the one around it."""

    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _open: list[str] = field(default_factory=list)
    _since: float = 0.0

    def enter(self, step: str) -> None:
        self._turn()
        self._open.append(step)

    def leave(self) -> None:
        self._turn()
        self._open.pop()

    def _turn(self) -> None:
        now = process_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = process_time()

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    watch = Watch()
    for owner, name, step in STEPS:
        watch.over(owner, name, step)
    for name in ("do_execute", "do_executemany", "do_commit"):
        watch.over(SQLiteDialect_pysqlite, name, SQL)
    for module in (journal, links, snapshots):
        watch.over(module, "fetch", SQL)
    watch.over(database.Database, "_rows", SQL)
    with tempfile.TemporaryDirectory(prefix="syncd-bench-") as folder:
        ours = Ours(options.count, Path(folder))
        ours.link()
        watch.spent.clear()
        whole = 0.0
        for run in range(options.runs):
            ours.edit(run)
            gc.collect()
            start = process_time()
            ours.pair.run()
            whole += process_time() - start
    each = 1e6 / (options.count * options.runs)
    rows = [(step, watch.spent[step] * each) for step in (*(step for _, _, step in STEPS), SQL)]
    rows.append(("all else", whole * each - sum(spent for _, spent in rows)))
    print("| step | µs a record |", "|---|---|", *(f"| {step} | {spent:.1f} |" for step, spent in rows), sep="\n")
    print(f"| **all of it** | **{whole * each:.1f}** |")


if __name__ == "__main__":
    main()
