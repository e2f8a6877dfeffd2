"""Differences between structured values, as people read them."""

from __future__ import annotations

import pytest

from syncd.history.diff import Step, steps


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"ee": "1", "es": "2"}, {"ee": "9", "ef": "3"}, [
            Step("changed", "ee", "1", "9"), Step("added", "ef", None, "3"), Step("removed", "es", "2", None),
        ]),
        ({"sets": [{"tiers": {"EE": "1"}}]}, {"sets": [{"tiers": {"EE": "2"}}, {"id": 7}]}, [
            Step("changed", "sets[0].tiers.EE", "1", "2"), Step("added", "sets[1]", None, {"id": 7}),
        ]),
        ({"a": 1}, {"a": "1"}, [Step("changed", "a", 1, "1")]),
        ({"plan.name": {"x": [1, 2]}}, {"plan.name": {"x": [1]}}, [Step("removed", '"plan.name".x[1]', 2, None)]),
        ({f"k{n}": 0 for n in (10, 9)}, {f"k{n}": 1 for n in (10, 9)}, [
            Step("changed", "k9", 0, 1), Step("changed", "k10", 0, 1),
        ]),
    ],
)  # fmt: skip
def test_what_leads_from_one_to_the_other(before, after, found):
    assert steps(before, after) == found
