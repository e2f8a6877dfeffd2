"""Properties 10, 20 and 22 on the shipped mappings and on every record that the sandboxes serve, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson
import pytest

from syncd.config import DEFAULT_LIMITS
from syncd.connectors.base import Feed
from syncd.linking import Choice, LinkingError, link_plans, unlinked
from syncd.mapping.laws import breaches
from syncd.mapping.live import against
from syncd.mapping.load import load_mapping
from syncd.model.records import Kind, Page, PartCreate, Record
from syncd.model.values import EMPTY, Flat, Unparsed
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.reconcile.types import Decided
from syncd.simulation.backstage import SimClock
from syncd.simulation.vendors.base import DAY_S, Base, Engine, Settled, engine, ids, lenses_of
from syncd.simulation.vendors.stage import NEEDS, stage_of
from syncd.simulation.vendors.steps import Add, Break, Copy, Run, Touch
from syncd.simulation.vendors.wire import BP, PQ, Truth, connector
from syncd.sync import run_once

SYSTEMS = (PQ, BP)
OTHER = {PQ: BP, BP: PQ}
KINDS: tuple[Kind, ...] = ("group", "plan")


# -- 22: lens laws -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """What both sandboxes serve: records by system and kind, with what the mapping reads in them."""

    records: Mapping[tuple[str, Kind], Sequence[Record]]
    flats: Mapping[tuple[str, Kind], Sequence[Flat]]

    @classmethod
    def of(cls, truth: Truth, groups: Mapping[str, Sequence[str]] | None = None) -> Served:
        records = {
            (system, kind): truth.all(system, kind, groups[system] if groups and kind == "plan" else None)
            for system in SYSTEMS
            for kind in KINDS
        }
        flats = {key: [lenses_of(key[0])[key[1]].get(one) for one in found] for key, found in records.items()}
        return cls(records, flats)

    def some(self, system: str, count: int) -> list[tuple[Record, list[Flat]]]:
        """Give plans of as many lines as there are, each with plans of both systems to take values from."""
        rng = Random(22)
        found: dict[object, list[Record]] = {}
        for record, flat in zip(self.records[system, "plan"], self.flats[system, "plan"], strict=True):
            found.setdefault(flat["details.line"], []).append(record)
        chosen = [rng.choice(records) for records in found.values()]
        chosen += rng.sample(self.records[system, "plan"], max(0, count - len(chosen)))
        donors = [self.flats[one, "plan"] for one in SYSTEMS]
        return [(record, [rng.choice(flats) for flats in donors]) for record in chosen[:count]]


SOME = (
    "Federal employees, life insurance",
    "Federal employees, dental and vision, rating region 3",
    "Small group (WY)",
    "Duke University",
    "State of Indiana",
)
"""Employers whose plans are of many lines: medical, dental, vision, life, disability."""


def served(vendors, names: Sequence[str] = ()) -> Served:
    """Read what both vendors hold after a reset: the plans of the named employers, or everything."""
    for vendor in vendors.values():
        vendor.door.call("POST", "reset", {})
    truth = Truth(vendors)
    try:
        if not names:
            return Served.of(truth)
        groups: dict[str, list[str]] = {}
        for system in SYSTEMS:
            lens = lenses_of(system)["group"]
            found = truth.all(system, "group")
            groups[system] = [one.id for one in found if lens.get(one)["details.name"] in names]
        return Served.of(truth, groups)
    finally:
        truth.close()


@pytest.fixture(scope="module")
def some(vendors, one) -> Served:
    """A few employers of many lines. (`one` first: it begins from what the vendors hold.)"""
    return served(vendors, SOME)


@pytest.fixture(scope="module")
def everything(vendors, one) -> Served:
    """All groups and plans: half a minute of BenefitPoint's calls."""
    return served(vendors)


def rewritten(served: Served) -> list[str]:
    """Name the records that writing back what was read would change."""
    found = []
    for (system, kind), records in served.records.items():
        lens = lenses_of(system)[kind]
        for record, flat in zip(records, served.flats[system, kind], strict=True):
            putting = lens.put(record, flat)
            if putting.parts or putting.losses:
                found.append(f"{system} {kind} {record.id}: {[part.kind for part in putting.parts]} {putting.losses}")
    return found


def broken(served: Served, system: str, count: int) -> list[str]:
    """Try every law on some plans, with values of their own system and of the other one."""
    lens = lenses_of(system)["plan"]
    return [
        f"{system} {record.id}: {breach}"
        for record, donors in served.some(system, count)
        for breach in breaches(lens, record, donors)
    ]


def test_p22_what_was_read_is_not_rewritten(some) -> None:
    """put(get(r), r) == r byte for byte: no part of any record would be sent."""
    assert rewritten(some) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_p22_what_is_written_reads_back_and_the_rest_survives(some, system) -> None:
    """get(put(v, r)) == v with values of both systems, or a loss is named before; unmapped keys and neighbours stay."""
    assert broken(some, system, 5) == []


@pytest.mark.prove
def test_p22_what_was_read_is_not_rewritten_in_any_record(everything) -> None:
    """The same for every group and plan of the seed."""
    assert sum(map(len, everything.records.values())) > 500
    assert rewritten(everything) == []


@pytest.mark.prove
@pytest.mark.parametrize("system", SYSTEMS)
def test_p22_what_is_written_reads_back_in_many_records(everything, system) -> None:
    """The same for sixty plans of every line."""
    assert broken(everything, system, 60) == []


ADDRESS = ("line1", "line2", "city", "zip")
NOT_PRINTED = {
    PQ: {
        "group": {
            *("legal_name", "dba", "account_number", "tax_id_last4", "sic_code", "naics_code", "next_renewal_date"),
            *("eligible_count", "enrolled_count", "address.county", *(f"address.{each}" for each in ADDRESS)),
        },
        "plan": {"policy_number", "network", "states", "renewal_date", "rate_guarantee_months", "notes"},
    },
    BP: {
        "group": {
            *("dba", "tax_id_last4", "sic_code", "naics_code", "full_time_count", "applicable_large_employer"),
            *("website", "notes", *(f"address.{each}" for each in ADDRESS)),
        },
        "plan": {
            *("other_type", "policy_number", "network", "cancellation_date", "cancellation_reason"),
            *("rate_guarantee_months", "notes"),
        },
    },
}
"""Details that are empty in every record: the seed's public documents print plans and prices of employers whom they
call by name and state; none prints a policy number, a network, a note or an address."""
IN_NO_SET = {
    PQ: {
        *("eligibility.waiting_period", "eligibility.waiting_days", "eligibility.waiting_months"),
        *("rates[].description", "rates[].child_cap", "rates[].change_percent", "contributions[].description"),
        *("contributions[].base_plan", "contributions[].pretax", "contributions[].max"),
        *("contributions[].<tier>_percent", "contributions[].<tier>_salary_percent"),
    },
    BP: {
        *(f"eligibility.waiting_{each}" for each in ("period", "days", "months", "text")),
        *(f"eligibility.{each}" for each in ("coverage_end", "dependent_age", "domestic_partners", "notes")),
        *("rates[].guarantee_months", "rates[].change_percent", "contributions[].pretax"),
        *("contributions[].<tier>_percent", "contributions[].<tier>_salary_percent"),
    },
}
"""The same of sets: the documents state shares in dollars, and hours and classes but no waiting periods."""


@pytest.mark.prove
@pytest.mark.parametrize("system", SYSTEMS)
async def test_p22_no_row_is_empty_without_a_reason(everything, vendors, system) -> None:
    """A row without a value in 500 records is one that the documents of the seed do not fill, and none is misspelt.

    Benefits are the long tail: whatever is empty there is named by the vendor's live catalogue, as every other row is.
    """
    mapping, live = load_mapping(system), connector(vendors[system])
    try:
        for kind in KINDS:
            lens = mapping.lens(kind)
            misspelt = [one for one in against(lens, await live.schema(kind)) if not one.optional]
            assert [f"{one.what} {one.path}: {one.fields}" for one in misspelt] == []
            flats = everything.flats[system, kind]
            filled = {lens.row_of(path) for flat in flats for path, value in flat.items() if value is not EMPTY}
            empty = {row for row in mapping.row_digests[kind] if row not in filled and not row.startswith("benefits.")}
            reasons = {f"details.{row}" for row in NOT_PRINTED[system][kind]}
            assert empty == reasons | (IN_NO_SET[system] if kind == "plan" else set())
    finally:
        await live.aclose()


# -- create then get ---------------------------------------------------------------------------------------------------


def held(flat: Flat) -> Flat:
    return {path: value for path, value in flat.items() if value is not EMPTY and not isinstance(value, Unparsed)}


@pytest.mark.parametrize("target", SYSTEMS)
async def test_p22_a_plan_of_the_other_system_is_created_and_reads_as_it_was(one, target) -> None:
    """Through both mappings and the real server: every value that was not named as a loss is there."""
    one.begin()
    base = one.base
    home = next(iter(base.groups.values()))
    lens, other = lenses_of(target)["plan"], lenses_of(OTHER[target])["plan"]
    system = connector(base.vendors[target])
    if target == BP:
        await system.settle(home[BP], NEEDS)
    try:
        for record in base.truth.all(OTHER[target], "plan", [home[OTHER[target]]]):
            wanted = {path: value for path, value in held(other.get(record)).items() if lens.carries(path)}
            putting = lens.new(wanted)
            made = await system.create(PartCreate("plan", home[target], putting.parts, f"syncd:test-{record.id}"))
            read = base.truth.read(target, "plan", made)
            assert read is not None
            flat = lens.get(read)
            differing = {path for path in wanted if flat.get(path) != wanted[path]}
            named = putting.losses.keys() | {path for path in wanted if lens.unwritable(path) is not None}
            assert {path: (wanted[path], flat.get(path)) for path in differing - named} == {}, "lost without a word"
            assert len(wanted) - len(differing) >= LEAST_KEPT, f"{len(differing)} of {len(wanted)} are not taken"
    finally:
        await system.aclose()


LEAST_KEPT = 30
"""Fields that a federal plan's copy has for certain: details and benefits; BenefitPoint V4 takes no more than those."""


# -- 10: order and batching --------------------------------------------------------------------------------------------


class Shuffled:
    """A connector whose listings and feed come in another order, in other pages."""

    def __init__(self, inner: Any, seed: int) -> None:
        self._inner, self._rng = inner, Random(seed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def list(self, kind, groups=None):
        records = [record async for page in self._inner.list(kind, groups) for record in page.records]
        self._rng.shuffle(records)
        while len(records) > 2:
            page, records = records[: (cut := self._rng.randint(1, 2))], records[cut:]
            yield Page(tuple(page), last=False)
        yield Page(tuple(records), last=True)

    async def changes(self, position, groups=None):
        changes = await self._inner.changes(position, groups)
        return replace(changes, records=tuple(self._rng.sample(changes.records, len(changes.records))))


BATCHES = {
    "one-by-one": ({PQ: {"page_size": 1, "concurrency": 1}, BP: {"plan_parallel": 1}}, None),
    "many-at-once": ({PQ: {"page_size": 200, "concurrency": 10}, BP: {"plan_parallel": 16}}, None),
    "shuffled": ({PQ: {"page_size": 3}, BP: {"plan_parallel": 4}}, 7),
}


async def _end_of(one: Settled, settings: Mapping[str, Mapping[str, Any]], seed: int | None) -> dict[str, Any]:
    """Let the same edits happen, observe by feed and by listing, run; give all that is held then."""
    store, clock = one.begin(), SimClock(one.at + 600)
    made = engine(one.base.vendors, store, clock, ids(), settings=settings)
    for live in made.world.systems.values():
        live.connector = live.connector if seed is None else Shuffled(live.connector, seed)  # type: ignore[assignment]
        assert isinstance(live.connector, Feed)
    try:
        for step in (0, 1):
            _edited(one, step)
            one.base.set_clock(clock.at)
            report = await made.run(one.scopes[0], full=bool(step))
            clock.at += 60
        return {**_state(one.base, made), "questions": sorted((q.kind, q.label, q.name) for q in report.questions)}
    finally:
        await made.aclose()
        store.free()


def _edited(one: Settled, step: int) -> None:
    stage_edits = ((PQ, 0, {"name": "Gold"}), (PQ, 1, {"policy_number": "B-2"}), (BP, 2, {"name": "Silver HMO"}))
    links = sorted(one.store.links(one.scopes[0], "plan"), key=lambda link: link.label)
    for system, plan, changes in stage_edits[step::2]:
        record = next(member.id for member in links[plan].members if member.system == system)
        one.base.vendors[system].door.edit("plan", record, changes)


def _state(base: Base, made: Engine) -> dict[str, Any]:
    """Give the snapshots, and what the vendors hold, without stamps."""
    store = made.world.store
    seen = {
        (s, kind, key): row.flat for s in SYSTEMS for kind in KINDS for key, row in store.snapshots(s, kind).items()
    }
    accounts = {system: [group[system] for group in base.groups.values()] for system in SYSTEMS}
    true = {
        (s, one.id): lenses_of(s)["plan"].get(one) for s in SYSTEMS for one in base.truth.all(s, "plan", accounts[s])
    }
    return {"snapshots": seen, "content": true}


async def test_p10_order_pages_and_concurrency_make_no_difference(one) -> None:
    """Pages of one or of all, one request at a time or sixteen, shuffled lists and feeds: same snapshots, same end."""
    ends = {name: await _end_of(one, settings, seed) for name, (settings, seed) in BATCHES.items()}
    first = ends["one-by-one"]
    for name, end in ends.items():
        for what, found in end.items():
            assert found == first[what], f"{what} differs between one-by-one and {name}"
    assert len(first["content"]) > 6


# -- 20: identity ------------------------------------------------------------------------------------------------------


def test_p20_two_records_with_one_marker_stop_that_identity_alone(one) -> None:
    """A lost create, and a person who copies what it made, marker and all: nobody guesses; all other plans go on."""
    stage = stage_of(one, {})
    door = one.base.vendors[BP].door
    try:
        for step in (Add("Claimed twice"), Run(), Copy(), Break(BP, "lost_reply", "createProduct", 1)):
            stage.play(step)
        wire, calm = stage.engine.wires[BP], stage.engine.wires[BP].before

        def before(*what: str) -> None:
            if "createProduct" in what:  # what the lost create made is not found at once: it was, before the create
                door.fault("status_503", "findProducts", times=20)
            calm(*what)

        wire.before = before
        stage.play(Run())
        wire.before = calm
        door.call("DELETE", "faults")
        products = door.call("GET", "snapshot")["tables"]["product"]
        made = next(one for one in products.values() if one["name"] == "Claimed twice")
        assert made["planInfo"]["alternativePlanID"].startswith("syncd"), "the marker"
        twin = {key: value for key, value in made.items() if not key.startswith("_") and key != "productID"}
        door.edit("plan", None, {k: v for k, v in twin.items() if v is not None and k not in SET_BY_SERVER})
        stage.play(Touch(PQ, 0, "name", 0))
        ran = stage.play(Run())
        assert ran is not None
        assert ran.report is not None
        assert any("carry the marker of one create" in told for told in ran.report.failed), ran.report.failed
        [link] = [one for one in stage.links().values() if one.label == "Claimed twice"]
        assert [m.status for m in link.members if m.system == BP] == ["awaited"], "neither of the two was taken"
        assert ran.report.written == {BP: 1}, "the neighbour went on"
    finally:
        stage.close()


SET_BY_SERVER = {"createdOn", "lastModifiedOn", "productStatus", "officeID"}


async def test_p20_a_record_belongs_to_one_link(one) -> None:
    """A record that a link holds is refused to a second one, and nothing of that decision is carried out."""
    store, clock = one.begin(), SimClock(one.at)
    made = engine(one.base.vendors, store, clock, ids())
    try:
        before = {link.id: link for link in store.links(status=None)}
        [taken, *_] = store.links(one.scopes[0], "plan")
        theirs = next(member.id for member in taken.members if member.system == BP)
        group = next(iter(one.base.groups.values()))[PQ]
        stray = one.base.vendors[PQ].door.edit("plan", None, _new(one, group))["id"]
        await made.run(one.scopes[0])
        assert (PQ, stray) in unlinked(one.scopes[0], made.world)
        with pytest.raises(LinkingError):
            link_plans(made.world, one.scopes[0], [Choice(PQ, stray, "link", {BP: theirs})])
        assert {link.id: link.members for link in store.links(status=None)} == {k: v.members for k, v in before.items()}
    finally:
        await made.aclose()
        store.free()


def _new(one: Settled, group: str) -> dict[str, Any]:
    plan = next(p for p in one.states[PQ]["store"]["records"]["plan"].values() if p["group_id"] == group)
    return {
        **{name: plan[name] for name in ("plan_type", "carrier_id")},
        "group_id": group,
        "name": "A claimant",
        "effective_date": "2027-01-01",
    }


def _renumbered(system: str, state: Any) -> Any:
    """Give a vendor's state with other ids for all plans, as after a restore into another database."""
    text = orjson.dumps(state).decode()
    if system == PQ:
        return orjson.loads(text.replace("pln_", "pln_9"))
    state = orjson.loads(text)
    for table in state["tables"].values():
        for record in table.values():
            if isinstance(record, dict) and record.get("productID") is not None:
                record["productID"] += 1
    products = state["tables"]["product"]
    state["tables"]["product"] = {str(int(key) + 1): record for key, record in products.items()}
    return state


@pytest.mark.parametrize("system", SYSTEMS)
async def test_p20_ids_that_a_vendor_gives_anew_are_questions_and_no_mass_of_orphans(four, system) -> None:
    """Every plan comes back under another id: one guard shows which is which, and no link loses a member. Approved, the
    links hold the new ids, and nothing is written, asked or decided again."""
    store, clock = four.begin(), SimClock(four.at + DAY_S)
    door = four.base.vendors[system].door
    door.call("POST", "restore", _renumbered(system, four.states[system]))
    four.base.set_clock(clock.at)
    made = engine(four.base.vendors, store, clock, ids())
    made.world.limits = Limits({name: Limit(**one) for name, one in DEFAULT_LIMITS.items()})
    before = {link.id: link for link in store.links(status=None)}
    try:
        await made.observe()
        reports = [await run_once(scope, made.world) for scope in four.scopes]
        assert [dict(report.written) for report in reports] == [{}] * len(reports)
        after = {link.id: link for link in store.links(status=None)}
        lost = [link.label for link in after.values() if link.status == "orphaned"]
        assert lost == [], f"{len(lost)} of {len(before)} links became orphans"
        known = before.keys()
        asked = [(q.kind, q.scope, q.link, q.name) for q in (one.proposal for one in store.questions(None))]
        assert len(asked) == len(set(asked)), "one question, once"
        assert not [one for one in asked if one[0] == "missing-record" and one[2] in known]
        assert [one for one in asked if one[0] == "guard"] == [("guard", f"system:{system}/plan", "", "identity-epoch")]
        assert {key: [m.id for m in link.members] for key, link in after.items()} == {
            key: [m.id for m in link.members] for key, link in before.items()
        }
        [question] = [one for one in store.questions() if one.proposal.kind == "guard"]
        p = question.proposal
        answer = Decided(question.id, p.kind, p.link, p.name, p.digest, "approve", by="ann")
        store.save_questions([replace(question, status="decided", decided=answer)])
        await made.observe()
        reports = [await run_once(scope, made.world) for scope in four.scopes]
        assert [dict(report.written) for report in reports] == [{}] * len(reports)
        assert [one for one in store.questions() if one.proposal.link in known or one.proposal.kind == "guard"] == []
        for link in store.links(kind="plan", status=None):
            assert link.status == "live"
            for member, old in zip(link.members, before[link.id].members, strict=True):
                assert replace(member, id=old.id, settled=b"") == replace(old, settled=b"")
                assert (member.id != old.id) is (member.system == system)
                assert four.base.truth.read(member.system, "plan", member.id) is not None
    finally:
        await made.aclose()
        store.free()
