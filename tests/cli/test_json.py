"""`--json` everywhere: one document on stdout, whatever the command."""

from __future__ import annotations

import json

import pytest

from syncd.sandbox.door import VERBS
from tests.cli.conftest import GROUP, HIGH, STANDARD, Office

COMMANDS = [
    ["init", "new"],
    ["systems"],
    ["systems", "--connectors"],
    ["groups"],
    ["groups", "list"],
    ["groups", "candidates"],
    ["groups", "link", "quote=G-104", "crm=7168"],
    ["groups", "unlink", GROUP, "--plans"],
    ["plans", GROUP],
    ["link", GROUP],
    ["link", GROUP, "--out", "d.yaml"],
    ["unlink", GROUP, "Prosper"],
    ["sync"],
    ["sync", "--dry-run"],
    ["sync", "--out", "c.json"],
    ["resync", GROUP],
    ["pause", "--all", "--reason", "x"],
    ["review"],
    ["review", "list"],
    ["review", "show", "QUESTION"],
    ["review", "decide", "QUESTION", "crm"],
    ["review", "decide", "--all", "ignore"],
    ["review", "apply"],
    ["history"],
    ["why", GROUP, "Prosper", "details.name"],
    ["status"],
    ["mappings", "check"],
    ["mappings", "show"],
    ["completion", "fish"],
    ["mappings", "show", "crm"],
    ["mappings", "try", "money", "1"],
    ["rules", "show"],
    ["rules", "explain", GROUP, "Prosper", "details.name"],
]


@pytest.fixture
def asked(office: Office) -> Office:
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync", GROUP)
    return office


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_one_document(asked, words):
    id_ = asked.question("conflict") if "QUESTION" in words else ""
    said = asked(*(id_ if word == "QUESTION" else word for word in words), "--json")
    document = json.loads(said.out)
    assert said.code == document.get("exit", 0)
    assert said.err == ""
    assert document["command"].split()[0] == words[0]


def test_n24_every_command_takes_json():
    """N24: there is no command without --json, whatever is added."""
    from typer.main import get_command

    from syncd.cli.app import app

    def leaves(command, name):
        children = getattr(command, "commands", {})
        if not children:
            yield name, command
        for child, one in children.items():
            yield from leaves(one, f"{name} {child}")

    found = dict(leaves(get_command(app), "syncd"))
    assert len(found) > 30
    of_the_sandbox = {f"syncd sandbox {verb}" for verb in VERBS}  # its own words; test_door.py asks each with --json
    assert of_the_sandbox <= found.keys()
    lacking = [name for name, one in found.items() if not any("--json" in each.opts for each in one.params)]
    assert set(lacking) == of_the_sandbox


def test_n24_the_demo_tells_its_story_beside_the_document(tmp_path, monkeypatch, capsys):
    """N24: `demo --json` and `run --once --json` give one document, too."""
    from syncd.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--files", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"command": "demo", "folder": "syncd-demo", "exit": 0}
    assert "That was the demo" in said.err
    monkeypatch.chdir(tmp_path / "syncd-demo")
    code = main(["run", "--once", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["exit"]) == ("run", code)


def test_resume_gives_one_too(asked):
    asked.ok("pause", "--all", "--reason", "x")
    assert asked("resume", "--all", "--json").json == {"command": "resume", "resumed": "everything"}
