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
    (
        "details.nam: {field: a, codec: text}",
        "7: kinds.plan.rows.details.nam: no field of a plan is called so; did you mean details.name?",
    ),
    (
        "rates[2026-01-01].ee: {field: a, codec: money}",
        "7: kinds.plan.rows.rates[2026-01-01].ee: rates are mapped under `sets`",
    ),
    (
        "details.name: {field: a, codec: txt}",
        "7: kinds.plan.rows.details.name.codec: no codec is called 'txt'; did you mean text?",
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
        "winner: several vendor keys need a winner, one of aaa, bbb; did you mean aaa?",
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
    ("details.name: {field: a, codec: text, maxx: 3}", "maxx: codec text has no option 'maxx'; did you mean max?"),
    (
        "details.name: {field: a, codec: text, wirtable: false}",
        "codec text has no option 'wirtable'; did you mean writable?",
    ),
    ("details.name: {field: a, codec: text, max: many}", "max: expected a whole number, got 'many'"),
    ("details.effective_date: {field: a, codec: date, form: mdx}", "form: expected one of compact, "),
    (
        "details.metal: {field: a, codec: code, values: {gould: G}}",
        "values.gould: 'gould' is no Metal level; did you mean gold?",
    ),
    (
        "details.metal: {field: a, codec: code, values: [G]}",
        "values: expected a mapping of canonical code to the vendor's word, got ['G']",
    ),
    ("details.metal: {constant: gould}", "constant: 'gould' is no Metal level; did you mean gold?"),
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
    (block(EE, section="rate"), "7: kinds.plan.sets.0.section: input should be 'rates', "),
    (block(EE, "lisst: r"), "7: kinds.plan.sets.0.lisst: no such key; did you mean list?"),
    ("- {section: rates, list: r}", "7: kinds.plan.sets.0.key: this key is obligatory"),
    (block("list: r"), "key: a set without `cells` or `table` holds nothing"),
    (block("list: r", "parts: true", EE), "parts: a set is an element of a list or a part of its own"),
    (block("remove: true", EE), "remove: only an element of a list can be taken out"),
    (block(EE, key=DATED.replace("codec: date", "codec: text")), "Effective date is date, expected date"),
    (block(EE.replace("ee:", "eee:")), "cells.eee: no cell is called so; did you mean ee?"),
    (block(EE.replace("ee:", "effective_date:")), "cells.effective_date: it comes from the key"),
    (block("cells: {ee: {codec: money}}"), "cells.ee: expected one of field"),
    (block(EE, key=DATED[:-1] + ", kind: billed}"), "'billed' is no kind of rate; did you mean billing?"),
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
    ("system: acme\nkinds: {paln: {}}\n", "acme.yaml:2: kinds.paln.[key]: input should be 'group' or 'plan'"),
    ("kinds: {plan: {}}\n", "acme.yaml: system: this key is obligatory"),
    ("- a\n", "acme.yaml: input should be a valid dictionary"),
    (
        mapping(GOOD_ROW := "details.name: {field: a, codec: text}\n", extra="writable: {detials: false}\n"),
        "writable.detials: nothing lies under it; did you mean",
    ),
    (
        mapping(GOOD_ROW, extra="parts: {mian: {create: false}}\n"),
        "parts.mian: no row reads a part of this kind; did you mean main?",
    ),
    (
        mapping(GOOD_ROW, extra="template: {mian: {a: 1}}\n"),
        "template.mian: no row reads a part of this kind; did you mean main?",
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


def test_the_first_problem_is_told_and_the_others_are_counted():
    assert refusal(mapping("details.nam: {field: a, codec: text}\ndetails.lin: {field: b, codec: code}\n")).endswith(
        "(and 1 more)"
    )


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
