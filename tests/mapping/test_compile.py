"""What a mapping file may not say, and how it is told: file, line, key, nearest valid name."""

from __future__ import annotations

from datetime import date
from textwrap import dedent, indent

import pytest

from syncd.errors import ConfigError
from syncd.mapping.compile import compile_mapping
from syncd.model.values import EMPTY


def mapping(rows="", sets="", kind="plan", extra=""):
    """A file around rows and sets; the rows begin on line 7, or the sets where there are no rows."""
    body = f"system: acme\ntitle: Acme\nkinds:\n  {kind}:\n    part: main\n{indent(dedent(extra), '    ')}"
    body += f"    rows:\n{indent(dedent(rows), '      ')}" if rows else ""
    body += f"    sets:\n{indent(dedent(sets), '      ')}" if sets else ""
    return body


def refusal(text):
    with pytest.raises(ConfigError) as raised:
        compile_mapping(text, "acme.yaml")
    return str(raised.value)


ROWS = [
    (
        "details.nam: {field: a, codec: text}",
        "7: kinds.plan.rows.details.nam: no field of a plan is called so; did you mean `details.name`?",
    ),
    (
        "rates[2026-01-01].ee: {field: a, codec: money}",
        "7: kinds.plan.rows.rates[2026-01-01].ee: rates are mapped under `sets`",
    ),
    (
        "details.name: {field: a, codec: txt}",
        "7: kinds.plan.rows.details.name.codec: no codec is called 'txt'; did you mean `text`?",
    ),
    ("details.name: {field: a}", "7: kinds.plan.rows.details.name: expected a codec: "),
    ("details.name: {field: a, codec: money}", "codec: Plan name is text, expected code, list, text, text_object"),
    ("details.name: {codec: text}", "expected one of field, fields, pair, constant; got none of them"),
    (
        "details.name: {field: a, constant: b, codec: text}",
        "expected one of field, fields, pair, constant; got field and constant",
    ),
    ("details.name: {fields: [a, b], codec: text}", "winner: several vendor keys need a winner, one of a, b"),
    (
        "details.name: {fields: [aaa, bbb], winner: aab, codec: text}",
        "winner: several vendor keys need a winner, one of aaa, bbb; did you mean `aaa`?",
    ),
    ("details.name: {fields: [a], winner: a, codec: text}", "winner: several vendor keys"),
    ("benefits.lab.in_network: {pair: [a], codec: cost_share_pair}", "pair: expected two vendor keys"),
    (
        "benefits.lab.in_network: {pair: [a, b], codec: cost_share}",
        "a pair of keys and the codec code_pair or cost_share_pair go together",
    ),
    (
        "benefits.lab.in_network: {field: a, codec: cost_share_pair}",
        "a pair of keys and the codec code_pair or cost_share_pair go together",
    ),
    ("details.name: {field: a, codec: text, maxx: 3}", "maxx: codec text has no option 'maxx'; did you mean `max`?"),
    (
        "details.name: {field: a, codec: text, wirtable: false}",
        "codec text has no option 'wirtable'; did you mean `writable`?",
    ),
    ("details.name: {field: a, codec: text, max: many}", "max: expected a whole number, got `many`"),
    ("details.effective_date: {field: a, codec: date, form: mdx}", "form: `mdx` is not one of compact, "),
    (
        "details.metal: {field: a, codec: code, values: {gould: G}}",
        "values.gould: 'gould' is no Metal level; did you mean `gold`?",
    ),
    (
        "details.metal: {field: a, codec: code, values: [G]}",
        "values: expected a mapping of canonical code to the vendor's word, got a list",
    ),
    ("details.metal: {constant: gould}", "constant: 'gould' is no Metal level; did you mean `gold`?"),
    ("details.effective_date: {constant: soon}", "constant: expected a date, got 'soon'"),
    ("details.name: {field: 'a[', codec: text}", "field: not a vendor path: 'a[', from '[' on"),
    (
        "details.name: {field: a, codec: text, required: true, writable: false}",
        "required: a field that cannot be written cannot be required",
    ),
    ("details.name: {field: a, codec: text, when: {'b]': x}}", "when.b]: not a vendor path"),
    (
        "details.name: {field: a, codec: text}\ndetails.network: {field: a, codec: text}",
        "8: kinds.plan.rows.details.network: details.name writes this vendor key too",
    ),
    (
        "details.name: {field: a.b, codec: text}\ndetails.network: {field: a, codec: text}",
        "8: kinds.plan.rows.details.network: details.name writes this vendor key too",
    ),
    (
        (
            "details.name: {field: a, codec: text, when: {k: [x, y]}}\n"
            "details.network: {field: a, codec: text, when: {k: y}}"
        ),
        "details.name writes this vendor key too",
    ),
    ("details.name: {field: a, codec: text, writable: [x]}", "writable"),
]


@pytest.mark.parametrize(("rows", "message"), ROWS)
def test_rows(rows, message):
    assert message in refusal(mapping(rows)), refusal(mapping(rows))
    assert refusal(mapping(rows)).startswith("acme.yaml:")


DATED = "key: {effective: {field: d, codec: date}}"
AMOUNT = "{field: a, codec: money}"
EE = f"cells: {{ee: {AMOUNT}}}"
TIER = "tier: {field: t, codec: tier}"


def block(*parts, section="rates", key=DATED):
    """Write a `sets` block on one line."""
    return f"- {{section: {section}, {', '.join((key, *parts))}}}"


def table(*parts, values=f"'': {AMOUNT}"):
    """Write a `table` on one line."""
    return f"table: {{{', '.join((*parts, f'values: {{{values}}}'))}}}"


GOOD_SETS = block("list: r", f"cells: {{ee: {AMOUNT}}}")
AGE_TABLE = f"{{ages: {{from: a, to: b}}, values: {{'': {AMOUNT}}}}}"
TIER_TABLE = f"{{list: x, {TIER}, values: {{'': {AMOUNT}}}}}"
SETS = [
    (block("list: r", EE, key="key: {}"), "7: kinds.plan.sets.0.key: rates need `effective`"),
    (block(EE, section="rate"), "7: kinds.plan.sets.0.section: expected one of rates, "),
    (block(EE, "lisst: r"), "7: kinds.plan.sets.0.lisst: there is no such key; did you mean `list`?"),
    ("- {section: rates, list: r}", "7: kinds.plan.sets.0.key: this key is missing"),
    (block("list: r"), "key: a set without `cells` or `table` holds nothing"),
    (block("list: r", "parts: true", EE), "parts: a set is an element of a list or a part of its own"),
    (block("remove: true", EE), "remove: only an element of a list can be taken out"),
    (block(EE, key=DATED.replace("codec: date", "codec: text")), "Effective date is date, expected date"),
    (block(EE.replace("ee:", "eee:")), "cells.eee: no cell is called so; did you mean `ee`?"),
    (block(EE.replace("ee:", "effective_date:")), "cells.effective_date: it comes from the key"),
    (block("cells: {ee: {codec: money}}"), "cells.ee: expected one of field"),
    (block(EE, key=DATED[:-1] + ", kind: billed}"), "'billed' is no kind of rate; did you mean `billing`?"),
    (
        block(EE, key=DATED[:-1] + ", variant: {field: v, codec: text}}"),
        "variant: rates are told apart by effective and class",
    ),
    (
        block(EE, section="contributions", key=DATED[:-1] + ", kind: billing}"),
        "kind: contributions are told apart by effective",
    ),
    (
        block("cells: {description: {field: a, codec: text}}", section="benefits"),
        "effective: benefits are told apart by variant",
    ),
    (block(table()), "table.0: a table names its cells by `tier` or by `ages`"),
    (block(table("tier: {field: t, codec: tier, labels: {eex: E}}")), "no tier is called 'eex'; did you mean"),
    (block(table(TIER, values=f"_percnt: {AMOUNT}")), "no cell is called co_percnt"),
    (block(table("ages: {to: b}")), "ages are named by `from` and `to`, or by `band`"),
    (block(table("ages: {from: a, to: b, values: {x: 1}}")), "values.x: expected one of f, m, tobacco, no_tobacco"),
    (block(table("tier: {codec: tier}")), "expected one of field, fields"),
    (block(table(TIER, values="'': {codec: money}")), "expected one of field, fields"),
    (block(f"table: [{AGE_TABLE}, {TIER_TABLE}]"), "where the items themselves are the rows, there is one table"),
    (block("where: {'x]': 1}", EE), "where.x]: not a vendor path"),
    (block(f"cells: {{ee: {AMOUNT}, es: {AMOUNT}}}"), "cells.es: rates[].ee writes this vendor key too"),
    (
        GOOD_SETS + "\n" + GOOD_SETS.replace("list: r", "list: s"),
        "8: kinds.plan.sets.1.cells.ee: rates[].ee is mapped by another block too",
    ),
]


@pytest.mark.parametrize(("sets", "message"), SETS)
def test_sets(sets, message):
    assert message in refusal(mapping(sets=sets)), refusal(mapping(sets=sets))


OTHERS = [
    (
        "system: acme\nkinds: {paln: {}}\n",
        "acme.yaml:2: kinds.paln: expected one of group, plan, got `paln`; did you",
    ),
    ("kinds: {plan: {}}\n", "acme.yaml:1: system: this key is missing"),
    ("- a\n", "acme.yaml: expected a mapping, got a list"),
    (
        mapping(GOOD_ROW := "details.name: {field: a, codec: text}\n", extra="writable: {detials: false}\n"),
        "writable.detials: nothing lies under it; did you mean",
    ),
    (
        mapping(GOOD_ROW, extra="parts: {mian: {create: false}}\n"),
        "parts.mian: no row reads a part of this kind; did you mean `main`?",
    ),
    (
        mapping(GOOD_ROW, extra="template: {mian: {a: 1}}\n"),
        "template.mian: no row reads a part of this kind; did you mean `main`?",
    ),
    (mapping(GOOD_ROW, GOOD_SETS, kind="group"), "kinds.group.sets: a group has no sets"),
    (
        mapping(
            "benefits.lab.in_network: {field: a, codec: cost_share}\n",
            "- {section: benefits, list: b, key: {}, cells: {lab.in_network: {field: a, codec: cost_share}}}",
        ),
        "rows.benefits.lab.in_network: it is mapped under `sets` too",
    ),
]


@pytest.mark.parametrize(("text", "message"), OTHERS)
def test_files(text, message):
    assert message in refusal(text), refusal(text)


def test_all_problems_are_told():
    """N22: a mapping with several mistakes tells all of them, each with its line."""
    told = refusal(mapping("details.nam: {field: a, codec: text}\ndetails.lin: {field: b, codec: code}\n"))
    assert [line.partition(": ")[0] for line in told.splitlines()] == ["acme.yaml:7", "acme.yaml:8"]
    shape = refusal("system: acme\ntitel: x\nkinds: {plan: {row: {}, sets: {}}}\n")
    assert [line.partition(": no ")[0].split(":")[1] for line in shape.splitlines()] == ["2", "3", "3"]


WRITTEN = [
    *("02", "1e3", "0x10", "yes", "on", "True", "2026-01-01", "12:30", "1_000", "007.10", "NULLS", "-05:00"),
    *("=x", "no", "N", "off", "00"),
]


@pytest.mark.parametrize("word", WRITTEN)
def test_a_vendors_word_is_written_as_it_stands_in_the_file(word):
    """B11: `gold: 02` writes 02, whatever other YAML readers would make of it."""
    row = (
        compile_mapping(
            mapping(f"details.metal: {{field: a, codec: code, values: {{gold: {word}, silver: z}}}}\n"), "acme.yaml"
        )
        .lens("plan")
        .rows["details.metal"]
    )
    assert row.codec.put("gold", row.context) == word
    assert row.codec.get(word, row.context) == "gold"


@pytest.mark.parametrize(("word", "means"), [("2", 2), ("true", True), ("'2'", "2"), ("'true'", "true")])
def test_a_vendors_word_may_be_a_number_or_flag(word, means):
    """B11: what JSON writes without quotes is no text where the system speaks JSON; quotes make it one."""
    row = (
        compile_mapping(
            mapping(f"details.metal: {{field: a, codec: code, values: {{gold: {word}, silver: z}}}}\n"), "acme.yaml"
        )
        .lens("plan")
        .rows["details.metal"]
    )
    put = row.codec.put("gold", row.context)
    assert (put, type(put)) == (means, type(means))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("details.metal: {field: a, codec: code, values: {gold: ~}}", "values.gold: expected a word of the vendor"),
        ("details.metal: {field: a, codec: code, values: {gold: {a: b}}}", "expected a word of the vendor"),
        ("details.name: {field: a, codec: text, max: 010}", "max: expected a whole number, got `010`"),
        ("details.name: {field: a, codec: text, max: 0}", "max: expected at least 1"),
        ("details.name: {field: a, codec: text, empty: [x]}", "empty: expected one word, got a list"),
        ("details.effective_date: {field: a, codec: date, utc_offset: -5}", "utc_offset: expected an offset"),
        ("details.effective_date: {field: a, codec: date, sentinels: 0000-00-00}", "sentinels: expected a list"),
        ("details.name: {field: a, codec: text, required: yes}", "required: expected true or false, got `yes`"),
        ("details.name: {field: a, codec: !!python/name:os.system text}", "the type tag:yaml.org"),
    ],
)
def test_an_option_that_would_say_nothing_is_refused(row, said):
    """B15: an option that cannot count as it stands is refused with its line, never ignored."""
    told = refusal(mapping(row + "\n"))
    assert told.startswith("acme.yaml:7: ")
    assert said in told


@pytest.mark.parametrize(
    "said", ["0000-00-00", "00/00/0000", "'0000-00-00'", "0000-00-00T00:00:00", "12/31/9999", "None yet"]
)
def test_a_sentinel_counts_though_no_calendar_has_it(said):
    """B15: the dates that mean none count in every spelling, whether or not they are dates."""
    row = (
        compile_mapping(
            mapping(f"details.effective_date: {{field: a, codec: date, sentinels: [{said}]}}\n"), "acme.yaml"
        )
        .lens("plan")
        .rows["details.effective_date"]
    )
    plain = said.strip("'")
    same = (
        {"0000-00-00", "00/00/0000", "0000-00-00T00:00:00", "0000-00-00 00:00"} if plain.startswith("00") else {plain}
    )
    assert {row.codec.get(text, row.context) for text in same} == {EMPTY}
    assert row.codec.get("2026-01-01", row.context) == date(2026, 1, 1)


@pytest.mark.parametrize("said", ["true", "'true'"])
def test_an_option_of_few_words_counts_with_and_without_quotes(said):
    """B11: `sorted: true` sorts, as `sorted: "true"` does."""
    row = compile_mapping(mapping(f"details.states: {{field: a, codec: list, sorted: {said}}}\n"), "acme.yaml")
    assert row.lens("plan").rows["details.states"].context.options["sorted"] == "true"


def test_a_kind_that_is_not_mapped():
    compiled = compile_mapping(mapping(GOOD_ROW), "acme.yaml")
    assert compiled.kinds == ("plan",)
    assert compiled.title == "Acme"
    with pytest.raises(ConfigError, match="no group records are mapped"):
        compiled.lens("group")


def test_row_digests_follow_the_rows():
    """A changed row changes its own digest and the lens's; a note changes none; a set's key changes all of its rows."""

    def digests(rows=GOOD_ROW, sets=GOOD_SETS):
        compiled = compile_mapping(mapping(rows, sets), "acme.yaml")
        return compiled.row_digests["plan"], compiled.lens("plan").digest

    rows, lens = digests()
    assert set(rows) == {"details.name", "rates[].effective_date", "rates[].ee"}
    assert digests() == (rows, lens)
    assert digests(GOOD_ROW.replace("codec: text", "codec: text, note: The one on the card."))[0] == rows
    longer, other = digests(GOOD_ROW.replace("codec: text", "codec: text, max: 9"))
    assert longer["details.name"] != rows["details.name"]
    assert longer["rates[].ee"] == rows["rates[].ee"]
    assert other != lens
    moved, _ = digests(sets=GOOD_SETS.replace("list: r", "list: s"))
    assert moved["rates[].ee"] != rows["rates[].ee"]
    assert moved["details.name"] == rows["details.name"]
