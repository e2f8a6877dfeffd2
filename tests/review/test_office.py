"""People and syncd at one folder for a long time, in any order: nothing typed is lost, nothing untyped is decided."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from syncd.review.queue import decide
from syncd.review.show import ids_in
from tests.review.world import NOW, Office, conflict, fill, guard, missing, stray

ANSWERS = {
    "conflict": ["crm", "quote", "ignore", '{value: "1.5"}', "crn"],
    "missing-record": ["recreate", "end", "{end: 00088}"],
}
ANSWERS |= {"guard": ["approve", "reject"], "link-plans": ["ignore", "\n    copy: crm", "{link: {crm: 4712}}"]}


class Day:
    """A random day. `typed`: words that must be found again; `given`: (question, digest) that somebody answered."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.random = office, Random(seed)
        self.typed: list[str] = []
        self.given: set[tuple[str, str]] = set()
        self.count = 0

    def token(self) -> str:
        self.count += 1
        return f"word{self.count}x"

    def step(self) -> None:
        move = self.random.choice(
            [self.ask, self.move, self.close, self.use, *[self.type] * 4, self.scribble, self.rename, self.command]
        )
        move()
        done = self.random.choice(["", "", "show", "collect", "turn"])
        if done:
            office = self.office
            known = {question.id: question.proposal.digest for question in office.store.questions()}
            if done != "show":
                for decided in office.collect().decided:
                    assert (decided.id, decided.digest) in self.given
                    assert known[decided.id] == decided.digest
            if done != "collect":
                office.show()
                self.check_view()

    def check_view(self) -> None:
        """Every open question stands in a file as it is now; a second look changes nothing."""
        office = self.office
        there = {(id_, asked) for path in office.pages().values() for id_, asked in ids_in(path.read_text()).items()}
        assert {(question.id, question.proposal.digest) for question in office.store.questions()} <= there
        again = office.show()
        assert (again.written, again.removed, again.done) == ([], [], [])

    def check_words(self) -> None:
        """What was typed is in a file or in the store."""
        office = self.office
        kept = "".join(path.read_text() for path in office.folder.root.rglob("*") if path.is_file())
        questions = office.store.questions(status=("open", "decided", "used", "closed", "ignored"))
        kept += "".join(f"{question.previous} {question.decided}" for question in questions)
        kept += "".join(line.note for line in office.store.history())
        assert [word for word in self.typed if word not in kept] == []

    # -- what happens in the world ------------------------------------------------------------------------------------

    def open(self):
        return self.office.store.questions()

    def ask(self) -> None:
        self.count += 1
        make = self.random.choice([conflict, missing, stray, guard])
        self.office.ask(
            make(f"{self.count:010d}-1", name=f"n{self.count}") if make is guard else make(f"{self.count:010d}-1")
        )

    def move(self) -> None:
        if self.open():
            question = self.random.choice(self.open())
            self.office.ask(replace(question, proposal=replace(question.proposal, digest=f"d{self.random.random()}")))

    def close(self) -> None:
        if self.open():
            self.office.ask(replace(self.random.choice(self.open()), status="closed", closed_at=NOW))

    def use(self) -> None:
        for question in self.office.store.questions(status=("decided",)):
            self.office.ask(replace(question, status=self.random.choice(["used", "ignored"])))

    def command(self) -> None:
        if self.open():
            question = self.random.choice(self.open())
            if question.proposal.kind == "conflict":
                decide(self.office.store, question.id, "crm", self.office.now)

    # -- what people do -----------------------------------------------------------------------------------------------

    def a_file(self):
        pages = list(self.office.pages().values())
        return self.random.choice(pages) if pages else None

    def type(self) -> None:
        path = self.a_file()
        if path is None:
            return
        shown = ids_in(path.read_text())
        if not shown:
            return
        id_ = self.random.choice(sorted(shown))
        question = self.office.store.question(id_)
        note, answer = self.token(), self.random.choice(ANSWERS[question.proposal.kind])
        if self.random.random() < 0.3:
            answer = ""
        before = path.read_text()
        self.office.edit(path, fill(id_, decision=answer, note=f"{self.last(before, id_)} {note}"))
        self.typed.append(note)
        if answer:
            self.given.add((id_, shown[id_]))

    def last(self, text: str, id_: str) -> str:
        """People add to a note, they do not delete it."""
        item = text.partition(f'- id: "{id_}"')[2].partition("\n- id:")[0]
        return item.partition("\n  note:")[2].partition("\n")[0].strip().strip('"')

    def scribble(self) -> None:
        path = self.a_file()
        if path is not None and "- id:" in path.read_text():
            word = self.token()
            self.office.edit(path, ("- id:", f"# scribble {word}\n- id:"))
            self.typed.append(word)

    def rename(self) -> None:
        path = self.a_file()
        if path is not None:
            path.rename(path.with_name(f"mine {self.token()}.yaml"))


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(5, 200))])
def test_a_day_at_the_office(tmp_path, seed):
    day = Day(Office(tmp_path, conflict("aa00000001-1"), missing(), stray()), seed)
    for _ in range(40):
        day.step()
        day.check_words()
    office = day.office
    for question in office.store.questions():
        office.ask(replace(question, status="closed", closed_at=NOW))
    office.turn()
    day.check_words()
