"""A thread with one connection of its own: jobs queue up for it, and whatever waits is taken as one batch.

To wake the thread, to commit and to come back costs more than most works do. So what is asked for in one turn of the loop goes
over together; and while there is much to do, what is asked for in some milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sqlite3
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from mailprobe.store.batch import Batch, Committed, Done, Job
from mailprobe.store.connection import Connection, File, file_at
from mailprobe.store.place import MEMORY, Trouble
from mailprobe.store.trouble import moved, unusable

MOST = 1000  # works in one transaction, or a few more: the first of them waits for the last
BUSY = 400.0  # works a second: one check alone asks for forty
GATHERS = 0.004  # seconds for which a busy lane gathers: a check of a busy daemon waits for it half a dozen times
REMEMBERS = 0.5  # seconds over which the works are counted


class Lane:
    """Serves until `end`. connect: called in the thread, and again after the store was broken. committed: called in the
    loop that made the lane, after each transaction that wrote. file: the one that it serves from its first connection on."""

    def __init__(self, place: str, connect: Callable[[str], Connection], committed: Callable[[Committed], None]) -> None:
        self.trouble: Trouble | None = None
        self._place = place
        self._connect = connect
        self._committed = committed
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._queue: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._put = self._taken = 0  # jobs; the one is counted by the loop, the other by the thread
        self._gathered: list[Job] = []
        self._going: asyncio.Handle | None = None
        self._pace, self._counted_at = 0.0, self._loop.time()  # works a second
        self._connection: Connection | None = None
        self.file: File | None = None
        Thread(target=self._live, name="store", daemon=True).start()

    @property
    def waiting(self) -> int:
        """About how many jobs have not been taken yet."""
        return self._put - self._taken

    def put(self, job: Job) -> None:
        """To be called in the loop that made the lane."""
        self._put += 1
        self._gathered.append(job)
        if self._going is None:
            busy = self._pace > BUSY
            self._going = self._loop.call_later(GATHERS, self._go) if busy else self._loop.call_soon(self._go)

    async def end(self) -> None:
        """Once all that is queued has been served, close the connection. Nothing may be put any more."""
        if self._going is not None:
            self._going.cancel()
            self._go()
        self._queue.put(None)
        await self._ended.wait()

    def _go(self) -> None:
        """What was gathered goes over to the thread."""
        jobs, self._gathered, self._going = self._gathered, [], None
        now = self._loop.time()
        self._pace = self._pace * math.exp((self._counted_at - now) / REMEMBERS) + len(jobs) / REMEMBERS
        self._counted_at = now
        for start in range(0, len(jobs), MOST):
            self._queue.put(jobs[start : start + MOST])

    def _live(self) -> None:
        """The thread."""
        ending = False
        while not ending:
            first = self._queue.get()
            jobs = self._queued(first) if first is not None else []
            ending = first is None
            if jobs:
                self._serve(Batch(jobs, self._place))
        self._disconnect()
        self._in_loop(self._ended.set)

    def _queued(self, taken: list[Job]) -> list[Job]:
        """These, and as many as are wanted and fit into one transaction with them; an end that was asked for comes after that."""
        jobs = list(taken)
        while len(jobs) < MOST and self._queue.qsize():
            more = self._queue.get()
            if more is None:
                self._queue.put(None)
                break
            jobs += more
        self._taken += len(jobs)
        return [job for job in jobs if job.wanted]

    def _more(self) -> list[Job]:
        """What has queued up while a batch waits for the file."""
        return self._queued([])

    def _serve(self, batch: Batch) -> None:
        try:
            batch.carry_out(self._connected(), self._more, self._late)
        except sqlite3.Error as error:  # of connecting
            batch.fail(unusable(self._place, error))
        except Exception as error:  # a fault of ours: whoever waits must hear of it, and the thread go on for the others
            batch.fail(error)
        if batch.trouble is Trouble.BROKEN and self._place != MEMORY:
            self._disconnect()  # what such a connection has in mind of the file cannot be trusted any more
        self._in_loop(self._tell, batch)

    def _connected(self) -> Connection:
        """Only ever to the file that was there at first: SQLite would make another where it is gone."""
        if self._connection is None:
            if self.file is not None and file_at(self._place) != self.file:
                raise moved(self._place)
            self._connection = self._connect(self._place)
            self.file = self._connection.file
        return self._connection

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
