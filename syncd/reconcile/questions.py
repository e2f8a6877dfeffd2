"""Questions: how a proposal is made comparable, answered and matched with the ones that stand already. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from syncd.model import paths
from syncd.model.fields import value_from_text
from syncd.model.shown import shown
from syncd.model.values import EMPTY, Unparsed, Value
from syncd.model.values_text import format_value
from syncd.reconcile.normalise import Fields
from syncd.reconcile.types import UNSEEN, Decided, Unseen

NEVER = "(never agreed)"
"""Stands where a field has no base yet."""


def question_id(kind: str, link: str, name: str, scope: str = "") -> str:
    """Give the stable id of a question, without its `-n`."""
    return hashlib.blake2b("\x1f".join((kind, link or scope, name)).encode(), digest_size=5).hexdigest()


def digest_of(*told: object) -> str:
    """Give the digest of what a person was told; a changed value, base or rule changes it."""
    return hashlib.blake2b("\x1f".join(map(_plain, told)).encode(), digest_size=8).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "\x1e".join(f"{key}\x1d{_plain(value[key])}" for key in sorted(value))
    if isinstance(value, (list, tuple)):
        return "\x1e".join(map(_plain, value))
    if isinstance(value, (frozenset, set)):
        return "\x1e".join(sorted(map(_plain, value)))
    return text_of(value) if not isinstance(value, str) else value


def text_of(value: object) -> str:
    """Give a value as a person reads it; a missing base says so."""
    if isinstance(value, Unseen):
        return NEVER
    return format_value(value)  # type: ignore[arg-type]


def members_of(fields: Fields, ids: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Tell, for each member, what it holds and what it held when the field last agreed."""
    told: dict[str, dict[str, object]] = {}
    single = len(fields.cells) == 1
    for path, seen in fields.cells.items():
        for system, held in seen.items():
            row = told.setdefault(system, {"id": ids.get(system, "")})
            value = shown(path, fields.raw[path][system])
            base = NEVER if isinstance(held.base, Unseen) else shown(path, held.base)
            base = value if held.value == held.base else base  # both read through its lens: no edit
            if single:
                row |= {"value": value, "base": base}
            else:
                row.setdefault("values", {})[paths.cell(path)] = value  # type: ignore[index]
                row.setdefault("bases", {})[paths.cell(path)] = base  # type: ignore[index]
    return told


def conflict_digest(kind: str, name: str, fields: Fields, rule: str) -> str:
    """Digest the edits of a contested atom. Members that did not edit are left out: whether they were there to be read
    changes nothing about the question."""
    told = [
        (path, system, held.value, held.base if held.base is not UNSEEN else "")
        for path, seen in sorted(fields.cells.items())
        for system, held in sorted(seen.items())
        if held.value != held.base
    ]
    return digest_of(kind, name, rule, [*told, *sorted((path, value) for path, value in fields.agreed.items())])


def meant(path: str, system: str, fields: Fields) -> Value | None:
    """Give the value that a member stands for in a field; None when it does not carry it.

    What it really holds, but for what it made of the agreed value by itself (a declared rounding): nobody typed that,
    and to choose the member is no decision to have it written elsewhere.
    """
    held = fields.cells[path].get(system)
    if held is None:
        return None
    return held.value if held.value == fields.agreed[path] else fields.raw[path][system]


def _by_cell(answer: Decided, fields: Fields) -> dict[str, Value] | None:
    """Give the table that an answer puts together: each cell as a system has it or as it was typed; what all hold alike
    need not be named. None when it does not tell a cell, or names a system without it."""
    picked: dict[str, Value] = {}
    for path, seen in fields.cells.items():
        said = answer.options.get(f"cell.{paths.cell(path)}")
        alike = {held.value for held in seen.values()}
        if said is None and len(alike) != 1:
            return None
        value = (
            alike.pop() if said is None else meant(path, said, fields) if said in seen else value_from_text(path, said)
        )
        if value is None or isinstance(value, Unparsed):
            return None
        picked[path] = value
    return picked


def chosen(answer: Decided, fields: Fields) -> dict[str, Value] | None:
    """Give the value of every cell that an answer chose; None when the system it names does not carry the atom."""
    if answer.choice == "value":
        [path] = fields.cells  # a typed value is only offered where there is one field
        return {path: EMPTY if answer.value is None else answer.value}
    if answer.choice == "agreed":
        return dict(fields.agreed)
    if answer.choice == "cells":
        return _by_cell(answer, fields)
    picked = {path: meant(path, answer.choice, fields) for path in fields.cells}
    return {path: value for path, value in picked.items() if value is not None} or None
