# ruff: noqa: E501 - a row of a table is one line
"""Rules: which one holds where, under which name, and what is refused when they are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import ConfigError
from syncd.reconcile.rules import MergeRule, Place, Rules

SYSTEMS = ("crm", "quote", "pay-roll", "web")
RATE = "rates[2026-01-01].ee"


def at(raw: Any, path: str = "details.name", editors: tuple[str, ...] = (), **place: Any) -> MergeRule:
    """Find what holds at a place."""
    return Rules(raw, SYSTEMS).at(Place(path, editors=frozenset(editors), **place))


def owned(system: str) -> dict[str, str]:
    return {"source_of_truth": system}


ALL = {
    "links": {"l1": owned("crm")},
    "groups": {"acme": owned("quote")},
    "pairs": {"crm+quote": owned("web")},
    "default": owned("pay-roll"),
}
SCOPES = [
    ("a link goes before everything", {"link": "l1", "group": "acme", "editors": ("crm", "quote")}, "crm", "links.l1"),
    ("a group goes before a pair", {"group": "acme", "editors": ("crm", "quote")}, "quote", "groups.acme"),
    ("a pair goes before the default", {"editors": ("crm", "quote")}, "web", "pairs.crm+quote"),
    ("a pair needs exactly these two", {"editors": ("crm", "quote", "web")}, "pay-roll", "default"),
    ("a pair needs both of them", {"editors": ("crm",)}, "pay-roll", "default"),
    ("a link may be named by its label", {"link_label": "l1"}, "crm", "links.l1"),
    ("the default holds elsewhere", {"link": "l2", "group": "other"}, "pay-roll", "default"),
]


@pytest.mark.parametrize(("why", "place", "owner", "name"), SCOPES, ids=[row[0] for row in SCOPES])
def test_scopes_go_links_groups_pairs_default(why: str, place: dict[str, Any], owner: str, name: str) -> None:
    rule = at(ALL, **place)
    assert (rule.source_of_truth, rule.name("source_of_truth")) == (owner, name), why


LEVELS = [
    ("a field goes before its section", {"fields": {RATE: owned("crm")}, "sections": {"rates": owned("web")}}, RATE, "crm"),
    ("a section goes before all", {"sections": {"rates": owned("web")}, "all": owned("crm")}, RATE, "web"),
    ("plain settings are `all`", {"sections": {"rates": owned("web")}, **owned("crm")}, "details.name", "crm"),
    ("an atom's name covers its cells", {"fields": {"rates[2026-01-01]": owned("crm")}, **owned("web")}, RATE, "crm"),
    ("the long spelling of a path is the short one", {"fields": {"rates[premium;*;2026-01-01]": owned("crm")}}, RATE, "crm"),
    ("a prefix covers what lies below", {"fields": {"rates": owned("crm")}, **owned("web")}, RATE, "crm"),
    ("a prefix ends at a name", {"fields": {"details.na": owned("crm")}, **owned("web")}, "details.name", "web"),
    ("a pattern covers what it fits", {"fields": {"rates[2026-*].*": owned("crm")}, **owned("web")}, RATE, "crm"),
    ("brackets are no character class", {"fields": {"rates[2026-01-01].[ef]e": owned("crm")}, **owned("web")}, RATE, "web"),
    ("an exact field goes before a pattern", {"fields": {"*": owned("web"), RATE: owned("crm")}}, RATE, "crm"),
    ("the order in the file means nothing", {"fields": {RATE: owned("crm"), "*": owned("web")}}, RATE, "crm"),
    ("no hit leaves the built-in", {"fields": {"details.carrier": owned("crm")}}, RATE, None),
]  # fmt: skip


def test_a_field_rule_may_name_an_atom_of_generic_records() -> None:
    """A table with a single cell left is still that table."""
    raw = {"default": {"fields": {"table": owned("crm")}, **owned("web")}}
    assert at(raw, "rate_ee", atom="table").source_of_truth == "crm"
    assert at(raw, "rate_ee").source_of_truth == "web"
    rules = Rules(raw, SYSTEMS)
    assert rules.at(Place("rate_ee")).source_of_truth == "web"
    assert rules.at(Place("rate_ee", atom="table")).source_of_truth == "crm", "one is not remembered for the other"


@pytest.mark.parametrize("scope", ["default", "groups"])
@pytest.mark.parametrize(("why", "body", "path", "owner"), LEVELS, ids=[row[0] for row in LEVELS])
def test_inside_a_scope_fields_go_before_sections_before_all(
    why: str, body: dict[str, Any], path: str, owner: str | None, scope: str
) -> None:
    raw = {"default": body} if scope == "default" else {"groups": {"acme": body}}
    assert at(raw, path, group="acme").source_of_truth == owner, why


def test_the_first_hit_counts_for_each_setting_apart() -> None:
    """A narrow rule that says one thing leaves the others to wider ones."""
    raw = {
        "links": {"Gold": {"blanks": "overwrite"}},
        "groups": {"acme": {"sections": {"rates": {"on_conflict": "newest"}}, "blanks": "keep"}},
        "default": {"on_conflict": "ask", "mode": "mirror", "source_of_truth": "crm", "on_drift": "overwrite"},
    }
    rule = at(raw, RATE, link="x", link_label="Gold", group="acme")
    assert rule == MergeRule("newest", "crm", "mirror", "overwrite", "overwrite")
    names = {setting: rule.name(setting) for setting in ("blanks", "on_conflict", "mode", "on_missing", "operations")}
    assert names == {
        "blanks": "links.Gold",
        "on_conflict": "groups.acme.sections.rates",
        "mode": "default",
        "on_missing": "built-in on_missing: ask",
        "operations": "built-in operations: create, update",
    }


@pytest.mark.parametrize(
    "key",
    ["crm+quote", "quote+crm", "crm / quote", "crm, quote", "crm quote", "crm <> quote", "crm & quote", "crm|quote"],
)
def test_a_pair_is_spelled_as_people_write(key: str) -> None:
    assert at({"pairs": {key: owned("web")}}, editors=("quote", "crm")).source_of_truth == "web"


def test_a_name_may_hold_the_mark_of_a_pair() -> None:
    """`pay-roll` is one system, so `pay-roll-crm` is a pair of two."""
    raw = {"pairs": {"pay-roll-crm": owned("web")}}
    assert at(raw, editors=("pay-roll", "crm")).source_of_truth == "web"
    assert Rules({"pairs": {"one+two": owned("one")}}).at(Place("x", editors=frozenset({"two", "one"}))).source_of_truth


REFUSED: list[tuple[str, Any, str]] = [
    ("an unknown scope", {"defaults": {}}, "rules.defaults: there is no such key; did you mean `default`?"),
    ("an unknown setting", {"default": {"on_conflikt": "ask"}}, "did you mean `on_conflict`?"),
    ("an unknown setting of a section", {"default": {"sections": {"rates": {"blank": "keep"}}}}, "rules.default.sections.rates.blank: there is no such key; did you mean `blanks`?"),
    ("a level in a level", {"default": {"all": {"fields": {}}}}, "rules.default.all.fields: there is no such key"),
    ("an unknown word", {"default": {"on_conflict": "newset"}}, "rules.default.on_conflict: `newset` is not one of ask, source_of_truth, newest; did you mean `newest`?"),
    ("an unknown operation", {"default": {"operations": ["create", "delete"]}}, "`delete` is not one of create, update"),
    ("an unknown system", {"default": owned("qoute")}, "rules.default.source_of_truth: `qoute` is not one of crm, quote, pay-roll, web; did you mean `quote`?"),
    ("an unknown system to copy to", {"default": {"to": "qoute"}}, "rules.default.to: `qoute`"),
    ("a system that is no name", {"default": owned(["crm"])}, "rules.default.source_of_truth"),
    ("an unknown system of a pair", {"pairs": {"crm+qoute": {}}}, "rules.pairs.crm+qoute: `qoute`"),
    ("a pair of one", {"pairs": {"crm": {}}}, "rules.pairs.crm: this does not name two systems; write it as `crm+quote`"),
    ("a pair of one with itself", {"pairs": {"crm+crm": {}}}, "rules.pairs.crm+crm: this does not name two systems"),
    ("a pair of three", {"pairs": {"crm+quote+web": {}}}, "does not name two systems"),
    ("a pair twice", {"pairs": {"crm+quote": {}, "quote, crm": {}}}, "rules.pairs.quote, crm: `quote, crm` and `crm+quote` name the same pair; keep one of them"),
    ("a setting beside `all` and in it", {"default": {"mode": "mirror", "all": {"mode": "two_way"}}}, "rules.default.all.mode: `mode` stands beside `all` and in it"),
    ("a scope that is no mapping", {"groups": ["acme"]}, "rules.groups: expected a mapping, got a list"),
    ("a body that is no mapping", {"groups": {"acme": "ask"}}, "rules.groups.acme: expected a mapping, got `ask`"),
    ("a condition that is no mapping", {"default": {"when": "x"}}, "rules.default.when: expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "raw", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_p27_what_cannot_be_meant_is_refused_with_the_nearest_name(why: str, raw: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Rules(raw, SYSTEMS)
    assert said in str(caught.value), why
    assert caught.value.hint


def test_without_known_systems_any_name_is_one() -> None:
    """Rules may be read before the systems are known; what is no name at all is refused even then."""
    assert Rules({"default": owned("any")}).at(Place("x")).source_of_truth == "any"
    with pytest.raises(ConfigError, match=r"expected the name of a system, got `3`$"):
        Rules({"default": {"source_of_truth": 3}})


EQUAL: list[tuple[str, Any]] = [
    ("two patterns", {"default": {"fields": {"details.*": owned("crm"), "*.name": owned("web")}}}),
    ("a prefix and a pattern", {"groups": {"acme": {"fields": {"details": owned("crm"), "d*": owned("web")}}}}),
    ("a link's id and its label", {"links": {"l1": owned("crm"), "Gold": owned("web")}}),
]


@pytest.mark.parametrize(("why", "raw"), EQUAL, ids=[row[0] for row in EQUAL])
def test_two_equal_hits_are_a_configuration_error(why: str, raw: Any) -> None:
    """Neither goes first by its place in the file."""
    with pytest.raises(ConfigError, match=r"both hit details\.name and differ; make one") as caught:
        at(raw, link="l1", link_label="Gold", group="acme")
    assert "source_of_truth` and `" in str(caught.value)


def test_two_equal_hits_that_say_the_same_or_were_decided_before_are_none() -> None:
    same = {"default": {"fields": {"details.*": owned("crm"), "*.name": owned("crm")}}}
    assert at(same).source_of_truth == "crm"
    narrower = {"links": {"l1": owned("pay-roll")}, **EQUAL[0][1]}
    assert at(narrower, link="l1").source_of_truth == "pay-roll"
    exact = {"default": {"fields": {**EQUAL[0][1]["default"]["fields"], "details.name": owned("quote")}}}
    assert at(exact).source_of_truth == "quote"


@pytest.mark.parametrize(
    ("why", "when", "status", "holds"),
    [
        ("the value is the one named", {"details.status": "active"}, "active", True),
        ("the value is another", {"details.status": "active"}, "quoted", False),
        ("one of several", {"details.status": ["active", "sold"]}, "sold", True),
        ("none of several", {"details.status": ["active", "sold"]}, "quoted", False),
        ("every condition must hold", {"details.status": "active", "details.line": "dental"}, "active", False),
    ],
)
def test_a_conditional_rule_holds_while_its_values_do(why: str, when: Any, status: str, holds: bool) -> None:
    raw = {"default": {"sections": {"details": {"when": when, **owned("crm")}}, **owned("web")}}
    held = {"details.status": status, "details.line": "medical"}
    assert at(raw, value_of=held.__getitem__).source_of_truth == ("crm" if holds else "web"), why


def test_a_conditional_rule_is_asked_anew_each_time() -> None:
    """What held for one link says nothing about the next."""
    rules = Rules({"default": {"when": {"x": "1"}, **owned("crm")}}, SYSTEMS)
    assert rules.at(Place("x", value_of=lambda _: "1")).source_of_truth == "crm"
    assert rules.at(Place("x", value_of=lambda _: "2")).source_of_truth is None


KNOWN = ("plan", "group")


def told(raw: Any) -> str:
    """Say what is wrong with rules about plans and groups; nothing when they are taken."""
    try:
        Rules(raw, SYSTEMS, kinds=KNOWN)
    except ConfigError as error:
        return str(error)
    return ""


FLAGS = ["true", "True", "TRUE", "yes", "Yes", "y", True]


@pytest.mark.parametrize("written", FLAGS)
@pytest.mark.parametrize("held", ["true", "false", ""])
def test_a_condition_compares_through_the_type_of_its_field(written: Any, held: str) -> None:
    """B11: `true`, `True` and `yes` of a flag are one value; whatever is taken holds."""
    rules = Rules({"default": {"when": {"details.voluntary": written}, **owned("crm")}}, SYSTEMS, kinds=KNOWN)
    found = rules.at(Place("details.name", value_of={"details.voluntary": held}.__getitem__))
    assert (found.source_of_truth == "crm") is (held == "true")


TYPED: list[tuple[str, Any, str, bool]] = [
    ("rates[2026-01-01].ee", "512.4", "512.40", True),
    ("rates[2026-01-01].ee", "$1,512.40", "1512.4", True),
    ("details.effective_date", "2026-01-01", "2026-01-01", True),
    ("details.hios_variant", "01", "01", True),
    ("details.hios_variant", "01", "1", False),
    ("details.line", "medical", "medical", True),
    ("details.line", None, "", True),
    ("details.line", ["dental", "medical"], "medical", True),
    ("details.metal", "!na", "Not Applicable", True),
    ("benefits.deductible.individual.in_network", "$1,500", "$1,500.00", True),
    ("details.custom.colour", "0x10", "0x10", True),
    ("details.custom.colour", "0x10", "16", False),
]


@pytest.mark.parametrize(("path", "written", "held", "holds"), TYPED)
def test_conditions_of_every_type(path: str, written: Any, held: str, holds: bool) -> None:
    """B11: what a person wrote and what a plan holds are compared as values of that field."""
    rules = Rules({"default": {"when": {path: written}, **owned("crm")}}, SYSTEMS, kinds=KNOWN)
    assert (rules.at(Place("details.name", value_of={path: held}.__getitem__)).source_of_truth == "crm") is holds


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"when": {"details.voluntary": "on"}}, "details.voluntary: expected yes or no, got `on`"),
        ({"when": {"details.voluntary": "1e3"}}, "expected yes or no"),
        ({"when": {"details.effective_date": "1/1/2026"}}, "expected a date"),
        ({"when": {"details.line": "Medical"}}, "did you mean `medical`?"),
        ({"when": {"details.line": ["medical", "Dental"]}}, "details.line.1: `Dental` is not one of"),
        ({"when": {"details.line": {"a": "b"}}}, "expected one value"),
        ({"when": {"details.voluntry": "true"}}, "no field is called so; did you mean `details.voluntary`?"),
        ({"when": {"details.*": "x"}}, "one field belongs here, no pattern"),
        ({"when": {"voluntary": "yes"}}, "did you mean `details.voluntary`?"),
        ({"sections": {"rate": {"blanks": "keep"}}}, "did you mean `rates`?"),
        ({"fields": {"details.nmae": {"blanks": "keep"}}}, "did you mean `details.name`?"),
        ({"fields": {"detials.*": {"blanks": "keep"}}}, "no field is called so"),
        ({"fields": {"rates[2026-01-01].employee": {"blanks": "keep"}}}, "no field is called so"),
        ({"on_conflict": "True"}, "default.on_conflict: `True` is not one of"),
    ],
)
def test_what_would_never_hold_is_refused(raw: Any, said: str) -> None:
    """B11: an unknown path, section, word or value is refused with its key and the nearest word, never taken silently."""
    assert said in told({"default": raw}), told({"default": raw})


@pytest.mark.parametrize(
    "target",
    [
        *("*", "details", "details.*", "details.custom.*", "details.custom.colour", "*.name", "rates"),
        *("rates[2026-01-01]", "rates[*].ee", "rates[2026-*].*", "rates[billing;*;2026-01-01].ee"),
        *("rates[*].age_30_34", "rates[*].age_*", "benefits.*", "benefits.acupuncture.in_network"),
        *("benefits[PPO].deductible.individual.in_network", "benefits.deductible", "benefits.primary_care.*"),
        *("contributions[2026-01-01].ee", "eligibility.*", "details.tax_id_last4"),
    ],
)
def test_every_field_atom_beginning_and_pattern_is_taken(target: str) -> None:
    """B11: what covers some field of a plan or group is no mistake."""
    assert told({"default": {"fields": {target: {"blanks": "keep"}}}}) == ""


def test_all_mistakes_of_the_rules_are_told() -> None:
    """N22: rules with five mistakes tell five."""
    raw = {
        "default": {"mode": "mirrored", "when": {"details.lin": "x"}, "sections": {"rates": {"blank": "keep"}}},
        "pairs": {"crm+qoute": {}},
        "link": {},
    }
    assert len(told(raw).splitlines()) == 5


SOURCES = [
    ("a source named when linking decides conflicts", {}, "crm", "source_of_truth"),
    ("a rule that asks goes first", {"default": {"on_conflict": "ask"}}, "crm", "ask"),
    ("a rule that names an owner goes first", {"default": {**owned("web"), "on_conflict": "source_of_truth"}}, "web", "source_of_truth"),
    ("a rule that only names an owner asks", {"default": owned("web")}, "web", "ask"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "raw", "owner", "on_conflict"), SOURCES, ids=[row[0] for row in SOURCES])
def test_the_source_named_when_linking_is_the_default_for_conflicts(
    why: str, raw: Any, owner: str, on_conflict: str
) -> None:
    rule = at(raw, RATE, sources={"rates": "crm"})
    assert (rule.source_of_truth, rule.on_conflict) == (owner, on_conflict), why
    if not raw:
        assert rule.name("on_conflict") == rule.name("source_of_truth") == "link decision: rates from crm"
    assert at(raw, "details.name", sources={"rates": "crm"}) == at(raw, "details.name")


def test_one_operation_may_stand_alone_and_the_skew_is_handed_on() -> None:
    assert at({"default": {"operations": "create"}}).operations == ("create",)
    assert at({"default": {"operations": ["create", "update"]}}).operations == ("create", "update")
    assert at({"default": {"operations": []}}).operations == ()
    assert Rules({}, SYSTEMS, skew_s=30.0).at(Place("x")).skew_s == 30.0


def test_empty_scopes_and_levels_say_nothing() -> None:
    assert at({"default": {}, "links": None, "groups": {"acme": {"fields": None, "all": None}}}) == MergeRule()


bodies = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.dictionaries(
            st.sampled_from(["details.name", RATE]), st.sampled_from([owned("crm"), {"blanks": "overwrite"}])
        ),
        "sections": st.dictionaries(
            st.sampled_from(["details", "rates"]), st.sampled_from([owned("web"), {"mode": "mirror"}])
        ),
        "on_conflict": st.sampled_from(["ask", "newest", "source_of_truth"]),
    },
)
raws = st.fixed_dictionaries(
    {},
    optional={
        "links": st.dictionaries(st.sampled_from(["l1", "l2"]), bodies),
        "groups": st.dictionaries(st.sampled_from(["acme", "other"]), bodies),
        "pairs": st.dictionaries(st.sampled_from(["crm+quote", "crm+web"]), bodies),
        "default": bodies,
    },
)
places = st.builds(
    Place,
    st.sampled_from(["details.name", RATE, ""]),
    st.sampled_from(["l1", "l2", "l3"]),
    st.just("Gold"),
    st.sampled_from(["acme", "other", "third"]),
    st.frozensets(st.sampled_from(["crm", "quote", "web"])),
    st.dictionaries(st.sampled_from(["details", "rates"]), st.sampled_from(["crm", "web"])),
)


@given(raw=raws, asked=st.lists(places, max_size=6))
def test_a_remembered_rule_is_the_one_that_would_be_found(raw: Any, asked: list[Place]) -> None:
    """Whatever was asked before, a place gets the rule that it would get alone, with the same names."""
    rules = Rules(raw, SYSTEMS)
    for place in asked:
        alone = Rules(raw, SYSTEMS).at(place)
        assert rules.at(place) == alone
        assert rules.at(place).names == alone.names
