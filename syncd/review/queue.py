"""The review queue: the store's questions, people's answers, and the files between them.

The store is the truth. An answer is committed there, in one transaction with its history line, before any file is
touched; a crash in between leaves a file that is read again and found answered. Nothing here decides a merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol

from syncd.model.records import Kind
from syncd.model.times import age_s
from syncd.model.values import EMPTY
from syncd.reconcile.types import Decided, Link
from syncd.review.answers import Answer, Records, answer_text, decision_from_text
from syncd.review.carried import check_link, check_standing
from syncd.review.collect import SETTLE_S, Collected
from syncd.review.errors import ReviewError
from syncd.review.files import ReviewFolder
from syncd.review.show import Shown
from syncd.review.words import Names
from syncd.store.rows import HistoryRow, Question, Snapshot
from syncd.text.nearest import did_you_mean
from syncd.text.show import command

WITHDRAWABLE = ("decided", "ignored")
ANSWERABLE = ("open", "ignored")
"""`ignore` is taken back by any other answer."""


class QuestionStore(Protocol):
    """What the queue needs of the store."""

    def questions(self, scope: str | None = None, status: Collection[str] = ("open",)) -> list[Question]:
        """Give questions, oldest first."""
        ...

    def question(self, id_: str, /) -> Question | None:
        """Give one question."""
        ...

    def save_questions(self, rows: Sequence[Question], history: Sequence[HistoryRow] = ()) -> None:
        """Store questions."""
        ...

    def link(self, id_: str, /) -> Link | None:
        """Give one link."""
        ...

    def links(self, scope: str | None = None, kind: Kind | None = None, status: str | None = "live") -> list[Link]:
        """Give links."""
        ...

    def strays(self, scope: str, /) -> list[Snapshot]:
        """Give the records of a group that are in no link."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make several calls one transaction."""
        ...


# -- from people to the store -----------------------------------------------------------------------------------------


def collect_into(
    store: QuestionStore, folder: ReviewFolder, now: float, *, scope: str | None = None, settle_s: float = SETTLE_S
) -> Collected:
    """Read the answers that people left and commit them; the files stay as they are until the next `show_from`.
    With a scope, only the files in the folder of that group are read."""
    facts = _Facts(store)
    collected = folder.collect(
        _Questions(store, scope),
        now,
        scope=scope,
        kind_of=facts.kind_of,
        records_of=facts.records_of,
        settle_s=settle_s,
    )
    if not collected.decided and not collected.reissued:
        return collected
    with store.transaction():
        decided = tuple(one for one in collected.decided if _commit(store, facts, one, now, ("open",)))
        reissued = [one for one in collected.reissued if _still_open(store, one)]
        store.save_questions(reissued)
    return replace(collected, decided=decided, reissued=tuple(reissued))


def refused(store: QuestionStore, folder: ReviewFolder, now: float) -> tuple[ReviewError, ...]:
    """Tell what is wrong with the answers that lie there; nothing is taken in or written."""
    facts = _Facts(store)
    questions = _Questions(store, None)
    looked = folder.collect(questions, now, kind_of=facts.kind_of, records_of=facts.records_of, beside=False)
    return looked.errors


def decide(store: QuestionStore, id_: str, answer: Answer, now: float, *, by: str = "", note: str = "") -> Decided:
    """Answer one question from the command line or the web. Raises ReviewError."""
    question = _named(store, id_)
    check_standing(store, question)
    facts = _Facts(store)
    decided = decision_from_text(
        question,
        answer,
        kind=facts.kind_of(question),
        records=facts.records_of(question),
        by=by,
        note=note,
    )
    check_link(store, question, decided)
    with store.transaction():
        if not _commit(store, facts, decided, now, ANSWERABLE):
            raise _closed(store.question(question.id) or question)
    return decided


def _commit(store: QuestionStore, facts: _Facts, decided: Decided, now: float, status: Sequence[str]) -> bool:
    """Store an answer, if its question is still the one that was answered."""
    question = store.question(decided.id)
    if question is None or question.status not in status or question.proposal.digest != decided.digest:
        return False
    row = HistoryRow(
        run="",
        at=now,
        what="decided",
        link=decided.link,
        system="",
        kind=facts.kind_of(question),
        record_id="",
        fields={decided.name: (EMPTY, answer_text(decided))},
        who=decided.by,
        note=" ".join(filter(None, (f"{decided.kind} {decided.id}", decided.note))),
    )
    store.save_questions([replace(question, status="decided", decided=decided, previous="")], [row])
    return True


def _still_open(store: QuestionStore, question: Question) -> bool:
    now = store.question(question.id)
    return (
        now is not None
        and now.status == "open"
        and replace(now, previous=question.previous) == question
        and now != question
    )


_ENOUGH = 2
"""So many letters of an id name a question that is to be answered, if they name no other."""


def _named(store: QuestionStore, id_: str) -> Question:
    """Find a question that can be answered by its id, or by the beginning of it."""
    return _found(store, id_, ANSWERABLE)


def _found(store: QuestionStore, id_: str, status: Sequence[str]) -> Question:
    question = store.question(id_)
    if question is not None:
        if question.status not in status:
            raise _closed(question) if status is ANSWERABLE else _not_answered(question)
        return question
    known = {each.id: each for each in store.questions(status=status)}
    found = [each for each in known if each.startswith(id_)] if len(id_) >= _ENOUGH else []
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise ReviewError(f'"{id_}" begins {len(found)} ids: {", ".join(found[:5])}', hint="Type more of the id.")
    what = "open question" if status is ANSWERABLE else "answered question"
    raise ReviewError(f'there is no {what} "{id_}"{did_you_mean(id_, known)}')


def withdraw(store: QuestionStore, id_: str, now: float, *, by: str = "", note: str = "") -> Question:
    """Take an answer back that was not carried out yet, and ask again. Raises ReviewError."""
    question = _found(store, id_, WITHDRAWABLE)
    with store.transaction():
        current = store.question(question.id) or question
        if current.status not in WITHDRAWABLE:
            raise _not_answered(current)
        said = answer_text(current.decided) if current.decided is not None else "ignore"
        fields: dict[str, tuple[object, object]] = {current.proposal.name: (EMPTY, f"withdrawn: {said}")}
        about = " ".join(filter(None, (f"{current.proposal.kind} {current.id}", note)))
        again = replace(current, status="open", decided=None, previous="")
        link, kind = current.proposal.link, _Facts(store).kind_of(current)
        row = HistoryRow("", now, "decided", link, "", kind, "", fields, by, about)
        store.save_questions([again], [row])
    return again


def _not_answered(question: Question) -> ReviewError:
    told = {
        "open": "it was not answered yet, so there is nothing to take back",
        "used": "its answer was carried out already",
        "closed": "it has closed itself: its cause is gone",
    }[question.status]
    hint = (
        "`syncd why` and `syncd history` tell what was written; correct it in a system, or answer what is asked then."
    )
    return ReviewError(
        told, question=question.id, hint=hint if question.status == "used" else "See `syncd review list`."
    )


def _closed(question: Question) -> ReviewError:
    decided = question.decided
    if decided is None:
        return ReviewError("the question has closed itself: its cause is gone", question=question.id)
    by = f" by {decided.by}" if decided.by else ""
    said = {"used": "and carried out", "decided": "and is carried out by the next run"}.get(question.status, "")
    hint = f"`syncd sync` carries it out; `{command('syncd', 'review', 'withdraw', question.id)}` takes it back."
    if question.status == "used":
        hint = "If it was wrong, correct the record in its system: the next run takes that over."
    return ReviewError(f"it was decided{by}: {answer_text(decided)} {said}".rstrip(), hint=hint, question=question.id)


# -- from the store to people -----------------------------------------------------------------------------------------


def show_from(store: QuestionStore, folder: ReviewFolder, scope: str | None = None, *, now: float) -> Shown:
    """Bring the files of a scope (None: all) in line with the store."""
    questions = {question.id: question for question in store.questions(scope)}
    for id_ in folder.ids(scope) - questions.keys():
        question = store.question(id_)
        if question is not None:
            questions[id_] = question
    return folder.show(questions.values(), names_from(store, questions.values()), now=now, scope=scope)


def names_from(store: QuestionStore, questions: Collection[Question]) -> Names:
    """Look up what people call the groups of these questions, and of which kind their links are."""
    links = {id_: store.link(id_) for id_ in {question.proposal.link for question in questions} if id_}
    kinds = {id_: link.kind for id_, link in links.items() if link is not None}
    return replace(group_names(store, questions), kinds=kinds)


def group_names(store: QuestionStore, questions: Collection[Question]) -> Names:
    """Look up what people call the groups of these questions."""
    groups = {scope: store.link(scope) for scope in {question.proposal.scope for question in questions} if scope}
    return Names(groups={scope: link.label for scope, link in groups.items() if link is not None and link.label})


@dataclass(frozen=True, slots=True)
class Filters:
    """Which questions are meant; what is left out does not matter.

    `group` and `link` match an id, or a label by pattern (`Acme*`, capitals do not matter); `name` a field by pattern.
    """

    ids: Collection[str] = ()
    kinds: Collection[str] = ()
    group: str = ""
    link: str = ""
    name: str = ""
    system: str = ""
    older_than_s: float = 0.0

    def match(self, question: Question, group: str, now: float) -> bool:
        """Tell whether a question is meant."""
        proposal = question.proposal
        return (
            (not self.ids or question.id in self.ids)
            and (not self.kinds or proposal.kind in self.kinds)
            and (not self.group or _fits(self.group, proposal.scope, group))
            and (not self.link or _fits(self.link, proposal.link, proposal.label))
            and (not self.name or _fits(self.name, proposal.name, proposal.name))
            and (not self.system or self.system in proposal.members)
            and age_s(now, question.opened_at) >= self.older_than_s
        )


ALL = Filters()


def _fits(wanted: str, id_: str, label: str) -> bool:
    return wanted == id_ or fnmatchcase(label.casefold(), wanted.replace("[", "[[]").casefold())


@dataclass(frozen=True, slots=True)
class Row:
    """An open question for `syncd review list`. `values`: what each system holds; `error`: why its file is not read."""

    id: str
    age_s: float
    group: str
    link: str
    kind: str
    name: str
    values: Mapping[str, str]
    question: Question
    error: str = ""


def listing(
    store: QuestionStore, filters: Filters = ALL, *, now: float, folder: ReviewFolder | None = None
) -> tuple[Row, ...]:
    """List the open questions, oldest first."""
    questions = store.questions(filters.group if _is_scope(store, filters.group) else None)
    names = group_names(store, questions)
    errors = folder.errors() if folder is not None else {}
    rows = []
    for question in questions:
        proposal = question.proposal
        group = names.group(proposal.scope)
        if filters.match(question, group, now):
            age_s = max(now - question.opened_at, 0.0)
            values = {system: _held(said) for system, said in proposal.members.items()}
            error = errors.get(question.id, "")
            rows.append(
                Row(question.id, age_s, group, proposal.label, proposal.kind, proposal.name, values, question, error)
            )
    return tuple(rows)


def _is_scope(store: QuestionStore, group: str) -> bool:
    return bool(group) and store.link(group) is not None


def _held(said: Mapping[str, object]) -> str:
    values = said.get("values")
    if isinstance(values, Mapping):
        return ", ".join(f"{cell} {text}" for cell, text in values.items())
    return str(said.get("value", ""))


# -- many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One question of a bulk answer: the decision it would get with its effect, or why it takes no such answer."""

    row: Row
    decided: Decided | None
    effect: str = ""
    error: ReviewError | None = None


def bulk(
    store: QuestionStore, filters: Filters, answer: Answer, *, now: float, by: str = "", note: str = ""
) -> tuple[BulkRow, ...]:
    """Preview one answer for many questions; nothing is stored."""
    facts = _Facts(store)
    rows = []
    for row in listing(store, filters, now=now):
        question = row.question
        try:
            decided = decision_from_text(question, answer, kind=facts.kind_of(question), by=by, note=note)
        except ReviewError as error:
            rows.append(BulkRow(row, None, error=error))
        else:
            rows.append(BulkRow(row, decided, _effect(question, decided)))
    return tuple(rows)


def apply_bulk(store: QuestionStore, rows: Sequence[BulkRow], *, now: float) -> tuple[Decided, ...]:
    """Commit what a preview showed, in one transaction: questions that have moved or closed since are left out."""
    facts = _Facts(store)
    with store.transaction():
        return tuple(
            row.decided
            for row in rows
            if row.decided is not None and _commit(store, facts, row.decided, now, ("open",))
        )


def _effect(question: Question, decided: Decided) -> str:
    offers = question.proposal.offers
    exact = [offer.effect for offer in offers if offer.choice == decided.choice]
    near = [offer.effect for offer in offers if offer.choice.partition(":")[0] == decided.choice]
    to = [offer.effect for offer in offers if offer.choice == f"{decided.choice}: {decided.options.get('to')}"]
    return next(iter((*exact, *to, *near)), "")


# -- what the store knows beside questions ----------------------------------------------------------------------------


class _Facts:
    """Kinds and records that answers may name, looked up once each."""

    def __init__(self, store: QuestionStore) -> None:
        self._store = store
        self._kinds: dict[str, Kind] = {}
        self._strays: dict[str, list[Snapshot]] = {}
        self._records: dict[tuple[str, Kind], Records] = {}

    def kind_of(self, question: Question) -> Kind:
        """Tell the kind of record that a question is about; without a link a plan."""
        id_ = question.proposal.link
        if id_ not in self._kinds:
            link = self._store.link(id_) if id_ else None
            self._kinds[id_] = link.kind if link is not None else "plan"
        return self._kinds[id_]

    def records_of(self, question: Question) -> Records | None:
        """Give the records that an answer may name: those that the one asked about can be linked with, of its kind,
        unlinked or in a link; or the unlinked ones that a person may have made. None when the
        one asked about is not known any more."""
        scope, name = question.proposal.scope, question.proposal.name
        if scope not in self._strays:
            self._strays[scope] = self._store.strays(scope)
        strays = self._strays[scope]
        if question.proposal.kind != "link-plans":
            return _by_system(stray for stray in strays if stray.kind == self.kind_of(question))
        kind = next((stray.kind for stray in strays if f"{stray.system}:{stray.id}" == name), None)
        if kind is None:
            return None
        if (scope, kind) not in self._records:
            records = _by_system(stray for stray in strays if stray.kind == kind)
            for link in self._store.links(None if kind == "group" else scope, kind):
                for member in link.members:
                    records.setdefault(member.system, {})[member.id] = link.label
            self._records[scope, kind] = records
        return self._records[scope, kind]


def _by_system(strays: Iterable[Snapshot]) -> dict[str, dict[str, str]]:
    records: dict[str, dict[str, str]] = {}
    for stray in strays:
        records.setdefault(stray.system, {})[stray.id] = stray.label
    return records


class _Questions(Mapping[str, Question]):
    """The questions by id: the open ones at hand, the others looked up when a file still names them."""

    def __init__(self, store: QuestionStore, scope: str | None) -> None:
        self._store = store
        self._open = {question.id: question for question in store.questions(scope)}
        self._others: dict[str, Question | None] = {}

    def __getitem__(self, id_: str) -> Question:
        if id_ in self._open:
            return self._open[id_]
        if id_ not in self._others:
            self._others[id_] = self._store.question(id_)
        question = self._others[id_]
        if question is None:
            raise KeyError(id_)
        return question

    def __iter__(self) -> Iterator[str]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)
