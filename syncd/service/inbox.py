"""The inbox: what people did since the last look. Answers in files, decisions, links, pauses, by whatever program.

Gives the groups to run and the systems to read again. The store is the truth: an answer in a file is committed there
first, and every decision that stands there and was not seen yet is news, whoever stored it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from syncd.apply.world import stands
from syncd.errors import SyncdError
from syncd.review.collect import SETTLE_S, Collected
from syncd.review.disk import ERROR_SUFFIX
from syncd.review.files import ReviewFolder
from syncd.review.queue import collect_into, show_from
from syncd.store.store import Store

LOOK_S = 2.0
"""Time between two looks."""
_LINKING = frozenset({"linked", "unlinked", "decided"})
_ROWS = 500

log = structlog.get_logger("syncd")


@dataclass(slots=True)
class News:
    """What is to be done about it. `linked`: the list of groups may have changed."""

    groups: set[str] = field(default_factory=set)
    systems: set[str] = field(default_factory=set)
    linked: bool = False


class Inbox:
    """Looks again and again; remembers what it saw."""

    def __init__(self, folder: ReviewFolder, now: Callable[[], float], *, settle_s: float = SETTLE_S) -> None:
        self._folder, self._now, self._settle_s = folder, now, settle_s
        self._files: frozenset[tuple[str, int, int]] | None = None
        self._waiting = False
        self._told: set[str] = set()
        self._decided: set[tuple[str, str]] = set()
        self._last_row = 0
        self._pauses: frozenset[str] = frozenset()
        self._one_at_a_time = asyncio.Lock()

    def begin(self, store: Store) -> None:
        """Take what is there now as seen, but for answers: one that was committed before a crash is news still."""
        self._last_row = _last_row(store)
        self._pauses = self._standing(store)

    async def look(self, store: Store) -> News:
        """Tell what people did. Raises SyncdError when store or folder cannot be used."""
        await self._collect(store)
        news = News()
        self._decisions(store, news)
        self._linking(store, news)
        self._resumed(store, news)
        return news

    async def show(self, store: Store, scope: str | None = None) -> None:
        """Bring the files of a scope (None: all) in line with the store. A folder that cannot be written is told of and
        stops nothing: files are a view, no question and no answer is lost."""
        async with self._one_at_a_time:
            try:
                await asyncio.to_thread(show_from, store, self._folder, scope, now=self._now())
            except SyncdError as error:
                log.error("review_not_shown", why=str(error), hint=error.hint)  # noqa: TRY400 - its hint says more

    # -- files --------------------------------------------------------------------------------------------------------

    async def _collect(self, store: Store) -> None:
        """Read the files when one changed, and again as long as somebody is writing one."""
        async with self._one_at_a_time:
            files = await asyncio.to_thread(lambda: frozenset(_stamps(self._folder.pending)))
            if files == self._files and not self._waiting:
                return
            collected = await asyncio.to_thread(collect_into, store, self._folder, self._now(), settle_s=self._settle_s)
            self._files, self._waiting = files, bool(collected.waiting)
        self._tell(collected)
        for scope in {one.proposal.scope for one in collected.reissued}:
            await self.show(store, scope)

    def _tell(self, collected: Collected) -> None:
        """Log what was read; what is wrong with a file once, and by its place: it may quote what was typed."""
        for one in collected.decided:
            log.info("answer_taken", question=one.id, link=one.link, field=one.name, by=one.by)
        for again in collected.reissued:
            log.info("question_asked_again", question=again.id)
        wrong = {f"{one.file}:{one.line}": one for one in collected.errors}
        for place in wrong.keys() - self._told:
            log.warning("answer_refused", place=place, question=wrong[place].question, see=f"the file's {ERROR_SUFFIX}")
        self._told = set(wrong)

    # -- the store ----------------------------------------------------------------------------------------------------

    def _decisions(self, store: Store, news: News) -> None:
        standing = {
            (one.id, one.decided.digest): one.proposal.scope
            for one in store.questions(status=("decided",))
            if one.decided is not None
        }
        for key in standing.keys() - self._decided:
            scope = standing[key]
            if scope.startswith("system:"):
                news.systems.add(scope.removeprefix("system:").partition("/")[0])
            else:
                news.groups.add(scope)
        self._decided = set(standing)

    def _linking(self, store: Store, news: News) -> None:
        """Find links made or parted by another process; it leaves a line in the history."""
        newest = _last_row(store)
        if newest == self._last_row:
            return
        rows = [row for row in store.history(limit=_ROWS) if (row.id or 0) > self._last_row]
        ids = {row.link for row in rows if row.link and not row.run and row.what in _LINKING}
        links = [link for id_ in sorted(ids) if (link := store.link(id_)) is not None]
        news.groups |= {link.scope for link in links}
        news.linked = bool(ids) or len(rows) == _ROWS
        self._last_row = newest

    def _resumed(self, store: Store, news: News) -> None:
        pauses = self._standing(store)
        if self._pauses - pauses:
            news.groups |= set(store.scopes())  # what was owed is delivered now
        self._pauses = pauses

    def _standing(self, store: Store) -> frozenset[str]:
        return frozenset(key for key, one in store.items("pauses").items() if stands(one, self._now()))


def _last_row(store: Store) -> int:
    return max((row.id or 0 for row in store.history(limit=1)), default=0)


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Give what tells that a file changed: its name, time and size."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # not there yet, or just removed
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(Path(entry.path))
            elif not entry.name.endswith(ERROR_SUFFIX):  # written by the look itself
                found = entry.stat(follow_symlinks=False)
                yield entry.path, found.st_mtime_ns, found.st_size
        except OSError:
            continue
