"""Questions about a table, which are answered as a whole or cell by cell. Takes proposals, gives cells. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import value_from_text
from syncd.model.shown import shown
from syncd.reconcile.types import Decided, Proposal, System


def is_table(proposal: Proposal) -> bool:
    """Tell whether a question is about a table, which can be answered cell by cell."""
    return proposal.kind == "conflict" and any("values" in said for said in proposal.members.values())


def cells_of(proposal: Proposal) -> dict[str, dict[System, str]]:
    """Give what each system holds in each cell of a table."""
    found: dict[str, dict[System, str]] = {}
    for system, said in proposal.members.items():
        values = said.get("values")
        for cell, text in values.items() if isinstance(values, Mapping) else ():
            found.setdefault(str(cell), {})[system] = str(text)
    return found


def contested(proposal: Proposal) -> list[str]:
    """Name the cells of a table that the systems do not hold alike."""
    return [cell for cell, held in cells_of(proposal).items() if len(set(held.values())) > 1]


def cell_effects(decided: Decided, proposal: Proposal) -> list[str]:
    """Tell what becomes of each cell that an answer names."""
    held, lines = cells_of(proposal), []
    for key, said in decided.options.items():
        cell = key.removeprefix("cell.")
        if cell == key:
            continue
        typed = said not in proposal.members
        path = f"{proposal.name}.{cell}"
        text = shown(path, value_from_text(path, said)) if typed else held.get(cell, {}).get(said, "")
        gets = [system for system, one in held.get(cell, {}).items() if one != text]
        lines.append(
            f"{cell}: {text or '(empty)'}, {'typed' if typed else f'as {said} has it'}"
            + (f"; written to {', '.join(gets)}" if gets else "; no system has anything else")
        )
    return lines
