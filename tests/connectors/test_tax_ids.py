"""Tax ids: compared by a keyed hash, never kept, never written, and their last four digits for people."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.assemble import hash_key
from syncd.connectors import perfectquote
from syncd.connectors.registry import Forgetful, keyed
from syncd.errors import StoreError
from syncd.mapping.load import load_mapping
from syncd.model.records import Present
from syncd.model.values import EMPTY
from syncd.reconcile.suggest import suggest
from syncd.reconcile.types import Seen, Stray
from tests.connectors.sandboxes import Sandbox, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as both:
        yield both


async def strays(sandbox, *, whole, number="12-3456789", other=None):
    """Give one group of each system that were given tax ids by their users."""
    from syncd.connectors import benefitpoint

    state, said = Forgetful(), sandbox.systems
    quote = perfectquote.connect(
        "quote",
        perfectquote.Settings(
            base_url=said["perfectquote"]["url"],
            client_id=said["perfectquote"]["client_id"],
            client_secret=said["perfectquote"]["client_secret"],
            whole_tax_ids=whole,
        ),
        state,
    )
    crm = benefitpoint.connect(
        "crm",
        benefitpoint.Settings(
            base_url=said["benefitpoint"]["url"],
            username=said["benefitpoint"]["username"],
            password=said["benefitpoint"]["password"],
        ),
        state,
    )
    found = []
    doors = sandbox.backdoors
    group = next(iter(doors["perfectquote"].snapshot()["store"]["records"]["group"]))
    account = next(iter(doors["benefitpoint"].snapshot()["tables"]["account"]))
    doors["perfectquote"].edit("group", group, {"tax_id": number}, as_="omar")
    info = {"groupAccountInfo": {"commonGroupAccountInfo": {"taxpayerID": other or number}}}
    doors["benefitpoint"].edit("account", account, info)
    for system, name, record in ((quote, "perfectquote", group), (crm, "benefitpoint", account)):
        answer = await system.read("group", record)
        assert isinstance(answer, Present)
        assert "3456789" not in str(answer.record).replace("-", "")
        flat = load_mapping(name).lens("group").get(answer.record)
        kept = {path: value for path, value in flat.items() if "tax_id" in path}
        found.append(Stray(name, "group", record, "same", Seen(kept, b"")))
        await system.aclose()
    return found


async def test_equal_tax_ids_are_found_by_their_hash(sandbox):
    """V2: two vendors' records with one tax id are suggested for it, and neither of them keeps the number."""
    found = suggest(await strays(sandbox, whole=True))
    assert {one[0].reasons for one in found.values()} == {"same tax id"}


async def test_other_numbers_with_one_end_are_told_apart(sandbox):
    """V2: where both numbers are whole, an equal end is no evidence."""
    assert suggest(await strays(sandbox, whole=True, other="98-7656789")) == {}


async def test_a_masked_tax_id_is_weak_evidence(sandbox):
    """V2: a client that is shown four digits compares four digits, and says so."""
    both = await strays(sandbox, whole=False)
    assert both[0].seen.flat["details.tax_id_hash"] is EMPTY
    assert {one[0].reasons for one in suggest(both).values()} == {"same last four of the tax id (weak)"}


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    """V2: the key stands in the state folder with mode 0600, and stays what it is."""
    hash_key.cache_clear()
    key = hash_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "hash.key").stat().st_mode) == 0o600
    hash_key.cache_clear()
    assert hash_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["hash.key"]
    assert keyed(key, "123456789") != keyed(b"other", "123456789")


def test_a_key_that_was_cut_is_refused(tmp_path: Path):
    """V2: with half a key nothing is hashed, and the error says what to do."""
    hash_key.cache_clear()
    (tmp_path / "hash.key").write_bytes(b"half")
    with pytest.raises(StoreError, match="expected a key of 32 bytes, found 4"):
        hash_key(tmp_path)
