"""The drops and the mappings were written apart; here they are held against each other.

`layout` says what the vendors' files look like, `mappings/*.yaml` how they are read. Where both are right, reading what
was laid out gives back exactly the seed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from syncd.cli.demo.files.drops import SETTINGS, write_drops
from syncd.cli.demo.files.layout import AS_OF
from syncd.cli.demo.files.seed import SYSTEMS, Entry, System, read_seed, value_of
from syncd.cli.demo.files.story import LINKED, STEPS, Edit, Step, act_out
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import parse as parse_table
from syncd.mapping.check import check
from syncd.mapping.compile import Mapping
from syncd.mapping.laws import applied
from syncd.mapping.load import load_mapping
from syncd.mapping.record_lens import RecordLens
from syncd.model.paths import SetKey, parse, section
from syncd.model.records import Kind, Record
from syncd.model.values import EMPTY, Flat, Unparsed

SEED = read_seed()
HELD = [(system, entry) for system in SYSTEMS for entry in (*SEED.groups, *SEED.plans) if system in entry.ids]
NAMES = [f"{system}-{entry.kind}-{entry.key}" for system, entry in HELD]


@pytest.fixture(scope="session")
def mappings() -> dict[System, Mapping]:
    return {system: load_mapping(system) for system in SYSTEMS}


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[System, Kind], dict[str, Record]]:
    folder = tmp_path_factory.mktemp("drops")
    write_drops(folder)
    return {(system, kind): records_of(folder, system, kind) for system in SYSTEMS for kind in ("group", "plan")}


def records_of(folder: Path, system: System, kind: Kind) -> dict[str, Record]:
    """Read a drop as the connector does."""
    settings = Settings(folder=folder / system, **SETTINGS[system])
    file = folder / system / f"{kind}s.{'jsonl' if system == 'quote' else 'csv'}"
    return dict(parse_table(file.read_bytes(), kind, settings, csv=system == "crm", columns=None).records)


def expected(entry: Entry, system: System) -> Flat:
    """Give what a system holds of a plan: all of the seed, but for what it has no place for."""
    values = entry.values(system)
    keys = {(parsed.section, parsed.key) for parsed in map(parse, values) if isinstance(parsed.key, SetKey)}
    values |= {f"{name}[{key}].effective_date": date.fromisoformat(key.effective) for name, key in keys}
    return values if system == "quote" else {path: value for path, value in values.items() if crm_has(path, values)}


def crm_has(path: str, values: Flat) -> bool:
    """The CRM has columns for the set in force only, and none for single years of age."""
    parsed = parse(path)
    if not isinstance(parsed.key, SetKey):
        return True
    dates = {
        other.key.effective
        for other in map(parse, values)
        if other.section == parsed.section and isinstance(other.key, SetKey)
    }
    begun = [effective for effective in dates if effective <= AS_OF.isoformat()]
    if parsed.key.effective != (max(begun) if begun else min(dates)):
        return False
    return not parsed.field.startswith("age_") or parsed.field in BANDS


BANDS = {f"age_{band}" for band in ("0_24", "0_34", "60_plus", "65_plus", "80_plus")} | {
    f"age_{first}_{first + 4}" for first in range(25, 80, 5)
}


@pytest.mark.parametrize(("system", "entry"), HELD, ids=NAMES)
def test_reading_what_was_laid_out_gives_the_seed(
    system: System, entry: Entry, mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """Every value of the seed comes back, and every other carried field is empty."""
    found = mappings[system].lens(entry.kind).get(records[system, entry.kind][entry.ids[system]])
    assert {path: value for path, value in found.items() if value is not EMPTY} == expected(entry, system)


@pytest.mark.parametrize(("system", "entry"), HELD, ids=NAMES)
def test_writing_what_was_read_changes_nothing(
    system: System, entry: Entry, mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """put(get(r), r) == r, byte for byte, for every record of the demo."""
    lens, record = mappings[system].lens(entry.kind), records[system, entry.kind][entry.ids[system]]
    put = lens.put(record, lens.get(record))
    assert not put.parts
    assert not put.losses


def other_side(system: System) -> System:
    return "crm" if system == "quote" else "quote"


@pytest.mark.parametrize(
    ("system", "entry"), [(system, entry) for system, entry in HELD if len(entry.ids) > 1 and entry.kind == "plan"]
)
def test_each_side_can_hold_what_the_other_says(
    system: System, entry: Entry, mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """Emptied and written anew from the other side's values, a record reads as they do; unmapped keys survive."""
    lens, record = mappings[system].lens("plan"), records[system, "plan"][entry.ids[system]]
    other = other_side(system)
    wanted = {
        path: value
        for path, value in mappings[other].lens("plan").get(records[other, "plan"][entry.ids[other]]).items()
        if crm_has(path, expected(entry, "quote")) and lens.carries(path) and value is not EMPTY
    }
    emptied = applied(record, lens.put(record, dict.fromkeys(lens.get(record), EMPTY)))
    put = lens.put(emptied, wanted)
    assert not put.losses
    written = applied(emptied, put)
    read = lens.get(written)
    assert {path: value for path, value in read.items() if value is not EMPTY} == wanted
    kept = {"quote": ("presentation", "imported_on"), "crm": ("Commission Split", "Internal Notes")}[system]
    assert all(written.parts[0].data[key] == record.parts[0].data[key] for key in kept)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_check_finds_nothing(
    system: System, mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """Every row is filled by some plan, and the laws hold on a few plans that together fill them all."""
    lenses = mappings[system]
    samples = {kind: covering(lenses.lens(kind), records[system, kind]) for kind in lenses.kinds}
    assert len(samples["plan"]) < len(records[system, "plan"]) / 3
    assert not check(lenses, samples)


@pytest.mark.prove
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_check_finds_nothing_on_any_plan(
    system: System, mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """The laws hold on every record of the demo."""
    lenses = mappings[system]
    assert not check(lenses, {kind: list(records[system, kind].values()) for kind in lenses.kinds})


def covering(lens: RecordLens, records: dict[str, Record]) -> list[Record]:
    """Choose records until every row that any of them fills is filled: each adds the most that is still missing."""
    rows = {native: filled_rows(lens, record) for native, record in records.items()}
    missing = set().union(*rows.values())
    chosen: list[Record] = []
    while missing:
        best = max(rows, key=lambda native: len(rows[native] & missing))
        chosen.append(records[best])
        missing -= rows.pop(best)
    return chosen


def filled_rows(lens: RecordLens, record: Record) -> set[str | None]:
    return {lens.row_of(path) for path, value in lens.get(record).items() if value is not EMPTY}


@pytest.mark.parametrize("told", STEPS, ids=lambda told: told.name)
def test_an_edit_of_the_story_means_what_it_says(told: Step, mappings: dict[System, Mapping], tmp_path: Path) -> None:
    """What a vendor's user types is the canonical value that the story promises, and nothing else moves."""
    write_drops(tmp_path)
    before = {system: records_of(tmp_path, system, "plan") for system in SYSTEMS}
    act_out(tmp_path, told, at=datetime(2025, 11, 21, 12, tzinfo=UTC))
    for system in SYSTEMS:
        lens, records = mappings[system].lens("plan"), records_of(tmp_path, system, "plan")
        wanted = {
            (SEED.plan(act.plan).ids[system], act.path): value_of(act.path, act.text)
            for act in told.acts
            if isinstance(act, Edit) and act.system == system
        }
        moved = {
            (native, path): value
            for native, record in records.items()
            for path, value in changed(lens.get(before[system][native]), lens.get(record)).items()
        }
        assert moved == wanted
        assert not any(isinstance(value, Unparsed) for value in moved.values())


def changed(before: Flat, after: Flat) -> Flat:
    """Give what is there now and was not so before; nothing goes away by an edit."""
    assert before.keys() <= after.keys()
    return {path: value for path, value in after.items() if path not in before or before[path] != value}


def test_first_links_have_something_to_settle(
    mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """The two sides of a plan agree on all that both carry, but for what the seed says they differ in."""
    for entry in SEED.plans:
        if len(entry.ids) < len(SYSTEMS):
            continue
        quote, crm = (mappings[name].lens("plan").get(records[name, "plan"][entry.ids[name]]) for name in SYSTEMS)
        differing = {path for path in quote.keys() & crm.keys() if quote[path] != crm[path]}
        assert differing == {path for held in entry.differs.values() for path in held}, entry.key
        assert {section(path) for path in quote} == {section(path) for path in crm}


def test_the_linked_plans_lose_nothing_on_either_side(
    mappings: dict[System, Mapping], records: dict[tuple[System, Kind], dict[str, Record]]
) -> None:
    """The story is about edits: its plans hold no value that the other side has no place for."""
    for entry in (SEED.plan(link.plan) for group in LINKED for link in group.links):
        for system in SYSTEMS:
            held = mappings[system].lens("plan").get(records[system, "plan"][entry.ids[system]])
            other = mappings[other_side(system)].lens("plan")
            assert all(other.carries(path) for path, value in held.items() if value is not EMPTY), entry.key
            assert all(other.nearest(path, value) == value for path, value in held.items()), entry.key
