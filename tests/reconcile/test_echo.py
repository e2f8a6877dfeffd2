"""What a system could have made of a value, and what only a person can have typed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, Value
from syncd.reconcile.echo import made_of

ROWS: list[tuple[str, Value, Value, bool]] = [
    ("trimmed", "Gold PPO", "Gold PPO ", True),
    ("cut at a length", "Gold PPO Pl", "Gold PPO Plus 1500", True),
    ("cut, and what is left ends with a blank", "Gold PPO ", "Gold PPO Plus", True),
    ("in other letters", "GOLD PPO", "Gold PPO", True),
    ("escaped", "Smith &amp; Sons", "Smith & Sons", True),
    ("decomposed", "Ba\u0301sica", "Básica", True),
    ("rounded half up", Decimal("512.5"), Decimal("512.45"), True),
    ("cut to whole dollars", Decimal(512), Decimal("512.99"), True),
    ("float noise taken off", Decimal("455.3"), Decimal("455.29999999999995"), True),
    ("a rounded text", "530", "530.25", True),
    ("another text", "Silver PPO", "Gold PPO", False),
    ("cut to nearly nothing", "Go", "Gold PPO", False),
    ("another amount", Decimal("512.46"), Decimal("512.45"), False),
    ("tens are no rounding of ones", Decimal(510), Decimal(512), False),
    ("another day", date(2026, 1, 2), date(2026, 1, 1), False),
    ("a cleared field", EMPTY, "Gold", False),
    ("a filled field", "Gold", EMPTY, False),
]


@pytest.mark.parametrize(("why", "held", "meant", "echo"), ROWS, ids=[row[0] for row in ROWS])
def test_p32_what_is_plainly_an_echo(why: str, held: Value, meant: Value, *, echo: bool) -> None:
    """B3: after a killed run only what is plainly the written value is its system's echo."""
    assert made_of(held, meant) is echo


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4), st.integers(0, 3)
)
def test_p32_every_usual_rounding_is_an_echo(amount: Decimal, places: int) -> None:
    """B3: an amount rounded to fewer places is an echo of it."""
    assert made_of(round(amount, places), amount)
