"""`syncd pause` and `syncd resume`: stop and allow writes, everywhere, to one system or for one group."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from syncd.cli.names import Labels, find_group
from syncd.cli.out import print_json, say, table, when
from syncd.cli.run import OK
from syncd.errors import ConfigError
from syncd.review.errors import did_you_mean

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.store.store import Store

AREA = "pauses"


def pause(session: Session, system: str | None, group: str | None, reason: str) -> int:
    """Stop writes; reading, deciding and asking go on. It is looked at before each send."""
    if not reason.strip():
        raise ConfigError("say why: --reason TEXT", hint="Whoever finds it paused will want to know.")
    with session.store() as store:
        key, name = _key(session, store, system, group)
        store.put(AREA, key, {"reason": reason.strip(), "by": session.by, "at": time.time()})
        session.log.info("paused", what=name)
        if session.json:
            print_json({"command": "pause", "paused": name, "reason": reason.strip()})
            return OK
        say(f"paused: {name}. Nothing is written there until `syncd resume{_option(system, group)}`.")
    return OK


def resume(session: Session, system: str | None, group: str | None) -> int:
    """Allow writes again; what is owed is delivered by the next run."""
    with session.store() as store:
        key, name = _key(session, store, system, group)
        if store.get(AREA, key) is None:
            standing = list(store.items(AREA))
            told = f"Paused: {', '.join(_named(each, Labels.of(store)) for each in standing)}." if standing else ""
            raise ConfigError(f"{name} is not paused", hint=told or "Nothing is paused.")
        store.put(AREA, key, None)
        session.log.info("resumed", what=name)
        if session.json:
            print_json({"command": "resume", "resumed": name})
            return OK
        say(f"resumed: {name}. The next run delivers what is owed: `syncd sync`.")
    return OK


def lines(store: Store) -> list[str]:
    """Tell what is paused."""
    labels = Labels.of(store)
    rows = [
        (_named(key, labels), said.get("reason", ""), said.get("by", ""), when(said.get("at")))
        for key, said in store.items(AREA).items()
    ]
    return table(rows, ("paused", "reason", "by", "since"))


def _key(session: Session, store: Store, system: str | None, group: str | None) -> tuple[str, str]:
    if system is not None and group is not None:
        raise ConfigError("name a system or a group, not both", hint="Pause them one after the other.")
    if system is not None:
        if system not in session.config.systems:
            known = session.config.systems
            meant = did_you_mean(system, known)
            hint = f"The systems are {', '.join(known)}."
            raise ConfigError(f"there is no system `{system}`{meant}", field="--system", hint=hint)
        return f"system:{system}", system
    if group is not None:
        link = find_group(store, group)
        return f"group:{link.id}", f"“{link.label}” {link.id}"
    return "", "everything"


def _named(key: str, labels: Labels) -> str:
    kind, _, name = key.partition(":")
    if not kind:
        return "everything"
    return name if kind == "system" else f"“{labels.group(name)}” {name}"


def _option(system: str | None, group: str | None) -> str:
    return f" --system {system}" if system else f" --group {group}" if group else ""
