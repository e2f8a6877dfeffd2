"""Modes: nobody but its owner looks into the state folder, whatever the umask and whoever made the folder."""

from __future__ import annotations

import os
import re
import stat

import pytest

from syncd import private
from syncd.config import secret_of
from syncd.errors import ConfigError
from tests.cli.conftest import STANDARD


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder) -> dict[str, str]:
    """Give the mode of all that is there."""
    return {
        str(path.relative_to(folder.parent)): f"{stat.S_IMODE(path.stat().st_mode):04o}"
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077], indirect=True)
def test_modes_do_not_depend_on_the_umask(office, umask):
    """R18: folders of the state are 0700 and files 0600: store, review and error files, locks, log."""
    toml = office.folder / "syncd.toml"
    toml.write_text(toml.read_text() + '\n[log]\nfile = "state/log/syncd.log"\n')
    office.edit("quote", STANDARD, {"benefits.care.urgent.in": "$55 copay"})
    office.edit("crm", STANDARD, {"Urgent Care In": "$60 Copayment"})
    office("sync")
    page = next(path for path in (office.folder / "state/review/pending").rglob("*.yaml"))
    page.write_text(re.sub(r"(?m)^(\s*decision:).*$", r"\1 nonsense", page.read_text()))
    os.utime(page, (1, 1))
    office("review", "list")
    office("sync")
    found = modes(office.folder / "state")
    assert {"state/syncd.db", "state/log/syncd.log", "state/review/.lock"} <= set(found)
    assert any(name.endswith(".error.txt") for name in found)
    wrong = {
        name: mode for name, mode in found.items() if mode != ("0700" if (office.folder / name).is_dir() else "0600")
    }
    assert wrong == {}


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777, 0o750])
def test_a_folder_that_others_may_look_into_is_put_right(office, mode):
    """R18: a state folder that somebody made with another mode is not taken as it is."""
    state = office.folder / "state"
    office("status")
    state.chmod(mode)
    (state / "syncd.db").chmod(0o644)
    office("status")
    assert (stat.S_IMODE(state.stat().st_mode), stat.S_IMODE((state / "syncd.db").stat().st_mode)) == (0o700, 0o600)


def test_doctor_tells_what_others_may_look_into(office):
    """R18: what is too open is named with its mode and the command that closes it."""
    office("sync")
    file = next((office.folder / "state" / "review").rglob("*.json"), office.folder / "state" / "review")
    assert "nobody else may look into" in office("doctor").out
    file.chmod(0o755)
    said = office("doctor").out
    assert "others may use" in said
    assert "(mode 0755)" in said
    assert "chmod -R go=" in said


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_secret_is_for_its_owner_alone(tmp_path, mode):
    """R18: README says mode 600, so a secret that a group may read is refused; systemd's credentials show such a
    right where there is none."""
    file = tmp_path / "secret"
    file.write_text("s3cret")
    file.chmod(mode)
    if mode in (0o600, 0o400):
        assert secret_of(file) == "s3cret"
        return
    with pytest.raises(ConfigError, match=f"mode {mode:04o}"):
        secret_of(file)
    if mode == 0o640:
        assert secret_of(file, credential=True) == "s3cret"


def test_what_is_planted_is_not_written_through(tmp_path):
    """R18: a file or link that is there already is not taken for a new one."""
    (tmp_path / "other").write_text("x")
    (tmp_path / "planted").symlink_to(tmp_path / "other")
    for name in ("planted", "other"):
        with pytest.raises(FileExistsError):
            private.create(tmp_path / name)
    assert (tmp_path / "other").read_text() == "x"
