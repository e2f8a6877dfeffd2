"""What is to be changed is named in full, shown, and agreed to at a terminal; to mean all takes a word."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import GROUP, HIGH, LINKED, Office


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "--reason", "x", "--group", "F"),
        ("resync", "F"),
        ("sync", "F"),
        ("unlink", "F", "{plan}"),
        ("unlink", GROUP, "H"),
        ("groups", "unlink", "F", "--plans"),
        ("groups", "move", "F", "quote=G-104"),
    ],
)
def test_n10_a_letter_names_nothing_that_is_changed(office, words):
    """N10: a few letters that fit one group or plan are not enough to change it; the one that fits is told."""
    said = [word.format(plan=office.link_of(HIGH)) for word in words]
    before = office("plans", GROUP, "--json").json
    err = office.fails(2, *said)
    assert "is too little to name the" in err or "are called `H`" in err
    assert office("plans", GROUP, "--json").json == before
    assert office.ok("plans", "F"), "who only looks may be brief"


def test_n10_one_that_fits_is_shown(office):
    """N10: the beginning of a name that fits one group alone is taken, and which one is told."""
    said = office("pause", "--reason", "x", "--group", "federal emp")
    assert said.code == 0
    assert f"note: `federal emp` is the group “{GROUP}” ({office.group})" in said.err
    assert office("sync", "--dry-run", GROUP.lower()).err == "", "a whole name needs no note"


@pytest.mark.parametrize("words", [("resync",), ("pause", "--reason", "x"), ("resume",), ("resync", GROUP, "--all")])
def test_n11_all_is_meant_only_when_it_is_said(office, words):
    """N11: leaving out what is meant never means all."""
    err = office.fails(2, *words)
    assert "--all" in err


def test_n11_resync_counts_what_it_starts(office):
    """N11: plans are counted as plans, and the group's own link as the group."""
    out = office.ok("resync", "--all", "--dry-run")
    assert f"{len(LINKED)} plans and 1 group would start anew" in out
    assert "links" not in out.partition("What the next run does")[0]


def typed(office: Office, answer: str, *words: str) -> tuple[int, str]:
    """Run a command at a terminal of its own and answer what it asks."""
    near, far = pty.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-m", "syncd", *words], cwd=office.folder, stdin=far, stdout=far, stderr=far, close_fds=True
    )
    os.close(far)
    out, until = b"", time.monotonic() + 60
    answered = False
    while time.monotonic() < until:
        try:
            got = os.read(near, 65536)
        except OSError:
            break
        if not got:
            break
        out += got
        if not answered and b"[y/N]" in out:
            os.write(near, answer.encode() + b"\n")
            answered = True
    code = ran.wait(timeout=20)
    os.close(near)
    return code, out.decode()


def test_n11_a_terminal_is_asked_and_shown_what_would_change(office):
    """N11: at a terminal `resync` shows what it does and asks; no is no, yes is yes, and --yes is not asked."""
    before = office("history", "--json").json["rows"]
    code, out = typed(office, "n", "resync", GROUP, "--winner", "crm")
    assert code == 0
    assert "3 plans and 1 group would start anew: crm wins where values differ." in out
    assert "Nothing was changed." in out
    assert office("history", "--json").json["rows"] == before
    code, out = typed(office, "y", "resync", GROUP, "--winner", "crm")
    assert code == 0
    assert "3 plans and 1 group started anew" in out
    code, out = typed(office, "", "unlink", GROUP, office.link_of(HIGH), "--yes")
    assert code == 0
    assert "[y/N]" not in out
    assert "unlinked: “" in out


def test_a_pause_ends_by_itself_when_it_was_told_to(office, monkeypatch):
    """Missing: `pause --until TIME` holds writes until then and no longer, and says when."""
    office.ok("pause", "--system", "crm", "--reason", "payroll", "--until", "2h")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    assert "paused: payroll" in office.ok("sync")
    assert "payroll" in office.ok("status")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 7300)
    assert "payroll" not in office.ok("status")
    office("sync")
    assert "441.2" in str(office.row("crm", HIGH))


@pytest.mark.parametrize(
    ("text", "told"), [("yesterday", "`yesterday` is no time"), ("2020-01-01", "is over"), ("0h", "is over")]
)
def test_a_time_that_is_none_is_refused(office, text, told):
    """Missing: a time that cannot be read, or is over, is refused and nothing is paused."""
    assert told in office.fails(2, "pause", "--system", "crm", "--reason", "x", "--until", text)
    assert office("status", "--json").json["paused"] == {}
