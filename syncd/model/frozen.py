"""Frozen values of which a run makes a dozen for each record.

A frozen dataclass sets each field by a call of its own, which takes five times as long as an assignment. Here the type
checker keeps the promise: to mypy `frozen_value` is `dataclass`, and assigning to a field is an error before anything
runs; at run time fields are set plainly. Equality, hash and `replace` are those of any frozen dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as frozen_value
else:
    from dataclasses import dataclass

    def frozen_value(*, frozen: bool, slots: bool) -> object:
        """Make a class of values; takes what `dataclass` takes, and the type checker holds what `frozen` says."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["frozen_value"]
