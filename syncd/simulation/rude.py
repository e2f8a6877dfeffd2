"""Things that life does to systems, mappings, clocks and stores, as steps of a history.

Each is a plain value that means something on its own; what it needs and does not find makes it do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from syncd.errors import SyncdError
from syncd.linking import link_groups, link_plans, unlink_plan
from syncd.mapping.lens import Lens
from syncd.model import paths
from syncd.model.values import EMPTY, Flat
from syncd.reconcile.choices import Choice
from syncd.reconcile.types import Link
from syncd.simulation.answering import answers_to
from syncd.simulation.backstage import drive
from syncd.simulation.drop import SimDrop
from syncd.simulation.lenses import RowLens
from syncd.simulation.steps import Edit, Remove, Rude

if TYPE_CHECKING:
    from syncd.simulation.stage import Stage
    from syncd.simulation.vendor import Place

IDENTITY = ("details.line", "details.carrier", "details.carrier_plan_code")


# -- clocks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetClock(Rude):
    """The clock of our machine is set ahead (or, below zero, back) of the time by so many seconds; 0 is right."""

    off: float

    def happen(self, stage: Stage) -> bool:
        """Set it."""
        stage.clock.off = self.off
        return True


# -- mappings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row(Rude):
    """A person takes the rows below a prefix out of a system's mapping, or puts them in."""

    system: str
    prefix: str
    there: bool

    def happen(self, stage: Stage) -> bool:
        """Edit the mapping; the next process reads it."""
        if self.system not in stage.systems:
            return False
        lens = _lens(self.system, stage)
        if not isinstance(lens, RowLens):
            return False
        without = lens.without - {self.prefix} if self.there else lens.without | {self.prefix}
        if without == lens.without:
            return False
        if self.there:
            _remember(self.system, (self.prefix,), stage, known=True)
        else:
            _lose(self.system, self.prefix, stage)
        _set_lens(self.system, lens.edited(without, lens.swapped), stage)
        return True


@dataclass(frozen=True, slots=True)
class Swap(Rude):
    """A person lets two rows of a mapping read each other's column, or puts that right."""

    system: str
    one: str
    other: str

    def happen(self, stage: Stage) -> bool:
        """Edit the mapping; the next process reads it."""
        if self.system not in stage.systems or self.one == self.other:
            return False
        lens = _lens(self.system, stage)
        if not isinstance(lens, RowLens):
            return False
        swapped = {} if lens.swapped else {self.one: self.other, self.other: self.one}
        _remember(self.system, (self.one, self.other), stage, known=False)
        _set_lens(self.system, lens.edited(lens.without, swapped), stage)
        return True


def _lens(system: str, stage: Stage) -> Lens:
    return stage.systems[system].lenses[stage.setting.kind]


def _set_lens(system: str, lens: RowLens, stage: Stage) -> None:
    live, kind = stage.systems[system], stage.setting.kind
    live.lenses[kind] = lens
    live.whole[kind] = lens.edited(frozenset(), lens.swapped)
    for record in list(live._records.get(kind, {}).values()):
        stage.witness.holds((system, kind, record.id), live.truth(record))
    for at in [at for at in stage.witness.read_back if at[0] == system]:
        del stage.witness.read_back[at]
    stage.world = stage.fresh()


def _mine(system: str, stage: Stage) -> list[tuple[Link, Flat]]:
    """Give the links that a system is in, with its base."""
    return [
        (link, member.base)
        for link in stage.store.links(kind=stage.setting.kind, status=None)
        for member in link.members
        if member.system == system and member.status == "live"
    ]


def _lose(system: str, prefix: str, stage: Stage) -> None:
    for link, base in _mine(system, stage):
        for path in {*base, *link.agreed}:
            if paths.under(path, prefix):
                stage.lost[link.id, system, path] = base.get(path, EMPTY), stage.runs


def _remember(system: str, prefixes: tuple[str, ...], stage: Stage, *, known: bool) -> None:
    """Take down what a row that comes or changes makes of a field until that is settled."""
    for link, base in _mine(system, stage):
        held = [one for m in link.members for one in stage.truth(m.system, m.id)]
        for path in {*base, *link.agreed, *held}:
            if not any(paths.under(path, prefix) for prefix in prefixes):
                continue
            was, runs = stage.lost.pop((link.id, system, path), (None, -1))
            if runs == stage.runs:
                continue  # no run has noticed that it was away
            stage.regained[link.id, system, path] = was if known else None


# -- copies -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy(Rude):
    """A person decides that an unlinked record is copied to another system and kept in step."""

    system: str
    record: str
    to: str
    follow: bool = True

    def happen(self, stage: Stage) -> bool:
        """Commit the decision."""
        scope = stage.setting.scope
        if {self.system, self.to} - stage.systems.keys() or stage.setting.kind != "plan":
            return False
        choice = Choice(self.system, self.record, "copy", to=(self.to,), follow=self.follow)
        try:
            link_plans(stage.world, scope, [choice], by="ann")
        except SyncdError as error:
            stage.refused.append(str(error))
            return False
        return True


@dataclass(frozen=True, slots=True)
class Unlink(Rude):
    """A person parts the link that a record is in."""

    system: str
    record: str

    def happen(self, stage: Stage) -> bool:
        """Commit the decision."""
        kind = stage.setting.kind
        link = stage.store.find_link(self.system, kind, self.record)
        if link is None or kind != "plan":
            return False
        drive(unlink_plan(stage.world, link, by="ann"))
        parted: set[Place] = {(m.system, kind, m.id) for m in link.members if m.status != "awaited"}
        stage.apart |= parted
        return True


@dataclass(frozen=True, slots=True)
class EditMade(Rude):
    """A person changes the record that was last created in a system by us."""

    system: str
    changes: Mapping[str, str | None] = field(default_factory=dict)

    def happen(self, stage: Stage) -> bool:
        """Edit it."""
        made = _made(self.system, stage)
        if made is None:
            return False
        edit = Edit(self.system, made, self.changes)
        stage.do(edit)
        return True


@dataclass(frozen=True, slots=True)
class RemoveMade(Rude):
    """A person removes the record that was last created in a system by us."""

    system: str

    def happen(self, stage: Stage) -> bool:
        """Remove it."""
        made = _made(self.system, stage)
        if made is None:
            return False
        stage.do(Remove(self.system, made))
        return True


def _made(system: str, stage: Stage) -> str | None:
    kind = stage.setting.kind
    made = [
        w.at[2] for w in stage.witness.wrote if w.at[0] == system and w.at[1] == kind and w.create not in ("", "end")
    ]
    if not made or system not in stage.systems or stage.systems[system].record(kind, made[-1]) is None:
        return None
    return made[-1]


@dataclass(frozen=True, slots=True)
class Decide(Rude):
    """A person gives an answer to every open question of a kind that offers it."""

    kind: str
    choice: str

    def happen(self, stage: Stage) -> bool:
        """Commit the answers."""
        said = False
        for question in stage.questions("open"):
            answers = [one for one in answers_to(stage, question) if one[0].startswith(self.choice)]
            if question.proposal.kind == self.kind and answers:
                stage.decide(question, *answers[0])
                said = True
        return said


# -- stores -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeepCopy(Rude):
    """Somebody makes a copy of the state folder; also in the middle of a run, as a backup does."""

    def happen(self, stage: Stage) -> bool:
        """Make it."""
        stage.keep()
        return True


@dataclass(frozen=True, slots=True)
class Restore(Rude):
    """The process is stopped, an older copy of the state folder put in its place, and a new process started."""

    back: int = 1

    def happen(self, stage: Stage) -> bool:
        """Restore the copy that is so many back."""
        if len(stage.kept) < self.back:
            return False
        stage.restore(self.back)
        return True


# -- files ------------------------------------------------------------------------------------------------------------


def _drop(system: str, stage: Stage) -> SimDrop | None:
    live = stage.systems.get(system)
    return live if isinstance(live, SimDrop) else None


@dataclass(frozen=True, slots=True)
class Upload(Rude):
    """Somebody uploads the plans of a folder anew: by now only a share of the lines is there.

    `rests`: the rest comes while the file is watched whether it rests; else when the upload is finished (`Finish`).
    """

    system: str
    share: float
    rests: bool

    def happen(self, stage: Stage) -> bool:
        """Begin it."""
        drop = _drop(self.system, stage)
        if drop is None:
            return False
        drop.upload("plan", self.share, comes_at_rest=self.rests)
        return True


@dataclass(frozen=True, slots=True)
class Finish(Rude):
    """What was being uploaded is there."""

    system: str

    def happen(self, stage: Stage) -> bool:
        """Finish it."""
        drop = _drop(self.system, stage)
        if drop is None or not drop.coming:
            return False
        drop.finish()
        return True


@dataclass(frozen=True, slots=True)
class Recode(Rude):
    """Somebody saves the plans of a folder in another encoding."""

    system: str
    encoding: str

    def happen(self, stage: Stage) -> bool:
        """Save them."""
        drop = _drop(self.system, stage)
        if drop is None or drop.encoding == self.encoding:
            return False
        drop.recode(self.encoding)
        return True


@dataclass(frozen=True, slots=True)
class Rename(Rude):
    """Somebody gives a key or column of the plans of a folder another name; None: its own again."""

    system: str
    key: str
    new: str | None

    def happen(self, stage: Stage) -> bool:
        """Rename it."""
        drop = _drop(self.system, stage)
        if drop is None or (self.new is None) is not bool(drop.renamed):
            return False
        drop.rename(self.key, self.new)
        return True


@dataclass(frozen=True, slots=True)
class QuietEdit(Rude):
    """Somebody changes a row, and the file keeps its time; often its size as well."""

    system: str
    record: str
    path: str
    value: str

    def happen(self, stage: Stage) -> bool:
        """Change it."""
        drop = _drop(self.system, stage)
        if drop is None or drop.record("plan", self.record) is None:
            return False
        drop.edit_unseen(self.record, {self.path: self.value})
        return True


# -- identity ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move(Rude):
    """A person moves a record to another group."""

    system: str
    record: str
    group: str

    def happen(self, stage: Stage) -> bool:
        """Move it."""
        live = stage.systems.get(self.system)
        record = live.record("plan", self.record) if live is not None else None
        if live is None or record is None or record.group == self.group:
            return False
        live.move("plan", self.record, self.group)
        return True


@dataclass(frozen=True, slots=True)
class Reuse(Rude):
    """A vendor gives the id of a record to another thing: nothing of the first is left."""

    system: str
    record: str
    data: Mapping[str, str]

    def happen(self, stage: Stage) -> bool:
        """Put the other thing in its place."""
        kind, live = stage.setting.kind, stage.systems.get(self.system)
        record = live.record(kind, self.record) if live is not None else None
        if live is None or record is None:
            return False
        was = stage.truth(self.system, self.record)
        fit = {path: text for path, text in self.data.items() if live.whole[kind].carries(path)}
        live.put_record(kind, self.record, cast("Any", fit), group=record.group)
        now = stage.truth(self.system, self.record)
        if not any(was.get(path) == now.get(path) for path in IDENTITY) and all(path in was for path in IDENTITY):
            stage.retyped.setdefault((self.system, kind, self.record), was)
        return True


@dataclass(frozen=True, slots=True)
class WrongGroups(Rude):
    """A person links another client's group of one system with a group that is linked already."""

    system: str
    group: str
    other: str

    def happen(self, stage: Stage) -> bool:
        """Try to; to be refused is right."""
        if {self.system, self.other} - stage.systems.keys():
            return False
        members = {self.system: self.group, self.other: stage.setting.scope}
        try:
            drive(link_groups(stage.world, members, by="ann"))
        except SyncdError as error:
            stage.refused.append(str(error))
        return True


@dataclass(frozen=True, slots=True)
class WrongPair(Rude):
    """A person links a stray record with one whose link has a member of that system already."""

    system: str
    record: str
    other: str
    to: str

    def happen(self, stage: Stage) -> bool:
        """Try to; to be refused is right."""
        if {self.system, self.other} - stage.systems.keys() or stage.setting.kind != "plan":
            return False
        choice = Choice(self.system, self.record, "link", records={self.other: self.to})
        try:
            link_plans(stage.world, stage.setting.scope, [choice], by="ann")
        except SyncdError as error:
            stage.refused.append(str(error))
        return True
