"""What a person may say about a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from syncd.model.records import Kind


class NewId(BaseModel):
    """How the id of a created row is made: `prefix`, then the next number, at least `width` digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = ""
    width: int = Field(default=1, ge=1, le=18)


class Ending(BaseModel):
    """What ending a record means: `value` is set in `column`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(min_length=1)
    value: str = Field(min_length=1)


class Settings(BaseModel):
    """Settings of a folder with one file per kind: `groups`, `plans`, `records` with `.jsonl` or `.csv`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    kinds: tuple[Kind, ...] | None = None
    """Kinds that have a file here; left out: every kind that is asked for. A kind named here must have its file."""
    id: str = Field(default="id", min_length=1)
    """Column or key of the native id."""
    group_id: str | None = Field(default="group_id", min_length=1)
    """Column or key of a plan's group; null: plans belong to no group."""
    modified: str | None = Field(default=None, min_length=1)
    """Column or key of the last change's time: seconds since 1970, or ISO 8601; without an offset it says nothing."""
    marker: str | None = Field(default=None, min_length=1)
    """Column or key (`syncd_marker`) that takes the marker of a create; null: creates carry none."""
    new_id: NewId | None = None
    """null: no rows are created."""
    end: Ending | None = None
    """null: no record is ended."""
    columns: dict[Kind, tuple[str, ...]] = Field(default_factory=dict)
    """CSV header that is right from now on, in any order; left out: the one first seen."""
    without: dict[Kind, tuple[str, ...]] = Field(default_factory=dict)
    """Keys of JSON lines (`rate_sets.tiers.EE`) that were there and are rightly gone, with all that was in them."""
    encoding: Literal["utf-8", "cp1252", "iso-8859-1"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    trailing_delimiters: bool = False
    """Empty fields after the last column, in the header and in rows, are no columns."""
    final_line_end: bool = True
    """A file whose last line has no line end may be cut off, and is refused."""
    max_bytes: int = Field(default=64 * 1024 * 1024, gt=0)
    max_row_bytes: int = Field(default=1024 * 1024, gt=0)
    rest_s: float = Field(default=2.0, ge=0, le=60)
    """A file that was touched less than this ago is looked at again later, and believed if it is still the same."""
    lock_timeout_s: float = Field(default=10.0, ge=0)
    read_only: bool = False

    @model_validator(mode="after")
    def _one_column_one_meaning(self) -> Self:
        """Two meanings of one column would overwrite each other."""
        named = {"group_id": self.group_id, "modified": self.modified, "marker": self.marker}
        named["end.column"] = self.end.column if self.end else None
        taken = {self.id: "id"}
        for setting, column in named.items():
            if column is None:
                continue
            if column in taken:
                raise ValueError(f"{setting} and {taken[column]} both name the column {column!r}")
            taken[column] = setting
        return self
