"""Logs: fields and never values, secrets nowhere, tracebacks without local variables."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from syncd.cli import logs
from syncd.config import Config, LogConfig


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "log" / "syncd.log"
    logs.configure(Config(log=LogConfig(file=file)))

    def lines():
        for handler in logging.getLogger("syncd").handlers:
            handler.flush()
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    yield lines
    for handler in logging.getLogger("syncd").handlers[:]:
        logging.getLogger("syncd").removeHandler(handler)
        handler.close()
    structlog.reset_defaults()


def test_an_event_is_a_line_with_its_fields(log):
    logs.get().info("change_applied", system="crm", external_id="40160", field="rates[2026-01-01].ee")
    [line] = log()
    assert {key: line[key] for key in ("event", "level", "system", "field")} == {
        "event": "change_applied",
        "level": "info",
        "system": "crm",
        "field": "rates[2026-01-01].ee",
    }
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "key",
    [
        "value",
        "old",
        "new",
        "base",
        "before",
        "password",
        "api_key",
        "session_id",
        "authorization",
        "tax_id",
        "raw_data",
    ],
)
def test_values_and_secrets_are_taken_out_by_their_key(log, key):
    logs.get().info("x", **{key: "hunter2"}, inner={key: "hunter2"}, many=[{key: "hunter2"}])
    assert "hunter2" not in json.dumps(log())


@pytest.mark.parametrize(
    "text",
    [
        "the ssn is 123-45-6789",
        "fein 12-3456789 of Acme",
        "Authorization: Bearer abcdef123456",
        "GET https://me:hunter2@vendor.example/x",
        "password=hunter2",
    ],
)
def test_secrets_are_taken_out_of_texts(log, text):
    logs.get().warning(text, why=text)
    told = json.dumps(log())
    assert logs.REDACTED in told
    for secret in ("123-45-6789", "12-3456789", "abcdef123456", "hunter2"):
        assert secret not in told


def test_names_of_fields_and_counts_stay(log):
    logs.get().info("group_synced", fields=3, paths=("a", "b"), ok=True, nothing=None)
    [line] = log()
    assert (line["fields"], line["paths"], line["ok"], line["nothing"]) == (3, ["a", "b"], True, None)


def test_a_traceback_shows_no_local_variables(log):
    try:
        secret = "hunter2"
        raise ValueError(len(secret))
    except ValueError:
        logs.get().exception("it_broke")
    told = json.dumps(log())
    assert "ValueError" in told
    assert "hunter2" not in told


def test_stderr_is_silent_unless_asked(tmp_path, capsys):
    logs.configure(Config())
    logs.get().error("nobody_hears")
    assert capsys.readouterr().err == ""
    logs.configure(Config(), verbose=True)
    logs.get().debug("heard", system="crm")
    assert "heard" in capsys.readouterr().err
    logs.configure(Config(), service=True)
    logs.get().info("told", system="crm")
    assert json.loads(capsys.readouterr().err)["event"] == "told"


def test_a_sync_logs_what_it_did_and_no_value(office):
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text() + '\n[log]\nfile = "syncd.log"\n')
    office.edit("quote", "fed-co-kaiser-high", {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync")
    text = (office.folder / "syncd.log").read_text()
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert "group_synced" in events
    assert "system_observed" in events
    assert "441.20" not in text
