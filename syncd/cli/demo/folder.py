"""The demo's folder: made once, told apart from everybody else's, and filled in as a person would fill in its files.

Takes and gives files; runs no command. A folder that is not a demo of ours is never touched.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo.drops import SETTINGS, native_id, write_drops
from syncd.cli.demo.seed import SYSTEMS, System
from syncd.cli.demo.story import LINKED, Link, LinkedGroup
from syncd.errors import ConfigError

DROPS: Final = "drops"
MARK: Final = ".syncd-demo"

_ELSEWHERE: Final = "Name another folder: `syncd demo --keep FOLDER`."
_CONFIG_HEAD: Final = """\
# The configuration of the demo: two systems, each a folder with two files.

state = "state"                  # what syncd remembers, and the review files
rules = "rules.yaml"
"""
RULES: Final = """\
# A field that only one system changed goes to the other. These rules speak where both changed it.

default:
  on_conflict: ask               # a person decides
  on_missing: ask
  sections:
    rates: {on_conflict: source_of_truth, source_of_truth: quote}   # but a rate is what the carrier quoted
"""


def decisions(linked: LinkedGroup) -> Path:
    """Name the decision file of a client."""
    return Path(f"decisions-{linked.group}.yaml")


_OURS: Final[tuple[str | Path, ...]] = (DROPS, "state", "syncd.toml", "rules.yaml", *map(decisions, LINKED))
"""What a demo makes beside its mark: a new demo takes these away and nothing else."""


def make(folder: Path) -> bool:
    """Lay out a new demo; tell whether it replaced an earlier one. Raises ConfigError."""
    try:
        again = _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text("A demo of syncd. `syncd demo` makes this folder anew.\n", encoding="utf-8")
        write_drops(folder / DROPS)
        (folder / "syncd.toml").write_text(config_text(), encoding="utf-8")
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the demo cannot be laid out here: {error.strerror}", file=str(folder), hint=_ELSEWHERE
        ) from error
    return again


def _clear(folder: Path) -> bool:
    """Take an earlier demo away; refuse what is anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if not (folder / MARK).is_file():
        raise ConfigError(
            "there is something else here already, and the demo touches nothing that it did not make",
            file=str(folder),
            hint=_ELSEWHERE,
        )
    for path in (folder / name for name in _OURS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return True


def config_text() -> str:
    """Write the configuration."""
    return "\n".join([_CONFIG_HEAD, *(line for system in SYSTEMS for line in _system(system))])


def _system(system: System) -> list[str]:
    told = {"connector": "files", "folder": f"{DROPS}/{system}", **SETTINGS[system]}
    return [f"[systems.{system}]", *(f"{key} = {_toml(value)}" for key, value in told.items()), ""]


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


def choices_of(group: LinkedGroup, others: Sequence[str] = (), note: str = "") -> dict[str, tuple[str, str]]:
    """Say what a person decides about a group's plans, by CRM id: the links, and `others` of either system ignored."""
    return {native_id("crm", link.plan): (_link(link), "") for link in group.links} | {
        native_id(system, plan): ("ignore", note) for plan in others for system in SYSTEMS
    }


def _link(link: Link) -> str:
    sources = ", ".join(f"{section}: {system}" for section, system in link.sources.items())
    return f"{{link: {{quote: {native_id('quote', link.plan)}}}, sources: {{{sources}}}}}"
