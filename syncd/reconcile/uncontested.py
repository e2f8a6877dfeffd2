"""Take the edits of one member at once, where every field of a link is the same row of the merge table.

One member left its base, all others hold theirs, nobody is owed anything or away, and nothing keeps a value from being
written: then each edited field is "one wanted value, take it", and the link is decided by comparing two flat views. The
rows are those of `merge.py` and `constrain.py`; whatever is not plainly this case gives None and is decided there field
by field, with the same outcome (tests/reconcile/test_uncontested.py). Pure.
"""

from __future__ import annotations

from operator import attrgetter

from syncd.model import paths
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flat, Unparsed
from syncd.reconcile.rules import Place, Rules
from syncd.reconcile.types import Change, Link, LinkView, Member, Outcome, Owed, Seen, System, View

REASON = "uncontested edit"


class Uncontested:
    """Decides the links of one view; what it found out about a field holds for all of them."""

    def __init__(self, view: View, rules: Rules) -> None:
        self._view, self._rules = view, rules
        self._plain: dict[tuple[str, System, tuple[str, ...]], bool] = {}
        self._open: dict[tuple[System, Kind, str], bool] = {}

    def take(self, seen: LinkView) -> Outcome | None:
        """Give the outcome of a link with one editor and nothing else to decide; None when there is more to it."""
        link = seen.link
        editor = _only_editor(seen)
        if editor is None or link.status != "live" or self._rules.conditional:
            return None
        edits = _edits(editor.base, seen.sights[editor.system].flat)  # type: ignore[union-attr]
        if not edits or not self._all_plain(edits, editor, link):
            return None
        agreed = link.agreed | edits
        raised = agreed != link.agreed
        revision = link.revision + 1 if raised else link.revision
        members: list[Member] = []
        changes: list[Change] = []
        for member in link.members:
            if member is editor:
                base = agreed if member.base is link.agreed else member.base | edits
                members.append(member.moved(base, member.unseen, member.behind))
                continue
            owed = {path: value for path, value in edits.items() if member.base.get(path, EMPTY) != value}
            if owed and not self._takes(owed, member, seen):
                return None
            members.append(member.moved(member.base, member.unseen, dict.fromkeys(owed, Owed(revision))))
            for path, value in owed.items():
                old = member.base.get(path, EMPTY)
                changes.append(Change(link.id, member.system, member.id, path, old, value, REASON))
        changes.sort(key=_by_path)
        after = link.moved(agreed if raised else link.agreed, tuple(members), revision, link.accepted)
        return Outcome(link, after, tuple(changes), settled=True)

    def _all_plain(self, edits: Flat, editor: Member, link: Link) -> bool:
        systems = tuple([member.system for member in link.members])
        anywhere = not (link.sources or self._rules.names(link.id, link.label))  # no rule is about this link alone
        for path in edits:
            key = (path, editor.system, (link.kind, *systems))
            plain = self._plain.get(key) if anywhere else None
            if plain is None:
                plain = self._plain[key] = self._is_plain(path, editor, link)
            if not plain:
                return False
        return True

    def _is_plain(self, path: str, editor: Member, link: Link) -> bool:
        """Tell whether a field goes its own way, everybody holds it as it is, and the rule lets edits through."""
        view = self._view
        if path in view.ignore or path in view.atoms or paths.atom(path) != path:
            return False
        if path.endswith("details.effective_date"):
            return False
        surfaces = [view.surfaces[member.system, link.kind] for member in link.members]
        if not all(surface.exact and surface.carries(path) for surface in surfaces):
            return False
        editors = frozenset((editor.system,))
        rule = self._rules.at(Place(path, link.id, link.label, link.scope, editors, link.sources, atom=path))
        return rule.mode == "two_way" and "update" in rule.operations

    def _takes(self, owed: Flat, member: Member, seen: LinkView) -> bool:
        """Tell whether a member can be written now, and everything that it is to hold."""
        if member.system in self._view.paused or seen.sights[member.system].locked:  # type: ignore[union-attr]
            return False
        for path in owed:
            key = (member.system, seen.link.kind, path)
            if key not in self._open:
                surface = self._view.surfaces[member.system, seen.link.kind]
                constant = surface.codec_of(path) == "constant"  # comes with its set and is never written
                self._open[key] = surface.update and surface.unwritable(path) is None and not constant
            if not self._open[key]:
                return False
        return True


_by_path = attrgetter("path")


def _only_editor(seen: LinkView) -> Member | None:
    """Give the one member that left its base; None when nobody did, or two, or somebody is not plainly there."""
    editor: Member | None = None
    for member in seen.link.members:
        sight = seen.sights.get(member.system)
        if not isinstance(sight, Seen) or sight.lacks or member.status != "live" or member.unseen or member.behind:
            return None
        if sight.flat is not member.base and sight.flat != member.base:
            if editor is not None:
                return None
            editor = member
    return editor


def _edits(base: Flat, flat: Flat) -> Flat:
    """Give what differs from the base; nothing where a field was cleared or a text not understood: those are asked."""
    edits = {path: flat[path] for path in sorted([path for path, value in flat.items() if base.get(path) != value])}
    new = len([path for path in edits if path not in base])
    if len(base) + new != len(flat) or Unparsed in map(type, edits.values()):
        return {}
    return edits
