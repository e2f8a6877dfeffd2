"""Say what is wrong with something that a person wrote: file, line, key, what was seen, what was expected, the nearest.

Takes pydantic's errors and the model they are about, gives mistakes or one ConfigError that tells all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Self, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncd.errors import ConfigError
from syncd.text.nearest import did_you_mean
from syncd.text.show import escaped, shorten

Loc: TypeAlias = tuple[str | int, ...]

_LONGEST: Final = 60
_Read = TypeVar("_Read")
MISSING: Final = "this key is missing"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, and where."""

    loc: Loc
    message: str
    hint: str | None = None


class MistakesError(ConfigError):
    """Something that a person wrote cannot be meant; `mistakes` says what, each with its place."""

    about = ""
    """What is read, where no file says so."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        below = (self.about,) if self.about else ()
        first, *more = [_error(Mistake((*below, *one.loc), one.message, one.hint)) for one in self.mistakes]
        super().__init__(first.message, field=first.field, hint=first.hint)
        self.with_more(more)

    def of(self, system: str) -> Self:
        """Say which system it is about."""
        for one in self.all():
            one.system = system
        return self

    def at(self, file: str, line_of: Callable[[Loc], int | None], below: Loc = ()) -> ConfigError:
        """Give the same with file and lines; `below`: the place in the file of what was read."""
        placed = (Mistake((*below, *one.loc), one.message, one.hint) for one in self.mistakes)
        return together(_error(one, file, line_of(one.loc)) for one in placed)


class Collected:
    """Errors of parts of one file: reading goes on behind each, and all are raised together."""

    def __init__(self) -> None:
        self.errors: list[ConfigError] = []

    def take(self, read: Callable[[], _Read]) -> _Read | None:
        """Read a part; None when that raises ConfigError, which is kept."""
        try:
            return read()
        except ConfigError as error:
            self.errors.append(error)
            return None

    def done(self) -> None:
        """Raise what was kept, if anything was."""
        if self.errors:
            raise together(self.errors)


def _error(one: Mistake, file: str | None = None, line: int | None = None) -> ConfigError:
    return ConfigError(one.message, file=file, line=line, field=".".join(map(str, one.loc)) or None, hint=one.hint)


def explain(
    error: ValidationError,
    *,
    model: type[BaseModel],
    data: object,
    file: str,
    line_of: Callable[[Loc], int | None],
) -> ConfigError:
    """Make one error that tells all mistakes of a file, in the order of its lines."""
    return MistakesError(mistakes(error, model=model, data=data)).at(file, line_of)


def together(errors: Iterable[ConfigError]) -> ConfigError:
    """Make one error of several, the first line first; each is told once."""
    flat = {one.line_text(): one for error in errors for one in error.all()}
    first, *more = sorted(flat.values(), key=lambda one: (one.file or "", one.line or 0))
    return ConfigError(
        first.message, system=first.system, field=first.field, file=first.file, line=first.line, hint=first.hint
    ).with_more(more)


def mistakes(
    error: ValidationError,
    *,
    model: type[BaseModel],
    data: object = None,
    values: bool = True,
    is_toml: bool = False,
) -> list[Mistake]:
    """Put pydantic's errors in words; of the ways that a place could be read only the nearest is told.

    `data`: what was read, without which places are pydantic's. `values`: say what was seen; not where it may be a
    secret. `is_toml`: use TOML's words.
    """
    found: dict[Loc, list[ErrorDetails]] = {}
    for one in error.errors(include_url=False):
        found.setdefault(_place(one, data), []).append(one)
    wrong_inside = {loc[:at] for loc in found for at in range(len(loc))}
    return [
        _mistake(loc, alike, model, values=values, is_toml=is_toml)
        for loc, alike in found.items()
        # A union says of its other ways that no mapping was expected: where one is, what is wrong inside counts.
        if loc not in wrong_inside or not _is_shape(alike) or not isinstance(alike[0]["input"], (dict, list))
    ]


def _is_shape(errors: Sequence[ErrorDetails]) -> bool:
    return all(one["type"] in _SHAPES for one in errors)


def _place(error: ErrorDetails, data: object) -> Loc:
    """Give the place as it is in the file: without the names of a union's ways and of validators."""
    place: list[str | int] = []
    at: Any = data
    steps = [step for step in error["loc"] if step != "[key]"]
    if data is None:
        return tuple(steps)
    last = len(steps) - 1
    for number, step in enumerate(steps):
        if _has(at, step):
            place.append(step)
            at = at[step]
        elif number == last and error["type"] == "missing":
            place.append(step)
    return tuple(place)


def _has(at: Any, step: str | int) -> bool:  # noqa: ANN401 - as deep as the file
    if isinstance(at, Mapping):
        return step in at
    return isinstance(at, (list, tuple)) and isinstance(step, int) and step < len(at)


def _mistake(
    loc: Loc, alike: Sequence[ErrorDetails], model: type[BaseModel], *, values: bool, is_toml: bool
) -> Mistake:
    error = alike[0]
    got = f", got {shown(error['input'])}" if values else ""
    kind = error["type"]
    if kind == "extra_forbidden":
        known = keys_at(model, loc[:-1])
        near = did_you_mean(str(loc[-1]), known)
        hint = f"The keys here are {', '.join(known)}." if known else None
        return Mistake(loc, f"there is no such key{near}", hint)
    if kind == "missing":
        return Mistake(loc, MISSING)
    if words := _words(alike):
        return Mistake(loc, f"expected one of {', '.join(words)}{got}{_near(error['input'], words) if values else ''}")
    expected = " or ".join(dict.fromkeys(filter(None, (_expected(one, is_toml=is_toml) for one in alike))))
    if expected:
        return Mistake(loc, f"expected {expected}{got}")
    said = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    said = said[:1].lower() + said[1:]
    return Mistake(loc, said if kind in ("value_error", "assertion_error") else f"{said}{got}")


def _words(alike: Sequence[ErrorDetails]) -> list[str]:
    """Give the words that a place may hold, where all it may hold is words."""
    words: dict[str, None] = {}
    for one in alike:
        if one["type"] not in ("literal_error", "enum"):
            return []
        words |= dict.fromkeys(re.findall(r"'([^']*)'", str(one.get("ctx", {}).get("expected", ""))))
    return list(words)


def _near(seen: object, words: Iterable[str]) -> str:
    return did_you_mean(seen, words) if isinstance(seen, str) else ""


_SHAPES: Final[Mapping[str, str]] = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "path_type": "a path",
    "date_from_datetime_parsing": "a date, as 2026-01-31",
    "string_sub_type": "a text",
    "too_short": "at least one entry",
    "string_too_short": "a text that is not empty",
}
_IN_TOML: Final[Mapping[str, str]] = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a table"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list in [brackets]"),
    "string_type": 'a text in "quotes"',
    "path_type": 'a path in "quotes"',
}
_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _expected(error: ErrorDetails, *, is_toml: bool) -> str:
    if error["type"] in _BOUNDS:
        said, key = _BOUNDS[error["type"]]
        return f"{said} {error.get('ctx', {}).get(key):g}"
    if error["type"] in ("literal_error", "enum"):
        return f"one of {', '.join(_words([error]))}"
    if is_toml and error["type"] in _IN_TOML:
        return _IN_TOML[error["type"]]
    return _SHAPES.get(error["type"], "")


def shown(value: object) -> str:
    """Give a value as a person sees it in the file, short and without what a terminal would obey."""
    if isinstance(value, (Mapping, BaseModel)):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        return "a very large number"
    return f"`{shorten(escaped(str(value)), _LONGEST)}`"


def not_one_of(seen: object, known: Iterable[str]) -> str:
    """Say that something is not a known word, with the nearest one or all of them."""
    words = list(known)
    return f"{shown(seen)} is not one of {', '.join(words)}{_near(seen, words)}" if words else f"{shown(seen)} fits not"


# -- which keys there may be ------------------------------------------------------------------------------------------


def keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """Name the keys that may stand at a place, from the model's own types."""
    at: list[Any] = [model]
    for step in loc:
        at = [inner for one in at for inner in _under(one, step)]
    keys = [info.alias or name for one in at for each in _models(one) for name, info in each.model_fields.items()]
    return list(dict.fromkeys(keys))


def _under(annotation: Any, step: str | int) -> Iterator[Any]:  # noqa: ANN401 - types
    for one in _ways(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            fields = [info for name, info in one.model_fields.items() if step in (info.alias or name, name)]
            extra = one.__annotations__.get("__pydantic_extra__")
            yield from (info.annotation for info in fields)
            if not fields and extra is not None and not isinstance(extra, str):
                yield from _under(extra, step)
        elif arguments := get_args(one):
            yield arguments[-1] if issubclass(get_origin(one) or object, Mapping) else arguments[0]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - types
    for one in _ways(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one


def _ways(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - types
    """Take annotations and unions apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _ways(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _ways(one)
    else:
        yield annotation
