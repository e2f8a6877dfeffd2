"""The words of a review file: what is asked in one plain sentence, what a field is called, how to answer.

Takes questions, gives text for people who know benefits and not syncd. Never reads or writes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncd.model.fields import field_of
from syncd.model.paths import SetKey, parse
from syncd.model.records import Kind
from syncd.reconcile.questions import NEVER
from syncd.reconcile.strays import partner_of
from syncd.reconcile.types import Proposal
from syncd.review.answers import suggestions
from syncd.text.yaml import quoted


@dataclass(frozen=True, slots=True)
class Names:
    """What people call things: the group of each scope, and the kind of record of each link (a plan when not named)."""

    groups: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    def group(self, scope: str) -> str:
        """Name a scope: a group, or a whole system (`system:crm`)."""
        if scope in self.groups:
            return self.groups[scope]
        return scope.removeprefix("system:") if scope else "all groups"

    def kind(self, proposal: Proposal) -> Kind:
        """Tell the kind of the record that a proposal is about."""
        return self.kinds.get(proposal.link, "plan")


# -- fields -----------------------------------------------------------------------------------------------------------

_SETS = {"premium": "premium rates", "billing": "billing rates", "": "contributions"}


def field_title(path: str, kind: Kind = "plan") -> str:
    """Name a field or an atom: `Employee, premium rates from 2026-01-01`."""
    parsed = parse(path)
    known = field_of(path, kind)
    title = known.title if known is not None else ""
    if isinstance(parsed.key, SetKey):
        return ", ".join(filter(None, (title or parsed.field, _set_title(parsed.key))))
    if title and parsed.key:
        return f"{title} (summary {parsed.key})"
    return title or path


def _set_title(key: SetKey) -> str:
    cls = "" if key.cls in ("", "*") else f" of class {key.cls}"
    return f"{_SETS.get(key.kind, key.kind)}{cls} from {key.effective}"


# -- one sentence -----------------------------------------------------------------------------------------------------

_LONGEST = 60


def question_of(proposal: Proposal, kind: Kind = "plan") -> str:
    """Ask in one plain sentence."""
    ask = _ASK.get(proposal.kind)
    return ask(proposal, kind) if ask is not None else _sentence(proposal.why) or proposal.name


def _conflict(proposal: Proposal, kind: Kind) -> str:
    title = field_title(proposal.name, kind)
    if any("values" in said for said in proposal.members.values()):
        systems = _and(tuple(proposal.members))
        return f"{_upper(title)}: {systems} hold different tables. Whose table counts?"
    return f"{_upper(title)}: {_held(proposal)}. Which one is right?"


def _held(proposal: Proposal) -> str:
    said = [
        f"{system} says {told(member['value'])}" if member.get("value") else f"it is empty in {system}"
        for system, member in proposal.members.items()
    ]
    bases = {str(member["base"]) for member in proposal.members.values() if "base" in member} - {NEVER}
    was = f" (it was {told(bases.pop())})" if len(bases) == 1 else ""
    return f"{_and(said)}{was}"


def _renewal(proposal: Proposal, kind: Kind) -> str:
    return f"{_upper(field_title(proposal.name, kind))}: {_held(proposal)}. Is this a renewal, and which date is right?"


def _link_plans(proposal: Proposal, _kind: Kind) -> str:
    system, member = next(iter(proposal.members.items()), ("", {}))
    label = proposal.label or str(member.get("value", ""))
    pair = partner_of(proposal)
    if pair is not None:
        other = told(str(proposal.members[pair[0]].get("value", "")))
        first = f"{told(label)} of {system} (record {member.get('id', '')})"
        return (
            f"{first} and {other} of {pair[0]} (record {pair[1]}) are "
            "linked with nothing. Are they the same plan? Link them, copy one of them, or leave both alone?"
        )
    return (
        f"{told(label)} of {system} (record {member.get('id', '')}) is linked with nothing in another system. "
        "Link it, copy it, or leave it alone?"
    )


def _suggested(proposal: Proposal, _kind: Kind) -> str:
    records = [f"{system} {said.get('id', '')}" for system, said in proposal.members.items()]
    return f"{told(proposal.label)}: are {_and(records)} the same plan?"


def _missing(proposal: Proposal, _kind: Kind) -> str:
    gone = [system for system, said in proposal.members.items() if said.get("value") == "missing"]
    if not gone:
        return f"{told(proposal.label)}: {proposal.why.rstrip('.')}. What shall become of it?"
    return f"{told(proposal.label)} no longer exists in {_and(gone)}. What shall become of it?"


def _guard(proposal: Proposal, _kind: Kind) -> str:
    why = proposal.why.rstrip(".")
    if proposal.name == "identity-epoch":
        return f"syncd leaves {proposal.label} out for now: {why}. Are these the same records under new ids?"
    if proposal.scope.startswith("system:"):
        return f"syncd leaves {proposal.label} out for now: {why}. Is {proposal.label} right as it is?"
    return f"syncd stopped before writing: {why}. Shall it go on with what is listed here?"


def _hand_off(proposal: Proposal, kind: Kind) -> str:
    system, _, path = proposal.name.partition(":")
    what, why = field_title(path, kind) if path else told(proposal.label), proposal.why.rstrip(".")
    return f"Please enter {what} in {system} by hand, because syncd cannot: {why}. This closes itself when it is there."


def _hold(proposal: Proposal, kind: Kind) -> str:
    system, _, path = proposal.name.partition(":")
    if not path:
        return f"{told(proposal.label)} is held: {proposal.why.rstrip('.')}. Do these records still belong together?"
    return (
        f"{_upper(field_title(path, kind))} waits to be written to {system}: {proposal.why.rstrip('.')}. "
        "This closes itself when the hold ends."
    )


def _loss(proposal: Proposal, kind: Kind) -> str:
    _, _, path = proposal.name.partition(":")
    return f"{_upper(field_title(path, kind))}: {proposal.why.rstrip('.')}. Is that near enough?"


_ASK: Mapping[str, Callable[[Proposal, Kind], str]] = {
    "conflict": _conflict,
    "renewal": _renewal,
    "link-plans": _link_plans,
    "suggested-link": _suggested,
    "missing-record": _missing,
    "guard": _guard,
    "hand-off": _hand_off,
    "hold": _hold,
    "loss": _loss,
}


def told(value: object) -> str:
    """Show a value inside a sentence: short, and in quotes when it has blanks in it."""
    text = " ".join(str(value).split())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 1]}…"
    if not text:
        return "empty"
    return f"“{text}”" if " " in text and not text.startswith("(") else text


def _and(words: list[str] | tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:] if "." not in text.split(" ", maxsplit=1)[0] else text


def _sentence(text: str) -> str:
    return f"{_upper(text).rstrip('.')}." if text else ""


# -- how to answer ----------------------------------------------------------------------------------------------------


def how_to(questions: Sequence[Proposal]) -> tuple[str, ...]:
    """Tell how to answer, at the head of a file: only the forms that its questions can use, with their own words."""
    lines = [
        'Put one of the listed answers behind "decision:" and save the file. "note:" (why) and "by:" (your name) help',
        "those who read it later. Questions that you leave blank stay open; the others go on without them.",
    ]
    examples = [next(filter(None, map(form, questions)), ()) for form in _FORMS]
    if any(examples):
        lines += ["", *(line for example in examples for line in example), ""]
    return (
        *lines,
        "syncd reads the file at its next run and moves what is answered to review/done. If it cannot use an answer,",
        "it says why in a file of the same name that ends in .error.txt, and changes nothing.",
        'Leave the other lines as they are; "# end", the last one, shows that the file was saved whole.',
    )


def _form_choice(proposal: Proposal) -> tuple[str, ...]:
    if proposal.kind not in ("conflict", "renewal"):
        return ()
    system = next(iter(proposal.members), "crm")
    value = str(next(iter(proposal.members.values()), {}).get("value", ""))
    lines = [_example(f"decision: {system}", f"what {system} holds is right; the others get it")]
    if any(offer.choice.startswith("value") for offer in proposal.offers):
        example = value if value and len(value) <= _SHORT and not value.startswith("(") else "512.40"
        lines.append(_example(f"decision: {{value: {quoted(example)}}}", "a value of your own; all of them get it"))
    return tuple(lines)


def _form_link(proposal: Proposal) -> tuple[str, ...]:
    if proposal.kind != "link-plans":
        return ()
    own = next(iter(proposal.members), "crm")
    copies = [offer.choice.partition(":")[2].strip() for offer in proposal.offers if offer.choice.startswith("copy:")]
    other, id_ = next(iter(suggestions(proposal)), ((copies or ["quote"])[0], "4711"))
    return (
        _example("decision:", f"link it with a record of {other}; for each section name the system"),
        _example(f"  link: {{{other}: {quoted(id_)}}}", "whose values overwrite the other's now, or ask"),
        f"    sources: {{details: {own}, benefits: {own}, rates: {other}, contributions: ask, eligibility: ask}}",
        *(_example(f"decision: {{copy: {copy}}}", f"create it in {copy} and keep both in step") for copy in copies[:1]),
        *(
            _example(f"decision: {{copy: {copy}, follow: false}}", "create it there once, then let them part")
            for copy in copies[:1]
        ),
    )


def _form_end(proposal: Proposal) -> tuple[str, ...]:
    if proposal.kind != "missing-record" or not any(offer.choice == "end" for offer in proposal.offers):
        return ()
    return (_example("decision: {end: ID}", "end the record that is left; typing its id confirms it"),)


def _form_guard(proposal: Proposal) -> tuple[str, ...]:
    if proposal.kind != "guard":
        return ()
    return (_example("decision: approve", "go on, once; what goes beyond this page is asked again"),)


def _example(typed: str, means: str) -> str:
    return f"  {typed:<34}{'' if len(typed) < _COLUMN else '  '}{means}"


_SHORT, _COLUMN = 30, 34
_FORMS = (_form_choice, _form_link, _form_end, _form_guard)


def day(at: float) -> str:
    """Give the date of a moment."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def moment(at: float) -> str:
    """Give the date and time of a moment."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
