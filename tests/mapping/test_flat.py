"""The lens of scenario tables: keys are paths already, and a system may keep a nearest value."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncd.mapping.flat import FlatLens
from syncd.model.records import Part, Record

RATE = "rates[2026-01-01].ee"


def whole_dollars(path: str, value: object) -> object:
    return value.quantize(Decimal(1)) if isinstance(value, Decimal) and path == RATE else value


LENS = FlatLens("plan", nearest=whole_dollars)
HELD = Record("plan", "p1", (Part("record", "p1", {"details.name": "Gold", RATE: "512"}),))


BOTH = {RATE: Decimal("512.45"), "details.name": "G"}


@pytest.mark.parametrize(
    ("why", "changes", "accept", "written", "lost"),
    [
        ("an exact value is written", {RATE: Decimal(520)}, (), {RATE: "520"}, ()),
        ("a loss that nobody accepted is not", {RATE: Decimal("520.45")}, (), {}, (RATE,)),
        ("an accepted one is, as the nearest value", {RATE: Decimal("520.45")}, (RATE,), {RATE: "520"}, (RATE,)),
        ("what is there already is left alone", {RATE: Decimal("512.45")}, (RATE,), {}, (RATE,)),
        ("its neighbours are written all the same", BOTH, (), {"details.name": "G"}, (RATE,)),
    ],
)
def test_p22_a_loss_is_reported_and_never_rounded_silently(why, changes, accept, written, lost) -> None:
    putting = LENS.put(HELD, changes, frozenset(accept))
    assert tuple(putting.losses) == lost
    after = {key: value for part in putting.parts for key, value in part.data.items()}
    assert after == ({**HELD.parts[0].data, **written} if written else {})
