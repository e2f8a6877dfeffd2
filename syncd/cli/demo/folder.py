"""A demo's folder: made once, told apart from everybody else's, and filled in as a person would fill in its files.

Takes and gives files; runs no command. A folder that is not a demo of ours is never touched.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from syncd.errors import ConfigError

MARK: Final = ".syncd-demo"

_AGAIN: Final = "Name another folder with --keep FOLDER; --force takes the earlier one away first."
_ELSEWHERE: Final = "Name another folder: `syncd demo --keep FOLDER`."


def make(folder: Path, lay_out: Callable[[Path], None], ours: Iterable[str | Path], *, force: bool = False) -> bool:
    """Lay out a new demo; tell whether it replaced an earlier one, which it does by `force` alone. Raises ConfigError.

    `ours` is what demos make beside their mark: an earlier demo's is taken away, and nothing else.
    """
    try:
        again = _clear(folder, ours, force=force)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text("A demo of syncd. `syncd demo --force` makes this folder anew.\n", encoding="utf-8")
        lay_out(folder)
    except OSError as error:
        raise ConfigError(
            f"the demo cannot be laid out here: {error.strerror}", file=str(folder), hint=_ELSEWHERE
        ) from error
    return again


def _clear(folder: Path, ours: Iterable[str | Path], *, force: bool) -> bool:
    """Take an earlier demo away; refuse what is anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if not (folder / MARK).is_file():
        raise ConfigError(
            "there is something else here already, and the demo touches nothing that it did not make",
            file=str(folder),
            hint=_ELSEWHERE,
        )
    if not force:
        raise ConfigError(
            "an earlier demo is here, with what was decided in it; it stays as it is", file=str(folder), hint=_AGAIN
        )
    for path in (folder / name for name in ours):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return True


def system_table(name: str, told: Mapping[str, Any]) -> str:
    """Write the table of a system in a configuration."""
    return "\n".join([f"[systems.{name}]", *(f"{key} = {_toml(value)}" for key, value in told.items()), ""])


def _toml(value: Any) -> str:  # noqa: ANN401 - a setting
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


# -- what a person fills in --------------------------------------------------------------------------------------------


def decide(file: Path, by: str, decisions: Mapping[str, tuple[str, str]]) -> None:
    """Fill in a decision file: record id -> decision and note."""
    text = _put(file.read_text(encoding="utf-8"), "^by:", f"by: {by}")
    for id_, (decision, note) in decisions.items():
        text = _fill(text, id_, {"decision": decision, "note": note})
    file.write_text(text, encoding="utf-8")


def answer(file: Path, id_: str, **typed: str) -> None:
    """Fill in one question of a review file."""
    file.write_text(_fill(file.read_text(encoding="utf-8"), id_, typed), encoding="utf-8")


def _fill(text: str, id_: str, typed: Mapping[str, str]) -> str:
    """Write behind the blank keys of the entry with this id."""
    begin = _entry(text, id_).end()
    before, entry = text[:begin], text[begin:]
    for key, said in typed.items():
        entry = _put(entry, f"^  {key}:$", f"  {key}: {said}") if said else entry
    return before + entry


def entry_of(text: str, id_: str) -> str:
    """Cut one entry out of a file: from its first line to the blank line after it."""
    at = _entry(text, id_).start()
    return text[text.rindex("\n\n", 0, at) + 2 :].partition("\n\n")[0]


def _entry(text: str, id_: str) -> re.Match[str]:
    """Find an entry by its own id; the ids of its candidates stand deeper."""
    found = re.search(rf'^(?:- |  )id: "{re.escape(id_)}"$', text, re.MULTILINE)
    if found is None:
        raise ConfigError(f"there is no entry {id_}")
    return found


def _put(text: str, where: str, line: str) -> str:
    return re.sub(where, lambda _: line, text, count=1, flags=re.MULTILINE)
