"""Plain values to decide about: systems that take what they are said to take, links, sights, views."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.decide import decide
from syncd.reconcile.normalise import Fields
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import (
    Away,
    Change,
    Changeset,
    Decided,
    Held,
    Link,
    LinkView,
    Lost,
    Member,
    Outcome,
    Proposal,
    Seen,
    Sight,
    Stray,
    View,
)

NOW = 1_000_000.0
NAMES = ("crm", "pay", "quote", "web")


@dataclass(frozen=True)
class Takes:
    """What a system takes: a surface in plain words."""

    carries_only: tuple[str, ...] = ("",)
    carries_not: frozenset[str] = frozenset()
    closed: Mapping[str, str] = field(default_factory=dict)
    rounds: Callable[[str, Value], Value] | None = None
    create: bool = True
    update: bool = True

    @property
    def exact(self) -> bool:
        return self.rounds is None

    def carries(self, path: str) -> bool:
        return path not in self.carries_not and any(path.startswith(prefix) for prefix in self.carries_only)

    def unwritable(self, path: str) -> str | None:
        return next((why for prefix, why in self.closed.items() if path.startswith(prefix)), None)

    def nearest(self, path: str, value: Value) -> Value:
        return value if self.rounds is None or value is EMPTY else self.rounds(path, value)

    def codec_of(self, path: str) -> str:
        return "plain"

    def row_of(self, path: str) -> str:
        return path


def seen(flat: Flat | None = None, **more: Any) -> Seen:
    """Stand for a record that was read; EMPTY is left out, as everywhere."""
    kept = {path: value for path, value in (flat or {}).items() if value is not EMPTY}
    return Seen(kept, hashlib.blake2b(repr(sorted(kept.items(), key=str)).encode(), digest_size=4).digest(), **more)


def member(system: str, base: Flat | None = None, **more: Any) -> Member:
    """Stand for a system's record in a link."""
    return Member(system, more.pop("id", f"{system}-1"), dict(base or {}), **more)


def link(*members: Member, agreed: Flat | None = None, **more: Any) -> Link:
    """Make a link; what nobody states was agreed as the first base says."""
    agreed = dict(members[0].base if agreed is None else agreed)
    stated = {"id": "l1", "kind": "generic", "scope": "acme", "label": "Gold", "revision": 1} | more
    return Link(agreed=agreed, members=members, **stated)


def linked(base: Flat, *systems: str, **more: Any) -> Link:
    """Make a link of systems that all hold the same."""
    return link(*(member(system, base) for system in systems or ("crm", "quote")), agreed=base, **more)


def view(
    *links: LinkView,
    surfaces: Mapping[str, Takes] | None = None,
    strays: Iterable[Stray] = (),
    kinds: Iterable[str] = ("generic",),
    **more: Any,
) -> View:
    """Make a view; systems that nobody states take everything."""
    systems = {name: Takes() for name in NAMES} | dict(surfaces or {})
    known = {(name, kind): one for name, one in systems.items() for kind in kinds}
    return View(more.pop("scope", "acme"), links, tuple(strays), known, **more)  # type: ignore[arg-type]


def sight(what: Sight | Flat) -> Sight:
    """Take plain fields for a record that was read."""
    return what if isinstance(what, (Seen, Away, Lost)) else seen(what)


def judged(
    one: Link,
    sights: Mapping[str, Sight | Flat],
    rules: Mapping[str, Any] | Rules | None = None,
    answers: Iterable[Decided] = (),
    now: float = NOW,
    **more: Any,
) -> Outcome:
    """Decide one link."""
    rules = rules if isinstance(rules, Rules) else Rules(rules, NAMES)
    told = {(each.kind, each.link, each.name): each for each in answers}
    whole = view(LinkView(one, {name: sight(what) for name, what in sights.items()}), **more)
    [outcome] = decide(whole, told, rules, now).outcomes
    return outcome


def answer(proposal: Proposal, choice: str, value: Value | None = None, **more: Any) -> Decided:
    """Answer a question as it was asked."""
    stated = {"digest": proposal.digest, "by": "ann"} | more
    return Decided("q-1", proposal.kind, proposal.link, proposal.name, choice=choice, value=value, **stated)


def writes(outcome: Outcome | Changeset) -> set[tuple[str, str, Value]]:
    """Tell the writes in short: where, what, the new value."""
    return {(change.system, change.path, change.new) for change in outcome.changes}


def reasons(changes: Iterable[Change]) -> set[str]:
    """Tell why things are written."""
    return {change.reason for change in changes}


def asked(outcome: Outcome | Changeset) -> list[tuple[str, str]]:
    """Tell the questions in short: kind and name."""
    found = outcome.questions if isinstance(outcome, Changeset) else outcome.proposals
    return sorted((proposal.kind, proposal.name) for proposal in found)


def owed(outcome: Outcome, system: str) -> set[str]:
    """Tell what a member is owed after an outcome."""
    return {path for one in outcome.after.members if one.system == system for path in one.behind}


def based(outcome: Outcome, system: str) -> Flat:
    """Tell what a member is confirmed to hold after an outcome."""
    return next(one.base for one in outcome.after.members if one.system == system)


def stray(system: str, id_: str, flat: Flat | None = None, kind: str = "generic", label: str = "") -> Stray:
    """Stand for a record that belongs to no link."""
    return Stray(system, kind, id_, label or id_, seen(flat))  # type: ignore[arg-type]


def fields(cells: Mapping[str, Mapping[str, Held]], agreed: Mapping[str, Value]) -> Fields:
    """Make the fields of an atom of which every lens is exact."""
    raw = {path: {system: held.value for system, held in each.items()} for path, each in cells.items()}
    return Fields({path: dict(each) for path, each in cells.items()}, raw, dict(agreed), absent=False)


def confirmed(outcome: Outcome) -> Link:
    """Give the link as it stands once all planned writes are confirmed."""
    members = []
    for one in outcome.after.members:
        mine = [change for change in outcome.changes if change.system == one.system]
        base = {**one.base, **{change.path: change.new for change in mine}}
        behind = {path: debt for path, debt in one.behind.items() if path not in {change.path for change in mine}}
        kept = {path: value for path, value in base.items() if value is not EMPTY}
        members.append(replace(one, base=kept, behind=behind))
    return replace(outcome.after, members=tuple(members))
