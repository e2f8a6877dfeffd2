"""Seeded histories against both sandboxes over HTTP: people, faults and kills, then quiet, then every property.

A failure tells its seed and all that happened; `python -m syncd.simulation.vendors --seed N` plays it again.
"""

from __future__ import annotations

from typing import Any

import pytest

from syncd.simulation.steps import Calm, Wait
from syncd.simulation.vendors.play import ASK, play, play_seed
from syncd.simulation.vendors.stage import stage_of
from syncd.simulation.vendors.steps import Add, Break, Copy, Run, Touch, Vanish, draw
from syncd.simulation.vendors.wire import BP, PQ
from tests.simulation import mutants

SHORT, LONG = 2, 60
DAY = Wait(86_400.0)
"""After it everything is listed, not asked for by feed."""

TOLD = [
    (
        "a create whose reply was lost, then the process died, is found again and not made twice",
        (Add("Lost"), Run(), Copy(), Break(BP, "lost_reply", "createProduct"), Run(kill=130), Run()),
    ),
    (
        "the process dies between a write and its reading back",
        (Touch(PQ, 0, "name", 0), Touch(BP, 1, "deductible", 1), Run(kill=55), Run(kill=40), Run()),
    ),
    (
        "both sides edit one field, and a session dies in the middle",
        (Touch(PQ, 1, "name", 0), Touch(BP, 1, "name", 1), Break(BP, "session_expiry", after=3), Run()),
    ),
    (
        "an empty list and a partial one are no deletion",
        (
            *(
                DAY,
                Break(PQ, "empty_list", "GET /v1/plans"),
                Run(),
                DAY,
                Break(PQ, "partial_list", "GET /v1/*", 2),
                Run(),
            ),
            *(DAY, Break(BP, "partial_list", "find*", 3), Run(), DAY, Break(BP, "empty_list", "findProducts"), Run()),
        ),
    ),
    (
        "a list of carriers or types that comes back empty clears nothing",
        (
            *(Touch(PQ, 1, "name", 0), Break(PQ, "empty_list", "GET /v1/carriers"), Run()),
            *(DAY, Break(BP, "empty_list", "getProductTypes"), Run()),
        ),
    ),
    (
        "a plan is deleted in PerfectQuote while its twin is edited",
        (Vanish(PQ, 2), Touch(BP, 2, "name", 2), Run(), Touch(BP, 2, "rate", 1), Run()),
    ),
]


@pytest.mark.parametrize("steps", [steps for _, steps in TOLD], ids=[why.replace(" ", "-") for why, _ in TOLD])
def test_p02_to_p26_hold_in_told_histories(one, steps) -> None:
    """The histories that people fear most, each to its end."""
    failure = play(one, 0, steps)
    assert failure is None, str(failure)


def test_p15_a_carrier_or_type_that_a_list_lacks_is_no_edit(one) -> None:
    """Nobody is asked about a carrier, a line or a plan type that seemed to be gone for an hour."""
    stage = stage_of(one, ASK)
    try:
        for broken in (Break(PQ, "empty_list", "GET /v1/carriers", 9), Break(BP, "empty_list", "getProductTypes", 9)):
            for step in (DAY, broken, Run(), Calm(broken.system)):
                stage.play(step)
            assert [q.proposal.name for q in stage.questions() if q.proposal.kind == "conflict"] == []
    finally:
        stage.close()


@pytest.mark.parametrize("seed", range(1, SHORT + 1))
def test_p02_to_p26_hold_in_every_history_over_http(one, seed: int) -> None:
    """Whatever people, vendors and kills do, no property breaks."""
    failure = play_seed(one, seed)
    assert failure is None, str(failure)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(SHORT + 1, LONG + 1))
def test_p02_to_p26_hold_in_many_histories_over_http(one, seed: int) -> None:
    """The same over sixty seeds."""
    failure = play_seed(one, seed)
    assert failure is None, str(failure)


def test_a_seed_repeats_its_history_request_by_request(one) -> None:
    """The same seed gives the same edits, faults and moment of death, and the engine sends the same requests."""
    assert draw(5) == draw(5) != draw(6)
    told = []
    for _ in range(2):
        stage = stage_of(one, ASK)
        try:
            for step in (Touch(PQ, 0, "name", 0), Touch(BP, 1, "rate", 1), Run(kill=60), Run()):
                stage.play(step)
            told.append((stage.told, stage.moments.told))
        finally:
            stage.close()
    assert told[0] == told[1]


# -- the simulation can fail -------------------------------------------------------------------------------------------


RACE: Any = Touch(BP, 0, "notes", 1)
CONTESTED = (Touch(PQ, 0, "name", 0), Touch(BP, 0, "name", 1), Run(), Touch(PQ, 0, "policy number", 0), Run())
TWICE = (Add("Twice"), Run(), Copy(), Break(BP, "lost_reply", "createProduct"), Run())
WRONG = [
    (mutants.contested_bases_move, CONTESTED, "p5 p6 p25"),
    (mutants.every_listing_is_complete, (DAY, Break(PQ, "partial_list", "GET /v1/plans"), Run()), "p15"),
    (
        mutants.creates_are_never_found,
        (Add("Twice"), Run(), Copy(), Break(BP, "lost_reply", "createProduct"), Run()),
        "p11",
    ),
    (mutants.observed_edits_leave_no_history, (Touch(PQ, 0, "rate", 0), Run()), "p24 p2"),
    (mutants.debts_are_forgotten, (Touch(PQ, 0, "name", 0), Break(BP, "html_200", times=40), Run()), "p5 p2"),
]


@pytest.mark.prove
@pytest.mark.parametrize(("mutant", "steps", "properties"), WRONG, ids=[mutant.__name__ for mutant, _, _ in WRONG])
def test_p06_and_others_notice_a_wrong_engine_over_http(one, monkeypatch, mutant, steps, properties) -> None:
    """An engine that is wrong in one point breaks the property that says so."""
    mutant(monkeypatch)
    failure = play(one, 0, steps)
    assert failure is not None
    assert failure.property.partition("_")[0] in properties.split(), str(failure)
