"""`syncd demo`: a story on real public plans, told with syncd's own commands in a folder that stays."""

from __future__ import annotations

from pathlib import Path

from syncd.cli.demo import folder
from syncd.cli.demo.run import tell_story


def run(keep: Path) -> int:
    """Lay the demo out and tell it."""
    at = keep.expanduser()
    return tell_story(at, again=folder.make(at))
