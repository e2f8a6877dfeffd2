"""A vendor that tidies what it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.sandbox.tidy import check, tidied

LONG = "  Choice   Plus & Café 1500 "


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({"trim": True}, "Choice Plus & Café 1500"),
        ({"cut": 20}, "  Choice   Plus & Ca"),
        ({"escape": True}, "  Choice   Plus &amp; Café 1500 "),
        ({"case": "upper"}, "  CHOICE   PLUS & CAFÉ 1500 "),
        ({"normal": "NFD"}, "  Choice   Plus & Cafe\u0301 1500 "),
        ({"trim": True, "case": "title", "cut": 6}, "Choice"),
        ({"fields": ["code"], "trim": True}, LONG),
        ({}, LONG),
    ],
)
def test_texts_are_kept_as_the_rules_say(rules: dict[str, Any], kept: str) -> None:
    """B3: each way of tidying, alone and together, to the vendor's text fields and to nothing else."""
    assert tidied({"a": [{"name": LONG, "code": LONG if "fields" not in rules else ""}]}, rules, ("name",)) == {
        "a": [{"name": kept, "code": LONG if "fields" not in rules else ""}]
    }


def test_amounts_are_rounded_wherever_they_stand() -> None:
    """B3: half up, and whole numbers stay as they are."""
    assert tidied({"ee": "512.405", "n": "12", "t": "1.5 x"}, {"round": 2}, ()) == {
        "ee": "512.41",
        "n": "12",
        "t": "1.5 x",
    }


@pytest.mark.parametrize(
    "rules",
    [[], {"trims": True}, {"cut": 0}, {"cut": True}, {"round": -1}, {"case": "Camel"}, {"normal": 1}, {"trim": 1}],
)
def test_rules_that_say_nothing_are_refused(rules: Any) -> None:
    """B3: a mistake in a switch is no silent nothing."""
    with pytest.raises((ValueError, TypeError), match="tidy"):
        check(rules)
