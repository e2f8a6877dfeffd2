"""Constrain: what of a decision may be written where, now; the rest stays owed and is asked or handed off.

Blanks, texts that were not understood and moved plan years turn a decision into a question. A member that cannot take
its value (no such right, held, a loss nobody accepted, three refusals) is behind, and says so. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from syncd.model import letters, paths
from syncd.model.times import is_due
from syncd.model.values import EMPTY, Unparsed, Value
from syncd.reconcile.merge import Conflict, Decision, Take
from syncd.reconcile.normalise import Fields
from syncd.reconcile.questions import conflict_digest, digest_of, meant, members_of, text_of
from syncd.reconcile.rules import MergeRule
from syncd.reconcile.types import (
    Away,
    Change,
    Decided,
    Link,
    Member,
    Offer,
    Owed,
    Proposal,
    Seen,
    Sight,
    System,
    View,
)

RENEWAL_DAYS = 28
"""A plan whose effective date moves this far is another plan year, not a corrected date."""
REFUSALS_TO_ASK = 3
"""After so many refusals of one value a person is told to enter it."""
REFUSED = f"refused {REFUSALS_TO_ASK} times or more"
"""Without the count: one refusal more is no other question."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 300.0, 3600.0


def wait_s(refusals: int) -> float:
    """Give the time to wait before the next attempt, in seconds: doubled each time, an hour at most."""
    return min(_FIRST_WAIT_S * 2.0 ** max(refusals - 1, 0), _LONGEST_WAIT_S)


def waits(owed: Owed, now: float) -> bool:
    """Tell whether it is too early to try again what was refused."""
    return not is_due(now, owed.next_at, wait_s(owed.refusals))


@dataclass(slots=True)
class _Blocked:
    """A member's atom that cannot be written: kind of question, why, and the values it is owed by path."""

    kind: str
    why: str
    rule: str
    owed: dict[str, Value] = field(default_factory=dict)
    nearest: Value = EMPTY
    """Of a loss: what the member can hold, or made of the value."""


class Targets:
    """Plans the writes of one link and remembers who is owed what."""

    def __init__(
        self,
        link: Link,
        sights: Mapping[System, Sight],
        view: View,
        now: float,
        answers: Mapping[tuple[str, str, str], Decided] | None = None,
    ) -> None:
        self._link, self._sights, self._view, self._now = link, sights, view, now
        self._answers = answers or {}
        self._live = [member for member in link.members if member.status == "live"]
        self._ids = {member.system: member.id for member in link.members}
        self._missing = [member for member in link.members if member.status == "missing"]
        """Their records may reappear: they are owed what is decided meanwhile, as if they were away."""
        known = (*self._live, *self._missing)
        self._surfaces = {member.system: view.surfaces[member.system, link.kind] for member in known}
        self._lacks = {system: sight.lacks for system, sight in sights.items() if isinstance(sight, Seen)}
        """What the records of the members that were read have no place for."""
        self._behind = {member.system: self._debts(member) for member in link.members}
        self._changes: list[Change] = []
        self._blocked: dict[tuple[System, str], _Blocked] = {}
        self.accepted: set[str] = set(link.accepted)
        self.used: list[str] = []

    def _debts(self, member: Member) -> dict[str, Owed]:
        """Give what a member is owed; what it does not carry (any more) it is owed no longer."""
        if member.system not in self._lacks:
            return dict(member.behind)
        return {path: owed for path, owed in member.behind.items() if not path or self.carries(member.system, path)}

    def carries(self, system: System, path: str) -> bool:
        """Tell whether a member has a place for the field."""
        return self._surfaces[system].carries(path) and path not in self._lacks.get(system, ())

    # -- from a decision to a question ----------------------------------------------------------------------------

    def constrain(
        self, fields: Fields, decided: Mapping[str, Decision], rule: MergeRule
    ) -> Mapping[str, Decision] | Conflict:
        """Turn a decision that must not be carried out by itself into a question."""
        for path, decision in decided.items():
            if not isinstance(decision, Take):
                continue
            if isinstance(decision.value, Unparsed):
                return Conflict("the text was not understood, so it is not written anywhere by itself")
            if decision.value is EMPTY and rule.blanks == "keep" and self._erases(path, fields):
                return Conflict(f"{rule.name('blanks')}: a cleared field erases nothing by itself")
            if path.endswith("details.effective_date") and _moves_a_year(fields.agreed[path], decision.value):
                return Conflict("the effective date moved by 28 days or more: is this a renewal?", kind="renewal")
        return decided

    def _erases(self, path: str, fields: Fields) -> bool:
        away = any(isinstance(self._sights.get(member.system), Away) and path in member.base for member in self._live)
        return away or any(value is not EMPTY for value in fields.raw[path].values())

    # -- from a value to writes -----------------------------------------------------------------------------------

    def deliver(self, path: str, fields: Fields, value: Value, rule: MergeRule, reason: str) -> None:
        """Plan to write a value just decided to every member that does not hold it."""
        for member in (*self._live, *self._missing):
            if not self.carries(member.system, path):
                continue
            held = fields.raw[path].get(member.system)
            if value != fields.agreed[path]:
                self._behind[member.system].pop(path, None)  # refusals of another value count for nothing
            if held is None:
                self._owe_absent(member, path, value)
            else:
                self._aim(member.system, path, fields, value, rule, reason)

    def redeliver(self, path: str, fields: Fields, value: Value, rule: MergeRule) -> None:
        """Plan to write the agreed value again to the members that are behind, when their wait is over."""
        for system, held in fields.raw[path].items():
            owed = self._behind[system].get(path)
            if owed is None:
                continue
            if held == value:
                del self._behind[system][path]
                continue
            if owed.refusals >= REFUSALS_TO_ASK and owed.echo is None:
                self._block(system, path, value, "hand-off", f"{REFUSED}: {owed.why}", rule)
            if owed.echo is not None or not waits(owed, self._now):
                why = f": {owed.why}" if owed.why else ""
                self._aim(system, path, fields, value, rule, f"owed since revision {owed.revision}{why}")

    def _owe_absent(self, member: Member, path: str, value: Value) -> None:
        if member.base.get(path, EMPTY) != value or member.unseen:
            self._behind[member.system].setdefault(path, Owed(-1, why="the system was away"))
        else:
            self._behind[member.system].pop(path, None)

    def _aim(self, system: System, path: str, fields: Fields, value: Value, rule: MergeRule, reason: str) -> None:
        """Write to one member, or say why not."""
        surface, held = self._surfaces[system], fields.raw[path][system]
        nearest = surface.nearest(path, value)
        if held in (value, nearest):
            self._behind[system].pop(path, None)
            return
        if held is EMPTY and nearest == value and surface.codec_of(path) == "constant":
            # Always the same in this system: it comes with the set that it belongs to, and is never written.
            self._behind[system].pop(path, None)
            return
        owed = self._behind[system].get(path) or Owed(-1)
        if owed.echo is not None and owed.echo == held:
            # It was told so and made this of it: to say it again, and again, changes nothing.
            nearest = held
            if self._accepts(system, path, value, nearest):
                self._behind[system].pop(path, None)
                return
        self._behind[system][path] = owed
        refusal = self._refusal(system, path, value, rule)
        if refusal is not None:
            self._block(system, path, value, *refusal, rule)
            return
        if nearest != value and not self._accepts(system, path, value, nearest):
            self._block(system, path, value, "loss", _loss(system, value, nearest, owed), rule, nearest)
            return
        if system not in self._view.paused:
            sources = fields.holders(path, value) - {system}
            change = Change(
                self._link.id, system, self._ids[system], path, held, nearest, reason, tuple(sorted(sources))
            )
            self._changes.append(change)

    def _refusal(self, system: System, path: str, value: Value, rule: MergeRule) -> tuple[str, str] | None:
        """Say why the member takes no write here, and whether somebody must enter it or the hold will end."""
        sight = cast("Seen", self._sights[system])  # who was not read is owed, never aimed at
        for prefix, why in sight.locked.items():
            if paths.under(path, prefix):
                return "hold", why
        surface = self._surfaces[system]
        why_not = surface.unwritable(path)
        if why_not is not None:
            return "hand-off", why_not
        if not surface.update:
            return "hand-off", f"{system} takes no updates"
        if "update" not in rule.operations:
            return "hand-off", f"{rule.name('operations')}: no updates"
        if isinstance(value, Unparsed):
            return "hand-off", "the text was not understood, so only a person can enter it"
        return None

    def _accepts(self, system: System, path: str, value: Value, nearest: Value) -> bool:
        key = f"{path}|{system}|{self._surfaces[system].codec_of(path)}"
        if key in self.accepted:
            return True
        answer = self._answers.get(("loss", self._link.id, f"{system}:{path}"))
        if (
            answer is None
            or answer.choice != "accept"
            or answer.digest != digest_of("loss", system, path, value, nearest)
        ):
            return False
        self.accepted.add(key)
        self.used.append(answer.id)
        return True

    def _block(
        self, system: System, path: str, value: Value, kind: str, why: str, rule: MergeRule, nearest: Value = EMPTY
    ) -> None:
        atom = path if kind == "loss" else self._view.atoms.get(path) or paths.atom(path)
        blocked = self._blocked.setdefault(
            (system, atom), _Blocked(kind, why, rule.name("on_conflict"), nearest=nearest)
        )
        blocked.owed[path] = value

    # -- the result -----------------------------------------------------------------------------------------------

    def changes(self) -> tuple[Change, ...]:
        """Give the writes; an atom of which one cell is blocked for a member is not written to it in part."""
        blocked = {
            (system, self._view.atoms.get(path) or paths.atom(path))
            for (system, _), one in self._blocked.items()
            for path in one.owed
            if not one.why.startswith(REFUSED)
        }
        if not blocked:
            return tuple(self._changes)
        return tuple(
            change
            for change in self._changes
            if (change.system, self._view.atoms.get(change.path) or paths.atom(change.path)) not in blocked
        )

    def behind_of(self, member: Member, revision: int) -> dict[str, Owed]:
        """Tell what a member is owed; what is new since this run carries the new revision."""
        return {
            path: replace(owed, revision=revision) if owed.revision < 0 else owed
            for path, owed in self._behind[member.system].items()
        }

    def proposals(self) -> tuple[Proposal, ...]:
        """Give the hand-offs, holds and losses that stand."""
        return tuple(self._proposal(system, atom, one) for (system, atom), one in self._blocked.items())

    def _proposal(self, system: System, atom: str, blocked: _Blocked) -> Proposal:
        owed = {path: text_of(value) for path, value in sorted(blocked.owed.items())}
        holds = cast("Seen", self._sights[system]).flat
        member = {"id": self._ids[system], "values": {path: text_of(holds.get(path, EMPTY)) for path in owed}}
        if blocked.kind == "loss":
            [(path, value)] = blocked.owed.items()
            nearest = blocked.nearest
            digest = digest_of("loss", system, path, value, nearest)
            echo = nearest == holds.get(path, EMPTY)
            does = "let it stay" if echo else f"write {text_of(nearest)} to {system}, now"
            offers: tuple[Offer, ...] = (
                Offer("accept", f"{does}, {'now ' if echo else ''}and whenever {path} cannot be held exactly"),
                Offer("ignore", f"leave {system} as it is until the value moves"),
            )
        else:
            # What the system holds is not part of the digest: the hand-off is about the value to enter.
            digest = digest_of(blocked.kind, system, owed, blocked.why)
            offers = (Offer("ignore", f"leave {system} as it is until the value moves"),)
        return Proposal(
            kind=blocked.kind,
            scope=self._link.scope,
            link=self._link.id,
            label=self._link.label,
            name=f"{system}:{atom}",
            why=blocked.why,
            rule=blocked.rule,
            digest=digest,
            offers=offers,
            members={system: member},
            evidence=tuple(f"enter {path} = {text}" for path, text in owed.items()),
        )


def _loss(system: System, value: Value, nearest: Value, owed: Owed) -> str:
    """Say what a system cannot hold, or what it made of a value that it was given."""
    if owed.echo is None:
        shown = letters.named(text_of(value), "xml")
        return f"{system} cannot hold {shown}; the nearest it can hold is {text_of(nearest)}"
    if owed.refusals:
        return f"{system} was given {text_of(value)} {owed.refusals} times, said yes, and holds {text_of(nearest)}"
    return f"{system} made {text_of(nearest)} of {text_of(value)} when it was written there"


def _moves_a_year(agreed: Value, value: Value) -> bool:
    return isinstance(agreed, date) and isinstance(value, date) and abs((value - agreed).days) >= RENEWAL_DAYS


def name_of(atom: str, fields: Fields) -> str:
    """Name the question about an atom: the field itself, where it has but one."""
    return atom if len(fields.cells) > 1 else next(iter(fields.cells))


def question_of(atom: str, fields: Fields, conflict: Conflict, rule: MergeRule, link: Link) -> Proposal:
    """Put a contested atom as a question, with the effect of each answer."""
    name = name_of(atom, fields)
    ids = {member.system: member.id for member in link.members}
    told = members_of(fields, ids)
    systems = sorted(told)
    offers = []
    for system in systems:
        others = [
            other for other in systems if any(meant(p, other, fields) != meant(p, system, fields) for p in fields.cells)
        ]
        effect = f"write it to {', '.join(others)}" if others else "make it the agreed value"
        stands_for = {p: meant(p, system, fields) for p in fields.cells if system in fields.raw[p]}
        rounded = [f"{p} as {text_of(v)}" for p, v in stands_for.items() if v != fields.raw[p][system]]
        told_as = f" ({', '.join(rounded)})" if rounded else ""
        offers.append(Offer(system, f"take what {system} holds{told_as}; {effect}"))
    if len(fields.cells) == 1:
        offers.append(Offer("value: …", f"write the typed value to {', '.join(systems)}"))
    offers.append(Offer("ignore", "leave the systems as they are until one of the values moves"))
    setting = "mode" if rule.mode == "mirror" else "on_conflict"
    return Proposal(
        kind=conflict.kind,
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=name,
        why=conflict.why,
        rule=rule.name(setting),
        digest=conflict_digest(conflict.kind, name, fields, rule.name(setting)),
        offers=tuple(offers),
        members=told,
    )
