"""Make the records that every benchmark syncs, and the edits a person would make to them.

A record is a `generic` one: 26 flat fields shaped like a benefit plan (texts, amounts, dates, counts),
about 0.8 kB as JSON. Same seed, same records; `records(1_000)` is the head of `records(10_000)`.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random

Value = str | int | bool
Record = dict[str, Value]
Records = dict[str, Record]

CARRIERS = (
    "Aetna",
    "Anthem Blue Cross",
    "Cigna Healthcare",
    "Delta Dental",
    "Guardian Life",
    "Kaiser Permanente",
    "UnitedHealthcare",
)
TIERS = ("Bronze", "Silver", "Gold", "Platinum")
NETWORKS = ("Choice Plus", "Open Access", "National PPO", "Select HMO")
LINES = ("medical", "dental", "vision", "group_life", "short_term_disability")
WAITING = ("first of the month after 30 days", "first of the month after 60 days", "date of hire", "90 days")
FREQUENCIES = ("monthly", "semi-monthly", "biweekly")
NOTES = (
    "Rates pending carrier approval, confirm before renewal",
    "Copay waived for preventive care; see summary of benefits",
    "Employer pays 75% of employee only, 50% of dependants",
    "Out-of-network claims are paid at the usual and customary rate",
)


def amount(rng: Random, low: int, high: int) -> str:
    return f"{rng.randint(low * 100, high * 100) / 100:.2f}"


def day(rng: Random) -> str:
    return (date(2026, 1, 1) + timedelta(days=rng.randrange(730))).isoformat()


FIELDS: Mapping[str, Callable[[Random], Value]] = {
    "name": lambda rng: (
        f"{rng.choice(CARRIERS)} {rng.choice(TIERS)} {rng.choice(NETWORKS)} {rng.randrange(500, 9000, 250)}"
    ),
    "line": lambda rng: rng.choice(LINES),
    "carrier": lambda rng: rng.choice(CARRIERS),
    "carrier_plan_code": lambda rng: f"{rng.choice('ABCDGKU')}{rng.randrange(10**7):07d}",
    "policy_number": lambda rng: f"{rng.randrange(10**6):06d}-{rng.randrange(100):02d}",
    "network": lambda rng: rng.choice(NETWORKS),
    "effective_date": day,
    "renewal_date": day,
    "enrollment_start": day,
    "enrollment_end": day,
    "deductible_individual": lambda rng: amount(rng, 250, 9000),
    "deductible_family": lambda rng: amount(rng, 500, 18000),
    "out_of_pocket_max": lambda rng: amount(rng, 1000, 18000),
    "coinsurance": lambda rng: f"{rng.randrange(0, 55, 5)}%",
    "copay_primary": lambda rng: amount(rng, 0, 60),
    "copay_specialist": lambda rng: amount(rng, 10, 120),
    "copay_emergency": lambda rng: amount(rng, 50, 500),
    "rate_employee": lambda rng: amount(rng, 200, 1200),
    "rate_spouse": lambda rng: amount(rng, 400, 2400),
    "rate_children": lambda rng: amount(rng, 350, 2100),
    "rate_family": lambda rng: amount(rng, 600, 3600),
    "billing_frequency": lambda rng: rng.choice(FREQUENCIES),
    "waiting_period": lambda rng: rng.choice(WAITING),
    "minimum_hours": lambda rng: rng.randrange(20, 41),
    "section_125": lambda rng: rng.random() < 0.8,
    "notes": lambda rng: f"{rng.choice(NOTES)} ({rng.randrange(10**4)})",
}


def records(count: int, seed: int = 7) -> Records:
    """`count` records by id."""
    rng = Random(seed)
    return {f"plan-{number:06d}": {field: make(rng) for field, make in FIELDS.items()} for number in range(count)}


def edit_all(before: Records, seed: int) -> Records:
    """A copy in which every record has one to three fields changed; each value differs from the one before."""
    rng = Random(seed)
    return {id_: record | _edits(record, rng) for id_, record in before.items()}


def edit_none(before: Records) -> Records:
    """A copy in which nothing changed: equal, and no object shared, as if read from the system again."""
    return {id_: dict(record) for id_, record in before.items()}


def _edits(record: Record, rng: Random) -> Record:
    return {
        field: _another(record[field], FIELDS[field], rng) for field in rng.sample(tuple(FIELDS), rng.randint(1, 3))
    }


def _another(value: Value, make: Callable[[Random], Value], rng: Random) -> Value:
    while (new := make(rng)) == value:
        pass
    return new
