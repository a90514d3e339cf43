"""Live checks that agents began, so that a restart forgets none; what they hold is the console's to read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, changes
from mailprobe.store.tables import calls

MOST = 500  # rows that are read at once
AT_ONCE = 200  # rows that go in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """One row. Times are Unix seconds. told: sealed, b'' without a key; said, seen: without names; seen is b'' in a list."""

    id: str
    number: str
    owner: str
    account: str
    subject: str
    carrier: str
    started: float
    ended: float | None
    watched_until: float | None  # by itself, or until when its test mail is waited for
    kept: str
    wrong: str
    code: str
    version: int
    told: bytes
    said: bytes
    seen: bytes


NAMES = tuple(field.name for field in fields(KeptCall))
BRIEF = NAMES[:-1]
PUT = insert(calls)
KEEP = Statement(PUT.on_conflict_do_update(index_elements=["id"], set_=changes(NAMES[1:], PUT.excluded)), *NAMES)
WHOLE = select(*(calls.c[name] for name in NAMES))
ONE = Statement(WHOLE.where(calls.c.id == bindparam("which")))
SINCE = calls.c.started >= bindparam("since")
IN_LIST = select(*(calls.c[name] for name in BRIEF)).order_by(calls.c.started.desc()).limit(bindparam("most"))
OF_OWNER = Statement(IN_LIST.where((calls.c.owner == bindparam("whose")) & SINCE))
WATCHED = Statement(WHOLE.where(calls.c.watched_until > bindparam("now")))
NUMBERS = Statement(select(calls.c.number).where(SINCE))
BY_NUMBER = Statement(WHOLE.where((calls.c.number == bindparam("said")) & SINCE).order_by(calls.c.started.desc()).limit(1))
WRONG = calls.c.wrong != ""
COUNTED = Statement(select(calls.c.code, func.count()).where(WRONG).group_by(calls.c.code).order_by(calls.c.code))
WRONG_ONES = Statement(IN_LIST.where(WRONG))
OVER = (calls.c.started < bindparam("before")) & (calls.c.kept == "") & (calls.c.wrong == "")
NOT_WATCHED = or_(calls.c.watched_until.is_(None), calls.c.watched_until < bindparam("now"))
GONE = select(calls.c.id).where(OVER & NOT_WATCHED).limit(AT_ONCE)
LET_GO = Statement(delete(calls).where(calls.c.id.in_(GONE)))


class CallTable:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call: KeptCall) -> None:
        """As it stands now. Durable when this returns."""
        given = {name: getattr(call, name) for name in NAMES}
        await self._database.transact(lambda transaction: transaction.do(KEEP, **given))

    async def one(self, which: str) -> KeptCall | None:
        rows = await self._read(ONE, which=which)
        return whole(rows[0]) if rows else None

    async def by_number(self, number: str, since: float) -> KeptCall | None:
        rows = await self._read(BY_NUMBER, said=number, since=since)
        return whole(rows[0]) if rows else None

    async def of_owner(self, owner: str, since: float, most: int = 200) -> tuple[KeptCall, ...]:
        """Without what was seen; the newest first."""
        rows = await self._read(OF_OWNER, whose=owner, since=since, most=min(most, MOST))
        return tuple(whole((*row, b"")) for row in rows)

    async def watched(self, now: float) -> tuple[KeptCall, ...]:
        """Those that are looked at again and again, or wait for a test mail."""
        return tuple(whole(row) for row in await self._read(WATCHED, now=now))

    async def numbers(self, since: float) -> frozenset[str]:
        return frozenset(row[0] for row in await self._read(NUMBERS, since=since))

    async def counted_wrong(self) -> tuple[tuple[str, int], ...]:
        """By the code that was said: how often an agent knew better."""
        return tuple((code, count) for code, count in await self._read(COUNTED))

    async def wrong_ones(self, most: int = 200) -> tuple[KeptCall, ...]:
        """Without what was seen; the newest first."""
        return tuple(whole((*row, b"")) for row in await self._read(WRONG_ONES, most=min(most, MOST)))

    async def let_go(self, before: float, now: float) -> int:
        """Those that began before then, and are kept for nothing. How many; AT_ONCE at most."""
        return await self._database.transact(lambda transaction: transaction.do(LET_GO, before=before, now=now))

    async def _read(self, statement: Statement, **given: Any) -> list[Row]:
        return await self._database.read(lambda transaction: transaction.all(statement, **given))


def whole(row: Row) -> KeptCall:
    return KeptCall(**dict(zip(NAMES, row, strict=True)))
