"""What a webhook is still to be told: durable, in order, each until it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.tables import outbox

MOST = 50_000  # rows: beyond, the oldest go; what was so long ago helps nobody

PUT = insert(outbox).on_conflict_do_nothing()
LAST = select(func.max(outbox.c.number))
OLD = delete(outbox).where(outbox.c.number <= bindparam("up_to"))
FIRST = select(outbox).order_by(outbox.c.number).limit(1)
COUNT = select(func.count()).select_from(outbox)
THIS = outbox.c.number == bindparam("key")
GONE = delete(outbox).where(THIS)
LATER = update(outbox).where(THIS).values(tries=outbox.c.tries + 1, not_before=bindparam("until"))


class Told(Protocol):
    """An event as it will be sent. at: Unix seconds; id: the receiver tells a repetition by it."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def at(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest row. tries: how often it was not accepted; not_before: Unix seconds."""

    number: int
    id: str
    kind: str
    body: str
    at: float
    tries: int
    not_before: float


class Outbox:
    """The table of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, events: Sequence[Told]) -> int:
        """Durable when this returns; how many older ones had to go for lack of room. An id that is there is not put again."""
        return await self._database.run(lambda connection: put(connection, events))

    async def oldest(self) -> Waiting | None:
        """The one to be told next, whether or not its time has come."""
        row = await self._database.run(lambda connection: connection.execute(FIRST).mappings().one_or_none())
        return Waiting(**row) if row is not None else None

    async def remove(self, number: int) -> None:
        """It was accepted, or given up."""
        await self._database.run(lambda connection: connection.execute(GONE, {"key": number}))

    async def put_off(self, number: int, not_before: float) -> None:
        """It was not accepted: again from then on. Unix seconds."""
        await self._database.run(lambda connection: connection.execute(LATER, {"key": number, "until": not_before}))

    async def count(self) -> int:
        """How many are still to be told."""
        return await self._database.run(lambda connection: int(connection.execute(COUNT).scalar_one()))


def put(connection: Connection, events: Sequence[Told]) -> int:
    """The same inside a transaction of somebody else's: a status change and its event are kept together, or neither is."""
    if not events:
        return 0
    connection.execute(PUT, [{"id": one.id, "kind": one.kind, "body": one.body, "at": one.at} for one in events])
    up_to = connection.execute(LAST).scalar_one() - MOST
    return connection.execute(OLD, {"up_to": up_to}).rowcount if up_to > 0 else 0
