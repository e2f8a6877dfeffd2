"""Linking: what people decide about which records belong together. Groups first, then their plans.

Every decision is checked whole before anything is stored, and stored in one transaction; nothing here writes to a
system. What a decision overwrites is written by the next run, which reads, guards and confirms as any other. A caller
that wants to show it first gives a world with a forked store and previews the next run there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncd.apply import carried
from syncd.apply.begin import set_aside
from syncd.apply.look import seen_of
from syncd.apply.world import World
from syncd.connectors.paging import pages_of
from syncd.model import paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY
from syncd.reconcile.adopt import copy_of, link_id, new_link
from syncd.reconcile.awaited import awaited
from syncd.reconcile.choices import (
    Choice,
    Desk,
    Doubt,
    LinkingError,
    RecordKey,
    check_place,
    doubts,
    not_there,
    resolve,
    told_ids,
)
from syncd.reconcile.guards.base import key_of
from syncd.reconcile.questions import question_id
from syncd.reconcile.relink import Surfaces, forgotten, joined, restarted
from syncd.reconcile.rules import Place
from syncd.reconcile.strays import is_about
from syncd.reconcile.types import Changeset, Decided, Link, Proposal, Stray, System, View
from syncd.store.rows import HistoryRow, Question
from syncd.text.show import command

__all__ = ["Choice", "LinkedPlans", "LinkingError", "RecordKey"]


# -- what there is to decide -------------------------------------------------------------------------------------------


def surfaces(world: World) -> Surfaces:
    """Give what every system can take, by kind."""
    return carried.surfaces(world)


def unlinked(scope: str, world: World) -> dict[RecordKey, Stray]:
    """Give the plans of a group that no link holds, those that were set aside included."""
    return {
        (row.system, row.id): Stray(row.system, row.kind, row.id, row.label, seen_of(row))
        for row in world.store.strays(scope)
        if row.kind == "plan"
    }


def unlinked_groups(world: World) -> dict[RecordKey, Stray]:
    """Give the groups that no link holds."""
    found: dict[RecordKey, Stray] = {}
    for name, system in world.systems.items():
        if "group" not in system.lenses:
            continue
        held = world.store.members_of(name, "group")
        for row in world.store.snapshots(name, "group").values():
            if row.gone is None and row.id not in held:
                found[name, row.id] = Stray(name, "group", row.id, row.label, seen_of(row))
    return found


def set_aside_of(world: World, kind: Kind = "plan") -> dict[RecordKey, Mapping[str, object]]:
    """Give the records that are set aside, with what is known of it."""
    found: dict[RecordKey, Mapping[str, object]] = {}
    for key, said in world.store.items("aside").items():
        system, of_kind, record_id = key.split("|", 2)
        if of_kind == kind:
            found[system, record_id] = said
    return found


def _standing(world: World, kind: Kind, scope: str | None = None) -> list[Link]:
    return [link for link in world.store.links(scope, kind, None) if link.status != "unlinked"]


# -- groups ------------------------------------------------------------------------------------------------------------


async def link_groups(
    world: World, members: Mapping[System, str], *, source: System | None = None, by: str = ""
) -> Link:
    """Link the groups that are the same client; from now on their plans are looked at. Raises LinkingError."""
    known = unlinked_groups(world)
    desk = Desk("", known, _standing(world, "group"), surfaces(world))
    _check_members(world, members, desk)
    if source is not None and source not in members:
        raise LinkingError(f"{source} is not among the linked systems", hint=f"Name one of {', '.join(members)}.")
    link = _group_link(members, desk, source)
    plans = {system: await _plans_of(world, system, record_id) for system, record_id in members.items()}
    async with world.lock(link.id):
        with world.store.transaction():
            new = {key for key in members.items() if key in known}
            world.store.save_links([link], _rows(world, [link], "linked", by, only=new))
            for system, record_id in members.items():
                world.store.rescope(system, "group", {record_id: link.id})
                world.store.rescope(system, "plan", dict.fromkeys(plans[system], link.id))
    return link


def _check_members(world: World, members: Mapping[System, str], desk: Desk) -> None:
    if len(members) < 2:  # noqa: PLR2004 - a link has two ends
        raise LinkingError("a link needs the groups of two systems", hint="Write `syncd groups link quote=ID crm=ID`.")
    for system, record_id in members.items():
        if system not in world.systems:
            raise LinkingError(f"there is no system {system}", hint=f"The systems are {', '.join(world.systems)}.")
        if (system, record_id) not in desk.strays and (system, record_id) not in desk.holders:
            hint = told_ids(system, desk.strays)
            raise LinkingError("there is no such group", system=system, external_id=record_id, hint=hint)
    if all(key in desk.holders for key in members.items()):
        link = desk.holders[next(iter(members.items()))]
        same = all(desk.holders[key].id == link.id for key in members.items())
        if same:
            raise LinkingError(
                f"they are linked already, as “{link.label}” ({link.id})", hint="There is nothing to do."
            )


def _group_link(members: Mapping[System, str], desk: Desk, source: System | None) -> Link:
    """Make the link of groups, or let the new ones join the one that stands."""
    joins = {desk.holders[key].id: desk.holders[key] for key in members.items() if key in desk.holders}
    new = [desk.strays[key] for key in members.items() if key in desk.strays]
    if not joins:
        made = new_link("", new, {"all": source} if source else {}, desk.surfaces)
        return replace(made, scope=made.id, sources={})
    if len(joins) > 1:
        names = " and ".join(f"“{link.label}” ({link.id})" for link in joins.values())
        raise LinkingError(f"they belong to two linked groups, {names}", hint="Unlink one of the two groups first.")
    [link] = joins.values()
    for stray in new:
        check_place(link, stray)
        link = joined(link, stray, desk.surfaces, wins=stray.system == source)
    return link


async def move_group(
    world: World, link: Link, system: System, record_id: str, *, source: System | None = None, by: str = ""
) -> tuple[Link, list[Link]]:
    """Put another record of a system in the place of the one that a group's link holds; give the link and the plan
    links that are parted by it, because their records there belong to the former one. Raises LinkingError."""
    desk = Desk("", unlinked_groups(world), _standing(world, "group"), surfaces(world))
    former = next((member for member in link.members if member.system == system), None)
    if former is None:
        hint = f"Let it join: `{command('syncd', 'groups', 'link', _one_of(link), f'{system}={record_id}')}`."
        raise LinkingError(f"“{link.label}” ({link.id}) has no {system} member", system=system, hint=hint)
    stray = desk.strays.get((system, record_id))
    if stray is None:
        raise not_there((system, record_id), desk, "there is no such unlinked group")
    if source is not None and source != system:
        raise LinkingError(
            f"only {system} is new here", hint=f"--source can name {system}; else differences are asked."
        )
    plans = await _plans_of(world, system, record_id)
    async with world.lock(link.id):
        held = [one for one in _standing(world, "plan", link.id) if any(m.system == system for m in one.members)]
        parted = [replace(one, status="unlinked", settled=b"") for one in held]
        rest = replace(link, members=tuple(member for member in link.members if member.system != system))
        moved = joined(rest, stray, desk.surfaces, wins=source == system)
        with world.store.transaction():
            if former.status != "awaited":
                told = f"{system} {record_id} took its place"
                left = replace(link, members=(former,))
                world.store.save_links([], _rows(world, [left], "unlinked", by, note=told))
            world.store.save_links(parted, _rows(world, parted, "unlinked", by, note=f"{system} was moved"))
            _leave(world, system, link.id)
            world.store.save_links([moved], _rows(world, [moved], "linked", by, only={(system, record_id)}))
            world.store.rescope(system, "group", {record_id: link.id})
            world.store.rescope(system, "plan", dict.fromkeys(plans, link.id))
            ids = {one.id for one in (link, *parted)}
            _close(
                world,
                link.id,
                lambda one: one.link in ids or _asks_of(one, system),
            )
    return moved, parted


def _one_of(link: Link) -> str:
    return next((f"{member.system}={member.id}" for member in link.members if member.status != "awaited"), "SYSTEM=ID")


def _asks_of(proposal: Proposal, system: System) -> bool:
    """Tell whether a question is about one system, or about an unlinked record of it."""
    unlinked = proposal.kind == "link-plans" and system in proposal.members
    return unlinked or proposal.name.startswith(f"{system}:")


def _leave(world: World, system: System, scope: str) -> None:
    """Take the records of a system out of a group."""
    for kind in ("group", "plan"):
        rows = world.store.snapshots(system, kind).values()
        world.store.rescope(system, kind, dict.fromkeys(row.id for row in rows if row.scope == scope))


async def copy_group(world: World, system: System, record_id: str, to: System, *, by: str = "") -> Link:
    """Link a group with a counterpart that its next run creates in `to`, or let it join the link that holds the group.

    From now on its plans are looked at. Raises LinkingError.
    """
    desk = Desk("", unlinked_groups(world), _standing(world, "group"), surfaces(world))
    held = desk.holders.get((system, record_id))
    _check_group_target(desk, system, record_id, to, held)
    why = takes_no_groups(world, to)
    if why:
        raise LinkingError(f"{to} takes no new groups: {why}", system=to, hint="Create it there, then link it.")
    if held is None:
        view = View("", (), (), desk.surfaces)
        which = world.occasion(link_id("group", system, record_id))
        made = copy_of(view, desk.strays[system, record_id], (to,), occasion=which).link
        link = replace(made, scope=made.id)
    else:
        link = replace(held, members=(*held.members, awaited(to, held.id, world.occasion(held.id))), settled=b"")
    plans = await _plans_of(world, system, record_id)
    async with world.lock(link.id):
        with world.store.transaction():
            world.store.save_links([link], _rows(world, [link], "linked", by, only={(system, record_id)}))
            world.store.rescope(system, "group", {record_id: link.id})
            world.store.rescope(system, "plan", dict.fromkeys(plans, link.id))
    return link


def _check_group_target(desk: Desk, system: System, record_id: str, to: System, held: Link | None) -> None:
    """Refuse a counterpart in a system that cannot take it, or that has one."""
    if held is None and (system, record_id) not in desk.strays:
        hint = told_ids(system, desk.strays)
        raise LinkingError("there is no such group", system=system, external_id=record_id, hint=hint)
    if to == system:
        raise LinkingError(f"it is in {to} already", system=system, external_id=record_id)
    surface = desk.surfaces.get((to, "group"))
    if surface is None:
        raise LinkingError(f"there is no system {to} that holds groups", system=system, external_id=record_id)
    if held is not None and any(member.system == to for member in held.members):
        hint = "There is nothing to do."
        raise LinkingError(f"“{held.label}” ({held.id}) has a record of {to} already", system=to, hint=hint)


def takes_no_groups(world: World, system: System) -> str:
    """Say why no group is created in a system, "" when they are: rights of the account, or what its mapping says."""
    live = world.systems[system]
    lens = live.lenses.get("group")
    if lens is None:
        return "it holds none"
    if live.access is not None and not live.access.create:
        return "our account may not create records there"
    return str(getattr(lens, "refuses", None) or "")


async def _plans_of(world: World, system: System, group: str) -> list[str]:
    """List the plans of a group in a system: a snapshot does not say whose plan it is while the group is not linked."""
    live = world.systems[system]
    if "plan" not in live.lenses:
        return []
    if live.access is None:
        live.access = await live.connector.access()
    pages = pages_of(live.connector, "plan", (group,) if live.access.by_group else None)
    return [record.id async for page in pages for record in page.records if record.group == group]


async def unlink_group(world: World, link: Link, *, plans: bool = False, by: str = "", note: str = "") -> list[Link]:
    """Part the records of a group. Its plan links must be gone first, unless `plans` takes them along."""
    async with world.lock(link.id):
        linked = _standing(world, "plan", link.id)
        if linked and not plans:
            count = "one linked plan" if len(linked) == 1 else f"{len(linked)} linked plans"
            hint = "Unlink them first, or take them along with --plans."
            raise LinkingError(f"“{link.label}” has {count}", hint=hint)
        parted = [replace(one, status="unlinked", settled=b"") for one in (*linked, link)]
        with world.store.transaction():
            _part(world, parted, by, note)
            _close(world, link.id, lambda _: True)  # nothing of this group is decided any more
            for system in world.systems:
                _leave(world, system, link.id)
        return parted


# -- plans -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkedPlans:
    """What choices came to: links, records set aside, records that are asked about again."""

    links: tuple[Link, ...]
    aside: tuple[RecordKey, ...] = ()
    asked: tuple[RecordKey, ...] = ()


def link_plans(world: World, scope: str, choices: Sequence[Choice], *, by: str = "") -> LinkedPlans:
    """Carry out decisions about unlinked plans: all of them or none. The caller holds the group's lock. Raises
    LinkingError, OriginationError."""
    desk = _desk(world, scope)
    strays = desk.strays
    links = resolve(choices, desk)
    joining = strays.keys() & {(member.system, member.id) for link in links for member in link.members}
    ignored = [choice for choice in choices if choice.choice == "ignore"]
    asked = [choice.own for choice in choices if choice.choice == "ask"]
    now = world.now()
    with world.store.transaction():
        world.store.save_links(links, _rows(world, links, "linked", by, only=joining))
        for system, record_id in (*joining, *asked):
            world.store.put("aside", f"{system}|plan|{record_id}", None)
        for choice in ignored:
            said = {"by": by, "at": now, "note": choice.note}
            world.store.put("aside", f"{choice.system}|plan|{choice.id}", said)
        over = (*joining, *(choice.own for choice in ignored))
        _close(world, scope, lambda one: any(is_about(one, *key) for key in over))
    return LinkedPlans(tuple(links), tuple(choice.own for choice in ignored), tuple(asked))


def _desk(world: World, scope: str) -> Desk:
    """Give what decisions about the plans of a group are made about."""
    standing = _standing(world, "plan")
    return Desk(
        scope,
        unlinked(scope, world),
        [link for link in standing if link.scope == scope],
        surfaces(world),
        world.rules.at(Place("", group=scope)).blanks,
        frozenset(link.id for link in standing),
        world.origins,
        world.occasion,
    )


def doubtful(world: World, scope: str, choices: Sequence[Choice]) -> list[Doubt]:
    """List the pairs that decisions link and that nothing speaks for."""
    return doubts(choices, _desk(world, scope))


def approve(world: World, shown: Changeset, whole: Changeset, *, by: str = "") -> None:
    """Let the next run do what a link decision showed, and nothing more: deciding is the approval of its overwrites.

    `shown` is what linking alone would do, `whole` what the next run would do of which guards hold something back.
    """
    ceiling = {key_of(change) for change in shown.changes}
    ceiling |= {key_of(operation) for outcome in shown.outcomes for operation in outcome.operations}
    standing = {
        one.proposal.name
        for one in world.store.questions(shown.scope, status=("open", "decided", "ignored"))
        if one.proposal.kind == "guard"
    }
    rows = []
    for proposal in whole.proposals:
        keys = tuple(sorted(ceiling.intersection(proposal.ceiling)))
        if proposal.kind == "guard" and keys and proposal.name not in standing:
            rows.append(_approved(replace(proposal, ceiling=keys), world, by))
    world.store.save_questions(rows)


def _approved(proposal: Proposal, world: World, by: str) -> Question:
    stem = question_id(proposal.kind, proposal.link, proposal.name, proposal.scope)
    past = world.store.questions(proposal.scope, status=("closed", "used"))
    n = 1 + max((one.n for one in past if one.id.rpartition("-")[0] == stem), default=0)
    decided = Decided(
        f"{stem}-{n}",
        proposal.kind,
        proposal.link,
        proposal.name,
        proposal.digest,
        "approve",
        by=by,
        note="approved with the link decision",
        ceiling=frozenset(proposal.ceiling),
    )
    return Question(decided.id, n, "decided", proposal, world.now(), decided=decided)


async def unlink_plan(world: World, link: Link, *, by: str = "", note: str = "") -> Link:
    """Part the records of a plan: all stay, with their history, and are not asked about again."""
    async with world.lock(link.scope):
        parted = replace(world.store.link(link.id) or link, status="unlinked", settled=b"")
        with world.store.transaction():
            _part(world, [parted], by, note)
        return parted


def _part(world: World, links: Sequence[Link], by: str, note: str) -> None:
    """Store parted links, close their questions, and keep their plans from being asked about as if they were new."""
    ids = {link.id for link in links}
    world.store.save_links(links, _rows(world, links, "unlinked", by, note=note))
    for link in links:
        if link.kind == "plan":
            set_aside(link, world)
    for scope in {link.scope for link in links}:
        _close(world, scope, lambda one: one.link in ids)


def _close(world: World, scope: str, over: Callable[[Proposal], bool]) -> None:
    """Close the questions whose cause is gone with this decision."""
    standing = world.store.questions(scope, status=("open", "decided", "ignored"))
    world.store.save_questions(
        [replace(one, status="closed", closed_at=world.now()) for one in standing if over(one.proposal)]
    )


def _rows(
    world: World,
    links: Iterable[Link],
    what: str,
    by: str,
    *,
    note: str = "",
    only: Collection[RecordKey] | None = None,
) -> list[HistoryRow]:
    """Write down what a person decided about links."""
    return [
        HistoryRow(
            "", world.now(), what, link.id, member.system, link.kind, member.id, {}, by, note or _terms(link, what)
        )
        for link in links
        for member in link.members
        if member.status != "awaited" and (only is None or (member.system, member.id) in only)
    ]


def _terms(link: Link, what: str) -> str:
    """Tell the terms of a link."""
    if what != "linked":
        return ""
    to = [member.system for member in link.members if member.status == "awaited"]
    said = [f"copied to {', '.join(to)}{'' if link.follow else ', once'}"] if to else []
    return "; ".join([*said, *filter(None, (sources_told(link.sources),))])


def sources_told(sources: Mapping[str, System]) -> str:
    """Say which system's values count where: `details, rates from crm; benefits from quote`."""
    by_system: dict[System, list[str]] = {}
    for section, system in sources.items():
        by_system.setdefault(system, []).append(section)
    if len(by_system) == 1 and len(sources) == len(paths.SECTIONS):
        return f"all sections from {next(iter(by_system))}"
    return "; ".join(f"{', '.join(sections)} from {system}" for system, sections in by_system.items())


# -- starting anew -----------------------------------------------------------------------------------------------------


async def resync(world: World, view: View, *, winner: System | None = None, by: str = "") -> list[Link]:
    """Forget the bases of a group's links: equal values adopt, differing ones are asked, or `winner` overwrites them.

    The caller holds the group's lock, let recovery settle what a killed run left, and then read the view whole. Gives
    the links that start anew. Raises LinkingError.
    """
    if winner is not None and winner not in world.systems:
        raise LinkingError(f"there is no system {winner}", hint=f"The systems are {', '.join(world.systems)}.")
    fresh = [
        link
        for seen in view.links
        if seen.link.status == "live"
        and (
            link := forgotten(seen.link)
            if winner is None
            else restarted(seen.link, seen.sights, view.surfaces, winner, blanks=_blanks(world, view.scope))
        )
    ]
    if not fresh:
        what = f" that {winner} is in and was read whole" if winner else ""
        raise LinkingError(f"there is no link{what} in this group", hint="Run `syncd plans GROUP` and `syncd status`.")
    fields: dict[str, tuple[object, object]] = {"": (EMPTY, f"resync, {winner} wins" if winner else "resync")}
    rows = [HistoryRow("", world.now(), "decided", one.id, "", one.kind, "", fields, by, "resync") for one in fresh]
    world.store.save_links(fresh, rows)
    return fresh


def _blanks(world: World, scope: str) -> str:
    return world.rules.at(Place("", group=scope)).blanks
