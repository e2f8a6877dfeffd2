"""The lens of scenario tables: keys are paths already, and a system may keep a nearest value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncd.mapping.flat import FlatLens
from syncd.model.cost_share import parse
from syncd.model.records import Kind, Part, Record
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Value

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


SCALARS: list[tuple[str, Kind, str, Any, Value, Any]] = [
    # why, kind, path, what is held, what it means, what is written for that
    ("null is empty", "plan", "details.name", None, EMPTY, None),
    ("not applicable is a value of its own", "plan", "benefits.infertility.in_network", "!na", NOT_APPLICABLE, "!na"),
    ("of generic records too", "generic", "size", "!na", NOT_APPLICABLE, "!na"),
    ("a number of a table is read as its text", "plan", RATE, 512, Decimal(512), "512"),
    ("and so is a name that looks like one", "plan", "details.name", 2026, "2026", "2026"),
    (
        "YAML makes a date of a name that looks like one",
        "plan",
        "details.name",
        date(2026, 1, 1),
        "2026-01-01",
        "2026-01-01",
    ),
    ("a flag is a word", "plan", "details.voluntary", "true", Flag.TRUE, "true"),
    ("in generic records it is a scalar", "generic", "open", True, Flag.TRUE, True),
    ("whichever it is", "generic", "open", False, Flag.FALSE, False),
    ("generic numbers stay numbers", "generic", "size", 26, 26, 26),
    (
        "a cost share is written in its own words",
        "plan",
        "benefits.x.in_network",
        "$20 Copay",
        parse("$20"),
        "$20 Copay",
    ),
]


@pytest.mark.parametrize(("why", "kind", "path", "held", "value", "written"), SCALARS, ids=[row[0] for row in SCALARS])
def test_a_scalar_is_read_by_the_type_of_its_path_and_written_back(why, kind, path, held, value, written) -> None:
    lens = FlatLens(kind)
    read = lens.value(path, held)
    assert (read, type(read)) == (value, type(value)), why
    text = lens.text(read)
    assert (text, type(text)) == (written, type(written)), why
