"""Counts that fit what is shown, hints that can be copied, and wrongs that the exit code tells."""

from __future__ import annotations

import re

from syncd.cli.demo.files.drops import native_id
from tests.cli.conftest import GROUP, HIGH, Office, decisions


def decision_file(office: Office, system: str, plan: str, decision: str, file: str = "d.yaml") -> str:
    office.ok("link", GROUP, "--out", file)
    path = office.folder / file
    path.write_text(decisions(path.read_text(), {(system, native_id(system, plan)): decision}))
    return file


def test_n5_what_linking_overwrites_is_never_less_than_nothing(bare):
    """N5: a blank that would also be entered by hand counts once, so no count in a decision file is negative."""
    from syncd.cli.link_file import _effect
    from syncd.reconcile.relink import Difference

    both = [Difference("details.x", {"crm": "", "quote": "7"}, {"quote": "only at birth"})]
    assert _effect("crm", "quote", both) == "crm overwrites 0 fields of quote, 1 blank of crm erases nothing"
    hand = [Difference("details.x", {"crm": "8", "quote": "7"}, {"quote": "only at birth"})]
    assert _effect("crm", "quote", hand).endswith(
        "overwrites 0 fields of quote, 1 to be entered by hand (only at birth)"
    )
    for quote, crm in (("G-111", "7135"), ("G-104", "7168")):
        group = bare("groups", "link", f"quote={quote}", f"crm={crm}", "--json").json["group"]
        bare.ok("link", group, "--out", f"{group}.yaml")
        text = (bare.folder / f"{group}.yaml").read_text()
        assert not re.search(r"-\d+ (field|blank)", text)
        assert "overwrites" in text


def test_n22_a_create_counts_what_it_sends(office):
    """N22: `create … with N fields` is the number of values that are listed below it."""
    file = decision_file(office, "crm", "fed-co-geha-hdhp", "{copy: quote}")
    said = office("link", GROUP, file, "--dry-run", "--json").json
    [created] = said["created"]
    [operation] = [one for plan in said["preview"]["plans"] for one in plan["operations"]]
    assert operation["fields"] == len(created["values"]) > 0


def test_n22_hints_quote_what_has_blanks(office):
    """N22: a command in a hint can be copied as it stands, also when a file's name has blanks."""
    out = office.ok("link", GROUP, "--out", "my file.yaml")
    assert f"`syncd link {office.group} 'my file.yaml' --dry-run`" in out
    out = office("sync", "--dry-run", "--out", "my plan.json").out
    assert "`syncd sync --apply 'my plan.json'`" in out


def test_n22_sync_out_writes_over_nothing(office):
    """N22: `sync --out FILE` refuses a file that is there, before anything is read."""
    (office.folder / "precious.txt").write_text("mine")
    err = office.fails(2, "sync", "--out", "precious.txt")
    assert "it is there already" in err
    assert (office.folder / "precious.txt").read_text() == "mine"


def test_n22_a_field_is_found_by_its_end_in_history(office):
    """N22: `history --field` takes the end of a path, as `why` does, and names the nearest one."""
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "441.20"})
    office.ok("sync")
    whole = office("history", "--field", "rates[2026-01-01].ee", "--json").json["rows"]
    assert whole
    assert "carrier_plan_code" in office.ok("history", GROUP, "--field", "carrier_plan_code")
    err = office.fails(2, "history", "--field", "carrier_plan_cod")
    assert "did you mean `details.carrier_plan_code`?" in err


def test_n22_a_connector_that_is_not_there_is_not_well(office):
    """N22: an unknown connector is told by `status` and `doctor`, and by their exit codes."""
    file = office.folder / "syncd.toml"
    file.write_text(file.read_text().replace('connector = "files"', 'connector = "filez"', 1))
    said = office("status")
    assert said.code == 2
    assert "filez" in said.out
    assert office("doctor").code == 2
    assert "All is well" not in office("doctor").out


def test_n22_an_answer_that_cannot_be_used_is_told(office):
    """N22: a review file with an answer that cannot be used is named by `status` and `doctor` before a run reads it."""
    [file, *_] = sorted((office.folder / "state/review/pending").rglob("*.yaml"))
    file.write_text(file.read_text().replace("\n  decision:\n", "\n  decision: whatever\n", 1))
    office.rested(file)
    said = office("status", "--check")
    assert said.code == 1
    assert "An answer cannot be used as it is" in said.out
    assert "whatever" in said.out
    assert office("status", "--json").json["answers_not_used"]
    assert "whatever" in office("doctor", "--check").out
    assert not list(file.parent.glob("*.error.txt")), "who only looks writes nothing"


def test_n22_without_a_system_nothing_is_well(tmp_path, office):
    """N22: `doctor` on a configuration without systems does not say that all is well."""
    office.ok("init", "fresh")
    said = office("doctor", "--config", "fresh/syncd.toml")
    assert "No system is configured yet" in said.out
    assert "All is well" not in said.out


def test_n22_a_guard_is_looked_at_before_it_is_approved(office):
    """N22: a guard's question lists every record with its name, and offers no approval to be copied."""
    for plan in (HIGH, "fed-co-kaiser-prosper", "fed-co-geha-standard", "fed-co-geha-hdhp", "fed-co-geha-high"):
        office.remove("crm", plan)
    said = office("sync")
    guards = office("review", "list", "--kind", "guard", "--json").json["questions"]
    assert guards, said.out
    out = office.ok("review", "show", guards[0]["id"])
    missing = guards[0]["evidence"]
    assert all(f"{id_}  “" in out for id_ in missing)
    assert "decide" in out
    assert "approve\n" not in out.partition("decide")[2]
    assert f"the {len(missing)} lines above first" in out
