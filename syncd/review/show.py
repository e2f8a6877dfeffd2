"""Show: bring the files of the review folder in line with the questions, without losing a word that a person typed.

The store is the truth and the files are a view. For each page the files that hold it are judged first:
a file that nobody touched may be replaced; one in which only `decision:`, `note:` and `by:` were filled in is replaced
with what was filled in carried over; one that was changed otherwise is replaced once its answers were collected, and
its text goes to `done/` word for word; everything else stays as it is, and what is new goes beside it (`.new.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from syncd.review.answers import answer_text
from syncd.review.collect import answered
from syncd.review.disk import NEW_SUFFIX, Sheet, drop, keep, put
from syncd.review.document import Entry, entries_of
from syncd.review.page import NOTHING, PageKey, Typed, normal, only_filled_in, page_of, render, render_done, typed_in
from syncd.review.words import Names, day
from syncd.store.rows import Question
from syncd.text.yaml import quoted


@dataclass(slots=True)
class Shown:
    """What became of the files. `said` tells a person about files that were left alone."""

    written: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    done: list[Path] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Judged:
    """A file and what may be done with it. `carried`: what was filled in and still waits, by question."""

    sheet: Sheet
    stuck: str = ""
    free: bool = False
    answered: bool = False
    reissued: bool = False
    carried: dict[str, Typed] = field(default_factory=dict)
    typed: dict[str, Typed] = field(default_factory=dict)


_SHOWN = re.compile(r'^\s*- id: "?([^"\s]*)"?[ ]*(?:\n\s+asked: "?([^"\s]*)"?[ ]*$)?', re.MULTILINE)


def ids_in(text: str) -> dict[str, str]:
    """Give the questions that a text shows, each with the state it shows, even of a text that is not YAML any more."""
    return {found[1]: found[2] or "" for found in _SHOWN.finditer(text)}


class Shower:
    """Brings pages in line, one after the other. `questions`: all that the files may name, open or not."""

    def __init__(self, root: Path, questions: Mapping[str, Question], names: Names, now: float) -> None:
        self._pending, self._done = root / "pending", root / "done"
        self._questions, self._names, self._now = questions, names, now
        self.shown = Shown()

    def show(self, found: Sequence[Sheet], folders: Mapping[str, Path]) -> Shown:
        """Bring all pages in line. `folders`: scope -> the folder that a group has already."""
        pages: dict[PageKey, list[Question]] = {}
        for question in self._questions.values():
            if question.status == "open":
                pages.setdefault(page_of(question), []).append(question)
        files: dict[PageKey | None, list[Sheet]] = {}
        by_mark = {page_of(question).mark: page_of(question) for question in self._questions.values()}
        for sheet in found:
            files.setdefault(self._page_of(sheet, by_mark), []).append(sheet)
        for key in sorted({*pages, *(key for key in files if key is not None)}):
            questions = sorted(pages.get(key, ()), key=_order)
            self._page(key, questions, files.get(key, []), folders)
        for sheet in files.get(None, ()):
            self._unknown(sheet)
        return self.shown

    def _page_of(self, sheet: Sheet, by_mark: Mapping[str, PageKey]) -> PageKey | None:
        """Find the page of a file by its mark, else by the questions it names; renaming it changes nothing."""
        if sheet.mark is not None and sheet.mark in by_mark:
            return by_mark[sheet.mark]
        known = (self._questions.get(id_) for id_ in ids_in(sheet.text))
        return next((page_of(question) for question in known if question is not None), None)

    # -- one page -----------------------------------------------------------------------------------------------------

    def _page(self, key: PageKey, open_: list[Question], found: list[Sheet], folders: Mapping[str, Path]) -> None:
        judged = [self._judge(sheet) for sheet in found]
        _part_contradictions(judged)
        loose = [one for one in judged if not one.stuck]
        stuck = [one for one in judged if one.stuck]
        self._archive(key, loose)
        carried = {id_: typed for one in loose for id_, typed in one.carried.items() if typed}
        entries = [(question, carried.get(question.id, NOTHING)) for question in open_]
        if stuck:
            self._beside(key, entries, stuck, loose)
            return
        target = next((one.sheet for one in loose if not one.sheet.is_new), None)
        path = target.path if target is not None else self._new_path(key, open_, folders)
        target = target or next((one.sheet for one in loose if one.sheet.path == path), None)
        if entries:
            self._write(path, render(key, entries, self._names), target)
        for one in loose:
            if one.sheet is not target or not entries:
                self._drop(one.sheet)

    def _new_path(self, key: PageKey, open_: list[Question], folders: Mapping[str, Path]) -> Path:
        folder = folders.get(key.scope, self._pending / key.folder(self._names))
        return folder / key.file(open_[0].proposal.label if open_ else "")

    def _judge(self, sheet: Sheet) -> _Judged:
        judged = _Judged(sheet)
        if sheet.error is not None:
            judged.stuck = sheet.error.message
            return judged
        filled_in = only_filled_in(sheet.text)
        typed = typed_in(sheet.text) if filled_in else {}
        if filled_in and not any(typed.values()):
            return judged
        entries, errors = entries_of(sheet.text)
        if errors:
            judged.stuck = errors[0].message
            return judged
        judged.free = not filled_in
        for entry in entries:
            self._judge_entry(judged, entry, typed.get(entry.id, NOTHING) if filled_in else entry.typed())
        if judged.free and not judged.answered and not judged.stuck:
            judged.stuck = "it was changed in other lines than decision, note and by"
        return judged

    def _judge_entry(self, judged: _Judged, entry: Entry, typed: Typed) -> None:
        """Say of one question what was filled in and still waits, and what was used already."""
        question = self._questions.get(entry.id)
        if question is None:
            judged.stuck = "it answers a question that is not known" if typed else judged.stuck
        elif question.status != "open":
            judged.typed[entry.id], judged.answered = typed, True
        elif entry.asked == question.proposal.digest or entry.decision is None:
            judged.carried[entry.id] = typed
        elif question.previous.startswith((answered(entry), entry.choice)):
            # Read before, by `collect` or by a run that met the answer too late: asked again, with it as a comment.
            judged.answered = judged.reissued = True
        else:
            judged.stuck = "it answers a question that has changed since, and the answer was not read yet"

    def _beside(
        self, key: PageKey, entries: list[tuple[Question, Typed]], stuck: list[_Judged], loose: list[_Judged]
    ) -> None:
        """Leave a file to the person who is writing in it; put what it does not show beside it."""
        person = stuck[0].sheet
        there = [ids_in(one.sheet.text) for one in stuck]
        news = [
            question
            for question, _ in entries
            if not any(ids.get(question.id) == question.proposal.digest for ids in there)
        ]
        if not news and not any(typed for _, typed in entries):
            for one in loose:
                self._drop(one.sheet)
            return
        target = loose[0].sheet if loose else None
        name = person.path.name.removesuffix(NEW_SUFFIX).removesuffix(person.path.suffix)
        path = target.path if target is not None else _free(person.path.parent, name)
        notice = (
            f"{person.path.name} beside this file was left as it is: {stuck[0].stuck}.",
            "This file shows how things stand now. Answer here and delete the other one, or correct that one.",
        )
        if self._write(path, render(key, entries, self._names, notice), target):
            self.shown.said.append(
                f"{person.path} was left as it is ({stuck[0].stuck}); {path.name} beside it shows what is new"
            )
        for one in loose[1:]:
            self._drop(one.sheet)

    def _write(self, path: Path, text: str, judged: Sheet | None) -> bool:
        if judged is not None and judged.text == normal(text):
            return False
        if not put(path, text, judged):
            self.shown.said.append(f"{path} was just changed by somebody else; it is looked at again at the next run")
            return False
        self.shown.written.append(path)
        return True

    def _drop(self, sheet: Sheet) -> None:
        if drop(sheet):
            self.shown.removed.append(sheet.path)

    # -- what is over -------------------------------------------------------------------------------------------------

    def _archive(self, key: PageKey, loose: list[_Judged]) -> None:
        """Keep a record of the questions that are open no more, before their files are touched."""
        over: dict[str, Typed] = {}
        for one in loose:
            doubled = False
            for id_ in ids_in(one.sheet.text):
                question = self._questions.get(id_)
                if question is not None and question.status != "open":
                    typed = one.typed.get(id_, NOTHING)
                    doubled |= bool(typed and over.get(id_))
                    over[id_] = over.get(id_) or typed
            if doubled or (one.answered and (one.free or one.reissued)):
                self._keep(one.sheet.path, ".as-written.yaml", one.sheet.data)
        if over:
            entries = [
                (self._questions[id_], _with_decision(typed, self._questions[id_])) for id_, typed in over.items()
            ]
            text = render_done(key, entries, self._names, self._now)
            self._keep(loose[0].sheet.path, ".yaml", text.encode("utf-8", "surrogateescape"))

    def _keep(self, path: Path, suffix: str, data: bytes) -> None:
        name = path.name.removesuffix(NEW_SUFFIX).removesuffix(path.suffix)
        self.shown.done.append(keep(self._done / day(self._now) / path.parent.name, name, suffix, data))

    def _unknown(self, sheet: Sheet) -> None:
        """Remove a file whose questions the store does not know; what somebody wrote in it is kept."""
        if sheet.mark is None or sheet.error is not None:
            self.shown.said.append(f"{sheet.path} is not a review file of this store; it was left alone")
            return
        if not only_filled_in(sheet.text) or any(typed_in(sheet.text).values()):
            self._keep(sheet.path, ".as-written.yaml", sheet.data)
        self._drop(sheet)


_ORDER = ("guard", "conflict", "renewal", "missing-record", "loss", "suggested-link", "link-plans", "hold", "hand-off")


def _order(question: Question) -> tuple[int, float, str, str]:
    """Put first what needs a decision, last what waits for time or hands; then the oldest."""
    kind = question.proposal.kind
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return place, question.opened_at, question.proposal.name, question.id


def _free(folder: Path, name: str) -> Path:
    """Name a file beside another one; a second one when the first is being written in, too."""
    path, number = folder / f"{name}{NEW_SUFFIX}", 2
    while path.exists():
        path, number = folder / f"{name}-{number}{NEW_SUFFIX}", number + 1
    return path


def _part_contradictions(judged: list[_Judged]) -> None:
    """Two files that answer one question differently both stay: neither can be carried over the other."""
    first: dict[str, _Judged] = {}
    for one in judged:
        for id_, typed in one.carried.items():
            if not typed or one.stuck:
                continue
            other = first.setdefault(id_, one)
            if other.carried[id_] != typed:
                one.stuck = other.stuck = "another file answers one of its questions differently"


def _with_decision(typed: Typed, question: Question) -> Typed:
    """Fill in what was decided elsewhere; what somebody typed stays."""
    decided = question.decided
    if decided is None:
        return typed
    note, by = (quoted(text) if text else "" for text in (decided.note, decided.by))
    return Typed(typed.decision or answer_text(decided), typed.note or note, typed.by or by)
