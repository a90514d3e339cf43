"""Who is signed in to the console. A visit is known by what its cookie holds, of which a keyed hash is kept."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update

from mailprobe.store.database import Database
from mailprobe.store.people import Change
from mailprobe.store.statement import Statement, Transaction
from mailprobe.store.tables import guests, people, visits

SEEN_EVERY = 30.0  # seconds: no more often is it written down that he is still there

SHOWN = (visits.c.number, visits.c.name, visits.c.began_at, visits.c.seen_at, visits.c.peer, visits.c.program)
MINE = visits.c.name == bindparam("whom")
THIS = visits.c.number == bindparam("which")
# of whoever is still among the people, or a guest, with the role that he has now; nobody is both
ROLE = func.coalesce(people.c.role, guests.c.role)
ONE = Statement(
    select(*SHOWN, ROLE)
    .outerjoin_from(visits, people, (visits.c.name == people.c.name) & (people.c.secret != ""))
    .outerjoin(guests, visits.c.name == guests.c.name)
    .where((visits.c.digest == bindparam("shown")) & ROLE.is_not(None))
)
ALL = Statement(select(*SHOWN).where(MINE).order_by(visits.c.seen_at.desc()))
BEGIN = Statement(insert(visits), "digest", "name", "began_at", "seen_at", "peer", "program")
SEEN = Statement(update(visits).where(THIS), "seen_at")
END = Statement(delete(visits).where(visits.c.digest == bindparam("shown")))
END_ONE = Statement(delete(visits).where(THIS & MINE))
END_ALL = Statement(delete(visits).where(MINE))
OUTDATED = Statement(
    delete(visits).where((visits.c.began_at < bindparam("began_since")) | (visits.c.seen_at < bindparam("seen_since")))
)


@dataclass(frozen=True, slots=True)
class Lasts:
    """How long a visit lasts, in seconds: since it was last seen, and in all."""

    idle: float
    most: float


@dataclass(frozen=True, slots=True)
class Visit:
    """Times are Unix seconds. peer: the address that he signed in from."""

    number: int
    name: str
    began_at: float
    seen_at: float
    peer: str
    program: str

    def is_over(self, lasts: Lasts, now: float) -> bool:
        return now >= self.seen_at + lasts.idle or now >= self.began_at + lasts.most


class Visits:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, value: str, name: str, peer: str, program: str, lasts: Lasts, now: float, old: str = "") -> None:
        """value: what the cookie will hold, made for this visit. old: what it held until now; that visit ends. Those that are
        over go."""
        row = {"digest": self._digest(value), "name": name, "began_at": now, "seen_at": now, "peer": peer, "program": program}

        def work(transaction: Transaction) -> None:
            transaction.do(OUTDATED, began_since=now - lasts.most, seen_since=now - lasts.idle)
            transaction.do(END, shown=self._digest(old))
            transaction.do(BEGIN, **row)

        await self._database.transact(work)

    async def find(self, value: str, lasts: Lasts, now: float, *, seen: bool = True) -> tuple[Visit, str] | None:
        """The visit, and the role that its person has now; None if it is over, or was ended. seen: it is he who asks, not a page
        that he left open."""
        row = await self._database.read(lambda transaction: transaction.one(ONE, shown=self._digest(value)))
        if row is None:
            return None
        found, role = Visit(*row[:6]), str(row[6])
        if found.is_over(lasts, now):
            return None
        if seen and now - found.seen_at >= min(SEEN_EVERY, lasts.idle / 10):
            self._database.soon(lambda transaction: transaction.do(SEEN, which=found.number, seen_at=now))
        return found, role

    async def of(self, name: str, lasts: Lasts, now: float) -> tuple[Visit, ...]:
        """His visits that are not over, the last seen first."""
        rows = await self._database.read(lambda transaction: transaction.all(ALL, whom=name))
        return tuple(one for one in (Visit(*row) for row in rows) if not one.is_over(lasts, now))

    async def end(self, value: str) -> Change:
        gone = await self._database.transact(lambda transaction: transaction.do(END, shown=self._digest(value)))
        return Change.DONE if gone else Change.UNKNOWN

    async def end_one(self, name: str, number: int) -> Change:
        """One of his visits. UNKNOWN: it is not his, or over."""
        gone = await self._database.transact(lambda transaction: transaction.do(END_ONE, whom=name, which=number))
        return Change.DONE if gone else Change.UNKNOWN

    async def end_all(self, name: str) -> int:
        """How many."""
        return await self._database.transact(lambda transaction: transaction.do(END_ALL, whom=name))

    def _digest(self, value: str) -> str:
        return self._database.hashed("visit", value)
