"""Disks, rights and databases that refuse: one line, what to do, exit 3; never a traceback, for no command."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from syncd.cli.commands import status
from syncd.cli.trouble import _WHAT

PROGRAM = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())"]


def of_sqlalchemy(said: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, sqlite3.OperationalError(said))


REFUSALS = [
    *(
        (OSError(number, os.strerror(number), "/var/lib/syncd/x"), f"/var/lib/syncd/x: {what}", hint)
        for number, (what, hint) in _WHAT.items()
    ),
    (OSError(errno.EMFILE, "x"), "too many files are open", "ulimit"),
    (MemoryError(), "there is not enough memory", "nothing is left half done"),
    (ExceptionGroup("two", [ValueError(), PermissionError(errno.EACCES, "x", "f")]), "f: it may not be read", "user"),
    (sqlite3.OperationalError("disk I/O error"), "the disk does not read or write the store", "dmesg"),
    (of_sqlalchemy("disk I/O error"), "the disk does not read or write the store", "dmesg"),
    (of_sqlalchemy("attempt to write a readonly database"), "the store may not be written", "right to write"),
    (of_sqlalchemy("database or disk is full"), "the disk is full", "Free some space"),
    (sqlite3.DatabaseError("database disk image is malformed"), "the store is damaged", "last backup"),
]


@pytest.mark.parametrize(("error", "told", "hint"), REFUSALS, ids=lambda one: getattr(one, "strerror", None))
def test_what_is_refused_is_said_with_what_to_do(bare, monkeypatch, error, told, hint):
    """N18: whatever command meets it, wherever: one line, its hint, exit 3, no traceback and no crash file."""

    def fail(*_args, **_more):
        raise error

    monkeypatch.setattr(status, "run", fail)
    said = bare("status")
    assert said.code == 3
    assert told in said.err
    assert hint in said.err
    assert "Traceback" not in said.err
    assert "unexpected" not in said.err


def test_a_mistake_of_ours_is_still_told_as_one(bare, monkeypatch):
    """N18: an exception that no disk and no right explains keeps its crash file."""

    def fail(*_args, **_more):
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")

    monkeypatch.setattr(status, "run", fail)
    assert "something unexpected happened (FileNotFoundError)" in bare("status").err


def powerless(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as a user whom modes stop: root without the right to override them."""
    front = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"] if os.getuid() == 0 else []
    return subprocess.run(
        [*front, *PROGRAM, "--config", str(folder / "syncd.toml"), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
    )


@pytest.fixture
def installed(tmp_path, bare):
    """An installation whose store is there, and whose modes are put back."""
    assert bare("init", str(tmp_path / "a")).code == 0
    folder = tmp_path / "a"
    assert bare("--config", str(folder), "status").code == 0
    yield folder
    for path in (folder, folder / "state", *(folder / "state").rglob("*")):
        path.chmod(0o700)


needs_setpriv = pytest.mark.skipif(
    os.getuid() == 0 and shutil.which("setpriv") is None, reason="root is stopped by no mode, and there is no setpriv"
)


@needs_setpriv
@pytest.mark.parametrize(
    ("words", "folder", "file"),
    [
        (("doctor",), 0o000, 0o600),
        (("sync",), 0o500, 0o400),
        (("run",), 0o500, 0o400),
        (("run", "--once"), 0o000, 0o600),
        (("review", "list"), 0o700, 0o000),
    ],
)
def test_who_may_not_use_the_state_folder_is_told_so(installed, words, folder, file):
    """N18: a state folder that may not be read or written is an error that says so, for every command."""
    (installed / "state/syncd.db").chmod(file)
    (installed / "state").chmod(folder)
    done = powerless(*words, folder=installed)
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert "unexpected" not in told
    if words == ("doctor",):
        assert "NOT" in done.stdout
    else:
        assert done.returncode == 3
        assert "hint: " in done.stderr


@pytest.mark.parametrize(
    "garbage",
    ["{", '{"clock": 3, "systems": []}', '{"clock": "2026-11-20T12:00:00Z", "systems": {"perfectquote": []}}'],
)
def test_a_state_that_no_sandbox_saved_is_refused(tmp_path, garbage):
    """N18: `syncd sandbox --state` with something else says so, starts nothing and leaves the file alone."""
    file = tmp_path / "state.json"
    file.write_text(garbage)
    words = ["sandbox", "--system", "perfectquote", "--port-base", "0", "--state", str(file)]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert f"{file}: it is no state that a sandbox saved" in done.stderr
    assert file.read_text() == garbage
