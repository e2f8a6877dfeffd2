"""Collect: the answers that people left in review files, checked and turned into decisions.

Takes sheets and the questions they are about, gives decisions and errors. All answers of a file count together or none
does; an answer to a question that has moved since is asked again, never applied. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from syncd.model.records import Kind
from syncd.reconcile.types import Decided
from syncd.review.answers import Records, answer_text, decision_from_text
from syncd.review.disk import Sheet
from syncd.review.document import Entry, entries_of
from syncd.review.errors import ReviewError
from syncd.review.page import END, is_whole, only_filled_in, typed_in
from syncd.store.rows import Question
from syncd.text.nearest import did_you_mean

SETTLE_S = 2.0
PATIENCE_S = 60.0
"""A file whose last line is missing for so long was not half-saved: the line was deleted."""

KindOf: TypeAlias = Callable[[Question], Kind]
RecordsOf: TypeAlias = Callable[[Question], Records | None]


@dataclass(frozen=True, slots=True)
class Late:
    """An answer to a question that is open no more; it is kept with the file and otherwise without effect."""

    question: Question
    answer: str
    by: str
    file: str

    def __str__(self) -> str:
        decided, said = self.question.decided, f'{self.file}: {self.question.id}: "{self.answer}"'
        if decided is None:
            return f"{said} was not needed any more, the question had closed itself"
        by = f" by {decided.by}" if decided.by else ""
        return f"{said} came too late, it was decided{by}: {answer_text(decided)}"


@dataclass(frozen=True, slots=True)
class Collected:
    """What people left. `reissued` are questions to be asked again, with the answer they got as `previous`; `waiting`
    the files that somebody is still writing."""

    decided: tuple[Decided, ...] = ()
    errors: tuple[ReviewError, ...] = ()
    reissued: tuple[Question, ...] = ()
    late: tuple[Late, ...] = ()
    waiting: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What one file says."""

    sheet: Sheet
    decided: list[tuple[Entry, Decided]] = field(default_factory=list)
    errors: list[ReviewError] = field(default_factory=list)
    reissued: list[Question] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)


def collect(
    found: Iterable[Sheet],
    questions: Mapping[str, Question],
    now: float,
    *,
    name_of: Callable[[Path], str] = str,
    kind_of: KindOf | None = None,
    records_of: RecordsOf | None = None,
    settle_s: float = SETTLE_S,
) -> tuple[Collected, Mapping[Path, tuple[ReviewError, ...]]]:
    """Read all answers. Gives what was collected, and for every file that was read what is wrong with it."""
    reader = _Reader(questions, name_of, kind_of, records_of)
    readings, waiting = [], []
    for sheet in found:
        if sheet.error is None and (_settling(sheet, now, settle_s) or _half_saved(sheet, now)):
            waiting.append(sheet.path)
        else:
            readings.append(reader.read(sheet))
    _refuse_contradictions(readings, name_of)
    good = [reading for reading in readings if not reading.errors]
    decided = {one.id: one for reading in good for _, one in reading.decided}
    collected = Collected(
        decided=tuple(decided.values()),
        errors=tuple(error for reading in readings for error in reading.errors),
        reissued=tuple({one.id: one for reading in good for one in reading.reissued if one.id not in decided}.values()),
        late=tuple(one for reading in good for one in reading.late),
        waiting=tuple(waiting),
    )
    return collected, {reading.sheet.path: tuple(reading.errors) for reading in readings}


def _settling(sheet: Sheet, now: float, settle_s: float) -> bool:
    """Tell whether it was changed just now. A time far ahead of ours is another clock's and says nothing."""
    return -settle_s <= now - sheet.changed_at < settle_s


def _half_saved(sheet: Sheet, now: float) -> bool:
    return not is_whole(sheet.text) and abs(now - sheet.changed_at) < PATIENCE_S


class _Reader:
    def __init__(
        self,
        questions: Mapping[str, Question],
        name_of: Callable[[Path], str],
        kind_of: KindOf | None,
        records_of: RecordsOf | None,
    ) -> None:
        self._questions, self._name_of = questions, name_of
        self._kind_of, self._records_of = kind_of, records_of

    def read(self, sheet: Sheet) -> _Reading:
        """Read one file that nobody is writing."""
        reading = _Reading(sheet)
        file = self._name_of(sheet.path)
        for error in self._into(reading, file):
            reading.errors.append(error.at(file=file, line=None, question=""))
        return reading

    def _into(self, reading: _Reading, file: str) -> list[ReviewError]:
        sheet = reading.sheet
        if sheet.error is not None:
            return [sheet.error]
        if not is_whole(sheet.text):
            last = sheet.text.count("\n")
            return [
                ReviewError(
                    f'the last line is not "{END}", so the file may be cut off',
                    hint=f'Put "{END}" back as the last line.',
                    line=last,
                )
            ]
        if only_filled_in(sheet.text) and not any(one.decision for one in typed_in(sheet.text).values()):
            return []
        entries, errors = entries_of(sheet.text)
        for entry in entries:
            if entry.decision is not None:
                try:
                    self._judge(entry, reading, file)
                except ReviewError as error:
                    errors.append(error.at(file=file, line=entry.decision_line, question=entry.id))
        return sorted(errors, key=lambda error: error.line or 0)

    def _judge(self, entry: Entry, reading: _Reading, file: str) -> None:
        question = self._questions.get(entry.id)
        if question is None:
            meant = did_you_mean(entry.id, self._questions)
            raise ReviewError(
                f'there is no question "{entry.id}"{meant}',
                hint="Put the id back as it was, or delete the file: it is written anew at the next run.",
                key="id",
                line=entry.line,
            )
        if question.status != "open":
            if question.decided is None or not self._same(entry, question):
                reading.late.append(Late(question, entry.answer, entry.by, file))
        elif entry.asked != question.proposal.digest:
            reading.reissued.append(replace(question, previous=previous_of(entry, question)))
        else:
            reading.decided.append((entry, self._decision(entry, question)))

    def _same(self, entry: Entry, question: Question) -> bool:
        try:
            said = self._decision(entry, question)
        except ReviewError:
            return False
        return question.decided is not None and _meaning(said) == _meaning(question.decided)

    def _decision(self, entry: Entry, question: Question) -> Decided:
        return decision_from_text(
            question,
            entry.decision if entry.decision is not None else "",
            kind=self._kind_of(question) if self._kind_of else "plan",
            records=self._records_of(question) if self._records_of else None,
            by=entry.by,
            note=entry.note,
        )


def previous_of(entry: Entry, question: Question) -> str:
    """Say which answer was given to an earlier state, and what has moved since."""
    now = {system: str(said["value"]) for system, said in question.proposal.members.items() if "value" in said}
    moved = [
        f"{system} {entry.seen[system]} -> {now[system]}"
        for system in now
        if entry.seen.get(system, now[system]) != now[system]
    ]
    since = f"; since then: {', '.join(moved)}" if moved else ""
    return f"{answered(entry)}{since}"


def answered(entry: Entry) -> str:
    """Give an answer with who gave it and why; every text that `previous_of` makes of it begins so."""
    by = f" by {entry.by}" if entry.by else ""
    note = f" ({entry.note})" if entry.note else ""
    return f"{entry.answer}{by}{note}"


def _meaning(decided: Decided) -> tuple[object, ...]:
    return decided.choice, decided.value, dict(decided.options)


def _refuse_contradictions(readings: list[_Reading], name_of: Callable[[Path], str]) -> None:
    """One question answered differently in two files (a copy, or `.new.yaml`): neither file counts."""
    first: dict[str, tuple[_Reading, Entry, Decided]] = {}
    for reading in readings:
        for entry, decided in reading.decided:
            other, there, before = first.setdefault(decided.id, (reading, entry, decided))
            if _meaning(decided) == _meaning(before):
                continue
            pairs = ((reading, entry, other, there), (other, there, reading, entry))
            for one, here, two, beyond in pairs:
                one.errors.append(
                    ReviewError(
                        f'"{here.answer}" here, but "{beyond.answer}" in {name_of(two.sheet.path)}',
                        hint="Keep one of the two answers and blank or delete the other.",
                        key="decision",
                        question=here.id,
                        file=name_of(one.sheet.path),
                        line=here.decision_line,
                    )
                )
