"""The records of test mails: each step is one transaction that is on the disk when it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, or_, select, update

from mailprobe.canary import OPEN, Record, may_step
from mailprobe.evidence import CanaryState, Folder, Of
from mailprobe.store.database import Database
from mailprobe.store.tables import canaries

T = TypeVar("T")

DAY = 86400.0
KEPT = 400 * DAY  # seconds that an ended record is kept: whoever asks about a mail asks within the year
LINGERS = 8 * DAY  # a mail given up for lost may still come: queues hold one for five days (RFC 5321 section 4.5.4.1)
MOST_REPLY = 500  # characters of a server's answer


class Canaries:
    """The table of test mails of one store. `subject` is what `subject_of` gives."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subject_of(self, address: str) -> str:
        return self._database.hashed("address", address)

    async def plan(self, record: Record, decide: Callable[[tuple[Record, ...]], T | None]) -> Record | T:
        """In one transaction: show `decide` the mailbox's records, oldest first, and write this one down if it has nothing
        against it. The record, or what `decide` said."""

        def work(connection: Connection) -> Record | T:
            denied = decide(records(connection, canaries.c.subject == record.subject))
            if denied is not None:
                return denied
            old = (canaries.c.changed_at < record.planned_at - KEPT) & canaries.c.state.not_in(OPEN)
            connection.execute(delete(canaries).where(old))
            connection.execute(insert(canaries).values(row_of(record)))
            return record

        return await self._database.run(work)

    async def step(self, before: Record, after: Record) -> bool:
        """Write `after` if the record still is in the state of `before`. False: somebody else was here, or there is no such
        step, or no such record. Within one state (a mail put off) the time of the last change must be the same as well."""
        same = before.state is after.state
        if not same and not may_step(before.state, after.state):
            return False
        where = (canaries.c.id == before.id) & (canaries.c.state == before.state)
        if same:
            where &= canaries.c.changed_at == before.changed_at
        change = update(canaries).where(where).values(row_of(after))
        return await self._database.run(lambda connection: connection.execute(change).rowcount == 1)

    async def open_ones(self, subject: str, now: float) -> tuple[Record, ...]:
        """Those that are still out or still in the mailbox, oldest first; and for a while those that may still turn up."""
        where = (canaries.c.subject == subject) & still_open(now)
        return await self._database.run(lambda connection: records(connection, where))

    async def all_open(self, now: float) -> tuple[Record, ...]:
        """Those of every mailbox that somebody has to look after, and those that may still turn up."""
        return await self._database.run(lambda connection: records(connection, still_open(now)))

    async def by_id(self, canary: str) -> Record | None:
        found = await self._database.run(lambda connection: records(connection, canaries.c.id == canary))
        return found[0] if found else None

    async def of_mailbox(self, mailbox: str, since: float) -> tuple[Record, ...]:
        """Those planned since then whose subject begins with `mailbox`, hexadecimal, oldest first."""
        where = canaries.c.subject.startswith(mailbox, autoescape=True) & (canaries.c.planned_at >= since)
        return await self._database.run(lambda connection: records(connection, where))

    async def last(self, subject: str) -> Record | None:
        found = await self._database.run(lambda connection: records(connection, canaries.c.subject == subject))
        return found[-1] if found else None


def still_open(now: float) -> ColumnElement[bool]:
    may_come = (canaries.c.state.in_((CanaryState.LOST, CanaryState.BOUNCED))) & (canaries.c.planned_at > now - LINGERS)
    return or_(canaries.c.state.in_(OPEN), may_come)


def records(connection: Connection, where: Any) -> tuple[Record, ...]:
    rows = connection.execute(select(canaries).where(where).order_by(canaries.c.planned_at, canaries.c.id)).mappings()
    return tuple(record_of(row) for row in rows)


def row_of(record: Record) -> dict[str, Any]:
    return asdict(record) | {"reply": record.reply[:MOST_REPLY]}


def record_of(row: RowMapping) -> Record:
    folder = Folder(row["folder"]) if row["folder"] is not None else None
    return Record(**{**row, "of": Of(row["of"]), "state": CanaryState(row["state"]), "folder": folder})
