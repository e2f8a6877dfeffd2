"""What stands at the beginning: how systems read their records, and the base records, put into them and linked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from syncd.mapping.lens import Lens
from syncd.model.records import Kind
from syncd.model.values import EMPTY, Flat
from syncd.model.values_text import format_value
from syncd.reconcile.types import Link, Member
from syncd.simulation.drop import SimDrop
from syncd.simulation.lenses import RowLens
from syncd.simulation.mapped import SimMapped, plan_lens
from syncd.simulation.setting import GROUP, Setting, SystemSetting, nearest_of
from syncd.simulation.vendor import SimFeeding, SimSystem

if TYPE_CHECKING:
    from syncd.simulation.stage import Stage


def lenses(made: SystemSetting, setting: Setting) -> dict[Kind, Lens]:
    """Give the lenses of a system: its canonical paths, and the rounding it declares."""
    behaviour = made.behaviour
    nearest = nearest_of(behaviour.decimals) if behaviour.decimals is not None and made.declared else None
    parts = behaviour.parts

    def part_of(path: str) -> str:
        return parts.get(path.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0], "record")

    kinds: tuple[Kind, ...] = ("group", "plan") if setting.kind == "plan" else ("generic",)
    lenses: dict[Kind, Lens] = {
        kind: RowLens(kind, carries=behaviour.carries, nearest=nearest, part_of=part_of) for kind in kinds
    }
    if made.drop:
        lenses["group"] = plan_lens(made.mapping, "group")
    return lenses | ({"plan": plan_lens(made.mapping)} if made.mapping else {})


def fill(stage: Stage) -> None:
    """Put the base records into the systems and link those that several hold."""
    setting = stage.setting
    for group in setting.scopes if setting.kind == "plan" else ():
        _fill_group(stage, group, linked=True)
    for group in setting.strangers:
        _fill_group(stage, group, linked=False)
    for key, everybody in setting.records.items():
        holders = tuple(name for name in everybody if name in stage.systems)
        flats = {}
        agreed = {path: stage.value(path, text) for path, text in setting.base[key].items()}
        for name in holders:
            other = setting.other.get(name, {}).get(key, {})
            data = _fitting(stage, name, {**setting.base[key], **other})
            stage.systems[name].put_record(setting.kind, key, data, group=setting.group_of(key))
            flats[name] = stage.flat(name, key)
        if len(holders) > 1 and key not in setting.loose:
            scope = setting.group_of(key) or setting.scope
            members = tuple(Member(name, key, flats[name]) for name in holders)
            agreed = _agreed(stage, agreed, flats)
            stage.store.add_link(Link(f"l-{key}", setting.kind, scope, key, agreed, members))


def _agreed(stage: Stage, agreed: Flat, flats: dict[str, Flat]) -> Flat:
    """Add what vendors hold by themselves, where all hold the same; the rest is not compared."""
    if not any(made.mapping for made in stage.setting.systems):
        return agreed
    for path in {path for flat in flats.values() for path in flat} - agreed.keys():
        carried = [name for name in flats if stage.systems[name].whole["plan"].carries(path)]
        values = {flats[name].get(path, EMPTY) for name in carried}
        if len(values) == 1:
            agreed = {**agreed, path: values.pop()}
        else:
            stage.uneven |= {path}
    return agreed


def _fill_group(stage: Stage, group: str, *, linked: bool) -> None:
    """Put a group into every system, and link it."""
    flat: Flat = {"details.name": "Acme" if group == GROUP else group}
    for system in stage.systems.values():
        system.put_record("group", group, flat)
    if linked:
        flats = {one.name: stage.flat(one.name, group, "group") for one in stage.setting.systems}
        members = tuple(Member(name, group, held) for name, held in flats.items())
        stage.store.add_link(Link(group, "group", group, str(flat["details.name"]), flat, members))
        stage.uneven |= {path for held in flats.values() for path in held if path not in flat}


def _fitting(stage: Stage, name: str, data: dict[str, str] | Any) -> dict[str, str]:
    """Give what a system can hold of some data, as it would hold it."""
    lens = stage.systems[name].whole[stage.setting.kind]
    fitting = {}
    for path, text in data.items():
        if text is not None and lens.carries(path):
            value = stage.value(path, text)
            kept = lens.nearest(path, value)
            fitting[path] = text if kept == value else format_value(kept)
    return fitting


def class_of(made: SystemSetting) -> type[SimSystem]:
    """Say how a system is played."""
    if made.drop:
        return SimDrop
    if made.mapping:
        return SimMapped
    return SimFeeding if made.behaviour.feed else SimSystem
