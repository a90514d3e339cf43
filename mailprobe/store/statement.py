"""SQL statements as the driver takes them: built with SQLAlchemy Core, compiled once, then only text.

To send a statement through SQLAlchemy takes ten times as long as SQLite takes to run it; what runs several times in every
check is written this way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, Connection, or_
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT = sqlite.dialect(paramstyle="named")
Row = tuple[Any, ...]


class Statement:
    """One statement; `sets` are the columns that an INSERT or an UPDATE gives values to. Every other name is a `bindparam`'s.

    No defaults of columns are filled in, and no IN with a list (see `among`): both need SQLAlchemy at every run.
    """

    __slots__ = ("_fixed", "_sets", "_source", "_text")

    def __init__(self, source: ClauseElement, *sets: str) -> None:
        self._source = source
        self._sets = sets
        self._text = ""
        self._fixed: dict[str, Any] = {}

    @property
    def text(self) -> str:
        if not self._text:
            self._compile()
        return self._text

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is bound: the constants of the statement, and what is given now."""
        return {**self._fixed, **given} if self._fixed else given

    def _compile(self) -> None:
        compiled = self._source.compile(dialect=DIALECT, column_keys=list(self._sets) or None)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("not a statement that takes values")
        # every value bound under its own name: a constant of the statement keeps the one that it was written with
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
        self._text = str(compiled)


class Rows:
    """An INSERT of many rows at once: SQLite takes them in one step, in which Python is free to do something else.

    `columns` are all that it gives values to, in the order of the table.
    """

    __slots__ = ("_one", "_texts", "columns")
    SIZES = (64, 8, 1)  # rows in one statement: few forms, so that they stay prepared

    def __init__(self, source: ClauseElement, *columns: str) -> None:
        self.columns = columns
        self._one = Statement(source, *columns)
        self._texts: dict[int, str] = {}

    def text(self, count: int) -> str:
        if count not in self._texts:
            named = "VALUES (" + ", ".join(f":{name}" for name in self.columns) + ")"
            head, _, tail = self._one.text.partition(named)
            row = "(" + ", ".join("?" for _ in self.columns) + ")"
            self._texts[count] = f"{head}VALUES {', '.join([row] * count)}{tail}"
        return self._texts[count]


class Transaction:
    """What a work may do: run statements on the one connection. Rows are tuples, in the order of the columns asked for."""

    __slots__ = ("_connection", "_core")

    def __init__(self, connection: sqlite3.Connection, core: Callable[[], Connection]) -> None:
        self._connection = connection
        self._core = core

    @property
    def core(self) -> Connection:
        """The same transaction in SQLAlchemy's own terms: slower, for what is rare."""
        return self._core()

    def all(self, statement: Statement, **given: Any) -> list[Row]:
        text = statement.text
        return self._connection.execute(text, statement.values(given)).fetchall()

    def one(self, statement: Statement, **given: Any) -> Row | None:
        """The first row, or None."""
        rows = self.all(statement, **given)
        return rows[0] if rows else None

    def do(self, statement: Statement, **given: Any) -> int:
        """The number of rows that it changed."""
        text = statement.text
        return self._connection.execute(text, statement.values(given)).rowcount

    def sql(self, text: str) -> list[Row]:
        """Plain text, for what has no form in SQLAlchemy."""
        return self._connection.execute(text).fetchall()

    def put(self, insert: Rows, rows: Sequence[Row]) -> None:
        """Values in the order of the insert's columns."""
        done = 0
        for size in insert.SIZES:
            while len(rows) - done >= size:
                some = rows[done : done + size] if size > 1 else (rows[done],)
                self._connection.execute(insert.text(size), tuple(chain.from_iterable(some)))
                done += size


def among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """The column is one of these; SQLite makes an IN of it again, and finds an index for it."""
    return or_(*(column == value for value in values))


def changes(columns: Sequence[str], excluded: Any) -> dict[str, Any]:
    """What ON CONFLICT DO UPDATE sets: the values of the row that could not be inserted."""
    return {name: excluded[name] for name in columns}
