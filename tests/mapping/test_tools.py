"""Finding mapping files, showing the sync map, trying codecs, checking a mapping on samples."""

from __future__ import annotations

import dataclasses
import os
from decimal import Decimal

import pytest

from syncd.errors import ConfigError, MappingError
from syncd.mapping.check import check
from syncd.mapping.codecs.base import Loss
from syncd.mapping.flat import FlatLens
from syncd.mapping.generic import GenericLens
from syncd.mapping.laws import Breach, applied, breaches
from syncd.mapping.lens import Putting
from syncd.mapping.live import against
from syncd.mapping.load import load_mapping, mapping_names
from syncd.mapping.record_lens import RecordLens
from syncd.mapping.schema import mapping_schema, write_schema
from syncd.mapping.show import show
from syncd.mapping.trial import Row, try_codec
from syncd.model.records import Part, Record
from syncd.model.values import EMPTY, Unparsed
from tests.mapping.worlds import DATA

OWN = """\
system: acme
kinds: {plan: {rows: {details.name: {field: name, codec: text}, details.network: {field: net, codec: text}}}}
"""


# -- load -------------------------------------------------------------------------------------------------------------


def test_load_by_name_by_path_and_from_a_folder_of_ones_own(tmp_path):
    file = tmp_path / "crm.yaml"
    assert load_mapping("crm").system == "crm"
    file.write_text(OWN, encoding="utf-8")
    assert load_mapping("crm", tmp_path).system == "acme"
    assert load_mapping(file).system == "acme"
    assert load_mapping(str(file)).title == "acme"
    assert load_mapping("quote", tmp_path).system == "quote"
    assert {"crm", "quote"} <= set(mapping_names(tmp_path))
    assert "nested" in mapping_names(DATA)


def test_a_file_is_compiled_anew_when_it_changed(tmp_path):
    file = tmp_path / "acme.yaml"
    file.write_text(OWN, encoding="utf-8")
    before = load_mapping(file)
    assert load_mapping(file) is before
    file.write_text(OWN.replace("system: acme", "system: other"), encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert load_mapping(file).system == "other"


def test_what_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="no mapping is called 'quot'; did you mean `quote`") as raised:
        load_mapping("quot")
    assert "crm" in raised.value.hint
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")


# -- show -------------------------------------------------------------------------------------------------------------


def test_show_prints_the_rows_that_run():
    rows = {(row.kind, row.path, row.codec): row for row in show(load_mapping(DATA / "nested.yaml"))}
    name = rows["plan", "details.name", "text"]
    assert (name.part, name.field, name.direction, name.title, name.reason) == ("plan", "name", "both", "Plan name", "")
    assert rows["plan", "details.carrier", "text"].direction == "read"
    assert rows["plan", "details.carrier", "text"].reason == "Carriers are chosen from the carrier list."
    assert rows["plan", "details.line", "code"].direction == "create"
    assert rows["plan", "details.renewal_date", "date"].field == "nextRenewal + renewalOn"
    assert rows["plan", "details.market", "constant"].field == ""
    assert rows["plan", "details.market", "constant"].note.startswith("This installation")
    assert rows["plan", "rates[].<tier>", "money"].field == "rates.sets[].tiers[].rate"
    assert rows["plan", "rates[].<class>", "text"].field == "rates.sets[].class_ref"
    assert rows["plan", "contributions[].<tier>_percent", "percent"].title == ""
    assert rows["plan", "benefits.<variant>", "text"].field == "benefits.variants[].id"
    assert rows["group", "details.name", "text"].kind == "group"
    wide = {row.path: row for row in show(load_mapping(DATA / "wide.yaml")) if row.kind == "plan"}
    assert wide["contributions[].effective_date"].field == "Effective"
    parts = {row.path: row for row in show(load_mapping(DATA / "parts.yaml"))}
    assert parts["rates[].<age>"].field == "amount"


# -- try --------------------------------------------------------------------------------------------------------------


def test_try():
    assert try_codec("money", ["$512.40", "ask", ""]) == [
        Row("$512.40", "512.40", "512.40", understood=True),
        Row("ask", "", "", understood=False),
        Row("", "", "", understood=True),
    ]
    assert try_codec("date", ["1/1/2026"], {"form": "compact"}) == [
        Row("1/1/2026", "2026-01-01", "20260101", understood=True)
    ]
    assert (
        try_codec("frequency", ["weekly"], {"labels": {"monthly": "M"}})[0].formatted
        == "(the target has no label for 'weekly_52')"
    )
    with pytest.raises(ConfigError, match="no codec is called 'mony'; did you mean `money`"):
        try_codec("mony", [])
    with pytest.raises(ConfigError, match="money has no option 'stile'; did you mean `style`"):
        try_codec("money", [], {"stile": "cents"})
    with pytest.raises(ConfigError, match="expected an offset"):
        try_codec("date", [], {"utc_offset": -5})


# -- schema -----------------------------------------------------------------------------------------------------------


def test_schema(tmp_path):
    schema = mapping_schema()
    row = schema["$defs"]["RowSpec"]
    assert "cost_share" in row["properties"]["codec"]["enum"]
    assert "money: cents" in row["properties"]["style"]["description"]
    assert row["additionalProperties"] is False
    assert (
        "details.effective_date"
        in schema["$defs"]["KindSpec"]["properties"]["rows"]["propertyNames"]["anyOf"][0]["enum"]
    )
    assert write_schema(tmp_path).read_bytes().endswith(b"}\n")


# -- check ------------------------------------------------------------------------------------------------------------


def record(**data):
    return Record("plan", f"p-{data.get('name')}", (Part("plan", "1", data),))


def test_check_finds_rows_that_never_find_anything(tmp_path):
    file = tmp_path / "acme.yaml"
    file.write_text(OWN, encoding="utf-8")
    mapping = load_mapping(file)
    assert check(mapping, {}) == []
    assert check(mapping, {"plan": []}) == []
    assert check(mapping, {"plan": [record(name="a", net="n"), record(name="b")]}) == []
    (finding,) = check(mapping, {"plan": [record(name="a", net=""), record(name="b")]})
    assert str(finding) == f"{file}:2: plan details.network: empty on all 2 samples"
    assert str(dataclasses.replace(finding, line=None)).startswith(f"{file}: plan")
    assert finding.level == "note"


def test_only_what_cannot_work_is_an_error(tmp_path):
    """N8: a field nobody filled in is a note, a key that no record has a warning, one that is not there an error."""
    file = tmp_path / "acme.yaml"
    file.write_text(OWN, encoding="utf-8")
    mapping = load_mapping(file)
    bare = {"plan": [record(name="a"), record(name="b")]}
    assert [(one.level, one.what) for one in check(mapping, bare)] == [("warning", "key")]
    fits = {"plan": {"plan": {"name": "text", "net": "text"}}}
    assert [(one.level, one.what) for one in check(mapping, bare, fits)] == [("note", "empty")]
    (lacks, _) = check(mapping, bare, {"plan": {"plan": {"name": "text", "city": "text"}}})
    assert (lacks.level, lacks.what, lacks.message) == (
        "error",
        "field",
        "there is no net",
    )
    assert [str(one).partition(":")[0] for one in against(mapping.lens("plan"), {"plan": {"name": "text"}})] == [
        "details.network"
    ], "the same judge as doctor's"


def test_checking_many_records_tries_each_value_alone_only_a_few_times(monkeypatch, tmp_path):
    """N8: the time of a check grows with the records, not with the records times their fields."""
    file = tmp_path / "acme.yaml"
    file.write_text(OWN, encoding="utf-8")
    mapping = load_mapping(file)
    puts = []
    put = RecordLens.put
    monkeypatch.setattr(RecordLens, "put", lambda *words: puts.append(1) or put(*words))
    counted = []
    for number in (50, 100):
        puts.clear()
        assert not check(mapping, {"plan": [record(name=f"n{at}", net=f"m{at % 7}") for at in range(number)]})
        counted.append(len(puts))
    assert counted[1] - counted[0] <= 50 * 5


def test_check_counts_what_was_not_understood():
    mapping = load_mapping(DATA / "nested.yaml")
    sample = Record(
        "plan",
        "p",
        (
            Part(
                "plan",
                "1",
                {
                    "metal": "TIN",
                    "rates": {
                        "sets": [
                            {"primary": True, "effective_date": "2026-01-01", "tiers": [{"tier": "odd", "rate": "1"}]}
                        ]
                    },
                },
            ),
        ),
    )
    warnings = [finding for finding in check(mapping, {"plan": [sample, sample]}) if finding.what == "text"]
    assert [(finding.row, finding.message, finding.line) for finding in warnings] == [
        ("details.metal", "not understood in 2 of 2 samples: 'TIN'", 29),
        ("rates[2026-01-01].unknown_odd", "not understood in 2 of 2 samples: 'odd: 1'", None),
    ]


def test_check_reports_a_law_once_for_each_row(monkeypatch):
    def broken(_lens, _record, _donors, alone):
        yield Breach("put(get(r), r) == r", "details.name", "rewritten")

    monkeypatch.setattr("syncd.mapping.check.breaches", broken)
    sample = Record(
        "group",
        "g",
        (
            Part(
                "group",
                "1",
                {"name": "a", "status": "ACTIVE", "address": {"zip.code": "07030"}, "counts": {"eligible": 3}},
            ),
        ),
    )
    (finding,) = check(load_mapping(DATA / "nested.yaml"), {"group": [sample, sample]})
    assert finding.message == "put(get(r), r) == r does not hold in record g: rewritten"
    assert finding.line == 10


# -- laws: each one can be seen to break ------------------------------------------------------------------------------


class Broken(GenericLens):
    """An identity that breaks one promise."""

    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    def get(self, record):
        flat = super().get(record)
        if self.fault == "not created" and not record.id:
            return {}
        return flat

    def put(self, record, changes, accept=frozenset()):
        if self.fault == "rewrites" and changes == self.get(record):
            return Putting(record.parts)
        if self.fault == "loses what it holds" and changes == self.get(record):
            return Putting((), {"x": Loss("1", None, "cannot")})
        if self.fault == "writes what it did not understand" and any(
            isinstance(value, Unparsed) for value in changes.values()
        ):
            return Putting(record.parts)
        if self.fault == "promises" and changes != self.get(record):
            return Putting((), {path: Loss(value, "near", "rounds") for path, value in changes.items()})
        if self.fault == "ignores":
            return Putting(())
        putting = super().put(record, changes, accept)
        if self.fault == "drops" and putting.parts:
            return Putting(
                (Part("record", "1", {path: part for path, part in putting.parts[0].data.items() if path != "y"}),)
            )
        return putting

    def new(self, values, accept=frozenset()):
        if self.fault == "creates nothing":
            raise MappingError
        return super().new(values, accept)


@pytest.mark.parametrize(
    ("fault", "laws"),
    [
        ("none", set()),
        ("rewrites", {"put(get(r), r) == r"}),
        ("loses what it holds", {"put(get(r), r) == r"}),
        ("writes what it did not understand", {"never write what was not understood", "put(get(r), r) == r"}),
        ("promises", {"an accepted loss is written as its nearest value"}),
        ("ignores", {"get(put(v, r)) == v", "get(new(v)) == v"}),
        ("drops", {"other fields survive", "get(put(v, r)) == v", "get(new(v)) == v"}),
        ("not created", {"get(new(v)) == v"}),
        ("creates nothing", set()),
    ],
)
def test_each_law_can_be_seen_to_break(fault, laws):
    sample = Record("generic", "1", (Part("record", "1", {"x": "1", "y": "2", "odd": [1]}),))
    found = {
        breach.law
        for breach in breaches(Broken(fault), sample, [{"x": "3", "y": "2", "odd": Unparsed("[2]"), "z": EMPTY}])
    }
    assert found == laws


@pytest.mark.parametrize(
    ("kept", "laws"), [("520", set()), ("521", {"an accepted loss is written as its nearest value"})]
)
def test_a_system_that_rounds_keeps_the_laws_when_it_keeps_what_its_lens_promised(kept, laws):
    class Rounding(FlatLens):
        def text(self, value):
            return kept if value == Decimal(520) else super().text(value)

    lens = Rounding("plan", nearest=lambda _path, value: round(value) if isinstance(value, Decimal) else value)
    sample = Record("plan", "1", (Part("record", "1", {"rates[2026-01-01].ee": "512"}),))
    assert {breach.law for breach in breaches(lens, sample, [{"rates[2026-01-01].ee": Decimal("520.45")}])} == laws


def test_applied_puts_parts_where_they_belong():
    before = Record("plan", "p", (Part("a", "1", {"x": 1}), Part("a", "2", {"x": 2})), "g")
    after = applied(before, Putting((Part("a", "2", {"x": 3}), Part("b", "", {}))))
    assert [(part.kind, part.id, part.data) for part in after.parts] == [
        ("a", "1", {"x": 1}),
        ("a", "2", {"x": 3}),
        ("b", "", {}),
    ]
    assert after.group == "g"
