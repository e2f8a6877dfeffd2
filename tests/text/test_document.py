"""YAML as plain data that knows its lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncd.errors import ConfigError
from syncd.text.yaml import MOST, decoded, read_document, typed

TEXT = """\
# a comment
a: {b: 1, c: 1.50, true: yes}
l:
- x: 2026-01-01
- "07030"
- null
- true
- - deep
"""


def test_plain_data():
    """B11: scalars are what was written; of those without quotes only JSON's own spellings are ever typed."""
    document = read_document(TEXT, "f.yaml")
    assert document.plain == {
        "a": {"b": "1", "c": "1.50", "true": "yes"},
        "l": [{"x": "2026-01-01"}, "07030", None, "true", ["deep"]],
    }
    data = typed(document.data)
    assert data == {
        "a": {"b": 1, "c": Decimal("1.50"), "true": "yes"},
        "l": [{"x": "2026-01-01"}, "07030", None, True, ["deep"]],
    }
    assert type(data["a"]["b"]) is int
    assert type(data["l"][1]) is str


@pytest.mark.parametrize(
    "written",
    [
        *("02", "1e3", "0x10", "0o7", "1_000", "yes", "on", "True", "NO", "2026-01-01", "12:30", "-0", ".5", "5."),
        *("+1", "9" * 400, "1.10.2", "NaN", ".inf", "=", "<"),
    ],
)
def test_what_json_would_not_write_so_is_a_text(written):
    """B11: a value keeps its look; `gold: 02` is never 2."""
    [found] = typed(read_document(f"a: {written}", "f.yaml").data).values()
    assert (found, type(found)) == (written, str)


@pytest.mark.parametrize(("written", "means"), [("2", 2), ("-12", -12), ("true", True), ("1.50", Decimal("1.50"))])
def test_what_json_writes_so_is_typed_and_in_quotes_a_text(written, means):
    """B11: quotes always make a text."""
    [found] = typed(read_document(f"a: {written}", "f.yaml").data).values()
    assert (str(found), found, type(found)) == (str(means), means, type(means))
    assert typed(read_document(f"a: '{written}'", "f.yaml").data) == {"a": written}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system [x]", "f.yaml:1: the type"),
        ("a: !!python/name:os.system", "f.yaml:1: the type"),
        ("a:\n  b: " + "[" * 5000, "f.yaml:2: it is nested more than"),
        ("a:\n  b: " + "{x: " * 5000, "f.yaml:2: it is nested more than"),
        ("- " * 5000 + "x", "f.yaml:1: it is nested more than"),
        ("a: 1\n<<: {b: 2}", "f.yaml:2: parts of the file are not merged"),
        ("a: &b [*b]", "f.yaml:1: names for parts of the file"),
        ("a: !na", "f.yaml:1: the type !na is not read"),
    ],
)
def test_what_no_file_needs_is_refused_with_its_line(text, said):
    """R19: a python tag, thousands of brackets, merges and anchors are errors with file and line."""
    with pytest.raises(ConfigError) as raised:
        read_document(text, "f.yaml")
    assert str(raised.value).startswith(said)


def test_a_number_of_two_hundred_thousand_digits_is_a_text():
    """R19: the length of a number is no crash."""
    assert len(typed(read_document(f"a: {'7' * 200_000}", "f.yaml").data)["a"]) == 200_000


@pytest.mark.parametrize(
    ("data", "line"), [(b"a: 1\nb: \xe9\n", 2), ("\ufeffa: 1".encode(), None), ("a: é".encode("utf-16"), None)]
)
def test_bytes_are_decoded_or_refused_with_their_line(data, line):
    """A byte-order mark is no letter; what is not UTF-8 is named with its line."""
    if line is None:
        assert decoded(data, "f.yaml").startswith("a: ")
        return
    with pytest.raises(ConfigError) as raised:
        decoded(data, "f.yaml")
    assert (raised.value.file, raised.value.line) == ("f.yaml", line)


def test_lines():
    document = read_document(TEXT, "f.yaml")
    assert document.line(("l", 0, "x")) == 4
    assert document.line(("l", 1)) == 5
    assert document.line(("a", "no such key")) == 2
    assert document.line(("a", "union tag", "c")) == 2
    assert document.line(()) is None
    assert str(document.error(("l", 1), "is odd")) == "f.yaml:5: l.1: is odd"
    assert str(document.error((), "is odd")) == "f.yaml: is odd"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", 'f.yaml:2: "a" stands here a second time (first on line 1)'),
        ("a: [\n", "f.yaml:2: something is missing here, or a bracket"),
        ("a: b\nc: &x d\n", "f.yaml:2: names for parts of the file (& and *) are not read"),
        ("a: b\n--- \nc: d\n", "f.yaml:2: a second document"),
        ("a: \x07\n", "f.yaml:1: there is a character in it that cannot be read"),
        ("#" * (MOST + 1), "f.yaml: it is larger"),
    ],
)
def test_errors_say_where(text, message):
    with pytest.raises(ConfigError) as raised:
        read_document(text, "f.yaml")
    assert str(raised.value).startswith(message)
