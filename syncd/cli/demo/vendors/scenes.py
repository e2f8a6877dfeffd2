"""The story of PerfectQuote and BenefitPoint, told: a client imported, its plans kept in step, what V4 cannot take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syncd.cli.demo import folder as filling
from syncd.cli.demo.telling import (
    BY,
    DemoStoppedError,
    Scene,
    any_question,
    close,
    command,
    file_of,
    inside,
    program,
    question,
    sentence,
    show,
    syncd,
    tell,
)
from syncd.cli.demo.vendors import folder as files
from syncd.cli.demo.vendors import sandbox
from syncd.cli.demo.vendors import story as told
from syncd.cli.demo.vendors.people import BenefitPoint, Door, PerfectQuote
from syncd.cli.demo.vendors.story import HIGH, NAME, OPTIONS, PROSPER, STANDARD
from syncd.cli.out import say, short, styled, table
from syncd.cli.run import OK
from syncd.review.collect import SETTLE_S

_FILE: Final = Path(files.DECISIONS)


def tell_story(folder: Path, *, again: bool) -> int:
    """Tell all of it, in a folder that is laid out already; its sandbox runs as long as the story."""
    with sandbox.running(folder) as running:
        typed = program(folder)
        files.connect(folder, running, typed)
        _open(folder, running, again=again)
        doors = {system: Door(url) for system, url in running.doors.items()}
        story = Story(PerfectQuote(doors["perfectquote"]), BenefitPoint(doors["benefitpoint"]))
        with inside(folder):
            code = tell(story.scenes())
    if code == OK:
        _close(folder, typed)
    return code


def _open(folder: Path, running: sandbox.Sandbox, *, again: bool) -> None:
    rows = [
        ("perfectquote", running.systems["perfectquote"]["url"], "where plans are quoted: REST, a contract of our own"),
        ("benefitpoint", running.systems["benefitpoint"]["url"], "where the broker keeps what is sold: SOAP, V4"),
    ]
    say(
        styled("syncd keeps benefit plans in step across systems, and asks a person wherever no rule decides.", "bold"),
        f"{'A new demo' if again else 'This demo'} is in {folder}. Its two vendors run on this machine,",
        "to practise on: no real one is asked. What they hold is taken from public documents.",
        "",
        *table(rows, indent="  "),
    )


def _close(folder: Path, typed: str) -> None:
    """Say how to go on."""
    close(
        folder,
        [f"Its vendors have stopped. In a terminal of its own ./{files.SCRIPT} starts them again, as they were left."],
        [
            (f"{typed} status", "how the systems and the clients stand"),
            (f'{typed} why "{NAME}" {HIGH.perfectquote} "{told.RATE_FIELD}"', "how a rate came into BenefitPoint"),
            (f"{typed} import benefitpoint --name Colorado", "another client"),
            (f"{typed} demo --files", "the story of two file drops, which needs no vendor"),
        ],
    )


@dataclass(frozen=True, slots=True)
class Story:
    """The two screens at which the vendors' users sit, and what happens in between."""

    omar: PerfectQuote
    dana: BenefitPoint

    def scenes(self) -> tuple[Scene, ...]:
        """Give the scenes in their order."""
        return tuple(
            Scene(title, about, play)
            for (title, about), play in zip(
                told.SCENES,
                (
                    *(self._systems, self._import, self._decide, self._sync, self._edits),
                    *(self._flow, self._answers, self._rest, self._explain),
                ),
                strict=True,
            )
        )

    # -- the scenes ----------------------------------------------------------------------------------------------------

    def _systems(self) -> None:
        quoted, sold = self.omar.plan(HIGH.perfectquote), self.dana.plan(HIGH.benefitpoint)
        rows = [
            (f"name: {quoted['name']}", f"name: {sold['name']}"),
            (f"plan_type: {quoted['plan_type']}", f"productTypeID: {sold['productTypeID']}"),
            (f"carrier_id: {quoted['carrier_id']}", f"carrierID: {sold['carrierID']}"),
            (f"effective_date: {quoted['effective_date']}", f"effectiveAsOf: {sold['effectiveAsOf']}"),
            (
                f"specialist_visit: {self.omar.benefit(HIGH.perfectquote, 'specialist_visit')}",
                f"Specialist Visit: {self.dana.benefit(HIGH.benefitpoint, 'Specialist Visit')}",
            ),
            (
                f"employee_only: {self.omar.rate(HIGH.perfectquote, 'employee_only')}",
                f"EE Only: {self.dana.rate(HIGH.benefitpoint, 'EE Only')}",
            ),
        ]
        heads = [f"perfectquote {HIGH.perfectquote}", f"benefitpoint {HIGH.benefitpoint}"]
        say("", *table(rows, heads, indent="    "))
        sentence("What syncd may do in each, and whose contract that is:")
        syncd("systems")

    def _import(self) -> None:
        account = ("import", "benefitpoint", "--number", told.NUMBER)
        syncd(*account)
        sentence(f"{BY} has looked at both, and says that they are one client.")
        syncd(*account, "--into", f"perfectquote={told.GROUP}", "--out", str(_FILE))

    def _decide(self) -> None:
        sentence("One entry of the file. The plan of the same name is named too, and why it is no candidate:")
        show(_entry(STANDARD.benefitpoint))
        filling.decide(_FILE, BY, told.CHOICES)
        sentence(
            f"{BY} links three plans, with a source of truth for each section; has one created in BenefitPoint;",
            "and leaves one alone for good. Who pays the commission of new plans is asked once: she keeps what stands.",
        )
        show(*_needs(_FILE.read_text(encoding="utf-8")))
        for record in (STANDARD.benefitpoint, PROSPER):
            show(*_decided(_entry(record)))
        sentence("She looks first at what her decisions would do.")
        syncd("link", NAME, str(_FILE), "--dry-run")
        sentence("That is what she meant, so she decides it.")
        syncd("link", NAME, str(_FILE))

    def _sync(self) -> None:
        syncd("sync")
        sentence(
            "BenefitPoint takes no rates from a program. What cannot be told to it is asked of a person who works",
            "there: notes in the activity log of the account, with the exact values. One of them, as Dana sees it:",
        )
        self._show_note("rates", told.PROSPER_NAME)
        number = any_question("conflict", "account_number")
        if number is not None:
            sentence("PerfectQuote has no account number, and nobody can type one there. That question is left alone:")
            syncd("review", "decide", number, "ignore", "--note", "Only BenefitPoint numbers its accounts")

    def _edits(self) -> None:
        high, options = ("“High Option”",), ("“Standard Option”",)
        quoted, sold = f"perfectquote {HIGH.perfectquote}", f"benefitpoint {HIGH.benefitpoint}"

        before = self.dana.benefit(HIGH.benefitpoint, "Specialist Visit")
        self.dana.type_benefit(HIGH.benefitpoint, "Specialist Visit", told.SPECIALIST)
        _acts(
            "An account manager corrects a copayment in BenefitPoint",
            (sold, *high, "Specialist Visit", f"{before} -> {told.SPECIALIST}"),
        )
        self.omar.type_field(HIGH.perfectquote, "policy_number", told.POLICY)
        _acts(
            "The policy number arrives, and the broker types it into PerfectQuote",
            (quoted, *high, "policy_number", f"(empty) -> {told.POLICY}"),
        )
        before = self.omar.rate(HIGH.perfectquote, "employee_only")
        self.omar.type_rate(HIGH.perfectquote, "employee_only", told.RATE)
        _acts("The carrier corrects a rate", (quoted, *high, "employee_only", f"{before} -> {told.RATE}"))

        copay = self.omar.benefit(OPTIONS.perfectquote, "urgent_care")
        text = self.dana.benefit(OPTIONS.benefitpoint, "Urgent Care")
        self.omar.type_copay(OPTIONS.perfectquote, "urgent_care", told.URGENT_QUOTED)
        self.dana.type_benefit(OPTIONS.benefitpoint, "Urgent Care", told.URGENT_SOLD)
        _acts(
            "Two people change the same field to different values",
            (
                *(f"perfectquote {OPTIONS.perfectquote}", *options, "urgent_care"),
                f"{copay} -> {self.omar.benefit(OPTIONS.perfectquote, 'urgent_care')}",
            ),
            (f"benefitpoint {OPTIONS.benefitpoint}", *options, "Urgent Care", f"{text} -> {told.URGENT_SOLD}"),
        )
        self.omar.delete(STANDARD.perfectquote)
        _acts(
            "Someone deletes a plan in PerfectQuote",
            (f"perfectquote {STANDARD.perfectquote}", *options, "the whole plan", "deleted"),
        )

    def _flow(self) -> None:
        syncd("sync", "--dry-run")
        sentence("Now for real. Where two people disagree nothing is written; everything beside it goes on.")
        syncd("sync")
        sentence("What the two vendors hold now, read from them directly. The last two wait for an answer:")
        self._show_arrived()
        sentence("And the corrected rate, as Dana is asked for it:")
        self._show_note("rates", HIGH.name)

    def _answers(self) -> None:
        syncd("review", "list")
        conflict, missing = question("conflict", told.CONFLICT_FIELD), question("missing-record")
        sentence("The disagreement about urgent care, as its file shows it:")
        file = file_of(conflict)
        command("cat", str(file))
        say(file.read_text(encoding="utf-8").rstrip("\n"))
        filling.answer(file, conflict, decision="benefitpoint", note="The carrier's summary says $50", by=BY)
        sentence(f"{BY} asks the carrier, fills in the last three lines, and saves the file:")
        show(*filling.entry_of(file.read_text(encoding="utf-8"), conflict).splitlines()[-3:])
        sentence("The plan was deleted by mistake. Questions can be answered on the command line as well:")
        syncd("review", "decide", missing, "recreate", "--note", "Deleted by mistake")
        sentence("Dana enters in BenefitPoint what her notes ask for: the corrected rate, and what the new plan lacks.")
        self._enter()
        sentence(
            "The next sync reads the file, once it has rested for two seconds, and carries both answers out. It finds",
            "what Dana entered, and closes her notes.",
        )
        time.sleep(SETTLE_S + 0.1)
        syncd("sync")
        sentence("What waited for an answer, and Dana's notes:")
        self._show_arrived()
        notes = self.dana.notes(told.ACCOUNT)
        say("", *table([(str(one["status"]), short(one["shortDescription"], 90)) for one in notes], indent="    "))

    def _enter(self) -> None:
        """Type what the notes ask for: BenefitPoint's users type what its web service does not take."""
        product = str(self.dana.plan_called(told.ACCOUNT, told.PROSPER_NAME)["productID"])
        quoted = self.omar.plan(PROSPER)
        rates = {told.TIERS[item["tier"]]: item["rate"] for item in quoted["rates"]["sets"][0]["tiers"]}
        paid = {told.TIERS[item["tier"]]: item["amount"] for item in quoted["contributions"]["sets"][0]["entries"]}
        self.dana.type_rate(HIGH.benefitpoint, "EE Only", told.RATE)
        self.dana.enter("rate", product, told.new_rate(quoted["effective_date"], rates))
        self.dana.enter("contribution", product, told.new_contribution(paid))
        new = (f"benefitpoint {product}", f"“{told.PROSPER_NAME}”")
        rows = [
            (f"benefitpoint {HIGH.benefitpoint}", f"“{HIGH.name}”", "Rate", f"EE Only {told.RATE}"),
            (*new, "Rate", _amounts(rates)),
            (*new, "Contribution", _amounts(paid)),
        ]
        say("", *table(rows, indent="    "))

    def _rest(self) -> None:
        syncd("sync")

    def _explain(self) -> None:
        syncd("why", NAME, OPTIONS.perfectquote, told.CONFLICT_FIELD)
        sentence("And all that ever happened to this plan, newest first:")
        syncd("history", NAME, "--plan", OPTIONS.perfectquote)

    # -- what stands where ---------------------------------------------------------------------------------------------

    def _show_arrived(self) -> None:
        """Show what became of the edits, read from the vendors directly."""
        quoted, sold = self.omar, self.dana
        rows = [
            ("perfectquote", HIGH.name, "specialist_visit", quoted.benefit(HIGH.perfectquote, "specialist_visit")),
            ("benefitpoint", HIGH.name, "policyNumber", str(sold.plan(HIGH.benefitpoint)["policyNumber"])),
            ("perfectquote", OPTIONS.name, "urgent_care", quoted.benefit(OPTIONS.perfectquote, "urgent_care")),
            ("benefitpoint", OPTIONS.name, "Urgent Care", sold.benefit(OPTIONS.benefitpoint, "Urgent Care")),
        ]
        say("", *table(rows, indent="    "))

    def _show_note(self, *words: str) -> None:
        """Show the newest note with these words."""
        notes = [
            note for note in self.dana.notes(told.ACCOUNT) if all(word in note["shortDescription"] for word in words)
        ]
        if not notes:
            raise DemoStoppedError(f"the activity log has no note with {' and '.join(words)}")
        note = notes[-1]
        show(f"activity log {note['recordID']}   {note['status']}", note["shortDescription"], note["longDescription"])


def _acts(title: str, *rows: tuple[str, ...]) -> None:
    """Tell what users did."""
    say("", f"  {title}.", *table(rows, indent="    "))


def _amounts(cells: Mapping[str, str]) -> str:
    return ", ".join(f"{tier} {amount}" for tier, amount in cells.items())


def _entry(record: str) -> str:
    """Give what the decision file says about a record."""
    return filling.entry_of(_FILE.read_text(encoding="utf-8"), record)


def _needs(text: str) -> list[str]:
    """Give the keys under `needs:` with their values; what is offered above them is long."""
    section = text.partition("\nneeds:\n")[2].partition("\nplans:")[0]
    return ["needs:", *(line for line in section.splitlines() if line.strip() and not line.lstrip().startswith("#"))]


def _decided(entry: str) -> list[str]:
    """Give the lines of an entry that say what it is and what was decided."""
    return [line for line in entry.splitlines() if line.startswith(("- record:", "  id:", "  name:", "  decision:"))]
