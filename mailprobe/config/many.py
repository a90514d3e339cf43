"""`[accounts_from]`: each row is an [[accounts]] table of its own. A file with one wrong row is refused whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mailprobe.config.accounts import ACCOUNT_ID, Roll, add_account
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.places import Places
from mailprobe.config.problems import Problem
from mailprobe.config.query import read_query
from mailprobe.config.reading import AccountSection, ManySection, Sheet, read_section
from mailprobe.config.rows import Row, RowError, read_csv

MOST_PROBLEMS = 50  # of one source: the rest is counted
SECTION = "accounts_from"


class RowSheet(Sheet):
    """The sheet of one row. A row is named with its file, because the other of two equal ones may stand elsewhere."""

    def line(self, path: KeyPath) -> str:
        return self.where(path)


def add_many(sheet: Sheet, roll: Roll, section: ManySection) -> None:
    """Every account of the source; every problem is written to the sheet."""
    template = section.secret_template
    if template is not None and set(re.findall(r"\{([^}]*)\}", template)) != {"id"}:
        sheet.problem("MP1038", (SECTION, "secret_template"), "must hold {id} and nothing else in braces", "")
        return
    source = source_of(sheet, section)
    if source is None:
        return
    for table in (roll.ids, roll.keys, roll.looks):  # what was written in the file itself, seen from another
        table.update({key: f"{sheet.file} {where}" for key, where in table.items()})
    try:
        add_rows(sheet, roll, rows_of(sheet, section), str(source), template)
    except RowError as error:
        tell(sheet, error, (SECTION, "csv" if section.csv is not None else "sql"))


def source_of(sheet: Sheet, section: ManySection) -> Path | str | None:
    """What is read, by its name; None where there is nothing, or nothing that can be read."""
    if section.csv is not None and section.sql is not None:
        sheet.problem("MP1043", (SECTION, "sql"), "csv and sql at once", "leave one out")
    elif section.sql is not None and section.url is None:
        sheet.problem("MP1033", (SECTION, "url"), "required key is missing", 'the database: url = "postgresql://user@host/name"')
    elif section.url is not None and section.sql is None:
        sheet.problem("MP1033", (SECTION, "sql"), "required key is missing", 'sql = "SELECT id, address FROM ..."')
    elif section.csv is not None:
        return base_of(sheet) / section.csv
    elif section.sql is not None:
        return f"{SECTION}.sql"
    return None


def base_of(sheet: Sheet) -> Path:
    base = sheet.context.get("base")
    return base if isinstance(base, Path) else Path()


def rows_of(sheet: Sheet, section: ManySection) -> Iterator[Row | RowError]:
    base = base_of(sheet)
    if section.csv is not None:
        return read_csv(base / section.csv)
    return read_query(section.sql or "", section.url or "", base)


def tell(sheet: Sheet, error: RowError, path: KeyPath) -> None:
    """A source that cannot be read: at its own place where that is known, else at the key that names it."""
    if error.where:
        sheet.problems.append(Problem(error.code, error.where, error.what, error.hint))
    else:
        sheet.problem(error.code, path, error.what, error.hint)


def add_rows(sheet: Sheet, roll: Roll, rows: Iterable[Row | RowError], source: str, template: str | None) -> None:
    """The first problems are told, the rest counted."""
    untold, unnoted, count = 0, 0, 0
    for row in rows:
        count += 1
        problems, warnings = row_problems(sheet, roll, row, template)
        untold += some_of(problems, sheet.problems)
        unnoted += some_of(warnings, sheet.warnings)
    if untold:
        sheet.problems.append(Problem("MP1044", source, f"{untold} more problems in this file", "mend these first"))
    if unnoted:
        sheet.warnings.append(Problem("MP1044", source, f"{unnoted} more notes on this file", "the first ones are told"))
    if not count:
        sheet.warnings.append(Problem("MP1803", source, "no account in it", "was it meant to be empty?"))


def some_of(found: list[Problem], told: list[Problem]) -> int:
    """Tell what there is room for; how many there was none for."""
    room = max(MOST_PROBLEMS - len(told), 0)
    told.extend(found[:room])
    return max(len(found) - room, 0)


def row_problems(sheet: Sheet, roll: Roll, row: Row | RowError, template: str | None) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with a row, and what may be lived with."""
    if isinstance(row, RowError):
        return [Problem(row.code, row.where, row.what, row.hint)], []
    part = RowSheet(row.where, Places(), sheet.context)
    file = row.where.rpartition(":")[0]
    part.places.at.update({(name,): spot for name, spot in row.at.items()})
    if row.at:
        part.file = file
        part.places.at[()] = (next(iter(row.at.values()))[0], 1)
    add_row(part, roll, row.cells, template)
    return part.problems, part.warnings


def add_row(sheet: Sheet, roll: Roll, cells: Mapping[str, str], template: str | None) -> None:
    data: dict[str, object] = dict(cells)
    if "probes" in cells:
        data["probes"] = list(split(cells["probes"]))
    if "=" in cells.get("every", ""):
        data["every"] = {probe: seconds for probe, _, seconds in (pair.partition("=") for pair in split(cells["every"]))}
    if template and "secret" not in data and ACCOUNT_ID.fullmatch(cells.get("id", "")):
        data["secret"] = template.replace("{id}", cells["id"])
    section = read_section(sheet, AccountSection, data, ())
    if section is None:
        return
    if section.id is None:
        sheet.problem("MP1033", ("id",), "required column is empty", "each account needs a name of its own")
        return
    add_account(sheet, roll, section, ())


def split(text: str) -> Iterator[str]:
    yield from (name for name in re.split(r"[\s,;|]+", text) if name)
