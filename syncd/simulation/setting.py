"""What a simulated history starts from: systems with their oddities, linked records, rules, limits. Drawn from a seed.

Every value of a field comes from a small pool, so that equal edits, reverts and collisions are common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from syncd.connectors.memory import Behaviour
from syncd.model.records import Kind
from syncd.model.values import Value

T0 = 1_770_000_000.0
"""When every simulated history begins: 2026-02-02."""
GROUP = "g"
"""Native id of the one group in every system; its link is the scope of the plans."""

RATES = ("rates[2026-01-01].ee", "rates[2026-01-01].es", "rates[2026-01-01].fam")
POOLS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "plan": {
        "details.name": ("Gold", "Gold plus", "Silver HMO", "Bronze"),
        "details.carrier": ("Aetna", "Cigna", "Kaiser"),
        "details.effective_date": ("2026-01-01", "2026-01-15", "2026-07-01"),
        "benefits.deductible.individual.in_network": ("$500", "$1,000", "$1,500"),
        "benefits.primary_care.in_network": ("$20", "$25", "20%"),
        **dict.fromkeys(RATES, ("512.40", "530.25", "530.00", "601.75")),
        "contributions[2026-01-01].ee": ("100.00", "120.50", "150.00"),
        "contributions[2026-01-01].fam": ("210.00", "220.50", "250.00"),
    },
    "generic": {
        "name": ("Gold", "Gold plus", "Silver", "Bronze"),
        "phone": ("1", "2", "3"),
        "note": ("Keep", "Drop", "Ask"),
        "rate_ee": ("512.40", "530.25", "530.00", "601.75"),
        "rate_es": ("612.40", "630.25", "630.00", "701.75"),
        "rate_fam": ("712.40", "730.25", "730.00", "801.75"),
    },
    "group": {},
}
FIXED: Mapping[str, str] = {
    "details.line": "medical",
    "details.plan_type": "ppo",
    "details.carrier": "Aetna",
    "details.effective_date": "2026-01-01",
}
"""What a plan needs so that every vendor takes it; nobody edits it."""
ATOMS = {"rate_ee": "table", "rate_es": "table", "rate_fam": "table"}
SECTIONS = ("details", "benefits", "rates", "contributions")
MONEY = ("rates", "contributions", "rate_ee", "rate_es", "rate_fam")


@dataclass(frozen=True, slots=True)
class SystemSetting:
    """One system: how its vendor is made, whether it states times, whether its rounding is declared by the lens."""

    name: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    times: bool = True
    declared: bool = True
    mapping: str = ""
    """The mapping file that its plans are read with; "": their keys are canonical paths."""
    drop: bool = False
    """Whether it is a folder of files; `encoding`: what they are saved in."""
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Setting:
    """A base world. `records`: key -> the systems that hold it (linked when more than one); all start out equal."""

    kind: Kind
    systems: tuple[SystemSetting, ...]
    records: Mapping[str, tuple[str, ...]]
    base: Mapping[str, Mapping[str, str]]
    rules: Mapping[str, Any] = field(default_factory=dict)
    guards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    loose: frozenset[str] = frozenset()
    """Records that nobody has linked yet."""
    homes: Mapping[str, str] = field(default_factory=dict)
    """The group of each record that is not in the first one."""
    strangers: tuple[str, ...] = ()
    """Groups that every system holds and nobody has linked."""
    unmapped: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """System -> path prefixes for which its mapping has no row when the history begins."""
    other: Mapping[str, Mapping[str, Mapping[str, str | None]]] = field(default_factory=dict)
    """System -> record -> what it holds otherwise than the base, in fields that no row reads."""

    @property
    def scope(self) -> str:
        """Name the group whose run handles the records."""
        return GROUP if self.kind == "plan" else "default"

    @property
    def scopes(self) -> tuple[str, ...]:
        """Name all groups that are linked."""
        return (self.scope, *sorted(set(self.homes.values()) - {self.scope}))

    def group_of(self, record: str) -> str | None:
        """Give the group of a record; None where there are no groups."""
        return self.homes.get(record, GROUP) if self.kind == "plan" else None

    @property
    def atoms(self) -> dict[str, str]:
        """Give the fields of generic records that merge as one."""
        return ATOMS if self.kind == "generic" else {}

    def system(self, name: str) -> SystemSetting:
        """Give a system by its name."""
        return next(one for one in self.systems if one.name == name)


def _places(number: Decimal) -> int:
    """Count the digits behind the point."""
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def nearest_of(decimals: int) -> Any:
    """Make what a lens declares about a system that rounds."""

    def nearest(path: str, value: Value) -> Value:
        if not path.startswith(MONEY):
            return value
        exponent = Decimal((0, (1,), -decimals))
        if isinstance(value, Decimal):
            return value.quantize(exponent, ROUND_HALF_UP) if _places(value) > decimals else value
        if isinstance(value, str) and "." in value:
            number = Decimal(value)
            return format(number.quantize(exponent, ROUND_HALF_UP), "f") if _places(number) > decimals else value
        return value

    return nearest


# -- drawing ----------------------------------------------------------------------------------------------------------


def draw_setting(rng: Random) -> Setting:
    """Draw a base world."""
    kind: Kind = rng.choice(("plan", "generic"))
    names = ("crm", "payroll", "quote", "web")[: rng.choice((2, 2, 2, 3, 3, 4))]
    fields = _fields(rng, kind)
    systems = tuple(_system(rng, name, kind) for name in names)
    records = {f"p{n}": _holders(rng, names) for n in range(1, rng.choice((1, 1, 2, 3)) + 1)}
    base = {key: {path: rng.choice(POOLS[kind][path]) for path in fields if rng.random() < 0.9} for key in records}
    loose = frozenset({rng.choice(sorted(records))}) if rng.random() < 0.2 else frozenset()
    return Setting(kind, systems, records, base, _rules(rng, kind, names, fields), _guards(rng), loose)


def _fields(rng: Random, kind: Kind) -> list[str]:
    """Keep histories small: some fields, the cells of a table together."""
    pool = POOLS[kind]
    tables = [path for path in pool if path.startswith(("rate", "contributions"))]
    plain = [path for path in pool if path not in tables]
    kept = rng.sample(plain, rng.randint(1, min(3, len(plain))))
    if rng.random() < 0.75:
        kept += [path for path in tables if path.startswith("rate")][: rng.choice((2, 3))]
    if kind == "plan" and rng.random() < 0.3:
        kept += [path for path in tables if path.startswith("contributions")]
    return [path for path in pool if path in kept]


def _holders(rng: Random, names: tuple[str, ...]) -> tuple[str, ...]:
    """Most records are held by all systems."""
    if len(names) == 2 or rng.random() < 0.7:
        return names
    return tuple(sorted(rng.sample(names, 2)))


def _system(rng: Random, name: str, kind: Kind) -> SystemSetting:
    made: dict[str, Any] = {"versions": rng.choice(("none", "etag", "etag", "lying", "stuck", "restless"))}
    odd = rng.random()
    declared = True
    if odd < 0.15:
        made |= {"decimals": rng.choice((0, 1)), "distorts": MONEY}
        declared = rng.random() < 0.6
    elif odd < 0.22:
        made["recase"] = "title"
    elif odd < 0.30:
        made["late"] = rng.choice((1, 1, 1, 3))
    elif odd < 0.38 and kind == "plan":
        made["read_only"] = (rng.choice(SECTIONS),)
    elif odd < 0.44 and kind == "plan":
        made["carries"] = tuple(one for one in SECTIONS if one != rng.choice(SECTIONS[1:]))
    elif odd < 0.48 and kind == "generic":
        made["carries"] = ("name", "phone", "rate_ee", "rate_es", "rate_fam")
    elif odd < 0.52:
        made["create"] = False
    elif odd < 0.54:
        made["update"] = False
    if kind == "plan" and rng.random() < 0.3:
        made["parts"] = {"rates": "rates", "contributions": "rates"}
    if rng.random() < 0.3:
        made["marker"] = False
    if rng.random() < 0.2:
        made["skew_s"] = rng.choice((-120.0, 3.0, 900.0))
    if rng.random() < 0.2:
        made["page_size"] = 1
    if rng.random() < 0.2:
        made["end_sets"] = {"details.custom.status" if kind == "plan" else "phone": "T"}
    if "carries" in made and made.get("end_sets"):
        del made["end_sets"]
    return SystemSetting(name, Behaviour(**made), rng.random() < 0.75, declared)


def _rules(rng: Random, kind: Kind, names: tuple[str, ...], fields: list[str]) -> dict[str, Any]:
    if rng.random() < 0.2:
        return {}
    default: dict[str, Any] = {"all": _settings(rng, names)}
    if rng.random() < 0.5:
        target = rng.choice(fields)
        default["fields"] = {ATOMS.get(target, target) if kind == "generic" else target: _settings(rng, names)}
    if kind == "plan" and rng.random() < 0.4:
        default["sections"] = {rng.choice(SECTIONS): _settings(rng, names)}
    rules: dict[str, Any] = {"default": default}
    if rng.random() < 0.15:
        rules["pairs"] = {"+".join(names[:2]): {"all": _settings(rng, names)}}
    for setting, choices in (("on_missing", ("ask", "recreate", "unlink")), ("unlinked", ("ignore", "copy"))):
        if rng.random() < 0.3:
            default["all"][setting] = rng.choice(choices)
    if rng.random() < 0.05:
        default["all"]["operations"] = [rng.choice(("create", "update"))]
    return rules


def _settings(rng: Random, names: tuple[str, ...]) -> dict[str, Any]:
    owner = rng.choice(names)
    odd = rng.random()
    found: dict[str, Any] = {}
    if odd < 0.35:
        found = {"on_conflict": "source_of_truth", "source_of_truth": owner}
    elif odd < 0.6:
        found = {"on_conflict": "newest"}
    elif odd < 0.75:
        found = {"mode": "mirror", "source_of_truth": owner, "on_drift": rng.choice(("ask", "overwrite"))}
    if rng.random() < 0.4:
        found["blanks"] = "overwrite"
    return found


def _guards(rng: Random) -> dict[str, Any]:
    guards: dict[str, Any] = {}
    if rng.random() < 0.15:
        guards["too-many-changes"] = {"share": 0.5, "count": 2}
    if rng.random() < 0.15:
        guards["shrunken-side"] = {"share": 0.5, "count": 1}
    return guards
