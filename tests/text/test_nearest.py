"""The nearest known word (syncd/text/nearest.py)."""

from __future__ import annotations

import pytest

from syncd.model import fields
from syncd.text.nearest import did_you_mean, likeness, meant_or_known, nearby, nearest

NAMES = [*fields.names("plan")]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("details.voluntry", "details.voluntary"),
        ("Details.Effective-Date", "details.effective_date"),
        ("effective date", "details.effective_date"),
        ("metal", "details.metal"),
        ("hios_varient", "details.hios_variant"),
        ("benefits.deductable.individual.in_network", "benefits.deductible.individual.in_network"),
    ],
)
def test_paths(wrong, meant):
    """B11: an unknown path is refused with the path that was probably meant."""
    assert nearest(wrong, NAMES) == meant


def test_nothing_is_near():
    """What is like nothing is not given for something."""
    assert nearest("zzzz", NAMES) is None
    assert nearest("", NAMES) is None
    assert did_you_mean("zzzz", ["ask", "newest"]) == ""
    assert meant_or_known("zzzz", ["ask", "newest"]) == "; known are ask, newest"
    assert did_you_mean("Ask", ["ask", "newest"]) == "; did you mean `ask`?"


def test_a_word_of_a_million_letters_costs_nothing():
    """R19: looking for the nearest word is bounded."""
    assert nearest("9" * 1_000_000, NAMES) is None


def test_several_near_words_are_told_the_nearest_first() -> None:
    """N22: one place finds what was meant, for fields, ids and names alike."""
    assert nearby("metl", ["petal", "metal", "zone"], most=2) == ["metal", "petal"]
    assert nearby("metl", ["petal", "metal", "zone"], most=1) == ["metal"]
    assert nearby("", ["metal"], most=3) == []
    assert nearby("metl", [], most=3) == []


def test_likeness_of_names_folds_what_does_not_count() -> None:
    """N22: capitals, blanks and dashes are no difference between names."""
    assert likeness("Acme-Mining", "acme mining") == 1.0
    assert likeness("Acme", "Zzz") == 0.0
