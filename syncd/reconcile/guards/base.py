"""What guards share: limits, evidence, and how a changeset is narrowed and asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncd.reconcile.questions import digest_of, text_of
from syncd.reconcile.types import Change, Changeset, Decided, Offer, Operation, Proposal


@dataclass(frozen=True, slots=True)
class Limit:
    """A guard trips when `affected / known >= share` and `affected >= count`. `hourly`: most writes an hour."""

    share: float = 0.0
    count: int = 1
    hourly: int | None = None

    def reached(self, affected: int, known: int, few: int | None = None) -> bool:
        """Tell whether both limits are reached; nothing known counts as all of it. `few`: where little is known, half
        of it is as many as the count, but fewer than so many never are."""
        count = self.count if few is None else min(self.count, max(few, known // 2))
        return affected >= count and affected > 0 and affected >= self.share * known


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an installation: guard name -> limit; a guard that is not named is off.

    `empty-side`, `scope` and `permission` need no number and are on unless `off` names them; `delete` is always on.
    """

    by_name: Mapping[str, Limit] = field(default_factory=dict)
    off: frozenset[str] = frozenset()

    def of(self, name: str) -> Limit | None:
        """Give the limit of a guard, None when it is off."""
        return None if name in self.off else self.by_name.get(name)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the guards of a group compare with: records known at the last good run, confirmed writes of this hour."""

    known: int
    written_this_hour: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Twin:
    """A record under two ids: a known one, which is not listed any more, and a listed one, which is linked to nothing.
    `content`: digest of what both hold."""

    old: str
    new: str
    label: str
    content: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A listing to judge. `known`: records at the last good listing; `missing`: known ids not listed now; `twins` and
    `strange`: where no linked id is listed, the records under new ids, and the listed ids that are nobody's twin."""

    system: str
    kind: str
    listed: int
    known: int
    missing: tuple[str, ...] = ()
    fingerprint: str = ""
    last_fingerprint: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    last_unreadable: Mapping[str, str] = field(default_factory=dict)
    twins: tuple[Twin, ...] = ()
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard that tripped on a listing: the system is away until a person says otherwise. `approval`: what an approval
    does, where it is not just to believe the listing."""

    name: str
    system: str
    why: str
    digest: str
    evidence: tuple[str, ...] = ()
    approval: str = ""

    def proposal(self) -> Proposal:
        """Put the trip as a question."""
        return Proposal(
            kind="guard",
            scope=f"system:{self.system}",
            link="",
            label=self.system,
            name=self.name,
            why=self.why,
            rule=f"guard {self.name}",
            digest=self.digest,
            offers=(
                Offer("approve", self.approval or f"believe {self.system} as it is now; once"),
                Offer("reject", f"keep {self.system} out until its listing looks right"),
            ),
            evidence=self.evidence,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard lets through of a changeset."""

    changeset: Changeset


def trip(name: str, sighting: Sighting, why: str, *evidence: str) -> Trip:
    """Make a trip; its digest covers the evidence, so that an approval is for this sight only."""
    return Trip(name, sighting.system, why, digest_of(name, sighting.system, sighting.kind, why, evidence), evidence)


def writes_of(changeset: Changeset) -> Iterator[Change | Operation]:
    """Give every write of a changeset in its order."""
    for outcome in changeset.outcomes:
        yield from outcome.changes
        yield from outcome.operations


def key_of(write: Change | Operation) -> str:
    """Give the key under which an approval lets a write through: where, what, and the value."""
    if isinstance(write, Change):
        told = f"{write.link}|{write.system}|{write.path}|{text_of(write.new)}"
    else:
        told = f"{write.link}|{write.system}|{write.op}"
    return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()


def hold_back(
    changeset: Changeset,
    name: str,
    why: str,
    suspect: Callable[[Change | Operation], bool],
    approvals: Mapping[str, Decided],
    *,
    suspects: bool = True,
) -> Verdict:
    """Take the suspect writes out of a changeset, but for those an approval showed, and ask about the rest.

    `suspects`: whether there can be any; thousands of writes are not looked at one by one where there are none.
    """
    answer = approvals.get(name)
    approved = answer.ceiling if answer is not None and answer.choice == "approve" else frozenset()
    used = (answer.id,) if answer is not None and answer.choice == "approve" else ()
    held: list[Change | Operation] = []

    def lets(write: Change | Operation) -> bool:
        if not suspect(write) or key_of(write) in approved:
            return True
        held.append(write)
        return False

    if not (suspects and any(map(suspect, writes_of(changeset)))):
        return Verdict(replace(changeset, used=(*changeset.used, *used)) if used else changeset)
    outcomes = tuple(
        replace(one, changes=tuple(filter(lets, one.changes)), operations=tuple(filter(lets, one.operations)))
        for one in changeset.outcomes
    )
    narrowed = replace(changeset, outcomes=outcomes, used=(*changeset.used, *used))
    if not held:
        return Verdict(narrowed)
    return Verdict(
        replace(
            narrowed,
            tripped=(*changeset.tripped, name),
            proposals=(*changeset.proposals, _question(changeset.scope, name, why, held)),
        )
    )


def _question(scope: str, name: str, why: str, held: list[Change | Operation]) -> Proposal:
    keys = tuple(sorted(map(key_of, held)))
    return Proposal(
        kind="guard",
        scope=scope,
        link="",
        label=scope,
        name=name,
        why=why,
        rule=f"guard {name}",
        digest=digest_of(name, scope, keys),
        offers=(
            Offer("approve", f"let these {len(held)} writes through, once; more than these is asked again"),
            Offer("reject", "hold them back until they change"),
        ),
        evidence=tuple(map(_line, held[:_MOST_LINES]))
        + ((f"… and {len(held) - _MOST_LINES} more",) if len(held) > _MOST_LINES else ()),
        ceiling=keys,
    )


_MOST_LINES = 50


def _line(write: Change | Operation) -> str:
    if isinstance(write, Change):
        return f"{write.system} {write.id} {write.path}: {text_of(write.old)} -> {text_of(write.new)}"
    return f"{write.op} {write.id} in {write.system}".replace("  ", " ")
