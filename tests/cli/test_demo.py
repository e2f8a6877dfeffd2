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


# -- the whole story ---------------------------------------------------------------------------------------------------

IMPORT, DECIDE, FIRST = "A client is imported", "Deciding, plan by plan", "The first sync"
FLOW, ANSWERS, REST, WHY = (
    *("What flows, and what is asked", "Questions, and work for a person"),
    *("At rest", "Why does it say that?"),
)
MILESTONES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("whose contract it is", "Two vendors, one plan", ("contract", "the vendor's own")),
    ("and whose not", "Two vendors, one plan", ("contract", "our contract; PerfectQuote publishes none")),
    ("what a vendor cannot take", "Two vendors, one plan", ("BenefitPoint V4 has no call that writes rates",)),
    ("an account by its number", IMPORT, ("$ syncd import benefitpoint --number", story.NUMBER)),
    ("a name is no evidence", IMPORT, ("Only called alike, which is no evidence",)),
    ("a person links it", IMPORT, ("linked:", f"benefitpoint {story.ACCOUNT}", f"perfectquote {story.GROUP}")),
    ("namesakes do not pair", DECIDE, (story.OPTIONS.perfectquote, "is called the same and is no candidate")),
    *(
        (
            "pairs are linked",
            DECIDE,
            ("link ", f"benefitpoint {pair.benefitpoint}", f"perfectquote {pair.perfectquote}"),
        )
        for pair in story.LINKED
    ),
    ("one is left alone", DECIDE, ("ignore", f"benefitpoint {story.HDHP}")),
    ("what a new plan needs", DECIDE, ("paid_by_type:",)),
    ("defaults are shown", DECIDE, ("details.original_effective_date", "default of new")),
    ("a preview first", DECIDE, ("Nothing was stored: this was a dry run.",)),
    ("a plan is created", FIRST, ("create in benefitpoint as",)),
    ("what V4 cannot take is handed off", FIRST, ("leave the note", "rates", "Prosper")),
    ("in the activity log", FIRST, ("activity log", "Open")),
    ("a benefit flows", FLOW, ("perfectquote", "benefits.specialist.in_network", "$25 -> $30", "uncontested edit")),
    ("a detail flows back", FLOW, ("benefitpoint", "details.policy_number", "(empty) -> WA-54-2026")),
    ("a rate is handed off", FLOW, ("enter rates[2026-01-01].ee = 1191.36",)),
    ("with exact values", FLOW, (" │ ", story.RATE, "now 1186.36")),
    ("a disagreement is asked", FLOW, ("benefitpoint $50", "perfectquote $45", "was $25")),
    ("with its rule", FLOW, ("on_conflict is ask", "rule default")),
    ("a vanished plan is asked", FLOW, ("the record no longer exists in perfectquote", "rule default")),
    ("a file is read", ANSWERS, ("answers taken from review files: 1",)),
    ("its answer is carried out", ANSWERS, ("perfectquote", "benefits.urgent_care.in_network", "$45 -> $50", "of Ana")),
    ("the plan is made again", ANSWERS, ("create in perfectquote as",)),
    ("notes close", ANSWERS, ("Closed", "rates", "High Option")),
    ("of the new plan too", ANSWERS, ("Closed", "rates", "Prosper")),
    ("rest", REST, ("0 writes",)),
    ("who changed it", WHY, ("changed in benefitpoint", "$25 -> $50")),
    ("what lost", WHY, ("perfectquote's $45 lost", "Ana")),
    ("what was read back", WHY, ("read back $50",)),
    ("how to go on", "", ("./sandbox.sh", "starts them again")),
    ("what to try", "", ("syncd", "demo --files")),
)
"""Why -> scene (the end, where there is none) -> words of one line."""


def test_the_demo_reaches_every_milestone_and_can_be_gone_on_in(tmp_path: Path) -> None:
    """In one test, so that the story is told once: nothing of it is left running, and nothing of another installation
    is touched."""
    folder, elsewhere = tmp_path / "syncd-demo", tmp_path / "other"
    done = syncd("demo", "--keep", str(folder), SYNCD_STATE=str(elsewhere), SYNCD_RULES=str(elsewhere))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout[-3000:]
    assert sandboxes_in(folder) == []
    told = done.stdout
    scenes = {
        title: scene(told, title) if title else told.partition("That was the demo")[2] for _, title, _ in MILESTONES
    }
    assert [one for one in MILESTONES if not said(scenes[one[1]], *one[2])] == []

    preview, run = scenes[FLOW].split("Now for real.")
    assert "Nothing was written: this was a dry run." in preview
    for words in (words for _, title, words in MILESTONES if title == FLOW and words[0] != " │ "):
        assert said(preview, *words), words
        assert said(run, *words), words
    assert not said(scenes[ANSWERS].rpartition("Dana's notes:")[2], "Open", "syncd:")
    assert " -> " not in scenes[REST]
    assert not said(scenes[REST], "hand-off", "benefitpoint:")

    assert not elsewhere.exists()
    check_secrets(folder, told)
    check_going_on(folder)


def check_secrets(folder: Path, told: str) -> None:
    """They are in files that nobody else may read, and nowhere else."""
    config = (folder / "syncd.toml").read_text()
    tables = tomllib.loads(config)["systems"]
    files = [folder / tables["perfectquote"]["client_secret_file"], folder / tables["benefitpoint"]["password_file"]]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in config
        assert file.read_text().strip() not in told


def check_going_on(folder: Path) -> None:
    """The vendors start again as they were left: nothing to write, and then an edit flows."""
    with vendors_of(folder) as (omar, dana):
        assert counts(folder)["fields"] == 0
        dana.type_benefit(story.HIGH.benefitpoint, "Specialist Visit", "$35 Copayment")
        assert counts(folder)["fields"] == 1
        assert omar.benefit(story.HIGH.perfectquote, "specialist_visit") == "copay 35"
    assert sandboxes_in(folder) == []


@contextmanager
def vendors_of(folder: Path) -> Iterator[tuple[PerfectQuote, BenefitPoint]]:
    """Start them as the demo says, wait until they listen, stop them. Their ports are fixed: another test may have them
    for a moment."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        process = started(folder)
        assert process.stdout is not None
        line = process.stdout.readline()
        if line or time.monotonic() > ends:
            break
        process.communicate()
        time.sleep(1)
    with process:
        try:
            doors: Mapping[str, str] = json.loads(line)["backdoor"]
            yield PerfectQuote(Door(doors["perfectquote"])), BenefitPoint(Door(doors["benefitpoint"]))
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(folder / "sandbox.sh")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={"PATH": PATH}
    )


def counts(folder: Path) -> Mapping[str, Any]:
    """Sync in the folder; what was written, as counted."""
    done = syncd("sync", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    [group] = json.loads(done.stdout)["groups"]
    found: Mapping[str, Any] = group["counts"]
    return found


# -- however it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.prove)])
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
        assert one.port_base != other.port_base
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
