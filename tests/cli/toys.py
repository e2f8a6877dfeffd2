"""Two toy systems in a folder: `book`, whose groups are searched, that asks before it takes a plan and says how it is,
and `desk`, which can do none of it. Each is one JSON file, so a test sees what was written.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import Office

_BASE = '''
"""A toy {name}: one JSON file."""

import json
from pathlib import Path

from pydantic import BaseModel

from syncd.connectors.base import Access, Account, Finding, Need
from syncd.errors import RefusedError, TransientError
from syncd.model.records import Gone, NotSeen, Page, Part, Present, Record

{contract}

class Settings(BaseModel):
    file: Path
    away: str = ""
    asleep: str = ""
    password: str = ""
    rights: str = "write"
    refuses: str = ""
    misses: str = ""
    strange: str = ""


def connect(system, settings, state):
    return {cls}(system, settings, state)


class Toy:
    by_group = False

    def __init__(self, system, settings, state):
        self.system, self.settings, self.state = system, settings, state

    def _data(self):
        if self.settings.away:
            raise TransientError(self.settings.away, system=self.system)
        return json.loads(self.settings.file.read_text())

    def _save(self, data):
        self.settings.file.write_text(json.dumps(data, indent=1))

    def _record(self, kind, id_, data):
        return Record(kind, id_, (Part("record", id_, data),), group=data.get("client"))

    async def access(self):
        self._data()
        readonly = self.settings.rights == "read"
        return Access(
            fingerprint=self.settings.file.name,
            unwritable={{"details.policy_number": "the role may not change policies"}},
            unreadable={{"rates": "the role sees no rates"}} if readonly else {{}},
            create=not readonly, update=not readonly, marker=True, by_group=self.by_group,
        )

    async def list(self, kind, groups=None):
        data = self._data()
        assert kind == "group" or not self.by_group or groups is not None
        records = [self._record(kind, id_, one) for id_, one in data[kind].items()]
        records = [r for r in records if groups is None or kind == "group" or r.group in groups]
        odd = {{r.id: "title holds U+000B" for r in records if r.id == self.settings.strange}}
        yield Page(tuple(r for r in records if r.id not in odd), last=True, unreadable=odd)

    async def read(self, kind, record_id):
        if record_id == self.settings.strange:
            return NotSeen("title holds U+000B", unreadable=True)
        found = self._data()[kind].get(record_id)
        return Present(self._record(kind, record_id, found)) if found else Gone("not in the file")

    async def write(self, write):
        self._refuse()
        data = self._data()
        data[write.kind][write.record_id] = dict(write.after)
        self._save(data)

    def _refuse(self):
        if self.settings.refuses:
            raise RefusedError(self.settings.refuses)

    async def create(self, create):
        self._refuse()
        data = self._data()
        new = f"{{self.system[0]}}{{len(data[create.kind]) + 1}}"
        data[create.kind][new] = {{**create.parts[0].data, "marker": create.marker}}
        if create.group:
            data[create.kind][new]["client"] = create.group
        self._save(data)
        return new

    async def check(self, create):
        if self.settings.misses:
            raise RefusedError(f"no {{self.settings.misses}}", hint=f"Fill in the {{self.settings.misses}}.")

    async def find_marked(self, kind, group, marker):
        found = self._data()[kind].items()
        return tuple(self._record(kind, id_, one) for id_, one in found if one.get("marker") == marker)

    async def end(self, kind, record_id):
        raise RefusedError("the toy ends nothing")

    async def aclose(self):
        pass
'''

_BOOK = """

class Book(Toy):
    by_group = True
    offices = {"1": "Denver", "2": "Boulder"}

    async def find_groups(self, *, name="", number="", refresh=False):
        index = None if refresh else self.state.get("index")
        for attempt in range(2):
            if index is None:
                told = [[id_, one["title"], one["number"], one["city"]] for id_, one in self._data()["group"].items()]
                index = json.dumps({"at": f"2026-11-2{self._refreshed()}T12:00:00Z", "list": told})
                self.state.set("index", index)
            known = json.loads(index)
            found = [
                Account(id_, title, no, {"city": city})
                for id_, title, no, city in known["list"]
                if (no == number if number else name.casefold() in title.casefold())
            ]
            if found:
                break
            index = None
        return tuple(found), known["at"]

    def _refreshed(self):
        times = int(self.state.get("refreshed") or 0)
        self.state.set("refreshed", str(times + 1))
        return times

    async def needs(self, group):
        if self.settings.asleep:
            raise TransientError(self.settings.asleep, system=self.system)
        data = self._data()
        known = data.setdefault("known", {}).get(group, {})
        city = data["group"][group]["city"]
        likely = next((value for value, title in self.offices.items() if title == city), "")
        all_ = (
            Need("office", "Office of its plans", self.offices, likely),
            Need("lead", "Sales lead", {"ann": "Ann Lee", "bob": "Bob Roy"}),
            Need("source", "Source of the business"),
        )
        return tuple(need for need in all_ if need.key not in known)

    async def settle(self, group, answers):
        if answers.get("source") == "nowhere":
            raise RefusedError("nowhere is no source", field="source", hint="Name a campaign.")
        data = self._data()
        data.setdefault("known", {}).setdefault(group, {}).update(answers)
        self._save(data)

    async def create(self, create):
        if create.kind == "plan" and await self.needs(create.group):
            raise RefusedError("something is not known")
        return await super().create(create)

    async def examine(self):
        self._data()
        well = self.settings.rights == "write"
        return (
            Finding("login", True, "as clerk"),
            Finding("rights", well, self.settings.rights, "" if well else "Let the account write plans."),
        )

    async def schema(self, kind):
        return {"record": self._data()["schema"][kind]}
"""

MAPPING = """
system: {name}
title: Toy {name}
kinds:
  group:
    part: record
    template: {{record: {{city: Denver}}}}
    rows:
      details.name: {{field: title, codec: text, required: true}}
      details.account_number: {{field: number, codec: text}}
      details.address.city: {{field: city, codec: text}}
  plan:
    part: record
    rows:
      details.name: {{field: title, codec: text, required: true}}
      details.line: {{field: line, codec: code, values: {{medical: Medical, dental: Dental}}}}
      details.carrier: {{field: carrier, codec: text}}
      details.effective_date: {{field: start, codec: date}}
      details.policy_number: {{field: policy, codec: text}}
      details.carrier_plan_code: {{field: code, codec: text}}
"""
ORIGINATED = """      details.original_effective_date: {field: first, codec: date}
      details.origination:
        field: origin
        codec: code
        values: {new: New, renewal: Renewal, replacement: Replacement, prospective: Prospective}
      details.prior_plan: {field: prior, codec: text}
"""

CONFIG = """
state = "state"
settle_s = 0
mappings = "mappings"
connectors_path = ["connectors"]

[systems.book]
connector = "book"
file = "book.json"

[systems.desk]
connector = "desk"
file = "desk.json"
"""


def plan(client: str, title: str, start: str, **more: str) -> dict[str, str]:
    base = {"client": client, "title": title, "line": "Medical", "carrier": "Kaiser", "start": start}
    return {**base, "policy": "", "code": "", "first": "", "origin": "", "prior": "", **more}


def schema() -> dict[str, dict[str, str]]:
    group = {"title": "text", "number": "text", "city": "text"}
    texts = dict.fromkeys(("title", "line", "carrier", "policy", "code", "origin", "prior"), "text")
    return {"group": group, "plan": {**texts, "start": "date", "first": "date"}}


BOOK = {
    "group": {
        "880": {"title": "Acme Mining", "number": "A-17", "city": "Denver"},
        "881": {"title": "Acme Foods", "number": "A-18", "city": "Boulder"},
        "882": {"title": "Zenith", "number": "Z-1", "city": "Aspen"},
    },
    "plan": {
        "b1": plan("880", "Gold 25", "2025-01-01", code="K-1000", origin="New", first="2019-07-01", policy="P-9"),
        "b2": plan("880", "Gold 26", "2026-01-01", code="K-2600", origin="Renewal", prior="b1"),
        "b3": plan("882", "Theirs", "2026-01-01"),
    },
    "schema": schema(),
}
DESK = {
    "group": {
        "g1": {"title": "Acme Mining Inc", "number": "A-17", "city": "Denver"},
        "g2": {"title": "Zenith", "number": "", "city": ""},
    },
    "plan": {
        "d1": plan("g1", "Kaiser Gold", "2025-01-01", code="K-1000"),
        "d2": plan("g1", "Kaiser Gold", "2026-01-01", code="K-2600"),
        "d3": plan("g1", "Kaiser Gold", "2027-01-01", code="K-2700"),
    },
}


class Toys(Office):
    """A folder with both toys, and a person at its command line."""

    def data(self, system: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / f"{system}.json").read_text())
        return found

    def change(self, system: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Let somebody change something in a system."""
        data = self.data(system)
        change(data)
        (self.folder / f"{system}.json").write_text(json.dumps(data))

    def settings(self, system: str, **said: str) -> None:
        """Change the settings of a system."""
        lines = "\n".join(f'{key} = "{value}"' for key, value in said.items())
        file = self.folder / "syncd.toml"
        head = f"[systems.{system}]\n"
        file.write_text(file.read_text().replace(head, f"{head}{lines}\n"))


def lay_out(folder: Path) -> None:
    """Make the folder."""
    (folder / "connectors").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "connectors" / "desk.py").write_text(textwrap.dedent(_BASE.format(name="desk", cls="Toy", contract="")))
    contract = 'CONTRACT = "our contract; the toy publishes none"'
    book = _BASE.format(name="book", cls="Book", contract=contract) + _BOOK
    (folder / "connectors" / "book.py").write_text(book)
    (folder / "mappings" / "book.yaml").write_text(MAPPING.format(name="book") + ORIGINATED)
    (folder / "mappings" / "desk.yaml").write_text(MAPPING.format(name="desk"))
    (folder / "book.json").write_text(json.dumps(BOOK))
    (folder / "desk.json").write_text(json.dumps(DESK))
    (folder / "syncd.toml").write_text(CONFIG)
