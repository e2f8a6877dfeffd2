"""A folder of JSON lines or CSV files, one for each kind: `groups`, `plans`, and `records` for generic tables.

A row is a record of one part, "record", whose data is the whole row and whose version is a digest of the row's text,
so a write is refused when the row moved. A file is read whole or refused whole: one bad row, a header that changed or a
cut last line, and nothing is read, `<file>.errors` lists every bad row, and no record seems to have vanished. A write
leaves every byte of every other row alone.

Files have no server to hold the other side off: programs that write into them without taking `<file>.lock` are seen up
to the moment before the file is replaced, not in that moment.
"""

from __future__ import annotations

from typing import Final

from syncd.connectors.files.settings import Ending, NewId, Settings
from syncd.connectors.files.system import FilesSystem
from syncd.connectors.registry import Forgetful, State

__all__ = ["CONTRACT", "Ending", "FilesSystem", "NewId", "Settings", "connect"]

CONTRACT: Final = "a file drop: the columns are those that the mapping names"


def connect(system: str, settings: Settings, state: State | None = None) -> FilesSystem:
    """Make the connector; the first call looks at the folder."""
    return FilesSystem(system, settings, Forgetful() if state is None else state)
