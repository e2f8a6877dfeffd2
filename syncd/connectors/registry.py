"""Find a connector by its name, without a list of connectors anywhere.

A connector is a module or package of `syncd.connectors`, or of a folder on `connectors_path`, that exposes `Settings`
(a pydantic model) and `connect(system, settings, state) -> Connector`. Takes what the configuration says, gives a
connector ready to be asked, raises `ConfigError`, and never connects by itself: the first call does.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import pkgutil
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from pydantic import BaseModel, SecretStr, ValidationError

from syncd.connectors.base import Connector
from syncd.errors import ConfigError
from syncd.redact import SECRETS, names_a_secret
from syncd.text.explain import MistakesError, mistakes
from syncd.text.nearest import did_you_mean

HOME: Final = "syncd.connectors"
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class State(Protocol):
    """What a connector may remember between runs: cursors and indexes, as text under its own keys."""

    def get(self, key: str) -> str | None:
        """Give what was remembered; None: nothing."""
        ...

    def set(self, key: str, value: str | None) -> None:
        """Remember a text; None forgets it."""
        ...

    def keyed(self, text: str) -> str:
        """Give a keyed hash of a text that must not be kept: the same for every system of an installation, and of no
        use without its key."""
        ...


class Forgetful:
    """A `State` that lives as long as the process."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Give what was remembered; None: nothing."""
        return self._texts.get(key)

    def set(self, key: str, value: str | None) -> None:
        """Remember a text; None forgets it."""
        if value is None:
            self._texts.pop(key, None)
        else:
            self._texts[key] = value

    def keyed(self, text: str) -> str:
        """Give a hash under a key that ends with the process."""
        return keyed(_PASSING_KEY, text)


_PASSING_KEY: Final = secrets.token_bytes(32)


def keyed(key: bytes, text: str) -> str:
    """Give the keyed hash of a text."""
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()


def load(
    name: str,
    system: str,
    settings: Mapping[str, object],
    state: State | None = None,
    *,
    connectors_path: Iterable[Path | str] = (),
) -> Connector:
    """Make the connector `name` for the installation `system`; `settings` are checked against the connector's own."""
    module = find(name, connectors_path=connectors_path)
    for secret in _secrets_in(settings, module.Settings):
        SECRETS.know(secret)
    checked = check_settings(system, module.Settings, settings)
    connector = module.connect(system, checked, Forgetful() if state is None else state)
    missing = [member for member in _members() if not hasattr(connector, member)]
    if missing:
        raise ConfigError(f"the connector {name} has no {', '.join(missing)}", system=system, file=module.__file__)
    return cast("Connector", connector)


def find(name: str, *, connectors_path: Iterable[Path | str] = ()) -> ModuleType:
    """Import the connector's module and check that it exposes what a connector exposes."""
    folders = [Path(folder) for folder in connectors_path]
    sources = dict.fromkeys(path for _, path in _sources(folders, name))
    if not sources:
        raise _unknown(name, available(connectors_path=folders))
    if len(sources) > 1:
        raise ConfigError(
            f"there are {len(sources)} connectors {name}: {', '.join(map(str, sources))}", field="connector"
        )
    module = _import(name, next(iter(sources)))
    made = getattr(module, "Settings", None)
    if not (isinstance(made, type) and issubclass(made, BaseModel)):
        raise ConfigError(f"the connector {name} has no pydantic model `Settings`", file=module.__file__)
    return module


def available(*, connectors_path: Iterable[Path | str] = ()) -> tuple[str, ...]:
    """Name every connector there is, without importing any."""
    return tuple(sorted({name for name, _ in _sources([Path(folder) for folder in connectors_path])}))


def _secrets_in(settings: Mapping[str, object], model: type[BaseModel]) -> Iterator[str]:
    """Give the texts that are secrets, because the connector's model or their own name says so."""
    for key, value in settings.items():
        field = model.model_fields.get(key)
        said = "SecretStr" in str(field.annotation) if field is not None else False
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str) and (said or names_a_secret(key)):
            yield value


# --- where they are --------------------------------------------------------------------------------------------------


def _sources(folders: Iterable[Path], only: str | None = None) -> Iterator[tuple[str, Path]]:
    """Give the name and the source file of each connector: a module that binds `connect` at its top level.

    `only`: of the connectors of this name; no other module is parsed.
    """
    home = importlib.import_module(HOME)
    # Absolute, because importers are remembered by the words of a path, and "connectors" is another folder elsewhere.
    for folder in (*map(Path, home.__path__), *(one.absolute() for one in folders)):
        _check_folder(folder)
        for found in pkgutil.iter_modules([str(folder)]):
            if only not in (None, found.name):
                continue
            path = folder / found.name / "__init__.py" if found.ispkg else folder / f"{found.name}.py"
            if _NAME.match(found.name) and _binds_connect(path):
                yield found.name, path.resolve()


def _check_folder(folder: Path) -> None:
    """Refuse a folder from which anybody could make us run their code."""
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise ConfigError(f"cannot read the folder of connectors: {error.strerror}", file=str(folder)) from error
    if not stat.S_ISDIR(mode):
        raise ConfigError("is not a folder of connectors", file=str(folder))
    if mode & stat.S_IWOTH:
        raise ConfigError(
            "anybody may write into this folder of connectors", file=str(folder), hint=f"Run `chmod o-w {folder}`."
        )


def _binds_connect(path: Path) -> bool:
    """Tell whether a module binds `connect`; one that cannot be parsed counts, so that importing it says why."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return path.is_file()
    return any("connect" in _bound_by(node) for node in tree.body)


def _bound_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return []


def _import(name: str, path: Path) -> ModuleType:
    home = Path(next(iter(importlib.import_module(HOME).__path__))).resolve()
    try:
        if home in path.parents:
            return importlib.import_module(f"{HOME}.{name}")
        return _import_file(name, path)
    except Exception as error:
        raise ConfigError(f"the connector {name} cannot be imported: {error}", file=str(path)) from error


def _import_file(name: str, path: Path) -> ModuleType:
    """Import a file under a name of its own, so that two folders may each have their `acme`."""
    full = f"syncd_connector_{name}_{hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()}"
    if full in sys.modules:
        return sys.modules[full]
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(full, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module


def _members() -> list[str]:
    return ["system", *(name for name in vars(Connector) if not name.startswith("_"))]


# --- what a person reads ---------------------------------------------------------------------------------------------


def _unknown(name: str, names: tuple[str, ...]) -> ConfigError:
    hint = f"The connectors are {', '.join(names)}. Others are found in the folders of `connectors_path`."
    return ConfigError(f"there is no connector {name!r}{did_you_mean(name, names)}", field="connector", hint=hint)


def check_settings(system: str, model: type[BaseModel], settings: Mapping[str, object]) -> BaseModel:
    """Check the settings of a connector. Raises MistakesError."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        # The values stay out of the message: one of them may be a secret.
        wrong = mistakes(error, model=model, values=False, is_toml=True)
        raise MistakesError(wrong).of(system) from None
