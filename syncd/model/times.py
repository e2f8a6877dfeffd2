"""Times that were stored, compared with a clock that may have been set since. Pure: the time is an argument.

Every comparison of a stored time goes through here. A clock that runs ahead once, or is set back, leaves stamps of the
future: taken for young they would be believed, and waited for, until the clock comes to them. Inside one process a
duration is measured by the monotonic clock instead.
"""

from __future__ import annotations

from math import inf
from typing import Final

TOLERANCE_S: Final = 60.0
"""Two clocks, or one that is adjusted gently, may differ so far: such a stamp is of this moment."""


def age_s(now: float, then: float) -> float:
    """Say how long ago a moment was; one in the future is of a clock that was wrong, and counts as infinitely old."""
    gone = now - then
    return max(gone, 0.0) if gone >= -TOLERANCE_S else inf


def is_due(now: float, at: float, longest_s: float) -> bool:
    """Tell whether a wait until `at` is over. One that ends later than the longest there is was set by another time."""
    return at <= now or at - now > longest_s + TOLERANCE_S
