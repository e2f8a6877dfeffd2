"""Stored times against a clock that may have been set since."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.times import TOLERANCE_S, age_s, is_due

moments = st.floats(-1e9, 4e9)
YEAR = 365 * 86400.0


@given(now=moments, then=moments)
def test_a_moment_of_the_future_is_infinitely_old(now: float, then: float) -> None:
    """B10: no stamp that a clock left which was ahead is taken for young, and none has an age below zero."""
    age = age_s(now, then)
    assert age >= 0
    assert (age == inf) == (then - now > TOLERANCE_S)
    assert age in (inf, 0.0, now - then)


@pytest.mark.parametrize(
    ("why", "ahead", "due"),
    [
        ("over", -1.0, True),
        ("just now", 0.0, True),
        ("not yet", 300.0, False),
        ("the longest there is", 3600.0, False),
        ("of a clock that was ahead", 3600.0 + TOLERANCE_S + 1, True),
        ("a year ahead", YEAR, True),
    ],
)
def test_no_wait_is_longer_than_the_longest(why: str, ahead: float, due: bool) -> None:
    """R9: a wait that ends later than any can was set by another time, and is over."""
    assert is_due(1_770_000_000.0, 1_770_000_000.0 + ahead, 3600.0) is due, why
