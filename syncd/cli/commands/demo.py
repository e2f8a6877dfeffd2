"""`syncd demo`: a story on real public plans, told with syncd's own commands in a folder that stays."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.cli.demo import folder
from syncd.cli.demo.files import folder as drops
from syncd.cli.demo.vendors import folder as practice
from syncd.cli.out import print_json

if TYPE_CHECKING:
    from syncd.cli.session import Session


def run(session: Session, keep: Path | None, *, files: bool = False, force: bool = False) -> int:
    """Lay the demo out and tell it. `files`: the story of two file drops instead of the one of the vendors."""
    at = keep.expanduser() if keep is not None else _free(force=force)
    if not session.json:
        return _tell(at, files=files, force=force)
    with redirect_stdout(sys.stderr):  # the story is told beside the document
        code = _tell(at, files=files, force=force)
    print_json({"command": "demo", "folder": str(at), "exit": code})
    return code


def _tell(at: Path, *, files: bool, force: bool) -> int:
    ours = (*drops.OURS, *practice.OURS)
    if files:
        from syncd.cli.demo.files.scenes import tell_story as tell_of_files

        return tell_of_files(at, again=folder.make(at, drops.lay_out, ours, force=force))
    from syncd.cli.demo.vendors.scenes import tell_story

    return tell_story(at, again=folder.make(at, practice.lay_out, ours, force=force))


def _free(*, force: bool) -> Path:
    """Name a folder that no earlier demo has; `force`: the first one, whatever it has."""
    number = 1
    while (at := Path(f"syncd-demo{f'-{number}' if number > 1 else ''}")).exists() and not force:
        number += 1
    return at
