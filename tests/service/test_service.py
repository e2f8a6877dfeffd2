"""The service as a whole, on two file drops: what moves is carried on, who fails stalls nobody, settings change."""

from __future__ import annotations

import asyncio
import shutil
import time
import urllib.request
from contextlib import suppress

import pytest

from syncd import assemble, config, linking
from syncd.connectors.http_pace import deadline
from syncd.errors import StoreError, SyncdError, TransientError
from syncd.review.queue import decide
from syncd.service import groups, observing
from syncd.service.observing import AREA, Tried
from syncd.service.service import AlreadyRunningError, Service
from syncd.sync import observe
from tests.cli.conftest import CRM_GROUP, HIGH, QUOTE_GROUP, STANDARD
from tests.service.conftest import QUICK, add
from tests.service.contract import a_while, until

COPAY = "benefits.urgent_care.in_network"
HOURLY = "\n[service]\nevery_s = 3600\ndrain_s = 1\n"


def conflict(office) -> None:
    """Let two people change one copay to different values."""
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})


@pytest.fixture
def asked(office):
    """An office in which that stands as a question."""
    conflict(office)
    office.ok("sync")
    add(office, HOURLY)
    return office


def page(office, needle: str):
    """Find the review file that asks about something."""
    return next(path for path in (office.folder / "state/review/pending").rglob("*.yaml") if needle in path.read_text())


def answer(office, about: str, said: str) -> None:
    """Fill in the decision of a question in its file."""
    file = page(office, about)
    text = file.read_text()
    at = text.index("decision:", text.index(about))
    file.write_text(text[:at] + f"decision: {said}" + text[text.index("\n", at) :])


async def test_the_limits_of_the_hour_are_the_deadline_of_what_is_asked_of_vendors(office, start, monkeypatch):
    """B9: nothing is waited for beyond the time that a reading or a run has, so it ends with its cause and in order."""
    left: dict[str, float] = {}

    def told(what):
        def ask(real):
            async def asked(*args, **named):
                left[what] = deadline() - time.monotonic()
                return await real(*args, **named)

            return asked

        return ask

    monkeypatch.setattr(groups, "run_once", told("run")(groups.run_once))
    monkeypatch.setattr(observing, "observe", told("reading")(observing.observe))
    add(office, QUICK + "observe_limit_s = 70\ngroup_limit_s = 80\n")
    async with start(office.folder):
        await until(lambda: len(left) == 2)
    assert left == {"reading": pytest.approx(70, abs=5), "run": pytest.approx(80, abs=5)}


# -- what moves --------------------------------------------------------------------------------------------------------


async def test_an_edit_is_carried_to_the_other_system(office, start):
    """And each event of the run bears the ids of run, group and system, and names the field but not its value."""
    add(office)
    async with start(office.folder) as running:
        await running.says("observed", system="quote")
        office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
        applied = await running.says("change_applied")
        await running.says("run_ended", run=applied["run"])
    assert office.row("crm", HIGH)["Employee Only"] == "$441.20"
    assert (applied["system"], applied["fields"]) == ("crm", ["rates[2026-01-01].ee"])
    assert "441" not in repr(running.events)
    [run] = [one for one in running.logged("run_ended") if one["run"] == applied["run"]]
    assert (run["written"], run["group"]) == ({"crm": 1}, applied["group"])


async def test_only_the_group_that_moved_is_run_between_its_slots(office, start):
    """The group ran well within the hour, so it waits; an observation that finds it changed has it run at once."""
    add(office, HOURLY)
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text().replace('folder = "drops/quote"', 'folder = "drops/quote"\npoll_s = 0.2'))
    async with start(office.folder) as running:
        await running.says("observed", system="quote")
        assert running.logged("run_ended") == []
        assert running.logged("observed", system="crm") == []
        office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
        await running.says("change_applied")
        assert len(running.logged("run_ended")) == 1


async def test_a_group_linked_by_another_process_is_taken_up(make_office, start):
    bare = make_office("bare")
    add(bare, HOURLY)
    async with start(bare.folder) as running:
        for system in ("quote", "crm"):
            await running.says("observed", system=system)
        assert running.service._scopes() == []
        other = assemble.build_world(config.load(bare.folder / "syncd.toml"))
        link = await linking.link_groups(other, {"quote": QUOTE_GROUP, "crm": CRM_GROUP}, by="ann")
        await assemble.close(other)
        await running.says("run_ended", group=link.id)
        assert running.service._scopes() == [link.id]


# -- what people decide ------------------------------------------------------------------------------------------------


async def test_an_answer_in_a_review_file_is_carried_out(asked, start):
    async with start(asked.folder) as running:
        answer(asked, COPAY, "crm")
        await running.says("answer_taken", field=COPAY)
        applied = await running.says("change_applied", system="quote")
        await until(lambda: not any(COPAY in text for text in pending(asked)))
    assert applied["fields"] == [COPAY]
    assert asked.row("quote", STANDARD)["benefits"]["care"]["urgent"]["in"].startswith("$60")


def pending(office):
    """Give the texts of the pending files; one that is moved to `done` while we look is not pending."""
    texts = []
    for path in (office.folder / "state/review/pending").rglob("*.yaml"):
        with suppress(FileNotFoundError):
            texts.append(path.read_text())
    return texts


async def test_an_answer_that_cannot_be_used_is_logged_by_its_place(asked, start):
    async with start(asked.folder) as running:
        answer(asked, COPAY, "crmm4711")
        refused = await running.says("answer_refused")
        assert ":" in refused["place"]
        await a_while()
        assert len(running.logged("answer_refused")) == 1
        assert "crmm4711" not in repr(running.events)
        answer(asked, COPAY, "crm")
        await running.says("change_applied", system="quote")


async def test_a_decision_by_another_process_is_carried_out(asked, start):
    async with start(asked.folder) as running:
        store = assemble.open_store(config.load(asked.folder / "syncd.toml"))
        [question] = [one for one in store.questions() if one.proposal.name == COPAY]
        decide(store, question.id, "quote", 1e9, by="ann")
        store.close()
        await running.says("change_applied", system="crm")


@pytest.fixture
def decided(asked):
    """It was answered, and nobody carried it out yet."""
    asked.ok("review", "decide", asked.question("conflict"), "quote")
    return asked


async def test_what_was_decided_before_a_crash_is_carried_out_at_the_start(decided, start):
    async with start(decided.folder) as running:
        await running.says("change_applied", system="crm")


async def test_a_group_that_moved_before_a_crash_is_run_at_the_start(office, start):
    """It ran well within the hour; then a reading found it changed, and the process died."""
    add(office, HOURLY)
    world = assemble.build_world(config.load(office.folder / "syncd.toml"))
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    await observe("quote", world)
    await assemble.close(world)
    async with start(office.folder) as running:
        await running.says("change_applied", system="crm")


@pytest.fixture
def paused(office):
    """An edit that is owed to the other system as long as writes are paused."""
    office.ok("pause", "--all", "--reason", "audit")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync")
    add(office, HOURLY)
    return office


async def test_resumed_writes_are_delivered_at_once(paused, start):
    async with start(paused.folder) as running:
        await a_while()
        assert running.logged("change_applied") == []
        running.service.worlds.store.put("pauses", "", None)
        await running.says("change_applied", system="crm")


# -- who fails ---------------------------------------------------------------------------------------------------------


class Trouble:
    """A connector that does as it is told: works, fails, hangs."""

    def __init__(self, mode: str = "") -> None:
        self.mode, self.asked, self._connector = mode, 0, None

    def __call__(self, world) -> None:
        self._connector = world.systems["crm"].connector
        world.systems["crm"].connector = self

    async def access(self):
        self.asked += 1
        if self.mode == "fails":
            raise TransientError("it answers 503", system="crm")
        if self.mode == "breaks":
            raise KeyError("a mistake of ours")
        if self.mode == "hangs":
            await asyncio.Event().wait()
        return await self._connector.access()

    async def write(self, write) -> None:
        if self.mode == "never answers a write":
            await asyncio.Event().wait()
        await self._connector.write(write)

    def __getattr__(self, name):
        return getattr(self._connector, name)


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("fails", "it answers 503"),
        ("breaks", "reading it failed unexpectedly (KeyError)"),
        ("hangs", "it took longer than 0.2 s to read"),
    ],
)
async def test_a_vendor_that_is_away_stalls_nobody_and_comes_back(office, start, mode, why):
    """The other system is read on time, what is owed waits, and is delivered with the first good reading."""
    add(office, QUICK + "observe_limit_s = 0.2\n")
    crm = Trouble(mode)
    async with start(office.folder, crm) as running:
        failed = await running.says("vendor_failed", system="crm")
        assert why in failed["why"]
        office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
        await running.says("observed", system="quote", changed=1)
        away = await running.says("system_away", system="crm")
        assert why in away["why"]
        assert running.logged("change_applied") == []
        crm.mode = ""
        await running.says("vendor_recovered", system="crm")
        await running.says("change_applied", system="crm")


async def test_what_waited_for_a_vendor_is_delivered_when_it_is_back_not_an_hour_later(office, start):
    add(office, HOURLY)
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text().replace('connector = "files"', 'connector = "files"\npoll_s = 0.1'))
    crm = Trouble("fails")
    async with start(office.folder, crm) as running:
        await running.says("vendor_failed", system="crm")
        office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
        await running.says("run_ended", result="partial")
        crm.mode = ""
        await running.says("change_applied", system="crm")


async def test_a_vendor_that_is_down_is_asked_less_often_and_that_survives_a_restart(office, start):
    add(office)
    crm = Trouble("fails")
    async with start(office.folder, crm) as running:
        await running.says("vendor_failed", failures=3)
        waits = [one["retry_s"] for one in running.logged("vendor_failed")]
        assert len(running.logged("observed", system="quote")) >= len(waits) - 1
    store = assemble.open_store(config.load(office.folder / "syncd.toml"))
    assert Tried.last(store, "crm").failures >= 3
    store.put(AREA, "crm", {"at": store.get(AREA, "crm")["at"], "failures": 9, "error": "503"})
    store.close()
    asked = crm.asked
    async with start(office.folder, crm) as running:
        await a_while()
        assert crm.asked == asked


async def test_a_write_that_hangs_is_given_up_at_a_stop_and_settled_by_the_next_start(office, start):
    add(office, QUICK.replace("drain_s = 1", "drain_s = 0.1"))
    crm = Trouble("never answers a write")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    async with start(office.folder, crm) as running:
        await running.says("observed", system="quote", changed=1)
        await until(lambda: running.service.health.under_way)
        await a_while()
        running.service.stop()
        await asyncio.wait_for(running.task, 3)
        assert running.logged("group_cancelled")
    async with start(office.folder) as running:
        running.events.clear()
        await running.says("change_applied", system="crm")
    assert office.row("crm", HIGH)["Employee Only"] == "$441.20"


async def test_a_stop_does_not_wait_for_a_vendor_that_hangs(office, start):
    """Reading is broken off at once: nothing is half done by it. Only groups are waited for."""
    add(office, QUICK.replace("drain_s = 1", "drain_s = 60"))
    async with start(office.folder, Trouble("hangs")) as running:
        await running.says("observed", system="quote")
        running.service.stop()
        await asyncio.wait_for(running.task, 5)


async def test_a_group_that_another_process_works_on_is_skipped_and_tried_again(office, start, monkeypatch):
    monkeypatch.setattr(groups, "LOCKED_RETRY_S", 0.1)
    add(office, HOURLY)
    lock = assemble.locks(office.folder / "state/locks", 0.0)
    async with start(office.folder) as running:
        [group] = running.service._scopes()
        async with lock(group):
            running.service.engine.enqueue(group)
            await running.says("group_skipped")
        await running.says("run_ended")


async def test_a_run_that_takes_too_long_is_given_up(office, start):
    add(office, QUICK + "group_limit_s = 0.1\n")
    crm = Trouble("never answers a write")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    async with start(office.folder, crm) as running:
        failed = await running.says("run_failed")
        assert "longer than 0.1 s" in failed["why"]
        await running.says("observed", system="quote")


async def test_a_review_folder_that_cannot_be_written_stops_nothing(office, start):
    """A disk that is full, rights that are missing; here a file stands in the way."""
    add(office)
    review = office.folder / "state/review"
    shutil.rmtree(review)
    review.write_text("in the way")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    async with start(office.folder) as running:
        assert "cannot be written" in (await running.says("review_not_shown"))["why"]
        await running.says("change_applied", system="crm")


async def test_a_store_that_cannot_remember_asks_no_vendor_in_a_circle(office, start, monkeypatch):
    add(office)
    crm = Trouble()

    def full(*_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(Tried, "save", full)
    async with start(office.folder, crm) as running:
        await running.says("observer_failed", system="crm")
        await a_while()
        assert crm.asked == 1
        assert running.logged("run_ended")


async def test_one_service_is_enough(office, start):
    async with start(office.folder):
        second = Service(lambda: config.load(office.folder / "syncd.toml"))
        with pytest.raises(AlreadyRunningError, match="Another `syncd run`"):
            await second.run()


# -- settings ----------------------------------------------------------------------------------------------------------


BAD_SETTINGS = [
    ("\nnonsense = 1\n", "there is no such key", "service.nonsense"),
    ("\nevery_s = 0\n", "expected more than 0, got `0`", "service.every_s"),
    ("\n[systems.third]\nmapping = 'crm'\n", "this system names no connector", "systems.third.connector"),
    ("\n[systems.third]\nconnector = 'files'\nmapping = 'crm'\n", "this key is missing", "systems.third.folder"),
    ("\n= 1\n", "not valid TOML", None),
]


async def test_bad_settings_are_refused_and_the_old_ones_stay(office, start):
    toml = office.folder / "syncd.toml"
    add(office, "\n[service]\ndrain_s = 1\n")
    good = toml.read_text()
    async with start(office.folder) as running:
        for text, why, field in BAD_SETTINGS:
            toml.write_text(good + text)
            running.service.reload()
            refused = await running.says_anew("reload_refused")
            assert why in refused["why"]
            assert (refused["field"], refused["file"], bool(refused["line"])) == (field, str(toml), True)
        toml.write_text(good + "every_s = 0.2\n")
        running.service.reload()
        await running.says("reloaded")
        await running.says_anew("observed", system="quote")
    told = [one for one in running.ears.told if not one.startswith(("STATUS", "MONOTONIC"))]
    assert told == ["READY=1", *("RELOADING=1", "READY=1") * (len(BAD_SETTINGS) + 1), "STOPPING=1"]


async def test_bad_rules_are_refused_by_file_and_line(office, start):
    rules = office.folder / "rules.yaml"
    rules.write_text("default:\n  on_conflict: ask\n")
    toml = office.folder / "syncd.toml"
    toml.write_text('rules = "rules.yaml"\n' + toml.read_text())
    async with start(office.folder) as running:
        rules.write_text("default:\n  on_conflict: perhaps\n")
        running.service.reload()
        refused = await running.says("reload_refused")
        assert (refused["file"], refused["line"]) == (str(rules), 2)
        rules.write_text("default:\n  on_conflict: source_of_truth\n  source_of_truth: crm\n")
        running.service.reload()
        await running.says("reloaded")
        conflict(office)
        running.service._observers.nudge("quote")  # crm's edit is found when it is to be written
        await running.says("change_applied", system="quote")


async def test_systems_come_and_go_with_a_reload(office, start):
    toml = office.folder / "syncd.toml"
    add(office)
    both = toml.read_text()
    head, _, rest = both.partition("[systems.crm]")
    service = rest[rest.index("[service]") :]
    toml.write_text(head + service)
    async with start(office.folder) as running:
        await running.says("observed", system="quote")
        assert running.logged("observed", system="crm") == []
        toml.write_text(both)
        running.service.reload()
        await running.says("observed", system="crm")
        toml.write_text(head + service)
        running.service.reload()
        await running.says_anew("reloaded")
        await a_while()
        running.events.clear()
        await running.says("observed", system="quote")
        assert running.logged("observed", system="crm") == []


async def test_the_state_folder_cannot_change_under_it(office, start):
    toml = office.folder / "syncd.toml"
    async with start(office.folder) as running:
        toml.write_text(toml.read_text().replace('state = "state"', 'state = "elsewhere"'))
        running.service.reload()
        refused = await running.says("reload_refused")
        assert (refused["field"], refused["line"]) == ("state", 1)


# -- figures and pings -------------------------------------------------------------------------------------------------


async def test_figures_are_served_on_loopback_when_a_port_is_set(office, start):
    add(office, QUICK + "metrics_port = 0\n")
    async with start(office.folder) as running:
        await running.says("observed", system="quote")
        await running.says("run_ended")
        running.service._measure()
        port = running.service.metrics.port
        told = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read())
    lines = told.decode().splitlines()
    assert any(line.startswith('syncd_observations_total{result="ok",system="quote"}') for line in lines)
    assert any(line.startswith('syncd_runs_total{result="open"}') for line in lines)
    lag = next(line for line in lines if line.startswith('syncd_lag_seconds{system="quote"}'))
    assert 0 <= float(lag.split()[-1]) < 60


async def test_no_port_no_figures(office, start):
    async with start(office.folder) as running:
        assert running.service.metrics.port is None


async def test_the_watchdog_is_fed_while_there_is_progress(office, start):
    add(office)
    async with start(office.folder, ping_s=0.02) as running:
        await until(lambda: running.ears.told.count("WATCHDOG=1") > 3)
        running.service.health._jobs["group:stuck"] = -1.0
        await running.says("watchdog_withheld", why="group:stuck is past its limit")
        running.ears.told.clear()
        await a_while()
        assert "WATCHDOG=1" not in running.ears.told
        assert "STATUS=group:stuck is past its limit" in running.ears.told
        del running.service.health._jobs["group:stuck"]
        await until(lambda: "WATCHDOG=1" in running.ears.told)


# -- once --------------------------------------------------------------------------------------------------------------


async def once(office, trouble=lambda _: None) -> str:
    def build(settings):
        world = assemble.build_world(settings, wait_s=0.0)
        trouble(world)
        return world

    return await Service(lambda: config.load(office.folder / "syncd.toml"), build=build, settle_s=0.0).once()


async def test_once_does_what_is_due_and_ends(office, events):
    """Everything was read a moment ago, so nothing is due; an hour later it is."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    assert await once(office) == "ok"
    assert events == []
    add(office, "\n[service]\nevery_s = 0.01\n")
    assert await once(office) == "open"
    assert office.row("crm", HIGH)["Employee Only"] == "$441.20"


@pytest.mark.parametrize(("mode", "result"), [("fails", "partial"), ("breaks", "partial")])
async def test_once_says_what_failed(office, events, mode, result):
    add(office, "\n[service]\nevery_s = 0.01\n")
    assert await once(office, Trouble(mode)) == result


async def test_once_says_what_a_guard_refused(office, events):
    shutil.rmtree(office.folder / "drops/crm")
    (office.folder / "drops/crm").mkdir()
    add(office, "\n[service]\nevery_s = 0.01\n")
    assert await once(office) in ("refused", "partial")


async def test_a_missing_store_is_an_error_before_anything_starts(office):
    (office.folder / "state/syncd.db").write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(SyncdError):
        Service(lambda: config.load(office.folder / "syncd.toml"))
