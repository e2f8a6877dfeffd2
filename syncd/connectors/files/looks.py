"""Whether a file rests: what a look at it shows, and whether two looks agree.

A file is believed when nobody has touched it for `rest_s`, or when it is still the same after the rest of that time. A
write by us is known, so it need not rest. A time in the future says nothing about its age: two looks decide.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

now_ns: Final = time.time_ns
sleep: Final = time.sleep
_SECOND: Final = 1_000_000_000
# Two changes within one tick of the file system's clock leave the same time; some clocks tick once in two seconds.
_TICK_NS: Final = 2 * _SECOND


@dataclass(frozen=True, slots=True)
class Look:
    """What changes when a file changes: a program that sets the time back after its edit still moves `ctime_ns`."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def at(cls, path: Path) -> Self:
        """Look at a file. Raises OSError."""
        return cls.of(path.stat())

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Give the look that a status is."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    @property
    def text(self) -> str:
        """Give the look as it is remembered between runs."""
        return f"{self.size} {self.mtime_ns} {self.ctime_ns} {self.inode}"

    def restless_s(self, now: int, rest_s: float) -> float:
        """Tell how long the file must still be left alone before it has rested; 0: it has."""
        age_s = (now - max(self.mtime_ns, self.ctime_ns)) / _SECOND
        return rest_s if age_s < 0 else max(0.0, rest_s - age_s)

    def sure(self, read_at_ns: int) -> bool:
        """Tell whether the file was old enough when it was read that an equal look means an equal file."""
        return read_at_ns - max(self.mtime_ns, self.ctime_ns) > _TICK_NS
