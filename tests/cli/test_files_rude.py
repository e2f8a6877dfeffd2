"""Drops as rude programs leave them, through whole commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.connectors.files import looks
from tests.cli.conftest import GROUP, HIGH, Office

RATE = "rate_sets.0.tiers.EE"


def in_cp1252(office: Office) -> Path:
    """Let the CRM's drop be a cp1252 one."""
    for file in (office.folder / "drops" / "crm").glob("*.csv"):
        file.write_bytes(file.read_bytes().decode().encode("cp1252"))
    settings = office.folder / "syncd.toml"
    settings.write_text(
        settings.read_text().replace('folder = "drops/crm"', 'folder = "drops/crm"\nencoding = "cp1252"')
    )
    return office.folder / "drops" / "crm" / "plans.csv"


def test_r11_what_a_file_can_hold_goes_out_beside_what_it_cannot(office: Office) -> None:
    """R11: one value with a letter that the file's encoding lacks keeps no other value of its record back."""
    file = in_cp1252(office)
    office.ok("sync")
    name = office.row("crm", HIGH)["Plan Name"]
    office.edit("quote", HIGH, {"plan.name": "Gold → Łódź", RATE: "441.20", "plan.code": "X-9"})
    said = office("sync", GROUP)
    row = next(line for line in file.read_text("cp1252").splitlines() if "441.20" in line)
    assert "X-9" in row
    assert name in row
    assert said.code == 3
    assert r"details.name: the file cannot hold the character '\u2192'; expected cp1252 text" in said.out + said.err


ODD_IN_QUOTE = [("B12", 455.29999999999995), ("B12", 0.1 + 0.2), ("B12", 1e-7), ("B5", "0,125"), ("B16", "(406.00)")]


@pytest.mark.parametrize(("row", "odd"), ODD_IN_QUOTE)
def test_b12_b5_b16_an_amount_that_is_not_surely_one_is_asked_about(office: Office, row: str, odd: object) -> None:
    """B12, B5, B16: float noise, a comma for a point and a bookkeeper's minus are asked about, once."""
    before = office.row("crm", HIGH)["Employee Only"]
    office.edit("quote", HIGH, {RATE: odd})
    office("sync", GROUP)
    assert office.row("crm", HIGH)["Employee Only"] == before
    asked = [one for one in office("review", "list", "--json").json["questions"] if one["kind"] != "link-plans"]
    assert len(asked) == 1, asked


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_b4_a_drop_saved_in_another_encoding_reaches_no_other_system(office: Office, mark: bytes) -> None:
    """B4: nothing is taken from a drop whose bytes contradict its setting; the command says so and ends with 3."""
    file = in_cp1252(office)
    office.ok("sync")
    text = file.read_text("cp1252").replace("High Option", "Opción Básica")
    file.write_bytes(mark + text.encode())
    before = office.row("quote", HIGH)
    said = office("sync", GROUP)
    assert said.code == 3
    assert "UTF-8" in said.out + said.err
    assert office.row("quote", HIGH) == before


def test_b13_a_renamed_key_reaches_no_other_system(office: Office) -> None:
    """B13: a key renamed in every row of a JSON lines drop erases nothing elsewhere, whatever `blanks` says."""
    settings = office.folder / "syncd.toml"
    settings.write_text('rules = "rules.yaml"\n' + settings.read_text())
    (office.folder / "rules.yaml").write_text("default: {blanks: overwrite}\n")
    office.ok("sync")
    file = office.folder / "drops" / "quote" / "plans.jsonl"
    file.write_text(file.read_text().replace('"EE"', '"Ee"'))
    before = office.row("crm", HIGH)
    said = office("sync", GROUP)
    assert said.code == 3
    assert ".EE in no row" in said.out + said.err
    assert office.row("crm", HIGH) == before


def test_b1_a_drop_that_changes_while_it_is_read_is_not_believed(office: Office, monkeypatch) -> None:
    """B1: an upload that goes on between two looks is no listing: nothing is missing, nothing made, exit 3."""
    settings = office.folder / "syncd.toml"
    settings.write_text(settings.read_text().replace("rest_s = 0", "rest_s = 2"))
    file = office.folder / "drops" / "crm" / "plans.csv"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:5]))
    monkeypatch.setattr(looks, "sleep", lambda _: file.write_bytes(b"".join(lines[:8])))
    said = office("sync")
    assert said.code == 3
    assert "still being written" in said.out + said.err
    assert file.read_bytes() == b"".join(lines[:8])
    monkeypatch.setattr(looks, "sleep", lambda _: None)
    file.write_bytes(whole)
    assert "0 writes" in office.ok("sync")
