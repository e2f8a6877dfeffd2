"""The document of a run as people read it: by plan, a line a field and system, questions with their reason, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncd.cli.creating import problem_line
from syncd.cli.out import count, joined, short, styled
from syncd.cli.preview import Doc
from syncd.reconcile.questions import NEVER
from syncd.text.show import duration


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
    body += ["", *map(_note, group["notes"])] if group.get("notes") else []
    body += ["", *(_window(*one) for one in group["unprotected"].items())] if group.get("unprotected") else []
    body += ["", *(styled(f"  ! {why}", "red") for why in group["failed"])] if group["failed"] else []
    cannot = group.get("cannot_be_created", ())
    body += ["", *(styled(f"  ! {problem_line(one)}", "red") for one in cannot)] if cannot else []
    body += [styled(f"  ! {system} could not be read: {why}", "red") for system, why in group["away"].items()]
    total = total_line([group], dry_run=dry_run)
    if not body:
        return [f"{head[0]}  {total}"]
    return [*head, *body, "", f"  {total}"]


def _note(note: Doc) -> str:
    """One line for what happens in a system's own notebook."""
    return styled(f"  # {note['system']}  {note['what']} the note “{note['subject']}”", "blue")


def _window(system: str, window_ms: int | None) -> str:
    """One line for a system whose writes nothing protects: what may be lost there, and in what time."""
    when = "meanwhile" if window_ms is None else f"in the {duration(window_ms / 1000)} before our write was answered"
    return styled(
        f"  {system} is unprotected: an edit saved there {when} may be overwritten; both images are kept", "dim"
    )


def _plan(plan: Doc) -> list[str]:
    about = f"  {plan['about']}" if plan.get("about") else ""
    found = [f"  {styled(plan['label'], 'bold')}{about}{styled('  ' + plan['records'], 'dim')}"]
    found += _changes(plan["changes"])
    for one in plan["operations"]:
        found.append(_operation_line(one))
    for one in plan["waiting"]:
        what = f"{one['field']}  waits to become {short(one['new'])}" if one["field"] else "waits to be created"
        told = f"    … {one['system']}  {what}"
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
    why = why_text(one["kind"], one["why"], one["rule"])
    if kind == "hand-off" and one.get("known"):
        return [styled(f"    {first}  {short(one['why'])}", "blue")]  # it was told in full when it began
    held = held_text(one)
    told = [styled(f"    {first}", "blue"), *([f"        {held}"] if held else [])]
    return [*told, styled(f"        {why}", "dim"), *(f"        {line}" for line in _evidence(one))]


_MOST = 6


NOT_BY_RULE = ("hand-off", "hold", "loss", "guard")
"""Questions that no rule could have decided: what the system, the record or a guard says is the whole reason."""


def why_text(kind: str, why: str, rule: str) -> str:
    """Say why it is asked, with the rule that did not decide."""
    return why if kind in NOT_BY_RULE or why.startswith(rule) else f"{why} (rule {rule})"


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
    names = one.get("names", {})
    found = [f"{line}  “{names[line]}”" if line in names else line for line in one["evidence"]]
    more = f"… and {len(found) - _MOST} more"
    more += f"; `syncd review show {one['id']}` lists all" if one["id"] else ""
    return [*found[:_MOST], *([more] if len(found) > _MOST else [])]


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
    bases = {_base(member) for member in one["members"].values() if "base" in member or "bases" in member} - {"", NEVER}
    was = f" · was {short(bases.pop(), 40)}" if len(bases) == 1 else ""
    return " · ".join(said) + was


def _base(member: Mapping[str, Any]) -> str:
    """Tell what was agreed last, of a table only where it was edited."""
    if "base" in member:
        return str(member["base"])
    bases = {cell: member["bases"].get(cell, "") for cell in _edited(member)}
    return ", ".join(f"{cell} {text}" for cell, text in bases.items() if text != NEVER)


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
        for key in ("fields", "creates", "ends", "questions", "holds", "hand_offs", "waiting", "waiting_creates")
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
    creates = total["waiting_creates"]
    said += [f"{count(creates, 'create')} waiting"] if creates else []
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
