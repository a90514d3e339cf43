"""The tables of the file at hand: made in a new one, taken over from an older one, left alone in a newer one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from mailprobe.store import tables
from mailprobe.store.connection import WAIT, opened
from mailprobe.store.place import EX_CONFIG, StoreError
from mailprobe.store.statement import DIALECT, Transaction
from mailprobe.store.trouble import unusable

T = TypeVar("T")

FIRST = 2  # the oldest revision
MIGRATIONS = Path(__file__).parent / "migrations"
# As Alembic would write it: a new file needs no migration, and Alembic takes longer to load than all the rest
STAMP = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    f"INSERT INTO alembic_version (version_num) VALUES ('{tables.VERSION}')",  # noqa: S608  a number of ours
    f"PRAGMA user_version = {tables.VERSION}",
)


class Stored(Protocol):
    """A database that is about to be opened."""

    place: str

    def transact(self, work: Callable[[Transaction], T]) -> Awaitable[T]: ...


async def bring_up_to_date(database: Stored) -> None:
    """Raises StoreError: MP1022 for a file of a newer program, MP1023 for one of another program."""
    version = await database.transact(lambda transaction: prepare(transaction, database.place))
    if version < tables.VERSION:
        await asyncio.to_thread(migrate, database.place)


def prepare(transaction: Transaction, place: str) -> int:
    """Make the tables in a new file. The version that it has now."""
    version: int = transaction.sql("PRAGMA user_version")[0][0]
    if version > tables.VERSION:
        what = f"the database is version {version}, this program knows version {tables.VERSION}"
        raise StoreError("MP1022", place, what, "use the newer program, or another file", EX_CONFIG)
    if version:
        return version
    names = {row[0] for row in transaction.sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if names and tables.house.name not in names:
        raise StoreError("MP1023", place, "the file is another program's database", "name another file", EX_CONFIG)
    if names:
        return version
    for statement in (*definitions(), *STAMP):
        transaction.sql(statement)
    return tables.VERSION


def definitions() -> list[str]:
    """The statements that make every table and index."""
    made: list[str] = []
    for table in tables.metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=DIALECT)))
        made += [
            str(CreateIndex(index).compile(dialect=DIALECT)) for index in sorted(table.indexes, key=lambda one: str(one.name))
        ]
    return made


def migrate(place: str) -> None:
    """Take over an older file, in one transaction: whole or not at all. Whoever comes second finds it done."""
    engine = create_engine("sqlite://", creator=lambda: patient(place), poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version < tables.VERSION:
                upgrade(connection, version)
                connection.exec_driver_sql(f"PRAGMA user_version = {tables.VERSION}")
    except DBAPIError as error:
        raise unusable(
            place, error.orig if isinstance(error.orig, sqlite3.Error) else sqlite3.OperationalError(str(error))
        ) from None
    finally:
        engine.dispose()


def upgrade(connection: Connection, version: int) -> None:
    """To the newest revision, within the transaction of `connection`. The file's own number says where it stands."""
    # loaded only here: it takes longer than all the rest of the program
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.stamp(config, str(version) if version >= FIRST else "base", purge=True)
    command.upgrade(config, "head")


def patient(place: str) -> sqlite3.Connection:
    raw = opened(place)
    raw.execute(f"PRAGMA busy_timeout = {WAIT * 1000:.0f}")
    return raw
