"""A record that a decision awaits: it is to be created, and its id stands for the decision until it has one. Pure.

All attempts of one decision share that id, and with it the marker by which what they made is found again; another
decision about the same plan never does.
"""

from __future__ import annotations

from syncd.reconcile.questions import digest_of
from syncd.reconcile.types import Member, System

_BEGINS, _ENDS = "(new ", ")"


def awaited(system: System, link: str, occasion: str = "") -> Member:
    """Give the member that is to be created: no base, nothing owed yet. `occasion`: what sets this decision apart from
    earlier ones about the same link and system; "" for the first."""
    told = f"{link}-{digest_of(system, occasion)[:8]}" if occasion else link
    return Member(system, f"{_BEGINS}{told}{_ENDS}", {}, unseen=frozenset({""}), status="awaited")


def marker_of(member: Member) -> str:
    """Give the marker of the record that a decision awaits."""
    told = member.id.removeprefix(_BEGINS).removesuffix(_ENDS)
    return f"syncd:{told}:{member.system}"
