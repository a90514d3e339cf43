"""Since when something has been so without a break, of the accounts of which it is: a restart forgets nothing of a day's wait."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.status.spells import Lasting, Spell
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction
from mailprobe.store.tables import spells

GONE = Statement(delete(spells).where(spells.c.account == bindparam("whose")))
PUT = Statement(insert(spells), *(column.key for column in spells.columns))
ALL = Statement(select(spells))
OF = Statement(select(spells).where(spells.c.account == bindparam("whose")))


class Spells:
    """The table of one store. `put` writes, in the transaction of what follows from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: str) -> tuple[Lasting, ...]:
        rows = await self._database.read(lambda transaction: transaction.all(OF, whose=account))
        return tuple(one for row in rows if (one := lasting(row)) is not None)

    async def all(self) -> dict[str, tuple[Lasting, ...]]:
        """By account."""
        found: dict[str, tuple[Lasting, ...]] = {}
        for row in await self._database.read(lambda transaction: transaction.all(ALL)):
            one = lasting(row)
            if one is not None:
                found[row[0]] = (*found.get(row[0], ()), one)
        return found


def put(transaction: Transaction, account: str, lasts: Sequence[Lasting]) -> None:
    """These and no others."""
    transaction.do(GONE, whose=account)
    for one in lasts:
        transaction.do(PUT, account=account, kind=one.kind, since=one.since, seen_at=one.seen_at)


def lasting(row: Row) -> Lasting | None:
    """None for one in a newer program's words."""
    _, kind, since, seen_at = row
    return Lasting(Spell(kind), since, seen_at) if kind in set(Spell) else None
