"""The loader: the same facts for every seed number, and a seed file that is wrong is refused by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from syncd.sandbox.seed.files import SeedError
from syncd.sandbox.seed.load import load
from syncd.sandbox.seed.model import SeedGroup, SeedPlan

GOOD = """\
format: syncd-sandbox-seed/1
group:
  key: acme
  number: A-1
  fields: {details.name: Acme}
sources:
  sheet: {publisher: Acme, document: Rates, year: "2026", url: "https://example.org/"}
plans:
- key: acme-hmo
  source: sheet
  row: {plan: HMO}
  fields:
    details: {name: HMO, line: medical, effective_date: "2026-01-01", status: current}
    rates[2026-01-01]: {frequency: monthly, ee: "512.40"}
  differs:
    benefitpoint: {"rates[2026-01-01].ee": "", details.name: H M O}
"""


def facts(thing: SeedGroup | SeedPlan) -> dict[str, object]:
    """Everything but what the seed number may change."""
    return {item.name: getattr(thing, item.name) for item in fields(thing) if item.name not in ("ids", "plans")}


def test_another_seed_changes_order_and_ids_and_no_fact() -> None:
    """So a test that passes by luck of an order or an id fails under another number."""
    one, two = load(1), load(2)
    assert [group.key for group in one.groups] != [group.key for group in two.groups]
    assert any(plan.ids != two.plan(plan.key).ids for plan in one.plans())
    assert {group.key: facts(group) for group in one.groups} == {group.key: facts(group) for group in two.groups}
    assert {plan.key: facts(plan) for plan in one.plans()} == {plan.key: facts(plan) for plan in two.plans()}


def test_the_same_seed_gives_the_same_world() -> None:
    """Reset and restart come back to the same ids in the same order."""
    first = load(7)
    load.cache_clear()
    assert load(7) == first


def written(folder: Path, text: str) -> tuple[Path]:
    (folder / "acme.yaml").write_text(text, encoding="utf-8")
    return (folder,)


def test_a_mapping_continues_its_path_and_an_empty_text_takes_away(tmp_path: Path) -> None:
    """`rates[...]: {ee: ...}` is `rates[...].ee`; a side may lack what the other holds."""
    plan = load(1, written(tmp_path, GOOD)).plan("acme-hmo")
    assert plan.fields["rates[2026-01-01].ee"] == "512.40"
    assert plan.texts("perfectquote")["rates[2026-01-01].ee"] == "512.40"
    assert "rates[2026-01-01].ee" not in plan.texts("benefitpoint")
    assert plan.texts("benefitpoint")["details.name"] == "H M O"
    assert plan.sides == {"perfectquote", "benefitpoint"}


@pytest.mark.parametrize(
    ("why", "old", "new", "said"),
    [
        ("a format of somebody else's", "syncd-sandbox-seed/1", "syncd/9", "not a seed file"),
        ("broken YAML", "group:", "group: [", "not valid YAML"),
        ("no account number", "  number: A-1\n", "", "acme: number is missing"),
        ("a slip of the pen", "  source: sheet", "  sorce: x\n  source: sheet", "unknown key sorce"),
        ("a source that is not there", "  source: sheet", "  source: leaflet", "no such source: leaflet"),
        ("a tag that nobody knows", "  source: sheet", "  tags: [odd]\n  source: sheet", "tag odd is not one of"),
        ("a prior plan of nobody", "  source: sheet", "  prior: gone\n  source: sheet", "no such plan of acme: gone"),
        ("its own prior plan", "  source: sheet", "  prior: acme-hmo\n  source: sheet", "its own prior plan"),
        ("a side of nobody", "  source: sheet", "  sides: [payroll]\n  source: sheet", "no such side: payroll"),
        ("a key twice", "- key: acme-hmo", "- key: acme", "acme stands twice"),
        ("an addition to nothing", "plans:", "more:\n  lost: {prior: acme-hmo}\nplans:", "names what is not there"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_reason(tmp_path: Path, why: str, old: str, new: str, said: str) -> None:
    """The text names the file or record and what was expected."""
    assert old in GOOD, why
    with pytest.raises(SeedError) as refused:
        load(1, written(tmp_path, GOOD.replace(old, new, 1)))
    assert said in str(refused.value), why


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """No world is not an empty world."""
    with pytest.raises(SeedError, match="no seed files in"):
        load(1, (tmp_path,))


def test_a_key_that_is_not_there_is_a_key_error() -> None:
    """Whoever asks for a plan or employer by key learns which one is missing."""
    world = load(1)
    with pytest.raises(KeyError, match="nobody"):
        world.group("nobody")
    with pytest.raises(KeyError, match="nothing"):
        world.plan("nothing")
    assert world.group("ma-8").plans_on("benefitpoint")


def test_nobody_can_change_the_world() -> None:
    """Two vendors and every reset share one world."""
    plan = load(1).plan("fed-wa-kaiser-high")
    with pytest.raises(TypeError):
        plan.fields["details.name"] = "x"  # type: ignore[index]
