"""Keys of JSON lines that come and go: a renamed one is not a cleared value."""

from __future__ import annotations

import json

import pytest

from syncd.connectors.files import Settings, connect
from syncd.connectors.registry import Forgetful
from syncd.errors import ConnectorError
from tests.connectors.test_files import listed, new_plan, write


class Drop:
    """A drop of plans as JSON lines; each reading is a process of its own with the same memory."""

    def __init__(self, folder, **settings):
        self.folder, self.path, self.more = folder, folder / "plans.jsonl", settings
        self.state = Forgetful()
        self.rows = []

    def lay(self, *rows):
        self.rows = [{"id": f"p{n}", "group_id": "g1"} | row for n, row in enumerate(rows)]
        self.path.write_text("".join(json.dumps(row) + "\n" for row in self.rows))

    def open(self):
        return connect("quote", Settings(folder=self.folder, rest_s=0, new_id={}, **self.more), self.state)

    async def read(self):
        return list(await listed(self.open()))


def rates(**tiers):
    return {"rate_sets": [{"from": "2026-01-01", "tiers": tiers}]}


RENAMED = [
    ("a tier", rates(EE="1"), rates(Ee="1"), "rate_sets.tiers.EE", "rate_sets.tiers.Ee"),
    ("a tier among others", rates(EE="1", EF="2"), rates(EE="1", FAM="2"), "rate_sets.tiers.EF", "rate_sets.tiers.FAM"),
    ("an object", rates(EE="1"), {"rateSets": rates(EE="1")["rate_sets"]}, "rate_sets", "rateSets"),
    ("a plain key", {"name": "Gold"}, {"Name": "Gold"}, "name", "Name"),
    (
        "a key that moved out",
        {"plan": {"code": "1", "name": "x"}},
        {"plan": {"name": "x"}, "code": "1"},
        "plan.code",
        "",
    ),
]


@pytest.mark.parametrize("count", [1, 2, 7, 24])
@pytest.mark.parametrize(("why", "before", "after", "key", "new"), RENAMED, ids=[one[0] for one in RENAMED])
async def test_b13_a_key_renamed_in_every_row_refuses_the_file(tmp_path, count, why, before, after, key, new):
    """B13: a key that was there and is now in no row refuses the file, naming it, its line and what to do."""
    drop = Drop(tmp_path)
    drop.lay(*[before] * count)
    await drop.read()
    drop.lay(*[after] * count)
    with pytest.raises(ConnectorError, match="in no row") as told:
        await drop.read()
    assert f"first ({key})" in told.value.message
    assert f"the new key {new} (renamed?)" in told.value.message or not new
    assert (told.value.file, told.value.line) == (str(drop.path), 1)
    assert f'without = {{plan = ["{key}"]}}' in told.value.hint
    with pytest.raises(ConnectorError, match="in no row"):  # and again: a refusal is not what was there before
        await drop.read()
    with pytest.raises(ConnectorError, match="nothing was written"):
        await drop.open().create(new_plan(name="New"))
    drop.lay(*[before] * count)
    assert len(await drop.read()) == count


async def test_b13_a_key_dropped_from_every_row_refuses_the_file(tmp_path):
    """B13: nothing need stand in its place."""
    drop = Drop(tmp_path)
    drop.lay(rates(EE="1", EF="2"), rates(EE="3", EF="4"))
    await drop.read()
    drop.lay(rates(EE="1"), rates(EE="3"))
    with pytest.raises(ConnectorError, match=r"rate_sets\.tiers\.EF in no row"):
        await drop.read()


async def test_b13_the_setting_lets_it_go_and_all_that_is_in_it(tmp_path):
    """B13: a person who says that a key is rightly gone is believed, for what is under it as well."""
    drop = Drop(tmp_path)
    drop.lay(rates(EE="1"), rates(EE="2"))
    await drop.read()
    drop.lay({"name": "a"}, {"name": "b"})
    with pytest.raises(ConnectorError, match=r"first \(rate_sets\)"):
        await drop.read()
    drop.more = {"without": {"plan": ["rate_sets"]}}
    assert await drop.read() == ["p0", "p1"]
    drop.more = {}
    assert await drop.read() == ["p0", "p1"]


@pytest.mark.parametrize(("why", "after"), [
    ("null in one row keeps the key", [{"name": "a", "note": None}, {"name": "b"}]),
    ("the row that had it is gone", [{"name": "a"}]),
    ("all rows are gone", []),
    ("it is in another row now", [{"name": "a", "note": "x"}, {"name": "b"}]),
])  # fmt: skip
async def test_b13_a_key_that_nobody_renamed_stops_nothing(tmp_path, why, after):
    """B13: a key that is null, or went with its rows, or moved to another row refuses nothing."""
    drop = Drop(tmp_path)
    drop.lay({"name": "a"}, {"name": "b", "note": "x"})
    await drop.read()
    drop.lay(*after)
    assert len(await drop.read()) == len(after)


async def test_b13_a_value_cleared_in_the_only_row_that_had_it_is_an_edit(tmp_path):
    """B13: programs leave a key out where it is empty; one row without it, and nothing new in its place, is a clear."""
    drop = Drop(tmp_path)
    drop.lay({"name": "a"}, {"name": "b", "note": "x"})
    await drop.read()
    drop.lay({"name": "a"}, {"name": "b"})
    assert len(await drop.read()) == 2


async def test_b13_what_we_clear_ourselves_refuses_nothing(tmp_path):
    """B13: a key that our own writes took out of its rows was not renamed by anybody."""
    drop = Drop(tmp_path)
    drop.lay({"name": "a", "note": "x"}, {"name": "b", "note": "y"})
    system = drop.open()
    for record_id, record in (await listed(system)).items():
        part = record.parts[0]
        await write_without(system, record_id, part)
    assert "note" not in drop.path.read_text()
    assert await drop.read() == ["p0", "p1"]


async def write_without(system, record_id, part):
    from syncd.model.records import PartWrite

    kept = {key: value for key, value in part.data.items() if key != "note"}
    await system.write(PartWrite("plan", record_id, part, kept))


async def test_b13_new_keys_are_welcome_and_count_from_then_on(tmp_path):
    """B13: a key that comes is remembered, by our own writes too, and refuses the file when it goes."""
    drop = Drop(tmp_path)
    drop.lay({"name": "a"}, {"name": "b"})
    system = drop.open()
    await listed(system)
    await write(system, {"code": "1"}, "p0")
    await write(system, {"code": "2"}, "p1")
    await drop.read()
    drop.lay({"name": "a", "Code": "1"}, {"name": "b", "Code": "2"})
    with pytest.raises(ConnectorError, match="code in no row, and the new key Code"):
        await drop.read()
