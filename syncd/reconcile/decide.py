"""Decide a group: every link of a view becomes an outcome, every stray record a question or a standing decision.

Takes a `View`, the answers that people gave, the rules and the time; gives a `Changeset`. Three steps for each field,
kept apart: normalise (what each member holds), merge (`merge.py`), constrain (what may be written where, now). Never
reads, writes or logs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from syncd.model.values import EMPTY, Flat, Value
from syncd.model.values_text import format_value
from syncd.reconcile import identity, questions, strays
from syncd.reconcile.constrain import Targets, name_of, question_of
from syncd.reconcile.merge import Agree, Conflict, Converge, Decision, Redeliver, Take, merge_atom, merge_field
from syncd.reconcile.missing import Missing, judge_missing
from syncd.reconcile.normalise import Fields, normalise
from syncd.reconcile.regained import lost, regained
from syncd.reconcile.rules import MergeRule, Place, Rules
from syncd.reconcile.types import (
    UNSEEN,
    Away,
    Change,
    Changeset,
    Decided,
    Link,
    LinkView,
    Member,
    Outcome,
    Proposal,
    Seen,
    View,
)

Answers = Mapping[tuple[str, str, str], Decided]
"""Answers not used yet, by (kind, link, name)."""


def decide(view: View, answers: Answers, rules: Rules, now: float) -> Changeset:
    """Decide every link and every stray of one group."""
    outcomes = tuple([decide_link(one, view, answers, rules, now) for one in view.links])
    asked = strays.judge(_not_taken(view, outcomes), rules)
    judged = {one.link.id for one in view.links} | ({""} if view.whole else set())
    return Changeset(view.scope, outcomes, proposals=asked, judged=frozenset(judged))


def _not_taken(view: View, outcomes: Collection[Outcome]) -> View:
    """Give the view without the strays that became members by what was decided about a link."""
    if not view.strays:
        return view
    taken = {(member.system, member.id) for outcome in outcomes for member in outcome.after.members}
    return replace(view, strays=tuple(one for one in view.strays if (one.system, one.id) not in taken))


def decide_link(seen: LinkView, view: View, answers: Answers, rules: Rules, now: float) -> Outcome:
    """Decide one link: first whether its records are what they were and still there, then field by field what is
    wanted."""
    held = identity.judge(seen, view, answers)
    if held is not None:
        return held
    missing = judge_missing(seen, view, answers, rules, now)
    if missing.rests:
        return missing.outcome(seen.link)
    missing = replace(missing, link=regained(missing.link, missing.sights, view.surfaces))
    work = _LinkWork(seen, view, answers, rules, now, missing)
    for atom, members in normalise(missing.link, {**seen.sights, **missing.sights}, view, now).items():
        work.decide_atom(atom, members)
    return work.outcome()


NAME = "details.name"
"""What people call a record."""


@dataclass(slots=True)
class _LinkWork:
    """The running state of one link while its atoms are decided, one after the other."""

    seen: LinkView
    view: View
    answers: Answers
    rules: Rules
    now: float
    missing: Missing
    agreed: Flat = field(init=False)
    bases: dict[str, Flat] = field(init=False)
    unseen: dict[str, set[str]] = field(init=False)
    targets: Targets = field(init=False)
    proposals: list[Proposal] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    losers: list[tuple[str, str, Value, str]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    raised: bool = False

    def __post_init__(self) -> None:
        link = self.missing.link
        self.agreed = dict(link.agreed)
        self.bases = {member.system: dict(member.base) for member in link.members}
        self.unseen = {member.system: set(member.unseen) for member in link.members}
        self.targets = Targets(link, self.missing.sights, self.view, self.now, self.answers)
        for member in link.members:
            if isinstance(self.missing.sights.get(member.system), Seen):
                # What stays undecided is put back below; everything else of a member that was read has a base now.
                without = {path for path in member.unseen if path and not self._carries(member, path)}
                self.unseen[member.system] = without

    def _carries(self, member: Member, path: str) -> bool:
        return self.targets.carries(member.system, path)

    def decide_atom(self, atom: str, fields: Fields) -> None:
        """Decide one atom and note what follows."""
        contested = self._contested(atom, fields)
        if contested is not None and self._edited_by_absent(contested, fields):
            given = self.answers.get((contested.kind, contested.link, contested.name))
            self.proposals += [contested] if given is None else []
            self.waits += [given.id] if given is not None else []
            self._leave_open(fields)
            return
        rule = self.rules.at(self._place(atom, fields))
        decided = self._merged(fields, rule)
        reason = rule.name("mode" if rule.mode == "mirror" else "on_conflict")
        if not isinstance(decided, Conflict):
            decided = self.targets.constrain(fields, decided, rule)
        left = self._left_by(contested, fields) if contested is not None else {}
        if not isinstance(decided, Conflict):
            decided = self._without_them(fields, decided, left) or decided
        if isinstance(decided, Conflict):
            answer = self._ask(atom, fields, decided, rule, left)
            if answer is None:
                self._leave_open(fields)
                return
            decided, reason = answer
            self._leave_open(fields, but=decided)
        elif not any(isinstance(one, Take) and one.why != "the only edit" for one in decided.values()):
            reason = "uncontested edit"
        for path, decision in decided.items():
            self._note(path, fields, decision, rule, reason)

    def _contested(self, atom: str, fields: Fields) -> Proposal | None:
        """Give the conflict that stands about an atom, be it of several cells now or then, or of one."""
        link, standing = self.missing.link.id, self.view.contested
        return standing.get((link, name_of(atom, fields))) or standing.get((link, atom))

    def _edited_by_absent(self, contested: Proposal, fields: Fields) -> bool:
        """Tell whether one of those who edited a contested atom was not read this time: not to hear somebody for an
        hour makes the other side no winner."""
        sights = self.missing.sights
        return fields.absent and any(isinstance(sights.get(one), Away) for one in _editors(contested))

    def _left_by(self, contested: Proposal, fields: Fields) -> Mapping[str, Mapping[str, object]]:
        """Give what is told of those who edited a contested atom and do not carry it any more: neither does that make
        the other side a winner. A newcomer's question is asked again when it carries the field again."""
        gone = {system for path in fields.cells for system in self._lost_by(path)}
        return {system: contested.members[system] for system in gone & _editors(contested)}

    def _without_them(self, fields: Fields, decided: Mapping[str, Decision], left: Collection[str]) -> Conflict | None:
        """Ask, where a decision would stand only because members that have a base do not carry the field now: one of
        them edited it before, or nobody but a newcomer wants the value."""
        settled = {p: one.value for p, one in decided.items() if isinstance(one, Take | Converge)}
        moved = [path for path, value in settled.items() if value != fields.agreed[path]]
        if left and moved:
            return Conflict(f"{', '.join(sorted(left))} edited it, too, and does not carry it now")
        for path in moved:
            known = any(held.base not in (UNSEEN, held.value) for held in fields.cells[path].values())
            if not known and self._lost_by(path):
                return Conflict("a newcomer may agree or ask, never win")
        return None

    def _lost_by(self, path: str) -> set[str]:
        """Name the members that have a base in a field and do not carry it now."""
        members = self.missing.link.members
        return {one.system for one in members if path in one.base and not self._carries(one, path)}

    def _merged(self, fields: Fields, rule: MergeRule) -> Mapping[str, Decision] | Conflict:
        if len(fields.cells) > 1:
            return merge_atom(fields.cells, fields.agreed, rule, absent=fields.absent)
        [(path, held)] = fields.cells.items()
        decision = merge_field(held, fields.agreed[path], rule, absent=fields.absent)
        return decision if isinstance(decision, Conflict) else {path: decision}

    def _place(self, atom: str, fields: Fields) -> Place:
        link = self.missing.link
        return Place(
            path=next(iter(fields.cells)) if len(fields.cells) == 1 else atom,
            link=link.id,
            link_label=link.label,
            group=link.scope,
            editors=fields.editors,
            sources=link.sources,
            value_of=self._value_of,
            atom=atom,
        )

    def _value_of(self, path: str) -> str:
        return questions.text_of(self.agreed.get(path, EMPTY))

    def _ask(
        self,
        atom: str,
        fields: Fields,
        conflict: Conflict,
        rule: MergeRule,
        left: Mapping[str, Mapping[str, object]],
    ) -> tuple[Mapping[str, Decision], str] | None:
        """Raise the question, or use its answer when one was given for just this situation. `left`: what is told of
        members that edited the field before they lost it."""
        link = self.missing.link
        proposal = question_of(atom, fields, conflict, rule, link)
        if left:
            proposal = replace(proposal, members={**left, **proposal.members})
        answer = self.answers.get((proposal.kind, link.id, proposal.name))
        if answer is None or answer.digest != proposal.digest or answer.choice == "ignore":
            self.proposals.append(proposal)
            return None
        chosen = questions.chosen(answer, fields)
        if chosen is None:
            self.proposals.append(proposal)
            return None
        self.used.append(answer.id)
        by = answer.by or "a person"
        return {
            path: Take(value, f"decided by {by}") for path, value in chosen.items()
        }, f"decision {answer.id} of {by}"

    def _leave_open(self, fields: Fields, but: Collection[str] = ()) -> None:
        """Change nothing about a contested field: no base moves, and who had none still has none."""
        for path, seen in fields.cells.items():
            for system in seen:
                if path not in but and fields.is_newcomer(path, system):
                    self.unseen[system].add(path)

    def _note(self, path: str, fields: Fields, decision: Decision, rule: MergeRule, reason: str) -> None:
        """Move agreed value and bases as decided, and plan the writes."""
        if isinstance(decision, Agree | Conflict):
            for system in fields.cells[path]:
                if fields.is_newcomer(path, system):
                    self.unseen[system].add(path)
            return
        value = decision.value
        if self.agreed.get(path, EMPTY) != value:
            self.raised = True
            _set(self.agreed, path, value)
        if isinstance(decision, Redeliver):
            self.targets.redeliver(path, fields, value, rule)
            return
        for system, held in fields.raw[path].items():
            _set(self.bases[system], path, held)
            if isinstance(decision, Take) and fields.lost_edit(path, system, value):
                self.losers.append((system, path, held, reason))
        self.targets.deliver(path, fields, value, rule, reason)

    def outcome(self) -> Outcome:
        """Put together what becomes of the link."""
        before, link = self.seen.link, self.missing.link
        revision = link.revision + 1 if self.raised else link.revision
        members = tuple(
            member.moved(
                self.bases[member.system],
                frozenset(self.unseen[member.system] | self._lost(member)),
                self.targets.behind_of(member, revision),
            )
            for member in link.members
        )
        after = link.moved(self.agreed, members, revision, frozenset(self.targets.accepted))
        name = self.agreed.get(NAME, EMPTY)
        if name is not EMPTY and name != before.agreed.get(NAME, EMPTY):
            after = replace(after, label=format_value(name))  # people ask for it by what it is called now
        operations = self.missing.operations(after)
        proposals = (*self.missing.proposals, *self.proposals, *self.targets.proposals())
        changes: tuple[Change, ...] = self.targets.changes()
        return Outcome(
            before,
            after,
            changes,
            operations,
            proposals,
            (*self.missing.used, *self.used, *self.targets.used),
            tuple(self.losers),
            settled=not (proposals or operations) and self._all_settled(after, changes),
            waits=(*self.missing.waits, *self.waits),
        )

    def _lost(self, member: Member) -> set[str]:
        surface = self.view.surfaces[member.system, self.missing.link.kind]
        return lost(member, self.missing.sights.get(member.system), surface, self.agreed)

    def _all_settled(self, after: Link, changes: tuple[Change, ...]) -> bool:
        planned = {(change.system, change.path) for change in changes}
        return all(
            self._is_settled(member, planned) and isinstance(self.missing.sights.get(member.system), Seen)
            for member in after.members
        )

    def _is_settled(self, member: Member, planned: set[tuple[str, str]]) -> bool:
        owed = {(member.system, path) for path in member.behind}
        if member.status != "live" or not owed <= planned:
            return False
        return not any(self._carries(member, path) for path in member.unseen)


def _editors(contested: Proposal) -> set[str]:
    """Name the systems that edited a contested atom, as its question tells."""
    return {
        system
        for system, told in contested.members.items()
        if told.get("value") != told.get("base") or told.get("values") != told.get("bases")
    }


def _set(flat: Flat, path: str, value: Value) -> None:
    """Set one value of a flat view that is being made; EMPTY is left out."""
    if value is EMPTY:
        flat.pop(path, None)
    else:
        flat[path] = value
