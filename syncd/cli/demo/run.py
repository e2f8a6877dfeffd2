"""The demo told: each step is a sentence, the command line that a person would type, and what syncd says to it.

The commands run in this process, by the function that `syncd` itself calls, inside the demo's folder and without the
settings that the environment may hold for another installation. Nothing that they print is made up or left out.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo import folder as files
from syncd.cli.demo.drops import native_id, read_row
from syncd.cli.demo.seed import Entry, read_seed
from syncd.cli.demo.story import LINKED, STEPS, Edit, LinkedGroup, Removal, Step, act_out, step
from syncd.cli.out import say, short, styled, table
from syncd.cli.run import OK, STOPPED, run
from syncd.config import PREFIX
from syncd.errors import SyncdError
from syncd.review.collect import SETTLE_S

BY: Final = "Ana"
"""The person who decides in this story."""
_COLORADO, _BEAUMONT = LINKED
_LEFT_IN_BEAUMONT: Final = ("bea-journey-hmo", "bea-alliance-hmo", "bea-kaiser-dhmo")
_NAMES: Final = {"quote": "the quoting system", "crm": "the CRM"}


class DemoStoppedError(SyncdError):
    """A command of the demo did not end as it should."""

    hint = "Its folder stays as it is; `syncd demo` starts over."


class _StoppedError(Exception):
    """The person has seen enough."""


def tell_story(folder: Path, *, again: bool) -> int:
    """Tell all of it. The folder is laid out already."""
    seed = read_seed()
    say(
        styled("syncd keeps benefit plans in step across systems, and asks a person wherever no rule decides.", "bold"),
        f"{'A new demo in' if again else 'This demo is in'} {folder}: two systems that know nothing of each other.",
        "",
        *table(
            [
                (f"  {files.DROPS}/quote/", "a broker's quoting system: JSON lines, rates as lists, money as numbers"),
                (f"  {files.DROPS}/crm/", "a PEO's CRM: a wide CSV table, dates as 1/1/2026, money as $1,512.40"),
                ("  syncd.toml", "where they are"),
                ("  rules.yaml", "who wins when both changed one field"),
            ]
        ),
        "",
        f"{len(seed.plans)} plans of {len(seed.groups)} employers, from public documents. What people type into them"
        " below is this story's own.",
    )
    try:
        with _inside(folder):
            _tell()
    except _StoppedError:
        return STOPPED
    _close(folder)
    return OK


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder, without the environment's settings: they are another installation's."""
    ours = {name: text for name, text in os.environ.items() if _is_setting(name)}
    for name in ours:
        del os.environ[name]
    try:
        with chdir(folder):
            yield
    finally:
        os.environ.update(ours)


def _is_setting(name: str) -> bool:
    return name.upper().startswith(PREFIX) or name == "CREDENTIALS_DIRECTORY"


def _tell() -> None:
    colorado, beaumont = (read_seed().group(one.group) for one in LINKED)
    _groups(colorado, beaumont)
    _plans(colorado, beaumont)
    _first_sync()
    _edits()
    _second_sync()
    _answers(colorado)
    _rest()
    _explain(colorado)


# -- the steps ---------------------------------------------------------------------------------------------------------


def _groups(colorado: Entry, beaumont: Entry) -> None:
    _title("Clients", "syncd reads both systems. It links nothing by itself: equal names are no evidence.")
    _syncd("groups", "candidates")
    _sentence("We know that two of them are the same client in both systems, so we say so.")
    for group in (colorado, beaumont):
        _syncd("groups", "link", *(f"{system}={id_}" for system, id_ in group.ids.items()))


def _plans(colorado: Entry, beaumont: Entry) -> None:
    _title(
        "Plans that may be the same",
        "Candidates come with a score. Two plans called “High Option” are two carriers' plans, and do not pair.",
    )
    _syncd("plans", _name(colorado))
    _title(
        "Deciding which plans belong together",
        "The decisions are taken in a file. It says what speaks for each pair and what linking would overwrite.",
    )
    _decide(_COLORADO, colorado, excerpt="fed-co-kaiser-prosper")
    _sentence("The other client likewise; three plans are left where they are, for good.")
    _decide(_BEAUMONT, beaumont, others=_LEFT_IN_BEAUMONT, note="Not renewed through us")


def _decide(linked: LinkedGroup, group: Entry, *, excerpt: str = "", others: tuple[str, ...] = (), note: str = "") -> None:
    """Write a decision file, fill it in, and carry it out; with an excerpt, show it and try it first."""
    file = Path(f"decisions-{linked.group}.yaml")
    _syncd("link", _name(group), "--out", str(file))
    files.decide(file, BY, files.choices_of(linked, others, note))
    if excerpt:
        left = next(iter(linked.left))
        _sentence(
            f"{BY} fills in `decision:` for {len(linked.links)} plans and leaves GEHA's High Option blank. One entry:"
        )
        _show_text(files.entry_of(file.read_text(encoding="utf-8"), native_id("crm", excerpt)))
        _sentence(
            "She looks first at what that would do. The two systems disagree on one copayment; the quote is right."
        )
        _syncd("link", _name(group), str(file), "--dry-run")
        _sentence("That is what she meant.")
        del left
    _syncd("link", _name(group), str(file))


def _first_sync() -> None:
    _title("The first sync", "It writes what was shown, and nothing else. Each write is read back before it counts.")
    _syncd("sync")


def _edits() -> None:
    _title("Meanwhile, people work", "Between two syncs, both systems are changed by their own users.")
    for one in STEPS:
        told = [_told(act) for act in one.acts]
        act_out(Path(files.DROPS), one, at=datetime.now(UTC))
        say(f"  {one.title}.", *table(told, indent="    "))


def _told(act: Edit | Removal) -> tuple[str, ...]:
    """Tell what a user does, with what stands there before."""
    who = f"{act.system} {native_id(act.system, act.plan)}"
    plan = read_seed().plan(act.plan).texts(act.system)["details.name"]
    if isinstance(act, Removal):
        return (who, f"“{plan}”", "the whole row", "deleted")
    held = _held(read_row(Path(files.DROPS), act.system, act.plan) or {}, act.column)
    return (who, f"“{plan}”", act.column, f"{short(str(held))} -> {act.value}")


def _held(row: Any, column: str) -> Any:  # noqa: ANN401 - a row of a vendor
    """Find what a column holds; a column of the quoting system is a path into it."""
    if column in row:
        return row[column]
    for name in column.split("."):
        row = row[int(name)] if isinstance(row, list) else row.get(name, "")
    return row


def _second_sync() -> None:
    _title("What flows, and what is asked", "First the preview: every field, in each system, and why.")
    _syncd("sync", "--dry-run")
    _sentence("Now it is done. Where two people disagree nothing is written, and a question waits.")
    _syncd("sync")


def _answers(colorado: Entry) -> None:
    _title("Questions", "What no rule decides waits in the review queue, and as files that anybody can fill in.")
    _syncd("review", "list")
    conflict, missing = _question("conflict"), _question("missing-record")
    file = _file_of(conflict)
    _sentence("The disagreement as a file:")
    _command("cat", str(file))
    say(file.read_text(encoding="utf-8").rstrip("\n"))
    files.answer(file, conflict, decision="crm", note="The carrier's summary says $60", by=BY)
    _sentence(f"{BY} has asked the carrier, fills in three lines and saves:")
    filled = files.entry_of(file.read_text(encoding="utf-8"), conflict).splitlines()
    _show_text("\n".join(line for line in filled if line.startswith(("  decision:", "  note:", "  by:"))))
    _sentence("The deleted plan was deleted by mistake. A question can be answered here as well:")
    _syncd("review", "decide", missing, "recreate", "--note", "Deleted by mistake")
    # A file counts when it has rested: nobody's half sentence is read.
    time.sleep(SETTLE_S + 0.1)
    _sentence("The next sync takes both answers and carries them out.")
    _syncd("sync")
    del colorado


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
    _title("At rest", "Nothing has changed, so nothing is written.")
    _syncd("sync")


def _explain(colorado: Entry) -> None:
    _title("Why does it say that?", "Every value can be accounted for: who changed it, who decided, what lost.")
    plan = native_id("quote", step("conflict").plans[0])
    _syncd("why", _name(colorado), plan, "urgent_care.in_network")
    _syncd("history", _name(colorado), "--plan", plan)


def _close(folder: Path) -> None:
    say(
        "",
        styled("That was the demo.", "bold"),
        f"The folder {folder} stays as it is. Change something in its drops, then try:",
        "",
        f"  cd {shlex.quote(str(folder))}",
    )


# -- how it is told ----------------------------------------------------------------------------------------------------


class _Count:
    step = 0


def _title(title: str, sentence: str) -> None:
    _Count.step += 1
    say("", "", styled(f"── {_Count.step}. {title} ".ljust(100, "─"), "bold"), sentence)


def _sentence(text: str) -> None:
    say("", text)


def _name(group: Entry) -> str:
    return group.texts("quote")["details.name"]


def _command(*words: str) -> None:
    say("", styled(f"$ {shlex.join(words)}", "green"))


def _syncd(*words: str) -> None:
    """Run a command line of syncd as it stands there. What it says beside its result belongs to the story too."""
    _command("syncd", *words)
    with redirect_stderr(sys.stdout):
        code = run(list(words))
    if code == STOPPED:
        raise _StoppedError
    if code != OK:
        raise DemoStoppedError(f"`{shlex.join(['syncd', *words])}` ended with {code}")


def _show_text(text: str) -> None:
    say("", *(f"  │ {line}" for line in text.splitlines()))
