"""The JSON Schema of mapping files, for editors: completion, words on hover, red lines under what would be refused.

Made from the same models, codecs and fields that the compiler uses; a test keeps `mappings/mapping.schema.json`
current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from syncd.mapping.codecs import CODECS
from syncd.mapping.spec import FileSpec
from syncd.model import fields

NAME = "mapping.schema.json"


def mapping_schema() -> dict[str, Any]:
    """Give the schema."""
    schema = FileSpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A syncd mapping: vendor keys <-> canonical fields"
    row = schema["$defs"]["RowSpec"]
    row["properties"]["codec"] = {"enum": list(CODECS), "description": row["properties"]["codec"]["description"]}
    row["properties"] |= _options()
    row["additionalProperties"] = False
    schema["$defs"]["KindSpec"]["properties"]["rows"]["propertyNames"] = _names()
    return schema


def write_schema(folder: Path) -> Path:
    """Write the schema beside the mappings of a folder."""
    file = folder / NAME
    file.write_bytes(orjson.dumps(mapping_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return file


def _options() -> dict[str, Any]:
    """Give the options of all codecs; which codec takes which, the compiler checks."""
    options: dict[str, Any] = {}
    for codec in CODECS.values():
        for name, choices in codec.options.items():
            words = f"{codec.name}: {' | '.join(sorted(choices))}" if choices else codec.name
            said = options.get(name, {}).get("description")
            options[name] = {"description": f"{said}; {words}" if said else f"Option of codec {words}"}
    return options


def _names() -> dict[str, Any]:
    """Give the names that a row may have."""
    known = sorted(name for name in {*fields.names("plan"), *fields.names("group")} if "[]" not in name)
    return {"anyOf": [{"enum": known}, {"pattern": r"^(details|eligibility)\.custom\.|^benefits\."}]}
