"""One file on disk: read it whole, say in `<file>.errors` why it cannot be read, replace it in one step.

A write is read, change, write beside, sync, replace, under `<file>.lock`; killed anywhere, the file is the old one or
the new one. Programs that do not take the lock are seen by a look at the file just before it is replaced. Nothing here
knows what a record is.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import BadTableError, Problem, Table, parse
from syncd.connectors.registry import State
from syncd.errors import ConnectorError, RefusedError, TransientError
from syncd.model.records import Kind

STEMS: Final[dict[Kind, str]] = {"group": "groups", "plan": "plans", "generic": "records"}
_MOST_PROBLEMS: Final = 1000
_LONGEST_TEXT: Final = 200
_ATTEMPTS: Final = 5
# Two changes within one tick of the file system's clock leave the same time; some clocks tick once in two seconds.
_TICK_NS: Final = 2_000_000_000
_NEVER_BY_ITSELF: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class _Key:
    """What changes when a file changes."""

    mtime_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    key: _Key
    digest: bytes
    table: Table
    read_at_ns: int

    def sure(self) -> bool:
        """Tell whether the file was old enough when it was read that an equal key means an equal file."""
        return self.read_at_ns - self.key.mtime_ns > _TICK_NS


class TableFile:
    """The file of one kind in a folder."""

    def __init__(self, system: str, kind: Kind, settings: Settings, state: State) -> None:
        self._system, self._kind, self._settings, self._state = system, kind, settings, state
        self._kept: _Kept | None = None
        self._guard = threading.RLock()

    def unchanged(self) -> Table | None:
        """Give the table when a glance shows that the file is still the one that was read; else None."""
        kept = self._kept
        if kept is None or not kept.sure():
            return None
        with suppress(OSError):
            return kept.table if _key(kept.path) == kept.key else None
        return None

    def load(self) -> Table:
        """Read the file as it is now. Raises ConnectorError when it is missing or not whole."""
        with self._guard:
            path = self._find()
            try:
                return self._load(path)
            except OSError as error:
                raise self._error(f"cannot be read: {error.strerror}", path) from error

    def change(self, act: Callable[[Table], Table]) -> None:
        """Replace the file by what `act` makes of it; an `act` that gives its table back leaves the file alone.

        What `act` raises goes through, and nothing is written. Raises RefusedError, TransientError: nothing is written.
        """
        path: Path | None = None
        try:
            path = self._find()
            with FileLock(
                f"{path}.lock", timeout=self._settings.lock_timeout_s, poll_interval=0.01, thread_local=False
            ):
                self._change(path, act)
        except Timeout:
            raise self._transient("another process holds the lock of this file", path) from None
        except OSError as error:
            message = f"cannot be written: {error.strerror}; it is as it was"
            if error.errno in _NEVER_BY_ITSELF:
                raise RefusedError(message, system=self._system, file=str(path)) from error
            raise self._transient(message, path) from error
        except (TransientError, RefusedError):
            raise
        except ConnectorError as error:
            # A file that is not whole is mended by a person, and the write was not even tried.
            message = f"nothing was written: {error.message}"
            raise TransientError(message, system=self._system, file=error.file, line=error.line) from error

    # -- reading

    def _find(self) -> Path:
        stem = self._settings.folder / STEMS[self._kind]
        found = [path for path in (stem.with_name(f"{stem.name}.{end}") for end in ("csv", "jsonl")) if path.is_file()]
        if len(found) == 1:
            return found[0].resolve()
        if found:
            raise self._error(f"there is a {found[1].name} beside it; which one is right?", found[0])
        hint = "Put the file back. If this system has no such records, name those it has under `kinds`."
        raise self._error("the file is missing (neither .csv nor .jsonl)", stem, hint=hint)

    def _load(self, path: Path) -> Table:
        for _ in range(_ATTEMPTS):
            key, now = _key(path), time.time_ns()
            kept = self._kept if self._kept is not None and (self._kept.path, self._kept.key) == (path, key) else None
            if kept is not None and kept.sure():
                return kept.table
            if key.size > self._settings.max_bytes:
                seen, expected = f"{key.size} bytes", f"at most {self._settings.max_bytes} bytes (max_bytes)"
                raise self._refuse(path, [Problem(1, "", seen, expected)])
            data = path.read_bytes()
            if _key(path) != key:
                continue  # somebody is writing into it
            digest = blake2b(data).digest()
            table = kept.table if kept is not None and kept.digest == digest else self._parse(path, data)
            self._kept = _Kept(path, key, digest, table, now)
            return table
        raise self._transient("the file keeps changing while it is read", path)

    def _parse(self, path: Path, data: bytes) -> Table:
        csv_file = path.suffix == ".csv"
        known = self._state.get(self._header_key)
        columns = None if known is None else json.loads(known)
        try:
            table = parse(data, self._kind, self._settings, csv=csv_file, columns=columns)
        except BadTableError as error:
            raise self._refuse(path, error.problems) from None
        with suppress(FileNotFoundError, PermissionError):
            _errors_of(path).unlink()
        if table.columns is not None and columns != list(table.columns):
            self._state.set(self._header_key, json.dumps(table.columns))
        return table

    @property
    def _header_key(self) -> str:
        return f"columns:{self._kind}"

    # -- saying why not

    def _refuse(self, path: Path, problems: Sequence[Problem]) -> ConnectorError:
        """Write the error file, and give the error that names the first bad row without its values."""
        errors = _errors_of(path)
        first, rows = problems[0], "1 bad row" if len(problems) == 1 else f"{len(problems)} bad rows"
        where = f"see {errors.name}"
        try:
            _write_errors(path, errors, problems)
        except OSError as error:
            where = f"{errors.name} could not be written: {error.strerror}"
        named = f" ({first.key})" if first.key else ""
        hint = f"Correct the rows listed in {errors}; the whole file is left out until then, and nothing is lost."
        if first.line == 1 and path.suffix == ".csv":
            hint += f" If its header is right as it is, state it in the settings: `columns: {{{self._kind}: [...]}}`."
        message = f"{rows}, so nothing was read; first{named}: expected {first.expected}; {where}"
        return self._error(message, path, line=first.line, hint=hint)

    def _error(self, message: str, path: Path, *, line: int | None = None, hint: str | None = None) -> ConnectorError:
        return ConnectorError(message, system=self._system, file=str(path), line=line, hint=hint)

    def _transient(self, message: str, path: Path | None) -> TransientError:
        return TransientError(message, system=self._system, file=str(path) if path else None)

    # -- writing

    def _change(self, path: Path, act: Callable[[Table], Table]) -> None:
        for _ in range(_ATTEMPTS):
            with self._guard:
                before = self._load(path)
                kept = self._kept
            after = act(before)
            if after is before or kept is None or self._replace(kept, after):
                return
        raise self._transient("the file keeps changing; nothing was written", path)

    def _replace(self, kept: _Kept, table: Table) -> bool:
        """Replace the file if it is still the one that was read."""
        data = table.encode()
        # One name is enough, because the lock is ours; what a killed writer left there is overwritten.
        beside = kept.path.with_name(f".{kept.path.name}.syncd-new")
        try:
            key = _write_whole(beside, data, like=kept.path.stat())
            if _key(kept.path) != kept.key:
                beside.unlink()
                return False
            beside.replace(kept.path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
        _sync_folder(kept.path.parent)
        with self._guard:
            self._kept = _Kept(kept.path, key, blake2b(data).digest(), table, time.time_ns())
        return True


def _key(path: Path) -> _Key:
    return _key_of(path.stat())


def _key_of(status: os.stat_result) -> _Key:
    return _Key(status.st_mtime_ns, status.st_size, status.st_ino)


def _errors_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.errors")


def _write_errors(path: Path, errors: Path, problems: Sequence[Problem]) -> None:
    """Write the table of bad rows, readable by whoever may read the file itself."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("line", "key", "seen", "expected"))
    for problem in problems[:_MOST_PROBLEMS]:
        shown = (problem.key, problem.seen, problem.expected)
        table.writerow((problem.line, *(_printable(item) for item in shown)))
    if len(problems) > _MOST_PROBLEMS:
        table.writerow(("", "", f"{len(problems) - _MOST_PROBLEMS} more bad rows", ""))
    data = text.getvalue().encode()
    with suppress(FileNotFoundError):
        if errors.read_bytes() == data:
            return
    beside = errors.with_name(f".{errors.name}.syncd-new")
    _write_whole(beside, data, like=path.stat())
    beside.replace(errors)


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}…"


def _write_whole(path: Path, data: bytes, *, like: os.stat_result) -> _Key:
    """Write a file to the disk with another one's mode and, where we may, its owner."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        status = os.fstat(handle)
        if (status.st_uid, status.st_gid) != (like.st_uid, like.st_gid):
            with suppress(PermissionError):
                os.fchown(handle, like.st_uid, like.st_gid)
        os.fchmod(handle, stat.S_IMODE(like.st_mode))
        file.write(data)
        file.flush()
        os.fsync(handle)
        return _key_of(os.fstat(handle))


def _sync_folder(folder: Path) -> None:
    """Make the new name last; some file systems cannot, and the file is whole all the same."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
