"""`syncd resync`: forget what was agreed with whom, and start from what the systems hold now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from syncd import linking
from syncd.apply.recover import recover
from syncd.apply.world import no_lock
from syncd.cli import preview, screen
from syncd.cli.confirm import asks, confirmed
from syncd.cli.names import Labels, find_group
from syncd.cli.observing import observe_all
from syncd.cli.out import Progress, count, joined, print_json, say, styled, tell
from syncd.cli.run import OK, OPEN, PARTIAL
from syncd.errors import ConfigError
from syncd.reconcile.types import Link
from syncd.sync import Mode, read_links, run_once

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to start anew."""

    group: str | None = None
    winner: str | None = None
    everything: bool = False
    dry_run: bool = False
    check: bool = False


@dataclass(slots=True)
class _Came:
    """What it comes to. `links`: those that start anew; `docs`: what the next run does then."""

    problems: list[str]
    links: list[Link] = field(default_factory=list)
    docs: list[preview.Doc] = field(default_factory=list)


def run(session: Session, ask: Ask) -> int:
    """Start the links of a group, or of all groups, anew."""
    if (ask.group is None) != ask.everything:
        hint = "`syncd resync GROUP --dry-run` shows what it would do; every group is meant only by --all."
        raise ConfigError("name a GROUP, or --all, and not both", field="GROUP", hint=hint)
    return asyncio.run(_run(session, ask))


async def _run(session: Session, ask: Ask) -> int:
    async with session.world(dry_run=ask.dry_run) as world:
        if ask.winner is not None and ask.winner not in world.systems:
            hint = f"The systems are {', '.join(world.systems)}."
            raise ConfigError(f"there is no system `{ask.winner}`", field="--winner", hint=hint)
        scopes = world.store.scopes()
        if ask.group is not None:
            scopes = [find_group(world.store, ask.group, change=not ask.dry_run).id]
        problems = [
            f"{one.observed.system}: {error}"
            for one in await observe_all(world, Progress())
            for error in (*one.observed.errors, *one.observed.tripped)
        ]
        if not ask.dry_run and asks(session):
            tried = await _start(session, ask, scopes, replace(world, store=world.store.fork(), lock=no_lock), problems)
            if not confirmed(session, "Start them anew?", *_shown(tried, ask.winner, dry_run=True)):
                return OK
        came = await _start(session, ask, scopes, world, problems)
        open_ = any(doc["counts"]["fields"] or preview.is_open(doc) for doc in came.docs)
        code = PARTIAL if problems else OPEN if ask.check and open_ else OK
        if session.json:
            print_json(
                {
                    "command": "resync",
                    "dry_run": ask.dry_run,
                    "winner": ask.winner,
                    "links": len(came.links),
                    "problems": problems,
                    "groups": came.docs,
                    "exit": code,
                }
            )
            return code
        _print(came, ask)
    return code


async def _start(session: Session, ask: Ask, scopes: Sequence[str], world: World, problems: list[str]) -> _Came:
    """Start the links of groups anew, each group under its lock, and look at what its next run does."""
    came, labels = _Came(problems), Labels.of(world.store)
    for scope in scopes:
        async with world.lock(scope):
            await recover(scope, world)
            view = await read_links(scope, world, Mode(full=True))
            came.links += await linking.resync(world, view, winner=ask.winner, by=session.by)
            report = await run_once(scope, replace(world, lock=no_lock), Mode(preview=True))
        came.docs.append(preview.describe(report, world, labels, dry_run=True))
        session.log.info("resync_previewed" if ask.dry_run else "resynced", group=scope, winner=ask.winner)
    return came


def _shown(came: _Came, winner: str | None, *, dry_run: bool) -> list[str]:
    """Say what starts anew, and what the next run does then."""
    what = f"{winner} wins where values differ" if winner else "equal values agree, differing ones are asked"
    kinds = [count(sum(link.kind == kind for link in came.links), noun) for kind, noun in _NOUNS]
    told = joined([one for one in kinds if not one.startswith("0 ")])
    body = [line for doc in came.docs for line in ("", *screen.lines(doc, dry_run=True))]
    total = styled(f"Total: {screen.total_line(came.docs, dry_run=True)}", "bold")
    head = f"{told} {'would start' if dry_run else 'started'} anew: {what}."
    return [head, "", "What the next run does:", *body, "", total]


_NOUNS = (("plan", "plan"), ("group", "group"), ("generic", "record"))


def _print(came: _Came, ask: Ask) -> None:
    for problem in came.problems:
        tell(f"note: {problem}")
    say(*_shown(came, ask.winner, dry_run=ask.dry_run))
    say(
        "Nothing was stored: this was a dry run."
        if ask.dry_run
        else "Nothing was written yet: `syncd sync` carries it out, with the guards."
    )
