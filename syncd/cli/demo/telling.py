"""How a demo is told: scene by scene a sentence, the command line that a person would type, and what syncd says to it.

The commands run in this process, by the function that `syncd` itself calls, inside the demo's folder and without the
settings that the environment may hold for another installation. Nothing that they print is made up or left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syncd.cli.confirm import agreed
from syncd.cli.out import say, styled, table
from syncd.cli.run import BROKEN_PIPE, OK, STOPPED, run
from syncd.config import PREFIX
from syncd.errors import SyncdError

BY: Final = "Ana"
"""The person who decides in the stories."""
_WIDTH: Final = 100


class DemoStoppedError(SyncdError):
    """A command of the demo did not end as it should."""

    hint = "Its folder stays as it is; `syncd demo` starts over."


class _SeenEnoughError(Exception):
    """Whoever looks on does not want to see the rest."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of a story: its title, what it is about, and what is done."""

    title: str
    sentence: str
    play: Callable[[], None]


def tell(scenes: Sequence[Scene]) -> int:
    """Tell the scenes in their order; give the exit code."""
    try:
        for number, scene in enumerate(scenes, start=1):
            say("", "", heading(f"{number}. {scene.title}"), scene.sentence)
            scene.play()
    except _SeenEnoughError as enough:
        return enough.code
    return OK


@contextmanager
def inside(folder: Path) -> Iterator[None]:
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


def program(folder: Path) -> str:
    """Give syncd's name as it can be typed in that folder: `make` runs it where no PATH finds it."""
    found = Path(sys.argv[0]).resolve()
    if shutil.which("syncd") or found.name != "syncd":
        return "syncd"
    return shlex.quote(min(os.path.relpath(found, folder), str(found), key=len))


def heading(text: str) -> str:
    """Give a line that begins a scene."""
    return styled(f"── {text} ".ljust(_WIDTH, "─"), "bold")


def close(folder: Path, sentences: Sequence[str], rows: Sequence[tuple[str, str]]) -> None:
    """Say how to go on: sentences, then commands with what they show."""
    say(
        "",
        "",
        heading("That was the demo"),
        f"The folder stays as it is. Go on in it: cd {shlex.quote(str(folder))}",
        *sentences,
        "",
        *table(rows, indent="  "),
    )


# -- what a scene does -------------------------------------------------------------------------------------------------


def sentence(*lines: str) -> None:
    """Say something between two commands."""
    say("", *lines)


def show(*texts: str) -> None:
    """Show a part of a file."""
    say("", *(f"  │ {line}" for text in texts for line in text.splitlines()))


def command(*words: str) -> None:
    """Show a command line."""
    say("", styled(f"$ {shlex.join(words)}", "green"))


def syncd(*words: str) -> None:
    """Run a command line of syncd. What it says beside its result belongs to the story too."""
    command("syncd", *words)
    with redirect_stderr(sys.stdout), agreed():
        code = run(list(words))
    if code in (STOPPED, BROKEN_PIPE):
        raise _SeenEnoughError(code)
    if code != OK:
        raise DemoStoppedError(f"`{shlex.join(['syncd', *words])}` ended with {code}")


def question(kind: str, about: str = "") -> str:
    """Find the open question of a kind, and about this field if one is named: the first there is."""
    found = any_question(kind, about)
    if found is None:
        raise DemoStoppedError(f"there is no open question of the kind {kind} {about}".rstrip())
    return found


def any_question(kind: str, about: str = "") -> str | None:
    """Find such a question; None when nothing is asked."""
    from syncd.cli.session import Session

    with Session().store() as store:
        open_ones = (one for one in store.questions() if one.proposal.kind == kind)
        return next((one.id for one in open_ones if one.proposal.name.endswith(about)), None)


def file_of(question_id: str) -> Path:
    """Find the review file that shows a question."""
    from syncd.cli.session import Session

    file = Session().review.file_of(question_id)
    if file is None:
        raise DemoStoppedError(f"no review file shows {question_id}")
    return file
