"""The path grammar: public, stable names of the fields of a flat view.

Takes and gives text. `rates[2026-01-01].ee` is short for `rates[premium;*;2026-01-01].ee`; the short form is the
canonical one, so that every place that stores, shows or compares a path uses the same text. Paths of `generic` records
are free text: whatever does not fit the grammar is a field of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

SECTIONS = ("details", "benefits", "rates", "contributions", "eligibility")

_PATH = re.compile(r"(?P<section>[^.\[\]]+)(?:\[(?P<key>[^\]]*)\])?(?:\.(?P<field>.+))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SetKey:
    """Which rate or contribution set: `kind` is premium or billing (empty for contributions), `cls` a class or `*`."""

    kind: str
    cls: str
    effective: str

    def __str__(self) -> str:
        """Give the shortest text: defaults (`premium`, `*`) are left out."""
        kind = () if self.kind in ("", "premium") else (self.kind,)
        cls = () if self.cls == "*" and not kind else (self.cls,)
        return ";".join((*kind, *cls, self.effective))


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path: section, key between brackets (a variant or a set key) and the field after the dot."""

    section: str
    key: str | SetKey | None
    field: str

    def __str__(self) -> str:
        key = "" if self.key is None else f"[{self.key}]"
        field = f".{self.field}" if self.field else ""
        return f"{self.section}{key}{field}"


@lru_cache(maxsize=65536)
def parse(text: str) -> Path:
    """Parse a path; text outside the grammar is a path of one section without a field."""
    found = _PATH.match(text)
    if found is None:
        return Path(text, None, "")
    section, key, field = found["section"], found["key"], found["field"] or ""
    if section == "rates" and key is not None:
        return Path(section, _rate_key(key), field)
    if section == "contributions" and key is not None:
        cls, _, effective = key.rpartition(";")
        return Path(section, SetKey("", cls or "*", effective), field)
    return Path(section, key, field)


def _rate_key(key: str) -> SetKey:
    """`date`, `class;date` or `kind;class;date`."""
    kind, _, rest = key.partition(";") if key.count(";") > 1 else ("premium", "", key)
    cls, _, effective = rest.rpartition(";")
    return SetKey(kind or "premium", cls or "*", effective)


@lru_cache(maxsize=65536)
def canonical(text: str) -> str:
    """Give the one spelling under which a path is stored, compared and shown."""
    return str(parse(text)) if "[" in text else text


@lru_cache(maxsize=65536)
def section(text: str) -> str:
    """Name the section of a path: what stands before the first dot or bracket."""
    return parse(text).section


@lru_cache(maxsize=65536)
def atom(text: str) -> str:
    """Name the atom a path belongs to: its rate or contribution set, else the path itself."""
    path = parse(text)
    if path.section in ("rates", "contributions") and path.key is not None:
        return f"{path.section}[{path.key}]"
    return text


def cell(text: str) -> str:
    """Name the cell of a table that a path is, unlike all others of its atom: `age_30_34.f`."""
    path = parse(text)
    if path.section in ("rates", "contributions") and path.key is not None and path.field:
        return path.field
    return text.rpartition(".")[2]


def under(path: str, prefix: str) -> bool:
    """Tell whether `path` is `prefix` or lies below it (`rates` covers `rates[2026-01-01].ee`)."""
    if not path.startswith(prefix):
        return False
    return len(path) == len(prefix) or prefix == "" or path[len(prefix)] in ".["
