"""Refuse an answer that no run would carry out: about what is not linked any more, or a link that cannot be made.

Takes a question and its decision, and looks into the store; writes nothing. Raises ReviewError with the way that goes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, cast

from syncd.model.records import Kind
from syncd.reconcile.suggest import SPEAKS, weighed
from syncd.reconcile.types import Decided, Link, Member, Seen, Stray
from syncd.review.errors import ReviewError
from syncd.store.rows import Question, Snapshot
from syncd.text.show import command


class Links(Protocol):
    """What is needed of the store."""

    def questions(self, scope: str | None = None, status: Collection[str] = ("open",)) -> list[Question]:
        """Give questions."""
        ...

    def link(self, id_: str, /) -> Link | None:
        """Give one link."""
        ...

    def links(self, scope: str | None = None, kind: Kind | None = None, status: str | None = "live") -> list[Link]:
        """Give links."""
        ...

    def strays(self, scope: str, /) -> list[Snapshot]:
        """Give the records of a group that are in no link."""
        ...


def check_link(store: Links, question: Question, decided: Decided) -> None:
    """Refuse to link with a record whose link has another record of this system: no run would carry that out."""
    if decided.kind != "link-plans" or decided.choice != "link":
        return
    own = question.proposal.name.partition(":")[0]
    named = {key.partition(".")[2]: id_ for key, id_ in decided.options.items() if key.startswith("record.")}
    for link in store.links(question.proposal.scope, status=None) if named else ():
        place = next((one for one in link.members if one.system == own and one.status != "awaited"), None)
        for member in link.members if link.status != "unlinked" and place is not None else ():
            if named.get(member.system) == member.id and member.status == "live" and member.system != own:
                raise _linked_already(link, member, cast("Member", place), question)
    strays = {(row.system, row.id): row for row in store.strays(question.proposal.scope)}
    mine = strays.get((own, question.proposal.name.partition(":")[2]))
    ask = mine is not None and mine.kind == "plan" and "evidence" not in decided.options  # nothing compares tables
    for key in named.items() if ask else ():
        other = strays.get(key)
        score, why = weighed(_stray(mine), _stray(other)) if mine and other and other is not mine else (1.0, "")
        if score < SPEAKS:
            told = f"nothing speaks for this pair: {why or 'they share nothing that could be compared'}"
            hint = "If they are the same all the same, say so: {link: …, evidence: none}."
            raise ReviewError(told, question=question.id, key="link", hint=hint)


def _stray(row: Snapshot) -> Stray:
    return Stray(row.system, row.kind, row.id, row.label, Seen(row.flat, row.digest))


def _linked_already(link: Link, member: Member, place: Member, question: Question) -> ReviewError:
    held = f"“{link.label}” ({link.id}), which has a {place.system} member, {place.id}"
    told = f"{member.system} {member.id} is linked already, in {held}"
    hint = f"To link this one instead, part them first: `{command('syncd', 'unlink', link.scope, link.id)}`."
    return ReviewError(told, question=question.id, key=f"link.{member.system}", hint=hint)


def check_standing(store: Links, question: Question) -> None:
    """Refuse an answer that no run would carry out, because what it is about was unlinked."""
    proposal = question.proposal
    for id_, what in ((proposal.scope, "group"), (proposal.link, "plan")):
        link = store.link(id_) if id_ else None
        if link is not None and link.status == "unlinked":
            told = f"the {what} that it is about, “{link.label}” ({id_}), is not linked any more"
            raise ReviewError(told, question=question.id, hint="There is nothing to answer; `syncd groups` shows all.")
