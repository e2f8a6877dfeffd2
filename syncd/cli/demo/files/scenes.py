"""The story of two file drops, told: a broker's quoting system and a PEO's CRM."""

from __future__ import annotations

import shlex
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo import folder as filling
from syncd.cli.demo.files import folder as files
from syncd.cli.demo.files.drops import native_id, read_row
from syncd.cli.demo.files.seed import SYSTEMS, System, read_seed
from syncd.cli.demo.files.story import LINKED, STEPS, Edit, LinkedGroup, Removal, act_out, step
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
from syncd.cli.out import say, short, styled, table
from syncd.cli.run import OK
from syncd.review.collect import SETTLE_S

_DROPS: Final = Path(files.DROPS)
_COLORADO, _BEAUMONT = LINKED
_LEFT_IN_BEAUMONT: Final = ("bea-journey-hmo", "bea-alliance-hmo", "bea-kaiser-dhmo")

_SAMPLE: Final = "fed-co-kaiser-high"
_SAME: Final[tuple[tuple[tuple[System, str], tuple[System, str]], ...]] = (
    (("quote", "plan.name"), ("crm", "Plan Name")),
    (("quote", "plan.product"), ("crm", "Line of Coverage")),
    (("quote", "plan.start"), ("crm", "Plan Effective")),
    (("quote", "benefits.care.pcp.in"), ("crm", "Office Visit In")),
    (("quote", "rate_sets.0.per"), ("crm", "Rate Frequency")),
    (("quote", "rate_sets.0.tiers.EF"), ("crm", "Family")),
)
"""The same facts of one plan, where each system keeps them."""

_ARRIVED: Final[tuple[tuple[System, str, str], ...]] = (
    ("crm", "fed-co-kaiser-high", "Employee Only"),
    ("quote", "fed-co-kaiser-prosper", "benefits.care.specialist.in"),
    ("crm", "fed-co-geha-hdhp", "Office Visit In"),
    ("quote", "fed-co-geha-hdhp", "plan.name"),
    ("crm", "bea-dental-ppo", "Employee Only"),
    ("quote", "fed-co-geha-standard", "benefits.care.urgent.in"),
    ("crm", "fed-co-geha-standard", "Urgent Care In"),
)
"""Where a reader finds, in the vendors' own files, what became of the edits: system, plan, column."""


def tell_story(folder: Path, *, again: bool) -> int:
    """Tell all of it, in a folder that is laid out already."""
    _open(folder, again=again)
    with inside(folder):
        code = tell(SCENES)
    if code == OK:
        _close(folder)
    return code


def _open(folder: Path, *, again: bool) -> None:
    seed = read_seed()
    rows = [
        (f"{files.DROPS}/quote/", "a broker's quoting system: JSON lines, rate sets as lists, 2026-01-01, 1512.40"),
        (f"{files.DROPS}/crm/", "a PEO's CRM: a wide CSV table, one rate set a plan, 1/1/2026, $1,512.40"),
        ("syncd.toml", "where the two are"),
        ("rules.yaml", "who wins where both changed one field: for rates the quote, for all else a person"),
    ]
    say(
        styled("syncd keeps benefit plans in step across systems, and asks a person wherever no rule decides.", "bold"),
        f"{'A new demo' if again else 'This demo'} is in {folder}. Its two systems know nothing of each other:",
        "",
        *table(rows, indent="  "),
        "",
        f"They hold {len(seed.plans)} plans of {len(seed.groups)} employers, taken from public documents.",
    )


def _close(folder: Path) -> None:
    """Say how to go on."""
    typed = program(folder)
    dental = [_name(_BEAUMONT), native_id("crm", "bea-dental-ppo"), "rates[2026-01-01].ee"]
    close(
        folder,
        [],
        [
            (f"{typed} status", "how the systems and the clients stand"),
            (f"{typed} why {shlex.join(dental)}", "how the rule decided between two rates, and what lost"),
            (f"{typed} sync --dry-run", f"what would flow, after you changed something in {files.DROPS}/crm/plans.csv"),
        ],
    )


# -- the scenes --------------------------------------------------------------------------------------------------------


def _systems() -> None:
    rows = [(*(f"{name}: {_cell(system, _SAMPLE, name)}" for system, name in pair),) for pair in _SAME]
    say("", *table(rows, [f"{system} {native_id(system, _SAMPLE)}" for system in SYSTEMS], indent="    "))
    syncd("systems")


def _clients() -> None:
    syncd("groups", "candidates")
    sentence(f"{BY} knows that two of these clients are the same in both systems, and says so.")
    for linked in LINKED:
        ids = read_seed().group(linked.group).ids
        syncd("groups", "link", *(f"{system}={id_}" for system, id_ in ids.items()))


def _candidates() -> None:
    syncd("plans", _name(_COLORADO))


def _decide() -> None:
    file = _decisions(_COLORADO)
    sentence("One entry of the file. A namesake is named, and why it is no candidate:")
    show(filling.entry_of(file.read_text(encoding="utf-8"), native_id("crm", "fed-co-kaiser-high")))
    filling.decide(file, BY, files.choices_of(_COLORADO))
    sentence(f"{BY} decides about five plans and leaves GEHA's High Option blank. One of her decisions:")
    show(filling.entry_of(file.read_text(encoding="utf-8"), native_id("crm", "fed-co-kaiser-prosper")))
    sentence("The two systems disagree on one copayment. She looks first at what her decisions would do.")
    syncd("link", _name(_COLORADO), str(file), "--dry-run")
    sentence("That is what she meant, so she decides it.")
    syncd("link", _name(_COLORADO), str(file))

    file = _decisions(_BEAUMONT)
    filling.decide(file, BY, files.choices_of(_BEAUMONT, _LEFT_IN_BEAUMONT, "Not renewed through us"))
    sentence("For the other client five plans as well; three are to be left alone for good: `decision: ignore`.")
    syncd("link", _name(_BEAUMONT), str(file))


def _decisions(linked: LinkedGroup) -> Path:
    """Have the decision file of a client written."""
    file = files.decisions(linked)
    syncd("link", _name(linked), "--out", str(file))
    return file


def _sync() -> None:
    syncd("sync")


def _edits() -> None:
    now = datetime.now(UTC)
    for one in STEPS:
        told = [_told(act) for act in one.acts]
        act_out(_DROPS, one, at=now)
        say("", f"  {one.title}.", *table(told, indent="    "))


def _told(act: Edit | Removal) -> tuple[str, ...]:
    """Tell what a user does, with what stands there before."""
    if isinstance(act, Removal):
        return (*_record(act.system, act.plan), "the whole row", "deleted")
    return (*_record(act.system, act.plan), act.column, f"{_cell(act.system, act.plan, act.column)} -> {act.value}")


def _record(system: System, plan: str) -> tuple[str, str]:
    return f"{system} {native_id(system, plan)}", f"“{read_seed().plan(plan).texts(system)['details.name']}”"


def _cell(system: System, plan: str, column: str) -> str:
    """Read what a column of a drop holds; a column of the quoting system is a path into its row."""
    found: Any = read_row(_DROPS, system, plan) or {}
    for name in [column] if system == "crm" else column.split("."):
        found = found[int(name)] if isinstance(found, list) else found.get(name, "")
    return short(str(found))


def _flow() -> None:
    syncd("sync", "--dry-run")
    sentence("Now for real. Where two people disagree nothing is written; everything beside it goes on.")
    syncd("sync")
    sentence("What the two files hold now, read from them directly. The last two wait for an answer:")
    rows = [(*_record(system, plan), column, _cell(system, plan, column)) for system, plan, column in _ARRIVED]
    say("", *table(rows, indent="    "))


def _answers() -> None:
    syncd("review", "list")
    conflict, missing = question("conflict"), question("missing-record")
    sentence("The disagreement about urgent care, as its file shows it:")
    file = file_of(conflict)
    command("cat", str(file))
    say(file.read_text(encoding="utf-8").rstrip("\n"))
    filling.answer(file, conflict, decision="crm", note="The carrier's summary says $60", by=BY)
    sentence(f"{BY} asks the carrier, fills in the last three lines, and saves the file:")
    show(*filling.entry_of(file.read_text(encoding="utf-8"), conflict).splitlines()[-3:])
    sentence("The vision plan was deleted by mistake. Questions can be answered on the command line as well:")
    syncd("review", "decide", missing, "recreate", "--note", "Deleted by mistake")
    sentence("The next sync reads the file, once it has rested for two seconds, and carries both answers out.")
    time.sleep(SETTLE_S + 0.1)
    syncd("sync")


def _rest() -> None:
    syncd("sync")
    sentence(
        "What is still asked are GEHA's two records called High Option, which nobody has linked: until somebody decides"
    )
    say("about them, nothing is ever written to either.")


def _explain() -> None:
    plan = native_id("quote", step("conflict").plans[0])
    syncd("why", _name(_COLORADO), plan, "urgent_care.in_network")
    sentence("And all that ever happened to this plan, newest first:")
    syncd("history", _name(_COLORADO), "--plan", plan)


SCENES: Final = (
    Scene("Two systems, one plan", "What the two hold is the same, and hardly a word of it looks the same.", _systems),
    Scene("Clients", "syncd reads both systems and links nothing by itself: equal names are no evidence.", _clients),
    Scene(
        "Plans that may be the same",
        "Candidates have a score. Two plans are called “High Option”; they are two carriers' plans and do not pair.",
        _candidates,
    ),
    Scene(
        "Deciding",
        "Which plans belong together is decided in a file. It says what speaks for a pair and what linking overwrites.",
        _decide,
    ),
    Scene("The first sync", "It writes what was decided, and reads every write back before it counts.", _sync),
    Scene("Meanwhile, people work", "Between two syncs, the users of both systems change things.", _edits),
    Scene("What flows, and what is asked", "First a preview: every field in every system, and the reason.", _flow),
    Scene("Questions", "What no rule decides waits in a queue, and as files that anybody can fill in.", _answers),
    Scene("At rest", "Nobody has changed anything, so nothing is written.", _rest),
    Scene("Why does it say that?", "Every value can be accounted for: who, when, by which decision.", _explain),
)


def _name(linked: LinkedGroup) -> str:
    return read_seed().group(linked.group).texts("quote")["details.name"]
