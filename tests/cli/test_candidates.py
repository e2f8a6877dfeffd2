"""Groups that share an account number are candidates; nothing is on file for those that only share a name."""

from __future__ import annotations

import json

import pytest

from syncd.cli import main

MAPPING = """
system: {name}
kinds:
  group:
    part: record
    rows:
      details.name: {{field: name, codec: text, required: true}}
      details.account_number: {{field: account, codec: text}}
      details.dba: {{field: dba, codec: text}}
"""
GROUPS = {
    "left": [
        {"id": "1", "name": "Acme", "account": "A-100"},
        {"id": "2", "name": "Bolt", "account": "A-200", "dba": "Bolt & Co"},
    ],
    "right": [
        {"id": "7", "name": "ACME Inc", "account": "A-100"},
        {"id": "8", "name": "Bolt", "account": "A-300", "dba": "Bolts"},
    ],
}


@pytest.fixture
def two(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    (tmp_path / "own").mkdir()
    tables = ['mappings = "own"']
    for name, groups in GROUPS.items():
        (tmp_path / "own" / f"{name}.yaml").write_text(MAPPING.format(name=name))
        (tmp_path / name).mkdir()
        (tmp_path / name / "groups.jsonl").write_text("".join(json.dumps(row) + "\n" for row in groups))
        tables.append(f'[systems.{name}]\nconnector = "files"\nfolder = "{name}"\nkinds = ["group"]')
    (tmp_path / "syncd.toml").write_text("\n".join(tables))

    def run(*words):
        capsys.readouterr()
        assert main(list(words)) == 0
        return capsys.readouterr().out

    return run


def test_a_shared_account_number_makes_a_candidate_and_a_shared_name_does_not(two):
    out = two("groups", "candidates")
    assert "left 1 “Acme”  right 7 “ACME Inc”" in out
    assert "same account number" in out
    assert "syncd groups link left=1 right=7" in out
    [one] = json.loads(two("groups", "candidates", "--json"))["candidates"]
    assert (one["one"]["id"], one["other"]["id"]) == ("1", "7")


def test_a_linked_group_without_plans_is_synced(two):
    out = two("groups", "link", "left=1", "right=7", "--source", "right")
    assert "unlinked plans of this group: none" in out
    assert "~ left  details.name  Acme -> ACME Inc  (right is the source of this section)" in two("sync")
    two("groups", "link", "left=2", "right=8")
    out = two("sync")
    assert "conflict  details.dba" in out
    assert "account_number" not in out  # a number is evidence; nobody is asked to make two systems' numbers equal
    assert two("groups", "candidates") == "Every group that is known is linked.\n"


def test_no_system_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    (tmp_path / "syncd.toml").write_text("")
    assert main(["groups"]) == 0
    assert "No system is configured yet." in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "No system is configured yet." in capsys.readouterr().out
