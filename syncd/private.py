"""Folders and files that nobody but their owner may look into, whatever the umask and whoever made them before.

They hold clients' plans. Modes are set on what is made and put right on what is there and ours; who owns it otherwise
has to do so.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

FOLDER: Final = 0o700
FILE: Final = 0o600
_OTHERS: Final = 0o077


def make_folder(path: Path) -> Path:
    """Make a folder and those above it that are missing; put its mode right. Raises OSError."""
    if not path.parent.exists():
        make_folder(path.parent)  # `parents=True` would leave their modes to the umask
    path.mkdir(mode=FOLDER, exist_ok=True)
    tighten(path, FOLDER)
    return path


def create(path: Path, *, flags: int = os.O_EXCL) -> int:
    """Create a file for writing and give its descriptor; one that is there is not taken. Raises OSError."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, FILE)
    os.fchmod(descriptor, FILE)
    return descriptor


def tighten(path: Path, mode: int) -> None:
    """Take from others what they may do with a folder or file of ours. Raises PermissionError for one that is not."""
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        path.chmod(mode)


def loose(path: Path) -> str:
    """Say who else may do what with a folder or file, as its mode; "": nobody, or it is not there."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ""
    return f"{mode:04o}" if mode & _OTHERS else ""
