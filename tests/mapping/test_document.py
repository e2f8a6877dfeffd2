"""YAML as plain data that knows its lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncd.errors import ConfigError
from syncd.mapping.document import MAX_SIZE, nearest, read_document

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
    data = read_document(TEXT, "f.yaml").data
    assert data == {
        "a": {"b": 1, "c": Decimal("1.5"), "true": "yes"},
        "l": [{"x": "2026-01-01"}, "07030", None, True, ["deep"]],
    }
    assert type(data["a"]["b"]) is int
    assert type(data["l"][1]) is str


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
        ("a: 1\na: 2\n", "f.yaml:2: not valid YAML: found duplicate key"),
        ("a: [\n", "f.yaml:2: not valid YAML"),
        ("a: &x {b: 1}\n", "f.yaml:1: anchors are not supported: &x"),
        ("a: b\nc: &x d\n", "f.yaml:2: anchors are not supported: &x"),
        ("a: b\n--- \nc: d\n", "f.yaml:2: not valid YAML"),
        ("a: \x07\n", "f.yaml: not valid YAML"),
        ("#" * (MAX_SIZE + 1), "f.yaml: the file is larger"),
    ],
)
def test_errors_say_where(text, message):
    with pytest.raises(ConfigError) as raised:
        read_document(text, "f.yaml")
    assert str(raised.value).startswith(message)


def test_nearest():
    assert nearest("effective", ["details.effective_date", "name"]) == "; did you mean details.effective_date?"
    assert nearest("zzz", ["name"]) == ""
    assert nearest("x", []) == ""
