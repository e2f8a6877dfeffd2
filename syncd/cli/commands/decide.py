"""`syncd review decide | apply | edit`: answers, given one by one, for many at once, or in files."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.cli.commands.review import Which, find
from syncd.cli.out import count, print_json, say, short, table, tell
from syncd.cli.run import OK, USAGE
from syncd.errors import ConfigError
from syncd.review.answers import Answer, answer_text
from syncd.review.collect import Collected
from syncd.review.errors import ReviewError
from syncd.review.queue import BulkRow, apply_bulk, bulk, collect_into, decide, show_from, withdraw
from syncd.review.tables import cell_effects
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.cli.session import Session


def run(session: Session, words: Sequence[str], which: Which, *, value: bool, note: str, yes: bool) -> int:
    """Answer one question, or many by filter."""
    if which.given:
        if len(words) != 1:
            hint = "Write `syncd review decide --kind conflict --group ACME ANSWER`, or name one ID without filters."
            raise ConfigError("with filters, give the answer alone", field="ANSWER", hint=hint)
        answer: Answer = {"value": words[0]} if value else words[0]
        return decide_many(session, which, answer, note=note, yes=yes)
    if len(words) != 2:  # noqa: PLR2004 - an id and an answer
        missing = "the answer is missing" if len(words) == 1 else "give one answer"
        hint = f"See the answers with `syncd review show {words[0]}`; an answer with blanks in it stands in quotes."
        raise ConfigError(missing, field="ANSWER", hint=hint)
    return decide_one(session, words[0], {"value": words[1]} if value else words[1], note=note)


def decide_one(session: Session, id_: str, answer: Answer, *, note: str = "") -> int:
    """Answer one question; the next run carries it out."""
    with session.store() as store:
        decided = decide(store, id_, answer, time.time(), by=session.by, note=note)
        question = find(store, decided.id)
        show_from(store, session.review, question.proposal.scope, now=time.time())
        session.log.info("question_decided", question=decided.id, kind=decided.kind)
        if session.json:
            print_json({"command": "review decide", "decided": [{"id": decided.id, "answer": answer_text(decided)}]})
            return OK
        say(f"decided {decided.id}: {answer_text(decided)}")
        say(*(f"  {line}" for line in cell_effects(decided, question.proposal)))
        scope = question.proposal.scope
        way = command("syncd", "sync", *(() if scope.startswith("system:") or not scope else (scope,)))
        back = command("syncd", "review", "withdraw", decided.id)
        say(f"`{way}` carries it out; until then `{back}` takes it back.")
    return OK


def take_back(session: Session, ids: Sequence[str], *, note: str = "") -> int:
    """Take back answers that were not carried out yet."""
    with session.store() as store:
        now = time.time()
        taken = [withdraw(store, id_, now, by=session.by, note=note) for id_ in ids]
        show_from(store, session.review, now=now)
        session.log.info("answers_withdrawn", number=len(taken))
        if session.json:
            print_json({"command": "review withdraw", "withdrawn": [one.id for one in taken]})
            return OK
        for one in taken:
            say(f"withdrawn {one.id}; it is open again: `{command('syncd', 'review', 'show', one.id)}`.")
    return OK


def decide_many(session: Session, which: Which, answer: Answer, *, note: str = "", yes: bool) -> int:
    """Preview one answer for many questions; give it with `yes`."""
    filters = which.filters()
    with session.store() as store:
        now = time.time()
        rows = bulk(store, filters, answer, now=now, by=session.by, note=note)
        fit = [row for row in rows if row.decided is not None]
        done = apply_bulk(store, rows, now=now) if yes and fit else ()
        if done:
            show_from(store, session.review, now=now)
            session.log.info("questions_decided", number=len(done))
        if session.json:
            print_json(
                {
                    "command": "review decide",
                    "preview": [_bulk_doc(row) for row in rows],
                    "decided": [{"id": one.id, "answer": answer_text(one)} for one in done],
                }
            )
            return OK
        if not rows:
            say("No open question fits.")
            return OK
        told = [
            (row.row.id, row.row.kind, short(row.row.link, 28), short(row.row.name, 40), _effect(row)) for row in rows
        ]
        say(*table(told, ("id", "kind", "plan", "about", "what it would do")), "")
        if done:
            say(f"decided: {count(len(done), 'question')}. `syncd sync` carries it out.")
        elif fit:
            say(f"{count(len(fit), 'question')} would be answered; nothing was stored. Add --yes to do it.")
        else:
            say("None of them takes this answer.")
    return OK


def _effect(row: BulkRow) -> str:
    return f"not possible: {row.error.message}" if row.error is not None else row.effect


def _bulk_doc(row: BulkRow) -> dict[str, Any]:
    return {
        "id": row.row.id,
        "kind": row.row.kind,
        "plan": row.row.link,
        "about": row.row.name,
        "effect": row.effect or None,
        "error": row.error.message if row.error is not None else None,
    }


def apply(session: Session) -> int:
    """Read the answers in the files now, without a run."""
    with session.store() as store:
        now = time.time()
        collected = collect_into(store, session.review, now)
        shown = show_from(store, session.review, now=now)
        if session.json:
            print_json(
                {
                    "command": "review apply",
                    "decided": [{"id": one.id, "answer": answer_text(one)} for one in collected.decided],
                    "not_used": [_error_doc(error) for error in collected.errors],
                    "asked_again": [one.id for one in collected.reissued],
                    "waiting": [str(path) for path in collected.waiting],
                }
            )
        else:
            _print_collected(collected, shown.said)
    if collected.errors and session.json:
        return USAGE
    if collected.errors:
        for error in collected.errors[1:]:
            tell(f"note: {error}")
        raise collected.errors[0]
    return OK


def _error_doc(error: ReviewError) -> dict[str, Any]:
    where = {"file": error.file, "line": error.line, "question": error.question}
    return {"message": error.message, "hint": error.hint, **where}


def _print_collected(collected: Collected, said: Sequence[str]) -> None:
    for one in collected.decided:
        say(f"decided {one.id}: {answer_text(one)}")
    for question in collected.reissued:
        say(f"asked again {question.id}: what it is about has changed since it was answered")
    for late in collected.late:
        tell(f"note: {late}")
    for path in collected.waiting:
        tell(f"note: {path} was changed just now; it is read when it has rested for 2 s")
    for line in said:
        tell(f"note: {line}")
    if collected.decided:
        say("`syncd sync` carries it out.")
    elif not collected.errors:
        say("No file holds a new answer.")


def edit(session: Session, id_: str) -> int:
    """Open the file of a question in the editor, then read what was decided."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise ConfigError(
            "no editor is named", field="$EDITOR", hint="Set it, for example EDITOR=nano, or use `review decide`."
        )
    with session.store() as store:
        question = find(store, id_)
        file = session.review.file_of(question.id)
        if file is None and question.status == "open":
            show_from(store, session.review, question.proposal.scope, now=time.time())
            file = session.review.file_of(question.id)
    if file is None:
        raise ReviewError(
            "it is not open, so no file shows it", question=question.id, hint="See `syncd review show ID`."
        )
    before = file.stat().st_mtime_ns
    _open(editor, file)
    if not file.exists() or file.stat().st_mtime_ns == before:
        say("The file was not changed.")
        return OK
    # The editor has closed: nobody is writing it any more, so it need not rest first.
    past = time.time() - 10
    os.utime(file, (past, past))
    return apply(session)


def _open(editor: str, file: Path) -> None:
    sys.stdout.flush()
    try:
        code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode  # noqa: S603 - the person's own editor
    except OSError as error:
        raise ConfigError(f"the editor cannot be started: {error.strerror}", field="$EDITOR") from error
    if code:
        raise ConfigError(f"the editor ended with {code}; nothing was read", field="$EDITOR", hint="Try again.")
