"""The demo told: scene by scene a sentence, the command line that a person would type, and what syncd says to it.

The commands run in this process, by the function that `syncd` itself calls, inside the demo's folder and without the
settings that the environment may hold for another installation. Nothing that they print is made up or left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo import folder as files
from syncd.cli.demo.drops import native_id, read_row
from syncd.cli.demo.seed import SYSTEMS, System, read_seed
from syncd.cli.demo.story import LINKED, STEPS, Edit, LinkedGroup, Removal, act_out, step
from syncd.cli.out import say, short, styled, table
from syncd.cli.run import BROKEN_PIPE, OK, STOPPED, run
from syncd.config import PREFIX
from syncd.errors import SyncdError
from syncd.review.collect import SETTLE_S

BY: Final = "Ana"
"""The person who decides in this story."""
_WIDTH: Final = 100
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


class DemoStoppedError(SyncdError):
    """A command of the demo did not end as it should."""

    hint = "Its folder stays as it is; `syncd demo` starts over."


class _SeenEnoughError(Exception):
    """Whoever looks on does not want to see the rest."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def tell_story(folder: Path, *, again: bool) -> int:
    """Tell all of it, in a folder that is laid out already."""
    _open(folder, again=again)
    try:
        with _inside(folder):
            for number, scene in enumerate(SCENES, start=1):
                say("", "", styled(f"── {number}. {scene.title} ".ljust(_WIDTH, "─"), "bold"), scene.sentence)
                scene.play()
    except _SeenEnoughError as enough:
        return enough.code
    _close(folder)
    return OK


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder, without the environment's settings: they are another installation's."""
    away = {name: text for name, text in os.environ.items() if _is_setting(name)}
    for name in away:
        del os.environ[name]
    try:
        with chdir(folder):
            yield
    finally:
        os.environ.update(away)


def _is_setting(name: str) -> bool:
    return name.upper().startswith(PREFIX) or name == "CREDENTIALS_DIRECTORY"


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
    program = _program(folder)
    dental = [_name(_BEAUMONT), native_id("crm", "bea-dental-ppo"), "rates[2026-01-01].ee"]
    rows = [
        (f"{program} status", "how the systems and the clients stand"),
        (f"{program} why {shlex.join(dental)}", "how the rule decided between two rates, and what lost"),
        (f"{program} sync --dry-run", f"what would flow, after you changed something in {files.DROPS}/crm/plans.csv"),
    ]
    say(
        "",
        "",
        styled("── That was the demo ".ljust(_WIDTH, "─"), "bold"),
        f"The folder stays as it is. Go on in it: cd {shlex.quote(str(folder))}",
        "",
        *table(rows, indent="  "),
    )


def _program(folder: Path) -> str:
    """Give syncd's name as it can be typed in that folder: `make` runs it where no PATH finds it."""
    program = Path(sys.argv[0]).resolve()
    if shutil.which("syncd") or program.name != "syncd":
        return "syncd"
    return shlex.quote(min(os.path.relpath(program, folder), str(program), key=len))


# -- the scenes --------------------------------------------------------------------------------------------------------


def _systems() -> None:
    rows = [(*(f"{name}: {_cell(system, _SAMPLE, name)}" for system, name in pair),) for pair in _SAME]
    say("", *table(rows, [f"{system} {native_id(system, _SAMPLE)}" for system in SYSTEMS], indent="    "))
    _syncd("systems")


def _clients() -> None:
    _syncd("groups", "candidates")
    _sentence(f"{BY} knows that two of these clients are the same in both systems, and says so.")
    for linked in LINKED:
        ids = read_seed().group(linked.group).ids
        _syncd("groups", "link", *(f"{system}={id_}" for system, id_ in ids.items()))


def _candidates() -> None:
    _syncd("plans", _name(_COLORADO))


def _decide() -> None:
    file = _decisions(_COLORADO)
    _sentence("One entry of the file. A namesake is named, and why it is no candidate:")
    _show(files.entry_of(file.read_text(encoding="utf-8"), native_id("crm", "fed-co-kaiser-high")))
    files.decide(file, BY, files.choices_of(_COLORADO))
    _sentence(f"{BY} decides about five plans and leaves GEHA's High Option blank. One of her decisions:")
    _show(files.entry_of(file.read_text(encoding="utf-8"), native_id("crm", "fed-co-kaiser-prosper")))
    _sentence("The two systems disagree on one copayment. She looks first at what her decisions would do.")
    _syncd("link", _name(_COLORADO), str(file), "--dry-run")
    _sentence("That is what she meant, so she decides it.")
    _syncd("link", _name(_COLORADO), str(file))

    file = _decisions(_BEAUMONT)
    files.decide(file, BY, files.choices_of(_BEAUMONT, _LEFT_IN_BEAUMONT, "Not renewed through us"))
    _sentence("For the other client five plans as well; three are to be left alone for good: `decision: ignore`.")
    _syncd("link", _name(_BEAUMONT), str(file))


def _decisions(linked: LinkedGroup) -> Path:
    """Have the decision file of a client written."""
    file = files.decisions(linked)
    _syncd("link", _name(linked), "--out", str(file))
    return file


def _sync() -> None:
    _syncd("sync")


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
    _syncd("sync", "--dry-run")
    _sentence("Now for real. Where two people disagree nothing is written; everything beside it goes on.")
    _syncd("sync")
    _sentence("What the two files hold now, read from them directly. The last two wait for an answer:")
    rows = [(*_record(system, plan), column, _cell(system, plan, column)) for system, plan, column in _ARRIVED]
    say("", *table(rows, indent="    "))


def _answers() -> None:
    _syncd("review", "list")
    conflict, missing = _question("conflict"), _question("missing-record")
    _sentence("The disagreement about urgent care, as its file shows it:")
    file = _file_of(conflict)
    _command("cat", str(file))
    say(file.read_text(encoding="utf-8").rstrip("\n"))
    files.answer(file, conflict, decision="crm", note="The carrier's summary says $60", by=BY)
    _sentence(f"{BY} asks the carrier, fills in the last three lines, and saves the file:")
    _show(*files.entry_of(file.read_text(encoding="utf-8"), conflict).splitlines()[-3:])
    _sentence("The vision plan was deleted by mistake. Questions can be answered on the command line as well:")
    _syncd("review", "decide", missing, "recreate", "--note", "Deleted by mistake")
    _sentence("The next sync reads the file, once it has rested for two seconds, and carries both answers out.")
    time.sleep(SETTLE_S + 0.1)
    _syncd("sync")


def _question(kind: str) -> str:
    """Find the one open question of a kind."""
    from syncd.cli.session import Session

    with Session().store() as store:
        return next(one.id for one in store.questions() if one.proposal.kind == kind)


def _file_of(question: str) -> Path:
    from syncd.cli.session import Session

    file = Session().review.file_of(question)
    if file is None:
        raise DemoStoppedError(f"no review file shows {question}")
    return file


def _rest() -> None:
    _syncd("sync")
    _sentence(
        "What is still asked are GEHA's two records called High Option, which nobody has linked: until somebody decides"
    )
    say("about them, nothing is ever written to either.")


def _explain() -> None:
    plan = native_id("quote", step("conflict").plans[0])
    _syncd("why", _name(_COLORADO), plan, "urgent_care.in_network")
    _sentence("And all that ever happened to this plan, newest first:")
    _syncd("history", _name(_COLORADO), "--plan", plan)


@dataclass(frozen=True, slots=True)
class _Scene:
    """One step of the story: its title, what it is about, and what is done."""

    title: str
    sentence: str
    play: Callable[[], None]


SCENES: Final = (
    _Scene("Two systems, one plan", "What the two hold is the same, and hardly a word of it looks the same.", _systems),
    _Scene("Clients", "syncd reads both systems and links nothing by itself: equal names are no evidence.", _clients),
    _Scene(
        "Plans that may be the same",
        "Candidates have a score. Two plans are called “High Option”; they are two carriers' plans and do not pair.",
        _candidates,
    ),
    _Scene(
        "Deciding",
        "Which plans belong together is decided in a file. It says what speaks for a pair and what linking overwrites.",
        _decide,
    ),
    _Scene("The first sync", "It writes what was decided, and reads every write back before it counts.", _sync),
    _Scene("Meanwhile, people work", "Between two syncs, the users of both systems change things.", _edits),
    _Scene("What flows, and what is asked", "First a preview: every field in every system, and the reason.", _flow),
    _Scene("Questions", "What no rule decides waits in a queue, and as files that anybody can fill in.", _answers),
    _Scene("At rest", "Nobody has changed anything, so nothing is written.", _rest),
    _Scene("Why does it say that?", "Every value can be accounted for: who, when, by which decision.", _explain),
)


# -- how it is told ----------------------------------------------------------------------------------------------------


def _name(linked: LinkedGroup) -> str:
    return read_seed().group(linked.group).texts("quote")["details.name"]


def _sentence(text: str) -> None:
    say("", text)


def _show(*texts: str) -> None:
    say("", *(f"  │ {line}" for text in texts for line in text.splitlines()))


def _command(*words: str) -> None:
    say("", styled(f"$ {shlex.join(words)}", "green"))


def _syncd(*words: str) -> None:
    """Run a command line of syncd. What it says beside its result belongs to the story too."""
    _command("syncd", *words)
    with redirect_stderr(sys.stdout):
        code = run(list(words))
    if code in (STOPPED, BROKEN_PIPE):
        raise _SeenEnoughError(code)
    if code != OK:
        raise DemoStoppedError(f"`{shlex.join(['syncd', *words])}` ended with {code}")
