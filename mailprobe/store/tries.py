"""Sign-ins to the console that failed in a row. Each is counted before the password is looked at, and taken back if it was right:
a thousand at once are a thousand."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement, Transaction, changes
from mailprobe.store.tables import tries

KNOWN_FOR = 30 * 86_400.0  # seconds: somebody who signed in from there is not kept out by what others try elsewhere
FORGOTTEN_AFTER = 3600.0

LAST = Statement(select(tries.c.failures, tries.c.at).where(tries.c.whom == bindparam("which")))
PUT = insert(tries)
KEEP = Statement(
    PUT.on_conflict_do_update(index_elements=["whom"], set_=changes(("failures", "at"), PUT.excluded)), "whom", "failures", "at"
)
OUTDATED = Statement(
    delete(tries).where(
        (tries.c.at < bindparam("known_since")) | ((tries.c.failures > 0) & (tries.c.at < bindparam("failed_since")))
    )
)
FORGET = Statement(delete(tries).where(tries.c.whom == bindparam("which")))


class Tries:
    """The table of one store. Nobody's name stands in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, name: str, peer: str, now: float, waits: Callable[[int], float]) -> float:
        """Count one more try for this name, known or not. Seconds to wait if it comes too soon, and then it does not count; 0 if
        it may be tried. waits: so many failures -> seconds. Where he signed in from before has a count of its own."""

        def work(transaction: Transaction) -> float:
            whom = self._counted(transaction, name, peer, now)
            failures, at = transaction.one(LAST, which=whom) or (0, now)
            failures = 0 if now - at > FORGOTTEN_AFTER else failures
            if failures and (left := at + waits(failures) - now) > 0:
                return float(left)
            transaction.do(KEEP, whom=whom, failures=failures + 1, at=now)
            transaction.do(OUTDATED, known_since=now - KNOWN_FOR, failed_since=now - FORGOTTEN_AFTER)
            return 0.0

        return await self._database.transact(work)

    async def succeeded(self, name: str, peer: str, now: float) -> None:
        """Begin again at none, and know him there from now on."""

        def work(transaction: Transaction) -> None:
            transaction.do(FORGET, which=self._counted(transaction, name, peer, now))
            transaction.do(KEEP, whom=self._hashed(name, peer), failures=0, at=now)

        await self._database.transact(work)

    def _counted(self, transaction: Transaction, name: str, peer: str, now: float) -> str:
        there = self._hashed(name, peer)
        known = transaction.one(LAST, which=there)
        return there if known is not None and now - known[1] < KNOWN_FOR else self._hashed(name)

    def _hashed(self, *parts: str) -> str:
        return self._database.hashed("try", *parts)
