"""The status of every account as it stands, so that a restart forgets nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.status import Change, Reading, Standing
from mailprobe.store import changes
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.statement import changes as new_values
from mailprobe.store.tables import standings
from mailprobe.verdict import Code, Status

NAMES = tuple(column.key for column in standings.columns)
PUT = insert(standings)
KEEP = Statement(PUT.on_conflict_do_update(index_elements=["account"], set_=new_values(NAMES[1:], PUT.excluded)), *NAMES)
ALL = Statement(select(standings))
ONE = Statement(select(standings).where(standings.c.account == bindparam("whose")))


T = TypeVar("T")


def nothing_else(transaction: Transaction) -> None: ...


class Standings:
    """The table of standings of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self,
        account: str,
        standing: Standing,
        change: Change | None = None,
        also: Callable[[Transaction], T] = nothing_else,  # type: ignore[assignment]  # then T is None
    ) -> T:
        """Durable when this returns, and with it the change that made it, and what `also` writes in the same transaction. What
        that returns."""

        def work(transaction: Transaction) -> T:
            transaction.do(KEEP, **row_of(account, standing))
            if change is not None:
                changes.put(transaction, account, change)
            return also(transaction)

        return await self._database.transact(work)

    async def all(self) -> dict[str, Standing]:
        """By account. One that a newer program has written in words of its own is missing: nothing is known of it."""
        rows = await self._database.read(lambda transaction: transaction.all(ALL))
        found = ((row[0], standing_of(row)) for row in rows)
        return {account: standing for account, standing in found if standing is not None}

    async def of(self, account: str) -> Standing | None:
        row = await self._database.read(lambda transaction: transaction.one(ONE, whose=account))
        return standing_of(row) if row is not None else None


def row_of(account: str, standing: Standing) -> dict[str, Any]:
    first = standing.unconfirmed
    return {
        "account": account,
        "status": standing.status,
        "since": standing.since,
        "code": standing.code or "",
        "read_at": standing.read_at,
        "read_status": standing.read_status or "",
        "known_at": standing.known_at,
        "unconfirmed_at": first.at if first is not None else None,
        "unconfirmed_code": first.code if first is not None else "",
        "unconfirmed_status": first.status if first is not None else "",
        "unconfirmed_controls_good": first.controls_good if first is not None else False,
        "unconfirmed_seen_at": first.seen_at if first is not None else None,
    }


def standing_of(row: Row) -> Standing | None:
    _, status, since, code, read_at, read_status, known_at, at, its_code, its_status, controls_good, seen_at = row
    try:
        first = Reading(at, Code(its_code), Status(its_status), bool(controls_good), seen_at) if at is not None else None
        read_as = Status(read_status) if read_status else None
        return Standing(Status(status), since, Code(code) if code else None, read_at, read_as, known_at, first)
    except ValueError:
        return None
