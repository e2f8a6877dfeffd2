"""Match what a run asks with the questions that stand: keep, re-issue, close, open again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from syncd.reconcile.questions import question_id, text_of
from syncd.reconcile.types import Decided, Proposal

SILENCING = ("ignore", "reject")
"""Answers that change nothing and last until the question moves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A question as it stands in the store: its stable id with `-n`, status, proposal, and the answer if any."""

    id: str
    n: int
    status: str
    proposal: Proposal
    decided: Decided | None = None
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one question."""

    what: Literal["open", "reissue", "silence", "close", "use"]
    id: str
    n: int
    proposal: Proposal
    previous: str = ""


def key_of(proposal: Proposal) -> tuple[str, str, str, str]:
    """Tell which question a proposal is: kind, link (or scope where there is none) and name."""
    return proposal.kind, proposal.link, "" if proposal.link else proposal.scope, proposal.name


def match(
    standing: Iterable[Standing],
    asked: Iterable[Proposal],
    used: Collection[str],
    judged: Collection[str],
    last_n: Mapping[str, int],
    waits: Collection[str] = (),
) -> tuple[Step, ...]:
    """Decide what becomes of every question of a group.

    `standing`: questions open, decided or ignored. `judged`: links that this run looked at, "" for the group as a
    whole; a question of one of them that is not asked again has lost its cause and closes. `last_n`: highest `-n` ever
    given, by id without it. `waits`: answers that a later run will use.
    """
    now = {key_of(proposal): proposal for proposal in asked}
    steps: list[Step] = []
    kept: set[tuple[str, str, str, str]] = set()
    for one in standing:
        key = key_of(one.proposal)
        again = now.get(key)
        if one.id in used:
            steps.append(Step("use", one.id, one.n, one.proposal))
            continue
        if one.proposal.link not in judged or one.id in waits:
            kept.add(key)  # a guard's question is about more writes than those of the links that were looked at
            continue
        if again is None:
            steps.append(Step("close", one.id, one.n, one.proposal))
            continue
        kept.add(key)
        silenced = one.decided is not None and one.decided.choice in SILENCING
        if again.digest == one.proposal.digest and one.status == "decided" and silenced:
            steps.append(Step("silence", one.id, one.n, one.proposal))
        elif again.digest != one.proposal.digest or one.status == "decided":
            # The question moved, or its answer could not be used (the system it names is away, say): it is open again.
            steps.append(Step("reissue", one.id, one.n, again, _said(one)))
    for key, proposal in now.items():
        if key not in kept:
            stem = question_id(proposal.kind, proposal.link, proposal.name, proposal.scope)
            n = last_n.get(stem, 0) + 1
            steps.append(Step("open", f"{stem}-{n}", n, proposal))
    return tuple(steps)


def _said(one: Standing) -> str:
    """Tell the answer that was given before the question changed."""
    if one.decided is None:
        return one.previous
    value = f" {text_of(one.decided.value)}" if one.decided.value is not None else ""
    return f"{one.decided.choice}{value}" + (f" ({one.decided.by})" if one.decided.by else "")
