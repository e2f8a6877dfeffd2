"""An office: a folder with two file drops, a configuration and whatever was linked, and a hand on the command line.

The office is built once and copied for each test. A copy lies in another folder, which syncd rightly takes for another
world (guard `scope`), so the copy is told once that it is the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import main
from syncd.cli.demo.files.drops import SETTINGS, edit, native_id, read_row, remove, write_drops
from syncd.cli.demo.files.seed import Seed, read_seed

GROUP = "Federal employees, Colorado"
QUOTE_GROUP, CRM_GROUP = "G-111", "7135"
HIGH, PROSPER, STANDARD = "fed-co-kaiser-high", "fed-co-kaiser-prosper", "fed-co-geha-standard"
LINKED = (HIGH, PROSPER, STANDARD)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Office:
    """A folder and a person at its command line."""

    def __init__(self, folder: Path, capture: Callable[[], tuple[str, str]]) -> None:
        self.folder, self._capture = folder, capture

    def __call__(self, *words: str) -> Said:
        self._capture()
        code = main(list(words))
        out, err = self._capture()
        return Said(code, out, err)

    def ok(self, *words: str) -> str:
        """Run a command that must succeed; give what it printed."""
        said = self(*words)
        assert said.code == 0, f"{said.out}\n{said.err}"
        return said.out

    def fails(self, code: int, *words: str) -> str:
        """Run a command that must fail; give its error and hint."""
        said = self(*words)
        assert said.code == code, f"{said.code}\n{said.out}\n{said.err}"
        assert "Traceback" not in said.err
        return said.err

    # -- what people do in the systems

    def edit(self, system: str, plan: str, changes: Mapping[str, Any]) -> None:
        edit(self.folder / "drops", system, plan, changes, at=datetime.now(UTC))  # type: ignore[arg-type]

    def remove(self, system: str, plan: str) -> None:
        remove(self.folder / "drops", system, plan)  # type: ignore[arg-type]

    def row(self, system: str, plan: str) -> dict[str, Any]:
        return read_row(self.folder / "drops", system, plan) or {}  # type: ignore[arg-type]

    @property
    def group(self) -> str:
        return next(one["id"] for one in self("groups", "--json").json["linked"])

    def link_of(self, plan: str) -> str:
        record = native_id("quote", plan)
        linked = self("plans", GROUP, "--json").json["linked"]
        return next(one["link"] for one in linked if one["members"].get("quote") == record)

    def question(self, kind: str) -> str:
        [found] = self("review", "list", "--kind", kind, "--json").json["questions"]
        return found["id"]

    def rested(self, file: Path) -> None:
        """Let a file have rested long enough to be read."""
        past = time.time() - 10
        os.utime(file, (past, past))


def small_seed() -> Seed:
    """The demo's plans of one client, and one client more."""
    seed = read_seed()
    keys = {"fed-co", "beaumont"}
    return Seed(
        tuple(one for one in seed.groups if one.key in keys), tuple(one for one in seed.plans if one.group in keys)
    )


def toml(folder: Path) -> str:
    tables = []
    for system, settings in SETTINGS.items():
        # Drops are written and read at once here; what has to rest is the matter of tests/connectors.
        lines = [f"[systems.{system}]", 'connector = "files"', f'folder = "drops/{system}"', "rest_s = 0"]
        lines += [f"{key} = {_value(value)}" for key, value in settings.items()]
        tables.append("\n".join(lines))
    return "\n\n".join(['state = "state"\nsettle_s = 0', *tables]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def decisions(text: str, said: Mapping[tuple[str, str], str]) -> str:
    """Fill in a decision file."""
    for (system, record), decision in said.items():
        at = text.index("  decision:", text.index(f'- record: {system}\n  id: "{record}"\n'))
        text = text[:at] + f"  decision: {decision}" + text[at + len("  decision:") :]
    return text


def link_all(office: Office, plans: tuple[str, ...] = LINKED) -> None:
    """Link the group and some of its plans, all sections from quote."""
    office.ok("groups", "link", f"quote={QUOTE_GROUP}", f"crm={CRM_GROUP}")
    file = office.folder / "decisions.yaml"
    office.ok("link", GROUP, "--out", str(file))
    said = {
        ("crm", native_id("crm", plan)): f'{{link: {{quote: "{native_id("quote", plan)}"}}, sources: quote}}'
        for plan in plans
    }
    file.write_text(decisions(file.read_text(), said))
    office.ok("link", GROUP, str(file))
    file.unlink()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Offices built once: `bare` (nothing was read yet) and `linked` (three plans, synced)."""
    made = {}
    for name in ("bare", "linked"):
        folder = tmp_path_factory.mktemp(name) / "office"
        folder.mkdir()
        write_drops(folder / "drops", small_seed())
        (folder / "syncd.toml").write_text(toml(folder))
        made[name] = folder
    before = Path.cwd()
    os.chdir(made["linked"])
    try:
        silent = Office(made["linked"], lambda: ("", ""))
        link_all(silent)
        silent.ok("sync")
    finally:
        os.chdir(before)
    return made


def moved_in(folder: Path) -> None:
    """Tell a copied office that its new folder is the same world."""
    from syncd import assemble, config

    world = assemble.build_world(config.load(folder / "syncd.toml"))

    async def tell() -> None:
        for name, system in world.systems.items():
            access = await system.connector.access()
            for kind in system.lenses:
                listing = world.store.listing(name, kind)
                if listing is not None:
                    world.store.save_listing(replace(listing, fingerprint=access.fingerprint))
        await assemble.close(world)

    asyncio.run(tell())


@pytest.fixture
def make_office(
    templates: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Office]:
    def make(name: str) -> Office:
        folder = tmp_path / "office"
        shutil.copytree(templates[name], folder)
        if name != "bare":
            moved_in(folder)
        monkeypatch.chdir(folder)
        monkeypatch.delenv("SYNCD_CONFIG", raising=False)

        def capture() -> tuple[str, str]:
            return tuple(capsys.readouterr())  # type: ignore[return-value]

        return Office(folder, capture)

    return make


@pytest.fixture
def bare(make_office: Callable[[str], Office]) -> Office:
    """An office in which nothing was read or linked yet."""
    return make_office("bare")


@pytest.fixture
def office(make_office: Callable[[str], Office]) -> Iterator[Office]:
    """An office with three linked plans, in step."""
    return make_office("linked")


@pytest.fixture
def toys(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Office:
    """A folder with two toy systems, `book` and `desk`; nothing was read or linked yet."""
    from tests.cli.toys import Toys, lay_out

    folder = tmp_path / "toys"
    lay_out(folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    return Toys(folder, lambda: tuple(capsys.readouterr()))  # type: ignore[arg-type, return-value]
