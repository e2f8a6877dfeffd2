"""The pure pieces of the PerfectQuote connector, and answers that no well-behaved server gives."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.http import Http, Reply
from syncd.connectors.perfectquote import PerfectQuote, Settings
from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.resources import body_of, patch_of, record_of
from syncd.connectors.perfectquote.system import idempotency_key
from syncd.connectors.perfectquote.tables import meant, told
from syncd.connectors.readable import decoded
from syncd.connectors.registry import Forgetful
from syncd.errors import AuthError, RefusedError, StaleWriteError, TransientError, UnknownOutcomeError
from syncd.model.records import NotSeen, Part, PartCreate

# --- tiers, entries, ages --------------------------------------------------------------------------------------------

EE, ES, EC1, EC, EF = "employee_only", "employee_spouse", "employee_child", "employee_children", "employee_family"
STRUCTURES = [(EE,), (EE, EF), (EE, ES, EF), (EE, ES, EC, EF), (EE, ES, EC1, EC, EF)]


def rates_of(*labels, **more):
    return {"sets": [{"rate_type": "composite", "tiers": [{"tier": label, "rate": "1"} for label in labels], **more}]}


@pytest.mark.parametrize(
    ("labels", "meanings"),
    [
        ((EE,), [EE]),
        ((EE, EF), [EE, EF]),
        ((EE, ES, EF), [EE, "employee_one", EF]),
        ((EE, ES, EC, EF), [EE, ES, EC, EF]),
        ((EE, ES, EC1, EC, EF), [EE, ES, EC1, "employee_two_children", EF]),
    ],
)
def test_a_tier_means_what_its_structure_makes_of_it(labels, meanings):
    plan = {"rates": rates_of(*labels)}
    made = meant(plan)["rates"]
    assert [row["means"] for row in made["sets"][0]["tiers"]] == meanings
    assert told("rates", made, {}) == plan["rates"]


@pytest.mark.parametrize(
    "meanings",
    [(EE, ES, EF), (EE, ES), (EE, "employee_one"), (EE, EC, EF), (EE, "employee_two_children", EF), (ES,), (EE, "who")],
)
def test_tiers_that_are_no_structure_are_refused_rather_than_read_as_others(meanings):
    rows = [{"means": means, "rate": "1"} for means in meanings]
    with pytest.raises(RefusedError, match="no tier structure") as caught:
        told("rates", {"sets": [{"rate_type": "composite", "tiers": rows}]}, {})
    assert caught.value.field == "rates"


@pytest.mark.parametrize(
    ("why", "sets", "refused"),
    [
        ("one after the other", [("2026-01-01", "2026-12-31", None), ("2027-01-01", None, None)], False),
        ("the first never ends", [("2027-01-01", None, None), ("2026-01-01", None, None)], True),
        ("one day of both", [("2026-01-01", "2027-01-01", "a"), ("2027-01-01", None, "a")], True),
        ("other classes", [("2026-01-01", None, "a"), ("2026-01-01", None, "b")], False),
    ],
)
def test_rates_that_overlap_are_refused_with_what_to_do(why, sets, refused):
    block = {
        "sets": [
            {"primary": True, "rate_type": "unit", "effective_date": since, "expiration_date": until, "class_ref": cls}
            for since, until, cls in sets
        ]
    }
    if not refused:
        assert told("rates", block, {}) == block
        return
    with pytest.raises(RefusedError, match="still in force on 2027-01-01") as caught:
        told("rates", block, {})
    assert caught.value.field == "rates"
    block["sets"][1]["primary"] = False
    assert told("rates", block, {}) == block


def entries_of(*labels, class_ref=None):
    return {"sets": [{"class_ref": class_ref, "entries": [{"tier": label, "amount": "1"} for label in labels]}]}


@pytest.mark.parametrize(
    ("why", "rates", "labels", "meanings"),
    [
        ("as the rates", (EE, ES, EF), (EE, ES, EF), [EE, "employee_one", EF]),
        ("children are not paid for, and the spouse is still the spouse", (EE, ES, EC, EF), (EE, ES, EF), [EE, ES, EF]),
        ("one child is not paid for", (EE, ES, EC1, EC, EF), (EE, EC, EF), [EE, "employee_two_children", EF]),
        ("no rates to ask", (), (EE, ES, EF), [EE, "employee_one", EF]),
        ("only the employee", (EE, ES, EF), (EE,), [EE]),
    ],
)
def test_a_contribution_may_leave_tiers_out_and_its_labels_mean_what_the_rates_say(why, rates, labels, meanings):
    plan = {"rates": rates_of(*rates), "contributions": entries_of(*labels)}
    made = meant(plan)
    assert [row["means"] for row in made["contributions"]["sets"][0]["entries"]] == meanings
    assert told("contributions", made["contributions"], made) == plan["contributions"]


def test_the_rates_of_another_class_say_nothing():
    plan = {
        "rates": rates_of(EE, ES, EC, EF, class_ref="part time"),
        "contributions": entries_of(EE, ES, EF, class_ref="full"),
    }
    entries = meant(plan)["contributions"]["sets"][0]["entries"]
    assert [row["means"] for row in entries] == [EE, "employee_one", EF]


def test_each_kind_of_value_and_part_is_said_and_told_back():
    entries = [
        {"part": "employee", "percent": "80"},
        {"part": "dependent", "percent_of_salary": "2.5"},
        {"tier": EE, "amount": "0"},
        {"tier": EF, "defined_amount": "500", "note": "kept"},
    ]
    plan = {"contributions": {"sets": [{"entries": entries}]}}
    made = meant(plan)["contributions"]
    assert made["sets"][0]["entries"] == [
        {"means": "employee", "kind": "percent", "value": "80"},
        {"means": "dependent", "kind": "percent_of_salary", "value": "2.5"},
        {"means": EE, "kind": "amount", "value": "0"},
        {"means": EF, "kind": "amount", "value": "500", "defined": True, "note": "kept"},
    ]
    assert told("contributions", made, {}) == plan["contributions"]


def test_an_entry_of_which_the_value_was_cleared_is_no_entry():
    """Not offered, zero and absent are three states; an empty entry is none of them."""
    rows = [{"means": EE, "kind": "amount", "value": "0"}, {"means": EF, "kind": "percent", "value": None}]
    assert told("contributions", {"sets": [{"entries": rows}]}, {}) == {
        "sets": [{"entries": [{"tier": EE, "amount": "0"}]}]
    }


def test_age_bands_of_a_unit_rate_stand_where_all_ages_stand():
    unit = {"per": 1000, "volume_basis": "benefit", "rate": None}
    bands = [{"age_from": 0, "age_to": 64, "rate": "0.1"}, {"age_from": 65, "age_to": 120, "rate": "0.2"}]
    plan = {"rates": {"sets": [{"rate_type": "unit", "unit": {**unit, "age_bands": bands}, "ages": None}]}}
    (made,) = meant(plan)["rates"]["sets"]
    assert (made["unit"], made["rate_type"]) == (unit, "age_rated"), "the price goes by age, elsewhere as well"
    assert [(row["age_from"], row["age_to"]) for row in made["ages"]] == [(0, 64), (65, None)]
    (again,) = told("rates", {"sets": [made]}, {})["sets"]
    assert (again["unit"]["age_bands"], again["rate_type"]) == (bands, "unit")


def test_a_unit_rate_with_a_price_of_its_own_beside_its_bands_stays_one():
    unit = {"per": 1000, "volume_basis": "benefit", "rate": "0.3", "age_bands": [{"age_from": 0, "age_to": 64}]}
    block = {"sets": [{"rate_type": "unit", "unit": unit}]}
    assert meant({"rates": block})["rates"]["sets"][0]["rate_type"] == "unit"
    assert told("rates", meant({"rates": block})["rates"], {}) == block


@pytest.mark.parametrize(("end", "written"), [(120, 120), (99, 99), (None, 120)])
def test_and_over_ends_where_it_did_and_a_new_one_at_120(end, written):
    row = {"age_from": 65, "age_to": end, "rate": "1"}
    made = meant({"rates": {"sets": [{"rate_type": "age_rated", "ages": [row]}]}})["rates"]
    assert made["sets"][0]["ages"][0]["age_to"] is None
    assert told("rates", made, {})["sets"][0]["ages"] == [{**row, "age_to": written}]


@pytest.mark.parametrize(
    ("rates", "kind"),
    [
        ({"tiers": []}, "composite"),
        ({"ages": [{"age_from": 1, "age_to": 2}]}, "age_rated"),
        ({"unit": {"per": 10}}, "unit"),
    ],
)
def test_a_new_set_is_of_the_type_that_its_content_makes_it(rates, kind):
    assert told("rates", {"sets": [rates]}, {})["sets"][0]["rate_type"] == kind


labels = st.sampled_from(STRUCTURES)
extras = st.dictionaries(st.sampled_from(["id", "description", "x"]), st.none() | st.integers() | st.text(max_size=3))
kinds = st.sampled_from(["percent", "amount", "percent_of_salary", "defined_amount"])


@st.composite
def plans(draw):
    """Any plan that the contract allows, as far as its tables go."""
    structure = draw(labels)
    tiers = [{"tier": tier, "rate": "1", **draw(extras)} for tier in draw(st.permutations(structure))]
    kept = draw(st.lists(st.sampled_from(structure), unique=True))
    entries = [{"tier": tier, draw(kinds): "1"} for tier in kept]
    return {
        "rates": {"sets": [{"rate_type": "composite", **draw(extras), "tiers": tiers}]},
        "contributions": {"sets": [{**draw(extras), "entries": entries}]},
    }


@given(plan=plans())
def test_what_is_meant_is_told_back(plan):
    made = meant(plan)
    assert {name: told(name, made[name], made) for name in plan} == plan


@pytest.mark.parametrize(
    "block", [None, "text", [], {}, {"sets": None}, {"sets": ["x"]}, {"sets": [{"tiers": ["x", {}]}]}]
)
def test_what_is_no_table_is_left_alone(block):
    plan = {"rates": block, "contributions": block}
    made = meant(plan)
    assert made["contributions"] == block
    assert told("contributions", block, plan) == block


# --- resources -------------------------------------------------------------------------------------------------------

RESOURCE = {
    "id": "pln_1", "group_id": "grp_1", "rev": 7, "created_at": "2026-01-01T00:00:00.000Z", "name": "Gold",
    "updated_at": "2026-01-02T00:00:00.500Z", "deleted_at": None, "updated_by": "usr_1", "stage": "explorer",
    "favorite": False, "source": "api", "carrier_id": "car_1", "eligibility": {"min_hours": 30, "classes": ["A"]},
    "external_ids": {"syncd": "m-1", "benefitpoint": "77"}, "tomorrow": {"new": "field"},
}  # fmt: skip


def test_a_record_holds_what_people_say_and_its_revision():
    record = record_of("quotes", "plan", RESOURCE, may_edit_confirmed=False)
    (part,) = record.parts
    assert (record.id, record.group, part.version, record.modified) == ("pln_1", "grp_1", "7", 1767312000.5)
    assert not part.data.keys() & {"id", "rev", "updated_at", "updated_by"}
    assert part.data["tomorrow"] == {"new": "field"}
    with pytest.raises(TypeError):
        part.data["name"] = "changed"


@pytest.mark.parametrize("resource", [None, [], {}, {"id": "pln_1"}, {"rev": 1}, {"id": "", "rev": 1}])
def test_a_resource_without_identity_is_a_defective_answer(resource):
    with pytest.raises(TransientError):
        record_of("quotes", "plan", resource, may_edit_confirmed=False)


@pytest.mark.parametrize(
    ("why", "changes", "patch"),
    [
        ("nothing", {}, {}),
        ("a key", {"name": "Silver"}, {"name": "Silver"}),
        ("a new key", {"notes": "n"}, {"notes": "n"}),
        ("inside an object", {"eligibility": {"min_hours": 20, "classes": ["A"]}}, {"eligibility": {"min_hours": 20}}),
        ("a list is replaced whole", {"eligibility": {"min_hours": 30, "classes": ["A", "B"]}},
         {"eligibility": {"classes": ["A", "B"]}}),
        ("an object is cleared", {"eligibility": None}, {"eligibility": None}),
        ("a key goes", {"name": ...}, {"name": None}),
        ("a key inside goes", {"eligibility": {"classes": ["A"]}}, {"eligibility": {"min_hours": None}}),
        ("one is not true", {"voluntary": True}, {"voluntary": True}),
        ("what the server owns", {"stage": "confirmed", "favorite": True, "source": "x", "carrier_id": "car_2"}, {}),
    ],
)  # fmt: skip
def test_a_patch_says_what_changed(why, changes, patch):
    before = {**record_of("quotes", "plan", RESOURCE, may_edit_confirmed=False).parts[0].data, "voluntary": 1}
    after = {key: value for key, value in {**before, **changes}.items() if value is not ...}
    assert patch_of("plan", before, after) == patch


def test_a_body_names_the_marker_beside_other_ids_and_no_nulls():
    body = body_of("plan", {"name": "Gold", "notes": None, "stage": "x", "external_ids": {"benefitpoint": "7"}}, "m-1")
    assert body == {"name": "Gold", "external_ids": {"benefitpoint": "7", "syncd": "m-1"}}
    assert body_of("group", {"name": "Harbor", "bp_account": {}, "tax_id_last4": "1"}, "m-1") == {"name": "Harbor"}


def test_one_marker_has_one_idempotency_key():
    assert idempotency_key("a") == idempotency_key("a") != idempotency_key("b")


# --- problems --------------------------------------------------------------------------------------------------------


def reply(status, body, kind="application/problem+json"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {"content-type": kind}, content)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (422, {"code": "invalid_value", "detail": "no",
               "errors": [{"pointer": "/name", "code": "blank", "message": "m"}]},
         "422 invalid_value: no; /name blank m"),
        (401, {"error": "invalid_client"}, "401 invalid_client"),
        (500, b"<html>", "500"),
        (404, ["x"], "404"),
        (409, {"code": "plan_confirmed", "title": "two\nlines\x07"}, "409 plan_confirmed: two lines"),
        (422, {"code": 5, "errors": "x", "detail": None}, "422"),
    ],
)  # fmt: skip
def test_a_problem_is_one_line_of_words(status, body, words):
    assert Problem.of(reply(status, body)).words == words


def test_what_is_stale_and_what_is_refused():
    assert isinstance(Problem.of(reply(412, {})).error("quotes", "p", doing="w"), StaleWriteError)
    refused = Problem.of(reply(409, {"code": "plan_confirmed"})).error("quotes", "p", doing="plans.write")
    assert isinstance(refused, RefusedError)
    assert str(refused) == "quotes p: plans.write: 409 plan_confirmed"
    assert "allow_confirmed_edit" in refused.hint


# --- a server that misbehaves ----------------------------------------------------------------------------------------

TOKEN = {"access_token": "t", "expires_in": 3600}
SETTINGS = Settings(base_url="https://quotes.example/v1", client_id="c", client_secret="hunter2", per_minute=0)


def system_of(answer, **more):
    """A connector whose server answers `answer(request)`, a status and a body; tokens are given by themselves."""
    seen = []

    def handle(request):
        seen.append(request)
        if request.url.path.endswith("/oauth/token") and "token" not in more:
            return httpx.Response(200, json=TOKEN)
        status, body = answer(request)
        return httpx.Response(status, json=body)

    async def nap(seconds):
        pass

    http = Http("quotes", SETTINGS.base_url, transport=httpx.MockTransport(handle), sleep=nap)
    system = PerfectQuote("quotes", SETTINGS, Forgetful(), http)
    system.seen = seen
    return system


PLAN = {"id": "pln_1", "rev": 1, "name": "Gold", "carrier_id": None}


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"data": []}, {"data": {}, "page": {"has_more": False}}, {"data": [], "page": {}},
        {"data": [], "page": {"has_more": "no"}}, {"data": [PLAN], "page": {"has_more": True, "next_cursor": None}},
        {"data": [PLAN], "page": {"has_more": True, "next_cursor": "same"}},
        {"data": [{"name": "no id"}], "page": {"has_more": False}},
    ],
)  # fmt: skip
async def test_a_page_that_does_not_say_how_it_goes_on_is_no_end(body):
    """Nor does a cursor that never moves make a listing without end."""
    system = system_of(lambda request: (200, body))
    lasts = []
    with pytest.raises(TransientError):
        lasts.extend([page.last async for page in system.list("plan")])
    assert lasts == []
    assert len(system.seen) <= 4


async def test_cursors_that_go_round_break_the_listing_at_once():
    """R19: cursors a, b, a, b are no listing, however often their pages' records are left out as seen already."""

    def answer(request):
        following = "b" if request.url.params.get("cursor") == "a" else "a"
        return 200, {"data": [PLAN], "page": {"has_more": True, "next_cursor": following}}

    system = system_of(answer)
    with pytest.raises(TransientError, match="goes round"):
        [page async for page in system.list("plan")]
    assert len([one for one in system.seen if "token" not in one.url.path]) <= 3


async def test_a_create_that_names_no_id_may_have_been_applied():
    system = system_of(lambda request: (201, {"ok": True}))
    with pytest.raises(UnknownOutcomeError):
        await system.create(PartCreate("plan", "grp_1", (Part("plan", "", {"name": "x"}),), "m"))


async def test_a_fresh_token_that_is_refused_is_no_login_loop():
    system = system_of(lambda request: (401, {"code": "token_revoked"}))
    with pytest.raises(AuthError, match="token_revoked"):
        await system.read("plan", "pln_1")
    assert [request.url.path.rsplit("/", 1)[-1] for request in system.seen] == ["token", "pln_1", "token", "pln_1"]


@pytest.mark.parametrize("body", [{}, [], {"access_token": ""}, {"access_token": 5}])
async def test_a_login_without_a_token_may_work_later(body):
    system = system_of(lambda request: (200, body), token="asked")
    with pytest.raises(TransientError, match="access_token"):
        await system.read("plan", "pln_1")


async def test_a_client_that_may_only_read_asks_for_that():
    def answer(request):
        if b"write" in request.content:
            return 400, {"error": "invalid_scope"}
        return 200, {**TOKEN, "scope": "groups:read plans:read"}

    system = system_of(answer, token="asked")
    assert (await system._session.token()).scopes == {"groups:read", "plans:read"}
    assert "hunter2" not in repr(await system._session.token())


@pytest.mark.parametrize(("status", "kind"), [(404, NotSeen), (403, NotSeen)])
async def test_not_found_and_not_allowed_prove_nothing(status, kind):
    system = system_of(lambda request: (status, {"code": "not_found"}))
    assert isinstance(await system.read("plan", "pln_1"), kind)


@pytest.mark.parametrize(
    "body", [[], {"data": [{"id": "x"}], "page": {}}, {"data": []}, {"data": [], "page": {"has_more": True}}]
)
async def test_a_feed_that_makes_no_sense_is_a_passing_fault(body):
    system = system_of(lambda request: (200, body))
    with pytest.raises(TransientError):
        await system.changes("5")


async def test_a_feed_that_does_not_name_its_end_is_drained_to_it():
    def answer(request):
        after = int(request.url.params["after"])
        events = [{"seq": seq, "type": "plan", "id": "p"} for seq in range(after + 1, min(after + 3, 6))]
        return 200, {"data": events, "page": {"has_more": after + 2 < 5}}

    assert await system_of(answer).position() == "5"


async def test_a_record_that_moves_to_a_later_page_is_listed_once():
    """It was touched while we paged; the feed, whose position was taken before, gives it as it is now."""

    def answer(request):
        second = "cursor" in request.url.params
        plans = [{**PLAN, "rev": 2}, {**PLAN, "id": "pln_2"}] if second else [PLAN]
        return 200, {"data": plans, "page": {"has_more": not second, "next_cursor": None if second else "c"}}

    pages = [page async for page in system_of(answer).list("plan")]
    assert [record.id for page in pages for record in page.records] == ["pln_1", "pln_2"]
    assert [page.last for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("plan_type", "design", "handed_over"),
    [("dental", "ppo", "dental_ppo"), ("dental", "dhmo", "dhmo"), ("medical", "ppo", "ppo"), ("dental", None, None)],
)
def test_a_dental_ppo_is_another_design_than_a_medical_one(plan_type, design, handed_over) -> None:
    """The contract has one word for both, other systems have two: left alone, the two would differ for good."""
    plan = {"plan_type": plan_type, "plan_design": design}
    assert meant(plan)["plan_design"] == handed_over
    assert told("plan_design", handed_over, plan) == design


@pytest.mark.parametrize(
    ("plan_type", "voluntary", "handed_over"),
    [
        ("std", True, "voluntary_std"),
        ("ltd", True, "voluntary_ltd"),
        ("std", False, "std"),
        ("std", None, "std"),
        ("vision", True, "vision"),
    ],
)
def test_a_voluntary_disability_plan_is_a_line_of_its_own(plan_type, voluntary, handed_over) -> None:
    """The contract says it with a flag, other systems with another line: left alone, the two would differ for good."""
    plan = {"plan_type": plan_type, "voluntary": voluntary}
    assert meant(plan) == {**plan, "plan_type": handed_over}
    assert told("plan_type", handed_over, {}) == plan_type
    flagged = {"voluntary": True} if handed_over != plan_type else {}
    assert body_of("plan", {"plan_type": handed_over}) == {"plan_type": plan_type, **flagged}


CODES = [
    ("a code that another type has", "other", "x_benefit_amount", "benefit_amount"),
    ("a code of this type", "basic_life", "benefit_amount", "benefit_amount"),
    ("a code of one's own that this type has, too", "basic_life", "x_benefit_amount", "x_benefit_amount"),
    ("a code that no type has", "medical", "x_hearing_aids", "x_hearing_aids"),
    ("vision in a medical plan", "medical", "x_exam", "exam"),
    ("a voluntary plan has the codes of its type", "voluntary_std", "elimination_period", "elimination_period"),
]


@pytest.mark.parametrize(("why", "plan_type", "code", "handed_over"), CODES)
def test_a_code_means_the_same_in_plans_whose_type_does_not_have_it(why, plan_type, code, handed_over) -> None:
    block = {"variants": [{"id": "bv_1", "fields": [{"code": code, "note": "n"}]}]}
    made = meant({"plan_type": plan_type, "benefits": block})["benefits"]
    assert [field["code"] for field in made["variants"][0]["fields"]] == [handed_over]
    assert told("benefits", made, {"plan_type": plan_type}) == block


def test_a_code_beside_its_namesake_keeps_its_prefix() -> None:
    block = {"variants": [{"fields": [{"code": "x_exam"}, {"code": "exam"}, {"note": "no code"}, "odd"]}, "odd"]}
    assert meant({"plan_type": "medical", "benefits": block})["benefits"] == block
    assert meant({"plan_type": "medical", "benefits": None})["benefits"] is None


# --- half a letter ---------------------------------------------------------------------------------------------------


def half(answer):
    """A server whose JSON holds what no UTF-8 does, written as an escape."""
    system = system_of(lambda request: (200, {}))

    def handle(request):
        if request.url.path.endswith("/oauth/token"):
            return httpx.Response(200, json=TOKEN)
        return httpx.Response(200, content=json.dumps(answer(request)), headers={"content-type": "application/json"})

    http = Http("quotes", SETTINGS.base_url, transport=httpx.MockTransport(handle))
    return type(system)("quotes", SETTINGS, Forgetful(), http)


async def test_half_a_letter_takes_out_its_record_alone():
    r"""B8: a text that was cut inside a letter (`\ud83d`) names its record; listing, feed and directory go on."""
    hurt = {**PLAN, "id": "pln_2", "notes": "Well \ud83d"}
    listed = half(lambda request: {"data": [PLAN, hurt], "page": {"has_more": False}})
    (page,) = [page async for page in listed.list("plan")]
    assert [record.id for record in page.records] == ["pln_1"]
    assert page.unreadable == {"pln_2": "plan pln_2: notes holds U+D83D, which is half a letter"}
    assert page.last
    answer = await half(lambda request: hurt).read("plan", "pln_2")
    assert isinstance(answer, NotSeen)
    assert answer.unreadable

    def feed(request):
        if request.url.path.endswith("/changes"):
            events = [{"seq": seq, "type": "plan", "id": f"pln_{seq}", "op": "updated"} for seq in (1, 2)]
            return {"data": events, "page": {"has_more": False, "last_seq": 2}}
        return hurt if request.url.path.endswith("pln_2") else PLAN

    changes = await half(feed).changes("0")
    assert [record.id for record in changes.records] == ["pln_1"]
    assert set(changes.unreadable) == {("plan", "pln_2")}


async def test_a_group_with_half_a_letter_is_still_found():
    """B8: the directory shows the letter's name, and nothing that cannot be printed."""
    group = {"id": "grp_1", "rev": 1, "name": "Mill \ud83d"}
    found, _ = await half(lambda request: {"data": [group], "page": {"has_more": False}}).find_groups(name="mill")
    assert [one.name for one in found] == ["Mill <U+D83D>"]


@pytest.mark.parametrize("content", [b'{"a": NaN, "b": "\\ud83d"}', b'{"a": "\\ud83d"', b'{"a": 01, "b": "\\u0041"}'])
def test_what_is_no_json_stays_so(content):
    """B8: only half a letter is forgiven."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of the two decoders says so
        decoded(content)
