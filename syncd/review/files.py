"""The review folder: questions as files that people answer in their editor.

`pending/<group>/<link>.yaml` holds the open questions, `done/<date>/…` a record of the others. The store is the truth:
`show` writes what it holds, `rebuild` makes the folder anew from it, `collect` reads what people decided and leaves it
to the caller to commit that before `show` touches a file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from syncd import private
from syncd.errors import LockedError, StoreError
from syncd.review.collect import SETTLE_S, Collected, KindOf, RecordsOf, collect
from syncd.review.disk import ERROR_SUFFIX, Sheet, load, put, sheets, tell
from syncd.review.document import schema
from syncd.review.errors import ReviewError
from syncd.review.page import SCHEMA, folder_mark
from syncd.review.show import Shower, Shown, ids_in
from syncd.review.words import Names
from syncd.store.rows import Question

LOCK_TIMEOUT_S = 60.0


class ReviewFolder:
    """The folder `$STATE/review`. Nothing in it is needed: deleted, it is written anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pending = root / "pending"
        self.done = root / "done"

    def show(self, questions: Iterable[Question], names: Names, *, now: float, scope: str | None = None) -> Shown:
        """Bring the files of one scope (None: all) in line. `questions` are all that are open there, and those of
        `ids(scope)` that are open no more; a question that is not given is unknown."""
        with self._locked():
            self._write_schema()
            found = self._sheets(scope)
            known = {question.id: question for question in questions}
            scopes = {question.proposal.scope for question in known.values()}
            folders = {each: folder for each in scopes if (folder := self._folder(each)) is not None}
            shown = Shower(self.root, known, names, now).show(found, folders)
            self._tidy()
            return shown

    def rebuild(self, questions: Iterable[Question], names: Names, *, now: float) -> Shown:
        """Make the folder anew from all questions of the store; what people typed and nobody read yet stays."""
        return self.show(questions, names, now=now)

    def collect(
        self,
        questions: Mapping[str, Question],
        now: float,
        *,
        scope: str | None = None,
        kind_of: KindOf | None = None,
        records_of: RecordsOf | None = None,
        settle_s: float = SETTLE_S,
        beside: bool = True,
    ) -> Collected:
        """Read the answers that people left for a scope (None: all) and say beside each file what is wrong with it, or
        (`beside` off) only look."""
        collected, errors = collect(
            self._sheets(scope),
            questions,
            now,
            name_of=self.name,
            kind_of=kind_of,
            records_of=records_of,
            settle_s=settle_s,
        )
        for path, wrong in errors.items() if beside else ():
            # What is wrong is returned too: a full disk must not keep good answers from being used.
            with suppress(OSError):
                tell(path, _letter(path, wrong) if wrong else None)
        return collected

    def name(self, path: Path) -> str:
        """Name a file the way people are told about it: from `pending` on."""
        return str(path.relative_to(self.pending)) if path.is_relative_to(self.pending) else str(path)

    def ids(self, scope: str | None = None) -> frozenset[str]:
        """Give the questions that the files of a scope show."""
        return frozenset(id_ for sheet in self._sheets(scope) for id_ in ids_in(sheet.text))

    def file_of(self, id_: str) -> Path | None:
        """Find the file that shows a question, to open it in an editor."""
        return next((sheet.path for sheet in sheets(self.pending) if id_ in ids_in(sheet.text)), None)

    def errors(self) -> Mapping[str, str]:
        """Tell, for each question in a file that could not be read, what is wrong with that file."""
        said: dict[str, str] = {}
        for beside in sorted(self.pending.rglob(f"*{ERROR_SUFFIX}")):
            sheet = load(beside.with_name(beside.name.removesuffix(ERROR_SUFFIX)))
            letter = load(beside)
            if sheet is not None and letter is not None:
                first = next(
                    (line for line in letter.text.splitlines() if line.startswith("line ")), letter.text.split("\n")[0]
                )
                said |= dict.fromkeys(ids_in(sheet.text), f"{self.name(sheet.path)}: {first}")
        return said

    # -- the folder ---------------------------------------------------------------------------------------------------

    def _sheets(self, scope: str | None) -> list[Sheet]:
        if scope is None:
            return list(sheets(self.pending))
        folder = self._folder(scope)
        return list(sheets(folder)) if folder is not None else []

    def _folder(self, scope: str) -> Path | None:
        if not self.pending.is_dir():
            return None
        mark = folder_mark(scope)
        return next(
            (path for path in sorted(self.pending.iterdir()) if path.is_dir() and path.name.endswith(mark)), None
        )

    def _write_schema(self) -> None:
        path = self.root / SCHEMA
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != schema():
            put(path, schema(), load(path))

    def _tidy(self) -> None:
        """Remove what is said about files that are gone, and the folders that are empty then."""
        if not self.pending.is_dir():
            return
        for beside in self.pending.rglob(f"*{ERROR_SUFFIX}"):
            if not beside.with_name(beside.name.removesuffix(ERROR_SUFFIX)).exists():
                beside.unlink(missing_ok=True)
        for folder in self.pending.iterdir():
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process write at a time, and say what to do when the folder cannot be written."""
        try:
            private.make_folder(self.root)
            with FileLock(self.root / ".lock", timeout=LOCK_TIMEOUT_S, mode=private.FILE):
                yield
        except Timeout as error:
            raise LockedError(f"another process has been writing {self.root} for {LOCK_TIMEOUT_S:.0f} s") from error
        except OSError as error:
            raise StoreError(
                f"the review folder cannot be written: {error.strerror or error}",
                file=str(error.filename or self.root),
                hint="Free some space, or let the user that runs syncd write there; no question and no answer is lost.",
            ) from error


def _letter(path: Path, errors: Sequence[ReviewError]) -> str:
    """Write what stands beside a file that could not be used."""
    things = "one thing in it needs" if len(errors) == 1 else f"{len(errors)} things in it need"
    lines = [
        f"{path.name} was read, but {things} a look first.",
        "No answer of this file was used, and nothing in it was changed.",
        "",
    ]
    for error in errors:
        where = ", ".join(filter(None, (f"line {error.line}" if error.line else "", error.key)))
        lines += [f"{where}: {error.message}" if where else error.message]
        lines += [f"  {error.hint}"] if error.hint else []
        lines += [f"  Or from the command line: syncd review decide {error.question} ANSWER"] if error.question else []
        lines.append("")
    lines += [
        "Correct it and save the file; it is read again at the next run, and this message goes away by itself.",
        "",
    ]
    return "\n".join(lines)
