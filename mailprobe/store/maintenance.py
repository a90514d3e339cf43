"""Windows of announced work that somebody set while the daemon ran."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from mailprobe.maintenance import LONGEST, Window
from mailprobe.store.database import Database
from mailprobe.store.tables import maintenance

KEPT = 90 * 86_400.0  # seconds after its end, for whoever asks why an alert was silent
FARTHEST = 366 * 86_400.0  # seconds from now that a window begins: what is farther off was mistyped


class Maintenance:
    """The table of windows of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, window: Window, by: str, now: float) -> Window:
        """Durable when this returns; the window with its number. by: who set it, as signed in. ValueError for one of which
        `fault_of` says something."""
        if fault := fault_of(window, now):
            raise ValueError(fault)
        row = {"carrier": window.carrier, "group": window.group, "begins": window.begins, "ends": window.ends}
        new = insert(maintenance).values(**row, note=window.note, set_by=by, set_at=now).returning(maintenance)

        def work(connection: Connection) -> Window:
            connection.execute(delete(maintenance).where(maintenance.c.ends < now - KEPT))
            return window_of(connection.execute(new).mappings().one())

        return await self._database.run(work)

    async def end(self, number: int, now: float) -> Window | None:
        """End a window now (one that has not begun is never under way); None if there is no such one, or it is over."""
        this = (maintenance.c.number == number) & (maintenance.c.ends > now)
        ended = update(maintenance).where(this).values(ends=now).returning(maintenance)
        row = await self._database.run(lambda connection: connection.execute(ended).mappings().one_or_none())
        return window_of(row) if row is not None else None

    async def all(self, since: float) -> tuple[Window, ...]:
        """Every window that ends after `since`, by its beginning."""
        asked = select(maintenance).where(maintenance.c.ends > since).order_by(maintenance.c.begins, maintenance.c.number)
        rows = await self._database.run(lambda connection: connection.execute(asked).mappings().all())
        return tuple(window_of(row) for row in rows)


def fault_of(window: Window, now: float) -> str:
    """What is wrong with a window; '' for nothing. It ends a sentence that begins with 'it'."""
    if not (window.carrier or window.group):
        return "names neither a carrier nor a group"
    if not abs(window.begins - now) <= FARTHEST:
        return "must begin within a year"
    if not window.begins < window.ends <= window.begins + LONGEST:
        return "must end after its beginning, within 31 days"
    return "holds an address" if "@" in window.note or "＠" in window.note else ""


def window_of(row: RowMapping) -> Window:
    return Window(row["carrier"], row["group"], row["begins"], row["ends"], row["note"], row["number"])
