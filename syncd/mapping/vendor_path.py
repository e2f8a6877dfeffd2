"""Where a value stands inside a vendor's payload: `plan.effective`, `plans[0].name`, `fields[code=pcp].in_network`.

Takes JSON and gives what is there, or makes what has to be there. Names between dots; `[3]` a position; `[code=pcp]`
the first element with these values; double quotes around names that hold dots or brackets.
"""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from syncd.errors import MappingError


class Missing(enum.Enum):
    """No key at all, which is not the same as a key that holds null."""

    MISSING = "missing"


MISSING = Missing.MISSING
Where: TypeAlias = tuple[tuple[str, str], ...]
Step: TypeAlias = str | int | Where

_STEP = re.compile(
    r"""(?P<dot>\.)?(?:
        "(?P<quoted>[^"]+)"
      | (?P<name>[^."\[\]]+)
      | \[(?P<index>\d+)\]
      | \[(?P<where>[^\]]+)\]
    )""",
    re.VERBOSE,
)
_CONDITION = re.compile(
    r"""\s*(?:"(?P<qkey>[^"]+)"|(?P<key>[^=,"]+?))\s*=\s*(?:"(?P<qvalue>[^"]*)"|(?P<value>[^,"]*?))\s*(?:,|\Z)"""
)


@dataclass(frozen=True, slots=True)
class VendorPath:
    """A parsed path; `rooted` ones start at the part's data even inside a set."""

    text: str
    steps: tuple[Step, ...]
    rooted: bool = False

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse(text: str) -> VendorPath:
    """Parse a vendor path. Raises ValueError that says what was expected."""
    rooted = text.startswith("/")
    steps: list[Step] = []
    at = 1 if rooted else 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or _misplaced(found, first=not steps):
            raise ValueError(f"not a vendor path: {text!r}, from {text[at:]!r} on")
        steps.append(_step(found))
        at = found.end()
    if not steps:
        raise ValueError("an empty vendor path")
    if steps[-1].__class__ is tuple:
        raise ValueError(f"not a vendor path: {text!r} names a list element, expected a key of it")
    return VendorPath(text, tuple(steps), rooted)


def _misplaced(found: re.Match[str], *, first: bool) -> bool:
    """Tell a dot too many or too few: one stands before every name but the first, none before a bracket."""
    is_name = found["quoted"] is not None or found["name"] is not None
    return bool(found["dot"]) != (is_name and not first)


def _step(found: re.Match[str]) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["where"] is not None:
        return _where(found["where"])
    return found["quoted"] or found["name"]


def _where(text: str) -> Where:
    conditions: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        found = _CONDITION.match(text, at)
        if found is None:
            raise ValueError(f"not a choice of list elements: [{text}]; expected [key=value]")
        conditions.append(
            (found["qkey"] or found["key"], found["qvalue"] if found["qvalue"] is not None else found["value"])
        )
        at = found.end()
    return tuple(conditions)


def text_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """Write a JSON scalar as a person would: `7`, `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(item: Any, where: Where) -> bool:  # noqa: ANN401 - JSON
    """Tell whether a list element has these values; numbers and flags compare by how they are written."""
    return isinstance(item, dict) and all(key in item and text_of(item[key]) == value for key, value in where)


def read(data: Any, steps: tuple[Step, ...]) -> Any:  # noqa: ANN401 - JSON
    """Give what stands there, `MISSING` when nothing does."""
    for step in steps:
        if step.__class__ is str:
            if not isinstance(data, dict) or step not in data:
                return MISSING
            data = data[step]
        elif not isinstance(data, list):
            return MISSING
        elif isinstance(step, int):
            if step >= len(data):
                return MISSING
            data = data[step]
        elif len(step) == 1:
            data = _first(data, *step[0])
        else:
            data = next((item for item in data if matches(item, step)), MISSING)  # type: ignore[arg-type]
    return data


def _first(items: list[Any], key: str, value: str) -> Any:  # noqa: ANN401 - JSON
    """Give the first element with this value: what `matches` says, for one condition, without its overhead.

    Vendors that keep benefits as `[{code, ...}]` have every row of a mapping look through the same list.
    """
    for item in items:
        if isinstance(item, dict):
            held = item.get(key, MISSING)
            if held == value or (held.__class__ is not str and held is not MISSING and text_of(held) == value):
                return item
    return MISSING


def write(data: Any, steps: tuple[Step, ...], value: Any) -> None:  # noqa: ANN401 - JSON
    """Put a value there, in place, with the objects in between. Raises MappingError where the payload forbids it."""
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        fresh = value if following is None else {} if isinstance(following, str) else []
        data = _enter(data, step, fresh, last=following is None)


def _enter(data: Any, step: Step, fresh: Any, *, last: bool) -> Any:  # noqa: ANN401 - JSON
    """Go one step down; what is not there (or null) becomes `fresh`, and the last step always does."""
    if isinstance(step, str):
        if not isinstance(data, dict):
            raise MappingError(f"expected an object that holds {step!r}, found {type(data).__name__}")
        if last or data.get(step) is None:
            data[step] = fresh
        return data[step]
    if not isinstance(data, list):
        raise MappingError(f"expected a list, found {type(data).__name__}")
    if isinstance(step, int):
        if step > len(data):
            raise MappingError(f"the list has only {len(data)} elements, position {step} cannot be written")
        if step == len(data):
            data.append(fresh)
        elif last or data[step] is None:
            data[step] = fresh
        return data[step]
    item = next((item for item in data if matches(item, step)), None)
    if item is None:
        item = {key: _like_siblings(data, key, text) for key, text in step}
        data.append(item)
    return item


def _like_siblings(data: list[Any], key: str, text: str) -> Any:  # noqa: ANN401 - JSON
    """Give a new element's key as its siblings hold theirs: as a number, or as text."""
    numeric = any(type(item.get(key)) is int for item in data if isinstance(item, dict))
    return int(text) if numeric and text.isdigit() else text


def nested_text(data: Any) -> str:  # noqa: ANN401 - JSON
    """Write a list or object as one text, whatever it holds, so that it can be shown and compared."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)


def copied(data: Any) -> Any:  # noqa: ANN401 - JSON
    """Copy a payload deep enough to write into it: objects and lists anew, everything else shared."""
    if isinstance(data, dict):
        return {key: copied(item) for key, item in data.items()}
    if isinstance(data, list):
        return [copied(item) for item in data]
    return data
