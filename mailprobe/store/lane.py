"""A thread with one connection of its own: jobs queue up for it, and whatever waits is taken as one batch."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from mailprobe.store.batch import Batch, Committed, Done, Job
from mailprobe.store.connection import Connection
from mailprobe.store.place import MEMORY, Trouble
from mailprobe.store.trouble import unusable

MOST = 1000  # works in one transaction: the first of them waits for the last


class Lane:
    """Serves until `end`. connect: called in the thread, and again after the store was broken. committed: called in the
    loop that made the lane, after each transaction that wrote."""

    def __init__(self, place: str, connect: Callable[[str], Connection], committed: Callable[[Committed], None]) -> None:
        self.trouble: Trouble | None = None
        self._place = place
        self._connect = connect
        self._committed = committed
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._connection: Connection | None = None
        Thread(target=self._live, name="store", daemon=True).start()

    @property
    def waiting(self) -> int:
        """About how many jobs have not been taken yet."""
        return self._queue.qsize()

    def put(self, job: Job) -> None:
        self._queue.put(job)

    async def end(self) -> None:
        """Once all that is queued has been served, close the connection. Nothing may be put any more."""
        self._queue.put(None)
        await self._ended.wait()

    def _live(self) -> None:
        """The thread."""
        ending = False
        while not ending:
            taken = [self._queue.get(), *self._queued()]
            ending = None in taken
            jobs = [job for job in taken if job is not None and job.wanted]
            if jobs:
                self._serve(Batch(jobs, self._place))
        self._disconnect()
        self._in_loop(self._ended.set)

    def _queued(self) -> list[Job | None]:
        return [self._queue.get() for _ in range(min(self._queue.qsize(), MOST))]

    def _more(self) -> list[Job]:
        """What has queued up while a batch waits for the file; an end that was asked for comes after that."""
        taken = self._queued()
        if None in taken:
            self._queue.put(None)
        return [job for job in taken if job is not None]

    def _serve(self, batch: Batch) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect(self._place)
            batch.carry_out(self._connection, self._more, self._late)
        except sqlite3.Error as error:  # of connecting
            batch.fail(unusable(self._place, error))
        except Exception as error:  # a fault of ours: whoever waits must hear of it, and the thread go on for the others
            batch.fail(error)
        if batch.trouble is Trouble.BROKEN and self._place != MEMORY:
            self._disconnect()  # what such a connection has in mind of the file cannot be trusted any more
        self._in_loop(self._tell, batch)

    def _late(self, done: Sequence[Done]) -> None:
        self._in_loop(self._tell_late, done)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _in_loop(self, call: Callable[..., None], *given: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call, *given)

    def _tell_late(self, done: Sequence[Done]) -> None:
        """In the loop."""
        self.trouble = Trouble.LOCKED
        tell(done)

    def _tell(self, batch: Batch) -> None:
        """In the loop."""
        self.trouble = batch.trouble
        if batch.committed is not None:
            self._committed(batch.committed)
        tell(batch.done)


def tell(done: Sequence[Done]) -> None:
    for one in done:
        told = one.job.told
        if told is None or told.done():
            continue
        if one.error is not None:
            told.set_exception(one.error)
        else:
            told.set_result(one.value)
