"""Incidents at carriers, and what callers met that may make one: addresses stand here as keyed hashes only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from mailprobe.incident import OPEN, WITHIN, Call, Incident, State, Text, Why
from mailprobe.store.database import Database
from mailprobe.store.statement import Row, Statement, Transaction, among
from mailprobe.store.statement import changes as new_values
from mailprobe.store.tables import callers, incidents
from mailprobe.verdict import Code, Status

KEPT = 400 * 86_400.0  # seconds that an ended one is kept: whoever asks about a call asks within the year
MOST = 500  # that are read at once
NAMES = tuple(column.key for column in incidents.columns)
OF_INCIDENT = tuple(name for name in NAMES if name != "number")
OF_CALL = tuple(column.key for column in callers.columns)

NEWEST = select(incidents).order_by(incidents.c.changed_at.desc(), incidents.c.number.desc()).limit(bindparam("most"))
STILL_OPEN = among(incidents.c.state, sorted(OPEN))
OF_CARRIER = incidents.c.carrier == bindparam("whose")
ALL, ALL_OPEN = Statement(NEWEST), Statement(NEWEST.where(STILL_OPEN))
ALL_OF, OPEN_OF = Statement(NEWEST.where(OF_CARRIER)), Statement(NEWEST.where(OF_CARRIER & STILL_OPEN))
THIS = incidents.c.number == bindparam("which")
ONE = Statement(select(incidents).where(THIS))
PUT = Statement(insert(incidents).returning(incidents.c.number), *OF_INCIDENT)
STEP = Statement(update(incidents).where(THIS), *OF_INCIDENT)
OUTDATED = Statement(delete(incidents).where((incidents.c.changed_at < bindparam("kept_since")) & ~STILL_OPEN))

MET = upsert(callers)
LEARN = Statement(
    MET.on_conflict_do_update(index_elements=["carrier", "subject"], set_=new_values(OF_CALL[2:], MET.excluded)), *OF_CALL
)
OLD_CALLS = Statement(delete(callers).where(callers.c.at < bindparam("since")))
CALLS_OF = Statement(select(callers).where((callers.c.carrier == bindparam("whose")) & (callers.c.at >= bindparam("since"))))

Decide = Callable[[Incident | None, float, Sequence[Call]], Incident | None]


class Incidents:
    """The tables of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def learn(self, call: Call) -> None:
        """What one more check on the telephone came to; durable when this returns. Of one address only the newest counts."""

        def work(transaction: Transaction) -> None:
            transaction.do(OLD_CALLS, since=call.at - WITHIN)
            transaction.do(LEARN, **{name: getattr(call, name) for name in OF_CALL})

        await self._database.transact(work)

    async def change(self, carrier: str, now: float, decide: Decide) -> tuple[Incident | None, Incident | None]:
        """In one transaction: show `decide` the carrier's open incident (None: there is none), when its last one ended (0.0:
        there never was one) and what callers met lately, and keep what it returns. Before and after; after is None if nothing
        was changed."""

        def work(transaction: Transaction) -> tuple[Incident | None, Incident | None]:
            before = first(transaction.all(OPEN_OF, whose=carrier, most=1))
            last = first(transaction.all(ALL_OF, whose=carrier, most=1))
            closed_at = last.changed_at if last is not None and not last.is_open else 0.0
            met = tuple(call_of(row) for row in transaction.all(CALLS_OF, whose=carrier, since=now - WITHIN))
            after = decide(before, closed_at, met)
            return before, kept(transaction, after, now) if after is not None else None

        return await self._database.transact(work)

    async def step(self, number: int, decide: Callable[[Incident], Incident | None], now: float) -> Incident | None:
        """In one transaction: show `decide` this incident and keep what it returns; None if there is no such one, or nothing was
        changed."""

        def work(transaction: Transaction) -> Incident | None:
            before = first(transaction.all(ONE, which=number))
            after = decide(before) if before is not None else None
            return kept(transaction, after, now) if after is not None else None

        return await self._database.transact(work)

    async def one(self, number: int) -> Incident | None:
        row = await self._database.read(lambda transaction: transaction.one(ONE, which=number))
        return incident_of(row) if row is not None else None

    async def open_ones(self) -> tuple[Incident, ...]:
        """Of every carrier, the newest first."""
        rows = await self._database.read(lambda transaction: transaction.all(ALL_OPEN, most=MOST))
        return tuple(incident_of(row) for row in rows)

    async def all(self, carrier: str = "", most: int = 100) -> tuple[Incident, ...]:
        """Open or not, of one carrier or of every one, the newest first."""
        given: dict[str, Any] = {"most": min(most, MOST)} | ({"whose": carrier} if carrier else {})
        rows = await self._database.read(lambda transaction: transaction.all(ALL_OF if carrier else ALL, **given))
        return tuple(incident_of(row) for row in rows)


def kept(transaction: Transaction, incident: Incident, now: float) -> Incident:
    row = row_of(incident)
    if incident.number:
        transaction.do(STEP, which=incident.number, **row)
        return incident
    transaction.do(OUTDATED, kept_since=now - KEPT)
    return replace(incident, number=transaction.all(PUT, **row)[0][0])


def row_of(incident: Incident) -> dict[str, Any]:
    said = {"text_ja": incident.text.ja, "text_en": incident.text.en}
    return {name: said[name] if name in said else getattr(incident, name) for name in OF_INCIDENT}


def first(rows: Sequence[Row]) -> Incident | None:
    return incident_of(rows[0]) if rows else None


def incident_of(row: Row) -> Incident:
    given = dict(zip(NAMES, row, strict=True))
    said = Text(given.pop("text_ja"), given.pop("text_en"))
    return Incident(**(given | {"state": State(given["state"]), "why": Why(given["why"]), "text": said}))


def call_of(row: Row) -> Call:
    carrier, subject, confirmed, code, status, at = row
    return Call(carrier, subject, bool(confirmed), Code(code), Status(status), at)
