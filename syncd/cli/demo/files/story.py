"""The demo's story: which plans a person links, and what the vendors' users do afterwards.

Data and small functions; the CLI tells the story and runs syncd in between. The values that users type here are the
only figures of the demo that nobody published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from syncd.cli.demo.files.drops import edit, remove
from syncd.cli.demo.files.seed import System
from syncd.model.records import JSON


@dataclass(frozen=True, slots=True)
class Link:
    """One decision of a person: these two records are the same plan; each section has a source of truth."""

    plan: str
    sources: Mapping[str, System]


@dataclass(frozen=True, slots=True)
class LinkedGroup:
    """An employer whose plans are linked. `left` are plans that a person leaves alone, with the reason."""

    group: str
    links: tuple[Link, ...]
    left: Mapping[str, str] = field(default_factory=dict)


QUOTE_LEADS: Final[Mapping[str, System]] = {
    "details": "crm",
    "benefits": "quote",
    "rates": "quote",
    "contributions": "crm",
    "eligibility": "crm",
}
"""The broker's habit: what was quoted is right about benefits and rates, the CRM about who and what."""

LINKED: Final = (
    LinkedGroup(
        "fed-co",
        (
            Link("fed-co-kaiser-high", QUOTE_LEADS),
            Link("fed-co-kaiser-standard", QUOTE_LEADS),
            # The CRM holds $35 for an office visit, the quote $10: deciding the source of the benefits settles it.
            Link("fed-co-kaiser-prosper", QUOTE_LEADS),
            Link("fed-co-geha-standard", QUOTE_LEADS),
            Link("fed-co-geha-hdhp", QUOTE_LEADS),
        ),
        left={"fed-co-geha-high": "Named like Kaiser's High Option; left unlinked to show that nothing happens to it."},
    ),
    LinkedGroup(
        "beaumont",
        (
            Link("bea-surest-ppo", QUOTE_LEADS),
            Link("bea-kaiser-hmo", QUOTE_LEADS),
            # The CRM still shows the premiums of 2022.
            Link("bea-dental-ppo", QUOTE_LEADS),
            Link("bea-dental-hmo", QUOTE_LEADS),
            Link("bea-vision", QUOTE_LEADS),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """A vendor's user types a value: `value` into `column` of the drop, which means `text` for the canonical `path`."""

    system: System
    plan: str
    column: str
    value: JSON
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A vendor's user deletes a plan."""

    system: System
    plan: str


@dataclass(frozen=True, slots=True)
class Step:
    """What happens between two runs, what a reader should see come of it, and the plans it is about."""

    name: str
    title: str
    outcome: str
    acts: tuple[Edit | Removal, ...]

    @property
    def plans(self) -> tuple[str, ...]:
        """Name the plans that this step touches, each once."""
        return tuple(dict.fromkeys(act.plan for act in self.acts))


STEPS: Final = (
    Step(
        "rate",
        "The carrier corrects a rate, and the broker types it into the quoting system",
        "The CRM gets the new rate; its money column keeps its own way of writing.",
        (
            Edit(
                *("quote", "fed-co-kaiser-high"),
                *("rate_sets.0.tiers.EE", "441.20"),
                *("rates[2026-01-01].ee", "441.20"),
            ),
        ),
    ),
    Step(
        "copay",
        "An account manager corrects a copayment in the CRM",
        "The quoting system gets it as it was typed: a cost share keeps the words of who wrote it.",
        (
            Edit(
                *("crm", "fed-co-kaiser-prosper"),
                *("Specialist Visit In", "$40 Copayment"),
                *("benefits.specialist.in_network", "$40 Copayment"),
            ),
        ),
    ),
    Step(
        "both",
        "Two people work on one plan: benefits in one system, the name in the other",
        "Both edits arrive; neither is in the other's way.",
        (
            Edit(
                *("quote", "fed-co-geha-hdhp"),
                *("benefits.care.pcp.in", "10% coinsurance"),
                *("benefits.primary_care.in_network", "10% Coinsurance"),
            ),
            Edit(
                *("crm", "fed-co-geha-hdhp"),
                *("Plan Name", "High Deductible Health Plan with HSA"),
                *("details.name", "High Deductible Health Plan with HSA"),
            ),
        ),
    ),
    Step(
        "rule",
        "Two people type the same rate differently",
        "A rule says that a rate is what was quoted, so the CRM's own figure loses; history keeps it.",
        (
            Edit(
                *("quote", "bea-dental-ppo"),
                *("rate_sets.0.tiers.EE", "57.10"),
                *("rates[2026-01-01].ee", "57.10"),
            ),
            Edit(
                *("crm", "bea-dental-ppo"),
                *("Employee Only", "$57.80"),
                *("rates[2026-01-01].ee", "57.80"),
            ),
        ),
    ),
    Step(
        "conflict",
        "Two people change the same field to different values",
        "Nothing is written to this field; a question waits in the review folder, its neighbours go on.",
        (
            Edit(
                *("quote", "fed-co-geha-standard"),
                *("benefits.care.urgent.in", "$55 copay"),
                *("benefits.urgent_care.in_network", "$55 Copayment"),
            ),
            Edit(
                *("crm", "fed-co-geha-standard"),
                *("Urgent Care In", "$60 Copayment"),
                *("benefits.urgent_care.in_network", "$60 Copayment"),
            ),
        ),
    ),
    Step(
        "removal",
        "Someone deletes a plan in the CRM",
        "The quoting system keeps its plan; one question asks what to do.",
        (Removal("crm", "bea-vision"),),
    ),
)


def step(name: str) -> Step:
    """Find a step by its name."""
    return next(step for step in STEPS if step.name == name)


def act_out(folder: Path, step: Step, *, at: datetime) -> None:
    """Do what the step says, on the files below `folder`."""
    for act in step.acts:
        match act:
            case Edit():
                edit(folder, act.system, act.plan, {act.column: act.value}, at=at)
            case Removal():
                remove(folder, act.system, act.plan)
