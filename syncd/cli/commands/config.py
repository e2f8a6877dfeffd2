"""`syncd config`: what holds and where it comes from, whether all of it can be used, schemas for editors."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, SecretStr

from syncd import assemble
from syncd.cli import schemas
from syncd.cli.out import count, print_json, say, styled, table
from syncd.cli.run import OK
from syncd.config import PREFIX, Config, SystemConfig, credential_names, is_secret, line_in, load_origins
from syncd.connectors import registry
from syncd.errors import ConfigError
from syncd.mapping.load import load_mapping
from syncd.text.explain import together
from syncd.text.nearest import did_you_mean
from syncd.text.show import escaped

if TYPE_CHECKING:
    from syncd.cli.session import Session

HIDDEN: Final = "(secret)"
_SECRET_NAME: Final = re.compile(r"password|secret|token|api_?key|private", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that holds, as text, and where it comes from."""

    key: str
    value: str
    source: str


def show(session: Session, system: str | None) -> int:
    """Print the settings that hold."""
    config = session.config
    if system is not None and system not in config.systems:
        raise ConfigError(
            f"there is no system `{system}`{did_you_mean(system, config.systems)}",
            hint=f"The systems are {', '.join(config.systems) or 'none yet'}.",
        )
    found = [] if system is not None else list(_settings(config, config, ()))
    for name in [system] if system is not None else config.systems:
        found += _system(config, name)
    if session.json:
        told = [{"key": one.key, "value": one.value, "source": one.source} for one in found]
        print_json({"command": "config show", "file": str(config.file), "settings": told})
        return OK
    say(
        f"{config.file}:", "", *table([(one.key, one.value, one.source) for one in found], ("setting", "value", "from"))
    )
    return OK


def _settings(config: Config, model: BaseModel, above: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        loc = (*above, field.alias or name)
        value = getattr(model, name)
        if loc == ("systems",):
            continue
        if isinstance(value, BaseModel):
            yield from _settings(config, value, loc)
        else:
            yield Setting(".".join(loc), _text(value), _source(config, loc))


def _system(config: Config, name: str) -> Iterator[Setting]:
    """Give the settings of a system: syncd's own, then its connector's; what may be a secret is not shown."""
    one = config.systems[name]
    above = ("systems", name)
    for key in SystemConfig.model_fields:
        yield Setting(".".join((*above, key)), _text(getattr(one, key)), _source(config, (*above, key)))
    model = _model(config, name)
    given = one.settings
    known = [field.alias or key for key, field in model.model_fields.items()] if model is not None else []
    for key in dict.fromkeys((*known, *given)):
        loc = (*above, key)
        source = _source(config, loc)
        if key in given:
            yield Setting(".".join(loc), HIDDEN if _hidden(model, key, source) else _text(given[key]), source)
        elif model is not None and f"{key}_file" not in given:
            default = model.model_fields[key].get_default(call_default_factory=True, validated_data={})
            shown = HIDDEN if is_secret(model, key) and default else _text(default)
            yield Setting(".".join(loc), shown, "missing" if model.model_fields[key].is_required() else "default")


def _model(config: Config, name: str) -> type[BaseModel] | None:
    """Find what a connector is told; None when there is no such connector."""
    folders = [config.at(folder) for folder in config.connectors_path]
    try:
        found: type[BaseModel] = registry.find(config.systems[name].connector, connectors_path=folders).Settings
    except ConfigError:
        return None
    return found


def _hidden(model: type[BaseModel] | None, key: str, source: str) -> bool:
    if model is not None and key in model.model_fields:
        return is_secret(model, key) or source.startswith("credential")
    # Nobody knows what it is: a path to a secret is shown, what may be one is not.
    return not source.startswith("line") or (bool(_SECRET_NAME.search(key)) and not key.endswith("_file"))


def _source(config: Config, loc: tuple[str, ...]) -> str:
    for end in range(len(loc), 0, -1):
        name = PREFIX + "__".join(loc[:end]).upper()
        if name in os.environ or name.lower() in os.environ:
            return f"environment {name}"
    credential = "__".join(loc[1:])
    if loc[0] == "systems" and credential in credential_names():
        return f"credential {credential}"
    if _is_written(config.written, loc):
        return f"line {line_in(config, loc)}"
    return "default"


def _is_written(tree: Any, loc: tuple[str, ...]) -> bool:  # noqa: ANN401 - TOML
    for step in loc:
        if not isinstance(tree, Mapping) or step not in tree:
            return False
        tree = tree[step]
    return True


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(_text, value)) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(inner)}" for key, inner in value.items()) or "-"
    if isinstance(value, BaseModel):
        return _text(value.model_dump())
    text = f"{value:g}" if isinstance(value, float) else str(value)
    # An address may hold a name and a password.
    return escaped(re.sub(r"(?<=://)[^/@\s]*@", "…@", text)) or "-"


# -- check -------------------------------------------------------------------------------------------------------------


def check(session: Session) -> int:
    """Check everything that people wrote; all mistakes are told at once."""
    config = session.config
    wrong: list[ConfigError] = []
    seen: list[str] = [f"settings {config.file}"]
    for what, look in _looks(config):
        try:
            look()
            seen.append(what)
        except ConfigError as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    if session.json:
        print_json({"command": "config check", "checked": seen, "exit": OK})
        return OK
    say(
        *(f"{styled('ok', 'green')}  {what}" for what in seen), "", f"{count(len(seen), 'thing')} checked; all is well."
    )
    if not config.systems:
        say("No system is named yet.")
    return OK


def _looks(config: Config) -> Iterator[tuple[str, Callable[[], object]]]:
    """Give what is looked at; each raises ConfigError when it is wrong."""
    yield f"rules {config.rules or '(those that come with syncd)'}", lambda: assemble.load_rules(config)
    origins = assemble.shipped("config/origination.yaml")
    yield "kinds of origination", lambda: load_origins(config, origins)
    for name in config.systems:
        yield f"system {name}", lambda name=name: assemble.check_system(config, name)  # type: ignore[misc]
        yield f"mapping of {name}", lambda name=name: assemble.load_mapping(config, name)  # type: ignore[misc]
    used = {config.systems[name].mapping or name for name in config.systems}
    for file in sorted(config.at(config.mappings).glob("*.yaml")) if config.mappings is not None else ():
        if file.stem not in used:
            yield f"mapping {file}", lambda file=file: load_mapping(file)  # type: ignore[misc]


# -- schemas -----------------------------------------------------------------------------------------------------------


def schema(session: Session, name: str | None, folder: Path | None) -> int:
    """Print a schema, or write schemas into a folder."""
    if folder is not None:
        names = tuple(schemas.SCHEMAS) if name is None else (name,)
        schemas.made(names[0])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            written = schemas.write(folder, names)
        except OSError as error:
            raise ConfigError(f"it cannot be written: {error.strerror}", file=str(folder)) from error
        if session.json:
            print_json({"command": "config schema", "written": [str(file) for file in written]})
        else:
            say(*(f"written  {file}" for file in written))
        return OK
    if name is None:
        raise ConfigError(
            f"name one of {', '.join(schemas.SCHEMAS)}", hint="Or write all of them: `syncd config schema --write .`"
        )
    if session.json:
        print_json(schemas.made(name))
        return OK
    say(schemas.text_of(name).rstrip("\n"))
    return OK
