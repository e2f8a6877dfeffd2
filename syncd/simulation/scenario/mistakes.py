"""What is said about a mistake: where, what was seen, what was expected, and the nearest known name. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from syncd.errors import ConfigError
from syncd.simulation.scenario.models import Table
from syncd.simulation.scenario.yaml_tree import Node

Place: TypeAlias = tuple[str | int, ...]


def first_mistake(errors: list[ErrorDetails], root: Node, file: str) -> ConfigError:
    """Say the first mistake of a file, and how many more there are."""
    told = sorted(((root.line_of(one["loc"]), _say(one)) for one in errors), key=lambda each: each[0])
    line, message = told[0]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return ConfigError(message + more, file=file, line=line)


def _say(error: ErrorDetails) -> str:
    """Put a mistake in words: where, what was seen, what was expected."""
    loc, seen = error["loc"], error["input"]
    where = dotted(loc)
    match error["type"]:
        case "extra_forbidden":
            return f"{dotted(loc[:-1])}: `{loc[-1]}` is not known{meant(str(loc[-1]), _known(loc))}".removeprefix(": ")
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            return f"{where}: `{seen}` is not one of {', '.join(known)}{meant(str(seen), known)}"
        case "missing":
            return f"{where} is missing"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{where}: a mapping belongs here, not {shown(seen)}"
        case "list_type" | "tuple_type":
            return f"{where}: a list belongs here, not {shown(seen)}"
        case "string_type":
            return f"{where}: one value belongs here, not {shown(seen)}"
        case _:
            return f"{where}: {error['msg']}, got {shown(seen)}"


def shown(value: object) -> str:
    """Give a value as a person sees it in the file."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"`{value}`"


def dotted(loc: Iterable[str | int]) -> str:
    """Give a place as people read it: `cycles[0].edit.crm`."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return re.sub(r"^scenarios\[\d+\]\.?", "", text) or text


def _known(loc: Place) -> Collection[str]:
    """Name the keys that a place may have."""
    model: type[BaseModel] = Table
    for step in loc[:-1]:
        if isinstance(step, str):
            model = Table.MODELS.get(step, model)
    return [one.alias or name for name, one in model.model_fields.items()]


def meant(wrong: str, known: Collection[str]) -> str:
    """Give `; did you mean X?`, or the known names when none is near."""
    near = get_close_matches(wrong, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known are {', '.join(known)}" if known else ""
