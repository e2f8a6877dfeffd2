"""Benefit summaries: attribute values by section path, attribute name and column, and back.

`_benefits` holds every attribute of the product type's structure, path -> column -> text (None: no value), so that an
attribute that the type does not have is told from one that is empty. Names that stand twice are left out: what would
have to guess is neither read nor written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.parts.detail import detail_of, text_of
from syncd.connectors.benefitpoint.structures import SummaryShape
from syncd.connectors.benefitpoint.values import plain, visible
from syncd.errors import RefusedError

KIND = "summary"
LISTED = "_listed"
"""Stands in `_benefits` of a summary that was read: every attribute of its type is there, with or without a value."""
_NOT_APPLICABLE = "Not Applicable"
_HIDDEN = "Hide___Not_Applicable"
_SHOWN = "Show_Attribute"

Benefits = dict[str, dict[str, str | None]]


def annotated(raw: Mapping[str, Any], shape: SummaryShape) -> Data:
    """Name attributes and columns, and join each value with its unit."""
    kept = visible(raw)
    if "attributeValues" in kept:
        kept["attributeValues"] = [_without_orders(value) for value in kept["attributeValues"]]
    return {**kept, "_benefits": {LISTED: True, **_benefits(kept, shape)}}


def _without_orders(value: Mapping[str, Any]) -> Data:
    """Leave out `updateRelatedAttributes`, which orders something and says nothing."""
    return {key: inner for key, inner in value.items() if key != "updateRelatedAttributes"}


def _benefits(data: Mapping[str, Any], shape: SummaryShape) -> Benefits:
    found: Benefits = {path: dict.fromkeys(shape.columns) for path in shape.attributes}
    paths = {number: path for path, number in shape.attributes.items()}
    columns = {number: name for name, number in shape.columns.items()}
    for value in data.get("attributeValues", []):
        path = paths.get(value.get("attributeID"))
        if path is None:
            continue
        if value.get("attributeVisibility") == _HIDDEN:
            found[path] = dict.fromkeys(shape.columns, _NOT_APPLICABLE)
            continue
        for detail in value.get("attributeValueDetails", []):
            column = columns.get(detail.get("benefitColumnID"))
            if column is not None:
                found[path][column] = text_of(detail)
    return found


def folded(before: Mapping[str, Any], after: Mapping[str, Any], shape: SummaryShape) -> Data:
    """Give the summary whose changed texts stand in its attribute values; everything else as in `after`.

    Raises RefusedError for a text under a name that is not the type's own.
    """
    made = plain(after)
    values: list[Data] = [dict(value) for value in made.get("attributeValues", [])]
    held: Mapping[str, Mapping[str, str | None]] = before.get("_benefits", {})
    for path, columns in after.get("_benefits", {}).items():
        if path == LISTED:
            continue
        moved = {name: text for name, text in columns.items() if held.get(path, {}).get(name) != text}
        if moved:
            _write(values, path, moved, shape)
    if values:
        made["attributeValues"] = values
    return made


def known(wanted: Mapping[str, Mapping[str, str | None]], shape: SummaryShape) -> Benefits:
    """Give of wanted texts what the type has an attribute and a column for; the rest it does not carry."""
    found: Benefits = {}
    for path, columns in wanted.items():
        if path in shape.attributes:
            kept = {name: text for name, text in columns.items() if text is not None and name in shape.columns}
            found |= {path: dict(kept)} if kept else {}
    return found


def _write(values: list[Data], path: str, moved: Mapping[str, str | None], shape: SummaryShape) -> None:
    number = shape.attributes.get(path)
    unknown = next((name for name in moved if name not in shape.columns), None)
    if number is None or unknown is not None:
        what = f"the attribute {path!r}" if number is None else f"the column {unknown!r}"
        twice = " twice" if (path if number is None else unknown) in shape.ambiguous else " not"
        raise RefusedError(f"this product type has {what}{twice}, so the value has no place of its own", field=path)
    at = next((at for at, value in enumerate(values) if value.get("attributeID") == number), None)
    value: Data = dict(values[at]) if at is not None else {"attributeID": number, "rider": False}
    was_hidden = value.get("attributeVisibility") == _HIDDEN
    # An attribute whose visibility nobody chose keeps it unchosen while it has no value.
    if at is None or any(text is not None for text in moved.values()):
        value["attributeVisibility"] = _SHOWN
    value["attributeValueDetails"] = _details(value.get("attributeValueDetails", []), moved, shape, was_hidden)
    if at is None:
        values.append(value)
    else:
        values[at] = value


def _details(
    details: list[Data],
    moved: Mapping[str, str | None],
    shape: SummaryShape,
    was_hidden: bool,  # noqa: FBT001 - says what the columns beside it read as
) -> list[Data]:
    """Put the texts into the details of their columns; columns that read "not applicable" only as the attribute was
    hidden say so themselves now."""
    made = [dict(detail) for detail in details]
    wanted = {**(dict.fromkeys(shape.columns, _NOT_APPLICABLE) if was_hidden else {}), **moved}
    for name, text in wanted.items():
        column = shape.columns[name]
        at = next((at for at, detail in enumerate(made) if detail.get("benefitColumnID") == column), None)
        if at is not None:
            made[at] = detail_of(text, made[at])
        elif text is not None:
            made.append(detail_of(text, {"benefitColumnID": column}))
    return made or [{"benefitColumnID": next(iter(shape.columns.values()))}]


def sent(data: Mapping[str, Any]) -> Data:
    """Give a summary as it is sent: related attributes are left alone, or fields change that nobody mapped."""
    values = [{**value, "updateRelatedAttributes": False} for value in data.get("attributeValues", [])]
    return {**plain(data), **({"attributeValues": values} if values else {})}
