"""`python -m syncd.sandbox`: what `syncd sandbox` runs as its own process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from syncd.sandbox import door
from syncd.sandbox.clock import parse
from syncd.sandbox.server import SYSTEMS, Options, run


def _time(text: str) -> str:
    try:
        at = parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone: write 2026-11-20T12:00:00Z")
    return text


def options(argv: list[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser("syncd sandbox", description="Serve the vendors on loopback, to practise on.")
    parser.add_argument("--system", action="append", choices=SYSTEMS, help="serve this vendor (repeatable); else all")
    parser.add_argument("--port-base", type=int, default=8800, help="ports from here + 1 on; 0 takes free ones")
    parser.add_argument("--seed", type=int, default=1, help="number of the world: other ids, the same figures")
    parser.add_argument("--clock", type=_time, metavar="ISO", help="the time it is there; else the present")
    parser.add_argument("--state", type=Path, metavar="FILE", help="go on from here, and save here at the stop")
    given = parser.parse_args(argv)
    chosen = tuple(system for system in SYSTEMS if not given.system or system in given.system)
    return Options(chosen, given.port_base, given.seed, given.clock, given.state)


def main(argv: list[str]) -> int:
    """Serve, or ask the back door of a sandbox that runs."""
    return door.run(argv) if argv[:1] and argv[0] in door.VERBS else run(options(argv))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
