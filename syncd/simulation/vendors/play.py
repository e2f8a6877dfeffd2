"""Play a history over HTTP to its end: check after each run, then quiet, then check what is left."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.simulation.checks_at_rest import AT_REST
from syncd.simulation.play import Wrong, check, to_rest
from syncd.simulation.vendors.base import Settled
from syncd.simulation.vendors.stage import HttpStage, stage_of
from syncd.simulation.vendors.steps import HttpStep, draw

ASK: Mapping[str, Any] = {"default": {"on_conflict": "ask"}}
"""As the rules that come with syncd; without them the system named when linking wins the conflicts of its sections."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was found wrong: the property, what was seen, and what had happened until then."""

    seed: int
    property: str
    what: str
    told: tuple[str, ...]

    def __str__(self) -> str:
        """Tell it with everything that happened."""
        return "\n".join((f"seed {self.seed}: {self.property}: {self.what}", *self.told))


def play_seed(settled: Settled, seed: int) -> Failure | None:
    """Draw and play one history; None when everything held."""
    return play(settled, seed, draw(seed), ASK if seed % 2 else {})


def play(settled: Settled, seed: int, steps: Sequence[HttpStep], rules: Mapping[str, Any] = ASK) -> Failure | None:
    """Play a history; None when everything held."""
    stage = stage_of(settled, rules)
    try:
        _play(stage, steps)
    except Wrong as wrong:
        return Failure(seed, wrong.name, wrong.what, tuple(stage.told))
    except Exception as error:  # noqa: BLE001 - whatever a run raises is a finding
        told = (*stage.told, traceback.format_exc())
        return Failure(seed, "p23_a_run_never_raises", f"{type(error).__name__}: {error}", told)
    finally:
        stage.close()
    return None


def _play(stage: HttpStage, steps: Sequence[HttpStep]) -> None:
    for step in steps:
        ran = stage.play(step)  # type: ignore[arg-type]
        if ran is not None:
            check(stage, ran)
    stage.quiet()
    to_rest(stage)
    for at_rest in AT_REST:
        for what in at_rest(stage):
            raise Wrong(at_rest.__name__, what)
