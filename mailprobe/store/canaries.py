"""The records of test mails: each step is one transaction that is on the disk when it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import String, bindparam, delete, insert, or_, select, update

from mailprobe.canary import OPEN, Record, may_step
from mailprobe.evidence import CanaryState, Folder, Of
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction, among
from mailprobe.store.tables import canaries

T = TypeVar("T")

DAY = 86400.0
KEPT = 400 * DAY  # seconds that an ended record is kept: whoever asks about a mail asks within the year
LINGERS = 8 * DAY  # a mail given up for lost may still come: queues hold one for five days (RFC 5321 section 4.5.4.1)
MOST_REPLY = 500  # characters of a server's answer
NAMES = tuple(field.name for field in fields(Record))

ROWS = select(*(canaries.c[name] for name in NAMES)).order_by(canaries.c.planned_at, canaries.c.id)
OF_SUBJECT = ROWS.where(canaries.c.subject == bindparam("whose"))
SINCE = Statement(OF_SUBJECT.where(canaries.c.planned_at >= bindparam("since")))
NEWEST = OF_SUBJECT.order_by(None).order_by(canaries.c.planned_at.desc(), canaries.c.id.desc())
LAST = Statement(NEWEST.limit(1))
BY_ID = Statement(ROWS.where(canaries.c.id == bindparam("which")))
PART = bindparam("mailbox_part", type_=String)
BEGINS = (canaries.c.subject >= PART) & (canaries.c.subject < PART + "g")  # hexadecimal: nothing sorts behind f but g
OF_MAILBOX = Statement(ROWS.where(BEGINS & (canaries.c.planned_at >= bindparam("since"))))
STILL_OPEN = or_(
    among(canaries.c.state, sorted(OPEN)),
    among(canaries.c.state, (CanaryState.LOST, CanaryState.BOUNCED)) & (canaries.c.planned_at > bindparam("lingering")),
)
OPEN_OF_SUBJECT, ALL_OPEN = Statement(OF_SUBJECT.where(STILL_OPEN)), Statement(ROWS.where(STILL_OPEN))
ENDED = tuple(state for state in CanaryState if state not in OPEN)  # by name, so that the index finds them
OUTDATED = Statement(delete(canaries).where(among(canaries.c.state, ENDED) & (canaries.c.changed_at < bindparam("kept_since"))))
PLAN = Statement(insert(canaries), *NAMES)
THIS = (canaries.c.id == bindparam("which")) & (canaries.c.state == bindparam("was"))
STEP = Statement(update(canaries).where(THIS), *NAMES)
STEP_WITHIN = Statement(update(canaries).where(THIS & (canaries.c.changed_at == bindparam("was_at"))), *NAMES)


class Canaries:
    """The table of test mails of one store. `subject` is what `subject_of` gives."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subject_of(self, address: str) -> str:
        return self._database.hashed("address", address)

    async def plan(self, record: Record, decide: Callable[[tuple[Record, ...]], T | None], since: float = 0.0) -> Record | T:
        """In one transaction: show `decide` the mailbox's records planned since then, oldest first, and write this one down if
        it has nothing against it. The record, or what `decide` said."""

        def work(transaction: Transaction) -> Record | T:
            denied = decide(records(transaction.all(SINCE, whose=record.subject, since=since)))
            if denied is not None:
                return denied
            transaction.do(OUTDATED, kept_since=record.planned_at - KEPT)
            transaction.do(PLAN, **row_of(record))
            return record

        return await self._database.transact(work)

    async def step(self, before: Record, after: Record) -> bool:
        """Write `after` if the record still is in the state of `before`. False: somebody else was here, or there is no such
        step, or no such record. Within one state (a mail put off) the time of the last change must be the same as well."""
        same = before.state is after.state
        if not same and not may_step(before.state, after.state):
            return False
        change = STEP_WITHIN if same else STEP
        given = row_of(after) | {"which": before.id, "was": before.state} | ({"was_at": before.changed_at} if same else {})
        return await self._database.transact(lambda transaction: transaction.do(change, **given) == 1)

    async def open_ones(self, subject: str, now: float) -> tuple[Record, ...]:
        """Those that are still out or still in the mailbox, oldest first; and for a while those that may still turn up."""
        return await self._read(OPEN_OF_SUBJECT, whose=subject, lingering=now - LINGERS)

    async def all_open(self, now: float) -> tuple[Record, ...]:
        """Those of every mailbox that somebody has to look after, and those that may still turn up."""
        return await self._read(ALL_OPEN, lingering=now - LINGERS)

    async def by_id(self, canary: str) -> Record | None:
        found = await self._read(BY_ID, which=canary)
        return found[0] if found else None

    async def of_mailbox(self, mailbox: str, since: float) -> tuple[Record, ...]:
        """Those planned since then whose subject begins with `mailbox`, hexadecimal, oldest first."""
        return await self._read(OF_MAILBOX, mailbox_part=mailbox, since=since)

    async def last(self, subject: str) -> Record | None:
        found = await self._read(LAST, whose=subject)
        return found[0] if found else None

    async def _read(self, statement: Statement, **given: Any) -> tuple[Record, ...]:
        return records(await self._database.read(lambda transaction: transaction.all(statement, **given)))


def records(rows: Sequence[Row]) -> tuple[Record, ...]:
    return tuple(record_of(dict(zip(NAMES, row, strict=True))) for row in rows)


def row_of(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in NAMES} | {"reply": record.reply[:MOST_REPLY]}


def record_of(row: dict[str, Any]) -> Record:
    folder = Folder(row["folder"]) if row["folder"] is not None else None
    known = {"of": Of(row["of"]), "state": CanaryState(row["state"]), "watched": bool(row["watched"]), "folder": folder}
    return Record(**{**row, **known})
