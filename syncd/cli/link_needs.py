"""What stands in a decision file besides the decisions: what a system must know of the group, and what a copy is.

Takes needs and kinds of origination, gives lines; takes what a person wrote under `needs:`, gives answers by system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from syncd.connectors.base import Need
from syncd.errors import ConfigError, TransientError
from syncd.reconcile.choices import Choice
from syncd.reconcile.lineage import likely_priors
from syncd.reconcile.originate import ORIGINATION, Origins
from syncd.reconcile.relink import Surfaces
from syncd.reconcile.types import Link, Stray, System
from syncd.text.explain import Collected
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Node, quoted

Answers: TypeAlias = Mapping[System, Mapping[str, str]]
"""System -> key -> what a person answered."""
_MOST_CHOICES = 50
_MOST_OFFERED = 12
_PRIOR = {"required": "`prior` is needed", "optional": "`prior` may be named", "none": "without `prior`"}


@dataclass(frozen=True, slots=True)
class Wants:
    """What systems that may get copies want to know of the group.

    `open`: system -> what is not known yet, empty when all is. `away`: systems that could not be asked, with why.
    """

    open: Mapping[System, Sequence[Need]] = field(default_factory=dict)
    away: Mapping[System, str] = field(default_factory=dict)


# -- writing -----------------------------------------------------------------------------------------------------------


def needs_lines(wants: Wants) -> list[str]:
    """Write the section `needs:`, or nothing."""
    asking = {system: needs for system, needs in sorted(wants.open.items()) if needs}
    if not asking:
        return []
    lines = [
        f"# {' and '.join(asking)} must know this of the group before a plan is created there. It is asked once:",
        "# what stands here is remembered with the first copy that this file decides. A value that stands here already",
        "# is a suggestion: look at it.",
        "needs:",
    ]
    for system, needs in asking.items():
        lines.append(f"  {system}:")
        for need in needs:
            lines += [f"    # {text}" for text in (_choices(need) if not _is_long(need) else [_at_end(need)])]
            lines.append(f"    {need.key}:{' ' + quoted(need.suggested) if need.suggested else ''}")
    return [*lines, ""]


def _is_long(need: Need) -> bool:
    return len(need.choices) > _MOST_OFFERED


def _at_end(need: Need) -> str:
    return f"{need.title}, one of {len(need.choices)}: they stand at the end of this file"


def long_choices(wants: Wants) -> list[str]:
    """Write the long lists of choices, as comments for the end of the file: at its head they would hide the plans."""
    lines: list[str] = []
    for system, needs in sorted(wants.open.items()):
        for need in filter(_is_long, needs):
            lines += ["", f"# {system}, {need.key}:", *(f"#   {text}" for text in _choices(need))]
    return lines


def _choices(need: Need) -> Iterator[str]:
    if not need.choices:
        yield f"{need.title} (any text)"
        return
    yield f"{need.title}, one of:"
    shown = list(need.choices.items())[:_MOST_CHOICES]
    for value, title in shown:
        yield f"  {quoted(value)}  {title}".rstrip()
    if len(need.choices) > len(shown):
        yield f"  and {len(need.choices) - len(shown)} more: write what it is called, and the nearest are named"


def origination_lines(origins: Origins, surfaces: Surfaces, targets: Iterable[System]) -> list[str]:
    """Explain `origination` and `prior`, when a system that may get copies knows them."""
    knowing = sorted(system for system in targets if origins and _knows(surfaces, system))
    if not knowing:
        return []
    lines = [
        "",
        f"      {' and '.join(knowing)} must be told what a copy is, unless the record says so: {{copy: {knowing[0]},",
        '      origination: renewal, prior: "ID"}. `prior` is the id of the linked plan that it follows. The kinds:',
    ]
    width = max(map(len, origins))
    for name, origin in origins.items():
        lines.append(f"        {name:<{width}}  {origin.title} ({_PRIOR[origin.prior]})")
    return [*lines, "      What a kind needs is checked at once; --dry-run shows every value of the new record."]


def _knows(surfaces: Surfaces, system: System) -> bool:
    surface = surfaces.get((system, "plan"))
    return surface is not None and surface.carries(ORIGINATION)


def prior_lines(stray: Stray, links: Iterable[Link], origins: Origins, surfaces: Surfaces) -> Iterator[str]:
    """List the linked plans that a record may follow."""
    if not origins or not any(_knows(surfaces, system) for system, kind in surfaces if kind == "plan"):
        return
    for link in likely_priors(stray.seen.flat, links):
        records = " · ".join(f"{member.system} {member.id}" for member in link.members if member.status == "live")
        ids = {member.system: member.id for member in link.members}
        prior = ids.get(stray.system) or next(iter(ids.values()))
        told = "same line and carrier, a year before"
        yield f"  # may follow {quoted(link.label)} ({records}; {told}): prior: {quoted(prior)}"


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_needs(node: Node | None, line: int, wants: Wants, systems: Iterable[System], file: str) -> Answers:
    """Read what stands under `needs:`; what is left empty is not answered. Raises ConfigError about all mistakes.

    A system that knows everything by now is passed over: its answers were remembered before.
    """
    if node is None or node.plain() is None:
        return {}
    if node.pairs is None:
        raise ConfigError("expected a system, and its keys under it", file=file, line=line, field="needs")
    answers: dict[System, dict[str, str]] = {}
    wrong = Collected()
    for system, (at, inner) in node.pairs.items():
        if system not in systems:
            meant = did_you_mean(system, systems)
            wrong.errors.append(
                ConfigError(f"no such system gets a copy{meant}", file=file, line=at, field=f"needs.{system}")
            )
            continue
        needs = {need.key: need for need in wants.open.get(system, ())}
        if needs and inner.plain() is not None:
            answers[system] = _answers(system, inner, at, needs, file, wrong)
    wrong.done()
    return {system: said for system, said in answers.items() if said}


def _answers(
    system: System, node: Node, line: int, needs: Mapping[str, Need], file: str, wrong: Collected
) -> dict[str, str]:
    if node.pairs is None:
        wrong.errors.append(ConfigError("expected its keys under it", file=file, line=line, field=f"needs.{system}"))
        return {}
    said = {}
    for key, (at, inner) in node.pairs.items():
        place = f"needs.{system}.{key}"
        need = needs.get(key)
        if need is None:
            hint = f"{system} asks for {', '.join(needs)}."
            told = f"no such key{did_you_mean(key, needs)}"
            wrong.errors.append(ConfigError(told, file=file, line=at, field=place, hint=hint))
        elif answer := wrong.take(partial(_answer, need, inner, at, place, file)):
            said[key] = answer
    return said


def _answer(need: Need, node: Node, line: int, place: str, file: str) -> str:
    text = _text(node, line, place, file)
    return _checked(need, text, line, place, file) if text else ""


def _text(node: Node, line: int, place: str, file: str) -> str:
    if node.items is not None or node.pairs is not None:
        raise ConfigError("expected one value", file=file, line=line, field=place, hint='Put it in "quotes".')
    return (node.text or "").strip()


def _checked(need: Need, text: str, line: int, place: str, file: str) -> str:
    """Take a value as it is offered; of a title, say which value it stands for."""
    if not need.choices or text in need.choices:
        return text
    by_title = {title: value for value, title in need.choices.items() if title}
    meant = did_you_mean(text, need.choices) or did_you_mean(text, by_title)
    for title, value in by_title.items():
        if title in meant:
            meant = f'; did you mean "{value}" ({title})?'
    hint = f"{need.title} is one of: {_offered(need, text)}."
    raise ConfigError(f'"{text}" is not offered{meant}', file=file, line=line, field=place, hint=hint)


def _offered(need: Need, text: str) -> str:
    """List the choices; of many those that are called like what was written."""
    choices = need.choices.items()
    if len(choices) > _MOST_OFFERED:
        words = [word for word in text.casefold().split() if len(word) > 1]
        like = [one for one in choices if any(word in " ".join(one).casefold() for word in words)]
        choices = dict(like or choices).items()
    shown = [f"{value} ({title})" if title else value for value, title in choices]
    more = ", …" if len(shown) > _MOST_OFFERED or len(choices) < len(need.choices) else ""
    return ", ".join(shown[:_MOST_OFFERED]) + more


def targets_of(choices: Iterable[Choice]) -> tuple[System, ...]:
    """Name the systems that decisions copy to."""
    return tuple(dict.fromkeys(target for choice in choices if choice.choice == "copy" for target in choice.to))


def check_answered(choices: Iterable[Choice], answers: Answers, wants: Wants, file: str, line: int | None) -> None:
    """Refuse copies into systems that do not know enough of the group, naming all that is open at once."""
    targets = targets_of(choices)
    for target in targets:
        if target in wants.away:
            raise TransientError(
                f"it could not be asked what it must know before a plan is created: {wants.away[target]}",
                system=target,
                hint="Try again when the system answers; nothing was stored.",
            )
    still = {
        target: [need for need in wants.open.get(target, ()) if need.key not in answers.get(target, {})]
        for target in targets
    }
    told = [
        f"{target}: {', '.join(f'{one.key} ({one.title})' for one in needs)}"
        for target, needs in still.items()
        if needs
    ]
    if told:
        raise ConfigError(
            f"not known yet, and needed before a plan is created in {'; '.join(told)}",
            file=file,
            line=line,
            field="needs",
            hint="Fill them in under `needs:`; a file without that section is written anew with --out.",
        )
