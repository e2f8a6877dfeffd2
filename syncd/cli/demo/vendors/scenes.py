"""The story of PerfectQuote and BenefitPoint, told: a client imported, its plans kept in step, what V4 cannot take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo import folder as filling
from syncd.cli.demo.telling import (
    BY,
    Scene,
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
from syncd.cli.demo.vendors import people, sandbox
from syncd.cli.demo.vendors.people import BenefitPoint, Door, PerfectQuote, Record
from syncd.cli.demo.vendors.story import (
    ACCOUNT,
    BASIS,
    CHOICES,
    CONFLICT_FIELD,
    GROUP,
    HIGH,
    NAME,
    NUMBER,
    OPTIONS,
    PROSPER,
    RATE_FIELD,
    SCHEDULE,
    STANDARD,
    TIERS,
)
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
        story = Story(PerfectQuote(Door(running.doors["perfectquote"])), BenefitPoint(Door(running.doors["benefitpoint"])))
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
        f"{'A new demo' if again else 'This demo'} is in {folder}. Its two vendors run on this machine, to practise on;",
        "no real one is asked. Their plans are taken from public documents:",
        "",
        *table(rows, indent="  "),
    )


def _close(folder: Path, typed: str) -> None:
    """Say how to go on."""
    close(
        folder,
        [f"Its vendors have stopped. Start them again, as they were left, in a terminal of their own: ./{files.SCRIPT}"],
        [
            (f"{typed} status", "how the systems and the clients stand"),
            (f'{typed} why "{NAME}" {HIGH.perfectquote} "{RATE_FIELD}"', "how a rate came to stand in BenefitPoint"),
            (f"{typed} import benefitpoint --name Colorado", "another client"),
            (f"{typed} doctor", "whether all is well with both vendors"),
            ("syncd demo --files", "the same of two plain files"),
        ],
    )


@dataclass(frozen=True, slots=True)
class Story:
    """The two screens at which the vendors' users sit, and what happens in between."""

    omar: PerfectQuote
    dana: BenefitPoint

    def scenes(self) -> tuple[Scene, ...]:
        """Give the scenes in their order."""
        return (
            Scene("Two vendors, one plan", "The two hold the same plan, and hardly a word of it looks alike.", self._systems),
            Scene(
                "A client is imported",
                f"{BY} knows its number in BenefitPoint. Which group it is elsewhere, a person says: names are no evidence.",
                self._import,
            ),
            Scene(
                "Deciding, plan by plan",
                "Which plans are the same is decided in a file. It says what speaks for a pair and what linking overwrites.",
                self._decide,
            ),
            Scene("The first sync", "It writes what was decided, and reads every write back before it counts.", self._sync),
            Scene("Meanwhile, people work", "Between two syncs, the users of both vendors change things.", self._edits),
            Scene(
                "What flows, and what is asked",
                "First a preview: every field in every system, and the reason.",
                self._flow,
            ),
            Scene(
                "Questions, and work for a person",
                "What no rule decides waits in a queue, and as files that anybody can fill in.",
                self._answers,
            ),
            Scene("At rest", "Nobody has changed anything, so nothing is written.", self._rest),
            Scene("Why does it say that?", "Every value can be accounted for: who, when, by which decision.", self._explain),
        )

    # -- the scenes ----------------------------------------------------------------------------------------------------

    def _systems(self) -> None:
        quoted, sold = self._quoted(HIGH.perfectquote), self.dana.plan(HIGH.benefitpoint)
        rows = [
            (f"name: {quoted['name']}", f"name: {sold['name']}"),
            (f"plan_type: {quoted['plan_type']}", f"productTypeID: {sold['productTypeID']}"),
            (f"carrier_id: {quoted['carrier_id']}", f"carrierID: {sold['carrierID']}"),
            (f"effective_date: {quoted['effective_date']}", f"effectiveAsOf: {sold['effectiveAsOf']}"),
            (f"specialist_visit: {self._copay(HIGH.perfectquote, 'specialist_visit')}", self._cell("Specialist Visit")),
            (f"tiers employee_only: {_rate(quoted)}", f"Rate, EE Only: {self._sold_rate()}"),
        ]
        heads = [f"perfectquote {HIGH.perfectquote}", f"benefitpoint {HIGH.benefitpoint}"]
        say("", *table(rows, heads, indent="    "))
        sentence("What syncd may do in each, and whose contract that is:")
        syncd("systems")

    def _import(self) -> None:
        syncd("import", "benefitpoint", "--number", NUMBER)
        sentence(f"{BY} has looked at both, and says that they are one client.")
        into = ("--into", f"perfectquote={GROUP}", "--out", str(_FILE))
        syncd("import", "benefitpoint", "--number", NUMBER, *into)

    def _decide(self) -> None:
        sentence("One entry of the file. The plan of the same name is named too, and why it is no candidate:")
        show(self._entry(STANDARD.benefitpoint))
        filling.decide(_FILE, BY, CHOICES)
        sentence(
            f"{BY} links three plans, with a source of truth for each section; has one created in BenefitPoint, where it is",
        )
        say("new; and leaves one alone for good. Who pays the commission of new plans is asked once: she keeps what stands.")
        show(*_needs(_FILE.read_text(encoding="utf-8")))
        for record in (STANDARD.benefitpoint, PROSPER):
            show(*_decided(self._entry(record)))
        sentence("She looks first at what her decisions would do.")
        syncd("link", NAME, str(_FILE), "--dry-run")
        sentence("That is what she meant, so she decides it.")
        syncd("link", NAME, str(_FILE))

    def _sync(self) -> None:
        syncd("sync")
        sentence("BenefitPoint takes no rates from a program. What it cannot be told is asked of a person who works there:")
        say("notes in the activity log of the account, with the exact values. One of them, as Dana sees it:")
        self._show_note("rates[")

    def _edits(self) -> None:
        before = self._copay(HIGH.perfectquote, "specialist_visit")
        self.dana.type_benefit(HIGH.benefitpoint, "Specialist Visit", "$30 Copayment")
        self._told(
            "An account manager corrects a copayment in BenefitPoint",
            ("benefitpoint", HIGH.benefitpoint, HIGH.name, "Specialist Visit", f"{before} -> $30 Copayment"),
        )
        self.omar.type_field(HIGH.perfectquote, "policy_number", "WA-54-2026")
        self._told(
            "The policy number arrives, and the broker types it into PerfectQuote",
            ("perfectquote", HIGH.perfectquote, HIGH.name, "policy_number", "(empty) -> WA-54-2026"),
        )
        rate = _rate(self._quoted(HIGH.perfectquote))
        self.omar.type_rate(HIGH.perfectquote, "employee_only", "1191.36")
        self._told(
            "The carrier corrects a rate",
            ("perfectquote", HIGH.perfectquote, HIGH.name, "rates, employee_only", f"{rate} -> 1191.36"),
        )
        before = self._copay(OPTIONS.perfectquote, "urgent_care")
        self.omar.type_copay(OPTIONS.perfectquote, "urgent_care", "45")
        self.dana.type_benefit(OPTIONS.benefitpoint, "Urgent Care", "$50 Copayment")
        self._told(
            "Two people change the same field to different values",
            ("perfectquote", OPTIONS.perfectquote, OPTIONS.name, "urgent_care", f"{before} -> 45"),
            ("benefitpoint", OPTIONS.benefitpoint, OPTIONS.name, "Urgent Care", f"{before} -> $50 Copayment"),
        )
        self.omar.delete(STANDARD.perfectquote)
        self._told(
            "Someone deletes a plan in PerfectQuote",
            ("perfectquote", STANDARD.perfectquote, STANDARD.name, "the whole plan", "deleted"),
        )

    def _flow(self) -> None:
        syncd("sync", "--dry-run")
        sentence("Now for real. Where two people disagree nothing is written; everything beside it goes on.")
        syncd("sync")
        sentence("What the two vendors hold now, read from them directly. The last two wait for an answer:")
        rows = [
            ("perfectquote", HIGH.name, "specialist_visit", self._copay(HIGH.perfectquote, "specialist_visit")),
            ("benefitpoint", HIGH.name, "policyNumber", str(self.dana.plan(HIGH.benefitpoint)["policyNumber"])),
            ("perfectquote", OPTIONS.name, "urgent_care", self._copay(OPTIONS.perfectquote, "urgent_care")),
            ("benefitpoint", OPTIONS.name, "Urgent Care", self._text(OPTIONS.benefitpoint, "Urgent Care")),
        ]
        say("", *table(rows, indent="    "))
        sentence("And the corrected rate, as Dana is asked for it:")
        self._show_note(f"of {HIGH.name}", "rates[")

    def _answers(self) -> None:
        syncd("review", "list")
        conflict, missing = question("conflict"), question("missing-record")
        sentence("The disagreement about urgent care, as its file shows it:")
        file = file_of(conflict)
        command("cat", str(file))
        say(file.read_text(encoding="utf-8").rstrip("\n"))
        filling.answer(file, conflict, decision="benefitpoint", note="The carrier's summary says $50", by=BY)
        sentence(f"{BY} asks the carrier, fills in the last three lines, and saves the file:")
        show(*filling.entry_of(file.read_text(encoding="utf-8"), conflict).splitlines()[-3:])
        sentence("The plan was deleted by mistake. Questions can be answered on the command line as well:")
        syncd("review", "decide", missing, "recreate", "--note", "Deleted by mistake")
        sentence("And Dana enters in BenefitPoint what her notes ask of her: a rate that was corrected, and what the new plan")
        say("did not have.")
        self._enter()
        sentence("The next sync reads the file, once it has rested for two seconds, and carries both answers out. It finds")
        say("Dana's values, and closes her notes.")
        time.sleep(SETTLE_S + 0.1)
        syncd("sync")
        sentence("Her notes now:")
        rows = [(str(note["status"]), short(str(note["shortDescription"]), 90)) for note in self.dana.notes(ACCOUNT)]
        say("", *table(rows, indent="    "))

    def _enter(self) -> None:
        new = next(product for product in self._products() if product["name"] == "Prosper")
        product = str(new["productID"])
        quoted = self._quoted(PROSPER)
        self.dana.type_rate(HIGH.benefitpoint, "EE Only", "1191.36")
        cells = {TIERS[item["tier"]]: item["rate"] for item in quoted["rates"]["sets"][0]["tiers"]}
        amounts = {TIERS[item["tier"]]: item["amount"] for item in quoted["contributions"]["sets"][0]["entries"]}
        day = quoted["effective_date"]
        rate = {"description": "2026 rates", "effectiveAsOf": day, "schedule": SCHEDULE, "basis": BASIS}
        self.dana.enter("rate", product, {**rate, "cells": {"Rate": cells}})
        paid = {"description": "2026 contributions", "schedule": SCHEDULE, "contributionFrequency": "Monthly"}
        self.dana.enter("contribution", product, {**paid, "amounts": amounts})
        rows = [
            (f"benefitpoint {HIGH.benefitpoint}", "“High Option”", "Rate, EE Only", "1191.36"),
            (f"benefitpoint {product}", "“Prosper”", "Rate", _told_cells(cells)),
            (f"benefitpoint {product}", "“Prosper”", "Contribution", _told_cells(amounts)),
        ]
        say("", *table(rows, indent="    "))

    def _rest(self) -> None:
        syncd("sync")

    def _explain(self) -> None:
        syncd("why", NAME, OPTIONS.perfectquote, CONFLICT_FIELD)
        sentence("And all that ever happened to this plan, newest first:")
        syncd("history", NAME, "--plan", OPTIONS.perfectquote)

    # -- what stands where ---------------------------------------------------------------------------------------------

    def _quoted(self, plan: str) -> Record:
        found = self.omar.plan(plan)
        assert found is not None  # noqa: S101 - the story's plans are there until it deletes them
        return found

    def _copay(self, plan: str, code: str) -> str:
        """Give a benefit in network, as PerfectQuote holds it."""
        field = next(iter(people.fields_of(self._quoted(plan)["benefits"], code)))["in_network"]
        return f"{field['kind']} {field['amount'] or field['text']}"

    def _text(self, product: str, attribute: str) -> str:
        """Give a benefit in network, as BenefitPoint holds it."""
        values = self.dana.of_plan("benefit_summary", product)[0]["attributeValues"]
        return str(next(iter(people.cells_of(values, attribute)))["value"])

    def _cell(self, attribute: str) -> str:
        return f"{attribute}: {self._text(HIGH.benefitpoint, attribute)}"

    def _sold_rate(self) -> str:
        return str(self.dana.of_plan("rate", HIGH.benefitpoint)[0]["cells"]["Rate"]["EE Only"])

    def _products(self) -> Iterator[Record]:
        rows = self.dana.tables()["product"].values()
        return (row for row in rows if str(row["accountID"]) == ACCOUNT)

    def _entry(self, record: str) -> str:
        return filling.entry_of(_FILE.read_text(encoding="utf-8"), record)

    def _show_note(self, *words: str) -> None:
        """Show the newest note that holds these words."""
        found = [note for note in self.dana.notes(ACCOUNT) if all(word in note["shortDescription"] for word in words)]
        note = found[-1]
        show(
            f"activity log {note['recordID']}  {note['status']}, {note['priority'].lower()} priority",
            str(note["shortDescription"]),
            str(note.get("longDescription") or note.get("notes") or note.get("description") or ""),
        )

    def _told(self, title: str, *acts: tuple[str, str, str, str, str]) -> None:
        """Tell what users did."""
        rows = [(f"{system} {id_}", f"“{name}”", field, change) for system, id_, name, field, change in acts]
        say("", f"  {title}.", *table(rows, indent="    "))


def _rate(plan: Record) -> str:
    """Give the employee's rate, as PerfectQuote holds it."""
    return next(str(item["rate"]) for item in plan["rates"]["sets"][0]["tiers"] if item["tier"] == "employee_only")


def _told_cells(cells: Mapping[str, Any]) -> str:
    return ", ".join(f"{tier} {amount}" for tier, amount in cells.items())


def _needs(text: str) -> list[str]:
    """Give the keys under `needs:` with their values; the offers above them are long."""
    lines = iter(text.splitlines())
    found = [line for line in lines if line == "needs:"]
    for line in lines:
        if line == "plans:":
            break
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(line)
    return found


def _decided(entry: str) -> list[str]:
    """Give the lines of an entry that say what it is and what was decided."""
    keys = ("- record:", "  id:", "  name:", "  decision:", "  note:")
    return [line for line in entry.splitlines() if line.startswith(keys)]
