"""The files themselves: read without being led astray, written whole or not at all, never over what we did not read.

A person, an editor and syncd may touch a file at the same time. Whoever writes here says what the file held when it was
judged; when it holds something else by now, nothing is written and the next run judges again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from syncd import private
from syncd.review.document import MAX_BYTES, text_of
from syncd.review.errors import ReviewError
from syncd.review.page import mark_of, normal

ERROR_SUFFIX = ".error.txt"
NEW_SUFFIX = ".new.yaml"
_KINDS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read. `text` is normal; when it could not be read, `error` says why."""

    path: Path
    data: bytes
    changed_at: float
    text: str = ""
    error: ReviewError | None = None
    mark: str | None = field(default=None)

    @property
    def is_new(self) -> bool:
        """Tell whether this was put beside a file that somebody was still writing in."""
        return self.path.name.endswith(NEW_SUFFIX)


def sheets(folder: Path) -> Iterator[Sheet]:
    """Read the review files below a folder, in order; editors' backups and hidden files are none."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "#")) or path.name.endswith("~"):
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from sheets(path)
        elif path.suffix.lower() in _KINDS and (sheet := load(path)) is not None:
            yield sheet


def load(path: Path) -> Sheet | None:
    """Read one file; None when it is gone. Links, pipes and devices are not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = "Put a plain file there that the user of syncd may read, or delete it."
        return Sheet(path, b"", 0.0, error=ReviewError(f"it cannot be opened: {error.strerror}", hint=hint))
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        return Sheet(path, b"", 0.0, error=ReviewError("it is not a plain file", hint="Delete it."))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        text = normal(text_of(data))
    except ReviewError as error:
        return Sheet(path, data, found.st_mtime, error=error)
    return Sheet(path, data, found.st_mtime, text, mark=mark_of(text))


def put(path: Path, text: str, judged: Sheet | None) -> bool:
    """Write a file whole. False: it is not what it was when it was judged, so nothing was written."""
    private.make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)  # of a process that died, or planted
    try:
        with os.fdopen(private.create(draft), "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not _unmoved(path, judged):
            return False
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return True


def drop(sheet: Sheet) -> bool:
    """Delete a file. False: it is not what it was when it was judged."""
    if not _unmoved(sheet.path, sheet):
        return False
    with suppress(FileNotFoundError):
        sheet.path.unlink()
    return True


def keep(folder: Path, name: str, suffix: str, data: bytes) -> Path:
    """Store a record under the first free name (`gold-2.yaml` …); the same content twice is one file."""
    private.make_folder(folder)
    number = 1
    while True:
        path = folder / (f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")
        try:
            with os.fdopen(private.create(path), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            if path.read_bytes() == data:
                return path
            number += 1
        else:
            return path


def _unmoved(path: Path, judged: Sheet | None) -> bool:
    current = load(path)
    if current is None or judged is None or judged.path != path:
        return current is None
    return current.data == judged.data


# -- what is wrong with a file, beside it -----------------------------------------------------------------------------


def error_path(path: Path) -> Path:
    """Name the file that says what is wrong with a review file."""
    return path.with_name(path.name + ERROR_SUFFIX)


def tell(path: Path, said: str | None) -> None:
    """Say beside a file what is wrong with it; None: nothing is."""
    beside = error_path(path)
    old = beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else None
    if said is None:
        if old is not None:
            beside.unlink(missing_ok=True)
    elif said != old:
        put(beside, said, load(beside))
