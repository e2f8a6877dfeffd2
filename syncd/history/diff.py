"""Differences between structured values, for reports that people read: a rate table, a vendor's own part.

DeepDiff finds them; its paths are written as the vendor paths of the mappings are: `rate_sets[0].tiers.EE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One difference. `what`: added, removed or changed."""

    what: Literal["added", "removed", "changed"]
    path: str
    before: Any = None
    after: Any = None


def steps(before: Any, after: Any) -> list[Step]:  # noqa: ANN401 - JSON
    """Give what leads from one value to another, by path."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - 0.4 s that most commands never need

    found = DeepDiff(before, after, view="tree", ignore_order=False, verbose_level=2)
    told = [step for kind, name in _KINDS.items() for step in _told(found.get(kind, ()), name)]
    return sorted(told, key=lambda step: _natural(step.path))


_KINDS: dict[str, Literal["added", "removed", "changed"]] = {
    "dictionary_item_added": "added",
    "iterable_item_added": "added",
    "dictionary_item_removed": "removed",
    "iterable_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}


def _told(levels: Any, what: Literal["added", "removed", "changed"]) -> Iterator[Step]:  # noqa: ANN401 - DeepDiff's own
    for level in levels:
        path = _path(level.path(output_format="list"))
        before = None if what == "added" else level.t1
        after = None if what == "removed" else level.t2
        yield Step(what, path, before, after)


def _path(keys: list[Any]) -> str:
    """Write keys and positions as a vendor path."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = str(key) if re.fullmatch(r"[^.\[\]]+", str(key)) else f'"{key}"'
            text += f".{name}" if text else name
    return text


def _natural(path: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", path) if part]
