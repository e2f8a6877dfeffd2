"""The small parts: notify, health, cadence and back-off, the settings of the hour."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import pytest

from syncd import config
from syncd.apply.world import LiveSystem
from syncd.connectors.base import Changes
from syncd.errors import ConfigError
from syncd.service.health import BEAT_LIMIT_S, GRACE_S, Health
from syncd.service.metrics import Metrics
from syncd.service.notify import PATIENCE_S, Notifier
from syncd.service.observing import LONGEST_RETRY_S, Tried, cadence_s, due_in, wait_s

# -- notify ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True], ids=["a file", "abstract"])
def test_the_service_manager_is_told(tmp_path, abstract):
    """systemd gives a path, or a name that begins with @ for a socket without a file."""
    name = f"@syncd-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1) if abstract else name)
        manager.settimeout(2)
        Notifier({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=in step")
        assert manager.recv(4096) == b"READY=1\nSTATUS=in step"


def test_a_manager_that_does_not_read_does_not_stop_the_service(tmp_path):
    """The kernel keeps some ten datagrams, then a sender waits: it was once forever."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        began, number = time.monotonic(), 0
        while time.monotonic() - began < PATIENCE_S:
            notifier.tell("WATCHDOG=1")
            number += 1
        assert number > 5
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody/listens"}])
def test_nobody_listens_and_nothing_fails(environ):
    Notifier(environ).tell("READY=1")


@pytest.mark.parametrize(
    ("environ", "ping_s"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_three_pings_in_the_time_of_the_watchdog_when_it_is_ours(environ, ping_s):
    assert Notifier(environ).ping_s == ping_s


# -- health ------------------------------------------------------------------------------------------------------------


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_waiting_for_the_next_hour_is_no_trouble(clock):
    health = Health(clock)
    clock.now += 3600
    assert health.trouble() == ""


def test_a_job_within_its_limit_is_no_trouble_and_past_it_is(clock):
    health = Health(clock)
    with health.job("group:a", 10), health.job("observe:crm", 1000):
        clock.now += 10 + GRACE_S
        assert (health.trouble(), health.under_way) == ("", 2)
        clock.now += 1
        assert health.trouble() == "group:a is past its limit"
    assert (health.trouble(), health.under_way, health.done) == ("", 0, 2)


def test_what_must_come_round_is_missed_when_it_does_not(clock):
    health = Health(clock)
    health.beat("scheduler")
    clock.now += BEAT_LIMIT_S + 1
    assert health.trouble() == "no sign of scheduler"
    health.beat("scheduler")
    assert health.trouble() == ""


# -- cadence -----------------------------------------------------------------------------------------------------------


class Lists:
    system = "crm"


class Tells(Lists):
    async def position(self) -> str:
        return ""

    async def changes(self, position, groups=None) -> Changes:
        return Changes("")


@pytest.mark.parametrize(
    ("why", "connector", "system", "service", "expected"),
    [
        ("a system that only lists: once an hour", Lists(), {}, {}, 3600.0),
        ("a system that tells what moved: every two minutes", Tells(), {}, {}, 120.0),
        ("each as the service says", Tells(), {}, {"feed_poll_s": 30}, 30.0),
        ("or as its own table says", Tells(), {"poll_s": 300}, {"feed_poll_s": 30}, 300.0),
        ("which goes for a listing, too", Lists(), {"poll_s": 300}, {}, 300.0),
    ],
)
def test_how_often_a_system_is_read(why, connector, system, service, expected):
    settings = config.Config(systems={"crm": {"connector": "x", **system}}, service=service)
    assert cadence_s(settings, LiveSystem("crm", connector, {})) == expected


@pytest.mark.parametrize(
    ("failures", "cadence", "expected"),
    [
        (0, 3600.0, 3600.0),
        (1, 3600.0, 60.0),
        (2, 3600.0, 120.0),
        (5, 3600.0, 960.0),
        (9, 3600.0, LONGEST_RETRY_S),
        (1, 30.0, 30.0),
        (3, 30.0, 120.0),
        (99, 30.0, LONGEST_RETRY_S),
        (99, 86400.0, 86400.0),
    ],
)
def test_a_system_that_fails_is_asked_again_soon_then_ever_less_often(failures, cadence, expected):
    assert wait_s(Tried(0.0, failures), cadence) == expected


@pytest.mark.parametrize(
    ("why", "tried", "seen", "due"),
    [
        ("never tried", Tried(), 0.0, True),
        ("read just now", Tried(1e9), 1e9, False),
        ("read by another process", Tried(1e9 - 9000), 1e9 - 10, False),
        ("read a period ago", Tried(1e9 - 3600), 1e9 - 3600, True),
        ("tried again a moment ago, in vain", Tried(1e9 - 5, 3), 1e9 - 10, False),
        ("read by a clock that was ahead", Tried(1e9 + 86400), 1e9 + 86400, True),
        ("failed by a clock that was ahead", Tried(1e9 + 86400, 3), 1e9 - 10, True),
        ("read since by a clock that is right", Tried(1e9 - 5), 1e9 + 86400, False),
    ],
)
def test_a_clock_that_was_set_delays_no_reading(why, tried, seen, due):
    """B10: a system is due a wait after it was last tried or seen, by no stamp of the future."""
    assert (due_in(1e9, tried, seen, 3600.0) <= 0) is due, why


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(tmp_path):
    def told(text: str) -> ConfigError:
        file = tmp_path / "syncd.toml"
        file.write_text(text)
        with pytest.raises(ConfigError) as caught:
            config.load(file)
        return caught.value

    return told


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("[service]\nevry_s = 1\n", "there is no such key; did you mean `every_s`?", 2),
        ("[service]\n\nconcurrency = 0\n", "expected at least 1, got `0`", 3),
        ("[service]\ndrain_s = 'long'\n", "expected a number, got `long`", 2),
        ("[service]\nmetrics_port = 70000\n", "expected at most 65535, got `70000`", 2),
        ("[systems.crm]\nconnector = 'files'\npoll_s = 0\n", "expected more than 0, got `0`", 3),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(refused, text, said, line):
    error = refused(text)
    assert (error.message, error.line) == (said, line)


def test_a_folder_of_credentials_names_systems_and_keys(tmp_path, monkeypatch):
    """systemd puts the id of LoadCredential before the names of the files of a folder."""
    for name, secret in (("syncd_crm__password", "one"), ("quote__client_secret", "two")):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    file = tmp_path / "syncd.toml"
    file.write_text("[systems.crm]\nconnector = 'x'\n[systems.quote]\nconnector = 'x'\n")
    systems = config.load(file).systems
    assert systems["crm"].settings == {"password": "one"}
    assert systems["quote"].settings == {"client_secret": "two"}


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_an_error_with_its_key():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        metrics = Metrics()
        with pytest.raises(ConfigError, match=r"service\.metrics_port: port \d+ of 127\.0\.0\.1 cannot be used"):
            metrics.serve(taken.getsockname()[1])
    assert metrics.port is None


async def test_another_port_takes_the_place_of_the_first():
    metrics = Metrics()
    metrics.serve(0)
    first = metrics.port
    metrics.serve(0)
    assert metrics.port == first
    await asyncio.to_thread(metrics.serve, None)
    assert metrics.port is None


def test_requests_that_connectors_counted_are_taken_over_once():
    metrics = Metrics()
    for told in (3, 5, 2):  # the third was counted by a connector that began anew
        metrics.count_requests({"crm": told})
    assert metrics.registry.get_sample_value("syncd_vendor_requests_total", {"system": "crm"}) == 7
