"""One SQLite file behind one thread: whole transactions go in, values come out.

A transaction runs to its end in the thread even if the task that waits for it is cancelled, so nothing is ever half
done. WAL with synchronous=FULL: what was committed survives a power cut. BEGIN IMMEDIATE: what a transaction reads
stays true until it commits, whatever other processes do.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from mailprobe.store import tables
from mailprobe.store.place import EX_CONFIG, EX_IOERR, MEMORY, StoreError

T = TypeVar("T")

WAIT = 10.0  # seconds for another process's transaction
KEY_BYTES = 32


class Database:
    """Made by `open_database`; every call goes through its one thread."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._key = b""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=StaticPool, hide_parameters=True)
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run one transaction and return what `work` returns. StoreError if the store cannot do it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def soon(self, work: Callable[[Connection], None]) -> None:
        """Queue one transaction without waiting for it; `close` does. Only for what a lost row cannot harm."""
        self._thread.submit(self._transaction, work)

    async def close(self) -> None:
        """Let what is under way end, then close the file and the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=True)

    async def open(self) -> None:
        """Bring the tables up to date and read the key."""
        try:
            self._key = await self.run(self._prepare)
        except BaseException:
            await self.close()
            raise

    def hashed(self, kind: str, *parts: str) -> str:
        """A keyed hash: without this store's key nobody can try a list of addresses or secrets against it."""
        said = "\0".join((kind, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:32]

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            raise unusable(self.place, str(error.orig)) from None
        except sqlite3.Error as error:  # while connecting
            raise unusable(self.place, str(error)) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.place, timeout=WAIT, isolation_level=None)
        try:
            if self.place != MEMORY:
                into_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # a mail that was read leaves no octets behind
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: Connection) -> bytes:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > tables.VERSION:
            what = f"the database is version {version}, this program knows version {tables.VERSION}"
            raise StoreError("MP1022", self.place, what, "use the newer program, or another file", EX_CONFIG)
        tables.metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {tables.VERSION}")
        key = insert(tables.house).values(name="key", value=secrets.token_bytes(KEY_BYTES))
        connection.execute(key.on_conflict_do_nothing())
        found: bytes = connection.execute(select(tables.house.c.value).where(tables.house.c.name == "key")).scalar_one()
        return found


async def open_database(place: str) -> Database:
    database = Database(place)
    await database.open()
    return database


def into_wal(connection: sqlite3.Connection) -> None:
    """Changing the journal asks for the whole file at once: a neighbour doing the same makes it fail without waiting."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    connection.execute("BEGIN EXCLUSIVE")  # this one waits
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


def unusable(place: str, said: str) -> StoreError:
    """SQLite's own words, with what to do about the usual ones."""
    hints = {
        "locked": "another program holds the file; end it or wait",
        "full": "free some disk space",
        "not a database": "name another file in [store] url",
        "readonly": "give this user write access to the file and its directory",
    }
    hint = next((hint for word, hint in hints.items() if word in said), "check the file, its directory and the disk")
    return StoreError("MP1020", place, f"the store cannot be used: {said}", hint, EX_IOERR)
