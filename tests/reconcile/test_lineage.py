"""Which plan year follows which: a table of what systems say, and the chains that come of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.reconcile.lineage import PlanYear, likely_priors, lineage, plan_year
from syncd.reconcile.types import Link, Member


def year(record: str, starts: int = 0, prior: str = "", plan: str = "") -> PlanYear:
    """`bp:1` is record 1 of bp."""
    system, _, id_ = record.partition(":")
    return PlanYear(system, id_, prior, date(starts, 1, 1) if starts else None, plan)


def told(years: list[PlanYear]) -> list[str]:
    """Give chains as `A > B`, a split-off as `A: C`."""
    return [
        (f"{chain.follows}: " if chain.follows else "") + " > ".join(step.plan for step in chain.steps)
        for chain in lineage(years)
    ]


def gaps(years: list[PlanYear]) -> dict[str, tuple[str, ...]]:
    return {step.plan: step.gaps for chain in lineage(years) for step in chain.steps if step.gaps}


@pytest.mark.parametrize(
    ("why", "years", "chains", "missing"),
    [
        ("nothing is known", [], [], {}),
        ("a plan alone is a chain", [year("bp:1", 2025, plan="A")], ["A"], {}),
        (
            "each year names the one before it",
            [year("bp:3", 2027, "2", "C"), year("bp:1", 2025, plan="A"), year("bp:2", 2026, "1", "B")],
            ["A > B > C"],
            {},
        ),
        (
            "two systems complete each other: bp knows 2025, pq knows 2026",
            [
                *(year("bp:1", 2025, plan="A"), year("bp:2", 2026, "1", "B"), year("bp:3", 2027, plan="C")),
                *(year("pq:y", 2026, plan="B"), year("pq:z", 2027, "y", "C")),
            ],
            ["A > B > C"],
            {},
        ),
        (
            "a link is named instead of an id that each system has its own of",
            [year("bp:1", 2025, plan="A"), year("pq:y", 2026, "link:A", "B"), year("bp:2", 2026, "link:A", "B")],
            ["A > B"],
            {},
        ),
        (
            "a plan splits in two",
            [
                *(year("bp:1", 2025, plan="A"), year("bp:2", 2026, "1", "B"), year("bp:3", 2026, "1", "C")),
                year("bp:4", 2027, "3", "D"),
            ],
            ["A > B", "A: C > D"],
            {},
        ),
        (
            "the plan before it is known and not linked",
            [year("bp:1", 2025), year("bp:2", 2026, "1", "B")],
            ["bp 1 > B"],
            {"B": ("the plan before it, bp 1, is not linked",)},
        ),
        (
            "the plan before it is not there",
            [year("bp:2", 2026, "1", "B")],
            ["B"],
            {"B": ("bp names 1 as the plan before it, which is not there",)},
        ),
        (
            "an id means a record of the system that names it, and of no other",
            [year("bp:1", 2025, plan="A"), year("pq:y", 2026, "1", "B")],
            ["A", "B"],
            {"B": ("pq names 1 as the plan before it, which is not there",)},
        ),
        (
            "two systems name two plans: the later one is taken, and it is said",
            [
                *(year("bp:1", 2024, plan="A"), year("bp:3", 2026, "1", "C")),
                *(year("pq:y", 2025, plan="B"), year("pq:z", 2026, "y", "C")),
            ],
            ["A", "B > C"],
            {"C": ("bp names another plan before it: A",)},
        ),
        (
            "a plan cannot start before the one that it follows",
            [year("bp:1", 2026, plan="A"), year("bp:2", 2026, "1", "B")],
            ["A > B"],
            {"B": ("it does not start after the plan before it, A",)},
        ),
        (
            "a plan that names itself follows nothing",
            [year("bp:1", 2026, "1", "A")],
            ["A"],
            {"A": ("bp names the plan itself as the plan before it",)},
        ),
        (
            "a circle is cut at its earliest plan",
            [year("bp:1", 2025, "2", "A"), year("bp:2", 2026, "1", "B")],
            ["A > B"],
            {
                "A": ("it does not start after the plan before it, B", "it follows B, which follows it: a circle"),
            },
        ),
    ],
)
def test_plan_years_in_chains(why, years, chains, missing):
    assert (told(years), gaps(years)) == (chains, missing), why


RECORDS = st.builds(
    PlanYear,
    system=st.sampled_from(["bp", "pq"]),
    id=st.sampled_from("1234"),
    prior=st.sampled_from(["", "1", "2", "3", "4", "link:A", "link:Z"]),
    starts=st.one_of(st.none(), st.integers(2024, 2027).map(lambda one: date(one, 1, 1))),
    plan=st.sampled_from(["", "A", "B", "C"]),
)


@given(st.lists(RECORDS, unique_by=lambda one: (one.system, one.id)))
def test_every_plan_stands_in_exactly_one_chain_whatever_systems_say(years):
    """Circles, splits and nonsense included; the order in which records are given changes nothing."""
    chains = lineage(years)
    plans = [step.plan for chain in chains for step in chain.steps]
    assert sorted(plans) == sorted({one.key for one in years})
    assert all(chain.follows == "" or chain.follows in plans for chain in chains)
    assert lineage(reversed(years)) == chains


# -- likely plans before -----------------------------------------------------------------------------------------------

PLAN = {"details.line": "medical", "details.carrier": "Kaiser", "details.effective_date": date(2026, 1, 1)}


def linked(**said) -> Link:
    agreed = PLAN | {"details.effective_date": date(2025, 1, 1)} | {f"details.{k}": v for k, v in said.items()}
    return Link("A", "plan", "g", "Gold", {k: v for k, v in agreed.items() if v is not None}, ())


@pytest.mark.parametrize(
    ("why", "link", "likely"),
    [
        ("the same line and carrier, a year before", linked(), True),
        ("a carrier is written in any case", linked(carrier="KAISER "), True),
        ("a short year", linked(effective_date=date(2025, 3, 1)), True),
        ("a name is no evidence", linked(name="Other"), True),
        ("another carrier", linked(carrier="Aetna"), False),
        ("another line", linked(line="dental"), False),
        ("no line", linked(line=None), False),
        ("two years before", linked(effective_date=date(2024, 1, 1)), False),
        ("the same year", linked(effective_date=date(2026, 1, 1)), False),
        ("no date", linked(effective_date=None), False),
    ],
)
def test_what_a_plan_may_follow(why, link, likely):
    assert bool(likely_priors(PLAN, [link])) is likely, why


def test_a_plan_without_a_date_follows_nothing_that_could_be_named():
    assert likely_priors({"details.line": "medical"}, [linked()]) == ()


@pytest.mark.parametrize(
    ("agreed", "prior"),
    [("link:X", "link:X"), ("88", "77"), (None, "77")],
)
def test_what_a_link_knows_goes_before_what_a_record_says_when_it_names_a_link(agreed, prior):
    """An agreed native id belongs to one system, and says nothing about the others' records."""
    link = Link("B", "plan", "g", "Gold", {"details.prior_plan": agreed} if agreed else {}, (Member("bp", "2", {}),))
    flat = {"details.prior_plan": " 77", "details.effective_date": date(2026, 1, 1)}
    assert plan_year("bp", "2", flat, link) == PlanYear("bp", "2", prior, date(2026, 1, 1), "B")
