"""Our side of the benchmarks: two in-memory systems of linked `generic` records, run by the real engine and store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from syncd.apply.world import LiveSystem, World
from syncd.connectors.memory import Behaviour, MemorySystem
from syncd.mapping.generic import GenericLens
from syncd.model.records import Part, Record
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Link, Member
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

        A link without a base is new: equal values agree, others are asked about.
        """
        lens = GenericLens()
        links = []
        for id_, (in_a, in_b) in rows.items():
            held = lens.get(_record(id_, base[id_])) if id_ in base else {}
            unseen = frozenset() if id_ in base else frozenset({""})
            members = (Member("a", in_a, held, unseen), Member("b", in_b, held, unseen))
            links.append(Link(id_, "generic", SCOPE, id_, held, members, 1))
        self.store.save_links(links)

    async def cycle(self) -> Report:
        """Observe both systems and bring them in step."""
        await observe_all(self.world)
        return await run_once(SCOPE, self.world)

    def run(self) -> Report:
        """Do one cycle."""
        return asyncio.run(self.cycle())


def _record(id_: str, data: Mapping[str, object]) -> Record:
    return Record("generic", id_, (Part("record", id_, data),))
