"""The README says what the code does: its tables, commands and test names are looked up here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.cli import main
from syncd.model.values import EMPTY, Value
from syncd.reconcile.guards import NAMES
from syncd.reconcile.merge import Agree, Conflict, Converge, Decision, Redeliver
from syncd.reconcile.types import UNSEEN, Held
from tests.reconcile.test_merge import FREE, MERGE_TABLE, MIRROR, MIRROR_ASK, NEWEST, OWNER

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

RULES = {
    "free": FREE,
    "source of truth: crm": OWNER,
    "newest": NEWEST,
    "mirror of crm, drift asked": MIRROR_ASK,
    "mirror of crm, drift overwritten": MIRROR,
}


def held_text(held: Held | None) -> str:
    """Say what a system holds, as the README's table does."""
    if held is None:
        return "away"
    if held.base is UNSEEN:
        return f"{value_text(held.value)}, newcomer"
    stamp = f" at {held.stamp:.0f} s" if held.stamp is not None else ""
    edited = f"{value_text(held.value)}{stamp}" if held.value != held.base else value_text(held.value)
    return f"{edited}, behind" if held.behind else edited


def value_text(value: Value) -> str:
    """Say a value."""
    return "(cleared)" if value is EMPTY else str(value)


def decision_text(decision: Decision) -> str:
    """Say a decision."""
    if isinstance(decision, Agree):
        return "nothing to do"
    if isinstance(decision, Conflict):
        return "**ask**"
    if isinstance(decision, Converge):
        return f"agreed on {value_text(decision.value)}, no write"
    if isinstance(decision, Redeliver):
        return f"write {value_text(decision.value)} again"
    return f"take {value_text(decision.value)}"


def merge_rows() -> list[str]:
    """Give the rows of the README's merge table."""
    rows = ["| situation | crm | quote | rule | decision |", "|---|---|---|---|---|"]
    for why, crm, quote, rule, decision in MERGE_TABLE:
        name = next(name for name, one in RULES.items() if one is rule)
        rows.append(f"| {why} | {held_text(crm)} | {held_text(quote)} | {name} | {decision_text(decision)} |")
    return rows


def test_the_merge_table_of_the_readme_is_the_tested_one() -> None:
    """Each row of the README's merge table is a row of tests/reconcile/test_merge.py, and the other way round."""
    assert "\n".join(merge_rows()) in README


def test_each_fault_named_in_the_readme_has_its_test() -> None:
    """The five faults name tests that exist."""
    named = re.findall(r"`(test_\w+)` \|$", README, re.MULTILINE)
    written = "\n".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    assert len(named) == 5
    assert [name for name in named if f"def {name}(" not in written] == []


def test_each_guard_is_in_the_readme() -> None:
    """The table of safety limits names every guard, and no other."""
    table = README.partition("## Safety limits")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == sorted(NAMES)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\| `syncd (\w+)", README, re.MULTILINE))))
def test_each_command_of_the_readme_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command in the README's table has a help page."""
    assert main([command, "--help"]) == 0, capsys.readouterr().err
    assert command in capsys.readouterr().out


def test_the_program_is_also_a_module() -> None:
    """`python -m syncd` is the same program."""
    done = subprocess.run([sys.executable, "-m", "syncd", "sync", "--help"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_each_file_the_readme_links_to_exists() -> None:
    """No link of the README leads nowhere."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
