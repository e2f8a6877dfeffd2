"""Carry hand-offs into the systems that they are about, where these have a notebook for the people who work there.

A standing hand-off is a note in its system: one per member and atom, found again by its marker, brought up to date when
the value to enter moves, and marked as done when the question closes. What is about to be sent is stored first, so that
a crash never leaves a second note; a notebook that fails is tried again by the next run and stops nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias, cast

from syncd.apply.world import World
from syncd.apply.write import Done, Pauses
from syncd.connectors.base import Note, Notebook
from syncd.errors import ConnectorError, RecordError, UnknownOutcomeError
from syncd.model import fields, paths
from syncd.model.records import Kind
from syncd.model.shown import shown
from syncd.model.values import EMPTY
from syncd.reconcile.questions import digest_of
from syncd.reconcile.types import Link, Proposal, System
from syncd.store.rows import Question

State: TypeAlias = Literal["intended", "open", "closed"]

_ENTER = re.compile(r"enter ((?:[^\[=]*\[[^\]]*\])?.*?) = (.*)", re.DOTALL)
"""A value to enter, as reconcile writes it into the evidence; the class in a path may hold anything but brackets."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a note. `state`: intended (sent perhaps, not confirmed) -> open | closed; `id`: its native
    id, "" while it is not known; `digest`: of what it says, or was to say."""

    question: str
    system: System
    note: Note
    digest: str
    state: State
    id: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do in a notebook: leave a note, bring it up to date, or mark it as done."""

    what: Literal["leave", "update", "close"]
    stem: str
    question: str
    system: System
    note: Note
    kept: Kept | None = None


def errands(scope: str, world: World) -> tuple[Errand, ...]:
    """Say what is to be done in the notebooks of a group's systems, in the order of their questions. Reads only."""
    books = {name for name, system in world.systems.items() if isinstance(system.connector, Notebook)}
    kept = _kept(scope, world) if books else {}
    found: list[Errand] = []
    standing: set[str] = set()
    for question in world.store.questions(scope) if books else ():
        stem = question.id.rpartition("-")[0]
        system = question.proposal.name.partition(":")[0]
        if question.proposal.kind != "hand-off" or system not in books:
            continue
        standing.add(stem)
        note = _note(question, stem, system, world)
        old = kept.get(stem)
        if note is None or (old is not None and old.state == "open" and old.digest == _digest(note)):
            continue
        found.append(Errand("update" if old is not None and old.id else "leave", stem, question.id, system, note, old))
    for stem, old in kept.items():
        if stem not in standing and old.state != "closed" and old.system in books and not _waits(old, world):
            found.append(Errand("close", stem, old.question, old.system, replace(old.note, done=True), old))
    return tuple(found)


def _waits(kept: Kept, world: World) -> bool:
    """Tell whether the question is answered and no run has used the answer yet."""
    question = world.store.question(kept.question)
    return question is not None and question.status == "decided"


async def hand_off(scope: str, world: World, paused: Mapping[System, str], done: Done) -> tuple[Errand, ...]:
    """Leave, update and close the notes of a group; give what was done. What fails is told in `done` and tried again by
    the next run. `paused`: systems that take no write in this run."""
    pauses = Pauses(world, scope)
    carried: list[Errand] = []
    for errand in errands(scope, world):
        if errand.system in paused or errand.system in done.away or errand.system in pauses.now():
            continue
        try:
            await _run(errand, scope, world)
            carried.append(errand)
        except RecordError as error:
            done.failed.append(f"{error} (note {errand.note.marker})")
        except ConnectorError as error:
            if not isinstance(error, UnknownOutcomeError):
                done.away[errand.system] = str(error)
            done.failed.append(f"{error} (note {errand.note.marker})")
    return tuple(carried)


async def _run(errand: Errand, scope: str, world: World) -> None:
    """Do one errand: journal, search, send, remember."""
    book = cast("Notebook", world.systems[errand.system].connector)
    old = errand.kept
    tried = old is not None and old.state == "intended"
    kept = Kept(errand.question, errand.system, errand.note, _digest(errand.note), "intended", old.id if old else "")
    _keep(errand.stem, kept, scope, world)
    world.effect("after_note_journal")
    says: Note | None = None
    if not kept.id:
        found = await _find(book, kept.note, world, again=tried)
        if found is not None:
            kept, says = replace(kept, id=found[0]), found[1]
    if not kept.id and kept.note.done:
        _keep(errand.stem, None, scope, world)  # it was never left, so there is nothing to mark as done
        return
    if says != kept.note:
        kept = replace(kept, id=await _send(book, kept, errand.stem, scope, world))
        world.effect("after_note")
    _keep(errand.stem, replace(kept, state="closed" if kept.note.done else "open"), scope, world)


async def _find(book: Notebook, note: Note, world: World, *, again: bool) -> tuple[str, Note] | None:
    """Search a note by its marker; one that may have been sent is looked for twice, for it may be shown late."""
    found = await book.find_note(note.group, note.marker)
    if found is None and again:
        await world.clock.sleep(world.settle_s)
        found = await book.find_note(note.group, note.marker)
    return found


async def _send(book: Notebook, kept: Kept, stem: str, scope: str, world: World) -> str:
    """Write a note, once. Without a reply it is searched; one that was thrown away there is left anew next time."""
    try:
        return await book.write_note(kept.note, kept.id or None)
    except UnknownOutcomeError:
        found = await _find(book, kept.note, world, again=True)
        if found is not None:
            _keep(stem, replace(kept, id=found[0]), scope, world)
        if found is None or found[1] != kept.note:
            raise
        return found[0]
    except RecordError:
        if kept.id and await book.find_note(kept.note.group, kept.note.marker) is None:
            _keep(stem, None if kept.note.done else replace(kept, id=""), scope, world)
        raise


# -- what a note says -------------------------------------------------------------------------------------------------


def _note(question: Question, stem: str, system: System, world: World) -> Note | None:
    """Write the note of a hand-off; None while the group has no record in the system."""
    proposal = question.proposal
    link = cast("Link", world.store.link(proposal.link))  # a hand-off is about a link, and none is ever forgotten
    home = link if link.kind == "group" else world.store.link(link.scope)
    group = [m.id for m in home.members if m.system == system and m.status == "live"] if home is not None else []
    if not group or link.kind == "generic":
        return None
    told = proposal.members.get(system, {})
    record = str(told.get("id", ""))
    which = f"{link.label} ({record})" if record and not record.startswith("(new ") else link.label
    marker = f"syncd:{stem}"
    lines = [f"Please enter in {link.kind} {', '.join([which, *_about(link)])}:", *_lines(proposal, told, link.kind)]
    lines += [f"Why: {proposal.why.rstrip('.')}.", "This closes itself when the values are there."]
    return Note(group[0], marker, f"syncd: enter {_what(proposal, link.kind)} of {link.label}", "\n".join(lines))


def _about(link: Link) -> list[str]:
    """Tell plans of one name apart: carrier and plan year."""
    known = ((path, link.agreed.get(path, EMPTY)) for path in ("details.carrier", "details.effective_date"))
    return [shown(path, value) for path, value in known if value is not EMPTY] if link.kind == "plan" else []


def _lines(proposal: Proposal, told: Mapping[str, object], kind: Kind) -> list[str]:
    """Tell value by value what to enter, and what stands there now."""
    held = told.get("values")
    now = held if isinstance(held, Mapping) else {}
    lines = []
    for line in proposal.evidence:
        [(path, value)] = _ENTER.findall(line)
        stands = f", now {now[path] or 'empty'}" if path in now else ""
        lines.append(f"- {_title(path, kind)}: {value}   ({path}{stands})")
    return lines


def _title(path: str, kind: Kind) -> str:
    """Name a field as people know it, with the class and date of its set."""
    key = path.partition("[")[2].partition("]")[0]
    title = fields.title_of(path, kind)
    return f"{title} [{key}]" if key else title


def _what(proposal: Proposal, kind: Kind) -> str:
    atom = proposal.name.partition(":")[2]
    if not atom:
        return "the record"
    key = paths.parse(atom).key
    if isinstance(key, paths.SetKey):
        return f"{paths.section(atom)} of {key}"
    return fields.title_of(atom, kind)


def _digest(note: Note) -> str:
    return digest_of(note.group, note.marker, note.subject, note.text, str(note.done))


# -- what is remembered -----------------------------------------------------------------------------------------------


def area(scope: str) -> str:
    """Name the area of the store that holds the notes of a group, by the stem of their questions."""
    return f"notes:{scope}"


def _kept(scope: str, world: World) -> dict[str, Kept]:
    return {stem: _unpacked(told) for stem, told in world.store.items(area(scope)).items()}


def _unpacked(told: dict[str, Any]) -> Kept:
    return Kept(**{**told, "note": Note(**told["note"])})


def _keep(stem: str, kept: Kept | None, scope: str, world: World) -> None:
    world.store.put(area(scope), stem, None if kept is None else asdict(kept))
