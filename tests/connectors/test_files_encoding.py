"""Bytes that contradict the set encoding: a file that reads well letter by letter and says other names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.files import Settings
from syncd.connectors.files.encoding import decoded
from syncd.connectors.files.problems import BadTableError
from syncd.errors import ConnectorError, RefusedError
from tests.connectors.test_files import errors_of, folder, listed, write

NAMES = ["Salud Básica", "Café Élan", "Plain", "Ágil – Más", "Niño €", "CRÈME", "Straße"]  # noqa: RUF001 - a dash
SINGLE = ["cp1252", "iso-8859-1"]


def laid(names, encoding, *, jsonl=False, mark=b""):
    """Give the bytes of a drop with these names."""
    if jsonl:
        rows = ({"id": f"p{n}", "group_id": "g1", "name": name} for n, name in enumerate(names))
        return mark + "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(encoding)
    text = "id,group_id,name\n" + "".join(f"p{n},g1,{name}\n" for n, name in enumerate(names))
    return mark + text.encode(encoding)


@pytest.mark.parametrize("jsonl", [False, True])
@pytest.mark.parametrize("encoding", SINGLE)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("names", [["Salud Básica"], NAMES, ["Plain", "Ñandú"], ["→ ★"], ["日本"]])
async def test_b4_utf8_in_a_drop_of_a_single_byte_encoding_is_refused(tmp_path, encoding, mark, names, jsonl):
    """B4: bytes above 127 that are all valid UTF-8, or a byte order mark, contradict the set encoding."""
    name = "plans.jsonl" if jsonl else "plans.csv"
    system = folder(tmp_path, data=laid(names, "utf-8", jsonl=jsonl, mark=mark), name=name, encoding=encoding)
    with pytest.raises(
        ConnectorError, match=f"UTF-8.*expected {encoding} text, as the setting `encoding` says"
    ) as told:
        await listed(system)
    assert told.value.file.endswith(name)
    assert told.value.line >= 1
    assert f"Save the file as {encoding}" in told.value.hint
    assert "set `encoding` of this system to utf-8" in told.value.hint
    assert errors_of(tmp_path / name)


@pytest.mark.parametrize("encoding", SINGLE)
async def test_b4_a_plain_drop_with_a_mark_is_read_in_any_encoding_but_says_nothing_new(tmp_path, encoding):
    """B4: a byte order mark alone, before letters that are the same everywhere, contradicts a single-byte encoding."""
    data = laid(["Plain"], "utf-8", mark=b"\xef\xbb\xbf")
    with pytest.raises(ConnectorError, match="byte order mark"):
        await listed(folder(tmp_path, data=data, encoding=encoding))
    assert [one.parts[0].data["name"] for one in (await listed(folder(tmp_path, data=data))).values()] == ["Plain"]


@pytest.mark.parametrize("encoding", SINGLE)
async def test_b4_one_line_in_utf8_among_others_is_found(tmp_path, encoding):
    """B4: a row that another program added in UTF-8 is named by its line."""
    data = laid(["Básica", "Café"], encoding) + "p9,g1,Más\n".encode()
    with pytest.raises(ConnectorError, match="letters in UTF-8 \\(the first at column 8\\)") as told:
        await listed(folder(tmp_path, data=data, encoding=encoding))
    assert told.value.line == 4


@pytest.mark.parametrize("names", [["CAFÉ™ Vision", "Básica"], ["Básica", "Ï™ É®", "ä"]])
async def test_b4_letters_that_make_utf8_by_chance_do_not_stop_a_file(tmp_path, names):
    """B4: one such coincidence in a file whose other letters are not UTF-8 is believed as the setting says."""
    rows = await listed(folder(tmp_path, data=laid(names, "cp1252"), encoding="cp1252"))
    assert [one.parts[0].data["name"] for one in rows.values()] == names


async def test_b4_windows_quotes_contradict_iso_8859_1(tmp_path):
    """B4: bytes 0x80 to 0x9f are control characters in ISO 8859-1 and dashes in cp1252; nobody types the former."""
    with pytest.raises(ConnectorError, match="control character") as told:
        await listed(folder(tmp_path, data=laid(["Más – Ágil"], "cp1252"), encoding="iso-8859-1"))  # noqa: RUF001
    assert "`encoding` of this system to cp1252" in told.value.hint


@pytest.mark.parametrize("wide", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("encoding", ["utf-8", *SINGLE])
async def test_b4_wide_text_contradicts_every_encoding(tmp_path, wide, encoding):
    """B4: UTF-16 and UTF-32, with a mark or without, are refused under any setting."""
    with pytest.raises(ConnectorError, match="nothing was read"):
        await listed(folder(tmp_path, data=laid(["Plain"], wide), encoding=encoding))


async def test_b4_single_bytes_contradict_utf8(tmp_path):
    """B4: the reverse, a cp1252 file where UTF-8 is set, names byte, line and what to do."""
    with pytest.raises(ConnectorError, match="saw byte 0xe1 at column 8, expected utf-8 text") as told:
        await listed(folder(tmp_path, data=laid(["Plain", "Básica"], "cp1252")))
    assert told.value.line == 3
    assert "Save the file as utf-8" in told.value.hint


@pytest.mark.parametrize("encoding", SINGLE)
async def test_b4_a_switched_drop_is_not_written_either(tmp_path, encoding):
    """B4: nothing is written into a file whose bytes are not what the setting says."""
    names = ["Básica", "Café"]
    system = folder(tmp_path, data=laid(names, encoding), encoding=encoding)
    part = (await listed(system))["p0"].parts[0]
    data = laid(names, "utf-8")
    (tmp_path / "plans.csv").write_bytes(data)
    with pytest.raises(ConnectorError, match="nothing was written"):
        await write(system, {"name": "x"}, part=part)
    assert (tmp_path / "plans.csv").read_bytes() == data


@pytest.mark.parametrize(("names", "value"), [(["Básica"], "MÃ©dica"), (["Plain"], "CAFÉ™")])
async def test_b4_no_write_of_ours_makes_a_drop_that_is_refused(tmp_path, names, value):
    """B4: a text whose bytes would read as UTF-8 is refused before it is written."""
    data = laid(names, "cp1252")
    system = folder(tmp_path, data=data, encoding="cp1252")
    with pytest.raises(RefusedError, match="would read as"):
        await write(system, {"name": value}, "p0")
    assert (tmp_path / "plans.csv").read_bytes() == data


@given(
    st.lists(st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=9), max_size=9),
    st.sampled_from(SINGLE),
)
def test_b4_text_saved_as_utf8_is_never_read_otherwise(names, encoding):
    """B4: any text, saved as UTF-8, is refused by a single-byte setting or reads the same."""
    data = "".join(f"{name}\n" for name in names).encode()
    try:
        _, lines = decoded(data, Settings(folder=".", encoding=encoding))
    except BadTableError:
        assert not data.isascii()
    else:
        assert "".join(lines).encode() == data
