"""Measure whole cycles against vdirsyncer's in-memory sync in one run: `python -m benchmarks [--runs N] [--write]`.

The two sides take turns, cycle by cycle, so that a machine that slows down slows both. What counts is the ratio of each
pair; its median goes to RESULTS.md with `--write`. In process, edits and the making of records are outside the clock on
both sides; as a command a whole process is timed, from its start to the last file it writes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.data import Records, edit_all, records
from benchmarks.engine import TwoSystems
from benchmarks.folder import Data, lines
from benchmarks.vdirsyncer_side import Pair, timed, vcard

GOALS = {"no change": 0.5, "all changed": 0.7}
COMMANDS = ("benchmarks.cycle", "benchmarks.vdirsyncer_cycle")
Found = dict[str, list[tuple[float, float]]]
"""(ours, theirs) in milliseconds for each interleaved pair of cycles, by case."""
RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass
class Ours:
    """Our two systems in step, on a store file."""

    count: int
    folder: Path
    held: Records = field(init=False)
    pair: TwoSystems = field(init=False)

    def link(self) -> None:
        """Link N records that are in step."""
        self.held = records(self.count)
        self.pair = TwoSystems(self.folder / f"syncd-{self.count}.db")
        self.pair.hold(self.held, self.held)
        self.pair.link({id_: (id_, id_) for id_ in self.held}, self.held)
        self.cycle()

    def edit(self, seed: int) -> None:
        """Change every record on side a."""
        before, self.held = self.held, edit_all(self.held, seed)
        for id_, record in self.held.items():
            moved = {name: value for name, value in record.items() if before[id_][name] != value}
            self.pair.a.edit("generic", id_, moved)

    def cycle(self) -> float:
        """One cycle, in milliseconds."""
        gc.collect()
        start = perf_counter()
        report = self.pair.run()
        elapsed = (perf_counter() - start) * 1000
        if report.result != "ok":
            raise SystemExit(f"the cycle ended {report.result}: {report.failed[:3]}")
        return elapsed

    def check(self) -> None:
        """Both systems hold what was meant."""
        for system in (self.pair.a, self.pair.b):
            if system.content()["generic"] != self.held:
                raise SystemExit(f"{system.system} does not hold what was meant; the figures are worth nothing")


def measure(count: int, runs: int, folder: Path) -> Found:
    """Time cycles of one process."""
    ours, theirs = Ours(count, folder), Pair(count, vcard, folder / f"vdirsyncer-{count}.items")
    ours.link()
    asyncio.run(theirs.link())
    found: Found = {"no change": [], "all changed": []}
    for run in range(runs + 1):  # the first is a warm-up
        ours.edit(run)
        asyncio.run(theirs.edit(run))
        changed = (ours.cycle(), asyncio.run(timed(theirs)))
        ours.check()
        theirs.check()
        still = (ours.cycle(), asyncio.run(timed(theirs)))
        if run:
            found["all changed"].append(changed)
            found["no change"].append(still)
    return found


def measure_commands(count: int, runs: int, folder: Path) -> Found:
    """Time whole processes, each on a folder of its own that nobody has seen before."""
    held = records(count)
    found: Found = {"no change": [], "all changed": []}
    for run in range(runs + 1):  # the first is a warm-up
        for case, in_a in (("no change", held), ("all changed", edit_all(held, run))):
            ours, theirs = (_command(module, folder, in_a, held) for module in COMMANDS)
            if run:
                found[case].append((ours, theirs))
    return found


def _command(module: str, folder: Path, in_a: Records, held: Records) -> float:
    """Run one command on a fresh folder, and see that it did the work; in milliseconds."""
    where = folder / "cycle"
    where.mkdir()
    told: dict[str, Mapping[str, Data]] = {"a": in_a, "b": held, "base": held, "links": {id_: {} for id_ in held}}
    for name, content in told.items():
        (where / f"{name}.jsonl").write_bytes(lines(content))
    start = perf_counter()
    subprocess.run([sys.executable, "-m", module, where], check=True, stdout=subprocess.DEVNULL)
    elapsed = (perf_counter() - start) * 1000
    wanted = lines(in_a)
    if any((where / f"{name}.jsonl").read_bytes() != wanted for name in ("a", "b", "base")):
        raise SystemExit(f"{module} left other content than was meant; the figures are worth nothing")
    shutil.rmtree(where)
    return elapsed


def main() -> None:
    """Measure, print, and write RESULTS.md when told to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    options = parser.parse_args()
    page: list[str] = []
    for title, timed_by in (("In process", measure), ("As a command", measure_commands)):
        with tempfile.TemporaryDirectory(prefix="syncd-bench-") as folder:
            found = {count: timed_by(count, options.runs, Path(folder)) for count in options.counts}
        page += [f"## {title}", "", *_table(found), ""]
    print("\n".join(page))
    if options.write:
        RESULTS.write_text(_page(page, options.runs))


def _table(found: dict[int, Found]) -> list[str]:
    lines = ["| records | case | syncd ms | vdirsyncer ms | ratio | goal |", "|---|---|---|---|---|---|"]
    for count, cases in found.items():
        for case, pairs in cases.items():
            ours, theirs = (median(side) for side in zip(*pairs, strict=True))
            ratio = median(one / other for one, other in pairs)
            lines.append(f"| {count:,} | {case} | {ours:.0f} | {theirs:.0f} | {ratio:.2f} | <= {GOALS[case]} |")
    low, high = min(found), max(found)
    if low != high:
        grown = {
            case: median(o for o, _ in found[high][case]) / median(o for o, _ in found[low][case]) for case in GOALS
        }
        told = ", ".join(f"*{case}* {growth:.1f}x" for case, growth in grown.items())
        lines += ["", f"Growth from {low:,} to {high:,} records ({high // low}x): {told}."]
    return lines


PAGE = """# Results

`make bench ARGS=--write`, {runs} interleaved pairs after a warm-up, Python {python}, 2 cores. Milliseconds are medians
and differ from machine to machine; the ratio is the median of the pairs.

In process: both systems are listed, every record is read and digested, changes go through merge, journal, write,
read-back and history on a SQLite file; vdirsyncer's own in-memory storages with its SQLite status file do the same
linked work, comparing tags without reading contents where nothing changed.

As a command: `python -m benchmarks.cycle DIR` and `python -m benchmarks.vdirsyncer_cycle DIR`, each a process of its
own that reads four files, makes systems and state from them, does the cycle and writes three files.

{tables}"""


def _page(lines: list[str], runs: int) -> str:
    return PAGE.format(runs=runs, python=platform.python_version(), tables="\n".join(lines))


if __name__ == "__main__":
    main()
