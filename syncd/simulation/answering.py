"""What a person may answer to an open question, and how a table states what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from syncd.model.values_text import format_value
from syncd.reconcile.strays import partner_of
from syncd.simulation.ran import Said
from syncd.simulation.setting import POOLS
from syncd.store.rows import Question

if TYPE_CHECKING:
    from syncd.simulation.stage import Stage


def said(question: Question, choice: str, value: Any) -> Said:
    """State an answer as a table does."""
    proposal = question.proposal
    system, _, rest = proposal.name.partition(":")
    match proposal.kind:
        case "conflict" | "renewal":
            name = f"{proposal.label}.{proposal.name}"
        case "hand-off" | "hold" | "loss":
            name = f"{system}:{proposal.label}.{rest}"
        case "missing-record":
            name = proposal.label
        case _:
            name = proposal.name
    answer: str | dict[str, str] = {"value": format_value(value)} if choice == "value" else choice.partition(":")[0]
    return Said(f"{proposal.kind} {name}", answer)


def answers_to(stage: Stage, question: Question, pick: int = 0) -> list[tuple[str, Any, dict[str, str]]]:
    """Give the answers that a person may give: what the question offers, made concrete."""
    proposal = question.proposal
    found: list[tuple[str, Any, dict[str, str]]] = []
    for offer in proposal.offers:
        choice = offer.choice
        if choice.startswith("value"):
            pool = POOLS[stage.setting.kind].get(proposal.name, ())
            if pool:
                found.append(("value", stage.value(proposal.name, pool[pick % len(pool)]), {}))
        elif proposal.kind == "link-plans" and choice == "link":
            found += _links_for(stage, proposal.name, pick)
        else:
            found.append((choice, None, {}))
    return found


def _links_for(stage: Stage, name: str, pick: int) -> list[tuple[str, Any, dict[str, str]]]:
    """Give the records of other systems that a stray could be linked to."""
    system = name.split(":", 1)[0]
    found = []
    for other in stage.questions("open"):
        there, _, record = other.proposal.name.partition(":")
        pair = partner_of(other.proposal)
        if other.proposal.name == name and pair is not None:
            there, record = pair
        if other.proposal.kind == "link-plans" and there != system:
            sources = {} if pick % 2 else {f"source.{s}": system for s in ("details", "rates", "name", "rate_ee")}
            found.append(("link", None, {f"member.{there}": record, **sources}))
    return found
