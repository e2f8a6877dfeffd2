"""What a body may hold, field by field: shapes and single values. What joins several fields is in `rules`.

Unknown fields are refused everywhere (422 unknown_field). Money and percent are strings, never JSON numbers.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from syncd.sandbox.perfectquote.problems import FieldError, invalid
from syncd.sandbox.perfectquote.words import ContributionFrequency, PlanType, RateFrequency, Tier


def _day(text: str) -> str:
    """Check a calendar date, kept as written."""
    if len(text) != len("2026-01-01"):
        raise ValueError("a date is written YYYY-MM-DD")
    date.fromisoformat(text)
    return text


def _to_100(text: str) -> str:
    if Decimal(text) > 100:
        raise ValueError("a percent is between 0 and 100")
    return text


def _hours(given: Any) -> int | float:
    """Check a whole or broken number of hours a week, given back as it came."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 168:
        raise ValueError("hours a week are a number between 0 and 168")
    return given


_NUMBER = r"^\d{1,9}(\.\d{1,4})?$"
Day = Annotated[str, AfterValidator(_day)]
Money = Annotated[str, StringConstraints(pattern=_NUMBER)]
Percent = Annotated[str, StringConstraints(pattern=_NUMBER), AfterValidator(_to_100)]
SignedPercent = Annotated[str, StringConstraints(pattern=r"^-?\d{1,9}(\.\d{1,4})?$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Zip = Annotated[str, StringConstraints(pattern=r"^\d{5}(-?\d{4})?$")]
Age = Annotated[int, Field(ge=0, le=120)]
Count = Annotated[int, Field(ge=0)]


class Body(BaseModel):
    """Strict: nothing is converted, nothing unknown is swallowed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Address(Body):
    """Where an employer is."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: State | None = None
    zip: Zip | None = None
    county: str | None = None


class GroupBody(Body):
    """The writable fields of an employer group."""

    name: Name
    legal_name: str | None = None
    dba: str | None = None
    status: Literal["prospect", "active", "inactive"] = "prospect"
    tax_id: Annotated[str, StringConstraints(pattern=r"^\d{2}-\d{7}$")] | None = None
    sic_code: str | None = None
    naics_code: str | None = None
    address: Address | None = None
    eligible_count: Count | None = None
    enrolled_count: Count | None = None
    next_renewal_date: Day | None = None
    owner_user_id: str | None = None


class Waiting(Body):
    """When coverage starts after hire."""

    kind: Literal["none", "first_of_month_after", "exact_days", "first_of_month_coinciding"]
    days: Count | None = None
    months: Count | None = None


class Eligibility(Body):
    """Who may enrol."""

    min_hours: Annotated[Any, AfterValidator(lambda given: None if given is None else _hours(given))] = None
    waiting: Waiting | None = None
    classes: list[str] = []


class Value(Body):
    """One benefit's value in one network."""

    kind: Literal["money", "percent", "copay", "text", "none", "not_covered", "unlimited"]
    amount: str | None = None
    text: str | None = None
    after_deductible: bool | None = None


class BenefitField(Body):
    """One benefit."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
    label: str
    in_network: Value
    out_of_network: Value | None = None
    note: str | None = None


class Variant(Body):
    """One benefit summary of a plan."""

    id: str | None = None
    description: str | None = None
    fields: list[BenefitField] = []


class Benefits(Body):
    """The benefits block."""

    variants: list[Variant] = []


class TierRate(Body):
    """The price of one tier."""

    tier: Tier
    rate: Money
    enrolled: Count | None = None


class AgeRate(Body):
    """The price of a band of ages, both ends included."""

    age_from: Age
    age_to: Age
    rate: Money
    gender: Literal["m", "f"] | None = None
    tobacco: bool | None = None


class Unit(Body):
    """The price per volume; `rate` for all ages, or `age_bands`."""

    per: Literal[1000, 100, 10, 1]
    volume_basis: Literal["benefit", "monthly_payroll", "weekly_benefit"]
    rate: Money | None = None
    age_bands: list[AgeRate] | None = None


class RateSet(Body):
    """What one class costs from a day on. Without `expiration_date` it holds until another set follows."""

    id: str | None = None
    description: str | None = None
    primary: bool = True
    rate_type: Literal["composite", "age_rated", "unit"]
    effective_date: Day
    expiration_date: Day | None = None
    frequency: RateFrequency = "monthly"
    tiers: list[TierRate] | None = None
    ages: list[AgeRate] | None = None
    child_cap: Annotated[int, Field(ge=0, le=20)] | None = None
    age_basis: Literal["effective_date", "birthday_month", "plan_year_start"] | None = None
    unit: Unit | None = None
    class_ref: str | None = None
    benefits_ref: str | None = None
    renewal_change_percent: SignedPercent | None = None
    estimated_monthly_premium: Money | None = None


class Rates(Body):
    """The rates block."""

    sets: list[RateSet] = []


class Entry(Body):
    """What is paid for one tier, or for the employee's or the dependants' part."""

    tier: Tier | None = None
    part: Literal["employee", "dependent"] | None = None
    percent: Percent | None = None
    amount: Money | None = None
    percent_of_salary: Percent | None = None
    defined_amount: Money | None = None


class ContributionSet(Body):
    """Who pays what of the price, from a day on."""

    id: str | None = None
    description: str | None = None
    class_ref: str | None = None
    effective_date: Day
    perspective: Literal["employer", "employee"]
    basis: Literal["per_tier", "employee_dependent", "base_plan"]
    base_plan_id: str | None = None
    frequency: ContributionFrequency = "monthly"
    pre_tax: bool | None = None
    entries: list[Entry] = []
    max_amount: Money | None = None


class Contributions(Body):
    """The contributions block."""

    sets: list[ContributionSet] = []


class PlanBody(Body):
    """The writable fields of a plan with its three blocks: one aggregate, one rev."""

    plan_type: PlanType
    other_type: str | None = None
    name: Name
    carrier_id: str
    network: str | None = None
    plan_design: Literal["hmo", "ppo", "pos", "epo", "hdhp", "indemnity", "dhmo", "other"] | None = None
    funding: Literal["fully_insured", "level_funded", "self_funded"] = "fully_insured"
    metal_level: Literal["bronze", "silver", "gold", "platinum"] | None = None
    hsa_eligible: bool | None = None
    voluntary: bool = False
    position: Literal["current", "renewal", "alternate"] = "alternate"
    effective_date: Day
    end_date: Day | None = None
    renewal_date: Day | None = None
    rate_guarantee_months: Annotated[int, Field(ge=0, le=60)] | None = None
    policy_number: str | None = None
    eligibility: Eligibility | None = None
    states: list[State] = []
    prior_plan_id: str | None = None
    origination: Literal["new", "renewal", "replacement", "prospective"] = "new"
    notes: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    external_ids: dict[str, str] = {}
    benefits: Benefits = Benefits()
    rates: Rates = Rates()
    contributions: Contributions = Contributions()


class Member(Body):
    """One line of a census. No name and no social security number has a place here."""

    ref: str
    birth_date: Day
    zip: Zip
    gender: Literal["m", "f"] | None = None
    tobacco: bool | None = None
    tier: Tier
    class_: Annotated[str | None, Field(alias="class")] = None


class CensusBody(Body):
    """A census."""

    effective_date: Day | None = None
    members: Annotated[list[Member], Field(min_length=1)]


class RfpBody(Body):
    """A request for proposals."""

    status: Literal["draft", "sent", "closed"] = "draft"
    plan_types: list[PlanType] = []
    carrier_ids: list[str] = []
    due_date: Day | None = None
    notes: str | None = None


class CopyBody(Body):
    """What a copy may be called."""

    name: Name | None = None


def check(model: type[Body], given: Any) -> dict[str, Any]:
    """Check a body and fill in defaults; raises the 422 problem that names every wrong field."""
    try:
        return model.model_validate(given).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        raise invalid([_field_error(one) for one in error.errors(include_url=False)]) from error


def _field_error(error: Any) -> FieldError:
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return FieldError(pointer, "unknown_field", "no such field")
    if error["type"] == "missing":
        return FieldError(pointer, "invalid_value", "required")
    return FieldError(pointer, "invalid_value", str(error["msg"]))
