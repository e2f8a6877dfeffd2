"""What spreadsheets put into CSV files: guards around codes, the name of the delimiter, delimiters at line ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.files.rows import BadRowError, CsvRows
from syncd.errors import CannotHoldError, ConnectorError
from tests.connectors.test_files import errors_of, folder, listed, new_plan, part_of, write

HEAD = "id,group_id,code,name\n"

GUARDS = [
    # as it stands, what it says, and how another value is written in its place
    ('="00123"', "00123", "00124", '="00124"'),
    ('"=""00123"""', "00123", "00124", '"=""00124"""'),
    ('="00123"', "00123", "a,b", '"=""a,b"""'),
    ('="00123"', "00123", "", ""),
    ('="12-3"', "12-3", "12-4", '="12-4"'),
    ("'00124", "00124", "00125", "'00125"),
    ('"\'00124"', "00124", "00125", '"\'00125"'),
    ("'1E5", "1E5", "1E6", "'1E6"),
    ("'00124", "00124", "HMO", "HMO"),
    ("'Ohana", "'Ohana", "'Ohana 2", "'Ohana 2"),
    ("'24 Gold", "'24 Gold", "'25 Gold", "'25 Gold"),
    ("'24'", "'24'", "'25'", "'25'"),
    ("=A1", "=A1", "=A2", "=A2"),
]


@pytest.mark.parametrize(("raw", "value", "new", "written"), GUARDS)
async def test_b16_a_guarded_code_is_the_code(tmp_path, raw, value, new, written):
    """B16: `="00123"` and `'00124` are the codes inside, keep their bytes, and stay guarded when they change."""
    data = f"{HEAD}p1,g1,{raw},Gold\np2,g1,,Silver\n"
    system = folder(tmp_path, data=data.encode())
    assert (await part_of(system)).data["code"] == value
    await write(system, {"name": "Lead"})
    assert (tmp_path / "plans.csv").read_text() == data.replace("Gold\n", "Lead\n")
    await write(system, {"code": new})
    assert (tmp_path / "plans.csv").read_text() == f"{HEAD}p1,g1,{written},Lead\np2,g1,,Silver\n"
    assert (await part_of(system)).data["code"] == new


@pytest.mark.parametrize(("raw", "written"), [('="00123"', '="00124"'), ("'00123", "'00124"), ("x", "00124")])
async def test_b16_a_new_row_is_guarded_as_the_last_one(tmp_path, raw, written):
    """B16: a created row follows the manner of its neighbours, column by column."""
    system = folder(tmp_path, data=f"{HEAD}p1,g1,{raw},Gold\n".encode(), new_id={"prefix": "p"})
    await system.create(new_plan(code="00124", name="New"))
    assert (tmp_path / "plans.csv").read_text().splitlines()[-1] == f"p2,g1,{written},New"


async def test_b16_an_id_may_be_guarded(tmp_path):
    """B16: an id that was kept from a spreadsheet is the same id as without its guard."""
    assert list(await listed(folder(tmp_path, data=f'{HEAD}="007",g1,,a\n\'008,g1,,b\n'.encode()))) == ["007", "008"]


@pytest.mark.parametrize("value", ["'00124", '="00123"', '=""'])
async def test_b16_a_text_that_would_read_as_another_is_not_written(tmp_path, value):
    """B16: a value that only looks guarded cannot be held by a CSV file, and its column is named."""
    system = folder(tmp_path, data=f"{HEAD}p1,g1,x,Gold\n".encode())
    with pytest.raises(CannotHoldError, match="guarded") as told:
        await write(system, {"code": value, "name": "New"})
    assert told.value.field == "code"


@given(st.text("='\"09a, ;\n", max_size=7), st.text("='\"09a, ;\n", max_size=7), st.sampled_from(",;"))
def test_b16_what_is_written_reads_as_it_is_or_is_refused(before, after, delimiter):
    """B16: get(put(value)) = value for every text, whatever stood in its place; unchanged rows keep their bytes."""
    rows = CsvRows(("id", "code"), delimiter)
    for like in (before, f'="{before}"', f"'{before}"):
        try:
            text = rows.new({"id": "p1", "code": like}, None)
            made = rows.rewrite(text, {"id": "p1", "code": after})
        except BadRowError:
            continue
        assert rows.read(made) == {"id": "p1", "code": after}
        assert rows.rewrite(text, rows.read(text)) == text


# --- a line that names the delimiter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "delimiter"), [("sep=,", ","), ("sep=;", ";"), ('"sep=;"', ";"), ("SEP=|", "|")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_b16_a_line_that_names_the_delimiter_is_kept(tmp_path, first, delimiter, end):
    """B16: `sep=,` before the header is no header, and stays where it is."""
    rows = [delimiter.join(row) for row in (("id", "group_id", "name"), ("p1", "g1", "Gold"), ())]
    data = end.join([first, *rows]).encode()
    system = folder(tmp_path, data=data, delimiter=delimiter, new_id={"prefix": "p"})
    await write(system, {"name": "Lead"})
    assert (tmp_path / "plans.csv").read_bytes() == data.replace(b"Gold", b"Lead")
    assert await system.create(new_plan(name="New")) == "p2"
    assert list(await listed(folder(tmp_path, data=None, delimiter=delimiter))) == ["p1", "p2"]


async def test_b16_one_that_names_another_delimiter_is_refused(tmp_path):
    """B16: a file that says another delimiter than the settings is not guessed at, and a bad row has its own line."""
    with pytest.raises(ConnectorError, match="saw sep=;, expected sep=,") as told:
        await listed(folder(tmp_path, data=b"sep=;\nid;group_id\np1;g1\n"))
    assert "Set `delimiter`" in told.value.hint
    with pytest.raises(ConnectorError):
        await listed(folder(tmp_path, data=b"sep=,\nid,group_id\np1\n"))
    assert errors_of(tmp_path / "plans.csv")[0][0] == "3"


# --- delimiters at the end of a line ---------------------------------------------------------------------------------

TRAILING = b"id,group_id,name,,\np1,g1,Gold,,\np2,g1,Silver,\np3,g1,Bronze\n"


async def test_b16_delimiters_at_line_ends_are_let_in_by_a_setting(tmp_path):
    """B16: with `trailing_delimiters`, empty fields after the last column are none, and stay where they are."""
    system = folder(tmp_path, data=TRAILING, trailing_delimiters=True, new_id={"prefix": "p"})
    assert [one.parts[0].data["name"] for one in (await listed(system)).values()] == ["Gold", "Silver", "Bronze"]
    await write(system, {"name": "Lead"})
    assert (tmp_path / "plans.csv").read_bytes() == TRAILING.replace(b"Gold", b"Lead")
    with pytest.raises(ConnectorError, match="1 bad row"):
        await listed(folder(tmp_path, data=TRAILING.replace(b"Gold,,", b"Gold,,x"), trailing_delimiters=True))
    with pytest.raises(ConnectorError, match="1 bad row"):
        await listed(folder(tmp_path, data=TRAILING.replace(b"g1,Gold,,", b"g1"), trailing_delimiters=True))


async def test_b16_without_the_setting_the_error_names_it(tmp_path):
    """B16: a file with delimiters at its line ends is refused with the setting that lets it in."""
    with pytest.raises(ConnectorError) as told:
        await listed(folder(tmp_path, data=TRAILING))
    assert "set `trailing_delimiters` of this system to true" in told.value.hint
    with pytest.raises(ConnectorError, match="`trailing_delimiters` lets empty ones be"):
        await listed(folder(tmp_path, data=b"id,group_id\np1,g1,\n"))


@pytest.mark.parametrize("name", ["plans.csv", "plans.jsonl"])
async def test_b16_a_mark_before_the_text_is_skipped_and_kept(tmp_path, name):
    """B16: a byte order mark before JSON lines or CSV is no part of the first row."""
    text = "id,group_id,name\np1,g1,Gold\n" if name == "plans.csv" else '{"id":"p1","group_id":"g1","name":"Gold"}\n'
    data = b"\xef\xbb\xbf" + text.encode()
    system = folder(tmp_path, data=data, name=name)
    await write(system, {"name": "Lead"})
    assert (tmp_path / name).read_bytes() == data.replace(b"Gold", b"Lead")
