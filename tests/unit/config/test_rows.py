"""CSV as people and spreadsheets write it: each cell has its line and column, and nothing is read that is not there."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.config.rows import COLUMNS, Row, RowError, decoded, places, read_csv, rows_of, spots

HEAD = "id,address,group\n"


def rows(text: str) -> list[Row]:
    found = list(rows_of(text, "a.csv"))
    assert all(isinstance(one, Row) for one in found), found
    return [one for one in found if isinstance(one, Row)]


def wrong(text: str) -> list[RowError]:
    return [one for one in rows_of(text, "a.csv") if isinstance(one, RowError)]


def test_a_cell_knows_where_it_stands() -> None:
    (first, second) = rows(HEAD + 'a,"x,y@z",\nb,u@v,"two\nlines"\n')
    assert (first.where, first.cells, first.at["address"]) == ("a.csv:2", {"id": "a", "address": "x,y@z"}, (2, 3))
    assert (second.where, second.cells["group"], second.at["group"]) == ("a.csv:3", "two\nlines", (3, 7))


def test_a_cell_behind_a_line_break_stands_in_the_line_where_it_begins() -> None:
    (only,) = rows('group,id,address\n"two\nlines",a,b@c\n')
    assert only.at == {"group": (2, 1), "id": (3, 8), "address": (3, 10)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_and_empty_lines(end: str) -> None:
    text = end.join(["id,address", "", "a,b@c", ",", "", "d,e@f", ""])
    assert [(one.where, one.cells["id"]) for one in rows(text)] == [("a.csv:3", "a"), ("a.csv:6", "d")]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert decoded(b"\xef\xbb\xbfid,address\n", "a.csv") == "id,address\n"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (HEAD + "a,b@c\n", "a.csv:2:6", "2 fields, but the first line has 3"),
        (HEAD + "a,b@c,d,e\n", "a.csv:2:9", "4 fields, but the first line has 3"),
        (HEAD + 'a,"b@c,d\ne,f@g,h\n', "a.csv:2:3", "a quote that is never closed"),
        (HEAD + 'a,"b"@c,d\n', "a.csv:2:3", "not CSV"),
    ],
)
def test_a_row_that_is_none(text: str, where: str, what: str) -> None:
    (error,) = wrong(text)
    assert (error.code, error.where, error.what.startswith(what)) == ("MP1044", where, True)


def test_a_row_that_is_none_does_not_hide_the_others() -> None:
    assert [type(one) for one in rows_of(HEAD + "a,b@c\nd,e@f,g\nh\n", "a.csv")] == [RowError, Row, RowError]


@pytest.mark.parametrize(
    ("head", "where", "hint"),
    [
        ("id;address", "a.csv:1:1", "semicolons"),
        ("id\taddress", "a.csv:1:1", "tabs"),
        ("id,adress", "a.csv:1:4", "did you mean address?"),
        ("a,a@mail.test", "a.csv:1:1", "the first line names the columns"),
        ("sep=,", "a.csv:1:1", "leave out this line"),
        ("ID,address", "a.csv:1:1", "did you mean id?"),
        ("id,address,", "a.csv:1:12", "known: "),
        ("id,address,id", "a.csv:1:12", "leave one out"),
        ("id,group", "a.csv:1", "known: "),
        ("", "a.csv:1", "known: "),
    ],
)
def test_a_first_line_that_cannot_be_meant(head: str, where: str, hint: str) -> None:
    with pytest.raises(RowError) as caught:
        list(rows_of(head + "\n", "a.csv"))
    assert (caught.value.code, caught.value.where, hint in caught.value.hint) == ("MP1044", where, True)


@pytest.mark.parametrize(
    ("data", "where"),
    [(b"id\na\nxy\x93", "a.csv:3:3"), (b"\xff\xfei\0d\0", "a.csv:1"), ("あ\n\n".encode() + b"\xff", "a.csv:3:1")],
)
def test_octets_that_are_not_utf8(data: bytes, where: str) -> None:
    with pytest.raises(RowError) as caught:
        decoded(data, "a.csv")
    assert (caught.value.code, caught.value.where) == ("MP1010", where)


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(RowError) as caught:
            read_csv(path)
        assert caught.value.code == "MP1011"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=6))
def test_what_csv_writes_is_read_with_the_place_of_every_cell(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([COLUMNS, *table])
    text = out.getvalue()
    lines = list(io.StringIO(text, newline=""))
    kept = [cells for cells in table if any(cells)]
    for row, cells in zip(rows(text), kept, strict=True):
        assert row.cells == {name: cell for name, cell in zip(COLUMNS, cells, strict=True) if cell}
        for name, (line, column) in row.at.items():
            cell = cells[COLUMNS.index(name)]
            rest = "".join([lines[line - 1][column - 1 :], *lines[line:]])
            quoted = '"' + cell.replace('"', '""') + '"'
            assert rest.startswith((quoted, cell))


@given(st.text(max_size=40))
def test_places_end_for_any_text(record: str) -> None:
    assert places(record)


@given(st.text(st.characters(exclude_characters='"\r\n'), max_size=40))
def test_the_short_way_to_the_places_leads_to_the_same(record: str) -> None:
    assert places(record) == [(spot.down, spot.column) for spot in spots(record)]
