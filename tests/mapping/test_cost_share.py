"""Cost-share texts: what they mean, what they do not mean, and that the canonical text gives the meaning back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.cost_share import (
    Coinsurance,
    Copay,
    CostShare,
    Deductible,
    Join,
    Network,
    NoAmount,
    Nothing,
    OverAllowance,
    Part,
    Per,
    Quantity,
    State,
    Tier,
    Unit,
    decode,
    encode,
    format_cost_share,
    parse,
)
from syncd.model.cost_share.words import LEVELS, plain, plain_condition
from syncd.model.values import EMPTY, NOT_APPLICABLE, Unparsed

AFTER, BEFORE, WITH = Deductible.AFTER, Deductible.BEFORE, Deductible.WITH
WAIVED, NOT_SUBJECT = Deductible.WAIVED, Deductible.NOT_SUBJECT


def money(amount, *per, **rules):
    return Part(Copay(Decimal(amount)), tuple(Per(unit) for unit in per), **rules)


def share(percent, *per, **rules):
    return Part(Coinsurance(Decimal(percent)), tuple(Per(unit) for unit in per), **rules)


def one(part, **rest):
    return CostShare(parts=(part,), **rest)


def both(*parts, join=Join.AND, **rest):
    return CostShare(parts=parts, join=join, **rest)


def dollars(amount, *per):
    return Quantity(Decimal(amount), Unit.DOLLAR, tuple(Per(unit) for unit in per))


def count(amount, unit, *per):
    return Quantity(None if amount is None else Decimal(amount), unit, per)


def limit(amount, unit, *per):
    return CostShare(State.UNKNOWN, limit=count(amount, unit, *per))


YEAR, NOTHING = Per(Unit.YEAR), Part(Nothing())

MEANINGS = [
    # the seven absences of trap 1, and their spellings
    ("", EMPTY),
    ("   ", EMPTY),
    ("$0", one(money(0))),
    ("Not Applicable", NOT_APPLICABLE),
    ("Not applicable", NOT_APPLICABLE),
    ("N/A", NOT_APPLICABLE),
    ("NA", NOT_APPLICABLE),
    ("per person not applicable", NOT_APPLICABLE),
    ("per person not applicable | per group not applicable", NOT_APPLICABLE),
    ("None", CostShare(State.NONE)),
    ("NONE", CostShare(State.NONE)),
    ("Included in Medical", CostShare(State.INCLUDED_IN_MEDICAL)),
    ("No Charge", one(NOTHING)),
    ("Member Pays Nothing", one(NOTHING)),
    ("Not Covered", CostShare(State.NOT_COVERED)),
    ("Not covered", CostShare(State.NOT_COVERED)),
    # other states
    ("Covered", CostShare()),
    ("Member Pays All Charges", CostShare(State.MEMBER_PAYS_ALL)),
    ("Deductible waived", CostShare(State.DEDUCTIBLE_WAIVED)),
    ("UNLIMITED", CostShare(State.UNLIMITED)),
    ("NO MAXIMUM", CostShare(State.UNLIMITED)),
    ("See Plan Brochure", CostShare(State.SEE_DOCUMENT)),
    ("unknown", CostShare(State.UNKNOWN)),
    # one charge, as the PUF and the landscape write it
    ("$1,000", one(money(1000))),
    ("$6,500 ", one(money(6500))),
    ("$1,000.04", one(money("1000.04"))),
    ("20%", one(share(20))),
    ("20.00%", one(share(20))),
    ("100%", one(share(100))),
    ("0%", one(share(0))),
    ("20% Coinsurance", one(share(20))),
    ("20% Coinsurance after deductible", one(share(20, deductible=AFTER))),
    ("No Charge after Deductible", one(Part(Nothing(), deductible=AFTER))),
    ("No Charge after deductible", one(Part(Nothing(), deductible=AFTER))),
    ("$20 Copay after deductible", one(money(20, deductible=AFTER))),
    ("$20 Copay before deductible", one(money(20, deductible=BEFORE))),
    ("$2000.00 Copay with deductible", one(money(2000, deductible=WITH))),
    ("$100 Copay per Day", one(money(100, Unit.DAY))),
    ("$1500 Copay per Stay before deductible", one(money(1500, Unit.STAY, deductible=BEFORE))),
    ("$15 Copayment", one(money(15))),
    # several charges
    ("$100 Copay and 18% Coinsurance", both(money(100), share(18))),
    (
        "$200 Copay before deductible and 20% Coinsurance after deductible",
        both(money(200, deductible=BEFORE), share(20, deductible=AFTER)),
    ),
    (
        "$500 Copay per Stay and 30% Coinsurance after deductible",
        both(money(500, Unit.STAY), share(30, deductible=AFTER)),
    ),
    (
        "$100 Copay after deductible and 10% Coinsurance after deductible",
        both(money(100, deductible=AFTER), share(10, deductible=AFTER)),
    ),
    ("40% Coinsurance + Amt. Over Plan Allowance", both(share(40), Part(OverAllowance()))),
    ("$20 or 20%", both(money(20), share(20), join=Join.OR)),
    ("greater of $50 or 20%", both(money(50), share(20), join=Join.GREATER)),
    ("$50 or 20%, whichever is less", both(money(50), share(20), join=Join.LESSER)),
    ("$100 copay then 20%", both(money(100), share(20), join=Join.THEN)),
    # deductibles and maxima
    ("6000", one(money(6000))),
    ("0", one(money(0))),
    ("$6500 per person", one(money(6500, Unit.PERSON))),
    ("$13000 per group", one(money(13000, Unit.GROUP))),
    ("$3000 per person | $6000 per group", both(money(3000, Unit.PERSON), money(6000, Unit.GROUP), join=Join.APART)),
    ("$6000 per person | $6000 per group", both(money(6000, Unit.PERSON), money(6000, Unit.GROUP), join=Join.APART)),
    (
        "per person not applicable | $13000 per group",
        both(Part(NoAmount(), (Per(Unit.PERSON),)), money(13000, Unit.GROUP), join=Join.APART),
    ),
    (
        "$1,500 individual / $3,000 family",
        both(money(1500, Unit.INDIVIDUAL), money(3000, Unit.GROUP), join=Join.APART),
    ),
    (
        "Individual: $1,500; Family: $3,000",
        both(money(1500, Unit.INDIVIDUAL), money(3000, Unit.GROUP), join=Join.APART),
    ),
    (
        "$1,500/$3,000 (individual/family)",
        both(money(1500, Unit.INDIVIDUAL), money(3000, Unit.GROUP), join=Join.APART),
    ),
    (
        "$50 per member (except listed preventive services)",
        one(money(50, Unit.PERSON), conditions=("except listed preventive services",)),
    ),
    ("$50 per person per calendar year", one(money(50, Unit.PERSON, Unit.CALENDAR_YEAR))),
    ("$10 Exam $20 Glasses", both(money(10, Unit.EXAM), money(20, Unit.GLASSES), join=Join.APART)),
    (
        "$2000 Per Person No Age Limit No Waiting Period",
        one(money(2000, Unit.PERSON), conditions=("no age limit", "no waiting period")),
    ),
    (
        "$3500 Per Child Up to Maximum Eligibility $2000 Per Adult (Member and Spouse Only) No Waiting Period",
        both(
            money(2000, Unit.ADULT),
            money(3500, Unit.CHILD),
            join=Join.APART,
            conditions=("adult: member and spouse only", "child: up to maximum eligibility", "no waiting period"),
        ),
    ),
    # limits
    ("Visit(s) per Year", limit(None, Unit.VISIT, YEAR)),
    ("Visit(s) per year", limit(None, Unit.VISIT, YEAR)),
    ("Item(s) per 3 Years", limit(None, Unit.ITEM, Per(Unit.YEAR, 3))),
    ("Dollars per Year", limit(None, Unit.DOLLAR, YEAR)),
    ("30 Visit(s) per Year", limit(30, Unit.VISIT, YEAR)),
    ("Every 12 Months", limit(1, Unit.TIME, Per(Unit.MONTH, 12))),
    ("$1,200 Maximum", limit(1200, Unit.DOLLAR)),
    ("$1,000 lifetime maximum", limit(1000, Unit.DOLLAR, Per(Unit.LIFETIME))),
    ("$1,500 annual maximum", limit(1500, Unit.DOLLAR, YEAR)),
    ("$1,500 maximum per member benefit", limit(1500, Unit.DOLLAR, Per(Unit.PERSON))),
    ("limit: 1 per Year", limit(1, Unit.TIME, YEAR)),
    ("limit: $1000 per Trip", limit(1000, Unit.DOLLAR, Per(Unit.TRIP))),
    ("limit: copay waived if admitted", CostShare(State.UNKNOWN, conditions=("waived if admitted",))),
    ("20% up to 30 visits per year", one(share(20), limit=count(30, Unit.VISIT, YEAR))),
    ("20% (30 visits per year), 30 visits per year", one(share(20), limit=count(30, Unit.VISIT, YEAR))),
    ("Covered | limit: 30 visits per year | limit: 30 visits per year", CostShare(limit=count(30, Unit.VISIT, YEAR))),
    # caps, floors, days and visits charged, allowances, conditions
    ("20%, up to $500 per script", one(share(20, cap=dollars(500, Unit.SCRIPT)))),
    ("20%, up to $50, and $5 per script", both(money(5, Unit.SCRIPT), share(20, cap=dollars(50)))),
    ("20% ($30 minimum; $60 maximum)", one(share(20, cap=dollars(60), floor=dollars(30)))),
    ("20% with a minimum of $30 and a maximum of $60", one(share(20, cap=dollars(60), floor=dollars(30)))),
    ("$250 copay per day, up to 5 days", one(money(250, Unit.DAY, first=count(5, Unit.DAY)))),
    (
        "$250 per day for the first 5 days per admission",
        one(money(250, Unit.DAY, first=count(5, Unit.DAY, Per(Unit.ADMISSION)))),
    ),
    (
        "first 3 visits $0 then 30% after deductible",
        both(money(0, first=count(3, Unit.VISIT)), share(30, deductible=AFTER), join=Join.THEN),
    ),
    ("$0 after $25 allowance", one(money(0, allowance=Decimal(25)))),
    ("$100 copay (waived if admitted)", one(money(100), conditions=("waived if admitted",))),
    ("$10 (30-day supply)", one(Part(Copay(Decimal(10)), (Per(Unit.DAY_SUPPLY, 30),)))),
    ("$10 per 30-day supply", one(Part(Copay(Decimal(10)), (Per(Unit.DAY_SUPPLY, 30),)))),
    # what people write by hand
    ("$20 copay/visit; deductible does not apply", one(money(20, Unit.VISIT, deductible=NOT_SUBJECT))),
    ("$20, deductible waived", one(money(20, deductible=WAIVED))),
    ("20% coinsurance after ded.", one(share(20, deductible=AFTER))),
    ("Deductible, then 20%", one(share(20, deductible=AFTER))),
    ("Plan pays 80% after deductible", one(share(20, deductible=AFTER))),
    ("You pay 20%", one(share(20))),
    ("100% coinsurance after deductible", one(share(100, deductible=AFTER))),
    ("100% covered", one(share(0))),
    ("80% paid by the plan", one(share(20))),
    ("10% of our allowance", one(share(10))),
    (
        "30% of the Plan allowance and any difference between our allowance and the billed amount",
        both(share(30), Part(OverAllowance())),
    ),
    # Ideon
    (
        (
            "In-Network: $400 before deductible then 20% after deductible / Out-of-Network: NA"
            " | limit: 35 visit(s) per Benefit Period"
        ),
        CostShare(
            tiers=(
                Tier(Network.IN, both(money(400, deductible=BEFORE), share(20, deductible=AFTER), join=Join.THEN)),
                Tier(Network.OUT, NOT_APPLICABLE),
            ),
            limit=count(35, Unit.VISIT, Per(Unit.BENEFIT_PERIOD)),
        ),
    ),
    (
        "Out-of-Network: $5000 per person then $10000 per group",
        CostShare(
            tiers=(
                Tier(Network.OUT, both(money(5000, Unit.PERSON), money(10000, Unit.GROUP), join=Join.APART)),
            ),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_what_a_text_means(text, meaning):
    parsed = parse(text)
    assert parsed == meaning
    if isinstance(parsed, CostShare):
        assert parsed.raw == text
        assert hash(parsed) == hash(meaning)
        assert parse(parsed.canonical) == meaning


@pytest.mark.parametrize("text", [
    "Yes", "No", "TBD", "Flat Fee - See Brochure", "Glasses or Contacts", "Health Savings Account", "Part A and B",
    "0% + Amt. Over Plan Allowance $50 Calendar Year Deductible", "Every 12 Months Additional Features",
    "$1,500 / $3,000",                         # individual and family, or in and out of network
    "$10-$20", "$10/$30/$50", "$20 / 20%", "80%/20%", "80/20", "0.2", "20.5",
    "-$20", "($20)", "$20*", "$1,2345", "100.01%",
    "$20 deductible", "20% after $500 deductible", "20% of billed charges", "No deductible",
    "$20 PCP / $40 Specialist", "$10 generic", "up to $45", "30 days", "20%, up to 5 days",
    "$250 per day, up to 5 visits", "$20 and 20% then 30%", "$10 or 20% or 30%, whichever is greater",
    "$20 then 20%, whichever is greater", "greater of $50", "$20 after deductible before deductible",
    "$20 per visit per visit", "20% (deductible", "20% | limit: $0 first 2 visits",
    "Not Applicable | limit: 1 per year", "per person not applicable | limit: 1 per year",
    "20%, 10 visits per year, 20 visits per year", "In-Network: $20 / In-Network: $30",
    "In-Network: $20, 30 visits per year", "20% | condition: ", "$20 per person and per group not applicable and $5",
    "100% after deductible", "100%, no deductible",   # a plan's share in the member's column
])  # fmt: skip
def test_what_is_not_understood_is_kept_word_for_word(text):
    assert parse(text) == Unparsed(text)


def test_seven_absences_are_seven_values():
    texts = ("", "$0", "Not Applicable", "None", "Included in Medical", "No Charge", "Not Covered")
    assert len({parse(text) for text in texts}) == 7


@pytest.mark.parametrize(("text", "plan", "member"), [
    ("80%", 20, 80),
    ("100%", 0, 100),
    ("80% after deductible", 20, 80),
    ("100%, no deductible", 0, None),
    ("plan pays 80%", 20, 20),
    ("member pays 20%", 20, 20),
    ("80% up to $1,500", None, 80),            # the maximum is the plan's or the member's
    ("greater of $50 or 80%", None, 80),
    ("0% after deductible", None, 0),
    ("80", None, None),
])  # fmt: skip
def test_whose_percentage_it_is(text, plan, member):
    """The column's perspective decides, unless the text says whose share it is; where both could be, nobody decides."""
    for perspective, percent in (("plan", plan), ("member", member)):
        charges = [part.charge for part in getattr(parse(text, perspective), "parts", ())]
        wanted = None if percent is None else Coinsurance(Decimal(percent))
        assert next((charge for charge in charges if isinstance(charge, Coinsurance)), None) == wanted


def test_two_amounts_are_individual_and_family_where_the_column_is_an_accumulator():
    levels = both(money(1500, Unit.INDIVIDUAL), money(3000, Unit.GROUP), join=Join.APART)
    assert parse("$1,500 / $3,000", accumulator=True) == levels
    assert parse("No deductible", accumulator=True) == CostShare(State.NONE)


@pytest.mark.parametrize(("left", "right"), [
    ("$20", "$20.00 Copay"),
    ("20% after deductible and $20", "$20 and 20% after deductible"),
    ("$50 per person and $150 per family", "$50 per person | $150 per group"),
    ("NO MAXIMUM", "Unlimited"),
    ("$150 per group | $50 per person", "$50 per person | $150 per group"),
    ("20% | condition: no age limit; waived if admitted", "20% | condition: waived if admitted; no age limit"),
])  # fmt: skip
def test_equal_meanings_are_equal_values(left, right):
    assert parse(left) == parse(right)
    assert parse(left).canonical == parse(right).canonical
    assert parse(left).raw != parse(right).raw


@pytest.mark.parametrize("make", [
    lambda: Copay(Decimal(-1)),
    lambda: Copay(Decimal("NaN")),
    lambda: Coinsurance(Decimal(101)),
    lambda: Per(Unit.VISIT, 0),
    lambda: Per(Unit.DOLLAR),
    lambda: Quantity(Decimal(-1), Unit.VISIT),
    lambda: Part(Nothing(), (Per(Unit.DAY), Per(Unit.DAY, 2))),
    lambda: Part(Nothing(), cap=Quantity(None, Unit.DOLLAR)),
    lambda: Part(Nothing(), floor=Quantity(Decimal(1), Unit.VISIT)),
    lambda: Part(Nothing(), first=Quantity(Decimal(1), Unit.DOLLAR)),
    lambda: Part(NoAmount()),
    lambda: Part(NoAmount(), (Per(Unit.PERSON),), deductible=AFTER),
    lambda: one(Part(NoAmount(), (Per(Unit.PERSON),))),
    lambda: CostShare(State.NOT_COVERED, (NOTHING,)),
    lambda: CostShare(parts=(NOTHING,), join=Join.AND),
    lambda: CostShare(parts=(NOTHING, money(1))),
    lambda: both(NOTHING, money(1), join=Join.APART),
    lambda: both(NOTHING, money(1), share(1), join=Join.GREATER),
    lambda: CostShare(conditions=("a | b",)),
    lambda: CostShare(parts=(NOTHING,), tiers=(Tier(Network.IN, CostShare()),)),
    lambda: CostShare(tiers=(Tier(Network.IN, EMPTY),)),
    lambda: CostShare(tiers=(Tier(Network.IN, CostShare(conditions=("x",))),)),
])  # fmt: skip
def test_shapes_that_mean_nothing_cannot_be_made(make):
    with pytest.raises(ValueError, match=r".+"):
        make()


def test_canonical_text_is_decoded_with_its_raw_text():
    parsed = parse("20.0% Coinsurance after Deductible")
    assert encode(parsed) == parsed.canonical == parsed.canonical == "20% after deductible"
    again = CostShare.from_canonical(parsed.canonical, parsed.raw)
    assert again == parsed
    assert again.raw == parsed.raw
    with pytest.raises(ValueError, match="not a cost share"):
        decode("Not Applicable", "")


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

amounts = (
    st.decimals(0, 10**7, places=3)
    | st.integers(0, 10**9).map(Decimal)
    | st.sampled_from([Decimal("1E+3"), Decimal("-0")])
)
percents = st.decimals(0, 100, places=3) | st.integers(0, 100).map(Decimal)
counted = [unit for unit in Unit if unit not in (Unit.DOLLAR, Unit.TIME)]
pers = st.lists(
    st.builds(Per, st.sampled_from(counted), st.integers(1, 40)), max_size=2, unique_by=lambda per: per.unit
).map(tuple)
level_pers = st.sampled_from(sorted(LEVELS, key=lambda unit: unit.value))
charges = (
    st.builds(Copay, amounts)
    | st.builds(Coinsurance, percents)
    | st.just(Coinsurance(Decimal(100)))
    | st.sampled_from([Nothing(), OverAllowance()])
)
caps = st.none() | st.builds(Quantity, amounts, st.just(Unit.DOLLAR), pers)
firsts = st.none() | st.builds(
    Quantity, amounts, st.sampled_from([unit for unit in counted if unit not in LEVELS]), pers
)
parts = st.builds(Part, charges, pers, st.sampled_from(Deductible), caps, caps, firsts, st.none() | amounts)
limits = st.none() | st.builds(Quantity, st.none() | amounts, st.sampled_from(Unit), pers)
conditions = st.lists(
    st.sampled_from(["waived if admitted", "copay waived if admitted", "no age limit"])
    | st.text().filter(lambda text: plain(text) and not set(plain(text)) & {"|", ";"}),
    max_size=2,
).map(tuple)


@st.composite
def bare_shares(draw):
    """One network's share: a state, or charges with any join that they allow."""
    chosen = draw(st.lists(parts, max_size=3))
    if not chosen:
        return CostShare(draw(st.sampled_from(State)))
    if len(chosen) == 1:
        return CostShare(parts=tuple(chosen))
    if draw(st.booleans()):
        units = draw(st.lists(level_pers, min_size=2, max_size=3, unique=True))
        levels = [draw(st.builds(Part, charges, st.just((Per(unit),)), cap=caps)) for unit in units[1:]]
        return CostShare(parts=(Part(NoAmount(), (Per(units[0]),)), *levels), join=Join.APART)
    joins = [Join.AND, Join.THEN, Join.OR, *([Join.GREATER, Join.LESSER] if len(chosen) == 2 else [])]
    return CostShare(parts=tuple(chosen), join=draw(st.sampled_from(joins)))


@st.composite
def cost_shares(draw):
    """Any cost share that can be made."""
    rest = {"limit": draw(limits), "conditions": draw(conditions), "raw": draw(st.text(max_size=5))}
    networks = draw(st.lists(st.sampled_from(Network), unique=True, max_size=3))
    if networks:
        inner = st.just(NOT_APPLICABLE) | bare_shares()
        return CostShare(tiers=tuple(Tier(network, draw(inner)) for network in networks), **rest)
    bare = draw(bare_shares())
    return CostShare(bare.state, bare.parts, bare.join, **rest)


@given(cost_shares())
def test_canonical_text_gives_the_meaning_back(value):
    assert parse(value.canonical) == value
    assert decode(encode(value), value.raw).raw == value.raw


@given(cost_shares())
def test_a_column_of_the_plans_shares_says_the_same(value):
    assert parse(format_cost_share(value, "plan"), "plan") == value


@given(cost_shares(), cost_shares())
def test_equal_means_equal_text_and_equal_hash(left, right):
    assert (left == right) == (left.canonical == right.canonical)
    if left == right:
        assert hash(left) == hash(right)


@given(
    st.text()
    | st.from_regex(r"(\$|%|[0-9]|,|\.|/|\||;| |copay|per|day|and|then|deductible|after|limit:|first|up to){1,9}")
)
def test_no_text_whatever_raises(text):
    for perspective in ("member", "plan"):
        parsed = parse(text, perspective, accumulator=True)
        if isinstance(parsed, CostShare):
            assert parse(format_cost_share(parsed, perspective), perspective) == parsed
        if isinstance(parsed, Unparsed):
            assert parsed.raw == text


@given(st.text())
def test_a_plain_text_stays_plain(text):
    assert plain(plain(text)) == plain(text)
    if plain(text) and not set(plain(text)) & {"|", ";"}:
        assert plain_condition(plain_condition(text)) == plain_condition(text)
