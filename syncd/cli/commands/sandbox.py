"""`syncd sandbox`: vendors on loopback, to practise on.

The sandbox shares no code with what it tests, so it is not imported but becomes this process: the signals that stop it
and its exit code are its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from syncd.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Ask:
    """What to serve."""

    systems: tuple[str, ...]
    port_base: int
    seed: int
    clock: str | None
    state: Path | None

    def words(self) -> list[str]:
        """Give the command line of the sandbox."""
        return [
            *(word for system in self.systems for word in ("--system", system)),
            *("--port-base", str(self.port_base), "--seed", str(self.seed)),
            *(("--clock", self.clock) if self.clock is not None else ()),
            *(("--state", str(self.state)) if self.state is not None else ()),
        ]


def ask(words: Sequence[str]) -> NoReturn:
    """Become the command that asks the back door of a sandbox that runs."""
    _become(words)


def run(ask: Ask) -> NoReturn:
    """Become the sandbox. Raises ConfigError when syncd was installed without a web server."""
    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        hint = "Install it from a checkout of syncd: `make venv`, or `pip install '.[web]'`."
        raise ConfigError("the sandbox needs a web server", hint=hint)
    _become(ask.words())


def _become(words: Sequence[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "syncd.sandbox", *words])  # noqa: S606 - our own module, no shell
