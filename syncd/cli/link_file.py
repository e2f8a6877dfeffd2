"""The decision file of `syncd link`: each unlinked plan of a group, what linking would overwrite, a blank to fill in.

Takes and gives text. What a person writes is read with the words of the review files; all of a file counts or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncd.cli.link_needs import (
    Answers,
    Wants,
    check_answered,
    long_choices,
    needs_lines,
    origination_lines,
    parse_needs,
    prior_lines,
    targets_of,
)
from syncd.cli.out import count, short
from syncd.errors import ConfigError
from syncd.model import paths
from syncd.model.shown import shown
from syncd.model.values_text import format_value
from syncd.reconcile.choices import Choice, RecordKey, choice_of
from syncd.reconcile.originate import Origins
from syncd.reconcile.relink import Difference, Surfaces, differences
from syncd.reconcile.strays import question
from syncd.reconcile.suggest import Suggestion, suggest
from syncd.reconcile.types import Link, Stray, System, View
from syncd.review.answers import Answer, decision_from_text
from syncd.review.errors import ReviewError
from syncd.store.rows import Question
from syncd.text.explain import Collected, together
from syncd.text.nearest import did_you_mean
from syncd.text.show import escaped
from syncd.text.yaml import Node, YamlTextError, flow, quoted, read

END = "# end"
_CLOSE = 0.15
"""Candidates this close to the best one are shown in full."""
KEYS = ("record", "id", "name", "about", "seen", "set_aside", "candidates", "see", "decision", "note")
TOP = ("group", "by", "sources", "likely", "needs", "plans")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a decision file is about."""

    group: Link
    strays: Mapping[RecordKey, Stray]
    linked: Sequence[Link]
    surfaces: Surfaces
    aside: Mapping[RecordKey, Mapping[str, object]] = field(default_factory=dict)
    origins: Origins = field(default_factory=dict)
    wants: Wants = field(default_factory=Wants)

    def suggestions(self) -> Mapping[RecordKey, tuple[Suggestion, ...]]:
        """Give every record's likeliest counterparts."""
        return suggest(self.strays.values())

    def targets(self, stray: Stray) -> list[System]:
        """Name the systems that could get a copy of a record."""
        return sorted(
            system
            for (system, kind), surface in self.surfaces.items()
            if kind == stray.kind and system != stray.system and surface.create
        )

    def all_targets(self) -> list[System]:
        """Name the systems that could get a copy of any record."""
        return sorted({system for stray in self.strays.values() for system in self.targets(stray)})


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person wrote: decisions, who took them, what the systems that they copy to are to know of the group."""

    choices: Sequence[Choice]
    by: str = ""
    answers: Answers = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """`SYSTEM.KEY` of an answer, or `SYSTEM` -> its line."""


def about(stray: Stray) -> str:
    """Tell what identifies a plan: line, carrier, code, effective date."""
    names = ("details.line", "details.carrier", "details.carrier_plan_code", "details.effective_date")
    return ", ".join(format_value(stray.seen.flat[path]) for path in names if path in stray.seen.flat)


# -- writing -----------------------------------------------------------------------------------------------------------


def render(draft: Draft) -> str:
    """Write the file."""
    suggestions = draft.suggestions()
    whole = [f"group: {quoted(draft.group.id)}", "by:", *_WHOLE]
    lines = [*_head(draft), "", *whole, "", *needs_lines(draft.wants), "plans:"]
    shown: set[frozenset[RecordKey]] = set()
    for key in sorted(draft.strays):
        lines += ["", *_entry(draft, draft.strays[key], suggestions, shown)]
    if not draft.strays:
        lines[-1] = "plans: []    # every plan of this group is linked"
    return escaped("\n".join([*lines, *long_choices(draft.wants), "", END, ""]), keep="\n")


_WHOLE = (
    "sources:    # for every link below that names none: a system, or {details: …, benefits: …, …}; blank asks",
    "likely:     # `link` links all pairs that are each other's likeliest and that you decide nothing about",
)


def _head(draft: Draft) -> list[str]:
    systems = sorted({stray.system for stray in draft.strays.values()}) or sorted({s for s, _ in draft.surfaces})
    first, second = (*systems, *(name for name, _ in draft.surfaces if name not in systems), "crm", "quote")[:2]
    sources = {section: (first, second, second, first, "ask")[at % 5] for at, section in enumerate(paths.SECTIONS)}
    example = flow({"link": {second: "ID"}, "sources": dict(sources)})
    told = [
        f"Which plans of “{draft.group.label}” are the same plan? ({len(draft.strays)} are linked to nothing.)",
        "",
        "Put one of these behind `decision:`. What you leave blank stays unlinked, and nothing is written to it.",
        "",
        f"  {example}",
        "      Link it with that record, and keep both in step from now on. For each section name the system whose",
        "      values count now (they overwrite the other's once; later they win where no rule says what wins),",
        f"      or ask. `sources: {second}` stands for all sections; a section left out is asked about. A blank of the",
        "      source erases nothing unless `blanks: overwrite`; `evidence: none` links what nothing speaks for.",
        f"  {flow({'copy': second})}",
        f"      Create it in {second} and keep both in step. With `follow: false` it is copied once, and the two part.",
        *origination_lines(draft.origins, draft.surfaces, draft.all_targets()),
        "  ignore     Leave it in its system only, and ask no more.",
        "  ask        Ask about it in the review queue (also takes back an ignore).",
        "",
        "Below each candidate stands what the two hold differently: that is what linking overwrites, in one way or the",
        "other. Deciding approves just this: a record that has changed since this file was written is refused.",
        f"Try it with `syncd link {draft.group.id} FILE --dry-run`. Without --dry-run all decisions count, or none.",
    ]
    return [f"# {line}".rstrip() for line in told]


def _entry(
    draft: Draft,
    stray: Stray,
    suggestions: Mapping[RecordKey, tuple[Suggestion, ...]],
    shown: set[frozenset[RecordKey]],
) -> Iterator[str]:
    key = (stray.system, stray.id)
    yield f"- record: {stray.system}"
    yield f"  id: {quoted(stray.id)}"
    yield f"  name: {quoted(stray.label)}"
    if told := about(stray):
        yield f"  about: {quoted(told)}"
    yield f"  seen: {quoted(stray.seen.digest.hex())}"
    if key in draft.aside:
        yield f"  set_aside: {quoted(_aside(draft.aside[key]))}"
    found = suggestions.get(key, ())
    if found:
        yield "  candidates:"
    for one in found:
        yield f"    - record: {one.system}"
        yield f"      id: {quoted(one.id)}"
        yield f"      name: {quoted(one.label)}"
        yield f"      score: {quoted(f'{one.score:.0%}')}"
        yield f"      because: {quoted(one.reasons)}"
        pair = frozenset({key, (one.system, one.id)})
        if pair in shown:
            yield f"      # what the two hold differently stands above, at {one.system} {one.id}"
            continue
        shown.add(pair)
        sections = differences(stray, draft.strays[one.system, one.id], draft.surfaces)
        whole = one.score > found[0].score - _CLOSE
        yield from _differs(stray, draft.strays[one.system, one.id], sections, whole=whole)
    yield from _namesakes(draft, stray, found)
    yield from prior_lines(stray, draft.linked, draft.origins, draft.surfaces)
    yield "  decision:"
    yield "  note:"


def _aside(said: Mapping[str, object]) -> str:
    if "link" in said:
        return f"unlinked from {said['link']}"
    by = f" by {said['by']}" if said.get("by") else ""
    return f"ignored{by}" + (f": {said['note']}" if said.get("note") else "")


def _differs(stray: Stray, other: Stray, sections: Mapping[str, Sequence[Difference]], *, whole: bool) -> Iterator[str]:
    """Tell what two records hold differently, and for each section what each source would overwrite.

    Of a candidate that is much less likely than the best one only the counts are told.
    """
    if not sections:
        yield "      # both hold the same: linking overwrites nothing"
        return
    if whole:
        yield "      differs:"
    for section in sorted(sections, key=paths.SECTIONS.index):
        found = sections[section]
        yield f"      # {section}: {_effects(stray, other, found)}"
        for one in found if whole else ():
            row = ", ".join(f"{system}: {quoted(shown(one.path, value))}" for system, value in one.values.items())
            yield f"        - {{field: {quoted(one.path)}, {row}}}"


def _effects(stray: Stray, other: Stray, found: Sequence[Difference]) -> str:
    return "; ".join(
        _effect(source.system, target.system, found) for source, target in ((stray, other), (other, stray))
    )


def _effect(source: System, target: System, found: Sequence[Difference]) -> str:
    """Say what naming a source of a section would do to the other record."""
    blank = [one for one in found if format_value(one.values[source]) == ""]
    held = [one for one in found if format_value(one.values[source]) != ""]
    by_hand = [one for one in held if target in one.refusals]
    said = [f"{source} overwrites {count(len(held) - len(by_hand), 'field')} of {target}"]
    said += [f"{count(len(blank), 'blank')} of {source} erase{'s' if len(blank) == 1 else ''} nothing"] if blank else []
    said += [f"{len(by_hand)} to be entered by hand ({by_hand[0].refusals[target]})"] if by_hand else []
    return ", ".join(said)


def _namesakes(draft: Draft, stray: Stray, found: Sequence[Suggestion]) -> Iterator[str]:
    """Say of records that are only named the same why they are no candidates."""
    suggested = {(one.system, one.id) for one in found}
    for key, other in sorted(draft.strays.items()):
        same = other.label.casefold() == stray.label.casefold()
        if same and other.system != stray.system and key not in suggested:
            told = f" ({about(other)})" if about(other) else ""
            yield f"  # {other.system} {other.id} is called the same and is no candidate{told}: names are no evidence"


# -- reading -----------------------------------------------------------------------------------------------------------


def parse(text: str, file: str, draft: Draft) -> Decisions:
    """Read the decisions of a file. Raises ConfigError about all that is wrong with it."""
    if text.rstrip().rpartition("\n")[2].strip() != END:
        line = text.rstrip().count("\n") + 1
        raise ConfigError(
            f"the last line is not `{END}`, so the file may be cut off", file=file, line=line, hint=f"Put `{END}` back."
        )
    root = _root(text, file)
    wrong = Collected()
    wrong.take(lambda: _known(root, TOP, file))
    group = _text(root, "group", file)
    if group != draft.group.id and (group or not wrong.errors):
        raise ConfigError(
            f"the file is about group {group}, not {draft.group.id} (“{draft.group.label}”)",
            file=file,
            line=root["group"][0] if "group" in root else None,
            field="group",
            hint="Name the file of this group, or write a new one with --out.",
        )
    line, plans = root.get("plans", (1, Node(1)))
    if plans.text is not None or plans.pairs is not None:
        wrong.errors.append(ConfigError("expected a list of plans", file=file, line=line, field="plans"))
    said = _Whole(_sources(root), _text(root, "likely", file) == "link")
    if not said.likely and _text(root, "likely", file):
        told = "expected `link`, or nothing"
        wrong.errors.append(ConfigError(told, file=file, line=root["likely"][0], field="likely"))
    items = plans.items or ()
    read = [wrong.take(lambda item=item: _choice(item, file, draft, said.sources)) for item in items]  # type: ignore[misc]
    choices = [choice for choice in read if choice is not None]
    if said.likely and not wrong.errors:
        choices += _likely(items, choices, file, draft, said)
    at, needs = root.get("needs", (None, None))
    answers = wrong.take(lambda: parse_needs(needs, at or 0, draft.wants, draft.all_targets(), file)) or {}
    wrong.done()
    check_answered(choices, answers, draft.wants, file, at)
    due = {system: answers[system] for system in targets_of(choices) if system in answers}
    return Decisions(choices, _text(root, "by", file), due, _lines(needs))


@dataclass(frozen=True, slots=True)
class _Whole:
    """What a file says for all of its links: `sources` where a decision names none, and whether likely pairs are
    linked."""

    sources: object = None
    likely: bool = False


def _sources(root: Mapping[str, tuple[int, Node]]) -> object:
    return root["sources"][1].plain() if "sources" in root else None


def _likely(
    items: Sequence[Node], choices: Sequence[Choice], file: str, draft: Draft, said: _Whole
) -> Iterator[Choice]:
    """Link the pairs that are each other's likeliest counterpart, where nothing is decided about either."""
    taken = {key for choice in choices for key in choice.named}
    entries = {(_text(item.pairs or {}, "record", file), _text(item.pairs or {}, "id", file)): item for item in items}
    best = suggest((draft.strays[key] for key in entries if key in draft.strays), most=1)
    for key, found in best.items():
        other = found[0].system, found[0].id
        mutual = [(one.system, one.id) for one in best.get(other, ())] == [key]
        if mutual and key < other and not taken & {key, other}:
            answer = {"link": {other[0]: other[1]}}
            yield _decided(entries[key], answer, file, draft, said.sources)


def _lines(needs: Node | None) -> dict[str, int]:
    """Give the line of every answer."""
    systems = (needs.pairs or {}) if needs is not None else {}
    lines = {system: line for system, (line, _) in systems.items()}
    for system, (_, inner) in systems.items():
        lines |= {f"{system}.{key}": line for key, (line, _) in (inner.pairs or {}).items()}
    return lines


def _root(text: str, file: str) -> Mapping[str, tuple[int, Node]]:
    try:
        root = read(text, mend=True)
    except YamlTextError as error:
        raise ConfigError(error.message, file=file, line=error.line, hint="Correct this line.") from error
    if root is None or root.pairs is None:
        raise ConfigError("not a decision file: expected `group:` and `plans:`", file=file)
    return root.pairs


def _known(pairs: Mapping[str, tuple[int, Node]], known: Iterable[str], file: str) -> None:
    wrong = [
        ConfigError(f"there is no such key{did_you_mean(key, known)}", file=file, line=line, field=key)
        for key, (line, _) in pairs.items()
        if key not in known
    ]
    if wrong:
        raise together(wrong)


def _text(pairs: Mapping[str, tuple[int, Node]], key: str, file: str) -> str:
    line, node = pairs.get(key, (0, Node(0)))
    if node.items is not None or node.pairs is not None:
        raise ConfigError("expected text", file=file, line=line, field=key, hint='Put it in "quotes".')
    return (node.text or "").strip()


def _choice(item: Node, file: str, draft: Draft, sources: object) -> Choice | None:
    """Read one entry; None when nothing is decided."""
    pairs = item.pairs
    if pairs is None:
        raise ConfigError("a plan begins with `- record:`", file=file, line=item.line)
    _known(pairs, KEYS, file)
    line, node = pairs.get("decision", (item.line, Node(item.line)))
    said = node.plain()
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    if isinstance(said, list):
        raise ConfigError("give one decision, not a list", file=file, line=line, field="decision")
    return _decided(item, said, file, draft, sources)


def _decided(item: Node, said: Answer, file: str, draft: Draft, sources: object) -> Choice:
    """Make the choice of an entry; `sources` count where it links and names none."""
    pairs = item.pairs or {}
    line, node = pairs.get("decision", (item.line, Node(item.line)))
    if isinstance(said, Mapping) and "link" in said and sources is not None:
        said = {"sources": sources, **said}
    system, record_id = _text(pairs, "record", file), _text(pairs, "id", file)
    stray = draft.strays.get((system, record_id))
    if stray is None:
        raise ConfigError(
            _gone(system, record_id, draft), file=file, line=item.line, hint="Write a new file with --out."
        )
    seen = _text(pairs, "seen", file)
    note = _text(pairs, "note", file)
    if isinstance(said, str) and said.strip().casefold() == "ask":
        return Choice(system, record_id, "ask", seen=seen, note=note)
    try:
        decided = decision_from_text(_question(stray, draft), said, records=_records(draft), note=note)
    except ReviewError as error:
        raise ConfigError(
            error.message,
            file=file,
            line=_line_of(node, error, line),
            field=f"{system} {record_id} {error.key}",
            hint=error.hint,
        ) from error
    return choice_of(decided, system, record_id, seen=seen)


def _gone(system: System, record_id: str, draft: Draft) -> str:
    for link in draft.linked:
        if any((member.system, member.id) == (system, record_id) for member in link.members):
            return f"{system} {record_id} is linked already, in “{link.label}” ({link.id})"
    return f"{system} holds no unlinked record {short(record_id)} in this group"


def _line_of(node: Node, error: ReviewError, line: int) -> int:
    """Find the line of the key that an answer is wrong in."""
    for key in error.key.split(".")[1:]:
        if node.pairs is None or key not in node.pairs:
            break
        line, node = node.pairs[key]
    return line


def _question(stray: Stray, draft: Draft) -> Question:
    """Put the record as the question that the decision answers."""
    view = View(
        draft.group.id,
        (),
        (),
        {(name, "plan"): draft.surfaces[name, "plan"] for name in (*draft.targets(stray), stray.system)},
    )
    asked = question(view, stray, draft.suggestions().get((stray.system, stray.id), ()), "")
    return Question(f"{stray.system} {stray.id}", 1, "open", asked, 0.0)


def _records(draft: Draft) -> dict[System, dict[str, str]]:
    """Give the records that a decision may name."""
    records: dict[System, dict[str, str]] = {}
    for link in draft.linked:
        for member in link.members:
            records.setdefault(member.system, {})[member.id] = link.label
    for stray in draft.strays.values():
        records.setdefault(stray.system, {})[stray.id] = stray.label
    return records
