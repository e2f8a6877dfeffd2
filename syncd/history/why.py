"""Why does this field hold this value? Who changed it, which rule decided, what lost, where it was written.

Takes a link, what was last seen of its records, its history lines and journal rows; gives a plain account. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from syncd.history.events import RENAMED
from syncd.model.paths import under
from syncd.model.values import EMPTY, Value
from syncd.reconcile.types import Link, Owed, System
from syncd.store.rows import HistoryRow, Intent, Question, Snapshot

What: TypeAlias = Literal[
    "seen first",
    "changed",
    "written",
    "lost",
    "decided",
    "linked",
    "unlinked",
    "gone",
    "renamed",
    "asked",
    "not written",
]


@dataclass(frozen=True, slots=True)
class Holding:
    """What one system holds in the field now. `base`: what it was last confirmed to hold; None: never agreed; `lacks`:
    its record has no place for the field, though other records of the system have."""

    system: System
    id: str
    values: Mapping[str, Value]
    bases: Mapping[str, Value] | None
    owed: Mapping[str, Owed]
    seen_at: float | None
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `by`: the rule, decision or person; `readback`: what the system held after it."""

    at: float
    what: What
    system: System
    path: str
    before: Value | str
    after: Value | str
    by: str = ""
    run: str = ""
    note: str = ""
    readback: Value | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """The account of one field, or of all cells of an atom."""

    link: Link
    path: str
    agreed: Mapping[str, Value]
    holdings: tuple[Holding, ...]
    events: tuple[Event, ...]
    questions: tuple[Question, ...]


def explain(
    link: Link,
    path: str,
    snapshots: Mapping[System, Snapshot],
    rows: Sequence[HistoryRow],
    intents: Sequence[Intent],
    questions: Iterable[Question],
) -> Why:
    """Account for a field. `rows` are the link's lines and those of its records, newest first."""
    told = [*(event for row in rows for event in _events(row, path, intents)), *_failures(intents, path)]
    asked = tuple(one for one in questions if one.proposal.link == link.id and _about(one, path))
    told += [
        Event(one.opened_at, "asked", "", one.proposal.name, "", "", one.proposal.rule, note=one.proposal.why)
        for one in asked
    ]
    return Why(
        link,
        path,
        {each: value for each, value in link.agreed.items() if under(each, path)},
        tuple(_holdings(link, path, snapshots)),
        tuple(sorted(told, key=lambda event: (event.at, _ORDER[event.what]), reverse=True)),
        tuple(one for one in asked if one.status == "open"),
    )


# Things of one moment, in the order in which they happened.
_SEQUENCE: tuple[What, ...] = (
    *("seen first", "linked", "changed", "gone", "renamed", "asked"),
    *("decided", "lost", "not written", "written", "unlinked"),
)
_ORDER: Mapping[What, int] = {what: at for at, what in enumerate(_SEQUENCE)}


def _about(question: Question, path: str) -> bool:
    """Tell whether a question is about the field: by its name, or `system:name`."""
    name = question.proposal.name
    return any(under(path, one) or under(one, path) for one in (name, name.partition(":")[2]) if one)


def _holdings(link: Link, path: str, snapshots: Mapping[System, Snapshot]) -> Iterator[Holding]:
    for member in link.members:
        snapshot = snapshots.get(member.system)
        flat = snapshot.flat if snapshot is not None and snapshot.gone is None else {}
        known = not any(under(path, prefix) for prefix in member.unseen)
        yield Holding(
            member.system,
            member.id,
            {each: value for each, value in flat.items() if under(each, path)},
            {each: value for each, value in member.base.items() if under(each, path)} if known else None,
            {each: owed for each, owed in member.behind.items() if under(each, path)},
            snapshot.at if snapshot is not None else None,
            snapshot is not None and snapshot.gone is None and path in snapshot.lacks,
        )


_WHAT: Mapping[str, What] = {"first": "seen first", "observed": "changed", "written": "written", "overruled": "lost"}


def _events(row: HistoryRow, path: str, intents: Sequence[Intent]) -> Iterator[Event]:
    """Give what one line says about the field."""
    if row.what in ("linked", "unlinked", "gone"):
        yield Event(row.at, row.what, row.system, "", "", "", row.who, row.run, row.note)  # type: ignore[arg-type]
        return
    if row.what == RENAMED:
        was, is_now = map(str, row.fields["id"])
        yield Event(row.at, "renamed", row.system, "id", was, is_now, row.who, row.run, row.note)
        return
    for each, (before, after) in row.fields.items():
        if row.what == "decided":
            if each == "" or under(path, each) or under(each, path):
                yield Event(row.at, "decided", "", each, "", str(after), row.who, row.run, row.note)
        elif under(each, path) and row.what in _WHAT:
            by = _reason(row, each, intents) if row.what == "written" else row.who
            back = row.readback.get(each, EMPTY) if row.what == "written" else None
            yield Event(row.at, _WHAT[row.what], row.system, each, before, after, by, row.run, row.note, back)  # type: ignore[arg-type]


def _reason(row: HistoryRow, path: str, intents: Sequence[Intent]) -> str:
    """Give the reason of just this field: a line names that of the first field that was written with it."""
    for intent in intents:
        if intent.run == row.run and intent.system == row.system and path in intent.reasons:
            return intent.reasons[path]
    return row.who


_TOLD_FAILURES = {"refused", "never_landed", "overtaken", "moved"}


def _failures(intents: Sequence[Intent], path: str) -> Iterator[Event]:
    """Give the writes that did not come about."""
    for intent in intents:
        if intent.state not in _TOLD_FAILURES:
            continue
        for each, value in intent.after.items():
            if under(each, path):
                before = intent.before.get(each, EMPTY)
                note = intent.note or intent.state
                by = intent.reasons.get(each, "")
                yield Event(
                    intent.settled_at or intent.at,
                    "not written",
                    intent.system,
                    each,
                    before,
                    value,
                    by,
                    intent.run,
                    note,
                )
