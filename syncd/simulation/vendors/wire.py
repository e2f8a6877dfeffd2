"""Connectors to the sandboxes as a simulation needs them: on its clock, with moments at which the process may die.

`Truth` looks at a vendor from outside, with a session of its own and past every fault, from any thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr

from syncd.connectors import benefitpoint, perfectquote
from syncd.connectors.benefitpoint import BenefitPoint
from syncd.connectors.http import Http, Reply
from syncd.connectors.perfectquote import PerfectQuote
from syncd.connectors.registry import Forgetful, State, keyed
from syncd.model.records import Kind, Present, Record
from syncd.simulation.vendors.server import Vendor
from syncd.store.store import Store

T = TypeVar("T")
System: TypeAlias = PerfectQuote | BenefitPoint
PQ, BP = "perfectquote", "benefitpoint"


def _nothing(*_: str) -> None:
    """Let nothing happen."""


class Wire(Http):
    """The HTTP seam with a moment before each request and one after each reply, at which something may happen."""

    before: Callable[..., None] = staticmethod(_nothing)
    after: Callable[..., None] = staticmethod(_nothing)

    async def request(self, operation: str, *args: Any, **named: Any) -> Reply:
        """Send a request; the process may die just before it and just after it."""
        self.before("send", operation, self.system)
        reply = await super().request(operation, *args, **named)
        self.after("reply", operation, self.system)
        return reply


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a connector remembers, in the store, so that it outlives the process."""

    store: Store
    system: str

    def get(self, key: str) -> str | None:
        """Give what was remembered; None: nothing."""
        text = self.store.get(f"connector:{self.system}", key)
        return None if text is None else str(text)

    def set(self, key: str, value: str | None) -> None:
        """Remember a text; None forgets it."""
        self.store.put(f"connector:{self.system}", key, value)

    def keyed(self, text: str) -> str:
        """Give a hash under a key that every run has."""
        return keyed(b"simulation", text)


def wired(vendor: Vendor, clock: Callable[[], float], sleep: Callable[[float], Coroutine[Any, Any, None]]) -> Wire:
    """Make the way to a vendor on a clock that only moves when told; one request at a time, so that a seed repeats."""
    base = str(vendor.said["url"])
    return Wire(vendor.name, base, concurrency=1, clock=clock, sleep=sleep, jitter=lambda: 0.0)


def connector(vendor: Vendor, state: State | None = None, http: Http | None = None, **settings: Any) -> System:
    """Connect to a sandbox as a configuration would."""
    said, state = vendor.said, state or Forgetful()
    if vendor.name == PQ:
        secret = SecretStr(said["client_secret"])
        named = {"base_url": said["url"], "client_id": said["client_id"], "client_secret": secret, "per_minute": 0}
        return PerfectQuote(PQ, perfectquote.Settings(**{**named, **settings}), state, http)
    named = {"base_url": said["url"], "username": said["username"], "password": SecretStr(said["password"])}
    return BenefitPoint(BP, benefitpoint.Settings(**{**named, **settings}), state, http)


class Truth:
    """What the vendors truly hold. Lives in a thread, so that code which may not wait can ask."""

    def __init__(self, vendors: Mapping[str, Vendor]) -> None:
        self._vendors = vendors
        self._systems = {name: connector(vendor) for name, vendor in vendors.items()}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def read(self, system: str, kind: Kind, record_id: str) -> Record | None:
        """Give a record; None: it is not there."""
        with self._vendors[system].door.calm():
            answer = self._wait(self._systems[system].read(kind, record_id))
        return answer.record if isinstance(answer, Present) else None

    def all(self, system: str, kind: Kind, groups: Iterable[str] | None = None) -> list[Record]:
        """Give all records of a kind, or the plans of some groups."""

        async def listed() -> list[Record]:
            pages = self._systems[system].list(kind, None if groups is None else tuple(groups))
            return [record async for page in pages for record in page.records]

        with self._vendors[system].door.calm():
            found = self._wait(listed())
        wanted = None if groups is None else set(groups)
        return [one for one in found if wanted is None or one.group in wanted]

    def close(self) -> None:
        """Log out and stop the thread."""
        for system in self._systems.values():
            self._wait(system.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)
