"""An employer client, typed and frozen, with its flat view."""

from __future__ import annotations

from syncd.model.plan import Details, Frozen, check_type
from syncd.model.values import Flat


class Group(Frozen):
    """An employer: the client of a PEO, the account of a broker."""

    details: Details = Details()

    @classmethod
    def from_flat(cls, flat: Flat) -> Group:
        """Read a flat view. Raises MappingError on a path that is no field of a group or a value of the wrong type."""
        for path, value in flat.items():
            check_type(path, value, "group")
        return cls(details=Details(values={path.removeprefix("details."): value for path, value in flat.items()}))

    def flat(self) -> Flat:
        """Give the flat view."""
        return {f"details.{name}": value for name, value in self.details.values.items()}

    @property
    def name(self) -> str | None:
        """Give the group's name, which identifies nothing."""
        return self.details.text("name")
