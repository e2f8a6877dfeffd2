"""Strays: records of a linked group that no link holds. They are asked about and never written.

Suggestions point to likely counterparts; a person decides: ignore, copy, link. Two records that are each other's one
likely counterpart are one question, named after the first of the two. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.reconcile.questions import digest_of
from syncd.reconcile.rules import Place, Rules
from syncd.reconcile.suggest import Suggestion, suggest
from syncd.reconcile.types import Offer, Proposal, Stray, System, View


def judge(view: View, rules: Rules) -> tuple[Proposal, ...]:
    """Ask about every stray that no rule ignores, also about one that a rule could not copy."""
    rule = rules.at(Place("", group=view.scope))
    if rule.unlinked == "ignore":
        return ()
    suggestions = suggest(view.strays)
    partners = _partners(view, suggestions)
    named = rule.name("unlinked")
    asked = []
    for stray in view.strays:
        key = stray.system, stray.id
        partner = partners.get(key)
        if partner is None or key < (partner.system, partner.id):  # the other one is asked about with it
            asked.append(question(view, stray, suggestions.get(key, ()), named, partner))
    return tuple(asked)


def _partners(
    view: View, suggestions: Mapping[tuple[System, str], tuple[Suggestion, ...]]
) -> dict[tuple[System, str], Stray]:
    """Give the partner of each record that is one of a pair: nobody else is likely for either, and a person did not
    leave one of them alone by itself."""
    strays = {(one.system, one.id): one for one in view.strays}
    only = {key: (found[0].system, found[0].id) for key, found in suggestions.items() if len(found) == 1}
    return {
        key: strays[other]
        for key, other in only.items()
        if only.get(other) == key and not {key, other} & view.left_alone
    }


def question(
    view: View, stray: Stray, found: tuple[Suggestion, ...], rule: str, partner: Stray | None = None
) -> Proposal:
    """Put a stray record as a question; with its `partner`, both of them as one."""
    offers = [Offer("link", f"link it to {one.system} {one.id} ({one.score:.0%}: {one.reasons})") for one in found]
    if not found:
        offers.append(Offer("link", "link it to the record you name"))
    records = [stray] if partner is None else [stray, partner]
    refused = "; ".join(filter(None, (view.refused.get((one.system, one.id), "") for one in records)))
    returned = view.returned.get((stray.system, stray.id), refused)
    why = f"{stray.system} holds a record that is linked to nothing"
    if partner is not None:
        why = f"{stray.system} and {partner.system} hold records that are linked to nothing, and likely one plan"
    return Proposal(
        kind="link-plans",
        scope=view.scope,
        link="",
        label=stray.label,
        name=f"{stray.system}:{stray.id}",
        why=f"it cannot be copied so: {refused}" if refused else why,
        rule=rule,
        digest=digest({one.system: one.id for one in records}, refused),
        offers=(*offers, *_copies(view, stray, partner), _ignore(stray, partner)),
        members={one.system: {"id": one.id, "value": one.label} for one in records},
        evidence=tuple(f"{one.system} {one.id}: {one.score:.0%}, {one.reasons}" for one in found),
        given_back=returned,
    )


def digest(records: Mapping[System, str], refused: str = "") -> str:
    """Give the digest of the question about these records, the one that names it first."""
    told = [text for record in records.items() for text in record]
    return digest_of("link-plans", *told, *filter(None, (refused,)))


def _copies(view: View, stray: Stray, partner: Stray | None) -> Iterator[Offer]:
    """Offer to create a record elsewhere: of a pair, where one of the two is already, the other one."""
    for system in sorted({system for system, kind in view.surfaces if kind == stray.kind}):
        if partner is not None and system in (stray.system, partner.system):
            source = stray if system == partner.system else partner
            told = f"they are two plans: create {source.system} {source.id} in {system}, too, and keep both in step"
            yield Offer(f"copy: {system}", told)
        elif system != stray.system:
            what = "it" if partner is None else f"{stray.system} {stray.id}"
            yield Offer(f"copy: {system}", f"create {what} in {system} and keep both in step")


def _ignore(stray: Stray, partner: Stray | None) -> Offer:
    if partner is None:
        return Offer("ignore", f"leave it in {stray.system} only")
    return Offer("ignore", f"leave both as they are, one in {stray.system} only and one in {partner.system} only")


def partner_of(proposal: Proposal) -> tuple[System, str] | None:
    """Give the second record of a question about a pair; None where it is about one record alone."""
    own = proposal.name.partition(":")[0]
    others = [(system, str(said.get("id", ""))) for system, said in proposal.members.items() if system != own]
    return others[0] if proposal.kind == "link-plans" and others else None


def is_about(proposal: Proposal, system: System, record_id: str) -> bool:
    """Tell whether a question about unlinked records asks about this one."""
    return proposal.kind == "link-plans" and proposal.members.get(system, {}).get("id") == record_id
