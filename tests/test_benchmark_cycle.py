"""`python -m benchmarks.cycle DIR` does a whole cycle over a folder, and so does what it is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import cycle, vdirsyncer_cycle
from benchmarks.data import edit_all, records

Row = Mapping[str, object]
BASE = {"name": "Gold PPO", "copay": "25", "rate": "512.40", "lives": 20, "cobra": True}

MERGES: dict[str, tuple[Row, Row, Row]] = {
    # what a changed, what b changed, what both hold afterwards beside the base
    "nobody changed anything": ({}, {}, {}),
    "a's edit flows": ({"copay": "30"}, {}, {"copay": "30"}),
    "b's edit flows": ({}, {"lives": 21}, {"lives": 21}),
    "fields are merged one by one": ({"copay": "30"}, {"rate": "530.00"}, {"copay": "30", "rate": "530.00"}),
    "a wins where both changed a field": ({"copay": "30"}, {"copay": "35", "lives": 9}, {"copay": "30", "lives": 9}),
    "both made the same change": ({"cobra": False}, {"cobra": False}, {"cobra": False}),
    "a new field flows": ({"network": "Choice"}, {}, {"network": "Choice"}),
}


@pytest.mark.parametrize("case", MERGES)
def test_a_cycle_merges(case: str, tmp_path: Path) -> None:
    """Both sides and the base hold what was decided; the ids of a pair may differ."""
    in_a, in_b, wanted = MERGES[case]
    folder(tmp_path, {"x": BASE | in_a}, {"y": BASE | in_b}, {"l": BASE}, {"l": {"a": "x", "b": "y"}})
    assert cycle.main(tmp_path) == 0
    held = BASE | wanted
    assert [read(tmp_path, name) for name in ("a", "b", "base")] == [{"x": held}, {"y": held}, {"l": held}]


def test_what_is_asked_keeps_its_base(tmp_path: Path) -> None:
    """A removed record erases nothing and is no agreement: the next cycle finds the same question."""
    folder(tmp_path, {}, {"l": BASE | {"copay": "30"}}, {"l": BASE}, {"l": {}})
    cycle.main(tmp_path)
    assert [read(tmp_path, name) for name in ("a", "b", "base")] == [{}, {"l": BASE | {"copay": "30"}}, {"l": BASE}]


def test_what_did_not_move_keeps_its_line(tmp_path: Path) -> None:
    """Spaces and the order of keys are the writer's own."""
    folder(tmp_path, {"l": BASE}, {"l": BASE}, {"l": BASE}, {"l": {}})
    odd = '{"id": "l",  "cobra": true, "lives": 20, "rate": "512.40", "copay": "25", "name": "Gold PPO"}\n'
    (tmp_path / "b.jsonl").write_text(odd)
    cycle.main(tmp_path)
    assert (tmp_path / "b.jsonl").read_text() == odd


def test_a_line_that_is_no_record_names_itself(tmp_path: Path) -> None:
    folder(tmp_path, {"l": BASE}, {"l": BASE}, {"l": BASE}, {"l": {}})
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write('{"name": "no id"}\n')
    with pytest.raises(SystemExit, match=r"a\.jsonl:2: expected a JSON object with an `id`"):
        cycle.main(tmp_path)


@pytest.mark.parametrize("side", [cycle, vdirsyncer_cycle])
def test_both_commands_do_the_same_work(side: object, tmp_path: Path) -> None:
    """What is timed against each other ends with the same files."""
    held = records(20)
    edited = edit_all(held, 1)
    folder(tmp_path, edited, held, held, {id_: {} for id_ in held})
    assert side.main(tmp_path) == 0  # type: ignore[attr-defined]
    assert all(read(tmp_path, name) == edited for name in ("a", "b", "base"))


def folder(where: Path, a: Mapping[str, Row], b: Mapping[str, Row], base: Mapping[str, Row], links: Mapping[str, Row]):
    for name, rows in {"a": a, "b": b, "base": base, "links": links}.items():
        text = "".join(json.dumps({"id": id_, **row}) + "\n" for id_, row in rows.items())
        (where / f"{name}.jsonl").write_text(text)


def read(where: Path, name: str) -> dict[str, Row]:
    rows = [json.loads(line) for line in (where / f"{name}.jsonl").read_text().splitlines()]
    return {row.pop("id"): row for row in rows}
