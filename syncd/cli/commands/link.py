"""`syncd link` and `syncd unlink`: decide in a file which plans belong together; part them again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd import linking
from syncd.apply.world import no_lock
from syncd.cli import creating, link_file, preview, schemas, screen
from syncd.cli.confirm import confirmed
from syncd.cli.link_needs import Wants
from syncd.cli.names import Labels, find_group, find_plan, member_text, plans_of
from syncd.cli.observing import observe_all
from syncd.cli.out import Progress, count, print_json, say, styled, tell
from syncd.cli.run import OK, OPEN, PARTIAL
from syncd.connectors.base import Need, Needing
from syncd.errors import ConfigError, ConnectorError, RefusedError
from syncd.reconcile.choices import Choice, Doubt
from syncd.reconcile.guards import CHANGESET_GUARDS
from syncd.reconcile.types import Link
from syncd.review.queue import show_from
from syncd.sync import Mode, run_once
from syncd.text.explain import together
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


def run(session: Session, group: str, file: Path | None, out: Path | None, *, dry_run: bool, check: bool) -> int:
    """Write a decision file, or carry one out."""
    if file is not None and out is not None:
        raise ConfigError("name a file to read or a file to write, not both", hint="Leave FILE or --out out.")
    if out is not None and out.exists():
        raise ConfigError(
            "it is there already, and somebody may have written in it", file=str(out), hint="Name another file."
        )
    text = _read(file) if file is not None else ""
    return asyncio.run(_run(session, group, file, text, out, dry_run=dry_run, check=check))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"it cannot be read: {why}", file=str(file), hint="Write one with --out FILE.") from error


async def _run(
    session: Session, group: str, file: Path | None, text: str, out: Path | None, *, dry_run: bool, check: bool
) -> int:
    async with session.world(dry_run=dry_run) as world:
        found = find_group(world.store, group, change=file is not None and not dry_run)
        for one in await observe_all(world, Progress()):
            for error in (*one.observed.errors, *one.observed.tripped):
                tell(f"note: {one.observed.system}: {error}")
        draft = await draft_of(found, world)
        if file is not None:
            return await _decide(session, draft, world, file, text, dry_run=dry_run, check=check)
        if out is not None:
            return _write(session, draft, out)
        return _show(session, draft)


async def draft_of(group: Link, world: World) -> link_file.Draft:
    """Give what a decision file of a group is about, with what systems that may get copies want to know."""
    draft = link_file.Draft(
        group,
        linking.unlinked(group.id, world),
        plans_of(world.store, group.id),
        linking.surfaces(world),
        linking.set_aside_of(world),
        world.origins,
    )
    return replace(draft, wants=await _wants(group, world, draft.all_targets()))


async def _wants(group: Link, world: World, targets: Sequence[str]) -> Wants:
    """Ask the systems that may get copies what they do not know yet of the group."""
    ids = {member.system: member.id for member in group.members if member.status == "live"}
    wanted: dict[str, tuple[Need, ...]] = {}
    away: dict[str, str] = {}
    for system in targets:
        connector = world.systems[system].connector
        if system not in ids or not isinstance(connector, Needing):
            continue
        try:
            wanted[system] = await connector.needs(ids[system])
        except ConnectorError as error:
            away[system] = error.message
            tell(f"note: {system}: it could not be asked what it needs before a plan is created: {error.message}")
    return Wants(wanted, away)


def _write(session: Session, draft: link_file.Draft, out: Path) -> int:
    try:
        mark = schemas.mark("link", out, session.config.folder)
        out.write_text(mark + link_file.render(draft), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"it cannot be written: {error.strerror}", file=str(out)) from error
    if session.json:
        print_json({"command": "link", "group": draft.group.id, "file": str(out), "unlinked": len(draft.strays)})
        return OK
    say(f"{out}: {count(len(draft.strays), 'unlinked plan')} of “{draft.group.label}”, with {_likely(draft)}.")
    say("", f"Fill in `decision:` where you know it, then look at `{_try(draft.group, out)}`.")
    return OK


def _try(group: Link, file: Path) -> str:
    return command("syncd", "link", group.id, str(file), "--dry-run")


def _likely(draft: link_file.Draft) -> str:
    pairs = {frozenset({key, (one.system, one.id)}) for key, found in draft.suggestions().items() for one in found}
    return count(len(pairs), "likely pair")


def _show(session: Session, draft: link_file.Draft) -> int:
    suggestions = draft.suggestions()
    if session.json:
        found = [
            {
                "system": stray.system,
                "id": stray.id,
                "label": stray.label,
                "candidates": [
                    {"system": one.system, "id": one.id, "score": round(one.score, 3), "reasons": one.reasons}
                    for one in suggestions.get(key, ())
                ],
            }
            for key, stray in sorted(draft.strays.items())
        ]
        print_json({"command": "link", "group": draft.group.id, "unlinked": found})
        return OK
    say(f"{count(len(draft.strays), 'unlinked plan')} of “{draft.group.label}”, with {_likely(draft)}.")
    say(f"Write them into a file to decide about them: `syncd link {draft.group.id} --out FILE`.")
    return OK


# -- carrying decisions out --------------------------------------------------------------------------------------------


async def _decide(
    session: Session, draft: link_file.Draft, world: World, file: Path, text: str, *, dry_run: bool, check: bool
) -> int:
    decisions = link_file.parse(text, str(file), draft)
    choices, by = decisions.choices, decisions.by or session.by
    if not choices:
        raise ConfigError(
            "no decision is filled in",
            file=str(file),
            hint="Put one of the decisions named at its head behind `decision:`.",
        )
    scope = draft.group.id
    trial = replace(world, store=world.store.fork(), lock=no_lock)
    came = linking.link_plans(trial, scope, choices, by=by)
    ids = frozenset(link.id for link in came.links)
    mode = Mode(preview=True, only=ids, force=frozenset(CHANGESET_GUARDS))
    report = await run_once(scope, trial, mode)
    doc = preview.describe(report, trial, Labels.of(trial.store), dry_run=True, only=ids)
    new = await creating.checked(report.changeset, trial)
    doubts = linking.doubtful(world, scope, choices)
    shown = [*_shown(draft, came, doc, new), *_doubts(doubts)]
    if not dry_run:
        _check_doubts(doubts, file)
        _check_creates(new, file)
        # No lock is held while a person thinks: what moves meanwhile is refused, or beyond what was approved.
        if not confirmed(session, "Link them so?", *shown):
            return OK
        async with world.lock(scope):
            whole = await run_once(scope, trial, Mode(preview=True))
            await _settle(decisions, draft, world, file)
            with world.store.transaction():
                came = linking.link_plans(world, scope, choices, by=by)
                linking.approve(world, report.changeset, whole.changeset, by=by)
            session.log.info("plans_linked", group=scope, links=len(came.links), aside=len(came.aside))
            show_from(world.store, session.review, scope, now=world.now())
    code = OPEN if check and (doc["counts"]["fields"] or doc["counts"]["creates"] or preview.is_open(doc)) else OK
    if dry_run and report.away:
        code = PARTIAL  # what a system that did not answer would get is not in this preview
    if session.json:
        document = _document(draft, came, choices, doc, dry_run=dry_run, code=code)
        document |= {"nothing_speaks_for": [str(one) for one in doubts]}
        print_json({**document, "created": new, "needs": {system: dict(s) for system, s in decisions.answers.items()}})
        return code
    say(*shown, "", _closing(draft, came, dry_run=dry_run))
    return code


async def _settle(decisions: link_file.Decisions, draft: link_file.Draft, world: World, file: Path) -> None:
    """Let systems remember what they asked for; all of the file is known to be valid by now."""
    ids = {member.system: member.id for member in draft.group.members}
    for system, said in decisions.answers.items():
        connector = world.systems[system].connector
        if not isinstance(connector, Needing):
            continue
        try:
            await connector.settle(ids[system], said)
        except RefusedError as error:
            key = next((one for one in said if one == error.field), "")
            place = ".".join(filter(None, (system, key)))
            raise ConfigError(
                error.message,
                file=str(file),
                line=decisions.lines.get(place),
                field=f"needs.{place}",
                hint=error.hint,
            ) from error


def _document(
    draft: link_file.Draft,
    came: linking.LinkedPlans,
    choices: Sequence[Choice],
    doc: preview.Doc,
    *,
    dry_run: bool,
    code: int,
) -> dict[str, Any]:
    return {
        "command": "link",
        "group": draft.group.id,
        "dry_run": dry_run,
        "decisions": len(choices),
        "links": [
            {
                "link": link.id,
                "label": link.label,
                "members": {m.system: m.id for m in link.members if m.status != "awaited"},
                "to_be_created": [m.system for m in link.members if m.status == "awaited"],
                "sources": dict(link.sources),
                "follow": link.follow,
            }
            for link in came.links
        ],
        "set_aside": [{"system": system, "id": record_id} for system, record_id in came.aside],
        "asked": [{"system": system, "id": record_id} for system, record_id in came.asked],
        "preview": doc,
        "exit": code,
    }


def _shown(
    draft: link_file.Draft, came: linking.LinkedPlans, doc: preview.Doc, new: Sequence[preview.Doc]
) -> list[str]:
    """Say what is decided, and what it does."""
    links = [f"{styled('link', 'green')}    {one.label}  {member_text(one)}{_terms(one)}" for one in came.links]
    aside = [f"ignore  {draft.strays[key].label}  {' '.join(key)}" for key in came.aside]
    asked = [f"ask     {draft.strays[key].label}  {' '.join(key)}" for key in came.asked]
    what = ["", "What linking does, once:", "", *screen.lines(doc, dry_run=True)] if came.links else []
    return [*links, *aside, *asked, *what, *(line for one in new for line in ("", *creating.lines(one)))]


def _doubts(doubts: Sequence[Doubt]) -> list[str]:
    """Warn of pairs that nothing speaks for."""
    if not doubts:
        return []
    told = [f"  ! {one}" + ("; the decision says so (evidence: none)" if one.said else "") for one in doubts]
    return [
        "",
        *(styled(line, "yellow") for line in told),
        *([] if all(one.said for one in doubts) else [f"    {_SAY}"]),
    ]


_SAY = "If they are the same plan all the same, say so in the decision: {link: …, evidence: none}."


def _check_doubts(doubts: Sequence[Doubt], file: Path) -> None:
    """Refuse to link by a slip of the pen what nothing speaks for."""
    for one in doubts:
        if not one.said:
            raise ConfigError(str(one), file=str(file), field=" ".join(one.one), hint=_SAY)


def _check_creates(new: Sequence[preview.Doc], file: Path) -> None:
    """Refuse to decide for copies that their system would refuse: nothing would come of it but a question."""
    wrong = [
        ConfigError(creating.problem_line(one), file=str(file), field=one["system"], hint=_MEND)
        for one in new
        if one["refused"]
    ]
    if wrong:
        raise together(wrong)


_MEND = "Nothing was stored. Mend that, or leave the decision about this plan empty; --dry-run shows all of it."


def _closing(draft: link_file.Draft, came: linking.LinkedPlans, *, dry_run: bool) -> str:
    if dry_run:
        return "Nothing was stored: this was a dry run."
    if not came.links:
        return "Stored."
    return f"{count(len(came.links), 'plan')} linked. `syncd sync {draft.group.id}` writes what is shown here."


def _terms(link: Link) -> str:
    """Tell the terms of a link."""
    if not link.follow:
        return "  (copied once)"
    told = linking.sources_told(link.sources)
    return f"  ({told})" if told else ""


# -- parting -----------------------------------------------------------------------------------------------------------


def unlink(session: Session, group: str, plan: str, *, reason: str = "") -> int:
    """Part the records of a plan."""
    return asyncio.run(_unlink(session, group, plan, reason))


async def _unlink(session: Session, group: str, plan: str, reason: str) -> int:
    async with session.world() as world:
        found = find_plan(world.store, find_group(world.store, group, change=True).id, plan, change=True)
        if not confirmed(session, f"Part the records of “{found.label}” {found.id} ({member_text(found)})?"):
            return OK
        parted = await linking.unlink_plan(world, found, by=session.by, note=reason)
        session.log.info("plan_unlinked", group=found.scope, link=found.id)
        show_from(world.store, session.review, found.scope, now=world.now())
        if session.json:
            print_json({"command": "unlink", "link": parted.id, "label": parted.label, "group": parted.scope})
            return OK
        say(f"unlinked: “{parted.label}” {parted.id} ({member_text(parted)})")
        say("Both records and their history stay; neither is written or asked about any more.")
        say(f"To link them again, decide about them in a file: `syncd link {parted.scope} --out FILE`.")
    return OK
