"""Find the known word that a wrong one was probably meant to be.

Takes words, gives a word or the end of a sentence. Capitals, `_`, `-` and blanks do not count; a part of a dotted path
counts as likeness (`metal` is meant as `details.metal`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

_ENOUGH = 0.5
_MOST = 2_000
_LONGEST = 200


def nearest(wrong: str, known: Iterable[str], *, enough: float = _ENOUGH) -> str | None:
    """Give the known word that is nearest to a wrong one; None when none is near enough."""
    wanted = _folded(wrong[:_LONGEST])
    best, found = enough, None
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    for word in list(known)[:_MOST]:
        score = _likeness(matcher, wanted, word, best)
        if score > best or (found is None and score == best):
            best, found = score, word
    return found if wanted else None


def nearby(wrong: str, known: Iterable[str], *, most: int, enough: float = _ENOUGH) -> list[str]:
    """Give the known words that are near to a wrong one, the nearest first."""
    wanted = _folded(wrong[:_LONGEST])
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    rated = [(_likeness(matcher, wanted, word, enough), word) for word in list(known)[:_MOST] if wanted]
    return [word for score, word in sorted(rated, key=lambda one: -one[0]) if score >= enough][:most]


def likeness(one: str, other: str) -> float:
    """Tell how alike two names are, from 0 to 1."""
    return SequenceMatcher(None, _folded(one), _folded(other), autojunk=False).ratio()


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Give ``; did you mean `x`?``, or nothing when no known word is near."""
    found = nearest(wrong, known)
    return f"; did you mean `{found}`?" if found is not None else ""


def meant_or_known(wrong: str, known: Iterable[str]) -> str:
    """Give ``; did you mean `x`?``, or all known words when none is near."""
    words = list(known)
    return did_you_mean(wrong, words) or (f"; known are {', '.join(words)}" if words else "")


def _likeness(matcher: SequenceMatcher[str], wanted: str, word: str, best: float) -> float:
    """Compare with the whole word and with the end of a path, which counts a little less."""
    whole = _folded(word)
    score = 1.0 if whole == wanted else _ratio(matcher, whole, best)
    tails = whole.split(".")
    for at in range(1, len(tails)):
        tail = ".".join(tails[at:])
        score = max(score, 0.95 * (1.0 if tail == wanted else _ratio(matcher, tail, best)))
    return score


def _ratio(matcher: SequenceMatcher[str], word: str, best: float) -> float:
    matcher.set_seq1(word)
    return matcher.ratio() if matcher.real_quick_ratio() >= best and matcher.quick_ratio() >= best else 0.0


def _folded(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())
