"""PerfectQuote's change feed: `GET /changes?after=SEQ`, kept for 30 days, older answered with 410 `cursor_expired`.

A position is the sequence number of the last event that was seen. Events may come twice; each record that moved is read
once, as it is now. A quiet poll is one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from syncd.connectors.base import Changes
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.session import Session
from syncd.connectors.registry import State
from syncd.errors import TransientError
from syncd.model.records import Answer, Gone, Kind, Present

Read: TypeAlias = Callable[[Kind, str], Awaitable[Answer]]
_LIMIT: Final = 200
_KINDS: Final[Mapping[str, Kind]] = {"group": "group", "plan": "plan"}
_MEMORY: Final = "feed-end"
EXPIRED: Final = "the change feed no longer reaches back to the last observation (it keeps 30 days)"


class ChangeFeed:
    """The feed of one installation; remembers how far it was seen, so that its end is found in one request."""

    def __init__(self, session: Session, state: State, read: Read) -> None:
        self._session, self._state, self._read = session, state, read

    async def position(self) -> str:
        """Give the sequence number of the newest event, "0" before the first."""
        seen = int(self._state.get(_MEMORY) or 0)
        events = await self._events(seen)
        if events is None:
            seen = await self._search(seen)
            events = await self._events(seen) or []
        return self._remember(max([seen, *(event["seq"] for event in events)]))

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
        return Changes(end, records, gone)

    async def _events(self, after: int) -> list[dict[str, Any]] | None:
        """Drain the feed after a sequence number; None: it does not reach back so far."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self._page(after, _LIMIT)
            if page is None:
                return None
            events, more = page
            found += events
            if not more:
                return found
            end = max((event["seq"] for event in events), default=after)
            if end <= after:
                raise TransientError("changes: the feed says that it goes on, and does not", system=self._system)
            after = end

    async def _page(self, after: int, limit: int) -> tuple[list[dict[str, Any]], bool] | None:
        reply = await self._session.ask("changes", "GET", "changes", params={"after": after, "limit": limit})
        problem = Problem.of(reply)
        if reply.status == 410:
            return None
        if not reply.ok:
            raise TransientError(f"changes: {problem.words}", system=self._system)
        body = reply.json()
        events = body.get("data") if isinstance(body, dict) else None
        if not isinstance(events, list) or not all(_is_event(event) for event in events):
            raise TransientError("changes: the answer is no page of events", system=self._system)
        page = body.get("page")
        # Without an envelope's word for it, a full page may have a successor.
        more = page.get("has_more") if isinstance(page, dict) else len(events) >= limit
        return events, bool(more)

    async def _search(self, expired: int) -> int:
        """Find the end of a feed that has forgotten its beginning, which the contract does not name.

        After a number before the end there are events, or 410; after the end there are none. Doubling steps, then
        halving ones: some forty requests for a feed of a million events, once.
        """
        low, step = expired, 1
        while not await self._is_past(low + step):
            low, step = low + step, step * 2
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            if await self._is_past(middle):
                high = middle
            else:
                low = middle
        return high

    async def _is_past(self, seq: int) -> bool:
        page = await self._page(seq, 1)
        return page is not None and not page[0]

    def _remember(self, seq: int) -> str:
        if self._state.get(_MEMORY) != str(seq):
            self._state.set(_MEMORY, str(seq))
        return str(seq)

    @property
    def _system(self) -> str:
        return self._session.http.system


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("seq"), int)
