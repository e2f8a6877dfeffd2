"""Owed is open: what a system refused and still is to get is shown, counted and told by the exit code."""

from __future__ import annotations

import pytest

from tests.cli.conftest import GROUP, Office, decisions
from tests.cli.toys import Toys


@pytest.fixture
def owing(toys: Toys) -> Toys:
    """An office in which desk refuses to create a plan that was to be copied to it."""
    toys.ok("groups", "link", "book=880", "desk=g1", "--source", "book")
    toys.ok("link", "Acme Mining", "--out", "d.yaml")
    file = toys.folder / "d.yaml"
    said = {("book", "b1"): "{copy: desk}", ("book", "b2"): "ignore"} | {("desk", f"d{n}"): "ignore" for n in (1, 2, 3)}
    file.write_text(decisions(file.read_text(), said))
    toys.ok("link", "Acme Mining", "d.yaml")
    toys.settings("desk", refuses="no room for Gold")
    said = toys("sync")
    assert said.code == 3
    assert "not written, the system refused it: no room for Gold" in said.out
    assert "0 writes" in said.out, "a refused create is no create"
    assert "of them 1 create" not in said.out
    return toys


def test_n4_a_refused_create_is_shown_while_it_waits(owing):
    """N4: a refused create that is tried again later is named by `sync`, and --check ends with 1."""
    for words in (("sync", "--check"), ("sync", "--dry-run", "--check")):
        said = owing(*words)
        assert said.code == 1, said.out
        assert "waits to be created" in said.out
        assert "no room for Gold" in said.out
        assert "1 create waiting" in said.out
        assert "nothing to do" not in said.out
    assert owing("sync", "--json").json["groups"][0]["counts"]["waiting_creates"] == 1


def test_n4_status_tells_what_is_owed(owing):
    """N4, N6: `status` names what is owed by the link's id, says why, and --check ends with 1."""
    owing("sync")
    said = owing("status", "--check")
    assert said.code == 1
    assert "1 field and 1 create, 2 refused, next try in 5 min" in said.out
    assert "no room for Gold" in said.out
    [group] = owing("status", "--json").json["groups"]
    [(key, owed)] = [(key, owed) for key, owed in group["owed"].items() if owed["creates"]]
    assert key == f"{owing('plans', 'Acme Mining', '--json').json['linked'][0]['link']}|desk"
    assert (owed["label"], owed["creates"], owed["refused"]) == ("Gold 25", 1, 1)
    assert not [name for name in group if name.startswith("_")]


def test_n4_what_was_created_after_all_is_owed_no_more(owing):
    """N4: when the create took effect, nothing waits and --check ends with 0 as far as it is concerned."""
    text = (owing.folder / "syncd.toml").read_text()
    (owing.folder / "syncd.toml").write_text(text.replace('refuses = "no room for Gold"\n', ""))
    group = owing("sync", "--dry-run", "--json").json["groups"][0]
    assert group["counts"]["waiting_creates"] == 1, "it waits until it is due"


def test_r13_a_refused_value_is_not_in_step(toys):
    """R13: a value that a system refused keeps `sync --check` at 1, also in the quiet runs after."""
    toys.ok("groups", "link", "book=880", "desk=g1", "--source", "book")
    toys.ok("sync", "--wait", "1")
    toys.settings("desk", refuses="read the manual")
    toys.change("book", lambda data: data["group"]["880"].update(city="Pueblo"))
    assert toys("sync").code == 3
    for _ in range(2):
        said = toys("sync", "--check")
        assert said.code == 1, said.out
        assert "details.address.city" in said.out
    assert toys("status", "--check").code in (1, 3)


@pytest.mark.parametrize("left", [None, b""])
def test_r13_a_store_that_is_gone_is_not_a_new_one(office: Office, left):
    """R13: a deleted or emptied database is told, never taken for a new installation."""
    for file in (office.folder / "state").glob("syncd.db*"):
        if not file.name.endswith(".was-here"):
            file.unlink()
    if left is not None:
        (office.folder / "state" / "syncd.db").write_bytes(left)
    for words in (("sync",), ("status",), ("groups",), ("plans", GROUP), ("review",)):
        err = office.fails(3, *words)
        assert "the store of this state folder is" in err
        assert "Restore it from a backup" in err
    (office.folder / "state" / "syncd.db.was-here").unlink()
    assert "No group is linked yet" in office.ok("sync")


def test_n3_a_decision_that_its_system_would_refuse_is_not_stored(toys):
    """N3: `link FILE` says what the system would refuse, with the next step, and stores nothing."""
    toys.ok("groups", "link", "book=880", "desk=g1", "--source", "book")
    toys.ok("link", "Acme Mining", "--out", "d.yaml")
    file = toys.folder / "d.yaml"
    file.write_text(decisions(file.read_text(), {("book", "b1"): "{copy: desk}", ("book", "b2"): "ignore"}))
    toys.settings("desk", misses="office")
    assert "it cannot be created: no office. Fill in the office." in toys.ok(
        "link", "Acme Mining", "d.yaml", "--dry-run"
    )
    err = toys.fails(2, "link", "Acme Mining", "d.yaml")
    assert "Gold 25 cannot be created in desk: no office. Fill in the office." in err
    assert "Nothing was stored" in err
    assert toys("plans", "Acme Mining", "--json").json["linked"] == []


def test_n3_a_sync_tells_what_its_system_would_refuse(toys):
    """N3: `sync --dry-run` names for a create what its system would refuse, with its next step; `sync` says it, too."""
    toys.ok("groups", "link", "book=880", "desk=g1", "--source", "book")
    toys.ok("link", "Acme Mining", "--out", "d.yaml")
    file = toys.folder / "d.yaml"
    file.write_text(decisions(file.read_text(), {("book", "b1"): "{copy: desk}", ("book", "b2"): "ignore"}))
    toys.ok("link", "Acme Mining", "d.yaml")
    assert "cannot be created" not in toys.ok("sync", "--dry-run")
    toys.settings("desk", misses="office", refuses="no office")
    told = "Gold 25 cannot be created in desk: no office. Fill in the office."
    assert told in toys("sync", "--dry-run").out
    [one] = toys("sync", "--dry-run", "--json").json["groups"][0]["cannot_be_created"]
    assert (one["label"], one["system"], one["problem"]) == ("Gold 25", "desk", "no office. Fill in the office.")
    said = toys("sync")
    assert said.code == 3
    assert "no office. " in said.out


def test_b8_a_record_that_cannot_be_read_is_told_by_status_and_doctor(toys):
    """B8: both name the record with its reason, count it and end with another code, until it can be read again."""
    toys.ok("groups", "link", "book=880", "desk=g1", "--source", "book")
    toys("sync")
    assert "cannot be read" not in toys("status").out
    toys.settings("desk", strange="d1")
    toys("sync")
    said = toys("status", "--check")
    assert said.code == 3
    assert "1 record cannot be read" in said.out
    assert "plan d1  title holds U+000B" in said.out
    [desk] = [one for one in toys("status", "--json").json["systems"] if one["system"] == "desk"]
    assert desk["unreadable"] == [{"kind": "plan", "id": "d1", "why": "title holds U+000B"}]
    said = toys("doctor", "--check")
    assert said.code == 1
    assert "1 record cannot be read: plan d1: title holds U+000B" in said.out
    text = (toys.folder / "syncd.toml").read_text()
    (toys.folder / "syncd.toml").write_text(text.replace('strange = "d1"\n', ""))
    toys("sync")
    assert "cannot be read" not in toys.ok("status") + toys.ok("doctor")
