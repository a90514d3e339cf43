"""The records of test mails: each step is one transaction that is on the disk when it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, insert, or_, select, update

from mailprobe.canary import OPEN, Record, may_step
from mailprobe.evidence import CanaryState, Folder, Of
from mailprobe.store.database import Database
from mailprobe.store.tables import canaries

T = TypeVar("T")

DAY = 86400.0
KEPT = 400 * DAY  # seconds that an ended record is kept: whoever asks about a mail asks within the year
LINGERS = 8 * DAY  # a mail given up for lost may still come: queues hold one for five days (RFC 5321 section 4.5.4.1)
MOST_REPLY = 500  # characters of a server's answer
NAMES = tuple(field.name for field in fields(Record))

# Built once, with names for what is given: to build a statement with its two dozen values takes longer than to run it.
ROWS = select(canaries).order_by(canaries.c.planned_at, canaries.c.id)
OF_SUBJECT = ROWS.where(canaries.c.subject == bindparam("whose"))
SINCE = OF_SUBJECT.where(canaries.c.planned_at >= bindparam("since"))
LAST = OF_SUBJECT.order_by(None).order_by(canaries.c.planned_at.desc(), canaries.c.id.desc()).limit(1)
STILL_OPEN = or_(
    canaries.c.state.in_(OPEN),
    canaries.c.state.in_((CanaryState.LOST, CanaryState.BOUNCED)) & (canaries.c.planned_at > bindparam("lingering")),
)
OPEN_OF_SUBJECT, ALL_OPEN = OF_SUBJECT.where(STILL_OPEN), ROWS.where(STILL_OPEN)
ENDED = tuple(state for state in CanaryState if state not in OPEN)  # by name, so that the index finds them
OUTDATED = delete(canaries).where(canaries.c.state.in_(ENDED) & (canaries.c.changed_at < bindparam("kept_since")))
PLAN = insert(canaries)
STEP = update(canaries).where((canaries.c.id == bindparam("which")) & (canaries.c.state == bindparam("was")))
STEP_WITHIN = STEP.where(canaries.c.changed_at == bindparam("was_at"))


class Canaries:
    """The table of test mails of one store. `subject` is what `subject_of` gives."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subject_of(self, address: str) -> str:
        return self._database.hashed("address", address)

    async def plan(self, record: Record, decide: Callable[[tuple[Record, ...]], T | None], since: float = 0.0) -> Record | T:
        """In one transaction: show `decide` the mailbox's records planned since then, oldest first, and write this one down if
        it has nothing against it. The record, or what `decide` said."""

        def work(connection: Connection) -> Record | T:
            denied = decide(records(connection, SINCE, whose=record.subject, since=since))
            if denied is not None:
                return denied
            connection.execute(OUTDATED, {"kept_since": record.planned_at - KEPT})
            connection.execute(PLAN, row_of(record))
            return record

        return await self._database.run(work)

    async def step(self, before: Record, after: Record) -> bool:
        """Write `after` if the record still is in the state of `before`. False: somebody else was here, or there is no such
        step, or no such record. Within one state (a mail put off) the time of the last change must be the same as well."""
        same = before.state is after.state
        if not same and not may_step(before.state, after.state):
            return False
        change = STEP_WITHIN if same else STEP
        given = row_of(after) | {"which": before.id, "was": before.state} | ({"was_at": before.changed_at} if same else {})
        return await self._database.run(lambda connection: connection.execute(change, given).rowcount == 1)

    async def open_ones(self, subject: str, now: float) -> tuple[Record, ...]:
        """Those that are still out or still in the mailbox, oldest first; and for a while those that may still turn up."""
        given = {"whose": subject, "lingering": now - LINGERS}
        return await self._database.run(lambda connection: records(connection, OPEN_OF_SUBJECT, **given))

    async def all_open(self, now: float) -> tuple[Record, ...]:
        """Those of every mailbox that somebody has to look after, and those that may still turn up."""
        return await self._database.run(lambda connection: records(connection, ALL_OPEN, lingering=now - LINGERS))

    async def by_id(self, canary: str) -> Record | None:
        found = await self._database.run(lambda connection: records(connection, ROWS.where(canaries.c.id == canary)))
        return found[0] if found else None

    async def of_mailbox(self, mailbox: str, since: float) -> tuple[Record, ...]:
        """Those planned since then whose subject begins with `mailbox`, hexadecimal, oldest first."""
        where = canaries.c.subject.startswith(mailbox, autoescape=True) & (canaries.c.planned_at >= since)
        return await self._database.run(lambda connection: records(connection, ROWS.where(where)))

    async def last(self, subject: str) -> Record | None:
        found = await self._database.run(lambda connection: records(connection, LAST, whose=subject))
        return found[0] if found else None


def records(connection: Connection, rows: Select[Any], **given: Any) -> tuple[Record, ...]:
    return tuple(record_of(row) for row in connection.execute(rows, given).mappings())


def row_of(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in NAMES} | {"reply": record.reply[:MOST_REPLY]}


def record_of(row: RowMapping) -> Record:
    folder = Folder(row["folder"]) if row["folder"] is not None else None
    return Record(**{**row, "of": Of(row["of"]), "state": CanaryState(row["state"]), "folder": folder})
