"""The command line as a whole: quick to start, one error line and a hint for whatever goes wrong, never a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.cli import app as signatures
from syncd.cli.commands import status
from syncd.cli.run import code_of, run
from syncd.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    LockedError,
    MappingError,
    RecordError,
    RefusedError,
    RunError,
    StoreError,
    SyncdError,
    TransientError,
)
from syncd.linking import LinkingError
from syncd.review.errors import ReviewError

PROGRAM = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())"]
HEAVY = (
    *("alembic", "apscheduler", "babel", "deepdiff", "httpx", "orjson", "prometheus_client", "purgatory"),
    *("pydantic_settings", "rapidfuzz", "ruamel", "scipy", "sqlalchemy", "sqlmodel", "structlog", "tenacity", "zeep"),
    *("asyncio", "filelock", "rich"),
)
"""What no command needs before it runs: each costs a tenth of a second or more, or brings one that does."""


def imported(*words: str) -> set[str]:
    """Name the top-level packages that a command line imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *PROGRAM[1:], *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    names = re.findall(r"\|\s+([\w.]+)$", done.stderr, re.MULTILINE)
    assert "typer" in names, done.stderr[-500:]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "words", [["--help"], ["sync", "--help"], ["review", "--help"], ["mappings", "try", "--help"], ["--nonsense"]]
)
def test_cli_imports(words):
    """typer itself takes pydantic once it reads the options of a command; for the plain help it does not."""
    assert imported(*words) & {*HEAVY, *(["pydantic"] if words == ["--help"] else [])} == set()


def test_help_is_there_at_once():
    """The budget is 0.15 s on a quiet machine. What other work takes from this one is left out: the time of the
    processor counts, and the best of some."""
    took = []
    for _ in range(5):
        before = os.times()
        subprocess.run([*PROGRAM, "--help"], capture_output=True, check=True)
        after = os.times()
        took.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(took) < 0.3


def test_every_command_is_documented():
    done = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, check=True)
    for command in signatures.ORDER:
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE), command
    assert "0 in step" in done.stdout


@pytest.mark.parametrize("command", signatures.ORDER)
def test_every_command_has_help(command, capsys):
    assert run([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: syncd {command} ")


# -- errors ------------------------------------------------------------------------------------------------------------

CODES = [
    (ConfigError, 2),
    (RecordError, 2),
    (MappingError, 2),
    (RefusedError, 2),
    (LinkingError, 2),
    (ReviewError, 2),
    (ConnectorError, 3),
    (TransientError, 3),
    (AuthError, 3),
    (RunError, 3),
    (StoreError, 3),
    (LockedError, 3),
    (SyncdError, 3),
]


@pytest.mark.parametrize(("error", "code"), CODES)
def test_an_error_has_one_exit_code(error, code):
    assert code_of(error("x")) == code


@pytest.mark.parametrize(("error", "code"), CODES)
def test_an_error_is_one_line_and_a_hint(bare, monkeypatch, error, code):
    def fail(*_args, **_more):
        raise error("it broke\nin two lines", hint="Do this.")

    monkeypatch.setattr(status, "run", fail)
    said = bare("status")
    assert (said.code, said.err) == (code, "syncd: error: it broke in two lines\nhint: Do this.\n")
    assert json.loads(bare("status", "--json").out)["error"] == {
        "kind": error.__name__,
        "message": "it broke\nin two lines",
        "hint": "Do this.",
    }


@pytest.mark.parametrize("error", [ZeroDivisionError("1/0"), KeyError("x"), OSError(2, "Gone"), RecursionError()])
def test_what_nobody_expected_leaves_a_crash_file_and_no_traceback(bare, monkeypatch, error):
    def fail(*_args, **_more):
        secret = "hunter2"  # noqa: F841 - a local variable that must not be in the file
        raise error

    monkeypatch.setattr(status, "run", fail)
    said = bare("status")
    assert said.code == 3
    first, hint = said.err.splitlines()
    told = f"syncd: error: something unexpected happened ({type(error).__name__}); the details are in "
    assert first.startswith(told)
    assert hint.startswith("hint: Nothing is left half done")
    file = Path(first.removeprefix(told))
    assert file.parent == Path("state/crashes")
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert text.startswith("syncd status\n")
    assert type(error).__name__ in text
    assert "hunter2" not in text.replace('secret = "hunter2"', "")
    assert json.loads(bare("status", "--json").out)["error"]["kind"] == "Crash"


def test_a_crash_without_a_configuration_is_kept_elsewhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    monkeypatch.setattr(status, "run", lambda *_args, **_more: 1 // 0)
    assert run(["status"]) == 3
    file = Path(capsys.readouterr().err.split("the details are in ")[1].splitlines()[0])
    assert "ZeroDivisionError" in file.read_text()


def test_a_stopped_command_says_that_nothing_is_lost(bare, monkeypatch):
    def stop(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "run", stop)
    said = bare("status")
    assert said.code == 130
    assert "syncd: stopped; what was begun is settled by the next run" in said.err


@pytest.mark.parametrize(
    ("words", "told", "hint"),
    [
        (["stats"], "no such command 'stats'. Did you mean 'status'?", "Run `syncd --help`."),
        (["plans"], "missing argument 'GROUP'", "Run `syncd plans --help`."),
        (["groups", "lnk"], "no such command 'lnk'. Did you mean 'link', 'unlink'?", "Run `syncd groups --help`."),
        (["sync", "a", "b"], "got unexpected extra argument(s) (b)", "Run `syncd sync --help`."),
    ],
)
def test_a_wrong_command_line_is_said(capsys, words, told, hint):
    assert run(words) == 2
    assert capsys.readouterr().err.splitlines() == [f"syncd: error: {told}", f"hint: {hint}"]


def test_no_command_shows_the_help(capsys):
    assert run([]) == 2
    assert "Usage: syncd" in capsys.readouterr().out
    assert run(["rules"]) == 2
    assert "explain" in capsys.readouterr().out


def test_the_version_is_said(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("syncd 0.")


def test_a_wrong_command_line_is_json_too(capsys):
    assert run(["sync", "--nope", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "UsageError"


# -- the configuration -------------------------------------------------------------------------------------------------


def test_the_configuration_may_stand_anywhere_on_the_line(bare, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = str(bare.folder / "syncd.toml")
    for words in (["--config", file, "status"], ["status", "--config", file], ["status", f"--config={file}", "--json"]):
        assert bare(*words).code == 0
    assert "--config" in bare.fails(2, "status", "--config")


def test_without_a_configuration_the_hint_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    monkeypatch.setattr("syncd.config.SYSTEM_WIDE", tmp_path / "nowhere")
    assert run(["sync"]) == 2
    err = capsys.readouterr().err
    assert "syncd: error: there is no configuration: looked for ./syncd.toml and " in err
    assert (
        "hint: Run `syncd init` to make one here, name one with --config or $SYNCD_CONFIG, or try `syncd demo`." in err
    )


def test_output_that_nobody_reads_to_its_end_is_no_error(bare):
    command = " ".join([f"'{word}'" for word in [*PROGRAM, "mappings", "show", "crm", "--json"]])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 20 >/dev/null"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_two_commands_at_once_do_not_disturb_each_other(office):
    """A sync in another process, started at the same time: both end well, and every edit is written once."""
    office.edit("quote", "fed-co-kaiser-high", {"rate_sets.0.tiers.EE": "441.20"})
    both = [subprocess.Popen([*PROGRAM, "sync"], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=60)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sum("1 write (crm 1)" in one for one in said) == 1
