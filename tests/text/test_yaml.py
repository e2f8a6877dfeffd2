"""YAML as text: every scalar as it was written, with its line, and nothing that a review file has no use for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from syncd.text.yaml import YamlTextError, flow, quoted, read, word


@pytest.mark.parametrize(
    "written",
    ["07030", "$5", "2026-01-01", "1.50", "yes", "No", "0x10", "1e3", "1_000", "12:30", "on", ".5", "=", "NaN"],
)
def test_scalars_stay_as_they_were_written(written):
    assert read(f"a: {written}").plain() == {"a": written}
    assert read(f"[{written}]").plain() == [written]
    assert read(f"{{a: {written}}}").plain() == {"a": written}


@pytest.mark.parametrize("text", ["a: !na", "{a: !na}", "{a: !na }", "a: '!na'", "a: !na  # does not apply"])
def test_one_tag_is_read_as_text(text):
    assert read(text).plain() == {"a": "!na"}


@pytest.mark.parametrize("nothing", ["", "# only this", "\n\n", "---\n", "~", "null"])
def test_nothing_is_nothing(nothing):
    assert read(nothing) is None


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("a: &x 1\nb: *x", "& and *", 1),
        ("a: 1\nb: *x", "& and *", 2),
        ("a: &x\n  b: 1", "& and *", 1),
        ("a: 1\nb: 2\na: 3", '"a" stands here a second time (first on line 1)', 3),
        ("a: !!int 5", "the type", 1),
        ("a: !!map {b: 1}", "the type", 1),
        ("a: !na x", "the type !na", 1),
        ("a:\n  - !!seq [x]", "the type", 2),
        ("[a]: 1", "a key must be a word", 1),
        ("? {a: 1}\n: 2", "a key must be a word", 1),
        ("a\n---\nb", "a second document", 2),
        ("[" * 30 + "]" * 30, "nested more than", 1),
        ("- a\n- b\x07c", "a character in it that cannot be read", 2),
        ("a: 'x", "never closed", 1),
        ("a: [x", "never closed", 1),
        ("a: b: c", "second colon", 1),
        ("- id: 1\n kind: 2", "indented", 2),
        ("a: 1\nword\nb: 2", "no colon", 2),
        ("a: @x", "a sign that YAML keeps for itself", 1),
        ("a: `x", "a sign that YAML keeps for itself", 1),
        ("%TAG x\na: 1", "not valid YAML", 1),
    ],
)
def test_p27_what_is_not_read_is_named_with_its_line(text, said, line):
    with pytest.raises(YamlTextError) as caught:
        read(text)
    assert said in caught.value.message
    assert caught.value.line is not None
    assert caught.value.line >= line


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("- note: a: b", [{"note": "a: b"}]),
        ("- by: @ann", [{"by": "@ann"}]),
        ("- decision: value: 5", [{"decision": "value: 5"}]),
        ("- id: 1\n  note: [x\n  by: y", [{"id": "1", "note": "[x", "by": "y"}]),
        ("- id: 1\n  note: 'x\n  by: y", [{"id": "1", "note": "'x", "by": "y"}]),
        ("a:\n\tb: 1", {"a": {"b": "1"}}),
        ("a: |\n  note: x: y\n  #z", {"a": "note: x: y\n#z"}),
    ],
)
def test_what_people_write_is_taken_as_it_was_meant(text, meant):
    assert read(text, mend=True).plain() == meant


def test_what_stands_behind_a_text_is_not_forgotten():
    node = read("note: see #12  and #13").pairs["note"][1]
    assert (node.text, node.rest) == ("see", " #12  and #13")


@given(st.text(st.characters(codec=None)))
def test_every_text_can_be_written_and_read_back(text):
    assert (read(f"a: {quoted(text)}").plain() or {"a": ""})["a"] == text
    assert read(f"{word(text)}: x").plain() == {text: "x"}


@given(st.text(st.characters(codec="utf-8")))
def test_other_readers_see_the_same_text(text):
    """The files are read by editors and scripts too."""
    for version in ("1.1", "1.2"):
        yaml = YAML(typ="safe")
        yaml.version = version
        assert yaml.load(f"a: {word(text)}") == {"a": text}


VALUES = st.recursive(
    st.text(max_size=8) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, min_size=1, max_size=3))
def test_a_mapping_on_one_line_reads_back_the_same(value):
    assert read(flow(value)).plain() == value
