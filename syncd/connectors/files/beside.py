"""Write a file beside another one, to replace it in one step.

The file beside is made new, under a name that nobody can guess, so that nothing that somebody put there is written
through; it has the mode of the file that it will replace. What a killed writer left is swept before the next write.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_END: Final = ".syncd-new"
_MODE: Final = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


def write_beside(path: Path, data: bytes, *, like: os.stat_result, lasting: bool = True) -> Path:
    """Write data beside `path`, with another file's mode and, where we may, its owner. Raises OSError.

    `lasting`: it is on the disk before this returns.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_END}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
                with suppress(PermissionError):
                    os.fchown(handle, like.st_uid, like.st_gid)
            os.fchmod(handle, like.st_mode & _MODE)
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(handle)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    return beside


def replace(path: Path, data: bytes, *, like: os.stat_result) -> None:
    """Replace a file of no great weight in one step, or leave it as it was. Raises OSError."""
    beside = write_beside(path, data, like=like, lasting=False)
    try:
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def sweep(path: Path) -> None:
    """Remove what killed writers left beside a file; only their names go, whatever else they may be names of."""
    ours = re.compile(rf"\.{re.escape(path.name)}(?:\.[0-9a-f]{{16}})?{re.escape(_END)}\Z")
    for found in path.parent.iterdir():
        if ours.match(found.name):
            with suppress(OSError):
                found.unlink()


def sync_folder(folder: Path) -> None:
    """Make a new name last; some file systems cannot, and the file is whole all the same."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
