"""Hand-offs carried into systems: one note per member and atom, whatever crashes, closed when the value is there."""

from __future__ import annotations

from typing import Any, cast

import pytest

from syncd.apply.handoff import errands
from syncd.connectors.base import Note
from syncd.connectors.memory import Behaviour, Noting
from syncd.errors import AuthError, RefusedError
from syncd.sync import PREVIEW, SYNC, Mode, run_once
from tests.apply.worlds import Killed, Stage, dump

RATE = "rates[2026-01-01].ee"
BASE = {"details.name": "Gold", RATE: "500.00", "rates[2026-01-01].es": "900.00"}
MADE: dict[str, Any] = {"notes": True, "read_only": ("rates",)}


async def edited(**behaviour: Any) -> Stage:
    """A plan in step, whose rates only a person can enter in the quote system; the crm has a new rate."""
    stage = Stage(kind="plan", behaviour={"quote": Behaviour(**{**MADE, **behaviour})})
    stage.link(BASE)
    await stage.start()
    stage.systems["crm"].edit("plan", "p1", {RATE: "530.00"})
    return stage


def book(stage: Stage) -> Noting:
    return cast("Noting", stage.systems["quote"])


def notes(stage: Stage) -> list[Note]:
    return list(book(stage).notes.values())


def note(stage: Stage) -> Note:
    [one] = notes(stage)
    return one


def enter(stage: Stage, amount: str) -> None:
    """Somebody types a rate into the quote system."""
    stage.systems["quote"].edit("plan", "p1", {RATE: amount})


def states(stage: Stage) -> list[str]:
    return [told["state"] for told in stage.store.items("notes:lg").values()]


# -- the life of a note ------------------------------------------------------------------------------------------------


async def test_a_hand_off_is_left_in_its_system_with_the_exact_values_to_enter() -> None:
    stage = await edited()
    report = await stage.cycle()
    [question] = stage.store.questions()
    marker = f"syncd:{question.id.rpartition('-')[0]}"
    assert (report.result, stage.asked()) == ("open", [("hand-off", "quote:rates[2026-01-01]")])
    assert note(stage) == Note(
        "g1",
        marker,
        "syncd: enter rates of 2026-01-01 of p1",
        "Please enter in plan p1 (p1):\n"
        f"- Employee [2026-01-01]: 530.00   ({RATE}, now 500.00)\n"
        "Why: read-only in this system.\n"
        "This closes itself when the values are there.",
    )
    assert [(one.what, one.system) for one in report.notes] == [("leave", "quote")]
    assert states(stage) == ["open"]


@pytest.mark.parametrize("cls", ["Full Time", "A = B", "Age < 65 = [x]"])
async def test_a_hand_off_names_the_class_whose_values_are_to_be_entered(cls: str) -> None:
    """Classes are named by people: blanks and signs in a name are not the end of the field's path."""
    key = f"{cls.replace('[', '%5B').replace(']', '%5D')};2026-01-01"
    path = f"rates[{key}].ee"
    stage = Stage(kind="plan", behaviour={"quote": Behaviour(**MADE)})
    stage.link({"details.name": "Gold", path: "500.00"})
    await stage.start()
    stage.systems["crm"].edit("plan", "p1", {path: "530.00"})
    await stage.cycle()
    assert note(stage).subject == f"syncd: enter rates of {key} of p1"
    assert note(stage).text.split("\n")[1] == f"- Employee [{key}]: 530.00   ({path}, now 500.00)"


@pytest.mark.parametrize("text", ["90 days", "see [plan] = page 4", "two\nlines"])
async def test_a_hand_off_gives_a_text_as_it_stands(text: str) -> None:
    path = "benefits.pre_existing_conditions.note"
    stage = Stage(kind="plan", behaviour={"quote": Behaviour(notes=True, read_only=("benefits",))})
    stage.link({"details.name": "Gold"})
    await stage.start()
    stage.systems["crm"].edit("plan", "p1", {path: text})
    await stage.cycle()
    assert f": {text}   ({path}, now empty)\nWhy:" in note(stage).text


async def test_p01_a_note_that_stands_costs_no_request() -> None:
    stage = await edited()
    await stage.cycle()
    before, requests = dump(stage.store, ("sync_run", "listing")), book(stage).requests.copy()
    report = await stage.cycle()
    made = book(stage).requests - requests
    assert (made["note"], made["find_note"], report.notes) == (0, 0, ())
    assert dump(stage.store, ("sync_run", "listing")) == before


async def test_a_newer_value_updates_the_same_note() -> None:
    stage = await edited()
    await stage.cycle()
    first = note(stage)
    stage.systems["crm"].edit("plan", "p1", {RATE: "540.00"})
    report = await stage.cycle()
    assert [one.what for one in report.notes] == ["update"]
    assert (note(stage).marker, note(stage).done) == (first.marker, False)
    assert "540.00" in note(stage).text
    assert "530.00" not in note(stage).text


async def test_the_typed_value_closes_question_and_note() -> None:
    stage = await edited()
    await stage.cycle()
    enter(stage, "530.00")
    report = await stage.cycle()
    assert (report.result, stage.asked(), note(stage).done, states(stage)) == ("ok", [], True, ["closed"])
    assert [one.what for one in report.notes] == ["close"]
    assert (await stage.cycle()).notes == ()


async def test_another_typed_value_is_a_conflict_that_takes_over() -> None:
    stage = await edited()
    await stage.cycle()
    enter(stage, "531.00")
    report = await stage.cycle()
    assert (report.result, [kind for kind, _ in stage.asked()], note(stage).done) == ("open", ["conflict"], True)
    stage.answer("quote")
    report = await stage.cycle()
    assert (report.result, stage.held("crm"), len(notes(stage))) == ("ok", {**BASE, RATE: "531.00"}, 1)


async def test_an_edit_taken_back_and_an_ignored_hand_off_close_the_note() -> None:
    stage = await edited()
    await stage.cycle()
    stage.systems["crm"].edit("plan", "p1", {RATE: "500.00"})
    await stage.cycle()
    assert note(stage).done
    stage.systems["crm"].edit("plan", "p1", {RATE: "550.00"})
    await stage.cycle()
    assert (note(stage).done, "550.00" in note(stage).text) == (False, True), "the same note, asked about again"
    stage.answer("ignore")
    await stage.cycle()
    assert (stage.asked("ignored"), note(stage).done) == ([("hand-off", "quote:rates[2026-01-01]")], True)


async def test_two_atoms_are_two_notes_and_each_closes_by_itself() -> None:
    stage = await edited()
    stage.systems["crm"].edit("plan", "p1", {"rates[2027-01-01].ee": "560.00"})
    await stage.cycle()
    assert len({one.marker for one in notes(stage)}) == len(notes(stage)) == 2
    enter(stage, "530.00")
    await stage.cycle()
    assert sorted((one.subject, one.done) for one in notes(stage)) == [
        ("syncd: enter rates of 2026-01-01 of p1", True),
        ("syncd: enter rates of 2027-01-01 of p1", False),
    ]


async def test_a_field_of_the_client_and_a_record_to_enter_are_handed_off_too() -> None:
    stage = Stage(kind="plan", behaviour={"quote": Behaviour(notes=True, read_only=("details",), create=False)})
    stage.link(BASE)
    await stage.start()
    stage.systems["crm"].edit("group", "g1", {"details.name": "Acme Inc"})
    await stage.cycle()
    assert (note(stage).subject, note(stage).group) == ("syncd: enter Name of Acme Inc", "g1")
    stage.put(BASE, "crm", id="p2")
    await stage.cycle()
    stage.answer("copy", "link-plans")
    await stage.cycle()
    last = notes(stage)[-1]
    assert (last.subject, "Plan name: Gold" in last.text) == ("syncd: enter the record of Gold", True)
    assert last.text.startswith("Please enter in plan Gold:")


@pytest.mark.parametrize("why", ["no notebook", "no group there", "generic"])
async def test_without_a_notebook_or_a_group_there_the_question_alone_stands(why: str) -> None:
    if why == "generic":
        stage = Stage(behaviour={"quote": Behaviour(notes=True, read_only=("",))})
        stage.link({"name": "Gold"})
        await stage.start()
        stage.edit("crm", name="Silver")
    else:
        stage = await edited(notes=why != "no notebook")
        if why == "no group there":
            link = stage.stored("lg")
            stage.store.save_links([type(link)("lg", "group", "lg", "Acme", {}, link.members[:1])])
    await stage.cycle()
    assert ("hand-off" in {kind for kind, _ in stage.asked()}, getattr(stage.systems["quote"], "notes", {})) == (
        True,
        {},
    )


# -- what stands against it --------------------------------------------------------------------------------------------


async def test_p18_a_preview_names_the_notes_and_leaves_none() -> None:
    stage = await edited()
    report = await stage.cycle(PREVIEW)
    assert ([(one.what, one.system) for one in report.notes], notes(stage), states(stage)) == (
        [("leave", "quote")],
        [],
        [],
    )
    real = await run_once(stage.scope, stage.world)
    assert [one.note for one in real.notes] == [one.note for one in report.notes] == notes(stage)


@pytest.mark.parametrize("decision", ["copy", "link"])
async def test_p18_a_preview_names_the_notes_about_records_that_the_run_will_link(decision: str) -> None:
    """A person decided it and no run has carried it out: the preview tells what that one leaves, to the letter."""
    made = Behaviour(notes=True, read_only=("details", "rates"), create=False)
    stage = Stage(kind="plan", behaviour={"quote": made})
    stage.link(BASE)
    await stage.start()
    stage.put(BASE, "crm", id="p2")
    if decision == "link":
        stage.put({**BASE, RATE: "510.00"}, "quote", id="p7")
    await stage.cycle()
    [question] = [one for one in stage.store.questions() if one.proposal.name == "crm:p2"]
    more = {"record_quote": "p7", "source_rates": "crm"} if decision == "link" else {}
    stage.decide(question, decision, **more)
    before = dump(stage.store)
    seen = await run_once(stage.scope, stage.world, PREVIEW)
    assert (dump(stage.store), notes(stage)) == (before, [])
    real = await run_once(stage.scope, stage.world)
    assert [(one.what, one.note) for one in seen.notes] == [("leave", note(stage))]
    assert [one.note for one in real.notes] == notes(stage)


async def test_p18_a_preview_names_no_note_where_the_client_turns_out_to_be_gone() -> None:
    stage = await edited()
    stage.systems["quote"].put_record("group", "g2", {"details.name": "Another"})
    stage.systems["quote"].remove("group", "g1")
    seen = await stage.cycle(PREVIEW)
    real = await run_once(stage.scope, stage.world)
    assert (seen.notes, real.notes, notes(stage)) == ((), (), [])
    assert ("hand-off", "quote:rates[2026-01-01]") in stage.asked(), "the question alone stands"


@pytest.mark.parametrize("how", ["paused", "off", "filtered"])
async def test_a_system_that_takes_no_writes_takes_no_notes(how: str) -> None:
    stage = await edited()
    mode = SYNC
    if how == "paused":
        stage.pause("system:quote")
    elif how == "off":
        stage.world.systems["quote"].writes_off = "writes: off"
    else:
        mode = Mode(systems=frozenset({"crm"}))
    for each in (mode, Mode(preview=True, systems=mode.systems)):
        assert (await stage.cycle(each)).notes == ()
    assert (notes(stage), states(stage)) == ([], [])
    stage.pause("system:quote", None)
    stage.world.systems["quote"].writes_off = ""
    await stage.cycle()
    assert len(notes(stage)) == 1


@pytest.mark.parametrize(
    ("error", "away"), [(RefusedError, False), (AuthError, True)], ids=["refused", "no credentials"]
)
async def test_p23_a_notebook_that_fails_stops_nothing_and_is_tried_again(error: Any, away: bool) -> None:
    stage = await edited()
    stage.systems["crm"].edit("plan", "p1", {"details.name": "Gold 2"})
    book(stage).faults.set("note", "fail", error=error, times=1)
    report = await stage.cycle()
    assert (report.result, stage.held("quote"), "quote" in report.away) == (
        "partial",
        {**BASE, "details.name": "Gold 2"},
        away,
    )
    assert "note syncd:" in report.failed[-1]
    assert (notes(stage), states(stage)) == ([], ["intended"])
    report = await stage.cycle()
    assert (report.result, len(notes(stage)), states(stage)) == ("open", 1, ["open"])


async def test_a_note_that_people_threw_away_is_left_anew() -> None:
    stage = await edited()
    await stage.cycle()
    book(stage).notes.clear()
    stage.systems["crm"].edit("plan", "p1", {RATE: "540.00"})
    assert (await stage.cycle()).result == "partial"
    assert (await stage.cycle()).result == "open"
    assert "540.00" in note(stage).text
    book(stage).notes.clear()
    enter(stage, "540.00")
    await stage.cycle()
    assert (await stage.cycle()).result == "ok"
    assert (notes(stage), states(stage)) == ([], [])


# -- lost replies and kills --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize("fault", ["lost_reply", "fail_after"])
async def test_p12_a_note_whose_reply_was_lost_is_found_and_not_left_twice(fault: str, late: int) -> None:
    stage = await edited(late=late)
    book(stage).faults.set("note", fault, times=1)
    await stage.cycle()
    report = await stage.cycle()
    assert (report.failed, len(notes(stage)), states(stage)) == ((), 1, ["open"])


async def test_p12_an_update_whose_reply_was_lost_is_settled() -> None:
    stage = await edited()
    await stage.cycle()
    stage.systems["crm"].edit("plan", "p1", {RATE: "540.00"})
    book(stage).faults.set("note", "lost_reply", times=1)
    assert (await stage.cycle()).failed == ()
    assert ("540.00" in note(stage).text, states(stage)) == (True, ["open"])


MOMENTS = ["after_note_journal", "after_note", "before_send", "after_send", "after_reply"]


@pytest.mark.parametrize("step", ["leave", "update", "close"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_p11_killed_at_every_moment_there_is_one_note_and_it_says_the_last_word(moment: str, step: str) -> None:
    stage = await edited()
    if step != "leave":
        await stage.cycle()
        stage.systems["crm"].edit("plan", "p1", {RATE: "540.00"})
        if step == "close":
            enter(stage, "540.00")

    def dies() -> None:
        raise Killed

    if moment.startswith("after_note"):
        stage.kill(moment)
    else:
        stage.on("quote", moment, "note", dies)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    stage.fresh()
    await stage.cycle()
    wanted = {"leave": ("530.00", False), "update": ("540.00", False), "close": ("530.00", True)}[step]
    assert (wanted[0] in note(stage).text, note(stage).done) == (True, wanted[1])
    assert errands(stage.scope, stage.world) == ()


async def test_p11_killed_before_anything_was_sent_and_closed_since_there_is_no_note() -> None:
    stage = await edited()
    stage.kill("after_note_journal")
    with pytest.raises(Killed):
        await stage.cycle()
    enter(stage, "530.00")
    stage.fresh()
    assert (await stage.cycle()).result == "ok"
    assert (notes(stage), states(stage)) == ([], [])


async def test_p11_killed_after_it_was_sent_and_closed_since_the_note_is_done() -> None:
    stage = await edited()
    stage.on("quote", "after_send", "note", lambda: (_ for _ in ()).throw(Killed()).__next__())
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    enter(stage, "530.00")
    stage.fresh()
    assert (await stage.cycle()).result == "ok"
    assert (note(stage).done, states(stage)) == (True, ["closed"])


async def test_an_answer_that_no_run_has_used_yet_leaves_the_note_alone() -> None:
    stage = await edited()
    await stage.cycle()
    stage.answer("ignore")
    assert errands(stage.scope, stage.world) == ()


async def test_p12_a_note_that_may_have_been_sent_is_looked_for_twice() -> None:
    """The process died with the note on its way, and the system shows it a little late."""
    stage = await edited(late=1)

    def dies() -> None:
        raise Killed

    stage.on("quote", "after_send", "note", dies)
    with pytest.raises(Killed):
        await stage.cycle()
    stage.systems["quote"].on_effect = None
    stage.fresh().systems["quote"].access = await book(stage).access()
    await run_once(stage.scope, stage.world)
    assert (len(notes(stage)), states(stage)) == (1, ["open"])


async def test_words_a_note_tells_plans_of_one_name_apart() -> None:
    """Words and layout: a note names carrier and plan year with the plan."""
    stage = Stage(kind="plan", behaviour={"quote": Behaviour(**MADE)})
    stage.link({"details.name": "HDHP", "details.carrier": "Aetna", "details.effective_date": "2026-01-01", RATE: "1"})
    await stage.start()
    stage.systems["crm"].edit("plan", "p1", {RATE: "2"})
    await stage.cycle()
    assert note(stage).text.startswith("Please enter in plan p1 (p1), Aetna, 2026-01-01:\n")
