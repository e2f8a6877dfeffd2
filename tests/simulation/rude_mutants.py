"""Engines without one of the fixes that a rude world taught, each with the mischief and the checks that must notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncd.apply import intake, write

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def readings_are_as_young_as_their_end(patch: Patch) -> None:
    async def nothing(_: Any) -> None:
        return None

    patch.setattr(intake.Intake, "_began", lambda self, _: self.world.store.begin_reading())
    patch.setattr(intake.Intake, "refresh", nothing)


def sources_are_not_read_again(patch: Patch) -> None:
    async def confirmed(*_: Any) -> None:
        return None

    patch.setattr(write, "unconfirmed", confirmed)


RUDE: list[tuple[Mutant, str, str]] = [
    (readings_are_as_young_as_their_end, "overlap", "p29"),
    (sources_are_not_read_again, "stale", "p33"),
]
"""Each with the one knob that shows it, and the properties that notice, within 500 histories."""
