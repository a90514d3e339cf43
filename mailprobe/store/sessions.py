"""Places at mail hosts, shared by all processes of one store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import sessions

T = TypeVar("T")

KEPT = 86400.0  # seconds: the longest gap that is asked for

AT = sessions.c.host == bindparam("where")
AT_HOST = Statement(select(sessions.c.began_at, sessions.c.left_at).where(AT).order_by(sessions.c.began_at))
OUTDATED = Statement(delete(sessions).where(AT & (sessions.c.began_at < bindparam("kept_since"))))
BEGIN = Statement(insert(sessions).returning(sessions.c.id), "host", "began_at")
THIS = sessions.c.id == bindparam("key")
OF_THIS = select(sessions.c.host).where(THIS).scalar_subquery()
OVER = Statement(delete(sessions).where(sessions.c.host == OF_THIS, sessions.c.left_at.is_not(None)))
LEAVE = Statement(update(sessions).where(THIS), "left_at")


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

        def work(transaction: Transaction) -> int | T:
            past = tuple(Session(*row) for row in transaction.all(AT_HOST, where=host))
            denied = decide(past)
            if denied is not None:
                return denied
            if past and past[0].began_at < now - KEPT:
                transaction.do(OUTDATED, where=host, kept_since=now - KEPT)
            key: int = transaction.all(BEGIN, host=host, began_at=now)[0][0]
            return key

        return await self._database.transact(work)

    def leave_soon(self, key: int, now: float) -> None:
        """End a session, in turn and without waiting. Of those that are over, each host keeps only its last."""

        def work(transaction: Transaction) -> None:
            transaction.do(OVER, key=key)
            transaction.do(LEAVE, key=key, left_at=now)

        self._database.soon(work)
