"""Rows of accounts from elsewhere, each cell with its place: a CSV file (RFC 4180), or what a query answers."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from mailprobe.address import near
from mailprobe.config.problems import cut

COLUMNS = ("id", "address", "carrier", "group", "secret", "probes", "every")
NEEDED = frozenset({"id", "address"})
QUOTED = re.compile(r'"(?:[^"]|"")*"')
FIELD = re.compile(r'"(?:[^"]|"")*"?[^,"\r\n]*|[^,\r\n]*')
WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, as a spreadsheet's "Unicode text"


@dataclass(frozen=True, slots=True)
class Row:
    """One account as written; empty cells are left out. `where` is `file:line`, `at` the line and column of each cell."""

    where: str
    cells: Mapping[str, str]
    at: Mapping[str, tuple[int, int]]


class RowError(Exception):
    """The rows cannot be read, or one of them cannot. `where` is `file:line:column`, as far as it is known."""

    def __init__(self, code: str, where: str, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.where = where
        self.what = what
        self.hint = hint


def read_csv(path: Path) -> Iterator[Row | RowError]:
    """Every row, or what is wrong with it. Raises RowError for a file that cannot be read as a whole."""
    return rows_of(decoded(octets_of(path), str(path)), str(path))


def octets_of(path: Path) -> bytes:
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise RowError("MP1011", str(path), "not a regular file", "give a CSV file")
        return path.read_bytes()
    except OSError as error:
        raise RowError("MP1011", "", f"cannot read {path}: {error.strerror}") from None


def decoded(data: bytes, file: str) -> str:
    """UTF-8, with or without the byte order mark that spreadsheets write."""
    if data.startswith(WIDE):
        raise RowError("MP1010", f"{file}:1", "is UTF-16", 'save it as "CSV UTF-8"')
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, before = data.count(b"\n", 0, error.start) + 1, data.rfind(b"\n", 0, error.start) + 1
        column = len(data[before : error.start].decode("utf-8-sig", "replace")) + 1
        what = f"not UTF-8: byte 0x{data[error.start]:02x}"
        raise RowError("MP1010", f"{file}:{line}:{column}", what, "save it as UTF-8") from None


class Lines:
    """The lines of a text, remembering those that the record under way is made of."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._taken: list[str] = []
        self._next = 1  # of the record under way, its first line

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        self._taken.append(next(self._lines))
        return self._taken[-1]

    def record(self) -> tuple[int, str]:
        """The first line's number and the text of the record that was read last."""
        first, text = self._next, "".join(self._taken)
        self._next, self._taken = first + len(self._taken), []
        return first, text


def rows_of(text: str, file: str) -> Iterator[Row | RowError]:
    lines = Lines(text)
    reader = csv.reader(lines, strict=True)
    head: list[str] | None = None
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield broken(file, *lines.record(), str(error))
            return  # where the next record begins is anybody's guess
        first, record = lines.record()
        if not any(fields):
            continue
        if head is None:
            head = columns_of(fields, record, f"{file}:{first}")
        else:
            yield row_of(head, fields, record, file, first)
    if head is None:
        raise RowError("MP1044", f"{file}:1", "columns id and address are needed", f"known: {','.join(COLUMNS)}")


def columns_of(fields: list[str], record: str, where: str) -> list[str]:
    """The first line; raises RowError."""
    columns = [column for _, column in places(record)]
    for number, name in enumerate(fields):
        column = columns[number] if number < len(columns) else 1
        if name not in COLUMNS:
            raise RowError("MP1044", f"{where}:{column}", f'unknown column "{cut(name)}"', column_hint(name, fields))
        if name in fields[:number]:
            raise RowError("MP1044", f"{where}:{column}", f'column "{name}" twice', "leave one out")
    if not set(fields) >= NEEDED:
        raise RowError("MP1044", where, "columns id and address are needed", f"known: {','.join(COLUMNS)}")
    return fields


def column_hint(name: str, fields: Sequence[str] = ()) -> str:
    if name.startswith("sep="):
        return "leave out this line, which is for a spreadsheet: the first one names the columns"
    if any("@" in field for field in fields):
        return f"the first line names the columns: {','.join(COLUMNS)}"
    for sign, called in ((";", "semicolons"), ("\t", "tabs")):
        if sign in name:
            return f"separate the fields with commas, not {called}"
    meant = near(name.strip().lower(), COLUMNS)
    return f"did you mean {meant}?" if meant else f"known: {','.join(COLUMNS)}"


def row_of(head: list[str], fields: list[str], record: str, file: str, line: int) -> Row | RowError:
    where, begins = f"{file}:{line}", places(record)
    if len(fields) != len(head):
        more = len(fields) > len(head)
        column = begins[len(head)][1] if more and len(head) < len(begins) else len(record.rstrip("\r\n")) + 1
        what = f"{len(fields)} fields, but the first line has {len(head)}"
        return RowError("MP1044", f"{where}:{column}", what, "quote a field that holds a comma")
    at = {name: (line + down, column) for name, (down, column) in zip(head, begins, strict=False)}
    return Row(where, {name: value for name, value in zip(head, fields, strict=True) if value}, at)


def broken(file: str, first: int, record: str, said: str) -> RowError:
    """What csv says of a quote, with the place of the field that it began in."""
    wrong = (spot for spot in spots(record) if spot.text.startswith('"') and not QUOTED.fullmatch(spot.text))
    spot = next(wrong, spots(record)[-1])
    unclosed = "unexpected end" in said
    what = "a quote that is never closed" if unclosed else f"not CSV: {said}"
    hint = "is a quote missing above?" if "field limit" in said else 'quote a field as a whole, a quote in it as ""'
    return RowError("MP1044", f"{file}:{first + spot.down}:{spot.column}", what, hint)


@dataclass(frozen=True, slots=True)
class Spot:
    """A field as it is written, and where it begins: lines below the record's first, and the column."""

    down: int
    column: int
    text: str


def places(record: str) -> list[tuple[int, int]]:
    if '"' not in record:  # nearly all: one line, a field between two commas
        lengths = accumulate((len(text) + 1 for text in record.split(",")), initial=1)
        return [(0, column) for column in lengths][:-1]
    return [(spot.down, spot.column) for spot in spots(record)]


def spots(record: str) -> list[Spot]:
    """The fields of a record, one at least."""
    found: list[Spot] = []
    position, down, line_start = 0, 0, 0
    while True:
        match = FIELD.match(record, position)
        end = match.end() if match else position
        found.append(Spot(down, position - line_start + 1, record[position:end]))
        breaks = [one.end() for one in re.finditer(r"\r\n|\r|\n", record[position:end])]
        if breaks:
            down, line_start = down + len(breaks), position + breaks[-1]
        if not record.startswith(",", end):
            return found
        position = end + 1
