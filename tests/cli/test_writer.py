"""One writer: what others wrote never steers a terminal, nothing is cut in a pipe, and a terminal's width is kept."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from syncd.cli import out
from syncd.cli.demo.files.drops import native_id
from tests.cli.conftest import GROUP, HIGH, Office

EVIL = "Gold\x1b[2J\x07\x08\u202eplan\u2066 \x9b31m\u200bok"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def evil(office: Office) -> Office:
    """A record whose name and values are full of what a terminal obeys, in conflict and unlinked."""
    office.edit("quote", HIGH, {"plan.name": EVIL, "benefits.care.urgent.in": f"$55 {EVIL}"})
    office.edit("crm", HIGH, {"Plan Name": f"High {EVIL}", "Urgent Care In": "$60 Copayment"})
    office.edit("crm", "fed-co-geha-hdhp", {"Plan Name": EVIL})
    return office


def test_r16_nothing_that_a_vendor_wrote_steers_a_terminal(evil):
    """R16: control, direction and unseen letters are shown as escapes by every command and in every review file."""
    evil("sync")
    plan = evil.link_of(HIGH)
    asked = evil("review", "list", "--json").json["questions"]
    evil.ok("link", GROUP, "--out", "d.yaml")
    said = [
        evil(*words)
        for words in (
            ("sync", "--dry-run"),
            ("sync", "--json"),
            ("plans", GROUP),
            ("plans", GROUP, "--json"),
            ("review",),
            ("history", GROUP),
            ("history", GROUP, "--json"),
            ("why", GROUP, plan, "details.name"),
            ("status",),
            ("link", GROUP),
            ("plans", EVIL),
            *(("review", "show", one["id"]) for one in asked),
        )
    ]
    texts = [one.out + one.err for one in said]
    texts += [file.read_text() for file in (evil.folder / "state/review").rglob("*.yaml")]
    texts += [(evil.folder / "d.yaml").read_text()]
    assert not [found for text in texts for found in RAW.findall(text)]
    assert any("\\x1b[2J" in text for text in texts)
    assert any("\\u202e" in text for text in texts)


def test_r16_json_gives_back_what_was_there(evil):
    """R16: --json escapes as JSON does, so that a program reads the very text."""
    evil("sync")
    said = evil("plans", GROUP, "--json")
    labels = {one["label"] for one in json.loads(said.out)["unlinked"]}
    assert any("\u202e" in label for label in labels)
    assert not RAW.search(said.out)


def test_r16_an_answer_in_a_file_with_such_letters_is_read(evil):
    """R16: a review file that shows escapes is read as any other."""
    evil("sync")
    [file] = [
        one for one in (evil.folder / "state/review/pending").rglob("*.yaml") if "details.name" in one.read_text()
    ]
    text = file.read_text()
    at = text.index("  decision:", text.index('field: "details.name"'))
    file.write_text(text[:at] + "  decision: quote" + text[at + len("  decision:") :])
    evil.rested(file)
    assert evil("review", "apply", "--json").json["not_used"] == []


def test_r16_errors_are_escaped(office):
    """R16: what was typed is told back with escapes, too."""
    err = office.fails(2, "plans", "x\x1b]0;evil\x07")
    assert not RAW.search(err)
    assert "\\x1b]0;evil\\x07" in err


def test_our_own_colours_are_no_vendors(monkeypatch):
    """R16: only colours that this process made reach a terminal."""
    monkeypatch.setattr(out.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert out.seen(out.styled("\x1b[31mred", "bold")) == "\x1b[1m\\x1b[31mred\x1b[0m"


def test_nothing_is_cut_in_a_pipe_and_a_terminal_is_not_overrun(office):
    """Words and layout: a pipe gets whole texts, a terminal lines that fit, shortened in the middle."""
    long = "An Exceedingly Long Name Of A Plan " * 4 + "ending in 2026"
    office.edit("crm", "fed-co-geha-hdhp", {"Plan Name": long})
    office("sync")
    assert long in office.ok("plans", GROUP)
    near, far = pty.openpty()
    env = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    ran = subprocess.Popen(
        [sys.executable, "-m", "syncd", "plans", GROUP], cwd=office.folder, stdout=far, stderr=far, stdin=far, env=env
    )
    os.close(far)
    shown = b""
    while True:
        try:
            got = os.read(near, 65536)
        except OSError:
            break
        shown += got
    ran.wait(timeout=30)
    lines = shown.decode().splitlines()
    table = [line for line in lines if native_id("crm", "fed-co-geha-hdhp") in line]
    assert table
    assert all(len(line) <= 100 for line in table)
    assert any("…" in line for line in table)
