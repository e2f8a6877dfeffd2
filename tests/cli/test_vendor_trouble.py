"""A vendor in trouble, seen from the command line: what was the matter is on the screen, and nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Office
from tests.connectors.sandboxes import BackDoor, Sandbox, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("perfectquote", "benefitpoint") as made:
        yield made


@pytest.fixture
def door(sandbox: Sandbox) -> Iterator[BackDoor]:
    """The back door of PerfectQuote; what was broken through it is well again afterwards."""
    yield sandbox.backdoors["perfectquote"]
    for each in sandbox.backdoors.values():
        each.reset()


@pytest.fixture
def brokerage(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """A folder that is configured for both sandboxes, secrets in the environment."""
    quote, broker = sandbox.systems["perfectquote"], sandbox.systems["benefitpoint"]
    (tmp_path / "syncd.toml").write_text(
        'state = "state"\nsettle_s = 0\n'
        f'[systems.quotes]\nconnector = "perfectquote"\nmapping = "perfectquote"\nbase_url = "{quote["url"]}"\n'
        f'client_id = "{quote["client_id"]}"\nper_minute = 0\n'
        f'[systems.broker]\nconnector = "benefitpoint"\nmapping = "benefitpoint"\nbase_url = "{broker["url"]}"\n'
        f'username = "{broker["username"]}"\n'
    )
    monkeypatch.setenv("SYNCD_SYSTEMS__QUOTES__CLIENT_SECRET", quote["client_secret"])
    monkeypatch.setenv("SYNCD_SYSTEMS__BROKER__PASSWORD", broker["password"])
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path, lambda: tuple(capsys.readouterr()))  # type: ignore[arg-type, return-value]


def setting(office: Office, system: str, **values: Any) -> None:
    """Change settings of a system."""
    file = office.folder / "syncd.toml"
    said = "".join(f"{key} = {value}\n" for key, value in values.items())
    file.write_text(file.read_text().replace(f"[systems.{system}]\n", f"[systems.{system}]\n{said}"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_command_does_not_wait_for_a_day(brokerage, door, status):
    """B9: a vendor that asks to wait 24 h ends the command at once with exit 3 and that reason."""
    door.fault(f"status_{status}", "*", times=None, seconds=86400)
    began = time.monotonic()
    said = brokerage("sync")
    assert said.code == 3
    assert time.monotonic() - began < 20
    assert f"refused for now ({status}), asks to wait 24 h, longer than the 60 s" in said.out + said.err
    assert "retry_for_s" in said.out + said.err


def test_how_long_a_command_waits_is_a_setting(brokerage, door):
    """B9: a wait within `retry_for_s` is waited, and then all is well."""
    door.fault("status_429", "*", times=1, seconds=1)
    setting(brokerage, "quotes", retry_for_s=0.5)
    assert brokerage("sync").code == 3
    door.fault("status_429", "*", times=1, seconds=1)
    setting(brokerage, "quotes")
    file = brokerage.folder / "syncd.toml"
    file.write_text(file.read_text().replace("retry_for_s = 0.5", "retry_for_s = 5"))
    assert brokerage("sync").code == 0
