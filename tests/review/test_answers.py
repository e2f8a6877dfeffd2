"""What people may type as an answer, and what they are told when it does not fit."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.values import EMPTY, NOT_APPLICABLE, Flag
from syncd.reconcile.types import Offer
from syncd.review.answers import answer_text, decision_from_text
from syncd.review.errors import ReviewError
from tests.review.world import conflict, guard, hand_off, loss, missing, question, stray, table

RECORDS = {
    "crm": {"4711": "Gold", "4712": "Dental", "4713": "Vision"},
    "quote": {"99": "Dental High"},
    "payroll": {"P7": "Gold"},
}
ASK = dict.fromkeys(
    ("source.details", "source.benefits", "source.rates", "source.contributions", "source.eligibility"), "ask"
)


def flag_conflict():
    return conflict(path="details.voluntary", crm="true", quote="false")


def date_conflict():
    return conflict(path="details.renewal_date", crm="2026-01-01", quote="2026-02-01")


def code_conflict():
    return conflict(path="details.billing_frequency", crm="monthly", quote="every other tuesday")


@pytest.mark.parametrize(
    ("why", "asked", "answer", "choice", "value", "options"),
    [
        ("a system", conflict(), "crm", "crm", None, {}),
        ("capitals and blanks do not matter", conflict(), "  CRM ", "crm", None, {}),
        ("typographic quotes neither", conflict(), "“quote”", "quote", None, {}),
        ("ignore", conflict(), "ignore", "ignore", None, {}),
        ("a value on the command line", conflict(), "value: 531.00", "value", Decimal("531.00"), {}),
        ("the same in braces", conflict(), '{value: "531.00"}', "value", Decimal("531.00"), {}),
        ("a mapping", conflict(), {"value": "531.00"}, "value", Decimal("531.00"), {}),
        ("an amount as people write it", conflict(), {"value": "$1,531.00"}, "value", Decimal("1531.00"), {}),
        ("a date", date_conflict(), {"value": "2026-03-01"}, "value", date(2026, 3, 1), {}),
        ("yes is a flag where one is held", flag_conflict(), {"value": "yes"}, "value", Flag.TRUE, {}),
        ("yes is a text where text is held", conflict(path="details.name"), {"value": "yes"}, "value", "yes", {}),
        ("a leading zero stays", conflict(path="details.carrier_id"), {"value": "07030"}, "value", "07030", {}),
        ("a value with a colon", conflict(path="details.name"), 'value: "Plan: Gold"', "value", "Plan: Gold", {}),
        ("cleared", conflict(path="details.name"), {"value": ""}, "value", EMPTY, {}),
        ("does not apply", conflict(), {"value": "!na"}, "value", NOT_APPLICABLE, {}),
        ("does not apply, as tables write it", conflict(), "{value: !na}", "value", NOT_APPLICABLE, {}),
        ("as it is shown", conflict(), {"value": "Not Applicable"}, "value", NOT_APPLICABLE, {}),
        ("a word of the list", code_conflict(), {"value": "annual"}, "value", "annual", {}),
        (
            "a word that a system holds",
            code_conflict(),
            {"value": "every other tuesday"},
            "value",
            "every other tuesday",
            {},
        ),
        ("whose table", table(), "quote", "quote", None, {}),
        ("accept", loss(), "accept", "accept", None, {}),
        ("approve", guard(), "approve", "approve", None, {}),
        ("reject", guard(), "Reject", "reject", None, {}),
        ("recreate", missing(), "recreate", "recreate", None, {}),
        ("end, confirmed", missing(), {"end": "00088"}, "end", None, {"record.quote": "00088"}),
        ("end, on the command line", missing(), "end: 00088", "end", None, {"record.quote": "00088"}),
        (
            "end, all of them",
            missing(live=2),
            {"end": ["P7", "00088"]},
            "end",
            None,
            {"record.quote": "00088", "record.payroll": "P7"},
        ),
        (
            "end, all of them in a row",
            missing(live=2),
            "{end: '00088, P7'}",
            "end",
            None,
            {"record.quote": "00088", "record.payroll": "P7"},
        ),
        ("copy", stray(), {"copy": "crm"}, "copy", None, {"to": "crm", "follow": "true"}),
        ("copy as offered", stray(), "copy: crm", "copy", None, {"to": "crm", "follow": "true"}),
        (
            "copy once",
            stray(),
            {"copy": "payroll", "follow": "false"},
            "copy",
            None,
            {"to": "payroll", "follow": "false"},
        ),
        ("copy twice", stray(), {"copy": ["crm", "payroll"]}, "copy", None, {"to": "crm,payroll", "follow": "true"}),
        ("link, all is asked", stray(), {"link": {"crm": "4712"}}, "link", None, {"record.crm": "4712"} | ASK),
        (
            "link with sources",
            stray(),
            {
                "link": {"crm": "4712"},
                "sources": {"details": "CRM", "rates": "quote", "benefits": "ask"},
                "blanks": "overwrite",
            },
            "link",
            None,
            {"record.crm": "4712", **ASK, "source.details": "crm", "source.rates": "quote", "blanks": "overwrite"},
        ),
        (
            "one source for all",
            stray(),
            "{link: {crm: 4712}, sources: quote, from: quote}",
            "link",
            None,
            {"record.crm": "4712", **dict.fromkeys(ASK, "quote"), "from": "quote"},
        ),
        (
            "its own record may be named too",
            stray(),
            {"link": {"quote": "99", "crm": "4712"}},
            "link",
            None,
            {"record.quote": "99", "record.crm": "4712"} | ASK,
        ),
        (
            "a suggested link",
            question("suggested-link", "crm:1", offers=(Offer("link", ""), Offer("ignore", ""))),
            "link",
            "link",
            None,
            {},
        ),
    ],
)
def test_answers(why, asked, answer, choice, value, options):
    decided = decision_from_text(asked, answer, records=RECORDS, by=" ann ", note=" because ")
    assert (decided.choice, decided.value, dict(decided.options)) == (choice, value, options), why
    assert type(decided.value) is type(value)
    assert (decided.id, decided.digest, decided.by, decided.note) == (asked.id, asked.proposal.digest, "ann", "because")


@pytest.mark.parametrize(
    ("why", "asked", "answer", "said", "helps"),
    [
        ("a typing error", conflict(), "qoute", '"qoute" is not an answer', "did you mean `quote`?"),
        ("the answers are named", loss(), "yes", '"yes" is not an answer', "The answers are: accept, ignore."),
        ("nothing", conflict(), '""', "there is no answer", "The answers are: crm, quote, {value: X}, ignore."),
        ("a value typed bare", conflict(), "530.00", "is what crm holds", "write crm"),
        ("another value typed bare", conflict(), "531.00", "is not an answer", 'did you mean {value: "531.00"}?'),
        ("no value", conflict(), "value", "the value itself is missing", '{value: "512.40"}'),
        ("an amount cut by its comma", conflict(), "{value: $1,531.00}", "the comma parts", '{value: "$1,531.00"}'),
        ("no value either", conflict(), {"value": None}, "the value itself is missing", "clears the field"),
        (
            "the wrong type",
            conflict(),
            {"value": "abc"},
            '"abc" does not fit rates[2026-01-01].ee',
            "an amount, as 512.40",
        ),
        ("a date the other way round", date_conflict(), {"value": "01/02/2026"}, "does not fit", "as 2026-01-31"),
        ("no flag", flag_conflict(), {"value": "perhaps"}, "does not fit", "yes or no"),
        (
            "no word of the list",
            code_conflict(),
            {"value": "monthyl"},
            '"monthyl" is not a word',
            "did you mean `monthly`?",
        ),
        ("a list as value", conflict(), {"value": ["1"]}, "one text, number or date", ""),
        (
            "a value for a table",
            table(),
            {"value": "1"},
            '"value" is not an answer',
            "{cells: {ee: X or SYSTEM}}, ignore",
        ),
        ("two answers", conflict(), {"value": "1", "link": {}}, "two answers", ""),
        (
            "something beside",
            stray(),
            {"copy": "crm", "folow": "no"},
            '"folow" is not known here',
            "did you mean `follow`?",
        ),
        ("a wrong key", conflict(), {"valeu": "1"}, '"valeu" is not an answer', "did you mean `value`?"),
        ("not YAML", conflict(), "{value: 5", "cannot be read", "The answers are"),
        ("end without id", missing(), "end", "must be confirmed", "{end: RECORD_ID}"),
        ("end with the wrong id", missing(), {"end": "0088"}, '"0088" is not the id', "did you mean `00088`?"),
        ("end what is gone already", missing(), {"end": "4711"}, '"4711" is not the id', "quote"),
        ("end one of two", missing(live=2), {"end": "00088"}, "P7 of payroll", "[ID, ID]"),
        ("end nothing", missing(), {"end": None}, '"" is not the id', "members"),
        ("end where it is not offered", conflict(), {"end": "4711"}, '"end" is not an answer', "crm"),
        ("copy to nowhere", stray(), "copy", "which system gets the copy", "{copy: crm}"),
        ("copy to a stranger", stray(), {"copy": "payrol"}, '"payrol" cannot stand here', "did you mean `payroll`?"),
        ("follow what", stray(), {"copy": "crm", "follow": "maybe"}, '"maybe" cannot stand here', "true, false"),
        ("link with what", stray(), "link", "say which record", '{link: {crm: "4712"}}'),
        ("link with what, no idea", stray(suggested=False), "link", "say which record", "SYSTEM"),
        ("link with an empty hand", stray(), {"link": {}}, "say which record", "{link:"),
        ("link without id", stray(), {"link": {"crm": None}}, "the id of the record in crm is missing", ""),
        (
            "link with the wrong id",
            stray(),
            {"link": {"crm": "47l2"}},
            "crm holds no record 47l2",
            "did you mean `4712`?",
        ),
        ("records are listed", stray(), {"link": {"crm": "x"}}, "crm holds no record x", "4711 (Gold), 4712 (Dental)"),
        (
            "link with the wrong system",
            stray(),
            {"link": {"crn": "4712"}},
            '"crn" is not a system',
            "did you mean `crm`?",
        ),
        ("link with itself", stray(), {"link": {"quote": "99"}}, "name one of another system", ""),
        (
            "another record of its own system",
            stray(),
            {"link": {"quote": "98", "crm": "4712"}},
            "the record asked about is 99",
            "",
        ),
        (
            "a section that is none",
            stray(),
            {"link": {"crm": "4712"}, "sources": {"rate": "crm"}},
            '"rate" is not a section',
            "`rates`",
        ),
        (
            "a source that is none",
            stray(),
            {"link": {"crm": "4712"}, "sources": {"rates": "payroll"}},
            '"payroll" cannot stand here',
            "quote, crm, ask",
        ),
        ("sources that are none", stray(), {"link": {"crm": "4712"}, "sources": ["crm"]}, "name a system", "details"),
        ("hand-offs are not decided", hand_off(), "crm", '"crm" is not an answer', "ignore"),
        ("a guard is not valued", guard(), {"value": "1"}, '"value" is not an answer', "approve, reject"),
    ],
)
def test_p27_a_refused_answer_says_what_was_seen_what_was_expected_and_the_nearest(why, asked, answer, said, helps):
    with pytest.raises(ReviewError) as caught:
        decision_from_text(asked, answer, records=RECORDS)
    error = caught.value
    assert said in error.message, why
    assert helps in f"{error.message} {error.hint}", why
    assert error.hint
    assert error.key.startswith("decision")
    assert error.question == asked.id


def test_the_typed_id_is_not_told_to_who_forgot_it():
    """Typing the id shows that the record was looked at, so no message offers it to be copied."""
    with pytest.raises(ReviewError) as caught:
        decision_from_text(missing(), "end")
    assert "00088" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("asked", "answer", "choice", "options"),
    [
        (missing(), "end", "end", {}),
        (stray(), "copy", "copy", {"to": "crm,payroll", "follow": "true"}),
        (stray(), "link", "link", {}),
        (conflict(), {"value": None}, "value", {}),
    ],
)
def test_scenario_tables_need_not_confirm(asked, answer, choice, options):
    decided = decision_from_text(asked, answer, trusted=True)
    assert (decided.choice, dict(decided.options)) == (choice, options)


@pytest.mark.parametrize(
    ("typed", "kept"), [(5, 5), ("5", "5"), (True, Flag.TRUE), (None, EMPTY), ("yes", "yes"), ("!na", NOT_APPLICABLE)]
)
def test_a_generic_value_is_the_scalar_itself(typed, kept):
    decided = decision_from_text(conflict(path="p1.size"), {"value": typed}, kind="generic", trusted=True)
    assert decided.value == kept
    assert type(decided.value) is type(kept)


def test_p17_an_approval_carries_what_was_shown_and_no_more():
    decided = decision_from_text(guard(ceiling=("w1", "w2")), "approve")
    assert decided.ceiling == {"w1", "w2"}
    assert decided.digest == guard(ceiling=("w1", "w2")).proposal.digest


@given(
    st.sampled_from(
        [
            (conflict(), {"value": "1.50"}),
            (conflict(path="details.name"), {"value": 'a "b": {c} # d'}),
            (conflict(path="details.name"), {"value": ""}),
            (conflict(), "crm"),
            (missing(live=2), {"end": ["00088", "P7"]}),
            (missing(), {"end": "00088"}),
            (stray(), {"link": {"crm": "4712"}, "sources": {"rates": "crm"}, "from": "crm", "blanks": "keep"}),
            (stray(), {"copy": "crm", "follow": "false"}),
            (stray(), {"copy": ["crm", "payroll"], "sources": "quote"}),
            (guard(), "reject"),
        ]
    )
)
def test_a_decision_written_out_reads_back_the_same(case):
    asked, answer = case
    decided = decision_from_text(asked, answer, records=RECORDS)
    assert decision_from_text(asked, answer_text(decided), records=RECORDS) == decided


@given(st.text(max_size=40))
def test_any_text_is_an_answer_or_a_helpful_error(text):
    for asked in (conflict(), stray(), missing(), guard()):
        with suppress(ReviewError):
            assert decision_from_text(asked, text, records=RECORDS).id == asked.id
