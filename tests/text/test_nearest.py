"""The nearest known word (syncd/text/nearest.py)."""

from __future__ import annotations

import pytest

from syncd.model import fields
from syncd.text.nearest import did_you_mean, meant_or_known, nearest

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
