"""Texts that a person cannot tell apart are the same text, in whatever bytes a system keeps them."""

from __future__ import annotations

import unicodedata

import pytest

from tests.apply.worlds import Stage

NAME = "details.name"
COMPOSED = "Básica Niño"
SAME = {
    "decomposed": unicodedata.normalize("NFD", COMPOSED),
    "padded": f"  {COMPOSED} ",
    "padded with hard blanks": f"{COMPOSED}\u00a0\u00a0",
    "both": unicodedata.normalize("NFD", f" {COMPOSED}\t"),
}


@pytest.mark.parametrize("kept", SAME.values(), ids=SAME)
async def test_p07_texts_that_look_the_same_are_the_same(kept: str) -> None:
    """B7: composed or decomposed, padded or not: no conflict, no write, and each system keeps its own bytes."""
    stage = Stage(kind="plan")
    stage.link({NAME: COMPOSED}, base=False)
    stage.edit("quote", details__name=kept)
    for _ in range(2):
        report = await stage.cycle()
        assert (report.result, stage.asked(), stage.writes()) == ("ok", [], {"crm": 0, "quote": 0})
    assert (stage.held("crm"), stage.held("quote")) == ({NAME: COMPOSED}, {NAME: kept})


@pytest.mark.parametrize("kept", SAME.values(), ids=SAME)
async def test_p08_a_system_that_pads_or_decomposes_what_it_is_sent_has_edited_nothing(kept: str) -> None:
    """B7: another spelling of the same text is no edit of the system that spells it so."""
    stage = Stage(kind="plan")
    stage.link({NAME: "Gold"})
    await stage.start()
    stage.edit("crm", details__name=COMPOSED)
    await stage.cycle()
    stage.edit("quote", details__name=kept)
    report = await stage.cycle()
    assert (report.result, stage.asked(), stage.writes()) == ("ok", [], {"crm": 0, "quote": 1})
