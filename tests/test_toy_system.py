"""A new system is one folder and one mapping file: a toy is added in a temporary folder and synced by command."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

CONNECTOR = '''
"""A toy system: one JSON file of clients and plans, rewritten whole."""

import json
from pathlib import Path

from pydantic import BaseModel

from syncd.connectors.base import Access
from syncd.errors import RefusedError
from syncd.model.records import Gone, Page, Part, Present, Record


class Settings(BaseModel):
    file: Path


def connect(system, settings, state):
    return Toy(system, settings.file)


class Toy:
    def __init__(self, system, file):
        self.system, self.file = system, file

    def _all(self, kind):
        return json.loads(self.file.read_text())[kind]

    def _record(self, kind, id_, data):
        return Record(kind, id_, (Part("record", id_, data),), group=data.get("client"))

    async def access(self):
        return Access(fingerprint=str(self.file), create=False)

    async def list(self, kind, groups=None):
        yield Page(tuple(self._record(kind, id_, data) for id_, data in self._all(kind).items()), last=True)

    async def read(self, kind, record_id):
        found = self._all(kind).get(record_id)
        return Present(self._record(kind, record_id, found)) if found else Gone("not in the file")

    async def write(self, write):
        everything = json.loads(self.file.read_text())
        everything[write.kind][write.record_id] = dict(write.after)
        self.file.write_text(json.dumps(everything))

    async def create(self, create):
        raise RefusedError("the toy creates nothing")

    async def find_marked(self, kind, group, marker):
        return ()

    async def end(self, kind, record_id):
        raise RefusedError("the toy ends nothing")

    async def aclose(self):
        pass
'''

MAPPING = """
system: toy
title: A toy
kinds:
  group:
    part: record
    rows:
      details.name: {field: title, codec: text}
  plan:
    part: record
    rows:
      details.name: {field: title, codec: text}
      details.effective_date: {field: start, codec: date, form: mdy}
      details.carrier_plan_code: {field: code, codec: text}
"""

CONFIG = """
state = "state"
mappings = "mappings"
connectors_path = ["connectors"]

[systems.one]
connector = "toy"
mapping = "toy"
file = "one.json"

[systems.two]
connector = "toy"
mapping = "toy"
file = "two.json"
"""


def held(name: str) -> dict[str, dict[str, dict[str, str]]]:
    """Give what a toy system holds: one client with one plan."""
    plan = {"client": name, "title": "Gold", "start": "1/1/2026", "code": "G-77", "colour": name}
    return {"group": {name: {"title": "Acme"}}, "plan": {f"{name}-1": plan}}


def syncd(folder: Path, *words: str) -> str:
    """Run a command in the folder and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "syncd", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_system_is_one_folder_and_one_mapping(tmp_path: Path) -> None:
    """No file of the core knows the toy; an edit in one toy reaches the other, and its own fields survive."""
    (tmp_path / "connectors").mkdir()
    (tmp_path / "mappings").mkdir()
    (tmp_path / "connectors" / "toy.py").write_text(textwrap.dedent(CONNECTOR))
    (tmp_path / "mappings" / "toy.yaml").write_text(MAPPING)
    (tmp_path / "syncd.toml").write_text(CONFIG)
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(held(name)))

    syncd(tmp_path, "groups", "link", "one=one", "two=two")
    syncd(tmp_path, "link", "Acme", "--out", "decisions.yaml")
    file = tmp_path / "decisions.yaml"
    first, decision, rest = file.read_text().partition("  decision:\n")
    assert decision, first
    file.write_text(f"{first}  decision: {{link: {{two: two-1}}}}\n{rest}")
    syncd(tmp_path, "link", "Acme", "decisions.yaml")
    assert "0 writes" in syncd(tmp_path, "sync")

    one = held("one")
    one["plan"]["one-1"]["title"] = "Gold Plus"
    (tmp_path / "one.json").write_text(json.dumps(one))
    assert "1 write" in syncd(tmp_path, "sync")
    assert json.loads((tmp_path / "two.json").read_text())["plan"]["two-1"] == {
        **held("two")["plan"]["two-1"],
        "title": "Gold Plus",
    }
    assert "0 writes" in syncd(tmp_path, "sync")
