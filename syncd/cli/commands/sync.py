"""`syncd sync`: take answers in, observe every system, run every group, show what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.apply.world import no_lock
from syncd.cli import creating, preview, screen
from syncd.cli.names import Labels, find_group, find_plan
from syncd.cli.observing import Seen, observe_all
from syncd.cli.out import Progress, count, print_csv, print_json, say, styled, tell, when
from syncd.cli.run import OK, OPEN, PARTIAL, REFUSED, RefusedRunError
from syncd.errors import ConfigError, LockedError
from syncd.reconcile import changeset
from syncd.reconcile.guards import NAMES as GUARDS
from syncd.review.collect import Collected
from syncd.review.queue import collect_into, show_from
from syncd.sync import Mode, Report, run_once
from syncd.text.nearest import did_you_mean
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for."""

    group: str | None = None
    plan: str | None = None
    systems: Sequence[str] = ()
    dry_run: bool = False
    out: Path | None = None
    apply: Path | None = None
    force: Collection[str] = ()
    wait_s: float | None = None
    check: bool = False


@dataclass(slots=True)
class Came:
    """What it came to."""

    dry_run: bool
    seen: list[Seen] = field(default_factory=list)
    collected: Collected = field(default_factory=Collected)
    reports: list[Report] = field(default_factory=list)
    docs: list[preview.Doc] = field(default_factory=list)
    locked: dict[str, str] = field(default_factory=dict)
    guards: list[preview.Doc] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    refused: dict[str, list[preview.Doc]] = field(default_factory=dict)
    """Dry run: the creates that their systems would not take, by group."""

    def code(self, *, check: bool) -> int:
        """Give the exit code; the gravest wins."""
        results = {report.result for report in self.reports}
        if "refused" in results or self.guards or any(one.observed.tripped for one in self.seen):
            return REFUSED
        if "partial" in results or self.locked or any(map(_is_partial, self.seen)):
            return PARTIAL
        planned = self.dry_run and any(_writes(doc) for doc in self.docs)
        owing = any(preview.is_open(doc) for doc in self.docs)
        return OPEN if check and (planned or owing or "open" in results) else OK


def _writes(doc: preview.Doc) -> bool:
    """Tell whether a preview holds anything that would be written."""
    return any(doc["counts"][key] for key in ("fields", "creates", "ends"))


def _is_partial(seen: Seen) -> bool:
    return bool(seen.observed.errors or seen.observed.unreadable or seen.busy)


def run(session: Session, ask: Ask) -> int:
    """Sync once."""
    _check_ask(ask)
    if ask.apply is None:
        return asyncio.run(_sync(session, ask))
    return asyncio.run(_apply(session, ask, ask.apply, _read(ask.apply)))


def _read(file: Path) -> changeset.Saved:
    try:
        return changeset.from_json(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("it cannot be read", file=str(file), hint="Name a file made with --out.") from error


def _check_ask(ask: Ask) -> None:
    for name in ask.force:
        if name not in GUARDS:
            raise ConfigError(
                f"there is no guard `{name}`{did_you_mean(name, GUARDS)}",
                field="--force",
                hint=f"The guards are {', '.join(GUARDS)}.",
            )
    if ask.out is not None:
        _check_new(ask.out)
    if ask.plan is not None and ask.group is None:
        raise ConfigError("--plan needs the plan's GROUP", hint="Write `syncd sync GROUP --plan PLAN`.")
    if ask.apply is not None and (ask.group or ask.plan or ask.systems or ask.force or ask.out or ask.dry_run):
        raise ConfigError(
            "--apply takes its group, filters and force from the file",
            hint="Write `syncd sync --apply FILE` alone; make another file for another scope.",
        )


async def _sync(session: Session, ask: Ask) -> int:
    dry_run = ask.dry_run or ask.out is not None
    progress = Progress()
    async with session.world(ask.wait_s, dry_run=dry_run) as world:
        mode, scopes, filters = _scope(ask, world)
        came = Came(dry_run)
        came.collected = collect_into(world.store, session.review, world.now())
        came.seen = await observe_all(world, progress, force=ask.force)
        labels = Labels.of(world.store)
        for at, scope in enumerate(scopes, start=1):
            progress.say(f"{labels.group(scope)} ({at} of {len(scopes)}) …")
            try:
                came.reports.append(await run_once(scope, world, replace(mode, preview=dry_run)))
            except LockedError as error:
                came.locked[scope] = error.message
                continue
            if dry_run:
                new = await creating.checked(came.reports[-1].changeset, world)
                came.refused[scope] = [one for one in new if one["problem"]]
        progress.done()
        _take_down(session, came, world, labels)
        if not dry_run:
            came.said += show_from(world.store, session.review, now=world.now()).said
        if ask.out is not None:
            _save(ask.out, came, world, filters)
        return _finish(session, came, ask, labels)


def _scope(ask: Ask, world: World) -> tuple[Mode, list[str], changeset.Filters]:
    """Say which groups are run, and what of them may be written."""
    for name in ask.systems:
        if name not in world.systems:
            raise ConfigError(
                f"there is no system `{name}`{did_you_mean(name, world.systems)}",
                field="--system",
                hint=f"The systems are {', '.join(world.systems)}.",
            )
    scopes = world.store.scopes()
    only = None
    if ask.group is not None:
        changes = not (ask.dry_run or ask.out is not None)
        group = find_group(world.store, ask.group, change=changes)
        scopes = [group.id]
        if ask.plan is not None:
            only = frozenset({find_plan(world.store, group.id, ask.plan, change=changes).id})
    systems = frozenset(ask.systems) or None
    filters = changeset.Filters(
        tuple(scopes),
        None if only is None else tuple(sorted(only)),
        None if systems is None else tuple(sorted(systems)),
        tuple(sorted(ask.force)),
    )
    # A changeset names everything it read, so it reads everything.
    return Mode(full=ask.out is not None, force=frozenset(ask.force), only=only, systems=systems), scopes, filters


def _take_down(session: Session, came: Came, world: World, labels: Labels) -> None:
    for report in came.reports:
        doc = preview.describe(report, world, labels, dry_run=came.dry_run)
        doc["cannot_be_created"] = [
            {key: one[key] for key in ("link", "label", "system", "problem")}
            for one in came.refused.get(report.scope, ())
        ]
        came.docs.append(doc)
        counts = {key: doc["counts"][key] for key in ("plans", "fields", "questions")}
        session.log.info(
            "group_previewed" if came.dry_run else "group_synced", group=report.scope, result=report.result, **counts
        )
        for why in report.failed:
            session.log.warning("write_failed", group=report.scope, why=why)
    came.guards = [
        preview.question_doc(one.proposal, one.id) | {"names": preview.names_in(one.proposal, world.store)}
        for one in world.store.questions(status=("open", "decided"))
        if one.proposal.scope.startswith("system:")
    ]
    for one in came.seen:
        seen = one.observed
        if seen.errors:
            session.log.warning("vendor_failed", system=seen.system, why="; ".join(seen.errors))
        else:
            session.log.info("system_observed", system=seen.system, counts=seen.counts)


# -- saved changesets --------------------------------------------------------------------------------------------------


def _check_new(file: Path) -> None:
    if file.exists():
        raise ConfigError("it is there already", file=str(file), hint="Name another file, or take that one away first.")


def _save(file: Path, came: Came, world: World, filters: changeset.Filters) -> None:
    saved = changeset.save(((one.changeset, one.view) for one in came.reports), world.epoch, filters, world.now())
    try:
        file.write_text(changeset.to_json(saved), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"it cannot be written: {error.strerror}", file=str(file)) from error
    writes = count(len(saved.writes), "write")
    way = command("syncd", "sync", "--apply", str(file))
    came.said.append(f"{file}: {writes} saved; `{way}` carries out just these, or refuses.")


async def _apply(session: Session, ask: Ask, file: Path, saved: changeset.Saved) -> int:
    """Carry out what a dry run saved, if a new one reads and decides the very same."""
    filters = saved.filters
    progress = Progress()
    async with session.world(ask.wait_s) as world, AsyncExitStack() as locks:
        if (used := world.store.get("applied", saved.key)) is not None:
            raise RefusedRunError(
                f"{file} was applied already, {when(used['at'])} by {used['by']}",
                hint="A changeset works once; make a new one with `syncd sync --dry-run --out FILE`.",
            )
        # Nobody observes and nobody writes from here on, so what is compared is what is carried out.
        for name in sorted({*filters.groups, *(f"observe:{name}" for name in world.systems)}):
            await locks.enter_async_context(world.lock(name))
        world = replace(world, lock=no_lock)  # noqa: PLW2901 - the same world; its locks are held
        came = Came(dry_run=False)
        came.seen = await observe_all(world, progress, force=filters.force)
        mode = Mode(
            may_replan=False,
            full=True,
            force=frozenset(filters.force),
            only=None if filters.links is None else frozenset(filters.links),
            systems=None if filters.systems is None else frozenset(filters.systems),
        )
        trial = replace(world, store=world.store.fork())
        tried = [await run_once(scope, trial, replace(mode, preview=True)) for scope in filters.groups]
        now = changeset.save(((one.changeset, one.view) for one in tried), world.epoch, filters, world.now())
        _refuse(file, changeset.differences(saved, now))
        world.store.put("applied", saved.key, {"at": world.now(), "by": session.by, "file": str(file)})
        came.reports = [await run_once(scope, world, mode) for scope in filters.groups]
        progress.done()
        labels = Labels.of(world.store)
        _take_down(session, came, world, labels)
        came.said += show_from(world.store, session.review, now=world.now()).said
        return _finish(session, came, ask, labels)


_MOST = 5


def _refuse(file: Path, found: Sequence[str]) -> None:
    if not found:
        return
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    raise RefusedRunError(
        f"{file} does not fit any more, so nothing was written: {'; '.join(found[:_MOST])}{more}",
        hint="Look at what is different with a new `syncd sync --dry-run --out FILE`, and apply that.",
    )


# -- what is printed ---------------------------------------------------------------------------------------------------


def _finish(session: Session, came: Came, ask: Ask, labels: Labels) -> int:
    code = came.code(check=ask.check)
    if session.json:
        print_json(_document(came, code))
        return code
    if session.csv:
        print_csv(_HEAD, _differences(came))
        return code
    _print(came, labels)
    return code


_HEAD = ("group", "plan", "link", "what", "system", "record", "field", "old", "new", "rule", "state", "note")


def _differences(came: Came) -> Iterator[tuple[object, ...]]:
    """Give a line for everything that is or would be written, is owed, or is asked."""
    for doc in came.docs:
        for plan in doc["plans"]:
            head = (doc["label"], plan["label"], plan["link"])
            for one in plan["changes"]:
                told = (one[key] for key in ("system", "record", "field", "old", "new", "rule", "state"))
                yield (*head, "change", *told, one.get("note", ""))
            for one in plan["operations"]:
                yield (
                    *head,
                    one["operation"],
                    one["system"],
                    one["record"],
                    "",
                    "",
                    "",
                    one["rule"],
                    one["state"],
                    one.get("note", ""),
                )
            for one in plan["waiting"]:
                yield (*head, "waiting", one["system"], "", one["field"], "", one["new"], "", "owed", one["why"])
            for one in plan["questions"]:
                yield (
                    *head,
                    one["kind"],
                    "",
                    "",
                    one["name"],
                    "",
                    screen.held_text(one),
                    one["rule"],
                    "asked",
                    one["why"],
                )
        for one in doc["questions"]:
            yield (
                doc["label"],
                one["plan"],
                "",
                one["kind"],
                "",
                "",
                one["name"],
                "",
                "",
                one["rule"],
                "asked",
                one["why"],
            )


def _document(came: Came, code: int) -> dict[str, Any]:
    return {
        "command": "sync",
        "dry_run": came.dry_run,
        "systems": [one.as_json() for one in came.seen],
        "answers": {
            "taken": [one.id for one in came.collected.decided],
            "not_used": [str(one) for one in came.collected.errors],
            "late": [str(one) for one in came.collected.late],
            "asked_again": [one.id for one in came.collected.reissued],
        },
        "groups": came.docs,
        "locked": came.locked,
        "guards": came.guards,
        "said": came.said,
        "exit": code,
    }


def _print(came: Came, labels: Labels) -> None:
    for one in came.seen:
        say(one.line())
    _print_answers(came.collected)
    quiet = 0
    for doc in came.docs:
        if _is_quiet(doc):
            quiet += 1
            continue
        say("", *screen.lines(doc, dry_run=came.dry_run))
    for scope, why in came.locked.items():
        tell(f"{labels.group(scope)}: left out, {why}")
    if came.guards:
        say("", styled("Systems stopped by a guard", "bold"), *screen.guard_lines(came.guards))
    say("", *_closing(came, quiet), *came.said)


def _is_quiet(doc: preview.Doc) -> bool:
    return not (doc["plans"] or doc["questions"] or doc["failed"] or doc["away"] or doc["notes"])


def _print_answers(collected: Collected) -> None:
    if collected.decided:
        say(f"answers taken from review files: {len(collected.decided)}")
    if collected.reissued:
        say(f"answers to questions that have changed since, asked again: {len(collected.reissued)}")
    for late in collected.late:
        tell(f"note: {late}")
    for error in collected.errors:
        tell(f"note: an answer was not used: {error}")
        tell(f"  hint: {error.hint}")


def _closing(came: Came, quiet: int) -> list[str]:
    """Sum up, and name the one command that goes on."""
    if not came.docs and not came.locked:
        return ["No group is linked yet, so nothing is in step and nothing was written.", "Go on with `syncd groups`."]
    said = []
    if quiet:
        said.append(f"{count(quiet, 'group')}: nothing to do.")
    if len(came.docs) > 1 or quiet:
        said.append(styled(f"Total: {screen.total_line(came.docs, dry_run=came.dry_run)}", "bold"))
    questions = sum(doc["counts"]["questions"] for doc in came.docs) + len(came.guards)
    if came.dry_run:
        if any(_writes(doc) for doc in came.docs):
            said.append("Nothing was written: this was a dry run. `syncd sync` carries it out.")
    elif questions:
        said.append("Answer with `syncd review list`.")
    return said
