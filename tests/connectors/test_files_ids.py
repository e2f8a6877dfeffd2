"""Ids of new rows: one that was ever seen is never given again, whoever removed its row and whatever was restored."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.connectors.files import Settings, connect
from syncd.connectors.registry import Forgetful
from syncd.model.records import Part, PartCreate
from tests.connectors.test_files import listed, new_plan

HEAD = "id,group_id,name\n"
NEW = {"prefix": "", "width": 3}


class Drop:
    """A drop of plans, CSV or JSON lines, whose rows a person writes; `state` may be set back."""

    def __init__(self, folder, *, jsonl=False, **new_id):
        self.folder, self.path = folder, folder / ("plans.jsonl" if jsonl else "plans.csv")
        self.settings = Settings(folder=folder, rest_s=0, new_id={**NEW, **new_id})
        self.state = Forgetful()

    def lay(self, *ids):
        if self.path.suffix == ".csv":
            self.path.write_text(HEAD + "".join(f"{one},g1,Plan {one}\n" for one in ids))
        else:
            rows = ({"id": one, "group_id": "g1", "name": f"Plan {one}"} for one in ids)
            self.path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def restored(self, kept):
        """Start again with a state as it was."""
        self.state = Forgetful()
        self.state._texts.update(kept)

    @property
    def kept(self):
        return dict(self.state._texts)

    def open(self):
        return connect("sheet", self.settings, self.state)

    async def seen(self):
        return list(await listed(self.open()))

    async def give(self):
        return await self.open().create(new_plan(name="New"))


@pytest.mark.parametrize("jsonl", [False, True])
async def test_b2_the_id_of_a_removed_row_is_not_given_again(tmp_path, jsonl):
    """B2: a row that was there when the drop was last read, and is gone, keeps its id."""
    drop = Drop(tmp_path, jsonl=jsonl)
    drop.lay("100", "101", "102")
    await drop.seen()
    drop.lay("100")
    assert await drop.give() == "103"
    drop.lay("100")
    assert await drop.give() == "104"


async def test_b2_an_id_that_a_person_edits_is_seen_as_well(tmp_path):
    """B2: both the old and the new id of a row whose id column was edited stay its own."""
    drop = Drop(tmp_path, prefix="Q-")
    drop.lay("Q-100", "Q-101")
    await drop.seen()
    drop.lay("Q-100", "Q-250")
    await drop.seen()
    drop.lay("Q-100", "Q-101")
    assert await drop.give() == "Q-251"


@pytest.mark.parametrize("by", ["syncd", "a person"])
async def test_b2_a_restored_older_state_gives_no_id_again(tmp_path, by):
    """B2: the file beside the rows knows what a state folder from an older backup has forgotten."""
    drop = Drop(tmp_path)
    drop.lay("100", "101")
    await drop.seen()
    older = drop.kept
    if by == "syncd":
        assert await drop.give() == "102"
    else:
        drop.lay("100", "101", "102")
        await drop.seen()
    drop.lay("100", "101")
    drop.restored(older)
    assert await drop.give() == "103"
    drop.restored({})
    drop.lay("100")
    assert await drop.give() == "104"


async def test_b2_a_lost_or_damaged_file_beside_the_rows_hides_nothing(tmp_path):
    """B2: the state and the file beside the rows each know alone; damage to one is not the other's."""
    drop = Drop(tmp_path)
    drop.lay("100")
    assert await drop.give() == "101"
    for damage in (b"", b"[", b"[1]", b'{"": "x"}', b'{"": -5}', b"9" * 9000, b"\xff"):
        (tmp_path / ".plans.syncd-ids").write_bytes(damage)
        last = (await drop.seen())[-1]
        drop.lay("100")
        assert await drop.give() == f"{int(last) + 1}"


async def test_b2_a_group_that_plans_still_name_keeps_its_id(tmp_path):
    """B2: the id of a group's removed row is not given to another group while plans speak of it."""
    (tmp_path / "groups.csv").write_text("id,name\n10,Acme\n")
    (tmp_path / "plans.csv").write_text(HEAD + "1,12,Gold\n")
    system = connect("sheet", Settings(folder=tmp_path, rest_s=0, new_id={}))
    assert await system.create(PartCreate("group", "", (Part("record", "", {"name": "New"}),), "m")) == "13"


async def test_b2_a_number_that_nobody_counts_with_is_left_alone(tmp_path):
    """B2: an absurd id neither breaks the count nor is counted on."""
    drop = Drop(tmp_path)
    drop.lay("7", "9" * 5000)
    assert await drop.give() == "008"


EVENTS = st.lists(st.sampled_from(["give", "remove", "add", "restore", "forget", "read"]), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=EVENTS, jsonl=st.booleans())
async def test_b2_no_history_gives_an_id_twice(tmp_path_factory, events, jsonl):
    """B2: whatever is removed, added, read and restored between them, creates never repeat an id that was seen."""
    drop = Drop(tmp_path_factory.mktemp("ids"), jsonl=jsonl)
    rows = ["100", "101"]
    drop.lay(*rows)
    await drop.seen()
    ever, backup = set(rows), drop.kept
    for event in [*events, "give"]:
        if event == "give":
            made = await drop.give()
            assert made not in ever
            rows.append(made)
        elif event == "remove":
            rows = rows[:1]
        elif event == "add":
            rows.append(str(int(max(ever, key=int)) + 3))
        elif event in ("restore", "forget"):
            drop.restored(backup)
        drop.lay(*rows)
        await drop.seen()
        ever |= set(rows)
