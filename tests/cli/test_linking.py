"""`syncd groups`, `plans`, `link`, `unlink`: who belongs together is a person's word, given whole or not at all."""

from __future__ import annotations

import pytest

from syncd.cli.demo.files.drops import native_id
from tests.cli.conftest import CRM_GROUP, GROUP, HIGH, PROSPER, QUOTE_GROUP, STANDARD, Office, decisions

HDHP = "fed-co-geha-hdhp"


def filled(office: Office, said: dict[tuple[str, str], str]) -> str:
    """Write a decision file and fill it in; give its name."""
    office.ok("link", GROUP, "--out", "d.yaml")
    file = office.folder / "d.yaml"
    file.write_text(decisions(file.read_text(), said))
    return "d.yaml"


def crm(plan: str) -> tuple[str, str]:
    return "crm", native_id("crm", plan)


def quote(plan: str) -> tuple[str, str]:
    return "quote", native_id("quote", plan)


# -- groups ------------------------------------------------------------------------------------------------------------


def test_groups_lists_what_there_is_and_how_to_link_it(bare):
    out = bare.ok("groups")
    assert "No group is linked yet." in out
    assert f"Federal employees, Colorado  {QUOTE_GROUP}  {CRM_GROUP}" in out
    assert "syncd groups link " in out
    told = bare("groups", "list", "--json").json
    assert {(one["system"], one["id"]) for one in told["unlinked"]} >= {("quote", QUOTE_GROUP), ("crm", CRM_GROUP)}
    assert told["linked"] == []


def test_no_two_groups_pair_by_their_name(bare):
    out = bare.ok("groups", "candidates")
    assert out.startswith("No two of these groups share a tax id or an account number")
    assert bare("groups", "candidates", "--json").json["candidates"] == []


def test_a_linked_group_is_listed_with_its_state(office):
    out = office.ok("groups")
    assert f"{GROUP}  quote {QUOTE_GROUP} · crm {CRM_GROUP}" in out
    [one] = office("groups", "--json").json["linked"]
    assert (one["plans"], one["unlinked_plans"], one["last_run"]["result"]) == (3, 6, "open")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["quote=G-111"], "a link needs the groups of two systems"),
        (["quote:G-111", "crm=7135"], "`quote:G-111` is not SYSTEM=ID"),
        (["quote=G-111", "quote=G-104"], "quote is named twice"),
        (["quote=G-111", "crn=7135"], "there is no system crn"),
        (["quote=G-111", "crm=1"], "crm 1: there is no such group"),
        (["quote=G-111", "crm=7135", "--source", "pay"], "pay is not among the linked systems"),
    ],
)
def test_a_link_of_groups_that_cannot_be_is_said(bare, words, told):
    assert f"syncd: error: {told}" in bare.fails(2, "groups", "link", *words)


def test_groups_that_are_linked_are_said_to_be(office):
    err = office.fails(2, "groups", "link", "quote=G-111", "crm=7135")
    assert f"they are linked already, as “{GROUP}” ({office.group})" in err
    office.ok("groups", "link", "quote=G-104", "crm=7168")
    err = office.fails(2, "groups", "link", "quote=G-104", "crm=7135")
    assert "they belong to two linked groups, “" in err


def test_a_group_is_unlinked_with_its_plans_or_not_at_all(office):
    group = office.group
    err = office.fails(2, "groups", "unlink", GROUP)
    assert f"“{GROUP}” has 3 linked plans" in err
    assert "hint: Unlink them first, or take them along with --plans." in err
    out = office.ok("groups", "unlink", GROUP, "--plans", "--reason", "left us")
    assert f"unlinked: “{GROUP}” {group} with 3 plans; all records and their history stay." in out
    assert office("groups", "--json").json["linked"] == []
    assert "No group is linked yet" in office.ok("sync")
    office.ok("groups", "link", "quote=G-111", "crm=7135")
    assert {one["set_aside"] for one in office("plans", GROUP, "--json").json["unlinked"]} == {True, False}


# -- plans -------------------------------------------------------------------------------------------------------------


def test_plans_shows_state_and_likely_counterparts(office):
    out = office.ok("plans", "federal")
    assert "in step" in out
    assert f"crm {native_id('crm', HIGH)} · quote {native_id('quote', HIGH)}" in out
    told = office("plans", GROUP, "--json").json
    assert {one["state"] for one in told["linked"]} == {"in step"}
    [hdhp] = [one for one in told["unlinked"] if one["id"] == native_id("quote", HDHP)]
    assert hdhp["candidates"][0]["id"] == native_id("crm", HDHP)
    office.edit("quote", HIGH, {"plan.name": "High"})
    office.ok("groups", "--refresh")
    assert "changed in quote since the last run" in office.ok("plans", GROUP)


@pytest.mark.parametrize("name", ["Federal employees, Colorado", "federal", "quote=G-111", "7135"])
def test_a_group_is_found_by_what_people_call_it(office, name):
    assert office("plans", name, "--json").json["group"]["label"] == GROUP


def test_a_group_that_there_is_not_is_said(office):
    err = office.fails(2, "plans", "Federal emploies, Colorado")
    assert f"no group is called `Federal emploies, Colorado`; did you mean “{GROUP}”" in err


def test_a_name_that_two_plans_bear_asks_for_the_id(office):
    office.ok("groups", "link", "quote=G-104", "crm=7168")
    filled(office, {crm("fed-co-kaiser-standard"): f'{{link: {{quote: "{quote("fed-co-kaiser-standard")[1]}"}}}}'})
    office.ok("link", GROUP, "d.yaml")
    err = office.fails(2, "unlink", GROUP, "Standard Option")
    assert "2 linked plans are called `Standard Option`: “Standard Option” l" in err
    assert "hint: Give the id instead." in err


# -- link --------------------------------------------------------------------------------------------------------------


def test_a_decision_file_shows_candidates_reasons_and_overwrites(bare):
    bare.ok("groups", "link", f"quote={QUOTE_GROUP}", f"crm={CRM_GROUP}")
    out = bare.ok("link", GROUP, "--out", "d.yaml")
    assert "12 unlinked plans of “Federal employees, Colorado”, with 10 likely pairs." in out
    text = (bare.folder / "d.yaml").read_text()
    assert (
        'because: "same carrier plan code; same carrier; same line of coverage; same plan year; same employee rate"'
        in text
    )
    assert "# benefits: crm overwrites 1 field of quote; quote overwrites 1 field of crm" in text
    assert '{field: "benefits.primary_care.in_network", crm: "$35", quote: "$10"}' in text
    assert "is called the same and is no candidate" in text


def test_a_decision_is_previewed_then_stored_and_only_sync_writes(office):
    office.edit("crm", HDHP, {"Urgent Care In": "$77 Copayment"})
    file = filled(office, {crm(HDHP): f'{{link: {{quote: "{quote(HDHP)[1]}"}}, sources: {{benefits: crm}}}}'})
    before = office.row("quote", HDHP)
    shown = office.ok("link", GROUP, file, "--dry-run")
    assert "~ quote  benefits.urgent_care.in_network" in shown
    assert "(crm is the source of this section)" in shown
    assert "Nothing was stored: this was a dry run." in shown
    assert len(office("plans", GROUP, "--json").json["linked"]) == 3
    stored = office.ok("link", GROUP, file)
    assert f"1 plan linked. `syncd sync {office.group}` writes what is shown here." in stored
    assert office.row("quote", HDHP) == before
    office.ok("sync", GROUP)
    assert office.row("quote", HDHP)["benefits"]["care"]["urgent"]["in"] == "$77 Copayment"


def test_all_decisions_count_or_none(office):
    file = filled(
        office,
        {
            crm(HDHP): f'{{link: {{quote: "{quote(HDHP)[1]}"}}}}',
            crm("fed-co-geha-high"): '{link: {quote: "Q-9999"}}',
        },
    )
    err = office.fails(2, "link", GROUP, file)
    assert "decision.link.quote: quote holds no record Q-9999 of this group" in err
    assert err.startswith("syncd: error: d.yaml:")
    assert len(office("plans", GROUP, "--json").json["linked"]) == 3


def test_a_record_that_changed_since_is_refused(office):
    file = filled(office, {crm(HDHP): f'{{link: {{quote: "{quote(HDHP)[1]}"}}}}'})
    office.edit("crm", HDHP, {"Urgent Care In": "$77 Copayment"})
    err = office.fails(2, "link", GROUP, file)
    assert f"crm {crm(HDHP)[1]}: it has changed since the decision file was written" in err
    assert "hint: Write the file again with --out, and look at what linking overwrites now." in err


def test_a_copy_is_created_by_the_next_sync_and_kept_in_step(office):
    office.remove("crm", HDHP)
    file = filled(office, {quote(HDHP): "{copy: crm}"})
    assert "+ create in crm with" in office.ok("link", GROUP, file, "--dry-run")
    office.ok("link", GROUP, file)
    out = office.ok("sync", GROUP)
    assert "+ create in crm as " in out
    link = next(one for one in office("plans", GROUP, "--json").json["linked"] if one["label"].startswith("High Ded"))
    assert link["state"] == "in step"
    office.edit("quote", HDHP, {"plan.name": "HDHP"})
    assert "1 write (crm 1)" in office.ok("sync", GROUP)


def test_a_copy_that_does_not_follow_is_made_once(office):
    office.remove("crm", HDHP)
    office.ok("link", GROUP, filled(office, {quote(HDHP): "{copy: crm, follow: false}"}))
    assert "+ create in crm as " in office.ok("sync", GROUP)
    office.edit("quote", HDHP, {"plan.name": "HDHP"})
    assert "0 writes" in office.ok("sync", GROUP)


def test_ignored_records_are_asked_about_no_more_until_somebody_asks(office):
    assert office("review", "list", "--kind", "link-plans", "--json").json["questions"]
    ids = [(one["system"], one["id"]) for one in office("plans", GROUP, "--json").json["unlinked"]]
    office.ok("link", GROUP, filled(office, dict.fromkeys(ids, "ignore")))
    assert office("review", "list", "--kind", "link-plans", "--json").json["questions"] == []
    assert "Set aside by a person:" in office.ok("plans", GROUP)
    (office.folder / "d.yaml").unlink()
    office.ok("link", GROUP, filled(office, {ids[0]: "ask"}))
    office.ok("sync", GROUP)
    assert len(office("review", "list", "--kind", "link-plans", "--json").json["questions"]) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("\n# end", ""), "the last line is not `# end`, so the file may be cut off"),
        (("group: ", "grup: "), ":19: grup: there is no such key; did you mean `group`?"),
        (('group: "l', 'group: "x'), "the file is about group x"),
        (("  decision:", "  decison: ignore"), ": decison: there is no such key; did you mean `decision`?"),
        (("  decision:", "  decision: [ignore]"), "decision: give one decision, not a list"),
        (("  decision:", "  decision: ignor"), '"ignor" is not an answer to this question; did you mean `ignore`?'),
        (("  decision:", "  decision: {copy: crn}"), "cannot stand here"),
        (("  decision:", "  decision: {link: {quote: ID}, source: crm}"), '"source" is not known here'),
        (("plans:", "plans: {"), "something is missing here"),
        (("  decision:", "  decision: "), "no decision is filled in"),
    ],
)
def test_a_wrong_decision_file_is_said_with_its_line(office, change, told):
    office.ok("link", GROUP, "--out", "d.yaml")
    file = office.folder / "d.yaml"
    file.write_text(file.read_text().replace(*change, 1))
    err = office.fails(2, "link", GROUP, "d.yaml")
    assert err.startswith("syncd: error: d.yaml")
    assert told in err
    assert "hint: " in err


def test_all_mistakes_of_a_decision_file_are_told(office):
    """N22: a decision file with six mistakes tells six, each with its line."""
    office.ok("link", GROUP, "--out", "d.yaml")
    file = office.folder / "d.yaml"
    answers = iter(["ignor", "{copy: crn}", "[ignore]", "{link: {quote: ID}, source: crm}", "{cpy: crm}", "{end: 4}"])
    lines = [
        f"{line} {next(answers)}" if line == "  decision:" else line.replace("by:", "bye:")
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines) + "\n")
    err = office.fails(2, "link", GROUP, "d.yaml")
    numbers = [int(line.split(":")[3]) for line in err.splitlines() if line.startswith("syncd: error: d.yaml:")]
    written = [at + 1 for at, line in enumerate(lines) if line.startswith(("  decision: ", "bye:"))]
    assert numbers == written


def test_a_decision_without_a_blank_names_its_own_line(office):
    """N22: `decision:x` is named with the line on which it stands."""
    office.ok("link", GROUP, "--out", "d.yaml")
    file = office.folder / "d.yaml"
    text = file.read_text().replace("  decision:", "  decision:ignore", 1)
    file.write_text(text)
    line = text[: text.index("decision:ignore")].count("\n") + 1
    assert f"d.yaml:{line}: this line has no colon" in office.fails(2, "link", GROUP, "d.yaml")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.yaml"], "nothing.yaml: it cannot be read: No such file or directory"),
        (["--out", "syncd.toml"], "syncd.toml: it is there already, and somebody may have written in it"),
        (["syncd.toml", "--out", "d.yaml"], "name a file to read or a file to write, not both"),
    ],
)
def test_a_link_without_its_file_is_said(office, words, told):
    assert f"syncd: error: {told}" in office.fails(2, "link", GROUP, *words)


def test_link_without_a_file_says_what_there_is(office):
    out = office.ok("link", GROUP)
    assert "6 unlinked plans of “Federal employees, Colorado”, with 3 likely pairs." in out
    assert len(office("link", GROUP, "--json").json["unlinked"]) == 6


def test_json_says_what_was_linked(office):
    file = filled(office, {crm(HDHP): f'{{link: {{quote: "{quote(HDHP)[1]}"}}, sources: crm}}'})
    said = office("link", GROUP, file, "--json", "--dry-run", "--check").json
    assert said["links"][0]["members"] == {"crm": crm(HDHP)[1], "quote": quote(HDHP)[1]}
    assert said["exit"] == 0


def test_the_decision_is_the_approval_of_what_it_showed(office):
    """Many plans linked at once are no mistake: the guard lets through what linking showed, and nothing more."""
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text() + "\n[guards.too-many-changes]\nshare = 0.1\ncount = 1\n")
    office.edit("crm", HDHP, {"Urgent Care In": "$77 Copayment"})
    file = filled(office, {crm(HDHP): f'{{link: {{quote: "{quote(HDHP)[1]}"}}, sources: quote}}'})
    office.ok("link", GROUP, file)
    out = office.ok("sync", GROUP)
    assert "1 write (crm 1)" in out
    office.edit("quote", HDHP, {"plan.name": "HDHP"})
    said = office("sync", GROUP)
    assert said.code == 4
    assert "! guard  too-many-changes" in said.out
    assert office.row("crm", HDHP)["Plan Name"] != "HDHP"


# -- unlink ------------------------------------------------------------------------------------------------------------


def test_unlinked_records_stay_and_are_never_written_again(office):
    out = office.ok("unlink", GROUP, "Prosper", "--reason", "not the same")
    assert "unlinked: “Prosper”" in out
    assert "Both records and their history stay" in out
    office.edit("quote", PROSPER, {"plan.name": "Prospero"})
    assert "0 writes" in office.ok("sync", GROUP)
    assert office.row("crm", PROSPER)["Plan Name"] == "Prosper"
    assert "not the same" in office.ok("history", GROUP, "--plan", "Prosper")


def test_unlink_of_a_plan_that_there_is_not_is_said(office):
    err = office.fails(2, "unlink", GROUP, "Prospr")
    assert "no linked plan is called `Prospr`; did you mean “Prosper” (" in err
    assert office("unlink", GROUP, STANDARD, "--json").code == 2
    assert office("unlink", GROUP, native_id("crm", STANDARD), "--json").json["label"] == "Standard Option"


# -- questions that unlinking makes moot -------------------------------------------------------------------------------


def test_n7_unlinking_a_group_closes_all_its_questions(office):
    """N7: after `groups unlink --plans` no question of the group stands, on no screen, and an answer says so."""
    asked = office("review", "list", "--json").json["questions"]
    assert asked, "the office has unlinked plans that are asked about"
    office.ok("groups", "unlink", GROUP, "--plans")
    assert office("review", "list", "--json").json["questions"] == []
    told = office("status", "--json").json
    assert told["questions"] == {}
    assert sum(sum(one["questions"].values()) for one in told["groups"]) == 0
    err = office.fails(2, "review", "decide", asked[0]["id"], "ignore")
    assert "the question has closed itself: its cause is gone" in err
    assert not list((office.folder / "state/review/pending").rglob("*.yaml")), "its files are put away"


def test_n7_a_question_that_outlived_its_group_takes_no_answer(office):
    """N7: a question left over from before says that its group is not linked any more."""
    from syncd import assemble, config

    [first, *_] = office("review", "list", "--json").json["questions"]
    store = assemble.open_store(config.load(None))
    question = store.question(first["id"])
    office.ok("groups", "unlink", GROUP, "--plans")
    store.save_questions([question])
    store.close()
    assert "is not linked any more" in office.fails(2, "review", "decide", first["id"], "ignore")


# -- pairs that nothing speaks for -------------------------------------------------------------------------------------


def test_n21_a_file_links_what_nothing_speaks_for_only_when_it_says_so(office):
    """N21: the preview warns of a pair that nothing speaks for, and without `evidence: none` nothing is linked."""
    office.edit("crm", HDHP, {"Line of Coverage": "Dental"})
    pair = f'{{link: {{quote: "{native_id("quote", HDHP)}"}}, sources: quote'
    file = filled(office, {crm(HDHP): pair + "}"})
    out = office.ok("link", GROUP, file, "--dry-run")
    assert f"! nothing speaks for this pair, crm {native_id('crm', HDHP)} and quote" in out
    assert "not the same line of coverage" in out
    assert office("link", GROUP, file, "--dry-run", "--json").json["nothing_speaks_for"]
    err = office.fails(2, "link", GROUP, file)
    assert "nothing speaks for this pair" in err
    assert len(office("plans", GROUP, "--json").json["linked"]) == 3
    (office.folder / file).unlink()
    file = filled(office, {crm(HDHP): pair + ", evidence: none}"})
    assert "the decision says so" in office.ok("link", GROUP, file)
    assert len(office("plans", GROUP, "--json").json["linked"]) == 4


# -- many at once ------------------------------------------------------------------------------------------------------


def test_missing_sources_of_a_whole_file(office):
    """Missing: `sources:` at the head of a file counts for every link that names none, and for no other."""
    file = filled(office, {crm(HDHP): f'{{link: {{quote: "{native_id("quote", HDHP)}"}}}}'})
    text = (office.folder / file).read_text()
    (office.folder / file).write_text(text.replace("sources:    #", "sources: quote    #", 1))
    [link] = office("link", GROUP, file, "--dry-run", "--json").json["links"]
    assert set(link["sources"].values()) == {"quote"}
    (office.folder / file).write_text(text.replace("sources:    #", "sources: nobody    #", 1))
    assert '"nobody" cannot stand here' in office.fails(2, "link", GROUP, file)


def test_missing_all_likely_pairs_at_once(office):
    """Missing: `likely: link` links each pair that is each other's likeliest; what is decided by hand stays decided."""
    file = filled(office, {crm(HDHP): "ignore"})
    text = (office.folder / file).read_text()
    (office.folder / file).write_text(
        text.replace("likely:     #", "likely: link     #", 1).replace("sources:    #", "sources: crm    #", 1)
    )
    told = office("link", GROUP, file, "--json").json
    assert len(told["links"]) == 2
    assert all(set(link["sources"].values()) == {"crm"} for link in told["links"])
    assert told["set_aside"] == [{"system": "crm", "id": native_id("crm", HDHP)}]
    (office.folder / file).write_text(text.replace("likely:     #", "likely: everything     #", 1))
    assert "expected `link`, or nothing" in office.fails(2, "link", GROUP, file)
