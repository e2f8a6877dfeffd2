"""Every cost-sharing text of the real data: none raises, nearly all are understood, none changes its meaning."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from syncd.mapping.codecs import CODECS, Context, Loss
from syncd.mapping.codecs.cost_share_pair import read_pair
from syncd.model.cost_share import CostShare, decode, format_cost_share
from syncd.model.values import Unparsed

DATA = Path(__file__).parents[3] / "shared" / "data"
CORPUS = DATA / "cost-share-corpus.csv"
PUF = DATA / "puf-2014-2016" / "benefits_cost_sharing_sample.csv"
DOMAINS = DATA / "puf-2014-2016" / "value_domains.csv"

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason=f"the data are not beside this checkout ({CORPUS})")

COST_SHARE = CODECS["cost_share"]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def corpus(perspective_of_employers):
    """Count the texts, read as what their column holds."""
    counts, values = Counter(), {}
    for row in rows(CORPUS):
        context = Context(perspective=perspective_of_employers if row["source"] == "employer" else "member")
        key = (row["value"], context.perspective)
        counts[key] += int(row["count"])
        values[key] = COST_SHARE.get(row["value"], context)
    return counts, values


@pytest.mark.parametrize("perspective", ["plan", "member"])
def test_nearly_all_texts_are_understood(perspective):
    """By occurrence at least 98 %, by distinct text at least 95 %; the rest word for word."""
    counts, values = corpus(perspective)
    unparsed = {key for key, value in values.items() if isinstance(value, Unparsed)}
    assert all(values[key].raw == key[0] for key in unparsed)
    assert sum(counts[key] for key in unparsed) <= 0.005 * counts.total()
    assert len(unparsed) <= 0.03 * len(counts)


def test_what_is_written_means_what_was_read():
    for (text, perspective), value in corpus("plan")[1].items():
        context = Context(perspective=perspective)
        written = COST_SHARE.put(value, context)
        if isinstance(value, Unparsed):
            assert isinstance(written, Loss)
            continue
        assert COST_SHARE.get(written, context) == value
        if isinstance(value, CostShare):
            assert written == text
            assert decode(value.canonical, text) == value
            for other in ("member", "plan"):
                assert COST_SHARE.get(format_cost_share(value, other), Context(perspective=other)) == value


def test_equal_meanings_are_few():
    """The corpus spells no more than a few meanings in several ways: a parser that lost words would find many."""
    values = [value for value in corpus("plan")[1].values() if isinstance(value, CostShare)]
    assert len(set(values)) == len({value.canonical for value in values})
    assert 430 < len(set(values)) < len(values)


def test_pairs_of_the_puf_are_understood():
    """Copay and coinsurance of one row: nothing raises, and only contradictions are not understood."""
    seen, lost = 0, Counter()
    pair = CODECS["cost_share_pair"]
    for row in rows(PUF):
        for tier in ("InnTier1", "InnTier2", "OutofNet"):
            columns = [row[f"Copay{tier}"], row[f"Coins{tier}"]]
            value = read_pair(*columns)
            seen += 1
            if isinstance(value, Unparsed):
                lost[tuple(columns)] += 1
            else:
                assert pair.get(pair.put(value, Context()), Context()) == value
    assert set(lost) == {("No Charge after deductible", "0%")}
    assert lost.total() < 0.001 * seen


@pytest.mark.skipif(not DOMAINS.exists(), reason="value domains are not beside this checkout")
def test_deductibles_and_maxima_of_the_puf_are_understood():
    """Whatever ever stood in such a column, blanks at the end and joined texts included."""
    for row in rows(DOMAINS):
        if row["column"].startswith(("MEHB", "DEHB", "TEHB", "Copay", "Coins", "LimitUnit")):
            assert not isinstance(COST_SHARE.get(row["value"], Context()), Unparsed), row
