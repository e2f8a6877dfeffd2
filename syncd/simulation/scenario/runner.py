"""Run tables: one, or all of files and folders. A crash of the engine is a difference like any other, only worse."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from pathlib import Path

from syncd.errors import ConfigError, SyncdError
from syncd.reconcile.rules import Rules
from syncd.simulation.scenario.expect import first_difference
from syncd.simulation.scenario.format import files, load_file
from syncd.simulation.scenario.models import Scenario
from syncd.simulation.scenario.play import Play
from syncd.simulation.scenario.report import Result, Results


def run_paths(paths: Sequence[Path | str], rules: Rules | None = None) -> Results:
    """Run all tables of files and folders; those that name no rules under these ones.

    A malformed file is an error of the result; the others still run.
    """
    return asyncio.run(_run_paths(paths, rules))


async def _run_paths(paths: Sequence[Path | str], rules: Rules | None) -> Results:
    results: list[Result] = []
    errors: list[SyncdError] = []
    for path in paths:
        try:
            found = files(path)
        except ConfigError as error:
            errors.append(error)
            continue
        for file in found:
            try:
                scenarios = load_file(file)
            except ConfigError as error:
                errors.append(error)
                continue
            results += [await run_scenario(scenario, rules) for scenario in scenarios]
    return Results(tuple(results), tuple(errors))


async def run_scenario(scenario: Scenario, rules: Rules | None = None) -> Result:
    """Run one table and give its first difference, if any."""
    details: list[str] = []
    play = None
    try:
        play = Play(scenario, rules=rules)
        for at, cycle in enumerate(scenario.cycles):
            came = await play.cycle(at)
            details += [f"cycle {at + 1}: {came.result}", *(f"  {line}" for line in came.notes)]
            different = first_difference(cycle.expect, came, play.state(), scenario)
            if different:
                return Result(scenario, f"cycle {at + 1}: {different}", tuple(details))
    except ConfigError as error:
        return Result(scenario, str(error), tuple(details))
    except Exception as error:  # noqa: BLE001 - a crash of the engine is the worst difference a table can show
        details += traceback.format_exc().splitlines()
        return Result(scenario, f"expected a run, got a crash: {type(error).__name__}: {error}", tuple(details))
    finally:
        if play is not None:
            play.close()
    return Result(scenario, "", tuple(details))
