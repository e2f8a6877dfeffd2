"""Where new items and rows go: a list, a part of their own, or the one item of a wide row.

An item begins apart from the payload and is attached when something of it could be written, so that a change which the
system cannot hold leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from syncd.mapping.draft import Draft, Scope, Where
from syncd.mapping.rows import Row
from syncd.mapping.vendor_path import MISSING, VendorPath, copied
from syncd.model.records import JSON
from syncd.model.values import EMPTY, Value


class Home(Protocol):
    """Where new items or rows go."""

    def why_not(self) -> str | None:
        """Say why nothing can be added; None when something can."""
        ...

    def begin(self) -> Scope:
        """Begin one, not attached yet."""
        ...

    def attach(self, scope: Scope) -> None:
        """Put it into the payload."""
        ...

    def drop(self, scope: Scope) -> None:
        """Take one out of the payload."""
        ...


def started(template: Mapping[str, JSON], where: Where, root: JSON | None = None) -> Scope:
    """Begin an object as the mapping says new ones begin; it is its own root unless one is given."""
    item = copied(dict(template))
    scope = Scope(item, item if root is None else root)
    for path, word in where:
        scope.write(path, word)
    return scope


@dataclass(frozen=True, slots=True)
class ListHome:
    """A list inside a payload."""

    owner: Scope
    path: VendorPath
    template: Mapping[str, JSON]
    where: Where

    def why_not(self) -> str | None:
        """Say that something else stands where the list should."""
        held = self.owner.read(self.path)
        return None if held is MISSING or held is None or isinstance(held, list) else f"{self.path} is no list here"

    def begin(self) -> Scope:
        """Begin an object from the template."""
        return started(self.template, self.where, self.owner.root)

    def attach(self, scope: Scope) -> None:
        """Append it."""
        held = self.owner.read(self.path)
        if isinstance(held, list):
            held.append(scope.item)
        else:
            self.owner.write(self.path, [scope.item])

    def drop(self, scope: Scope) -> None:
        """Take it out of the list."""
        held = self.owner.read(self.path)
        held[:] = [item for item in held if item is not scope.item]


@dataclass(frozen=True, slots=True)
class SetHome:
    """The home of a `sets` block: items get the key of their set, and the cells that all items of the set share."""

    draft: Draft
    part: str
    path: VendorPath | None
    parts: bool
    template: Mapping[str, JSON]
    where: Where
    keys: tuple[tuple[Row, Value], ...]
    shared: tuple[tuple[Row, Value], ...]
    barred: str | None
    taken: bool
    """The part itself is the one item, and holds a set."""

    def why_not(self) -> str | None:
        """Say why no item can begin."""
        owner = self._owner()
        if self.barred is not None and (self.parts or owner is None):
            return self.barred
        if self.taken:
            return "the record holds one set, and has one"
        if self.path is not None and owner is not None:
            why = self._list(owner, self.path).why_not()
            if why is not None:
                return why
        probe = self._blank()
        return next((why for row, value in self.keys if (why := self._unkeyed(row, value, probe)) is not None), None)

    def begin(self) -> Scope:
        """Begin an item and write its key."""
        scope = self._blank()
        for row, value in (*self.keys, *self.shared):
            if row.value(scope) != value:
                row.put(scope, value)
        return scope

    def attach(self, scope: Scope) -> None:
        """Put the item where it belongs; the part is made if it was missing."""
        owner = self._owner()
        if self.path is not None:
            self._list(owner or self.draft.add(self.part, {}), self.path).attach(scope)
        elif self.parts or owner is None:
            self.draft.add(self.part, scope.item)
        else:
            owner.item.clear()
            owner.item.update(scope.item)

    def drop(self, scope: Scope) -> None:
        """Take the item out of its list; parts and wide rows stay."""
        owner = self._owner()
        if self.path is not None and owner is not None:
            self._list(owner, self.path).drop(scope)

    def _list(self, owner: Scope, path: VendorPath) -> ListHome:
        return ListHome(owner, path, self.template, self.where)

    def _owner(self) -> Scope | None:
        return next(iter(self.draft.scopes(self.part)), None)

    def _blank(self) -> Scope:
        owner = self._owner()
        if self.parts or owner is None:
            return started(self.template, self.where)
        if self.path is None:
            return started(owner.item, self.where)
        return started(self.template, self.where, owner.root)

    def _unkeyed(self, row: Row, value: Value, probe: Scope) -> str | None:
        """Say why a new item cannot have this in its key."""
        if value is EMPTY and row.name.endswith("effective_date"):
            return "a new set needs a date"
        if row.value(probe) == value:
            return None
        if row.sources[0].rooted and probe.root is not probe.item:
            return f"every set of this part has the part's own {row.sources[0].text.removeprefix('/')}"
        if row.unwritable is not None and not row.on_create:
            return row.unwritable
        return row.refuses(value)
