# ruff: noqa: E501 - sentences are compared as they stand in a file
"""The folder as a view of the store: it follows every change and never costs a person a word."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from syncd.errors import StoreError
from syncd.review import disk
from syncd.review.files import ReviewFolder
from syncd.review.page import MOST_QUESTIONS, item_text
from syncd.review.words import Names
from tests.review.world import (
    ALL,
    NAMES,
    NOW,
    Office,
    conflict,
    fill,
    guard,
    hand_off,
    loss,
    missing,
    question,
    stray,
    table,
)

ID, OTHER = "aa00000001-1", "aa00000004-1"


def test_a_file_for_each_link_and_guard_and_one_for_the_unlinked(tmp_path):
    office = Office(tmp_path, *ALL)
    assert [
        re.sub(r"[0-9a-f]{8}", "…", str(path.relative_to(office.folder.pending))) for path in office.pages().values()
    ] == [
        "acme-tooling-inc-…/gold-ppo-1000-….yaml",
        "acme-tooling-inc-…/guard-too-many-changes.yaml",
        "acme-tooling-inc-…/unlinked.yaml",
    ]


def test_a_file_reads_plainly(tmp_path):
    """What a person sees, word for word; a change here is a change to what benefits people read."""
    folder = ReviewFolder(tmp_path)
    asked = conflict(ID, previous="quote by Ann (carrier mail); since then: crm 512.40 -> 530.00")
    folder.show([asked], NAMES, now=NOW)
    text = folder.file_of(ID).read_text()
    assert re.sub(r"# [0-9a-f]{8} [0-9a-f]{16}", "# …", text) == (
        """\
# yaml-language-server: $schema=../../review.schema.json
#
# Acme Tooling, Inc.: Gold PPO 1000
# One open question that no rule decides. What is asked about stays as it is in every system until you answer.
#
# Put one of the listed answers behind "decision:" and save the file. "note:" (why) and "by:" (your name) help
# those who read it later. Questions that you leave blank stay open; the others go on without them.
#
#   decision: crm                     what crm holds is right; the others get it
#   decision: {value: "530.00"}       a value of your own; all of them get it
#
# syncd reads the file at its next run and moves what is answered to review/done. If it cannot use an answer,
# it says why in a file of the same name that ends in .error.txt, and changes nothing.
# Leave the other lines as they are; "# end", the last one, shows that the file was saved whole.

- id: "aa00000001-1"
  asked: "530.00|525.00"
  kind: conflict
  question: "Employee, premium rates from 2026-01-01: crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"
  field: "rates[2026-01-01].ee"
  since: "2025-11-23"
  members:
    - {system: crm,   record: "4711",  value: "530.00", base: "512.40"}
    - {system: quote, record: "00088", value: "525.00", base: "512.40"}
  rule: "built-in on_conflict: ask"
  why: "several systems changed it"
  answers:
    - crm: "take what crm holds; write it to quote"
    - quote: "take what quote holds; write it to crm"
    - "{value: X}": "write the typed value to crm, quote"
    - ignore: "leave the systems as they are until one of the values moves"
  # This was answered before, but what it is about has changed since, so the answer was not used. It was:
  #   quote by Ann (carrier mail); since then: crm 512.40 -> 530.00
  # If it still holds, please give it again.
  decision:
  note:
  by:

# … is syncd's own mark; leave it
# end
"""
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (table(), "Premium rates from 2026-07-01: crm and quote hold different tables. Whose table counts?"),
        (stray(), "“Dental High” of quote (record 99) is linked with nothing in another system. Link it, copy it, or leave it alone?"),
        (missing(), "“Gold PPO 1000” no longer exists in crm. What shall become of it?"),
        (guard(), "syncd stopped before writing: 2 of 3 plans of the group would be written in one run. Shall it go on with what is listed here?"),
        (loss(), "Plan name: several systems changed it. Is that near enough?"),
        (hand_off(), "Please enter Employee, premium rates from 2026-01-01 in benefitpoint by hand, because syncd cannot: BenefitPoint takes no rates from outside. This closes itself when it is there."),
        (question("hand-off", "crm:", id_="e-1", why="it takes no new records"), "Please enter “Gold PPO 1000” in crm by hand, because syncd cannot: it takes no new records. This closes itself when it is there."),
        (question("missing-record", "Gold", id_="m-1", why="a create was sent to crm, no reply came", members={"crm": {"id": "", "value": "unknown"}}), "“Gold PPO 1000”: a create was sent to crm, no reply came. What shall become of it?"),
        (guard(scope="system:crm", label="crm", name="identity-epoch", why="crm lists none of 9 plan records any more"), "syncd leaves crm out for now: crm lists none of 9 plan records any more. Are these the same records under new ids?"),
        (guard(scope="system:crm", label="crm", why="crm lists no plan at all; 20 are known"), "syncd leaves crm out for now: crm lists no plan at all; 20 are known. Is crm right as it is?"),
        (conflict(path="details.name", crm="", quote="Gold  PPO"), "Plan name: it is empty in crm and quote says “Gold PPO” (it was 512.40). Which one is right?"),
        (conflict(path="contributions[A;2026-01-01].ee_percent"), "Employee, share of the premium, contributions of class A from 2026-01-01: crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"),
        (conflict(path="benefits[HSA].deductible.individual.in_network"), "Deductible, individual, in network (summary HSA): crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"),
        (conflict(path="rates[billing;*;2026-01-01].ee"), "Employee, billing rates from 2026-01-01: crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"),
        (conflict(path="details.custom.wellness_credit"), "Wellness credit: crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"),
        (question("suggested-link", "crm:1", id_="s-1", members={"crm": {"id": "1"}, "quote": {"id": "2"}}), "“Gold PPO 1000”: are crm 1 and quote 2 the same plan?"),
        (question("hold", "crm:details.status", id_="h-1", why="the client is reviewing until 2026-01-05."), "Status waits to be written to crm: the client is reviewing until 2026-01-05. This closes itself when the hold ends."),
        (question("something-new", "x", id_="n-1", why="a thing nobody has a word for"), "A thing nobody has a word for."),
        (conflict(path="details.notes", crm="word " * 40), f"Notes: crm says “{('word ' * 40)[:59]}…” and quote says 525.00 (it was 512.40). Which one is right?"),
        (conflict(path="p1.size"), "p1.size: crm says 530.00 and quote says 525.00 (it was 512.40). Which one is right?"),
        (conflict(kind="renewal", path="details.effective_date", crm="2027-01-01", quote="2026-01-01"), "Effective date: crm says 2027-01-01 and quote says 2026-01-01 (it was 512.40). Is this a renewal, and which date is right?"),
    ],
)  # fmt: skip
def test_every_question_is_one_plain_sentence(tmp_path, asked, sentence):
    folder = ReviewFolder(tmp_path)
    folder.show([asked], NAMES, now=NOW)
    [item] = YAML(typ="safe").load(folder.file_of(asked.id).read_text())
    assert item["question"] == sentence


def test_no_reader_takes_a_text_for_something_else(tmp_path):
    """Ids, zips, dates, amounts and words like yes are texts to any YAML reader."""
    folder = ReviewFolder(tmp_path)
    odd = conflict(
        "07030-1", "details.notes", "yes", "2026-01-01", label="null", why="1.50", evidence=("0x10", "~", "1e3")
    )
    folder.show([odd], NAMES, now=NOW)
    [item] = YAML(typ="safe").load(folder.file_of("07030-1").read_text())
    assert item["id"] == "07030-1"
    assert [row["value"] for row in item["members"]] == ["yes", "2026-01-01"]
    assert [row["record"] for row in item["members"]] == ["4711", "00088"]
    assert (item["why"], item["evidence"]) == ("1.50", ["0x10", "~", "1e3"])


def test_a_table_has_a_row_for_each_cell(tmp_path):
    folder = ReviewFolder(tmp_path)
    uneven = table()
    uneven.proposal.members["quote"]["bases"]["es"] = "(never agreed)"
    folder.show([uneven], NAMES, now=NOW)
    [item] = YAML(typ="safe").load(folder.file_of(uneven.id).read_text())
    assert item["cells"] == [
        {"cell": "ee", "crm": "510.00", "quote": "520.00", "base": "500.00"},
        {
            "cell": "es",
            "crm": "1000.00",
            "quote": "1000.00",
            "base of crm": "990.00",
            "base of quote": "(never agreed)",
        },
    ]


def test_the_schema_describes_the_files(tmp_path):
    office = Office(tmp_path, *ALL)
    schema = json.loads((office.folder.root / "review.schema.json").read_text())
    keys = schema["$defs"]["Item"]["properties"].keys()
    for path in office.pages().values():
        assert path.read_text().startswith("# yaml-language-server: $schema=../../review.schema.json\n")
        assert (path.parent / "../../review.schema.json").resolve() == (
            office.folder.root / "review.schema.json"
        ).resolve()
        for item in YAML(typ="safe").load(path.read_text()):
            assert item.keys() <= keys
    assert "copy" in schema["$defs"]["Decision"]["properties"]


def test_what_must_be_decided_comes_before_what_waits(tmp_path):
    office = Office(tmp_path, hand_off(), loss(), missing(), conflict())
    items = YAML(typ="safe").load(office.page.read_text())
    assert [item["kind"] for item in items] == ["conflict", "missing-record", "loss", "hand-off"]


def test_an_unchanged_file_is_not_touched(tmp_path):
    office = Office(tmp_path, *ALL)
    before = {path: path.stat().st_mtime_ns for path in office.pages().values()}
    assert office.show().written == []
    assert {path: path.stat().st_mtime_ns for path in office.pages().values()} == before


def test_a_file_follows_its_questions(tmp_path):
    office = Office(tmp_path, conflict(ID))
    office.ask(missing())
    assert office.show().written == [office.page]
    assert office.folder.ids() == {ID, OTHER}
    office.ask(replace(missing(), status="closed", closed_at=NOW + 60))
    office.show()
    assert office.folder.ids() == {ID}
    [record] = office.done().values()
    assert "# closed without an answer on 2025-11-24 16:01 UTC: its cause is gone" in record


def test_another_scope_is_left_alone(tmp_path):
    office = Office(tmp_path, conflict(ID), conflict("bb00000001-1", scope="G2", link="L9", label="Silver"))
    assert len(office.pages()) == 2
    office.ask(replace(conflict(ID), status="closed"))
    from syncd.review.queue import show_from

    show_from(office.store, office.folder, "G2", now=NOW)
    assert len(office.pages()) == 2
    show_from(office.store, office.folder, "G1", now=NOW)
    assert [name[:6] for name in office.pages()] == ["silver"]


def test_names_are_safe_for_every_file_system(tmp_path):
    folder = ReviewFolder(tmp_path)
    labels = ["../../etc/passwd", "CON", "a/b\\c:d*?", "ÄÖÜ — 保険", "", "x" * 500, "..", "Gold\nPPO"]
    asked = [conflict(f"{i:010d}-1", link=f"L{i}", label=label, scope=label) for i, label in enumerate(labels)]
    folder.show(asked, Names(), now=NOW)
    paths = list(folder.pending.rglob("*.yaml"))
    assert len(paths) == len(labels)
    for path in paths:
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+\.yaml", str(path.relative_to(folder.pending)))
        assert len(path.name) < 80


def test_guards_with_like_names_have_files_of_their_own(tmp_path):
    office = Office(tmp_path, guard("c-1", name="a:b"), guard("d-1", name="a b"))
    assert len(office.pages()) == 2


def test_thousands_of_unlinked_records_come_page_by_page(tmp_path):
    many = [stray(f"{i:010d}-1", str(i)) for i in range(MOST_QUESTIONS + 5)]
    office = Office(tmp_path, *many)
    assert "# 5 more follow when these are answered" in office.page.read_text()
    assert len(office.folder.ids()) == MOST_QUESTIONS
    first = min(office.folder.ids())
    office.answer(first, "ignore")
    office.turn()
    assert len(office.folder.ids()) == MOST_QUESTIONS
    assert first not in office.folder.ids()
    assert "# 4 more follow" in office.page.read_text()


# -- people and syncd at the same time --------------------------------------------------------------------------------


def test_what_is_filled_in_survives_a_new_question(tmp_path):
    """A file with a note and an answer not read yet gets a new question: both stay, typed exactly as they were."""
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, "crm # sure", note="see #12: ok", by="'Ann'")
    office.ask(missing())
    shown = office.show()
    assert (shown.written, shown.done) == ([path], [])
    text = path.read_text()
    assert "  decision: crm # sure\n  note: see #12: ok\n  by: 'Ann'\n" in text
    assert OTHER in text
    [decided] = office.collect().decided
    assert (decided.choice, decided.note, decided.by) == ("crm", "see #12: ok", "Ann")


def test_a_note_without_an_answer_waits_with_its_question(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "", note="asked the carrier")
    office.answer(OTHER, "recreate")
    office.turn()
    assert "note: asked the carrier" in office.page.read_text()
    assert office.folder.ids() == {ID}
    [record] = office.done().values()
    assert "decision: recreate" in record
    assert "asked the carrier" not in record


def test_a_file_changed_otherwise_is_left_alone_and_what_is_new_stands_beside(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.edit(
        office.page, ("- id:", "# Ann: I am waiting for the carrier\n- id:"), fill(ID, note="half a though")
    )
    left = path.read_bytes()
    assert office.show().written == []
    office.ask(missing())
    shown = office.show()
    assert path.read_bytes() == left
    new = path.with_name(path.stem + ".new.yaml")
    assert shown.written == [new]
    assert f"{path.name} beside this file was left as it is" in new.read_text()
    assert any(path.name in said for said in shown.said)
    assert office.show().written == []

    office.answer(OTHER, "recreate")
    office.edit(path, fill(ID, decision="quote"))
    collected, _ = office.turn()
    assert {decided.choice for decided in collected.decided} == {"recreate", "quote"}
    assert office.pages() == {}
    assert any("Ann: I am waiting for the carrier" in text for text in office.done().values())


def test_what_stands_beside_goes_when_the_person_is_done(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.edit(office.page, ("- id:", "# mine\n- id:"))
    office.ask(missing())
    office.show()
    assert len(office.pages()) == 2
    office.edit(path, ("# mine\n", ""))
    office.show()
    assert office.pages() == {path.name: path}
    assert office.folder.ids() == {ID, OTHER}


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.edit(office.page, fill(ID, decision="crm"), ("  why:", " why:"))
    left = path.read_bytes()
    assert office.collect().errors
    office.ask(missing())
    office.show()
    assert path.read_bytes() == left
    assert len(office.pages()) == 2
    assert office.folder.ids() == {ID, OTHER}


def test_answers_below_the_key_are_collected_and_kept_word_for_word(tmp_path):
    """A decision of several lines is a change beyond the three keys: the file as written goes to done."""
    office = Office(tmp_path, stray(), stray("aa00000009-1", "98"))
    path = office.answer("aa00000003-1", "\n    link: {crm: 4712}\n    sources: {rates: crm}")
    left = path.read_bytes()
    collected, shown = office.turn()
    assert [decided.choice for decided in collected.decided] == ["link"]
    assert office.folder.ids() == {"aa00000009-1"}
    assert left in [path.read_bytes() for path in shown.done]


def test_a_deleted_file_comes_back(tmp_path):
    office = Office(tmp_path, *ALL)
    for path in office.pages().values():
        path.unlink()
    office.show()
    assert office.folder.ids() == {each.id for each in ALL}


def test_a_deleted_folder_is_rebuilt_from_the_store(tmp_path):
    import shutil

    office = Office(tmp_path / "review", *ALL)
    before = {name: path.read_bytes() for name, path in office.pages().items()}
    shutil.rmtree(office.folder.root)
    office.folder.rebuild(office.store.questions(), NAMES, now=NOW)
    assert {name: path.read_bytes() for name, path in office.pages().items()} == before


def test_a_renamed_file_stays_where_it_is_and_is_read(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.page.rename(office.page.with_name("ANN look here.yaml"))
    assert office.show().written == []
    office.ask(missing())
    office.show()
    assert office.pages() == {path.name: path}
    office.answer(ID, "crm")
    collected, _ = office.turn()
    assert len(collected.decided) == 1
    assert office.folder.ids() == {OTHER}


def test_a_group_with_a_new_name_keeps_its_folder(tmp_path):
    folder = ReviewFolder(tmp_path)
    folder.show([conflict(ID)], NAMES, now=NOW)
    path = folder.file_of(ID)
    folder.show([conflict(ID)], Names(groups={"G1": "Acme Holding"}), now=NOW)
    assert folder.file_of(ID) == path
    assert "# Acme Holding: Gold PPO 1000" in path.read_text()


def test_an_untouched_copy_goes(tmp_path):
    office = Office(tmp_path, conflict(ID))
    copy = office.page.with_name("zz copy.yaml")
    copy.write_bytes(office.page.read_bytes())
    office.show()
    assert not copy.exists()


def test_a_file_saved_while_we_write_is_not_overwritten(tmp_path, monkeypatch):
    """Somebody saves between our reading and our writing: their file stays, and the next run looks again."""
    office = Office(tmp_path, conflict(ID))
    path = office.page
    honest = disk._unmoved
    saved = path.read_text().replace("  decision:", "  decision: crm", 1).encode()

    def slow(at, judged):
        office.save(path, saved)
        return honest(at, judged)

    monkeypatch.setattr(disk, "_unmoved", slow)
    office.ask(missing())
    shown = office.show()
    assert path.read_bytes() == saved
    assert "just changed by somebody else" in shown.said[0]
    monkeypatch.undo()
    office.show()
    assert "decision: crm" in path.read_text()
    assert office.folder.ids() == {ID, OTHER}
    assert not list(path.parent.glob(".*"))


def test_what_is_not_of_this_store_is_not_thrown_away(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, "crm", note="mine")
    mine = path.with_name("notes.yaml")
    mine.write_text("just: notes\n")
    left = path.read_bytes()
    office.folder.rebuild([], NAMES, now=NOW)
    assert mine.exists()
    assert not path.exists()
    assert left in [file.read_bytes() for file in office.folder.done.rglob("*.yaml")]


def test_records_of_one_day_do_not_replace_each_other(tmp_path):
    office = Office(tmp_path, conflict(ID))
    for n in (1, 2, 3):
        asked = replace(conflict(f"aa00000001-{n}"), n=n)
        office.ask(asked)
        office.show()
        office.answer(asked.id, "crm", note=f"round {n}")
        office.collect()
        office.show()
        office.show()
    records = office.done()
    assert len(records) == 3
    assert all(any(f"round {n}" in text for text in records.values()) for n in (1, 2, 3))
    assert all(path.parent.parent.name == "2025-11-24" for path in office.folder.done.rglob("*.yaml"))


def test_two_people_in_two_files_of_one_page_both_keep_theirs(tmp_path):
    """Neither can be carried over the other, so both stay and what is new comes in a third file."""
    office = Office(tmp_path, conflict(ID))
    copy = office.page.with_name("bob.yaml")
    office.save(copy, office.page.read_bytes())
    office.answer(ID, "", note="x")
    first = office.folder.file_of(ID)
    second = next(path for path in office.pages().values() if path != first)
    office.edit(second, fill(ID, note="y"))
    left = {first: first.read_bytes(), second: second.read_bytes()}
    office.ask(missing())
    office.show()
    assert {path: path.read_bytes() for path in left} == left
    assert len(office.pages()) == 3
    assert OTHER in office.folder.ids()
    assert office.show().written == []


def test_two_notes_on_a_question_that_closes_are_both_kept(tmp_path):
    office = Office(tmp_path, conflict(ID))
    copy = office.page.with_name("bob.yaml")
    office.save(copy, office.page.read_bytes())
    for path, word in zip(office.pages().values(), ("one", "two"), strict=True):
        office.edit(path, fill(ID, note=f"note {word}"))
    office.ask(replace(conflict(ID), status="closed"))
    office.show()
    assert office.pages() == {}
    kept = "".join(office.done().values())
    assert "note one" in kept
    assert "note two" in kept


def test_a_file_with_an_unknown_answer_stays_though_its_other_questions_are_over(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    path = office.answer(ID, "crm", note="mine")
    office.edit(path, (ID, "zz00000001-1"))
    left = path.read_bytes()
    office.ask(replace(missing(), status="closed"))
    office.show()
    assert path.read_bytes() == left


def test_what_is_typed_stays_on_a_page_that_is_full(tmp_path):
    late = "9999999999-1"
    office = Office(tmp_path, stray(late, "late"))
    office.answer(late, "", note="mine")
    older = [replace(stray(f"{i:010d}-1", str(i)), opened_at=NOW - 10**6) for i in range(MOST_QUESTIONS)]
    office.ask(*older)
    office.show()
    assert len(office.folder.ids()) == MOST_QUESTIONS + 1
    assert "note: mine" in office.page.read_text()


def test_a_second_file_beside_is_another_one(tmp_path):
    office = Office(tmp_path, conflict(ID))
    office.edit(office.page, ("- id:", "# mine\n- id:"))
    office.ask(missing())
    office.show()
    beside = next(path for path in office.pages().values() if path.name.endswith(".new.yaml"))
    office.edit(beside, ("- id:", "# mine too\n- id:"))
    office.ask(loss())
    office.show()
    assert [name.endswith(".new.yaml") for name in office.pages()].count(True) == 2
    assert len(office.pages()) == 3
    assert loss().id in office.folder.ids()


def test_an_answer_to_an_unknown_question_is_left_alone(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.edit(office.page, fill(ID, decision="crm"), (ID, "zz00000001-1"))
    left = path.read_bytes()
    office.turn()
    assert path.read_bytes() == left
    assert len(office.pages()) == 2


@pytest.mark.parametrize("kind", ["hold", "unheard-of"])
def test_a_question_without_answers_is_shown_all_the_same(tmp_path, kind):
    folder = ReviewFolder(tmp_path)
    folder.show([question(kind, "crm:details.status", id_="x-1")], NAMES, now=NOW)
    [item] = YAML(typ="safe").load(folder.file_of("x-1").read_text())
    assert item["answers"] == []


def test_one_question_can_be_shown_alone(tmp_path):
    text = item_text(conflict(ID), NAMES)
    assert text.startswith(f'- id: "{ID}"\n')
    assert text.endswith("\n  by:\n")


def test_p27_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as caught:
        ReviewFolder(tmp_path / "file" / "review").show([], NAMES, now=NOW)
    assert "cannot be written" in caught.value.message
    assert "no answer is lost" in caught.value.hint


def test_a_full_disk_keeps_no_answer_from_being_read(tmp_path, monkeypatch):
    from syncd.review import files

    def full(*_args):
        raise OSError(28, "No space left on device")

    office = Office(tmp_path, conflict(ID), guard())
    office.answer(ID, "crn")
    office.answer("aa00000005-1", "approve")
    monkeypatch.setattr(files, "tell", full)
    collected = office.collect()
    assert (len(collected.decided), len(collected.errors)) == (1, 1)


def test_a_busy_folder_is_waited_for_and_then_named(tmp_path, monkeypatch):
    from filelock import FileLock

    from syncd.errors import LockedError
    from syncd.review import files

    monkeypatch.setattr(files, "LOCK_TIMEOUT_S", 0.05)
    folder = ReviewFolder(tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(LockedError, match="another process"):
        folder.show([], NAMES, now=NOW)
    folder.show([], NAMES, now=NOW)


# -- properties -------------------------------------------------------------------------------------------------------


def test_p26_an_answer_to_a_question_that_moved_is_asked_again_with_what_changed(tmp_path):
    office = Office(tmp_path, conflict(ID, crm="530.00"))
    office.answer(ID, "crm", by="Ann", note="carrier mail")
    office.ask(conflict(ID, crm="531.00"))
    collected, shown = office.turn()
    assert (collected.decided, collected.errors) == ((), ())
    assert [question.id for question in collected.reissued] == [ID]
    assert office.store.question(ID).status == "open"
    assert b"decision: crm\n  note: carrier mail\n" in shown.done[0].read_bytes()
    text = office.page.read_text()
    assert "#   crm by Ann (carrier mail); since then: crm 530.00 -> 531.00\n" in text
    assert 'value: "531.00"' in text
    assert "\n  decision:\n" in text
    again, _ = office.turn()
    assert (again.decided, again.reissued) == ((), ())

    office.answer(ID, "crm")
    [decided] = office.turn()[0].decided
    assert decided.digest == conflict(ID, crm="531.00").proposal.digest
    assert office.store.question(ID).previous == ""


def test_p26_a_question_that_moves_while_somebody_types_is_shown_beside(tmp_path):
    """The answer is not read yet, so their file stays; once it is read, one file shows how things stand."""
    office = Office(tmp_path, conflict(ID, crm="530.00"))
    path = office.answer(ID, "crm")
    left = path.read_bytes()
    office.ask(conflict(ID, crm="531.00"))
    office.show()
    assert path.read_bytes() == left
    assert len(office.pages()) == 2
    office.turn()
    assert office.pages() == {path.name: path}
    assert "since then: crm 530.00 -> 531.00" in path.read_text()


@pytest.mark.parametrize(("answer", "said"), [("crm", "crm"), ("{value: 531.00}", "value 531.00")])
def test_p26_an_answer_that_a_run_met_too_late_is_asked_again_in_the_same_file(tmp_path, answer, said):
    """Committed, then the value moved before the run used it: the run re-issues the question before files are shown."""
    office = Office(tmp_path, conflict(ID, crm="530.00"))
    path = office.answer(ID, answer, by="Ann", note="carrier mail")
    office.collect()
    office.ask(conflict(ID, crm="532.00", previous=said))
    shown = office.show()
    assert office.pages() == {path.name: path}
    assert f"#   {said}\n" in path.read_text()
    assert "\n  decision:\n" in path.read_text()
    assert b"carrier mail" in shown.done[0].read_bytes()


def test_p26_an_answer_without_the_state_it_was_given_to_is_asked_again(tmp_path):
    office = Office(tmp_path, conflict(ID))
    office.edit(office.page, fill(ID, decision="crm"), ('  asked: "530.00|525.00"\n', ""))
    collected, _ = office.turn()
    assert (collected.decided, len(collected.reissued)) == ((), 1)
    assert '  asked: "530.00|525.00"\n' in office.page.read_text()
    assert "#   crm\n" in office.page.read_text()


def test_p26_one_question_of_a_file_moves_and_the_others_count(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "crm")
    office.answer(OTHER, "recreate")
    office.ask(conflict(ID, crm="531.00"))
    collected, _ = office.turn()
    assert [decided.id for decided in collected.decided] == [OTHER]
    assert office.folder.ids() == {ID}


def test_p26_the_same_question_keeps_its_file_and_id(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.page
    for crm in ("531.00", "532.00"):
        office.ask(conflict(ID, crm=crm))
        office.show()
        assert office.pages() == {path.name: path}
        assert office.folder.ids() == {ID}
    assert office.done() == {}


def test_p17_an_approval_is_for_what_was_shown(tmp_path):
    """A guard that holds back more by the time it is answered asks again; the old approval reaches nothing."""
    id_ = "aa00000005-1"
    office = Office(tmp_path, guard(id_, ("w1", "w2")))
    office.answer(id_, "approve")
    office.ask(guard(id_, ("w1", "w2", "w3")))
    collected, _ = office.turn()
    assert collected.decided == ()
    assert "#   approve\n" in office.page.read_text()
    assert "crm w3: 1 -> 2" in office.page.read_text()
    office.answer(id_, "approve")
    [decided] = office.turn()[0].decided
    assert decided.ceiling == {"w1", "w2", "w3"}


def test_p17_an_approval_works_once(tmp_path):
    """The file it came from, put back after its run, approves nothing."""
    id_ = "aa00000005-1"
    office = Office(tmp_path, guard(id_))
    path = office.answer(id_, "approve")
    text = path.read_bytes()
    office.turn()
    office.ask(replace(office.store.question(id_), status="used"))
    path.parent.mkdir()
    office.save(path, text)
    assert office.collect().decided == ()
    assert office.store.question(id_).status == "used"
    office.show()
    assert office.pages() == {}
    assert any("# decided: approve and carried out" in text for text in office.done().values())
