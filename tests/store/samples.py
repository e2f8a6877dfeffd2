"""Rows to store, and what hypothesis makes them of."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from syncd.model import cost_share
from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag, Unparsed
from syncd.reconcile.types import Decided, Link, Member, Offer, Owed, Proposal
from syncd.store.rows import HistoryRow, Intent, Listing, Question, Run, Settlement, Snapshot

FLAT = {"details.name": "Gold PPO", "rates[2026-01-01].ee": Decimal("512.40")}
EPOCH = b"epoch"


def snapshot(id_="1", system="pq", flat=FLAT, digest=b"d1", **other):
    given = {"kind": "plan", "scope": "g", "label": "Gold", "raw": b"r1", "at": 1.5} | other
    return Snapshot(system=system, id=id_, flat=flat, digest=digest, **given)


def member(system, id_, base=FLAT, **other):
    return Member(system, id_, base, **({"settled": b"d1"} | other))


def link(id_="L", pq="1", bp="2", **other):
    given = {"kind": "plan", "scope": "g", "label": "Gold", "agreed": FLAT, "settled": EPOCH} | other
    return Link(id=id_, **({"members": (member("pq", pq), member("bp", bp))} | given))


def intent(id_="i", **other):
    given = {"run": "r", "seq": 1, "scope": "g", "link": "L", "system": "bp", "kind": "plan", "record_id": "2"}
    given |= {"op": "write", "part": "product", "before": {}, "after": FLAT, "reasons": {}, "at": 1.0}
    return Intent(id=id_, **(given | other))


def history_row(what="observed", **other):
    given = {"run": "r", "at": 1.0, "link": "L", "system": "pq", "kind": "plan", "record_id": "1", "fields": {}}
    return HistoryRow(what=what, **(given | other))


def proposal(name="details.name", **other):
    given = {"kind": "conflict", "scope": "g", "link": "L", "label": "Gold", "why": "both edited", "rule": "default"}
    return Proposal(name=name, **(given | {"digest": "abc", "offers": (Offer("pq", "writes to bp"),)} | other))


def question(id_="q-1", status="open", **other):
    return Question(id_, 1, status, **({"proposal": proposal(), "opened_at": 1.0} | other))


def confirmed(row, **other):
    return Settlement(replace(row, state="confirmed", sent_at=2.0, settled_at=3.0), **other)


# -- any values -----------------------------------------------------------------------------------------------------

_SHARES = [
    cost_share.parse(text) for text in ("20% after deductible", "20% After Deductible", "$25 copay", "No charge")
]

texts = st.text(max_size=12)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
times = st.floats(0, 2**33)
amounts = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("512.40"), Decimal("512.4"), Decimal("0.00"), Decimal("1E+3"), Decimal("0.12345")]
)
values = st.one_of(
    texts,
    st.integers(),
    amounts,
    st.dates(date(1, 1, 1)),
    st.sampled_from([*Flag, EMPTY, NOT_APPLICABLE, *_SHARES]),
    st.builds(Unparsed, texts),
)
paths = st.sampled_from(
    ["details.name", "benefits[in network].deductible", "rates[2026-01-01].ee", "rates[billing;*;2026-01-01].ee"]
) | st.text(max_size=6)
flats = st.dictionaries(paths, values, max_size=6)
words = st.dictionaries(ids, texts, max_size=3)
digests = st.binary(max_size=16)
kinds = st.sampled_from(["group", "plan", "generic"])

snapshots = st.builds(
    Snapshot,
    system=ids,
    kind=kinds,
    id=ids,
    scope=st.none() | ids,
    label=ids,
    flat=flats,
    digest=digests,
    raw=digests,
    at=times,
    version=st.none() | ids,
    modified=st.none() | times,
    locked=words,
    lacks=st.frozensets(ids, max_size=2),
    gone=st.none() | ids,
)
owed = st.builds(Owed, st.integers(0, 99), st.integers(0, 99), times, texts)


@st.composite
def links(draw):
    """Members whose bases are what was agreed, nearly that, nothing, or anything."""
    agreed = draw(flats)
    members = []
    for system in draw(st.lists(ids, unique=True, max_size=4)):
        base = draw(st.sampled_from([agreed, dict(agreed), {}]) | st.builds(lambda own: agreed | own, flats) | flats)
        some = {path: draw(respelled(value)) for path, value in base.items()}
        behind = draw(st.dictionaries(paths, owed, max_size=2))
        status = draw(st.sampled_from(["live", "missing", "awaited"]))
        unseen = draw(st.frozensets(paths, max_size=2))
        stamp = draw(st.none() | times)
        members.append(Member(system, draw(ids), some, unseen, behind, stamp, status, draw(digests)))
    return Link(
        draw(ids),
        draw(kinds),
        draw(ids),
        draw(ids),
        agreed,
        tuple(members),
        draw(st.integers(0, 2**40)),
        draw(words),
        draw(st.sampled_from(["live", "orphaned", "unlinked"])),
        draw(st.booleans()),
        draw(digests),
        draw(st.frozensets(ids, max_size=2)),
    )


def respelled(value):
    """The value, or one that is equal but another text: 512.4 for 512.40."""
    same = st.just(value)
    if isinstance(value, Decimal) and "." in str(value) and "E" not in str(value):
        return same | st.just(Decimal(f"{value}0"))
    if isinstance(value, int) and abs(value) < 10**20:
        return same | st.just(Decimal(value))
    return same


intents = st.builds(
    Intent,
    id=ids,
    run=ids,
    seq=st.integers(0, 2**40),
    scope=ids,
    link=ids,
    system=ids,
    kind=kinds,
    record_id=ids,
    op=st.sampled_from(["write", "create", "end"]),
    part=ids,
    before=flats,
    after=flats,
    reasons=words,
    at=times,
    marker=ids,
    raw_before=ids,
    raw_after=ids,
    sent_at=st.none() | times,
    state=ids,
    settled_at=st.none() | times,
    note=ids,
)
history_rows = st.builds(
    HistoryRow,
    run=ids,
    at=times,
    what=ids,
    link=ids,
    system=ids,
    kind=kinds,
    record_id=ids,
    fields=st.dictionaries(
        paths, st.tuples(st.none() | values, st.none() | values).filter(lambda pair: pair != (None, None)), max_size=5
    ),
    who=ids,
    note=ids,
    readback=flats,
    id=st.none(),
)
said = st.dictionaries(ids, texts | st.none() | st.lists(texts, max_size=2) | words, max_size=3)
proposals = st.builds(
    Proposal,
    kind=texts,
    scope=ids,
    link=ids,
    label=texts,
    name=texts,
    why=texts,
    rule=texts,
    digest=texts,
    offers=st.lists(st.builds(Offer, texts, texts), max_size=3).map(tuple),
    members=st.dictionaries(ids, said, max_size=3),
    evidence=st.lists(texts, max_size=3).map(tuple),
    ceiling=st.lists(texts, max_size=3).map(tuple),
)
decisions = st.builds(
    Decided,
    id=texts,
    kind=texts,
    link=texts,
    name=texts,
    digest=texts,
    choice=texts,
    value=st.none() | values,
    options=words,
    by=texts,
    note=texts,
    ceiling=st.frozensets(texts, max_size=3),
)
questions = st.builds(
    Question,
    id=ids,
    n=st.integers(1, 99),
    status=st.sampled_from(["open", "decided", "ignored", "closed", "used"]),
    proposal=proposals,
    opened_at=times,
    closed_at=st.none() | times,
    decided=st.none() | decisions,
    previous=ids,
)
runs = st.builds(
    Run,
    id=ids,
    scope=ids,
    mode=ids,
    started_at=times,
    ended_at=st.none() | times,
    result=ids,
    counts=st.dictionaries(ids, st.integers(0, 2**40), max_size=3),
)
listings = st.builds(
    Listing,
    system=ids,
    kind=kinds,
    at=times,
    complete=st.booleans(),
    count=st.integers(0, 2**40),
    known=st.integers(0, 2**40),
    fingerprint=ids,
    good_at=st.none() | times,
    tripped=ids,
    error=ids,
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
