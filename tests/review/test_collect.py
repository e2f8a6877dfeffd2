# ruff: noqa: E501 - a row of a table is one line
"""Files as people leave them: what is read, what is refused with which words, and that no typed text is ever lost."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.review.disk import sheets
from syncd.review.document import MAX_BYTES, entries_of
from tests.review.world import ALL, NAMES, NOW, Office, conflict, fill, guard, missing, stray

ID = "aa00000001-1"


def crm(text: str) -> str:
    return fill(ID, decision="crm")(text)


READ = [
    ("as it should be", crm, "crm", "", ""),
    ("with note and name", fill(ID, decision="crm", note="see mail", by="Ann"), "crm", "see mail", "Ann"),
    ("in quotes", fill(ID, decision='"crm"'), "crm", "", ""),
    ("a comment behind it", fill(ID, decision="crm   # sure"), "crm", "", ""),
    ("CRLF", lambda text: crm(text).replace("\n", "\r\n"), "crm", "", ""),
    ("old Mac line ends", lambda text: crm(text).replace("\n", "\r"), "crm", "", ""),
    ("a byte-order mark", lambda text: "\ufeff" + crm(text), "crm", "", ""),
    ("tabs behind the colon", fill(ID, decision="\tcrm", by="\tAnn"), "crm", "", "Ann"),
    ("blank lines at the end", lambda text: crm(text) + "\n\n  \n", "crm", "", ""),
    ("no line end at the end", lambda text: crm(text).rstrip(), "crm", "", ""),
    ("blanks at line ends", lambda text: crm(text).replace("\n", "   \n"), "crm", "", ""),
    ("a colon in the note", fill(ID, decision="crm", note="Ann said: use crm"), "crm", "Ann said: use crm", ""),
    ("a number sign in the note", fill(ID, decision="crm", note="ticket #12: ok"), "crm", "ticket #12: ok", ""),
    ("a number sign only", fill(ID, decision="crm", note="see #12"), "crm", "see #12", ""),
    ("an at sign", fill(ID, decision="crm", by="@ann"), "crm", "", "@ann"),
    ("an open quote", fill(ID, decision="crm", note='5" pipe'), "crm", '5" pipe', ""),
    ("a bracket", fill(ID, decision="crm", note="[sic"), "crm", "[sic", ""),
    ("a long note", lambda text: crm(text).replace("  note:", "  note: |\n    one\n    two"), "crm", "one\ntwo", ""),
    ("without the mark", lambda text: "\n".join(x for x in crm(text).split("\n") if "own mark" not in x), "crm", "", ""),
    ("without all comments", lambda text: "\n".join(x for x in crm(text).split("\n") if x[:2] != "# ") + "\n# end", "crm", "", ""),
    ("keys in another order", lambda text: text.replace("  decision:\n  note:\n  by:", "  by: Ann\n  note:\n  decision: crm"), "crm", "", "Ann"),
    ("what was shown is deleted", lambda text: crm(text).replace('    - {system: crm,   record: "4711",  value: "530.00", base: "512.40"}\n', ""), "crm", "", ""),
    ("value on one line", fill(ID, decision="value: 07030"), "value", "", ""),
    ("value in braces", fill(ID, decision="{value: 07030}"), "value", "", ""),
    ("value below", fill(ID, decision="\n    value: 07030"), "value", "", ""),
    ("value below, with a tab", fill(ID, decision="\n\tvalue: 07030"), "value", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("why", "edit", "choice", "note", "by"), READ, ids=[row[0] for row in READ])
def test_an_answer_is_read_however_it_was_saved(tmp_path, why, edit, choice, note, by):
    office = Office(tmp_path, conflict(ID, "details.carrier_id"))
    path = office.page
    office.save(path, edit(path.read_text(encoding="utf-8")).encode())
    left = path.read_bytes()
    collected = office.collect()
    assert collected.errors == ()
    [decided] = collected.decided
    assert (decided.choice, decided.note, decided.by) == (choice, note, by)
    assert decided.value == ("07030" if choice == "value" else None)
    assert path.read_bytes() == left
    assert office.store.question(ID).status == "decided"
    office.show()
    assert office.pages() == {}
    assert any(choice in text for text in office.done().values())


def test_utf16_is_read(tmp_path):
    """Notepad calls it Unicode."""
    office = Office(tmp_path, conflict(ID))
    office.save(office.page, crm(office.page.read_text()).encode("utf-16"))
    assert [decided.choice for decided in office.collect().decided] == ["crm"]


REFUSED = [
    ("an unknown answer", fill(ID, decision="qoute"), "decision:", '"qoute" is not an answer', "did you mean `quote`?"),
    ("a value of the wrong type", fill(ID, decision="{value: abc}"), "decision:", '"abc" does not fit', "an amount, as 512.40"),
    ("a wrong id", lambda text: crm(text).replace(f'- id: "{ID}"', '- id: "aa00000001-2"'), "- id", 'no question "aa00000001-2"', f"`{ID}`"),
    ("no id", lambda text: crm(text).replace(f'- id: "{ID}"', "- id:"), "- id", "the question has no id", "delete the file"),
    ("the id line is gone", lambda text: crm(text).replace(f'- id: "{ID}"\n', "-\n"), "asked", "the question has no id", "delete the file"),
    ("a key twice", lambda text: crm(text).replace("  note:", "  decision: quote\n  note:"), "decision: quote", "a second time", ""),
    ("a wrong key", lambda text: crm(text).replace("  note:", "  nite:"), "  nite:", '"nite" is not a key', "did you mean `note`?"),
    ("a capital key", lambda text: text.replace("  decision:", "  Decision: crm"), "Decision", '"Decision" is not a key', "`decision`"),
    ("a list", fill(ID, decision="[crm]"), "decision:", "give one answer", ""),
    ("a list below", fill(ID, decision="\n    - crm"), "  decision:", "give one answer", ""),
    ("a note that is none", lambda text: crm(text).replace("  note:", "  note:\n    - a"), "  note:", "must be text", "quotes"),
    ("an anchor", fill(ID, decision="&x crm"), "decision:", "& and *", "quotes"),
    ("a tag", fill(ID, decision="!!str crm"), "decision:", "is not read", "quotes"),
    ("a wrong indent", lambda text: crm(text).replace("  kind:", " kind:"), "kind", "indented", ""),
    ("no list at all", lambda _: "decision: crm\n# end\n", "decision", "not a list of questions", "delete the file"),
    ("a word in the list", lambda text: crm(text).replace("# end", "- crm\n# end"), "- crm", 'begins with "- id:"', ""),
    ("the last line is gone", lambda text: crm(text).replace("# end\n", ""), "mark", "cut off", '"# end"'),
    ("two documents", lambda text: crm(text).replace("# end", "---\n- a\n# end"), "---", "second document", ""),
]  # fmt: skip


@pytest.mark.parametrize(("why", "edit", "line", "said", "helps"), REFUSED, ids=[row[0] for row in REFUSED])
def test_p27_a_file_that_cannot_be_used_says_where_what_and_what_next(tmp_path, why, edit, line, said, helps):
    office = Office(tmp_path, conflict(ID))
    path = office.page
    office.save(path, edit(path.read_text(encoding="utf-8")).encode())
    left = path.read_bytes()
    collected = office.collect()
    assert collected.decided == ()
    error = collected.errors[0]
    assert said in error.message
    assert helps in f"{error.message} {error.hint}"
    assert error.hint
    assert error.file == f"{path.parent.name}/{path.name}"
    shown = left.decode().splitlines()[error.line - 1] + "\n"
    assert line in shown
    letter = path.with_name(path.name + ".error.txt").read_text()
    assert f"line {error.line}" in letter
    assert said in letter
    office.show()
    assert path.read_bytes() == left, "the person's text stays"
    assert office.store.question(ID).status == "open"


def test_the_message_beside_a_file_goes_when_it_is_corrected(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, "qoute")
    office.collect()
    beside = path.with_name(path.name + ".error.txt")
    assert beside.exists()
    assert "qoute" in office.folder.errors()[ID]
    office.answer(ID, "quote")
    assert [decided.choice for decided in office.collect().decided] == ["quote"]
    assert not beside.exists()
    office.show()
    assert office.folder.errors() == {}


def test_all_answers_of_a_file_count_or_none(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "crm")
    path = office.answer("aa00000004-1", "end")
    collected = office.collect()
    assert collected.decided == ()
    assert [error.key for error in collected.errors] == ["decision.end"]
    assert {office.store.question(each).status for each in (ID, "aa00000004-1")} == {"open"}
    office.edit(path, ("decision: end", "decision: {end: 00088}"))
    assert {decided.choice for decided in office.collect().decided} == {"crm", "end"}


def test_all_that_is_wrong_with_a_file_is_said_at_once(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "crn")
    office.answer("aa00000004-1", "end")
    lines = [error.line for error in office.collect().errors]
    assert len(lines) == 2
    assert lines == sorted(lines)


def test_a_bad_file_holds_up_no_other(tmp_path):
    office = Office(tmp_path, conflict(ID), guard())
    office.answer(ID, "crn")
    office.answer("aa00000005-1", "approve")
    collected = office.collect()
    assert [decided.choice for decided in collected.decided] == ["approve"]
    assert len(collected.errors) == 1


def test_a_question_that_stands_twice_is_refused(tmp_path):
    office = Office(tmp_path, conflict(ID))
    text = office.page.read_text()
    item = text[text.index("- id:") : text.index("# ", text.index("- id:"))]
    office.edit(office.page, (item, item.replace("decision:", "decision: crm") + item))
    [error] = office.collect().errors
    assert "a second time (first on line" in error.message


@pytest.mark.parametrize("ago", [0.0, 1.9])
def test_a_file_just_saved_is_left_for_later(tmp_path, ago):
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, "crm")
    office.now += 3600
    os.utime(path, (office.now - ago, office.now - ago))
    found = office.folder.collect({}, office.now)
    assert (found.decided, found.errors, found.waiting) == ((), (), (path,))
    os.utime(path, (office.now - 2.1, office.now - 2.1))
    assert office.folder.collect({ID: conflict(ID)}, office.now).decided


def test_a_file_still_being_saved_is_left_for_later(tmp_path):
    """Without its last line it may be half of a file; after a minute it is told that the line is missing."""
    office = Office(tmp_path, conflict(ID))
    path = office.edit(office.page, fill(ID, decision="crm"), ("# end\n", ""))
    os.utime(path, (office.now - 30, office.now - 30))
    found = office.folder.collect({ID: conflict(ID)}, office.now)
    assert (found.decided, found.errors, found.waiting) == ((), (), (path,))
    assert not path.with_name(path.name + ".error.txt").exists()


def test_a_file_cut_anywhere_never_decides_something_else(tmp_path):
    """However much of a file was saved, its answers are either all read as typed or not at all."""
    questions = {each.id: each for each in (conflict(ID), missing())}
    office = Office(tmp_path, *questions.values())
    office.answer(ID, '{value: "531.25"}')
    path = office.answer("aa00000004-1", "{end: 00088}")
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        office.save(path, whole[:length])
        for decided in office.folder.collect(questions, office.now).decided:
            assert (decided.choice, decided.value) in {("value", Decimal("531.25")), ("end", None)}


def test_clocks_that_disagree_do_not_hold_a_file_up(tmp_path):
    """A time far in the future is another machine's clock; the last line still guards against half a file."""
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, "crm")
    os.utime(path, (office.now + 7200, office.now + 7200))
    assert office.folder.collect({ID: conflict(ID)}, office.now).decided


def test_two_files_that_contradict_each_other_both_wait(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.page
    other = path.with_name("copy of it.yaml")
    office.save(other, path.read_bytes())
    office.edit(path, fill(ID, decision="crm"))
    office.edit(other, fill(ID, decision="quote"))
    collected = office.collect()
    assert collected.decided == ()
    assert {error.file for error in collected.errors} == {office.folder.name(path), office.folder.name(other)}
    office.show()
    assert "decision: crm" in path.read_text()
    assert "decision: quote" in other.read_text()
    office.edit(other, ("decision: quote", "decision: crm"))
    assert [decided.choice for decided in office.collect().decided] == ["crm"]
    office.show()
    assert office.pages() == {}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("link", "it cannot be opened"),
        ("pipe", "it is not a plain file"),
        ("large", "2,000,000 are read at most"),
        ("latin", "a letter on this line cannot be read"),
        ("nul", "a character in it that cannot be read"),
        ("folder", ""),
    ],
)
def test_what_is_no_plain_review_file_is_refused_and_left_alone(tmp_path, made, said):
    office = Office(tmp_path / "review", conflict(ID), guard())
    path = office.folder.file_of(ID).with_name("extra.yaml")
    if made == "link":
        (tmp_path / "secret").write_text("password: hunter2\n")
        path.symlink_to(tmp_path / "secret")
    elif made == "pipe":
        os.mkfifo(path)
    elif made == "folder":
        path.mkdir()
    else:
        data = {
            "large": b"#" * (MAX_BYTES + 1),
            "latin": "- id: Zoë\n# end\n".encode("latin-1"),
            "nul": b"- \0\n# end\n",
        }
        office.save(path, data[made])
    office.answer("aa00000005-1", "approve")
    collected = office.collect()
    assert [decided.choice for decided in collected.decided] == ["approve"]
    assert all(said in error.message for error in collected.errors)
    assert [error.file for error in collected.errors] == (
        [f"{path.parent.name}/extra.yaml"] if made != "folder" else []
    )
    office.show()
    assert path.exists()


def test_editors_leave_their_own_files_alone(tmp_path):
    office = Office(tmp_path, conflict(ID))
    folder = office.page.parent
    for name in (".gold.yaml.swp", "gold.yaml~", "#gold.yaml#", ".hidden.yaml", "notes.txt"):
        (folder / name).write_text("decision: [\n")
    collected = office.collect()
    assert (collected.errors, collected.decided) == ((), ())


def test_what_was_answered_elsewhere_comes_late_and_is_kept(tmp_path):
    from syncd.review.queue import decide

    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "quote", by="Bob")
    decide(office.store, ID, "crm", office.now, by="Ann")
    collected = office.collect()
    assert (collected.decided, collected.errors) == ((), ())
    [late] = collected.late
    assert str(late).endswith('"quote" came too late, it was decided by Ann: crm')
    office.show()
    assert ID not in office.page.read_text()
    [record] = office.done().values()
    assert "decision: quote" in record
    assert "# decided by Ann: crm" in record


def test_the_same_answer_twice_is_one_decision(tmp_path):
    """A crash after the commit and before the files were touched: the file is read again and found answered."""
    office = Office(tmp_path, conflict(ID))
    office.answer(ID, "crm")
    assert len(office.collect().decided) == 1
    again = office.collect()
    assert (again.decided, again.late, again.errors, again.reissued) == ((), (), (), ())
    assert len(office.store.history()) == 1
    office.show()
    assert office.pages() == {}


def test_an_answer_to_a_question_that_closed_itself_is_not_needed(tmp_path):
    from dataclasses import replace

    office = Office(tmp_path, conflict(ID))
    office.answer(ID, "crm", note="sure")
    office.ask(replace(conflict(ID), status="closed", closed_at=NOW))
    [late] = office.collect().late
    assert "was not needed any more" in str(late)
    office.show()
    assert office.pages() == {}
    assert "note: sure" in next(iter(office.done().values()))


def test_ids_of_records_are_checked_against_the_group(tmp_path):
    office = Office(tmp_path, stray())
    office.answer("aa00000003-1", "{link: {crm: 4799}}")
    [error] = office.collect().errors
    assert "crm holds no record 4799 of this group" in error.message
    assert "4712 (Dental)" in error.hint
    office.edit(office.page, ("4799", "4713"))
    [decided] = office.collect().decided
    assert decided.options["record.crm"] == "4713"


# -- laws -----------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec=None), max_size=30)
SAFE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30).map(str.strip)


@settings(max_examples=60, deadline=None)
@given(
    label=TEXTS, value=TEXTS, base=TEXTS, why=TEXTS, evidence=st.lists(TEXTS, max_size=3), previous=TEXTS, group=TEXTS
)
def test_what_show_writes_collect_reads_as_nothing(
    tmp_path_factory, label, value, base, why, evidence, previous, group
):
    """Whatever stands in a record, its question is a file that is read back whole and decides nothing."""
    from syncd.review.files import ReviewFolder
    from syncd.review.words import Names

    asked = conflict(ID, crm=value, label=label, why=why, evidence=tuple(evidence), previous=previous, digest="d")
    asked.proposal.members["quote"]["base"] = base
    folder = ReviewFolder(tmp_path_factory.mktemp("review"))
    names = Names(groups={"G1": group})
    questions = {each.id: each for each in (asked, *ALL[1:])}
    shown = folder.show(questions.values(), names, now=NOW)
    assert len(shown.written) == 3
    collected = folder.collect(questions, NOW + 10**9)
    assert (collected.decided, collected.errors, collected.reissued, collected.late) == ((), (), (), ())
    assert folder.ids() == set(questions)
    read = {entry.id: entry for sheet in sheets(folder.pending) for entry in entries_of(sheet.text)[0]}
    assert read.keys() == questions.keys()
    assert read[ID].seen == {"crm": value, "quote": "525.00"}
    assert folder.show(questions.values(), names, now=NOW + 5).written == []


@settings(max_examples=60, deadline=None)
@given(note=SAFE, by=SAFE, answer=st.sampled_from(["crm", "ignore", '{value: "1.50"}']))
def test_what_is_typed_arrives_as_typed(tmp_path_factory, note, by, answer):
    """A note is a note, whatever signs are in it, as long as it stands on one line."""
    from syncd.review.files import ReviewFolder

    folder = ReviewFolder(tmp_path_factory.mktemp("review"))
    asked = conflict(ID)
    folder.show([asked], NAMES, now=NOW)
    path = folder.file_of(ID)
    if note.startswith(("|", ">", "#", "'", '"', "&", "*", "!", "{", "[", "~")) or note == "null":
        note = ""
    if by.startswith(("|", ">", "#", "'", '"', "&", "*", "!", "{", "[", "~")) or by == "null":
        by = ""
    path.write_text(fill(ID, decision=answer, note=note, by=by)(path.read_text(encoding="utf-8")), encoding="utf-8")
    collected = folder.collect({ID: asked}, NOW + 10**9)
    assert collected.errors == ()
    [decided] = collected.decided
    assert (decided.note, decided.by) == (note, by)
    left = path.read_bytes()
    assert folder.show([asked], NAMES, now=NOW).written == []
    assert path.read_bytes() == left


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_file_is_worse_than_an_error(tmp_path_factory, data):
    """Delete, double or scramble any piece of an answered file: what is decided is what was typed, or nothing."""
    from syncd.review.files import ReviewFolder

    folder = ReviewFolder(tmp_path_factory.mktemp("review"))
    questions = {each.id: each for each in (conflict(ID), missing())}
    folder.show(questions.values(), NAMES, now=NOW)
    path = folder.file_of(ID)
    text = fill("aa00000004-1", decision="recreate")(fill(ID, decision="crm", note="n", by="b")(path.read_text()))
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 120))
    put = data.draw(st.sampled_from(["", "\t", "{", "'", ": ", "\n- ", "# end\n", text[at : at + length] * 2]))
    path.write_text(text[:at] + put + text[at + length :], encoding="utf-8")
    left = path.read_bytes()
    collected = folder.collect(questions, NOW + 10**9)
    allowed = {(ID, "crm"), ("aa00000004-1", "recreate")}
    assert {(decided.id, decided.choice) for decided in collected.decided} <= allowed
    assert path.read_bytes() == left
    shown = folder.show(questions.values(), NAMES, now=NOW)
    kept = b"".join(file.read_bytes() for file in folder.root.rglob("*") if file.is_file())
    if path not in shown.written:
        assert left in kept
