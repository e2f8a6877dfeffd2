"""One file on disk: read it whole once it rests, say in `<file>.errors` why it cannot be read, replace it in one step.

A write is read, change, write beside, look again, replace, under `<file>.lock`; killed anywhere, the file is the old
one or the new one. Programs that do not take the lock are seen because the file is read again just before it is
replaced: its bytes count, not what its times say. Nothing here knows what a record is.
"""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from syncd.connectors.files import looks
from syncd.connectors.files.beside import sweep, sync_folder, write_beside
from syncd.connectors.files.complaints import errors_of, write_errors
from syncd.connectors.files.ids import Ids
from syncd.connectors.files.keys import Keys
from syncd.connectors.files.looks import Look
from syncd.connectors.files.problems import BadTableError, Problem
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import Table, parse
from syncd.connectors.registry import State
from syncd.errors import ConnectorError, RefusedError, TransientError
from syncd.model.records import Kind

STEMS: Final[dict[Kind, str]] = {"group": "groups", "plan": "plans", "generic": "records"}
_ATTEMPTS: Final = 5
_NEVER_BY_ITSELF: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    look: Look
    data: bytes
    table: Table
    read_at_ns: int

    def sure(self) -> bool:
        """Tell whether an equal look means an equal file."""
        return self.look.sure(self.read_at_ns)


class TableFile:
    """The file of one kind in a folder."""

    def __init__(self, system: str, kind: Kind, settings: Settings, state: State) -> None:
        self._system, self._kind, self._settings, self._state = system, kind, settings, state
        self._ids = None if settings.new_id is None else Ids(kind, settings.new_id, state)
        self._keys = Keys(kind, settings, state)
        self._kept: _Kept | None = None
        self._guard = threading.RLock()

    def unchanged(self) -> Table | None:
        """Give the table when a glance shows that the file is still the one that was read; else None."""
        kept = self._kept
        if kept is None or not kept.sure():
            return None
        with suppress(OSError):
            return kept.table if Look.at(kept.path) == kept.look else None
        return None

    def load(self) -> Table:
        """Read the file as it is now. Raises ConnectorError when it is missing or not whole."""
        with self._guard:
            path = self._find()
            try:
                return self._load(path)
            except OSError as error:
                raise self._error(f"cannot be read: {error.strerror}", path) from error

    def next_id(self, table: Table, more: Iterable[str]) -> str:
        """Give the id of the next new row; only while the file is changed. Raises OSError."""
        if self._ids is None:
            raise RefusedError("this folder takes no new rows (new_id)", system=self._system)
        return self._ids.next(self._find(), table.records, more)

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
            look, now = self._rested(path), looks.now_ns()
            kept = self._kept if self._kept is not None and (self._kept.path, self._kept.look) == (path, look) else None
            if kept is not None and kept.sure():
                return kept.table
            if look.size > self._settings.max_bytes:
                seen, expected = f"{look.size} bytes", f"at most {self._settings.max_bytes} bytes (max_bytes)"
                raise self._refuse(path, [Problem(1, "", seen, expected)])
            data = path.read_bytes()
            if Look.at(path) != look:
                continue  # somebody is writing into it
            # Comparing bytes costs a tenth of what a digest of them does, which counts when thousands of rows are made.
            last = self._kept
            same = last is not None and last.path == path and last.data == data
            table = last.table if last is not None and same else self._parse(path, data)
            self._keep(_Kept(path, look, data, table, now))
            return table
        raise self._transient("the file keeps changing while it is read", path)

    def _rested(self, path: Path) -> Look:
        """Look at a file that nobody writes into, waiting once for it to rest. Raises TransientError."""
        look, rest_s = Look.at(path), self._settings.rest_s
        wait_s = look.restless_s(looks.now_ns(), rest_s)
        if not wait_s or self._believed(path, look):
            return look
        looks.sleep(wait_s)
        again = Look.at(path)
        if again == look or self._believed(path, again):
            return again
        message = f"the file is still being written (it changed again within {rest_s:g} s), so nothing was read"
        raise self._transient(message, path)

    def _believed(self, path: Path, look: Look) -> bool:
        """Tell whether this is the file as it was read last, or as we wrote it: in this process or in another."""
        return self._state.get(self._look_key) == f"{path.name} {look.text}"

    def _keep(self, kept: _Kept) -> None:
        if self._kept is None or self._kept.look != kept.look:
            self._state.set(self._look_key, f"{kept.path.name} {kept.look.text}")
        self._kept = kept

    def _parse(self, path: Path, data: bytes) -> Table:
        csv_file = path.suffix == ".csv"
        known = self._state.get(self._header_key)
        columns = None if known is None else json.loads(known)
        try:
            table = parse(data, self._kind, self._settings, csv=csv_file, columns=columns)
        except BadTableError as error:
            raise self._refuse(path, error.problems) from None
        gone = [] if csv_file else self._keys.gone(table)
        if gone:
            raise self._refuse(path, gone)
        with suppress(FileNotFoundError, PermissionError):
            errors_of(path).unlink()
        if table.columns is not None and columns != list(table.columns):
            self._state.set(self._header_key, json.dumps(table.columns))
        if self._ids is not None:
            self._ids.see(path, table.records)
        return table

    @property
    def _header_key(self) -> str:
        return f"columns:{self._kind}"

    @property
    def _look_key(self) -> str:
        return f"look:{self._kind}"

    # -- saying why not

    def _refuse(self, path: Path, problems: Sequence[Problem]) -> ConnectorError:
        """Write the error file, and give the error that names the first bad row without its values."""
        errors = errors_of(path)
        first, rows = problems[0], "1 bad row" if len(problems) == 1 else f"{len(problems)} bad rows"
        where = f"see {errors.name}"
        try:
            write_errors(path, errors, problems)
        except OSError as error:
            where = f"{errors.name} could not be written: {error.strerror}"
        named = f" ({first.key})" if first.key else ""
        hint = f"Correct the rows listed in {errors}; the whole file is left out until then, and nothing is lost."
        if first.line == 1 and path.suffix == ".csv":
            hint += f" If its header is right as it is, state it in the settings: `columns: {{{self._kind}: [...]}}`."
        if first.hint:
            hint = first.hint
        saw = f"saw {first.seen}, expected" if first.hint else "expected"
        message = f"{rows}, so nothing was read; first{named}: {saw} {first.expected}; {where}"
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
        """Replace the file if it is still the one that was read, byte for byte."""
        path, data = kept.path, table.encode()
        sweep(path)
        beside = write_beside(path, data, like=path.stat())
        try:
            if Look.at(path) != kept.look or path.read_bytes() != kept.data:
                beside.unlink()
                with self._guard:
                    self._kept = None
                return False
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
        sync_folder(path.parent)
        with self._guard:
            self._keep(_Kept(path, Look.at(path), data, table, looks.now_ns()))
        if table.columns is None:
            self._keys.wrote(kept.table, table)
        return True
