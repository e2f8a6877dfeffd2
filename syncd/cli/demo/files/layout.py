"""The seed as rows of two vendors that share nothing but the facts.

Pure: seed in, rows out, in the vendors' own shapes and words. `quote` keeps nested objects and every rate set it ever
had; `crm` keeps one wide row a plan, with the set that was current when the file was made.

The mappings are not used here and must not be: the drops say what the files look like, the mappings say how they are
read, and `tests/demo` holds them against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from syncd.cli.demo.files.layout_crm import crm_group, crm_plan
from syncd.cli.demo.files.layout_quote import quote_group, quote_plan
from syncd.cli.demo.files.seed import Entry, Seed, System
from syncd.model.records import JSON

Row: TypeAlias = dict[str, JSON]

AS_OF: Final = date(2025, 11, 20)
"""The day on which the drops were made: which rate set is current, and when records were last changed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One vendor's files: their rows."""

    groups: tuple[Row, ...]
    plans: tuple[Row, ...]


def lay_out(seed: Seed, system: System) -> Drop:
    """Shape everything that a system holds."""
    group, plan = _SHAPES[system]
    groups = {entry.key: entry for entry in seed.groups}
    return Drop(
        tuple(group(entry, _modified(at)) for at, entry in enumerate(seed.groups) if system in entry.ids),
        tuple(
            plan(entry, groups[entry.group].ids[system], _modified(at), AS_OF)
            for at, entry in enumerate(seed.plans)
            if system in entry.ids
        ),
    )


_SHAPES: Final[Mapping[System, tuple[Callable[[Entry, str], Row], Callable[[Entry, str, str, date], Row]]]] = {
    "quote": (quote_group, quote_plan),
    "crm": (crm_group, crm_plan),
}


def _modified(at: int) -> str:
    """Nobody changes everything at once: records were last changed in the weeks before, some hours apart."""
    last = datetime(AS_OF.year, AS_OF.month, AS_OF.day, 8, tzinfo=UTC) - timedelta(hours=7 * at, minutes=11 * at)
    return last.isoformat().replace("+00:00", "Z")
