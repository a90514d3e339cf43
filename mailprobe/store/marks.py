"""Up to which UID the mail of a mailbox has been handed on."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, changes
from mailprobe.store.tables import marks

MARK = Statement(select(marks.c.uidvalidity, marks.c.uid).where(marks.c.mailbox == bindparam("whose")))
PUT = insert(marks)
NEW = changes(("uidvalidity", "uid"), PUT.excluded)
KEEP = Statement(PUT.on_conflict_do_update(index_elements=["mailbox"], set_=NEW), "mailbox", "uidvalidity", "uid")


class Marks:
    """The table of marks of one store. mailbox: `user at host:port`, of which only a hash is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, mailbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and UID, or None where nothing was handed on yet."""
        whose = self._database.hashed("mailbox", mailbox)
        row = await self._database.read(lambda transaction: transaction.one(MARK, whose=whose))
        return (row[0], row[1]) if row is not None else None

    async def keep(self, mailbox: str, uidvalidity: int, uid: int) -> None:
        """Durable when this returns."""
        row = {"mailbox": self._database.hashed("mailbox", mailbox), "uidvalidity": uidvalidity, "uid": uid}
        await self._database.transact(lambda transaction: transaction.do(KEEP, **row))
