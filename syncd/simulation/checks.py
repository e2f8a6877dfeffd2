"""What must hold after every run, each check under the property it stands for (PROPERTIES.md).

A check takes the stage and the run that was, looks at the vendors' own witness, and says what is wrong. What must hold
at the end is in `checks_at_rest.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from syncd.errors import MappingError
from syncd.model import paths
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.rules import Place as RulePlace
from syncd.reconcile.types import Link, Member, Surface
from syncd.simulation.looking import Found, atom_of, clusters, family, link_of, new_writes, out_of_step, tardy
from syncd.simulation.mapped import new_parts, read
from syncd.simulation.ran import Ran
from syncd.simulation.stage import Stage
from syncd.simulation.vendor import Place, Wrote

LONGEST_WAIT_S = 3600.0
"""The longest time for which a refused value rests before it is tried again; what is said to rest longer is due."""


def p3_nothing_invented(stage: Stage, ran: Ran) -> Found:
    """Every value written is one that a record of the link held in that field, or a person typed; tables as a whole."""
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        system, kind, _ = wrote.at
        if wrote.create == "end" or wrote.at not in owners:
            continue
        link = owners[wrote.at]
        places = family(stage, link)
        nearest = stage.world.systems[system].lenses[kind].nearest
        typed = {d.value for d in stage.answered if d.link == link and d.choice == "value"}
        begun = stage.setting.base.get(link.removeprefix("l-"), {})  # what was agreed when the history began
        for path in wrote.touched:
            value = wrote.told.get(path, EMPTY)
            if value is EMPTY:
                images = [flat for place in places for flat in stage.witness.images[place]]
                images += _copied(stage, places, link, atom_of(stage, path))
                allowed = any(path not in flat for flat in images)
            else:
                ever = {one for place in places for one in stage.witness.held[place].get(path, ())} | typed
                ever |= {stage.value(path, begun[path])} if path in begun else set()
                copied = _copied(stage, places, link, atom_of(stage, path))
                ever |= {flat[path] for flat in copied if path in flat}
                allowed = (
                    value in ever
                    or _by_itself(stage, wrote, path) == value
                    or any(nearest(path, one) == value for one in ever if one is not EMPTY and one)
                )
            if not allowed:
                yield f"{wrote.at} was told {path} = {value!r}, which nobody held or typed"
        yield from _tables(stage, wrote, places, typed, link)


def _by_itself(stage: Stage, wrote: Wrote, path: str) -> Value:
    """Give what a mapping itself puts into a field of a new record."""
    lens = stage.world.systems[wrote.at[0]].lenses[wrote.at[1]]
    if not wrote.create or not stage.setting.system(wrote.at[0]).mapping:
        return EMPTY
    rest = {one: value for one, value in wrote.told.items() if one != path}
    try:
        return read(lens, new_parts(lens, rest)).get(path, EMPTY)
    except MappingError:
        return EMPTY


def _copied(stage: Stage, places: list[Place], link: str, atom: str) -> list[Flat]:
    """Give what the engine created for another link, to this one a record like any other; what it wrote for this one,
    where a person chose what that system holds of an atom; and what it wrote to records that it made and that a
    restored store does not know."""
    chosen = {d.choice for d in stage.answered if d.link == link and atom_of(stage, d.name) == atom}
    before = stage.witness.wrote[: stage.forgotten]
    unknown = {wrote.at for wrote in before if wrote.create}
    return [wrote.after for wrote in before if wrote.at in places and wrote.at in unknown] + [
        wrote.after
        for wrote in stage.witness.wrote
        if wrote.at in places
        and (wrote.at[0] in chosen or (wrote.create.startswith("syncd:") and link_of(wrote.create) != link))
    ]


def _lets(stage: Stage, link: str, system: str, path: str) -> bool:
    """Tell whether a person lets a system hold a field as it made it."""
    known = stage.store.link(link)
    return known is not None and any(one.startswith(f"{path}|{system}|") for one in known.accepted)


def _without(flat: Flat, paths: set[str]) -> Flat:
    return {path: value for path, value in flat.items() if path not in paths}


def _tables(stage: Stage, wrote: Wrote, places: list[Place], typed: set[Value | None], link: str) -> Found:
    system, kind, _ = wrote.at
    lens = stage.world.systems[system].surface(kind)
    atoms: dict[str, list[str]] = {}
    for path in {*wrote.told, *wrote.before}:
        if atom_of(stage, path) != path:
            atoms.setdefault(atom_of(stage, path), []).append(path)
    for atom, cells in atoms.items():
        if not wrote.touched.intersection(cells):
            continue
        # A cell that a system holds in its own way, as a person let it, is in its table what others hold in theirs.
        still = [path for path in cells if path not in wrote.touched]
        stays = {path for path in still if _lets(stage, link, system, path)}
        told = _without(_cells(stage, wrote.told, atom), stays)
        if any(one in told.values() or lens.nearest(atom, one) in told.values() for one in typed if one):
            continue  # a table of one cell, and a person typed it
        if not any(
            _same_table(_without(told, own), _without(_cells(stage, flat, atom), stays | own), lens, surface)
            for place in places
            for surface in (stage.world.systems[place[0]].surface(kind),)
            for own in ({path for path in still if _lets(stage, link, place[0], path)},)
            for flat in (*stage.witness.images[place], *_copied(stage, [place], link, atom))
        ):
            yield f"{wrote.at} was told a table {atom} that no system ever held: {told}"


def _cells(stage: Stage, flat: Flat, atom: str) -> Flat:
    uneven = stage.uneven
    return {path: value for path, value in flat.items() if path not in uneven and atom_of(stage, path) == atom}


def _same_table(told: Flat, one: Flat, target: Surface, source: Surface) -> bool:
    """Compare tables where both systems carry the cells; what a declared rounding makes of a value is that value."""
    return all(
        (mine := told.get(path, EMPTY)) == (theirs := one.get(path, EMPTY))
        or mine == target.nearest(path, theirs)
        or theirs == source.nearest(path, mine)
        for path in {*told, *one}
        if target.carries(path) and source.carries(path)
    )


def p4_only_the_updated(stage: Stage, ran: Ran) -> Found:
    """A field is written only if a member left its base there, is owed it, has no base yet, or a person decided."""
    owners = clusters(stage, ran)
    shown = {place: [flat] for place, flat in ran.shown_before.items()}
    for at, flat in stage.witness.log[ran.shown_from :]:
        shown.setdefault(at, []).append(flat)
    for wrote in new_writes(stage, ran):
        link = ran.links_before.get(owners.get(wrote.at, ""))
        if wrote.create:
            continue
        if link is None:
            yield from _newcomers(stage, ran, wrote, owners.get(wrote.at, ""))
            continue
        if wrote.at[2] not in {member.id for member in link.members}:
            continue
        decided = {q.proposal.name for q in ran.asked_before.values() if q.decided and q.proposal.link == link.id}
        for path in wrote.touched:
            atom = atom_of(stage, path)
            cells = [p for p in {*wrote.told, *wrote.before, *link.agreed, path} if atom_of(stage, p) == atom]
            if decided & {path, atom, f"{wrote.at[0]}:{path}", link.label}:
                continue
            if not any(_has_reason(member, link, cells, shown) for member in link.members):
                yield f"{wrote.at} {path} was written without a cause: told {wrote.told.get(path, EMPTY)!r}"


def _newcomers(stage: Stage, ran: Ran, wrote: Wrote, made: str) -> Found:
    """Of a link just made, only sections with a named source overwrite."""
    link = ran.links_after.get(made)
    if link is None or any(member.status == "awaited" for member in link.members):
        return
    created = {w.at for w in stage.witness.wrote if w.create}
    if any((m.system, link.kind, m.id) in created for m in link.members):
        return  # a copy: what its create could not carry is owed
    for path in wrote.touched:
        rule = stage.world.rules.at(RulePlace(path, link.id, link.label, link.scope, atom=atom_of(stage, path)))
        mirrored = rule.mode == "mirror" and rule.on_drift == "overwrite"
        if not mirrored and not link.sources.get(paths.section(path)):
            yield f"{wrote.at} {path} was written though nobody named a source for it when linking"


def _has_reason(member: Member, link: Link, cells: list[str], shown: dict[Place, list[Flat]]) -> bool:
    if member.status != "live" or any(path in member.behind for path in cells):
        return True
    if any(paths.under(path, prefix) for path in cells for prefix in member.unseen):
        return True
    flats = shown.get((member.system, link.kind, member.id), [])
    return any(flat.get(path, EMPTY) != member.base.get(path, EMPTY) for flat in flats for path in cells)


def p25_undecidable_stays_undecided(stage: Stage, ran: Ran) -> Found:
    """An edit is overwritten only by a rule that decides, or by a person; a blank travels only by rule or person."""
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        link = ran.links_before.get(owners.get(wrote.at, ""))
        if wrote.create or link is None or wrote.at[0] in tardy(stage):
            continue
        target = next((m for m in link.members if (m.system, m.id) == (wrote.at[0], wrote.at[2])), None)
        if target is None or target.status != "live":
            continue
        decided = {q.proposal.name for q in ran.asked_before.values() if q.decided and q.proposal.link == link.id}
        for path in wrote.touched:
            atom = atom_of(stage, path)
            if decided & {path, atom} or any(paths.under(path, prefix) for prefix in target.unseen):
                continue
            # A run plans before its first write and once more when something moved: either plan may have decided.
            plans = [_editors(stage, ran, link, atom, wrote, until) for until in (ran.planned_at, wrote.seen)]
            found = [_undecided(stage, link, target, path, wrote, editors) for editors in plans]
            if all(found):
                shown, told = wrote.shown.get(path, EMPTY), wrote.told.get(path, EMPTY)
                yield f"{wrote.at} {path}: {shown!r} -> {told!r}: {found[0]}"


def _undecided(stage: Stage, link: Link, target: Member, path: str, wrote: Wrote, editors: set[str]) -> str:
    """Say what no rule decided about a write; "" when one did."""
    atom = atom_of(stage, path)
    place = RulePlace(path, link.id, link.label, link.scope, frozenset(editors), link.sources, atom=atom)
    rule = stage.world.rules.at(place)
    if rule != stage.world.rules.at(replace(place, path=atom)):
        return ""  # two rules, one for the cell and one for its table: which counts depends on the cells in play
    told, shown = wrote.told.get(path, EMPTY), wrote.shown.get(path, EMPTY)
    if told is EMPTY and rule.blanks == "keep" and not (path in target.behind and path not in link.agreed):
        return "it was erased though blanks are kept"
    if _is_owed(stage, link, target, path, wrote):
        return ""  # it was decided before, and overwrites nobody's edit
    if rule.mode == "mirror":
        drifted = rule.on_drift != "overwrite" and editors - {rule.source_of_truth}
        return "drift of a mirror is to be asked about" if drifted else ""
    rivals = editors - {wrote.at[0]}
    lost = wrote.at[0] in editors and shown not in (target.base.get(path, EMPTY), *_echoes(stage, wrote.at, path))
    owed = any(path in m.behind and m.system in rivals for m in link.members) and told != link.agreed.get(path, EMPTY)
    if not (lost or owed):
        return ""
    if rule.on_conflict == "source_of_truth" and rule.source_of_truth not in editors:
        return "the source of truth did not edit it"
    return "nobody decided that" if rule.on_conflict == "ask" else ""


def _is_owed(stage: Stage, link: Link, target: Member, path: str, wrote: Wrote) -> bool:
    """Tell whether a write paid what its target was owed, and the target showed nothing else than that or its base."""
    agreed, told = link.agreed.get(path, EMPTY), wrote.told.get(path, EMPTY)
    surface = stage.world.systems[target.system].surface(link.kind)
    cells = [p for p in {*wrote.shown, *target.base} if atom_of(stage, p) == atom_of(stage, path)]
    return (
        path in target.behind
        and told in (agreed, surface.nearest(path, agreed))
        and all(wrote.shown.get(p, EMPTY) in (target.base.get(p, EMPTY), link.agreed.get(p, EMPTY)) for p in cells)
    )


def _editors(stage: Stage, ran: Ran, link: Link, atom: str, wrote: Wrote, until: int) -> set[str]:
    """Name the members whose values, as shown until then, left their base in an atom; echoes of ours did not."""
    found = set()
    for member in link.members:
        at = (member.system, link.kind, member.id)
        if (member.system, link.kind) in ran.away:
            continue  # whatever its listing gave before it broke off counts for nothing
        flats = [flat for place, flat in stage.witness.log[ran.shown_from : until] if place == at]
        flats = [wrote.shown] if at == wrote.at else flats or [ran.shown_before.get(at, member.base)]
        for path in {path for flat in (*flats, member.base) for path in flat}:
            values = (
                {flat.get(path, EMPTY) for flat in flats} - {member.base.get(path, EMPTY)} - _echoes(stage, at, path)
            )
            if atom_of(stage, path) == atom and values:
                found.add(member.system)
    return found


def _echoes(stage: Stage, at: Place, path: str) -> set[Value]:
    """Give what we told a record by writes that no run had settled yet when the present one began."""
    late = stage.witness.wrote[stage.settled_until :]
    return {one.told.get(path, EMPTY) for one in late if one.at == at and path in one.touched}


def p5_all_of_the_updated(stage: Stage, ran: Ran) -> Found:
    """After an undisturbed run every link is in step, or a question says why not."""
    if ran.killed or ran.step.races:
        return
    standing = stage.store.questions(status=("open", "ignored"))
    now = stage.clock.now()
    for link in ran.links_after.values():
        names = {member.system for member in link.members}
        if (
            link.status != "live"
            or not link.follow
            or names & (ran.disturbed.keys() | {name for name, _ in ran.broken} | tardy(stage))
        ):
            continue
        if any(0 < owed.next_at - now <= LONGEST_WAIT_S for m in link.members for owed in m.behind.values()):
            continue
        for wrong in out_of_step(stage, link, standing):
            yield f"after an undisturbed run: {wrong}"


def p6_conflict_isolation(stage: Stage, ran: Ran) -> Found:
    """A contested field changes nowhere and its base does not move."""
    owners = clusters(stage, ran)
    for id_, question in ran.asked_after.items():
        proposal = question.proposal
        before = ran.asked_before.get(id_)
        if proposal.kind not in ("conflict", "renewal") or before is None or before.decided is not None:
            continue
        if before.proposal.digest != proposal.digest or proposal.link not in ran.links_before:
            continue
        for wrote in new_writes(stage, ran):
            if owners.get(wrote.at) != proposal.link:
                continue
            hit = [path for path in wrote.touched if proposal.name in (path, atom_of(stage, path))]
            if hit and not wrote.create:
                yield f"{wrote.at} {hit} was written though {proposal.name} is contested"
        yield from _moved_bases(stage, ran, proposal.link, proposal.name)


def _moved_bases(stage: Stage, ran: Ran, link: str, name: str) -> Found:
    before = {member.system: member for member in ran.links_before[link].members}
    for member in ran.links_after[link].members:
        old = before.get(member.system)
        if old is None or old.id != member.id:
            continue
        for path in {*old.base, *member.base}:
            if name in (path, atom_of(stage, path)) and old.base.get(path) != member.base.get(path):
                yield f"the base of {member.system} {path} moved though {name} is contested"


def p7_agreement_is_free(stage: Stage, ran: Ran) -> Found:
    """No write tells a record only what it holds already."""
    for wrote in new_writes(stage, ran):
        if not wrote.create and not wrote.touched and wrote.at[0] not in tardy(stage):
            yield f"{wrote.at} was written what it holds already"


def p11_no_record_twice(stage: Stage, ran: Ran) -> Found:
    """Of a create at most one record exists, unless a person said that the first did not happen."""
    alive = Counter(
        wrote.create
        for wrote in stage.witness.wrote
        if wrote.create.startswith("syncd:") and stage.systems[wrote.at[0]].record(wrote.at[1], wrote.at[2]) is not None
    )
    for marker, count in alive.items():
        link = link_of(marker)
        again = sum(d.choice in ("recreate", "unlink") and d.link == link for d in stage.answered)
        unmarked = stage.forgotten and not stage.setting.system(marker.rpartition(":")[2]).behaviour.marker
        if unmarked:
            continue  # a restored store knows nothing of the first, and nothing in the vendor says whose it is
        if count > 1 + again and not tardy(stage):
            yield f"{count} records were created for {marker}"
    del ran


def p13_no_blind_overwrite(stage: Stage, ran: Ran) -> Found:
    """A value is overwritten only if it was shown to us last, but for the window of systems without conditions."""
    for wrote in new_writes(stage, ran):
        made = stage.setting.system(wrote.at[0]).behaviour
        if wrote.create or made.late > 1:
            continue
        conditional = made.conditional and made.versions == "etag"
        for path in {*wrote.before, *wrote.told}:
            old = wrote.before.get(path, EMPTY)
            if wrote.told.get(path, EMPTY) == old or wrote.shown.get(path, EMPTY) == old:
                continue
            if conditional or not wrote.raced:
                yield f"{wrote.at} {path}: {old!r} was overwritten unseen (last shown {wrote.shown.get(path)!r})"


def p14_base_truth(stage: Stage, ran: Ran) -> Found:
    """A base is something that the system was seen to hold; where it moved in this run, what it was shown to hold."""
    for id_, link in ran.links_after.items():
        old = ran.links_before.get(id_)
        bases = {(m.system, m.id): m.base for m in old.members} if old is not None else {}
        for member in link.members:
            if member.status == "awaited":
                continue
            before = bases.get((member.system, member.id), {})
            images = stage.witness.ever_shown.get((member.system, link.kind, member.id), [])
            for path in {*before, *member.base}:
                now = member.base.get(path, EMPTY)
                if any(paths.under(path, prefix) for prefix in member.unseen):
                    continue  # it has no base (any more)
                if before.get(path, EMPTY) != now and not any(flat.get(path, EMPTY) == now for flat in images[-12:]):
                    yield f"the base of {member.system} {member.id} {path} is {now!r}, which it was never shown to hold"


def p15_a_gap_is_no_deletion(stage: Stage, ran: Ran) -> Found:
    """Only a record that was really gone is called missing."""
    for id_, link in ran.links_after.items():
        old = {m.system: m for m in ran.links_before[id_].members} if id_ in ran.links_before else {}
        for member in link.members:
            place = (member.system, link.kind, member.id)
            if member.status != "missing" or place in stage.witness.absent or place in stage.witness.ended:
                continue
            was = old.get(member.system)
            if was is None or was.status != "missing":
                yield f"{place} is called missing and never was"


def p19_deletion_by_a_person(stage: Stage, ran: Ran) -> Found:
    """Nothing is ended that no decision names."""
    decided = {d.link for d in stage.answered if d.choice == "end"}
    named = {
        (m.system, link.kind, m.id)
        for links in (ran.links_before, ran.links_after)
        for link in links.values()
        if link.id in decided
        for m in link.members
    }
    for place in stage.witness.ended[stage.ended_checked :]:
        if place not in named:
            yield f"{place} was ended and no decision says so"
    stage.ended_checked = len(stage.witness.ended)


def p23_nothing_is_left_standing(stage: Stage, ran: Ran) -> Found:
    """A run that ended leaves no journal row unsettled whose system answers."""
    if ran.report is None or ran.disturbed or ran.step.races or tardy(stage):
        return
    for intent in (one for scope in stage.setting.scopes for one in stage.store.pending(scope)):
        at = (intent.system, intent.kind, intent.record_id)
        if at not in stage.witness.absent:
            yield f"a journal row of {at} is still {intent.state}: {intent.op} {sorted(intent.after)}"


def p24_history_replays(stage: Stage, ran: Ran) -> Found:
    """Replaying the history of a record gives its present snapshot."""
    rows = stage.store.history(newest_first=False)
    now: dict[Place, Flat] = {}
    for row in rows:
        if row.what not in ("first", "observed", "written", "gone"):
            continue
        at = (row.system, row.kind, row.record_id)
        flat = {} if row.what in ("gone", "first") else dict(now.get(at, {}))
        for path, (_, after) in row.fields.items():
            value: Any = row.readback.get(path, EMPTY) if row.what == "written" else after
            if value is EMPTY:
                flat.pop(path, None)
            else:
                flat[path] = value
        now[at] = flat
    for name, system in stage.systems.items():
        for kind in system.lenses:
            for id_, snapshot in stage.store.snapshots(name, kind).items():
                told = now.get((name, kind, id_), {})
                if snapshot.gone is None and told != snapshot.flat:
                    yield f"{name} {id_}: history gives {told}, the snapshot is {snapshot.flat}"
    del ran


def p26_one_question_once(stage: Stage, ran: Ran) -> Found:
    """One open question for each cause, with a stable id; what was asked and not answered is not asked as new."""
    open_now = Counter(
        (q.proposal.kind, q.proposal.link, q.proposal.scope, q.proposal.name) for q in ran.asked_after.values()
    )
    for key, count in open_now.items():
        if count > 1:
            yield f"the question {key} stands {count} times"
    for id_, question in ran.asked_after.items():
        if id_ in ran.asked_before:
            continue
        key = (question.proposal.kind, question.proposal.link, question.proposal.scope, question.proposal.name)
        digest = question.proposal.digest
        if tardy(stage) or "stale" in stage.struck:
            continue  # what such a vendor shows comes and goes, and so does the question
        last = stage.closed.get((key, digest))
        if last is not None and last == stage.touched:
            yield f"the question {key} was closed and asked again though nobody did anything"
    for id_, question in ran.asked_before.items():
        if id_ not in ran.asked_after and question.decided is None:
            proposal = question.proposal
            key = (proposal.kind, proposal.link, proposal.scope, proposal.name)
            stage.closed[key, proposal.digest] = stage.touched


AFTER_EACH_RUN: tuple[Callable[[Stage, Ran], Found], ...] = (
    p3_nothing_invented,
    p4_only_the_updated,
    p25_undecidable_stays_undecided,
    p5_all_of_the_updated,
    p6_conflict_isolation,
    p7_agreement_is_free,
    p11_no_record_twice,
    p13_no_blind_overwrite,
    p14_base_truth,
    p15_a_gap_is_no_deletion,
    p19_deletion_by_a_person,
    p23_nothing_is_left_standing,
    p24_history_replays,
    p26_one_question_once,
)
