"""A vendor in trouble, seen from the command line: what was the matter is on the screen, and nobody waits for ever."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from syncd.connectors.http import sent_to
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
    assert f"refused for now ({status}) by http://127.0.0.1:" in said.out + said.err
    assert ", asks to wait 24 h, longer than the 60 s" in said.out + said.err
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


# -- a vendor that we play ourselves ----------------------------------------------------------------------------------

Answer = Callable[[str, bytes], tuple[int, dict[str, str], bytes]]
TOKEN = "g1v3n-0ut/by+the=vendor"
LOGIN = json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode()


@contextmanager
def vendor(answer: Answer) -> Iterator[str]:
    """Serve answers on loopback; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, content = answer(self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the library's own name

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def alone(office: Office, system: str, address: str, *, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a system be the only one, at another address, asked once; log into a file."""
    other = {"quotes": "BROKER__PASSWORD", "broker": "QUOTES__CLIENT_SECRET"}[system]
    monkeypatch.delenv(f"SYNCD_SYSTEMS__{other}")
    names = {"quotes": ("perfectquote", 'client_id = "me"'), "broker": ("benefitpoint", 'username = "me"')}
    connector, user = names[system]
    (office.folder / "syncd.toml").write_text(
        f'state = "state"\n[systems.{system}]\nconnector = "{connector}"\nmapping = "{connector}"\n'
        f'base_url = "{address}"\n{user}\nretry_for_s = 0\n[log]\nfile = "syncd.log"\n'
    )


def held_anywhere(office: Office, said: str) -> str:
    """Give all that was said, logged and stored."""
    files = [path for path in office.folder.rglob("*") if path.is_file() and path.name != "syncd.toml"]
    return said + "".join(path.read_bytes().decode("latin-1") for path in files)


def echo(*secrets: str) -> str:
    """Give what a careless vendor says of a failed request: all it was sent, in every way."""
    forms = [(one, quote(one, safe=""), base64.b64encode(one.encode()).decode()) for one in secrets]
    return "; ".join(form for each in forms for form in each)


@pytest.mark.parametrize("status", [400, 404, 503])
def test_a_secret_that_a_vendor_echoes_is_nowhere(brokerage, monkeypatch, status):
    """R17: what a vendor repeats of our secret and of its own token is not printed, not in --json, stored or logged."""
    secret = "s3cret/of & the client"
    monkeypatch.setenv("SYNCD_SYSTEMS__QUOTES__CLIENT_SECRET", secret)
    told = {"code": "odd", "detail": f"you sent {echo(secret, TOKEN)}", "errors": [{"pointer": secret, "code": TOKEN}]}

    def answer(path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, LOGIN) if path.endswith("token") else (status, {}, json.dumps(told).encode())

    with vendor(answer) as address:
        alone(brokerage, "quotes", f"{address}/v1", monkeypatch=monkeypatch)
        said = [brokerage(*words) for words in (("sync",), ("sync", "--json"), ("doctor", "--json"), ("status",))]
    everything = held_anywhere(brokerage, "".join(one.out + one.err for one in said))
    for form in echo(secret, TOKEN).split("; "):
        assert form not in everything
    assert "traceback" not in everything.lower()


@pytest.mark.parametrize("where", ["login", "call"])
def test_a_password_and_a_session_in_a_fault_are_nowhere(brokerage, monkeypatch, where):
    """R17: nor what a SOAP fault repeats."""
    password, session = "p4ss <word> & more", "s3ss10n-of-a-broker"
    monkeypatch.setenv("SYNCD_SYSTEMS__BROKER__PASSWORD", password)
    fault = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'

    def answer(path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {"Content-Type": "text/xml"}
        if b"login" in body and where == "call":
            name = "http://ws.benefitpoint.aptusconnect.com/login/v2"
            inner = (
                f'<r:loginResponse xmlns:r="{name}"><r:loginResult><r:sessionID>{session}</r:sessionID></r:loginResult>'
            )
            return 200, headers, (fault % f"{inner}</r:loginResponse>").encode()
        words = echo(password, session).replace("&", "&amp;").replace("<", "&lt;")
        inner = f"<s:Fault><faultcode>s:Server</faultcode><faultstring>odd: {words}</faultstring></s:Fault>"
        return 500, headers, (fault % inner).encode()

    with vendor(answer) as address:
        alone(brokerage, "broker", address, monkeypatch=monkeypatch)
        said = [brokerage(*words) for words in (("sync",), ("sync", "--json"), ("doctor", "--json"))]
    everything = held_anywhere(brokerage, "".join(one.out + one.err for one in said))
    for form in echo(password, *([session] if where == "call" else [])).split("; "):
        assert form not in everything


@pytest.mark.parametrize(
    ("system", "base", "path"), [("quotes", "/v1", "/v1/oauth/token"), ("broker", "", "/services/LoginV2SOAP")]
)
def test_a_reply_that_unfolds_to_gigabytes_is_refused(brokerage, monkeypatch, system, base, path):
    """R15: whatever a vendor serves, on any of its addresses, the command says which setting it is beyond."""
    packed = gzip.compress(b" " * 50_000_000)

    def answer(asked: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Encoding": "gzip"}, packed

    with vendor(answer) as address:
        alone(brokerage, system, address + base, monkeypatch=monkeypatch)
        said = brokerage("sync")
    assert said.code == 3
    told = said.out + said.err
    assert f"{system}: " in told
    assert f"the answer of {address}{path} is larger than 32 MB" in told
    assert "max_reply_mb" in told


# -- what is the matter ------------------------------------------------------------------------------------------------

PAGE = (200, {"Content-Type": "text/html"}, b"<!doctype html><title>Welcome to nginx!</title>")


@pytest.mark.parametrize("system", ["quotes", "broker"])
@pytest.mark.parametrize("words", [("sync",), ("doctor",), ("sync", "--json")])
def test_a_vendor_that_is_down_is_named_with_its_address(brokerage, monkeypatch, system, words):
    """N17: that nobody listens is said, and where, by each command that asks."""
    alone(brokerage, system, "http://127.0.0.1:9/x", monkeypatch=monkeypatch)
    said = brokerage(*words)
    assert "not connected to http://127.0.0.1:9: the connection was refused" in said.out + said.err


@pytest.mark.parametrize("system", ["quotes", "broker"])
@pytest.mark.parametrize(
    ("what", "reply", "told"),
    [
        ("nothing there", (404, {"Content-Type": "application/json"}, b"{}"), "404"),
        ("a page", PAGE, "a web page instead of data"),
        ("a page that says no", (404, *PAGE[1:]), "404"),
    ],
)
def test_a_wrong_address_does_not_blame_the_secret(brokerage, monkeypatch, system, what, reply, told):
    """N17: where something else answers than the API, the hint is to look at base_url, which is named."""
    with vendor(lambda path, body: reply) as address:
        alone(brokerage, system, f"{address}/wrong", monkeypatch=monkeypatch)
        said = brokerage("doctor")
    assert told in said.out
    assert f"{address}/wrong/" in said.out
    assert "Check base_url" in said.out
    assert "Nothing to do" not in said.out
    assert "client_secret" not in said.out


def test_a_credential_that_is_refused_is_said_to_be(brokerage, monkeypatch):
    """N17: and where it is the secret, that is said."""
    with vendor(lambda path, body: (401, {}, b'{"error": "invalid_client"}')) as address:
        alone(brokerage, "quotes", address, monkeypatch=monkeypatch)
        said = brokerage("doctor")
    assert "401 invalid_client" in said.out
    assert "Check client_id and client_secret" in said.out


def test_a_command_after_an_outage_asks_the_system_again(brokerage, door):
    """N13: what a command met is no reason for the next one not to ask."""
    door.fault("reset", "*", times=None)
    setting(brokerage, "quotes", retry_for_s=0)
    assert brokerage("sync").code == 3
    door.call("DELETE", "faults")
    assert brokerage("sync").code == 0


def told_by(office: Office, system: str) -> list[dict[str, Any]]:
    """Run once as the service does; give the events about a system."""
    lines = [json.loads(line) for line in office("run", "--once").err.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("system") == system]


@pytest.mark.parametrize(("system", "name"), [("quotes", "perfectquote"), ("broker", "benefitpoint")])
def test_requests_are_counted_at_the_door_whatever_the_connector(brokerage, sandbox, door, system, name):
    """N15: log and metrics tell as many requests as the vendor was asked."""
    before = sent_to(system)
    [event] = [one for one in told_by(brokerage, system) if one["event"] == "observed"]
    served = sum(sandbox.backdoors[name].requests().values())
    assert event["requests"] > 0
    assert served - 1 <= sent_to(system) - before <= served  # a logout is sent after all
    assert event["requests"] <= served


def test_a_reading_that_failed_is_a_warning_with_its_cause(brokerage, monkeypatch):
    """N15: what could not be read is not told as read, with no records, at info."""
    alone(brokerage, "quotes", "http://127.0.0.1:9/x", monkeypatch=monkeypatch)
    [event] = told_by(brokerage, "quotes")
    assert (event["event"], event["level"]) == ("vendor_failed", "warning")
    assert "not connected to http://127.0.0.1:9: the connection was refused" in event["why"]
    assert brokerage("sync").code == 3
    lines = [json.loads(line) for line in (brokerage.folder / "syncd.log").read_text().splitlines()]
    [failed] = [line for line in lines if line.get("system") == "quotes" and "retry_s" not in line]
    assert (failed["event"], failed["level"]) == ("vendor_failed", "warning")
    assert "the connection was refused" in failed["why"]
