"""What systems carry comes and goes: rights, sections and mapping rows; and mapping rows change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.base import Access
from syncd.mapping.compile import compile_mapping
from syncd.mapping.lens import Lens
from syncd.model.records import Answer, Kind, Page, Present, Record
from syncd.reconcile.guards import Limits
from syncd.reconcile.rules import Rules
from syncd.reconcile.types import Link, Member
from syncd.sync import PREVIEW, Report, run_once
from tests.apply.worlds import GROUP, Stage

HEAD = """
system: quote
kinds:
  group:
    part: record
    rows:
      details.name: {field: '"details.name"', codec: text}
  plan:
    part: record
    rows:
      details.name: {field: name, codec: text}
"""
NETWORK, DESCRIPTION, EE = "details.network", "details.description", "rates[2026-01-01].ee"
DATE = "rates[2026-01-01].effective_date"
ROW = "      details.network: {field: network, codec: text}\n"
OTHER_KEY = "      details.network: {field: net_2, codec: text}\n"
READ_ONLY = "      details.network: {field: network, codec: text, writable: entered by hand}\n"
SWAPPED = """      details.network: {field: note, codec: text}
      details.description: {field: network, codec: text}
"""
BOTH = """      details.network: {field: network, codec: text}
      details.description: {field: note, codec: text}
"""
GOLD = {"details.name": "Gold", NETWORK: "PPO"}
STATUSES = ("open", "decided", "ignored", "closed", "used")


def lenses(rows: str) -> dict[Kind, Lens]:
    return dict(compile_mapping(HEAD + rows, "quote.yaml").lenses)


async def linked(rows: str = ROW, crm: Mapping[str, Any] = GOLD, plans: int = 1, **quote: Any) -> Stage:
    """Plans of two systems in step: crm holds canonical paths, quote is read through a mapping."""
    stage = Stage("crm", "quote", kind="plan", limits=Limits())
    stage.lenses["quote"] = lenses(rows)
    stage.fresh()
    for number in range(1, plans + 1):
        id_ = f"p{number}"
        stage.systems["crm"].put_record("plan", id_, crm, group="g1")
        stage.systems["quote"].put_record("plan", id_, {"name": "Gold", "network": "PPO"} | quote, group="g1")
        members = tuple(Member(name, id_, {}, frozenset({""})) for name in stage.systems)
        stage.store.add_link(Link(f"l-{id_}", "plan", GROUP, "Gold", {}, members, 1))
    await stage.start()
    assert stage.asked() == []
    return stage


def map_anew(stage: Stage, rows: str) -> None:
    """Start a process with another mapping of quote."""
    stage.lenses["quote"] = lenses(rows)
    stage.fresh()


def row_goes(stage: Stage) -> None:
    map_anew(stage, "")


def row_comes(stage: Stage) -> None:
    map_anew(stage, ROW)


def right_goes(stage: Stage) -> None:
    hide(stage, {NETWORK: "no right"})


def right_comes(stage: Stage) -> None:
    hide(stage, {})


def hide(stage: Stage, unreadable: Mapping[str, str]) -> None:
    """Let quote hide fields from the account: its records come without them."""
    system = stage.systems["quote"]
    honest = type(system)

    async def access() -> Access:
        return replace(await honest.access(system), unreadable=dict(unreadable))

    async def read(kind: Kind, id_: str) -> Answer:
        answer = await honest.read(system, kind, id_)
        return Present(bare(answer.record)) if isinstance(answer, Present) and unreadable else answer

    async def listed(kind: Kind, groups: Any = None) -> AsyncIterator[Page]:
        async for page in honest.list(system, kind, groups):
            yield replace(page, records=tuple(map(bare, page.records))) if unreadable else page

    for name, one in {"access": access, "read": read, "list": listed}.items():
        setattr(system, name, one)


def bare(record: Record) -> Record:
    parts = [replace(one, data={key: raw for key, raw in one.data.items() if key != "network"}) for one in record.parts]
    return replace(record, parts=tuple(parts))


Act = Callable[[Stage], None]
LOSSES = pytest.mark.parametrize(("goes", "comes"), [(row_goes, row_comes), (right_goes, right_comes)])


def quote(stage: Stage, **changes: Any) -> None:
    stage.systems["quote"].edit("plan", "p1", changes)


async def cycle(stage: Stage) -> Report:
    return await stage.cycle(force=("permission",))


@LOSSES
async def test_what_was_decided_meanwhile_is_delivered(goes: Act, comes: Act) -> None:
    """R2: a system that carries a field again and still holds what it held is owed what was decided meanwhile."""
    stage = await linked()
    goes(stage)
    stage.edit("crm", details__network="HMO")
    report = await cycle(stage)
    assert (report.result, stage.asked(), stage.member("quote").behind) == ("ok", [], {})
    assert (await cycle(stage)).view.links == (), "it is owed nothing while it does not carry the field"
    comes(stage)
    report = await cycle(stage)
    assert (report.result, report.written, stage.asked()) == ("ok", {"quote": 1}, [])
    assert stage.systems["quote"].content()["plan"]["p1"]["network"] == "HMO"
    assert (await cycle(stage)).view.links == ()


@LOSSES
async def test_who_edited_meanwhile_wins_nothing(goes: Act, comes: Act) -> None:
    """R2: what was typed while a system did not carry the field is a newcomer's value: it is asked about."""
    for crm in ("PPO", "HMO"):
        stage = await linked()
        goes(stage)
        stage.edit("crm", details__network=crm)
        quote(stage, network="EPO")
        await cycle(stage)
        assert (stage.asked(), stage.writes()) == ([], {"crm": 0, "quote": 0})
        comes(stage)
        await cycle(stage)
        assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0}), crm
        stage.answer("quote")
        await cycle(stage)
        assert (stage.held("crm"), stage.asked()) == (GOLD | {NETWORK: "EPO"}, []), "it is carried out"


@LOSSES
async def test_what_is_contested_is_settled_by_nobodys_absence(goes: Act, comes: Act) -> None:
    """R2: a question stands while one of those who edited does not carry the field, and takes an answer."""
    stage = await linked()
    stage.edit("crm", details__network="HMO")
    quote(stage, network="EPO")
    await cycle(stage)
    assert stage.asked() == [("conflict", NETWORK)]
    goes(stage)
    for _ in range(3):
        await cycle(stage)
        assert (stage.asked(), stage.stored().agreed[NETWORK]) == ([("conflict", NETWORK)], "PPO")
    comes(stage)
    await cycle(stage)
    assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0})
    goes(stage)
    await cycle(stage)
    stage.answer("crm")
    await cycle(stage)
    assert (stage.asked(), stage.stored().agreed[NETWORK]) == ([], "HMO")
    comes(stage)
    await cycle(stage)
    assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0})


@LOSSES
async def test_a_blank_that_comes_back_is_asked_about(goes: Act, comes: Act) -> None:
    """R2: nothing is filled and nothing is typed over by a field that its system merely shows again."""
    stage = await linked(crm={"details.name": "Gold"}, network=None)
    goes(stage)
    await cycle(stage)
    quote(stage, network="EPO")
    await cycle(stage)
    comes(stage)
    await cycle(stage)
    assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0})


async def test_no_source_of_truth_and_no_mirror_lets_a_newcomer_win() -> None:
    """R2: a newcomer may agree or ask, whatever it owns."""
    for rule in (
        {"on_conflict": "source_of_truth"},
        {"mode": "mirror", "on_drift": "overwrite"},
        {"on_conflict": "newest"},
    ):
        stage = await linked()
        stage.rules = Rules({"default": {"all": {"source_of_truth": "quote"} | rule}}, list(stage.systems))
        row_goes(stage)
        await cycle(stage)
        stage.edit("crm", details__network="HMO")
        quote(stage, network="EPO")
        row_comes(stage)
        await cycle(stage)
        assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0}), rule


async def test_a_field_whose_row_is_gone_for_good_keeps_nothing_open() -> None:
    """R2: what was owed before the row went is owed no more, and the link settles."""
    stage = await linked(READ_ONLY)
    stage.edit("crm", details__network="HMO")
    await cycle(stage)
    assert stage.asked() == [("hand-off", f"quote:{NETWORK}")]
    row_goes(stage)
    report = await cycle(stage)
    assert (report.result, stage.asked(), stage.member("quote").behind) == ("ok", [], {})
    assert (await cycle(stage)).view.links == ()
    map_anew(stage, READ_ONLY)
    await cycle(stage)
    assert stage.asked() == [("hand-off", f"quote:{NETWORK}")], "and with the row the hand-off is back"


async def test_a_right_comes_back_only_with_the_records_that_show_it() -> None:
    """R2: what was read while a field was hidden is no cleared field, though the account may see it again by now."""
    stage = await linked()
    stage.rules = Rules({"default": {"all": {"blanks": "overwrite"}}}, list(stage.systems))
    stage.fresh()
    right_goes(stage)
    await cycle(stage)
    right_comes(stage)
    stage.world.systems["quote"].access = await stage.systems["quote"].access()  # an observation has only begun
    report = await run_once(GROUP, stage.world)
    assert (report.written, stage.asked(), stage.held("crm")) == ({}, [], GOLD)
    await cycle(stage)
    assert (stage.asked(), stage.held("crm")) == ([], GOLD)


# -- rows that change --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "before", "after", "questions"),
    [
        ("two columns swapped", BOTH, SWAPPED, [("conflict", DESCRIPTION), ("conflict", NETWORK)]),
        ("another key", ROW, OTHER_KEY, [("conflict", NETWORK)]),
        ("a row that is new", "", ROW, [("conflict", NETWORK)]),
        ("a row that is new and empty", "", OTHER_KEY, [("conflict", NETWORK)]),
        (
            "another codec",
            ROW,
            "      details.network: {field: network, codec: code, values: {HMO: PPO}}\n",
            [("conflict", NETWORK)],
        ),
        ("the same in other words", ROW, ROW.replace("text}", "text, note: as it is}"), []),
        ("to be written no more", ROW, READ_ONLY, []),
    ],
)
async def test_a_row_that_changes_moves_no_value(why: str, before: str, after: str, questions: Any) -> None:
    """R3: under a new or changed row equal values adopt silently and differing ones are asked; nothing is written."""
    crm = GOLD | ({DESCRIPTION: "wide"} if DESCRIPTION in before else {})
    stage = await linked(before, crm, network="PPO" if before else "EPO", note="wide")
    held = [system.content() for system in stage.systems.values()]
    map_anew(stage, after)
    preview = await stage.cycle(PREVIEW)
    assert (preview.changeset.changes, sorted((p.kind, p.name) for p in preview.questions)) == ((), questions), why
    for _ in range(2):
        report = await stage.cycle()
        assert (report.changeset.changes, stage.asked()) == ((), questions), why
    assert [system.content() for system in stage.systems.values()] == held


async def test_a_row_that_reads_the_same_elsewhere_adopts_silently() -> None:
    """R3: a row that moved to a column which holds the same costs no question, and edits go on."""
    stage = await linked(net_2="PPO")
    map_anew(stage, OTHER_KEY)
    await stage.cycle()
    assert (stage.asked(), stage.writes(), (await stage.cycle()).view.links) == ([], {"crm": 0, "quote": 0}, ())
    stage.edit("crm", details__network="HMO")
    await stage.cycle()
    assert stage.systems["quote"].content()["plan"]["p1"]["net_2"] == "HMO"
    [told] = [row for row in stage.store.history() if row.what == "decided"]
    assert NETWORK in str(told.fields[""][1]), "history says why the member started anew"


SET = """    sets:
      - section: rates
        list: tiers
        key: {effective: {field: from, codec: date}}
        table: {list: rows, tier: {field: tier, codec: tier, labels: {ee: EE}}, values: {"": {field: %s, codec: money}}}
"""


async def test_a_row_of_a_set_drops_just_its_cells() -> None:
    """R3: rows of sets have no path of their own; every cell that such a row holds is a newcomer's."""
    tiers = [{"from": "2026-01-01", "rows": [{"tier": "EE", "old": "10.00", "new": "12.00"}]}]
    stage = await linked(ROW + SET % "old", GOLD | {EE: "10.00", DATE: "2026-01-01"}, tiers=tiers)
    map_anew(stage, ROW + SET % "new")
    stage.edit("crm", details__network="HMO")
    report = await stage.cycle()
    assert ({change.path for change in report.changeset.changes}, stage.asked()) == (
        {NETWORK},
        [("conflict", EE.rpartition(".")[0])],
    ), "and the neighbours sync"


async def test_a_row_that_may_be_written_at_last_is_written() -> None:
    """R3: what a row may write moves the meaning of no base, so what is owed is delivered."""
    stage = await linked(READ_ONLY)
    stage.edit("crm", details__network="HMO")
    await stage.cycle()
    assert stage.asked() == [("hand-off", f"quote:{NETWORK}")]
    map_anew(stage, ROW)
    await stage.cycle()
    assert (stage.asked(), stage.systems["quote"].content()["plan"]["p1"]["network"]) == ([], "HMO")


async def test_no_snapshot_is_merged_that_was_read_through_another_mapping() -> None:
    """R3: a run between a reload and the next observation reads by key what it merges, and waits where it cannot."""
    stage = await linked(net_2="EPO")
    map_anew(stage, OTHER_KEY)
    await run_once(GROUP, stage.world)
    assert (stage.asked(), stage.writes()) == ([("conflict", NETWORK)], {"crm": 0, "quote": 0})
    stage = await linked(net_2="EPO")
    stage.systems["quote"].faults.set("read", "error")
    map_anew(stage, OTHER_KEY)
    report = await run_once(GROUP, stage.world)
    assert (list(report.away), stage.asked(), stage.writes()) == (["quote"], [], {"crm": 0, "quote": 0})


async def test_an_unlinked_record_that_was_read_through_another_mapping_waits() -> None:
    """R3: a link made of it would stand on values that nobody holds; its question neither closes nor opens anew."""
    stage = await linked(net_2="PPO")
    for name, record in (("crm", GOLD), ("quote", {"name": "Gold", "network": "PPO"})):
        stage.systems[name].put_record("plan", "p9", record, group="g1")
    await stage.cycle()
    before = [(one.id, one.status) for one in stage.store.questions(status=STATUSES)]
    map_anew(stage, OTHER_KEY)
    report = await run_once(GROUP, stage.world)
    assert [one.id for one in report.view.strays] == ["p9"]
    assert [(one.id, one.status) for one in stage.store.questions(status=STATUSES)] == before
    assert len(before) == 2
