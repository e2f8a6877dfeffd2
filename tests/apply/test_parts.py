"""Records with several parts of a kind: each is written, refused, confirmed and recovered by itself."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.apply.pieces import pieces_of
from syncd.apply.world import flat_of
from syncd.connectors.memory import Behaviour
from syncd.errors import RefusedError, StaleWriteError, TransientError, UnknownOutcomeError
from syncd.mapping.compile import compile_mapping
from syncd.model.records import Part, PartWrite, Record
from syncd.reconcile.types import Link, Member
from syncd.sync import run_once
from tests.apply.worlds import GROUP, Killed, Stage

MAPPING = """
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
    sets:
      - section: rates
        part: premium
        parts: true
        id: number
        key:
          effective: {field: from, codec: date}
        cells:
          rating_area: {field: area, codec: text}
          frequency: {constant: monthly}
        table:
          tier: {field: tier, codec: code, values: {ee: EE, es: ES, ef: EF}}
          values:
            "": {field: amount, codec: money}
"""
LENSES = dict(compile_mapping(MAPPING, "quote.yaml").lenses)
SEVERAL = ("premium",)
OLD, NEXT = "rates[2026-01-01]", "rates[2027-01-01]"
GOLD = {
    "details.name": "Gold",
    **{f"{rates}.frequency": "monthly" for rates in (OLD, NEXT)},
    f"{OLD}.effective_date": "2026-01-01",
    f"{NEXT}.effective_date": "2027-01-01",
    f"{OLD}.ee": "500.00",
    f"{OLD}.es": "900.00",
    f"{NEXT}.ee": "530.00",
}


def premium(year: int, tier: str, amount: str) -> tuple[str, dict[str, str]]:
    return "premium", {"from": f"{year}-01-01", "tier": tier, "amount": amount, "note": f"{year} {tier}"}


async def started(**behaviour: Any) -> Stage:
    """A plan in step: the crm holds it flat, the quote system keeps every rate in a part of its own."""
    made = Behaviour(several=SEVERAL, **{"versions": "etag", **behaviour})
    stage = Stage(kind="plan", behaviour={"quote": made})
    stage.lenses["quote"] = dict(LENSES)
    stage.fresh()
    stage.systems["crm"].put_record("plan", "p1", GOLD, group="g1")
    rates = (premium(2026, "EE", "500.00"), premium(2026, "ES", "900.00"), premium(2027, "EE", "530.00"))
    stage.systems["quote"].put_parts("plan", "p1", ("record", {"name": "Gold"}), *rates, group="g1")
    flat = flat_of(_record(stage), LENSES["plan"])
    assert stage.flat(GOLD) == flat
    members = tuple(Member(name, "p1", flat) for name in stage.systems)
    stage.store.add_link(Link("l-p1", "plan", GROUP, "Gold", flat, members, 1))
    await stage.start()
    return stage


def _record(stage: Stage) -> Record:
    record = stage.systems["quote"].record("plan", "p1")
    assert record is not None
    return record


def rates(stage: Stage) -> dict[str, str]:
    """Tell what the quote system holds: `2026 EE` -> amount, in the order of its parts."""
    return {
        f"{part.data['from'][:4]} {part.data['tier']}": part.data["amount"]
        for part in _record(stage).parts
        if part.kind == "premium"
    }


def rows(stage: Stage) -> list[tuple[str, str, list[str]]]:
    """Tell the journal: part (its number left out), how it ended, which paths."""
    return [(one.part, one.state, sorted(one.after)) for one in stage.store.intents() if one.system == "quote"]


EE, ES, EE27 = "p1/premium/1", "p1/premium/2", "p1/premium/3"
BOTH = {f"{OLD}.ee": "510.00", f"{NEXT}.ee": "540.00"}


def edit(stage: Stage, changes: dict[str, Any]) -> None:
    stage.systems["crm"].edit("plan", "p1", changes)


# -- written -----------------------------------------------------------------------------------------------------------


async def test_each_part_is_written_with_its_own_data_and_has_its_own_journal_row() -> None:
    stage = await started()
    edit(stage, BOTH)
    report = await stage.cycle()
    assert (report.result, report.failed) == ("ok", ())
    assert rates(stage) == {"2026 EE": "510.00", "2026 ES": "900.00", "2027 EE": "540.00"}
    assert rows(stage) == [
        (f"premium {EE}", "confirmed", [f"{OLD}.ee"]),
        (f"premium {EE27}", "confirmed", [f"{NEXT}.ee"]),
    ]
    assert [part.data.get("note") for part in _record(stage).parts[1:]] == ["2026 EE", "2026 ES", "2027 EE"]
    assert stage.requests("quote", "write") == 2
    assert (await stage.cycle()).written == {}


async def test_one_part_of_many_keeps_the_name_of_its_kind() -> None:
    stage = await started()
    edit(stage, {f"{OLD}.es": "910.00", "details.name": "Gold 2"})
    assert (await stage.cycle()).result == "ok"
    assert rows(stage) == [("record", "confirmed", ["details.name"]), ("premium", "confirmed", [f"{OLD}.es"])]
    assert rates(stage)["2026 ES"] == "910.00"


async def test_a_part_that_is_not_there_yet_is_added() -> None:
    """A tier and a whole year that the quote system has no part for."""
    stage = await started()
    new = "rates[2028-01-01]"
    year = {f"{new}.effective_date": "2028-01-01", f"{new}.frequency": "monthly"}
    edit(stage, {f"{NEXT}.es": "960.00", f"{new}.ee": "560.00", f"{new}.ef": "1700.00", **year})
    report = await stage.cycle()
    assert (report.result, report.failed, report.questions) == ("ok", (), ())
    assert list(rates(stage).items())[3:] == [("2027 ES", "960.00"), ("2028 EE", "560.00"), ("2028 EF", "1700.00")]
    assert [state for _, state, _ in rows(stage)] == ["confirmed"] * 3
    assert len({part.id for part in _record(stage).parts}) == 7
    assert (await stage.cycle()).written == {}


async def test_p13_without_conditional_writes_both_images_of_each_part_are_kept() -> None:
    stage = await started(versions="none")
    edit(stage, {**BOTH, f"{NEXT}.es": "960.00"})
    await stage.cycle()
    images = {one.part: (one.raw_before, one.raw_after) for one in stage.store.intents()}
    assert '"500.00"' in images[f"premium {EE}"][0]
    assert '"510.00"' in images[f"premium {EE}"][1]
    assert '"530.00"' in images[f"premium {EE27}"][0]
    [(before, after)] = [image for part, image in images.items() if "new" in part]
    assert (before, '"960.00"' in after) == ("{}", True)


# -- one fails, the others go on ---------------------------------------------------------------------------------------


def failing(stage: Stage, error: type[Exception], part_id: str, *, applied: bool = False) -> None:
    """Let the writes of one part fail."""
    quote = stage.systems["quote"]
    honest = quote.write

    async def write(one: PartWrite) -> None:
        if one.before.id == part_id and applied:
            await honest(one)
        if one.before.id == part_id:
            raise error("the vendor says no")
        await honest(one)

    quote.write = write  # type: ignore[method-assign]


async def test_p14_a_refused_part_keeps_no_other_back() -> None:
    stage = await started()
    failing(stage, RefusedError, EE)
    edit(stage, BOTH)
    report = await stage.cycle()
    assert report.result == "partial"
    assert rates(stage) == {"2026 EE": "500.00", "2026 ES": "900.00", "2027 EE": "540.00"}
    assert [state for _, state, _ in rows(stage)] == ["refused", "confirmed"]
    member = stage.member("quote")
    assert set(member.behind) == {f"{OLD}.ee"}
    assert (str(member.base[f"{OLD}.ee"]), str(member.base[f"{NEXT}.ee"])) == ("500.00", "540.00")
    assert report.failed == (f"quote p1 {OLD}.ee: the vendor says no",)


async def test_p13_a_part_that_moved_is_decided_again_and_the_others_are_confirmed() -> None:
    """Somebody edits the second part while the first is written; it is theirs, and asked about."""
    stage = await started()
    quote = stage.systems["quote"]
    stage.on("quote", "after_reply", "write", lambda: quote.edit_part("plan", "p1", EE27, {"amount": "1.00"}))
    edit(stage, BOTH)
    report = await stage.cycle()
    assert [state for _, state, _ in rows(stage)][:2] == ["confirmed", "moved"]
    assert rates(stage) == {"2026 EE": "510.00", "2026 ES": "900.00", "2027 EE": "1.00"}
    assert (report.result, stage.asked()) == ("open", [("conflict", NEXT)])


async def test_p13_the_same_amount_typed_meanwhile_is_not_our_write() -> None:
    """What did not go out is somebody else's, even if it is just what was meant."""
    stage = await started()
    quote = stage.systems["quote"]
    failing(stage, StaleWriteError, EE27)
    stage.on("quote", "after_reply", "write", lambda: quote.edit_part("plan", "p1", EE27, {"amount": "540.00"}))
    edit(stage, BOTH)
    assert (await stage.cycle()).result == "ok"
    written = [fields for what, system, fields in stage.told("written") if system == "quote"]
    assert [list(fields) for fields in written] == [[f"{OLD}.ee"]]


@pytest.mark.parametrize(("error", "state"), [(TransientError, "unsent"), (UnknownOutcomeError, "never_landed")])
async def test_p14_what_did_not_go_out_stays_owed_and_follows(error: type[Exception], state: str) -> None:
    stage = await started()
    failing(stage, error, EE27)
    edit(stage, BOTH)
    await stage.cycle()
    assert [one for _, one, _ in rows(stage)] == ["confirmed", state]
    assert set(stage.member("quote").behind) == {f"{NEXT}.ee"}
    del stage.systems["quote"].write  # type: ignore[method-assign]
    assert (await stage.cycle()).result == "ok"
    assert rates(stage)["2027 EE"] == "540.00"


async def test_p12_a_lost_reply_of_one_part_is_settled_by_reading() -> None:
    stage = await started()
    failing(stage, UnknownOutcomeError, EE27, applied=True)
    edit(stage, BOTH)
    assert (await stage.cycle()).result == "ok"
    assert [state for _, state, _ in rows(stage)] == ["confirmed", "confirmed"]
    assert stage.systems["quote"].applied["write"] == 2


# -- killed ------------------------------------------------------------------------------------------------------------

NEW_PART = {**BOTH, f"{NEXT}.es": "960.00", "details.name": "Gold 2"}


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("moment", ["before_send", "after_send", "after_reply"])
async def test_p11_killed_at_every_part_the_end_is_the_same(moment: str, at: int) -> None:
    """Four parts go out, one of them new: whatever was sent is not sent again, and no part exists twice."""
    stage = await started()
    edit(stage, NEW_PART)
    sent = [0]

    def dies() -> None:
        sent[0] += 1
        if sent[0] == at:
            raise Killed

    stage.on("quote", moment, "write", dies, times=10)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    report = await run_once(stage.scope, stage.fresh())
    assert (report.result, stage.asked()) == ("ok", [])
    assert list(rates(stage).items()) == [
        ("2026 EE", "510.00"),
        ("2026 ES", "900.00"),
        ("2027 EE", "540.00"),
        ("2027 ES", "960.00"),
    ]
    assert stage.systems["quote"].applied["write"] == 4
    assert [system for what, system, _ in stage.told("observed")] == ["crm"], "our own write is nobody's edit"
    assert (await stage.cycle()).written == {}


# -- which part carries what -------------------------------------------------------------------------------------------


def test_p20_parts_of_one_kind_are_told_apart_by_what_they_move() -> None:
    lens = LENSES["plan"]
    parts = tuple(
        Part(kind, f"{at}", data)
        for at, (kind, data) in enumerate([premium(2026, "EE", "1"), premium(2026, "ES", "2")])
    )
    record = Record("plan", "p1", (Part("record", "p1", {"name": "x"}), *parts))
    changed = tuple(Part(part.kind, part.id, {**part.data, "amount": "9"}) for part in parts)
    paths = {f"{OLD}.ee", f"{OLD}.es", f"{OLD}.effective_date"}
    found = pieces_of(record, changed, paths, lens)
    assert [(one.name, one.before, sorted(one.paths)) for one in found] == [
        ("premium 0", parts[0], [f"{OLD}.ee", f"{OLD}.effective_date"]),
        ("premium 1", parts[1], [f"{OLD}.es"]),
    ]
