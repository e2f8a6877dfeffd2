"""The work of a brokerage on the sandboxes of PerfectQuote and BenefitPoint: from an account's name to a renewal.

One process serves both vendors; syncd is used by its command line alone, and what a vendor holds is seen through the
sandbox's back door.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Office, decisions
from tests.connectors.sandboxes import Sandbox, running

CLIENT = "City of Southlake"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running("perfectquote", "benefitpoint") as made:
        yield made


@pytest.fixture
def brokerage(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """A folder that is configured for both sandboxes, secrets in the environment."""
    for door in sandbox.backdoors.values():
        door.reset()
    quote, broker = sandbox.systems["perfectquote"], sandbox.systems["benefitpoint"]
    (tmp_path / "syncd.toml").write_text(
        'state = "state"\nsettle_s = 0\n'
        f'[systems.perfectquote]\nconnector = "perfectquote"\nbase_url = "{quote["url"]}"\n'
        f'client_id = "{quote["client_id"]}"\nper_minute = 0\n'
        f'[systems.benefitpoint]\nconnector = "benefitpoint"\nbase_url = "{broker["url"]}"\n'
        f'username = "{broker["username"]}"\n'
    )
    monkeypatch.setenv("SYNCD_SYSTEMS__PERFECTQUOTE__CLIENT_SECRET", quote["client_secret"])
    monkeypatch.setenv("SYNCD_SYSTEMS__BENEFITPOINT__PASSWORD", broker["password"])
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path, lambda: tuple(capsys.readouterr()))  # type: ignore[arg-type, return-value]


def called(plans: list[dict[str, Any]], system: str, name: str) -> str:
    """Give the id of a plan that is linked to nothing."""
    [found] = [one for row in plans for of, one in row["plans"].items() if (of, one["label"]) == (system, name)]
    return str(found["id"])


def imported(brokerage: Office) -> dict[str, Any]:
    """Import the client, linked with the group that a person knows to be it; give what was said."""
    offered = brokerage("import", "benefitpoint", "--name", CLIENT, "--json").json
    assert offered["candidates"] == []
    [quote] = [one["id"] for one in offered["namesakes"] if one["label"] == CLIENT]
    number = offered["matches"][0]["number"]
    words = ("--number", number, "--into", f"perfectquote={quote}", "--source", "benefitpoint", "--out", "d.yaml")
    said = brokerage("import", "benefitpoint", *words, "--json")
    assert said.code == 0, said.err
    return said.json


def test_a_client_is_imported_linked_copied_and_in_step(brokerage, sandbox):
    """What V4 cannot take is handed off; what is needed for a first plan is asked in the file, and remembered."""
    told = imported(brokerage)
    rows = told["plans"]["side_by_side"]
    life = called(rows, "benefitpoint", "Basic Life"), called(rows, "perfectquote", "Basic Life")
    ltd = called(rows, "perfectquote", "LTD")
    file = brokerage.folder / "d.yaml"
    text = file.read_text()
    assert "needs:\n  benefitpoint:\n" in text
    said = {
        ("benefitpoint", life[0]): f'{{link: {{perfectquote: "{life[1]}"}}, sources: perfectquote}}',
        ("perfectquote", ltd): "{copy: benefitpoint, origination: new}",
    }
    file.write_text(decisions(text, said))
    out = brokerage.ok("link", CLIENT, "d.yaml", "--dry-run")
    assert "Created in benefitpoint: LTD" in out
    assert "details.original_effective_date  2018-10-01  (default of new: details.effective_date)" in out
    assert "BenefitPoint V4 has no call that writes rates." in out
    before = sandbox.backdoors["benefitpoint"].requests()
    assert not any(name.startswith(("create", "update")) for name in before)

    brokerage.ok("link", CLIENT, "d.yaml")
    done = brokerage("sync", CLIENT)
    assert "+ create in benefitpoint as " in done.out, done.err
    assert sandbox.backdoors["benefitpoint"].requests()["createProduct"] == 1
    assert "0 writes" in brokerage("sync", CLIENT).out
    brokerage.ok("link", CLIENT, "--out", "later.yaml")
    assert "needs:" not in (brokerage.folder / "later.yaml").read_text()


def test_a_renewal_without_the_plan_before_it_is_refused_before_any_call(brokerage, sandbox):
    told = imported(brokerage)
    ltd = called(told["plans"]["side_by_side"], "perfectquote", "LTD")
    file = brokerage.folder / "d.yaml"
    file.write_text(decisions(file.read_text(), {("perfectquote", ltd): "{copy: benefitpoint, origination: renewal}"}))
    err = brokerage.fails(2, "link", CLIENT, "d.yaml")
    assert "a renewal follows another plan, and none is named" in err
    counted = sandbox.backdoors["benefitpoint"].requests()
    assert not any(name.startswith(("create", "update")) for name in counted)


def test_both_vendors_are_found_well_and_their_mappings_fit_what_they_serve(brokerage):
    said = brokerage("doctor", "--check", "--json")
    wrong = [
        (system, line["what"], line["detail"][:300])
        for system, lines in said.json["systems"].items()
        for line in lines
        if line["level"] in ("wrong", "away")
    ]
    assert wrong == []
    assert said.code == 0
    assert "practice-only" not in said.out


def test_a_wrong_password_is_told_and_is_exit_3(brokerage, monkeypatch):
    monkeypatch.setenv("SYNCD_SYSTEMS__BENEFITPOINT__PASSWORD", "wrong-and-secret")
    said = brokerage("doctor", "benefitpoint")
    assert said.code == 3
    assert "NOT   login" in said.out
    assert "wrong-and-secret" not in said.out + said.err


def test_systems_tells_whose_contract_each_speaks_and_what_is_handed_off(brokerage):
    broker, quote = brokerage("systems", "--json").json["systems"]
    assert (quote["contract"], broker["contract"]) == ("our contract; PerfectQuote publishes none", "the vendor's own")
    assert (quote["conditional"], broker["conditional"]) == (True, False)
    assert (broker["notes"], broker["asks_before_create"], broker["directory"]) == (True, True, True)
    assert broker["sections"]["contributions"]["written"] == 0
    assert "BenefitPoint V4 has no call that writes contributions." in broker["sections"]["contributions"]["reasons"]
