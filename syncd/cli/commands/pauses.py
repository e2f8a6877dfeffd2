"""`syncd pause` and `syncd resume`: stop and allow writes, everywhere, to one system or for one group."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.apply.world import stands
from syncd.cli.confirm import confirmed
from syncd.cli.names import Labels, find_group
from syncd.cli.out import print_json, say, table, when, when_exact
from syncd.cli.run import OK
from syncd.cli.times import moment
from syncd.errors import ConfigError
from syncd.text.nearest import did_you_mean
from syncd.text.show import command

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.store.store import Store

AREA = "pauses"


@dataclass(frozen=True, slots=True)
class Which:
    """What is paused or resumed: a system, a group, or in so many words everything."""

    system: str | None = None
    group: str | None = None
    everything: bool = False

    @property
    def option(self) -> str:
        """Give it as it is typed."""
        named = ("--system", self.system) if self.system else ("--group", self.group or "")
        return command("syncd", "resume", *(("--all",) if self.everything else named))


def pause(session: Session, which: Which, reason: str, until: str = "") -> int:
    """Stop writes; reading, deciding and asking go on. It is looked at before each send."""
    if not reason.strip():
        raise ConfigError("say why: --reason TEXT", hint="Whoever finds it paused will want to know.")
    now = time.time()
    ends = _ends(until, now) if until.strip() else None
    with session.store() as store:
        key, name = _key(session, store, which)
        if not confirmed(session, f"Pause {name}?"):
            return OK
        store.put(AREA, key, {"reason": reason.strip(), "by": session.by, "at": now, "until": ends})
        session.log.info("paused", what=name)
        if session.json:
            told = {"command": "pause", "paused": name, "reason": reason.strip()}
            print_json(told | ({"until": when_exact(ends)} if ends is not None else {}))
            return OK
        end = f"{when(ends)}, or `{which.option}`" if ends is not None else f"`{which.option}`"
        say(f"paused: {name}. Nothing is written there until {end}.")
    return OK


def _ends(text: str, now: float) -> float:
    at = moment(text, now, "--until", which="future")
    if at < now + 1:
        raise ConfigError(f"{when(at)} is over", field="--until", hint="Name a time to come.")
    return at


def resume(session: Session, which: Which) -> int:
    """Allow writes again; what is owed is delivered by the next run."""
    with session.store() as store:
        key, name = _key(session, store, which)
        standing = dict(store.items(AREA))
        keys = list(standing) if which.everything else [key]
        if not standing.keys() & set(keys):
            told = f"Paused: {', '.join(_named(each, Labels.of(store)) for each in standing)}." if standing else ""
            raise ConfigError(f"{name} is not paused", hint=told or "Nothing is paused.")
        if not confirmed(session, f"Resume {name}?", *(lines(store) if which.everything else [])):
            return OK
        with store.transaction():
            for each in keys:
                store.put(AREA, each, None)
        session.log.info("resumed", what=name)
        if session.json:
            print_json({"command": "resume", "resumed": name})
            return OK
        say(f"resumed: {name}. The next run delivers what is owed: `syncd sync`.")
    return OK


def lines(store: Store) -> list[str]:
    """Tell what is paused."""
    labels = Labels.of(store)
    now = time.time()
    rows = [
        (
            _named(key, labels),
            said.get("reason", ""),
            said.get("by", ""),
            when(said.get("at")),
            when(said["until"]) if said.get("until") is not None else "resumed",
        )
        for key, said in store.items(AREA).items()
        if stands(said, now)
    ]
    return table(rows, ("paused", "reason", "by", "since", "until"))


def _key(session: Session, store: Store, which: Which) -> tuple[str, str]:
    if sum((which.system is not None, which.group is not None, which.everything)) > 1:
        raise ConfigError("name a system or a group, not both", hint="Or --all alone; else one after the other.")
    if which.system is not None:
        if which.system not in session.config.systems:
            known = session.config.systems
            meant = did_you_mean(which.system, known)
            hint = f"The systems are {', '.join(known)}."
            raise ConfigError(f"there is no system `{which.system}`{meant}", field="--system", hint=hint)
        return f"system:{which.system}", which.system
    if which.group is not None:
        link = find_group(store, which.group, change=True)
        return f"group:{link.id}", f"“{link.label}” {link.id}"
    if not which.everything:
        raise ConfigError(
            "say what: --system NAME, --group GROUP, or --all", hint="All writes are meant only by --all."
        )
    return "", "everything"


def _named(key: str, labels: Labels) -> str:
    kind, _, name = key.partition(":")
    if not kind:
        return "everything"
    return name if kind == "system" else f"“{labels.group(name)}” {name}"
