"""Words on a screen (syncd/text/show.py)."""

from __future__ import annotations

import shlex
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.text.show import (
    FUTURE,
    age,
    ago,
    command,
    count,
    duration,
    escaped,
    joined,
    money,
    number,
    quoted_word,
    shorten,
    some,
    width,
)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (count(0, "plan"), "0 plans"),
        (count(1, "plan"), "1 plan"),
        (count(2000, "plan"), "2,000 plans"),
        (count(2, "copy"), "2 copies"),
        (count(2, "day"), "2 days"),
        (count(2, "loss"), "2 losses"),
        (count(2, "switch"), "2 switches"),
        (count(2, "match", "matches"), "2 matches"),
        (joined(["a", "b", "c"]), "a, b and c"),
        (some(["a", "b", "c"], 2), "a, b and 1 more"),
    ],
)
def test_counts(found, said):
    """N22: one place makes counts, and one thing is never `1 plans`."""
    assert found == said


@pytest.mark.parametrize(
    "word", ["acme", "Juniper Bakery", "O'Brien & Sons", 'the "best"', "it's $5 & `x`!", "", "a\\b", "a*", "Ünal"]
)
def test_a_command_that_a_hint_names_can_be_copied(word):
    """N22: a word in a command that a hint names is taken by a shell as that one word."""
    assert shlex.split(command("syncd", "plans", word)) == ["syncd", "plans", word]


def test_a_control_character_in_a_command_is_shown_and_still_copied():
    """R16: no command in a hint carries a control character to the terminal, and a shell still gets the word."""
    word = "a\x1b[31mb\u202e'\\"
    told = quoted_word(word)
    assert told.isprintable()
    got = subprocess.run(
        ["bash", "-c", f"printf %s {told}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert got.stdout.decode() == word


@given(st.text())
def test_escaped_text_steers_no_terminal(text):
    """R16: no C0, C1, direction, zero-width or separator character of a vendor's text reaches a terminal."""
    told = escaped(text)
    assert not set(told) & {chr(at) for at in (*range(32), *range(0x7F, 0xA0), *range(0x200B, 0x2010))}
    assert not set(told) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\xad")
    assert escaped(told) == told


def test_escapes_are_readable():
    """R16: an escape names its character."""
    assert escaped("Gold\x1b[2J\x07\x9b \u202ePPO\n") == "Gold\\x1b[2J\\x07\\x9b \\u202ePPO\\n"
    assert escaped("a\nb", keep="\n") == "a\nb"
    assert escaped("Básica, 日本, 🙂") == "Básica, 日本, 🙂"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])), st.integers(1, 30))
def test_shortened_text_fits(text, columns):
    """A text is cut in its middle to the columns there are, and never in a pipe."""
    assert width(shorten(text, columns)) <= max(columns, 1)
    assert shorten(text, None) == text


def test_the_ends_stay():
    """The ends of a name tell plans apart, so the middle goes."""
    assert shorten("Blue Cross HDHP 3000 with HSA 2026", 21) == "Blue Cross…h HSA 2026"
    assert shorten("short", 21) == "short"


@pytest.mark.parametrize(
    ("at", "said"),
    [(None, "never"), (1000, "0 s ago"), (1001.5, "0 s ago"), (880, "2 min ago"), (1100, FUTURE), (1e9, FUTURE)],
)
def test_time_ago(at, said):
    """B10: a stamp in the future is `in the future (clock?)`, never a negative time or a wait of days."""
    assert ago(at, 1000) == said


@pytest.mark.parametrize(("seconds", "said"), [(59.9, "59 s"), (3599, "59 min"), (90000, "1 d"), (-5, "0 s")])
def test_age(seconds, said):
    """An age is told in its largest whole unit."""
    assert age(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(12.019, "12.0 s"), (0.04, "0.0 s"), (59.96, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (3600, "1 h")],
)
def test_duration(seconds, said):
    """N23: how long something took is told in units that people use."""
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("934", "934.00"),
        ("951.2000", "951.20"),
        ("1317.0200", "1317.02"),
        ("0.1250", "0.125"),
        ("-0.00", "0.00"),
        ("-406", "-406.00"),
        ("1E+3", "1000.00"),
        ("NaN", "NaN"),
    ],
)
def test_money(amount, said):
    """N23: an amount has two decimals, and further ones only where they are not zero."""
    assert money(Decimal(amount)) == said


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5), st.integers(0, 5))
def test_equal_amounts_have_one_text(amount, more):
    """N23: equal amounts are shown equal, whatever scale they came with, and nothing of them is lost."""
    scaled = amount * Decimal(10) ** more / Decimal(10) ** more
    assert (money(amount) == money(scaled)) is (amount == scaled)
    assert Decimal(money(amount)) == amount


def test_numbers():
    """A number that is no money has no idle zeros."""
    assert [number(Decimal(each)) for each in ("75", "75.00", "1.250", "0.0", "-0.0", "100")] == [
        *("75", "75", "1.25", "0", "0", "100"),
    ]
