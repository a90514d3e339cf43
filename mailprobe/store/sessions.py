"""Places at mail hosts, shared by all processes of one store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.tables import sessions

T = TypeVar("T")

KEPT = 86400.0  # seconds: the longest gap that is asked for

# Built once: to build a statement takes longer than to run it.
AT = sessions.c.host == bindparam("where")
AT_HOST = select(sessions.c.began_at, sessions.c.left_at).where(AT).order_by(sessions.c.began_at)
OUTDATED = delete(sessions).where(AT & (sessions.c.began_at < bindparam("kept_since")))
BEGIN = insert(sessions).returning(sessions.c.id)
THIS = sessions.c.id == bindparam("key")
OVER = delete(sessions).where(
    sessions.c.host == select(sessions.c.host).where(THIS).scalar_subquery(), sessions.c.left_at.is_not(None)
)
LEAVE = update(sessions).where(THIS)


@dataclass(frozen=True, slots=True)
class Session:
    """Unix seconds; left_at None: under way, or its process died."""

    began_at: float
    left_at: float | None


class Sessions:
    """The table of sessions of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, host: str, now: float, decide: Callable[[tuple[Session, ...]], T | None]) -> int | T:
        """In one transaction: show `decide` the host's sessions, oldest first, and begin one if it has nothing against
        it. The session's id, or what `decide` said."""
        host = host.lower()

        def work(connection: Connection) -> int | T:
            denied = decide(at_host(connection, host))
            if denied is not None:
                return denied
            connection.execute(OUTDATED, {"where": host, "kept_since": now - KEPT})
            key: int = connection.execute(BEGIN, {"host": host, "began_at": now}).scalar_one()
            return key

        return await self._database.run(work)

    def leave_soon(self, key: int, now: float) -> None:
        """End a session, in turn and without waiting. Of those that are over, each host keeps only its last."""

        def work(connection: Connection) -> None:
            connection.execute(OVER, {"key": key})
            connection.execute(LEAVE, {"key": key, "left_at": now})

        self._database.soon(work)


def at_host(connection: Connection, host: str) -> tuple[Session, ...]:
    return tuple(Session(row.began_at, row.left_at) for row in connection.execute(AT_HOST, {"where": host}))
