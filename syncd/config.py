"""The configuration: what a person wrote in `syncd.toml`, narrowed by the environment and by systemd's credentials.

Gives a frozen `Config`, or a `ConfigError` that names file, line, key, what was expected and the nearest name. Reads
files, opens nothing else. First comes the environment (`SYNCD_STATE`, `SYNCD_SYSTEMS__CRM__PASSWORD`), then the
credentials (`$CREDENTIALS_DIRECTORY/crm__password`), then the file.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from syncd.errors import ConfigError
from syncd.model.paths import canonical
from syncd.reconcile.guards import NAMES as GUARDS
from syncd.reconcile.guards import Limits
from syncd.reconcile.guards.base import Limit
from syncd.reconcile.originate import Origins, origins_of
from syncd.reconcile.rule_words import Words
from syncd.reconcile.rules import Rules, RulesError
from syncd.text.explain import MISSING, Mistake, MistakesError, mistakes, together
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Document, decoded, read_document

NAME: Final = "syncd.toml"
SYSTEM_WIDE: Final = Path("/etc/syncd") / NAME
PREFIX: Final = "SYNCD_"
MOST_BYTES: Final = 1_000_000

Loc: TypeAlias = tuple[str | int, ...]

DEFAULT_LIMITS: Final[Mapping[str, Mapping[str, float | int]]] = {
    # So many known records, and none of them is listed under its id any more: the vendor gave them other ids.
    "identity-epoch": {"count": 3},
    # A listing that lacks this share of the known records (and at least so many) is more likely broken than true. Where
    # few are known, half of them are as many as the count (guards/base.py).
    "shrunken-side": {"share": 0.3, "count": 5},
    # So much of a group in one run is more likely a mistake than work; `hourly` counts the records written per system.
    "too-many-changes": {"share": 0.5, "count": 25, "hourly": 500},
}


def _system_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise ValueError("a system's name is made of small letters, digits, - and _, and begins with a letter")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SystemConfig(BaseModel):
    """One system. What is not named here goes to its connector, which checks it."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    connector: str = Field(min_length=1)
    """The code that speaks to it: `syncd systems --connectors` lists them."""
    mapping: str | None = None
    """The mapping file's name without `.yaml`; left out: the system's own name."""
    writes: Literal["on", "off"] = "on"
    """off: shadow mode; everything is decided and shown, nothing is written here."""
    poll_s: float | None = Field(default=None, gt=0)
    """How often `syncd run` reads this system; left out: `service.feed_poll_s` where it tells what moved, else
    `service.every_s`."""

    @property
    def settings(self) -> dict[str, Any]:
        """Give what the connector is told."""
        return dict(self.model_extra or {})


class LimitConfig(_Part):
    """A guard's limits; it trips when share and count are both reached."""

    share: float = Field(default=0.0, ge=0, le=1)
    count: int = Field(default=1, ge=1)
    hourly: int | None = Field(default=None, ge=1)


class GuardsConfig(_Part):
    """The guards' limits, and which guards are off."""

    identity_epoch: LimitConfig = Field(default=LimitConfig(), alias="identity-epoch")
    shrunken_side: LimitConfig = Field(default=LimitConfig(), alias="shrunken-side")
    too_many_changes: LimitConfig = Field(default=LimitConfig(), alias="too-many-changes")
    off: tuple[str, ...] = ()

    def limits(self) -> Limits:
        """Give the limits as the guards want them."""
        return Limits(
            {
                name: Limit(one.share, one.count, one.hourly)
                for name, one in (
                    ("identity-epoch", self.identity_epoch),
                    ("shrunken-side", self.shrunken_side),
                    ("too-many-changes", self.too_many_changes),
                )
            },
            frozenset(self.off),
        )


class LogConfig(_Part):
    """Where the log goes. On a terminal only warnings are shown unless `-v` is given."""

    file: Path | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class ServiceConfig(_Part):
    """The hour: how `syncd run` spends it. All times in seconds."""

    every_s: float = Field(default=3600.0, gt=0)
    """How often a group is run, and a system read that only lists."""
    feed_poll_s: float = Field(default=120.0, gt=0)
    """How often a system is asked that tells what moved."""
    concurrency: int = Field(default=4, ge=1)
    """How many groups are run at a time; never one of them twice."""
    observe_limit_s: float = Field(default=900.0, gt=0)
    """After this time a reading of a system is given up: the system counts as away."""
    group_limit_s: float = Field(default=900.0, gt=0)
    """After this time the run of a group is given up; the journal settles what was under way."""
    drain_s: float = Field(default=60.0, ge=0)
    """How long a stop waits for the groups that are under way. Shorter than TimeoutStopSec of the unit."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """A port of 127.0.0.1 for Prometheus; left out: none, 0: any free one."""


class Config(BaseSettings):
    """Everything a person may set. Relative paths are meant from the folder of the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        case_sensitive=False,
        allow_inf_nan=False,
    )

    state: Path = Path("state")
    """The folder that holds the store, the review files, the locks and crash reports."""
    rules: Path | None = None
    """The rules file; left out: the rules that come with syncd."""
    origination: Path | None = None
    """The file of the kinds of origination; left out: the one that comes with syncd."""
    mappings: Path | None = None
    """A folder of mapping files that go before those that come with syncd."""
    connectors_path: tuple[Path, ...] = ()
    """Folders with connectors of your own."""
    period_s: float = Field(default=3600.0, gt=0)
    """How old a snapshot may be before a record is read again."""
    full_every_s: float = Field(default=86400.0, gt=0)
    """How long the feed of a system is believed before everything in it is listed again."""
    settle_s: float = Field(default=2.0, ge=0)
    """The time between the two reads that prove that a write never landed."""
    ignore: tuple[str, ...] = ()
    """Canonical paths that are neither compared nor written."""
    systems: dict[Annotated[str, AfterValidator(_system_name)], SystemConfig] = {}
    guards: GuardsConfig = GuardsConfig.model_validate(DEFAULT_LIMITS)
    log: LogConfig = LogConfig()
    service: ServiceConfig = ServiceConfig()

    _file: Path = PrivateAttr(default=Path(NAME))
    _given: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment first, then the credentials, then what was read from the file."""
        del dotenv_settings, file_secret_settings
        return env_settings, InitSettingsSource(settings_cls, _credentials()), init_settings

    @property
    def file(self) -> Path:
        """Give the file that was read."""
        return self._file

    @property
    def folder(self) -> Path:
        """Give the folder of the file."""
        return self.file.parent

    @property
    def written(self) -> Mapping[str, Any]:
        """Give what the file itself says, without environment, credentials and defaults."""
        return self._given

    def written_for(self, system: str) -> Mapping[str, Any]:
        """Give what the file itself says about a system, without environment and credentials."""
        said = self._given.get("systems", {}).get(system, {})
        return said if isinstance(said, Mapping) else {}

    def at(self, path: Path) -> Path:
        """Give a path as it was meant: from the folder of the file."""
        path = path.expanduser()
        return path if path.is_absolute() else self.folder / path


# -- finding and reading ----------------------------------------------------------------------------------------------


class MissingConfigError(ConfigError):
    """There is no configuration."""


def find(named: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Find the file: named, `$SYNCD_CONFIG`, `./syncd.toml`, `/etc/syncd/syncd.toml`. Raises ConfigError."""
    wanted = named or (Path(environ["SYNCD_CONFIG"]) if environ.get("SYNCD_CONFIG") else None)
    if wanted is not None:
        if wanted.is_dir():
            wanted /= NAME
        if not wanted.is_file():
            by = "--config" if named is not None else "$SYNCD_CONFIG"
            raise MissingConfigError(
                f"{by} names this file and it is not there",
                file=str(wanted),
                hint=f"Correct the path, or make a new one with `syncd init {wanted.parent}`.",
            )
        return wanted
    for each in (Path(NAME), SYSTEM_WIDE):
        if each.is_file():
            return each
    raise MissingConfigError(
        f"there is no configuration: looked for ./{NAME} and {SYSTEM_WIDE}",
        hint="Run `syncd init` to make one here, name one with --config or $SYNCD_CONFIG, or try `syncd demo`.",
    )


def load(named: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Find, read and check the configuration. Raises ConfigError."""
    file = find(named, environ)
    text = _text(file)
    given = _toml(text, file)
    return read(given, text, file)


def read(given: Mapping[str, Any], text: str, file: Path) -> Config:
    """Check what was written; `text` is where the lines of keys are looked up."""
    tree = {**given}
    if isinstance(guards := tree.get("guards", {}), Mapping):
        tree["guards"] = _with_defaults(guards)
    try:
        config = Config(**tree)
    except ValidationError as error:
        raise _explain(error, text, file) from None
    except RecursionError:
        deep = next((name for name, text in os.environ.items() if name.startswith(PREFIX) and _DEEP.search(text)), None)
        raise ConfigError(
            "it is nested too deep", field=deep, hint="Correct this variable of the environment."
        ) from None
    except SettingsError as error:
        why = f"expected JSON: {error.__cause__ or error}"
        raise ConfigError(why, field=_env_of(error), hint="Correct this variable of the environment.") from error
    config._file, config._given = file, dict(given)  # noqa: SLF001 - what no model holds
    _check(config, text, file)
    return config


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", file=str(file)) from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"it is larger than {MOST_BYTES:,} bytes", file=str(file))
    return decoded(data, str(file))


_DEEP: Final = re.compile(r"[\[{](?:[^\[\]{}]*[\[{]){60}")
_LONG: Final = re.compile(r"[0-9_]{1000}")


def _toml(text: str, file: Path) -> dict[str, Any]:
    for why, pattern in (("a number on this line has too many digits", _LONG), ("it is nested too deep here", _DEEP)):
        # Python's own reader gives up on both without saying where.
        if found := pattern.search(text):
            raise ConfigError(
                why, file=str(file), line=text.count("\n", 0, found.start()) + 1, hint="Correct this line."
            )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", said)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1 if found else None
        what = said[: found.start()].strip() if found else said
        raise ConfigError(
            f"not valid TOML: {what}",
            file=str(file),
            line=line,
            hint='A line is `key = value`; texts stand in "quotes", tables in [brackets].',
        ) from error


def _with_defaults(guards: Mapping[str, Any]) -> dict[str, Any]:
    """Let a table of limits name only what differs from the defaults."""
    merged: dict[str, Any] = {name: dict(limit) for name, limit in DEFAULT_LIMITS.items()}
    for name, limit in guards.items():
        both = isinstance(limit, Mapping) and name in merged
        merged[name] = {**merged[name], **limit} if both else limit
    return merged


def _credentials() -> dict[str, Any]:
    """Read systemd's credentials: `SYSTEM__KEY` becomes that key of that system."""
    systems: dict[str, dict[str, str]] = {}
    for name, file in credential_names().items():
        system, _, key = name.partition("__")
        systems.setdefault(system, {})[key] = secret_of(file, credential=True)
    return {"systems": systems} if systems else {}


def credential_names() -> dict[str, Path]:
    """Give the files of systemd's credentials by `system__key`.

    systemd names what it loads from a whole folder `syncd_SYSTEM__KEY` (LoadCredential=syncd:FOLDER).
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not Path(folder).is_dir():
        return {}
    found = {file.name.removeprefix("syncd_").lower(): file for file in sorted(Path(folder).iterdir())}
    return {name: file for name, file in found.items() if "__" in name and file.is_file()}


def secret_of(file: Path, *, credential: bool = False) -> str:
    """Read a secret from a file that nobody else may read. Raises ConfigError; never shows the secret.

    `credential`: systemd made it, for this user alone; that right shows as one of the file's group.
    """
    others = 0o077 & ~stat.S_IRGRP if credential else 0o077
    try:
        mode = file.stat().st_mode
        if mode & others:
            raise ConfigError(
                f"others may read or write this secret (mode {stat.S_IMODE(mode):04o})",
                file=str(file),
                hint=f"Run `chmod 600 {file}`, and change the secret: it may have been read.",
            )
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret cannot be read: {type(error).__name__}", file=str(file)) from error


# -- checking what no model can -----------------------------------------------------------------------------------


def _check(config: Config, text: str, file: Path) -> None:
    """Refuse names that mean nothing."""
    words = Words(("plan", "group"))
    wrong = [
        Mistake(
            ("guards", "off"),
            f"there is no guard `{name}`{did_you_mean(name, GUARDS)}",
            f"The guards are {', '.join(GUARDS)}.",
        )
        for name in config.guards.off
        if name not in GUARDS
    ]
    wrong += [
        Mistake(("ignore",), f"`{path}`: {said}")
        for path in config.ignore
        if (said := words.condition(canonical(path)))
    ]
    if wrong:
        raise together(_placed(one, text, file) for one in wrong)


def load_rules(config: Config, shipped: Path) -> Rules:
    """Read the rules file and check it against the systems. Raises ConfigError with file and line."""
    file = config.at(config.rules) if config.rules is not None else shipped
    if config.rules is not None and not file.is_file():
        raise ConfigError(
            f"the rules file {file} is not there",
            file=str(config.file),
            field="rules",
            hint="Correct the path, or leave `rules` out to use the rules that come with syncd.",
        )
    document = read_document(_text(file), str(file), na=True)
    return rules_of(document, config.systems)


def rules_of(document: Document, systems: Iterable[str]) -> Rules:
    """Make rules of a document; all that is wrong with them is told with its line."""
    try:
        return Rules(document.plain, tuple(systems), kinds=("plan", "group"))
    except RulesError as error:
        raise error.at(document.file, document.line) from error


def load_origins(config: Config, shipped: Path) -> Origins:
    """Read the kinds of origination. Raises ConfigError with file and line."""
    file = config.at(config.origination) if config.origination is not None else shipped
    if not file.is_file():
        raise ConfigError(
            f"the file {file} is not there",
            file=str(config.file),
            field="origination",
            hint="Correct the path, or leave `origination` out to use the kinds that come with syncd.",
        )
    document = read_document(_text(file), str(file))
    try:
        return origins_of(document.data)
    except MistakesError as error:
        raise error.at(str(file), document.line) from error


# -- what a connector is told ---------------------------------------------------------------------------------------


def settings_of(config: Config, system: str, model: type[BaseModel]) -> dict[str, Any]:
    """Give a connector's settings: paths from the folder of the file, secrets from files. Raises ConfigError."""
    given = config.systems[system].settings
    written = config.written_for(system)
    settings: dict[str, Any] = {}
    for key, value in given.items():
        target = key.removesuffix("_file")
        field = model.model_fields.get(key)
        if field is None and target != key and is_secret(model, target):
            settings[target] = secret_of(config.at(Path(str(value))))
            continue
        if is_secret(model, key) and key in written:
            raise ConfigError(
                "a secret does not belong into this file",
                file=str(config.file),
                line=line_in(config, ("systems", system, key)),
                field=f"systems.{system}.{key}",
                hint=f"Put it into a file of mode 600 and write `{key}_file = PATH`, or set {PREFIX}SYSTEMS__"
                f"{system.upper()}__{key.upper()}.",
            )
        path = field is not None and field.annotation is Path and isinstance(value, str)
        settings[key] = str(config.at(Path(value))) if path else value
    return settings


def is_secret(model: type[BaseModel], key: str) -> bool:
    """Tell whether a setting of a connector is a secret."""
    field = model.model_fields.get(key)
    return field is not None and (field.annotation is SecretStr or SecretStr in get_args(field.annotation))


# -- what a person reads ----------------------------------------------------------------------------------------------


def _explain(error: ValidationError, text: str, file: Path) -> ConfigError:
    """Tell all that is wrong, where it was written: in the file or in the environment."""
    return together(_placed(one, text, file) for one in mistakes(error, model=Config, is_toml=True))


def _placed(one: Mistake, text: str, file: Path) -> ConfigError:
    line = line_of(text, one.loc)
    for name in _env_names(one.loc):
        if name in os.environ and (line is None or name == _env_names(one.loc)[0]):
            return ConfigError(one.message, field=name, hint=one.hint or "Correct this variable of the environment.")
    if one.loc[-1:] == ("connector",) and one.message == MISSING:
        one = Mistake(
            one.loc,
            "this system names no connector",
            'Add `connector = "files"`, or another of `syncd systems --connectors`.',
        )
    return ConfigError(one.message, file=str(file), line=line, field=".".join(map(str, one.loc)) or None, hint=one.hint)


def _env_names(loc: Loc) -> tuple[str, ...]:
    return tuple(PREFIX + "__".join(str(step).upper() for step in loc[:end]) for end in range(len(loc), 0, -1))


def _env_of(error: SettingsError) -> str | None:
    found = re.search(r'field "([^"]+)"', str(error))
    return f"{PREFIX}{found[1].upper()}" if found else None


def line_in(config: Config, loc: Loc) -> int | None:
    """Find the line of a key in the file that a configuration was read from."""
    return line_of(_text(config.file), loc)


def line_of(text: str, loc: Loc) -> int | None:
    """Find the line of a key in a TOML text; of the nearest table around it when the key is not there."""
    table: Loc = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            found = _header(stripped)
            if found is None:
                continue
            table = at = found
        elif (mark := re.match(r"""((?:"[^"]*"|'[^']*'|[\w.\s-])+)=""", stripped)) is not None:
            at = (*table, *_key(mark[1]))
        else:
            continue
        wanted = tuple(map(str, loc))
        if wanted[: len(at)] == tuple(map(str, at)) and (best is None or len(at) > best[0]):
            best = (len(at), number)
    return best[1] if best else None


def _header(line: str) -> Loc | None:
    found = re.match(r"\[\[?\s*(.*?)\s*\]\]?", line)
    return _key(found[1]) if found else None


def _key(text: str) -> Loc:
    """Read a dotted key as TOML does."""
    try:
        tree: Any = tomllib.loads(f"{text.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    steps: list[str] = []
    while isinstance(tree, dict):
        ((step, tree),) = tree.items()
        steps.append(step)
    return tuple(steps)
