"""What a copied plan is, and what must be known before any system is called."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from syncd.errors import ConfigError
from syncd.model.values import EMPTY
from syncd.reconcile.adopt import adopt
from syncd.reconcile.originate import ORIGINATION, OriginationError, brought, originate, origins_of
from syncd.reconcile.rules import Rules
from syncd.reconcile.strays import judge
from syncd.reconcile.types import Decided, Link, Member, Seen, Stray, View

ROOT = Path(__file__).parents[2]
SHIPPED = origins_of(YAML(typ="safe", pure=True).load(ROOT / "config" / "origination.yaml"))
PLAN = {
    "details.name": "Gold",
    "details.line": "medical",
    "details.carrier": "Fallon",
    "details.effective_date": date(2027, 1, 1),
}
PRIOR = {
    "details.effective_date": date(2026, 1, 1),
    "details.original_effective_date": date(2019, 7, 1),
    "details.policy_number": "G-77",
}


class Holds:
    """A surface that carries what it is told, or everything."""

    create = update = exact = True

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def carries(self, path: str) -> bool:
        return not self.paths or path in self.paths


def stray(**more: object) -> Stray:
    flat = {**PLAN, **{f"details.{name}": value for name, value in more.items()}}
    return Stray("quote", "plan", "q2", "Gold", Seen({k: v for k, v in flat.items() if v is not EMPTY}, b""))


def prior_link(*systems: str) -> Link:
    members = tuple(Member(system, f"{system}-1", {}) for system in systems)
    return Link("l1", "plan", "g", "Gold 2026", PRIOR, members)


def bring(said: dict[str, str], links: tuple[Link, ...] = (), plan: Stray | None = None, crm: Holds | None = None):
    surfaces = {("crm", "plan"): crm or Holds(), ("quote", "plan"): Holds()}
    return brought(plan or stray(), ["crm"], said, links, surfaces, SHIPPED)


@pytest.mark.parametrize(
    ("kind", "prior", "values"),
    [
        ("new", None, {"details.original_effective_date": date(2027, 1, 1)}),
        ("replacement", PRIOR, {"details.original_effective_date": date(2027, 1, 1)}),
        ("renewal", PRIOR, {"details.original_effective_date": date(2019, 7, 1), "details.policy_number": "G-77"}),
        (
            "renewal",
            {"details.effective_date": date(2026, 1, 1)},
            {"details.original_effective_date": date(2026, 1, 1)},
        ),
        ("prospective", None, {}),
    ],
)
def test_each_kind_brings_its_defaults(kind, prior, values) -> None:
    """A default comes from the first path that has a value, in the record or in the plan before it."""
    assert originate(SHIPPED[kind], PLAN, prior, lambda _: True) == {"details.origination": kind, **values}


def test_a_default_never_replaces_what_the_record_says() -> None:
    own = {**PLAN, "details.policy_number": "OWN"}
    assert "details.policy_number" not in originate(SHIPPED["renewal"], own, PRIOR, lambda _: True)


def test_a_default_that_the_new_record_cannot_hold_is_left_out() -> None:
    made = originate(SHIPPED["new"], PLAN, None, lambda path: path != "details.original_effective_date")
    assert made == {"details.origination": "new"}


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(OriginationError, match=r"details\.line .*details\.carrier .*details\.effective_date") as caught:
        originate(SHIPPED["new"], {"details.name": "Gold"}, None, lambda _: True)
    assert caught.value.field == "details.line"


def test_never_a_renewal_without_the_plan_before_it() -> None:
    with pytest.raises(OriginationError, match="a renewal follows another plan, and none is named"):
        bring({"origination": "renewal"})


def test_a_new_plan_follows_none() -> None:
    with pytest.raises(OriginationError, match="follows no other plan"):
        bring({"origination": "new", "prior": "l1"}, (prior_link("crm", "quote"),))


@pytest.mark.parametrize("named", ["l1", "crm-1", "quote-1"])
def test_the_plan_before_is_named_by_its_link_or_a_record(named) -> None:
    """Every system has its own id for it, so what is agreed is the link."""
    made = bring({"origination": "renewal", "prior": named}, (prior_link("crm", "quote"),))
    assert made["details.prior_plan"] == "link:l1"


def test_the_record_itself_may_say_what_it_is_and_what_it_follows() -> None:
    own = stray(origination="renewal", prior_plan="quote-1")
    assert bring({}, (prior_link("crm", "quote"),), own)["details.origination"] == "renewal"


def test_an_id_of_the_other_system_is_not_taken_for_the_record_s_own() -> None:
    own = stray(origination="renewal", prior_plan="crm-1")
    with pytest.raises(OriginationError, match="no linked plan of this group has the id crm-1"):
        bring({}, (prior_link("crm", "quote"),), own)


def test_a_plan_before_that_the_target_does_not_hold_is_refused() -> None:
    with pytest.raises(OriginationError, match="has no record in crm that it could follow") as caught:
        bring({"origination": "renewal", "prior": "l1"}, (prior_link("quote", "pay"),))
    assert "Copy or link that plan to crm first" in caught.value.hint


def test_what_it_is_must_be_said_where_the_target_wants_to_know() -> None:
    with pytest.raises(OriginationError, match="crm must be told what this plan is") as caught:
        bring({})
    assert "new, renewal, replacement, prospective" in caught.value.hint
    assert bring({}, crm=Holds("details.name")) == {}


@pytest.mark.parametrize(("own", "said"), [("renewal", "new"), ("new", "renewal"), ("prospective", "new")])
def test_a_decision_that_contradicts_its_record_is_refused(own: str, said: str) -> None:
    """N3: one value is held by all systems of a link, so a decision and its record cannot say two things."""
    prior = {"prior": "l1"} if said == "renewal" else {}
    with pytest.raises(OriginationError, match=f"the decision calls it {said}, and the record itself {own}") as caught:
        bring({"origination": said, **prior}, (prior_link("quote", "crm"),), stray(origination=own))
    assert caught.value.field == ORIGINATION
    assert f"copy it as {own}" in caught.value.hint


def test_a_decision_may_repeat_what_its_record_says() -> None:
    """N3: the same word twice is no contradiction."""
    assert bring({"origination": "new"}, plan=stray(origination="new"))[ORIGINATION] == "new"


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(OriginationError, match="'rollover' is no kind of origination"):
        bring({"origination": "rollover"})


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({}, "origination", "expected keys under it, got nothing"),
        ({"origination": {"new": []}}, "origination.new", "expected keys"),
        ({"origination": {"new": {"priors": "none"}}}, "origination.new.priors", "no such key"),
        ({"origination": {"new": {"prior": "maybe"}}}, "origination.new.prior", "`maybe` is not one of required"),
        ({"origination": {"new": {"sold": "no"}}}, "origination.new.sold", "expected true or false, got `no`"),
        ({"origination": {"new": {"requires": "details.name"}}}, "origination.new.requires", "expected a list"),
        (
            {"origination": {"new": {"requires": ["details.nmae"]}}},
            "origination.new.requires.0",
            "did you mean `details.name`",
        ),
        ({"origination": {"new": {"defaults": []}}}, "origination.new", None),
        (
            {"origination": {"new": {"defaults": ["x"]}}},
            "origination.new.defaults",
            "expected keys under it, got a list",
        ),
        (
            {"origination": {"new": {"defaults": {"details.x1": ["details.name"]}}}},
            "origination.new.defaults.details.x1",
            "no field of a plan",
        ),
    ],
)
def test_a_mistake_in_the_file_names_its_key(said, field, message) -> None:
    if message is None:
        assert origins_of(said)["new"].defaults == {}
        return
    with pytest.raises(ConfigError, match=message) as caught:
        origins_of(said)
    assert caught.value.field == field


# -- decided in the queue ---------------------------------------------------------------------------------------------


def answered(**options: str) -> dict[tuple[str, str, str], Decided]:
    name = "quote:q2"
    return {("link-plans", "", name): Decided("q-1", "link-plans", "", name, "d", "copy", options=options)}


def asked_again(answers: dict[tuple[str, str, str], Decided], rules: Rules = Rules()) -> tuple[View, tuple[str, ...]]:  # noqa: B008
    surfaces = {("crm", "plan"): Holds(), ("quote", "plan"): Holds()}
    return adopt(View("g", (), (stray(),), surfaces, origins=SHIPPED), answers, rules)


def test_a_copy_that_cannot_be_originated_is_asked_about_again_with_the_reason() -> None:
    """The answer is not used up and nothing is created; the question says what is missing and what to write."""
    whole, used = asked_again(answered(to="crm"))
    assert (whole.links, used) == ((), ())
    [question] = judge(whole, Rules())
    assert "it cannot be copied so: crm must be told what this plan is" in question.why
    assert "new, renewal, replacement, prospective" in question.why
    [plain] = judge(View("g", (), (stray(),), whole.surfaces), Rules())
    assert question.digest != plain.digest, "a standing answer to the old question would be taken for one to this"


def test_a_copy_in_the_queue_may_say_what_it_is() -> None:
    whole, used = asked_again(answered(to="crm", origination="new"))
    assert used == ("q-1",)
    [made] = whole.links
    assert made.link.agreed["details.original_effective_date"] == date(2027, 1, 1)
    [own] = [member for member in made.link.members if member.system == "quote"]
    assert set(own.behind) == {"details.origination", "details.original_effective_date"}


def test_a_standing_rule_copies_no_plan_of_which_nobody_said_what_it_is() -> None:
    whole, _ = asked_again({}, Rules({"default": {"unlinked": "copy", "to": "crm"}}, ("crm", "quote")))
    assert whole.links == ()
    assert set(whole.refused) == {("quote", "q2")}
