"""Drops as rude programs and people leave them: half there, edited behind our back, or with something planted."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import pytest

from syncd.connectors.files import Settings, connect, looks
from syncd.connectors.registry import Forgetful
from syncd.errors import CannotHoldError, ConnectorError, StaleWriteError, TransientError
from tests.connectors.test_files import CSV, JSONL, listed, new_plan, part_of, write

SECOND = 10**9


class Clock:
    """A clock that only moves when somebody sleeps; `meanwhile` is what others do in that time."""

    def __init__(self):
        self.ahead_ns, self.slept = 0, []
        self.meanwhile = lambda: None

    def now_ns(self):
        return time.time_ns() + self.ahead_ns

    def sleep(self, wait_s):
        self.slept.append(wait_s)
        self.meanwhile()
        self.ahead_ns += round(wait_s * SECOND)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(looks, "now_ns", clock.now_ns)
    monkeypatch.setattr(looks, "sleep", clock.sleep)
    return clock


def drop(tmp_path, state=None, *, data=CSV, name="plans.csv", **settings):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    return connect("sheet", Settings(folder=tmp_path, **settings), state)


# --- half an upload --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "data"), [("plans.csv", CSV), ("plans.jsonl", JSONL)])
@pytest.mark.parametrize("lines", [1, 2, 3])
async def test_b1_a_drop_that_still_changes_is_not_believed(tmp_path, clock, name, data, lines):
    """B1: a drop that changes between two looks gives no listing, no gone record and no write, only an error."""
    system = drop(tmp_path, data=b"".join(data.splitlines(keepends=True)[:lines]), name=name, new_id={})
    path = tmp_path / name
    left = iter(data.splitlines(keepends=True)[lines:])

    def upload():
        with path.open("ab") as file:
            file.write(next(left, b"\n"))

    clock.meanwhile = upload
    for attempt in (listed(system), system.read("plan", "p3"), system.create(new_plan(name="New"))):
        before = len(clock.slept)
        with pytest.raises(TransientError, match="still being written"):
            await attempt
        assert len(clock.slept) == before + 1
        clock.ahead_ns = 0  # the file's times are real ones
    clock.meanwhile = lambda: None
    path.write_bytes(data)
    assert list(await listed(system)) == ["p1", "p2", "p3"]


async def test_b1_a_drop_that_was_just_laid_down_is_believed_after_one_short_wait(tmp_path, clock):
    """B1: files laid down just now cost one wait of `rest_s` together, and none when they are read again."""
    state = Forgetful()
    system = drop(tmp_path, state)
    (tmp_path / "groups.csv").write_bytes(b"id,name\ng1,Acme\n")
    await listed(system)
    await listed(system, "group")
    assert sum(clock.slept) == pytest.approx(2.0, abs=0.1)
    clock.slept.clear()
    await listed(drop(tmp_path, state, data=None))
    await part_of(drop(tmp_path, state, data=None))
    assert clock.slept == []


async def test_b1_a_drop_that_has_rested_is_believed_at_once(tmp_path, clock):
    """B1: a file that nobody touched for `rest_s` is believed at the first look."""
    system = drop(tmp_path, rest_s=5)
    clock.ahead_ns = 5 * SECOND
    assert len(await listed(system)) == 3
    assert clock.slept == []


@pytest.mark.parametrize("ahead_s", [3600, 400 * 86400])
async def test_b1_a_time_in_the_future_says_nothing(tmp_path, clock, ahead_s):
    """B1: a file dated in the future is believed when two looks agree, whatever its date."""
    system = drop(tmp_path)
    os.utime(tmp_path / "plans.csv", (time.time() + ahead_s,) * 2)
    assert len(await listed(system)) == 3
    assert clock.slept == [2.0]


async def test_b1_an_upload_that_keeps_its_old_date_is_still_an_upload(tmp_path, clock):
    """B1: a copy that carries the date of its original (rsync -t) is new by its ctime."""
    system = drop(tmp_path, data=CSV[:60])
    path = tmp_path / "plans.csv"
    os.utime(path, (1, 1))

    def upload():
        path.write_bytes(CSV)
        os.utime(path, (1, 1))

    clock.meanwhile = upload
    with pytest.raises(ConnectorError, match="still being written"):
        await listed(system)


async def test_b1_our_own_write_needs_no_rest(tmp_path, clock):
    """B1: what we wrote is believed at once, by this process and by the next with the same memory."""
    state = Forgetful()
    system = drop(tmp_path, state, new_id={})
    clock.ahead_ns = 3 * SECOND
    for name in ("One", "Two"):
        await write(system, {"name": name})
        assert (await part_of(system)).data["name"] == name
    clock.ahead_ns = 0
    assert (await part_of(drop(tmp_path, state, data=None))).data["name"] == "Two"
    assert clock.slept == []


# --- behind our back -------------------------------------------------------------------------------------------------


def edited_unseen(path, old, new):
    """Edit in place and set size and mtime as they were: only the ctime and the bytes tell."""
    before = path.stat()
    with path.open("r+b") as file:
        data = file.read().replace(old, new)
        file.seek(0)
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize(("name", "data"), [("plans.csv", CSV), ("plans.jsonl", JSONL)])
async def test_b14_an_edit_that_only_ctime_shows_is_read(tmp_path, clock, name, data):
    """B14: same size and same mtime, but another ctime: the file is read again."""
    system = drop(tmp_path, data=data, name=name)
    clock.ahead_ns = 60 * SECOND
    assert (await part_of(system)).data["name"] == "Gold"
    edited_unseen(tmp_path / name, b"Gold", b"Lead")
    assert (await part_of(system)).data["name"] == "Lead"


@pytest.mark.parametrize("blind", [False, True])
async def test_r12_an_edit_of_another_row_survives_our_write(tmp_path, clock, monkeypatch, blind):
    """R12: a write to one row keeps an edit of another that no time shows, even where the file system shows none."""
    system = drop(tmp_path)
    clock.ahead_ns = 60 * SECOND
    part = await part_of(system)
    if blind:
        frozen = looks.Look.at(tmp_path / "plans.csv")
        monkeypatch.setattr(looks.Look, "at", classmethod(lambda cls, path: frozen))
    edited_unseen(tmp_path / "plans.csv", b"Silver", b"Theirs")
    with suppress(TransientError):
        await write(system, {"name": "Ours"}, part=part)
    assert (tmp_path / "plans.csv").read_bytes() == CSV.replace(b"Silver", b"Theirs").replace(b"Gold", b"Ours")


async def test_r12_an_edit_of_the_same_row_makes_the_write_stale(tmp_path, clock, monkeypatch):
    """R12: the row is compared as the file is when it is replaced, not as it was when it was last read."""
    system = drop(tmp_path)
    clock.ahead_ns = 60 * SECOND
    part = await part_of(system)
    frozen = looks.Look.at(tmp_path / "plans.csv")
    monkeypatch.setattr(looks.Look, "at", classmethod(lambda cls, path: frozen))
    edited_unseen(tmp_path / "plans.csv", b"Gold", b"Lead")
    with pytest.raises(StaleWriteError):
        await write(system, {"name": "Ours"}, part=part)
    assert (tmp_path / "plans.csv").read_bytes() == CSV.replace(b"Gold", b"Lead")


# --- planted ---------------------------------------------------------------------------------------------------------

PLANTED = [".plans.csv.syncd-new", ".plans.csv.0123456789abcdef.syncd-new"]


@pytest.mark.parametrize("plant", [os.link, os.symlink])
@pytest.mark.parametrize("name", PLANTED)
async def test_r19_what_was_planted_is_not_written_through(tmp_path, clock, monkeypatch, plant, name):
    """R19: a link planted under the name of the temporary file, known or guessed, leads our bytes nowhere."""
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    folder = tmp_path / "drop"
    folder.mkdir()
    system = drop(folder)
    plant(victim, folder / name)
    await write(system, {"name": "Ours"})
    assert victim.read_bytes() == b"untouched"
    assert (folder / "plans.csv").read_bytes() == CSV.replace(b"Gold", b"Ours")


async def test_r19_one_planted_after_the_sweep_fails_the_write(tmp_path, clock, monkeypatch):
    """R19: the temporary file is made new or not at all."""
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    monkeypatch.setattr("syncd.connectors.files.disk.sweep", lambda _: None)
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    system = drop(tmp_path)
    os.link(victim, tmp_path / PLANTED[1])
    with pytest.raises(TransientError, match="it is as it was"):
        await write(system, {"name": "Ours"})
    assert victim.read_bytes() == b"untouched"
    assert (tmp_path / "plans.csv").read_bytes() == CSV


@pytest.mark.parametrize("plant", [os.link, os.symlink])
async def test_r19_a_planted_lock_or_error_file_is_not_written_through(tmp_path, clock, plant):
    """R19: neither the lock nor the table of bad rows leads our bytes into another file."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    folder = tmp_path / "drop"
    folder.mkdir()
    system = drop(folder)
    plant(victim, folder / "plans.csv.lock")
    plant(victim, folder / "plans.csv.errors")
    with suppress(ConnectorError):
        await write(system, {"name": "Ours"})
    (folder / "plans.csv").write_bytes(b"id\n,\n")
    with pytest.raises(ConnectorError):
        await listed(system)
    assert victim.read_bytes() == b"untouched"


@pytest.mark.parametrize(("mode", "umask"), [(0o640, 0), (0o600, 0o022), (0o664, 0o077)])
async def test_r19_a_replaced_file_has_the_mode_it_had(tmp_path, clock, mode, umask):
    """R19: the mode of a drop and of its error file is the drop's own, whatever the umask."""
    system = drop(tmp_path)
    path = tmp_path / "plans.csv"
    path.chmod(mode)
    before = os.umask(umask)
    try:
        await write(system, {"name": "Ours"})
        path.write_bytes(b"id\n,\n")
        with pytest.raises(ConnectorError):
            await listed(system)
    finally:
        os.umask(before)
    assert [file.stat().st_mode & 0o777 for file in (path, tmp_path / "plans.csv.errors")] == [mode, mode]


# --- what a file cannot hold -----------------------------------------------------------------------------------------

CP1252 = "id,group_id,name,note\np1,g1,Café,x\n".encode("cp1252")


@pytest.mark.parametrize(("changes", "key"), [
    ({"name": "Łódź", "note": "y"}, "name"),
    ({"note": "→"}, "note"),
    ({"note": "a\0b"}, "note"),
    ({"note": "\n" * 500}, "note"),
    ({"fax": "1"}, "fax"),
    ({"note": ["x"]}, "note"),
])  # fmt: skip
async def test_r11_a_value_that_a_file_cannot_hold_is_named_by_its_column(tmp_path, clock, changes, key):
    """R11: the refusal says which column cannot hold its value, so that the others can go out without it."""
    system = drop(tmp_path, data=CP1252, encoding="cp1252")
    with pytest.raises(CannotHoldError, match="the file cannot hold") as told:
        await write(system, changes)
    assert told.value.field == key
    assert (tmp_path / "plans.csv").read_bytes() == CP1252


@pytest.mark.parametrize("value", ["Łódź → 日本", "Café", "𝄞"])
async def test_r11_json_spells_the_letters_that_its_encoding_lacks(tmp_path, clock, value):
    """R11: a JSON lines file holds every letter in every encoding."""
    data = '{"id": "p1", "group_id": "g1", "name": "Café", "note": "é"}\n'.encode("cp1252")
    system = drop(tmp_path, data=data, name="plans.jsonl", encoding="cp1252")
    await write(system, {"name": value})
    assert (await part_of(system)).data["name"] == value
    assert b'"note": "\xe9"' in (tmp_path / "plans.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["plans.csv", "plans.jsonl"])
@pytest.mark.parametrize("odd", ["\x0b", "\x1b[2J", "\x07", "\x85", "\x1c", "\u2028", "\u202e", "\x7f", "\ufeff", "\t"])
async def test_b8_control_characters_in_a_drop_are_data(tmp_path, clock, name, odd):
    """B8: control characters are read and written as they stand; no row is out for them, least of all the file."""
    csv = f"id,group_id,name\np1,g1,Go{odd}ld\np2,g1,Silver\n"
    rows = (
        f'{{"id": "p1", "group_id": "g1", "name": "Go{odd}ld"}}\n{{"id": "p2", "group_id": "g1", "name": "Silver"}}\n'
    )
    data = (csv if name == "plans.csv" else rows).encode()
    system = drop(tmp_path, data=data, name=name)
    assert [one.parts[0].data["name"] for one in (await listed(system)).values()] == [f"Go{odd}ld", "Silver"]
    await write(system, {"name": f"Sil{odd}ver"}, "p2")
    again = drop(tmp_path, data=None)
    assert [one.parts[0].data["name"] for one in (await listed(again)).values()] == [f"Go{odd}ld", f"Sil{odd}ver"]
    assert (tmp_path / name).read_bytes().splitlines(keepends=True)[0] == data.splitlines(keepends=True)[0]
