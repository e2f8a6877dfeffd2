"""The world of a run: the systems, the store, the rules, the time, and nothing hidden.

Everything that is not a plain value is handed in here, so a simulation injects its own clock, ids and systems and a run
is the same code everywhere.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

import orjson

from syncd.connectors.base import Access, Connector
from syncd.errors import StoreError
from syncd.mapping.lens import Lens
from syncd.model import paths
from syncd.model.fields import local_paths, uncompared_paths
from syncd.model.records import Kind, Record
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.answers import Standing
from syncd.reconcile.guards import Limits
from syncd.reconcile.originate import Origins
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Decided, Surface, System
from syncd.store.rows import Question
from syncd.store.store import Store

PERIOD_S = 3600.0
FULL_EVERY_S = 86400.0
"""How long a feed is believed before everything is listed again."""
SETTLE_S = 2.0
"""Time between the two reads that prove that a write never landed."""


class Clock(Protocol):
    """Tells and passes the time."""

    def now(self) -> float:
        """Give seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class WallClock:
    """The real time."""

    def now(self) -> float:
        """Give seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class LiveSystem:
    """A system as it can be used now: its connector, its lenses and what the account may do."""

    name: System
    connector: Connector
    lenses: Mapping[Kind, Lens]
    access: Access | None = None
    writes_off: str = ""
    """Why nothing is written to this system now (shadow mode), "" when writes are on."""

    def surface(self, kind: Kind, hidden: Collection[str] = ()) -> Surface:
        """Narrow the lens of a kind by the account's rights, and by what else is hidden."""
        access = self.access or Access("")
        return _Surface(self.lenses[kind], access, frozenset((*access.unreadable, *hidden)))


@dataclass(slots=True)
class _Surface:
    """A lens narrowed by the rights of the account."""

    lens: Lens
    access: Access
    hidden: frozenset[str]

    @property
    def create(self) -> bool:
        return self.access.create

    @property
    def update(self) -> bool:
        return self.access.update

    @property
    def exact(self) -> bool:
        return bool(getattr(self.lens, "exact", False))

    def carries(self, path: str) -> bool:
        hidden = self.hidden
        return not (hidden and any(paths.under(path, prefix) for prefix in hidden)) and self.lens.carries(path)

    def unwritable(self, path: str) -> str | None:
        for prefix, why in self.access.unwritable.items():
            if paths.under(path, prefix):
                return why
        return self.lens.unwritable(path)

    def nearest(self, path: str, value: Value) -> Value:
        return self.lens.nearest(path, value)

    def codec_of(self, path: str) -> str:
        return self.lens.codec_of(path)

    def row_of(self, path: str) -> str:
        return self.lens.row_of(path)


def remember_rights(name: System, access: Access, store: Store) -> None:
    """Keep what the account may do for the next process, which may run a group before it has observed the system."""
    told = asdict(access)
    if store.get(RIGHTS, name) != told:
        store.put(RIGHTS, name, told)


def recall_rights(world: World) -> None:
    """Give each system that this process has not asked the rights that were last found; no vendor is asked.

    Not to know them is to take a field that the account may not write for one that is merely not written yet.
    """
    for name, system in world.systems.items():
        if system.access is None and (told := world.store.get(RIGHTS, name)) is not None:
            system.access = Access(**told)


RIGHTS = "access"
"""Area of the store: what each account was last found to be allowed."""


def random_id() -> str:
    """Give an id that no other run has."""
    return os.urandom(6).hex()


def no_lock(_scope: str) -> AbstractAsyncContextManager[None]:
    """Lock nothing: for worlds that only one process can reach."""
    return nullcontext()


@dataclass(slots=True)
class World:
    """All that a run may touch."""

    systems: Mapping[System, LiveSystem]
    store: Store
    rules: Rules
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=WallClock)
    new_id: Callable[[], str] = random_id
    lock: Callable[[str], AbstractAsyncContextManager[None]] = no_lock
    atoms: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    origins: Origins = field(default_factory=dict)
    """What a copied plan can be originated as."""
    period_s: float = PERIOD_S
    settle_s: float = SETTLE_S
    full_every_s: float = FULL_EVERY_S
    effect: Callable[[str], None] = lambda _: None
    """Called at each point where a process may die; a simulation raises there."""
    scope_of: Callable[[System, Record], str | None] | None = None
    """Tells the group of a record where links do not (scenario tables, generic records)."""

    def now(self) -> float:
        """Give seconds since 1970."""
        return self.clock.now()

    @property
    def ignored(self) -> frozenset[str]:
        """Name what is not compared: what a person says, what means nothing elsewhere, and numbers of evidence."""
        return self.ignore | uncompared_paths("plan") | uncompared_paths("group")

    @property
    def uncarried(self) -> frozenset[str]:
        """Name what a new record gets from no other system: what is not compared, but for numbers of evidence."""
        return self.ignore | local_paths("plan") | local_paths("group")

    @property
    def epoch(self) -> bytes:
        """Digest of all that makes a settled link stay settled: rules, mappings, rights."""
        told = [
            self.rules.raw,
            sorted(self.ignore),
            sorted(self.atoms.items()),
            [
                (name, [(kind, lens.digest) for kind, lens in sorted(system.lenses.items())], _rights(system.access))
                for name, system in sorted(self.systems.items())
            ],
        ]
        return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str), digest_size=16).digest()

    def occasion(self, link: str) -> str:
        """Tell apart the decisions that were ever made about a link, so that what one of them creates is never taken
        for what another did; "" for the first."""
        if self.store.link(link) is None:
            return ""
        used = {intent.marker for intent in self.store.intents(link=link) if intent.op == "create"}
        return str(len(used)) if used else ""

    def answers(self, scope: str) -> dict[tuple[str, str, str], Decided]:
        """Give the answers that people committed and no run has used, by (kind, link, name)."""
        found = self.store.questions(scope, status=("decided",))
        return {(q.proposal.kind, q.proposal.link, q.proposal.name): answer_of(q) for q in found if q.decided}

    def approvals(self, scope: str) -> dict[str, Decided]:
        """Give the unused answers to guard questions of a scope, by the guard's name."""
        return {name: one for (kind, _, name), one in self.answers(scope).items() if kind == "guard"}

    def pauses(self, scope: str) -> dict[System, str]:
        """Give the systems that take no write now, with the reason."""
        paused = {name: system.writes_off for name, system in self.systems.items() if system.writes_off}
        for key, entry in self.store.items("pauses").items():
            if not stands(entry, self.now()):
                continue
            why = f"paused: {entry.get('reason') or 'no reason given'}"
            if key in ("", f"group:{scope}"):
                paused |= dict.fromkeys(self.systems, why)
            elif key.startswith("system:") and key.removeprefix("system:") in self.systems:
                paused[key.removeprefix("system:")] = why
        return paused


def stands(pause: Mapping[str, Any], now: float) -> bool:
    """Tell whether a pause stands still: one that was given an end ends by itself."""
    until = pause.get("until")
    return until is None or now < float(until)


def _rights(access: Access | None) -> object:
    if access is None:
        return None
    return [sorted(access.unreadable.items()), sorted(access.unwritable.items()), access.create, access.update]


def answer_of(question: Question) -> Decided:
    """Give a committed answer together with what its preview showed."""
    decided = question.decided
    if decided is None:
        msg = f"question {question.id} is not decided"
        raise StoreError(msg)
    return Decided(
        question.id,
        question.proposal.kind,
        question.proposal.link,
        question.proposal.name,
        decided.digest,
        decided.choice,
        decided.value,
        decided.options,
        decided.by,
        decided.note,
        decided.ceiling or frozenset(question.proposal.ceiling),
    )


def standing_of(question: Question) -> Standing:
    """Give a stored question as the matching of questions wants it."""
    return Standing(question.id, question.n, question.status, question.proposal, question.decided, question.previous)


def flat_of(record: Record, lens: Lens) -> Flat:
    """Read a record through its lens; what is EMPTY is left out, as everywhere below."""
    flat = lens.get(record)
    return {path: value for path, value in flat.items() if value is not EMPTY} if EMPTY in flat.values() else flat


def raw_digest(record: Record, lens: Lens) -> bytes:
    """Give the digest of a record as the vendor sent it and of the lens that reads it: unchanged means skip it."""
    return _mark(lens) + _sent(record, lens)


def read_through(raw: bytes, lens: Lens) -> bool:
    """Tell of the digest of a snapshot whether it was read through this lens, not through another mapping."""
    return raw.startswith(_mark(lens)) and len(raw) == _MARK + _SENT


_MARK, _SENT = 4, 16


def _mark(lens: Lens) -> bytes:
    return blake2b(lens.digest.encode(), digest_size=_MARK).digest()


def _sent(record: Record, lens: Lens) -> bytes:
    data = [(part.kind, part.id, part.data) for part in record.parts]
    told = [lens.digest, data, record.locked, record.group]
    try:
        written = orjson.dumps(told, default=dict)
    except TypeError:  # keys that are no texts; asking for each key takes as long as writing it
        written = orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS, default=dict)
    return blake2b(written, digest_size=_SENT).digest()
