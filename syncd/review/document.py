"""Documents: a review file as a person left it, read into the answers it holds.

Takes bytes, gives entries with their lines, or errors. Nothing here knows the store or touches a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from syncd.review.errors import ReviewError, listed
from syncd.review.page import Typed
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import Node, YamlTextError, flow, read

MAX_BYTES = 2_000_000


# -- the shape, for editors -------------------------------------------------------------------------------------------


class Decision(BaseModel):
    """An answer that takes more than a word."""

    model_config = ConfigDict(extra="forbid")

    value: str | None = Field(default=None, description="A value of your own; every system gets it.")
    link: dict[str, str] | None = Field(
        default=None, description="The record of another system that is the same plan: {system: id}."
    )
    sources: dict[str, str] | str | None = Field(
        default=None,
        description="For each section the system whose values count now, or ask. One word stands for all sections.",
    )
    copy_: str | list[str] | None = Field(
        default=None, alias="copy", description="The system in which a counterpart is created."
    )
    follow: bool | None = Field(
        default=None, description="false: copy once and let the two part; true: keep both in step."
    )
    from_: str | None = Field(default=None, alias="from", description="The system that joins and whose values win.")
    blanks: str | None = Field(
        default=None, description="overwrite: blanks of the source erase, too; keep: they erase nothing."
    )
    end: str | list[str] | None = Field(
        default=None, description="The ids of the records that are ended; typing them confirms it."
    )


class Item(BaseModel):
    """One question of a review file. Fill in decision, note and by; leave the rest."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="The question's own id.")
    asked: str = Field(default="", description="Which state of the records the question shows.")
    kind: str = ""
    question: str = ""
    field: str = ""
    since: str = ""
    members: list[dict[str, str]] = Field(
        default=[], description="What each system holds (value) and last agreed on (base)."
    )
    cells: list[dict[str, str]] = []
    rule: str = Field(default="", description="The rule that could not decide.")
    why: str = ""
    evidence: list[str] = []
    answers: list[dict[str, str]] = Field(default=[], description="The answers to choose from, and what each would do.")
    decision: str | Decision | None = Field(default=None, description="Your answer: one of the answers above.")
    note: str | None = Field(default=None, description="Why.")
    by: str | None = Field(default=None, description="Your name.")


KEYS = tuple(Item.model_fields)


@cache
def schema() -> str:
    """Give the JSON schema that editors complete and check with, as text."""
    described = TypeAdapter(list[Item]).json_schema(by_alias=True) | {"title": "syncd review"}
    return json.dumps(described, indent=2) + "\n"


# -- what a person left -----------------------------------------------------------------------------------------------

Said: TypeAlias = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of a file. `decision` is None when there is none; `seen` is what the file shows of each system."""

    id: str
    asked: str
    line: int
    decision: Said | None
    decision_line: int
    note: str = ""
    by: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """Write the decision on one line."""
        if self.decision is None:
            return ""
        return self.decision if isinstance(self.decision, str) else flow(dict(self.decision))

    @property
    def choice(self) -> str:
        """Give the word that the decision begins with."""
        return self.answer if not isinstance(self.decision, Mapping) else next(iter(self.decision))

    def typed(self) -> Typed:
        """Give what was filled in, so that it stands on one line each and is read back the same."""
        return Typed(*(flow(said) if said else "" for said in (_plain(self.decision), self.note, self.by)))


def _plain(said: Said | None) -> Any:  # noqa: ANN401 - texts, lists and dicts
    return dict(said) if isinstance(said, Mapping) else said


def text_of(data: bytes) -> str:
    """Decode a file as the usual editors save it; raises ReviewError."""
    if len(data) > MAX_BYTES:
        raise ReviewError(
            f"the file has {len(data):,} bytes; {MAX_BYTES:,} are read at most",
            hint="Take out what you added, or delete the file: it is written anew at the next run.",
        )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReviewError(
            "a letter on this line cannot be read", hint='Save the file with the encoding "UTF-8".', line=line
        ) from error


def entries_of(text: str) -> tuple[list[Entry], list[ReviewError]]:
    """Read the questions of a normal text, and what is wrong with it."""
    try:
        root = read(text, mend=True)
    except YamlTextError as error:
        return [], [ReviewError(error.message, hint="Correct this line and save the file again.", line=error.line)]
    if root is None:
        return [], []
    if root.items is None:
        return [], [
            ReviewError(
                'the file is not a list of questions (lines beginning with "- id:")', hint=_ANEW, line=root.line
            )
        ]
    entries: dict[str, Entry] = {}
    errors: list[ReviewError] = []
    for item in root.items:
        try:
            entry = _entry(item)
            if entry.id in entries:
                first = entries[entry.id].line
                raise ReviewError(
                    f"this question stands here a second time (first on line {first})",
                    hint="Delete one of the two.",
                    question=entry.id,
                    key="id",
                    line=entry.line,
                )
            entries[entry.id] = entry
        except ReviewError as error:
            errors.append(error)
    return list(entries.values()), errors


_ANEW = "Undo that change, or delete the file: it is written anew at the next run."


def _entry(item: Node) -> Entry:
    pairs = item.pairs
    if pairs is None:
        raise ReviewError('a question begins with "- id:"', hint=_ANEW, line=item.line)
    id_ = _text(pairs, "id").strip()
    for key, (line, _) in pairs.items():
        if key not in KEYS:
            meant = did_you_mean(key, KEYS) or f"; what you fill in is {listed(('decision', 'note', 'by'))}"
            raise ReviewError(
                f'"{key}" is not a key of a question{meant}', hint=_ANEW, question=id_, key=key, line=line
            )
    if not id_:
        raise ReviewError("the question has no id", hint=_ANEW, key="id", line=item.line)
    decision_line, decision = pairs.get("decision", (item.line, Node(item.line)))
    return Entry(
        id_,
        _text(pairs, "asked").strip(),
        item.line,
        _decision(decision, id_, decision_line),
        decision_line,
        _text(pairs, "note"),
        _text(pairs, "by"),
        _seen(pairs["members"][1]) if "members" in pairs else {},
    )


def _decision(node: Node, id_: str, line: int) -> Said | None:
    if node.items is not None:
        raise ReviewError(
            "give one answer, not a list",
            hint="Write it without the dash or brackets.",
            question=id_,
            key="decision",
            line=line,
        )
    said = node.plain()
    if isinstance(said, dict):
        return said or None
    text = said.strip() if isinstance(said, str) else ""
    return text or None


def _text(pairs: Mapping[str, tuple[int, Node]], key: str) -> str:
    """Give a text as it was meant: what stands behind a # belongs to it."""
    line, node = pairs.get(key, (0, Node(0)))
    if node.items is not None or node.pairs is not None:
        raise ReviewError(f"what follows {key} must be text", hint='Put it in "quotes".', key=key, line=line)
    return ((node.text or "") + node.rest).strip()


def _seen(node: Node) -> dict[str, str]:
    """Tell what the file showed of each system; rows that a person changed beyond recognition are left out."""
    seen = {}
    for row in node.items or []:
        said = row.plain()
        if isinstance(said, dict) and isinstance(said.get("system"), str) and isinstance(said.get("value"), str):
            seen[str(said["system"])] = str(said["value"])
    return seen
