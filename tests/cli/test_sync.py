"""`syncd sync`: what flows, what is asked, previews, filters, saved changesets, guards, locks, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys

import pytest

from syncd import assemble, config
from syncd.cli.demo.files.drops import native_id
from tests.cli.conftest import GROUP, HIGH, PROSPER, STANDARD, Office, Said

RATE = "rate_sets.0.tiers.EE"


def snapshot(office: Office) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in (office.folder / "drops").rglob("*") if file.is_file()}


def test_a_first_sync_without_links_says_how_to_go_on(bare):
    out = bare.ok("sync")
    assert "crm: 2 groups, 14 plans; 16 changed since it was last read" in out
    assert "No group is linked yet, so nothing is in step and nothing was written.\nGo on with `syncd groups`." in out


def test_an_edit_flows_and_then_there_is_nothing_to_do(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    out = office.ok("sync", GROUP)
    assert re.search(r"~ crm  rates\[2026-01-01\]\.ee  435\.58 -> 441\.20  \(uncontested edit\)", out)
    assert "1 write (crm 1)" in out
    assert office.row("crm", HIGH)["Employee Only"] == "$441.20"
    before = snapshot(office)
    assert "0 writes" in office.ok("sync", GROUP)
    assert snapshot(office) == before


def test_a_preview_names_every_write_and_changes_nothing(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    before, events = snapshot(office), office("history", "--json").json["rows"]
    out = office.ok("sync", "--dry-run")
    assert "1 record would be written (crm 1; 1 field), about 4 requests" in out
    assert "Nothing was written: this was a dry run. `syncd sync` carries it out." in out
    assert snapshot(office) == before
    assert office("history", "--json").json["rows"] == events


def test_the_preview_is_what_then_happens(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    office.edit("crm", PROSPER, {"Specialist Visit In": "$40 Copayment"})
    shown, done = office("sync", "--dry-run", "--json").json, office("sync", "--json").json

    def writes(document):
        keys = ("field", "system", "record", "old", "new", "rule")
        return [[{k: c[k] for k in keys} for c in p["changes"]] for g in document["groups"] for p in g["plans"]]

    assert writes(shown) == writes(done) != []
    assert [c["state"] for p in done["groups"][0]["plans"] for c in p["changes"]] == ["confirmed", "confirmed"]


def test_a_conflict_is_asked_with_its_rule_and_its_neighbours_go_on(office):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay", "plan.name": "Standard"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    out = office.ok("sync", GROUP)
    assert "? conflict  benefits.urgent_care.in_network" in out
    assert "crm $60 · quote $55 · was $50" in out
    assert "on_conflict is ask (rule default)" in out
    assert "~ crm  details.name  Standard Option -> Standard" in out
    assert office.row("crm", STANDARD)["Urgent Care In"] == "$60 Copayment"


def test_an_answer_in_a_review_file_is_carried_out_by_the_next_sync(office):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.ok("sync", GROUP)
    [file] = [
        one
        for one in (office.folder / "state" / "review" / "pending").rglob("*.yaml")
        if "urgent_care" in one.read_text()
    ]
    file.write_text(
        file.read_text().replace("  decision:\n  note:\n  by:\n", "  decision: crm\n  note: it is so\n  by: Ana\n")
    )
    office.rested(file)
    out = office.ok("sync", GROUP)
    assert "answers taken from review files: 1" in out
    assert re.search(r"~ quote  benefits\.urgent_care\.in_network  \$55 -> \$60  \(decision \S+ of Ana\)", out)
    assert not file.exists()


def test_an_answer_that_cannot_be_used_is_said_and_nothing_else_is_lost(office):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.ok("sync", GROUP)
    [file] = [
        one
        for one in (office.folder / "state" / "review" / "pending").rglob("*.yaml")
        if "urgent_care" in one.read_text()
    ]
    file.write_text(file.read_text().replace("  decision:\n", "  decision: crn\n"))
    office.rested(file)
    said = office("sync", GROUP)
    assert said.code == 0
    assert "note: an answer was not used: " in said.err
    assert "did you mean `crm`?" in said.err


def test_filters_limit_writes_and_not_reading(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    office.edit("crm", PROSPER, {"Specialist Visit In": "$40 Copayment"})
    out = office.ok("sync", GROUP, "--system", "quote")
    assert "1 write (quote 1)" in out
    assert "… crm  rates[2026-01-01].ee  waits to become 441.20  (left out of this run)" in out
    out = office.ok("sync", GROUP, "--plan", native_id("quote", HIGH))
    assert "1 write (crm 1)" in out


# -- saved changesets --------------------------------------------------------------------------------------------------


def test_a_saved_changeset_is_applied_once(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    before = snapshot(office)
    out = office.ok("sync", GROUP, "--out", "c.json")
    assert "c.json: 1 write saved; `syncd sync --apply c.json` carries out just these, or refuses." in out
    assert snapshot(office) == before
    assert "1 write (crm 1)" in office.ok("sync", "--apply", "c.json")
    err = office.fails(4, "sync", "--apply", "c.json")
    assert err.startswith("syncd: error: c.json was applied already, ")
    assert "hint: A changeset works once; make a new one with `syncd sync --dry-run --out FILE`." in err


def test_a_changeset_is_refused_whole_when_anything_moved(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    office.ok("sync", GROUP, "--out", "c.json")
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    before = snapshot(office)
    err = office.fails(4, "sync", "--apply", "c.json")
    record = native_id("crm", STANDARD)
    assert f"c.json does not fit any more, so nothing was written: record crm {record} has changed" in err
    assert snapshot(office) == before


def test_a_changeset_is_refused_when_the_rules_changed(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    office.ok("sync", GROUP, "--out", "c.json")
    (office.folder / "rules.yaml").write_text("default: {on_conflict: newest}\n")
    text = (office.folder / "syncd.toml").read_text()
    (office.folder / "syncd.toml").write_text(f'rules = "rules.yaml"\n{text}')
    assert "the rules, the mappings or the rights of an account" in office.fails(4, "sync", "--apply", "c.json")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--apply", "c.json", GROUP], "--apply takes its group, filters and force from the file"),
        (["--apply", "nothing.json"], "nothing.json: it cannot be read"),
        (["--apply", "syncd.toml"], "syncd.toml:1: not a changeset: Expecting value"),
        (["--out", "no/such/folder.json"], "no/such/folder.json: it cannot be written: No such file or directory"),
    ],
)
def test_a_changeset_that_cannot_be_is_said(office, words, told):
    assert f"syncd: error: {told}" in office.fails(2, "sync", *words)


# -- what may go wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told", "hint"),
    [
        (["Acme"], "no group is called `Acme`", "Run `syncd groups` to see all of them."),
        (["Federal employes"], "did you mean “Federal employees, Colorado” (", "Run `syncd groups`"),
        (["--system", "crn"], "--system: there is no system `crn`; did you mean `crm`?", "The systems are quote, crm."),
        (["--force", "delte"], "--force: there is no guard `delte`; did you mean `delete`?", "The guards are scope,"),
        (["--plan", "x"], "--plan needs the plan's GROUP", "Write `syncd sync GROUP --plan PLAN`."),
        ([GROUP, "--plan", "Gold"], "no linked plan is called `Gold`", "Run `syncd plans GROUP`"),
        (["--wait", "soon"], "invalid value for '--wait'", "Run `syncd sync --help`."),
        (["--colour"], "no such option: --colour", "Run `syncd sync --help`."),
    ],
)
def test_bad_input_is_said_with_the_nearest_name(office, words, told, hint):
    err = office.fails(2, "sync", *words)
    assert err.startswith("syncd: error: ")
    assert told in err
    assert f"hint: {hint}" in err


def test_a_system_that_cannot_be_read_is_partial_and_named(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    (office.folder / "drops" / "crm" / "plans.csv").write_text("broken")
    said = office("sync")
    assert said.code == 3
    assert "crm: " in said.out
    assert "could not be read" in said.out


def test_a_shrunken_listing_trips_the_guard_and_nothing_is_written(office):
    file = office.folder / "drops" / "crm" / "plans.csv"
    file.write_text("\n".join(file.read_text().splitlines()[:4]) + "\n")
    office.edit("quote", HIGH, {RATE: "441.20"})
    said = office("sync")
    assert said.code == 4
    assert "stopped by the guard shrunken-side" in said.out
    assert "! guard  shrunken-side" in said.out
    assert "crm lacks " in said.out
    assert office.question("guard")


def test_a_guard_is_forced_by_name_for_one_run(office):
    file = office.folder / "drops" / "crm" / "plans.csv"
    lines = file.read_text().splitlines()
    kept = [line for line in lines if not line.startswith((native_id("crm", HIGH), native_id("crm", PROSPER)))]
    (office.folder / "syncd.toml").write_text(
        (office.folder / "syncd.toml").read_text() + "\n[guards.shrunken-side]\nshare = 0.1\ncount = 1\n"
    )
    file.write_text("\n".join(kept) + "\n")
    assert office("sync").code == 4
    said = office("sync", "--force", "shrunken-side")
    assert said.code == 0
    assert "missing-record" in said.out


def test_a_group_that_another_process_works_on_is_partial(office):
    office.edit("quote", HIGH, {RATE: "441.20"})
    hold = assemble.locks(config.load().at(config.load().state) / "locks", 0)
    group = office.group

    async def meanwhile() -> Said:
        async with hold(group):
            return await asyncio.to_thread(office, "sync", "--wait", "0")

    said = asyncio.run(meanwhile())
    assert said.code == 3
    assert f"{GROUP}: left out, another process has been working on {group}" in said.err
    assert office.row("crm", HIGH)["Employee Only"] == "$435.58"
    assert "1 write" in office.ok("sync")


def test_exit_codes(office):
    """0 in step, 1 open with --check only, 2 usage; 3 and 4 are above."""
    assert office("sync", "--check", GROUP).code == 1  # records that are linked to nothing are asked about
    quiet = office("link", GROUP, "--out", "d.yaml")
    assert quiet.code == 0
    text = (office.folder / "d.yaml").read_text().replace("  decision:\n", "  decision: ignore\n")
    (office.folder / "d.yaml").write_text(text)
    office.ok("link", GROUP, "d.yaml")
    assert office("sync", "--check", GROUP).code == 0
    office.edit("quote", HIGH, {RATE: "441.20"})
    assert office("sync", "--dry-run", GROUP).code == 0
    assert office("sync", "--dry-run", "--check", GROUP).code == 1
    assert office("sync", "--check", GROUP).code == 0
    assert office("sync", "--nonsense").code == 2


def test_json_is_one_document_and_the_exit_code_is_in_it(office):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    said = office("sync", "--json", "--check")
    document = json.loads(said.out)
    assert (document["command"], document["exit"], said.code) == ("sync", 1, 1)
    [plan] = document["groups"][0]["plans"]
    assert plan["questions"][0]["members"]["crm"]["value"] == "$60"
    error = office("sync", "--json", "nobody")
    assert json.loads(error.out)["error"]["kind"] == "UnknownNameError"
    assert error.code == 2


def test_what_a_connector_remembers_in_a_dry_run_is_forgotten_with_it(bare):
    """A cursor that moves on while its records are only looked at would lose them."""

    def remembered() -> dict[str, object]:
        store = assemble.open_store(config.load())
        try:
            return {system: store.items(f"connector:{system}") for system in ("crm", "quote")}
        finally:
            store.close()

    bare.ok("sync", "--dry-run")
    assert remembered() == {"crm": {}, "quote": {}}
    bare.ok("sync")
    assert remembered()["crm"]


def test_a_terminal_that_knows_few_letters_is_served(office):
    program = [sys.executable, "-c", "import sys; from syncd.cli import main; sys.exit(main())", "unlink", GROUP, "x"]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(program, capture_output=True, check=False, env=environ, cwd=office.folder)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
