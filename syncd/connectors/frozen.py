"""Data that records share because nobody can change it.

Still a dict and a list, so that orjson, `==` and `{**data}` work as with any; what would change them raises TypeError.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, NoReturn

from syncd.model.records import JSON


def _refuse(self: object, *args: object, **named: object) -> NoReturn:
    """Stand in for every method that would change shared data."""
    del self, args, named
    msg = "vendor data is shared and read-only: copy it with dict(data) before changing it"
    raise TypeError(msg)


_ATOMS = frozenset({str, int, bool, float, NoneType})
"""What cannot change and holds nothing that could."""


class Frozen(dict[str, Any]):
    """A dict that cannot change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Frozen], tuple[dict[str, Any]]]:
        return Frozen, (dict(self),)


class FrozenList(list[Any]):
    """A list that cannot change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[type[FrozenList], tuple[list[Any]]]:
        return FrozenList, (list(self),)


def freeze(value: JSON) -> JSON:
    """Give an unchangeable copy, as deep as the value goes; what is frozen already is shared."""
    kind = type(value)
    if kind is str or kind is Frozen or kind is FrozenList:
        return value
    if isinstance(value, Mapping):
        if _ATOMS.issuperset(map(type, value.values())):
            return Frozen(value)  # most records are flat, and thousands are written
        return Frozen({key: freeze(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList([freeze(inner) for inner in value])
    return value
