"""`syncd history`: what happened, newest first."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from syncd.cli.commands.why import fields_of
from syncd.cli.names import find_group, find_plan, plans_of
from syncd.cli.out import EMPTY_TEXT, count, print_csv, print_json, say, short, styled, when, when_exact
from syncd.cli.run import OK
from syncd.cli.times import moment
from syncd.errors import ConfigError, RecordError
from syncd.history.diff import steps
from syncd.history.events import events_of
from syncd.model import paths
from syncd.model.fields import is_known, names
from syncd.model.shown import shown
from syncd.text.nearest import did_you_mean
from syncd.text.show import some

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.reconcile.types import Link
    from syncd.store.rows import HistoryRow
    from syncd.store.store import Store


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for."""

    group: str | None = None
    plan: str | None = None
    field: str | None = None
    system: str | None = None
    record: str | None = None
    run: str | None = None
    since: str = ""
    limit: int | None = None
    images: bool = False


def run(session: Session, ask: Ask) -> int:
    """List what happened, newest first."""
    _check(session, ask)
    with session.store() as store:
        return _show(session, store, ask)


def _check(session: Session, ask: Ask) -> None:
    if ask.plan is not None and ask.group is None:
        raise ConfigError("--plan needs the plan's GROUP", hint="Write `syncd history GROUP --plan PLAN`.")
    if ask.record is not None and ask.system is None:
        raise ConfigError("--record needs its --system", hint="Write `syncd history --system crm --record ID`.")
    if ask.system is not None and ask.system not in session.config.systems:
        hint = f"The systems are {', '.join(session.config.systems)}."
        raise ConfigError(f"there is no system `{ask.system}`", field="--system", hint=hint)


def _show(session: Session, store: Store, ask: Ask) -> int:
    if ask.field:
        ask = replace(ask, field=_field(store, ask))
    if ask.limit is None and not (ask.since or session.csv):
        ask = replace(ask, limit=_MOST_ROWS)
    rows = _since(_rows(store, ask), ask.since)
    labels = _labels(store, rows)
    if session.csv:
        print_csv(_HEAD, _cells(rows, labels, ask.field))
        return OK
    if session.json:
        print_json({"command": "history", "rows": [_document(row, labels) for row in rows]})
        return OK
    if not rows:
        say("Nothing has happened here yet.")
    for line in _lines(rows, labels, ask.field):
        say(line)
    if ask.images:
        _print_images(store, rows)
    if len(rows) == ask.limit:
        say("", f"The newest {ask.limit} are shown; --limit N shows more.")
    return OK


def _field(store: Store, ask: Ask) -> str:
    """Find the field or table that is meant, of those that the group holds, by its path or the end of it.

    Raises RecordError with the nearest when there is none.
    """
    wanted = paths.canonical((ask.field or "").strip())
    held = {path for link in _links(store, ask) for path in fields_of(store, link)}
    known = held or {name for kind in ("plan", "group") for name in names(kind)}
    every = {*known, *map(paths.atom, known), *paths.SECTIONS}
    if any(paths.under(name, wanted) for name in every) or (not held and is_known(wanted)):
        return wanted
    if store.history(path=wanted, limit=1):  # once held, and no more
        return wanted
    ends = sorted(name for name in every if name.endswith(f".{wanted}"))
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise RecordError(f"`{ask.field}` ends {some(ends)}", field="--field", hint="Give the whole path.")
    hint = "`syncd why GROUP PLAN FIELD` and `syncd history GROUP --plan PLAN` show the names."
    raise RecordError(
        f"there is no field `{ask.field}`{did_you_mean(wanted, sorted(every))}", field="--field", hint=hint
    )


def _links(store: Store, ask: Ask) -> list[Link]:
    """Give the links that are asked about; none: all there are."""
    if ask.group is None:
        return []
    group = find_group(store, ask.group)
    if ask.plan:
        return [find_plan(store, group.id, ask.plan, unlinked=True)]
    return [group, *plans_of(store, group.id, unlinked=True)]


def _rows(store: Store, ask: Ask) -> list[HistoryRow]:
    path = ask.field
    if ask.group is None or ask.run is not None:
        return store.history(system=ask.system, record_id=ask.record, run=ask.run, path=path, limit=ask.limit)
    links = _links(store, ask)
    found = events_of(store, links, path=path, limit=None if ask.system or ask.record else ask.limit)
    return [
        row
        for row in found
        if (ask.system is None or row.system == ask.system) and (ask.record is None or row.record_id == ask.record)
    ][: ask.limit]


def _labels(store: Store, rows: Iterable[HistoryRow]) -> dict[tuple[str, str, str], str]:
    """Name the records."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row.system:
            wanted.setdefault((row.system, row.kind), set()).add(row.record_id)
    return {
        (system, kind, snapshot.id): snapshot.label
        for (system, kind), ids in wanted.items()
        for snapshot in store.snapshots(system, kind, ids).values()  # type: ignore[arg-type]
    }


_MOST_ROWS = 40
_HEAD = ("at", "what", "system", "record", "name", "field", "before", "after", "by", "note", "run", "link")


def _since(rows: list[HistoryRow], since: str) -> list[HistoryRow]:
    """Leave out what happened before; a stamp ahead of the clock counts as just now."""
    start = moment(since, time.time(), "--since", which="past") if since.strip() else None
    return rows if start is None else [row for row in rows if row.at >= start]


def _cells(
    rows: Iterable[HistoryRow], labels: Mapping[tuple[str, str, str], str], field: str | None
) -> Iterator[tuple[object, ...]]:
    """Give a line for each field of each thing that happened."""
    for row in rows:
        told = {p: pair for p, pair in row.fields.items() if field is None or paths.under(p, field)} or {"": ("", "")}
        label = labels.get((row.system, row.kind, row.record_id), "")
        for path, (before, after) in told.items():
            values = _text(path, before), _text(path, after)
            head = (when_exact(row.at), _WORDS.get(row.what, row.what), row.system, row.record_id, label, path)
            yield (*head, *values, row.who, row.note, row.run, row.link)


def _document(row: HistoryRow, labels: Mapping[tuple[str, str, str], str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": when_exact(row.at),
        "what": row.what,
        "run": row.run or None,
        "link": row.link or None,
        "system": row.system or None,
        "kind": row.kind,
        "record": row.record_id or None,
        "name": labels.get((row.system, row.kind, row.record_id)),
        "fields": {
            path: {"before": _text(path, one[0]), "after": _text(path, one[1])} for path, one in row.fields.items()
        },
        "readback": {path: shown(path, value) for path, value in row.readback.items()},
        "who": row.who,
        "note": row.note,
    }


def _text(path: str, value: object) -> str:
    return value if isinstance(value, str) else shown(path, value)  # type: ignore[arg-type]


_WORDS = {
    "first": "seen first",
    "observed": "changed in",
    "written": "written to",
    "overruled": "lost:",
    "gone": "gone from",
    "linked": "linked",
    "unlinked": "unlinked",
    "decided": "decided",
    "orphaned": "orphaned",
    "renamed": "renamed in",
    "ended": "ended in",
    "undone": "undone in",
}
_MOST_FIELDS = 8


def _lines(rows: Sequence[HistoryRow], labels: Mapping[tuple[str, str, str], str], field: str | None) -> Iterator[str]:
    """One line for each thing that happened, and one for each field of it."""
    for row in rows:
        label = labels.get((row.system, row.kind, row.record_id), "")
        name = f"{row.system} {row.record_id}" + (f" “{short(label, 40)}”" if label and label != row.record_id else "")
        by = f"  by {row.who}" if row.what == "decided" and row.who else f"  ({row.who})" if row.who else ""
        note = f"  {row.note}" if row.note else ""
        where = name if row.system else ""
        fields = [(p, v) for p, v in row.fields.items() if field is None or paths.under(p, field)]
        if row.what == "first" and field is None:
            note = f"  {count(len(fields), 'field')}{note}"
            fields = []
        elif row.what == "decided":
            note = "  " + ", ".join(f"{path or 'all'}: {_text(path, after)}" for path, (_, after) in fields) + note
            fields = []
        what = _WORDS.get(row.what, row.what)
        yield f"{when(row.at)}  {styled(f'{what} {where}'.rstrip(), 'bold')}{note}{styled(by, 'dim')}"
        for path, (before, after) in fields[:_MOST_FIELDS]:
            yield f"{'':18}{path}: {short(_text(path, before))} -> {short(_text(path, after))}"
        if len(fields) > _MOST_FIELDS:
            yield f"{'':18}… and {len(fields) - _MOST_FIELDS} more fields (--json shows all)"


def _print_images(store: Store, rows: Sequence[HistoryRow]) -> None:
    """Show what a write changed in the vendor's own record, where both images were kept."""
    for run_id in dict.fromkeys(row.run for row in rows if row.run):
        for intent in store.intents(run=run_id):
            if not (intent.raw_before and intent.raw_after):
                continue
            say("", f"{intent.system} {intent.record_id} {intent.part}, as the vendor keeps it (run {run_id}):")
            for step in steps(json.loads(intent.raw_before), json.loads(intent.raw_after)):
                before, after = (
                    EMPTY_TEXT if value is None else short(str(value)) for value in (step.before, step.after)
                )
                say(f"  {step.path}: {before} -> {after}")
