"""How long what is kept: old rows go in small steps, between which everybody else's turn comes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Table, bindparam, delete, select

from mailprobe.store.database import Database
from mailprobe.store.statement import Statement
from mailprobe.store.tables import results, skips, transcripts, verdicts

DAY = 86_400.0
AT_ONCE = 250  # rows in one transaction: some milliseconds


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds; slots in which nothing was asked go with the results. Status changes and what each probe said last are kept until
    an account is erased."""

    transcripts: float = 7 * DAY
    results: float = 90 * DAY
    verdicts: float = 90 * DAY


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that went. more: some that are due are left, for the next go."""

    transcripts: int
    results: int
    verdicts: int
    more: bool
    skips: int = 0


def oldest(table: Table, key: Column[int], at: Column[float]) -> Statement:
    """Rows are numbered in the order of time, so that the first ones are the oldest: an index on the time would cost every
    result more than this. What is a day ahead was written under a wrong clock, and is not waited for."""
    first = select(key, at).order_by(key).limit(AT_ONCE).subquery()
    due = select(first.c[key.key]).where((first.c[at.key] < bindparam("before")) | (first.c[at.key] > bindparam("ahead")))
    return Statement(delete(table).where(key.in_(due)))


OLD_LINES = oldest(transcripts, transcripts.c.result, transcripts.c.started)
OLD_RESULTS = oldest(results, results.c.id, results.c.started)
OLD_SKIPS = oldest(skips, skips.c.id, skips.c.at)
OLD_VERDICTS = oldest(verdicts, verdicts.c.id, verdicts.c.seen_at)


async def prune(database: Database, now: float, retention: Retention, most: int) -> Pruned:
    """At most `most` steps for each kind. To be called every minute or so."""
    lines, more_lines = await steps(database, OLD_LINES, now, retention.transcripts, most)
    rows, more_rows = await steps(database, OLD_RESULTS, now, retention.results, most)
    slots, more_slots = await steps(database, OLD_SKIPS, now, retention.results, most)
    words, more_words = await steps(database, OLD_VERDICTS, now, retention.verdicts, most)
    return Pruned(lines, rows, words, more_lines or more_rows or more_slots or more_words, slots)


async def steps(database: Database, statement: Statement, now: float, kept: float, most: int) -> tuple[int, bool]:
    """How many went, and whether some are left."""
    rows, given = 0, {"before": now - kept, "ahead": now + DAY}
    for _ in range(most):
        gone = await database.transact(lambda transaction: transaction.do(statement, **given))
        rows += gone
        if gone < AT_ONCE:
            return rows, False
    return rows, True
