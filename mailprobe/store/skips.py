"""Slots of the schedule in which nothing was asked, and why: with the results, every slot ends as one row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement
from mailprobe.store.tables import skips

MOST = 1000  # that are read at once
NAMES = ("account", "slot", "at", "missed", "count")
KEEP = Statement(insert(skips), *NAMES)
OF_ACCOUNT = Statement(
    select(*(skips.c[name] for name in NAMES))
    .where((skips.c.account == bindparam("whose")) & (skips.c.at >= bindparam("since")))
    .order_by(skips.c.at.desc(), skips.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """So many slots up to and with `slot`, which was due at `at` (Unix seconds). missed: a short tag, as the engine gives it."""

    account: str
    slot: int
    at: float
    missed: str
    count: int = 1


class Skips:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, one: Skipped) -> None:
        """Durable when this returns. StoreError."""
        given = {name: getattr(one, name) for name in NAMES}
        await self._database.transact(lambda transaction: transaction.do(KEEP, **given))

    async def of_account(self, account: str, since: float = 0.0, most: int = 100) -> tuple[Skipped, ...]:
        """The newest first."""
        given = {"whose": account, "since": since, "most": min(most, MOST)}
        rows = await self._database.read(lambda transaction: transaction.all(OF_ACCOUNT, **given))
        return tuple(Skipped(*row) for row in rows)
