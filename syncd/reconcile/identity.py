"""Identity: whether the records of a link are still the records that were linked. Pure.

A record that is found under another client, or that became another plan, holds its link: nothing is written to or taken
from any member until a person says whether they still belong together. It is one question about that link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.questions import digest_of, text_of
from syncd.reconcile.types import Decided, Link, LinkView, Member, Offer, Outcome, Proposal, Seen, System, View

IDENTITY: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plan": (("details.line", "details.carrier"), ("details.plan_type", "details.carrier_plan_code")),
    "group": (("details.name",), ("details.tax_id_last4", "details.account_number", "details.client_number")),
}
"""What tells one record from another: all of the first and, where the record has them, one of the second. A renewal
changes some of it; all of it together is another plan, or another client."""
_PLACE, _IDENTITY = "place", "identity"
FOLLOW, UNLINK = "follow", "unlink"


def judge(seen: LinkView, view: View, answers: Mapping[tuple[str, str, str], Decided]) -> Outcome | None:
    """Hold a link of which a record moved to another client or became another plan; None: its records are what they
    were, or a person said that they still belong together."""
    link = seen.link
    if link.status == "unlinked":
        return None
    moved, changed = dict(_moved(seen, view)), dict(_changed(seen))
    if not (moved or changed):
        return None
    together = _together(seen)
    if together and not changed and together in view.clients:  # all of them were moved: nobody need be asked
        return Outcome(link, replace(link, scope=together, settled=b""))
    question = _question(link, moved, changed, view)
    answer = answers.get((question.kind, link.id, question.name))
    offered = {offer.choice for offer in question.offers}
    if answer is None or answer.digest != question.digest or answer.choice not in offered - {"ignore"}:
        return Outcome(link, replace(link, settled=b""), proposals=(question,))
    if answer.choice == UNLINK:
        return Outcome(link, _without(link, moved.keys() | changed.keys()), used=(answer.id,), again=True)
    return _followed(seen, moved, changed, answer)


# -- what is not as it was -------------------------------------------------------------------------------------------


def is_elsewhere(link: Link, system: System, place: str | None) -> bool:
    """Tell whether a record is under another client than its link, and nobody said that it still belongs to it."""
    return link.kind == "plan" and place not in ("", link.scope) and _place(system, place) not in link.accepted


def _place(system: System, place: str | None) -> str:
    return f"{_PLACE}|{system}|{place or ''}"


def _moved(seen: LinkView, view: View) -> Iterator[tuple[System, str | None]]:
    home = view.clients.get(seen.link.scope)
    for system, sight in seen.sights.items():
        if home is None or system not in home.systems:
            continue  # the client itself is missing there, so nothing says whose plans they are
        if isinstance(sight, Seen) and is_elsewhere(seen.link, system, sight.scope):
            yield system, sight.scope


def _together(seen: LinkView) -> str:
    """Name the one client under which all members are found; "" when there is none."""
    found = {sight.scope if isinstance(sight, Seen) else None for sight in seen.sights.values()}
    all_there = all(member.status == "live" and member.system in seen.sights for member in seen.link.members)
    return (found.pop() or "") if all_there and len(found) == 1 else ""


def _changed(seen: LinkView) -> Iterator[tuple[System, Flat]]:
    """Give the members that became another plan, with what tells it now. Where all members show the same, they did so
    together, and still are one plan."""
    link = seen.link
    if link.kind not in IDENTITY:
        return
    first = IDENTITY[link.kind][0][0]
    for member in link.members:
        sight = seen.sights.get(member.system)
        if not isinstance(sight, Seen) or member.status == "awaited":
            continue
        base, flat = member.base, sight.flat
        if base.get(first) == flat.get(first) or not _is_another(base, flat, link.kind):
            continue
        told = {path: flat[path] for group in IDENTITY[link.kind] for path in group if path in flat}
        if _shared(told, member, seen) or _identity(member.system, told) in link.accepted:
            continue
        yield member.system, told


def _is_another(base: Flat, flat: Flat, kind: Kind) -> bool:
    must, may = IDENTITY[kind]
    known = [path for path in may if path in base]
    if not known and len(must) == 1:
        return False  # a name alone tells nothing
    if not all(_differs(base, flat, path) for path in must):
        return False
    return not known or any(_differs(base, flat, path) for path in known)


def _differs(base: Flat, flat: Flat, path: str) -> bool:
    """Tell whether a field that was known is another one now; a name that is only spelt otherwise is the same."""
    was, now = base.get(path, EMPTY), flat.get(path, EMPTY)
    return EMPTY not in (was, now) and _folded(was) != _folded(now)


def _folded(value: Value) -> object:
    return "".join(filter(str.isalnum, value.casefold())) if isinstance(value, str) else value


def _shared(told: Flat, member: Member, seen: LinkView) -> bool:
    """Tell whether every other member is there and holds the same identity, as far as it carries it."""
    others = [one for one in seen.link.members if one is not member]
    for other in others:
        sight = seen.sights.get(other.system)
        if not isinstance(sight, Seen):
            return False
        if any(_folded(sight.flat[path]) != _folded(value) for path, value in told.items() if path in sight.flat):
            return False
    return True


def _identity(system: System, told: Flat) -> str:
    return f"{_IDENTITY}|{system}|{digest_of({path: text_of(value) for path, value in told.items()})}"


# -- what a person says ------------------------------------------------------------------------------------------------


def _followed(
    seen: LinkView, moved: Mapping[System, str | None], changed: Mapping[System, Flat], answer: Decided
) -> Outcome:
    """Go on with the records as one plan: under the client to which it moved, with what it is now."""
    link = seen.link
    scope = next((place for place in moved.values() if place), link.scope)
    accepted = {_identity(system, told) for system, told in changed.items()}
    if moved:
        left = [(one, sight.scope) for one, sight in seen.sights.items() if isinstance(sight, Seen)]
        accepted |= {_place(system, place) for system, place in left if place not in ("", scope)}
    after = replace(link, scope=scope, accepted=link.accepted | accepted, settled=b"")
    return Outcome(link, after, used=(answer.id,), again=scope == link.scope)


def _without(link: Link, parting: Mapping[System, object] | set[System]) -> Link:
    """Let the records part: a link of which fewer than two would be left is over, and keeps them all for history."""
    rest = tuple(member for member in link.members if member.system not in parting)
    if len(rest) > 1:
        return replace(link, members=rest, settled=b"")
    return replace(link, status="unlinked", settled=b"")


def _question(link: Link, moved: Mapping[System, str | None], changed: Mapping[System, Flat], view: View) -> Proposal:
    why = [_moved_to(system, place, view) for system, place in moved.items()]
    why += [f"it became another {link.kind} in {system}" for system in changed]
    strange = sorted(moved.keys() | changed.keys())
    ids = {member.system: member.id for member in link.members}
    told = {system: {"id": ids[system], "value": _value(system, moved, changed, view)} for system in ids}
    now = {system: {path: text_of(value) for path, value in flat.items()} for system, flat in changed.items()}
    return Proposal(
        kind="hold",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=f"{strange[0]}:",
        why="; ".join(why),
        rule="a record that moved or changed its identity holds its link",
        digest=digest_of("identity", link.id, ids, {one: moved[one] or "" for one in moved}, now),
        offers=tuple(_offers(link, moved, strange, view)),
        members=told,
        evidence=tuple(f"{system} {path}: {value}" for system, flat in now.items() for path, value in flat.items()),
    )


def _moved_to(system: System, place: str | None, view: View) -> str:
    if place is None:
        return f"its record in {system} is under a client that is not linked"
    client = view.clients.get(place)
    return f"its record in {system} is under {client.label if client is not None else place} now"


def _value(system: System, moved: Mapping[System, str | None], changed: Mapping[System, Flat], view: View) -> str:
    if system in moved:
        client = view.clients.get(moved[system] or "")
        return f"under {client.label if client is not None else 'a client that is not linked'}"
    return "another one" if system in changed else "as it was"


def _offers(link: Link, moved: Mapping[System, str | None], strange: list[System], view: View) -> Iterator[Offer]:
    """Offer to follow where that can be done: there is one new client, and it is linked in every system of the link."""
    to = set(moved.values())
    client = view.clients.get(next(iter(to)) or "") if len(to) == 1 else None
    systems = {member.system for member in link.members}
    if not moved:
        yield Offer(FOLLOW, f"it is the same {link.kind}: what it holds now counts as edits")
    elif client is not None and systems <= client.systems:
        rest = ", ".join(sorted(systems - moved.keys()))
        stays = f"; in {rest} it stays where it is until somebody moves it there" if rest else ""
        yield Offer(FOLLOW, f"the plan goes over to {client.label}{stays}")
    yield Offer(UNLINK, f"part: the record in {', '.join(strange)} is no counterpart any more; all records stay")
    yield Offer("ignore", "leave it held: nothing is written to or taken from it")


def claimed_twice(link: Link, system: System, record_id: str, other: str) -> Proposal:
    """Ask about a record that two links claim; the one that holds it goes on."""
    return Proposal(
        kind="hold",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=f"{system}:",
        why=f"its record {record_id} of {system} belongs to another link, {other}",
        rule="a record belongs to one link",
        digest=digest_of("claimed", link.id, system, record_id, other),
        offers=(Offer("ignore", f"leave it as it is; `syncd unlink GROUP {other}` sets the record free"),),
        members={system: {"id": record_id}},
        evidence=(f"link {link.id}: {link.label}", f"link {other}"),
    )
