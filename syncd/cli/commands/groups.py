"""`syncd groups`: which groups there are, which are linked, and linking them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from syncd import linking
from syncd.apply.world import no_lock
from syncd.cli import preview, screen
from syncd.cli.confirm import confirmed
from syncd.cli.names import Labels, find_group, groups_of, member_text, plans_of, records_of
from syncd.cli.observing import observe_new
from syncd.cli.out import Progress, count, print_json, say, short, styled, table, when
from syncd.cli.run import OK
from syncd.errors import ConfigError
from syncd.reconcile.suggest import Suggestion, suggest
from syncd.reconcile.types import Link, Stray
from syncd.review.queue import show_from
from syncd.sync import PREVIEW, run_once
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


def show(session: Session, *, refresh: bool = False) -> int:
    """List the groups: the linked ones with their state, then those that are linked to nothing."""
    return asyncio.run(_show(session, refresh=refresh))


async def _show(session: Session, *, refresh: bool) -> int:
    async with session.world() as world:
        await observe_new(world, Progress(), refresh=refresh)
        linked = [_linked(world, link.id) for link in groups_of(world.store)]
        loose = _loose(world)
        if session.json:
            print_json({"command": "groups", "linked": linked, "unlinked": [_stray(one) for one in loose]})
            return OK
        _print(world, linked, loose)
    return OK


def _linked(world: World, id_: str) -> dict[str, Any]:
    link = world.store.link(id_)
    assert link is not None  # noqa: S101 - it was just listed
    kinds = Counter(question.proposal.kind for question in world.store.questions(id_))
    last = next(iter(world.store.runs(id_, limit=1)), None)
    return {
        "id": link.id,
        "label": link.label,
        "status": link.status,
        "members": {member.system: member.id for member in link.members},
        "records": member_text(link),
        "plans": len(plans_of(world.store, id_)),
        "unlinked_plans": len(linking.unlinked(id_, world).keys() - linking.set_aside_of(world).keys()),
        "questions": dict(kinds),
        "last_run": None if last is None else {"at": last.started_at, "result": last.result},
        "paused": sorted(world.pauses(id_)) if f"group:{id_}" in world.store.items("pauses") else [],
    }


def _loose(world: World) -> list[Stray]:
    return sorted(linking.unlinked_groups(world).values(), key=lambda one: (one.label.casefold(), one.system, one.id))


def _stray(one: Stray) -> dict[str, str]:
    return {"system": one.system, "id": one.id, "label": one.label}


def _print(world: World, linked: Sequence[Mapping[str, Any]], loose: Sequence[Stray]) -> None:
    if not world.systems:
        say("No system is configured yet.", "Add them to syncd.toml; `syncd systems` checks them.")
        return
    if linked:
        rows = [
            (
                one["id"],
                short(one["label"], 40),
                one["records"],
                str(one["plans"]),
                str(one["unlinked_plans"]),
                str(sum(one["questions"].values())),
                f"{when(one['last_run']['at'])} {one['last_run']['result']}" if one["last_run"] else "never",
            )
            for one in linked
        ]
        say(*table(rows, ("group", "name", "records", "plans", "unlinked", "questions", "last run")))
    if loose:
        say(
            "" if linked else styled("No group is linked yet.", "bold"),
            f"Linked to nothing: {count(len(loose), 'record')}",
        )
        say(*side_by_side(world, loose))
        say("", "Link two that are the same client: `syncd groups link " + _example(loose) + "`.")
        say("`syncd groups candidates` shows which ones share a tax id or an account number; names are no evidence.")


def side_by_side(world: World, loose: Sequence[Stray]) -> list[str]:
    """Show unlinked groups one name a line, with their record in each system."""
    systems = [name for name, system in world.systems.items() if "group" in system.lenses]
    by_name: dict[str, dict[str, list[str]]] = {}
    for one in loose:
        by_name.setdefault(one.label, {}).setdefault(one.system, []).append(one.id)
    rows = [
        (short(name, 48), *(", ".join(found.get(system, ())) for system in systems)) for name, found in by_name.items()
    ]
    return table(rows, ("name", *systems), indent="  ")


def _example(loose: Sequence[Stray]) -> str:
    """Give two records of different systems, those of one name if there are such."""
    for one in loose:
        for other in loose:
            if other.system != one.system and other.label == one.label:
                return f"{one.system}={one.id} {other.system}={other.id}"
    first = {one.system: one.id for one in reversed(loose)}
    return " ".join(f"{system}={id_}" for system, id_ in sorted(first.items())[:2])


# -- candidates --------------------------------------------------------------------------------------------------------


def candidates(session: Session, *, refresh: bool = False) -> int:
    """Show which unlinked groups are likely the same client, by identity evidence."""
    return asyncio.run(_candidates(session, refresh=refresh))


async def _candidates(session: Session, *, refresh: bool) -> int:
    async with session.world() as world:
        await observe_new(world, Progress(), refresh=refresh)
        loose = linking.unlinked_groups(world)
        found = suggest(loose.values())
        pairs: dict[frozenset[tuple[str, str]], tuple[tuple[str, str], Suggestion]] = {}
        for key in sorted(found):
            for one in found[key]:
                pairs.setdefault(frozenset({key, (one.system, one.id)}), (key, one))
        if session.json:
            print_json(
                {
                    "command": "groups candidates",
                    "candidates": [
                        {
                            "one": _stray(loose[key]),
                            "other": {"system": one.system, "id": one.id, "label": one.label},
                            "score": round(one.score, 3),
                            "reasons": one.reasons,
                        }
                        for key, one in pairs.values()
                    ],
                    "unlinked": [_stray(one) for one in _loose(world)],
                }
            )
            return OK
        if not loose:
            say("Every group that is known is linked.")
            return OK
        for key, one in pairs.values():
            stray = loose[key]
            say(
                f"{one.score:4.0%}  {stray.system} {stray.id} “{stray.label}”  {one.system} {one.id} “{one.label}”",
                styled(f"      {one.reasons}", "dim"),
                f"      syncd groups link {stray.system}={stray.id} {one.system}={one.id}",
            )
        if not pairs:
            say("No two of these groups share a tax id or an account number, which are the only evidence there is.")
        say("", f"Linked to nothing, by name ({count(len(loose), 'record')}):", *side_by_side(world, _loose(world)))
        say("", "Check them yourself, then: `syncd groups link " + _example(_loose(world)) + "`.")
    return OK


# -- linking -----------------------------------------------------------------------------------------------------------


def link(session: Session, words: Sequence[str], *, source: str | None = None, refresh: bool = False) -> int:
    """Link the groups that are the same client."""
    return asyncio.run(_link(session, records_of(words), source, refresh=refresh))


async def _link(session: Session, members: Mapping[str, str], source: str | None, *, refresh: bool) -> int:
    async with session.world() as world:
        await observe_new(world, Progress(), refresh=refresh)
        made = await linking.link_groups(world, members, source=source, by=session.by)
        plans = linking.unlinked(made.id, world)
        session.log.info("group_linked", group=made.id, systems=sorted(members))
        by_system = Counter(system for system, _ in plans)
        if session.json:
            print_json(
                {
                    "command": "groups link",
                    "group": made.id,
                    "label": made.label,
                    "members": dict(members),
                    "unlinked_plans": dict(by_system),
                }
            )
            return OK
        say(f"linked: “{made.label}” {made.id} ({member_text(made)})")
        told = ", ".join(f"{system} {number}" for system, number in sorted(by_system.items()))
        say(f"unlinked plans of this group: {told or 'none'}")
        say(
            "",
            f"Go on with `syncd link {made.id} --out FILE`: in that file you decide which plans belong together.",
        )
    return OK


def unlink(session: Session, group: str, *, plans: bool = False, reason: str = "") -> int:
    """Part the records of a group."""
    return asyncio.run(_unlink(session, group, plans=plans, reason=reason))


async def _unlink(session: Session, group: str, *, plans: bool, reason: str) -> int:
    async with session.world() as world:
        found = find_group(world.store, group, change=True)
        linked = plans_of(world.store, found.id)
        also = f" and {count(len(linked), 'plan')} of it" if plans and linked else ""
        if not confirmed(session, f"Part the records of “{found.label}” {found.id} ({member_text(found)}){also}?"):
            return OK
        parted = await linking.unlink_group(world, found, plans=plans, by=session.by, note=reason)
        session.log.info("group_unlinked", group=found.id, plans=len(parted) - 1)
        show_from(world.store, session.review, found.id, now=world.now())
        if session.json:
            print_json({"command": "groups unlink", "group": found.id, "unlinked": [one.id for one in parted]})
            return OK
        also = f" with {count(len(parted) - 1, 'plan')}" if len(parted) > 1 else ""
        say(f"unlinked: “{found.label}” {found.id}{also}; all records and their history stay.")
    return OK


# -- another record in the place of one --------------------------------------------------------------------------------


def move(session: Session, group: str, word: str, *, source: str | None = None, dry_run: bool = False) -> int:
    """Put another record of a system in the place of the one that a group's link holds."""
    members = records_of([word])
    return asyncio.run(_move(session, group, *members.popitem(), source=source, dry_run=dry_run))


async def _move(session: Session, group: str, system: str, record_id: str, *, source: str | None, dry_run: bool) -> int:
    async with session.world(dry_run=dry_run) as world:
        await observe_new(world, Progress())
        if system not in world.systems:
            raise ConfigError(f"there is no system `{system}`", hint=f"The systems are {', '.join(world.systems)}.")
        found = find_group(world.store, group, change=True)
        trial = replace(world, store=world.store.fork(), lock=no_lock)
        tried, parted = await linking.move_group(trial, found, system, record_id, source=source, by=session.by)
        report = await run_once(tried.id, trial, PREVIEW)
        doc = preview.describe(report, trial, Labels.of(trial.store), dry_run=True)
        shown = [*_moved(found, tried, parted), "", "What the next run does:", *screen.lines(doc, dry_run=True)]
        if not dry_run:
            if not confirmed(session, "Move it?", *shown):
                return OK
            await linking.move_group(world, found, system, record_id, source=source, by=session.by)
            session.log.info("group_moved", group=found.id, system=system)
            show_from(world.store, session.review, found.id, now=world.now())
        if session.json:
            members = {member.system: member.id for member in tried.members}
            parts = [one.id for one in parted]
            print_json(
                {"command": "groups move", "group": found.id, "members": members, "dry_run": dry_run}
                | {"unlinked": parts, "preview": doc}
            )
            return OK
        say(*shown, "", "Nothing was stored: this was a dry run." if dry_run else _after(found.id))
    return OK


def _after(group: str) -> str:
    return f"Moved. Go on with `{command('syncd', 'link', group, '--out', 'FILE')}`: which plans belong together now?"


def _moved(before: Link, after: Link, parted: Sequence[Link]) -> list[str]:
    """Say what a move changes."""
    head = f"“{before.label}” {before.id}: {member_text(before)} becomes {member_text(after)}"
    if not parted:
        return [head]
    told = f"{count(len(parted), 'plan link')} would be parted, because the other client has plans of its own:"
    return [head, told, *(f"  - {one.label}  {member_text(one)}" for one in parted)]
