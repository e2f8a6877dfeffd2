"""PerfectQuote's mapping and connector together: a plan that is copied reads as the one it was copied from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest

from syncd.connectors.perfectquote import Settings, connect
from syncd.errors import MappingError
from syncd.mapping.load import load_mapping
from syncd.model import paths
from syncd.model.records import PartCreate, PartWrite, Present
from syncd.model.values import EMPTY, Unparsed
from tests.connectors.sandboxes import Sandbox, running

PER_KIND = 3
"""Plans of each line and basis of rates: enough to meet every shape of the seed."""
LENS = load_mapping("perfectquote").lens("plan")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("perfectquote") as made:
        made.backdoors["perfectquote"].call("POST", "switches", {"requests_per_minute": 100_000})
        yield made


@pytest.fixture
async def system(sandbox):
    said = sandbox.systems["perfectquote"]
    names = ("client_id", "client_secret")
    made = connect("quotes", Settings(base_url=said["url"], **{name: said[name] for name in names}, per_minute=0))
    yield made
    await made.aclose()


@pytest.fixture
async def chosen(system):
    """Some plans of every line and basis that the seed has."""
    shapes: dict[tuple[str, ...], list] = {}
    async for page in system.list("plan"):
        for record in page.records:
            data = record.parts[0].data
            bases = sorted({each["rate_type"] for each in data["rates"]["sets"]})
            tiers = sorted({len(each["tiers"] or ()) for each in data["rates"]["sets"]})
            shape = (data["plan_type"], str(bases), str(tiers), str(bool(data["contributions"]["sets"])))
            shapes.setdefault(shape, []).append(record)
    return [record for records in shapes.values() for record in records[:PER_KIND] if not record.locked]


def compared(flat):
    """What is compared: all but what PerfectQuote computes."""
    return {
        path: value
        for path, value in flat.items()
        if value is not EMPTY and not path.endswith(".estimated_monthly_premium")
    }


async def held(system, record_id):
    answer = await system.read("plan", record_id)
    assert isinstance(answer, Present)
    return answer.record


async def test_everything_in_the_seed_is_understood(chosen):
    # The contract's eight, and the two that voluntary disability plans are handed over as.
    assert len({record.parts[0].data["plan_type"] for record in chosen}) == 10
    for record in chosen:
        odd = {path: value for path, value in LENS.get(record).items() if isinstance(value, Unparsed)}
        assert odd == {}, record.id


async def test_a_plan_that_is_copied_reads_as_the_one_it_was_copied_from(system, chosen):
    """Through both directions of the mapping, the connector and the server: nothing is lost, nothing is made up."""

    async def copy(record):
        flat = compared(LENS.get(record))
        if "details.carrier" not in flat:  # "Not stated" says nothing elsewhere, and a new plan must have one
            with pytest.raises(MappingError, match="without it"):
                LENS.new(flat)
            return
        made = LENS.new(flat)
        assert {path for path in made.losses if not path.endswith(".share")} == set()
        copied = await system.create(PartCreate("plan", record.group, made.parts, f"copy-{record.id}"))
        assert compared(LENS.get(await held(system, copied))) == flat

    await asyncio.gather(*map(copy, chosen))


async def test_what_one_plan_says_can_be_written_over_another(system, chosen):
    """One patch; what it did not name stays, and what it wrote is read back."""
    written = 0
    for one, other in pairwise(chosen):
        record, wanted = await held(system, one.id), LENS.get(other)
        before = LENS.get(record)
        if before["details.line"] != wanted["details.line"]:
            continue
        atoms = {paths.atom(path) for path in before}
        changes = {
            path: value
            for path, value in wanted.items()
            if LENS.unwritable(path) is None
            and before.get(path, EMPTY) != value
            and path != "details.prior_plan"
            and (paths.section(path) != "rates" or paths.atom(path) in atoms)  # a new set might overlap with ours
        }
        putting = LENS.put(record, changes)
        for part in putting.parts:
            await system.write(PartWrite("plan", record.id, record.parts[0], part.data))
        after = LENS.get(await held(system, one.id))
        expected = {path: value for path, value in changes.items() if path not in putting.losses}
        assert {path: after.get(path, EMPTY) for path in expected} == expected
        written += bool(putting.parts)
    assert written >= 10
