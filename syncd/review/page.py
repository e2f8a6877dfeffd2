"""Pages: which file a question stands in, and the text of that file.

Takes questions, gives text. A page is written by line and never by a YAML library, so that the lines a person fills in
are known, comments stand where they help, and the same questions always give the same bytes. Its last lines are a mark
(which page this is, and a digest of its text without what a person fills in) and `# end`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import TypeAlias

from syncd.reconcile.types import Proposal
from syncd.review.answers import answer_text, choices
from syncd.review.words import Names, day, how_to, moment, question_of
from syncd.store.rows import Question
from syncd.text.show import escaped
from syncd.text.yaml import Plain, flow, quoted, word

SCHEMA = "review.schema.json"
END = "# end"
MOST_QUESTIONS = 300
"""A page shows so many; a group of thousands of unlinked records fills the page again as they are answered."""
_MOST_ROWS = 60

# -- which page -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class PageKey:
    """A page: the questions of one link, of one guard, or of the records of a group that are in no link."""

    scope: str
    what: str
    of: str = ""

    @property
    def mark(self) -> str:
        """Give a short id, the same for ever."""
        return _short(self.scope, self.what, self.of)

    def folder(self, names: Names) -> str:
        """Name the folder of the group."""
        return f"{slug(names.group(self.scope))}-{_short(self.scope)}"

    def file(self, label: str) -> str:
        """Name the file; only characters that every file system and mail program takes."""
        if self.what == "unlinked":
            return "unlinked.yaml"
        if self.what == "guard":
            name = slug(self.of)
            return f"guard-{name}.yaml" if name == self.of else f"guard-{name}-{self.mark}.yaml"
        return f"{slug(label)}-{self.mark}.yaml"


def page_of(question: Question) -> PageKey:
    """Tell on which page a question stands."""
    proposal = question.proposal
    if proposal.kind == "guard":
        return PageKey(proposal.scope, "guard", proposal.name)
    if proposal.link:
        return PageKey(proposal.scope, "link", proposal.link)
    return PageKey(proposal.scope, "unlinked")


def folder_mark(scope: str) -> str:
    """Give the end of the name of a group's folder, which stays when the group gets another name."""
    return f"-{_short(scope)}"


def slug(text: str) -> str:
    """Give a readable file name: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:48].strip("-") or "x"


def _short(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


# -- what a person fills in -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """The text behind `decision:`, `note:` and `by:` of one question, exactly as it stands in the file."""

    decision: str = ""
    note: str = ""
    by: str = ""

    def __bool__(self) -> bool:
        return bool(self.decision or self.note or self.by)


NOTHING = Typed()
_FIELD = re.compile(r"^  (decision|note|by):(.*)$", re.MULTILINE)
_ITEM = re.compile(r'^- id: "([^"]*)"$|^  (decision|note|by):(.*)$', re.MULTILINE)
_MARK = re.compile(r"^# ([0-9a-f]{8}) ([0-9a-f]{16}) .*\n?", re.MULTILINE)
_MARK_SAYS = "is syncd's own mark; leave it"


def normal(text: str) -> str:
    """Give a text without what editors change by themselves: line ends, blanks at line ends, a byte-order mark."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def mark_of(text: str) -> str | None:
    """Tell which page a normal text is, by its mark."""
    found = _MARK.search(text)
    return found[1] if found else None


def only_filled_in(text: str) -> bool:
    """Tell whether nothing but `decision:`, `note:` and `by:` of a normal text was touched since it was written."""
    found = _MARK.search(text)
    return found is not None and found[2] == _digest(_MARK.sub("", text))


def typed_in(text: str) -> dict[str, Typed]:
    """Give what stands behind the three keys, by question; right for texts that are `only_filled_in`."""
    typed: dict[str, Typed] = {}
    id_, said = "", dict[str, str]()
    for found in _ITEM.finditer(text):
        if found[1] is not None:
            id_, said = found[1], {}
            typed[id_] = NOTHING
        elif id_:
            said[found[2]] = found[3].strip()
            typed[id_] = Typed(**said)
    return typed


def is_whole(text: str) -> bool:
    """Tell whether a text was saved to its end."""
    return text.rstrip().rpartition("\n")[2].strip() == END


def _digest(text: str) -> str:
    return blake2b(_FIELD.sub(r"  \1:", text).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# -- the text ---------------------------------------------------------------------------------------------------------

Entry: TypeAlias = tuple[Question, Typed]


def render(key: PageKey, entries: Sequence[Entry], names: Names, notice: Sequence[str] = ()) -> str:
    """Write a page of open questions."""
    shown = [entry for place, entry in enumerate(entries) if place < MOST_QUESTIONS or entry[1]]
    proposals = [question.proposal for question, _ in shown]
    count = "One open question" if len(shown) == 1 else f"{len(shown)} open questions"
    head = [
        f"# yaml-language-server: $schema=../../{SCHEMA}",
        "#",
        *_comment(_title(key, proposals, names)),
        *_comment(
            f"{count} that no rule decides. What is asked about stays as it is in every system until you answer."
        ),
        *(line for said in notice for line in _comment(said)),
        "#",
        *(line for said in how_to(proposals) for line in _comment(said)),
    ]
    left = len(entries) - len(shown)
    tail = _comment(f"{left} more follow when these are answered; `syncd review list` shows all.") if left else []
    lines = [*head, *(line for entry in shown for line in ("", *_item(*entry, names))), "", *tail]
    return _closed(key, lines)


def render_done(key: PageKey, entries: Sequence[Entry], names: Names, now: float) -> str:
    """Write the record of questions that are open no more, with what was decided."""
    proposals = [question.proposal for question, _ in entries]
    lines = [
        *_comment(_title(key, proposals, names)),
        *_comment(f"Closed by {day(now)}. This is a record; syncd does not read it."),
    ]
    for question, typed in entries:
        lines += ["", *_item(question, typed, names), *(f"  # {escaped(line)}" for line in outcome(question))]
    return "\n".join([*lines, "", END, ""])


def item_text(question: Question, names: Names) -> str:
    """Write one question as it stands in its file, for the command line."""
    return "\n".join([*_item(question, NOTHING, names), ""])


def outcome(question: Question) -> list[str]:
    """Say what became of a question that is open no more."""
    decided = question.decided
    if decided is None:
        when = f" on {moment(question.closed_at)}" if question.closed_at is not None else ""
        return [f"closed without an answer{when}: its cause is gone"]
    by = f" by {_one_line(decided.by)}" if decided.by else ""
    said = {"used": " and carried out", "ignored": "; it comes back when a value moves"}.get(question.status, "")
    return [f"decided{by}: {_one_line(answer_text(decided))}{said}"]


def _closed(key: PageKey, lines: list[str]) -> str:
    text = normal("\n".join(lines) + f"\n{END}\n")
    return text.removesuffix(f"{END}\n") + f"# {key.mark} {_digest(text)} {_MARK_SAYS}\n{END}\n"


def _title(key: PageKey, proposals: Sequence[Proposal], names: Names) -> str:
    group = names.group(key.scope)
    if key.what == "unlinked":
        return f"{group}: records that are in no link"
    if key.what == "guard":
        return f"{group}: stopped by the guard {key.of}"
    label = next((proposal.label for proposal in proposals if proposal.label), key.of)
    return label if label == group else f"{group}: {label}"


def _item(question: Question, typed: Typed, names: Names) -> list[str]:
    proposal = question.proposal
    lines = [
        f"- id: {quoted(question.id)}",
        f"  asked: {quoted(proposal.digest)}",
        f"  kind: {word(proposal.kind)}",
        f"  question: {quoted(question_of(proposal, names.kind(proposal)))}",
        f"  field: {quoted(proposal.name)}",
        f"  since: {quoted(day(question.opened_at))}",
    ]
    lines += _members(proposal)
    lines += [f"  rule: {quoted(proposal.rule)}", f"  why: {quoted(proposal.why)}"]
    if proposal.evidence:
        lines += ["  evidence:", *(f"    - {quoted(said)}" for said in proposal.evidence)]
    lines += ["  answers:", *(f"    - {_choice(typed)}: {quoted(effect)}" for typed, effect in choices(proposal))]
    if not proposal.offers:
        lines[-1] = "  answers: []"
    lines += [f"  # {line}" for line in _previous(question)]
    answer = [_filled("decision", typed.decision), _filled("note", typed.note), _filled("by", typed.by)]
    return [*map(escaped, lines), *answer]


def _previous(question: Question) -> list[str]:
    if not question.previous:
        return []
    if question.proposal.given_back:
        return [
            f"This was answered before, and it could not be carried out: {_one_line(question.proposal.given_back)}.",
            f"  The answer was: {_one_line(question.previous)}",
        ]
    return [
        "This was answered before, but what it is about has changed since, so the answer was not used. It was:",
        f"  {_one_line(question.previous)}",
        "If it still holds, please give it again.",
    ]


def _filled(name: str, text: str) -> str:
    return f"  {name}: {text}" if text else f"  {name}:"


def _choice(typed: str) -> str:
    """Write an answer as a key; with quotes in it, it is easier on the eye between single ones."""
    plain = typed.isprintable() and "'" not in typed
    return f"'{typed}'" if plain and '"' in typed else word(typed)


# -- members ----------------------------------------------------------------------------------------------------------


def _members(proposal: Proposal) -> list[str]:
    """One row for each system; a table of cells gets a row for each cell, because people compare cells."""
    if not proposal.members:
        return []
    rows = []
    for system, said in proposal.members.items():
        row: dict[str, Plain] = {"system": system, "record": str(said.get("id", ""))}
        row |= {key: str(value) for key, value in said.items() if key not in ("id", "values", "bases")}
        rows.append(row)
    lines = ["  members:", *(f"    - {row}" for row in _aligned(rows))]
    cells = _cells(proposal)
    if not cells:
        return lines
    lines += ["  cells:", *(f"    - {row}" for row in _aligned(cells[:_MOST_ROWS]))]
    left = len(cells) - _MOST_ROWS
    return [*lines, f"    # and {left} more: `syncd review show`"] if left > 0 else lines


def _cells(proposal: Proposal) -> list[dict[str, Plain]]:
    """Give a row for each cell: what each system holds and, once when all agree on it, what it was. Cells that the
    systems hold differently or that were changed come first: they are what is decided about."""
    values = {system: _texts(said.get("values")) for system, said in proposal.members.items()}
    bases = {system: _texts(said.get("bases")) for system, said in proposal.members.items()}
    rows: list[tuple[bool, dict[str, Plain]]] = []
    for cell in dict.fromkeys(cell for table in values.values() for cell in table):
        row: dict[str, Plain] = {"cell": cell}
        row |= {system: table.get(cell, "") for system, table in values.items() if table}
        was = {system: table[cell] for system, table in bases.items() if cell in table}
        if len(set(was.values())) == 1:
            row["base"] = next(iter(was.values()))
        else:
            row |= {f"base of {system}": text for system, text in was.items()}
        held = {table[cell] for table in values.values() if cell in table}
        rows.append((len(held | set(was.values())) == 1, row))
    return [row for _, row in sorted(rows, key=itemgetter(0))]


def _texts(said: object) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}


def _aligned(rows: Sequence[Mapping[str, Plain]]) -> list[str]:
    """Write mappings on one line each, with their keys below each other as far as they are the same."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    parts = [{key: f"{word(key)}: {_cell(key, row[key])}" for key in keys if key in row} for row in rows]
    widths = {key: min(max(len(part[key]) for part in parts if key in part), 48) for key in keys}
    lines = []
    for part in parts:
        last = list(part)[-1]
        said = [text if key == last else f"{text},".ljust(widths[key] + 1) for key, text in part.items()]
        lines.append("{" + " ".join(said) + "}")
    return lines


def _cell(key: str, value: Plain) -> str:
    return quoted(value) if isinstance(value, str) and key != "system" else flow(value)


def _comment(text: str) -> list[str]:
    return [f"# {_one_line(text)}".rstrip()]


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
