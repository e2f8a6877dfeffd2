"""`syncd resync`: forget what was agreed with whom, and start from what the systems hold now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from syncd import linking
from syncd.apply.recover import recover
from syncd.apply.world import no_lock
from syncd.cli import preview, screen
from syncd.cli.names import Labels, find_group
from syncd.cli.observing import observe_all
from syncd.cli.out import Progress, count, print_json, say, styled, tell
from syncd.cli.run import OK, OPEN, PARTIAL
from syncd.errors import ConfigError
from syncd.sync import Mode, read_links, run_once

if TYPE_CHECKING:
    from syncd.cli.session import Session


def run(session: Session, group: str | None, winner: str | None, *, dry_run: bool, check: bool) -> int:
    """Start the links of a group, or of all groups, anew."""
    return asyncio.run(_run(session, group, winner, dry_run=dry_run, check=check))


async def _run(session: Session, group: str | None, winner: str | None, *, dry_run: bool, check: bool) -> int:
    async with session.world(dry_run=dry_run) as world:
        if winner is not None and winner not in world.systems:
            hint = f"The systems are {', '.join(world.systems)}."
            raise ConfigError(f"there is no system `{winner}`", field="--winner", hint=hint)
        scopes = world.store.scopes() if group is None else [find_group(world.store, group).id]
        problems = [
            f"{one.observed.system}: {error}"
            for one in await observe_all(world, Progress())
            for error in (*one.observed.errors, *one.observed.tripped)
        ]
        labels = Labels.of(world.store)
        docs, started = [], 0
        for scope in scopes:
            async with world.lock(scope):
                await recover(scope, world)
                view = await read_links(scope, world, Mode(full=True))
                started += len(await linking.resync(world, view, winner=winner, by=session.by))
                report = await run_once(scope, replace(world, lock=no_lock), Mode(preview=True))
            docs.append(preview.describe(report, world, labels, dry_run=True))
            session.log.info("resync_previewed" if dry_run else "resynced", group=scope, winner=winner)
        open_ = any(doc["counts"]["fields"] or doc["counts"]["questions"] for doc in docs)
        code = PARTIAL if problems else OPEN if check and open_ else OK
        if session.json:
            print_json(
                {
                    "command": "resync",
                    "dry_run": dry_run,
                    "winner": winner,
                    "links": started,
                    "problems": problems,
                    "groups": docs,
                    "exit": code,
                }
            )
            return code
        _print(docs, problems, started, winner, dry_run=dry_run)
    return code


def _print(docs: list[preview.Doc], problems: list[str], started: int, winner: str | None, *, dry_run: bool) -> None:
    for problem in problems:
        tell(f"note: {problem}")
    what = f"{winner} wins where values differ" if winner else "equal values agree, differing ones are asked"
    say(
        f"{count(started, 'link')} {'would start' if dry_run else 'started'} anew: {what}.",
        "",
        "What the next run does:",
    )
    for doc in docs:
        say("", *screen.lines(doc, dry_run=True))
    say("", styled(f"Total: {screen.total_line(docs, dry_run=True)}", "bold"))
    say(
        "Nothing was stored: this was a dry run."
        if dry_run
        else "Nothing was written yet: `syncd sync` carries it out, with the guards."
    )
