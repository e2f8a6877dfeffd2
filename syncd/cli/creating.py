"""What a copy would create: every value of the new record, where it comes from, and what a person must enter.

Takes the decided changeset, gives plain documents and their lines. The parts are made by the code that a run sends them
with, and read back through the lens: what is shown is what the system would get.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syncd.apply.create import new_parts
from syncd.apply.references import translated
from syncd.apply.world import flat_of
from syncd.cli.out import short, styled, table
from syncd.connectors.base import Checking
from syncd.errors import ConnectorError, RecordError
from syncd.model import paths
from syncd.model.fields import local_paths, title_of
from syncd.model.records import PartCreate, Record
from syncd.model.shown import shown
from syncd.model.values import EMPTY, Flat, Value
from syncd.reconcile.originate import LINK, ORIGINATION, PRIOR_PLAN
from syncd.reconcile.types import Changeset, Link, Operation, System

if TYPE_CHECKING:
    from syncd.apply.world import World
    from syncd.cli.preview import Doc

_OF_PRIOR = "prior."
_ORDER = {section: at for at, section in enumerate(paths.SECTIONS)}


def created(changeset: Changeset, world: World) -> list[Doc]:
    """Describe every record that would be created."""
    return [
        _created(operation, outcome.after, world)
        for outcome in changeset.outcomes
        for operation in outcome.operations
        if operation.op == "create"
    ]


async def checked(changeset: Changeset, world: World) -> list[Doc]:
    """Describe every record that would be created, each looked at by its system as far as that can tell beforehand."""
    found = created(changeset, world)
    wanted = [
        (operation, outcome.after)
        for outcome in changeset.outcomes
        for operation in outcome.operations
        if operation.op == "create"
    ]
    for doc, (operation, link) in zip(found, wanted, strict=True):
        if not doc["problem"]:
            doc["problem"], doc["refused"] = await _refusal(operation, link, world)
    return found


async def _refusal(operation: Operation, link: Link, world: World) -> tuple[str, bool]:
    """Give why its system would not take a new record, with the next step, "" when it would or cannot tell; and whether
    it was asked: one that does not answer has refused nothing."""
    connector = world.systems[operation.system].connector
    home = link if link.kind == "group" else world.store.link(link.scope)
    group = next((m.id for m in home.members if m.system == operation.system), None) if home is not None else None
    if not isinstance(connector, Checking):
        return "", False
    try:
        parts = new_parts(link, operation.system, operation.values, world)
        await connector.check(PartCreate(link.kind, group, parts, ""))
    except RecordError as error:
        return " ".join(filter(None, (f"{error.message}.", error.hint))), True
    except ConnectorError as error:
        return f"it could not be asked whether it would take it: {error.message}", False
    return "", False


def _created(operation: Operation, link: Link, world: World) -> Doc:
    """Describe one.

    `problem`: why the system could not take it, "" when it can; `refused`: it would not take it; `not_sent`: what it
    cannot be given; `left_out`: in words, references to records that it does not have.
    """
    system = operation.system
    sent, problem = _sent(operation, link, world)
    return {
        "link": link.id,
        "label": link.label,
        "system": system,
        "problem": problem,
        "refused": bool(problem),
        "values": [
            {
                "field": path,
                "title": title_of(path, link.kind),
                "value": _told(path, sent[path], link, system, world),
                "from": _origin(path, link, world),
            }
            for path in sorted(sent, key=_place)
        ],
        "not_sent": [] if problem else _not_sent(operation, sent, link, world),
        "left_out": list(translated(link, system, world)[1]),
    }


def fields_sent(operation: Operation, link: Link, world: World) -> int:
    """Count the fields that a create sends: what the system has no place for is none of them."""
    return len(_sent(operation, link, world)[0])


def _sent(operation: Operation, link: Link, world: World) -> tuple[Flat, str]:
    """Give what the system would get, or why it could not take it."""
    try:
        parts = new_parts(link, operation.system, operation.values, world)
    except RecordError as error:
        return {}, " ".join(filter(None, (error.field, error.message)))
    return flat_of(Record(link.kind, "", parts), world.systems[operation.system].lenses[link.kind]), ""


def _not_sent(operation: Operation, sent: Flat, link: Link, world: World) -> list[Doc]:
    """List the values that the system has a place for and cannot be given."""
    surface = world.systems[operation.system].surface(link.kind)
    left = [
        (path, value)
        for path, value in operation.values.items()
        if value is not EMPTY
        and sent.get(path, EMPTY) != value
        and surface.carries(path)
        and surface.codec_of(path) != "constant"
        and path not in world.uncarried
    ]
    return [
        {"field": path, "value": shown(path, value), "why": surface.unwritable(path) or "it cannot hold just this"}
        for path, value in sorted(left, key=lambda one: _place(one[0]))
    ]


def _place(path: str) -> tuple[int, str]:
    return _ORDER.get(paths.section(path), len(_ORDER)), path


def _told(path: str, value: Value, link: Link, system: System, world: World) -> str:
    """Give a value in words; of a reference to another record also what that is called."""
    text = shown(path, value)
    other = world.store.find_link(system, link.kind, text) if path in local_paths(link.kind) else None
    return f"{text} “{other.label}”" if other is not None else text


def _origin(path: str, link: Link, world: World) -> str:
    """Say where a value comes from: a record that has it, what the copy is said to be, or the system's own start."""
    holders = [m.system for m in link.members if m.status == "live" and m.base.get(path) == link.agreed.get(path)]
    if path not in link.agreed:
        return "as every new record there"
    if holders:
        return holders[0]
    kind = str(link.agreed.get(ORIGINATION, ""))
    origin = world.origins.get(kind)
    if origin is None or path in (ORIGINATION, PRIOR_PLAN):
        return "the decision"
    source = next((one for one in origin.defaults.get(path, ()) if _held(one, link, world) == link.agreed[path]), "")
    return f"default of {kind}" + (f": {source}" if source else "")


def _held(source: str, link: Link, world: World) -> Value:
    """Give what stands where a default is taken from: in the record itself, or in the plan that it follows."""
    if not source.startswith(_OF_PRIOR):
        return link.agreed.get(source, EMPTY)
    prior = world.store.link(str(link.agreed.get(PRIOR_PLAN, "")).removeprefix(LINK))
    return prior.agreed.get(source.removeprefix(_OF_PRIOR), EMPTY) if prior is not None else EMPTY


def problem_line(one: Doc) -> str:
    """Tell in one line why a record cannot be created, and what to do about it."""
    return f"{one['label']} cannot be created in {one['system']}: {one['problem']}"


def lines(one: Doc) -> list[str]:
    """Write one for people."""
    head = styled(f"Created in {one['system']}: {one['label']}", "bold")
    if one["problem"]:
        return [head, styled(f"  ! it cannot be created: {one['problem']}", "red")]
    rows = [(each["field"], short(each["value"], 48), f"({each['from']})") for each in one["values"]]
    left_out = [styled(f"  ! {text}", "yellow") for text in one["left_out"]]
    return [head, *table(rows, indent="  "), *left_out, *_left(one)]


def _left(one: Doc) -> Iterator[str]:
    by_why: dict[str, list[str]] = {}
    for each in one["not_sent"]:
        by_why.setdefault(each["why"], []).append(f"{each['field']} = {short(each['value'], 40)}")
    for why, fields in by_why.items():
        yield styled(f"  not sent, owed or entered by hand ({why}):", "yellow")
        yield from (f"    {field}" for field in fields)
