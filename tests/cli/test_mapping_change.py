"""A mapping that is changed between two syncs, by the program itself."""

from __future__ import annotations

from typing import Any

from syncd.assemble import shipped
from tests.cli.conftest import HIGH, Office


def remap(office: Office, *swaps: tuple[str, str]) -> None:
    """Change texts of crm's mapping."""
    folder = office.folder / "mappings"
    folder.mkdir(exist_ok=True)
    text = (shipped("mappings") / "crm.yaml").read_text()
    for before, after in swaps:
        assert before in text, before
        text = text.replace(before, after)
    (folder / "crm.yaml").write_text(text)
    config = office.folder / "syncd.toml"
    if "mappings =" not in config.read_text():
        config.write_text(f'mappings = "mappings"\n{config.read_text()}')


def drops(office: Office) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted((office.folder / "drops").rglob("*.*"))}


def conflicts(office: Office) -> set[str]:
    found: list[dict[str, Any]] = office("review", "list", "--kind", "conflict", "--json").json["questions"]
    return {one["about"] for one in found}


VISIT, SPECIALIST = "benefits.primary_care.in_network", "benefits.specialist.in_network"
SWAP = (("{field: Office Visit In,", "{field: @,"), ("{field: Specialist Visit In,", "{field: Office Visit In,"))
SWAPPED = (*SWAP, ("{field: @,", "{field: Specialist Visit In,"))


def test_two_columns_that_are_swapped_in_a_mapping_move_no_value(office: Office) -> None:
    """R3: what the changed rows read is asked about, no file is written, and put back all is in step again."""
    office("sync")
    before = drops(office)
    remap(office, *SWAPPED)
    office("sync")
    assert drops(office) == before
    assert conflicts(office) == {VISIT, SPECIALIST}
    remap(office)
    office("sync")
    assert (drops(office), conflicts(office)) == (before, set())


def test_a_row_that_comes_back_delivers_what_was_decided_meanwhile(office: Office) -> None:
    """R2: an edit that was made while a mapping had no row for its field arrives when it has it again."""
    office("sync")
    remap(office, (f"      {SPECIALIST}: {{field: Specialist Visit In, codec: cost_share}}\n", ""))
    office("sync")
    office.edit("quote", HIGH, {"benefits.care.specialist.in": "$77"})
    office("sync")
    assert office.row("crm", HIGH)["Specialist Visit In"] != "$77"
    remap(office)
    office("sync")
    assert (office.row("crm", HIGH)["Specialist Visit In"], conflicts(office)) == ("$77", set())
