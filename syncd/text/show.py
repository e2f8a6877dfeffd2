"""Words on a screen: counts, amounts, times, names in commands, and texts that no terminal may obey.

Takes values, gives text. Never asks the time, a terminal or the environment: `now` and a width are arguments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

# -- counts -----------------------------------------------------------------------------------------------------------


def count(number: int, noun: str, plural: str = "") -> str:
    """Count things: `1 write`, `2 writes`, `1,200 copies`."""
    return f"{number:,} {noun if number == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y\Z", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(?:s|x|z|ch|sh)\Z", noun) else f"{noun}s"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Give words as a person says them: `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def some(words: Sequence[str], most: int = 6) -> str:
    """Give the first words and how many more there are: `a, b and 3 more`."""
    if len(words) <= most:
        return joined(words)
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"


# -- commands that a hint names ---------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./=-]+\Z")


def quoted_word(word: str) -> str:
    """Write a word so that a shell takes it as one: bare, in quotes, or as `$'…'` where it holds control characters."""
    if _PLAIN.match(word):
        return word
    if _UNSEEN.search(word):
        inner = word.replace("\\", "\\\\").replace("'", "\\'")
        return f"$'{_UNSEEN.sub(lambda found: _escape(found[0]), inner)}'"
    if "'" not in word:
        return f"'{word}'"
    if not re.search(r'["$`\\!]', word):
        return f'"{word}"'
    return "'" + word.replace("'", "'\\''") + "'"


def command(*words: str) -> str:
    """Write a command that can be copied from a hint: `syncd plans 'Juniper Bakery'`."""
    return " ".join(map(quoted_word, words))


# -- texts of others --------------------------------------------------------------------------------------------------

_UNSEEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what a terminal obeys
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # blank or invisible letters
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, direction
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f"  # tags, which spell unseen words
    "]"
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str, *, keep: str = "") -> str:
    """Make visible what would steer a terminal or hide in a text, as an escape; `keep` names what stays."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def _escape(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


# -- widths -----------------------------------------------------------------------------------------------------------


def width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def shorten(text: str, columns: int | None) -> str:
    """Take out the middle of a text that is wider; the ends tell plans apart. None (not a terminal) never cuts."""
    if columns is None or width(text) <= columns:
        return text
    if columns <= 1:
        return "…"[: max(columns, 0)]
    head = _cut(text, columns // 2)
    tail = _cut(text[::-1], columns - 1 - width(head))[::-1]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _cut(text: str, columns: int) -> str:
    used = 0
    for at, letter in enumerate(text):
        used += _columns(letter)
        if used > columns:
            return text[:at]
    return text


# -- times ------------------------------------------------------------------------------------------------------------

FUTURE: Final = "in the future (clock?)"
_SLACK_S: Final = 2.0
"""A stamp may be so much ahead: it was rounded, or written by another process while we looked."""
_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60))
_SECOND_AFTER: Final = 10


def ago(at: float | None, now: float) -> str:
    """Tell how long ago a moment was: `3 min ago`, `never`; one that lies ahead is `in the future (clock?)`."""
    if at is None:
        return "never"
    if at > now + _SLACK_S:
        return FUTURE
    return f"{age(now - at)} ago"


def age(seconds: float) -> str:
    """Give a time span in its largest unit, rounded down: `59 s`, `3 min`, `2 d`."""
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size):,} {unit}"
    return f"{int(max(seconds, 0))} s"


def duration(seconds: float) -> str:
    """Tell how long something took: `0.4 s`, `12.0 s`, `3 min 20 s`, `2 h 5 min`."""
    tenths = round(max(seconds, 0) * 10)
    if tenths < 600:  # noqa: PLR2004 - a minute
        return f"{tenths / 10:.1f} s"
    whole = round(seconds)
    large, small = ((whole // 3600, "h"), (whole % 3600 // 60, "min"))
    if not large[0]:
        large, small = (whole // 60, "min"), (whole % 60, "s")
    rest = f" {small[0]} {small[1]}" if small[0] else ""
    return f"{large[0]:,} {large[1]}{rest}"


# -- amounts ----------------------------------------------------------------------------------------------------------

_CENTS: Final = 2


def money(amount: Decimal | int) -> str:
    """Write an amount the one way: two decimals, more only where they say something (volume rates): `934.00`, `0.125`.

    Equal amounts have equal texts, whatever scale they came with.
    """
    value = Decimal(amount)
    if not value.is_finite():
        return str(value)
    whole, _, decimals = format(abs(value), "f").partition(".")
    decimals = decimals.rstrip("0").ljust(_CENTS, "0")
    return f"{'-' if value < 0 else ''}{whole.lstrip('0') or '0'}.{decimals}"


def number(value: Decimal | int) -> str:
    """Write a number that is no money without idle zeros: `75`, `1.25`."""
    text = format(Decimal(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
