"""One row of a mapping: a canonical field and the vendor key that holds it, in both directions.

Takes a scope (an item of the vendor's payload), gives a value; takes a value, writes the vendor's form of it into the
scope or gives the loss. A key that already decodes to the value is never touched: the caller has compared before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from syncd.mapping.codecs.base import Codec, Context, Loss
from syncd.mapping.draft import Scope, same
from syncd.mapping.vendor_path import MISSING, Missing, VendorPath, nested_text
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Unparsed, Value

LISTED = "_listed"


@dataclass(frozen=True, slots=True)
class When:
    """The row holds only where this vendor key has one of these values. One value alone can be written."""

    path: VendorPath
    words: tuple[JSON, ...]

    def holds(self, scope: Scope) -> bool:
        """Tell whether it does."""
        raw = scope.read(self.path)
        return any(same(raw, word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """A compiled row. `sources` begin with the winner, or are the columns of a `pair`; `unwritable` is the reason, None
    when the row can be written; `on_create`: what is unwritable later can be set when a record is created."""

    name: str
    part: str
    codec: Codec
    sources: tuple[VendorPath, ...]
    context: Context = field(default_factory=Context)
    pair: bool = False
    partner: VendorPath | None = None
    constant: Value | None = None
    unwritable: str | None = None
    on_create: bool = False
    required: bool = False
    missing: Literal["empty", "not_carried", "listed"] = "empty"
    when: tuple[When, ...] = ()
    note: str = ""
    decode: Callable[[str | None, str | None], Value] = field(init=False, compare=False)
    only: VendorPath | None = field(init=False, compare=False)
    """The one vendor key of a row that needs nothing else: most rows of most files."""
    plain: bool = field(init=False, compare=False)
    """Nothing but the row's own keys says what it holds."""
    marks: tuple[VendorPath, ...] = field(init=False, compare=False)
    """Where a record says that it lists all that it has."""

    def __post_init__(self) -> None:
        # The same few texts stand in this key in every record, and codecs are pure. Only texts: 1 == True in a cache.
        object.__setattr__(self, "decode", lru_cache(maxsize=1024)(self._decode))
        plain = not (self.when or self.pair or self.partner or self.constant is not None)
        alone = plain and self.missing == "empty" and len(self.sources) == 1
        object.__setattr__(self, "plain", plain)
        object.__setattr__(self, "only", self.sources[0] if alone else None)
        object.__setattr__(self, "marks", tuple(dict.fromkeys(_listed(source) for source in self.sources)))

    def get(self, scope: Scope) -> Value | Missing:
        """Read the row; `MISSING` where an absent key means that this record does not carry the field."""
        if self.only is not None:
            return self._read(scope.read(self.only), None)
        if self.plain:
            return self._get_plain(scope)
        if any(not when.holds(scope) for when in self.when):
            return EMPTY
        if self.constant is not None:
            return self.constant
        raws = [scope.read(source) for source in self.sources]
        if self.missing != "empty" and all(raw is MISSING for raw in raws) and self._lists(scope):
            return MISSING
        partner = self._partner(scope)
        if self.pair:
            return self._decode([None if raw is MISSING else raw for raw in raws], partner)
        value: Value = EMPTY
        for raw in raws:
            value = self._read(raw, partner)
            if value is not EMPTY:
                break
        return value

    def _get_plain(self, scope: Scope) -> Value | Missing:
        """Read the first key that has a value, without lists: files name hundreds of rows, records have a few."""
        value: Value | Missing = MISSING
        for source in self.sources:
            raw = scope.read(source)
            if raw is not MISSING:
                value = self._read(raw, None)
                if value is not EMPTY:
                    return value
        if value is MISSING and not (self.missing != "empty" and self._lists(scope)):
            return self._read(MISSING, None)
        return value

    def value(self, scope: Scope) -> Value:
        """Read the row; what is not carried is EMPTY."""
        value = self.get(scope)
        return EMPTY if value is MISSING else value

    def put(self, scope: Scope, value: Value, *, accept: bool = False) -> Loss | None:
        """Write a value that the row does not hold yet; with a loss its nearest value, if that was accepted."""
        closed = [when for when in self.when if not when.holds(scope)]
        if value is EMPTY and closed:
            return None
        loss = self._barred(scope, value, closed)
        if loss is not None:
            return loss
        written = self._encode(value, self._partner(scope))
        if isinstance(written, Loss):
            loss, nearest = written, written.nearest
            if not accept or nearest is None or self.value(scope) == nearest:
                return loss
            value, written = nearest, self._encode(nearest, self._partner(scope))
            if isinstance(written, Loss):
                return loss
        for when in closed:
            scope.write(when.path, when.words[0])
        self._write(scope, value, written)
        return loss

    def nearest(self, value: Value) -> Value:
        """Give what the key would hold when told to hold `value`; the value itself when nothing comes near."""
        if self.constant is not None:
            return self.constant
        written = self._encode(value, None)
        return written.nearest if isinstance(written, Loss) and written.nearest is not None else value

    def refuses(self, value: Value) -> str | None:
        """Say why the key cannot hold a value to the letter; None when it can."""
        written = self._encode(value, None)
        return written.why if isinstance(written, Loss) else None

    def _partner(self, scope: Scope) -> str | None:
        if self.partner is None:
            return None
        raw = scope.read(self.partner)
        return None if raw is MISSING or raw is None else str(raw)

    def _read(self, raw: Any, partner: str | None) -> Value:  # noqa: ANN401 - JSON
        if raw is MISSING or raw is None:
            return self.decode(None, partner)
        if raw.__class__ is str:
            return self.decode(raw, partner)
        if (
            isinstance(raw, dict | list) and not self.codec.structured
        ):  # the vendor changed its mind: the text of an object is no text
            return Unparsed(nested_text(raw))
        return self._decode(raw, partner)

    def _decode(self, raw: JSON, partner: str | None) -> Value:
        return self.codec.get(raw, self._context(partner))

    def _encode(self, value: Value, partner: str | None) -> JSON | Loss:
        if isinstance(value, Unparsed):
            return Loss(value, None, "a text that was not understood is never written")
        return self.codec.put(value, self._context(partner))

    def _context(self, partner: str | None) -> Context:
        if partner is None:
            return self.context
        return Context(partner, self.context.perspective, self.context.options, self.context.letters)

    def _barred(self, scope: Scope, value: Value, closed: list[When]) -> Loss | None:
        """Say why this record cannot hold the row at all."""
        if self.get(scope) is MISSING:
            return Loss(value, None, "this record does not carry the field")
        # What stands outside the set decides for all of its rows, and no row turns a plan into one of another type.
        open_ended = next((when for when in closed if len(when.words) > 1 or when.path.rooted), None)
        if open_ended is not None:
            return Loss(value, None, f"{open_ended.path} would have to change, and the mapping does not say to what")
        return None

    def _write(self, scope: Scope, value: Value, raw: JSON) -> None:
        """Write the winner. A clear empties every source, or the next one would show through."""
        if self.pair:
            for source, column in zip(self.sources, raw, strict=True):
                scope.write(source, column)
            return
        targets = self._targets(scope)
        for source in targets:
            scope.write(source, raw)
        if value is EMPTY:
            for source in self.sources:
                if source not in targets and self._read(scope.read(source), None) is not EMPTY:
                    scope.write(source, raw)

    def _lists(self, scope: Scope) -> bool:
        """Tell whether the record says which keys it has, so that an absent one is not carried."""
        if self.missing == "not_carried":
            return True
        return any(scope.read(mark) is True for mark in self.marks)

    def _targets(self, scope: Scope) -> tuple[VendorPath, ...]:
        """Give the keys to write: the winner; of listed ones the first that the record has, and in a record that does
        not list them yet all of them, because the system knows which of the names its type has."""
        if self.missing != "listed":
            return self.sources[:1]
        there = tuple(source for source in self.sources if scope.read(source) is not MISSING)
        return there[:1] or self.sources


def _listed(source: VendorPath) -> VendorPath:
    """Name the mark of an object that holds every name of its type: connectors set it when they know the type."""
    return VendorPath(f"{source.steps[0]}.{LISTED}", (*source.steps[:1], LISTED), source.rooted)
