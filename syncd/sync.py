"""The loop: observe systems, then decide, guard, journal, write, read back and remember, group by group.

`observe(system)` fills the snapshots. `run_once(group)` below is the whole story of a run; every step is a function of
its own folder. Preview runs the same code on a copy of the store and writes to no system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncd.apply import carried
from syncd.apply.begin import approval_rows, begin, foresee
from syncd.apply.create import operate
from syncd.apply.handoff import Errand, errands, hand_off
from syncd.apply.intake import DIRTY
from syncd.apply.look import Look, is_read_as_now, look, seen_of, snapshot_of, whole
from syncd.apply.observe import Observed, observe, observed_rows
from syncd.apply.places import clients, moved_in, place_of
from syncd.apply.recover import recover
from syncd.apply.strays import handed_in, joined_in, left_alone_in, strays_in
from syncd.apply.world import World, no_lock, recall_rights
from syncd.apply.write import Done, apply
from syncd.errors import ConnectorError
from syncd.model.records import NotSeen
from syncd.model.times import TOLERANCE_S, age_s
from syncd.reconcile.adopt import adopt
from syncd.reconcile.decide import decide
from syncd.reconcile.guards import Evidence, guard
from syncd.reconcile.identity import is_elsewhere
from syncd.reconcile.types import (
    Away,
    Changeset,
    Link,
    LinkView,
    Lost,
    Proposal,
    Seen,
    Sight,
    System,
    View,
)
from syncd.store.database import spared, uncollected
from syncd.store.rows import Listing, Run, Snapshot

__all__ = ["Mode", "Observed", "Report", "observe", "observe_all", "read_links", "run_once"]

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Mode:
    """How a run may act. `only`: link ids it is limited to; `systems`: the only ones that may be written."""

    preview: bool = False
    may_replan: bool = True
    full: bool = False
    force: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    systems: frozenset[str] | None = None


SYNC = Mode()
PREVIEW = Mode(preview=True)


@dataclass(slots=True)
class Report:
    """What a run came to. `result`: ok | open | partial | refused; `questions`: all that stand in the group; `notes`:
    what was, or in a preview would be, left, updated or closed in the notebooks of systems; `windows`: systems without
    conditional writes that were written, with the longest time in seconds in which an edit there could be overwritten
    (None in a preview)."""

    scope: str
    run: str
    changeset: Changeset = field(repr=False)
    view: View = field(repr=False)
    result: str = "ok"
    written: Mapping[System, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    away: Mapping[System, str] = field(default_factory=dict)
    questions: tuple[Proposal, ...] = ()
    notes: tuple[Errand, ...] = ()
    windows: Mapping[System, float | None] = field(default_factory=dict)


async def run_once(scope: str, world: World, mode: Mode = SYNC) -> Report:
    """Bring one group in step: everything decided is written and confirmed, the rest asked or owed."""
    if mode.preview:
        world = replace(world, store=world.store.fork(), lock=no_lock)
    async with world.lock(scope):
        unsettled = await recover(scope, world)
        dirty = world.store.get(DIRTY, scope)
        run = Run(world.new_id(), scope, "preview" if mode.preview else "sync", world.now())
        plan, view = await _plan(scope, world, mode)
        if mode.preview:
            foresee(plan, view, world)
            world.store.save_questions(approval_rows(plan, world))
            notes = tuple(one for one in errands(scope, world) if one.system not in view.paused)
            return _report(run, plan, view, world, Done(failed=unsettled), notes)
        world.store.start_run(run)
        done = Done(failed=unsettled)
        done += await _carry_out(run, plan, view, world)
        done.moved |= {outcome.after.id for outcome in plan.outcomes if outcome.again}
        asked = plan
        if done.moved and mode.may_replan:
            again, seen = await _plan(scope, world, replace(mode, only=frozenset(done.moved)))
            done += await _carry_out(run, again, seen, world)
            plan = replace(plan, tripped=(*plan.tripped, *again.tripped), used=(*plan.used, *again.used))
            asked = replace(plan, proposals=(*again.proposals, *plan.proposals))  # all that the guards hold back
        world.store.save_questions(approval_rows(asked, world))
        notes = await hand_off(scope, world, view.paused, done)
        report = _report(run, plan, view, world, done, notes)
        counts = {**{f"written.{s}": n for s, n in report.written.items()}, "failed": len(report.failed)}
        counts |= {f"window_ms.{s}": round(seconds * 1000) for s, seconds in done.windows.items()}
        told = {name: count for name, count in counts.items() if count}
        world.store.end_run(replace(run, ended_at=world.now(), result=report.result, counts=told))
        if mode.only is None:
            _looked_at(scope, dirty, world)
        return report


def _looked_at(scope: str, dirty: object, world: World) -> None:
    """Take the mark from a group that was looked at whole, unless something more was seen of it meanwhile."""
    with world.store.transaction():
        if dirty is not None and world.store.get(DIRTY, scope) == dirty:
            world.store.put(DIRTY, scope, None)


async def _plan(scope: str, world: World, mode: Mode) -> tuple[Changeset, View]:
    """Read, decide, guard."""
    with spared():
        view = await read_links(scope, world, mode)
        answers = world.answers(scope)
        view, used = adopt(view, answers, world.rules, lambda id_: _stands(id_, world), world.occasion)
        with uncollected():
            plan = decide(view, answers, world.rules, world.now())
    plan = replace(plan, used=(*plan.used, *used))
    return guard(plan, _evidence(scope, world), world.limits, world.approvals(scope), mode.force), view


def _stands(id_: str, world: World) -> bool:
    link = world.store.link(id_)
    return link is not None and link.status != "unlinked"


async def _carry_out(run: Run, plan: Changeset, view: View, world: World) -> Done:
    """Journal first, then write, then the creates and ends."""
    with spared():
        with uncollected():
            started = begin(run, plan, view, world)
        world.effect("after_journal")
        done = await apply(started, world)
        await operate(started, world, done)
    return done


async def observe_all(
    world: World, systems: Collection[str] = (), force: Collection[str] = (), *, full: bool = False
) -> list[Observed]:
    """Observe systems one after the other, each on its own: one that fails stalls no other."""
    return [await observe(name, world, force=force, full=full) for name in systems or sorted(world.systems)]


# -- reading --------------------------------------------------------------------------------------------------------


async def read_links(scope: str, world: World, mode: Mode = SYNC) -> View:
    """Give the links of a group that may need something, with what was seen of each member; who is away is named."""
    store = world.store
    recall_rights(world)
    carried.meet(scope, world)
    listings = {(n, kind): store.listing(n, kind) for n, system in world.systems.items() for kind in system.lenses}
    away = {key: why for key, listing in listings.items() if (why := _away(listing))}
    good = {key: listing.good_at or 0.0 for key, listing in listings.items() if listing is not None}
    ids = None if mode.full or away else _wanted(scope, world)
    ids = ids if mode.only is None else sorted(mode.only)
    loaded = store.load(ids, scope) if ids is None or ids else []
    unknown = {(intent.link, intent.system) for intent in store.pending(scope) if intent.op != "create"}
    creates = [one for one in (*store.open_creates(scope), *store.pending(scope)) if one.op == "create"]
    claimed = {(one.system, one.record_id) for one in creates if one.record_id}
    links = []
    for link, snapshots in loaded:
        sights: dict[System, Sight] = {}
        read: set[System] = set()
        for member in link.members:
            if member.status == "awaited":
                continue
            snapshot = snapshots.get(member.system)
            absence = away.get((member.system, link.kind))
            if (member.system, link.kind) not in listings:
                sights[member.system] = Away("the system is not configured")
            elif absence:
                sights[member.system] = Away(absence)
            elif (link.id, member.system) in unknown:
                sights[member.system] = Away("the outcome of an earlier write is not known yet")
            elif snapshot is None or not _believed(snapshot, good[member.system, link.kind], world):
                sights[member.system] = await _read(member.system, link, member.id, snapshot, world)
                read.add(member.system)
            else:
                sights[member.system] = _known(snapshot, good[member.system, link.kind], claimed, world)
        links.append(LinkView(link, sights, read=frozenset(read)))
    handed = handed_in(links, scope, world)
    # Who cannot be believed now takes no create and no end either, though nothing of it is read for those.
    paused = {name: why for (name, _), why in away.items()} | world.pauses(scope)
    if mode.systems is not None:
        paused |= {name: "left out of this run" for name in world.systems if name not in mode.systems}
    strays, complete = strays_in(scope, world, handed) if mode.only is None else ((), False)
    return View(
        scope,
        tuple(links),
        strays,
        carried.surfaces(world),
        open_creates=frozenset((one.link, one.system) for one in creates),
        handed=handed,
        doubts={(one.link, one.system): one.record_id for one in creates if one.record_id},
        clients=clients(world) if any(map(_is_elsewhere, links)) else {},
        plans=_plans(links, scope, world),
        atoms=world.atoms,
        ignore=world.ignored,
        left_alone=left_alone_in(scope, world) if strays else frozenset(),
        origins=world.origins,
        paused=paused,
        contested=_contested(scope, world) if links else {},
        whole=complete,
    )


def _wanted(scope: str, world: World) -> list[str]:
    """Name the links that may need something: what they are settled on moved, or an answer is about them."""
    unsettled = world.store.unsettled(scope, world.epoch)
    return sorted({*unsettled, *moved_in(scope, world), *joined_in(scope, world)})


def _is_elsewhere(one: LinkView) -> bool:
    sights = one.sights.items()
    return any(isinstance(sight, Seen) and is_elsewhere(one.link, system, sight.scope) for system, sight in sights)


def _contested(scope: str, world: World) -> dict[tuple[str, str], Proposal]:
    """Give the conflicts that stand, answered or not."""
    standing = world.store.questions(scope, status=("open", "decided", "ignored"))
    return {
        (one.proposal.link, one.proposal.name): one.proposal
        for one in standing
        if one.proposal.kind in ("conflict", "renewal")
    }


def _away(listing: Listing | None) -> str:
    """Say why a kind of a system cannot be believed now; "" when it can."""
    if listing is None:
        return "not observed yet"
    return listing.error or (f"guard {listing.tripped}" if listing.tripped else "")


async def _read(system: System, link: Link, record_id: str, old: Snapshot | None, world: World) -> Sight:
    """Read one member by its key, when no snapshot is young enough. Only a complete listing makes a record gone."""
    try:
        answer = await look(system, link.kind, record_id, world)
    except ConnectorError as error:
        return Away(str(error))
    if isinstance(answer, Look):
        snapshot = snapshot_of(answer, place_of(answer.record, link, world, system), world.now())
        world.store.save_snapshots([snapshot], observed_rows(snapshot, old, world.now()))
        return seen_of(snapshot)
    return Away(answer.why if isinstance(answer, NotSeen) else "not found, and no complete listing says so")


def _believed(snapshot: Snapshot, good_at: float, world: World) -> bool:
    """Tell whether a snapshot is young enough, and was read as its system is read now."""
    age = min(age_s(world.now(), snapshot.at), age_s(world.now(), good_at))
    return age <= world.period_s and (snapshot.gone is not None or is_read_as_now(snapshot, world))


NEARLY = 0.9
"""Two observations by a schedule are never a whole period apart to the second."""


def _known(snapshot: Snapshot, good_at: float, claimed: Collection[tuple[System, str]], world: World) -> Sight:
    """Give the sight of a record by its snapshot. Of a missing one it is said since when, and whether a good listing a
    period later showed the same; a stamp that is ahead of the clock counts as old."""
    if snapshot.gone is None:
        if (snapshot.system, snapshot.id) in claimed:
            return Lost(f"{snapshot.system} gave its id to a new record")
        return seen_of(whole(snapshot, world.store.where))
    now, since = world.now(), snapshot.at
    again = good_at <= now and (since > now or good_at - since >= NEARLY * world.period_s)
    return Lost(snapshot.gone, since, again=again)


def _plans(links: Iterable[LinkView], scope: str, world: World) -> int:
    """Count the linked plans of a group of which a record is missing itself."""
    lost = any(one.link.kind == "group" and any(isinstance(s, Lost) for s in one.sights.values()) for one in links)
    return sum(one.status != "unlinked" for one in world.store.links(scope, "plan", None)) if lost else 0


def _evidence(scope: str, world: World) -> Evidence:
    known = world.store.count_links(scope) if world.limits.of("too-many-changes") else 0
    hourly, now = world.limits.of("too-many-changes"), world.now()
    written = (
        {name: world.store.changes_since(name, now - HOUR_S, now + TOLERANCE_S) for name in world.systems}
        if hourly is not None and hourly.hourly is not None
        else {}
    )
    return Evidence(known, written)


# -- reporting ------------------------------------------------------------------------------------------------------


def _report(run: Run, plan: Changeset, view: View, world: World, done: Done, notes: tuple[Errand, ...] = ()) -> Report:
    """Say what came of it; the gravest word wins."""
    away = {name: sight.why for one in view.links for name, sight in one.sights.items() if isinstance(sight, Away)}
    for name, system in world.systems.items():
        for kind in system.lenses:
            listing = world.store.listing(name, kind)
            if listing is not None and (listing.tripped or not listing.complete):
                away.setdefault(name, _away(listing) or "the listing is not complete")
    tripped = plan.tripped or any(why.startswith("guard ") for why in away.values())
    questions = tuple(question.proposal for question in world.store.questions(run.scope))
    result = "ok"
    if tripped:
        result = "refused"
    elif away or done.failed:
        result = "partial"
    elif questions:
        result = "open"
    away |= done.away
    windows = dict.fromkeys(_unprotected(plan, world)) if run.mode == "preview" else dict(done.windows)
    return Report(
        *(run.scope, run.id, plan, view, result, done.written, tuple(done.failed), away, questions, notes, windows)
    )


def _unprotected(plan: Changeset, world: World) -> list[System]:
    """Name the systems that would be written and cannot refuse a write to a record that moved meanwhile."""
    systems = sorted({change.system for change in plan.changes})
    return [name for name in systems if (access := world.systems[name].access) is None or not access.conditional]
