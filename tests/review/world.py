"""Questions as the merge asks them, and a folder and store to ask them in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from syncd.reconcile.types import Link, Member, Offer, Proposal
from syncd.review.files import ReviewFolder
from syncd.review.queue import collect_into, show_from
from syncd.review.words import Names
from syncd.store.rows import Question, Snapshot
from syncd.store.store import Store

NOW = 1_764_000_000.0
IGNORE = Offer("ignore", "leave the systems as they are until one of the values moves")


def question(kind: str = "conflict", name: str = "details.name", *, id_: str = "", **changes: object) -> Question:
    """Make an open question; `changes` go to the proposal where it has such a field, else to the question."""
    proposal = Proposal(
        kind=kind,
        scope="G1",
        link="L1",
        label="Gold PPO 1000",
        name=name,
        why="several systems changed it",
        rule="built-in on_conflict: ask",
        digest="d1",
        offers=(),
    )
    own = {key: value for key, value in changes.items() if not hasattr(proposal, key)}
    told = {key: value for key, value in changes.items() if hasattr(proposal, key)}
    made = Question(
        id_ or f"{abs(hash((kind, name))) % 10**10:010d}-1", 1, "open", replace(proposal, **told), NOW - 86400
    )
    return replace(made, **own)


def conflict(
    id_: str = "aa00000001-1",
    path: str = "rates[2026-01-01].ee",
    crm: str = "530.00",
    quote: str = "525.00",
    kind: str = "conflict",
    **changes: object,
) -> Question:
    """Ask which of two values is right."""
    return question(
        kind,
        path,
        id_=id_,
        **{
            "members": {
                "crm": {"id": "4711", "value": crm, "base": "512.40"},
                "quote": {"id": "00088", "value": quote, "base": "512.40"},
            },
            "offers": (
                Offer("crm", "take what crm holds; write it to quote"),
                Offer("quote", "take what quote holds; write it to crm"),
                Offer("value: …", "write the typed value to crm, quote"),
                IGNORE,
            ),
            "digest": f"{crm}|{quote}",
            **changes,
        },
    )


def table(id_: str = "aa00000002-1") -> Question:
    """Ask whose table of rates counts."""
    return question(
        "conflict",
        "rates[2026-07-01]",
        id_=id_,
        members={
            system: {"id": "1", "values": {"ee": ee, "es": "1000.00"}, "bases": {"ee": "500.00", "es": "990.00"}}
            for system, ee in (("crm", "510.00"), ("quote", "520.00"))
        },
        offers=(Offer("crm", "take what crm holds"), Offer("quote", "take what quote holds"), IGNORE),
    )


def stray(id_: str = "aa00000003-1", record: str = "99", *, suggested: bool = True, **changes: object) -> Question:
    """Ask what to do with a record that is in no link."""
    return question(
        "link-plans",
        f"quote:{record}",
        id_=id_,
        **{
            "link": "",
            "label": "Dental High",
            "members": {"quote": {"id": record, "value": "Dental High"}},
            "offers": (
                Offer("link", "link it to crm 4712 (85%: same carrier plan code)"),
                Offer("copy: crm", "create it in crm and keep both in step"),
                Offer("copy: payroll", "create it in payroll and keep both in step"),
                Offer("ignore", "leave it in quote only"),
            ),
            "evidence": ("crm 4712: 85%, same carrier plan code",) if suggested else (),
            **changes,
        },
    )


def missing(id_: str = "aa00000004-1", *, live: int = 1) -> Question:
    """Ask what shall become of a plan that vanished from the CRM."""
    others = {"quote": {"id": "00088", "value": "present"}, "payroll": {"id": "P7", "value": "present"}}
    return question(
        "missing-record",
        "Gold PPO 1000",
        id_=id_,
        members={"crm": {"id": "4711", "value": "missing"}, **dict(list(others.items())[:live])},
        offers=tuple(Offer(choice, choice) for choice in ("recreate", "unlink", "end", "ignore")),
    )


def guard(
    id_: str = "aa00000005-1",
    ceiling: tuple[str, ...] = ("w1", "w2"),
    name: str = "too-many-changes",
    **changes: object,
) -> Question:
    """Ask whether stopped writes may go on."""
    return question(
        "guard",
        name,
        id_=id_,
        **{
            "link": "",
            "label": "G1",
            "digest": "|".join(ceiling),
            "ceiling": ceiling,
            "why": f"{len(ceiling)} of 3 plans of the group would be written in one run",
            "evidence": tuple(f"crm {each}: 1 -> 2" for each in ceiling),
            "offers": (
                Offer("approve", f"let these {len(ceiling)} writes through, once"),
                Offer("reject", "hold them back"),
            ),
            **changes,
        },
    )


def loss(id_: str = "aa00000006-1") -> Question:
    """Ask whether the nearest value will do."""
    return question(
        "loss",
        "payroll:details.name",
        id_=id_,
        members={"payroll": {"id": "P7", "values": {"details.name": "GOLD"}}},
        offers=(Offer("accept", "write GOLD PPO"), IGNORE),
    )


def hand_off(id_: str = "aa00000007-1") -> Question:
    """Ask somebody to type a value where syncd may not."""
    return question(
        "hand-off",
        "benefitpoint:rates[2026-01-01].ee",
        id_=id_,
        members={"benefitpoint": {"id": "B1", "values": {"rates[2026-01-01].ee": "512.40"}}},
        offers=(IGNORE,),
        why="BenefitPoint takes no rates from outside",
        evidence=("enter rates[2026-01-01].ee = 530.00",),
    )


ALL = (conflict(), table(), stray(), missing(), guard(), loss(), hand_off())
NAMES = Names(groups={"G1": "Acme Tooling, Inc."})


class Office:
    """A store, a folder and the people who answer: what tests do with them in one word each."""

    def __init__(self, root: Path, *questions: Question) -> None:
        self.store = Store.open(":memory:")
        self.folder = ReviewFolder(root)
        self.now = NOW
        members = (Member("crm", "4711", {}), Member("quote", "00088", {}))
        self.store.add_link(
            Link("G1", "group", "G1", "Acme Tooling, Inc.", {}, (Member("crm", "g", {}), Member("quote", "h", {})))
        )
        self.store.add_link(Link("L1", "plan", "G1", "Gold PPO 1000", {}, members))
        self.store.save_snapshots(
            [
                Snapshot(system, "plan", record, "G1", label, {}, b"d", b"r", NOW)
                for system, record, label in (
                    ("quote", "99", "Dental High"),
                    ("crm", "4712", "Dental"),
                    ("crm", "4713", "Vision"),
                )
            ]
        )
        self.ask(*questions)
        self.show()

    def ask(self, *questions: Question) -> None:
        """Store questions."""
        self.store.save_questions(questions)

    def show(self):
        """Bring the files in line."""
        return show_from(self.store, self.folder, now=self.now)

    def collect(self):
        """Read the answers, some time after the last file was saved."""
        self.now += 3600
        return collect_into(self.store, self.folder, self.now)

    def turn(self):
        """Do what a run does: read answers, then show what is open."""
        collected = self.collect()
        return collected, self.show()

    def pages(self) -> dict[str, Path]:
        """Give the files that wait, by the beginning of their name."""
        return {path.name: path for path in sorted(self.folder.pending.rglob("*.yaml"))}

    @property
    def page(self) -> Path:
        """Give the only file that waits."""
        [path] = self.pages().values()
        return path

    def edit(self, path: Path, *changes: tuple[str, str] | Callable[[str], str]) -> Path:
        """Change a file as an editor would, some minutes ago."""
        text = path.read_text(encoding="utf-8")
        for change in changes:
            if callable(change):
                text = change(text)
            else:
                assert change[0] in text, change
                text = text.replace(*change, 1)
        self.save(path, text.encode())
        return path

    def save(self, path: Path, data: bytes, *, ago: float = 300.0) -> None:
        """Save a file, `ago` seconds before now."""
        path.write_bytes(data)
        os.utime(path, (self.now - ago, self.now - ago))

    def answer(self, id_: str, decision: str, **more: str) -> Path:
        """Fill in a question wherever it stands."""
        path = self.folder.file_of(id_)
        assert path is not None
        return self.edit(path, fill(id_, decision=decision, **more))

    def done(self) -> dict[str, str]:
        """Give the records of what is over."""
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(self.folder.done.rglob("*"))
            if path.is_file()
        }


def fill(id_: str, **typed: str) -> Callable[[str], str]:
    """Type behind the keys of one question."""

    def filled(text: str) -> str:
        before, mark, rest = text.partition(f'- id: "{id_}"')
        assert mark, id_
        for key, said in typed.items():
            head, found, tail = rest.partition(f"\n  {key}:")
            assert found, key
            rest = f"{head}\n  {key}: {said}\n{tail.partition(chr(10))[2]}"
        return before + mark + rest

    return filled
