"""What outlives a process: what was seen, said and decided, the login budget, when mail hosts were asked. SQLite, shared by all.

`async with open_store(url) as store` opens it (StoreError if it cannot), and closes file and threads at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailprobe.store.place import MEMORY, StoreError, Trouble, make_room, place_of

if TYPE_CHECKING:
    from mailprobe.store.askings import Askings
    from mailprobe.store.audit import Audit
    from mailprobe.store.batch import Committed
    from mailprobe.store.bounces import Bounces
    from mailprobe.store.breakers import Breakers
    from mailprobe.store.calls import CallTable
    from mailprobe.store.canaries import Canaries
    from mailprobe.store.changes import Changes
    from mailprobe.store.database import Database
    from mailprobe.store.erasing import Erased, Whose
    from mailprobe.store.guests import Guests
    from mailprobe.store.incidents import Incidents
    from mailprobe.store.jobs import Jobs
    from mailprobe.store.maintenance import Maintenance
    from mailprobe.store.marks import Marks
    from mailprobe.store.outbox import Outbox
    from mailprobe.store.people import People
    from mailprobe.store.results import Results
    from mailprobe.store.retention import Pruned, Retention
    from mailprobe.store.sessions import Sessions
    from mailprobe.store.sign_ins import SignIns
    from mailprobe.store.skips import Skips
    from mailprobe.store.spells import Spells
    from mailprobe.store.standings import Standings
    from mailprobe.store.strangers import Strangers
    from mailprobe.store.tokens import Tokens
    from mailprobe.store.tries import Tries
    from mailprobe.store.verdicts import Verdicts
    from mailprobe.store.visits import Visits

__all__ = ["Store", "StoreError", "Trouble", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    """One open store, by noun."""

    database: Database
    sign_ins: SignIns
    askings: Askings
    sessions: Sessions
    bounces: Bounces
    canaries: Canaries
    marks: Marks
    results: Results
    skips: Skips
    spells: Spells
    standings: Standings
    changes: Changes
    verdicts: Verdicts
    audit: Audit
    jobs: Jobs
    maintenance: Maintenance
    outbox: Outbox
    breakers: Breakers
    strangers: Strangers
    incidents: Incidents
    people: People
    guests: Guests
    tokens: Tokens
    visits: Visits
    tries: Tries
    calls: CallTable

    @property
    def trouble(self) -> Trouble | None:
        """What ailed it when something was last written; None while it is well."""
        return self.database.trouble

    async def beat(self, now: float) -> None:
        """Write a little, durably: whether it is well again. StoreError says what is the matter."""
        await self.database.beat(now)

    async def erase(self, whose: Whose) -> Erased:
        """Forget an account, see `erasing.py`."""
        from mailprobe.store.erasing import erase

        return await erase(self.database, whose)

    async def prune(self, now: float, retention: Retention | None = None, most: int = 200) -> Pruned:
        """Let go what is older than it is kept, in at most so many steps of each kind, see `retention.py`."""
        from mailprobe.store.retention import Retention, prune

        return await prune(self.database, now, retention or Retention(), most)


def unwatched(committed: Committed) -> None: ...


@contextlib.asynccontextmanager
async def open_store(url: str = "", committed: Callable[[Committed], None] = unwatched) -> AsyncIterator[Store]:
    """`sqlite:///PATH` or `sqlite://` (memory); '' is `$STATE_DIRECTORY` or the user's state directory. committed: is told of
    each transaction that wrote, for whoever measures."""
    # SQLAlchemy is a third of the program's start: what needs no store (help, explain, a bad address) does not wait for it
    from mailprobe.store.database import open_database

    place = place_of(url)
    if place != MEMORY:
        make_room(place, with_directory=not url)
    database = await open_database(place, committed)
    try:
        yield whole(database)
    finally:
        await database.close()


def whole(database: Database) -> Store:
    """Every noun over one database."""
    from mailprobe.store.askings import Askings
    from mailprobe.store.audit import Audit
    from mailprobe.store.bounces import Bounces
    from mailprobe.store.breakers import Breakers
    from mailprobe.store.calls import CallTable
    from mailprobe.store.canaries import Canaries
    from mailprobe.store.changes import Changes
    from mailprobe.store.guests import Guests
    from mailprobe.store.incidents import Incidents
    from mailprobe.store.jobs import Jobs
    from mailprobe.store.maintenance import Maintenance
    from mailprobe.store.marks import Marks
    from mailprobe.store.outbox import Outbox
    from mailprobe.store.people import People
    from mailprobe.store.results import Results
    from mailprobe.store.sessions import Sessions
    from mailprobe.store.sign_ins import SignIns
    from mailprobe.store.skips import Skips
    from mailprobe.store.spells import Spells
    from mailprobe.store.standings import Standings
    from mailprobe.store.strangers import Strangers
    from mailprobe.store.tokens import Tokens
    from mailprobe.store.tries import Tries
    from mailprobe.store.verdicts import Verdicts
    from mailprobe.store.visits import Visits

    return Store(
        database=database,
        sign_ins=SignIns(database),
        askings=Askings(database),
        sessions=Sessions(database),
        bounces=Bounces(database),
        canaries=Canaries(database),
        marks=Marks(database),
        results=Results(database),
        skips=Skips(database),
        spells=Spells(database),
        standings=Standings(database),
        changes=Changes(database),
        verdicts=Verdicts(database),
        audit=Audit(database),
        jobs=Jobs(database),
        maintenance=Maintenance(database),
        outbox=Outbox(database),
        breakers=Breakers(database),
        strangers=Strangers(database),
        incidents=Incidents(database),
        people=People(database),
        guests=Guests(database),
        tokens=Tokens(database),
        visits=Visits(database),
        tries=Tries(database),
        calls=CallTable(database),
    )
