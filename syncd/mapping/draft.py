"""A record being written: its parts copied, so that whatever is not mapped stays as it was.

Takes a record, gives the parts that changed. A `Scope` is the place a row reads and writes: an item of a set inside the
data of its part, or the part's data itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syncd.mapping import vendor_path
from syncd.mapping.codecs.base import Loss
from syncd.mapping.vendor_path import MISSING, VendorPath
from syncd.model.records import JSON, Part, Record


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a row reads: `item` for plain paths, `root` (the part's data) for rooted ones."""

    item: Any
    root: Any

    def read(self, path: VendorPath) -> Any:  # noqa: ANN401 - JSON
        """Give what stands at a path, `MISSING` when nothing does."""
        return vendor_path.read(self.root if path.rooted else self.item, path.steps)

    def write(self, path: VendorPath, raw: JSON) -> None:
        """Put a vendor value at a path, in place."""
        vendor_path.write(self.root if path.rooted else self.item, path.steps, raw)


Where: TypeAlias = tuple[tuple[VendorPath, JSON], ...]
"""Which items of a list, and what new ones get: vendor keys and the words that they hold."""


def chosen(scope: Scope, where: Where) -> bool:
    """Tell whether an item has the values that a `where` asks for."""
    return all(same(scope.read(path), word) for path, word in where)


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a record while changes are written into copies of their data."""

    parts: list[Part]
    data: list[Any]
    before: list[Mapping[str, JSON] | None]
    losses: dict[str, Loss] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record) -> Draft:
        """Copy the data of every part."""
        data = [vendor_path.copied(dict(part.data)) for part in record.parts]
        return cls(list(record.parts), data, [part.data for part in record.parts])

    def scopes(self, kind: str) -> list[Scope]:
        """Give the parts of a kind."""
        return [Scope(data, data) for part, data in zip(self.parts, self.data, strict=True) if part.kind == kind]

    def add(self, kind: str, data: dict[str, JSON]) -> Scope:
        """Add a part with this data."""
        self.parts.append(Part(kind, "", {}))
        self.data.append(data)
        self.before.append(None)
        return Scope(data, data)

    def drop(self, scope: Scope) -> None:
        """Forget a part that was begun."""
        at = next(at for at, data in enumerate(self.data) if data is scope.root)
        for column in (self.parts, self.data, self.before):
            del column[at]

    def current(self) -> tuple[Part, ...]:
        """Give all parts as they stand now."""
        return tuple(Part(part.kind, part.id, data) for part, data in zip(self.parts, self.data, strict=True))

    def changed(self) -> tuple[Part, ...]:
        """Give the parts whose data is not as it was, and those that are new."""
        return tuple(
            Part(part.kind, part.id, data, part.version, part.shared)
            for part, data, before in zip(self.parts, self.data, self.before, strict=True)
            if data != before
        )


def same(raw: JSON, wanted: JSON) -> bool:
    """Compare a vendor value with what a mapping file says, by how both are written: 7 and "7" are the same."""
    return raw is not MISSING and vendor_path.text_of(raw) == vendor_path.text_of(wanted)
