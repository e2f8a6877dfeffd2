"""Seeded histories of edits, faults, kills and answers: nothing lost, nothing invented, always to rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.simulation.__main__ import main
from syncd.simulation.mischief import KNOBS
from syncd.simulation.play import Failure, draw_history, play, play_seed
from syncd.simulation.scenario import run_paths
from syncd.simulation.show import as_table, as_text
from syncd.simulation.shrink import shrink
from syncd.simulation.twins import p9_symmetry, p10_order_and_batching_free

from .mutants import QUICK, SLOW, Mutant, blanks_always_travel
from .rude_mutants import RUDE

SHORT, LONG = 200, 5000


def failures(first: int, count: int) -> list[str]:
    """Play seeds and tell the failures."""
    played = ((seed, play_seed(seed)) for seed in range(first, first + count))
    return [f"seed {seed}: {found.property}: {found.what}" for seed, found in played if found is not None]


@pytest.mark.parametrize("first", range(1, SHORT + 1, 20))
def test_p01_to_p26_hold_in_every_history(first: int) -> None:
    """Whatever people, vendors and kills do, no property breaks; `python -m syncd.simulation --seed N` replays one."""
    assert failures(first, 20) == []


@pytest.mark.prove
@pytest.mark.parametrize("first", range(SHORT + 1, LONG + 1, 50))
def test_p01_to_p26_hold_in_thousands_of_histories(first: int) -> None:
    """The same over 5,000 seeds."""
    assert failures(first, 50) == []


@pytest.mark.parametrize("twin", [p9_symmetry, p10_order_and_batching_free], ids=["p09", "p10"])
@pytest.mark.parametrize("first", [1, 11])
def test_p09_p10_roles_and_order_make_no_difference(twin, first: int) -> None:
    """Swapped systems come to the mirror image, other orders of records and pages to the same end; without mischief."""
    assert [found.what for seed in range(first, first + 10) if (found := twin(draw_history(seed, {})))] == []


@pytest.mark.prove
@pytest.mark.parametrize("twin", [p9_symmetry, p10_order_and_batching_free], ids=["p09", "p10"])
@pytest.mark.parametrize("first", range(21, 1021, 50))
def test_p09_p10_roles_and_order_make_no_difference_in_a_thousand(twin, first: int) -> None:
    """The same over 1,000 seeds."""
    assert [found.what for seed in range(first, first + 50) if (found := twin(draw_history(seed, {})))] == []


def killed_everywhere(seed: int) -> str:
    """Kill the first quiet run of a history at every one of its moments, each time on its own copy of the world."""
    found = play(replace(draw_history(seed), kills=tuple(range(1, 120))))
    return f"seed {seed}: {found.property}: {found.what}" if found is not None else ""


@pytest.mark.parametrize("seed", [2, 5, 10])
def test_p11_crash_anywhere(seed: int) -> None:
    """Killed at any moment and started again, the end is that of a run that nobody disturbed."""
    assert killed_everywhere(seed) == ""


@pytest.mark.prove
@pytest.mark.parametrize("first", range(11, 211, 10))
def test_p11_crash_anywhere_in_two_hundred_histories(first: int) -> None:
    """The same over 200 seeds."""
    assert [told for seed in range(first, first + 10) if (told := killed_everywhere(seed))] == []


def test_a_seed_reproduces_its_history() -> None:
    """The same seed draws the same world and the same steps, and playing it twice tells the same."""
    assert draw_history(7) == draw_history(7)
    assert draw_history(7) != draw_history(8)


# -- the simulation can fail -------------------------------------------------------------------------------------------


def caught(mutant: Mutant, patch: pytest.MonkeyPatch, seeds: int) -> Failure | None:
    """Play histories on a wrong engine until a check notices."""
    mutant(patch)
    return next((found for seed in range(seeds) if (found := play_seed(seed)) is not None), None)


@pytest.mark.parametrize(("mutant", "properties"), QUICK, ids=[mutant.__name__ for mutant, _ in QUICK])
def test_p14_and_others_notice_a_wrong_engine(mutant: Mutant, properties: str, monkeypatch) -> None:
    """An engine that is wrong in one point, its base being what was meant for one, breaks the property that says so."""
    found = caught(mutant, monkeypatch, 200)
    assert found is not None
    assert found.property.partition("_")[0] in properties.split(), found.what


@pytest.mark.prove
@pytest.mark.parametrize(("mutant", "properties"), SLOW, ids=[mutant.__name__ for mutant, _ in SLOW])
def test_p13_and_others_notice_a_rarely_wrong_engine(mutant: Mutant, properties: str, monkeypatch) -> None:
    """The same where it takes some hundred histories."""
    found = caught(mutant, monkeypatch, 2000)
    assert found is not None
    assert found.property.partition("_")[0] in properties.split(), found.what


@pytest.mark.prove
@pytest.mark.parametrize(
    ("mutant", "knob", "properties"), RUDE, ids=[f"{mutant.__name__}-{knob}" for mutant, knob, _ in RUDE]
)
def test_p29_and_others_notice_what_a_rude_world_breaks(
    mutant: Mutant, knob: str, properties: str, monkeypatch
) -> None:
    """With one fix taken out, the mischief that it stands for turns the simulation red within 500 histories."""
    mutant(monkeypatch)
    found = next((found for seed in range(500) if (found := play_seed(seed, {knob: 1.0})) is not None), None)
    assert found is not None
    assert found.property.partition("_")[0] in properties.split(), found.what


@pytest.mark.parametrize("knob", KNOBS)
def test_every_knob_can_be_turned_alone(knob: str) -> None:
    """Each kind of mischief strikes when it is asked for, and a seed draws the same world again."""
    drawn = [draw_history(seed, {knob: 1.0}) for seed in range(3)]
    assert all(history.struck == {knob} for history in drawn)
    assert drawn == [draw_history(seed, {knob: 1.0}) for seed in range(3)]


def test_a_failing_history_is_shrunk_and_shown(tmp_path: Path, monkeypatch) -> None:
    """What is left is little, and its table is one that `syncd rules test` reads and plays."""
    blanks_always_travel(monkeypatch)
    seed, failure = next((seed, found) for seed in range(200) if (found := play_seed(seed)))
    history, smaller = shrink(draw_history(seed), failure)
    assert smaller.property == failure.property
    assert len(history.steps) <= 3
    assert f"seed {seed}: {failure.property}" in as_text(history, smaller)
    table = tmp_path / "found.yaml"
    table.write_text(as_table(history, smaller), encoding="utf-8")
    results = run_paths([table])
    assert results.errors == ()
    assert [one.difference for one in results.results] == [""]


def test_the_command_tells_seed_history_and_table(tmp_path: Path, monkeypatch, capsys) -> None:
    """Exit 0 with progress when all hold; 1 with the seed, the history and the table when one does not."""
    assert main(["--seed", "1", "--histories", "2"]) == 0
    assert "2 of 2 histories" in capsys.readouterr().out
    blanks_always_travel(monkeypatch)
    assert main(["--histories", "200", "--no-shrink", "--table", str(tmp_path / "found.yaml")]) == 1
    told = capsys.readouterr().out
    assert "p25_undecidable_stays_undecided" in told
    assert "format: syncd-scenario/1" in told
    assert (tmp_path / "found.yaml").read_text(encoding="utf-8") in told
