"""Scenario tables: a situation, what people and faults do, and what must come of it, run through the real engine.

`load` reads and checks tables, `run_scenario` runs one, `run_paths` runs files and folders. A table is plain data, so
users prove their own rules with it and every table of `tests/scenario` is also run twice, killed at each step and
mirrored. The alternative, tests in code, would be read by nobody who knows what should come out.
"""

from __future__ import annotations

from syncd.simulation.scenario.format import load, parse
from syncd.simulation.scenario.models import Scenario
from syncd.simulation.scenario.play import Play
from syncd.simulation.scenario.report import Result, Results
from syncd.simulation.scenario.runner import run_paths, run_scenario

__all__ = ["Play", "Result", "Results", "Scenario", "load", "parse", "run_paths", "run_scenario"]
