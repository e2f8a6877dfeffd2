"""Answers: what a person wrote, read as a decision about one question.

Takes a `Question` and the text or mapping that somebody typed in a review file, on the command line or in a scenario
table; gives a `Decided`, or raises a `ReviewError` that names what was seen, what was expected and the nearest valid
word. Never reads or writes anything.

A plain word is one of the answers that the question offers. A mapping says more:
`{value: X}`, `{cells: {CELL: X or SYSTEM}}`, `{end: ID}`, `{record: ID}`,
`{copy: SYSTEM, origination: renewal, prior: ID, follow: false}`,
`{link: {SYSTEM: ID}, sources: {SECTION: SYSTEM or ask}, evidence: none}`.
What more it says is kept in `Decided.options`: `record.<system>` (the records to link or to end), `source.<section>`,
`from`, `blanks`, `evidence` (`none`: linked though nothing speaks for it), `to` (systems to copy to, with commas
between), `follow`, `origination`, `prior`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syncd.model.fields import field_of, type_of, value_from_text
from syncd.model.paths import SECTIONS
from syncd.model.records import Kind
from syncd.model.shown import shown
from syncd.model.values import EMPTY, NOT_APPLICABLE, Unparsed, Value
from syncd.model.values_text import format_value
from syncd.reconcile.strays import partner_of
from syncd.reconcile.types import Decided, Proposal, System
from syncd.review.errors import ReviewError, listed
from syncd.review.tables import cells_of, contested, is_table
from syncd.store.rows import Question
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import YamlTextError, flow, quoted, read

Answer: TypeAlias = str | Mapping[str, Any]
Records: TypeAlias = Mapping[System, Mapping[str, str]]
"""Records that a plan can be linked with: system -> record id -> label."""

ASK = "ask"
_WITH = {
    "value": (),
    "link": ("sources", "from", "blanks", "evidence"),
    "copy": ("origination", "prior", "follow", "sources"),
    "end": (),
    "cells": (),
    "record": (),
}
"""What a mapping may say beside each of its main keys."""


def decision_from_text(
    question: Question,
    answer: Answer,
    *,
    kind: Kind = "plan",
    records: Records | None = None,
    trusted: bool = False,
    by: str = "",
    note: str = "",
) -> Decided:
    """Read an answer. `kind` is the kind of record asked about; `records`, when given, are those that `link` may name;
    `trusted` (scenario tables) takes `end`, `link` and `copy` without the ids and systems that a person must type."""
    reader = _Reader(question, kind, records, trusted)
    reading = reader.read(answer)
    proposal = question.proposal
    return Decided(
        id=question.id,
        kind=proposal.kind,
        link=proposal.link,
        name=proposal.name,
        digest=proposal.digest,
        choice=reading.choice,
        value=reading.value,
        options=reading.options,
        by=by.strip(),
        note=note.strip(),
        # An approval lets through what the question showed, and nothing that came later.
        ceiling=frozenset(proposal.ceiling),
    )


def answer_text(decided: Decided) -> str:
    """Write a decision the way a person would have typed it."""
    options, choice = decided.options, decided.choice
    records = {key.removeprefix("record."): value for key, value in options.items() if key.startswith("record.")}
    sources = {key.removeprefix("source."): value for key, value in options.items() if key.startswith("source.")}
    if choice == "value":
        return "{value: " + quoted(value_text(decided.value, decided.name)) + "}"
    if choice == "cells":
        named = {key.removeprefix("cell."): said for key, said in options.items() if key.startswith("cell.")}
        return flow({"cells": dict(named)})
    if choice == "end" and records:
        ids = [quoted(each) for each in records.values()]
        return "{end: " + (ids[0] if len(ids) == 1 else "[" + ", ".join(ids) + "]") + "}"
    if choice == "record" and records:
        return (
            "{record: "
            + (quoted(next(iter(records.values()))) if len(records) == 1 else flow(dict[str, Any](records)))
            + "}"
        )
    if choice == "link" and records:
        said: dict[str, Any] = {"link": records, "sources": sources}
        said |= {key: options[key] for key in ("from", "blanks", "evidence") if key in options}
        return flow(said)
    if choice == "copy" and options:
        to = options.get("to", "").split(",")
        said = {"copy": to[0] if len(to) == 1 else to}
        said |= {key: options[key] for key in ("origination", "prior") if key in options}
        said |= {"follow": "false"} if options.get("follow") == "false" else {}
        return flow(said | ({"sources": sources} if sources else {})).replace('"false"', "false")
    return choice


def value_text(value: Value | None, path: str = "") -> str:
    """Write a value of a field for people."""
    return "" if value is None else shown(path, value)


def choices(proposal: Proposal) -> list[tuple[str, str]]:
    """Give the answers that a proposal offers, as a person types them, each with its effect."""
    suggested = iter(suggestions(proposal))
    found = [(_form(proposal.kind, offer.choice, suggested), offer.effect) for offer in proposal.offers]
    if not is_table(proposal):
        return found
    form = "{cells: {" + ", ".join(f"{cell}: X or SYSTEM" for cell in contested(proposal)[:2]) + "}}"
    return [*found[:-1], (form, "put the table together, cell by cell; name each that differs"), *found[-1:]]


def _form(kind: str, choice: str, suggested: Iterator[tuple[System, str]]) -> str:
    head, _, tail = (part.strip() for part in choice.partition(":"))
    if head == "value":
        return "{value: X}"
    if head in ("end", "record"):
        return f"{{{head}: ID}}"
    if head == "link" and kind == "link-plans":
        system, id_ = next(suggested, ("SYSTEM", ""))
        return f"{{link: {{{system}: {quoted(id_) if id_ else 'ID'}}}}}"
    return f"{{{head}: {tail}}}" if tail else choice


def suggestions(proposal: Proposal) -> list[tuple[System, str]]:
    """Find the records that the evidence names, as in `crm 4711: 87%, same carrier`, in the order of the offers."""
    words = [line.partition(":")[0].split(" ") for line in proposal.evidence if proposal.kind == "link-plans"]
    return [(pair[0], pair[1]) for pair in words if len(pair) == 2]  # noqa: PLR2004 - system and id


@dataclass(frozen=True, slots=True)
class _Reading:
    choice: str
    value: Value | None = None
    options: Mapping[str, str] = field(default_factory=dict)


class _Reader:
    """Reads the answers to one question."""

    def __init__(self, question: Question, kind: Kind, records: Records | None, trusted: bool) -> None:  # noqa: FBT001
        self._question, self._proposal = question, question.proposal
        self._kind, self._records, self._trusted = kind, records, trusted
        offered = [offer.choice for offer in self._proposal.offers]
        self._heads = list(dict.fromkeys(choice.partition(":")[0].strip() for choice in offered))
        self._copies = [choice.partition(":")[2].strip() for choice in offered if choice.startswith("copy:")]

    # -- which of the forms it is -------------------------------------------------------------------------------------

    def read(self, answer: Answer) -> _Reading:
        """Read a plain word or a mapping."""
        if isinstance(answer, Mapping):
            return self._mapping(answer)
        text = answer.strip().strip(_QUOTES).strip()
        if not text:
            raise self._error("there is no answer")
        if self._head(text) is None and (":" in text or text.startswith("{")):
            said = self._parsed(answer)
            if isinstance(said, dict):
                return self._mapping(said)
        return self._word(text)

    def _parsed(self, text: str) -> object:
        try:
            node = read(text, mend=True)
        except YamlTextError as error:
            raise self._error(f"{_short(text)} cannot be read: {error.message}") from error
        return None if node is None else node.plain()

    def _word(self, text: str) -> _Reading:
        head = self._head(text)
        if head is None:
            raise self._unknown(text)
        if head == "value":
            raise self._error("the value itself is missing", 'Write it behind the word: {value: "512.40"}.', "value")
        if head == "end" and not self._trusted:
            raise self._error(
                "ending a record must be confirmed with its id",
                f"Write {{end: {'RECORD_ID' if len(self._live()) < 2 else '[ID, ID]'}}}; "  # noqa: PLR2004 - one or more
                f"{_stand(self._live())}.",
                "end",
            )
        if head == "record":
            raise self._error("say which record it is", "Write {record: ID}.", "record")
        pair = partner_of(self._proposal)
        if head == "link" and pair is not None:
            return self._link({"link": {pair[0]: pair[1]}})
        if head == "link" and self._proposal.kind == "link-plans" and not self._trusted:
            system, id_ = next(iter(suggestions(self._proposal)), ("SYSTEM", "RECORD_ID"))
            raise self._error(
                "say which record it is linked with", f"For example {{link: {{{system}: {quoted(id_)}}}}}.", "link"
            )
        if head == "copy":
            return self._copy({"copy": None})
        return _Reading(head)

    def _head(self, text: str) -> str | None:
        """Find the offered word; capitals do not matter."""
        exact = [head for head in self._heads if head == text]
        found = exact or [head for head in self._heads if head.casefold() == text.casefold()]
        return found[0] if len(found) == 1 else None

    def _unknown(self, text: str) -> ReviewError:
        if "value" not in self._heads:
            return self._error(f"{_short(text)} is not an answer to this question{did_you_mean(text, self._heads)}")
        for system, said in self._proposal.members.items():
            if said.get("value") == text and system in self._heads:
                return self._error(f"{_short(text)} is what {system} holds: to choose it, write {system}")
        meant = did_you_mean(text, [head for head in self._heads if head != "value"])
        if not meant and not isinstance(value_from_text(self._proposal.name, text, self._kind), Unparsed):
            meant = f"; did you mean {{value: {quoted(text)}}}?"
        return self._error(f"{_short(text)} is not an answer to this question{meant}")

    def _mapping(self, said: Mapping[str, Any]) -> _Reading:
        main = [key for key in said if key in _WITH]
        if len(main) > 1:
            raise self._error(f"{main[0]} and {main[1]} are two answers; give one", key=main[1])
        if not main:
            wrong = next(iter(said), "")
            raise self._error(
                f'"{wrong}" is not an answer to this question{did_you_mean(wrong, (*_WITH, *self._heads))}'
            )
        if main[0] == "value" and len(said) > 1 and all(said[key] is None for key in said if key != "value"):
            whole = ",".join([str(said["value"]), *(key for key in said if key != "value")])
            raise self._error(
                "the comma parts the value in two", f"Put it in quotes: {{value: {quoted(whole)}}}.", "value"
            )
        for key in said:
            if key != main[0] and key not in _WITH[main[0]]:
                known = _WITH[main[0]]
                beside = f"; beside {main[0]} there can be {listed(known)}" if known else ""
                raise self._error(f'"{key}" is not known here{did_you_mean(key, known) or beside}', key=key)
        if main[0] not in self._heads and not (main[0] == "cells" and is_table(self._proposal)):
            raise self._unknown(main[0])
        readers = {
            "value": self._value,
            "cells": self._cells,
            "link": self._link,
            "copy": self._copy,
            "end": self._end,
            "record": self._made,
        }
        return readers[main[0]](said)

    # -- {value: X} ---------------------------------------------------------------------------------------------------

    def _value(self, said: Mapping[str, Any]) -> _Reading:
        text = said["value"]
        if isinstance(text, (Mapping, list)):
            raise self._error("a value is one text, number or date", key="value")
        if text is None and not self._trusted:
            raise self._error(
                "the value itself is missing", 'Write it behind the word; {value: ""} clears the field.', "value"
            )
        path = self._proposal.name
        if isinstance(text, str) and text.strip() in _ABSENT:
            return _Reading("value", _ABSENT[text.strip()])
        value = value_from_text(path, text, self._kind)
        if isinstance(value, Unparsed):
            expected = _EXPECTED.get(type_of(path, self._kind), "a value")
            raise self._error(f"{_short(value.raw)} does not fit {path}", f"This field holds {expected}.", "value")
        self._check_code(path, value)
        return _Reading("value", value)

    # -- {cells: {CELL: X or SYSTEM}} ---------------------------------------------------------------------------------

    def _cells(self, said: Mapping[str, Any]) -> _Reading:
        named, known = said["cells"], cells_of(self._proposal)
        if not isinstance(named, Mapping) or not named:
            raise self._error("name the cells", "For example {cells: {ee: 512.40, es: crm}}.", "cells")
        options = {f"cell.{cell}": self._cell(cell, text, known) for cell, text in named.items()}
        left = [cell for cell in contested(self._proposal) if cell not in named]
        if left:
            held = "; ".join(f"{cell}: {', '.join(f'{s} {v}' for s, v in known[cell].items())}" for cell in left)
            raise self._error(f"these cells differ and are not named: {', '.join(left)}", f"Held is {held}.", "cells")
        return _Reading("cells", options=options)

    def _cell(self, cell: str, said: object, known: Mapping[str, Mapping[System, str]]) -> str:
        """Read one cell: a system that has it, or a value that fits."""
        key, text = f"cells.{cell}", str(said).strip() if isinstance(said, (str, int)) else ""
        if cell not in known:
            raise self._error(f'"{cell}" is not a cell of {self._proposal.name}{did_you_mean(cell, known)}', key=key)
        system = next((one for one in self._proposal.members if one.casefold() == text.casefold()), None)
        if system is not None:
            if system not in known[cell]:
                raise self._error(f"{system} has no cell {cell}", key=key)
            return system
        value = value_from_text(f"{self._proposal.name}.{cell}", text, self._kind)
        if not text or isinstance(value, Unparsed):
            told = f"{_short(text)} does not fit {cell}" if text else f"the value of {cell} is missing"
            raise self._error(told, "Write an amount, or the system whose value counts.", key)
        return text

    def _check_code(self, path: str, value: Value) -> None:
        """Refuse what is not in a closed list, unless a system holds it already."""
        known = field_of(path, self._kind)
        if known is None or not known.codes or not isinstance(value, str) or value in known.codes:
            return
        if any(said.get("value") == value for said in self._proposal.members.values()):
            return
        meant = did_you_mean(value, known.codes)
        raise self._error(
            f"{_short(value)} is not a word of {path}{meant}",
            f"This field holds one of: {listed(known.codes)}.",
            "value",
        )

    # -- {link: {SYSTEM: ID}, ...} ------------------------------------------------------------------------------------

    def _link(self, said: Mapping[str, Any]) -> _Reading:
        named = said["link"]
        if not isinstance(named, Mapping) or not named:
            raise self._error("say which record it is linked with", 'For example {link: {crm: "4711"}}.', "link")
        options = {}
        for system, id_ in named.items():
            self._check_system(system, f"link.{system}")
            options[f"record.{system}"] = self._record(system, id_)
        partners = tuple(dict.fromkeys((*self._own(), *named)))
        if len(partners) < 2:  # noqa: PLR2004 - a link has two ends
            raise self._error(f"this record is the one of {partners[0]}; name one of another system", key="link")
        options |= self._sources(said.get("sources"), partners)
        if said.get("from") is not None:
            options["from"] = self._one_of(said["from"], partners, "from")
        if said.get("blanks") is not None:
            options["blanks"] = self._one_of(said["blanks"], ("keep", "overwrite"), "blanks")
        if said.get("evidence") is not None:
            options["evidence"] = self._one_of(said["evidence"], ("none",), "evidence")
        return _Reading("link", options=options)

    def _check_system(self, system: str, key: str) -> None:
        known = {*self._proposal.members, *self._copies, *(self._records or ())}
        if self._records is not None and system not in known:
            raise self._error(
                f'"{system}" is not a system{did_you_mean(system, known)}',
                f"The systems are {listed(sorted(known))}.",
                key,
            )

    def _own(self) -> dict[System, str]:
        """Give the records that are asked about; of a pair the first, for the second is one that may be named."""
        pair = partner_of(self._proposal)
        members = self._proposal.members.items()
        return {system: str(said.get("id", "")) for system, said in members if pair is None or system != pair[0]}

    def _record(self, system: str, id_: object) -> str:
        key = f"link.{system}"
        if not isinstance(id_, (str, int)) or not str(id_).strip():
            raise self._error(f"the id of the record in {system} is missing", key=key)
        text = str(id_).strip()
        own = self._own().get(system)
        if own is not None and text != own:
            raise self._error(
                f"the record asked about is {own} of {system}; {text} is another one of {system}", key=key
            )
        known = (self._records or {}).get(system, {})
        if self._records is not None and own is None and text not in known:
            seen = f"{system} holds no record {text} of this group that it can be linked with"
            raise self._error(f"{seen}{did_you_mean(text, known)}", _some(system, known), key)
        return text

    def _sources(self, said: object, partners: Sequence[System]) -> dict[str, str]:
        """Read the source of truth of each section; what is left out is asked about."""
        if said is None:
            return {f"source.{section}": ASK for section in SECTIONS}
        if isinstance(said, str):
            said = dict.fromkeys(SECTIONS, said)
        if not isinstance(said, Mapping):
            raise self._error("name a system, or a system for each section", _SOURCES, "sources")
        sources = dict.fromkeys(SECTIONS, ASK)
        for section, system in said.items():
            if section not in SECTIONS:
                raise self._error(
                    f'"{section}" is not a section{did_you_mean(section, SECTIONS)}', _SOURCES, f"sources.{section}"
                )
            sources[section] = self._one_of(system, (*partners, ASK), f"sources.{section}")
        return {f"source.{section}": system for section, system in sources.items()}

    def _one_of(self, said: object, known: Sequence[str], key: str) -> str:
        text = str(said).strip() if isinstance(said, (str, int)) else ""
        found = [word for word in known if word.casefold() == text.casefold()]
        if not found:
            raise self._error(
                f"{_short(text)} cannot stand here{did_you_mean(text, known)}", f"One of: {listed(known)}.", key
            )
        return found[0]

    # -- {copy: SYSTEM, follow: false} --------------------------------------------------------------------------------

    def _copy(self, said: Mapping[str, Any]) -> _Reading:
        named = said["copy"]
        if named is None and len(self._copies) != 1 and not self._trusted:
            first = self._copies[0] if self._copies else "SYSTEM"
            hint = f"Write {{copy: {first}}}, or another of {listed(self._copies)}."
            raise self._error("say which system gets the copy", hint, "copy")
        wanted = self._copies if named is None else named if isinstance(named, list) else [named]
        to = [self._one_of(each, self._copies, "copy") if self._copies else str(each) for each in wanted]
        follow = said.get("follow")
        options = {"to": ",".join(to), "follow": "true", **self._second(to)}
        if follow is not None:
            word = "true" if follow is True else "false" if follow is False else str(follow)
            yes = self._one_of(word, ("true", "false", "yes", "no"), "follow")
            options["follow"] = "true" if yes in ("true", "yes") else "false"
        for key in ("origination", "prior"):
            if said.get(key) is not None:
                options[key] = self._plain(said[key], key)
        if said.get("sources") is not None:
            options |= self._sources(said["sources"], (*self._proposal.members, *to))
        return _Reading("copy", options=options)

    def _second(self, to: Sequence[System]) -> dict[str, str]:
        """Name the second record of a pair where that is the one to copy: into the system that has the first."""
        pair = partner_of(self._proposal)
        if pair is None or self._proposal.name.partition(":")[0] not in to:
            return {}
        if pair[0] in to:
            raise self._error("both systems have a record of their own already", "Name one of them.", "copy")
        return {f"record.{pair[0]}": pair[1]}

    def _plain(self, said: object, key: str) -> str:
        if not isinstance(said, str | int) or isinstance(said, bool) or not str(said).strip():
            raise self._error("expected one word or id", f'For example {{copy: …, {key}: "{_ONE[key]}"}}.', key)
        return str(said).strip()

    # -- {record: ID} -------------------------------------------------------------------------------------------------

    def _made(self, said: Mapping[str, Any]) -> _Reading:
        """Take the id of the record that a person made, by system where several are awaited."""
        named, awaited = said["record"], self._awaited()
        if not isinstance(named, Mapping):
            if len(awaited) != 1:
                hint = f"Write {{record: {{{awaited[0] if awaited else 'SYSTEM'}: ID}}}}."
                raise self._error("say of which system the record is", hint, "record")
            named = {awaited[0]: named}
        return _Reading("record", options={f"record.{one}": self._unlinked(one, id_) for one, id_ in named.items()})

    def _awaited(self) -> list[System]:
        """Name the systems in which a record is awaited."""
        if self._proposal.kind == "hand-off":
            return [self._proposal.name.partition(":")[0]]
        told = self._proposal.members.items()
        return [system for system, said in told if said.get("value") in ("missing", "unknown")]

    def _unlinked(self, system: System, id_: object) -> str:
        awaited, text = self._awaited(), str(id_).strip() if isinstance(id_, (str, int)) else ""
        if system not in awaited:
            raise self._error(f"no record of {system} is awaited here", f"It is one of {listed(awaited)}.", "record")
        known = (self._records or {}).get(system, {})
        if not text or (self._records is not None and text not in known):
            seen = f"{system} holds no unlinked record {text or 'without an id'} of this group"
            hint = _some(system, known) if known else "Run `syncd sync`, so that syncd sees it, then answer again."
            raise self._error(f"{seen}{did_you_mean(text, known)}", hint, "record")
        return text

    # -- {end: RECORD_ID} ---------------------------------------------------------------------------------------------

    def _end(self, said: Mapping[str, Any]) -> _Reading:
        """Take the ids of all records that would be ended: a decision names every record it ends."""
        typed = said["end"]
        ids = [str(each).strip() for each in (typed if isinstance(typed, list) else str(typed or "").split(","))]
        live = self._live()
        for id_ in ids:
            if id_ not in live.values():
                meant = did_you_mean(id_, live.values())
                raise self._error(
                    f"{_short(id_)} is not the id of a record that would be ended{meant}",
                    f"{_stand(live)}.".capitalize(),
                    "end",
                )
        left = [f"{id_} of {system}" for system, id_ in live.items() if id_ not in ids]
        if left:
            raise self._error(f"this would end {listed(left)} too; type every id", "Write {end: [ID, ID]}.", "end")
        return _Reading("end", options={f"record.{system}": id_ for system, id_ in live.items()})

    def _live(self) -> dict[System, str]:
        """Give the records that are still there, by system."""
        members = self._proposal.members.items()
        return {system: str(said.get("id", "")) for system, said in members if said.get("value") != "missing"}

    # -- what is said when it does not fit ----------------------------------------------------------------------------

    def _error(self, message: str, hint: str = "", key: str = "") -> ReviewError:
        answers = f"The answers are: {listed(tuple(dict.fromkeys(typed for typed, _ in choices(self._proposal))))}."
        path = f"decision.{key}" if key else "decision"
        return ReviewError(message, hint=hint or answers, key=path, question=self._question.id)


# What is shown of an absent value can be typed back.
_ABSENT: Mapping[str, Value] = {
    "": EMPTY,
    format_value(EMPTY): EMPTY,
    "!na": NOT_APPLICABLE,
    format_value(NOT_APPLICABLE): NOT_APPLICABLE,
}
_EXPECTED = {
    "money": "an amount, as 512.40",
    "decimal": "a number, as 1.25",
    "percent": "a percentage, as 20 or 20%",
    "integer": "a whole number, as 30",
    "date": "a date as year-month-day, as 2026-01-31",
    "flag": "yes or no",
    "cost_share": "a cost share, as $25 copay or 20% coinsurance after deductible",
}
_ONE = {"origination": "renewal", "prior": "88121"}
_QUOTES = "\"'`“”\u2018\u2019"
_SOURCES = f"The sections are {listed(SECTIONS)}; each names a system or ask."


def _short(text: object) -> str:
    said = str(text)
    return f'"{said[:60]}…"' if len(said) > 60 else f'"{said}"'  # noqa: PLR2004 - enough to find it again


def _stand(ids: Mapping[System, str]) -> str:
    """Say where the ids stand; they are not repeated, because typing them shows that the record was looked at."""
    return f"the id stands in the members row of {listed(tuple(ids))}" if ids else "no record is left to end"


def _some(system: System, known: Mapping[str, str]) -> str:
    shown = [f"{id_} ({label})" if label else id_ for id_, label in list(known.items())[:5]]
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""  # noqa: PLR2004 - a few help, many do not
    return (
        f"Records of {system} that can be linked: {listed(shown)}{more}."
        if shown
        else f"No record of {system} can be linked."
    )
