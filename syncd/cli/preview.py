"""What a run would do, or did: by plan and field, old -> new for each system, with rule, questions, holds and counts.

`describe` makes a plain document of a report, which is what `--json` prints; `lines` writes that document for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from syncd.cli.names import Labels, member_text
from syncd.cli.out import age, count, joined, short, styled
from syncd.model import paths
from syncd.model.values import EMPTY
from syncd.model.values_text import format_value
from syncd.reconcile.answers import key_of
from syncd.reconcile.types import Away, Change, Link, Outcome, Owed, Proposal
from syncd.store.rows import Intent

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.sync import Report

Doc: TypeAlias = dict[str, Any]
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
    operations = list(_planned_operations(outcomes.values()) if dry_run else _done_operations(intents))
    questions = [one for one in _questions(report, world) if only is None or one["link"] in only]
    waiting = _waiting(report, changes, questions, world)
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
        "failed": list(report.failed),
        "away": dict(report.away) | away,
        "guards": list(report.changeset.tripped),
        "counts": _counts(changes, operations, questions, world, report) | {"waiting": len(waiting)},
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
        "old": format_value(old),  # type: ignore[arg-type]
        "new": format_value(new),  # type: ignore[arg-type]
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


def _planned_operations(outcomes: Iterable[Outcome]) -> Iterator[Doc]:
    for outcome in outcomes:
        for one in outcome.operations:
            yield _operation(one.link, one.op, one.system, one.id, len(one.values), one.reason) | {"state": "planned"}


def _done_operations(intents: Iterable[Intent]) -> Iterator[Doc]:
    for one in intents:
        if one.op != "write":
            reason = one.reasons.get("", "")
            yield _operation(one.link, one.op, one.system, one.record_id, len(one.after), reason) | {
                "state": one.state,
                **({"note": one.note} if one.note else {}),
            }


def _operation(link: str, op: str, system: str, record: str, fields: int, rule: str) -> Doc:
    return {"link": link, "operation": op, "system": system, "record": record, "fields": fields, "rule": rule}


def _waiting(report: Report, changes: Sequence[Doc], questions: Sequence[Doc], world: World) -> list[Doc]:
    """List what members are owed and do not get in this run, unless a question says so already."""
    sent = {(one["link"], one["system"], one["field"]) for one in changes}
    asked = {(one["link"], one["name"]) for one in questions}
    sights = {one.link.id: one.sights for one in report.view.links}
    found = []
    for outcome in report.changeset.outcomes:
        link = outcome.after
        for member in link.members:
            sight = sights.get(link.id, {}).get(member.system)
            away = sight.why if isinstance(sight, Away) else ""
            for path, owed in sorted(member.behind.items()):
                names = {(link.id, f"{member.system}:{name}") for name in (path, paths.atom(path))}
                if not path or (link.id, member.system, path) in sent or names & asked:
                    continue
                value = format_value(link.agreed.get(path, EMPTY))
                why = report.view.paused.get(member.system) or away or _later(owed, world.now())
                found.append({"link": link.id, "system": member.system, "field": path, "new": value, "why": why})
    return found


def _later(owed: Owed, now: float) -> str:
    """Say why a debt is not paid now."""
    if owed.next_at > now:
        return f"refused {count(owed.refusals, 'time')}, next try in {age(owed.next_at - now)}: {owed.why}"
    return owed.why or "held back"


def _questions(report: Report, world: World) -> list[Doc]:
    standing = {key_of(one.proposal): one for one in world.store.questions(report.scope, status=("open", "ignored"))}
    found = []
    for proposal in report.questions:
        question = standing.get(key_of(proposal))
        if question is not None and question.status == "ignored":
            continue
        found.append(question_doc(proposal, question.id if question is not None else None))
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
            "members": {member.system: member.id for member in link.members if member.status != "awaited"},
            "records": member_text(link),
            "changes": sorted((_bare(one) for one in changes if one["link"] == link.id), key=_place),
            "operations": [_bare(one) for one in operations if one["link"] == link.id],
            "questions": [_bare(one) for one in questions if one["link"] == link.id],
            "waiting": [_bare(one) for one in waiting if one["link"] == link.id],
        }
        for link in sorted(links.values(), key=lambda link: (link.label.casefold(), link.id))
    ]


def _bare(one: Doc) -> Doc:
    return {key: value for key, value in one.items() if key != "link"}


def _place(change: Doc) -> tuple[int, str, str]:
    section = paths.section(change["field"])
    return _ORDER.get(section, len(_ORDER)), change["field"], change["system"]


def _counts(
    changes: Sequence[Doc], operations: Sequence[Doc], questions: Sequence[Doc], world: World, report: Report
) -> Doc:
    records: dict[str, set[str]] = {}
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
    return {
        "plans": len({one["link"] for one in (*changes, *operations)}),
        "fields": len(changes),
        "records": {system: len(found) for system, found in sorted(records.items())},
        "creates": sum(one["operation"] == "create" for one in operations),
        "ends": sum(one["operation"] == "end" for one in operations),
        "questions": sum(kind not in WAITING for kind in kinds),
        "holds": kinds.count("hold"),
        "hand_offs": kinds.count("hand-off"),
        # A record is read, its parts are written, it is read back; a create is searched for, sent and read back.
        "requests": 2 * touched + len(parts) + 3 * len(operations),
    }


# -- for people --------------------------------------------------------------------------------------------------------


def lines(group: Doc, *, dry_run: bool) -> list[str]:
    """Write one group."""
    head = [styled(group["label"], "bold") + styled(f"  {group['id']}", "dim")]
    body = [line for plan in group["plans"] for line in ("", *_plan(plan))]
    unlinked = [one for one in group["questions"] if one["kind"] == "link-plans"]
    loose = [one for one in group["questions"] if one["kind"] != "link-plans"]
    if loose:
        body += ["", *(line for one in loose for line in _question(one))]
    if unlinked:
        body += ["", *_unlinked(unlinked, group["id"])]
    body += ["", *(styled(f"  ! {why}", "red") for why in group["failed"])] if group["failed"] else []
    body += [styled(f"  ! {system} could not be read: {why}", "red") for system, why in group["away"].items()]
    total = total_line([group], dry_run=dry_run)
    if not body:
        return [f"{head[0]}  {total}"]
    return [*head, *body, "", f"  {total}"]


def _plan(plan: Doc) -> list[str]:
    found = [f"  {styled(plan['label'], 'bold')}{styled('  ' + plan['records'], 'dim')}"]
    found += _changes(plan["changes"])
    for one in plan["operations"]:
        found.append(_operation_line(one))
    for one in plan["waiting"]:
        told = f"    … {one['system']}  {one['field']}  waits to become {short(one['new'])}"
        why = styled(f"({one['why']})", "dim")
        found.append(f"{styled(told, 'blue')}  {why}")
    for one in plan["questions"]:
        found += _question(one)
    return found


def _changes(changes: Sequence[Doc]) -> list[str]:
    """One line a field and system: mark, system, field, old -> new, rule; columns below each other."""
    told = [(one, f"{short(one['old'], 40)} -> {short(one['new'], 40)}") for one in changes]
    systems = max((len(one["system"]) for one, _ in told), default=0)
    fields = min(max((len(one["field"]) for one, _ in told), default=0), 56)
    values = min(max((len(text) for _, text in told), default=0), 64)
    found = []
    for one, text in told:
        mark, colour = _mark(one)
        rule = styled(f"({one['rule']})", "dim") + _state(one)
        row = f"{mark} {one['system']:<{systems}}  {one['field']:<{fields}}  {text:<{values}}"
        found.append(f"    {styled(row, colour)}  {rule}")
    return found


def _mark(change: Doc) -> tuple[str, str]:
    if change["old"] == "":
        return "+", "green"
    return ("-", "red") if change["new"] == "" else ("~", "yellow")


def _state(one: Doc) -> str:
    """Say what became of a write, unless it is planned or confirmed."""
    if one["state"] in ("planned", "confirmed"):
        return ""
    note = f": {one['note']}" if one.get("note") else ""
    return styled(f"  not written, {_STATES.get(one['state'], one['state'])}{note}", "red")


_STATES = {
    "refused": "the system refused it",
    "never_landed": "it never arrived",
    "overtaken": "somebody else changed it",
    "moved": "the record moved in between; it is decided again",
    "unsent": "it was not sent",
    "open": "its outcome is not known",
    "intended": "its outcome is not known yet",
}


def _operation_line(one: Doc) -> str:
    what = (
        f"+ create in {one['system']}" if one["operation"] == "create" else f"- end {one['record']} in {one['system']}"
    )
    fields = f" with {count(one['fields'], 'field')}" if one["fields"] else ""
    made = f" as {one['record']}" if one["operation"] == "create" and one["record"] else ""
    rule = styled(f"  ({one['rule']})", "dim") if one["rule"] else ""
    return f"    {styled(f'{what}{made}{fields}', 'green')}{rule}{_state(one)}"


def _question(one: Doc) -> list[str]:
    """Two lines: what is asked about, and why no rule decided it."""
    kind = one["kind"]
    mark = "…" if kind == "hold" else "!" if kind == "guard" else "@" if kind == "hand-off" else "?"
    id_ = f"  [{one['id']}]" if one["id"] else ""
    first = f"{mark} {kind}  {one['name']}{id_}"
    why = one["why"] if one["why"].startswith(one["rule"]) else f"{one['why']} (rule {one['rule']})"
    held = held_text(one)
    told = [styled(f"    {first}", "blue"), *([f"        {held}"] if held else [])]
    return [*told, styled(f"        {why}", "dim"), *(f"        {line}" for line in _evidence(one))]


_MOST = 6


def _unlinked(found: Sequence[Doc], group: str) -> list[str]:
    """Sum up the records that are linked to nothing: a file is the place to decide about them."""
    records = [f"{system} {said.get('id', '')}" for one in found for system, said in one["members"].items()]
    more = f" and {len(records) - _MOST} more" if len(records) > _MOST else ""
    told = f"    ? link-plans  {count(len(records), 'plan')} linked to nothing: {', '.join(records[:_MOST])}{more}"
    hint = f"        `syncd plans {group}` shows them, `syncd link {group} --out FILE` lets you decide"
    return [styled(told, "blue"), styled(hint, "dim")]


def _evidence(one: Doc) -> list[str]:
    if one["kind"] not in ("guard", "hand-off", "hold", "missing-record"):
        return []
    found = one["evidence"]
    return [*found[:_MOST], *([f"… and {len(found) - _MOST} more"] if len(found) > _MOST else [])]


def guard_lines(guards: Sequence[Doc]) -> list[str]:
    """Write questions about whole systems."""
    return [line for one in guards for line in _question(one)]


def held_text(one: Doc) -> str:
    """Tell what each system holds, and what it was."""
    said = []
    for system, member in one["members"].items():
        if "value" in member:
            said.append(f"{system} {short(str(member['value']), 40)}")
        elif "values" in member:
            cells = [f"{cell} {text}" for cell, text in _edited(member).items()]
            said.append(f"{system} {short(', '.join(cells), 60)}")
    bases = {_base(member) for member in one["members"].values() if "base" in member or "bases" in member} - {""}
    was = f" · was {short(bases.pop(), 40)}" if len(bases) == 1 else ""
    return " · ".join(said) + was


def _base(member: Mapping[str, Any]) -> str:
    """Tell what was agreed last, of a table only where it was edited."""
    if "base" in member:
        return str(member["base"])
    return ", ".join(f"{cell} {member['bases'].get(cell, '')}" for cell in _edited(member))


def _edited(member: Mapping[str, Any]) -> Mapping[str, str]:
    """Give the cells of a table that left their base; all of them where no base is told."""
    values, bases = member["values"], member.get("bases")
    if not isinstance(bases, Mapping):
        return values  # type: ignore[no-any-return]
    return {cell: text for cell, text in values.items() if bases.get(cell) != text} or values


def total_line(groups: Sequence[Doc], *, dry_run: bool) -> str:
    """Count what would be or was done."""
    counts = [group["counts"] for group in groups]
    total = {
        key: sum(one[key] for one in counts)
        for key in ("fields", "creates", "ends", "questions", "holds", "hand_offs", "waiting")
    }
    records: dict[str, int] = {}
    for one, group in zip(counts, groups, strict=True):
        for system, number in (one["records"] if dry_run else group["written"]).items():
            records[system] = records.get(system, 0) + number
    requests = sum(one["requests"] for one in counts)
    said = [_writes(records, total, requests, dry_run=dry_run)]
    said += [count(total["questions"], "question")] if total["questions"] else []
    said += [count(total["holds"], "hold")] if total["holds"] else []
    said += [count(total["hand_offs"], "hand-off")] if total["hand_offs"] else []
    said += [f"{count(total['waiting'], 'field')} waiting"] if total["waiting"] else []
    return "; ".join(said) + "."


def _writes(records: Mapping[str, int], total: Mapping[str, int], requests: int, *, dry_run: bool) -> str:
    number = sum(records.values())
    if not number and not (dry_run and (total["creates"] or total["ends"])):
        return "0 writes"
    by_system = ", ".join(f"{system} {count}" for system, count in sorted(records.items()))
    made = [count(total[key], noun) for key, noun in (("creates", "create"), ("ends", "end")) if total[key]]
    if dry_run:
        told = (
            [f"{count(number, 'record')} would be written ({by_system}; {count(total['fields'], 'field')})"]
            if number
            else []
        )
        return ", ".join([*told, *made, f"about {count(requests, 'request')}"])
    also = f", of them {joined(made)}" if made else ""
    return f"{count(number, 'write')} ({by_system}{also})"
