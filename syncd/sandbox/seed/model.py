"""What the sandboxes' world is made of: frozen employers and plans of public record.

Values are texts under canonical paths (`details.name`, `rates[2026-01-01].ee`, `rates[Part-time;2026-01-01].ee`,
`benefits[73 percent].specialist.in_network`), exactly as the source prints them. What a vendor calls them is the
business of that vendor's folder. Nothing here is made up but names of employers where the header of a seed file says
"label", account numbers, ids and who works on what.

Facts of one side stand in `facts[side]`. These exist:

=============  =============  ====================================================================================
side           fact           says
=============  =============  ====================================================================================
benefitpoint   leads          of a group: `missing` when the account names neither sales nor service lead
benefitpoint   response_to    of a plan tagged `marketing_response`: key of the plan it was quoted against
perfectquote   stage          of a plan: `presentation` or `confirmed`; without it the plan is in the explorer
=============  =============  ====================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

Side: TypeAlias = Literal["perfectquote", "benefitpoint"]
SIDES: Final[tuple[Side, ...]] = ("perfectquote", "benefitpoint")

# Written in the seed files; the other tags follow from the fields (see `load.derived_tags`).
WRITTEN_TAGS: Final = frozenset({"additional_product", "marketing_response", "stranger"})
DERIVED_TAGS: Final = frozenset(
    {
        *("details_only", "expired_rate", "two_summaries", "three_rates", "multi_class"),
        *("prospective", "presented", "confirmed"),
    }
)
TAGS: Final = WRITTEN_TAGS | DERIVED_TAGS

Workflow: TypeAlias = Literal["not_started", "quoting", "presenting", "confirmed"]

Thing = TypeVar("Thing")

_SET = re.compile(r"(rates|contributions)\[(?:(?P<cls>[^\];]*);)?(?P<day>\d{4}-\d\d-\d\d)\]\.")
_SUMMARY = re.compile(r"benefits(?:\[([^\]]+)\])?\.")


@dataclass(frozen=True, slots=True)
class SeedSource:
    """A public document. `year` is the plan or fiscal year the document calls itself."""

    publisher: str
    document: str
    year: str
    url: str


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """One plan of one employer.

    `fields` is canonical path -> text; `differs` is what a side holds instead before anything is linked (None: the side
    lacks it). `ids` are the native ids by side and depend on the seed number; `prior` is the key of the plan that this
    one renews or replaces, of the same employer; `year` is the calendar year the plan starts in; `row` says where in
    the sources the figures stand (column -> text there). A plan that goes on for years has one source for each.
    """

    key: str
    line: str
    sides: frozenset[Side]
    ids: Mapping[Side, str]
    fields: Mapping[str, str]
    sources: tuple[SeedSource, ...]
    year: int
    row: Mapping[str, str] = field(default_factory=dict)
    differs: Mapping[Side, Mapping[str, str | None]] = field(default_factory=dict)
    facts: Mapping[Side, Mapping[str, str]] = field(default_factory=dict)
    prior: str | None = None
    tags: frozenset[str] = frozenset()

    @property
    def source(self) -> SeedSource:
        """The newest of the public documents that the figures were taken from."""
        return self.sources[-1]

    @property
    def name(self) -> str:
        """The plan's marketing name; several plans may share one."""
        return self.fields["details.name"]

    @property
    def stage(self) -> str:
        """Where PerfectQuote keeps the plan: explorer, presentation or confirmed."""
        return self.facts.get("perfectquote", {}).get("stage", "explorer")

    def texts(self, side: Side) -> dict[str, str]:
        """Give what a side holds: path -> text."""
        held: dict[str, str | None] = {**self.fields, **self.differs.get(side, {})}
        return {path: text for path, text in held.items() if text is not None}

    def section(self, name: str, side: Side | None = None) -> dict[str, str]:
        """Give the paths and texts of one section: details, benefits, rates, contributions or eligibility."""
        texts = self.fields if side is None else self.texts(side)
        return {path: text for path, text in texts.items() if re.match(rf"{name}[.\[]", path)}

    def sets(self, name: Literal["rates", "contributions"]) -> tuple[tuple[str, str], ...]:
        """Give (class, effective date) of every rate or contribution set; class is `*` when it is for everybody."""
        found = (_SET.match(path) for path in self.fields if path.startswith(name))
        return tuple(dict.fromkeys((match["cls"] or "*", match["day"]) for match in found if match))

    @property
    def classes(self) -> tuple[str, ...]:
        """The employee classes that have sets of their own, in the order of the source."""
        both = (*self.sets("rates"), *self.sets("contributions"))
        return tuple(dict.fromkeys(cls for cls, _ in both if cls != "*"))

    @property
    def summaries(self) -> tuple[str, ...]:
        """The names of the benefit summaries; the first and usually only one has no name."""
        found = (_SUMMARY.match(path) for path in self.fields)
        return tuple(dict.fromkeys(match[1] or "" for match in found if match))


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """One employer with its plans. `number` is the brokerage's account number, the same for every seed number."""

    key: str
    name: str
    number: str
    state: str
    sides: frozenset[Side]
    ids: Mapping[Side, str]
    fields: Mapping[str, str]
    plans: tuple[SeedPlan, ...]
    differs: Mapping[Side, Mapping[str, str | None]] = field(default_factory=dict)
    facts: Mapping[Side, Mapping[str, str]] = field(default_factory=dict)

    def texts(self, side: Side) -> dict[str, str]:
        """Give what a side holds: path -> text."""
        held: dict[str, str | None] = {**self.fields, **self.differs.get(side, {})}
        return {path: text for path, text in held.items() if text is not None}

    def plans_on(self, side: Side) -> tuple[SeedPlan, ...]:
        """Give the plans that a side holds."""
        return tuple(plan for plan in self.plans if side in plan.sides)

    @property
    def strangers(self) -> tuple[SeedPlan, ...]:
        """The plans that share a name with one of the other side and are not the same plan."""
        return tuple(plan for plan in self.plans if "stranger" in plan.tags)

    @property
    def workflow(self) -> Workflow:
        """How far PerfectQuote's quoting has come: the furthest stage of its plans; no plans are not started."""
        stages = {plan.stage for plan in self.plans_on("perfectquote")}
        if "confirmed" in stages:
            return "confirmed"
        if "presentation" in stages:
            return "presenting"
        return "quoting" if stages else "not_started"


@dataclass(frozen=True, slots=True)
class World:
    """All employers, in an order that depends on the seed number."""

    groups: tuple[SeedGroup, ...]
    seed: int = 1

    def group(self, key: str) -> SeedGroup:
        """Find an employer by its key. Raises KeyError."""
        return _one(key, (group for group in self.groups if group.key == key))

    def plan(self, key: str) -> SeedPlan:
        """Find a plan by its key. Raises KeyError."""
        return _one(key, (plan for plan in self.plans() if plan.key == key))

    def plans(self) -> Iterator[SeedPlan]:
        """Give every plan of every employer."""
        return (plan for group in self.groups for plan in group.plans)

    def groups_on(self, side: Side) -> tuple[SeedGroup, ...]:
        """Give the employers that a side knows."""
        return tuple(group for group in self.groups if side in group.sides)


def _one(key: str, found: Iterator[Thing]) -> Thing:
    for thing in found:
        return thing
    raise KeyError(key)
