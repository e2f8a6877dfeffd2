"""What people call things on the command line: a group by its id, its name or a record; a plan likewise; a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.cli.out import tell
from syncd.errors import RecordError
from syncd.reconcile.types import Link
from syncd.text.nearest import nearest

if TYPE_CHECKING:
    from syncd.store.store import Store


class UnknownNameError(RecordError):
    """Nothing is called that."""


def groups_of(store: Store) -> list[Link]:
    """Give the linked groups, by name."""
    found = [link for link in store.links(kind="group", status=None) if link.status != "unlinked"]
    return sorted(found, key=lambda link: (link.label.casefold(), link.id))


def plans_of(store: Store, scope: str, *, unlinked: bool = False) -> list[Link]:
    """Give the linked plans of a group, by name; those that were parted again on request."""
    found = [link for link in store.links(scope, "plan", None) if unlinked or link.status != "unlinked"]
    return sorted(found, key=lambda link: (link.label.casefold(), link.id))


def find_group(store: Store, text: str, *, change: bool = False) -> Link:
    """Find a linked group by its id, its name (or the beginning of it), or a record of it (`crm=7104`).

    `change`: it is to be changed, so a few letters do not name it, and what was not named in full is shown.
    """
    known = groups_of(store)
    if not known:
        raise UnknownNameError(
            "no group is linked yet",
            hint="Run `syncd groups` to see them, then `syncd groups link quote=ID crm=ID`.",
        )
    return _find("group", text, known, "Run `syncd groups` to see all of them.", change=change)


def find_plan(store: Store, scope: str, text: str, *, unlinked: bool = False, change: bool = False) -> Link:
    """Find a linked plan of a group, as a group is found; one that was parted again on request."""
    known = plans_of(store, scope, unlinked=unlinked)
    if not known:
        raise UnknownNameError("no plan of this group is linked yet", hint="Run `syncd link GROUP --out FILE`.")
    return _find("linked plan", text, known, "Run `syncd plans GROUP` to see all of them.", change=change)


_ENOUGH = 4
"""So many letters name something that is to be changed, if they name nothing else; so does a whole word."""


def _find(what: str, text: str, known: Sequence[Link], hint: str, *, change: bool) -> Link:
    wanted = text.strip()
    exact = (
        [link for link in known if link.id == wanted],
        [link for link in known if wanted in _records(link)],
        [link for link in known if link.label.casefold() == wanted.casefold()],
    )
    lenient = (
        [link for link in known if wanted and link.label.casefold().startswith(wanted.casefold())],
        [link for link in known if len(wanted) >= _ENOUGH and link.id.startswith(wanted)],
    )
    for found in (*exact, *lenient):
        if len(found) == 1:
            if change and found not in exact:
                _show(what, wanted, found[0])
            return found[0]
        if found:
            told = ", ".join(f"“{link.label}” {link.id}" for link in found[:5])
            raise UnknownNameError(f"{len(found)} {what}s are called `{text}`: {told}", hint="Give the id instead.")
    near = nearest(wanted, [link.label for link in known])
    meant = next((f"; did you mean “{link.label}” ({link.id})?" for link in known if link.label == near), "")
    raise UnknownNameError(f"no {what} is called `{text}`{meant}", hint=hint)


def _show(what: str, wanted: str, link: Link) -> None:
    """Show which one is meant before it is changed; refuse when a few letters are all there is."""
    whole_word = wanted.casefold() in link.label.casefold().split()
    if len(wanted) < _ENOUGH and not whole_word:
        told = f"`{wanted}` is too little to name the {what} that is to be changed"
        meant = f"did you mean “{link.label}” ({link.id})?"
        raise UnknownNameError(f"{told}; {meant}", hint="Give its whole name or its id.")
    tell(f"note: `{wanted}` is the {what} “{link.label}” ({link.id})")


def _records(link: Link) -> set[str]:
    """Give the names of a link's records: `crm=7104`, and `7104` alone."""
    return {name for member in link.members for name in (f"{member.system}={member.id}", member.id)}


def records_of(words: Iterable[str]) -> dict[str, str]:
    """Read `quote=ID crm=ID`."""
    found: dict[str, str] = {}
    for word in words:
        system, mark, record_id = word.partition("=")
        if not (mark and system.strip() and record_id.strip()):
            raise UnknownNameError(f"`{word}` is not SYSTEM=ID", hint="For example `quote=G-104 crm=7168`.")
        if system in found:
            raise UnknownNameError(f"{system} is named twice", hint="Name one record of each system.")
        found[system.strip()] = record_id.strip()
    return found


@dataclass(frozen=True, slots=True)
class Labels:
    """What groups and plans are called."""

    groups: Mapping[str, str]

    @classmethod
    def of(cls, store: Store) -> Labels:
        """Look them up."""
        return cls({link.id: link.label for link in store.links(kind="group", status=None)})

    def group(self, scope: str) -> str:
        """Name a scope."""
        return self.groups.get(scope) or (scope.removeprefix("system:") if scope else "all groups")


def member_text(link: Link) -> str:
    """Name the records of a link: `quote Q-1001 · crm 40160`."""
    return " · ".join(
        f"{member.system} {'(to be created)' if member.status == 'awaited' else member.id}"
        + (" (gone)" if member.status == "missing" else "")
        for member in link.members
    )
