"""Coverage: what a mapping carries and writes for each line of coverage, and which vendor types it names. Pure.

Details, eligibility, rates and contributions are the same for every line. A benefit belongs to the lines in which it
means something: nobody asks a dental plan for its elimination period. What belongs to a line is said here once, by the
first word of its canonical name; a name that is not here may stand in a plan of any line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syncd.mapping.compile import Mapping as Compiled
from syncd.mapping.record_lens import RecordLens
from syncd.mapping.rows import Row
from syncd.mapping.show import Shown, show
from syncd.model import paths
from syncd.model.field_table import LINES

_HEALTH: Final = ("medical", "limited_benefit")
_DRUGS: Final = ("medical", "prescription")
_LIFE: Final = (
    *("basic_life", "voluntary_life", "spouse_life", "child_life", "life_ad_d", "ad_d", "voluntary_ad_d"),
    "business_travel",
)
_DISABILITY: Final = ("std", "voluntary_std", "ltd", "voluntary_ltd")
_LUMP_SUM: Final = ("critical_illness",)
_PAID_IN_MONEY: Final = (*_LIFE, *_DISABILITY, "accident", *_LUMP_SUM, "hospital_indemnity")

_BELONGS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("deductible", "coinsurance", "lifetime"), (*_HEALTH, "prescription", "dental", "vision")),
    **dict.fromkeys(("oop", "embedded"), (*_HEALTH, "prescription")),
    "annual": (*_HEALTH, "dental", "vision"),
    **dict.fromkeys(("rx", "drug"), _DRUGS),
    **dict.fromkeys(
        (
            *("primary", "specialist", "preventive", "telehealth", "urgent", "emergency", "inpatient", "outpatient"),
            *("skilled", "home", "hospice", "durable", "lab", "x", "imaging", "maternity", "chiropractic"),
            *("acupuncture", "physical", "occupational_therapy", "speech", "infertility", "hearing", "substance"),
        ),
        _HEALTH,
    ),
    "ambulance": (*_HEALTH, "accident"),
    "mental": (*_HEALTH, "hospital_indemnity"),
    **dict.fromkeys(("dental", "orthodontia", "endo", "placement", "waiting", "rollover"), ("dental",)),
    "vision": ("vision",),
    **dict.fromkeys(("ad", "adea", "spouse", "child", "increment", "salary"), _LIFE),
    "age": _LIFE,
    **dict.fromkeys(("conversion", "portability", "waiver"), (*_LIFE, *_DISABILITY)),
    **dict.fromkeys(("elimination", "definition", "own", "earnings", "tax"), _DISABILITY),
    **dict.fromkeys(("benefit", "guaranteed"), _PAID_IN_MONEY),
    "pre": (*_DISABILITY, "accident", *_LUMP_SUM, "hospital_indemnity"),
    **dict.fromkeys(("hospital", "icu"), ("hospital_indemnity", "accident")),
    **dict.fromkeys(("accident", "prosthesis"), ("accident",)),
    **dict.fromkeys(("severe", "coma", "paralysis", "blindness", "deafness", "loss"), ("accident", *_LUMP_SUM)),
    **dict.fromkeys(
        (
            *("heart", "stroke", "invasive", "cancer", "skin", "kidney", "organ", "coronary", "alzheimer", "als"),
            *("multiple", "parkinson", "benign", "occupational_hiv", "separation"),
        ),
        _LUMP_SUM,
    ),
    "wellness": ("accident", *_LUMP_SUM, "hospital_indemnity", "medical"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many fields are carried, and of these how many are written (once, on creation, counts)."""

    carried: int = 0
    written: int = 0

    def __str__(self) -> str:
        return f"{self.written}/{self.carried}" if self.carried else "-"


@dataclass(frozen=True, slots=True)
class LineCoverage:
    """What a mapping does for one line. `types`: the vendor's words for it, of which one that ends with `*` stands for
    all that begin so; `sections`: section -> counts."""

    line: str
    types: tuple[str, ...]
    sections: Mapping[str, Count]

    @property
    def named(self) -> tuple[str, ...]:
        """Give the types that are named to the letter."""
        return tuple(word for word in self.types if not word.endswith("*"))


def coverage(mapping: Compiled) -> list[LineCoverage]:
    """Give the lines that a mapping names, in the order of the lines; none when it does not map `details.line`."""
    lens = mapping.lenses.get("plan")
    if lens is None or "details.line" not in lens.rows:
        return []
    rows = [row for row in show(mapping) if row.kind == "plan" and not _is_key(row)]
    types = _types(lens)
    return [LineCoverage(line, tuple(types[line]), _counts(line, rows)) for line in LINES if types.get(line)]


def counts(mapping: Compiled) -> dict[str, Count]:
    """Count the fields of each section, of all lines together, and of `group`."""
    rows = show(mapping)
    found = {"group": _count([row for row in rows if row.kind == "group"])}
    plan = [row for row in rows if row.kind == "plan" and not _is_key(row)]
    return found | {section: _count([row for row in plan if section_of(row) == section]) for section in paths.SECTIONS}


def _is_key(row: Shown) -> bool:
    """Tell whether a row only tells sets apart."""
    return row.path.endswith(("<class>", "<kind>", "<variant>"))


def section_of(row: Shown) -> str:
    """Name the section of a row."""
    return row.path.partition(".")[0].partition("[")[0]


def _counts(line: str, rows: list[Shown]) -> dict[str, Count]:
    mine = [row for row in rows if section_of(row) != "benefits" or line in lines_of(row.path)]
    return {section: _count([row for row in mine if section_of(row) == section]) for section in paths.SECTIONS}


def _count(rows: list[Shown]) -> Count:
    named = {row.path: row for row in rows}
    return Count(len(named), sum(row.direction != "read" for row in named.values()))


def lines_of(path: str) -> tuple[str, ...]:
    """Name the lines in which a benefit means something."""
    name = path.partition(".")[2].partition(".")[0]
    words = name.split("_")
    for size in range(len(words), 0, -1):
        found = _BELONGS.get("_".join(words[:size]))
        if found is not None:
            return found
    return LINES


# -- the vendor's words ------------------------------------------------------------------------------------------------


def _types(lens: RecordLens) -> dict[str, list[str]]:
    """Give the vendor's words that are read as each line. The words of a plan type count for the line that the same
    word means; where the vendor keeps both apart, they say nothing about a line."""
    row = lens.rows["details.line"]
    found: dict[str, dict[str, None]] = {}
    for line, word in _words(row):
        found.setdefault(line, {}).setdefault(word)
    design = lens.rows.get("details.plan_type")
    if design is not None and not row.pair:
        for _, word in _words(design):
            meant = row.codec.get(word.rstrip("*"), row.context) if _is_plain(word) else None
            if isinstance(meant, str) and meant in found:
                found[meant].setdefault(word)
    return {line: list(words) for line, words in found.items()}


def _is_plain(word: str) -> bool:
    return bool(word) and not word.endswith("/*")


def _words(row: Row) -> Iterator[tuple[str, str]]:
    """Give canonical code and word, as written first, then those that are only read."""
    options = row.context.options
    for table in ("values", "also"):
        for code, said in dict(options.get(table, {})).items():
            several = table == "also" and isinstance(said, list | tuple)
            for word in said if several else (said,):
                yield str(code), _word(word)


def _word(word: object) -> str:
    if isinstance(word, list | tuple):
        return " + ".join(str(one) for one in word if one is not None)
    return str(word)
