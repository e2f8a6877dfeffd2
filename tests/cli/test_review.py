"""`syncd review`: questions on the command line, one by one, many at once, in files, in an editor."""

from __future__ import annotations

import pytest

from tests.cli.conftest import GROUP, HIGH, PROSPER, STANDARD, Office


@pytest.fixture
def asked(office: Office) -> Office:
    """Two people changed the same copay and the same rate to different values, and a plan was deleted."""
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office.edit("quote", HIGH, {"rate_sets.0.tiers.EE": "440.00"})
    office.edit("crm", HIGH, {"Employee + 1": "$999.00", "Employee Only": "$441.00"})
    office.remove("crm", PROSPER)
    office.ok("sync", GROUP)
    return office


def question(office: Office, about: str) -> str:
    return next(one["id"] for one in office("review", "--json").json["questions"] if one["about"] == about)


COPAY, RATES = "benefits.urgent_care.in_network", "rates[2026-01-01]"


def test_the_list_says_what_each_system_holds(asked):
    out = asked.ok("review", "list", "--kind", "conflict")
    assert f"{COPAY}" in out
    assert "crm $60 · quote $55 · was $50" in out
    assert "crm e1 999.00, ee 441.00 · quote ee 440.00" in out
    assert "2 open questions." in out
    assert asked("review", "--check").code == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--kind", "missing-record"], ["Prosper"]),
        (["--plan", "Standard Option", "--kind", "conflict"], [COPAY]),
        (["--field", "rates[*"], [RATES]),
        (["--group", "Nobody"], []),
        (["--kind", "conflict", "--older", "1"], []),
    ],
)
def test_filters_narrow_the_list(asked, words, found):
    told = asked("review", "list", *words, "--json").json["questions"]
    assert [one["about"] for one in told] == found
    if not found:
        assert asked.ok("review", "list", *words) == "No open question fits.\n"


def test_no_question_is_said_so(bare):
    assert bare.ok("review") == "No question is open.\n"
    assert bare("review", "--check").code == 0


def test_a_kind_that_there_is_not_is_said(office):
    err = office.fails(2, "review", "list", "--kind", "conflicts")
    assert "--kind: there is no kind of question `conflicts`; did you mean `conflict`?" in err


def test_a_question_is_shown_with_what_each_answer_would_do(asked):
    id_ = question(asked, COPAY)
    out = asked.ok("review", "show", id_[:5])
    assert "Urgent care, in network: crm says $60 and quote says $55 (it was $50). Which one is right?" in out
    assert "why         on_conflict is ask (rule default)" in out
    assert "take what crm holds; write it to quote" in out
    assert f"syncd review decide {id_} crm" in out
    assert "or in its file: " in out
    assert asked("review", "show", id_, "--json").json["question"]["members"]["quote"]["value"] == "$55"


def test_a_question_that_there_is_not_is_said(asked):
    id_ = question(asked, COPAY)
    assert f'there is no question "{id_}x"; did you mean `{id_}`?' in asked.fails(2, "review", "show", f"{id_}x")


def test_a_table_is_shown_by_what_each_system_changed_in_it(asked):
    out = asked.ok("review", "show", question(asked, RATES))
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "e1 984.41 -> 999.00" in lines
    assert "ee 435.58 -> 441.00" in lines
    assert "ee 435.58 -> 440.00" in lines


def test_an_answer_is_stored_and_carried_out_by_the_next_sync(asked):
    id_ = question(asked, COPAY)
    out = asked.ok("review", "decide", id_, "crm", "--note", "asked the carrier")
    assert f"decided {id_}: crm" in out
    assert "decided; the next run carries it out: crm by" in asked.ok("review", "show", id_)
    asked.ok("sync", GROUP)
    assert asked.row("quote", STANDARD)["benefits"]["care"]["urgent"]["in"] == "$60 Copayment"
    assert "carried out on" in asked.ok("review", "show", id_)
    err = asked.fails(2, "review", "decide", id_, "quote")
    assert "it was decided by" in err
    assert "crm and carried out" in err


def test_a_value_of_ones_own_is_written_everywhere(asked):
    asked.ok("review", "decide", question(asked, COPAY), "$57 Copayment", "--value")
    asked.ok("sync", GROUP)
    assert asked.row("quote", STANDARD)["benefits"]["care"]["urgent"]["in"] == "$57 Copayment"
    assert asked.row("crm", STANDARD)["Urgent Care In"] == "$57 Copayment"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["zzz", "crm"], 'there is no open question "zzz"'),
        (["{id}", "crn"], 'decision: "crn" is not an answer to this question; did you mean `crm`?'),
        (["{id}"], "ANSWER: the answer is missing"),
        (["{id}", "crm", "quote"], "ANSWER: give one answer"),
        (["{id}", "{value: [1]}"], "decision.value: a value is one text, number or date"),
        (["--kind", "conflict", "{id}", "crm"], "ANSWER: with filters, give the answer alone"),
    ],
)
def test_an_answer_that_cannot_be_is_said(asked, words, told):
    id_ = question(asked, COPAY)
    err = asked.fails(2, "review", "decide", *(id_ if word == "{id}" else word for word in words))
    assert told in err
    assert "hint: " in err


def test_many_are_answered_by_filter_after_a_preview(asked):
    out = asked.ok("review", "decide", "--kind", "conflict", "crm")
    assert "2 questions would be answered; nothing was stored. Add --yes to do it." in out
    assert len(asked("review", "list", "--kind", "conflict", "--json").json["questions"]) == 2
    out = asked.ok("review", "decide", "--kind", "conflict", "crm", "--yes")
    assert "decided: 2 questions." in out
    asked.ok("sync", GROUP)
    assert asked.row("quote", HIGH)["rate_sets"][0]["tiers"]["E1"] == "999.00"
    assert asked.ok("review", "decide", "--kind", "conflict", "crm") == "No open question fits.\n"


def test_those_that_take_no_such_answer_are_told_and_left(asked):
    told = asked("review", "decide", "--kind", "conflict", "--kind", "missing-record", "crm", "--json").json
    assert [one["error"] is None for one in told["preview"]].count(True) == 2
    assert told["decided"] == []
    out = asked.ok("review", "decide", "--kind", "missing-record", "crm")
    assert "None of them takes this answer." in out


def pending(office: Office, about: str):
    return next(
        file for file in (office.folder / "state" / "review" / "pending").rglob("*.yaml") if about in file.read_text()
    )


def test_files_are_read_without_a_run(asked):
    file = pending(asked, COPAY)
    file.write_text(file.read_text().replace("  decision:\n", "  decision: quote\n"))
    err = asked("review", "apply").err
    assert "it is read when it has rested for 2 s" in err
    asked.rested(file)
    out = asked.ok("review", "apply")
    assert ": quote\n`syncd sync` carries it out." in out
    assert asked.ok("review", "apply") == "No file holds a new answer.\n"


def test_a_file_with_a_mistake_is_said_with_its_line(asked):
    file = pending(asked, COPAY)
    file.write_text(file.read_text().replace("  decision:\n", "  decision: quot\n"))
    asked.rested(file)
    err = asked.fails(2, "review", "apply")
    assert "standard-option-" in err
    assert '"quot" is not an answer to this question; did you mean `quote`?' in err
    assert asked("review", "apply", "--json").json["not_used"][0]["line"]
    assert "its file is not read" in asked("review", "list").err


def test_a_question_is_answered_in_an_editor(asked, monkeypatch):
    id_ = question(asked, COPAY)
    monkeypatch.setenv("VISUAL", "sed -i '0,/^  decision:$/s//  decision: crm/'")
    assert f"decided {id_}: crm" in asked.ok("review", "edit", id_)
    assert "it is not open, so no file shows it" in asked.fails(2, "review", "edit", id_)


@pytest.mark.parametrize(
    ("editor", "code", "told"),
    [
        ("true", 0, "The file was not changed."),
        ("false", 2, "the editor ended with 1; nothing was read"),
        ("/no/such/editor", 2, "the editor cannot be started: No such file or directory"),
        ("", 2, "$EDITOR: no editor is named"),
    ],
)
def test_an_editor_that_does_not_help_is_said(asked, monkeypatch, editor, code, told):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    said = asked("review", "edit", question(asked, COPAY))
    assert said.code == code
    assert told in said.out + said.err


def test_a_link_plans_question_is_answered_on_the_command_line(office):
    office.ok("sync", GROUP)
    [crm, quote] = [
        next(
            one
            for one in office("review", "list", "--kind", "link-plans", "--json").json["questions"]
            if one["plan"].startswith("High Ded") and system in one["members"]
        )
        for system in ("crm", "quote")
    ]
    other = quote["members"]["quote"]["id"]
    office.ok("review", "decide", crm["id"], f'{{link: {{quote: "{other}"}}, sources: quote}}')
    office.ok("sync", GROUP)
    linked = office("plans", GROUP, "--json").json["linked"]
    assert any(one["members"].get("quote") == other for one in linked)


# -- taking back, and what cannot be carried out -----------------------------------------------------------------------


def test_n20_an_answer_is_taken_back_before_it_is_carried_out(asked):
    """N20: `review withdraw ID` opens a question again, and the run after it does not carry the answer out."""
    id_ = question(asked, COPAY)
    out = asked.ok("review", "decide", id_, "crm")
    assert f"`syncd review withdraw {id_}` takes it back" in out
    err = asked.fails(2, "review", "decide", id_, "quote")
    assert f"`syncd review withdraw {id_}` takes it back" in err
    assert "undo" not in err
    asked.ok("review", "withdraw", id_)
    asked.ok("sync")
    assert asked.row("quote", STANDARD)["benefits"]["care"]["urgent"]["in"] == "$55 copay"
    assert question(asked, COPAY) == id_
    assert asked("history", "--json").json["rows"][0]["fields"][COPAY]["after"] == "withdrawn: crm"
    assert "not answered yet" in asked.fails(2, "review", "withdraw", id_)
    asked.ok("review", "decide", id_, "quote")
    asked.ok("sync")
    assert "carried out already" in asked.fails(2, "review", "withdraw", id_)
    assert 'no answered question "nope"' in asked.fails(2, "review", "withdraw", "nope")


def test_n20_an_ignored_question_is_opened_again(asked):
    """N20: an `ignore` can be taken back, too."""
    id_ = question(asked, COPAY)
    asked.ok("review", "decide", id_, "ignore")
    asked.ok("sync")
    asked.ok("review", "withdraw", id_)
    assert question(asked, COPAY) == id_


def test_n2_an_answer_that_no_run_would_carry_out_is_refused(office):
    """N2: linking with a record that is in a link already is refused by `decide`, which names the way that goes."""
    from syncd.cli.demo.files.drops import native_id

    loose = {one["about"]: one["id"] for one in office("review", "--json").json["questions"]}
    about = f"crm:{native_id('crm', 'fed-co-geha-hdhp')}"
    record = native_id("quote", STANDARD)
    err = office.fails(2, "review", "decide", loose[about], f"{{link: {{quote: {record}}}}}")
    assert f"quote {record} is linked already, in “" in err
    assert f"which has a crm member, {native_id('crm', STANDARD)}" in err
    assert f"syncd unlink {office.group} " in err
    assert loose[about] in {one["id"] for one in office("review", "--json").json["questions"]}


def test_n21_a_pair_that_nothing_speaks_for_is_decided_in_so_many_words(office):
    """N21: `decide` links two that nothing speaks for only with `evidence: none`."""
    from syncd.cli.demo.files.drops import native_id

    loose = {one["about"]: one["id"] for one in office("review", "--json").json["questions"]}
    plan = native_id("crm", "fed-co-geha-hdhp")
    office.edit("crm", "fed-co-geha-hdhp", {"Line of Coverage": "Dental"})
    office.ok("sync")
    record = native_id("quote", "fed-co-geha-hdhp")
    err = office.fails(2, "review", "decide", loose[f"crm:{plan}"], f"{{link: {{quote: {record}}}}}")
    assert "nothing speaks for this pair: " in err
    assert "evidence: none" in err
    office.ok("review", "decide", loose[f"crm:{plan}"], f"{{link: {{quote: {record}}}, evidence: none}}")
    office("sync")
    assert office.link_of("fed-co-geha-hdhp")


# -- tables, cell by cell ----------------------------------------------------------------------------------------------


def test_missing_a_table_is_answered_cell_by_cell(asked):
    """Missing: a contested table takes a typed value for one cell and a system's for another; effects are shown."""
    id_ = question(asked, RATES)
    assert "{cells: {" in asked.ok("review", "show", id_)
    err = asked.fails(2, "review", "decide", id_, "{cells: {ee: 442.50}}")
    assert "these cells differ and are not named: e1" in err
    assert "did you mean `ee`" in asked.fails(2, "review", "decide", id_, "{cells: {eee: 442.50, e1: crm}}")
    assert "does not fit ee" in asked.fails(2, "review", "decide", id_, "{cells: {ee: much, e1: crm}}")
    out = asked.ok("review", "decide", id_, "{cells: {ee: 442.50, e1: crm}}")
    assert "ee: 442.50, typed; written to " in out
    assert "e1: 999.00, as crm has it; written to quote" in out
    asked.ok("sync")
    tiers = asked.row("quote", HIGH)["rate_sets"][0]["tiers"]
    assert tiers["EE"] in ("442.5", "442.50", 442.5)
    assert str(asked.row("crm", HIGH)["Employee Only"]).strip("$") in ("442.50", "442.5")
    assert RATES not in {one["about"] for one in asked("review", "--json").json["questions"]}
