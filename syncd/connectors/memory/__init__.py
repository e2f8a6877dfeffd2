"""An in-memory system: the vendor of every scenario, simulation and benchmark.

`Behaviour` says how the vendor is made, `MemorySystem.faults` what goes wrong now, `on_effect` lets a simulation kill
the caller at each step, and the back door (`put_record edit remove reassign_id lock`) is what people do in the vendor's
own screens. Keyed reads answer truly: a removed record is gone, one that a broken listing left out is present.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from syncd.connectors.frozen import Frozen, freeze
from syncd.connectors.memory.abilities import Feeding, Noting, make
from syncd.connectors.memory.behaviour import DEFAULT_PART, Behaviour
from syncd.connectors.memory.faults import Fault, Faults
from syncd.connectors.memory.system import MemorySystem
from syncd.connectors.memory.vendor import REMOVE, Remove
from syncd.model.records import Kind

__all__ = [
    "CONTRACT",
    "DEFAULT_PART",
    "REMOVE",
    "Behaviour",
    "Fault",
    "Faults",
    "Feeding",
    "Frozen",
    "MemorySystem",
    "Noting",
    "Remove",
    "Settings",
    "connect",
    "freeze",
    "make",
]

CONTRACT: Final = "no vendor: records in memory, for trials and tests"


class Settings(BaseModel):
    """Settings of an in-memory system: how it is made, and what it holds at the start (kind -> id -> key -> value)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    behaviour: Behaviour = Behaviour()
    records: dict[Kind, dict[str, dict[str, Any]]] = Field(default_factory=dict)


def connect(system: str, settings: Settings, state: object = None) -> MemorySystem:
    """Make the system that the settings describe; it keeps nothing between runs, so `state` is not used."""
    del state
    made = make(system, settings.behaviour)
    for kind, records in settings.records.items():
        for record_id, data in records.items():
            group = data.get("group_id") if kind == "plan" else None
            made.put_record(kind, record_id, data, group=group)
    return made
