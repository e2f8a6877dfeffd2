"""The configuration: where it is found, what goes first, an error for each mistake with file, line, key and hint."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from syncd import assemble, config
from syncd.config import Config, ConfigError, find, line_of, load, secret_of, settings_of
from syncd.errors import LockedError, StoreError
from syncd.reconcile.guards.base import Limit
from syncd.text.yaml import read_document


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("SYNCD_CONFIG", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)

    def made(text: str, name: str = "syncd.toml") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return made


def refused(*args) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(*args)
    return caught.value


# -- where it is -------------------------------------------------------------------------------------------------------


def test_it_is_found_in_this_order(write, tmp_path, monkeypatch):
    wide = write("", "etc/syncd.toml")
    monkeypatch.setattr(config, "SYSTEM_WIDE", wide)
    assert find() == wide
    here = write("")
    assert find() == Path("syncd.toml")
    other = write("", "other/syncd.toml")
    assert find(None, {"SYNCD_CONFIG": str(other)}) == other
    assert find(here, {"SYNCD_CONFIG": str(other)}) == here
    assert find(tmp_path / "other") == other


def test_one_that_is_named_and_not_there_is_said(write, tmp_path):
    del write
    error = refused(tmp_path / "no.toml")
    assert str(error) == f"{tmp_path}/no.toml: --config names this file and it is not there"
    assert f"syncd init {tmp_path}" in error.hint
    with pytest.raises(ConfigError, match=r"\$SYNCD_CONFIG names this file"):
        find(None, {"SYNCD_CONFIG": "/no.toml"})


def test_none_at_all_is_said_with_what_to_do(write, monkeypatch, tmp_path):
    del write
    monkeypatch.setattr(config, "SYSTEM_WIDE", tmp_path / "wide.toml")
    error = refused()
    assert "there is no configuration: looked for ./syncd.toml and " in str(error)
    assert "syncd init" in error.hint


# -- what counts -------------------------------------------------------------------------------------------------------


def test_an_empty_file_has_the_defaults(write):
    write("")
    found = load()
    assert (found.period_s, found.settle_s, found.rules, found.systems) == (3600, 2, None, {})
    limits = found.guards.limits()
    assert limits.of("identity-epoch") == Limit(0.0, 3)
    assert limits.of("shrunken-side") == Limit(0.3, 5)
    assert limits.of("too-many-changes") == Limit(0.5, 25, 500)


def test_a_limit_names_only_what_differs(write):
    write("[guards]\noff = ['permission']\n[guards.too-many-changes]\ncount = 9\n")
    limits = load().guards.limits()
    assert limits.of("too-many-changes") == Limit(0.5, 9, 500)
    assert limits.off == {"permission"}


def test_paths_are_meant_from_the_folder_of_the_file(write, tmp_path):
    file = write('state = "s"\n[systems.crm]\nconnector = "files"\nfolder = "drops"\n', "deep/syncd.toml")
    found = load(file)
    assert found.at(found.state) == tmp_path / "deep" / "s"
    assert found.at(Path("/abs")) == Path("/abs")
    from syncd.connectors.files import Settings

    assert settings_of(found, "crm", Settings)["folder"] == str(tmp_path / "deep" / "drops")


def test_the_environment_goes_before_credentials_and_these_before_the_file(write, tmp_path, monkeypatch):
    write('state = "file"\n[systems.crm]\nconnector = "memory"\nuser = "file"\nplace = "file"\nother = "file"\n')
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for key in ("user", "place"):
        (credentials / f"crm__{key}").write_text("credential\n")
        (credentials / f"crm__{key}").chmod(0o400)
    (credentials / "README").write_text("no key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setenv("SYNCD_SYSTEMS__CRM__PLACE", "environment")
    monkeypatch.setenv("SYNCD_STATE", "environment")
    found = load()
    assert found.state == Path("environment")
    assert found.systems["crm"].settings == {"user": "credential", "place": "environment", "other": "file"}


def test_the_example_is_a_configuration(write, monkeypatch):
    text = assemble.shipped("config/syncd.example.toml").read_text()
    write(text)
    write(assemble.shipped("config/rules.yaml").read_text(), "rules.yaml")
    found = load()
    assert found.guards.limits() == Config().guards.limits()
    assert assemble.load_rules(found).raw["default"]["on_conflict"] == "ask"
    commented = [line.removeprefix("# ") for line in text.splitlines()]
    start = commented.index("[systems.quote]")
    write("\n".join(commented[start : commented.index("[systems.crm]") + 8]))
    assert set(load().systems) == {"quote", "crm"}
    monkeypatch.setenv("SYNCD_SYSTEMS__CRM__WRITES", "on")
    assert load().systems["crm"].writes == "on"


# -- what is wrong -----------------------------------------------------------------------------------------------------

MISTAKES = [
    ("stat = 'x'", "syncd.toml:1: stat: there is no such key; did you mean `state`?", "The keys here are state, rules"),
    ("\nperiod_s = 'x'", "syncd.toml:2: period_s: expected a number", None),
    ("period_s = 0", "syncd.toml:1: period_s: expected more than 0, got `0`", None),
    ("state = 3", 'syncd.toml:1: state: expected a path in "quotes"', None),
    ("ignore = 'x'", "syncd.toml:1: ignore: expected a list in [brackets]", None),
    ("systems = 3", "syncd.toml:1: systems: expected a table", None),
    ("[systems]\ncrm = 'x'", "syncd.toml:2: systems.crm: expected a table", None),
    (
        "[systems.crm]\nwrites = 'on'",
        "syncd.toml:1: systems.crm.connector: this system names no connector",
        "Add `conn",
    ),
    (
        "[systems.crm]\nconnector = 'files'\nwrites = 'of'",
        "syncd.toml:3: systems.crm.writes: expected one of on, off, got `of`; did you mean `of",
        None,
    ),
    (
        "[systems.CRM]\nconnector = 'files'",
        "syncd.toml:1: systems.CRM: a system's name is made of small letters, digits, - and _",
        None,
    ),
    (
        "[guards.delte]\nshare = 1",
        "syncd.toml:1: guards.delte: there is no such key",
        "shrunken-side, too-many-changes",
    ),
    (
        "[guards.shrunken-side]\nshar = 1",
        "syncd.toml:2: guards.shrunken-side.shar: there is no such key; did",
        "share,",
    ),
    (
        "[guards.shrunken-side]\nshare = 1.5",
        "syncd.toml:2: guards.shrunken-side.share: expected at most 1, got `1.5`",
        None,
    ),
    ("ignore = ['details.nmae']", "syncd.toml:1: ignore: `details.nmae`: no field is called so; did you", None),
    ("[guards]\noff = ['delte']", "syncd.toml:2: guards.off: there is no guard `delte`; did you mean `delete`?", "The"),
    ("guards = 3", "syncd.toml:1: guards: expected a table", None),
    ("a = 1\nb = 2", "syncd.toml:1: a: there is no such key\nsyncd.toml:2: b: there is no such key", None),
    (
        "a = 1\nb = 2\nc = 3",
        "syncd.toml:1: a: there is no such key\nsyncd.toml:2: b: there is no such key\nsyncd.toml:3: c: there",
        None,
    ),
    ("state = ", "syncd.toml:1: not valid TOML: Invalid value", 'texts stand in "quotes"'),
    ("state = 'x", "syncd.toml:1: not valid TOML: ", None),
    ("[log]\nlevel = 'loud'", "syncd.toml:2: log.level: expected one of debug, info, warning, error", None),
]


@pytest.mark.parametrize(("text", "told", "hint"), MISTAKES)
def test_a_mistake_is_said_with_its_line(write, text, told, hint):
    write(text)
    error = refused()
    assert str(error).startswith(told)
    assert error.hint
    assert hint is None or hint in error.hint


def test_a_mistake_in_the_environment_names_the_variable(write, monkeypatch):
    write("[systems.crm]\nconnector = 'files'\nwrites = 'on'\n")
    monkeypatch.setenv("SYNCD_SYSTEMS__CRM__WRITES", "maybe")
    error = refused()
    assert str(error) == "SYNCD_SYSTEMS__CRM__WRITES: expected one of on, off, got `maybe`"
    assert error.hint == "Correct this variable of the environment."
    monkeypatch.delenv("SYNCD_SYSTEMS__CRM__WRITES")
    monkeypatch.setenv("SYNCD_IGNORE", "[")
    assert str(refused()).startswith("SYNCD_IGNORE: expected JSON: ")


def test_a_file_that_cannot_be_read_is_said(write, monkeypatch):
    file = write("x")
    file.write_bytes(b"ok = 1\nname = '\xff'\n")
    assert str(refused()) == "syncd.toml:2: a letter on this line is not UTF-8"
    file.write_text("#" * (config.MOST_BYTES + 1))
    assert "it is larger than 1,000,000 bytes" in str(refused())
    monkeypatch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert str(refused()) == "syncd.toml: it cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        (("state",), 1),
        (("systems", "a.b"), 4),
        (("systems", "a.b", "end", "column"), 6),
        (("systems", "a.b", "list", 1), 5),
        (("guards", "x"), None),
        (("systems", "a.b", "nothing"), 4),
    ],
)
def test_a_key_is_found_again(loc, line):
    text = 'state = "x"\n# [guards]\n[[bad\n[systems."a.b"]\nlist = [1, 2]\nend.column = "c"\n= 3\n'
    assert line_of(text, loc) == line


# -- secrets -----------------------------------------------------------------------------------------------------------


class Vendor(BaseModel):
    password: SecretStr
    token: SecretStr | None = None
    folder: Path | None = None


def test_a_secret_in_the_file_is_refused(write):
    write("[systems.crm]\nconnector = 'x'\npassword = 'hunter2'\n")
    with pytest.raises(ConfigError) as caught:
        settings_of(load(), "crm", Vendor)
    assert str(caught.value) == "syncd.toml:3: systems.crm.password: a secret does not belong into this file"
    assert "password_file = PATH" in caught.value.hint
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_a_secret_comes_from_a_file_that_nobody_else_reads(write):
    secret = write("hunter2\n", "secrets/crm")
    secret.chmod(0o600)
    write("[systems.crm]\nconnector = 'x'\npassword_file = 'secrets/crm'\nlogin_file = 'plain'\n")
    assert settings_of(load(), "crm", Vendor) == {"password": "hunter2", "login_file": "plain"}
    secret.chmod(0o604)
    with pytest.raises(ConfigError, match=r"others may read or write this secret \(mode 0604\)") as caught:
        settings_of(load(), "crm", Vendor)
    assert "chmod 600" in caught.value.hint


def test_a_secret_from_the_environment_is_taken(write, monkeypatch):
    write("[systems.crm]\nconnector = 'x'\n")
    monkeypatch.setenv("SYNCD_SYSTEMS__CRM__PASSWORD", "hunter2")
    assert settings_of(load(), "crm", Vendor) == {"password": "hunter2"}


def test_a_secret_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match="the secret cannot be read: FileNotFoundError"):
        secret_of(tmp_path / "nothing")


# -- rules -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("defalt: {}\n", "r.yaml:1: defalt: there is no such key; did you mean `default`?"),
        ("default:\n  mode: mirrored\n", "r.yaml:2: default.mode: `mirrored` is not one of two_way, mirror"),
        (
            "default:\n  fields:\n    details.name: 3\n",
            "r.yaml:3: default.fields.details.name: expected a mapping, got `3`",
        ),
        ("default:\n  source_of_truth: qoute\n", "r.yaml:2: default.source_of_truth: `qoute` is not one of crm, quote"),
        ("pairs:\n  crm: {}\n", "r.yaml:2: pairs.crm: this does not name two systems; write it as `crm+quote`"),
        ("default: [\n", "r.yaml:2: something is missing here"),
    ],
)
def test_a_mistake_in_the_rules_is_said_with_its_line(text, told):
    with pytest.raises(ConfigError) as caught:
        config.rules_of(read_document(text, "r.yaml"), ("crm", "quote"))
    assert str(caught.value).startswith(told)


def test_rules_that_are_not_there_are_said(write):
    write("rules = 'no.yaml'\n")
    with pytest.raises(ConfigError, match=r"the rules file no\.yaml is not there"):
        assemble.load_rules(load())


# -- the world ---------------------------------------------------------------------------------------------------------


def test_a_world_is_what_the_configuration_says(write, tmp_path):
    (tmp_path / "drops").mkdir()
    write(
        "period_s = 60\nsettle_s = 0\nignore = ['details.notes']\n"
        "[systems.crm]\nconnector = 'files'\nfolder = 'drops'\nwrites = 'off'\n"
        "[systems.own]\nconnector = 'files'\nmapping = 'quote'\nfolder = 'drops'\n"
    )
    world = assemble.build_world(load())
    assert (world.period_s, world.settle_s, world.ignore) == (60, 0, {"details.notes"})
    assert world.systems["crm"].writes_off == "writes: off"
    assert sorted(world.systems["own"].lenses) == ["group", "plan"]
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    connector = world.systems["crm"].connector
    connector._state.set("cursor", "7")  # type: ignore[attr-defined]
    assert connector._state.get("cursor") == "7"  # type: ignore[attr-defined]
    connector._state.set("cursor", None)  # type: ignore[attr-defined]
    assert connector._state.get("cursor") is None  # type: ignore[attr-defined]
    asyncio.run(assemble.close(world))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "connector = 'fils'",
            "syncd.toml:2: systems.crm.connector: there is no connector 'fils'; did you mean `files`?",
        ),
        (
            "connector = 'files'\nfolder = 'x'\nfoldr = 'x'",
            "syncd.toml:4: systems.crm.foldr: there is no such key; did",
        ),
        ("connector = 'files'", "syncd.toml:1: systems.crm.folder: this key is missing"),
        (
            "connector = 'files'\nmapping = 'crn'\nfolder = 'x'",
            "syncd.toml:3: systems.crm.mapping: no mapping is called",
        ),
    ],
)
def test_a_system_that_cannot_be_made_is_said_with_its_line(write, text, told):
    write(f"[systems.crm]\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        assemble.build_world(load())
    assert str(caught.value).startswith(told)


def test_ones_own_mappings_go_before_those_that_ship(write):
    write("system: crm\nkinds: {plan: {part: record, rows: {details.name: {field: n, codec: text}}}}\n", "own/crm.yaml")
    write("mappings = 'own'\n[systems.crm]\nconnector = 'files'\nfolder = '.'\n")
    assert assemble.load_mapping(load(), "crm").kinds == ("plan",)


def test_a_state_folder_that_cannot_be_made_is_said(write):
    write("", "file")
    write("state = 'file/state'\n")
    with pytest.raises(StoreError, match="the state folder cannot be made: Not a directory"):
        assemble.open_store(load())


# -- locks -------------------------------------------------------------------------------------------------------------


async def test_one_name_is_held_once_and_let_go(tmp_path):
    hold = assemble.locks(tmp_path, 0)
    async with hold("group/1"):
        with pytest.raises(LockedError, match=r"another process has been working on group/1$"):
            async with hold("group/1"):
                pass
        async with hold("observe:crm"):
            pass
    async with hold("group/1"):
        pass


async def test_who_waits_gets_it_when_it_is_free(tmp_path):
    hold = assemble.locks(tmp_path, 5)
    held = asyncio.Event()

    async def first() -> None:
        async with hold("g"):
            held.set()
            await asyncio.sleep(0.15)

    task = asyncio.create_task(first())
    await held.wait()
    began = time.monotonic()
    async with hold("g"):
        assert 0.05 < time.monotonic() - began < 4
    await task


async def test_who_waits_too_long_is_told_how_long(tmp_path):
    async with assemble.locks(tmp_path, 0)("g"):
        with pytest.raises(LockedError, match=r"working on g for 0\.1 s"):
            async with assemble.locks(tmp_path, 0.1)("g"):
                pass


# -- what no reader survives -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"\nperiod_s = {'9' * 200_000}\n", "syncd.toml:2: a number on this line has too many digits"),
        (f"\n\nignore = {'[' * 5000}{']' * 5000}\n", "syncd.toml:3: it is nested too deep here"),
        (f"ignore = {'{a=' * 5000}\n", "syncd.toml:1: it is nested too deep here"),
        ("period_s = 1e999\n", "syncd.toml:1: period_s: expected a number, got `inf`"),
        ("settle_s = nan\n", "syncd.toml:1: settle_s: expected"),
        ("[service]\nevery_s = inf\n", "syncd.toml:2: service.every_s: expected a number"),
    ],
)
def test_endless_settings_are_said_with_their_line(write, text, told):
    """R19: numbers and brackets without end are errors with file and line, and no time is infinite."""
    write(text)
    assert str(refused()).startswith(told)


@pytest.mark.parametrize("text", ["[" * 5000, '{"a": ' * 5000, '{"a": ' + "9" * 50_000 + "}"])
def test_an_endless_variable_is_said_by_name(write, monkeypatch, text):
    """R19: what cannot be read of the environment is an error that names the variable."""
    write("")
    monkeypatch.setenv("SYNCD_SYSTEMS", text)
    assert str(refused()).startswith("SYNCD_SYSTEMS: ")
