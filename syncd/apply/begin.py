"""Begin a run: turn a changeset into what is stored before the first write, in one transaction.

Journal rows, questions, the agreed values and who is owed what. From here on a crash loses nothing: whatever was not
confirmed is still owed, and every write that may have been sent has a row that recovery settles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from syncd.apply.intake import DIRTY
from syncd.apply.world import World, standing_of
from syncd.errors import ClaimedTwiceError
from syncd.model.values import EMPTY, Flat
from syncd.reconcile.answers import Step, match
from syncd.reconcile.awaited import marker_of
from syncd.reconcile.identity import claimed_twice
from syncd.reconcile.types import Change, Changeset, Link, Operation, Outcome, Seen, Sight, System, View
from syncd.store.rows import Batch, HistoryRow, Intent, Question, Run, Settlement


@dataclass(slots=True)
class Job:
    """The writes of one run to one record: its journal rows (one per part), what was seen, what is to be held.

    `sources`: for each value, the members that hold it. `sent`: the paths that the parts carry which went out and were
    accepted. `meant`: all that the record shall hold; `digest`: of that, where another member holds just the same, else
    b"".
    """

    link: str
    system: System
    record_id: str
    intents: list[Intent]
    seen: Seen
    changes: Flat
    meant: Flat
    sources: list[tuple[System, ...]] = field(default_factory=list)
    digest: bytes = b""
    sent: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Started:
    """A run whose intents are stored: the links as they now stand in the store, and the jobs in order."""

    run: Run
    links: dict[str, Link]
    jobs: list[Job]
    operations: list[tuple[Operation, Intent]]
    sights: Mapping[str, Mapping[System, Sight]]
    epoch: bytes
    seq: int = 0
    confirmed: set[tuple[str, System]] = field(default_factory=set)
    """(link, system) of members that were read by their key in this run and hold what was decided on."""
    places: dict[tuple[System, str], str | None] = field(default_factory=dict)
    """What was looked up in this run of where plans are filed."""

    def next_seq(self) -> int:
        """Give the place of the next journal row."""
        self.seq += 1
        return self.seq


def begin(run: Run, changeset: Changeset, view: View, world: World) -> Started:
    """Store a changeset as journal, questions and debts; give the jobs to do.

    A link that claims what another one holds is left as it was and asked about; all others go on.
    """
    while True:
        try:
            return _begin(run, changeset, view, world)
        except ClaimedTwiceError as error:
            changeset = _without(changeset, error, view)


def _without(changeset: Changeset, error: ClaimedTwiceError, view: View) -> Changeset:
    """Take the outcome of a link that claims what another one holds out of a changeset, and ask about the two. One of
    them that was only to be made is not made, and there is nothing to ask. Raises the error where no link of this run
    is its cause."""
    known = {outcome.after.id: outcome.before for outcome in changeset.outcomes}
    made = {one.link.id for one in view.links if one.made} & known.keys()
    ours = next((id_ for id_ in (error.link, error.other) if id_ in made), error.link)
    if ours not in known:
        raise error
    other = error.other if ours == error.link else error.link
    asked = claimed_twice(known[ours], str(error.system), str(error.external_id), other)
    return replace(
        changeset,
        outcomes=tuple(outcome for outcome in changeset.outcomes if outcome.after.id != ours),
        proposals=changeset.proposals if ours in made else (*changeset.proposals, asked),
    )


def _begin(run: Run, changeset: Changeset, view: View, world: World) -> Started:
    sights = _sights(changeset, view)
    begun = max((intent.seq for intent in world.store.intents(run.id)), default=0)  # a second look at what moved
    started = Started(run, {}, [], [], sights, world.epoch, begun)
    started.confirmed = {(one.link.id, system) for one in view.links for system in one.read}
    history: list[HistoryRow] = []
    for outcome in changeset.outcomes:
        _start(outcome, started, world)
        history += _histories(outcome, run)
    links, made = started.links, {one.link.id for one in view.links if one.made}
    batch = Batch(
        links=tuple([links[o.after.id] for o in changeset.outcomes if o.after.id in made or _moves(links, o)]),
        questions=question_rows(changeset, world),
        intents=tuple(i for job in started.jobs for i in job.intents) + tuple(i for _, i in started.operations),
        history=tuple(history),
    )
    if batch == Batch():
        return started
    with world.store.transaction():
        world.store.begin(batch)
        _settle_doubts(run.scope, started, world)
        for outcome in changeset.outcomes:
            _keep_aside(outcome, sights.get(outcome.after.id, {}), world)
            _join(outcome, world)
            if outcome.after.scope != outcome.before.scope:
                world.store.put(DIRTY, outcome.after.scope, {"at": world.now()})
    return started


def foresee(changeset: Changeset, view: View, world: World) -> None:
    """Store in the copy of a preview what is told of a run by its links and questions: notes name records by these."""
    made = {one.link.id for one in view.links if one.made}
    world.store.save_links([o.after for o in changeset.outcomes if o.after.id in made or o.after != o.before])
    world.store.save_questions(question_rows(changeset, world))


def _moves(links: Mapping[str, Link], outcome: Outcome) -> bool:
    """Tell whether a link stands other than before; what was agreed anew is seen without comparing it."""
    link, before = links[outcome.after.id], outcome.before
    return link.revision != before.revision or link != before


def _start(outcome: Outcome, started: Started, world: World) -> None:
    """Take down one link as it shall stand, and plan its jobs with their journal rows."""
    link, sights = outcome.after, started.sights.get(outcome.after.id, {})
    if outcome.settled:
        link = settle_link(link, sights, started.epoch)
    elif link.settled:
        link = link.settles(link.members, b"")
    started.links[link.id] = link
    started.jobs += _jobs(outcome, started, sights, world)
    for operation in outcome.operations:
        intent = _operation_intent(operation, link, started.run, started.next_seq(), world)
        started.operations.append((operation, intent))


def _sights(changeset: Changeset, view: View) -> dict[str, Mapping[System, Sight]]:
    """Give what was seen of each link's members, of those that were unlinked until now, too."""
    sights = {one.link.id: one.sights for one in view.links}
    strays = {(stray.system, stray.id): stray.seen for stray in view.strays}
    for outcome in changeset.outcomes if strays else ():
        members = outcome.after.members
        joined = {one.system: strays[key] for one in members if (key := (one.system, one.id)) in strays}
        if joined:
            sights[outcome.after.id] = {**sights.get(outcome.after.id, {}), **joined}
    return sights


def _join(outcome: Outcome, world: World) -> None:
    """Take down that records joined a link; what was set aside is so no more."""
    known = {(one.system, one.id) for one in outcome.before.members}
    for member in outcome.after.members:
        if member.status == "live" and (member.system, member.id) not in known:
            world.store.put("aside", f"{member.system}|{outcome.after.kind}|{member.id}", None)


def _settle_doubts(scope: str, started: Started, world: World) -> None:
    """Settle the creates of which a person said what they made, or that they are given up."""
    awaited = {
        (link.id, member.system)
        for link in started.links.values()
        for member in link.members
        if member.status == "awaited" and link.status != "unlinked"
    }
    doubts = [one for one in world.store.open_creates(scope) if one.link in started.links]
    if not doubts:
        return
    over = [one for one in doubts if (one.link, one.system) not in awaited]
    note = "a person said what became of it"
    world.store.settle([Settlement(one.ends("overtaken", world.now(), note)) for one in over])


def _keep_aside(outcome: Outcome, sights: Mapping[System, Sight], world: World) -> None:
    """Keep the records that part from a link from being asked about as if they were new."""
    before, after = outcome.before, outcome.after
    if after.status == "unlinked" != before.status:
        set_aside(after, world)
        return
    left = {member.system for member in after.members}
    for member in before.members:
        if member.system not in left and isinstance(sights.get(member.system), Seen):
            put_aside(after, member.system, member.id, world)


def set_aside(link: Link, world: World) -> None:
    """Keep the records of a dissolved link from being asked about as if they were new."""
    for member in link.members:
        if member.status == "live":
            put_aside(link, member.system, member.id, world)


def put_aside(link: Link, system: System, record_id: str, world: World) -> None:
    """Keep one record from being asked about as if it were new."""
    world.store.put("aside", f"{system}|{link.kind}|{record_id}", {"link": link.id})


def settle_link(link: Link, sights: Mapping[System, Sight], epoch: bytes) -> Link:
    """Mark a link as in step: until a member, a rule or a mapping moves it needs no look.

    A member that is owed something is marked when that is confirmed; until then the link still wants a look.
    """
    members = []
    for member in link.members:
        sight = cast("Seen", sights[member.system])  # only a link of which every member was read settles
        members.append(member.settles(b"" if member.behind else sight.digest))
    return link.settles(tuple(members), epoch)


def _jobs(outcome: Outcome, started: Started, sights: Mapping[System, Sight], world: World) -> list[Job]:
    """Group the changes of a link by record, and inside by the part that holds them."""
    parts: dict[tuple[System, str], list[Change]] = {}
    for change in outcome.changes:
        part = world.systems[change.system].lenses[outcome.after.kind].part_of(change.path)
        parts.setdefault((change.system, part), []).append(change)
    jobs: dict[System, Job] = {}
    for (system, part), changes in parts.items():
        intent = _intent(part, changes, outcome.after, started, world)
        job = jobs.get(system)
        if job is None:
            seen = cast("Seen", sights[system])  # nothing is planned for a member that was not read
            job = jobs[system] = Job(intent.link, system, intent.record_id, [intent], seen, intent.after, {})
        else:
            job.intents.append(intent)
            job.changes = job.changes | intent.after
        job.sources += [change.sources for change in changes]
    for job in jobs.values():
        job.meant = _meant(job.seen.flat, job.changes)
        for sight in sights.values():
            if isinstance(sight, Seen) and sight.flat == job.meant and not sight.lacks:
                job.digest = sight.digest
    return list(jobs.values())


def _meant(flat: Flat, changes: Flat) -> Flat:
    """Give what a record shall hold after some changes; what is EMPTY is left out."""
    meant = flat | changes
    if EMPTY in changes.values():
        meant = {path: value for path, value in meant.items() if value is not EMPTY}
    return meant


def _intent(part: str, changes: Sequence[Change], link: Link, started: Started, world: World) -> Intent:
    """Give the journal row of one part of a record."""
    run, first = started.run, changes[0]
    return Intent(
        id=world.new_id(),
        run=run.id,
        seq=started.next_seq(),
        scope=run.scope,
        link=link.id,
        system=first.system,
        kind=link.kind,
        record_id=first.id,
        op="write",
        part=part,
        before={change.path: change.old for change in changes},
        after={change.path: change.new for change in changes},
        reasons={change.path: change.reason for change in changes},
        at=run.started_at,
    )


def _operation_intent(operation: Operation, link: Link, run: Run, seq: int, world: World) -> Intent:
    creates = operation.op == "create"
    return Intent(
        id=world.new_id(),
        run=run.id,
        seq=seq,
        scope=run.scope,
        link=link.id,
        system=operation.system,
        kind=link.kind,
        record_id=operation.id,
        op=operation.op,
        part="",
        before={},
        after=operation.values,
        reasons={"": operation.reason},
        at=run.started_at,
        marker=marker_of(next(m for m in link.members if m.system == operation.system)) if creates else "",
    )


def _histories(outcome: Outcome, run: Run) -> list[HistoryRow]:
    """Keep what was overruled, and what a person decided about the link itself."""
    after = outcome.after
    ids = {member.system: member.id for member in after.members}
    rows = [
        HistoryRow(
            run.id,
            run.started_at,
            "overruled",
            after.id,
            system,
            after.kind,
            ids[system],
            {path: (value, after.agreed.get(path, EMPTY))},
            who=reason,
        )
        for system, path, value, reason in outcome.losers
    ]
    known = {(m.system, m.id) for m in outcome.before.members}
    joined = [m for m in after.members if m.status == "live" and (m.system, m.id) not in known]
    who = f"decision {outcome.used[0]}" if outcome.used else "the same content"
    rows += [
        HistoryRow(run.id, run.started_at, "linked", after.id, m.system, after.kind, m.id, {}, who=who) for m in joined
    ]
    if after.status != outcome.before.status:
        rows += [
            HistoryRow(
                run.id, run.started_at, after.status, after.id, m.system, after.kind, m.id, {}, who=_who(outcome)
            )
            for m in outcome.before.members
        ]
    return rows


def _who(outcome: Outcome) -> str:
    if all(member.status != "live" for member in outcome.after.members):
        return "gone from every system"
    return f"decision {outcome.used[0]}" if outcome.used else "rule on_missing"


def question_rows(changeset: Changeset, world: World) -> tuple[Question, ...]:
    """Match what this run asks with the questions that stand, and give the rows that change.

    The approval of a guard stays until the run is over (`approval_rows`): a process that dies on the way finds it
    again, and can do no more with it than what it showed.
    """
    standing = {q.id: q for q in world.store.questions(changeset.scope, status=("open", "decided", "ignored"))}
    used = _used(changeset)
    asked = changeset.questions
    if not standing and not asked:
        return ()
    waits = {answer for outcome in changeset.outcomes for answer in outcome.waits}
    waits |= {q.id for q in standing.values() if q.proposal.kind == "guard" and q.id in used}
    last_n = _last_n(changeset.scope, world)
    steps = match(map(standing_of, standing.values()), asked, used - waits, changeset.judged, last_n, waits)
    return tuple(question_row(step, standing, world.now()) for step in steps)


def approval_rows(changeset: Changeset, world: World) -> tuple[Question, ...]:
    """Use up the approvals of guards that a run relied on, and ask about what they did not cover."""
    used = _used(changeset)
    decided = world.store.questions(changeset.scope, status=("decided",)) if used else ()
    standing = {q.id: q for q in decided if q.proposal.kind == "guard" and q.id in used}
    if not standing:
        return ()
    names = {question.proposal.name for question in standing.values()}
    asked = [one for one in changeset.questions if one.kind == "guard" and one.name in names]
    steps = match(map(standing_of, standing.values()), asked, used, ("",), _last_n(changeset.scope, world))
    return tuple(question_row(step, standing, world.now()) for step in steps)


def _used(changeset: Changeset) -> set[str]:
    return {*changeset.used, *(answer for outcome in changeset.outcomes for answer in outcome.used)}


def _last_n(scope: str, world: World) -> dict[str, int]:
    """Give the highest number that a question was ever given, by its id without the number."""
    last_n: dict[str, int] = {}
    for question in world.store.questions(scope, status=("open", "decided", "ignored", "closed", "used")):
        stem = question.id.rpartition("-")[0]
        last_n[stem] = max(last_n.get(stem, 0), question.n)
    return last_n


def question_row(step: Step, standing: Mapping[str, Question], now: float) -> Question:
    """Give the stored form of what becomes of a question."""
    old = standing.get(step.id)
    if old is None:
        return Question(step.id, step.n, "open", step.proposal, now)
    if step.what == "reissue":
        return replace(old, status="open", proposal=step.proposal, decided=None, previous=step.previous)
    if step.what == "silence":
        return replace(old, status="ignored")
    return replace(old, status="used" if step.what == "use" else "closed", closed_at=now)
