"""Links and their members.

A link *stands* until it is unlinked: an orphaned one still holds its records, waits for a decision and is looked at in
every run, because its missing record may reappear.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.exc import IntegrityError

from syncd.errors import ClaimedTwiceError
from syncd.model.encoding import decode
from syncd.model.records import Kind
from syncd.reconcile.types import Link
from syncd.store.database import Database, chunks, fetch, many, marks, uncollected
from syncd.store.history import write_history
from syncd.store.packing import pack_link, pack_members, pack_who, unpack_link, unpack_snapshot
from syncd.store.rows import HistoryRow, Snapshot
from syncd.store.tables import LINK, MEMBER, Row, renew_sql, update_sql, upsert_sql

_UPSERT_LINK = upsert_sql(LINK)
_UPSERT_MEMBER = upsert_sql(MEMBER)
# Of a link that keeps its members, and all that is searched by, only the row itself is touched and no index.
_UPDATE_LINK = update_sql(LINK, "kind", "scope", "label", "status", "settled", "who_json")
_RENEW_MEMBERS = renew_sql(LINK, ("held", "members"), ("id", "status", "revision", "settled", "who_json"))
_RELEASE = "UPDATE member SET holds = 0 WHERE link = ?"

_first = itemgetter(0)
_STANDS = "l.status IN ('live', 'orphaned')"

# ruff: noqa: S608 - what is put into these texts are names of ours and question marks
# The planner does not know that the index holds all that is asked; walking the rows takes twice the time.
_UNSETTLED = f"""
SELECT l.id FROM link AS l
WHERE l.scope = ? AND {_STANDS} AND (l.settled <> ? OR l.held IS NOT (
    SELECT group_concat(CASE
        WHEN m.status <> 'live' THEN CASE WHEN s.digest IS NOT NULL AND s.gone IS NULL THEN '!' ELSE '-' END
        WHEN s.digest IS NULL OR s.gone IS NOT NULL THEN '!'
        ELSE hex(s.digest) END)
    FROM member AS m LEFT JOIN snapshot AS s INDEXED BY ix_snapshot_head
        ON s.system = m.system AND s.kind = m.kind AND s.id = m.record_id
    WHERE m.link = l.id))
ORDER BY l.id
"""
_MEMBERS = """
SELECT m.record_id FROM member AS m WHERE m.system = ? AND m.kind = ? AND m.holds = 1 AND m.status = 'live'
"""
_SCOPES = "SELECT DISTINCT scope FROM link WHERE status <> 'unlinked' ORDER BY scope"
_COUNT = "SELECT count(*) FROM link WHERE scope = ? AND status = ?"
_SNAPSHOTS = """
SELECT m.link, m.system, s.* FROM link AS l
JOIN member AS m ON m.link = l.id
JOIN snapshot AS s ON s.system = m.system AND s.kind = m.kind AND s.id = m.record_id
"""


class Links(Database):
    """What belongs together, what was agreed, and what each member was confirmed to hold."""

    def add_link(self, link: Link, history: Sequence[HistoryRow] = ()) -> None:
        """Store a new link. A record that another standing link holds is refused, naming both."""
        self.save_links([link], history)

    def save_links(self, links: Sequence[Link], history: Sequence[HistoryRow] = ()) -> None:
        """Store links with all their members, new or not."""
        with self._writing() as connection:
            write_links(connection, links)
            write_history(connection, history)

    def link(self, id_: str) -> Link | None:
        """Give a link by its id."""
        return next(iter(self._links(LINK.c.id == id_)), None)

    def links(self, scope: str | None = None, kind: Kind | None = None, status: str | None = "live") -> list[Link]:
        """Give the links of a scope, kind and status, in order of their ids; None: any."""
        asked = {"scope": scope, "kind": kind, "status": status}
        return self._links(*(LINK.c[name] == value for name, value in asked.items() if value is not None))

    def count_links(self, scope: str, status: str = "live") -> int:
        """Count the links of a scope in a status, without reading them."""
        ((count,),) = self._rows(_COUNT, (scope, status))
        return int(count)

    def find_link(self, system: str, kind: Kind, record_id: str) -> Link | None:
        """Give the standing link that holds a record."""
        holder = select(MEMBER.c.link).where(
            MEMBER.c.system == system, MEMBER.c.kind == kind, MEMBER.c.record_id == record_id, MEMBER.c.holds
        )
        return next(iter(self._links(LINK.c.id.in_(holder))), None)

    def unsettled(self, scope: str, epoch: bytes) -> list[str]:
        """Give the ids of the standing links that need a decision.

        They were settled under another epoch, or a live member's record changed, is gone or was never seen, or the
        record of a missing member is there again.
        """
        return [id_ for (id_,) in self._rows(_UNSETTLED, (scope, epoch))]

    def load(self, ids: Sequence[str] | None, scope: str) -> list[tuple[Link, dict[str, Snapshot]]]:
        """Give links with each member's snapshot by system, those named or all standing ones of a scope.

        A base equal to `agreed` is the same object: flat views are values and nobody changes them in place.
        """
        with self._reading() as connection, uncollected():
            if ids is None:
                return _loaded(connection, f"l.scope = ? AND {_STANDS}", (scope,))
            return [found for chunk in chunks(ids) for found in _loaded(connection, f"l.id IN ({marks(chunk)})", chunk)]

    def members_of(self, system: str, kind: Kind, scopes: Collection[str] | None = None) -> set[str]:
        """Give the ids of the records that are live members of a standing link, of some scopes or of all."""
        if scopes is None:
            return set(map(_first, self._rows(_MEMBERS, (system, kind))))
        found: set[str] = set()
        for chunk in chunks(scopes):
            sql = f"{_MEMBERS} AND m.link IN (SELECT l.id FROM link AS l WHERE l.scope IN ({marks(chunk)}))"
            found.update(map(_first, self._rows(sql, (system, kind, *chunk))))
        return found

    def scopes(self) -> list[str]:
        """Name the scopes that have a standing link."""
        return list(map(_first, self._rows(_SCOPES)))

    def _links(self, *where: ColumnElement[bool]) -> list[Link]:
        with self._reading() as connection:
            return [
                unpack_link(tuple(row)) for row in connection.execute(select(LINK).where(*where).order_by(LINK.c.id))
            ]


def write_links(connection: Connection, links: Iterable[Link]) -> None:
    """Store links with all their members, new or not; members that a link no longer names are forgotten."""
    latest = {link.id: link for link in links}
    sql, in_order = _UPDATE_LINK
    for chunk in chunks(latest.values()):
        rows = list(map(pack_link, chunk))
        if connection.exec_driver_sql(sql, list(map(in_order, rows))).rowcount != len(rows):
            connection.exec_driver_sql(_UPSERT_LINK, rows)
            _name_members(connection, {link.id: link for link in chunk})


def write_members(connection: Connection, links: Iterable[Link]) -> None:
    """Store what became of members, of links that agreed nothing new since they were stored."""
    for chunk in chunks(links):
        if connection.exec_driver_sql(_RENEW_MEMBERS, list(map(pack_members, chunk))).rowcount != len(chunk):
            write_links(connection, chunk)


def _name_members(connection: Connection, latest: Mapping[str, Link]) -> None:
    """Store which records links hold, and refuse a record that another link holds."""
    try:
        _write_members(connection, latest)
    except IntegrityError:
        # Links of this batch may exchange records (a vendor gave all of them new ids): let go of all, then hold again.
        many(connection, _RELEASE, ((id_,) for id_ in latest))
        try:
            _write_members(connection, latest)
        except IntegrityError as error:
            if (refusal := _claimed_twice(connection, latest)) is None:
                raise
            raise refusal from error


def _write_members(connection: Connection, latest: Mapping[str, Link]) -> None:
    many(connection, _UPSERT_MEMBER, (row for link in latest.values() for row in pack_who(link)))
    ids = list(latest)
    kept = {(link.id, member.system) for link in latest.values() for member in link.members}
    stored = fetch(connection, f"SELECT link, system FROM member WHERE link IN ({marks(ids)})", ids)
    many(connection, "DELETE FROM member WHERE link = ? AND system = ?", (row for row in stored if row not in kept))


def _claimed_twice(connection: Connection, latest: Mapping[str, Link]) -> ClaimedTwiceError | None:
    """Name the record that two links claim, and both links."""
    claims: dict[tuple[str, str, str], str] = {}
    for link in latest.values():
        for member in link.members if link.status != "unlinked" else ():
            claim = (member.system, link.kind, member.id)
            other = claims.setdefault(claim, link.id)
            if other == link.id:
                holder = select(MEMBER.c.link).where(
                    MEMBER.c.system == claim[0],
                    MEMBER.c.kind == claim[1],
                    MEMBER.c.record_id == claim[2],
                    MEMBER.c.holds,
                )
                other = connection.execute(holder).scalar() or link.id
            if other != link.id:
                return ClaimedTwiceError(
                    f"link {link.id} and link {other} both claim this {link.kind}",
                    link.id,
                    other,
                    member.system,
                    member.id,
                    f"A record belongs to one link: unlink {other} first, or link another record.",
                )
    return None


# -- reading thousands --------------------------------------------------------------------------------------------


def _loaded(connection: Connection, where: str, parameters: Sequence[str]) -> list[tuple[Link, dict[str, Snapshot]]]:
    """Give the links for which a condition on `l` holds, in order of their ids, with their members' snapshots."""
    links = fetch(connection, f"SELECT l.* FROM link AS l WHERE {where}", parameters)
    seen: dict[str, list[Row]] = {row[0]: [] for row in links}
    for row in fetch(connection, f"{_SNAPSHOTS} WHERE {where}", parameters):
        seen[row[0]].append(row)
    return [_with_snapshots(row, seen[row[0]]) for row in sorted(links, key=itemgetter(0))]


def _with_snapshots(row: Row, seen: list[Row]) -> tuple[Link, dict[str, Snapshot]]:
    written = row[-1]
    agreed = decode(written)
    # Most records hold exactly what was agreed: read it once.
    snapshots = {one[1]: unpack_snapshot(one[2:], agreed if one[-1] == written else decode(one[-1])) for one in seen}
    return unpack_link(row, agreed), snapshots
