"""The back door by command, against a sandbox that runs as its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.sandbox import door, running


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture(scope="module")
def ready(runtime: Path) -> Iterator[dict[str, Any]]:
    """A running sandbox; what it said when it was ready."""
    command = [sys.executable, "-m", "syncd.sandbox", "--port-base", "0"]
    env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        process.wait(timeout=20)
    assert list((runtime / "syncd-sandbox").iterdir()) == []


@pytest.fixture(autouse=True)
def _here(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """Run a command; give its answer, or what it complains about."""
    assert door.run([*words, "--json"]) == code
    told = capsys.readouterr()
    assert told.err == "" or code
    return json.loads(told.out) if code == 0 else told.err


def snapshot(capsys: pytest.CaptureFixture[str], ready: dict[str, Any], system: str) -> Any:
    import httpx

    return httpx.get(f"{ready['backdoor'][system]}/snapshot", trust_env=False).json()


def test_a_user_edits_by_command_in_both_vendors(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Texts, numbers and clears reach the record that is named, nested or by the vendor's path."""
    group = next(iter(snapshot(capsys, ready, "perfectquote")["store"]["records"]["group"]))
    answer = said(capsys, "edit", "perfectquote", "group", group, "name=Mill = Co", "address.city=Bend", "dba=")
    assert (answer["name"], answer["address"]["city"], answer["dba"]) == ("Mill = Co", "Bend", None)
    account = next(iter(snapshot(capsys, ready, "benefitpoint")["tables"]["account"]))
    words = ("notes=Seen", "groupAccountInfo.numberOfFTEs:=12", "groupAccountInfo.businessType=")
    answer = said(capsys, "edit", "benefitpoint", "group", account, *words, "--as", "dana")
    assert (answer["notes"], answer["groupAccountInfo"]["numberOfFTEs"]) == ("Seen", 12)
    assert "businessType" not in answer["groupAccountInfo"]
    assert said(capsys, "edit", "benefitpoint", "group", account, "active=false")["active"] is False


def test_the_clock_faults_and_switches_by_command(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """What the back door offers besides edits is there, too."""
    assert said(capsys, "clock", "freeze")["frozen"] is True
    assert said(capsys, "clock", "2026-12-01T08:00:00Z")["now"].startswith("2026-12-01T08:00:00")
    assert said(capsys, "clock", "+3600")["now"].startswith("2026-12-01T09:00:00")
    assert said(capsys, "clock", "go")["frozen"] is False
    assert "frozen" in said(capsys, "clock")
    assert "status_503" in said(capsys, "break", "perfectquote")["kinds"]
    said(capsys, "break", "perfectquote", "status_503", "--match", "GET", "--times", "2")
    assert len(said(capsys, "break", "perfectquote")["faults"]) == 1
    assert said(capsys, "break", "perfectquote", "--mend") == {"cleared": 1}
    assert said(capsys, "switch", "benefitpoint", "band_index_base:=0", "gone=empty")["gone"] == "empty"
    assert said(capsys, "switch", "benefitpoint")["band_index_base"] == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("edit", "perfectquote", "plan", "pln_none", "name=x"), "no plan pln_none"),
        (("edit", "perfectquote", "plan", "pln_none"), "nothing is changed"),
        (("edit", "perfectquote", "plan", "p", "name"), "expected PATH=VALUE"),
        (("edit", "perfectquote", "plan", "p", "=x"), "expected PATH=VALUE"),
        (("edit", "perfectquote", "plan", "p", "name:=x"), "is no JSON"),
        (("edit", "perfectquote", "plan", "p", "name=x", "name:=1"), "changed twice"),
        (("edit", "perfectquote", "group", "p", "address:={}", "address=x"), "changed twice"),
        (("edit", "benefitpoint", "thing", "1", "name=x"), "unknown kind 'thing'"),
        (("clock", "+soon"), "no number of seconds"),
        (("clock", "tomorrow"), "tomorrow"),
        (("break", "perfectquote", "earthquake"), "earthquake"),
        (("switch", "benefitpoint", "nothing=1"), "unknown switch"),
        (("clock", "--backdoor", "http://example.test/"), "expected an address on this machine"),
        (("clock", "--backdoor", "http://127.0.0.1:9/__sandbox"), "no sandbox answers at"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    ready: dict[str, Any], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    """Every mistake is one line that names it, with exit code 2."""
    before = snapshot(capsys, ready, "perfectquote")
    assert why in said(capsys, *words, code=2)
    assert snapshot(capsys, ready, "perfectquote") == before


def test_where_none_runs_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No sandbox, one that was killed, and two of them: each is told apart."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert "start one with `syncd sandbox`" in said(capsys, "clock", code=2)
    (tmp_path / "syncd-sandbox").mkdir()
    (tmp_path / "syncd-sandbox" / "999999999.json").write_text('{"perfectquote": "http://127.0.0.1:9"}')
    assert running.found() == []
    assert list((tmp_path / "syncd-sandbox").iterdir()) == []
    for pid in (1, os.getpid()):
        (tmp_path / "syncd-sandbox" / f"{pid}.json").write_text('{"perfectquote": "http://127.0.0.1:9"}')
    assert "2 sandboxes run: say which with --backdoor" in said(capsys, "clock", code=2)
