"""`syncd run` as systemd would start it: a process of its own, with signals, a notify socket and JSON on stderr."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import HIGH, STANDARD, Office
from tests.service.conftest import add
from tests.service.test_service import COPAY, answer


class Process:
    """The program, what it logs and what it tells the service manager."""

    def __init__(self, folder: Path, socket_file: Path) -> None:
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(socket_file))
        self.log = folder / "stderr.log"
        self.told: list[str] = []
        environ = {**os.environ, "NOTIFY_SOCKET": str(socket_file), "WATCHDOG_USEC": "600000"}
        environ.pop("WATCHDOG_PID", None)
        with self.log.open("wb") as stderr:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "syncd", "run"], cwd=folder, env=environ, stderr=stderr, stdout=stderr
            )

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().rpartition("\n")[0].splitlines()]

    def says(self, event: str, seconds: float = 15.0, **fields: Any) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [one for one in self.events() if one["event"] == event and fields.items() <= one.items()]
            if found:
                return found[-1]
            assert self.program.poll() is None, self.log.read_text()
            self.listen()
            time.sleep(0.02)
        raise AssertionError(f"no {event} {fields} in {self.log.read_text()}")

    def listen(self) -> None:
        """Take in what the service manager is told."""
        while select.select([self.manager], [], [], 0)[0]:
            self.told += self.manager.recv(4096).decode().splitlines()

    def end(self) -> None:
        self.program.kill()
        self.program.wait()
        self.manager.close()


@pytest.fixture
def process(office: Office, tmp_path: Path):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.ok("sync")
    add(office, "\n[service]\nevery_s = 0.5\ndrain_s = 5\n")
    started = Process(office.folder, tmp_path / "notify")
    yield started
    started.end()


def test_the_hour_of_a_process(office, process):
    """One life: it starts, carries an edit and an answer, refuses bad settings, takes good ones, and ends in order."""
    process.says("service_started")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    process.says("change_applied", system="crm")
    assert office.row("crm", HIGH)["Employee Only"] == "$441.20"

    answer(office, COPAY, "crm")
    began = time.monotonic()
    process.says("change_applied", system="quote", fields=[COPAY])
    assert time.monotonic() - began < 10
    assert "READY=1" in process.told
    assert process.told.count("WATCHDOG=1") > 2

    toml = office.folder / "syncd.toml"
    good = toml.read_text()
    toml.write_text(good + "every_seconds = 1\n")
    process.program.send_signal(signal.SIGHUP)
    refused = process.says("reload_refused")
    assert (refused["file"], refused["field"]) == ("syncd.toml", "service.every_seconds")
    assert refused["line"] == len(good.splitlines()) + 1
    toml.write_text(good + "concurrency = 2\n")
    process.program.send_signal(signal.SIGHUP)
    process.says("reloaded")

    process.program.send_signal(signal.SIGTERM)
    assert process.program.wait(8) == 0
    process.listen()
    assert process.told.count("RELOADING=1") == 2
    assert "STOPPING=1" in process.told
    assert process.events()[-1]["event"] == "service_stopped"
    assert "441.20" not in process.log.read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--once"], 0, ""),
        (["--config", "nowhere.toml"], 2, "syncd: error: nowhere.toml: --config names this file and it is not there"),
    ],
)
def test_it_ends_with_a_code_and_no_traceback(office, words, code, said):
    command = [sys.executable, "-m", "syncd", "run", *words]
    done = subprocess.run(command, cwd=office.folder, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
