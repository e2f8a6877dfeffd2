"""PerfectQuote, over REST with JSON.

PerfectQuote publishes no API. The contract spoken here is this project's own, shared with our sandbox and with nobody
else; it is not PerfectQuote's, and a real installation needs an adapter that serves it.

A plan with its benefits, rates and contributions is one aggregate with one revision, so it is one part: a write is one
merge patch (RFC 7396) under `If-Match`, which leaves alone every key that it does not name. What moved comes from a
change feed; one that is older than it remembers is answered with 410, and a complete listing is due.
"""

from __future__ import annotations

from typing import Final

from syncd.connectors.perfectquote.settings import Settings
from syncd.connectors.perfectquote.system import PerfectQuote
from syncd.connectors.registry import Forgetful, State

__all__ = ["CONTRACT", "PerfectQuote", "Settings", "connect"]

CONTRACT: Final = "our contract; PerfectQuote publishes none"


def connect(system: str, settings: Settings, state: State | None = None) -> PerfectQuote:
    """Make the connector; the first call logs in."""
    return PerfectQuote(system, settings, Forgetful() if state is None else state)
