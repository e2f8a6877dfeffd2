"""Strays: records of a linked group that no link holds. They are asked about and never written.

Suggestions point to likely counterparts; a person decides: ignore, copy, link. Pure.
"""

from __future__ import annotations

from syncd.reconcile.questions import digest_of
from syncd.reconcile.rules import Place, Rules
from syncd.reconcile.suggest import Suggestion, suggest
from syncd.reconcile.types import Offer, Proposal, Stray, View


def judge(view: View, rules: Rules) -> tuple[Proposal, ...]:
    """Ask about every stray that no rule ignores, also about one that a rule could not copy."""
    suggestions = suggest(view.strays)
    asked = []
    for stray in view.strays:
        rule = rules.at(Place("", group=view.scope))
        if rule.unlinked != "ignore":
            found = suggestions.get((stray.system, stray.id), ())
            asked.append(question(view, stray, found, rule.name("unlinked")))
    return tuple(asked)


def question(view: View, stray: Stray, found: tuple[Suggestion, ...], rule: str) -> Proposal:
    """Put a stray record as a question."""
    systems = sorted({system for system, kind in view.surfaces if kind == stray.kind and system != stray.system})
    offers = [Offer("link", f"link it to {one.system} {one.id} ({one.score:.0%}: {one.reasons})") for one in found]
    if not found:
        offers.append(Offer("link", "link it to the record you name"))
    offers += [Offer(f"copy: {system}", f"create it in {system} and keep both in step") for system in systems]
    offers.append(Offer("ignore", f"leave it in {stray.system} only"))
    refused = view.refused.get((stray.system, stray.id), "")
    return Proposal(
        kind="link-plans",
        scope=view.scope,
        link="",
        label=stray.label,
        name=f"{stray.system}:{stray.id}",
        why=f"it cannot be copied so: {refused}"
        if refused
        else f"{stray.system} holds a record that is linked to nothing",
        rule=rule,
        digest=digest_of("link-plans", stray.system, stray.id, *filter(None, (refused,))),
        offers=tuple(offers),
        members={stray.system: {"id": stray.id, "value": stray.label}},
        evidence=tuple(f"{one.system} {one.id}: {one.score:.0%}, {one.reasons}" for one in found),
        given_back=view.returned.get((stray.system, stray.id), refused),
    )
