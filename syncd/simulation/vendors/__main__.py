"""`python -m syncd.simulation.vendors [--seed N] [--histories N]`: play histories over HTTP, tell what fails.

Exit 0 when all hold, 1 with the history of the first that does not.
"""

from __future__ import annotations

import argparse
import sys

from syncd.simulation.vendors.base import cut_down, settled
from syncd.simulation.vendors.play import play_seed
from syncd.simulation.vendors.server import running

EMPLOYER = "Federal employees, Georgia"


def main(arguments: list[str] | None = None) -> int:
    """Play the histories that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m syncd.simulation.vendors")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--histories", type=int, default=1, help="how many")
    asked = parser.parse_args(arguments)
    with running() as vendors:
        base = cut_down(vendors, (EMPLOYER,))
        try:
            start = settled(base, (EMPLOYER,))
            for seed in range(asked.seed, asked.seed + asked.histories):
                failure = play_seed(start, seed)
                sys.stdout.write(f"{failure or f'seed {seed}: every property holds'}\n")
                if failure is not None:
                    return 1
        finally:
            base.truth.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
