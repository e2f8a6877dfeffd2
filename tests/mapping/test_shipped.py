"""Every mapping file that ships keeps the lens laws, on the records there are and on records made from its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from syncd.cli.demo.files.drops import SETTINGS, write_drops
from syncd.connectors.files.settings import Settings
from syncd.connectors.files.table import parse
from syncd.errors import MappingError
from syncd.mapping.check import check
from syncd.mapping.compile import Mapping
from syncd.mapping.laws import breaches
from syncd.mapping.load import SHIPPED, load_mapping, mapping_names
from syncd.mapping.record_lens import RecordLens
from syncd.mapping.rows import Row
from syncd.mapping.schema import NAME, mapping_schema
from syncd.model import cost_share
from syncd.model.fields import type_of
from syncd.model.records import Kind, Part, Record
from syncd.model.values import Flag, Flat, Value

SYSTEMS = mapping_names()
SAMPLES = Path(__file__).parent / "data" / "samples"
"""What rows can hold that syncd does not write: figures of the vendor's own, its odd spellings."""
TURNS = 6
FIRST, SECOND = date(2026, 1, 1), date(2027, 1, 1)


def example(row: Row, path: str, kind: Kind, turn: int) -> Value | None:
    """Give a value that the row can hold; another one the second time."""
    options = row.context.options
    words = [str(code) for code in {**options.get("values", {}), **options.get("labels", {})}]
    examples: dict[str, tuple[Value, ...]] = {
        "text": ("Gold", "Silver"),
        "code": ("monthly", "annual"),
        "money": (Decimal("512.40"), Decimal("0.00")),
        "decimal": (Decimal("37.5"), Decimal(30)),
        "percent": (Decimal(75), Decimal("12.5")),
        "integer": (26, 30),
        "date": (FIRST, SECOND),
        "flag": (Flag.TRUE, Flag.FALSE),
        "cost_share": tuple(cost_share.parse(text) for text in ("$30", "20% Coinsurance after deductible")),
    }
    return words[turn % len(words)] if words else examples[type_of(path, kind)][turn % 2]


def made_up(lens: RecordLens, turn: int) -> Flat:
    """Give a flat view with a value in every row of the file."""
    flat: dict[str, Value | None] = {path: example(row, path, lens.kind, turn) for path, row in lens.rows.items()}
    for block in lens.sets:
        if block.section == "benefits":
            keys = ["benefits."]
        else:
            kind = "" if block.kind is None or block.kind.constant in (None, "premium") else f"{block.kind.constant};*;"
            keys = [f"{block.section}[{kind}{(FIRST, SECOND)[turn % 2].isoformat()}]."]
        named = [getattr(table.names, "known", {"age_30_34", "age_65_plus"}) for table in block.tables]
        cells = sorted({*block.cells, *(cell for names in named for cell in names)})
        if (
            block.section == "benefits"
        ):  # files name hundreds: a part of them each time, and what depends on another key always
            cells = [cell for at, cell in enumerate(cells) if at % TURNS == turn or block.cells[cell].when]
        for key in keys:
            flat |= {
                key + cell: example(row, key + cell, "plan", turn)
                for cell in cells
                if (row := lens.row(key + cell)) is not None
            }
    return {path: value for path, value in flat.items() if value is not None}


def records(mapping: Mapping, kind: Kind, folder: Path) -> Iterator[Record]:
    """Give the demo's records of a system, those that were written for its file, and some made from its own rows."""
    if mapping.system in SETTINGS:
        settings = Settings(folder=folder / mapping.system, **SETTINGS[mapping.system])  # type: ignore[index]
        file = next((folder / mapping.system).glob(f"{kind}s.*"))
        yield from parse(file.read_bytes(), kind, settings, csv=file.suffix == ".csv", columns=None).records.values()
    written = SAMPLES / f"{mapping.system}.json"
    for sample in orjson.loads(written.read_bytes()) if written.is_file() else ():
        if sample["kind"] == kind:
            parts = sample.get("parts", (sample,))
            yield Record(kind, sample["id"], tuple(Part(part["part"], part["id"], part["data"]) for part in parts))
    lens = mapping.lens(kind)
    for turn in range(TURNS):
        try:
            yield Record(kind, f"made-up-{turn}", lens.new(made_up(lens, turn)).parts)
        except MappingError:  # this system does not create such records
            return


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drops")
    write_drops(folder)
    return folder


@pytest.mark.parametrize("system", SYSTEMS)
def test_p22_lens_laws_of_shipped_mappings(system: str, drops: Path) -> None:
    mapping = load_mapping(system)
    for kind in mapping.kinds:
        samples = list(records(mapping, kind, drops))
        # `mappings check` below tries the laws on the others; here each record takes over what two others hold.
        some = {record.id: record for record in (*samples[:: max(1, len(samples) // 3)], samples[-1])}.values()
        donors = [mapping.lens(kind).get(record) for record in samples[-2:]]
        for record in some:
            assert list(breaches(mapping.lens(kind), record, donors)) == [], record.id


@pytest.mark.parametrize("system", SYSTEMS)
def test_shipped_mappings_pass_their_own_check(system: str, drops: Path) -> None:
    mapping = load_mapping(system)
    for kind in mapping.kinds:
        findings = check(mapping, {kind: list(records(mapping, kind, drops))[-TURNS - 3 :]})
        assert [str(finding) for finding in findings if finding.level == "error"] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_shipped_mappings_name_their_schema_and_system(system: str) -> None:
    text = (SHIPPED / f"{system}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=./{NAME}\n")
    assert load_mapping(system).system == system


def test_the_schema_is_current() -> None:
    """Write it anew with `python -c "from syncd.mapping.schema import *; write_schema(Path('mappings'))"`."""
    assert orjson.loads((SHIPPED / NAME).read_bytes()) == mapping_schema()
