"""Run one command line: whatever goes wrong becomes one line, a hint and an exit code, never a traceback.

Exit codes: 0 in step, 1 changes or questions open (only with `--check`), 2 usage or configuration, 3 partial, 4 refused
by a guard; 130 stopped from the keyboard.
"""

from __future__ import annotations

import io
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from syncd import private
from syncd.errors import ConfigError, RecordError, SyncdError
from syncd.redact import SECRETS

if TYPE_CHECKING:
    from typer.core import TyperGroup
    from typer.exceptions import TyperException

OK, OPEN, USAGE, PARTIAL, REFUSED, STOPPED = 0, 1, 2, 3, 4, 130
BROKEN_PIPE: Final = 141
GLOBAL: Final = ("--config",)
QUIET: Final = ("-q", "--quiet")
COMPLETE: Final = "_SYNCD_COMPLETE"
"""What a shell sets when it asks what may come next."""


class RefusedRunError(SyncdError):
    """A guard refused; nothing was written."""


def run(argv: list[str]) -> int:
    """Run a command; give its exit code."""
    from typer.exceptions import Abort, Exit, TyperException

    wants_json = "--json" in argv
    if instruction := os.environ.get(COMPLETE):
        from syncd.cli.commands import completion

        return completion.answer(instruction)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no “quotes” is no reason to stop
    try:
        command = _command()
        with command.make_context("syncd", _global_first(argv)) as context:
            code = command.invoke(context)
        sys.stdout.flush()
    except Exit as done:
        return done.exit_code
    except SyncdError as error:
        return _failed(error, wants_json=wants_json)
    except TyperException as error:
        return _misused(error, wants_json=wants_json)
    except (KeyboardInterrupt, Abort):
        print("\nsyncd: stopped; what was begun is settled by the next run", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last line of defence
        from syncd.cli.trouble import explained

        known = explained(error)
        return _failed(known, wants_json=wants_json) if known else _crashed(error, argv, wants_json=wants_json)
    return code if isinstance(code, int) else OK


@cache
def _command() -> TyperGroup:
    """Build the commands from their signatures, once: it takes longer than most lines do."""
    from typer.main import get_group

    from syncd.cli.app import app

    return get_group(app)


def _global_first(argv: list[str]) -> list[str]:
    """Let `--config FILE` and `--quiet` stand anywhere on the line."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word in GLOBAL and (value := next(words, None)) is not None:
            front += [word, value]
        elif word in QUIET or word.startswith(tuple(f"{name}=" for name in GLOBAL)):
            front.append(word)
        elif word == "--":
            rest += [word, *words]
        else:
            rest.append(word)
    return front + rest


def code_of(error: SyncdError) -> int:
    """Give the exit code of an error: what a person typed or wrote, what a guard refused, what could not be done."""
    if isinstance(error, RefusedRunError):
        return REFUSED
    return USAGE if isinstance(error, (ConfigError, RecordError)) else PARTIAL


def _failed(error: SyncdError, *, wants_json: bool) -> int:
    told = error.all()
    for one in told:
        _say(one.line_text(), one.hint if one is told[-1] or one.hint != type(one).hint else "")
    if wants_json:
        _as_json(error)
    return code_of(error)


def _as_json(error: SyncdError) -> None:
    from syncd.cli.out import print_json

    more = {"more": [_document(one) for one in error.more]} if error.more else {}
    print_json({"error": _document(error) | more})


def _document(error: SyncdError) -> dict[str, object]:
    where = {
        "system": error.system,
        "id": error.external_id,
        "field": error.field,
        "file": error.file,
        "line": error.line,
    }
    said = {key: value for key, value in where.items() if value is not None}
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint, **said}


def _misused(error: TyperException, *, wants_json: bool) -> int:
    """Say what is wrong with the command line."""
    told = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(context.get_help() if context is not None else told)
        return USAGE
    hint = f"Run `{context.command_path if context is not None else 'syncd'} --help`."
    _say(told[:1].lower() + told[1:], hint)
    if wants_json:
        from syncd.cli.out import print_json

        print_json({"error": {"kind": "UsageError", "message": told, "hint": hint}})
    return USAGE


def _crashed(error: Exception, argv: list[str], *, wants_json: bool) -> int:
    """Keep what is needed to find the mistake; the traceback shows no values of variables."""
    file = _crash_file(error, argv)
    told = f"something unexpected happened ({type(error).__name__})"
    hint = "Nothing is left half done: the next run settles what was begun. Please report it with that file."
    _say(f"{told}; the details are in {file}" if file else told, hint)
    if wants_json:
        from syncd.cli.out import print_json

        print_json({"error": {"kind": "Crash", "message": told, "hint": hint, "file": str(file or "")}})
    return PARTIAL


def _crash_file(error: Exception, argv: list[str]) -> Path | None:
    import tempfile
    import traceback
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    head = f"syncd {' '.join(argv)}\n{now.isoformat()}, Python {sys.version.split()[0]}\n\n"
    for named in (True, False):
        try:
            crashes = (_state_folder(argv) if named else Path(tempfile.mkdtemp(prefix="syncd-"))) / "crashes"
            private.make_folder(crashes)
            file = crashes / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
            os.close(private.create(file))
            file.write_text(SECRETS.hide(head + "".join(traceback.format_exception(error))), encoding="utf-8")
        except Exception:  # noqa: BLE001, S112 - we are on our way out: the next place, or none
            continue
        return file
    return None


def _state_folder(argv: list[str]) -> Path:
    """Find the state folder; raises when there is no configuration to say so."""
    from syncd import config

    front = [word for word in _global_first(argv) if word not in QUIET]
    named = front[0].partition("=")[2] or front[1] if front and front[0].startswith("--config") else None
    found = config.load(Path(named) if named else None)
    return found.at(found.state)


def _say(message: str, hint: str) -> None:
    from syncd.cli.out import tell

    sys.stdout.flush()
    tell(f"syncd: error: {' '.join(message.split())}")
    if hint:
        tell(f"hint: {' '.join(hint.split())}")
