"""What must hold after every run in a world as rude as life (PROPERTIES.md, 29 on), each check under its property.

A check takes the stage and the run that was, looks at the vendors' own witness, and says what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from syncd.apply.world import FULL_EVERY_S
from syncd.connectors.memory.system import kept_as
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.rules import Place as RulePlace
from syncd.reconcile.types import Link
from syncd.simulation.looking import Found, atom_of, clusters, family, link_of, new_writes, tardy
from syncd.simulation.ran import Ran
from syncd.simulation.rude import IDENTITY
from syncd.simulation.stage import Stage
from syncd.simulation.vendor import Place, Wrote

HOUR_S = 3600.0
MOST_TIMES = 3
"""How often a value is sent to a system that accepts it and keeps something else."""


def decided_names(ran: Ran, link: str) -> set[str]:
    """Name what a person had answered about a link, or about no link in particular, when a run began."""
    found = {q.proposal.name for q in ran.asked_before.values() if q.decided and q.proposal.link in (link, "")}
    labels = {q.proposal.label for q in ran.asked_before.values() if q.decided and q.proposal.link == link}
    return found | labels


def _is_decided(stage: Stage, path: str, link: Link, names: Iterable[str]) -> bool:
    """Tell whether one of the names speaks of a path, of its table or of the whole link."""
    atom = atom_of(stage, path)
    return any(atom in name or path in name or name == link.label for name in names)


def p29_time_of_reading(stage: Stage, ran: Ran) -> Found:
    """A reading replaces none that began later, nor what was written and read back since it began."""
    unsettled = {(i.system, i.kind, i.record_id) for scope in stage.setting.scopes for i in stage.store.pending(scope)}
    for at, began in stage.witness.read_back.items():
        if at in unsettled or at in stage.witness.ended or at[0] in tardy(stage):
            continue
        snapshot = stage.store.snapshots(at[0], at[1], [at[2]]).get(at[2])
        if snapshot is None or snapshot.gone is not None:
            continue
        since = [flat for when, flat in stage.witness.readings[at] if when >= began]
        if snapshot.flat not in since:
            yield f"what is remembered of {at} was read before our last write to it was read back: {snapshot.flat}"
    del ran


def p30_coming_and_going(stage: Stage, ran: Ran) -> Found:
    """A field that a mapping reads anew is a newcomer: it may agree, be paid what it is owed, or ask; it never wins."""
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        link = ran.links_before.get(owners.get(wrote.at, ""))
        if link is None or wrote.create:
            continue
        names = decided_names(ran, link.id)
        for (of, system, path), was in stage.regained.items():
            if of != link.id or path not in wrote.touched or _is_decided(stage, path, link, names):
                continue
            yield from _moved_by_a_row(stage, wrote, link, (system, path), was)
    _settle_rows(stage, ran)


def _moved_by_a_row(stage: Stage, wrote: Wrote, link: Link, field: tuple[str, str], was: Value | None) -> Found:
    system, path = field
    ours = next((m for m in link.members if m.system == system), None)
    if ours is None or _mirrored(stage, link, path):
        return
    told, shown = wrote.told.get(path, EMPTY), wrote.shown.get(path, EMPTY)
    if any((d.link, d.name, d.choice, d.value) == (link.id, path, "value", told) for d in stage.answered):
        return  # a person said so, and a run that was killed may have used the answer up
    if wrote.at[0] == system:
        if was is None or shown != was:
            yield f"{wrote.at} {path}: {shown!r}, which its mapping reads anew, was overwritten with {told!r} unasked"
        return
    held = stage.witness.shown.get((system, link.kind, ours.id), {}).get(path, EMPTY)
    others = [m for m in link.members if m.system not in (system, wrote.at[0])]
    elsewhere = {stage.witness.shown.get((m.system, link.kind, m.id), {}).get(path, EMPTY) for m in others}
    if told == held and told != link.agreed.get(path, EMPTY) and told not in elsewhere:
        yield f"{wrote.at} {path}: {shown!r} -> {told!r}, which only {system} holds, whose mapping reads it anew"


def _mirrored(stage: Stage, link: Link, path: str) -> bool:
    place = RulePlace(path, link.id, link.label, link.scope, atom=atom_of(stage, path))
    rule = stage.world.rules.at(place)
    return rule.mode == "mirror" and rule.on_drift == "overwrite"


def _settle_rows(stage: Stage, ran: Ran) -> None:
    """Forget the rows that are settled: the field agrees, somebody decided, or the link is over."""
    if ran.killed:
        return
    for key in list(stage.regained):
        link = ran.links_after.get(key[0])
        before = ran.links_before.get(key[0])
        member = next((m for m in link.members if m.system == key[1]), None) if link is not None else None
        if link is None or before is None or member is None or link.status != "live":
            del stage.regained[key]
            continue
        if (key[1], link.kind) in ran.broken:
            continue
        shown = stage.witness.shown.get((key[1], link.kind, member.id), {})
        agreed, nearest = link.agreed.get(key[2], EMPTY), stage.world.systems[key[1]].surface(link.kind).nearest
        agrees = shown.get(key[2], EMPTY) in (agreed, nearest(key[2], agreed))
        if agrees or _is_decided(stage, key[2], link, decided_names(ran, link.id)):
            del stage.regained[key]


def p31_one_decision_one_create(stage: Stage, ran: Ran) -> Found:
    """What a create adopts was made by it: nothing known before the intent, and nothing that a person set apart."""
    for id_, link in ran.links_after.items():
        before = ran.links_before.get(id_)
        if before is None:
            continue
        old = {m.system: m for m in before.members}
        for member in link.members:
            was, place = old.get(member.system), (member.system, link.kind, member.id)
            if was is None or was.status == "live" or member.status != "live" or was.id == member.id:
                continue
            if place in stage.apart:
                yield f"{place}, which a person set apart, was adopted by a create for {link.label}"
            elif place in ran.known_before and (id_, member.system) not in ran.creating:
                yield f"{place}, which was there before anybody decided to create one, was adopted for {link.label}"


def p15_half_is_no_deletion(stage: Stage, ran: Ran) -> Found:
    """While a file is half there, no record of it is recreated and no link is parted."""
    half = [name for name, system in stage.systems.items() if system.coming]
    for name in half:
        for wrote in new_writes(stage, ran):
            link = ran.links_before.get(link_of(wrote.create)) if wrote.create.startswith("syncd:") else None
            if wrote.at[0] == name and link is not None and stage.is_first(link):
                yield f"{link.label} was created anew in {name}, whose file is half there"
        for id_, link in ran.links_before.items():
            after = ran.links_after.get(id_)
            mine = [m for m in link.members if m.system == name and m.status == "live"]
            gone = after is None or after.status == "unlinked" or name not in {m.system for m in after.members}
            if link.status == "live" and mine and gone:
                yield f"{link.label} was parted from {name}, whose file is half there"


def p31_no_id_twice(stage: Stage, ran: Ran) -> Found:
    """No id that was ever seen in a folder is given to a new row."""
    for name, system in stage.systems.items():
        for id_ in system.reissued:
            yield f"{name} gave the id {id_} to a new row, and another had it"
    del ran


def p32_echo(stage: Stage, ran: Ran) -> Found:
    """What a vendor makes of our own write is nobody's edit, and is not written again and again."""
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        link = ran.links_before.get(owners.get(wrote.at, ""))
        if link is None or wrote.create:
            continue
        names = decided_names(ran, link.id)
        places = family(stage, link.id)
        nearest = stage.world.systems[wrote.at[0]].surface(link.kind).nearest
        for path in wrote.touched:
            told = wrote.told.get(path, EMPTY)
            makers = [place for place in places if told in stage.witness.made[place].get(path, ())]
            typed: set[Value | None] = {v for p in places for v in stage.witness.typed[p].get(path, ())}
            typed |= {d.value for d in stage.answered if d.link == link.id and d.choice == "value"}
            if told == wrote.before.get(path, EMPTY):
                continue  # another part of the same write told that, and this is what became of it
            if not makers or told in typed or _is_decided(stage, path, link, names):
                continue
            if any(nearest(path, one) == told for one in typed if one):
                continue
            if any(d.link == link.id and atom_of(stage, d.name) == atom_of(stage, path) for d in stage.answered):
                continue  # a person chose what that system holds
            yield f"{wrote.at} {path} was told {told!r}, which nobody typed: {makers[0][0]} made it of our own write"
        yield from _again_and_again(stage, wrote, places)


def _again_and_again(stage: Stage, wrote: Wrote, places: list[Place]) -> Found:
    behaviour = stage.setting.system(wrote.at[0]).behaviour
    if not behaviour.changes_texts or wrote.at[0] in tardy(stage):
        return
    mine = [w for w in stage.witness.wrote if w.at == wrote.at and not w.create]
    for path in wrote.touched:
        told, held = wrote.told.get(path, EMPTY), wrote.after.get(path, EMPTY)
        if told == held or not isinstance(told, str) or held != kept_as(told, behaviour):
            continue
        moved = [seen for place, seen in stage.witness.moved_at.items() if place in places]
        since = max(moved, default=0)
        same = [w for w in mine if w.tick > since and w.told.get(path, EMPTY) == told and path in w.touched]
        if len(same) > MOST_TIMES:
            yield f"{wrote.at} {path} was told {told!r} {len(same)} times and holds {held!r} each time"


def p33_fresh_source(stage: Stage, ran: Ran) -> Found:
    """What overwrites another record was held by its source at some time since our last write to the link."""
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        link = ran.links_before.get(owners.get(wrote.at, ""))
        if link is None or wrote.create:
            continue
        names = decided_names(ran, link.id)
        places = [p for p in family(stage, link.id) if p != wrote.at]
        earlier = [w.tick for w in stage.witness.wrote[: ran.wrote_from] if w.at in (*places, wrote.at)]
        since = max(earlier, default=0)
        typed = {d.value for d in stage.answered if d.link == link.id}
        nearest = stage.world.systems[wrote.at[0]].surface(link.kind).nearest
        for path in wrote.touched:
            told = wrote.told.get(path, EMPTY)
            if _is_decided(stage, path, link, names) or told in typed or _mirrored(stage, link, path):
                continue
            flats = [flat for place in places for flat in stage.witness.held_since(place, since)]
            if flats and not any(told in (f.get(path, EMPTY), nearest(path, f.get(path, EMPTY))) for f in flats):
                yield f"{wrote.at} {path} was told {told!r}, which nobody else held since our last write to the link"


def p34_same_thing(stage: Stage, ran: Ran) -> Found:
    """A link holds one member per system; while a record is another client's or another thing, nothing is written."""
    for link in ran.links_after.values():
        twice = [s for s, n in Counter(m.system for m in link.members).items() if n > 1]
        if twice and link.status != "unlinked":
            yield f"{link.label} has several members of {', '.join(twice)}: {[(m.system, m.id) for m in link.members]}"
    owners = clusters(stage, ran)
    for wrote in new_writes(stage, ran):
        of = ran.links_before.get(owners.get(wrote.at, ""))
        if of is not None and of.kind == "plan" and not wrote.create and not decided_names(ran, of.id):
            yield from _not_the_same(stage, ran, wrote, of)
    for at in () if ran.killed else list(stage.retyped):
        of = next((one for one in ran.links_after.values() if at in family(stage, one.id)), None)
        if of is None or of.status != "live" or decided_names(ran, of.id):
            del stage.retyped[at]


def _not_the_same(stage: Stage, ran: Ran, wrote: Wrote, link: Link) -> Found:
    for member in link.members:
        place = (member.system, link.kind, member.id)
        group = ran.groups_at_plan.get(place)
        if group is not None and group != link.scope:
            yield f"{wrote.at} was written while {place}, of its link, belongs to group {group}, not {link.scope}"
        was = stage.retyped.get(place)
        if was is not None and _is_another(was, ran.shown_at_plan.get(place, {})):
            yield f"{wrote.at} was written while {place}, of its link, is another thing under an id used again"


def _is_another(was: Flat, now: Flat) -> bool:
    return bool(now) and not any(was.get(path, EMPTY) == now.get(path, EMPTY) for path in IDENTITY)


def p35_any_clock(stage: Stage, ran: Ran) -> Found:
    """Whatever our clock said once, everything is listed again and again once it is right."""
    if ran.killed or stage.clock.off:
        return
    broken = {name for name, _ in ran.broken}
    for name, system in stage.systems.items():
        age = stage.clock.true() - system.listed_at
        if name not in ran.disturbed and name not in broken and age > 2 * FULL_EVERY_S + 2 * HOUR_S:
            yield f"{name} was last listed whole {age / HOUR_S:.0f} hours ago"


def p37_said_is_so(stage: Stage, ran: Ran) -> Found:
    """A run says that all is well only when nothing is open; what is owed is told by what prints its report."""
    if ran.report is None or ran.report.result != "ok":
        return
    for question in ran.asked_after.values():
        if question.status == "open" and question.proposal.scope in stage.setting.scopes:
            yield f"the run says ok, and {question.proposal.kind} {question.proposal.name} is open"


RUDE: tuple[tuple[Callable[[Stage, Ran], Found], frozenset[str]], ...] = (
    (p29_time_of_reading, frozenset({"overlap", "feed"})),
    (p15_half_is_no_deletion, frozenset({"half"})),
    (p30_coming_and_going, frozenset({"rows", "new-row", "swap"})),
    (p31_one_decision_one_create, frozenset({"copies", "recreate", "restore"})),
    (p31_no_id_twice, frozenset({"drop", "drop-ids", "half"})),
    (p32_echo, frozenset({"tidy"})),
    (p33_fresh_source, frozenset({"restore", "stale", "overlap"})),
    (p34_same_thing, frozenset({"move", "reuse", "wrong"})),
    (p35_any_clock, frozenset({"clock"})),
    (p37_said_is_so, frozenset({"said"})),
)
"""Each check with the kinds of mischief that it is asked after."""
