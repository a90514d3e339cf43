"""What outlives a process: the login budget, when mail hosts were asked, what they answered. SQLite, shared by all.

`async with open_store(url) as store` opens it (StoreError if it cannot), and closes file and thread at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailprobe.store.place import MEMORY, StoreError, make_room, place_of

if TYPE_CHECKING:
    from mailprobe.store.askings import Askings
    from mailprobe.store.bounces import Bounces
    from mailprobe.store.breakers import Breakers
    from mailprobe.store.canaries import Canaries
    from mailprobe.store.jobs import Jobs
    from mailprobe.store.maintenance import Maintenance
    from mailprobe.store.marks import Marks
    from mailprobe.store.outbox import Outbox
    from mailprobe.store.sessions import Sessions
    from mailprobe.store.sign_ins import SignIns
    from mailprobe.store.strangers import Strangers

__all__ = ["Store", "StoreError", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    """One open store, by noun."""

    sign_ins: SignIns
    askings: Askings
    sessions: Sessions
    bounces: Bounces
    canaries: Canaries
    marks: Marks
    jobs: Jobs
    maintenance: Maintenance
    outbox: Outbox
    breakers: Breakers
    strangers: Strangers


@contextlib.asynccontextmanager
async def open_store(url: str = "") -> AsyncIterator[Store]:
    """`sqlite:///PATH` or `sqlite://` (memory); '' is `$STATE_DIRECTORY` or the user's state directory."""
    # SQLAlchemy is a third of the program's start: what needs no store (help, explain, a bad address) does not wait for it
    from mailprobe.store.askings import Askings
    from mailprobe.store.bounces import Bounces
    from mailprobe.store.breakers import Breakers
    from mailprobe.store.canaries import Canaries
    from mailprobe.store.database import open_database
    from mailprobe.store.jobs import Jobs
    from mailprobe.store.maintenance import Maintenance
    from mailprobe.store.marks import Marks
    from mailprobe.store.outbox import Outbox
    from mailprobe.store.sessions import Sessions
    from mailprobe.store.sign_ins import SignIns
    from mailprobe.store.strangers import Strangers

    place = place_of(url)
    if place != MEMORY:
        make_room(place, with_directory=not url)
    database = await open_database(place)
    try:
        yield Store(
            SignIns(database),
            Askings(database),
            Sessions(database),
            Bounces(database),
            Canaries(database),
            Marks(database),
            Jobs(database),
            Maintenance(database),
            Outbox(database),
            Breakers(database),
            Strangers(database),
        )
    finally:
        await database.close()
