"""What people look at: `syncd history why status systems mappings rules`; and `pause`, `resume`, `resync`, `init`."""

from __future__ import annotations

import io
import json
import textwrap
from dataclasses import replace

import pytest

from syncd import assemble, config
from syncd.cli.demo.files.drops import native_id
from syncd.store.rows import Settlement
from tests.cli.conftest import GROUP, HIGH, PROSPER, STANDARD, Office

COPAY = "benefits.urgent_care.in_network"
HIGH_RECORD = native_id("quote", HIGH)


@pytest.fixture
def decided(office: Office) -> Office:
    """A copay that two people changed, and a decision that was carried out."""
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.ok("sync", GROUP)
    office.ok("review", "decide", office.question("conflict"), "crm", "--note", "asked the carrier")
    office.ok("sync", GROUP)
    return office


# -- why and history ---------------------------------------------------------------------------------------------------


def test_why_tells_the_whole_account(decided):
    out = decided.ok("why", GROUP, native_id("crm", STANDARD), "urgent_care.in_network")
    lines = [line[20:] if line.startswith("  20") else line for line in out.splitlines()]
    start = lines.index("What happened, newest first:")
    told = [line.split("  (")[0] for line in lines[start + 1 : start + 7]]
    assert told == [
        "written to quote: $55 -> $60, read back $60",
        "quote's $55 lost to $60",
        "decided: crm (“asked the carrier”)",
        "asked: on_conflict is ask",
        "changed in quote: $50 -> $55",
        "changed in crm: $50 -> $60",
    ]
    assert "When two systems change it to different values, a person is asked (rule default)." in out


def test_why_as_json_names_rule_loser_and_readback(decided):
    told = decided("why", GROUP, native_id("crm", STANDARD), COPAY, "--json").json
    written = next(one for one in told["events"] if one["what"] == "written")
    assert (written["system"], written["before"], written["after"], written["readback"]) == (
        "quote",
        "$55",
        "$60",
        "$60",
    )
    assert written["by"].startswith("decision ")
    assert told["agreed"] == {COPAY: "$60"}
    assert {system: one["holds"] for system, one in told["members"].items()} == {
        "crm": {COPAY: "$60"},
        "quote": {COPAY: "$60"},
    }


def test_why_of_a_table_tells_its_cells(office):
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync", GROUP)
    out = office.ok("why", GROUP, native_id("quote", HIGH), "rates[2026-01-01]")
    assert "written to crm: ee 435.58 -> 441.20, read back 441.20  (uncontested edit)" in out


def test_why_tells_what_is_asked_and_what_waits(office):
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("pause", "--system", "crm", "--reason", "payroll")
    office.ok("sync", GROUP)
    assert f"Asked now: conflict [{office.question('conflict')}]" in office.ok(
        "why", GROUP, native_id("crm", STANDARD), "urgent"
    )
    assert "is owed the agreed value" in office.ok("why", GROUP, native_id("crm", HIGH), "rates[2026-01-01].ee")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([GROUP, "Prosper", "urgnt_care"], "“Prosper” has no field `urgnt_care`; did you mean `"),
        ([GROUP, "Prosper", "in_network"], "`in_network` ends "),
        ([GROUP, "Prospero", "details.name"], "no linked plan is called `Prospero`; did you mean “Prosper”"),
        ([GROUP, "Prosper"], "missing argument 'FIELD'"),
    ],
)
def test_why_of_what_there_is_not_is_said(office, words, told):
    assert told in office.fails(2, "why", *words)


def test_history_lists_what_happened_newest_first(decided):
    out = decided.ok("history", GROUP, "--plan", native_id("crm", STANDARD))
    lines = [line[18:].split("  (")[0] for line in out.splitlines() if line.startswith("20")]
    assert lines[0].startswith("written to quote")
    assert lines[-1].startswith("seen first")
    assert f"{COPAY}: $55 -> $60" in out
    assert "by root" in out or "decided" in out


def test_history_is_narrowed(decided):
    rows = decided("history", GROUP, "--field", COPAY, "--system", "crm", "--json").json["rows"]
    assert {row["what"] for row in rows} == {"observed", "first"}
    run = next(row["run"] for row in decided("history", GROUP, "--json").json["rows"] if row["what"] == "written")
    assert {row["run"] for row in decided("history", "--run", run, "--json").json["rows"]} == {run}
    record = native_id("quote", STANDARD)
    rows = decided("history", "--system", "quote", "--record", record, "--limit", "1", "--json").json["rows"]
    assert [row["record"] for row in rows] == [record]


def test_a_field_of_history_is_completed_or_refused_with_the_nearest(decided):
    """N22: `history --field` takes the end of a path, and names the nearest field where there is none."""
    whole = decided("history", GROUP, "--field", COPAY, "--json").json["rows"]
    assert whole
    assert decided("history", GROUP, "--field", "urgent_care.in_network", "--json").json["rows"] == whole
    assert decided("history", GROUP, "--field", "benefits", "--json").json["rows"]
    err = decided.fails(2, "history", GROUP, "--field", "urgnt_care.in_network")
    assert f"did you mean `{COPAY}`?" in err
    assert "did you mean `details.name`?" in decided.fails(2, "history", "--field", "details.nmae")


def test_history_shows_what_a_write_changed_in_the_vendors_own_record(office):
    """Kept where a vendor has no conditional write; a file drop has one, so it is put there by hand."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync", GROUP)
    store = assemble.open_store(config.load())
    [intent] = store.intents(run=next(row for row in store.history() if row.what == "written").run)
    images = [json.dumps({"Rates": [{"EE": rate}], "Name": "High"}) for rate in ("435.58", "441.20")]
    store.settle([Settlement(replace(intent, raw_before=images[0], raw_after=images[1]))])
    store.close()
    assert "  Rates[0].EE: 435.58 -> 441.20\n" in office.ok("history", GROUP, "--images")


def test_a_group_without_history_says_so(bare):
    assert bare.ok("history") == "Nothing has happened here yet.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--plan", "x"], "--plan needs the plan's GROUP"),
        (["--record", "1"], "--record needs its --system"),
        (["--system", "crn"], "--system: there is no system `crn`"),
        (["--limit", "0"], "invalid value for '--limit'"),
    ],
)
def test_history_of_what_cannot_be_is_said(office, words, told):
    assert told in office.fails(2, "history", *words)


# -- status and systems ------------------------------------------------------------------------------------------------


def test_status_tells_how_everything_stands(office):
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("pause", "--group", GROUP, "--reason", "open enrolment")
    office.ok("sync")
    out = office.ok("status")
    assert "2 groups, 14 plans" in out
    assert "link-plans 3" in out
    assert "1 field" in out
    assert "open enrolment" in out
    assert office("status", "--check").code == 1
    told = office("status", "--json").json
    [group] = told["groups"]
    assert (group["plans"], group["questions"], group["result"]) == (3, {"link-plans": 3}, "open")


def test_status_with_check_is_partial_when_a_system_is_away(office):
    (office.folder / "drops" / "crm" / "plans.csv").write_text("broken")
    office("sync")
    said = office("status", "--check")
    assert said.code == 3
    assert "plans.csv" in said.out


def test_status_takes_no_group(office):
    assert "got unexpected extra argument(s) (acme)" in office.fails(2, "status", "acme")


def test_status_of_a_new_installation(bare):
    out = bare.ok("status", "--check")
    assert "never" in out
    assert "No question is open." in out


def test_systems_tells_what_each_can_take(office):
    out = office.ok("systems")
    assert out.splitlines()[0].split() == [
        *("system", "connector", "writes", "groups", "details", "benefits", "rates", "contributions", "eligibility"),
        *("last", "read"),
    ]
    [crm, _] = office("systems", "--json").json["systems"]
    assert crm["can"]["rates"] == "RW"
    assert (crm["conditional"], crm["marker"]) == (True, True)
    assert "files" in office.ok("systems", "--connectors")


def test_a_system_that_does_not_answer_is_named(office):
    (office.folder / "drops" / "crm").rename(office.folder / "drops" / "crm-away")
    said = office("systems")
    assert said.code == 3
    assert "the folder is missing" in said.out


# -- pause, resume, resync ---------------------------------------------------------------------------------------------


def test_a_pause_stops_writes_and_says_why_until_it_ends(office):
    assert "paused: crm. Nothing is written there until `syncd resume --system crm`." in office.ok(
        "pause", "--system", "crm", "--reason", "payroll runs"
    )
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    out = office.ok("sync", GROUP)
    assert "… crm  rates[2026-01-01].ee  waits to become 441.20  (paused: payroll runs)" in out
    assert "0 writes" in out
    assert "The next run delivers what is owed" in office.ok("resume", "--system", "crm")
    assert "1 write (crm 1)" in office.ok("sync", GROUP)
    office.ok("pause", "--all", "--reason", "stop")
    assert "resumed: everything" in office.ok("resume", "--all")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pause"], "missing option '--reason'"),
        (["pause", "--reason", " "], "say why: --reason TEXT"),
        (["pause", "--reason", "x", "--system", "crn"], "--system: there is no system `crn`; did you mean `crm`?"),
        (["pause", "--reason", "x", "--system", "crm", "--group", "x"], "name a system or a group, not both"),
        (["pause", "--reason", "x", "--group", "Acme"], "no group is called `Acme`"),
        (["resume", "--all"], "everything is not paused"),
    ],
)
def test_a_pause_that_cannot_be_is_said(office, words, told):
    assert f"syncd: error: {told}" in office.fails(2, *words)


def test_resync_asks_about_what_differs(office):
    office.ok("pause", "--all", "--reason", "import")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync", GROUP)
    office.ok("resume", "--all")
    out = office.ok("resync", GROUP, "--dry-run")
    assert "3 plans and 1 group would start anew: equal values agree, differing ones are asked." in out
    assert "? conflict  rates[2026-01-01]" in out
    assert "Nothing was stored: this was a dry run." in out
    assert "1 write (crm 1)" in office.ok("sync", GROUP)


def test_resync_with_a_winner_overwrites_with_the_next_sync(office):
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    out = office.ok("resync", GROUP, "--winner", "crm")
    assert "3 plans and 1 group started anew: crm wins where values differ." in out
    assert "~ quote  rates[2026-01-01].ee  441.20 -> 435.58  (resync: crm wins)" in out
    assert office.row("quote", HIGH)["rate_sets"][0]["tiers"]["EE"] == "441.20"
    office.ok("sync", GROUP)
    assert office.row("quote", HIGH)["rate_sets"][0]["tiers"]["EE"] == "435.58"
    assert office("resync", GROUP, "--check", "--json").json["links"] == 4


def test_resync_with_a_winner_that_there_is_not_is_said(office):
    assert "--winner: there is no system `pay`" in office.fails(2, "resync", "--all", "--winner", "pay")


# -- mappings and rules ------------------------------------------------------------------------------------------------


def test_mappings_are_checked_on_the_systems_own_records(office):
    said = office("mappings", "check", "crm", "--json").json
    assert said["samples"] == {"crm": {"group": 2, "plan": 14}}
    out = office("mappings", "check").out
    assert "(checked on 2 groups, 14 plans)" in out


def test_a_healthy_mapping_is_summed_up(office):
    """N8: shipped mappings have no errors; what samples cannot show is one line a kind, with a count and example."""
    out = office("mappings", "check").out
    assert "error:" not in out
    assert "0 errors" in out
    assert len(out.splitlines()) <= 14
    every = office("mappings", "check", "--notes", "--samples", "3").out
    assert len(every.splitlines()) > len(out.splitlines())
    assert "(checked on 2 groups, 3 plans)" in every


def test_a_mapping_file_with_a_mistake_is_said_with_its_line(office):
    file = office.folder / "own.yaml"
    file.write_text("system: own\nkinds:\n  plan:\n    rows:\n      details.nme: {field: x, codec: text}\n")
    err = office.fails(2, "mappings", "check", "own.yaml")
    assert "own.yaml:5" in err
    assert "details.name" in err
    assert "there is no system `own`" in office.fails(2, "mappings", "check", "own")


def test_the_sync_map_is_shown(bare):
    out = bare.ok("mappings", "show", "crm")
    assert "plan   details.carrier " in out
    assert "<->  Carrier " in out
    shown = bare("mappings", "show", "--json").json
    assert {"crm", "quote"} <= set(shown["mappings"])
    assert len(bare("mappings", "show", "crm", "--json").json["rows"]) > 50
    assert "no mapping is called 'crn'; did you mean `crm`?" in bare.fails(2, "mappings", "show", "crn")


def test_a_codec_is_tried(bare, monkeypatch):
    out = bare.ok("mappings", "try", "cost_share", "$30 Copayment", "ask the carrier")
    assert "$30 Copayment" in out
    assert "not understood; kept, and never written" in out
    monkeypatch.setattr("sys.stdin", io.StringIO("1,512.40\n"))
    told = bare("mappings", "try", "money", "--option", "style=dollar_comma", "--json").json
    assert told["rows"][0]["written"] == "$1,512.40"
    assert "no codec is called 'mony'; did you mean `money`?" in bare.fails(2, "mappings", "try", "mony", "1")
    assert "--option: `style` is not KEY=VALUE" in bare.fails(2, "mappings", "try", "money", "1", "--option", "style")


def test_rules_are_shown_and_explained(office):
    (office.folder / "rules.yaml").write_text(
        "default:\n  on_conflict: ask\n  fields:\n    details.name: {mode: mirror, source_of_truth: crm}\n"
        "pairs:\n  crm+quote:\n    sections:\n      rates: {on_conflict: newest}\n"
    )
    toml = office.folder / "syncd.toml"
    toml.write_text(f'rules = "rules.yaml"\n{toml.read_text()}')
    assert "pairs.crm+quote.sections.rates  on_conflict      newest" in office.ok("rules", "show")
    out = office.ok("rules", "explain", GROUP, "Prosper", "details.name")
    assert "it is a mirror of crm, and a change elsewhere is asked about (rule default.fields.details.name)" in out
    told = office("rules", "explain", GROUP, "Prosper", "rates[2026-01-01].ee", "--json").json
    assert told["settings"]["on_conflict"] == {"value": "newest", "rule": "pairs.crm+quote.sections.rates"}


def test_a_rule_with_a_mistake_is_said_with_its_line(office):
    (office.folder / "rules.yaml").write_text(
        "default:\n  on_conflict: ask\n  sections:\n    rates: {on_conflit: ask}\n"
    )
    toml = office.folder / "syncd.toml"
    toml.write_text(f'rules = "rules.yaml"\n{toml.read_text()}')
    err = office.fails(2, "rules", "show")
    assert "rules.yaml:4: default.sections.rates.on_conflit: there is no such key" in err
    assert "did you mean `on_conflict`?" in err


def test_rules_are_tested_on_cases(bare):
    table = bare.folder / "cases.yaml"
    table.write_text(
        "format: syncd-scenario/1\n"
        "scenarios:\n"
        "- id: rates-follow-crm\n"
        "  title: Both edited the rate, the CRM owns rates\n"
        "  kind: plan\n"
        "  systems: {crm: {}, quote: {}}\n"
        "  rules: {default: {sections: {rates: {on_conflict: source_of_truth, source_of_truth: crm}}}}\n"
        "  start:\n"
        '    base: {p1: {details.name: Gold, "rates[2026-01-01].ee": "512.40"}}\n'
        '    crm: {p1: {details.name: Gold, "rates[2026-01-01].ee": "512.40"}}\n'
        '    quote: {p1: {details.name: Gold, "rates[2026-01-01].ee": "512.40"}}\n'
        "  cycles:\n"
        "  - edit:\n"
        '      crm: {p1: {"rates[2026-01-01].ee": "530.00"}}\n'
        '      quote: {p1: {"rates[2026-01-01].ee": "525.00"}}\n'
        "    expect: {result: ok, writes: {crm: 0, quote: 1}}\n"
    )
    assert "ok    rates-follow-crm" in bare.ok("rules", "test", "cases.yaml", "--junit", "junit.xml")
    assert "<testsuite" in (bare.folder / "junit.xml").read_text()
    table.write_text(table.read_text().replace("quote: 1}}", "quote: 0}}"))
    said = bare("rules", "test", "cases.yaml", "--json")
    assert said.code == 1
    assert json.loads(said.out)["scenarios"][0]["ok"] is False
    table.write_text("format: syncd-scenario/1\nscenarios: [}\n")
    said = bare("rules", "test", "cases.yaml")
    assert said.code == 1
    assert "ERROR cases.yaml:2: " in said.out
    assert "nothing was run" in bare("rules", "test", "nowhere.yaml").out


def test_a_rule_is_explained_for_fields_that_there_are(office):
    assert "“Prosper” has no field `details.nme`; did you mean `details.name`" in office.fails(
        2, "rules", "explain", GROUP, "Prosper", "details.nme"
    )


def test_init_makes_what_it_says(bare):
    out = bare.ok("init", "new")
    assert "made  new/syncd.toml" in out
    assert (bare.folder / "new" / "state").stat().st_mode & 0o777 == 0o700
    assert "No system is configured in new/syncd.toml." in bare.ok("--config", "new/syncd.toml", "systems")
    assert "new/syncd.toml: it is there already" in bare.fails(2, "init", "new")
    assert bare.ok("rules", "show", "--config", "new/syncd.toml").startswith("new/rules.yaml:")
    assert bare("init", "other", "--json").json["made"] == [
        *("other/syncd.toml", "other/rules.yaml", "other/schemas", "other/state"),
    ]


def test_shadow_mode_shows_and_writes_nothing(office):
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text().replace("[systems.crm]\n", '[systems.crm]\nwrites = "off"\n'))
    office.edit("quote", PROSPER, {"plan.name": "Prospero"})
    out = office.ok("sync", GROUP)
    assert "… crm  details.name  waits to become Prospero  (writes: off)" in out
    assert office.row("crm", PROSPER)["Plan Name"] == "Prosper"


def test_what_a_system_cannot_take_is_handed_off_with_the_values_to_enter(office):
    own = office.folder / "own"
    own.mkdir()
    shipped = assemble.shipped("mappings/crm.yaml").read_text()
    closed = "  plan:\n    part: record\n    writable: {rates: The CRM takes no rates.}\n"
    (own / "crm.yaml").write_text(shipped.replace("  plan:\n    part: record\n", closed, 1))
    toml = office.folder / "syncd.toml"
    toml.write_text(f'mappings = "own"\n{toml.read_text()}')
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    out = office.ok("sync", GROUP)
    assert "@ hand-off  crm:rates[2026-01-01]" in out
    assert "        The CRM takes no rates.\n" in out
    assert "enter rates[2026-01-01].ee = 441.20" in out
    assert "1 hand-off." in out
    office.edit("crm", HIGH, {"Employee Only": "441.20"})
    assert "hand-off" not in office.ok("sync", GROUP)


# -- how plans stand, and what they are called -------------------------------------------------------------------------


def test_n12_a_plan_in_step_is_said_to_be_after_a_partial_run(office, monkeypatch):
    """N12: when a run could not read a system, plans that were in step are, with when they were seen so."""
    first = office("plans", GROUP, "--json").json["linked"]
    assert {one["state"] for one in first} == {"in step"}
    assert all(one["in_step_at"] for one in first)
    file = office.folder / "drops/crm/plans.csv"
    text = file.read_bytes()
    file.write_text("id\n")
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    assert office("sync").code in (3, 4)
    told = {one["link"]: one["state"] for one in office("plans", GROUP, "--json").json["linked"]}
    assert "not run yet" not in told.values()
    assert list(told.values()).count("in step") == 2
    file.write_bytes(text)
    assert "last in step at" in office.ok("plans", GROUP)


def test_n14_the_label_follows_a_rename(office):
    """N14: a plan renamed in both systems is found by its new name, and shown by it."""
    office.edit("quote", HIGH, {"plan.name": "Summit 2026"})
    office.edit("crm", HIGH, {"Plan Name": "Summit 2026"})
    office.ok("sync")
    assert "Summit 2026" in {one["label"] for one in office("plans", GROUP, "--json").json["linked"]}
    assert "“Summit 2026”" in office.ok("why", GROUP, "summit 2026", "details.name")


def test_n23_an_amount_has_one_spelling(office):
    """N23: whatever scale an amount was written with, it is shown with cents, and equal ones look equal."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "934"})
    office.edit("crm", HIGH, {"Employee Only": "$951.2000"})
    office.ok("sync")
    [asked] = office("review", "list", "--kind", "conflict", "--json").json["questions"]
    assert asked["members"]["quote"]["values"]["ee"] == "934.00"
    assert asked["members"]["crm"]["values"]["ee"] == "951.20"
    [page] = [one for one in (office.folder / "state/review/pending").rglob("*.yaml") if asked["id"] in one.read_text()]
    assert "951.2000" not in page.read_text()
    office.ok("review", "decide", asked["id"], "crm")
    office.ok("sync")
    told = office.ok("why", GROUP, HIGH_RECORD, "rates[2026-01-01]")
    assert "951.20" in told
    assert "951.2000" not in told


def test_n23_what_was_never_agreed_was_nothing(office):
    """N23: a question about a field without a base does not say what it was."""
    from syncd.reconcile.questions import NEVER
    from syncd.reconcile.types import Proposal
    from syncd.review.words import question_of

    members = {"a": {"id": "1", "value": "x", "base": NEVER}, "b": {"id": "2", "value": "y", "base": NEVER}}
    asked = Proposal("conflict", "g", "l", "Gold", "details.status", "", "", "", (), members)
    assert "never agreed" not in question_of(asked)


def test_why_of_a_table_is_a_table(office):
    """Words and layout: `why` of a rate table has a row for each cell and a column for each system."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    told = office.ok("why", GROUP, HIGH_RECORD, "rates[2026-01-01]")
    assert "cell" in told
    assert "agreed" in told
    assert any(line.split()[:1] == ["ee"] for line in told.splitlines())


# -- for the one on call -----------------------------------------------------------------------------------------------


def test_missing_status_for_the_one_on_call(office):
    """Missing: `status` says whether the service runs, the next run, what failed last and what waits longest."""
    from filelock import FileLock

    out = office.ok("status")
    assert "Service: not running" in out
    assert "Oldest question: " in out
    (office.folder / "state/locks").mkdir(exist_ok=True)
    with FileLock(office.folder / "state/locks/service.lock"):
        assert "Service: running, next run in " in office.ok("status")
        told = office("status", "--json").json["service"]
    assert told["running"]
    assert 0 <= told["next_run_s"] <= 3600
    (office.folder / "drops/crm/plans.csv").write_bytes(b"\xff\xfe\x00")
    office("sync")
    told = office("status", "--json").json["service"]
    assert [one["system"] for one in told["last_errors"]] == ["crm"]
    assert f"Last error: crm (plans), 0 s ago: {told['last_errors'][0]['why']}" in office("status").out


# -- cases ------------------------------------------------------------------------------------------------------------

CASE = """\
format: syncd-scenario/1
scenarios:
- id: two-edits
  kind: plan
  start:
    base:  {p1: {details.name: Gold}}
    crm:   {p1: {details.name: Gold}}
    quote: {p1: {details.name: Gold}}
  cycles:
  - edit: {crm: {p1: {details.name: A}}, quote: {p1: {details.name: B}}}
    expect: {result: ok, quote: {p1: {details.name: A}}}
"""


def test_cases_run_under_the_rules_of_the_installation(office):
    """N9: a case without rules is tried under rules.yaml, one with rules under its own; wrong rules are an error."""
    settings = office.folder / "syncd.toml"
    settings.write_text('rules = "rules.yaml"\n' + settings.read_text())
    rules = office.folder / "rules.yaml"
    rules.write_text("default: {on_conflict: source_of_truth, source_of_truth: crm}\n")
    cases = office.folder / "cases.yaml"
    cases.write_text(CASE)
    said = office("rules", "test", "cases.yaml")
    assert (said.code, "rules.yaml" in said.out.splitlines()[0]) == (0, True), said.out
    cases.write_text(CASE.replace("  kind: plan\n", "  kind: plan\n  rules: {default: {on_conflict: ask}}\n"))
    assert office("rules", "test", "cases.yaml").code == 1
    rules.write_text("default: {on_conflict: source_of_truth, source_of_truth: pay}\n")
    err = office.fails(2, "rules", "test", "cases.yaml")
    assert "rules.yaml:1: default.source_of_truth: `pay` is not one of" in err


def test_the_format_of_cases_is_in_the_help_and_runs(bare):
    """N9: the case that `rules test --help` shows is one that holds."""
    shown = bare.ok("rules", "test", "--help").partition("  format:")
    text = "  format:" + shown[2].partition("\n\n")[0]
    (bare.folder / "shown.yaml").write_text(textwrap.dedent(text))
    assert "1 scenario" in bare.ok("rules", "test", "shown.yaml")
