"""Group commit: many works in one transaction, each whole or not at all, and nobody told before it is on the disk.

A work that fails spoils nothing for the others: all are undone, and run again with a savepoint each. So a work must have no
effect outside of the store: it may run twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from mailprobe.store.connection import Connection, file_at
from mailprobe.store.place import StoreError, Trouble
from mailprobe.store.trouble import locked, moved, trouble_of, unusable

Work = Callable[[Connection], Any]


class Job:
    """One work and who waits for it; nobody does where `told` is None. within: seconds for another program's lock."""

    __slots__ = ("give_up", "told", "within", "work")

    def __init__(self, work: Work, told: asyncio.Future[Any] | None, within: float) -> None:
        self.work = work
        self.told = told
        self.within = within
        self.give_up = time.monotonic() + within

    @property
    def wanted(self) -> bool:
        return self.told is None or not self.told.cancelled()


class Done:
    """What a job came to: a value, or why not."""

    __slots__ = ("error", "job", "value")

    def __init__(self, job: Job, value: Any = None, error: BaseException | None = None) -> None:
        self.job = job
        self.value = value
        self.error = error


@dataclass(frozen=True, slots=True)
class Committed:
    """One transaction that is on the disk. took: seconds of its COMMIT."""

    works: int
    took: float


class Undone(Exception):
    """SQLite has rolled the whole transaction back while one work ran, and said why."""

    def __init__(self, reason: sqlite3.Error) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Batch:
    """Jobs on their way into one transaction, and what became of them. trouble: what ails the store; committed: None where
    nothing was written."""

    def __init__(self, jobs: list[Job], place: str) -> None:
        self.done: list[Done] = []
        self.trouble: Trouble | None = None
        self.committed: Committed | None = None
        self._jobs = jobs
        self._place = place

    def carry_out(self, connection: Connection, more: Callable[[], list[Job]], late: Callable[[Sequence[Done]], None]) -> None:
        """While another program holds the file, `more` is what has queued up since, and `late` tells those whose time is up."""
        try:
            self._begin(connection, more, late)
            if self._jobs:
                before = connection.raw.total_changes
                done = self._together(connection)
                self._commit(connection, done, wrote=connection.raw.total_changes != before)
        except StoreError as error:
            self.fail(error)
            connection.roll_back()
        except (sqlite3.Error, Undone) as error:
            self.fail(unusable(self._place, error.reason if isinstance(error, Undone) else error))
            connection.roll_back()

    def fail(self, error: Exception) -> None:
        """Nothing of it is in the store, and everybody hears why."""
        self.done = [Done(job, error=error) for job in self._jobs]
        self.trouble = (error.trouble if isinstance(error, StoreError) else None) or Trouble.BROKEN

    def _begin(self, connection: Connection, more: Callable[[], list[Job]], late: Callable[[Sequence[Done]], None]) -> None:
        """Wait for the file as long as anybody waits for us."""
        while self._jobs:
            try:
                connection.begin()
                return
            except sqlite3.OperationalError as error:
                if trouble_of(error, self._place) is not Trouble.LOCKED:
                    raise
            self.trouble = Trouble.LOCKED
            jobs, now = self._jobs + more(), time.monotonic()
            late([Done(job, error=locked(self._place, job.within)) for job in jobs if job.give_up <= now])
            self._jobs = [job for job in jobs if job.give_up > now and job.wanted]

    def _together(self, connection: Connection) -> list[Done]:
        """As a rule nothing fails, and nothing has to be undone."""
        connection.raw.execute("SAVEPOINT batch")
        try:
            return [Done(job, job.work(connection)) for job in self._jobs]
        except BaseException as error:  # whatever it is: somebody waits for it, and others for this thread
            undo(connection, "batch", error)
            if len(self._jobs) == 1:
                return [Done(self._jobs[0], error=renamed(error, self._place))]
        return [self._apart(connection, job) for job in self._jobs]

    def _apart(self, connection: Connection, job: Job) -> Done:
        """One work that leaves nothing behind if it fails."""
        connection.raw.execute("SAVEPOINT work")
        try:
            done = Done(job, job.work(connection))
        except BaseException as error:  # as above
            undo(connection, "work", error)
            done = Done(job, error=renamed(error, self._place))
        connection.raw.execute("RELEASE work")
        return done

    def _commit(self, connection: Connection, done: list[Done], *, wrote: bool) -> None:
        if wrote and file_at(self._place) != connection.file:
            raise moved(self._place)
        began = time.perf_counter()
        connection.commit()
        if wrote:
            self.committed = Committed(len(done), time.perf_counter() - began)
        self.trouble = None
        self.done += done


def undo(connection: Connection, savepoint: str, error: BaseException) -> None:
    if not connection.raw.in_transaction:
        said = reason_of(error)
        raise Undone(said if isinstance(said, sqlite3.Error) else sqlite3.OperationalError("the transaction has ended"))
    connection.raw.execute(f"ROLLBACK TO {savepoint}")


def reason_of(error: BaseException) -> BaseException:
    """What the driver said, if SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def renamed(error: BaseException, place: str) -> BaseException:
    """An error of the driver as one of ours; any other is the work's own."""
    said = reason_of(error)
    return unusable(place, said) if isinstance(said, sqlite3.Error) else error
