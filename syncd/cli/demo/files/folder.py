"""What the story of the two file drops has in its folder: drops, configuration, rules; and what is decided in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from syncd.cli.demo.files.drops import SETTINGS, native_id, write_drops
from syncd.cli.demo.files.seed import SYSTEMS
from syncd.cli.demo.files.story import LINKED, Link, LinkedGroup
from syncd.cli.demo.folder import system_table

DROPS: Final = "drops"

_CONFIG_HEAD: Final = """\
# The configuration of the demo: two systems, each a folder with two files.

state = "state"                  # what syncd remembers, and the review files
rules = "rules.yaml"
"""
RULES: Final = """\
# A field that only one system changed goes to the other. These rules speak where both changed it.

default:
  on_conflict: ask               # a person decides
  on_missing: ask
  sections:
    rates: {on_conflict: source_of_truth, source_of_truth: quote}   # but a rate is what the carrier quoted
"""


def decisions(linked: LinkedGroup) -> Path:
    """Name the decision file of a client."""
    return Path(f"decisions-{linked.group}.yaml")


OURS: Final[tuple[str | Path, ...]] = (DROPS, "state", "syncd.toml", "rules.yaml", *map(decisions, LINKED))
"""What this story makes."""


def lay_out(folder: Path) -> None:
    """Write what the story begins with."""
    write_drops(folder / DROPS)
    (folder / "syncd.toml").write_text(config_text(), encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")


def config_text() -> str:
    """Write the configuration."""
    told = {system: {"connector": "files", "folder": f"{DROPS}/{system}", **SETTINGS[system]} for system in SYSTEMS}
    return "\n".join([_CONFIG_HEAD, *(system_table(system, settings) for system, settings in told.items())])


def choices_of(group: LinkedGroup, others: Sequence[str] = (), note: str = "") -> dict[str, tuple[str, str]]:
    """Say what a person decides about a group's plans, by CRM id: the links, and `others` of either system ignored."""
    return {native_id("crm", link.plan): (_link(link), "") for link in group.links} | {
        native_id(system, plan): ("ignore", note) for plan in others for system in SYSTEMS
    }


def _link(link: Link) -> str:
    sources = ", ".join(f"{section}: {system}" for section, system in link.sources.items())
    return f"{{link: {{quote: {native_id('quote', link.plan)}}}, sources: {{{sources}}}}}"
