"""The demo's seed is what it says: real, sourced, varied, and full of the traps that matching by name falls into."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from syncd.cli.demo.files.seed import SYSTEMS, Entry, read_seed, seed_folder
from syncd.errors import ConfigError
from syncd.model.fields import is_known
from syncd.model.paths import SetKey, parse
from syncd.model.values import Unparsed

SEED = read_seed()
ENTRIES = (*SEED.groups, *SEED.plans)


def all_texts(entry: Entry, suffix: str) -> set[str]:
    return {text for path, text in entry.fields.items() if path.endswith(suffix)}


def test_there_are_a_dozen_employers_and_sixty_plans() -> None:
    """The demo is of the size of a small book of business."""
    assert len(SEED.groups) >= 12
    assert len(SEED.plans) >= 60
    assert all(SEED.plans_of(group.key) for group in SEED.groups)


def test_lines_tiers_and_rate_bases_are_mixed() -> None:
    """Every kind of plan and rate that the two drops have columns for occurs."""
    lines = {entry.fields["details.line"] for entry in SEED.plans}
    disability = {"std", "ltd", "voluntary_std", "voluntary_ltd"}
    assert {"medical", "dental", "vision", "basic_life", "voluntary_life", "ad_d"} | disability <= lines
    assert {"composite", "age", "unit"} == {text for entry in SEED.plans for text in all_texts(entry, ".basis")}
    assert {2, 3, 4, 6} <= {tiers for entry in SEED.plans for tiers in tiers_of(entry)}
    assert {"total", "employee"} <= {text for entry in SEED.plans for text in all_texts(entry, ".share")}
    assert {"monthly", "biweekly_26"} <= {text for entry in SEED.plans for text in all_texts(entry, ".frequency")}


def tiers_of(entry: Entry) -> set[int]:
    """Count the tiers of each composite rate set."""
    counts = Counter(
        str(parsed.key)
        for parsed in map(parse, entry.fields)
        if parsed.section == "rates"
        and isinstance(parsed.key, SetKey)
        and re.fullmatch(r"e[a-z0-9]{1,3}", parsed.field)
    )
    return set(counts.values())


@pytest.mark.parametrize("entry", SEED.plans, ids=lambda entry: entry.key)
def test_every_plan_names_its_public_source(entry: Entry) -> None:
    """Publisher, document and year are said, and where in the document."""
    assert entry.source is not None
    assert entry.source.publisher
    assert entry.source.document
    assert re.fullmatch(r"(FY)?20\d\d", entry.source.year)
    assert entry.source.url.startswith(("https://", "http://"))
    assert entry.row


@pytest.mark.parametrize("file", sorted(seed_folder().glob("*.yaml")), ids=lambda file: file.name)
def test_no_file_speaks_of_our_machine(file: Path) -> None:
    """A source is a public document, never a folder of ours; a label of an employer says that it is one."""
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"\.\./|/(work|tmp|home)/|shared/data|\.csv", text)
    if re.match(r"# (Federal employees|Small group)", text):
        assert "The employer's name is a label" in text


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_value_is_canonical_and_understood(entry: Entry) -> None:
    """No path is invented and no text is left unparsed, in what either system holds."""
    assert entry.ids
    for system in entry.ids:
        values = entry.values(system)
        assert all(is_known(path, entry.kind) for path in values)
        assert not [path for path, value in values.items() if isinstance(value, Unparsed)]


def test_same_names_are_told_apart_by_facts() -> None:
    """Plans of one name in one group differ in carrier, code, class or year."""
    facts = ("carrier", "carrier_plan_code", "effective_date")
    twins = Counter((entry.group, entry.fields["details.name"]) for entry in SEED.plans)
    assert sum(count > 1 for count in twins.values()) >= 8
    seen: set[tuple[str, ...]] = set()
    for entry in SEED.plans:
        evidence = tuple(entry.fields.get(f"details.{fact}", "") for fact in facts)
        evidence += (entry.group, entry.fields["details.name"], entry.fields.get("eligibility.classes", ""))
        assert evidence not in seen, entry.key
        seen.add(evidence)
    across = Counter(name for _, name in twins)
    assert sum(count > 1 for count in across.values()) >= 6, "the same names stand in several groups"


def test_some_plans_stand_on_one_side_and_some_differ() -> None:
    """A first link has something to find missing on either side, and something to decide."""
    sides = Counter(tuple(entry.ids) for entry in SEED.plans)
    assert sides[("quote",)] >= 3
    assert sides[("crm",)] >= 3
    assert sides[SYSTEMS] >= 50
    assert sum(bool(entry.differs) for entry in SEED.plans) >= 5
    for entry in SEED.plans:
        for system, held in entry.differs.items():
            assert set(entry.ids) == set(SYSTEMS)
            assert all(entry.fields[path] != text for path, text in held.items()), (entry.key, system)


def test_a_seed_with_an_unknown_path_is_refused(tmp_path: Path) -> None:
    """The error names file, plan and path."""
    text = (seed_folder() / "duke.yaml").read_text(encoding="utf-8")
    (tmp_path / "duke.yaml").write_text(text.replace("details.name: STD", "details.nmae: STD"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"duke.yaml: duke-std: details.nmae is no canonical name"):
        read_seed(tmp_path)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Two records of one native id would be one record in a drop."""
    text = (seed_folder() / "duke.yaml").read_text(encoding="utf-8")
    first, second = re.findall(r"quote: (Q-\d+)", text)
    (tmp_path / "duke.yaml").write_text(text.replace(second, first), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"quote {first} stands twice"):
        read_seed(tmp_path)


@pytest.mark.parametrize("text", ["", "format: other/1", "format: [", "- a list"])
def test_what_is_no_seed_is_refused(tmp_path: Path, text: str) -> None:
    """A file of another kind stops the demo with its name."""
    (tmp_path / "odd.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"odd\.yaml"):
        read_seed(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """No files is a mistake, not a demo without plans."""
    with pytest.raises(ConfigError, match="no seed files"):
        read_seed(tmp_path)
