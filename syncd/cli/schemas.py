"""JSON Schemas of everything that people write: editors complete it, explain it on hover and mark what is refused.

Made from the models and tables that the readers use. They come with syncd in `config/schemas/`, where a test keeps them
current; `syncd config schema` prints one or writes all, `syncd init` puts those of its files beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from syncd.errors import ConfigError
from syncd.model import fields, paths
from syncd.reconcile.rules import CHOICES, OPERATIONS
from syncd.text.nearest import meant_or_known

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_HINTS: Final[Mapping[str, str]] = {
    "on_conflict": "What happens when two systems changed one field to different values.",
    "mode": "mirror: only the source of truth may change the field.",
    "on_drift": "mirror: another system changed it all the same.",
    "blanks": "keep: a cleared field erases nothing elsewhere, it asks once.",
    "on_missing": "A linked record no longer exists in one system.",
    "unlinked": "A record that is linked to nothing; copy needs `to`.",
}


def rules() -> Schema:
    """Give the schema of the rules file."""
    name = {"type": "string", "minLength": 1}
    settings: Schema = {key: {"enum": list(words), "description": _HINTS[key]} for key, words in CHOICES.items()}
    settings |= {
        "source_of_truth": {**name, "description": "The system that wins, or that owns a mirror."},
        "to": {**name, "description": "The system that gets copies under `unlinked: copy`."},
        "operations": {
            "description": "What syncd may do; leave one out to forbid it.",
            "anyOf": [{"enum": list(OPERATIONS)}, {"type": "array", "items": {"enum": list(OPERATIONS)}}],
        },
        "when": {
            "type": "object",
            "description": "The rule holds only where the plan says so: field -> value, or a list of values.",
            "propertyNames": {"anyOf": [{"enum": _names()}, {"pattern": r"[\[.]"}]},
        },
    }
    level = {"type": "object", "additionalProperties": False, "properties": settings}
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": settings
        | {
            "all": {"$ref": "#/$defs/settings"},
            "sections": {
                "type": "object",
                "propertyNames": {"enum": list(paths.SECTIONS)},
                "additionalProperties": {"$ref": "#/$defs/settings"},
            },
            "fields": {
                "type": "object",
                "propertyNames": {"anyOf": [{"enum": _names()}, {"pattern": r"[\[.*]"}]},
                "additionalProperties": {"$ref": "#/$defs/settings"},
            },
        },
    }
    scope = {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/body"}}
    return {
        "title": "syncd rules: who wins when two systems changed the same field",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "default": {"$ref": "#/$defs/body"},
            "pairs": {**scope, "description": "crm+quote: only when exactly these two changed the field."},
            "groups": {**scope, "description": "A group's id, as `syncd groups` shows it."},
            "links": {**scope, "description": "A plan's link id or its label, as `syncd plans GROUP` shows them."},
        },
        "$defs": {"settings": level, "body": body},
    }


def _names() -> list[str]:
    known = {name for kind in ("plan", "group") for name in fields.names(kind)}
    return sorted(name for name in known if "[]" not in name)


def settings() -> Schema:
    """Give the schema of syncd.toml."""
    from syncd.config import Config

    schema = Config.model_json_schema()
    schema["title"] = "syncd.toml: the systems, the guards' limits, where things are kept"
    return schema


def cases() -> Schema:
    """Give the schema of the cases of `syncd rules test`."""
    from syncd.simulation.scenario.models import Table

    schema = Table.model_json_schema()
    schema["title"] = "Cases of `syncd rules test`"
    own = rules()
    schema["$defs"] |= {f"rules_{key}": _moved(value) for key, value in own["$defs"].items()}
    body = {key: _moved(value) for key, value in own.items() if key not in ("$defs", "title")}
    schema["$defs"]["Scenario"]["properties"]["rules"] = {"anyOf": [body, {"type": "null"}]}
    return schema


def _moved(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Point references at the definitions under their new names."""
    if isinstance(value, dict):
        return {
            key: f"#/$defs/rules_{inner.rpartition('/')[2]}" if key == "$ref" else _moved(inner)
            for key, inner in value.items()
        }
    return [_moved(one) for one in value] if isinstance(value, list) else value


def link() -> Schema:
    """Give the schema of a decision file of `syncd link`."""
    from syncd.cli.link_file import KEYS

    text = {"type": ["string", "number", "null"]}
    decision = {
        "description": "What becomes of this plan; blank: it stays unlinked.",
        "anyOf": [
            {"enum": ["ignore", "ask", "", None]},
            {"type": "object", "additionalProperties": False, "required": ["link"], "properties": _link()},
            {"type": "object", "additionalProperties": False, "required": ["copy"], "properties": _copy()},
        ],
    }
    shown: Schema = {key: {} for key in KEYS}
    plan = shown | {"record": text, "id": text, "seen": text, "decision": decision, "note": text}
    return {
        "title": "A decision file of `syncd link`: which plans are the same plan",
        "type": "object",
        "additionalProperties": False,
        "required": ["group", "plans"],
        "properties": {
            "group": text,
            "by": {**text, "description": "Who decided."},
            "needs": {"type": ["object", "null"]},
            "plans": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["record", "id"],
                    "properties": plan,
                },
            },
        },
    }


def _sources() -> Schema:
    return {
        "description": "Whose values count: a system or ask, for all sections or for each.",
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "propertyNames": {"enum": list(paths.SECTIONS)},
                "additionalProperties": {"type": "string"},
            },
        ],
    }


def _link() -> Schema:
    ids = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
    return {
        "link": {**ids, "description": "SYSTEM: ID of the same plan there."},
        "sources": _sources(),
        "from": {"type": "string"},
        "blanks": {"enum": ["keep", "overwrite"]},
    }


def _copy() -> Schema:
    return {
        "copy": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "follow": {"type": "boolean", "description": "false: copied once, then the two part."},
        "origination": {"type": "string"},
        "prior": {"type": ["string", "integer"], "description": "The id of the plan that it follows."},
        "sources": _sources(),
    }


def review() -> Schema:
    """Give the schema of review files."""
    import json

    from syncd.review.document import schema

    found: Schema = json.loads(schema())
    return found


def mapping() -> Schema:
    """Give the schema of mapping files."""
    from syncd.mapping.schema import mapping_schema

    return mapping_schema()


SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    "settings": settings,
    "rules": rules,
    "link": link,
    "review": review,
    "cases": cases,
    "mapping": mapping,
}


def made(name: str) -> Schema:
    """Make a schema by name. Raises ConfigError."""
    if name not in SCHEMAS:
        raise ConfigError(f"there is no schema `{name}`{meant_or_known(name, SCHEMAS)}")
    return {"$schema": _DIALECT, **SCHEMAS[name]()}


def text_of(name: str) -> str:
    """Give a schema as the text of its file."""
    import json

    return json.dumps(made(name), indent=2, ensure_ascii=False) + "\n"


def mark(name: str, file: Path, folder: Path) -> str:
    """Give the first line by which an editor finds a schema that `syncd init` put into a folder; nothing without it."""
    import os

    schema = folder / "schemas" / f"{name}.schema.json"
    if not schema.is_file():
        return ""
    return f"# yaml-language-server: $schema={Path(os.path.relpath(schema, file.parent)).as_posix()}\n"


def write(folder: Path, names: tuple[str, ...] = tuple(SCHEMAS)) -> list[Path]:
    """Write schemas into a folder, each as NAME.schema.json."""
    written = []
    for name in names:
        file = folder / f"{name}.schema.json"
        file.write_text(text_of(name), encoding="utf-8")
        written.append(file)
    return written
