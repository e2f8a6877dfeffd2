"""Drops as rude programs leave them, through whole commands."""

from __future__ import annotations

from pathlib import Path

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
