"""Systems of which none takes a write."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from syncd.apply.world import RIGHTS
from syncd.connectors.base import Access
from syncd.store.store import Store
from tests.cli.conftest import Office

READS = replace(Access("x"), create=False, update=False)


def shadow(office: Office, *systems: str) -> None:
    config = office.folder / "syncd.toml"
    text = config.read_text()
    for name in systems:
        text = text.replace(f"[systems.{name}]\n", f'[systems.{name}]\nwrites = "off"\n')
    config.write_text(text)


@pytest.mark.parametrize(
    ("why", "off", "read_only", "silent"),
    [
        ("all are shadowed", ("quote", "crm"), (), False),
        ("one is shadowed, the other's account only reads", ("quote",), ("crm",), False),
        ("one is written", ("quote",), (), True),
    ],
)
def test_that_nothing_can_be_written_is_said(office: Office, why: str, off, read_only, silent: bool) -> None:
    """M2: where no system takes anything, doctor and status say so, with what to do."""
    shadow(office, *off)
    store = Store.open(office.folder / "state" / "syncd.db")
    for name in read_only:
        store.put(RIGHTS, name, asdict(READS))
    store.close()
    for command in ("status", "doctor"):
        assert ("nothing can ever be written" in office(command).out) is not silent, (why, command)
    assert (office("status", "--json").json["nothing_is_written"] is None) is silent
