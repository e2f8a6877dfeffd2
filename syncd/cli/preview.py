"""What a run would do, or did: by plan and field, old -> new for each system, with rule, questions, holds and counts.

`describe` makes a plain document of a report, which is what `--json` prints; `screen.py` writes it for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from syncd.cli.creating import fields_sent
from syncd.cli.names import Labels, member_text
from syncd.cli.out import age, count
from syncd.model import paths
from syncd.model.shown import shown
from syncd.model.values import EMPTY
from syncd.reconcile.answers import key_of
from syncd.reconcile.constrain import waits
from syncd.reconcile.types import Away, Change, Link, Operation, Outcome, Owed, Proposal
from syncd.store.rows import Intent

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.model.records import Kind
    from syncd.store.store import Store
    from syncd.sync import Report

Doc: TypeAlias = dict[str, Any]
COUNTED = ("planned", "confirmed")
"""What would take effect, or did: a write that was refused is none."""
WAITING = ("hold", "hand-off")
"""Questions that close themselves: they wait for time or for somebody's hands."""
_ORDER = {section: at for at, section in enumerate(("details", "benefits", "eligibility", "rates", "contributions"))}


# -- as a document -----------------------------------------------------------------------------------------------------


def describe(
    report: Report, world: World, labels: Labels, *, dry_run: bool, only: Collection[str] | None = None
) -> Doc:
    """Make a document of what a run of one group would do (`dry_run`) or did. `only`: links whose questions count."""
    outcomes = {outcome.after.id: outcome for outcome in report.changeset.outcomes}
    intents = [] if dry_run else world.store.intents(run=report.run)
    changes = list(_planned(outcomes.values()) if dry_run else _done(intents, outcomes))
    links = {id_: outcome.after for id_, outcome in outcomes.items()}
    operations = list(
        _planned_operations(outcomes.values(), world) if dry_run else _done_operations(intents, links, world)
    )
    questions = [one for one in _questions(report, world) if only is None or one["link"] in only]
    waiting = _waiting(report, changes, operations, questions, world)
    seen = {} if not dry_run else {id_: outcome.after for id_, outcome in outcomes.items()}
    plans = _by_plan(seen, changes, operations, questions, waiting, world)
    away = {
        system: sight.why
        for one in report.view.links
        for system, sight in one.sights.items()
        if isinstance(sight, Away)
    }
    return {
        "id": report.scope,
        "label": labels.group(report.scope),
        "result": report.result,
        "run": None if dry_run else report.run,
        "plans": plans,
        "questions": [one for one in questions if one["link"] == ""],
        "written": dict(report.written),
        "unprotected": {
            system: None if seconds is None else round(seconds * 1000) for system, seconds in report.windows.items()
        },
        "notes": [
            {"system": one.system, "what": one.what, "question": one.question, "subject": one.note.subject}
            for one in report.notes
        ],
        "failed": list(report.failed),
        "away": dict(report.away) | away,
        "guards": list(report.changeset.tripped),
        "counts": _counts(changes, operations, questions, world, report) | _counted(waiting),
    }


def _planned(outcomes: Iterable[Outcome]) -> Iterator[Doc]:
    for outcome in outcomes:
        for change in outcome.changes:
            yield _change(change.link, change.system, change.id, change.path, change.old, change.new) | {
                "rule": _rule(change, outcome),
                "state": "planned",
            }


def _change(link: str, system: str, record: str, path: str, old: object, new: object) -> Doc:
    return {
        "link": link,
        "field": path,
        "system": system,
        "record": record,
        "old": shown(path, old),  # type: ignore[arg-type]
        "new": shown(path, new),  # type: ignore[arg-type]
    }


def _rule(change: Change, outcome: Outcome) -> str:
    """Name the rule; of a debt, why it is owed."""
    if not change.reason.startswith("owed since"):
        return change.reason
    for member in outcome.before.members:
        owed = member.behind.get(change.path) if member.system == change.system else None
        if owed is not None and owed.why:
            return owed.why
    return change.reason


def _done(intents: Iterable[Intent], outcomes: Mapping[str, Outcome]) -> Iterator[Doc]:
    for intent in intents:
        if intent.op != "write":
            continue
        for path, new in intent.after.items():
            old = intent.before.get(path, EMPTY)
            change = Change(intent.link, intent.system, intent.record_id, path, old, new, intent.reasons.get(path, ""))
            outcome = outcomes.get(intent.link)
            yield _change(intent.link, intent.system, intent.record_id, path, old, new) | {
                "rule": _rule(change, outcome) if outcome is not None else change.reason,
                "state": intent.state,
                **({"note": intent.note} if intent.note else {}),
            }


def _planned_operations(outcomes: Iterable[Outcome], world: World) -> Iterator[Doc]:
    for outcome in outcomes:
        for one in outcome.operations:
            fields = fields_sent(one, outcome.after, world) if one.op == "create" else 0
            yield _operation(one.link, one.op, one.system, one.id, fields, one.reason) | {"state": "planned"}


def _done_operations(intents: Iterable[Intent], links: Mapping[str, Link], world: World) -> Iterator[Doc]:
    for one in intents:
        if one.op != "write":
            reason = one.reasons.get("", "")
            link = links.get(one.link)
            sent = Operation(one.op, one.link, one.system, one.record_id, one.after, reason)
            fields = fields_sent(sent, link, world) if link is not None and one.op == "create" else 0
            yield _operation(one.link, one.op, one.system, one.record_id, fields, reason) | {
                "state": one.state,
                **({"note": one.note} if one.note else {}),
            }


def _operation(link: str, op: str, system: str, record: str, fields: int, rule: str) -> Doc:
    return {"link": link, "operation": op, "system": system, "record": record, "fields": fields, "rule": rule}


def _waiting(
    report: Report, changes: Sequence[Doc], operations: Sequence[Doc], questions: Sequence[Doc], world: World
) -> list[Doc]:
    """List what members are owed and do not get in this run, records to be created included, unless a question says so
    already."""
    sent = {(one["link"], one["system"], one["field"]) for one in changes}
    sent |= {(one["link"], one["system"], "") for one in operations}
    asked = {(one["link"], one["name"]) for one in questions}
    sights = {one.link.id: one.sights for one in report.view.links}
    found = []
    for outcome in report.changeset.outcomes:
        link = outcome.after
        for member in link.members:
            sight = sights.get(link.id, {}).get(member.system)
            away = sight.why if isinstance(sight, Away) else ""
            behind = member.behind if member.status != "awaited" else {"": member.behind.get("", Owed(link.revision))}
            for path, owed in sorted(behind.items()):
                names = {(link.id, f"{member.system}:{name}") for name in (path, paths.atom(path))}
                if (
                    (link.id, member.system, path) in sent
                    or names & asked
                    or (not path and _asked_whether(link, questions))
                ):
                    continue
                value = shown(path, link.agreed.get(path, EMPTY))
                why = report.view.paused.get(member.system) or away or _later(owed, world.now())
                what = "field" if path else "create"
                found.append(
                    {"link": link.id, "what": what, "system": member.system, "field": path, "new": value, "why": why}
                )
    return found


def _asked_whether(link: Link, questions: Sequence[Doc]) -> bool:
    """Tell whether a question about the records of a link stands, which is about what is to be created, too."""
    return any(one["link"] == link.id and one["kind"] == "missing-record" for one in questions)


def _counted(waiting: Sequence[Doc]) -> Doc:
    creates = sum(one["what"] == "create" for one in waiting)
    return {"waiting": len(waiting) - creates, "waiting_creates": creates}


def is_open(doc: Doc) -> bool:
    """Tell whether something is to be written, asked, held, entered by hand or owed after what the document tells."""
    counts = doc["counts"]
    owing = ("questions", "holds", "hand_offs", "waiting", "waiting_creates")
    refused = any(
        one["state"] not in COUNTED for plan in doc["plans"] for one in (*plan["changes"], *plan["operations"])
    )
    return refused or any(counts[key] for key in owing)


def _later(owed: Owed, now: float) -> str:
    """Say why a debt is not paid now."""
    if waits(owed, now):
        return f"refused {count(owed.refusals, 'time')}, next try in {age(owed.next_at - now)}: {owed.why}"
    return owed.why or "held back"


def _questions(report: Report, world: World) -> list[Doc]:
    """Describe what is asked. `known`: it was asked before this run."""
    run = next(iter(world.store.runs(report.scope, limit=1)), None)
    since = run.started_at if run is not None and run.id == report.run else world.now()
    standing = {key_of(one.proposal): one for one in world.store.questions(report.scope, status=("open", "ignored"))}
    found = []
    for proposal in report.questions:
        question = standing.get(key_of(proposal))
        if question is not None and question.status == "ignored":
            continue
        doc = question_doc(proposal, question.id if question is not None else None)
        found.append(doc | {"known": question is not None and question.opened_at < since})
    return found


def question_doc(proposal: Proposal, id_: str | None) -> Doc:
    """Make a document of one question."""
    return {
        "id": id_,
        "kind": proposal.kind,
        "link": proposal.link,
        "plan": proposal.label,
        "name": proposal.name,
        "why": proposal.why,
        "rule": proposal.rule,
        "members": {system: dict(said) for system, said in proposal.members.items()},
        "evidence": list(proposal.evidence),
        "answers": [{"choice": offer.choice, "effect": offer.effect} for offer in proposal.offers],
    }


KINDS: tuple[Kind, ...] = ("group", "plan", "generic")


def names_in(proposal: Proposal, store: Store) -> dict[str, str]:
    """Give the names of the records that a guard of a system lists by their ids alone."""
    system, _, of_kind = proposal.scope.removeprefix("system:").partition("/")
    if proposal.kind != "guard" or not proposal.scope.startswith("system:"):
        return {}
    ids, kinds = list(proposal.evidence), [kind for kind in KINDS if of_kind in ("", kind)]
    return {row.id: row.label for kind in kinds for row in store.snapshots(system, kind, ids).values() if row.label}


def _by_plan(
    decided: Mapping[str, Link],
    changes: Sequence[Doc],
    operations: Sequence[Doc],
    questions: Sequence[Doc],
    waiting: Sequence[Doc],
    world: World,
) -> list[Doc]:
    """Put together what belongs to one plan; plans in the order of their names. `decided`: links as not stored yet."""
    ids = dict.fromkeys(one["link"] for one in (*changes, *operations, *questions, *waiting) if one["link"])
    links: dict[str, Link] = {}
    for id_ in ids:
        link = decided.get(id_) or world.store.link(id_)
        if link is not None:
            links[id_] = link
    return [
        {
            "link": link.id,
            "label": link.label,
            "kind": link.kind,
            "about": _about(link),
            "members": {member.system: member.id for member in link.members if member.status != "awaited"},
            "records": member_text(link),
            "changes": sorted((_bare(one) for one in changes if one["link"] == link.id), key=_place),
            "operations": [_bare(one) for one in operations if one["link"] == link.id],
            "questions": [_bare(one) for one in questions if one["link"] == link.id],
            "waiting": [_bare(one) for one in waiting if one["link"] == link.id],
        }
        for link in sorted(links.values(), key=lambda link: (link.label.casefold(), link.id))
    ]


def _about(link: Link) -> str:
    """Tell plans of one name apart: carrier and plan year."""
    known = ((path, link.agreed.get(path, EMPTY)) for path in ("details.carrier", "details.effective_date"))
    return ", ".join(shown(path, value) for path, value in known if value is not EMPTY) if link.kind == "plan" else ""


def _bare(one: Doc) -> Doc:
    return {key: value for key, value in one.items() if key != "link"}


def _place(change: Doc) -> tuple[int, str, str]:
    section = paths.section(change["field"])
    return _ORDER.get(section, len(_ORDER)), change["field"], change["system"]


def _sources(report: Report, links: Collection[str]) -> int:
    """Count the records that are read again because their values go elsewhere."""
    found = {(one.link, one.sources) for one in report.changeset.changes if one.sources and one.link in links}
    creates = sum(one.op == "create" for outcome in report.changeset.outcomes for one in outcome.operations)
    return len(found) + creates


def _counts(
    changes: Sequence[Doc], operations: Sequence[Doc], questions: Sequence[Doc], world: World, report: Report
) -> Doc:
    records: dict[str, set[str]] = {}
    changes = [one for one in changes if one["state"] in COUNTED]
    operations = [one for one in operations if one["state"] in COUNTED]
    for change in changes:
        records.setdefault(change["system"], set()).add(change["record"])
    kinds = [one["kind"] for one in questions]
    kind_of = {one.link.id: one.link.kind for one in report.view.links}
    parts = {
        (one["link"], one["system"], world.systems[one["system"]].lenses[kind_of[one["link"]]].part_of(one["field"]))
        for one in changes
        if one["link"] in kind_of and one["system"] in world.systems
    }
    touched = sum(map(len, records.values()))
    shown_links = {one["link"] for one in (*changes, *operations)}
    return {
        "plans": len({one["link"] for one in (*changes, *operations)}),
        "fields": len(changes),
        "records": {system: len(found) for system, found in sorted(records.items())},
        "creates": sum(one["operation"] == "create" for one in operations),
        "ends": sum(one["operation"] == "end" for one in operations),
        "questions": sum(kind not in WAITING for kind in kinds),
        "holds": kinds.count("hold"),
        "hand_offs": kinds.count("hand-off"),
        # A record is read, its parts are written, it is read back; a create is searched for, sent and read back; what
        # any of this comes from is read again first.
        "requests": 2 * touched + len(parts) + 3 * len(operations) + _sources(report, shown_links),
    }
