"""Missing: who of a link is still there, and what is decided about a record that vanished.

A membership is missing only when its system proved the record gone after a complete listing. That makes one question;
the other members go on; with fewer than two left the link is orphaned and rests; with none left it ends by itself. A
rule acts only when the record was seen missing twice, a period apart. A delete never travels by itself. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from syncd.model.fields import uncompared_paths
from syncd.model.frozen import frozen_value
from syncd.reconcile.awaited import awaited
from syncd.reconcile.constrain import REFUSALS_TO_ASK, REFUSED, waits
from syncd.reconcile.questions import digest_of, text_of
from syncd.reconcile.relink import newcomer
from syncd.reconcile.rules import MergeRule, Place, Rules
from syncd.reconcile.types import (
    Decided,
    Link,
    LinkView,
    Lost,
    Member,
    Offer,
    Operation,
    Outcome,
    Proposal,
    Seen,
    Sight,
    Stray,
    System,
    View,
)

RECORD = "record"
"""The answer that names a record which a person made."""
_BY_RULE = ("recreate", "unlink")
"""What a rule may decide about a missing record, when it was seen missing twice."""


@frozen_value(frozen=True, slots=True)
class Missing:
    """What became of the members: the link as it stands now, and what is asked or done about the missing ones."""

    link: Link
    sights: Mapping[System, Sight]
    end: tuple[System, ...] = ()
    reason: str = ""
    proposals: tuple[Proposal, ...] = ()
    used: tuple[str, ...] = ()
    creates: tuple[System, ...] = ()
    waits: tuple[str, ...] = ()

    @property
    def rests(self) -> bool:
        """Tell whether the link is not merged in this run: orphaned, unlinked, or being ended."""
        return self.link.status != "live" or bool(self.end)

    def outcome(self, before: Link) -> Outcome:
        """Give the outcome of a link that is not merged in this run."""
        return Outcome(
            before,
            self.link,
            operations=self.operations(self.link),
            proposals=self.proposals,
            used=self.used,
            waits=self.waits,
        )

    def operations(self, after: Link) -> tuple[Operation, ...]:
        """Give the creates and ends that were decided; a create carries all that is agreed."""
        ids = {member.system: member.id for member in after.members}
        creates = [Operation("create", after.id, system, "", after.agreed, self.reason) for system in self.creates]
        ends = [Operation("end", after.id, system, ids[system], {}, self.reason) for system in self.end]
        return (*creates, *ends)


def judge_missing(
    seen: LinkView, view: View, answers: Mapping[tuple[str, str, str], Decided], rules: Rules, now: float
) -> Missing:
    """Judge the members of a link by what was seen of them."""
    link = seen.link
    if link.status == "live" and all(_there(member, seen.sights.get(member.system)) for member in link.members):
        return Missing(link, seen.sights)
    lost = {system: sight for system, sight in seen.sights.items() if isinstance(sight, Lost)}
    members = tuple(_status(member, seen.sights.get(member.system), lost) for member in link.members)
    gone = [member.system for member in members if member.status == "missing"]
    sights = {system: sight for system, sight in seen.sights.items() if system not in gone}
    found = Missing(_standing(replace(link, members=members)), sights, reason="decided when linked")
    if link.status != "unlinked" and is_over(seen, view):
        return replace(found, link=replace(found.link, status="unlinked", settled=b""))
    if gone:
        found = _missing(found, gone, lost, answers, rules, view)
    return _with_creates(found, view, answers, rules, now) if found.link.status == "live" else found


def _there(member: Member, sight: Sight | None) -> bool:
    return member.status == "live" and not isinstance(sight, Lost)


def is_over(seen: LinkView, view: View) -> bool:
    """Tell whether nothing is left of a link: its record is gone from every system. A group stays as long as a plan of
    its is linked that is not over, too."""
    if not _gone_everywhere(seen, view):
        return False
    plans = [one for one in view.links if one.link.kind == "plan"]
    return seen.link.kind != "group" or view.plans <= sum(_gone_everywhere(one, view) for one in plans)


def _gone_everywhere(seen: LinkView, view: View) -> bool:
    link, gone = seen.link, 0
    for member in link.members:
        sight = seen.sights.get(member.system)
        if member.status == "awaited":
            if (link.id, member.system) in view.open_creates:
                return False  # there may be a record that nobody has seen yet
        elif isinstance(sight, Lost) or (member.status == "missing" and not isinstance(sight, Seen)):
            gone += 1
        else:
            return False
    return gone > 0


def _status(member: Member, sight: Sight | None, lost: Mapping[System, Lost]) -> Member:
    """Call a member missing once it is proved gone, and live again as soon as it is seen."""
    if member.status == "awaited":
        return member
    if member.system in lost:
        return replace(member, status="missing")
    return replace(member, status="live") if isinstance(sight, Seen) else member


def _standing(link: Link) -> Link:
    """Let a link live while a live member has another one, there or awaited."""
    if link.status == "unlinked":
        return link
    live = sum(member.status == "live" for member in link.members)
    awaited = sum(member.status == "awaited" for member in link.members)
    return replace(link, status="live" if live and live + awaited > 1 else "orphaned")


def _missing(
    found: Missing,
    gone: list[System],
    lost: Mapping[System, Lost],
    answers: Mapping[tuple[str, str, str], Decided],
    rules: Rules,
    view: View,
) -> Missing:
    """Decide about missing members by answer or rule; without either, ask once."""
    link = found.link
    rule = rules.at(Place("", link.id, link.label, link.scope))
    question = _question(link, gone, lost, rule)
    answer = answers.get((question.kind, link.id, question.name))
    if answer is not None and (answer.digest != question.digest or answer.choice == "ignore"):
        answer = None
    if answer is not None and answer.choice == RECORD:
        made = _made_by_hand(found, [one for one in link.members if one.system in gone], answer, view)
        return made if isinstance(made, Missing) else _asking(found, replace(question, given_back=made))
    choice = answer.choice if answer is not None else rule.on_missing
    done = replace(
        found,
        used=(answer.id,) if answer is not None else (),
        reason=f"decision {answer.id}" if answer is not None else rule.name("on_missing"),
    )
    live = [member for member in link.members if member.status == "live"]
    if answer is None and choice in _BY_RULE and not all(one in lost and lost[one].again for one in gone):
        why = f"{question.why}; {rule.name('on_missing')} says {choice}, when it is still missing a period later"
        return replace(found, proposals=(replace(question, why=why),))
    if choice == "unlink":
        return replace(done, link=_without(link, gone))
    if choice == "recreate" and live:
        who = answer.id if answer is not None else ""
        members = tuple(
            awaited(member.system, link.id, f"{member.id} {who}") if member.system in gone else member
            for member in link.members
        )
        return replace(done, link=_standing(replace(link, members=members)))
    if choice == "end" and live and _confirmed(answer, live):
        if any(member.system in view.paused for member in live):
            return replace(found, waits=done.used)
        return replace(done, end=tuple(member.system for member in live))
    return replace(found, proposals=(question,))


def _confirmed(answer: Decided | None, live: list[Member]) -> bool:
    """Tell whether the ids that a person typed to confirm an end are those of the records that would be ended."""
    typed = {} if answer is None else answer.options
    named = {key.removeprefix("record."): one for key, one in typed.items() if key.startswith("record.")}
    return not named or all(named.get(member.system) == member.id for member in live)


def _without(link: Link, gone: list[System]) -> Link:
    """Take members out of a link; one that dissolves keeps all of them, so that what belonged together stays known."""
    rest = tuple(member for member in link.members if member.system not in gone)
    if len(rest) > 1:
        return _standing(replace(link, members=rest))
    return replace(link, status="unlinked")


def _with_creates(
    found: Missing, view: View, answers: Mapping[tuple[str, str, str], Decided], rules: Rules, now: float
) -> Missing:
    """Plan the creates that are awaited and may be sent; hand off or ask about the others."""
    for member in found.link.members:
        if member.status == "awaited":
            found = _with_create(found, member, view, answers, rules, now)
    return found


def _with_create(
    found: Missing,
    member: Member,
    view: View,
    answers: Mapping[tuple[str, str, str], Decided],
    rules: Rules,
    now: float,
) -> Missing:
    """Plan one create, unless a person made the record, or the system, a rule, an unsettled first attempt or a wait
    stands against it."""
    link = found.link
    rule = rules.at(Place("", link.id, link.label, link.scope))
    if (link.id, member.system) in view.open_creates:
        return _with_open_create(found, member, view, answers)
    made = _by_a_person(found, member, view, answers)
    if isinstance(made, Missing):
        return made
    if not view.surfaces[member.system, link.kind].create:
        return _asking(found, _enter(link, member, f"{member.system} takes no new records", rule, made))
    if "create" not in rule.operations:
        return _asking(found, _enter(link, member, f"{rule.name('operations')}: no creates", rule, made))
    refused = member.behind.get("")
    if refused is not None and refused.refusals >= REFUSALS_TO_ASK:
        found = _asking(found, _enter(link, member, f"{REFUSED}: {refused.why}", rule, made))
    rests = member.system in view.paused or (refused is not None and waits(refused, now))
    return found if rests else replace(found, creates=(*found.creates, member.system))


def _by_a_person(
    found: Missing, member: Member, view: View, answers: Mapping[tuple[str, str, str], Decided]
) -> Missing | str:
    """Take the record that a person named, or the one with the same content that appeared since the create was tried in
    vain; else say why the one that was named cannot be taken."""
    answer = answers.get(("hand-off", found.link.id, f"{member.system}:"))
    if answer is not None and answer.choice == RECORD:
        return _made_by_hand(found, [member], answer, view)
    since = view.handed.get((found.link.id, member.system))
    alike = [
        stray
        for stray in view.strays
        if (stray.system, stray.kind) == (member.system, found.link.kind)
        and since is not None
        and stray.first is not None
        and stray.first >= since
        and _holds_all(stray, found.link, view)
    ]
    return _in_place(found, {member.system: alike[0]}) if len(alike) == 1 else ""


def _holds_all(stray: Stray, link: Link, view: View) -> bool:
    """Tell whether a record holds all that is agreed, as far as its system can."""
    surface = view.surfaces[stray.system, link.kind]
    wanted = {
        path: value
        for path, value in link.agreed.items()
        if path not in view.ignore and surface.carries(path) and path not in stray.seen.lacks
    }
    return bool(wanted) and all(
        stray.seen.flat.get(path) in (value, surface.nearest(path, value)) for path, value in wanted.items()
    )


def _made_by_hand(found: Missing, members: list[Member], answer: Decided, view: View) -> Missing | str:
    """Let the records that a person named take the places of members; else say why they cannot."""
    strays = {(stray.system, stray.id): stray for stray in view.strays if stray.kind == found.link.kind}
    named = {key.removeprefix("record."): id_ for key, id_ in answer.options.items() if key.startswith("record.")}
    taken: dict[System, Stray] = {}
    for system, record_id in named.items():
        if system not in {member.system for member in members}:
            return f"no record of {system} is awaited here"
        if (system, record_id) not in strays:
            return f"{system} {record_id} is no unlinked record of this group"
        taken[system] = strays[system, record_id]
    if not taken:
        return "it names no record"
    return replace(_in_place(found, taken), used=(*found.used, answer.id))


def _in_place(found: Missing, taken: Mapping[System, Stray]) -> Missing:
    """Put records in the places of members: newcomers, which may agree or ask."""
    members = tuple(
        newcomer(one.system, taken[one.system].id) if one.system in taken else one for one in found.link.members
    )
    sights = {**found.sights, **{system: stray.seen for system, stray in taken.items()}}
    return replace(found, link=_standing(replace(found.link, members=members, settled=b"")), sights=sights)


def _asking(found: Missing, question: Proposal) -> Missing:
    return replace(found, proposals=(*found.proposals, question))


def _with_open_create(
    found: Missing, member: Member, view: View, answers: Mapping[tuple[str, str, str], Decided]
) -> Missing:
    """Ask about a create whose outcome cannot be read, or go on as a person said. It is never repeated by itself."""
    link = found.link
    question = _did_it_happen(link, member, view.doubts.get((link.id, member.system), ""))
    answer = answers.get((question.kind, link.id, question.name))
    if answer is None or answer.digest != question.digest or answer.choice not in ("recreate", "unlink", RECORD):
        return _asking(found, question)
    if answer.choice == RECORD:
        made = _made_by_hand(found, [member], answer, view)
        return made if isinstance(made, Missing) else _asking(found, replace(question, given_back=made))
    done = replace(found, used=(*found.used, answer.id), reason=f"decision {answer.id}")
    if answer.choice == "unlink":
        return replace(done, link=_without(link, [member.system]))
    if member.system in view.paused:
        return replace(found, waits=(*found.waits, answer.id))
    return replace(done, creates=(*done.creates, member.system))


def _did_it_happen(link: Link, member: Member, given: str) -> Proposal:
    """Ask what became of a create. `given`: the id of another record, with which it was answered; "" for no answer."""
    system = member.system
    why = f"a create was sent to {system}, no reply came, and no record there can be told to be it"
    if given:
        why = f"{system} answered a create with the id {given}, which another record has or had"
    return Proposal(
        kind="missing-record",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=link.label,
        why=why,
        rule="an unmarked create is never repeated by itself" if not given else "an id is never given twice",
        digest=digest_of("open-create", link.id, system, link.revision, *filter(None, (given,))),
        offers=(
            Offer("recreate", f"it did not happen: create the record in {system}"),
            Offer(RECORD, f"it is this record of {system}"),
            Offer("unlink", f"give it up: {link.label} stays without a counterpart in {system}"),
            Offer("ignore", "leave it open"),
        ),
        members={system: {"id": given, "value": "unknown"}},
    )


def _enter(link: Link, member: Member, why: str, rule: MergeRule, given_back: str) -> Proposal:
    """Hand off a record that somebody must enter by hand."""
    return Proposal(
        kind="hand-off",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=f"{member.system}:",
        why=why,
        rule=rule.name("operations"),
        digest=digest_of("hand-off", member.system, why),
        offers=(
            Offer(RECORD, f"it was entered in {member.system}: this is the record"),
            Offer("ignore", f"leave it out of {member.system}"),
        ),
        given_back=given_back,
        members={member.system: {"id": member.id}},
        evidence=tuple(
            f"enter {path} = {text_of(value)}"
            for path, value in sorted(link.agreed.items())
            if path not in uncompared_paths(link.kind)
        ),
    )


def _told(lost: Lost) -> str:
    if lost.since is None:
        return lost.evidence
    return f"{lost.evidence}; first seen missing {datetime.fromtimestamp(lost.since, UTC):%Y-%m-%d %H:%M} UTC"


def _question(link: Link, gone: list[System], lost: Mapping[System, Lost], rule: MergeRule) -> Proposal:
    """Ask once about the missing members of a link."""
    told = {
        member.system: {"id": member.id, "value": "missing" if member.system in gone else "present"}
        for member in link.members
    }
    rest = [member.system for member in link.members if member.system not in gone]
    names = ", ".join(gone)
    offers = [Offer("unlink", f"forget {names}; the other records and the history stay")]
    if rest:
        offers.insert(0, Offer("recreate", f"create the record again in {names} from what is agreed"))
        offers.insert(1, Offer(RECORD, f"it was made anew in {names}: this is the record"))
        offers.append(Offer("end", f"end the record in {', '.join(rest)} too; type its id to confirm"))
    offers.append(Offer("ignore", "leave it as it is"))
    return Proposal(
        kind="missing-record",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=link.label,
        why=f"the record no longer exists in {names}",
        rule=rule.name("on_missing"),
        digest=digest_of("missing-record", link.id, sorted(gone), {m.system: m.id for m in link.members}),
        offers=tuple(offers),
        members=told,
        evidence=tuple(f"{system}: {_told(lost[system])}" for system in gone if system in lost),
    )
