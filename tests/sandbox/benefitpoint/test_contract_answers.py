"""The answers that the contract wants: a rate has its summaries, a call that gives one thing gives it."""

from __future__ import annotations

import pytest

from syncd.sandbox.benefitpoint import contract as contracts
from tests.sandbox.benefitpoint.conftest import Desk


@pytest.mark.parametrize("name", ["getAccount", "getProduct", "getRate", "updateProduct", "findChanges", "getUser"])
def test_a_call_that_gives_one_thing_gives_it(name: str) -> None:
    """V5: the child of an answer that does not repeat has to be there; only lists may be empty."""
    output = contracts.load("v4").operations[name].output
    assert output is not None
    assert (output.required, output.many) == (True, False)
    listed = contracts.load("v4").operations["findRates"].output
    assert listed is not None
    assert (listed.required, listed.many) == (False, True)


async def test_every_rate_names_a_summary_and_none_loses_its_last(desk: Desk) -> None:
    """V5: associatedBenefitSummaries is 1..*: a person may not delete the only summary that a rate belongs to."""
    tables = desk.served.vendor.snapshot()["tables"]
    summaries = set(map(int, tables["benefit_summary"]))
    for number, rate in tables["rate"].items():
        assert summaries & set(rate["summaries"]), number
    rate = next(iter(tables["rate"].values()))
    others = list(rate["summaries"][1:])
    for key in others:
        await desk.door("POST", "edit", {"kind": "benefit_summary", "id": key, "delete": True})
    last = {"kind": "benefit_summary", "id": rate["summaries"][0], "delete": True}
    answer = await desk.door("POST", "edit", last, status=422)
    assert "delete that rate first" in answer["error"]
