"""`syncd doctor`: what is well, what is not and what to do; without a secret and without changing anything."""

from __future__ import annotations

from typing import Any

from filelock import FileLock

from tests.cli.toys import Toys


def found(toys: Toys, system: str, *words: str) -> dict[str, tuple[str, str]]:
    """Give level and detail by what was looked at."""
    lines: list[dict[str, Any]] = toys("doctor", *words, "--json").json["systems"][system]
    return {line["what"]: (line["level"], line["detail"]) for line in lines}


def test_all_is_well(toys):
    out = toys.ok("doctor", "--check")
    assert out.rstrip().endswith("notes.")
    assert "All is well; " in out
    assert found(toys, "book")["mapping of plans"] == ("ok", "fits the live schema (9 fields)")
    assert found(toys, "desk")["mapping of plans"] == ("ok", "every field is in one of 3 records")
    assert toys("doctor", "--json").json["well"] is True


def test_one_system_alone_is_examined(toys):
    out = toys.ok("doctor", "desk")
    assert "syncd itself" not in out
    assert "book" not in out.replace("mapping book", "")
    assert "there is no system `dsk`" in toys.fails(2, "doctor", "dsk")


def test_a_field_that_the_system_renamed_retyped_or_lost_is_told_with_the_nearest_name(toys):
    def change(data):
        fields = data["schema"]["plan"]
        fields["policyNo"] = fields.pop("policy")
        fields["title"] = "object"
        del fields["code"]

    toys.change("book", change)
    said = found(toys, "book")
    assert said["mapping of plans: renamed fields"] == (
        "wrong",
        "1: details.policy_number: there is no policy; did policyNo take its place?",
    )
    assert said["mapping of plans: missing fields"] == ("wrong", "1: details.carrier_plan_code: there is no code")
    assert said["mapping of plans: fields of another type"] == (
        "wrong",
        "1: details.name: title is object there, which the codec text does not read",
    )
    assert toys("doctor").code == 0
    assert toys("doctor", "--check").code == 1


def test_without_a_schema_the_mapping_is_compared_with_records(toys):
    toys.change("desk", lambda data: [one.pop("code") for one in data["plan"].values()])
    level, detail = found(toys, "desk")["mapping of plans"]
    assert (level, detail) == ("wrong", "1 field in none of 3 records: details.carrier_plan_code (code)")
    toys.change("desk", lambda data: data["plan"].clear())
    assert found(toys, "desk")["mapping of plans"][0] == "note"


def test_what_the_account_may_not_do_is_told_with_its_reason(toys):
    toys.settings("book", rights="read")
    said = found(toys, "book")
    assert said["rights"] == ("wrong", "read")
    assert said["may change records"] == ("wrong", "no")
    assert said["hidden from us"] == ("note", "rates: the role sees no rates")
    assert said["not to be changed"] == ("note", "details.policy_number: the role may not change policies")
    toys.settings("book", writes="off")
    assert found(toys, "book")["may change records"] == ("note", "no")


def test_a_system_that_is_away_is_exit_3_and_the_others_are_examined(toys):
    toys.settings("book", away="the book is closed")
    said = toys("doctor")
    assert said.code == 3
    assert "AWAY  access    the book is closed" in said.out
    assert found(toys, "desk")["access"][0] == "ok"


def test_settings_that_cannot_be_used_are_told_with_file_and_line_and_the_others_examined(toys):
    toys.settings("desk", fil="x")
    toys.settings("desk", mapping="dsk")
    level, detail = found(toys, "desk")["settings"]
    assert level == "wrong"
    assert "no mapping is called 'dsk'; did you mean `desk`?" in detail
    assert "syncd.toml:" in detail
    assert found(toys, "book")["access"][0] == "ok"


def test_no_secret_is_shown(toys):
    toys.settings("book", password="hunter2secret")
    toys.settings("desk", password="hunter2secret", away="closed")
    said = toys("doctor")
    assert "hunter2secret" not in said.out + said.err + toys("doctor", "--json").out


def test_what_syncd_stands_on_is_looked_at(toys):
    lines = {one["what"]: one for one in toys("doctor", "--json").json["syncd"]}
    assert lines.keys() >= {"configuration", "rules", "store", "review folder", "locks", "service", "disk"}
    assert lines["service"]["detail"] == "not running; no run yet"
    (toys.folder / "state" / "locks").mkdir(exist_ok=True)
    with FileLock(toys.folder / "state" / "locks" / "service.lock"):
        assert "ok    service        running; no run yet" in toys.ok("doctor")
    errors = toys.folder / "state" / "review" / "pending" / "acme"
    errors.mkdir(parents=True)
    (errors / "l1.yaml.error.txt").write_text("line 3: …")
    assert "cannot be used as they are: l1.yaml" in toys.ok("doctor")


def test_rules_that_cannot_be_read_do_not_keep_the_rest_from_being_examined(toys):
    toml = toys.folder / "syncd.toml"
    toml.write_text('rules = "rules.yaml"\n' + toml.read_text())
    (toys.folder / "rules.yaml").write_text("defualt: {}\n")
    lines = {one["what"]: one for one in toys("doctor", "--json").json["syncd"]}
    assert lines["rules"]["level"] == "wrong"
    assert "rules.yaml:1" in lines["rules"]["detail"]


def test_an_examination_changes_nothing(toys):
    before = {system: toys.data(system) for system in ("book", "desk")}
    toys.ok("doctor")
    assert {system: toys.data(system) for system in before} == before
    assert toys("status", "--json").json["systems"][0]["read_at"] is None


# -- systems -----------------------------------------------------------------------------------------------------------


def test_systems_tells_whose_contract_it_is_what_is_written_and_why_the_rest_is_not(toys):
    out = toys.ok("systems")
    assert "contract: our contract; the toy publishes none" in out
    assert "contract: the vendor's own" in out
    assert "observed by listing group by group" in out
    assert "its groups are searched by `syncd import`; asks about a group before its first new plan" in out
    assert "unprotected: without conditional writes" in out
    book, desk = toys("systems", "--json").json["systems"]
    assert book["sections"]["details"] == {
        "carried": 9,
        "written": 8,
        "reasons": {"the role may not change policies": ["details.policy_number"]},
    }
    assert (book["directory"], book["asks_before_create"], book["notes"], desk["directory"]) == (
        *(True, True, False),
        False,
    )
    toys.settings("desk", rights="read")
    [_, desk] = toys("systems", "--json").json["systems"]
    assert desk["sections"]["group"]["written"] == 0
    assert desk["sections"]["group"]["reasons"].keys() == {"the account changes nothing"}


def test_a_shipped_connector_says_whose_contract_it_speaks(office):
    assert {one["contract"] for one in office("systems", "--json").json["systems"]} == {
        "a file drop: the columns are those that the mapping names"
    }


# -- the published sync map --------------------------------------------------------------------------------------------


def test_the_sync_map_is_published_with_counts_per_line_of_coverage(toys):
    told = toys("mappings", "show", "benefitpoint", "--json").json
    lines = {one["line"]: one for one in told["coverage"]}
    assert lines.keys() >= {"medical", "dental", "vision", "basic_life", "std", "ltd", "eap"}
    assert lines["medical"]["sections"]["benefits"]["carried"] > lines["dental"]["sections"]["benefits"]["carried"] > 0
    assert lines["medical"]["sections"]["rates"]["written"] == 0
    assert "Medical/PPO" in lines["medical"]["types"]
    out = toys.ok("mappings", "show", "benefitpoint")
    assert "of its 18 own lines named" in out
    assert max(map(len, out.splitlines())) < 320
    out = toys.ok("mappings", "show", "perfectquote", "--markdown")
    assert "| line | details | benefits | rates | contributions | eligibility | types named there |" in out
    assert "| dental |" in out


def test_the_mappings_are_listed_with_what_they_carry(toys):
    out = toys.ok("mappings", "show")
    assert "book          3/3    9/9" in out
    told = toys("mappings", "show", "--json").json["coverage"]["book"]
    assert (told["sections"]["details"], told["lines"]) == ({"carried": 9, "written": 9}, 2)
