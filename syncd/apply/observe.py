"""Observe one system: drain its feed or its listings into snapshots, judge them, find out what is really gone.

Takes a system, gives what became of each kind. Writes to the store, never to a system. A listing that broke off or
stopped early is not complete, and nothing is judged missing by it. Where the system has a feed (`feed.py`), it is
listed once a day, and whenever the feed alone cannot be believed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from syncd.apply import carried, feed
from syncd.apply.begin import question_row
from syncd.apply.intake import Intake, Observed, linked_groups, observed_rows, quarantine
from syncd.apply.narrow import observe_groups
from syncd.apply.renumber import Takeover, in_question, locked, table, take_over
from syncd.apply.world import LiveSystem, World, remember_rights, standing_of
from syncd.connectors.base import Access
from syncd.connectors.paging import pages_of
from syncd.errors import ConnectorError
from syncd.model.records import Gone, Kind, Present, Record
from syncd.reconcile.answers import match
from syncd.reconcile.guards import Sighting, Trip, identity_epoch, judge
from syncd.store.rows import Listing, Question

__all__ = ["Observed", "observe", "observed_rows"]


async def observe(
    name: str,
    world: World,
    *,
    force: Collection[str] = (),
    full: bool = False,
    groups: Collection[str] | None = None,
) -> Observed:
    """Observe every kind that the system holds, groups first: plans are told apart by their group.

    `full`: list completely, whatever the feed says. `groups`: native ids of the only groups of interest, linked or not;
    then nothing is judged missing, and what is known of the rest and of the feed stays as it is.
    """
    system = world.systems[name]
    observed = Observed(name)
    try:
        system.access = await system.connector.access()
    except ConnectorError as error:
        if groups is None:
            for kind in system.lenses:
                _broken(name, kind, str(error), world)
        observed.errors.append(str(error))
        return observed
    remember_rights(name, system.access, world.store)
    if groups is not None:
        await observe_groups(system, world, observed, groups)
    elif full or not await feed.drain(system, world, observed):
        await _list_all(system, world, observed, frozenset(force))
        if not observed.errors and not observed.tripped:
            quarantine(observed, world, None)
    return observed


async def _list_all(system: LiveSystem, world: World, observed: Observed, force: frozenset[str]) -> None:
    """List every kind; the place from which the feed goes on is taken first and stored with the last good listing."""
    start = await feed.start(system, world)
    kinds = sorted(system.lenses)  # "generic" < "group" < "plan"
    good = True
    for kind in kinds:
        listener = _Listener(system, kind, world, observed, force)
        if kind == "plan" and identity_epoch.NAME in observed.tripped and in_question(system.name, "group", world):
            listener.wait()  # whose plans they are is what the question about the groups is to say
            continue
        listener.start = start if good and kind == kinds[-1] else None
        await listener.run()
        good = good and listener.good


def _broken(name: str, kind: Kind, why: str, world: World) -> None:
    """Note a listing that failed; what was known before stays known."""
    last = world.store.listing(name, kind) or Listing(name, kind, 0.0, complete=False, count=0, known=0, fingerprint="")
    world.store.save_listing(replace(last, at=world.now(), complete=False, error=why))


OF_ANOTHER_WORLD = ("scope", "permission", identity_epoch.NAME)
"""Guards that say that a listing is not of the records we know, or not under the ids we know."""


@dataclass(slots=True)
class _Listener:
    """One complete listing of one kind of one system. `start`: the feed's place to store with it, when it is good."""

    system: LiveSystem
    kind: Kind
    world: World
    observed: Observed
    force: frozenset[str]
    start: feed.Start | None = None
    good: bool = False
    listed: set[str] = field(default_factory=set)
    takeover: Takeover | None = None
    """New ids for known records, as a person approved them."""
    intake: Intake = field(init=False)

    def __post_init__(self) -> None:
        self.intake = Intake(self.system, self.kind, self.world)

    @property
    def name(self) -> str:
        return self.system.name

    @property
    def scope(self) -> str:
        """Where questions about the listing are asked."""
        return f"system:{self.name}/{self.kind}"

    async def run(self) -> None:
        store = self.world.store
        heads = store.heads(self.name, self.kind)
        groups = self._groups()
        complete, error = await self._drain(heads, groups)
        self.observed.counts[self.kind] = len(self.listed)
        if error:
            self._keep()
            _broken(self.name, self.kind, error, self.world)
            self.observed.errors.append(error)
            return
        if groups is None:
            members = store.members_of(self.name, self.kind)
            known = {one for one, (_, gone) in heads.items() if gone is None} | members
        else:  # of other groups' plans the listing says nothing
            members = store.members_of(self.name, self.kind, groups.values())
            known = store.ids_in(self.name, self.kind, groups.values()) | members
        missing = self._missing(known)
        if complete:
            elsewhere = self._elsewhere(missing, groups)
            left = [record_id for record_id in missing if record_id not in elsewhere]
            trip, used = self._judge(left, len(known) - len(elsewhere), members)
            if self.takeover is not None:
                await self._take_over(missing, members, used)
                return
            self._ask(trip, used)
            if trip is not None:
                if trip.name not in OF_ANOTHER_WORLD:
                    self.intake.save(self.observed)  # what was seen of the others is kept, though it decides nothing
                self._note_listing(complete=True, tripped=trip.name)
                self.observed.tripped.append(trip.name)
                return
        defective = await self._look_up(missing, members, complete=complete) or not await self._refresh()
        if not complete or defective:
            self.intake.gone.clear()
            self._keep()
            self._note_listing(complete=False)
            self.observed.errors.append(self._not_complete)
            return
        self.intake.save(self.observed)
        self._note_listing(complete=True)

    def _missing(self, known: set[str]) -> list[str]:
        """Name the known records that were not listed, but for those that a run read or made since it began."""
        missing = known - self.listed
        begun = self.world.store.begun(self.name, self.kind, missing)
        return sorted(one for one in missing if begun.get(one, 0) <= self.intake.began)

    async def _refresh(self) -> bool:
        """Read again what a run read or wrote since the listing began; tell whether that could be done."""
        try:
            await self.intake.refresh()
        except ConnectorError as error:
            self.observed.errors.append(str(error))
            return False
        return True

    def _keep(self) -> None:
        """Keep what an incomplete listing did show, unless it may be of records that are known under other ids."""
        if not in_question(self.name, self.kind, self.world):
            self.intake.save(self.observed)

    async def _take_over(self, missing: list[str], members: set[str], used: list[str]) -> None:
        """Move to the new ids what an approval showed, if the old ones are really gone; all of it, or nothing.

        A listing that omits records which are there under their old ids is defective: of it nothing is kept, or the
        new ids would be known and hide that none of the old ones is listed.
        """
        takeover, intake = cast("Takeover", self.takeover), self.intake
        if await self._look_up(missing, members, complete=True) or not await self._refresh():
            self._note_listing(complete=False, tripped=identity_epoch.NAME)
            self.observed.tripped.append(identity_epoch.NAME)
            self.observed.errors.append(self._not_complete)
            return
        for old in takeover.ids:
            intake.gone.pop(old, None)
        async with locked(takeover, self.world):
            with self.world.store.transaction():
                take_over(takeover, self.world)
                intake.save(self.observed)
                self._ask(None, used)
                self._note_listing(complete=True)
        self.world.effect("after_takeover")

    def wait(self) -> None:
        """Note that nothing was listed, because of a question that stands; what was known before stays known."""
        store = self.world.store
        last = store.listing(self.name, self.kind) or Listing(
            self.name, self.kind, 0.0, complete=False, count=0, known=0, fingerprint=""
        )
        store.save_listing(replace(last, at=self.world.now(), tripped=identity_epoch.NAME))

    @property
    def _not_complete(self) -> str:
        return f"{self.name}: the listing of {self.kind} is not complete"

    def _groups(self) -> dict[str, str] | None:
        """Give the groups whose plans are asked for, with their scopes; None: of all."""
        by_group = self.system.access is not None and self.system.access.by_group
        return linked_groups(self.name, self.world) if by_group and self.kind == "plan" else None

    async def _drain(
        self, heads: dict[str, tuple[bytes, str | None]], groups: Collection[str] | None
    ) -> tuple[bool, str]:
        """Read the whole listing; keep only the records that are not as they were."""
        if groups is not None and not groups:
            return True, ""  # no group is linked, so no plan is of interest
        complete = False
        try:
            async for page in pages_of(self.system.connector, self.kind, groups):
                for record in page.records:
                    self.listed.add(record.id)
                    raw = self.intake.digest(record)
                    if heads.get(record.id) != (raw, None):
                        self.intake.moved.append((record, raw))
                for record_id, why in page.unreadable.items():
                    self.listed.add(record_id)  # it is there, whatever it holds
                    self.observed.unreadable[self.kind, record_id] = why
                complete = page.last
        except ConnectorError as error:
            return False, str(error)
        return complete, ""

    def _judge(self, missing: list[str], known: int, members: set[str]) -> tuple[Trip | None, list[str]]:
        """Let the guards of a listing judge it: the one that trips, and the approvals that let it past others."""
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
        if identity_epoch.seems(sighting, members, self.listed, self.world.limits):
            twins, strange = table(missing, self.listed, self.intake)
            sighting = replace(sighting, twins=twins, strange=strange)
        approvals = self.world.approvals(self.scope)
        used: list[str] = []
        force = set(self.force)
        while (trip := judge(sighting, self.world.limits, force)) is not None:
            answer = approvals.get(trip.name)
            if answer is None or answer.choice != "approve" or answer.digest != trip.digest:
                break
            used.append(answer.id)
            force.add(trip.name)
            if trip.name == identity_epoch.NAME:
                force |= identity_epoch.COVERS
                ids = {twin.old: twin.new for twin in sighting.twins}
                self.takeover = Takeover(self.name, self.kind, ids, answer)
        return trip, used

    def _ask(self, trip: Trip | None, used: list[str]) -> None:
        """Open, keep or close the question of a listing's guard."""
        store, scope = self.world.store, self.scope
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

    async def _look_up(self, missing: list[str], members: set[str], *, complete: bool) -> bool:
        """Ask for each record that was not listed: gone with evidence, or there and the listing defective, which is
        what this tells.

        After an incomplete listing only the members of links are looked up, and nothing is judged gone.
        """
        defective = False
        for record_id in missing if complete else [one for one in missing if one in members]:
            try:
                answer = await self.system.connector.read(self.kind, record_id)
            except ConnectorError:
                return True
            if isinstance(answer, Present):
                if not self._belongs_here(answer.record):
                    self.intake.take_moved([answer.record])
                    continue
                defective = True
                self.intake.take(answer.record)
            elif isinstance(answer, Gone):
                self.intake.gone[record_id] = answer.evidence
        return defective

    def _elsewhere(self, missing: Collection[str], groups: Mapping[str, str] | None) -> set[str]:
        """Give the records that are known to be in another group than those whose plans are listed: to a listing of
        these they are not missing."""
        if groups is None or not missing:
            return set()
        known, here = self.world.store.snapshots(self.name, self.kind, missing), set(groups.values())
        return {record_id for record_id, row in known.items() if row.gone is None and row.scope not in here}

    def _belongs_here(self, record: Record) -> bool:
        """Tell whether a listing should have shown a record: one that was moved to a group whose plans are not asked
        for makes no listing defective."""
        groups = self._groups()
        return groups is None or (record.group or "") in groups

    def _note_listing(self, *, complete: bool, tripped: str = "") -> None:
        access = self.system.access or Access("")
        store = self.world.store
        last = store.listing(self.name, self.kind)
        if not complete and in_question(self.name, self.kind, self.world):
            tripped = identity_epoch.NAME  # it proves nothing about whose ids these are
        good = self.good = complete and not tripped
        now = self.world.now()
        listing = Listing(
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
        with store.transaction():
            store.save_listing(listing)
            if good:
                store.put("rights", self.name, dict(access.unreadable))
                carried.listed(self.name, self.kind, access, self.world)
            if good and self.start is not None:
                feed.remember(self.system, self.world, self.start)
