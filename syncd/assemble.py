"""Assemble: make the world that a configuration describes, with its store, connectors, lenses, rules and locks.

Opens the store and nothing else; a connector connects with its first call. Whoever asks for a world closes it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from syncd import config as configuration
from syncd import private
from syncd.apply.world import LiveSystem, World, no_lock
from syncd.config import Config
from syncd.connectors import registry
from syncd.errors import ConfigError, LockedError, StoreError
from syncd.mapping import load as mappings
from syncd.mapping.compile import Mapping
from syncd.model.paths import canonical
from syncd.reconcile.rules import Rules
from syncd.store.store import Store
from syncd.text.explain import MistakesError

WAIT_S = 60.0
"""How long a person's command waits for another process that works on the same group."""
_POLL_S = 0.05
KEY_BYTES = 32

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Find a file that comes with syncd: inside the installed package, else in the checkout around it."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.exists() else _PACKAGE.parent / name


def build_world(config: Config, *, wait_s: float = WAIT_S, dry_run: bool = False) -> World:
    """Make the world of a configuration. Raises ConfigError, StoreError.

    `dry_run`: on a copy of the store that ends with the process. What connectors remember (cursors) goes there, too, so
    that what was seen by trying is seen again by the next real run; nothing is locked.
    """
    rules = load_rules(config)
    state = state_folder(config)
    compiled = {name: load_mapping(config, name) for name in config.systems}
    store = _copy(open_store(config)) if dry_run else open_store(config)
    systems = {name: live_system(config, name, compiled[name], store) for name in config.systems}
    return World(
        systems=systems,
        store=store,
        rules=rules,
        limits=config.guards.limits(),
        lock=no_lock if dry_run else locks(state / "locks", wait_s),
        ignore=frozenset(map(canonical, config.ignore)),
        origins=configuration.load_origins(config, shipped("config/origination.yaml")),
        period_s=config.period_s,
        settle_s=config.settle_s,
        full_every_s=config.full_every_s,
    )


HAD_A_STORE = "syncd.db.was-here"
"""Stands beside the store from its first day on: without it an empty folder would look like a new installation."""


def open_store(config: Config) -> Store:
    """Open the store of a configuration. Raises StoreError, also when it was there once and is gone or empty."""
    folder = state_folder(config)
    file, mark = folder / "syncd.db", folder / HAD_A_STORE
    try:
        size = file.stat().st_size if file.exists() else None
        if not size and mark.exists():
            gone = "is gone" if size is None else "is empty"
            hint = f"Restore it from a backup. To begin with nothing linked and nothing decided, delete {mark} first."
            raise StoreError(f"the store of this state folder {gone}", file=str(file), hint=hint)
        store = Store.open(file)
        if not mark.exists():
            mark.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"the state folder cannot be used: {error.strerror}", file=str(folder)) from error
    return store


def _copy(store: Store) -> Store:
    try:
        return store.fork()
    finally:
        store.close()


async def close(world: World) -> None:
    """Release what a world holds."""
    for system in world.systems.values():
        await system.connector.aclose()
    world.store.close()


def load_rules(config: Config) -> Rules:
    """Read the rules of a configuration. Raises ConfigError."""
    return configuration.load_rules(config, shipped("config/rules.yaml"))


def state_folder(config: Config) -> Path:
    """Give the state folder, made when it is not there: nobody else may look into it."""
    folder = config.at(config.state)
    try:
        private.make_folder(folder)
    except PermissionError as error:
        if not folder.is_dir():
            raise StoreError(f"the state folder cannot be made: {error.strerror}", file=str(folder)) from error
        raise StoreError(
            f"others may look into the state folder (mode {private.loose(folder)}), and it is not ours to change",
            file=str(folder),
            hint=f"Let its owner run `chmod 700 {folder}`, or run syncd as its owner.",
        ) from error
    except OSError as error:
        raise StoreError(f"the state folder cannot be made: {error.strerror}", file=str(folder)) from error
    return folder


# -- systems --------------------------------------------------------------------------------------------------------


def load_mapping(config: Config, system: str) -> Mapping:
    """Compile the mapping of a system: from the folder of the configuration, else from those that come with syncd."""
    folder = config.at(config.mappings) if config.mappings is not None else None
    try:
        return mappings.load_mapping(config.systems[system].mapping or system, folder)
    except ConfigError as error:
        raise error if error.file is not None else _placed(error, config, system, "mapping") from error


def check_system(config: Config, name: str) -> None:
    """Check what the configuration says of a system, without making it. Raises ConfigError."""
    one = config.systems[name]
    folders = [config.at(folder) for folder in config.connectors_path]
    try:
        model = registry.find(one.connector, connectors_path=folders).Settings
        settings = configuration.settings_of(config, name, model)
        registry.check_settings(name, model, settings)
    except ConfigError as error:
        raise error if error.file is not None else _placed(error, config, name) from error


def live_system(config: Config, name: str, mapping: Mapping, store: Store) -> LiveSystem:
    """Make one system as it can be used. Raises ConfigError that names the place in the configuration."""
    one = config.systems[name]
    folders = [config.at(folder) for folder in config.connectors_path]
    try:
        model = registry.find(one.connector, connectors_path=folders).Settings
        settings = configuration.settings_of(config, name, model)
        remembered = _Remembered(store, name, state_folder(config))
        connector = registry.load(one.connector, name, settings, remembered, connectors_path=folders)
    except ConfigError as error:
        raise error if error.file is not None else _placed(error, config, name) from error
    return LiveSystem(name, connector, dict(mapping.lenses), writes_off="writes: off" if one.writes == "off" else "")


def _placed(error: ConfigError, config: Config, name: str, key: str = "") -> ConfigError:
    """Say where in the file a complaint about a system belongs."""
    if isinstance(error, MistakesError):
        return error.at(str(config.file), lambda loc: configuration.line_in(config, loc), ("systems", name))
    place = ".".join(filter(None, ("systems", name, key or error.field)))
    line = configuration.line_in(config, tuple(place.split(".")))
    return ConfigError(error.message, file=str(config.file), line=line, field=place, hint=error.hint)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What a connector remembers, in the store; `folder` holds the key of the hashes."""

    store: Store
    system: str
    folder: Path

    def get(self, key: str) -> str | None:
        """Give what was remembered; None: nothing."""
        text = self.store.get(f"connector:{self.system}", key)
        return None if text is None else str(text)

    def set(self, key: str, value: str | None) -> None:
        """Remember a text; None forgets it."""
        self.store.put(f"connector:{self.system}", key, value)

    def keyed(self, text: str) -> str:
        """Give a keyed hash of a text. Raises StoreError when the key cannot be had."""
        return registry.keyed(hash_key(self.folder), text)


@lru_cache(maxsize=8)
def hash_key(folder: Path) -> bytes:
    """Give the key of the hashes of tax ids, made once. It stands in the state folder, for nobody else to read: without
    it nine digits would be guessed from their hash in seconds. Raises StoreError."""
    path = folder / "hash.key"
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the key of the hashes cannot be used: {error.strerror}", file=str(path)) from error
    if len(key) != KEY_BYTES:
        hint = "Bring it back from a backup, or remove it: a new one is made, and tax ids are compared anew."
        raise StoreError(f"expected a key of {KEY_BYTES} bytes, found {len(key)}", file=str(path), hint=hint)
    return key


def _make_key(path: Path) -> None:
    """Make the key beside its place and put it there whole; of two processes that make one, the first one's stays."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".hash.key-")  # of mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink()


# -- locks ------------------------------------------------------------------------------------------------------------


def locks(folder: Path, wait_s: float) -> Callable[[str], AbstractAsyncContextManager[None]]:
    """Give a lock per name, which the kernel lets go of when its process dies. Raises LockedError after `wait_s`.

    Names are groups, and `observe:SYSTEM` for an observation.
    """
    private.make_folder(folder)

    @asynccontextmanager
    async def held(name: str) -> AsyncIterator[None]:
        lock = FileLock(folder / f"{quote(name, safe='')}.lock", mode=private.FILE)
        until = time.monotonic() + wait_s
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                if time.monotonic() >= until:
                    waited = f" for {wait_s:g} s" if wait_s else ""
                    raise LockedError(f"another process has been working on {name}{waited}") from None
            await asyncio.sleep(min(_POLL_S, max(until - time.monotonic(), 0.0)))
        try:
            yield
        finally:
            lock.release()

    return held
