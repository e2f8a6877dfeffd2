"""Observe one system: drain its listings into snapshots, judge them, find out what is really gone.

Takes a system, gives what became of each kind. Writes to the store, never to a system. A listing that broke off or
stopped early is not complete, and nothing is judged missing by it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from syncd.apply.begin import question_row
from syncd.apply.world import LiveSystem, World, flat_of, raw_digest, standing_of
from syncd.connectors.base import Access
from syncd.errors import ConnectorError
from syncd.mapping.lens import Lens
from syncd.model import encoding
from syncd.model.records import Gone, Kind, Present, Record
from syncd.model.values import EMPTY, Flat
from syncd.model.values_text import format_value
from syncd.reconcile.answers import match
from syncd.reconcile.guards import Sighting, Trip, judge
from syncd.store.database import uncollected
from syncd.store.rows import HistoryRow, Listing, Question, Snapshot


@dataclass(slots=True)
class Observed:
    """What one observation of a system came to, by kind: how many records, how many changed, what was wrong."""

    system: str
    counts: dict[Kind, int] = field(default_factory=dict)
    changed: dict[Kind, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    tripped: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)
    """Groups whose records changed."""


async def observe(name: str, world: World, *, force: Collection[str] = ()) -> Observed:
    """Observe every kind that the system holds, groups first: plans are told apart by their group."""
    system = world.systems[name]
    observed = Observed(name)
    kinds = sorted(system.lenses)  # "generic" < "group" < "plan"
    try:
        system.access = await system.connector.access()
    except ConnectorError as error:
        for kind in kinds:
            _broken(name, kind, str(error), world)
        observed.errors.append(str(error))
        return observed
    for kind in kinds:
        await _Listener(system, kind, world, observed, frozenset(force)).run()
    return observed


def _broken(name: str, kind: Kind, why: str, world: World) -> None:
    """Note a listing that failed; what was known before stays known."""
    last = world.store.listing(name, kind) or Listing(name, kind, 0.0, complete=False, count=0, known=0, fingerprint="")
    world.store.save_listing(replace(last, at=world.now(), complete=False, error=why))


OF_ANOTHER_WORLD = ("scope", "permission")
"""Guards that say that a listing is not of the records we know."""


@dataclass(slots=True)
class _Listener:
    """One observation of one kind of one system."""

    system: LiveSystem
    kind: Kind
    world: World
    observed: Observed
    force: frozenset[str]
    moved: list[tuple[Record, bytes]] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.system.name

    @property
    def lens(self) -> Lens:
        return self.system.lenses[self.kind]

    async def run(self) -> None:
        store = self.world.store
        heads = store.heads(self.name, self.kind)
        complete, error = await self._drain(heads)
        self.observed.counts[self.kind] = len(self.listed)
        if error:
            self._save({})
            _broken(self.name, self.kind, error, self.world)
            self.observed.errors.append(error)
            return
        members = store.members_of(self.name, self.kind)
        known = {one for one, (_, gone) in heads.items() if gone is None} | members
        missing = sorted(known - self.listed)
        if complete:
            trip = self._judge(missing, len(known))
            if trip is not None:
                if trip.name not in OF_ANOTHER_WORLD:
                    self._save({})  # what was seen of the others is kept, though nothing is decided by it
                self._note_listing(complete=True, tripped=trip.name)
                self.observed.tripped.append(trip.name)
                return
        proved, defective = await self._look_up(missing, members, complete=complete)
        if not complete or defective:
            self._save({})
            self._note_listing(complete=False)
            self.observed.errors.append(f"{self.name}: the listing of {self.kind} is not complete")
            return
        self._save(proved)
        self._note_listing(complete=True)

    async def _drain(self, heads: dict[str, tuple[bytes, str | None]]) -> tuple[bool, str]:
        """Read the whole listing; keep only the records that are not as they were."""
        complete = False
        try:
            async for page in self.system.connector.list(self.kind):
                for record in page.records:
                    self.listed.add(record.id)
                    raw = raw_digest(record, self.lens)
                    if heads.get(record.id) != (raw, None):
                        self.moved.append((record, raw))
                complete = page.last
        except ConnectorError as error:
            return False, str(error)
        return complete, ""

    def _judge(self, missing: list[str], known: int) -> Trip | None:
        """Let the guards of a listing judge it; keep their question as it should stand."""
        last = self.world.store.listing(self.name, self.kind)
        rights = self.world.store.get("rights", self.name) or {}
        access = self.system.access or Access("")
        sighting = Sighting(
            self.name,
            self.kind,
            listed=len(self.listed),
            known=known,
            missing=tuple(missing),
            fingerprint=access.fingerprint,
            last_fingerprint=last.fingerprint if last is not None else "",
            unreadable=access.unreadable,
            last_unreadable=rights,
        )
        scope = f"system:{self.name}/{self.kind}"
        approvals = self.world.approvals(scope)
        used: list[str] = []
        force = set(self.force)
        while (trip := judge(sighting, self.world.limits, force)) is not None:
            answer = approvals.get(trip.name)
            if answer is None or answer.choice != "approve" or answer.digest != trip.digest:
                break
            used.append(answer.id)
            force.add(trip.name)
        self._ask(scope, trip, used)
        return trip

    def _ask(self, scope: str, trip: Trip | None, used: list[str]) -> None:
        """Open, keep or close the question of a listing's guard."""
        store = self.world.store
        standing = {q.id: q for q in store.questions(scope, status=("open", "decided", "ignored"))}
        if trip is None and not standing:
            return
        asked = [replace(trip.proposal(), scope=scope)] if trip is not None else []
        last_n: dict[str, int] = {}
        for question in store.questions(scope, status=("open", "decided", "ignored", "closed", "used")):
            stem = question.id.rpartition("-")[0]
            last_n[stem] = max(last_n.get(stem, 0), question.n)
        steps = match(map(standing_of, standing.values()), asked, used, ("",), last_n)
        rows: list[Question] = [question_row(step, standing, self.world.now()) for step in steps]
        store.save_questions(rows)

    async def _look_up(self, missing: list[str], members: set[str], *, complete: bool) -> tuple[dict[str, str], bool]:
        """Ask for each record that was not listed: gone with evidence, or there and the listing defective.

        After an incomplete listing only the members of links are looked up, and nothing is judged gone.
        """
        proved: dict[str, str] = {}
        defective = False
        for record_id in missing if complete else [one for one in missing if one in members]:
            try:
                answer = await self.system.connector.read(self.kind, record_id)
            except ConnectorError:
                defective = True
                break
            if isinstance(answer, Present):
                defective = True
                self.moved.append((answer.record, raw_digest(answer.record, self.lens)))
            elif isinstance(answer, Gone):
                proved[record_id] = answer.evidence
        return proved, defective

    @uncollected()
    def _save(self, proved: dict[str, str]) -> None:
        """Store what moved and what is gone, with what changed in it."""
        store, now = self.world.store, self.world.now()
        ids = [record.id for record, _ in self.moved] + list(proved)
        if not ids:
            return
        before = store.snapshots(self.name, self.kind, ids)
        if self.kind == "plan":
            self.groups = {
                member.id: link.id
                for link in store.links(kind="group")
                for member in link.members
                if member.system == self.name
            }
        rows: list[Snapshot] = []
        history: list[HistoryRow] = []
        for record, raw in self.moved:
            row = self._snapshot(record, raw, now)
            rows.append(row)
            history += observed_rows(row, before.get(record.id), now)
            if row.scope is not None:
                self.observed.scopes.add(row.scope)
        for record_id, evidence in proved.items():
            old = before.get(record_id) or _unknown(self.name, self.kind, record_id, now)
            if old.gone is not None:
                continue
            rows.append(replace(old, gone=evidence, at=now))
            history.append(HistoryRow("", now, "gone", "", self.name, self.kind, record_id, {}, note=evidence))
        self.observed.changed[self.kind] = len(rows)
        store.save_snapshots(rows, history)

    def _snapshot(self, record: Record, raw: bytes, now: float) -> Snapshot:
        flat = flat_of(record, self.lens)
        return Snapshot(
            system=self.name,
            kind=self.kind,
            id=record.id,
            scope=self._scope(record),
            label=label_of(record, flat),
            flat=flat,
            digest=encoding.digest(flat),
            raw=raw,
            at=now,
            version=record.parts[0].version if record.parts else None,
            modified=record.modified,
            locked=record.locked,
        )

    def _scope(self, record: Record) -> str | None:
        """Name the group whose run handles the record; None while its group is not linked."""
        if self.world.scope_of is not None:
            return self.world.scope_of(self.name, record)
        if self.kind == "generic":
            return GENERIC_SCOPE
        if self.kind == "plan":
            return self.groups.get(record.group or "")
        link = self.world.store.find_link(self.name, "group", record.id)
        return link.id if link is not None else None

    def _note_listing(self, *, complete: bool, tripped: str = "") -> None:
        access = self.system.access or Access("")
        last = self.world.store.listing(self.name, self.kind)
        good = complete and not tripped
        now = self.world.now()
        self.world.store.save_listing(
            Listing(
                system=self.name,
                kind=self.kind,
                at=now,
                complete=complete,
                count=len(self.listed),
                known=len(self.listed) if good else last.known if last is not None else 0,
                fingerprint=access.fingerprint if good else last.fingerprint if last is not None else "",
                good_at=now if good else last.good_at if last is not None else None,
                tripped=tripped,
            )
        )
        if good:
            self.world.store.put("rights", self.name, dict(access.unreadable))


GENERIC_SCOPE = "default"
"""The one group of generic records."""


def label_of(record: Record, flat: Flat) -> str:
    """Give what a person calls a record: its name where it has one, else its id."""
    name = flat.get("details.name")
    return format_value(name) if name is not None else record.id


def observed_rows(row: Snapshot, before: Snapshot | None, now: float) -> list[HistoryRow]:
    """Write down what moved since the last snapshot."""
    if before is None:
        fields: dict[str, tuple[object, object]] = {path: (EMPTY, value) for path, value in row.flat.items()}
        return [HistoryRow("", now, "first", "", row.system, row.kind, row.id, fields)]
    old = before.flat if before.gone is None else {}
    paths = {path for path, _ in old.items() ^ row.flat.items()}
    if not paths:
        return []
    fields = {path: (old.get(path, EMPTY), row.flat.get(path, EMPTY)) for path in sorted(paths)}
    return [HistoryRow("", now, "observed", "", row.system, row.kind, row.id, fields)]


def _unknown(system: str, kind: Kind, record_id: str, now: float) -> Snapshot:
    """Stand for a member that was never seen: all that is known is its id."""
    return Snapshot(system, kind, record_id, None, record_id, {}, b"", b"", now)
