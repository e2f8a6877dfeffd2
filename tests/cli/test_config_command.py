"""`syncd config`, schemas, and what every command takes: -h, -q, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.assemble import shipped
from syncd.cli import schemas
from syncd.config import load
from syncd.reconcile.rules import CHOICES


def rows(said):
    return {one["key"]: (one["value"], one["source"]) for one in said.json["settings"]}


def test_every_setting_is_shown_with_where_it_comes_from(office, monkeypatch, tmp_path):
    """`config show` names for each setting its value and its source: default, line, environment or credential."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "crm__folder").write_text("elsewhere\n")
    (credentials / "crm__folder").chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setenv("SYNCD_PERIOD_S", "60")
    found = rows(office("config", "show", "--json"))
    assert found["period_s"] == ("60", "environment SYNCD_PERIOD_S")
    assert found["full_every_s"] == ("86400", "default")
    assert found["systems.crm.folder"] == ("(secret)", "credential crm__folder")
    value, source = found["systems.quote.folder"]
    line = int(source.removeprefix("line "))
    assert value in (office.folder / "syncd.toml").read_text().splitlines()[line - 1]
    assert found["systems.crm.writes"][1] == "default"
    assert "period_s" in office("config", "show").out


SECRETIVE = """\
from pydantic import BaseModel, SecretStr
class Settings(BaseModel):
    password: SecretStr
    client: str = "x"
def connect(name, settings, state): ...
"""


@pytest.mark.parametrize("way", ["environment", "credential", "file", "url", "unknown"])
def test_no_secret_is_ever_shown(bare, monkeypatch, way):
    """R17: `config show` prints where a secret comes from, never the secret."""
    folder = bare.folder / "connectors"
    folder.mkdir()
    (folder / "vault.py").write_text(SECRETIVE)
    settings = bare.folder / "syncd.toml"
    more = ""
    if way == "environment":
        monkeypatch.setenv("SYNCD_SYSTEMS__VAULT__PASSWORD", "hunter2")
    elif way == "credential":
        (bare.folder / "c").mkdir()
        (bare.folder / "c" / "vault__password").write_text("hunter2")
        (bare.folder / "c" / "vault__password").chmod(0o600)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(bare.folder / "c"))
    elif way == "file":
        more = "password = 'hunter2'\n"
    elif way == "url":
        more = "client = 'https://me:hunter2@example.test/x'\n"
    else:
        more = "connector = 'valt'\napi_token = 'hunter2'\n"
    connector = "" if way == "unknown" else "connector = 'vault'\n"
    settings.write_text(
        "connectors_path = ['connectors']\n" + settings.read_text() + f"[systems.vault]\n{connector}{more}"
    )
    for words in (["config", "show"], ["config", "show", "vault", "--json"], ["config", "check"]):
        said = bare(*words)
        assert "hunter2" not in said.out + said.err


def test_all_that_is_wrong_is_told_at_once(office):
    """N22: `config check` tells every mistake of settings, rules and mappings, each with file and line; exit 2."""
    own = office.folder / "own"
    own.mkdir()
    (own / "crm.yaml").write_text(
        "system: crm\nkinds:\n  plan:\n    rows:\n      details.nme: {field: x, codec: text}\n"
        "      details.line: {field: y, codec: cod}\n"
    )
    settings = office.folder / "syncd.toml"
    text = settings.read_text().replace("folder = ", "foldr = ", 1)
    settings.write_text('rules = "rules.yaml"\nmappings = "own"\n' + text)
    (office.folder / "rules.yaml").write_text("default:\n  blanks: sometimes\n  sections: {rate: {mode: two_way}}\n")
    err = office.fails(2, "config", "check")
    assert err.count("syncd: error:") >= 6
    for said in ("crm.yaml:5", "crm.yaml:6", "rules.yaml:2", "rules.yaml:3", "foldr: there is no such key"):
        assert said in err
    document = office("config", "check", "--json").json
    assert len(document["error"]["more"]) >= 5
    settings.write_text(text.replace("foldr = ", "folder = ", 1))
    assert "all is well" in office("config", "check").out
    settings.write_text("stat = 'x'\nperiod_s = 'y'\n")
    assert office.fails(2, "config", "check").count("syncd: error:") == 2


@pytest.mark.parametrize("name", schemas.SCHEMAS)
def test_schemas_that_come_with_syncd_are_current(name, bare):
    """Every file that people write has a schema, made from what reads it."""
    assert shipped(f"config/schemas/{name}.schema.json").read_text() == schemas.text_of(name)
    assert json.loads(bare("config", "schema", name).out) == schemas.made(name)


def test_the_schema_of_rules_names_all_that_the_reader_takes():
    """A word that the reader of rules takes is in their schema."""
    body = schemas.made("rules")["$defs"]["body"]["properties"]
    assert {key: tuple(body[key]["enum"]) for key in CHOICES} == dict(CHOICES)
    assert set(schemas.made("settings")["properties"]) >= {"state", "systems", "guards", "service"}


def test_init_puts_schemas_beside_its_files(bare):
    """Editors find the schema of a file that `syncd init` makes, and the files are good as they are."""
    bare.ok("init", "new")
    new = bare.folder / "new"
    for file in ("syncd.toml", "rules.yaml"):
        first = (new / file).read_text().splitlines()[0]
        assert (new / first.rpartition("./")[2]).is_file(), first
    assert load(new / "syncd.toml").file.name == "syncd.toml"
    assert "all is well" in bare.ok("--config", "new/syncd.toml", "config", "check")
    bare.ok("config", "schema", "--write", "there")
    assert {file.name for file in (bare.folder / "there").iterdir()} == {f"{n}.schema.json" for n in schemas.SCHEMAS}
    assert "did you mean `rules`?" in bare.fails(2, "config", "schema", "rulse")


@pytest.mark.parametrize("words", [[], ["sync"], ["review", "decide"], ["config", "show"], ["rules", "test"]])
def test_h_is_help_everywhere(bare, words):
    """-h stands beside --help in every command."""
    assert bare.ok(*words, "-h") == bare.ok(*words, "--help")


def test_q_prints_nothing_but_errors(office):
    """-q: a command that changes something says nothing; errors are told, and programs get their document."""
    said = office("pause", "--all", "--reason", "x", "-q")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert office("-q", "resume", "--all").out == ""
    assert "there is no system" in office.fails(2, "pause", "-q", "--reason", "x", "--system", "crn")
    assert office("pause", "--all", "--quiet", "--reason", "x", "--json").json
    assert office("resume", "--all").out != "", "the next command speaks again"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(bare, shell):
    """`syncd completion SHELL` prints a script, and what it asks is answered."""
    assert "_SYNCD_COMPLETE" in bare.ok("completion", shell)


def test_a_shell_that_asks_is_answered():
    """What may come next on a line is told to the shell."""
    asked = {**os.environ, "_SYNCD_COMPLETE": "complete_bash", "COMP_WORDS": "syncd config s", "COMP_CWORD": "2"}
    program = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=asked, cwd=Path(__file__).parent)
    assert done.stdout.split() == ["show", "schema"]
