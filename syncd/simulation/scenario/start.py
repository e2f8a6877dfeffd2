"""How things stand when a table begins: links with their bases, and what was seen at the last good observation.

Takes a table and its systems, fills a store. Snapshots are only a cache; what counts as an edit, the bases decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncd.model import encoding
from syncd.model.values import EMPTY, Flat
from syncd.reconcile.types import Link, Member, Owed
from syncd.simulation.scenario.models import Scenario
from syncd.simulation.scenario.system import GROUP, TableSystem
from syncd.store.rows import Listing, Snapshot
from syncd.store.store import Store

DEFAULT_SCOPE = "default"
Systems = Mapping[str, TableSystem]


def scope_of(scenario: Scenario) -> str:
    """Name the one group of a table; rules for a single group are meant for it."""
    groups = (scenario.rules or {}).get("groups") if isinstance(scenario.rules, dict) else None
    named = [str(key) for key in groups] if isinstance(groups, dict) else []
    return named[0] if len(named) == 1 else DEFAULT_SCOPE


def begin(scenario: Scenario, systems: Systems, store: Store, at: float) -> None:
    """Put the records into their systems, and what syncd knows of them into the store."""
    scope = scope_of(scenario)
    for name, system in systems.items():
        system.apply_edit(
            {key: one for key, one in scenario.held.get(name, {}).items() if one is not None},
            scenario.line_of("start", name),
        )
    bases = _bases(scenario, systems)
    links = [link for key in _keys(scenario, systems, bases) if (link := _link(key, scenario, systems, bases, scope))]
    snapshots = [_snapshot(systems[m.system], link, m, at) for link in links for m in link.members if not m.unseen]
    with store.transaction():
        if scenario.kind == "plan":
            store.add_link(_group(systems, scope))
        store.save_links(links)
        store.save_snapshots(snapshots)
        for name, system in systems.items():
            count = sum(snapshot.system == name for snapshot in snapshots)
            fingerprint = f"memory:{name}:{system.scope}"
            store.save_listing(
                Listing(
                    name, system.kind, at, complete=True, count=count, known=count, fingerprint=fingerprint, good_at=at
                )
            )


def newcomers(key: str, names: Iterable[str], systems: Systems, scope: str) -> Link:
    """Make a link of records that never agreed on anything."""
    members = tuple(Member(name, systems[name].ids[key], {}, unseen=frozenset({""})) for name in names)
    kind = systems[members[0].system].kind
    return Link(key, kind, scope, key, {}, members, revision=1)


def _bases(scenario: Scenario, systems: Systems) -> dict[str, dict[str, Flat]]:
    """Give what each system was confirmed to hold, by system and key."""
    told = scenario.per_system(scenario.start.base)
    return {
        name: {key: system.carried(system.flat(record)) for key, record in told.get(name, {}).items()}
        for name, system in systems.items()
    }


def _keys(scenario: Scenario, systems: Systems, bases: Mapping[str, Mapping[str, Flat]]) -> list[str]:
    """Name the keys to link."""
    if scenario.linked == "none":
        return []
    known = dict.fromkeys(key for name in systems for key in (*bases[name], *systems[name].ids))
    return [key for key in known if scenario.linked == "all" or key in scenario.linked]


def _link(
    key: str, scenario: Scenario, systems: Systems, bases: Mapping[str, Mapping[str, Flat]], scope: str
) -> Link | None:
    """Make the link of a key: who has a base is a member, gone or not; who holds it without a base is a newcomer."""
    names = [name for name in systems if key in bases[name] or systems[name].holds(key)]
    if len(names) < 2:
        return None
    agreed = _agreed(key, scenario, systems, bases)
    members = []
    for name in names:
        native = systems[name].ids.setdefault(key, key)
        base = bases[name].get(key)
        if base is None:
            members.append(Member(name, native, {}, unseen=frozenset({""})))
            continue
        stated = systems[name].carried(dict.fromkeys(scenario.fields(scenario.start.agreed.get(key) or {}), EMPTY))
        behind = {path: Owed(0) for path in stated if agreed.get(path, EMPTY) != base.get(path, EMPTY)}
        members.append(Member(name, native, base, behind=behind))
    return Link(key, scenario.kind, scope, key, agreed, tuple(members), revision=1)


def _agreed(key: str, scenario: Scenario, systems: Systems, bases: Mapping[str, Mapping[str, Flat]]) -> Flat:
    """Give the agreed values: those that all bases hold, and what the table states where they differ."""
    held = [name for name in systems if key in bases[name]]
    agreed: Flat = {}
    for path in sorted({path for name in held for path in bases[name][key]}):
        values = {bases[name][key].get(path, EMPTY) for name in held if systems[name].lens.carries(path)}
        if len(values) == 1:
            agreed[path] = values.pop()
    stated = scenario.fields(scenario.start.agreed.get(key) or {})
    lens = next(iter(systems.values())).lens
    agreed |= {path: lens.value(path, raw) for path, raw in stated.items()}
    return {path: value for path, value in agreed.items() if value is not EMPTY}


def _snapshot(system: TableSystem, link: Link, member: Member, at: float) -> Snapshot:
    """Give what was last seen of a member: its base. It has no digest of a payload, so the next look reads it anew."""
    return Snapshot(
        system.system,
        link.kind,
        member.id,
        link.scope,
        link.label,
        member.base,
        encoding.digest(member.base),
        b"",
        at,
    )


def _group(systems: Systems, scope: str) -> Link:
    """Make the link of the group that all plans of the table belong to; it is no part of any run."""
    return Link(scope, "group", GROUP, GROUP, {}, tuple(Member(name, GROUP, {}) for name in systems))
