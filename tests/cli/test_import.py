"""`syncd import`: from an account's number to a decision file; what a copy needs and is; plan years in chains."""

from __future__ import annotations

import pytest

from syncd.cli import schemas
from tests.cli.conftest import decisions
from tests.cli.toys import Toys, plan


def imported(toys: Toys, said: dict[tuple[str, str], str], file: str = "d.yaml") -> str:
    """Import Acme Mining into desk g1, and fill its decision file in."""
    toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1", "--out", file)
    return filled(toys, said, file)


def filled(toys: Toys, said: dict[tuple[str, str], str], file: str) -> str:
    path = toys.folder / file
    path.write_text(decisions(path.read_text(), said))
    return file


LINKED = {("desk", "d1"): "{link: {book: b1}, sources: book}", ("desk", "d2"): "{link: {book: b2}, sources: book}"}
RENEWAL = {("desk", "d3"): '{copy: book, origination: renewal, prior: "d2"}'}


def answered(toys: Toys, file: str, lead: str = "ann", source: str = "fair") -> str:
    path = toys.folder / file
    path.write_text(path.read_text().replace("lead:", f"lead: {lead}").replace("source:", f"source: {source}"))
    return file


@pytest.fixture
def renewing(toys: Toys) -> str:
    """Two plan years linked; a decision file in which the third is copied as a renewal, nothing answered yet."""
    toys.ok("link", "Acme", imported(toys, LINKED))
    toys.ok("link", "Acme", "--out", "renewal.yaml")
    return filled(toys, RENEWAL, "renewal.yaml")


# -- the account -------------------------------------------------------------------------------------------------------


def test_an_account_is_found_by_a_part_of_its_name_and_picked(toys):
    out = toys.ok("import", "book", "--name", "acme")
    assert "2 accounts of book for “acme” (list of 2026-11-20T12:00:00Z)" in out
    assert "880  A-17    Acme Mining  Denver" in out
    assert "`syncd import book --name acme --pick ID`" in out
    assert "880 “Acme Mining” elsewhere?" in toys.ok("import", "book", "--name", "acme", "--pick", "880")
    assert "880 “Acme Mining” elsewhere?" in toys.ok("import", "book", "--name", "acme", "--pick", "A-17")
    err = toys.fails(2, "import", "book", "--name", "acme", "--pick", "888")
    assert "book 888: it is not among those that were found" in err


def test_a_new_account_is_found_because_the_list_is_read_anew_before_nothing_is_said(toys):
    toys.ok("import", "book", "--number", "A-17")
    new = {"title": "Newly", "number": "N-1", "city": "Denver"}
    toys.change("book", lambda data: data["group"].update({"899": new}))
    assert "(list of 2026-11-21T12:00:00Z)" in toys.ok("import", "book", "--number", "N-1")
    err = toys.fails(2, "import", "book", "--number", "N-2")
    assert "no account has the number N-2, in the list of 2026-11-22T12:00:00Z" in err
    assert "(list of 2026-11-23T12:00:00Z)" in toys.ok("import", "book", "--number", "N-1", "--refresh")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["desk", "--name", "x"], "desk: its groups cannot be searched by name or number"),
        (["desk", "--name", "x"], "Those that can are book."),
        (["bok", "--name", "x"], "there is no system bok"),
        (["book"], "say which account: --number N or --name TEXT"),
        (["book", "--name", "a", "--number", "b"], "say which account"),
        (["book", "--name", "a", "--into", "desk=g1", "--create-in", "desk"], "--create-in makes one"),
        (["book", "--number", "A-17", "--into", "book=881"], "--into names a record of another system than book"),
        (["book", "--number", "A-17", "--into", "desk=g9"], "desk g9: there is no such group"),
        (["book", "--number", "A-17", "--out", "syncd.toml"], "it is there already"),
    ],
)
def test_what_cannot_be_imported_is_said(toys, words, told):
    assert told in toys.fails(2, "import", *words)


def test_a_system_that_is_away_is_said_to_be(toys):
    toys.settings("book", away="the book is closed")
    assert "book: the book is closed" in toys.fails(3, "import", "book", "--number", "A-17")


# -- its counterpart ---------------------------------------------------------------------------------------------------


def test_candidates_come_with_evidence_and_names_are_shown_apart(toys):
    out = toys.ok("import", "book", "--number", "A-17")
    assert "60%  desk g1 “Acme Mining Inc”" in out
    assert "syncd import book --number A-17 --into desk=g1" in out
    toys.change("desk", lambda data: data["group"]["g1"].update({"number": ""}))
    toys.ok("groups", "--refresh")
    out = toys.ok("import", "book", "--number", "A-17")
    assert "No group of another system shares a tax id or an account number with it." in out
    assert "Only called alike, which is no evidence" in out
    told = toys("import", "book", "--number", "A-17", "--json").json
    assert (told["linked"], told["candidates"], told["can_create_in"]) == ("", [], ["desk"])
    assert [one["id"] for one in told["namesakes"]] == ["g1"]
    assert toys("groups", "--json").json["linked"] == []


def test_an_import_links_the_group_shows_both_sides_and_writes_the_decision_file(toys):
    out = toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1")
    assert "linked: “Acme Mining”" in out
    [row] = [line for line in out.splitlines() if "b1  Gold 25" in line]
    assert "d1  Kaiser Gold" in row
    assert row.endswith("75%")
    assert "Theirs" not in out
    assert "acme-mining.yaml: decide in it for each plan" in out
    text = (toys.folder / "acme-mining.yaml").read_text()
    assert "{copy: book, origination: renewal, prior: " not in text
    assert 'office: "1"' in text
    assert [line for line in text.splitlines() if line.startswith("- record: ")] == [
        *["- record: book"] * 2,
        *["- record: desk"] * 3,
    ]


def test_a_file_that_is_there_is_never_written_over(toys):
    (toys.folder / "acme-mining.yaml").write_text("mine")
    assert "acme-mining-2.yaml: decide" in toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1")
    assert (toys.folder / "acme-mining.yaml").read_text() == "mine"


def test_a_dry_run_shows_the_same_and_keeps_nothing(toys):
    out = toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1", "--dry-run")
    assert "d1  Kaiser Gold" in out
    assert out.rstrip().endswith("Nothing was stored: this was a dry run.")
    assert not list(toys.folder.glob("*.yaml"))
    assert toys("groups", "--json").json["linked"] == []


def test_an_account_that_is_linked_says_so_and_shows_how_it_stands(toys):
    toys.ok("link", "Acme", imported(toys, LINKED))
    out = toys.ok("import", "book", "--number", "A-17")
    assert "It is linked already, as “Acme Mining”" in out
    assert "Gold 25  desk d1 · book b1" in out
    assert "d3  Kaiser Gold" in out
    told = toys("import", "book", "--number", "A-17", "--json").json
    assert (told["linked"], len(told["plans"]["linked"]), told["file"]) == ("before", 2, None)
    assert "It is linked already" in toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1")


def test_a_counterpart_is_created_by_the_engine_after_every_value_was_shown(toys):
    words = ("import", "book", "--number", "A-18", "--create-in", "desk")
    out = toys.ok(*words, "--dry-run")
    assert "details.address.city    Boulder     (book)" in out
    assert len(toys.data("desk")["group"]) == 2
    out = toys.ok(*words)
    assert "+ create in desk as d3 with 3 fields" in out
    [made] = [one for one in toys.data("desk")["group"].values() if one["title"] == "Acme Foods"]
    assert (made["number"], made["city"]) == ("A-18", "Boulder")
    assert made["marker"].startswith("syncd:")
    assert "It is linked already, as “Acme Foods”" in toys.ok(*words)
    assert len(toys.data("desk")["group"]) == 3


def test_a_group_that_cannot_be_created_is_refused_before_anything_is_sent(toys):
    file = toys.folder / "mappings" / "desk.yaml"
    file.write_text(file.read_text().replace("  group:\n", "  group:\n    create: Clients are made at the desk.\n"))
    err = toys.fails(2, "import", "book", "--number", "A-18", "--create-in", "desk")
    assert "desk takes no new groups: Clients are made at the desk." in err
    assert toys("import", "book", "--number", "A-18", "--json").json["can_create_in"] == []
    file.write_text(file.read_text().replace("    create: Clients are made at the desk.\n", ""))
    toys.change("book", lambda data: data["group"]["881"].update({"title": ""}))
    err = toys.fails(2, "import", "book", "--number", "A-18", "--create-in", "desk")
    assert "desk: it cannot be created: details.name a group cannot be created here without it" in err
    assert toys("groups", "--json").json["linked"] == []


# -- what a copy needs and is ------------------------------------------------------------------------------------------


def test_a_decision_file_tells_the_kinds_of_origination_and_the_likely_plan_before(toys, renewing):
    text = (toys.folder / renewing).read_text()
    assert "renewal      The same plan in its next plan year (`prior` is needed)" in text
    assert '# may follow "Gold 26" (desk d2 · book b2; same line and carrier, a year before): prior: "d2"' in text
    assert "Gold 25" not in text[text.index("plans:") :]


def test_all_that_is_not_known_yet_is_named_at_once_before_any_call(toys, renewing):
    before = toys.data("book")
    err = toys.fails(2, "link", "Acme", renewing)
    assert "needed before a plan is created in book: lead (Sales lead), source (Source of the business)" in err
    assert f"{renewing}:" in err
    assert toys.data("book") == before


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("lead: an", "lead:", 'needs.book.lead: "an" is not offered; did you mean `ann`?'),
        ("lead: Bob Roy", "lead:", '"Bob Roy" is not offered; did you mean `bob`'),
        ("led: ann", "lead:", "needs.book.led: no such key; did you mean `lead`?"),
        ("lead: [ann]", "lead:", "needs.book.lead: expected one value"),
        ("bok:", "  book:", "needs.bok: no such system gets a copy; did you mean `book`?"),
    ],
)
def test_answers_are_read_strictly(toys, renewing, wrong, right, told):
    path = toys.folder / renewing
    lines = path.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip() == right.strip())
    lines[at] = lines[at].replace(right.strip(), wrong)
    path.write_text("\n".join([*lines, ""]))
    err = toys.fails(2, "link", "Acme", renewing)
    assert f"{renewing}:{at + 1}: " in err
    assert told in err


def test_what_was_answered_is_remembered_with_the_first_copy_and_never_asked_again(toys, renewing):
    toys.ok("link", "Acme", answered(toys, renewing), "--dry-run")
    assert "known" not in toys.data("book")
    toys.ok("link", "Acme", renewing)
    assert toys.data("book")["known"] == {"880": {"office": "1", "lead": "ann", "source": "fair"}}
    toys.change("desk", lambda data: data["plan"].update({"d4": plan("g1", "Dental", "2027-01-01")}))
    toys.ok("link", "Acme", "--out", "later.yaml")
    assert "needs:" not in (toys.folder / "later.yaml").read_text()
    toys.ok("link", "Acme", filled(toys, {("desk", "d4"): "{copy: book, origination: new}"}, "later.yaml"))


def test_nothing_is_remembered_by_a_file_that_copies_nothing_or_is_wrong_elsewhere(toys, renewing):
    assert "known" not in toys.data("book")  # the file that linked two plans suggested an office, too
    answered(toys, renewing)
    path = toys.folder / renewing
    path.write_text(path.read_text().replace('prior: "d2"', 'prior: "d9"'))
    assert "no linked plan of this group has the id d9" in toys.fails(2, "link", "Acme", renewing)
    assert "known" not in toys.data("book")


def test_what_the_system_itself_refuses_is_said_with_file_line_and_key(toys, renewing):
    err = toys.fails(2, "link", "Acme", answered(toys, renewing, source="nowhere"))
    line = (toys.folder / renewing).read_text().splitlines().index("    source: nowhere") + 1
    assert f"{renewing}:{line}: needs.book.source: nowhere is no source" in err
    assert [one["label"] for one in toys("plans", "Acme", "--json").json["unlinked"]] == ["Kaiser Gold"]


def test_a_system_that_cannot_be_asked_stops_the_copies_into_it_and_nothing_else(toys, renewing):
    toys.settings("book", asleep="it sleeps")
    err = toys.fails(3, "link", "Acme", renewing)
    assert "book: it could not be asked what it must know before a plan is created: it sleeps" in err
    path = toys.folder / renewing
    path.write_text(path.read_text().replace(RENEWAL["desk", "d3"], "ignore"))
    assert "note: book: it could not be asked" in toys("link", "Acme", renewing).err


def test_every_value_of_a_copy_is_shown_with_where_it_comes_from(toys, renewing):
    answered(toys, renewing)
    for said in (toys("link", "Acme", renewing, "--dry-run", "--json"), toys("link", "Acme", renewing, "--json")):
        [new] = said.json["created"]
        told = {one["field"]: (one["value"], one["from"]) for one in new["values"]}
        assert told["details.name"] == ("Kaiser Gold", "desk")
        assert told["details.origination"] == ("renewal", "the decision")
        assert told["details.prior_plan"] == ("b2 “Gold 26”", "the decision")
        default = "default of renewal: prior.details.effective_date"
        assert told["details.original_effective_date"] == ("2026-01-01", default)
        assert (new["system"], new["problem"], new["not_sent"]) == ("book", "", [])
    toys.ok("sync", "Acme")
    [made] = [one for one in toys.data("book")["plan"].values() if one["title"] == "Kaiser Gold"]
    assert (made["origin"], made["prior"], made["first"]) == ("Renewal", "b2", "2026-01-01")


def test_a_value_that_a_copy_cannot_take_with_it_is_shown_with_the_reason(toys):
    toys.change("desk", lambda data: data["plan"]["d3"].update({"policy": "P-77"}))
    file = answered(toys, imported(toys, {("desk", "d3"): "{copy: book, origination: new}"}))
    out = toys.ok("link", "Acme", file, "--dry-run")
    assert "not sent, owed or entered by hand (the role may not change policies):" in out
    assert "details.policy_number = P-77" in out
    assert "default of new: details.effective_date" in out


# -- lineage -----------------------------------------------------------------------------------------------------------


def test_plan_years_are_shown_in_chains_with_their_gaps(toys, renewing):
    out = toys.ok("plans", "Acme", "--lineage")
    at = [out.index(text) for text in ("2025-01-01  Gold 25", "->   2026-01-01  Gold 26", "2027-01-01  Kaiser Gold")]
    assert at == sorted(at)
    assert "3 plan years in 2 chains, 0 gaps." in out
    toys.ok("link", "Acme", answered(toys, renewing))
    toys.ok("sync", "Acme")
    [chain] = toys("plans", "Acme", "--lineage", "--json").json["lineage"]
    assert [one["starts"] for one in chain["years"]] == ["2025-01-01", "2026-01-01", "2027-01-01"]
    assert chain["years"][1]["records"] == {"book": "b2", "desk": "d2"}


def test_a_prior_plan_that_is_not_linked_or_not_there_is_a_gap(toys):
    toys.change("book", lambda data: data["plan"]["b1"].update({"prior": "b0"}))
    toys.ok("link", "Acme", imported(toys, {("desk", "d2"): "{link: {book: b2}, sources: book}"}))
    out = toys.ok("plans", "Acme", "--lineage")
    assert "! book names b0 as the plan before it, which is not there" in out
    assert "! the plan before it, book b1, is not linked" in out


def test_n13_a_system_that_is_back_is_asked_again(toys):
    """N13: after an outage `import --create-in --dry-run` asks the system again, and shows what would be created."""
    toys.settings("desk", away="the line is dead")
    assert toys("sync").code == 3
    text = (toys.folder / "syncd.toml").read_text()
    (toys.folder / "syncd.toml").write_text(text.replace('away = "the line is dead"\n', ""))
    out = toys.ok("import", "book", "--number", "A-18", "--create-in", "desk", "--dry-run")
    assert "create in desk" in out
    assert "0 writes" not in out


def test_n13_a_preview_that_could_not_be_made_is_none(toys):
    """N13: while the system is away, the preview says so and ends with 3; nothing is stored."""
    toys.settings("desk", away="the line is dead")
    err = toys.fails(3, "import", "book", "--number", "A-18", "--create-in", "desk", "--dry-run")
    assert "the line is dead" in err
    assert toys("groups", "--json").json["linked"] == []


def test_n22_import_names_the_schema_of_the_file_it_writes(toys):
    """N22: the decision file of `import` begins with the schema line that `link --out` writes."""
    (toys.folder / "schemas").mkdir()
    assert schemas.write(toys.folder / "schemas", ("link",))
    toys.ok("import", "book", "--number", "A-17", "--into", "desk=g1")
    first = (toys.folder / "acme-mining.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schemas/link.schema.json"
    toys.ok("link", "Acme", "--out", "other.yaml")
    assert (toys.folder / "other.yaml").read_text().splitlines()[0] == first
