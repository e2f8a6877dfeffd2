"""What a mapping file may not say, and how it is told: file, line, key, nearest valid name."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from syncd.errors import ConfigError
from syncd.mapping.compile import compile_mapping


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
    ("details.nam: {field: a, codec: text}", "7: kinds.plan.rows.details.nam: no field of a plan is called so; did you mean details.name?"),
    ("rates[2026-01-01].ee: {field: a, codec: money}", "7: kinds.plan.rows.rates[2026-01-01].ee: rates are mapped under `sets`"),
    ("details.name: {field: a, codec: txt}", "7: kinds.plan.rows.details.name.codec: no codec is called 'txt'; did you mean text?"),
    ("details.name: {field: a}", "7: kinds.plan.rows.details.name: expected a codec: "),
    ("details.name: {field: a, codec: money}", "codec: Plan name is text, expected code, text"),
    ("details.name: {codec: text}", "expected one of field, fields, pair, constant; got none of them"),
    ("details.name: {field: a, constant: b, codec: text}", "expected one of field, fields, pair, constant; got field and constant"),
    ("details.name: {fields: [a, b], codec: text}", "winner: several vendor keys need a winner, one of a, b"),
    ("details.name: {fields: [aaa, bbb], winner: aab, codec: text}", "winner: several vendor keys need a winner, one of aaa, bbb; did you mean aaa?"),
    ("details.name: {fields: [a], winner: a, codec: text}", "winner: several vendor keys"),
    ("benefits.lab.in_network: {pair: [a], codec: cost_share_pair}", "pair: expected two vendor keys"),
    ("benefits.lab.in_network: {pair: [a, b], codec: cost_share}", "a pair of keys and the codec cost_share_pair go together"),
    ("benefits.lab.in_network: {field: a, codec: cost_share_pair}", "a pair of keys and the codec cost_share_pair go together"),
    ("details.name: {field: a, codec: text, maxx: 3}", "maxx: codec text has no option 'maxx'; did you mean max?"),
    ("details.name: {field: a, codec: text, wirtable: false}", "codec text has no option 'wirtable'; did you mean writable?"),
    ("details.name: {field: a, codec: text, max: many}", "max: expected a whole number, got 'many'"),
    ("details.effective_date: {field: a, codec: date, form: mdx}", "form: expected one of compact, "),
    ("details.metal: {field: a, codec: code, values: {gould: G}}", "values.gould: 'gould' is no Metal level; did you mean gold?"),
    ("details.metal: {field: a, codec: code, values: [G]}", "values: expected a mapping of canonical code to the vendor's word, got ['G']"),
    ("details.metal: {constant: gould}", "constant: 'gould' is no Metal level; did you mean gold?"),
    ("details.effective_date: {constant: soon}", "constant: expected a date, got 'soon'"),
    ("details.name: {field: 'a[', codec: text}", "field: not a vendor path: 'a[', from '[' on"),
    ("details.name: {field: a, codec: text, required: true, writable: false}", "required: a field that cannot be written cannot be required"),
    ("details.name: {field: a, codec: text, when: {'b]': x}}", "when.b]: not a vendor path"),
    ("details.name: {field: a, codec: text}\ndetails.network: {field: a, codec: text}", "8: kinds.plan.rows.details.network: details.name writes this vendor key too"),
    ("details.name: {field: a.b, codec: text}\ndetails.network: {field: a, codec: text}", "8: kinds.plan.rows.details.network: details.name writes this vendor key too"),
    (
        "details.name: {field: a, codec: text, when: {k: [x, y]}}\ndetails.network: {field: a, codec: text, when: {k: y}}",
        "details.name writes this vendor key too",
    ),
    ("details.name: {field: a, codec: text, writable: [x]}", "writable"),
]


@pytest.mark.parametrize(("rows", "message"), ROWS)
def test_rows(rows, message):
    assert message in refusal(mapping(rows)), refusal(mapping(rows))
    assert refusal(mapping(rows)).startswith("acme.yaml:")


GOOD_SETS = "- {section: rates, list: r, key: {effective: {field: d, codec: date}}, cells: {ee: {field: ee, codec: money}}}"
SETS = [
    ("- {section: rates, list: r, key: {}, cells: {ee: {field: a, codec: money}}}", "7: kinds.plan.sets.0.key: rates need `effective`"),
    ("- {section: rate, list: r, key: {}}", "7: kinds.plan.sets.0.section: input should be 'rates', 'contributions' or 'benefits'"),
    ("- {section: rates, lisst: r, key: {}}", "7: kinds.plan.sets.0.lisst: no such key; did you mean list?"),
    ("- {section: rates, list: r}", "7: kinds.plan.sets.0.key: this key is obligatory"),
    ("- {section: rates, list: r, key: {effective: {field: d, codec: date}}}", "key: a set without `cells` or `table` holds nothing"),
    ("- {section: rates, list: r, parts: true, key: {effective: {field: d, codec: date}}, cells: {ee: {field: a, codec: money}}}", "parts: a set is an element of a list or a part of its own"),
    ("- {section: rates, remove: true, key: {effective: {field: d, codec: date}}, cells: {ee: {field: a, codec: money}}}", "remove: only an element of a list can be taken out"),
    ("- {section: rates, key: {effective: {field: d, codec: text}}, cells: {ee: {field: a, codec: money}}}", "Effective date is date, expected date"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, cells: {eee: {field: a, codec: money}}}", "cells.eee: no cell is called so; did you mean ee?"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, cells: {effective_date: {field: a, codec: date}}}", "cells.effective_date: it comes from the key"),
    ("- {section: rates, key: {effective: {field: d, codec: date}, kind: billed}, cells: {ee: {field: a, codec: money}}}", "'billed' is no kind of rate; did you mean billing?"),
    ("- {section: rates, key: {effective: {field: d, codec: date}, variant: {field: v, codec: text}}, cells: {ee: {field: a, codec: money}}}", "variant: rates are told apart by effective and class and kind"),
    ("- {section: contributions, key: {effective: {field: d, codec: date}, kind: billing}, cells: {ee: {field: a, codec: money}}}", "kind: contributions are told apart by effective and class"),
    ("- {section: benefits, key: {effective: {field: d, codec: date}}, cells: {lab.in_network: {field: a, codec: cost_share}}}", "effective: benefits are told apart by variant"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {values: {'': {field: a, codec: money}}}}", "table.0: a table names its cells by `tier` or by `ages`"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {tier: {field: t, codec: tier, labels: {eex: E}}, values: {'': {field: a, codec: money}}}}", "no tier is called 'eex'; did you mean"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {tier: {field: t, codec: tier}, values: {_percnt: {field: a, codec: money}}}}", "no cell is called co_percnt"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {ages: {to: b}, values: {'': {field: a, codec: money}}}}", "ages are named by `from` and `to`, or by `band`"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {ages: {from: a, to: b, values: {x: 1}}, values: {'': {field: a, codec: money}}}}", "values.x: expected one of f, m, tobacco, no_tobacco"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {tier: {codec: tier}, values: {'': {field: a, codec: money}}}}", "expected one of field, fields"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, table: {tier: {field: t, codec: tier}, values: {'': {codec: money}}}}", "expected one of field, fields"),
    (
        "- section: rates\n  key: {effective: {field: d, codec: date}}\n  table: [{ages: {from: a, to: b}, values: {'': {field: c, codec: money}}}, {list: x, tier: {field: t, codec: tier}, values: {'': {field: a, codec: money}}}]",
        "where the items themselves are the rows, there is one table",
    ),
    ("- {section: rates, where: {'x]': 1}, key: {effective: {field: d, codec: date}}, cells: {ee: {field: a, codec: money}}}", "where.x]: not a vendor path"),
    ("- {section: rates, key: {effective: {field: d, codec: date}}, cells: {ee: {field: a, codec: money}, es: {field: a, codec: money}}}", "cells.es: rates[].ee writes this vendor key too"),
    (GOOD_SETS + "\n" + GOOD_SETS.replace("list: r", "list: s"), "8: kinds.plan.sets.1.cells.ee: rates[].ee is mapped by another block too"),
]


@pytest.mark.parametrize(("sets", "message"), SETS)
def test_sets(sets, message):
    assert message in refusal(mapping(sets=sets)), refusal(mapping(sets=sets))


OTHERS = [
    ("system: acme\nkinds: {paln: {}}\n", "acme.yaml:2: kinds.paln.[key]: input should be 'group' or 'plan'"),
    ("kinds: {plan: {}}\n", "acme.yaml: system: this key is obligatory"),
    ("- a\n", "acme.yaml: input should be a valid dictionary"),
    (mapping(GOOD_ROW := "details.name: {field: a, codec: text}\n", extra="writable: {detials: false}\n"), "writable.detials: nothing lies under it; did you mean"),
    (mapping(GOOD_ROW, extra="parts: {mian: {create: false}}\n"), "parts.mian: no row reads a part of this kind; did you mean main?"),
    (mapping(GOOD_ROW, extra="template: {mian: {a: 1}}\n"), "template.mian: no row reads a part of this kind; did you mean main?"),
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


def test_the_first_problem_is_told_and_the_others_are_counted():
    assert refusal(mapping("details.nam: {field: a, codec: text}\ndetails.lin: {field: b, codec: code}\n")).endswith("(and 1 more)")


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
