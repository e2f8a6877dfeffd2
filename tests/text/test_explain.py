"""Mistakes in words (syncd/text/explain.py)."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from syncd.errors import ConfigError
from syncd.text.explain import MistakesError, explain, keys_at, mistakes, not_one_of, shown, together
from syncd.text.yaml import read_document


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(default=1, ge=1)
    mode: Literal["two_way", "mirror"] = "two_way"


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: Inner = Inner()
    many: dict[str, list[Inner]] = {}
    either: Annotated[Inner | list[Inner] | str | None, BeforeValidator(lambda value: value)] = None
    renamed: str = Field(default="", alias="new-name")


def refused(text):
    document = read_document(text, "f.yaml")
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate(document.data)
    return explain(caught.value, model=Whole, data=document.data, file="f.yaml", line_of=document.line)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inner: {}", "f.yaml:1: name: this key is missing"),
        ("name: x\nnmae: y", "f.yaml:2: nmae: there is no such key; did you mean `name`?"),
        ("name: x\nnew_name: y", "f.yaml:2: new_name: there is no such key; did you mean `new-name`?"),
        ("name: x\ninner: {cuont: 1}", "f.yaml:2: inner.cuont: there is no such key; did you mean `count`?"),
        ("name: x\ninner: {count: many}", "f.yaml:2: inner.count: expected a whole number, got `many`"),
        ("name: x\ninner: {count: 0}", "f.yaml:2: inner.count: expected at least 1, got `0`"),
        ("name: x\ninner:\n  mode: mirorr", "f.yaml:3: inner.mode: expected one of two_way, mirror, got `mirorr`; did"),
        (
            "name: x\nmany:\n  a:\n  - {}\n  - {mod: x}",
            "f.yaml:5: many.a.1.mod: there is no such key; did you mean `mode`",
        ),
        ("name: x\nmany: {a: 5}", "f.yaml:2: many.a: expected a list, got `5`"),
        ("name: x\neither: {count: x}", "f.yaml:2: either.count: expected a whole number, got `x`"),
        ("name: [x]", "f.yaml:1: name: expected a text, got a list"),
        ("name: ~", "f.yaml:1: name: expected a text, got nothing"),
        ("- x", "f.yaml: expected a mapping, got a list"),
    ],
)
def test_a_mistake_names_file_line_key_and_the_nearest_word(text, told):
    """B11: each mistake names file, line and key, what was seen, what was expected, and the nearest word."""
    assert str(refused(text)).startswith(told)


def test_all_mistakes_are_told_in_the_order_of_the_lines():
    """N22: whatever is wrong with a file is told at once, each mistake once."""
    error = refused("inner:\n  count: x\n  mode: y\nzzz: 1\n")
    assert [one.line for one in error.all()] == [1, 2, 3, 4]
    assert len(str(together([error, error])).splitlines()) == 4


def test_what_may_be_a_secret_is_not_repeated():
    """R17: a mistake in what may hold secrets never repeats what was written."""
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate({"name": ["hunter2"], "inner": {"count": "hunter2", "mode": "hunter2"}})
    found = MistakesError(mistakes(caught.value, model=Whole, values=False))
    assert "hunter2" not in str(found)
    assert str(found.at("f", lambda _: 7, ("systems", "crm"))).startswith("f:7: systems.crm.")


def test_a_mistake_is_short_and_steers_no_terminal():
    """R16: what was written is shown escaped and shortened."""
    assert shown("a\x1b[2J\u202e") == "`a\\x1b[2J\\u202e`"
    assert len(shown("9" * 200_000)) < 70
    assert shown(10**5000) == "a very large number"
    assert not_one_of("newset", ["ask", "newest"]) == "`newset` is not one of ask, newest; did you mean `newest`?"


def test_the_keys_of_a_place_come_from_the_types():
    """The known keys of a place are those of the models that may stand there."""
    assert keys_at(Whole, ()) == ["name", "inner", "many", "either", "new-name"]
    assert keys_at(Whole, ("many", "any", 3)) == ["count", "mode"]
    assert keys_at(Whole, ("either",)) == ["count", "mode"]
    assert keys_at(Whole, ("name", "x")) == []


def test_an_error_with_others_tells_each_on_a_line():
    """N22: an error that stands for several is printed as several."""
    error = ConfigError("one", file="f", line=1).with_more([ConfigError("two", file="f", line=2)])
    assert str(error) == "f:1: one\nf:2: two"
    assert [one.line_text() for one in error.all()] == ["f:1: one", "f:2: two"]
