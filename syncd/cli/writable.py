"""Whether anything can be written anywhere: where all systems only give, syncd compares, asks, and no more."""

from __future__ import annotations

from syncd.apply.world import RIGHTS
from syncd.config import Config
from syncd.connectors.base import Access
from syncd.store.store import Store

HINT = 'Set `writes = "on"` for the systems that shall be written, or let their accounts write.'


def nowhere(config: Config, store: Store) -> dict[str, str]:
    """Say of each system why it takes nothing, by its settings and the rights last found; {} where one may."""
    told = {name: _why(name, one.writes, store) for name, one in config.systems.items()}
    return told if all(told.values()) else {}


def sentence(reasons: dict[str, str]) -> str:
    """Say that nothing can be written."""
    return f"nothing can ever be written: {'; '.join(f'{name}: {why}' for name, why in reasons.items())}"


def _why(name: str, writes: str, store: Store) -> str:
    if writes == "off":
        return "writes are off"
    found = store.get(RIGHTS, name)
    access = Access(**found) if found is not None else None
    if access is None or access.create or access.update:
        return access.unwritable.get("", "") if access is not None else ""
    return "the account may only read"
