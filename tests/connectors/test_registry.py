"""A connector is found by its name alone, shipped or in a folder of one's own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from syncd.connectors import registry
from syncd.connectors.memory import MemorySystem
from syncd.connectors.registry import Forgetful, available, load
from syncd.errors import ConfigError
from syncd.model.records import Part
from tests.connectors.contract import ConnectorContract

TOY = textwrap.dedent('''
    """A toy system: one dict of names, as short as a connector can be."""

    from pydantic import BaseModel, ConfigDict, Field, SecretStr

    from syncd.connectors.base import Access
    from syncd.errors import RefusedError
    from syncd.model.records import Gone, NotSeen, Page, Part, Present, Record


    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        names: dict[str, str] = {}
        page_size: int = Field(default=10, ge=1)
        password: SecretStr = SecretStr("")


    class Toy:
        def __init__(self, system, settings, state):
            self.system, self.settings, self.state = system, settings, state
            self.names = dict(settings.names)

        def _record(self, record_id):
            data = {"id": record_id, "name": self.names[record_id], "other": "kept"}
            return Record("generic", record_id, (Part("record", record_id, data),))

        async def access(self):
            return Access(fingerprint="toy", create=False)

        async def list(self, kind, groups=None):
            yield Page(tuple(map(self._record, self.names)), last=True)

        async def read(self, kind, record_id):
            return Present(self._record(record_id)) if record_id in self.names else Gone("no such name")

        async def write(self, write):
            if write.record_id not in self.names or write.after["other"] != "kept":
                raise RefusedError("no", system=self.system, external_id=write.record_id)
            self.names[write.record_id] = write.after["name"]

        async def create(self, create):
            raise RefusedError("no", system=self.system)

        async def find_marked(self, kind, group, marker):
            return ()

        async def end(self, kind, record_id):
            raise RefusedError("no", system=self.system, external_id=record_id)

        async def aclose(self):
            pass


    def connect(system, settings, state):
        return Toy(system, settings, state)
''')


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "connectors"
    made.mkdir()
    (made / "toy.py").write_text(TOY)
    return made


class TestToy(ConnectorContract):
    """A system that no file of syncd names upholds the whole contract."""

    async def open(self, tmp_path):
        (tmp_path / "toy.py").write_text(TOY)
        return load("toy", "toys", {"names": dict.fromkeys(self.ids, "Gold")}, connectors_path=[tmp_path])

    async def edit_there(self, connector, record_id):
        connector.names[record_id] = "Edited"

    async def remove_there(self, connector, record_id):
        del connector.names[record_id]

    def changed(self, data):
        return {**data, "name": "Silver"}

    def refused(self, data):
        return {**data, "other": "changed"}

    def new_parts(self):
        return (Part("record", "", {"name": "New"}),)


def test_shipped_connectors_are_found_and_tools_are_not():
    names = available()
    assert {"memory", "files"} <= set(names)
    assert not {"base", "registry", "frozen", "http", "contract"} & set(names)


def test_looking_for_names_imports_no_connector():
    script = "import sys; from syncd.connectors.registry import available; available(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"syncd.connectors.memory", "syncd.connectors.files"} & set(done.stdout.split())


def test_a_shipped_connector_is_made_from_its_settings():
    system = load("memory", "crm", {"behaviour": {"versions": "etag"}, "records": {"plan": {"p1": {"name": "Gold"}}}})
    assert isinstance(system, MemorySystem)
    assert (system.system, system.behaviour.versions) == ("crm", "etag")


def test_files_takes_a_folder_and_a_state(tmp_path):
    state = Forgetful()
    assert load("files", "sheet", {"folder": str(tmp_path)}, state)._state is state


def test_a_connector_gets_a_state_even_when_nothing_is_kept(folder):
    state = load("toy", "toys", {}, connectors_path=[folder]).state
    state.set("cursor", "7")
    assert state.get("cursor") == "7"
    state.set("cursor", None)
    assert state.get("cursor") is None
    state.set("cursor", None)


def test_a_package_with_files_of_its_own_is_a_connector(folder):
    package = folder / "acme"
    package.mkdir()
    (package / "parts.py").write_text(TOY)
    (package / "__init__.py").write_text("from .parts import Settings, connect\n")
    assert available(connectors_path=[folder])[:1] == ("acme",)
    assert load("acme", "a", {}, connectors_path=[folder]).system == "a"


def test_two_folders_may_have_a_connector_of_the_same_name_in_two_installations(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "toy.py").write_text(TOY.replace('"toy"', f'"{name}"'))
    one, two = (load("toy", "toys", {}, connectors_path=[tmp_path / name]) for name in ("one", "two"))
    assert type(one) is not type(two)
    assert type(load("toy", "toys", {}, connectors_path=[tmp_path / "one"])) is type(one)
    with pytest.raises(ConfigError, match="there are 2 connectors toy"):
        load("toy", "toys", {}, connectors_path=[tmp_path / "one", tmp_path / "two"])


def test_no_folder_replaces_a_shipped_connector(folder):
    (folder / "memory.py").write_text(TOY)
    with pytest.raises(ConfigError, match="there are 2 connectors memory"):
        load("memory", "crm", {}, connectors_path=[folder])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("memry", r"no connector 'memry'; did you mean `memory`\?"),
        ("tony", r"no connector 'tony'; did you mean `toy`\?"),
        ("zzz", r"no connector 'zzz'$"),
        ("base", "no connector 'base'"),
        ("../toy", "no connector '../toy'"),
        ("os", "no connector 'os'"),
        ("", "no connector ''"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(folder, name, said):
    with pytest.raises(ConfigError, match=said) as caught:
        load(name, "crm", {}, connectors_path=[folder])
    assert "files, memory" in caught.value.hint
    assert "toy" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"page_sise": 1}, r"toys page_sise: there is no such key; did you mean `page_size`\?"),
        ({"zzz": 1}, r"zzz: there is no such key"),
        ({"page_size": 0}, r"toys page_size: expected at least 1"),
        ({"names": {"a": 1}}, r"names.a: expected a text"),
        ({"page_size": "x", "zzz": 1}, r"page_size: .*\n.*zzz: there is no such key"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_key(folder, settings, said):
    with pytest.raises(ConfigError, match=said):
        load("toy", "toys", settings, connectors_path=[folder])


def test_a_wrong_secret_is_never_shown(folder):
    with pytest.raises(ConfigError) as caught:
        load("toy", "toys", {"password": ["hunter2"]}, connectors_path=[folder])
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_settings_that_contradict_each_other_say_why(tmp_path):
    with pytest.raises(ConfigError, match=r"sheet: group_id and id both name the column 'id'"):
        load("files", "sheet", {"folder": str(tmp_path), "group_id": "id"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "def connect(system, settings, state): ...\nimport no_such_module",
            "cannot be imported: No module named 'no_such_module'",
        ),
        ("def connect(:", "cannot be imported"),
        ("def connect(system, settings, state): ...", "has no pydantic model `Settings`"),
        ("Settings = dict\ndef connect(system, settings, state): ...", "has no pydantic model `Settings`"),
        (
            "import pydantic\nSettings = pydantic.create_model('Settings')\ndef connect(*_): return object()",
            "has no system, access, list, read, write, create, find_marked, end, aclose",
        ),
    ],
)
def test_a_module_that_is_no_connector_says_what_it_lacks(folder, text, said):
    (folder / "broken.py").write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load("broken", "b", {}, connectors_path=[folder])
    assert caught.value.file == str((folder / "broken.py").resolve())
    assert not [name for name in sys.modules if name.startswith("syncd_connector_broken") and "import" in said]


def test_a_broken_connector_does_not_hide_the_others(folder):
    (folder / "broken.py").write_text("def connect(:")
    assert load("toy", "toys", {}, connectors_path=[folder]).system == "toys"


def test_a_folder_that_anybody_may_write_into_is_refused(folder):
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match="anybody may write") as caught:
        load("toy", "toys", {}, connectors_path=[folder])
    assert "chmod o-w" in caught.value.hint


@pytest.mark.parametrize("name", ["nowhere", "toy.py"])
def test_a_folder_that_is_none_is_refused(folder, name):
    with pytest.raises(ConfigError, match="folder of connectors"):
        load("toy", "toys", {}, connectors_path=[folder / name])


def test_the_protocol_is_read_from_the_protocol():
    assert registry._members() == [
        "system",
        "access",
        "list",
        "read",
        "write",
        "create",
        "find_marked",
        "end",
        "aclose",
    ]
