"""Saved changesets: what a dry run decided and on what, so that exactly that can be applied later. Pure.

Takes what a run read and decided, gives plain data that is stored as JSON; compares two of them. A changeset is applied
only when a new dry run reads and decides the very same: same rules, mappings, rights, scope, members and writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from syncd.errors import ConfigError
from syncd.model.encoding import value_to_json
from syncd.reconcile.questions import text_of
from syncd.reconcile.types import Away, Change, Changeset, Lost, Operation, Proposal, Sight, View

FORMAT: Final = "syncd-changeset/1"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the dry run was limited to; applying keeps to the same."""

    groups: tuple[str, ...] = ()
    links: tuple[str, ...] | None = None
    systems: tuple[str, ...] | None = None
    force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A dry run to be applied later.

    `epoch` digests rules, mappings and rights; `members` says of every record read what it held (a digest), by
    `group|link|system|id`; `writes` and `questions` are all that was decided, by a key of their own.
    """

    made_at: float
    epoch: str
    filters: Filters
    members: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Give what stands for the whole of it; the time it was made does not count."""
        told = [self.epoch, asdict(self.filters), dict(self.members), _plain(self.writes), dict(self.questions)]
        return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()

    @property
    def key(self) -> str:
        """Give what stands for just this file: the same may be decided again later, and applied again."""
        return f"{self.digest}@{self.made_at!r}"


def save(decided: Iterable[tuple[Changeset, View]], epoch: bytes, filters: Filters, made_at: float) -> Saved:
    """Take down what dry runs of some groups read and decided."""
    members: dict[str, str] = {}
    writes: dict[str, Mapping[str, str]] = {}
    questions: dict[str, str] = {}
    for changeset, view in decided:
        members.update(_members(view))
        writes.update(_writes(changeset))
        questions.update(_question(proposal) for proposal in changeset.questions)
    return Saved(made_at, epoch.hex(), filters, members, writes, questions)


def _members(view: View) -> Iterator[tuple[str, str]]:
    for one in view.links:
        ids = {member.system: member.id for member in one.link.members}
        for system, sight in one.sights.items():
            yield f"{view.scope}|{one.link.id}|{system}|{ids[system]}", _sight(sight)
    for stray in view.strays:
        yield f"{view.scope}||{stray.system}|{stray.id}", _sight(stray.seen)


def _sight(sight: Sight) -> str:
    if isinstance(sight, Away):
        return f"away: {sight.why}"
    return "gone" if isinstance(sight, Lost) else sight.digest.hex()


def _writes(changeset: Changeset) -> Iterator[tuple[str, Mapping[str, str]]]:
    labels = {outcome.after.id: outcome.after.label for outcome in changeset.outcomes}
    for outcome in changeset.outcomes:
        decided: list[Change | Operation] = [*outcome.changes, *outcome.operations]
        for write in decided:
            told = {"group": changeset.scope, "plan": labels[write.link], "reason": write.reason}
            yield _key(write), told | _told(write)


def _key(write: Change | Operation) -> str:
    what = write.path if isinstance(write, Change) else f"({write.op})"
    return f"{write.link}|{write.system}|{write.id}|{what}"


def _told(write: Change | Operation) -> dict[str, str]:
    if isinstance(write, Change):
        exact = [value_to_json(write.old), value_to_json(write.new)]
        return {"old": text_of(write.old), "new": text_of(write.new), "digest": _digest(exact)}
    values = {path: value_to_json(value) for path, value in write.values.items()}
    return {"operation": write.op, "digest": _digest(values)}


def _digest(told: Any) -> str:  # noqa: ANN401 - JSON
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8).hexdigest()


def _question(proposal: Proposal) -> tuple[str, str]:
    return f"{proposal.kind}|{proposal.link or proposal.scope}|{proposal.name}", proposal.digest


def _plain(writes: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {key: dict(told) for key, told in writes.items()}


# -- as a file ---------------------------------------------------------------------------------------------------------


def to_json(saved: Saved) -> str:
    """Write a changeset as a file."""
    told = {
        "format": FORMAT,
        "digest": saved.digest,
        "made_at": saved.made_at,
        "epoch": saved.epoch,
        "filters": asdict(saved.filters),
        "writes": _plain(saved.writes),
        "questions": dict(saved.questions),
        "members": dict(saved.members),
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str, file: str) -> Saved:
    """Read a file that `to_json` wrote. Raises ConfigError; a file that somebody changed is no changeset any more."""
    hint = "Make a new one with `syncd sync --dry-run --out FILE`."
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"not a changeset: {error.msg}", file=file, line=error.lineno, hint=hint) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ConfigError(f"not a changeset: expected `format: {FORMAT}`", file=file, hint=hint)
    try:
        saved = _from_plain(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"not a whole changeset: {error}", file=file, hint=hint) from error
    if saved.digest != told.get("digest"):
        raise ConfigError("the changeset was changed after it was written", file=file, hint=hint)
    return saved


def _from_plain(told: Mapping[str, Any]) -> Saved:
    filters = told["filters"]
    links, systems = filters["links"], filters["systems"]
    return Saved(
        float(told["made_at"]),
        str(told["epoch"]),
        Filters(
            tuple(filters["groups"]),
            None if links is None else tuple(links),
            None if systems is None else tuple(systems),
            tuple(filters["force"]),
        ),
        dict(told["members"]),
        _plain(told["writes"]),
        dict(told["questions"]),
    )


# -- what differs ------------------------------------------------------------------------------------------------------


def differences(then: Saved, now: Saved) -> list[str]:
    """Say in words what is not as it was when the changeset was made; nothing: it can be applied."""
    found = ["the rules, the mappings or the rights of an account"] if then.epoch != now.epoch else []
    found += _moved(then.members, now.members, _member_told)
    found += _moved(_flat(then.writes), _flat(now.writes), _write_told)
    found += _moved(then.questions, now.questions, _question_told)
    if not found and then.digest != now.digest:
        found = ["the groups or filters"]
    return found


def _flat(writes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {key: json.dumps(told, sort_keys=True) for key, told in writes.items()}


def _moved(then: Mapping[str, str], now: Mapping[str, str], told: Any) -> list[str]:  # noqa: ANN401 - a function
    return [
        f"{told(key)} {'is new' if key not in then else 'is gone' if key not in now else 'has changed'}"
        for key in sorted({*then, *now})
        if then.get(key) != now.get(key)
    ]


def _member_told(key: str) -> str:
    _, _, system, record_id = key.split("|", 3)
    return f"record {system} {record_id}"


def _write_told(key: str) -> str:
    _, system, record_id, what = key.split("|", 3)
    return f"the write to {system} {record_id} {what}"


def _question_told(key: str) -> str:
    kind, _, name = key.split("|", 2)
    return f"the question {kind} {name}"
