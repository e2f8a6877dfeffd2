"""What a disk, a right or a database refuses, in words of ours: the one place that knows, for every command.

Takes an exception that nobody expected, gives the error that a person can act on; None: it is a mistake of ours.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from syncd.errors import RunError, StoreError, SyncdError

_RIGHTS: Final = "Run it as the user that owns this, or give this user the right to read and write it."
_SPACE: Final = "Free some space and run it again; nothing is left half done."
_DISK: Final = "Look at the disk and its cables (`dmesg`); restore the last backup if it cannot be read any more."
_WHAT: Final[Mapping[int, tuple[str, str]]] = {
    errno.EACCES: ("it may not be read or written", _RIGHTS),
    errno.EPERM: ("it may not be changed", _RIGHTS),
    errno.EROFS: ("it is on a disk that may only be read", "Mount it so that it can be written, or move it elsewhere."),
    errno.ENOSPC: ("the disk is full", _SPACE),
    errno.EDQUOT: ("the quota of this user is used up", _SPACE),
    errno.EFBIG: ("it would be larger than a file may be here", _SPACE),
    errno.EIO: ("the disk does not read or write it", _DISK),
    errno.ENODEV: ("its disk is gone", _DISK),
    errno.ENXIO: ("its disk is gone", _DISK),
    errno.ESTALE: ("its network disk is gone", "Mount it again and run the command again."),
    errno.ENOTDIR: ("a part of this path is no folder", "Correct the path in syncd.toml, or put the folder there."),
    errno.EISDIR: ("it is a folder, and a file is expected", "Move it out of the way, or correct the path."),
    errno.ELOOP: ("its links lead in a ring", "Correct the link, or the path in syncd.toml."),
    errno.ENAMETOOLONG: ("its name is too long for this disk", "Use a shorter path for the state folder."),
    errno.EMFILE: ("too many files are open", "Raise the limit of open files (`ulimit -n`, LimitNOFILE=)."),
    errno.ENFILE: ("too many files are open on this machine", "Raise fs.file-max, or close other programs."),
    errno.ENOMEM: ("there is not enough memory", "Free some memory and run it again; nothing is left half done."),
}


def explained(error: BaseException) -> SyncdError | None:
    """Give the error of ours that says what was refused and what to do."""
    for one in _chain(error):
        if isinstance(one, SyncdError):
            return one
        if isinstance(one, OSError) and (refused := _WHAT.get(one.errno or 0)) is not None:
            what, hint = refused
            file = os.fspath(one.filename) if isinstance(one.filename, str | bytes | os.PathLike) else None
            kind = StoreError if file is not None else RunError
            return kind(what, file=os.fsdecode(file) if file is not None else None, hint=hint)
        if isinstance(one, MemoryError):
            return RunError(_WHAT[errno.ENOMEM][0], hint=_WHAT[errno.ENOMEM][1])
        if isinstance(one, sqlite3.Error) or _is_of_sqlalchemy(one):
            from syncd.store.database import explain

            return explain("the store", one)
    return None


def _is_of_sqlalchemy(error: BaseException) -> bool:
    # Looked up and not imported: most errors are told without it, and it takes half a second to load.
    loaded = sys.modules.get("sqlalchemy.exc")
    return loaded is not None and isinstance(error, loaded.SQLAlchemyError)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give the exception, and the members of a group that stands for several."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _chain(one)
