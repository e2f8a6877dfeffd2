"""A malformed table is a clear error with file and line, never a pass."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from syncd.errors import ConfigError
from syncd.simulation.scenario import load, parse, run_paths, run_scenario

GOOD = """\
format: syncd-scenario/1
scenarios:
- id: one
  title: One edit travels
  kind: plan
  systems: {crm: {}, quote: {versions: etag}}
  start:
    base:  {p1: {details.name: Gold}}
    crm:   {p1: {details.name: Gold}}
    quote: {p1: {details.name: Gold}}
  cycles:
  - edit: {crm: {p1: {details.name: Silver}}}
    expect:
      result: ok
      writes: {quote: 1}
      proposals: {}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("format: syncd-scenario/1", "format: syncd-scenario/2", 1, "did you mean `syncd-scenario/1`?"),
        ("- id: one\n  title", "- title", 3, "id: this key is missing"),
        ("title: One", "titel: One", 4, "titel: there is no such key; did you mean `title`?"),
        ("kind: plan", "kind: plans", 5, "expected one of plan, group, generic, got `plans`; did you mean `plan`?"),
        ("versions: etag", "version: etag", 6, "version: there is no such key; did you mean `versions`?"),
        ("versions: etag", "versions: etags", 6, "did you mean `etag`?"),
        ("versions: etag", "read_only: perhaps", 6, "got `perhaps`"),
        ("versions: etag", "recase: loud", 6, "expected one of none, title, upper, lower, got `loud`"),
        ("versions: etag", "longest: 0", 6, "longest"),
        ("    quote: {p1", "    qoute: {p1", 10, "`qoute` is not a system; did you mean `quote`?"),
        ("crm:   {p1: {details.name: Gold}}", "crm:   {p1: Gold}", 9, "expected a mapping, got `Gold`"),
        ("crm:   {p1: {details.name: Gold}}", "crm:   {p1: {details.name: [a]}}", 9, "expected a text, got a list"),
        ("crm:   {p1: {details.name: Gold}}", "crm:   {p1: {detials.name: a}}", 9, "did you mean `details`?"),
        ("crm:   {p1: {details.name: Gold}}", "crm:   {p1: {_when: 5}}", 9, "`_when` is not known"),
        ("crm:   {p1: {details.name: Gold}}", "crm:   {p1: {_t: noon}}", 9, "a whole number, not `noon`"),
        ("{details.name: Gold}", "{details.name: Gold, details.name: Gold}", 8, "stands here a second time"),
        ("base:  {p1: {details.name: Gold}}", "base:  [p1]", 8, "a mapping belongs here, not a list"),
        ("base:  {p1: {details.name: Gold}}", "base:  {p1: 5}", 8, "the fields of a record belong here, not `5`"),
        ("  - edit: {crm:", "  - edit: {cmr:", 12, "`cmr` is not a system; did you mean `crm`?"),
        ("    expect:", "    faults: {quote: {lost: empty}}\n    expect:", 13, "did you mean `list`?"),
        ("    expect:", "    faults: {quote: {list: emty}}\n    expect:", 13, "did you mean `empty`?"),
        ("    expect:", "    faults: {quote: {times: 2}}\n    expect:", 13, "no fault is named"),
        ("    expect:", "    faults: {quote: {list: empty, times: 0}}\n    expect:", 13, "got `0`"),
        ("    expect:", "    decide: {conflit p1.a: crm}\n    expect:", 13, "did you mean `conflict`?"),
        ("    expect:", "    decide: {conflict p1.a: crmm}\n    expect:", 13, "did you mean `crm`?"),
        ("    expect:", "    decide: {conflict p1.a: {valu: 1}}\n    expect:", 13, "a word or {value: X}"),
        ("    expect:", "    decide: {conflict p1.a: crm}\n    expect:", 13, "there is no such open proposal"),
        ("    expect:", "    mode: dryrun\n    expect:", 13, "did you mean `dry_run`?"),
        ("    expect:", "    mode: {resync: cmr}\n    expect:", 13, "did you mean `crm`?"),
        ("    expect:", "    force: [empty-sid]\n    expect:", 13, "did you mean `empty-side`?"),
        ("    expect:", "    edits: {}\n    expect:", 13, "edits: there is no such key; did you mean `edit`?"),
        ("result: ok", "result: okay", 14, "did you mean `ok`?"),
        ("result: ok", "reslt: ok", 14, "`ok`"),
        ("writes: {quote: 1}", "writes: {qote: 1}", 15, "`qote` is not a system; did you mean `quote`?"),
        ("writes: {quote: 1}", "writes: {quote: many}", 15, "got `many`"),
        ("proposals: {}", "proposals: {conflicts: [p1.a]}", 16, "did you mean `conflict`?"),
        ("proposals: {}", "proposals: {conflict: p1.a}", 16, "expected a list, got `p1.a`"),
        ("proposals: {}", "pay: {}", 16, "`pay` is not known"),
        ("  cycles:", "  linked: p1\n  cycles:", 11, "`all`, `none` or a list of keys belongs here"),
        ("  cycles:", "  linked: [p2]\n  cycles:", 11, "no system holds `p2`; did you mean `p1`?"),
        ("  cycles:", "  groups: {price: [a, b]}\n  cycles:", 11, "a plan has its own atoms"),
        ("  - edit: {crm: {p1: {details.name: Silver}}}", "  - edit: {crm: {p7: null}}", 12, "holds no p7"),
        ("proposals: {}", "proposals: {}\n- id: one\n  cycles: []", 17, "no system is named"),
        ("    expect:\n      result: ok\n      writes: {quote: 1}\n      proposals: {}\n", "", 11, "nothing would be"),
        ("{p1: {details.name: Silver}}}", "&a {p1: {details.name: Silver}}}", 12, "names for parts of the file"),
        ("details.name: Silver", "details.name: !!str Silver", 12, "the type tag:yaml.org,2002:str is not read"),
        ("writes: {quote: 1}", "writes: {quote: 1", 16, "a bracket is opened and never closed"),
        ("proposals: {}", "proposals: {}\n---\na: b", 17, "a second document"),
    ],
)
async def test_p27_a_mistake_is_named_with_its_line(old: str, new: str, line: int, said: str):
    assert GOOD.count(old) >= 1
    try:
        [scenario] = parse(GOOD.replace(old, new, 1), "tables/one.yaml")
    except ConfigError as error:
        told = str(error)
    else:
        result = await run_scenario(scenario)
        assert not result.ok
        told = result.difference
    assert f"tables/one.yaml:{line}: " in told
    assert said in told


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "format: syncd-scenario/1\n", "format: syncd-scenario/1\nscenarios: []\n"]
)
def test_p27_an_empty_file_is_no_pass(text: str):
    with pytest.raises(ConfigError, match=r"one\.yaml"):
        parse(text, "one.yaml")


def test_only_plans_belong_to_a_group():
    table = GOOD.replace("kind: plan", "kind: generic").replace(
        "crm:   {p1: {details.name: Gold}}", "crm: {p1: {_group: x}}"
    )
    with pytest.raises(ConfigError, match=r"only plans belong to a group, and a generic is none"):
        parse(table, "one.yaml")


def test_two_tables_of_one_id():
    table = GOOD.partition("scenarios:\n")[2]
    with pytest.raises(ConfigError, match=r"one.yaml:17: the id `one` was used before, on line 3"):
        parse(GOOD + table, "one.yaml")


def test_p27_an_empty_folder_is_no_pass(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"no \*\.yaml stands in this folder"):
        load(tmp_path)
    results = run_paths([tmp_path, tmp_path / "missing.yaml"])
    assert results.exit_code == 1
    assert "there is no such file or folder" in results.text()


def test_values_stay_as_they_were_written():
    [scenario] = parse(
        GOOD.replace("{details.name: Silver}", "{details.address.zip: 07030, details.a: 2026-01-01, details.b: 1.50}")
    )
    assert scenario.fields(scenario.cycles[0].edit["crm"]["p1"]) == {
        "details.address.zip": "07030",
        "details.a": "2026-01-01",
        "details.b": "1.50",
    }


def test_values_of_generic_records_are_what_yaml_says():
    text = GOOD.replace("kind: plan", "kind: generic").replace(
        "{details.name: Silver}",
        '{a: 5, b: "5", c: 1.50, d: true, e: 007, f: 2026-01-01, g: null, h: !na, i: "true", j: -3}',
    )
    [scenario] = parse(text)
    assert scenario.fields(scenario.cycles[0].edit["crm"]["p1"]) == {
        "a": 5,
        "b": "5",
        "c": 1.5,
        "d": True,
        "e": "007",
        "f": "2026-01-01",
        "g": None,
        "h": "!na",
        "i": "true",
        "j": -3,
    }


def test_the_first_difference_is_told(tmp_path: Path):
    good, bad, broken = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"
    good.write_text(GOOD)
    bad.write_text(
        GOOD.replace("writes: {quote: 1}", "writes: {quote: 2}\n      quote: {p1: {details.name: <Bronze>}}")
    )
    broken.write_text("format: other")
    results = run_paths([tmp_path])
    assert results.exit_code == 1
    assert results.text().splitlines() == [
        "ok    one",
        f"FAIL  one: cycle 1: writes to quote: expected 2, got 1  ({bad}:3)",
        f"ERROR {broken}:1: format: expected one of syncd-scenario/1, got `other`",
        f"{bad.parent / 'c.yaml'}:1: scenarios: this key is missing",
        "2 scenarios, 1 failed, 1 file could not be read",
    ]
    told = json.loads(results.json())
    assert [one["ok"] for one in told["scenarios"]] == [True, False]
    assert told["scenarios"][1]["difference"] == "cycle 1: writes to quote: expected 2, got 1"
    assert told["errors"][0]["line"] == 1
    suites = ET.fromstring(results.junit())
    assert [(s.get("tests"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("1", "0", "0"),
        ("1", "1", "0"),
        ("1", "0", "1"),
    ]


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("quote: {p1: {details.name: Bronze}}", "quote p1 details.name: expected Bronze, got Silver"),
        ("quote: {}", "quote p1: expected no record, got {details.name: Silver}"),
        ("quote: {p1: {details.name: Silver}, p2: {}}", "quote p2: expected a record, got none"),
        ("quote: {p1: {details.name: Silver, details.a: x}}", "quote p1 details.a: expected x, got nothing"),
        ("proposals: {conflict: [p1.a]}", "proposals: expected conflict [p1.a], got none"),
        ("result: open", "result: expected open, got ok"),
        ("base: {p1: {details.name: Gold}}", "base of crm p1 details.name: expected Gold, got Silver"),
        ("base: {crm: {p1: {details.name: Silver}}, quote: {}}", "base of quote p1: expected none, got {details.name:"),
    ],
)
async def test_each_kind_of_difference(expect: str, said: str):
    head = GOOD.partition("    expect:")[0]
    [scenario] = parse(f"{head}    expect:\n      {expect}\n")
    result = await run_scenario(scenario)
    assert result.difference.startswith(f"cycle 1: {said}")


async def test_a_crash_of_the_engine_is_a_difference(monkeypatch: pytest.MonkeyPatch):
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("no way on")

    monkeypatch.setattr("syncd.simulation.scenario.play.observe_all", crash)
    result = await run_scenario(parse(GOOD)[0])
    assert result.difference == "expected a run, got a crash: RuntimeError: no way on"
    assert any("no way on" in line for line in result.details)
