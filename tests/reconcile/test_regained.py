"""Fields that come and go: histories in which systems lose fields and carry them again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Flat
from syncd.reconcile.adopt import new_link
from syncd.reconcile.regained import Came, met_anew, regained
from syncd.reconcile.types import Link, Member, Outcome, Proposal
from tests.reconcile.plain import NAMES, Takes, asked, confirmed, judged, link, linked, member, seen, stray

PATHS = ("a", "rates[2026-01-01].ee", "rates[2026-01-01].es")
BASE: Flat = {"a": "0", PATHS[1]: "0"}  # one cell of the table is empty

steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["edit", "edit", "lose", "regain"]), st.integers(0, 3), st.sampled_from(PATHS)),
        st.tuples(st.just("run"), st.just(0), st.just("")),
    ),
    max_size=24,
)


@dataclass
class World:
    """Systems with one record each, and their link. Every edit types a value that nobody typed before."""

    systems: tuple[str, ...]
    held: dict[str, dict[str, Any]] = field(init=False)
    hidden: dict[str, set[str]] = field(init=False)
    link: Link = field(init=False)
    agreed: set[Any] = field(default_factory=lambda: {"0"})
    unseen: set[Any] = field(default_factory=set)
    """Typed where the field was not carried, and not seen there by a run since it is."""
    values: Any = field(default_factory=lambda: count(1))
    standing: dict[tuple[str, str], Proposal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held = {name: dict(BASE) for name in self.systems}
        self.hidden = {name: set() for name in self.systems}
        self.link = linked(BASE, *self.systems)

    def act(self, what: str, which: int, path: str) -> None:
        system = self.systems[which % len(self.systems)]
        if what == "run":
            self.run()
        elif what == "edit":
            self.held[system][path] = f"{next(self.values)}"
            newcomer = path in self.hidden[system] or self._is_newcomer(system, path)
            self.unseen |= {self.held[system][path]} if newcomer else set()
        elif what == "lose":
            self.hidden[system].add(path)
        elif path in self.hidden[system]:
            self.hidden[system].remove(path)
            self.link = met_anew(self.link, system, Came(frozenset({path}), lambda _: False))

    def _is_newcomer(self, system: str, path: str) -> bool:
        return any(one.system == system and path in one.unseen for one in self.link.members)

    def run(self) -> Outcome:
        sights = {
            name: seen({path: value for path, value in flat.items() if path not in self.hidden[name]})
            for name, flat in self.held.items()
        }
        takes = {name: Takes(carries_not=frozenset(paths)) for name, paths in self.hidden.items()}
        outcome = judged(self.link, sights, surfaces=takes, contested=self.standing)
        for change in outcome.changes:
            assert change.new not in self.unseen, "a newcomer wins nothing"
            assert change.old == self.held[change.system].get(change.path, EMPTY)
            assert change.old is EMPTY or change.old in self.agreed, "nothing is lost"
            assert change.path not in self.hidden[change.system]
            self.held[change.system][change.path] = change.new
        self.link = confirmed(outcome)
        self.agreed |= set(self.link.agreed.values())
        self.standing = {("l1", one.name): one for one in outcome.proposals}
        return outcome


@example(
    systems=2, steps=[("lose", 0, "a"), ("edit", 0, "a"), ("lose", 1, "a"), ("regain", 0, "a"), ("run", 0, "")]
)  # the only one that carries it is a newcomer
@given(systems=st.integers(2, 4), steps=steps)
def test_p30_whatever_comes_and_goes_nothing_is_lost_or_won_and_all_arrives(systems: int, steps: Any) -> None:
    """R2: with fields lost and regained at any moment, no value that was not agreed is overwritten, none that was typed
    unseen is written, and in the end everybody holds one value or somebody is asked."""
    world = World(NAMES[:systems])
    for step in steps:
        world.act(*step)
    for name in world.systems:
        for path in PATHS:
            world.act("regain", world.systems.index(name), path)
    for _ in range(2):
        last = world.run()
    open_ = {name for _, name in asked(last)}
    for path in PATHS:
        values = {flat.get(path) for flat in world.held.values()}
        assert len(values) == 1 or open_ & {path, path.rpartition(".")[0]}, path
    assert last.changes == (), "and then all is quiet"
    if not open_:
        assert last.settled
        assert all(one.base == world.held[one.system] for one in world.link.members)


def test_a_base_that_stands_under_an_unseen_path_is_what_the_member_held_when_it_lost_it() -> None:
    """R2: nothing else leaves one there, so a new link gives none to what is still to agree."""
    records = [stray("crm", "1", {"details.a": "1", "details.b": "2"}), stray("quote", "2", {"details.a": "3"})]
    made = new_link("acme", records, {}, {(name, "generic"): Takes() for name in NAMES})
    assert [(dict(one.base), one.unseen) for one in made.members] == [({}, {"details.a", "details.b"})] * 2


@pytest.mark.parametrize(
    ("why", "holds", "questions", "writes"),
    [
        ("what it held", {"phone": "1"}, [], 1),
        ("another value", {"phone": "7"}, [("conflict", "phone")], 0),
        ("nothing", {}, [("conflict", "phone")], 0),
        ("what is agreed", {"phone": "2"}, [], 0),
    ],
)
def test_who_holds_what_it_held_is_owed_and_who_does_not_is_asked(
    why: str, holds: Flat, questions: Any, writes: int
) -> None:
    """R2: the base that a member kept tells the two apart."""
    kept = member("quote", {"phone": "1"}, unseen=frozenset({"phone"}))
    one = link(member("crm", {"phone": "2"}), kept, agreed={"phone": "2"}, revision=4)
    outcome = judged(one, {"crm": {"phone": "2"}, "quote": holds})
    assert (asked(outcome), len(outcome.changes)) == (questions, writes), why


def test_a_row_that_reads_otherwise_drops_its_bases_and_no_others() -> None:
    """R3: under another codec an old base means nothing; the neighbours' stand."""
    one = linked({"a": "1", "b": "2"}, "crm", "quote", settled=b"now")
    after = met_anew(one, "quote", Came(frozenset({"a"}), lambda path: path == "a"))
    crm, quote = after.members
    assert (crm, quote.base, quote.unseen, after.settled) == (one.members[0], {"b": "2"}, {"a"}, b"")
    assert met_anew(link(member("quote", unseen=frozenset({""}))), "quote", Came(frozenset({"a"}), bool)).members[
        0
    ].unseen == {""}


def test_who_was_not_read_stays_as_it_is() -> None:
    """R2: what an absent member holds in a field that came is not known yet."""
    one = link(member("crm", {"a": "1"}), Member("quote", "q", {"a": "1"}, frozenset({"a"})))
    assert regained(one, {"crm": seen({"a": "1"})}, {}) == replace(one, members=one.members)
