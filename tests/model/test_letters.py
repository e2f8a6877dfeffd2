"""Letters that a way of speaking has no place for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syncd.model import letters

CONTROLS = [chr(code) for code in (*range(9), 0xB, 0xC, *range(0xE, 0x20), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)]


@pytest.mark.parametrize("letter", CONTROLS)
def test_a_letter_that_xml_lacks_is_named_and_left_out(letter):
    """B8: every letter that XML 1.0 lacks has a name, and a text without it a blank in its place."""
    assert letters.strange(f"High{letter}Option", "xml") == (f"U+{ord(letter):04X}",)
    assert letters.without(f"High{letter}{letter}Option{letter}", "xml") == "High Option"
    assert letters.named(f"a{letter}b", "xml") == f"a<U+{ord(letter):04X}>b"


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_lxml_takes_what_the_alphabet_of_xml_holds_and_nothing_else(text):
    """B8: what is called strange is what a document refuses."""
    element = etree.Element("a")
    try:
        element.text = text
    except ValueError:
        assert letters.strange(text, "xml")
    else:
        assert letters.strange(text, "xml") == ()


@given(st.text())
def test_a_text_that_fits_is_left_as_it_is(text):
    """B8: blanks of a text that fits are the writer's."""
    assert letters.without(text, "") == text == letters.without(letters.without(text, "json"), "json") or any(
        letters.strange(text, "json")
    )


def test_json_lacks_surrogates_alone():
    """B8: JSON holds a vertical tab, and half of a pair it does not."""
    assert letters.strange("a\x0b\ud83d", "json") == ("U+D83D",)
