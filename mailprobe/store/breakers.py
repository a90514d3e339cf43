"""Servers that are left alone for a while, shared by all processes of one store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from mailprobe.breaker import Breaker
from mailprobe.store.database import Database
from mailprobe.store.tables import breakers

T = TypeVar("T")

# Built once: to build a statement takes longer than to run it.
THIS = (breakers.c.server == bindparam("of_server")) & (breakers.c.vantage == bindparam("of_vantage"))
ONE = select(breakers).where(THIS)
HERE = select(breakers).where(breakers.c.vantage == bindparam("of_vantage"))
FORGET = delete(breakers).where(THIS)
PUT = insert(breakers)
KEEP = PUT.on_conflict_do_update(
    index_elements=["server", "vantage"],
    set_={name: PUT.excluded[name] for name in breakers.c.keys() if name not in ("server", "vantage")},  # noqa: SIM118  a column collection, no dict
)


class Breakers:
    """The table of breakers of one store. A server without a row is in no trouble."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, vantage: str) -> tuple[Breaker, ...]:
        """Every server in trouble, as this vantage knows it."""
        return await self._database.run(
            lambda connection: tuple(Breaker(**row) for row in connection.execute(HERE, {"of_vantage": vantage}).mappings())
        )

    async def change(self, server: str, vantage: str, decide: Callable[[Breaker], tuple[Breaker | None, T]]) -> T:
        """In one transaction: show `decide` the record (an empty one where there is none) and keep what it returns; None
        forgets the record. What `decide` said beside it."""
        where = {"of_server": server.lower(), "of_vantage": vantage}

        def work(connection: Connection) -> T:
            row = connection.execute(ONE, where).mappings().one_or_none()
            before = Breaker(**row) if row is not None else Breaker(server.lower(), vantage)
            after, said = decide(before)
            if after is None and row is not None:
                connection.execute(FORGET, where)
            elif after is not None and after != before:
                connection.execute(KEEP, row_of(after))
            return said

        return await self._database.run(work)


def row_of(one: Breaker) -> dict[str, object]:
    return {name: getattr(one, name) for name in breakers.c.keys()}  # noqa: SIM118  a column collection, no dict
