"""`syncd import`: find an account by name or number, link its group, show both sides' plans, write a decision file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd import importing, linking
from syncd.apply.world import no_lock
from syncd.cli import creating, link_file, preview, schemas, screen
from syncd.cli.commands.link import draft_of
from syncd.cli.commands.plans import linked_doc
from syncd.cli.confirm import confirmed
from syncd.cli.link_file import about
from syncd.cli.names import Labels, member_text, plans_of, records_of
from syncd.cli.observing import observe_new
from syncd.cli.out import Progress, count, print_json, say, short, styled, table
from syncd.cli.run import OK, PARTIAL
from syncd.connectors.base import Account
from syncd.errors import ConfigError, RecordError, TransientError
from syncd.importing import Counterparts, Found
from syncd.reconcile.types import Link, Stray
from syncd.sync import PREVIEW, Report, run_once
from syncd.text.show import command, quoted_word

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.session import Session


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be imported, and into what."""

    system: str
    name: str = ""
    number: str = ""
    into: tuple[str, ...] = ()
    create_in: str | None = None
    source: str | None = None
    pick: str | None = None
    refresh: bool = False
    out: Path | None = None
    dry_run: bool = False


def run(session: Session, ask: Ask) -> int:
    """Import one account."""
    if bool(ask.name.strip()) == bool(ask.number.strip()):
        raise ConfigError("say which account: --number N or --name TEXT", hint="One of the two, not both.")
    if ask.into and ask.create_in:
        raise ConfigError("--into names a group that is there, --create-in makes one", hint="Give one of the two.")
    if ask.out is not None and ask.out.exists():
        raise ConfigError(
            "it is there already, and somebody may have written in it", file=str(ask.out), hint="Name another file."
        )
    into = records_of(ask.into)
    if ask.system in into:
        raise ConfigError(f"--into names a record of another system than {ask.system}", hint="For example quote=G-104.")
    return asyncio.run(_run(session, ask, into))


async def _run(session: Session, ask: Ask, into: Mapping[str, str]) -> int:
    async with session.world(dry_run=ask.dry_run) as world:
        found = await importing.search(
            world, ask.system, name=ask.name.strip(), number=ask.number.strip(), refresh=ask.refresh
        )
        if not session.json:
            _print_found(found, ask)
        if not found.accounts:
            raise _nothing(found, ask)
        account = importing.picked(found, ask.pick)
        told = {"command": "import", "system": found.system, "as_of": found.as_of, "matches": _accounts(found)}
        if account is None:
            if session.json:
                print_json({**told, "picked": None, "exit": OK})
            else:
                say("", f"Go on with one of them: `{_again(ask)} --pick ID`.")
            return OK
        told["picked"] = account.id
        return await _import(session, ask, into, world, account, told)


async def _import(
    session: Session, ask: Ask, into: Mapping[str, str], world: World, account: Account, told: dict[str, Any]
) -> int:
    """Go on with the one account that is meant."""
    link = importing.held_by(world, ask.system, account.id)
    wanted = {system: id_ for system, id_ in into.items() if link is None or (system, id_) not in _records(link)}
    if link is None or wanted or (ask.create_in and ask.create_in not in dict(_records(link))):
        others = {name: live for name, live in world.systems.items() if name != ask.system or ask.create_in}
        await observe_new(replace(world, systems=others), Progress(), failed=True)
        await importing.look_at(world, {ask.system: account.id})
        if ask.create_in:
            return await _create(session, ask, world, account, told)
        if not wanted:
            return _offer(session, ask, world, account, told)
        await importing.look_at(world, wanted)
        members = {ask.system: account.id, **wanted}
        records = " · ".join(f"{system} {id_} “{_label(world, system, id_)}”" for system, id_ in members.items())
        if not ask.dry_run and not confirmed(session, f"Link {records} as one client?"):
            return OK
        link = await linking.link_groups(world, members, source=ask.source, by=session.by)
        session.log.info("group_linked", group=link.id, systems=sorted({ask.system, *wanted}))
        await importing.look_at_link(world, link)
        told["linked"] = "now"
        if not session.json:
            say("", f"linked: “{link.label}” {link.id} ({member_text(link)})")
        return await _finish(session, ask, world, link, told, write=True)
    await importing.look_at_link(world, link)
    told["linked"] = "before"
    if not session.json:
        say("", f"It is linked already, as “{link.label}” {link.id} ({member_text(link)}).")
    return await _finish(session, ask, world, link, told, write=ask.out is not None)


def _label(world: World, system: str, record_id: str) -> str:
    row = world.store.snapshots(system, "group", [record_id]).get(record_id)
    return row.label if row is not None else "not seen"


def _records(link: Link) -> set[tuple[str, str]]:
    return {(member.system, member.id) for member in link.members}


# -- what was found ----------------------------------------------------------------------------------------------------


def _accounts(found: Found) -> list[dict[str, Any]]:
    return [{"id": one.id, "name": one.name, "number": one.number, "facts": dict(one.facts)} for one in found.accounts]


def _print_found(found: Found, ask: Ask) -> None:
    if not found.accounts:
        return
    facts = tuple(dict.fromkeys(key for one in found.accounts for key in one.facts))
    rows = [
        (one.id, one.number or "-", short(one.name, 44), *(one.facts.get(key, "") for key in facts))
        for one in found.accounts
    ]
    what = f"number {ask.number.strip()}" if ask.number.strip() else f"“{ask.name.strip()}”"
    say(f"{count(len(rows), 'account')} of {found.system} for {what} (list of {found.as_of}):")
    say(*table(rows, ("id", "number", "name", *facts), indent="  "))


def _nothing(found: Found, ask: Ask) -> RecordError:
    what = f"the number {ask.number.strip()}" if ask.number.strip() else f"a name with “{ask.name.strip()}” in it"
    return RecordError(
        f"no account has {what}, in the list of {found.as_of}",
        system=found.system,
        hint="The list was read anew before this was said. Check the spelling, and that our login may see the account.",
    )


def _again(ask: Ask) -> str:
    """Give the command that was typed, as far as it says which account is meant."""
    what = ("--number", ask.number) if ask.number.strip() else ("--name", ask.name)
    return command("syncd", "import", ask.system, *what, *(("--pick", ask.pick) if ask.pick else ()))


# -- candidates --------------------------------------------------------------------------------------------------------


def _offer(session: Session, ask: Ask, world: World, account: Account, told: dict[str, Any]) -> int:
    """Show what may be the counterpart of the account, and the command that goes on."""
    stray = importing.unlinked_group(world, ask.system, account.id)
    found = importing.counterparts(stray, importing.possible(world, ask.system))
    makers = [
        system
        for system, live in sorted(world.systems.items())
        if "group" in live.lenses and system != ask.system and not linking.takes_no_groups(world, system)
    ]
    if session.json:
        print_json({**told, "linked": "", **_offered(found), "can_create_in": makers, "exit": OK})
        return OK
    again = _again(ask)
    say("", f"Which group is {ask.system} {account.id} “{stray.label}” elsewhere?")
    for one in found.candidates:
        say(
            f"  {one.score:4.0%}  {one.system} {one.id} “{one.label}”",
            styled(f"        {one.reasons}", "dim"),
            f"        {again} --into {quoted_word(f'{one.system}={one.id}')}",
        )
    if not found.candidates:
        say("  No group of another system shares a tax id or an account number with it.")
    if found.namesakes:
        rows = [(one.system, one.id, one.label) for one in found.namesakes]
        say("", "  Only called alike, which is no evidence; look before you take one:", *table(rows, indent="    "))
    say("", f"Link it with the one you know: `{again} --into SYSTEM=ID`.")
    if makers:
        say(f"Or create it: `{again} --create-in {makers[0]} --dry-run` shows what would be created.")
    return OK


def _offered(found: Counterparts) -> dict[str, Any]:
    return {
        "candidates": [
            {
                "system": one.system,
                "id": one.id,
                "label": one.label,
                "score": round(one.score, 3),
                "reasons": one.reasons,
            }
            for one in found.candidates
        ],
        "namesakes": [{"system": one.system, "id": one.id, "label": one.label} for one in found.namesakes],
    }


# -- a counterpart that is created -------------------------------------------------------------------------------------


async def _create(session: Session, ask: Ask, world: World, account: Account, told: dict[str, Any]) -> int:
    """Show the group that is created, and create it by a run of its link alone."""
    assert ask.create_in is not None  # noqa: S101 - the caller asked
    trial = replace(world, store=world.store.fork(), lock=no_lock)
    link = await linking.copy_group(trial, ask.system, account.id, ask.create_in, by=session.by)
    shown = await run_once(link.scope, trial, PREVIEW)
    new = [one for one in await creating.checked(shown.changeset, trial) if one["link"] == link.id]
    told["created"] = new
    _check_made(shown, ask.create_in)
    if not session.json:
        for one in new:
            say("", *creating.lines(one))
    problem = next((one["problem"] for one in new if one["problem"]), "")
    if problem:
        hint = f"Fill it in in {ask.system}, or create the group in {ask.create_in} and link it with --into."
        raise RecordError(f"it cannot be created: {problem}", system=ask.create_in, hint=hint)
    if not ask.dry_run and not confirmed(session, f"Create it in {ask.create_in}?"):
        return OK
    link = await linking.copy_group(world, ask.system, account.id, ask.create_in, by=session.by)
    code = OK
    if ask.dry_run:
        doc = preview.describe(shown, world, Labels.of(world.store), dry_run=True, only=frozenset({link.id}))
    else:
        link, report = await importing.create_counterpart(world, link)
        session.log.info("group_created", group=link.id, system=ask.create_in, result=report.result)
        doc = preview.describe(report, world, Labels.of(world.store), dry_run=False, only=frozenset({link.id}))
        code = PARTIAL if importing.awaited(link) else OK
    told["run"] = doc
    if not session.json:
        say("", *screen.lines(doc, dry_run=ask.dry_run))
    await importing.look_at_link(world, link)
    told["linked"] = "now"
    return await _finish(session, ask, world, link, told, write=not importing.awaited(link), code=code)


def _check_made(shown: Report, system: str) -> None:
    """Refuse to call it a preview when a system that it is about did not answer."""
    if system in shown.away:
        told = f"it cannot be said what would be created: {shown.away[system]}"
        raise TransientError(told, system=system, hint="Nothing was stored. Try again when it answers: `syncd doctor`.")


# -- both sides' plans -------------------------------------------------------------------------------------------------


async def _finish(
    session: Session, ask: Ask, world: World, link: Link, told: dict[str, Any], *, write: bool, code: int = OK
) -> int:
    """Show both sides' plans, and write the decision file."""
    draft = await draft_of(link, world)
    linked = [linked_doc(one, world) for one in plans_of(world.store, link.id)]
    asked = [stray for key, stray in draft.strays.items() if key not in draft.aside]
    rows = importing.side_by_side(asked)
    file: Path | None = None
    if write and asked and not ask.dry_run:
        file = ask.out or _free(link)
        _write(file, draft, session.config.folder)
    if session.json:
        told |= {
            "group": {"id": link.id, "label": link.label, "members": dict(_records(link))},
            "plans": {"linked": linked, "side_by_side": [_row(row) for row in rows]},
            "file": str(file) if file is not None else None,
            "dry_run": ask.dry_run,
            "exit": code,
        }
        print_json(told)
        return code
    if linked:
        state = [(one["link"], short(one["label"], 40), one["records"], one["state"]) for one in linked]
        say("", "Linked plans:", *table(state, ("plan", "name", "records", "state"), indent="  "))
    if asked:
        systems = [member.system for member in link.members]
        say("", f"Linked to nothing ({count(len(asked), 'plan')}):", *_beside(rows, systems))
    elif not linked:
        say("", "Neither side has a plan of this group.")
    _print_next(ask, link, asked, file)
    return code


def _print_next(ask: Ask, link: Link, asked: Sequence[Stray], file: Path | None) -> None:
    """Say how to go on."""
    if ask.dry_run:
        say("", "Nothing was stored: this was a dry run.")
    elif file is not None:
        say(
            "",
            f"{file}: decide in it for each plan: leave blank, copy, or link with a source of truth for each section.",
            f"Then look at `{command('syncd', 'link', link.id, str(file), '--dry-run')}`.",
        )
    elif asked:
        say("", f"Decide about them in a file: `syncd link {link.id} --out FILE`.")


def _beside(rows: Sequence[importing.Row], systems: Sequence[str]) -> list[str]:
    cells = []
    for row in rows:
        cells.append((*(_plan(row.plans.get(system)) for system in systems), f"{row.score:.0%}" if row.score else ""))
        second = tuple(short(about(row.plans[system]), 48) if system in row.plans else "" for system in systems)
        cells.append((*("  " + text if text else "" for text in second), ""))
    return table(cells, (*systems, "likely"), indent="  ")


def _plan(stray: Stray | None) -> str:
    return f"{stray.id}  {short(stray.label, 40)}" if stray is not None else "-"


def _row(row: importing.Row) -> dict[str, Any]:
    plans = {
        system: {"id": one.id, "label": one.label, "about": about(one)} for system, one in sorted(row.plans.items())
    }
    return {"plans": plans, "score": round(row.score, 3), "reasons": row.reasons}


def _free(link: Link) -> Path:
    """Name the decision file after the group; one that is there is never written over."""
    name = re.sub(r"[^a-z0-9]+", "-", link.label.casefold()).strip("-")[:40] or link.id
    number = 1
    while (file := Path(f"{name}{f'-{number}' if number > 1 else ''}.yaml")).exists():
        number += 1
    return file


def _write(file: Path, draft: link_file.Draft, folder: Path) -> None:
    try:
        mark = schemas.mark("link", file, folder)
        file.write_text(mark + link_file.render(draft), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"it cannot be written: {error.strerror}", file=str(file)) from error
