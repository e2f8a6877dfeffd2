"""`syncd status`: how things stand, from the store alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from syncd.apply.intake import quarantined
from syncd.apply.world import stands
from syncd.assemble import check_system
from syncd.cli import oncall, writable
from syncd.cli.commands import pauses
from syncd.cli.names import groups_of, plans_of
from syncd.cli.out import age, count, joined, print_json, say, short, styled, table, when, when_exact
from syncd.cli.run import OK, OPEN, PARTIAL, USAGE
from syncd.errors import SyncdError
from syncd.model.times import age_s
from syncd.reconcile.constrain import waits
from syncd.reconcile.types import Link
from syncd.review.queue import refused

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.store.store import Store

KINDS = ("group", "plan", "generic")


def run(session: Session, *, check: bool) -> int:
    """Tell of every system and group how it stands."""
    now = time.time()
    with session.store() as store:
        systems = [_system(session, store, name, now) for name in session.config.systems]
        groups = [_group(store, link, now, session.config.period_s) for link in groups_of(store)]
        open_ = Counter(one.proposal.kind for one in store.questions())
        names, ids = list(session.config.systems), [one["group"] for one in groups]
        service = oncall.describe(store, session.state, names, ids, session.config.period_s, now)
        answers = [str(error) for error in refused(store, session.review, now)]
        wrong = any(one["settings"] for one in systems)
        code = USAGE if wrong else _code(systems, groups, open_, answers) if check else OK
        unwritable = writable.nowhere(session.config, store)
        if session.json:
            print_json(
                {
                    "command": "status",
                    "state": str(session.state),
                    "systems": systems,
                    "nothing_is_written": unwritable or None,
                    "groups": groups,
                    "questions": dict(open_),
                    "answers_not_used": answers,
                    "paused": {key: one for key, one in store.items("pauses").items() if stands(one, now)},
                    "service": service,
                    "exit": code,
                }
            )
            return code
        _print(store, systems, groups, open_, now)
        if unwritable:
            say(f"Note: {writable.sentence(unwritable)}.", f"  {writable.HINT}")
        say("", *oncall.lines(store, service, now))
        say(*(styled(f"An answer cannot be used as it is: {told}", "red") for told in answers))
    return code


def _code(
    systems: list[dict[str, Any]], groups: list[dict[str, Any]], open_: Mapping[str, int], answers: Sequence[str]
) -> int:
    if any(one["problem"] or one["unreadable"] for one in systems) or any(
        one["result"] in ("partial", "refused") for one in groups
    ):
        return PARTIAL
    owed = any(one["owed"] for one in groups)
    return OPEN if open_ or owed or answers else OK


def _settings(session: Session, name: str) -> str:
    """Say what is wrong with the settings of a system."""
    try:
        check_system(session.config, name)
    except SyncdError as error:
        return str(error)
    return ""


def _system(session: Session, store: Store, name: str, now: float) -> dict[str, Any]:
    settings, writes = _settings(session, name), session.config.systems[name].writes
    listings = [one for kind in KINDS if (one := store.listing(name, kind)) is not None]  # type: ignore[arg-type]
    problem = next((one.error or f"guard {one.tripped}" for one in listings if one.error or one.tripped), "")
    good = [one.good_at for one in listings if one.good_at is not None]
    return {
        "system": name,
        "writes": writes,
        "records": {one.kind: one.count for one in listings},
        "read_at": when_exact(max(one.at for one in listings)) if listings else None,
        "age_s": _rounded(max(age_s(now, at) for at in good)) if good else None,
        "problem": settings or problem,
        "settings": settings,
        "unreadable": [
            {"kind": kind, "id": record_id, "why": why}
            for (kind, record_id), why in sorted(quarantined(store, name).items())
        ],
    }


def _group(store: Store, link: Link, now: float, period_s: float) -> dict[str, Any]:
    plans = plans_of(store, link.id)
    last = next(iter(store.runs(link.id, limit=1)), None)
    good = store.last_good(link.id)
    owed = {
        f"{one.id}|{member.system}": {
            "label": one.label,
            "fields": sum(path != "" for path in member.behind),
            "creates": int(member.status == "awaited"),
            "refused": max((owed.refusals for owed in member.behind.values()), default=0),
            "next_at": max((owed.next_at for owed in member.behind.values() if waits(owed, now)), default=0.0),
            "why": next((owed.why for owed in member.behind.values() if owed.refusals), ""),
        }
        for one in (link, *plans)
        for member in one.members
        if member.behind or member.status == "awaited"
    }
    return {
        "group": link.id,
        "label": link.label,
        "plans": len(plans),
        "orphaned": sum(one.status == "orphaned" for one in plans),
        "questions": dict(Counter(one.proposal.kind for one in store.questions(link.id))),
        "owed": owed,
        "unsettled": len(store.pending(link.id)),
        "last_run": when_exact(last.started_at) if last else None,
        "result": last.result if last else "",
        "last_good": when_exact(good.started_at) if good else None,
        "overdue": last is None or age_s(now, last.started_at) > 2 * period_s,
    }


def _print(
    store: Store, systems: list[dict[str, Any]], groups: list[dict[str, Any]], open_: Mapping[str, int], now: float
) -> None:
    rows = [
        (
            one["system"],
            one["writes"],
            _records(one["records"]),
            f"{age(one['age_s'])} ago" if one["age_s"] is not None else "never",
            one["problem"] or _unreadable(one["unreadable"]) or "ok",
        )
        for one in systems
    ]
    say(*table(rows, ("system", "writes", "records", "last good read", "state")) or ["No system is configured yet."])
    say(*_left_out(systems))
    if groups:
        told = [
            (
                one["group"],
                short(one["label"], 40),
                str(one["plans"]),
                _asked(one["questions"]),
                _owed(one["owed"], now),
                _last_run(one),
            )
            for one in groups
        ]
        say("", *table(told, ("group", "name", "plans", "questions", "owed", "last run")))
    owed = [(one["label"], _owed_line(key, owed, now)) for one in groups for key, owed in one["owed"].items()]
    if owed:
        more = [(f"and {len(owed) - _MOST:,} more; `syncd plans GROUP` shows all", "")] if len(owed) > _MOST else []
        say("", styled("Owed:", "bold"), *table([*owed[:_MOST], *more], indent="  "))
    paused = pauses.lines(store)
    say(*(["", *paused] if paused else []))
    total = ", ".join(f"{kind} {number}" for kind, number in sorted(open_.items()))
    say("", styled(f"Open questions: {total}. See `syncd review list`." if total else "No question is open.", "bold"))


def _unreadable(found: Sequence[Mapping[str, str]]) -> str:
    """Count the records that are there and cannot be read."""
    return f"{count(len(found), 'record')} cannot be read" if found else ""


def _left_out(systems: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the records that are there and cannot be read, with the reason."""
    left = [
        (one["system"], f"{each['kind']} {each['id']}", each["why"]) for one in systems for each in one["unreadable"]
    ]
    if not left:
        return []
    more = [f"  and {len(left) - _MOST:,} more; `syncd status --json` lists all"] if len(left) > _MOST else []
    head = styled("There, and not to be read, so left as they are:", "bold")
    return ["", head, *table(left[:_MOST], indent="  "), *more]


def _rounded(seconds: float) -> int | None:
    """Give whole seconds; None for a time that no right clock said."""
    return round(seconds) if isfinite(seconds) else None


def _records(records: Mapping[str, int]) -> str:
    told = [count(number, "record" if kind == "generic" else kind) for kind, number in records.items()]
    return ", ".join(told) or "-"


def _asked(questions: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in questions.items()) or "-"


_MOST = 10


def _owed_line(key: str, one: Mapping[str, Any], now: float) -> str:
    """Tell what a record is owed, and why it has not got it."""
    why = f": {one['why']}" if one["why"] else ""
    return f"{short(one['label'], 40)}  {key.replace('|', ' in ')}  {_owed({key: one}, now)}{why}"


def _last_run(group: Mapping[str, Any]) -> str:
    """Tell when a group was run last and what came of it; one that owes something is not in step."""
    at = datetime.fromisoformat(group["last_run"]).timestamp() if group["last_run"] else None
    result = "open" if group["result"] == "ok" and group["owed"] else group["result"]
    return f"{when(at)} {result}".strip() + (", overdue" if group["overdue"] else "")


def _owed(owed: Mapping[str, Mapping[str, Any]], now: float) -> str:
    """Tell what is still to be written, and what is being tried again later."""
    if not owed:
        return "-"
    fields, creates = (sum(one[key] for one in owed.values()) for key in ("fields", "creates"))
    refused = [one for one in owed.values() if one["refused"]]
    later = max((one["next_at"] for one in refused), default=0.0)
    told = f", {len(refused)} refused, next try in {age(later - now)}" if refused and later > now else ""
    what = [count(number, noun) for number, noun in ((fields, "field"), (creates, "create")) if number]
    return f"{joined(what)}{told}"
