"""identity-epoch: none of the known ids is listed any more although records are. A vendor that was imported anew or
restored into another database gave all of them other ids; nothing was deleted.

Which record is which is told by content alone: a known and a listed record are twins when both hold the same, in the
same group, and no other record on either side does. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from syncd.reconcile.guards.base import Limits, Sighting, Trip
from syncd.reconcile.questions import digest_of

NAME = "identity-epoch"
COVERS = frozenset({"empty-side", "shrunken-side"})
"""Guards that have nothing left to ask once this one was approved: the same missing records were shown."""
_MOST_NEW = 50


def check(sighting: Sighting, limits: Limits) -> Trip | None:
    """Trip when records are listed and every known one is missing, or every linked one and some have a twin: new ids
    may have been seen before the old ones were gone. What is asked is the table of twins, and nothing else is approved:
    other pairs, another content or another record without a twin is another question."""
    limit = limits.of(NAME)
    missing, paired = len(sighting.missing), len(sighting.twins)
    if limit is None or not sighting.listed or not limit.reached(missing, sighting.known):
        return None
    if missing < sighting.known and not paired:
        return None
    why = (
        f"{sighting.system} lists none of {missing} {sighting.kind} records any more, but others; "
        f"{paired} of them are there with the same content under a new id"
    )
    lost = sorted(set(sighting.missing) - {twin.old for twin in sighting.twins})
    told = [(twin.old, twin.new, twin.content) for twin in sighting.twins]
    return Trip(
        NAME,
        sighting.system,
        why,
        digest_of(NAME, sighting.system, sighting.kind, told, lost),
        tuple(_table(sighting, lost)),
        f"take over the {paired} new ids of this table, once; what has no counterpart counts as gone or as new",
    )


def seems(sighting: Sighting, linked: Collection[str], listed: Collection[str], limits: Limits) -> bool:
    """Tell whether a table of twins is worth making: no linked id is listed or, where few are linked, no known one."""
    limit = limits.of(NAME)
    if limit is None or not sighting.listed or not limit.reached(len(sighting.missing), sighting.known):
        return False
    if len(linked) >= limit.count:
        return not set(linked) & set(listed)
    return len(sighting.missing) == sighting.known


def _table(sighting: Sighting, lost: list[str]) -> Iterator[str]:
    """Show every pair that an approval takes over and every record that it gives up; of merely new ones the first."""
    for twin in sighting.twins:
        yield f"{twin.old} -> {twin.new} ({twin.label})"
    for record_id in lost:
        yield f"{record_id} -> nothing: no listed record, or not just one, holds the same"
    for record_id in sighting.strange[:_MOST_NEW]:
        yield f"nothing -> {record_id}: no known record, or not just one, holds the same"
    if len(sighting.strange) > _MOST_NEW:
        yield f"… and {len(sighting.strange) - _MOST_NEW} more new records"


def twins_of(known: Mapping[str, tuple[str, str]], listed: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Give known id -> listed id of the records that hold the same, where that is so of just one on either side.

    Both map an id to what tells records apart: where it belongs, and the digest of what it holds.
    """
    before, now = _alike(known), _alike(listed)
    return {
        ids[0]: now[held][0] for held, ids in sorted(before.items()) if len(ids) == 1 and len(now.get(held, ())) == 1
    }


def _alike(records: Mapping[str, tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record_id, held in records.items():
        alike[held].append(record_id)
    return alike
