"""The guards of a table: those it names are on, and `empty-side`; all others are off. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from syncd.config import LimitConfig
from syncd.errors import ConfigError
from syncd.reconcile.guards import NAMES, Limits
from syncd.reconcile.guards.base import Limit
from syncd.text.nearest import meant_or_known

ALWAYS_ON = frozenset({"empty-side"})
_LIMITS = TypeAdapter(LimitConfig)


def limits_of(guards: Any) -> Limits:
    """Read the guards of a table: those it names are on, and `empty-side`. Raises ConfigError."""
    if guards is None:
        guards = {}
    if not isinstance(guards, Mapping):
        raise ConfigError(f"guards: a mapping belongs here, not `{guards}`")
    limits: dict[str, Limit] = {}
    off = set(map(str, guards.get("off") or ()))
    for name in (*guards, *off):
        if name not in (*NAMES, "off"):
            raise ConfigError(f"guards: `{name}` is not a guard{meant_or_known(name, NAMES)}")
    for name, told in guards.items():
        if name == "off":
            continue
        try:
            limit = _LIMITS.validate_python(told or {})
        except ValidationError as error:
            said = error.errors()[0]
            where = ".".join(map(str, (name, *said["loc"])))
            raise ConfigError(f"guards: {where}: {said['msg']}, got `{said['input']}`") from error
        limits[name] = Limit(limit.share, limit.count, limit.hourly)
    return Limits(limits, frozenset(off | (set(NAMES) - set(limits) - ALWAYS_ON)))
