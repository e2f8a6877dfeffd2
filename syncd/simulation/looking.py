"""What the checks ask of a stage: which records belong together, what is asked about, who is out of step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from syncd.model import paths
from syncd.model.values import EMPTY
from syncd.reconcile.types import Link, Member
from syncd.simulation.mapped import adds
from syncd.simulation.ran import Ran
from syncd.simulation.stage import Stage
from syncd.simulation.vendor import Place, Wrote
from syncd.store.rows import Question

Found: TypeAlias = Iterator[str]


def atom_of(stage: Stage, path: str) -> str:
    """Name the atom of a path."""
    return stage.setting.atoms.get(path) or paths.atom(path)


def link_of(marker: str) -> str:
    """Name the link that a marker of ours is about; decisions after the first add a digest of their own."""
    return _DECISION.sub("", marker.split(":")[1])


_DECISION = re.compile(r"-[0-9a-f]{8}\Z")


def clusters(stage: Stage, ran: Ran) -> dict[Place, str]:
    """Tell for each record which link it belongs to, or belonged to before the run."""
    found: dict[Place, str] = {}
    for links in (ran.links_before, ran.links_after):
        for link in links.values():
            for member in link.members:
                if member.status != "awaited":
                    found[member.system, link.kind, member.id] = link.id
    for wrote in stage.witness.wrote[ran.wrote_from :]:
        if wrote.create.startswith("syncd:"):
            found[wrote.at] = link_of(wrote.create)
    stage.clusters |= {place: {*stage.clusters.get(place, ()), link} for place, link in found.items()}
    return found


def family(stage: Stage, link: str) -> list[Place]:
    """List every record that ever belonged to a link."""
    direct = {place for place, links in stage.clusters.items() if link in links}
    return sorted(direct)


def covered(stage: Stage, link: Link, standing: Iterable[Question]) -> Callable[[str, str], bool]:
    """Give a test whether an open question stands for a path (of a system) of a link."""
    names: set[str] = set()
    everything = False
    for question in standing:
        proposal = question.proposal
        if proposal.link == link.id:
            if proposal.kind == "missing-record":
                everything = True
            names.add(proposal.name)
            if proposal.kind == "loss":  # a table of which one cell cannot be held is not written in part
                system, _, path = proposal.name.partition(":")
                names.add(f"{system}:{atom_of(stage, path)}")
        elif proposal.kind == "guard" and (
            proposal.scope == link.scope
            or proposal.scope.startswith(tuple(f"system:{member.system}/" for member in link.members))
        ):
            everything = True

    def is_covered(path: str, system: str) -> bool:
        atom = atom_of(stage, path)
        return everything or not names.isdisjoint((path, atom, f"{system}:{path}", f"{system}:{atom}", f"{system}:"))

    return is_covered


def out_of_step(stage: Stage, link: Link, standing: Iterable[Question]) -> list[str]:
    """List the fields of a link on which members differ though no question stands for them."""
    is_covered = covered(stage, link, standing)
    live = [member for member in link.members if member.status == "live" and member.system in stage.systems]
    flats = {member.system: stage.flat(member.system, member.id, link.kind) for member in live}
    lacks = {member.system: stage.lacks(member.system, member.id, link.kind) for member in live}

    def carries(member: Member, path: str) -> bool:
        surface = stage.world.systems[member.system].surface(link.kind)
        return surface.carries(path) and path not in lacks[member.system]

    born = {
        path
        for member in live
        if (mapping := stage.setting.system(member.system).mapping) and member.id not in stage.setting.records
        for path in adds(mapping)
    }
    every = sorted(
        ({path for flat in flats.values() for path in flat} | link.agreed.keys()) - stage.world.ignored - born
    )
    wrong = []
    for path in every:
        agreed = link.agreed.get(path, EMPTY)
        if sum(carries(member, path) for member in live) < 2:
            continue  # there is nobody to be in step with
        for member in live:
            surface = stage.world.systems[member.system].surface(link.kind)
            let = f"{path}|{member.system}|{surface.codec_of(path)}" in link.accepted
            if not carries(member, path) or (let and not member.behind.get(path)):
                continue  # a person lets it stay as its system made it
            held = flats[member.system].get(path, EMPTY)
            if held not in (agreed, surface.nearest(path, agreed)) and not any(
                is_covered(path, one.system) for one in live
            ):
                wrong.append(f"{link.label} {path}: {member.system} holds {held!r}, agreed is {agreed!r}")
    return wrong


def tardy(stage: Stage) -> set[str]:
    """Name the systems that show a write only after the second look, which no reading can settle in time."""
    return {one.name for one in stage.setting.systems if one.behaviour.late > 1}


def new_writes(stage: Stage, ran: Ran) -> list[Wrote]:
    """Give the writes of one run that took effect."""
    return stage.witness.wrote[ran.wrote_from :]
