"""How dates, stamps, amounts and age bands are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.sandbox.benefitpoint.calls import bands
from syncd.sandbox.benefitpoint.values import from_wire, java_double, plain, to_wire


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        *(("612.40", "612.4"), ("71", "71.0"), ("0", "0.0"), ("0.00", "0.0"), ("-3.10", "-3.1"), ("0.05", "0.05")),
        *(("0.001", "0.001"), ("0.00065", "6.5E-4"), ("9999999.99", "9999999.99"), ("10000000", "1.0E7")),
        *(("16200000", "1.62E7"), ("-123456789.12", "-1.2345678912E8")),
    ],
)
def test_an_amount_is_printed_as_a_java_double(held: str, shown: str):
    assert java_double(held) == shown


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=5))
def test_an_amount_survives_printing_and_reading(amount):
    """What a client sends back as it was read is the same amount, and prints the same."""
    shown = java_double(str(amount))
    assert float(shown) == float(amount)
    assert java_double(plain(shown)) == shown


@pytest.mark.parametrize("text", ["NaN", "INF", "-INF", "much"])
def test_what_is_no_amount_is_refused(text: str):
    with pytest.raises(ValueError, match="not an amount"):
        plain(text)


@pytest.mark.parametrize(
    ("day", "offset"),
    [
        *(("2026-01-01", "-08:00"), ("2026-03-08", "-08:00"), ("2026-03-09", "-07:00"), ("2026-07-01", "-07:00")),
        *(("2026-11-01", "-07:00"), ("2026-11-02", "-08:00"), ("2025-03-10", "-07:00"), ("2025-11-02", "-07:00")),
    ],
)
def test_a_day_is_midnight_at_the_server(day: str, offset: str):
    assert to_wire(day) == f"{day}T00:00:00.000{offset}"
    assert from_wire(to_wire(day), instant=False) == day


@given(st.dates())
def test_every_day_survives_the_wire(day):
    """Writing a day as the server does and reading it gives the day, in every year and on the days of the change."""
    assert from_wire(to_wire(day.isoformat()), instant=False) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("2027-01-01T00:00:00Z", "2026-12-31"), ("2027-01-01T00:00:00+05:00", "2026-12-31")),
        *(("2027-01-01T00:00:00", "2027-01-01"), ("2027-01-01T23:59:59-08:00", "2027-01-01")),
    ],
)
def test_a_day_is_the_day_at_the_server(text: str, day: str):
    assert from_wire(text, instant=False) == day


def test_a_stamp_keeps_its_milliseconds():
    assert to_wire("2026-02-10T19:02:41.880Z") == "2026-02-10T11:02:41.880-08:00"
    assert from_wire("2026-02-10T11:02:41.880-08:00", instant=True) == "2026-02-10T19:02:41.880Z"


@pytest.mark.parametrize(
    ("texts", "open_ends", "scale"),
    [
        (["0-14", "15-15", "16-16", "17+"], True, (14, 16, 1, 4)),
        (["0-14", "15-15", "16-16", "17+"], False, (14, 17, 1, 4)),
        (["0-24", "25-29", "30-34", "35+"], True, (24, 34, 5, 4)),
        (["0-24", "25-29", "30-34", "35+"], False, (20, 39, 5, 4)),
        (["0-64", "65+"], True, (64, 64, 1, 2)),
        (["0-24", "25-29", "30-31", "32+"], True, (24, 31, 1, 9)),
    ],
)
def test_bands_are_told_by_start_end_and_interval(texts: list[str], open_ends: bool, scale: tuple[int, ...]):
    told = bands.scale(map(bands.read, texts), open_ends=open_ends)
    assert (told.start, told.end, told.interval, len(told.bands)) == scale
