"""Whom another house signs in to the console. He has no password here, and his role is what that house last said."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, Transaction, changes
from mailprobe.store.tables import guests, visits

HIM = guests.c.name == bindparam("whom")
ALL = Statement(select(guests.c.name, guests.c.role, guests.c.came_at).order_by(guests.c.name))
ONE = Statement(select(guests.c.role, guests.c.subject).where(HIM))
PUT = insert(guests)
KEEP = Statement(
    PUT.on_conflict_do_update(index_elements=["name"], set_=changes(("role", "subject", "came_at"), PUT.excluded)),
    *("name", "role", "subject", "came_at"),
)
GONE = Statement(delete(guests).where(HIM & (guests.c.subject == bindparam("his"))))
REMOVE = Statement(delete(guests).where(HIM))
SIGNED_IN = Statement(delete(visits).where(visits.c.name == bindparam("whom")))


@dataclass(frozen=True, slots=True)
class Guest:
    """came_at: Unix seconds, when he last signed in."""

    name: str
    role: str
    came_at: float


class Guests:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Guest, ...]:
        rows = await self._database.read(lambda transaction: transaction.all(ALL))
        return tuple(Guest(str(name), str(role), float(at)) for name, role, at in rows)

    async def came(self, name: str, role: str, issuer: str, subject: str, now: float) -> None:
        """From now on this role is his. Visits under another role, or of somebody else who had this name, end."""
        his = self._hashed(issuer, subject)

        def work(transaction: Transaction) -> None:
            if transaction.one(ONE, whom=name) != (role, his):
                transaction.do(SIGNED_IN, whom=name)
            transaction.do(KEEP, name=name, role=role, subject=his, came_at=now)

        await self._database.transact(work)

    async def turned(self, name: str, issuer: str, subject: str) -> None:
        """He has no role any more: his visits end, but nobody else's who had this name."""
        his = self._hashed(issuer, subject)

        def work(transaction: Transaction) -> None:
            if transaction.do(GONE, whom=name, his=his):
                transaction.do(SIGNED_IN, whom=name)

        await self._database.transact(work)

    async def remove(self, name: str) -> bool:
        """His visits end; he may come again. Whether there was such a one."""

        def work(transaction: Transaction) -> bool:
            transaction.do(SIGNED_IN, whom=name)
            return bool(transaction.do(REMOVE, whom=name))

        return await self._database.transact(work)

    def _hashed(self, issuer: str, subject: str) -> str:
        return self._database.hashed("subject", issuer, subject)
