"""`syncd review`: the open questions, one by one or many at once, on the command line or in their files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncd.cli.out import age, count, print_csv, print_json, say, short, styled, table, tell, when, when_exact
from syncd.cli.preview import names_in, question_doc
from syncd.cli.run import OK, OPEN
from syncd.cli.screen import held_text, why_text
from syncd.errors import ConfigError
from syncd.history.diff import steps
from syncd.review.answers import answer_text, choices
from syncd.review.errors import ReviewError
from syncd.review.queue import (
    Filters,
    Row,
    listing,
    names_from,
)
from syncd.review.words import moment, question_of
from syncd.text.nearest import did_you_mean
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.reconcile.types import Proposal
    from syncd.store.rows import Question
    from syncd.store.store import Store

KINDS = (
    *("conflict", "renewal", "missing-record", "link-plans", "suggested-link", "guard", "loss", "hand-off", "hold"),
)


@dataclass(frozen=True, slots=True)
class Which:
    """Which questions are meant."""

    kinds: Sequence[str] = ()
    group: str = ""
    plan: str = ""
    field: str = ""
    system: str = ""
    older_than_days: float = 0.0
    everything: bool = False

    def filters(self) -> Filters:
        """Give the filters; a kind that there is not is an error."""
        for kind in self.kinds:
            if kind not in KINDS:
                raise ConfigError(
                    f"there is no kind of question `{kind}`{did_you_mean(kind, KINDS)}",
                    field="--kind",
                    hint=f"The kinds are {', '.join(KINDS)}.",
                )
        age_s = self.older_than_days * 86400
        return Filters((), tuple(self.kinds), self.group, self.plan, self.field, self.system, age_s)

    @property
    def given(self) -> bool:
        """Tell whether anything narrows the questions, or all of them are meant in so many words."""
        return self != Which()


# -- looking ----------------------------------------------------------------------------------------------------------


def show_list(session: Session, which: Which, *, check: bool) -> int:
    """List the open questions, oldest first."""
    filters = which.filters()
    with session.store() as store:
        rows = listing(store, filters, now=time.time(), folder=session.review)
        code = OPEN if check and rows else OK
        if session.json:
            print_json({"command": "review list", "questions": [_row_doc(row, store) for row in rows], "exit": code})
            return code
        if session.csv:
            print_csv(_HEAD, map(_cells, rows))
            return code
        if not rows:
            say("No question is open." if not which.given else "No open question fits.")
            return code
        told = [
            (
                row.id,
                age(row.age_s),
                row.kind,
                short(row.group, 28),
                short(row.link, 28),
                short(row.name, 48),
                _values(row),
            )
            for row in rows
        ]
        say(*table(told, ("id", "age", "kind", "group", "plan", "about", "what each system holds")))
        for row in rows:
            if row.error:
                tell(f"note: {row.id}: its file is not read: {row.error}")
        say("", f"{count(len(rows), 'open question')}. `syncd review show ID` shows one with its answers;")
        say("`syncd review decide ID ANSWER` answers it, or fill in `decision:` in its file:")
        say(f"  {session.review.pending}")
    return code


_HEAD = ("id", "opened", "kind", "group", "plan", "about", "systems", "values", "why", "rule", "answers")


def _cells(row: Row) -> tuple[object, ...]:
    proposal = row.question.proposal
    answers = " | ".join(typed for typed, _ in choices(proposal))
    held = held_text(question_doc(proposal, row.id))
    head = (row.id, when_exact(row.question.opened_at), row.kind, row.group, row.link, row.name)
    return (*head, " ".join(proposal.members), held, proposal.why, proposal.rule, answers)


def _values(row: Row) -> str:
    return short(held_text(question_doc(row.question.proposal, row.id)), 70)


def _row_doc(row: Row, store: Store) -> dict[str, Any]:
    return _question_doc(row.question, row.group, store) | {"age_s": round(row.age_s), "error": row.error or None}


def _question_doc(question: Question, group: str, store: Store) -> dict[str, Any]:
    proposal = question.proposal
    return {
        "id": question.id,
        "status": question.status,
        "kind": proposal.kind,
        "group": {"id": proposal.scope, "label": group},
        "link": proposal.link or None,
        "plan": proposal.label,
        "about": proposal.name,
        "question": _sentence(question, store),
        "why": proposal.why,
        "rule": proposal.rule,
        "members": {system: dict(said) for system, said in proposal.members.items()},
        "evidence": list(proposal.evidence),
        "answers": [{"answer": typed, "effect": effect} for typed, effect in choices(proposal)],
        "previous": question.previous or None,
        "decided": answer_text(question.decided) if question.decided else None,
    }


def _sentence(question: Question, store: Store) -> str:
    names = names_from(store, [question])
    return question_of(question.proposal, names.kind(question.proposal))


def find(store: Store, id_: str) -> Question:
    """Find a question by its id or the beginning of it, whatever became of it."""
    question = store.question(id_)
    if question is not None:
        return question
    known = {one.id: one for one in store.questions(status=("open", "decided", "ignored"))}
    found = [one for one in known if one.startswith(id_)] if id_ else []
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise ReviewError(f'"{id_}" begins {len(found)} ids: {", ".join(found[:5])}', hint="Type more of the id.")
    raise ReviewError(f'there is no question "{id_}"{did_you_mean(id_, known)}')


def show(session: Session, id_: str) -> int:
    """Show one question: what each system holds, what it was, why no rule decided, and what each answer would do."""
    with session.store() as store:
        question = find(store, id_)
        group = names_from(store, [question]).group(question.proposal.scope)
        if session.json:
            print_json({"command": "review show", "question": _question_doc(question, group, store)})
            return OK
        proposal = question.proposal
        say(styled(_sentence(question, store), "bold"), "")
        head = [("question", question.id), ("kind", proposal.kind), ("group", f"{group}  {proposal.scope}")]
        head += [("plan", f"{proposal.label}  {proposal.link}")] if proposal.link else []
        head += [
            ("about", proposal.name),
            ("open since", moment(question.opened_at)),
            ("why", why_text(proposal.kind, proposal.why, proposal.rule)),
        ]
        say(*table(head, indent="  "))
        members = _members(proposal)
        say(*(["", *members] if members else []))
        say(*_evidence(proposal, store))
        say(*_state(question, session))
    return OK


def _members(proposal: Proposal) -> list[str]:
    """Show what each system holds; of a table, what moved in it."""
    if any("values" in said for said in proposal.members.values()):
        return _tables(proposal)
    rows = [
        (system, str(said.get("id", "")), _held(said, "value"), _held(said, "base"))
        for system, said in proposal.members.items()
    ]
    return table(rows, ("system", "record", "holds", "last agreed"), indent="  ")


def _held(said: Mapping[str, object], key: str) -> str:
    return short(str(said[key])) if key in said else ""


def _tables(proposal: Proposal) -> list[str]:
    """Show a table of cells by what each system changed in it."""
    lines = []
    for system, said in proposal.members.items():
        values, bases = dict(_mapping(said.get("values"))), dict(_mapping(said.get("bases")))
        lines.append(f"  {system} {said.get('id', '')}")
        found = steps(bases, values) if bases else []
        rows = [(one.path, short(str(one.before or "")), "->", short(str(one.after or ""))) for one in found]
        if bases and not rows:
            rows = [("as agreed", "", "", "")]
        rows = rows or [(cell, short(text), "", "") for cell, text in values.items()]
        lines += table(rows, indent="    ")
    return lines


def _mapping(said: object) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}


def _evidence(proposal: Proposal, store: Store) -> list[str]:
    """Give all the evidence; a record that is only numbered in it gets its name."""
    names = names_in(proposal, store)
    return ["", *(f"  {line}{_name(names, line)}" for line in proposal.evidence)] if proposal.evidence else []


def _name(names: Mapping[str, str], line: str) -> str:
    return f"  “{names[line]}”" if line in names else ""


def _state(question: Question, session: Session) -> list[str]:
    lines = []
    if question.previous:
        lines += [
            "",
            "  It was answered before, and what it is about has changed since. The answer was:",
            f"    {question.previous}",
        ]
    if question.status == "open":
        rows = [(typed, effect) for typed, effect in choices(question.proposal)]
        lines += ["", "  Answers:", *table(rows, indent="    "), ""]
        lines += [f"  {line}" for line in _how(question)]
        file = session.review.file_of(question.id)
        lines += [f"  or in its file: {file}"] if file is not None else []
        return lines
    decided = f": {answer_text(question.decided)} by {question.decided.by or 'a person'}" if question.decided else ""
    closed = f" on {when(question.closed_at)}" if question.closed_at else ""
    word = {
        "used": "carried out",
        "decided": "decided; the next run carries it out",
        "ignored": "ignored until a value moves",
    }
    return [*lines, "", f"  It is {word.get(question.status, question.status)}{closed}{decided}"]


def _how(question: Question) -> list[str]:
    """Say how it is answered; what a guard stopped is looked at first, so no answer stands ready to be copied."""
    if question.proposal.kind != "guard":
        typed = next(iter(choices(question.proposal)), ("ANSWER", ""))[0]
        return [command("syncd", "review", "decide", question.id, typed)]
    listed = count(len(question.proposal.evidence), "line")
    first = [f"Look at the {listed} above first: that is what an approval lets through."] if listed[0] != "0" else []
    return [*first, f"syncd review decide {question.id} ANSWER"]
