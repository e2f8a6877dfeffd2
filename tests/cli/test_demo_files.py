"""The story of the file drops comes to its end, says what happened, leaves nothing to write, touches nothing else."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import main
from syncd.cli.commands import demo
from syncd.cli.demo import folder as demo_folder
from syncd.cli.demo.files import folder as files
from syncd.cli.demo.files.drops import SETTINGS, write_drops
from syncd.cli.demo.files.seed import SYSTEMS
from syncd.cli.demo.files.story import LINKED
from syncd.cli.session import Session
from syncd.errors import ConfigError

PROGRAM = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())"]


def tell(folder: Path, environ: Mapping[str, str]) -> str:
    """Have the demo told in a process of its own; give what it says."""
    done = subprocess.run(
        [*PROGRAM, "demo", "--files", "--keep", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environ},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where another installation keeps its state, as the environment says."""
    return tmp_path_factory.mktemp("other") / "state"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "syncd-demo"


@pytest.fixture(scope="module")
def told(folder: Path, elsewhere: Path) -> str:
    return tell(folder, {"SYNCD_STATE": str(elsewhere), "SYNCD_CONFIG": str(elsewhere / "syncd.toml")})


def scene(told: str, title: str) -> str:
    """Cut one scene out of the story."""
    return re.split(r"^── ", told.partition(f". {title} ─")[2], maxsplit=1, flags=re.MULTILINE)[0]


def said(text: str, *words: str) -> bool:
    """Tell whether a line of the text holds these words in this order."""
    return any(re.search(".*".join(map(re.escape, words)), line) for line in text.splitlines())


# -- what is told ------------------------------------------------------------------------------------------------------


def test_namesakes_of_two_carriers_do_not_pair(told: str) -> None:
    candidates = scene(told, "Plans that may be the same")
    assert said(candidates, "40043", "High Option", "Kaiser", "Q-1047 (100%)")
    assert said(candidates, "40030", "High Option", "GEHA", "Q-1050 (100%)")
    assert not said(candidates, "40043", "Q-1050")
    assert said(scene(told, "Deciding"), "Q-1050 is called the same and is no candidate", "names are no evidence")


def test_linking_writes_what_its_preview_shows(told: str) -> None:
    row = ("crm", "benefits.primary_care.in_network", "$35 -> $10")
    assert scene(told, "Deciding").count("Nothing was stored: this was a dry run.") == 1
    assert said(scene(told, "Deciding"), *row)
    assert said(scene(told, "The first sync"), *row)


@pytest.mark.parametrize(
    "words",
    [
        ("crm", "rates[2026-01-01].ee", "435.58 -> 441.20", "uncontested edit"),
        ("quote", "benefits.specialist.in_network", "$35 -> $40", "uncontested edit"),
        ("crm", "benefits.primary_care.in_network", "5% -> 10%", "uncontested edit"),
        ("quote", "details.name", "High Deductible Health Plan -> High Deductible Health Plan with HSA"),
        ("crm", "rates[2026-01-01].ee", "57.80 -> 57.10", "default.sections.rates"),
        ("conflict", "benefits.urgent_care.in_network"),
        ("crm $60", "quote $55", "was $50"),
        ("on_conflict is ask", "rule default"),
        ("the record no longer exists in crm", "rule default"),
    ],
)
def test_edits_flow_and_disagreements_are_asked(told: str, words: tuple[str, ...]) -> None:
    """In the preview and in the run."""
    preview, run = scene(told, "What flows, and what is asked").split("Now for real.")
    assert said(preview, *words)
    assert said(run, *words)
    assert "Nothing was written: this was a dry run." in preview


@pytest.mark.parametrize(
    "words",
    [
        ("crm 40043", "Employee Only", "$441.20"),
        ("quote Q-1049", "benefits.care.specialist.in", "$40"),
        ("crm 40212", "Employee Only", "$57.10"),
        ("quote Q-1051", "benefits.care.urgent.in", "$55 copay"),
        ("crm 40329", "Urgent Care In", "$60 Copayment"),
    ],
)
def test_the_vendors_files_are_shown(told: str, words: tuple[str, ...]) -> None:
    assert said(scene(told, "What flows, and what is asked").partition("read from them")[2], *words)


def test_answers_are_carried_out(told: str) -> None:
    answers = scene(told, "Questions")
    assert said(answers, "Urgent care, in network: crm says $60 and quote says $55 (it was $50). Which one is right?")
    assert "answers taken from review files: 1" in answers
    assert said(answers, "quote", "benefits.urgent_care.in_network", "$55 -> $60", "of Ana")
    assert said(answers, "create in crm")


def test_it_comes_to_rest(told: str) -> None:
    rest = scene(told, "At rest")
    assert "0 writes" in rest
    assert " -> " not in rest
    assert set(re.findall(r"\? (\S+)", rest)) == {"link-plans"}


def test_a_value_is_accounted_for(told: str) -> None:
    why = scene(told, "Why does it say that?")
    for words in (("changed in quote", "$50 -> $55"), ("quote's $55 lost to $60", "Ana"), ("read back $60",)):
        assert said(why, *words)


def test_it_ends_with_what_to_try(told: str) -> None:
    end = told.partition("That was the demo")[2]
    assert "cd " in end
    assert all(said(end, "syncd", words) for words in ("status", "why", "sync --dry-run"))


# -- what is left ------------------------------------------------------------------------------------------------------


def test_only_what_was_decided_has_changed(told: str, folder: Path, tmp_path: Path) -> None:
    """Beside the users' edits and what flowed, every byte of both files is as it was laid out."""
    write_drops(tmp_path)
    moved = {
        (system, id_, column)
        for system in SYSTEMS
        for id_, column in changes(rows_of(tmp_path, system), rows_of(folder / "drops", system))
        if column != "modified"
    }
    assert moved == {
        ("quote", "Q-1047", "rate_sets"),
        ("crm", "40043", "Employee Only"),
        ("crm", "40836", "Specialist Visit In"),
        ("quote", "Q-1049", "benefits"),
        ("crm", "40836", "Office Visit In"),
        ("quote", "Q-1052", "benefits"),
        ("crm", "40810", "Office Visit In"),
        ("crm", "40810", "Plan Name"),
        ("quote", "Q-1052", "plan"),
        ("quote", "Q-1025", "rate_sets"),
        *(("crm", "40212", tier) for tier in ("Employee Only", "Family")),
        *(("crm", "40212", f"Employee + {who}") for who in ("Spouse", "Child(ren)")),
        ("quote", "Q-1051", "benefits"),
        ("crm", "40329", "Urgent Care In"),
        ("crm", "41005", ""),
        ("crm", "41058", ""),
    }


def rows_of(drops: Path, system: str) -> dict[str, dict[str, Any]]:
    with (drops / system / f"plans.{'jsonl' if system == 'quote' else 'csv'}").open(
        encoding="utf-8", newline=""
    ) as text:
        rows = map(json.loads, text) if system == "quote" else csv.DictReader(text)
        return {row["id"]: row for row in rows}


def changes(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for id_ in before.keys() | after.keys():
        if id_ not in before or id_ not in after:
            yield id_, ""
            continue
        old, new = before[id_], after[id_]
        yield from ((id_, column) for column in old.keys() | new.keys() if old.get(column) != new.get(column))


def test_a_sync_in_the_folder_writes_nothing(told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drops = [path for path in sorted((folder / "drops").rglob("*")) if path.is_file()]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in drops]
    assert main(["--config", str(folder / "syncd.toml"), "sync", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert {group["label"] for group in done["groups"]} == {"City of Beaumont", "Federal employees, Colorado"}
    assert all(group["counts"]["fields"] == group["counts"]["creates"] == 0 for group in done["groups"])
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in drops] == before


def test_another_installation_is_left_alone(told: str, elsewhere: Path) -> None:
    """What the environment names is somebody's real state."""
    assert not elsewhere.exists()


@pytest.mark.prove
def test_it_starts_over_and_tells_the_same(told: str, folder: Path) -> None:
    """But for the clock, every word; what a person put into the folder stays."""
    (folder / "notes.txt").write_text("mine")
    again = tell(folder, {})
    assert timeless(again).replace("A new demo", "This demo") == timeless(told)
    assert (folder / "notes.txt").read_text() == "mine"


def timeless(told: str) -> str:
    told = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "NOW", told)
    told = re.sub(r'^  since: "[-\d]+"', "  since: TODAY", told, flags=re.MULTILINE)
    return re.sub(r"(?<=-1  )\d+ \w+ +(?=[a-z])", "AGE  ", told)


# -- where it is told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plans.csv", "syncd.toml"])
def test_it_refuses_what_is_not_its_own(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Another folder with files, a real installation above all."""
    (tmp_path / name).write_text("precious")
    assert main(["demo", "--files", "--keep", str(tmp_path)]) == 2
    assert "touches nothing that it did not make" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "syncd-demo").write_text("precious")
    with pytest.raises(ConfigError):
        demo.run(Session(), tmp_path / "syncd-demo", files=True)
    assert (tmp_path / "syncd-demo").read_text() == "precious"


def test_an_earlier_demo_is_cleared_without_following_links(tmp_path: Path) -> None:
    """A link that stands where the demo had a folder is taken away; what it points to is not."""
    real, at = tmp_path / "real", tmp_path / "demo"
    real.mkdir()
    (real / "syncd.db").write_text("precious")
    assert not make(at)
    (at / "state").symlink_to(real)
    assert make(at)
    assert not (at / "state").exists()
    assert (real / "syncd.db").read_text() == "precious"


def make(at: Path) -> bool:
    return demo_folder.make(at, files.lay_out, files.OURS, force=True)


def test_the_configuration_is_that_of_the_drops(tmp_path: Path) -> None:
    written = tomllib.loads(files.config_text())["systems"]
    for system in SYSTEMS:
        asked = {"connector": "files", "folder": f"drops/{system}", **SETTINGS[system]}
        assert written[system] == json.loads(json.dumps(asked))


def test_decisions_name_each_plan_that_is_linked() -> None:
    for group in LINKED:
        decided = files.choices_of(group)
        assert len(decided) == len(group.links)
        assert all(decision.startswith("{link: {quote: Q-") for decision, _ in decided.values())


def test_n19_an_earlier_demo_stays(tmp_path, monkeypatch):
    """N19: a second demo takes a new folder; in the named one it refuses, unless it is forced."""
    from syncd.cli.commands import demo as command

    monkeypatch.chdir(tmp_path)
    (tmp_path / "syncd-demo").mkdir()
    demo_folder.make(tmp_path / "syncd-demo", files.lay_out, files.OURS)
    kept = tmp_path / "syncd-demo" / "syncd.toml"
    kept.write_text("mine")
    assert command._free(force=False).name == "syncd-demo-2"
    with pytest.raises(ConfigError, match="an earlier demo is here") as caught:
        demo_folder.make(tmp_path / "syncd-demo", files.lay_out, files.OURS)
    assert "--force" in caught.value.hint
    assert kept.read_text() == "mine"
    assert demo_folder.make(tmp_path / "syncd-demo", files.lay_out, files.OURS, force=True)
