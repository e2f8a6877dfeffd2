"""The sandbox as a process: ready line, real sockets, faults of a real network, back door, clean stop."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncd.cli.commands.sandbox import Ask
from syncd.sandbox.__main__ import options
from syncd.sandbox.server import Options, _listen

CLOCK = "2026-11-20T12:00:00Z"


class Process:
    """`python -m syncd.sandbox` serving PerfectQuote on a free port."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "syncd.sandbox", "--system", "perfectquote", "--port-base", "0"]
        self.process = subprocess.Popen(
            [*command, "--clock", CLOCK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.ready = json.loads(self.line)
        self.system = self.ready["systems"]["perfectquote"]
        self.door = self.ready["backdoor"]["perfectquote"]

    def login(self) -> httpx.Client:
        form = {"grant_type": "client_credentials"}
        form |= {name: self.system[name] for name in ("client_id", "client_secret")}
        token = httpx.post(f"{self.system['url']}/oauth/token", data=form).json()["access_token"]
        return httpx.Client(base_url=self.system["url"], headers={"Authorization": f"Bearer {token}"})

    def post(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.door}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self, number: int) -> tuple[int, float, str, str]:
        """Ask it to stop; exit code, seconds it took, what else it printed."""
        start = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, time.monotonic() - start, out, err


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox") / "state.json"


@pytest.fixture(scope="module")
def shared(state: Path) -> Iterator[Process]:
    made = Process("--state", str(state))
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGKILL)


@pytest.fixture
def sandbox(shared: Process) -> Process:
    shared.post("reset")
    shared.post("clock", now=CLOCK, frozen=False)
    return shared


def test_the_ready_line_says_all_that_a_client_needs(sandbox: Process) -> None:
    assert sandbox.ready["ready"] is True
    assert sandbox.system.keys() == {"url", "client_id", "client_secret", "reviewer", "disabled"}
    assert sandbox.system["url"].startswith("http://127.0.0.1:")
    with sandbox.login() as client:
        assert client.get("/groups").status_code == 200


def test_the_clock_is_set_and_runs_on(sandbox: Process) -> None:
    with sandbox.login() as client:
        sandbox.post("clock", now="2027-03-01T00:00:00Z", frozen=True)
        sandbox.post("clock", advance_s=90)
        assert httpx.get(f"{sandbox.door}/clock").json() == {"now": "2027-03-01T00:01:30.000Z", "frozen": True}
        assert client.get("/groups").json()["code"] == "token_expired"
    answer = httpx.post(f"{sandbox.door}/clock", json={"now": "soon"})
    assert (answer.status_code, "soon" in answer.json()["error"]) == (422, True)


def test_a_dropped_connection_is_a_reset_and_nothing_was_done(sandbox: Process) -> None:
    with sandbox.login() as client:
        sandbox.post("faults", kind="reset", match="POST /v1/groups")
        with pytest.raises(httpx.ReadError):
            client.post("/groups", json={"name": "Lost"})
        assert client.get("/groups?q=Lost").json()["data"] == []


def test_a_lost_reply_is_a_reset_and_the_work_is_done(sandbox: Process) -> None:
    with sandbox.login() as client:
        sandbox.post("faults", kind="lost_reply", match="POST /v1/groups")
        with pytest.raises(httpx.ReadError):
            client.post("/groups", json={"name": "Done"})
        assert len(client.get("/groups?q=Done").json()["data"]) == 1


def test_a_truncated_answer_stops_half_way(sandbox: Process) -> None:
    with sandbox.login() as client:
        sandbox.post("faults", kind="truncated", match="GET /v1/groups")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            client.get("/groups")
        assert client.get("/groups").status_code == 200


def test_answers_that_are_not_the_vendors(sandbox: Process) -> None:
    with sandbox.login() as client:
        for kind in ("status_429", "status_502", "status_503", "html_200"):
            sandbox.post("faults", kind=kind, seconds=7)
        answers = [client.get("/firm") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 502, 503, 200, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["7", None, "7", None, None]
    kinds = [answer.headers["content-type"].partition(";")[0] for answer in answers]
    assert kinds == [
        "application/problem+json",
        "text/html",
        "application/problem+json",
        "text/html",
        "application/json",
    ]


def test_a_slow_answer_is_slow(sandbox: Process) -> None:
    with sandbox.login() as client:
        sandbox.post("faults", kind="latency", seconds=0.3)
        start = time.monotonic()
        assert client.get("/firm").status_code == 200
        assert time.monotonic() - start >= 0.3


def test_requests_are_counted_by_operation(sandbox: Process) -> None:
    with sandbox.login() as client:
        httpx.delete(f"{sandbox.door}/requests")
        group = client.get("/groups?limit=1").json()["data"][0]["id"]
        client.get(f"/groups/{group}")
        client.get("/nowhere")
    counted = httpx.get(f"{sandbox.door}/requests").json()
    assert counted["operations"] == {"GET (unknown)": 1, "GET /v1/groups": 1, "GET /v1/groups/{id}": 1}
    assert counted["total"] == 3


def test_a_snapshot_is_restored_over_the_wire(sandbox: Process) -> None:
    with sandbox.login() as client:
        before = httpx.get(f"{sandbox.door}/snapshot").json()
        client.post("/groups", json={"name": "Passing"})
        sandbox.post("restore", **before)
        assert client.get("/groups?q=Passing").json()["data"] == []


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("switches", {"colour": 1}, "unknown switch 'colour'"),
        ("switches", {"requests_per_minute": "many"}, "expected a value like 120"),
        ("switches", {"pad_money": 1}, "expected a value like False"),
        ("faults", {"kind": "gremlins"}, "unknown kind"),
        ("clock", {"tick": 1}, "unknown field 'tick'"),
        ("edit", {"kind": "x"}, "kind is 'x'"),
    ],
)
def test_a_typo_at_the_back_door_is_no_silent_success(sandbox: Process, path: str, body: Any, says: str) -> None:
    answer = httpx.post(f"{sandbox.door}/{path}", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["error"]


def test_it_stops_cleanly_with_a_request_under_way_and_goes_on_from_its_state(shared: Process, state: Path) -> None:
    """SIGTERM: exit code 0 within 2 s, nothing but the ready line on stdout; the next start finds records and time."""
    shared.post("reset")
    with shared.login() as client:
        client.post("/groups", json={"name": "Kept"})
        shared.post("clock", now="2027-01-01T00:00:00Z")
        shared.post("faults", kind="latency", seconds=30)
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as waiting:
            waiting.sendall(b"GET /v1/firm HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)
            code, took, out, err = shared.stop(signal.SIGTERM)
            assert waiting.recv(12) == b"HTTP/1.1 401"
    assert (code, out) == (0, "")
    assert took < 2
    assert "Traceback" not in err, err
    second = Process("--state", str(state))
    with second.login() as client:
        kept = client.get("/groups?q=Kept").json()["data"]
    now = httpx.get(f"{second.door}/clock").json()["now"]
    assert second.stop(signal.SIGINT)[0] == 0
    assert (len(kept), now.startswith("2027-01-01T00:0")) == (1, True)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "syncd.sandbox", "--system", "perfectquote", "--port-base", str(port - 1)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"port {port} of 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_hands_its_options_on(tmp_path: Path) -> None:
    """What `syncd sandbox` was told is what the process reads."""
    state = tmp_path / "s.json"
    asked = Ask(("benefitpoint",), 9000, 7, CLOCK, state)
    assert options(asked.words()) == Options(("benefitpoint",), 9000, 7, CLOCK, state)
    assert options(Ask((), 8800, 1, None, None).words()) == Options()


def test_syncd_sandbox_becomes_the_sandbox() -> None:
    """Its words, its usage, its exit code."""
    command = [sys.executable, "-m", "syncd", "sandbox", "--system", "paperwork"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid choice: 'paperwork'" in done.stderr


def test_of_two_that_start_at_once_on_one_port_only_one_gets_it() -> None:
    """Two processes may bind the same port; whoever listens has it, and the other must know at once."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        with closing(_listen(other.getsockname()[1])), pytest.raises(OSError, match="in use"):
            other.listen()
