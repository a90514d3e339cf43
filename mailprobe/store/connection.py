"""One connection to the SQLite file, and how it is set up.

WAL with synchronous=FULL: what was committed survives a power cut. BEGIN IMMEDIATE: what a transaction reads stays true until
it commits, whatever other processes do.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection as Core
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from mailprobe.store.place import MEMORY
from mailprobe.store.statement import Transaction

WAIT = 10.0  # seconds for another process's transaction
STEP = 0.2  # seconds between two looks whether anybody still waits for it
STATEMENTS = 512  # prepared ones that are kept
CACHE = 8  # MiB of pages: a batch must fit, or it is written twice
READS = 4  # MiB for who only reads: the same pages lie in the system's own cache
CHECKPOINT = 4000  # pages of WAL, 16 MB: each asks for two more syncs
MOST_WAL = 64 << 20  # octets that its file keeps after a rush


File = tuple[int, int]  # device and inode


class Lent(sqlite3.Connection):
    """SQLAlchemy has it only on loan: the transaction is the batch's to end."""

    def commit(self) -> None: ...
    def rollback(self) -> None: ...


class Connection:
    """`raw` is the driver's; works see their `transaction`. file: which one it was when it was opened."""

    __slots__ = ("_begin", "_core", "file", "raw", "transaction")

    def __init__(self, raw: sqlite3.Connection, begin: str, file: File | None = None) -> None:
        self.raw = raw
        self.file = file
        self.transaction = Transaction(raw, self.core)
        self._begin = begin
        self._core: Core | None = None

    def core(self) -> Core:
        """SQLAlchemy's own over the same one, made when first asked for."""
        if self._core is None:
            engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool, hide_parameters=True)
            self._core = engine.connect()
        return self._core

    def begin(self) -> None:
        self.raw.execute(self._begin)

    def commit(self) -> None:
        self.raw.execute("COMMIT")
        self._forget()

    def roll_back(self) -> None:
        """After some errors SQLite has done so by itself (https://sqlite.org/lang_transaction.html section 3)."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self._forget()

    def close(self) -> None:
        if self._core is not None:
            self._core.close()
        self.raw.close()

    def _forget(self) -> None:
        """SQLAlchemy keeps an account of its own of the transaction, which has ended by now."""
        if self._core is not None and self._core.in_transaction():
            self._core.rollback()


def writing(place: str) -> Connection:
    return Connection(opened(place, Lent), "BEGIN IMMEDIATE", file_at(place))


def reading(place: str) -> Connection:
    """Sees what was committed; does not wait for those who write, nor they for it."""
    raw = opened(place, Lent)
    raw.execute("PRAGMA query_only = ON")
    raw.execute(f"PRAGMA cache_size = -{READS * 1024}")
    return Connection(raw, "BEGIN", file_at(place))


def file_at(place: str) -> File | None:
    """Which file lies there; None: none, or one in memory. In WAL mode SQLite goes on writing into one that was removed, moved
    or replaced, and nobody would ever read that again (https://sqlite.org/howtocorrupt.html section 2.4)."""
    if place == MEMORY:
        return None
    try:
        found = Path(place).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def opened(place: str, kind: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """Raises sqlite3.Error."""
    raw = sqlite3.connect(place, timeout=WAIT, isolation_level=None, cached_statements=STATEMENTS, factory=kind)
    try:
        if place != MEMORY:
            into_wal(raw)
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA secure_delete = ON")  # what was erased, or a mail that was read, leaves no octets behind
        raw.execute(f"PRAGMA cache_size = -{CACHE * 1024}")
        raw.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        raw.execute(f"PRAGMA journal_size_limit = {MOST_WAL}")
        raw.execute(f"PRAGMA busy_timeout = {STEP * 1000:.0f}")
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def into_wal(raw: sqlite3.Connection) -> None:
    """Changing the journal asks for the whole file at once: a neighbour doing the same makes it fail without waiting."""
    if raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    raw.execute("BEGIN EXCLUSIVE")  # this one waits
    raw.execute("COMMIT")
    raw.execute("PRAGMA journal_mode = WAL")
