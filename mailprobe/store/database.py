"""One SQLite file behind a thread that writes and one that reads: whole transactions go in, values come out.

A transaction that has begun runs to its end even if the task that waits for it is cancelled, and one that has not is dropped:
nothing is ever half done. What waits is committed together (`batch.py`); nobody is told anything before it is on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store import tables
from mailprobe.store.batch import Committed, Job, Work
from mailprobe.store.connection import WAIT, opened, reading, writing
from mailprobe.store.lane import Lane
from mailprobe.store.place import EX_IOERR, MEMORY, StoreError, Trouble
from mailprobe.store.schema import bring_up_to_date
from mailprobe.store.statement import Statement, Transaction

T = TypeVar("T")

KEY_BYTES = 32
KNOWN = 4096  # hashes that are kept: a check asks for the same few a dozen times
SECRET = frozenset({"secret"})  # kinds of which nothing is kept in memory
MOST_WAITING = 50_000  # works: beyond, whoever comes is turned away at once

NAMED = tables.house.c.name == bindparam("which")
PUT_IN_HOUSE = insert(tables.house)
NEW_KEY = Statement(PUT_IN_HOUSE.on_conflict_do_nothing(), "name", "value")
VALUE = Statement(select(tables.house.c.value).where(NAMED))
KEEP_IN_HOUSE = Statement(
    PUT_IN_HOUSE.on_conflict_do_update(index_elements=["name"], set_={"value": PUT_IN_HOUSE.excluded.value}), "name", "value"
)


def ignore(committed: Committed) -> None: ...


class Database:
    """Made by `open_database`. `committed` is called after each transaction that wrote."""

    def __init__(self, place: str, committed: Callable[[Committed], None] = ignore) -> None:
        self.place = place
        self._key = b""
        self._hash = keyed(b"")
        self._kept: Callable[..., str] = self._hash
        self._closed = False
        self._writer = Lane(place, writing, committed)
        # a file in memory is its connection's own
        self._reader = Lane(place, reading, committed) if place != MEMORY else self._writer

    async def transact(self, work: Callable[[Transaction], T], within: float = WAIT) -> T:
        """Run one transaction and return what `work` returns, once it is durable. Its reads stay true until it commits.
        within: seconds to wait for another program that holds the file. StoreError if the store cannot do it. `work` runs in
        another thread, perhaps twice."""
        return await self._put(self._writer, lambda connection: work(connection.transaction), within)

    async def run(self, work: Callable[[Connection], T], within: float = WAIT) -> T:
        """The same for works in SQLAlchemy's own terms: slower, for what is rare."""
        return await self._put(self._writer, lambda connection: work(connection.transaction.core), within)

    def hand_over(self, work: Callable[[Transaction], T], told: asyncio.Future[T], within: float = WAIT) -> None:
        """The same for a work that several wait for. RuntimeError once the store is closed."""
        if self._closed:
            told.set_exception(RuntimeError("the store is closed"))
        elif self._writer.waiting > MOST_WAITING:
            told.set_exception(crowded(self.place))
        else:
            self._writer.put(Job(lambda connection: work(connection.transaction), told, within))

    async def read(self, work: Callable[[Transaction], T], within: float = WAIT) -> T:
        """Run a work that only reads, on what is durable by now; a long one keeps nobody from writing."""
        return await self._put(self._reader, lambda connection: work(connection.transaction), within)

    def soon(self, work: Callable[[Transaction], object]) -> None:
        """Queue one transaction without waiting for it; `close` does. Only for what a lost row cannot harm."""
        if not self._closed:
            self._writer.put(Job(lambda connection: work(connection.transaction), None, WAIT))

    @property
    def trouble(self) -> Trouble | None:
        """What ailed the store when something was last written; None while it is well."""
        return self._writer.trouble

    async def beat(self, now: float, within: float = WAIT) -> None:
        """Write something, durably. StoreError says what is the matter."""
        value = str(now).encode()
        await self.transact(lambda transaction: transaction.do(KEEP_IN_HOUSE, name="beat", value=value), within)

    async def checkpoint(self) -> bool:
        """Bring the WAL into the file and empty it, so that what was erased is nowhere. False: somebody else was in the way."""

        def work() -> bool:
            with contextlib.closing(opened(self.place)) as raw:
                busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

        return self.place == MEMORY or await asyncio.to_thread(work)

    async def open(self) -> None:
        """Bring the tables up to date and read the key."""
        try:
            await bring_up_to_date(self)
            self._reader.file = self._writer.file
            self._key = await self.transact(key_of)
            self._hash = keyed(self._key)
            self._kept = lru_cache(KNOWN)(self._hash)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let what is under way end, then close the file and the threads."""
        self._closed = True
        await self._writer.end()
        if self._reader is not self._writer:
            await self._reader.end()

    def hashed(self, kind: str, *parts: str) -> str:
        """A keyed hash: without this store's key nobody can try a list of addresses or secrets against it."""
        return self._kept(kind, *parts) if kind not in SECRET else self._hash(kind, *parts)

    def signed(self, said: bytes) -> bytes:
        """A whole keyed digest."""
        return hmac.digest(self._key, said, "sha256")

    async def _put(self, lane: Lane, work: Work, within: float) -> T:
        if self._closed:
            raise RuntimeError("the store is closed")
        if lane.waiting > MOST_WAITING:
            raise crowded(self.place)
        told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        lane.put(Job(work, told, within))
        return await told


def keyed(key: bytes) -> Callable[..., str]:
    """What hashes words with this key, which is read once: that is half of the work."""
    begun = hmac.new(key, digestmod="sha256")

    def hashed(*words: str) -> str:
        one = begun.copy()
        one.update("\0".join(words).encode("utf-8", "surrogatepass"))
        return one.hexdigest()[:32]

    return hashed


def crowded(place: str) -> StoreError:
    what = f"more than {MOST_WAITING} changes wait to be written"
    return StoreError("MP1020", place, what, "the disk is too slow, or another program holds the file", EX_IOERR, Trouble.LOCKED)


def key_of(transaction: Transaction) -> bytes:
    transaction.do(NEW_KEY, name="key", value=secrets.token_bytes(KEY_BYTES))
    return in_house(transaction, "key") or b""


def in_house(transaction: Transaction, name: str) -> bytes | None:
    """A value that the store keeps for itself."""
    row = transaction.one(VALUE, which=name)
    return row[0] if row is not None else None


async def open_database(place: str, committed: Callable[[Committed], None] = ignore) -> Database:
    database = Database(place, committed)
    await database.open()
    return database
