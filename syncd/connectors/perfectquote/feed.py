"""PerfectQuote's change feed: `GET /changes?after=SEQ`, kept for 30 days, older answered with 410 `cursor_expired`.

A position is the sequence number of the last event that was seen. Events may come twice; each record that moved is read
once, as it is now. A quiet poll is one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from syncd.connectors.base import Changes
from syncd.connectors.paging import Trail
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.session import Session
from syncd.connectors.registry import State
from syncd.errors import TransientError
from syncd.model.records import Answer, Gone, Kind, NotSeen, Present

Read: TypeAlias = Callable[[Kind, str], Awaitable[Answer]]
_LIMIT: Final = 200
_KINDS: Final[Mapping[str, Kind]] = {"group": "group", "plan": "plan"}
_MEMORY: Final = "feed-end"
EXPIRED: Final = "the change feed no longer reaches back to the last observation (it keeps 30 days)"


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of events; None: the feed does not reach back so far."""

    events: list[dict[str, Any]] | None
    more: bool
    last_seq: int | None


class ChangeFeed:
    """The feed of one installation; remembers how far it was seen, so that its end is found in one request."""

    def __init__(self, session: Session, state: State, read: Read) -> None:
        self._session, self._state, self._read = session, state, read

    async def position(self) -> str:
        """Give the sequence number of the newest event, "0" before the first.

        Every answer names it (`last_seq`), also the one that refuses a position; where none does, the feed is drained.
        """
        seen = int(self._state.get(_MEMORY) or 0)
        page = await self._page(seen, 1)
        if page.last_seq is None:
            events = await self._events(seen) if page.events is not None else []
            return self._remember(max([seen, *(event["seq"] for event in events or ())]))
        return self._remember(page.last_seq)

    async def changes(self, position: str) -> Changes:
        """Give what moved since a position; `expired` when the feed does not reach back so far."""
        since = int(position) if position.isdecimal() else None
        events = await self._events(since) if since is not None else None
        if since is None or events is None:
            return Changes(position, expired=EXPIRED)
        end = self._remember(max([since, *(event["seq"] for event in events)]))
        last: dict[tuple[Kind, str], dict[str, Any]] = {}
        for event in sorted(events, key=lambda event: int(event["seq"])):
            kind = _KINDS.get(str(event.get("type")))
            if kind is not None and event.get("id"):
                last[kind, str(event["id"])] = event
        gone = {
            key: f"deleted in PerfectQuote at {event.get('at')}"
            for key, event in last.items()
            if event.get("op") == "deleted"
        }
        moved = [key for key in last if key not in gone]
        answers = await asyncio.gather(*(self._read(*key) for key in moved))
        gone |= {key: answer.evidence for key, answer in zip(moved, answers, strict=True) if isinstance(answer, Gone)}
        records = tuple(answer.record for answer in answers if isinstance(answer, Present))
        unreadable = {
            key: answer.why
            for key, answer in zip(moved, answers, strict=True)
            if isinstance(answer, NotSeen) and answer.unreadable
        }
        return Changes(end, records, gone, unreadable=unreadable)

    async def _events(self, after: int) -> list[dict[str, Any]] | None:
        """Drain the feed after a sequence number; None: it does not reach back so far."""
        found: list[dict[str, Any]] = []
        trail = Trail(self._system, "changes")
        while True:
            trail.step(after)
            page = await self._page(after, _LIMIT)
            if page.events is None:
                return None
            found += page.events
            if not page.more:
                return found
            end = max((event["seq"] for event in page.events), default=after)
            if end <= after:
                raise TransientError("changes: the feed says that it goes on, and does not", system=self._system)
            after = end

    async def _page(self, after: int, limit: int) -> _Page:
        reply = await self._session.ask("changes", "GET", "changes", params={"after": after, "limit": limit})
        problem = Problem.of(reply)
        if reply.status == 410:
            return _Page(None, more=False, last_seq=_whole(problem.body.get("last_seq")))
        if not reply.ok:
            raise problem.failure(self._system, doing="changes")
        body = reply.json()
        events = body.get("data") if isinstance(body, dict) else None
        page = body.get("page") if isinstance(body, dict) else None
        if not isinstance(events, list) or not all(_is_event(event) for event in events) or not isinstance(page, dict):
            raise TransientError("changes: the answer is no page of events", system=self._system)
        return _Page(events, more=bool(page.get("has_more")), last_seq=_whole(page.get("last_seq")))

    def _remember(self, seq: int) -> str:
        if self._state.get(_MEMORY) != str(seq):
            self._state.set(_MEMORY, str(seq))
        return str(seq)

    @property
    def _system(self) -> str:
        return self._session.http.system


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("seq"), int)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
