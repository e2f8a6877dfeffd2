"""One member per system: a second record of a system never joins a link."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CRM_GROUP, GROUP, QUOTE_GROUP, Office

OTHER = "G-104"
"""Another client of quote."""


def members(office: Office) -> dict[str, str]:
    [one] = [one for one in office("groups", "--json").json["linked"] if one["label"] == GROUP]
    return one["members"]


@pytest.mark.parametrize("source", [(), ("--source", "quote")])
def test_n1_a_second_record_of_a_system_does_not_join_a_linked_group(office, source):
    """N1: another client's record never joins a linked group; the member it has and the way to go are named."""
    before = office("groups", "--json").json
    err = office.fails(2, "groups", "link", f"quote={OTHER}", f"crm={CRM_GROUP}", *source)
    assert f"this link, “{GROUP}” ({office.group}), has a quote member already, {QUOTE_GROUP}" in err
    assert f"`syncd groups move {office.group} quote={OTHER} --dry-run`" in err
    assert office("groups", "--json").json == before


def test_n1_import_into_a_linked_group_is_refused(toys):
    """N1: `import --into` a group that has a member of that system is refused, and nothing is stored."""
    toys.ok("groups", "link", "book=880", "desk=g1")
    err = toys.fails(2, "import", "book", "--number", "Z-1", "--into", "desk=g1")
    assert "has a book member already, 880" in err
    [one] = toys("groups", "--json").json["linked"]
    assert one["members"] == {"book": "880", "desk": "g1"}


def test_n1_a_group_is_moved_by_a_verb_of_its_own_with_preview(office):
    """N1: `groups move` shows which plans it parts, changes nothing in a dry run, and then exchanges the record."""
    group = office.group
    out = office.ok("groups", "move", GROUP, f"quote={OTHER}", "--dry-run")
    assert "3 plan links would be parted" in out
    assert members(office) == {"quote": QUOTE_GROUP, "crm": CRM_GROUP}
    office.ok("groups", "move", GROUP, f"quote={OTHER}", "--yes")
    assert members(office) == {"quote": OTHER, "crm": CRM_GROUP}
    told = office("plans", group, "--json").json
    assert told["linked"] == []
    assert any(one["system"] == "quote" for one in told["unlinked"])
    assert "there is no such unlinked group" in office.fails(2, "groups", "move", group, "quote=G-nowhere")
    loose = {(one["system"], one["id"]) for one in office("groups", "--json").json["unlinked"]}
    assert ("quote", QUOTE_GROUP) in loose
    before = (office.folder / "drops/quote/groups.jsonl").read_bytes()
    office("sync")
    assert (office.folder / "drops/quote/groups.jsonl").read_bytes() == before, "a newcomer is asked about, not written"


def test_n1_moving_to_a_record_of_another_link_is_refused(office):
    """N1: a record that another group's link holds is not taken from it."""
    office.ok("groups", "link", "quote=G-104", "crm=7168")
    err = office.fails(2, "groups", "move", GROUP, "quote=G-104")
    assert "it is linked already, in “" in err
