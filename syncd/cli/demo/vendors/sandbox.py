"""The practice vendors: started as a process of their own, stopped when the story ends, never imported.

They say on one line of JSON where they listen and what opens them; what they hold is saved when they stop, so that
whoever goes on finds them as the story left them.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from syncd.errors import ConfigError, SyncdError

STATE: Final = "sandbox.json"
"""What the vendors hold, in the folder of the demo."""
LOG: Final = "sandbox.log"
SEED: Final = 1
"""The world that the story is about: its ids."""
_BASES: Final = range(8850, 9000, 10)
"""Where ports are looked for: beside those of `syncd sandbox` (8801, 8802), which may be running."""
_VENDORS: Final = 2
_READY_S: Final = 60.0
_STOP_S: Final = 10.0
_TAKEN: Final = 3
"""Exit code of a sandbox that finds its ports taken."""


class SandboxError(SyncdError):
    """The practice vendors did not start."""

    hint = "`syncd demo --files` tells a story that needs none."


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: its ports begin above `port_base`; `systems` as its ready line says, `doors` by vendor."""

    port_base: int
    systems: Mapping[str, Mapping[str, Any]]
    doors: Mapping[str, str]


@contextmanager
def running(folder: Path) -> Iterator[Sandbox]:
    """Start the sandbox on free ports and wait until it listens; stop it afterwards, however the story ends.

    Raises ConfigError when syncd was installed without a web server, SandboxError when it does not start.
    """
    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        raise ConfigError(
            "the practice vendors need a web server",
            hint="Install it from a checkout: `make venv`, or `pip install '.[web]'`; "
            "or `syncd demo --files`, which needs none.",
        )
    process, sandbox = _start(folder)
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        yield sandbox
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(process)


def words(port_base: int) -> list[str]:
    """Give the words behind `syncd` that start it again, as it was left."""
    return ["sandbox", "--port-base", str(port_base), "--seed", str(SEED), "--state", STATE]


def _stopped(number: int, frame: FrameType | None) -> NoReturn:
    """End by an exception, so that the sandbox is stopped too."""
    del frame
    sys.exit(128 + number)


def _start(folder: Path) -> tuple[subprocess.Popen[str], Sandbox]:
    for port_base in _BASES:
        if not _free(port_base):
            continue
        process = _process(folder, port_base)
        ready = _ready(process)
        if ready is not None:
            return process, Sandbox(port_base, ready["systems"], ready["backdoor"])
        if process.returncode != _TAKEN:
            break  # it is not the ports: somebody else would not help
    else:
        raise SandboxError(f"all ports from {_BASES.start + 1} to {_BASES.stop} are taken")
    raise SandboxError("the practice vendors did not start", file=str(folder / LOG))


def _free(port_base: int) -> bool:
    """Tell whether nobody listens where the vendors would."""
    try:
        for port in range(port_base + 1, port_base + 1 + _VENDORS):
            with closing(socket.socket()) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _process(folder: Path, port_base: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "syncd.sandbox", *words(port_base)[1:]]
    with (folder / LOG).open("w", encoding="utf-8") as log:
        return subprocess.Popen(  # noqa: S603 - our own module, no shell
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )


def _ready(process: subprocess.Popen[str]) -> dict[str, Any] | None:
    """Wait for the ready line; None when it ended, or said nothing in time and was ended."""
    late = threading.Timer(_READY_S, process.kill)
    late.start()
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
    except BaseException:
        _stop(process)  # whoever waits was interrupted
        raise
    finally:
        late.cancel()
    if line:
        ready: dict[str, Any] = json.loads(line)
        return ready
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_STOP_S)  # it is ending: its own exit code says why, a signal from here would hide it
    _stop(process)
    return None


def _stop(process: subprocess.Popen[str]) -> None:
    """Have it save what it holds and end; a second interrupt does not leave it behind."""
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except BaseException as error:
        process.kill()
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
    finally:
        if process.stdout is not None:
            with suppress(OSError):
                process.stdout.close()
