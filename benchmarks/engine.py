"""Our side of the benchmarks: two in-memory systems of linked `generic` records, run by the real engine and store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from syncd.apply.world import LiveSystem, World, raw_digest
from syncd.connectors.memory import Behaviour, MemorySystem
from syncd.mapping.generic import GenericLens
from syncd.model import encoding
from syncd.model.records import Part, Record
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Link, Member
from syncd.store.rows import Snapshot
from syncd.store.store import Store
from syncd.sync import Report, observe_all, run_once

SCOPE = "default"
RULES = {"default": {"on_conflict": "source_of_truth", "source_of_truth": "a"}}


class TwoSystems:
    """Systems a and b, a the source of truth on conflict, and the store between them."""

    def __init__(self, store: str | Path) -> None:
        self.a = MemorySystem("a", Behaviour(versions="etag"))
        self.b = MemorySystem("b", Behaviour(versions="etag"))
        self.store = Store.open(store)
        systems = {one.system: LiveSystem(one.system, one, {"generic": GenericLens()}) for one in (self.a, self.b)}
        self.world = World(systems, self.store, Rules(RULES, ("a", "b")), settle_s=0.0)

    def hold(self, a: Mapping[str, Mapping[str, object]], b: Mapping[str, Mapping[str, object]]) -> None:
        """Fill both systems."""
        for system, records in ((self.a, a), (self.b, b)):
            for id_, record in records.items():
                system.put_record("generic", id_, dict(record))

    def link(self, rows: Mapping[str, tuple[str, str]], base: Mapping[str, Mapping[str, object]]) -> None:
        """Link records: link id -> (id in a, id in b); `base` by link id is what both were confirmed to hold.

        With a base the store stands as the cycle left it in which that was confirmed: links at rest, and both records
        last seen holding it. A link without one is new: equal values agree, others are asked about.
        """
        lens, now, epoch = GenericLens(), self.world.now(), asyncio.run(self._epoch())
        links: list[Link] = []
        seen: list[Snapshot] = []
        for id_, ids in rows.items():
            if id_ not in base:
                members = [Member(name, one, {}, frozenset({""})) for name, one in zip("ab", ids, strict=True)]
                links.append(Link(id_, "generic", SCOPE, id_, {}, tuple(members), 1))
                continue
            record = _record(id_, base[id_])
            held, raw = lens.get(record), raw_digest(record, lens)
            digest = encoding.digest(held)
            settled = [Member(name, one, held, settled=digest) for name, one in zip("ab", ids, strict=True)]
            links.append(Link(id_, "generic", SCOPE, id_, held, tuple(settled), 1, settled=epoch))
            seen += [Snapshot(one.system, "generic", one.id, SCOPE, id_, held, digest, raw, now, "") for one in settled]
        self.store.save_links(links)
        self.store.save_snapshots(seen)

    async def _epoch(self) -> bytes:
        """Give what makes a link stay at rest; the rights of both accounts are part of it."""
        for system in self.world.systems.values():
            system.access = await system.connector.access()
        return self.world.epoch

    async def cycle(self) -> Report:
        """Observe both systems and bring them in step."""
        await observe_all(self.world)
        return await run_once(SCOPE, self.world)

    def run(self) -> Report:
        """Do one cycle."""
        return asyncio.run(self.cycle())


def _record(id_: str, data: Mapping[str, object]) -> Record:
    return Record("generic", id_, (Part("record", id_, data),))
