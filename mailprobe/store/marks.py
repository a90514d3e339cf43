"""Up to which UID the mail of a mailbox has been handed on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.tables import marks


class Marks:
    """The table of marks of one store. mailbox: `user at host:port`, of which only a hash is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, mailbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and UID, or None where nothing was handed on yet."""
        asked = select(marks.c.uidvalidity, marks.c.uid).where(marks.c.mailbox == self._database.hashed("mailbox", mailbox))
        row = await self._database.run(lambda connection: connection.execute(asked).one_or_none())
        return (row.uidvalidity, row.uid) if row is not None else None

    async def keep(self, mailbox: str, uidvalidity: int, uid: int) -> None:
        """Durable when this returns."""
        row = {"mailbox": self._database.hashed("mailbox", mailbox), "uidvalidity": uidvalidity, "uid": uid}
        put = insert(marks).values(row).on_conflict_do_update(index_elements=["mailbox"], set_=row)
        await self._database.run(lambda connection: connection.execute(put))
