"""Take the edits of one member at once, where every field of a link is the same row of the merge table.

One member left its base, all others hold theirs, nobody is owed anything or away, and nothing keeps a value from being
written: then each edited field is "one wanted value, take it", and the link is decided by comparing two flat views. The
rows are those of `merge.py` and `constrain.py`; whatever is not plainly this case gives None and is decided there field
by field, with the same outcome (tests/reconcile/test_uncontested.py). Pure.
"""

from __future__ import annotations

from operator import attrgetter

from syncd.model import paths
from syncd.model.values import EMPTY, Flat, Unparsed
from syncd.reconcile.rules import Place, Rules
from syncd.reconcile.types import Change, Link, LinkView, Member, Outcome, Owed, Seen, View

REASON = "uncontested edit"


def take(seen: LinkView, view: View, rules: Rules) -> Outcome | None:
    """Give the outcome of a link with one editor and nothing else to decide; None when there is more to it."""
    link = seen.link
    editor = _only_editor(seen)
    if editor is None or link.status != "live" or rules.conditional:
        return None
    edits = _edits(editor.base, seen.sights[editor.system].flat)  # type: ignore[union-attr]
    if not edits or not all(_is_plain(path, editor, link, view, rules) for path in edits):
        return None
    raised = any(link.agreed.get(path, EMPTY) != value for path, value in edits.items())
    agreed = link.agreed | edits if raised else link.agreed
    revision = link.revision + 1 if raised else link.revision
    members: list[Member] = []
    changes: list[Change] = []
    for member in link.members:
        if member is editor:
            base = agreed if member.base is link.agreed and raised else member.base | edits
            members.append(member.moved(base, member.unseen, member.behind))
            continue
        owed = {path: value for path, value in edits.items() if member.base.get(path, EMPTY) != value}
        if owed and not _takes(owed, member, seen, view):
            return None
        members.append(member.moved(member.base, member.unseen, dict.fromkeys(owed, Owed(revision))))
        changes += [
            Change(link.id, member.system, member.id, path, member.base.get(path, EMPTY), value, REASON)
            for path, value in owed.items()
        ]
    changes.sort(key=_by_path)
    after = link.moved(agreed, tuple(members), revision, link.accepted)
    return Outcome(link, after, tuple(changes), settled=True)


_by_path = attrgetter("path")


def _only_editor(seen: LinkView) -> Member | None:
    """Give the one member that left its base; None when nobody did, or two, or somebody is not plainly there."""
    editor: Member | None = None
    for member in seen.link.members:
        sight = seen.sights.get(member.system)
        if not isinstance(sight, Seen) or member.status != "live" or member.unseen or member.behind:
            return None
        if sight.flat is not member.base and sight.flat != member.base:
            if editor is not None:
                return None
            editor = member
    return editor


def _edits(base: Flat, flat: Flat) -> Flat:
    """Give what differs from the base; nothing where a field was cleared or a text not understood: those are asked."""
    edits = {path: flat[path] for path in sorted([path for path, value in flat.items() if base.get(path) != value])}
    new = sum(path not in base for path in edits)
    if len(base) + new != len(flat) or any(value.__class__ is Unparsed for value in edits.values()):
        return {}
    return edits


def _is_plain(path: str, editor: Member, link: Link, view: View, rules: Rules) -> bool:
    """Tell whether a field goes its own way, everybody holds it as it is, and the rule lets edits through both ways."""
    if path in view.ignore or path in view.atoms or paths.atom(path) != path or path.endswith("details.effective_date"):
        return False
    for member in link.members:
        surface = view.surfaces[member.system, link.kind]
        if not (surface.exact and surface.carries(path)):
            return False
    editors = frozenset((editor.system,))
    rule = rules.at(Place(path, link.id, link.label, link.scope, editors, link.sources, atom=path))
    return rule.mode == "two_way" and "update" in rule.operations


def _takes(owed: Flat, member: Member, seen: LinkView, view: View) -> bool:
    """Tell whether a member can be written now, and everything that it is to hold."""
    surface = view.surfaces[member.system, seen.link.kind]
    sight = seen.sights[member.system]
    if member.system in view.paused or not surface.update or sight.locked:  # type: ignore[union-attr]
        return False
    return all(surface.unwritable(path) is None for path in owed)
