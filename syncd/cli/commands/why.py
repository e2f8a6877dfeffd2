"""`syncd why`: the account of one field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from syncd.assemble import load_rules
from syncd.cli.names import find_group, find_plan
from syncd.cli.out import EMPTY_TEXT, count, joined, print_json, say, short, styled, table, when, when_exact
from syncd.cli.run import OK
from syncd.errors import RecordError
from syncd.history.events import events_of
from syncd.history.why import Event, Holding, Why, explain
from syncd.model import paths
from syncd.model.shown import shown
from syncd.model.values import EMPTY
from syncd.model.values_text import format_value
from syncd.reconcile.rules import MergeRule, Place
from syncd.reconcile.types import Link
from syncd.review.words import field_title
from syncd.text.nearest import nearby

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.store.store import Store


def run(session: Session, group: str, plan: str | None, field: str) -> int:
    """Account for a field of a plan (or of the group itself, when no plan is named)."""
    with session.store() as store:
        link = find_group(store, group)
        if plan is not None:
            link = find_plan(store, link.id, plan, unlinked=True)
        snapshots = {
            member.system: found
            for member in link.members
            if (found := store.snapshots(member.system, link.kind, [member.id]).get(member.id)) is not None
        }
        path = find_field(field, fields_of(store, link), link)
        rows = events_of(store, [link])
        questions = [
            one
            for one in store.questions(link.scope, status=("open", "decided", "ignored", "closed", "used"))
            if one.proposal.link == link.id
        ]
        account = explain(link, path, snapshots, rows, store.intents(link=link.id), questions)
        rule = load_rules(session.config).at(place_of(link, path))
    if session.json:
        print_json(_account(account, rule))
        return OK
    _print_account(account, rule)
    return OK


def find_field(text: str, known: Iterable[str], link: Link) -> str:
    """Find a field or an atom by its path, or by the end of it when only one ends so."""
    names = sorted({*known, *(paths.atom(path) for path in known)})
    wanted = paths.canonical(text.strip())
    if wanted in names:
        return wanted
    inside = [name for name in names if wanted and wanted in name]
    ends = [name for name in names if name.endswith(f".{wanted}")] or inside[: 1 if len(inside) == 1 else 0]
    if len(ends) == 1:
        return ends[0]
    if ends:
        told = ", ".join(ends[:6])
        raise RecordError(f"`{text}` ends {len(ends)} fields: {told}", hint="Give the whole path.")
    near = inside[:4] or nearby(wanted, names, most=3)
    meant = f"; did you mean {joined([f'`{name}`' for name in near], 'or')}?" if near else ""
    hint = f"`syncd history GROUP --plan {link.id}` lists the fields that moved."
    raise RecordError(f"“{link.label}” has no field `{text}`{meant}", hint=hint)


def fields_of(store: Store, link: Link) -> set[str]:
    """Name the fields that a link or one of its records holds."""
    known = set(link.agreed)
    for member in link.members:
        for snapshot in store.snapshots(member.system, link.kind, [member.id]).values():
            known.update(snapshot.flat)
    return known


def place_of(link: Link, path: str) -> Place:
    """Say where a field stands when all members of its link changed it."""
    editors = frozenset(member.system for member in link.members)
    return Place(
        path,
        link.id,
        link.label,
        link.scope,
        editors if len(editors) == 2 else frozenset(),  # noqa: PLR2004 - a pair
        link.sources,
        lambda each: format_value(link.agreed.get(each, EMPTY)),
    )


def rule_text(rule: MergeRule) -> str:
    """Say what happens when two systems change the field to different values."""
    name = rule.name("on_conflict")
    if rule.mode == "mirror":
        drift = "overwritten" if rule.on_drift == "overwrite" else "asked about"
        mirror = f"it is a mirror of {rule.source_of_truth}, and a change elsewhere is {drift}"
        return f"{mirror} (rule {rule.name('mode')})"
    told = {
        "ask": "a person is asked",
        "source_of_truth": f"{rule.source_of_truth} wins if it is among those that changed it, else a person is asked",
        "newest": "the newest change wins; where times do not tell, a person is asked",
    }[rule.on_conflict]
    return f"{told} (rule {name})"


def _account(account: Why, rule: MergeRule) -> dict[str, Any]:
    return {
        "command": "why",
        "link": account.link.id,
        "plan": account.link.label,
        "field": account.path,
        "title": field_title(account.path, account.link.kind),
        "agreed": {path: shown(path, value) for path, value in account.agreed.items()},
        "revision": account.link.revision,
        "members": {
            one.system: {
                "record": one.id,
                "holds": {path: shown(path, value) for path, value in one.values.items()},
                "base": None if one.bases is None else {path: shown(path, value) for path, value in one.bases.items()},
                "owed": {path: {"why": owed.why, "refusals": owed.refusals} for path, owed in one.owed.items()},
                "seen_at": when_exact(one.seen_at) if one.seen_at is not None else None,
                "has_field": not one.lacks,
            }
            for one in account.holdings
        },
        "events": [
            {
                "at": when_exact(event.at),
                "what": event.what,
                "system": event.system or None,
                "field": event.path or None,
                "before": _text(event.path, event.before),
                "after": _text(event.path, event.after),
                "readback": None if event.readback is None else shown(event.path, event.readback),
                "by": event.by,
                "run": event.run or None,
                "note": event.note,
            }
            for event in account.events
        ],
        "questions": [{"id": one.id, "kind": one.proposal.kind, "why": one.proposal.why} for one in account.questions],
        "on_conflict": {"setting": rule.on_conflict, "rule": rule.name("on_conflict"), "text": rule_text(rule)},
    }


def _print_account(account: Why, rule: MergeRule) -> None:
    link = account.link
    title = field_title(account.path, link.kind)
    told = f"{account.path}" + (f" ({title})" if title != account.path else "")
    say(styled(told, "bold"), f"of “{link.label}” {link.id}", "")
    rows = [("agreed", "", _values(account.agreed, account.path), "")]
    rows += [(one.system, one.id, _values(one.values, account.path), _holding(one)) for one in account.holdings]
    say(*table(rows, indent="  "), *_cells(account))
    for question in account.questions:
        say("", styled(f"  Asked now: {question.proposal.kind} [{question.id}]: {question.proposal.why}", "blue"))
        say(f"  Answer it with `syncd review show {question.id}`.")
    say("", "What happened, newest first:", *_event_lines(account))
    say("", f"When two systems change it to different values, {rule_text(rule)}.")


def _values(values: Mapping[str, Any], path: str) -> str:
    if path in values or not values:
        return short(shown(path, values.get(path, EMPTY)))
    return count(len(values), "cell")


def _cells(account: Why) -> list[str]:
    """Write a table as a table: a row a cell, a column for what was agreed and for each system; what differs first."""
    names = dict.fromkeys([*account.agreed, *(path for one in account.holdings for path in one.values)])
    if account.path in names or not names:
        return []

    def row(path: str) -> tuple[str, ...]:
        held = (account.agreed, *(one.values for one in account.holdings))
        return path[len(account.path) + 1 :], *(shown(path, values.get(path, EMPTY)) for values in held)

    rows = sorted(map(row, names), key=lambda one: (len(set(one[1:])) == 1, one[0]))
    return ["", *table(rows, ("cell", "agreed", *(one.system for one in account.holdings)), indent="  ")]


def _holding(one: Holding) -> str:
    said = [f"seen {when(one.seen_at)}"] if one.seen_at is not None else ["not seen"]
    if one.lacks:
        said.append("this record has no such field")
    elif one.bases is None:
        said.append("never agreed")
    owed = next(iter(one.owed.values()), None)
    if owed is not None:
        tries = f", refused {count(owed.refusals, 'time')}" if owed.refusals else ""
        said.append(f"is owed the agreed value{tries}" + (f": {owed.why}" if owed.why else ""))
    return "; ".join(said)


def _event_lines(account: Why) -> list[str]:
    lines = []
    for event in account.events:
        what, by = _event(event, account.path)
        lines.append(f"  {when(event.at)}  {what}" + (styled(f"  ({by})", "dim") if by else ""))
    return lines


def _event(event: Event, path: str) -> tuple[str, str]:
    """Say one thing that happened: what, and by whom."""
    cell = f"{event.path[len(path) + 1 :]} " if event.path != path and paths.under(event.path, path) else ""
    before, after = short(_text(event.path, event.before), 40), short(_text(event.path, event.after), 40)
    note = f", {event.note}" if event.note else ""
    match event.what:
        case "seen first":
            return f"{event.system} held {cell}{after} when it was first read", ""
        case "changed":
            return f"changed in {event.system}: {cell}{before} -> {after}", "by a person or program there"
        case "written":
            back = short(shown(event.path, event.readback), 40) if event.readback is not None else EMPTY_TEXT
            return f"written to {event.system}: {cell}{before} -> {after}, read back {back}", event.by
        case "lost":
            return f"{event.system}'s {cell}{before} lost to {after}", event.by
        case "decided":
            return f"decided: {after}{_remark(event)}", f"by {event.by}" if event.by else ""
        case "renamed":
            return f"{event.system} gave it another id: {before} -> {after}", event.by
        case "asked":
            return f"asked: {event.note}", f"rule {event.by}"
        case "not written":
            return f"not written to {event.system}: {cell}{before} -> {after}{note}", event.by
        case _:
            return f"{event.what} {event.system}{note}".strip(), event.by


def _remark(event: Event) -> str:
    """Give what a person wrote beside a decision; the id of the question, which comes first, is left out."""
    words = event.note.split(" ", 2)
    told = words[2] if len(words) > 2 else ""  # noqa: PLR2004 - kind, id, note
    return f" (“{told}”)" if told else ""


def _text(path: str, value: object) -> str:
    return value if isinstance(value, str) else shown(path, value)  # type: ignore[arg-type]
