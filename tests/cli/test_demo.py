"""The demo on PerfectQuote and BenefitPoint is told to its end, stops its vendors, and can be gone on in."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.demo.vendors import sandbox, story
from syncd.cli.demo.vendors.people import BenefitPoint, Door, PerfectQuote
from syncd.cli.demo.vendors.sandbox import SandboxError
from syncd.errors import ConfigError

PROGRAM = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())"]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
PATIENCE_S = 180


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where another installation keeps its state, as the environment says."""
    return tmp_path_factory.mktemp("other") / "state"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "syncd-demo"


@pytest.fixture(scope="module")
def told(folder: Path, elsewhere: Path) -> str:
    """Have the demo told once; what it says."""
    done = syncd("demo", "--keep", str(folder), SYNCD_STATE=str(elsewhere), SYNCD_RULES=str(elsewhere))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout[-3000:]
    return done.stdout


def syncd(*words: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        cwd=cwd,
        env={**os.environ, "PATH": PATH, **environ},
    )


def scene(told: str, title: str) -> str:
    """Cut one scene out of the story."""
    return re.split(r"^── ", told.partition(f". {title} ─")[2], maxsplit=1, flags=re.MULTILINE)[0]


def said(text: str, *words: str) -> bool:
    """Tell whether a line of the text holds these words in this order."""
    return any(re.search(".*".join(map(re.escape, words)), line) for line in text.splitlines())


def sandboxes_in(folder: Path) -> list[str]:
    """Find the sandboxes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"syncd.sandbox" in (process / "cmdline").read_bytes() and (process / "cwd").resolve() == folder:
                found.append(process.name)
        except OSError:  # it has ended meanwhile
            continue
    return found


# -- what is told ------------------------------------------------------------------------------------------------------


def test_whose_contract_it_is_and_what_a_vendor_cannot_take(told: str) -> None:
    systems = scene(told, "Two vendors, one plan")
    assert said(systems, "contract", "the vendor's own")
    assert said(systems, "contract", "our contract; PerfectQuote publishes none")
    assert said(systems, "BenefitPoint V4 has no call that writes rates")


def test_a_client_is_imported_by_its_number(told: str) -> None:
    imported = scene(told, "A client is imported")
    assert said(imported, "$ syncd import benefitpoint --number", story.NUMBER)
    assert said(imported, "Only called alike, which is no evidence")
    assert said(imported, "linked:", f"benefitpoint {story.ACCOUNT}", f"perfectquote {story.GROUP}")


def test_plans_of_one_name_and_two_carriers_do_not_pair(told: str) -> None:
    decided = scene(told, "Deciding, plan by plan")
    assert said(decided, story.OPTIONS.perfectquote, "is called the same and is no candidate", "names are no evidence")
    for pair in story.LINKED:
        assert said(decided, "link ", f"benefitpoint {pair.benefitpoint}", f"perfectquote {pair.perfectquote}")
    assert said(decided, "ignore", f"benefitpoint {story.HDHP}")


def test_what_a_new_plan_needs_is_asked_once_and_shown(told: str) -> None:
    decided = scene(told, "Deciding, plan by plan")
    assert said(decided, "paid_by_type:")
    assert decided.count("Nothing was stored: this was a dry run.") == 1
    assert said(decided, "details.original_effective_date", "default of new")


def test_the_first_sync_creates_and_hands_off(told: str) -> None:
    first = scene(told, "The first sync")
    assert said(first, "create in benefitpoint as")
    assert said(first, "leave the note", "rates", "Prosper")
    assert said(first, "activity log", "Open")


@pytest.mark.parametrize(
    "words",
    [
        ("perfectquote", "benefits.specialist.in_network", "$25 -> $30", "uncontested edit"),
        ("benefitpoint", "details.policy_number", "(empty) -> WA-54-2026", "uncontested edit"),
        ("hand-off", "benefitpoint:rates[2026-01-01]"),
        ("enter rates[2026-01-01].ee = 1191.36",),
        ("conflict", "benefits.urgent_care.in_network"),
        ("benefitpoint $50", "perfectquote $45", "was $25"),
        ("on_conflict is ask", "rule default"),
        ("the record no longer exists in perfectquote", "rule default"),
    ],
)
def test_edits_flow_and_disagreements_are_asked(told: str, words: tuple[str, ...]) -> None:
    """In the preview and in the run."""
    preview, run = scene(told, "What flows, and what is asked").split("Now for real.")
    assert said(preview, *words)
    assert said(run, *words)
    assert "Nothing was written: this was a dry run." in preview


def test_the_note_says_exactly_what_to_enter(told: str) -> None:
    note = scene(told, "What flows, and what is asked").partition("as Dana is asked for it")[2]
    assert said(note, story.RATE)
    assert said(note, "1186.36")


def test_answers_are_carried_out_and_entered_values_close_their_notes(told: str) -> None:
    answers = scene(told, "Questions, and work for a person")
    assert "answers taken from review files: 1" in answers
    assert said(answers, "perfectquote", "benefits.urgent_care.in_network", "$45 -> $50", "of Ana")
    assert said(answers, "create in perfectquote as")
    assert said(answers, "close the note", "High Option")
    notes = answers.rpartition("Dana's notes:")[2]
    assert said(notes, "Closed", "rates", "High Option")
    assert said(notes, "Closed", "rates", "Prosper")
    assert not said(notes, "Open", "syncd:")


def test_it_comes_to_rest(told: str) -> None:
    rest = scene(told, "At rest")
    assert "0 writes" in rest
    assert " -> " not in rest
    assert not said(rest, "hand-off", "benefitpoint:")


def test_a_value_is_accounted_for(told: str) -> None:
    why = scene(told, "Why does it say that?")
    for words in (("changed in benefitpoint", "$25 -> $50"), ("perfectquote's $45 lost", "Ana"), ("read back $50",)):
        assert said(why, *words)


def test_it_ends_with_what_to_try(told: str) -> None:
    end = told.partition("That was the demo")[2]
    assert said(end, "./sandbox.sh", "starts them again")
    assert all(said(end, "syncd", words) for words in ("status", "why", "import", "demo --files"))


# -- what is left ------------------------------------------------------------------------------------------------------


def test_its_vendors_have_stopped(told: str, folder: Path) -> None:
    assert sandboxes_in(folder) == []


def test_another_installation_is_left_alone(told: str, elsewhere: Path) -> None:
    """What the environment names is somebody's real state."""
    assert not elsewhere.exists()


def test_its_secrets_are_in_files_that_nobody_else_may_read(told: str, folder: Path) -> None:
    config = (folder / "syncd.toml").read_text()
    tables = tomllib.loads(config)["systems"]
    files = [folder / tables["perfectquote"]["client_secret_file"], folder / tables["benefitpoint"]["password_file"]]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in config
        assert file.read_text().strip() not in told


def test_the_folder_can_be_gone_on_in(told: str, folder: Path) -> None:
    """The vendors start again as they were left: nothing to write, and then an edit flows."""
    with vendors_of(folder) as (omar, dana):
        assert counts(folder)["fields"] == 0
        dana.type_benefit(story.HIGH.benefitpoint, "Specialist Visit", "$35 Copayment")
        assert counts(folder)["fields"] == 1
        assert omar.benefit(story.HIGH.perfectquote, "specialist_visit") == "copay 35"
    assert sandboxes_in(folder) == []
    with vendors_of(folder) as (omar, _):
        assert omar.benefit(story.HIGH.perfectquote, "specialist_visit") == "copay 35"


@contextmanager
def vendors_of(folder: Path) -> Iterator[tuple[PerfectQuote, BenefitPoint]]:
    """Start them as the demo says, wait until they listen, stop them."""
    with subprocess.Popen(
        [str(folder / "sandbox.sh")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={"PATH": PATH}
    ) as process:
        assert process.stdout is not None
        try:
            doors: Mapping[str, str] = json.loads(process.stdout.readline())["backdoor"]
            yield PerfectQuote(Door(doors["perfectquote"])), BenefitPoint(Door(doors["benefitpoint"]))
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


def counts(folder: Path) -> Mapping[str, Any]:
    """Sync in the folder; what was written, as counted."""
    done = syncd("sync", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    [group] = json.loads(done.stdout)["groups"]
    found: Mapping[str, Any] = group["counts"]
    return found


# -- however it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_stopped_leaves_no_vendor_behind(tmp_path: Path, number: signal.Signals) -> None:
    at = tmp_path / "demo"
    with subprocess.Popen(
        [*PROGRAM, "demo", "--keep", str(at)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "── 2." not in process.stdout.readline():
            assert process.poll() is None
        assert len(sandboxes_in(at)) == 1
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert "Traceback" not in complaint
    assert sandboxes_in(at) == []


def test_taken_ports_are_passed_over(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for at in (first, second):
        at.mkdir()
    with sandbox.running(first) as one, sandbox.running(second) as other:
        assert one.port_base < other.port_base
    assert sandboxes_in(first) == sandboxes_in(second) == []
    assert (first / sandbox.STATE).exists()


def test_a_sandbox_that_does_not_start_says_where_to_look(tmp_path: Path) -> None:
    (tmp_path / sandbox.STATE).write_text("no snapshot")
    with pytest.raises(SandboxError, match="did not start") as raised, sandbox.running(tmp_path):
        pass
    assert raised.value.file == str(tmp_path / sandbox.LOG)
    assert (tmp_path / sandbox.LOG).read_text()


def test_without_a_web_server_it_names_the_story_that_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as raised, sandbox.running(tmp_path):
        pass
    assert "demo --files" in (raised.value.hint or "")


# -- the story's ids ---------------------------------------------------------------------------------------------------


def test_the_ids_are_those_of_the_sandbox() -> None:
    """In the world that the demo starts: the seed's plans by what they are called in the story."""
    from syncd.sandbox.seed.load import load

    group = next(one for one in load(sandbox.SEED).groups if one.name == story.NAME)
    assert (group.number, dict(group.ids)) == (
        story.NUMBER,
        {"perfectquote": story.GROUP, "benefitpoint": story.ACCOUNT},
    )
    plans = {tuple(sorted(plan.ids.items())): plan.fields["details.name"] for plan in group.plans}
    for pair in story.LINKED:
        assert plans[("benefitpoint", pair.benefitpoint), ("perfectquote", pair.perfectquote)] == pair.name
    assert plans[(("perfectquote", story.PROSPER),)] == story.PROSPER_NAME
    assert (("benefitpoint", story.HDHP),) in plans


def test_what_the_people_type_into_exists() -> None:
    """BenefitPoint's attribute and column ids of a medical plan, as the sandbox has them."""
    from syncd.cli.demo.vendors.people import ATTRIBUTES, IN_NETWORK
    from syncd.sandbox.benefitpoint.catalogue import Catalogue

    catalogue = Catalogue(tenant=1, carrier_names=())
    medical = catalogue.type_ids["hmo"]
    assert ATTRIBUTES.items() <= {title: number for number, title in catalogue.all_attributes(medical).items()}.items()
    assert catalogue.columns(medical)["in_network"] == IN_NETWORK


def test_a_person_who_cannot_be_reached_ends_the_story_in_words() -> None:
    from syncd.cli.demo.telling import DemoStoppedError

    started = time.monotonic()
    with pytest.raises(DemoStoppedError, match="does not answer"):
        Door("http://127.0.0.1:9/__sandbox").call("GET", "snapshot")
    assert time.monotonic() - started < 5
