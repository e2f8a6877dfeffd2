"""Vendors that make something of what they are told: their echo is nobody's edit, and nothing is sent for ever."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.memory import MemorySystem
from syncd.model.records import PartWrite
from tests.apply.worlds import Stage

TOLD = "Básica & Más  de 1500 "
QUOTE_WINS = {"default": {"on_conflict": "source_of_truth", "source_of_truth": "quote"}}
TIDY: dict[str, Callable[[str], str]] = {
    "cuts": lambda text: text[:10],
    "escapes": html.escape,
    "re-cases": str.upper,
    "collapses": lambda text: " ".join(text.split()).replace("&", "and"),
    "decomposes": lambda text: unicodedata.normalize("NFKD", text).replace("\u0301", ""),
    "empties": lambda _text: "",
}


def tidies(system: MemorySystem, change: Callable[[str], Any]) -> None:
    """Let a vendor change each text that it is sent."""
    write = system.write

    async def tidied(asked: PartWrite) -> None:
        after = {
            key: change(value) if value != asked.before.data.get(key) else value for key, value in asked.after.items()
        }
        await write(replace(asked, after=after))

    system.write = tidied  # type: ignore[method-assign]


async def told(change: Callable[[str], Any], **more: Any) -> Stage:
    """The crm's new name was written to a quote system that tidies."""
    stage = Stage(**more)
    stage.link()
    await stage.start()
    tidies(stage.systems["quote"], change)
    stage.edit("crm", name=TOLD)
    await stage.cycle()
    return stage


@pytest.mark.parametrize("rules", [None, QUOTE_WINS], ids=["asks", "quote wins"])
@pytest.mark.parametrize("change", TIDY.values(), ids=TIDY)
async def test_p32_an_echo_travels_nowhere_and_is_asked_about_once(change: Callable[[str], str], rules: Any) -> None:
    """B3: what a vendor makes of a value is a loss, asked once; it never overwrites what the person typed."""
    stage = await told(change, rules=rules)
    assert stage.asked() == [("loss", "quote:name")]
    [question] = stage.store.questions()
    written = stage.writes()
    for _ in range(30):
        await stage.cycle()
    assert (stage.writes(), [one.id for one in stage.store.questions()]) == (written, [question.id])
    assert stage.held("crm") == {"name": TOLD, "phone": "1"}
    assert stage.ends() == [("quote", "echoed")]


async def test_p32_an_accepted_echo_stays_and_later_ones_are_accepted_too() -> None:
    """B3: one answer settles how a field of a system shortens texts."""
    stage = await told(TIDY["cuts"])
    stage.answer("accept")
    assert (await stage.cycle()).result == "ok"
    stage.edit("crm", name="Another name that is too long")
    await stage.cycle()
    assert (stage.asked(), stage.held("quote")) == ([], {"name": "Another na", "phone": "1"})
    assert (await stage.cycle()).result == "ok"


async def test_p32_a_person_who_shortens_the_text_ends_the_question() -> None:
    """B3: when the source is edited to what the vendor holds, all is in step."""
    stage = await told(TIDY["cuts"])
    stage.edit("crm", name=TOLD[:10])
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.writes()["quote"]) == ("ok", [], 1)


async def test_p32_an_edit_in_the_system_that_echoed_is_an_edit() -> None:
    """B3: a value that moved after the echo was noted is somebody's edit, and is asked about beside what was agreed."""
    stage = await told(TIDY["cuts"])
    stage.edit("quote", name="Silver")
    await stage.cycle()
    assert stage.asked() == [("conflict", "name")]


@pytest.mark.parametrize("kept", [True, False], ids=["keeps the old value", "keeps nothing"])
async def test_p32_a_vendor_that_keeps_its_value_is_told_three_times(*, kept: bool) -> None:
    """R10: accepted writes that change nothing end after three, as a question; then a quiet week costs no write."""
    stage = Stage()
    stage.link()
    await stage.start()
    stage.systems["quote"].edit("generic", "p1", {"name": "Gold" if kept else None})
    tidies(stage.systems["quote"], lambda _text: "Gold" if kept else None)
    stage.edit("crm", name="New")
    for _ in range(24 * 7):
        await stage.cycle()
    assert stage.requests("quote", "write") <= 3
    assert [kind for kind, _ in stage.asked()] in (["loss"], ["conflict"])
    assert stage.held("crm") == {"name": "New", "phone": "1"}


async def test_p24_history_tells_what_was_written_and_what_came_of_it() -> None:
    """B3: history says that we wrote it, with what the system read back; nobody else is named."""
    stage = await told(TIDY["cuts"])
    rows = [row for row in stage.store.history(newest_first=False) if row.system == "quote" and "name" in row.fields]
    assert [(row.what, row.fields["name"], row.readback) for row in rows if row.what != "first"] == [
        ("written", ("Gold", TOLD), {"name": TOLD[:10]})
    ]
