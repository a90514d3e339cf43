"""What is to be asked again later, shared by all processes of one store. Keys hold account ids and tags, never an address."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.tables import jobs

log = logging.getLogger(__name__)

LEASE = 180.0  # seconds that a job is its taker's; then the taker is dead, and the job is due again
MOST_TRIES = 5  # a job that was taken so often and never ended kills its takers
KEPT = 30 * 86_400.0  # seconds that the key of a job that ran is remembered
NEVER = 3650 * 86_400.0  # seconds ahead: written under a wrong clock

# Built once: to build a statement takes longer than to run it.
ADD = insert(jobs).on_conflict_do_nothing()
OPEN = jobs.c.done_at.is_(None)
FREE = or_(
    jobs.c.taken_at.is_(None), jobs.c.taken_at <= bindparam("expired"), jobs.c.taken_at > bindparam("ahead")
)  # taken later than now: under a clock that was put back since
DUE = (
    select(jobs)
    .where(OPEN, jobs.c.not_before <= bindparam("now"), FREE)
    .order_by(jobs.c.not_before, jobs.c.key)
    .limit(bindparam("most"))
)
THIS = jobs.c.key == bindparam("which")
TAKE = update(jobs).where(THIS).values(taken_at=bindparam("at"), tries=jobs.c.tries + 1)
DONE = update(jobs).where(THIS, OPEN).values(done_at=bindparam("at"))
GIVE_BACK = update(jobs).where(THIS, OPEN).values(taken_at=None, tries=jobs.c.tries - 1)
OUTDATED = delete(jobs).where(jobs.c.done_at < bindparam("kept_since"))


@dataclass(frozen=True, slots=True)
class Job:
    """not_before: Unix seconds. tries: how often it was taken before."""

    key: str
    account: str
    probe: str
    not_before: float
    tries: int = 0


class Jobs:
    """The table of jobs of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def schedule_key(self) -> bytes:
        """From which the slots of this store's accounts follow: the same for every process of the store, and nobody else's."""
        return bytes.fromhex(self._database.hashed("schedule"))

    async def add(self, account: str, probe: str, not_before: float, key: str, now: float) -> None:
        """Durable when this returns. A key that is known changes nothing, also when its job has run."""
        row = {"key": key, "account": account, "probe": probe, "not_before": min(not_before, now + NEVER), "tries": 0}
        await self._database.run(lambda connection: connection.execute(ADD, row))

    async def take(self, now: float, most: int) -> tuple[Job, ...]:
        """The due ones, oldest first; each is this taker's alone until it says `done` or `give_back`, or its lease is over."""

        def work(connection: Connection) -> tuple[Job, ...]:
            given = {"now": now, "expired": now - LEASE, "ahead": now, "most": most}
            found = [job_of(row) for row in connection.execute(DUE, given)]
            hopeless = [job for job in found if job.tries >= MOST_TRIES]
            for job in hopeless:
                log.warning("MP1601 job %s is given up: it was taken %d times and never ended", job.key, job.tries)
                finish(connection, job.key, now)
            taken = tuple(job for job in found if job not in hopeless)
            for job in taken:
                connection.execute(TAKE, {"which": job.key, "at": now})
            return taken

        return await self._database.run(work)

    async def done(self, key: str, now: float) -> None:
        """It ran; its key is remembered for a month."""

        def work(connection: Connection) -> None:
            finish(connection, key, now)
            connection.execute(OUTDATED, {"kept_since": now - KEPT})

        await self._database.run(work)

    async def give_back(self, key: str) -> None:
        """It was taken and not begun: it is due for anybody again."""
        await self._database.run(lambda connection: connection.execute(GIVE_BACK, {"which": key}))


def finish(connection: Connection, key: str, now: float) -> None:
    connection.execute(DONE, {"which": key, "at": now})


def job_of(row: object) -> Job:
    return Job(**{name: getattr(row, name) for name in ("key", "account", "probe", "not_before", "tries")})
