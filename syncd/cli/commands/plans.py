"""`syncd plans`: the linked plans of a group with their state, what is linked to nothing, and which plan year follows
which."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncd import linking
from syncd.cli.link_file import about
from syncd.cli.names import find_group, member_text, plans_of
from syncd.cli.observing import observe_new
from syncd.cli.out import Progress, count, print_json, say, short, styled, table, when, when_exact
from syncd.cli.run import OK
from syncd.model.values_text import format_value
from syncd.reconcile.lineage import Chain, PlanYear, Step, lineage, plan_year
from syncd.reconcile.suggest import suggest
from syncd.reconcile.types import Link, Seen, Stray

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


def show(session: Session, group: str, *, refresh: bool = False) -> int:
    """List the plans of a group."""
    return asyncio.run(_show(session, group, refresh=refresh))


async def _show(session: Session, group: str, *, refresh: bool) -> int:
    async with session.world() as world:
        await observe_new(world, Progress(), refresh=refresh)
        found = find_group(world.store, group)
        linked = [linked_doc(link, world) for link in plans_of(world.store, found.id)]
        strays = linking.unlinked(found.id, world)
        aside = linking.set_aside_of(world)
        suggestions = suggest(stray for key, stray in strays.items() if key not in aside)
        loose = [
            {
                "system": stray.system,
                "id": stray.id,
                "label": stray.label,
                "about": about(stray),
                "set_aside": key in aside,
                "candidates": [
                    {"system": one.system, "id": one.id, "score": round(one.score, 3), "reasons": one.reasons}
                    for one in suggestions.get(key, ())
                ],
            }
            for key, stray in sorted(strays.items(), key=lambda item: (item[1].label.casefold(), item[0]))
        ]
        if session.json:
            group_doc = {"id": found.id, "label": found.label}
            print_json({"command": "plans", "group": group_doc, "linked": linked, "unlinked": loose})
            return OK
        say(styled(f"{found.label}", "bold") + styled(f"  {found.id}  {member_text(found)}", "dim"), "")
        _print(found, linked, loose)
    return OK


def linked_doc(link: Link, world: World) -> dict[str, Any]:
    """Describe a linked plan and how it stands."""
    questions = sum(one.proposal.link == link.id for one in world.store.questions(link.scope))
    behind = {member.system: len(member.behind) for member in link.members if member.behind}
    return {
        "link": link.id,
        "label": link.label,
        "members": {member.system: member.id for member in link.members},
        "records": member_text(link),
        "state": _state(link, behind, questions, world),
        "status": link.status,
        "behind": behind,
        "questions": questions,
        "sources": dict(link.sources),
        "follow": link.follow,
        "about": about(Stray("", "plan", "", link.label, Seen(link.agreed, b""))),
        "in_step_at": None if (at := in_step_at(link, world)) is None else when_exact(at),
    }


def _state(link: Link, behind: dict[str, int], questions: int, world: World) -> str:
    """Say how a link stands, as of its last run."""
    if link.status == "orphaned":
        return "a record is missing"
    said = [count(questions, "question")] if questions else []
    said += [f"{system} is owed {count(number, 'field')}" for system, number in behind.items()]
    said += [f"to be created in {m.system}" for m in link.members if m.status == "awaited"]
    if said:
        return "; ".join(said)
    if not link.settled and not _ran(link, world):
        return "not run yet"
    moved = _moved(link, world)
    if moved:
        return f"changed in {', '.join(moved)} since the last run"
    fresh = [member.system for member in link.members if member.unseen]
    return f"not compared yet with {', '.join(fresh)}" if fresh and not link.settled else "in step"


def _moved(link: Link, world: World) -> list[str]:
    """Name the systems whose record is not what it was confirmed to hold; by its digest where a run looked at all."""
    found = []
    for member in link.members:
        row = world.store.snapshots(member.system, link.kind, [member.id]).get(member.id)
        if row is None:
            continue
        same = row.digest == member.settled if link.settled else row.flat == member.base
        found += [] if same else [member.system]
    return found


def _ran(link: Link, world: World) -> bool:
    """Tell whether a run looked at the link since it was made."""
    last = next(iter(world.store.runs(link.scope, limit=1)), None)
    made = max((row.at for row in world.store.history(link=link.id) if row.what == "linked"), default=0.0)
    return last is not None and last.started_at >= made


def in_step_at(link: Link, world: World) -> float | None:
    """Tell when all records of a link were last seen to hold what is agreed; None: not as far as is known."""
    live = all(member.status == "live" and not member.behind for member in link.members)
    if link.status != "live" or not live or (not link.settled and any(member.unseen for member in link.members)):
        return None
    if _moved(link, world):
        return None
    seen = []
    for member in link.members:
        row = world.store.snapshots(member.system, link.kind, [member.id]).get(member.id)
        if row is None or row.gone is not None:
            return None
        listing = world.store.listing(member.system, link.kind)
        seen.append(max(row.at, listing.good_at or 0.0 if listing is not None else 0.0))
    return min(seen, default=None)


def _print(group: Link, linked: list[dict[str, Any]], loose: list[dict[str, Any]]) -> None:
    if linked:
        rows = [
            (one["link"], short(one["label"], 40), one["about"], one["records"], one["state"], _when(one["in_step_at"]))
            for one in linked
        ]
        say(*table(rows, ("plan", "name", "identity", "records", "state", "last in step at")))
    else:
        say("No plan of this group is linked yet; unlinked plans are never written.")
    aside = [one for one in loose if one["set_aside"]]
    asked = [one for one in loose if not one["set_aside"]]
    if asked:
        records = [
            (one["system"], one["id"], short(one["label"], 36), short(one["about"], 48), _best(one["candidates"]))
            for one in asked
        ]
        say(
            "",
            "Linked to nothing:",
            *table(records, ("system", "id", "name", "identity", "likely the same as"), indent="  "),
        )
        say("", f"Decide about them in a file: `syncd link {group.id} --out FILE`.")
    if aside:
        left = [(one["system"], one["id"], short(one["label"], 36), short(one["about"], 48)) for one in aside]
        say("", "Set aside by a person:", *table(left, ("system", "id", "name", "identity"), indent="  "))


def _when(at: str | None) -> str:
    return when(datetime.fromisoformat(at).timestamp()) if at else "-"


def _best(candidates: list[dict[str, Any]]) -> str:
    told = [f"{one['system']} {one['id']} ({one['score']:.0%})" for one in candidates]
    return ", ".join(told) or "-"


# -- lineage -----------------------------------------------------------------------------------------------------------


def show_lineage(session: Session, group: str, *, refresh: bool = False) -> int:
    """Show which plan year follows which, and where a chain breaks off."""
    return asyncio.run(_show_lineage(session, group, refresh=refresh))


async def _show_lineage(session: Session, group: str, *, refresh: bool) -> int:
    async with session.world() as world:
        await observe_new(world, Progress(), refresh=refresh)
        found = find_group(world.store, group)
        labels: dict[str, str] = {}
        chains = lineage(_plan_years(found, world, labels))
        if session.json:
            told = [_chain(chain, labels) for chain in chains]
            print_json({"command": "plans", "group": {"id": found.id, "label": found.label}, "lineage": told})
            return OK
        say(styled(f"{found.label}", "bold") + styled(f"  {found.id}  {member_text(found)}", "dim"))
        for chain in chains:
            say("", *_chain_lines(chain, labels))
        gaps = sum(len(step.gaps) for chain in chains for step in chain.steps)
        plans = sum(len(chain.steps) for chain in chains)
        say("", f"{count(plans, 'plan year')} in {count(len(chains), 'chain')}, {count(gaps, 'gap')}.")
    return OK


def _plan_years(group: Link, world: World, labels: dict[str, str]) -> list[PlanYear]:
    """Give what every system says of every plan of a group, linked or not; what they are called goes to `labels`."""
    years = []
    for link in plans_of(world.store, group.id):
        labels[link.id] = link.label
        for member in link.members:
            row = world.store.snapshots(member.system, "plan", [member.id]).get(member.id)
            years.append(plan_year(member.system, member.id, member.base if row is None else row.flat, link))
    for (system, record_id), stray in linking.unlinked(group.id, world).items():
        year = plan_year(system, record_id, stray.seen.flat)
        labels[year.key] = stray.label
        years.append(year)
    return years


def _chain(chain: Chain, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "follows": chain.follows,
        "years": [
            {
                "plan": step.plan if step.linked else "",
                "label": labels.get(step.plan, ""),
                "starts": format_value(step.starts) if step.starts is not None else None,
                "records": dict(step.records),
                "gaps": list(step.gaps),
            }
            for step in chain.steps
        ],
    }


def _chain_lines(chain: Chain, labels: dict[str, str]) -> list[str]:
    """Write a chain, oldest year first."""
    rows = [
        (
            "   " if at == 0 and not chain.follows else "-> ",
            format_value(step.starts) if step.starts is not None else "no date",
            short(labels.get(step.plan, step.plan), 40),
            step.plan if step.linked else "not linked",
            " · ".join(f"{system} {id_}" for system, id_ in step.records.items()),
        )
        for at, step in enumerate(chain.steps)
    ]
    lines = table(rows, indent="  ")
    head = [f"  splits off from {labels.get(chain.follows, '')} ({chain.follows}):"] if chain.follows else []
    return [*head, *(line for step, row in zip(chain.steps, lines, strict=True) for line in (row, *_gaps(step)))]


def _gaps(step: Step) -> list[str]:
    return [styled(f"       ! {gap}", "yellow") for gap in step.gaps]
