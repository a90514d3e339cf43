"""Which addresses that are not enrolled were asked about, by whom, and what may be asked in spite of the guard.

Operators and addresses stand here as keyed hashes only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from mailprobe.store.database import Database
from mailprobe.store.tables import releases, strangers

T = TypeVar("T")

KEPT = 2 * 86_400.0  # seconds

# Built once: to build a statement takes longer than to run it.
OF_CARRIER = select(strangers).where(strangers.c.carrier == bindparam("of_carrier")).order_by(strangers.c.asked_at)
RELEASES = select(releases).where(releases.c.carrier == bindparam("of_carrier"))
OUTDATED = delete(strangers).where(strangers.c.asked_at < bindparam("kept_since"))
OVER = delete(releases).where(releases.c.until < bindparam("kept_since"))
PUT = insert(strangers)
KEYS = ["carrier", "operator", "subject"]
ASK = PUT.on_conflict_do_update(index_elements=KEYS, set_={name: PUT.excluded[name] for name in ("asked_at", "counts")})
ANSWERED = update(strangers).where(
    (strangers.c.carrier == bindparam("of_carrier"))
    & (strangers.c.operator == bindparam("of_operator"))
    & (strangers.c.subject == bindparam("of_subject"))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One address that one operator asked about; asked_at: Unix seconds, the last time. counts: without an excuse. unknown: the
    servers refused it as one that they do not know."""

    operator: str
    subject: str
    asked_at: float
    counts: bool
    unknown: bool


@dataclass(frozen=True, slots=True)
class Release:
    """The guard is lifted from `since` to `until` (Unix seconds): for one operator, or ('') for everybody: an open incident."""

    operator: str
    since: float
    until: float


class Strangers:
    """The tables of one store. `operator` and `subject` are what `operator_of` and `subject_of` give."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def operator_of(self, name: str) -> str:
        return self._database.hashed("operator", name)

    def subject_of(self, address: str) -> str:
        return self._database.hashed("address", address)

    async def ask(
        self,
        carrier: str,
        operator: str,
        subject: str,
        now: float,
        decide: Callable[[Sequence[Asked], Sequence[Release]], tuple[T, bool | None]],
    ) -> T:
        """In one transaction: show `decide` what was asked at the carrier and who is released. What it said; beside it whether
        this address counts, and None: it is not asked about, so nothing is written down."""

        def work(connection: Connection) -> T:
            connection.execute(OUTDATED, {"kept_since": now - KEPT})
            connection.execute(OVER, {"kept_since": now - KEPT})
            said, counts = decide(past(connection, carrier), lifted(connection, carrier))
            if counts is not None:
                row = {"carrier": carrier, "operator": operator, "subject": subject, "asked_at": now, "counts": counts}
                connection.execute(ASK, {**row, "unknown": False})
            return said

        return await self._database.run(work)

    async def answered(self, carrier: str, operator: str, subject: str, *, unknown: bool) -> None:
        where = {"of_carrier": carrier, "of_operator": operator, "of_subject": subject}
        await self._database.run(lambda connection: connection.execute(ANSWERED, {**where, "unknown": unknown}))

    async def release(self, carrier: str, operator: str, now: float, until: float, by: str) -> None:
        """Lift the guard of a carrier for an operator ('' for all: an incident is open). `by`: who said so, hashed as well."""
        row = {"carrier": carrier, "operator": operator, "since": now, "until": until, "by": self.operator_of(by)}
        put = insert(releases).values(row)
        latest = put.on_conflict_do_update(index_elements=["carrier", "operator"], set_=row)
        await self._database.run(lambda connection: connection.execute(latest))


def past(connection: Connection, carrier: str) -> tuple[Asked, ...]:
    rows = connection.execute(OF_CARRIER, {"of_carrier": carrier})
    return tuple(Asked(row.operator, row.subject, row.asked_at, row.counts, row.unknown) for row in rows)


def lifted(connection: Connection, carrier: str) -> tuple[Release, ...]:
    rows = connection.execute(RELEASES, {"of_carrier": carrier})
    return tuple(Release(row.operator, row.since, row.until) for row in rows)
