"""Turn what the store keeps into rows and back. Pure: no SQL, no I/O; a row is a tuple in the order of its table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import orjson

from syncd.errors import StoreError
from syncd.model import encoding
from syncd.model.encoding import decode, encode, value_from_json, value_to_json
from syncd.model.values import Absent, Flag, Flat, Value
from syncd.reconcile.types import Decided, Link, Member, Offer, Owed, Proposal
from syncd.store.rows import Listing, Question, Run, Snapshot
from syncd.store.tables import Row

_NOTHING: frozenset[str] = frozenset()
# Equal values of one of these types are the same value. Equal amounts may differ in scale, cost shares in text.
_EXACT = frozenset({str, int, date, Flag, Absent})


def dumps(value: Any) -> str:  # noqa: ANN401 - JSON
    """Write JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        if "surrogates" not in str(error):
            raise
        return json.dumps(value)  # half a character, as systems leave it that cut texts at a length


def loads(text: str) -> Any:  # noqa: ANN401 - JSON
    """Read what `dumps` wrote."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def whole(text: str) -> str:
    """Give a text that a column can hold: half a character is spelled out (`encode` keeps it in flat views).

    Systems leave one when they cut texts at a length, and one bad label must not stop the other records.
    """
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _some(value: Any) -> str | None:  # noqa: ANN401 - JSON
    return dumps(value) if value else None


def _map(text: str | None) -> dict[str, Any]:
    return loads(text) if text else {}


def _set(text: str | None) -> frozenset[str]:
    return frozenset(loads(text)) if text else frozenset()


# -- snapshots ----------------------------------------------------------------------------------------------------


def pack_snapshot(s: Snapshot) -> Row:
    """Give the row of a snapshot."""
    return (
        s.system, s.kind, s.id, s.scope, whole(s.label), s.digest, s.raw, s.at, s.version, s.modified, s.began,
        whole(s.gone) if s.gone else s.gone,
        _some(dict(s.locked)) if s.locked else None, _some(sorted(s.lacks)) if s.lacks else None, encode(s.flat),
    )  # fmt: skip


def unpack_snapshot(row: Row, flat: Flat | None = None) -> Snapshot:
    """Read the row of a snapshot. `flat`: its flat view, if the caller read it already."""
    system, kind, id_, scope, label, digest, raw, at, version, modified, began, gone, locked, lacks, written = row
    return Snapshot(
        system, kind, id_, scope, label, decode(written) if flat is None else flat, digest, raw, at, version, modified,
        _map(locked) if locked else {}, gone, _set(lacks) if lacks else _NOTHING, began,
    )  # fmt: skip


# -- links and members --------------------------------------------------------------------------------------------


def pack_link(link: Link) -> Row:
    """Give the row of a link with its members. Refuses two members of one system."""
    members = link.members
    if len({member.system for member in members}) != len(members):
        raise _two_members(link)
    return (
        link.id, link.kind, link.scope, whole(link.label), link.status, link.follow, link.revision, link.settled,
        _held(members),
        _some(dict(link.sources)) if link.sources else None,
        _some(sorted(link.accepted)) if link.accepted else None,
        _who(members), _members(link), encode(link.agreed),
    )  # fmt: skip


def _two_members(link: Link) -> StoreError:
    """Name the second record of one system: written to, it would be another client's plan."""
    systems = [member.system for member in link.members]
    second = next(member for at, member in enumerate(link.members) if member.system in systems[:at])
    first = next(member for member in link.members if member.system == second.system)
    return StoreError(
        f"“{link.label}” ({link.id}) has a {second.system} member already, {first.id}",
        system=second.system,
        external_id=second.id,
        hint="A link holds one record of each system: take the other one out first.",
    )


def pack_members(link: Link) -> Row:
    """Give the columns that what becomes of members moves, and those by which the row is found."""
    return _held(link.members), _members(link), link.id, link.status, link.revision, link.settled, _who(link.members)


def pack_who(link: Link) -> Iterable[Row]:
    """Give the rows by which the members of a link are found."""
    holds = link.status != "unlinked"
    return [(link.id, member.system, link.kind, member.id, holds, member.status) for member in link.members]


def unpack_link(row: Row, agreed: Flat | None = None) -> Link:
    """Read the row of a link. `agreed`: what it agreed, if the caller read it already."""
    id_, kind, scope, label, status, follow, revision, settled, _, sources, accepted, who, members, written = row
    agreed = decode(written) if agreed is None else agreed
    told = zip(loads(who), encoding.read(members), strict=True)
    return Link(
        id_, kind, scope, label, agreed, tuple([_unpack_member(named, state, agreed) for named, state in told]),
        revision, _map(sources) if sources else {}, status, bool(follow), settled,
        _set(accepted) if accepted else _NOTHING,
    )  # fmt: skip


def _who(members: Sequence[Member]) -> str:
    return dumps([(member.system, member.id, member.status) for member in members])


def _members(link: Link) -> bytes:
    return encoding.write([_pack_member(member, link.agreed) for member in link.members])


def _held(members: Sequence[Member]) -> str:
    """Give what the live members held, in the words of the question what is unsettled."""
    said = [(m.system, m.settled.hex().upper() if m.status == "live" else "-") for m in members]
    said.sort()
    return ",".join([digest for _, digest in said])


def _pack_member(member: Member, agreed: Flat) -> tuple[object, ...]:
    """Give what a link keeps of a member beside its name."""
    behind: dict[str, object] = {}
    for path, owed in member.behind.items():
        echo = () if owed.echo is None else (value_to_json(owed.echo),)  # null already means EMPTY
        behind[path] = (owed.revision, owed.refusals, owed.next_at, owed.why, *echo)
    unseen = sorted(member.unseen) if member.unseen else ()
    return member.settled.hex(), member.own_stamp, unseen, behind, *_pack_base(member.base, agreed)


def _unpack_member(named: Sequence[Any], state: Sequence[Any], agreed: Flat) -> Member:
    """Read a member; a base that is what the link agreed is the same object."""
    system, record_id, status = named
    settled, own_stamp, unseen, behind, lacks, base = state
    return Member(
        system,
        record_id,
        agreed if base is None else _unpack_base(base, lacks, agreed),
        frozenset(unseen) if unseen else _NOTHING,
        {path: _owed(*owed) for path, owed in behind.items()} if behind else {},
        own_stamp,
        status,
        bytes.fromhex(settled),
    )


def _owed(revision: int, refusals: int, next_at: float, why: str, *echo: Any) -> Owed:  # noqa: ANN401 - JSON
    return Owed(revision, refusals, next_at, why, *map(value_from_json, echo))


def _pack_base(base: Flat, agreed: Flat) -> tuple[list[str] | None, Flat | None]:
    """Give what a base lacks of what was agreed (None: all of it), and what it holds instead or besides; None twice
    for what was agreed."""
    if base is agreed:
        return None, None
    if not base:  # it holds nothing yet, as thousands do while plans are being linked
        return (None, {}) if agreed else (None, None)
    # Mostly the very same objects: a base is made of what was agreed.
    other = {path: value for path, value in base.items() if agreed.get(path) is not value}
    new = 0
    for path in list(other):
        if path not in agreed:
            new += 1
        elif _same(other[path], agreed[path]):
            del other[path]
    lacks = sorted(agreed.keys() - base.keys()) if len(base) - new != len(agreed) else []
    return (lacks, other) if lacks or other else (None, None)


def _unpack_base(base: dict[str, Any], lacks: list[str] | None, agreed: Flat) -> Flat:
    if lacks is None:
        return {}
    flat = {**agreed, **encoding.revive(base)}
    for path in lacks:
        del flat[path]
    return flat


def _same(value: Value, other: Value) -> bool:
    """Tell whether two values are the same to the last digit: 512.4 equals 512.40 but is another text."""
    if value != other:
        return False
    exact = value.__class__ in _EXACT and other.__class__ in _EXACT
    return exact or repr(value) == repr(other)


# -- questions ----------------------------------------------------------------------------------------------------


def pack_question(q: Question) -> Row:
    """Give the row of a question."""
    p = q.proposal
    proposal = {
        "kind": p.kind,
        "label": p.label,
        "name": p.name,
        "why": p.why,
        "rule": p.rule,
        "digest": p.digest,
        "offers": [(offer.choice, offer.effect) for offer in p.offers],
        "members": {system: dict(said) for system, said in p.members.items()},
        "evidence": p.evidence,
        "ceiling": p.ceiling,
        "given_back": p.given_back,
    }
    decided = _pack_decided(q.decided) if q.decided else None
    return q.id, q.n, q.status, p.scope, p.link, q.opened_at, q.closed_at, q.previous, decided, dumps(proposal)


def unpack_question(row: Row) -> Question:
    """Read the row of a question."""
    id_, n, status, scope, link, opened_at, closed_at, previous, decided, proposal = row
    said = loads(proposal)
    asked = Proposal(
        **said
        | {
            "scope": scope,
            "link": link,
            "offers": tuple(Offer(choice, effect) for choice, effect in said["offers"]),
            "evidence": tuple(said["evidence"]),
            "ceiling": tuple(said["ceiling"]),
        }
    )
    return Question(id_, n, status, asked, opened_at, closed_at, _unpack_decided(decided), previous)


def _pack_decided(d: Decided) -> str:
    return dumps(
        {
            "id": d.id,
            "kind": d.kind,
            "link": d.link,
            "name": d.name,
            "digest": d.digest,
            "choice": d.choice,
            # A list of none or one, because null already means EMPTY.
            "value": [] if d.value is None else [value_to_json(d.value)],
            "options": dict(d.options),
            "by": d.by,
            "note": d.note,
            "ceiling": sorted(d.ceiling),
        }
    )


def _unpack_decided(text: str | None) -> Decided | None:
    if text is None:
        return None
    said = loads(text)
    value = value_from_json(said["value"][0]) if said["value"] else None
    return Decided(**said | {"value": value, "ceiling": frozenset(said["ceiling"])})


# -- runs and listings --------------------------------------------------------------------------------------------


def pack_run(run: Run) -> Row:
    """Give the row of a run."""
    return run.id, run.scope, run.mode, run.started_at, run.ended_at, run.result, _some(dict(run.counts))


def unpack_run(row: Row) -> Run:
    """Read the row of a run."""
    id_, scope, mode, started_at, ended_at, result, counts = row
    return Run(id_, scope, mode, started_at, ended_at, result, _map(counts))


def pack_listing(row: Listing) -> Row:
    """Give the row of a listing."""
    return (
        row.system, row.kind, row.at, row.complete, row.count, row.known, row.fingerprint, row.good_at, row.tripped,
        row.error,
    )  # fmt: skip


def unpack_listing(row: Row) -> Listing:
    """Read the row of a listing."""
    system, kind, at, complete, *rest = row
    return Listing(system, kind, at, bool(complete), *rest)
