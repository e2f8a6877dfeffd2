"""The queue between store and people: commit first, list, answer one, answer many."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from syncd.errors import StoreError
from syncd.model.values import EMPTY
from syncd.reconcile.types import Link, Member, Offer
from syncd.review.errors import ReviewError
from syncd.review.queue import Filters, apply_bulk, bulk, collect_into, decide, listing
from tests.review.world import NOW, Office, conflict, guard, hand_off, missing, stray, table

ID, OTHER = "aa00000001-1", "aa00000004-1"


def test_a_decision_is_committed_before_a_file_is_touched(tmp_path):
    office = Office(tmp_path, conflict(ID))
    path = office.answer(ID, '{value: "531.00"}', by="Ann", note="mail")
    left = path.read_bytes()
    office.collect()
    stored = office.store.question(ID)
    assert stored.status == "decided"
    assert (stored.decided.value, stored.decided.by, stored.decided.note) == (Decimal("531.00"), "Ann", "mail")
    assert path.read_bytes() == left
    [line] = office.store.history(link="L1")
    assert (line.what, line.who, line.kind, line.at) == ("decided", "Ann", "plan", office.now)
    assert line.fields == {"rates[2026-01-01].ee": (EMPTY, '{value: "531.00"}')}
    assert line.note == f"conflict {ID} mail"


def test_nothing_is_stored_when_the_store_fails_half_way(tmp_path, monkeypatch):
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "crm")
    path = office.answer(OTHER, "recreate")
    left = path.read_bytes()
    calls = []
    honest = office.store.save_questions

    def fails_late(rows, history=()):
        calls.append(rows)
        if len(calls) == 2:
            raise StoreError("the disk is full")
        honest(rows, history)

    monkeypatch.setattr(office.store, "save_questions", fails_late)
    with pytest.raises(StoreError):
        office.collect()
    monkeypatch.undo()
    assert {office.store.question(each).status for each in (ID, OTHER)} == {"open"}
    assert path.read_bytes() == left
    assert len(office.collect().decided) == 2


def test_a_question_that_moves_while_files_are_read_is_not_decided(tmp_path, monkeypatch):
    """Between reading the files and the commit another process stored a new state: the answer is looked at again."""
    office = Office(tmp_path, conflict(ID), missing())
    office.answer(ID, "crm")
    office.answer(OTHER, "recreate")
    honest = office.folder.collect

    def slow(*args, **named):
        found = honest(*args, **named)
        office.ask(conflict(ID, crm="531.00"))
        return found

    monkeypatch.setattr(office.folder, "collect", slow)
    collected = office.collect()
    assert [decided.id for decided in collected.decided] == [OTHER]
    assert office.store.question(ID).status == "open"
    monkeypatch.undo()
    assert [question.id for question in office.collect().reissued] == [ID]


def test_the_command_line_answers_too(tmp_path):
    office = Office(tmp_path, conflict(ID), missing())
    decided = decide(office.store, ID, "value: 531.00", NOW, by="ann", note="mail")
    assert decided.value == Decimal("531.00")
    assert office.store.question(ID).decided == decided
    office.show()
    [record] = office.done().values()
    assert '  decision: {value: "531.00"}\n  note: "mail"\n  by: "ann"\n' in record
    assert '# decided by ann: {value: "531.00"}' in record
    assert office.folder.ids() == {OTHER}


def test_the_beginning_of_an_id_is_enough(tmp_path):
    office = Office(tmp_path, conflict("ab12345678-1"), missing())
    assert decide(office.store, "ab1", "crm", NOW).id == "ab12345678-1"


def test_an_ignored_question_can_be_answered_after_all(tmp_path):
    office = Office(tmp_path, replace(conflict(ID), status="ignored"))
    assert decide(office.store, ID, "crm", NOW).choice == "crm"
    assert office.store.question(ID).status == "decided"


@pytest.mark.parametrize(
    ("id_", "answer", "said", "helps"),
    [
        ("aa0000000l-1", "crm", 'no open question "aa0000000l-1"', "did you mean `aa0000000"),
        ("aa", "crm", "begins 2 ids: aa00000001-1, aa00000004-1", "Type more"),
        ("", "crm", "no open question", "syncd review list"),
        ("zz", "crm", "no open question", "syncd review list"),
        (ID, "crn", '"crn" is not an answer', "did you mean `crm`?"),
        ("cc00000001-1", "crm", "it was decided by bob: quote and is carried out by the next run", "syncd sync"),
        ("cc00000002-1", "crm", "closed itself", "syncd review list"),
    ],
)
def test_p27_the_command_line_names_what_it_needs(tmp_path, id_, answer, said, helps):
    office = Office(tmp_path, conflict(ID), missing(), replace(conflict("cc00000002-1"), status="closed"))
    office.ask(conflict("cc00000001-1"))
    decide(office.store, "cc00000001-1", "quote", NOW, by="bob")
    with pytest.raises(ReviewError) as caught:
        decide(office.store, id_, answer, NOW)
    assert said in caught.value.message
    assert helps in f"{caught.value.message} {caught.value.hint}"


def test_records_to_link_are_those_of_the_group(tmp_path):
    office = Office(tmp_path, stray())
    with pytest.raises(ReviewError, match="crm holds no record 1 of this group"):
        decide(office.store, "aa00000003-1", "{link: {crm: 1}}", NOW)
    with pytest.raises(ReviewError, match="crm 4711 is linked already, in “Gold PPO 1000”"):
        decide(office.store, "aa00000003-1", "{link: {crm: 4711}}", NOW)
    held = (Member("crm", "4712", {}), Member("quote", "(new L2)", {}, status="awaited"))
    office.store.add_link(Link("L2", "plan", "G1", "Silver", {}, held))
    member = decide(office.store, "aa00000003-1", "{link: {crm: 4712}}", NOW)
    assert member.options["record.crm"] == "4712"


def test_a_group_link_reads_values_as_a_group_does(tmp_path):
    office = Office(tmp_path)
    office.store.add_link(Link("G7", "group", "G7", "Beta", {}, (Member("crm", "7", {}), Member("quote", "8", {}))))
    office.ask(conflict(ID, "details.enrolled_count", crm="1", quote="2", scope="G7", link="G7"))
    assert decide(office.store, ID, {"value": "12"}, NOW).value == 12
    office.ask(conflict("dd-1", "details.enrolled_count", scope="G7", link="G7"))
    with pytest.raises(ReviewError, match="does not fit"):
        decide(office.store, "dd-1", {"value": "twelve"}, NOW)


# -- lists ------------------------------------------------------------------------------------------------------------


def test_a_list_tells_age_group_link_and_what_each_system_holds(tmp_path):
    office = Office(tmp_path, conflict(ID), table(), hand_off())
    office.answer(ID, "crn")
    office.collect()
    rows = {row.id: row for row in listing(office.store, now=NOW, folder=office.folder)}
    row = rows[ID]
    assert (row.age_s, row.group, row.link, row.kind) == (86400.0, "Acme Tooling, Inc.", "Gold PPO 1000", "conflict")
    assert row.values == {"crm": "530.00", "quote": "525.00"}
    assert row.error.startswith("acme-tooling-inc-")
    assert '"crn" is not an answer' in row.error
    assert rows["aa00000002-1"].values["crm"] == "ee 510.00, es 1000.00"
    assert all(row.error for row in rows.values()), "none of a bad file is read"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), {"1", "2", "3", "4", "5"}),
        (Filters(kinds=("conflict",)), {"1", "2", "5"}),
        (Filters(kinds=("conflict", "guard")), {"1", "2", "4", "5"}),
        (Filters(group="G1"), {"1", "2", "3", "4"}),
        (Filters(group="acme*"), {"1", "2", "3", "4"}),
        (Filters(group="nobody"), set()),
        (Filters(link="gold*"), {"1", "2"}),
        (Filters(link="L9"), {"5"}),
        (Filters(name="rates[2026-01-01].*"), {"1", "5"}),
        (Filters(name="rates*"), {"1", "2", "5"}),
        (Filters(system="quote"), {"1", "2", "3", "5"}),
        (Filters(ids=("aa00000001-1",)), {"1"}),
        (Filters(older_than_s=90000), set()),
    ],
)
def test_filters(tmp_path, filters, found):
    office = Office(tmp_path, conflict(ID), table(), stray(), guard("aa00000004-1"))
    office.ask(conflict("aa00000005-1", scope="G9", link="L9", label="Silver"))
    assert {row.id[9] for row in listing(office.store, filters, now=NOW)} == found


# -- many at once -----------------------------------------------------------------------------------------------------


def test_many_are_answered_as_previewed(tmp_path):
    office = Office(tmp_path, conflict(ID), conflict("bb00000001-1", "details.name"), missing())
    rows = bulk(office.store, Filters(kinds=("conflict",)), "crm", now=NOW, by="ann")
    assert [(row.row.id, row.effect) for row in rows] == [
        (ID, "take what crm holds; write it to quote"),
        ("bb00000001-1", "take what crm holds; write it to quote"),
    ]
    assert office.store.question(ID).status == "open"
    assert len(apply_bulk(office.store, rows, now=NOW)) == 2
    assert {office.store.question(each).decided.by for each in (ID, "bb00000001-1")} == {"ann"}
    assert office.store.question(OTHER).status == "open"


def test_a_preview_says_who_takes_no_such_answer(tmp_path):
    office = Office(tmp_path, conflict(ID), missing(), stray())
    rows = {row.row.id: row for row in bulk(office.store, Filters(), "crm", now=NOW)}
    assert rows[ID].decided.choice == "crm"
    assert '"crm" is not an answer' in rows[OTHER].error.message
    assert rows["aa00000003-1"].decided is None
    [decided] = apply_bulk(office.store, list(rows.values()), now=NOW)
    assert decided.id == ID


def test_nobody_ends_many_records_with_one_word(tmp_path):
    """Every record that is ended is named by its id, so one answer for many cannot end any."""
    office = Office(tmp_path, missing(), missing("bb00000004-1"))
    assert all(row.error is not None for row in bulk(office.store, Filters(), "end", now=NOW))


def test_p17_many_at_once_is_a_ceiling_too(tmp_path):
    """What moved or closed between preview and applying is left out."""
    office = Office(tmp_path, conflict(ID), guard(), missing())
    rows = (
        *bulk(office.store, Filters(kinds=("conflict",)), "crm", now=NOW),
        *bulk(office.store, Filters(kinds=("guard",)), "approve", now=NOW),
        *bulk(office.store, Filters(kinds=("missing-record",)), "recreate", now=NOW),
    )
    office.ask(guard(ceiling=("w1", "w2", "w3")), replace(missing(), status="closed"))
    assert [decided.id for decided in apply_bulk(office.store, rows, now=NOW)] == [ID]


def test_the_effect_of_a_copy_is_that_of_its_system(tmp_path):
    office = Office(tmp_path, stray())
    [row] = bulk(office.store, Filters(), {"copy": "payroll"}, now=NOW)
    assert row.effect == "create it in payroll and keep both in step"


def test_an_answer_without_an_offer_text_has_no_effect_to_tell(tmp_path):
    odd = conflict(ID, offers=(Offer("value: …", "write it"),))
    office = Office(tmp_path, odd)
    [row] = bulk(office.store, Filters(), {"value": "1"}, now=NOW)
    assert row.effect == "write it"


def test_nothing_to_collect_opens_no_transaction(tmp_path, monkeypatch):
    office = Office(tmp_path, conflict(ID))
    monkeypatch.setattr(office.store, "transaction", None)
    assert collect_into(office.store, office.folder, NOW + 3600).decided == ()
