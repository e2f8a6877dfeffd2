"""Health: is there progress? The watchdog is fed by the answer, so that a process that only looks alive is restarted.

A ping task on the event loop already proves that the loop runs. This proves the rest: no job is past its limit, and
what must come round regularly (the scheduler, the look at the inbox) has come round. Waiting for the next hour is fine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GRACE_S = 60.0
"""How much longer than its limit a job may take to let go: a cancelled job still ends its transaction."""
BEAT_LIMIT_S = 180.0
"""Within this time everything regular comes round; a look at the inbox waits up to 60 s for a person's command."""


@dataclass(slots=True)
class Health:
    """What is under way, and when the regular things last came round. Times are of a clock that only goes forward."""

    clock: Callable[[], float] = time.monotonic
    done: int = 0
    """How many jobs have ended."""
    _jobs: dict[str, float] = field(default_factory=dict)
    _beats: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def job(self, name: str, limit_s: float) -> Iterator[None]:
        """Mark a job as under way; it must end within its limit (and a grace)."""
        self._jobs[name] = self.clock() + limit_s + GRACE_S
        try:
            yield
        finally:
            self._jobs.pop(name, None)
            self.done += 1

    def beat(self, name: str) -> None:
        """Note that something regular came round."""
        self._beats[name] = self.clock()

    @property
    def under_way(self) -> int:
        """Tell how many jobs are under way."""
        return len(self._jobs)

    def trouble(self) -> str:
        """Say what stands still; "" when nothing does."""
        now = self.clock()
        late = [name for name, until in self._jobs.items() if now > until]
        silent = [name for name, at in self._beats.items() if now - at > BEAT_LIMIT_S]
        return "; ".join([*(f"{name} is past its limit" for name in late), *(f"no sign of {name}" for name in silent)])
