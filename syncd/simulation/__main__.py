"""`python -m syncd.simulation --seed N --histories K`: play histories until one goes wrong, and show the smallest such.

Exit 0 when every property held, 1 when one did not.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from syncd.simulation.mischief import KNOBS
from syncd.simulation.play import draw_history, play
from syncd.simulation.show import as_table, as_text
from syncd.simulation.shrink import shrink

EVERY_S = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Play histories from one seed on."""
    parser = argparse.ArgumentParser(prog="python -m syncd.simulation", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument(
        "--histories", type=int, default=200, help="how many, one for each seed from there (default 200)"
    )
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME[=RATE]",
        help=f"only this mischief, in so many of the histories (default 1); may be repeated; {', '.join(KNOBS)}",
    )
    parser.add_argument("--keep-going", action="store_true", help="show every failing history instead of the first")
    parser.add_argument("--no-shrink", action="store_true", help="show failing histories as they were drawn")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the scenario table of the failure to a file")
    asked = parser.parse_args(arguments)
    rates = {name: float(rate or 1) for name, _, rate in (one.partition("=") for one in asked.knob)} or None
    if unknown := (rates or {}).keys() - KNOBS.keys():
        parser.error(f"there is no knob {', '.join(sorted(unknown))}; the knobs are {', '.join(KNOBS)}")
    began = told = time.monotonic()
    failed = 0
    for number, seed in enumerate(range(asked.seed, asked.seed + asked.histories), start=1):
        history = draw_history(seed, rates)
        failure = play(history)
        if failure is not None:
            failed += 1
            if not asked.no_shrink:
                history, failure = shrink(history, failure)
            table = as_table(history, failure)
            _say(as_text(history, failure) + "\n" + table)
            if asked.table is not None:
                asked.table.write_text(table, encoding="utf-8")
            if not asked.keep_going:
                return 1
        if time.monotonic() - told > EVERY_S or number == asked.histories:
            told = time.monotonic()
            _say(f"{number} of {asked.histories} histories, {number / (told - began):.1f} a second, {failed} failed\n")
    return 1 if failed else 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
