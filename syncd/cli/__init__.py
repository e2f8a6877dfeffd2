"""The command line. `main` is all that is imported to start it: what a command needs is imported by the command.

Every command is a function of `syncd.cli.commands` that takes a `Session` and plain arguments and gives its exit code;
`app.py` is nothing but their names, options and help. So `syncd --help` stays quick, and the demo runs the very same
functions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code. Nothing that goes wrong ends in a traceback."""
    from syncd.cli.run import run

    return run(list(sys.argv[1:] if argv is None else argv))
