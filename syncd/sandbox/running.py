"""Where running sandboxes are: a small file each, for its owner alone, written when it is ready and removed at the end.

Takes and gives the back doors' addresses. The file holds no credentials.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


def folder() -> Path:
    """Give the folder of the files: the user's runtime folder, else one of this user's below the temporary folder."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "syncd-sandbox" if runtime else Path(tempfile.gettempdir()) / f"syncd-sandbox-{os.getuid()}"


@contextmanager
def noted(doors: Mapping[str, str]) -> Iterator[None]:
    """Say where the back doors are while the sandbox runs; a folder that cannot be used is no reason not to run."""
    path = folder() / f"{os.getpid()}.json"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(dict(doors), file)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def found() -> list[dict[str, str]]:
    """Give the back doors of each sandbox that runs, by system; what a killed one left behind is taken away."""
    here = folder()
    if not here.is_dir() or here.stat().st_uid != os.getuid():
        return []
    doors = []
    for path in sorted(here.glob("*.json")):
        if not _runs(path.stem):
            with suppress(OSError):
                path.unlink()
            continue
        with suppress(OSError, ValueError):
            doors.append({str(system): str(url) for system, url in json.loads(path.read_text("utf-8")).items()})
    return doors


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
