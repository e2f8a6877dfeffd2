"""The log of the service: JSON for machines, text for people, libraries included, and no secret however planted."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
import structlog

from syncd import config
from syncd.cli import logs
from syncd.config import Config, LogConfig

SECRET = "tr0ub4dor&3 plant"
"""Planted; it has a blank and an &, which change in an address."""
GUESS = "s3cr3tNobodyConfigured"
"""A secret that no setting holds: a session, a token that a vendor gave out."""


@pytest.fixture(autouse=True)
def forgotten():
    """Put logging back as it was: the root logger belongs to pytest."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    for logger in (root, logging.getLogger("syncd")):
        for handler in logger.handlers[:]:
            if handler not in handlers:
                logger.removeHandler(handler)
                handler.close()
    root.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Config:
    """A configuration to which one secret was given in each of the three ways."""
    (tmp_path / "token").write_text(f"{SECRET} by file\n")
    (tmp_path / "token").chmod(0o600)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "quote__client_secret").write_text(f"{SECRET} by credential")
    (credentials / "quote__client_secret").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setenv("SYNCD_SYSTEMS__CRM__PASSWORD", SECRET)
    file = tmp_path / "syncd.toml"
    file.write_text(
        '[systems.crm]\nconnector = "x"\nuser = "sync"\n[systems.quote]\nconnector = "x"\ntoken_file = "token"\n'
    )
    return config.load(file)


@pytest.fixture
def said(settings, monkeypatch):
    """Log as the service does, and give the lines."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logs.configure(settings, service=True)
    return lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_secrets_are_known_however_they_were_given(settings):
    assert logs.secrets_of(settings) == {SECRET, f"{SECRET} by file", f"{SECRET} by credential"}


FAULT = f"""<soap:Fault><faultcode>soap:Client</faultcode><faultstring>login failed for sync</faultstring><detail>
<LoginV2 xmlns="urn:x"><username>sync</username><password>{GUESS}</password></LoginV2>
<h:SessionIdHeader h:type="x"><h:sessionId>{GUESS}</h:sessionId></h:SessionIdHeader></detail></soap:Fault>"""


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("what a person set, in a sentence", f"the vendor says: user sync with {SECRET} is not known"),
        ("a part of an address", "GET https://vendor.example/v4/plans?user=sync&password=tr0ub4dor%263%20plant&page=2"),
        ("the same with a plus", "GET https://vendor.example/v4/plans?p=tr0ub4dor%263+plant"),
        ("an address with a login", f"https://sync:{GUESS}@vendor.example/plans"),
        ("a query nobody configured", f"GET https://vendor.example/plans?access_token={GUESS}&page=2 answered 500"),
        ("a header", f"request had authorization: Bearer {GUESS}"),
        ("a header of another scheme", f"Authorization: Token {GUESS}"),
        ("a header of the vendor's own", f"X-Api-Key: {GUESS}"),
        ("a session", f"sessionId: {GUESS}; Set-Cookie: sid={GUESS}; Path=/"),
        ("headers as Python prints them", f"{{'X-Auth-Token': '{GUESS}', 'Cookie': 'sid={GUESS}'}}"),
        ("a body", f'{{"client_id": "sync", "client_secret": "{GUESS}", "grant_type": "client_credentials"}}'),
        ("a body inside a text", f'{{\\"refresh_token\\": \\"{GUESS}\\"}}'),
        ("a form", f"grant_type=password&username=sync&password={GUESS}"),
        ("a SOAP fault", FAULT),
        ("a SOAP fault, escaped", FAULT.replace("<", "&lt;").replace(">", "&gt;")),
    ],
)
@pytest.mark.parametrize("way", ["a field", "the event", "nested", "an exception", "a library"])
def test_no_planted_secret_is_logged(said, where, text, way):
    log = structlog.get_logger("syncd")
    if way == "a field":
        log.warning("vendor_failed", why=text)
    elif way == "the event":
        log.warning(text)
    elif way == "nested":
        log.warning("vendor_failed", answer={"headers": [text], "said": (text,)})
    elif way == "an exception":
        try:
            try:
                raise ValueError(text)
            except ValueError as error:
                raise RuntimeError(f"because of {text}") from error
        except RuntimeError:
            log.exception("run_failed", why=text)
    else:
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("zeep.transports").exception("got %s", text)
    [line] = said()
    told = json.dumps(line)
    for secret in (SECRET, GUESS, "tr0ub4dor"):
        assert secret not in told
    assert logs.REDACTED in told


def test_what_is_no_secret_stays_readable(said):
    """Redaction that eats the reason would be switched off."""
    structlog.get_logger("syncd").warning(
        "vendor_failed",
        system="crm",
        why="GET https://vendor.example/v4/plans?page=2 answered 503; its token is renewed, sign in again",
        field="contributions[*;2026-01-01].ee",
        retry_s=60,
    )
    [line] = said()
    assert logs.REDACTED not in json.dumps(line)


def test_a_traceback_names_files_and_no_values(said):
    try:
        rate = "441.20"
        raise ValueError(f"cannot read {rate}")
    except ValueError:
        structlog.get_logger("syncd").exception("run_failed")
    [line] = said()
    told = json.dumps(line)
    assert "test_logs.py" in told
    assert "ValueError" in told
    assert "441.20" not in told


def test_a_library_is_heard_when_it_warns_and_not_when_it_chats(said):
    """httpx tells each URL at INFO."""
    logging.getLogger("httpx").info("HTTP Request: GET https://vendor.example/")
    logging.getLogger("apscheduler").warning("Run time of job was missed")
    [line] = said()
    assert (line["event"], line["level"]) == ("Run time of job was missed", "warning")
    assert line["timestamp"].endswith("Z")


def test_people_get_text(settings, monkeypatch):
    """Exceptions, too."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure(settings, service=True)
    log = structlog.get_logger("syncd")
    log.info("observed", system="crm", records=16)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("run_failed")
    told = terminal.getvalue()
    assert "observed" in told
    assert "system=crm" in told
    assert "ValueError" in told
    assert SECRET not in told
    assert not told.startswith("{")


def test_ids_of_the_context_are_in_every_event(said):
    with structlog.contextvars.bound_contextvars(run="r1", group="g1"):
        structlog.get_logger("syncd").info("change_applied", system="crm")
        structlog.get_logger("syncd.connectors").info("request_repeated")
    for line in said():
        assert (line["run"], line["group"]) == ("r1", "g1")


def test_a_reload_changes_level_and_file_and_doubles_nothing(settings, capsys, tmp_path):
    file = tmp_path / "log.json"
    logs.configure(settings, service=True)
    logs.configure(settings.model_copy(update={"log": LogConfig(file=file, level="warning")}), service=True)
    structlog.get_logger("syncd").info("observed")
    structlog.get_logger("syncd").warning("vendor_failed")
    for text in (capsys.readouterr().err, file.read_text()):
        assert [json.loads(line)["event"] for line in text.splitlines()] == ["vendor_failed"]


class Unprintable:
    def __str__(self) -> str:
        raise ValueError(SECRET)


def test_an_event_that_cannot_be_logged_is_missed_and_not_shown(settings, capsys):
    """Python's own way is to print it, with all that was to be redacted."""
    logs.configure(settings, service=True)
    structlog.get_logger("syncd").warning("vendor_failed", why=SECRET, what=Unprintable())
    told = capsys.readouterr().err
    assert json.loads(told) == {"event": "log_failed", "level": "warning", "why": "ValueError"}
