"""The YAML of a mapping file as typed data: what may stand where.

Takes plain data, gives frozen models; says nothing about whether a path or codec makes sense (`compile.py` does). The
JSON Schema that editors use is made from these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from syncd.text.yaml import Bare, typed


def _scalar(value: Any) -> Any:  # noqa: ANN401 - YAML
    """Read a vendor's word as it was written: `02` is the text 02, and a price without quotes stays that text."""
    found = typed(value)
    return str(value) if isinstance(value, Bare) and not isinstance(found, (int, str)) else found


def _flag(value: Any) -> Any:  # noqa: ANN401 - YAML
    return value.casefold() == "true" if isinstance(value, Bare) and value.casefold() in ("true", "false") else value


Scalar: TypeAlias = Annotated[str | int | bool, BeforeValidator(_scalar, json_schema_input_type=str | int | bool)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Writable: TypeAlias = Annotated[bool | str, BeforeValidator(_flag, json_schema_input_type=bool | str)]
Payload: TypeAlias = Annotated[Any, BeforeValidator(typed, json_schema_input_type=Any)]
"""What goes to a vendor as it stands: what JSON would write without quotes is no text."""


class Spec(BaseModel):
    """Base of all: unknown keys are errors, nothing is converted behind the author's back."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RowSpec(Spec):
    """One canonical field and the vendor key that holds it. Keys that are not listed here are options of the codec."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    field: str | None = Field(None, description="Vendor path of the key, inside the part's data or the set's item.")
    fields: list[str] | None = Field(None, description="Several vendor keys that mean the same; needs `winner`.")
    winner: str | None = Field(None, description="Which of `fields` is read first and written.")
    constant: Scalar | None = Field(None, description="A fact about this system, written as the canonical value.")
    codec: str | None = Field(None, description="How the vendor writes it.")
    pair: list[str] | None = Field(None, description="Two columns that are one value: copay and coinsurance.")
    perspective: Literal["member", "plan"] = Field("member", description="Whose percentages the key holds.")
    partner: str | None = Field(None, description="Second column that is read together with `field`.")
    part: str | None = Field(None, description="Another kind of part than the default.")
    writable: Writable = Field(
        default=True, description="false, `create` (only with a new record), or the reason why never."
    )
    required: Flag = Field(default=False, description="A record cannot be created without it.")
    missing: Literal["empty", "not_carried", "listed"] = Field(
        "empty",
        description="What an absent vendor key means; listed: not carried where the object that would hold it says by "
        "`_listed: true` that it has every name of its type, empty elsewhere.",
    )
    when: dict[str, Scalar | list[Scalar]] | None = Field(None, description="Vendor keys that say whether it holds.")
    note: str = Field("", description="Words for the published sync map.")

    @model_validator(mode="before")
    @classmethod
    def _options_as_written(cls, data: Any) -> Any:  # noqa: ANN401 - YAML
        """Read the codec's options, whose types only the codec knows, as they were written."""
        if not isinstance(data, dict):
            return data
        return {key: value if key in cls.model_fields else typed(value) for key, value in data.items()}

    @property
    def options(self) -> Mapping[str, Any]:
        """Give what stands in the row for the codec."""
        return self.model_extra or {}


def _constant(value: Any) -> Any:  # noqa: ANN401 - YAML
    """Read `kind: billing` as `kind: {constant: billing}`."""
    return {"constant": value} if isinstance(value, str) else value


RowOrConstant: TypeAlias = Annotated[RowSpec, BeforeValidator(_constant, json_schema_input_type=RowSpec | str)]


class KeySpec(Spec):
    """What tells the sets of a section apart."""

    effective: RowSpec | None = Field(
        None, description="The set's effective date; obligatory for rates, contributions."
    )
    class_: RowOrConstant | None = Field(None, alias="class", description="The class of employees; EMPTY is all.")
    kind: RowOrConstant | None = Field(None, description="rates: premium (default) or billing.")
    variant: RowSpec | None = Field(None, description="benefits: which of several summaries.")


class AgesSpec(Spec):
    """The columns that name an age cell: first and last, or one with the band."""

    from_: str | None = Field(None, alias="from", description="Vendor path of the first age.")
    to: str | None = Field(None, description="Vendor path of the last age, empty for `plus`; left out: single years.")
    band: RowSpec | None = Field(None, description="The column that names the band.")
    text: Flag = Field(default=False, description="Ages are texts, not numbers.")
    gender: str | None = Field(None, description="Vendor path of the gender.")
    tobacco: str | None = Field(None, description="Vendor path of the tobacco mark.")
    values: dict[str, Scalar] = Field({}, description="How the vendor writes f, m, tobacco, no_tobacco.")


class TableSpec(Spec):
    """Cells that the vendor keeps one per row, named by a column."""

    list: str | None = Field(None, description="Vendor path of the rows inside the item; left out: items are the rows.")
    where: dict[str, Scalar] = Field({}, description="Only these rows; new ones get it.")
    tier: RowSpec | None = Field(None, description="The column that names the tier.")
    ages: AgesSpec | None = Field(None, description="The columns that name the ages.")
    values: dict[str, RowSpec] = Field(description="Suffix of the cell -> column; an empty suffix is the cell itself.")
    template: dict[str, Payload] = Field({}, description="What a new row starts from.")
    remove: Flag = Field(default=False, description="Take a row out when its last value was cleared.")
    lacks: str = Field(
        "",
        description="Why a tier that `tier` does not list is never written, so that a table that has one is handed off "
        "whole; left out: such tiers are not carried, and nothing is said of them.",
    )


def _listed(value: Any) -> Any:  # noqa: ANN401 - YAML
    """Read one table as a list of one."""
    return [value] if isinstance(value, dict) else value


Tables: TypeAlias = Annotated[
    list[TableSpec], BeforeValidator(_listed, json_schema_input_type=TableSpec | list[TableSpec])
]


class SetSpec(Spec):
    """Items of the vendor that become `section[key].cell`."""

    section: Literal["rates", "contributions", "benefits"]
    part: str | None = Field(None, description="Another kind of part than the default.")
    list: str | None = Field(None, description="Vendor path of a list of objects: each is an item.")
    parts: Flag = Field(default=False, description="Each part of this kind is an item.")
    where: dict[str, Scalar] = Field({}, description="Only these items; new ones get it.")
    id: str | None = Field(None, description="Vendor path of the item's own id.")
    key: KeySpec
    cells: dict[str, RowSpec] = {}
    table: Tables = Field([], description="One table, or a list of them: cells that the vendor keeps one per row.")
    template: dict[str, Payload] = Field({}, description="What a new item starts from.")
    remove: Flag = Field(default=False, description="Take an item out when its last cell was cleared.")
    writable: Writable = True


class PartSpec(Spec):
    """What differs from the defaults for a kind of part."""

    create: Writable = Field(
        default=True, description="Whether a missing part can be made; a text is the reason why not."
    )


class KindSpec(Spec):
    """One kind of record."""

    part: str | None = Field(None, description="Kind of the part that rows read; default: the kind's own name.")
    parts: dict[str, PartSpec] = {}
    writable: dict[str, Writable] = Field({}, description="Path prefix -> whether; the longest prefix wins.")
    create: Writable = Field(default=True, description="Whether records can be created; a text is the reason why not.")
    template: dict[str, dict[str, Payload]] = Field({}, description="Per kind of part: what a new record starts from.")
    rows: dict[str, RowSpec] = {}
    sets: list[SetSpec] = []


class FileSpec(Spec):
    """A mapping file: one system, all its kinds."""

    system: str = Field(description="The system's name, as in config and rules.")
    title: str = ""
    letters: Literal["", "xml", "json"] = Field(
        "", description="Which letters the system holds, where it does not hold all: those of XML 1.0, or of JSON."
    )
    kinds: dict[Literal["group", "plan"], KindSpec]
