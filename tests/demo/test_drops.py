"""The drops look like two vendors' files, and are changed as a vendor's user changes them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.demo.files.drops import SETTINGS, edit, native_id, read_row, remove, write_drops
from syncd.cli.demo.files.layout import lay_out
from syncd.cli.demo.files.seed import SYSTEMS, System, read_seed
from syncd.cli.demo.files.story import LINKED, STEPS, Edit, Removal, Step, act_out, step
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import Table, parse
from syncd.errors import ConfigError
from syncd.model.records import Kind

SEED = read_seed()
NOON = datetime(2025, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_drops(tmp_path)
    return tmp_path


def file_of(folder: Path, system: System, name: str = "plans") -> Path:
    return folder / system / f"{name}.{'jsonl' if system == 'quote' else 'csv'}"


def table(folder: Path, system: System, kind: Kind) -> Table:
    """Read a file as the connector does, with the settings that the demo gives it."""
    settings = Settings(folder=folder / system, **SETTINGS[system])
    file = file_of(folder, system, f"{kind}s")
    return parse(file.read_bytes(), kind, settings, csv=system == "crm", columns=None)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_connector_reads_every_record(folder: Path, system: System) -> None:
    """Ids, groups and times of change are where the `files` connector looks for them."""
    plans = table(folder, system, "plan").records
    groups = table(folder, system, "group").records
    assert set(plans) == {entry.ids[system] for entry in SEED.plans if system in entry.ids}
    assert set(groups) == {entry.ids[system] for entry in SEED.groups if system in entry.ids}
    assert all(record.group in groups and record.modified for record in plans.values())


def test_the_two_drops_share_no_id() -> None:
    """Nothing but facts can tell which records are the same plan."""
    quote, crm = ({entry.ids.get(system) for entry in SEED.plans} - {None} for system in SYSTEMS)
    assert not quote & crm


def test_the_shapes_are_the_vendors_own(folder: Path) -> None:
    """Money, dates, flags and codes are written in two ways, and neither side is complete."""
    key = "fed-co-kaiser-high"
    quote, crm = read_row(folder, "quote", key), read_row(folder, "crm", key)
    assert quote is not None
    assert crm is not None
    assert quote["rate_sets"][0]["tiers"] == {"EE": "435.58", "E1": "984.41", "EF": "1001.84"}
    assert (crm["Employee Only"], crm["Employee + 1"], crm["Family"]) == ("$435.58", "$984.41", "$1,001.84")
    assert (quote["plan"]["start"], crm["Plan Effective"]) == ("2026-01-01", "1/1/2026")
    assert (quote["plan"]["product"], crm["Plan Type"]) == ("MED", "Medical - HMO")
    assert (quote["benefits"]["care"]["pcp"]["in"], crm["Office Visit In"]) == ("$20 copay", "$20 Copayment")
    dental = read_row(folder, "crm", "fedvip-1-delta-high")
    assert dental is not None
    assert (dental["Basic Pays In"], dental["Voluntary"]) == ("70%", "Yes")


def test_the_crm_holds_the_set_that_is_in_force() -> None:
    """Of two rate sets in one plan year, the wide row shows the one that had begun when the file was made."""
    rows = {row["id"]: row for row in lay_out(SEED, "crm").plans}
    row = rows[native_id("crm", "co-cigna-hdhp-fy26")]
    assert (row["Rate Effective"], row["Employee Only"]) == ("11/1/2025", "$1,024.36")


def test_laying_out_is_the_same_every_time(folder: Path, tmp_path: Path) -> None:
    """No clock, no chance: the same bytes."""
    write_drops(tmp_path / "again")
    for system in SYSTEMS:
        for name in ("groups", "plans"):
            assert file_of(folder, system, name).read_bytes() == file_of(tmp_path / "again", system, name).read_bytes()


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text) if file.suffix == ".csv" else map(json.loads, text)


@pytest.mark.parametrize(
    ("system", "column", "value"), [("quote", "benefits.care.pcp.in", "$26 copay"), ("crm", "Office Visit In", "$26")]
)
def test_an_edit_changes_one_plan_only(folder: Path, system: System, column: str, value: str) -> None:
    """The other rows keep every byte; the edited one keeps all but the value and its time."""
    file = file_of(folder, system)
    before, lines = list(rows_of(file)), file.read_bytes().splitlines()
    edit(folder, system, "fed-tx-a8-basic", {column: value}, at=NOON)
    after = list(rows_of(file))
    changed = [index for index, row in enumerate(before) if row != after[index]]
    assert [before[index]["id"] for index in changed] == [native_id(system, "fed-tx-a8-basic")]
    assert sum(old != new for old, new in zip(lines, file.read_bytes().splitlines(), strict=True)) == 1
    assert after[changed[0]]["modified"] == "2025-11-21T12:00:00Z"
    assert table(folder, system, "plan").records


def test_an_edit_makes_what_is_missing(folder: Path) -> None:
    """A benefit that nobody had quoted is typed in."""
    edit(folder, "quote", "bea-vision", {"benefits.vision.exam.in": "$10 copay"}, at=NOON)
    row = read_row(folder, "quote", "bea-vision")
    assert row is not None
    assert row["benefits"] == {"vision": {"exam": {"in": "$10 copay"}}}


def test_a_mistaken_edit_is_refused(folder: Path) -> None:
    """A plan or column that is not there changes nothing."""
    before = file_of(folder, "crm").read_bytes()
    with pytest.raises(ConfigError, match="no such column"):
        edit(folder, "crm", "bea-vision", {"Employee Ony": "$1"}, at=NOON)
    with pytest.raises(ConfigError, match="does not hold this plan"):
        edit(folder, "crm", "santaana-calpers", {"Employee Only": "$1"}, at=NOON)
    remove(folder, "crm", "bea-vision")
    with pytest.raises(ConfigError, match="no such plan"):
        edit(folder, "crm", "bea-vision", {"Employee Only": "$1"}, at=NOON)
    assert file_of(folder, "crm").read_bytes() != before


@pytest.mark.parametrize("system", SYSTEMS)
def test_removing_takes_one_row(folder: Path, system: System) -> None:
    """The rest of the file stays byte for byte."""
    lines = file_of(folder, system).read_bytes().splitlines()
    remove(folder, system, "bea-vision")
    left = file_of(folder, system).read_bytes().splitlines()
    assert read_row(folder, system, "bea-vision") is None
    assert len(left) == len(lines) - 1
    assert set(left) < set(lines)


def test_a_file_without_rows_keeps_its_header(folder: Path) -> None:
    """The last plan of a CRM may go; the file is still a table."""
    for entry in SEED.plans:
        if "crm" in entry.ids:
            remove(folder, "crm", entry.key)
    assert table(folder, "crm", "plan").records == {}


def test_nothing_is_left_beside_the_files(folder: Path) -> None:
    """A replaced file leaves no temporary one behind."""
    edit(folder, "crm", "bea-vision", {"Internal Notes": "called"}, at=NOON)
    assert sorted(path.name for path in (folder / "crm").iterdir()) == ["groups.csv", "plans.csv"]


# --- the story -------------------------------------------------------------------------------------------------------


def test_linked_plans_are_in_both_drops_and_in_their_group() -> None:
    """A decision names plans that a person can see on both sides."""
    for linked in LINKED:
        keys = [link.plan for link in linked.links]
        assert len(set(keys)) == len(keys)
        assert not set(keys) & set(linked.left)
        for key in (*keys, *linked.left):
            entry = SEED.plan(key)
            assert (entry.group, set(entry.ids)) == (linked.group, set(SYSTEMS))
        sections = {"details", "benefits", "rates", "contributions", "eligibility"}
        assert all(set(link.sources) == sections for link in linked.links)


def test_the_first_link_has_something_to_decide() -> None:
    """Among the linked plans some differ at the start."""
    assert sum(bool(SEED.plan(link.plan).differs) for linked in LINKED for link in linked.links) >= 2


@pytest.mark.parametrize("told", STEPS, ids=lambda told: told.name)
def test_a_step_touches_linked_plans(folder: Path, told: Step) -> None:
    """Each step can be acted out on fresh drops, and is about plans that are linked."""
    linked = {link.plan for group in LINKED for link in group.links}
    assert set(told.plans) <= linked
    act_out(folder, told, at=NOON)
    for act in told.acts:
        row = read_row(folder, act.system, act.plan)
        assert row is None if isinstance(act, Removal) else row is not None
    assert step(told.name) is told


def test_the_steps_show_each_kind_of_merge() -> None:
    """One edit each way, two that flow past each other, two that clash, one removal."""
    systems = {told.name: [act.system for act in told.acts] for told in STEPS}
    assert systems["rate"] == ["quote"]
    assert systems["copay"] == ["crm"]
    both, clash = ([act for act in step(name).acts if isinstance(act, Edit)] for name in ("both", "conflict"))
    assert len({act.path for act in both}) == len({act.system for act in both}) == 2
    assert len({act.path for act in clash}) == 1
    assert len({act.text for act in clash}) == len({act.system for act in clash}) == 2
    assert any(isinstance(act, Removal) for act in step("removal").acts)
